"""Dates as people write them: the spelling of a column is proved from all its values, never guessed row by row.

Each digit of a value is replaced by 0 to get its mask (``14/03/2024`` has the mask ``00/00/0000``). A column has few
masks; each fixes where day, month, year, time and offset stand, except which of two fields is the day: that is
proved by a row whose field is above 12, in this column or in another file of the source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.errors import Message, message
from habitue.portable import digits_mask

TIME = r"(?:[ T](?P<time>00?:00(?::00(?:[.,]0+)?)?)(?P<half> ?[AaPp][Mm])?(?P<zone>Z| ?[+-]00(?::?00)?| ?UTC| ?GMT)?)?"
YEAR_FIRST = re.compile(r"(?P<y>0000)(?P<s1>[-/.])(?P<m>00?)(?P=s1)(?P<d>00?)" + TIME)
YEAR_LAST = re.compile(r"(?P<a>00?)(?P<s1>[-/.])(?P<b>00?)(?P=s1)(?P<y>0000|00)" + TIME)
COMPACT = re.compile(r"(?P<y>0000)(?P<m>00)(?P<d>00)" + TIME)
MONTH = re.compile(r"(?P<y>0000)[-/.](?P<m>00)")
SERIAL = re.compile(r"(?P<days>00000)(?:[.,](?P<part>0+))?")
LAST_CALENDAR_YEAR = 2100


@dataclass(frozen=True)
class Spelling:
    """How one mask spells a date; spans are (start, length) in the value."""

    mask: str
    kind: str  # year_first, year_last, compact, month or serial
    spans: dict[str, tuple[int, int]]

    @property
    def is_ambiguous(self) -> bool:
        """Day and month could be either of the first two fields."""
        return self.kind == "year_last"


def spelling(mask: str) -> Spelling | None:
    """What a mask can mean; None if it is no date that habitue reads."""
    for kind, pattern in (
        ("year_first", YEAR_FIRST),
        ("year_last", YEAR_LAST),
        ("compact", COMPACT),
        ("serial", SERIAL),
        ("month", MONTH),
    ):
        match = pattern.fullmatch(mask)
        if match:
            spans = {
                name: (match.start(name), match.end(name) - match.start(name))
                for name, found in match.groupdict().items()
                if found is not None
            }
            return Spelling(mask, kind, spans)
    return None


@dataclass(frozen=True)
class DateProfile:
    """What a column of dates looks like as a whole. Rows are lines of the file."""

    masks: dict[str, int]
    first_year: int
    last_year: int
    day_first_proof: tuple[int, str] | None
    month_first_proof: tuple[int, str] | None

    @property
    def is_ambiguous(self) -> bool:
        """Some values could be read day first or month first."""
        return any(found.is_ambiguous for mask in self.masks if (found := spelling(mask)))

    @property
    def proved_order(self) -> str | None:
        """day first or month first, if exactly one of them is proved."""
        if bool(self.day_first_proof) == bool(self.month_first_proof):
            return None
        return "day first" if self.day_first_proof else "month first"


def _is_believable(year: int) -> bool:
    return 1900 <= year <= LAST_CALENDAR_YEAR


def _part(text: ir.StringValue, span: tuple[int, int]) -> ir.StringValue:
    return text.substr(span[0], span[1])


def _number(text: ir.StringValue, span: tuple[int, int]) -> ir.IntegerValue:
    return _part(text, span).try_cast("int64")


def profile(table: ir.Table, column: str) -> DateProfile:
    """Masks of a text column with their counts, the years in it, and the rows that prove an order.

    Args:
        table: has `row_number` and the text column (already trimmed; null where empty).
        column: name of that column.
    """
    text: Any = table[column]
    masked = table.select("row_number", value=text, mask=digits_mask(text)).filter(text.notnull())
    counts = masked.group_by("mask").agg(rows=masked.count(), least=masked["value"].min(), most=masked["value"].max())
    found = counts.to_pyarrow().to_pylist()
    masks = {row["mask"]: row["rows"] for row in sorted(found, key=lambda row: (-row["rows"], row["mask"]))}
    spelled = {mask: s for mask in masks if (s := spelling(mask))}
    ends = {row["mask"]: (row["least"], row["most"]) for row in found}

    years: list[int] = []
    proofs: dict[str, tuple[int, str] | None] = {"day": None, "month": None}
    aggregates: list[Any] = []
    for place, (mask, s) in enumerate(spelled.items()):
        here = masked["mask"] == mask
        value: Any = masked["value"]
        outer = [int(end[: s.spans["y"][1]]) for end in ends[mask]] if "y" in s.spans and not s.is_ambiguous else []
        if outer and all(map(_is_believable, outer)):  # the year comes first: the least and greatest texts hold it
            years += outer
        elif "y" in s.spans:
            year = _number(value, s.spans["y"])
            sane = here & ((year < 100) if s.spans["y"][1] == 2 else (year >= 1900) & (year <= LAST_CALENDAR_YEAR))
            aggregates += [year.min(where=sane).name(f"min{place}"), year.max(where=sane).name(f"max{place}")]
        if s.is_ambiguous:
            a, b = _number(value, s.spans["a"]), _number(value, s.spans["b"])
            day = here & (a > 12) & (a <= 31) & (b >= 1) & (b <= 12)
            month = here & (b > 12) & (b <= 31) & (a >= 1) & (a <= 12)
            row: Any = masked["row_number"]
            aggregates += [row.min(where=day).name(f"day{place}"), row.min(where=month).name(f"month{place}")]
    if aggregates:
        answer = masked.agg(aggregates).to_pyarrow().to_pylist()[0]
        rows: dict[str, int] = {}
        for name, number in answer.items():
            if number is None:
                continue
            if name.startswith(("min", "max")):
                years.append(number + 2000 if number < 100 else number)
            else:
                which = "day" if name.startswith("day") else "month"
                rows[which] = min(number, rows.get(which, number))
        for which, number in rows.items():
            shown = masked.filter(masked["row_number"] == number).select("value").to_pyarrow()["value"][0].as_py()
            proofs[which] = (number, shown)
    believable = [year for year in years if _is_believable(year)]
    if any(s.kind == "serial" for s in spelled.values()):
        believable += [1990, 2040]
    return DateProfile(
        masks, min(believable, default=2000), max(believable, default=2000), proofs["day"], proofs["month"]
    )


def order_fault(found: DateProfile, stated: str | None, known: str | None, **place: str) -> Message | None:
    """Why a column's order cannot be decided; None if it can be.

    Args:
        found: the column's profile.
        stated: what the user states.
        known: what other files of the same source have proved.
        place: source, file and column, for the message.
    """
    if not found.is_ambiguous or stated or found.proved_order:
        return None
    if found.day_first_proof and found.month_first_proof:
        return message(
            "dates.order_contradicted",
            day_row=found.day_first_proof[0],
            day_value=found.day_first_proof[1],
            month_row=found.month_first_proof[0],
            month_value=found.month_first_proof[1],
            **place,
        )
    return None if known else message("dates.order_undecided", **place)


@dataclass(frozen=True)
class Moments:
    """Expressions for a column of dates: the written local time, and minutes from UTC where the value states them."""

    local: ir.TimestampValue
    offset_minutes: ir.IntegerValue | None
    is_date_only: bool


def read(text: ir.StringValue, mask: ir.StringValue, found: DateProfile, order: str | None) -> Moments:
    """Read a text column by its profile; what is no date in the calendar, or has no known spelling, is null.

    Args:
        text: the values, trimmed.
        mask: their masks.
        found: the profile of the whole column.
        order: day first or month first, for masks where it matters.
    """
    spelled = [s for m in found.masks if (s := spelling(m))]
    if not spelled:
        return Moments(ibis.null("timestamp"), None, False)
    zoned = [s for s in spelled if "zone" in s.spans]
    date_only = all("time" not in s.spans and s.kind != "serial" for s in spelled)
    plain = len(spelled) == len(found.masks) and all(
        s.kind == "year_first"
        and not zoned
        and "half" not in s.spans
        and s.spans["m"][1] == s.spans["d"][1] == 2
        and "-" in s.mask[4]
        and "," not in s.mask
        and ("time" not in s.spans or s.mask[s.spans["time"][0] :].startswith("00:00:00"))
        for s in spelled
    )
    if plain:
        return Moments(text.try_cast("timestamp"), None, date_only)
    local = ibis.cases(*[(mask == s.mask, _moment(text, s, order)) for s in spelled], else_=ibis.null("timestamp"))
    offset = None
    if zoned:
        offset = ibis.cases(*[(mask == s.mask, _zone_minutes(text, s)) for s in zoned], else_=ibis.null("int64"))
    return Moments(local, offset, date_only)


def _moment(text: ir.StringValue, s: Spelling, order: str | None) -> Any:
    if s.kind == "serial":
        days = _number(text, s.spans["days"])
        base = ibis.date(1899, 12, 30).cast("timestamp") + (days * 1440).as_interval("m")
        if "part" not in s.spans:
            return base
        digits = s.spans["part"][1]
        seconds = (_part(text, s.spans["part"]).try_cast("float64") / float(10**digits) * 86400).round().cast("int64")
        return base + seconds.as_interval("s")
    month, day = ("m", "d")
    if s.is_ambiguous:
        month, day = ("b", "a") if order == "day first" else ("a", "b")
    year: Any = _part(text, s.spans["y"])
    if s.spans["y"][1] == 2:
        year = ibis.literal("20") + year
    iso = (
        year
        + "-"
        + _two(text, s.spans[month])
        + "-"
        + (ibis.literal("01") if s.kind == "month" else _two(text, s.spans[day]))
    )
    if "time" not in s.spans:
        return iso.try_cast("timestamp")
    start, length = s.spans["time"]
    hour_digits = s.mask[start : start + length].index(":")
    rest = _part(text, (start + hour_digits, length - hour_digits)).replace(",", ".")
    if s.mask[start : start + length].count(":") == 1:
        rest = rest + ":00"
    hour: Any = _two(text, (start, hour_digits))
    if "half" in s.spans:
        number: Any = _number(text, (start, hour_digits))
        is_pm = _part(text, s.spans["half"]).upper().strip() == "PM"
        hour = ((number % 12) + ibis.ifelse(is_pm, 12, 0)).cast("string").lpad(2, "0")
        hour = ibis.ifelse((number >= 1) & (number <= 12), hour, ibis.null("string"))
    return (iso + " " + hour + rest).try_cast("timestamp")


def _two(text: ir.StringValue, span: tuple[int, int]) -> Any:
    part = _part(text, span)
    return part if span[1] == 2 else ibis.literal("0") + part


def _zone_minutes(text: ir.StringValue, s: Spelling) -> Any:
    start, length = s.spans["zone"]
    written = s.mask[start : start + length]
    if "0" not in written:
        return ibis.literal(0, "int64")
    sign_at = start + (1 if written.startswith(" ") else 0)
    hours = _number(text, (sign_at + 1, 2))
    minutes = _number(text, (start + length - 2, 2)) if written.count("0") == 4 else ibis.literal(0, "int64")
    sign = ibis.ifelse(text.substr(sign_at, 1) == "-", -1, 1)
    return (sign * (hours * 60 + minutes)).cast("int64")


def unread_masks(found: DateProfile) -> Sequence[str]:
    """Masks of a column that are no known spelling of a date."""
    return [mask for mask in found.masks if spelling(mask) is None]
