"""Small tables of the room from rows of Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from habitue.purchases.return_changes import stored
from habitue.schemas import Schema


def rows_table(schema: Schema, rows: Iterable[Mapping[str, Any]], *, like: ir.Table) -> ir.Table:
    """A table of a schema on the backend of another; columns a row does not have are null."""
    whole = [{name: row.get(name) for name in schema.names} for row in rows]
    return stored(pa.Table.from_pylist(whole, schema=schema.ibis_schema().to_pyarrow()), schema.name, like=like)
