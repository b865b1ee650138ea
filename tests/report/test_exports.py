"""Tables as files; what each format must hold, read back by the standard library and by pyarrow."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from habitue.errors import UsageError, message
from habitue.report import exports
from habitue.report.locale import Words

TABLE = pa.table(
    {
        "id": ["a", "b;c", 'd "e"\nf'],
        "at": [datetime(2024, 2, 29, 17, 30), None, datetime(2024, 3, 1)],
        "on": [date(2024, 2, 29), None, date(2024, 3, 1)],
        "net_amount": pa.array([123456, None, -5], pa.int64()),
        "quantity": pa.array([Decimal("1.500"), None, Decimal("-2.000")], pa.decimal128(18, 3)),
        "share": [0.25, None, 1e-07],
        "count": [1, None, 1234567],
        "is_new": [True, None, False],
    }
)


def written(table: pa.Table, format: str = "csv", *, name: str = "x", currency: str = "EUR", **more: Any) -> bytes:
    options = {"excel": False, "limit": None, "words": Words("en"), "to_terminal": False, **more}
    return exports.written(table, name, currency, format, **options)


def rows(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def test_csv() -> None:
    content = written(TABLE)
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert rows(content) == [
        TABLE.column_names,
        ["a", "2024-02-29 17:30:00", "2024-02-29", "1234.56", "1.500", "0.25", "1", "true"],
        ["b;c", "", "", "", "", "", "", ""],
        ['d "e"\nf', "2024-03-01 00:00:00", "2024-03-01", "-0.05", "-2.000", "1e-07", "1234567", "false"],
    ]


def test_csv_for_excel() -> None:
    content = written(TABLE, excel=True)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\r\n") == 4
    assert rows(content, ";") == [
        TABLE.column_names,
        ["a", "2024-02-29 17:30:00", "2024-02-29", "1234,56", "1,500", "0,25", "1", "true"],
        ["b;c", "", "", "", "", "", "", ""],
        ['d "e"\nf', "2024-03-01 00:00:00", "2024-03-01", "-0,05", "-2,000", "1e-07", "1234567", "false"],
    ]


def test_formulas_are_made_harmless_for_excel_only() -> None:
    evil = ["=1+1", "+33 6 12", "-5 pieces", "@sum", "\tx", "\rx", "x=1", "", None, "12.50"]
    table = pa.table({"label": evil, "net_amount": pa.array([-100] * 10, pa.int64())})
    found = rows(written(table, excel=True), ";")[1:]
    assert [row[0] for row in found] == ["'=1+1", "'+33 6 12", "'-5 pieces", "'@sum", "'\tx", "'\nx", "x=1", "", "",
                                         "12.50"]  # fmt: skip
    assert {row[1] for row in found} == {"-1,00"}  # numbers are numbers
    assert [row[0] for row in rows(written(table))[1:]] == [(text or "").replace("\r", "\n") for text in evil]


@pytest.mark.parametrize(
    ("currency", "text"), [("EUR", "90071992547409.93"), ("JPY", "9007199254740993"), ("KWD", "9007199254740.993")]
)
def test_amounts_are_exact_in_the_home_currency(currency: str, text: str) -> None:
    table = pa.table({"net_amount": pa.array([9007199254740993], pa.int64()), "lines_count": [9007199254740993]})
    assert rows(written(table, currency=currency))[1] == [text, "9007199254740993"]
    assert rows(written(table, currency=currency, excel=True), ";")[1][0] == text.replace(".", ",")
    assert text.encode() in written(table, "json", currency=currency)
    assert text.encode() in written(table, "table", currency=currency)


def test_amounts_of_a_row_in_its_own_currency() -> None:
    table = pa.table(
        {
            "currency": ["JPY", "KWD", "EUR", None],
            "source_amount": pa.array([1500] * 4, pa.int64()),
            "net_amount": pa.array([1500] * 4, pa.int64()),
        }
    )
    # in any table `source_amount` is in the row's currency, in those of the reading all amounts are
    assert [Decimal(row[1]) for row in rows(written(table))[1:]] == [1500, Decimal("1.5"), 15, 15]
    assert {Decimal(row[2]) for row in rows(written(table))[1:]} == {Decimal(15)}
    found = rows(written(table, name="resent_tickets"))[1:]
    assert [Decimal(row[2]) for row in found] == [1500, Decimal("1.5"), 15, 15]


@pytest.mark.parametrize(("currency", "text"), [("EUR", "1.23456"), ("JPY", "123.456"), ("KWD", "0.123456")])
def test_costs_have_three_places_more(currency: str, text: str) -> None:
    table = pa.table({"cost_amount": pa.array([123456], pa.int64())})
    assert rows(written(table, currency=currency))[1] == [text]


def test_json() -> None:
    found = json.loads(written(TABLE, "json"))
    assert found[0] == {
        "id": "a", "at": "2024-02-29T17:30:00", "on": "2024-02-29", "net_amount": 1234.56, "quantity": 1.5,
        "share": 0.25, "count": 1, "is_new": True,
    }  # fmt: skip
    assert set(found[1].values()) == {"b;c", None}
    assert json.loads(written(pa.table({"name": ["Cœur"]}), "json").decode()) == [{"name": "Cœur"}]
    assert "Cœur".encode() in written(pa.table({"name": ["Cœur"]}), "json")


def test_json_has_no_value_that_is_no_json() -> None:
    content = written(pa.table({"share": [float("nan"), float("inf"), 0.5]}), "json")
    found = json.loads(content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert [row["share"] for row in found] == [None, None, 0.5]


def test_parquet_keeps_whole_minor_units() -> None:
    found = pq.read_table(io.BytesIO(written(TABLE, "parquet", currency="JPY")))
    assert found.equals(TABLE)


def test_a_table_for_the_terminal() -> None:
    table = pa.table({"name": ["x", "y" * 50], "net_amount": pa.array([5, 123456], pa.int64())})
    assert written(table, "table").decode().splitlines() == [
        "name                                      net_amount",
        "----------------------------------------  ----------",
        "x                                               0.05",
        f"{'y' * 39}…     1234.56",
    ]


def test_the_terminal_shows_the_first_rows_and_says_so() -> None:
    table = pa.table({"n": list(range(25))})
    lines = written(table, "table", to_terminal=True).decode().splitlines()
    assert len(lines) == 2 + 20 + 1
    assert lines[-1].startswith("20 rows of 25")
    assert len(written(table, "table").decode().splitlines()) == 27  # a file has them all
    assert len(rows(written(table, to_terminal=True))) == 26  # and so has CSV


def sheet(content: bytes) -> list[list[Any]]:
    found = openpyxl.load_workbook(io.BytesIO(content)).active
    assert found is not None
    assert all(cell.data_type != "f" and cell.hyperlink is None for row in found.iter_rows() for cell in row)
    return [[cell.value for cell in row] for row in found.iter_rows()]


def test_a_workbook_has_typed_cells() -> None:
    assert sheet(written(TABLE, "xlsx")) == [
        TABLE.column_names,
        ["a", datetime(2024, 2, 29, 17, 30), datetime(2024, 2, 29), 1234.56, 1.5, 0.25, 1, True],
        ["b;c", *[None] * 7],
        ['d "e"\nf', datetime(2024, 3, 1), datetime(2024, 3, 1), -0.05, -2, 1e-07, 1234567, False],
    ]


def test_a_text_that_carries_its_value_is_a_number_in_its_manner() -> None:
    words = Words("fr")
    row = [
        words.short_money(25_478_490, "EUR"), words.money(139, "JPY"), words.share(0.36489), words.number(139),
        words.number(18.4532, decimals=1), words.date(date(2025, 3, 31)), words.date(datetime(2025, 3, 31, 8, 5)),
        "139",
    ]  # fmt: skip
    content = exports.workbook([exports.Shown([*"abcdefgh"], [row])], 1)
    found = openpyxl.load_workbook(io.BytesIO(content)).active
    assert found is not None
    assert [(cell.value, cell.number_format) for cell in found[2]] == [
        (254784.9, "#,##0.00"), (139, "#,##0"), (0.36489, "0.0%"), (139, "#,##0"), (18.4532, "#,##0.00"),
        (datetime(2025, 3, 31), "yyyy-mm-dd"), (datetime(2025, 3, 31, 8, 5), "yyyy-mm-dd hh:mm:ss"),
        ("139", "General"),
    ]  # fmt: skip


def test_texts_of_a_workbook_stay_texts() -> None:
    texts = ["=1+1", "{=1}", "@x", "http://x.example", "mailto:a@b", "internal:Sheet1!A1", "007", "1e5", "2025-01-01",
             "TRUE", "<b>&", "Жук 🛒"]  # fmt: skip
    assert [row[0] for row in sheet(written(pa.table({"=name": texts}), "xlsx"))] == ["=name", *texts]


def test_what_excel_has_no_value_for() -> None:
    table = pa.table(
        {
            "on": [date(1899, 12, 31), date(1900, 3, 1), date(9999, 12, 31)],
            "at": [datetime(1600, 1, 1, 8), None, datetime(2024, 1, 1)],
            "share": [float("nan"), float("inf"), 0.5],
            "name": ["a\x00b", "a\x0bb", ""],
        }
    )
    head, *found = sheet(written(table, "xlsx"))
    assert head == table.column_names
    assert [row[0] for row in found] == ["1899-12-31", datetime(1900, 3, 1), datetime(9999, 12, 31)]
    assert [row[1] for row in found] == ["1600-01-01 08:00:00", None, datetime(2024, 1, 1)]
    assert [row[2] for row in found] == [None, None, 0.5]


def test_a_sheet_holds_so_many_rows_and_a_cell_so_long_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_SHEET_ROWS", 4)
    assert len(sheet(written(TABLE, "xlsx"))) == 4
    with pytest.raises(UsageError) as told:
        written(pa.concat_tables([TABLE, TABLE.slice(0, 1)]), "xlsx")
    assert told.value.messages == (message("exports.too_many_rows", count=4, most=3),)
    assert len(sheet(written(pa.table({"t": ["x" * 32_767]}), "xlsx"))[1][0]) == 32_767
    with pytest.raises(UsageError) as told:
        written(pa.table({"t": ["x" * 32_768]}), "xlsx")
    assert told.value.messages == (message("exports.long_text", column="t"),)


def test_names_of_columns_are_made_harmless_too() -> None:
    table = pa.table({"=1+1": ["a"], "name": ["＝1"]})
    assert rows(written(table, excel=True), ";") == [["'=1+1", "name"], ["a", "'＝1"]]


@pytest.mark.parametrize("format", ["csv", "json", "parquet", "table"])
def test_a_limit_and_an_empty_table(format: str) -> None:
    count = {
        "csv": lambda content: len(rows(content)) - 1,
        "json": lambda content: len(json.loads(content)),
        "parquet": lambda content: pq.read_table(io.BytesIO(content)).num_rows,
        "table": lambda content: sum(line.strip().isdigit() for line in content.decode().splitlines()),
    }[format]
    table = pa.table({"n": list(range(25))})
    assert count(written(table, format, limit=3)) == 3
    empty = pa.table({"n": pa.array([], pa.int64()), "net_amount": pa.array([], pa.int64())})
    assert count(written(empty, format)) == 0


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        exports.write(tmp_path / "nowhere" / "x.csv", b"")
    exports.write(tmp_path / "x.csv", b"a")
    assert (tmp_path / "x.csv").read_bytes() == b"a"
