"""Which rows of a table an address asks for: conditions on its columns, in `is_<column>=value` and its like.

`is_` and `not_` compare with a value as it is stored; `min_` and `max_` are limits of numbers and dates. Several values
of one condition stand with U+001F between them; that alone stands for no value, nothing after the `=` for no condition.
`first=N` keeps the first rows only; `sum=<column>` says which total is wanted above the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from habitue.errors import UsageError, message
from habitue.report.stored import stored
from habitue.web.listing import MOST_SAID, whole_number
from habitue.web.view import View
from habitue.workspace.conditions import IS, NOT, READERS, RELATIONS, Condition
from habitue.workspace.published import SCHEMAS

BETWEEN = "\x1f"
FIRST, SORT, SUM = "first", "sort", "sum"

MOST_FIRST = 10_000_000
"""Rows at most that the first of all rows may be."""


def conditions(view: View) -> list[Condition]:
    """The conditions of an address."""
    found = []
    for name, told in view.asked.items():
        relation, _, column = name.partition("_")
        if relation in RELATIONS and column and told:
            values = tuple(one or None for one in told.split(BETWEEN)) if told != BETWEEN else (None,)
            found.append(Condition(column, values, relation))
    return found


def address(where: Iterable[Condition]) -> dict[str, str]:
    """Conditions as an address says them."""
    return {
        f"{one.relation}_{one.column}": BETWEEN.join("" if one_of is None else str(one_of) for one_of in one.values)
        or BETWEEN
        for one in where
    }


def first(view: View) -> int | None:
    """How many of the rows in their order the address asks for; None: all.

    Raises:
        UsageError: it is no whole number from 1.
    """
    told = view.asked.get(FIRST)
    if not told:
        return None
    found = whole_number(told, MOST_FIRST)
    if not found:
        raise UsageError(message("web.tables.bad_first", value=told[:MOST_SAID], most=MOST_FIRST))
    return found


def kept(view: View) -> dict[str, str]:
    """What the address says about which rows, and in which order: to stand in the address of the same rows again."""
    picks = address(conditions(view))
    return {name: told for name, told in view.asked.items() if name in picks or name in (FIRST, SORT, SUM)}


def told(view: View, table: str, where: Iterable[Condition]) -> list[tuple[str, str]]:
    """Conditions on a table in words, each with its name in the address.

    Raises:
        UsageError: the table has no such column.
    """
    listed = list(where)
    around = {one.column: one.values[0] for one in listed if one.relation == IS}
    found = []
    for one in listed:
        values = [value(view, table, one.column, stated, around) for stated in one.values]
        column = view.words.term("column", f"{table}.{one.column}", default=one.column)
        # That a column has a value is said as such, not as "not without a value".
        code = "has_value" if one.relation == NOT and one.values == (None,) else one.relation
        words = view.text(
            f"tables.{code}", column=column, **({} if code == "has_value" else {"value": " / ".join(values)})
        )
        found.append((f"{one.relation}_{one.column}", words))
    return found


def value(view: View, table: str, column: str, stated: str | None, around: Mapping[str, Any]) -> str:
    """A value of a condition as the table shows it; as it was written where it is none of the column's.

    Args:
        view: the request.
        table: name of the table.
        column: its column.
        stated: the value as the address says it; None: no value.
        around: values of other columns, as the segmentation of a segment.
    """
    if stated is None:
        return view.text("tables.no_value")
    kind = next((one.type for one in SCHEMAS[table].columns if one.name == column), "string")
    try:
        read = READERS[kind](stated)
    except (KeyError, ValueError):
        return stated
    if isinstance(read, int) and column.endswith("_amount"):
        return view.whole.money(read)
    return stored(view.whole, table, column, {**around, column: read}, read)
