"""The periods of the pages and what they are compared with; expected days by the calendar."""

from __future__ import annotations

from datetime import date

import pytest

from habitue.periods import Calendar, FiscalCalendar, GregorianCalendar, Period, year_end
from habitue.report.spans import PERIODS, as_text, periods, span

GREGORIAN = GregorianCalendar()
NRF = FiscalCalendar("4-5-4", year_end("saturday nearest 31 january"))


def days(text: str) -> Period:
    first, last = text.split("..")
    return Period(date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    ("name", "now", "before"),
    [
        ("rolling", "2024-03-15..2025-03-14", "2023-03-15..2024-03-14"),
        ("week", "2025-03-03..2025-03-09", "2024-03-04..2024-03-10"),
        ("month", "2025-02-01..2025-02-28", "2024-02-01..2024-02-29"),
        ("quarter", "2024-10-01..2024-12-31", "2023-10-01..2023-12-31"),
        ("year_to_date", "2025-01-01..2025-03-14", "2024-01-01..2024-03-14"),
        ("year", "2024-01-01..2024-12-31", "2023-01-01..2023-12-31"),
        ("2025-02-10..2025-02-20", "2025-02-10..2025-02-20", "2024-02-10..2024-02-20"),
        (None, "2024-03-15..2025-03-14", "2023-03-15..2024-03-14"),
    ],
)
def test_periods_of_the_gregorian_calendar(name: str | None, now: str, before: str) -> None:
    found = span(name, GREGORIAN, date(2025, 3, 14), None)  # a Friday
    assert (found.now, found.before) == (days(now), days(before))
    assert found.name == ("rolling" if name is None else name if name in PERIODS else "days")


@pytest.mark.parametrize(
    ("name", "now", "before"),
    [
        ("rolling", "2023-06-08..2024-06-05", "2022-06-09..2023-06-07"),
        ("week", "2024-05-26..2024-06-01", "2023-05-28..2023-06-03"),
        ("month", "2024-05-05..2024-06-01", "2023-05-07..2023-06-03"),  # the fourth period; as restated
        ("quarter", "2024-02-04..2024-05-04", "2023-02-05..2023-05-06"),
        ("year_to_date", "2024-02-04..2024-06-05", "2023-02-05..2023-06-07"),
        ("year", "2023-01-29..2024-02-03", "2022-01-30..2023-02-04"),  # 53 weeks against 53
    ],
)
def test_periods_of_a_fiscal_calendar(name: str, now: str, before: str) -> None:
    found = span(name, NRF, date(2024, 6, 5), None)
    assert (found.now, found.before) == (days(now), days(before))


@pytest.mark.parametrize("calendar", [GREGORIAN, NRF])
def test_the_names_of_the_periods(calendar: Calendar) -> None:
    assert tuple(periods(calendar, date(2025, 3, 14))) == PERIODS


@pytest.mark.parametrize(
    "asked",
    ["", "decade", "2025-03-10", "2025-03-10..", "2025-03-10..2025-03-09", "2025-03-10..2025-03-15",
     "2025-02-30..2025-03-02", "1600-01-01..2025-01-01", "2025-3-1..2025-3-2", "..", "2025-01-01..2025-01-02\n"],
)  # fmt: skip
def test_what_is_no_period(asked: str) -> None:
    if not asked:
        assert span(asked, GREGORIAN, date(2025, 3, 14), None).name == "rolling"
        return
    with pytest.raises(ValueError, match=r"period|days|day"):
        span(asked, GREGORIAN, date(2025, 3, 14), None)


def test_a_period_as_text_is_read_again() -> None:
    given = days("2025-02-10..2025-02-20")
    assert span(as_text(given), GREGORIAN, date(2025, 3, 14), None).now == given


@pytest.mark.parametrize(
    ("name", "first", "is_full", "has_before"),
    [
        ("rolling", "2023-03-15", True, True),
        ("rolling", "2023-03-22", True, True),  # a week without sale at the start of a year is no gap
        ("rolling", "2023-03-23", True, False),
        ("rolling", "2024-03-22", True, False),
        ("rolling", "2024-03-23", False, False),
        ("week", "2024-03-05", True, True),  # of a week one day may lack
        ("week", "2024-03-06", True, False),
    ],
)
def test_what_the_data_cover(name: str, first: str, is_full: bool, has_before: bool) -> None:
    as_of = date(2025, 3, 14)
    found = span(name, GREGORIAN, as_of, Period(date.fromisoformat(first), as_of))
    assert (found.is_full, found.has_before) == (is_full, has_before)


def test_without_data_nothing_is_full() -> None:
    found = span(None, GREGORIAN, date(2025, 3, 14), None)
    assert (found.is_full, found.has_before) == (False, False)
