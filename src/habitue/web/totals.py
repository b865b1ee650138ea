"""The last row of a table's page: what adds up over the rows picked, and how many different things they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from habitue import schemas
from habitue.report.layout import Cell
from habitue.web import downloads, picking
from habitue.web.view import View
from habitue.workspace.conditions import Condition
from habitue.workspace.published import SCHEMAS
from habitue.workspace.tables import MONEY

MOST = 5_000_000
"""Rows summed at most: a page must not wait for more."""


@dataclass(frozen=True)
class Sums:
    """Columns of a table that add up, if all rows have one value in each of the columns `within`."""

    columns: tuple[str, ...]
    within: tuple[str, ...] = ()


def _of(schema: schemas.Schema, *without: str, within: Sequence[str] = ()) -> Sums:
    """All amounts, counts and rows of a table but some."""
    found = (one.name for one in schema.columns if one.name.endswith(("_amount", "_count", "rows")))
    return Sums(tuple(name for name in found if name not in without), tuple(within))


_PERIOD = ("segmentation", "from_on", "to_on")
_ROWS = tuple(name for name in schemas.RECONCILIATION.names if name.endswith("_rows"))
_SUMS: Mapping[str, Sums] = {
    "transaction_lines": _of(schemas.TRANSACTION_LINES, "source_amount"),
    "returns": _of(schemas.RETURNS),
    "customer_days": _of(schemas.CUSTOMER_DAYS),
    "visits": _of(schemas.VISITS),
    "customers": _of(schemas.CUSTOMERS),
    "payments": _of(schemas.PAYMENTS),
    "sales": _of(schemas.SALES, "tickets_count"),  # a ticket may stand in several rows
    "sales_by_day": _of(schemas.SALES_BY_DAY, "tickets_count", "identified_tickets_count"),
    "sales_by_year": _of(schemas.SALES_BY_YEAR, "tickets_count", "customers_count"),
    "shared_cards": Sums(("tickets_count", "net_amount")),
    "collection_plan": _of(schemas.COLLECTION_PLAN, within=("finding",)),
    "quarantine": Sums(("source_amount",), ("currency",)),
    "reconciliation": Sums(_ROWS),
    "resent_tickets": Sums(("kept_rows", "superseded_rows")),
    "files": _of(schemas.FILES, "stated_total_amount"),
    "rfm": Sums(("visits_count", "frequency", "net_amount", "monetary")),
    "rfm_cells": _of(schemas.RFM_CELLS),
    "segments": Sums(("customers_count", "net_amount", "visits_count"), ("segmentation",)),
    "segment_places": _of(schemas.SEGMENT_PLACES, within=("segmentation", "place_kind")),
    "segment_mix": _of(schemas.SEGMENT_MIX, within=("segmentation", "dimension")),
    "segment_outlook": Sums(("customers_count", "next_amount"), _PERIOD),
    "segment_crossing": Sums(("customers_count", "next_amount"), _PERIOD),
    "transitions": _of(schemas.TRANSITIONS, within=_PERIOD),
    "customers_without_visit": _of(schemas.CUSTOMERS_WITHOUT_VISIT),
    "expected_revenue": Sums(("expected_amount", "present_amount", "expected_visits", "visits_count")),
    "critical_customers": Sums(("expected_amount",)),
    "rising": Sums(("expected_amount", "first_amount"), ("measure",)),
    "fading": Sums(("last_period_amount", "expected_amount", "visits_count"), ("measure",)),
    "customer_profiles": Sums(("visits_count", "frequency", "net_amount", "expected_amount")),
}
"""What adds up in which table: shares, means, limits and ends of intervals never do."""

SUMS: Mapping[str, tuple[Sums, ...]] = {
    **{name: (one,) for name, one in _SUMS.items()},
    "reconciliation": (_SUMS["reconciliation"], _of(schemas.RECONCILIATION, *_ROWS, within=("currency",))),
}
"""The same, with what adds up only under conditions of its own."""

PEOPLE_AND_TICKETS: Mapping[str, tuple[str, ...]] = {
    "customer_id": ("customer_id",),
    "transaction_id": ("source", "transaction_id"),
}
"""Columns whose different values are counted, and by what they are told apart."""


@dataclass(frozen=True)
class Totals:
    """The cells by column, and what is to be said of columns left out."""

    cells: Mapping[str, str]
    note: str = ""


def totals(view: View, name: str, count: int) -> Totals:
    """Sums and counts over all rows an address picks of a table, amounts in units.

    Args:
        view: the request.
        name: name of the table.
        count: how many are picked in all.
    """
    schema = SCHEMAS[name]
    different = [column for column in PEOPLE_AND_TICKETS if column in schema.names and schema.key != (column,)]
    groups = SUMS.get(name, ())
    if count < 2 or not (different or groups):
        return Totals({})
    if count > MOST:
        return Totals({}, view.text("tables.too_many", most=MOST))
    summed = [column for group in groups for column in group.columns]
    within = list(dict.fromkeys(column for group in groups for column in group.within))
    people = [tuple(part for part in PEOPLE_AND_TICKETS[column] if part in schema.names) for column in different]
    added, numbers = view.published.tally(
        view.run, name, sums=summed, different=[*((column,) for column in within), *people],
        where=picking.conditions(view), order=downloads.ordering(name, view.asked.get("sort")),
        first=picking.first(view),
    )  # fmt: skip
    several = {column for column, number in zip(within, numbers, strict=False) if number > 1}
    own = None
    if "currency" in within:
        own, is_only = _currency(view, name, count)
        several |= set() if is_only else {"currency"}
    values = dict(zip(summed, added, strict=True))
    cells = {
        column: view.text("tables.different", count=number)
        for column, number in zip(different, numbers[len(within) :], strict=True)
    }
    notes = []
    for group in groups:
        apart = [column for column in group.within if column in several]
        if apart:
            told = {"columns": _listed(view, name, group.columns), "needs": _listed(view, name, apart)}
            notes.append(view.text("tables.not_summed", **told))
        else:
            currency = own if "currency" in group.within else view.whole.currency
            cells |= {column: _shown(view, column, values[column], currency) for column in group.columns}
    return Totals(cells, " ".join(notes))


def _currency(view: View, name: str, count: int) -> tuple[str | None, bool]:
    """The currency of the first of the rows, and whether all have one or all have none."""
    where = picking.conditions(view)
    found, _ = view.published.page(view.run, name, where=where, limit=1, columns=["currency"])
    _, without = view.published.page(view.run, name, where=[*where, Condition("currency", (None,))], limit=0)
    return found["currency"][0].as_py(), without in (0, count)


def _listed(view: View, name: str, columns: Sequence[str]) -> str:
    return view.words.listing(view.words.term("column", f"{name}.{column}") for column in columns)


def _shown(view: View, column: str, value: Any, currency: str | None) -> str:
    if value is not None and (column.endswith("_amount") or column in MONEY):
        return view.words.amount(value, currency)
    return view.words.number(value)


def row(view: View, name: str, found: Totals) -> list[Cell]:
    """The last row of the list, its name in the first cell that has no sum; nothing if nothing adds up."""
    if not found.cells:
        return []
    cells = [Cell(found.cells.get(column, "")) for column in SCHEMAS[name].names]
    label = view.text("tables.total")
    return [Cell(label, cells[0].text), *cells[1:]]
