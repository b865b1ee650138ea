"""What one file proves, and what it takes from the other files of its source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from habitue.staging.conventions import Proved, decide, examine, read_amount, read_date, text_of
from support.reading import conventions, raw_table, source

DECLARED = source({"sold_at": "d", "net_amount": "n", "gross_amount": "g"})


def decided(con: Any, rows: list[tuple[str | None, ...]], known: Proved = Proved(), **more: Any) -> Any:  # noqa: B008
    declared = source(DECLARED.columns, **more)
    found = examine(raw_table(con, ["d", "n", "g"], rows), declared)
    return decide(found, declared, "sales.csv", known)


def codes(decision: Any) -> list[tuple[str, str]]:
    return [(fault.code, fault.params["column"]) for fault in decision.faults]


def test_one_column_proves_for_the_others(con: Any) -> None:
    decision = decided(con, [("31/01/2024", "1,5", "1.234")])
    assert decision.faults == ()
    assert decision.conventions.date_order == "day first"
    assert decision.conventions.decimal_mark() == ","


def test_columns_may_differ(con: Any) -> None:
    decision = decided(con, [("2024-01-31", "1,5", "1.5")])
    assert decision.faults == ()
    assert decision.conventions.decimal_mark() == ", ."
    assert decision.conventions.examined.proved_mark() is None


def test_every_undecided_column_is_told(con: Any) -> None:
    decision = decided(con, [("01/02/2024", "1.234", "2.000")])
    assert codes(decision) == [
        ("dates.order_undecided", "d"), ("amounts.mark_undecided", "n"), ("amounts.mark_undecided", "g"),
    ]  # fmt: skip
    assert decided(con, [("01/02/2024", "1.234", "2.000")], date_order="month first", decimal_mark=",").faults == ()


def test_other_files_prove_what_this_one_does_not(con: Any) -> None:
    rows = [("01/02/2024", "1.234", "2.000")]
    assert decided(con, rows, Proved("month first", ",")).faults == ()
    assert codes(decided(con, rows, Proved(date_order="month first"))) == [
        ("amounts.mark_undecided", "n"), ("amounts.mark_undecided", "g"),
    ]  # fmt: skip
    own = decided(con, [("31/01/2024", "1,5", None)], Proved("month first", ".")).conventions
    assert (own.date_order, own.decimal_mark()) == ("day first", ",")  # its own proofs come first


def test_a_birth_date_proves_without_being_told(con: Any) -> None:
    declared = source({"source_customer_id": "c", "birth_date": "born"}, kind="customers")
    found = examine(raw_table(con, ["c", "born"], [("C1", "31/12/1985"), ("C2", "01/02/1990")]), declared)
    assert found.proved_order() == "day first"
    assert found.order_proof() == (2, "…")
    contradicted = examine(raw_table(con, ["c", "born"], [("C1", "31/12/1985"), ("C2", "12/31/1990")]), declared)
    (fault,) = decide(contradicted, declared, "cards.csv", Proved()).faults
    assert fault.code == "dates.order_contradicted"
    assert (fault.params["day_row"], fault.params["month_row"]) == (2, 3)
    assert "1985" not in str(fault)


def test_texts_of_several_headers(con: Any) -> None:
    raw = raw_table(con, ["a", "b", "c"], [("1", "2", "3"), (None, "2", None), (None, None, None), ("1", None, "3")])
    found = raw.select("row_number", x=text_of(raw, ("a", "b", "c"))).order_by("row_number").to_pyarrow()
    assert found["x"].to_pylist() == ["1 2 3", "2", None, "1 3"]


def test_amounts_of_several_headers(con: Any) -> None:
    declared = source({"sold_at": "d", "net_amount": ("a", "b")})
    raw = raw_table(con, ["d", "a", "b"], [
        ("2024-01-31", "1.5", "2.25"), ("2024-01-31", None, "-2.25"), ("2024-01-31", None, None),
        ("2024-01-31", "1.5", "free"),
    ])  # fmt: skip
    value = read_amount(raw, declared, "net_amount", conventions(raw, declared))
    found = raw.select("row_number", x=value).order_by("row_number").to_pyarrow()["x"].to_pylist()
    assert found == [Decimal("3.75"), Decimal("-2.25"), None, None]


def test_a_date_column_of_a_query_that_is_a_day(con: Any) -> None:
    from datetime import date, datetime

    import pyarrow as pa

    raw = raw_table(con, ["d", "n", "g"], [(date(2024, 2, 29), "1", "1")], {"d": pa.date32()})
    moments = read_date(raw, DECLARED, "sold_at", conventions(raw, DECLARED))
    assert moments.is_date_only
    assert raw.select(x=moments.local).to_pyarrow()["x"].to_pylist() == [datetime(2024, 2, 29)]
