"""The past of a population: its customers as they stood at earlier dates, and every forecast tried there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import numpy as np

from habitue import portable
from habitue.segments.past_segments import segments_at
from habitue.segments.rfm import RfmSettings
from habitue.segments.schemes import Scheme, segment_column
from habitue.segments.states import PERSON
from habitue.segments.strategic import STRATEGIC
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


@dataclass(frozen=True, kw_only=True)
class Segmentations:
    """What the segments room says of every customer.

    Attributes:
        assignments: ASSIGNMENTS.
        scheme: thresholds, scales and rules.
        settings: windows and weights the scheme was made with.
    """

    assignments: ir.Table
    scheme: Scheme
    settings: RfmSettings

    def of(self, population: str) -> ir.Table:
        """ASSIGNMENTS of one population."""
        return self.assignments.filter(self.assignments.population == population)

    def in_segment(self, population: str, segment: str) -> ir.Table:
        """`watched_id` of the customers of a strategic segment today."""
        mine = self.of(population)
        mine = mine.filter((mine.segmentation == STRATEGIC) & (mine.segment == segment))
        return mine.select(watched_id="customer_id")


class Past:
    """Histories at one date and another, each made once for all populations; segments at the origins.

    Args:
        days: CUSTOMER_DAYS, its net what is forecast.
        changes: DAY_CHANGES of the same days.
        first: the first day with a visit.
        segments: tells the segments of customers by origin, if asked.
    """

    def __init__(
        self, days: ir.Table, changes: ir.Table, first: date, segments: Callable[[], Mapping[date, ir.Table]]
    ) -> None:
        self.first = first
        self._days, self._changes, self._tell_segments = days, changes, segments
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
                period_days=min(origin.horizon_days, known_days),
                windows=WINDOWS,
            )
        return self._known[origin]

    @cached_property
    def segments(self) -> Mapping[date, ir.Table]:
        """Segments by origin: `customer_id`, `population`, and a column for each segmentation."""
        return self._tell_segments()

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

    def segments_at(self, on: date, numbers: Sequence[str]) -> dict[str, Array]:
        """Segments at an origin of customers given by their numbers, by segmentation; none where one was not known."""
        known = self.past.segments[on]
        known = known.filter(known.population == self.population).drop("population")
        if self.customers > SAMPLE:
            known = known.filter(portable.is_drawn(known.customer_id, SAMPLE / self.customers, "back-test"))
        rows = known.to_pyarrow()
        place = {number: at for at, number in enumerate(rows["customer_id"].to_pylist())}
        order = [place.get(number) for number in numbers]
        return {
            name: np.array([None if at is None else segments[at] for at in order], object)
            for name in rows.column_names[1:]
            for segments in [rows[name].to_pylist()]
        }

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
            "mean_error_amount": round(one.mean_error),
            "capture_share": one.capture,
            "named_share": one.named,
            "delivered_share": one.delivered,
            "error_ratio": tested.verdicts[name].error,
            "is_within_guards": tested.verdicts[name].passes,
        }
        for then, found in zip(tested.snapshots, tested.measures, strict=True)
        for name, one in found.items()
    ]


def segments_at_origins(
    days: ir.Table, changes: ir.Table, found: Sequence[Origin], segmentations: Segmentations
) -> dict[date, ir.Table]:
    """`customer_id`, `population` and a column for each segmentation at each origin, told by today's scheme.

    Args:
        days: CUSTOMER_DAYS.
        changes: DAY_CHANGES of the same days.
        found: the origins, the newest first.
        segmentations: what is known of segments.
    """
    if not found:
        return {}
    dates, scheme = [one.on for one in found], segmentations.scheme
    then = segments_at(days, changes, dates, scheme, segmentations.settings)
    return {
        on: then.select(*PERSON, **{name: then[segment_column(name, number)] for name in scheme.segments})
        for number, on in enumerate(dates)
    }
