"""Reading published runs: straight from their Parquet files, so that a run at work never blocks a reader."""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from habitue import schemas
from habitue.errors import UsageError, message
from habitue.workspace.catalogue import FILE_NAME, Run
from habitue.workspace.conditions import MAX, MIN, NOT, SQL_TYPES, Condition, in_type
from habitue.workspace.engine import SPILL
from habitue.workspace.guards import is_locked
from habitue.workspace.runs import RUNS, Workspace

SCHEMAS: Mapping[str, schemas.Schema] = {schema.name: schema for schema in schemas.PUBLIC}
"""The tables a reader can ask for, by name."""

NARROW: Mapping[str, Sequence[str]] = {
    "returns": ("returned_on", "linked_by", "reason", "returned_amount"),
    "customers_without_visit": ("population",),
    "transition_violations": ("population",),
}
"""Long tables that pages only sum up: the columns they need."""

BATCH = 50_000
"""Rows read at a time where all rows are wanted."""

MOST_OFFSET = 2**63 - 1

LOADED = "customer_profiles"
"""The table that lists pick and sort in many ways: of the last run it is kept in the engine's memory."""

MOST_LOADED = 3_000_000
"""Rows of it at most; a longer one is read from its file each time."""

MOST_KEPT = 4
"""Runs whose tables are kept in memory."""

MOST_ANSWERS = 1_000
"""Counts and sums that are kept; the tables of a run never change."""


