"""Long lists: one page of rows in words, with sorting and paging in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from habitue.errors import UsageError, message
from habitue.report.layout import Cell, Column, Heading, Listing
from habitue.report.stored import is_number, stored
from habitue.web.view import View
from habitue.workspace.tables import in_major_units

ROWS = 50
"""Rows of one page of a list."""

MOST_OFFSET = 1_000_000

MOST_SAID = 100
"""Characters at most of what an address says that an error repeats."""


def offset(view: View) -> int:
    """How many rows come before those the address asks for.

    Raises:
        UsageError: it is no whole number from 0.
    """
    asked = view.asked.get("from", "0")
    found = whole_number(asked, MOST_OFFSET)
    if found is None:
        raise UsageError(message("web.list.bad_from", value=asked[:MOST_SAID], most=MOST_OFFSET))
    return found


def whole_number(told: str, most: int) -> int | None:
    """The whole number from 0 to `most` a text of an address says; None: it says none."""
    is_one = told.isascii() and told.isdecimal() and len(told) <= len(str(most))
    return int(told) if is_one and int(told) <= most else None


def paged(view: View, address: Callable[..., str], count: int, total: int) -> tuple[int, str, str]:
    """The number of the first row of a page, and where the rows before and after it are ("" if there are none).

    Args:
        view: the request.
        address: makes the list's address with other choices.
        count: rows of the page.
        total: rows there are in all.
    """
    start = offset(view)
    last = start + count
    previous = address(**{"from": str(start - ROWS) if start > ROWS else None}) if start else ""
    return start + 1, previous, address(**{"from": str(last)}) if last < min(total, MOST_OFFSET + 1) else ""


def sorting(view: View, names: Sequence[str], default: str = "") -> str:
    """The column the address sorts by, with a minus before it where the greatest comes first.

    Raises:
        UsageError: none of the names.
    """
    asked = view.asked.get("sort") or default
    if asked and asked.removeprefix("-") not in names:
        raise UsageError(message("web.list.bad_sort", value=asked, valid=", ".join(names)))
    return asked


def headings(
    view: View, address: Callable[..., str], columns: Sequence[tuple[str, Column]], sortable: Sequence[str], sort: str
) -> list[Heading]:
    """The heads of a list's columns, each with the address that sorts by it.

    Args:
        view: the request.
        address: makes the list's address with other choices.
        columns: name and words of each.
        sortable: names that can be sorted by.
        sort: how it is sorted now.
    """
    found = []
    for name, column in columns:
        state = "" if sort.removeprefix("-") != name else "descending" if sort.startswith("-") else "ascending"
        # The first click gives what is read from the top: the greatest number, the first name.
        following = f"-{name}" if (column.is_number and not state) or state == "ascending" else name
        href = address(sort=following, **{"from": None}) if name in sortable else ""
        found.append(Heading(column.label, column.is_number, href, state))
    return found


def listing(
    view: View,
    name: str,
    table: pa.Table,
    total: int,
    *,
    address: Callable[..., str],
    caption: str,
    sort: str = "",
    sortable: Sequence[str] = (),
    leads: Mapping[str, Callable[[Mapping[str, Any]], str]] | None = None,
    files: Sequence[tuple[str, str]] = (),
    empty: str = "",
    total_row: Sequence[Cell] = (),
) -> Listing:
    """One page of rows of a table in words.

    Args:
        view: the request.
        name: name of the table, which decides what its columns are called.
        table: the rows of the page, amounts in whole minor units.
        total: rows there are in all.
        address: makes the list's address with other choices.
        caption: what the rows are.
        sort: how they are sorted.
        sortable: columns that can be sorted by.
        leads: by column, where its cell leads.
        files: label and address of each file of the whole list.
        empty: the sentence where there is none.
        total_row: a last row over all rows there are.
    """
    c = view.whole
    first, previous, following = paged(view, address, table.num_rows, total)
    columns = [
        (
            column,
            Column(c.words.term("column", f"{name}.{column}"), is_number(table.schema.field(column))),
        )
        for column in table.column_names
    ]
    rows = []
    major = in_major_units(table, name, c.currency).to_pylist()
    for row, units in zip(table.to_pylist(), major, strict=True):
        cells = []
        for column in table.column_names:
            shown = stored(c, name, column, row, units[column])
            lead = (leads or {}).get(column)
            cells.append(Cell(shown, href=lead(row) if lead and row[column] is not None else ""))
        rows.append(cells)
    return Listing(
        caption,
        headings(view, address, columns, sortable, sort),
        rows,
        first,
        total,
        previous,
        following,
        files,
        empty,
        total_row,
    )
