"""The shop before any customer: calendar and seasons, stores, products and their prices.

Days are whole numbers since 1970-01-01 in the shop's own (Europe/Paris) calendar; amounts are cents ex VAT.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

from habitue.demo.simulated_shop.rates import CATEGORIES, GIFT_CARD_FACES_CENTS, TASTE_GROUPS, ShopRates

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
DAYS_PER_YEAR = 365.25
DAY_SECONDS = 86_400
SHOP_ZONE = "Europe/Paris"

# January to December, and Monday to Sunday.
STORE_MONTHS = (1.05, 0.85, 0.92, 0.95, 0.95, 1.02, 1.00, 0.78, 1.00, 0.98, 1.05, 1.45)
WEB_MONTHS = (1.10, 0.88, 0.92, 0.93, 0.92, 0.98, 0.95, 0.82, 0.98, 1.00, 1.30, 1.22)
STORE_WEEKDAYS = (0.75, 0.85, 1.05, 0.90, 1.15, 1.85, 0.45)
WEB_WEEKDAYS = (1.12, 1.02, 1.00, 0.98, 0.88, 0.85, 1.15)
CLOSED_DAYS = ((1, 1), (5, 1), (12, 25))

BRANDS = (
    "Orvelin", "Lumarec", "Tessaldo", "Quirbel", "Pomarine", "Vastelle", "Nordibou", "Kesselia", "Fabrivol",
    "Jolimare", "Ombrelis", "Rivastel", "Sablonne", "Tamarouf", "Ulvanna", "Zephibel", "Arcolune", "Bellarive",
    "Cadrillo", "Dunevia",
)  # fmt: skip


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`."""
    return (day - EPOCH).days


def stream(seed: int, *key: int) -> Generator:
    """The random stream of one part of the simulation, independent of every other part and of the order of work."""
    return Generator(PCG64(SeedSequence(seed, spawn_key=key)))


@dataclass(frozen=True)
class Curve:
    """Cumulated seasonal intensity in years: `cumulative[k]` is the amount before day `origin + k`."""

    origin: int
    cumulative: Floats

    def at(self, day: Floats) -> Floats:
        """Intensity cumulated up to the (fractional) day."""
        return np.interp(day - self.origin, np.arange(self.cumulative.size), self.cumulative)

    def day_of(self, amount: Floats) -> Ints:
        """The day in which the cumulated intensity reaches the amount; a day of weight 0 is never returned."""
        below = np.minimum(amount, np.nextafter(self.cumulative[-1], 0.0))
        return np.searchsorted(self.cumulative, below, side="right") - 1 + self.origin


@dataclass(frozen=True)
class Stores:
    """Twelve stores. `opened` and `closed` are the first and the last day of trading (STILL_OPEN for no end); `refuge`
    is the always-open store of the same region that serves the customers of a store not open."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    regions: tuple[str, ...]
    formats: tuple[str, ...]
    tills: Ints
    opened: Ints
    closed: Ints
    refuge: Ints
    cumulative_weight: Floats

    def open_or_refuge(self, store: Ints, day: Ints) -> Ints:
        """The wished store where it trades on that day, else its refuge."""
        is_open = (self.opened[store] <= day) & (day <= self.closed[store])
        return np.where(is_open, store, self.refuge[store])


STILL_OPEN = 10**6

# name, region, format, tills, weight, refuge; stores 05, 08 close and 11, 12 open within the period.
STORE_ROWS = (
    ("Valmont Centre", "North", "city", 3, 14, 0),
    ("Valmont Gare", "North", "city", 2, 8, 1),
    ("Brisac", "North", "retail park", 3, 11, 2),
    ("Courselle", "Centre", "retail park", 3, 12, 3),
    ("Courselle Halles", "Centre", "city", 2, 6, 3),
    ("Montherlieu", "Centre", "city", 2, 9, 5),
    ("Port-Essai", "South", "retail park", 3, 10, 6),
    ("Port-Essai Quais", "South", "outlet", 1, 5, 6),
    ("Saint-Fictif", "South", "city", 2, 8, 8),
    ("Aubelange", "Centre", "outlet", 2, 6, 9),
    ("Brisac Nord", "North", "retail park", 2, 6, 2),
    ("Lac d'Orvel", "South", "retail park", 2, 5, 8),
)
TILL_CARD_STORES = (2, 6)


@dataclass(frozen=True)
class Products:
    """SKUs by number: goods first, gift cards last. `prices` has shape (SKUs, calendar years), in cents ex VAT; `pick`
    holds one cumulated choice curve a taste group and one for everybody, each raised by its number so that they sort
    as one."""

    eans: tuple[str, ...]
    names: tuple[str, ...]
    brands: tuple[str, ...]
    category: Ints
    subcategories: tuple[str, ...]
    cost_cents: Ints
    cost_known: Flags
    prices: Ints
    vat_per_mille: Ints
    return_probability: Floats
    pick: Floats
    first_gift_card: int

    def draw(self, group: Ints, strength: float, rng: Generator) -> Ints:
        """One SKU for each entry of `group`: by the group's own curve with chance `strength`, else by everybody's."""
        curve = np.where(rng.random(group.size) < strength, group, len(TASTE_GROUPS))
        picked = np.searchsorted(self.pick, curve + rng.random(group.size), side="right")
        # u + group may round up to the end of the group's own curve: stay inside it
        first = curve * self.first_gift_card
        return np.clip(picked - first, 0, self.first_gift_card - 1)


@dataclass(frozen=True)
class World:
    """Everything that stands before the customers come. `first_day` to `last_day` is the period of the exports;
    arrivals reach back to `history_day`."""

    seed: int
    customers: int
    rates: ShopRates
    history_day: int
    first_day: int
    last_day: int
    first_year: int
    year_starts: Ints
    store_curve: Curve
    web_curve: Curve
    store_arrivals: Curve
    web_arrivals: Curve
    stores: Stores
    products: Products
    clock_changes: Ints
    clock_offsets: Ints

    def year_index(self, day: Ints) -> Ints:
        """Position of the day's calendar year among the years of the exports."""
        return np.searchsorted(self.year_starts, day, side="right") - 1

    @property
    def years(self) -> tuple[int, ...]:
        """Calendar years of the exports, one file each."""
        return tuple(range(self.first_year, self.first_year + self.year_starts.size))

    def utc_seconds(self, local_seconds: Ints) -> Ints:
        """Seconds since the epoch in UTC of readings of the shop's clock, given as if they were UTC."""
        period = np.searchsorted(self.clock_changes, local_seconds, side="right") - 1
        return local_seconds - self.clock_offsets[period]


