"""What the people store keeps of consent: proofs, which may tell who it is, and refusals, which outlive their file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from habitue import schemas

TABLES = """
CREATE TABLE IF NOT EXISTS consent_proofs (
    source TEXT NOT NULL, file_id TEXT NOT NULL, row_number INTEGER NOT NULL, source_customer_id TEXT,
    address_hash TEXT, proof_reference TEXT NOT NULL,
    PRIMARY KEY (file_id, row_number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS consent_refusals (
    source TEXT NOT NULL, file_id TEXT NOT NULL, row_number INTEGER NOT NULL, source_customer_id TEXT,
    address_kind TEXT, address_hash TEXT, contact_channel TEXT, purpose TEXT NOT NULL, event TEXT NOT NULL,
    happened_at TEXT, happened_on TEXT, is_day_only INTEGER,
    PRIMARY KEY (file_id, row_number)) WITHOUT ROWID;
"""
REFUSAL = (
    "row_number", "source_customer_id", "address_kind", "address_hash", "contact_channel", "purpose", "event",
    "happened_at", "happened_on", "is_day_only",
)  # fmt: skip


class ConsentRecords:
    """The part of an open people store that is about consent."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep_proofs(self, source: str, file_id: str, rows: Iterable[Sequence[object]]) -> None:
        """Keep what proves the permissions of a consent file, in place of what was kept of it.

        Args:
            source: source of the file.
            file_id: the file.
            rows: row_number, source_customer_id, address_hash (either may be None), proof_reference.
        """
        self._connection.execute("DELETE FROM consent_proofs WHERE file_id = ?", [file_id])
        self._connection.executemany(
            "INSERT INTO consent_proofs VALUES (?, ?, ?, ?, ?, ?)", ((source, file_id, *row) for row in rows)
        )

    def proofs(self) -> dict[tuple[str, int], str]:
        """What proves permissions, by file and line. Personal data."""
        rows = self._connection.execute("SELECT file_id, row_number, proof_reference FROM consent_proofs")
        return {(file_id, number): proof for file_id, number, proof in rows}

    def addresses(self, ids: Iterable[str]) -> set[tuple[str, str]]:
        """Kind (email, phone) and hash of the addresses that refusals of some customer numbers name."""
        rows = self._connection.execute(
            "SELECT DISTINCT address_kind, address_hash FROM consent_refusals WHERE address_kind IN ('email', 'phone') "
            "AND address_hash IS NOT NULL AND source_customer_id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        return {*rows.fetchall()}

    def keep_refusals(self, source: str, file_id: str, refusals: pa.Table) -> None:
        """Keep the refusals of a file, in place of what was kept of it.

        Args:
            source: source of the file.
            file_id: the file.
            refusals: rows of CONSENT_EVENTS; the columns `REFUSAL` are kept.
        """
        self._connection.execute("DELETE FROM consent_refusals WHERE file_id = ?", [file_id])
        columns = [refusals[name].to_pylist() for name in REFUSAL]
        marks = ", ".join("?" * (2 + len(REFUSAL)))
        self._connection.executemany(
            f"INSERT INTO consent_refusals VALUES ({marks})",
            (
                (source, file_id, *(v.isoformat() if isinstance(v, date) else v for v in row))
                for row in zip(*columns, strict=True)
            ),
        )

    def refusals(self, sources: Collection[str], but: Collection[str]) -> pa.Table:
        """CONSENT_EVENTS: the refusals of files of some sources, without those of some files.

        What a file refused still holds when the file is gone (or an export no longer has the line); what it allowed
        does not.
        """
        schema = schemas.CONSENT_EVENTS.ibis_schema().to_pyarrow()
        names = ("source", "file_id", *REFUSAL)
        found = self._connection.execute(f"SELECT {', '.join(names)} FROM consent_refusals").fetchall()
        rows: list[dict[str, Any]] = [
            dict(zip(names, row, strict=True)) for row in found if row[0] in sources and row[1] not in but
        ]
        for row in rows:
            row["happened_at"] = datetime.fromisoformat(row["happened_at"]) if row["happened_at"] else None
            row["happened_on"] = date.fromisoformat(row["happened_on"]) if row["happened_on"] else None
            row["is_day_only"] = None if row["is_day_only"] is None else bool(row["is_day_only"])
            row["consent_source"] = row["source"]
        return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
