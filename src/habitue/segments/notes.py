"""What a user should know about thresholds, segments and matrices: assumptions, small bases, short histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.errors import Message, message
from habitue.periods import period_end
from habitue.segments.rfm import RfmSettings
from habitue.segments.schemes import Scheme, segment_column
from habitue.segments.states import Moment
from habitue.segments.strategic import (
    FEWEST_REPEATERS,
    LOYAL,
    NEW,
    ONE_OFF,
    STRATEGIC,
    Calibration,
)

OLD_DAYS = 366
"""Thresholds older than a year are worth another look."""

WIDE = 0.6
"""Loyal customers above this share of customers and of sales are told in two halves."""

FEW = 0.02
"""New and one-off customers below this share are told together."""

SHORT_HISTORY_MONTHS = 12


def thresholds(scheme: Scheme, kept: Mapping[str, Calibration], as_of: date) -> list[Message]:
    """Where the strategic thresholds come from, if that is not the data of today."""
    told = []
    for population, one in scheme.calibrations.items():
        if one.is_assumed:
            told.append(
                message(
                    "strategic.assumed", population=population, count=one.repeaters_count, needed=FEWEST_REPEATERS,
                    cycle=one.cycle_days, new=one.new_days,
                )
            )  # fmt: skip
        if one.core_amount is None:
            told.append(message("strategic.no_core", population=population))
        if population in kept and (as_of - one.calibrated_on).days > OLD_DAYS:
            told.append(message("strategic.old", population=population, calibrated_on=one.calibrated_on))
    return told


def weights(days: ir.Table, settings: RfmSettings) -> list[Message]:
    """Weights of sales channels that no customer day has."""
    weighted = {**settings.frequency_weights, **settings.monetary_weights}
    if not weighted:
        return []
    existing = days.select("sales_channel").distinct().to_pyarrow()["sales_channel"].to_pylist()
    shown = ", ".join(sorted(channel for channel in existing if channel))
    return [
        message("rfm.unknown_channel", channel=channel, existing=shown)
        for channel in weighted
        if channel not in existing
    ]


def about(
    segments: Sequence[Mapping[str, Any]],
    assigned: ir.Table,
    *,
    first: date | None,
    moments: Sequence[Moment],
    step_months: int,
    filled: Sequence[int],
) -> list[Message]:
    """What the sizes and the length of the history ask to be said.

    Args:
        segments: rows of SEGMENTS.
        assigned: what `Scheme.assign` gave.
        first: first visit of all; None: there is none.
        moments: the dates that states could be told at, newest first.
        step_months: months between two of them.
        filled: shorter steps for which the data go back far enough.
    """
    if first is None:
        return [message("segments.nobody")]
    as_of, told = moments[0].on, []
    if first > period_end(as_of, SHORT_HISTORY_MONTHS) + timedelta(days=1):
        told.append(message("strategic.short_history", first=first, as_of=as_of))
    for population in dict.fromkeys(row["population"] for row in segments):
        told += _shares(assigned, population, {r["segment"]: r for r in segments if _is(r, population)})
    if len(moments) == 1:
        shorter = next((months for months in filled if months < step_months), None)
        days = (as_of - first).days
        if shorter:
            told.append(message("transitions.too_short_try", days=days, months=2 * step_months, shorter=shorter))
        else:
            told.append(message("transitions.too_short", days=days, months=2 * step_months))
    return told


def _is(row: Mapping[str, Any], population: str) -> bool:
    return row["segmentation"] == STRATEGIC and row["population"] == population


def _shares(assigned: ir.Table, population: str, rows: Mapping[str, Mapping[str, Any]]) -> list[Message]:
    told = []
    loyal = rows[LOYAL]
    if min(loyal["customers_share"] or 0, loyal["net_share"] or 0) > WIDE:
        upper = _upper_half(assigned, population)
        told.append(
            message(
                "strategic.loyal_wide", population=population, share=loyal["customers_share"], net=loyal["net_share"],
                upper=upper, lower=1 - upper,
            )
        )  # fmt: skip
    few = (rows[NEW]["customers_share"] or 0) + (rows[ONE_OFF]["customers_share"] or 0)
    if 0 < few < FEW:
        told.append(message("strategic.few_first_time", population=population, share=few))
    return told


def _upper_half(assigned: ir.Table, population: str) -> float:
    """Share of their net that the loyal customers at or above their median value bring."""
    theirs = assigned.filter((assigned.population == population) & (assigned[segment_column(STRATEGIC, 0)] == LOYAL))
    counted = theirs.group_by("weighted_money_0").aggregate(
        customers=theirs.customer_id.count(), net=theirs.net_0.sum()
    )
    rows = counted.order_by(ibis.desc("weighted_money_0")).to_pyarrow().to_pylist()
    half, running, net = sum(row["customers"] for row in rows) / 2, 0, 0
    for row in rows:
        if running >= half:
            break
        running, net = running + row["customers"], net + int(row["net"])
    return net / sum(int(row["net"]) for row in rows)
