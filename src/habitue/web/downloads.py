"""Lists as files: CSV, Excel's CSV and workbooks, of a published table or of a grid as it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
from fastapi import HTTPException
from fastapi.responses import Response, StreamingResponse

from habitue.report import exports
from habitue.report.layout import Block, Chart, Fold, Grid
from habitue.report.locale import NO_VALUE, SHARE, Exact, Words
from habitue.web import picking
from habitue.web.numbers import with_numbers
from habitue.web.view import Content, View
from habitue.workspace.tables import BEST_FIRST, harmless, without_formulas

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def grids(content: Content) -> list[Grid]:
    """Every table of a page that may be a file, those behind charts too, in their order."""
    return [grid for section in content.sections for grid in _grids(section.blocks)]


def _grids(blocks: Sequence[Block]) -> Iterator[Grid]:
    for block in blocks:
        if isinstance(block, Grid):
            if not block.is_personal:
                yield block
        elif isinstance(block, Chart):
            yield block.table
        elif isinstance(block, Fold):
            yield from _grids(block.blocks)


def as_shown(grid: Grid, name: str, kind: str, words: Words, *, excel: bool) -> Response:
    """A grid as a file."""
    return _file([shown(grid, kind, words)], len(grid.rows), name, kind, excel=excel)


def shown(grid: Grid, kind: str, words: Words) -> exports.Shown:
    """What a file of a kind holds of a grid: values where its texts carry them; what stands below a cell beside it."""
    names, columns = [], []
    for at, column in enumerate(grid.columns):
        told = [row[at].text for row in grid.rows]
        names.append(_with_currency(column.label, told))
        columns.append([_value(text, kind, is_number=column.is_number) for text in told])
        under = [row[at].under for row in grid.rows]
        if any(under):
            names.append(_with_currency(words.text("web.download.detail", column=column.label), under))
            columns.append([_value(text, kind, is_number=False) for text in under])
    names = _distinct(names if kind == "xlsx" else [harmless(one) for one in names])
    return exports.Shown(names, list(zip(*columns, strict=True)))


def _with_currency(label: str, told: Sequence[str]) -> str:
    """The heading of a column of amounts of one currency, with the currency if the heading lacks it."""
    units = {text.unit if isinstance(text, Exact) else "" for text in told if text not in ("", "0", NO_VALUE)}
    unit = units.pop() if len(units) == 1 else ""
    return label if unit in ("", SHARE) or unit in label else f"{label} ({unit})"


def _value(text: str, kind: str, *, is_number: bool) -> Any:
    """What a file holds of a text: a workbook the value in its manner, CSV the value itself."""
    if text in ("", NO_VALUE):
        return None
    if isinstance(text, Exact):
        return text if kind == "xlsx" else text.value
    if is_number and text.isascii() and text.isdecimal():
        return int(text)
    return text if kind == "xlsx" else harmless(text)


def _distinct(names: Iterable[str]) -> list[str]:
    """Names of columns, a number after those that stand there already."""
    found: list[str] = []
    for name in names:
        distinct, number = name, 2
        while distinct in found:
            distinct, number = f"{name} ({number})", number + 1
        found.append(distinct)
    return found


def ordering(name: str, sort: str | None) -> list[tuple[str, bool]]:
    """How rows are ordered: by the column of an address (a minus before it: the greatest first), else best first."""
    if sort:
        return [(sort.removeprefix("-"), sort.startswith("-"))]
    return [(column, way == "descending") for column, way in BEST_FIRST.get(name, ())]


def rows(view: View, name: str, kind: str, *, excel: bool) -> Response:
    """Rows of a published table as a file, amounts in units of their currency."""
    if not view.published.has(view.run, name):
        raise HTTPException(404)
    found, count = view.published.batches(
        view.run, name, where=picking.conditions(view), order=ordering(name, view.asked.get("sort")),
        first=picking.first(view),
    )  # fmt: skip
    return listed(view, found, count, name, kind, excel=excel)


def listed(view: View, parts: Iterable[pa.Table], count: int, name: str, kind: str, *, excel: bool) -> Response:
    """Rows made from a published table as a file; for Excel with headings in words.

    Args:
        view: the request.
        parts: the rows, amounts in whole minor units, in one part or several.
        count: how many there are.
        name: name of the table.
        kind: of KINDS.
        excel: whether the CSV is for Excel.
    """
    currency = view.run.manifest["currency"]
    told = (exports.typed(with_numbers(view, part), name, currency, view.words) for part in parts)
    if excel or kind == "xlsx":
        told = (part.rename_columns(_headings(view.words, name, part.column_names)) for part in told)
    if kind == "csv":
        told = (without_formulas(part) for part in told)
    return _file(told, count, name.replace("_", "-"), kind, excel=excel)


def _headings(words: Words, table: str, columns: Iterable[str]) -> list[str]:
    return _distinct(words.term("column", f"{table}.{column}", default=column) for column in columns)


def files(view: View, table: str, **asked: str | None) -> list[tuple[str, str]]:
    """Label and address of each file of a published table.

    Args:
        view: the request.
        table: name of the table.
        asked: what the address says of its rows and their order; None takes a choice away.
    """
    name = table.replace("_", "-")
    return formats(view, lambda kind, **more: view.url("tables", f"{name}.{kind}", **asked, **more))


def formats(view: View, address: Callable[..., str]) -> list[tuple[str, str]]:
    """Label and address of each file of a list.

    Args:
        view: the request.
        address: makes the address of a kind of file, with what is to be said after its `?`.
    """
    return [
        ("CSV", address("csv")),
        (view.text("download.excel"), address("csv", excel="1")),
        ("XLSX", address("xlsx")),
    ]


def _file(parts: Iterable[pa.Table | exports.Shown], count: int, name: str, kind: str, *, excel: bool) -> Response:
    if kind not in KINDS:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "xlsx":
        return Response(exports.workbook(parts, count), media_type=KINDS[kind], headers=headers)
    return StreamingResponse(exports.text(parts, excel=excel), media_type=KINDS[kind], headers=headers)
