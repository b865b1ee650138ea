"""Everything about who is who, composed: normal forms, persons, their lasting ids, households, the golden record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable, schemas
from habitue.customers.consent_signals import GRANTS, SEVERITY
from habitue.customers.golden_record import golden_records
from habitue.customers.identity.merge_tables import CYCLE, UNKNOWN_TARGET, followed_merges
from habitue.customers.identity.persistent import persistent_ids
from habitue.customers.identity.resolve import SecondLook, resolve_identities
from habitue.customers.identity.settings import IdentitySettings
from habitue.customers.normal_forms.completeness import contact_faults, profile_completeness
from habitue.customers.normal_forms.ignored import masked
from habitue.customers.normal_forms.tables import Regions, normal_forms
from habitue.errors import Message, message

NAMED_BY_DECISION = ("source_customer_id", "other_source_customer_id")
NAMED_BY_MERGE = ("source_customer_id", "final_id")


@dataclass(frozen=True, kw_only=True)
class WhoSettings:
    """The decisions about who is who.

    Args:
        identity: thresholds, rules, systems with one number a person.
        regions: countries of telephone numbers written without one.
        sources: sources, the one whose word stands first in the golden record.
        second_look: finds pairs among what the rules left; None: there is no second look.
    """

    identity: IdentitySettings = field(default_factory=IdentitySettings)
    regions: Regions = field(default_factory=Regions)
    sources: tuple[str, ...] = ()
    second_look: SecondLook | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known about who is who. Personal data are in `records` alone, which live while the cycle works.

    Args:
        records: customer rows as written (the columns of `normal_forms.tables.RAW` but net_amount and has_consent);
            None: there are none, or identities are not resolved.
        previous: PERSISTENT_IDS of the run before; None: this is the first.
        decisions: what people decided (see `resolve_identities`).
        merges: customer_system, source_customer_id, merged_into_id, merged_on of customer systems' own merge tables.
    """

    records: ir.Table | None = None
    previous: ir.Table | None = None
    decisions: ir.Table | None = None
    merges: ir.Table | None = None


@dataclass(frozen=True)
class WhoIsWho:
    """What was found.

    `stands` tells of numbers whose it is: `source_customer_id`, `customer_id` (null: nobody's), `joined_on` (since
    which run it is theirs); None where each number is one person. `moved` holds those whose person is not called like
    the number itself (None: there are none); `tables` are the published ones, by name.
    """

    stands: ir.Table | None
    moved: ir.Table | None
    tables: Mapping[str, ir.Table]
    notes: tuple[Message, ...]


def who_is_who(
    known: Known,
    seen: ir.Table,
    at_stake: ir.Table | None,
    *,
    as_of: date,
    settings: WhoSettings,
    not_persons: ir.Table,
) -> WhoIsWho:
    """Persons behind the customer numbers.

    Args:
        known: customer rows, decisions, merge tables, ids of the run before.
        seen: `customer_system`, `source_customer_id`: every number once; read only for decisions and merge tables.
        at_stake: `stakes` of the records; None without records.
        as_of: the day of knowledge.
        settings: the decisions to follow.
        not_persons: `source_customer_id` of numbers set apart as shared cards: each stays alone.

    Where nothing is known of the numbers, each is one person. Numbers of a till's own and of test records are nobody's.
    """
    merges = None
    if known.merges is not None:
        merges = followed_merges(known.merges, seen, as_of=as_of)
    normal, tables = _normal(known, seen, at_stake, merges, as_of=as_of, settings=settings)
    if normal is None:
        return WhoIsWho(None, None, tables, ())
    normal = normal.anti_join(not_persons, "source_customer_id")
    found = resolve_identities(
        normal, settings=settings.identity, decisions=known.decisions, merges=merges, second_look=settings.second_look
    )
    lasting = persistent_ids(found.identities, known.previous, as_of=as_of, merges=merges)
    stands = _stands(found.identities, lasting.ids, not_persons)
    row: Any = stands
    moved = stands.filter(row.customer_id.isnull() | (row.customer_id != row.source_customer_id))
    moved = portable.materialise(moved.select("source_customer_id", "customer_id"), "moved_numbers")
    tables |= {
        "identities": found.identities,
        "identity_pairs": found.pairs,
        "identity_review": found.review,
        "identity_rules": found.rules,
        "ignored_values": masked(found.ignored),
        "persistent_ids": lasting.ids,
        "identity_changes": lasting.changes,
        "golden_records": golden_records(normal, stands, settings.sources),
    }
    notes = (*_counted(found.identities, found.review), *found.notes, *_merge_notes(merges))
    is_moved = bool(moved.count().to_pyarrow().as_py())
    return WhoIsWho(stands, moved if is_moved else None, tables, notes)


