"""Data: what was read, whether it adds up, what to collect better, which tickets and cards stand out."""

from __future__ import annotations

from typing import Any

from habitue.report import charts, figures, sections_data, sections_sales
from habitue.report.key_figures import KEY_FIGURES
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Link, Prose, Section
from habitue.web.pages import Page, data_file, data_lists
from habitue.web.view import Content, View

HEAD = ("rows_used", "identified", "returns")
"""Key figures at the head."""

MOST_REASONS = 30
MOST_PLACES = 30


def build(view: View) -> Content:
    """The page on the data."""
    c = view.context
    sections = [
        sections_data.reconciliation(c, lambda file_id: view.url("data", file_id)),
        sections_data.reading(c, lambda file_id: view.url("data", file_id)),
        _refused(view),
        _plan(view),
        sections_sales.kinds(c),
        sections_sales.returns(c),
        _oddities(view),
    ]
    shown = [found.figure for code in HEAD if (found := KEY_FIGURES[code](c)) is not None]
    return Content(view.text("data.title"), sections, _answer(view), shown, labels=c.labels)


def item(view: View, name: str) -> Content:
    """One file by its id, or one of the lists."""
    return data_lists.item(view, name) if name in data_lists.LISTS else data_file.item(view, name)


def _answer(view: View) -> str:
    """Files read, whether they add up, rows refused."""
    c = view.context
    rows = figures.rows_of(c.tables, "reconciliation")
    told = [view.text("data.files", count=len(figures.rows_of(c.tables, "files")))]
    broken = {row["file_id"] for row in rows if figures.amount_gap(row) or figures.rows_gap(row)}
    if rows:
        count = len(broken) or len({row["file_id"] for row in rows})
        told.append(view.text("data.broken" if broken else "data.holds", count=count))
    refused = view.published.count(view.run, "quarantine") if view.published.has(view.run, "quarantine") else 0
    told.append(view.text("data.refused_some", count=refused) if refused else view.text("data.refused_none"))
    return " ".join(told)


def _refused(view: View) -> Section:
    """Refused rows by file and reason, each opening them."""
    c = view.context
    title = c.text("quarantine.title")
    rows = data_lists.refused_by(view)
    if not rows:
        return Section("quarantine", title, [Prose(c.text("quarantine.none"), is_empty_state=True)], c.labels)
    count = view.published.count(view.run, "quarantine")
    grid = Grid(
        view.text("data.refused_caption"),
        [
            c.column("file"),
            c.column("reason"),
            Column(view.text("data.refused_count"), is_number=True),
            c.column("source_amount"),
        ],
        [
            [
                Cell(row["file"], href=view.url("data", data_lists.REFUSED, is_file=row["file"])),
                Cell(
                    c.words.term("reason", row["reason"], default=row["reason"]),
                    href=view.url("data", data_lists.REFUSED, is_file=row["file"], is_reason=row["reason"]),
                ),
                Cell(c.words.number(row["rows"])),
                data_lists.amount_refused(view, row),
            ]
            for row in rows[:MOST_REASONS]
        ],
        note=c.text("first_rows", shown=MOST_REASONS, count=len(rows), command="`habitue show quarantine`")
        if len(rows) > MOST_REASONS
        else "",
        table="quarantine",
    )
    more = Link(view.text("data.refused_all", count=count), view.url("data", data_lists.REFUSED))
    return Section("quarantine", title, [Prose(c.text("quarantine.lead", count=count)), grid, more], c.labels)


def _plan(view: View) -> Section:
    """The collection plan: what most is at stake for, where, and item by item."""
    c = view.context
    section = sections_data.collection_plan(c)
    rows = figures.rows_of(c.tables, "collection_plan")
    if not rows:
        return section
    lead, items = section.blocks
    assert isinstance(items, Grid)
    more = Link(view.text("data.plan_all", count=len(rows)), view.url("data", data_lists.MISSING))
    blocks = [lead, _at_stake(view, rows), _places(view, rows), Fold(items.caption, [items]), more]
    return Section("plan", section.title, blocks, c.labels)


