"""Where every row and every cent of a file went, on the mapped amount in the source's currency."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.errors import Message, message
from habitue.schemas import RECONCILIATION

CLASSES = ("used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")
"""Classes with rows and an amount; unreadable rows have no amount."""

_ROWS = (*(f"{name}_rows" for name in CLASSES), "unreadable_rows")
_AMOUNTS = tuple(f"{name}_amount" for name in CLASSES)
_MEASURES = ("read_rows", *_ROWS, "read_amount", *_AMOUNTS)


def reconciliation(
    read: ir.Table,
    *,
    lines: ir.Table,
    duplicates: ir.Table | None = None,
    after_as_of: ir.Table | None = None,
    refused: ir.Table | None = None,
    set_aside: ir.Table | None = None,
) -> ir.Table:
    """RECONCILIATION: one file and currency; stored. Amounts in minor units of that currency.

    Args:
        read: `source`, `file`, `file_id`, `currency`, `rows`, `amount`: data rows of each file as they were read, by
            currency (null where unknown), with the sum of the readable amounts.
        lines: TRANSACTION_LINES: used, or no purchase.
        duplicates: rows left because a later export has their ticket: `file_id`, `currency`, `source_amount`.
        after_as_of: rows after the as-of date, likewise.
        refused: rows that could not be read, likewise; without `source_amount` they are unreadable.
        set_aside: of `Purchases.set_aside`: a part of a row (`is_part`) moves its amount, the row stays used.

    The identities are checked by `check_identity`, not assumed: a file and currency found in any piece has its row.
    """
    pieces = [
        _piece(read, read_rows=read.rows.sum(), read_amount=read.amount.sum()),
        _piece(
            lines,
            used_rows=_number(lines.counts),
            used_amount=_amount(lines, lines.counts),
            not_a_purchase_rows=_number(~lines.counts),
            not_a_purchase_amount=_amount(lines, ~lines.counts),
        ),
    ]
    for name, table in (("duplicate", duplicates), ("after_as_of", after_as_of)):
        if table is not None:
            rows: dict[str, Any] = {f"{name}_rows": table.count(), f"{name}_amount": _amount(table)}
            pieces.append(_piece(table, **rows))
    if refused is not None:
        readable = refused.source_amount.notnull()
        pieces.append(
            _piece(
                refused,
                set_aside_rows=_number(readable),
                set_aside_amount=_amount(refused),
                unreadable_rows=_number(~readable),
            )
        )
    if set_aside is not None:
        pieces.append(
            _piece(set_aside, set_aside_rows=_number(~set_aside.is_part), set_aside_amount=_amount(set_aside))
        )
    together = pieces[0]
    for piece in pieces[1:]:
        together = together.union(piece)
    summed = together.group_by("file_id", "currency").aggregate(**{name: together[name].sum() for name in _MEASURES})
    names = read.group_by(named=read.file_id).aggregate(source=read.source.min(), file=read.file.min())
    wide = summed.left_join(names, summed.file_id == names.named)
    return portable.materialise(RECONCILIATION.cast(wide), "reconciliation")


def check_identity(table: ir.Table) -> list[Message]:
    """What does not add up in RECONCILIATION, to the row and to the cent; empty when everything does.

    Codes: `reconciliation.rows_differ`, `reconciliation.amounts_differ`, with file, currency, what was read and what
    was found.
    """
    faults: list[Message] = []
    rows = table.order_by("file", "file_id", "currency").to_pyarrow().to_pylist()
    for row in rows:
        where = {"source": row["source"], "file": row["file"], "file_id": row["file_id"], "currency": row["currency"]}
        for code, whole, parts in (
            ("reconciliation.rows_differ", "read_rows", _ROWS),
            ("reconciliation.amounts_differ", "read_amount", _AMOUNTS),
        ):
            found = sum(row[part] for part in parts)
            if found != row[whole]:
                faults.append(message(code, **where, read=row[whole], found=found))
    return faults


def _piece(table: ir.Table, **measures: Any) -> ir.Table:
    grouped = table.group_by("file_id", "currency").aggregate(**measures)
    return grouped.select(
        "file_id",
        "currency",
        **{
            name: (grouped[name].fill_null(0) if name in measures else ibis.literal(0)).cast("int64")
            for name in _MEASURES
        },
    )


def _number(condition: ir.BooleanValue) -> ir.IntegerScalar:
    return ibis.ifelse(condition, 1, 0).cast("int64").sum()


def _amount(table: ir.Table, condition: ir.BooleanValue | None = None) -> ir.IntegerScalar:
    amount = table.source_amount.fill_null(0)
    return (amount if condition is None else ibis.ifelse(condition, amount, 0).cast("int64")).sum()
