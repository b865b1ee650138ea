"""Every customer at a glance, so that lists of customers need one table only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.schemas import CUSTOMER_PROFILES
from habitue.segments.profiles import most_visited
from habitue.segments.rfm import scores
from habitue.segments.rule_sets import SCORES
from habitue.segments.schemes import segment_column
from habitue.segments.segmentation import Segmented
from habitue.segments.standard import TEN
from habitue.segments.states import PERSON
from habitue.segments.strategic import STRATEGIC

LISTS = {"is_critical": "critical_customers", "is_rising": "rising", "is_fading": "fading"}
EXPECTED = ("expected_amount", "low_80_amount", "high_80_amount", "low_95_amount", "high_95_amount",
            "active_probability")  # fmt: skip


def customer_profiles(days: ir.Table, segmented: Segmented, ahead: Mapping[str, ir.Table]) -> ir.Table:
    """CUSTOMER_PROFILES, whoever is expected to bring most first.

    Args:
        days: CUSTOMER_DAYS up to the as-of date.
        segmented: what the room of segments made of them.
        ahead: tables of the room of value by name; those that are not there name nobody.
    """
    window_after = segmented.moments[0].window_after
    wide = _segmented(segmented).union(_left_out(days, segmented))
    for column in ("store_id", "sales_channel"):
        wide = _beside(wide, most_visited(days, column, window_after=window_after))
    if "expected_revenue" in ahead:
        wide = _beside(wide, ahead["expected_revenue"].select(*PERSON, *EXPECTED))
    else:
        wide = wide.mutate(**{name: ibis.null(CUSTOMER_PROFILES.ibis_schema()[name]) for name in EXPECTED})
    for flag, name in LISTS.items():
        if name in ahead:
            wide = _beside(wide, ahead[name].select(*PERSON, **{flag: ibis.literal(True)}))
            wide = wide.mutate(**{flag: wide[flag].fill_null(False)})
        else:
            wide = wide.mutate(**{flag: ibis.literal(False)})
    found = CUSTOMER_PROFILES.cast(wide)
    return found.order_by(
        ibis.desc(found.expected_amount, nulls_first=False), ibis.desc(found.net_amount), *CUSTOMER_PROFILES.key
    )


def _segmented(segmented: Segmented) -> ir.Table:
    """Everybody known of the populations that are segmented."""
    there = segmented.assigned.filter(segmented.assigned.known_0)
    scored = scores(there, segmented.scheme.scales, number=0, on=segmented.moments[0].on)
    is_customer = there.visits_0 > 0
    return there.select(
        *PERSON,
        strategic_segment=there[segment_column(STRATEGIC, 0)],
        ten_segment=there[segment_column(TEN.name, 0)],
        first_visit_on=there.first_on,
        last_visit_on=there.last_0,
        visits_count=there.visits_0,
        frequency=there.frequency_0,
        net_amount=there.net_0,
        **{f"{name}_score": ibis.ifelse(is_customer, scored[name], None).cast("int64") for name in SCORES},
    )


def _left_out(days: ir.Table, segmented: Segmented) -> ir.Table:
    """Whoever has a visit, of the populations the settings leave out."""
    theirs = days.filter(days.population.isin(segmented.settings.left_out) & days.is_visit)
    after: Any = segmented.moments[0].window_after
    in_window = theirs.sold_on > after
    seen = theirs.group_by(*PERSON).aggregate(
        first_visit_on=theirs.sold_on.min(),
        last_visit_on=theirs.sold_on.max(),
        visits_count=theirs.sold_on.count(),
        frequency=theirs.sold_on.count(where=in_window),
    )
    bought = days.filter(days.population.isin(segmented.settings.left_out) & (days.sold_on > after))
    spent = bought.group_by(*PERSON).aggregate(net_amount=bought.net_amount.sum().cast("int64"))
    wide = _beside(seen, spent)
    return wide.select(
        *PERSON,
        strategic_segment=ibis.null("string"),
        ten_segment=ibis.null("string"),
        first_visit_on=wide.first_visit_on,
        last_visit_on=wide.last_visit_on,
        visits_count=wide.visits_count,
        frequency=wide.frequency,
        net_amount=wide.net_amount.fill_null(0),
        **{f"{name}_score": ibis.null("int64") for name in SCORES},
    )


def _beside(wide: ir.Table, more: ir.Table) -> ir.Table:
    """A table of people with the columns of another; null where that has no row of theirs."""
    other = more.rename({f"other_{name}": name for name in PERSON})
    both = wide.left_join(other, [wide[name] == other[f"other_{name}"] for name in PERSON])
    return both.drop(*(f"other_{name}" for name in PERSON))
