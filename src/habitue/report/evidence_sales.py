"""What the figures of sales and of reading rest on; of the whole company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habitue.purchases.sale_types import RETURN_TYPES, SHARED_CARD
from habitue.report import figures
from habitue.report.context import Context
from habitue.report.evidence import (
    COUNT,
    MONEY,
    SHARE,
    Behind,
    Evidence,
    Part,
    between,
    in_unit,
    is_,
    not_,
    share,
)
from habitue.report.figures import Comparison
from habitue.workspace.conditions import Condition

Row = dict[str, Any]


def net_sales(c: Context) -> Evidence | None:
    """Net sales after returns of the newest rolling year."""
    year = _year(c)
    if year is None:
        return None
    sales = c.years.compare("kept_amount")
    return _of_year(c, "net_sales", year, _kept(c, year), change=c.change(sales), definition="net_sales")


def identified(c: Context) -> Evidence | None:
    """Share of them that carries a customer."""
    year = _year(c)
    if year is None:
        return None
    of_customers = (not_("customer_id", None), not_("population", SHARED_CARD))
    part = Part(
        c.text("part.identified"), year["identified_amount"], MONEY,
        (_in_year(year, "identified_amount"), _lines(year, *of_customers, total="kept_amount")),
    )  # fmt: skip
    change = c.change(c.years.compare_shares("identified_amount", "kept_amount"), points=True)
    return _of_year(c, "identified", year, part, _kept(c, year), change=change, definition="identified")


def tickets(c: Context) -> Evidence | None:
    """Tickets of the newest rolling year."""
    year = _year(c)
    if year is None:
        return None
    change = c.change(c.years.compare("tickets_count"))
    return _of_year(c, "tickets", year, _tickets(c, year), change=change, definition="ticket")


def customers(c: Context) -> Evidence | None:
    """Customers with a visit in the newest rolling year."""
    year = _year(c)
    if year is None:
        return None
    visits = Behind(
        "visits", (not_("population", SHARED_CARD), *between("sold_on", year["first_on"], year["last_on"])),
        different=("customer_id",),
    )  # fmt: skip
    part = Part(
        c.text("part.customers"), year["customers_count"], COUNT, (_in_year(year, "customers_count"), visits)
    )  # fmt: skip
    change = c.change(c.years.compare("customers_count"))
    return _of_year(c, "customers", year, part, change=change, definition="customers_with_visit")


def basket(c: Context) -> Evidence | None:
    """Net sales after returns of a ticket."""
    year = _year(c)
    if year is None or not year["tickets_count"]:
        return None

    def of(row: Row) -> float | None:
        return figures.share_of(row["kept_amount"], row["tickets_count"])

    now, before = of(year), of(c.years.rows[1]) if c.years.before_is_full else None
    change = c.change(Comparison(now, before))
    return _of_year(
        c, "basket", year, _kept(c, year), _tickets(c, year), change=change, definition="basket", unit=MONEY
    )  # fmt: skip


def returns(c: Context) -> Evidence | None:
    """Share of sales that came back, both as rung up."""
    year = _year(c)
    if year is None:
        return None
    back = figures.returned_in(c.tables, year)
    rows = Behind(
        "returns", (*between("returned_on", year["first_on"], year["last_on"]), not_("linked_by", "above_purchase")),
        total="returned_amount",
    )  # fmt: skip
    returned = Part(c.text("part.returned"), back, MONEY, (rows,))
    rung_up = Part(
        c.text("part.rung_up"), year["net_amount"], MONEY,
        (_in_year(year, "net_amount"), _lines(year, total="net_amount")),
    )  # fmt: skip
    sold = Part(c.text("part.before_returns"), year["net_amount"] + back, MONEY, terms=(rung_up, returned))
    change = c.change(figures.return_share(c.tables, c.years), points=True)
    return _of_year(
        c, "returns", year, returned, sold, change=change, definition="returns_share", anchor="returns"
    )  # fmt: skip


READ = ("read_rows", "used_rows", "set_aside_rows", "unreadable_rows")


def rows_used(c: Context) -> Evidence | None:
    """Share of the rows read that are used."""
    found = figures.totals(figures.rows_of(c.tables, "reconciliation"), (), READ)
    if not found:
        return None
    read = found[0]

    def part(name: str) -> Part:
        return Part(c.text(f"part.{name}"), read[name], COUNT, (Behind("reconciliation", total=name),))

    used, all_read = part("used_rows"), part("read_rows")
    value = share(used, all_read)
    refused = read["set_aside_rows"] + read["unreadable_rows"]
    told = [c.text("figure.rows_refused", count=refused, read=read["read_rows"])]
    if left_out := read["read_rows"] - read["used_rows"] - refused:
        told.append(c.text("figure.rows_left_out", count=left_out))
    return Evidence(
        code="rows_used",
        label=c.text("figure.rows_used"),
        value=value or 0.0,
        unit=SHARE,
        shown=c.words.share(value),
        change=c.words.clauses(told),
        definition="definition.used_share",
        anchor="reconciliation",
        formula=c.text("formula.rows_used"),
        period=c.text("period.all_files"),
        population=c.text("about.rows"),
        labels=c.labels,
        numerator=used,
        denominator=all_read,
    )


def _year(c: Context) -> Row | None:
    return c.years.rows[0] if c.years.rows else None


def _in_year(year: Row, column: str) -> Behind:
    return Behind("sales_by_year", (is_("first_on", year["first_on"]),), total=column)


def _lines(year: Row, *more: Condition, total: str = "", different: Sequence[str] = ()) -> Behind:
    """Lines that count in a year."""
    where = (is_("counts", True), *between("sold_on", year["first_on"], year["last_on"]), *more)
    return Behind("transaction_lines", where, total, tuple(different))


def _kept(c: Context, year: Row) -> Part:
    return Part(
        c.text("part.net_sales"), year["kept_amount"], MONEY,
        (_in_year(year, "kept_amount"), _lines(year, total="kept_amount")),
    )  # fmt: skip


def _tickets(c: Context, year: Row) -> Part:
    lines = _lines(year, not_("sale_type", *RETURN_TYPES), different=("source", "transaction_id"))
    return Part(c.text("part.tickets"), year["tickets_count"], COUNT, (_in_year(year, "tickets_count"), lines))


def _of_year(
    c: Context,
    code: str,
    year: Row,
    numerator: Part,
    denominator: Part | None = None,
    *,
    change: str,
    definition: str,
    unit: str = SHARE,
    anchor: str = "years",
) -> Evidence:
    """A figure of the newest rolling year: a number of its own, or the numerator over the denominator."""
    if denominator is None:
        value, unit = numerator.value, numerator.unit
        short = c.short(value) if unit == MONEY else c.words.short_number(int(value or 0))
    else:
        value = share(numerator, denominator)
        short = in_unit(c, value, unit)
    return Evidence(
        code=code,
        label=c.text(f"figure.{code}"),
        value=value or 0.0,
        unit=unit,
        shown=short,
        change=change,
        definition=f"definition.{definition}",
        anchor=anchor,
        formula=c.text(f"formula.{code}"),
        period=c.text("period.from_to", first=year["first_on"], last=year["last_on"]),
        population=c.text("about.all"),
        labels=c.labels,
        numerator=numerator,
        denominator=denominator,
    )
