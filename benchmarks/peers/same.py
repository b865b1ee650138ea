"""Whether two outputs of the job are the same, to the row and to the cent."""

from __future__ import annotations

from pathlib import Path

import duckdb

COLUMNS = {
    "visits": "customer_id, population, sold_on, tickets_count, lines_count, net_amount, reward_amount, margin_amount, "
    "margin_is_assumed, sales_channel, store_id",
    "rfm": "customer_id, population, first_visit_on, last_visit_on, visits_count, recency_days, frequency, net_amount, "
    "monetary, recency_score, frequency_score, monetary_score",
    "assignments": "customer_id, population, segment",
    "calibration": "population, cycle_days, new_days, lost_days, core_amount",
    "transitions": "population, from_segment, to_segment, customers_count, before_amount, after_amount",
}
"""Columns compared by table; empty cells of the matrix are left out."""


def differences(one: Path, other: Path) -> dict[str, int]:
    """By table, rows that only one of two outputs has."""
    found = {}
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '4GB'")
        for table, columns in COLUMNS.items():
            where = "WHERE customers_count > 0" if table == "transitions" else ""
            sides = [f"(SELECT {columns} FROM read_parquet('{side / table}.parquet') {where})" for side in (one, other)]
            counts = [
                (con.execute(f"SELECT count(*) FROM ({a} EXCEPT ALL {b})").fetchone() or (0,))[0]
                for a, b in (sides, reversed(sides))
            ]
            found[table] = sum(counts)
    return found
