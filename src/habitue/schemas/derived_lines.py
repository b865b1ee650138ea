"""Lines made from what an order states once: their row numbers, and what they are unless a rule says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ROWS_APART = 1_000_000_000
"""Distance between the row numbers of two kinds; no file has as many lines."""

SHIPPING, TIP, GIFT_CARD, REFUND, REFUNDED_CHARGES = "shipping", "tip", "gift card", "refund", "refunded charges"

SALE_TYPES: Mapping[str, str] = {
    SHIPPING: "shipping",
    TIP: "fee",
    GIFT_CARD: "gift_card",
    REFUND: "return",
    REFUNDED_CHARGES: "adjustment",
}
"""Each kind, which is the line's label too, with its sale type by default; in the order of their row numbers."""


def place(kind: str) -> int:
    """Rank of a kind, from 0: such a line's number in its ticket is the rank, negative."""
    return list(SALE_TYPES).index(kind)


def row_number(row: Any, kind: str) -> Any:
    """The row number of a line made from a row of the file: negative, and different for each kind."""
    return -row - place(kind) * ROWS_APART


def bound(kind: str) -> int:
    """Row numbers below this one are those of the kind, or of one after it."""
    return -place(kind) * ROWS_APART


def line_in_file(row_number: int) -> int:
    """The line of the file that a line was read, or made, from."""
    return abs(row_number) % ROWS_APART
