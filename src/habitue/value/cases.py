"""Distinct cases of repeat buying, each with how many customers share it: what purchase processes are fitted on.

Customers with the same number of repeat days, the same days between first and last, and the same days observed are
alike to every model here, so that the cost of a fit grows with distinct cases and not with customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

Array = np.ndarray


@dataclass(frozen=True)
class Cases:
    """Arrays of one length, one element a distinct case; times in one unit, the caller's.

    Attributes:
        x: repeat purchase days, those after the first.
        t_x: time from the first to the last purchase day; 0 where there was no repeat.
        t_end: time from the first purchase day to the end of the observation (T in the papers).
        counts: customers.
    """

    x: Array
    t_x: Array
    t_end: Array
    counts: Array

    @property
    def customers(self) -> float:
        """How many customers there are."""
        return float(self.counts.sum())

    @cached_property
    def histogram(self) -> tuple[Array, Array]:
        """Distinct numbers of repeat days, and customers of each: for terms that depend on nothing else."""
        values, at = np.unique(self.x, return_inverse=True)
        return values, np.bincount(at, self.counts, len(values))

    def scaled(self, unit: float) -> Cases:
        """The same in a unit so many times as long."""
        return Cases(self.x, self.t_x / unit, self.t_end / unit, self.counts)


def distinct(x: Array, t_x: Array, t_end: Array, counts: Array | None = None) -> Cases:
    """Cases of customers given one by one (or of cases that are not distinct yet)."""
    rows = np.column_stack([x, t_x, t_end]).astype(float)
    unique, at = np.unique(rows, axis=0, return_inverse=True)
    weights = np.ones(len(rows)) if counts is None else np.asarray(counts, float)
    return Cases(unique[:, 0], unique[:, 1], unique[:, 2], np.bincount(at.ravel(), weights, len(unique)))