def build_world(*, customers: int, years: int, seed: int, ends_on: date, rates: ShopRates) -> World:
    """The shop of `years` years up to and with `ends_on`."""
    first = _years_before(ends_on + timedelta(days=1), years)
    history = _years_before(first, rates.history_years)
    first_day, last_day, history_day = day_number(first), day_number(ends_on), day_number(history)
    calendar = np.arange(history_day, last_day + 1)
    store_weights = _season(calendar, STORE_MONTHS, STORE_WEEKDAYS, is_store=True)
    web_weights = _season(calendar, WEB_MONTHS, WEB_WEEKDAYS, is_store=False)
    growth = (1 + rates.arrival_growth) ** ((calendar - history_day) / DAYS_PER_YEAR)
    rng = stream(seed, 0)
    calendar_years = range(first.year, ends_on.year + 1)
    changes, offsets = _clock(history_day, last_day)
    return World(
        seed=seed,
        customers=customers,
        rates=rates,
        history_day=history_day,
        first_day=first_day,
        last_day=last_day,
        first_year=first.year,
        year_starts=np.array([day_number(date(year, 1, 1)) for year in calendar_years], dtype=np.int64),
        store_curve=_curve(history_day, store_weights),
        web_curve=_curve(history_day, web_weights),
        store_arrivals=_curve(history_day, store_weights * growth),
        web_arrivals=_curve(history_day, web_weights * growth),
        stores=_stores(history_day, first_day, last_day),
        products=_products(len(calendar_years), rates, rng),
        clock_changes=changes,
        clock_offsets=offsets,
    )


