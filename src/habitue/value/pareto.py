"""Pareto/NBD: customers buy at a constant rate during a lifetime of exponential length.

Rates vary as Gamma(r, alpha), death rates as Gamma(s, beta). Source: Schmittlein, Morrison & Colombo 1987, Management
Science 33(1), 1-24; Fader & Hardie 2005, "A note on deriving the Pareto/NBD model".

The papers write the likelihood with 2F1, which overflows for customers with many purchases and misleads the fit where
hardly anybody drops out. Here the same integral over the time of death is summed by Gauss-Legendre nodes in
log(time + smaller of alpha and beta), cut where nothing is left: no special function, and its gradient is exact.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln, psi

from habitue.value.cases import Array, Cases

NAMES = ("r", "alpha", "s", "beta")
TIMES = (1, 3)
"""Which parameters are times."""

NODES = 32
NOTHING_LEFT = 45.0
"""The integrand has fallen by the exponential of so much: below rounding."""
BLOCK = 8192


def log_likelihood(log_parameters: Array, cases: Cases) -> tuple[float, Array]:
    """Sum over customers, and its gradient by the logarithms of the parameters."""
    r, alpha, s, beta = np.exp(log_parameters)
    values, customers = cases.histogram
    whole = customers.sum()
    total = customers @ (gammaln(r + values) - gammaln(r)) + whole * (r * np.log(alpha) + s * np.log(beta))
    gradient = np.array(
        [
            customers @ (psi(r + values) - psi(r)) + whole * np.log(alpha),
            whole * r / alpha,
            whole * np.log(beta),
            whole * s / beta,
        ]
    )
    for start in range(0, len(cases.x), BLOCK):
        part = slice(start, start + BLOCK)
        x, t_x, t_end, counts = cases.x[part], cases.t_x[part], cases.t_end[part], cases.counts[part]
        active = _log_active(log_parameters, x, t_end)
        dead, by = _log_dead(log_parameters, x, t_x, t_end)
        both = np.logaddexp(active, dead)
        total += counts @ both
        alive = counts * np.exp(active - both)
        gone = counts * np.exp(dead - both)
        gradient[0] += -(alive @ np.log(alpha + t_end)) + gone @ by[0]
        gradient[1] += -(alive @ ((r + x) / (alpha + t_end))) + gone @ by[1]
        gradient[2] += -(alive @ np.log(beta + t_end)) + gone @ by[2]
        gradient[3] += -(alive @ (s / (beta + t_end))) + gone @ by[3]
    return float(total), gradient * np.exp(log_parameters)


def _log_active(log_parameters: Array, x: Array, t_end: Array) -> Array:
    """Log-likelihood of being alive at the end, without the part that depends on x only."""
    r, alpha, s, beta = np.exp(log_parameters)
    return -(r + x) * np.log(alpha + t_end) - s * np.log(beta + t_end)


def _log_dead(log_parameters: Array, x: Array, t_x: Array, t_end: Array) -> tuple[Array, Array]:
    """Log-likelihood of having died after the last purchase, and its gradient by r, alpha, s, beta.

    It is s times the integral, over the time of death from t_x to T, of (alpha + t)^-(r + x) (beta + t)^-(s + 1).
    """
    r, alpha, s, beta = np.exp(log_parameters)
    least = min(alpha, beta)
    low = np.log(least + t_x)
    steepness = ((r + x) / (alpha + t_x) + (s + 1) / (beta + t_x)) * (least + t_x) - 1
    length = np.log((least + t_end) / (least + t_x))
    length = np.minimum(length, NOTHING_LEFT / np.maximum(steepness, 1e-12))
    at = low[:, None] + length[:, None] * _NODES
    time = np.exp(at) - least
    with_alpha, with_beta = np.log(alpha + time), np.log(beta + time)
    height = at - (r + x)[:, None] * with_alpha - (s + 1) * with_beta
    peak = height.max(axis=1)
    weight = np.exp(height - peak[:, None]) * _WEIGHTS
    mass = weight.sum(axis=1)
    weight /= np.where(mass > 0, mass, 1.0)[:, None]
    with np.errstate(divide="ignore"):
        log_dead = np.log(s) + peak + np.log(mass * length)
    by = np.array(
        [
            -(weight * with_alpha).sum(axis=1),
            -(r + x) * (weight / (alpha + time)).sum(axis=1),
            1 / s - (weight * with_beta).sum(axis=1),
            -(s + 1) * (weight / (beta + time)).sum(axis=1),
        ]
    )
    return log_dead, by


def p_active(parameters: Array, x: Array, t_x: Array, t_end: Array) -> Array:
    """Probability of being alive at the end of the observation."""
    logs = np.log(parameters)
    found = np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        part = slice(start, start + BLOCK)
        active = _log_active(logs, x[part], t_end[part])
        dead, _ = _log_dead(logs, x[part], t_x[part], t_end[part])
        found[part] = np.exp(active - np.logaddexp(active, dead))
    return found


def expected_if_active(parameters: Array, x: Array, t_end: Array, horizon: float) -> Array:
    """Expected purchase days within the horizon of customers still alive: mean rate times mean time left in it."""
    r, alpha, s, beta = parameters
    left = np.log((beta + t_end) / (beta + t_end + horizon))
    share = -left if s == 1 else -np.expm1((s - 1) * left) / (s - 1)
    return (r + x) / (alpha + t_end) * (beta + t_end) * share


def pairs_if_active(parameters: Array, x: Array, t_end: Array, horizon: float) -> Array:
    """E[Y (Y - 1)] of purchase days Y within the horizon, of customers still alive: E[rate^2] E[time left^2]."""
    r, alpha, s, beta = parameters
    begin = beta + t_end
    length = np.log1p(horizon / begin)[:, None]
    grown = np.exp(length * _NODES)
    squared = 2 * begin**2 * ((grown - 1) * grown ** (1 - s) * _WEIGHTS).sum(axis=1) * length[:, 0]
    return (r + x) * (r + x + 1) / (alpha + t_end) ** 2 * squared


def draw_if_active(parameters: Array, x: Array, t_end: Array, horizon: float, chance: np.random.Generator) -> Array:
    """A draw of the purchase days within the horizon of each customer still alive."""
    r, alpha, s, beta = parameters
    rate = chance.gamma(r + x) / (alpha + t_end)
    death = chance.gamma(s, size=len(x)) / (beta + t_end)
    lifetime = chance.exponential(size=len(x)) / np.maximum(death, 1e-300)
    return chance.poisson(rate * np.minimum(lifetime, horizon))


def _unit_nodes() -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return (nodes + 1) / 2, weights / 2


_NODES, _WEIGHTS = _unit_nodes()
