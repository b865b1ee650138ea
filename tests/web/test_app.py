"""The application as a whole: every page answers, in every language, for every kind of project."""

from __future__ import annotations

import re

import pytest

from habitue.report.locale import LANGUAGES
from habitue.web.pages import all_pages
from support.serving import Site

PAGES = [page.name for page in all_pages()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("slug", ["shop", "lonely", "empty"])
def test_every_page_answers(shop: Site, slug: str, language: str, name: str) -> None:
    answer = shop.get(f"/{slug}/{language}/{name}")
    assert answer.status == 200, answer.text
    assert f'<html lang="{language}"' in answer.text


def test_the_root_leads_to_the_first_page_in_the_projects_language(shop: Site) -> None:
    answer = shop.get("/")
    assert (answer.status, answer.headers["location"]) == (303, f"/shop/en/{PAGES[0]}")


@pytest.mark.parametrize("path", ["/nothing/en/data", "/shop/de/data", "/shop/en/nothing", "/shop/en/data?run=nothing"])
def test_what_does_not_exist_is_said(shop: Site, path: str) -> None:
    answer = shop.get(path)
    assert answer.status == 404
    assert "This page does not exist" in answer.text


def test_a_filter_value_that_does_not_occur_is_refused_with_the_valid_ones(shop: Site) -> None:
    answer = shop.get("/shop/en/segments?population=martians")
    assert answer.status == 400
    assert "martians does not occur here. Valid are: consumer" in answer.text


def test_a_project_without_a_run_says_what_to_do(shop: Site) -> None:
    answer = shop.get("/empty/en/data")
    assert "There is no run yet" in answer.text
    assert "habitue run -p" in answer.text


def test_paper_names_the_project_the_run_and_what_is_chosen(shop: Site) -> None:
    page = shop.get("/shop/fr/stores?population=consumer").text
    (printed,) = re.findall(r'data-printed="([^"]+)"', page)
    assert re.fullmatch(
        r"Simulated shop · Où achète-t-on\u202f\? · arrêté au 31 décembre 2025 · exécution [\da-f]{8}-\d{6}-[\da-f]{4}",
        printed,
    )
    (picked,) = re.findall(r'data-picked="([^"]+)"', page)
    assert picked.startswith("Population\u00a0: particuliers · Période\u00a0: ")
    (head,) = re.findall(r'<div class="printed">(.*?)</div>', page, re.DOTALL)
    assert "habitue " in head
    assert "Population\u00a0: particuliers" in head
