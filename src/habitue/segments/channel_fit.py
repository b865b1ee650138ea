"""Weights of sales channels fitted at one date on what came after it, and tried at a later date on what came then.

Frequency: non-negative least squares of what a customer brings in the days after a date on the visits by sales channel
in the window before it; the weight of a channel is its coefficient over that of the reference channel, w. It is drawn
towards 1 by its standard error s (sandwich, delta method): 1 + (w - 1) * (w - 1)² / ((w - 1)² + s²).
Value: margin rate of the channel over that of all channels. Both within 0.25 to 4, whole per-mille.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from habitue import portable
from habitue.periods import period_end
from habitue.segments.channel_gain import Array, Gains, Whole, gains
from habitue.segments.states import ALWAYS, UNIT, is_filled

FREQUENCY, MONETARY = "frequency", "monetary"
STORE = "store"
MARGIN, NET = "margin", "net"

PERIODS, MONTHS, LEAST_DAYS = 3, 12, 56
"""A window, what came after the fit, and what came after the trial; each of so many months, or a third of the data."""

SAMPLE = 40_000
"""Customers looked at, at most about so many."""

FEWEST_CUSTOMERS = 200
FEWEST_VISITS, FEWEST_BUYERS = 100, 50
"""A sales channel with fewer visits, or customers, in the window counts once."""

MOST_CHANNELS = 12
LIMITS = (0.25, 4.0)
SEED = 46


@dataclass(frozen=True)
class Windows:
    """When weights are fitted and tried.

    Attributes:
        fitted_on: date of the fit; what came after it, up to `tried_on`, is what is explained.
        tried_on: date of the trial.
        until: last day of what came after the trial.
        fit_after: day before the first of the window of the fit.
        trial_after: day before the first of the window of the trial.
    """

    fitted_on: date
    tried_on: date
    until: date
    fit_after: date
    trial_after: date


def windows_of(as_of: date, first: date, window_months: int) -> Windows | None:
    """Twelve months after each date where the data hold three such periods, else a third of them; None below 56 days.

    Args:
        as_of: last day of the data.
        first: their first day.
        window_months: window of frequency and value; where the data do not go back so far, all there are before the
            fit, and as many days before the trial.
    """
    if is_filled(as_of, first, PERIODS * MONTHS):
        tried_on, fitted_on = (period_end(as_of, MONTHS * number) for number in (1, 2))
    else:
        days = ((as_of - first).days + 1) // PERIODS
        if days < LEAST_DAYS:
            return None
        tried_on, fitted_on = (as_of - timedelta(days=days * number) for number in (1, 2))
    if is_filled(fitted_on, first, window_months):
        fit_after, trial_after = (period_end(on, window_months) for on in (fitted_on, tried_on))
    else:
        known = fitted_on - first + timedelta(days=1)
        fit_after, trial_after = fitted_on - known, tried_on - known
    return Windows(fitted_on, tried_on, as_of, fit_after, trial_after)


@dataclass(frozen=True)
class Fitted:
    """One sales channel in one dimension.

    Attributes:
        visits: visits in the window of the fit.
        customers: customers with such a visit.
        coefficient: of a visit, minor units of what came later (frequency), or the margin rate (value); None: too few.
        raw: weight before it is drawn towards 1.
        error: its standard error.
        weight: fitted weight, per-mille.
    """

    visits: int
    customers: int
    coefficient: float | None = None
    raw: float | None = None
    error: float | None = None
    weight: int = UNIT


@dataclass(frozen=True)
class Fit:
    """One dimension: its channels by name, and what the weights gain at the trial (None: all are 1)."""

    channels: Mapping[str, Fitted]
    gains: Gains | None

    @property
    def pays(self) -> bool:
        """Whether the weights are worth keeping."""
        return self.gains is not None and self.gains.pay

    @property
    def weights(self) -> dict[str, int]:
        """Per-mille by channel, where not 1."""
        return {name: one.weight for name, one in self.channels.items() if one.weight != UNIT}


@dataclass(frozen=True)
class Measured:
    """What the data say.

    Attributes:
        windows: when; None: the history is too short.
        outcome: what was explained, margin or net; margin only where it is known of every day.
        fitted_customers: customers with a visit in the window of the fit.
        tried_customers: the same for the trial.
        fits: by dimension; value only where margins are known.
    """

    windows: Windows | None
    outcome: str | None = None
    fitted_customers: int = 0
    tried_customers: int = 0
    fits: Mapping[str, Fit] | None = None

    @property
    def is_too_few(self) -> bool:
        """Too few customers at one of the dates."""
        return min(self.fitted_customers, self.tried_customers) < FEWEST_CUSTOMERS


def measure(
    days: ir.Table, changes: ir.Table, channels: Sequence[str], customers: int, windows: Windows | None
) -> Measured:
    """Fit the weights of both dimensions and try them.

    Args:
        days: CUSTOMER_DAYS of one population.
        changes: DAY_CHANGES of the same days.
        channels: their sales channels, most visited first.
        customers: how many customers have a visit.
        windows: when.
    """
    if windows is None:
        return Measured(None)
    inside = days.filter(days.sold_on > windows.fit_after)
    unknown = inside.filter(inside.margin_amount.isnull()).count().to_pyarrow().as_py()
    outcome = NET if unknown else MARGIN
    if customers > SAMPLE:
        people = days.select("customer_id").distinct()
        drawn = people.filter(portable.is_drawn(people.customer_id, SAMPLE / customers, "sales-channel weights"))
        days, changes = (table.semi_join(drawn, "customer_id") for table in (days, changes))
    named = list(channels[:MOST_CHANNELS])
    columns = _columns(days, changes, named, windows, outcome)
    fit, trial = (_Origin(columns, number, len(named) + 1) for number in (0, 1))
    found = Measured(windows, outcome, fit.customers, trial.customers)
    if found.is_too_few:
        return found
    fits = {FREQUENCY: _frequency(fit, trial, named)}
    if outcome == MARGIN:
        fits[MONETARY] = _monetary(fit, trial, named)
    return Measured(windows, outcome, fit.customers, trial.customers, fits)


def _columns(
    days: ir.Table, changes: ir.Table, channels: Sequence[str], windows: Windows, outcome: str
) -> dict[str, Whole]:
    """Sums of each customer with a visit in a window: `visits_N_K` and `value_N_K` of channel K (the last: of all
    others) in the window of date N as known then, `net_0_K` and `margin_0_K` as known now, `later_N` what came."""
    plain = days.select(
        "customer_id",
        "sold_on",
        "sales_channel",
        known_until=ibis.literal(ALWAYS),
        visits=ibis.ifelse(days.is_visit, 1, 0).cast("int64"),
        value=days.net_amount - days.reward_amount,
        net=days.net_amount,
        margin=days.margin_amount,
    )
    changed = changes.select(
        "customer_id",
        "sold_on",
        "sales_channel",
        "known_until",
        visits=changes.visits_count,
        value=changes.net_amount,
        net=ibis.literal(0, "int64"),
        margin=ibis.literal(0, "int64"),
    )
    known = plain.union(changed)
    place = portable.by_value(known.sales_channel, {name: at for at, name in enumerate(channels)}, len(channels))
    known = known.mutate(place=place.cast("int64"))
    sums: dict[str, Any] = {}
    spans = (
        (windows.fitted_on, windows.fit_after, windows.tried_on),
        (windows.tried_on, windows.trial_after, windows.until),
    )
    for number, (on, after, until) in enumerate(spans):
        in_window = (known.sold_on > after) & (known.sold_on <= on) & (known.known_until >= on)
        later = known.margin if outcome == MARGIN else known.net
        sums[f"later_{number}"] = later.sum(where=(known.sold_on > on) & (known.sold_on <= until))
        for at in range(len(channels) + 1):
            here = in_window & (known.place == at)
            for name in ("visits", "value") if number else ("visits", "value", "net", "margin"):
                sums[f"{name}_{number}_{at}"] = known[name].sum(where=here)
    grouped = known.group_by("customer_id").aggregate(**sums)
    whole = grouped.select(**{name: grouped[name].fill_null(0).cast("int64") for name in sums})
    rows = whole.to_pyarrow()
    columns = {name: rows[name].to_numpy().astype(np.int64) for name in sums}
    order = np.lexsort([columns[name] for name in sorted(columns)])  # whoever they are: sums go in one order
    return {name: column[order] for name, column in columns.items()}


class _Origin:
    """The customers with a visit in the window of one date; matrices of shape (customers, channels)."""

    def __init__(self, columns: Mapping[str, Whole], number: int, width: int) -> None:
        def matrix(name: str) -> Whole:
            return np.column_stack([columns[f"{name}_{number}_{at}"] for at in range(width)])[there]

        visits = sum(columns[f"visits_{number}_{at}"] for at in range(width))
        there = np.asarray(visits > 0)
        self.customers = int(there.sum())
        self.later: Whole = columns[f"later_{number}"][there]
        self.visits, self.value = matrix("visits"), matrix("value")
        if not number:
            self.net, self.margin = matrix("net"), matrix("margin")

    def seen(self, at: int) -> Fitted:
        """A channel as it was bought in, not fitted yet."""
        return Fitted(int(self.visits[:, at].sum()), int((self.visits[:, at] > 0).sum()))


def _enough(seen: Sequence[Fitted]) -> list[int]:
    """Channels with enough visits and customers to be fitted."""
    return [at for at, one in enumerate(seen) if one.visits >= FEWEST_VISITS and one.customers >= FEWEST_BUYERS]


def _frequency(fit: _Origin, trial: _Origin, channels: Sequence[str]) -> Fit:
    seen = [fit.seen(at) for at in range(len(channels))]
    fitted, enough = list(seen), _enough(seen)
    if len(enough) > 1:
        stores = [at for at in enough if channels[at] == STORE]
        reference = stores[0] if stores else min(enough, key=lambda at: (-seen[at].visits, channels[at]))
        others = [at for at in enough if at != reference]
        rest = fit.visits.sum(axis=1) - fit.visits[:, others].sum(axis=1)
        coefficients, raw, errors = _regressed(np.column_stack([rest, fit.visits[:, others]]), fit.later)
        for at, coefficient, weight, error in zip([reference, *others], coefficients, raw, errors, strict=True):
            fitted[at] = Fitted(
                seen[at].visits, seen[at].customers, coefficient, weight, error, _per_mille(_drawn(weight, error))
            )
    return _tried(trial.visits, trial.later, channels, fitted)


def _regressed(visits: Whole, later: Whole) -> tuple[list[float], list[float | None], list[float | None]]:
    """Coefficients of visits by channel, the reference first; their ratios to it with standard errors.

    Args:
        visits: of shape (customers, channels).
        later: of shape (customers,), minor units.

    The intercept is not negative either. Where the reference brings nothing there is no ratio: None.
    """
    from scipy.optimize import nnls

    design = np.column_stack([np.ones(len(visits)), visits]).astype(np.float64)
    amounts = later.astype(np.float64)
    q, r = np.linalg.qr(design)
    found, _ = nnls(r, q.T @ amounts)
    coefficients = found[1:]
    size = len(coefficients)
    none: list[float | None] = [None] * size
    if coefficients[0] <= 0 or np.linalg.matrix_rank(r) < size + 1:
        return coefficients.tolist(), none, none
    free = design if found[0] > 0 else design[:, 1:]
    bread = np.linalg.inv(free.T @ free)
    meat = free.T @ (free * ((amounts - design @ found) ** 2)[:, None])
    spread = (bread @ meat @ bread * len(free) / (len(free) - free.shape[1]))[-size:, -size:]
    raw = coefficients / coefficients[0]
    variance = np.diag(spread) - 2 * raw * spread[0] + raw**2 * spread[0, 0]
    errors = np.sqrt(np.maximum(variance, 0)) / coefficients[0]
    return coefficients.tolist(), raw.tolist(), [0.0, *errors[1:].tolist()]


def _drawn(weight: float | None, error: float | None) -> float:
    """A weight drawn towards 1 by its standard error."""
    if weight is None or error is None or weight == 1:
        return 1.0
    return 1 + (weight - 1) ** 3 / ((weight - 1) ** 2 + error**2)


def _per_mille(weight: float) -> int:
    return round(UNIT * min(max(weight, LIMITS[0]), LIMITS[1]))


def _monetary(fit: _Origin, trial: _Origin, channels: Sequence[str]) -> Fit:
    """Margin rates; the standard error is that of a ratio of sums over customers, the mean rate taken as known."""
    seen = [fit.seen(at) for at in range(len(channels))]
    fitted, net, margin = list(seen), fit.net.sum(axis=0), fit.margin.sum(axis=0)
    mean = margin.sum() / net.sum() if net.sum() > 0 else 0.0
    for at in _enough(seen) if mean > 0 else ():
        if net[at] > 0:
            rate = margin[at] / net[at]
            apart: Array = fit.margin[:, at] - rate * fit.net[:, at]
            error = float(np.sqrt((apart**2).sum()) / net[at] / mean)
            weight = float(rate / mean)
            fitted[at] = Fitted(seen[at].visits, seen[at].customers, float(rate), weight, error, _per_mille(weight))
    return _tried(trial.value, trial.later, channels, fitted)


def _tried(columns: Whole, later: Whole, channels: Sequence[str], fitted: Sequence[Fitted]) -> Fit:
    """The weights with what they gain at the trial."""
    weights = np.array([*(one.weight for one in fitted), UNIT], np.int64)
    found = None
    if (weights != UNIT).any():
        found = gains(columns.sum(axis=1) * UNIT, columns @ weights, later, seed=SEED)
    return Fit(dict(zip(channels, fitted, strict=True)), found)
