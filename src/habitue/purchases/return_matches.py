"""The plain returns, matched in the engine: one return of one line of the ticket it names, or one return by a customer
of an article. Nothing about them depends on an order, so they need not leave the engine.

What is not plain (several returns of one article, more than was bought, other currencies, numbers that must be looked
for) is left to `return_links`, one return after the other, beginning with what the plain ones have left of each line.
No plain return touches a line that another may touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.purchases.return_links import (
    CUSTOMER_AND_SKU,
    LINKED_BY,
    NO_CUSTOMER,
    NO_ORIGINAL_GIVEN,
    NONE,
    NOTHING_LEFT,
    ORIGINAL_TICKET,
    REASONS,
)

STATED, EXCHANGE, NOBODY, OWNED, HARD = "stated", "exchange", "nobody", "owned", "hard"
"""Ways of a return: to its ticket, beside a sale on its own ticket, to nobody's purchase, to the customer's, not plain.
"""

LAST = 1 << 40
"""Place of the part that found nothing."""

PART = (
    "back_file", "back_row", "linked_by", "reason", "amount", "sale_file", "sale_row", "sale_source", "sale_ticket",
    "sale_line", "sale_on", "sale_net", "sale_customer", "sale_population", "returned_on", "place",
)  # fmt: skip
"""Columns of parts: the return, what was found and why not, the amount (positive, home), the sale line, their days, and
the order of the parts of one return."""


@dataclass(frozen=True)
class Matched:
    """Plain returns matched.

    Attributes:
        back: the returns with their `way` and `amount`; stored.
        sold: the candidate sale lines with `remaining`: what plain returns that name their ticket left; stored.
        parts: `PART`; stored.
    """

    back: ir.Table
    sold: ir.Table
    parts: ir.Table


def match(back: ir.Table, sold: ir.Table, *, return_days: int) -> Matched:
    """Match the plain returns; what was given is used up.

    Args:
        back: return lines, stored, with `person` (null: nobody) and amounts below 0 in the source's currency.
        sold: stored candidates: the sale lines of the tickets the returns name or stand on, and of the purchases of the
            articles by the customers.
        return_days: how far back a purchase is looked for when the ticket is not stated.
    """
    first = portable.materialise(_first_ways(back, sold), "first_ways")
    odd = portable.materialise(_odd_lines(first, sold), "odd_lines")
    ways = portable.materialise(_apart(first, odd), "ways")
    portable.forget(back, first, odd)
    stated = portable.materialise(_stated(ways, sold), "stated_parts")
    taken = stated.select("amount", taken_file="sale_file", taken_row="sale_row")
    wide = sold.left_join(taken, [sold.file_id == taken.taken_file, sold.row_number == taken.taken_row])
    wide = wide.select(*sold.columns, remaining=wide.source_net_amount - wide.amount.fill_null(0))
    left = portable.materialise(wide, "sold")
    portable.forget(sold)
    owned = portable.materialise(_owned(ways, left, return_days), "owned_parts")
    parts = stated.union(owned.filter(owned.amount > 0)).union(_unlinked(ways, owned))
    parts = portable.materialise(parts, "parts")
    portable.forget(stated, owned)
    return Matched(ways, left, parts)


def _first_ways(back: ir.Table, sold: ir.Table) -> ir.Table:
    """The returns with `ticket` (stated, or their own), `amount`, and the `way` each has by itself."""
    back = back.mutate(
        ticket=back.original_transaction_id.fill_null(back.transaction_id),
        is_stated=back.original_transaction_id.notnull(),
        amount=-back.source_net_amount,
        at_par=back.source_net_amount == back.net_amount,
    )
    tickets = sold.group_by(ticket_source="source", ticket_id="transaction_id").aggregate(
        first_at=sold.sold_at.min(),
        last_at=sold.sold_at.max(),
        first_on=sold.sold_on.min(),
        last_on=sold.sold_on.max(),
        first_currency=sold.currency.min(),
        last_currency=sold.currency.max(),
        off_par=ibis.ifelse(sold.source_net_amount == sold.net_amount, 0, 1).max(),
    )
    articles = sold.group_by(line_source="source", line_ticket="transaction_id", line_sku="sku").aggregate(
        lines=sold.row_number.count(), line_net=sold.source_net_amount.min()
    )
    asked = back.filter(back.is_stated).group_by(asked_source="source", asked_ticket="ticket", asked_sku="sku")
    asked = asked.aggregate(returns=back.row_number.count())
    wide = back.left_join(tickets, [back.source == tickets.ticket_source, back.ticket == tickets.ticket_id])
    wide = wide.left_join(
        articles,
        [wide.source == articles.line_source, wide.ticket == articles.line_ticket, wide.sku == articles.line_sku],
    )
    wide = wide.left_join(
        asked, [wide.source == asked.asked_source, wide.ticket == asked.asked_ticket, wide.sku == asked.asked_sku]
    )
    found = wide.ticket_id.notnull()
    one_day = found & (wide.first_on == wide.last_on)
    is_plain = (
        one_day
        & (wide.last_at <= wide.sold_at)
        & (wide.first_currency == wide.currency)
        & (wide.last_currency == wide.currency)
        & (wide.off_par == 0)
        & wide.at_par
        & (wide.lines == 1)
        & (wide.returns == 1)
        & (wide.amount <= wide.line_net)
    ).fill_null(False)
    is_lost = wide.is_stated & (~found | (wide.first_at > wide.sold_at))
    return wide.select(
        *back.columns,
        is_lost=is_lost.fill_null(False),
        way=ibis.cases(
            (wide.is_stated & is_plain, STATED),
            (wide.is_stated, HARD),
            ((one_day & (wide.first_on == wide.sold_on)).fill_null(False), EXCHANGE),
            (found, HARD),
            (~wide.at_par, HARD),
            (wide.person.isnull(), NOBODY),
            (wide.sku.isnull(), HARD),
            else_=OWNED,
        ),
        has_ticket=found,
    )


def _odd_lines(one: ir.Table, sold: ir.Table) -> ir.Table:
    """Sale lines that a return which is not plain may take by their ticket, and those in another currency."""
    tickets = one.filter((one.way == HARD) & (one.is_stated | one.has_ticket))
    tickets = tickets.select(hard_source="source", hard_ticket="ticket").distinct()
    numbers = one.filter(one.is_lost).select(lost_source="source", lost_number="ticket").distinct()
    lines = sold.left_join(tickets, [sold.source == tickets.hard_source, sold.transaction_id == tickets.hard_ticket])
    lines = lines.left_join(
        numbers, [lines.source == numbers.lost_source, lines.transaction_number == numbers.lost_number]
    )
    off_par = lines.source_net_amount != lines.net_amount
    odd = lines.filter(lines.hard_ticket.notnull() | lines.lost_number.notnull() | off_par)
    return odd.select("source", "transaction_id", "customer_id", "sku")


def _apart(one: ir.Table, odd: ir.Table) -> ir.Table:
    """The returns with their `way`: those whose lines another, not plain, may take too are not plain either."""
    odd_tickets = odd.select(odd_source="source", odd_ticket="transaction_id").distinct()
    odd_goods = odd.select(odd_customer="customer_id", odd_sku="sku").distinct()
    by_amount = one.filter((one.way == HARD) & ~one.is_stated & one.sku.isnull() & one.person.notnull())
    by_amount = by_amount.select(amount_person="person").distinct()
    searching = one.filter(~one.is_stated & one.person.notnull() & one.sku.notnull() & (one.way != EXCHANGE))
    several = searching.group_by(many_person="person", many_sku="sku").aggregate(many=searching.row_number.count())
    several = several.filter(several.many > 1)
    wide = one.left_join(odd_tickets, [one.source == odd_tickets.odd_source, one.ticket == odd_tickets.odd_ticket])
    wide = wide.left_join(odd_goods, [wide.person == odd_goods.odd_customer, wide.sku == odd_goods.odd_sku])
    wide = wide.left_join(by_amount, wide.person == by_amount.amount_person)
    wide = wide.left_join(several, [wide.person == several.many_person, wide.sku == several.many_sku])
    shared = wide.odd_customer.notnull() | wide.amount_person.notnull() | wide.many_person.notnull()
    way = ibis.cases(
        ((wide.way == STATED) & wide.odd_ticket.notnull(), HARD), ((wide.way == OWNED) & shared, HARD), else_=wide.way
    )
    return wide.select(*(name for name in one.columns if name not in ("way", "is_lost", "has_ticket")), way=way)


def _stated(back: ir.Table, sold: ir.Table) -> ir.Table:
    """Parts of returns of the one line of their article on their ticket."""
    some = _named(back.filter(back.way == STATED))
    lines = _sale(sold.mutate(remaining=sold.source_net_amount))
    wide = some.inner_join(
        lines,
        [
            some.back_source == lines.sale_source,
            some.back_ticket == lines.sale_ticket,
            some.back_sku == lines.sale_sku,
        ],
    )
    return _part(wide, ORIGINAL_TICKET, amount=wide.back_amount)


def _owned(back: ir.Table, sold: ir.Table, return_days: int) -> ir.Table:
    """Parts taken from the customer's purchases of the article, latest first; of what is left nothing is told here.

    A purchase of which nothing is left has a part of 0: it says that there was one.
    """
    some = _named(back.filter(back.way == OWNED))
    lines = _sale(sold)
    wide = some.inner_join(lines, [some.back_person == lines.sale_customer, some.back_sku == lines.sale_sku])
    age = wide.returned_on.delta(wide.sale_on, unit="day")
    wide = wide.filter(
        (wide.sale_at <= wide.back_at) & (age <= return_days) & (wide.sale_currency == wide.back_currency)
    )
    latest_first = [
        ibis.desc(wide.sale_at), *(wide[f"sale_{name}"].asc() for name in ("source", "ticket", "line", "file", "row")),
    ]  # fmt: skip
    of_return = ("back_file", "back_row")
    window = ibis.window(group_by=of_return, order_by=latest_first, preceding=None, following=0)
    numbered = ibis.window(group_by=of_return, order_by=latest_first)
    wide = wide.mutate(upto=wide.remaining.sum().over(window), place=ibis.row_number().over(numbered))
    open_amount = ibis.greatest(wide.back_amount - (wide.upto - wide.remaining), 0)
    return _part(wide, CUSTOMER_AND_SKU, amount=ibis.least(wide.remaining, open_amount).cast("int64"))


def _unlinked(back: ir.Table, owned: ir.Table) -> ir.Table:
    """The rest of returns that found less than they bring back."""
    some = _named(back.filter((back.way == OWNED) | (back.way == NOBODY)))
    found = owned.group_by(found_file="back_file", found_row="back_row").aggregate(found=owned.amount.sum())
    wide = some.left_join(found, [some.back_file == found.found_file, some.back_row == found.found_row])
    rest = (wide.back_amount - wide.found.fill_null(0)).cast("int64")
    reason = ibis.cases(
        (wide.back_person.isnull(), REASONS[NO_CUSTOMER]),
        (wide.found_row.isnull(), REASONS[NO_ORIGINAL_GIVEN]),
        else_=REASONS[NOTHING_LEFT],
    )
    nothing: dict[str, Any] = {
        name: ibis.null(kind) for name, kind in owned.schema().items() if name.startswith("sale_")
    }
    wide = wide.mutate(**nothing, rest=rest, reason=reason, place=ibis.literal(LAST, "int64"))
    wide = wide.filter(wide.rest > 0)
    return wide.mutate(linked_by=ibis.literal(LINKED_BY[NONE]), amount=wide.rest).select(*PART)


def _named(back: ir.Table) -> ir.Table:
    return back.select(
        back_file="file_id", back_row="row_number", back_source="source", back_ticket="ticket", back_sku="sku",
        back_person="person", back_at="sold_at", back_currency="currency", back_amount="amount", returned_on="sold_on",
    )  # fmt: skip


def _sale(sold: ir.Table) -> ir.Table:
    return sold.select(
        sale_file="file_id", sale_row="row_number", sale_source="source", sale_ticket="transaction_id",
        sale_line="line_number", sale_at="sold_at", sale_on="sold_on", sale_sku="sku", sale_net="net_amount",
        sale_customer="customer_id", sale_population="population", sale_currency="currency", remaining="remaining",
    )  # fmt: skip


def _part(wide: ir.Table, kind: int, *, amount: Any) -> ir.Table:
    place = wide.place.cast("int64") if "place" in wide.columns else ibis.literal(0, "int64")
    wide = wide.mutate(linked_by=ibis.literal(LINKED_BY[kind]), reason=ibis.null("string"), amount=amount, place=place)
    return wide.select(*PART)
