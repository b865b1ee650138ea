"""Figures: every number leads to published rows whose totals are the number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pyarrow as pa
import pytest

from habitue.project import Project
from habitue.report.context import Context
from habitue.report.evidence import MONEY, Behind, Evidence, Part
from habitue.report.evidence_customers import promises_kept
from habitue.report.key_figures import KEY_FIGURES, evidence
from habitue.report.locale import LANGUAGES, Words
from habitue.web.view import Picked
from habitue.workspace.catalogue import Run
from habitue.workspace.published import Published, RunTables
from support.serving import Site


def context(published: Published, run: Run) -> Context:
    tables = RunTables(published.workspace.run_folder(run))
    return Context(Words("en", strict=True), tables, {**run.manifest, "run_id": run.run_id})


def parts(one: Evidence) -> Iterator[Part]:
    waiting = [one.numerator, *([one.denominator] if one.denominator else [])]
    while waiting:
        part = waiting.pop()
        waiting += part.terms
        yield part


def recomputed(published: Published, run: Run, behind: Behind) -> tuple[float, int]:
    """What the rows behind a number give, and how many they are; by a query of its own."""
    order = [(behind.sort.lstrip("-"), behind.sort.startswith("-"))] if behind.sort else []
    about = {"where": behind.where, "order": order, "first": behind.first}
    rows, count = published.page(run, behind.table, **about)
    if behind.total:
        return sum(value for value in rows[behind.total].to_pylist() if value is not None), count
    if behind.different:
        columns = [rows[name].to_pylist() for name in behind.different]
        return len(set(zip(*columns, strict=True))), count
    return count, count


def test_rows_behind_every_number_give_the_number(shop_project: Project) -> None:
    published = Published(shop_project.workspace)
    checked = 0
    for run in published.runs():
        for one in evidence(context(published, run)):
            for part in parts(one):
                assert part.value is not None
                if part.terms:
                    assert sum(term.value or 0 for term in part.terms) == part.value
                for behind in part.behind:
                    value, count = recomputed(published, run, behind)
                    slack = count / 2 if behind.is_rounded else 1e-9
                    assert abs(value - part.value) <= slack, (one.code, part.told, behind)
                    checked += 1
    assert checked > 40


def links(html: str) -> list[tuple[str, str]]:
    """Value and address of each number of the page that leads to rows."""
    found = re.findall(r'<td class="number">([^<]+)</td>\s*<td><a href="([^"]+/tables/[^"]+)">', html)
    return [(unescape(value), unescape(href)) for value, href in found]


@pytest.mark.parametrize(
    "code", ["net_sales", "identified", "customers", "tickets", "returns", "best_tenth", "core_net"]
)
def test_the_page_of_a_figure_leads_to_rows_whose_last_row_is_the_number(shop: Site, code: str) -> None:
    html = shop.get(f"/shop/en/figures/{code}").text
    found = links(html)
    assert found
    for value, href in found:
        rows = shop.get(href)
        assert rows.status == 200
        told = value.removeprefix("€")
        last = re.search(r"<tfoot>(.*?)</tfoot>", rows.text, re.DOTALL)
        shown = last[1] if last else rows.text  # a single row is its own total
        assert re.search(rf">(?:{re.escape(told)}|{re.escape(told)} different)<", shown), (href, told)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", list(KEY_FIGURES))
def test_every_figure_has_a_page_in_every_language(shop: Site, language: str, code: str) -> None:
    for slug in ("shop", "lonely"):
        answer = shop.get(f"/{slug}/{language}/figures/{code}")
        assert answer.status == 200, answer.text
        assert not re.search(r"\b(?:web|report)\.\w+|\{\w+\}|\bNone\b", re.sub(r"<[^>]+>", " ", answer.text))


def test_two_tickets_worked_out_by_hand(shop: Site) -> None:
    """10.00 in January and 20.00 in March 2025, one customer; the as-of date is the last ticket's day."""
    listed = shop.get("/lonely/en/figures").text
    for label, value in (
        ("Net sales after returns, 12 months", "€30"),
        ("Share of net sales identified", "100%"),
        ("Tickets, 12 months", "2"),
        ("Net sales per ticket, 12 months", "€15.00"),
        ("Customers with a visit, 12 months", "1"),
        ("Share of sales returned", "0.0%"),
    ):
        assert re.search(rf">{label}</a>\s*</th>\s*<td class=\"number\">{value}</td>", listed), label
    page = shop.get("/lonely/en/figures/basket").text
    assert "€30.00 ÷ 2 = €15.00" in page
    assert "It rests on 1 case only: read it with care." in shop.get("/lonely/en/figures/gini").text
    assert "There is no other run to compare with." in page


