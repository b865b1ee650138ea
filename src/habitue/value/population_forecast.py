"""One population: the forecast chosen on earlier origins, made for everybody, and what to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from habitue import portable
from habitue.errors import Message, message
from habitue.segments.states import PERSON
from habitue.segments.strategic import CORE, NEW, STRATEGIC
from habitue.segments.transitions import WHOLE
from habitue.value import critical, segment_value, watchlists
from habitue.value.backtest import WORST_BIAS, best
from habitue.value.candidates import forecasts, possible, spends
from habitue.value.cases import Array
from habitue.value.discounting import present_share
from habitue.value.drift import Outcome, drifts, horizon_notes
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
from habitue.value.intervals import IntervalCurve, fit_intervals
from habitue.value.methods import CANDIDATES, LAST_PERIOD, LEARNS, NAIVE, OWN_RATE, PROCESSES
from habitue.value.settings import ValueSettings
from habitue.value.snapshots import WEEK, Snapshot
from habitue.value.trials import (
    FEWEST_CUSTOMERS,
    FEWEST_REPEATERS,
    Base,
    Segmentations,
    Tested,
    back_test,
    backtest_rows,
)

HIGH_CORRELATION = 0.15

WATCHED = (
    "customer_id", "first_on", "last_on", "visits_count", "repeat_days", "observed_days", "first_amount",
    "expected_amount",
)  # fmt: skip
"""What the two lists are made from, beside the net of the last period."""

BEST, OVERRULED, FEW = "best_tested", "chosen_by_user", "too_few_customers"
UNTESTED = ("pareto_nbd_all", "too_short_history")


@dataclass(frozen=True)
class Watched:
    """The two lists of one population, without its name, and how they did at earlier dates."""

    rising: pa.Table
    fading: pa.Table
    tests: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Looked:
    """What one population gives to the tables."""

    expected: ir.Table | None
    model: Mapping[str, Any]
    backtest: Sequence[Mapping[str, Any]]
    parameters: Sequence[Mapping[str, Any]]
    segments: Sequence[Mapping[str, Any]]
    likely: critical.Delivered | None
    named_before: frozenset[str]
    notes: Sequence[Message]
    watched: Watched | None = None


def look_ahead(base: Base, settings: ValueSettings, segmentations: Segmentations) -> Looked:
    """The forecast of one population, by the best of what earlier dates say.

    Args:
        base: the population and its past.
        settings: shares and choices.
        segmentations: what segments its customers are in.
    """
    if base.repeaters < FEWEST_REPEATERS:
        return _nothing(base)
    if base.customers < FEWEST_CUSTOMERS:
        return _few(base, settings, segmentations, "value.too_few_customers")
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
        return _few(base, settings, segmentations, "value.too_few_spends")
    forecast = forecast_columns(
        people,
        fitted,
        days=base.ahead,
        predictions=predictions_by_case(
            with_cells(people, fitted.cell_days), fitted, base.ahead, discount_rate=float(settings.discount_rate)
        ),
        from_learners=learned(people, learners, on=base.as_of, days=base.ahead),
    )
    if tested is None:
        kind, visits = fitted.shown
        process, spend = fitted.processes[kind], fitted.spends[visits]
        drawn = simulated_outcomes(now, process, spend, visits, base.ahead, base.seed)
        if fitted.is_process:
            predicted = process.expected(now.x, now.t_x, now.t_end, base.ahead / WEEK) * spend.expected(
                *spends(now, visits)
            )
        else:
            predicted = forecasts(now, before, base.ahead, [name])[name]
        curve = fit_intervals([(predicted, drawn, base.ahead)])
    else:
        horizons = [one.horizon_days for one in tested.snapshots]
        curve = fit_intervals([(*pair, days) for pair, days in zip(tested.outcomes(name), horizons, strict=True)])
    expected = with_intervals(forecast, curve, base.ahead)
    expected = portable.materialise(expected, "expected_revenue")
    placed = [] if tested is None else [
        base.segments_at(then.on, numbers)
        for then, numbers in zip(tested.snapshots, tested.customers, strict=True)
    ]  # fmt: skip
    drift = _drift(tested, name, curve, placed, segmentations, base.ahead)
    errors = forecast.select(
        *PERSON,
        "expected",
        "present",
        *(column for column in forecast.columns if column.startswith("slope_")),
        **({"error": forecast.variance} if fitted.is_process else {}),
    )
    if not fitted.is_process:
        squared = expected.select("squared_error", error_customer="customer_id")
        errors = errors.inner_join(squared, errors.customer_id == squared.error_customer)
        errors = errors.select(*PERSON, "expected", "present", error="squared_error")
    share = float(settings.critical_share)
    named = frozenset[str]()
    if tested is not None:
        ahead_then = critical.named_in_advance(tested.forecasts[0][name], share)
        named = frozenset(np.array(tested.customers[0], object)[ahead_then].tolist())
    segments = segment_value.segment_rows(
        errors,
        segmentations.of(base.population),
        covariance=fitted.covariance if fitted.is_process else None,
        drift=drift,
        segments=segmentations.scheme.segments,
    )
    return Looked(
        expected=expected,
        model={
            **_model_row(base, settings, name, reason, fitted, tested, now),
            "expected_amount": next(row["expected_amount"] for row in segments if row["segment"] == WHOLE),
            "naive_model": naive,
            "naive_amount": round(
                float(forecasts(now, before, base.ahead, [naive])[naive].sum()) * base.customers / now.size
            ),
        },
        backtest=[] if tested is None else backtest_rows(base, tested, name),
        parameters=parameter_rows(base.population, fitted),
        segments=segments,
        likely=None if tested is None else critical.delivered(tested.outcomes(name), share=share, seed=base.seed),
        named_before=named,
        notes=_notes(base, tested, name, fitted, now),
        watched=_watched(base, tested, name, expected, placed, segmentations),
    )


def _watched(
    base: Base,
    tested: Tested | None,
    name: str,
    expected: ir.Table,
    placed: Sequence[Mapping[str, Array]],
    segmentations: Segmentations,
) -> Watched:
    """Who rises and who fades today, and how often the same rules were right at earlier dates."""
    found: dict[str, list[tuple[Array, Array, Array]]] = {watchlists.RISING: [], watchlists.FADING: []}
    if tested is not None:
        for then, made, segments in zip(tested.snapshots, tested.forecasts, placed, strict=True):
            new = segments[STRATEGIC] == NEW
            good = watchlists.became_good(then.later_net)
            found[watchlists.RISING].append((new, watchlists.rising(made[name], new), good))
            core, late = watchlists.fading(then, segments[STRATEGIC] == CORE)
            found[watchlists.FADING].append((core, late, watchlists.fell(then)))
    people = base.people
    amounts = expected.select(amount_id="customer_id", expected_amount="expected_amount")
    wide = people.inner_join(amounts, people.customer_id == amounts.amount_id)
    wide = wide.select(*WATCHED, last_period_amount="period_amount")

    def in_segment(segment: str) -> pa.Table:
        there = segmentations.in_segment(base.population, segment)
        return wide.semi_join(there, wide.customer_id == there.watched_id).order_by("customer_id").to_pyarrow()

    return Watched(
        rising=watchlists.rising_rows(in_segment(NEW)),
        fading=watchlists.fading_rows(in_segment(CORE)),
        tests=[{"watchlist": kind, **watchlists.tried(one).row()} for kind, one in found.items()],
    )


def _nothing(base: Base) -> Looked:
    """Where hardly anybody ever came back nothing is forecast: no data say when they do."""
    told = message(
        "value.no_repeaters", population=base.population, customers=base.customers, repeaters=base.repeaters,
        needed=FEWEST_REPEATERS,
    )  # fmt: skip
    return Looked(None, {}, (), (), (), None, frozenset(), [told])


def _few(base: Base, settings: ValueSettings, segmentations: Segmentations, code: str) -> Looked:
    """Each customer's own mean rate where models cannot be fitted; `code` says why."""
    told = message(code, population=base.population, customers=base.customers, needed=FEWEST_CUSTOMERS)
    people = base.people
    horizons = portable.ratio(ibis.literal(base.ahead), ibis.greatest(people.observed_days, WEEK))
    rate = float(settings.discount_rate)
    worth = float(present_share(lambda until: np.array([until]), base.ahead, rate)[0]) if rate else 1.0
    forecast = people.mutate(
        expected=people.net_amount * horizons,
        present=people.net_amount * horizons * worth,
        expected_visits=people.visits_count * horizons,
        expected_spend=portable.ratio(people.net_amount, people.visits_count),
        active_probability=ibis.null("float64"),
    )
    expected = portable.materialise(with_intervals(forecast, None, base.ahead), "expected_revenue")
    errors = forecast.select(*PERSON, "expected", "present", error=ibis.null("float64"))
    rows = segment_value.segment_rows(
        errors, segmentations.of(base.population), covariance=None, drift=None, segments=segmentations.scheme.segments,
    )  # fmt: skip
    total = int(expected.expected_amount.sum().to_pyarrow().as_py())
    model = {
        **_horizon(base, settings), "model": OWN_RATE, "reason": FEW, "naive_model": OWN_RATE,
        "customers_count": base.customers, "expected_amount": total, "naive_amount": total, "interval_origins_count": 0,
    }  # fmt: skip
    return Looked(expected, model, (), (), rows, None, frozenset(), [told])


