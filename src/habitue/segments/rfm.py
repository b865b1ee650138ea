"""Recency, frequency, monetary value and their scores. Equal customers get equal scores, whatever the order of rows.

A quantile score is the mid-distribution of a value, cut into five bands: with n customers, C of them at or below the
value and c at it, the score is the ceiling of 5 (C - c/2) / n. Ties share it; a single customer gets the middle one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np

from habitue import portable
from habitue.errors import Message, message
from habitue.segments.rule_sets import BANDS, SCORES
from habitue.segments.states import UNIT, days_between

Scoring = Literal["quantiles", "thresholds", "both"]
QUANTILE, THRESHOLD = "quantile", "threshold"


@dataclass(frozen=True, kw_only=True)
class RfmSettings:
    """How customers are scored.

    Attributes:
        window_months: months of frequency and monetary value, up to the date.
        scoring: quantiles, fixed thresholds, or quantiles with the fixed scores beside.
        recency_thresholds: most days for the scores 5, 4, 3, 2.
        frequency_thresholds: fewest visits for the scores 2, 3, 4, 5.
        monetary_thresholds: least value (minor units) for the scores 2, 3, 4, 5; empty: none.
        frequency_weights: per-mille weight of a visit by sales channel; others count once.
        monetary_weights: the same for value.
        fit_weights: where no weights are given, use those fitted on what customers bring next, if they pay.
    """

    window_months: int = 12
    scoring: Scoring = "quantiles"
    recency_thresholds: tuple[int, ...] = (30, 90, 180, 365)
    frequency_thresholds: tuple[int, ...] = (2, 3, 5, 10)
    monetary_thresholds: tuple[int, ...] = ()
    frequency_weights: Mapping[str, int] = field(default_factory=dict)
    monetary_weights: Mapping[str, int] = field(default_factory=dict)
    fit_weights: bool = True


@dataclass(frozen=True)
class Cuts:
    """How one dimension of one population is scored.

    Attributes:
        method: quantile or threshold.
        is_weighted: over weighted values (thresholds of frequency are on unweighted visits).
        floors: by score, the lowest value (of recency: the lowest of minus its days) that has it; ascending.
    """

    method: str
    is_weighted: bool
    floors: tuple[tuple[int, int], ...]

    def score_of(self, value: ir.Value) -> ir.IntegerValue:
        """The score of a column, minus days for recency; values below the first floor take its score."""
        branches = [(value >= floor, score) for score, floor in reversed(self.floors[1:])]
        lowest = self.floors[0][0] if self.floors else 1
        return (ibis.cases(*branches, else_=lowest) if branches else ibis.literal(lowest)).cast("int64")


Scales = Mapping[tuple[str, str, str], Cuts]
"""By population, dimension and use ("used" or "beside")."""


@dataclass(frozen=True)
class Scored:
    """The scales of all populations, and what a user should know about them."""

    scales: Scales
    notes: tuple[Message, ...]


def column_of(dimension: str, number: int, *, weighted: bool) -> str:
    """The column of `states` that a dimension is read from (recency is counted from `last_`)."""
    if dimension == "frequency":
        return f"weighted_frequency_{number}" if weighted else f"frequency_{number}"
    return f"weighted_money_{number}"


def fit_scales(known: ir.Table, *, as_of: date, settings: RfmSettings) -> Scored:
    """Cut-offs by population from the customers with a visit at the newest moment of `states`."""
    some = known.filter(known.visits_0 > 0).mutate(recency_value=-days_between(known.last_0, as_of))
    scales: dict[tuple[str, str, str], Cuts] = {}
    notes: list[Message] = []
    for dimension in SCORES:
        fixed = _fixed(dimension, settings)
        distributions = _distributions(some, dimension)
        for population, (values, counts) in distributions.items():
            if settings.scoring == "thresholds" and fixed:
                scales[population, dimension, "used"] = fixed
                continue
            if settings.scoring == "both" and fixed:
                scales[population, dimension, "beside"] = fixed
            told = {"population": population, "dimension": dimension}
            if dimension == "frequency":
                plain = _distributions(some, dimension, weighted=False)[population]
                most = int(np.argmax(plain[1]))
                customers = int(plain[1].sum())
                if int(plain[1][most]) * BANDS > customers:
                    scales[population, dimension, "used"] = _fixed(dimension, settings)
                    share = float(plain[1][most]) / customers
                    notes.append(
                        message("rfm.frequency_fixed", visits=int(plain[0][most]), share=share, population=population)
                    )
                    if len(plain[0]) == 1:
                        notes.append(message("rfm.not_informative", **told))
                    continue
            cuts = Cuts(QUANTILE, True, quantile_floors(values, counts))
            scales[population, dimension, "used"] = cuts
            if len(values) == 1 and counts[0] > 1:
                notes.append(message("rfm.not_informative", **told))
            elif len(cuts.floors) < BANDS and int(counts.sum()) >= BANDS:
                notes.append(message("rfm.fewer_bands", count=len(cuts.floors), wanted=BANDS, **told))
    return Scored(scales, tuple(notes))


def quantile_floors(values: np.ndarray, counts: np.ndarray) -> tuple[tuple[int, int], ...]:
    """(score, lowest value with it) of a distribution, ascending.

    Args:
        values: distinct values, ascending, int64.
        counts: customers at each.
    """
    counts = counts.astype(np.int64)
    running, total = np.cumsum(counts), int(counts.sum())
    scores = -(-BANDS * (2 * running - counts) // (2 * total))
    first = np.flatnonzero(np.diff(scores, prepend=0))
    return tuple((int(scores[at]), int(values[at])) for at in first)


def _fixed(dimension: str, settings: RfmSettings) -> Cuts:
    """Fixed thresholds as floors; recency in minus days. Empty floors where the settings give none."""
    if dimension == "recency":
        floors = [-days for days in reversed(settings.recency_thresholds)]
    elif dimension == "frequency":
        floors = list(settings.frequency_thresholds)
    else:
        floors = list(settings.monetary_thresholds)
        if not floors:
            return Cuts(THRESHOLD, True, ())
    lowest = -(2**62)
    return Cuts(THRESHOLD, dimension == "monetary", ((1, lowest), *zip(range(2, BANDS + 1), floors, strict=True)))


def _distributions(
    some: ir.Table, dimension: str, *, weighted: bool = True
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By population: distinct values ascending, and customers at each."""
    value = "recency_value" if dimension == "recency" else column_of(dimension, 0, weighted=weighted)
    counted = some.group_by("population", value).aggregate(customers=some.customer_id.count())
    rows = counted.order_by("population", value).to_pyarrow()
    population = np.array(rows["population"].to_pylist(), dtype=object)
    values, counts = (rows[name].to_numpy().astype(np.int64) for name in (value, "customers"))
    return {name: (values[population == name], counts[population == name]) for name in dict.fromkeys(population)}


