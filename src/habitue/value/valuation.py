"""All of the room at once: forecasts chosen on earlier origins, expected revenue, segments, critical customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from habitue import portable, schemas
from habitue.errors import Message, message
from habitue.purchases.sale_types import SHARED_CARD
from habitue.segments.states import PERSON
from habitue.segments.tables import rows_table
from habitue.value import critical, segment_value
from habitue.value.backtest import WORST_BIAS, Measures, Origin, best
from habitue.value.candidates import forecasts, possible
from habitue.value.expected_revenue import (
    Fitted,
    fit_forecast,
    forecast_columns,
    learned,
    parameter_rows,
    predictions_by_case,
    predictors,
    simulated_outcomes,
    with_cells,
    with_intervals,
)
from habitue.value.intervals import fit_intervals
from habitue.value.methods import ALL, CANDIDATES, LAST_PERIOD, LEARNS, NAIVE, OWN_RATE, PROCESSES
from habitue.value.snapshots import WEEK, Snapshot
from habitue.value.trials import FEWEST_CUSTOMERS, FEWEST_REPEATERS, Base, Past, Tested, back_test, backtest_rows

HIGH_CORRELATION = 0.15

BEST, OVERRULED, FEW = "best_tested", "chosen_by_user", "too_few_customers"
UNTESTED = ("pareto_nbd_all", "too_short_history")


@dataclass(frozen=True, kw_only=True)
class ValueSettings:
    """How far to look ahead, and how.

    Attributes:
        critical_share: share of future revenue the critical customers are to make.
        model: the forecast to use, of `methods.CANDIDATES`; None: the best tested.
        left_out: populations without a forecast, beside shared cards.
    """

    critical_share: Decimal = Decimal("0.4")
    model: str | None = None
    left_out: tuple[str, ...] = ("staff",)


@dataclass(frozen=True)
class Valued:
    """The tables of the room by name, and what a user should know."""

    tables: Mapping[str, ir.Table]
    notes: tuple[Message, ...]


@dataclass(frozen=True)
class _Looked:
    """What one population gives to the tables."""

    expected: ir.Table | None
    model: Mapping[str, Any]
    backtest: Sequence[Mapping[str, Any]]
    parameters: Sequence[Mapping[str, Any]]
    segments: Sequence[Mapping[str, Any]]
    likely: critical.Delivered | None
    named_before: frozenset[str]
    notes: Sequence[Message]


def valuation(
    days: ir.Table,
    changes: ir.Table,
    assignments: ir.Table,
    segments: Mapping[str, Sequence[str]],
    settings: ValueSettings,
    *,
    as_of: date,
    until: date,
    seed: int = 1,
) -> Valued:
    """Forecast every customer's net from the day after `as_of` up to `until`.

    Args:
        days: CUSTOMER_DAYS up to `as_of`.
        changes: DAY_CHANGES of the same days.
        assignments: ASSIGNMENTS.
        segments: names by segmentation, in order.
        settings: shares and choices.
        as_of: the date.
        until: last day of the horizon, after `as_of`.
        seed: of what is drawn (bootstrap, simulated outcomes).
    """
    left_out = [*settings.left_out, SHARED_CARD]
    days, changes = (table.filter(~table.population.isin(left_out)) for table in (days, changes))
    first = days.agg(day=days.sold_on.min(where=days.is_visit)).to_pyarrow()["day"][0].as_py()
    found = []
    if first is not None:
        ahead, past = (until - as_of).days, Past(days, changes, first)
        people = past.at(Origin(as_of, ahead))
        counted = people.group_by("population").aggregate(
            customers=people.visits_count.count(), repeaters=people.visits_count.count(where=people.visits_count > 1)
        )
        for row in counted.order_by("population").to_pyarrow().to_pylist():
            base = Base(row["population"], row["customers"], row["repeaters"], past, as_of, ahead, seed)
            found.append(_look_ahead(base, settings, assignments, segments))
        past.forget()
    return _tables(found, settings, like=days)


def _look_ahead(
    base: Base, settings: ValueSettings, assignments: ir.Table, segments: Mapping[str, Sequence[str]]
) -> _Looked:
    if base.repeaters < FEWEST_REPEATERS:
        return _nothing(base)
    if base.customers < FEWEST_CUSTOMERS:
        return _few(base, assignments, segments, "value.too_few_customers")
    tested = back_test(base)
    now, _ = base.snapshot_at(base.now)
    name, reason = choice(tested, settings)
    naive = _naive_line(tested)
    learns = any(part in LEARNS for part in (*CANDIDATES[name], naive))
    before = base.training(base.as_of, base.ahead) if learns else []
    learners = predictors(CANDIDATES[name], now, before, base.ahead)
    if None in learners.values():  # nothing came after the earlier dates: nothing to learn from
        (name, reason), learners = UNTESTED, {}
    people = base.people
    fitted = fit_forecast(people, name, customers=base.customers)
    if fitted is None:
        return _few(base, assignments, segments, "value.too_few_spends")
    forecast = forecast_columns(
        people,
        fitted,
        days=base.ahead,
        predictions=predictions_by_case(with_cells(people, fitted.cell_days), fitted, base.ahead),
        from_learners=learned(people, learners, on=base.as_of, days=base.ahead),
    )
    if tested is None:
        process, spend = fitted.processes[fitted.activity], fitted.spends[ALL]
        predicted = forecasts(now, before, base.ahead, [name])[name]
        drawn = simulated_outcomes(now, process, spend, ALL, base.ahead, base.seed)
        curve = fit_intervals([(predicted, drawn, base.ahead)])
    else:
        horizons = [one.horizon_days for one in tested.snapshots]
        curve = fit_intervals([(*pair, days) for pair, days in zip(tested.outcomes(name), horizons, strict=True)])
    expected = with_intervals(forecast, curve, base.ahead)
    expected = portable.materialise(expected, "expected_revenue")
    drift = None if tested is None else _drift([one[name] for one in tested.measures])
    is_process = "variance" in forecast.columns
    errors = forecast.select(
        *PERSON,
        "expected",
        *(column for column in forecast.columns if column.startswith("moved_")),
        **({"error": forecast.variance} if is_process else {}),
    )
    if not is_process:
        squared = expected.select("squared_error", error_customer="customer_id")
        errors = errors.inner_join(squared, errors.customer_id == squared.error_customer)
        errors = errors.select(*PERSON, "expected", error="squared_error")
    share = float(settings.critical_share)
    named = frozenset[str]()
    if tested is not None:
        ahead_then = critical.named_in_advance(tested.forecasts[0][name], share)
        named = frozenset(np.array(tested.customers[0], object)[ahead_then].tolist())
    return _Looked(
        expected=expected,
        model={
            **_model_row(base, name, reason, fitted, tested, now, forecast),
            "naive_model": naive,
            "naive_amount": round(
                float(forecasts(now, before, base.ahead, [naive])[naive].sum()) * base.customers / now.size
            ),
        },
        backtest=[] if tested is None else backtest_rows(base, tested, name),
        parameters=parameter_rows(base.population, fitted),
        segments=segment_value.segment_rows(
            errors,
            assignments.filter(assignments.population == base.population),
            covariance=fitted.covariance if is_process else None,
            drift=drift,
            segments=segments,
        ),
        likely=None if tested is None else critical.delivered(tested.outcomes(name), share=share, seed=base.seed),
        named_before=named,
        notes=_notes(base, tested, name, fitted, now),
    )


def _nothing(base: Base) -> _Looked:
    """Where hardly anybody ever came back nothing is forecast: no data say when they do."""
    told = message(
        "value.no_repeaters", population=base.population, customers=base.customers, repeaters=base.repeaters,
        needed=FEWEST_REPEATERS,
    )  # fmt: skip
    return _Looked(None, {}, (), (), (), None, frozenset(), [told])


def _few(base: Base, assignments: ir.Table, segments: Mapping[str, Sequence[str]], code: str) -> _Looked:
    """Each customer's own mean rate where models cannot be fitted; `code` says why."""
    told = message(code, population=base.population, customers=base.customers, needed=FEWEST_CUSTOMERS)
    people = base.people
    horizons = portable.ratio(ibis.literal(base.ahead), ibis.greatest(people.observed_days, WEEK))
    forecast = people.mutate(
        expected=people.net_amount * horizons,
        expected_visits=people.visits_count * horizons,
        expected_spend=portable.ratio(people.net_amount, people.visits_count),
        active_probability=ibis.null("float64"),
    )
    expected = portable.materialise(with_intervals(forecast, None, base.ahead), "expected_revenue")
    errors = forecast.select(*PERSON, "expected", error=ibis.null("float64"))
    rows = segment_value.segment_rows(
        errors, assignments.filter(assignments.population == base.population), covariance=None, drift=None,
        segments=segments,
    )  # fmt: skip
    total = int(expected.expected_amount.sum().to_pyarrow().as_py())
    model = {
        **_horizon(base), "model": OWN_RATE, "reason": FEW, "naive_model": OWN_RATE, "customers_count": base.customers,
        "expected_amount": total, "naive_amount": total, "interval_origins_count": 0,
    }  # fmt: skip
    return _Looked(expected, model, (), (), rows, None, frozenset(), [told])


