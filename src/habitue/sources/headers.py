"""Finding the header row of a table among title lines, by the headers the user has mapped."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from habitue.errors import DataError, message


def distinct(cells: Sequence[str]) -> tuple[str, ...]:
    """Header names, each once: a second `Email` becomes `Email (2)`, an empty one `column 3`."""
    seen: dict[str, int] = {}
    names = []
    for position, cell in enumerate(cells, start=1):
        name = cell.strip().strip("\ufeff") or f"column {position}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


@dataclass(frozen=True)
class Header:
    """The header row: its position among the rows given (0-based) and its distinct names."""

    position: int
    names: tuple[str, ...]


def score(cells: Sequence[str], wanted: Sequence[str]) -> int:
    """How many of the wanted headers a row of cells holds."""
    names = set(distinct(cells))
    return sum(header in names for header in wanted)


def find_header(rows: Sequence[Sequence[str]], wanted: Sequence[str]) -> Header | None:
    """The first row that holds most of the wanted headers; None if no row holds any."""
    best, best_score = None, 0
    for position, cells in enumerate(rows):
        found = score(cells, wanted)
        if found > best_score:
            best, best_score = position, found
    return None if best is None else Header(best, distinct(rows[best]))


def refuse_missing(source: str, file: str, wanted: Sequence[str], names: Sequence[str]) -> None:
    """Raise if a mapped header is not there, naming every missing one, its nearest neighbour and what exists.

    Raises:
        DataError: one message a missing header.
    """
    missing = [header for header in wanted if header not in names]
    if not missing:
        return
    folded = {name.casefold(): name for name in names}
    messages = []
    for header in missing:
        near = difflib.get_close_matches(header.casefold(), list(folded), n=1, cutoff=0.5)
        code = "source.column_missing_suggest" if near else "source.column_missing"
        messages.append(
            message(
                code,
                source=source,
                file=file,
                column=header,
                suggestion=folded[near[0]] if near else "",
                existing=", ".join(names),
            )
        )
    raise DataError(*messages)
