"""The long lists about the data: refused rows, tickets and cards that stand out, what is missing; sorted and picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from fastapi import HTTPException

from habitue.report.figures import rows_of
from habitue.report.layout import Cell, Link, Listing, Section
from habitue.web import choosing, downloads, picking
from habitue.web.listing import ROWS, listing, offset, sorting
from habitue.web.view import Content, View
from habitue.workspace.conditions import Condition
from habitue.workspace.published import SCHEMAS

REFUSED, RESENT, CONFLICTS, CARDS, MISSING = "refused", "resent", "conflicts", "cards", "missing"


@dataclass(frozen=True)
class Kind:
    """A list: the published table, how it is sorted at first, the columns one can pick by."""

    table: str
    sort: str
    picks: tuple[str, ...]


LISTS: Mapping[str, Kind] = {
    REFUSED: Kind("quarantine", "file", ("file", "reason")),
    RESENT: Kind("resent_tickets", "transaction_id", ("source", "kept_file", "superseded_file")),
    CONFLICTS: Kind("ticket_conflicts", "-customers_count", ("source",)),
    CARDS: Kind("shared_cards", "-net_amount", ("is_set_apart", "reason")),
    MISSING: Kind("collection_plan", "-at_stake_amount", ("finding", "store_id", "source")),
}


def item(view: View, name: str) -> Content:
    """The page of one list."""
    kind = LISTS[name]
    if not view.published.has(view.run, kind.table):
        raise HTTPException(404)
    where = picking.conditions(view)
    shown, total = rows(view, name, where, kind.sort, partial(view.url, "data", name))
    every = view.published.count(view.run, kind.table)
    count = view.text("data.rows", shown=view.words.number(total), count=view.words.number(every))
    title = view.text(
        "tables.rows_title",
        table=view.words.term("table", kind.table),
        count=count if where else view.words.number(every),
    )
    same = Link(view.text("data.to_table"), view.url("tables", kind.table.replace("_", "-"), **picking.kept(view)))
    return Content(
        view.text(f"data.{name}_title"),
        [Section("rows", title, [shown, same])],
        view.text(f"data.{name}_answer") if every else "",
        filters=choosing.of_columns(view, kind.table, kind.picks),
        labels=view.whole.labels,
        trail=[(view.text("data.nav"), view.url("data"))],
    )


def rows(view: View, name: str, where: list[Condition], by: str, url: Callable[..., str]) -> tuple[Listing, int]:
    """One page of rows of a list, and how many there are in all.

    Args:
        view: the request.
        name: the list.
        where: which rows.
        by: how it is sorted if the address does not say.
        url: makes the address of the page the list is on.
    """
    table = LISTS[name].table
    sort = sorting(view, SCHEMAS[table].names, by)
    found, total = view.published.page(
        view.run, table, where=where, order=downloads.ordering(table, sort), limit=ROWS, offset=offset(view)
    )
    kept = picking.kept(view) | ({"from": view.asked["from"]} if "from" in view.asked else {})
    shown = listing(
        view,
        table,
        found,
        total,
        address=lambda **asked: url(**{**kept, **asked}),
        caption=view.text(f"data.{name}_rows"),
        sort=sort,
        sortable=SCHEMAS[table].names,
        leads=_leads(view, found),
        files=downloads.files(view, table, **picking.address(where), **{picking.SORT: sort}),
        empty=view.text("data.empty"),
    )
    return shown, total


def _leads(view: View, found: pa.Table) -> dict[str, Any]:
    """Where cells lead: files to their pages, cards to the customer they stand for."""
    leads: dict[str, Any] = {"source_customer_id": lambda row: view.url("customers", row["source_customer_id"])}
    ids = {row["file"]: row["file_id"] for row in rows_of(view.whole.tables, "files")}
    for column in {"file", "kept_file", "superseded_file"} & set(found.column_names):
        leads[column] = lambda row, of=column: view.url("data", ids[row[of]]) if row[of] in ids else ""
    return leads


def refused_by(view: View, file: str | None = None) -> list[dict[str, Any]]:
    """Refused rows by file, reason and currency, the most first: `rows` and their `amount`.

    Args:
        view: the request.
        file: name of the file they are of; None: of all.
    """
    if not view.published.has(view.run, "quarantine"):
        return []
    return view.published.query(
        view.run,
        "SELECT file, reason, currency, count(*) AS rows, sum(source_amount)::BIGINT AS amount FROM {quarantine} "
        "WHERE file = ? OR ? GROUP BY ALL ORDER BY rows DESC, file, reason, currency",
        [file, file is None],
    ).to_pylist()


def amount_refused(view: View, row: dict[str, Any]) -> Cell:
    """What the rows of a reason amount to, where that can be read."""
    if row["amount"] is None:
        return Cell(view.whole.text("quarantine.unreadable"))
    return Cell(view.words.money(row["amount"], row["currency"]))
