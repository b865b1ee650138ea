"""What linked returns change: the table of their parts, and the amounts of both lines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from habitue import portable
from habitue.portable import stored
from habitue.purchases import return_links as links
from habitue.purchases.return_matches import EXCHANGE, OWNED, STATED, Matched
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
        taken_back: `TAKEN_BACK`.
        set_aside: `SET_ASIDE`, the parts above what was bought.
    """

    returns: ir.Table
    changes: ir.Table
    taken_back: ir.Table
    set_aside: pa.Table


def linked(matched: Matched, returned: pa.Table, sold: pa.Table, parts: links.Parts) -> Linked:
    """Tables from what was matched in the engine and from the kernel's parts.

    Args:
        matched: the plain returns.
        returned: the other return lines, as numbered in `parts.returns`.
        sold: the sale lines, as numbered in `parts.sale`.
        parts: what `return_links.link` found.
    """
    like = matched.parts
    taken = stored(_taken(returned, sold, parts), "taken", like=like)
    rows, set_aside = _return_changes(returned, parts)
    keys = returned.select(["file_id", "row_number"]).rename_columns(["change_file", "change_row"])
    changed = stored(_rows(keys, **rows), "changed", like=like)
    hard = stored(_returns(returned, sold, parts), "hard_returns", like=like)
    done = Linked(
        portable.materialise(_plain_returns(matched).union(hard), "returns"),
        portable.materialise(_plain_changes(matched, taken).union(changed), "return_changes"),
        portable.materialise(_taken_back(matched, taken), "taken_back"),
        set_aside,
    )
    portable.forget(matched.back, matched.sold, matched.parts, taken, changed, hard)
    return done


TAKEN_BACK = pa.schema(
    [
        ("customer_id", pa.string()),
        ("population", pa.string()),
        ("sold_on", pa.date32()),
        ("returned_on", pa.date32()),
        ("returned_amount", pa.int64()),
    ]
)
"""What returns of one day took back of one customer day; identified customers only, home minor units."""


def _taken_back(matched: Matched, taken: ir.Table) -> ir.Table:
    plain = matched.parts.filter(matched.parts.sale_row.notnull())
    plain = plain.select(
        customer_id="sale_customer", population="sale_population", sold_on="sale_on", returned_on="returned_on",
        returned_amount="amount",
    )  # fmt: skip
    both = plain.union(taken.select(*plain.columns))
    both = both.filter(both.customer_id.notnull())
    days = both.group_by("customer_id", "population", "sold_on", "returned_on")
    return days.aggregate(returned_amount=both.returned_amount.sum().cast("int64"))


def _plain_returns(matched: Matched) -> ir.Table:
    """RETURNS of the plain returns."""
    back = matched.back.select(
        "source", "transaction_id", "line_number", "sku", "person", mine_file="file_id", mine_row="row_number"
    )
    parts = matched.parts
    in_order = ibis.window(group_by=("back_file", "back_row"), order_by="place")
    parts = parts.mutate(part=ibis.row_number().over(in_order).cast("int64") + 1)
    wide = parts.inner_join(back, [parts.back_file == back.mine_file, parts.back_row == back.mine_row])
    return RETURNS.cast(
        wide.mutate(
            customer_id=wide.person,
            returned_amount=wide.amount,
            original_source=wide.sale_source,
            original_transaction_id=wide.sale_ticket,
            original_line_number=wide.sale_line,
            original_sold_on=wide.sale_on,
        )
    )


def _plain_changes(matched: Matched, taken: ir.Table) -> ir.Table:
    """CHANGES of the plain returns, and of every sale line of which something was taken."""
    parts = matched.parts.filter(matched.parts.sale_row.notnull())
    names = ("change_file", "change_row", "returned_amount", "sale_net")
    both = parts.select(
        change_file="sale_file", change_row="sale_row", returned_amount="amount", sale_net="sale_net"
    ).union(taken.select(*names))
    sales = both.group_by("change_file", "change_row").aggregate(
        new_returned=both.returned_amount.sum().cast("int64"), sale_net=both.sale_net.max()
    )
    sales = _changes(sales, new_returned=sales.new_returned, new_kept=sales.sale_net - sales.new_returned)
    found = parts.group_by(found_file="back_file", found_row="back_row").aggregate(found=parts.amount.sum())
    back = matched.back.filter(matched.back.way.isin([STATED, OWNED, EXCHANGE]))
    wide = back.left_join(found, [back.file_id == found.found_file, back.row_number == found.found_row])
    wide = wide.filter((wide.way == EXCHANGE) | wide.found.notnull())
    wide = wide.mutate(change_file=wide.file_id, change_row=wide.row_number)
    is_exchange = wide.way == EXCHANGE
    kept = ibis.ifelse(is_exchange, ibis.null("int64"), (wide.found - wide.amount).cast("int64"))
    return sales.union(_changes(wide, is_exchange=is_exchange, new_kept=kept))


def _changes(keyed: ir.Table, **columns: Any) -> ir.Table:
    """Rows of `CHANGES`; columns not given are false or null."""
    kinds = ibis.Schema.from_pyarrow(CHANGES)
    rest = {
        name: ibis.literal(False) if kind.is_boolean() else ibis.null(kind)
        for name, kind in list(kinds.items())[2:]
        if name not in columns
    }
    return keyed.mutate(**columns, **rest).select(*CHANGES.names).cast(kinds)


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


def _taken(returned: pa.Table, sold: pa.Table, parts: links.Parts) -> pa.Table:
    """The kernel's linked parts: sale line, its net and day, and the day of the return."""
    kept = [n for n, kind in enumerate(parts.kind) if kind not in (links.NONE, links.ABOVE_PURCHASE)]
    sale = sold.take(pa.array([parts.sale[n] for n in kept], pa.int64()))
    back = returned.take(pa.array([parts.returns[n] for n in kept], pa.int64()))
    return pa.table(
        {
            "change_file": sale["file_id"],
            "change_row": sale["row_number"],
            "returned_amount": pa.array([parts.home[n] for n in kept], pa.int64()),
            "sale_net": sale["net_amount"],
            "customer_id": sale["customer_id"],
            "population": sale["population"],
            "sold_on": sale["sold_on"],
            "returned_on": back["sold_on"],
        }
    )


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
