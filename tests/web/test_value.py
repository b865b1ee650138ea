"""The page on value and its lists: what they say is what the tables hold; filters; runs without a forecast."""

from __future__ import annotations

import csv
import io
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pytest

from habitue.project import Project
from habitue.project import open as open_project
from habitue.report.locale import LANGUAGES
from support.page_texts import text, told
from support.serving import Site, site

LISTS = {"critical": "critical_customers", "rising": "rising", "fading": "fading"}


def customers(page: str) -> list[str]:
    """The customers a page names, in their order."""
    return re.findall(r'<th scope="row"><a href="/[^/]+/en/customers/(\w+)[^"]*">', page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", ["value", *(f"value/{name}" for name in LISTS), "value?scenario=0.0"])
def test_every_page_is_worded_in_every_language(shop: Site, language: str, path: str) -> None:
    answer = shop.get(f"/shop/{language}/{path}")
    assert answer.status == 200, answer.text
    assert not re.search(r"web\.value\.|report\.\w+\.|\{\w+\}", text(answer.text))


def test_the_answer_is_the_sum_of_what_is_expected_of_each(shop: Site, shop_project: Project) -> None:
    ((amount, low, high),) = told(
        shop_project,
        "SELECT (SELECT sum(expected_amount) FROM {expected_revenue} WHERE population = 'consumer'), low_95_amount, "
        "high_95_amount FROM {segment_value} WHERE segmentation = 'strategic' AND population = 'consumer' "
        "AND segment = 'all'",
    )
    page = text(shop.get("/shop/en/value").text)
    found = re.search(r"are expected to bring €([\d.]+)K of net sales \(95% interval €([\d.]+)K to €([\d.]+)K\)", page)
    assert found is not None
    # Each customer is rounded to the cent by itself; three digits are said.
    for said, stored in zip(found.groups(), (amount, low, high), strict=True):
        assert float(said) == pytest.approx(stored / 100_000, rel=0.005)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_names_all_of_its_customers_best_first(shop: Site, shop_project: Project, name: str) -> None:
    by = {"critical": "expected_amount", "rising": "expected_amount", "fading": "last_period_amount"}[name]
    wanted = [
        row[0]
        for row in told(
            shop_project,
            f"SELECT customer_id FROM {{{LISTS[name]}}} WHERE population = 'consumer' ORDER BY {by} DESC, customer_id",
        )
    ]
    named = customers(shop.get(f"/shop/en/value/{name}").text)
    assert named == wanted[:50]
    on_the_page = shop.get("/shop/en/value").text
    if wanted:
        assert f"The whole list: {len(wanted)} customer" in on_the_page
        assert customers(on_the_page.split(f'<section id="{name}">')[1].split("</section>")[0]) == wanted[:10]


def test_the_critical_list_is_picked_sorted_and_paged(shop: Site, shop_project: Project) -> None:
    wanted = told(
        shop_project,
        "SELECT c.customer_id FROM {critical_customers} c JOIN {assignments} a USING (customer_id, population) "
        "WHERE population = 'consumer' AND a.segmentation = 'strategic' AND a.segment = 'loyal' "
        "ORDER BY c.expected_amount, customer_id",
    )
    page = shop.get("/shop/en/value/critical?segment=loyal&sort=expected_amount")
    assert customers(page.text) == [row[0] for row in wanted]
    assert 'aria-sort="ascending"' in page.text
    beyond = shop.get("/shop/en/value/critical?from=100000").text
    assert customers(beyond) == []


def test_lists_follow_store_and_sales_channel_and_totals_do_not(shop: Site, shop_project: Project) -> None:
    """The usual sales channel is known of every customer from the profiles, made by another road than the lists."""
    ((channel, people, expected),) = told(
        shop_project,
        "SELECT sales_channel, count(*), sum(expected_amount) FROM {customer_profiles} WHERE population = 'consumer' "
        "AND expected_amount IS NOT NULL GROUP BY 1 ORDER BY 2 LIMIT 1",
    )
    wanted = told(
        shop_project,
        "SELECT customer_id FROM {critical_customers} JOIN {customer_profiles} p USING (customer_id, population) "
        "WHERE population = 'consumer' AND p.sales_channel = ?",
        channel,
    )
    page = shop.get(f"/shop/en/value?sales_channel={channel}").text
    assert "Totals and their intervals are forecast by population, not by store or sales channel" in page
    found = re.search(rf"(\d+) customers of {channel} are expected to bring €([\d.]+)K", text(page))
    assert found is not None
    assert int(found[1]) == people
    assert float(found[2]) == pytest.approx(expected / 100_000, rel=0.005)
    whole = shop.get("/shop/en/value").text
    assert re.findall(r'<p class="answer">[^<]+', page) == re.findall(r'<p class="answer">[^<]+', whole)
    picked = shop.get(f"/shop/en/value/critical?sales_channel={channel}").text
    assert "the list follows what you have chosen" in picked
    named = customers(picked)
    assert sorted(named) == sorted(row[0] for row in wanted)


@pytest.mark.parametrize("asked", ["", "?segment=core", "?sales_channel=online"])
@pytest.mark.parametrize("name", LISTS)
def test_files_hold_the_customers_of_the_list(shop: Site, name: str, asked: str) -> None:
    page = shop.get(f"/shop/en/value/{name}{asked}").text
    named = customers(page)
    if not named:
        return
    assert len(named) < 50
    href = next(unescape(one) for one in re.findall(r'<a href="([^"]+)" download', page) if ".csv" in one)
    rows = list(csv.DictReader(io.StringIO(shop.get(href).text)))
    assert [row["customer_id"] for row in rows] == named


def test_files_hold_what_the_list_shows_filtered_or_not(shop: Site, shop_project: Project) -> None:
    wanted = {
        row[0]: row[1:]
        for row in told(
            shop_project,
            "SELECT customer_id, strategic_segment, c.expected_amount, low_95_amount, high_95_amount, last_visit_on, "
            "store_id, p.sales_channel, cumulative_share FROM {critical_customers} c "
            "JOIN {customer_profiles} p USING (customer_id, population) WHERE population = 'consumer'",
        )
    }
    whole = list(csv.DictReader(io.StringIO(shop.get("/shop/en/value/critical.csv").text)))
    assert {row["customer_id"] for row in whole} == set(wanted)
    for row in whole:
        segment, *amounts, last_visit_on, store, channel, share = wanted[row["customer_id"]]
        assert (row["strategic_segment"], row["last_visit_on"]) == (segment, str(last_visit_on))
        assert (row["store_id"] or None, row["sales_channel"]) == (store, channel)
        names = ("expected_amount", "low_95_amount", "high_95_amount")
        assert [row[name] for name in names] == [f"{amount / 100:.2f}" for amount in amounts]
        assert float(row["cumulative_share"]) == share
    core = list(csv.DictReader(io.StringIO(shop.get("/shop/en/value/critical.csv?segment=core").text)))
    assert core == [row for row in whole if row["strategic_segment"] == "core"]
    assert list(core[0]) == list(whole[0])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("shop/en/value/critical.csv?segment=martian", 400),
        ("shop/en/value/critical.csv?sort=nothing", 400),
        ("shop/en/value/critical.csv?sales_channel=pigeon", 400),
        ("shop/en/value/critical.pdf", 404),
        ("shop/en/value/nothing.csv", 404),
        ("lonely/en/value/critical.csv", 404),
        ("empty/en/value/critical.csv", 404),
    ],
)
def test_files_that_are_not_there(shop: Site, path: str, status: int) -> None:
    assert shop.get(f"/{path}").status == status


