"""Which rows an address of the API asks for.

`is_COLUMN=value` keeps the rows with this value (named several times: with any of the values; nothing after the `=`:
without a value), `not_COLUMN=value` the others; `min_COLUMN` and `max_COLUMN` are limits of numbers, dates and moments.
`sort=-net_amount,sku` orders, `first=100` keeps the first rows of that order, `columns=sku,net_amount` narrows. No
parameter begins as a condition does, so that no column can clash with one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.datastructures import QueryParams

from habitue.errors import message
from habitue.schemas import Schema
from habitue.web.api.faults import ApiError
from habitue.workspace.conditions import IS, LIMITED, NOT, RELATIONS, Condition
from habitue.workspace.published import in_order
from habitue.workspace.tables import BEST_FIRST

LIMIT = 100
"""Rows of a page by default."""

PARAMETERS = ("limit", "after", "sort", "columns", "first")


@dataclass(frozen=True)
class Asked:
    """What is asked for of a table; `order` leaves no ties."""

    where: Sequence[Condition]
    order: Sequence[tuple[str, bool]]
    columns: Sequence[str]
    after: Mapping[str, Any] | None


def asked(schema: Schema, query: QueryParams) -> Asked:
    """What the address asks for.

    Raises:
        ApiError: a parameter or column that is not there, or a cursor that is none.
    """
    order = [(name.removeprefix("-"), name.startswith("-")) for name in _listed(query.get("sort"))]
    order = order or [(column, way == "descending") for column, way in BEST_FIRST.get(schema.name, ())]
    columns = _listed(query.get("columns"))
    for parameter, names in (("sort", [name for name, _ in order]), ("columns", columns)):
        for name in names:
            if name not in schema.names or names.count(name) > 1:
                raise ApiError(message("web.api.bad_column", parameter=parameter, value=name), schema.names)
    ordered = in_order(schema.name, order)
    cursor = query.get("after")
    return Asked(_conditions(schema, query), ordered, columns or schema.names,
                 None if cursor is None else _read(cursor, [name for name, _ in ordered]))  # fmt: skip


def cursor(row: Mapping[str, Any], order: Sequence[tuple[str, bool]]) -> str:
    """Where a page ends: its last row by the columns of the order."""
    values = [_plain(row[name]) for name, _ in order]
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _listed(told: str | None) -> list[str]:
    return told.split(",") if told else []


def _conditions(schema: Schema, query: QueryParams) -> list[Condition]:
    found = []
    for name in query:
        if name in PARAMETERS:
            continue
        relation, _, column = name.partition("_")
        if relation not in RELATIONS or column not in schema.names:
            valid = [
                f"{one}_{known.name}"
                for known in schema.columns
                for one in RELATIONS
                if one in (IS, NOT) or known.type in LIMITED
            ]
            raise ApiError(message("web.api.unknown_parameter", parameter=name[:100]), [*PARAMETERS, *valid])
        values = tuple(value or None for value in query.getlist(name))
        if relation in (IS, NOT):
            found.append(Condition(column, values, relation))
        else:
            found += [Condition(column, (value or "",), relation) for value in values]
    return found


def _plain(value: Any) -> str | int | float | bool | None:
    return str(value) if isinstance(value, date | Decimal) else value


def _read(told: str, names: Sequence[str]) -> dict[str, Any]:
    try:
        values = json.loads(base64.b64decode(told + "=" * (-len(told) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != len(names) or any(isinstance(v, list | dict) for v in values):
        raise ApiError(message("web.api.bad_cursor"))
    return dict(zip(names, values, strict=True))
