"""Figures: where each key figure comes from, down to the published rows, and how it stood in other runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from fastapi import HTTPException

from habitue.report import charts_intervals as drawing
from habitue.report.context import Context, as_date
from habitue.report.evidence import MONEY, Behind, Evidence, Part, difference, in_unit
from habitue.report.key_figures import KEY_FIGURES
from habitue.report.layout import Block, Cell, Column, Facts, Grid, Prose, Section, cells
from habitue.web import earlier, picking
from habitue.web.pages import Page
from habitue.web.view import Content, Picked, View
from habitue.workspace.catalogue import Run

FILTERED = frozenset({"population"})
NEEDS = {
    "sales": ("net_sales", "identified", "tickets", "basket", "customers", "returns", "rows_used"),
    "customers": ("core_customers", "core_net", "best_tenth", "gini", "eta_squared"),
    "forecast": ("expected", "critical", "fading", "fading_at_stake"),
    "promises": ("promises_kept",),
}
"""What each figure needs; a run without it cannot give the figure."""

MOST_RUNS = 24
"""Runs a figure is followed over; each is read for it."""


def build(view: View) -> Content:
    """All key figures of the run."""
    found = [one for code, make in KEY_FIGURES.items() if (one := make(_about(view, code).context))]
    grid = Grid(view.text("figures.caption", run=view.run.run_id), _columns(view), [_line(view, one) for one in found])
    blocks: list[Block] = [grid] if found else []
    given = {one.code for one in found}
    for need, codes in NEEDS.items():
        missing = [_name(view, code) for code in codes if code not in given]
        if missing:
            told = view.text("figures.missing", figures=view.words.listing(missing))
            blocks.append(Prose(f"{told} {view.text(f'figures.missing_{need}')}", is_empty_state=True))
    section = Section("figures", view.text("figures.list"), blocks, view.whole.labels)
    return Content(
        view.text("figures.title"), [section], view.text("figures.answer"), filters=view.filters(),
        labels=view.whole.labels,
    )  # fmt: skip


def _about(view: View, code: str) -> View:
    """The page for one figure: figures of sales are of all populations, whatever is picked."""
    return replace(view, uses=frozenset()) if code in NEEDS["sales"] else view


def _columns(view: View) -> list[Column]:
    names = ("figure", "value", "interval", "period", "population")
    return [Column(view.text(f"figures.{name}"), name == "value") for name in names]


def _line(view: View, one: Evidence) -> list[Cell]:
    return [
        Cell(one.label, href=view.url("figures", one.code)),
        *cells(one.shown, one.interval or "–", one.period, one.population),
    ]


def _name(view: View, code: str) -> str:
    """A figure that is not there; what a forecast is about and how far it looks is then not known."""
    return view.text("figures.name_expected") if code == "expected" else view.whole.text(f"figure.{code}")


def item(view: View, code: str) -> Content:
    """Where one figure comes from."""
    make = KEY_FIGURES.get(code)
    if make is None:
        raise HTTPException(404)
    view = _about(view, code)
    trail = [(view.text("figures.nav"), view.url("figures"))]
    title, one = view.text("figures.title_of"), make(view.context)
    if one is None:
        need = next(need for need, codes in NEEDS.items() if code in codes)
        told = view.words.named(
            _name(view, code), f"{view.text('figures.none')} {view.text(f'figures.missing_{need}')}"
        )
        section = Section("says", view.text("figures.says"), [Prose(told, is_empty_state=True)])
        return Content(title, [section, *_history(view, code, make)], filters=view.filters(), trail=trail)
    sections = [
        Section("says", view.text("figures.says"), _says(view, one, make), one.labels),
        Section("made", view.text("figures.made"), _made(view, one), one.labels),
        *_history(view, code, make),
        Section("inputs", view.text("figures.inputs"), _inputs(view), view.whole.labels),
    ]
    told = view.words.named(one.label, one.shown)
    return Content(
        title, sections, told + (f" ({one.interval})" if one.interval else ""), filters=view.filters(),
        labels=one.labels, trail=trail,
    )  # fmt: skip


def _says(view: View, one: Evidence, make: Callable[[Context], Evidence | None]) -> list[Block]:
    """Definition, unit, interval, period, population, comparisons."""
    words, c = view.words, view.context
    about = {"currency": c.currency} if one.unit == MONEY else {}
    meaning = words.named(words.text(f"{one.definition}.term"), words.text(f"{one.definition}.meaning"))
    facts = [("definition", meaning), ("unit", view.text(f"figures.unit_{one.unit}", **about))]
    facts += [("interval", one.interval)] if one.interval else []
    facts += [("period", one.period), ("population", one.population)]
    facts += [] if one.has_interval_in_change else [("change", one.change)]
    shown = [(_heading(view, name), told) for name, told in facts]
    last = earlier.before(view, view.run)
    past = make(_context(view, last)) if last else None
    if last and past:
        name = view.text("figures.against_before", day=as_date(last.manifest["as_of"]))
        shown.append((name, difference(c, one, past)))
    shown += [(view.text("figures.label"), c.text(f"label.{label}")) for label in one.labels]
    blocks: list[Block] = [Facts(shown)]
    if one.few is not None:
        blocks.append(Prose(view.text("figures.few", count=one.few)))
    return blocks


def _heading(view: View, name: str) -> str:
    told = view.text(f"figures.{name}")
    return told[:1].upper() + told[1:]


def _made(view: View, one: Evidence) -> list[Block]:
    """The formula, its numbers, and the rows behind each."""
    c = view.context
    facts = [(view.text("figures.formula"), one.formula)]
    if one.denominator is not None:
        top, under = (in_unit(c, part.value, part.unit) for part in (one.numerator, one.denominator))
        result = in_unit(c, one.value, one.unit)
        facts.append((view.text("figures.computed"), f"{top} ÷ {under} = {result}"))
    rows = [line for role, part in _parts(one) for line in _part_lines(view, role, part)]
    columns = [Column(view.text(f"figures.{name}"), name == "value") for name in
               ("number", "value", "made_of", "how")]  # fmt: skip
    return [Facts(facts), Grid(view.text("figures.rows_caption"), columns, rows)]


def _part_lines(view: View, role: str, part: Part) -> Iterator[list[Cell]]:
    """A line for each table whose rows make the number, or one that says its terms do."""
    told = [Cell(part.told, view.text(f"figures.{role}")), Cell(in_unit(view.context, part.value, part.unit))]
    if part.terms:
        yield [*told, Cell("–"), Cell(view.text("figures.sum_of_terms"))]
    for behind in part.behind:
        yield [
            *told,
            Cell(view.words.term("table", behind.table), _which(view, behind), href=_rows_url(view, behind)),
            Cell(_how(view, behind), view.text("figures.rounded") if behind.is_rounded else ""),
        ]


def _parts(one: Evidence) -> Iterator[tuple[str, Part]]:
    roles = ("numerator", "denominator") if one.denominator is not None else ("itself",)
    for role, part in zip(roles, filter(None, (one.numerator, one.denominator)), strict=True):
        yield role, part
        yield from (("term", term) for term in part.terms)


def _rows_url(view: View, behind: Behind) -> str:
    more = {picking.FIRST: str(behind.first)} if behind.first else {}
    if behind.sort:
        more[picking.SORT] = behind.sort
    if wanted := behind.total or "".join(behind.different[-1:]):
        more[picking.SUM] = wanted
    # Filters of the page are among the conditions already.
    bare = dict.fromkeys(FILTERED)
    return view.url("tables", behind.table.replace("_", "-"), **bare, **more, **picking.address(behind.where))


def _how(view: View, behind: Behind) -> str:
    def column(name: str) -> str:
        return view.words.term("column", f"{behind.table}.{name}")

    if behind.total:
        return view.text("figures.sum", column=column(behind.total))
    if behind.different:
        return view.text("figures.different", column=view.words.listing(column(name) for name in behind.different))
    return view.text("figures.counted")


def _which(view: View, behind: Behind) -> str:
    told = [words for _, words in picking.told(view, behind.table, behind.where)]
    if behind.first:
        by = view.words.term("column", f"{behind.table}.{behind.sort.lstrip('-')}")
        told.append(view.text("figures.first_rows", count=behind.first, column=by))
    return view.words.clauses(told) if told else view.text("figures.every_row")


def _context(view: View, run: Run) -> Context:
    """Of another run, with the filters of the page."""
    c = earlier.context_of(view, run)
    picks = {one.column: str(one.values[0]) for one in view.conditions}
    return Context(c.words, Picked(c.tables, picks), c.manifest)


def _history(view: View, code: str, make: Callable[[Context], Evidence | None]) -> list[Section]:
    """The figure in every run: a table, and a chart of three or more."""
    runs = list(reversed(view.published.runs()))[:MOST_RUNS]
    found = [(run, make(view.context if run.run_id == view.run.run_id else _context(view, run))) for run in runs]
    title = view.text("figures.before")
    if len(found) < 2:
        return [Section("runs", title, [Prose(view.text("figures.runs_none"), is_empty_state=True)])]
    label = next((one.label for _, one in found if one), _name(view, code))
    older = [*(one for _, one in found[1:]), None]
    c = view.context
    rows = [
        [
            Cell(run.run_id, view.text("figures.here") if run.run_id == view.run.run_id else "",
                 href="" if run.run_id == view.run.run_id else view.url("figures", code, run=run.run_id)),
            Cell(view.words.date(as_date(run.manifest["as_of"]))),
            Cell(one.shown if one else "–"),
            Cell((one.interval if one else "") or "–"),
            Cell(difference(c, one, past) if one and past else "–"),
        ]
        for (run, one), past in zip(found, older, strict=True)
    ]  # fmt: skip
    columns = [Column(view.text(f"figures.{name}"), name == "value") for name in
               ("run", "as_of", "value", "interval", "against_older")]  # fmt: skip
    grid = Grid(view.text("figures.runs_caption", figure=label), columns, rows)
    return [Section("runs", title, [*_drawn(view, label, found), grid], c.labels)]


def _drawn(view: View, label: str, found: Iterable[tuple[Run, Evidence | None]]) -> list[Block]:
    """Of three dates or more a chart; of several runs as of one date the newest, or the one the page is about."""
    drawn: dict[str, tuple[Run, Evidence]] = {}
    known = [(run, one) for run, one in found if one is not None]
    for run, one in known:
        if run.manifest["as_of"] not in drawn or run.run_id == view.run.run_id:
            drawn[run.manifest["as_of"]] = (run, one)
    if len(drawn) < 3:
        return []
    shown = [(view.words.date(as_date(day)), *drawn[day]) for day in sorted(drawn)]
    bars = [
        drawing.IntervalBar(
            day, one.value, one.shown, *(one.ends or (None, None)), is_hollow=run.run_id != view.run.run_id
        )
        for day, run, one in shown
    ]
    day, _, one = next((bar for bar in shown if bar[1].run_id == view.run.run_id), shown[-1])
    columns = [Column(view.text(f"figures.{name}"), name == "value") for name in ("as_of", "value", "interval")]
    table = Grid(
        view.text("figures.chart_caption", figure=label), columns,
        [cells(day, one.shown, one.interval or "–") for day, _, one in shown],
    )  # fmt: skip
    chart = view.whole.chart(
        lambda width: drawing.interval_bars(bars, width=width), table, "runs",
        title=view.text("figures.chart", figure=label, value=one.shown, day=day),
        subtitle=view.text("figures.chart_subtitle", figure=label),
        note=view.text("figures.chart_same_day") if len(drawn) < len(known) else "",
    )  # fmt: skip
    return [chart]


def _inputs(view: View) -> list[Block]:
    c, manifest = view.whole, view.run.manifest
    versions = ", ".join(f"{name} {version}" for name, version in (manifest.get("versions") or {}).items())
    facts = [
        ("run", view.run.run_id), ("as_of", view.words.date(c.as_of, long=True)),
        ("created", view.words.date(view.run.created_at)), ("settings_hash", manifest["settings_hash"]),
        ("versions", versions or "–"),
    ]  # fmt: skip
    return [Facts([(c.text(f"fact.{name}"), told) for name, told in facts]), files_grid(view, view.run)]


def files_grid(view: View, run: Run) -> Grid:
    """The files a run has read, each with the first characters of the fingerprint of its content."""
    c = view.whole
    rows = [
        [
            Cell(file["file"], href=view.url("data", file["file_id"], run=run.run_id)),
            Cell(file["source"]),
            Cell(view.words.number(file["rows"])),
            Cell(file["file_id"]),
        ]
        for file in run.manifest["files"]
    ]
    columns = [c.column("file"), c.column("source"), c.column("files.rows", number=True), c.column("file_id")]
    return Grid(view.text("figures.files_caption"), columns, rows)


PAGE = Page("figures", build, item, filters=FILTERED, in_menu=False)