def _at_stake(view: View, rows: figures.Rows) -> Block:
    """Amount at stake by what is missing."""
    c = view.context
    found = figures.totals(rows, ("finding",), ("lines_count", "total_lines_count", "at_stake_amount"))
    found.sort(key=lambda row: (-row["at_stake_amount"], row["finding"]))

    def named(row: dict[str, Any]) -> str:
        return sections_data.finding(c, row["finding"])

    bars = [charts.Bar(named(row), row["at_stake_amount"], c.short(row["at_stake_amount"])) for row in found]
    grid = Grid(
        c.text("plan.caption", currency=c.currency),
        [
            c.column("finding"),
            c.column("collection_plan.lines_count"),
            c.column("collection_plan.share"),
            c.column("at_stake_amount"),
        ],
        [
            [
                Cell(named(row), href=view.url("data", data_lists.MISSING, is_finding=row["finding"])),
                Cell(c.words.number(row["lines_count"]), c.text("plan.of", total=row["total_lines_count"])),
                Cell(c.words.share(figures.share_of(row["lines_count"], row["total_lines_count"]))),
                Cell(c.money(row["at_stake_amount"])),
            ]
            for row in found
        ],
        table="collection_plan",
    )
    return c.chart(
        lambda width: charts.bars(bars, width),
        grid,
        "collection-plan",
        title=view.text("data.plan_finding", finding=named(found[0]), amount=c.short(found[0]["at_stake_amount"])),
        subtitle=view.text("data.plan_subtitle", currency=c.currency),
    )


def _places(view: View, rows: figures.Rows) -> Block:
    """Each store beside each thing that is missing; what no store is named for, by its source."""
    c = view.context
    placed = [{**row, "without": None if row["store_id"] else row["source"]} for row in rows]
    measures = ("lines_count", "total_lines_count", "at_stake_amount")
    sums = figures.totals(placed, ("store_id", "without", "finding"), measures)
    by_place: dict[tuple[str | None, str | None], dict[str, dict[str, Any]]] = {}
    for row in sums:
        by_place.setdefault((row["store_id"], row["without"]), {})[row["finding"]] = row
    stakes = figures.totals(sums, ("finding",), ("at_stake_amount",))
    findings = [row["finding"] for row in sorted(stakes, key=lambda row: (-row["at_stake_amount"], row["finding"]))]

    def at_stake(place: tuple[str | None, str | None]) -> int:
        return sum(row["at_stake_amount"] for row in by_place[place].values())

    ranked = sorted(by_place, key=lambda place: (-at_stake(place), place[0] or "", place[1] or ""))

    def cell(row: dict[str, Any] | None) -> Cell:
        if row is None:
            return Cell("–")
        share = figures.share_of(row["lines_count"], row["total_lines_count"])
        return Cell(c.words.share(share), c.short(row["at_stake_amount"]))

    def named(store: str | None, source: str | None) -> Cell:
        if store is None:
            return Cell(c.written(source), href=view.url("data", data_lists.MISSING, is_source=source))
        return Cell(c.store(store), href=view.url("data", data_lists.MISSING, is_store_id=store))

    body = [[named(*place), *(cell(by_place[place].get(code)) for code in findings)] for place in ranked[:MOST_PLACES]]
    columns = [c.label("place"), *(Column(sections_data.finding(c, code), is_number=True) for code in findings)]
    note = (
        c.text("first_rows", shown=MOST_PLACES, count=len(ranked), command="`habitue show collection-plan`")
        if len(ranked) > MOST_PLACES
        else ""
    )
    return Grid(view.text("data.plan_places", currency=c.currency), columns, body, note=note, table="collection_plan")


def _oddities(view: View) -> Section:
    """How long the lists of tickets and cards are, each opening."""
    rows = []
    for name in (data_lists.RESENT, data_lists.CONFLICTS, data_lists.CARDS):
        table = data_lists.LISTS[name].table
        count = view.published.count(view.run, table) if view.published.has(view.run, table) else 0
        rows.append(
            [
                Cell(view.text(f"data.{name}"), href=view.url("data", name) if count else ""),
                Cell(view.words.number(count) if count else view.text("data.nothing_there")),
                Cell(view.text(f"data.{name}_handled") if count else "–"),
            ]
        )
    columns = [
        Column(view.text("data.list")),
        Column(view.text("data.entries"), is_number=True),
        Column(view.text("data.handled")),
    ]
    grid = Grid(view.text("data.oddities_caption"), columns, rows)
    return Section(
        "oddities", view.text("data.oddities"), [Prose(view.text("data.oddities_lead")), grid], view.whole.labels
    )


PAGE = Page(
    "data",
    build,
    item,
    anchors=("reconciliation", "files", "quarantine", "plan", "kinds", "returns", "oddities"),
)
