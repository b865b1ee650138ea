"""Files written and read back, for the tests of sources and staging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from habitue.sources import files
from habitue.sources.declared import Source
from habitue.staging.conventions import Conventions, Proved, decide, examine
from habitue.staging.identifiers import cleaned
from habitue.staging.transactions import StagedTransactions, StagingSettings, stage_transactions
from habitue.workspace.engine import engine, in_order
from habitue.workspace.sections import EngineSection

NOTHING = Proved()
NO_TYPES: Mapping[str, Any] = {}


@contextmanager
def backend() -> Iterator[Any]:
    """The engine as habitue opens it."""
    with engine(EngineSection(threads=2)) as opened:
        yield opened


def source(columns: Mapping[str, Any] | None = None, **more: Any) -> Source:
    """A source of sales with these columns, if not said otherwise."""
    return Source(**{"name": "till", "kind": "transactions", "columns": columns or {}, **more})


def raw(con: Any, path: Path, declared: Source) -> files.RawTable:
    """The raw table of a file."""
    with in_order(con):
        return files.read(con, files.identify(path, declared.name), declared, ibis.util.gen_name("raw"))


def cells(found: files.RawTable) -> list[tuple[Any, ...]]:
    """Its rows with their line, in the order of the file."""
    return [tuple(row.values()) for row in found.table.order_by("row_number").to_pyarrow().to_pylist()]


def rejects(found: files.RawTable) -> list[tuple[Any, ...]]:
    """Its rejected lines: line, reason."""
    rows = found.rejects.order_by("row_number").to_pyarrow().to_pylist()
    return [(row["row_number"], row["reason"]) for row in rows]


def raw_table(
    con: Any, headers: Sequence[str], rows: Sequence[Sequence[Any]], types: Mapping[str, Any] = NO_TYPES
) -> Any:
    """A cleaned raw table of texts (or of `types`), its rows on lines 2, 3 …"""
    arrays = [pa.array([row[at] for row in rows], types.get(name, pa.string())) for at, name in enumerate(headers)]
    lines = pa.array(range(2, len(rows) + 2), pa.int64())
    table = pa.table([lines, *arrays], names=["row_number", *headers])
    return cleaned(con.create_table(ibis.util.gen_name("raw"), table, temp=True))


def conventions(table: Any, declared: Source, known: Proved = NOTHING) -> Conventions:
    """How a raw table is to be read; it must be decidable."""
    decision = decide(examine(table, declared), declared, "sales.csv", known)
    assert decision.faults == ()
    return decision.conventions


def staged(
    con: Any,
    text: str,
    declared: Source,
    *,
    home: str = "EUR",
    zone: str = "UTC",
    types: Mapping[str, Any] = NO_TYPES,
    **more: Any,
) -> StagedTransactions:
    """A sales file, given as lines of cells between semicolons under a line of headers, staged."""
    headers, *lines = (line.split(";") for line in text.strip().splitlines())
    table = raw_table(con, headers, [[cell.strip() or None for cell in line] for line in lines], types)
    settings = StagingSettings(currency=home, time_zone=zone, **more)
    return stage_transactions(table, declared, conventions(table, declared), settings, "file1")


def told(table: Any, *columns: str) -> list[Any]:
    """Rows of a staged table in the order of the file, as tuples of some columns (or single values)."""
    order = ["row_number", "line_number"] if "line_number" in table.columns else ["row_number"]
    found = [tuple(row[name] for name in columns) for row in table.order_by(order).to_pyarrow().to_pylist()]
    return [row[0] for row in found] if len(columns) == 1 else found
