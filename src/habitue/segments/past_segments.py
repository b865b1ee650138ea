"""Segments of customers at any dates, told by today's scheme and what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis.expr.types as ir

from habitue.periods import period_end
from habitue.segments.rfm import RfmSettings
from habitue.segments.schemes import Scheme
from habitue.segments.states import Moment, states


def segments_at(
    days: ir.Table, changes: ir.Table, dates: Sequence[date], scheme: Scheme, settings: RfmSettings
) -> ir.Table:
    """One row a customer and population with a visit at one of the dates at least; stored.

    Args:
        days: CUSTOMER_DAYS.
        changes: DAY_CHANGES of the same days.
        dates: the newest first.
        scheme: thresholds, scales and rules.
        settings: windows and weights it was made with.

    Columns: those of `states`, and `schemes.segment_column` of every segmentation and number of a date.
    """
    moments = [Moment(on, period_end(on, settings.window_months), on) for on in dates]
    known = states(
        days,
        changes,
        moments,
        frequency_weights=settings.frequency_weights,
        monetary_weights=settings.monetary_weights,
    )
    return scheme.assign(known, moments)
