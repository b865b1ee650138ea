"""The five strategic segments, Lost and Not yet customer: thresholds calibrated once, the rule, the moves it allows.

First-time buyers are told apart by construction (no quantile of frequency), recency is judged against the retailer's
own purchase cycle, value is cut by its share of value. Every (visits, recency, value) falls into exactly one segment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from habitue import portable
from habitue.segments.states import PERSON

STRATEGIC = "strategic"
CORE, LOYAL, NEW, SLIPPING, ONE_OFF, LOST, NOT_YET = (
    "core", "loyal", "new", "slipping", "one_off", "lost", "not_yet_customer",
)  # fmt: skip
SEGMENTS = (CORE, LOYAL, NEW, SLIPPING, ONE_OFF, LOST)
"""The segments of customers with a visit, in their order."""

CYCLE_QUANTILE = Fraction(8, 10)
CORE_SHARE = Fraction(1, 2)
CYCLE_LIMITS, NEW_LIMITS, LOST_LIMITS = (45, 365), (60, 365), (365, 1095)
LOST_CYCLES = 3
FEWEST_REPEATERS = 200
ASSUMED_CYCLE, ASSUMED_NEW = 120, 90


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """The frozen thresholds of one population (days; minor units of weighted value).

    Attributes:
        population: the population.
        calibrated_on: as-of date of the data they come from.
        repeaters_count: customers with at least two visits.
        is_assumed: fewer than 200 of them: `cycle_days` and `new_days` are assumed, not measured.
        cycle_days: c; a repeat customer seen at most so many days ago is in cycle.
        new_days: N; a first-time buyer is new up to that many days after the visit.
        lost_days: L; not seen for longer is lost.
        core_amount: v*; value from which a repeat customer in cycle is core; None: nobody was in cycle with value.
        scheme: hash of the settings that value depends on.
    """

    population: str
    calibrated_on: date
    repeaters_count: int
    is_assumed: bool
    cycle_days: int
    new_days: int
    lost_days: int
    core_amount: int | None
    scheme: str

    def row(self) -> dict[str, Any]:
        """As a row of CALIBRATION."""
        return asdict(self)


def calibrate(days: ir.Table, known: ir.Table, *, as_of: date, scheme: str) -> dict[str, Calibration]:
    """Thresholds by population, from what is known at `as_of`.

    Args:
        days: CUSTOMER_DAYS up to `as_of`.
        known: `states.states` whose newest moment is `as_of`.
        as_of: the date of calibration.
        scheme: hash of the settings of value.

    c is the lower 80 % quantile of the days between visits of repeat customers, each gap weighing one over the
    customer's number of gaps, within 45 to 365; N the same of the first gap, within 60 to 365; L three cycles within
    365 to 1,095. v* is the smallest value in the minimal set of repeat customers in cycle that holds half of their
    value. With fewer than 200 repeat customers c is 120 and N 90.
    """
    gaps = _gaps(days)
    found = {}
    sizes = known.group_by("population").aggregate(repeaters=ibis.ifelse(known.visits_0 >= 2, 1, 0).sum())
    cycles: dict[str, tuple[int, int, int, bool]] = {}
    for row in sizes.order_by("population").to_pyarrow().to_pylist():
        population, repeaters = row["population"], int(row["repeaters"])
        theirs = gaps.get(population, [])
        if repeaters < FEWEST_REPEATERS:
            cycle, new = ASSUMED_CYCLE, ASSUMED_NEW
        else:
            cycle = _clipped(lower_quantile([(g, n, k) for g, n, k, _ in theirs], CYCLE_QUANTILE), CYCLE_LIMITS)
            first_gaps = [(g, n, 1) for g, n, _, is_first in theirs if is_first]
            new = _clipped(lower_quantile(first_gaps, CYCLE_QUANTILE), NEW_LIMITS)
        cycles[population] = (repeaters, cycle, new, repeaters < FEWEST_REPEATERS)
    cores = _core_amounts(known, as_of, {population: cycle for population, (_, cycle, _, _) in cycles.items()})
    for population, (repeaters, cycle, new, is_assumed) in cycles.items():
        found[population] = Calibration(
            population=population,
            calibrated_on=as_of,
            repeaters_count=repeaters,
            is_assumed=is_assumed,
            cycle_days=cycle,
            new_days=new,
            lost_days=_clipped(LOST_CYCLES * cycle, LOST_LIMITS),
            core_amount=cores.get(population),
            scheme=scheme,
        )
    return found


def lower_quantile(gaps: Sequence[tuple[int, int, int]], share: Fraction) -> int:
    """Lower weighted quantile: the smallest value whose cumulative weight reaches `share` of all weight.

    Args:
        gaps: (value, how many, their divisor): each weighs one over the divisor.
        share: in 0 to 1.
    """
    weights: dict[int, float] = {}
    for value, count, divisor in sorted(gaps):
        weights[value] = weights.get(value, 0.0) + count / divisor
    values = sorted(weights)
    running = np.cumsum([weights[value] for value in values])
    # The weights of one customer add up to one, so the true sums are far coarser than this slack.
    return values[int(np.searchsorted(running, float(share) * running[-1] * (1 - 1e-12)))]


def _clipped(value: int, limits: tuple[int, int]) -> int:
    return min(max(value, limits[0]), limits[1])


def _gaps(days: ir.Table) -> dict[str, list[tuple[int, int, int, bool]]]:
    """By population: (days between two visits, how many such, gaps of their customer, is it the first gap)."""
    visits = days.filter(days.is_visit)
    by_person = ibis.window(group_by=PERSON, order_by="sold_on")
    lagged = visits.select(
        "population",
        "sold_on",
        before=visits.sold_on.lag().over(by_person),
        place=ibis.row_number().over(by_person),
        customer_gaps=visits.sold_on.count().over(ibis.window(group_by=PERSON)) - 1,
    )
    lagged = lagged.filter(lagged.place > 0)
    counted = lagged.mutate(gap=lagged.sold_on.delta(lagged.before, unit="day").cast("int64"), first=lagged.place == 1)
    counted = counted.group_by("population", "gap", "customer_gaps", "first").aggregate(gaps=counted.gap.count())
    found: dict[str, list[tuple[int, int, int, bool]]] = {}
    columns = counted.to_pyarrow()
    for population, gap, count, size, first in zip(
        *(columns[name].to_pylist() for name in ("population", "gap", "gaps", "customer_gaps", "first")), strict=True
    ):
        found.setdefault(population, []).append((gap, count, size, first))
    return found


def _core_amounts(known: ir.Table, as_of: date, cycles: Mapping[str, int]) -> dict[str, int]:
    """v* by population: exact sums over distinct values, largest first."""
    cycle = portable.by_value(known.population, cycles, 0)
    recency = ibis.literal(as_of).delta(known.last_0, unit="day")
    some = known.filter((known.visits_0 >= 2) & (recency <= cycle))
    counted = some.group_by("population", "weighted_money_0").aggregate(customers=some.customer_id.count()).to_pyarrow()
    population = np.array(counted["population"].to_pylist(), dtype=object)
    values, counts = (counted[name].to_numpy().astype(np.int64) for name in ("weighted_money_0", "customers"))
    found = {}
    for name in cycles:
        mine = population == name
        order = np.argsort(-values[mine], kind="stable")
        theirs, running = values[mine][order], np.cumsum((values[mine] * counts[mine])[order])
        if len(running) and running[-1] > 0:
            wanted = -(-int(running[-1]) * CORE_SHARE.numerator // CORE_SHARE.denominator)
            found[name] = int(theirs[int(np.argmax(running >= wanted))])
    return found


def strategic_segment(
    population: Any, visits: Any, recency_days: Any, value: Any, calibrations: Mapping[str, Calibration]
) -> ir.StringValue:
    """The segment of columns: visits of all time, days since the last one, weighted value of the window.

    Populations without a calibration have no customer with a visit.
    """

    def limit(name: str) -> Any:
        limits = {key: getattr(one, name) for key, one in calibrations.items()}
        return portable.by_value(population, {k: v for k, v in limits.items() if v is not None}, None)

    in_cycle = recency_days <= limit("cycle_days")
    is_core = (value >= limit("core_amount")).fill_null(False) if _any_core(calibrations) else ibis.literal(False)
    return ibis.cases(
        (visits == 0, NOT_YET),
        (recency_days > limit("lost_days"), LOST),
        ((visits >= 2) & in_cycle & is_core, CORE),
        ((visits >= 2) & in_cycle, LOYAL),
        (visits >= 2, SLIPPING),
        (recency_days <= limit("new_days"), NEW),
        else_=ONE_OFF,
    )


def _any_core(calibrations: Mapping[str, Calibration]) -> bool:
    return any(one.core_amount is not None for one in calibrations.values())


def possible_moves(of: Calibration, step_days: int) -> frozenset[tuple[str, str]]:
    """Moves the definitions allow between two dates `step_days` apart: all others are structural zeros.

    Without a visit in between, recency grows by the step; with one, it is less than the step and a customer of before
    has two visits at least.
    """
    c, new, lost, d = of.cycle_days, of.new_days, of.lost_days, step_days
    spans = {  # segment: (fewest visits, most visits, recency from, to)
        NEW: (1, 1, 0, min(new, lost)),
        ONE_OFF: (1, 1, new + 1, lost),
        CORE: (2, 9, 0, c),
        LOYAL: (2, 9, 0, c),
        SLIPPING: (2, 9, c + 1, lost),
        LOST: (1, 9, lost + 1, 10**9),
    }
    spans = {name: span for name, span in spans.items() if span[2] <= span[3]}

    def reached(visits: tuple[int, int], recency: tuple[int, int]) -> set[str]:
        return {
            name
            for name, (few, most, low, high) in spans.items()
            if few <= visits[1] and most >= visits[0] and low <= recency[1] and high >= recency[0]
        }

    moves = {(NOT_YET, NOT_YET)}
    moves |= {(NOT_YET, name) for name in reached((1, 1), (0, d - 1))}
    if d >= 2:
        moves |= {(NOT_YET, name) for name in reached((2, 9), (0, d - 2))}
    for start, (few, most, low, high) in spans.items():
        moves |= {(start, name) for name in reached((few, most), (low + d, high + d))}
        moves |= {(start, name) for name in reached((2, 9), (0, d - 1))}
    return frozenset(moves)
