"""Why a customer is on a list, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from habitue.report.locale import Words
from habitue.value.methods import REVENUE

WATCHLISTS = ("rising", "fading")
IN_WORDS = "in_words"


def reason(name: str, row: Mapping[str, Any], words: Words, currency: str) -> str:
    """Of a row of RISING or FADING, amounts in whole minor units."""
    if name == "rising":
        about = {
            "amount": in_measure(words.money(row["first_amount"], currency), row["measure"], words),
            "share": row["smaller_first_share"],
            "days": row["days_since_count"],
        }
    else:
        about = {
            "gap": max(round(row["usual_gap_days"]), 1), "days": row["days_since_count"],
            "chance": row["silence_probability"],
        }  # fmt: skip
    return words.text(f"watchlist.{row['reason']}", **about)


def in_measure(amount: str, measure: str, words: Words) -> str:
    """An amount, with the word for what it is where it is not net sales."""
    return amount if measure == REVENUE else f"{amount} ({words.term('measure', measure)})"


def how_often_right(name: str, row: Mapping[str, Any], words: Words) -> str:
    """How often a list was right at earlier dates, of its row of WATCHLIST_TESTS."""
    if row["precision_share"] is None:
        return words.text("watchlist.untested")
    about = {name: row[f"{name}_share"] for name in ("precision", "base")}
    told = words.text(f"watchlist.{name}_tested", low=row["low_95_share"], high=row["high_95_share"], **about)
    return told if row["is_better_than_chance"] else f"{told} {words.text('watchlist.no_better')}"


def worded(table: pa.Table, name: str, words: Words, currency: str) -> pa.Table:
    """The two lists with their reason in words; any other table as it is."""
    if name not in WATCHLISTS:
        return table
    told = [reason(name, row, words, currency) for row in table.to_pylist()]
    return table.append_column(IN_WORDS, pa.array(told, pa.string()))
