"""Who rises and who fades: masks and chances by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import binomtest

from habitue.value import watchlists
from habitue.value.snapshots import Snapshot

TODAY = date(2025, 6, 30)


def customers(
    visits: list[int], repeat: list[int], observed: list[int], later: list[int], window: list[int]
) -> Snapshot:
    whole = [np.array(values, float) for values in (visits, repeat, observed, later, window)]
    nothing = np.zeros(len(visits))
    return Snapshot(
        on=TODAY, horizon_days=180, repeat_days=whole[1], observed_days=whole[2], visits=whole[0], net=nothing,
        first_net=nothing, period_days=90, period_net=whole[4], window_visits={}, window_net={}, later_visits=nothing,
        later_net=whole[3],
    )  # fmt: skip


def test_the_best_fifth_rises_and_ties_at_the_limit_are_all_in() -> None:
    forecast = np.array([10, 9, 9, 9, 8, 7, 6, 5, 4, 3, 99.0])
    candidates = np.array([True] * 10 + [False])
    assert np.flatnonzero(watchlists.rising(forecast, candidates)).tolist() == [0, 1, 2, 3]
    assert not watchlists.rising(np.zeros(3), np.ones(3, bool)).any()  # nobody is expected to bring anything
    assert not watchlists.rising(forecast, np.zeros(11, bool)).any()
    assert watchlists.rising(np.array([5.0]), np.array([True])).tolist() == [True]


def test_good_is_more_than_three_quarters_bring() -> None:
    assert watchlists.became_good(np.array([0, 10, 20, 30, 40])).tolist() == [False, False, False, False, True]
    assert watchlists.became_good(np.array([0, 0, 0, 0, 5])).tolist() == [False, False, False, False, True]
    assert not watchlists.became_good(np.zeros(4)).any()


def test_the_chance_of_a_silence_is_what_is_drawn() -> None:
    assert watchlists.silence(np.array([2.0]), np.array([100.0]), np.array([100.0])).tolist() == [0.25]
    assert watchlists.silence(np.array([0.0]), np.array([0.0]), np.array([50.0])).tolist() == [1.0]
    # Drawn: any rate as likely as another on a log scale; x gaps of it; the next one, given their sum.
    chance = np.random.default_rng(1)
    size, x = 400_000, 4
    rate = np.exp(chance.uniform(-6, 6, size))
    spent, following = chance.gamma(x, size=size) / rate, chance.exponential(size=size) / rate
    ratio = following / spent
    expected = watchlists.silence(np.array([float(x)]), np.array([10.0]), np.array([5.0]))[0]
    assert binomtest(int((ratio > 0.5).sum()), size, float(expected)).pvalue > 0.001


def test_late_against_ones_own_rhythm() -> None:
    # Gaps of 10 days in all three. 10 days of silence after 9 gaps: (90/100)^9 = 0.387; 40 days: (90/130)^9 = 0.037.
    of = customers([10, 10, 3], [90, 90, 20], [100, 130, 60], [0, 0, 0], [0, 0, 0])
    candidates, late = watchlists.fading(of, np.array([True, True, True]))
    assert candidates.tolist() == [True, True, False]  # two gaps are no rhythm
    assert late.tolist() == [False, True, False]
    assert not watchlists.fading(of, np.zeros(3, bool))[0].any()


def test_a_fall_is_less_than_half_of_the_last_period_scaled() -> None:
    of = customers([5, 5], [50, 50], [60, 60], [999, 1_000], [1_000, 1_000])  # 1,000 in 90 days: 2,000 in 180
    assert watchlists.fell(of).tolist() == [True, False]


def test_counts_over_dates_and_wilson() -> None:
    yes, no = np.array([True, True, True, True]), np.zeros(4, bool)
    named = np.array([True, True, False, False])
    right = np.array([True, False, True, False])
    row = watchlists.tried([(yes, named, right), (yes, no, right)]).row()
    assert (row["candidates_count"], row["named_count"], row["hits_count"], row["origins_count"]) == (8, 2, 1, 2)
    assert (row["precision_share"], row["base_share"], row["is_better_than_chance"]) == (0.5, 0.5, False)
    assert (row["low_95_share"], row["high_95_share"]) == pytest.approx(watchlists.wilson(0.5, 1.5))  # 2 dates: as 1.5
    twice = watchlists.Tried(candidates=100, right=20, named=40, hits=30, origins=1).row()
    assert twice["is_better_than_chance"]  # 75 % of 40 against 20 %
    assert watchlists.tried([]).row() == {
        "candidates_count": 0, "named_count": 0, "hits_count": 0, "origins_count": 0, "base_share": None,
    }  # fmt: skip
    known = binomtest(7, 20).proportion_ci(0.95, method="wilson")
    assert watchlists.wilson(7 / 20, 20) == pytest.approx((known.low, known.high), abs=1e-6)


def test_the_lists_of_today_with_places_and_reasons() -> None:
    days = [TODAY - timedelta(days=number) for number in (5, 6, 7, 8, 9, 10)]
    people = pa.table(
        {
            "customer_id": list("abcdef"), "first_on": days, "observed_days": [5, 6, 7, 8, 9, 10],
            "first_amount": [100, 600, 300, 400, 500, 200], "expected_amount": [9, 9, 8, 7, 6, 5],
        }
    )  # fmt: skip
    found = watchlists.rising_rows(people).to_pylist()
    assert [(row["customer_id"], row["place"], row["reason"]) for row in found] == [
        ("a", 1, "fresh_first_purchase"),
        ("b", 1, "large_first_purchase"),
    ]
    assert [row["smaller_first_share"] for row in found] == [0, pytest.approx(5 / 6)]
    core = pa.table(
        {
            "customer_id": ["late", "gone", "due"], "last_on": days[:3], "visits_count": [10, 10, 10],
            "repeat_days": [90, 90, 90], "observed_days": [130, 290, 100], "last_period_amount": [700, 900, 800],
            "expected_amount": [1, 2, 3],
        }
    )  # fmt: skip
    found = watchlists.fading_rows(core).to_pylist()
    assert [(row["customer_id"], row["place"], row["reason"]) for row in found] == [
        ("late", 2, "later_than_usual"),
        ("gone", 1, "far_later_than_usual"),
    ]
    assert found[0]["silence_probability"] == pytest.approx((90 / 130) ** 9)
    assert (found[0]["usual_gap_days"], found[0]["days_since_count"]) == (10, 40)
    assert watchlists.fading_rows(core.slice(0, 0)).num_rows == watchlists.rising_rows(people.slice(0, 0)).num_rows == 0
