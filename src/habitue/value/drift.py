"""How far totals of forecasts missed at earlier dates beyond chance: for everybody, and for the customers of a segment.

A segment misses more than the whole: the best customers of today are partly lucky ones, and bring less than forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from habitue.segments.transitions import WHOLE
from habitue.value.cases import Array

PRIOR_DATES = 1
"""What all segments of a segmentation miss on average counts as much as so many dates of the segment itself."""


@dataclass(frozen=True)
class Outcome:
    """One earlier date, one element a customer.

    Attributes:
        forecast: what was forecast.
        actual: what came.
        squared_error: what single customers miss by chance, squared.
        segments: by segmentation; None where a customer was in none.
    """

    forecast: Array
    actual: Array
    squared_error: Array
    segments: Mapping[str, Array]


def drifts(found: Sequence[Outcome], segments: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], float]:
    """Relative error of a total to expect beyond chance, by segmentation and segment, `all` among them.

    Args:
        found: earlier dates, one at least.
        segments: names by segmentation.

    That of everybody is the root mean square of relative errors of totals. That of a segment holds what its own totals
    missed beyond chance, drawn towards the mean of its segmentation as few dates are known; it is never below that of
    everybody.
    """
    whole = float(np.sqrt(np.mean([(one.actual.sum() / one.forecast.sum() - 1) ** 2 for one in found])))
    result = {}
    for segmentation, names in segments.items():
        misses = {name: [_beyond_chance(one, one.segments[segmentation] == name) for one in found] for name in names}
        known = [(weight, excess) for all_of in misses.values() for weight, excess in all_of if weight > 0]
        total = sum(weight for weight, _ in known)
        pooled = sum(weight * excess for weight, excess in known) / total if total else 0.0
        for name, all_of in misses.items():
            mine = [excess for weight, excess in all_of if weight > 0]
            own = (sum(mine) + PRIOR_DATES * pooled) / (len(mine) + PRIOR_DATES)
            result[segmentation, name] = max(float(np.sqrt(own)), whole)
        result[segmentation, WHOLE] = whole
    return result


def _beyond_chance(one: Outcome, mine: Array) -> tuple[float, float]:
    """What was forecast of some customers, and the squared relative error of it that chance does not explain."""
    forecast = float(one.forecast[mine].sum())
    if forecast <= 0:
        return 0.0, 0.0
    missed = (float(one.actual[mine].sum()) - forecast) ** 2 - float(one.squared_error[mine].sum())
    return forecast, max(missed, 0.0) / forecast**2
