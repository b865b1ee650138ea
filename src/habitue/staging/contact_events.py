"""Consent files and delivery files: what somebody allowed or refused, and what a router or an operator sent back.

Rows leave here with the customer number and the addresses as written; the workspace puts opaque ids and keyed hashes
in their place before anything is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import by_value, digits_mask, materialise, offset_minutes, plus_minutes
from habitue.sources.declared import SUBJECT, Source
from habitue.staging import contact_words
from habitue.staging.conventions import Conventions, date_text_of, is_typed, read_date, text_of
from habitue.staging.identifiers import shape, with_customer_number, with_identifiers
from habitue.staging.transactions import REFUSED, StagingSettings


@dataclass(frozen=True)
class StagedContactRows:
    """A consent or delivery file, staged: `rows` and `refused` (REFUSED).

    `rows` is one row of the file: row_number, customer_number, email, phone, address (as written), contact_channel,
    event, happened_at (UTC; midnight of the day where only that is known; null if unknown), happened_on (the stores'
    day), is_day_only, and what only one of the kinds has. No row without any subject is among them.
    """

    rows: ir.Table
    refused: ir.Table


def stage_consents(
    raw: ir.Table, source: Source, conventions: Conventions, settings: StagingSettings
) -> StagedContactRows:
    """Read every row of a cleaned consent table; further columns: purpose, legal_basis, expires_on, wording_version,
    proof_reference (may be personal), jurisdiction, consent_source.

    A row is refused without a subject, with a status or contact channel that no word explains, without a contact
    channel (unless it refuses: then it refuses all), or with a day that cannot be read (unless it refuses: then it
    stands without one).
    """
    texts = ("purpose", "legal_basis", "wording_version", "proof_reference", "jurisdiction", "consent_source")
    further = {name: _text(raw, source, name) for name in texts}
    if "expires_at" in source.columns:
        further["expires_on"] = read_date(raw, source, "expires_at", conventions).local.date()
    else:
        stated = source.values.get("expires_at")
        further["expires_on"] = ibis.literal(stated).cast("timestamp").date() if stated else ibis.null("date")
    table = _read(raw, source, conventions, settings, "captured_at", "status", source.status_words, further)
    table = table.mutate(
        purpose=table["purpose"].lower().fill_null("marketing"), jurisdiction=table["jurisdiction"].upper()
    )
    refuses = table["event"].isin(contact_words.REFUSALS)
    return _judged(
        table,
        source,
        "captured_at",
        "status",
        [(table["contact_channel"].isnull() & ~refuses, "contact_channel_missing", "contact_channel")],
    )


def stage_delivery_events(
    raw: ir.Table, source: Source, conventions: Conventions, settings: StagingSettings
) -> StagedContactRows:
    """Read every row of a cleaned delivery table; further columns: detail and remark (free texts, personal).

    A row is refused without a subject, with an event or contact channel that no word explains, or without a day that
    can be read (unless it refuses or says that an address does not work: what the day of a bounce is worth is judged
    later, with its class).
    """
    further = {"detail": _text(raw, source, "detail"), "remark": _text(raw, source, "reason")}
    table = _read(raw, source, conventions, settings, "happened_at", "event", source.event_words, further)
    kept = table["event"].isin((*contact_words.REFUSALS, "bounced", "replied"))
    return _judged(
        table,
        source,
        "happened_at",
        "event",
        [
            (table["contact_channel"].isnull(), "contact_channel_missing", "contact_channel"),
            (table["moment_written"].isnull() & ~kept, "date_missing", "happened_at"),
        ],
    )


def _text(raw: ir.Table, source: Source, name: str) -> Any:
    if name in source.columns:
        return text_of(raw, source.headers(name))
    stated = source.values.get(name)
    return ibis.null("string") if stated is None else ibis.literal(stated)


def _read(
    raw: ir.Table,
    source: Source,
    conventions: Conventions,
    settings: StagingSettings,
    moment: str,
    event: str,
    own_words: Mapping[str, str],
    further: Mapping[str, Any],
) -> ir.Table:
    """Every filled row, its words explained and its moment read."""
    filled: Any = ibis.literal(False)
    for header in source.wanted:
        filled = filled | raw[header].notnull()
    columns: dict[str, Any] = {
        "row_number": raw["row_number"],
        "is_filled": filled,
        "customer_number": _text(raw, source, "source_customer_id"),
        **{name: _text(raw, source, name) for name in SUBJECT[1:]},
        "channel_written": _text(raw, source, "contact_channel"),
        "event_written": _text(raw, source, event),
        **further,
        **_moment(raw, source, moment, conventions),
    }
    table = raw.select(**columns)
    table = table.filter(table["is_filled"])
    table = with_identifiers(table, ("customer_number", "phone"))
    table = with_customer_number(table, "customer_number")
    event_table = contact_words.status_words if event == "status" else contact_words.event_words
    table = table.mutate(
        contact_channel=by_value(_plain(table["channel_written"]), contact_words.channel_words(), None),
        event=by_value(_plain(table["event_written"]), event_table(own_words), None),
    )
    return materialise(_with_days(table, source, settings, conventions, moment), "typed_contacts")


def _plain(text: Any) -> Any:
    return text.lower().re_replace(r"[\s_-]+", " ").strip()


def _moment(raw: ir.Table, source: Source, column: str, conventions: Conventions) -> dict[str, Any]:
    """Local moment, minutes from UTC where stated, whether only the day is known, and what was written."""
    if column not in source.columns:
        stated = source.values.get(column)
        at = ibis.null("timestamp(6)") if stated is None else ibis.literal(stated).cast("timestamp(6)")
        written = ibis.null("string") if stated is None else ibis.literal(stated)
        is_day = stated is not None and datetime.fromisoformat(stated).time() == datetime.min.time()
        return {"local_at": at, "own": ibis.null("int64"), "day_only": ibis.literal(is_day), "moment_written": written}
    found = read_date(raw, source, column, conventions)
    written = date_text_of(raw, source.headers(column))
    if is_typed(raw, source, column):
        day_only: Any = ibis.literal(found.is_date_only)
    else:
        mask: Any = digits_mask(written)
        day_only = ~(mask.contains(":") | mask.re_search(r"^00000[.,]0"))
    own = ibis.null("int64") if found.offset_minutes is None else found.offset_minutes
    return {"local_at": found.local.cast("timestamp(6)"), "own": own, "day_only": day_only, "moment_written": written}


def _with_days(
    table: ir.Table, source: Source, settings: StagingSettings, conventions: Conventions, moment: str
) -> ir.Table:
    """`happened_at` in UTC and `happened_on` in the stores' zone; a day without a time stays the day it is."""
    first, last = _years(table, source, conventions, moment)
    zone = source.time_zone or settings.time_zone
    away: Any = offset_minutes(table["local_at"], zone, first, last, moment_is_utc=False)
    table = table.mutate(own=ibis.coalesce(table["own"], away).cast("int64"))
    table = table.mutate(happened_at=plus_minutes(table["local_at"], -table["own"]).cast("timestamp(6)"))
    there: Any = offset_minutes(table["happened_at"], settings.time_zone, first, last, moment_is_utc=True)
    table = table.mutate(there=there.cast("int64"))
    day = ibis.ifelse(table["day_only"], table["local_at"], plus_minutes(table["happened_at"], table["there"]))
    return table.mutate(happened_on=day.date(), is_day_only=table["day_only"]).drop(
        "own", "there", "local_at", "day_only"
    )


