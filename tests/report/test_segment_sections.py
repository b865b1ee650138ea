"""What the report says of segments and movements, against small tables worked out by hand."""

from __future__ import annotations

import csv
import html
import io
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.report import sections_movements, sections_outlook, sections_scores, sections_segments
from habitue.report.context import Context
from habitue.report.documents import key_figures, report
from habitue.report.layout import Block, Cards, Chart, Fold, Grid, Prose, Section
from habitue.report.locale import LANGUAGES, Words
from habitue.report.segment_figures import months_between, typical
from support.segment_tables import MOVES, NASTY, SIZES, STRATEGIC, segment_tables

Tables = dict[str, pa.Table]
Manifest = dict[str, Any]


def context(tables: Tables, manifest: Manifest, language: str = "en") -> Context:
    return Context(Words(language, strict=True), tables, {**manifest, "warnings": []})


def flat(section: Section | None) -> list[Block]:
    assert section is not None
    return [inner for block in section.blocks for inner in (block.blocks if isinstance(block, Fold) else [block])]


def charts(section: Section | None) -> list[Chart]:
    return [block for block in flat(section) if isinstance(block, Chart)]


def grids(section: Section | None) -> list[Grid]:
    return [block for block in flat(section) if isinstance(block, Grid)]


def prose(section: Section | None) -> str:
    return " ".join(block.text for block in flat(section) if isinstance(block, Prose))


def column(grid: Grid, label: str) -> list[str]:
    at = [column.label for column in grid.columns].index(label)
    return [row[at].text for row in grid.rows]


def changed(tables: Tables, name: str, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    rows = [new for row in tables[name].to_pylist() if (new := change(row)) is not None]
    tables[name] = pa.Table.from_pylist(rows, schema=tables[name].schema)


def test_core_and_loyal_are_the_finding(full: Tables, manifest: Manifest) -> None:
    section = sections_segments.segments(context(full, manifest))
    (chart,) = charts(section)
    assert chart.title == "Core and loyal customers, 30.0% of all, bring 80.0% of sales"
    assert "12 months to 31 Aug 2026" in chart.subtitle
    assert "40 people are known by name or card" in chart.note
    assert column(chart.table, "customers") == ["100", "200", "100", "250", "150", "200", "40", "1,000"]
    assert column(chart.table, "share of net sales") == [
        "50.0%", "30.0%", "5.0%", "10.0%", "5.0%", "0.0%", "–", "100%",
    ]  # fmt: skip
    assert column(chart.table, "net sales each")[:3] == ["€500.00", "€150.00", "€50.00"]
    assert chart.table.totals == 1
    assert "3 identified customers have lines but no visit at all" in prose(section)
    assert "`habitue show customers-without-visit`" in prose(section)


def test_cards_say_what_a_segment_is_and_what_to_do(full: Tables, manifest: Manifest) -> None:
    section = sections_segments.segments(context(full, manifest))
    (cards,) = [block for block in flat(section) if isinstance(block, Cards)]
    assert [card.segment for card in cards.cards] == [*STRATEGIC, "not_yet_customer"]
    core, loyal, new, *_, lost, not_yet = cards.cards
    assert core.lead == (
        "Two visits or more, the last one at most 144 days ago, and purchases worth €200.00 or more in 12 months."
    )
    assert dict(core.figures) == {
        "Customers": "100 (10.0%)", "Last visit, median": "9 days ago", "Net sales": "€50.0K (50.0%)",
        "Net sales per customer": "€500.00", "Visits per customer": "10.0", "Net sales per visit": "€50.00",
    }  # fmt: skip
    assert core.sentences == [
        "They buy through: store 80.0% and web 20.0%.",
        # Gifts are too small a share, Books are bought hardly more than by others.
        "Typical categories: Perfume & care (1.80 times the average).",
    ]
    assert "No discount is needed" in core.advice
    assert loyal.sentences[1] == "No category stands out: they buy what the others buy."
    assert new.sentences == ["They buy through: not stated 100%."]
    assert new.advice == "Bring about the second visit within 151 days of the first."
    assert lost.lead == "No visit for more than 432 days."
    assert lost.sentences == ["They bought nothing in the window."]
    assert dict(not_yet.figures) == {"Customers": "40"}


def test_without_product_categories_the_cards_say_so(full: Tables, manifest: Manifest) -> None:
    changed(full, "segment_mix", lambda row: row if row["dimension"] == "sales_channel" else None)
    section = sections_segments.segments(context(full, manifest))
    (cards,) = [block for block in flat(section) if isinstance(block, Cards)]
    assert cards.cards[0].sentences[1].startswith("Which categories they buy is not known")


def test_thresholds_say_where_they_come_from(full: Tables, manifest: Manifest) -> None:
    section = sections_segments.segments(context(full, manifest))
    _, grid, b2b = grids(section) if len(grids(section)) == 3 else (None, *grids(section))
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["consumers", "144", "151", "432", "€200.00", "700", "31 Aug 2025", "measured"],
        ["business customers", "120", "90", "365", "–", "10", "31 Aug 2025", "cycle and N assumed"],
    ]
    assert column(b2b, "customers") == ["4", "6", "0", "0", "0", "0", "10"]
    lead = sections_segments.definition(context(full, manifest), "b2b", "core")
    assert "nobody" in lead
    loyal = sections_segments.definition(context(full, manifest), "b2b", "loyal")
    assert loyal == "Two visits or more, the last one at most 120 days ago."


