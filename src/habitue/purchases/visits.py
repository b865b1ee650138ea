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
TICKET = (*DAY, "source", "transaction_id")


def tickets(lines: ir.Table) -> ir.Table:
    """Lines by ticket, day, customer and population, stored: what customer days, customers and years are made from.

    Args:
        lines: TRANSACTION_LINES.

    Amounts in home minor units, of counted lines only. `counted_lines` and `sale_lines` (those that sell, also for
    nothing), `free_lines`, `negative_lines`; `net_amount`, `kept_amount`, `reward_amount`, `margin_amount` with
    `margin_missing` lines; `gross_sales_amount` (net of sale lines), `linked_amount` (what came back of them, exchanges
    included), `unlinked_amount`; first and last name of channel and store, with
    the lines that have one.
    """
    counts, sale, kept = lines.counts, is_sale(lines), lines.kept_amount
    exchange = counts & (lines.sale_type == "exchange")

    def number(condition: Any) -> ir.IntegerScalar:
        return ibis.ifelse(condition, 1, 0).cast("int64").sum()

    def amount(condition: Any, value: Any) -> ir.IntegerScalar:
        return ibis.ifelse(condition, value, 0).cast("int64").sum()

    grouped = lines.group_by(*TICKET).aggregate(
        counted_lines=number(counts),
        sale_lines=number(sale),
        free_lines=number(sale & (lines.sale_type == "free") & (lines.net_amount == 0)),
        negative_lines=number(counts & (kept < 0)),
        net_amount=amount(counts, lines.net_amount),
        kept_amount=amount(counts, kept),
        reward_amount=amount(counts, lines.reward_amount),
        margin_amount=amount(counts, lines.margin_amount.fill_null(0)),
        margin_missing=number(counts & lines.margin_amount.isnull()),
        margin_assumed=number(counts & lines.margin_is_assumed),
        gross_sales_amount=amount(sale, lines.net_amount),
        linked_amount=amount(sale, lines.returned_amount) - amount(exchange, kept),
        unlinked_amount=-amount(counts & (lines.sale_type == "return"), kept),
        first_channel=lines.sales_channel.min(where=counts),
        final_channel=lines.sales_channel.max(where=counts),
        channel_lines=number(counts & lines.sales_channel.notnull()),
        first_store=lines.store_id.min(where=counts),
        final_store=lines.store_id.max(where=counts),
        store_lines=number(counts & lines.store_id.notnull()),
    )
    return portable.materialise(grouped, "tickets")


def customer_days(lines: ir.Table, *, by_ticket: ir.Table | None = None) -> ir.Table:
    """CUSTOMER_DAYS: one identified customer and population on one store day with counted lines; stored.

    Args:
        lines: TRANSACTION_LINES.
        by_ticket: `tickets` of the same lines, if at hand.
    """
    known = tickets(lines) if by_ticket is None else by_ticket
    known = known.filter(known.customer_id.notnull() & (known.counted_lines > 0))
    days = known.group_by(*DAY).aggregate(
        net_amount=known.kept_amount.sum(),
        tickets_count=ibis.ifelse(known.sale_lines > 0, 1, 0).cast("int64").sum(),
        lines_count=known.sale_lines.sum(),
        counted_lines=known.counted_lines.sum(),
        free_lines=known.free_lines.sum(),
        negative_lines=known.negative_lines.sum(),
        reward_amount=known.reward_amount.sum(),
        margin_known=known.margin_amount.sum(),
        margin_missing=known.margin_missing.sum(),
        margin_assumed=known.margin_assumed.sum(),
        first_channel=known.first_channel.min(),
        final_channel=known.final_channel.max(),
        channel_lines=known.channel_lines.sum(),
        first_store=known.first_store.min(),
        final_store=known.final_store.max(),
        store_lines=known.store_lines.sum(),
    )
    days = portable.materialise(days, "days")
    wide = _with_main(days, lines, "sales_channel", "channel")
    wide = _with_main(wide, lines, "store_id", "store")
    wide = wide.mutate(
        is_visit=_bought(wide, wide.net_amount),
        margin_amount=ibis.ifelse(wide.margin_missing == 0, wide.margin_known, None),
        margin_is_assumed=wide.margin_assumed > 0,
    )
    return portable.materialise(CUSTOMER_DAYS.cast(wide), "customer_days")


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


def _with_main(days: ir.Table, lines: ir.Table, column: str, short: str) -> ir.Table:
    """Days with the channel (or store) of most of their value; looked up in the lines only where a day has several."""
    counted = days[f"{short}_lines"]
    is_mixed = (days[f"first_{short}"] != days[f"final_{short}"]) | ((counted > 0) & (counted < days.counted_lines))
    several = days.filter(is_mixed.fill_null(False)).select(*DAY)
    some = lines.filter(lines.counts).semi_join(several, DAY)
    worth = some.group_by(*DAY, column).aggregate(worth=some.kept_amount.sum())
    order = [ibis.desc(worth.worth), ibis.asc(worth[column], nulls_first=False)]
    ranked = worth.mutate(place=ibis.row_number().over(ibis.window(group_by=DAY, order_by=order)))
    ranked = ranked.filter(ranked.place == 0)
    main = portable.materialise(
        ranked.select(
            main_customer="customer_id",
            main_population="population",
            main_on="sold_on",
            main_name=column,
            main_found=ibis.literal(1),
        ),
        f"main_{short}",
    )
    wide = days.left_join(
        main,
        [
            days.customer_id == main.main_customer,
            days.population == main.main_population,
            days.sold_on == main.main_on,
        ],
    )
    return wide.select(
        *days.columns, **{column: ibis.ifelse(wide.main_found == 1, wide.main_name, wide[f"first_{short}"])}
    )


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
