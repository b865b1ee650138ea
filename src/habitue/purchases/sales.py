"""Sales by month and by day and place, and by rolling year: the company's totals, every population included."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.periods import rolling_years
from habitue.purchases.sale_types import SHARED_CARD, is_sale
from habitue.purchases.visits import tickets
from habitue.schemas import SALES, SALES_BY_DAY, SALES_BY_YEAR


def sales(lines: ir.Table) -> ir.Table:
    """SALES: month, source, sales channel, store, population and sale type; stored. Home minor units.

    Args:
        lines: TRANSACTION_LINES.

    Lines that are no purchase are rows of their own (`counts` false). A shared card identifies nobody.
    """
    lines = lines.mutate(month_on=lines.sold_on.truncate("M"))
    keys = ("month_on", "source", "sales_channel", "store_id", "population", "sale_type", "counts")
    by_ticket = lines.group_by(*keys, "transaction_id").aggregate(
        lines_count=lines.line_number.count(), **_amounts(lines)
    )
    grouped = by_ticket.group_by(*keys).aggregate(
        tickets_count=by_ticket.lines_count.count(),
        **{name: by_ticket[name].sum() for name in SALES.names if name.endswith("_amount") or name == "lines_count"},
    )
    return portable.materialise(SALES.cast(grouped), "sales")


def sales_by_day(lines: ir.Table, *, by_ticket: ir.Table | None = None) -> ir.Table:
    """SALES_BY_DAY: store day, sales channel, store and population, of lines that count; stored. Home minor units.

    Args:
        lines: TRANSACTION_LINES.
        by_ticket: `visits.tickets` of the same lines, if at hand.

    The amounts of a month are those of SALES. A ticket in two places, or of two populations, is a ticket of both.
    """
    keys = SALES_BY_DAY.key
    counted = lines.filter(lines.counts)
    amounts = counted.group_by(*keys).aggregate(
        lines_count=ibis.ifelse(is_sale(counted), 1, 0).cast("int64").sum().cast("int64"),
        **{name: value.cast("int64") for name, value in _amounts(counted).items()},
    )
    known = tickets(lines) if by_ticket is None else by_ticket
    known = known.filter(known.sale_lines > 0)
    each = known.group_by(*keys, "source", "transaction_id").aggregate(
        is_identified=ibis.ifelse(_is_identified(known), 1, 0).cast("int64").max()
    )
    numbers = each.group_by(*keys).aggregate(
        tickets_count=each.is_identified.count(), identified_tickets_count=each.is_identified.sum().cast("int64")
    )
    # Stores and sales channels may be missing: both parts are laid under one another, as a join would lose such rows.
    measures = [name for name in SALES_BY_DAY.names if name not in keys]
    parts = [
        part.select(*keys, **{name: part[name] if name in part.columns else ibis.null("int64") for name in measures})
        for part in (amounts, numbers)
    ]
    both = parts[0].union(parts[1])
    totals = {name: both[name].sum() for name in measures}
    totals |= {name: totals[name].fill_null(0) for name in measures if name != "margin_amount"}
    return portable.materialise(SALES_BY_DAY.cast(both.group_by(*keys).aggregate(**totals)), "sales_by_day")


def sales_by_year(
    lines: ir.Table, customer_days: ir.Table, as_of: date, *, by_ticket: ir.Table | None = None
) -> ir.Table:
    """SALES_BY_YEAR: rolling twelve-month periods up to `as_of`, newest first; stored. No lines, no periods.

    Args:
        lines: TRANSACTION_LINES.
        customer_days: CUSTOMER_DAYS of the same lines.
        as_of: last day of the newest period.
        by_ticket: `visits.tickets` of the same lines, if at hand.

    A ticket with sale lines in two years is a ticket of both.
    """
    known = tickets(lines) if by_ticket is None else by_ticket
    known = known.filter(known.counted_lines > 0)
    first = known.sold_on.min().to_pyarrow().as_py()
    if first is None:
        return portable.stored(SALES_BY_YEAR.ibis_schema().to_pyarrow().empty_table(), "sales_by_year", like=lines)
    periods = list(rolling_years(as_of, back_to=first))

    def year(day: ir.DateValue) -> ir.IntegerValue:
        branches = [(day >= period.first_on, number) for number, period in enumerate(periods)]
        return ibis.cases(*branches, else_=len(periods) - 1).cast("int64")

    known = known.mutate(year=year(known.sold_on))
    days = customer_days.filter(customer_days.is_visit & (customer_days.population != SHARED_CARD))
    people = days.mutate(year=year(days.sold_on)).group_by("year").aggregate(customers_count=days.customer_id.nunique())
    sold = known.filter(known.sale_lines > 0)
    counted = sold.group_by("year", "source").aggregate(tickets=sold.transaction_id.nunique())
    counted = counted.group_by("year").aggregate(tickets_count=counted.tickets.sum())
    identified = ibis.ifelse(_is_identified(known), known.kept_amount, 0).cast("int64")
    amounts = known.group_by("year").aggregate(
        net_amount=known.net_amount.sum(), kept_amount=known.kept_amount.sum(), identified_amount=identified.sum()
    )
    rows = {number: dict.fromkeys(SALES_BY_YEAR.names[2:], 0) for number in range(len(periods))}
    for part in (people, counted, amounts):
        for row in part.to_pyarrow().to_pylist():
            rows[row.pop("year")].update({name: int(value) for name, value in row.items()})
    for number, row in rows.items():
        row["unidentified_amount"] = row["kept_amount"] - row["identified_amount"]
        row |= {"first_on": periods[number].first_on, "last_on": periods[number].last_on}
    table = pa.Table.from_pylist(list(rows.values()), schema=SALES_BY_YEAR.ibis_schema().to_pyarrow())
    return portable.stored(table, "sales_by_year", like=lines)


def _amounts(lines: ir.Table) -> dict[str, ir.IntegerScalar]:
    """Sums of amounts, by the names they have in SALES."""
    kept = lines.kept_amount

    def amount(condition: ir.BooleanValue) -> ir.IntegerScalar:
        return ibis.ifelse(condition, kept, 0).cast("int64").sum()

    return {
        "gross_amount": lines.gross_amount.sum(),
        "discount_amount": lines.discount_amount.sum(),
        "net_amount": lines.net_amount.sum(),
        "kept_amount": kept.sum(),
        "identified_amount": amount(_is_identified(lines)),
        "margin_amount": lines.margin_amount.sum(),
        "margin_known_amount": amount(lines.margin_amount.notnull()),
        "margin_assumed_amount": amount(lines.margin_is_assumed),
    }


def _is_identified(lines: ir.Table) -> ir.BooleanValue:
    return lines.customer_id.notnull() & (lines.population != SHARED_CARD)
