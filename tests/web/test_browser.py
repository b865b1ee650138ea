"""Every page in a real browser: three languages, two widths, keyboard, accessibility."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from habitue.report.locale import LANGUAGES
from habitue.web.pages import all_pages
from support.browser import PHONE, WIDE, Watched
from support.serving import TOKEN, Site

# One browser and one server for all of them.
LINK = re.compile(r'href="(/(?:shop|people)/en/([a-z]+)(/[^"?#]*)?(\?[^"#]*)?)')


@pytest.fixture(scope="module")
def addresses(shop: Site, people: Site) -> list[str]:
    """One address of every kind: each page, and below it one thing that links lead to, found by following them; of the
    shop, and of the project of two customer systems the pages on people."""
    found: dict[str, str] = {}
    for site, slug, names in (
        (shop, "shop", [page.name for page in all_pages()]),
        (people, "people", ["identity", "contact"]),
    ):
        waiting = [f"/{slug}/en/{name}" for name in names]
        found |= {f"{slug} {name}": site.url(path) for name, path in zip(names, waiting, strict=True)}
        while waiting:
            html = site.get(waiting.pop()).text
            for whole, page, item, _ in LINK.findall(html):
                kind = f"{page}/…" if item else page
                is_file = re.search(r"\.(csv|xlsx)$", whole.partition("?")[0])
                if kind not in found and not is_file:
                    waiting.append(whole.replace("&amp;", "&").replace("&#39;", "'"))
                    found[kind] = site.url(waiting[-1])
    assert {page.name for page in all_pages() if page.item} == {name[:-2] for name in found if name.endswith("/…")}
    return sorted(found.values())


@pytest.fixture(params=[WIDE, PHONE], ids=["1440", "390"], scope="module")
def window(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Any]:
    """A window of a width, admitted to the pages."""
    width, height = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": height}, extra_http_headers={"Authorization": f"Bearer {TOKEN}"}
    )
    yield context
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_its_window_and_loads_without_a_fault(window: Any, addresses: list[str], language: str) -> None:
    watched, wide = Watched(window), {}
    for address in addresses:
        watched.page.goto(address.replace("/en/", f"/{language}/", 1), wait_until="load")
        if watched.overflow() > 0:
            wide[address] = watched.overflow()
    watched.page.close()
    assert wide == {}
    assert watched.faults == []


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_serious(chromium: Any, addresses: list[str], size: tuple[int, int], scheme: str) -> None:
    import axe_playwright_python

    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
    context = chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
        extra_http_headers={"Authorization": f"Bearer {TOKEN}"},
    )  # fmt: skip
    page, found = context.new_page(), {}
    for address in addresses:
        page.goto(address, wait_until="load")
        page.evaluate(axe)
        results = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [one for one in results["violations"] if one["impact"] in ("serious", "critical")]
        if serious:
            found[address] = [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in serious]
    context.close()
    assert found == {}


def open_by_link(chromium: Any, shop: Site, size: tuple[int, int]) -> Watched:
    """A page opened as a reader opens it: by the link of the terminal."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    watched = Watched(context)
    watched.page.goto(shop.url(f"/enter?key={shop.access.key}"))
    return watched


def test_by_click_from_the_link_to_why_a_customer_is_where_they_are(chromium: Any, shop: Site) -> None:
    watched = open_by_link(chromium, shop, WIDE)
    page = watched.page
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Segments").click()
    page.locator(".card.segment-core h3 a").click()
    assert re.search(r"/segments/core", page.url)
    page.locator("main a[href*='/customers?']").first.click()
    page.locator("main table a[href*='/customers/']").first.click()
    assert re.search(r"/customers/[^/?]+", page.url)
    assert page.get_by_role("heading", name=re.compile("why", re.IGNORECASE)).count() > 0
    assert watched.faults == []


def test_by_click_from_a_figure_to_its_rows(chromium: Any, shop: Site) -> None:
    watched = open_by_link(chromium, shop, PHONE)
    page = watched.page
    page.locator(".figure-value a").first.click()
    assert "/figures/" in page.url
    page.locator("main a[href*='/tables/']").first.click()
    assert page.locator("main table tbody tr").count() > 0
    assert watched.faults == []


def test_by_keyboard_from_the_menu_to_a_customer(chromium: Any, shop: Site) -> None:
    watched = open_by_link(chromium, shop, WIDE)
    page = watched.page
    press_through(page, "/segments")
    page.wait_for_url(re.compile("/segments"))
    press_through(page, "/segments/core")
    page.wait_for_url(re.compile("/segments/core"))
    press_through(page, "/customers?")
    page.wait_for_url(re.compile(r"/customers\?"))
    press_through(page, r"/customers/")
    page.wait_for_url(re.compile(r"/customers/\w"))
    assert watched.faults == []


def press_through(page: Any, href: str) -> None:
    """Tab to the first link in the order of focus whose address holds a text, then Enter."""
    for _ in range(400):
        page.keyboard.press("Tab")
        where = page.evaluate("document.activeElement.getAttribute('href') || ''")
        if href in where:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {where} cannot be seen"
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"no link to {href} is reached by Tab on {page.url}")


def test_the_skip_link_is_first_and_leads_to_the_content(chromium: Any, shop: Site) -> None:
    page = open_by_link(chromium, shop, WIDE).page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_a_link_into_a_folded_part_of_segments_opens_it(chromium: Any, shop: Site, size: tuple[int, int]) -> None:
    watched = open_by_link(chromium, shop, size)
    page = watched.page
    page.goto(shop.url("/shop/en/segments#scores"))
    page.locator("#scores h3").first.wait_for(state="visible")
    page.locator(".contents a[href='#concentration']").click()
    page.locator("#concentration h3").first.wait_for(state="visible")
    assert page.locator("#crossing h3").first.is_hidden()
    assert watched.faults == []


def test_the_pages_work_without_javascript(chromium: Any, shop: Site) -> None:
    context = chromium.new_context(java_script_enabled=False, extra_http_headers={"Authorization": f"Bearer {TOKEN}"})
    page = context.new_page()
    page.goto(shop.url("/shop/en/segments"))
    page.locator("select[name=population]").select_option("consumer")
    page.locator(".filters button").click()
    assert "population=consumer" in page.url
    page.goto(shop.url("/shop/en/tables/segments"))
    page.locator("thead a").first.click()
    assert "sort=" in page.url
    context.close()
