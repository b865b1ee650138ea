"""A file's reconciliation as steps: from what was read down to nothing, one step a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from habitue.report import svg
from habitue.report.charts import BEFORE, INK, MARK, SOFT, WIDE

LEAST_PX = 3.0
"""Width of a step too small to be seen at its own size."""


@dataclass(frozen=True)
class Step:
    """One class: its label, what it takes away (negative: what it adds), and that in words."""

    label: str
    value: float
    text: str
    is_soft: bool = False


def waterfall(whole: Step, steps: Sequence[Step], width: int = WIDE) -> str:
    """The whole as a bar from zero, under it each step from where the one before ended.

    Args:
        whole: what is taken apart.
        steps: its parts, in order; where they add up, the last ends at zero.
        width: in pixels.
    """
    size = 12.0 if width >= WIDE else 10.5
    rows, ends = [whole, *steps], [(0.0, float(whole.value))]
    left_over = float(whole.value)
    for step in steps:
        ends.append((left_over - step.value, left_over))
        left_over -= step.value
    labels_px = 12 + max(svg.text_px(row.label, size) for row in rows)
    is_stacked = labels_px > width * 0.4
    row_px, bar_px = (42.0, 13.0) if is_stacked else (30.0, 15.0)
    left = 1.0 if is_stacked else labels_px
    texts_px = 14 + max(svg.text_px(row.text, size) for row in rows)
    low, high = min(0.0, *(min(pair) for pair in ends)), max(0.0, *(max(pair) for pair in ends))
    px = max(width - left - texts_px, 40) / ((high - low) or 1.0)
    zero, parts = left - low * px, []
    for at, (row, pair) in enumerate(zip(rows, ends, strict=True)):
        middle = at * row_px + row_px - bar_px
        start, end = (zero + edge * px for edge in sorted(pair))
        colour = BEFORE if row.is_soft else MARK
        if row.value:
            parts.append(svg.box(start, middle - bar_px / 2, max(end - start, LEAST_PX), bar_px, colour))
        if at:  # from where the one before ended
            x = zero + pair[1] * px
            parts.append(svg.box(x - 0.5, middle - row_px + bar_px / 2, 1, row_px - bar_px, SOFT))
        y = middle - bar_px / 2 - 5 if is_stacked else middle + size * 0.36
        parts.append(svg.text(0, y, row.label, fill=INK, size=size))
        parts.append(svg.text(width - 1, middle + size * 0.36, row.text, fill=INK, size=size, anchor="end"))
    height = len(rows) * row_px + 2
    parts.append(svg.box(zero - 0.5, 0, 1, height, SOFT))
    return svg.picture(width, height, parts)
