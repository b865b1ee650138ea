"""Intervals of single customers: they cover new customers of the same kind as often as they say."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from habitue.value.expected_revenue import with_intervals
from habitue.value.intervals import LEVELS, Band, IntervalCurve, fit_intervals
from support.engines import table


def outcomes(chance: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Forecasts over two orders of magnitude; what comes is their multiple by a skewed draw; some expect nothing."""
    forecast = np.where(chance.random(size) < 0.1, 0.0, chance.lognormal(3, 1, size))
    actual = np.where(forecast > 0, forecast * chance.gamma(1.5, 1 / 1.5, size), chance.exponential(2.0, size))
    return forecast, np.where(chance.random(size) < 0.2, 0.0, actual)


@pytest.mark.parametrize("level", range(len(LEVELS)))
def test_coverage(level: int) -> None:
    chance = np.random.default_rng(5)
    curve = fit_intervals([(*outcomes(chance, 20_000), 91)])
    forecast, actual = outcomes(chance, 20_000)
    low, high = curve.interval(forecast, 91, level)
    inside = (low <= actual) & (actual <= high)
    assert inside.mean() == pytest.approx(LEVELS[level], abs=0.015)
    for part in (forecast == 0, forecast > np.median(forecast)):
        assert inside[part].mean() == pytest.approx(LEVELS[level], abs=0.03)


def test_half_the_days_half_the_ends() -> None:
    chance = np.random.default_rng(6)
    forecast, actual = outcomes(chance, 5_000)
    curve = fit_intervals([(forecast, actual, 100)])
    whole = curve.interval(forecast, 100, 0)
    half = curve.interval(forecast / 2, 50, 0)
    assert half[1] == pytest.approx(whole[1] / 2)


def test_one_customer() -> None:
    curve = fit_intervals([(np.array([10.0]), np.array([5.0]), 10)])
    assert [end[0] for end in curve.interval(np.array([20.0]), 10, 1)] == [10.0, 10.0]
    assert curve.variance(np.array([20.0]), 10)[0] == pytest.approx(100.0)


def test_the_engine_takes_the_band_the_arrays_take(con: Any) -> None:
    bands = [
        Band(floor, (0.31 * n, 0.17 * n), (2.0 + n, 3.0 + n), 1.0) for n, floor in enumerate([-np.inf, 0.5, 2.0, 8.0])
    ]
    curve = IntervalCurve(tuple(bands))
    expected = [-5.0, 0.0, 4.9, 5.0, 19.99, 20.0, 79.9, 80.0, 1e6]  # over ten days: floors at 5, 20 and 80
    days = [date(2025, 1, 1)] * len(expected)
    forecast = table(
        con,
        {
            "customer_id": [str(n) for n in range(len(expected))], "population": ["consumer"] * len(expected),
            "expected": expected, "present": expected, "expected_spend": expected, "expected_visits": expected,
            "active_probability": expected, "visits_count": [1] * len(expected), "first_on": days, "last_on": days,
        },
    )  # fmt: skip
    found = with_intervals(forecast, curve, 10).order_by("customer_id").to_pyarrow()
    for level, name in enumerate(("80", "95")):
        low, high = curve.interval(np.array(expected), 10, level)
        assert found[f"low_{name}_amount"].to_pylist() == np.round(low).astype(int).tolist()
        assert found[f"high_{name}_amount"].to_pylist() == np.round(high).astype(int).tolist()
    squared = curve.variance(np.array(expected), 10)
    assert found["squared_error"].to_pylist() == pytest.approx(squared.tolist())
