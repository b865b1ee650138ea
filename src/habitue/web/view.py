"""What a page sees of a request: the project, the run, the words, the filters in the address, and how to link."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import pyarrow as pa
import pyarrow.compute as pc

from habitue.errors import Message, UsageError, message
from habitue.project import Project
from habitue.report.context import Context
from habitue.report.layout import Block, Column, Figure, Section
from habitue.report.locale import Words
from habitue.schemas import STORES
from habitue.workspace.catalogue import Run
from habitue.workspace.conditions import IS, Condition
from habitue.workspace.published import Published

FILTERS = {"population": "population", "store": "store_id", "sales_channel": "sales_channel"}
"""Filters of the address and the columns they pick rows by."""

SEARCH, NUMBERS = "q", "numbers"
PERSONAL = frozenset({SEARCH, NUMBERS})
"""What an address asks for by a customer's number, or to see numbers: such contents are made anew each time."""

MOST_SAID = 100
"""Messages that are kept for readers of a project."""

PERIOD = "period"
RUN = "run"


class Said:
    """What was said of what a reader did, for the page they are led to; the oldest go first. Gone with the server."""

    def __init__(self) -> None:
        self._said: dict[str, Message] = {}

    def keep(self, told: Message) -> str:
        """Keep a message; the key under which an address asks for it."""
        key = secrets.token_urlsafe(9)
        self._said[key] = told
        if len(self._said) > MOST_SAID:
            del self._said[next(iter(self._said))]
        return key

    def of(self, key: str) -> Message | None:
        """The message of a key, if it is still kept."""
        return self._said.get(key)


@dataclass(frozen=True)
class Served:
    """A project as it is served: the name it has in addresses, and its published runs."""

    slug: str
    project: Project
    published: Published
    said: Said = field(default_factory=Said)


@dataclass(frozen=True)
class Choice:
    """One choice of a filter: the value in the address, its words, whether it is chosen."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class Filter:
    """A filter of the bar with its choices; the first one stands for all."""

    name: str
    label: str
    choices: Sequence[Choice]


@dataclass(frozen=True)
class Search:
    """A box to look something up: its label, what is in it now, a hint, and the button's word."""

    label: str
    value: str
    hint: str
    button: str


@dataclass(frozen=True)
class Content:
    """What a page shows: a question as title, its answer, key figures, sections. Made once for a run and an address."""

    title: str
    sections: Sequence[Section]
    answer: str = ""
    figures: Sequence[Figure] = ()
    filters: Sequence[Filter] = ()
    labels: Sequence[str] = ()
    trail: Sequence[tuple[str, str]] = field(default_factory=tuple)
    """Pages above this one: label and address."""
    search: Search | None = None
    notice: Sequence[Block] = ()
    """What was just done, above everything else."""
    leads_to: str = ""
    """The address to go on to instead of showing this."""


class Picked(Mapping[str, pa.Table]):
    """Tables of a run, only the rows that the filters leave: of every table that has the filter's column.

    What stores are called stays known of all of them.
    """

    def __init__(self, tables: Mapping[str, pa.Table], picks: Mapping[str, str]) -> None:
        self._tables, self._picks = tables, picks

    def __getitem__(self, name: str) -> pa.Table:
        table = self._tables[name]
        for column, value in self._picks.items():
            if column in table.column_names and name != STORES.name:
                table = table.filter(pc.field(column) == value)
        return table

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


