"""Which purchase a return takes back; expected values by hand from the domain rules."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.purchases.purchase_lines import Purchases, PurchaseSettings, purchase_lines
from habitue.purchases.sale_types import SaleTypeRule
from habitue.schemas import RATES
from support.purchases import line, rows, staged, table

PART = ("transaction_id", "part", "linked_by", "reason", "returned_amount", "original_transaction_id",
        "original_line_number")  # fmt: skip
WORTH = ("transaction_id", "line_number", "returned_amount", "kept_amount")


def bought(con: Any, some: list[dict], **more: Any) -> Purchases:
    return purchase_lines(staged(con, some), home_currency="EUR", settings=PurchaseSettings(**more))


def back(ticket: str, day: str, net: int, *rest: Any, of: str | None = None, **more: Any) -> dict:
    return line(ticket, day, net, *rest, original_transaction_id=of, **more)


def test_a_stated_ticket_the_same_article_first(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        line("T1", "2024-01-01", 2000, "C1", "B"),
        back("R1", "2024-02-01", -1500, "C1", "B", of="T1"),
    ])  # fmt: skip
    assert rows(found.returns, *PART) == [("R1", 1, "original_ticket", None, 1500, "T1", 2)]
    assert rows(found.lines, *WORTH) == [("R1", 1, 0, 0), ("T1", 1, 0, 1000), ("T1", 2, 1500, 500)]


def test_a_stated_ticket_without_that_article_or_return_without_article_takes_any_line(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        line("T1", "2024-01-01", 2000, "C1", "B"),
        back("R1", "2024-02-01", -600, "C1", "Z", of="T1"),
        back("R2", "2024-02-02", -600, "C1", of="T1"),
    ])  # fmt: skip
    # 600 of line 1 by R1; R2 takes the 400 left of line 1, then 200 of line 2
    assert rows(found.returns, *PART) == [
        ("R1", 1, "original_ticket", None, 600, "T1", 1),
        ("R2", 1, "original_ticket", None, 400, "T1", 1),
        ("R2", 2, "original_ticket", None, 200, "T1", 2),
    ]


def test_above_what_was_bought_is_set_aside(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        back("R1", "2024-02-01", -1500, "C1", "A", of="T1"),
        back("R2", "2024-02-02", -700, "C1", "A", of="T1"),
    ])  # fmt: skip
    assert rows(found.returns, *PART) == [
        ("R1", 1, "original_ticket", None, 1000, "T1", 1),
        ("R1", 2, "above_purchase", None, 500, "T1", None),
        ("R2", 1, "above_purchase", None, 700, "T1", None),
    ]
    # R2 is wholly above: no purchase line at all; R1 goes on with 1000 of its 1500
    assert rows(found.lines, "transaction_id", "net_amount", "kept_amount", "source_amount") == [
        ("R1", -1000, 0, -1000), ("T1", 1000, 0, 1000),
    ]  # fmt: skip
    assert rows(found.set_aside, "row_number", "reason", "source_amount", "currency", "is_part") == [
        (2, "above_purchase", -500, "EUR", True), (3, "above_purchase", -700, "EUR", False),
    ]  # fmt: skip


def test_above_the_article_is_above_even_if_the_ticket_has_more(con: Any) -> None:
    # The refund of A written twice is not taken from B.
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        line("T1", "2024-01-01", 5000, "C1", "B"),
        back("R1", "2024-02-01", -1000, "C1", "A", of="T1"),
        back("R2", "2024-02-02", -1000, "C1", "A", of="T1"),
    ])  # fmt: skip
    assert rows(found.lines, *WORTH) == [("R1", 1, 0, 0), ("T1", 1, 1000, 0), ("T1", 2, 0, 5000)]
    assert rows(found.set_aside, "source_amount") == [-1000]


def test_a_split_row_divides_its_mapped_amount_with_tax(con: Any) -> None:
    # 1500 net is 1800 with tax; 1000 of 1500 are bought back, so 1200 of 1800 are used and 600 set aside.
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A", source_amount=1200, tax_amount=200),
        back("R1", "2024-02-01", -1500, "C1", "A", of="T1", source_amount=-1800, tax_amount=-300, discount=-150),
    ])  # fmt: skip
    columns = ("gross_amount", "discount_amount", "net_amount", "tax_amount", "source_amount")
    # gross -1650 * 1000 / 1500 = -1100
    assert rows(found.lines.filter(found.lines.transaction_id == "R1"), *columns) == [
        (-1100, -100, -1000, -200, -1200)
    ]  # fmt: skip
    assert rows(found.set_aside, "source_amount") == [-600]


def test_a_stated_ticket_that_is_not_there_is_not_replaced_by_another(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        back("R1", "2024-02-01", -1000, "C1", "A", of="T9"),
        line("T2", "2024-03-01", 1000, "C1", "A"),
        back("R2", "2024-02-01", -1000, "C1", "A", of="T2"),  # sold later
        back("R3", "2024-02-01", -1000, "C1", "A", of="T1", source="web"),  # of another source
    ])  # fmt: skip
    assert rows(found.returns, *PART[:5]) == [
        (ticket, 1, "none", "original_not_found", 1000) for ticket in ("R1", "R2", "R3")
    ]
    assert rows(found.lines, *WORTH)[:3] == [(ticket, 1, 0, -1000) for ticket in ("R1", "R2", "R3")]


def test_a_number_that_is_not_unique_means_the_latest_before_same_store_preferred(con: Any) -> None:
    def till(key: str, day: str, store: str, **more: Any) -> dict:
        return line(key, day, 1000, sku="A", store_id=store, transaction_number="0001", **more)

    found = bought(con, [
        till("1", "2024-01-01", "Brest"),
        till("2", "2024-01-02", "Brest"),
        till("3", "2024-01-03", "Quimper"),
        till("4", "2024-01-09", "Brest"),
        back("R1", "2024-01-05", -100, None, "A", of="0001", store_id="Brest"),
        back("R2", "2024-01-05", -100, None, "A", of="0001", store_id="Vannes"),
        back("R3", "2024-01-05", -100, None, "A", of="0001", store_id=None),
        back("R4", "2023-12-31", -100, None, "A", of="0001", store_id="Brest"),
    ])  # fmt: skip
    assert rows(found.returns, "transaction_id", "original_transaction_id") == [
        ("R1", "2"), ("R2", "3"), ("R3", "3"), ("R4", None),
    ]  # fmt: skip


def test_the_key_of_a_ticket_comes_before_its_number(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, sku="A"),
        line("T2", "2024-01-02", 1000, sku="A", transaction_number="T1"),
        back("R1", "2024-01-05", -100, None, "A", of="T1"),
    ])  # fmt: skip
    assert rows(found.returns, "original_transaction_id") == ["T1"]


def test_without_stated_ticket_the_customers_latest_purchases_of_the_article(con: Any) -> None:
    found = bought(con, [
        line("T0", "2023-01-30", 1000, "C1", "A"),  # 367 days before R1
        line("T1", "2023-02-02", 1000, "C1", "A"),  # 364 days
        line("T2", "2023-12-01", 300, "C1", "A"),
        line("T3", "2024-01-15", 500, "C1", "B"),
        line("T4", "2024-01-16", 500, "C2", "A"),
        line("T5", "2024-03-01", 500, "C1", "A"),  # after the return
        back("R1", "2024-02-01", -700, "C1", "A"),
        back("R2", "2024-02-02", -700, "C1", "A"),
        back("R3", "2024-02-03", -100, "C1", "Z"),
        back("R4", "2024-02-03", -100, None, "A"),
        back("R5", "2024-02-04", -100, "C1", "A"),
    ])  # fmt: skip
    assert rows(found.returns, *PART) == [
        ("R1", 1, "customer_and_sku", None, 300, "T2", 1),
        ("R1", 2, "customer_and_sku", None, 400, "T1", 1),
        ("R2", 1, "customer_and_sku", None, 600, "T1", 1),  # all that is left; the rest is not set aside
        ("R2", 2, "none", "nothing_left_to_return", 100, None, None),
        ("R3", 1, "none", "no_original_given", 100, None, None),
        ("R4", 1, "none", "no_customer", 100, None, None),
        ("R5", 1, "none", "nothing_left_to_return", 100, None, None),
    ]
    assert rows(found.set_aside, "reason") == []


def test_the_window_includes_its_last_day(con: Any) -> None:
    some = [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        back("R1", "2024-01-31", -100, "C1", "A"),
        back("R2", "2024-02-01", -100, "C1", "A"),
    ]
    assert rows(bought(con, some, return_days=30).returns, "transaction_id", "linked_by") == [
        ("R1", "customer_and_sku"), ("R2", "none"),
    ]  # fmt: skip


def test_stated_returns_come_first_whatever_their_date(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        back("R1", "2024-02-01", -1000, "C1", "A"),
        back("R2", "2024-02-02", -1000, "C1", "A", of="T1"),
    ])  # fmt: skip
    assert rows(found.returns, "transaction_id", "linked_by", "reason") == [
        ("R1", "none", "nothing_left_to_return"), ("R2", "original_ticket", None),
    ]  # fmt: skip


def test_without_article_only_an_untouched_ticket_of_exactly_the_amount_latest_first(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 300, "C1", source="web"),
        line("T1", "2024-01-01", 700, "C1", source="web"),
        line("T2", "2024-01-02", 1000, "C1", "A"),  # another source of the same customer, with articles
        line("T3", "2024-01-03", 1500, "C1", source="web"),
        back("R1", "2024-02-01", -1000, "C1", source="web"),
        back("R2", "2024-02-02", -1000, "C1", source="web"),
        back("R3", "2024-02-03", -1000, "C1", source="web"),
        back("R4", "2024-02-04", -1400, "C1", source="web"),
        back("R5", "2024-02-05", -1000, "C2", source="web"),
    ])  # fmt: skip
    assert rows(found.returns, *PART) == [
        ("R1", 1, "customer_and_amount", None, 1000, "T2", 1),
        ("R2", 1, "customer_and_amount", None, 300, "T1", 1),
        ("R2", 2, "customer_and_amount", None, 700, "T1", 2),
        ("R3", 1, "none", "nothing_left_to_return", 1000, None, None),
        ("R4", 1, "none", "no_original_given", 1400, None, None),
        ("R5", 1, "none", "no_original_given", 1000, None, None),
    ]


def test_an_exchange_nets_on_its_own_ticket(con: Any) -> None:
    found = bought(con, [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        line("T2", "2024-02-01", 1200, "C1", "B"),
        back("T2", "2024-02-01", -1000, "C1", "A"),
        line("T3", "2024-02-05", 1200, "C1", "B"),
        back("T3", "2024-02-05", -1000, "C1", "A", of="T1"),  # states its ticket: a return
    ])  # fmt: skip
    assert rows(found.lines, "transaction_id", "line_number", "sale_type", "counts", "kept_amount") == [
        ("T1", 1, "sale", True, 0), ("T2", 1, "sale", True, 1200), ("T2", 2, "exchange", True, -1000),
        ("T3", 1, "sale", True, 1200), ("T3", 2, "return", True, 0),
    ]  # fmt: skip
    assert rows(found.returns, "transaction_id") == ["T3"]


def test_an_exchange_needs_a_counted_sale_line_of_that_day(con: Any) -> None:
    rule = SaleTypeRule(sale_type="shipping", sku=("POST",))
    some = [line("T1", "2024-02-01", 500, "C1", "POST"), back("T1", "2024-02-01", -1000, "C1", "A")]
    assert rows(bought(con, some, sale_types=(rule,)).lines, "sale_type") == ["return", "shipping"]


def test_exchanges_may_be_left_out_of_the_count(con: Any) -> None:
    some = [line("T1", "2024-02-01", 1200, "C1", "B"), back("T1", "2024-02-01", -1000, "C1", "A")]
    assert rows(bought(con, some, counted=("sale", "return")).lines, "sale_type", "counts") == [
        ("exchange", False), ("sale", True),
    ]  # fmt: skip


def test_a_refund_row_under_the_orders_own_number_means_that_order(con: Any) -> None:
    found = bought(con, [
        line("W1", "2024-02-01", 3000, "C1"),
        back("W1", "2024-02-09", -1000, "C1"),
        back("W1", "2024-02-10", -3000, "C1"),
    ])  # fmt: skip
    assert rows(found.returns, "line_number", "linked_by", "returned_amount") == [
        (2, "original_ticket", 1000), (3, "above_purchase", 1000), (3, "original_ticket", 2000),
    ]  # fmt: skip
    assert rows(found.lines, "line_number", "kept_amount") == [(1, 0), (2, 0), (3, 0)]


def test_only_counted_sales_are_taken_back(con: Any) -> None:
    rule = SaleTypeRule(sale_type="gift_card", sku=("G",), amount="positive")
    found = bought(con, [line("T1", "2024-01-01", 1000, "C1", "G"), back("R1", "2024-01-02", -1000, "C1", "G")],
                   sale_types=(rule,))  # fmt: skip
    assert rows(found.returns, "reason") == ["no_original_given"]


def test_returns_that_do_not_count_take_nothing_back(con: Any) -> None:
    some = [line("T1", "2024-01-01", 1000, "C1", "A"), back("R1", "2024-01-02", -1000, "C1", "A", of="T1")]
    found = bought(con, some, counted=("sale",))
    assert rows(found.returns, "part") == []
    assert rows(found.lines, *WORTH) == [("R1", 1, 0, -1000), ("T1", 1, 0, 1000)]


def test_returns_written_with_positive_amounts(con: Any) -> None:
    rule = SaleTypeRule(sale_type="return", label=("refund",), negate=True)
    found = bought(con, [line("T1", "2024-01-01", 1000, "C1", "A"),
                         back("R1", "2024-01-02", 400, "C1", "A", sale_type_label="refund")],
                   sale_types=(rule,))  # fmt: skip
    assert rows(found.lines, "transaction_id", "net_amount", "kept_amount", "source_amount") == [
        ("R1", -400, 0, 400), ("T1", 1000, 600, 1000),
    ]  # fmt: skip


def test_sales_of_another_currency_are_not_meant(con: Any) -> None:
    found = purchase_lines(
        staged(con, [line("T1", "2024-01-01", 1000, "C1", "A", currency="GBP"),
                     back("R1", "2024-01-02", -400, "C1", "A"),
                     back("R2", "2024-01-02", -400, "C1", "A", of="T1")]),
        rates=gbp(con), home_currency="EUR",
    )  # fmt: skip
    assert rows(found.returns, "transaction_id", "reason") == [
        ("R1", "no_original_given"), ("R2", "original_not_found"),
    ]  # fmt: skip


def gbp(con: Any) -> Any:
    def rate(first: date, last: date, e8: int) -> dict:
        return {"currency": "GBP", "valid_from": first, "valid_to": last, "rate_e8": e8}

    return table(con, RATES, [rate(date(2024, 1, 1), date(2024, 1, 31), 117_000_000),
                              rate(date(2024, 2, 1), date(2024, 2, 29), 130_000_000)])  # fmt: skip


def test_a_linked_return_takes_the_rate_of_its_purchase_the_rest_its_own(con: Any) -> None:
    found = purchase_lines(
        staged(con, [line("T1", "2024-01-05", 1001, "C1", "A", currency="GBP"),
                     back("R1", "2024-02-05", -500, "C1", "A", currency="GBP"),
                     back("R2", "2024-02-06", -601, "C1", "A", currency="GBP")]),
        rates=gbp(con), home_currency="EUR",
    )  # fmt: skip
    # T1 is 10.01 at 1.17 = 11.7117, so 1171. R1: 1171 * 500 / 1001 = 584.9, so 585. R2: the 501 left take the 586 left
    # of 1171; the other 100 are unlinked at 1.30: its own 601 are 781.3, so 781, and 781 * 100 / 601 = 129.95, so 130.
    assert rows(found.returns, "transaction_id", "part", "returned_amount", "linked_by") == [
        ("R1", 1, 585, "customer_and_sku"), ("R2", 1, 586, "customer_and_sku"), ("R2", 2, 130, "none"),
    ]  # fmt: skip
    assert rows(found.lines, "transaction_id", "net_amount", "returned_amount", "kept_amount", "source_amount") == [
        ("R1", -585, 0, 0, -500), ("R2", -716, 0, -130, -601), ("T1", 1171, 1171, 0, 1001),
    ]  # fmt: skip


CASE = st.lists(
    st.tuples(
        st.booleans(),  # a return?
        st.integers(0, 3),  # ticket
        st.integers(0, 40),  # day
        st.integers(1, 6),  # amount, in fives
        st.sampled_from([None, "C1", "C2"]),
        st.sampled_from([None, "A", "B"]),
        st.sampled_from([None, None, "T0", "T1", "T9"]),  # stated
    ),
    min_size=1,
    max_size=12,
)


def written(case: list[tuple]) -> list[dict]:
    """Lines of a case; a ticket has one customer and, except for refunds under its own number, one day."""
    first: dict[str, tuple[str | None, int]] = {}
    some: list[dict] = []
    for n, (is_return, number, day, amount, customer, sku, of) in enumerate(case):
        ticket = f"R{n}" if is_return and number else f"T{number}"
        who, when = first.setdefault(ticket, (customer, day))
        sold_on = (date(2024, 1, 1) + timedelta(days=day if is_return else when)).isoformat()
        net = amount * (-500 if is_return else 500)
        some.append(line(ticket, sold_on, net, who, sku, original_transaction_id=of if is_return else None,
                         row_number=n + 1, line_number=n + 1))  # fmt: skip
    return some


@settings(max_examples=8)
@given(case=CASE, seed=st.integers(0, 100))
def test_returns_never_exceed_purchases_and_nothing_is_lost(con: Any, case: list[tuple], seed: int) -> None:
    some = written(case)
    found = bought(con, some, return_days=20)
    lines = found.lines.to_pyarrow().to_pylist()
    parts = found.returns.to_pyarrow().to_pylist()
    aside = found.set_aside.to_pyarrow().to_pylist()
    for row in lines:
        if row["sale_type"] == "sale":
            assert 0 <= row["returned_amount"] <= row["net_amount"]
            assert row["net_amount"] - row["returned_amount"] == row["kept_amount"]
    # Every part goes to a sale not after it, and the parts of a return are the return.
    sold = {(row["transaction_id"], row["line_number"]): row for row in some}
    for part in parts:
        if part["original_line_number"] is not None:
            sale = sold[(part["original_transaction_id"], part["original_line_number"])]
            assert sale["net_amount"] > 0
            assert sale["sold_on"] <= part["returned_on"]
    exchanges = {(row["transaction_id"], row["line_number"]) for row in lines if row["sale_type"] == "exchange"}
    for key, row in sold.items():
        whole = sum(p["returned_amount"] for p in parts if (p["transaction_id"], p["line_number"]) == key)
        assert whole == (-row["net_amount"] if row["net_amount"] < 0 and key not in exchanges else 0)
    # Nothing is lost: mapped amounts, and value between cash and purchase view.
    assert sum(row["source_amount"] for row in [*lines, *aside]) == sum(row["source_amount"] for row in some)
    assert sum(row["net_amount"] for row in lines) == sum(row["kept_amount"] for row in lines)
    # The order in which rows stand in the table does not matter.
    random.Random(seed).shuffle(some)
    again = bought(con, some, return_days=20)
    assert rows(again.returns, *again.returns.columns) == rows(found.returns, *found.returns.columns)
    assert rows(again.lines, *WORTH) == rows(found.lines, *WORTH)


@settings(max_examples=5)
@given(case=CASE, day=st.integers(0, 40))
def test_the_state_at_a_day_does_not_know_what_comes_after(con: Any, case: list[tuple], day: int) -> None:
    some = written(case)
    until = date(2024, 1, 1) + timedelta(days=day)
    at_that_day = bought(con, [row for row in some if row["sold_on"] <= until])
    without_later_returns = bought(con, [row for row in some if row["sold_on"] <= until or row["net_amount"] > 0])
    assert rows(at_that_day.returns, *at_that_day.returns.columns) == rows(
        without_later_returns.returns, *at_that_day.returns.columns
    )
