"""Why a customer is on a list, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from habitue.report.locale import Words

WATCHLISTS = ("rising", "fading")
IN_WORDS = "in_words"


def reason(name: str, row: Mapping[str, Any], words: Words, currency: str) -> str:
    """Of a row of RISING or FADING, amounts in whole minor units."""
    if name == "rising":
        about = {
            "amount": words.money(row["first_amount"], currency), "share": row["smaller_first_share"],
            "days": row["days_since_count"],
        }  # fmt: skip
    else:
        about = {
            "gap": max(round(row["usual_gap_days"]), 1), "days": row["days_since_count"],
            "chance": row["silence_probability"],
        }  # fmt: skip
    return words.text(f"watchlist.{row['reason']}", **about)


def how_often_right(name: str, row: Mapping[str, Any], words: Words) -> str:
    """How often a list was right at earlier dates, of its row of WATCHLIST_TESTS."""
    if row["precision_share"] is None:
        return words.text("watchlist.untested")
    about = {name: row[f"{name}_share"] for name in ("precision", "base")}
    return words.text(f"watchlist.{name}_tested", low=row["low_95_share"], high=row["high_95_share"], **about)


def worded(table: pa.Table, name: str, words: Words, currency: str) -> pa.Table:
    """The two lists with their reason in words; any other table as it is."""
    if name not in WATCHLISTS:
        return table
    told = [reason(name, row, words, currency) for row in table.to_pylist()]
    return table.append_column(IN_WORDS, pa.array(told, pa.string()))
