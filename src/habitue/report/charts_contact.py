"""Whom one can contact, drawn: a bar a contact channel, divided by why people can be reached or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from habitue.report import svg
from habitue.report.charts import INK, LINE, PAPER, SOFT, WIDE

STRENGTHS = (0.99, 0.7, 0.45, 0.2)
"""How strong the colour of each part is; further parts are hollow."""


@dataclass(frozen=True)
class Stack:
    """One bar: its name, what is said of it as a whole, and the size of each part with its words."""

    name: str
    told: str
    parts: Sequence[tuple[int, str]]


def stacks(rows: Sequence[Stack], kinds: Sequence[str], width: int = WIDE) -> str:
    """Bars of one length a person, parts in one order and colour each, the names of the parts above."""
    drawn, y = [], 0.0
    at = 0.0
    for place, kind in enumerate(kinds):
        wide = 24 + svg.text_px(kind, 12) + 14
        if at and at + wide > width:
            at, y = 0.0, y + 20
        drawn += [_part(at, y + 2, 13, 13, place), svg.text(at + 19, y + 13, kind, fill=INK)]
        at += wide
    top = y + 34
    most = max((sum(size for size, _ in row.parts) for row in rows), default=0) or 1
    for row in rows:
        drawn.append(svg.text(0, top + 11, row.name, fill=INK, size=13, weight=svg.BOLD))
        drawn.append(svg.text(width, top + 11, row.told, fill=SOFT, anchor="end"))
        x = 0.0
        for place, (size, told) in enumerate(row.parts):
            length = size / most * width
            if length:
                drawn.append(_part(x, top + 18, max(length - 1.5, 1), 24, place))
            if svg.text_px(told, 12) + 8 <= length:
                fill = svg.heat(STRENGTHS[place])[1] if place < len(STRENGTHS) else INK
                drawn.append(svg.text(x + length / 2, top + 34, told, fill=fill, anchor="middle"))
            x += length
        top += 58
    return svg.picture(width, top - 12, drawn)


def _part(x: float, y: float, width: float, height: float, place: int) -> str:
    if place < len(STRENGTHS):
        return svg.box(x, y, width, height, svg.heat(STRENGTHS[place])[0])
    return svg.box(x, y, width, height, LINE) + svg.box(x + 1, y + 1, max(width - 2, 0), height - 2, PAPER)
