"""The whole room on a simulated base whose process is known, and on bases that are too small, too short or one-time."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest

from habitue import schemas
from habitue.value.methods import CANDIDATES, NAIVE
from habitue.value.settings import ValueSettings
from habitue.value.valuation import Valued, valuation
from support.engines import table
from support.value import START, segmentations, simulated_days

pytestmark = pytest.mark.xdist_group("valuation")

AS_OF = date(2025, 6, 30)


def base(con: Any, *, customers: int, seed: int = 1, weeks: int = 78) -> ir.Table:
    days = simulated_days(customers=customers, seed=seed, weeks=weeks)
    return con.create_table(ibis.util.gen_name("days"), days, temp=True)


def no_changes(con: Any) -> ir.Table:
    return con.create_table(
        ibis.util.gen_name("changes"), schemas.DAY_CHANGES.ibis_schema().to_pyarrow().empty_table(), temp=True
    )


def look_ahead(
    con: Any, days: ir.Table, *, settings: ValueSettings | None = None, as_of: date = AS_OF, ahead: int = 182
) -> Valued:
    known = days.filter(days.sold_on <= as_of)
    people = known.select("customer_id", "population").distinct()
    segment = ibis.ifelse(people.customer_id.substr(-1, 1) < "5", "core", "loyal")
    assignments = people.mutate(segmentation=ibis.literal("strategic"), segment=segment)
    return valuation(
        known, no_changes(con), segmentations(assignments), settings or ValueSettings(), as_of=as_of,
        until=as_of + timedelta(days=ahead),
    )  # fmt: skip


def rows(valued: Valued, name: str) -> list[dict[str, Any]]:
    return valued.tables[name].to_pyarrow().to_pylist()


@pytest.fixture(scope="module")
def days(con: Any) -> ir.Table:
    return base(con, customers=3_000, weeks=110)


@pytest.fixture(scope="module")
def valued(con: Any, days: ir.Table) -> Valued:
    return look_ahead(con, days)


def test_every_customer_is_forecast_once_and_segments_add_up(con: Any, days: ir.Table, valued: Valued) -> None:
    expected = rows(valued, "expected_revenue")
    known = days.filter(days.sold_on <= AS_OF).customer_id.nunique().to_pyarrow().as_py()
    assert len(expected) == len({row["customer_id"] for row in expected}) == known
    assert all(row["low_95_amount"] <= row["low_80_amount"] <= row["high_80_amount"] <= row["high_95_amount"]
               for row in expected)  # fmt: skip
    by_segment = {row["segment"]: row for row in rows(valued, "segment_value")}
    total = by_segment["all"]
    assert total["customers_count"] == known
    assert by_segment["core"]["customers_count"] + by_segment["loyal"]["customers_count"] == known
    assert by_segment["slipping"] == {**by_segment["slipping"], "customers_count": 0, "expected_amount": 0}
    assert total["expected_amount"] == pytest.approx(sum(row["expected_amount"] for row in expected), abs=known / 2)
    (model,) = rows(valued, "forecast_models")
    assert model["expected_amount"] == total["expected_amount"]
    assert (model["from_on"], model["to_on"]) == (date(2025, 7, 1), date(2025, 12, 29))


def test_what_comes_is_within_what_was_said(days: ir.Table, valued: Valued) -> None:
    ahead = days.filter((days.sold_on > AS_OF) & (days.sold_on <= AS_OF + timedelta(days=182)))
    came = dict(zip(*ahead.group_by("customer_id").agg(net=ahead.net_amount.sum()).to_pyarrow().columns, strict=True))
    came = {str(key): value.as_py() for key, value in came.items()}
    expected = rows(valued, "expected_revenue")
    inside = [r["low_80_amount"] <= came.get(r["customer_id"], 0) <= r["high_80_amount"] for r in expected]
    assert 0.75 <= np.mean(inside) <= 0.95  # nobody joins any more: more bring nothing than at the earlier dates
    total = next(row for row in rows(valued, "segment_value") if row["segment"] == "all")
    actual = sum(came.get(row["customer_id"], 0) for row in expected)
    assert total["low_95_amount"] <= actual <= total["high_95_amount"]
    (named,) = rows(valued, "critical_sets")
    chosen = {row["customer_id"] for row in rows(valued, "critical_customers")}
    delivered = sum(came.get(number, 0) for number in chosen) / actual
    assert named["customers_count"] == len(chosen)
    assert named["low_95_share"] <= delivered <= named["high_95_share"]


def test_the_back_test_shows_everything_and_the_choice(valued: Valued) -> None:
    found = rows(valued, "backtest")
    origins = {row["origin_on"] for row in found}
    assert len(found) == len(origins) * len(CANDIDATES)
    (model,) = rows(valued, "forecast_models")
    used = [row for row in found if row["is_used"]]
    assert {row["model"] for row in used} == {model["model"]}
    within = [row for row in found if row["is_within_guards"]]
    assert used[0]["error_ratio"] == min(row["error_ratio"] for row in within)
    assert model["naive_model"] in NAIVE
    assert model["reason"] == "best_tested"


def test_the_choice_can_be_overruled(con: Any, days: ir.Table) -> None:
    found = look_ahead(con, days, settings=ValueSettings(model="bg_nbd_repeat", critical_share=Decimal("0.2")))
    (model,) = rows(found, "forecast_models")
    assert (model["model"], model["reason"]) == ("bg_nbd_repeat", "chosen_by_user")
    (named,) = rows(found, "critical_sets")
    assert named["expected_share"] == pytest.approx(0.2, abs=0.01)
    total = next(row for row in rows(found, "segment_value") if row["segment"] == "all")
    assert total["parameter_error_amount"] > 0  # one process: the error of its parameters is known
    for row in rows(found, "expected_revenue")[:50]:
        product = row["expected_visits"] * row["expected_spend_amount"]
        assert row["expected_amount"] == pytest.approx(product, rel=1e-3, abs=1 + row["expected_visits"])


def test_margin_at_half_of_net_is_half_of_everything_and_discounted_less(con: Any, days: ir.Table) -> None:
    some = days.filter(days.customer_id < "C00600")
    half = some.mutate(margin_amount=(some.net_amount / 2).round().cast("int64"))
    chosen = {"model": "bg_nbd_all", "discount_rate": Decimal("0.1")}
    net = look_ahead(con, half, settings=ValueSettings(**chosen))
    margin = look_ahead(con, half, settings=ValueSettings(measure="margin", **chosen))
    whole, part = (rows(one, "forecast_models")[0] for one in (net, margin))
    assert (part["measure"], part["discount_rate"]) == ("margin", 0.1)
    assert part["expected_amount"] == pytest.approx(whole["expected_amount"] / 2, rel=1e-3)
    total = next(row for row in rows(margin, "segment_value") if row["segment"] == "all")
    # Half a year at a falling rate: between the factor of its beginning and that of its end, nearer the middle.
    assert 1.1 ** -(100 / 365.25) < total["present_amount"] / total["expected_amount"] < 1.1 ** -(70 / 365.25)
    some = rows(margin, "expected_revenue")
    assert sum(row["present_amount"] for row in some) == pytest.approx(total["present_amount"], abs=len(some))
    assert {row["measure"] for row in rows(margin, "fading")} == {"margin"}
    statements = rows(margin, "forecasts")
    assert {row["measure"] for row in statements} == {"margin"}
    assert {(row["kind"], row["subject"]) for row in statements} >= {
        ("total", "all"), ("segment_total", "core"), ("critical_share", "all"), ("customers_in_80", "all"),
    }  # fmt: skip


def test_lists_are_told_apart_and_tried(con: Any, days: ir.Table, valued: Valued) -> None:
    tests = {row["watchlist"]: row for row in rows(valued, "watchlist_tests")}
    assert set(tests) == {"rising", "fading"}
    assert tests["fading"]["named_count"] > 20
    assert tests["fading"]["precision_share"] > tests["fading"]["base_share"]  # silence is a sign of leaving here
    fading = {row["customer_id"]: row for row in rows(valued, "fading")}
    core = {number for number in fading if number[-1] < "5"}
    assert fading
    assert core == set(fading)  # only customers of the segment
    by_hand = days.filter(days.sold_on <= AS_OF).to_pyarrow().group_by("customer_id").aggregate([("sold_on", "list")])
    visits = dict(zip(by_hand["customer_id"].to_pylist(), by_hand["sold_on_list"].to_pylist(), strict=True))
    for number, row in fading.items():
        first, last, x = min(visits[number]), max(visits[number]), len(visits[number]) - 1
        spent, silence = (last - first).days, (AS_OF - last).days
        assert row["silence_probability"] == pytest.approx((spent / (spent + silence)) ** x)
        assert row["silence_probability"] <= 0.1
        assert (row["days_since_count"], row["usual_gap_days"]) == (silence, pytest.approx(spent / x))


def test_a_short_history_is_forecast_untested(con: Any, days: ir.Table) -> None:
    as_of = START + timedelta(days=100)
    found = look_ahead(con, days, as_of=as_of, ahead=365)
    (model,) = rows(found, "forecast_models")
    assert (model["reason"], model["interval_origins_count"]) == ("too_short_history", 0)
    assert "value.too_short_history" in {note.code for note in found.notes}
    (named,) = rows(found, "critical_sets")
    assert named["delivered_share"] is None
    assert not rows(found, "backtest")
    assert all(row["high_95_amount"] is not None for row in rows(found, "expected_revenue"))
    # Nothing tells how totals drift: a tenth a year is assumed of every segment, and said.
    segments = {row["segment"]: row for row in rows(found, "segment_value")}
    for name in ("core", "loyal", "all"):
        row = segments[name]
        assert row["drift_error_amount"] == pytest.approx(0.1 * row["expected_amount"], abs=1)
        errors = [row[f"{kind}_error_amount"] for kind in ("process", "parameter", "drift")]
        spread = np.sqrt(np.log1p(sum(error**2 for error in errors) / row["expected_amount"] ** 2))
        assert row["high_95_amount"] / row["low_95_amount"] == pytest.approx(np.exp(2 * 1.96 * spread), rel=1e-3)
    told = {note.code: note.params for note in found.notes}
    assert told["value.assumed_drift"]["share"] == pytest.approx(0.1)
    assert (told["value.long_horizon"]["days"], told["value.long_horizon"]["history"]) == (365, 101)


def test_a_horizon_longer_than_what_was_tried_is_told(con: Any, days: ir.Table) -> None:
    as_of = START + timedelta(days=239)
    found = look_ahead(con, days, settings=ValueSettings(model="last_period"), as_of=as_of, ahead=240)
    told = {note.code: note.params for note in found.notes}
    assert (told["value.horizon_untested"]["tested"], told["value.horizon_untested"]["days"]) == (120, 240)
    assert not {"value.assumed_drift", "value.long_horizon"} & set(told)
    total = next(row for row in rows(found, "segment_value") if row["segment"] == "all")
    # One date, half as long: twice its squared miss beyond chance and the assumed drift of 240 days, over two.
    (used,) = [row for row in rows(found, "backtest") if row["is_used"]]
    missed = (used["actual_amount"] / used["forecast_amount"] - 1) ** 2
    assumed = 0.1**2 * 240 / 365
    relative = total["drift_error_amount"] / total["expected_amount"]
    assert np.sqrt(assumed / 2) - 1e-6 <= relative <= np.sqrt((2 * missed + assumed) / 2) + 1e-6


def test_few_customers_get_their_own_rate(con: Any) -> None:
    found = look_ahead(con, base(con, customers=40, seed=2))
    (model,) = rows(found, "forecast_models")
    assert (model["model"], model["reason"]) == ("own_rate", "too_few_customers")
    assert {note.code for note in found.notes} == {"value.too_few_customers"}
    expected = rows(found, "expected_revenue")
    assert all(row["low_80_amount"] is None and row["expected_amount"] > 0 for row in expected)
    for row in expected:
        observed = (AS_OF - row["first_visit_on"]).days
        so_far = row["visits_count"] * row["expected_spend_amount"]
        assert row["expected_amount"] == pytest.approx(so_far / observed * 182, abs=row["visits_count"])


def test_where_nobody_came_back_nothing_is_forecast(con: Any) -> None:
    size = 200
    days = table(
        con,
        {
            "customer_id": [f"C{n}" for n in range(size)],
            "population": ["consumer"] * size,
            "sold_on": [START + timedelta(days=n) for n in range(size)],
            "net_amount": [1000 + n for n in range(size)],
            "is_visit": [True] * size,
            "margin_amount": [None] * size,
        },
        {"margin_amount": pa.int64()},
    )
    found = look_ahead(con, days)
    assert [note.code for note in found.notes] == ["value.no_repeaters"]
    for name in ("expected_revenue", "critical_customers", "critical_sets", "segment_value", "backtest"):
        assert rows(found, name) == []


def test_nobody_at_all(con: Any, days: ir.Table) -> None:
    found = look_ahead(con, days.filter(days.customer_id == "nobody"))
    assert found.notes == ()
    assert all(not rows(found, name) for name in found.tables)
