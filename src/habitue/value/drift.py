"""How far totals of forecasts missed at earlier dates beyond chance: for everybody, and for the customers of a segment.

A segment misses more than the whole: the best customers of today are partly lucky ones, and bring less than forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from habitue.errors import Message, message
from habitue.segments.transitions import WHOLE
from habitue.value.cases import Array

ASSUMED_DRIFT = 0.10
"""By how much a year is assumed to miss, relative: no estimate. It counts as much as one earlier date."""

ASSUMED_OVER_DAYS = 365

PRIOR_DATES = 1
"""What all segments of a segmentation miss on average counts as much as so many dates of the segment itself."""

LONG = 3
"""A horizon of more than so many times the history is told."""


def assumed_drift(days: int) -> float:
    """What a total over so many days is assumed to miss: totals walk at random, so that a miss grows with the root."""
    return float(ASSUMED_DRIFT * np.sqrt(days / ASSUMED_OVER_DAYS))


def drift_of(squared_misses: Iterable[float], assumed: float) -> float:
    """Relative error of a total to expect beyond chance: root of (sum of squared misses + assumed^2) / (dates + 1).

    Args:
        squared_misses: relative and beyond chance, one by date; none where nothing could be tried.
        assumed: drift that counts as one date.

    A root mean square of one to three misses is often far too small, and 1.96 of it no 95 % interval: with one date it
    holds the next miss in 70 of 100 cases. This is the scale of the posterior of a variance whose prior is a scaled
    inverse chi-squared one of one observation (Gelman et al. 2013, Bayesian Data Analysis, section 2.6).
    """
    squares = [*squared_misses, assumed**2]
    return float(np.sqrt(sum(squares) / len(squares)))


def beyond_chance(forecast: float, actual: float, variance: float) -> float:
    """Squared miss of a total, over the squared forecast, that chance of this variance does not explain.

    The forecast is positive.
    """
    return max((actual - forecast) ** 2 - variance, 0.0) / forecast**2


@dataclass(frozen=True)
class Outcome:
    """One earlier date, one element a customer.

    Attributes:
        forecast: what was forecast.
        actual: what came.
        squared_error: what single customers miss by chance, squared.
        segments: by segmentation; None where a customer was in none.
        days: looked ahead.
    """

    forecast: Array
    actual: Array
    squared_error: Array
    segments: Mapping[str, Array]
    days: int


def drifts(
    found: Sequence[Outcome], segments: Mapping[str, Sequence[str]], *, days: int
) -> dict[tuple[str, str], float]:
    """Relative error of a total to expect beyond chance, by segmentation and segment, `all` among them.

    Args:
        found: earlier dates; without any the drift is the assumed one, for every segment.
        segments: names by segmentation.
        days: looked ahead now. Misses over fewer days grow as those of a random walk: with the root of the days.

    That of everybody is `drift_of` its totals. That of a segment holds what its own totals missed beyond chance, drawn
    towards the mean of its segmentation as few dates are known; it is never below that of everybody. Dates at which
    nothing was forecast of the customers tell nothing of them.
    """
    everybody = [_miss(one, np.ones(len(one.forecast), bool), days) for one in found]
    whole = drift_of((squared for weight, squared in everybody if weight > 0), assumed_drift(days))
    result = {}
    for segmentation, names in segments.items():
        misses = {name: [_miss(one, one.segments[segmentation] == name, days) for one in found] for name in names}
        known = [(weight, squared) for all_of in misses.values() for weight, squared in all_of if weight > 0]
        total = sum(weight for weight, _ in known)
        pooled = sum(weight * squared for weight, squared in known) / total if total else 0.0
        for name, all_of in misses.items():
            mine = [squared for weight, squared in all_of if weight > 0]
            own = (sum(mine) + PRIOR_DATES * pooled) / (len(mine) + PRIOR_DATES)
            result[segmentation, name] = max(float(np.sqrt(own)), whole)
        result[segmentation, WHOLE] = whole
    return result


def _miss(one: Outcome, mine: Array, days: int) -> tuple[float, float]:
    """What was forecast of some customers, and the squared relative miss of it beyond chance, over the days wanted."""
    forecast = float(one.forecast[mine].sum())
    if forecast <= 0:
        return 0.0, 0.0
    squared = beyond_chance(forecast, float(one.actual[mine].sum()), float(one.squared_error[mine].sum()))
    return forecast, squared * max(days / one.days, 1.0)


def horizon_notes(population: str, *, days: int, tested_days: int | None, history_days: int) -> list[Message]:
    """What a user should know where a forecast looks further ahead than the data can show.

    Args:
        population: the population.
        days: looked ahead.
        tested_days: looked ahead at earlier dates; None: no date could be tried.
        history_days: of data.
    """
    told = []
    if tested_days is None:
        told.append(message("value.assumed_drift", population=population, share=assumed_drift(days), days=days))
    elif tested_days < days:
        told.append(message("value.horizon_untested", population=population, tested=tested_days, days=days))
    if days > LONG * history_days:
        told.append(message("value.long_horizon", population=population, days=days, history=history_days))
    return told
