"""Sales files: one row of a ticket to one staged line, in the source's own currency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import by_value, digits_mask, materialise
from habitue.schemas import STAGED_LINES
from habitue.sources.declared import PERSONAL, Source
from habitue.staging.amounts import LARGEST, RUINED
from habitue.staging.conventions import Conventions, read_amount, text_of
from habitue.staging.dates import spelling
from habitue.staging.identifiers import as_text, is_ruined, shape, with_customer_number, with_identifiers
from habitue.staging.line_amounts import MONEY, money, share_discount, share_tax, with_ticket_currency, without_tax
from habitue.staging.moments import with_moments, written_moment
from habitue.staging.stated_once import AMOUNTS_ONCE, DATES_ONCE, labelled, lines_stated_once, refund_lines, with_facts

TOTAL_WORDS = (
    r"(?i)^\s*(sous[- ]?total|sub[- ]?total|grand total|total|totaux|somme|сумма|итого|всего|подытог)"
    r"(?:[^\p{L}\p{N}_]|$)"
)
TEXT_COLUMNS = (
    "store_id",
    "till_id",
    "sales_channel",
    "sku",
    "sale_type",
    "population",
    "original_transaction_id",
    "offer_id",
)
REFUSED = ibis.schema(
    {
        "row_number": "int64",
        "column": "string",
        "value": "string",
        "reason": "string",
        "source_amount": "int64",
        "currency": "string",
    }
)


@dataclass(frozen=True, kw_only=True)
class StagingSettings:
    """What holds for all sources: home currency, the stores' time zone, the hour at which their day begins."""

    currency: str
    time_zone: str
    day_starts_at: time = time(0)


@dataclass(frozen=True)
class StagedTransactions:
    """A sales file, staged.

    `lines` has STAGED_LINES' columns with the raw `customer_number` in place of the opaque id; `refused` one row a
    refused row (row_number, column, value, reason, source_amount, currency), of unreadable values of a source with
    customers only the shape; `asides` one row a row that is no data (totals, notes, blank lines), with the amount of
    total rows.
    """

    lines: ir.Table
    refused: ir.Table
    asides: ir.Table


def stage_transactions(
    raw: ir.Table, source: Source, conventions: Conventions, settings: StagingSettings, file_id: str
) -> StagedTransactions:
    """Read every row of a raw sales table; rows that cannot be read are refused with their first reason.

    Amounts are rounded half-even to the minor unit of the row's currency, once, after quantity times price.
    """
    typed = materialise(_typed(raw, source, conventions, settings, file_id), "typed")
    good = typed.filter(typed["reason"].isnull() & typed["aside"].isnull())
    lines = _lines(good, source)
    refused = typed.filter(typed["reason"].notnull()).select(
        "row_number",
        column="fault_column",
        value="fault_value",
        reason="reason",
        source_amount="source_amount",
        currency="currency",
    )
    asides = typed.filter(typed["aside"].notnull()).select(
        "row_number",
        column=ibis.null("string"),
        value=ibis.null("string"),
        reason="aside",
        source_amount="source_amount",
        currency="currency",
    )
    return StagedTransactions(lines, refused.cast(REFUSED), asides.cast(REFUSED))


