"""Moments, probabilities and draws agree with one another; the Pareto likelihood with its textbook form."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from habitue.value import pareto
from habitue.value.cases import Cases, distinct
from habitue.value.methods import BG_NBD, KINDS, MBG_NBD, PARETO_NBD
from habitue.value.purchase_process import PurchaseProcess, fit_purchase_process
from habitue.value.spend import Spend

PARAMETERS = {BG_NBD: (0.8, 12.0, 0.8, 2.5), MBG_NBD: (0.8, 12.0, 0.8, 2.5), PARETO_NBD: (0.8, 12.0, 0.9, 20.0)}
X, T_X, T_END = np.array([0.0, 1.0, 4.0, 25.0]), np.array([0.0, 20.0, 30.0, 51.0]), np.array([40.0, 52.0, 52.0, 52.0])


@pytest.mark.parametrize("kind", KINDS)
def test_draws_have_the_expected_mean_and_square(kind: str) -> None:
    process = PurchaseProcess(kind=kind, parameters=PARAMETERS[kind])
    chance, size = np.random.default_rng(3), 400_000
    for x, t_x, t_end in zip(X, T_X, T_END, strict=True):
        one = [np.array([value]) for value in (x, t_x, t_end)]
        drawn = process.draw(*(np.repeat(value, size) for value in one), 26.0, chance).astype(float)
        mean, square = process.expected(*one, 26.0)[0], process.squared(*one, 26.0)[0]
        assert drawn.mean() == pytest.approx(mean, abs=5 * drawn.std() / size**0.5)
        assert (drawn**2).mean() == pytest.approx(square, abs=5 * (drawn**2).std() / size**0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_gradient(kind: str) -> None:
    from habitue.value.purchase_process import _call

    cases = distinct(X, T_X, T_END, np.array([5.0, 3.0, 2.0, 1.0]))
    logs = np.log(PARAMETERS[kind])
    _, gradient = _call(kind, "log_likelihood")(logs, cases)
    for place, move in enumerate(np.eye(4) * 1e-5):
        up, down = (_call(kind, "log_likelihood")(logs + side * move, cases)[0] for side in (1, -1))
        assert gradient[place] == pytest.approx((up - down) / 2e-5, rel=1e-6, abs=1e-6)


def textbook(parameters: tuple[float, ...], x: float, t_x: float, t_end: float) -> float:
    """Fader & Hardie 2005, equation 17, at 60 digits."""
    with mpmath.workdps(60):
        r, alpha, s, beta = map(mpmath.mpf, parameters)
        least, most = min(alpha, beta), max(alpha, beta)
        power = s + 1 if alpha >= beta else r + x

        def at(time: float) -> mpmath.mpf:
            z = (most - least) / (most + time)
            return mpmath.hyp2f1(r + s + x, power, r + s + x + 1, z) / (most + time) ** (r + s + x)

        alive = 1 / ((alpha + t_end) ** (r + x) * (beta + t_end) ** s)
        dead = s / (r + s + x) * (at(t_x) - at(t_end))
        scale = mpmath.gamma(r + x) * alpha**r * beta**s / mpmath.gamma(r)
        return float(mpmath.log(scale * (alive + dead)))


@pytest.mark.parametrize(
    "parameters",
    [(0.553, 10.58, 0.606, 11.67), (1.4, 1.36, 162.0, 178_700.0), (0.3, 80.0, 2.0, 5.0), (0.8, 12.0, 0.01, 0.02)],
)
def test_pareto_likelihood(parameters: tuple[float, ...]) -> None:
    for x, t_x, t_end in [(0, 0, 39), (1, 5, 39), (3, 38, 39), (30, 35, 39), (300, 200, 728), (3000, 700, 728)]:
        one = Cases(*(np.array([float(value)]) for value in (x, t_x, t_end)), np.ones(1))
        found, _ = pareto.log_likelihood(np.log(parameters), one)
        assert found == pytest.approx(textbook(parameters, x, t_x, t_end), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_thousands_of_purchases(kind: str) -> None:
    process = PurchaseProcess(kind=kind, parameters=PARAMETERS[kind])
    x, t_end = np.array([500.0, 3000.0, 20_000.0]), np.full(3, 728.0)
    for t_x in (t_end, t_end - 5, t_end / 2):
        for values in (process.expected(x, t_x, t_end, 52.0), process.p_active(x, t_x, t_end)):
            assert np.isfinite(values).all()
            assert (values >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_counts_are_as_good_as_repeated_customers(kind: str) -> None:
    chance = np.random.default_rng(1)
    x = chance.poisson(2.0, 300).astype(float)
    t_end = chance.integers(20, 30, 300).astype(float)
    t_x = np.where(x > 0, np.floor(t_end * chance.random(300)), 0.0)
    single = fit_purchase_process(Cases(x, t_x, t_end, np.ones(300)), kind)
    counted = fit_purchase_process(distinct(x, t_x, t_end), kind)
    assert counted.cases_count < 300
    assert counted.log_likelihood == pytest.approx(single.log_likelihood, abs=1e-3)
    expected = [fitted.expected(x, t_x, t_end, 26.0) for fitted in (single, counted)]
    assert expected[1] == pytest.approx(expected[0], rel=1e-2)


def test_one_time_buyers_are_not_certain_to_be_active() -> None:
    """Under BG/NBD they are, by its assumption; activity is told by the other two."""
    bought_once = [np.array([0.0]), np.array([0.0]), np.array([156.0])]
    active = {kind: PurchaseProcess(kind=kind, parameters=PARAMETERS[kind]).p_active(*bought_once)[0] for kind in KINDS}
    assert active[BG_NBD] == 1
    assert active[MBG_NBD] < 0.8
    assert active[PARETO_NBD] < 0.3


def test_slopes_of_spend_are_those_of_small_steps() -> None:
    visits, mean = np.array([0.0, 1.0, 7.0]), np.array([0.0, 40.0, 12.5])
    given = {"p": 6.25, "q": 3.74, "gamma": 15.44}
    step = 1e-6
    for name, slope in zip(given, Spend(**given).slopes(visits, mean), strict=True):
        up, down = (Spend(**{**given, name: given[name] * np.exp(sign * step)}) for sign in (1, -1))
        moved = (up.expected(visits, mean) - down.expected(visits, mean)) / (2 * step)
        assert slope == pytest.approx(moved, rel=1e-6)
