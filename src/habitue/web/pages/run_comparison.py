"""Two runs side by side: figures, inputs, thresholds, segments and who moved between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from habitue.errors import UsageError, message
from habitue.report import charts_movements as drawing
from habitue.report.context import Context, as_date
from habitue.report.evidence import Evidence, difference
from habitue.report.key_figures import evidence
from habitue.report.layout import Block, Cell, Column, Grid, Item, Items, Prose, Section, cells
from habitue.report.run_changes import calibrations, files, settings
from habitue.report.segment_figures import FEW, NOT_YET, STRATEGIC
from habitue.web import earlier
from habitue.web.view import Content, Filter, View
from habitue.workspace.catalogue import Run

SUBJECTS = ("population", "dimension", "file", "source", "sources", "channel")
"""Parameters of warnings that say what they are about."""

LIMITS = ("cycle_days", "new_days", "lost_days", "core_amount", "calibrated_on")


def compare(view: View, one: Run, other: Run, bar: Sequence[Filter]) -> Content:
    """What differs from one run to another.

    Raises:
        UsageError: they are the same.
    """
    if one.run_id == other.run_id:
        raise UsageError(message("web.runs.same_run", run=one.run_id))
    before, now = earlier.context_of(view, one), earlier.context_of(view, other)
    shown = [
        Section("figures", view.text("runs.figures"), _figures(view, (one, before), (other, now)), now.labels),
        Section("inputs", view.text("runs.inputs_changed"), inputs_changed(view, one, other, before, now)),
        Section("thresholds", view.text("runs.thresholds_title"), _limits(view, one, other)),
        Section("sizes", view.text("runs.sizes"), _sizes(view, one, other, before, now), now.labels),
        Section("moves", view.text("runs.moves"), _moves(view, one, other, now), now.labels),
    ]
    told = view.text("runs.answer_compare", one=earlier.named(view, one), other=earlier.named(view, other))
    if _limits_of(one) != _limits_of(other):
        told = f"{told} {view.text('runs.limits_differ')}"
    trail = [(view.text("runs.nav"), view.url("runs"))]
    return Content(view.text("runs.title_compare"), shown, told, filters=bar, labels=now.labels, trail=trail)


def _heads(view: View, one: Run, other: Run, first: str, *more: str) -> list[Column]:
    """A name, the two runs, and what follows."""
    days = [view.words.date(as_date(run.manifest["as_of"])) for run in (one, other)]
    if days[0] == days[1]:
        days = [run.run_id for run in (one, other)]
    return [Column(view.text(f"runs.{first}")), *(Column(day, True) for day in days),
            *(Column(view.text(f"runs.{name}")) for name in more)]  # fmt: skip


def _figures(view: View, one: tuple[Run, Context], other: tuple[Run, Context]) -> list[Block]:
    before, now = ({found.code: found for found in evidence(c)} for _, c in (one, other))
    rows = []
    for code in dict.fromkeys([*now, *before]):
        then, this = before.get(code), now.get(code)
        known = this or then
        assert known is not None
        told = difference(other[1], this, then) if this and then else view.text("runs.not_there")
        rows.append([Cell(known.label), _value(view, one[0], then), _value(view, other[0], this), Cell(told)])
    if not rows:
        return [Prose(view.text("runs.found_nothing"), is_empty_state=True)]
    columns = _heads(view, one[0], other[0], "figure", "difference")
    return [Grid(view.text("runs.figures_caption"), columns, rows)]


def _value(view: View, run: Run, found: Evidence | None) -> Cell:
    if found is None:
        return Cell("–")
    return Cell(found.shown, found.interval, href=view.url("figures", found.code, run=run.run_id))


def inputs_changed(view: View, one: Run, other: Run, before: Context, now: Context) -> list[Block]:
    """Files that came and went, settings and versions that differ, warnings that are new or gone."""
    new, gone = files(other.manifest, one.manifest)
    items: list[Item] = []
    for name, some in (("file_new", new), ("file_gone", gone)):
        told = [view.text(f"runs.{name}", file=file["file"], source=file["source"], rows=file["rows"]) for file in some]
        items += [Item("note", text, "") for text in told]
    if one.manifest["settings_hash"] != other.manifest["settings_hash"]:
        hashes = {"one": one.manifest["settings_hash"], "other": other.manifest["settings_hash"]}
        items.append(Item("look", view.text("runs.settings_differ", **hashes), ""))
        for name, value, was in settings(other.manifest, one.manifest):
            told = {"name": _setting(view, name), "was": _said(view, was), "value": _said(view, value)}
            items.append(Item("note", view.text("runs.setting", **told), ""))
    versions = [run.manifest.get("versions") or {} for run in (one, other)]
    items += [
        Item("note", view.text("runs.version", name=name, was=versions[0].get(name), value=version), "")
        for name, version in versions[1].items()
        if versions[0].get(name) != version
    ]
    for name, level, c, run, past in (
        ("warning_new", "look", now, other, one), ("warning_gone", "note", before, one, other)
    ):  # fmt: skip
        known = {_about(warning) for warning in past.manifest.get("warnings") or ()}
        for warning, told in zip(run.manifest.get("warnings") or (), earlier.warnings(c, run), strict=True):
            if _about(warning) not in known:
                items.append(Item(level, view.text(f"runs.{name}", told=told), ""))
    return [Items(items)] if items else [Prose(view.text("runs.inputs_same"), is_empty_state=True)]


def _about(warning: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a warning is about, whatever it says of it: two runs that say it with other figures warn of the same."""
    params = warning.get("params") or {}
    return (warning["code"], *(params.get(name) for name in SUBJECTS))


