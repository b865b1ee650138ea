"""Lists as files: what they are called, what they hold, and that a spreadsheet can read them."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime
from decimal import Decimal
from html import unescape

import openpyxl
import pyarrow.parquet as pq
import pytest

from habitue import schemas
from habitue.project import Project
from habitue.report import exports
from habitue.report.context import Context
from habitue.report.layout import Cell, Column, Grid
from habitue.report.locale import Exact, Words
from habitue.web.downloads import KINDS, shown
from habitue.workspace import published
from support.serving import Answer, Site

TABLES = "/shop/en/tables"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def rows(answer: Answer, delimiter: str = ",") -> list[dict[str, str]]:
    assert answer.status == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def sheet(answer: Answer) -> list[tuple[object, ...]]:
    assert answer.status == 200, answer.text
    found = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    assert found is not None
    return [tuple(cell.value for cell in row) for row in found.iter_rows()]


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        (f"{TABLES}/rfm.csv", "rfm.csv", "text/csv; charset=utf-8"),
        (f"{TABLES}/segment-places.csv?excel=1", "segment-places.csv", "text/csv; charset=utf-8"),
        (f"{TABLES}/segment-places.xlsx", "segment-places.xlsx", WORKBOOK),
        ("/shop/fr/data/grid/0.csv", "data-1.csv", "text/csv; charset=utf-8"),
        ("/shop/fr/data/grid/1.xlsx", "data-2.xlsx", WORKBOOK),
    ],
)
def test_a_file_has_a_name_and_a_kind(shop: Site, path: str, name: str, kind: str) -> None:
    answer = shop.get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


def test_a_table_has_all_its_rows_with_amounts_in_units_of_their_currency(shop: Site, shop_project: Project) -> None:
    stored = pq.read_table(shop_project.workspace.table_path(shop_project.runs()[-1], "rfm")).to_pylist()
    stored.sort(key=lambda row: (row["customer_id"], row["population"]))
    found = rows(shop.get(f"{TABLES}/rfm.csv"))
    assert list(found[0]) == list(schemas.RFM.names)
    assert [row["customer_id"] for row in found] == [row["customer_id"] for row in stored]
    assert [Decimal(row["net_amount"]) for row in found] == [Decimal(row["net_amount"]) / 100 for row in stored]
    assert [row["last_visit_on"] for row in found] == [row["last_visit_on"].isoformat() for row in stored]


def test_for_excel(shop: Site) -> None:
    answer = shop.get(f"{TABLES}/segments.csv?excel=1&is_segmentation=strategic")
    assert answer.body.startswith("\ufeff".encode())
    lines = answer.body.split(b"\r\n")
    assert all(line.count(b";") == len(schemas.SEGMENTS.names) - 1 for line in lines[:-1])
    plain = rows(shop.get(f"{TABLES}/segments.csv?is_segmentation=strategic"))
    found = rows(answer, ";")
    for column, heading in {"net_amount": "net sales in the window", "customers_share": "share of customers"}.items():
        assert [row[heading] for row in found] == [row[column].replace(".", ",") for row in plain]
    assert not shop.get(f"{TABLES}/segments.csv").body.startswith("\ufeff".encode())


def test_a_workbook_has_numbers_and_days_as_such(shop: Site) -> None:
    plain = rows(shop.get(f"{TABLES}/rfm.csv"))
    head, *found = sheet(shop.get(f"{TABLES}/rfm.xlsx"))
    assert head[:4] == ("customer", "population", "first visit", "last visit")
    by_name = [dict(zip(schemas.RFM.names, row, strict=True)) for row in found]
    assert [row["net_amount"] for row in by_name] == [float(row["net_amount"]) for row in plain]
    assert [row["last_visit_on"] for row in by_name] == [datetime.fromisoformat(row["last_visit_on"]) for row in plain]
    assert all(isinstance(row["customer_id"], str) and isinstance(row["frequency"], int) for row in by_name)
    stores = sheet(shop.get(f"{TABLES}/stores.xlsx"))
    assert {row[0] for row in stores[1:]} == {f"{number:02}" for number in range(1, len(stores))}  # zeros are kept


def test_a_file_has_the_rows_and_the_order_of_the_address(shop: Site) -> None:
    asked = "is_population=consumer&min_frequency=2&sort=-net_amount&first=20"
    found = rows(shop.get(f"{TABLES}/rfm.csv?{asked}"))
    amounts = [Decimal(row["net_amount"]) for row in found]
    assert (len(found), amounts) == (20, sorted(amounts, reverse=True))
    assert {row["population"] for row in found} == {"consumer"}
    assert min(int(row["frequency"]) for row in found) >= 2
    assert len(sheet(shop.get(f"{TABLES}/rfm.xlsx?{asked}"))) == 21
    refused = shop.get(f"{TABLES}/rfm.csv?sort=nothing")
    assert (refused.status, "content-disposition" in refused.headers) == (400, False)
    assert "The table rfm has no column nothing." in refused.text


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_long_tables_come_in_parts_that_fit_together(shop: Site, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    address = f"{TABLES}/sales.csv?excel=1&sort=-net_amount&first=60"
    whole = shop.get(address).body
    monkeypatch.setattr(published, "BATCH", size)
    assert shop.get(address).body == whole
    assert len(rows(shop.get(address), ";")) == 60


def test_a_table_without_rows_has_its_columns(shop: Site) -> None:
    plain = shop.get(f"{TABLES}/rfm.csv?is_population=nobody")
    assert plain.text.splitlines() == [",".join(schemas.RFM.names)]
    (head,) = sheet(shop.get(f"{TABLES}/rfm.xlsx?is_population=nobody"))
    assert len(head) == len(schemas.RFM.names)


@pytest.mark.parametrize(
    ("language", "headings"),
    [
        ("en", ["store", "store name", "region"]),
        ("fr", ["magasin", "nom du magasin", "région"]),
        ("ru", ["магазин", "название магазина", "регион"]),
    ],
)
def test_headings_are_names_for_programs_and_words_for_readers(shop: Site, language: str, headings: list[str]) -> None:
    tables = f"/shop/{language}/tables"
    names = ["store_id", "store_name", "region"]
    assert list(rows(shop.get(f"{tables}/stores.csv"))[0])[:3] == names
    assert list(rows(shop.get(f"{tables}/stores.csv?excel=1"), ";")[0])[:3] == headings
    assert list(sheet(shop.get(f"{tables}/stores.xlsx"))[0])[:3] == headings
    numbered = shop.get(f"{tables}/rfm.csv?excel=1&first=1&numbers=1")
    assert Words(language).term("column", "customer_number") in rows(numbered, ";")[0]


def test_headings_are_told_apart(shop: Site) -> None:
    """`to_on` and `high_95_amount` are both "to" in English."""
    head = sheet(shop.get(f"{TABLES}/forecasts.xlsx?first=1"))[0]
    assert len(set(head)) == len(head)


def test_more_rows_than_a_sheet_holds_are_refused(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_SHEET_ROWS", 100)
    answer = shop.get(f"{TABLES}/rfm.xlsx")
    assert answer.status == 400
    assert re.search(r"The table has \d+ rows; a sheet of Excel holds 99\.", answer.text)
    assert len(sheet(shop.get(f"{TABLES}/rfm.xlsx?first=99"))) == 100  # the head is a row, too


def test_customer_numbers_are_in_a_file_only_if_they_are_asked_for(shop: Site) -> None:
    plain = rows(shop.get(f"{TABLES}/rfm.csv?first=5"))
    asked = rows(shop.get(f"{TABLES}/rfm.csv?first=5&numbers=1"))
    assert "customer_number" not in plain[0]
    assert all(row["customer_number"] for row in asked)
    assert [row["customer_id"] for row in asked] == [row["customer_id"] for row in plain]


def test_every_table_of_a_page_downloads_as_it_is_shown(shop: Site) -> None:
    page = shop.get("/shop/en/segments").text
    tables = re.findall(
        r"<table>((?:(?!<table>).)*?)</table>\s*(?:</div>\s*)*<p class=\"files\">(.*?)</p>", page, re.DOTALL
    )
    assert tables
    for table, files in tables:
        hrefs = [unescape(href) for href in re.findall(r'href="([^"]*/grid/[^"]*)"', files)]
        assert len(hrefs) == 3
        plain, excel, book = (shop.get(href) for href in hrefs)
        body = re.findall(r"<tr[^>]*>(.*?)</tr>", table.partition("</thead>")[2], re.DOTALL)
        lines = list(csv.reader(io.StringIO(plain.body.decode(), newline="")))
        assert len(lines) == len(body) + 1
        spread = list(csv.reader(io.StringIO(excel.body.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert [[one.replace(",", ".") for one in line] for line in spread] == [
            [one.replace(",", ".") for one in line] for line in lines
        ]
        assert len(sheet(book)) == len(lines)


def test_amounts_of_a_table_as_shown_sum_up_in_a_french_spreadsheet(shop: Site) -> None:
    found = rows(shop.get("/shop/fr/segments/grid/0.csv?excel=1"), ";")
    told = [row["CA net (EUR)"] for row in found]
    assert all(re.fullmatch(r"-?\d+,\d\d", one) for one in told)
    *parts, total = (Decimal(one.replace(",", ".")) for one in told)
    assert sum(parts) == total > 0
    shares = [float(row["part du CA net"].replace(",", ".")) for row in found if row["part du CA net"]]
    assert shares[:-1] == [pytest.approx(float(part / total)) for part in parts[: len(shares) - 1]]
    assert shares[-1] == 1
    head, *lines = sheet(shop.get("/shop/fr/segments/grid/0.xlsx"))
    amounts = [line[head.index("CA net (EUR)")] for line in lines]
    assert amounts == [float(part) for part in [*parts, total]]
    assert all(isinstance(line[head.index("clients")], int) for line in lines)


def test_what_stands_below_a_cell_has_a_column_of_its_own(shop: Site) -> None:
    """Two tickets of one till, 10.00 and 20.00."""
    (found,) = rows(shop.get("/lonely/fr/data/grid/0.csv?excel=1"), ";")
    assert (found["lu (EUR)"], found["lu\u00a0: détail"]) == ("30,00", "2")
    assert (found["utilisé (EUR)"], found["utilisé\u00a0: détail"]) == ("30,00", "2")
    assert found["en double"] == "0"


def test_changes_in_words_are_numbers_in_a_file(shop: Site) -> None:
    found = rows(shop.get("/shop/en/stores/grid/0.csv"))
    changed = [row for row in found if row["against a year before"] not in ("", "nothing before")]
    assert len(changed) > 1
    for row in changed:
        before = float(row["a year before (EUR)"])
        assert float(row["difference (EUR)"]) == pytest.approx(float(row["against a year before"]) * before, abs=0.005)
    for now, told, value in ((105, "+5.0%", 0.05), (95, "−5.0%", -0.05), (100.01, "0.0%", 0.0001)):
        change = Context(Words("en"), {}, {}).change_short(now, 100)
        assert isinstance(change, Exact)
        assert (change, change.unit) == (told, "%")
        assert change.value == pytest.approx(value)


AMOUNTS = [
    Cell(Words("en").short_money(25_478_490, "EUR"), under="€181K to €348K"),
    Cell("–", under=Words("en").share(0.125)),
    Cell(Words("en").money(-500, "EUR")),
]


def test_a_grid_as_a_file() -> None:
    words = Words("en")
    days = [Cell(words.date(date(2025, 3, 31))), Cell("="), Cell("03")]
    grid = Grid(
        "x",
        [Column("when"), Column("=sum", True), Column("when")],
        [[day, amount, Cell(rank)] for day, amount, rank in zip(days, AMOUNTS, ("+1", "1", "2"), strict=True)],
    )
    plain = list(csv.reader(io.StringIO(b"".join(exports.text([shown(grid, "csv", words)], excel=False)).decode())))
    assert plain == [
        ["when", "'=sum (EUR)", "'=sum: detail", "when (2)"],
        ["2025-03-31", "254784.90", "€181K to €348K", "'+1"],
        ["'=", "", "0.125", "1"],
        ["03", "-5.00", "", "2"],
    ]
    book = openpyxl.load_workbook(io.BytesIO(exports.workbook([shown(grid, "xlsx", words)], 3))).active
    assert book is not None
    assert [[cell.value for cell in row] for row in book.iter_rows()] == [
        ["when", "=sum (EUR)", "=sum: detail", "when (2)"],
        [datetime(2025, 3, 31), 254784.9, "€181K to €348K", "+1"],
        ["=", None, 0.125, "1"],
        ["03", -5, None, "2"],
    ]
    assert [book[place].number_format for place in ("A2", "B2", "C3")] == ["yyyy-mm-dd", "#,##0.00", "0.0%"]


@pytest.mark.parametrize(
    ("cells", "heading"),
    [
        ([Words("en").money(1, "EUR"), "0", "–"], "sales (EUR)"),
        ([Words("en").money(1, "EUR"), Words("en").money(1, "JPY")], "sales"),
        ([Words("en").money(1, "EUR"), Words("en").share(0.5)], "sales"),
        ([Words("en").share(0.5)], "sales"),
        (["0", "", "–"], "sales"),
    ],
)
def test_a_heading_names_the_currency_its_amounts_share(cells: list[str], heading: str) -> None:
    grid = Grid("x", [Column("sales", True)], [[Cell(text)] for text in cells])
    assert list(shown(grid, "csv", Words("en")).column_names) == [heading]
    told = Grid("x", [Column("sales, EUR", True)], [[Cell(Words("en").money(1, "EUR"))]])
    assert list(shown(told, "csv", Words("en")).column_names) == ["sales, EUR"]


def test_numbers_written_out_are_numbers_in_columns_of_numbers_only() -> None:
    grid = Grid("x", [Column("rank", True), Column("store")], [[Cell("3"), Cell("03")]])
    assert list(shown(grid, "xlsx", Words("en")).rows) == [(3, "03")]


@pytest.mark.parametrize("kind", ["parquet", "xls", "CSV", "csv.exe", "html"])
def test_there_are_no_other_kinds(shop: Site, kind: str) -> None:
    assert set(KINDS) == {"csv", "xlsx"}
    assert shop.get(f"{TABLES}/rfm.{kind}").status == 404
    assert shop.get(f"/shop/en/data/grid/0.{kind}").status == 404