def test_stores_too_small_are_shown_but_not_compared(full: Tables, manifest: Manifest) -> None:
    section = sections_segments.places(context(full, manifest))
    # S01 Lyon: 100 of 200; S02 Paris: 30 of 100; S03 has ten customers only.
    assert "50.0% of the customers of Lyon Part-Dieu, and 30.0% of those of Paris Rivoli" in prose(section)
    region, store, population = grids(section)
    assert column(region, "region") == ["Sud & Est", "no store (online)"]
    assert column(store, "store") == ["Lyon Part-Dieu", "Paris Rivoli", "Нижний Новгород", "no store (online)"]
    assert [cell.text for cell in store.rows[0]][1:] == ["200", "20.0%", "30.0%", "10.0%", "20.0%", "10.0%", "10.0%"]
    assert store.rows[2][0].under == "fewer than 30 customers"
    assert column(population, "customers") == ["1,000", "10"]
    changed(full, "segment_places", lambda row: None)
    changed(full, "segments", lambda row: row if row["population"] == "consumer" else None)
    assert sections_segments.places(context(full, manifest)) is None


def test_scores_are_told_in_words(full: Tables, manifest: Manifest) -> None:
    section = sections_scores.scores(context(full, manifest))
    (chart,) = charts(section)
    # Four cells of 40 among 1,000; 1.9 + 3 x 0.3375 of 10 million.
    assert chart.title == "16.0% of customers score 4 or 5 in both recency and frequency; they bring 29.1% of sales"
    assert len(chart.table.rows) == 25
    assert [cell.text for cell in chart.table.rows[0]] == [
        "5", "0 days ago", "5", "10–60 visits", "40", "4.0%", "€19,000.00",
    ]  # fmt: skip
    recency, frequency, beside, value = grids(section)[-1].rows
    assert [cell.text for cell in recency] == [
        "recency", "quantiles", "500–900 days ago", "200–499 days ago", "100–199 days ago", "1–99 days ago",
        "0 days ago",
    ]  # fmt: skip
    assert frequency[1].text == "fixed thresholds"
    assert (beside[2].text, beside[3].text, beside[1].under) == (
        "1.50–1.75 visits", "–", "shown beside, makes no segment",
    )  # fmt: skip
    assert value[3].text == "€1 – €9"


def test_the_best_tenth(full: Tables, manifest: Manifest) -> None:
    section = sections_scores.concentration(context(full, manifest))
    (chart,) = charts(section)
    assert chart.title == "The best tenth of customers brings 40.0% of sales"
    assert column(chart.table, "their net sales")[:2] == ["€0.00", "€40,000.00"]
    assert len(chart.table.rows) == 11
    assert "Best tenth: 40.0%" in chart.wide
    assert "Gini coefficient: 0.61" in prose(section)


