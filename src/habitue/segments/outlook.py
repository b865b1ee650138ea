"""What the customers of a segment bought afterwards, and how well a segmentation tells good from poor customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import ibis.expr.types as ir
import numpy as np

from habitue.segments.strategic import NOT_YET
from habitue.segments.transitions import Step

POINTS = 100
TOP = 10
"""The top decile: the best tenth of the customers, rounded up."""


def outlook(cells: Iterable[Mapping[str, Any]], *, segments: Sequence[str]) -> list[dict[str, Any]]:
    """SEGMENT_OUTLOOK without the names of segmentation and dates, from the cells of a matrix."""
    sums: dict[str, dict[str, list[int]]] = {}
    for cell in cells:
        if cell["from_segment"] == NOT_YET:
            continue
        total = sums.setdefault(cell["population"], {name: [0, 0] for name in segments})[cell["from_segment"]]
        total[0] += cell["customers_count"]
        total[1] += cell["after_amount"]
    rows = []
    for population, by_segment in sums.items():
        customers, amount = (sum(total[at] for total in by_segment.values()) for at in (0, 1))
        rows += [
            {
                "population": population,
                "segment": segment,
                "customers_count": count,
                "customers_share": count / customers if customers else None,
                "next_amount": next_amount,
                "next_share": next_amount / amount if amount else None,
                "next_per_head_amount": per_head(next_amount, count),
            }
            for segment, (count, next_amount) in by_segment.items()
        ]
    return rows


def per_head(amount: int, count: int) -> int | None:
    """Amount over customers or visits in whole minor units, ties to even; null over nothing."""
    return round(Fraction(amount, count)) if count else None


def crossing(assigned: ir.Table, step: Step, strategic_column: str, other_column: str) -> list[dict[str, Any]]:
    """SEGMENT_CROSSING without the names: pairs that have customers at the earlier date."""
    there = assigned.filter(assigned[f"visits_{step.from_number}"] > 0)
    grouped = there.group_by(
        "population", strategic_segment=there[strategic_column], segment=there[other_column]
    ).aggregate(
        customers_count=there.customer_id.count(),
        next_amount=there[f"step_net_{step.to_number}"].sum().cast("int64"),
    )
    return [
        {
            **row,
            "next_amount": int(row["next_amount"]),
            "next_per_head_amount": per_head(int(row["next_amount"]), row["customers_count"]),
        }
        for row in grouped.to_pyarrow().to_pylist()
    ]


def squared_sums(assigned: ir.Table, step: Step) -> dict[str, int]:
    """By population: the sum of squares of next-period net over customers of the earlier date, exact."""
    there = assigned.filter(assigned[f"visits_{step.from_number}"] > 0)
    amount: Any = there[f"step_net_{step.to_number}"].cast("decimal(18, 0)")
    sums = there.group_by("population").aggregate(squares=(amount * amount).sum())
    return {row["population"]: int(row["squares"]) for row in sums.to_pyarrow().to_pylist()}


def eta_squared(groups: Sequence[tuple[int, int]], squares: int) -> float | None:
    """Share of the variance between customers that lies between groups; null without variance.

    Args:
        groups: (customers, their sum) of each group.
        squares: sum of squares over all customers.
    """
    count, total = sum(n for n, _ in groups), sum(s for _, s in groups)
    if not count:
        return None
    mean_part = Fraction(total * total, count)
    whole = squares - mean_part
    if whole == 0:
        return None
    between = sum((Fraction(s * s, n) for n, s in groups if n), Fraction(0)) - mean_part
    return float(between / whole)


def gini(groups: Sequence[tuple[int, int]]) -> float | None:
    """Gini coefficient where everybody of a group has its mean; null unless the sum is positive.

    Args:
        groups: (customers, their sum) of each group.
    """
    groups = sorted((group for group in groups if group[0]), key=lambda group: group[1] / group[0])
    count, total = sum(n for n, _ in groups), sum(s for _, s in groups)
    if total <= 0:
        return None
    twice_area, running = 0, 0
    for n, amount in groups:
        twice_area += n * (2 * running + amount)
        running += amount
    return float(1 - Fraction(twice_area, count * total))


def concentration(values: np.ndarray, counts: np.ndarray) -> tuple[list[dict[str, Any]], dict[str, float | None]]:
    """The curve, best customers first, in a hundred steps at most; and `gini`, `top_decile_share`.

    Args:
        values: distinct net amounts, ascending, minor units.
        counts: customers at each.
    """
    values, counts = values[::-1].astype(np.int64), counts[::-1].astype(np.int64)
    people, amounts = np.cumsum(counts), np.cumsum(values * counts)
    count, total = int(people[-1]), int(amounts[-1])

    def best(customers: int) -> int:
        at = int(np.searchsorted(people, customers))
        return int(amounts[at]) - (int(people[at]) - customers) * int(values[at])

    steps = sorted({count * point // POINTS for point in range(POINTS + 1)})
    curve = [
        {
            "customers_share": customers / count,
            "customers_count": customers,
            "net_amount": best(customers) if customers else 0,
            "net_share": (best(customers) if customers else 0) / total if total > 0 else None,
        }
        for customers in steps
    ]
    top = -(-count // TOP)
    groups = list(zip(counts.tolist(), (values * counts).tolist(), strict=True))
    return curve, {"gini": gini(groups), "top_decile_share": best(top) / total if total > 0 else None}
