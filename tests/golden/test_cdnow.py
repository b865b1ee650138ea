"""The CDNOW cohort through the whole cycle: strategic segments at the end of 1997, and what they bought afterwards.

Expected values: the published figures of the method (thresholds, shares of customers, of the next six months' revenue,
and revenue per head), on visits of strictly positive value.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import habitue.project
from habitue.project import Project

pytestmark = pytest.mark.xdist_group("cdnow")

SETTINGS = """
[project]
currency = "USD"
earliest_on = 1997-01-01

[sources.shop]
kind = "transactions"
files = "cdnow.csv"
tax = "excluded"
transaction_key = ["source_customer_id", "transaction_id"]

[sources.shop.columns]
transaction_id = "date"
sold_at = "date"
source_customer_id = "customer"
net_amount = "amount"

[sources.shop.values]
sales_channel = "online"

[segments]
step = "half-year"
"""

EXPECTED = {  # share of customers, share of the next six months' revenue (both in percent), revenue per head
    "core": (4.18, 38.60, 187.1),
    "loyal": (21.33, 37.19, 35.3),
    "slipping": (19.12, 13.47, 14.3),
    "one_off": (55.37, 10.74, 3.9),
}


@pytest.fixture(scope="module")
def project(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("cdnow")
    lines = (shared_data / "cdnow" / "CDNOW_master.txt").read_text("ascii").splitlines()[1:]
    cells = [line.split() for line in lines]
    rows = [f"{customer},{day[:4]}-{day[4:6]}-{day[6:]},{amount}" for customer, day, _, amount in cells]
    (folder / "cdnow.csv").write_text("\n".join(["customer,date,amount", *rows, ""]), "utf-8")
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    opened = habitue.project.open(folder)
    opened.run(date(1997, 12, 31))
    opened.run(date(1998, 6, 30))
    return opened


def rows_of(project: Project, name: str, run: str | None = None) -> list[dict[str, Any]]:
    return project.show(name, run=run).to_pylist()


def test_thresholds_at_the_end_of_1997(project: Project) -> None:
    first, second = (run.run_id for run in project.runs())
    (calibration,) = rows_of(project, "calibration", first)
    assert (calibration["cycle_days"], calibration["new_days"], calibration["lost_days"]) == (160, 158, 480)
    assert rows_of(project, "calibration", second) == [calibration]  # frozen


def test_what_the_segments_bought_in_the_next_six_months(project: Project) -> None:
    found = {
        row["segment"]: row
        for row in rows_of(project, "segment_outlook")
        if row["segmentation"] == "strategic" and row["from_on"] == date(1997, 12, 31)
    }
    for segment, (customers, revenue, per_head) in EXPECTED.items():
        row = found[segment]
        assert 100 * row["customers_share"] == pytest.approx(customers, abs=0.1), segment
        assert 100 * row["next_share"] == pytest.approx(revenue, abs=0.1), segment
        assert row["next_per_head_amount"] / 100 == pytest.approx(per_head, abs=0.1), segment
    assert found["lost"]["customers_count"] == 0


def test_the_strategic_cut_tells_more_than_the_grid(project: Project) -> None:
    measures = {(row["measure"], row["segmentation"]): row["value"] for row in rows_of(project, "segment_measures")}
    assert measures["eta_squared", "strategic"] > measures["eta_squared", "ten"]
    assert measures["gini_between", "strategic"] > measures["gini_between", "ten"]


def test_equal_one_visit_customers_have_equal_scores(project: Project) -> None:
    first = project.runs()[0].run_id
    rows = rows_of(project, "rfm", first)
    once = [row for row in rows if row["visits_count"] == 1]
    assert len(once) == 13_015
    assert {row["frequency_score"] for row in once} == {1}
    by_value: dict[int, set[int]] = {}
    for row in rows:
        by_value.setdefault(row["weighted_monetary"], set()).add(row["monetary_score"])
    assert all(len(scores) == 1 for scores in by_value.values())
