"""What was known of every customer at one or several dates: last visit, visits, value. One pass over the days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.periods import period_end

PERSON = ("customer_id", "population")
UNIT = 1000
"""Weights are whole per-mille: 1000 counts once."""

ALWAYS = date(9999, 12, 31)
"""Known until: a day as it is known now."""

SHOPS_CLOSED_DAYS = 31
"""Data that begin so many days after the first day of a period still fill it."""


@dataclass(frozen=True)
class Moment:
    """A date at which states are told, with its windows: days after `window_after` up to `on`, and so on.

    Attributes:
        on: the date.
        window_after: the day before the first of the window of frequency and value.
        step_after: the day before the first of the period that ends at the date and is compared between dates.
    """

    on: date
    window_after: date
    step_after: date


def states(
    days: ir.Table,
    changes: ir.Table,
    moments: Sequence[Moment],
    *,
    frequency_weights: Mapping[str, int],
    monetary_weights: Mapping[str, int],
) -> ir.Table:
    """One row a customer and population with a visit known at one of the moments at least; stored.

    Args:
        days: CUSTOMER_DAYS.
        changes: DAY_CHANGES of the same days.
        moments: dates, the newest first.
        frequency_weights: per-mille by sales channel; others count once.
        monetary_weights: the same for value.

    Columns: `customer_id`, `population`, `first_on` (first visit as known at the newest moment), and for each moment,
    by its number: `visits_0` (all time), `last_0`, `frequency_0` and `weighted_frequency_0` (visits of the window, and
    the same in per-mille), `net_0` (net after returns of the window), `money_0` (less rewards), `weighted_money_0`
    (weighted, half-even), `step_net_0` (net of the period). Home minor units.
    """
    plain = days.filter(days.sold_on <= max(moment.on for moment in moments)).select(
        *PERSON,
        "sold_on",
        "net_amount",
        "sales_channel",
        known_until=ibis.literal(ALWAYS),
        visits=ibis.ifelse(days.is_visit, 1, 0).cast("int64"),
        value=days.net_amount - days.reward_amount,
    )
    changed = changes.select(
        *PERSON,
        "sold_on",
        "net_amount",
        "sales_channel",
        "known_until",
        visits=changes.visits_count,
        value=changes.net_amount,
    )
    known = plain.union(changed)
    sums: dict[str, Any] = {"first_on": known.sold_on.min(where=(known.visits > 0) & (known.known_until == ALWAYS))}
    for number, moment in enumerate(moments):
        sums |= _sums(known, moment, number, frequency_weights, monetary_weights)
    grouped = known.group_by(*PERSON).aggregate(**sums)
    wide = grouped.mutate(
        **{
            name: grouped[name].fill_null(0).cast("int64")
            for name in grouped.columns
            if name not in (*PERSON, "first_on") and not name.startswith("last_")
        }
    )
    ever = wide.visits_0 > 0
    for number in range(1, len(moments)):
        ever = ever | (wide[f"visits_{number}"] > 0)
    wide = portable.materialise(wide.filter(ever), "states")
    return wide.mutate(
        **{
            f"weighted_{name}_{number}": portable.half_even(wide[f"weighted_{name}_{number}"], UNIT)
            if name == "money" and monetary_weights
            else wide[f"weighted_{name}_{number}"]
            for number in range(len(moments))
            for name in ("frequency", "money")
        }
    )


def _sums(
    known: ir.Table,
    moment: Moment,
    number: int,
    frequency_weights: Mapping[str, int],
    monetary_weights: Mapping[str, int],
) -> dict[str, Any]:
    is_known = (known.sold_on <= moment.on) & (known.known_until >= moment.on)
    in_window = is_known & (known.sold_on > moment.window_after)
    in_step = is_known & (known.sold_on > moment.step_after)
    frequency = known.visits.sum(where=in_window)
    money = known.value.sum(where=in_window)
    net = known.net_amount.sum(where=in_window)
    return {
        f"visits_{number}": known.visits.sum(where=is_known),
        f"last_{number}": known.sold_on.max(where=is_known & (known.visits > 0)),
        f"frequency_{number}": frequency,
        f"weighted_frequency_{number}": (known.visits * _weight(known, frequency_weights)).sum(where=in_window)
        if frequency_weights
        else frequency * UNIT,
        f"net_{number}": net,
        f"money_{number}": money,
        f"weighted_money_{number}": (known.value * _weight(known, monetary_weights)).sum(where=in_window)
        if monetary_weights
        else money,
        f"step_net_{number}": net if moment.step_after == moment.window_after else known.net_amount.sum(where=in_step),
    }


def _weight(known: ir.Table, weights: Mapping[str, int]) -> Any:
    return portable.by_value(known.sales_channel, weights, UNIT).cast("int64")


def days_between(earlier: Any, later: date) -> ir.IntegerValue:
    """Whole days from a day column up to a date."""
    return ibis.literal(later).delta(earlier, unit="day").cast("int64")


def is_filled(as_of: date, first: date | None, months: int) -> bool:
    """Whether data go back to the beginning of the last so many months; `first` is their first day, if any."""
    begin = period_end(as_of, months) + timedelta(days=1 + SHOPS_CLOSED_DAYS)
    return first is not None and first <= begin
