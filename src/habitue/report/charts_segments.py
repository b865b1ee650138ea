"""Charts of who the customers are: shares of segments, scores of recency and frequency, concentration of sales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from habitue.report import svg
from habitue.report.charts import (
    INK,
    LINE,
    MARK,
    PAPER,
    SEGMENT_COLOURS,
    SOFT,
    WIDE,
    as_svg,
    literal,
)


@dataclass(frozen=True)
class SegmentShare:
    """One segment: its name, code, share of customers and of sales, and the words beside the two bars."""

    label: str
    segment: str
    customers: float
    sales: float
    customers_text: str
    sales_text: str


def segment_shares(rows: Sequence[SegmentShare], width: int = WIDE) -> str:
    """Two bars a segment from a common zero: hollow for customers, full for sales."""
    labels_px = 14 + max((svg.text_px(row.label, 13) for row in rows), default=0)
    text_px = 10 + max(
        (svg.text_px(text, 12) for row in rows for text in (row.customers_text, row.sales_text)), default=0
    )
    values = [value for row in rows for value in (row.customers, row.sales)]
    low, high = min([0.0, *values]), max([0.01, *values])
    left = labels_px + (text_px if low < 0 else 0)
    px = max(width - left - text_px, 40) / (high - low)
    zero, parts = left - low * px, []
    for at, row in enumerate(rows):
        y, colour = at * 46 + 4, SEGMENT_COLOURS[row.segment]
        parts.append(svg.text(0, y + 22, row.label, fill=INK, size=13, weight=svg.BOLD))
        for value, words, top, is_full in (
            (row.customers, row.customers_text, y, False), (row.sales, row.sales_text, y + 18, True),
        ):  # fmt: skip
            length = abs(value) * px
            start = zero if value >= 0 else zero - length
            if length >= 3 and not is_full:
                parts.append(svg.box(start, top, length, 15, PAPER, stroke=colour))
            else:
                parts.append(svg.box(start, top, length, 15, colour))
            side = zero + length + 6 if value >= 0 else zero - length - 6
            anchor = "start" if value >= 0 else "end"
            parts.append(svg.text(side, top + 12, words, fill=INK, anchor=anchor))
    height = max(1, len(rows)) * 46 - 4
    parts.append(svg.box(zero - 0.5, 0, 1, height, SOFT))
    return svg.picture(width, height, parts)


@dataclass(frozen=True)
class HeatCell:
    """A cell: its strength from 0 to 1, its number, and a smaller line beneath."""

    strength: float
    text: str
    under: str = ""


def score_heat(
    cells: Sequence[Sequence[HeatCell]],
    rows: Sequence[tuple[str, str]],
    columns: Sequence[tuple[str, str]],
    *,
    row_title: str,
    column_title: str,
    width: int = WIDE,
) -> str:
    """A grid of numbers on a sequential scale.

    Args:
        cells: one list a row, from the top.
        rows: score and its range in words, from the top.
        columns: the same, from the left.
        row_title: what the rows are.
        column_title: what the columns are.
        width: in pixels.
    """
    is_wide = width >= WIDE
    left, cell_h, size = (170.0, 48.0, 12.0) if is_wide else (92.0, 46.0, 11.0)
    cell_w = (width - left) / len(columns)
    titles = svg.wrapped(column_title, size, width - left, 2)
    above = 16.0 * len(titles) + 8
    top = above + (36 if is_wide else 46)
    parts = [svg.text(left, 12 + 16 * at, line, fill=SOFT, size=size) for at, line in enumerate(titles)]
    for at, line in enumerate(svg.wrapped(row_title, size, left - 8, 4)[:4]):
        parts.append(svg.text(0, 12 + 15 * at, line, fill=SOFT, size=size))
    for at, (score, range_text) in enumerate(columns):
        more = svg.wrapped(range_text, size - 1, cell_w - 2, 1 if is_wide else 2)
        middle = left + (at + 0.5) * cell_w
        parts.append(svg.label(middle, (above + top - 4) / 2, [score], more, size=size, anchor="middle"))
    for down, ((score, range_text), line) in enumerate(zip(rows, cells, strict=True)):
        y = top + down * cell_h
        parts.append(svg.label(0, y + cell_h / 2, [score], svg.wrapped(range_text, size - 1, left - 10, 2), size=size))
        for at, cell in enumerate(line):
            parts += _heat_cell(left + at * cell_w, y, cell_w - 2, cell_h - 2, cell, size)
    return svg.picture(width, top + len(rows) * cell_h, parts)


def _heat_cell(x: float, y: float, width: float, height: float, cell: HeatCell, size: float) -> list[str]:
    colour, ink = svg.heat(cell.strength)
    middle, least = x + width / 2, y + height / 2
    shown = [svg.box(x, y, width, height, colour)]
    fit = svg.fitted(cell.text, size + 1, width - 4)
    if cell.under:
        shown.append(svg.text(middle, least - 2, cell.text, fill=ink, size=fit, anchor="middle", weight=svg.BOLD))
        shown.append(svg.text(middle, least + 13, cell.under, fill=ink, size=size - 1.5, anchor="middle"))
    else:
        shown.append(svg.text(middle, least + 5, cell.text, fill=ink, size=fit, anchor="middle"))
    return shown


def concentration(
    points: Sequence[tuple[float, float]],
    top: tuple[float, float],
    *,
    annotation: str,
    equal: str,
    percent: Sequence[str],
    x_title: str,
    y_title: str,
    width: int = WIDE,
) -> str:
    """The concentration curve, best customers first, with one point named.

    Args:
        points: share of customers and share of sales, rising.
        top: the point that is named.
        annotation: its words.
        equal: what the straight line means.
        percent: words for 0, 25, 50, 75 and 100 %.
        x_title: what the horizontal axis shows.
        y_title: what the vertical axis shows.
        width: in pixels.
    """
    import altair as alt

    side = min(width - 60, 430)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    high = max(1.0, *(y for _, y in points)) if points else 1.0
    words = f"{literal(list(percent))}[indexof({literal(ticks)}, datum.value)]"

    def axis(title: str, upright: bool) -> Any:
        placed = (
            {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": -46, "titleY": -10}
            if upright
            else {}
        )
        return alt.Axis(
            values=ticks, labelExpr=words, title=title, titleColor=SOFT, titleFontWeight=400, titleFontSize=12,
            labelColor=SOFT, gridColor=LINE, domainColor=SOFT, ticks=False, labelPadding=6, labelOverlap=False,
            **placed,
        )  # fmt: skip

    x = alt.X("x:Q", scale=alt.Scale(domain=[0, 1], nice=False), axis=axis(x_title, False))
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, high], nice=False), axis=axis(y_title, True))

    def data(rows: Sequence[tuple[float, float]], text: str = "") -> Any:
        return alt.Data(values=[{"x": a, "y": b, "text": text} for a, b in rows])

    named = alt.Chart(data([top], annotation))
    below = alt.Chart(data([(0.98, 0.2)], equal))
    layers = [
        alt.Chart(data([(0, 0), (1, 1)])).mark_line(color=SOFT, strokeDash=[4, 4], strokeWidth=1).encode(x=x, y=y),
        below.mark_text(align="right", color=SOFT, fontSize=12).encode(x=x, y=y, text="text:N"),
        alt.Chart(data(points))
        .mark_line(color=MARK, strokeWidth=3, interpolate="linear")
        .encode(x=x, y=y, order="x:Q"),
        named.mark_point(color=INK, fill=PAPER, opacity=1, size=90, strokeWidth=3).encode(x=x, y=y),
        named.mark_text(align="left", dx=14, dy=12, color=INK, fontSize=13, fontWeight=600, lineBreak="\n").encode(
            x=x, y=y, text="text:N"
        ),
    ]
    return as_svg(alt.layer(*layers).properties(width=side, height=min(side, 300)))
