"""What weights of sales channels gain over equal ones, at a date they were not fitted at: two measures, intervals.

Rank correlation (Spearman) of a score with what came, tied values sharing their middle rank; and what the tenth of the
customers with the highest scores brought of all, customers tied at its limit sharing what they brought.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

BEST = 0.1
"""The share of customers whose part of all is looked at."""

LEAST_GAIN = 0.01
"""Weights are kept if a measure improves by so much, relative to equal weights."""

DRAWS = 400
ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Gain:
    """One measure with equal and with fitted weights. What cannot be told is None.

    Attributes:
        equal: the measure with equal weights.
        fitted: the same with fitted weights.
        share: fitted over equal, less one; None where equal weights give nothing above 0.
        low: lower end of its 95 % interval, a paired bootstrap over customers.
        high: upper end.
    """

    equal: float | None
    fitted: float | None
    share: float | None
    low: float | None
    high: float | None

    @property
    def pays(self) -> bool:
        """At least one percent better, and better beyond chance."""
        return self.share is not None and self.low is not None and self.share >= LEAST_GAIN and self.low > 0


@dataclass(frozen=True)
class Gains:
    """Both measures: rank correlation with what came, and the share of it that the best tenth brought."""

    rank: Gain
    capture: Gain

    @property
    def pay(self) -> bool:
        """Whether one of them does."""
        return self.rank.pays or self.capture.pays


def gains(equal: Whole, fitted: Whole, outcome: Whole, *, seed: int) -> Gains:
    """What scores with fitted weights gain over those with equal ones. Nothing depends on the order of customers.

    Args:
        equal: score of each customer with equal weights, of shape (customers,).
        fitted: score with fitted weights.
        outcome: what each brought later, minor units.
        seed: of the bootstrap: each customer counts Poisson(1) times in each of the draws.
    """
    cases, counts = np.unique(np.column_stack([equal, fitted, outcome]), axis=0, return_counts=True)
    pair = [_Ranked(cases[:, 0]), _Ranked(cases[:, 1])]
    later, amounts = _Ranked(cases[:, 2]), cases[:, 2].astype(np.float64)

    def measured(weights: Array) -> Array:
        """Rank correlations, then captured shares, equal before fitted."""
        sizes = later.sums(weights)
        ranks = _ranks(sizes)
        led, spread = weights * ranks[later.codes], float((sizes * ranks**2).sum())
        correlations = [one.correlation(weights, led, spread) for one in pair]
        return np.array([*correlations, *(one.captured(weights, amounts) for one in pair)])

    stand = measured(counts.astype(np.float64))
    random = np.random.default_rng(seed)
    drawn = np.array([measured(random.poisson(counts).astype(np.float64)) for _ in range(DRAWS)])
    return Gains(*(_gain(stand[at : at + 2], drawn[:, at : at + 2]) for at in (0, 2)))


class _Ranked:
    """A column of values as the places of its distinct ones, ascending; a case counts as often as its weight says."""

    def __init__(self, values: Whole) -> None:
        distinct, self.codes = np.unique(values, return_inverse=True)
        self._size = len(distinct)

    def sums(self, amounts: Array) -> Array:
        """Sum by distinct value."""
        return np.asarray(np.bincount(self.codes, amounts, self._size), np.float64)

    def correlation(self, weights: Array, led: Array, spread: float) -> float:
        """Rank correlation with another column: its weighted ranks by case, and the sum of their squares."""
        sizes = self.sums(weights)
        ranks = _ranks(sizes)
        both = np.sqrt((sizes * ranks**2).sum() * spread)
        return float((ranks * self.sums(led)).sum() / both) if both > 0 else np.nan

    def captured(self, weights: Array, amounts: Array) -> float:
        """Share of all amounts that the best tenth by this column brought; nan where there is none to share."""
        sizes, brought = self.sums(weights)[::-1], self.sums(weights * amounts)[::-1]
        before = np.cumsum(sizes) - sizes
        part = np.clip((BEST * sizes.sum() - before) / np.where(sizes > 0, sizes, 1.0), 0.0, 1.0)
        whole = brought.sum()
        return float((part * brought).sum() / whole) if whole > 0 else np.nan


def _ranks(sizes: Array) -> Array:
    """Middle rank of each distinct value less the mean of all ranks."""
    return np.cumsum(sizes) - (sizes + sizes.sum()) / 2


def _gain(stand: Array, drawn: Array) -> Gain:
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(stand[0] > 0, stand[1] / stand[0] - 1, np.nan)
        shares = np.where(drawn[:, 0] > 0, drawn[:, 1] / drawn[:, 0] - 1, np.nan)
    low, high = np.quantile(shares, ENDS) if np.isfinite(shares).all() else (np.nan, np.nan)
    return Gain(*(float(value) if np.isfinite(value) else None for value in (*stand, share, low, high)))
