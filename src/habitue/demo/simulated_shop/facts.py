"""Exact counts of what was written, for tests and benchmarks to compare with (`truth/facts.json`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from habitue.demo.simulated_shop.baskets import BY_GIFT_CARD, BY_VOUCHER, CANCELLED, RETURN, SALE, Batch
from habitue.demo.simulated_shop.lives import NEVER, Buyer, People
from habitue.demo.simulated_shop.occasions import NOBODY, ONLINE
from habitue.demo.simulated_shop.records import Records
from habitue.demo.simulated_shop.world import Flags, Ints, World

SYSTEMS = ("till", "web")


class FactCounter:
    """Adds up batches and chunks of persons. Amounts are whole cents ex VAT (payments: with VAT); years are the shop's.

    `by_year` keys are `system/measure`; a return's amounts and quantities are negative, as in the exports.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_year: dict[str, Ints] = {}
        self._people: dict[str, int] = {}
        self._arrivals = np.zeros(len(world.years), dtype=np.int64)

    def tickets_in_stores_by_year(self) -> Ints:
        """Till tickets counted so far, one entry a calendar year."""
        return self._by_year.get("till/tickets", np.zeros(len(self._world.years), dtype=np.int64)).copy()

    def add_batch(self, batch: Batch) -> None:
        """Counts a batch of tickets."""
        tickets, lines, payments = batch.tickets, batch.lines, batch.payments
        year = self._world.year_index(tickets.day)
        is_web = tickets.store == ONLINE
        line_year, line_web = year[lines.ticket], is_web[lines.ticket]
        nature = tickets.nature[lines.ticket]
        is_gift_card = lines.sku >= self._world.products.first_gift_card
        is_back = lines.quantity < 0
        linked = is_back & tickets.is_linked[lines.ticket]
        exchanged = tickets.is_exchange & (tickets.nature == RETURN)
        paid_year, paid_web = year[payments.ticket], is_web[payments.ticket]
        for k, system in enumerate(SYSTEMS):
            here, lines_here = is_web == bool(k), line_web == bool(k)
            ticket_flags = {
                "tickets": here,
                "sale_tickets": here & (tickets.nature == SALE),
                "return_tickets": here & (tickets.nature == RETURN) & ~exchanged,
                "exchange_tickets": here & exchanged,
                "cancelled_tickets": here & (tickets.nature == CANCELLED),
                "identified_tickets": here & (tickets.shown >= 0),
                "unidentified_tickets": here & (tickets.shown == NOBODY),
                "till_card_tickets": here & (tickets.shown < NOBODY),
                "unlabelled_tickets": here & tickets.is_unlabelled & (k == 0),
                **{f"{b.name.lower()}_tickets": here & (tickets.buyer == b) for b in Buyer},
            }
            for name, flags in ticket_flags.items():
                self._add(f"{system}/{name}", year, flags)
            line_flags = {
                "": lines_here,
                "sale_": lines_here & ~is_back & (nature != CANCELLED) & ~is_gift_card,
                "return_": lines_here & is_back,
                "linked_return_": lines_here & linked,
                "gift_card_": lines_here & is_gift_card,
                "cancelled_": lines_here & (nature == CANCELLED),
            }
            for name, flags in line_flags.items():
                self._add(f"{system}/{name}lines", line_year, flags)
                self._add(f"{system}/{name}amount_cents", line_year, flags, lines.amount)
                self._add(f"{system}/{name}vat_cents", line_year, flags, lines.vat)
            self._add(f"{system}/return_quantity", line_year, lines_here & is_back, lines.quantity)
            paid_here = paid_web == bool(k)
            self._add(f"{system}/payments", paid_year, paid_here)
            self._add(f"{system}/paid_cents", paid_year, paid_here, payments.amount)
            for name, tender in (("gift_card_redeemed", BY_GIFT_CARD), ("voucher", BY_VOUCHER)):
                flags = paid_here & (payments.tender == tender)
                self._add(f"{system}/{name}_cents", paid_year, flags, payments.amount)

    def _add(self, name: str, year: Ints, flags: Flags, cents: Ints | None = None) -> None:
        rows = np.flatnonzero(flags)
        # sums of whole numbers below 2**53 are exact in doubles
        weights = None if cents is None else cents[rows]
        found = np.bincount(year[rows], weights, minlength=len(self._world.years)).astype(np.int64)
        self._by_year[name] = self._by_year.get(name, 0) + found

    def add_people(self, people: People, records: Records) -> None:
        """Counts a chunk of persons and their records."""
        world = self._world
        recent = people.arrival >= world.first_day
        second_card, second_account = people.second_card_day < NEVER, people.second_account_day < NEVER
        households = np.bincount(records.household - people.first_id)
        counts = {
            "persons": people.buyer.size,
            **{f"{b.name.lower()}_persons": int(np.sum(people.buyer == b)) for b in Buyer if b < Buyer.PASSER_BY},
            "arrived_before": int(np.sum(~recent)),
            "dropped_out": int(np.sum(people.until < world.last_day + 1)),
            "returned": int(np.sum(people.back < world.last_day + 1)),
            "cards": records.card_base.num_rows,
            "accounts": records.web_accounts.num_rows,
            "second_cards": int(np.sum(second_card)),
            "second_accounts": int(np.sum(second_account)),
            "persons_with_card_and_account": int(np.sum(people.card & people.account)),
            "persons_with_several_records": int(np.sum((people.card & people.account) | second_card | second_account)),
            "households_of_two": int(np.sum(households > 1)),
        }
        for name, count in counts.items():
            self._people[name] = self._people.get(name, 0) + count
        self._arrivals += np.bincount(world.year_index(people.arrival[recent]), minlength=len(world.years))

    def facts(self) -> dict[str, Any]:
        """All facts, ready for JSON: totals over the period, the same by year, persons and their records."""
        years = [str(y) for y in self._world.years]
        people = dict(self._people)
        people["duplicate_records"] = people["cards"] + people["accounts"] - people["persons"]
        totals = {name: int(values.sum()) for name, values in self._by_year.items()}
        return {
            "simulated": True,
            "people": people,
            "arrived_by_year": dict(zip(years, self._arrivals.tolist(), strict=True)),
            "totals": totals,
            "by_year": {name: dict(zip(years, v.tolist(), strict=True)) for name, v in self._by_year.items()},
            "identified_share": {
                system: totals[f"{system}/identified_tickets"] / totals[f"{system}/tickets"]
                if totals[f"{system}/tickets"]
                else None
                for system in SYSTEMS
            },
        }
