"""The same ticket in several exports counts once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from habitue.schemas import STAGED_LINES
from habitue.staging.overlaps import take_once
from support.purchases import line, rows, staged

TAKEN = ("file_id", "transaction_id", "line_number")


def of_file(name: str, *lines: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{**row, "file_id": name} for row in lines]


def once(con: Any, lines: Sequence[Mapping[str, Any]], order: Sequence[str]) -> Any:
    """Take once; the files are called after their ids, the last of `order` is the latest export."""
    table = staged(con, lines).select(*STAGED_LINES.names)
    files = pa.table(
        {"file_id": list(order), "file": [f"{name}.csv" for name in order], "export_rank": range(len(order))}
    )
    return take_once(table, con.create_table(f"files_{random.randrange(10**9)}", files, temp=True), overlapping=True)


def test_the_later_export_wins_whatever_it_has(con: Any) -> None:
    shared = [
        line("T1", "2024-01-01", 100, sku="A", line_number=1),
        line("T1", "2024-01-01", 200, sku="B", line_number=2),
    ]
    some = [
        *of_file("f1", *shared, line("T2", "2024-01-01", 50, line_number=1)),
        *of_file("f2", *shared, line("T3", "2024-01-02", 70, line_number=1)),
        *of_file("f3", line("T1", "2024-01-01", 100, sku="A", line_number=1)),
    ]
    found = once(con, some, ["f1", "f2", "f3"])
    assert rows(found.lines, *TAKEN) == [("f1", "T2", 1), ("f2", "T3", 1), ("f3", "T1", 1)]
    assert rows(found.superseded, *TAKEN) == [("f1", "T1", 1), ("f1", "T1", 2), ("f2", "T1", 1), ("f2", "T1", 2)]
    columns = ("transaction_id", "superseded_file", "kept_file", "kept_rows", "superseded_rows", "kept_amount",
               "superseded_amount")  # fmt: skip
    assert rows(found.resent, *columns) == [
        ("T1", "f1.csv", "f3.csv", 1, 2, 100, 300), ("T1", "f2.csv", "f3.csv", 1, 2, 100, 300),
    ]  # fmt: skip
    # the order of exports decides, not that of the names
    found = once(con, some, ["f3", "f2", "f1"])
    assert rows(found.lines, *TAKEN) == [("f1", "T1", 1), ("f1", "T1", 2), ("f1", "T2", 1), ("f2", "T3", 1)]
    assert rows(found.resent, "superseded_file") == ["f3.csv"]  # f2 has the same content


def test_identical_tickets_are_not_resent_ones(con: Any) -> None:
    # Two equal lines: identical as a multiset, in whatever order the rows are.
    ticket = [line("T1", "2024-01-01", 100, sku=sku, has_line_number=False) for sku in ("A", "A", None)]
    some = [*of_file("f1", *ticket), *of_file("f2", *reversed(ticket))]
    found = once(con, some, ["f1", "f2"])
    assert rows(found.lines, "file_id", "net_amount") == [("f2", 100)] * 3
    assert rows(found.superseded, "file_id") == ["f1"] * 3
    assert rows(found.resent, "transaction_id") == []
    fewer = [*of_file("f1", *ticket), *of_file("f2", *ticket[1:])]
    assert rows(once(con, fewer, ["f1", "f2"]).resent, "kept_rows", "superseded_rows") == [(2, 3)]


def test_what_counts_as_other_content(con: Any) -> None:
    base = line("T1", "2024-01-01", 100, "C1", "A", has_line_number=False)
    for change, is_resent in (
        ({"sku": "B"}, True), ({"source_customer_id": None}, True), ({"store_id": "S2"}, True),
        ({"currency": "USD"}, True), ({"sale_type_label": "x"}, True),
        ({"gross_amount": 150, "discount_amount": 50}, True), ({"row_number": 99}, False), ({"points": 5}, False),
    ):  # fmt: skip
        found = once(con, [*of_file("f1", base), *of_file("f2", {**base, **change})], ["f1", "f2"])
        assert rows(found.resent, "transaction_id") == (["T1"] if is_resent else []), change


def test_a_ticket_cut_between_files_is_put_together(con: Any) -> None:
    some = [
        *of_file("f1", line("T1", "2024-01-01", 100, line_number=1), line("T1", "2024-01-01", 200, line_number=2)),
        *of_file("f2", line("T1", "2024-01-01", 300, line_number=3)),
    ]
    found = once(con, some, ["f1", "f2"])
    assert rows(found.lines, "net_amount") == [100, 200, 300]
    assert rows(found.superseded, "net_amount") == []
    # One number in both: it was sent again, the later export has it as it is.
    some[-1]["line_number"] = 2
    found = once(con, some, ["f1", "f2"])
    assert rows(found.lines, "net_amount") == [300]
    # Without line numbers of the source nothing tells that it was cut.
    for row in some:
        row |= {"has_line_number": False}
    some[-1]["line_number"] = 3
    assert rows(once(con, some, ["f1", "f2"]).lines, "net_amount") == [300]


def test_sources_do_not_touch_one_another(con: Any) -> None:
    some = [
        *of_file("f1", line("T1", "2024-01-01", 100)),
        *of_file("f2", line("T1", "2024-01-01", 100, source="web")),
        *of_file("f1", line("T2", "2024-01-01", 5), line("T2", "2024-01-01", 5)),
    ]
    found = once(con, some, ["f1", "f2"])
    assert rows(found.lines, "source", "transaction_id") == [
        ("till", "T1"),
        ("till", "T2"),
        ("till", "T2"),
        ("web", "T1"),
    ]


def test_nothing_to_look_for(con: Any) -> None:
    table = staged(con, of_file("f1", line("T1", "2024-01-01", 100))).select(*STAGED_LINES.names)
    found = take_once(table, None, overlapping=False)  # type: ignore[arg-type]
    assert rows(found.lines, "transaction_id") == ["T1"]
    assert rows(found.superseded, "transaction_id") == rows(found.resent, "transaction_id") == []


def test_every_line_is_taken_or_superseded(con: Any) -> None:
    draw = random.Random(7)
    some = [
        row
        for name in ("f1", "f2", "f3")
        for n in range(60)
        for row in of_file(name, line(f"T{draw.randrange(40)}", "2024-01-01", n, has_line_number=False))
    ]
    found = once(con, some, ["f2", "f3", "f1"])
    assert len(rows(found.lines, "net_amount")) + len(rows(found.superseded, "net_amount")) == len(some)
    rank = {"f2": 0, "f3": 1, "f1": 2}
    best: dict[str, int] = {}
    for row in some:
        best[row["transaction_id"]] = max(best.get(row["transaction_id"], 0), rank[row["file_id"]])
    assert all(rank[name] == best[ticket] for name, ticket in rows(found.lines, "file_id", "transaction_id"))


def test_a_numbered_row_repeated_in_one_file_counts_once(con: Any) -> None:
    first = line("T1", "2024-01-01", 100, sku="A", line_number=1, row_number=2)
    some = of_file(
        "f1",
        first,
        {**first, "row_number": 3},
        line("T1", "2024-01-01", 200, sku="B", line_number=2, row_number=4),
    )
    table = staged(con, some).select(*STAGED_LINES.names)
    found = take_once(table, table, overlapping=False)
    assert rows(found.lines, "row_number", "line_number", "net_amount") == [(2, 1, 100), (4, 2, 200)]
    assert rows(found.superseded, "row_number", "net_amount") == [(3, 100)]


def test_other_content_under_one_number_is_kept_and_numbered_anew(con: Any) -> None:
    sale = line("T1", "2024-01-01", 100, sku="A", line_number=1, row_number=2)
    second = line("T1", "2024-01-01", 50, sku="B", line_number=2, row_number=3)
    refund = line("T1", "2024-02-01", -100, sku="A", line_number=1, row_number=4)
    for some in ([sale, second, refund], [refund, second, sale]):
        table = staged(con, of_file("f1", *some)).select(*STAGED_LINES.names)
        found = take_once(table, table, overlapping=False)
        assert rows(found.lines, "line_number", "net_amount") == [(1, 100), (2, 50), (3, -100)]
        assert rows(found.superseded, "row_number") == []


def test_equal_rows_whose_number_is_missing_are_two_lines(con: Any) -> None:
    bare = {**line("T1", "2024-01-01", 100, sku="A", row_number=2), "line_number": None}
    table = staged(con, of_file("f1", bare, {**bare, "row_number": 3})).select(*STAGED_LINES.names)
    found = take_once(table, table, overlapping=False)
    assert rows(found.lines, "line_number", "net_amount") == [(1, 100), (2, 100)]
