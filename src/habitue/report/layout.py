"""The pieces a document is made of: sections, charts with their tables, tables, lists and figures. No HTML here."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from habitue.workspace.tables import harmless

SIMULATED, ASSUMED = "simulated", "assumed"
"""Labels a figure or section can carry; each has its word and its shape."""


@dataclass(frozen=True)
class Column:
    """A column of a table; numbers stand to the right."""

    label: str
    is_number: bool = False


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a smaller second line, and a status ("good" or "bad") drawn before the word that says it.

    `segment` is the code of a strategic segment whose colour is shown before its name, `href` where the cell leads.
    """

    text: str
    under: str = ""
    status: str = ""
    segment: str = ""
    href: str = ""


@dataclass(frozen=True)
class Grid:
    """A table with its caption. The last `totals` rows are totals; `note` stands below.

    `table` names the published table its rows are made from, `where` the values of columns that pick them there,
    `limits` the least and the greatest value of columns. One that is personal is shown and never a file.
    """

    kind: ClassVar[str] = "grid"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: int = 0
    note: str = ""
    table: str = ""
    where: Sequence[tuple[str, str]] = ()
    limits: Sequence[tuple[str, str, str]] = ()
    is_personal: bool = False

    def csv_link(self) -> str:
        """The table as a CSV file inside a link (UTF-8 with BOM, so that spreadsheets read it rightly)."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=";")
        writer.writerow([column.label for column in self.columns])
        for row in self.rows:
            writer.writerow([harmless(cell.text) for cell in row])
        encoded = base64.b64encode(text.getvalue().encode("utf-8-sig")).decode("ascii")
        return "data:text/csv;charset=utf-8;base64," + encoded


@dataclass(frozen=True)
class Chart:
    """A chart: its title is the finding, its subtitle the measure, unit, period and population."""

    kind: ClassVar[str] = "chart"
    title: str
    subtitle: str
    wide: str
    narrow: str
    table: Grid
    file_name: str
    note: str = ""


@dataclass(frozen=True)
class Prose:
    """A paragraph. `is_empty_state` marks the sentence that stands where there is nothing to show.

    `anchor` is where to read on.
    """

    kind: ClassVar[str] = "prose"
    text: str
    is_empty_state: bool = False
    anchor: str = ""


@dataclass(frozen=True)
class Card:
    """A segment at a glance: name, what it is, figures with their labels, sentences, and what to do with it.

    `href` is where it opens; without it, its definition.
    """

    name: str
    segment: str
    anchor: str
    lead: str
    figures: Sequence[tuple[str, str]]
    sentences: Sequence[str]
    advice_label: str
    advice: str
    href: str = ""


@dataclass(frozen=True)
class Cards:
    """Cards side by side."""

    kind: ClassVar[str] = "cards"
    cards: Sequence[Card]


@dataclass(frozen=True)
class Item:
    """Something that needs attention: how much (a word and a shape), what, and where to read on.

    `anchor` is a section or a term, `more` the words of a link to `href`.
    """

    level: str
    text: str
    anchor: str = ""
    more: str = ""
    href: str = ""


@dataclass(frozen=True)
class Items:
    """A list of things that need attention."""

    kind: ClassVar[str] = "items"
    items: Sequence[Item]


@dataclass(frozen=True)
class Facts:
    """Names and values under one another."""

    kind: ClassVar[str] = "facts"
    entries: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean; each can be linked to."""

    kind: ClassVar[str] = "definitions"
    entries: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Figure:
    """A key figure: value, change in words, definition, and where its rows are.

    `code` names its lineage; a figure without one opens `href` instead.
    """

    label: str
    value: str
    change: str
    definition: str
    anchor: str
    labels: Sequence[str] = ()
    code: str = ""
    interval: str = ""
    href: str = ""


@dataclass(frozen=True)
class Heading:
    """A column of a list: its words, the address that sorts by it ("" if it cannot), and how it is sorted now."""

    label: str
    is_number: bool = False
    href: str = ""
    sorted: str = ""
    """ascending, descending or "" (not by it)."""


@dataclass(frozen=True)
class Listing:
    """One page of a long list: where it begins, how many there are, where to go on, its files."""

    kind: ClassVar[str] = "listing"
    caption: str
    headings: Sequence[Heading]
    rows: Sequence[Sequence[Cell]]
    first: int
    total: int
    previous: str = ""
    following: str = ""
    files: Sequence[tuple[str, str]] = ()
    empty: str = ""
    total_row: Sequence[Cell] = ()
    """A last row over all rows there are, not only those of the page."""


@dataclass(frozen=True)
class Chips:
    """Conditions that hold, each with the address without it: what it says, where it leads, what that does."""

    kind: ClassVar[str] = "chips"
    lead: str
    chips: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Link:
    """Where to go on from here: words and an address. The one action a page is for is primary."""

    kind: ClassVar[str] = "link"
    text: str
    href: str
    is_primary: bool = False


@dataclass(frozen=True)
class Form:
    """What a reader can decide here: the address it is sent to, what goes along, a button for each decision.

    `label` says what is decided, `agree` is a box to tick first; with a `summary` all of it stands behind that line.
    Without an address it is shown and cannot be sent.
    """

    kind: ClassVar[str] = "form"
    label: str
    action: str
    fields: Sequence[tuple[str, str]]
    buttons: Sequence[tuple[str, str]]
    agree: str = ""
    summary: str = ""


@dataclass(frozen=True)
class Sample:
    """A part of pages that stands around their sections, shown inside one: `part` names it, `of` is what it shows."""

    kind: ClassVar[str] = "sample"
    part: str
    of: object = None


Plain = Grid | Listing | Chart | Prose | Link | Items | Facts | Chips | Definitions | Cards | Form | Sample


@dataclass(frozen=True)
class Fold:
    """Blocks behind a line that opens them. A document prints them in full, a page as it stands."""

    kind: ClassVar[str] = "fold"
    summary: str
    blocks: Sequence[Plain]


Block = Plain | Fold


@dataclass(frozen=True)
class Section:
    """A part of a document, with an answer before its details.

    A folded one shows its title and its finding on a page; a click, or a link to it, opens the rest.
    """

    anchor: str
    title: str
    blocks: Sequence[Block]
    labels: Sequence[str] = field(default_factory=tuple)
    is_folded: bool = False

    @property
    def finding(self) -> str:
        """What its first block finds, in words."""
        first = self.blocks[0]
        return first.title if isinstance(first, Chart) else first.text if isinstance(first, Prose) else ""


def cells(*texts: str) -> list[Cell]:
    """A row of plain cells."""
    return [Cell(text) for text in texts]


def definition_anchor(code: str) -> str:
    """Where the term of a code stands among the definitions."""
    return f"def-{code.rpartition('.')[2].replace('_', '-')}"
