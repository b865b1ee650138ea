"""What is on the tickets: goods, discounts, gift cards; later returns and exchanges; how it was paid.

`fill_baskets` turns occasions into a `Batch` of tickets, lines and payments, ordered by time. All amounts are whole
cents ex VAT; on every line `amount = quantity * price - discount`, and on a return quantity, discount, amount and VAT
are negative. The payments of a ticket sum to its amount plus VAT.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from habitue.demo.simulated_shop.lives import Buyer
from habitue.demo.simulated_shop.occasions import NOBODY, ONLINE, Occasions, moment, next_open_day, second_of_day
from habitue.demo.simulated_shop.rates import GIFT_CARD_FACES_CENTS
from habitue.demo.simulated_shop.world import DAY_SECONDS, Flags, Ints, World

SALE, RETURN, CANCELLED = 0, 1, 2
TENDERS = ("card", "cash", "gift_card", "points_voucher")
BY_CARD, IN_CASH, BY_GIFT_CARD, BY_VOUCHER = range(4)
VOUCHERS_CENTS = (500, 1000)


@dataclass(frozen=True)
class Tickets:
    """One entry a ticket or web order. `original` is the place in the batch of the ticket a return refers to (NOBODY
    for none); `is_linked` tells whether the export names it; `till` is 0 online."""

    person: Ints
    buyer: Ints
    taste: Ints
    store: Ints
    till: Ints
    day: Ints
    second: Ints
    shown: Ints
    nature: Ints
    original: Ints
    is_linked: Flags
    is_exchange: Flags
    is_unlabelled: Flags


@dataclass(frozen=True)
class Lines:
    """One entry a line; `ticket` is the place of its ticket in the batch, `number` counts from 1 within the ticket."""

    ticket: Ints
    number: Ints
    sku: Ints
    quantity: Ints
    price: Ints
    discount: Ints
    amount: Ints
    vat: Ints


@dataclass(frozen=True)
class Payments:
    """One entry a tender of a ticket, in cents with VAT."""

    ticket: Ints
    tender: Ints
    amount: Ints


@dataclass(frozen=True)
class Batch:
    """Tickets with their lines and payments, ordered: till before web, then by time; lines and payments by ticket."""

    tickets: Tickets
    lines: Lines
    payments: Payments


T = TypeVar("T", Tickets, Lines, Payments)


def fill_baskets(world: World, occasions: Occasions, rng: Generator) -> Batch:
    """Tickets, lines and payments of the occasions, with the returns and exchanges that follow within the period."""
    tickets = _sale_tickets(world, occasions, rng)
    lines = _sale_lines(world, tickets, rng)
    lines = _with_gift_cards(world, tickets, lines, rng)
    tickets, lines = _with_returns(world, tickets, lines, rng)
    tickets, lines = _ordered(tickets, lines)
    return Batch(tickets, lines, _payments(world, tickets, lines, rng))


def _taken(table: T, rows: Ints | Flags) -> T:
    return type(table)(**{f.name: getattr(table, f.name)[rows] for f in fields(table)})


def _stacked(kind: type[T], parts: list[T]) -> T:
    return kind(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(kind)})


def _tills(world: World, store: Ints, rng: Generator) -> Ints:
    till = 1 + np.floor(rng.random(store.size) * world.stores.tills[store]).astype(np.int64)
    return np.where(store == ONLINE, 0, till)


def _sale_tickets(world: World, occasions: Occasions, rng: Generator) -> Tickets:
    n = occasions.store.size
    cancelled = (occasions.store == ONLINE) & (rng.random(n) < world.rates.cancelled_order_share)
    return Tickets(
        person=occasions.person,
        buyer=occasions.buyer,
        taste=occasions.taste,
        store=occasions.store,
        till=_tills(world, occasions.store, rng),
        day=occasions.day,
        second=occasions.second,
        shown=occasions.shown,
        nature=np.where(cancelled, CANCELLED, SALE),
        original=np.full(n, NOBODY),
        is_linked=np.zeros(n, dtype=np.bool_),
        is_exchange=np.zeros(n, dtype=np.bool_),
        is_unlabelled=rng.random(n) < world.rates.unlabelled_ticket_share,
    )


def _priced(world: World, ticket: Ints, sku: Ints, quantity: Ints, percent: Ints, day: Ints) -> Lines:
    """Lines at the list price of the day's year less a discount in per cent (rounded half up to the cent)."""
    price = world.products.prices[sku, world.year_index(day)]
    discount = (quantity * price * percent + 50) // 100
    amount = quantity * price - discount
    return Lines(ticket, np.zeros_like(ticket), sku, quantity, price, discount, amount, _vat(world, sku, amount))


