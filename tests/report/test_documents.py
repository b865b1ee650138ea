"""The report: one file, three languages, nothing from outside, every empty case answered."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.report.documents import css_text, report
from habitue.report.locale import LANGUAGES, MissingWordingError

Tables = dict[str, pa.Table]
Manifest = dict[str, Any]
VOID = {"meta", "link", "br", "img", "input", "hr"}
SECTIONS = ("attention", "years", "months", "channels", "stores", "kinds", "returns", "segments", "segment-places",
            "scores", "segmentations", "concentration", "outlook", "moves", "reconciliation", "files", "quarantine",
            "plan", "definitions")  # fmt: skip
WITHOUT_CUSTOMERS = [name for name in SECTIONS if name not in ("segment-places", "scores", "segmentations",
                                                               "concentration", "outlook")]  # fmt: skip


class Page(HTMLParser):
    """A page as its tags; wrong nesting is a fault."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def values(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.tags for name, value in attrs.items() if name == attribute and value]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_complete(rendered: Callable[[str], str], language: str) -> None:
    page = Page(rendered(language))
    assert dict(page.tags)["html"] == {"lang": language}
    assert [section for section in page.values("id") if section in SECTIONS] == list(SECTIONS)
    assert not re.search(r"\breport\.\w|definition\.\w|\{\w+\}|\bNone\b", page.text)
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_nothing_is_fetched(rendered: Callable[[str], str]) -> None:
    html = rendered("en")
    page = Page(html)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "://" not in html
    for attribute in ("src", "href", "xlink:href", "action", "data", "poster"):
        assert all(value.startswith(("#", "data:text/csv")) for value in page.values(attribute)), attribute
    assert all(link.startswith("data:") for link in re.findall(r"url\(\s*['\"]?([^)]*)", html))
    assert "@import" not in html


def test_every_link_leads_somewhere(rendered: Callable[[str], str]) -> None:
    page = Page(rendered("fr"))
    anchors = page.values("id")
    assert len(anchors) == len(set(anchors))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(anchors)


def test_the_file_stays_small(rendered: Callable[[str], str]) -> None:
    assert len(rendered("ru").encode()) < 500_000


def test_the_same_run_gives_the_same_file(full: Tables, manifest: Manifest, rendered: Callable[[str], str]) -> None:
    assert report(full, manifest, "en") == rendered("en")


def test_the_answer_comes_first(rendered: Callable[[str], str]) -> None:
    text = Page(rendered("en")).text
    assert "In the 12 months to 31 August 2026 customers bought goods worth €" in text
    assert "2,377 rows of 3,709,693 could not be used" in text  # 2,351 + 6 set aside, 17 + 3 unreadable
    assert "adds up" in text


def test_what_does_not_add_up_is_said_at_once(full: Tables, manifest: Manifest) -> None:
    rows = full["reconciliation"].to_pylist()
    rows[0]["used_amount"] -= 1
    full["reconciliation"] = pa.Table.from_pylist(rows, schema=full["reconciliation"].schema)
    text = Page(report(full, manifest, "en")).text
    assert "1 file does not add up. Do not use the figures" in text
    assert "€0.01 missing" in text
    assert text.index("Do not use") < text.index("In the 12 months to")


def test_simulated_data_are_labelled_everywhere(
    full: Tables, manifest: Manifest, rendered: Callable[[str], str]
) -> None:
    page = Page(rendered("en"))
    headings = sum(1 for tag, _ in page.tags if tag in ("h1", "h2"))
    # All but the definitions and the foot.
    assert page.values("class").count("tag simulated") == headings - 2
    manifest["simulated"] = False
    assert "tag simulated" not in Page(report(full, manifest, "en")).values("class")


def test_assumed_margins_are_labelled(full: Tables, manifest: Manifest, rendered: Callable[[str], str]) -> None:
    assert "tag assumed" in Page(rendered("en")).values("class")
    manifest["margins_assumed"] = False
    assert "tag assumed" not in Page(report(full, manifest, "en")).values("class")