def test_users_own_segments_are_shown_as_written(full: Tables, manifest: Manifest) -> None:
    section = sections_segments.other_segmentations(context(full, manifest))
    own = next(grid for grid in grids(section) if grid.caption.startswith("mine: "))
    assert column(own, "segment") == [NASTY, "Unassigned", "All with a visit"]
    page = report(full, {**manifest, "warnings": []}, "en", strict=True)
    assert "&lt;&#34;best&#34;&gt;" in page
    assert '<"best">' not in page
    assert NASTY in html.unescape(page)


def test_what_segments_bought_next(full: Tables, manifest: Manifest) -> None:
    section = sections_outlook.outlook(context(full, manifest))
    # Core: 40,000 of 80,000 euros by 100 of 613 customers: half, and 3.065 times the mean.
    assert (
        "Core customers of 31 August 2025 bought €400 each in the 12 months after, 3.06 times as much as the average "
        "customer: 50.0% of sales." in prose(section)
    )
    assert "explains 20.0% of the differences" in prose(section)
    assert "the ten-segment grid 14.0%" in prose(section)
    table, measures, ten, own = grids(section)
    assert column(table, "customers") == ["100", "200", "25", "150", "100", "38", "613"]
    assert column(measures, "segmentation") == ["Strategic segments", "Standard ten", "mine"]
    assert [column.label for column in ten.columns[1:]] == ["Champions", "Loyal customers"]
    assert [(cell.text, cell.under) for cell in ten.rows[0][1:]] == [("90", "€433 each"), ("10", "€100 each")]
    assert ten.rows[1][1].text == "–"
    assert own.columns[1].label == NASTY


def test_moves_and_their_table(full: Tables, manifest: Manifest) -> None:
    section = sections_movements.movements(context(full, manifest))
    matrix, ribbons = charts(section)
    assert matrix.title == "Of 100 core customers on 31 Aug 2025, 60.0% are still core on 31 Aug 2026"
    possible = sum(cell is not None for row in MOVES.values() for cell in row)
    assert len(matrix.table.rows) == possible
    counts = [str(cell) for row in MOVES.values() for cell in row if cell is not None]
    assert column(matrix.table, "customers") == counts
    assert [cell.text for cell in matrix.table.rows[0]][2:6] == ["60", "60.0%", "55.0% – 65.0%", "60.0%"]
    assert "Rows of fewer than 30 customers have no colour" in matrix.note
    assert matrix.wide.count("–</text>") == 49 - possible
    # Out of core and loyal: 20 + 80; into them: 4 + 6, 5 + 20, 1 + 9, 0 + 5, 10 + 40.
    assert ribbons.title == "100 customers left the core and loyal segments, 100 entered them"
    assert "40 people who have still not bought are not drawn" in ribbons.note
    assert column(ribbons.table, "total")[-1] == f"{sum(sum(cell or 0 for cell in row) for row in MOVES.values()):,}"
    told = prose(section)
    # 40 left: 20 x (5,000 - 10,000) + 15 x the same + 5 x (0 - 10,000). 30 with a visit entered, 10 came as new people.
    assert "Customers who left the core, against the period before: −€2,250. Customers who entered it: +€5,000." in told
    assert "differ by more than chance (probability < 0.001)" in told
    assert "1 customer moved in a way the definitions forbid" in told
    assert "`habitue show transition-violations`" in told
    earlier = [block.summary for block in section.blocks if isinstance(block, Fold)]
    assert any("31 Aug 2024 (down) and 31 Aug 2025 (across): consumers" in summary for summary in earlier)
    assert any("business customers" in summary for summary in earlier)


def test_one_period_is_not_compared(full: Tables, manifest: Manifest) -> None:
    changed(full, "transition_tests", lambda row: None)
    assert "One period can be compared with no other yet" in prose(
        sections_movements.movements(context(full, manifest))
    )


def test_a_short_history_leads_to_what_the_run_says(full: Tables, manifest: Manifest) -> None:
    for name in ("transitions", "transition_tests", "transition_violations", "segment_outlook", "segment_crossing"):
        changed(full, name, lambda row: None)
    section = sections_movements.movements(context(full, manifest))
    (block,) = section.blocks
    assert isinstance(block, Prose)
    assert block.is_empty_state
    assert block.anchor == "attention"
    assert "for lack of history" in block.text
    assert sections_outlook.outlook(context(full, manifest)) is None


