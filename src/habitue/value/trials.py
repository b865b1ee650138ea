"""The past of a population: its customers as they stood at earlier dates, and every forecast tried there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir

from habitue import portable
from habitue.segments.states import PERSON
from habitue.value.backtest import Measures, Origin, Verdict, measures, origins, training_origins, verdicts
from habitue.value.candidates import forecasts, possible
from habitue.value.cases import Array
from habitue.value.histories import histories
from habitue.value.methods import NAIVE
from habitue.value.snapshots import WINDOWS, Snapshot, snapshot

SAMPLE = 100_000
"""Back-tests of larger bases are made on about so many customers, drawn by a hash of their number."""

FEWEST_CUSTOMERS, FEWEST_REPEATERS = 50, 10
"""Below, no model is fitted."""


class Past:
    """Histories at one date and another, each made once for all populations."""

    def __init__(self, days: ir.Table, changes: ir.Table, first: date) -> None:
        self.first = first
        self._days, self._changes = days, changes
        self._known: dict[Origin, ir.Table] = {}

    def at(self, origin: Origin) -> ir.Table:
        """Everybody with a visit known at an origin."""
        if origin not in self._known:
            known_days = (origin.on - self.first).days + 1
            self._known[origin] = histories(
                self._days,
                self._changes,
                on=origin.on,
                horizon_days=origin.horizon_days,
                windows=sorted({*WINDOWS, min(origin.horizon_days, known_days)}),
            )
        return self._known[origin]

    def forget(self) -> None:
        """Nothing is read from them any more."""
        portable.forget(*self._known.values())


@dataclass(frozen=True)
class Base:
    """One population at `as_of`, and its past."""

    population: str
    customers: int
    repeaters: int
    past: Past
    as_of: date
    ahead: int
    seed: int

    @property
    def people(self) -> ir.Table:
        """Its customers as they stand."""
        return self._of(self.now)

    def _of(self, origin: Origin) -> ir.Table:
        known = self.past.at(origin)
        return known.filter(known.population == self.population)

    def snapshot_at(self, origin: Origin) -> tuple[Snapshot, list[str]]:
        """The customers (or a sample) as they stood at an origin, and their numbers, in their order."""
        mine = self._of(origin)
        if self.customers > SAMPLE:
            mine = mine.filter(portable.is_drawn(mine.customer_id, SAMPLE / self.customers, "back-test"))
        values = [name for name in mine.columns if name not in (*PERSON, "first_on", "last_on")]
        rows = mine.order_by(*values).to_pyarrow()  # whoever they are: no result depends on numbers or files' order
        return snapshot(rows, on=origin.on, horizon_days=origin.horizon_days), rows["customer_id"].to_pylist()

    @property
    def now(self) -> Origin:
        """Today, as an origin."""
        return Origin(self.as_of, self.ahead)

    def training(self, on: date, horizon_days: int) -> list[Snapshot]:
        """The customers at dates before an origin, with outcomes known there."""
        return [self.snapshot_at(one)[0] for one in training_origins(self.past.first, on, horizon_days)]


@dataclass(frozen=True)
class Tested:
    """What earlier origins say for one population, newest first."""

    snapshots: Sequence[Snapshot]
    customers: Sequence[Sequence[str]]
    forecasts: Sequence[Mapping[str, Array]]
    measures: Sequence[Mapping[str, Measures]]
    verdicts: Mapping[str, Verdict]

    def outcomes(self, name: str) -> list[tuple[Array, Array]]:
        """Forecasts and what came, by origin."""
        return [(made[name], one.later_net) for made, one in zip(self.forecasts, self.snapshots, strict=True)]


def back_test(base: Base) -> Tested | None:
    """All forecasts at all earlier origins; None where the history is too short for any."""
    snapshots, customers, made, measured = [], [], [], []
    names = possible()
    for origin in origins(base.past.first, base.as_of, base.ahead):
        then, numbers = base.snapshot_at(origin)
        if then.size < FEWEST_CUSTOMERS or then.later_net.sum() <= 0 or (then.x > 0).sum() < FEWEST_REPEATERS:
            continue
        found = forecasts(then, base.training(origin.on, origin.horizon_days), origin.horizon_days, names)
        if len(found) < len(names):  # hardly anybody has a known spend: nothing to compare
            continue
        snapshots.append(then)
        customers.append(numbers)
        made.append(found)
        measured.append({name: measures(one, then.later_net) for name, one in found.items()})
    if not snapshots:
        return None
    return Tested(snapshots, customers, made, measured, verdicts(measured))


def backtest_rows(base: Base, tested: Tested, used: str) -> list[dict[str, Any]]:
    """BACKTEST of one population.

    Args:
        base: the population.
        tested: what was tried.
        used: the forecast this run uses.
    """
    return [
        {
            "population": base.population,
            "origin_on": then.on,
            "horizon_days": then.horizon_days,
            "model": name,
            "is_naive": name in NAIVE,
            "is_used": name == used,
            "customers_count": one.customers,
            "forecast_amount": round(one.forecast),
            "actual_amount": round(one.actual),
            "bias_share": one.bias,
            "mean_error_amount": one.mean_error,
            "capture_share": one.capture,
            "named_share": one.named,
            "delivered_share": one.delivered,
            "error_ratio": tested.verdicts[name].error,
            "is_within_guards": tested.verdicts[name].passes,
        }
        for then, found in zip(tested.snapshots, tested.measures, strict=True)
        for name, one in found.items()
    ]
