"""What every section of a report needs at hand: words, tables, the run's manifest, and manners of showing a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from habitue.report import charts, figures
from habitue.report.layout import ASSUMED, SIMULATED, Cell, Chart, Column, Grid, definition_anchor
from habitue.report.locale import SHARE, Exact, Words, as_date
from habitue.report.segment_figures import SegmentFigures

MOST_ROWS = 30
"""Rows of a ranked table; the rest by `habitue show`."""


def change_in_words(words: Words, codes: str, compared: figures.Comparison, *, points: bool) -> str:
    """A change in the words that stand under `codes`, relative or of shares in points; nothing to compare is said."""
    change = compared.points if points else compared.relative
    if change is None:
        return words.text(f"{codes}.none")
    if abs(change) < (0.05 if points else 0.0005):
        return words.text(f"{codes}.same")
    direction = "up" if change > 0 else "down"
    if points:
        size = round(abs(change), 1)
        return words.text(f"{codes}.points_{direction}", points=words.number(size, decimals=1), size=size)
    return words.text(f"{codes}.{direction}", change=abs(change))


@dataclass(frozen=True)
class Context:
    """One report in the making."""

    words: Words
    tables: Mapping[str, pa.Table]
    manifest: Mapping[str, Any]

    @cached_property
    def currency(self) -> str:
        """The home currency."""
        return self.manifest["currency"]

    @cached_property
    def as_of(self) -> date:
        """The as-of date."""
        return as_date(self.manifest["as_of"])

    @cached_property
    def years(self) -> figures.Years:
        """The rolling years."""
        return figures.years(self.tables)

    @cached_property
    def months(self) -> figures.Months:
        """The months of the breakdowns."""
        return figures.months(self.tables, self.as_of)

    @cached_property
    def segments(self) -> SegmentFigures:
        """Rows of the segment tables."""
        return SegmentFigures(self.tables)

    @cached_property
    def sales(self) -> figures.Rows:
        """The rows of the table of sales."""
        return figures.rows_of(self.tables, "sales")

    @cached_property
    def store_names(self) -> dict[str, str]:
        """Names of the stores that have one, by id."""
        named = {row["store_id"]: row["store_name"] for row in figures.rows_of(self.tables, "stores")}
        return {store: name for store, name in named.items() if name}

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels every section carries."""
        return (SIMULATED,) if self.manifest.get("simulated") else ()

    @property
    def sales_labels(self) -> tuple[str, ...]:
        """Labels of a section that shows margins."""
        return (*self.labels, ASSUMED) if self.manifest.get("margins_assumed") else self.labels

    def text(self, code: str, /, **params: Any) -> str:
        """A sentence of the report."""
        return self.words.text(f"report.{code}", **params)

    def heading(self, code: str, /, **params: Any) -> str:
        """A sentence that may begin with a term: its first letter is a capital."""
        told = self.text(code, **params)
        return told[:1].upper() + told[1:]

    def money(self, amount: int | None) -> str:
        """An exact amount in home currency."""
        return self.words.money(amount, self.currency)

    def short(self, amount: float | None) -> str:
        """An amount of three digits in home currency."""
        return self.words.short_money(None if amount is None else round(amount), self.currency)

    def store(self, store_id: str | None) -> str:
        """A store by its name, else its id."""
        if store_id is None:
            return self.words.text("word.not_stated")
        return self.store_names.get(store_id, store_id)

    def population(self, code: str | None) -> str:
        """A population in words."""
        return self.words.term("population", code, default=code)

    def segmentation(self, name: str, *, is_first: bool = False) -> str:
        """A segmentation in words, with a capital if it comes first; one of the user's own as it is written."""
        told = self.words.term("segmentation", name, default="")
        return (told[:1].upper() + told[1:] if is_first else told) or name

    def segment(self, segmentation: str, code: str) -> str:
        """A segment in words; one of the user's own as it is written."""
        return self.words.term("segment", f"{segmentation}.{code}", default=code)

    def written(self, value: str | None) -> str:
        """A stored text as it is written; "not stated" where there is none."""
        return value or self.words.text("word.not_stated")

    def column(self, name: str, *, number: bool | None = None) -> Column:
        """A column of a table by its term; counts, rows and amounts are numbers."""
        if number is None:
            number = name.endswith(("_count", "_rows", "_amount")) or name.rpartition(".")[2] in ("share", "rows")
        return Column(self.words.term("column", name), number)

    def label(self, code: str, *, number: bool = False) -> Column:
        """A column that no stored table has."""
        return Column(self.text(f"column.{code}"), number)

    @cached_property
    def busy_numbers(self) -> frozenset[str]:
        """Opaque ids of numbers with a day of more tickets than one customer is thought to have, not set apart."""
        cards = figures.rows_of(self.tables, "shared_cards")
        busy = (row for row in cards if row["busy_days_count"] and not row["is_set_apart"])
        return frozenset(row["source_customer_id"] for row in busy)

    def defined(self, codes: Iterable[str]) -> list[tuple[str, str, str]]:
        """Terms by their codes: anchor, term, meaning."""
        return [
            (definition_anchor(one), self.words.text(f"{one}.term"), self.words.text(f"{one}.meaning")) for one in codes
        ]

    def change(self, compared: figures.Comparison, *, points: bool = False) -> str:
        """A change against the twelve months before, in words."""
        return change_in_words(self.words, "report.change", compared, points=points)

    def change_short(self, now: float, before: float | None) -> str:
        """The same for a cell of a table: a signed percentage."""
        change = figures.Comparison(now, before).relative
        if change is None:
            return "–"
        told = self.words.share(0.0 if abs(change) < 0.0005 else change)
        return Exact(("+" if change >= 0.0005 else "") + told, change, SHARE)

    def chart(
        self, draw: Callable[[int], str], table: Grid, file_name: str, *, title: str, subtitle: str, note: str = ""
    ) -> Chart:
        """A chart in both widths with its table."""
        return Chart(title, subtitle, draw(charts.WIDE), draw(charts.NARROW), table, f"{file_name}.csv", note)

    def shortened(self, rows: Sequence[Sequence[Cell]], total: int, table: str) -> tuple[Sequence[Sequence[Cell]], str]:
        """The first rows of a table and the note that says how to see the others."""
        if total <= MOST_ROWS:
            return rows, ""
        command = f"`habitue show {table.replace('_', '-')}`"
        return rows[:MOST_ROWS], self.text("first_rows", shown=MOST_ROWS, count=total, command=command)
