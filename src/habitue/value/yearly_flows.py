"""Customers by strategic segment and tenure at one date, where they were a year later, and what they brought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.periods import period_end
from habitue.segments.schemes import segment_column
from habitue.segments.states import Moment, is_filled
from habitue.segments.strategic import NOT_YET, SEGMENTS, STRATEGIC

YEAR_MONTHS = 12
ENDS = (*SEGMENTS, NOT_YET)
"""Where a year can end: in a segment, or out of the base (a return took the only visit back)."""


SUMS = ("squares", "before", "before_squares", "products")


@dataclass(frozen=True)
class Cohort:
    """Customers of one state at one date.

    Attributes:
        ends: how many were in each of `ENDS` a year later.
        nets: their net in the year between by end, minor units.
        squares: sum of the squares of each one's net, exact.
        before: their net in the year up to the date.
        before_squares: sum of its squares.
        products: sum of the products of each one's net in the two years.
    """

    ends: tuple[int, ...] = (0,) * len(ENDS)
    nets: tuple[int, ...] = (0,) * len(ENDS)
    squares: int = 0
    before: int = 0
    before_squares: int = 0
    products: int = 0

    def __add__(self, other: Cohort) -> Cohort:
        return Cohort(
            tuple(a + b for a, b in zip(self.ends, other.ends, strict=True)),
            tuple(a + b for a, b in zip(self.nets, other.nets, strict=True)),
            *(getattr(self, name) + getattr(other, name) for name in SUMS),
        )

    @cached_property
    def size(self) -> int:
        """Customers."""
        return sum(self.ends)

    @cached_property
    def amount(self) -> int:
        """Net of all in the year."""
        return sum(self.nets)

    @property
    def mean(self) -> float:
        """Net of one in the year; 0 of nobody."""
        return self.amount / self.size if self.size else 0.0

    @property
    def variance(self) -> float | None:
        """Of the net of one in the year that the net of the year before does not foretell; None of fewer than three.

        That of the residuals of a straight line. Who buys much goes on doing so, and is mostly in the same segment
        again when the next year is projected: only what changes from year to year makes a projection miss.
        """
        size, (own, before, both) = self.size, self._deviations
        if size < 3:
            return None
        return (own * before - both**2) / (before * size * (size - 2)) if before else own / (size * (size - 1))

    @property
    def _deviations(self) -> tuple[int, int, int]:
        """Sums of squared deviations of both years and of their products, times the customers."""
        size = self.size
        return (
            self.squares * size - self.amount**2,
            self.before_squares * size - self.before**2,
            self.products * size - self.before * self.amount,
        )

    def foretold(self, before: float) -> tuple[float, float]:
        """Mean net of customers of the same kind who brought `before` each in the last year, and the leverage of that.

        On the same straight line; its variance is that of one, over the customers, times (1 + leverage).
        """
        _, squared, both = self._deviations
        gap = before - self.before / self.size
        if not squared:
            return self.mean, 0.0
        return self.mean + both / squared * gap, (gap * self.size) ** 2 / squared


@dataclass(frozen=True)
class Year:
    """One population over one year.

    Attributes:
        from_on: the earlier date.
        to_on: the later date, a year after.
        first_year: by segment in the order of `SEGMENTS`, customers whose first visit was less than a year before the
            earlier date.
        later: the others by segment.
        came: those who came in the year; `ends` is where they were at its end, `amount` what they brought in it.
    """

    from_on: date
    to_on: date
    first_year: tuple[Cohort, ...]
    later: tuple[Cohort, ...]
    came: Cohort

    @cached_property
    def whole(self) -> tuple[Cohort, ...]:
        """Customers by segment at the earlier date."""
        return tuple(a + b for a, b in zip(self.first_year, self.later, strict=True))

    @cached_property
    def everybody(self) -> Cohort:
        """All customers of the earlier date."""
        return sum(self.whole, Cohort())

    def brought(self, segment: int, *, first_year: bool | None) -> tuple[int, int]:
        """Customers of a segment at the later date (of one tenure, or all), and their net in the year."""
        parts = {True: [self.came], False: [self.everybody], None: [self.came, self.everybody]}[first_year]
        return sum(part.ends[segment] for part in parts), sum(part.nets[segment] for part in parts)


@dataclass(frozen=True)
class Pair:
    """Numbers of two moments a year apart, and the columns with the net of the year before the earlier and between."""

    earlier: int
    later: int
    before: str
    after: str


def yearly_pairs(moments: Sequence[Moment], first: date | None) -> list[Pair]:
    """The years there are, newest first.

    Args:
        moments: the dates of states, newest first.
        first: first visit of all; the year before the earlier date must be filled too, or its segments are told wrong.
    """
    by_date = {moment.on: number for number, moment in enumerate(moments)}
    found: list[Pair] = []
    for years in range(len(moments)):
        later, earlier, begin = (period_end(moments[0].on, YEAR_MONTHS * (years + more)) for more in range(3))
        if later not in by_date or earlier not in by_date:
            break
        columns = [_net_column(moments, by_date[on], after) for on, after in ((earlier, begin), (later, earlier))]
        before, after = columns
        if before is None or after is None or not is_filled(moments[0].on, first, YEAR_MONTHS * (years + 2)):
            break
        found.append(Pair(by_date[earlier], by_date[later], before, after))
    return found


def _net_column(moments: Sequence[Moment], number: int, begin: date) -> str | None:
    """The column with the net from the day after `begin` up to a moment."""
    one = moments[number]
    name = {one.window_after: "net", one.step_after: "step_net"}.get(begin)
    return name and f"{name}_{number}"


_NUMBERS = ("customers_count", "next_amount", "next_squares", "before_amount", "before_squares", "products")
"""Numbers of `flows`; but for the first two in the order of `SUMS`."""


def flows(assigned: ir.Table, moments: Sequence[Moment], *, first: date | None) -> list[dict[str, Any]]:
    """One row for each population, year, earlier segment, tenure at the earlier date and later segment that occurs.

    Args:
        assigned: one row a customer and population: `first_on`, and by the number of the moment the strategic segment,
            `visits_N`, `step_net_N`, `net_N`.
        moments: the dates, newest first.
        first: first visit of all.

    Columns: `population`, `from_on`, `to_on`, `from_segment`, `is_first_year` (first visit less than a year before the
    earlier date; False for who was not yet customer), `to_segment`, `customers_count`, `next_amount` (net in the
    year), `next_squares` (sum of squares of each one's), `before_amount`, `before_squares` (the same in the year up to
    the earlier date), `products` (of the two). Customers have a visit at one of the two dates at least.
    """
    rows: list[dict[str, Any]] = []
    for pair in yearly_pairs(moments, first):
        earlier, later = pair.earlier, pair.later
        from_on, to_on = moments[earlier].on, moments[later].on
        was = assigned[f"visits_{earlier}"] > 0
        # A first visit that a later return took back leaves the customer a later first visit, or none.
        is_young = (assigned.first_on > period_end(from_on, YEAR_MONTHS)).fill_null(True)
        there = assigned.mutate(is_first_year=ibis.ifelse(was, is_young, False)).filter(
            was | (assigned[f"visits_{later}"] > 0)
        )
        before, net = (there[name].cast("decimal(18, 0)") for name in (pair.before, pair.after))
        counted = there.group_by(
            "population",
            "is_first_year",
            from_segment=there[segment_column(STRATEGIC, earlier)],
            to_segment=there[segment_column(STRATEGIC, later)],
        ).aggregate(
            customers_count=there.customer_id.count(),
            next_amount=net.sum(),
            next_squares=(net * net).sum(),
            before_amount=before.sum(),
            before_squares=(before * before).sum(),
            products=(before * net).sum(),
        )
        rows += [
            {
                "from_on": from_on,
                "to_on": to_on,
                **{name: int(value) if name in _NUMBERS else value for name, value in row.items()},
            }
            for row in counted.to_pyarrow().to_pylist()
        ]
    return rows


def years(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Year]]:
    """Rows of `flows` by population, newest year first; every population has every year."""
    cells: dict[tuple[str, date, date], dict[tuple[str, bool], Cohort]] = {}
    for row in rows:
        ends = tuple(row["customers_count"] if name == row["to_segment"] else 0 for name in ENDS)
        states = cells.setdefault((row["population"], row["from_on"], row["to_on"]), {})
        state = row["from_segment"], row["is_first_year"]
        nets = tuple(row["next_amount"] if name == row["to_segment"] else 0 for name in ENDS)
        states[state] = states.get(state, Cohort()) + Cohort(ends, nets, *(row[name] for name in _NUMBERS[2:]))
    dates = sorted({key[1:] for key in cells}, reverse=True)
    return {
        population: [_year(from_on, to_on, cells.get((population, from_on, to_on), {})) for from_on, to_on in dates]
        for population in sorted({key[0] for key in cells})
    }


def _year(from_on: date, to_on: date, states: Mapping[tuple[str, bool], Cohort]) -> Year:
    return Year(
        from_on,
        to_on,
        first_year=tuple(states.get((name, True), Cohort()) for name in SEGMENTS),
        later=tuple(states.get((name, False), Cohort()) for name in SEGMENTS),
        came=states.get((NOT_YET, False), Cohort()),
    )
