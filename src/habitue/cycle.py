"""One cycle: the rooms composed, from staged tables to derived tables. Pure: what it needs is given to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable, schemas
from habitue.customers import contactable
from habitue.customers.consent import ConsentSettings
from habitue.customers.generic_cards import SharedCardSettings, shared_cards
from habitue.customers.people import members, numbers_seen, with_people
from habitue.customers.who_is_who import Known, WhoSettings, customer_ids, households, stakes, who_is_who
from habitue.errors import DataError, Message, UsageError, message
from habitue.purchases import collection_plan, reconciliation, sales, visits
from habitue.purchases.day_changes import day_changes
from habitue.purchases.purchase_lines import PurchaseSettings, purchase_lines
from habitue.purchases.sale_types import customer_populations
from habitue.segments.channel_weights import Decision
from habitue.segments.segmentation import Bought, SegmentSettings, segmentation
from habitue.segments.strategic import Calibration
from habitue.staging.overlaps import take_once
from habitue.value.methods import MARGIN
from habitue.value.profiles import customer_profiles
from habitue.value.projection import ProjectionSettings, projected_tables
from habitue.value.settings import ValueSettings
from habitue.value.track_record import NO_RECORD, Record, track_record
from habitue.value.trials import Segmentations
from habitue.value.valuation import valuation


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What the sources hold, staged.

    `lines` are STAGED_LINES of all files; `refused` the rows refused on reading (file_id, row_number, column, value,
    reason, source_amount, currency); `files` is FILES. The other tables may be None where no source gives them;
    `consents` are CONSENT_EVENTS, `deliveries` DELIVERY_EVENTS, `addresses` CUSTOMER_ADDRESSES, `minors` the
    source_customer_id of people under age, `suppressed` the addresses of the erased (see `contactable.Told`), `merges`
    what customer systems say of merged numbers (customer_system, source_customer_id, merged_into_id, merged_on).
    """

    lines: ir.Table
    refused: ir.Table
    files: ir.Table
    source_customers: ir.Table | None
    products: ir.Table | None
    stores: ir.Table | None
    payments: ir.Table | None
    rates: ir.Table | None
    consents: ir.Table | None = None
    deliveries: ir.Table | None = None
    addresses: ir.Table | None = None
    minors: ir.Table | None = None
    merges: ir.Table | None = None
    suppressed: ir.Table | None = None


@dataclass(frozen=True, kw_only=True)
class CycleSettings:
    """The decisions a cycle follows."""

    currency: str
    earliest_on: date
    purchases: PurchaseSettings
    shared_cards: SharedCardSettings
    segments: SegmentSettings
    value: ValueSettings
    refused_rows: Decimal
    refused_amount: Decimal
    customer_systems: Mapping[str, str]
    overlapping: bool
    identifies_customers: bool
    has_sales: bool
    consent: ConsentSettings = field(default_factory=ConsentSettings)
    who: WhoSettings = field(default_factory=WhoSettings)


@dataclass(frozen=True)
class Cycle:
    """The derived tables by name, the scheme of segments in its plain form, notes, faults that forbid their use."""

    tables: Mapping[str, ir.Table]
    scheme: Mapping[str, Any]
    notes: tuple[Message, ...]
    faults: tuple[Message, ...]


def default_as_of(lines: ir.Table, earliest_on: date, reading_on: date) -> date | None:
    """The last day in the data that is believable and not after the day of reading; None without such a day."""
    days: Any = lines["sold_on"]
    return lines.filter((days >= earliest_on) & (days <= reading_on)).agg(day=days.max()).to_pyarrow()["day"][0].as_py()


