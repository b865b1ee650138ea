"""The lives of the customers: who they are, when they come, how often they buy, when they leave and come back.

One entry a person; persons are made in chunks, each from its own random stream, so that a chunk's persons do not depend
on the other chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.random import Generator

from habitue.demo.simulated_shop.rates import TASTE_GROUPS
from habitue.demo.simulated_shop.world import DAYS_PER_YEAR, Flags, Floats, Ints, World

CHUNK = 20_000
RESELLER_PLACE = 1_000
NEVER = 10**7


class Buyer(IntEnum):
    """Who stands behind a ticket."""

    CONSUMER = 0
    STAFF = 1
    B2B = 2
    RESELLER = 3
    PASSER_BY = 4
    TILL_CARD = 5


CHANNEL_PREFERENCES = ("store", "online", "both")


@dataclass(frozen=True)
class People:
    """One chunk of persons; every array has one entry a person.

    Days are fractional for the ends of active lives (`until`, `back`, `until_again`) and whole elsewhere; `NEVER`
    stands for "not". `card` and `account` tell who has one; a second one exists from `second_card_day` or
    `second_account_day`.
    """

    first_id: int
    buyer: Ints
    taste: Ints
    preference: Ints
    online_share: Floats
    rate: Floats
    dropout_rate: Floats
    arrival: Ints
    until: Floats
    back: Floats
    until_again: Floats
    home_store: Ints
    card: Flags
    account: Flags
    second_card_day: Ints
    second_account_day: Ints

    @property
    def ids(self) -> Ints:
        """Person numbers, unique over all chunks."""
        return self.first_id + np.arange(self.buyer.size)


def people_of_chunk(world: World, chunk: int, rng: Generator) -> People:
    """Persons `chunk * CHUNK` up to the next chunk or the last customer."""
    rates = world.rates
    first_id = chunk * CHUNK
    n = min(CHUNK, world.customers - first_id)

    u = rng.random(n)
    buyer = np.where(u < rates.staff_share, Buyer.STAFF, Buyer.CONSUMER).astype(np.int64)
    buyer[(u >= rates.staff_share) & (u < rates.staff_share + rates.b2b_share)] = Buyer.B2B
    resellers = np.zeros(n, dtype=np.bool_)
    resellers[RESELLER_PLACE :: rates.customers_per_reseller] = True
    buyer[resellers] = Buyer.RESELLER

    taste = _choice(np.array(rates.taste_group_shares), n, rng)
    preference = _choice(np.array((rates.store_only_share, rates.online_only_share, rates.both_share)), n, rng)
    preference[buyer != Buyer.CONSUMER] = 0
    online_share = rng.beta(*rates.both_online_beta, n)
    online_share = np.select([preference == 0, preference == 1], [0.0, 1.0], online_share)

    u = rng.random(n)
    arrival = np.where(
        preference == 1,
        world.web_arrivals.day_of(u * world.web_arrivals.cumulative[-1]),
        world.store_arrivals.day_of(u * world.store_arrivals.cumulative[-1]),
    )
    arrival[resellers] = world.history_day

    mean = np.array([rates.purchase_rate_mean, rates.staff_purchase_rate_mean, rates.b2b_purchase_rate_mean, 1.0])
    rate = rng.gamma(rates.purchase_rate_shape, 1.0 / rates.purchase_rate_shape, n) * mean[buyer]
    rate[resellers] = rates.reseller_purchase_rate
    dropout_rate = rng.gamma(rates.dropout_shape, rates.dropout_mean / rates.dropout_shape, n)
    dropout_rate[resellers] = 0.0
    until = arrival + _lifetimes(dropout_rate, rng)
    pause = rng.uniform(rates.break_days_min, rates.break_days_max, n)
    returns = rng.random(n) < rates.returning_share
    back = np.where(returns, np.minimum(until + pause, NEVER), NEVER)
    until_again = np.where(returns, np.minimum(back + _lifetimes(dropout_rate, rng), NEVER), NEVER)

    stores = world.stores
    home = np.searchsorted(stores.cumulative_weight, rng.random(n), side="right")
    card, account = preference != 1, preference != 0
    return People(
        first_id=first_id,
        buyer=buyer,
        taste=taste,
        preference=preference,
        online_share=online_share,
        rate=rate,
        dropout_rate=dropout_rate,
        arrival=arrival,
        until=until,
        back=back,
        until_again=until_again,
        home_store=stores.open_or_refuge(home, arrival),
        card=card,
        account=account,
        second_card_day=_second_day(world, arrival, card, rates.second_card_share, rng),
        second_account_day=_second_day(world, arrival, account, rates.second_account_share, rng),
    )


def taste_names() -> tuple[str, ...]:
    """Names of the planted taste groups, by number."""
    return tuple(TASTE_GROUPS)


def _choice(shares: Floats, n: int, rng: Generator) -> Ints:
    edges = np.cumsum(shares) / shares.sum()
    return np.minimum(np.searchsorted(edges, rng.random(n), side="right"), shares.size - 1)


def _lifetimes(rate: Floats, rng: Generator) -> Floats:
    """Exponential lifetimes in days for yearly dropout rates; no end for a rate of 0."""
    draws = rng.exponential(1.0, rate.size) * DAYS_PER_YEAR
    return np.minimum(np.divide(draws, rate, out=np.full(rate.size, float(NEVER)), where=rate > 0), NEVER)


def _second_day(world: World, arrival: Ints, has_first: Flags, share: float, rng: Generator) -> Ints:
    """Day of a second card or account: at least 30 days after the arrival and after the start of the exports."""
    room = world.last_day - np.maximum(arrival + 30, world.first_day)
    day = world.last_day - np.floor(rng.random(arrival.size) * np.maximum(room, 1)).astype(np.int64)
    return np.where(has_first & (rng.random(arrival.size) < share) & (room > 0), day, NEVER)
