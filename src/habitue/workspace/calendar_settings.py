"""The settings of the calendar: the rule for the end of a year read, contradictions found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from habitue.errors import Message, message
from habitue.periods import FISCAL, GREGORIAN, WEEKDAYS, Calendar, FiscalCalendar, GregorianCalendar, year_end
from habitue.workspace.sections import CalendarSection

EXAMPLES = '"saturday nearest 31 january", "last saturday of january"'


def calendar(section: CalendarSection) -> Calendar:
    """The calendar of valid settings."""
    if section.kind == GREGORIAN or section.year_end is None:
        return GregorianCalendar(WEEKDAYS.index(section.first_weekday or WEEKDAYS[0]))
    return FiscalCalendar(section.kind, year_end(section.year_end), section.year_name == "end")


def calendar_faults(section: CalendarSection, given: Any = None) -> list[Message]:
    """A fiscal calendar without a rule for the end of its years, a rule that is none, settings that contradict.

    Args:
        section: the settings that could be read.
        given: the section as written; nothing more is said where some of it could not be read.
    """
    if isinstance(given, Mapping) and set(given) & set(type(section).model_fields) - section.model_fields_set:
        return []
    kind, place = section.kind, "calendar.year_end"
    if kind == GREGORIAN:
        unused = sorted({"year_end", "year_name"} & section.model_fields_set)
        choices = ", ".join(FISCAL)
        return [message("setting.fiscal_only", place=f"calendar.{name}", choices=choices) for name in unused]
    if section.year_end is None:
        return [message("setting.year_end_needed", place=place, kind=kind, expected=EXAMPLES)]
    try:
        ends = year_end(section.year_end)
    except ValueError:
        return [message("setting.invalid", place=place, value=section.year_end, expected=EXAMPLES)]
    first = WEEKDAYS[(ends.weekday + 1) % 7]
    if section.first_weekday in (None, first):
        return []
    return [
        message("setting.first_weekday", place="calendar.first_weekday", value=section.first_weekday, expected=first,
                year_end=section.year_end)
    ]  # fmt: skip
