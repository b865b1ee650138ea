"""Charts as SVG text, drawn by Altair and vl-convert. Pure: the same rows give the same picture.

Labels come in ready, worded in the reader's manner. Colours are CSS variables with a value for light paper, so one
picture serves light and dark pages and print.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDE, NARROW = 720, 330
"""Widths in pixels: for pages, and for telephones."""

FONT = "Noto Sans, Helvetica Neue, Arial, sans-serif"

# Stand-ins that no other part of a picture uses, replaced by variables once it is drawn.
_COLOURS = {
    "#0a0b01": "var(--mark, #47627c)",
    "#0a0b02": "var(--mark-before, #8494a4)",
    "#0a0b03": "var(--ink, #1c2126)",
    "#0a0b04": "var(--ink-soft, #545e68)",
    "#0a0b05": "var(--line, #d5dade)",
    "#0a0b06": "var(--paper, #ffffff)",
    "#0a0b07": "var(--segment-core, #2080d0)",
    "#0a0b08": "var(--segment-loyal, #007a55)",
    "#0a0b09": "var(--segment-new, #a0478f)",
    "#0a0b10": "var(--segment-slipping, #c04400)",
    "#0a0b11": "var(--segment-one-off, #b08c20)",
    "#0a0b12": "var(--segment-lost, #33393f)",
    "#0a0b13": "var(--segment-not-yet-customer, #8a949e)",
}
MARK, BEFORE, INK, SOFT, LINE, PAPER, *_OF_SEGMENTS = _COLOURS
SEGMENT_COLOURS: Mapping[str, str] = dict(
    zip(("core", "loyal", "new", "slipping", "one_off", "lost", "not_yet_customer"), _OF_SEGMENTS, strict=True)
)
"""The stand-in of each strategic segment: one colour everywhere."""


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its value with its words, and the value before, drawn as a mark."""

    label: str
    value: float
    text: str
    before: float | None = None