def scores(known: ir.Table, scales: Scales, *, number: int, on: date, use: str = "used") -> dict[str, ir.Value]:
    """Score columns `recency`, `frequency`, `monetary` at one moment of `states`, by frozen scales (null: no scale)."""
    found: dict[str, ir.Value] = {}
    for dimension in SCORES:
        branches = []
        for (population, of, purpose), cuts in sorted(scales.items(), key=lambda item: item[0]):
            if of != dimension or purpose != use or not cuts.floors:
                continue
            if dimension == "recency":
                value: Any = -days_between(known[f"last_{number}"], on)
            else:
                value = known[column_of(dimension, number, weighted=cuts.is_weighted)]
            branches.append((known.population == population, cuts.score_of(value)))
        found[dimension] = ibis.cases(*branches, else_=ibis.null("int64")) if branches else ibis.null("int64")
    return found


def rfm(known: ir.Table, scales: Scales, *, as_of: date) -> ir.Table:
    """The columns of RFM for customers with a visit at the newest moment of `states` (cast with `schemas.RFM`)."""
    some = known.filter(known.visits_0 > 0)
    used = scores(some, scales, number=0, on=as_of)
    beside = scores(some, scales, number=0, on=as_of, use="beside")
    return some.select(
        "customer_id",
        "population",
        first_visit_on=some.first_on,
        last_visit_on=some.last_0,
        visits_count=some.visits_0,
        tenure_days=days_between(some.first_on, as_of),
        recency_days=days_between(some.last_0, as_of),
        frequency=some.frequency_0,
        weighted_frequency=portable.ratio(some.weighted_frequency_0, ibis.literal(UNIT)),
        net_amount=some.net_0,
        monetary=some.money_0,
        weighted_monetary=some.weighted_money_0,
        **{f"{dimension}_score": used[dimension] for dimension in SCORES},
        **{f"{dimension}_fixed_score": beside[dimension] for dimension in SCORES},
    )


