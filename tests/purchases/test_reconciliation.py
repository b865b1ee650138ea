from __future__ import annotations

from typing import Any

import ibis
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.purchases.purchase_lines import purchase_lines
from habitue.purchases.reconciliation import check_identity, reconciliation
from habitue.schemas import RECONCILIATION
from support.purchases import line, rows, staged

ROWS = ("read_rows", "used_rows", "duplicate_rows", "after_as_of_rows", "set_aside_rows", "not_a_purchase_rows",
        "unreadable_rows")  # fmt: skip
AMOUNTS = ("read_amount", "used_amount", "duplicate_amount", "after_as_of_amount", "set_aside_amount",
           "not_a_purchase_amount")  # fmt: skip
PIECE = pa.schema([("file_id", pa.string()), ("currency", pa.string()), ("source_amount", pa.int64())])
READ = pa.schema([("source", pa.string()), ("file", pa.string()), ("file_id", pa.string()), ("currency", pa.string()),
                  ("rows", pa.int64()), ("amount", pa.int64())])  # fmt: skip


def made(con: Any, schema: pa.Schema, *some: tuple) -> Any:
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in some], schema=schema)
    return con.create_table(ibis.util.gen_name("piece"), table, temp=True)


def test_every_row_and_every_cent(con: Any) -> None:
    bought = purchase_lines(
        staged(con, [
            line("T1", "2024-01-01", 1000, "C1", "A", source_amount=1200),
            line("R1", "2024-01-02", -1500, "C1", "A", source_amount=-1800, original_transaction_id="T1"),  # 600 above
            line("R2", "2024-01-03", -500, "C1", "A", source_amount=-600, original_transaction_id="T1"),  # all above
            line("T2", "2024-01-03", 0, "C1"),
            line("T3", "2024-01-03", 700, currency="PLN"),
            line("T4", "2024-01-03", 700, currency=None),
            line("T5", "2024-01-03", 50, file_id="f2"),
        ]),
        home_currency="EUR",
    )  # fmt: skip
    read = made(
        con, READ,
        ("till", "a.csv", "f1", "EUR", 8, -1200 + 100 + 30 + 7), ("till", "a.csv", "f1", "PLN", 1, 700),
        ("till", "a.csv", "f1", None, 2, 700), ("till", "b.csv", "f2", "EUR", 1, 50),
    )  # fmt: skip
    done = reconciliation(
        read,
        lines=bought.lines,
        duplicates=made(con, PIECE, ("f1", "EUR", 100)),
        after_as_of=made(con, PIECE, ("f1", "EUR", 30)),
        refused=made(con, PIECE, ("f1", "EUR", 7), ("f1", None, None), ("f1", "EUR", None)),
        set_aside=bought.set_aside,
    )
    # f1 EUR: used T1 and R1 (1200 - 1200), R2 set aside with the 600 of R1 and the refused 7: -600 - 600 + 7
    assert rows(done, "file", "currency", *ROWS) == [
        ("a.csv", None, 2, 0, 0, 0, 1, 0, 1), ("a.csv", "EUR", 8, 2, 1, 1, 2, 1, 1),
        ("a.csv", "PLN", 1, 0, 0, 0, 1, 0, 0), ("b.csv", "EUR", 1, 1, 0, 0, 0, 0, 0),
    ]  # fmt: skip
    assert rows(done, "file", "currency", *AMOUNTS) == [
        ("a.csv", None, 700, 0, 0, 0, 700, 0), ("a.csv", "EUR", -1063, 0, 100, 30, -1193, 0),
        ("a.csv", "PLN", 700, 0, 0, 0, 700, 0), ("b.csv", "EUR", 50, 50, 0, 0, 0, 0),
    ]  # fmt: skip
    assert done.schema() == RECONCILIATION.ibis_schema()
    assert check_identity(done) == []


def test_what_does_not_add_up_is_told_with_its_file(con: Any) -> None:
    bought = purchase_lines(staged(con, [line("T1", "2024-01-01", 1000)]), home_currency="EUR")
    read = made(con, READ, ("till", "a.csv", "f1", "EUR", 2, 1001))
    told = check_identity(reconciliation(read, lines=bought.lines))
    assert [(m.code, m.params["file"], m.params["currency"], m.params["read"], m.params["found"]) for m in told] == [
        ("reconciliation.rows_differ", "a.csv", "EUR", 2, 1),
        ("reconciliation.amounts_differ", "a.csv", "EUR", 1001, 1000),
    ]  # fmt: skip


def test_rows_of_a_file_nobody_read_do_not_disappear(con: Any) -> None:
    bought = purchase_lines(staged(con, [line("T1", "2024-01-01", 1000)]), home_currency="EUR")
    done = reconciliation(made(con, READ), lines=bought.lines)
    assert rows(done, "file", "file_id", "read_rows", "used_rows") == [(None, "f1", 0, 1)]
    assert len(check_identity(done)) == 2


def test_empty(con: Any) -> None:
    bought = purchase_lines(staged(con, []), home_currency="EUR")
    done = reconciliation(made(con, READ), lines=bought.lines, set_aside=bought.set_aside)
    assert rows(done, "file_id") == []
    assert check_identity(done) == []


@settings(max_examples=5)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["T1", "T2"]),
            st.integers(-900, 900),
            st.sampled_from(["EUR", "PLN", None]),
            st.sampled_from(["f1", "f2"]),
            st.sampled_from([None, "T1"]),
        ),
        max_size=10,
    )
)
def test_the_identity_holds_whatever_is_bought(con: Any, case: list[tuple]) -> None:
    some = [
        line(f"R{n}" if net < 0 else ticket, "2024-01-01", net, "C1", currency=currency, file_id=file,
             source_amount=net * 6 // 5, original_transaction_id=of if net < 0 else None)
        for n, (ticket, net, currency, file, of) in enumerate(case)
    ]  # fmt: skip
    bought = purchase_lines(staged(con, some), home_currency="EUR")
    read: dict[tuple, list[int]] = {}
    for row in some:
        pair = read.setdefault((row["file_id"], row["currency"]), [0, 0])
        pair[0] += 1
        pair[1] += row["source_amount"]
    table = made(con, READ, *[("till", f, f, c, n, amount) for (f, c), (n, amount) in read.items()])
    done = reconciliation(table, lines=bought.lines, set_aside=bought.set_aside)
    assert check_identity(done) == []
