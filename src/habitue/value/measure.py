"""What a customer day is worth: its net after returns, or the margin on it."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.errors import ConfigurationError, message
from habitue.segments.states import PERSON
from habitue.value.methods import MARGIN

DAY = (*PERSON, "sold_on")


def by_measure(days: ir.Table, changes: ir.Table, measure: str) -> tuple[ir.Table, ir.Table]:
    """CUSTOMER_DAYS and DAY_CHANGES whose `net_amount` is what is forecast; a visit stays a day of positive net.

    The margin of what a later return took back is unknown: it is taken at the rate of its day, or of all days where
    nothing of the day is left.

    Raises:
        ConfigurationError: the margin is wanted and unknown on some days.
    """
    if measure != MARGIN:
        return days, changes
    unknown = days.margin_amount.isnull()
    found = days.agg(
        days=days.count(),
        unknown=days.count(where=unknown),
        net=days.net_amount.sum(),
        unknown_net=days.net_amount.sum(where=unknown),
        margin=days.margin_amount.sum(),
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    if found["unknown"]:
        share = float(found["unknown_net"] or 0) / float(found["net"]) if found["net"] else 0.0
        raise ConfigurationError(
            message("value.unknown_margins", count=found["unknown"], days=found["days"], share=share)
        )
    whole = float(found["margin"] or 0) / float(found["net"]) if found["net"] else 0.0
    now = days.select(
        **{f"day_{key}": days[key] for key in DAY}, margin=days.margin_amount, net=days.net_amount, kept=days.is_visit
    )
    wide = changes.left_join(now, [changes[key] == now[f"day_{key}"] for key in DAY])
    rate: Any = ibis.ifelse(
        wide.kept.fill_null(False), portable.ratio(wide.margin, wide.net), ibis.literal(whole, "float64")
    )
    taken = (wide.net_amount.cast("float64") * rate).round().cast("int64")
    return days.mutate(net_amount=days.margin_amount), wide.select(*(
        taken.name(name) if name == "net_amount" else wide[name] for name in changes.columns
    ))  # fmt: skip


def assumed_share(days: ir.Table) -> float:
    """Share of net on days whose margin is assumed in part or whole; 0 without any net."""
    found = days.agg(
        net=days.net_amount.sum(), assumed=days.net_amount.sum(where=days.margin_is_assumed)
    ).to_pyarrow().to_pylist()[0]  # fmt: skip
    return float(found["assumed"] or 0) / float(found["net"]) if found["net"] else 0.0
