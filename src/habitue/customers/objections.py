"""Who objects to marketing, and so to being profiled for it: GDPR 21(2)-(3)."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from habitue import portable
from habitue.customers.consent import Reachable
from habitue.customers.consent_signals import MARKETING, moments

PROFILING = "profiling"
PURPOSES = (MARKETING, PROFILING)


def objecting(events: ir.Table, people: Reachable, recorded: ir.Table | None) -> ir.Table | None:
    """`customer_id` of the people of some of whose numbers an objection stands; stored. None: nobody.

    An objection to marketing or to profiling stands until a later dated opt-in of the same customer number that names
    no contact channel, or the purpose profiling: an opt-in for one contact channel opens that channel and no more, and
    a soft opt-in is nothing the person said. What names an address alone is said by every number that has it. At one
    moment, or on one day of which only the day is known, the objection wins; without a day it stands. One recorded by
    a command stands whatever is said later, and whatever the as-of date.

    Args:
        events: CONSENT_EVENTS known at the as-of date.
        people: customer numbers and addresses.
        recorded: source_customer_id of objections recorded by a command.
    """
    told = moments(events.filter(events["purpose"].isin(PURPOSES)))
    is_general = told["contact_channel"].isnull() | (told["purpose"] == PROFILING)
    said = _by_number(told.filter(told["event"] == "objection"), people)
    taken_back = _by_number(told.filter((told["event"] == "opt_in") & is_general), people)
    taken_back = taken_back.group_by(number="source_customer_id").aggregate(taken_back=taken_back["low"].max())
    wide = said.left_join(taken_back, said["source_customer_id"] == taken_back["number"])
    last: Any = wide["taken_back"]
    standing = wide.filter(last.isnull() | (wide["high"] >= last)).select("source_customer_id")
    if recorded is not None:
        standing = standing.union(recorded.select("source_customer_id"))
    parts = people.parts.select("customer_id", "source_customer_id")
    theirs = parts.semi_join(standing, "source_customer_id").select("customer_id").distinct()
    found = portable.materialise(theirs, "objecting")
    return found if found.count().to_pyarrow().as_py() else None


def _by_number(told: ir.Table, people: Reachable) -> ir.Table:
    """source_customer_id, low and high of events; those that name an address alone once for each number that has it."""
    numbered = told.filter(told["source_customer_id"].notnull()).select("source_customer_id", "low", "high")
    alone = told.filter(told["source_customer_id"].isnull() & told["address_hash"].notnull())
    held = people.addresses.filter(people.addresses["address_hash"].notnull())
    held = held.select("source_customer_id", "address_kind", "address_hash").distinct()
    theirs = alone.drop("source_customer_id").join(held, ["address_kind", "address_hash"])
    return numbered.union(theirs.select("source_customer_id", "low", "high"))
