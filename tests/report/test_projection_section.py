"""What the report says of where the base is heading, against small tables worked out by hand."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.report import sections_projection
from habitue.report.charts_projection import YearBar, years_ahead
from habitue.report.context import Context
from habitue.report.layout import Chart, Fold, Grid, Prose, Section
from habitue.report.locale import LANGUAGES, Words
from habitue.schemas.projected import PROJECTION, PROJECTION_BACKTEST

Tables = dict[str, pa.Table]
SEGMENTS = ("core", "loyal", "new", "slipping", "one_off", "lost")
YEARS = 2


def arrow(schema: schemas.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    whole = [{name: row.get(name) for name in schema.names} for row in rows]
    return pa.Table.from_pylist(whole, schema=schema.ibis_schema().to_pyarrow())


def projection_rows(
    multiple: float, totals: list[int], population: str = "consumer", came: int = 50
) -> list[dict[str, Any]]:
    """Totals by year from the last one on; a hundred customers of each segment, fifty come."""
    rows = []
    for year, total in enumerate(totals):
        ends = {} if not year else {
            "low_95_amount": total - 1_000_000, "high_95_amount": total + 1_000_000, "low_95_count": 80,
            "high_95_count": 120,
        }  # fmt: skip
        about = {
            "population": population, "acquisition_multiple": multiple, "year": year,
            "from_on": date(2025 + year, 9, 1), "to_on": date(2026 + year, 8, 31), "is_tenure_split": True,
            "origins_count": 1, "expected_amount": total, **ends,
        }  # fmt: skip
        for name in SEGMENTS:
            basis = "assumed" if name == "lost" else "own"
            rows.append(
                {
                    **about, "segment": name, "customers_count": 100, "end_customers_count": 100, "basis": basis,
                    "present_per_head_amount": 12_345, "steady_customers_count": None if name == "lost" else 130,
                }
            )  # fmt: skip
        rows.append({**about, "segment": "acquired", "customers_count": round(came * multiple) if year else came})
        rows.append({**about, "segment": "all", "customers_count": 650, "end_customers_count": 600})
    return rows


def trial_row(segment: str, forecast: int, actual: int, naive: int, *, used: bool = True) -> dict[str, Any]:
    return {
        "population": "consumer", "origin_on": date(2025, 8, 31), "year": 1, "to_on": date(2026, 8, 31),
        "is_tenure_split": used, "is_used": used, "segment": segment, "forecast_amount": forecast,
        "actual_amount": actual, "naive_amount": naive,
    }  # fmt: skip


@pytest.fixture
def projected(full: Tables) -> Tables:
    return {
        **full,
        PROJECTION.name: arrow(
            PROJECTION,
            [
                *projection_rows(0.0, [10_000_000, 8_000_000, 6_000_000]),
                *projection_rows(1.0, [10_000_000, 11_000_000, 12_000_000]),
                *projection_rows(1.0, [1_000_000, 1_000_000, 1_000_000], "b2b"),
            ],
        ),
        PROJECTION_BACKTEST.name: arrow(
            PROJECTION_BACKTEST,
            [
                trial_row("all", 9_000_000, 10_000_000, 7_000_000),
                trial_row("known", 8_000_000, 9_000_000, 6_500_000),
                trial_row("all", 5_000_000, 10_000_000, 7_000_000, used=False),
                trial_row("core", 5_000_000, 6_000_000, 4_000_000),
            ],
        ),
    }


def section(tables: Tables, manifest: dict[str, Any], language: str = "en") -> Section:
    found = sections_projection.projection(Context(Words(language, strict=True), tables, manifest))
    assert found is not None
    return found


def prose(found: Section) -> str:
    return " ".join(block.text for block in found.blocks if isinstance(block, Prose))


def grids(found: Section) -> list[Grid]:
    return [block for block in found.blocks if isinstance(block, Grid)]


def test_the_answer_with_its_interval_with_and_without_new_customers(
    projected: Tables, manifest: dict[str, Any]
) -> None:
    told = prose(section(projected, manifest))
    assert "If 50 new customers a year come, the base will bring €110K from 1 Sept 2026 to 31 Aug 2027" in told
    assert "(+10.0% against last year); it will lie between €100K and €120K in 19 cases of 20." in told
    assert "Today’s customers make €80.0K of it, new ones €30.0K." in told
    assert "Without anybody new, sales would be €60.0K in the year to 31 Aug 2028, and not €120K." in told


def test_revenue_by_year_is_drawn_and_tabled(projected: Tables, manifest: dict[str, Any]) -> None:
    (chart,) = [block for block in section(projected, manifest).blocks if isinstance(block, Chart)]
    assert chart.title == "€100K last year, €120K in 2 years if nothing changes"
    assert [[cell.text for cell in row] for row in chart.table.rows] == [
        ["31 Aug 2026 (as it was)", "€100,000.00", "€0.00", "€100,000.00", "–"],
        ["31 Aug 2027", "€80,000.00", "€30,000.00", "€110,000.00", "€100K to €120K"],
        ["31 Aug 2028", "€60,000.00", "€60,000.00", "€120,000.00", "€110K to €130K"],
    ]
    for picture in (chart.wide, chart.narrow):
        assert "€110K" in picture
        assert "var(--mark" in picture
        assert "#0a0b" not in picture


def test_segments_by_year(projected: Tables, manifest: dict[str, Any]) -> None:
    grid, scenarios = grids(section(projected, manifest))
    core, *_, lost, total = grid.rows
    assert [cell.text for cell in core] == ["Core", "100", "100", "100", "130", "€123"]
    assert [cell.under for cell in core] == ["", "", "80 to 120", "80 to 120", "", ""]
    assert (lost[0].under, lost[4].text) == ("nobody a year ago: taken to stay", "–")
    assert total[0].text == "All with a visit"
    assert [column.label for column in grid.columns][-1] == "worth of a customer over 2 years"
    assert [[cell.text for cell in row] for row in scenarios.rows] == [
        ["none", "€80.0K", "€60.0K"],
        ["100% of last year’s", "€110K", "€120K"],
    ]


def test_what_it_would_have_said_last_time_beside_same_as_last_year(
    projected: Tables, manifest: dict[str, Any]
) -> None:
    found = section(projected, manifest)
    assert "on 31 Aug 2025 it would have promised €90.0K for the year to 31 Aug 2026" in prose(found)
    assert "€100K came (−10.0%). “Same as last year” said €70.0K (−30.0%)." in prose(found)
    fold = next(block for block in found.blocks if isinstance(block, Fold))
    (grid,) = fold.blocks
    assert isinstance(grid, Grid)
    assert [row[2].text for row in grid.rows] == ["all", "customers of the year’s beginning"]
    assert grid.note.startswith("Customers in their first year are told apart")


def test_untested_it_says_so(projected: Tables, manifest: dict[str, Any]) -> None:
    told = prose(section({**projected, PROJECTION_BACKTEST.name: arrow(PROJECTION_BACKTEST, [])}, manifest))
    assert "cannot be tried at an earlier date yet" in told


def test_without_the_scenario_of_nobody_new(projected: Tables, manifest: dict[str, Any]) -> None:
    rows = projection_rows(1.2, [10_000_000, 11_000_000, 12_000_000])
    found = section({**projected, PROJECTION.name: arrow(PROJECTION, rows)}, manifest)
    assert "If 60 new customers a year come" in prose(found)
    assert "Without anybody new" not in prose(found)
    assert len(grids(found)) == 1


def test_where_nobody_new_came_last_year_nothing_is_multiplied(projected: Tables, manifest: dict[str, Any]) -> None:
    totals = [10_000_000, 8_000_000, 6_000_000]
    rows = [row for multiple in (0.0, 1.0) for row in projection_rows(multiple, totals, came=0)]
    found = section({**projected, PROJECTION.name: arrow(PROJECTION, rows)}, manifest)
    told = prose(found)
    assert "If nobody new comes, the base will bring €80.0K from 1 Sept 2026 to 31 Aug 2027 (−20.0%" in told
    assert "Nobody new came in the last year" in told
    assert "Without anybody new" not in told
    assert "If 0 new" not in told
    assert len(grids(found)) == 1  # all scenarios would say the same


def test_a_scenario_of_nobody_new_says_nothing_of_last_year(projected: Tables, manifest: dict[str, Any]) -> None:
    rows = projection_rows(0.0, [10_000_000, 8_000_000, 6_000_000])
    told = prose(section({**projected, PROJECTION.name: arrow(PROJECTION, rows)}, manifest))
    assert "If nobody new comes" in told
    assert "Nobody new came" not in told


def test_other_populations_are_folded(projected: Tables, manifest: dict[str, Any]) -> None:
    folds = [block.summary for block in section(projected, manifest).blocks if isinstance(block, Fold)]
    assert folds[-1] == "Business customers: where they are heading"


def test_without_a_projection_there_is_no_section(full: Tables, manifest: dict[str, Any]) -> None:
    assert sections_projection.projection(Context(Words("en", strict=True), full, manifest)) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_three_languages(projected: Tables, manifest: dict[str, Any], language: str) -> None:
    assert len(section(projected, manifest, language).blocks) == 7


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_has_a_word(language: str) -> None:
    words = Words(language, strict=True)
    for schema in (PROJECTION, PROJECTION_BACKTEST):
        assert words.term("table", schema.name)
        assert all(words.term("column", f"{schema.name}.{name}") for name in schema.names)


@pytest.mark.parametrize("width", [720, 330])
def test_bars_and_intervals_stay_inside_the_picture(width: int) -> None:
    rows = [YearBar("31 Aug 2027", 80.0, -5.0, "€80"), YearBar("31 Aug 2028", 50.0, 90.0, "€140", -20.0, 200.0)]
    picture = years_ahead(rows, known="today", new="new", width=width)
    boxes = re.findall(r'<rect x="(\S+)" y="\S+" width="(\S+)"', picture)
    assert boxes
    assert all(float(wide) >= 0 and float(x) >= 0 and float(x) + float(wide) <= width for x, wide in boxes)
