"""Bars with the interval of each always drawn: what segments will bring, where they go, how places differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from habitue.report import svg
from habitue.report.charts import BEFORE, INK, MARK, PAPER, SEGMENT_COLOURS, SOFT, WIDE


@dataclass(frozen=True)
class IntervalBar:
    """One bar: its label, its value with its words, its interval, the strategic segment whose colour it has.

    A soft or hollow one stands beside those that count; a stroke marks the value it is compared with.
    """

    label: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None
    segment: str = ""
    is_soft: bool = False
    is_hollow: bool = False
    beside: float | None = None


def interval_bars(
    rows: Sequence[IntervalBar], *, mark: float | None = None, mark_text: str = "", width: int = WIDE
) -> str:
    """Horizontal bars from zero in the order given, a line from end to end of each interval.

    Args:
        rows: the bars.
        mark: a value all are compared with, drawn as an upright line; None: none.
        mark_text: what it is.
        width: in pixels.
    """
    size, bar_px = (12.0, 15.0) if width >= WIDE else (10.5, 13.0)
    labels_px = 12 + max((svg.text_px(row.label, size) for row in rows), default=0)
    # On a telephone long labels stand above their bars: cut off, they could be taken for one another.
    is_stacked = labels_px > width * 0.45
    row_px = 46.0 if is_stacked else 30.0
    left = 1.0 if is_stacked else labels_px
    right = 14 + max((svg.text_px(row.text, size) for row in rows), default=0)
    values = [end for row in rows for end in (row.value, row.low, row.high, row.beside) if end is not None]
    low, high = min([0.0, *values]), max([0.0, *values, mark or 0.0])
    px = max(width - left - right, 40) / ((high - low) or 1.0)
    zero, top = left - low * px, 20.0 if mark is not None else 2.0
    height = top + len(rows) * row_px
    parts: list[str] = []
    texts: list[str] = []
    mark_at = None if mark is None else zero + mark * px
    for at, row in enumerate(rows):
        middle = top + at * row_px + row_px - bar_px
        colour = SEGMENT_COLOURS.get(row.segment, BEFORE if row.is_soft else MARK)
        start, end = sorted((zero, zero + row.value * px))
        if is_stacked:
            texts.append(svg.text(0, middle - bar_px / 2 - 5, row.label, fill=INK, size=size))
        else:
            texts.append(svg.text(0, middle + size * 0.36, row.label, fill=INK, size=size))
        is_hollow = row.is_hollow and end - start >= 3
        fill, stroke = (PAPER, colour) if is_hollow else (colour, "")
        parts.append(svg.box(start, middle - bar_px / 2, end - start, bar_px, fill, stroke=stroke))
        if row.low is not None and row.high is not None:
            ends = zero + row.low * px, zero + row.high * px
            parts += svg.whisker(*ends, middle)
            end = max(end, ends[1])
        if row.beside is not None:
            x = zero + row.beside * px
            parts += [svg.box(x - half, middle - 11, 2 * half, 22, fill) for half, fill in ((3.5, PAPER), (1.5, INK))]
            end = max(end, x)
        words_at = max(end, zero) + 8
        if mark_at is not None and words_at - 8 < mark_at < words_at + svg.text_px(row.text, size):
            words_at = mark_at + 8  # the line would go through the words
        texts.append(svg.text(words_at, middle + size * 0.36, row.text, fill=INK, size=size))
    if mark_at is not None:
        anchor = "end" if mark_at + svg.text_px(mark_text, size) > width else "start"
        texts.append(svg.text(mark_at, 12, mark_text, fill=SOFT, size=size, anchor=anchor))
        lines = [(17.0, height - 17)]
        if is_stacked:  # beside the bars only, so as not to go through their labels
            lines = [(top + at * row_px + row_px - 1.5 * bar_px - 3, bar_px + 6) for at in range(len(rows))]
        parts += [svg.box(mark_at - 0.75, y, 1.5, tall, INK) for y, tall in lines]
    parts.append(svg.box(zero - 0.5, top, 1, height - top, SOFT))
    return svg.picture(width, height, [*parts, *texts])
