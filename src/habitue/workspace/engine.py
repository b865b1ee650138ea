"""The embedded engine: one DuckDB in memory that may spill into a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from habitue.workspace.sections import EngineSection

SPILL = "habitue-spill-"
"""How the names of folders begin that the next run removes if this one is killed."""


@contextmanager
def engine(settings: EngineSection, spill_in: Path | None = None) -> Iterator[Any]:
    """An Ibis backend on DuckDB; its spill folder is deleted with it.

    Args:
        settings: memory and threads.
        spill_in: folder to spill into (default: the system's).
    """
    import ibis

    folder = Path(tempfile.mkdtemp(prefix=SPILL, dir=spill_in))
    backend = ibis.duckdb.connect()
    try:
        backend.raw_sql("SET TimeZone = 'UTC'")
        backend.raw_sql(f"SET memory_limit = '{settings.memory}'")
        backend.raw_sql(f"SET temp_directory = '{str(folder).replace(chr(39), chr(39) * 2)}'")
        backend.raw_sql("SET preserve_insertion_order = false")
        backend.raw_sql("SET enable_progress_bar = false")
        if settings.threads:
            backend.raw_sql(f"SET threads = {settings.threads}")
        yield backend
    finally:
        backend.disconnect()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def in_order(backend: Any) -> Iterator[None]:
    """Rows keep the order of their file while this lasts."""
    backend.raw_sql("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        backend.raw_sql("SET preserve_insertion_order = false")


BY_PERSON = {
    **dict.fromkeys(
        ("customer_days", "day_changes", "rfm", "customers", "assignments", "expected_revenue", "customer_ids"),
        "customer_id",
    ),
    "source_customers": "source_customer_id",
}
"""Long tables in which one person is looked up: kept in the order of this column, so that readers skip most of it."""

SMALL_GROUP = 40_960
"""Rows of a group of such a table: what is read to find one person."""


def write_parquet(backend: Any, table: Any, path: Path, *, order_by: str | None = None) -> int:
    """Write a table to a Parquet file, in the order of a column if one is given; return its number of rows.

    Whole numbers are cast once more: DuckDB sums them as HUGEINT, which Parquet would keep as floating numbers.
    """
    columns = ", ".join(
        f'CAST("{name}" AS BIGINT) AS "{name}"' if kind.is_int64() else f'"{name}"'
        for name, kind in table.schema().items()
    )
    order, groups = (f' ORDER BY "{order_by}"', f", ROW_GROUP_SIZE {SMALL_GROUP}") if order_by else ("", "")
    sql = f"SELECT {columns} FROM ({backend.compile(table)}){order}"
    target = str(path).replace("'", "''")
    answer = backend.con.execute(f"COPY ({sql}) TO '{target}' (FORMAT parquet, COMPRESSION zstd{groups})").fetchone()
    return int(answer[0])


class Keeper:
    """Writes large tables straight to Parquet in the engine's spill folder: read from there by column, moved at last.

    A table in the engine's memory is not compressed, and is spilled and read again as a whole.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        (folder,) = backend.con.execute("SELECT current_setting('temp_directory')").fetchone()
        self._folder = Path(folder)
        self._rows: dict[str, int] = {}

    def __call__(self, table: Any, name: str) -> Any:
        """Store a table under a name; the stored copy."""
        path = self._path(name)
        self._rows[name] = write_parquet(self._backend, table, path)
        return self._backend.read_parquet(str(path)).cast(table.schema())

    def __contains__(self, name: str) -> bool:
        return name in self._rows

    def move(self, into: Path) -> dict[str, int]:
        """Move what was kept into a folder, when nothing reads it any more; rows by name."""
        for name in self._rows:
            shutil.move(self._path(name), into / f"{name}.parquet")
        return self._rows

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.parquet"
