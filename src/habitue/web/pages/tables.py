"""Tables: the rows of any published table, sorted and picked, page by page; where every figure leads in the end."""

from __future__ import annotations

from functools import partial

import pyarrow as pa
from fastapi import HTTPException

from habitue import schemas
from habitue.report.layout import Block, Cell, Chips, Column, Fold, Grid, Prose, Section, definition_anchor
from habitue.report.stored import stored
from habitue.web import choosing, downloads, picking, totals
from habitue.web.listing import ROWS, listing, offset, sorting
from habitue.web.pages import Page
from habitue.web.view import Content, View
from habitue.workspace.published import SCHEMAS
from habitue.workspace.tables import SOURCE_CURRENCY, SOURCE_CURRENCY_TABLES, in_major_units

MEANT = {
    "population": "population",
    "sale_type": "sale_type",
    "counts": "counts",
    "kept_amount": "net_sales",
    "identified_amount": "identified",
    "margin_amount": "margin",
    "linked_by": "linked_return",
    "is_set_apart": "shared_card",
    "at_stake_amount": "at_stake",
    "recency_days": "recency",
    "frequency": "frequency",
    "monetary": "monetary",
    "recency_score": "score",
    "frequency_score": "score",
    "monetary_score": "score",
    "cycle_days": "purchase_cycle",
    "new_days": "new_days",
    "lost_days": "lost_days",
    "core_amount": "core_amount",
    "next_amount": "next_net",
    "lift": "lift",
    "from_segment": "earlier_segment",
    "is_impossible": "structural_zero",
    "low_95_amount": "total_interval",
    "high_95_amount": "total_interval",
    "is_visit": "visit",
    "visits_count": "visit",
    "tickets_count": "ticket",
    "used_rows": "used",
    "duplicate_rows": "duplicate",
    "after_as_of_rows": "after_as_of",
    "set_aside_rows": "set_aside",
    "not_a_purchase_rows": "not_a_purchase",
    "unreadable_rows": "unreadable",
}
"""Columns and the terms that define them."""

CHOSEN = (
    "population", "segmentation", "segment", "strategic_segment", "measure", "finding", "place_kind", "dimension",
    "sale_type", "sales_channel", "kind",
)  # fmt: skip
"""Columns of few values, which stand in the bar above the rows."""


def build(view: View) -> Content:
    """The page that lists the tables of the run."""
    rows, empty = [], []
    for schema in schemas.PUBLIC:
        if not view.published.has(view.run, schema.name):
            continue
        count = view.published.count(view.run, schema.name)
        name = view.words.term("table", schema.name)
        if not count:
            empty.append(name)
            continue
        rows.append(
            [
                Cell(name, schema.name, href=view.table_url(schema.name)),
                Cell(_key(view, schema)),
                Cell(view.words.number(len(schema.columns))),
                Cell(view.words.number(count)),
            ]
        )
    columns = [
        Column(view.text("tables.name")),
        Column(view.text("tables.key")),
        Column(view.text("tables.columns"), is_number=True),
        Column(view.text("tables.rows"), is_number=True),
    ]
    blocks: list[Block] = [Grid(view.text("tables.caption", run=view.run.run_id), columns, rows)]
    if empty:
        blocks.append(Prose(view.text("tables.empty_tables", count=len(empty), tables=view.words.listing(empty))))
    section = Section("tables", view.text("tables.list"), blocks)
    return Content(view.text("tables.title"), [section], view.text("tables.answer", count=len(rows)),
                   labels=view.whole.labels)  # fmt: skip


def _key(view: View, schema: schemas.Schema) -> str:
    return view.words.listing(view.words.term("column", f"{schema.name}.{column}") for column in schema.key)


