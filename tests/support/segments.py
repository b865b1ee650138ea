"""Customer days written short, and what an independent reading of the definitions makes of them, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

import ibis.expr.types as ir

from habitue.schemas import CUSTOMER_DAYS, DAY_CHANGES
from habitue.segments.segmentation import Bought
from support.purchases import table


@dataclass(frozen=True)
class Day:
    """One customer day: net in minor units."""

    customer: str
    on: date
    net: int
    population: str = "consumer"
    channel: str = "store"
    reward: int = 0
    store: str | None = "S1"


def days_table(con: Any, days: Sequence[Day]) -> ir.Table:
    """CUSTOMER_DAYS."""
    return table(
        con,
        CUSTOMER_DAYS,
        [
            {
                "customer_id": day.customer, "population": day.population, "sold_on": day.on, "is_visit": day.net > 0,
                "tickets_count": 1, "lines_count": 1, "net_amount": day.net, "reward_amount": day.reward,
                "margin_is_assumed": False, "sales_channel": day.channel, "store_id": day.store,
            }
            for day in days
        ],
    )  # fmt: skip


def bought(con: Any, days: Sequence[Day], changes: Sequence[Mapping[str, Any]] = (), **more: Any) -> Bought:
    """The tables of the purchases room made of them."""
    return Bought(days=days_table(con, days), changes=table(con, DAY_CHANGES, list(changes)), **more)


@dataclass(frozen=True)
class State:
    """What is known of one customer at a date."""

    visits: int
    recency: int
    first: date
    frequency: int
    value: int


def states_at(days: Sequence[Day], on: date, window_after: date) -> dict[tuple[str, str], State]:
    """States of everybody with a visit, one customer at a time."""
    mine: dict[tuple[str, str], list[Day]] = defaultdict(list)
    for day in days:
        if day.on <= on:
            mine[day.customer, day.population].append(day)
    found = {}
    for person, theirs in mine.items():
        visits = sorted(day.on for day in theirs if day.net > 0)
        if visits:
            found[person] = State(
                len(visits),
                (on - visits[-1]).days,
                visits[0],
                sum(1 for day in visits if day > window_after),
                sum(day.net - day.reward for day in theirs if day.on > window_after),
            )
    return found


def quantile_scores(values: Sequence[int]) -> list[int]:
    """Five bands by the middle of each value's place among all, one value at a time."""
    n = len(values)
    scores = []
    for value in values:
        below = sum(1 for other in values if other < value)
        same = sum(1 for other in values if other == value)
        scores.append(ceil(Fraction(5 * (2 * below + same), 2 * n)))
    return scores


def weighted_quantile(weighted: Sequence[tuple[int, Fraction]], share: Fraction) -> int:
    """Smallest value whose cumulative weight reaches the share of all weight, in exact fractions."""
    whole, running = sum((weight for _, weight in weighted), Fraction(0)), Fraction(0)
    for value, weight in sorted(weighted):
        running += weight
        if running >= share * whole:
            return value
    raise AssertionError("the last value reaches it")


@dataclass(frozen=True)
class Thresholds:
    """c, N, L and v*."""

    cycle: int
    new: int
    lost: int
    core: int | None


def thresholds(days: Sequence[Day], population: str, on: date, window_after: date, fewest: int) -> Thresholds:
    """The thresholds of one population, straight from their definition."""
    mine = [day for day in days if day.population == population]
    visits: dict[str, list[date]] = defaultdict(list)
    for day in sorted(mine, key=lambda day: day.on):
        if day.net > 0 and day.on <= on:
            visits[day.customer].append(day.on)
    repeaters = {customer: dates for customer, dates in visits.items() if len(dates) > 1}
    gaps = [
        ((later - earlier).days, Fraction(1, len(dates) - 1))
        for dates in repeaters.values()
        for earlier, later in pairwise(dates)
    ]
    firsts = [((dates[1] - dates[0]).days, Fraction(1)) for dates in repeaters.values()]
    if len(repeaters) < fewest:
        cycle, new = 120, 90
    else:
        cycle = min(max(weighted_quantile(gaps, Fraction(8, 10)), 45), 365)
        new = min(max(weighted_quantile(firsts, Fraction(8, 10)), 60), 365)
    states = states_at(mine, on, window_after)
    values = sorted((s.value for s in states.values() if s.visits > 1 and s.recency <= cycle), reverse=True)
    core, running = None, 0
    if sum(values) > 0:
        for value in values:
            running += value
            if 2 * running >= sum(values):
                core = value
                break
    return Thresholds(cycle, new, min(max(3 * cycle, 365), 1095), core)


def segment_of(state: State | None, limits: Thresholds) -> str:
    """The strategic segment, read from the table of its definition."""
    if state is None:
        return "not_yet_customer"
    if state.recency > limits.lost:
        return "lost"
    if state.visits == 1:
        return "new" if state.recency <= limits.new else "one_off"
    if state.recency > limits.cycle:
        return "slipping"
    return "core" if limits.core is not None and state.value >= limits.core else "loyal"


def plus(day: str, days: int) -> date:
    """A day so many days after one written as text."""
    return date.fromisoformat(day) + timedelta(days=days)
