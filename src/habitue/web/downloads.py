"""Lists as files: CSV, Excel's CSV and workbooks, of a published table or of a grid as it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import pyarrow as pa
from fastapi import HTTPException
from fastapi.responses import Response, StreamingResponse

from habitue.report import exports
from habitue.report.layout import Block, Chart, Fold, Grid
from habitue.web import picking
from habitue.web.numbers import with_numbers
from habitue.web.view import Content, View
from habitue.workspace.published import SCHEMAS
from habitue.workspace.tables import BEST_FIRST, without_formulas

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def grids(content: Content) -> list[Grid]:
    """Every table of a page, those behind charts too, in their order."""
    return [grid for section in content.sections for grid in _grids(section.blocks)]


def _grids(blocks: Sequence[Block]) -> Iterator[Grid]:
    for block in blocks:
        if isinstance(block, Grid):
            yield block
        elif isinstance(block, Chart):
            yield block.table
        elif isinstance(block, Fold):
            yield from _grids(block.blocks)


def as_shown(grid: Grid, name: str, kind: str, *, excel: bool) -> Response:
    """A grid as a file: the texts of its cells."""
    labels: list[str] = []
    for column in grid.columns:  # a table has no two columns of one name
        label, number = column.label, 2
        while label in labels:
            label, number = f"{column.label} ({number})", number + 1
        labels.append(label)
    columns = [[row[at].text for row in grid.rows] for at in range(len(labels))]
    table = pa.table([pa.array(values, pa.string()) for values in columns], names=labels)
    return _file([table], len(grid.rows), name, kind, excel=excel)


def ordering(name: str, sort: str | None) -> list[tuple[str, bool]]:
    """How rows are ordered: by the column of an address (a minus before it: the greatest first), else best first."""
    if sort:
        return [(sort.removeprefix("-"), sort.startswith("-"))]
    return [(column, way == "descending") for column, way in BEST_FIRST.get(name, ())]


def rows(view: View, name: str, kind: str, *, excel: bool) -> Response:
    """Rows of a published table as a file, amounts in units of their currency."""
    if kind not in KINDS or name not in SCHEMAS:
        raise HTTPException(404)
    found, count = view.published.batches(
        view.run, name, where=picking.conditions(view), order=ordering(name, view.asked.get("sort")),
        first=picking.first(view),
    )  # fmt: skip
    currency = view.run.manifest["currency"]
    shown = (exports.typed(with_numbers(view, part), name, currency, view.words) for part in found)
    return _file(shown, count, name.replace("_", "-"), kind, excel=excel)


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


def _file(parts: Iterable[pa.Table], count: int, name: str, kind: str, *, excel: bool) -> Response:
    if kind not in KINDS:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    if kind == "xlsx":
        return Response(exports.workbook(parts, count), media_type=KINDS[kind], headers=headers)
    told = exports.text((without_formulas(part) for part in parts), excel=excel)
    return StreamingResponse(told, media_type=KINDS[kind], headers=headers)
