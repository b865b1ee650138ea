"""Customer files: one row of a card base or of web accounts; the personal columns go on to the people store only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import materialise
from habitue.sources.declared import Source
from habitue.staging.conventions import Conventions, read_date, text_of
from habitue.staging.identifiers import with_customer_number, with_identifiers
from habitue.staging.transactions import REFUSED

ATTRIBUTES = ("first_name", "last_name", "email", "phone", "address", "postcode", "city", "country", "note")


@dataclass(frozen=True)
class StagedCustomers:
    """A customer file, staged: `rows`, `refused` and how many rows were `read` with a customer number.

    `rows` is one row a customer number of the file: row_number, customer_number, the attributes as written,
    birth_date, enrolled_on, store_id, population_label. `refused` are the rows without a customer number.
    """

    rows: ir.Table
    refused: ir.Table
    read: int


def stage_customers(raw: ir.Table, source: Source, conventions: Conventions) -> StagedCustomers:
    """Read every row of a cleaned customer table. A row without a number is refused; an unreadable date is left out."""
    names = (*ATTRIBUTES, "store_id", "population", "source_customer_id")
    columns: dict[str, Any] = {"row_number": raw["row_number"]}
    for name in names:
        headers = source.headers(name)
        stated = source.values.get(name)
        constant = ibis.null("string") if stated is None else ibis.literal(stated)
        columns["customer_number" if name == "source_customer_id" else name] = (
            text_of(raw, headers) if headers else constant
        )
    for name in ("birth_date", "enrolled_on"):
        if name in source.columns:
            columns[name] = read_date(raw, source, name, conventions).local.date()
        else:
            columns[name] = (
                ibis.literal(source.values[name]).cast("date") if name in source.values else ibis.null("date")
            )
    filled: Any = ibis.literal(False)
    for header in source.wanted:
        filled = filled | raw[header].notnull()
    columns["is_filled"] = filled
    codes = [name for name in ("phone", "postcode", "store_id") if name in source.columns]
    table = with_identifiers(raw.select(**columns), [*codes, "customer_number"])
    table = with_customer_number(table, "customer_number").rename(population_label="population")
    typed = materialise(table, "typed_customers")
    known = typed["customer_number"].notnull()
    header = " + ".join(source.headers("source_customer_id"))
    refused = typed.filter(~known & typed["is_filled"]).select(
        "row_number",
        column=ibis.literal(header),
        value=ibis.null("string"),
        reason=ibis.literal("key_missing"),
        source_amount=ibis.null("int64"),
        currency=ibis.null("string"),
    )
    rows = typed.filter(known)
    return StagedCustomers(_one_a_customer(rows), refused.cast(REFUSED), int(rows.count().to_pyarrow().as_py()))


def _one_a_customer(rows: ir.Table) -> ir.Table:
    """One row a customer number: of each attribute what the last row that has it says."""
    said = [name for name in rows.columns if name not in ("row_number", "customer_number", "is_filled")]
    return rows.group_by("customer_number").agg(
        row_number=rows["row_number"].max(),
        **{name: rows[name].argmax(rows["row_number"], where=rows[name].notnull()) for name in said},
    )
