"""Merge tables: what a customer system says of its own numbers, the old one and the one that goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import by_value, materialise
from habitue.sources.declared import Source
from habitue.staging.conventions import Conventions, date_text_of, read_date, text_of
from habitue.staging.identifiers import shape, with_customer_number, with_identifiers
from habitue.staging.transactions import REFUSED

MAPPED = {"customer_number": "source_customer_id", "merged_into_number": "merged_into_id"}
"""The numbers of a row, and the columns of the source they are read from."""
NUMBERS = tuple(MAPPED)


@dataclass(frozen=True)
class StagedMerges:
    """A merge table, staged: `rows` (row_number, customer_number, merged_into_number, merged_on or null) and `refused`
    (REFUSED)."""

    rows: ir.Table
    refused: ir.Table


def stage_merges(raw: ir.Table, source: Source, conventions: Conventions) -> StagedMerges:
    """Read every row of a cleaned merge table; numbers are cleaned as in every source.

    A row without one of its two numbers is refused (`key_missing`), and one whose day is written but cannot be read
    (`date_unreadable`): joined on the wrong day, two people would be one. A blank row is no row.
    """
    columns: dict[str, Any] = {"row_number": raw["row_number"]}
    for name, column in MAPPED.items():
        stated = source.values.get(column)
        constant = ibis.null("string") if stated is None else ibis.literal(stated)
        columns[name] = text_of(raw, source.headers(column)) if column in source.columns else constant
    if "merged_on" in source.columns:
        columns["merged_on"] = read_date(raw, source, "merged_on", conventions).local.date()
        columns["day_written"] = date_text_of(raw, source.headers("merged_on"))
    else:
        stated = source.values.get("merged_on")
        columns["merged_on"] = ibis.null("date") if stated is None else ibis.literal(stated).cast("timestamp").date()
        columns["day_written"] = ibis.null("string")
    filled: Any = ibis.literal(False)
    for header in source.wanted:
        filled = filled | raw[header].notnull()
    table = raw.filter(filled).select(**columns)
    table = with_identifiers(table, NUMBERS)
    for name in NUMBERS:
        table = with_customer_number(table, name)
    unread = table["merged_on"].isnull() & table["day_written"].notnull()
    faults = [*((table[name].isnull(), name) for name in NUMBERS), (unread, "merged_on")]
    number = ibis.cases(*[(test.fill_null(False), place) for place, (test, _) in enumerate(faults)], else_=-1)
    judged = materialise(table.mutate(fault=number.cast("int64")), "typed_merges")
    bad = judged.filter(judged["fault"] >= 0)
    headers = {
        place: " + ".join(source.headers(MAPPED.get(name, name))) or name for place, (_, name) in enumerate(faults)
    }
    is_day: Any = bad["fault"] == len(NUMBERS)
    refused = bad.select(
        "row_number",
        column=by_value(bad["fault"], headers, None),
        value=ibis.ifelse(is_day, shape(bad["day_written"]), ibis.null("string")),
        reason=ibis.ifelse(is_day, "date_unreadable", "key_missing"),
        source_amount=ibis.null("int64"),
        currency=ibis.null("string"),
    )
    rows = judged.filter(judged["fault"] < 0).select("row_number", *NUMBERS, "merged_on")
    return StagedMerges(rows, refused.cast(REFUSED))
