"""Rolling years over leap days, and offsets of time zones; expected values by the calendar and by zoneinfo."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.periods import Period, horizon_end, months_before, offset_changes, period_end, rolling_years

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