def _typed(
    raw: ir.Table, source: Source, conventions: Conventions, settings: StagingSettings, file_id: str
) -> ir.Table:
    """Everything a row says, typed, each step on the columns of the step before (so that no expression grows)."""
    has = source.columns.__contains__
    columns: dict[str, Any] = {"row_number": raw["row_number"]}
    texts = {
        **dict(zip(TEXT_COLUMNS, TEXT_COLUMNS, strict=True)),
        "transaction_number": "transaction_id",
        "transaction_status": "transaction_status",
        "customer_number": "source_customer_id",
        "line_number": "line_number",
        "currency": "currency",
    }
    for name, canonical in texts.items():
        default = settings.currency if name == "currency" else None
        columns[name] = (
            text_of(raw, source.headers(canonical)) if has(canonical) else _constant(source, canonical, default)
        )
    for name in (*MONEY, "unit_price", "quantity", "points"):
        columns[f"{name}_read"] = _read_or_constant(raw, source, name, conventions)
    dates = ["sold_at", *(name for name in DATES_ONCE if has(name))]
    for name in dates:
        if has(name):
            columns |= written_moment(raw, source, name, conventions)
        else:
            columns["sold_at_local"] = ibis.literal(source.values["sold_at"]).cast("timestamp(6)")
            columns |= {"sold_at_offset": ibis.null("int64"), "sold_at_written": ibis.literal("-")}
    main = _main_amount(source)
    columns["main_written"] = text_of(raw, source.headers(main)) if has(main) else _constant(source, main)
    for name in (*_beside(source), "quantity"):
        columns[f"{name}_written"] = text_of(raw, source.headers(name)) if has(name) else ibis.null("string")
    mapped = [as_text(raw[header]) for header in source.wanted]
    columns["filled"] = sum((value.notnull().cast("int64") for value in mapped[1:]), mapped[0].notnull().cast("int64"))
    columns["first_written"] = ibis.coalesce(*mapped) if len(mapped) > 1 else mapped[0]
    table = raw.select(**columns)
    codes = [name for name, canonical in texts.items() if has(canonical) and name not in ("line_number", "currency")]
    table = with_identifiers(table, codes)
    table = with_customer_number(table, "customer_number") if has("source_customer_id") else table
    table = table.mutate(
        sku=ibis.ifelse(is_ruined(table["sku"]), ibis.null("string"), table["sku"]),
        currency=table["currency"].upper(),
        line_number=table["line_number"].try_cast("float64").try_cast("int64"),
    )
    days = {name: "sold_on" if name == "sold_at" else name.replace("_at", "_on") for name in dates}
    table = with_moments(table, source, conventions, settings.time_zone, settings.day_starts_at, days)
    table = table.mutate(file_id=ibis.literal(file_id))
    table = table.mutate(transaction_id=ticket_key(table, source, "customer_number"))
    table = money(with_ticket_currency(table) if has("currency") else table, source, settings.currency)
    table = with_facts(table, source)
    judged = _judged(table, source, main, conventions)
    return judged.drop(*(name for name in judged.columns if name.endswith(("_written", "_micro"))))


def _read_or_constant(raw: ir.Table, source: Source, name: str, conventions: Conventions) -> Any:
    if name in source.columns:
        return read_amount(raw, source, name, conventions)
    if name in source.values:
        return ibis.literal(source.values[name]).cast("decimal(18, 6)")
    return ibis.null("decimal(18, 6)")


def _constant(source: Source, column: str, default: str | None = None) -> Any:
    value = source.values.get(column, default)
    return ibis.null("string") if value is None else ibis.literal(value)


def _main_amount(source: Source) -> str:
    """The mapped column that the line's amount comes from."""
    return next(
        name for name in ("net_amount", "gross_amount", "unit_price") if name in source.columns or name in source.values
    )


def _beside(source: Source) -> tuple[str, ...]:
    """Mapped amounts beside the main one that its net, ex tax, depends on."""
    depends = {
        "discount_amount": "net_amount" not in source.columns,
        "tax_amount": source.tax == "included",
        **dict.fromkeys(AMOUNTS_ONCE, True),
        "transaction_tax_amount": source.tax == "included",
    }
    return tuple(name for name, it_does in depends.items() if it_does and name in source.columns)


def ticket_key(table: ir.Table, source: Source, customer: str) -> Any:
    """The ticket's key: the mapped number alone, or the stated parts joined by ``|``; `customer` is the column that
    stands for the customer.
    """
    parts = []
    for part in source.transaction_key:
        if part == "transaction_id":
            parts.append(table["transaction_number"])
        elif part == "sold_on":
            parts.append(table["sold_on"].cast("string"))
        elif part == "file":
            parts.append(table["file_id"])
        elif part == "row_number":
            parts.append(table["row_number"].abs().cast("string"))
        elif part == "source_customer_id":
            parts.append(table[customer])
        else:
            parts.append(table[part])
    if len(parts) == 1:
        return parts[0]
    key = parts[0].fill_null("")
    for part in parts[1:]:
        key = key + "|" + part.fill_null("")
    return (
        ibis.ifelse(table["transaction_number"].isnull(), ibis.null("string"), key)
        if "transaction_id" in source.transaction_key
        else key
    )


