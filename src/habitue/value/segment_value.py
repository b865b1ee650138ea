"""What segments are expected to bring, with what is uncertain: chance, estimation, and how totals missed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis.expr.types as ir
import numpy as np

from habitue.segments.transitions import WHOLE
from habitue.value.intervals import NORMAL

THOUSANDTHS = 1000


def exact_sum(value: Any) -> Any:
    """Sum in whole thousandths: the same whatever order an engine adds in."""
    return (value * float(THOUSANDTHS)).round().cast("decimal(38, 0)").sum()


def segment_rows(
    forecast: ir.Table,
    assignments: ir.Table,
    *,
    covariance: np.ndarray | None,
    drift: Mapping[tuple[str, str], float] | None,
    segments: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """SEGMENT_VALUE without the name of the population, for the customers of one.

    Args:
        forecast: customers with `expected`, `present`, `error` (variance or squared error of each; null: unknown) and,
            where the covariance is given, `slope_K` by the logarithm of each parameter.
        assignments: ASSIGNMENTS of the population.
        covariance: of the logarithms of the parameters; None: the forecast has none.
        drift: relative error of totals beyond chance at earlier origins, by segmentation and segment; None: none known.
        segments: names by segmentation, in order.
    """
    slopes = [] if covariance is None else [f"slope_{k}" for k in range(len(covariance))]
    wide = assignments.inner_join(forecast, ["customer_id", "population"])
    sums = {name: exact_sum(wide[name]) for name in ("expected", "present", "error", *slopes)}
    found = wide.group_by("segmentation", "segment").aggregate(customers=wide.customer_id.count(), **sums)
    by_place: dict[tuple[str, str], Mapping[str, Any]] = {
        (row["segmentation"], row["segment"]): {
            name: float(value) / THOUSANDTHS if name in sums and value is not None else value
            for name, value in row.items()
        }
        for row in found.to_pyarrow().to_pylist()
    }
    rows = []
    for segmentation, names in segments.items():
        mine = {name: by_place.get((segmentation, name)) for name in names}
        there = [row for row in mine.values() if row]
        whole: dict[str, Any] = {name: sum(row[name] or 0 for row in there) for name in ("customers", *sums)}
        if any(row["error"] is None for row in there):
            whole["error"] = None
        for name, row in {**mine, WHOLE: whole if there else None}.items():
            missed = None if drift is None else drift[segmentation, name]
            rows.append({"segmentation": segmentation, "segment": name, **_row(row, whole, covariance, missed)})
    return rows


def _row(
    row: Mapping[str, Any] | None, whole: Mapping[str, Any], covariance: np.ndarray | None, drift: float | None
) -> dict[str, Any]:
    if row is None or not row["customers"]:
        return {"customers_count": 0, "expected_amount": 0, "expected_share": 0.0, "present_amount": 0}
    expected = row["expected"]
    process = None if row["error"] is None else float(np.sqrt(max(row["error"], 0.0)))
    parameter = None if covariance is None else _parameter_error(row, covariance)
    missed = None if drift is None else abs(expected) * drift
    known = [error for error in (process, parameter, missed) if error is not None]
    ends = {} if process is None else _ends(expected, float(np.sqrt(sum(one**2 for one in known))))
    return {
        "customers_count": row["customers"],
        "expected_amount": round(expected),
        "expected_share": expected / whole["expected"] if whole["expected"] else None,
        "per_head_amount": round(expected / row["customers"]),
        "present_amount": round(row["present"]),
        **ends,
        "process_error_amount": None if process is None else round(process),
        "parameter_error_amount": None if parameter is None else round(parameter),
        "drift_error_amount": None if missed is None else round(missed),
    }


def _ends(expected: float, error: float) -> dict[str, int]:
    """Lognormal around a positive expectation (what comes is seldom below nothing), normal around another."""
    spread = np.sqrt(np.log1p((error / expected) ** 2)) if expected > 0 else 0.0
    return {
        f"{side}_{level}_amount": round(
            float(expected * np.exp(sign * quantile * spread - spread**2 / 2))
            if expected > 0
            else expected + sign * quantile * error
        )
        for level, quantile in NORMAL.items()
        for side, sign in (("low", -1), ("high", 1))
    }


def _parameter_error(row: Mapping[str, Any], covariance: np.ndarray) -> float:
    """By the delta method, from the sums of slopes."""
    slopes = np.array([row[f"slope_{k}"] for k in range(len(covariance))])
    return float(np.sqrt(max(slopes @ covariance @ slopes, 0.0)))
