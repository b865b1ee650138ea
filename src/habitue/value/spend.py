"""What a visit is worth: the Gamma-Gamma model of mean spend, which draws short histories towards everybody's mean.

Each customer's spend per visit varies as Gamma(p, rate), rates as Gamma(q, gamma). Source: Fader & Hardie 2013, "The
Gamma-Gamma Model of Monetary Value"; Fader, Hardie & Lee 2005, Journal of Marketing Research 42(4), 415-430. It needs
positive spends, more than a handful of customers, and spend that does not go with frequency.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, psi

from habitue.errors import ConfigurationError, message
from habitue.value.cases import Array
from habitue.value.purchase_process import covariance

FEWEST = 10
"""Customers with a spend from which the model is fitted; below, everybody gets the mean."""

LEAST_Q = 1.001


@dataclass(frozen=True, kw_only=True)
class Spend:
    """A Gamma-Gamma model, amounts in the unit of its data.

    Attributes:
        p: shape of the spends of one customer.
        q: shape of the rates; above 1, below which there is no mean.
        gamma: scale of the rates, an amount.
        log_covariance: of the logarithms of p, q, gamma.
        log_likelihood: at the optimum.
        customers_count: customers it was fitted on.
        at_bound: q was pushed to 1: spends vary so much that the mean hardly exists.

    Raises:
        ConfigurationError: `spend.no_mean`, q is not above 1; `spend.not_positive`.
    """

    p: float
    q: float
    gamma: float
    log_covariance: tuple[tuple[float, ...], ...] = ()
    log_likelihood: float = float("nan")
    customers_count: int = 0
    at_bound: bool = False

    def __post_init__(self) -> None:
        if self.p <= 0 or self.gamma <= 0:
            raise ConfigurationError(message("spend.not_positive", p=self.p, gamma=self.gamma))
        if self.q <= 1:
            raise ConfigurationError(message("spend.no_mean", q=self.q))

    @property
    def mean(self) -> float:
        """Mean spend over all customers: what a customer without a known spend is expected to spend."""
        return self.p * self.gamma / (self.q - 1)

    @property
    def standard_errors(self) -> tuple[float, ...]:
        """Of p, q and gamma, by the delta method."""
        errors = np.sqrt(np.diag(np.array(self.log_covariance)))
        return tuple(float(error * value) for error, value in zip(errors, (self.p, self.q, self.gamma), strict=True))

    def expected(self, visits: Any, mean_spend: Any) -> Any:
        """Expected spend per visit; arrays, or columns of a table.

        Args:
            visits: how many visits the mean is over; 0: none known.
            mean_spend: their mean, positive; anything finite where there are none.
        """
        return self.p * (self.gamma + visits * mean_spend) / (self.p * visits + (self.q - 1))

    def squared_rate(self, visits: Any, mean_spend: Any) -> Any:
        """E[rate^-2]: p times it is the expected variance of a spend, p^2 times it the mean square of its mean.

        Where the variance does not exist (q below 2 and no visit known), the shape is taken as just above 2.
        """
        shape = self.p * visits + self.q
        safe = max(0.0, 2.05 - self.q)
        return (self.gamma + visits * mean_spend) ** 2 / ((shape - 1) * (shape + safe - 2))

    def slopes(self, visits: Any, mean_spend: Any) -> tuple[Any, Any, Any]:
        """Derivatives of `expected` by the logarithms of p, q and gamma."""
        worth, shape = self.expected(visits, mean_spend), self.p * visits + (self.q - 1)
        return worth * (self.q - 1) / shape, -worth * self.q / shape, self.p * self.gamma / shape


def fit_spend(visits: Array, mean_spend: Array, counts: Array | None = None) -> Spend | None:
    """Maximum likelihood; None with fewer than `FEWEST` customers.

    Args:
        visits: visits each mean is over, at least 1.
        mean_spend: mean spend per visit, above 0.
        counts: customers of each case; 1 unless given.
    """
    counts = np.ones(len(visits)) if counts is None else counts
    order = np.lexsort([counts, mean_spend, visits])
    visits, mean_spend, counts = visits[order], mean_spend[order], counts[order]
    customers = counts.sum()
    if customers < FEWEST:
        return None
    unit = float(np.average(mean_spend, weights=counts * visits))
    spend = mean_spend / unit
    logs = np.log(spend)

    def loss(parameters: Array) -> tuple[float, Array]:
        p, q, gamma = np.exp(parameters)
        shape = p * visits
        whole = visits * spend + gamma
        with np.errstate(all="ignore"):
            total = counts @ (
                gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * np.log(gamma)
                + (shape - 1) * logs + shape * np.log(visits) - (shape + q) * np.log(whole)
            )  # fmt: skip
            level = psi(shape + q)
            by_p = counts @ (visits * (level - psi(shape) + logs + np.log(visits) - np.log(whole)))
            by_q = counts @ (level - psi(q) + np.log(gamma) - np.log(whole))
            by_gamma = counts @ (q / gamma - (shape + q) / whole)
        return -total / customers, -np.array([by_p * p, by_q * q, by_gamma * gamma]) / customers

    bounds = [(-9.0, 9.0), (float(np.log(LEAST_Q)), 9.0), (-12.0, 12.0)]
    options = {"ftol": 1e-14, "gtol": 1e-8, "maxiter": 500}
    found = minimize(loss, np.log([1.0, 2.0, 1.0]), jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    p, q, gamma = np.exp(found.x)
    return Spend(
        p=float(p),
        q=float(q),
        gamma=float(gamma * unit),
        log_covariance=covariance(loss, found.x, float(customers)),
        log_likelihood=float(-found.fun * customers - customers * np.log(unit)),
        customers_count=round(float(customers)),
        at_bound=bool(q < LEAST_Q * 1.0001),
    )