def customer_ids(seen: ir.Table, stands: ir.Table | None) -> tuple[ir.Table, ir.Table]:
    """CUSTOMER_IDS of all numbers, and `customer_id`, `source_customer_id`, `joined_on` of those that are somebody's.

    Args:
        seen: `customer_system`, `source_customer_id`: every number once.
        stands: as `WhoIsWho` has it; a number that is not in it is a person of its own.
    """
    if stands is None:
        ids = schemas.CUSTOMER_IDS.cast(seen.mutate(customer_id=seen["source_customer_id"]))
        return ids, ids.select("customer_id", "source_customer_id", joined_on=ibis.null("date"))
    told = stands.select("joined_on", stood="source_customer_id", stands_for="customer_id")
    wide = seen.left_join(told, seen["source_customer_id"] == told["stood"])
    wide = wide.select(
        *seen.columns,
        "joined_on",
        customer_id=ibis.ifelse(wide["stood"].isnull(), wide["source_customer_id"], wide["stands_for"]),
    )
    wide = portable.materialise(wide, "customer_ids")
    parts = wide.filter(wide["customer_id"].notnull())
    return schemas.CUSTOMER_IDS.cast(wide), parts.select("customer_id", "source_customer_id", "joined_on")


def households(identities: ir.Table, ids: ir.Table, people: ir.Table) -> ir.Table:
    """HOUSEHOLDS: people of one last name at one address, where they are at least two.

    Args:
        identities: IDENTITIES.
        ids: CUSTOMER_IDS.
        people: CUSTOMERS.
    """
    homes = identities.filter(identities["household_id"].notnull()).select("household_id", "source_customer_id")
    homes = homes.inner_join(ids.filter(ids["customer_id"].notnull()), "source_customer_id")
    homes = homes.group_by("customer_id").aggregate(household_id=homes["household_id"].min())
    wide = homes.inner_join(people, "customer_id")
    found = wide.group_by("household_id").aggregate(
        customers_count=wide.count(),
        visits_count=wide["visits_count"].sum(),
        net_amount=wide["net_amount"].sum(),
        last_purchase_on=wide["last_purchase_on"].max(),
    )
    return schemas.HOUSEHOLDS.cast(found.filter(found["customers_count"] > 1))


def stakes(lines: ir.Table, records: ir.Table, consents: ir.Table | None, *, as_of: date) -> ir.Table:
    """What a wrong merge would move, by number of a record: `source_customer_id`, `net_amount`, `has_consent`; stored.

    Args:
        lines: STAGED_LINES; amounts of several currencies are added as they stand.
        records: `source_customer_id` of the customer rows.
        consents: CONSENT_EVENTS, or None. A number has a consent if its last yes is not before its last no; null where
            nothing is said.
        as_of: later consents are not known.
    """
    numbers = records.select("source_customer_id").distinct()
    theirs = lines.semi_join(numbers, "source_customer_id")
    net = theirs.group_by(number="source_customer_id").aggregate(net_amount=theirs["net_amount"].sum().cast("int64"))
    wide = numbers.left_join(net, numbers["source_customer_id"] == net["number"]).drop("number")
    if consents is None:
        return portable.materialise(wide.mutate(has_consent=ibis.null("boolean")), "stakes")
    row: Any = consents
    dated: Any = consents.filter(row.happened_on <= as_of)
    said = dated.group_by(number="source_customer_id").aggregate(
        yes_on=dated.happened_on.max(where=dated.event.isin(GRANTS)),
        no_on=dated.happened_on.max(where=dated.event.isin(SEVERITY)),
    )
    told = said.filter(said["yes_on"].notnull() | said["no_on"].notnull())
    consented: Any = told["yes_on"].notnull() & (told["no_on"].isnull() | (told["yes_on"] >= told["no_on"]))
    told = told.select("number", has_consent=consented)
    wide = wide.left_join(told, wide["source_customer_id"] == told["number"]).drop("number")
    return portable.materialise(wide, "stakes")


