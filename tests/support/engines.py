"""Values in and out of a real engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa


def table(con: Any, columns: dict[str, Sequence[Any]], types: dict[str, pa.DataType] | None = None) -> ir.Table:
    """A temporary table of these columns, with `types` where they cannot be told from the values."""
    arrays = {name: pa.array(values, (types or {}).get(name)) for name, values in columns.items()}
    return con.create_table(ibis.util.gen_name("values"), pa.table(arrays), temp=True)


def values(con: Any, given: Sequence[Any], expression: Callable[[Any], Any], kind: pa.DataType | None = None) -> list:
    """What an expression makes of each value, in the order given."""
    source = table(con, {"n": range(len(given)), "v": given}, {"v": kind} if kind else None)
    return source.select("n", found=expression(source["v"])).order_by("n").to_pyarrow()["found"].to_pylist()
