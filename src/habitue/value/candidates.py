"""Ways to forecast what each customer will bring: naive lines, purchase processes with spend, learners, averages.

Every one is a mean of components; a component is fitted on the customers as they stand and, where it learns from
outcomes, as they stood at earlier dates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from habitue.value.cases import Array
from habitue.value.challenger import fit_challenger, is_available
from habitue.value.methods import ALL, CANDIDATES, LAST_PERIOD, LEARNERS, OWN_RATE, PROCESSES, RFM_CELL
from habitue.value.purchase_process import fit_purchase_process
from habitue.value.snapshots import WEEK, WINDOWS, Snapshot, per_visit
from habitue.value.spend import Spend, fit_spend

Predict = Callable[[Snapshot], Array]
"""Expected net of each customer over the days ahead, minor units."""

Fit = Callable[[Snapshot, Sequence[Snapshot], int], Predict | None]
"""From (customers as they stand, as they stood before, days ahead); None: it cannot be fitted."""

BANDS = 5


def forecasts(now: Snapshot, before: Sequence[Snapshot], days: int, names: Iterable[str]) -> dict[str, Array]:
    """Expected net of each customer by each of some forecasts; those that cannot be made are missing.

    Args:
        now: customers as they stand.
        before: the same base at earlier dates, with what came after.
        days: days ahead.
        names: of `CANDIDATES`.
    """
    parts: dict[str, Array | None] = {}
    found = {}
    for name in names:
        for component in CANDIDATES[name]:
            if component not in parts:
                predict = component_fit(component)(now, before, days)
                parts[component] = None if predict is None else predict(now)
        mine = [part for part in (parts[component] for component in CANDIDATES[name]) if part is not None]
        if len(mine) == len(CANDIDATES[name]):
            found[name] = np.mean(mine, axis=0)
    return found


def possible() -> tuple[str, ...]:
    """Forecasts that can be made on this machine: those with learners need LightGBM."""
    return tuple(
        name for name, parts in CANDIDATES.items() if is_available() or not any(part in LEARNERS for part in parts)
    )


def component_fit(name: str) -> Fit:
    """How a component is fitted."""
    if name in PROCESSES:
        kind, visits = PROCESSES[name]
        return partial(_fit_process, kind=kind, visits=visits)
    if name in LEARNERS:
        return partial(fit_challenger, features=LEARNERS[name])
    return {LAST_PERIOD: _last_period, OWN_RATE: _own_rate, RFM_CELL: _fit_rfm_cells}[name]


def _last_period(now: Snapshot, before: Sequence[Snapshot], days: int) -> Predict:
    """What the last period of the same length brought, or as much of it as is known."""
    del now, before
    return lambda of: of.period_net * (days / of.period_days)


def _own_rate(now: Snapshot, before: Sequence[Snapshot], days: int) -> Predict:
    """Each customer's mean per day since the first visit; observed a week at least."""
    del now, before
    return lambda of: of.net / np.maximum(of.observed_days, WEEK) * days


def _fit_rfm_cells(now: Snapshot, before: Sequence[Snapshot], days: int) -> Predict | None:
    """Mean of what customers of the same cell of recency, frequency and monetary value brought after earlier dates."""
    del now
    if not before:
        return None
    training = [_rfm(one) for one in before]
    outcomes = np.concatenate([one.later_net / one.horizon_days for one in before])
    edges = [
        np.unique(np.quantile(np.concatenate([values[k] for values in training]), np.linspace(0, 1, BANDS + 1)[1:-1]))
        for k in range(3)
    ]

    def cell(values: Sequence[Array]) -> Array:
        bands = [np.searchsorted(edge, value, side="right") for edge, value in zip(edges, values, strict=True)]
        return bands[0] + (BANDS + 1) * (bands[1] + (BANDS + 1) * bands[2])

    size = (BANDS + 1) ** 3
    cells = np.concatenate([cell(values) for values in training])
    sums, counts = np.bincount(cells, outcomes, size), np.bincount(cells, minlength=size)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), outcomes.mean())
    return lambda of: means[cell(_rfm(of))] * days


def _rfm(of: Snapshot) -> tuple[Array, Array, Array]:
    widest = WINDOWS[-1]
    visits, net = of.window_visits[widest], of.window_net[widest]
    return of.recency_days, visits, per_visit(net, visits)


def _fit_process(now: Snapshot, before: Sequence[Snapshot], days: int, *, kind: str, visits: str) -> Predict | None:
    """A purchase process times expected spend."""
    del before
    spend = fit_spend_of(now, visits)
    if spend is None:
        return None
    process = fit_purchase_process(now.cases, kind)

    def predict(of: Snapshot) -> Array:
        counted, mean = spends(of, visits)
        return process.expected(of.x, of.t_x, of.t_end, days / WEEK) * spend.expected(counted, mean)

    return predict


def spends(of: Snapshot, visits: str) -> tuple[Array, Array]:
    """Visits with a known mean spend, and that mean: 0 and 0 where it is not positive."""
    counted = of.visits if visits == ALL else of.x
    mean = per_visit(of.net - (0 if visits == ALL else of.first_net), counted)
    return np.where(mean > 0, counted, 0), np.maximum(mean, 0)


def fit_spend_of(of: Snapshot, visits: str) -> Spend | None:
    """The spend model of a base; None where too few have a known spend."""
    counted, mean = spends(of, visits)
    known = counted > 0
    return fit_spend(counted[known], mean[known])
