"""BG/NBD and MBG/NBD: customers buy at a constant rate until they drop out, which they may after every purchase.

Rates vary as Gamma(r, alpha), chances of dropping out as Beta(a, b). In MBG/NBD one may drop out after the very first
purchase too, so that a one-time buyer is not certain to be still active.

Sources: Fader, Hardie & Lee 2005, Marketing Science 24(2), 275-284 (BG/NBD); Batislam, Denizel & Filiztekin 2007,
International Journal of Research in Marketing 24(3), 201-209 (MBG/NBD). The papers write expectations with 2F1, which
overflows for customers with many purchases and is 0/0 at a = 1. Here the mean over the chances of dropping out is taken
by Gauss-Jacobi nodes: no special function, exact to about 12 digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import gammaln, psi

from habitue.value.cases import Array, Cases

NAMES = ("r", "alpha", "a", "b")
TIMES = (1,)
"""Which parameters are times."""

NODES = 48


def log_likelihood(log_parameters: Array, cases: Cases, *, modified: bool) -> tuple[float, Array]:
    """Sum over customers, and its gradient by the logarithms of the parameters."""
    r, alpha, a, b = np.exp(log_parameters)
    chance = float(modified)
    values, customers = cases.histogram
    after = b + values + chance
    whole = customers.sum()
    total = customers @ (
        gammaln(r + values) - gammaln(r) + gammaln(a + b) + gammaln(after) - gammaln(b) - gammaln(a + after)
    ) + whole * r * np.log(alpha)
    by_r = customers @ (psi(r + values) - psi(r)) + whole * np.log(alpha)
    both = psi(a + b) - psi(a + after)
    by_a = customers @ both
    by_b = customers @ (both + psi(after) - psi(b))
    by_alpha = whole * r / alpha

    power, end, last = r + cases.x, np.log(alpha + cases.t_end), np.log(alpha + cases.t_x)
    odds = _log_odds_of_dropout(log_parameters, cases.x, end - last, modified=modified)
    dropped = _logistic(odds)
    total += cases.counts @ (np.logaddexp(0, odds) - power * end)
    out, active = cases.counts * dropped, cases.counts * (1 - dropped)
    by_r -= active @ end + out @ last
    by_alpha -= active @ (power / (alpha + cases.t_end)) + out @ (power / (alpha + cases.t_x))
    by_a += out.sum() / a
    by_b -= out @ (1 / np.where(out > 0, b + cases.x - 1 + chance, 1.0))
    return float(total), np.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b])


def _log_odds_of_dropout(log_parameters: Array, x: Array, log_ratio: Array, *, modified: bool) -> Array:
    """Logarithm of the odds of having dropped out; `log_ratio` is log((alpha + T) / (alpha + t_x))."""
    r, _, a, b = np.exp(log_parameters)
    divisor = b + x - 1 + float(modified)
    may_have = (x > 0) | modified
    return np.where(may_have, (r + x) * log_ratio + np.log(a) - np.log(np.where(may_have, divisor, 1.0)), -np.inf)


def _logistic(odds: Array) -> Array:
    small = np.exp(-np.abs(odds))
    return np.where(odds > 0, 1, small) / (1 + small)


def p_active(parameters: Array, x: Array, t_x: Array, t_end: Array, *, modified: bool) -> Array:
    """Probability of not having dropped out; under BG/NBD 1 for everybody who bought once."""
    alpha = parameters[1]
    ratio = np.log((alpha + t_end) / (alpha + t_x))
    return _logistic(-_log_odds_of_dropout(np.log(parameters), x, ratio, modified=modified))


def expected_if_active(parameters: Array, x: Array, t_end: Array, horizon: Any, *, modified: bool) -> Array:
    """Expected purchase days within the horizon of customers still active at the end of the observation.

    Given rate and chance p, with m the rate times the horizon, it is (1 - exp(-m p)) / p.
    """

    def given(p: Array, power: Array, reach: Array) -> Array:
        return -np.expm1(-power * np.log1p(p * reach)) / p

    return _mean_over_chances(given, parameters, x, t_end, horizon, modified=modified)


def pairs_if_active(parameters: Array, x: Array, t_end: Array, horizon: Any, *, modified: bool) -> Array:
    """E[Y (Y - 1)] of purchase days Y within the horizon, of customers still active.

    Given rate and chance p, with m the rate times the horizon, it is 2 (1 - p) (1 - exp(-m p) (1 + m p)) / p^2: a
    purchase counts if the coins before it fell well.
    """

    def given(p: Array, power: Array, reach: Array) -> Array:
        step = p * reach
        kept = np.exp(-power * np.log1p(step))
        exact = 2 * (1 - p) * (1 - kept * (1 + power * step / (1 + step))) / p**2
        limit = (1 - p) * power * (power + 1) * reach**2
        return np.where(power * step < 1e-4, limit, exact)

    return _mean_over_chances(given, parameters, x, t_end, horizon, modified=modified)


def _mean_over_chances(
    given: Callable[[Array, Array, Array], Array],
    parameters: Array,
    x: Array,
    t_end: Array,
    horizon: Any,
    *,
    modified: bool,
) -> Array:
    """Mean over the chances of dropping out, p ~ Beta(a, b + x), of what is expected given one.

    Args:
        given: of chances, the power and the reach of the rates, whose mean of exp(-rate p horizon) is
            (1 + p reach)^-power.
        parameters: r, alpha, a, b.
        x: repeat purchase days.
        t_end: time observed.
        horizon: time ahead, one or one for each customer.
        modified: MBG/NBD, where the chance is Beta(a, b + x + 1).
    """
    r, alpha, a, b = parameters
    reach = horizon / (alpha + t_end)
    found = np.empty(len(x))
    for repeats in np.unique(x):
        at = x == repeats
        p, weights = _beta_nodes(float(a), float(b + repeats + modified))
        found[at] = given(p, r + repeats, reach[at][:, None]) @ weights
    return found


def _beta_nodes(a: float, b: float) -> tuple[Array, Array]:
    """Nodes and weights of the mean over Beta(a, b): Gauss-Jacobi by eigenvalues (Golub & Welsch 1969)."""
    high, low, n = a - 1, b - 1, np.arange(NODES, dtype=float)
    whole = 2 * n + high + low
    middle = np.empty(NODES)
    middle[0] = (high - low) / (high + low + 2)
    middle[1:] = (high - low) * (high + low) / (whole[1:] * (whole[1:] + 2))
    n, whole = n[2:], whole[2:]
    beside = np.empty(NODES - 1)
    beside[0] = 4 * a * b / ((a + b) ** 2 * (a + b + 1))
    beside[1:] = 4 * n * (n + high) * (n + low) * (n + high + low) / (whole**2 * (whole + 1) * (whole - 1))
    nodes, vectors = eigh_tridiagonal(middle, np.sqrt(beside))
    return np.maximum((1 + nodes) / 2, 1e-300), vectors[0] ** 2


def draw_if_active(
    parameters: Array, x: Array, t_end: Array, horizon: float, chance: np.random.Generator, *, modified: bool
) -> Array:
    """A draw of the purchase days within the horizon of each customer still active."""
    r, alpha, a, b = parameters
    rate = chance.gamma(r + x) / (alpha + t_end)
    drop = chance.beta(a, b + x + float(modified))
    bought = chance.poisson(rate * horizon)
    lasts = chance.geometric(np.clip(drop, 1e-12, 1.0))
    return np.minimum(bought, lasts)
