"""Which weights of sales channels frequency and value are given: those of the settings, fitted ones that pay, or none.

Fitted weights are kept only if they pay at a later date. They are frozen like the thresholds of segments: later runs
use the same, measure again whether they pay, and change nothing until they are told to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir

from habitue.errors import Message, message
from habitue.segments.channel_fit import (
    FEWEST_BUYERS,
    FEWEST_CUSTOMERS,
    FEWEST_VISITS,
    FREQUENCY,
    LEAST_DAYS,
    MONETARY,
    PERIODS,
    Fit,
    Fitted,
    Measured,
    measure,
    windows_of,
)
from habitue.segments.channel_gain import LEAST_GAIN, Gain
from habitue.segments.rfm import RfmSettings, Scales
from habitue.segments.states import UNIT

DIMENSIONS = (FREQUENCY, MONETARY)
SET, OFF, PAYS, EQUAL, KEPT = "set_by_you", "switched_off", "pays", "does_not_pay", "kept_from_before"
NO_DIFFERENCE, NO_MARGINS, TOO_SHORT, TOO_FEW, TOO_FEW_VISITS = (
    "no_difference", "no_margins", "too_short_history", "too_few_customers", "too_few_visits",
)  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """The weights of one dimension as a run decided on them.

    Attributes:
        weights: per-mille by sales channel; empty: equal weights.
        decided_on: as-of date of that run.
        window_months: window they were fitted with; another one asks for another decision.
        reason: why that run decided so; None: it did not say.
    """

    weights: Mapping[str, int]
    decided_on: date
    window_months: int
    reason: str | None = None

    def plain(self) -> dict[str, Any]:
        """As what JSON can hold."""
        return {
            "weights": dict(self.weights),
            "decided_on": self.decided_on.isoformat(),
            "window_months": self.window_months,
            "reason": self.reason,
        }


def decisions_from(plain: Mapping[str, Any]) -> dict[str, Decision]:
    """Decisions by dimension from their plain form."""
    return {
        dimension: Decision(
            one["weights"], date.fromisoformat(one["decided_on"]), one["window_months"], one.get("reason")
        )
        for dimension, one in plain.items()
    }


@dataclass(frozen=True)
class ChannelWeights:
    """The weights in use and what stands behind them.

    Attributes:
        settings: the settings of the scores with the weights in use.
        decisions: by dimension, to be kept for later runs; none where the settings decide.
        rows: rows of SALES_CHANNEL_WEIGHTS.
        notes: what a user should know.
    """

    settings: RfmSettings
    decisions: Mapping[str, Decision]
    rows: Sequence[Mapping[str, Any]]
    notes: tuple[Message, ...]


@dataclass(frozen=True)
class _Used:
    """The weights of one dimension in use, why, since when, and why the run that decided chose them."""

    weights: Mapping[str, int]
    reason: str
    decided_on: date | None = None
    decided_reason: str | None = None


def channel_weights(
    days: ir.Table,
    changes: ir.Table,
    settings: RfmSettings,
    *,
    as_of: date,
    frozen: Mapping[str, Decision] | None = None,
) -> ChannelWeights:
    """Fit and try the weights on the population with the most customers, and decide; they hold for all populations.

    Args:
        days: CUSTOMER_DAYS up to `as_of`.
        changes: DAY_CHANGES of the same days.
        settings: window, and weights set by the user, which win.
        as_of: the date.
        frozen: decisions of the run before, by dimension.
    """
    population, customers, first = _main(days)
    mine, theirs = (table.filter(table.population == population) for table in (days, changes))
    channels = _channels(mine) if first else []
    measured = Measured(None)
    if len(channels) > 1 and settings.fit_weights and first:
        windows = windows_of(as_of, first, settings.window_months)
        measured = measure(mine, theirs, channels, customers, windows)
    used = {name: _used(name, settings, measured, as_of, frozen or {}) for name in DIMENSIONS}
    notes: list[Message] = []
    if len(channels) > 1 and settings.fit_weights and first:
        known = (as_of - first).days + 1
        notes = [note for name in DIMENSIONS for note in _notes(name, used[name], measured, population, known)]
    decided = {
        name: Decision(one.weights, one.decided_on, settings.window_months, one.decided_reason)
        for name, one in used.items()
        if one.decided_on and first
    }
    return ChannelWeights(
        replace(
            settings,
            frequency_weights=dict(used[FREQUENCY].weights),
            monetary_weights=dict(used[MONETARY].weights),
        ),
        decided,
        [
            {"population": population, **row}
            for name in DIMENSIONS
            for row in _rows(name, used[name], measured, sorted(channels) if len(channels) > 1 else [])
        ],
        tuple(note for at, note in enumerate(notes) if note not in notes[:at]),
    )


def with_scores(
    rows: Sequence[Mapping[str, Any]], scales: Scales
) -> tuple[list[Mapping[str, Any]], tuple[Message, ...]]:
    """Rows of SALES_CHANNEL_WEIGHTS with `is_scored`, and a note where weights are decided on that no score uses.

    Fixed thresholds of frequency count unweighted visits: weights stand in `weighted_frequency` only.
    """
    found: list[Mapping[str, Any]] = []
    for row in rows:
        cuts = scales.get((row["population"], row["dimension"], "used"))
        found.append({**row, "is_scored": None if cuts is None else cuts.is_weighted})
    idle = {
        (row["dimension"], row["population"]): None
        for row in found
        if row["is_scored"] is False and row["used_weight"] != 1
    }
    return found, tuple(
        message("rfm.weights_not_scored", dimension=dimension, population=population) for dimension, population in idle
    )


def _main(days: ir.Table) -> tuple[str | None, int, date | None]:
    """The population with the most customers who have a visit, how many they are, and their first visit."""
    visits = days.filter(days.is_visit)
    found = visits.group_by("population").aggregate(customers=visits.customer_id.nunique(), first=visits.sold_on.min())
    rows = sorted(found.to_pyarrow().to_pylist(), key=lambda row: (-row["customers"], row["population"]))
    return (rows[0]["population"], rows[0]["customers"], rows[0]["first"]) if rows else (None, 0, None)


def _channels(days: ir.Table) -> list[str]:
    """Sales channels that are stated, the most visited first."""
    visits = days.filter(days.is_visit & days.sales_channel.notnull())
    counted = visits.group_by("sales_channel").aggregate(visits=visits.customer_id.count()).to_pyarrow().to_pylist()
    return [row["sales_channel"] for row in sorted(counted, key=lambda row: (-row["visits"], row["sales_channel"]))]


def _used(
    dimension: str, settings: RfmSettings, measured: Measured, as_of: date, frozen: Mapping[str, Decision]
) -> _Used:
    given: Mapping[str, int] = getattr(settings, f"{dimension}_weights")
    if given:
        return _Used(given, SET)
    if not settings.fit_weights:
        return _Used({}, OFF)
    kept = frozen.get(dimension)
    if kept and kept.window_months == settings.window_months:
        return _Used(kept.weights, KEPT, kept.decided_on, kept.reason)
    fit = (measured.fits or {}).get(dimension)
    if fit and fit.pays:
        return _Used(fit.weights, PAYS, as_of, PAYS)
    why = _why_not(measured, fit)
    return _Used({}, why, as_of, why)


def _why_not(measured: Measured, fit: Fit | None) -> str:
    if measured.windows is None:
        return TOO_SHORT
    if measured.is_too_few:
        return TOO_FEW
    if fit is None:
        return NO_MARGINS
    if sum(1 for one in fit.channels.values() if one.coefficient is not None) < 2:
        return TOO_FEW_VISITS
    return EQUAL if fit.gains else NO_DIFFERENCE


def _notes(dimension: str, used: _Used, measured: Measured, population: str | None, known_days: int) -> list[Message]:
    """Whether fitted weights are used, and why; nothing where the settings give them."""
    if used.reason == SET:
        return []
    fit = (measured.fits or {}).get(dimension)
    told: dict[str, Any] = {"population": population}
    if fit is None or not fit.gains:
        if used.weights:
            return [message("rfm.weights_untested", dimension=dimension, decided_on=used.decided_on)]
        why = _why_not(measured, fit)
        return {
            TOO_SHORT: [message("rfm.weights_too_short", days=known_days, needed=PERIODS * LEAST_DAYS)],
            TOO_FEW: [
                message(
                    "rfm.weights_too_few", needed=FEWEST_CUSTOMERS,
                    count=min(measured.fitted_customers, measured.tried_customers), **told,
                )
            ],
            TOO_FEW_VISITS: [message("rfm.weights_too_few_visits", visits=FEWEST_VISITS, customers=FEWEST_BUYERS)],
            NO_DIFFERENCE: [message("rfm.weights_alike", dimension=dimension, **told)],
        }.get(why, [])  # fmt: skip
    gain = _best(fit)
    told |= {
        "dimension": dimension,
        "outcome": measured.outcome,
        "measure": "rank_correlation" if gain is fit.gains.rank else "captured_share",
        "tested_on": measured.windows.tried_on if measured.windows else None,
    }
    if fit.pays:
        code = "rfm.weights_pay" if used.weights else "rfm.weights_would_pay"
        return [message(code, gain=gain.share, low=gain.low, high=gain.high, **told)]
    code = "rfm.weights_pay_no_longer" if used.weights else "rfm.weights_do_not_pay"
    return [message(code, gain=gain.share or 0.0, needed=LEAST_GAIN, **told)]


def _best(fit: Fit) -> Gain:
    """The measure to tell of: one that pays, the larger gain before the smaller."""
    assert fit.gains
    return max(fit.gains.rank, fit.gains.capture, key=lambda one: (one.pays, one.share or 0.0))


def _rows(dimension: str, used: _Used, measured: Measured, channels: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of SALES_CHANNEL_WEIGHTS without their population."""
    fit = (measured.fits or {}).get(dimension)
    about: dict[str, Any] = {
        "dimension": dimension, "reason": used.reason, "decided_on": used.decided_on,
        "decided_reason": used.decided_reason,
    }  # fmt: skip
    if fit and measured.windows:
        windows = measured.windows
        about |= {
            "is_kept": fit.pays,
            "outcome": measured.outcome,
            "from_on": windows.fit_after + timedelta(days=1),
            "fitted_on": windows.fitted_on,
            "tested_on": windows.tried_on,
            "to_on": windows.until,
            "tested_customers_count": measured.tried_customers,
        }
        if fit.gains:
            about |= {**_measure(fit.gains.rank, "rank_correlation"), **_measure(fit.gains.capture, "captured_share")}
    return [
        {
            **about,
            "sales_channel": name,
            "used_weight": used.weights.get(name, UNIT) / UNIT,
            **(_fitted(dimension, fit.channels.get(name)) if fit else {}),
        }
        for name in channels
    ]


def _measure(gain: Gain, name: str) -> dict[str, float | None]:
    short = name.partition("_")[0]
    return {
        f"equal_{name}": gain.equal,
        f"fitted_{name}": gain.fitted,
        f"{short}_gain_share": gain.share,
        f"low_{short}_gain_share": gain.low,
        f"high_{short}_gain_share": gain.high,
    }


def _fitted(dimension: str, one: Fitted | None) -> dict[str, Any]:
    if one is None:
        return {"fitted_weight": 1.0}
    of_visit = dimension == FREQUENCY and one.coefficient is not None
    return {
        "visits_count": one.visits,
        "customers_count": one.customers,
        "per_visit_amount": round(one.coefficient or 0.0) if of_visit else None,
        "margin_rate": one.coefficient if dimension == MONETARY else None,
        "raw_weight": one.raw,
        "standard_error": one.error,
        "fitted_weight": one.weight / UNIT,
    }
