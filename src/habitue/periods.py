"""Dates and windows: rolling twelve-month periods that tile time, and the offsets of a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Period:
    """Days from `first_on` to `last_on`, both included."""

    first_on: date
    last_on: date

    @property
    def days(self) -> int:
        """Number of days in the period."""
        return (self.last_on - self.first_on).days + 1


def rolling_years(as_of: date, *, back_to: date) -> Iterator[Period]:
    """Twelve-month periods ending at `as_of` and before, newest first, until one holds `back_to`.

    They touch without gap or overlap: ending on 2024-02-29 they are 2023-03-01..2024-02-29, then
    2022-03-01..2023-02-28, and so on.
    """
    years = 0
    while True:
        period = Period(period_end(as_of, 12 * (years + 1)) + timedelta(days=1), period_end(as_of, 12 * years))
        yield period
        if period.first_on <= back_to:
            return
        years += 1


def months_before(day: date, months: int) -> date:
    """The same day of the month `months` months earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def period_end(as_of: date, months: int) -> date:
    """Last day of the period that ends `months` months before `as_of`; the end of a month stays the end of its month.

    Periods of a fixed number of months made with it tile time: (period_end(t, 12), t], (period_end(t, 24),
    period_end(t, 12)], and so on.
    """
    if (as_of + timedelta(days=1)).day == 1:
        return months_before(as_of + timedelta(days=1), months) - timedelta(days=1)
    return months_before(as_of, months)


def horizon_end(as_of: date, horizon: str) -> date:
    """Last day of a horizon that begins the day after `as_of`.

    Args:
        as_of: the date.
        horizon: a whole number of days, weeks or months, as "12 months".
    """
    number, unit = horizon.split()
    if unit == "months":
        return period_end(as_of, -int(number))
    return as_of + timedelta(days=int(number) * {"days": 1, "weeks": 7}[unit])


@dataclass(frozen=True)
class OffsetChange:
    """From `starts_at` on (naive UTC) local time is UTC plus `minutes`."""

    starts_at: datetime
    minutes: int


def offset_changes(zone: str, first_year: int, last_year: int) -> tuple[OffsetChange, ...]:
    """Offsets of a time zone over whole years, oldest first; the first holds from the start of `first_year`.

    Found by looking at each hour at which zones change; zones change on whole minutes of UTC hours or half hours.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: the zone is unknown.
    """
    tz = ZoneInfo(zone)

    def minutes_at(moment: datetime) -> int:
        offset = moment.replace(tzinfo=UTC).astimezone(tz).utcoffset()
        return int(offset.total_seconds() // 60) if offset is not None else 0

    start = datetime(first_year, 1, 1) - timedelta(days=1)
    changes = [OffsetChange(start, minutes_at(start))]
    day, stop = start, datetime(last_year + 1, 1, 2)
    while day < stop:
        following = day + timedelta(days=1)
        if minutes_at(following) != changes[-1].minutes:
            low, high = 0, 24 * 60
            while high - low > 1:
                middle = (low + high) // 2
                if minutes_at(day + timedelta(minutes=middle)) == changes[-1].minutes:
                    low = middle
                else:
                    high = middle
            changed_at = day + timedelta(minutes=high)
            changes.append(OffsetChange(changed_at, minutes_at(changed_at)))
        day = following
    return tuple(changes)