def _setting(view: View, name: str) -> str:
    for code in (f"report.fact.{name}", f"web.runs.{name}"):
        if view.words.knows(code):
            return view.words.text(code)
    return name


def _said(view: View, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    if isinstance(value, list):
        return view.words.listing(value)
    if isinstance(value, float):
        return view.words.number(value)
    value = as_date(value)
    return "–" if value is None else str(value) if isinstance(value, str | int) else view.words.date(value)


def _limits_of(run: Run) -> dict[str, tuple[Any, ...]]:
    return {name: tuple(row[limit] for limit in LIMITS[:-1]) for name, row in calibrations(run.manifest).items()}


def _limits(view: View, one: Run, other: Run) -> list[Block]:
    """The thresholds of every population in both runs."""
    was, now = calibrations(one.manifest), calibrations(other.manifest)
    if not was and not now:
        return [Prose(view.text("runs.thresholds_none"), is_empty_state=True)]
    c, rows = view.whole, []

    def said(row: Mapping[str, Any] | None, limit: str) -> str:
        value = row[limit] if row else None
        if value is None:
            return "–"
        if limit == "core_amount":
            return c.money(value)
        return c.words.date(as_date(value)) if limit == "calibrated_on" else c.words.number(value)

    for population in dict.fromkeys([*now, *was]):
        for limit in LIMITS:
            values = [said(row.get(population), limit) for row in (was, now)]
            told = view.text("figures.same" if values[0] == values[1] else "runs.differs")
            name = view.words.term("column", f"calibration.{limit}")
            rows.append([Cell(name, c.population(population)), *cells(*values, told)])
    same = _limits_of(one) == _limits_of(other)
    columns = _heads(view, one, other, "threshold", "difference")
    grid = Grid(view.text("runs.thresholds_caption", currency=c.currency), columns, rows)
    return [Prose(view.text("runs.limits_same" if same else "runs.limits_differ")), grid]


def _sizes(view: View, one: Run, other: Run, before: Context, now: Context) -> list[Block]:
    """Customers and share of each strategic segment in both runs, by population."""
    rows = []
    for population in dict.fromkeys([*now.segments.populations, *before.segments.populations]):
        was = {row["segment"]: row for row in before.segments.sizes(STRATEGIC, population)}
        for row in now.segments.sizes(STRATEGIC, population):
            then = was.get(row["segment"])
            rows.append(
                [
                    Cell(now.segment(STRATEGIC, row["segment"]), now.population(population), segment=row["segment"]),
                    _size(view, then),
                    _size(view, row),
                    Cell(size_change(view, now, row, then)),
                ]
            )
    if not rows:
        return [Prose(now.text("segments.none"), is_empty_state=True)]
    columns = _heads(view, one, other, "segment", "difference")
    return [Grid(view.text("runs.sizes_caption"), columns, rows)]


def _size(view: View, row: Mapping[str, Any] | None) -> Cell:
    if row is None:
        return Cell("–")
    share = row["customers_share"]
    return Cell(view.words.number(row["customers_count"]), "" if share is None else view.words.share(share))


def size_change(view: View, c: Context, row: Mapping[str, Any], then: Mapping[str, Any] | None) -> str:
    """By how many customers and, where there is a share, by how many points."""
    if then is None:
        return "–"
    change = row["customers_count"] - then["customers_count"]
    told = ("+" if change > 0 else "") + c.words.number(change)
    if row["customers_share"] is None or then["customers_share"] is None:
        return told
    points = (row["customers_share"] - then["customers_share"]) * 100
    shown = c.words.number(points, decimals=1)
    return view.text("runs.by_points", change=told, points=("+" if points > 0.05 else "") + shown)


def _moves(view: View, one: Run, other: Run, c: Context) -> list[Block]:
    """Customers by strategic segment in the one run and the other, of the main population."""
    if not (view.published.has(one, "assignments") and view.published.has(other, "assignments")):
        return [Prose(view.text("runs.moves_none"), is_empty_state=True)]
    population = c.segments.populations[0] if c.segments.populations else None
    found = view.published.query(
        other,
        "WITH was AS "
        "(SELECT customer_id, segment FROM {before.assignments} WHERE segmentation = ? AND population = ?), "
        "now AS (SELECT customer_id, segment FROM {assignments} WHERE segmentation = ? AND population = ?) "
        "SELECT was.segment AS start, now.segment AS finish, count(*) AS customers "
        "FROM was FULL JOIN now USING (customer_id) GROUP BY ALL",
        [STRATEGIC, population] * 2,
        before=one,
    ).to_pylist()
    if not found or population is None:
        return [Prose(view.text("runs.moves_none"), is_empty_state=True)]
    counts = {(row["start"], row["finish"]): row["customers"] for row in found}
    order = [*c.segments.segments(STRATEGIC), NOT_YET]
    starts = [name for name in order if any(start == name for start, _ in counts)]
    ends = [name for name in order if any(end == name for _, end in counts)]
    stayed = sum(count for (start, end), count in counts.items() if start == end and start != NOT_YET)
    known = sum(count for (start, end), count in counts.items() if start and end and start != NOT_YET)
    days = [view.words.date(as_date(run.manifest["as_of"])) for run in (one, other)]
    grid = _move_grid(view, c, counts, [*starts, None], [*ends, None], days, c.population(population))
    if not known:
        return [Prose(view.text("runs.moves_nobody"), is_empty_state=True), grid]

    def row(code: str, side: int) -> drawing.MatrixRow:
        size = sum(count for pair, count in counts.items() if pair[side] == code)
        return drawing.MatrixRow(c.segment(STRATEGIC, code), code, c.text("moves.customers", count=size))

    cells_of = [[_move(c, counts, start, end) for end in ends] for start in starts]
    chart = c.chart(
        lambda width: drawing.matrix(
            [row(code, 0) for code in starts], [row(code, 1) for code in ends], cells_of,
            row_title=view.text("runs.in_run", day=days[0]), column_title=view.text("runs.in_run", day=days[1]),
            width=width,
        ),
        grid, "run-movements", title=view.text("runs.moves_title", stayed=stayed, count=known),
        subtitle=view.text("runs.moves_subtitle", population=c.population(population)),
        note=view.text("runs.moves_note"),
    )  # fmt: skip
    return [chart]


def _move(c: Context, counts: Mapping[tuple[str | None, str | None], int], start: str, end: str) -> drawing.Move:
    count = counts.get((start, end), 0)
    total = sum(size for (first, last), size in counts.items() if first == start and last)
    share = count / total if total and start != NOT_YET else None
    told = c.words.number(count) if share is None else c.words.share(share, decimals=0)
    return drawing.Move(
        share, told, "" if share is None else c.words.number(count), is_small=total < FEW, is_diagonal=start == end
    )  # fmt: skip


def _move_grid(
    view: View,
    c: Context,
    counts: Mapping[tuple[str | None, str | None], int],
    starts: Sequence[str | None],
    ends: Sequence[str | None],
    days: Sequence[str],
    population: str,
) -> Grid:
    """Customers by segment in both runs; those that one of them does not know stand last."""

    def name(code: str | None) -> str:
        return view.text("runs.not_known") if code is None else c.segment(STRATEGIC, code)

    used = [[code for code in codes if any(pair[side] == code for pair in counts)] for side, codes in
            enumerate((starts, ends))]  # fmt: skip
    rows = [
        [
            Cell(name(start), segment=start or ""),
            *(Cell(c.words.number(counts.get((start, end), 0))) for end in used[1]),
        ]
        for start in used[0]
    ]
    columns = [Column(view.text("runs.segment")), *(Column(name(end), True) for end in used[1])]
    caption = view.text("runs.moves_caption", one=days[0], other=days[1], population=population)
    return Grid(caption, columns, rows)