def test_stored_texts_are_escaped(full: Tables, manifest: Manifest) -> None:
    nasty = "<script>alert(1)</script>"
    columns = {
        "stores": "store_name", "quarantine": "value", "files": "file", "sales": "sales_channel",
        "collection_plan": "till_id",
    }  # fmt: skip
    for name, column in columns.items():
        rows = full[name].to_pylist()
        for row in rows:
            row[column] = nasty
        full[name] = pa.Table.from_pylist(rows, schema=full[name].schema)
    manifest["project"] = 'x"; } </style><script>alert(1)</script>'
    page = Page(report(full, manifest, "en"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert nasty in page.text


def test_css_text_cannot_leave_its_quotes() -> None:
    assert re.fullmatch(r'"[\w \\]*"', css_text('a"; } </style> \\ é\n'))


def test_downloads_hold_the_table_and_no_formula(full: Tables, manifest: Manifest) -> None:
    rows = full["stores"].to_pylist()
    rows[0]["store_name"] = "=HYPERLINK(1)"
    full["stores"] = pa.Table.from_pylist(rows, schema=full["stores"].schema)
    links = [link for link in Page(report(full, manifest, "en")).values("href") if link.startswith("data:text/csv")]
    assert len(links) == 10
    texts = [base64.b64decode(link.partition("base64,")[2]).decode("utf-8-sig") for link in links]
    assert any("'=HYPERLINK(1)" in text for text in texts)
    assert all(";" in text.splitlines()[0] for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_run_without_any_row(tables_of: Callable[..., Tables], manifest: Manifest, language: str) -> None:
    for tables in (tables_of({}), {}):
        page = Page(report(tables, {**manifest, "warnings": []}, language, strict=True))
        assert [section for section in page.values("id") if section in SECTIONS] == WITHOUT_CUSTOMERS
        assert page.values("class").count("empty") == len(WITHOUT_CUSTOMERS) - 1  # all but the definitions


def test_the_smallest_manifest(full: Tables) -> None:
    html = report(
        full, {"project": "p", "run_id": "r1", "as_of": date(2026, 8, 31), "currency": "EUR"}, "en", strict=True
    )
    assert "simulated data</span>" not in html


def test_one_row_of_one_month(
    tables_of: Callable[..., Tables], sales_in: Callable[..., Any], years_of: Callable[..., Any], manifest: Manifest
) -> None:
    sales = sales_in(date(2026, 8, 1), date(2026, 8, 1), stores=0)[:1]
    tables = tables_of({schemas.SALES: sales, schemas.SALES_BY_YEAR: years_of(sales, date(2026, 8, 31))})
    text = Page(report(tables, {**manifest, "warnings": []}, "en", strict=True)).text
    assert "One month so far: August 2026" in text
    assert "All sales come from one sales channel: “web”" in text
    assert "No sale names a store" in text
    assert "The data begin in August 2026, so there is no full year before to compare with" in text
    assert "No return was rung up" in text
    assert "Every row was read; none was refused" in text


def test_a_month_just_begun(
    tables_of: Callable[..., Tables], sales_in: Callable[..., Any], years_of: Callable[..., Any], manifest: Manifest
) -> None:
    sales, day = sales_in(date(2026, 8, 1), date(2026, 8, 1), stores=1), date(2026, 8, 15)
    tables = tables_of({schemas.SALES: sales, schemas.SALES_BY_YEAR: years_of(sales, day)})
    report(tables, {**manifest, "as_of": "2026-08-15", "warnings": []}, "ru", strict=True)


def test_an_unfinished_month_is_left_out_of_comparisons(full: Tables, manifest: Manifest) -> None:
    text = Page(report(full, {**manifest, "as_of": "2026-08-20", "warnings": []}, "en", strict=True)).text
    assert "August 2026 is counted until 20 Aug 2026 only" in text
    assert "August 2025 – July 2026" in text


def test_no_customer_at_all(full: Tables, manifest: Manifest) -> None:
    rows = full["sales_by_year"].to_pylist()
    for row in rows:
        row.update(identified_amount=0, unidentified_amount=row["kept_amount"], customers_count=0)
    full["sales_by_year"] = pa.Table.from_pylist(rows, schema=full["sales_by_year"].schema)
    text = Page(report(full, manifest, "en")).text
    assert "None of it can be put to a customer" in text
    assert "0.0%" in text


def test_a_month_without_net_sales(tables_of: Callable[..., Tables], manifest: Manifest) -> None:
    sales = [{"month_on": date(2026, 8, 1), "source": "s", "sales_channel": "web", "population": "consumer",
              "sale_type": "return", "counts": True, "lines_count": 1, "tickets_count": 1, "gross_amount": -500,
              "discount_amount": 0, "net_amount": -500, "kept_amount": -500, "identified_amount": 0,
              "margin_amount": None, "margin_known_amount": 0, "margin_assumed_amount": 0}]  # fmt: skip
    year = [{"first_on": date(2025, 9, 1), "last_on": date(2026, 8, 31), "tickets_count": 0, "net_amount": -500,
             "kept_amount": -500, "customers_count": 0, "identified_amount": 0,
             "unidentified_amount": -500}]  # fmt: skip
    tables = tables_of({schemas.SALES: sales, schemas.SALES_BY_YEAR: year})
    assert "−€5" in Page(report(tables, {**manifest, "warnings": []}, "en", strict=True)).text


def test_what_proved_the_order_of_dates_is_told(rendered: Callable[[str], str]) -> None:
    assert "prouvé par la ligne 15 : 31/08/2025" in Page(rendered("fr")).text.replace("\u00a0", " ")


def test_a_total_the_file_states_otherwise(full: Tables, manifest: Manifest) -> None:
    rows = full["files"].to_pylist()
    rows[0]["stated_total_amount"] += 100
    full["files"] = pa.Table.from_pylist(rows, schema=full["files"].schema)
    assert (
        "caisses_2026-08-31.csv states a total of €26,737,911.59, but its rows sum to €26,737,910.59"
        in Page(report(full, manifest, "en")).text
    )


def test_warnings_are_worded_and_their_dates_too(full: Tables, manifest: Manifest) -> None:
    text = Page(report(full, manifest, "en")).text
    assert "2026-05-31" not in text.replace("caisses_2026-05-31.csv", "")
    manifest["warnings"] = [{"code": "no.such_code", "params": {"day": "2026-05-31"}}]
    assert "no.such_code (day=31 mai 2026)" in Page(report(full, manifest, "fr")).text
    with pytest.raises(MissingWordingError):
        report(full, manifest, "fr", strict=True)


def colours(css: str, at: int) -> dict[str, str]:
    """The variables of the first (light) or second (dark) rule."""
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[at]))


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast(theme: int) -> None:
    css = files("habitue.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    found = colours(css, theme)
    for text in ("ink", "ink-soft", "accent", "alarm"):
        for ground in ("paper", "wash"):
            assert contrast(found[text], found[ground]) >= 4.5, (text, ground)
    for mark in ("mark", "mark-before", "ink", *(name for name in found if name.startswith("segment-"))):
        assert contrast(found[mark], found["paper"]) >= 3, mark
    for step in range(8):
        assert contrast(found[f"heat-{step}"], found[f"heat-ink-{step}"]) >= 4.5, step
    assert colours(css, 0).keys() == colours(css, 1).keys()
