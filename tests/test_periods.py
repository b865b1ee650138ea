"""Rolling years over leap days, fiscal calendars, offsets of time zones; expected values by hand and as published.

Published calendars: the 4-5-4 calendars of the National Retail Federation for 2012, 2017, 2023 and 2024, the
weeks of ISO 8601 (a 4-4-5 calendar whose years end on the Sunday nearest 31 December), and the years of Apple's annual
reports (10-K, last Saturday of September; 53 weeks in 2017 and 2023).
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.periods import (
    UNITS,
    Calendar,
    FiscalCalendar,
    FiscalDay,
    GregorianCalendar,
    Period,
    calendar_from,
    horizon_end,
    last_complete,
    months_before,
    offset_changes,
    period_end,
    rolling_years,
    to_date,
    year_before,
    year_end,
)

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))
ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "UTC",
    "Asia/Kolkata",
    "Africa/Casablanca",
)


def periods(as_of: str, count: int) -> list[tuple[str, str, int]]:
    found = islice(rolling_years(date.fromisoformat(as_of), back_to=date(1900, 1, 1)), count)
    return [(str(p.first_on), str(p.last_on), p.days) for p in found]


def test_years_that_end_on_a_leap_day() -> None:
    assert periods("2024-02-29", 5) == [
        ("2023-03-01", "2024-02-29", 366),
        ("2022-03-01", "2023-02-28", 365),
        ("2021-03-01", "2022-02-28", 365),
        ("2020-03-01", "2021-02-28", 365),
        ("2019-03-01", "2020-02-29", 366),
    ]


def test_years_that_end_on_the_28th_of_february() -> None:
    # The last day of its month in 2023: it stays the last day, also in 2020.
    assert periods("2023-02-28", 4)[-1] == ("2019-03-01", "2020-02-29", 366)
    # Not the last day of its month in 2024: it stays the 28th.
    assert periods("2024-02-28", 3) == [
        ("2023-03-01", "2024-02-28", 365),
        ("2022-03-01", "2023-02-28", 365),
        ("2021-03-01", "2022-02-28", 365),
    ]


@pytest.mark.parametrize(
    ("as_of", "second"),
    [
        ("2024-12-31", ("2023-01-01", "2023-12-31", 365)),
        ("2024-04-30", ("2022-05-01", "2023-04-30", 365)),
        ("2025-01-15", ("2023-01-16", "2024-01-15", 365)),
        ("2025-03-01", ("2023-03-02", "2024-03-01", 366)),
    ],
)
def test_the_year_before(as_of: str, second: tuple[str, str, int]) -> None:
    assert periods(as_of, 2)[1] == second


@given(DAYS, st.integers(0, 12 * 366))
def test_years_tile_time(as_of: date, reach: int) -> None:
    back_to = as_of - timedelta(days=reach)
    found = list(rolling_years(as_of, back_to=back_to))
    assert found[0].last_on == as_of
    assert all(p.days in (365, 366) for p in found)
    assert all(later.first_on - earlier.last_on == timedelta(days=1) for later, earlier in pairwise(found))
    assert found[-1].first_on <= back_to
    assert all(p.first_on > back_to for p in found[:-1])


@given(DAYS)
def test_a_year_of_a_full_month_stays_one(day: date) -> None:
    last = calendar.monthrange(day.year, day.month)[1]
    end = day.replace(day=last)
    assert all((period_end(end, 12 * years) + timedelta(days=1)).day == 1 for years in range(9))


def test_half_years_and_quarters_end_with_their_months() -> None:
    assert period_end(date(1998, 6, 30), 6) == date(1997, 12, 31)
    assert [period_end(date(2024, 2, 29), months) for months in (3, 6, 9, 12)] == [
        date(2023, 11, 30),
        date(2023, 8, 31),
        date(2023, 5, 31),
        date(2023, 2, 28),
    ]
    assert period_end(date(2024, 8, 30), 6) == date(2024, 2, 29)
    assert period_end(date(2024, 3, 15), 3) == date(2023, 12, 15)


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        ("2024-03-31", 1, "2024-02-29"),
        ("2023-03-31", 1, "2023-02-28"),
        ("2024-05-31", 1, "2024-04-30"),
        ("2024-01-15", 1, "2023-12-15"),
        ("2024-01-31", 13, "2022-12-31"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-07-30", 0, "2024-07-30"),
    ],
)
def test_months_before(day: str, months: int, found: str) -> None:
    assert months_before(date.fromisoformat(day), months) == date.fromisoformat(found)


NRF = FiscalCalendar("4-5-4", year_end("saturday nearest 31 january"))
APPLE = FiscalCalendar("4-4-5", year_end("last saturday of september"), named_by_end=True)
ISO = FiscalCalendar("4-4-5", year_end("Sunday nearest 31 December"))
GREGORIAN = GregorianCalendar()
CALENDARS = (NRF, APPLE, ISO, FiscalCalendar("5-4-4", year_end("last friday of june")), GREGORIAN)


def span(first: str, last: str) -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("year", "first", "last", "weeks"),
    [
        (2012, "2012-01-29", "2013-02-02", 53),
        (2013, "2013-02-03", "2014-02-01", 52),
        (2017, "2017-01-29", "2018-02-03", 53),
        (2022, "2022-01-30", "2023-01-28", 52),
        (2023, "2023-01-29", "2024-02-03", 53),
        (2024, "2024-02-04", "2025-02-01", 52),
    ],
)
def test_years_of_the_national_retail_federation(year: int, first: str, last: str, weeks: int) -> None:
    assert (NRF.year(year), NRF.weeks_in(year)) == (span(first, last), weeks)


def test_periods_of_a_53_week_year() -> None:
    assert [str(NRF.period(2023, number).first_on) for number in range(1, 13)] == [
        "2023-01-29", "2023-02-26", "2023-04-02", "2023-04-30", "2023-05-28", "2023-07-02", "2023-07-30", "2023-08-27",
        "2023-10-01", "2023-10-29", "2023-11-26", "2023-12-31",
    ]  # fmt: skip
    assert NRF.period(2023, 12) == span("2023-12-31", "2024-02-03")  # five weeks: the 53rd is its last
    assert NRF.period(2024, 12) == span("2025-01-05", "2025-02-01")
    assert [NRF.quarter(2023, number).days // 7 for number in (1, 2, 3, 4)] == [13, 13, 13, 14]
    assert NRF.place(date(2024, 2, 3)) == FiscalDay(year=2023, quarter=4, period=12, week=53)
    assert NRF.place(date(2024, 2, 4)) == FiscalDay(year=2024, quarter=1, period=1, week=1)
    assert NRF.place(date(2023, 11, 24)) == FiscalDay(year=2023, quarter=4, period=10, week=43)


@pytest.mark.parametrize(
    ("kind", "ends"), [("4-4-5", (4, 8, 13, 17)), ("4-5-4", (4, 9, 13, 17)), ("5-4-4", (5, 9, 13, 18))]
)
def test_weeks_of_periods(kind: str, ends: tuple[int, ...]) -> None:
    made = FiscalCalendar(kind, NRF.ends)
    first = date(2024, 2, 4)
    assert [made.period(2024, number).last_on for number in (1, 2, 3, 4)] == [
        first + timedelta(days=7 * weeks - 1) for weeks in ends
    ]


def test_years_that_end_on_the_last_saturday_of_september() -> None:
    assert [(year, str(APPLE.year(year).last_on)) for year in range(2016, 2025) if APPLE.weeks_in(year) == 53] == [
        (2017, "2017-09-30"), (2023, "2023-09-30"),
    ]  # fmt: skip
    assert APPLE.year(2024) == span("2023-10-01", "2024-09-28")
    assert APPLE.place(date(2022, 9, 25)) == FiscalDay(year=2023, quarter=1, period=1, week=1)


@given(DAYS)
def test_weeks_of_the_iso_calendar(day: date) -> None:
    found, told = ISO.place(day), day.isocalendar()
    assert (found.year, found.week) == (told.year, told.week)


@given(DAYS, st.sampled_from(CALENDARS), st.sampled_from(UNITS))
def test_units_tile_time(day: date, calendar: Calendar, unit: str) -> None:
    found = calendar.unit_of(day, unit)
    assert found.first_on <= day <= found.last_on
    following = calendar.unit_of(found.last_on + timedelta(days=1), unit)
    assert following.first_on == found.last_on + timedelta(days=1)
    assert calendar.unit_of(found.first_on, unit) == calendar.unit_of(found.last_on, unit) == found
    assert last_complete(calendar, found.last_on, unit) == found
    assert last_complete(calendar, following.first_on, unit) == found
    assert to_date(calendar, day, unit) == Period(found.first_on, day)


def test_units_of_the_gregorian_calendar() -> None:
    day = date(2024, 2, 29)  # a Thursday
    assert GREGORIAN.unit_of(day, "week") == span("2024-02-26", "2024-03-03")
    assert GregorianCalendar(first_weekday=6).unit_of(day, "week") == span("2024-02-25", "2024-03-02")
    assert GREGORIAN.unit_of(day, "month") == span("2024-02-01", "2024-02-29")
    assert GREGORIAN.unit_of(day, "quarter") == span("2024-01-01", "2024-03-31")
    assert GREGORIAN.unit_of(day, "year") == span("2024-01-01", "2024-12-31")
    assert last_complete(GREGORIAN, date(2024, 3, 30), "quarter") == span("2023-10-01", "2023-12-31")


def test_comparable_weeks() -> None:
    # Week n against week n, year after year of 52 weeks.
    assert NRF.comparable(NRF.week(2022, 10)) == NRF.week(2021, 10)
    assert NRF.comparable(NRF.year(2022)) == NRF.year(2021)
    # The year of 53 weeks itself: the same; its last week against its first.
    assert NRF.comparable(NRF.week(2023, 52)) == NRF.week(2022, 52)
    assert NRF.comparable(NRF.week(2023, 53)) == NRF.week(2023, 1)
    # The year after: restated, as the Federation does (2024 begins against 5 February 2023, not 29 January).
    assert NRF.comparable(NRF.week(2024, 1)) == span("2023-02-05", "2023-02-11") == NRF.week(2023, 2)
    assert NRF.comparable(NRF.year(2024)) == span("2023-02-05", "2024-02-03")
    # And then week n against week n again.
    assert NRF.comparable(NRF.week(2025, 30)) == NRF.week(2024, 30)
    assert NRF.rolling(date(2024, 6, 5)) == span("2023-06-08", "2024-06-05")


@pytest.mark.parametrize(
    ("first", "last", "before_first", "before_last"),
    [
        ("2025-03-10", "2025-04-09", "2024-03-10", "2024-04-09"),
        ("2024-02-01", "2024-02-29", "2023-02-01", "2023-02-28"),
        ("2025-02-01", "2025-02-28", "2024-02-01", "2024-02-29"),
        ("2024-02-29", "2024-02-29", "2023-02-28", "2023-02-28"),
        ("2025-02-28", "2025-02-28", "2024-02-28", "2024-02-28"),
        ("2024-03-01", "2025-02-28", "2023-03-01", "2024-02-29"),
    ],
)
def test_the_same_days_a_year_before(first: str, last: str, before_first: str, before_last: str) -> None:
    assert year_before(span(first, last)) == span(before_first, before_last)
    assert GREGORIAN.comparable(span(first, last)) == span(before_first, before_last)


@given(DAYS)
def test_the_rolling_year_before(day: date) -> None:
    now, before = islice(rolling_years(day, back_to=date(1900, 1, 1)), 2)
    assert GREGORIAN.rolling(day) == now
    assert year_before(now) == before


def test_a_week_is_compared_with_the_same_weekdays() -> None:
    assert GREGORIAN.comparable(span("2024-02-26", "2024-03-03")) == span("2023-02-27", "2023-03-05")


@pytest.mark.parametrize("calendar", [*CALENDARS, GregorianCalendar(6)])
def test_calendars_as_texts(calendar: Calendar) -> None:
    assert calendar_from(calendar.plain()) == calendar
    assert calendar_from(None) == GREGORIAN


def test_seven_days_of_something_else_are_no_week() -> None:
    begun = span("2024-01-01", "2024-01-07")  # Monday to Sunday, and the year to date
    assert GREGORIAN.comparable(begun) == GREGORIAN.comparable(begun, "week") == span("2023-01-02", "2023-01-08")
    assert GREGORIAN.comparable(begun, "year") == span("2023-01-01", "2023-01-07")


def test_the_texts_of_a_calendar() -> None:
    assert APPLE.plain() == {
        "kind": "4-4-5",
        "year_end": "last saturday of september",
        "year_name": "end",
        "first_weekday": "sunday",
    }


@pytest.mark.parametrize(
    "text",
    ["", "31 january", "saturday", "saturday nearest january", "saturday nearest 29 february",
     "saturday nearest 31 april", "first saturday of january", "last day of january"],
)  # fmt: skip
def test_what_is_no_rule_for_the_end_of_a_year(text: str) -> None:
    with pytest.raises(ValueError, match=r"year|day|month"):
        year_end(text)


def test_a_week_that_a_year_does_not_have() -> None:
    with pytest.raises(ValueError, match="fiscal year 2024 has 52 weeks, no week 53"):
        NRF.week(2024, 53)


def test_days_of_a_period() -> None:
    assert Period(date(2024, 1, 1), date(2024, 12, 31)).days == 366
    assert Period(date(2024, 1, 1), date(2024, 1, 1)).days == 1


@pytest.mark.parametrize("zone", ZONES)
def test_offsets_are_those_of_zoneinfo(zone: str) -> None:
    changes = offset_changes(zone, 2000, 2027)
    starts = [change.starts_at for change in changes]
    assert starts == sorted(starts)
    assert starts[0] <= datetime(2000, 1, 1)
    tz = ZoneInfo(zone)

    def offset(moment: datetime) -> int:
        found = moment.replace(tzinfo=UTC).astimezone(tz).utcoffset()
        assert found is not None
        return int(found.total_seconds()) // 60

    # Day by day, and by the half hour on days whose ends differ: zones change at whole half hours of UTC.
    at, day = 0, datetime(2000, 1, 1)
    while day < datetime(2028, 1, 1):
        following = day + timedelta(days=1)
        steps = 1 if offset(day) == offset(following) else 48
        for moment in (day + timedelta(days=1) / steps * step for step in range(steps)):
            while at + 1 < len(changes) and changes[at + 1].starts_at <= moment:
                at += 1
            assert changes[at].minutes == offset(moment), moment
        day = following
    assert all(offset(change.starts_at - timedelta(minutes=1)) != change.minutes for change in changes[1:])


def test_known_changes() -> None:
    # The European rule: the last Sundays of March and October, at 01:00 UTC.
    found = [(str(c.starts_at), c.minutes) for c in offset_changes("Europe/Paris", 2024, 2024)][1:]
    assert found == [("2024-03-31 01:00:00", 120), ("2024-10-27 01:00:00", 60)]
    # Lord Howe moves by half an hour.
    assert {c.minutes for c in offset_changes("Australia/Lord_Howe", 2024, 2024)} == {660, 630}
    assert [c.minutes for c in offset_changes("Asia/Kolkata", 2000, 2027)] == [330]
    # Morocco leaves summer time for Ramadan.
    assert len(offset_changes("Africa/Casablanca", 2024, 2024)) == 3


def test_an_unknown_zone() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        offset_changes("Mars/Olympus", 2024, 2024)


@pytest.mark.parametrize(
    ("as_of", "horizon", "last"),
    [
        (date(2025, 12, 31), "12 months", date(2026, 12, 31)),
        (date(2024, 2, 29), "12 months", date(2025, 2, 28)),
        (date(2025, 2, 28), "12 months", date(2026, 2, 28)),
        (date(2023, 2, 28), "12 months", date(2024, 2, 29)),  # the end of a month stays one
        (date(2025, 1, 15), "1 months", date(2025, 2, 15)),
        (date(2025, 12, 1), "2 weeks", date(2025, 12, 15)),
        (date(2025, 12, 31), "1 days", date(2026, 1, 1)),
    ],
)
def test_the_last_day_of_a_horizon(as_of: date, horizon: str, last: date) -> None:
    assert horizon_end(as_of, horizon) == last
