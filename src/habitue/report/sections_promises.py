"""What earlier runs promised and what came of it; what this run promises."""

from __future__ import annotations

from typing import Any

from habitue.forecasts import SEGMENT_TOTAL, TOTAL
from habitue.report.context import Context
from habitue.report.figures import Rows, rows_of
from habitue.report.layout import Block, Cell, Grid, Prose, Section, cells
from habitue.report.sections_value import between
from habitue.report.segment_figures import STRATEGIC
from habitue.segments.transitions import WHOLE


def promises(c: Context) -> Section | None:
    """The track record: totals in a table, how often intervals held in a sentence."""
    waiting = rows_of(c.tables, "forecasts")
    if not waiting:
        return None
    scores = [row for row in rows_of(c.tables, "forecast_scores") if row["kind"] in (TOTAL, SEGMENT_TOTAL)]
    scores = [row for row in scores if row["is_counted"]]
    blocks: list[Block] = []
    for is_backdated in (False, True):
        judged = [row for row in scores if row["is_backdated"] == is_backdated and row["is_within_95"] is not None]
        segments = [row for row in judged if row["kind"] == SEGMENT_TOTAL]
        if segments:
            held = sum(row["is_within_95"] for row in segments) / len(segments)
            told = c.text("promises.kept", count=len(segments), share=held)
            blocks.append(Prose(f"{told} {c.text('promises.looking_back')}" if is_backdated else told))
    if scores:
        blocks.append(_grid(c, scores))
    day = max(row["to_on"] for row in waiting)
    blocks.append(Prose(c.text("promises.waiting", count=len(waiting), day=day)))
    return Section("promises", c.text("promises.title"), blocks, c.labels)


def _grid(c: Context, rows: Rows) -> Grid:
    order = [WHOLE, *c.segments.segments(STRATEGIC)]
    rows = sorted(rows, key=lambda row: (-row["to_on"].toordinal(), row["population"], order.index(row["subject"])))
    shown, note = c.shortened([_row(c, row) for row in rows], len(rows), "forecast_scores")
    return Grid(
        c.text("promises.caption", currency=c.currency),
        [
            c.column("forecast_scores.made_on"),
            c.column("population"),
            c.column("segment"),
            c.column("forecast_scores.expected_amount", number=True),
            c.label("interval_95", number=True),
            c.column("forecast_scores.actual_amount", number=True),
            c.label("came_over_promised", number=True),
            c.column("forecast_scores.is_within_95"),
        ],
        shown,
        note=" ".join(filter(None, (c.text("promises.note"), note))),
        table="forecast_scores",
        where=(("is_counted", "true"),),
    )


def _row(c: Context, row: dict[str, Any]) -> list[Cell]:
    subject = c.text("segments.total") if row["subject"] == WHOLE else c.segment(STRATEGIC, row["subject"])
    within = row["is_within_95"]
    made_on = Cell(c.words.date(row["made_on"]), c.text("promises.trial") if row["is_backdated"] else "")
    return [
        made_on,
        *cells(
            c.population(row["population"]),
            subject,
            c.short(row["expected_amount"]),
            between(c, row),
            c.short(row["actual_amount"]),
            c.change_short(row["actual_amount"], row["expected_amount"]),
            "–" if within is None else c.text("promises.yes" if within else "promises.no"),
        ),
    ]
