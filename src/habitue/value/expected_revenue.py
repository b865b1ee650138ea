"""What every customer is expected to bring over the days ahead: fitted on distinct cases, joined back in the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from scipy.linalg import block_diag

from habitue import portable, schemas
from habitue.segments.states import PERSON
from habitue.value.candidates import component_fit, spends
from habitue.value.cases import Array, Cases
from habitue.value.discounting import present_share
from habitue.value.intervals import LEVELS, IntervalCurve
from habitue.value.methods import (
    ALL,
    BG_NBD,
    CANDIDATES,
    LAST_PERIOD,
    LEARNS,
    MBG_NBD,
    OWN_RATE,
    PARETO_NBD,
    PROCESSES,
)
from habitue.value.purchase_process import PurchaseProcess, fit_purchase_process
from habitue.value.snapshots import WEEK, Snapshot, cases_in_cells, cell_days, snapshot, times_of_cells
from habitue.value.spend import Spend, fit_spend

LARGE_BASE = 200_000
"""With more customers mean spends are counted in steps of a tenth of a percent, and learners forecast in batches."""

SPEND_STEPS = 1000
CASE = ("visits_count", "first_cell", "last_cell")
MOVE = 1e-3
"""Step of the logarithm of a parameter for the derivatives of totals."""


@dataclass(frozen=True)
class Fitted:
    """What a population's forecast is made of.

    Attributes:
        name: the forecast, of `CANDIDATES`.
        processes: by kind: those the forecast needs, and the one that tells who is active.
        activity: kind of the process that tells who is active: never BG/NBD.
        spends: spend models by the visits they were learnt from.
        cell_days: days of a cell of time.
    """

    name: str
    processes: Mapping[str, PurchaseProcess]
    activity: str
    spends: Mapping[str, Spend]
    cell_days: int

    @property
    def shown(self) -> tuple[str, str]:
        """Process and visits of the spend model that expected visits and spend are told by."""
        return next((PROCESSES[name] for name in CANDIDATES[self.name] if name in PROCESSES), (self.activity, ALL))

    @property
    def is_process(self) -> bool:
        """Whether the forecast is one process with one spend model: then its errors can be told from the models."""
        return self.name in PROCESSES

    @property
    def covariance(self) -> Array:
        """Of the logarithms of a forecast by one process: its own and those of its spend model, estimated apart."""
        kind, visits = PROCESSES[self.name]
        blocks = [np.array(one.log_covariance) for one in (self.processes[kind], self.spends[visits])]
        return np.asarray(block_diag(*blocks))


def with_cells(people: ir.Table, days: int) -> ir.Table:
    """Histories with `first_cell` and `last_cell`: whole cells of time back to the first and the last visit."""
    recency = people.observed_days - people.repeat_days
    return people.mutate(
        first_cell=portable.whole_quotient(people.observed_days, days),
        last_cell=portable.whole_quotient(recency, days),
    )


def cases_of(people: ir.Table, days: int) -> Cases:
    """Distinct cases of histories with cells of so many days; as `snapshots.cases_in_cells`."""
    found = people.group_by(*CASE).aggregate(customers=people.visits_count.count()).order_by(*CASE).to_pyarrow()
    visits, first, last, counts = (found[name].to_numpy().astype(float) for name in (*CASE, "customers"))
    return cases_in_cells(visits, first * days, last * days, days, counts)


def fit_spends(people: ir.Table, visits: str, *, customers: int) -> Spend | None:
    """The spend model of histories of so many customers; None where too few have a known spend."""
    counted, mean = spend_columns(people, visits)
    known = people.select(counted=counted, mean=mean).filter(lambda t: t.counted > 0)
    if customers > LARGE_BASE:
        step = (known["mean"].ln() * SPEND_STEPS).round().cast("int64")
        known = known.group_by("counted", step=step).aggregate(
            mean=(known["mean"].ln().mean()).exp(), customers=known.counted.count()
        )
        rows = known.select("counted", "mean", "customers").order_by("counted", "mean").to_pyarrow()
        counts = rows["customers"].to_numpy().astype(float)
    else:
        rows, counts = known.order_by("counted", "mean").to_pyarrow(), None
    return fit_spend(rows["counted"].to_numpy().astype(float), rows["mean"].to_numpy().astype(float), counts)


def spend_columns(people: ir.Table, visits: str) -> tuple[Any, Any]:
    """Visits with a known mean spend, and that mean: 0 and 0 where it is not positive."""
    # Floating from the start: engines take written fractions for decimals, whose products overflow.
    counted = (people.visits_count if visits == ALL else people.visits_count - 1).cast("float64")
    net = people.net_amount if visits == ALL else people.net_amount - people.first_amount
    mean = portable.ratio(net, counted).fill_null(0.0)
    nothing = ibis.literal(0.0, "float64")
    return ibis.ifelse(mean > 0, counted, nothing), ibis.ifelse(mean > 0, mean, nothing)


def fit_forecast(people: ir.Table, name: str, *, customers: int) -> Fitted | None:
    """Fit what a forecast needs of all customers of a population, and who is still active.

    None where too few customers have a known spend.

    Args:
        people: `histories.histories` of one population.
        name: of `CANDIDATES`.
        customers: how many there are.
    """
    cell = cell_days(customers)
    people = with_cells(people, cell)
    cases = cases_of(people, cell)
    needed = [PROCESSES[component] for component in CANDIDATES[name] if component in PROCESSES]
    kinds = {kind for kind, _ in needed}
    if not kinds - {BG_NBD}:  # everybody who bought once is active there: another must tell who is
        kinds |= {MBG_NBD} if kinds else {MBG_NBD, PARETO_NBD}
    spends: dict[str, Spend] = {}
    for visits in sorted({visits for _, visits in needed} or {ALL}):
        spend = fit_spends(people, visits, customers=customers)
        if spend is None:
            return None
        spends[visits] = spend
    processes = {kind: fit_purchase_process(cases, kind) for kind in sorted(kinds)}
    activity = max(sorted(kinds - {BG_NBD}), key=lambda kind: processes[kind].log_likelihood)
    return Fitted(name, processes, activity, spends, cell)


def predictions_by_case(people: ir.Table, fitted: Fitted, days: int, *, discount_rate: float = 0.0) -> ir.Table:
    """Distinct cases with what their processes expect; stored.

    Columns beside `CASE`: `active_probability`, `present_share` (present value over plain sum, by the process shown),
    and `visits_KIND` (expected visits) for each kind of process shown or part of the forecast; where the forecast is
    one process, `squares` (expected square of the visits) and `slope_K` (of the expected visits by the logarithm of
    parameter K).
    """
    found = people.select(*CASE).distinct().order_by(*CASE).to_pyarrow()
    visits, first, last = (found[name].to_numpy().astype(float) for name in CASE)
    x, ahead = visits - 1, days / WEEK
    t_x, t_end = times_of_cells(first, last, fitted.cell_days)
    columns = {name: found[name] for name in CASE}
    columns["active_probability"] = pa.array(fitted.processes[fitted.activity].p_active(x, t_x, t_end))
    shown_kind, _ = fitted.shown
    shown = fitted.processes[shown_kind]
    columns["present_share"] = pa.array(
        present_share(lambda until: shown.expected(x, t_x, t_end, until / WEEK), days, discount_rate)
        if discount_rate
        else np.ones(len(x))
    )
    kinds = {PROCESSES[name][0] for name in CANDIDATES[fitted.name] if name in PROCESSES} | {shown_kind}
    for kind in sorted(kinds):
        columns[f"visits_{kind}"] = pa.array(fitted.processes[kind].expected(x, t_x, t_end, ahead))
    if fitted.is_process:
        columns["squares"] = pa.array(shown.squared(x, t_x, t_end, ahead))
        logs = np.log(shown.parameters)
        for number, move in enumerate(np.eye(len(logs)) * MOVE):
            up, down = (shown.with_logs(moved).expected(x, t_x, t_end, ahead) for moved in (logs + move, logs - move))
            columns[f"slope_{number}"] = pa.array((up - down) / (2 * MOVE))
    return portable.stored(pa.table(columns), "case_predictions", like=people)


def learned(people: ir.Table, predict: Mapping[str, Any], *, on: Any, days: int) -> ir.Table | None:
    """Forecasts of learners for every customer, made batch by batch: a column for each; stored. None without any.

    Args:
        people: `histories.histories`.
        predict: by component name, from a snapshot to expected net.
        on: the date of the histories.
        days: days ahead.
    """
    if not predict:
        return None
    tables, everybody = [], people.to_pyarrow()
    for start in range(0, everybody.num_rows, LARGE_BASE):
        rows = everybody.slice(start, LARGE_BASE)
        of = snapshot(rows, on=on, horizon_days=days)
        columns = {name: pa.array(one(of)) for name, one in predict.items()}
        tables.append(pa.table({**{f"learned_{key}": rows[key] for key in PERSON}, **columns}))
    return portable.stored(pa.concat_tables(tables), "learned", like=people)


def forecast_columns(
    people: ir.Table, fitted: Fitted, *, days: int, predictions: ir.Table, from_learners: ir.Table | None
) -> ir.Table:
    """Histories with the forecast and what it is made of.

    Columns added: `expected` (net over the days ahead, not rounded), `present` (discounted), `active_probability`,
    `expected_visits` and `expected_spend` (of the process and spend model shown), and where the forecast is one
    process, `variance` (of each customer's net, chance only) and `slope_K` (of `expected` by the logarithm of parameter
    K: first those of the process, then those of the spend model).
    """
    wide = with_cells(people, fitted.cell_days).inner_join(predictions, list(CASE))
    if from_learners is not None:
        keys = [wide[key] == from_learners[f"learned_{key}"] for key in PERSON]
        wide = wide.inner_join(from_learners, keys).drop(*(f"learned_{key}" for key in PERSON))
    parts = CANDIDATES[fitted.name]
    amounts = [_component(wide, name, fitted, days) for name in parts]
    shown_kind, shown_visits = fitted.shown
    expected = sum(amounts[1:], amounts[0]) / len(amounts)
    columns = {
        "expected": expected,
        "present": expected * wide.present_share,
        "expected_visits": wide[f"visits_{shown_kind}"],
        "expected_spend": _spend(wide, fitted, shown_visits),
    }
    if fitted.is_process:
        columns |= _uncertainty(wide, fitted.processes[shown_kind], fitted.spends[shown_visits], shown_visits)
    kept = [*people.columns, "active_probability"]
    return wide.select(*kept, **columns)


def _component(wide: ir.Table, name: str, fitted: Fitted, days: int) -> Any:
    if name in PROCESSES:
        kind, visits = PROCESSES[name]
        return wide[f"visits_{kind}"] * _spend(wide, fitted, visits)
    if name == LAST_PERIOD:
        return wide.period_amount.cast("float64") * (float(days) / wide.period_days.cast("float64"))
    if name == OWN_RATE:
        return portable.ratio(wide.net_amount, ibis.greatest(wide.observed_days, WEEK)) * float(days)
    return wide[name]


def _spend(wide: ir.Table, fitted: Fitted, visits: str) -> Any:
    return fitted.spends[visits].expected(*spend_columns(wide, visits))


def _uncertainty(wide: ir.Table, process: PurchaseProcess, spend: Spend, visits: str) -> dict[str, Any]:
    counted, mean = spend_columns(wide, visits)
    once = wide[f"visits_{process.kind}"]
    worth, rate = spend.expected(counted, mean), spend.squared_rate(counted, mean)
    columns = {"variance": once * rate * spend.p + wide.squares * rate * spend.p**2 - (once * worth) ** 2}
    number = len(process.parameters)
    for place in range(number):
        columns[f"slope_{place}"] = wide[f"slope_{place}"] * worth
    for place, slope in enumerate(spend.slopes(counted, mean), number):
        columns[f"slope_{place}"] = once * slope
    return columns


def with_intervals(forecast: ir.Table, curve: IntervalCurve | None, days: int) -> ir.Table:
    """EXPECTED_REVENUE, and `squared_error` (to expect of each customer, by the bands; null without)."""
    ends = {
        (side, place): f"{side}_{round(level * 100)}_amount"
        for place, level in enumerate(LEVELS)
        for side in ("low", "high")
    }
    columns: dict[str, Any]
    wide = forecast
    if curve is not None:
        per_day = forecast.expected / float(days)
        floors = [one.floor for one in curve.bands[1:]]
        band: Any = ibis.literal(0)
        if floors:
            band = per_day.bucket(floors, close_extreme=False, include_under=True, include_over=True)
        rows: dict[str, Any] = {
            "number": list(range(len(curve.bands))),
            "error": [one.squared_error for one in curve.bands],
        }
        for (side, place), name in ends.items():
            rows[f"band_{name}"] = [(one.lows if side == "low" else one.highs)[place] for one in curve.bands]
        bands = portable.stored(pa.table(rows), "bands", like=forecast)
        wide = forecast.mutate(band=band.cast("int64"))
        wide = wide.inner_join(bands, wide.band == bands.number)
        unit = ibis.ifelse(wide.expected > 0, wide.expected, float(days))
        columns = {name: _whole(wide[f"band_{name}"] * unit) for name in ends.values()}
        columns["squared_error"] = wide.error * unit * unit
    else:
        columns = {**{name: ibis.null("int64") for name in ends.values()}, "squared_error": ibis.null("float64")}
    wide = wide.mutate(
        expected_amount=_whole(wide.expected),
        present_amount=_whole(wide.present),
        expected_spend_amount=_whole(wide.expected_spend),
        first_visit_on=wide.first_on,
        last_visit_on=wide.last_on,
        **columns,
    )
    return wide.select(*schemas.EXPECTED_REVENUE.names, "squared_error")


def _whole(value: Any) -> Any:
    return value.round().cast("int64")


def simulated_outcomes(of: Snapshot, process: PurchaseProcess, spend: Spend, visits: str, days: int, seed: int) -> Any:
    """A draw of what each customer brings, if the models hold: where no earlier origin can tell."""
    chance = np.random.default_rng(seed)
    bought = process.draw(of.x, of.t_x, of.t_end, days / WEEK, chance)
    counted, mean = spends(of, visits)
    rate = chance.gamma(spend.p * counted + spend.q) / (spend.gamma + counted * mean)
    return np.where(bought > 0, chance.gamma(spend.p * np.maximum(bought, 1)) / rate, 0.0)


def predictors(names: Iterable[str], now: Snapshot, before: Sequence[Snapshot], days: int) -> dict[str, Any]:
    """Fitted components of a forecast that learn from earlier dates, by name."""
    return {name: component_fit(name)(now, before, days) for name in names if name in LEARNS}


def parameter_rows(population: str, fitted: Fitted) -> list[dict[str, Any]]:
    """PURCHASE_PROCESSES of one population."""
    rows = []
    for kind, process in fitted.processes.items():
        for (name, value), error in zip(process.named.items(), process.standard_errors, strict=True):
            rows.append((kind, name, value, error, name in process.at_bound, process))
    for visits, spend in fitted.spends.items():
        for name, error in zip(("p", "q", "gamma"), spend.standard_errors, strict=True):
            rows.append(
                (f"gamma_gamma_{visits}", name, getattr(spend, name), error, name == "q" and spend.at_bound, spend)
            )
    return [
        {
            "population": population,
            "model": model,
            "parameter": name,
            "value": value,
            "standard_error": error,
            "is_at_bound": at_bound,
            "log_likelihood": of.log_likelihood,
            "customers_count": of.customers_count,
        }
        for model, name, value, error, at_bound, of in rows
    ]
