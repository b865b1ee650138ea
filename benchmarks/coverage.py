"""coverage/…: how often the intervals hold what they should, on simulated bases whose truth is known.

Bases are small and many, their parameters drawn anew for each. What the room would do with a shop's own data is done
with each of them. No speed is measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from benchmarks.buyers import (
    FIRST,
    Purchases,
    Truth,
    buyers,
    customer_days,
    day_of,
    drawn,
    no_changes,
    population,
    summary,
)
from benchmarks.buyers import histories as made_histories
from benchmarks.measure import record
from habitue import portable
from habitue.segments.states import PERSON
from habitue.segments.transitions import WHOLE
from habitue.value.backtest import Origin, origins
from habitue.value.candidates import forecasts
from habitue.value.cases import Array, Cases, distinct
from habitue.value.critical import CRITICAL_SHARE, delivered, named_in_advance
from habitue.value.expected_revenue import fit_forecast, forecast_columns, predictions_by_case, with_cells
from habitue.value.histories import histories
from habitue.value.intervals import NORMAL
from habitue.value.methods import ALL, BG_NBD, KINDS, MBG_NBD, PARETO_NBD
from habitue.value.purchase_process import fit_purchase_process
from habitue.value.segment_value import segment_rows
from habitue.value.snapshots import WEEK, WINDOWS, Snapshot, cases_in_cells, snapshot
from habitue.value.spend import fit_spend

SEED = 5
BASES = 1_000
SMALLEST, LARGEST = 500, 3_000
"""Customers of a base."""

HISTORY = 104
"""Weeks until the forecast is made."""

AHEAD = (26, 52)
"""Weeks ahead: so much history has three earlier origins for the first, one for the second."""

BATCH = 20
LEAST, MOST = 0.92, 0.98
GOAL = f"{LEAST} <= every share <= {MOST}"


def within(*shares: float) -> bool:
    """Whether all shares reach the goal."""
    return all(LEAST <= share <= MOST for share in shares)


def base(kind: str, weeks: float, chance: np.random.Generator) -> tuple[Truth, Purchases]:
    """A base of its own parameters, customers coming evenly over the history."""
    truth = drawn(kind, chance)
    born = chance.uniform(0, HISTORY, int(chance.integers(SMALLEST, LARGEST + 1)))
    return truth, buyers(truth, born, weeks, chance)


def holds_truth(fitted: Sequence[float], log_covariance: Any, truth: Sequence[float]) -> Array:
    """Whether the 95 % interval of each logarithm holds the truth's."""
    errors = np.sqrt(np.diag(np.array(log_covariance)))
    return np.abs(np.log(np.array(fitted)) - np.log(np.array(truth))) <= NORMAL["95"] * errors


