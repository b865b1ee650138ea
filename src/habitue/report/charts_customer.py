"""The chart of one customer: their days of purchase on a line of time, each as tall as what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from habitue.periods import Period
from habitue.report import svg
from habitue.report.charts import BEFORE, INK, LINE, MARK, SOFT, WIDE


@dataclass(frozen=True)
class Stem:
    """One day: what it brought, and whether it counts as a visit."""

    on: date
    amount: int
    is_visit: bool


def timeline(
    stems: Sequence[Stem],
    span: Period,
    window: Period,
    *,
    ticks: Sequence[tuple[date, str]],
    tallest: str,
    window_label: str,
    width: int = WIDE,
) -> str:
    """Stems from zero, with a dot at the end of a visit (where they are not too many) and a hollow one at no visit.

    Args:
        stems: days in any order, at least one.
        span: first and last day of the line.
        window: the days that frequency and value are counted in, drawn as a bar under the line.
        ticks: days to mark below, with their words.
        tallest: the amount of the tallest stem, in words.
        window_label: words for the window.
        width: in pixels.
    """
    highest = max(1, *(stem.amount for stem in stems))
    lowest = min(0, *(stem.amount for stem in stems))
    left, right, top, bottom = 8.0, 8.0, 22.0, 44.0
    height = 190.0
    px_day = (width - left - right) / max(1, (span.last_on - span.first_on).days)
    px_money = (height - top - bottom) / (highest - lowest)
    zero = top + highest * px_money

    def x(on: date) -> float:
        return left + (max(span.first_on, min(on, span.last_on)) - span.first_on).days * px_day

    crowd = len(stems) * 6 / width
    stem_px, dot_px = (2.0, 3.5) if crowd < 1 else (1.0, 2.0 if crowd < 3 else 0.0)
    parts = [
        svg.text(0, 11, tallest, fill=SOFT, size=11),
        svg.box(0, top, width, 1, LINE),
        svg.box(0, zero, width, 1, SOFT),
    ]
    for stem in stems:
        at, end = x(stem.on), zero - stem.amount * px_money
        colour = MARK if stem.is_visit else BEFORE
        parts.append(svg.box(at - stem_px / 2, min(zero, end), stem_px, abs(zero - end), colour))
        if dot_px or not stem.is_visit:
            parts.append(svg.dot(at, end, dot_px or 2.0, colour, is_full=stem.is_visit))
    floor = height - bottom + 8
    for on, words in ticks:
        parts.append(svg.box(x(on), floor - 3, 1, 9, SOFT))
        if x(on) + svg.text_px(words, 11) < width:
            parts.append(svg.text(x(on), floor + 18, words, fill=SOFT, size=11))
    begin, close = x(window.first_on), x(window.last_on)
    parts.append(svg.box(begin, floor, max(2.0, close - begin), 3, INK))
    parts.append(svg.text(close, floor + 34, window_label, fill=INK, size=11, anchor="end"))
    return svg.picture(width, floor + 40, parts)
