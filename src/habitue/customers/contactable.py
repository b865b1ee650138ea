"""Whom one may contact, by which contact channel, and if not, why not: consent, the state of the address, age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.customers.address_states import address_states, with_new_addresses
from habitue.customers.consent import ConsentSettings, Reachable, consent_status
from habitue.customers.consent_signals import (
    KIND_OF_CHANNEL,
    MARKETING,
    SEVERITY,
    USUAL_CHANNELS,
    events_from,
    known_at,
    recorded,
    suppressed_events,
)
from habitue.customers.objections import objecting
from habitue.errors import Message, message
from habitue.schemas import CONSENT_REVIEWS, CONSENT_STATUS, CONSENTED, CONTACTABLE, CUSTOMER_ADDRESSES, DELIVERY_EVENTS

REASONS = (
    "contactable", "no_consent", "no_purchase", "consent_expired", "temporary_bounces", "permanent_bounce",
    "undeliverable", "moved", "not_a_mobile", "unusable_address", "unclear_stop", "stopped", "unsubscribed", "refused",
    "complained", "suppressed", "objection", "minor", "no_address",
)  # fmt: skip
"""Why somebody can be reached or not, the address that lacks least first. A person has one reason for each contact
channel: that of their first address in this order."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the sources say of consent; None where none says anything.

    Args:
        consents: CONSENT_EVENTS of consent files.
        deliveries: DELIVERY_EVENTS.
        addresses: CUSTOMER_ADDRESSES.
        minors: source_customer_id of customer rows whose birth date says so at the as-of date.
        objections: source_customer_id, captured_at (naive UTC), source: objections recorded by a command, which stand
            whatever the as-of date.
        suppressed: address_kind, address_hash, reason, since (naive UTC): addresses of people who were erased.
    """

    consents: ir.Table | None = None
    deliveries: ir.Table | None = None
    addresses: ir.Table | None = None
    minors: ir.Table | None = None
    objections: ir.Table | None = None
    suppressed: ir.Table | None = None


@dataclass(frozen=True)
class Permissions:
    """CONSENT_EVENTS, ADDRESS_STATES, CONSENT_STATUS, CONTACTABLE and CONSENT_REVIEWS by name, and what to know.

    `objecting`: customer_id of the people of whom an objection stands (`objections.objecting`); None: nobody.
    """

    tables: Mapping[str, ir.Table]
    notes: tuple[Message, ...]
    objecting: ir.Table | None = None


def permissions(
    told: Told, parts: ir.Table, people: ir.Table, *, as_of: date, settings: ConsentSettings
) -> Permissions:
    """Everything about consent at a date, after purchases are known.

    Args:
        told: what the sources say.
        parts: customer_id, source_customer_id, joined_on (see `consent.Reachable`).
        people: CUSTOMERS, everybody once: population and last purchase.
        as_of: the day of knowledge; undated events are known.
        settings: jurisdiction, temporary bounces, doubtful replies.
    """
    if all(table is None for table in (told.consents, told.deliveries, told.addresses, told.objections)):
        tables = {schema.name: _or_empty(None, schema, like=people) for schema in CONSENTED}
        return Permissions(tables | {"contactable": contactable(tables["consent_status"], people)}, ())
    addresses = _or_empty(told.addresses, CUSTOMER_ADDRESSES, like=people)
    sent_back = _or_empty(told.deliveries, DELIVERY_EVENTS, like=people)
    deliveries = known_at(sent_back, as_of)
    addresses = portable.materialise(with_new_addresses(addresses, deliveries), "addresses_at")
    found = events_from(told.consents, sent_back, unclear_stops=settings.unclear_stop == "stop")
    if told.objections is not None:
        found.append(recorded(told.objections, as_of))
    if told.suppressed is not None:
        found.append(suppressed_events(told.suppressed, addresses, as_of))
    every = found[0]
    for more in found[1:]:
        every = every.union(more)
    events = portable.materialise(known_at(every, as_of), "consent_events")
    states = address_states(deliveries, addresses, temporary_bounces=settings.temporary_bounces)
    purchases = people.select("customer_id", last_purchase_on="last_purchase_on")
    reached = Reachable(parts, addresses)
    status = consent_status(events, reached, purchases, as_of=as_of, settings=settings)
    reachable = _reachable(status, states, _minors(told.minors, parts))
    reviews = _reviews(deliveries, addresses, parts, is_counted=settings.unclear_stop == "stop")
    tables = {
        "consent_events": events,
        "address_states": states,
        "consent_status": CONSENT_STATUS.cast(reachable),
        "contactable": portable.materialise(contactable(reachable, people), "contactable"),
        "consent_reviews": reviews,
    }
    notes = _notes(events, parts, addresses, reviews, settings)
    return Permissions(tables, (*_later_refusals(every, as_of), *notes), objecting(events, reached, told.objections))


def contactable(status: ir.Table, people: ir.Table) -> ir.Table:
    """CONTACTABLE: everybody by contact channel and population, each with one reason.

    Args:
        status: CONSENT_STATUS.
        people: CUSTOMERS.
    """
    mine = status.filter(status["purpose"] == MARKETING)
    rank: Any = portable.by_value(mine["reason"], {reason: place for place, reason in enumerate(REASONS)}, None)
    order = [rank, mine["address_hash"].fill_null("")]
    ranked = mine.mutate(place=ibis.row_number().over(ibis.window(group_by=["customer_id", "contact_channel"],
                                                                  order_by=order)))  # fmt: skip
    best = ranked.filter(ranked["place"] == 0).select("customer_id", "contact_channel", "address_hash", "reason")
    seen = {*status.select("contact_channel").distinct().to_pyarrow()["contact_channel"].to_pylist()}
    channels = [channel for channel in KIND_OF_CHANNEL if channel in USUAL_CHANNELS or channel in seen]
    table = portable.stored(pa.table({"contact_channel": pa.array(channels, pa.string())}), "channels", like=people)
    everybody = people.select("customer_id", "population").cross_join(table)
    wide = everybody.left_join(best, ["customer_id", "contact_channel"])
    wide = wide.select(*everybody.columns, "address_hash", reason=wide["reason"].fill_null("no_address"))
    counted = wide.group_by("contact_channel", "population", "reason").aggregate(
        customers_count=wide.count(), addresses_count=wide["address_hash"].nunique()
    )
    return CONTACTABLE.cast(counted)


def _or_empty(table: ir.Table | None, schema: Any, *, like: ir.Table) -> ir.Table:
    if table is not None:
        return schema.cast(table)
    return schema.cast(portable.stored(schema.ibis_schema().to_pyarrow().empty_table(), schema.name, like=like))


def _minors(minors: ir.Table | None, parts: ir.Table) -> ir.Table | None:
    """People of whom some customer row says that they are under age."""
    if minors is None:
        return None
    return (
        parts.join(minors.select("source_customer_id").distinct(), "source_customer_id")
        .select("customer_id")
        .distinct()
    )


def _reachable(status: ir.Table, states: ir.Table, minors: ir.Table | None) -> ir.Table:
    """CONSENT_STATUS: the first thing that forbids a message, of age, refusal, consent and address in this order."""
    blocked = states.filter(states["is_blocked"]).select("contact_channel", "address_hash", blocked_by="reason")
    wide = status.left_join(blocked, ["contact_channel", "address_hash"])
    wide = wide.select(*status.columns, "blocked_by")
    if minors is None:
        wide = wide.mutate(is_minor=ibis.literal(False))
    else:
        young = minors.select("customer_id", is_young=ibis.literal(True))
        beside = wide.left_join(young, "customer_id")
        wide = beside.select(*wide.columns, is_minor=beside["is_young"].fill_null(False))
    is_addressed = wide["address_kind"] != ""
    reason = ibis.cases(
        (wide["is_minor"], "minor"),
        (~wide["is_permitted"], wide["reason"]),
        (is_addressed & (wide["address_hash"] == ""), "unusable_address"),
        ((wide["contact_channel"] == "sms") & (wide["takes_sms"] == 0), "not_a_mobile"),
        (wide["blocked_by"].notnull(), wide["blocked_by"]),
        else_="contactable",
    )
    wide = wide.mutate(reason=reason)
    return wide.mutate(
        address_kind=wide["address_kind"].nullif(""),
        address_hash=wide["address_hash"].nullif(""),
        is_contactable=wide["reason"] == "contactable",
    )


def _reviews(deliveries: ir.Table, addresses: ir.Table, parts: ir.Table, *, is_counted: bool) -> ir.Table:
    """CONSENT_REVIEWS."""
    doubtful = deliveries.filter(deliveries["needs_review"])
    who = parts.select("source_customer_id", "customer_id")
    held = addresses.filter(addresses["address_hash"].notnull()).join(who, "source_customer_id")
    held = held.group_by("address_kind", "address_hash").aggregate(by_address=held["customer_id"].min())
    wide = doubtful.left_join(held, ["address_kind", "address_hash"]).drop("address_kind_right", "address_hash_right")
    numbers = who.group_by(number_id=who["source_customer_id"]).aggregate(by_number=who["customer_id"].min())
    wide = wide.left_join(numbers, wide["source_customer_id"] == numbers["number_id"])
    wide = wide.mutate(
        customer_id=ibis.coalesce(wide["by_number"], wide["by_address"]), is_counted=ibis.literal(is_counted)
    )
    return portable.materialise(CONSENT_REVIEWS.cast(wide), "consent_reviews")


def _later_refusals(every: ir.Table, as_of: date) -> list[Message]:
    """Refusals after the as-of date: who sends on the strength of this run must know that it does not."""
    day: Any = every["happened_on"]
    count = every.filter((day > as_of) & every["event"].isin(SEVERITY)).count().to_pyarrow().as_py()
    return [message("consent.later_refusals", count=int(count), as_of=as_of)] if count else []


def _notes(
    events: ir.Table, parts: ir.Table, addresses: ir.Table, reviews: ir.Table, settings: ConsentSettings
) -> tuple[Message, ...]:
    """Yeses without a day, events about nobody known, replies to be read."""
    notes = []
    undated = events.filter(events["happened_on"].isnull() & events["event"].isin(("opt_in", "soft_opt_in")))
    for row in undated.group_by("source").agg(count=undated.count()).order_by("source").to_pyarrow().to_pylist():
        notes.append(message("consent.undated", source=row["source"], count=int(row["count"])))
    nobody = events.anti_join(parts, "source_customer_id")
    held = addresses.filter(addresses["address_hash"].notnull()).semi_join(parts, "source_customer_id")
    nobody = nobody.filter(nobody["source_customer_id"].notnull() | nobody["address_hash"].notnull())
    nobody = nobody.anti_join(held, ["address_kind", "address_hash"])
    for row in nobody.group_by("source").agg(count=nobody.count()).order_by("source").to_pyarrow().to_pylist():
        notes.append(message("consent.nobody", source=row["source"], count=int(row["count"])))
    count = int(reviews.count().to_pyarrow().as_py())
    if count:
        notes.append(message(f"consent.unclear_{settings.unclear_stop}", count=count))
    return tuple(notes)
