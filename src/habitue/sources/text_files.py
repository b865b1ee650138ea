"""CSV as the world writes it: encodings, separators, title lines, rows that do not fit."""

from __future__ import annotations

import codecs
import csv
import io
import string
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from habitue.errors import DataError, message
from habitue.sources.declared import Source
from habitue.sources.headers import Header, find_header, header_at, refuse_missing, score

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_BYTES = 256 * 1024
BLOCK = 4 * 1024 * 1024
MOST_LINES_IN_A_CELL = 50
LONGEST_LINE = 8_000_000
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Letters that Russian text is mostly made of, and accented letters that Western text is mostly made of.
RUSSIAN = frozenset("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёОЕАИНТСРВЛКМДПУЯЫЬГЗБЧЙХЖШЮЦЩЭФЪЁ№")
WESTERN = frozenset("éèêëàâäçîïôöûüùœæñáíóúßÉÈÊËÀÂÄÇÎÏÔÖÛÜÙŒÆÑÁÍÓÚ€’‘“”«»–—°")
ASCII_LETTERS = frozenset(string.ascii_letters)


@dataclass(frozen=True)
class Layout:
    """How a text file is written. `header_line` and data lines are counted from 1."""

    encoding: str
    delimiter: str
    header_line: int
    names: tuple[str, ...]


def guess_encoding(path: Path) -> str:
    """Encoding by byte-order mark, else UTF-8 if the whole file is, else cp1251 or cp1252 by its letters.

    Russian letters stand beside one another, accented Western ones beside plain ones.
    """
    with path.open("rb") as file:
        start = file.read(4)
        for mark, name in BOMS:
            if start.startswith(mark):
                return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        odd = b""
        try:
            while block := file.read(BLOCK):
                if b"\0" in block[:1024] and not odd:
                    return "utf-16-le" if block[1:1024:2].count(0) > block[:1024:2].count(0) else "utf-16-be"
                decoder.decode(block)
                odd = b"-"
            decoder.decode(b"", final=True)
            return "utf-8"
        except UnicodeDecodeError:
            file.seek(0)
            high = bytearray()
            while (block := file.read(BLOCK)) and len(high) < SAMPLE_BYTES:
                high += block
    russian = _beside(bytes(high).decode("cp1251", "replace"), RUSSIAN, RUSSIAN)
    western = _beside(bytes(high).decode("cp1252", "replace"), WESTERN, ASCII_LETTERS)
    return "cp1251" if russian > western else "cp1252"


def _beside(text: str, letters: frozenset[str], neighbours: frozenset[str]) -> tuple[int, int]:
    """How many of the letters stand beside one of the neighbours, and how many there are."""
    around = zip(" " + text, text, text[1:] + " ", strict=False)
    found = [before in neighbours or after in neighbours for before, letter, after in around if letter in letters]
    return sum(found), len(found)


