"""Tables as files: CSV, Excel's CSV and workbooks, JSON, Parquet, and a plain table for the terminal."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.errors import UsageError, message
from habitue.report.locale import SHARE, Exact, Words
from habitue.report.reasons import worded
from habitue.report.stored import is_number
from habitue.workspace.guards import disk_faults
from habitue.workspace.tables import in_major_units, without_formulas

TERMINAL_ROWS = 20
WIDEST_CELL = 40
MOST_SHEET_ROWS = 1_048_576
"""What a sheet of Excel holds, its head included."""

FIRST_YEAR = 1900
"""Excel has no dates before it: they stand as texts."""

ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Shown:
    """A table as a page shows it: columns of mixed values under their headings."""

    column_names: Sequence[str]
    rows: Sequence[Sequence[Any]]


def written(
    table: pa.Table,
    name: str,
    currency: str,
    format: str,
    *,
    excel: bool,
    limit: int | None,
    words: Words,
    to_terminal: bool,
) -> bytes:
    """A table in the bytes of a format. Amounts are decimals, except in Parquet (whole minor units).

    Args:
        table: as `Project.show` gives it.
        name: its name.
        currency: the home currency.
        format: table, csv, json, parquet or xlsx.
        excel: `;`, byte-order mark, decimal comma, formulas made harmless.
        limit: rows at most (a table in the terminal: 20; its fractions to four digits).
        words: the reader's words.
        to_terminal: the terminal shows the first rows only.
    """
    total = table.num_rows
    most = limit or (TERMINAL_ROWS if format == "table" and to_terminal else total)
    table = table.slice(0, most)
    if format == "parquet":
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        return sink.getvalue().to_pybytes()
    table = typed(table, name, currency, words)
    if format == "csv":
        return b"".join(text([without_formulas(table) if excel else table], excel=excel))
    if format == "xlsx":
        return workbook([table], table.num_rows)
    if format == "json":
        return _json(table).encode()
    lines = text_table(
        table.column_names,
        [[f"{v:.4g}" if isinstance(v, float) else _shown(v) for v in row.values()] for row in table.to_pylist()],
        [is_number(field) for field in table.schema],
    )
    if total > most:
        lines.append(words.text("cli.show.more", shown=most, count=total))
    if total == 0:
        lines.append(words.text("cli.show.empty"))
    return ("\n".join(lines) + "\n").encode()


def typed(table: pa.Table, name: str, currency: str, words: Words) -> pa.Table:
    """A published table as it is handed out: reasons in words, amounts as decimals of their currency."""
    return in_major_units(worded(table, name, words, currency), name, currency)


def text_table(headers: list[str], rows: list[list[str]], right: list[bool]) -> list[str]:
    """Lines of a plain table: columns aligned, long cells cut with an ellipsis."""
    cut = [[c if len(c) <= WIDEST_CELL else c[: WIDEST_CELL - 1] + "…" for c in row] for row in rows]
    widths = [max([len(header), *(len(row[i]) for row in cut)]) for i, header in enumerate(headers)]

    def line(cells: list[str]) -> str:
        placed = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
        return "  ".join(placed).rstrip()

    return [line(headers), "  ".join("-" * width for width in widths), *(line(row) for row in cut)]


def write(path: Path, content: bytes) -> None:
    """Write a file, with a clear error if the disk refuses."""
    with disk_faults(path.parent):
        path.write_bytes(content)


def workbook(parts: Iterable[pa.Table | Shown], count: int) -> bytes:
    """A table as an Excel workbook: numbers and dates as such, texts never as formulas or links.

    A text that carries its value (`Exact`) is a number in its manner.

    Args:
        parts: the table, in one part or several.
        count: its rows.

    Raises:
        UsageError: more rows than a sheet holds.
    """
    import xlsxwriter

    if count >= MOST_SHEET_ROWS:
        raise UsageError(message("exports.too_many_rows", count=count, most=MOST_SHEET_ROWS - 1))
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"constant_memory": True})
    try:
        sheet = book.add_worksheet()
        head, day, moment = (
            book.add_format(how)
            for how in ({"bold": True}, {"num_format": "yyyy-mm-dd"}, {"num_format": "yyyy-mm-dd hh:mm:ss"})
        )
        manner = cache(lambda pattern: book.add_format({"num_format": pattern}))
        sheet.freeze_panes(1, 0)
        number = 0
        for place, part in enumerate(parts):
            if place == 0:
                for at, column in enumerate(part.column_names):
                    sheet.write_string(0, at, column, head)
            for row in _rows(part):
                number += 1
                for at, value in enumerate(row):
                    if value is None:
                        continue
                    exact, value = (value, value.value) if isinstance(value, Exact) else (None, value)
                    if isinstance(value, bool):
                        sheet.write_boolean(number, at, value)
                    elif isinstance(value, Decimal | float | int):
                        if math.isfinite(value):
                            sheet.write_number(number, at, float(value), manner(_pattern(exact)) if exact else None)
                    elif isinstance(value, date) and value.year >= FIRST_YEAR:
                        is_moment = isinstance(value, datetime)
                        sheet.write_datetime(number, at, value, moment if is_moment else day)  # pyright: ignore
                    elif sheet.write_string(number, at, _shown(value)) != 0:
                        raise UsageError(message("exports.long_text", column=part.column_names[at]))
    finally:
        book.close()
    return sink.getvalue()


def _pattern(shown: Exact) -> str:
    """How a spreadsheet shows a number: a share in percent, an amount with the places of its currency."""
    if shown.unit == SHARE:
        return "0.0%"
    if isinstance(shown.value, int):
        return "#,##0"
    places = -int(shown.value.as_tuple().exponent) if isinstance(shown.value, Decimal) else 2
    return "#,##0" + ("." + "0" * places if places > 0 else "")


def text(parts: Iterable[pa.Table | Shown], *, excel: bool) -> Iterator[bytes]:
    """A table, in one part or several, as CSV; for Excel with `;`, byte-order mark and decimal comma."""
    for place, part in enumerate(parts):
        told = io.StringIO(newline="")
        writer = csv.writer(told, delimiter=";" if excel else ",", lineterminator="\r\n" if excel else "\n")
        if place == 0:
            writer.writerow(part.column_names)
        for row in _rows(part):
            # A carriage return in a cell is a line end to readers, and not quoted by Python before 3.13.
            cells = ["" if value is None else _shown(value).replace("\r\n", "\n").replace("\r", "\n") for value in row]
            if excel:
                cells = [
                    c.replace(".", ",") if isinstance(v, Decimal | float) else c
                    for c, v in zip(cells, row, strict=True)
                ]
            writer.writerow(cells)
        yield told.getvalue().encode("utf-8-sig" if excel and place == 0 else "utf-8")


def _rows(table: pa.Table | Shown) -> Iterator[Sequence[Any]]:
    """Rows in Python's values."""
    if isinstance(table, Shown):
        yield from table.rows
        return
    for batch in table.to_batches(max_chunksize=ROWS_AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _json(table: pa.Table) -> str:
    """Rows as objects; decimals as exact numbers, what is no number as null."""
    names = [json.dumps(name, ensure_ascii=False) for name in table.column_names]
    rows = (
        ",\n".join(f"  {name}: {_json_value(value)}" for name, value in zip(names, row, strict=True))
        for row in _rows(table)
    )
    told = ",\n".join(f" {{\n{row}\n }}" for row in rows)
    return f"[\n{told}\n]\n" if told else "[]\n"


def _json_value(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
