"""Tickets, customer days, visits and customers, from purchase lines.

Domain rule: a visit is one customer on one calendar day with positive value after returns; the day's split tickets are
one visit. A return never makes a visit; a day whose purchases all came back is none. Populations are never mixed: a
shop assistant who buys at staff price and at full price on one day has a staff day and a consumer day.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.purchases.sale_types import CONSUMER, is_sale
from habitue.schemas import CUSTOMER_DAYS, CUSTOMERS, CUSTOMERS_WITHOUT_VISIT, VISITS

DAY = ("customer_id", "population", "sold_on")
PLACE = ("sales_channel", "store_id")
TICKET = (*DAY, "source", "transaction_id")
PART = (*TICKET, *PLACE)


def tickets(lines: ir.Table) -> ir.Table:
    """Lines by ticket, day, customer, population and place, stored: what customer days, customers and years are made
    from. A ticket has a row for each sales channel and store on it: nearly always one.

    Args:
        lines: TRANSACTION_LINES.

    Amounts in home minor units, of counted lines only. `counted_lines` and `sale_lines` (those that sell, also for
    nothing), `free_lines`, `negative_lines`; `net_amount`, `kept_amount`, `reward_amount`, `margin_amount` with
    `margin_missing` lines; `gross_sales_amount` (net of sale lines), `linked_amount` (what came back of them, exchanges
    included), `unlinked_amount`.
    """
    counts, sale = lines.counts, is_sale(lines)
    exchange = counts & (lines.sale_type == "exchange")
    grouped = lines.group_by(*PART).aggregate(
        **_day_measures(lines, counts),
        net_amount=_amount(counts, lines.net_amount),
        gross_sales_amount=_amount(sale, lines.net_amount),
        linked_amount=lines.returned_amount.sum() - _amount(exchange, lines.kept_amount),
        unlinked_amount=-_amount(counts & (lines.sale_type == "return"), lines.kept_amount),
    )
    return portable.materialise(grouped, "tickets")


def _day_measures(lines: ir.Table, counts: Any) -> dict[str, Any]:
    """What days are made from. Lines that do not count have no reward, no margin, and nothing came back of them."""
    sale = is_sale(lines)
    return {
        "counted_lines": _number(counts),
        "sale_lines": _number(sale),
        "free_lines": _number(sale & (lines.sale_type == "free") & (lines.net_amount == 0)),
        "negative_lines": _number(counts & (lines.kept_amount < 0)),
        "kept_amount": _amount(counts, lines.kept_amount),
        "reward_amount": lines.reward_amount.sum(),
        "margin_amount": lines.margin_amount.sum(),
        "margin_lines": lines.margin_amount.count(),
        "margin_assumed": _number(lines.margin_is_assumed),
    }


def _number(condition: Any) -> ir.IntegerScalar:
    """How often a condition holds, as a count: the narrowest state there is beside millions of keys."""
    return ibis.ifelse(condition, 1, None).count()


def _amount(condition: Any, value: Any) -> ir.IntegerScalar:
    return ibis.ifelse(condition, value, 0).cast("int64").sum()


def customer_days(lines: ir.Table, *, by_ticket: ir.Table | None = None) -> ir.Table:
    """CUSTOMER_DAYS: one identified customer and population on one store day with counted lines; stored.

    Args:
        lines: TRANSACTION_LINES.
        by_ticket: `tickets` of the same lines, if at hand.
    """
    if by_ticket is None:
        some = lines.filter(lines.counts & lines.customer_id.notnull())
        known = portable.materialise(some.group_by(*PART).aggregate(**_day_measures(some, some.counts)), "tickets")
    else:
        known = by_ticket.filter(by_ticket.customer_id.notnull() & (by_ticket.counted_lines > 0))
    days = known.group_by(*DAY).aggregate(
        net_amount=known.kept_amount.sum(),
        tickets_count=_number(known.sale_lines > 0),
        lines_count=known.sale_lines.sum(),
        counted_lines=known.counted_lines.sum(),
        free_lines=known.free_lines.sum(),
        negative_lines=known.negative_lines.sum(),
        reward_amount=known.reward_amount.sum(),
        margin_amount=known.margin_amount.sum(),
        margin_lines=known.margin_lines.sum(),
        margin_assumed=known.margin_assumed.sum(),
        sales_channel=known.sales_channel.min(),
        store_id=known.store_id.min(),
        parts=known.counted_lines.count(),
    )
    days = portable.materialise(days, "days")
    several = days.filter(days.parts > 1).select(*DAY)
    main = portable.materialise(_main(known.semi_join(several, DAY)), "main")
    wide = days.left_join(
        main,
        [
            days.customer_id == main.main_customer,
            days.population == main.main_population,
            days.sold_on == main.main_on,
        ],
    )
    is_mixed = wide.parts > 1
    wide = wide.select(
        *DAY,
        "net_amount",
        "lines_count",
        "reward_amount",
        is_visit=_bought(wide, wide.net_amount),
        tickets_count=ibis.ifelse(is_mixed, wide.main_tickets, wide.tickets_count),
        margin_amount=ibis.ifelse(wide.margin_lines == wide.counted_lines, wide.margin_amount, None),
        margin_is_assumed=wide.margin_assumed > 0,
        **{name: ibis.ifelse(is_mixed, wide[f"main_{name}"], wide[name]) for name in PLACE},
    )
    done = portable.materialise(CUSTOMER_DAYS.cast(wide), "customer_days")
    portable.forget(days, main, *([known] if by_ticket is None else []))
    return done


def visits(days: ir.Table) -> ir.Table:
    """VISITS: the customer days that count as a visit."""
    return VISITS.cast(days.filter(days.is_visit))


def without_visit(known: ir.Table, days: ir.Table) -> ir.Table:
    """CUSTOMERS_WITHOUT_VISIT: identified customers with lines but no visit in their population; stored.

    Args:
        known: `tickets`.
        days: CUSTOMER_DAYS of the same lines.
    """
    theirs = known.filter(known.customer_id.notnull())
    visited = days.filter(days.is_visit).select("customer_id", "population")
    theirs = theirs.anti_join(visited, ["customer_id", "population"])
    found = theirs.group_by("customer_id", "population").aggregate(
        first_on=theirs.sold_on.min(),
        last_on=theirs.sold_on.max(),
        counted_lines_count=theirs.counted_lines.sum(),
        net_amount=theirs.kept_amount.sum(),
    )
    return portable.materialise(CUSTOMERS_WITHOUT_VISIT.cast(found), "customers_without_visit")


def customers(
    lines: ir.Table,
    days: ir.Table,
    customer_ids: ir.Table | None,
    *,
    by_ticket: ir.Table | None = None,
    populations: ir.Table | None = None,
) -> ir.Table:
    """CUSTOMERS: one person known by a sale or a customer file; stored.

    Args:
        lines: TRANSACTION_LINES.
        days: CUSTOMER_DAYS of the same lines.
        customer_ids: CUSTOMER_IDS, or None; people who are only there have zero counts.
        by_ticket: `tickets` of the same lines, if at hand.
        populations: `customer_id`, `population` of people placed by their customer row, for those without any line.

    A person bought as one or several populations; the row is about one: that with counted lines, consumer first, then
    the one of most value (ties: first by name). Figures are of that population alone.
    """
    people = _by_population(tickets(lines) if by_ticket is None else by_ticket, days)
    order = [
        ibis.desc(people.has_purchases),
        ibis.desc(ibis.ifelse(people.population == CONSUMER, 1, 0)),
        ibis.desc(people.net_amount),
        ibis.asc(people.population),
    ]
    ranked = people.mutate(place=ibis.row_number().over(ibis.window(group_by="customer_id", order_by=order)))
    bought = ranked.filter(ranked.place == 0)
    if customer_ids is None:
        return portable.materialise(CUSTOMERS.cast(bought), "customers")
    listed = customer_ids.filter(customer_ids.customer_id.notnull()).select("customer_id").distinct()
    alone = listed.anti_join(bought, "customer_id")
    if populations is None:
        alone = alone.mutate(population=ibis.literal(CONSUMER))
    else:
        placed = populations.group_by(placed_id=populations.customer_id).aggregate(placed=populations.population.min())
        alone = alone.left_join(placed, alone.customer_id == placed.placed_id)
        alone = alone.select("customer_id", population=alone.placed.fill_null(CONSUMER))
    nothing = alone.mutate(
        first_purchase_on=ibis.null("date"),
        last_purchase_on=ibis.null("date"),
        **{name: ibis.literal(0, "int64") for name in CUSTOMERS.names[4:]},
    )
    return portable.materialise(CUSTOMERS.cast(bought).union(CUSTOMERS.cast(nothing)), "customers")


def _bought(table: ir.Table, net: Any) -> ir.BooleanValue:
    """Positive value, or (where free lines count) something free and nothing that went back."""
    return (net > 0) | ((net == 0) & (table.free_lines > 0) & (table.negative_lines == 0))


def _main(parts: ir.Table) -> ir.Table:
    """Of days with several parts: tickets with a sale, and the channel and the store of most of the value."""
    sold = parts.filter(parts.sale_lines > 0)
    tickets_count = sold.select(*TICKET).distinct().group_by(*DAY).aggregate(found=lambda t: t.count())
    found = parts.select(*DAY).distinct()
    wide = _joined(found, tickets_count).mutate(main_tickets=lambda t: t.found.fill_null(0)).drop("found")
    for column in PLACE:
        worth = parts.group_by(*DAY, column).aggregate(worth=parts.kept_amount.sum())
        order = [ibis.desc(worth.worth), ibis.asc(worth[column], nulls_first=False)]
        ranked = worth.mutate(place=ibis.row_number().over(ibis.window(group_by=DAY, order_by=order)))
        first = ranked.filter(ranked.place == 0).select(*DAY, **{f"main_{column}": column})
        wide = _joined(wide, first)
    return wide.rename(main_customer="customer_id", main_population="population", main_on="sold_on")


def _joined(days: ir.Table, more: ir.Table) -> ir.Table:
    names = [name for name in more.columns if name not in DAY]
    other = more.rename({f"other_{name}": name for name in DAY})
    wide = days.left_join(other, [days[name] == other[f"other_{name}"] for name in DAY])
    return wide.select(*days.columns, *names)


def _by_population(known: ir.Table, days: ir.Table) -> ir.Table:
    """Customers by population: sums over tickets, and visits from the days."""
    known = known.filter(known.customer_id.notnull())
    whole = known.group_by("customer_id", "population", "source", "transaction_id").aggregate(
        counted_lines=known.counted_lines.sum(),
        free_lines=known.free_lines.sum(),
        negative_lines=known.negative_lines.sum(),
        kept_amount=known.kept_amount.sum(),
        gross_sales_amount=known.gross_sales_amount.sum(),
        linked_amount=known.linked_amount.sum(),
        unlinked_amount=known.unlinked_amount.sum(),
    )
    people = whole.group_by("customer_id", "population").aggregate(
        has_purchases=ibis.ifelse(whole.counted_lines > 0, 1, 0).max(),
        purchases_count=ibis.ifelse(_bought(whole, whole.kept_amount), 1, 0).cast("int64").sum(),
        net_amount=whole.kept_amount.sum(),
        gross_sales_amount=whole.gross_sales_amount.sum(),
        returned_amount=whole.linked_amount.sum(),
        unlinked_returns_amount=whole.unlinked_amount.sum(),
    )
    seen = days.filter(days.is_visit)
    seen = seen.group_by(seen_id=seen.customer_id, seen_population=seen.population).aggregate(
        first_purchase_on=seen.sold_on.min(), last_purchase_on=seen.sold_on.max(), visits=seen.sold_on.count()
    )
    wide = people.left_join(seen, [people.customer_id == seen.seen_id, people.population == seen.seen_population])
    return wide.select(*people.columns, "first_purchase_on", "last_purchase_on", visits_count=wide.visits.fill_null(0))
