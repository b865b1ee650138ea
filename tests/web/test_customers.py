"""Which customers, and one of them: figures by hand, who is found, and what is never said unasked."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest

from habitue.project import Project
from habitue.report.console_customer import explanation_lines
from habitue.report.locale import LANGUAGES, Words
from habitue.web.pages.one_customer import usual
from support.serving import Site

SHOP, LONELY = "/shop/en/customers", "/lonely/en/customers"


def ids(text: str) -> list[str]:
    """Opaque ids of the rows of a list, in their order."""
    return re.findall(r'<th scope="row"><a href="[^"]*/customers/([0-9a-f]{16})', text)


def plain(text: str) -> str:
    """A page as its words in a row."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


@pytest.fixture(scope="module")
def profiles(shop_project: Project) -> list[dict[str, Any]]:
    return shop_project.show("customer_profiles").to_pylist()


@pytest.fixture(scope="module")
def numbers(shop_project: Project) -> dict[str, str]:
    rows = shop_project.show("customers", personal_data=True).to_pylist()
    return {row["customer_id"]: row["customer_number"] for row in rows}


def test_the_list_is_sorted_by_what_is_expected(shop: Site, profiles: list[dict[str, Any]]) -> None:
    answer = shop.get(SHOP)
    assert answer.status == 200
    assert ids(answer.text) == [row["customer_id"] for row in profiles[:50]]
    assert f"Rows 1 to 50 of {len(profiles)}" in plain(answer.text)
    assert ids(shop.get(f"{SHOP}?from=50").text) == [row["customer_id"] for row in profiles[50:100]]


def test_any_column_sorts(shop: Site, profiles: list[dict[str, Any]]) -> None:
    wanted = sorted(profiles, key=lambda row: (row["frequency"], row["customer_id"], row["population"]))
    assert ids(shop.get(f"{SHOP}?sort=frequency").text) == [row["customer_id"] for row in wanted[:50]]
    text = shop.get(f"{SHOP}?sort=-net_amount").text
    assert 'aria-sort="descending"' in text
    refused = shop.get(f"{SHOP}?sort=net_amount;drop")
    assert refused.status == 400
    assert "cannot be sorted by net_amount;drop" in plain(refused.text)


@pytest.mark.parametrize(
    ("asked", "column", "value"),
    [
        ("segment=core", "strategic_segment", "core"),
        ("list=critical", "is_critical", True),
        ("list=rising", "is_rising", True),
        ("population=staff", "population", "staff"),
    ],
)
def test_filters_pick_rows(shop: Site, profiles: list[dict[str, Any]], asked: str, column: str, value: Any) -> None:
    wanted = [row["customer_id"] for row in profiles if row[column] == value]
    text = shop.get(f"{SHOP}?{asked}").text
    assert ids(text) == wanted[:50]
    if not wanted:
        assert "No customer fits all of these filters" in text


def test_filters_hold_together_in_the_file_too(shop: Site, profiles: list[dict[str, Any]]) -> None:
    stores = [row["store_id"] for row in profiles if row["strategic_segment"] == "loyal" and row["store_id"]]
    store = max(set(stores), key=stores.count)
    text = shop.get(f"{SHOP}?store={store}&segment=loyal&sort=-frequency").text
    wanted = [row for row in profiles if row["store_id"] == store and row["strategic_segment"] == "loyal"]
    assert 1 < len(wanted) <= 50
    assert set(ids(text)) == {row["customer_id"] for row in wanted}
    (href,) = [unescape(found) for found in re.findall(r'href="([^"]+)" download>CSV</a>', text)]
    rows = list(csv.DictReader(io.StringIO(shop.get(href).text)))
    assert [row["customer_id"] for row in rows] == ids(text)
    assert "customer_number" not in rows[0]
    assert {row["net_amount"] for row in rows} == {f"{row['net_amount'] / 100:.2f}" for row in wanted}


@pytest.mark.parametrize("asked", ["segment=champions", "list=all", "population=x"])
def test_what_is_none_of_the_choices_is_refused(shop: Site, asked: str) -> None:
    answer = shop.get(f"{SHOP}?{asked}")
    assert answer.status == 400
    assert "does not occur here. Valid are: " in answer.text


def test_numbers_only_where_they_are_asked_for(
    shop: Site, profiles: list[dict[str, Any]], numbers: dict[str, str]
) -> None:
    first = profiles[0]["customer_id"]
    without, asked = shop.get(SHOP), shop.get(f"{SHOP}?numbers=1")
    assert numbers[first] not in plain(without.text)
    assert numbers[first] in plain(asked.text)
    (href,) = [unescape(found) for found in re.findall(r'href="([^"]+)" download>CSV</a>', asked.text)]
    rows = list(csv.DictReader(io.StringIO(shop.get(href).text)))
    assert len(rows) == len(profiles)
    assert rows[0]["customer_number"].endswith(numbers[first])
    page = f"{SHOP}/{first}"
    assert numbers[first] not in plain(shop.get(page).text)
    assert numbers[first] in plain(shop.get(f"{page}?numbers=1").text)


