"""Scores: equal customers equal scores, whatever the distribution. Expected values by hand or by brute force."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.segments.rfm import RfmSettings, quantile_floors
from habitue.segments.segmentation import SegmentSettings, segmentation
from support.purchases import rows
from support.segments import Day, bought, quantile_scores

AS_OF = date(2024, 12, 31)


def floors(values: list[int]) -> dict[int, int]:
    """Score by value."""
    distinct, counts = np.unique(np.array(values, np.int64), return_counts=True)
    found = quantile_floors(distinct, counts)
    return {int(v): max((score for score, floor in found if floor <= v), default=0) for v in distinct}


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=60))
def test_quantile_scores_are_the_place_of_the_middle_of_a_value(values: list[int]) -> None:
    by_value = floors(values)
    assert [by_value[value] for value in values] == quantile_scores(values)


def test_ties_at_a_border_share_a_score() -> None:
    values = [15, 18, 22, 30, 30, 36, 41, 47, 52, 58, 66, 73, 81, 95, 110, 128, 150, 190, 260, 520]  # case S01
    assert [floors(values)[value] for value in values] == [
        1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5,
    ]  # fmt: skip


def test_one_customer_and_equal_customers_get_the_middle_score() -> None:
    assert floors([7]) == {7: 3}
    assert floors([7] * 15) == {7: 3}


def test_weights_enter_frequency_and_value_but_not_recency_or_visits(con: Any) -> None:
    days = [Day("A", AS_OF - timedelta(days=n), 1001, channel="online") for n in (1, 2, 3)] + [
        Day(f"B{n}", AS_OF - timedelta(days=10 * n), 1000 * n) for n in range(1, 10)
    ]
    settings = SegmentSettings(rfm=RfmSettings(frequency_weights={"online": 1500}, monetary_weights={"online": 500}))
    found = segmentation(bought(con, days), settings, as_of=AS_OF).tables["rfm"]
    (a,) = [row for row in found.to_pyarrow().to_pylist() if row["customer_id"] == "A"]
    assert (a["recency_days"], a["visits_count"], a["frequency"], a["weighted_frequency"]) == (1, 3, 3, 4.5)
    assert (a["net_amount"], a["monetary"]) == (3003, 3003)
    assert a["weighted_monetary"] == 1502  # 1501.5, half to even
    (b,) = [row for row in found.to_pyarrow().to_pylist() if row["customer_id"] == "B9"]
    assert (b["weighted_frequency"], b["weighted_monetary"]) == (1.0, 9000)


def test_rewards_lower_the_monetary_value_not_the_net(con: Any) -> None:
    found = segmentation(bought(con, [Day("A", AS_OF, 1000, reward=300)]), SegmentSettings(), as_of=AS_OF)
    assert rows(found.tables["rfm"], "net_amount", "monetary", "recency_days") == [(1000, 700, 0)]


def test_the_window_is_twelve_months_and_its_border_is_outside(con: Any) -> None:
    days = [Day("A", date(2023, 12, 31), 100), Day("A", date(2024, 1, 1), 10), Day("A", date(2024, 12, 31), 1)]
    found = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF).tables["rfm"]
    assert rows(found, "visits_count", "frequency", "monetary", "tenure_days") == [(3, 2, 11, 366)]


def test_a_day_of_returns_lowers_value_and_is_no_visit(con: Any) -> None:
    days = [Day("A", date(2024, 6, 1), 100), Day("A", date(2024, 7, 1), -30)]
    found = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF).tables["rfm"]
    assert rows(found, "visits_count", "frequency", "monetary", "last_visit_on") == [(1, 1, 70, date(2024, 6, 1))]


@pytest.mark.parametrize(("scoring", "beside"), [("thresholds", None), ("both", 4)])
def test_fixed_thresholds(con: Any, scoring: Any, beside: int | None) -> None:
    days = [Day(f"C{n}", AS_OF - timedelta(days=days), 100 * n) for n, days in enumerate((0, 30, 31, 180, 365, 366), 1)]
    days += [Day("C1", AS_OF - timedelta(days=n), 1) for n in range(1, 5)]
    settings = SegmentSettings(rfm=RfmSettings(scoring=scoring, monetary_thresholds=(150, 250, 350, 450)))
    found = segmentation(bought(con, days), settings, as_of=AS_OF).tables["rfm"]
    by_id = {row["customer_id"]: row for row in found.to_pyarrow().to_pylist()}
    column = "{}_fixed_score" if scoring == "both" else "{}_score"
    assert [by_id[f"C{n}"][column.format("recency")] for n in range(1, 7)] == [5, 5, 4, 3, 2, 1]
    assert [by_id[f"C{n}"][column.format("frequency")] for n in (1, 2, 6)] == [4, 1, 1]  # 5 visits, 1, none in window
    assert [by_id[f"C{n}"][column.format("monetary")] for n in range(1, 7)] == [1, 2, 3, 4, 5, 1]
    assert by_id["C1"]["frequency_fixed_score"] == beside


def test_populations_have_cut_offs_of_their_own(con: Any) -> None:
    days = [Day(f"C{n}", AS_OF - timedelta(days=n), 100 + n) for n in range(5)]
    days += [Day(f"B{n}", AS_OF - timedelta(days=n), 100_000 + n, population="b2b") for n in range(5)]
    days += [Day("S", AS_OF, 5, population="staff"), Day("X", AS_OF, 5, population="shared_card")]
    found = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF).tables["rfm"]
    scores = {row["customer_id"]: row["monetary_score"] for row in found.to_pyarrow().to_pylist()}
    assert scores == {f"{letter}{n}": n + 1 for letter in "CB" for n in range(5)}