def bars(rows: Sequence[Bar], width: int = WIDE) -> str:
    """Horizontal bars from zero in the order given, each with its value; a stroke marks the value before."""
    import altair as alt

    longest_px = 16 + 7.2 * max((len(row.label) for row in rows), default=0)
    # On a telephone long labels stand above their bars: cut off, they could be taken for one another.
    is_stacked = width < WIDE and longest_px > width * 0.4
    labels_px = 0.0 if is_stacked else min(width * 0.4, longest_px)
    text_px = 14 + 6.8 * max((len(row.text) for row in rows), default=0)
    values = [row.value for row in rows] + [row.before for row in rows if row.before is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    per_px = ((high - low) or 1.0) / max(width - labels_px - text_px * (2 if low < 0 else 1), 40)
    domain = [low - (text_px * per_px if low < 0 else 0), high + text_px * per_px]
    data = alt.Data(
        values=[
            {
                "at": at,
                "value": row.value,
                "text": row.text,
                "before": row.before,
                "end": max(row.value, row.before or 0.0, 0.0) if row.value >= 0 else min(row.value, row.before or 0.0),
                "label": row.label,
            }
            for at, row in enumerate(rows)
        ]
    )
    at = alt.Y(
        "at:O",
        sort=None,
        title=None,
        axis=None
        if is_stacked
        else alt.Axis(
            labelExpr=f"{literal([row.label for row in rows])}[datum.value]",
            labelLimit=labels_px - 8,
            labelColor=INK,
            ticks=False,
            domain=False,
            labelPadding=8,
            labelFontSize=12,
            minExtent=labels_px,
            maxExtent=labels_px,
        ),
    )
    x = {"scale": alt.Scale(domain=domain, nice=False), "axis": None}
    chart = alt.Chart(data)
    layers: list[Any] = [
        chart.mark_bar(height=15, color=MARK).encode(y=at, x=alt.X("value:Q", **x), x2=alt.datum(0)),
        # With a halo of paper, so that the stroke is seen on a bar and beside it.
        chart.mark_tick(thickness=7, height=21, opacity=1, color=PAPER).encode(y=at, x=alt.X("before:Q", **x)),
        chart.mark_tick(thickness=3, height=21, opacity=1, color=INK).encode(y=at, x=alt.X("before:Q", **x)),
        chart.mark_rule(color=SOFT).encode(x=alt.XDatum(0, axis=None)),
        chart.mark_text(
            align=alt.expr("datum.value < 0 ? 'right' : 'left'"),
            dx=alt.expr("datum.value < 0 ? -7 : 7"),
            fontSize=12,
            color=INK,
        ).encode(y=at, x=alt.X("end:Q", **x), text="text:N"),
    ]
    if is_stacked:
        above = chart.mark_text(align="left", baseline="bottom", dx=5, dy=-11, fontSize=12, color=INK, limit=width - 8)
        layers.append(above.encode(y=at, x=alt.XDatum(domain[0], axis=None), text="label:N"))
    return as_svg(
        alt.layer(*layers).properties(
            width=width,
            height=max(1, len(rows)) * (46 if is_stacked else 27),
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        )
    )


@dataclass(frozen=True)
class Panel:
    """One small multiple: a title and a value for each month (None: nothing yet)."""

    title: str
    values: Sequence[float | None]


def month_panels(
    panels: Sequence[Panel],
    months: Sequence[str],
    *,
    strong: frozenset[int],
    amount: Callable[[float], str],
    width: int = WIDE,
) -> str:
    """Small multiples of monthly bars on one common scale from zero.

    Args:
        panels: one for each series, all as long as `months`.
        months: labels of the months.
        strong: positions of the months drawn in the strong colour.
        amount: words a value of the axis.
        width: in pixels.
    """
    import altair as alt

    known = [value for panel in panels for value in panel.values if value is not None]
    ticks = nice_ticks(min([0.0, *known]), max([0.0, *known]))
    axis_px = 12 + 6.6 * max(len(amount(tick)) for tick in ticks)
    step = max(1, math.ceil(len(months) / (12 if width >= WIDE else 5)))
    # Counted from the newest, so that it is always named.
    named = [label if (len(months) - 1 - at) % step == 0 else "" for at, label in enumerate(months)]
    tick_words = f"{literal([amount(tick) for tick in ticks])}[indexof({literal(ticks)}, datum.value)]"
    drawn: list[Any] = []
    for place, panel in enumerate(panels):
        is_last = place == len(panels) - 1
        data = alt.Data(
            values=[{"at": at, "value": value, "is_strong": at in strong} for at, value in enumerate(panel.values)]
        )
        x = alt.X(
            "at:O",
            title=None,
            scale=alt.Scale(domain=list(range(len(months))), paddingInner=0.25),
            axis=alt.Axis(
                labelExpr=f"{literal(named)}[datum.value]",
                labelAngle=0,
                ticks=False,
                domain=False,
                labelPadding=6,
                labelOverlap=False,
                labelColor=SOFT,
            )
            if is_last
            else None,
        )
        y = alt.Y(
            "value:Q",
            title=None,
            scale=alt.Scale(domain=[ticks[0], ticks[-1]], nice=False),
            axis=alt.Axis(
                values=ticks,
                labelExpr=tick_words,
                grid=True,
                gridColor=LINE,
                domain=False,
                ticks=False,
                minExtent=axis_px,
                maxExtent=axis_px,
                labelColor=SOFT,
                tickCount=len(ticks),
                labelOverlap=False,
            ),
        )
        chart = alt.Chart(data)
        marks = chart.mark_bar().encode(
            x=x,
            y=y,
            y2=alt.datum(0),
            color=alt.Color("is_strong:N", legend=None, scale=alt.Scale(domain=[True, False], range=[MARK, BEFORE])),
        )
        zero = chart.mark_rule(color=SOFT).encode(y=alt.datum(0))
        both = (marks + zero).properties(width=width - axis_px - 12, height=96 if len(panels) > 1 else 170)
        if panel.title:
            style: dict[str, Any] = {"anchor": "start", "fontSize": 12, "fontWeight": 600, "color": INK}
            both = both.properties(title=alt.TitleParams(panel.title, offset=6, limit=width - 20, **style))
        drawn.append(both)
    return as_svg(alt.vconcat(*drawn, spacing=14))


def nice_ticks(low: float, high: float) -> list[float]:
    """Three to six round values from at most `low` to at least `high`, zero among them if they lie about it."""
    if high <= low:
        return [0.0, 1.0] if high == 0 else sorted([0.0, high])
    rough = (high - low) / 3
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [at * step for at in range(first, last + 1)]


def literal(value: object) -> str:
    """A value inside a Vega expression."""
    return json.dumps(value, ensure_ascii=True)


def as_svg(chart: Any) -> str:
    """A chart as SVG in the page's own colours and font, without addresses."""
    import vl_convert

    spec = (
        chart.configure(background="transparent", font=FONT, aria=False, padding=2)
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=11)
        .to_dict(validate=False)  # each part was checked as it was made
    )
    svg = vl_convert.vegalite_to_svg(spec)
    svg = in_page_colours(svg)
    # Inside a page the name spaces are known, and the picture takes the width it is given.
    svg = re.sub(r' (?:xmlns(?::\w+)?|font-family|pointer-events|aria-\w+|role|class|version)="[^"]*"', "", svg)
    return svg.replace("<svg ", f'<svg aria-hidden="true" font-family="{FONT}" ', 1)


def in_page_colours(svg: str) -> str:
    """Stand-ins replaced by CSS variables."""
    for stand_in, variable in _COLOURS.items():
        svg = svg.replace(stand_in, variable)
    return svg
