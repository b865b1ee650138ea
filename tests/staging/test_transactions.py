"""Sales rows to staged lines; amounts worked out by hand, in minor units."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.sources.declared import Source
from habitue.staging.transactions import StagingSettings, stage_transactions
from support.reading import conventions, raw_table, source, staged, told

AMOUNTS = ("gross_amount", "discount_amount", "net_amount")
REFUSED = ("row_number", "column", "value", "reason")


def till(*columns: str, **more: Any) -> Source:
    """A source whose headers bear the canonical names."""
    return source({name: name for name in ("sold_at", "transaction_id", *columns)}, **more)


def amounts(con: Any, text: str, declared: Source, *columns: str, **more: Any) -> list[Any]:
    """Amounts of the lines of tickets of one row each, under the headers of the source."""
    rows = "\n".join(f"2024-05-01;{n};{row}" for n, row in enumerate(text.strip().splitlines()))
    found = staged(con, ";".join(declared.wanted) + "\n" + rows, declared, **more)
    assert told(found.refused, "row_number", "reason") == []
    return told(found.lines, *(columns or AMOUNTS))


# Amounts


def test_unit_price_times_quantity_is_rounded_once_to_the_even_cent(con: Any) -> None:
    text = """
        0.125;1
        0.135;1
        -0.125;1
        2.55;3
        1.99;0.333
        0.005;3
        12.5;-2
    """
    # 0.66267 -> 66; 0.015 -> 2 (a price rounded first would give 0 or 3)
    assert amounts(con, text, till("unit_price", "quantity"), "net_amount") == [12, 14, -12, 765, 66, 2, -2500]


FEW = settings(max_examples=3)  # each with many rows: what takes time is the statement, not its rows
PRICES = st.decimals(Decimal("-9999.9999"), Decimal("9999.9999"), places=4)
UNITS = st.decimals(Decimal(-50), Decimal(50), places=3)


@FEW
@given(st.lists(st.tuples(PRICES, UNITS), min_size=50, max_size=100))
def test_unit_price_times_quantity_is_that_of_decimal(con: Any, rows: list[tuple[Decimal, Decimal]]) -> None:
    text = "9999.9999;1.5\n" + "\n".join(f"{price};{units}" for price, units in rows)  # the first proves the marks
    found = amounts(con, text, till("unit_price", "quantity"), "net_amount")
    assert found[1:] == [int((p * q * 100).quantize(Decimal(1), ROUND_HALF_EVEN)) for p, q in rows]


@pytest.mark.parametrize(
    ("columns", "row", "expected"),
    [
        (("net_amount",), "8.00", (800, 0, 800)),
        (("gross_amount", "discount_amount"), "10.00;2.00", (1000, 200, 800)),
        (("gross_amount", "net_amount"), "10.00;8.00", (1000, 200, 800)),
        (("gross_amount", "net_amount"), ";8.00", (800, 0, 800)),
        (("net_amount", "discount_amount"), "8.00;2.00", (1000, 200, 800)),
        # gross less discount is the net, whatever the third column says
        (("gross_amount", "discount_amount", "net_amount"), "10.00;1.00;8.00", (1000, 200, 800)),
        (("unit_price", "quantity", "discount_amount"), "5.00;2;1.50", (1000, 150, 850)),
        (("unit_price", "quantity", "net_amount"), "5.00;3;8.00", (800, 0, 800)),
        (("gross_amount", "discount_amount"), "-10.00;-2.00", (-1000, -200, -800)),
    ],
)
def test_gross_discount_and_net(con: Any, columns: tuple[str, ...], row: str, expected: tuple[int, ...]) -> None:
    assert amounts(con, row, till(*columns)) == [expected]


def test_several_columns_are_added_up(con: Any) -> None:
    declared = source({"sold_at": "d", "transaction_id": "t", "net_amount": ("shop", "web")})
    found = staged(con, "d;t;shop;web\n2024-05-01;1;1.50;\n2024-05-01;2;;2.50\n2024-05-01;3;1.00;2.00\n2024-05-01;4;;\n"
                   "2024-05-01;5;1.00;many", declared)  # fmt: skip
    assert told(found.lines, "transaction_id", "net_amount") == [("1", 150), ("2", 250), ("3", 300)]
    assert told(found.refused, *REFUSED) == [
        (5, "shop + web", None, "amount_missing"), (6, "shop + web", "1.00 many", "amount_unreadable"),
    ]  # fmt: skip


def test_tax_taken_out_by_rate_half_even(con: Any) -> None:
    declared = till("gross_amount", "discount_amount", tax="included", tax_rate=Decimal("0.20"))
    found = amounts(con, "12.00;0.00\n12.00;6.00\n0.03;0.00\n0.15;0.00\n-12.00;0.00", declared,
                    *AMOUNTS, "tax_amount", "source_amount")  # fmt: skip
    assert found == [
        (1000, 0, 1000, 200, 1200),
        (1000, 500, 500, 100, 600),
        (2, 0, 2, 1, 3),  # 2.5 -> 2
        (12, 0, 12, 3, 15),  # 12.5 -> 12
        (-1000, 0, -1000, -200, -1200),
    ]


@FEW
@given(
    st.sampled_from(["0.20", "0.055", "0.196", "0.07"]),
    st.lists(st.integers(-(10**8), 10**8), min_size=50, max_size=100),
)
def test_tax_is_that_of_decimal(con: Any, rate: str, cents: list[int]) -> None:
    declared = till("net_amount", tax="included", tax_rate=Decimal(rate))
    text = "\n".join(f"{Decimal(n).scaleb(-2):f}" for n in [150, *cents])
    found = amounts(con, text, declared, "net_amount", "tax_amount", "source_amount")
    for (net, tax, given_amount), n in zip(found[1:], cents, strict=True):
        assert net == int((Decimal(n) / (1 + Decimal(rate))).quantize(Decimal(1), ROUND_HALF_EVEN))
        assert net + tax == given_amount == n


def test_tax_taken_out_by_its_column(con: Any) -> None:
    declared = till("net_amount", "discount_amount", "tax_amount", tax="included")
    found = amounts(con, "12.00;1.00;2.00\n5.00;;", declared, *AMOUNTS, "tax_amount", "source_amount")
    assert found == [(1100, 100, 1000, 200, 1200), (500, 0, 500, None, 500)]


def test_tax_beside(con: Any) -> None:
    declared = till("net_amount", "tax_amount", tax="excluded")
    assert amounts(con, "10.00;2.00", declared, *AMOUNTS, "tax_amount") == [(1000, 0, 1000, 200)]


def test_minor_units_of_the_currency(con: Any) -> None:
    text = "12.34\n5.00"
    assert amounts(con, text, till("net_amount", values={"currency": "kwd"}), "net_amount") == [12340, 5000]
    # A source that states none is in the home currency.
    found = amounts(con, text, till("net_amount"), "net_amount", "currency", home="JPY")
    assert found == [(12, "JPY"), (5, "JPY")]


def test_currencies_by_row(con: Any) -> None:
    text = "1.5;EUR\n1.5;jpy\n1.5;KWD\n2.5;JPY\n1.5;"
    found = amounts(con, text, till("net_amount", "currency"), "net_amount", "currency")
    assert found == [(150, "EUR"), (2, "JPY"), (1500, "KWD"), (2, "JPY"), (150, None)]


def test_a_row_without_currency_has_that_of_its_ticket(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;currency
        1;2024-05-01;100;JPY
        1;2024-05-01;200;
        2;2024-05-01;1;EUR
        2;2024-05-01;1;USD
        2;2024-05-01;1;"""
    found = staged(con, text, till("net_amount", "currency"))
    assert told(found.lines, "transaction_id", "currency", "net_amount") == [
        ("1", "JPY", 100), ("1", "JPY", 200), ("2", "EUR", 100), ("2", "USD", 100), ("2", None, 100),
    ]  # fmt: skip


