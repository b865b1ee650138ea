"""Intervals of single customers: they cover new customers of the same kind as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from habitue.value.intervals import LEVELS, fit_intervals


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