def parameters(bases: int = BASES) -> None:
    """coverage/parameters: Laplace intervals of the logarithms, so many bases for each process; exact times.

    Bases with a parameter at a bound count like all others; how many there were is told.
    """
    held: dict[str, list[Array]] = defaultdict(list)
    at_bound: dict[str, int] = dict.fromkeys((*KINDS, "gamma_gamma"), 0)
    unconverged = 0
    names: dict[str, tuple[str, ...]] = {"gamma_gamma": ("p", "q", "gamma")}
    for place, kind in enumerate(KINDS):
        chance = np.random.default_rng([SEED, place])
        for _ in range(bases):
            truth, of = base(kind, HISTORY, chance)
            known = summary(of, HISTORY)
            process = fit_purchase_process(distinct(known.x, known.t_x, known.t_end), kind)
            held[kind].append(holds_truth(process.parameters, process.log_covariance, truth.process))
            names[kind] = tuple(process.named)
            at_bound[kind] += bool(process.at_bound)
            unconverged += not process.has_converged
            spend = fit_spend(known.x + 1, known.mean)
            if spend is None:
                raise RuntimeError("no spend model of a whole base")
            held["gamma_gamma"].append(holds_truth((spend.p, spend.q, spend.gamma), spend.log_covariance, truth.spend))
            at_bound["gamma_gamma"] += spend.at_bound
    shares = {
        model: dict(zip(names[model], np.mean(found, axis=0).round(4).tolist(), strict=True))
        for model, found in held.items()
    }
    every = [share for model in shares.values() for share in model.values()]
    record(
        "coverage", "parameters", bases=bases * len(KINDS), customers=[SMALLEST, LARGEST],
        value=round(float(np.concatenate([np.ravel(found) for found in held.values()]).mean()), 4),
        lowest=min(every), highest=max(every), shares=shares, at_bound=at_bound, unconverged=unconverged,
        goal=GOAL, holds=within(*every),
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A base in the engine: a population of its own among those of its batch.

    Attributes:
        kind: the process it was made of.
        number: its place in the batch.
        customers: how many.
        now: the end of its history, and the days ahead.
        histories: of the whole batch, as known at an origin; days after it are known too: for scores only.
    """

    kind: str
    number: int
    customers: int
    now: Origin
    histories: Callable[[Origin], ir.Table]

    @property
    def name(self) -> str:
        """The forecast by the process the base was made of."""
        return f"{self.kind}_{ALL}"

    def people(self, origin: Origin) -> ir.Table:
        """Its customers as they stood at an origin."""
        table = self.histories(origin)
        return table.filter(table.population == population(self.number))


def cases(bases: int) -> Iterator[Case]:
    """So many bases."""
    chance = np.random.default_rng([SEED, len(KINDS)])
    for first in range(0, bases, BATCH):
        weeks = AHEAD[first // BATCH % len(AHEAD)]
        kinds = [KINDS[number % len(KINDS)] for number in range(first, min(first + BATCH, bases))]
        made = [base(kind, HISTORY + weeks, chance)[1] for kind in kinds]
        con: Any = ibis.duckdb.connect()
        con.raw_sql("SET threads = 1")
        days = con.create_table("days", customer_days(made), temp=True)
        changes = con.create_table("changes", no_changes(), temp=True)

        @cache
        def known(origin: Origin, days: ir.Table = days, changes: ir.Table = changes) -> ir.Table:
            windows = sorted({*WINDOWS, origin.horizon_days})
            return histories(days, changes, on=origin.on, horizon_days=origin.horizon_days, windows=windows)

        now = Origin(day_of(HISTORY), weeks * WEEK)
        yield from (Case(kind, place, len(made[place].born), now, known) for place, kind in enumerate(kinds))
        con.disconnect()


GROUPS: Mapping[str, Mapping[str, Any]] = {
    "frequency": {
        "once": lambda people: people.visits_count == 1,
        "two or three": lambda people: people.visits_count.isin([2, 3]),
        "more": lambda people: people.visits_count > 3,
    },
    "recency": {
        "thirteen weeks": lambda people: people.observed_days - people.repeat_days < 13 * WEEK,
        "a year": lambda people: (people.observed_days - people.repeat_days).between(13 * WEEK, 52 * WEEK - 1),
        "longer": lambda people: people.observed_days - people.repeat_days >= 52 * WEEK,
    },
}
"""Segments, as conditions on histories."""


def assignments(people: ir.Table) -> ir.Table:
    """ASSIGNMENTS of some histories to the groups."""
    return ibis.union(
        *(
            people.filter(condition(people)).select(
                *PERSON, segmentation=ibis.literal(scheme), segment=ibis.literal(name)
            )
            for scheme, groups in GROUPS.items()
            for name, condition in groups.items()
        )
    )


def segment_values(case: Case) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Rows of SEGMENT_VALUE of a base, each with what really came."""
    people, ahead = case.people(case.now), case.now.horizon_days
    fitted = fit_forecast(people, case.name, customers=case.customers)
    if fitted is None:
        raise RuntimeError("no forecast of a whole base")
    predictions = predictions_by_case(with_cells(people, fitted.cell_days), fitted, ahead)
    forecast = forecast_columns(people, fitted, days=ahead, predictions=predictions, from_learners=None)
    groups = portable.materialise(assignments(people), "groups")
    rows = segment_rows(
        forecast.mutate(error=forecast.variance), groups, covariance=fitted.covariance, drift=None,
        segments={scheme: tuple(names) for scheme, names in GROUPS.items()},
    )  # fmt: skip
    came: dict[tuple[str, str], float] = defaultdict(float)
    after = groups.inner_join(people.select(*PERSON, "later_amount"), list(PERSON))
    sums = after.group_by("segmentation", "segment").aggregate(came=after.later_amount.sum())
    for row in sums.to_pyarrow().to_pylist():
        for name in (row["segment"], WHOLE):
            came[row["segmentation"], name] += row["came"]
    for row in rows:
        if row["customers_count"]:
            yield row, came[row["segmentation"], row["segment"]]


def segment_totals(bases: int = BASES) -> None:
    """coverage/segment-totals: intervals of what segments and whole bases bring."""
    held: dict[str, list[bool]] = defaultdict(list)
    by_kind: dict[str, list[bool]] = defaultdict(list)
    eighty, widths, shares = [], [], []
    for case in cases(bases):
        for row, came in segment_values(case):
            is_whole = row["segment"] == WHOLE
            if is_whole and row["segmentation"] != next(iter(GROUPS)):
                continue  # the same customers once more
            inside = row["low_95_amount"] <= came <= row["high_95_amount"]
            held[WHOLE if is_whole else row["segment"]].append(inside)
            by_kind[case.kind].append(inside)
            eighty.append(row["low_80_amount"] <= came <= row["high_80_amount"])
            if is_whole:
                widths.append((row["high_95_amount"] - row["low_95_amount"]) / row["expected_amount"])
                errors = row["process_error_amount"], row["parameter_error_amount"]
                shares.append(errors[1] ** 2 / (errors[0] ** 2 + errors[1] ** 2))
    found = {name: round(float(np.mean(some)), 4) for name, some in held.items()}
    record(
        "coverage", "segment-totals", bases=bases, customers=[SMALLEST, LARGEST], weeks_ahead=AHEAD,
        value=round(float(np.mean([one for some in held.values() for one in some])), 4), shares=found,
        by_process={kind: round(float(np.mean(some)), 4) for kind, some in by_kind.items()},
        of_80_intervals=round(float(np.mean(eighty)), 4), mean_width_of_whole=round(float(np.mean(widths)), 4),
        parameters_share_of_variance=round(float(np.mean(shares)), 4), goal=GOAL, holds=within(*found.values()),
    )  # fmt: skip


def base_at(of: Purchases, origin: Origin) -> Snapshot:
    """The customers of a base as they stood at an origin."""
    rows = made_histories(of, (origin.on - FIRST).days + 1, origin.horizon_days)
    return snapshot(rows, on=origin.on, horizon_days=origin.horizon_days)


def critical_delivered(bases: int = BASES) -> None:
    """coverage/critical-delivered: intervals from earlier origins, and what the customers named now deliver."""
    held: dict[int, list[bool]] = defaultdict(list)
    widths: dict[int, list[float]] = defaultdict(list)
    gaps = []
    chance = np.random.default_rng([SEED, len(KINDS) + 1])
    for number in range(bases):
        kind, weeks = KINDS[number % len(KINDS)], AHEAD[number // len(KINDS) % len(AHEAD)]
        _, of = base(kind, HISTORY + weeks, chance)
        now = Origin(day_of(HISTORY), weeks * WEEK)
        shares = []
        for then in (base_at(of, one) for one in (now, *origins(FIRST, now.on, now.horizon_days))):
            name = f"{kind}_{ALL}"
            shares.append((forecasts(then, [], then.horizon_days, [name])[name], then.later_net))
        likely = delivered(shares[1:], share=CRITICAL_SHARE, seed=SEED)
        if likely is None:
            raise RuntimeError("no earlier origin")
        forecast, came = shares[0]
        share = came[named_in_advance(forecast, CRITICAL_SHARE)].sum() / came.sum()
        held[likely.origins].append(likely.low <= share <= likely.high)
        widths[likely.origins].append(likely.high - likely.low)
        gaps.append(share - likely.share)
    found = {str(count): round(float(np.mean(some)), 4) for count, some in sorted(held.items())}
    record(
        "coverage", "critical-delivered", bases=bases, customers=[SMALLEST, LARGEST], weeks_ahead=AHEAD,
        value=round(float(np.mean([one for some in held.values() for one in some])), 4), by_origins=found,
        mean_width=round(float(np.mean([one for some in widths.values() for one in some])), 4),
        mean_width_by_origins={str(count): round(float(np.mean(some)), 4) for count, some in sorted(widths.items())},
        mean_gap=round(float(np.mean(gaps)), 4), goal=GOAL, holds=within(*found.values()),
    )  # fmt: skip


GRID_CUSTOMERS = 200_000
GRID_AHEAD = 39
MOST_BIAS = 0.01
GRID_TRUTHS = {
    f"{kind}, alpha {alpha} days": (kind, (0.8, alpha / WEEK, *rest))
    for alpha in (84, 12)
    for kind, rest in ((BG_NBD, (0.8, 2.5)), (MBG_NBD, (0.8, 2.5)), (PARETO_NBD, (0.8, 14.0)))
}
"""A usual base and one of frequent buyers, for each process."""


def week_grid_bias(customers: int = GRID_CUSTOMERS) -> None:
    """coverage/week-grid-bias: totals of visits forecast from whole weeks, against those from exact times."""
    found = {}
    for place, (name, (kind, process)) in enumerate(GRID_TRUTHS.items()):
        chance = np.random.default_rng([SEED, 100 + place])
        born = chance.uniform(0, HISTORY - 4, customers)
        of = buyers(Truth(kind, process, (6.0, 4.0, 1_500.0)), born, HISTORY + GRID_AHEAD, chance)
        exact = summary(of, HISTORY)
        days = made_histories(of, HISTORY * WEEK, GRID_AHEAD * WEEK)
        visits, observed, repeat, later = (
            days[column].to_numpy() for column in ("visits_count", "observed_days", "repeat_days", "later_visits")
        )
        cells = cases_in_cells(visits, observed, observed - repeat, WEEK)
        unshifted = Cases(cells.x, cells.t_x, np.maximum(cells.t_end - 0.5, cells.t_x), cells.counts)
        of_exact = Cases(exact.x.astype(float), exact.t_x, exact.t_end, np.ones(customers))
        errors = [
            float(fit_purchase_process(some, kind).expected(some.x, some.t_x, some.t_end, GRID_AHEAD) @ some.counts)
            / float(came.sum())
            - 1
            for some, came in ((of_exact, exact.later), (cells, later), (unshifted, later))
        ]
        found[name] = {
            "exact": round(errors[0], 5), "week_grid": round(errors[1], 5), "unshifted": round(errors[2], 5),
            "bias": round((1 + errors[1]) / (1 + errors[0]) - 1, 5),
        }  # fmt: skip
    worst = max(abs(one["bias"]) for one in found.values())
    record(
        "coverage", "week-grid-bias", customers=customers, weeks_ahead=GRID_AHEAD, value=worst, by_base=found,
        goal=f"value < {MOST_BIAS}", holds=worst < MOST_BIAS,
    )  # fmt: skip


LINES: Mapping[str, Callable[[], None]] = {
    "parameters": parameters,
    "segment-totals": segment_totals,
    "critical-delivered": critical_delivered,
    "week-grid-bias": week_grid_bias,
}


def main(*names: str) -> None:
    """Those named; all of them without a name."""
    for name in names or LINES:
        LINES[name]()
