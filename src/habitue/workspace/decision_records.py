"""What people decided about who is who: rows of the people store, only ever added to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from habitue.workspace.people_file import as_it_lies

SAME, DIFFERENT, UNDECIDED = "same", "different", "undecided"
DECISIONS = (SAME, DIFFERENT, UNDECIDED)
"""`undecided` takes back what was decided before."""

ORIGINS = ("review", "command", "rule", "file", "page")
"""Where a decision was made: asked pair by pair, one by command, a rule's pairs at once, a file, a page."""

TABLES = """
CREATE TABLE IF NOT EXISTS identity_decisions (
    place INTEGER PRIMARY KEY, decided_at TEXT NOT NULL, source_customer_id TEXT NOT NULL,
    other_source_customer_id TEXT NOT NULL, decision TEXT NOT NULL, origin TEXT NOT NULL);
"""

PAIR = ("source_customer_id", "other_source_customer_id")
_LATEST = f"SELECT max(place), decided_at, {', '.join(PAIR)}, decision, origin FROM identity_decisions GROUP BY 3, 4"
_SCHEMA = pa.schema(
    [("decided_at", pa.timestamp("us")), *((name, pa.string()) for name in (*PAIR, "decision", "origin"))]
)


@dataclass(frozen=True)
class Decision:
    """Two opaque ids of customer numbers, the smaller first, and what was decided (DECISIONS)."""

    source_customer_id: str
    other_source_customer_id: str
    decision: str

    @classmethod
    def of(cls, one: str, other: str, decision: str) -> Decision:
        """A decision on two numbers, in either order."""
        return cls(min(one, other), max(one, other), decision)

    @property
    def pair(self) -> tuple[str, str]:
        """Both numbers."""
        return self.source_customer_id, self.other_source_customer_id


class DecisionRecords:
    """The part of an open people store that keeps decisions."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, decisions: Iterable[Decision], at: datetime, origin: str) -> int:
        """Add decisions; what is decided so already is not said again. How many were added.

        Args:
            decisions: of two on one pair the last one holds.
            at: the moment, naive UTC.
            origin: where they were made (ORIGINS).
        """
        current = {row[2:4]: row[4] for row in self._connection.execute(_LATEST)}
        moment, added = at.isoformat(sep=" ", timespec="seconds"), 0
        for one in decisions:
            if current.get(one.pair, UNDECIDED) != one.decision:
                self._connection.execute(
                    f"INSERT INTO identity_decisions (decided_at, {', '.join(PAIR)}, decision, origin) "
                    "VALUES (?, ?, ?, ?, ?)",
                    [moment, *one.pair, one.decision, origin],
                )
                current[one.pair] = one.decision
                added += 1
        return added

    def current(self) -> pa.Table:
        """What holds: source_customer_id, other_source_customer_id (the greater of the two), decision (same or
        different), in the order of the ids. What was taken back is not in it."""
        return _table(self._connection).select([*PAIR, "decision"])

    def named(self, asked: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        """Customer numbers as asked for, each with its opaque ids by customer system; and opaque ids, each under the
        system "" (none has that name). What nobody has is left out. Personal data."""
        run = self._connection.execute
        run("CREATE TEMP TABLE IF NOT EXISTS asked_numbers (value TEXT PRIMARY KEY) WITHOUT ROWID")
        run("DELETE FROM asked_numbers")
        self._connection.executemany("INSERT OR IGNORE INTO asked_numbers VALUES (?)", ((one,) for one in asked))
        found: dict[str, dict[str, str]] = {}
        for column in ("customer_number", "source_customer_id"):
            rows = run(
                "SELECT customer_system, customer_number, source_customer_id FROM customer_numbers "
                f"WHERE {column} IN (SELECT value FROM asked_numbers)"
            )
            for system, number, source_id in rows:
                if column == "customer_number":
                    found.setdefault(number, {})[system] = source_id
                else:
                    found.setdefault(source_id, {})[""] = source_id
        return found


def decided(folder: Path) -> pa.Table:
    """What holds in a project's store: decided_at (naive UTC), the pair, decision, origin; the newest first.

    The store is read as it lies, neither copied nor changed.
    """
    with as_it_lies(folder) as stored:
        if stored and stored.execute("SELECT 1 FROM sqlite_master WHERE name = 'identity_decisions'").fetchone():
            order = [("decided_at", "descending"), *((name, "ascending") for name in PAIR)]
            return _table(stored).sort_by(order)
    return _SCHEMA.empty_table()


def _table(connection: sqlite3.Connection) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {**dict(zip(_SCHEMA.names, row[1:], strict=True)), "decided_at": datetime.fromisoformat(row[1])}
        for row in connection.execute(f"{_LATEST} ORDER BY 3, 4")
        if row[4] != UNDECIDED
    ]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)