def test_what_a_run_cannot_give_is_said_with_what_it_needs(shop: Site) -> None:
    listed = shop.get("/lonely/en/figures").text
    assert re.search("This run cannot give: [^.]*Critical customers[^.]*. Needed: a forecast", listed)
    assert "This run cannot give: Promises kept. Needed: a forecast whose days are over" in listed
    answer = shop.get("/lonely/en/figures/critical")
    assert answer.status == 200
    assert "This run cannot give this figure. Needed: a forecast" in answer.text


def test_a_figure_stands_beside_the_same_of_other_runs(shop: Site, shop_project: Project) -> None:
    older, newer = shop_project.workspace.runs()
    page = shop.get("/shop/en/figures/net_sales").text
    assert page.index(newer.run_id) < page.index(older.run_id)
    amounts = [evidence_of(shop_project, run, "net_sales") for run in (newer, older)]
    gap = abs(amounts[0] - amounts[1])
    assert f"€{gap / 100:,.2f}" in page
    assert f"?run={older.run_id}" in page
    assert shop.get(f"/shop/en/figures/net_sales?run={older.run_id}").status == 200


def evidence_of(project: Project, run: Run, code: str) -> int:
    one = KEY_FIGURES[code](context(Published(project.workspace), run))
    assert one is not None
    assert one.unit == MONEY
    return int(one.value)


def test_no_such_figure(shop: Site) -> None:
    assert shop.get("/shop/en/figures/nothing").status == 404


def test_a_figure_of_one_population_leads_to_its_rows(shop: Site) -> None:
    page = unescape(shop.get("/shop/en/figures/core_net?population=consumer").text)
    assert "is_population=consumer" in page
    page = unescape(shop.get("/shop/en/figures/core_net?population=b2b").text)
    assert "is_population=consumer" not in page


def test_figures_of_sales_are_of_all_populations_and_say_so(shop: Site) -> None:
    of_all = unescape(shop.get("/shop/en/figures/returns").text)
    page = unescape(shop.get("/shop/en/figures/returns?population=b2b").text)
    assert re.findall(r'class="answer">([^<]+)', page) == re.findall(r'class="answer">([^<]+)', of_all)
    assert "Filters that this page does not follow: Population (business customers)." in page
    assert 'name="population"' not in page


def test_promises_kept_are_of_the_populations_that_made_them() -> None:
    def score(population: str, is_within: bool) -> dict[str, object]:
        return {
            "population": population, "is_counted": True, "is_backdated": False, "is_within_95": is_within,
            "to_on": date(2025, 6, 30),
        }  # fmt: skip

    rows = [score("consumer", True), score("consumer", True), score("b2b", False)]
    tables = {"forecast_scores": pa.Table.from_pylist(rows)}
    for picks, value in (({}, 2 / 3), ({"population": "b2b"}, 0.0), ({"population": "consumer"}, 1.0)):
        one = promises_kept(Context(Words("en"), Picked(tables, picks), {"as_of": "2025-12-31", "currency": "EUR"}))
        assert one is not None
        assert one.value == pytest.approx(value)
        asked = {on.column: on.values for behind in one.numerator.behind for on in behind.where}
        assert asked["population"] == ((picks["population"],) if picks else ("b2b", "consumer"))
