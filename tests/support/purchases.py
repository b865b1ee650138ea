"""Staged lines and the other tables of the purchases room, written short: amounts in minor units, days as texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue.schemas import STAGED_LINES, Schema


def line(ticket: str, day: str, net: int, customer: str | None = None, sku: str | None = None, **more: Any) -> dict:
    """One staged line; `at` is the hour ("10:30"), `discount` lies above net, the rest are columns by name."""
    sold_on = date.fromisoformat(day)
    discount = more.pop("discount", 0)
    row: dict[str, Any] = dict.fromkeys(STAGED_LINES.names)
    row |= {
        "file_id": "f1", "source": "till", "transaction_id": ticket, "transaction_number": ticket,
        "has_line_number": True, "sold_at": datetime.combine(sold_on, time.fromisoformat(more.pop("at", "12:00"))),
        "sold_on": sold_on, "source_customer_id": customer, "customer_id": customer, "store_id": "S1", "till_id": "K1",
        "sales_channel": "store", "sku": sku, "gross_amount": net + discount, "discount_amount": discount,
        "net_amount": net, "source_amount": net, "currency": "EUR",
    }  # fmt: skip
    return row | more


def staged(con: Any, rows: Sequence[Mapping[str, Any]]) -> ir.Table:
    """A table of staged lines with `customer_id`; row and line numbers are given where they are not stated."""
    numbered: list[dict[str, Any]] = []
    in_ticket: dict[Any, int] = {}
    for number, row in enumerate(rows, 1):
        ticket = (row["source"], row["transaction_id"])
        in_ticket[ticket] = in_ticket.get(ticket, 0) + 1
        numbered.append(
            dict(row)
            | {"row_number": row["row_number"] or number, "line_number": row["line_number"] or in_ticket[ticket]}
        )
    schema = ibis.schema({**STAGED_LINES.ibis_schema().fields, "customer_id": "string"}).to_pyarrow()
    for row in numbered:
        if row["quantity"] is not None:
            row["quantity"] = Decimal(str(row["quantity"]))
    return con.create_table(ibis.util.gen_name("staged"), pa.Table.from_pylist(numbered, schema=schema), temp=True)


def table(con: Any, schema: Schema, rows: Sequence[Mapping[str, Any]]) -> ir.Table:
    """A table of a schema; columns not given are null."""
    whole = [dict.fromkeys(schema.names) | dict(row) for row in rows]
    arrow = pa.Table.from_pylist(whole, schema=schema.ibis_schema().to_pyarrow())
    return con.create_table(ibis.util.gen_name(schema.name), arrow, temp=True)


def rows(of: ir.Table, *columns: str) -> list[Any]:
    """The rows of a table as tuples of some columns (or single values), sorted, nulls first."""
    found = [tuple(row[name] for name in columns) for row in of.select(*columns).to_pyarrow().to_pylist()]
    found.sort(key=lambda row: tuple((value is not None, value) for value in row))
    return [row[0] for row in found] if len(columns) == 1 else found