def _bare(unknown: ir.Table, decisions: ir.Table | None, merges: ir.Table | None) -> ir.Table | None:
    """Numbers without a customer row that people or a merge table speak of, as records of which nothing is known."""
    named = [
        table.select(source_customer_id=table[name])
        for table, names in ((decisions, NAMED_BY_DECISION), (merges, NAMED_BY_MERGE))
        if table is not None
        for name in names
    ]
    if not named:
        return None
    some = unknown.semi_join(ibis.union(*named, distinct=True), "source_customer_id")
    return some.select("customer_system", "source_customer_id", source=some["customer_system"])


def _normal(
    known: Known,
    seen: ir.Table,
    at_stake: ir.Table | None,
    merges: ir.Table | None,
    *,
    as_of: date,
    settings: WhoSettings,
) -> tuple[ir.Table | None, dict[str, ir.Table]]:
    """NORMAL_FORMS of the records, and of numbers without one that people or a merge table speak of; tables so far."""
    tables = {} if merges is None else {"source_merges": merges}
    if known.records is None:
        bare = _bare(seen, known.decisions, merges)
        if bare is None and known.previous is not None:  # customer rows are gone; the people of their numbers stay
            nothing = seen.limit(0)
            bare = nothing.mutate(source=nothing["customer_system"])
        return (None if bare is None else normal_forms(bare, as_of=as_of, regions=settings.regions)), tables
    told = known.records
    if at_stake is not None:
        told = told.left_join(at_stake, "source_customer_id")
        told = told.select(*known.records.columns, "net_amount", "has_consent")
    normal = normal_forms(told, as_of=as_of, regions=settings.regions)
    tables |= {"profile_completeness": profile_completeness(normal), "contact_faults": contact_faults(normal)}
    bare = _bare(seen.anti_join(normal, "source_customer_id"), known.decisions, merges)
    return (normal if bare is None else normal.union(normal_forms(bare, as_of=as_of, regions=settings.regions))), tables


def _stands(identities: ir.Table, lasting: ir.Table, not_persons: ir.Table) -> ir.Table:
    """Whose each number is; stored."""
    nobody = identities.filter(identities["cluster_id"].isnull()).select(
        "source_customer_id", customer_id=ibis.null("string"), joined_on=ibis.null("date")
    )
    theirs = lasting.anti_join(not_persons, "source_customer_id").anti_join(nobody, "source_customer_id")
    theirs = theirs.select("source_customer_id", "customer_id", "joined_on")
    return portable.materialise(theirs.union(nobody), "number_stands")


def _counted(identities: ir.Table, review: ir.Table) -> list[Message]:
    """How many numbers are how many people, how many nobody's, and how many pairs wait; nothing that is none."""
    some = identities.filter(identities["cluster_id"].notnull())
    nobodys = int(identities.filter(identities["cluster_id"].isnull()).count().to_pyarrow().as_py())
    row = some.aggregate(numbers=some.count(), people=some["cluster_id"].nunique()).to_pyarrow().to_pylist()[0]
    waiting = int(review.count().to_pyarrow().as_py())
    notes = []
    if row["people"] < row["numbers"]:
        notes.append(message("identity.joined", numbers=int(row["numbers"]), count=int(row["people"])))
    if nobodys:
        notes.append(message("identity.nobodys", count=nobodys))
    if waiting:
        notes.append(message("identity.waiting", count=waiting))
    return notes


def _merge_notes(merges: ir.Table | None) -> list[Message]:
    """Lines of merge tables that lead nowhere."""
    if merges is None:
        return []
    counts = merges.group_by("finding").aggregate(count=merges.count()).to_pyarrow().to_pylist()
    found = {row["finding"]: int(row["count"]) for row in counts}
    return [message(f"identity.merges_{code}", count=found[code]) for code in (CYCLE, UNKNOWN_TARGET) if code in found]
