"""What linked returns change: the table of their parts, and the amounts of both lines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from habitue.portable import stored
from habitue.purchases import return_links as links
from habitue.schemas import RETURNS
from habitue.schemas.units import minor_unit

CHANGES = pa.schema(
    [
        ("change_file", pa.string()),
        ("change_row", pa.int64()),
        ("is_exchange", pa.bool_()),
        ("is_dropped", pa.bool_()),
        ("new_returned", pa.int64()),
        ("new_kept", pa.int64()),
        ("new_gross", pa.int64()),
        ("new_net", pa.int64()),
        ("new_tax", pa.int64()),
        ("new_source_amount", pa.int64()),
    ]
)
"""By file and row: a return that is an exchange, or wholly above what was bought (dropped from the lines); amounts that
differ from those of the line alone, null where nothing changes."""

SET_ASIDE = pa.schema(
    [
        ("file_id", pa.string()),
        ("row_number", pa.int64()),
        ("column", pa.string()),
        ("value", pa.string()),
        ("reason", pa.string()),
        ("source_amount", pa.int64()),
        ("currency", pa.string()),
        ("is_part", pa.bool_()),
    ]
)
"""One row, or part of a row (`is_part`: the rest of it is used), that is not counted, with the reason."""


@dataclass(frozen=True)
class Linked:
    """Returns once linked.

    Attributes:
        returns: RETURNS.
        changes: `CHANGES`, by (`change_file`, `change_row`).
        set_aside: `SET_ASIDE`, the parts above what was bought.
    """

    returns: ir.Table
    changes: ir.Table
    set_aside: pa.Table


def linked(returned: pa.Table, sold: pa.Table, parts: links.Parts, *, like: ir.Table) -> Linked:
    """Tables from the kernel's parts.

    Args:
        returned: the return lines, as numbered in `parts.returns`.
        sold: the sale lines, as numbered in `parts.sale`.
        parts: what `return_links.link` found.
        like: some table of the backend the results go to.
    """
    changes, set_aside = _changes(returned, sold, parts)
    return Linked(
        stored(_returns(returned, sold, parts), "returns", like=like),
        stored(changes, "return_changes", like=like),
        set_aside,
    )


def empty_returns() -> pa.Table:
    """RETURNS without rows."""
    return RETURNS.ibis_schema().to_pyarrow().empty_table()


def _returns(returned: pa.Table, sold: pa.Table, parts: links.Parts) -> pa.Table:
    order = np.argsort(np.array(parts.returns, np.int64), kind="stable")
    of = np.array(parts.returns, np.int64)[order]
    kind = np.array(parts.kind, np.int64)[order]
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    number = np.arange(len(of)) - np.repeat(starts, np.diff(starts, append=len(of))) + 1
    line = np.array(parts.sale, np.int64)[order]
    mine = returned.take(pa.array(of))
    theirs = sold.take(pa.array(line, mask=line == links.NOBODY))
    above = kind == links.ABOVE_PURCHASE
    columns = {
        "source": mine["source"],
        "transaction_id": mine["transaction_id"],
        "line_number": mine["line_number"],
        "part": pa.array(number, pa.int64()),
        "returned_on": mine["sold_on"],
        "customer_id": mine["person"],
        "sku": mine["sku"],
        "linked_by": _words(kind, links.LINKED_BY),
        "reason": _words(np.array(parts.reason, np.int64)[order], links.REASONS),
        "returned_amount": pa.array(np.array(parts.home, np.int64)[order]),
        "original_source": theirs["source"],
        "original_transaction_id": theirs["transaction_id"],
        "original_line_number": _nulled(theirs["line_number"], above),
        "original_sold_on": theirs["sold_on"],
    }
    return pa.table(columns).cast(RETURNS.ibis_schema().to_pyarrow())


def _changes(returned: pa.Table, sold: pa.Table, parts: links.Parts) -> tuple[pa.Table, pa.Table]:
    home: dict[int, int] = {}
    for sale, value, kind in zip(parts.sale, parts.home, parts.kind, strict=True):
        if kind not in (links.NONE, links.ABOVE_PURCHASE):
            home[sale] = home.get(sale, 0) + value
    lines = np.fromiter(home, np.int64, len(home))
    back = np.fromiter(home.values(), np.int64, len(home))
    net = sold["net_amount"].to_numpy()[lines] if len(lines) else back
    sales = _rows(
        sold.take(pa.array(lines)).select(["file_id", "row_number"]).rename_columns(["change_file", "change_row"]),
        new_returned=pa.array(back),
        new_kept=pa.array(net - back),
    )
    changed, set_aside = _return_changes(returned, parts)
    keys = returned.select(["file_id", "row_number"]).rename_columns(["change_file", "change_row"])
    return pa.concat_tables([sales, _rows(keys, **changed)]), set_aside


def _return_changes(returned: pa.Table, parts: links.Parts) -> tuple[dict[str, pa.Array], pa.Table]:
    """Columns of `CHANGES` for every return line, and the parts set aside."""
    size = returned.num_rows
    used, unlinked, above = [0] * size, [0] * size, [0] * size
    for i, amount, value, kind in zip(parts.returns, parts.amount, parts.home, parts.kind, strict=True):
        if kind == links.ABOVE_PURCHASE:
            above[i] += amount
        else:
            used[i] += value
            unlinked[i] += value if kind == links.NONE else 0
    exchanges = set(parts.exchanges)
    columns = [returned[name].to_pylist() for name in ("source_net_amount", "gross_amount", "net_amount", "tax_amount",
                                                       "source_amount")]  # fmt: skip
    new: dict[str, list[Any]] = {name: [None] * size for name in CHANGES.names[2:]}
    new["is_exchange"], new["is_dropped"] = [i in exchanges for i in range(size)], [False] * size
    aside: list[dict[str, Any]] = []
    for i, (whole, gross, net, tax, amount) in enumerate(zip(*columns, strict=True)):
        if i in exchanges:
            continue
        new["new_kept"][i] = -unlinked[i]
        new["is_dropped"][i] = above[i] == -whole
        if used[i] != -net:
            new["new_net"][i] = -used[i]
            new["new_gross"][i] = links.proportion(gross, used[i], -net) if net else gross
            new["new_tax"][i] = None if tax is None else links.proportion(tax, used[i], -net) if net else tax
        if above[i]:
            part = links.proportion(amount, above[i], -whole)
            new["new_source_amount"][i] = amount - part
            aside.append({"number": i, "source_amount": part, "is_part": above[i] < -whole})
    arrays = {name: pa.array(values, CHANGES.field(name).type) for name, values in new.items()}
    return arrays, _aside_table(returned, aside)


def _aside_table(returned: pa.Table, aside: list[dict[str, Any]]) -> pa.Table:
    mine = returned.take(pa.array([row["number"] for row in aside], pa.int64()))
    written = [
        str(Decimal(amount).scaleb(-minor_unit(currency or "")))
        for amount, currency in zip(mine["source_net_amount"].to_pylist(), mine["currency"].to_pylist(), strict=True)
    ]
    columns = {
        "file_id": mine["file_id"],
        "row_number": mine["row_number"],
        "column": pa.array(["net_amount"] * len(aside), pa.string()),
        "value": pa.array(written, pa.string()),
        "reason": pa.array(["above_purchase"] * len(aside), pa.string()),
        "source_amount": pa.array([row["source_amount"] for row in aside], pa.int64()),
        "currency": mine["currency"],
        "is_part": pa.array([row["is_part"] for row in aside], pa.bool_()),
    }
    return pa.table(columns).cast(SET_ASIDE)


def _rows(keys: pa.Table, **columns: pa.Array) -> pa.Table:
    """Rows of `CHANGES`; columns not given are false or null."""
    size = keys.num_rows
    table = {"change_file": keys["change_file"], "change_row": keys["change_row"]}
    for field in list(CHANGES)[2:]:
        default = pa.array([False] * size) if pa.types.is_boolean(field.type) else pa.nulls(size, field.type)
        table[field.name] = columns.get(field.name, default)
    return pa.table(table).cast(CHANGES)


def _words(numbers: np.ndarray, words: tuple[str | None, ...]) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(numbers))


def _nulled(column: pa.ChunkedArray, where: np.ndarray) -> pa.Array:
    import pyarrow.compute as pc

    return pc.if_else(pa.array(where), None, column)
