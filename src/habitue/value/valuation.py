"""All of the room at once: forecasts chosen on earlier origins, expected revenue, segments, critical customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable, schemas
from habitue.errors import Message, message
from habitue.purchases.sale_types import SHARED_CARD
from habitue.segments.tables import rows_table
from habitue.value import critical
from habitue.value.backtest import Origin, origins
from habitue.value.measure import assumed_share, by_measure
from habitue.value.methods import MARGIN
from habitue.value.population_forecast import Looked, look_ahead
from habitue.value.settings import ValueSettings
from habitue.value.track_record import promised
from habitue.value.trials import SAMPLE, Base, Past, Segmentations, segments_at_origins


@dataclass(frozen=True)
class Valued:
    """The tables of the room by name, and what a user should know."""

    tables: Mapping[str, ir.Table]
    notes: tuple[Message, ...]


def valuation(
    days: ir.Table,
    changes: ir.Table,
    segmentations: Segmentations,
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
        segmentations: what segments the customers are in, and by what thresholds.
        settings: shares and choices.
        as_of: the date.
        until: last day of the horizon, after `as_of`.
        seed: of what is drawn (bootstrap, simulated outcomes).
    """
    left_out = [*settings.left_out, SHARED_CARD]
    days, changes = (table.filter(~table.population.isin(left_out)) for table in (days, changes))
    worth, taken = by_measure(days, changes, settings.measure)
    first = days.agg(day=days.sold_on.min(where=days.is_visit)).to_pyarrow()["day"][0].as_py()
    found, told = [], ()
    if settings.measure == MARGIN and (assumed := assumed_share(days)):
        told = (message("value.margin_assumed", share=assumed),)
    if first is not None:
        ahead = (until - as_of).days
        segments = partial(segments_at_origins, days, changes, origins(first, as_of, ahead), segmentations)
        past = Past(worth, taken, first, segments)
        people = past.at(Origin(as_of, ahead))
        counted = people.group_by("population").aggregate(
            customers=people.visits_count.count(), repeaters=people.visits_count.count(where=people.visits_count > 1)
        )
        for row in counted.order_by("population").to_pyarrow().to_pylist():
            base = Base(row["population"], row["customers"], row["repeaters"], past, as_of, ahead, seed)
            found.append(look_ahead(base, settings, segmentations))
        past.forget()
    valued = _tables(found, settings, like=days)
    return Valued(valued.tables, (*told, *valued.notes))


def _tables(found: Sequence[Looked], settings: ValueSettings, *, like: ir.Table) -> Valued:
    empty = schemas.EXPECTED_REVENUE.ibis_schema().to_pyarrow().empty_table()
    expected = portable.stored(empty, "expected_revenue", like=like)
    for one in found:
        if one.expected is not None:
            expected = expected.union(schemas.EXPECTED_REVENUE.cast(one.expected))
    named = critical.critical_customers(expected, settings.critical_share)
    models = [one.model for one in found if one.model]
    segments = [{"population": one.model["population"], **row} for one in found for row in one.segments]
    sets = _set_rows(found, expected, named, settings.critical_share)
    return Valued(
        {
            "expected_revenue": expected,
            "critical_customers": named,
            "critical_sets": rows_table(schemas.CRITICAL_SETS, sets, like=like),
            "segment_value": rows_table(schemas.SEGMENT_VALUE, segments, like=like),
            "forecast_models": rows_table(schemas.FORECAST_MODELS, models, like=like),
            "forecasts": rows_table(schemas.FORECASTS, promised(models, segments, sets), like=like),
            "backtest": rows_table(schemas.BACKTEST, [row for one in found for row in one.backtest], like=like),
            "purchase_processes": rows_table(
                schemas.PURCHASE_PROCESSES, [row for one in found for row in one.parameters], like=like
            ),
            **_watchlists(found, settings.measure, like=like),
        },
        tuple(note for one in found for note in one.notes),
    )


def _watchlists(found: Sequence[Looked], measure: str, *, like: ir.Table) -> dict[str, ir.Table]:
    """RISING, FADING and WATCHLIST_TESTS."""
    watched = [(one.model["population"], one.watched) for one in found if one.watched is not None]

    def whole(schema: schemas.Schema, tables: Sequence[tuple[str, pa.Table]]) -> ir.Table:
        wanted = schema.ibis_schema().to_pyarrow()
        parts = []
        for population, table in tables:
            for name, value in (("population", population), ("measure", measure)):
                table = table.append_column(name, pa.repeat(value, table.num_rows))
            parts.append(table.select(schema.names).cast(wanted))
        return portable.stored(pa.concat_tables([wanted.empty_table(), *parts]), schema.name, like=like)

    tests = [{"population": population, **row} for population, one in watched for row in one.tests]
    return {
        "rising": whole(schemas.RISING, [(population, one.rising) for population, one in watched]),
        "fading": whole(schemas.FADING, [(population, one.fading) for population, one in watched]),
        "watchlist_tests": rows_table(schemas.WATCHLIST_TESTS, tests, like=like),
    }


def _set_rows(found: Sequence[Looked], expected: ir.Table, named: ir.Table, share: Decimal) -> list[dict[str, Any]]:
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
            there = named.filter(named.population == population)
            if everybody > SAMPLE:  # earlier origins were tried on a sample
                there = there.filter(portable.is_drawn(there.customer_id, SAMPLE / everybody, "back-test"))
            mine = there.customer_id.to_pyarrow().to_pylist()
            again = sum(number in one.named_before for number in mine) / len(mine) if mine else None
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
