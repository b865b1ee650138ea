"""How well each way to forecast would have done at earlier dates of the same data, and the choice made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from habitue.value.cases import Array
from habitue.value.methods import NAIVE
from habitue.value.snapshots import WINDOWS

FEWEST_DAYS = 56
"""With less history before it, a date is no origin."""

MOST_ORIGINS, MOST_TRAINING = 3, 4
LONGEST_STEP_DAYS = 28

CRITICAL_SHARE = 0.4
TOP = 10

WORST_BIAS = 0.25
"""A total off by more disqualifies, however small the errors of single customers."""

WORST_CAPTURE = 0.03
"""Share of net by which the predicted best tenth may bring less than that of the best forecast."""


@dataclass(frozen=True)
class Origin:
    """A date from which a forecast is made as if it were today, and the days ahead it is checked on."""

    on: date
    horizon_days: int


def origins(first: date, as_of: date, horizon_days: int) -> tuple[Origin, ...]:
    """Origins whose outcome is known at `as_of`, newest first; none with too short a history.

    Args:
        first: first day of the data.
        as_of: last known day.
        horizon_days: days ahead that are wanted; half of the history at most is looked ahead.

    Before each lie at least as many days as it looks ahead: with less, a last period is no whole one and everybody is
    new. Origins overlap by half a horizon: outcomes of neighbours are not independent, customers' states differ.
    """
    days = (as_of - first).days + 1
    ahead = min(horizon_days, days // 2)
    step = max(ahead // 2, LONGEST_STEP_DAYS)
    starts = range(days - ahead, max(FEWEST_DAYS, ahead) - 1, -step)
    return tuple(Origin(first + timedelta(days=start - 1), ahead) for start in starts[:MOST_ORIGINS])


def training_origins(first: date, on: date, horizon_days: int) -> tuple[Origin, ...]:
    """Dates with known outcomes at `on` that learners are trained on, newest first.

    All windows fit before each, but for the only one of a short history.
    """
    days = (on - first).days + 1
    ahead = min(horizon_days, days // 2)
    starts = range(days - ahead, LONGEST_STEP_DAYS - 1, -max(ahead // 2, LONGEST_STEP_DAYS))
    whole = [start for start in starts if start >= max(WINDOWS) - 1][:MOST_TRAINING]
    return tuple(Origin(first + timedelta(days=start - 1), ahead) for start in whole or [days - ahead])


@dataclass(frozen=True)
class Measures:
    """How a forecast did at one origin.

    Attributes:
        customers: how many.
        forecast: total forecast, minor units.
        actual: total net of the period.
        mean_error: mean absolute error of a customer, minor units (MAE).
        capture: share of the net brought by the tenth with the highest forecasts.
        named: customers forecast to make 40 % of the total, over all.
        delivered: what they brought, over the net of all.
    """

    customers: int
    forecast: float
    actual: float
    mean_error: float
    capture: float
    named: float
    delivered: float

    @property
    def bias(self) -> float:
        """Forecast over actual total, less one."""
        return self.forecast / self.actual - 1


def measures(forecast: Array, actual: Array, *, share: float = CRITICAL_SHARE) -> Measures:
    """Of forecast and actual net by customer; at least one customer, a positive actual total.

    Negative forecasts count as nothing where customers are ranked. Customers with equal forecasts share what they
    brought: no order of rows decides.
    """
    value = np.maximum(forecast, 0)
    order = np.argsort(-value, kind="stable")
    ranked, brought = value[order], _shared(value[order], actual[order])
    delivered = np.cumsum(brought) / actual.sum()
    best = max(round(len(value) / TOP), 1)
    if ranked.sum() > 0:
        within = int(np.searchsorted(np.cumsum(ranked), share * ranked.sum() * (1 - 1e-12))) + 1
    else:
        within = len(ranked)
    return Measures(
        customers=len(value),
        forecast=float(forecast.sum()),
        actual=float(actual.sum()),
        mean_error=float(np.abs(forecast - actual).mean()),
        capture=float(delivered[best - 1]),
        named=within / len(value),
        delivered=float(delivered[within - 1]),
    )


def _shared(ranked: Array, brought: Array) -> Array:
    """What customers of equal forecast brought, on average."""
    starts = np.flatnonzero(np.diff(ranked, prepend=np.inf))
    sizes = np.diff(starts, append=len(ranked))
    return np.repeat(np.add.reduceat(brought, starts) / sizes, sizes)


@dataclass(frozen=True)
class Verdict:
    """What the origins say of one forecast.

    Attributes:
        error: mean over origins of its error over that of the best naive line at the origin.
        bias: totals over all origins.
        capture_gap: mean over origins of how far its capture is below the best.
        passes: within the guards on bias and capture.
    """

    error: float
    bias: float
    capture_gap: float
    passes: bool


def verdicts(found: Sequence[Mapping[str, Measures]]) -> dict[str, Verdict]:
    """One for each forecast that could be made at every origin.

    Args:
        found: by origin, measures by name.
    """
    names = [name for name in found[0] if all(name in one for one in found)]
    result = {}
    for name in names:
        mine = [one[name] for one in found]
        ratios = [
            _over(one[name].mean_error, min(one[line].mean_error for line in NAIVE if line in one)) for one in found
        ]
        bias = sum(one.forecast for one in mine) / sum(one.actual for one in mine) - 1
        gap = float(np.mean([max(other.capture for other in one.values()) - one[name].capture for one in found]))
        passes = abs(bias) <= WORST_BIAS and gap <= WORST_CAPTURE
        result[name] = Verdict(float(np.mean(ratios)), bias, gap, passes)
    return result


def _over(error: float, naive: float) -> float:
    """Ratio of errors; where a naive line makes none, another without any is as good and all others are out."""
    if naive > 0:
        return error / naive
    return 1.0 if error == 0 else float("inf")


def best(of: Mapping[str, Verdict]) -> str:
    """The name with the smallest error among those within the guards; among all where none is."""
    within = [name for name, verdict in of.items() if verdict.passes] or list(of)
    return min(within, key=lambda name: (of[name].error, name))
