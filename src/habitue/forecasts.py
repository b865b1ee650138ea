"""The record of a forecast and its score: what was promised, what came, and how often intervals held.

Rows are those of FORECASTS, FORECAST_SCORES and FORECAST_CALIBRATION, as plain mappings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from statistics import fmean
from typing import Any

TOTAL, SEGMENT_TOTAL, CRITICAL_SHARE = "total", "segment_total", "critical_share"
CUSTOMERS_IN_80, CUSTOMERS_IN_95 = "customers_in_80", "customers_in_95"

Row = Mapping[str, Any]
_SAME = ("population", "kind", "measure", "subject", "from_on", "to_on", "is_backdated")
_ALIKE = ("population", "kind", "measure", "is_backdated")


def scored(
    forecast: Row, *, made_run_id: str, made_on: date, is_backdated: bool, scored_on: date, actual: float
) -> dict[str, Any]:
    """A row of FORECAST_SCORES, `is_counted` left open.

    Args:
        forecast: a row of FORECASTS.
        made_run_id: the run that made it.
        made_on: its as-of date.
        is_backdated: it looked back: later data were there already.
        scored_on: as-of date of the run that scores it.
        actual: what came: minor units where an amount was forecast, else a share.
    """
    unit = "share" if forecast["expected_share"] is not None else "amount"
    promised = forecast[f"expected_{unit}"]

    def is_within(level: int) -> bool | None:
        low, high = (forecast.get(f"{side}_{level}_{unit}") for side in ("low", "high"))
        return None if low is None or high is None else bool(low <= actual <= high)

    return {
        **forecast,
        "made_run_id": made_run_id,
        "made_on": made_on,
        "is_backdated": is_backdated,
        "scored_on": scored_on,
        f"actual_{unit}": actual,
        "error_share": actual / promised - 1 if promised else None,
        "is_within_80": is_within(80),
        "is_within_95": is_within(95),
    }


def counted(scores: Iterable[Row]) -> list[dict[str, Any]]:
    """The scores with `is_counted`: of several forecasts of the same for the same days, only the first counts.

    Args:
        scores: rows of FORECAST_SCORES, in the order their runs were made.
    """
    seen, found = set(), []
    for row in scores:
        same = tuple(row[name] for name in _SAME)
        found.append({**row, "is_counted": same not in seen})
        seen.add(same)
    return found


def calibration(scores: Sequence[Row]) -> list[dict[str, Any]]:
    """FORECAST_CALIBRATION of the scores that count; what was made looking back is told apart."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in scores:
        if row["is_counted"]:
            groups.setdefault(tuple(row[name] for name in _ALIKE), []).append(row)

    def mean_of(rows: Sequence[Row], name: str) -> float | None:
        known = [float(row[name]) for row in rows if row[name] is not None]
        return fmean(known) if known else None

    def error(rows: Sequence[Row]) -> float | None:
        unit = "amount" if rows[0].get("expected_share") is None else "share"
        promised = sum(row[f"expected_{unit}"] for row in rows)
        return sum(row[f"actual_{unit}"] for row in rows) / promised - 1 if promised else None

    return [
        {
            **dict(zip(_ALIKE, alike, strict=True)),
            "scored_count": len(rows),
            "within_80_share": mean_of(rows, "is_within_80"),
            "within_95_share": mean_of(rows, "is_within_95"),
            "error_share": error(rows),
        }
        for alike, rows in groups.items()
    ]
