"""The critical customers: the smallest set expected to make a wanted share of future revenue, named in advance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import ibis
import ibis.expr.types as ir
import numpy as np

from habitue import portable, schemas
from habitue.value.backtest import CRITICAL_SHARE
from habitue.value.cases import Array
from habitue.value.intervals import NORMAL

ASSUMED_SPREAD = 0.02
"""Standard deviation assumed between origins where only one is known."""

RESAMPLES = 200


def critical_customers(expected: ir.Table, share: Decimal) -> ir.Table:
    """CRITICAL_CUSTOMERS of every population; stored. Empty where nothing is expected.

    Args:
        expected: `customer_id`, `population`, `expected_amount` (whole minor units).
        share: wanted, over what is expected of the population's customers; reaching it exactly is enough.

    All customers tied at the limit are in: neither chance nor the order of rows decides. Nothing is expected of
    customers with a negative amount: they count in the total of a population, not in its sets.
    """
    some = expected.filter(expected.expected_amount > 0)
    values = some.group_by("population", "expected_amount").aggregate(here=some.expected_amount.sum())
    best_first = ibis.window(group_by="population", order_by=ibis.desc("expected_amount"), preceding=None, following=0)
    values = values.mutate(
        running=values.here.sum().over(best_first), whole=values.here.sum().over(ibis.window(group_by="population"))
    )
    wanted = Fraction(share)
    # In whole numbers: what was reached before customers of this amount is less than the wanted share.
    before = (values.running - values.here).cast("decimal(38, 0)") * wanted.denominator
    values = values.filter(before < values.whole.cast("decimal(38, 0)") * wanted.numerator)
    values = values.select(
        worth_of="population", worth="expected_amount", cumulative_share=portable.ratio(values.running, values.whole)
    )
    named = some.inner_join(values, [some.population == values.worth_of, some.expected_amount == values.worth])
    place = ibis.rank().over(ibis.window(group_by="population", order_by=ibis.desc("expected_amount"))) + 1
    return portable.materialise(schemas.CRITICAL_CUSTOMERS.cast(named.mutate(place=place)), "critical_customers")


def named_in_advance(forecast: Array, share: float) -> Array:
    """Who is in the set, by the same rule, for forecasts at an earlier origin."""
    value = np.maximum(forecast, 0)
    ordered = np.sort(value)[::-1]
    running = np.cumsum(ordered)
    if running[-1] <= 0:
        return np.zeros(len(value), bool)
    limit = ordered[int(np.searchsorted(running, share * running[-1] * (1 - 1e-12)))]
    return value >= limit


@dataclass(frozen=True)
class Delivered:
    """The share of revenue that a set of this kind delivers.

    Attributes:
        share: mean over origins.
        low: lower end of the 95 % interval for the next.
        high: upper end.
        origins: how many.
    """

    share: float
    low: float
    high: float
    origins: int


def delivered(outcomes: Sequence[tuple[Array, Array]], *, share: float = CRITICAL_SHARE, seed: int) -> Delivered | None:
    """From forecasts and what came, at each earlier origin; None without any.

    The interval for the next set holds what differs from origin to origin beyond chance (two points assumed where there
    is only one, half a point at least), the error of their mean, and the chance of who is among the customers
    (bootstrap).
    """
    if not outcomes:
        return None
    chance = np.random.default_rng(seed)
    found, spreads = [], []
    for forecast, actual in outcomes:
        named = named_in_advance(forecast, share)
        found.append(actual[named].sum() / actual.sum())
        brought, whole = np.where(named, actual, 0.0), actual
        draws = []
        for _ in range(RESAMPLES):
            times = chance.poisson(1.0, len(actual))
            draws.append((times @ brought) / (times @ whole))
        spreads.append(np.std(draws))
    count = len(found)
    by_chance = float(np.mean(spreads))
    between = ASSUMED_SPREAD
    if count > 1:
        between = float(np.sqrt(max(np.var(found, ddof=1) - by_chance**2, (ASSUMED_SPREAD / 4) ** 2)))
    error = float(np.sqrt(between**2 * (1 + 1 / count) + by_chance**2))
    middle = float(np.mean(found))
    reach = NORMAL["95"] * error
    return Delivered(middle, max(middle - reach, 0.0), min(middle + reach, 1.0), count)
