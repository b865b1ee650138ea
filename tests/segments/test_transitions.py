"""Matrices from counts: shares, intervals, tests. Expected values from scipy's Dirichlet, from R, or by hand."""

from __future__ import annotations

from datetime import date
from math import log
from typing import Any

import numpy as np
import pytest

from habitue.segments.segmentation import SegmentSettings, segmentation
from habitue.segments.transitions import any_move, homogeneity, matrix, share_interval
from support.segments import Day, bought

SEGMENTS = ("core", "loyal")


def cells(counts: dict[tuple[str, str], int], **of_population: Any) -> list[dict[str, Any]]:
    rows = [
        {
            "population": "consumer", "from_segment": a, "to_segment": b, "customers_count": count,
            "before_amount": 10 * count, "after_amount": 20 * count,
        }
        for (a, b), count in counts.items()
    ]  # fmt: skip
    return matrix(rows, segments=SEGMENTS, populations={"consumer": of_population.get("moves", any_move(SEGMENTS))})


def cell(rows: list[dict[str, Any]], a: str, b: str) -> dict[str, Any]:
    (found,) = [row for row in rows if (row["from_segment"], row["to_segment"]) == (a, b)]
    return found


def test_shares_of_rows_and_columns() -> None:
    found = cells(
        {("core", "core"): 30, ("core", "loyal"): 10, ("loyal", "core"): 10, ("not_yet_customer", "core"): 10}
    )
    assert cell(found, "core", "core")["row_share"] == 0.75
    assert cell(found, "core", "core")["column_share"] == 0.6
    assert cell(found, "not_yet_customer", "core")["row_share"] is None
    assert cell(found, "not_yet_customer", "core")["column_share"] == 0.2
    assert cell(found, "loyal", "loyal")["row_share"] == 0
    assert [cell(found, a, "core")["is_small_row"] for a in (*SEGMENTS, "not_yet_customer")] == [False, True, False]
    assert cell(found, "core", "not_yet_customer")["is_impossible"]
    assert len(found) == 9


def test_an_empty_row_has_no_share() -> None:
    found = cells({("core", "core"): 1})
    assert [cell(found, "loyal", b)["row_share"] for b in SEGMENTS] == [None, None]
    assert cell(found, "loyal", "core")["low_share"] is None


def test_intervals_are_the_quantiles_of_dirichlet_draws() -> None:
    draws = np.random.default_rng(7).dirichlet([60.5, 25.5, 0.5, 14.5], size=400_000)
    for place, count in enumerate((60, 25, 0, 14)):
        found = share_interval(count, 99, 4)
        assert found == pytest.approx(np.quantile(draws[:, place], [0.025, 0.975]), abs=1.5e-3)


def test_the_only_possible_move_has_no_uncertainty() -> None:
    found = cells({("core", "loyal"): 5}, moves=frozenset({("core", "loyal"), ("loyal", "loyal")}))
    assert (cell(found, "core", "loyal")["low_share"], cell(found, "core", "loyal")["high_share"]) == (1.0, 1.0)


def test_a_forbidden_move_that_was_seen_is_counted_and_marked() -> None:
    found = cells({("core", "loyal"): 5, ("core", "core"): 5}, moves=frozenset({("core", "core")}))
    odd = cell(found, "core", "loyal")
    assert (odd["is_impossible"], odd["customers_count"], odd["row_share"]) == (True, 5, 0.5)
    assert odd["low_share"] is not None


def test_homogeneity_of_two_years() -> None:
    # Rows 60/40 and 45/55 of 100 each: G = 2 sum n log(n / expected), expected 52.5 and 47.5; one degree of freedom.
    first = cells({("core", "core"): 60, ("core", "loyal"): 40})
    second = cells({("core", "core"): 45, ("core", "loyal"): 55})
    rows = homogeneity([first, second], segments=SEGMENTS, populations=["consumer"])
    core, loyal, whole = rows
    by_hand = 2 * (60 * log(60 / 52.5) + 40 * log(40 / 47.5) + 45 * log(45 / 52.5) + 55 * log(55 / 47.5))
    assert core["statistic"] == pytest.approx(by_hand)
    assert core["degrees_of_freedom"] == 1
    assert core["p_value"] == pytest.approx(0.0333, abs=5e-4)  # chi-squared table: 4.53 lies between 3.841 and 5.024
    assert (loyal["degrees_of_freedom"], loyal["p_value"]) == (0, None)
    assert (whole["from_segment"], whole["statistic"]) == ("all", core["statistic"])
    assert whole["is_small_row"]


def test_equal_years_have_no_difference() -> None:
    year = cells({("core", "core"): 40, ("core", "loyal"): 20, ("loyal", "core"): 5, ("loyal", "loyal"): 45})
    rows = homogeneity([year, year, year], segments=SEGMENTS, populations=["consumer"])
    assert [row["statistic"] for row in rows] == pytest.approx([0, 0, 0], abs=1e-12)
    assert [row["degrees_of_freedom"] for row in rows] == [2, 2, 4]
    assert [row["p_value"] for row in rows] == pytest.approx([1, 1, 1])


def test_a_return_that_takes_back_the_only_visit_is_a_violation(con: Any) -> None:
    """A was a customer on 31 December 2023: the goods came back in March."""
    as_of = date(2024, 12, 31)
    days = [Day("A", date(2023, 6, 1), 0), Day("B", date(2022, 1, 1), 100), Day("B", date(2023, 7, 1), 100)]
    changes = [
        {
            "customer_id": "A", "population": "consumer", "sold_on": date(2023, 6, 1), "sales_channel": "store",
            "known_until": date(2024, 3, 4), "net_amount": 500, "visits_count": 1,
        }
    ]  # fmt: skip
    found = segmentation(bought(con, days, changes), SegmentSettings(), as_of=as_of)
    odd = found.tables["transition_violations"].to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["from_segment"], row["to_segment"]) for row in odd] == [
        ("A", "one_off", "not_yet_customer")
    ]
    seen = [
        (row["from_segment"], row["to_segment"], row["before_amount"], row["after_amount"])
        for row in found.tables["transitions"].to_pyarrow().to_pylist()
        if row["segmentation"] == "strategic" and row["customers_count"] and row["to_on"] == as_of
    ]
    assert sorted(seen) == [("one_off", "not_yet_customer", 500, 0), ("slipping", "lost", 100, 0)]
