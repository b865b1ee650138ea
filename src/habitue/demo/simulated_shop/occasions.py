"""Purchase occasions: which person (or passer-by) buys when, in which store or online, showing which card.

One entry an occasion; an occasion becomes one ticket or web order in `baskets`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator

from habitue.demo.simulated_shop.lives import Buyer, People
from habitue.demo.simulated_shop.world import (
    DAY_SECONDS,
    TILL_CARD_STORES,
    Flags,
    Ints,
    World,
    is_closed_day,
    weekday,
)

ONLINE = -1
NOBODY = -1

# share of a day's occasions before each edge (seconds of the day); Sundays use the store's short hours evenly
STORE_HOURS = np.array([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]) * 3600.0
STORE_SHARES = np.array([0, 4, 11, 20, 29, 36, 44, 54, 65, 78, 91, 100]) / 100.0
WEB_HOURS = np.array([0, 6, 8, 10, 12, 14, 17, 19, 21, 23, 24]) * 3600.0
WEB_SHARES = np.array([0, 3, 7, 16, 28, 41, 55, 66, 83, 97, 100]) / 100.0
SUNDAY_OPENS, SUNDAY_SECONDS = 9 * 3600, 4 * 3600


@dataclass(frozen=True)
class Occasions:
    """Occasions of one batch. `person` is NOBODY for passers-by; `store` is ONLINE for web orders; `day` and `second`
    are the shop's clock; `shown` numbers the card (store) or account (web) shown, NOBODY when none."""

    person: Ints
    buyer: Ints
    taste: Ints
    store: Ints
    day: Ints
    second: Ints
    shown: Ints


def second_of_day(store: Ints, day: Ints, rng: Generator) -> Ints:
    """A moment within the opening hours of the day for each occasion (any hour online)."""
    u = rng.random(store.size)
    in_store = np.interp(u, STORE_SHARES, STORE_HOURS)
    on_sunday = SUNDAY_OPENS + u * SUNDAY_SECONDS
    online = np.interp(u, WEB_SHARES, WEB_HOURS)
    second = np.where(store == ONLINE, online, np.where(weekday(day) == 6, on_sunday, in_store))
    return second.astype(np.int64)


def next_open_day(day: Ints) -> Ints:
    """The day itself, or the day after where all stores are closed."""
    return day + is_closed_day(day)


def occasions_of_people(world: World, people: People, rng: Generator) -> Occasions:
    """All occasions of a chunk of persons within the period, and those of the passers-by that go with them."""
    who_parts, day_parts, web_parts = _first_purchases(world, people, rng)
    for is_web, curve in ((False, world.store_curve), (True, world.web_curve)):
        yearly = people.rate * np.where(is_web, people.online_share, 1.0 - people.online_share)
        for begins, ends in ((people.arrival.astype(np.float64), people.until), (people.back, people.until_again)):
            low = curve.at(np.clip(begins, world.first_day, world.last_day + 1))
            high = curve.at(np.clip(ends, world.first_day, world.last_day + 1))
            times = rng.poisson(yearly * (high - low))
            who = np.repeat(np.arange(people.rate.size), times)
            amount = low[who] + rng.random(who.size) * (high - low)[who]
            who_parts.append(who)
            day_parts.append(curve.day_of(amount))
            web_parts.append(np.full(who.size, is_web))
    who, day, is_web = np.concatenate(who_parts), np.concatenate(day_parts), np.concatenate(web_parts)

    home = people.home_store[who]
    elsewhere = np.searchsorted(world.stores.cumulative_weight, rng.random(who.size), side="right")
    wished = np.where(rng.random(who.size) < world.rates.home_store_share, home, elsewhere)
    store = np.where(is_web, ONLINE, world.stores.open_or_refuge(wished, day))
    named = Occasions(
        person=people.first_id + who,
        buyer=people.buyer[who],
        taste=people.taste[who],
        store=store,
        day=day,
        second=second_of_day(store, day, rng),
        shown=_shown(world, people, who, day, is_web, rng),
    )
    return joined(named, _passers_by(world, named, rng))


