"""Tables and queries of a PostgreSQL database, copied once into a Parquet file."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.errors import DataError, UsageError, message
from habitue.sources.declared import Source


def address(source: Source) -> str:
    """The database address of a source; ``env:NAME`` is read from the environment, so that no secret is in the file.

    Raises:
        UsageError: the environment variable is not set.
    """
    stated = source.database or ""
    if not stated.startswith("env:"):
        return stated
    found = os.environ.get(stated[4:])
    if not found:
        raise UsageError(message("source.database_variable", source=source.name, variable=stated[4:]))
    return found


def statement(source: Source) -> str:
    """The query of a source; a bare table name becomes a query of all its rows."""
    if source.query:
        return source.query.rstrip().rstrip(";")  # the driver makes a COPY of it
    parts = (source.table or "").split(".")
    return "SELECT * FROM " + ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def snapshot(source: Source, path: Path) -> None:
    """Copy the rows of a source into a Parquet file (numerics as exact text).

    Raises:
        DataError: the database cannot be reached, refuses the query, or breaks it off.
        UsageError: the environment variable of the address is not set.
    """
    import adbc_driver_manager
    import adbc_driver_postgresql.dbapi as postgresql

    where = address(source)
    try:
        with postgresql.connect(where) as connection, connection.cursor() as cursor:
            cursor.execute(statement(source))
            reader = cursor.fetch_record_batch()
            _refuse_money(reader.schema, source)
            schema = pa.schema([pa.field(field.name, _storage(field.type)) for field in reader.schema])
            with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                for batch in reader:
                    columns = [_stored(column) for column in batch.columns]
                    writer.write_batch(pa.record_batch(columns, schema=schema))
    except (adbc_driver_manager.Error, pa.ArrowException, OSError) as fault:
        if isinstance(fault, OSError) and fault.errno == errno.ENOSPC:
            raise
        detail = _without_secrets(str(fault).strip().split("\n")[0], where)[:200]
        raise DataError(message("source.database_failed", source=source.name, detail=detail)) from None


def _refuse_money(schema: pa.Schema, source: Source) -> None:
    """The type money comes as a whole number whose decimal places only the server knows."""
    kinds = {field.name: (field.metadata or {}).get(b"POSTGRESQL:type") for field in schema}
    for name, header in zip(kinds, source.renamed(list(kinds)), strict=True):
        if kinds[name] == b"money" and header in source.wanted:
            raise DataError(
                message(
                    "source.database_failed", source=source.name, detail=f"{name} is of type money: {name}::numeric"
                )
            )


def _storage(kind: pa.DataType) -> pa.DataType:
    if _is_told(kind):
        return pa.string()
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _stored(column: pa.Array) -> pa.Array:
    if _is_told(column.type):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _is_told(kind: pa.DataType) -> bool:
    """Kept as its text: Parquet has no such type, or one that is no text for people."""
    return isinstance(kind, pa.UuidType) or kind == pa.month_day_nano_interval()


def _without_secrets(detail: str, where: str) -> str:
    """What a server says, without any piece of the address' password (a badly written one is taken apart by the
    driver, and quoted in pieces), and without values of the data.
    """
    user = where.partition("://")[2].rpartition("@")[0]
    hidden = [user.partition(":")[2], *re.findall(r"(?i)passw(?:or)?d\s*=(.*)", where)]
    pieces = {piece for text in hidden for piece in re.split(r"[^\w.!$*+-]+", text) if piece}
    for piece in sorted(pieces, key=len, reverse=True):
        detail = re.sub(rf"(?<!\w){re.escape(piece)}(?!\w)", "…", detail)
    return re.sub(r'"[^"]*(?:@|\d{5})[^"]*"', '"…"', detail)
