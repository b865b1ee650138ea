"""The challenger: gradient-boosted trees (LightGBM, Tweedie loss) on recent and cumulative purchases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from habitue.value.cases import Array
from habitue.value.methods import CUMULATIVE
from habitue.value.snapshots import WEEK, WINDOWS, Snapshot, per_visit

SEEDS = (0, 1, 2)
ROUNDS = 200
PARAMETERS = {
    "objective": "tweedie",
    "tweedie_variance_power": 1.5,
    "learning_rate": 0.03,
    "num_leaves": 15,
    "min_child_samples": 50,
    "subsample": 0.8,
    "subsample_freq": 1,
    "colsample_bytree": 0.7,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@cache
def is_available() -> bool:
    """Whether LightGBM can be loaded: it needs the system's OpenMP library."""
    try:
        import lightgbm
    except (ImportError, OSError):
        return False
    return bool(lightgbm.__version__)


def fit_challenger(
    now: Snapshot, before: Sequence[Snapshot], days: int, *, features: str
) -> Callable[[Snapshot], Array] | None:
    """Three boosted models, each with a seed of its own; their mean is the forecast.

    Args:
        now: customers as they stand; nothing is learnt from them.
        before: the same base at earlier dates, with what came after; None is learnt from none.
        days: days ahead.
        features: `WINDOWED` (recent weeks, smoothed rates: comparable between dates) or `CUMULATIVE` (beside them
            totals since the first visit).
    """
    import lightgbm

    del now
    if not before:
        return None
    rows = np.concatenate([_features(one, features) for one in before])
    target = np.concatenate([np.maximum(one.later_net, 0) / one.horizon_days for one in before])
    order = np.lexsort([target, *rows.T])  # which rows a tree sees is drawn by their place: it must mean nothing
    rows, target = rows[order], target[order]
    unit = target.mean()
    if unit <= 0:
        return None
    boosters = []
    for seed in SEEDS:
        data = lightgbm.Dataset(rows, target / unit, free_raw_data=False)
        boosters.append(lightgbm.train({**PARAMETERS, "seed": seed}, data, num_boost_round=ROUNDS))

    def predict(of: Snapshot) -> Array:
        values = _features(of, features)
        return np.mean([booster.predict(values, num_threads=1) for booster in boosters], axis=0) * unit * days

    return predict


def _features(of: Snapshot, kind: str) -> Array:
    gap = np.where(of.x > 0, of.repeat_days / np.maximum(of.x, 1), np.nan)
    weeks = of.observed_days / WEEK
    columns = [
        of.recency_days,
        per_visit(of.net, of.visits),
        gap,
        of.recency_days / np.where(gap > 0, gap, np.nan),
        of.net / np.maximum(weeks, 1),
        of.net / (weeks + 4),
    ]
    for window in WINDOWS:
        columns += [of.window_visits[window], of.window_net[window]]
    if kind == CUMULATIVE:
        columns += [of.x, of.repeat_days, of.observed_days, of.net]
    return np.column_stack(columns)
