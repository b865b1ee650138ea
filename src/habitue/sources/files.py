"""The files of a source and the raw table each of them holds."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir

from habitue.errors import DataError, message
from habitue.sources import spreadsheets, text_files
from habitue.sources.declared import Source
from habitue.sources.headers import distinct, refuse_missing
from habitue.sources.text_files import quoted

BLOCK = 4 * 1024 * 1024
ID_LENGTH = 16
DATE_IN_NAME = re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])(?:[-_.]?(0[1-9]|[12]\d|3[01]))?(?!\d)")
DIRECTIVES = {"%Y": r"(?P<Y>\d{4})", "%m": r"(?P<m>\d{2})", "%d": r"(?P<d>\d{2})", "%y": r"(?P<y>\d{2})"}


@dataclass(frozen=True)
class FoundFile:
    """A file of a source, known by `file_id`: the start of the SHA-256 of its source's name and its bytes.

    `lines` counts its line ends.
    """

    path: Path
    name: str
    size: int
    modified_at: float
    file_id: str
    lines: int


@dataclass(frozen=True)
class RawTable:
    """What a file holds: an Ibis table with `row_number` and the file's own columns, and how it was read."""

    table: ir.Table
    rejects: ir.Table
    encoding: str | None
    delimiter: str | None
    header_line: int | None
    names: tuple[str, ...]


def find(folder: Path, source: Source) -> list[Path]:
    """Files of a source's names and patterns, below `folder` unless absolute, each once, in the order of their paths.

    Raises:
        DataError: a pattern matches no file.
    """
    found: dict[Path, None] = {}
    faults = []
    for pattern in source.files:
        root = Path(pattern)
        if (folder / root).is_file():  # a name may have brackets
            matches = [folder / root]
        elif root.is_absolute():
            matches = sorted(Path(root.anchor).glob(str(root.relative_to(root.anchor))))
        else:
            matches = sorted(folder.glob(pattern))
        files = [p for p in matches if p.is_file() and not p.name.startswith(("~$", "."))]
        if not files:
            where = root.parent if root.is_absolute() else folder / root.parent
            near = sorted(filter(_is_export, where.iterdir()))[:10] if where.is_dir() else []
            code = "source.no_file_matches_near" if near else "source.no_file_matches"
            faults.append(
                message(
                    code,
                    source=source.name,
                    pattern=pattern,
                    folder=str(where),
                    near=", ".join(path.name for path in near),
                )
            )
        found.update(dict.fromkeys(files))
    if faults:
        raise DataError(*faults)
    return list(found)


def _is_export(path: Path) -> bool:
    """A file that could be somebody's export, not one of the project's own."""
    return path.is_file() and not path.name.startswith(".") and path.suffix not in (".db", ".toml")


def identify(path: Path, source: str, name: str | None = None) -> FoundFile:
    """Read a file once to know it, within its source, by its content."""
    digest, lines, last = hashlib.sha256(source.encode() + b"\0"), 0, b""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
            last = block[-1:]
    if last not in (b"\n", b""):
        lines += 1
    stat = path.stat()
    return FoundFile(path, name or path.name, stat.st_size, stat.st_mtime, digest.hexdigest()[:ID_LENGTH], lines)


def date_in_name(name: str, pattern: str | None) -> date | None:
    """The date of an export by its file name: by the stated pattern (``sales_%d%m%Y``), else the last
    ``2024-05-31``, ``20240531`` or ``2024-05`` in it; None if there is none.
    """
    if pattern is None:
        found = None
        for match in DATE_IN_NAME.finditer(name):
            with suppress(ValueError):
                found = date(int(match[1]), int(match[2]), int(match[3] or 1))
        return found
    regex = re.escape(pattern)
    for directive, group in DIRECTIVES.items():
        regex = regex.replace(re.escape(directive), group)
    match = re.search(regex.replace(r"\*", ".*"), name)
    if not match:
        return None
    parts = match.groupdict()
    year = int(parts["Y"]) if parts.get("Y") else 2000 + int(parts.get("y") or 0)
    try:
        return date(year, int(parts.get("m") or 1), int(parts.get("d") or 1))
    except ValueError:
        return None


def read(backend: Any, found: FoundFile, source: Source, into: str) -> RawTable:
    """Read one file into its raw table on a DuckDB backend of Ibis.

    Raises:
        DataError: the file is empty, cannot be opened or decoded, or lacks a mapped column.
    """
    con, suffix = backend.con, found.path.suffix.lower()
    encoding = delimiter = header_line = None
    if suffix == ".parquet":
        names = _load_parquet(con, found, source, into)
    elif suffix in spreadsheets.SUFFIXES:
        header_line, names = spreadsheets.load(con, found.path, source, into)
    else:
        layout = text_files.look(found.path, source)
        one_byte_lines = not codecs.lookup(layout.encoding).name.startswith("utf-16")
        text_files.load(con, found.path, layout, into, found.lines if one_byte_lines else None)
        encoding, delimiter, header_line, names = layout.encoding, layout.delimiter, layout.header_line, layout.names
    return RawTable(backend.table(into), backend.table(f"{into}_rejects"), encoding, delimiter, header_line, names)


def _load_parquet(con: Any, found: FoundFile, source: Source, into: str) -> tuple[str, ...]:
    path = str(found.path).replace("'", "''")
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()
    except duckdb.Error as fault:
        raise DataError(
            message("source.unreadable", source=source.name, file=found.name, detail=str(fault).split("\n")[0][:200])
        ) from fault
    written = [row[0] for row in described]
    names = source.renamed(distinct(written))
    chosen = ", ".join(f'"{quoted(one)}" AS "{quoted(name)}"' for one, name in zip(written, names, strict=True))
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {into} AS SELECT file_row_number + 1 AS row_number, {chosen} "
        f"FROM read_parquet('{path}', file_row_number=true)"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into}_rejects (row_number BIGINT, reason VARCHAR, value VARCHAR)")
    refuse_missing(source, found.name, names)
    return names


@dataclass(frozen=True)
class ExportOrder:
    """Rank of each file among the exports of its source (higher is later), and what decided it."""

    ranks: dict[str, int]
    decided_by: str


def export_order(files: Sequence[FoundFile], latest_at: dict[str, datetime | None], pattern: str | None) -> ExportOrder:
    """Order the exports of one source: by the date in their names if all have one, else by the latest date inside
    if all have one, else by the files' times; what is equal goes on to the next, at last to the content's digest.

    Args:
        files: the files of one source.
        latest_at: latest moment in each file, by file id.
        pattern: the stated pattern of dates in file names, if any.
    """
    named = {f.file_id: date_in_name(f.name, pattern) for f in files}
    by_name = all(named.values())
    by_content = all(latest_at.get(f.file_id) for f in files)

    def rank(file: FoundFile) -> tuple[Any, ...]:
        return (
            named[file.file_id] if by_name else date.min,
            latest_at[file.file_id] if by_content else datetime.min,
            file.modified_at,
            file.file_id,
        )

    ordered = sorted(files, key=rank)
    decided = "file_name" if by_name else "latest_date" if by_content else "file_time"
    return ExportOrder({file.file_id: place for place, file in enumerate(ordered)}, decided)


def unique(files: Sequence[FoundFile]) -> Iterator[FoundFile]:
    """Files of distinct content, the first of each."""
    seen: set[str] = set()
    for file in files:
        if file.file_id not in seen:
            seen.add(file.file_id)
            yield file
