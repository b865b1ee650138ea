"""How customers move between two dates: counts, shares with intervals, structural zeros, and a test between periods.

Both states are told by the same frozen scheme. Rows come from the earlier segment; the row of those who were not yet
customers has counts only, for nobody knows how many could have come.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log
from typing import Any

import ibis.expr.types as ir
from scipy.special import betaincinv, chdtrc

from habitue.segments.strategic import NOT_YET

SMALL_ROW = 30
PRIOR = 0.5
"""Dirichlet weight of every allowed cell of a row."""

INTERVAL = 0.95
WHOLE = "all"

Moves = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Step:
    """Two dates, and the numbers of their moments in `states`."""

    from_on: date
    to_on: date
    from_number: int
    to_number: int


def any_move(segments: Sequence[str]) -> Moves:
    """The moves of a segmentation by scores: everything but a way back to never having bought."""
    everything = (*segments, NOT_YET)
    return frozenset((a, b) for a in everything for b in everything if b != NOT_YET or a == NOT_YET)


def moves(assigned: ir.Table, step: Step, from_column: str, to_column: str) -> list[dict[str, Any]]:
    """Customers and their net by population, earlier and later segment.

    Args:
        assigned: one row a customer and population: a segment column for both dates, `known_N` (known at moment N,
            with or without a visit), `visits_N`, `step_net_N`.
        step: the two dates.
        from_column: segment at the earlier date.
        to_column: segment at the later date.
    """
    there = assigned.filter(assigned[f"known_{step.to_number}"] | (assigned[f"visits_{step.from_number}"] > 0))
    counted = there.group_by("population", from_segment=there[from_column], to_segment=there[to_column]).aggregate(
        customers_count=there.customer_id.count(),
        before_amount=there[f"step_net_{step.from_number}"].sum().cast("int64"),
        after_amount=there[f"step_net_{step.to_number}"].sum().cast("int64"),
    )
    return [
        {name: int(value) if name.endswith(("_count", "_amount")) else value for name, value in row.items()}
        for row in counted.to_pyarrow().to_pylist()
    ]


def matrix(
    counted: Iterable[Mapping[str, Any]], *, segments: Sequence[str], populations: Mapping[str, Moves]
) -> list[dict[str, Any]]:
    """Every cell of the matrix of each population: TRANSITIONS without the names of segmentation and dates.

    Args:
        counted: rows of `moves`.
        segments: all segments of customers with a visit, in order.
        populations: the allowed moves by population.

    A row share is Dirichlet given its counts, with weight 0.5 for each allowed cell: its 95 % interval is that of the
    marginal Beta. A forbidden move that was seen is counted and shown, and gets an interval too.
    """
    found = {(row["population"], row["from_segment"], row["to_segment"]): row for row in counted}
    order = (*segments, NOT_YET)
    rows: list[dict[str, Any]] = []
    for population, allowed in populations.items():
        cells = {(a, b): found.get((population, a, b), {}) for a in order for b in order}
        count = {pair: cell.get("customers_count", 0) for pair, cell in cells.items()}
        arrived = {b: sum(count[a, b] for a in order) for b in order}
        for start in order:
            size = sum(count[start, b] for b in order)
            open_cells = [b for b in order if (start, b) in allowed or count[start, b]]
            for end in order:
                low, high = (None, None)
                if start != NOT_YET and size and end in open_cells:
                    low, high = share_interval(count[start, end], size, len(open_cells))
                rows.append(
                    {
                        "population": population,
                        "from_segment": start,
                        "to_segment": end,
                        "customers_count": count[start, end],
                        "row_share": count[start, end] / size if size and start != NOT_YET else None,
                        "low_share": low,
                        "high_share": high,
                        "column_share": count[start, end] / arrived[end] if arrived[end] else None,
                        "before_amount": cells[start, end].get("before_amount", 0),
                        "after_amount": cells[start, end].get("after_amount", 0),
                        "is_impossible": (start, end) not in allowed,
                        "is_small_row": start != NOT_YET and size < SMALL_ROW,
                    }
                )
    return rows


def share_interval(count: int, size: int, cells: int) -> tuple[float, float]:
    """95 % interval of a share of a row: `count` of `size` customers, in one of `cells` allowed cells."""
    if cells == 1:
        return 1.0, 1.0
    a, b = count + PRIOR, size - count + PRIOR * (cells - 1)
    tail = (1 - INTERVAL) / 2
    return float(betaincinv(a, b, tail)), float(betaincinv(a, b, 1 - tail))


def homogeneity(
    periods: Sequence[Sequence[Mapping[str, Any]]], *, segments: Sequence[str], populations: Iterable[str]
) -> list[dict[str, Any]]:
    """TRANSITION_TESTS without the segmentation: could the same shares have made the rows of all periods?

    Args:
        periods: the cells of `matrix` of two periods at least.
        segments: the rows, in order; not yet customers have no shares.
        populations: the populations.

    G = 2 sum of n log(share of the period over pooled share), chi-squared with (periods with customers - 1) times
    (allowed cells - 1) degrees of freedom for each row (Anderson and Goodman 1957). Forbidden moves are left out.
    """
    rows = []
    for population in populations:
        whole = {"customers_count": 0, "statistic": 0.0, "degrees_of_freedom": 0, "is_small_row": False}
        for start in segments:
            tables = [_row(cells, population, start) for cells in periods]
            allowed = set().union(*tables)
            sizes = [sum(table.values()) for table in tables]
            total = sum(sizes)
            statistic = 0.0
            for end in allowed:
                pooled = sum(table.get(end, 0) for table in tables)
                for table, size in zip(tables, sizes, strict=True):
                    seen = table.get(end, 0)
                    if seen:
                        statistic += 2 * seen * log(seen * total / (size * pooled))
            freedom = max(sum(1 for size in sizes if size) - 1, 0) * max(len(allowed) - 1, 0)
            small = any(size < SMALL_ROW for size in sizes)
            rows.append(_test(population, start, len(periods), total, statistic, freedom, small))
            whole["customers_count"] += total
            whole["statistic"] += statistic
            whole["degrees_of_freedom"] += freedom
            whole["is_small_row"] = whole["is_small_row"] or small
        rows.append(
            _test(
                population, WHOLE, len(periods), whole["customers_count"], whole["statistic"],
                whole["degrees_of_freedom"], whole["is_small_row"],
            )
        )  # fmt: skip
    return rows


def _row(cells: Sequence[Mapping[str, Any]], population: str, start: str) -> dict[str, int]:
    return {
        cell["to_segment"]: cell["customers_count"]
        for cell in cells
        if cell["population"] == population and cell["from_segment"] == start and not cell["is_impossible"]
    }


def _test(
    population: str, segment: str, periods: int, customers: int, statistic: float, freedom: int, small: bool
) -> dict[str, Any]:
    return {
        "population": population,
        "from_segment": segment,
        "periods_count": periods,
        "customers_count": customers,
        "statistic": max(statistic, 0.0),
        "degrees_of_freedom": freedom,
        "p_value": float(chdtrc(freedom, max(statistic, 0.0))) if freedom else None,
        "is_small_row": small,
    }


def violations(
    assigned: ir.Table, step: Step, from_column: str, to_column: str, cells: Sequence[Mapping[str, Any]]
) -> ir.Table | None:
    """The customers behind forbidden moves that were seen; None without any."""
    odd = [cell for cell in cells if cell["is_impossible"] and cell["customers_count"]]
    if not odd:
        return None
    start, end, population = assigned[from_column], assigned[to_column], assigned.population
    chosen = None
    for cell in odd:
        one = (population == cell["population"]) & (start == cell["from_segment"]) & (end == cell["to_segment"])
        chosen = one if chosen is None else chosen | one
    there = assigned.filter(chosen)
    there = there.filter(there[f"known_{step.to_number}"] | (there[f"visits_{step.from_number}"] > 0))
    return there.select("customer_id", "population", from_segment=from_column, to_segment=to_column)
