"""The chart of revenue years ahead: today's customers and those who come after, with the interval of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from habitue.report import svg
from habitue.report.charts import BEFORE, INK, MARK, SOFT, WIDE


@dataclass(frozen=True)
class YearBar:
    """One year: its label, net of today's customers and of those who come after, words of the sum, its interval."""

    label: str
    known: float
    new: float
    text: str
    low: float | None = None
    high: float | None = None


def years_ahead(rows: Sequence[YearBar], *, known: str, new: str, width: int = WIDE) -> str:
    """Stacked bars from zero, a year below the other; a line from end to end of the interval.

    Args:
        rows: the years in order; what is below zero is drawn as nothing.
        known: what the first part of a bar is.
        new: what the second one is.
        width: in pixels.
    """
    size, row_px, bar_px = (12.0, 30.0, 15.0) if width >= WIDE else (10.5, 28.0, 13.0)
    left = 12 + max((svg.text_px(row.label, size) for row in rows), default=0)
    right = 14 + max((svg.text_px(row.text, size) for row in rows), default=0)
    most = max([1.0, *(max(row.known + row.new, row.high or 0.0) for row in rows)])
    px = max(width - left - right, 40) / most
    parts, top = [], 10.0
    for label, fill in ((known, MARK), (new, BEFORE)):
        parts += [svg.box(0, top - 9, 11, 11, fill), svg.text(17, top, label, fill=SOFT, size=size)]
        top += 18
    for at, row in enumerate(rows):
        middle = top + at * row_px + row_px / 2 - 6
        known_px, new_px = (max(value, 0.0) * px for value in (row.known, row.new))
        parts += [
            svg.text(left - 12, middle + size * 0.36, row.label, fill=INK, size=size, anchor="end"),
            svg.box(left, middle - bar_px / 2, known_px, bar_px, MARK),
            svg.box(left + known_px, middle - bar_px / 2, new_px, bar_px, BEFORE),
        ]
        end = left + known_px + new_px
        if row.low is not None and row.high is not None:
            low, high = (left + max(value, 0.0) * px for value in (row.low, row.high))
            parts += svg.whisker(low, high, middle)
            end = max(end, high)
        parts.append(svg.text(end + 8, middle + size * 0.36, row.text, fill=INK, size=size))
    parts.append(svg.box(left - 1, top - 4, 1, len(rows) * row_px - 4, SOFT))
    return svg.picture(width, top + len(rows) * row_px, parts)