def test_reasons_are_in_words_and_nobody_is_named_by_number(shop: Site, shop_project: Project) -> None:
    page = text(shop.get("/shop/en/value/rising").text)
    if told(shop_project, "SELECT 1 FROM {rising} WHERE population = 'consumer'"):
        assert "more than" in page and "of the new first-time buyers" in page  # noqa: PT018
        assert "large_first_purchase" not in page
    folder = shop_project.folder
    cards = duckdb.sql(f"SELECT card_no FROM read_parquet('{folder}/exports/card_base.parquet')").fetchall()
    whole = "".join(shop.get(f"/shop/en/{path}").text for path in ("value", *(f"value/{name}" for name in LISTS)))
    assert not [card for (card,) in cards if f">{card}<" in whole]


@pytest.mark.parametrize(
    ("asked", "valid"),
    [
        ("value?scenario=7", "1.0, 0.0"),
        ("value/critical?segment=martian", "core, loyal"),
        ("value/critical?sort=1;drop", "customer_id, strategic_segment"),
        ("value/critical?sort=in_words", "customer_id"),
        ("value/critical?from=-1", "a whole number"),
    ],
)
def test_what_is_no_choice_is_refused_with_the_valid_ones(shop: Site, asked: str, valid: str) -> None:
    answer = shop.get(f"/shop/en/{asked}")
    assert (answer.status, valid in answer.text) == (400, True), answer.text


