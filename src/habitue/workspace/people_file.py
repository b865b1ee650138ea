"""The file of the people store, read as it lies."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

FILE_NAME = "people.db"


@contextmanager
def as_it_lies(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """A project's people store, neither copied nor changed by whoever reads it; None where there is none yet."""
    path = folder / FILE_NAME
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(path.absolute().as_uri() + "?mode=ro", uri=True)) as stored:
        yield stored
