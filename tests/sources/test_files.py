"""Which files belong to a source, which export is the later one, and Parquet files."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from habitue.errors import DataError
from habitue.sources import files
from habitue.sources.files import FoundFile, date_in_name, export_order
from support.reading import cells, raw, source


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("a\n1\n")


def found(folder: Path, *patterns: str) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in files.find(folder, source(files=patterns))]


def test_patterns_in_the_order_of_paths(tmp_path: Path) -> None:
    make(tmp_path, "in/b.csv", "in/a.csv", "in/c.txt", "in/deep/d.csv", "x.csv")
    assert found(tmp_path, "in/*.csv") == ["in/a.csv", "in/b.csv"]
    assert found(tmp_path, "in/**/*.csv") == ["in/a.csv", "in/b.csv", "in/deep/d.csv"]
    assert found(tmp_path, "x.csv", "in/a.*", "*.csv") == ["x.csv", "in/a.csv"]
    assert found(tmp_path, f"{tmp_path}/in/?.csv") == ["in/a.csv", "in/b.csv"]


def test_hidden_and_lock_files_are_not_read(tmp_path: Path) -> None:
    make(tmp_path, "a.xlsx", "~$a.xlsx", ".a.xlsx", "._a.xlsx")
    (tmp_path / "folder.xlsx").mkdir()
    assert found(tmp_path, "*.xlsx") == ["a.xlsx"]
    with pytest.raises(DataError):
        found(tmp_path, "~$a.xlsx")


def test_a_name_with_brackets_is_found_as_it_stands(tmp_path: Path) -> None:
    make(tmp_path, "sales [2024].csv")
    assert found(tmp_path, "sales [2024].csv") == ["sales [2024].csv"]
    assert found(tmp_path, f"{tmp_path}/sales [2024].csv") == ["sales [2024].csv"]


def test_every_pattern_without_file_is_told_with_what_is_there(tmp_path: Path) -> None:
    make(tmp_path, "in/sales.csv")
    with pytest.raises(DataError) as told:
        found(tmp_path, "in/sale.csv", "in/sales.csv", "out/*.csv")
    assert [fault.code for fault in told.value.messages] == [
        "source.no_file_matches_near", "source.no_file_matches",
    ]  # fmt: skip
    assert told.value.messages[0].params["near"] == "sales.csv"


def test_a_file_is_known_by_source_and_content(tmp_path: Path) -> None:
    make(tmp_path, "a.csv", "b.csv")
    a, b = (files.identify(tmp_path / name, "till") for name in ("a.csv", "b.csv"))
    assert a.file_id == b.file_id
    assert [one.name for one in files.unique([a, b])] == ["a.csv"]
    assert files.identify(tmp_path / "a.csv", "web").file_id != a.file_id
    (tmp_path / "b.csv").write_text("a\n2\n")
    assert files.identify(tmp_path / "b.csv", "till").file_id != a.file_id
    assert len(a.file_id) == 16


@pytest.mark.parametrize(
    ("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2), (b"a\r\nb\r\n", 2), (b"\n\n", 2)]
)
def test_lines_are_counted(tmp_path: Path, content: bytes, lines: int) -> None:
    (tmp_path / "x").write_bytes(content)
    assert files.identify(tmp_path / "x", "till").lines == lines


@pytest.mark.parametrize(
    ("name", "pattern", "day"),
    [
        ("sales_2024-05-31.csv", None, "2024-05-31"),
        ("sales_20240531.csv", None, "2024-05-31"),
        ("sales.2024.05.31.csv", None, "2024-05-31"),
        ("sales_2024_05.csv", None, "2024-05-01"),
        ("2023-01-01_to_2024-05-31.csv", None, "2024-05-31"),
        ("sales_20240531_1200.csv", None, "2024-05-31"),
        ("sales_2024-02-30.csv", None, None),
        ("sales_2024.csv", None, None),
        ("sales_2024-13.csv", None, None),
        ("ticket_120240531.csv", None, None),
        ("sales.csv", None, None),
        ("sales_31052024.csv", "sales_%d%m%Y", "2024-05-31"),
        ("sales_310524.csv", "sales_%d%m%y", "2024-05-31"),
        ("export (31.05.2024) v2.csv", "(%d.%m.%Y)", "2024-05-31"),
        ("shop-17-2024-05.csv", "shop-*-%Y-%m", "2024-05-01"),
        ("sales_2024.csv", "sales_%Y", "2024-01-01"),
        ("sales_31022024.csv", "sales_%d%m%Y", None),
        ("sales_2024-05-31.csv", "sales_%d%m%Y", None),
    ],
)
def test_dates_in_names(name: str, pattern: str | None, day: str | None) -> None:
    assert date_in_name(name, pattern) == (date.fromisoformat(day) if day else None)


def one(name: str, modified_at: float, file_id: str | None = None) -> FoundFile:
    return FoundFile(Path(name), name, 0, modified_at, file_id or name, 0)


def test_the_date_in_the_name_comes_first() -> None:
    some = [one("s_2024-03.csv", 9), one("s_2024-05.csv", 1), one("s_2024-04.csv", 5)]
    latest = dict.fromkeys((f.file_id for f in some), datetime(2024, 1, 1))
    order = export_order(some, latest, None)
    assert order.decided_by == "file_name"
    assert sorted(order.ranks, key=order.ranks.__getitem__) == ["s_2024-03.csv", "s_2024-04.csv", "s_2024-05.csv"]


def test_then_the_latest_date_inside() -> None:
    some = [one("s_2024-03.csv", 9), one("new.csv", 1)]  # one name has no date: names decide nothing
    order = export_order(some, {"s_2024-03.csv": datetime(2024, 5, 1), "new.csv": datetime(2024, 5, 2)}, None)
    assert (order.decided_by, order.ranks) == ("latest_date", {"s_2024-03.csv": 0, "new.csv": 1})


def test_then_the_time_of_the_file_and_at_last_its_content() -> None:
    some = [one("b.csv", 9, "id1"), one("a.csv", 1, "id2"), one("c.csv", 1, "id0")]
    order = export_order(some, {"id1": datetime(2024, 5, 1), "id2": None, "id0": None}, None)
    assert (order.decided_by, order.ranks) == ("file_time", {"id0": 0, "id2": 1, "id1": 2})


def test_equal_dates_go_on_to_the_next_criterion() -> None:
    some = [one("2024-05-01 v2.csv", 2), one("2024-05-01.csv", 1)]
    inside = {"2024-05-01 v2.csv": datetime(2024, 4, 30), "2024-05-01.csv": datetime(2024, 4, 30)}
    assert export_order(some, inside, None).ranks == {"2024-05-01.csv": 0, "2024-05-01 v2.csv": 1}
    inside["2024-05-01.csv"] = datetime(2024, 5, 1)
    assert export_order(some, inside, None).ranks == {"2024-05-01 v2.csv": 0, "2024-05-01.csv": 1}


def test_the_time_of_a_real_file(tmp_path: Path) -> None:
    make(tmp_path, "a.csv")
    os.utime(tmp_path / "a.csv", (0, 1_700_000_000))
    assert files.identify(tmp_path / "a.csv", "till").modified_at == 1_700_000_000


def test_parquet_keeps_its_types(con: Any, tmp_path: Path) -> None:
    zoned = pa.array([datetime(2024, 5, 1, 22, 30, tzinfo=UTC)], pa.timestamp("us", "Europe/Paris"))
    table = pa.table(
        {
            "at": zoned,
            "code": pa.array([7], pa.int32()),
            "card": pa.array([1001.0]),
            "amount": pa.array([2.55 * 3]),
            "exact": pa.array([Decimal("12.345678")], pa.decimal128(20, 6)),
            "it's": pa.array(["00123"]),
            "row_number": pa.array([99]),
        }
    )
    pq.write_table(table, tmp_path / "it's.parquet")
    read = raw(con, tmp_path / "it's.parquet", source({"sold_at": "at", "net_amount": "amount"}))
    assert read.names == ("at", "code", "card", "amount", "exact", "it's", "row_number (2)")
    kinds = {name: str(read.table[name].type()) for name in ("at", "code", "card", "amount", "exact", "it's")}
    assert kinds == {
        "at": "timestamp('UTC', 6)", "code": "int32", "card": "float64", "amount": "float64",
        "exact": "decimal(20, 6)", "it's": "string",
    }  # fmt: skip
    assert cells(read) == [
        (1, datetime(2024, 5, 1, 22, 30, tzinfo=UTC), 7, 1001.0, 2.55 * 3, Decimal("12.345678"), "00123", 99)
    ]
    assert (read.encoding, read.delimiter, read.header_line) == (None, None, None)


def test_parquet_without_a_mapped_column_or_without_sense(con: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"when": [1]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="column_missing"):
        raw(con, tmp_path / "a.parquet", source({"sold_at": "at"}))
    (tmp_path / "b.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="unreadable"):
        raw(con, tmp_path / "b.parquet", source({"sold_at": "at"}))


def test_parquet_with_other_names(con: Any, tmp_path: Path) -> None:
    pq.write_table(pa.table({"when": ["x"]}), tmp_path / "a.parquet")
    read = raw(con, tmp_path / "a.parquet", source({"sold_at": "at"}, other_names={"at": ("when",)}))
    assert cells(read) == [(1, "x")]
