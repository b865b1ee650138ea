"""How often customers buy and whether they still do: a purchase process fitted on distinct cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.optimize import minimize

from habitue.value import beta_geometric, pareto
from habitue.value.cases import Array, Cases
from habitue.value.methods import MBG_NBD, PARETO_NBD

LOWEST, HIGHEST = -11.0, 13.0
"""Bounds of the logarithms of the parameters, times in tenths of the longest observation."""

FLAT = 1e-6
"""A gradient per customer, by the logarithms of the parameters, at which the fit has converged."""

LARGEST_ERROR = 2.0
"""Standard error of a logarithm above which a direction is unknown: what is predicted hardly depends on it."""


@dataclass(frozen=True, kw_only=True)
class PurchaseProcess:
    """A fitted process; times in units of `unit_days` days.

    Attributes:
        kind: `bg_nbd`, `mbg_nbd` or `pareto_nbd`.
        parameters: r, alpha, a, b, or r, alpha, s, beta.
        log_covariance: of the logarithms of the parameters (Laplace: inverse of the observed information).
        log_likelihood: at the optimum.
        customers_count: customers it was fitted on.
        cases_count: distinct cases.
        unit_days: days of a unit of time.
        at_bound: names of parameters the data push to a bound (no dropout at all, for instance).
        gradient: largest element of the gradient per customer at the optimum.
    """

    kind: str
    parameters: tuple[float, ...]
    log_covariance: tuple[tuple[float, ...], ...] = ()
    log_likelihood: float = float("nan")
    customers_count: int = 0
    cases_count: int = 0
    unit_days: int = 7
    at_bound: tuple[str, ...] = ()
    gradient: float = 0.0

    @property
    def has_converged(self) -> bool:
        """Whether the gradient vanishes; parameters at a bound aside."""
        return self.gradient < FLAT * 10 or bool(self.at_bound)

    @property
    def named(self) -> dict[str, float]:
        """Parameters by name."""
        return dict(zip(_module(self.kind).NAMES, self.parameters, strict=True))

    @property
    def standard_errors(self) -> tuple[float, ...]:
        """Of the parameters, by the delta method."""
        errors = np.sqrt(np.diag(np.array(self.log_covariance)))
        return tuple(float(error * value) for error, value in zip(errors, self.parameters, strict=True))

    def p_active(self, x: Array, t_x: Array, t_end: Array) -> Array:
        """Probability of being still a customer at the end of the observation."""
        return _call(self.kind, "p_active")(np.array(self.parameters), x, t_x, t_end)

    def expected(self, x: Array, t_x: Array, t_end: Array, horizon: float) -> Array:
        """Expected purchase days within the horizon."""
        wanted = _call(self.kind, "expected_if_active")(np.array(self.parameters), x, t_end, horizon)
        return self.p_active(x, t_x, t_end) * wanted

    def squared(self, x: Array, t_x: Array, t_end: Array, horizon: float) -> Array:
        """Expected square of the purchase days within the horizon: process and heterogeneity, not parameters."""
        values = np.array(self.parameters)
        once = _call(self.kind, "expected_if_active")(values, x, t_end, horizon)
        pairs = _call(self.kind, "pairs_if_active")(values, x, t_end, horizon)
        return self.p_active(x, t_x, t_end) * (once + pairs)

    def draw(self, x: Array, t_x: Array, t_end: Array, horizon: float, chance: np.random.Generator) -> Array:
        """A draw of each customer's purchase days within the horizon."""
        bought = _call(self.kind, "draw_if_active")(np.array(self.parameters), x, t_end, horizon, chance)
        return np.where(chance.random(len(x)) < self.p_active(x, t_x, t_end), bought, 0)

    def with_logs(self, logs: Array) -> PurchaseProcess:
        """The same process with other parameters, given by their logarithms."""
        return PurchaseProcess(kind=self.kind, parameters=tuple(np.exp(logs).tolist()), unit_days=self.unit_days)

    def plain(self) -> dict[str, Any]:
        """As what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> PurchaseProcess:
        """Back from `plain`."""
        values = dict(plain)
        values["log_covariance"] = tuple(tuple(row) for row in values["log_covariance"])
        return cls(**{**values, "parameters": tuple(values["parameters"]), "at_bound": tuple(values["at_bound"])})


def _module(kind: str) -> Any:
    return pareto if kind == PARETO_NBD else beta_geometric


def _call(kind: str, name: str) -> Any:
    call = getattr(_module(kind), name)
    return call if kind == PARETO_NBD else partial(call, modified=kind == MBG_NBD)


def fit_purchase_process(cases: Cases, kind: str, *, unit_days: int = 7) -> PurchaseProcess:
    """Maximum likelihood, with Laplace standard errors.

    Args:
        cases: at least one customer; times in units of `unit_days` days.
        kind: one of `methods.KINDS`.
        unit_days: days of the unit.
    """
    log_likelihood = _call(kind, "log_likelihood")
    unit = float(cases.t_end.max()) / 10 or 1.0
    scaled, customers = cases.scaled(unit), cases.customers

    def loss(logs: Array) -> tuple[float, Array]:
        total, gradient = log_likelihood(logs, scaled)
        return -total / customers, -gradient / customers

    logs = _optimum(loss, kind)
    value, gradient = loss(logs)
    names = _module(kind).NAMES
    bound = (logs < LOWEST + 0.01) | (logs > HIGHEST - 0.01)
    shift = np.zeros(len(logs))
    shift[list(_module(kind).TIMES)] = np.log(unit)
    return PurchaseProcess(
        kind=kind,
        parameters=tuple(np.exp(logs + shift).tolist()),
        log_covariance=covariance(loss, logs, customers),
        log_likelihood=-value * customers - float(cases.counts @ cases.x) * np.log(unit),
        customers_count=round(customers),
        cases_count=len(cases.x),
        unit_days=unit_days,
        at_bound=tuple(name for name, is_at in zip(names, bound, strict=True) if is_at),
        gradient=float(np.abs(gradient[~bound]).max(initial=0.0)),
    )


def _optimum(loss: Any, kind: str) -> Array:
    """From one start; for Pareto/NBD, if that ends on a slope, from another for bases hardly anybody leaves."""
    starts = [np.log([0.5, 1.0, 0.5, 1.0]), np.log([1.5, 0.5, 20.0, 2000.0])] if kind == PARETO_NBD else [np.zeros(4)]
    found = []
    for start in starts:
        found.append(_minimum(loss, start))
        inside = (found[-1] > LOWEST + 0.01) & (found[-1] < HIGHEST - 0.01)
        if np.abs(loss(found[-1])[1][inside]).max(initial=0.0) < FLAT:
            break
    return min(found, key=lambda logs: loss(logs)[0])


def _minimum(loss: Any, start: Array) -> Array:
    """L-BFGS-B, then Newton steps in a trust region where it stopped on a slope: valleys here are long and flat."""
    options = {"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(LOWEST, HIGHEST)] * len(start), options=options)
    logs = found.x
    if np.abs(found.jac).max() > FLAT and np.all((logs > LOWEST + 0.01) & (logs < HIGHEST - 0.01)):
        options = {"gtol": FLAT / 10, "maxiter": 50}
        newton = minimize(loss, logs, jac=True, hess=partial(_hessian, loss), method="trust-exact", options=options)
        if newton.fun <= found.fun and np.all((newton.x > LOWEST) & (newton.x < HIGHEST)):
            return newton.x
    return logs


def _hessian(loss: Any, logs: Array) -> Array:
    """By central differences of the exact gradient."""
    step = 1e-4
    rows = [(loss(logs + move)[1] - loss(logs - move)[1]) / (2 * step) for move in np.eye(len(logs)) * step]
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2


def covariance(loss: Any, logs: Array, customers: float) -> tuple[tuple[float, ...], ...]:
    """Of the logarithms at the optimum of a loss per customer: the inverse of the observed information.

    Directions the data say nothing about get a wide, finite variance.
    """
    values, vectors = np.linalg.eigh(_hessian(loss, logs) * customers)
    variances = 1 / np.maximum(values, 1 / LARGEST_ERROR**2)
    return tuple(tuple(row) for row in ((vectors * variances) @ vectors.T).tolist())
