"""What a run promises, and what came of the promises of earlier runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import forecasts, schemas
from habitue.portable import materialise
from habitue.segments.states import PERSON
from habitue.segments.strategic import STRATEGIC
from habitue.segments.tables import rows_table
from habitue.segments.transitions import WHOLE
from habitue.value.methods import MARGIN

INTERVALS = {forecasts.CUSTOMERS_IN_80: 80, forecasts.CUSTOMERS_IN_95: 95}


@dataclass(frozen=True, kw_only=True)
class Promise:
    """An earlier run whose horizon is over, as tables of the backend of today's.

    Attributes:
        run_id: the run.
        made_on: its as-of date.
        is_backdated: it looked back: its data already went further.
        forecasts: FORECASTS, as rows.
        expected: EXPECTED_REVENUE.
        assignments: ASSIGNMENTS.
        critical: CRITICAL_CUSTOMERS.
        ids: CUSTOMER_IDS, who was who then.
    """

    run_id: str
    made_on: date
    is_backdated: bool
    forecasts: Sequence[Mapping[str, Any]]
    expected: ir.Table
    assignments: ir.Table
    critical: ir.Table
    ids: ir.Table


@dataclass(frozen=True, kw_only=True)
class Record:
    """What earlier runs promised.

    Attributes:
        scores: rows of FORECAST_SCORES of earlier runs, in the order their forecasts were made.
        due: what is to be scored now, oldest first.
        order: ids of all runs, oldest first.
    """

    scores: Sequence[Mapping[str, Any]] = ()
    due: Sequence[Promise] = ()
    order: Sequence[str] = ()


NO_RECORD = Record()


def promised(
    models: Iterable[Mapping[str, Any]], segments: Iterable[Mapping[str, Any]], sets: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """FORECASTS of a run.

    Args:
        models: rows of FORECAST_MODELS.
        segments: rows of SEGMENT_VALUE.
        sets: rows of CRITICAL_SETS.
    """
    about = {
        row["population"]: {name: row[name] for name in ("population", "measure", "model", "from_on", "to_on")}
        for row in models
    }
    ends = [f"{side}_{level}_amount" for level in (80, 95) for side in ("low", "high")]
    found = []
    for row in segments:
        if row["segmentation"] != STRATEGIC or not row["customers_count"]:
            continue
        statement = {**about[row["population"]], "customers_count": row["customers_count"]}
        amounts = {name: row.get(name) for name in ("expected_amount", *ends)}
        kind = forecasts.TOTAL if row["segment"] == WHOLE else forecasts.SEGMENT_TOTAL
        found.append({**statement, "kind": kind, "subject": row["segment"], **amounts})
        if row["segment"] == WHOLE and row.get("low_80_amount") is not None:
            found += [
                {**statement, "kind": kind, "subject": WHOLE, "expected_share": level / 100}
                for kind, level in INTERVALS.items()
            ]
    for row in sets:
        if row["delivered_share"] is not None:
            shares = {name: row[name] for name in ("customers_count", "low_95_share", "high_95_share")}
            found.append(
                {
                    **about[row["population"]], **shares, "kind": forecasts.CRITICAL_SHARE, "subject": WHOLE,
                    "expected_share": row["delivered_share"],
                }
            )  # fmt: skip
    return [{name: row.get(name) for name in schemas.FORECASTS.names} for row in found]


def track_record(days: ir.Table, ids: ir.Table, record: Record, *, as_of: date) -> dict[str, ir.Table]:
    """FORECAST_SCORES and FORECAST_CALIBRATION, with what is due scored by what is known now.

    Args:
        days: CUSTOMER_DAYS up to `as_of`.
        ids: CUSTOMER_IDS, who is who now.
        record: what earlier runs promised.
        as_of: the date.

    What came is the net of the same customers, after the returns known by now. Where numbers have become one person
    since, or two, it counts for the person of then who has most of those numbers' expected revenue. A promise of margin
    waits while some margins of its days are unknown.
    """
    fresh = [row for promise in record.due for row in _scores(days, ids, promise, as_of)]
    place = {run_id: number for number, run_id in enumerate(record.order)}
    rows = sorted([*record.scores, *fresh], key=lambda row: place[row["made_run_id"]])
    scores = forecasts.counted(rows)
    return {
        "forecast_scores": rows_table(schemas.FORECAST_SCORES, scores, like=days),
        "forecast_calibration": rows_table(schemas.FORECAST_CALIBRATION, forecasts.calibration(scores), like=days),
    }


def _scores(days: ir.Table, ids: ir.Table, promise: Promise, as_of: date) -> list[dict[str, Any]]:
    first = promise.forecasts[0]
    later = days.filter((days.sold_on >= first["from_on"]) & (days.sold_on <= first["to_on"]))
    if first["measure"] == MARGIN:
        if int(later.count(where=later.margin_amount.isnull()).to_pyarrow().as_py()):
            return []
        later = later.mutate(net_amount=later.margin_amount)
    later = _as_then(later, ids, promise)
    came = later.group_by(came_id=later.customer_id, came_as=later.population).aggregate(actual=later.net_amount.sum())
    wide = promise.expected.left_join(
        came, [promise.expected.customer_id == came.came_id, promise.expected.population == came.came_as]
    )
    actual = wide.actual.fill_null(0).cast("int64")
    ends = [f"{side}_{level}_amount" for level in INTERVALS.values() for side in ("low", "high")]
    people = wide.select(*PERSON, *ends, actual=actual)
    found = _actuals(people, promise)
    about: dict[str, Any] = {
        "made_run_id": promise.run_id, "made_on": promise.made_on, "is_backdated": promise.is_backdated,
        "scored_on": as_of,
    }  # fmt: skip
    return [
        forecasts.scored(row, **about, actual=value)
        for row in promise.forecasts
        if (value := found.get((row["population"], row["kind"], row["subject"]))) is not None
    ]


def _as_then(days: ir.Table, ids: ir.Table, promise: Promise) -> ir.Table:
    """Customer days under the ids of then, where a number is another person's now."""
    then = promise.ids.select("source_customer_id", then_id="customer_id")
    both = then.inner_join(ids.select("source_customer_id", now_id="customer_id"), "source_customer_id")
    moved = both.filter(both.then_id != both.now_id).select("now_id", "then_id").distinct()
    if not moved.limit(1).count().to_pyarrow().as_py():
        return days
    concerned = both.semi_join(moved, "now_id").select("now_id", "then_id").distinct()
    expected = promise.expected.group_by(expected_id="customer_id").aggregate(
        amount=promise.expected.expected_amount.sum()
    )
    wide = concerned.left_join(expected, concerned.then_id == expected.expected_id)
    most = ibis.window(group_by="now_id", order_by=[wide.amount.fill_null(-1).desc(), wide.then_id])
    placed = wide.mutate(place=ibis.row_number().over(most))
    placed = materialise(placed.filter(placed.place == 0).select("now_id", "then_id"), "ids_then")
    named = days.left_join(placed, days.customer_id == placed.now_id)
    then_id = named.then_id.coalesce(named.customer_id)
    return named.select(*(name for name in days.columns if name != "customer_id"), customer_id=then_id)