def _horizon(base: Base) -> dict[str, Any]:
    return {
        "population": base.population,
        "from_on": base.as_of + timedelta(days=1),
        "to_on": base.as_of + timedelta(days=base.ahead),
        "horizon_days": base.ahead,
    }


def choice(tested: Tested | None, settings: ValueSettings) -> tuple[str, str]:
    """Name of the forecast, and why: a code of `forecast_reason`.

    Args:
        tested: what earlier origins say; None: nothing.
        settings: a forecast set by the user, if it can be made here.
    """
    if settings.model in possible():
        return settings.model, OVERRULED
    if tested is None:
        return UNTESTED
    return best(tested.verdicts), BEST


def _naive_line(tested: Tested | None) -> str:
    """The naive line that did best at earlier origins; the last period where there is none."""
    if tested is None:
        return LAST_PERIOD
    return min(NAIVE, key=lambda line: tested.verdicts[line].error)


def _notes(base: Base, tested: Tested | None, name: str, fitted: Fitted, now: Snapshot) -> list[Message]:
    """What a user should know of a population's forecast."""
    told, population = [], base.population
    if tested is None:
        told.append(
            message("value.too_short_history", population=population, days=(base.as_of - base.past.first).days + 1)
        )
    elif not any(verdict.passes for verdict in tested.verdicts.values()):
        told.append(message("value.outside_guards", population=population, bias=WORST_BIAS))
    missing = [name for name in CANDIDATES if name not in possible()]
    if missing:
        told.append(message("value.no_learners", population=population, models=", ".join(missing)))
    kinds = {PROCESSES[part][0] for part in CANDIDATES[name] if part in PROCESSES} | {fitted.activity}
    told += [
        message("value.at_bound", population=population, parameters=", ".join(process.at_bound), model=kind)
        for kind, process in fitted.processes.items()
        if kind in kinds and process.at_bound
    ]
    correlation = _correlation(now)
    if correlation is not None and abs(correlation) > HIGH_CORRELATION:
        direction = "more" if correlation > 0 else "less"
        told.append(
            message("value.correlated", population=population, direction=direction, correlation=round(correlation, 2))
        )
    without = int((now.net <= 0).sum())
    if without:
        told.append(message("value.no_spend", population=population, count=without))
    return told


