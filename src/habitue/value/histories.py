"""What was known of every customer's purchases at a date: what forecasts are made from, and what came after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.segments.states import PERSON, days_between


def known_days(days: ir.Table, changes: ir.Table, on: date) -> ir.Table:
    """Customer days up to a date with the net that was known then: what later returns took back is still there.

    Args:
        days: CUSTOMER_DAYS.
        changes: DAY_CHANGES of the same days.
        on: the date.

    Columns: `customer_id`, `population`, `sold_on`, `net_amount`, `is_visit`.
    """
    past = days.filter(days.sold_on <= on).select(*PERSON, "sold_on", "net_amount", "is_visit")
    later = changes.filter((changes.sold_on <= on) & (changes.known_until >= on))
    taken = later.group_by(
        taken_customer=later.customer_id, taken_population=later.population, taken_on=later.sold_on
    ).aggregate(taken=later.net_amount.sum(), taken_visits=later.visits_count.sum())
    wide = past.left_join(
        taken,
        [
            past.customer_id == taken.taken_customer,
            past.population == taken.taken_population,
            past.sold_on == taken.taken_on,
        ],
    )
    net = (wide.net_amount + wide.taken.fill_null(0)).cast("int64")
    return wide.select(
        *PERSON,
        "sold_on",
        net_amount=net,
        is_visit=wide.is_visit | (wide.taken_visits.fill_null(0) > 0),
    )


def histories(
    days: ir.Table,
    changes: ir.Table,
    *,
    on: date,
    horizon_days: int,
    period_days: int | None = None,
    windows: Sequence[int] = (),
) -> ir.Table:
    """One row a customer and population with a visit known at `on`; stored.

    Args:
        days: CUSTOMER_DAYS.
        changes: DAY_CHANGES of the same days.
        on: the date of knowledge.
        horizon_days: days of the period after `on` that is looked at, as known now.
        period_days: days of the last period, which ends at `on`; the horizon's unless fewer are known.
        windows: lengths in days of other windows that end at `on`.

    Columns: `first_on`, `last_on` (visits), `visits_count`, `repeat_days` (T_x: from the first to the last visit),
    `observed_days` (T: from the first visit to `on`), `net_amount` of all days, `first_amount` of the first visit,
    `period_days` and `period_amount` of the last period, and for each window `visits_N` and `net_N`; `later_visits`,
    `later_amount` in the period after. Home minor units.
    """
    known = known_days(days, changes, on)
    period = period_days or horizon_days
    sums: dict[str, Any] = {
        "first_on": known.sold_on.min(where=known.is_visit),
        "last_on": known.sold_on.max(where=known.is_visit),
        "visits_count": known.sold_on.count(where=known.is_visit),
        "net_amount": known.net_amount.sum(),
        "first_amount": known.net_amount.argmin(known.sold_on, where=known.is_visit),
        "period_amount": known.net_amount.sum(where=known.sold_on > on - timedelta(days=period)),
    }
    for window in windows:
        inside = known.sold_on > on - timedelta(days=window)
        sums[f"visits_{window}"] = known.sold_on.count(where=inside & known.is_visit)
        sums[f"net_{window}"] = known.net_amount.sum(where=inside)
    people = known.group_by(*PERSON).aggregate(**sums)
    people = people.filter(people.visits_count > 0)
    ahead = days.filter((days.sold_on > on) & (days.sold_on <= on + timedelta(days=horizon_days)))
    later = ahead.group_by(later_customer=ahead.customer_id, later_population=ahead.population).aggregate(
        later_visits=ahead.sold_on.count(where=ahead.is_visit), later_amount=ahead.net_amount.sum()
    )
    wide = people.left_join(
        later, [people.customer_id == later.later_customer, people.population == later.later_population]
    )
    whole = {
        name: wide[name].fill_null(0).cast("int64")
        for name in wide.columns
        if name in ("visits_count", "net_amount", "first_amount", "period_amount", "later_visits", "later_amount")
        or name.startswith(("visits_", "net_"))
    }
    found = wide.select(
        *PERSON,
        "first_on",
        "last_on",
        repeat_days=wide.last_on.delta(wide.first_on, unit="day").cast("int64"),
        observed_days=days_between(wide.first_on, on),
        period_days=ibis.literal(period, "int64"),
        **whole,
    )
    return portable.materialise(found, "histories")
