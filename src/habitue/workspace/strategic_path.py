"""How one customer comes to a strategic segment, question by question, now and at earlier dates. Rows, no engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from habitue.segments.states import ALWAYS, UNIT, Moment
from habitue.segments.strategic import CORE, LOST, LOYAL, NEW, NOT_YET, ONE_OFF, SLIPPING, Calibration
from habitue.workspace.explained import Check, Row, State

_ENDS = {
    ("lost", True): LOST, ("core", True): CORE, ("core", False): LOYAL, ("in_cycle", False): SLIPPING,
    ("new", True): NEW, ("new", False): ONE_OFF,
}  # fmt: skip


def strategic_checks(visits: int, recency_days: int, value: int, limits: Calibration) -> tuple[Check, ...]:
    """The questions of `segments.strategic` that lead to a customer's segment, in order; the last one decides.

    Args:
        visits: of all time, at least one.
        recency_days: days since the last one.
        value: weighted value of the window, minor units.
        limits: thresholds of the population.
    """
    found = [Check("lost", recency_days, limits.lost_days, recency_days > limits.lost_days)]
    if found[-1].holds:
        return tuple(found)
    found.append(Check("repeat", visits, 2, visits >= 2))
    if not found[-1].holds:
        return (*found, Check("new", recency_days, limits.new_days, recency_days <= limits.new_days))
    found.append(Check("in_cycle", recency_days, limits.cycle_days, recency_days <= limits.cycle_days))
    if found[-1].holds:
        core = limits.core_amount
        found.append(Check("core", value, core, core is not None and value >= core))
    return tuple(found)


def state_at(
    days: Sequence[Row],
    changes: Sequence[Row],
    moment: Moment,
    limits: Calibration | None,
    *,
    weights: Mapping[str, int],
    enrolled_on: date | None,
) -> State:
    """The state of one customer of one population at a moment, as `states.states` and `Scheme.assign` have it.

    Args:
        days: their rows of CUSTOMER_DAYS, any day.
        changes: their rows of DAY_CHANGES.
        moment: the date and its window.
        limits: thresholds; None where nobody of the population has a visit.
        weights: per-mille of value by sales channel; others count once.
        enrolled_on: since when they are known without a visit; None: not known.
    """
    plain = [
        (day["sold_on"], ALWAYS, int(day["is_visit"]), day["net_amount"] - day["reward_amount"], day["sales_channel"])
        for day in days
    ]
    changed = [
        (one["sold_on"], one["known_until"], one["visits_count"], one["net_amount"], one["sales_channel"])
        for one in changes
    ]
    known = [row for row in (*plain, *changed) if row[0] <= moment.on <= row[1]]
    visits = sum(row[2] for row in known)
    last = max((row[0] for row in known if row[2]), default=None)
    weighted = sum(row[3] * weights.get(row[4], UNIT) for row in known if row[0] > moment.window_after)
    value: Any = round(Fraction(weighted, UNIT))
    recency = None if last is None else (moment.on - last).days
    if visits and recency is not None and limits is not None:
        last_check = strategic_checks(visits, recency, value, limits)[-1]
        segment = _ENDS[last_check.code, last_check.holds]
    else:
        is_known = enrolled_on is not None and enrolled_on <= moment.on
        segment = NOT_YET if is_known else None
    return State(moment.on, segment, visits, recency, value)
