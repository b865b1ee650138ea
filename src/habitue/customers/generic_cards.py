"""Shared cards: customer numbers many people seem to use, found before anything is joined on them.

Domain rule: more than five tickets a day on at least three days of twelve months, or listed by the user, is set apart
as a population of its own; a percentile never sets anybody apart, it only fills a list to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue.errors import ConfigurationError, Message, message
from habitue.periods import period_end
from habitue.portable import materialise, stored
from habitue.schemas import SHARED_CARDS

WORTH_A_LOOK = 20
"""How many busy numbers are listed beside those set apart."""

FAR_ABOVE = 3
"""A day with more than so many times the limit puts a number first on that list."""


@dataclass(frozen=True, kw_only=True)
class SharedCardSettings:
    """When a customer number is a shared card.

    Args:
        tickets_a_day: more tickets than that on one day make it a busy day.
        days: that many busy days in twelve months set the number apart.
        listed: opaque ids the user names.
    """

    tickets_a_day: int = 5
    days: int = 3
    listed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        faults: list[Message] = [
            message("purchases.must_be_positive", name=name, received=value)
            for name, value in (("tickets_a_day", self.tickets_a_day), ("days", self.days))
            if value < 1
        ]
        if faults:
            raise ConfigurationError(*faults)


def shared_cards(lines: ir.Table, *, as_of: date, settings: SharedCardSettings | None = None) -> ir.Table:
    """SHARED_CARDS: one customer number set apart, or worth a look; stored.

    Args:
        lines: STAGED_LINES, each ticket once.
        as_of: last day of the twelve months looked at.
        settings: limits and list.

    Tickets of every kind count, returns too. Listed numbers are there even without a ticket, and `listed` is their
    reason. Worth a look are at most 20 others with more tickets in the year than the limit for one day: first those
    with a day above three times the limit, then by tickets, busiest day, net, and number. `net_amount` is in the
    source's currency, all time.
    """
    settings = settings or SharedCardSettings()
    year = lines.filter(
        lines.source_customer_id.notnull() & (lines.sold_on > period_end(as_of, 12)) & (lines.sold_on <= as_of)
    )
    tickets = year.group_by("source_customer_id", "sold_on", "source", "transaction_id").aggregate()
    by_day = tickets.group_by("source_customer_id", "sold_on").aggregate(tickets=tickets.transaction_id.count())
    cards = by_day.group_by("source_customer_id").aggregate(
        busy_days_count=ibis.ifelse(by_day.tickets > settings.tickets_a_day, 1, 0).cast("int64").sum(),
        tickets_count=by_day.tickets.sum(),
        most_tickets_a_day=by_day.tickets.max(),
    )
    cards = cards.filter(
        (cards.tickets_count > settings.tickets_a_day) | cards.source_customer_id.isin(list(settings.listed))
    )
    found = _found(materialise(cards, "busy_cards"), settings)
    net = _net(lines, [row["source_customer_id"] for row in found])
    ordered = _chosen([{**row, "net_amount": net.get(row["source_customer_id"], 0)} for row in found], settings)
    table = pa.Table.from_pylist(ordered, schema=SHARED_CARDS.ibis_schema().to_pyarrow())
    return stored(table, "shared_cards", like=lines)


def _found(cards: ir.Table, settings: SharedCardSettings) -> list[dict[str, Any]]:
    """Numbers set apart, and those that may be worth a look, with their counts (few rows leave the engine)."""
    listed = cards.source_customer_id.isin(list(settings.listed))
    apart = cards.filter(listed | (cards.busy_days_count >= settings.days))
    others = cards.filter(~listed & (cards.busy_days_count < settings.days))
    far = ibis.ifelse(others.most_tickets_a_day > FAR_ABOVE * settings.tickets_a_day, 1, 0)
    # Ties at the end of the list are settled by net, which is looked up later: take everybody tied with the last.
    place = ibis.rank().over(ibis.window(order_by=[far.desc(), others.tickets_count.desc(),
                                                   others.most_tickets_a_day.desc()]))  # fmt: skip
    others = others.mutate(place=place)
    busy = others.filter(others.place < WORTH_A_LOOK).drop("place")
    rows = [*apart.to_pyarrow().to_pylist(), *busy.to_pyarrow().to_pylist()]
    missing = sorted(set(settings.listed) - {row["source_customer_id"] for row in rows})
    nothing = {"busy_days_count": 0, "tickets_count": 0, "most_tickets_a_day": 0}
    return [*rows, *({"source_customer_id": card, **nothing} for card in missing)]


def _net(lines: ir.Table, cards: Iterable[str]) -> dict[str, int]:
    wanted = list(cards)
    if not wanted:
        return {}
    few = ibis.memtable(pa.table({"card": pa.array(wanted, pa.string())}))
    some = lines.semi_join(few, lines.source_customer_id == few.card)
    sums = some.group_by("source_customer_id").aggregate(net=some.net_amount.sum())
    return {row["source_customer_id"]: int(row["net"]) for row in sums.to_pyarrow().to_pylist()}


def _chosen(rows: list[dict[str, Any]], settings: SharedCardSettings) -> list[dict[str, Any]]:
    def busiest(row: dict[str, Any]) -> Any:
        far = row["most_tickets_a_day"] > FAR_ABOVE * settings.tickets_a_day
        return (
            not far, -row["tickets_count"], -row["most_tickets_a_day"], -row["net_amount"], row["source_customer_id"]
        )  # fmt: skip

    apart: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for row in sorted(rows, key=busiest):
        if row["source_customer_id"] in settings.listed:
            apart.append({**row, "is_set_apart": True, "reason": "listed"})
        elif row["busy_days_count"] >= settings.days:
            apart.append({**row, "is_set_apart": True, "reason": "too_many_tickets"})
        else:
            others.append({**row, "is_set_apart": False, "reason": "worth_a_look"})
    return [*apart, *others[:WORTH_A_LOOK]]
