"""What events say of an address, and what of a person: the signals that a consent status is made of.

The order of two events is that of their days, then of their moments; of a day without a time nothing is earlier or
later than another event of that day, and then what refuses wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.schemas import CONSENT_EVENTS

KIND_OF_CHANNEL: Mapping[str, str | None] = {
    "email": "email",
    "sms": "phone",
    "phone": "phone",
    "messenger": "phone",
    "print": "postal",
    "push": None,
    "coupon": None,
}
"""The kind of address a contact channel needs; None: it reaches a person by their number."""

USUAL_CHANNELS = ("email", "sms", "phone", "print")
"""Told of even where no event names them."""

MARKETING, SERVICE = "marketing", "service"

GRANTS = ("opt_in", "soft_opt_in")
SEVERITY = ("objection", "complained", "opt_out", "unsubscribed", "opted_out", "suppressed", "unclear_stop")
"""Events that refuse, the one that reaches furthest first."""

OF_PERSON = ("objection", "complained")
"""Events about the person whatever address they name: an objection covers every address, a complaint every one of its
contact channel."""

OF_EVERY_PURPOSE = ("objection", "suppressed")
"""Events about every purpose but service, whatever purpose they name."""

UNDATED = 2**62
"""Where a refusal without a day stands: after everything."""

_DAY = 864_000
FIELDS = ("event", "happened_on", "consent_source", "expires_on", "jurisdiction", "source", "file_id", "row_number")


@dataclass(frozen=True)
class Signals:
    """`named` are events about an address on a contact channel of its kind; `personal` those about a customer number.

    Both: source_customer_id, contact_channel, purpose, low and high (the order of events: from when it may count as
    later, until when it may not count as earlier), and `FIELDS`; `named` also address_kind and address_hash, its
    customer number null where none is named.
    """

    named: ir.Table
    personal: ir.Table
    channels: tuple[str, ...]
    purposes: tuple[str, ...]


def events_from(consents: ir.Table | None, deliveries: ir.Table | None, *, unclear_stops: bool) -> list[ir.Table]:
    """CONSENT_EVENTS of consent files, and of what came back: clicks on unsubscribe, complaints, STOP and START.

    Args:
        consents: CONSENT_EVENTS of the files.
        deliveries: DELIVERY_EVENTS.
        unclear_stops: replies to be reviewed count as a STOP until then.
    """
    found = [] if consents is None else [CONSENT_EVENTS.cast(consents)]
    if deliveries is not None:
        event: Any = deliveries["event"]
        if unclear_stops:
            event = ibis.ifelse(deliveries["needs_review"], "unclear_stop", event)
        told = deliveries.mutate(event=event)
        told = told.filter(told["event"].isin(("unsubscribed", "complained", "opted_out", "restarted", "unclear_stop")))
        none = {name: ibis.null("string") for name in ("legal_basis", "wording_version", "jurisdiction")}
        made = told.mutate(
            purpose=ibis.literal(MARKETING),
            expires_on=ibis.null("date"),
            consent_source=told["source"],
            **none,
        )
        found.append(CONSENT_EVENTS.cast(made))
    return found


def recorded(objections: ir.Table, as_of: date) -> ir.Table:
    """CONSENT_EVENTS of objections that were recorded by a command: they stand whatever the as-of date.

    Args:
        objections: source_customer_id, captured_at (naive UTC), source.
        as_of: the day of knowledge; an objection recorded later counts from this day on.
    """
    order = [objections["source_customer_id"], objections["captured_at"]]
    made = objections.mutate(
        happened_on=objections["captured_at"].date(),
        row_number=ibis.row_number().over(ibis.window(order_by=order)),
        event=ibis.literal("objection"),
        **{name: ibis.null("string") for name in ("address_kind", "address_hash", "contact_channel")},
    )
    return _of_ours(made, as_of)


def suppressed_events(suppressed: ir.Table, addresses: ir.Table, as_of: date) -> ir.Table:
    """CONSENT_EVENTS of addresses nobody is to write to, because who had them was erased: those that somebody has now.

    They stand whatever the as-of date, on every contact channel that reaches such an address, until whoever has it
    opens it.

    Args:
        suppressed: address_kind, address_hash, reason, since (naive UTC).
        addresses: source_customer_id, address_kind, address_hash.
        as_of: the day of knowledge; what was suppressed later counts from this day on.
    """
    met = suppressed.semi_join(addresses, ["address_kind", "address_hash"])
    order = [met["address_kind"], met["address_hash"]]
    made = met.mutate(
        source=met["reason"],
        source_customer_id=ibis.null("string"),
        happened_on=met["since"].date(),
        row_number=ibis.row_number().over(ibis.window(order_by=order)),
        contact_channel=ibis.null("string"),
        event=ibis.literal("suppressed"),
    )
    return _of_ours(made, as_of)


def _of_ours(made: ir.Table, as_of: date) -> ir.Table:
    """CONSENT_EVENTS of what no file says but a command: for marketing, and known at every date."""
    day: Any = ibis.least(made["happened_on"], ibis.date(as_of.year, as_of.month, as_of.day))
    made = made.mutate(
        file_id=made["source"],
        purpose=ibis.literal(MARKETING),
        happened_at=day.cast("timestamp"),
        happened_on=day,
        is_day_only=ibis.literal(True),
        expires_on=ibis.null("date"),
        consent_source=made["source"],
        **{name: ibis.null("string") for name in ("legal_basis", "wording_version", "jurisdiction")},
    )
    return CONSENT_EVENTS.cast(made)


def known_at(events: ir.Table, as_of: date) -> ir.Table:
    """Events of which the day is not after `as_of`, or not known."""
    day: Any = events["happened_on"]
    return events.filter(day.isnull() | (day <= as_of))


def moments(events: ir.Table) -> ir.Table:
    """Events with `low` and `high`: whole numbers in the order of days, then of moments (to the second)."""
    day: Any = events["happened_on"].cast("timestamp").epoch_seconds().cast("int64")
    at: Any = events["happened_at"].epoch_seconds().cast("int64") - day + 100_000
    only: Any = events["is_day_only"].fill_null(True) | events["happened_at"].isnull()
    return events.mutate(
        low=(day * 10 + ibis.ifelse(only, 0, at)).cast("int64"),
        high=ibis.ifelse(events["happened_on"].isnull(), UNDATED, day * 10 + ibis.ifelse(only, _DAY - 1, at)).cast(
            "int64"
        ),
    )


def signals(events: ir.Table, holders: ir.Table) -> Signals:
    """What known events say, by address and by customer number; stored.

    Args:
        events: CONSENT_EVENTS known at the as-of date.
        holders: source_customer_id, address_kind, address_hash of every usable address.

    An event about the person that names only an address is about everybody who has it. Without a day only a refusal is
    a signal. `OF_EVERY_PURPOSE` covers every purpose but service; an event without contact channel every channel.
    """
    dated = moments(events)
    dated = dated.filter(dated["low"].notnull() | dated["event"].isin(SEVERITY))
    seen = dated.select("contact_channel", "purpose").distinct().to_pyarrow()
    channels = tuple(dict.fromkeys((*USUAL_CHANNELS, *sorted({*seen["contact_channel"].to_pylist()} - {None}))))
    purposes = tuple(dict.fromkeys((MARKETING, *sorted({*seen["purpose"].to_pylist()} - {None}))))
    wide = _spread(dated, "contact_channel", dated["contact_channel"].isnull(), channels)
    wide = _spread(wide, "purpose", wide["event"].isin(OF_EVERY_PURPOSE), [p for p in purposes if p != SERVICE])
    own_kind: Any = portable.by_value(wide["contact_channel"], {c: k for c, k in KIND_OF_CHANNEL.items() if k}, None)
    wide = wide.mutate(own_kind=own_kind)
    wide = wide.filter((wide["event"] != "suppressed") | (wide["address_kind"] == wide["own_kind"]))
    is_named = (
        wide["address_hash"].notnull() & (wide["address_kind"] == wide["own_kind"]) & ~wide["event"].isin(OF_PERSON)
    ).fill_null(False)
    wide = portable.materialise(wide.mutate(is_named=is_named), "consent_signals")
    both = ("source_customer_id", "contact_channel", "purpose", "low", "high", *FIELDS)
    named = wide.filter(wide["is_named"]).select("address_kind", "address_hash", *both)
    rest = wide.filter(~wide["is_named"])
    numbered = rest.filter(rest["source_customer_id"].notnull()).select(*both)
    theirs = rest.filter(rest["source_customer_id"].isnull() & rest["address_hash"].notnull())
    theirs = theirs.drop("source_customer_id").join(holders, ["address_kind", "address_hash"])
    return Signals(named, numbered.union(theirs.select(*both)), channels, purposes)


def _spread(events: ir.Table, column: str, where: Any, values: Sequence[str]) -> ir.Table:
    """Rows that mean every value of a column, once for each of them."""
    every = portable.stored(pa.table({f"each_{column}": pa.array(values, pa.string())}), "each", like=events)
    plain = events.filter(~where)
    spread = events.filter(where).drop(column).cross_join(every).rename({column: f"each_{column}"})
    return plain.union(spread.select(*plain.columns))
