"""A few SVG elements for the pictures that Vega cannot draw: hatched cells, ribbons, labels on several lines."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from habitue.report.charts import FONT, INK, LINE, PAPER, SOFT, in_page_colours

BOLD = 600
LETTER = 0.58
"""Mean width of a letter over the size of the type, wide letters of Cyrillic included."""


def text_px(text: str, size: float) -> float:
    """About how wide a text stands, in pixels."""
    return LETTER * size * len(text)


def fitted(text: str, size: float, width: float, least: float = 8.0) -> float:
    """The size of type at which a text fits a width, no smaller than `least`."""
    wide = text_px(text, size)
    return size if wide <= width else max(least, size * width / wide)


def wrapped(text: str, size: float, width: float, most: int = 2) -> list[str]:
    """A text on as many lines as it needs and may have; what is still too long ends in an ellipsis."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_px(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    letters = max(2, int(width / (LETTER * size)))
    return [line if len(line) <= letters + 1 else line[: letters - 1] + "…" for line in lines]


def number(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value + 0.0:.1f}".removesuffix(".0")


def text(
    x: float, y: float, words: str, *, fill: str, size: float = 12, anchor: str = "start", weight: int = 400,
    upright: bool = True,
) -> str:  # fmt: skip
    """A line of text with its base line at y; not `upright`: read from below."""
    turned = "" if upright else f' transform="rotate(-90 {number(x)} {number(y)})"'
    bold = f' font-weight="{weight}"' if weight != 400 else ""
    at = f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" text-anchor="{anchor}" fill="{fill}"'
    return f"<text {at}{bold}{turned}>{escape(words)}</text>"


def label(
    x: float, y: float, names: Sequence[str], more: Sequence[str] = (), *, size: float = 12, anchor: str = "start"
) -> str:
    """Lines around the middle y: a name, perhaps on several lines, and what is said of it, softer and smaller."""
    step = size * 1.2
    top = y - step * (len(names) + len(more) - 1) / 2 + size * 0.36
    told = [(line, INK, size, BOLD) for line in names] + [(line, SOFT, size - 1, 400) for line in more]
    return "".join(
        text(x, top + at * step, line, fill=fill, size=of, anchor=anchor, weight=weight)
        for at, (line, fill, of, weight) in enumerate(told)
    )


def box(x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "") -> str:
    """A rectangle; a stroke lies inside it."""
    if stroke:
        x, y, width, height = x + 1, y + 1, width - 2, height - 2
    line = f' stroke="{stroke}" stroke-width="2"' if stroke else ""
    at = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {at} fill="{fill}"{line}/>'


def dot(x: float, y: float, radius: float, colour: str, *, is_full: bool = True) -> str:
    """A dot, or a ring of its size."""
    inner = radius if is_full else radius - 0.75
    look = f'fill="{colour}"' if is_full else f'fill="{PAPER}" stroke="{colour}" stroke-width="1.5"'
    return f'<circle cx="{number(x)}" cy="{number(y)}" r="{inner:g}" {look}/>'


def hatched(x: float, y: float, width: float, height: float) -> str:
    """A cell that cannot be: thin strokes on paper (drawn one by one, so that no name can clash in a page)."""
    strokes = []
    step, offset = 7.0, 3.5
    while offset < width + height:
        x1, y1 = (offset, 0.0) if offset <= width else (width, offset - width)
        x2, y2 = (0.0, offset) if offset <= height else (offset - height, height)
        strokes.append(f"M{number(x + x1)},{number(y + y1)}L{number(x + x2)},{number(y + y2)}")
        offset += step
    return (
        box(x, y, width, height, PAPER)
        + f'<path d="{"".join(strokes)}" stroke="{LINE}" fill="none"/>'
        + box(x + width / 2 - 7, y + height / 2 - 8, 14, 16, PAPER)
        + text(x + width / 2, y + height / 2 + 4, "–", fill=SOFT, anchor="middle")
    )


def whisker(low: float, high: float, y: float) -> list[str]:
    """The line of an interval, with a halo of paper, so that it is seen on a bar and beside it."""
    return [
        box(x - wide, y - tall / 2, length + 2 * wide, tall, fill)
        for fill, wide, grow in ((PAPER, 2.0, 3.0), (INK, 0.75, 0.0))
        for x, length, tall in ((low, high - low, 1.5 + grow), (low, 0.0, 9 + grow), (high, 0.0, 9 + grow))
    ]


def picture(width: float, height: float, parts: Sequence[str]) -> str:
    """The parts as one picture in the page's own colours and font."""
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    return in_page_colours(f'<svg aria-hidden="true" font-family="{FONT}" {size}>{"".join(parts)}</svg>')


HEAT = (
    "#ebf5ff", "#b7dbff", "#8ac1f6", "#64a6e3", "#448bca", "#2a71ad", "#18578b", "#0f4067",
)  # fmt: skip
"""Little to much, in even steps of lightness; the page turns it round where it is dark."""

_HEAT_INK = ("#000000",) * 5 + ("#ffffff",) * 3


def heat(share: float) -> tuple[str, str]:
    """The colour of a cell and that of the text in it, for a share of the strongest cell."""
    step = min(len(HEAT) - 1, max(0, int(share * len(HEAT))))
    return f"var(--heat-{step}, {HEAT[step]})", f"var(--heat-ink-{step}, {_HEAT_INK[step]})"