def _vat(world: World, sku: Ints, amount: Ints) -> Ints:
    """VAT due on a non-negative amount, rounded half up to the cent."""
    return (amount * world.products.vat_per_mille[sku] + 500) // 1000


def _sale_lines(world: World, tickets: Tickets, rng: Generator) -> Lines:
    rates = world.rates
    count = np.minimum(rng.geometric(1.0 / rates.lines_per_ticket_mean, tickets.store.size), rates.lines_per_ticket_max)
    reseller = tickets.buyer == Buyer.RESELLER
    count[reseller] += 1
    ticket = np.repeat(np.arange(count.size), count)
    n = ticket.size
    buyer = tickets.buyer[ticket]
    sku = world.products.draw(tickets.taste[ticket], rates.taste_strength, rng)

    edges = np.cumsum(rates.quantity_shares)[:-1]
    quantity = 1 + np.searchsorted(edges, rng.random(n), side="right")
    for kind, mean in ((Buyer.B2B, 3.0), (Buyer.RESELLER, 6.0)):
        rows = np.flatnonzero(buyer == kind)
        quantity[rows] += rng.poisson(mean, rows.size)

    u = rng.random(n)
    step = np.minimum((u / rates.discounted_line_share * len(rates.discount_percents)).astype(np.int64), 3)
    percent = np.where(u < rates.discounted_line_share, np.array(rates.discount_percents)[step], 0)
    percent[buyer == Buyer.STAFF] = rates.staff_discount_percent
    return _priced(world, ticket, sku, quantity, percent, tickets.day[ticket])


def _with_gift_cards(world: World, tickets: Tickets, lines: Lines, rng: Generator) -> Lines:
    """Some store tickets of consumers and passers-by carry a gift card, alone or beside the goods."""
    rates = world.rates
    n = tickets.store.size
    month = tickets.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    share = rates.gift_card_ticket_share * np.where(month == 11, rates.gift_card_december_factor, 1.0)
    may = (tickets.store != ONLINE) & np.isin(tickets.buyer, (Buyer.CONSUMER, Buyer.PASSER_BY))
    has = may & (rng.random(n) < share)
    alone = has & (rng.random(n) < rates.gift_card_alone_share)
    rows = np.flatnonzero(has)
    sku = world.products.first_gift_card + rng.integers(0, len(GIFT_CARD_FACES_CENTS), rows.size)
    zero = np.zeros_like(rows)
    cards = _priced(world, rows, sku, zero + 1, zero, tickets.day[rows])
    return _stacked(Lines, [_taken(lines, ~alone[lines.ticket]), cards])


def _with_returns(world: World, tickets: Tickets, lines: Lines, rng: Generator) -> tuple[Tickets, Lines]:
    """Adds the return tickets (all lines of a ticket that come back do so together) and the goods taken in exchange.

    A line comes back at most once, in whole or in part, and within the period; a return after its end has not happened.
    """
    rates = world.rates
    n = tickets.store.size
    span = rates.return_delay_days_max - rates.return_delay_days_min + 1
    day = tickets.day + rates.return_delay_days_min + np.floor(span * rng.random(n) ** 2).astype(np.int64)
    day = np.where(tickets.store == ONLINE, day, next_open_day(day))
    kept = (tickets.nature == SALE) & (day <= world.last_day)
    comes_back = rng.random(lines.ticket.size) < world.products.return_probability[lines.sku]
    back = _taken(lines, np.flatnonzero(comes_back & kept[lines.ticket]))

    original, place = np.unique(back.ticket, return_inverse=True)
    m = original.size
    web = tickets.store[original] == ONLINE
    day = day[original]
    store = np.where(web, ONLINE, world.stores.open_or_refuge(tickets.store[original], day))
    is_exchange = ~web & (rng.random(m) < rates.exchange_share)
    return_tickets = replace(
        _taken(tickets, original),
        store=store,
        till=_tills(world, store, rng),
        day=day,
        second=second_of_day(store, day, rng),
        nature=np.full(m, RETURN),
        original=original,
        is_linked=web | (rng.random(m) >= rates.original_ticket_missing_share),
        is_exchange=is_exchange,
        is_unlabelled=rng.random(m) < rates.unlabelled_ticket_share,
    )

    partial = (back.quantity > 1) & (rng.random(back.ticket.size) < rates.partial_return_share)
    part = 1 + np.floor(rng.random(back.ticket.size) * (back.quantity - 1)).astype(np.int64)
    quantity = np.where(partial, part, back.quantity)
    discount = (2 * back.discount * quantity + back.quantity) // (2 * back.quantity)
    amount = quantity * back.price - discount
    ticket = n + place.reshape(-1)
    returned = Lines(
        ticket, back.number, back.sku, -quantity, back.price, -discount, -amount, -_vat(world, back.sku, amount)
    )

    swaps = np.flatnonzero(is_exchange[ticket - n])
    sku = world.products.draw(return_tickets.taste[ticket[swaps] - n], rates.taste_strength, rng)
    taken = _priced(world, ticket[swaps], sku, quantity[swaps], np.zeros_like(swaps), day[ticket[swaps] - n])
    return _stacked(Tickets, [tickets, return_tickets]), _stacked(Lines, [lines, returned, taken])


