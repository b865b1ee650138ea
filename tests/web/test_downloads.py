"""Lists as files: what they are called, what they hold, and that a spreadsheet can read them."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from decimal import Decimal
from html import unescape

import openpyxl
import pyarrow.parquet as pq
import pytest

from habitue import schemas
from habitue.project import Project
from habitue.report import exports
from habitue.web.downloads import KINDS
from habitue.workspace import published
from support.serving import Answer, Site

TABLES = "/once-shop/en/tables"
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
        ("/once-shop/fr/data/grid/0.csv", "data-1.csv", "text/csv; charset=utf-8"),
        ("/once-shop/fr/data/grid/1.xlsx", "data-2.xlsx", WORKBOOK),
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
    fractions = [name for name in plain[0] if re.search(r"_(amount|share)$", name)]
    assert fractions
    for column in fractions:
        assert [row[column] for row in found] == [row[column].replace(".", ",") for row in plain]
    assert not shop.get(f"{TABLES}/segments.csv").body.startswith("\ufeff".encode())


def test_a_workbook_has_numbers_and_days_as_such(shop: Site) -> None:
    plain = rows(shop.get(f"{TABLES}/rfm.csv"))
    head, *found = sheet(shop.get(f"{TABLES}/rfm.xlsx"))
    assert list(head) == list(schemas.RFM.names)
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
    for kind, read in (("csv", "utf-8"), ("xlsx", "")):
        answer = shop.get(f"{TABLES}/rfm.{kind}?is_population=nobody")
        head = answer.body.decode(read).splitlines() if read else [",".join(map(str, row)) for row in sheet(answer)]
        assert head == [",".join(schemas.RFM.names)]


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
    page = shop.get("/once-shop/en/segments").text
    shown = re.findall(
        r"<table>((?:(?!<table>).)*?)</table>\s*(?:</div>\s*)*<p class=\"files\">(.*?)</p>", page, re.DOTALL
    )
    assert shown
    for table, files in shown:
        hrefs = [unescape(href) for href in re.findall(r'href="([^"]*/grid/[^"]*)"', files)]
        assert len(hrefs) == 3
        plain, excel, book = (shop.get(href) for href in hrefs)
        body = re.findall(r"<tr[^>]*>(.*?)</tr>", table.partition("</thead>")[2], re.DOTALL)
        lines = list(csv.reader(io.StringIO(plain.body.decode(), newline="")))
        assert len(lines) == len(body) + 1
        assert lines == list(csv.reader(io.StringIO(excel.body.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert len(sheet(book)) == len(lines)


@pytest.mark.parametrize("kind", ["parquet", "xls", "CSV", "csv.exe", "html"])
def test_there_are_no_other_kinds(shop: Site, kind: str) -> None:
    assert set(KINDS) == {"csv", "xlsx"}
    assert shop.get(f"{TABLES}/rfm.{kind}").status == 404
    assert shop.get(f"/once-shop/en/data/grid/0.{kind}").status == 404