def _correlation(now: Snapshot) -> float | None:
    """Of visits and mean spend, over customers with several visits and a positive mean; None without variance."""
    some = (now.x > 0) & (now.net > 0)
    visits, spend = now.visits[some], now.net[some] / now.visits[some]
    if len(visits) < 2 or visits.std() == 0 or spend.std() == 0:
        return None
    return float(np.corrcoef(visits, spend)[0, 1])


def _drift(found: Sequence[Measures]) -> float:
    """Root mean square of the relative errors of totals."""
    return float(np.sqrt(np.mean([one.bias**2 for one in found])))


def _model_row(
    base: Base,
    name: str,
    reason: str,
    fitted: Fitted,
    tested: Tested | None,
    now: Snapshot,
    forecast: ir.Table,
) -> dict[str, Any]:
    return {
        **_horizon(base),
        "model": name,
        "reason": reason,
        "customers_count": base.customers,
        "expected_amount": round(
            float(segment_value.exact_sum(forecast.expected).to_pyarrow().as_py()) / segment_value.THOUSANDTHS
        ),
        "cases_count": max(one.cases_count for one in fitted.processes.values()),
        "activity_model": fitted.activity,
        "spend_frequency_correlation": _correlation(now),
        "interval_origins_count": 0 if tested is None else len(tested.snapshots),
    }


