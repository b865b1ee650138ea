"""Who was erased, and who objected: what the people store keeps of them is keyed hashes, opaque ids and days."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from habitue.errors import UsageError, message
from habitue.workspace.audit import Act
from habitue.workspace.keys import FILE_NAME, kept_key, keyed_hash

TABLES = """
CREATE TABLE IF NOT EXISTS tombstones (number_hash TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS suppressed_addresses (
    kind TEXT NOT NULL, address_hash TEXT NOT NULL, reason TEXT NOT NULL, since TEXT NOT NULL,
    PRIMARY KEY (kind, address_hash)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objections (
    source_customer_id TEXT NOT NULL, captured_at TEXT NOT NULL, source TEXT NOT NULL,
    PRIMARY KEY (source_customer_id, captured_at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unrecorded_acts (audit_id TEXT PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;
"""
"""Tombstones have neither day nor order: nothing leads from one to the opaque id of the person in a frozen run."""

OF_NOBODY = frozenset({"tombstones", "suppressed_addresses", "unrecorded_acts"})
"""Tables that name nobody, so that erasing leaves them as they are."""

SUPPRESSED = ("address_kind", "address_hash", "reason")
NUMBER, PROOF, ERASED, COMMAND = "number", "key", "erased", "command"


class Forgotten:
    """The part of an open people store that outlives the people in it."""

    def __init__(self, connection: sqlite3.Connection, folder: Path | None) -> None:
        self._connection, self._folder = connection, folder
        self._buried: tuple[bytes, frozenset[str]] | None = None

    def not_erased(self, customer_system: str, numbers: Sequence[str]) -> list[str]:
        """Customer numbers of a system without those of people who were erased.

        Raises:
            UsageError: somebody was erased and the key they were hashed with is not there.
        """
        buried = self._tombstones()
        if buried is None:
            return list(numbers)
        key, hashes = buried
        return [number for number in numbers if keyed_hash(key, NUMBER, customer_system, number) not in hashes]

    def check_key(self) -> None:
        """See that the project's key is the one the erased were hashed with, before a new one is made.

        Raises:
            UsageError: it is not there, or is another.
        """
        self._tombstones()

    def is_erased(self, systems: Iterable[str], asked: str) -> bool:
        """Whether somebody was erased who had that number in one of the systems; or SYSTEM:NUMBER."""
        asked = asked.lower() if "@" in asked else asked
        system, _, number = asked.partition(":")
        pairs = [*((one, asked) for one in systems), (system, number)]
        return any(not self.not_erased(one, [written]) for one, written in pairs)

    def _tombstones(self) -> tuple[bytes, frozenset[str]] | None:
        """The key and the hashes made with it; None where nobody was erased."""
        if self._buried is None:
            hashes = frozenset(row[0] for row in self._connection.execute("SELECT number_hash FROM tombstones"))
            if not hashes or self._folder is None:
                return None
            key = kept_key(self._folder)
            if keyed_hash(key, PROOF) not in hashes:
                raise UsageError(message("keys.another", path=str(self._folder / FILE_NAME)))
            self._buried = (key, hashes)
        return self._buried

    def erase(
        self, ids: Iterable[str], addresses: Collection[tuple[str, str]], key: bytes, at: datetime
    ) -> dict[str, int]:
        """Delete every row about people, and leave tombstones; rows deleted, by table.

        Args:
            ids: opaque ids of their customer numbers, and of the people themselves.
            addresses: kind and keyed hash of their addresses: nobody is to write there again.
            key: the project's key.
            at: the moment, naive UTC.

        Raises:
            UsageError: people were erased with another key.
        """
        run = self._connection.execute
        self._tombstones()
        ids = list(ids)
        numbers = run(
            "SELECT customer_system, customer_number FROM customer_numbers "
            "WHERE source_customer_id IN (SELECT value FROM json_each(?))",
            [json.dumps(ids)],
        ).fetchall()
        hashes = [keyed_hash(key, PROOF), *(keyed_hash(key, NUMBER, *one) for one in numbers)]
        self._connection.executemany("INSERT OR IGNORE INTO tombstones VALUES (?)", ((one,) for one in hashes))
        self._connection.executemany(
            "INSERT INTO suppressed_addresses VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET since = excluded.since",
            ((*one, ERASED, at.isoformat(sep=" ", timespec="seconds")) for one in sorted(addresses)),
        )
        self._buried = None
        naming = self.naming(ids, [one for _, one in addresses])
        return {name: run(f'DELETE FROM "{name}" WHERE {where}').rowcount for name, where in naming}

    def naming(self, ids: Iterable[str], address_hashes: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Every table with rows about people, and the condition that a row is about some of them.

        A row is if it has one of the opaque ids, whatever the column is called: they are random, so nothing else is
        alike; or, naming nobody by id, one of the hashes as its `address_hash`.
        """
        run = self._connection.execute
        for name, values in (("named_ids", ids), ("named_hashes", address_hashes)):
            run(f"CREATE TEMP TABLE IF NOT EXISTS {name} (value TEXT PRIMARY KEY) WITHOUT ROWID")
            run(f"DELETE FROM temp.{name}")
            self._connection.executemany(f"INSERT OR IGNORE INTO temp.{name} VALUES (?)", ((one,) for one in values))
        for (table,) in run("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            if table in OF_NOBODY or table.startswith("sqlite_"):
                continue
            texts = [row[1] for row in run(f'PRAGMA main.table_info("{table}")') if row[2].upper() == "TEXT"]
            tests = [f'"{one}" IN (SELECT value FROM temp.named_ids)' for one in texts]
            if "address_hash" in texts:
                nobody = " AND source_customer_id IS NULL" if "source_customer_id" in texts else ""
                tests.append(f"(address_hash IN (SELECT value FROM temp.named_hashes){nobody})")
            yield table, " OR ".join(tests) or "FALSE"

    def suppressed(self) -> pa.Table:
        """Addresses of the erased: address_kind (email, phone), address_hash, reason, since (naive UTC)."""
        rows = self._connection.execute("SELECT kind, address_hash, reason, since FROM suppressed_addresses").fetchall()
        texts = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(SUPPRESSED)}
        return pa.table({**texts, "since": pa.array([datetime.fromisoformat(r[3]) for r in rows], pa.timestamp("us"))})

    def object(self, ids: Sequence[str], at: datetime) -> int:
        """Add an objection of one person to marketing and to profiling for it: a row for each of their numbers.

        Args:
            ids: opaque ids of the person's customer numbers.
            at: the moment, naive UTC.
        """
        moment = at.isoformat(sep=" ", timespec="seconds")
        added = self._connection.executemany(
            "INSERT OR IGNORE INTO objections VALUES (?, ?, ?)", ((one, moment, COMMAND) for one in ids)
        )
        return added.rowcount

    def objections(self) -> pa.Table:
        """Objections to marketing, append-only: source_customer_id, captured_at (naive UTC), source (command)."""
        rows = self._connection.execute("SELECT source_customer_id, captured_at, source FROM objections").fetchall()
        return pa.table(
            {
                "source_customer_id": pa.array([row[0] for row in rows], pa.string()),
                "captured_at": pa.array([datetime.fromisoformat(row[1]) for row in rows], pa.timestamp("us")),
                "source": pa.array([row[2] for row in rows], pa.string()),
            }
        )

    def note(self, act: Act) -> None:
        """Keep an act, in the same transaction, until the catalogue has it."""
        self._connection.execute("INSERT INTO unrecorded_acts VALUES (?, ?)", [act.audit_id, act.plain()])

    def unrecorded(self) -> list[Act]:
        """Acts the catalogue may not have yet: a process was killed in between."""
        rows = self._connection.execute("SELECT told FROM unrecorded_acts ORDER BY audit_id")
        return [Act.from_plain(told) for (told,) in rows]

    def recorded(self) -> None:
        """The catalogue has them all."""
        self._connection.execute("DELETE FROM unrecorded_acts")
