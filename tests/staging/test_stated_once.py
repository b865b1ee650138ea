"""What an order states once: amounts worked out by hand, in minor units."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from habitue.schemas.derived_lines import line_in_file
from habitue.sources.declared import Source
from support.reading import source, staged, told

ORDER = ("transaction_id", "sold_at", "net_amount")


def shop(*columns: str, **more: Any) -> Source:
    """A source whose headers bear the canonical names."""
    return source({name: name for name in (*ORDER, *columns)}, **more)


def lines(con: Any, text: str, declared: Source, *columns: str) -> list[tuple[Any, ...]]:
    """Staged lines by ticket, then lines of the file before those made from what a ticket states once."""
    found = staged(con, text, declared)
    assert told(found.refused, "row_number", "reason") == []
    rows = told(found.lines, "transaction_id", "row_number", *columns)
    by_line = sorted(rows, key=lambda row: (row[0], row[1] < 0, -row[1] if row[1] < 0 else row[1]))
    return [(row[0], line_in_file(row[1]) * (-1 if row[1] < 0 else 1), *row[2:]) for row in by_line]


def test_the_status_of_the_first_line_is_that_of_the_order(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;transaction_status;sale_type;shipping_amount
        1;2024-05-01;10.00;pending;;4.00
        1;2024-05-01;20.00;;Tip;
        2;2024-05-01;30.00;;Gift card;
        3;2024-05-01;40.00;;;"""
    declared = shop("transaction_status", "sale_type", "shipping_amount")
    assert lines(con, text, declared, "sale_type_label", "net_amount") == [
        ("1", 2, "pending", 1000), ("1", 3, "pending: Tip", 2000), ("1", -2, "pending: shipping", 400),
        ("2", 4, "Gift card", 3000), ("3", 5, None, 4000),
    ]  # fmt: skip


def test_a_refused_first_line_does_not_make_a_voided_order_a_sale(con: Any) -> None:
    text = "transaction_id;sold_at;net_amount;transaction_status\n1;2024-05-01;;voided\n1;2024-05-01;20.00;"
    found = staged(con, text, shop("transaction_status"))
    assert told(found.refused, "row_number", "reason") == [(2, "amount_missing")]
    assert told(found.lines, "row_number", "sale_type_label") == [(3, "voided")]


