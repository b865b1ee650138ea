"""The lists people act on: the critical customers, who rises, who fades; named by opaque ids, sorted and picked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa
from fastapi import HTTPException
from fastapi.responses import Response

from habitue.report import ahead, sections_value
from habitue.report.figures import rows_of
from habitue.report.layout import Block, Cell, Column, Grid, Link, Listing, Prose, Section
from habitue.report.reasons import IN_WORDS, WATCHLISTS, in_measure, worded
from habitue.report.segment_figures import STRATEGIC
from habitue.value.methods import REVENUE
from habitue.value.watchlists import FADING
from habitue.web import downloads
from habitue.web.choosing import chosen
from habitue.web.listing import ROWS, headings, offset, paged, sorting
from habitue.web.opening import segment_url
from habitue.web.view import FILTERS, Choice, Content, Filter, View
from habitue.workspace.published import BATCH

PROFILES = "customer_profiles"
CRITICAL = "critical"
TABLES: Mapping[str, str] = {CRITICAL: "critical_customers", **{name: name for name in WATCHLISTS}}
"""The published table behind each list."""

FLAGS = {name: f"is_{name}" for name in TABLES}
BEST = {CRITICAL: "-expected_amount", "rising": "-expected_amount", "fading": "-last_period_amount"}
COLUMNS: Mapping[str, Sequence[str]] = {
    CRITICAL: ("customer_id", "strategic_segment", "expected_amount", "cumulative_share", "last_visit_on"),
    "rising": ("customer_id", "first_visit_on", "first_amount", "expected_amount", IN_WORDS),
    "fading": (
        "customer_id",
        "last_period_amount",
        "expected_amount",
        "last_visit_on",
        "silence_probability",
        IN_WORDS,
    ),
}
FIRST = 10
"""Customers of each list on the page of value."""


def has_profiles(view: View) -> bool:
    """Whether the run can pick customers by store and sales channel."""
    return view.published.has(view.run, PROFILES)


def bar(view: View) -> list[Filter]:
    """The filters that lists of this run can honour."""
    return [one for one in view.filters() if one.name == "population" or has_profiles(view)]


def item(view: View, name: str) -> Content:
    """The page of one list, of one population: that chosen, or the first that is forecast."""
    if name not in TABLES:
        raise HTTPException(404)
    c, title, filters = view.context, view.text(f"value.{name}_title"), bar(view)
    trail, models = [(view.text("value.nav"), view.url("value"))], ahead.models(c)
    if not models or not view.published.has(view.run, TABLES[name]):
        empty = Prose(view.text("value.no_list"), is_empty_state=True, anchor="value")
        section = Section("list", view.text("value.list"), [empty])
        return Content(title, [section], filters=filters, labels=c.labels, trail=trail)
    population, segment = next(iter(models)), ""
    forecast = ahead.models(view.whole)
    choices = [Choice(one, c.population(one), one == population) for one in forecast]
    filters = [replace(one, choices=choices) if one.name == "population" else one for one in filters]
    if name == CRITICAL:
        segment, choice = _segment(view)
        filters.append(choice)
    sort = sorting(view, _sortable(view, name), BEST[name])
    rows, total = _rows(view, name, population, segment, sort, ROWS, offset(view))
    shown = _listing(view, name, population, segment, sort, rows, total)
    is_picked = len(_picks(view, population, segment)) > 1
    about = Prose(
        " ".join([view.text(f"value.{name}_about"), *([view.text("value.list_picked")] if is_picked else [])])
    )
    section = Section("list", view.text("value.list"), [about, shown], ahead.labels(c, models))
    return Content(title, [section], said(view, name, population), filters=filters, labels=c.labels, trail=trail)


def file(view: View, name: str, kind: str, *, excel: bool) -> Response:
    """All rows of a list as the address picks and sorts them: what its table holds and what the page shows beside it.

    Args:
        view: the request.
        name: of TABLES.
        kind: of `downloads.KINDS`.
        excel: whether the CSV is for Excel.
    """
    models = ahead.models(view.context)
    if name not in TABLES or not models or not view.published.has(view.run, TABLES[name]):
        raise HTTPException(404)
    bar(view)  # refuses values that do not occur
    segment = _segment(view)[0] if name == CRITICAL else ""
    sort = sorting(view, _sortable(view, name), BEST[name])
    found, total = _found(view, name, next(iter(models)), segment, sort)
    parts = (found.slice(at, BATCH) for at in range(0, max(total, 1), BATCH))
    return downloads.listed(view, parts, total, TABLES[name], kind, excel=excel)


def said(view: View, name: str, population: str) -> str:
    """What there is to say of a list of one population: how many, and how often such lists were right."""
    c = view.context
    if name == CRITICAL:
        found = ahead.critical_set(c, population)
        if found is None:
            return view.text("value.critical_nobody")
        share, made = found["customers_share"], ahead.made_share(found)
        told = [view.text("value.critical_set", count=found["customers_count"], share=share, made=made)]
        told.append(sections_value.delivered(c, found))
    else:
        people = [row for row in rows_of(c.tables, name) if row["population"] == population]
        amount = sum(row["last_period_amount"] for row in people) if name == FADING else 0
        measure = people[0]["measure"] if people else REVENUE
        told = [view.text(f"value.{name}_set", count=len(people), amount=in_measure(c.short(amount), measure, c.words))]
        told.append(sections_value.rightness(c, name, population) or "")
    return " ".join(filter(None, told))


def first(view: View, name: str, population: str) -> list[Block]:
    """The first customers of a list of one population as a table, and the way to the others."""
    if not view.published.has(view.run, TABLES[name]):
        return []
    rows, total = _rows(view, name, population, "", BEST[name], FIRST, 0)
    if not total:
        return [Prose(view.text("value.nobody"), is_empty_state=True)]
    shown = _shown(view, name)
    caption = view.text(f"value.{name}_caption", currency=view.whole.currency)
    table = Grid(
        view.text("value.first", caption=caption, shown=len(rows)) if total > len(rows) else caption,
        [_column(view, name, column) for column in shown],
        [[_cell(view, name, column, row) for column in shown] for row in rows],
        table=TABLES[name],
        where=[("population", population)],
    )
    return [table, Link(view.text("value.whole_list", count=total), view.url("value", name, population=population))]


def _shown(view: View, name: str) -> list[str]:
    """Columns of a list; the store where the run knows the usual one of each customer."""
    return [*COLUMNS[name], *(["store_id"] if has_profiles(view) else [])]


def _sortable(view: View, name: str) -> list[str]:
    return [column for column in _shown(view, name) if column != IN_WORDS]


def _segment(view: View) -> tuple[str, Filter]:
    """The segment the address asks for ("" for all), and the choice for the filter bar."""
    codes = [(code, view.whole.segment(STRATEGIC, code)) for code in view.whole.segments.segments(STRATEGIC)]
    choices = [("", view.text("value.all_segments")), *codes]
    return chosen(view, "segment", view.text("value.segment"), choices)


def _rows(
    view: View, name: str, population: str, segment: str, sort: str, limit: int, start: int
) -> tuple[list[dict[str, Any]], int]:
    """Some rows of a list, reasons in words; how many there are in all."""
    found, total = _found(view, name, population, segment, sort, f"LIMIT {int(limit)} OFFSET {int(start)}")
    return worded(found, name, view.words, view.whole.currency).to_pylist(), total


def _found(view: View, name: str, population: str, segment: str, sort: str, bound: str = "") -> tuple[pa.Table, int]:
    """Rows of a list with what the profile, or the segment and the interval, say of the customer; how many in all."""
    seen = "" if name == FADING else "last_visit_on, "  # a column of its own
    if has_profiles(view):
        people = (
            f"SELECT customer_id, population, strategic_segment, {seen}low_95_amount, high_95_amount, "
            f"store_id, sales_channel FROM {{{PROFILES}}} WHERE {FLAGS[name]}"
        )
    else:
        people = (
            f"SELECT a.customer_id, a.population, a.segment AS strategic_segment, {seen}e.low_95_amount, "
            "e.high_95_amount FROM {assignments} a LEFT JOIN {expected_revenue} e "
            f"USING (customer_id, population) WHERE a.segmentation = '{STRATEGIC}'"
        )
    picks = _picks(view, population, segment)
    where = " AND ".join(f"{column} = ?" for column in picks)
    column, falls = sort.removeprefix("-"), sort.startswith("-")
    listed = f"SELECT * FROM {{{TABLES[name]}}} LEFT JOIN ({people}) AS p USING (customer_id, population) WHERE {where}"
    values = list(picks.values())
    total = view.published.query(view.run, f"SELECT count(*) AS n FROM ({listed})", values)["n"][0].as_py()
    found = view.published.query(
        view.run,
        f"SELECT * FROM ({listed}) ORDER BY {column} {'DESC' if falls else 'ASC'} NULLS LAST, customer_id, population "
        + bound,
        values,
    )
    return found, total


def _picks(view: View, population: str, segment: str) -> dict[str, str]:
    """Columns and the values the filters ask for."""
    picks = {"population": population} | ({"strategic_segment": segment} if segment else {})
    if has_profiles(view):
        picks |= {FILTERS[name]: asked for name in ("store", "sales_channel") if (asked := view.picked(name))}
    return picks


def _listing(
    view: View, name: str, population: str, segment: str, sort: str, rows: Sequence[Mapping[str, Any]], total: int
) -> Listing:
    shown, address = _shown(view, name), partial(_address, view, name)
    start, previous, following = paged(view, address, len(rows), total)
    columns = [(column, _column(view, name, column)) for column in shown]
    return Listing(
        view.text(f"value.{name}_caption", currency=view.whole.currency),
        headings(view, address, columns, _sortable(view, name), sort),
        [[_cell(view, name, column, row) for column in shown] for row in rows],
        start,
        total,
        previous,
        following,
        _files(view, name, population, segment, sort),
        view.text("value.nobody"),
    )


def _address(view: View, name: str, **asked: str | None) -> str:
    """The address of the same list with other choices."""
    kept: dict[str, Any] = {key: view.asked.get(key) for key in ("segment", "sort", "from")}
    return view.url("value", name, **{**kept, **asked})


def _files(view: View, name: str, population: str, segment: str, sort: str) -> list[tuple[str, str]]:
    """Label and address of each file of the whole list."""
    asked = {"population": population, "segment": segment, "sort": sort}
    return downloads.formats(view, lambda kind, **more: view.url("value", f"{name}.{kind}", **asked, **more))


def _column(view: View, name: str, column: str) -> Column:
    is_number = column.endswith(("_amount", "_share", "_probability"))
    return Column(view.words.term("column", f"{TABLES[name]}.{column}"), is_number)


def _cell(view: View, name: str, column: str, row: Mapping[str, Any]) -> Cell:
    c, value = view.whole, row.get(column)
    if column == "customer_id":
        under = view.text("customers.busy") if row[column] in c.busy_numbers else ""
        return Cell(row[column], under, href=view.url("customers", row[column]))
    if column == "strategic_segment":
        href = segment_url(view, STRATEGIC, value, row["population"]) if value else ""
        return Cell(c.segment(STRATEGIC, value) if value else "–", segment=value or "", href=href)
    if column == "expected_amount":
        ends = sections_value.between(c, dict(row)) if row["low_95_amount"] is not None else ""
        return Cell(c.short(value), ends)
    if column in ("first_visit_on", "last_visit_on"):
        return Cell(c.words.date(value))
    if column.endswith("_amount"):
        return Cell(c.short(value))
    if column in ("cumulative_share", "silence_probability"):
        return Cell(c.words.share(value))
    if column == "store_id":
        return Cell(c.store(value) if value else "–", c.written(row["sales_channel"]) if row["sales_channel"] else "")
    return Cell(str(value))