def test_amounts_with_a_type_of_their_own(con: Any) -> None:
    declared = till("net_amount", "quantity")
    kinds = {"net_amount": pa.float64(), "quantity": pa.int32(), "sold_at": pa.timestamp("us", "Europe/Paris")}
    at = datetime(2024, 5, 1, 22, 30, tzinfo=UTC)
    numbers = [2.55 * 3, 0.1 + 0.2, 1e12, float("nan"), None, -7.0]
    rows = [(at, str(n), x, 2) for n, x in enumerate(numbers)]
    table = raw_table(con, ["sold_at", "transaction_id", "net_amount", "quantity"], rows, kinds)
    paris = StagingSettings(currency="EUR", time_zone="Europe/Paris")
    found = stage_transactions(table, declared, conventions(table, declared), paris, "f")
    assert told(found.lines, "net_amount", "quantity", "sold_at", "sold_on") == [
        (cents, Decimal(2), datetime(2024, 5, 1, 22, 30), date(2024, 5, 2)) for cents in (765, 30, -700)
    ]
    assert [reason for _, reason in told(found.refused, "row_number", "reason")] == [
        "amount_unreadable", "amount_missing", "amount_missing",
    ]  # fmt: skip


# Tickets


def test_a_ticket_discount_is_shared_by_gross_to_the_last_cent(con: Any) -> None:
    text = """transaction_id;sold_at;gross_amount;transaction_discount_amount
        1;2024-05-01;10.00;1.00
        1;2024-05-01;10.00;1.00
        1;2024-05-01;10.00;1.00
        2;2024-05-01;30.00;
        2;2024-05-01;-5.00;6.01
        2;2024-05-01;10.00;
        3;2024-05-01;5.00;
        4;2024-05-01;-5.00;1.00"""
    found = staged(con, text, till("gross_amount", "transaction_discount_amount"))
    # 100 / 3: 33, 33, 34; 601 by 30 and 10: 450.75 cut, and the rest; the negative line has no share
    assert told(found.lines, "transaction_id", *AMOUNTS, "source_amount") == [
        ("1", 1000, 33, 967, 967), ("1", 1000, 33, 967, 967), ("1", 1000, 34, 966, 966),
        ("2", 3000, 450, 2550, 2550), ("2", -500, 0, -500, -500), ("2", 1000, 151, 849, 849),
        ("3", 500, 0, 500, 500), ("4", -500, 0, -500, -500),
    ]  # fmt: skip


