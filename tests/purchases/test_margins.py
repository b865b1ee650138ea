from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from habitue.errors import ConfigurationError
from habitue.purchases.margins import MarginSettings
from habitue.purchases.purchase_lines import PurchaseSettings, purchase_lines
from habitue.schemas import PRODUCTS
from support.purchases import line, rows, staged, table


def margins(con: Any, some: list[dict], products: list[dict] | None, **rates: Any) -> list[Any]:
    settings = PurchaseSettings(margins=MarginSettings(**rates), counted=("sale", "return", "exchange", "free"))
    goods = None if products is None else table(con, PRODUCTS, products)
    done = purchase_lines(staged(con, some), products=goods, home_currency="EUR", settings=settings)
    return rows(done.lines, "transaction_id", "margin_amount", "margin_is_assumed")


def test_net_less_cost_of_what_was_kept(con: Any) -> None:
    some = [
        line("T1", "2024-01-01", 1000, "C1", "A", quantity=2),  # 10.00 less 2 x 3.005 = 6.01: 3.99
        line("T2", "2024-01-02", 1000, "C1", "B", quantity=4),  # a quarter comes back: 7.50 less 3 x 1.00 = 4.50
        line("R2", "2024-01-09", -250, "C1", "B", quantity=-1),  # linked: worth nothing, costs nothing
        line("R3", "2024-01-09", -500, None, "B", quantity=-2),  # unlinked: -5.00, two units are back: -3.00
        line("T4", "2024-01-10", 0, "C1", "B", quantity=1),  # given away: costs 1.00
        line("T5", "2024-01-10", 900, "C1", "B"),  # no quantity: unknown
        line("T6", "2024-01-10", 900, "C1", "Z", quantity=1),  # no cost: unknown
    ]
    products = [
        {"sku": "A", "cost_amount": 300_500},  # thousandths of a cent: 3.005 euro
        {"sku": "B", "cost_amount": 100_000},
        {"sku": "Z", "cost_amount": None},
    ]
    assert margins(con, some, products) == [
        ("R2", 0, False), ("R3", -300, False), ("T1", 399, False), ("T2", 450, False), ("T4", -100, False),
        ("T5", None, False), ("T6", None, False),
    ]  # fmt: skip


def test_assumed_rates_category_then_channel_then_default(con: Any) -> None:
    some = [
        line("T1", "2024-01-01", 1000, sku="A", sales_channel="online"),  # category mugs: 50 %
        line("T2", "2024-01-01", 1000, sku="B", sales_channel="online"),  # channel: 30 %
        line("T3", "2024-01-01", 1000, sku="B"),  # default: 40 %
        line("T4", "2024-01-01", 1000, sku="D", quantity=1),  # its cost is known: 10.00 - 9.00
        line("T5", "2024-01-01", 5),  # half-even: 2.0
    ]
    products = [
        {"sku": "A", "category": "mugs"},
        {"sku": "D", "category": "mugs", "cost_amount": 900_000},
    ]
    rates = {
        "default_rate": Decimal("0.4"),
        "by_category": {"mugs": Decimal("0.5")},
        "by_sales_channel": {"online": Decimal("0.3")},
    }
    assert margins(con, some, products, **rates) == [
        ("T1", 500, True), ("T2", 300, True), ("T3", 400, True), ("T4", 100, False), ("T5", 2, True),
    ]  # fmt: skip
    # Without products the category is unknown.
    assert margins(con, some, None, **rates)[0] == ("T1", 300, True)


def test_unknown_without_cost_and_rate(con: Any) -> None:
    assert margins(con, [line("T1", "2024-01-01", 1000, sku="A")], None) == [("T1", None, False)]
    assert margins(con, [line("T1", "2024-01-01", 1000, sales_channel="store")], None,
                   by_sales_channel={"online": Decimal("0.3")}) == [("T1", None, False)]  # fmt: skip


def test_lines_that_do_not_count_have_no_margin(con: Any) -> None:
    settings = PurchaseSettings(counted=("return",), margins=MarginSettings(default_rate=Decimal("0.4")))
    done = purchase_lines(staged(con, [line("T1", "2024-01-01", 1000)]), home_currency="EUR", settings=settings)
    assert rows(done.lines, "counts", "margin_amount", "margin_is_assumed") == [(False, None, False)]


def test_rates_lie_between_0_and_1() -> None:
    with pytest.raises(ConfigurationError) as raised:
        MarginSettings(default_rate=Decimal(40), by_category={"mugs": Decimal("-0.1")})
    assert [told.params["name"] for told in raised.value.messages] == ["default_rate", "mugs"]
