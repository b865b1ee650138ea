"""Weights of sales channels: known truths come back, chance does not pay, what was decided stays decided."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import spearmanr

import habitue.project
from habitue.schemas import CUSTOMER_DAYS, DAY_CHANGES
from habitue.segments import channel_fit
from habitue.segments.channel_fit import Windows, windows_of
from habitue.segments.channel_gain import Gain, gains
from habitue.segments.channel_weights import ChannelWeights, Decision, channel_weights, decisions_from, with_scores
from habitue.segments.rfm import RfmSettings
from habitue.segments.segmentation import Bought, SegmentSettings, segmentation
from habitue.workspace.runs import Workspace
from support.channel_days import random_days, shop, visits_of
from support.purchases import table

AS_OF = date(2024, 12, 31)


def fitted(
    con: Any,
    days: Sequence[dict[str, Any]],
    settings: RfmSettings | None = None,
    changes: Sequence[dict[str, Any]] = (),
    **more: Any,
) -> ChannelWeights:
    tables = (table(con, CUSTOMER_DAYS, list(days)), table(con, DAY_CHANGES, list(changes)))
    return channel_weights(*tables, settings or RfmSettings(), as_of=more.pop("as_of", AS_OF), **more)


def row_of(found: ChannelWeights, dimension: str, channel: str) -> dict[str, Any]:
    (row,) = [r for r in found.rows if (r["dimension"], r["sales_channel"]) == (dimension, channel)]
    return dict(row)


def test_a_web_visit_worth_two_in_store_is_recovered_and_kept(con: Any) -> None:
    # Next year's net is 1000 for each visit in store and 2000 for each on the web, without any noise.
    found = fitted(con, shop())
    assert found.settings.frequency_weights == {"web": 2000}
    assert found.settings.monetary_weights == {}
    web, store = (row_of(found, "frequency", channel) for channel in ("web", "store"))
    assert (web["raw_weight"], web["fitted_weight"], web["used_weight"]) == (pytest.approx(2, abs=1e-9), 2.0, 2.0)
    assert (web["per_visit_amount"], store["per_visit_amount"], store["used_weight"]) == (2000, 1000, 1.0)
    assert (web["standard_error"], store["standard_error"]) == (pytest.approx(0, abs=1e-9), 0.0)
    # 405 customers are five times all 81 pairs; each 0 to 8 has 45 of them: 36 visits a channel, times 45.
    assert (web["visits_count"], web["customers_count"]) == (36 * 45, 8 * 45)
    assert (web["is_kept"], web["reason"], web["outcome"], web["decided_on"]) == (True, "pays", "net", AS_OF)
    assert web["fitted_rank_correlation"] == pytest.approx(1)  # the weighted count is what came
    pairs = [pair for pair in visits_of(405) if sum(pair)]
    equal = spearmanr([s + w for s, w in pairs], [s + 2 * w for s, w in pairs]).statistic
    assert web["equal_rank_correlation"] == pytest.approx(equal)
    assert web["rank_gain_share"] == pytest.approx(1 / equal - 1)
    assert 0 < web["low_rank_gain_share"] <= web["rank_gain_share"] <= web["high_rank_gain_share"]
    assert [(note.code, note.params["dimension"]) for note in found.notes] == [("rfm.weights_pay", "frequency")]
    assert row_of(found, "monetary", "web")["reason"] == "no_margins"


def test_dates_of_the_fit_and_of_the_trial(con: Any) -> None:
    web = row_of(fitted(con, shop()), "frequency", "web")
    dates = ("from_on", "fitted_on", "tested_on", "to_on")
    assert [str(web[name]) for name in dates] == ["2022-01-01", "2022-12-31", "2023-12-31", "2024-12-31"]


def test_the_weights_enter_scores_and_the_kept_scheme(con: Any) -> None:
    days, changes = table(con, CUSTOMER_DAYS, shop()), table(con, DAY_CHANGES, [])
    found = segmentation(Bought(days=days, changes=changes), SegmentSettings(), as_of=AS_OF)
    scored = {row["customer_id"]: row for row in found.tables["rfm"].to_pyarrow().to_pylist()}
    assert (scored["C13"]["frequency"], scored["C13"]["weighted_frequency"]) == (
        5,
        6.0,
    )  # four in store, one on the web
    kept = found.plain()
    assert SegmentSettings.from_plain(kept["settings"]).rfm.frequency_weights == {"web": 2000}
    assert decisions_from(kept["sales_channel_weights"]) == found.decisions
    assert found.tables["sales_channel_weights"].count().to_pyarrow().as_py() == 4


def test_no_order_of_rows_matters(con: Any) -> None:
    days = shop(net=lambda channel, year: (1300 if channel == "web" else 1000) + year % 7)
    shuffled = [days[n] for n in np.random.default_rng(3).permutation(len(days))]
    assert fitted(con, days).rows == fitted(con, shuffled).rows


def test_where_channels_do_not_differ_weights_hardly_ever_pay(con: Any) -> None:
    kept = {"frequency": 0, "monetary": 0}
    for seed in range(40):
        found = fitted(con, random_days(seed))
        for dimension in kept:
            row = row_of(found, dimension, "web")
            kept[dimension] += bool(row["is_kept"])
            assert row["outcome"] == "margin"
            if not row["is_kept"]:
                assert row["used_weight"] == 1.0
                assert getattr(found.settings, f"{dimension}_weights") == {}
    assert max(kept.values()) <= 2  # 5 % of 40


def test_exactly_alike_channels_have_nothing_to_try(con: Any) -> None:
    found = fitted(con, shop(net=lambda channel, year: 1000))
    web = row_of(found, "frequency", "web")
    assert (web["fitted_weight"], web["reason"], web["is_kept"], web.get("rank_gain_share")) == (
        1.0, "no_difference", False, None,
    )  # fmt: skip
    assert [note.code for note in found.notes] == ["rfm.weights_alike"]


def test_one_sales_channel_has_no_rows_and_no_note(con: Any) -> None:
    found = fitted(con, [day for day in shop() if day["sales_channel"] == "store"])
    assert (found.rows, found.notes, found.settings) == ([], (), RfmSettings())


def test_nobody(con: Any) -> None:
    found = fitted(con, [])
    assert (found.rows, found.notes, found.decisions) == ([], (), {})


def test_a_short_history_is_said(con: Any) -> None:
    days = shop(years=[2024])  # 1 January to 15 April at most
    first, as_of = date(2024, 1, 1), date(2024, 6, 15)
    found = fitted(con, days, as_of=as_of)
    assert (as_of - first).days == 166
    assert [(note.code, note.params["days"], note.params["needed"]) for note in found.notes] == [
        ("rfm.weights_too_short", 167, 168)
    ]
    web = row_of(found, "frequency", "web")
    assert (web["reason"], web["used_weight"], web.get("fitted_weight")) == ("too_short_history", 1.0, None)


def test_too_few_customers_are_said(con: Any) -> None:
    found = fitted(con, shop(customers=201))
    # 201 hold two complete sets of 81 pairs and 39 more; 198 of them have a visit (three times no visit at all).
    (note,) = found.notes
    assert (note.code, note.params["count"], note.params["needed"]) == ("rfm.weights_too_few", 198, 200)


def test_a_channel_with_few_visits_counts_once(con: Any) -> None:
    days = shop()
    kiosk = [{**day, "sales_channel": "kiosk"} for day in days if day["customer_id"] in ("C1", "C2", "C3")]
    others = [day for day in days if day["customer_id"] not in ("C1", "C2", "C3")]
    found = fitted(con, others + kiosk)
    row = row_of(found, "frequency", "kiosk")
    assert (row["visits_count"], row["raw_weight"], row["fitted_weight"]) == (6, None, 1.0)
    assert row_of(found, "frequency", "web")["fitted_weight"] == 2.0
    alone = fitted(con, [{**day, "sales_channel": "web"} for day in others] + kiosk)
    assert [note.code for note in alone.notes] == ["rfm.weights_too_few_visits"]


def test_the_population_with_the_most_customers_is_fitted(con: Any) -> None:
    companies = [
        {**day, "customer_id": f"B{day['customer_id']}", "population": "b2b", "net_amount": 1000}
        for day in shop(customers=300)
    ]
    found = fitted(con, shop() + companies)
    assert {row["population"] for row in found.rows} == {"consumer"}
    assert found.settings.frequency_weights == {"web": 2000}


def test_margin_rates_by_hand(con: Any) -> None:
    # Net is 1000 a visit everywhere and visits are as many: rates 30 % and 50 %, together 40 %.
    found = fitted(con, shop(net=lambda *_: 1000, margin=lambda channel: 0.5 if channel == "web" else 0.3))
    store, web = (row_of(found, "monetary", channel) for channel in ("store", "web"))
    assert [(row["margin_rate"], row["raw_weight"], row["fitted_weight"]) for row in (store, web)] == [
        (pytest.approx(0.3), pytest.approx(0.75), 0.75),
        (pytest.approx(0.5), pytest.approx(1.25), 1.25),
    ]
    assert web["outcome"] == "margin"
    # A visit announces 500 of margin on the web, 300 in store.
    assert row_of(found, "frequency", "web")["raw_weight"] == pytest.approx(5 / 3)
    # Next year's margin is exactly the weighted value: both dimensions pay.
    assert found.settings.monetary_weights == {"store": 750, "web": 1250}
    assert found.settings.frequency_weights == {"web": 1667}


def test_one_day_of_unknown_margin_turns_to_net(con: Any) -> None:
    days = shop(margin=lambda channel: 0.3)
    days[-1]["margin_amount"] = None
    found = fitted(con, days)
    assert row_of(found, "frequency", "web")["outcome"] == "net"
    assert row_of(found, "monetary", "web")["reason"] == "no_margins"
    assert found.settings.monetary_weights == {}


def test_value_is_less_rewards(con: Any) -> None:
    # With rewards of half the web value, plain value less rewards is 1000 everywhere; the margin weights are as before.
    days = [
        {**day, "reward_amount": 1000 if day["sales_channel"] == "web" else 0}
        for day in shop(margin=lambda channel: 0.3 if channel == "web" else 0.2)
    ]
    web = row_of(fitted(con, days), "monetary", "web")
    pairs = [pair for pair in visits_of(405) if sum(pair)]
    came = [200 * s + 600 * w for s, w in pairs]
    equal = spearmanr([s + w for s, w in pairs], came).statistic
    assert web["equal_rank_correlation"] == pytest.approx(equal)
    # 2 * 1000 of web net to 1000 of store: (2 * 0.3 + 0.2) / 3 is the mean rate.
    assert web["raw_weight"] == pytest.approx(0.3 / (0.8 / 3))


def test_what_was_returned_later_was_still_bought_at_the_fit(con: Any) -> None:
    day = {
        "customer_id": "C9", "population": "consumer", "is_visit": False, "sold_on": date(2022, 11, 30),
        "tickets_count": 1, "lines_count": 1, "net_amount": 0, "reward_amount": 0, "margin_is_assumed": False,
        "sales_channel": "web",
    }  # fmt: skip
    for known_until, visits in ((date(2022, 12, 30), 1620), (date(2022, 12, 31), 1621)):
        change = {
            "customer_id": "C9", "population": "consumer", "sold_on": day["sold_on"], "known_until": known_until,
            "net_amount": 500, "visits_count": 1, "sales_channel": "web",
        }  # fmt: skip
        found = fitted(con, [*shop(), day], changes=[change])
        assert row_of(found, "frequency", "web")["visits_count"] == visits


def test_weights_set_by_the_user_win_and_stand_beside_the_fitted(con: Any) -> None:
    found = fitted(con, shop(), RfmSettings(frequency_weights={"web": 1500}))
    web = row_of(found, "frequency", "web")
    assert (web["used_weight"], web["fitted_weight"], web["reason"]) == (1.5, 2.0, "set_by_you")
    assert found.settings.frequency_weights == {"web": 1500}
    assert (found.notes, "frequency" in found.decisions) == ((), False)


def test_the_setting_switches_it_off(con: Any) -> None:
    found = fitted(con, shop(), RfmSettings(fit_weights=False))
    assert (found.settings.frequency_weights, found.notes, found.decisions) == ({}, (), {})
    assert {row["reason"] for row in found.rows} == {"switched_off"}


@pytest.mark.parametrize(
    ("kept", "net", "code"),
    [
        ({"web": 3000}, lambda channel, year: 2000 if channel == "web" else 1000, "rfm.weights_pay"),
        ({"web": 3000}, lambda channel, year: 1000, "rfm.weights_untested"),
        ({}, lambda channel, year: 2000 if channel == "web" else 1000, "rfm.weights_would_pay"),
        ({}, lambda channel, year: 1000, "rfm.weights_alike"),
        # Worth twice up to the trial, and half after it: what was fitted makes things worse.
        ({"web": 3000}, lambda channel, year: {"web": 500 if year == 2024 else 2000}.get(channel, 1000),
         "rfm.weights_pay_no_longer"),
        ({}, lambda channel, year: {"web": 500 if year == 2024 else 2000}.get(channel, 1000),
         "rfm.weights_do_not_pay"),
    ],
)  # fmt: skip
def test_what_an_earlier_run_decided_stands(con: Any, kept: dict[str, int], net: Any, code: str) -> None:
    before = Decision(kept, date(2023, 12, 31), 12)
    found = fitted(con, shop(net=net), frozen={"frequency": before})
    assert found.settings.frequency_weights == kept
    assert found.decisions["frequency"] == before
    assert [note.code for note in found.notes] == [code]
    assert row_of(found, "frequency", "web")["reason"] == "kept_from_before"
    assert row_of(found, "frequency", "web")["decided_on"] == date(2023, 12, 31)


def test_another_window_asks_for_another_decision(con: Any) -> None:
    before = Decision({"web": 3000}, date(2023, 12, 31), 6)
    assert fitted(con, shop(), frozen={"frequency": before}).settings.frequency_weights == {"web": 2000}


SETTINGS = """
[sources.till]
kind = "transactions"
files = "sales.csv"
tax = "excluded"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
net_amount = "amount"
sales_channel = "channel"
"""


def test_weights_of_a_project_are_frozen_until_recalibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Workspace, "_until", lambda self, as_of: None)  # no forecasts: they are of no matter here

    def net(channel: str, year: int) -> int:
        return 1000 if channel == "store" else 2000 if year < 2023 else 3000

    days = shop(243, net, years=(2021, 2022, 2023, 2024))
    rows = [(n, d["sold_on"], d["customer_id"], d["net_amount"] // 100, d["sales_channel"]) for n, d in enumerate(days)]
    with (tmp_path / "sales.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ticket", "day", "card", "amount", "channel"), *rows])
    (tmp_path / "habitue.toml").write_text(SETTINGS, "utf-8")
    project = habitue.project.open(tmp_path)

    def run(as_of: date, *, recalibrate: bool = False) -> tuple[dict[str, Any], list[str]]:
        made = project.run(as_of, recalibrate=recalibrate)
        (row,) = [
            row
            for row in project.show("sales-channel-weights").to_pylist()
            if (row["dimension"], row["sales_channel"]) == ("frequency", "web")
        ]
        return row, [warning["code"] for warning in made.manifest["warnings"]]

    row, codes = run(date(2023, 12, 31))  # fitted on what came in 2022
    assert (row["fitted_weight"], row["used_weight"], row["reason"]) == (2.0, 2.0, "pays")
    assert "rfm.weights_pay" in codes
    row, codes = run(AS_OF)  # fitted on what came in 2023
    assert (row["fitted_weight"], row["used_weight"], row["reason"]) == (3.0, 2.0, "kept_from_before")
    assert (row["decided_on"], row["is_kept"]) == (date(2023, 12, 31), True)
    assert "strategic.recalibrated" not in codes
    table, _ = project.transitions(date(2023, 12, 31))
    stored = [
        row
        for row in project.show("transitions").to_pylist()
        if (row["segmentation"], row["to_on"]) == ("strategic", AS_OF)
    ]
    assert sum(table["customers_count"].to_pylist()) == sum(row["customers_count"] for row in stored) > 0
    row, _ = run(AS_OF, recalibrate=True)
    assert (row["used_weight"], row["reason"], row["decided_on"]) == (3.0, "pays", AS_OF)


@pytest.mark.parametrize(
    ("first", "months", "expected"),
    [
        ("2022-01-01", 12, ("2022-12-31", "2023-12-31", "2021-12-31", "2022-12-31")),
        ("2022-02-01", 12, ("2022-12-31", "2023-12-31", "2021-12-31", "2022-12-31")),  # closed in January
        ("2020-01-01", 24, ("2022-12-31", "2023-12-31", "2020-12-31", "2021-12-31")),
        ("2022-01-01", 24, ("2022-12-31", "2023-12-31", "2021-12-31", "2022-12-31")),  # as far as the data go
        # 366 days: 122 each
        ("2024-01-01", 12, ("2024-05-01", "2024-08-31", "2023-12-31", "2024-05-01")),
        ("2024-01-01", 1, ("2024-05-01", "2024-08-31", "2024-04-01", "2024-07-31")),
        ("2024-07-17", 12, ("2024-09-10", "2024-11-05", "2024-07-16", "2024-09-10")),  # 168 days: 56 each
        ("2024-07-18", 12, None),
    ],
)
def test_windows(first: str, months: int, expected: tuple[str, ...] | None) -> None:
    found = windows_of(AS_OF, date.fromisoformat(first), months)
    if expected is None:
        assert found is None
    else:
        fitted_on, tried_on, fit_after, trial_after = map(date.fromisoformat, expected)
        assert found == Windows(fitted_on, tried_on, AS_OF, fit_after, trial_after)


def test_drawing_towards_one_by_hand() -> None:
    assert channel_fit._drawn(2.0, 1.0) == 1.5  # 1 + 1 * 1 / (1 + 1)
    assert channel_fit._drawn(0.5, 0.5) == 0.75  # 1 - 0.5 * 0.25 / (0.25 + 0.25)
    assert channel_fit._drawn(2.0, 0.0) == 2.0
    assert channel_fit._drawn(1.0, 0.0) == 1.0
    assert [channel_fit._per_mille(weight) for weight in (-1.0, 0.2, 1.2345, 9.0)] == [250, 250, 1234, 4000]


def test_standard_errors_are_what_repeated_samples_spread_by() -> None:
    raw, errors = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        visits = rng.poisson(rng.gamma(2, 1.5, (4000, 1)), (4000, 2))
        later = (visits @ [1000, 1600]) * rng.gamma(2, 0.5, 4000) + 2000  # the error grows with the visits
        _, weights, spreads = channel_fit._regressed(visits, later.astype(np.int64))
        raw.append(weights[1])
        errors.append(spreads[1])
    assert np.mean(raw) == pytest.approx(1.6, abs=0.03)
    assert np.mean(errors) == pytest.approx(np.std(raw), rel=0.12)


def test_a_reference_that_brings_nothing_gives_no_ratio() -> None:
    visits = np.array([[n % 5, n % 3] for n in range(300)])
    _, weights, _ = channel_fit._regressed(visits, 1000 * visits[:, 1])
    assert weights == [None, None]
    _, weights, _ = channel_fit._regressed(np.column_stack([visits[:, 0], visits[:, 0]]), 1000 * visits[:, 0])
    assert weights == [None, None]  # always together: nobody can tell them apart


def whole(*values: int) -> np.ndarray[Any, Any]:
    return np.array(values, np.int64)


def test_ties_share_what_they_brought() -> None:
    # Twenty customers, all with the same score: the best tenth is two of them, whoever: 2 / 20 of 100.
    outcome = whole(*[0] * 15, 10, 15, 20, 25, 30)
    found = gains(whole(*[1000] * 20), outcome.copy(), outcome, seed=1)
    assert found.capture.equal == pytest.approx(0.1)
    assert found.capture.fitted == pytest.approx(0.55)  # 25 and 30
    assert found.rank.equal is None  # a constant correlates with nothing
    assert found.rank.fitted == pytest.approx(1)
    # Three at the border of two places share 30 + 25 + 20: two thirds of it.
    tied = whole(*[0] * 17, 5, 5, 5)
    assert gains(tied, tied, outcome, seed=1).capture.equal == pytest.approx(2 / 3 * 0.75)


def test_rank_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.integers(0, 6, 500), rng.integers(0, 9, 500)
    later = one * 100 + other * 37 + rng.integers(0, 300, 500)
    found = gains(one, one + other, later, seed=2)
    assert found.rank.equal == pytest.approx(spearmanr(one, later).statistic)
    assert found.rank.fitted == pytest.approx(spearmanr(one + other, later).statistic)


def test_gains_know_no_order_and_no_copies() -> None:
    rng = np.random.default_rng(6)
    columns = [rng.integers(0, 5, 400), rng.integers(0, 7, 400), rng.integers(-50, 900, 400)]
    columns[2] += 200 * columns[0]
    order = rng.permutation(400)
    assert gains(*columns, seed=3) == gains(*(column[order] for column in columns), seed=3)
    same = gains(columns[0], columns[0], columns[2], seed=3)
    assert (same.rank.share, same.rank.low, same.rank.high, same.pay) == (0.0, 0.0, 0.0, False)


def test_nothing_came() -> None:
    found = gains(whole(1, 2, 3), whole(1, 2, 4), whole(0, 0, 0), seed=1)
    assert (found.rank.share, found.capture.share, found.pay) == (None, None, False)


@pytest.mark.parametrize(
    ("share", "low", "pays"),
    [(0.01, 1e-9, True), (0.0099, 0.005, False), (0.2, 0.0, False), (0.2, None, False), (None, None, False)],
)
def test_one_percent_and_beyond_chance(share: float | None, low: float | None, pays: bool) -> None:
    assert Gain(0.5, 0.6, share, low, 0.3).pays == pays


def test_large_bases_are_drawn_from(con: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_fit, "SAMPLE", 300)
    web = row_of(fitted(con, shop(customers=810)), "frequency", "web")
    assert 0 < web["tested_customers_count"] < 450
    assert web["fitted_weight"] == 2.0


def test_the_table_has_the_columns_of_its_schema(con: Any) -> None:
    days, changes = table(con, CUSTOMER_DAYS, shop()), table(con, DAY_CHANGES, [])
    found = channel_weights(days, changes, replace(RfmSettings()), as_of=AS_OF)
    from habitue.schemas import SALES_CHANNEL_WEIGHTS

    rows, _ = with_scores(found.rows, {})
    assert {name for row in rows for name in row} == set(SALES_CHANNEL_WEIGHTS.names)
    assert pa.Table.from_pylist([dict(row) for row in found.rows]).num_rows == 4


def test_weights_that_fixed_thresholds_leave_out_are_not_said_to_be_in_use(con: Any) -> None:
    days, changes = table(con, CUSTOMER_DAYS, shop()), table(con, DAY_CHANGES, [])
    for scoring, scored in (("quantiles", True), ("thresholds", False)):
        settings = SegmentSettings(rfm=RfmSettings(scoring=scoring))
        found = segmentation(Bought(days=days, changes=changes), settings, as_of=AS_OF)
        rows = found.tables["sales_channel_weights"].to_pyarrow().to_pylist()
        assert {row["is_scored"] for row in rows if row["dimension"] == "frequency"} == {scored}
        assert {row["is_scored"] for row in rows if row["dimension"] == "monetary"} == {True}
        told = [note.params for note in found.notes if note.code == "rfm.weights_not_scored"]
        assert told == ([] if scored else [{"dimension": "frequency", "population": "consumer"}])


def test_equal_weights_kept_say_why_they_are_equal(con: Any) -> None:
    first = fitted(con, shop(net=lambda channel, year: 1000))
    later = fitted(con, shop(), frozen=decisions_from({n: one.plain() for n, one in first.decisions.items()}))
    row = row_of(later, "frequency", "web")
    assert (row["reason"], row["decided_reason"]) == ("kept_from_before", row_of(first, "frequency", "web")["reason"])
    assert later.decisions == first.decisions