def test_shipping_is_a_line_of_its_own(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;shipping_amount;sku
        1;2024-05-01;10.00;4.90;A
        1;2024-05-01;20.00;4.90;B
        2;2024-05-01;10.00;0.00;A
        3;2024-05-01;10.00;;A
        4;2024-05-01;-10.00;-4.90;A"""
    found = staged(con, text, till("net_amount", "shipping_amount", "sku"))
    lines = told(found.lines, "row_number", "transaction_id", "line_number", "sku", "net_amount", "sale_type_label")
    assert sorted(row for row in lines if row[0] < 0) == [
        (-6, "4", 0, None, -490, "shipping"), (-2, "1", 0, None, 490, "shipping"),
    ]  # fmt: skip
    assert [row[:2] + row[3:] for row in lines if row[0] > 0] == [
        (2, "1", "A", 1000, None), (3, "1", "B", 2000, None), (4, "2", "A", 1000, None), (5, "3", "A", 1000, None),
        (6, "4", "A", -1000, None),
    ]  # fmt: skip


def test_shipping_includes_tax_as_the_rest_does(con: Any) -> None:
    declared = till("net_amount", "shipping_amount", tax="included", tax_rate=Decimal("0.2"))
    found = staged(con, "transaction_id;sold_at;net_amount;shipping_amount\n1;2024-05-01;12.00;6.00", declared)
    assert told(found.lines, "net_amount", "tax_amount") == [(500, 100), (1000, 200)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (("sold_on", "till_id", "transaction_id"), ["2024-05-01|K1|1", "2024-05-02|K1|1", "2024-05-01||2"]),
        (("file", "row_number"), ["file1|2", "file1|3", "file1|4"]),
        (("sales_channel", "source_customer_id"), ["web|C1", "web|", "web|C1"]),
    ],
)
def test_parts_of_a_ticket_key(con: Any, key: tuple[str, ...], expected: list[str]) -> None:
    text = """sold_at;transaction_id;net_amount;store_id;till_id;source_customer_id
        2024-05-01 22:30;1;5;S1;K1;C1
        2024-05-02 00:30;1;5;;K1;
        2024-05-01 12:00;2;5;S2;;C1"""
    columns = ("net_amount", "store_id", "till_id", "source_customer_id")
    declared = till(*columns, transaction_key=key, values={"sales_channel": "web"})
    found = staged(con, text, declared)
    assert told(found.lines, "transaction_id") == expected
    assert told(found.lines, "transaction_number") == ["1", "1", "2"]


def test_a_row_without_ticket_number_is_refused(con: Any) -> None:
    declared = till("net_amount", transaction_key=("store_id", "transaction_id"), values={"store_id": "S"})
    found = staged(con, "transaction_id;sold_at;net_amount\n;2024-05-01;5\n7;2024-05-01;6", declared)
    assert told(found.refused, "row_number", "column", "reason", "source_amount") == [
        (2, "transaction_id", "transaction_id_missing", 500)
    ]
    assert told(found.lines, "net_amount") == [600]


def test_line_numbers_as_given(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;line_number
        1;2024-05-01;5;10
        1;2024-05-01;6;20.0
        1;2024-05-01;7;"""
    found = staged(con, text, till("net_amount", "line_number"))
    assert told(found.lines, "line_number", "has_line_number") == [(10, True), (20, True), (None, True)]


def test_line_numbers_by_content_do_not_depend_on_the_order_of_rows(con: Any) -> None:
    columns = ("net_amount", "sku", "quantity", "gross_amount", "sale_type", "offer_id", "points", "store_id")
    rows = [
        ("1", "2024-05-01 10:00", "5", "A", "1", "5", "sale", "", "0", "S1"),
        ("1", "2024-05-01 10:00", "5", "A", "1", "6", "sale", "", "0", "S1"),
        ("1", "2024-05-01 10:00", "5", "A", "1", "5", "gift", "", "0", "S1"),
        ("1", "2024-05-01 10:00", "5", "A", "1", "5", "sale", "O1", "0", "S1"),
        ("1", "2024-05-01 10:00", "5", "A", "1", "5", "sale", "", "9", "S1"),
        ("1", "2024-05-01 10:05", "5", "A", "1", "5", "sale", "", "0", "S1"),
        ("1", "2024-05-01 10:00", "5", "", "1", "5", "sale", "", "0", "S2"),
        ("2", "2024-05-01 10:00", "5", "A", "1", "5", "sale", "", "0", "S1"),
        ("2", "2024-05-01 10:00", "5", "A", "1", "5", "sale", "", "0", "S1"),
    ]
    head = ";".join(("transaction_id", "sold_at", *columns))
    content = ("transaction_id", "sold_at", *AMOUNTS, "sku", "sale_type_label", "offer_id", "points", "store_id")
    seen = set()
    for seed in range(2):
        random.Random(seed).shuffle(rows)
        found = staged(con, "\n".join([head, *map(";".join, rows)]), till(*columns))
        lines = told(found.lines, "line_number", *content)
        assert sorted(line[:2] for line in lines) == [
            (1, "1"), (1, "2"), (2, "1"), (2, "2"), (3, "1"), (4, "1"), (5, "1"), (6, "1"), (7, "1"),
        ]  # fmt: skip
        seen.add(frozenset(lines))
    assert len(seen) == 1


# Refused rows, and rows that are no data


def test_reasons_come_with_column_and_value(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount
        1;;5
        2;31/02/2024;5
        3;29 avril;5
        4;29/02/2024;
        5;29/02/2024;5 pieces
        6;29/02/2024;3,01234E+12
        7;29/02/2024;900000000.01
        8;29/02/2024;900000000.00
        ;29/02/2024;5.50"""
    found = staged(con, text, till("net_amount"))
    assert told(found.refused, *REFUSED, "source_amount") == [
        (2, "sold_at", None, "date_missing", 500),
        (3, "sold_at", "31/02/2024", "date_impossible", 500),
        (4, "sold_at", "29 avril", "date_unreadable", 500),
        (5, "net_amount", None, "amount_missing", None),
        (6, "net_amount", "5 pieces", "amount_unreadable", None),
        (7, "net_amount", "3,01234E+12", "ruined_by_excel", None),
        (8, "net_amount", "900000000.01", "amount_too_large", None),
        (10, "transaction_id", None, "transaction_id_missing", 550),
    ]
    assert told(found.lines, "row_number", "net_amount") == [(9, 90_000_000_000)]


def test_amounts_beside_the_main_one_are_never_taken_as_nothing(con: Any) -> None:
    text = """transaction_id;sold_at;gross_amount;discount_amount;tax_amount;shipping_amount
        1;2024-05-01;5.00;some;1.00;1.00
        2;2024-05-01;5.00;1.00;free;1.00
        3;2024-05-01;5.00;1.00;1.00;n.c.
        4;2024-05-01;5.00;;;"""
    columns = ("gross_amount", "discount_amount", "tax_amount", "shipping_amount")
    found = staged(con, text, till(*columns, tax="included"))
    assert told(found.refused, *REFUSED) == [
        (2, "discount_amount", "some", "amount_unreadable"),
        (3, "tax_amount", "free", "amount_unreadable"),
        (4, "shipping_amount", "n.c.", "amount_unreadable"),
    ]
    assert told(found.lines, "net_amount") == [500]
    # A tax that is not needed spoils nothing.
    found = staged(con, text, till("gross_amount", "tax_amount", tax="excluded"))
    assert told(found.lines, "tax_amount") == [100, None, 100, None]


def test_quantities_that_spoil_an_amount(con: Any) -> None:
    text = """transaction_id;sold_at;unit_price;quantity
        1;2024-05-01;5.00;two
        2;2024-05-01;5.00;
        3;2024-05-01;800000.00;900000
        4;2024-05-01;5.00;0"""
    found = staged(con, text, till("unit_price", "quantity"))
    assert told(found.refused, *REFUSED) == [
        (2, "quantity", "two", "quantity_unreadable"),
        (3, "quantity", None, "quantity_unreadable"),
        (4, "quantity", "900000", "quantity_unreadable"),
    ]
    assert told(found.lines, "net_amount") == [0]


def test_values_of_a_source_with_customers_show_their_shape_only(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;source_customer_id
        1;anna@example.com;5;C1
        2;0612345678;5;C1
        3;2024-05-01;Anna Müller;C1
        4;2024-05-01;1234567890123;C1
        5;31/02/2024;5;C1
        6;20241399;5;C1
        7;2024-05-01;#REF!;C1"""
    found = staged(con, text, till("net_amount", "source_customer_id"))
    assert told(found.refused, "value", "reason") == [
        ("xxxx@xxxxxxx.xxx", "date_unreadable"),
        ("0000000000", "date_unreadable"),
        ("xxxx xxxxxx", "amount_unreadable"),
        ("0000000000000", "amount_unreadable"),
        ("31/02/2024", "date_impossible"),
        ("00000000", "date_impossible"),
        ("#REF!", "amount_unreadable"),
    ]


def test_total_rows_are_no_sales(con: Any) -> None:
    words = ["Total", "TOTAL :", "Sous-total", "Grand total", "Totaux", "Итого", "ВСЕГО:", "Сумма 7"]
    in_date, in_number = [f"{word};;5.00" for word in words], [f";{word};7.00" for word in words]
    rows = ["sold_at;transaction_id;net_amount", "2024-05-01;1;5.00", *in_date, *in_number]
    found = staged(con, "\n".join(rows), till("net_amount"))
    assert told(found.asides, "reason", "source_amount") == [("total_row", 500)] * 8 + [("total_row", 700)] * 8
    assert told(found.refused, "row_number") == []
    assert told(found.lines, "net_amount") == [500]


def test_only_total_rows_are_total_rows(con: Any) -> None:
    text = """sold_at;transaction_id;net_amount
        2024-05-01;Total;5.00
        ;Totally;5.00
        ;Итогово;5.00"""
    found = staged(con, text, till("net_amount"))
    assert told(found.lines, "transaction_id") == ["Total"]
    assert told(found.refused, "reason") == ["date_missing", "date_missing"]


def test_blank_rows_and_notes_are_no_sales(con: Any) -> None:
    text = """sold_at;transaction_id;net_amount;source_customer_id
        ;;;
        ;see page 2;;
        ;;;anna@example.com
        -;N/A;null;None
        ;1;;C1
        ;;5;"""
    found = staged(con, text, till("net_amount", "source_customer_id"))
    assert told(found.asides, "row_number", "reason", "value") == [
        (2, "blank_row", None), (3, "note_row", None), (4, "note_row", None), (5, "blank_row", None),
    ]  # fmt: skip
    assert told(found.refused, "row_number", "reason") == [(6, "date_missing"), (7, "date_missing")]


def test_every_row_is_somewhere_once(con: Any) -> None:
    draw = random.Random(3)
    dates, numbers = ["2024-05-01", "", "soon", "2024-02-30", "Total"], ["5.00", "", "x", "1e9", "-3"]
    rows = [f"{draw.choice(['1', '2', ''])};{draw.choice(dates)};{draw.choice(numbers)}" for _ in range(200)]
    found = staged(con, "\n".join(["transaction_id;sold_at;net_amount", *rows]), till("net_amount"))
    parts = [told(table, "row_number") for table in (found.lines, found.refused, found.asides)]
    assert sorted(n for part in parts for n in part) == list(range(2, 202))


# Texts and moments


def test_codes_and_customer_numbers(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;sku;source_customer_id;store_id
        007;2024-05-01;1;00123;Anna@Example.COM;'01
        12.0;2024-05-01;1;3.01234E+12;000;1.50
        A.0;2024-05-01;1;12.0;4,5E+11;
        8;2024-05-01;1;-;00457.0;NULL"""
    found = staged(con, text, till("net_amount", "sku", "source_customer_id", "store_id"))
    assert told(found.lines, "transaction_id", "sku", "customer_number", "store_id") == [
        ("007", "00123", "anna@example.com", "01"),
        ("12", None, None, "1.50"),
        ("A.0", "12", None, None),
        ("8", None, "00457", None),
    ]


def test_constants_for_what_a_source_does_not_have(con: Any) -> None:
    values = {"sales_channel": "web", "sale_type": "sale", "store_id": "007", "quantity": "1", "net_amount": "2.50"}
    found = staged(con, "transaction_id;sold_at\n1;2024-05-01", till(values=values))
    assert told(found.lines, "sales_channel", "sale_type_label", "store_id", "quantity", "net_amount") == [
        ("web", "sale", "007", Decimal(1), 250)
    ]
    found = staged(con, "transaction_id;net_amount\n1;5", source(
        {"transaction_id": "transaction_id", "net_amount": "net_amount"}, values={"sold_at": "2024-05-01"}
    ), zone="Europe/Paris")  # fmt: skip
    assert told(found.lines, "sold_at", "sold_on") == [(datetime(2024, 4, 30, 22), date(2024, 5, 1))]


def moments(con: Any, texts: list[str], declared: Source, **more: Any) -> list[tuple[str, str]]:
    text = "\n".join(["transaction_id;sold_at;net_amount", *(f"1;{text};5" for text in texts)])
    return [(str(at), str(on)) for at, on in told(staged(con, text, declared, **more).lines, "sold_at", "sold_on")]


def test_local_times_become_utc_and_the_store_keeps_its_day(con: Any) -> None:
    texts = ["2023-07-01 00:30", "2024-01-01 00:30", "2024-03-31 02:30", "2024-10-27 02:30", "0000-00-00 00:00"]
    assert moments(con, texts, till("net_amount"), zone="Europe/Paris") == [
        ("2023-06-30 22:30:00", "2023-07-01"),
        ("2023-12-31 23:30:00", "2024-01-01"),
        ("2024-03-31 01:30:00", "2024-03-31"),
        ("2024-10-27 00:30:00", "2024-10-27"),
    ]


def test_times_written_elsewhere(con: Any) -> None:
    texts = ["2024-07-01 23:30", "2024-01-01 22:30"]
    assert moments(con, texts, till("net_amount", time_zone="UTC"), zone="Europe/Paris") == [
        ("2024-07-01 23:30:00", "2024-07-02"), ("2024-01-01 22:30:00", "2024-01-01"),
    ]  # fmt: skip


def test_times_with_their_own_offset(con: Any) -> None:
    texts = ["2024-07-01 23:30:00Z", "2024-07-01 23:30:00-05:00", "2024-07-01 23:30:00"]
    assert moments(con, texts, till("net_amount"), zone="Europe/Paris") == [
        ("2024-07-01 23:30:00", "2024-07-02"),
        ("2024-07-02 04:30:00", "2024-07-02"),
        ("2024-07-01 21:30:00", "2024-07-01"),
    ]


def test_a_day_that_begins_at_four(con: Any) -> None:
    texts = ["2024-07-02 03:59", "2024-07-02 04:00"]
    assert moments(con, texts, till("net_amount"), zone="Europe/Paris", day_starts_at=time(4)) == [
        ("2024-07-02 01:59:00", "2024-07-01"), ("2024-07-02 02:00:00", "2024-07-02"),
    ]  # fmt: skip


def test_day_and_time_in_columns_of_their_own(con: Any) -> None:
    declared = source({"sold_at": ("d", "h"), "transaction_id": "t", "net_amount": "n"})
    text = "t;d;h;n\n1;13/05/2024;17:30;5\n2;13/05/2024 00:00:00;9:05:01;5\n3;13/05/2024;;5\n4;;17:30;5"
    found = staged(con, text, declared)
    assert [str(at) for at in told(found.lines, "sold_at")] == [
        "2024-05-13 17:30:00", "2024-05-13 09:05:01", "2024-05-13 00:00:00",
    ]  # fmt: skip
    assert told(found.refused, "column", "reason") == [("d + h", "date_missing")]
