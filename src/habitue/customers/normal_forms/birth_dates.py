"""Birth dates: what is a day of birth, and what only got somebody past a mandatory field."""

from __future__ import annotations

from datetime import date, timedelta

OLDEST = 110
"""Older persons, in years, are taken for a filler."""

FILLERS = frozenset(
    {
        date(1, 1, 1),
        date(1111, 11, 11),
        date(1899, 12, 30),  # day 0 of spreadsheets
        date(1899, 12, 31),
        date(1900, 1, 1),
        date(1901, 1, 1),
        date(1904, 1, 1),  # day 0 of spreadsheets on old Macs
        date(1970, 1, 1),  # moment 0 of computers
        date(9999, 12, 31),
    }
)


def birth_date(written: date | None, as_of: date) -> tuple[date | None, str | None]:
    """The day of birth, and why it is unknown if it is: empty, known_filler, after_as_of, too_old."""
    if written is None:
        return None, "empty"
    if written in FILLERS:
        return None, "known_filler"
    if written > as_of:
        return None, "after_as_of"
    if written < as_of - timedelta(days=round(OLDEST * 365.25)):
        return None, "too_old"
    return written, None
