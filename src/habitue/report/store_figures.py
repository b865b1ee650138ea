"""The figures of stores: what was sold in a period by store, region and sales channel, against a year before. No words.

Computed from the published tables SALES_BY_DAY, STORES and SEGMENT_PLACES. Amounts are whole minor units, net sales are
after returns on the day of the purchase. What names no store, such as a web order, is no store and stands apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.periods import Calendar, Period
from habitue.report.figures import Comparison, Rows, share_of
from habitue.report.segment_figures import STRATEGIC
from habitue.report.spans import Span, slack

LONGEST_GAP_DAYS = 28
"""A store without a sale for more days than this was closed meanwhile."""

REASONS = (OPENED, CLOSED, INTERRUPTED) = ("opened", "closed", "interrupted")
"""Why a store is not compared like for like."""


Days = np.ndarray[Any, np.dtype[np.datetime64]]


@dataclass(frozen=True)
class Sums:
    """Sums of measures of SALES_BY_DAY, and their ratios: None over nothing."""

    tickets_count: int = 0
    identified_tickets_count: int = 0
    lines_count: int = 0
    gross_amount: int = 0
    discount_amount: int = 0
    net_amount: int = 0
    kept_amount: int = 0
    identified_amount: int = 0
    margin_amount: int = 0
    margin_known_amount: int = 0
    margin_assumed_amount: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, name) + getattr(other, name) for name in MEASURES))

    @property
    def basket_amount(self) -> int | None:
        """Average basket: net sales over tickets, in whole minor units, ties to even."""
        return round(Fraction(self.kept_amount, self.tickets_count)) if self.tickets_count else None

    @property
    def lines_per_ticket(self) -> float | None:
        """Sale lines over tickets. (Quantities are not summed: they may be grams or millilitres.)"""
        return share_of(self.lines_count, self.tickets_count)

    @property
    def identified_share(self) -> float | None:
        """Identified net sales over net sales."""
        return share_of(self.identified_amount, self.kept_amount)

    @property
    def identified_tickets_share(self) -> float | None:
        """Identified tickets over tickets."""
        return share_of(self.identified_tickets_count, self.tickets_count)

    @property
    def discount_share(self) -> float | None:
        """Discount over the amount before it, as rung up."""
        return share_of(self.discount_amount, self.gross_amount)

    @property
    def margin_share(self) -> float | None:
        """Margin over the net sales it is known of."""
        return share_of(self.margin_amount, self.margin_known_amount)


MEASURES = tuple(field.name for field in fields(Sums))
NOTHING = Sums()


@dataclass(frozen=True)
class Place:
    """A store, region or sales channel: its figures now and in the comparison period (None: nothing to compare with).

    `code` is None where it is not stated; `is_apart` is what names no store, in a breakdown by store or region.
    """

    code: str | None
    now: Sums
    before: Sums | None
    is_apart: bool = False

    def compare(self, measure: str) -> Comparison:
        """A measure or ratio now against the comparison period."""
        return Comparison(getattr(self.now, measure), None if self.before is None else getattr(self.before, measure))


def covered(days: pa.Table | None, as_of: date) -> Period | None:
    """The days the data cover: from the first ticket to the as-of date.

    Args:
        days: SALES_BY_DAY, all rows.
        as_of: the as-of date.
    """
    first = None if days is None else pc.min(days.filter(pc.field("tickets_count") > 0)["sold_on"]).as_py()
    return None if first is None else Period(first, as_of)


def in_all(days: pa.Table, span: Span) -> Place:
    """The figures of all rows."""
    return Place(None, _total(days, span.now), _total(days, span.before) if span.has_before else None)


def by_store(days: pa.Table, span: Span) -> list[Place]:
    """Stores, the largest first; what names no store last."""
    return _ranked(days, span, "store_id", lambda code: (code, code is None))


def by_region(days: pa.Table, span: Span, regions: Mapping[str, str | None]) -> list[Place]:
    """Regions, the largest first, those not stated among them; what names no store last.

    Args:
        days: SALES_BY_DAY.
        span: the periods.
        regions: regions of stores (`regions_of`).
    """
    return _ranked(days, span, "store_id", lambda code: (None if code is None else regions.get(code), code is None))


def by_sales_channel(days: pa.Table, span: Span) -> list[Place]:
    """Sales channels, the largest first."""
    return _ranked(days, span, "sales_channel", lambda code: (code, False))


def joined(places: Iterable[Place]) -> Place:
    """Several places as one; without a comparison if one of them has none."""
    listed = list(places)
    before = [place.before for place in listed if place.before is not None]
    now = sum((place.now for place in listed), NOTHING)
    return Place(None, now, sum(before, NOTHING) if len(before) == len(listed) else None)


def regions_of(stores: Rows) -> dict[str, str | None]:
    """Regions of stores; none where no store has one."""
    found = {row["store_id"]: row["region"] or None for row in stores}
    return found if any(found.values()) else {}


@dataclass(frozen=True)
class LeftOut:
    """A store that is not compared: why, since or until when, and whether that is stated or seen in its sales.

    `on` is the first day (opened), the last day (closed), or the first day without sales (interrupted, up to `until`).
    """

    store_id: str
    reason: str
    on: date
    is_stated: bool
    until: date | None = None


@dataclass(frozen=True)
class LikeForLike:
    """Stores that traded on the whole of both periods, and what is left out: by reason, and what names no store."""

    stores: tuple[str, ...]
    compared: Place
    left_out: tuple[LeftOut, ...]
    by_reason: Mapping[str, Place]
    apart: Place | None
    whole: Place


def like_for_like(days: pa.Table, span: Span, *, trading: pa.Table, stores: Rows) -> LikeForLike | None:
    """The comparison of stores that traded on the whole of both periods; None where there is no period before.

    A store counts as trading from its `opened_on` to its `closed_on` where STORES states them, otherwise from its first
    ticket to its last in the data (a few days at the ends may be without one, `spans.slack`), and if it never was
    without a ticket for more than `LONGEST_GAP_DAYS` in either period.

    Args:
        days: SALES_BY_DAY, the rows to compare.
        span: the periods.
        trading: SALES_BY_DAY, all rows: a store trades whoever buys.
        stores: STORES.
    """
    if not span.has_before:
        return None
    found = {place.code: place for place in by_store(days, span)}
    known = {row["store_id"]: row for row in stores}
    sold_on = _trading_days(trading)
    reasons = (_left_out(code, sold_on.get(code), span, known.get(code, {})) for code in found if code is not None)
    left_out = [reason for reason in reasons if reason is not None]
    dropped = {one.store_id for one in left_out}
    compared = sorted(code for code in found if code is not None and code not in dropped)
    left_out.sort(key=lambda one: (REASONS.index(one.reason), one.on, one.store_id))
    by_reason = {
        reason: joined(found[one.store_id] for one in left_out if one.reason == reason)
        for reason in dict.fromkeys(one.reason for one in left_out)
    }
    return LikeForLike(
        tuple(compared),
        joined(found[code] for code in compared),
        tuple(left_out),
        by_reason,
        found.get(None),
        joined(found.values()),
    )


@dataclass(frozen=True)
class Month:
    """A month of the calendar, or a period of four or five weeks: its figures and those of the comparable days."""

    period: Period
    now: Sums
    before: Sums | None
    is_part: bool


def months(days: pa.Table, calendar: Calendar, data: Period, *, most: int = 25) -> list[Month]:
    """The months of the data, newest first; of the last and the first the data may cover only a part.

    Args:
        days: SALES_BY_DAY.
        calendar: what a month is.
        data: the days the data cover.
        most: months at most.
    """
    each = _daily(days)
    found: list[Month] = []
    period = calendar.unit_of(data.last_on, "month")
    while len(found) < most and period.last_on >= data.first_on:
        shown = Period(max(period.first_on, data.first_on), min(period.last_on, data.last_on))
        span = Span("month", shown, calendar.comparable(shown, "month"), data)
        before = _of_days(each, span.before) if span.has_before else None
        found.append(Month(shown, _of_days(each, shown), before, shown != period))
        period = calendar.unit_of(period.first_on - timedelta(days=1), "month")
    return found


def segments_of_stores(places: Rows, population: str) -> dict[str | None, dict[str, int]]:
    """Customers by strategic segment, by the store of most of their visits (None: no store); the largest store first.

    Args:
        places: rows of SEGMENT_PLACES.
        population: the population.
    """
    found: dict[str | None, dict[str, int]] = {}
    for row in places:
        if (row["segmentation"], row["population"], row["place_kind"]) == (STRATEGIC, population, "store"):
            theirs = found.setdefault(row["place_name"], {})
            theirs[row["segment"]] = theirs.get(row["segment"], 0) + row["customers_count"]
    order = sorted(found, key=lambda store: (store is None, -sum(found[store].values()), store or ""))
    return {store: found[store] for store in order}


def _within(days: pa.Table, period: Period) -> pa.Table:
    day = pc.field("sold_on")
    return days.filter((day >= pa.scalar(period.first_on)) & (day <= pa.scalar(period.last_on)))


def _grouped(days: pa.Table, keys: Sequence[str]) -> list[tuple[dict[str, Any], Sums]]:
    summed = days.group_by(list(keys)).aggregate([(name, "sum") for name in MEASURES])
    rows = summed.rename_columns({f"{name}_sum": name for name in MEASURES}).to_pylist()
    return [({key: row[key] for key in keys}, Sums(*(row[name] or 0 for name in MEASURES))) for row in rows]


def _total(days: pa.Table, period: Period) -> Sums:
    return sum((sums for _, sums in _grouped(_within(days, period), ("sales_channel",))), NOTHING)


def _ranked(days: pa.Table, span: Span, column: str, place_of: Any) -> list[Place]:
    """Places of both periods; those with nothing in either are not there."""
    sums: list[dict[tuple[str | None, bool], Sums]] = []
    for period in (span.now, span.before):
        theirs: dict[tuple[str | None, bool], Sums] = {}
        for key, one in _grouped(_within(days, period), (column,)):
            place = place_of(key[column])
            theirs[place] = theirs.get(place, NOTHING) + one
        sums.append(theirs)
    now, before = sums if span.has_before else (sums[0], None)
    found = [
        Place(place[0], now.get(place, NOTHING), None if before is None else before.get(place, NOTHING), place[1])
        for place in now.keys() | (before or {}).keys()
    ]
    return sorted(found, key=lambda place: (place.is_apart, -place.now.kept_amount, place.code or ""))


def _daily(days: pa.Table) -> dict[date, Sums]:
    return {key["sold_on"]: sums for key, sums in _grouped(days, ("sold_on",))}


def _of_days(each: Mapping[date, Sums], period: Period) -> Sums:
    days = (period.first_on + timedelta(days=at) for at in range(period.days))
    return sum((each[day] for day in days if day in each), NOTHING)


def _trading_days(trading: pa.Table) -> dict[str, Days]:
    """Days with a ticket by store, rising."""
    sold = trading.filter((pc.field("tickets_count") > 0) & pc.field("store_id").is_valid())
    sold = sold.group_by(["store_id", "sold_on"]).aggregate([])
    stores = sold["store_id"].combine_chunks().dictionary_encode()
    codes, days = stores.indices.to_numpy(), sold["sold_on"].to_numpy()
    order = np.lexsort((days, codes))
    parts = np.split(days[order], np.cumsum(np.bincount(codes, minlength=len(stores.dictionary)))[:-1])
    return dict(zip(stores.dictionary.to_pylist(), parts, strict=False))


def _left_out(store: str, sold_on: Days | None, span: Span, known: Mapping[str, Any]) -> LeftOut | None:
    """Why a store is not compared; None if it is."""
    if sold_on is None:
        return LeftOut(store, INTERRUPTED, span.before.first_on, False, span.now.last_on)
    stated_first, stated_last = known.get("opened_on"), known.get("closed_on")
    first, last = stated_first or sold_on[0].item(), stated_last or sold_on[-1].item()
    if first > span.before.first_on + (timedelta(0) if stated_first else slack(span.before)):
        return LeftOut(store, OPENED, first, stated_first is not None)
    if last < span.now.last_on - (timedelta(0) if stated_last else slack(span.now)):
        return LeftOut(store, CLOSED, last, stated_last is not None)
    known_days = Period(span.before.first_on, span.now.last_on)
    gaps = (gap for period in (span.before, span.now) if (gap := _gap(sold_on, period, known_days)) is not None)
    return next((LeftOut(store, INTERRUPTED, gap.first_on, False, gap.last_on) for gap in gaps), None)


def _gap(sold_on: Days, period: Period, data: Period) -> Period | None:
    """The first days without a ticket that touch a period: more in a row than `LONGEST_GAP_DAYS`, or all of it."""
    day = np.timedelta64(1, "D")
    first, last = np.datetime64(period.first_on), np.datetime64(period.last_on)
    begin, end = min(sold_on[0], np.datetime64(data.first_on)), max(sold_on[-1], np.datetime64(data.last_on))
    edges = np.concatenate(([begin - day], sold_on, [end + day]))
    begun, ended = edges[:-1] + day, edges[1:] - day
    is_long = (ended - begun + day > LONGEST_GAP_DAYS * day) & (begun <= last) & (ended >= first)
    found = np.flatnonzero(is_long | ((begun <= first) & (ended >= last)))
    if not len(found):
        return None
    return Period(*(date.fromisoformat(str(edge[found[0]])) for edge in (begun, ended)))
