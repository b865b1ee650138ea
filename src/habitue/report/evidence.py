"""What a key figure rests on: its value in words, how it is computed, and the published rows that make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from habitue.report.context import Context
from habitue.report.figures import Comparison, share_of
from habitue.report.layout import Figure, definition_anchor
from habitue.workspace.conditions import IS, MAX, MIN, NOT, Condition

MONEY, COUNT, SHARE, NUMBER = "money", "count", "share", "number"
"""What a value is: home currency in minor units, a count, a share of 1, a number without unit."""


@dataclass(frozen=True)
class Behind:
    """Published rows that make a number: their sum in a column, or how many they are, or how many different.

    `first` keeps the first rows in the order `sort` (a minus before the column: the greatest first). Where `is_rounded`
    each row was rounded by itself, so that their sum may miss the number by half a unit a row.
    """

    table: str
    where: tuple[Condition, ...] = ()
    total: str = ""
    different: tuple[str, ...] = ()
    first: int | None = None
    sort: str = ""
    is_rounded: bool = False


@dataclass(frozen=True)
class Part:
    """A number that a figure is made from: what it is, its value, the tables whose rows make it, each by itself.

    A part of several `terms` is their sum.
    """

    told: str
    value: float | None
    unit: str
    behind: Sequence[Behind] = ()
    terms: Sequence[Part] = ()


@dataclass(frozen=True)
class Evidence:
    """A key figure of a run. `value` is in the unit, `shown` says it; `definition` is the code of its term."""

    code: str
    label: str
    value: float
    unit: str
    shown: str
    change: str
    definition: str
    anchor: str
    formula: str
    period: str
    population: str
    labels: Sequence[str]
    numerator: Part
    denominator: Part | None = None
    interval: str = ""
    ends: tuple[float, float] | None = None
    """Of an interval of the value itself: its ends in the unit."""
    has_interval_in_change: bool = False
    few: int | None = None
    """Customers or statements it rests on, where they are few."""

    @property
    def figure(self) -> Figure:
        """As it stands at the head of the report and of pages."""
        anchor = definition_anchor(self.definition)
        interval = "" if self.has_interval_in_change else self.interval
        return Figure(self.label, self.shown, self.change, anchor, self.anchor, self.labels, self.code, interval)


def is_(column: str, *values: object) -> Condition:
    """The column is one of the values."""
    return Condition(column, tuple(None if value is None else stored(value) for value in values), IS)


def not_(column: str, *values: object) -> Condition:
    """The column is none of the values."""
    return Condition(column, tuple(None if value is None else stored(value) for value in values), NOT)


def at_least(column: str, value: object) -> Condition:
    """The column is the value or more."""
    return Condition(column, (str(value),), MIN)


def between(column: str, first: object, last: object) -> tuple[Condition, Condition]:
    """The column is from the first to the last."""
    return at_least(column, first), Condition(column, (str(last),), MAX)


def stored(value: object) -> str:
    """A value as conditions compare it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_unit(c: Context, value: float | None, unit: str) -> str:
    """A value of a part or a figure in words, amounts and counts exact."""
    if value is None:
        return "–"
    if unit == MONEY:
        return c.money(round(value))
    if unit == COUNT:
        return c.words.number(round(value))
    return c.words.share(value) if unit == SHARE else c.words.number(float(value), decimals=2)


def share(numerator: Part, denominator: Part) -> float | None:
    """The share two parts make; nothing over nothing is None."""
    return None if numerator.value is None else share_of(numerator.value, denominator.value or 0)


def difference(c: Context, now: Evidence, before: Evidence) -> str:
    """How a figure stands to the same figure of another run, in words."""
    if now.unit in (SHARE, NUMBER):
        size = Comparison(now.value, before.value).points
        if now.unit == NUMBER and size is not None:
            size /= 100
        if size is None or abs(size) < (0.05 if now.unit == SHARE else 0.005):
            return c.words.text("web.figures.same")
        direction = "up" if size > 0 else "down"
        decimals = 1 if now.unit == SHARE else 2
        of = "points" if now.unit == SHARE else "number"
        return c.words.text(f"web.figures.{of}_{direction}", size=c.words.number(abs(size), decimals=decimals))
    if now.value == before.value:
        return c.words.text("web.figures.same")
    change = Comparison(now.value, before.value).relative
    told = in_unit(c, abs(now.value - before.value), now.unit)
    direction = "up" if now.value > before.value else "down"
    if change is None or abs(change) < 0.0005:
        return c.words.text(f"web.figures.{direction}", amount=told)
    return c.words.text(f"web.figures.{direction}_share", amount=told, change=abs(change))
