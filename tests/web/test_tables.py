"""Tables: rows picked by the address, their sums, and what an address cannot ask for."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from habitue import schemas
from habitue.errors import UsageError
from habitue.project import Project
from habitue.report.locale import LANGUAGES
from habitue.web.pages.tables import MEANT
from habitue.web.totals import SUMS
from habitue.workspace.conditions import IS, MAX, MIN, NOT, Condition
from habitue.workspace.published import Published
from support.serving import Site

RFM = "/shop/en/tables/rfm"


def total(html: str) -> list[str]:
    """Cells of the last row."""
    found = re.search(r"<tfoot>(.*?)</tfoot>", html, re.DOTALL)
    return (
        [re.sub(r"<[^>]+>", " ", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", found[1])]
        if found
        else []
    )


def chips(html: str) -> list[tuple[str, str]]:
    found = re.search(r'<div class="chips">(.*?)</div>', html, re.DOTALL)
    return (
        [(unescape(text), unescape(href)) for href, text in re.findall(r'href="([^"]+)"[^>]*>([^<]+)<', found[1])]
        if found
        else []
    )


@pytest.fixture(scope="module")
def published(shop_project: Project) -> Published:
    return Published(shop_project.workspace)


def test_conditions_pick_the_rows_they_say(published: Published) -> None:
    run = published.runs()[-1]
    rows = pq.read_table(published.workspace.table_path(run, "transaction_lines")).to_pylist()

    def count(*where: Condition) -> int:
        return published.page(run, "transaction_lines", where=where, limit=1)[1]

    day = rows[0]["sold_on"]
    assert count(Condition("sold_on", (day.isoformat(),), MIN)) == sum(row["sold_on"] >= day for row in rows)
    assert count(Condition("sold_on", (day.isoformat(),), MAX)) == sum(row["sold_on"] <= day for row in rows)
    assert count(Condition("net_amount", ("500",), MIN)) == sum(row["net_amount"] >= 500 for row in rows)
    assert count(Condition("customer_id", (None,), NOT)) == sum(row["customer_id"] is not None for row in rows)
    assert count(Condition("customer_id", (None,), IS)) == sum(row["customer_id"] is None for row in rows)
    not_store = [row for row in rows if row["store_id"] != "nothing"]
    assert count(Condition("store_id", ("nothing",), NOT)) == len(not_store) == len(rows)
    kinds = ("return", "exchange")
    assert count(Condition("sale_type", kinds, NOT)) == sum(row["sale_type"] not in kinds for row in rows)


@pytest.mark.parametrize(
    ("column", "value"),
    [("sold_on", "yesterday"), ("net_amount", "much"), ("net_amount", "9" * 40), ("sku", "a"), ("counts", "true"),
     ("quantity", "1")],
)  # fmt: skip
def test_a_limit_that_is_no_value_of_its_column_is_refused(published: Published, column: str, value: str) -> None:
    with pytest.raises(UsageError) as told:
        published.page(published.runs()[-1], "transaction_lines", where=[Condition(column, (value,), MIN)])
    assert told.value.messages[0].code == "published.no_limit"


def test_the_last_row_sums_the_rows_picked(shop: Site, published: Published) -> None:
    rows = pq.read_table(published.workspace.table_path(published.runs()[-1], "rfm"))
    rows = rows.filter(pc.and_(pc.equal(rows["population"], "consumer"), pc.greater_equal(rows["frequency"], 2)))
    cells = total(shop.get(f"{RFM}?is_population=consumer&min_frequency=2").text)
    columns = schemas.RFM.names
    assert cells[columns.index("net_amount")] == f"{pc.sum(rows['net_amount']).as_py() / 100:,.2f}"
    assert cells[columns.index("frequency")] == f"{pc.sum(rows['frequency']).as_py():,}"
    assert re.fullmatch(rf"Sum of the rows picked\s+{rows.num_rows:,} different", cells[0])
    assert cells[columns.index("recency_days")] == ""


def test_the_first_rows_only(shop: Site, published: Published) -> None:
    rows = pq.read_table(published.workspace.table_path(published.runs()[-1], "rfm")).sort_by(
        [("net_amount", "descending")]
    )
    page = shop.get(f"{RFM}?sort=-net_amount&first=3").text
    assert total(page)[schemas.RFM.names.index("net_amount")] == f"{sum(rows['net_amount'].to_pylist()[:3]) / 100:,.2f}"
    assert "Rows 1 to 3 of 3" in page
    file = shop.get("/shop/en/tables/rfm.csv?sort=-net_amount&first=3").text
    assert len(file.splitlines()) == 4


def test_the_total_an_address_asks_for_stands_above_the_rows(shop: Site) -> None:
    page = shop.get(f"{RFM}?is_population=consumer&sum=net_amount").text
    value = total(page)[schemas.RFM.names.index("net_amount")]
    assert f"Sum of “net sales in the window” over the rows picked: {value}." in page
    one = shop.get(
        "/shop/en/tables/segments?is_segment=core&is_segmentation=strategic&is_population=consumer&sum=net_amount"
    )
    assert re.search("Sum of “net sales in the window” over the rows picked: [1-9][0-9,]*[.][0-9]{2}[.]", one.text)
    assert "over the rows picked" not in shop.get(f"{RFM}?sum=nothing").text


def test_rows_that_count_the_same_twice_are_not_summed(shop: Site) -> None:
    page = shop.get("/shop/en/tables/segments").text
    assert (
        "Not summed: customers, net sales in the window and visits in the window. Rows of several segmentation" in page
    )
    assert total(page) == []
    assert total(shop.get("/shop/en/tables/segments?is_segmentation=strategic").text)[0] == "Sum of the rows picked"


def test_conditions_stand_as_chips_that_can_be_taken_away(shop: Site) -> None:
    found = chips(
        shop.get(f"{RFM}?is_population=consumer&min_last_visit_on=2025-01-01&not_customer_id=%1F&sort=frequency").text
    )
    assert [text for text, _ in found] == ["population: consumers", "last visit: from 1 Jan 2025",
                                           "customer: any value", "Show all rows"]  # fmt: skip
    without = found[0][1]
    assert "is_population" not in without
    assert "min_last_visit_on=2025-01-01" in without
    assert "not_customer_id=%1F" in without
    assert "sort=frequency" in without
    assert shop.get(without).status == 200


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("sort=nothing", "The list cannot be sorted by nothing. Valid are: customer_id, population"),
        ("is_nothing=1", "The table rfm has no column nothing. It has: customer_id, population"),
        ("min_nothing=1", "The table rfm has no column nothing."),
        ("is_x%22%20OR%201=1--=1", "has no column x&#34; OR 1. It has:"),
        ("min_frequency=often", "frequency cannot be limited by often: it holds whole numbers, such as 12."),
        ("first=0", "The first 0 rows cannot be shown: a whole number from 1 to 10,000,000 is needed."),
        ("first=%D9%A3", "rows cannot be shown"),
        ("from=-1", "The list cannot begin at -1"),
        (f"from={'9' * 5000}", "The list cannot begin at 9999"),
        (f"first={'9' * 5000}", "rows cannot be shown"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_can(shop: Site, asked: str, told: str) -> None:
    answer = shop.get(f"{RFM}?{asked}")
    assert answer.status == 400
    assert told in answer.text


def test_beyond_the_last_row_the_sums_are_still_of_all(shop: Site) -> None:
    at_first, beyond = (shop.get(f"/shop/en/tables/reconciliation?from={start}") for start in (0, 900_000))
    assert (at_first.status, beyond.status) == (200, 200)


def test_values_are_values_and_never_part_of_a_query(shop: Site) -> None:
    value = quote("consumer' OR '1'='1")
    page = shop.get(f"{RFM}?is_population={value}").text
    assert "No row is like that." in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("schema", schemas.PUBLIC, ids=lambda schema: schema.name)
def test_every_table_has_a_page(shop: Site, published: Published, schema: schemas.Schema, language: str) -> None:
    answer = shop.get(f"/shop/{language}/tables/{schema.name.replace('_', '-')}")
    if not published.has(published.runs()[-1], schema.name):
        assert answer.status == 404
        return
    assert answer.status == 200, answer.text
    assert schema.grain not in unescape(answer.text) or language == "en"
    words = re.sub(r"<[^>]+>", " ", answer.text)
    assert not re.search(r"\bweb\.\w+|\{\w+\}", words)


def test_sums_and_terms_are_of_columns_there_are() -> None:
    columns = {schema.name: schema.names for schema in schemas.PUBLIC}
    for name, groups in SUMS.items():
        for group in groups:
            assert {*group.columns, *group.within} <= set(columns[name]), name
    everything = {column for names in columns.values() for column in names}
    assert set(MEANT) <= everything