def _sample(path: Path, encoding: str) -> str:
    """The first lines of a file; a last cut line is left out.

    Raises:
        LookupError: there is no such encoding.
        UnicodeError: it does not begin as the encoding does.
    """
    with path.open("rb") as file:
        raw = file.read(SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(raw)
    return text if len(raw) < SAMPLE_BYTES else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def _rows(text: str, delimiter: str, most: int = 60) -> tuple[list[list[str]], list[int]]:
    """The first rows of a text and the line each of them ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    rows, lines = [], []
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
            if len(rows) == most:
                break
    except csv.Error:
        pass  # the rows read so far are enough to find a header
    return rows, lines


def look(path: Path, source: Source) -> Layout:
    """Find out how a text file is written; what the user stated is taken as stated.

    Raises:
        DataError: the file is empty, the stated encoding cannot be, or a mapped header is not in the file.
    """
    encoding = source.encoding or guess_encoding(path)
    try:
        text = _sample(path, encoding)
    except (LookupError, UnicodeError) as fault:
        raise _encoding_wrong(path, encoding, fault) from fault
    if not text.strip():
        raise DataError(message("source.file_empty", source=source.name, file=path.name))
    best: tuple[tuple[int, int, int], str, Header, int] | None = None
    for delimiter in (source.delimiter,) if source.delimiter else DELIMITERS:
        rows, lines = _rows(text, delimiter)
        if source.header_line is not None:
            at = [i for i, line in enumerate(lines) if line == source.header_line]
            header = header_at(rows, at[0], source) if at else None
        else:
            header = find_header(rows, source)
            if header is None and rows:
                widest = max(range(len(rows)), key=lambda i: len(rows[i]))
                header = header_at(rows, widest, source)
        if header is None:
            continue
        fitting = sum(len(row) <= len(header.names) for row in rows[header.position + 1 :])
        rank = (score(header.names, source), len(header.names), fitting)
        if best is None or rank > best[0]:
            best = (rank, delimiter, header, lines[header.position])
    if best is None:
        raise DataError(message("source.no_header", source=source.name, file=path.name))
    _, delimiter, header, line = best
    refuse_missing(source, path.name, header.names)
    return Layout(encoding, delimiter, line, header.names)


@contextmanager
def _as_utf8(path: Path, encoding: str, beside: str | None) -> Iterator[Path]:
    """The file in UTF-8: itself, or a transcoded copy, in a folder `beside`, that is deleted afterwards.

    Raises:
        DataError: the bytes are not valid in that encoding.
    """
    if encoding in ("utf-8", "utf-8-sig"):
        yield path
        return
    with TemporaryDirectory(prefix="habitue-", dir=beside) as folder:
        copy = Path(folder) / "utf8.csv"
        try:
            with (
                path.open(encoding=encoding, newline="") as read,
                copy.open("w", encoding="utf-8", newline="") as write,
            ):
                while block := read.read(BLOCK):
                    write.write(block)
        except UnicodeError as fault:
            raise _encoding_wrong(path, encoding, fault) from fault
        yield copy


def _encoding_wrong(path: Path, encoding: str, fault: Exception) -> DataError:
    return DataError(message("source.encoding_wrong", file=path.name, encoding=encoding, detail=str(fault)))


def load(con: Any, path: Path, layout: Layout, into: str, lines: int | None) -> None:
    """Read a text file into the DuckDB table `into`, every column as text, plus `row_number` (line in the file).

    The engine's reader is used when it agrees with the plain count of lines (`lines`, None if unknown); a file with
    line breaks in quotes, blank or short lines, too many cells or broken quotes is read line by line instead, so
    that each row keeps its line number and nothing is lost. Rows that do not fit go to `<into>_rejects`
    (row_number, reason, value). A transcoded copy lies in the folder the engine spills into, if there is one.

    Raises:
        DataError: the bytes are not valid in the encoding.
    """
    (spill,) = con.execute("SELECT current_setting('temp_directory')").fetchone()
    with _as_utf8(path, layout.encoding, spill if spill and Path(spill).is_dir() else None) as utf8:
        if lines is None or not _load_plain(con, utf8, layout, into, lines):
            try:
                _load_by_line(con, utf8, layout, into)
            except UnicodeDecodeError as fault:
                raise _encoding_wrong(path, layout.encoding, fault) from fault


def _load_plain(con: Any, path: Path, layout: Layout, into: str, lines: int) -> bool:
    columns = {f"c{i}": "VARCHAR" for i in range(len(layout.names))}
    try:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {into}_text AS SELECT * FROM read_csv(?, delim=?, quote='\"', "
            f"escape='\"', header=false, skip=?, auto_detect=false, columns={columns!r}, strict_mode=true, "
            f"max_line_size={LONGEST_LINE})",
            [str(path), layout.delimiter, layout.header_line],
        )
    except duckdb.IOException:
        raise
    except duckdb.Error:
        return False
    (rows,) = con.execute(f"SELECT count(*) FROM {into}_text").fetchone()
    if rows != lines - layout.header_line:
        return False
    renamed = ", ".join(f'c{i} AS "{quoted(name)}"' for i, name in enumerate(layout.names))
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {into} AS SELECT rowid + {layout.header_line + 1} AS row_number, {renamed} "
        f"FROM {into}_text"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into}_rejects (row_number BIGINT, reason VARCHAR, value VARCHAR)")
    return True


def _records(path: Path, layout: Layout) -> Iterator[tuple[int, list[str] | None, str]]:
    """Records after the header: line number, cells (None if the line cannot be read), text of the line."""
    with path.open(encoding="utf-8-sig", newline=None) as file:
        lines = file.readlines()
    at = layout.header_line
    while at < len(lines):
        cells, taken = _record(lines, at, layout)
        yield at + 1, cells, lines[at]
        at += taken


def _record(lines: Sequence[str], at: int, layout: Layout) -> tuple[list[str] | None, int]:
    """Cells of the record that begins on a line (None if it cannot be read), and how many lines it takes.

    A quoted cell may go on over lines; one that does not close properly spoils the line it stands on only.
    """
    if '"' not in lines[at]:
        return _cells(lines[at : at + 1], layout.delimiter, strict=False)
    cells, taken = _cells(lines[at : at + MOST_LINES_IN_A_CELL], layout.delimiter, strict=True)
    if cells is not None and (taken == 1 or len(cells) <= len(layout.names)):
        return cells, taken
    if lines[at].count('"') % 2:
        return None, 1
    return _cells(lines[at : at + 1], layout.delimiter, strict=False)[0], 1


def _cells(lines: Sequence[str], delimiter: str, *, strict: bool) -> tuple[list[str] | None, int]:
    """Cells of the first record of some lines, and how many lines it takes; None if a quote stays open.

    Strict: None as well if something follows a closing quote.
    """
    is_open = False

    def given() -> Iterator[str]:
        nonlocal is_open
        yield from lines
        is_open = True

    reader = csv.reader(given(), delimiter=delimiter, skipinitialspace=True, strict=strict)
    try:
        cells = next(reader, [])
    except csv.Error:
        return None, 1
    return (None, 1) if is_open else (cells, reader.line_num)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Cells may be as long as the engine's reader allows while this lasts."""
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _load_by_line(con: Any, path: Path, layout: Layout, into: str) -> None:
    width = len(layout.names)
    numbers, kept, rejects = [], [], []
    with _long_cells():
        for number, cells, text in _records(path, layout):
            if cells is None:
                rejects.append((number, "malformed_row", text[:200].rstrip()))
            elif any(cell.strip() for cell in cells[width:]):
                rejects.append((number, "too_many_fields", text[:200].rstrip()))
            else:
                numbers.append(number)
                kept.append(cells[:width] + [""] * (width - len(cells)))
    into_table(con, into, layout.names, numbers, kept)
    con.executemany(f"INSERT INTO {into}_rejects VALUES (?, ?, ?)", rejects) if rejects else None


def into_table(
    con: Any, into: str, names: Sequence[str], numbers: Sequence[int], rows: Sequence[Sequence[str]]
) -> None:
    """Put rows of text cells (null where empty) into the DuckDB table `into`, and an empty `<into>_rejects`."""
    columns = list(zip(*rows, strict=True)) if rows else [[] for _ in names]
    texts = (pa.array([cell or None for cell in column], pa.string()) for column in columns)
    arrays = [pa.array(numbers, pa.int64()), *texts]
    table = pa.table(arrays, names=["row_number", *names])
    con.register("arriving_rows", table)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT * FROM arriving_rows")
    con.unregister("arriving_rows")
    con.execute(f"CREATE OR REPLACE TEMP TABLE {into}_rejects (row_number BIGINT, reason VARCHAR, value VARCHAR)")


def quoted(name: str) -> str:
    """A name with its double quotes doubled, for use inside an SQL identifier."""
    return name.replace('"', '""')
