"""People as a cycle knows them: the customer numbers seen, when somebody enrolled, whose a line is."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from habitue import portable


def numbers_seen(lines: ir.Table, source_customers: ir.Table | None, systems: Mapping[str, str]) -> ir.Table:
    """Every customer number of a line or a customer row once: `customer_system`, `source_customer_id`.

    Args:
        lines: STAGED_LINES.
        source_customers: SOURCE_CUSTOMERS, or None.
        systems: customer system of each source.
    """
    system = ibis.cases(*[(lines["source"] == source, name) for source, name in systems.items()], else_=lines["source"])
    seen = lines.filter(lines["source_customer_id"].notnull())
    seen = seen.select(customer_system=system, source_customer_id=seen["source_customer_id"]).distinct()
    if source_customers is not None:
        seen = seen.union(source_customers.select("customer_system", "source_customer_id"), distinct=True)
    return seen


def members(people: ir.Table, ids: ir.Table, source_customers: ir.Table | None) -> ir.Table:
    """Everybody known by a sale or a customer file, once: `customer_id`, `population`, `enrolled_on` (first; or null).

    Args:
        people: CUSTOMERS.
        ids: CUSTOMER_IDS.
        source_customers: SOURCE_CUSTOMERS, or None.
    """
    everybody = people.select("customer_id", "population")
    if source_customers is None:
        return everybody.mutate(enrolled_on=ibis.null("date"))
    rows = source_customers.select("customer_system", "source_customer_id", "enrolled_on")
    rows = rows.inner_join(ids, ["customer_system", "source_customer_id"])
    first = rows.group_by(enrolled_id=rows.customer_id).aggregate(enrolled_on=rows.enrolled_on.min())
    wide = everybody.left_join(first, everybody.customer_id == first.enrolled_id)
    return portable.materialise(wide.select(*everybody.columns, "enrolled_on"), "members")


def with_people(lines: ir.Table, moved: ir.Table | None) -> ir.Table:
    """Lines with `customer_id`: the person of their customer number; null where it is nobody's.

    Args:
        lines: STAGED_LINES.
        moved: `source_customer_id`, `customer_id` of the numbers whose person is not called like the number; None: all
            are.
    """
    if moved is None:
        return lines.mutate(customer_id=lines["source_customer_id"])
    other = moved.select(moved_number="source_customer_id", moved_id="customer_id")
    wide = lines.left_join(other, lines["source_customer_id"] == other["moved_number"])
    is_moved = wide["moved_number"].notnull()
    return wide.select(*lines.columns, customer_id=ibis.ifelse(is_moved, wide["moved_id"], wide["source_customer_id"]))
