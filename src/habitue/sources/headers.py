"""Finding the header row of a table among title lines, by the headers the user has mapped."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from habitue.errors import DataError, message
from habitue.sources.declared import Source
from habitue.sources.presets import recognised


def distinct(cells: Sequence[str]) -> tuple[str, ...]:
    """Header names, each once, capitals aside: a second `Email` becomes `Email (2)`, an empty one `column 3`.

    `row_number` is a column of our own: one of the file's becomes `row_number (2)`.
    """
    taken = {"row_number"}
    names = []
    for position, cell in enumerate(cells, start=1):
        name = first = cell.strip().strip("\ufeff") or f"column {position}"
        place = 2
        while name.casefold() in taken:
            name, place = f"{first} ({place})", place + 1
        taken.add(name.casefold())
        names.append(name)
    return tuple(names)


@dataclass(frozen=True)
class Header:
    """The header row: its position among the rows given (0-based) and its distinct names."""

    position: int
    names: tuple[str, ...]


def header_at(rows: Sequence[Sequence[str]], position: int, source: Source) -> Header:
    """The row at a position taken as the header."""
    return Header(position, source.renamed(distinct(rows[position])))


def score(names: Sequence[str], source: Source) -> int:
    """How many of the mapped headers are among names."""
    return sum(header in names for header in source.wanted)


def find_header(rows: Sequence[Sequence[str]], source: Source) -> Header | None:
    """The first row that holds most of the mapped headers; None if no row holds any."""
    best, best_score = None, 0
    for position in range(len(rows)):
        header = header_at(rows, position, source)
        found = score(header.names, source)
        if found > best_score:
            best, best_score = header, found
    return best


def refuse_missing(source: Source, file: str, names: Sequence[str]) -> None:
    """Raise if a mapped header is not there and not optional, naming every missing one and what exists.

    Raises:
        DataError: one message a missing header, with its nearest neighbour; of a known export one message in all, with
            the known exports that such headers are those of.
    """
    missing = [header for header in source.wanted if header not in names and header not in source.optional]
    if not missing:
        return
    existing = _told(names)
    if source.preset:
        fitting = [name for name in recognised(names) if name != source.preset]
        raise DataError(
            message(
                "preset.columns_missing_suggest" if fitting else "preset.columns_missing",
                source=source.name,
                preset=source.preset,
                file=file,
                columns=", ".join(missing),
                existing=", ".join(existing),
                fitting=", ".join(fitting),
            )
        )
    folded = {name.casefold(): name for name in existing}
    messages = []
    for header in missing:
        near = difflib.get_close_matches(header.casefold(), list(folded), n=1, cutoff=0.5)
        code = "source.column_missing_suggest" if near else "source.column_missing"
        messages.append(
            message(
                code,
                source=source.name,
                file=file,
                column=header,
                suggestion=folded[near[0]] if near else "",
                existing=", ".join(existing),
            )
        )
    raise DataError(*messages)


def _told(names: Sequence[str]) -> list[str]:
    """Headers for a message, unless one looks like a value: a file without headers has somebody's data there."""
    is_data = any(re.search(r"@|\d{5}|^[\d\s.,:/+-]*\d[\d\s.,:/+-]*$", name) for name in names)
    return ["…" if is_data else name for name in names]
