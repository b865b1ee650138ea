"""Consent: what holds for each person, contact channel, address and purpose at a date, from all that was ever said.

The rules, in the order in which they decide:

- a refusal that names an address (a STOP, an unsubscription, a no with its address) closes that address for everybody
  who has it, until it is opened again by a START or by a later dated yes that names it;
- a refusal by customer number, an objection and a complaint close the person's addresses, present and future, until a
  later dated yes of the same customer number;
- the address of somebody who was erased is closed for whoever has it, until they open it by a later dated yes;
- a yes that names an address opens that address alone; one by customer number opens the addresses of that number;
- of a yes and a refusal at one moment, or of one day where only the day is known, the refusal wins;
- a yes without a day opens nothing, a refusal without a day closes whatever was said;
- a person is several customer numbers: what one of them refused is refused for all, and a yes of another counts for it
  only if it was given after the two were joined. What one number was never asked takes nothing from the others.

So a merge never opens what was closed to one of its parts (or open to none).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.customers.consent_signals import FIELDS, GRANTS, KIND_OF_CHANNEL, SEVERITY, Signals, signals
from habitue.customers.jurisdictions import JURISDICTIONS, NO_OBJECTION, rule
from habitue.errors import ConfigurationError, Message, message
from habitue.periods import months_before

UNCLEAR_STOPS = ("review", "stop")

REFUSED_BY = {
    "objection": "objection",
    "complained": "complained",
    "opt_out": "refused",
    "unsubscribed": "unsubscribed",
    "opted_out": "stopped",
    "suppressed": "suppressed",
    "unclear_stop": "unclear_stop",
}
"""Reason for each event that refuses."""

OPENS = "opt_in"
"""The one yes that opens what was refused. A soft opt-in is nothing the person said: it opens nothing again."""

KEY = ("customer_id", "contact_channel", "purpose", "address_kind", "address_hash")
CELL = ("source_customer_id", *KEY)


@dataclass(frozen=True, kw_only=True)
class ConsentSettings:
    """How consent is judged.

    Args:
        jurisdiction: code of `JURISDICTIONS` under which people are written to.
        temporary_bounces: so many in a row block an address.
        unclear_stop: review (a doubtful reply is listed and not counted) or stop (listed, and counted until decided).
    """

    jurisdiction: str = "EU"
    temporary_bounces: int = 5
    unclear_stop: str = "review"

    def __post_init__(self) -> None:
        faults: list[Message] = []
        for name, valid in (("jurisdiction", tuple(JURISDICTIONS)), ("unclear_stop", UNCLEAR_STOPS)):
            received = getattr(self, name)
            if received not in valid:
                place = f"consent.{name}"
                faults.append(message("setting.choices", place=place, value=received, choices=", ".join(valid)))
        if self.temporary_bounces < 1:
            faults.append(
                message("purchases.must_be_positive", name="temporary_bounces", received=self.temporary_bounces)
            )
        if faults:
            raise ConfigurationError(*faults)


@dataclass(frozen=True)
class Reachable:
    """Who is who, and where they can be reached.

    Args:
        parts: customer_id, source_customer_id, joined_on: each customer number of each person, and the day it was
            joined to them (null: it has been theirs from the start, or nobody knows).
        addresses: source_customer_id, address_kind, address_hash (null: unusable), takes_sms.
    """

    parts: ir.Table
    addresses: ir.Table


def consent_status(
    events: ir.Table, people: Reachable, purchases: ir.Table | None, *, as_of: date, settings: ConsentSettings
) -> ir.Table:
    """What holds for each address: KEY, takes_sms, status, decided_by, decided_on, consent_source, expires_on,
    is_permitted, reason; stored.

    Args:
        events: CONSENT_EVENTS known at `as_of` (`consent_signals.known_at`), in any order.
        people: customer numbers and addresses.
        purchases: customer_id, last_purchase_on; None: nobody has bought.
        as_of: the day of knowledge.
        settings: jurisdiction.

    Grain: person, contact channel, purpose and address; for marketing every address of every person (unusable ones as
    one, with an empty hash), for other purposes those of which something was said. Contact channels without addresses
    (push, coupon) have one row for a person of whom something was said. `reason` is that of a refusal
    (`REFUSED_BY`), or no_consent, consent_expired, no_purchase; null where a message is permitted.
    """
    held = _held(people)
    usable = held.filter(held["address_hash"] != "").select("source_customer_id", "address_kind", "address_hash")
    found = signals(events, usable)
    cells = portable.materialise(_cells(people, held, found), "consent_cells")
    hits = portable.materialise(_hits(cells, people.parts, found), "consent_hits")
    judged = _judged(cells, hits, purchases, as_of, settings)
    order = [
        judged["rank"],
        ibis.desc(judged["decided_on"].fill_null(ibis.date(1900, 1, 1))),
        judged["source"].fill_null(""),
        judged["file_id"].fill_null(""),
        judged["row_number"].fill_null(0),
        judged["source_customer_id"],
    ]
    ranked = judged.mutate(place=ibis.row_number().over(ibis.window(group_by=KEY, order_by=order)))
    best = ranked.filter(ranked["place"] == 0)
    best = best.filter((best["purpose"] == "marketing") | best["decided_by"].notnull())
    silent_is_enough = best["contact_channel"].isin(
        [c for c in KIND_OF_CHANNEL if rule(settings.jurisdiction, c).permission == NO_OBJECTION]
    )
    permitted = best["status"].isin(GRANTS) | ((best["status"] == "unknown") & silent_is_enough)
    wanted = (*KEY, "takes_sms", "status", "decided_by", "decided_on", "consent_source", "expires_on")
    done = best.select(
        *wanted, is_permitted=permitted, reason=ibis.ifelse(permitted, ibis.null("string"), best["reason"])
    )
    done = portable.materialise(done, "consent_status")
    portable.forget(hits, cells)
    return done


def _held(people: Reachable) -> ir.Table:
    """Each address of each customer number once; unusable ones with an empty hash."""
    addresses = people.addresses
    plain = addresses.mutate(address_hash=addresses["address_hash"].fill_null(""))
    return plain.group_by("source_customer_id", "address_kind", "address_hash").aggregate(
        takes_sms=ibis.ifelse(plain["takes_sms"].fill_null(True), 1, 0).max()
    )


def _cells(people: Reachable, held: ir.Table, found: Signals) -> ir.Table:
    """Customer numbers by contact channel, purpose and address; `holds` where the number has the address.

    Those of addresses of the same person that another number has are there where this one refused as a person.
    """
    parts = people.parts.select("customer_id", "source_customer_id")
    kinds = {channel: KIND_OF_CHANNEL[channel] for channel in found.channels}
    ways = [(c, k, p) for c, k in kinds.items() if k for p in found.purposes]
    names = ("contact_channel", "address_kind", "purpose")
    table = pa.table({n: pa.array([way[i] for way in ways], pa.string()) for i, n in enumerate(names)})
    wide = held.join(portable.stored(table, "ways", like=held), "address_kind")
    own = parts.join(wide, "source_customer_id").select(*CELL, "takes_sms", holds=ibis.literal(True))
    bare = [channel for channel, kind in kinds.items() if kind is None]
    said = found.personal.filter(found.personal["contact_channel"].isin(bare))
    said = said.select("source_customer_id", "contact_channel", "purpose").distinct()
    alone = parts.join(said, "source_customer_id").mutate(
        address_kind=ibis.literal(""),
        address_hash=ibis.literal(""),
        takes_sms=ibis.literal(1),
        holds=ibis.literal(True),
    )
    own = portable.materialise(own.union(alone.select(*own.columns).cast(own.schema())), "own_cells")
    refusing = found.personal.filter(found.personal["event"].isin(SEVERITY))
    refusing = refusing.select("source_customer_id", "contact_channel", "purpose").distinct()
    refusing = parts.join(refusing, "source_customer_id").rename(refusing_id="source_customer_id")
    others = own.join(refusing, ["customer_id", "contact_channel", "purpose"])
    others = others.filter(others["source_customer_id"] != others["refusing_id"])
    others = others.select(*KEY, "takes_sms", source_customer_id="refusing_id", holds=ibis.literal(False)).distinct()
    others = others.anti_join(own, CELL)
    return own.union(others.select(*own.columns))


def _hits(cells: ir.Table, parts: ir.Table, found: Signals) -> ir.Table:
    """Every signal that concerns a cell, and how: `closes_address`, `closes_person`, `opens_address`, `opens_person`,
    `gives` (it can be what the status rests on)."""
    here = cells.select(*CELL, "holds")
    named = found.named.rename(said_by="source_customer_id")
    on = ("address_kind", "address_hash", "contact_channel", "purpose")
    about = here.filter(here["address_hash"] != "").join(named, on)
    is_own: Any = (about["said_by"].isnull() | (about["said_by"] == about["source_customer_id"])).fill_null(False)
    grants, refuses = about["event"].isin(GRANTS), about["event"].isin(SEVERITY)
    by_address = about.select(
        *CELL, "low", "high", *FIELDS,
        closes_address=refuses & about["holds"],
        closes_person=ibis.literal(False),
        opens_address=about["event"].isin((OPENS, "restarted")),
        opens_person=(about["event"] == OPENS) & is_own,
        gives=(grants | (about["event"] == "unknown")) & is_own & about["holds"],
    )  # fmt: skip
    of_person = here.join(found.personal, ["source_customer_id", "contact_channel", "purpose"])
    grants, refuses = of_person["event"].isin(GRANTS), of_person["event"].isin(SEVERITY)
    by_person = of_person.select(
        *CELL, "low", "high", *FIELDS,
        closes_address=ibis.literal(False),
        closes_person=refuses,
        opens_address=of_person["event"] == OPENS,
        opens_person=of_person["event"] == OPENS,
        gives=(grants | (of_person["event"] == "unknown")) & of_person["holds"],
    )  # fmt: skip
    return by_address.union(by_person).union(_later_of_another(here, parts, found))


def _later_of_another(here: ir.Table, parts: ir.Table, found: Signals) -> ir.Table:
    """A yes of one customer number of a person counts for another if it was given after the two were joined."""
    one = parts.select("customer_id", "source_customer_id", "joined_on")
    other = one.rename(said_by="source_customer_id", other_joined_on="joined_on")
    pairs = one.join(other, "customer_id")
    pairs = pairs.filter(pairs["source_customer_id"] != pairs["said_by"])
    since: Any = ibis.coalesce(ibis.greatest(pairs["joined_on"], pairs["other_joined_on"]), pairs["joined_on"],
                               pairs["other_joined_on"])  # fmt: skip
    pairs = pairs.select("source_customer_id", "said_by", since=since)
    pairs = pairs.filter(pairs["since"].notnull())
    wide = here.join(pairs, "source_customer_id")
    named = found.named.filter(found.named["event"].isin(GRANTS)).rename(said_by="source_customer_id")
    about = wide.join(named, ["said_by", "address_kind", "address_hash", "contact_channel", "purpose"])
    personal = found.personal.filter(found.personal["event"].isin(GRANTS)).rename(said_by="source_customer_id")
    of_person = wide.join(personal, ["said_by", "contact_channel", "purpose"])
    parts_of = []
    for table in (about, of_person):
        day: Any = table["happened_on"]
        later = table.filter(day > table["since"])
        parts_of.append(
            later.select(
                *CELL, "low", "high", *FIELDS,
                closes_address=ibis.literal(False),
                closes_person=ibis.literal(False),
                opens_address=later["event"] == OPENS,
                opens_person=later["event"] == OPENS,
                gives=later["holds"],
            )
        )  # fmt: skip
    return parts_of[0].union(parts_of[1])


def _judged(
    cells: ir.Table, hits: ir.Table, purchases: ir.Table | None, as_of: date, settings: ConsentSettings
) -> ir.Table:
    """Each cell with the refusal that stands, else the last thing said; the smaller `rank` decides for the person.

    Cells of numbers that do not have the address are there only where they refuse.
    """
    opened = hits.group_by(*CELL).aggregate(
        address_opened=hits["low"].max(where=hits["opens_address"]),
        person_opened=hits["low"].max(where=hits["opens_person"]),
    )
    beside = hits.filter(hits["closes_address"] | hits["closes_person"]).join(opened, CELL)
    stands = (
        beside["closes_address"] & (beside["address_opened"].isnull() | (beside["high"] >= beside["address_opened"]))
    ) | (beside["closes_person"] & (beside["person_opened"].isnull() | (beside["high"] >= beside["person_opened"])))
    severity: Any = portable.by_value(beside["event"], {event: n for n, event in enumerate(SEVERITY)}, len(SEVERITY))
    closed = beside.filter(stands).mutate(severity=severity.cast("int64"))
    closed = _first(closed, [closed["severity"], ibis.desc(closed["high"])])
    closed = closed.select(*CELL, *FIELDS, status=ibis.literal("opt_out"), rank=closed["severity"],
                           reason=portable.by_value(closed["event"], REFUSED_BY, None))  # fmt: skip
    given = hits.filter(hits["gives"])
    caution: Any = portable.by_value(given["event"], {"unknown": 0, "soft_opt_in": 1, "opt_in": 2}, 3)
    far: Any = given["expires_on"].fill_null(ibis.date(9999, 12, 31))
    given = given.mutate(caution=caution.cast("int64"), far=far)
    given = _first(given, [ibis.desc(given["low"]), given["caution"], given["far"]])
    given = _valid(given, purchases, as_of, settings)
    closed = portable.materialise(closed, "consent_refused")
    given = portable.materialise(given.select(*closed.columns).cast(closed.schema()), "consent_given")
    said = closed.union(given.anti_join(closed, CELL))
    wide = cells.left_join(said, CELL)
    wide = wide.select(*cells.columns, *FIELDS, *(wide[name] for name in ("status", "rank", "reason")))
    wide = wide.filter(wide["holds"] | (wide["status"] == "opt_out"))
    return wide.mutate(
        status=wide["status"].fill_null("unknown"),
        rank=wide["rank"].fill_null(99).cast("int64"),
        reason=ibis.ifelse(wide["status"].isnull(), "no_consent", wide["reason"]),
        decided_by=wide["event"],
        decided_on=wide["happened_on"],
    )


def _first(hits: ir.Table, order: list[Any]) -> ir.Table:
    """One hit a cell: the first in an order, then by where it is written."""
    every = [*order, hits["source"], hits["file_id"], hits["row_number"]]
    ranked = hits.mutate(place=ibis.row_number().over(ibis.window(group_by=CELL, order_by=every)))
    return ranked.filter(ranked["place"] == 0).drop("place")


def _valid(given: ir.Table, purchases: ir.Table | None, as_of: date, settings: ConsentSettings) -> ir.Table:
    """What the last thing said is worth: nothing once it has expired, and a soft opt-in nothing without a purchase."""
    if purchases is None:
        wide = given.mutate(last_purchase_on=ibis.null("date"))
    else:
        bought = purchases.select(buyer_id="customer_id", last_purchase_on="last_purchase_on")
        wide = given.left_join(bought, given["customer_id"] == bought["buyer_id"]).drop("buyer_id")
    law = ibis.ifelse(wide["jurisdiction"].isin(list(JURISDICTIONS)), wide["jurisdiction"], settings.jurisdiction)
    bought_on: Any = wide["last_purchase_on"]
    by_law: list[tuple[Any, Any]] = []
    for code, found in JURISDICTIONS.items():
        for channel, said in found.rules.items():
            here = (law == code) & (wide["contact_channel"] == channel)
            if not said.soft_opt_in:
                by_law.append((here, "no_consent"))
            elif said.soft_months is not None:
                since = months_before(as_of, said.soft_months)
                by_law.append((here & bought_on.notnull() & (bought_on <= since), "consent_expired"))
    none = ibis.null("string")
    soft = ibis.cases(*by_law, (bought_on.isnull() | (bought_on > as_of), "no_purchase"), else_=none)
    reason = ibis.cases(
        (wide["event"] == "unknown", "no_consent"),
        ((wide["expires_on"] < as_of).fill_null(False), "consent_expired"),
        (wide["event"] == "soft_opt_in", soft),
        else_=none,
    )
    wide = wide.mutate(reason=reason)
    ranks = {"consent_expired": 12, "no_purchase": 13, "no_consent": 14}
    by_event: Any = ibis.ifelse(wide["event"] == "opt_in", 10, 11)
    rank: Any = ibis.ifelse(wide["reason"].isnull(), by_event, portable.by_value(wide["reason"], ranks, 99))
    return wide.mutate(status=ibis.ifelse(wide["reason"].isnull(), wide["event"], "unknown"), rank=rank.cast("int64"))
