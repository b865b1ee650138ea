"""Published fits of purchase processes and of the spend model.

Sources: BG/NBD on the CDNOW sample: Fader, Hardie & Lee 2005; Pareto/NBD, Gamma-Gamma: Fader & Hardie, as the tests of
CLVTools quote them (`test_correctness_bgnbd.R`, `test_correctness_pnbd_nocovstaticcov.R`, `test_correctness_gg.R`);
MBG/NBD: tests of lifetimes (`test_estimation.py`). CDNOW master and groceryElog: values on which lifetimes 0.11.3 and
an independent prototype agree.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from habitue.value.cases import Cases
from habitue.value.methods import BG_NBD, MBG_NBD, PARETO_NBD
from habitue.value.purchase_process import PurchaseProcess, fit_purchase_process
from habitue.value.spend import fit_spend
from support.value import Histories, cdnow, completejourney_rows, grocery_log, histories

pytestmark = pytest.mark.xdist_group("purchase-process")

CALIBRATION_END, HOLDOUT_END = date(1997, 9, 30), date(1998, 6, 30)

FITS = [  # data, kind, parameters, log-likelihood (None: not published)
    ("sample", BG_NBD, (0.2426, 4.4136, 0.7929, 2.4259), -9582.429),
    ("sample", MBG_NBD, (0.5248, 6.1831, 0.8914, 1.6140), -9582.136),
    ("sample", PARETO_NBD, (0.5533, 10.5777, 0.6062, 11.6687), -9594.976),
    ("master", BG_NBD, (0.2516, 4.7889, 0.7234, 2.1611), -95368.444),
    ("master", MBG_NBD, (0.6371, 7.3103, 0.8075, 1.2284), -95336.958),
    ("master", PARETO_NBD, (0.5974, 11.586, 0.5222, 8.828), -95415.119),
]


@pytest.fixture(scope="module")
def bases(shared_data: Path) -> dict[str, Histories]:
    folder = shared_data / "cdnow"
    return {name: histories(cdnow(folder, name), CALIBRATION_END, until=HOLDOUT_END) for name in ("sample", "master")}


@pytest.mark.parametrize(("name", "kind", "parameters", "log_likelihood"), FITS)
def test_cdnow(
    bases: dict[str, Histories], name: str, kind: str, parameters: tuple[float, ...], log_likelihood: float
) -> None:
    fitted = fit_purchase_process(bases[name].cases, kind)
    assert fitted.parameters == pytest.approx(parameters, rel=1e-3)
    assert fitted.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    assert fitted.has_converged
    assert not fitted.at_bound


@pytest.mark.parametrize(
    ("kind", "errors"),
    [(BG_NBD, (0.0126, 0.378, 0.186, 0.705)), (PARETO_NBD, (0.0476, 0.843, 0.187, 6.21))],
)
def test_standard_errors(bases: dict[str, Histories], kind: str, errors: tuple[float, ...]) -> None:
    assert fit_purchase_process(bases["sample"].cases, kind).standard_errors == pytest.approx(errors, rel=0.02)


@pytest.mark.parametrize(
    ("name", "kind", "total", "mean_error"),
    [
        ("sample", BG_NBD, 1653.4, 0.7855),
        ("sample", MBG_NBD, 1576.7, 0.7648),
        ("sample", PARETO_NBD, 1665.5, 0.7545),
        ("master", BG_NBD, 16873.7, 0.8187),
        ("master", MBG_NBD, 15933.6, 0.7945),
        ("master", PARETO_NBD, 17153.2, 0.7938),
    ],
)
def test_purchases_of_the_next_39_weeks(
    bases: dict[str, Histories], name: str, kind: str, total: float, mean_error: float
) -> None:
    base = bases[name]
    assert base.later_days.sum() == {"sample": 1882, "master": 19684}[name]
    expected = fit_purchase_process(base.cases, kind).expected(base.x, base.t_x, base.t_end, 39.0)
    assert expected.sum() == pytest.approx(total, rel=1e-3)
    assert np.abs(expected - base.later_days).mean() == pytest.approx(mean_error, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "values", "log_likelihood", "customers"),
    [
        ("sample", (6.250, 3.744, 15.444), -4055.9177, 946),
        ("master", (6.275, 3.624, 14.984), -40763.48, 9450),
    ],
)
def test_spend_of_repeat_buyers(
    bases: dict[str, Histories], name: str, values: tuple[float, ...], log_likelihood: float, customers: int
) -> None:
    base = bases[name]
    some = (base.spends > 0) & (base.x > 0)
    fitted = fit_spend(base.x[some], base.spend[some])
    assert fitted is not None
    assert fitted.customers_count == customers
    assert (fitted.p, fitted.q, fitted.gamma) == pytest.approx(values, rel=1e-3)
    assert fitted.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    assert fitted.mean == pytest.approx({"sample": 35.17, "master": 35.83}[name], rel=1e-3)


@pytest.mark.parametrize(
    ("kind", "total", "log_likelihood"),
    [(BG_NBD, 3996, -15836.6), (MBG_NBD, 4025, -15781.9), (PARETO_NBD, 3991, -15782.4)],
)
def test_grocery_log(shared_data: Path, kind: str, total: float, log_likelihood: float) -> None:
    """52 weeks after the first 52; the vignette of BTYDplus counts 3,389 purchases."""
    end = date(2006, 12, 31)
    base = histories(grocery_log(shared_data / "grocery-elog"), end, until=end + timedelta(weeks=52))
    assert base.later_days.sum() == 3389
    fitted = fit_purchase_process(base.cases, kind)
    assert fitted.log_likelihood == pytest.approx(log_likelihood, abs=0.06)  # given to one decimal
    assert fitted.expected(base.x, base.t_x, base.t_end, 52.0).sum() == pytest.approx(total, rel=1e-3)


def test_pareto_where_hardly_anybody_leaves(completejourney: Path) -> None:
    """The textbook form of the likelihood stops 115 units below; x in days, times in weeks, T shifted by half a day."""
    end = date(2017, 1, 1) + timedelta(days=272)
    base = histories(completejourney_rows(completejourney), end, shift_days=0.5)
    assert len(base.x) == 2446
    fitted = fit_purchase_process(base.cases, PARETO_NBD)
    assert fitted.log_likelihood >= -62_015
    assert fitted.has_converged


def scaled_to_days(cases: Cases) -> Cases:
    return Cases(cases.x, cases.t_x * 7, cases.t_end * 7, cases.counts)


@pytest.mark.parametrize("kind", [BG_NBD, PARETO_NBD])
def test_units_change_times_only(bases: dict[str, Histories], kind: str) -> None:
    weeks = fit_purchase_process(bases["sample"].cases, kind)
    days = fit_purchase_process(scaled_to_days(bases["sample"].cases), kind, unit_days=1)
    times = {"alpha", "beta"}
    expected = {name: value * (7 if name in times else 1) for name, value in weeks.named.items()}
    assert days.named == pytest.approx(expected, rel=1e-4)


def test_plain_and_back(bases: dict[str, Histories]) -> None:
    fitted = fit_purchase_process(bases["sample"].cases, BG_NBD)
    assert PurchaseProcess.from_plain(fitted.plain()) == fitted
