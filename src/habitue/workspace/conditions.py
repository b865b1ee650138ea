"""Conditions on the rows of published tables: what a reader asks for as texts, read in the types of the columns."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from habitue import schemas
from habitue.errors import UsageError, message

SHOWN = 100
"""Characters of a value that a fault repeats."""

IS, NOT, MIN, MAX = "is", "not", "min", "max"
"""How a column stands to the values of a condition: one of them, none of them, at least or at most the one."""

RELATIONS = (IS, NOT, MIN, MAX)


@dataclass(frozen=True)
class Condition:
    """Rows to keep: a column of the table is the value (None: missing); of several values, any of them."""

    column: str
    values: tuple[Any, ...]
    relation: str = IS


def in_type(schema: schemas.Schema, column: str, value: Any, *, is_limit: bool = False) -> Any:
    """A value of a condition in the type of its column.

    Raises:
        UsageError: it is none.
    """
    kind = next(one.type for one in schema.columns if one.name == column)
    told = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        if is_limit and kind not in LIMITED:
            raise ValueError(kind)
        return READERS[kind](told)
    except (KeyError, ValueError, OverflowError):
        code = "published.no_limit" if is_limit else "published.no_value"
        shown = told[:SHOWN].encode("utf-8", "replace").decode() + "…" * (len(told) > SHOWN)
        raise UsageError(message(code, column=column, value=shown, type=kind)) from None


def _whole(told: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,19}", told) or not -(2**63) <= int(told) < 2**63:
        raise ValueError(told)
    return int(told)


def _fraction(told: str) -> float:
    if not re.fullmatch(r"[+-]?[0-9.]+([eE][+-]?[0-9]+)?", told) or not math.isfinite(float(told)):
        raise ValueError(told)
    return float(told)


def _quantity(told: str) -> Decimal:
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{1,3})?", told):
        raise ValueError(told)
    return Decimal(told)


def _moment(told: str) -> datetime:
    """Naive UTC, as it is stored."""
    moment = datetime.fromisoformat(told)
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _text(told: str) -> str:
    told.encode()  # half a character is no text
    return told


READERS: Mapping[str, Callable[[str], Any]] = {
    "string": _text,
    "boolean": {"true": True, "false": False}.__getitem__,
    "int64": _whole,
    "float64": _fraction,
    "decimal(18, 3)": _quantity,
    "date": date.fromisoformat,
    "timestamp(6)": _moment,
}
"""What reads a value of a condition, by the type of its column."""

SQL_TYPES: Mapping[str, str] = {
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "decimal(18, 3)": "DECIMAL(18, 3)",
    "date": "DATE",
    "timestamp(6)": "TIMESTAMP",
}

LIMITED = frozenset({"int64", "float64", "date", "timestamp(6)"})
"""Types whose values can be limited."""