def _years(table: ir.Table, source: Source, conventions: Conventions, moment: str) -> tuple[int, int]:
    """First and last year for which the offsets of a time zone are looked up."""
    profiled = conventions.examined.dates.get(moment)
    if profiled:
        return profiled.first_year, profiled.last_year
    if moment in source.values and moment not in source.columns:
        year = datetime.fromisoformat(source.values[moment]).year
        return year, year
    local: Any = table["local_at"]
    found = table.agg(first=local.min().year(), last=local.max().year()).to_pyarrow().to_pylist()[0]
    return max(found["first"] or 2000, 1900), min(found["last"] or 2000, 2100)


def _judged(
    table: ir.Table, source: Source, moment: str, event: str, more: Sequence[tuple[Any, str, str]]
) -> StagedContactRows:
    """Rows without a fault, and the others with their first one; of what was written only the shape."""
    kept = table["event"].isin((*contact_words.REFUSALS, "bounced", "replied"))
    nobody = ibis.coalesce(*(table["customer_number" if n == "source_customer_id" else n] for n in SUBJECT)).isnull()
    unread = table["moment_written"].notnull() & table["happened_at"].isnull()
    subject = [header for name in SUBJECT for header in source.headers(name)] or list(SUBJECT)
    none = ibis.null("string")
    faults: list[tuple[Any, str, str, Any]] = [
        (nobody, "key_missing", " / ".join(subject), none),
        (table["event_written"].isnull(), f"{event}_missing", _header(source, event), none),
        (table["event"].isnull(), f"{event}_unknown", _header(source, event), table["event_written"]),
        (
            table["channel_written"].notnull() & table["contact_channel"].isnull(),
            "contact_channel_unknown",
            _header(source, "contact_channel"),
            table["channel_written"],
        ),
        (unread & ~kept, "date_unreadable", _header(source, moment), table["moment_written"]),
        *((test, reason, _header(source, name), none) for test, reason, name in more),
    ]
    number: Any = ibis.cases(*[(test.fill_null(False), place) for place, (test, *_) in enumerate(faults)], else_=-1)
    judged = table.mutate(fault=number.cast("int64"))
    values = [(judged["fault"] == 2, judged["event_written"]), (judged["fault"] == 3, judged["channel_written"]),
              (judged["fault"] == 4, judged["moment_written"])]  # fmt: skip
    bad = judged.filter(judged["fault"] >= 0)
    refused = bad.select(
        "row_number",
        column=by_value(bad["fault"], {place: header for place, (_, _, header, _) in enumerate(faults)}, None),
        value=shape(ibis.cases(*values, else_=none)),
        reason=by_value(bad["fault"], {place: reason for place, (_, reason, _, _) in enumerate(faults)}, None),
        source_amount=ibis.null("int64"),
        currency=none,
    )
    rows = judged.filter(judged["fault"] < 0)
    return StagedContactRows(rows.drop("fault", "is_filled", "channel_written", "event_written"), refused.cast(REFUSED))


def _header(source: Source, name: str) -> str:
    return " + ".join(source.headers(name)) or name
