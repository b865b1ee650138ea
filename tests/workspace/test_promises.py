"""Promises of a run are scored by the first later run whose data cover them, against sums in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from habitue import project
from habitue.project import Project
from support.value import simulated_days

pytestmark = pytest.mark.xdist_group("promises")
"""One worker makes the project."""

FIRST, LATER = date(2024, 12, 31), date(2025, 5, 31)
AFTER_THE_DATA = date(2025, 4, 15)
SETTINGS = """
[engine]
threads = 1
memory = "500MB"
[value]
horizon = "3 months"
[sources.till]
kind = "transactions"
tax = "excluded"
files = "till.csv"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "date"
source_customer_id = "card"
net_amount = "amount"
"""


@pytest.fixture(scope="module")
def sold() -> list[tuple[str, date, int]]:
    rows = simulated_days(customers=150, seed=4, weeks=75).to_pylist()
    return [(row["customer_id"], row["sold_on"], row["net_amount"]) for row in rows]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, sold: list[tuple[str, date, int]]) -> Project:
    """Runs: as of the end of the data, and later than them; then with more data: looking back, and twice the score."""
    folder = tmp_path_factory.mktemp("promises")
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    opened = project.open(folder)
    for last, runs in ((FIRST, (FIRST, AFTER_THE_DATA)), (date.max, (FIRST, LATER, LATER))):
        known = [(n, row) for n, row in enumerate(sold) if row[1] <= last]
        lines = [f"{n},{day},{who},{amount / 100:.2f}" for n, (who, day, amount) in known]
        (folder / "till.csv").write_text("\n".join(["ticket,date,card,amount", *lines]) + "\n", "utf-8")
        for day in runs:
            opened.run(day)
    return opened


def table(shop: Project, name: str, run: int) -> list[dict[str, Any]]:
    return shop.show(name, run=shop.runs()[run].run_id).to_pylist()


def test_nothing_is_scored_before_the_data_cover_its_days(shop: Project) -> None:
    for run in range(3):  # the second stands after the days promised, its data end before them
        assert table(shop, "forecast_scores", run) == []
        assert table(shop, "forecast_calibration", run) == []
    assert {row["to_on"] for row in table(shop, "forecasts", 0)} == {date(2025, 3, 31)}


def test_what_came_is_that_of_the_same_customers(shop: Project, sold: list[tuple[str, date, int]]) -> None:
    scores = table(shop, "forecast_scores", 3)
    runs = [run.run_id for run in shop.runs()]
    assert {row["made_run_id"]: row["is_backdated"] for row in scores} == {
        runs[0]: False, runs[2]: True
    }  # fmt: skip
    numbers = shop.show("expected_revenue", run=runs[0], personal_data=True).to_pylist()
    who = {row["customer_number"]: row for row in numbers}
    came: dict[str, int] = defaultdict(int)
    for number, day, amount in sold:
        if FIRST < day <= FIRST + timedelta(days=90) and number in who:
            came[number] += amount
    segments = {row["customer_id"]: row["segment"] for row in table(shop, "assignments", 0)
                if row["segmentation"] == "strategic"}  # fmt: skip
    totals: dict[str, int] = defaultdict(int)
    for number, row in who.items():
        for segment in ("all", segments[row["customer_id"]]):
            totals[segment] += came[number]
    mine = [row for row in scores if row["made_run_id"] == runs[0]]
    found = {row["subject"]: row for row in mine if row["kind"] in ("total", "segment_total")}
    assert {name: row["actual_amount"] for name, row in found.items()} == {name: totals[name] for name in found}
    for row in found.values():
        assert row["is_within_95"] == (row["low_95_amount"] <= row["actual_amount"] <= row["high_95_amount"])
        assert (row["made_on"], row["scored_on"]) == (FIRST, LATER)
    shares = {row["kind"]: row["actual_share"] for row in mine if row["kind"] not in ("total", "segment_total")}
    named = {row["customer_id"] for row in table(shop, "critical_customers", 0)}
    brought = sum(came[number] for number, row in who.items() if row["customer_id"] in named)
    assert shares["critical_share"] == pytest.approx(brought / sum(came.values()))
    inside = [row["low_80_amount"] <= came[number] <= row["high_80_amount"] for number, row in who.items()]
    assert shares["customers_in_80"] == pytest.approx(sum(inside) / len(inside))


def test_promises_are_calibrated_apart_from_trials(shop: Project) -> None:
    scores = [row for row in table(shop, "forecast_scores", 3) if row["kind"] == "segment_total"]
    found = {row["is_backdated"]: row for row in table(shop, "forecast_calibration", 3)
             if row["kind"] == "segment_total"}  # fmt: skip
    for is_backdated, row in found.items():
        mine = [one for one in scores if one["is_backdated"] == is_backdated]
        assert row["scored_count"] == len(mine) > 0
        assert row["within_95_share"] == pytest.approx(sum(one["is_within_95"] for one in mine) / len(mine))
    assert set(found) == {False, True}


def test_scores_stay_and_are_not_made_again(shop: Project) -> None:
    assert table(shop, "forecast_scores", 4) == table(shop, "forecast_scores", 3)


def test_the_report_says_what_came(shop: Project) -> None:
    html = shop.report(run=shop.runs()[3].run_id, language="en")
    assert "What was promised, and what came" in html
    assert "95% is promised" in html
    assert "made looking back" in html
