"""Measures of separation and concentration. Expected values by hand, or from all pairs of customers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.segments.outlook import concentration, eta_squared, gini, per_head


def test_eta_squared_by_hand() -> None:
    # 1, 3 | 10, 14: means 2 and 12, overall 7; between 2*25*2 = 100, within 1+1+4+4 = 10.
    assert eta_squared([(2, 4), (2, 24)], 1 + 9 + 100 + 196) == pytest.approx(100 / 110)
    assert eta_squared([(2, 4), (0, 0)], 8) is None  # no variance
    assert eta_squared([], 0) is None


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=40))
def test_gini_is_the_mean_difference_of_all_pairs(values: list[int]) -> None:
    found = gini([(1, value) for value in values])
    if sum(values) == 0:
        assert found is None
        return
    pairs = sum(abs(a - b) for a, b in product(values, values))
    assert found == pytest.approx(pairs / (2 * len(values) * sum(values)))


def test_gini_between_groups_gives_everybody_the_mean() -> None:
    assert gini([(2, 4), (3, 30)]) == pytest.approx(gini([(1, 2), (1, 2), (1, 10), (1, 10), (1, 10)]) or 0)


def test_the_concentration_curve_of_ten_customers() -> None:
    values = np.array([10, 20, 100], np.int64)
    curve, measures = concentration(values, np.array([5, 4, 1], np.int64))  # 50 + 80 + 100 = 230
    assert [(point["customers_count"], point["net_amount"]) for point in curve] == [
        (0, 0), (1, 100), (2, 120), (3, 140), (4, 160), (5, 180), (6, 190), (7, 200), (8, 210), (9, 220), (10, 230),
    ]  # fmt: skip
    assert curve[1]["customers_share"] == 0.1
    assert curve[1]["net_share"] == pytest.approx(100 / 230)
    assert measures["top_decile_share"] == pytest.approx(100 / 230)
    everybody = [10] * 5 + [20] * 4 + [100]
    pairs = sum(abs(a - b) for a, b in product(everybody, everybody))
    assert measures["gini"] == pytest.approx(pairs / (2 * 10 * 230))


def test_a_curve_has_a_hundred_steps_at_most() -> None:
    curve, _ = concentration(np.array([1, 2], np.int64), np.array([900, 100], np.int64))
    assert len(curve) == 101
    assert curve[10]["net_amount"] == 200


def test_per_head_is_exact_and_half_even() -> None:
    assert [per_head(5, 2), per_head(7, 2), per_head(-5, 2), per_head(10, 0)] == [2, 4, -2, None]
