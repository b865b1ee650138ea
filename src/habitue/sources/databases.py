"""Tables and queries of a PostgreSQL database, copied once into a Parquet file."""

from __future__ import annotations

import os
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
        return source.query
    parts = (source.table or "").split(".")
    return "SELECT * FROM " + ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def snapshot(source: Source, path: Path) -> None:
    """Copy the rows of a source into a Parquet file (numerics as exact text).

    Raises:
        DataError: the database cannot be reached, or refuses the query.
    """
    import adbc_driver_manager
    import adbc_driver_postgresql.dbapi as postgresql

    try:
        with postgresql.connect(address(source)) as connection, connection.cursor() as cursor:
            cursor.execute(statement(source))
            reader = cursor.fetch_record_batch()
            schema = pa.schema([pa.field(field.name, _storage(field.type)) for field in reader.schema])
            with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                for batch in reader:
                    columns = [_stored(column) for column in batch.columns]
                    writer.write_batch(pa.record_batch(columns, schema=schema))
    except adbc_driver_manager.Error as fault:
        raise DataError(message("source.database_failed", source=source.name, detail=_first_line(fault))) from fault


def _storage(kind: pa.DataType) -> pa.DataType:
    return kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind


def _stored(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _first_line(fault: Exception) -> str:
    return str(fault).strip().split("\n")[0][:200]
