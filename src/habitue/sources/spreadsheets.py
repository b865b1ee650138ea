"""Excel and OpenDocument sheets, read as the text a person sees."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from habitue.errors import DataError, message
from habitue.sources.declared import Source
from habitue.sources.headers import find_header, header_at, refuse_missing
from habitue.sources.text_files import into_table

SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
LARGEST_EXACT = 10**15


def _text(cell: Any) -> str:
    """A cell as text: whole numbers without point, dates as ISO, the rest as written."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) >= LARGEST_EXACT:
            return f"{cell:.5E}"  # fifteen digits are all a sheet keeps: the rest of the code is lost
        return str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)


def load(con: Any, path: Path, source: Source, into: str) -> tuple[int, tuple[str, ...]]:
    """Read a sheet into the DuckDB table `into` as text; return the header's line and names.

    Raises:
        DataError: the file cannot be opened, the sheet or a mapped header is not there, or the sheet is empty.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as fault:
        raise DataError(
            message("source.unreadable", source=source.name, file=path.name, detail=str(fault)[:200])
        ) from fault
    sheet_name = source.sheet or book.sheet_names[0]
    if sheet_name not in book.sheet_names:
        raise DataError(
            message("source.sheet_missing", file=path.name, sheet=sheet_name, existing=", ".join(book.sheet_names))
        )
    rows = [
        [_text(cell) for cell in row] for row in book.get_sheet_by_name(sheet_name).to_python(skip_empty_area=False)
    ]
    if not any(any(row) for row in rows):
        raise DataError(message("source.file_empty", source=source.name, file=path.name))
    if source.header_line is not None:
        if source.header_line > len(rows):
            raise DataError(message("source.no_header", source=source.name, file=path.name))
        header = header_at(rows, source.header_line - 1, source)
    else:
        header = find_header(rows[:60], source) or header_at(rows, 0, source)
    refuse_missing(source, path.name, header.names)
    start = header.position + 1
    into_table(con, into, header.names, range(start + 1, len(rows) + 1), rows[start:])
    return header.position + 1, header.names
