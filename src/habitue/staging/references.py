"""Files about things rather than sales: products, stores, payments of tickets, exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import half_even, scaled
from habitue.schemas import PAYMENTS, PRODUCTS, RATES, STORES
from habitue.schemas.units import minor_unit
from habitue.sources.declared import AMOUNTS, DATES, SHAPES, Source
from habitue.staging.amounts import LARGEST
from habitue.staging.conventions import Conventions, read_amount, read_date, text_of
from habitue.staging.identifiers import with_identifiers
from habitue.staging.transactions import REFUSED

REACH_OF_A_RATE_DAYS = 7


def _read(raw: ir.Table, source: Source, texts: Sequence[str], **others: Any) -> ir.Table:
    """Row number, text columns as codes, and other expressions."""
    mapped = [name for name in texts if name in source.columns]
    columns: dict[str, Any] = {}
    for name in texts:
        if name in mapped:
            columns[name] = text_of(raw, source.headers(name))
        else:
            columns[name] = ibis.literal(source.values[name]) if name in source.values else ibis.null("string")
    return with_identifiers(raw.select("row_number", **columns, **others), mapped)


def _day(raw: ir.Table, source: Source, name: str, conventions: Conventions) -> Any:
    if name not in source.columns:
        return ibis.null("date")
    return read_date(raw, source, name, conventions).local.date()


def stage_products(raw: ir.Table, source: Source, conventions: Conventions, currency: str) -> ir.Table:
    """Articles with a code; costs in thousandths of a minor unit."""
    cost = ibis.null("int64")
    if "cost" in source.columns:
        cost = half_even(scaled(read_amount(raw, source, "cost", conventions), 6), 10 ** (3 - minor_unit(currency)))
    names = [name for name in PRODUCTS.names if name not in ("cost_amount",)]
    table = _read(raw, source, names, cost_amount=cost)
    return table.filter(table["sku"].notnull())


def stage_stores(raw: ir.Table, source: Source, conventions: Conventions) -> ir.Table:
    """Stores with their region, format, first and last day."""
    days = {name: _day(raw, source, name, conventions) for name in ("opened_on", "closed_on")}
    table = _read(raw, source, ("store_id", "store_name", "region", "format"), **days)
    return table.filter(table["store_id"].notnull()).select("row_number", *STORES.names)


def stage_payments(raw: ir.Table, source: Source, conventions: Conventions, currency: str) -> ir.Table:
    """Tenders of tickets, in the home currency; `source` is the source of the tickets they pay."""
    micro = scaled(read_amount(raw, source, "paid_amount", conventions), 6)
    paid = half_even(micro, 10 ** (6 - minor_unit(currency)))
    table = _read(raw, source, ("source", "transaction_id", "tender"), paid_amount=paid)
    table = table.mutate(source=table["source"].fill_null(source.pays or source.name))
    return table.filter(table["transaction_id"].notnull() & table["paid_amount"].notnull()).select(*PAYMENTS.names)


def stage_rates(raw: ir.Table, source: Source, conventions: Conventions) -> ir.Table:
    """Exchange rates; a monthly rate holds for its month, a daily one until the next, at most a week.

    Of two rates of one currency and day the last row's counts.
    """
    value: Any = read_amount(raw, source, "rate", conventions, 8)
    day = _day(raw, source, "valid_on", conventions)
    typed = not isinstance(conventions.examined.dates.get("valid_on"), type(None))
    monthly = typed and all(len(mask) == len("0000-00") for mask in conventions.examined.dates["valid_on"].masks)
    rate = scaled(ibis.ifelse(value.abs() < LARGEST, value, ibis.null("decimal(18, 8)")), 8)
    table = _read(raw, source, ("currency",), valid_from=day, rate_e8=rate)
    table = table.mutate(currency=table["currency"].upper())
    table = table.filter(table["currency"].notnull() & table["valid_from"].notnull() & table["rate_e8"].notnull())
    latest = ibis.row_number().over(group_by=["currency", "valid_from"], order_by=ibis.desc("row_number"))
    table = table.mutate(place=latest).filter(lambda t: t["place"] == 0)
    start: Any = table["valid_from"]
    if monthly:
        until = (start.cast("timestamp") + ibis.interval(months=1)).cast("date") - ibis.interval(days=1)
    else:
        following = start.lead().over(group_by="currency", order_by="valid_from")
        last: Any = start + ibis.interval(days=REACH_OF_A_RATE_DAYS - 1)
        until = ibis.coalesce(ibis.least(following - ibis.interval(days=1), last), last)
    return table.mutate(valid_to=until.cast("date")).select(*RATES.names)


def refused_rows(raw: ir.Table, source: Source, conventions: Conventions) -> ir.Table:
    """Rows of a reference file that lack what the kind requires, or whose date or amount cannot be read.

    Columns of REFUSED; blank rows are no rows.
    """
    none = ibis.null("string")
    tests: list[tuple[Any, str, str]] = []
    for column in SHAPES[source.kind].required:
        if column not in source.columns:
            continue
        written = text_of(raw, source.headers(column))
        header = " + ".join(source.headers(column))
        tests.append((written.isnull(), "key_missing", header))
        if column in AMOUNTS:
            tests.append((read_amount(raw, source, column, conventions).isnull(), "amount_unreadable", header))
        elif column in DATES:
            tests.append((read_date(raw, source, column, conventions).local.isnull(), "date_unreadable", header))
    filled: Any = ibis.literal(False)
    for header in source.wanted:
        filled = filled | raw[header].notnull()
    judged = raw.filter(filled).select(
        "row_number",
        column=ibis.cases(*[(test, header) for test, _, header in tests], else_=none),
        reason=ibis.cases(*[(test, reason) for test, reason, _ in tests], else_=none),
    )
    judged = judged.filter(judged["reason"].notnull())
    return judged.select(
        "row_number", "column", value=none, reason="reason", source_amount=ibis.null("int64"), currency=none
    ).cast(REFUSED)
