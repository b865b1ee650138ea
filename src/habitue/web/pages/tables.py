"""Tables: the rows of any published table, sorted and picked, page by page; where every figure leads in the end."""

from __future__ import annotations

from functools import partial

from fastapi import HTTPException

from habitue import schemas
from habitue.report.layout import Cell, Column, Grid, Prose, Section
from habitue.web import downloads
from habitue.web.listing import ROWS, listing, offset, sorting
from habitue.web.pages import Page
from habitue.web.view import Content, View
from habitue.workspace.published import SCHEMAS


def build(view: View) -> Content:
    """The page that lists the tables of the run."""
    rows = []
    for schema in schemas.PUBLIC:
        if view.published.has(view.run, schema.name):
            count = view.published.count(view.run, schema.name)
            rows.append(
                [
                    Cell(schema.name.replace("_", "-"), href=view.url("tables", schema.name.replace("_", "-"))),
                    Cell(view.words.number(count)),
                ]
            )
    columns = [Column(view.text("tables.name")), Column(view.text("tables.rows"), is_number=True)]
    grid = Grid(view.text("tables.caption", run=view.run.run_id), columns, rows)
    return Content(view.text("tables.title"), [Section("tables", view.text("tables.list"), [grid])])


def item(view: View, name: str) -> Content:
    """The rows of one table."""
    code = name.replace("-", "_")
    if code not in SCHEMAS or not view.published.has(view.run, code):
        raise HTTPException(404)
    schema = SCHEMAS[code]
    sort = sorting(view, schema.names)
    found, total = view.published.page(
        view.run, code, where=downloads.conditions(view), order=downloads.ordering(code, sort), limit=ROWS,
        offset=offset(view),
    )  # fmt: skip
    address = partial(_address, view, name)
    leads = {"customer_id": lambda row: view.url("customers", row["customer_id"])}
    shown = listing(
        view, code, found, total, address=address, caption=view.text("tables.rows_of", table=name),
        sort=sort, sortable=schema.names, leads=leads, files=downloads.files(view, name), empty=view.text("list.none"),
    )  # fmt: skip
    picked = [
        Prose(view.text("tables.picked", column=view.words.term("column", f"{code}.{one.column}"),
                        value="–" if one.values[0] is None else str(one.values[0])))
        for one in downloads.conditions(view)
    ]  # fmt: skip
    section = Section("rows", view.text("tables.rows"), [*picked, shown])
    return Content(
        view.text("tables.title_of", table=name), [section], trail=[(view.text("tables.nav"), view.url("tables"))]
    )


def _address(view: View, name: str, **asked: str | None) -> str:
    """The address of the same rows with other choices."""
    kept = {key: value for key, value in view.asked.items() if key.startswith("is_") or key in ("sort", "from")}
    return view.url("tables", name, **{**kept, **asked})


PAGE = Page("tables", build, item, anchors=(), in_menu=False)
