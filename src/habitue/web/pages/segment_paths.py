"""How a segment grew, where its customers came from and went to, and which segments of other kinds they are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from habitue.report import sections_movements
from habitue.report.charts_intervals import IntervalBar, interval_bars
from habitue.report.figures import share_of
from habitue.report.layout import Block, Cell, Column, Grid, Prose, Section, cells
from habitue.report.sections_segments import named
from habitue.report.segment_figures import FEW, NOT_YET, STRATEGIC
from habitue.web.opening import segment_url
from habitue.web.pages.segment_about import About

Step = tuple[date, date]
Row = dict[str, Any]


def trend(about: About) -> Section | None:
    """How many were in the segment at each date the run compares; None where it compares none."""
    c, counts, totals = about.c, dict[date, int](), dict[date, int]()
    for step in reversed(c.segments.steps):
        moves = c.segments.moves(about.population, step)
        for side, day in enumerate(step):
            sizes = sections_movements.sizes(moves, side)
            if moves:
                counts[day] = sizes[about.segment]
                totals[day] = sum(sizes.values()) - sizes[NOT_YET]
    if len(counts) < 2:
        return None
    days = sorted(counts)
    shares = {day: None if about.segment == NOT_YET else share_of(counts[day], totals[day]) for day in days}
    bars = [
        IntervalBar(c.words.date(day), counts[day], c.words.number(counts[day]), segment=about.colour) for day in days
    ]
    grid = Grid(
        about.text("trend_caption"),
        [
            Column(about.text("date")),
            c.column("segments.customers_count"),
            c.column("customers_share", number=True),
        ],
        [
            cells(c.words.date(day), c.words.number(counts[day]), c.words.share(shares[day]))
            for day in reversed(days)
        ],
        table="transitions",
        where=(("segmentation", STRATEGIC), ("population", about.population), ("to_segment", about.segment)),
    )  # fmt: skip
    first, last = days[0], days[-1]
    code = (
        "trend_same"
        if counts[first] == counts[last]
        else "trend_more"
        if counts[first] < counts[last]
        else "trend_less"
    )
    chart = c.chart(
        lambda width: interval_bars(bars, width=width),
        grid,
        f"trend-{about.segment}",
        title=about.text(code, count=abs(counts[last] - counts[first]), first=first, last=last),
        subtitle=about.text("trend_subtitle"),
        note=about.text("trend_note"),
    )
    return Section("trend", about.text("trend_title"), [chart], c.labels)


def paths(about: About, step: Step | None) -> Section | None:
    """Where the customers of the segment came from and went to between two dates."""
    moves = about.c.segments.moves(about.population, step) if step else {}
    if step is None or not moves:
        return None
    out = [row for (start, _), row in moves.items() if start == about.segment and row["customers_count"]]
    into = [row for (_, end), row in moves.items() if end == about.segment and row["customers_count"]]
    blocks = [_where_to(about, step, out), _where_from(about, step, into)]
    return Section("paths", about.text("paths_title"), blocks, about.c.labels)


def _where_to(about: About, step: Step, rows: list[Row]) -> Block:
    c, (first, last) = about.c, step
    when = {"first": first, "last": last}
    if not rows:
        return Prose(about.text("nobody_then", **when))
    count = sum(row["customers_count"] for row in rows)
    is_counted = rows[0]["row_share"] is not None
    rows.sort(key=lambda row: -row["customers_count"])
    stayed = next((row["customers_count"] for row in rows if row["to_segment"] == about.segment), 0)
    bars = [
        IntervalBar(
            c.segment(STRATEGIC, row["to_segment"]),
            row["row_share"] if is_counted else row["customers_count"],
            c.words.share(row["row_share"]) if is_counted else c.words.number(row["customers_count"]),
            row["low_share"], row["high_share"], row["to_segment"],
        )
        for row in rows
    ]  # fmt: skip
    note = about.text("few_note") if count < FEW and is_counted else ""
    return c.chart(
        lambda width: interval_bars(bars, width=width),
        _grid(about, step, rows, "to"),
        f"went-from-{about.segment}",
        title=about.text("went", count=count, stayed=stayed, share=share_of(stayed, count), **when),
        subtitle=about.text("went_subtitle", **when),
        note=note,
    )


def _where_from(about: About, step: Step, rows: list[Row]) -> Block:
    c, (first, last) = about.c, step
    when = {"first": first, "last": last}
    if not rows:
        return Prose(about.text("nobody_came", **when))
    count = sum(row["customers_count"] for row in rows)
    rows.sort(key=lambda row: -row["customers_count"])
    bars = [
        IntervalBar(
            c.segment(STRATEGIC, row["from_segment"]), row["customers_count"],
            c.words.number(row["customers_count"]), segment=row["from_segment"],
        )
        for row in rows
    ]  # fmt: skip
    came = sum(row["customers_count"] for row in rows if row["from_segment"] != about.segment)
    return c.chart(
        lambda width: interval_bars(bars, width=width),
        _grid(about, step, rows, "from"),
        f"came-to-{about.segment}",
        title=about.text("came", count=count, came=came, share=share_of(came, count), **when),
        subtitle=about.text("came_subtitle", **when),
    )


def _grid(about: About, step: Step, rows: Sequence[Row], side: str) -> Grid:
    """Moves out of (`to`) or into (`from`) the segment, with what was bought before and after."""
    c = about.c
    share = "row_share" if side == "to" else "column_share"
    intervals = [c.label("interval", number=True)] if side == "to" else []

    def interval(row: Row) -> str:
        if row["low_share"] is None:
            return "–"
        return f"{c.words.share(row['low_share'])} – {c.words.share(row['high_share'])}"

    first, last = (day.isoformat() for day in step)
    return Grid(
        about.text(f"{'went' if side == 'to' else 'came'}_caption", first=step[0], last=step[1], currency=c.currency),
        [
            c.column(f"{side}_segment"),
            c.column("transitions.customers_count"),
            c.column(share, number=True),
            *intervals,
            c.column("before_amount"),
            c.column("after_amount"),
        ],
        [
            [
                named(c, STRATEGIC, row[f"{side}_segment"]),
                *cells(
                    c.words.number(row["customers_count"]),
                    c.words.share(row[share]),
                    *([interval(row)] if intervals else []),
                    c.money(row["before_amount"]),
                    c.money(row["after_amount"]),
                ),
            ]
            for row in rows
        ],
        table="transitions",
        where=(
            ("segmentation", STRATEGIC), ("population", about.population), ("from_on", first), ("to_on", last),
            ("from_segment" if side == "to" else "to_segment", about.segment),
        ),
    )  # fmt: skip


def crossed(about: About) -> Section | None:
    """Which segments of other segmentations the customers are in, and what those of an earlier date bought next."""
    c = about.c
    others = c.segments.segmentations if about.is_strategic else (STRATEGIC,)
    grids = [grid for other in others if (grid := _crossed(about, other)) is not None]
    if not grids:
        return None
    return Section("crossed", about.text("crossed_title"), [Prose(about.text("crossed_lead")), *grids], c.labels)


def _crossed(about: About, other: str) -> Grid | None:
    c, now = about.c, _today(about, other)
    found = c.segments.crossing(about.segmentation if other == STRATEGIC else other, about.population)
    place = 0 if about.is_strategic else 1
    then = {key[1 - place]: row for key, row in found.items() if key[place] == about.segment}
    codes = [code for code in c.segments.segments(other) if code in then or now.get(code)]
    if not codes:
        return None
    some = next(iter(found.values()), None)
    columns, today, total = [c.column("segment")], sum(now.values()), sum(r["customers_count"] for r in then.values())
    if now:
        columns += [Column(about.text("crossed_now"), True), Column(about.text("crossed_share"), True)]
    if some:
        when = {"first": some["from_on"], "last": some["to_on"]}
        columns += [
            Column(about.text("crossed_then", **when), True), Column(about.text("crossed_share"), True),
            Column(about.text("crossed_next", **when), True),
        ]  # fmt: skip

    def line(code: str) -> list[Cell]:
        name = c.segment(other, code)
        row = [Cell(name, segment=code if other == STRATEGIC else "", href=segment_url(about.view, other, code))]
        if now:
            count = now.get(code, 0)
            row += cells(c.words.number(count), c.words.share(share_of(count, today)))
        if some:
            pair = then.get(code)
            count = pair["customers_count"] if pair else 0
            each = Cell(
                c.money(pair["next_per_head_amount"]) if pair else "–",
                c.text("moves.small") if pair and count < FEW else "",
            )
            row += [*cells(c.words.number(count), c.words.share(share_of(count, total))), each]
        return row

    picked = (("strategic_segment", about.segment),) if about.is_strategic else (("segment", about.segment),)
    name = other if about.is_strategic else about.segmentation
    return Grid(
        about.text("crossed_caption", segmentation=c.segmentation(other), currency=c.currency),
        columns,
        [line(code) for code in codes],
        table="segment_crossing" if some else "",
        where=(("segmentation", name), ("population", about.population), *picked),
    )


def _today(about: About, other: str) -> dict[str, int]:
    """Customers of the segment by segment of another segmentation today, where the run has them side by side."""
    view, columns = about.view, {STRATEGIC: "strategic_segment", "ten": "ten_segment"}
    mine, theirs = columns.get(about.segmentation), columns.get(other)
    if mine is None or theirs is None or not view.published.has(view.run, "customer_profiles"):
        return {}
    found = view.published.query(
        view.run,
        f"SELECT {theirs} AS segment, count(*) AS customers FROM {{customer_profiles}} "
        f"WHERE {mine} = ? AND population = ? AND {theirs} IS NOT NULL GROUP BY 1",
        [about.segment, about.population],
    )
    return {row["segment"]: row["customers"] for row in found.to_pylist()}