def _years_before(day: date, years: int) -> date:
    """The same day `years` years earlier; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def _season(calendar: Ints, months: tuple[float, ...], weekdays: tuple[float, ...], *, is_store: bool) -> Floats:
    days = calendar.astype("datetime64[D]")
    month = days.astype("datetime64[M]").astype(np.int64) % 12
    weights = np.array(months)[month] * np.array(weekdays)[weekday(calendar)]
    if is_store:
        weights[is_closed_day(calendar)] = 0.0
    return weights / weights.mean()


def weekday(day: Ints) -> Ints:
    """0 for Monday to 6 for Sunday."""
    return (day + 3) % 7


def is_closed_day(day: Ints) -> Flags:
    """1 January, 1 May and 25 December, when no store opens."""
    days = day.astype("datetime64[D]")
    month_start = days.astype("datetime64[M]")
    month = month_start.astype(np.int64) % 12 + 1
    day_of_month = (days - month_start.astype("datetime64[D]")).astype(np.int64) + 1
    closed = np.zeros(day.shape, dtype=np.bool_)
    for closed_month, closed_day in CLOSED_DAYS:
        closed |= (month == closed_month) & (day_of_month == closed_day)
    return closed


def _curve(origin: int, weights: Floats) -> Curve:
    return Curve(origin, np.concatenate(([0.0], np.cumsum(weights))) / DAYS_PER_YEAR)


def _stores(history_day: int, first_day: int, last_day: int) -> Stores:
    period = last_day + 1 - first_day
    opened = np.array([history_day - 400 - 210 * k for k in range(len(STORE_ROWS))], dtype=np.int64)
    closed = np.full(len(STORE_ROWS), STILL_OPEN, dtype=np.int64)
    opened[10], opened[11] = first_day + period * 20 // 100, first_day + period * 55 // 100
    closed[4], closed[7] = first_day + period * 60 // 100, first_day + period * 85 // 100
    names, regions, formats, tills, weights, refuge = zip(*STORE_ROWS, strict=True)
    return Stores(
        codes=tuple(f"{k + 1:02d}" for k in range(len(STORE_ROWS))),
        names=names,
        regions=regions,
        formats=formats,
        tills=np.array(tills, dtype=np.int64),
        opened=opened,
        closed=closed,
        refuge=np.array(refuge, dtype=np.int64),
        cumulative_weight=np.cumsum(weights) / sum(weights),
    )


def _products(years: int, rates: ShopRates, rng: Generator) -> Products:
    category = np.repeat(np.arange(len(CATEGORIES)), [c.skus for c in CATEGORIES])
    goods = category.size
    rank = np.concatenate([rng.permutation(c.skus) + 1 for c in CATEGORIES])
    popularity = rank.astype(np.float64) ** -rates.zipf_exponent
    affine = rng.integers(0, len(TASTE_GROUPS), goods)
    groups = np.array(list(TASTE_GROUPS.values()), dtype=np.float64)
    groups = np.vstack([groups / groups.sum(axis=1, keepdims=True), np.full(len(CATEGORIES), 1 / len(CATEGORIES))])
    pick = np.empty((len(groups), goods))
    for g, by_category in enumerate(groups):
        weight = popularity * np.where(affine == g, rates.affine_sku_weight, 1.0)
        weight *= (by_category / np.bincount(category, weight))[category]
        pick[g] = np.cumsum(weight) / weight.sum() + g
        pick[g, -1] = g + 1.0
    median = np.array([c.median_price_cents for c in CATEGORIES])[category]
    base = np.maximum(np.rint(median * np.exp(rng.normal(0.0, 0.45, goods))), 95.0)
    growth = (1 + rates.price_growth) ** np.arange(years)
    faces = np.array(GIFT_CARD_FACES_CENTS, dtype=np.int64)
    cost = np.rint(base * rng.uniform(0.42, 0.68, goods)).astype(np.int64)
    cost_known = rng.random(goods) >= rates.cost_missing_share
    brand = rng.integers(0, len(BRANDS), goods)
    sub = rng.integers(0, 4, goods)
    subcategories = [CATEGORIES[c].subcategories[s] for c, s in zip(category, sub, strict=True)]
    brands = [BRANDS[b] for b in brand]
    names = [f"{brands[k]} {subcategories[k].lower()} {k:04d}" for k in range(goods)]
    gift = len(faces)
    return Products(
        eans=tuple(_ean(k) for k in range(goods + gift)),
        names=(*names, *(f"Gift card {face // 100} euros" for face in faces)),
        brands=(*brands, *("Simulated shop",) * gift),
        category=np.concatenate([category, np.full(gift, len(CATEGORIES))]),
        subcategories=(*subcategories, *("Gift card",) * gift),
        cost_cents=np.concatenate([cost, np.zeros(gift, dtype=np.int64)]),
        cost_known=np.concatenate([cost_known, np.zeros(gift, dtype=np.bool_)]),
        prices=np.vstack([np.rint(np.outer(base, growth)).astype(np.int64), np.tile(faces[:, None], (1, years))]),
        vat_per_mille=np.concatenate(
            [np.array([c.vat_per_mille for c in CATEGORIES])[category], np.zeros(gift, dtype=np.int64)]
        ),
        return_probability=np.concatenate(
            [np.array([c.return_probability for c in CATEGORIES])[category], np.zeros(gift)]
        ),
        pick=pick.ravel(),
        first_gift_card=goods,
    )


def _ean(number: int) -> str:
    """A 13-digit article number with its check digit, in the range 29 that is kept for a shop's own use."""
    digits = f"29{number * 7 + 1_000_000:010d}"
    total = sum(int(d) * (3 if k % 2 else 1) for k, d in enumerate(digits))
    return digits + str(-total % 10)


def _clock(history_day: int, last_day: int) -> tuple[Ints, Ints]:
    """Local clock readings (seconds since the epoch) from which a UTC offset (seconds) holds, in order."""
    zone = ZoneInfo(SHOP_ZONE)

    def offset(local_seconds: int) -> int:
        reading = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=local_seconds)
        delta = reading.replace(tzinfo=zone).utcoffset()
        return int(delta.total_seconds()) if delta is not None else 0

    start = (history_day - 2) * DAY_SECONDS
    changes, offsets = [start], [offset(start)]
    for day in range(history_day - 2, last_day + 2):
        low, high = day * DAY_SECONDS, (day + 1) * DAY_SECONDS
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offsets[-1] else (low, middle)
        changes.append(high)
        offsets.append(offset(high))
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)
