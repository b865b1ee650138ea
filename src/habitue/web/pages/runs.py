"""Runs: what each run found, one run in full, and two runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from habitue import schemas
from habitue.report.context import Context, as_date
from habitue.report.documents import run_facts
from habitue.report.evidence import Evidence
from habitue.report.figures import rows_of
from habitue.report.key_figures import KEY_FIGURES, evidence
from habitue.report.layout import Block, Cell, Column, Facts, Grid, Item, Items, Link, Prose, Section, cells
from habitue.report.run_changes import calibrations, changes
from habitue.report.sections_segments import thresholds
from habitue.report.sections_value import between
from habitue.report.segment_figures import STRATEGIC
from habitue.segments.transitions import WHOLE
from habitue.web import earlier
from habitue.web.pages import Page, all_pages
from habitue.web.pages.figures import files_grid
from habitue.web.pages.run_comparison import compare
from habitue.web.view import Choice, Content, Filter, View
from habitue.workspace.catalogue import Run

MOST_RUNS = 60
"""Runs listed; each is read for it."""

FROM, TO = "a", "b"


def build(view: View) -> Content:
    """All runs, the newest first; two of them compared where the address names them."""
    runs = list(reversed(view.published.runs()))
    one, other = view.asked.get(FROM), view.asked.get(TO)
    bar = _bar(view, runs) if len(runs) > 1 else ()
    if one and other:
        return compare(view, earlier.run_of(view, one), earlier.run_of(view, other), bar)
    shown = runs[:MOST_RUNS]
    used = {run.run_id: _used(earlier.context_of(view, run)) for run in shown}
    rows = [_line(view, run, used) for run in shown]
    names = ("run", "as_of", "files", "used", "net_sales", "customers", "warnings", "thresholds", "changed", "pages")
    numbers = ("files", "used", "net_sales", "customers", "warnings")
    columns = [Column(view.text(f"runs.{name}"), name in numbers) for name in names]
    note = view.text("runs.shortened", shown=MOST_RUNS, count=len(runs)) if len(runs) > MOST_RUNS else ""
    blocks: list[Block] = [Grid(view.text("runs.caption"), columns, rows, note=note)]
    if len(runs) == 1:
        blocks.append(Prose(view.text("runs.only_one"), is_empty_state=True))
    return Content(
        view.text("runs.title"), [Section("runs", view.text("runs.list"), blocks, view.whole.labels)],
        view.text("runs.answer", count=len(runs), day=view.words.date(as_date(runs[0].manifest["as_of"]))),
        filters=bar, labels=view.whole.labels,
    )  # fmt: skip


def _bar(view: View, runs: Sequence[Run]) -> tuple[Filter, ...]:
    """The two runs to compare; at first the last one with the one before."""
    chosen = {FROM: view.asked.get(FROM) or runs[1].run_id, TO: view.asked.get(TO) or runs[0].run_id}
    bar = []
    for name, run_id in chosen.items():
        choices = [Choice(run.run_id, earlier.named(view, run), run.run_id == run_id) for run in runs]
        bar.append(Filter(name, view.text(f"runs.compare_{name}"), choices))
    return tuple(bar)


def _used(c: Context) -> int:
    return sum(row["used_rows"] for row in rows_of(c.tables, "reconciliation"))


def _line(view: View, run: Run, used: dict[str, int]) -> list[Cell]:
    c, last, words = earlier.context_of(view, run), earlier.before(view, run), view.words
    shown = {code: found for code in ("net_sales", "customers") if (found := KEY_FIGURES[code](c)) is not None}
    if last is None:
        told = view.text("runs.first")
    else:
        if last.run_id not in used:
            used[last.run_id] = _used(earlier.context_of(view, last))
        changed = changes(words, run.manifest, last.manifest, used[run.run_id], used[last.run_id])
        told = ", ".join(changed) or view.text("runs.nothing_changed")
    here = view.text("runs.shown") if run.run_id == view.run.run_id else ""
    made = view.text("runs.made", moment=words.date(run.created_at))
    return [
        Cell(run.run_id, made, href=view.url("runs", run.run_id)),
        Cell(words.date(as_date(run.manifest["as_of"]))),
        Cell(words.number(len(run.manifest["files"]))),
        Cell(words.number(used[run.run_id])),
        *(_figure(view, run, shown.get(code)) for code in ("net_sales", "customers")),
        Cell(words.number(len(run.manifest.get("warnings") or ()))),
        Cell(_thresholds(view, run)),
        Cell(told, href=view.url("runs", **{FROM: last.run_id, TO: run.run_id}) if last else ""),
        Cell(view.text("runs.open"), here, href=view.url(all_pages()[0].name, run=run.run_id)),
    ]


def _figure(view: View, run: Run, found: Evidence | None) -> Cell:
    return Cell(found.shown, href=view.url("figures", found.code, run=run.run_id)) if found else Cell("–")


def _thresholds(view: View, run: Run) -> str:
    """Whether the thresholds of the strategic segments were kept."""
    now = calibrations(run.manifest)
    if not now:
        return "–"
    previous = run.manifest.get("previous_run_id")
    run_before = view.published.run(previous) if previous else None
    before = calibrations(run_before.manifest) if run_before else None
    if before is None or before != {**before, **now}:
        return view.text("runs.thresholds_set")
    return view.text("runs.thresholds_kept", day=max(as_date(row["calibrated_on"]) for row in now.values()))


def item(view: View, run_id: str) -> Content:
    """One run in full."""
    run = earlier.run_of(view, run_id)
    c = earlier.context_of(view, run)
    found = evidence(c)
    shown = [
        Section("found", view.text("runs.found"), _found(view, run, found), c.labels),
        Section("facts", view.text("runs.facts"), _facts(view, run, c)),
        Section("inputs", view.text("runs.inputs"), [files_grid(view, run)]),
        Section("thresholds", view.text("runs.thresholds_title"), _limits(view, run, c)),
        Section("warnings", view.text("runs.warnings_title"), _warnings(view, run, c)),
        Section("promised", view.text("runs.promised"), _promised(view, c), c.labels),
        Section("tables", view.text("runs.tables"), _tables(view, run)),
    ]
    answer = view.text(
        "runs.answer_of", day=view.words.date(as_date(run.manifest["as_of"])), files=len(run.manifest["files"]),
        rows=_used(c), warnings=len(run.manifest.get("warnings") or ()),
    )  # fmt: skip
    trail = [(view.text("runs.nav"), view.url("runs"))]
    return Content(view.text("runs.title_of", run=run.run_id), shown, answer, labels=c.labels, trail=trail)


def _found(view: View, run: Run, found: Sequence[Evidence]) -> list[Block]:
    if not found:
        return [Prose(view.text("runs.found_nothing"), is_empty_state=True)]
    rows = [
        [
            Cell(one.label, href=view.url("figures", one.code, run=run.run_id)),
            *cells(one.shown, one.interval or "–", "–" if one.has_interval_in_change else one.change),
        ]
        for one in found
    ]
    columns = [Column(view.text(f"runs.{name}"), name == "value") for name in ("figure", "value", "interval", "change")]
    return [Grid(view.text("runs.found_caption", run=run.run_id), columns, rows)]


def _facts(view: View, run: Run, c: Context) -> list[Block]:
    """The manifest in words."""
    manifest, facts = run.manifest, run_facts(c)
    if until := manifest.get("data_until"):
        facts.append((view.text("runs.data_until"), view.words.date(as_date(until))))
    if read := manifest.get("reading_on"):
        facts.append((view.text("runs.reading_on"), view.words.date(as_date(read))))
    for source, basis in (manifest.get("tax_basis") or {}).items():
        facts.append((view.text("runs.tax", source=source), view.words.term("tax_basis", basis, default=basis)))
    if scoring := (manifest.get("settings") or {}).get("scoring"):
        facts.append((view.text("runs.scoring"), view.words.term("scoring", scoring, default=scoring)))
    for name in ("window_months", "step_months"):
        if months := (manifest.get("settings") or {}).get(name):
            facts.append((view.text(f"runs.{name}"), view.text("runs.months", count=months)))
    seconds = manifest.get("timings") or {}
    for name, taken in seconds.items():
        code = f"web.runs.time_{name}"
        name_told = view.words.text(code) if view.words.knows(code) else name
        facts.append((name_told, view.text("runs.seconds", count=taken)))
    blocks: list[Block] = [Facts(facts)]
    if last := earlier.before(view, run):
        href = view.url("runs", **{FROM: last.run_id, TO: run.run_id})
        blocks.append(Link(view.text("runs.compare_before", run=earlier.named(view, last)), href))
    return [*blocks, Link(view.text("runs.open_all"), view.url(all_pages()[0].name, run=run.run_id))]


def _limits(view: View, run: Run, c: Context) -> list[Block]:
    found = thresholds(c)
    if not found:
        return [Prose(view.text("runs.thresholds_none"), is_empty_state=True)]
    return [Prose(view.text("runs.thresholds_told", told=_thresholds(view, run))), *found]


def _warnings(view: View, run: Run, c: Context) -> list[Block]:
    items = [Item("look", told, "") for told in earlier.warnings(c, run)]
    return [Items(items)] if items else [Prose(view.text("runs.warnings_none"), is_empty_state=True)]


def _promised(view: View, c: Context) -> list[Block]:
    """The statements about the time ahead, and where their scores will be."""
    rows: list[dict[str, Any]] = rows_of(c.tables, "forecasts")
    if not rows:
        return [Prose(view.text("runs.promised_none"), is_empty_state=True)]
    order = (WHOLE, *c.segments.segments(STRATEGIC))
    place = {subject: at for at, subject in enumerate(order)}
    rows.sort(key=lambda row: (row["population"], row["kind"], place.get(row["subject"], 0)))
    body = [
        [
            *cells(
                c.words.term("forecast_kind", row["kind"], default=row["kind"]),
                c.text("segments.total") if row["subject"] == WHOLE else c.segment(STRATEGIC, row["subject"]),
                c.population(row["population"]),
            ),
            *_statement(c, row),
            Cell(c.words.date(row["to_on"])),
        ]
        for row in rows
    ]
    names = ("statement", "about", "population", "expected", "interval", "due")
    columns = [Column(view.text(f"runs.{name}"), name in ("expected", "interval")) for name in names]
    return [Grid(view.text("runs.promised_caption"), columns, body, table="forecasts")]


def _statement(c: Context, row: dict[str, Any]) -> list[Cell]:
    """What is expected, and its 95 % interval: an amount or a share."""
    if row["expected_amount"] is not None:
        return cells(c.short(row["expected_amount"]), between(c, row))
    ends = [c.words.share(row[f"{side}_95_share"]) for side in ("low", "high")]
    known = row["low_95_share"] is not None
    return cells(
        c.words.share(row["expected_share"]), c.text("value.between", low=ends[0], high=ends[1]) if known else "–"
    )


def _tables(view: View, run: Run) -> list[Block]:
    rows = [
        [
            Cell(
                view.words.term("table", schema.name), schema.name,
                href=view.url("tables", schema.name.replace("_", "-"), run=run.run_id),
            ),
            Cell(view.words.number(view.published.count(run, schema.name))),
        ]
        for schema in schemas.PUBLIC
        if view.published.has(run, schema.name)
    ]  # fmt: skip
    columns = [Column(view.text("runs.table")), Column(view.text("runs.rows"), is_number=True)]
    return [Grid(view.text("runs.tables_caption", run=run.run_id), columns, rows)]


PAGE = Page("runs", build, item)