def test_the_scenario_changes_the_projection_only(shop: Site) -> None:
    usual, nobody = (shop.get(f"/shop/en/value{asked}").text for asked in ("", "?scenario=0.0"))
    assert "new customers a year come" in usual
    assert "If nobody new comes" in nobody
    same = [text(page.split('<section id="value">')[1].split("</section>")[0]) for page in (usual, nobody)]
    assert same[0] == same[1]


def test_without_a_forecast_the_page_says_what_is_missing_and_what_to_do(shop: Site) -> None:
    page = text(shop.get("/lonely/en/value").text)
    assert "This run has no forecast." in page
    assert "came again: 0" in page or "repeat" in page or "again" in page
    assert "collect the customer number with each sale" in page
    assert "add the sales files of earlier years" in page
    for name in LISTS:
        answer = shop.get(f"/lonely/en/value/{name}")
        assert answer.status == 200
        assert "it needs a forecast" in answer.text


def test_a_population_without_a_forecast_is_told_apart_from_a_run_without(shop: Site) -> None:
    bar = shop.get("/shop/en/value").text.split('name="population"')[1].split("</select>")[0]
    for population in set(re.findall(r'<option value="(\w+)"', bar)) & {"staff", "shared_card"}:
        page = text(shop.get(f"/shop/en/value?population={population}").text)
        assert "There is no forecast of" in page
        assert "there is one of consumers" in page


@pytest.fixture
def old(shop_project: Project, tmp_path: Path) -> Any:
    """Serves a copy of the shop whose last run lacks the tables named, as `old`."""

    def serve(*lacking: str) -> Any:
        shutil.copytree(shop_project.folder, tmp_path / "old")
        copied = open_project(tmp_path / "old")
        for name in lacking:
            (copied.workspace.run_folder(copied.workspace.runs()[-1]) / f"{name}.parquet").unlink()
        return site([copied])

    return serve


def test_a_run_without_profiles_leaves_store_and_channel_out(old: Any, shop: Site) -> None:
    with old("customer_profiles") as running:
        page = running.get("/old/en/value?sales_channel=online")
        assert page.status == 200
        assert 'name="population"' in page.text
        assert '<select name="sales_channel"' not in page.text
        mine, now = (one.get(f"/{slug}/en/value/critical").text for one, slug in ((running, "old"), (shop, "shop")))
        assert customers(mine) == customers(now)
        assert re.findall(r"€[\d.,K]+ <small>?", mine) == re.findall(r"€[\d.,K]+ <small>?", now)


def test_a_run_from_before_forecasts_says_so(old: Any) -> None:
    tables = (
        "customer_profiles", "forecast_models", "segment_value", "expected_revenue", "critical_customers",
        "critical_sets", "rising", "fading", "watchlist_tests", "backtest", "projection", "projection_backtest",
        "forecasts", "forecast_scores", "forecast_calibration",
    )  # fmt: skip
    with old(*tables) as running:
        page = running.get("/old/en/value")
        assert page.status == 200
        assert "older than forecasts" in page.text
        assert running.get("/old/en/value/critical").status == 200


@pytest.mark.parametrize("path", ["value", "segments", "segments/loyal", "segments/ten.champions"])
def test_every_table_leads_to_rows_that_are_there(shop: Site, path: str) -> None:
    page = shop.get(f"/shop/en/{path}").text
    links = {unescape(link) for link in re.findall(r'<a href="([^"]+)">Rows behind this</a>', page)}
    assert len(links) > 3
    for link in links:
        rows = shop.get(link)
        assert rows.status == 200, (link, rows.text)
        assert "<tbody>" in rows.text, link
        assert "No rows." not in rows.text, link
