"""What is expected, in a sentence for the head of the report, and the forecast it is taken from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from habitue.periods import horizon_end
from habitue.report.context import Context
from habitue.report.figures import Rows, rows_of
from habitue.report.segment_figures import STRATEGIC
from habitue.segments.transitions import WHOLE
from habitue.value.methods import MARGIN

Row = dict[str, Any]

NEAR = 0.05
"""A set that makes hardly more than the share wanted is said to make that share."""

MOST_MONTHS = 120


def models(c: Context) -> dict[str, Row]:
    """What is forecast, by population, the main one first."""
    rows = {row["population"]: row for row in rows_of(c.tables, "forecast_models")}
    return {name: rows[name] for name in c.segments.populations if name in rows}


def labels(c: Context, measured: Mapping[str, Row]) -> tuple[str, ...]:
    """Labels of what is expected: margins may be assumed."""
    return c.sales_labels if any(row["measure"] == MARGIN for row in measured.values()) else c.labels


def critical_set(c: Context, population: str) -> Row | None:
    """The set of critical customers, if there is anybody in it."""
    found = next((row for row in rows_of(c.tables, "critical_sets") if row["population"] == population), None)
    return found if found and found["customers_count"] else None


def made_share(row: Mapping[str, Any]) -> float:
    """The share a set of critical customers is expected to make: that wanted, or more where many are tied."""
    made, wanted = row["expected_share"], row["wanted_share"]
    return wanted if made is None or abs(made - wanted) < NEAR else made


def sentence(c: Context) -> str | None:
    """What customers are expected to bring, and who makes most of it; None without a forecast."""
    found = main(c)
    if found is None:
        return None
    model, total = found
    about = {
        "first": model["from_on"], "last": model["to_on"], "population": c.population(model["population"]),
        "amount": c.short(total["expected_amount"]), "measure": model["measure"],
    }  # fmt: skip
    if total["low_95_amount"] is None:
        return c.text("answer.expected_plain", **about)
    ends = {"low": c.short(total["low_95_amount"]), "high": c.short(total["high_95_amount"])}
    told = c.text("answer.expected", **ends, **about)
    critical = critical_set(c, model["population"])
    if critical is None:
        return told
    made = c.text(
        "answer.critical", count=critical["customers_count"], share=critical["customers_share"],
        made=made_share(critical),
    )  # fmt: skip
    return f"{told} {made}"


def horizon(c: Context, model: Row) -> str:
    """How far a forecast looks, in words: "next 12 months"."""
    whole = months(model["from_on"], model["to_on"])
    return c.text("figure.months", count=whole) if whole else c.text("figure.days", count=model["horizon_days"])


def main(c: Context) -> tuple[Row, Row] | None:
    """The forecast of the main population, and its total."""
    model = next(iter(models(c).values()), None)
    totals: Rows = rows_of(c.tables, "segment_value") if model else []
    of_all = (STRATEGIC, model["population"], WHOLE) if model else None
    total = next((row for row in totals if (row["segmentation"], row["population"], row["segment"]) == of_all), None)
    return (model, total) if model and total else None


def months(first: date, last: date) -> int | None:
    """Whole months from the first day to the last; None where they are not whole."""
    before = first - timedelta(days=1)
    return next((n for n in range(1, MOST_MONTHS + 1) if horizon_end(before, f"{n} months") == last), None)
