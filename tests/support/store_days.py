"""Rows of SALES_BY_DAY, written short: amounts in minor units, days as texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from habitue.schemas import SALES_BY_DAY, STORES


def day(on: str | date, store: str | None, kept: int, tickets: int = 1, **more: Any) -> dict[str, Any]:
    """A store's day: nothing came back, no discount, nobody identified unless said; no store sells online."""
    row: dict[str, Any] = {
        "sold_on": date.fromisoformat(on) if isinstance(on, str) else on,
        "sales_channel": "online" if store is None else "store",
        "store_id": store,
        "population": "consumer",
        "tickets_count": tickets,
        "identified_tickets_count": 0,
        "lines_count": tickets,
        "gross_amount": kept,
        "discount_amount": 0,
        "net_amount": kept,
        "kept_amount": kept,
        "identified_amount": 0,
        "margin_amount": None,
        "margin_known_amount": 0,
        "margin_assumed_amount": 0,
    }
    return row | more


def every(step: int, first: str, last: str, store: str | None, kept: int, **more: Any) -> list[dict[str, Any]]:
    """A store's days from the first to the last, one every `step` days."""
    begun, ended = date.fromisoformat(first), date.fromisoformat(last)
    return [day(begun + timedelta(days=at), store, kept, **more) for at in range(0, (ended - begun).days + 1, step)]


def sales_by_day(*parts: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> pa.Table:
    """The table of rows and lists of rows."""
    rows: list[Any] = []
    for part in parts:
        rows += [part] if isinstance(part, Mapping) else list(part)
    return pa.Table.from_pylist(rows, schema=SALES_BY_DAY.ibis_schema().to_pyarrow())


def stores(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of STORES; what is not given is missing."""
    return [dict.fromkeys(STORES.names) | dict(row) for row in rows]