def test_a_customer_is_found_by_number_and_by_id(
    shop: Site, profiles: list[dict[str, Any]], numbers: dict[str, str]
) -> None:
    for asked in ("A", "till:A", " A "):
        answer = shop.get(f"{LONELY}?q={asked.replace(' ', '%20')}")
        assert answer.status == 303
        assert re.fullmatch(LONELY + "/[0-9a-f]{16}", answer.headers["location"])
    first = profiles[0]["customer_id"]
    assert shop.get(f"{SHOP}?q={first}").headers["location"] == f"{SHOP}/{first}"


def test_who_is_not_found_is_said(shop: Site) -> None:
    answer = shop.get(f"{LONELY}?q=%3Cb%3E17")
    assert answer.status == 200
    assert "There is no customer <b>17 in run" in plain(answer.text)
    assert "<b>17" not in answer.text
    assert "Show all customers" in answer.text
    assert "Say which customer" in plain(shop.get(f"{LONELY}?q=").text)
    assert shop.get(f"{LONELY}/0123456789abcdef").status == 404
    assert shop.get(f"{LONELY}/A").status == 404  # pages go by opaque ids only


def test_one_customer_by_hand(shop: Site) -> None:
    """Two tickets, 10.00 on 10 January and 20.00 on 10 March 2025, which is the as-of date."""
    page = shop.get(f"{LONELY}?q=A").headers["location"]
    told = plain(shop.get(page).text)
    assert "why this segment, and what is expected?" in told
    assert "Visits in 12 months 2 of 2 in all" in told
    assert "Net in 12 months €30.00 of €30.00 in all" in told
    assert "Since the last visit 0 days purchase cycle: 120 days" in told
    assert "Last visit within the cycle c? 0 days c = 120 days yes" in told
    assert "There is no forecast for this customer." in told
    assert "2 visits in 60 days" in told
    rows = re.findall(r"(\d+ \w+ 2025) (?:\S+ )?1 1 (€[\d.]+)", told)
    assert ("10 Mar 2025", "€20.00") in rows
    assert ("10 Jan 2025", "€10.00") in rows
    lines = plain(shop.get(f"{page}?day=2025-01-10").text)
    assert "Tickets of 10 Jan 2025" in lines
    assert "T1" in lines
    assert "T2" not in lines
    assert shop.get(f"{page}?day=tomorrow").status == 400
    assert "Tickets of" not in plain(shop.get(f"{page}?day=2025-01-11").text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_customer_has_a_page(
    shop: Site, shop_project: Project, profiles: list[dict[str, Any]], language: str
) -> None:
    words = Words(language)
    kinds = {
        (row["strategic_segment"], row["population"], row["is_critical"], row["is_rising"]): row for row in profiles
    }
    others = {row["customer_id"] for row in shop_project.show("customers").to_pylist()} - {
        row["customer_id"] for row in profiles
    }
    assert len(kinds) > 8
    for customer in [*(row["customer_id"] for row in kinds.values()), *sorted(others)[:3]]:
        answer = shop.get(f"/shop/{language}/customers/{customer}")
        assert answer.status == 200, answer.text
        assert not re.search(r"web\.\w|explain\.\w|\bNone\b", plain(answer.text))
        assert customer in answer.text
    core = next(row for row in profiles if row["strategic_segment"] == "core")
    told = plain(shop.get(f"/shop/{language}/customers/{core['customer_id']}").text)
    assert words.term("segment", "strategic.core") in told
    assert words.money(core["net_amount"], "EUR").replace("\u202f", " ").replace("\xa0", " ") in told.replace(
        "\xa0", " "
    )


def test_all_that_explain_prints_is_on_the_page(
    shop: Site, shop_project: Project, profiles: list[dict[str, Any]]
) -> None:
    fading = next((row for row in profiles if row["is_fading"]), profiles[0])
    told = plain(shop.get(f"{SHOP}/{fading['customer_id']}").text)
    printed = list(explanation_lines(shop_project.explain(fading["customer_id"]), Words("en")))
    body = [line for line in printed[4:] if not re.fullmatch(r"[- ]*", line)]
    assert len(body) > 40
    for line in body:
        for part in re.split(r" {2,}|: |^Warning: ", line):
            assert part.strip().removesuffix("…") in told, line


def test_the_usual_place_is_that_of_the_table(shop_project: Project, profiles: list[dict[str, Any]]) -> None:
    compared = 0
    for row in profiles[::9]:
        told = shop_project.explain(row["customer_id"])
        (buyer,) = [one for one in told.buyers if one.population == row["population"]]
        for column in ("store_id", "sales_channel"):
            assert usual(buyer, column, told.window.first_on) == row[column]
        compared += 1
    assert compared > 20