def test_texts_stated_once_hold_for_every_line_and_others_do_not(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;sales_channel;store_id
1;2024-05-01;10.00;web;S1
1;2024-05-01;20.00;;
2;2024-05-01;30.00;;S2"""
    declared = shop("sales_channel", "store_id", stated_once=("sales_channel",))
    assert lines(con, text, declared, "sales_channel", "store_id") == [
        ("1", 2, "web", "S1"), ("1", 3, "web", None), ("2", 4, None, "S2"),
    ]  # fmt: skip


def test_delivery_tips_and_gift_cards_are_lines_of_their_own(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;shipping_amount;tip_amount;gift_card_amount
1;2024-05-01;10.00;4.90;1.50;25.00
2;2024-05-01;0.00;;;50.00"""
    declared = shop("shipping_amount", "tip_amount", "gift_card_amount")
    assert lines(con, text, declared, "line_number", "sale_type_label", "net_amount") == [
        ("1", 2, 1, None, 1000), ("1", -2, 0, "shipping", 490), ("1", -2, -1, "tip", 150),
        ("1", -2, -2, "gift card", 2500), ("2", 3, 1, None, 0), ("2", -3, -2, "gift card", 5000),
    ]  # fmt: skip
    found = staged(con, text, declared)
    assert len({*told(found.lines, "row_number")}) == 6  # no two bear one number


def test_what_the_goods_come_to_decides_the_discount(con: Any) -> None:
    """100 and 50 for 120 in all: 30 of discount, 20 and 10; 60 with 5 off on the line, 55 stated: nothing more."""
    text = """transaction_id;sold_at;gross_amount;discount_amount;transaction_net_amount
1;2024-05-01;100.00;;120.00
1;2024-05-01;50.00;;
2;2024-05-01;60.00;5.00;55.00
3;2024-05-01;70.00;;"""
    names = ("gross_amount", "discount_amount", "transaction_net_amount")
    declared = source({name: name for name in ("transaction_id", "sold_at", *names)})
    assert lines(con, text, declared, "gross_amount", "discount_amount", "net_amount") == [
        ("1", 2, 10000, 2000, 8000), ("1", 3, 5000, 1000, 4000), ("2", 4, 6000, 500, 5500), ("3", 5, 7000, 0, 7000),
    ]  # fmt: skip


def test_a_tax_of_the_order_is_shared_over_goods_and_delivery(con: Any) -> None:
    """119 paid with 19 of tax: goods 71.40 and 35.70, delivery 11.90; the tip is not taxed."""
    text = """transaction_id;sold_at;net_amount;transaction_tax_amount;shipping_amount;tip_amount
1;2024-05-01;71.40;19.00;11.90;5.00
1;2024-05-01;35.70;;;
2;2024-05-01;10.00;;;"""
    declared = shop("transaction_tax_amount", "shipping_amount", "tip_amount", tax="included")
    assert lines(con, text, declared, "net_amount", "tax_amount", "source_amount") == [
        ("1", 2, 6000, 1140, 7140), ("1", 3, 3000, 570, 3570), ("1", -2, 1000, 190, 1190), ("1", -2, 500, 0, 500),
        ("2", 4, 1000, None, 1000),
    ]  # fmt: skip
    beside = lines(
        con, text, shop("transaction_tax_amount", "shipping_amount", tax="excluded"), "net_amount", "tax_amount"
    )
    assert [row[2] for row in beside] == [7140, 3570, 1190, 1000]
    assert sum(row[3] or 0 for row in beside) == 1900


def test_a_refund_goes_to_the_goods_first(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;shipping_amount;refunded_amount
1;2024-05-01;60.00;5.00;25.00
1;2024-05-01;40.00;;
2;2024-05-01;60.00;5.00;-65.00
3;2024-05-01;60.00;5.00;0.00
4;2024-05-01;0.00;5.00;5.00"""
    declared = shop("shipping_amount", "refunded_amount")
    found = lines(con, text, declared, "sale_type_label", "net_amount", "original_transaction_id", "sku")
    assert [row for row in found if row[2] in ("refund", "refunded charges")] == [
        ("1", -2, "refund", -2500, "1", None), ("2", -4, "refund", -6000, "2", None),
        ("2", -4, "refunded charges", -500, None, None), ("4", -6, "refunded charges", -500, None, None),
    ]  # fmt: skip


def test_a_refund_gives_back_its_part_of_the_tax(con: Any) -> None:
    """100 of goods and 20 of tax: 60 back are 50 and 10, whether the price includes the tax or not."""
    text = "transaction_id;sold_at;net_amount;tax_amount;refunded_amount\n1;2024-05-01;{};20.00;60.00"
    columns = ("sale_type_label", "net_amount", "tax_amount", "source_amount")
    for tax, price, as_mapped in (("included", "120.00", -6000), ("excluded", "100.00", -5000)):
        found = lines(con, text.format(price), shop("tax_amount", "refunded_amount", tax=tax), *columns)
        assert found[1] == ("1", -2, "refund", -5000, -1000, as_mapped)
    # nobody knows of the tax: 60 of 100
    found = lines(con, text.format("100.00"), shop("tax_amount", "refunded_amount"), *columns)
    assert found[1] == ("1", -2, "refund", -6000, None, -6000)


def test_a_refund_is_dated_and_never_before_its_order(con: Any) -> None:
    text = """transaction_id;sold_at;net_amount;refunded_amount;refunded_at;cancelled_at
1;2024-05-01T10:00;60.00;10.00;2024-05-04T23:30;
2;2024-05-01T10:00;60.00;10.00;2024-04-04T23:30;
3;2024-05-01T10:00;60.00;10.00;;
4;2024-05-01T10:00;60.00;;2024-05-04T23:30;2024-05-02T01:00"""
    declared = shop("refunded_amount", "refunded_at", "cancelled_at")
    found = staged(con, text, declared, zone="Europe/Paris")
    back = [row for row in told(found.lines, "transaction_id", "sold_at", "sold_on", "net_amount") if row[3] < 0]
    assert sorted((row[0], str(row[1]), str(row[2]), row[3]) for row in back) == [
        ("1", "2024-05-04 21:30:00", "2024-05-04", -1000), ("2", "2024-05-01 08:00:00", "2024-05-01", -1000),
        ("3", "2024-05-01 08:00:00", "2024-05-01", -1000), ("4", "2024-05-01 23:00:00", "2024-05-02", -6000),
    ]  # fmt: skip


def test_a_date_of_a_refund_that_cannot_be_read_is_refused(con: Any) -> None:
    text = "transaction_id;sold_at;net_amount;refunded_at\n1;2024-05-01;60.00;soon\n2;2024-05-01;60.00;2024-05-02"
    found = staged(con, text, shop("refunded_at"))
    assert told(found.refused, "row_number", "column", "reason") == [(2, "refunded_at", "date_unreadable")]


def test_a_single_row_and_none(con: Any) -> None:
    names = ("shipping_amount", "tip_amount", "refunded_amount", "cancelled_at", "transaction_status")
    header = ";".join((*ORDER, *names))
    declared = shop(*names, tax="included", tax_rate=Decimal("0.2"))
    assert told(staged(con, f"{header}\n", declared).lines, "row_number", "net_amount") == []
    found = staged(con, f"{header}\n1;2024-05-01;12.00;;;12.00;;", declared)
    assert told(found.lines, "net_amount", "tax_amount", "source_amount") == [(-1000, -200, -1200), (1000, 200, 1200)]
