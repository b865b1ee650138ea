"""Customer days as they were known before: what a later return took back, so that a past state can be told rightly.

Knowledge at a date: a return nets the day of the purchase in runs after it, never in the state before it.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.purchases.visits import DAY
from habitue.schemas import DAY_CHANGES


def day_changes(taken_back: ir.Table, days: ir.Table) -> ir.Table:
    """DAY_CHANGES: for each day with a linked return dated later, what was still counted until then; stored.

    Args:
        taken_back: of `Purchases`.
        days: CUSTOMER_DAYS of the same lines.

    The net of a day as known at t is its net now plus the changes with `known_until` >= t; it was a visit then if it is
    one now, or if a change with `visits_count` 1 has `known_until` >= t. Amounts in home minor units.
    """
    taken = taken_back.filter(taken_back.returned_on > taken_back.sold_on)
    taken = taken.select(
        *DAY,
        net_amount="returned_amount",
        known_until=(taken.returned_on - ibis.interval(days=1)).cast("date"),
    )
    now = days.select(
        "sales_channel",
        day_customer="customer_id",
        day_population="population",
        day_on="sold_on",
        is_now="is_visit",
        now="net_amount",
    )
    beside = taken.left_join(
        now,
        [
            taken.customer_id == now.day_customer,
            taken.population == now.day_population,
            taken.sold_on == now.day_on,
        ],
    ).select(*taken.columns, "is_now", "now", "sales_channel")
    latest_first = ibis.window(group_by=DAY, order_by=[ibis.desc("known_until")], preceding=None, following=0)
    beside = beside.mutate(net_then=beside.now.fill_null(0) + beside.net_amount.sum().over(latest_first))
    is_last_visit = ~beside.is_now.fill_null(False) & (beside.net_then > 0) & (beside.net_then - beside.net_amount <= 0)
    found = beside.mutate(visits_count=ibis.ifelse(is_last_visit, 1, 0))
    return portable.materialise(DAY_CHANGES.cast(found), "day_changes")
