"""The people store: the only place with names, addresses and customer numbers as their systems write them.

One SQLite file, rewritable, with secure delete. Everything else in a project carries opaque ids, drawn at random for
each number of each customer system, so that deleting a row here leaves nobody behind the id.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from habitue.staging.customers import ATTRIBUTES
from habitue.workspace import consent_records, decision_records, forgotten
from habitue.workspace.consent_records import ConsentRecords
from habitue.workspace.decision_records import DecisionRecords
from habitue.workspace.forgotten import Forgotten
from habitue.workspace.people_file import FILE_NAME, as_it_lies

PERSONAL = (*ATTRIBUTES, "birth_date")
TABLES = f"""
CREATE TABLE IF NOT EXISTS customer_numbers (
    customer_system TEXT NOT NULL, customer_number TEXT NOT NULL, source_customer_id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (customer_system, customer_number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source_customers (
    source TEXT NOT NULL, source_customer_id TEXT NOT NULL, file_id TEXT NOT NULL, row_number INTEGER NOT NULL,
    {", ".join(f"{name} TEXT" for name in PERSONAL)},
    PRIMARY KEY (source, source_customer_id)) WITHOUT ROWID;
{consent_records.TABLES}{decision_records.TABLES}{forgotten.TABLES}"""
PATIENCE_SECONDS = 30.0
"""Readers hold the store for a moment only."""
PHONE_MARKS, PHONE_END = " \u00a0\u202f.-/()", 9


class People:
    """An open people store. Use as a context manager; what is written is committed by `commit`.

    `folder` is that of the project, where its key lies; `forgotten` keeps those who were erased or objected.
    """

    def __init__(self, path: Path | None, folder: Path | None = None) -> None:
        self._connection = sqlite3.connect(":memory:" if path is None else path, timeout=PATIENCE_SECONDS)
        self.consents = ConsentRecords(self._connection)
        self.decisions = DecisionRecords(self._connection)
        self.forgotten = Forgotten(self._connection, folder)
        try:
            self._connection.execute("PRAGMA secure_delete = ON")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.executescript(TABLES)
        except sqlite3.DatabaseError:  # no database, or one that is damaged
            self._connection.close()
            raise

    @classmethod
    def open(cls, folder: Path) -> People:
        """The store of a project."""
        path = folder / FILE_NAME
        path.touch(mode=0o600)
        return cls(path, folder)

    @staticmethod
    def with_number(folder: Path, number: str) -> list[tuple[str, str]]:
        """Customer systems that have a number, each with its opaque id there; e-mail addresses without capitals.

        The project's store is read as it lies, neither copied nor changed.
        """
        with as_it_lies(folder) as stored:
            if stored is None:
                return []
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
        with as_it_lies(folder) as stored:
            if stored is None:
                return {}
            rows = stored.execute(
                "SELECT source_customer_id, customer_system, customer_number FROM customer_numbers "
                "WHERE source_customer_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(source_customer_ids))],
            )
            return {source_id: (system, number) for source_id, system, number in rows}

    @staticmethod
    def rows_of(folder: Path, source_customer_ids: Iterable[str]) -> dict[str, list[dict[str, str]]]:
        """Customer rows of opaque ids, by id, those of each in the order of their sources. Personal data.

        The project's store is read as it lies, neither copied nor changed.
        """
        names = ("source_customer_id", "source", *PERSONAL)
        found: dict[str, list[dict[str, str]]] = {}
        with as_it_lies(folder) as stored:
            if stored is None:
                return found
            rows = stored.execute(
                f"SELECT {', '.join(names)} FROM source_customers WHERE source_customer_id IN "
                "(SELECT value FROM json_each(?)) ORDER BY source",
                [json.dumps(list(source_customer_ids))],
            )
            for row in rows:
                found.setdefault(row[0], []).append(dict(zip(names, row, strict=True)))
        return found

    @staticmethod
    def objected_on(folder: Path, source_customer_ids: Iterable[str]) -> date | None:
        """Day (UTC) of the last objection to marketing for one of some opaque ids; None without one.

        The project's store is read as it lies, neither copied nor changed.
        """
        with as_it_lies(folder) as stored:
            if stored is None or not stored.execute("SELECT 1 FROM sqlite_master WHERE name = 'objections'").fetchone():
                return None  # a store of an earlier version
            (last,) = stored.execute(
                "SELECT max(captured_at) FROM objections WHERE source_customer_id IN (SELECT value FROM json_each(?))",
                [json.dumps(list(source_customer_ids))],
            ).fetchone()
            return date.fromisoformat(last[:10]) if last else None

    @classmethod
    def copy(cls, folder: Path) -> People:
        """A copy in memory of a project's store, for a look that changes nothing."""
        store = cls(None, folder)
        with as_it_lies(folder) as stored:
            if stored is not None:
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

    def overwrite(self) -> None:
        """Write the file anew, so that no page of it holds what was deleted or replaced.

        Secure delete alone is not enough: a row that was moved when its page was split can leave a copy behind.
        """
        self._connection.execute("VACUUM")

    def ids(self, customer_system: str, numbers: Iterable[str]) -> pa.Table:
        """Opaque ids of customer numbers, drawn for numbers not met before: customer_number, source_customer_id.

        The numbers of people who were erased get none, and are left out.

        Raises:
            UsageError: somebody was erased and the project's key is not there.
        """
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
            (
                (customer_system, number, secrets.token_hex(8))
                for number in self.forgotten.not_erased(customer_system, [number for (number,) in new])
            ),
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

    def contact_details(self, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Numbers, e-mail addresses and telephone numbers of opaque ids, as written, each with its kind.

        Kinds are number, email and phone. Personal data.
        """
        asked = json.dumps(list(ids))
        for kind, table in (
            ("number", "customer_numbers"),
            ("email", "source_customers"),
            ("phone", "source_customers"),
        ):
            column = "customer_number" if kind == "number" else kind
            yield from self._connection.execute(
                f"SELECT DISTINCT ?, {column} FROM {table} WHERE {column} IS NOT NULL "
                "AND source_customer_id IN (SELECT value FROM json_each(?)) ORDER BY 2",
                [kind, asked],
            )

    def sharing(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Opaque ids of other people's numbers with an e-mail address or telephone number of these, sorted."""
        found: dict[str, set[str]] = {"number": set(), "email": set(), "phone": set()}
        for kind, value in self.contact_details(ids):
            found[kind].add(_phone_end(value) if kind == "phone" else value.strip().lower())
        mails = found["email"] | {number for number in found["number"] if "@" in number}
        asked = [json.dumps(sorted(values)) for values in (mails, found["phone"] - {""}, {*ids})]
        end_of_phone = "phone"
        for mark in PHONE_MARKS:
            end_of_phone = f"replace({end_of_phone}, '{mark}', '')"
        mail, end = (f"(SELECT value FROM json_each(?{place}))" for place in (1, 2))
        of_rows = f"lower(trim(email)) IN {mail} OR substr({end_of_phone}, -{PHONE_END}) IN {end}"
        rows = self._connection.execute(
            f"SELECT source_customer_id FROM source_customers WHERE {of_rows} UNION SELECT source_customer_id "
            f"FROM customer_numbers WHERE customer_number IN {mail} "
            "EXCEPT SELECT value FROM json_each(?3) ORDER BY 1",
            asked,
        )
        return tuple(row[0] for row in rows)

    def held(self, ids: Sequence[str], hashes: Sequence[str]) -> dict[str, pa.Table]:
        """Every row about people, as `Forgotten.naming` finds them, by table; tables without one are left out.

        Personal data.
        """
        found = {}
        for name, where in self.forgotten.naming(ids, hashes):
            rows = self._connection.execute(f'SELECT * FROM "{name}" WHERE {where}')
            names = [column[0] for column in rows.description]
            if told := rows.fetchall():
                found[name] = pa.table({column: [row[at] for row in told] for at, column in enumerate(names)})
        return found

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


def _phone_end(text: str) -> str:
    """The last digits of a telephone number, by which numbers are one however they begin; "" of fewer."""
    digits = "".join(character for character in text if character.isdigit())
    return digits[-PHONE_END:] if len(digits) >= PHONE_END else ""