def run_cycle(
    staged: Staged,
    settings: CycleSettings,
    *,
    as_of: date,
    reading_on: date,
    until: date | None = None,
    previous_plan: ir.Table | None = None,
    frozen: Mapping[str, Calibration] | None = None,
    decided: Mapping[str, Decision] | None = None,
    record: Record = NO_RECORD,
    objected: ir.Table | None = None,
    known: Known | None = None,
    keep: Callable[[ir.Table, str], ir.Table] = portable.materialise,
) -> Cycle:
    """Turn staged tables into what each customer really bought, as known at the end of `as_of`.

    Args:
        staged: the sources' tables.
        settings: rules and tolerances.
        as_of: the day of knowledge.
        reading_on: the day on which the files are read; later sales are refused.
        until: last day that is looked ahead to; None: nothing is forecast.
        previous_plan: the collection plan of the run before, for its trend.
        frozen: thresholds of the strategic segments kept from the run before, by population.
        decided: weights of sales channels kept from the run before, by dimension.
        record: what earlier runs promised.
        objected: objections recorded by a command (`contactable.Told`): the people's purchases count, but nothing is
            made of them, whatever the as-of date (GDPR 21(3): no more processing for that purpose). None: nobody.
        known: what tells who is who; None: each customer number is one person.
        keep: stores the lines, by far the largest table, under a name, and gives back what it stored.

    Raises:
        DataError: no row survives, or no customer is identified although the sources name them.
        UsageError: `as_of` is before the first believable day of the data.
    """
    files = staged.files
    dated = _refuse_days(staged.lines, settings.earliest_on, reading_on)
    sales_files = files.filter(files["kind"] == "transactions")
    refused = staged.refused.union(dated.refused)
    believable = dated.lines
    first = believable.agg(day=believable["sold_on"].min()).to_pyarrow()["day"][0].as_py()
    if first is None and settings.has_sales:
        raise DataError(message("run.no_row_survives", refused=int(refused.count().to_pyarrow().as_py())))
    if first is not None and as_of < first:
        raise UsageError(message("run.as_of_before_data", as_of=as_of, first=first))
    taken = take_once(believable, files, overlapping=settings.overlapping)
    after = taken.lines.filter(taken.lines["sold_on"] > as_of)
    numbered = taken.lines.filter(taken.lines["sold_on"] <= as_of)
    shared = shared_cards(numbered, as_of=as_of, settings=settings.shared_cards)
    known = known or Known()
    who = who_is_who(
        known,
        numbers_seen(numbered, staged.source_customers, settings.customer_systems),
        None if known.records is None else stakes(numbered, known.records, staged.consents, as_of=as_of),
        as_of=as_of,
        settings=settings.who,
        not_persons=shared.filter(shared["is_set_apart"]).select("source_customer_id"),
    )
    current = with_people(numbered, who.moved)
    bought = purchase_lines(
        current,
        products=staged.products,
        payments=staged.payments,
        rates=staged.rates,
        source_customers=staged.source_customers,
        shared=shared,
        settings=settings.purchases,
        home_currency=settings.currency,
    )
    lines, returned = keep(bought.lines, "transaction_lines"), bought.returns
    tickets = visits.tickets(lines)
    customer_days = visits.customer_days(lines, by_ticket=tickets)
    ids, parts = customer_ids(numbers_seen(lines, staged.source_customers, settings.customer_systems), who.stands)
    unbought = _bought_nothing(lines, customer_days) if settings.identifies_customers else None
    recon = reconciliation.reconciliation(
        _read(staged),
        lines=lines,
        duplicates=taken.superseded,
        after_as_of=after,
        refused=refused.semi_join(sales_files, "file_id"),
        set_aside=bought.set_aside,
    )
    quarantine = _quarantine(refused, bought.set_aside, files)
    people = visits.customers(
        lines, customer_days, ids, by_ticket=tickets, populations=_populations(staged, settings, shared, ids)
    )
    told = contactable.Told(
        consents=staged.consents,
        deliveries=staged.deliveries,
        addresses=staged.addresses,
        minors=staged.minors,
        objections=objected,
        suppressed=staged.suppressed,
    )
    permitted = contactable.permissions(told, parts, people, as_of=as_of, settings=settings.consent)
    changes = day_changes(bought.taken_back, customer_days)
    objecting = permitted.objecting

    def profiled(table: ir.Table) -> ir.Table:
        return table if objecting is None else table.anti_join(objecting, "customer_id")

    profiled_days, profiled_changes = profiled(customer_days), profiled(changes)
    segmented = segmentation(
        Bought(
            days=profiled_days,
            changes=profiled_changes,
            lines=lines,
            products=staged.products,
            stores=staged.stores,
            members=profiled(members(people, ids, staged.source_customers)),
        ),
        settings.segments,
        as_of=as_of,
        frozen=frozen,
        decided=decided,
    )
    notes = (*([unbought] if unbought else []), *who.notes, *_objections(objecting), *permitted.notes, *segmented.notes)
    ahead: Mapping[str, ir.Table] = {}
    if until is not None:
        segmentations = Segmentations(
            assignments=segmented.tables["assignments"],
            scheme=segmented.scheme,
            settings=segmented.settings.rfm,
        )
        valued = valuation(profiled_days, profiled_changes, segmentations, settings.value, as_of=as_of, until=until)
        projected, said = projected_tables(
            segmented.assigned,
            segmented.scheme,
            segmented.moments,
            ProjectionSettings(discount_rate=settings.value.discount_rate, left_out=settings.value.left_out),
        )
        ahead = {**valued.tables, **projected, **track_record(customer_days, ids, record, as_of=as_of)}
        if settings.value.measure == MARGIN and "projection.no_yearly_step" not in {note.code for note in said}:
            said = (*said, message("projection.net_sales_only"))
        notes = (*notes, *valued.notes, *said)
    tables: dict[str, ir.Table] = {
        "transaction_lines": lines,
        "returns": returned,
        "customer_days": customer_days,
        "visits": visits.visits(customer_days),
        "customers": people,
        "customers_without_visit": visits.without_visit(tickets, customer_days),
        "customer_ids": ids,
        "sales": sales.sales(lines),
        "sales_by_day": sales.sales_by_day(lines, by_ticket=tickets),
        "sales_by_year": sales.sales_by_year(lines, customer_days, as_of, by_ticket=tickets),
        "shared_cards": shared,
        "ticket_conflicts": _ticket_conflicts(current),
        "resent_tickets": taken.resent,
        "quarantine": quarantine,
        "reconciliation": recon,
        "collection_plan": collection_plan.collection_plan(
            lines, staged.source_customers, previous_plan, labelled_sources=bought.labelled_sources
        ),
        "files": files,
        **who.tables,
        **permitted.tables,
        **segmented.tables,
        "day_changes": changes,
        **ahead,
        "customer_profiles": customer_profiles(profiled_days, segmented, ahead),
    }
    if "identities" in who.tables:
        tables["households"] = households(who.tables["identities"], ids, people)
    for name in ("source_customers", "products", "stores", "payments", "rates"):
        table = getattr(staged, name)
        if table is not None:
            tables[name] = table
    faults = (*reconciliation.check_identity(recon), *_beyond_tolerance(recon, settings))
    return Cycle(tables, segmented.plain(), notes, faults)