def _horizon(base: Base, settings: ValueSettings) -> dict[str, Any]:
    return {
        "population": base.population,
        "measure": settings.measure,
        "discount_rate": float(settings.discount_rate),
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
    history = (base.as_of - base.past.first).days + 1
    if tested is None:
        told.append(message("value.too_short_history", population=population, days=history))
    elif not any(verdict.passes for verdict in tested.verdicts.values()):
        told.append(message("value.outside_guards", population=population, bias=WORST_BIAS))
    tested_days = None if tested is None else tested.snapshots[0].horizon_days
    told += horizon_notes(population, days=base.ahead, tested_days=tested_days, history_days=history)
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


def _drift(
    tested: Tested | None,
    name: str,
    curve: IntervalCurve,
    placed: Sequence[Mapping[str, Array]],
    segmentations: Segmentations,
    ahead: int,
) -> dict[tuple[str, str], float]:
    """How far totals of segments may miss, by what they missed at earlier origins."""
    found = [] if tested is None else [
        Outcome(made, came, curve.variance(made, then.horizon_days), segments, then.horizon_days)
        for (made, came), then, segments in zip(tested.outcomes(name), tested.snapshots, placed, strict=True)
    ]  # fmt: skip
    return drifts(found, segmentations.scheme.segments, days=ahead)


def _model_row(
    base: Base,
    settings: ValueSettings,
    name: str,
    reason: str,
    fitted: Fitted,
    tested: Tested | None,
    now: Snapshot,
) -> dict[str, Any]:
    return {
        **_horizon(base, settings),
        "model": name,
        "reason": reason,
        "customers_count": base.customers,
        "cases_count": max(one.cases_count for one in fitted.processes.values()),
        "activity_model": fitted.activity,
        "spend_frequency_correlation": _correlation(now),
        "interval_origins_count": 0 if tested is None else len(tested.snapshots),
    }