def cut_rows(scored: ir.Table, scales: Scales) -> list[dict[str, Any]]:
    """Rows of RFM_CUTS: what each score goes from and to, and how many customers have it.

    Args:
        scored: RFM.
        scales: what it was scored by.
    """
    rows: list[dict[str, Any]] = []
    for dimension in SCORES:
        for use in ("used", "beside"):
            score = f"{dimension}_score" if use == "used" else f"{dimension}_fixed_score"
            rows += _ranges(
                scored, dimension, score, {p: c for (p, d, u), c in scales.items() if (d, u) == (dimension, use)}
            )
    return rows


def _ranges(scored: ir.Table, dimension: str, score: str, cuts: Mapping[str, Cuts]) -> list[dict[str, Any]]:
    column = {"recency": "recency_days", "frequency": "weighted_frequency", "monetary": "weighted_monetary"}[dimension]
    found: list[dict[str, Any]] = []
    for weighted in (True, False):
        populations = [population for population, one in cuts.items() if one.is_weighted == weighted and one.floors]
        if not populations:
            continue
        value = scored["frequency"] if dimension == "frequency" and not weighted else scored[column]
        mine = scored.filter(scored.population.isin(populations))
        grouped = mine.group_by("population", score=mine[score]).aggregate(
            lowest=value.min(), highest=value.max(), customers_count=mine.customer_id.count()
        )
        for row in grouped.order_by("population", "score").to_pyarrow().to_pylist():
            found.append(_range_row(row, dimension, cuts[row["population"]].method, score.endswith("_fixed_score")))
    return found


def _range_row(row: Mapping[str, Any], dimension: str, method: str, is_beside: bool) -> dict[str, Any]:
    names = {"recency": ("from_days", "to_days"), "frequency": ("from_visits", "to_visits")}
    low, high = names.get(dimension, ("from_amount", "to_amount"))
    kind: Any = float if dimension == "frequency" else int
    return {
        "population": row["population"],
        "dimension": dimension,
        "method": method,
        "score": row["score"],
        "is_used": not is_beside,
        low: kind(row["lowest"]),
        high: kind(row["highest"]),
        "customers_count": row["customers_count"],
    }


def cells(scored: ir.Table, populations: Sequence[str]) -> list[dict[str, Any]]:
    """Rows of RFM_CELLS, all 25 of each population."""
    grouped = scored.group_by("population", "recency_score", "frequency_score").aggregate(
        customers_count=scored.customer_id.count(), net_amount=scored.net_amount.sum().cast("int64")
    )
    counted = {
        (row["population"], row["recency_score"], row["frequency_score"]): row
        for row in grouped.to_pyarrow().to_pylist()
    }
    totals: dict[str, int] = {}
    for (population, _, _), row in counted.items():
        totals[population] = totals.get(population, 0) + row["customers_count"]
    rows = []
    for population in populations:
        for recency in range(1, BANDS + 1):
            for frequency in range(1, BANDS + 1):
                row = counted.get((population, recency, frequency), {})
                customers = row.get("customers_count", 0)
                rows.append(
                    {
                        "population": population,
                        "recency_score": recency,
                        "frequency_score": frequency,
                        "customers_count": customers,
                        "net_amount": int(row.get("net_amount", 0)),
                        "customers_share": customers / totals[population] if totals.get(population) else None,
                    }
                )
    return rows
