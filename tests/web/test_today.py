"""The first page: what changed, what needs attention, what to do next."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import duckdb
import pyarrow.parquet as pq

from habitue.project import Project
from support.serving import Site


def section(html: str, anchor: str) -> str:
    found = re.search(rf'<section id="{anchor}">.*?</section>', html, re.DOTALL)
    assert found, anchor
    return found[0]


def test_the_first_run_has_nothing_to_be_compared_with(shop: Site, shop_project: Project) -> None:
    first = shop_project.runs()[0].run_id
    told = section(shop.get(f"/shop/en/today?run={first}").text, "changes")
    assert "This is the first run of the project" in told
    assert "<table" not in told


def test_changes_are_those_against_the_run_before(shop: Site, shop_project: Project) -> None:
    one, other = shop_project.runs()
    told = section(shop.get("/shop/en/today").text, "changes")
    paths = [shop_project.workspace.table_path(run, "sales_by_year") for run in (one, other)]
    customers = [
        max(pq.read_table(path).to_pylist(), key=lambda row: row["last_on"])["customers_count"] for path in paths
    ]
    row = re.search(r"Customers with a visit.*?</tr>", told, re.DOTALL)
    assert row
    assert [int(shown.replace(",", "")) for shown in re.findall(r">([\d,]+)</a>", row[0])] == customers
    assert f"/shop/en/runs?a={one.run_id}&amp;b={other.run_id}" in told


def test_second_visits_due_are_those_of_customers_whose_limit_ends_within_a_month(
    shop: Site, shop_project: Project
) -> None:
    run = shop_project.runs()[-1]
    where = {name: str(shop_project.workspace.table_path(run, name)) for name in ("rfm", "assignments", "calibration")}
    (limit,) = duckdb.sql(
        f"SELECT new_days FROM '{where['calibration']}' WHERE population = 'consumer'"
    ).fetchone() or (0,)
    (count,) = duckdb.execute(
        f"SELECT count(*) FROM '{where['rfm']}' JOIN '{where['assignments']}' USING (customer_id, population) "
        "WHERE population = 'consumer' AND segmentation = 'strategic' AND segment = 'new' "
        "AND first_visit_on + ?::INTEGER <= ?::DATE",
        [limit, run.as_of + timedelta(days=30)],
    ).fetchone() or (0,)
    told = section(shop.get("/shop/en/today").text, "next")
    found = re.search(r"(\d+) new customers? ha", told)
    assert (int(found[1]) if found else 0) == count
    if count:  # and the link leads to just these
        (href,) = re.findall(r'href="([^"]+tables/customer-profiles[^"]+)"', told)
        assert f"{count} of " in section(shop.get(unescape(href)).text, "rows")


def test_one_customer_is_told_what_is_missing(shop: Site) -> None:
    told = section(shop.get("/lonely/en/today").text, "next")
    assert "sale without an article code (till), €30.00 at stake" in told
    assert "fading" not in told
    assert "no statement about the time ahead" in section(shop.get("/lonely/en/today").text, "promises")


def test_one_action_stands_out_and_the_others_follow(shop: Site) -> None:
    html = shop.get("/shop/en/today").text
    told = section(html, "next")
    assert html.count('class="primary"') == 1
    assert told.index('class="primary"') < told.index('class="item-then"')


def test_the_answer_counts_what_needs_attention(shop: Site) -> None:
    html = shop.get("/shop/en/today").text
    told = section(html, "attention")
    act, look, collect = (told.count(f'class="item-{level}"') for level in ("act", "look", "collect"))
    assert f"To act on: {act}; to look into: {look}; to collect better: {collect}." in html


def test_a_change_of_thresholds_is_said(shop: Site, shop_project: Project) -> None:
    one, other = (run.manifest["segmentation"]["calibrations"] for run in shop_project.runs())
    is_changed = {row["population"]: row for row in one} != {row["population"]: row for row in other}
    told = section(shop.get("/shop/en/today").text, "changes")
    assert ("The thresholds of the segments were set anew" in told) == is_changed