class Published:
    """The runs of one project, for many readers at once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = Lock()
        self._known: tuple[tuple[int, int], list[Run]] | None = None
        self._tables: dict[str, RunTables] = {}
        self._loading = Lock()
        self._loaded: tuple[str, str | None] = ("", None)
        self._one_row = lru_cache(MOST_ANSWERS)(self._asked)
        spill = tempfile.mkdtemp(prefix=SPILL)
        weakref.finalize(self, shutil.rmtree, spill, ignore_errors=True)
        self._connection = duckdb.connect(
            config={"memory_limit": workspace.settings.engine.memory, "temp_directory": spill}
        )
        runs = str(workspace.folder / RUNS).replace("'", "''")
        for setting in (
            # Of all connections: each query has its own.
            "GLOBAL TimeZone = 'UTC'",
            "GLOBAL parquet_metadata_cache = true",  # the files of a run never change
            f"allowed_directories = ['{runs}']",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._connection.execute(f"SET {setting}")

    def runs(self) -> list[Run]:
        """The runs, oldest first; the catalogue is read again only when it has changed."""
        path = self.workspace.folder / FILE_NAME
        if not path.exists():
            return []
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, self.workspace.runs())
            return self._known[1]

    def run(self, run_id: str) -> Run | None:
        """The run of exactly this id, if there is one."""
        return next((run for run in self.runs() if run.run_id == run_id), None)

    @property
    def is_run_at_work(self) -> bool:
        """Whether a run is at work on the project now."""
        return is_locked(self.workspace.folder)

    def tables(self, run: Run) -> RunTables:
        """The tables of a run, read as they are asked for and kept."""
        with self._lock:
            found = self._tables.pop(run.run_id, None) or RunTables(self.workspace.run_folder(run))
            self._tables[run.run_id] = found  # the last one used is the last to go
            if len(self._tables) > MOST_KEPT:
                del self._tables[next(iter(self._tables))]
            return found

    def has(self, run: Run, name: str) -> bool:
        """Whether a run has a table of that name."""
        return name in SCHEMAS and self.workspace.table_path(run, name).exists()

    def count(self, run: Run, name: str) -> int:
        """Rows of a published table, read from the foot of its file."""
        return pq.read_metadata(self.workspace.table_path(run, name)).num_rows

    def query(self, run: Run, sql: str, values: Sequence[Any] = (), *, before: Run | None = None) -> pa.Table:
        """The answer to a query over the tables of a run.

        Args:
            run: the run.
            sql: a query in DuckDB's dialect; `{name}` stands for the published table of that name, `?` for a value,
                `{before.name}` for the table of another run.
            values: the values, in order.
            before: the other run.

        Raises:
            UsageError: a run has no such table.
        """
        return self._asked(self._told(run, sql, before), tuple(values))

    def _asked(self, told: str, values: tuple[Any, ...]) -> pa.Table:
        with self._connection.cursor() as cursor:
            return cursor.execute(told, list(values)).to_arrow_table()

    def figures(self, run: Run, sql: str, values: Sequence[Any] = ()) -> dict[str, Any]:
        """The answer to a query of one row, by its columns; kept, since the tables of a run never change.

        Args:
            run: as of `query`.
            sql: as of `query`.
            values: as of `query`.

        Raises:
            UsageError: as of `query`.
        """
        (row,) = self._one_row(self._told(run, sql), tuple(values)).to_pylist()
        return row

    def batches(
        self,
        run: Run,
        name: str,
        *,
        where: Sequence[Condition] = (),
        order: Sequence[tuple[str, bool]] = (),
        first: int | None = None,
    ) -> tuple[Iterator[pa.Table], int]:
        """All rows that `page` would give, some at a time so that any number fits into memory, and how many there are.

        The first of the tables has no rows, only columns.

        Args:
            run: the run.
            name: name of the table.
            where: as of `page`.
            order: as of `page`.
            first: as of `page`.

        Raises:
            UsageError: no such table or column, or what is no value of its column.
        """
        source, values, sorting = self._picked(run, name, where, order, first)
        count = self.figures(run, f"SELECT count(*) AS n FROM {source}", values)["n"]
        empty = self.query(run, f"SELECT * FROM {source} LIMIT 0", values)

        def read() -> Iterator[pa.Table]:
            yield empty
            with self._connection.cursor() as cursor:
                cursor.execute(self._told(run, f"SELECT * FROM {source} ORDER BY {sorting}"), values)
                for batch in cursor.to_arrow_reader(BATCH):
                    yield pa.Table.from_batches([batch])

        return read(), count

    def _told(self, run: Run, sql: str, before: Run | None = None) -> str:
        """A query with the files of its tables."""

        def source(found: re.Match[str]) -> str:
            of, name = (before if found[1] and before else run), found[2]
            if not self.has(of, name):
                raise UsageError(message("show.unknown", name=name.replace("_", "-"), existing=self._existing(of)))
            return (name == LOADED and self._copy(of)) or self._file(of, name)

        return re.sub(r"\{(before\.)?(\w+)\}", source, sql)

    def _file(self, run: Run, name: str) -> str:
        path = str(self.workspace.table_path(run, name)).replace("'", "''")
        return f"read_parquet('{path}')"

    def _copy(self, run: Run) -> str | None:
        """What the copy of `LOADED` in memory is called, made if this is the last run; None: there is none."""
        if run.run_id != self.runs()[-1].run_id:
            return None
        with self._loading:
            known, copy = self._loaded
            if known != run.run_id:
                if copy is not None:
                    self._connection.execute(f"DROP TABLE {copy}")
                copy = None
                if self.count(run, LOADED) <= MOST_LOADED:
                    copy = f'"{run.run_id}"'
                    self._connection.execute(f"CREATE TABLE {copy} AS SELECT * FROM {self._file(run, LOADED)}")
                self._loaded = (run.run_id, copy)
            return copy

    def page(
        self,
        run: Run,
        name: str,
        *,
        where: Sequence[Condition] = (),
        order: Sequence[tuple[str, bool]] = (),
        limit: int | None = None,
        offset: int = 0,
        first: int | None = None,
        after: Mapping[str, Any] | None = None,
        columns: Sequence[str] = (),
    ) -> tuple[pa.Table, int]:
        """Some rows of a published table and how many there are in all.

        Args:
            run: the run.
            name: name of the table.
            where: conditions that all hold.
            order: columns to sort by, and whether the greatest comes first; the key of the table breaks ties.
            limit: rows at most.
            offset: rows to leave out before them.
            first: of all rows in this order only so many.
            after: only rows that come after this one: its values in the columns of the order and of the key.
            columns: columns to give (default: all).

        Raises:
            UsageError: no such table or column, or what is no value of its column.
        """
        source, values, sorting = self._picked(run, name, where, order, first)
        count = self.figures(run, f"SELECT count(*) AS n FROM {source}", values)["n"]
        bound = f" LIMIT {int(limit)} OFFSET {min(int(offset), MOST_OFFSET)}" if limit is not None else ""
        shown = ", ".join(self._column(SCHEMAS[name], column) for column in columns) or "*"
        if after is not None:
            following, more = self._following(SCHEMAS[name], in_order(name, order), after)
            source, values = f"{source} WHERE {following}", [*values, *more]
        rows = self.query(run, f"SELECT {shown} FROM {source} ORDER BY {sorting}{bound}", values)
        return rows, count

    def _following(
        self, schema: schemas.Schema, order: Sequence[tuple[str, bool]], after: Mapping[str, Any]
    ) -> tuple[str, list[Any]]:
        """The rows that come after one in an order, missing values last, as a condition and its values."""
        found, values, same = [], [], []
        known: list[Any] = []
        for column, falls in order:
            quoted, value = self._column(schema, column), after[column]
            if value is not None:
                value = in_type(schema, column, value)
                beyond = f"({quoted} {'<' if falls else '>'} ? OR {quoted} IS NULL)"
                found.append(" AND ".join([*same, beyond]))
                values += [*known, value]
            same.append(f"{quoted} IS NOT DISTINCT FROM ?" if value is not None else f"{quoted} IS NULL")
            known += [value] if value is not None else []
        return f"({' OR '.join(found) or 'false'})", values

    def tally(
        self,
        run: Run,
        name: str,
        *,
        sums: Sequence[str] = (),
        different: Sequence[tuple[str, ...]] = (),
        where: Sequence[Condition] = (),
        order: Sequence[tuple[str, bool]] = (),
        first: int | None = None,
    ) -> tuple[list[Any], list[int]]:
        """Sums of columns over the rows that `page` would give in all (None of no value), and counts of different
        values of some columns together.

        Args:
            run: the run.
            name: name of the table.
            sums: columns to sum.
            different: columns whose different values are counted; rows without a value are left out.
            where: conditions that all hold.
            order: as of `page`.
            first: as of `page`.

        Raises:
            UsageError: no such table or column, or what is no value of its column.
        """
        source, values, _ = self._picked(run, name, where, order, first)
        asked = [f"sum({self._column(SCHEMAS[name], column)})" for column in sums]
        for columns in different:
            quoted = [self._column(SCHEMAS[name], column) for column in columns]
            known = " AND ".join(f"{column} IS NOT NULL" for column in quoted)
            asked.append(f"count(DISTINCT ({', '.join(quoted)})) FILTER (WHERE {known})")
        if not asked:
            return [], []
        shown = ", ".join(f"{what} AS c{at}" for at, what in enumerate(asked))
        found = list(self.figures(run, f"SELECT {shown} FROM {source}", values).values())
        return found[: len(sums)], found[len(sums) :]

    def _picked(
        self, run: Run, name: str, where: Sequence[Condition], order: Sequence[tuple[str, bool]], first: int | None
    ) -> tuple[str, list[Any], str]:
        """The rows that conditions leave as what a query is made from, its values, and the order of the rows."""
        if not self.has(run, name):
            raise UsageError(message("show.unknown", name=name.replace("_", "-"), existing=self._existing(run)))
        schema = SCHEMAS[name]
        filters, values = [], []
        for condition in where:
            column = self._column(schema, condition.column)
            if condition.relation in (MIN, MAX):
                filters.append(f"{column} {'>=' if condition.relation == MIN else '<='} ?")
                values.append(in_type(schema, condition.column, condition.values[0], is_limit=True))
                continue
            some = [in_type(schema, condition.column, value) for value in condition.values if value is not None]
            tests = [f"{column} IN ({', '.join('?' * len(some))})"] if some else []
            tests += [f"{column} IS NULL"] if None in condition.values else []
            # Rows without a value are none of the values, unless that is among them.
            told = f"({' OR '.join(tests) or 'false'})"
            filters.append(f"NOT coalesce({told}, false)" if condition.relation == NOT else told)
            values += some
        ordered = ", ".join(
            f"{self._column(schema, column)} {'DESC' if falls else 'ASC'} NULLS LAST"
            for column, falls in in_order(name, order)
        )
        tail = f" WHERE {' AND '.join(filters)}" if filters else ""
        bound = f" ORDER BY {ordered} LIMIT {int(first)}" if first is not None else ""
        return f"(SELECT * FROM {self._whole(run, schema)}{tail}{bound})", values, ordered

    def _whole(self, run: Run, schema: schemas.Schema) -> str:
        """The table with all its columns: those that a run made before they were is without are null."""
        stored = pq.read_schema(self.workspace.table_path(run, schema.name)).names
        nulls = [f'NULL::{SQL_TYPES[one.type]} AS "{one.name}"' for one in schema.columns if one.name not in stored]
        return f"(SELECT *, {', '.join(nulls)} FROM {{{schema.name}}})" if nulls else f"{{{schema.name}}}"

    def _column(self, schema: schemas.Schema, column: str) -> str:
        if column not in schema.names:
            raise UsageError(
                message("published.unknown_column", column=column, table=schema.name.replace("_", "-"),
                        existing=", ".join(schema.names))
            )  # fmt: skip
        return f'"{column}"'

    def _existing(self, run: Run) -> str:
        found = sorted(p.stem for p in self.workspace.run_folder(run).glob("*.parquet") if p.stem in SCHEMAS)
        return ", ".join(name.replace("_", "-") for name in found)


def in_order(name: str, order: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """An order of a table's rows that leaves no ties: the columns of the key come last."""
    return [*order, *((column, False) for column in SCHEMAS[name].key if column not in dict(order))]


class RunTables(Mapping[str, pa.Table]):
    """Tables of a run that are short enough for memory, read when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, pa.Table] = {}

    def __getitem__(self, name: str) -> pa.Table:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._read:
            columns = NARROW.get(name)
            self._read[name] = pq.read_table(self._folder / f"{name}.parquet", columns=columns and list(columns))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self._folder.glob("*.parquet")))