def _actuals(people: ir.Table, promise: Promise) -> dict[tuple[str, str, str], float]:
    """What came, by population, kind and subject."""
    found: dict[tuple[str, str, str], float] = {}
    inside = {
        kind: people.actual.count(
            where=(people[f"low_{level}_amount"] <= people.actual) & (people.actual <= people[f"high_{level}_amount"])
        )
        for kind, level in INTERVALS.items()
    }
    totals: dict[str, int] = {}
    whole = people.group_by("population").aggregate(
        customers=people.actual.count(), total=people.actual.sum(), **inside
    )
    for row in whole.to_pyarrow().to_pylist():
        population = row["population"]
        totals[population] = int(row["total"])
        found[population, forecasts.TOTAL, WHOLE] = totals[population]
        for kind in INTERVALS:
            found[population, kind, WHOLE] = row[kind] / row["customers"]
    strategic = promise.assignments.filter(promise.assignments.segmentation == STRATEGIC)
    placed = strategic.select(*PERSON, "segment").inner_join(people, list(PERSON))
    placed = placed.group_by("population", "segment").aggregate(total=placed.actual.sum())
    for row in placed.to_pyarrow().to_pylist():
        found[row["population"], forecasts.SEGMENT_TOTAL, row["segment"]] = int(row["total"])
    named = promise.critical.select(*PERSON).inner_join(people, list(PERSON))
    named = named.group_by("population").aggregate(total=named.actual.sum())
    for row in named.to_pyarrow().to_pylist():
        if totals[row["population"]] > 0:
            share = int(row["total"]) / totals[row["population"]]
            found[row["population"], forecasts.CRITICAL_SHARE, WHOLE] = share
    return found