def item(view: View, name: str) -> Content:
    """The rows of one table."""
    code = name.replace("-", "_")
    if code not in SCHEMAS or not view.published.has(view.run, code):
        raise HTTPException(404)
    schema, term = SCHEMAS[code], view.words.term("table", code)
    sort = sorting(view, schema.names)
    where, all_rows = picking.conditions(view), view.published.count(view.run, code)
    found, total = view.published.page(
        view.run, code, where=where, order=downloads.ordering(code, sort), limit=ROWS,
        offset=offset(view), first=picking.first(view),
    )  # fmt: skip
    summed = totals.totals(view, code, total)
    leads = {"customer_id": lambda row: view.url("customers", row["customer_id"])}
    shown = listing(
        view,
        code,
        found,
        total,
        address=partial(_address, view, name),
        caption=view.text("tables.rows_of", table=term),
        sort=sort,
        sortable=schema.names,
        leads=leads,
        files=downloads.files(view, code, **picking.kept(view)),
        empty=view.text("tables.nothing" if all_rows else "tables.nothing_at_all"),
        total_row=totals.row(view, code, summed),
    )
    count = view.text("tables.count", count=all_rows)
    if where or picking.first(view):
        count = view.text("tables.of", shown=view.words.number(total), total=count)
    blocks: list[Block] = [*_chips(view, name, code), *_wanted(view, code, found, total, summed), shown]
    blocks += [Prose(told) for told in (summed.note, _currencies(view, schema)) if told]
    blocks.append(_meanings(view, schema, term))
    return Content(
        view.text("tables.title_of", table=term),
        [Section("rows", view.text("tables.rows_title", table=term, count=count), blocks)],
        _grain(view, schema),
        filters=choosing.of_columns(view, code, (one for one in CHOSEN if one in schema.names)),
        labels=view.whole.labels,
        trail=[(view.text("tables.nav"), view.url("tables"))],
    )


def _grain(view: View, schema: schemas.Schema) -> str:
    """What a row is: by its key, and in English as the table describes it."""
    told = view.text("tables.grain", key=_key(view, schema))
    return f"{view.text('tables.grain_of', grain=schema.grain)} {told}" if view.words.language == "en" else told


def _address(view: View, name: str, **asked: str | None) -> str:
    """The address of the same rows with other choices."""
    kept = picking.kept(view) | {key: told for key in ("from",) if (told := view.asked.get(key))}
    return view.url("tables", name, **{**kept, **asked})


def _chips(view: View, name: str, code: str) -> list[Block]:
    """The conditions that hold; each can be taken away."""
    told = picking.told(view, code, picking.conditions(view))
    if count := picking.first(view):
        told.append((picking.FIRST, view.text("tables.first", count=count)))
    chips = [
        (words, _address(view, name, **{asked: None, "from": None}), view.text("tables.take_away", what=words))
        for asked, words in told
    ]
    if len(chips) > 1:
        everything = view.text("tables.take_all_away")
        chips.append((everything, view.url("tables", name), everything))
    return [Chips(view.text("tables.picked"), chips)] if chips else []


def _wanted(view: View, code: str, rows: pa.Table, count: int, summed: totals.Totals) -> list[Block]:
    """The total the address asks for, above the rows; of one row its own value."""
    column = view.asked.get(picking.SUM)
    if column not in SCHEMAS[code].names:
        return []
    value = summed.cells.get(column)
    if count == 1 and rows.num_rows == 1:
        major = in_major_units(rows, code, view.whole.currency)[column][0].as_py()
        value = stored(view.whole, code, column, rows.to_pylist()[0], major)
    if value is None:
        return []
    kind = "different_of" if column in totals.PEOPLE_AND_TICKETS else "sum_of"
    term = view.words.term("column", f"{code}.{column}")
    return [Prose(view.text(f"tables.{kind}", column=term, value=value))]


def _currencies(view: View, schema: schemas.Schema) -> str:
    """In which currency the amounts are."""
    if not any(column.name.endswith("_amount") for column in schema.columns):
        return ""
    has_own = "currency" in schema.names
    if schema.name in SOURCE_CURRENCY_TABLES:
        return view.text("tables.unit_own" if has_own else "tables.unit_source")
    mixed = has_own and SOURCE_CURRENCY & set(schema.names)
    return view.text("tables.unit_mixed" if mixed else "tables.unit_home", currency=view.whole.currency)


def _meanings(view: View, schema: schemas.Schema, term: str) -> Fold:
    """What the columns are; their descriptions are in English only."""
    is_english = view.words.language == "en"
    rows = []
    for column in schema.columns:
        meant = MEANT.get(column.name)
        anchor = definition_anchor(meant) if meant else ""
        rows.append(
            [
                Cell(view.words.term("column", f"{schema.name}.{column.name}")),
                *([Cell(column.meaning)] if is_english else []),
                Cell(view.words.text(f"definition.{meant}.term"), href=view.url("definitions", anchor=anchor))
                if meant
                else Cell("–"),
                Cell(column.name),
            ]
        )
    names = ("column", *(("meaning",) if is_english else ()), "definition", "written")
    columns = [Column(view.text(f"tables.{name}")) for name in names]
    return Fold(view.text("tables.meanings"), [Grid(view.text("tables.meanings_caption", table=term), columns, rows)])


PAGE = Page("tables", build, item, anchors=(), in_menu=False)
