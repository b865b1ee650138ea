"""`habitue show` into a workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from habitue.report import exports
from support import one_till

pytestmark = pytest.mark.xdist_group("showing")

TILL = "ticket,day,shop,amount\n007,2025-01-10,=1+1,10.50\nT2,2025-03-10 14:30:00,http://x.example,-2.25\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("showing")
    one_till.write(folder, TILL, {"store_id": "shop"})
    project.open(folder).run()
    return folder


def show(folder: Path, *words: str, language: str = "en", code: int = 0) -> str:
    done = CliRunner().invoke(app, ["--lang", language, "show", *words, "-p", str(folder)])
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("excel", [[], ["--excel"]])
def test_a_workbook(folder: Path, tmp_path: Path, excel: list[str]) -> None:
    path = tmp_path / "lines.xlsx"
    said = show(folder, "transaction-lines", "--format", "xlsx", "-o", str(path), *excel)
    assert "lines.xlsx" in said
    found = openpyxl.load_workbook(path).active
    assert found is not None
    head, first, second = ([cell.value for cell in row] for row in found.iter_rows())
    rows = [dict(zip(head, row, strict=True)) for row in (first, second)]
    assert [(row["transaction_id"], row["net_amount"]) for row in rows] == [("007", 10.5), ("T2", -2.25)]
    assert [row["store_id"] for row in rows] == ["=1+1", "http://x.example"]
    assert rows[1]["sold_at"] == datetime(2025, 3, 10, 14, 30)
    assert rows[0]["sold_on"] == datetime(2025, 1, 10)
    assert rows[0]["counts"] is True
    assert {cell.data_type for row in found.iter_rows() for cell in row} <= {"s", "n", "d", "b"}  # no formula
    assert all(cell.hyperlink is None for row in found.iter_rows() for cell in row)


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "cannot be shown in the terminal. Name a file: --output"), ("fr", "terminal"), ("ru", "в терминале")],
)
def test_a_workbook_needs_a_file(folder: Path, language: str, told: str) -> None:
    said = show(folder, "transaction-lines", "--format", "xlsx", language=language, code=2)
    assert told in said
    assert "--output" in said


def test_more_rows_than_a_sheet_holds(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_SHEET_ROWS", 2)
    path = tmp_path / "lines.xlsx"
    said = show(folder, "transaction-lines", "--format", "xlsx", "-o", str(path), code=2)
    assert "The table has 2 rows; a sheet of Excel holds 1. Pick fewer rows, or take CSV or Parquet." in said
    assert not path.exists()
    show(folder, "transaction-lines", "--format", "xlsx", "-o", str(path), "--limit", "1")
    assert path.exists()