def _judged(table: ir.Table, source: Source, main: str, conventions: Conventions) -> ir.Table:
    """Rows that are no data (`aside`) and rows that are refused (`reason`, with column and value)."""
    date: Any = table["sold_at_written"]
    profiled = conventions.examined.dates.get("sold_at")
    known_masks = [mask for mask in profiled.masks if spelling(mask)] if profiled else []
    no_date = date.isnull()
    no_amount = table["main_written"].isnull()
    is_total = table["sold_at_local"].isnull() & (
        date.re_search(TOTAL_WORDS) | (no_date & table["first_written"].re_search(TOTAL_WORDS))
    )
    aside = ibis.cases(
        (table["filled"] == 0, "blank_row"),
        (no_date & no_amount & (table["filled"] <= 1), "note_row"),
        (is_total, "total_row"),
        else_=ibis.null("string"),
    )
    written: Any = table["main_written"]
    too_large = table[f"{main}_read"].abs() > LARGEST
    is_known = digits_mask(date).isin(known_masks)
    unread = [(_is_unread(table, name), "amount_unreadable", name, f"{name}_written") for name in _beside(source)]
    by_units = main == "unit_price"
    reasons = [
        (no_date, "date_missing", "sold_at", "sold_at_written"),
        (table["sold_at_local"].isnull() & is_known, "date_impossible", "sold_at", "sold_at_written"),
        (table["sold_at_local"].isnull(), "date_unreadable", "sold_at", "sold_at_written"),
        (no_amount, "amount_missing", main, "main_written"),
        (
            table[f"{main}_read"].isnull() & digits_mask(written).re_search(f"^{RUINED.pattern}$"),
            "ruined_by_excel",
            main,
            "main_written",
        ),
        (table[f"{main}_read"].isnull(), "amount_unreadable", main, "main_written"),
        (too_large, "amount_too_large", main, "main_written"),
        *unread,
        *(
            (
                table[f"{name}_written"].notnull() & table[f"{name}_local"].isnull(),
                "date_unreadable",
                name,
                f"{name}_written",
            )
            for name in DATES_ONCE
            if name in source.columns
        ),
        (
            table["net_amount"].isnull(),
            "quantity_unreadable" if by_units else "amount_unreadable",
            "quantity" if by_units else main,
            "quantity_written" if by_units else "main_written",
        ),
        (table["transaction_id"].isnull(), "transaction_id_missing", "transaction_id", None),
    ]
    none = ibis.null("string")
    tests = [(test, place) for place, (test, *_) in enumerate(reasons)]
    judged = table.mutate(aside=aside, source_amount=table["net_amount"])
    judged = judged.mutate(fault=ibis.ifelse(judged["aside"].isnull(), ibis.cases(*tests, else_=None), None))
    headers = {place: " + ".join(source.headers(name)) or name for place, (_, _, name, _) in enumerate(reasons)}
    values = [(judged["fault"] == place, judged[value]) for place, (*_, value) in enumerate(reasons) if value]
    judged = judged.mutate(
        reason=by_value(judged["fault"], {place: reason for place, (_, reason, _, _) in enumerate(reasons)}, None),
        fault_column=by_value(judged["fault"], headers, None),
        fault_value=ibis.cases(*values, else_=none),
    )
    if not PERSONAL & {*source.columns}:
        return judged
    is_safe = judged["reason"].isin(("date_impossible", "ruined_by_excel")) & judged["fault_value"].re_search("[^0-9]")
    return judged.mutate(fault_value=ibis.ifelse(is_safe, judged["fault_value"], shape(judged["fault_value"])))


def _is_unread(table: ir.Table, name: str) -> Any:
    """Something is written in a mapped amount column, and it cannot be read (or is too large)."""
    value: Any = table[f"{name}_read"]
    return table[f"{name}_written"].notnull() & (value.isnull() | (value.abs() > LARGEST))


def _lines(good: ir.Table, source: Source) -> ir.Table:
    """Staged lines from readable rows: ticket-level discount and shipping given to lines, tax taken out."""
    has_status = "transaction_status" in {*source.columns, *source.values}
    lines = good.mutate(
        source=ibis.literal(source.name),
        has_line_number=ibis.literal("line_number" in source.columns),
        quantity=good["quantity_read"].cast("decimal(18, 3)"),
        points=good["points_read"].round().cast("int64"),
        sale_type_label=labelled(good["transaction_status"], good["sale_type"]) if has_status else good["sale_type"],
        population_label=good["population"],
    )
    if {"transaction_discount_amount", "transaction_net_amount"} & {*source.columns}:
        lines = share_discount(lines)
    if "line_number" not in source.columns:
        # Later rows of a ticket come last: lines known before keep their numbers. Equal rows: either may come first.
        content = ("sold_at", "sku", "quantity", "net_amount", "gross_amount", "tax_amount", "points")
        texts = (name for name in TEXT_COLUMNS if name not in content)
        order = [*content, *texts, "customer_number", "currency", "row_number"]
        lines = lines.mutate(
            line_number=ibis.row_number().over(group_by="transaction_id", order_by=order).cast("int64") + 1
        )
    lines = without_tax(share_tax(lines_stated_once(lines, source), source), source)
    lines = refund_lines(lines, source)
    return lines.select(*_STAGED).cast(_SCHEMA)


_SCHEMA = ibis.schema(
    {("customer_number" if c.name == "source_customer_id" else c.name): c.type for c in STAGED_LINES.columns}
)
_STAGED = tuple(_SCHEMA)
