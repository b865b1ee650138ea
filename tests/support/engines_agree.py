"""Are two Arrow tables the same, whatever the order of their rows?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

RELATIVE = 1e-12
SHOWN = 5


def in_arrow(table: Any) -> pa.Table:
    """All rows of an Ibis table with the types the engine itself gives them."""
    backend = table.get_backend()
    if backend.name != "pyspark":
        return table.to_pyarrow()
    # Ibis goes by way of pandas, where a null makes whole numbers floating.
    return backend.raw_sql(backend.compile(table)).toArrow()


def differences(expected: pa.Table, found: pa.Table) -> list[str]:
    """What differs, in words: columns, types, number of rows, then values (floats beyond 1e-12 relative)."""
    types = [[(field.name, str(field.type)) for field in table.schema] for table in (expected, found)]
    if types[0] != types[1]:
        return [f"columns: expected {a}, found {b}" for a, b in zip(*types, strict=False) if a != b] or [
            f"columns: expected {expected.column_names}, found {found.column_names}"
        ]
    if expected.num_rows != found.num_rows:
        return [f"rows: expected {expected.num_rows}, found {found.num_rows}"]
    one, other = _sorted(expected), _sorted(found)
    told: list[str] = []
    for name in one.column_names:
        wrong = pc.indices_nonzero(pc.invert(_same(one[name], other[name]))).to_pylist()
        told += [f"{name}: expected {one.slice(n, 1).to_pylist()[0]}, found {other[name][n]}" for n in wrong[:SHOWN]]
        if len(wrong) > SHOWN:
            told.append(f"{name}: {len(wrong)} values differ")
    return told


def _sorted(table: pa.Table) -> pa.Table:
    """Rows in an order that both tables share: by exact columns first, then by floating ones."""
    names = sorted(table.column_names, key=lambda name: pa.types.is_floating(table.schema.field(name).type))
    return table.combine_chunks().sort_by([(name, "ascending") for name in names]) if names else table


def _same(one: Any, other: Any) -> Any:
    both_null = pc.and_(pc.is_null(one), pc.is_null(other))
    if pa.types.is_floating(one.type):
        limit = pc.multiply(pc.max_element_wise(pc.abs(one), pc.abs(other)), RELATIVE)
        same = pc.or_(pc.equal(one, other), pc.less_equal(pc.abs(pc.subtract(one, other)), limit))
    else:
        same = pc.equal(one, other)
    return pc.or_(pc.fill_null(same, False), both_null)
