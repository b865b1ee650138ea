"""The pages on segments: what they say is what the tables hold, counted by other ways; choices; empty states."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import date
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest

from habitue.project import Project
from habitue.project import open as open_project
from habitue.report.context import Context
from habitue.report.layout import Chart, Grid
from habitue.report.locale import LANGUAGES, Words
from habitue.report.segment_figures import STRATEGIC
from habitue.web.pages import segment_paths, segment_places
from habitue.web.pages.segment_about import About, points
from habitue.web.view import View
from support.page_texts import text, told
from support.serving import Site, site

CODES = ("core", "loyal", "new", "slipping", "one_off", "lost", "not_yet_customer")
FIRST, LAST = date(2024, 12, 31), date(2025, 12, 31)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [*CODES, "ten.champions", "nine.hibernating", "ten.not_yet_customer"])
def test_every_segment_has_a_page_in_every_language(shop: Site, language: str, code: str) -> None:
    answer = shop.get(f"/shop/{language}/segments/{code}")
    assert answer.status == 200, answer.text
    assert not re.search(r"web\.segments\.|report\.\w+\.|\{\w+\}", text(answer.text))


@pytest.mark.parametrize("code", ["nothing", "ten.nothing", "ten", "twelve.core", "core/more"])
def test_a_segment_that_does_not_exist_is_said(shop: Site, code: str) -> None:
    assert shop.get(f"/shop/en/segments/{code}").status == 404


def test_cards_and_tables_open_the_segments(shop: Site) -> None:
    page = shop.get("/shop/en/segments").text
    cards = re.findall(r'<article class="card[^"]*">\s*<h3><a href="([^"]+)"', page)
    assert cards == [f"/shop/en/segments/{code}" for code in CODES]
    assert '<a href="/shop/en/segments/ten.champions">Champions</a>' in page


def test_a_segments_figures_are_those_of_its_customers(shop: Site, shop_project: Project) -> None:
    """Counted from the customers one by one, not from the table of segments."""
    ((customers, net, everybody),) = told(
        shop_project,
        "SELECT count(*) FILTER (WHERE a.segment = 'loyal'), sum(r.net_amount) FILTER (WHERE a.segment = 'loyal'), "
        "count(*) FROM {rfm} r JOIN {assignments} a USING (customer_id, population) "
        "WHERE a.segmentation = 'strategic' AND population = 'consumer'",
    )
    page = text(shop.get("/shop/en/segments/loyal").text)
    assert f"{customers} customers are in it: {100 * customers / everybody:.1f}% of consumers" in page
    assert f"€{net / 100:,.2f}" in page


def test_the_way_to_the_customers_leads_to_as_many(shop: Site) -> None:
    page = shop.get("/shop/en/segments/loyal").text
    href, count = re.findall(r'<p class="go-on"><a href="([^"]+)">See these (\d+) customers', page)[0]
    assert f"of {count}" in text(shop.get(unescape(href)).text)


def test_the_choice_of_store_says_what_follows_it(shop: Site, shop_project: Project) -> None:
    """The customers of a store are counted from their profiles."""
    ((store, customers),) = told(
        shop_project,
        "SELECT store_id, count(*) FROM {customer_profiles} WHERE population = 'consumer' AND store_id IS NOT NULL "
        "AND visits_count > 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
    )
    page = text(shop.get(f"/shop/en/segments?store={store}").text)
    assert "Only this section follows the choice of store" in page
    assert f"{customers} customers of " in page
    assert "Only this section" not in text(shop.get("/shop/en/segments").text)


def test_the_crossing_says_what_customers_of_both_segments_bought_next(shop: Site, shop_project: Project) -> None:
    for segmentation in ("ten", "nine"):
        rows = told(
            shop_project,
            "SELECT customers_count, next_amount FROM {segment_crossing} WHERE segmentation = ? "
            "AND population = 'consumer' AND customers_count >= 30 ORDER BY next_amount / customers_count DESC LIMIT 1",
            segmentation,
        )
        page = text(shop.get(f"/shop/en/segments?segmentation={segmentation}").text)
        ((customers, amount),) = rows
        assert f"months after: €{amount / customers / 100:,.0f} each" in page


@pytest.mark.parametrize(
    ("asked", "valid"),
    [("step=2001-01-01_2002-01-01", "2024-"), ("segmentation=twelve", "ten, nine"), ("store=martian", "Valid are")],
)
def test_a_choice_that_is_not_there_is_refused_with_the_valid_ones(shop: Site, asked: str, valid: str) -> None:
    answer = shop.get(f"/shop/en/segments?{asked}")
    assert (answer.status, valid in answer.text) == (400, True)


def test_the_choice_of_period_changes_the_matrix(shop: Site) -> None:
    page = shop.get("/shop/en/segments").text
    steps = re.findall(r'<option value="(\d{4}-\d\d-\d\d_\d{4}-\d\d-\d\d)"', page)
    assert len(steps) == 2
    earlier = shop.get(f"/shop/en/segments?step={steps[1]}").text
    first, last = (date.fromisoformat(day) for day in steps[1].split("_"))
    words = Words("en")
    assert f"that is in each segment on {words.date(last)}" in text(earlier).split("of the segment on")[1]
    assert f"Share of the segment on {words.date(first)} (down)" in text(earlier)


def test_what_comes_second_is_folded_under_its_finding(shop: Site) -> None:
    page = shop.get("/shop/en/segments").text
    folded = re.findall(r'<section class="folded">(.*?)</section>', page, re.DOTALL)
    assert [re.findall(r'<div id="([\w-]+)">', one)[0] for one in folded] == [
        "crossing", "outlook", "segment-places", "scores", "segmentations", "concentration",
    ]  # fmt: skip
    for one in folded:
        (finding,) = re.findall(r'<span class="finding">([^<]+)</span>', one)
        assert text(one).count(unescape(finding)) == 2


def test_the_key_figures_of_a_segment_open_their_row(shop: Site) -> None:
    page = shop.get("/shop/en/segments/core").text
    values = re.findall(r'class="figure-value"><a href="([^"]+)">([^<]+)</a>', page)
    assert len(values) == page.count('class="figure-value"')
    for address, value in values[:1]:
        rows = shop.get(unescape(address)).text
        assert f"over the rows picked: {value}." in text(rows)


def test_one_customer_is_no_fault(shop: Site) -> None:
    page = text(shop.get("/lonely/en/segments").text)
    assert "Nobody is in this segment at this date." in page
    assert "Fewer than 30 customers: the shares are uncertain." in page
    assert "Crossed with" not in page
    for code in CODES:
        answer = shop.get(f"/lonely/en/segments/{code}")
        assert answer.status == 200
    assert "There is no forecast for them in this run." in text(shop.get("/lonely/en/segments/core").text)


def test_a_population_without_customers_is_said(shop: Site) -> None:
    bar = shop.get("/shop/en/segments").text
    others = set(re.findall(r'<option value="(\w+)"', bar)) & {"staff", "shared_card"}
    for population in others:
        for path in ("segments", "segments/core"):
            answer = shop.get(f"/shop/en/{path}?population={population}")
            assert answer.status == 200
            assert "none of them has a visit" in answer.text


LATER = (
    "customer_profiles", "segment_crossing", "segment_outlook", "segment_measures", "transitions", "transition_tests",
    "segment_places", "segment_mix", "concentration", "rfm_cells", "segment_value", "forecast_models",
)  # fmt: skip


def older(project: Project, folder: Path, lacking: tuple[str, ...]) -> Project:
    """A copy of a project whose last run was made before some tables were."""
    shutil.copytree(project.folder, folder)
    copied = open_project(folder)
    for name in lacking:
        (copied.workspace.run_folder(copied.workspace.runs()[-1]) / f"{name}.parquet").unlink()
    return copied


def table(**columns: list[Any]) -> pa.Table:
    return pa.table(columns)


def about(tables: Mapping[str, pa.Table], code: str, share: float) -> About:
    """A segment over hand-made tables; nothing is published."""
    c = Context(Words("en", strict=True), tables, {"currency": "EUR", "as_of": LAST.isoformat()})
    published = SimpleNamespace(has=lambda run, name: False)
    fake = SimpleNamespace(
        words=c.words, whole=c, context=c, published=published, run=None, text=lambda code, **params:
        c.words.text(f"web.{code}", **params), url=lambda *parts, **asked: "/".join(parts), picked=lambda name: None,
    )  # fmt: skip
    return About(cast(View, fake), c, STRATEGIC, code, "consumer", {"customers_share": share, "customers_count": 22})


SIZES = table(
    segmentation=[STRATEGIC] * 3, population=["consumer"] * 3, segment=["core", "loyal", "lost"], place=[1, 2, 6],
    customers_count=[22, 50, 20],
)  # fmt: skip


def test_stores_are_compared_with_the_whole_by_the_interval_of_their_share() -> None:
    """20 of 40 is 35.2 to 64.8 % (Wilson), 2 of 40 is 1.4 to 16.5 %; beside 26.8 % of all: more, fewer; 10 are few."""
    places = table(
        segmentation=[STRATEGIC] * 5, population=["consumer"] * 5, place_kind=["store"] * 5,
        place_name=["A", "A", "B", "B", "C"], segment=["core", "lost", "core", "lost", "core"],
        customers_count=[20, 20, 2, 38, 10],
    )  # fmt: skip
    section = segment_places.places(about({"segments": SIZES, "segment_places": places}, "core", 22 / 82))
    assert section is not None
    (chart,) = section.blocks
    assert isinstance(chart, Chart)
    rows = [[cell.text for cell in row] for row in chart.table.rows]
    assert rows == [
        ["A", "40", "20", "50.0%", "35.2% – 64.8%", "+23.2 pts", "more"],
        ["B", "40", "2", "5.0%", "1.4% – 16.5%", "−21.8 pts", "fewer"],
    ]
    assert chart.title == "2 stores: more of them than chance explains in 1, fewer in 1"
    assert "1 store with fewer is left out." in chart.note
    assert dict(chart.table.where)["place_kind"] == "store"


def test_stores_with_few_customers_are_not_compared() -> None:
    places = table(
        segmentation=[STRATEGIC], population=["consumer"], place_kind=["store"], place_name=["A"], segment=["core"],
        customers_count=[29],
    )  # fmt: skip
    section = segment_places.places(about({"segments": SIZES, "segment_places": places}, "core", 0.2))
    assert section is not None
    assert "No store has 30 customers" in section.blocks[0].text  # type: ignore[union-attr]


def moves(counts: Mapping[tuple[str, str], int]) -> pa.Table:
    """A matrix from one date to a later one, shares of rows and columns worked out from the counts."""
    rows = []
    for (start, end), count in counts.items():
        out = sum(some for (one, _), some in counts.items() if one == start)
        into = sum(some for (_, one), some in counts.items() if one == end)
        share = count / out if out else None
        rows.append(
            {
                "segmentation": STRATEGIC, "population": "consumer", "from_on": FIRST, "to_on": LAST,
                "from_segment": start, "to_segment": end, "customers_count": count, "row_share": share,
                "low_share": None if share is None else share / 2, "high_share": share, "column_share": count / into,
                "before_amount": 100 * count, "after_amount": 50 * count,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows)


def test_a_segment_is_followed_from_date_to_date() -> None:
    counts = {("core", "core"): 30, ("core", "lost"): 10, ("lost", "core"): 5, ("lost", "lost"): 55}
    one = about({"segments": SIZES, "transitions": moves(counts)}, "core", 0.35)
    grown, went = segment_paths.trend(one), segment_paths.paths(one, (FIRST, LAST))
    assert grown is not None and went is not None  # noqa: PT018
    (chart,) = grown.blocks
    assert isinstance(chart, Chart)
    assert chart.title == "5 customers fewer than on 31 Dec 2024"
    assert [[cell.text for cell in row] for row in chart.table.rows] == [
        ["31 Dec 2025", "35", "35.0%"], ["31 Dec 2024", "40", "40.0%"],
    ]  # fmt: skip
    to, came = went.blocks
    assert isinstance(to, Chart)
    assert isinstance(came, Chart)
    assert to.title == "Of 40 customers on 31 Dec 2024, 75.0% were still there on 31 Dec 2025"
    assert [[cell.text for cell in row] for row in to.table.rows] == [
        ["Core", "30", "75.0%", "37.5% – 75.0%", "€30.00", "€15.00"],
        ["Lost", "10", "25.0%", "12.5% – 25.0%", "€10.00", "€5.00"],
    ]
    assert came.title == "Of 35 customers on 31 Dec 2025, 14.3% were not in it on 31 Dec 2024"


def test_what_the_strategic_segment_hides_stands_beside_its_shares() -> None:
    sizes = pa.concat_tables([SIZES, table(
        segmentation=["ten"] * 2, population=["consumer"] * 2, segment=["champions", "loyal"], place=[1, 2],
        customers_count=[40, 60],
    )])  # fmt: skip
    crossing = table(
        segmentation=["ten"] * 3, population=["consumer"] * 3, from_on=[FIRST] * 3, to_on=[LAST] * 3,
        strategic_segment=["core", "core", "loyal"], segment=["champions", "loyal", "loyal"],
        customers_count=[75, 25, 60], next_per_head_amount=[20_000, 5_000, 1_000],
    )  # fmt: skip
    section = segment_paths.crossed(about({"segments": sizes, "segment_crossing": crossing}, "core", 0.35))
    assert section is not None
    grid = section.blocks[1]
    assert isinstance(grid, Grid)
    assert [[cell.text for cell in row] for row in grid.rows] == [
        ["Champions", "75", "75.0%", "€200.00"], ["Loyal customers", "25", "25.0%", "€50.00"],
    ]  # fmt: skip
    assert [row[0].href for row in grid.rows] == ["segments/ten.champions", "segments/ten.loyal"]
    assert grid.rows[1][3].under == "fewer than 30 customers"


def test_points_carry_their_sign() -> None:
    one = about({"segments": SIZES}, "core", 0.2)
    assert [points(one, difference) for difference in (0.0321, -0.02, 0.0001)] == ["+3.2 pts", "−2.0 pts", "0.0 pts"]


@pytest.mark.parametrize("lacking", [("customer_profiles",), LATER], ids=["no-profiles", "nothing-but-segments"])
def test_an_older_run_lacks_tables_and_still_has_its_pages(
    shop_project: Project, tmp_path: Path, lacking: tuple[str, ...]
) -> None:
    with site([older(shop_project, tmp_path / "old", lacking)]) as running:
        for path in ("segments", *(f"segments/{code}" for code in (*CODES, "ten.champions"))):
            answer = running.get(f"/old/en/{path}")
            assert answer.status == 200, answer.text
        href = re.findall(r'<p class="go-on"><a href="([^"]+)"', running.get("/old/en/segments/loyal").text)[0]
        assert "/tables/assignments?" in href
        assert running.get(unescape(href)).status == 200
