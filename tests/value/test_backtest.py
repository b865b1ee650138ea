"""Origins, measures, guards and the choice, worked out by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from habitue.value.backtest import Measures, Origin, best, measures, origins, training_origins, verdicts


def test_origins_end_where_the_outcome_is_known() -> None:
    first, as_of = date(2025, 1, 1), date(2025, 12, 31)
    assert origins(first, as_of, 91) == (
        Origin(date(2025, 10, 1), 91),
        Origin(date(2025, 8, 17), 91),
        Origin(date(2025, 7, 3), 91),
    )
    assert origins(first, as_of, 365) == (Origin(date(2025, 7, 2), 182),)  # one before has less behind it than ahead


def test_no_origin_in_a_short_history() -> None:
    assert origins(date(2025, 1, 1), date(2025, 2, 28), 365) == ()


def test_learners_see_outcomes_known_at_the_origin_only() -> None:
    first, on = date(2025, 1, 1), date(2025, 10, 1)
    found = training_origins(first, on, 91)
    assert found[0] == Origin(date(2025, 7, 2), 91)
    assert all((on - one.on).days >= one.horizon_days for one in found)
    assert all((one.on - first).days + 1 >= 90 for one in found)  # the widest window fits


def test_measures() -> None:
    forecast = np.array([40.0, 30.0, 20.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    actual = np.array([20.0, 50.0, 0.0, 10.0, 20.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    found = measures(forecast, actual)
    assert (found.customers, found.forecast, found.actual) == (10, 100, 100)
    assert found.mean_error == pytest.approx((20 + 20 + 20 + 0 + 20) / 10)
    assert found.bias == 0
    assert found.capture == pytest.approx(0.2)  # the one with 40
    assert (found.named, found.delivered) == (pytest.approx(0.1), pytest.approx(0.2))  # 40 of 100 is reached exactly


def test_equal_forecasts_share_what_they_brought() -> None:
    forecast, actual = np.array([5.0, 5.0, 0.0]), np.array([0.0, 100.0, 0.0])
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        assert measures(forecast[order], actual[order]).capture == pytest.approx(0.5)


def measured(mean_error: float, forecast: float, capture: float) -> Measures:
    return Measures(100, forecast, 1000.0, mean_error, capture, 0.1, 0.4)


def test_the_smallest_error_wins_within_the_guards() -> None:
    found = {
        "last_period": measured(10.0, 1000, 0.50),
        "own_rate": measured(12.0, 1000, 0.49),
        "low_and_wrong": measured(5.0, 140, 0.50),  # a total off by 86 %
        "misses_the_best": measured(6.0, 1000, 0.40),
        "pareto_nbd_all": measured(8.0, 900, 0.51),
    }
    result = verdicts([found, found])
    assert {name: verdict.passes for name, verdict in result.items()} == {
        "last_period": True, "own_rate": True, "low_and_wrong": False, "misses_the_best": False,
        "pareto_nbd_all": True,
    }  # fmt: skip
    assert result["pareto_nbd_all"].error == pytest.approx(0.8)
    assert best(result) == "pareto_nbd_all"


def test_what_cannot_be_made_everywhere_is_not_chosen() -> None:
    whole = {"last_period": measured(10.0, 1000, 0.5), "learner_windowed": measured(1.0, 1000, 0.5)}
    assert best(verdicts([whole, {"last_period": measured(10.0, 1000, 0.5)}])) == "last_period"


def test_where_nothing_is_within_the_guards_the_smallest_error_is_taken() -> None:
    found = {"last_period": measured(10.0, 2000, 0.5), "own_rate": measured(9.0, 3000, 0.5)}
    assert best(verdicts([found])) == "own_rate"
