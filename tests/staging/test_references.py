"""Products, stores, payments and rates; amounts and rates worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from habitue.sources.declared import Source
from habitue.staging.references import (
    refused_rows,
    stage_payments,
    stage_products,
    stage_rates,
    stage_stores,
)
from support.reading import conventions, raw_table, source


def read(con: Any, kind: Any, text: str, columns: dict[str, Any] | None = None, **more: Any) -> tuple[Any, Source, Any]:
    headers, *lines = (line.strip().split(";") for line in text.strip().splitlines())
    declared = source(columns or {name: name for name in headers}, kind=kind, **more)
    table = raw_table(con, headers, lines)
    return table, declared, conventions(table, declared)


def rows(table: Any, *columns: str) -> list[tuple[Any, ...]]:
    found = [tuple(row[name] for name in columns) for row in table.to_pyarrow().to_pylist()]
    return sorted(found, key=lambda row: tuple((value is not None, value) for value in row))


@pytest.mark.parametrize(
    # 1.2345 of a unit in thousandths of its minor unit; 0.00125 of a dinar is a tie, which goes to the even side
    ("currency", "costs"),
    [("EUR", [123450, 125, None]), ("JPY", [1234, 1, None]), ("KWD", [1234500, 1250, None])],
)
def test_products(con: Any, currency: str, costs: list[int | None]) -> None:
    text = """sku;product_name;brand;category;cost
        007;Tea;Brand;Food;1.2345
        '008;Cup;;;0.00125
        ;Nobody;;;5.50
        9.0;Pot;;;"""
    found = stage_products(*read(con, "products", text), currency)
    assert rows(found, "sku", "cost_amount") == list(zip(["007", "008", "9"], costs, strict=True))
    assert rows(found.filter(found["sku"] == "007"), "product_name", "brand", "category") == [("Tea", "Brand", "Food")]


def test_stores(con: Any) -> None:
    text = """store_id;store_name;region;opened_on;closed_on
        01;North;R1;31/12/2019;
        02;South;;01/06/2020;2024-05-31
        ;Nowhere;;;"""
    found = stage_stores(*read(con, "stores", text, values={"format": "city"}))
    assert rows(found, "store_id", "store_name", "region", "format", "opened_on", "closed_on") == [
        ("01", "North", "R1", "city", date(2019, 12, 31), None),
        ("02", "South", None, "city", date(2020, 6, 1), date(2024, 5, 31)),
    ]


def test_payments_belong_to_the_tickets_of_their_source(con: Any) -> None:
    text = """transaction_id;tender;paid_amount;source
        007;cash;5.005;
        007;voucher;-2.50;web
        8;;1;
        ;cash;1;
        9;cash;gratis;"""
    table, declared, known = read(con, "payments", text)
    found = stage_payments(table, declared, known, "EUR")
    columns = ("source", "transaction_id", "tender", "paid_amount", "row_number")
    assert rows(found, *columns) == [
        ("till", "007", "cash", 500, 2), ("till", "8", None, 100, 4), ("web", "007", "voucher", -250, 3),
    ]  # fmt: skip
    paid = source(declared.columns, kind="payments", pays="shop")
    assert {row[0] for row in rows(stage_payments(table, paid, known, "EUR"), "source")} == {"shop", "web"}
    assert rows(refused_rows(table, declared, known), "row_number", "column", "reason") == [
        (4, "tender", "key_missing"), (5, "transaction_id", "key_missing"), (6, "paid_amount", "amount_unreadable"),
    ]  # fmt: skip


def test_monthly_rates_hold_for_their_month(con: Any) -> None:
    text = """currency;valid_on;rate
        usd;2024-02;0.923456
        USD;2024-12;0.95
        JPY;2024-02;0.00612345
        ;2024-02;1.5
        GBP;;1.5
        CHF;2024-02;unknown"""
    table, declared, known = read(con, "rates", text)
    assert rows(stage_rates(table, declared, known), "currency", "valid_from", "valid_to", "rate_e8") == [
        ("JPY", date(2024, 2, 1), date(2024, 2, 29), 612_345),
        ("USD", date(2024, 2, 1), date(2024, 2, 29), 92_345_600),
        ("USD", date(2024, 12, 1), date(2024, 12, 31), 95_000_000),
    ]
    assert [row[0] for row in rows(refused_rows(table, declared, known), "row_number")] == [5, 6, 7]


def test_daily_rates_hold_until_the_next_for_a_week_at_most(con: Any) -> None:
    text = """currency;valid_on;rate
        USD;31/12/2023;0.91
        USD;05/01/2024;0.92
        USD;08/01/2024;0.93
        USD;01/02/2024;0.94
        USD;05/01/2024;0.95
        JPY;06/01/2024;0.0061"""
    found = stage_rates(*read(con, "rates", text))
    assert rows(found, "currency", "valid_from", "valid_to", "rate_e8") == [
        ("JPY", date(2024, 1, 6), date(2024, 1, 12), 610_000),
        ("USD", date(2023, 12, 31), date(2024, 1, 4), 91_000_000),
        ("USD", date(2024, 1, 5), date(2024, 1, 7), 95_000_000),  # the later row of the two
        ("USD", date(2024, 1, 8), date(2024, 1, 14), 93_000_000),
        ("USD", date(2024, 2, 1), date(2024, 2, 7), 94_000_000),
    ]


def test_rates_of_a_typed_column(con: Any) -> None:
    declared = source({name: name for name in ("currency", "valid_on", "rate")}, kind="rates")
    kinds = {"valid_on": pa.date32(), "rate": pa.float64()}
    table = raw_table(con, ["currency", "valid_on", "rate"], [("IDR", date(2024, 1, 5), 5.83e-05)], kinds)
    found = stage_rates(table, declared, conventions(table, declared))
    assert rows(found, "currency", "rate_e8") == [("IDR", 5830)]
