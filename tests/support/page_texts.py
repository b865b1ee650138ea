"""What a page says to a reader, and what the tables behind it say."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import duckdb

from habitue.project import Project


def text(html: str) -> str:
    """What a reader reads: without tags, spaces made one."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def told(project: Project, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """An answer over the Parquet files of the last run."""
    folder = project.workspace.run_folder(project.workspace.runs()[-1])
    tables = re.sub(r"\{(\w+)\}", lambda found: f"read_parquet('{folder / found[1]}.parquet')", sql)
    return duckdb.execute(tables, list(values)).fetchall()
