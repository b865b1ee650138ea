"""All that a file says, so that a search in it finds what is there."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq


def content(path: Path) -> str:
    """All that a file says, compressed or not."""
    raw = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".parquet":
        return raw + json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as database:
            return raw + "\n".join(database.iterdump())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return raw + "\n".join(archive.read(name).decode() for name in archive.namelist())
    return raw
