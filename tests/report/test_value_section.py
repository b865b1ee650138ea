"""What the report says of the forecast, against small tables worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.report import sections_value
from habitue.report.context import Context
from habitue.report.documents import answer, key_figures, report
from habitue.report.layout import Fold, Grid, Prose, Section
from habitue.report.locale import LANGUAGES, Words

Tables = dict[str, pa.Table]

SEGMENTS = [  # segment, customers, expected, low and high of 95 %
    ("core", 100, 6_000_000, 5_400_000, 6_600_000),
    ("loyal", 200, 3_000_000, 2_600_000, 3_400_000),
    ("new", 100, 1_000_000, 700_000, 1_300_000),
    ("slipping", 250, 0, None, None),
    ("one_off", 150, 0, None, None),
    ("lost", 200, 0, None, None),
    ("all", 1_000, 10_000_000, 9_000_000, 11_000_000),
]


def arrow(schema: schemas.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    whole = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(whole, schema=schema.ibis_schema().to_pyarrow())


def trial_row(model: str, origin: date, forecast: int, actual: int, *, used: bool = False) -> dict[str, Any]:
    return {
        "population": "consumer", "origin_on": origin, "horizon_days": 365, "model": model,
        "is_naive": model == "last_period", "is_used": used, "customers_count": 900, "forecast_amount": forecast,
        "actual_amount": actual, "bias_share": forecast / actual - 1, "mean_error_amount": 4_321,
        "capture_share": 0.5, "named_share": 0.08, "delivered_share": 0.37, "error_ratio": 0.9,
        "is_within_guards": True,
    }  # fmt: skip


@pytest.fixture
def valued(full: Tables) -> Tables:
    model = {
        "population": "consumer", "model": "pareto_nbd_all", "reason": "best_tested", "naive_model": "last_period",
        "from_on": date(2026, 9, 1), "to_on": date(2027, 8, 31), "horizon_days": 365, "customers_count": 1_000,
        "expected_amount": 10_000_000, "naive_amount": 14_000_000, "interval_origins_count": 2, "measure": "revenue",
        "discount_rate": 0.0,
    }  # fmt: skip
    return {
        **full,
        "forecast_models": arrow(schemas.FORECAST_MODELS, [model]),
        "segment_value": arrow(
            schemas.SEGMENT_VALUE,
            [
                {
                    "segmentation": "strategic", "population": "consumer", "segment": name, "customers_count": count,
                    "expected_amount": amount, "expected_share": amount / 10_000_000,
                    "per_head_amount": round(amount / count), "low_95_amount": low, "high_95_amount": high,
                }
                for name, count, amount, low, high in SEGMENTS
            ],
        ),
        "critical_sets": arrow(
            schemas.CRITICAL_SETS,
            [
                {
                    "population": "consumer", "wanted_share": 0.4, "customers_count": 77, "customers_share": 0.077,
                    "delivered_share": 0.36, "low_95_share": 0.33, "high_95_share": 0.39, "origins_count": 2,
                }
            ],
        ),
        "backtest": arrow(
            schemas.BACKTEST,
            [
                trial_row("pareto_nbd_all", date(2025, 8, 31), 9_000_000, 10_000_000, used=True),
                trial_row("pareto_nbd_all", date(2025, 3, 1), 7_000_000, 7_000_000, used=True),
                trial_row("last_period", date(2025, 8, 31), 13_000_000, 10_000_000),
                trial_row("learner_windowed", date(2025, 8, 31), 9_500_000, 10_000_000),
            ],
        ),
    }  # fmt: skip


def section(tables: Tables, manifest: dict[str, Any], language: str = "en") -> Section:
    context = Context(Words(language, strict=True), tables, {**manifest, "warnings": []})
    found = sections_value.value(context)
    assert found is not None
    return found


def prose(found: Section) -> str:
    return " ".join(block.text for block in found.blocks if isinstance(block, Prose))


def column(grid: Grid, label: str) -> list[str]:
    at = [one.label for one in grid.columns].index(label)
    return [row[at].text for row in grid.rows]


def test_the_answer_has_an_interval_and_the_naive_line_beside_it(valued: Tables, manifest: dict[str, Any]) -> None:
    told = prose(section(valued, manifest))
    assert "From 1 Sept 2026 to 31 Aug 2027 the 1,000 customers known today (consumers) are expected to bring" in told
    assert "€100K" in told
    assert "between €90.0K and €110K in 19 cases of 20" in told
    assert "The best naive line, last period repeated, says €140K" in told


def test_segments_in_their_order_with_what_is_known_of_them(valued: Tables, manifest: dict[str, Any]) -> None:
    grid = next(block for block in section(valued, manifest).blocks if isinstance(block, Grid))
    assert column(grid, "segment")[0].lower() == "core"
    assert column(grid, "expected")[0] == "€60.0K"
    assert column(grid, "share of what is expected") == ["60.0%", "30.0%", "10.0%", "0.0%", "0.0%", "0.0%", "100%"]
    assert column(grid, "expected per customer")[:2] == ["€600.00", "€150.00"]
    assert column(grid, "95% interval")[3] == "–"


def test_critical_customers_and_what_such_sets_brought(valued: Tables, manifest: dict[str, Any]) -> None:
    told = prose(section(valued, manifest))
    assert "77 customers (7.7%) are expected to make 40.0% of it" in told
    assert "`habitue show critical-customers`" in told
    assert "brought 36.0% on average; this one will bring between 33.0% and 39.0%" in told


def test_where_many_are_tied_the_set_makes_more_than_wanted(valued: Tables, manifest: dict[str, Any]) -> None:
    (row,) = valued["critical_sets"].to_pylist()
    tied = {**row, "customers_count": 199, "customers_share": 1.0, "expected_share": 1.0}
    told = prose(section({**valued, "critical_sets": arrow(schemas.CRITICAL_SETS, [tied])}, manifest))
    assert "199 customers (100%) are expected to make 100% of it" in told


def test_the_head_of_the_report_looks_ahead(valued: Tables, manifest: dict[str, Any]) -> None:
    context = Context(Words("en", strict=True), valued, {**manifest, "warnings": []})
    assert answer(context).endswith(
        "From 1 Sept 2026 to 31 Aug 2027 today’s customers (consumers) are expected to bring €100K of net sales (95% "
        "interval €90.0K to €110K). 77 of them (7.7%) are expected to make 40.0% of it."
    )
    last, *_ = (one for one in key_figures(context) if one.definition == "def-expected")
    assert (last.label, last.value, last.anchor) == ("Expected net sales, next 12 months", "€100K", "value")
    found = {one.definition: one.value for one in key_figures(context)}
    assert (found["def-critical"], found["def-fading"]) == ("77", "0")
    # What the segments brought in the window.
    told = "95% interval: €90.0K to €110K; today’s customers (consumers); they brought €100K in the 12 months before"
    assert last.change == told
    assert last.labels == ("simulated",)


def test_the_head_says_margin_and_that_it_is_assumed(valued: Tables, manifest: dict[str, Any]) -> None:
    (model,) = valued["forecast_models"].to_pylist()
    model |= {"measure": "margin", "to_on": date(2026, 11, 28), "horizon_days": 89}
    margin = {**valued, "forecast_models": arrow(schemas.FORECAST_MODELS, [model])}
    context = Context(Words("en", strict=True), margin, {**manifest, "warnings": [], "margins_assumed": True})
    assert "€100K of margin" in answer(context)
    last, *_ = (one for one in key_figures(context) if one.definition == "def-expected")
    assert last.label == "Expected margin, next 89 days"
    assert last.labels == section(margin, {**manifest, "margins_assumed": True}).labels == ("simulated", "assumed")


def test_the_head_says_where_nothing_is_sure(valued: Tables, manifest: dict[str, Any]) -> None:
    rows = [{**row, "low_95_amount": None, "high_95_amount": None} for row in valued["segment_value"].to_pylist()]
    plain = {**valued, "segment_value": arrow(schemas.SEGMENT_VALUE, rows)}
    context = Context(Words("en", strict=True), plain, {**manifest, "warnings": []})
    assert answer(context).endswith("of net sales; how sure that is cannot be said.")
    (last,) = (one for one in key_figures(context) if one.definition == "def-expected")
    assert last.change.startswith("how sure that is cannot be said; they brought")
    assert last.interval == ""


def test_without_a_forecast_the_head_holds_nothing_of_it(full: Tables, manifest: dict[str, Any]) -> None:
    context = Context(Words("en", strict=True), full, {**manifest, "warnings": []})
    assert "expected" not in answer(context)
    assert all(figure.anchor != "value" for figure in key_figures(context))


def test_what_it_would_have_promised_last_time(valued: Tables, manifest: dict[str, Any]) -> None:
    found = section(valued, manifest)
    assert "on 31 Aug 2025 it would have promised €90.0K for the next 365 days; €100K came (−10.0%)" in prose(found)
    grids = [block for block in found.blocks if isinstance(block, Grid)]
    assert column(grids[1], "forecast") == ["Pareto/NBD × spend", "last period repeated", "Pareto/NBD × spend"]
    (folded,) = [block for block in found.blocks if isinstance(block, Fold)]
    (everything,) = folded.blocks
    assert isinstance(everything, Grid)
    assert len(everything.rows) == 4


def test_without_a_forecast_there_is_no_section(full: Tables, manifest: dict[str, Any]) -> None:
    context = Context(Words("en", strict=True), full, {**manifest, "warnings": []})
    assert sections_value.value(context) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_three_languages(valued: Tables, manifest: dict[str, Any], language: str) -> None:
    assert 'id="value"' in report(valued, {**manifest, "warnings": []}, language, strict=True)
