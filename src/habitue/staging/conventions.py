"""How one file writes its dates and amounts, decided for each column from all its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.errors import Message
from habitue.portable import digits_mask
from habitue.sources.declared import AMOUNTS, DATES, PERSONAL, Source
from habitue.staging import amounts, dates
from habitue.staging.identifiers import as_text


def text_of(raw: ir.Table, headers: tuple[str, ...]) -> ir.StringValue:
    """The text of one canonical column of a cleaned table; what several headers say is joined by spaces."""
    parts = [as_text(raw[header]) for header in headers]
    if len(parts) == 1:
        return parts[0]
    joined: Any = parts[0].fill_null("")
    for part in parts[1:]:
        joined = joined + ibis.coalesce(ibis.literal(" ") + part, "")
    return joined.strip().nullif("")


def date_text_of(raw: ir.Table, headers: tuple[str, ...]) -> ir.StringValue:
    """The text of a date column; where the day has a header of its own its midnight is left out, and a time without
    a day is nothing.
    """
    if len(headers) == 1:
        return as_text(raw[headers[0]])
    joined: Any = as_text(raw[headers[0]]).re_replace(r"[ T]00:00(:00(\.0+)?)?$", "")
    for header in headers[1:]:
        joined = joined + ibis.coalesce(ibis.literal(" ") + as_text(raw[header]), "")
    return joined


def is_typed(raw: ir.Table, source: Source, column: str) -> bool:
    """The column comes with a type of its own (a date, a moment, a number), not as text."""
    kinds = [raw[header].type() for header in source.headers(column)]
    if column in DATES:
        return len(kinds) == 1 and (kinds[0].is_timestamp() or kinds[0].is_date())
    return all(kind.is_numeric() for kind in kinds)


@dataclass(frozen=True)
class Examined:
    """What the text columns of one file look like: profiles by canonical column and header."""

    dates: Mapping[str, dates.DateProfile] = field(default_factory=dict)
    amounts: Mapping[tuple[str, str], amounts.AmountProfile] = field(default_factory=dict)

    def proved_order(self) -> str | None:
        """The date order proved in this file, if its columns agree."""
        proved = {p.proved_order for p in self.dates.values() if p.proved_order}
        return proved.pop() if len(proved) == 1 else None

    def proved_mark(self) -> str | None:
        """The decimal mark proved in this file, if its columns agree."""
        proved = {p.proved_mark for p in self.amounts.values() if p.proved_mark}
        return proved.pop() if len(proved) == 1 else None

    def order_proof(self) -> tuple[int, str] | None:
        """A row that proves the order: line and value."""
        for p in self.dates.values():
            if p.proved_order:
                return p.day_first_proof or p.month_first_proof
        return None


def examine(raw: ir.Table, source: Source) -> Examined:
    """Profile every mapped date and amount column of a cleaned table that comes as text."""
    found_dates, found_amounts = {}, {}
    for column in source.columns:
        if column in DATES and not is_typed(raw, source, column):
            prepared = raw.select("row_number", value=date_text_of(raw, source.headers(column)))
            found = dates.profile(prepared, "value")
            found_dates[column] = _hidden(found) if column in PERSONAL else found
        if column in AMOUNTS:
            for header in source.headers(column):
                if not raw[header].type().is_numeric():
                    prepared = raw.select(value=raw[header])
                    found_amounts[column, header] = amounts.profile(prepared, "value")
    return Examined(found_dates, found_amounts)


def _hidden(found: dates.DateProfile) -> dates.DateProfile:
    """The profile of a personal column: the lines that prove its order, not what they say."""
    proofs = (found.day_first_proof, found.month_first_proof)
    day, month = ((proof[0], "…") if proof else None for proof in proofs)
    return replace(found, day_first_proof=day, month_first_proof=month)


@dataclass(frozen=True)
class Proved:
    """What other files of the same source have proved."""

    date_order: str | None = None
    decimal_mark: str | None = None


@dataclass(frozen=True)
class Conventions:
    """The decisions for one file: a date order for all its columns, a decimal mark for each amount column."""

    date_order: str | None
    marks: Mapping[tuple[str, str], str]
    examined: Examined

    def decimal_mark(self) -> str | None:
        """The mark of the file's amounts, for people; both if columns differ."""
        return " ".join(sorted(set(self.marks.values()))) or None


@dataclass(frozen=True)
class Decision:
    """Conventions, or the reasons why they cannot be decided."""

    conventions: Conventions
    faults: tuple[Message, ...]


def decide(examined: Examined, source: Source, file: str, known: Proved) -> Decision:
    """Decide how a file is to be read.

    Args:
        examined: profiles of its columns.
        source: what the user states wins.
        file: its name, for messages.
        known: what other files of the same source have proved.
    """
    faults: list[Message] = []
    order = source.date_order or examined.proved_order() or known.date_order
    for column, found in examined.dates.items():
        header = " + ".join(source.headers(column))
        fault = dates.order_fault(found, source.date_order, order, source=source.name, file=file, column=header)
        faults += [fault] if fault else []
    marks: dict[tuple[str, str], str] = {}
    elsewhere = examined.proved_mark() or known.decimal_mark
    for place, found in examined.amounts.items():
        fault = amounts.mark_fault(
            found, source.decimal_mark, elsewhere, source=source.name, file=file, column=place[1]
        )
        faults += [fault] if fault else []
        marks[place] = source.decimal_mark or found.proved_mark or elsewhere or "."
    return Decision(Conventions(order, marks, examined), tuple(faults))


def read_amount(raw: ir.Table, source: Source, column: str, conventions: Conventions, digits: int = 6) -> Any:
    """One canonical amount as decimal(18, digits); several headers are added up, an empty one counting nothing.

    Null where nothing is written or something written cannot be read.
    """
    kind = f"decimal(18, {digits})"
    numbers, written = [], []
    for header in source.headers(column):
        value: Any = raw[header]
        written.append(value.notnull())
        if value.type().is_floating():
            written[-1] = value.notnull() & ~value.isnan()
            too_much = value.isnan() | value.isinf() | (value.abs() > 10.0 ** (17 - digits))
            numbers.append(ibis.ifelse(too_much, ibis.null(kind), value.try_cast(kind)))
        elif value.type().is_numeric():
            numbers.append(value.try_cast(kind))
        else:
            place = (column, header)
            numbers.append(amounts.read(value, conventions.examined.amounts[place], conventions.marks[place], digits))
    if len(numbers) == 1:
        return numbers[0]
    parts = [ibis.ifelse(is_written, number, 0) for number, is_written in zip(numbers, written, strict=True)]
    return ibis.ifelse(ibis.or_(*written), sum(parts[1:], parts[0]), ibis.null(kind)).cast(kind)


def read_date(raw: ir.Table, source: Source, column: str, conventions: Conventions) -> dates.Moments:
    """One canonical date column: local moments, and their offsets where the values state them."""
    headers = source.headers(column)
    if is_typed(raw, source, column):
        value: Any = raw[headers[0]]
        kind = value.type()
        if kind.is_date():
            return dates.Moments(value.cast("timestamp"), None, True)
        if kind.timezone is not None:
            return dates.Moments(value.cast("timestamp"), ibis.literal(0, "int64"), False)
        return dates.Moments(value, None, False)
    text = date_text_of(raw, headers)
    return dates.read(text, digits_mask(text), conventions.examined.dates[column], conventions.date_order)
