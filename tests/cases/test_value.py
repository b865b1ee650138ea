"""Cases S04 and V: what customers will bring. Expected values: each case's EXPECTED.md, worked out by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pytest

from cases.conftest import HERE, Case
from habitue.errors import ConfigurationError
from habitue.value.candidates import fit_spend_of
from habitue.value.critical import critical_customers
from habitue.value.histories import histories
from habitue.value.methods import BG_NBD
from habitue.value.purchase_process import PurchaseProcess
from habitue.value.snapshots import snapshot
from habitue.value.spend import Spend, fit_spend
from support.engines import table

pytestmark = pytest.mark.xdist_group("cases-value")

Open = Callable[[str], Case]


def rows_of(case: str, name: str) -> list[dict[str, str]]:
    (folder,) = HERE.glob(f"{case}-*")
    with (folder / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def parameters(case: str, name: str) -> dict[str, float]:
    return {row["parameter"]: float(row["value"]) for row in rows_of(case, name)}


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)


def critical(con: Any, rows: list[dict[str, str]], share: str, *, apart: str = "") -> tuple[list[str], list[float]]:
    """Names of the set, best first, and the share it has reached; customers tagged `apart` are their own population."""
    expected = table(
        con,
        {
            "customer_id": [row["customer"] for row in rows],
            "population": [apart if apart and row.get("tag") == apart else "consumer" for row in rows],
            "expected_amount": [int(Decimal(row["expected_next_year"]) * 100) for row in rows],
        },
    )
    found = critical_customers(expected, Decimal(share)).order_by("population", "place", "customer_id").to_pyarrow()
    kept = [row for row in found.to_pylist() if row["population"] == "consumer"]
    return [row["customer_id"] for row in kept], [row["cumulative_share"] for row in kept]


def test_s04_with_the_reseller_it_is_the_whole_set(con: Any) -> None:
    names, shares = critical(con, rows_of("S04", "expected_revenue.csv"), "0.40")
    assert names == ["A"]
    assert shares == [pytest.approx(0.897, abs=5e-4)]


def test_s04_without_the_reseller(con: Any) -> None:
    names, shares = critical(con, rows_of("S04", "expected_revenue.csv"), "0.40", apart="professional")
    assert names == ["B", "C", "D"]
    assert shares[-1] == pytest.approx(2450 / 6000)


def test_s04_ties_at_the_limit_are_all_in_whatever_the_order(con: Any) -> None:
    rows = rows_of("S04", "expected_revenue_ties.csv")
    for order in (rows, rows[::-1]):
        names, shares = critical(con, order, "0.35")
        assert names == ["P", "Q", "R", "S", "T"]
        assert shares[-1] == pytest.approx(1600 / 2000)
    assert critical(con, rows, "0.20")[0] == ["P"]  # reaching it exactly is enough


def test_v01_the_repeat_purchase_summary(case: Open) -> None:
    v01 = case("V01")
    v01.run("2024-06-30")
    numbers = {row["customer_id"]: row["customer_number"] for row in v01.table("customers", "--personal-data")}
    con = ibis.duckdb.connect(threads=2)
    (run,) = (v01.folder / "runs").iterdir()
    days, changes = (con.read_parquet(str(run / f"{name}.parquet")) for name in ("customer_days", "day_changes"))
    people = histories(days, changes, on=date(2024, 6, 30), horizon_days=30).order_by("customer_id").to_pyarrow()
    found = {
        numbers[row["customer_id"]]: (
            row["visits_count"] - 1,
            row["repeat_days"],
            row["observed_days"],
            (row["net_amount"] - row["first_amount"]) / (row["visits_count"] - 1) if row["visits_count"] > 1 else None,
        )
        for row in people.to_pylist()
    }
    assert found == {
        "C1": (0, 0, 176, None),
        "C2": (2, 130, 172, 6000.0),
        "C3": (1, 30, 121, 3500.0),
        "C4": (0, 0, 0, None),
        "C5": (0, 0, 90, None),  # what was taken back is no birth: the other stated choice
        "C6": (2, 2, 181, 1600.0),
    }
    assert fit_spend_of(snapshot(people, on=date(2024, 6, 30), horizon_days=30), "repeat") is None  # three are too few


def test_v02_given_parameters() -> None:
    given = parameters("V02", "parameters.csv")
    process = PurchaseProcess(
        kind=BG_NBD, parameters=(given["r"], given["alpha_days"], given["a"], given["b"]), unit_days=1
    )
    spend = Spend(p=given["p"], q=given["q"], gamma=given["v"])
    rows = rows_of("V02", "customers.csv")
    x, t_x, t_end = (np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T"))
    mean = np.array([float(row["m"] or 0) for row in rows])
    visits = process.expected(x, t_x, t_end, given["horizon_days"])
    worth = spend.expected(x, mean)
    assert process.p_active(x, t_x, t_end) == pytest.approx([1, 1, 0.882111, 0.0117895, 0.791037], rel=5e-5)
    assert visits == pytest.approx([1.02368, 0.106279, 3.4146, 0.0456366, 1.27293], rel=5e-5)
    assert worth == pytest.approx([40, 40, 23.6364, 23.6364, 23.3333], rel=5e-5)
    assert visits * worth == pytest.approx([40.9474, 4.25116, 80.7087, 1.07868, 29.7016], rel=5e-5)


def test_v03_what_cannot_be_fitted_is_left_out_and_what_has_no_mean_refused() -> None:
    rows = rows_of("V03", "summary.csv")
    x = np.array([float(row["x"]) for row in rows])
    mean = np.array([float(row["mean_margin"] or 0) for row in rows])
    usable = (x > 0) & (mean > 0)
    assert [row["customer"] for row, fits in zip(rows, usable, strict=True) if fits] == ["A", "E", "F"]
    assert fit_spend(x[usable], mean[usable]) is None  # three customers are too few
    bad = parameters("V03", "parameters_bad.csv")
    with pytest.raises(ConfigurationError) as refused:
        Spend(p=bad["p"], q=bad["q"], gamma=bad["v"])
    assert [told.code for told in refused.value.messages] == ["spend.no_mean"]
    good = parameters("V03", "parameters_ok.csv")
    spend = Spend(p=good["p"], q=good["q"], gamma=good["v"])
    assert spend.mean == 30
    expected = spend.expected(np.where(usable, x, 0), np.where(usable, mean, 0.0))
    found = dict(zip((row["customer"] for row in rows), expected, strict=True))
    assert found["A"] == pytest.approx(40.28571, abs=5e-6)
    assert found["D"] == 30
    assert found["E"] == pytest.approx(19.17647, abs=5e-6)
    assert found["F"] == pytest.approx(18)