def joined(*parts: Occasions) -> Occasions:
    """The occasions of all parts, one part after the other."""
    return Occasions(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Occasions)})


def _first_purchases(world: World, people: People, rng: Generator) -> tuple[list[Ints], list[Ints], list[Flags]]:
    """Every person buys on the day of arrival; those who arrived before the period did it outside the exports."""
    who = np.flatnonzero(people.arrival >= world.first_day)
    is_web = rng.random(who.size) < people.online_share[who]
    return [who], [people.arrival[who]], [is_web]


def _shown(world: World, people: People, who: Ints, day: Ints, is_web: Flags, rng: Generator) -> Ints:
    """Number of the card or account shown: the person's, plus `customers` for the second one."""
    rates = world.rates
    second_day = np.where(is_web, people.second_account_day[who], people.second_card_day[who])
    second = (day >= second_day) & (rng.random(who.size) < rates.second_card_use_share)
    hidden_share = np.where(is_web, rates.guest_order_share, rates.forgotten_card_share)
    hidden = (people.buyer[who] == Buyer.CONSUMER) & (rng.random(who.size) < hidden_share)
    return np.where(hidden, NOBODY, people.first_id + who + second * world.customers)


def _passers_by(world: World, named: Occasions, rng: Generator) -> Occasions:
    """Store occasions without card or known person, so many that `unidentified_share` of store tickets show no card.

    They follow the days and stores of the named occasions.
    """
    u = world.rates.unidentified_share
    in_store = np.flatnonzero(named.store != ONLINE)
    forgotten = np.count_nonzero(named.shown[in_store] == NOBODY)
    mean = max(0.0, (u * in_store.size - forgotten) / (1.0 - u))
    n = int(rng.poisson(mean)) if in_store.size else 0
    like = in_store[rng.integers(0, max(in_store.size, 1), n)]
    return _unnamed(world, Buyer.PASSER_BY, named.store[like], named.day[like], np.full(n, NOBODY), rng)


def occasions_at_till_cards(world: World, store_tickets_by_year: Ints, rng: Generator) -> Occasions:
    """Cashiers swipe a till card for customers without one: at least six times a day, on many days of every year.

    About `till_card_share` of the store tickets counted so far, but never fewer than six days a year and card. A till
    card is shown as number `-2 - k` for the k-th of `TILL_CARD_STORES`.
    """
    store_parts, day_parts, shown_parts = [], [], []
    year_ends = np.append(world.year_starts[1:], world.last_day + 1)
    for year, (begins, ends) in enumerate(zip(world.year_starts, year_ends, strict=True)):
        open_days = np.arange(max(begins, world.first_day), ends)
        open_days = open_days[~is_closed_day(open_days)]
        wanted = world.rates.till_card_share * store_tickets_by_year[year] / len(TILL_CARD_STORES)
        days = min(int(np.clip(wanted / 8, 6, 200)), open_days.size)
        for k, store in enumerate(TILL_CARD_STORES):
            chosen = np.sort(rng.choice(open_days, days, replace=False))
            times = 6 + rng.poisson(max(wanted / max(days, 1) - 6, 1.0), days)
            day_parts.append(np.repeat(chosen, times))
            store_parts.append(np.full(times.sum(), store))
            shown_parts.append(np.full(times.sum(), -2 - k))
    store, day, shown = (np.concatenate(p).astype(np.int64) for p in (store_parts, day_parts, shown_parts))
    return _unnamed(world, Buyer.TILL_CARD, store, day, shown, rng)


def _unnamed(world: World, buyer: Buyer, store: Ints, day: Ints, shown: Ints, rng: Generator) -> Occasions:
    shares = np.cumsum(world.rates.taste_group_shares)
    taste = np.searchsorted(shares / shares[-1], rng.random(store.size), side="right")
    return Occasions(
        person=np.full(store.size, NOBODY),
        buyer=np.full(store.size, int(buyer)),
        taste=taste,
        store=store,
        day=day,
        second=second_of_day(store, day, rng),
        shown=shown,
    )


def moment(day: Ints, second: Ints) -> Ints:
    """Seconds since the epoch on the shop's clock."""
    return day * DAY_SECONDS + second
