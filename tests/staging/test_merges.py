"""Merge tables: numbers cleaned as everywhere, rows without one of the two refused."""

from __future__ import annotations

from datetime import date
from typing import Any

from habitue.sources.declared import Source
from habitue.staging.merges import StagedMerges, stage_merges
from support.reading import conventions, raw_table, source, told

ROW = ("row_number", "customer_number", "merged_into_number", "merged_on")
REFUSAL = ("row_number", "column", "value", "reason")


def staged(con: Any, text: str, declared: Source | None = None) -> StagedMerges:
    headers, *lines = ([cell.strip() or None for cell in line.strip().split(";")] for line in text.splitlines())
    names = [name or "" for name in headers]
    declared = declared or source({name: name for name in names}, kind="merges")
    table = raw_table(con, names, lines)
    return stage_merges(table, declared, conventions(table, declared))


def test_numbers_are_cleaned_as_in_every_source(con: Any) -> None:
    found = staged(con, """source_customer_id;merged_into_id;merged_on
        '0017;00018.0;31/01/2024
        Anna@Example.com;ANNA@example.org;
        101;101;2024-02-01""")  # fmt: skip
    assert told(found.rows, *ROW) == [
        (2, "0017", "00018", date(2024, 1, 31)),
        (3, "anna@example.com", "anna@example.org", None),
        (4, "101", "101", date(2024, 2, 1)),
    ]
    assert told(found.refused, *REFUSAL) == []


def test_rows_that_cannot_be_followed_are_refused(con: Any) -> None:
    found = staged(con, """source_customer_id;merged_into_id;merged_on
        ;102;2024-01-01
        101;;2024-01-01
        101;000;2024-01-01
        1.23E+12;102;2024-01-01
        101;102;soon
        ;;
        101;102;2024-01-01""")  # fmt: skip
    assert told(found.rows, "row_number") == [8]
    assert told(found.refused, *REFUSAL) == [
        (2, "source_customer_id", None, "key_missing"),
        (3, "merged_into_id", None, "key_missing"),
        (4, "merged_into_id", None, "key_missing"),
        (5, "source_customer_id", None, "key_missing"),
        (6, "merged_on", "xxxx", "date_unreadable"),
    ]


def test_columns_of_ones_own_and_a_stated_day(con: Any) -> None:
    declared = source({"source_customer_id": ("shop", "old"), "merged_into_id": "new"}, kind="merges",
                      values={"merged_on": "2024-03-01"})  # fmt: skip
    found = staged(con, "shop;old;new\nA;1;2\n;;3", declared)
    assert told(found.rows, *ROW) == [(2, "A 1", "2", date(2024, 3, 1))]
    assert told(found.refused, *REFUSAL) == [(3, "shop + old", None, "key_missing")]


def test_without_a_day_and_without_a_row(con: Any) -> None:
    assert told(staged(con, "source_customer_id;merged_into_id\n1;2").rows, *ROW) == [(2, "1", "2", None)]
    found = staged(con, "source_customer_id;merged_into_id")
    assert (told(found.rows, *ROW), told(found.refused, *REFUSAL)) == ([], [])
