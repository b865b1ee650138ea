"""Where the base is heading: revenue and segments years ahead, scenarios of new customers, and what that was worth."""

from __future__ import annotations

from typing import Any

from habitue.report.charts_projection import YearBar, years_ahead
from habitue.report.context import Context
from habitue.report.figures import Rows, rows_of
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Prose, Section, cells
from habitue.report.sections_segments import named
from habitue.report.segment_figures import STRATEGIC
from habitue.segments.transitions import WHOLE

ACQUIRED, KNOWN = "acquired", "known"
OWN = "own"

Totals = dict[tuple[float, int], dict[str, Any]]
"""Rows of everybody by acquisition multiple and year."""


def projection(c: Context, multiple: float = 1.0) -> Section | None:
    """Revenue and segments of the populations that are projected; the first in full, others folded.

    Args:
        c: words and tables.
        multiple: new customers a year, as a multiple of last year's; the nearest projected is shown.
    """
    made: dict[str, Rows] = {}
    for row in rows_of(c.tables, "projection"):
        made.setdefault(row["population"], []).append(row)
    populations = [name for name in c.segments.populations if name in made]
    if not populations:
        return None
    main, *others = populations
    blocks: list[Block] = [*_population(c, main, made[main], multiple)]
    for name in others:
        heading = c.heading("projection.other", population=c.population(name))
        blocks.append(
            Fold(heading, [one for one in _population(c, name, made[name], multiple) if not isinstance(one, Fold)])
        )
    return Section("projection", c.text("projection.title"), blocks, c.labels)


def _population(c: Context, population: str, rows: Rows, multiple: float) -> list[Block]:
    multiples = sorted({row["acquisition_multiple"] for row in rows})
    usual = min(multiples, key=lambda one: abs(one - multiple))
    totals = {(row["acquisition_multiple"], row["year"]): row for row in rows if row["segment"] == WHOLE}
    years = sorted({year for _, year in totals})
    chosen = [row for row in rows if row["acquisition_multiple"] == usual]
    blocks: list[Block] = [
        Prose(_finding(c, chosen, totals, usual, years)),
        _chart(c, population, totals, usual, years),
        _segment_grid(c, population, chosen, years),
    ]
    if len(multiples) > 1 and _came(chosen, 0):
        blocks.append(_scenario_grid(c, population, totals, multiples, years[1:]))
    return [*blocks, *_tested(c, population)]


def _finding(c: Context, rows: Rows, totals: Totals, usual: float, years: list[int]) -> str:
    total, before, last = totals[usual, 1], totals[usual, 0], totals[usual, years[-1]]
    about = {
        "first": total["from_on"],
        "last": total["to_on"],
        "amount": c.short(total["expected_amount"]),
        "low": c.short(total["low_95_amount"]),
        "high": c.short(total["high_95_amount"]),
        "change": c.change_short(total["expected_amount"], before["expected_amount"]),
    }
    came = _came(rows, 1)
    if not came:
        told = c.text("projection.finding_alone", **about)
        return told if _came(rows, 0) else f"{told} {c.text('projection.nobody_came')}"
    told = c.text("projection.finding", came=came, **about)
    if (0.0, 1) not in totals:
        return told
    alone, later = totals[0.0, 1], totals[0.0, years[-1]]
    more = c.text(
        "projection.without_new",
        alone=c.short(alone["expected_amount"]),
        new=c.short(total["expected_amount"] - alone["expected_amount"]),
        day=last["to_on"],
        later=c.short(later["expected_amount"]),
        with_new=c.short(last["expected_amount"]),
    )
    return f"{told} {more}"


def _came(rows: Rows, year: int) -> int:
    """New customers of a year; 0: the last one."""
    return next(row["customers_count"] for row in rows if (row["segment"], row["year"]) == (ACQUIRED, year))


def _interval(c: Context, row: dict[str, Any]) -> str:
    if row["low_95_amount"] is None:
        return "–"
    return c.text("value.between", low=c.short(row["low_95_amount"]), high=c.short(row["high_95_amount"]))


def _chart(c: Context, population: str, totals: Totals, usual: float, years: list[int]) -> Block:
    """Each year's net: of today's customers, and what those who come after today add."""
    shown = [totals[usual, year] for year in years]
    alone = [totals.get((0.0, year), totals[usual, year])["expected_amount"] for year in years]
    labels = [c.words.date(row["to_on"]) for row in shown]
    bars = [
        YearBar(
            label, known, row["expected_amount"] - known, c.short(row["expected_amount"]), row["low_95_amount"],
            row["high_95_amount"],
        )
        for label, known, row in zip(labels, alone, shown, strict=True)
    ]  # fmt: skip
    known, new = c.text("projection.today"), c.text("projection.after_today")
    grid = Grid(
        c.text("projection.chart_caption", population=c.population(population), currency=c.currency),
        [c.label("year_to"), Column(known, True), Column(new, True), c.column("projection.expected_amount"),
         c.label("interval_95", number=True)],
        [
            cells(
                label if row["year"] else c.text("projection.last_year", day=row["to_on"]),
                c.money(part),
                c.money(row["expected_amount"] - part),
                c.money(row["expected_amount"]),
                _interval(c, row),
            )
            for label, part, row in zip(labels, alone, shown, strict=True)
        ],
        table="projection",
        where=(("population", population), ("segment", WHOLE)),
    )  # fmt: skip
    return c.chart(
        lambda width: years_ahead(bars, known=known, new=new, width=width),
        grid,
        "projection",
        title=c.text(
            "projection.chart_title", first=c.short(shown[0]["expected_amount"]), count=years[-1],
            last=c.short(shown[-1]["expected_amount"]),
        ),
        subtitle=c.text("projection.chart_subtitle", population=c.population(population)),
        note=c.text("projection.chart_note"),
    )  # fmt: skip


