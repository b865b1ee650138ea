"""Intervals around forecasts of single customers, from what came of earlier forecasts of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from habitue.value.cases import Array

LEVELS = (0.80, 0.95)
NORMAL = {"80": 1.281552, "95": 1.959964}
"""Two-sided quantiles by level in percent, for totals: sums over many customers."""

FEWEST_IN_BAND = 200
MOST_BANDS = 20


@dataclass(frozen=True)
class Band:
    """Customers of similar forecast.

    Attributes:
        floor: forecast per day from which the band goes; minus infinity for the first.
        lows: by level, lower end as a multiple of the forecast; per day where the forecast is not positive.
        highs: the same, upper end.
        squared_error: mean squared error, as a multiple of the squared forecast; per day squared where not positive.
    """

    floor: float
    lows: tuple[float, ...]
    highs: tuple[float, ...]
    squared_error: float


@dataclass(frozen=True)
class IntervalCurve:
    """Bands from the smallest forecasts to the largest; the first holds forecasts of nothing."""

    bands: tuple[Band, ...]

    def band_of(self, forecast: Array, days: int) -> Array:
        """Number of the band of each forecast over so many days."""
        return np.searchsorted([band.floor for band in self.bands[1:]], forecast / days, side="right")

    def interval(self, forecast: Array, days: int, level: int) -> tuple[Array, Array]:
        """Lower and upper ends at a level of `LEVELS`, by its place."""
        band = self.band_of(forecast, days)
        unit = np.where(forecast > 0, forecast, days)
        low = np.array([one.lows[level] for one in self.bands])[band] * unit
        high = np.array([one.highs[level] for one in self.bands])[band] * unit
        return low, high

    def variance(self, forecast: Array, days: int) -> Array:
        """Squared error to expect of each."""
        unit = np.where(forecast > 0, forecast, days)
        return np.array([one.squared_error for one in self.bands])[self.band_of(forecast, days)] * unit**2


def fit_intervals(outcomes: Sequence[tuple[Array, Array, int]]) -> IntervalCurve:
    """From forecasts at earlier origins, what came of them, and the days each looked ahead; at least one customer.

    Ends are order statistics one further out than the plain quantile, so that a new customer of the same kind falls
    inside with the stated chance at least (split conformal: Vovk, Gammerman & Shafer 2005). Where many bring nothing
    the interval begins at nothing and has one open end only.
    """
    forecast = np.concatenate([made / ahead for made, _, ahead in outcomes])
    actual = np.concatenate([came / ahead for _, came, ahead in outcomes])
    nothing = forecast <= 0
    bands = [_band(-np.inf, actual[nothing] if nothing.any() else np.zeros(1))]
    some, came = forecast[~nothing], actual[~nothing]
    if not len(some):
        return IntervalCurve(tuple(bands))
    count = int(np.clip(len(some) // FEWEST_IN_BAND, 1, MOST_BANDS))
    floors = np.unique(np.concatenate([[np.nextafter(0, 1)], np.quantile(some, np.linspace(0, 1, count + 1)[1:-1])]))
    place = np.searchsorted(floors[1:], some, side="right")
    for number, floor in enumerate(floors):
        mine = place == number
        if mine.any():
            bands.append(_band(float(floor), came[mine] / some[mine], 1.0))
    return IntervalCurve(tuple(bands))


def _band(floor: float, values: Array, centre: float = 0.0) -> Band:
    ordered = np.sort(values)
    size = len(ordered)
    lows, highs = [], []
    for level in LEVELS:
        out = (1 - level) / 2 * (size + 1)
        low = ordered[max(int(np.floor(out)) - 1, 0)]
        # Where many bring the least there is (nothing), the interval begins there and all the rest lies above it.
        above = 2 * out if low == ordered[0] else out
        lows.append(float(low))
        highs.append(float(ordered[min(int(np.ceil(size + 1 - above)) - 1, size - 1)]))
    return Band(floor, tuple(lows), tuple(highs), float(np.mean((values - centre) ** 2)))