def _bought_nothing(lines: ir.Table, customer_days: ir.Table) -> Message | None:
    """That nobody has a visit, though lines have customer numbers; None where somebody has.

    Raises:
        DataError: no line has a number.
    """
    if customer_days.filter(customer_days.is_visit).count().to_pyarrow().as_py():
        return None
    numbered = int(lines.filter(lines["source_customer_id"].notnull()).count().to_pyarrow().as_py())
    if not numbered:
        raise DataError(message("run.no_identified_customer"))
    return message("run.nobody_bought", count=numbered)


def _objections(objecting: ir.Table | None) -> list[Message]:
    count = 0 if objecting is None else int(objecting.count().to_pyarrow().as_py())
    return [message("run.objected", count=count)] if count else []


@dataclass(frozen=True)
class _Dated:
    lines: ir.Table
    refused: ir.Table


def _refuse_days(lines: ir.Table, earliest_on: date, reading_on: date) -> _Dated:
    """Set aside sales before the earliest believable day or after the day of reading."""
    day: Any = lines["sold_on"]
    before, after = day < earliest_on, day > reading_on
    odd = lines.filter(before | after)
    refused = odd.select(
        "file_id",
        row_number=odd["row_number"],
        column=ibis.literal("sold_at"),
        value=odd["sold_on"].cast("string"),
        reason=ibis.ifelse(odd["sold_on"] < earliest_on, "before_earliest", "after_reading_day"),
        source_amount=odd["source_amount"],
        currency=odd["currency"],
    )
    return _Dated(lines.filter(~(before | after)), refused)


