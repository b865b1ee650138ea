"""Simulated buyers of known parameters: when they come, what they spend, until when; times in weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from habitue import schemas
from habitue.value.cases import Array
from habitue.value.methods import BG_NBD, MBG_NBD, PARETO_NBD
from habitue.value.snapshots import WEEK

FIRST = date(2023, 1, 2)
"""The day simulated time begins."""

RANGES = {
    BG_NBD: ((0.4, 1.2), (6.0, 16.0), (0.5, 1.2), (1.5, 3.5)),
    MBG_NBD: ((0.4, 1.2), (6.0, 16.0), (0.5, 1.2), (1.5, 3.5)),
    PARETO_NBD: ((0.4, 1.2), (6.0, 16.0), (0.5, 1.2), (8.0, 20.0)),
}
"""What the parameters of bases are drawn from, evenly: near those found for CDNOW, the papers' data."""

SPEND_RANGES = ((3.0, 8.0), (3.0, 6.0), (5_000.0, 20_000.0))
"""The same of p, q and gamma, amounts in minor units."""


@dataclass(frozen=True)
class Truth:
    """Parameters of a base: of its purchase process (times in weeks), and p, q, gamma of its spends."""

    kind: str
    process: tuple[float, ...]
    spend: tuple[float, float, float]


@dataclass(frozen=True)
class Purchases:
    """Every purchase of some customers, in the order of customers and times.

    Attributes:
        born: first purchase of each customer.
        who: customer (place in `born`) of each purchase.
        at: when.
        amount: what was spent.
    """

    born: Array
    who: Array
    at: Array
    amount: Array


def drawn(kind: str, chance: np.random.Generator) -> Truth:
    """A truth from the ranges."""
    process, spend = (tuple(float(chance.uniform(*ends)) for ends in ranges) for ranges in (RANGES[kind], SPEND_RANGES))
    return Truth(kind, process, (spend[0], spend[1], spend[2]))


def buyers(truth: Truth, born: Array, end: float, chance: np.random.Generator) -> Purchases:
    """Customers who first buy at `born`, until the end.

    Given a rate, purchases within a stretch of time are a Poisson number at even times; a customer who drops out after
    the k-th keeps the first k.
    """
    r, alpha, third, fourth = truth.process
    size, left = len(born), end - born
    rate = chance.gamma(r, 1 / alpha, size)
    if truth.kind == PARETO_NBD:
        death = chance.gamma(third, 1 / fourth, size)
        left = np.minimum(left, chance.exponential(size=size) / np.maximum(death, 1e-300))
    count = chance.poisson(rate * left)
    repeat = np.repeat(np.arange(size), count)
    at = born[repeat] + chance.random(len(repeat)) * left[repeat]
    order = np.lexsort([at, repeat])
    repeat, at = repeat[order], at[order]
    if truth.kind != PARETO_NBD:
        lasts = chance.geometric(np.maximum(chance.beta(third, fourth, size), 1e-12)) - (truth.kind == MBG_NBD)
        place = np.arange(len(repeat)) - np.repeat(np.cumsum(count) - count, count)
        kept = place < lasts[repeat]
        repeat, at = repeat[kept], at[kept]
    who, at = np.concatenate([np.arange(size), repeat]), np.concatenate([born, at])
    order = np.argsort(who, kind="stable")  # the first purchase of each stands before its others
    who, at = who[order], at[order]
    p, q, gamma = truth.spend
    price = chance.gamma(q, 1 / gamma, size)
    return Purchases(born, who, at, chance.gamma(p, 1 / price[who]))


@dataclass(frozen=True)
class Summary:
    """What is known of each customer at a time, exactly.

    Attributes:
        x: purchases after the first.
        t_x: time from the first to the last.
        t_end: time since the first.
        mean: mean spend of all purchases.
        later: purchases after that time.
    """

    x: Array
    t_x: Array
    t_end: Array
    mean: Array
    later: Array


def summary(of: Purchases, now: float) -> Summary:
    """Customers born before `now` as they stand then."""
    size, known = len(of.born), of.at < now
    visits = np.bincount(of.who[known], minlength=size)
    last = of.born.copy()
    np.maximum.at(last, of.who[known], of.at[known])
    net = np.bincount(of.who[known], of.amount[known], size)
    later = np.bincount(of.who[~known], minlength=size)
    return Summary(visits - 1, last - of.born, now - of.born, net / visits, later)


def by_day(of: Purchases) -> tuple[Array, Array, Array]:
    """Customer, whole days since time began, and net in whole minor units of each day with a purchase."""
    day = (of.at * WEEK).astype(np.int64)
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(of.who) != 0) | (np.diff(day) != 0)]))
    net = np.maximum(np.round(np.add.reduceat(of.amount, starts)), 1).astype(np.int64)
    return of.who[starts], day[starts], net


def customer_days(bases: Sequence[Purchases]) -> pa.Table:
    """CUSTOMER_DAYS as far as forecasts need them, each base a population of its own."""
    tables = []
    for number, of in enumerate(bases):
        who, day, net = by_day(of)
        tables.append(
            pa.table(
                {
                    "customer_id": pa.array(who).cast(pa.string()),
                    "population": pa.repeat(population(number), len(who)),
                    "sold_on": dates(day),
                    "net_amount": net,
                    "is_visit": np.ones(len(who), bool),
                    "margin_amount": pa.nulls(len(who), pa.int64()),
                }
            )
        )
    return pa.concat_tables(tables)


def histories(of: Purchases, known_days: int, days_ahead: int, *, number: int = 0) -> pa.Table:
    """What `histories.histories` makes of one base when so many days are known, without its windows.

    Args:
        of: customers.
        known_days: days since time began.
        days_ahead: days of the period after.
        number: of the first customer, from which the others are numbered.
    """
    who, day, net = by_day(of)
    size, today = len(of.born), known_days - 1
    is_known = day <= today
    is_later = ~is_known & (day <= today + days_ahead)
    firsts = np.searchsorted(who, np.arange(size))
    first, last = day[firsts], day[firsts]
    np.maximum.at(last, who[is_known], day[is_known])

    def sums(rows: Array, values: Array | None = None) -> Array:
        return np.bincount(who[rows], None if values is None else values[rows], size).astype(np.int64)

    made = pa.table(
        {
            "customer_id": pa.array(np.arange(number, number + size)).cast(pa.string()),
            "population": pa.repeat(population(0), size),
            "first_on": dates(first),
            "last_on": dates(last),
            "repeat_days": last - first,
            "observed_days": today - first,
            "visits_count": sums(is_known),
            "net_amount": sums(is_known, net),
            "first_amount": net[firsts],
            "period_days": np.full(size, min(days_ahead, known_days)),
            "period_amount": sums(is_known & (day > today - days_ahead), net),
            "later_visits": sums(is_later),
            "later_amount": sums(is_later, net),
        }
    )
    return made.filter(pa.array(first <= today))


def dates(day: Array) -> pa.Array:
    """Dates of days since time began."""
    return pa.array((np.datetime64(FIRST) + day).astype("datetime64[D]"))


def population(number: int) -> str:
    """The name of a base among several."""
    return f"base {number}"


def no_changes() -> pa.Table:
    """DAY_CHANGES of shops that take nothing back."""
    return schemas.DAY_CHANGES.ibis_schema().to_pyarrow().empty_table()


def day_of(week: int) -> date:
    """The last day known when so many weeks have passed."""
    return FIRST + timedelta(days=week * WEEK - 1)
