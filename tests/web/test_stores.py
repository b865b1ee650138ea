"""The page of stores: its figures against the published lines, its filters and links, and what it says without data."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest

from habitue.errors import UsageError
from habitue.project import Project
from habitue.report.context import Context
from habitue.report.layout import Chart, Grid, Prose
from habitue.report.locale import LANGUAGES, Words
from habitue.web.pages import stores
from habitue.web.view import Content, Served, View
from habitue.workspace.published import Published
from support.serving import Site

NOW = ("2025-01-01", "2025-12-31")
BEFORE = ("2024-01-01", "2024-12-31")


@pytest.fixture(scope="module")
def served(shop_project: Project) -> Served:
    return Served("shop", shop_project, Published(shop_project.workspace))


def view(served: Served, language: str = "en", **asked: str) -> View:
    run = served.published.runs()[-1]
    return View(served, run, Words(language, strict=True), "stores", asked, stores.PAGE.filters)


def page(served: Served, language: str = "en", **asked: str) -> Content:
    return stores.PAGE.build(view(served, language, **asked))


def grids(content: Content, anchor: str) -> list[Grid]:
    (section,) = [section for section in content.sections if section.anchor == anchor]
    found = [block.table if isinstance(block, Chart) else block for block in section.blocks]
    return [grid for grid in found if isinstance(grid, Grid)]


def rows(grid: Grid) -> list[list[str]]:
    return [[cell.text for cell in row] for row in grid.rows]


def minor(text: str) -> int:
    """Whole minor units of an amount as it is written in English."""
    return int(re.sub(r"[^0-9]", "", text)) * (-1 if "\u2212" in text else 1)


def lines(served: Served, what: str, span: tuple[str, str], *more: str) -> Any:
    """One number from the published lines, by a query of its own."""
    where = " AND ".join(("counts", "sold_on BETWEEN ?::DATE AND ?::DATE", *more))
    sql = f"SELECT {what} AS n FROM {{transaction_lines}} WHERE {where}"
    found = served.published.query(served.published.runs()[-1], sql, span)["n"][0].as_py()
    return 0 if found is None else int(found)


def by_store(served: Served, span: tuple[str, str]) -> dict[str | None, int]:
    sql = (
        "SELECT s.store_name AS name, sum(kept_amount)::BIGINT AS net FROM {transaction_lines} l LEFT JOIN {stores} s "
        "ON l.store_id = s.store_id WHERE counts AND sold_on BETWEEN ?::DATE AND ?::DATE GROUP BY 1"
    )
    found = served.published.query(served.published.runs()[-1], sql, span).to_pylist()
    return {row["name"]: row["net"] for row in found}


def test_the_head_is_what_the_lines_say(served: Served) -> None:
    content = page(served)
    net = lines(served, "sum(kept_amount)", NOW)
    tickets = lines(served, "count(DISTINCT (source, transaction_id))", NOW, "sale_type NOT IN ('return', 'exchange')")
    head = {figure.label: figure.value for figure in content.figures}
    assert minor(head["Net sales after returns"]) == net
    assert head["Tickets"] == f"{tickets:,}"
    assert minor(head["Net sales per ticket"]) == round(net / tickets)
    change = net / lines(served, "sum(kept_amount)", BEFORE) - 1
    told = f"{abs(change):.1%} {'more' if change > 0 else 'less'} than a year before"
    assert content.figures[0].change == told
    assert told in content.answer
    assert "Compared with 1 Jan 2024 – 31 Dec 2024." in content.answer


def test_stores_are_those_of_the_lines_sorted_by_value(served: Served) -> None:
    compared, sheet = grids(page(served), "stores")
    now, before = by_store(served, NOW), by_store(served, BEFORE)
    shown = {row[0]: (minor(row[1]), minor(row[2])) for row in rows(compared)}
    total, apart = shown.pop("all"), shown.pop("no store stated (web and others)")
    assert shown == {name: (now.get(name, 0), before.get(name, 0)) for name in {*now, *before} - {None}}
    assert apart == (now[None], before[None])
    assert total == (sum(now.values()), sum(before.values()))
    values = [minor(row[1]) for row in rows(compared)[:-2]]
    assert values == sorted(values, reverse=True)
    assert [row[0] for row in rows(sheet)] == [row[0] for row in rows(compared)]
    assert sheet.totals == compared.totals == 1


def test_the_parts_of_like_for_like_add_up(served: Served) -> None:
    content = page(served)
    compared, bridge, left_out = grids(content, "like-for-like")
    *parts, whole = rows(bridge)
    for column in (1, 2, 3):
        assert sum(minor(part[column]) for part in parts) == minor(whole[column])
    assert minor(whole[1]) == lines(served, "sum(kept_amount)", NOW)
    stated = served.published.query(
        served.published.runs()[-1],
        "SELECT store_name FROM {stores} WHERE opened_on > ?::DATE OR closed_on < ?::DATE", (BEFORE[0], NOW[1]),
    )["store_name"].to_pylist()  # fmt: skip
    names = {row[0] for row in rows(left_out)}
    assert names >= {name for name in stated if name in {*by_store(served, NOW), *by_store(served, BEFORE)}}
    assert names.isdisjoint(row[0] for row in rows(compared))
    (figure,) = [one for one in content.figures if one.label.startswith("Like for like")]
    assert minor(figure.value) == sum(minor(row[1]) for row in rows(compared)) == minor(parts[0][1])


def test_regions_and_sales_channels_add_up_to_the_whole(served: Served) -> None:
    content = page(served)
    for anchor in ("regions", "channels"):
        for grid in grids(content, anchor):
            *parts, whole = rows(grid)
            assert sum(minor(part[1]) for part in parts) == minor(whole[1]) == lines(served, "sum(kept_amount)", NOW)


def test_filters_pick_the_lines(served: Served) -> None:
    content = page(served, population="consumer", sales_channel="online", period="quarter")
    span = ("2025-10-01", "2025-12-31")
    net = lines(served, "sum(kept_amount)", span, "population = 'consumer'", "sales_channel = 'online'")
    assert minor(content.figures[0].value) == net
    assert {filter.name for filter in content.filters} == {"population", "store", "sales_channel", "period"}
    chosen = {filter.name: [c.value for c in filter.choices if c.is_chosen] for filter in content.filters}
    assert chosen == {"population": ["consumer"], "store": [""], "sales_channel": ["online"], "period": ["quarter"]}


def test_the_sheet_of_a_store(served: Served) -> None:
    named = "SELECT store_name FROM {stores} WHERE store_id = '01'"
    name = served.published.query(served.published.runs()[-1], named)["store_name"][0].as_py()
    content = page(served, store="01")
    assert content.title == f"What does {name} sell?"
    assert content.trail == [("Where is it bought?", "/shop/en/stores")]
    net = lines(served, "sum(kept_amount)", NOW, "store_id = '01'")
    assert minor(content.figures[0].value) == net
    (comparison,) = grids(content, "comparison")
    first = rows(comparison)[0]
    assert (minor(first[1]), minor(first[2])) == (net, lines(served, "sum(kept_amount)", BEFORE, "store_id = '01'"))
    assert minor(first[4]) == lines(served, "sum(kept_amount)", NOW, "store_id IS NOT NULL")
    (months,) = grids(content, "store-months")
    assert rows(months)[0][0] == "December 2025"
    assert sum(minor(row[1]) for row in rows(months)[:12]) == net


def test_a_month_of_a_table_is_a_period(served: Served) -> None:
    (months,) = grids(page(served), "store-months")
    assert months.rows[1][0].href == "/shop/en/stores?period=2025-11-01..2025-11-30"
    content = page(served, period="2025-11-01..2025-11-30")
    assert content.figures[0].value == months.rows[1][1].text
    assert [c.label for filter in content.filters for c in filter.choices if c.is_chosen][-1] == (
        "1 Nov 2025 – 30 Nov 2025"
    )


@pytest.mark.parametrize("asked", ["decade", "2025-11-30..2025-11-01", "2025-11-01..2027-01-01", "<script>"])
def test_a_period_that_is_none_is_refused_with_the_valid_ones(served: Served, asked: str) -> None:
    with pytest.raises(UsageError) as raised:
        page(served, period=asked)
    told = Words("en", strict=True).say(raised.value.messages[0])
    assert asked in told
    assert "rolling, week, month, quarter, year_to_date, year, 2025-01-01..2025-12-31" in told


def test_a_refused_period_answers_400(shop: Site) -> None:
    answer = shop.get("/shop/en/stores?period=%3Cscript%3E")
    assert answer.status == 400
    assert "<script>" not in answer.text
    assert "&lt;script&gt; is no period" in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "asked",
    [{}, {"store": "01"}, {"store": "05"}, {"period": "week"}, {"period": "year_to_date", "sales_channel": "online"},
     {"period": "2023-01-01..2023-12-31"}, {"period": "2022-12-01..2023-01-31"}, {"population": "staff"},
     {"period": "1999-01-01..1999-01-31"}, {"store": "01", "period": "1999-01-01..1999-01-31"}],
    ids=str,
)  # fmt: skip
def test_everything_has_words(served: Served, language: str, asked: dict[str, str]) -> None:
    assert page(served, language, **asked).sections


def test_a_period_without_a_year_before_says_so(served: Served) -> None:
    content = page(served, period="2023-02-01..2023-02-28")
    assert "There is no such period a year before to compare with: the data begin on" in content.answer
    assert "more than" not in content.answer
    assert [section.anchor for section in content.sections if section.anchor == "like-for-like"] == []
    compared, _ = grids(content, "stores")
    assert [column.label for column in compared.columns] == ["store", "net after returns"]


def test_one_week_has_the_weekdays_of_a_year_before(served: Served) -> None:
    assert "Compared with 23 Dec 2024 – 29 Dec 2024." in page(served, period="week").answer


def test_without_a_store_the_page_says_what_to_do(lonely_project: Project) -> None:
    served = Served("lonely", lonely_project, Published(lonely_project.workspace))
    content = page(served)
    assert content.answer.startswith("11 Mar 2024 – 10 Mar 2025: net sales after returns of €30.")
    (section,) = [section for section in content.sections if section.anchor == "stores"]
    (told,) = section.blocks
    assert isinstance(told, Prose)
    assert told.is_empty_state
    assert told.text.startswith("No sale names a store.")


def test_a_run_from_before_sales_were_kept_by_day(served: Served) -> None:
    asked = view(served)
    asked.__dict__["whole"] = Context(asked.words, {}, asked.run.manifest)
    content = stores.PAGE.build(asked)
    (told,) = content.sections[0].blocks
    assert isinstance(told, Prose)
    assert "habitue run" in told.text


def test_a_figure_opens_to_its_rows(shop: Site, served: Served) -> None:
    compared, _ = grids(page(served), "stores")
    address = compared.rows[0][1].href
    answer = shop.get(address)
    assert answer.status == 200
    (link,) = set(re.findall(r'href="([^"]+tables/sales-by-day\.csv[^"]*)"', answer.text)) - set(
        re.findall(r'href="([^"]+excel=1[^"]*)"', answer.text)
    )
    found = csv.DictReader(io.StringIO(shop.get(html.unescape(link)).body.decode("utf-8-sig")))
    total = sum(round(float(row["kept_amount"]) * 100) for row in found)
    assert total == minor(compared.rows[0][1].text)


@pytest.mark.parametrize(
    "asked", ["", "?sales_channel=online&population=consumer", "?store=01", "?period=2025-03-01..2025-03-31"]
)
def test_key_figures_and_tables_open_the_rows_of_the_page(shop: Site, asked: str) -> None:
    def total(address: str) -> int:
        rows = html.unescape(address).replace("/tables/sales-by-day?", "/tables/sales-by-day.csv?")
        found = csv.DictReader(io.StringIO(shop.get(rows).body.decode("utf-8-sig")))
        return sum(round(float(row["kept_amount"]) * 100) for row in found)

    answer = shop.get(f"/shop/en/stores{asked}")
    assert answer.status == 200
    values = re.findall(r'class="figure-value"><a href="([^"]+)">([^<]+)</a>', answer.text)
    assert len(values) == answer.text.count('class="figure-value"')
    assert total(values[0][0]) == minor(values[0][1])
    (rows, *_) = re.findall(r'<a href="([^"]+)">Rows behind this</a>', answer.text)
    assert total(rows) == minor(values[0][1])


def test_tables_download_as_shown(shop: Site, served: Served) -> None:
    answer = shop.get("/shop/en/stores/grid/0.csv")
    assert answer.status == 200
    compared, _ = grids(page(served), "stores")
    assert len(list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))) == len(compared.rows) + 1