def _read(staged: Staged) -> ir.Table:
    """Rows and readable amounts read, by file and currency."""
    lines = staged.lines.select("file_id", "row_number", "currency", "source_amount")
    refused = staged.refused.select("file_id", "row_number", "currency", "source_amount")
    both = lines.union(refused)
    summed = both.group_by("file_id", "currency").agg(
        rows=both.count(), amount=both["source_amount"].sum().fill_null(0).cast("int64")
    )
    sales = staged.files.filter(staged.files["kind"] == "transactions")
    return summed.join(sales.select("file_id", "source", "file"), "file_id")


def _populations(staged: Staged, settings: CycleSettings, shared: ir.Table, ids: ir.Table) -> ir.Table | None:
    """Populations of people known from a customer file only."""
    if staged.source_customers is None:
        return None
    placed = customer_populations(staged.source_customers, settings.purchases.populations, shared=shared)
    return placed.inner_join(ids, "source_customer_id").select("population", "customer_id")


def _quarantine(refused: ir.Table, set_aside: ir.Table, files: ir.Table) -> ir.Table:
    columns = ("file_id", "row_number", "column", "value", "reason", "source_amount", "currency")
    both = refused.select(*columns).union(set_aside.select(*columns))
    return schemas.QUARANTINE.cast(both.join(files.select("file_id", "source", "file"), "file_id"))


def _ticket_conflicts(lines: ir.Table) -> ir.Table:
    """Tickets on which two customers meet."""
    known = lines.filter(lines["source_customer_id"].notnull())
    ends = known.group_by("source", "transaction_id").agg(
        first=known["source_customer_id"].min(), last=known["source_customer_id"].max()
    )
    odd = ends.filter(ends["first"] != ends["last"])
    theirs = lines.semi_join(odd, ["source", "transaction_id"])
    found = theirs.group_by("source", "transaction_id").agg(
        customers_count=theirs["source_customer_id"].nunique(), net_amount=theirs["net_amount"].sum()
    )
    return schemas.TICKET_CONFLICTS.cast(found)


def _beyond_tolerance(recon: ir.Table, settings: CycleSettings) -> list[Message]:
    """Sources of which more was refused than the settings allow."""
    moved: Any = recon["set_aside_amount"].abs()
    for name in ("used_amount", "duplicate_amount", "after_as_of_amount", "not_a_purchase_amount"):
        moved = moved + recon[name].abs()
    by_source = recon.group_by("source").agg(
        rows=recon["read_rows"].sum(),
        refused=(recon["set_aside_rows"] + recon["unreadable_rows"]).sum(),
        aside=recon["set_aside_amount"].abs().sum(),
        amount=moved.sum(),
    )
    faults = []
    for row in by_source.order_by("source").to_pyarrow().to_pylist():
        if row["rows"] and Decimal(row["refused"]) / row["rows"] > settings.refused_rows:
            faults.append(
                message(
                    "run.rows_beyond_tolerance",
                    source=row["source"],
                    refused=int(row["refused"]),
                    rows=int(row["rows"]),
                    tolerance=float(settings.refused_rows),
                )
            )
        if row["amount"] and Decimal(row["aside"]) / Decimal(row["amount"]) > settings.refused_amount:
            faults.append(
                message(
                    "run.amount_beyond_tolerance",
                    source=row["source"],
                    share=float(Decimal(row["aside"]) / Decimal(row["amount"])),
                    tolerance=float(settings.refused_amount),
                )
            )
    return faults
