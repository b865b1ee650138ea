"""Charts of how customers move: the transition matrix as a heat map, and the same as ribbons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from habitue.report import svg
from habitue.report.charts import INK, LINE, PAPER, SEGMENT_COLOURS, SOFT, WIDE


@dataclass(frozen=True)
class MatrixRow:
    """A row or column: the name of the segment, its code if it is strategic, and its size in words."""

    label: str
    segment: str
    size: str = ""


@dataclass(frozen=True)
class Move:
    """A cell: share of the row (None: counts only), words of the share and the count, and what is to be said of it."""

    share: float | None
    text: str
    under: str = ""
    is_impossible: bool = False
    is_small: bool = False
    is_diagonal: bool = False
    is_violation: bool = False


def matrix(
    rows: Sequence[MatrixRow], columns: Sequence[MatrixRow], cells: Sequence[Sequence[Move]], *, row_title: str,
    column_title: str, width: int = WIDE,
) -> str:  # fmt: skip
    """Earlier segments down, later ones across; a cell that cannot be is hatched, one of a small row has no colour."""
    is_wide = width >= WIDE
    left, cell_h, size = (150.0, 48.0, 12.0) if is_wide else (84.0, 44.0, 10.5)
    cell_w = (width - left) / max(1, len(columns))
    upright_px = max((svg.text_px(column.label, size) for column in columns), default=0)
    top = 58.0 if is_wide else min(upright_px, 104) + 26
    parts = [svg.text(left, 12, column_title, fill=SOFT, size=size)]
    for back, line in enumerate(reversed(svg.wrapped(row_title, size, left - 8, 3))):
        parts.append(svg.text(0, top - 6 - 14 * back, line, fill=SOFT, size=size))
    for at, column in enumerate(columns):
        x = left + at * cell_w
        if column.segment:
            parts.append(svg.box(x, top - 5, cell_w - 2, 3, SEGMENT_COLOURS[column.segment]))
        if is_wide:
            words = svg.wrapped(column.label, size, cell_w - 4, 2)
            middle = top - 18 - 7 * (len(words) - 1)
            parts.append(svg.label(x + (cell_w - 2) / 2, middle, words, size=size, anchor="middle"))
        else:
            words = svg.wrapped(column.label, size, 100, 1)
            parts.append(
                svg.text(x + cell_w / 2 + 3, top - 10, words[0], fill=INK, size=size, weight=svg.BOLD, upright=False)
            )
    for down, (row, line) in enumerate(zip(rows, cells, strict=True)):
        y = top + down * cell_h
        if row.segment:
            parts.append(svg.box(0, y, 4, cell_h - 2, SEGMENT_COLOURS[row.segment]))
        names, more = svg.wrapped(row.label, size, left - 14, 2), svg.wrapped(row.size, size - 1, left - 12, 1)
        parts.append(svg.label(10, y + cell_h / 2 - 1, names, more, size=size))
        for at, move in enumerate(line):
            parts.append(_move(left + at * cell_w, y, cell_w - 2, cell_h - 2, move, size))
    return svg.picture(width, top + len(rows) * cell_h, parts)


def _move(x: float, y: float, width: float, height: float, move: Move, size: float) -> str:
    if move.is_impossible and not move.is_violation:
        return svg.hatched(x, y, width, height)
    if move.is_small or move.share is None or move.is_violation:
        fill, ink, frame = PAPER, SOFT if move.is_small else INK, LINE
    else:
        fill, ink = svg.heat(move.share)
        frame = ""
    shown = svg.box(x, y, width, height, fill, stroke=INK if move.is_diagonal else frame)
    middle = x + width / 2
    if not move.under:
        fit = svg.fitted(move.text, size + 0.5, width - 4)
        return shown + svg.text(middle, y + height / 2 + 4, move.text, fill=ink, size=fit, anchor="middle")
    fit = svg.fitted(move.text, size + 1, width - 4)
    shown += svg.text(middle, y + height / 2 - 2, move.text, fill=ink, size=fit, anchor="middle", weight=svg.BOLD)
    fit = svg.fitted(move.under, size - 1, width - 4)
    return shown + svg.text(middle, y + height / 2 + 13, move.under, fill=ink, size=fit, anchor="middle")


@dataclass(frozen=True)
class Flow:
    """Customers who went from one place on the left to one on the right."""

    start: int
    end: int
    customers: int


def ribbons(
    before: Sequence[MatrixRow],
    after: Sequence[MatrixRow],
    flows: Sequence[Flow],
    *,
    before_title: str,
    after_title: str,
    width: int = WIDE,
) -> str:
    """Ribbons as wide as the customers are many, in the colour they come from; none is thinner than a hair."""
    total = sum(flow.customers for flow in flows)
    if not total:
        return svg.picture(width, 1, [])
    is_wide = width >= WIDE
    size = 12.0 if is_wide else 10.5
    labels_px, bar = (150.0, 14.0) if is_wide else (92.0, 9.0)
    px = (380.0 if is_wide else 330.0) / total
    out = [sum(flow.customers for flow in flows if flow.start == at) for at in range(len(before))]
    into = [sum(flow.customers for flow in flows if flow.end == at) for at in range(len(after))]
    least = 3 * size + 4
    left_at, left_height = _stacked(out, px, least)
    right_at, right_height = _stacked(into, px, least)
    height, top = max(left_height, right_height), 26.0
    left_x, right_x = labels_px, width - labels_px - bar
    parts = [
        svg.text(left_x + bar, 12, before_title, fill=SOFT, size=size, anchor="end"),
        svg.text(right_x, 12, after_title, fill=SOFT, size=size),
    ]
    left_used, right_used = [0.0] * len(before), [0.0] * len(after)
    for flow in sorted(flows, key=lambda flow: (flow.start, flow.end)):
        if not flow.customers:
            continue
        thick = flow.customers * px
        y1 = top + left_at[flow.start] + left_used[flow.start] + thick / 2
        y2 = top + right_at[flow.end] + right_used[flow.end] + thick / 2
        left_used[flow.start] += thick
        right_used[flow.end] += thick
        x1, x2 = left_x + bar, right_x
        bend = (x2 - x1) * 0.5
        curve = f"M{_n(x1)},{_n(y1)}C{_n(x1 + bend)},{_n(y1)} {_n(x2 - bend)},{_n(y2)} {_n(x2)},{_n(y2)}"
        colour = SEGMENT_COLOURS[before[flow.start].segment]
        line = f'stroke="{colour}" stroke-width="{_n(max(thick, 0.8))}" stroke-opacity="0.5"'
        parts.append(f'<path d="{curve}" fill="none" {line}/>')
    for at, row in enumerate(before):
        if out[at]:
            parts += _end(row, left_x, top + left_at[at], out[at] * px, bar, left_x - 6, "end", labels_px - 8, size)
    for at, row in enumerate(after):
        if into[at]:
            x = right_x + bar + 6
            parts += _end(row, right_x, top + right_at[at], into[at] * px, bar, x, "start", labels_px - 8, size)
    return svg.picture(width, top + height, parts)


def _n(value: float) -> str:
    return svg.number(value)


def _end(
    row: MatrixRow, x: float, y: float, height: float, bar: float, text_x: float, anchor: str, room: float, size: float
) -> list[str]:
    names, more = svg.wrapped(row.label, size, room, 2), svg.wrapped(row.size, size - 1, room, 1)
    return [
        svg.box(x, y, bar, max(height, 1), SEGMENT_COLOURS[row.segment]),
        svg.label(text_x, y + height / 2, names, more, size=size, anchor=anchor),
    ]


def _stacked(sizes: Sequence[int], px: float, least: float) -> tuple[list[float], float]:
    """Where each bar begins, so far apart that their labels do not meet, and the height of all."""
    found, y = [], 0.0
    for size in sizes:
        slot = max(size * px, least) if size else 0.0
        found.append(y + (slot - size * px) / 2)
        y += slot + (8 if size else 0)
    return found, max(y - 8, 1.0)
