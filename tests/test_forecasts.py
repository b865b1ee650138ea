"""The record of a forecast and its score, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

from habitue.forecasts import calibration, counted, scored

MADE, SCORED = date(2025, 6, 30), date(2025, 12, 31)


def statement(**changed: Any) -> dict[str, Any]:
    whole = {
        "population": "consumer", "kind": "segment_total", "subject": "core", "measure": "revenue",
        "model": "pareto_nbd_all", "from_on": date(2025, 7, 1), "to_on": date(2025, 12, 31), "customers_count": 10,
        "expected_amount": 1_000, "low_80_amount": 900, "high_80_amount": 1_100, "low_95_amount": 800,
        "high_95_amount": 1_200, "expected_share": None, "low_95_share": None, "high_95_share": None,
    }  # fmt: skip
    return {**whole, **changed}


def score(actual: float, run: str = "first", **changed: Any) -> dict[str, Any]:
    return scored(
        statement(**changed), made_run_id=run, made_on=MADE, is_backdated=False, scored_on=SCORED, actual=actual
    )


def test_an_amount_within_one_interval_and_not_the_other() -> None:
    row = score(1_150)
    assert (row["actual_amount"], row["is_within_80"], row["is_within_95"]) == (1_150, False, True)
    assert round(row["error_share"], 10) == 0.15


def test_the_ends_are_within_and_nothing_expected_has_no_error() -> None:
    assert score(800)["is_within_95"] is True
    assert score(1_200)["is_within_95"] is True
    assert score(5, expected_amount=0)["error_share"] is None


def test_a_share_has_its_own_interval_and_one_without_is_not_judged() -> None:
    shares = {name: None for name in statement() if name.endswith("_amount")}
    row = score(0.35, kind="critical_share", **shares, expected_share=0.4, low_95_share=0.3, high_95_share=0.5)
    assert (row["actual_share"], row["is_within_80"], row["is_within_95"]) == (0.35, None, True)
    assert round(row["error_share"], 10) == -0.125
    assert score(0.79, kind="customers_in_80", **shares, expected_share=0.8)["is_within_95"] is None


def test_the_same_days_count_once_for_the_first_who_spoke() -> None:
    rows = counted(
        [
            score(1_000), score(1_000, "second"), score(1_000, "third", to_on=date(2026, 1, 31)),
            score(400, "fourth", measure="margin"),
        ]
    )  # fmt: skip
    assert [row["is_counted"] for row in rows] == [True, False, True, True]
    assert len(calibration(rows)) == 2  # revenue and margin are not added up


def test_calibration_adds_up_what_counts() -> None:
    rows = counted(
        [
            score(1_150),  # within 95 % only
            score(50, subject="loyal", expected_amount=100, low_80_amount=90, high_80_amount=110, low_95_amount=80,
                  high_95_amount=120),  # in neither
            score(9_999, "second"),  # the same days again: not counted
        ]
    )  # fmt: skip
    (found,) = calibration(rows)
    assert found == {
        "population": "consumer", "kind": "segment_total", "measure": "revenue", "is_backdated": False,
        "scored_count": 2, "within_80_share": 0.0,
        "within_95_share": 0.5, "error_share": 1_200 / 1_100 - 1,
    }  # fmt: skip
    assert calibration([]) == []
