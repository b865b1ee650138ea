"""What is missing at the source, where, and what is at stake: the list to take to the tills and the web shop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.purchases.sale_types import is_sale
from habitue.schemas import COLLECTION_PLAN

PLACE = ("source", "store_id", "till_id")


@dataclass(frozen=True)
class _Finding:
    name: str
    field: str
    concerns: ir.BooleanValue
    among: ir.BooleanValue
    stake: ir.IntegerValue


def collection_plan(
    lines: ir.Table,
    source_customers: ir.Table | None,
    previous: ir.Table | None = None,
    *,
    labelled_sources: Collection[str] = (),
) -> ir.Table:
    """COLLECTION_PLAN: finding, source, store and till where at least one line is concerned; stored.

    Args:
        lines: TRANSACTION_LINES.
        source_customers: SOURCE_CUSTOMERS, or None when there is no customer file (nobody can then be reached).
        previous: COLLECTION_PLAN of the run before, for `previous_share`; null where it had no such row.
        labelled_sources: sources that give a sale type of their own (`Purchases.labelled_sources`).

    The findings, with what is at stake (absolute, home minor units):
    return_without_original: the unlinked part of return lines; unlabelled_sale_type: negative or zero lines whose type
    came from the default in a source that gives none; sale_without_customer, sale_without_sku: counted sale lines;
    customer_without_contact: counted sale lines of a customer whose row has no e-mail, phone or address.
    """
    wide = _with_contact(lines, source_customers)
    findings = _findings(wide, labelled_sources)

    def number(condition: ir.BooleanValue) -> ir.IntegerScalar:
        return ibis.ifelse(condition, 1, 0).cast("int64").sum()

    measures: dict[str, ir.IntegerScalar] = {}
    for finding in findings:
        concerned = finding.among & finding.concerns
        measures[f"{finding.name}_lines"] = number(concerned)
        measures[f"{finding.name}_total"] = number(finding.among)
        measures[f"{finding.name}_stake"] = ibis.ifelse(concerned, finding.stake.abs(), 0).cast("int64").sum()
    places = portable.materialise(wide.group_by(*PLACE).aggregate(**measures), "places")
    plan = _rows(places, findings[0])
    for finding in findings[1:]:
        nowhere = finding.name == "customer_without_contact" and source_customers is None
        plan = plan.union(_rows(_by_source(places, finding) if nowhere else places, finding))
    return portable.materialise(COLLECTION_PLAN.cast(_with_previous(plan, previous)), "collection_plan")


def _findings(lines: ir.Table, labelled: Collection[str]) -> list[_Finding]:
    sale = is_sale(lines)
    is_return = lines.counts & (lines.sale_type == "return")
    doubtful = lines.net_amount <= 0
    default = lines.sale_type_rule == "default"
    unlabelled = default & ~lines.source.isin(list(labelled)) if labelled else default
    net, kept = lines.net_amount, lines.kept_amount
    return [
        _Finding("return_without_original", "original_transaction_id", kept < 0, is_return, kept),
        _Finding("unlabelled_sale_type", "sale_type", unlabelled, doubtful, net),
        _Finding("sale_without_customer", "customer_id", lines.customer_id.isnull(), sale, net),
        _Finding("sale_without_sku", "sku", lines.sku.isnull(), sale, net),
        _Finding(
            "customer_without_contact",
            "email, phone or address",
            ~lines.has_contact,
            sale & lines.source_customer_id.notnull() & lines.customer_id.notnull(),
            net,
        ),
    ]


def _by_source(places: ir.Table, finding: _Finding) -> ir.Table:
    """One row a source: without any customer file it is the file that is missing, not something at a till."""
    names = [f"{finding.name}_{part}" for part in ("lines", "total", "stake")]
    whole = places.group_by("source").aggregate(**{name: places[name].sum().cast("int64") for name in names})
    return whole.mutate(store_id=ibis.null("string"), till_id=ibis.null("string"))


def _with_contact(lines: ir.Table, source_customers: ir.Table | None) -> ir.Table:
    if source_customers is None:
        return lines.mutate(has_contact=ibis.literal(False))
    rows = source_customers
    reached = rows.filter((rows.has_email | rows.has_phone | rows.has_address).fill_null(False))
    reached = reached.select(reached_id=reached.source_customer_id).distinct()
    wide = lines.left_join(reached, lines.source_customer_id == reached.reached_id)
    return wide.mutate(has_contact=wide.reached_id.notnull())


def _rows(places: ir.Table, finding: _Finding) -> ir.Table:
    found = places.filter(places[f"{finding.name}_lines"] > 0)
    concerned, total = found[f"{finding.name}_lines"], found[f"{finding.name}_total"]
    return found.select(
        *PLACE,
        finding=ibis.literal(finding.name),
        field=ibis.literal(finding.field),
        lines_count=concerned,
        total_lines_count=total,
        at_stake_amount=found[f"{finding.name}_stake"],
        share=portable.ratio(concerned, total),
    )


def _with_previous(plan: ir.Table, previous: ir.Table | None) -> ir.Table:
    if previous is None:
        return plan.mutate(previous_share=ibis.null("float64"))
    before = previous.select(
        before_finding="finding", before_source="source", before_store_id="store_id", before_till_id="till_id",
        before_share="share",
    )  # fmt: skip
    wide = plan.left_join(
        before,
        [plan.finding == before.before_finding] + [plan[name].identical_to(before[f"before_{name}"]) for name in PLACE],
    )
    return wide.select(*plan.columns, previous_share=wide.before_share)