def test_nobody_is_core(full: Tables, manifest: Manifest) -> None:
    changed(full, "segments", lambda row: {**row, "customers_count": 0, "customers_share": 0.0, "net_amount": 0,
                                           "net_share": 0.0, "visits_count": 0, "basket_amount": None}
            if row["segment"] in ("core", "loyal") else row)  # fmt: skip
    section = sections_segments.segments(context(full, manifest))
    assert charts(section)[0].title == "Nobody is a core or loyal customer at this date"
    (cards,) = [block for block in flat(section) if isinstance(block, Cards)]
    assert cards.cards[0].sentences == ["Nobody is in this segment at this date."]
    labels = [figure.label for figure in key_figures(context(full, manifest))]
    assert "Core customers" not in labels
    for language in LANGUAGES:
        report(full, {**manifest, "warnings": []}, language, strict=True)


def test_segments_stand_at_the_head(full: Tables, manifest: Manifest) -> None:
    figures = {figure.label: (figure.value, figure.change) for figure in key_figures(context(full, manifest))}
    assert figures["Core customers"] == ("100", "10.0% of consumers with a visit")
    assert figures["Share of net sales from core customers"][0] == "50.0%"
    assert figures["Share of net sales from the best tenth"][0] == "40.0%"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kept", ["segments", "segments calibration", "segments rfm_cells", "segments transitions"])
def test_parts_of_the_tables_make_a_report(
    tables_of: Callable[..., Tables], manifest: Manifest, language: str, kept: str
) -> None:
    given = {schema: rows for schema, rows in segment_tables().items() if schema.name in kept.split()}
    assert 'id="segments"' in report(tables_of(given), {**manifest, "warnings": []}, language, strict=True)


def test_a_single_customer_makes_a_report(tables_of: Callable[..., Tables], manifest: Manifest) -> None:
    rows = [
        row | {"customers_count": int(row["segment"] == "new"), "net_amount": 0, "net_share": None, "visits_count": 0}
        for row in segment_tables()[schemas.SEGMENTS]
        if row["segmentation"] == "strategic" and row["population"] == "consumer"
    ]
    for language in LANGUAGES:
        report(tables_of({schemas.SEGMENTS: rows}), {**manifest, "warnings": []}, language, strict=True)


def test_warnings_lead_to_their_section(full: Tables, manifest: Manifest) -> None:
    warned = {"code": "strategic.no_core", "params": {"population": "consumer"}}
    page = report(full, {**manifest, "warnings": [warned]}, "en", strict=True)
    assert re.search(r"nobody is a core customer.*?<a href=\"#segments\">", page, re.DOTALL)


@pytest.mark.parametrize("language", LANGUAGES)
def test_downloads_equal_the_tables(rendered: Callable[[str], str], language: str) -> None:
    links = re.findall(
        r'download="transition-matrix.csv" href="data:text/csv;charset=utf-8;base64,([^"]+)"', rendered(language)
    )
    assert len(links) == 1
    rows = list(csv.reader(io.StringIO(b64decode(links[0]).decode("utf-8-sig")), delimiter=";"))
    moves = [cell for row in MOVES.values() for cell in row if cell is not None]
    assert [int(row[2]) for row in rows[1:]] == moves


def test_typical_needs_a_share_and_a_lift() -> None:
    mix = [
        {"value": "a", "share": 0.02, "lift": 1.11}, {"value": "b", "share": 0.0199, "lift": 9.0},
        {"value": "c", "share": 0.9, "lift": 1.1}, {"value": None, "share": 0.9, "lift": 2.0},
        {"value": "d", "share": 0.1, "lift": None}, {"value": "e", "share": 0.1, "lift": 3.0},
        {"value": "f", "share": 0.1, "lift": 2.0}, {"value": "g", "share": 0.1, "lift": 2.0},
    ]  # fmt: skip
    assert [row["value"] for row in typical(mix)] == ["e", "f", "g"]


def test_months_between_ends_of_months() -> None:
    days = [(row["from_on"], row["to_on"]) for row in segment_tables()[schemas.TRANSITIONS][:1]]
    assert months_between(*days[0]) == 12
    assert sum(size[0] for name, size in SIZES.items() if name != "not_yet_customer") == 1_000
