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


def years_before(day: date, years: int) -> date:
    """The same calendar day `years` years earlier; the last of February for a 29th that does not exist."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def year_end(as_of: date, years: int) -> date:
    """Last day of the rolling year that ends `years` years before `as_of`.

    The last day of a month stays the last day of its month, so that periods tile time over leap years.
    """
    if (as_of + timedelta(days=1)).day == 1:
        return years_before(as_of + timedelta(days=1), years) - timedelta(days=1)
    return years_before(as_of, years)


def rolling_years(as_of: date, *, back_to: date) -> Iterator[Period]:
    """Twelve-month periods ending at `as_of` and before, newest first, until one holds `back_to`.

    They touch without gap or overlap: ending on 2024-02-29 they are 2023-03-01..2024-02-29, then
    2022-03-01..2023-02-28, and so on.
    """
    years = 0
    while True:
        period = Period(year_end(as_of, years + 1) + timedelta(days=1), year_end(as_of, years))
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