def _tables(found: Sequence[_Looked], settings: ValueSettings, *, like: ir.Table) -> Valued:
    empty = schemas.EXPECTED_REVENUE.ibis_schema().to_pyarrow().empty_table()
    expected = portable.stored(empty, "expected_revenue", like=like)
    for one in found:
        if one.expected is not None:
            expected = expected.union(schemas.EXPECTED_REVENUE.cast(one.expected))
    named = critical.critical_customers(expected, settings.critical_share)
    return Valued(
        {
            "expected_revenue": expected,
            "critical_customers": named,
            "critical_sets": rows_table(
                schemas.CRITICAL_SETS, _set_rows(found, expected, named, settings.critical_share), like=like
            ),
            "segment_value": rows_table(
                schemas.SEGMENT_VALUE,
                [{"population": one.model["population"], **row} for one in found for row in one.segments],
                like=like,
            ),
            "forecast_models": rows_table(
                schemas.FORECAST_MODELS, [one.model for one in found if one.model], like=like
            ),
            "backtest": rows_table(schemas.BACKTEST, [row for one in found for row in one.backtest], like=like),
            "purchase_processes": rows_table(
                schemas.PURCHASE_PROCESSES, [row for one in found for row in one.parameters], like=like
            ),
        },
        tuple(note for one in found for note in one.notes),
    )


def _set_rows(found: Sequence[_Looked], expected: ir.Table, named: ir.Table, share: Decimal) -> list[dict[str, Any]]:
    def sums(table: ir.Table) -> dict[str, tuple[int, int]]:
        grouped = table.group_by("population").aggregate(
            customers=table.customer_id.count(), amount=table.expected_amount.sum()
        )
        return {row["population"]: (row["customers"], int(row["amount"])) for row in grouped.to_pyarrow().to_pylist()}

    whole, inside = sums(expected), sums(named)
    rows = []
    for one in found:
        if one.expected is None:
            continue
        population, likely = one.model["population"], one.likely
        customers, amount = inside.get(population, (0, 0))
        everybody, total = whole[population]
        again = None
        if one.named_before and customers:
            mine = named.filter(named.population == population).customer_id.to_pyarrow().to_pylist()
            again = sum(number in one.named_before for number in mine) / customers
        rows.append(
            {
                "population": population,
                "wanted_share": float(share),
                "customers_count": customers,
                "customers_share": customers / everybody if everybody else None,
                "expected_amount": amount,
                "expected_share": amount / total if total else None,
                "delivered_share": None if likely is None else likely.share,
                "low_95_share": None if likely is None else likely.low,
                "high_95_share": None if likely is None else likely.high,
                "origins_count": 0 if likely is None else likely.origins,
                "named_before_share": again,
            }
        )
    return rows