def _ordered(tickets: Tickets, lines: Lines) -> tuple[Tickets, Lines]:
    """Till tickets before web orders, each by time; lines in the order of their tickets, numbered from 1."""
    order = np.lexsort((moment(tickets.day, tickets.second), tickets.store == ONLINE))
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    tickets = _taken(tickets, order)
    original = np.where(tickets.original == NOBODY, NOBODY, place[tickets.original])
    lines = replace(lines, ticket=place[lines.ticket])
    lines = _taken(lines, np.argsort(lines.ticket, kind="stable"))
    first = np.searchsorted(lines.ticket, np.arange(order.size))
    number = np.arange(lines.ticket.size) - first[lines.ticket] + 1
    return replace(tickets, original=original), replace(lines, number=number)


def _payments(world: World, tickets: Tickets, lines: Lines, rng: Generator) -> Payments:
    """A points voucher, then a gift card bought earlier, then a bank card or cash for the rest (or for the refund).

    Cancelled orders and tickets that come to nothing have no payment.
    """
    rates = world.rates
    n = tickets.store.size
    # sums of whole cents below 2**53 are exact in doubles
    total = np.bincount(lines.ticket, lines.amount + lines.vat, minlength=n).astype(np.int64)
    total[tickets.nature == CANCELLED] = 0

    may_voucher = (tickets.buyer == Buyer.CONSUMER) & (tickets.shown != NOBODY) & (total > 2000)
    worth = np.where(total > 5000, VOUCHERS_CENTS[1], VOUCHERS_CENTS[0])
    voucher = np.where(may_voucher & (rng.random(n) < rates.voucher_ticket_share), worth, 0)

    gift = np.zeros(n, dtype=np.int64)
    sold = np.flatnonzero(lines.sku >= world.products.first_gift_card)
    sold = sold[rng.random(sold.size) < rates.gift_card_redeemed_share]
    when = moment(tickets.day, tickets.second)
    sold_in = lines.ticket[sold]
    ready = when[sold_in] + DAY_SECONDS * (1 + np.floor(rng.random(sold.size) * rates.gift_card_delay_days_max))
    sells_card = np.zeros(n, dtype=np.bool_)
    sells_card[lines.ticket[lines.sku >= world.products.first_gift_card]] = True
    by_consumer = np.isin(tickets.buyer, (Buyer.CONSUMER, Buyer.PASSER_BY))
    takers = np.flatnonzero((tickets.nature == SALE) & (total > 0) & ~sells_card & by_consumer)
    takers = takers[np.argsort(when[takers], kind="stable")]
    place = np.searchsorted(when[takers], ready)
    place, first = np.unique(place, return_index=True)
    place, first = place[place < takers.size], first[place < takers.size]
    taker = takers[place]
    gift[taker] = np.minimum(lines.amount[sold[first]], total[taker] - voucher[taker])

    rest = total - voucher - gift
    in_cash = (tickets.store != ONLINE) & (rng.random(n) < rates.cash_share)
    parts = [
        Payments(np.flatnonzero(paid), tender[paid], cents[paid])
        for tender, cents in (
            (np.full(n, BY_VOUCHER), voucher),
            (np.full(n, BY_GIFT_CARD), gift),
            (np.where(in_cash, IN_CASH, BY_CARD), rest),
        )
        for paid in (cents != 0,)
    ]
    payments = _stacked(Payments, parts)
    return _taken(payments, np.argsort(payments.ticket, kind="stable"))
