"""Dates and windows: rolling twelve-month periods that tile time, calendars, and the offsets of a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Protocol
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
GREGORIAN = "gregorian"
FISCAL: Mapping[str, tuple[int, int, int]] = {"4-4-5": (4, 4, 5), "4-5-4": (4, 5, 4), "5-4-4": (5, 4, 4)}
"""Fiscal calendars by name: weeks of the three periods of a quarter."""

UNITS = ("week", "month", "quarter", "year")
"""Parts of a year every calendar has; the months of a fiscal calendar are its periods of four or five weeks."""


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


def year_before(period: Period) -> Period:
    """The same days a year before; whole months stay whole months, and 29 February becomes 28 February.

    The twelve months before a period of `rolling_years` are the next of them.
    """
    first, last = months_before(period.first_on, 12), months_before(period.last_on, 12)
    if period.first_on.day == 1 and (period.last_on + timedelta(days=1)).day == 1:
        last = period_end(period.last_on, 12)
    return Period(first, last)


class Calendar(Protocol):
    """How a retailer cuts time into weeks, months, quarters and years, and what a period is compared with."""

    def unit_of(self, day: date, unit: str) -> Period:
        """The week, month, quarter or year a day is in (`UNITS`)."""
        ...

    def rolling(self, day: date) -> Period:
        """About a year that ends with a day."""
        ...

    def comparable(self, period: Period, unit: str = "") -> Period:
        """The days a year earlier that a period is compared with; `unit` is what it is, or is a begun part of."""
        ...

    def plain(self) -> dict[str, str]:
        """The calendar as texts, for a manifest; `calendar_from` reads them."""
        ...


@dataclass(frozen=True)
class GregorianCalendar:
    """Calendar months, quarters and years; weeks begin on `first_weekday` (0: Monday)."""

    first_weekday: int = 0

    def unit_of(self, day: date, unit: str) -> Period:
        """The week, month, quarter or year a day is in."""
        if unit == "week":
            first = day - timedelta(days=(day.weekday() - self.first_weekday) % 7)
            return Period(first, first + timedelta(days=6))
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        first = date(day.year, (day.month - 1) // months * months + 1, 1)
        return Period(first, months_before(first, -months) - timedelta(days=1))

    def rolling(self, day: date) -> Period:
        """Twelve months that end with a day."""
        return Period(period_end(day, 12) + timedelta(days=1), day)

    def comparable(self, period: Period, unit: str = "") -> Period:
        """The same days a year before (`year_before`); a week has the week 52 weeks before, so weekdays agree."""
        is_week = period == self.unit_of(period.first_on, "week") if not unit else unit == "week"
        return _weeks_before(period, 52) if is_week else year_before(period)

    def plain(self) -> dict[str, str]:
        """The calendar as texts."""
        return {"kind": GREGORIAN, "first_weekday": WEEKDAYS[self.first_weekday]}


@dataclass(frozen=True)
class YearEnd:
    """The rule for the last day of a fiscal year: a weekday (0: Monday) nearest a day of a month, or its last.

    Args:
        weekday: the weekday fiscal years and weeks end on.
        month: 1 to 12.
        day: the day of the month it is nearest to; None: the last such weekday of the month.
    """

    weekday: int
    month: int
    day: int | None = None

    def in_year(self, year: int) -> date:
        """The last day of the fiscal year that ends in or about the month in a calendar year."""
        if self.day is None:
            last = months_before(date(year, self.month, 1), -1) - timedelta(days=1)
            return last - timedelta(days=(last.weekday() - self.weekday) % 7)
        near = date(year, self.month, self.day)
        return near + timedelta(days=(self.weekday - near.weekday() + 3) % 7 - 3)

    def __str__(self) -> str:
        weekday, month = WEEKDAYS[self.weekday], MONTHS[self.month - 1]
        return f"last {weekday} of {month}" if self.day is None else f"{weekday} nearest {self.day} {month}"


def year_end(text: str) -> YearEnd:
    """A rule as it is written: "saturday nearest 31 january", "last saturday of january".

    Raises:
        ValueError: it is neither, or the month has no such day in every year.
    """
    weekday, month = f"({'|'.join(WEEKDAYS)})", f"({'|'.join(MONTHS)})"
    words = " ".join(text.lower().split())
    if found := re.fullmatch(f"last {weekday} of {month}", words):
        return YearEnd(WEEKDAYS.index(found[1]), MONTHS.index(found[2]) + 1)
    if found := re.fullmatch(rf"{weekday} nearest (\d{{1,2}}) {month}", words):
        near = date(2023, MONTHS.index(found[3]) + 1, int(found[2]))  # no leap year: the day is there every year
        return YearEnd(WEEKDAYS.index(found[1]), near.month, near.day)
    raise ValueError(f"no rule for the end of a year: {text!r}")


@dataclass(frozen=True)
class FiscalDay:
    """Where a day stands in a fiscal calendar: year, quarter 1–4, period 1–12, week 1–53 of the year."""

    year: int
    quarter: int
    period: int
    week: int


@dataclass(frozen=True)
class FiscalCalendar:
    """Years of 52 or 53 whole weeks in four quarters of three periods; a 53rd week is the last of the last period.

    Args:
        kind: "4-4-5", "4-5-4" or "5-4-4": weeks of the periods of each quarter.
        ends: the rule for the last day of a year.
        named_by_end: a year bears the number of the calendar year it ends in; otherwise of the one it begins in. (What
            counts is the month of the rule: a year that ends nearest 31 December bears the number of that December
            either way.)
    """

    kind: str
    ends: YearEnd
    named_by_end: bool = False

    def _end(self, year: int) -> date:
        """Last day of a fiscal year."""
        return self.ends.in_year(year + self._years_on)

    @property
    def _years_on(self) -> int:
        return 0 if self.named_by_end or self.ends.month == 12 else 1

    def year(self, year: int) -> Period:
        """First and last day of a fiscal year."""
        return Period(self._end(year - 1) + timedelta(days=1), self._end(year))

    def weeks_in(self, year: int) -> int:
        """52 or 53."""
        return self.year(year).days // 7

    def _weeks(self, year: int) -> list[int]:
        """Weeks of the twelve periods."""
        weeks = list(FISCAL[self.kind] * 4)
        weeks[-1] += self.weeks_in(year) - 52
        return weeks

    def period(self, year: int, period: int) -> Period:
        """First and last day of a period, 1 to 12."""
        weeks, first = self._weeks(year), self.year(year).first_on
        return _span(first, sum(weeks[: period - 1]), sum(weeks[:period]))

    def quarter(self, year: int, quarter: int) -> Period:
        """First and last day of a quarter, 1 to 4."""
        return Period(self.period(year, 3 * quarter - 2).first_on, self.period(year, 3 * quarter).last_on)

    def week(self, year: int, week: int) -> Period:
        """First and last day of a week.

        Raises:
            ValueError: the year has no such week.
        """
        if not 1 <= week <= self.weeks_in(year):
            raise ValueError(f"fiscal year {year} has {self.weeks_in(year)} weeks, no week {week}")
        return _span(self.year(year).first_on, week - 1, week)

    def place(self, day: date) -> FiscalDay:
        """Year, quarter, period and week of a day."""
        year = day.year - self._years_on
        while self._end(year) < day:
            year += 1
        while self._end(year - 1) >= day:
            year -= 1
        week = (day - self.year(year).first_on).days // 7 + 1
        period = next(at for at, weeks in enumerate(accumulate(self._weeks(year)), 1) if week <= weeks)
        return FiscalDay(year, (period + 2) // 3, period, week)

    def unit_of(self, day: date, unit: str) -> Period:
        """The week, month (a period of four or five weeks), quarter or year a day is in."""
        at = self.place(day)
        if unit == "week":
            return self.week(at.year, at.week)
        if unit == "month":
            return self.period(at.year, at.period)
        return self.quarter(at.year, at.quarter) if unit == "quarter" else self.year(at.year)

    def rolling(self, day: date) -> Period:
        """52 weeks that end with a day."""
        return Period(day - timedelta(weeks=52) + timedelta(days=1), day)

    def comparable(self, period: Period, unit: str = "") -> Period:
        """The comparable weeks: the same days 52 weeks before.

        Week n is compared with week n of the year before. In the year after one of 53 weeks, it is compared with week
        n + 1 of it: that year is restated without its first week, the practice of the National Retail Federation, so
        that holidays stay where they are. A 53rd week, which the year before does not have, stands against the
        52 weeks before it too: against the first week of its own year.
        """
        return _weeks_before(period, 52)

    def plain(self) -> dict[str, str]:
        """The calendar as texts."""
        first = WEEKDAYS[(self.ends.weekday + 1) % 7]
        return {
            "kind": self.kind,
            "year_end": str(self.ends),
            "year_name": "end" if self.named_by_end else "start",
            "first_weekday": first,
        }


def calendar_from(plain: Mapping[str, str] | None) -> Calendar:
    """A calendar from its plain form; the Gregorian one where nothing is said."""
    kind = (plain or {}).get("kind", GREGORIAN)
    if plain is None or kind == GREGORIAN:
        return GregorianCalendar(WEEKDAYS.index((plain or {}).get("first_weekday", "monday")))
    return FiscalCalendar(kind, year_end(plain["year_end"]), plain.get("year_name") == "end")


def last_complete(calendar: Calendar, day: date, unit: str) -> Period:
    """The last week, month, quarter or year of a calendar that is over at the end of a day."""
    now = calendar.unit_of(day, unit)
    return now if now.last_on <= day else calendar.unit_of(now.first_on - timedelta(days=1), unit)


def to_date(calendar: Calendar, day: date, unit: str) -> Period:
    """The week, month, quarter or year a day is in, up to that day."""
    return Period(calendar.unit_of(day, unit).first_on, day)


def _span(first: date, after: int, up_to: int) -> Period:
    """From the end of one week to the end of another, counted from a first day."""
    return Period(first + timedelta(weeks=after), first + timedelta(weeks=up_to) - timedelta(days=1))


def _weeks_before(period: Period, weeks: int) -> Period:
    return Period(period.first_on - timedelta(weeks=weeks), period.last_on - timedelta(weeks=weeks))


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
