"""Files that hold a person and are not the workspace's: the project's input, and what was handed out. Never touched."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.errors import HabitueError, Message, message
from habitue.sources import databases, files
from habitue.sources.declared import Source
from habitue.sources.files import FoundFile
from habitue.sources.text_files import quoted
from habitue.workspace import catalogue, guards, keys, people, runs, staged
from habitue.workspace.engine import SPILL, engine

if TYPE_CHECKING:
    from habitue.workspace.runs import Workspace

OURS = frozenset({
    staged.FOLDER, runs.RUNS, people.FILE_NAME, catalogue.FILE_NAME, guards.LOCK, keys.FILE_NAME,
})  # fmt: skip
TELLING = ("source_customer_id", "email", "phone", "merged_into_id")
"""Canonical columns in which a whole cell tells who somebody is."""

LONG = 5
"""Characters from which a number is looked for in columns and files of unknown meaning: 17 may be anything."""


@dataclass(frozen=True)
class Holding:
    """A file, or a table of a database, with rows of the people asked for; `rows` is None if it cannot be read.

    `name` is a path from the project's folder, an absolute one, or the source of a table.
    """

    name: str
    rows: int | None


def holding(workspace: Workspace, written: Collection[str], told: Callable[[Message], None]) -> tuple[Holding, ...]:
    """Every source's files, and every other file in the project's folder, that hold one of the values.

    Names beginning with a dot are not looked at. In files of a source, cells of the columns mapped to numbers, e-mail
    addresses and telephone numbers are compared, and of columns without a meaning; elsewhere, words between marks.

    Args:
        workspace: the project.
        written: numbers, e-mail addresses and telephone numbers as written.
        told: hears what is being read.
    """
    values = frozenset(value.strip().lower() for value in written)
    found: list[Holding] = []
    seen: set[Path] = set()
    (workspace.folder / staged.FOLDER).mkdir(exist_ok=True)
    with TemporaryDirectory(prefix=SPILL, dir=workspace.folder / staged.FOLDER) as temporary:
        for source in workspace.settings.sources:
            try:
                for file in _files(workspace, source, Path(temporary)):
                    told(message("progress.looking", file=file.name))
                    seen.add(file.path.resolve())
                    name = source.name if source.database else _named(workspace, file.path)
                    found.append(Holding(name, _rows(workspace, source, file, values)))
            except HabitueError:
                found.append(Holding(source.name, None))
    long = frozenset(value for value in values if len(value) >= LONG)
    for path in _others(workspace.folder):
        if path.resolve() not in seen:
            told(message("progress.looking", file=path.name))
            found.append(Holding(_named(workspace, path), _lines_with(path, long)))
    return tuple(sorted((one for one in found if one.rows != 0), key=lambda one: one.name))


def _files(workspace: Workspace, source: Source, temporary: Path) -> Iterator[FoundFile]:
    if source.database:
        path = temporary / f"{source.name}.parquet"
        databases.snapshot(source, path)
        yield files.identify(path, source.name)
        return
    for path in files.find(workspace.folder, source):
        yield files.identify(path, source.name)


def _named(workspace: Workspace, path: Path) -> str:
    return str(path.relative_to(workspace.folder) if path.is_relative_to(workspace.folder) else path)


def _rows(workspace: Workspace, source: Source, file: FoundFile, values: frozenset[str]) -> int | None:
    """Rows of a source's file with one of the values; None if it cannot be read."""
    telling = {header for column in TELLING for header in source.headers(column)}
    with engine(workspace.settings.engine, workspace.folder / staged.FOLDER) as backend:
        try:
            raw = files.read(backend, file, source, "looked_at")
        except HabitueError:
            return None
        backend.con.register("asked", pa.table({"value": pa.array(sorted(values), pa.string())}))
        tests = []
        for name in raw.names:
            if name in telling or name not in source.wanted:
                cell = f"""lower(ltrim(regexp_replace(trim(CAST("{quoted(name)}" AS VARCHAR)), '\\.0$', ''), ''''))"""
                least = 0 if name in telling else LONG
                tests.append(f"{cell} IN (SELECT value FROM asked WHERE length(value) >= {least})")
        where = " OR ".join(tests) or "false"
        (count,) = backend.con.execute(f"SELECT count(*) FROM looked_at WHERE {where}").fetchone()
        refused = raw.rejects.value.to_pyarrow().to_pylist()
    return count + sum(_holds(line, values) for line in refused if line)


def _others(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name.removesuffix("-journal") in OURS:
            continue
        below = [path] if path.is_file() else sorted(path.rglob("*"))
        for file in below:
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts):
                yield file


def _lines_with(path: Path, values: frozenset[str]) -> int | None:
    """Lines of any file with one of the values as a word between marks; None if it cannot be read."""
    try:
        return sum(_holds(line, values) for line in _lines(path))
    except (OSError, pa.ArrowException, zipfile.BadZipFile):
        return None


def _holds(line: str, values: frozenset[str]) -> bool:
    words = re.split(r"[\t\r\n;,|\"'<>=(){}\[\]]+", line.lower())
    return any(word.strip() in values or not values.isdisjoint(word.split()) for word in words)


def _lines(path: Path) -> Iterator[str]:
    """The lines of a text, the rows of a Parquet file, the elements of what a workbook or an archive holds."""
    if path.suffix.lower() == ".parquet":
        for batch in pq.ParquetFile(path).iter_batches():
            for row in batch.to_pylist():
                yield "\t".join(str(value) for value in row.values())
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield from re.split("\n|</", archive.read(name).decode("utf-8", "replace"))
    else:
        with path.open("rb") as file:
            start = file.read(2)
        encoding = "utf-16" if start in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
        with path.open(encoding=encoding, errors="replace") as text:
            yield from text
