"""The people store: the only place with names, addresses and customer numbers as their systems write them.

One SQLite file, rewritable, with secure delete. Everything else in a project carries opaque ids, drawn at random for
each number of each customer system, so that deleting a row here leaves nobody behind the id.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from habitue.staging.customers import ATTRIBUTES
from habitue.workspace import consent_records
from habitue.workspace.consent_records import ConsentRecords

FILE_NAME = "people.db"
PERSONAL = (*ATTRIBUTES, "birth_date")
TABLES = f"""
CREATE TABLE IF NOT EXISTS customer_numbers (
    customer_system TEXT NOT NULL, customer_number TEXT NOT NULL, source_customer_id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (customer_system, customer_number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source_customers (
    source TEXT NOT NULL, source_customer_id TEXT NOT NULL, file_id TEXT NOT NULL, row_number INTEGER NOT NULL,
    {", ".join(f"{name} TEXT" for name in PERSONAL)},
    PRIMARY KEY (source, source_customer_id)) WITHOUT ROWID;
"""


class People:
    """An open people store. Use as a context manager; what is written is committed by `commit`."""

    def __init__(self, path: Path | None) -> None:
        self._connection = sqlite3.connect(":memory:" if path is None else path)
        self.consents = ConsentRecords(self._connection)
        try:
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.executescript(TABLES)
            self._connection.executescript(consent_records.TABLES)
        except sqlite3.DatabaseError:  # no database, or one that is damaged
            self._connection.close()
            raise

    @classmethod
    def open(cls, folder: Path) -> People:
        """The store of a project."""
        path = folder / FILE_NAME
        path.touch(mode=0o600)
        return cls(path)

    @staticmethod
    def with_number(folder: Path, number: str) -> list[tuple[str, str]]:
        """Customer systems that have a number, each with its opaque id there; e-mail addresses without capitals.

        The project's store is read as it lies, neither copied nor changed.
        """
        if not (folder / FILE_NAME).exists():
            return []
        address = (folder / FILE_NAME).absolute().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as stored:
            return stored.execute(
                "SELECT customer_system, source_customer_id FROM customer_numbers WHERE customer_number = ? "
                "ORDER BY customer_system",
                [number.lower() if "@" in number else number],
            ).fetchall()

    @staticmethod
    def numbers_of(folder: Path, source_customer_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Customer system and number of opaque ids; those without one are left out. Personal data.

        The project's store is read as it lies, neither copied nor changed.
        """
        if not (folder / FILE_NAME).exists():
            return {}
        address = (folder / FILE_NAME).absolute().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as stored:
            rows = stored.execute(
                "SELECT source_customer_id, customer_system, customer_number FROM customer_numbers "
                "WHERE source_customer_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(source_customer_ids))],
            )
            return {source_id: (system, number) for source_id, system, number in rows}

    @classmethod
    def copy(cls, folder: Path) -> People:
        """A copy in memory of a project's store, for a look that changes nothing."""
        store = cls(None)
        if (folder / FILE_NAME).exists():
            address = (folder / FILE_NAME).absolute().as_uri() + "?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as stored:
                stored.backup(store._connection)
        return store

    def __enter__(self) -> People:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def commit(self) -> None:
        """Keep what was written."""
        self._connection.commit()

    def ids(self, customer_system: str, numbers: Iterable[str]) -> pa.Table:
        """Opaque ids of customer numbers, drawn for numbers not met before: customer_number, source_customer_id."""
        run = self._connection.execute
        run("CREATE TEMP TABLE IF NOT EXISTS asked (number TEXT PRIMARY KEY) WITHOUT ROWID")
        run("DELETE FROM asked")
        self._connection.executemany("INSERT OR IGNORE INTO asked VALUES (?)", ((number,) for number in numbers))
        new = run(
            "SELECT number FROM asked WHERE NOT EXISTS (SELECT 1 FROM customer_numbers c "
            "WHERE c.customer_system = ? AND c.customer_number = number)",
            [customer_system],
        ).fetchall()
        self._connection.executemany(
            "INSERT INTO customer_numbers VALUES (?, ?, ?)",
            ((customer_system, number, secrets.token_hex(8)) for (number,) in new),
        )
        rows = run(
            "SELECT number, source_customer_id FROM asked JOIN customer_numbers ON customer_number = number "
            "WHERE customer_system = ?",
            [customer_system],
        ).fetchall()
        return pa.table(
            {
                "customer_number": pa.array([r[0] for r in rows], pa.string()),
                "source_customer_id": pa.array([r[1] for r in rows], pa.string()),
            }
        )

    def known_ids(self, numbers: Sequence[str]) -> tuple[str, ...]:
        """Opaque ids of numbers in whatever system has them; numbers not met are left out."""
        found = []
        for number in numbers:
            rows = self._connection.execute(
                "SELECT source_customer_id FROM customer_numbers WHERE customer_number IN (?, lower(?)) "
                "ORDER BY customer_system",
                [number, number],
            )
            found += [row[0] for row in rows]
        return tuple(found)

    def numbers(self) -> pa.Table:
        """Every number with its opaque id: source_customer_id, customer_system, customer_number. Personal data."""
        rows = self._connection.execute(
            "SELECT source_customer_id, customer_system, customer_number FROM customer_numbers"
        ).fetchall()
        names = ("source_customer_id", "customer_system", "customer_number")
        return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})

    def keep_customers(
        self, source: str, file_id: str, rows: Iterable[Sequence[object]], ranks: Mapping[str, int]
    ) -> None:
        """Keep the personal attributes of customer rows; of two exports the one with the higher rank wins.

        Args:
            source: source of the rows.
            file_id: file they come from.
            rows: source_customer_id, row_number, then the attributes in the order of `PERSONAL`.
            ranks: rank of each file of the source.
        """
        run = self._connection.execute
        run("CREATE TEMP TABLE IF NOT EXISTS ranks (file_id TEXT PRIMARY KEY, rank INTEGER)")
        run("DELETE FROM ranks")
        self._connection.executemany("INSERT INTO ranks VALUES (?, ?)", ranks.items())
        marks = ", ".join("?" * (4 + len(PERSONAL)))
        updates = ", ".join(f"{name} = excluded.{name}" for name in ("file_id", "row_number", *PERSONAL))
        self._connection.executemany(
            f"INSERT INTO source_customers VALUES ({marks}) ON CONFLICT DO UPDATE SET {updates} "
            "WHERE coalesce((SELECT rank FROM ranks r WHERE r.file_id = source_customers.file_id), -1) "
            "<= (SELECT rank FROM ranks r WHERE r.file_id = excluded.file_id)",
            ((source, row[0], file_id, *row[1:]) for row in rows),
        )

    def born_after(self, day: date) -> list[str]:
        """Opaque ids of customer rows with a birth date after a day, in order."""
        rows = self._connection.execute(
            "SELECT DISTINCT source_customer_id FROM source_customers WHERE birth_date > ? ORDER BY 1",
            [day.isoformat()],
        )
        return [row[0] for row in rows]

    def attributes(self) -> pa.Table:
        """Every customer row with its attributes. Personal data."""
        names = ("source", "source_customer_id", *PERSONAL)
        rows = self._connection.execute(f"SELECT {', '.join(names)} FROM source_customers").fetchall()
        return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names)})
