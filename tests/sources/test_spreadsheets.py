"""Excel sheets written by openpyxl; expected values are what a person sees in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from habitue.errors import DataError
from habitue.staging.identifiers import is_ruined
from support.reading import cells, raw, rejects, source

SALES = source({"sold_at": "Date", "net_amount": "Amount"})


def book(folder: Path, sheets: dict[str, Sequence[Sequence[Any]]], name: str = "sales.xlsx") -> Path:
    written = openpyxl.Workbook()
    written.remove(written.active)
    for title, rows in sheets.items():
        sheet = written.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    path = folder / name
    written.save(path)
    return path


def test_cells_as_a_person_sees_them(con: Any, tmp_path: Path) -> None:
    row = [datetime(2024, 2, 29, 17, 30), "00123", 3012345678901, 12, 12.5, 2.55 * 3, -0.1, 1.13e-13, True, None, " x "]
    names = ["Date", "card", "ean", "n", "Amount", "product", "minus", "residue", "flag", "nothing", "text"]
    found = raw(con, book(tmp_path, {"S": [names, row]}), SALES)
    assert found.names == tuple(names)
    (seen,) = cells(found)
    assert seen[:6] == (2, "2024-02-29 17:30:00", "00123", "3012345678901", "12", "12.5")
    # what 2.55 * 3 and the residue of a computation are in binary, never in scientific notation
    assert abs(float(seen[6]) - 7.65) < 1e-12
    assert "e" not in seen[6] + seen[8]
    assert (seen[7], float(seen[8])) == ("-0.1", 1.13e-13)
    assert seen[9:] == ("true", None, " x ")


def test_days_times_and_durations(con: Any, tmp_path: Path) -> None:
    rows = [["Date", "Amount", "t", "long"], [date(2024, 2, 29), 1, time(9, 5), timedelta(hours=30)]]
    (seen,) = cells(raw(con, book(tmp_path, {"S": rows}), SALES))
    assert seen == (2, "2024-02-29", "1", "09:05:00", "1 day, 6:00:00")


@pytest.mark.parametrize("number", [1234567890123456, 3012345678901234, 99999999999999999])
def test_more_digits_than_a_sheet_keeps_are_recognised_as_ruined(con: Any, tmp_path: Path, number: int) -> None:
    found = raw(con, book(tmp_path, {"S": [["Date", "Amount", "card"], ["2024-01-01", 1, number]]}), SALES)
    assert found.table.filter(is_ruined(found.table["card"])).count().to_pyarrow().as_py() == 1


def test_fifteen_digits_are_kept(con: Any, tmp_path: Path) -> None:
    rows = [["Date", "Amount", "card"], ["2024-01-01", 1, 999999999999999], ["2024-01-01", 1, "1234567890123456"]]
    assert [row[3] for row in cells(raw(con, book(tmp_path, {"S": rows}), SALES))] == [
        "999999999999999", "1234567890123456",
    ]  # fmt: skip


def test_the_first_sheet_or_the_stated_one(con: Any, tmp_path: Path) -> None:
    path = book(tmp_path, {"January": [["Date", "Amount"], ["a", 1]], "February": [["Date", "Amount"], ["b", 2]]})
    assert cells(raw(con, path, SALES)) == [(2, "a", "1")]
    stated = source(SALES.columns, sheet="February")
    assert cells(raw(con, path, stated)) == [(2, "b", "2")]
    with pytest.raises(DataError) as told:
        raw(con, path, source(SALES.columns, sheet="March"))
    (fault,) = told.value.messages
    assert (fault.code, fault.params["existing"]) == ("source.sheet_missing", "January, February")


def test_title_and_total_rows_keep_their_lines(con: Any, tmp_path: Path) -> None:
    rows = [["Sales of May"], [], ["", "Date", "Amount"], ["", "2024-05-01", 5], [], ["Total", None, 5]]
    found = raw(con, book(tmp_path, {"S": rows}), SALES)
    assert found.header_line == 3
    assert found.names == ("column 1", "Date", "Amount")
    assert cells(found) == [(4, None, "2024-05-01", "5"), (5, None, None, None), (6, "Total", None, "5")]
    assert rejects(found) == []


def test_a_stated_header_line(con: Any, tmp_path: Path) -> None:
    path = book(tmp_path, {"S": [["Date", "Amount"], ["Date", "Amount"], ["a", 1]]})
    assert [row[0] for row in cells(raw(con, path, source(SALES.columns, header_line=2)))] == [3]
    with pytest.raises(DataError, match="no_header"):
        raw(con, path, source(SALES.columns, header_line=4))


def test_an_empty_sheet_and_one_of_headers_only(con: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="file_empty"):
        raw(con, book(tmp_path, {"S": []}), SALES)
    assert cells(raw(con, book(tmp_path, {"S": [["Date", "Amount"]]}), SALES)) == []


def test_missing_headers(con: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"column_missing_suggest.*suggestion=Dates"):
        raw(con, book(tmp_path, {"S": [["Dates", "Amount"], ["a", 1]]}), SALES)


@pytest.mark.parametrize("name", ["sales.xlsx", "sales.xls", "sales.ods"])
def test_what_is_no_sheet_at_all(con: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"Date;Amount\n")
    with pytest.raises(DataError) as told:
        raw(con, tmp_path / name, SALES)
    assert [fault.code for fault in told.value.messages] == ["source.unreadable"]