@dataclass(frozen=True)
class View:
    """One request for a page of a project. `run` is the run shown; `asked` is what the address says after its `?`."""

    served: Served
    run: Run
    words: Words
    page: str
    asked: Mapping[str, str]
    uses: frozenset[str] = frozenset()
    """Filters this page honours."""

    @property
    def published(self) -> Published:
        """The published tables of the project."""
        return self.served.published

    @cached_property
    def whole(self) -> Context:
        """Words and tables of the run, whatever the filters."""
        return Context(self.words, self.published.tables(self.run), self.run.manifest)

    @cached_property
    def context(self) -> Context:
        """Words and tables of the run, only the rows the filters leave."""
        picks = {column: self.asked[name] for name, column in FILTERS.items() if self.picked(name) is not None}
        return Context(self.words, Picked(self.published.tables(self.run), picks), self.run.manifest)

    def text(self, code: str, /, **params: Any) -> str:
        """A sentence of the pages."""
        return self.words.text(f"web.{code}", **params)

    def column(self, name: str, *, is_number: bool = False) -> Column:
        """A column of a table by its term, with a capital."""
        told = self.words.term("column", name)
        return Column(told[:1].upper() + told[1:], is_number)

    def picked(self, name: str) -> str | None:
        """The value of a filter this page honours; None: all."""
        return self.asked.get(name) or None if name in self.uses else None

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """The filters as conditions on a published table that has all their columns."""
        found = ((column, self.picked(name)) for name, column in FILTERS.items())
        return tuple(Condition(column, (value,)) for column, value in found if value is not None)

    def url(self, page: str, item: str = "", /, *, anchor: str = "", **asked: str | None) -> str:
        """The address of a page of this project; what filters the reader has chosen goes along.

        Args:
            page: its name.
            item: what it is about, if it is about one thing.
            anchor: the section to go to.
            asked: what the address says after its `?`; None takes a choice away.
        """
        kept = {name: self.asked[name] for name in (*FILTERS, PERIOD, RUN) if self.asked.get(name)}
        wanted = {name: value for name, value in {**kept, **asked}.items() if value}
        parts = (self.served.slug, self.words.language, page, *([item] if item else []))
        path = "/" + "/".join(quote(part, safe="") for part in parts)
        return path + (f"?{urlencode(wanted)}" if wanted else "") + (f"#{quote(anchor)}" if anchor else "")

    def table_url(
        self,
        name: str,
        where: Sequence[tuple[str, str]] = (),
        limits: Sequence[tuple[str, str, str]] = (),
        **asked: str | None,
    ) -> str:
        """The address of the rows of a published table.

        Args:
            name: its name.
            where: columns and the values they have.
            limits: columns, their least and their greatest value.
            asked: what else the address says after its `?`.
        """
        picks = {f"is_{column}": value for column, value in where}
        for column, least, greatest in limits:
            picks |= {f"min_{column}": least, f"max_{column}": greatest}
        return self.url("tables", name.replace("_", "-"), **{**picks, **asked})

    def unheeded(self, content: Content) -> str:
        """The filters of the address that a content does not follow, in words; "" if it follows all."""
        c, words = self.whole, {"population": self.whole.population, "store": self.whole.store}
        names = {one.name for one in content.filters} | {
            name for name, column in FILTERS.items() if f"{IS}_{column}" in self.asked
        }
        told = (
            f"{self.text(f'filter.{name}')} ({words.get(name, c.written)(self.asked[name])})"
            for name in FILTERS if self.asked.get(name) and name not in names
        )  # fmt: skip
        return self.words.listing(told)

    def filters(self, *, periods: Sequence[tuple[str, str]] = ()) -> tuple[Filter, ...]:
        """The filter bar: the filters this page honours that have something to choose.

        Args:
            periods: values and words of the periods the page can show.

        Raises:
            UsageError: the address asks for a value that is none of the choices.
        """
        c = self.whole
        found = {name: self._values(column) for name, column in FILTERS.items() if name in self.uses}
        words = {"population": c.population, "store": c.store, "sales_channel": c.written}
        bar = []
        for name, values in found.items():
            chosen = self.picked(name)
            if chosen is not None and chosen not in values:
                raise UsageError(
                    message("web.filter.unknown", filter=self.text(f"filter.{name}"), value=chosen,
                            valid=", ".join(values))
                )  # fmt: skip
            if len(values) > 1 or chosen is not None:
                choices = [Choice("", self.text(f"filter.all_{name}"), chosen is None)]
                choices += [Choice(value, words[name](value), value == chosen) for value in values]
                bar.append(Filter(name, self.text(f"filter.{name}"), choices))
        if periods and PERIOD in self.uses:
            chosen = self.picked(PERIOD) or periods[0][0]
            choices = [Choice(value, label, value == chosen) for value, label in periods]
            bar.append(Filter(PERIOD, self.text("filter.period"), choices))
        return tuple(bar)

    def _values(self, column: str) -> list[str]:
        """The values of a column of what was bought, by name; populations in their own order."""
        sold = {value for value in self.whole.tables["sales"][column].unique().to_pylist() if value is not None}
        if column == "population":
            known = [name for name in self.whole.segments.populations if name in sold]
            return [*known, *sorted(sold - set(known))]
        named = self.whole.store if column == "store_id" else str
        return sorted(sold, key=lambda value: (_natural(named(value)), value))


def _natural(name: str) -> list[tuple[int, str]]:
    """What sorts a name as a reader would: "2" before "10"."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(len(part.lstrip("0")), part) if at % 2 else (0, part) for at, part in enumerate(parts)]