def _segment_grid(c: Context, population: str, rows: Rows, years: list[int]) -> Grid:
    """Customers by segment at the end of each year, what one of today is worth, and where the segment comes to rest."""
    found = {(row["segment"], row["year"]): row for row in rows}
    body = []
    for segment in (*c.segments.segments(STRATEGIC), WHOLE):
        if (segment, 1) not in found:
            continue
        last = found[segment, years[-1]]
        name = Cell(c.text("segments.total")) if segment == WHOLE else named(c, STRATEGIC, segment)
        if segment != WHOLE and last["basis"] != OWN:
            name = Cell(name.text, c.words.term("basis", last["basis"]), segment=segment)
        steady = last["steady_customers_count"]
        body.append(
            [
                name,
                *(_customers(c, found[segment, year]) for year in years),
                Cell("–" if steady is None else c.words.number(steady)),
                Cell(c.words.money(last["present_per_head_amount"], c.currency, whole=True)),
            ]
        )
    days = [found[WHOLE, year]["to_on"] for year in years]
    return Grid(
        c.text("projection.segments_caption", population=c.population(population), currency=c.currency),
        [
            c.column("segment"),
            *(Column(c.words.date(day), True) for day in days),
            c.label("steady", number=True),
            Column(c.text("projection.worth", count=years[-1]), True),
        ],
        body,
        1,
        note=c.text("projection.segments_note"),
        table="projection",
        where=(("population", population), ("acquisition_multiple", str(rows[0]["acquisition_multiple"]))),
    )


def _customers(c: Context, row: dict[str, Any]) -> Cell:
    if row["low_95_count"] is None:
        return Cell(c.words.number(row["end_customers_count"]))
    low, high = (c.words.number(row[f"{side}_95_count"]) for side in ("low", "high"))
    return Cell(c.words.number(row["end_customers_count"]), c.text("value.between", low=low, high=high))


def _scenario_grid(
    c: Context,
    population: str,
    totals: Totals,
    multiples: list[float],
    years: list[int],
) -> Grid:
    body = [
        [
            Cell(
                c.text("projection.scenario", share=c.words.share(multiple, decimals=0))
                if multiple
                else c.text("projection.scenario_none")
            ),
            *(Cell(c.short(row["expected_amount"]), _interval(c, row)) for row in (totals[multiple, y] for y in years)),
        ]
        for multiple in multiples
    ]
    return Grid(
        c.text("projection.scenarios_caption", population=c.population(population), currency=c.currency),
        [
            c.label("new_customers"),
            *(Column(c.words.date(totals[multiples[0], year]["to_on"]), True) for year in years),
        ],
        body,
        table="projection",
        where=(("population", population), ("segment", WHOLE)),
    )


def _tested(c: Context, population: str) -> list[Block]:
    """What the projection would have said at earlier dates, beside same as last year."""
    rows = [row for row in rows_of(c.tables, "projection_backtest") if row["population"] == population]
    used = [row for row in rows if row["is_used"] and row["segment"] in (WHOLE, KNOWN, ACQUIRED)]
    if not used:
        return [Prose(c.text("projection.untested"))]
    last = max((row for row in used if (row["segment"], row["year"]) == (WHOLE, 1)), key=lambda row: row["origin_on"])
    told = c.text(
        "projection.last_time",
        day=last["origin_on"],
        to=last["to_on"],
        promised=c.short(last["forecast_amount"]),
        came=c.short(last["actual_amount"]),
        bias=c.change_short(last["forecast_amount"], last["actual_amount"]),
        naive=c.short(last["naive_amount"]),
        naive_bias=c.change_short(last["naive_amount"], last["actual_amount"]),
    )
    split = c.text("projection.split" if last["is_tenure_split"] else "projection.not_split")
    order = (WHOLE, KNOWN, ACQUIRED)
    used.sort(key=lambda row: (-row["origin_on"].toordinal(), row["year"], order.index(row["segment"])))
    body = [
        cells(
            c.words.date(row["origin_on"]),
            c.words.date(row["to_on"]),
            c.text(f"projection.part_{row['segment']}"),
            c.short(row["forecast_amount"]),
            c.short(row["actual_amount"]),
            c.change_short(row["forecast_amount"], row["actual_amount"]),
            c.short(row["naive_amount"]),
            c.change_short(row["naive_amount"], row["actual_amount"]),
        )
        for row in used
    ]
    grid = Grid(
        c.text("projection.tested_caption", population=c.population(population), currency=c.currency),
        [
            c.column("origin_on"),
            c.label("year_to"),
            c.label("net_of"),
            c.label("promised", number=True),
            c.label("came", number=True),
            c.label("difference", number=True),
            c.label("as_last_year", number=True),
            c.label("difference", number=True),
        ],
        body,
        note=split,
        table="projection_backtest",
        where=(("population", population), ("is_used", "true")),
    )
    return [Prose(told), Fold(c.text("projection.all_tests"), [grid])]
