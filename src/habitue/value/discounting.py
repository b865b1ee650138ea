"""What money that comes later is worth today."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

import numpy as np

from habitue.value.cases import Array

YEAR_DAYS = 365.25
MONTH_DAYS = YEAR_DAYS / 12
MOST_STEPS = 60


def present_share(expected_by: Callable[[float], Array], days: int, yearly_rate: float) -> Array:
    """Present value of what comes over the days ahead, over its plain sum.

    Args:
        expected_by: from days ahead to what is expected up to then, one element a case; 0 at 0.
        days: the horizon.
        yearly_rate: discount rate of a year, as 0.1.

    What comes within a month counts at its middle, discounted by (1 + rate) to the power of minus the years until then.
    Where nothing is expected the share is that of the middle of the horizon.
    """
    steps = min(ceil(days / MONTH_DAYS), MOST_STEPS)
    ends = np.linspace(0, days, steps + 1)
    reached = np.array([expected_by(float(end)) for end in ends[1:]])
    gained = np.diff(reached, axis=0, prepend=0)
    worth = _factor((ends[1:] + ends[:-1]) / 2, yearly_rate)
    return np.divide(
        worth @ gained, reached[-1], out=np.full(reached.shape[1], _factor(days / 2, yearly_rate)),
        where=reached[-1] > 0,
    )  # fmt: skip


def _factor(days_ahead: Array | float, yearly_rate: float) -> Array:
    return (1 + yearly_rate) ** (-np.asarray(days_ahead) / YEAR_DAYS)
