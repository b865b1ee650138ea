"""The periods a page can show and what each is compared with. No words here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from habitue.periods import Calendar, Period, last_complete, to_date

ROLLING = "rolling"
EXPLICIT = "days"
PERIODS: tuple[str, ...] = (ROLLING, "week", "month", "quarter", "year_to_date", "year")
"""Names of the periods, the default first: about a year up to the as-of date, the last complete week, month and
quarter, the year to date, the last complete year."""

MOST_SLACK = 7
"""Days at most that a period may lack at its ends and still be full: shops are closed on Sundays and holidays."""


@dataclass(frozen=True)
class Span:
    """A period and the comparable days a year earlier (`periods.Calendar.comparable`).

    `data` are the days the data cover, None without any. `name` is one of `PERIODS`, or `EXPLICIT`.
    """

    name: str
    now: Period
    before: Period
    data: Period | None

    @property
    def is_full(self) -> bool:
        """Whether the data cover the period."""
        return self.data is not None and _covers(self.data, self.now)

    @property
    def has_before(self) -> bool:
        """Whether the data cover both periods, so that they can be compared."""
        return self.is_full and self.data is not None and _covers(self.data, self.before)


def slack(period: Period) -> timedelta:
    """Days that may be without sale at either end of a period that is full: a seventh of it, seven at most."""
    return timedelta(days=min(period.days // 7, MOST_SLACK))


def _covers(data: Period, period: Period) -> bool:
    return data.first_on - slack(period) <= period.first_on and period.last_on <= data.last_on


def periods(calendar: Calendar, as_of: date) -> Mapping[str, Period]:
    """The periods by their name, in order."""
    found = {ROLLING: calendar.rolling(as_of)}
    found |= {unit: last_complete(calendar, as_of, unit) for unit in ("week", "month", "quarter")}
    found |= {"year_to_date": to_date(calendar, as_of, "year"), "year": last_complete(calendar, as_of, "year")}
    return MappingProxyType(found)


def span(asked: str | None, calendar: Calendar, as_of: date, data: Period | None) -> Span:
    """The period asked for: a name of `PERIODS`, or its days as "2025-01-01..2025-03-31"; None: the default.

    Raises:
        ValueError: it is neither, runs backwards, or ends after `as_of`.
    """
    name = asked or ROLLING
    now = periods(calendar, as_of).get(name)
    if now is None:
        name, now = EXPLICIT, _days(name, as_of)
    unit = {ROLLING: "year", "year_to_date": "year", EXPLICIT: ""}.get(name, name)
    return Span(name, now, calendar.comparable(now, unit), data)


def as_text(period: Period) -> str:
    """A period as `span` reads it."""
    return f"{period.first_on}..{period.last_on}"


def _days(text: str, as_of: date) -> Period:
    found = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text)
    if found is None:
        raise ValueError(f"no period: {text!r}")
    first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
    if not date(1900, 1, 1) <= first <= last <= as_of:
        raise ValueError(f"no days up to {as_of}: {text!r}")
    return Period(first, last)
