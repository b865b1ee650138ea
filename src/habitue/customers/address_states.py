"""Addresses that work and addresses that do not: bounces, returned mail, moves.

A block is the address's and not the person's: a new address starts clean. What arrived proves that an address works: it
opens it again, and begins the count of temporary bounces anew. Of a bounce and a delivery of one day the later counts;
where only the day is known, the delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.customers.bounces import PERMANENT, TEMPORARY
from habitue.customers.consent_signals import KIND_OF_CHANNEL, moments
from habitue.schemas import ADDRESS_STATES, CUSTOMER_ADDRESSES

ARRIVED = ("delivered", "opened", "clicked", "replied", "restarted", "opted_out", "unsubscribed", "complained")
"""Events that only an address which works can have; who clicks, answers or complains has got the message."""

DEAD = {"bounced": "permanent_bounce", "undeliverable": "undeliverable", "address_changed": "moved"}
ADDRESS = ("contact_channel", "address_hash")


def address_states(deliveries: ir.Table, addresses: ir.Table, *, temporary_bounces: int) -> ir.Table:
    """ADDRESS_STATES: every address of which something came back; stored.

    Args:
        deliveries: DELIVERY_EVENTS known at the as-of date, in any order, repeated or not.
        addresses: source_customer_id, address_kind, address_hash: an event that names a customer number only is about
            the addresses of that number.
        temporary_bounces: so many in a row block an address; those of one moment (or day) count once.
    """
    told = moments(_by_address(deliveries, addresses))
    last: Any = told["event"].isin(ARRIVED)
    dead = told["event"].isin(("undeliverable", "address_changed")) | (
        (told["event"] == "bounced") & (told["bounce_class"] == PERMANENT)
    ).fill_null(False)
    told = told.mutate(arrived=last, dead=dead)
    states = told.group_by(*ADDRESS).aggregate(
        address_kind=told["address_kind"].max(),
        arrived=told["high"].max(where=told["arrived"]),
        last_delivered_on=told["happened_on"].max(where=told["arrived"]),
    )
    states = portable.materialise(states, "addresses_told_of")
    since = states.select(*ADDRESS, last_arrived="arrived")
    after = told.join(since, ADDRESS)
    # A block of a day without time is earlier than what arrived on that day; without any day it stands.
    at: Any = ibis.ifelse(after["happened_on"].isnull(), after["high"], after["low"])
    after = after.mutate(at=at)
    after = after.filter(after["last_arrived"].isnull() | (after["at"] > after["last_arrived"]))
    failed = after["dead"] | (after["bounce_class"] == TEMPORARY).fill_null(False)
    after = portable.materialise(after.filter(failed), "failed_since")
    blocks = after.filter(after["dead"])
    kind: Any = portable.by_value(blocks["event"], DEAD, None)
    blocks = blocks.mutate(block=kind)
    order = [blocks["at"], blocks["block"], blocks["happened_on"]]
    blocks = blocks.mutate(place=ibis.row_number().over(ibis.window(group_by=ADDRESS, order_by=order)))
    blocks = blocks.filter(blocks["place"] == 0).select(*ADDRESS, "block", block_on="happened_on")
    soft = after.filter((after["bounce_class"] == TEMPORARY) & after["low"].notnull())
    soft = soft.select(*ADDRESS, "low", "happened_on").distinct()
    soft = soft.mutate(place=ibis.row_number().over(ibis.window(group_by=ADDRESS, order_by=soft["low"])) + 1)
    counts = soft.group_by(*ADDRESS).aggregate(
        bounces=soft["place"].max(), full_on=soft["happened_on"].max(where=soft["place"] == temporary_bounces)
    )
    wide = _beside(_beside(states, blocks), counts)
    bounces: Any = wide["bounces"].fill_null(0)
    is_full = bounces >= temporary_bounces
    reason = ibis.cases((wide["block"].notnull(), wide["block"]), (is_full, "temporary_bounces"), else_=None)
    wide = wide.mutate(
        reason=reason,
        is_blocked=wide["block"].notnull() | is_full,
        since_on=ibis.ifelse(wide["block"].notnull(), wide["block_on"], wide["full_on"]),
        temporary_bounces_count=bounces,
    )
    return portable.materialise(ADDRESS_STATES.cast(wide), "address_states")


def with_new_addresses(addresses: ir.Table, deliveries: ir.Table) -> ir.Table:
    """CUSTOMER_ADDRESSES, and the new ones that changes of address give to whoever has the old.

    A change that names a customer number too is that number's alone; several in a row are followed to the end.
    """
    changes = deliveries.filter(deliveries["new_address_hash"].notnull() & deliveries["address_hash"].notnull())
    changes = changes.select("source_customer_id", "address_hash", "new_address_hash").distinct()
    moved: dict[str, list[tuple[str | None, str]]] = {}
    for row in changes.to_pyarrow().to_pylist():
        moved.setdefault(row["address_hash"], []).append((row["source_customer_id"], row["new_address_hash"]))
    pairs = [
        (old, mover, new)
        for old, there in moved.items()
        for mover in {mover for mover, _ in there}
        for new in _reached(old, mover, moved)
    ]
    names = ("old_hash", "mover", "new_hash")
    rows = pa.table({name: pa.array([pair[i] for pair in pairs], pa.string()) for i, name in enumerate(names)})
    known = portable.stored(rows, "new_addresses", like=addresses)
    theirs = addresses.join(known, addresses["address_hash"] == known["old_hash"])
    theirs = theirs.filter(theirs["mover"].isnull() | (theirs["mover"] == theirs["source_customer_id"]))
    new = theirs.mutate(address_hash=theirs["new_hash"], takes_sms=ibis.null("boolean"))
    return CUSTOMER_ADDRESSES.cast(addresses).union(CUSTOMER_ADDRESSES.cast(new), distinct=True)


def _reached(old: str, mover: str | None, moved: Mapping[str, list[tuple[str | None, str]]]) -> set[str]:
    """Where an address leads: by changes of nobody in particular, and of the number that moved."""
    found: set[str] = set()
    waiting = [old]
    while waiting:
        for who, new in moved.get(waiting.pop(), ()):
            if who in (None, mover) and new not in found and new != old:
                found.add(new)
                waiting.append(new)
    return found


def _by_address(deliveries: ir.Table, addresses: ir.Table) -> ir.Table:
    """Events with the address of their contact channel's kind; an event by number once for each of its addresses."""
    kinds = {channel: kind for channel, kind in KIND_OF_CHANNEL.items() if kind}
    own: Any = portable.by_value(deliveries["contact_channel"], kinds, None)
    told = deliveries.mutate(own_kind=own).filter(lambda t: t["own_kind"].notnull())
    named = told.filter(told["address_hash"].notnull() & (told["address_kind"] == told["own_kind"]))
    rest = told.filter(told["source_customer_id"].notnull() & told["address_hash"].isnull())
    held = addresses.filter(addresses["address_hash"].notnull())
    held = held.select("source_customer_id", "address_kind", "address_hash").distinct()
    rest = rest.drop("address_kind", "address_hash").join(
        held.rename(own_kind="address_kind"), ["source_customer_id", "own_kind"]
    )
    rest = rest.mutate(address_kind=rest["own_kind"])
    columns = ("contact_channel", "address_kind", "address_hash", "event", "bounce_class", "happened_at", "happened_on",
               "is_day_only")  # fmt: skip
    return named.select(*columns).union(rest.select(*columns))


def _beside(states: ir.Table, more: ir.Table) -> ir.Table:
    names = [name for name in more.columns if name not in ADDRESS]
    wide = states.left_join(more, ADDRESS)
    return wide.select(*states.columns, *names)
