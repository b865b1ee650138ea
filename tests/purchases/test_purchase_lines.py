"""The room as a whole: field cases with the figures of their EXPECTED.md, empties, and what is set aside."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from habitue.errors import ConfigurationError
from habitue.purchases import visits
from habitue.purchases.purchase_lines import Purchases, PurchaseSettings, purchase_lines
from habitue.purchases.sale_types import PopulationRule, SaleTypeRule
from habitue.purchases.sales import sales, sales_by_year
from habitue.schemas import PAYMENTS, RATES, RETURNS, SHARED_CARDS, TRANSACTION_LINES
from support.purchases import line, rows, staged, table


def people(found: Purchases) -> dict[str, dict]:
    days = visits.customer_days(found.lines)
    return {row["customer_id"]: row for row in visits.customers(found.lines, days, None).to_pyarrow().to_pylist()}


def test_field_case_o03_partial_then_full_refund(con: Any) -> None:
    lemaire, abadi, ito = "h.lemaire@example.com", "s.abadi@example.com", "k.ito@example.com"
    web = {"source": "web"}

    def refund(ticket: str, day: str, net: int, who: str, of: str) -> dict:
        return line(ticket, day, net, who, original_transaction_id=of, **web)

    found = purchase_lines(
        staged(con, [
            line("5001", "2024-07-01", 8400, lemaire, **web),
            refund("R51", "2024-07-08", -2400, lemaire, "5001"),
            refund("R52", "2024-07-09", -8400, lemaire, "5001"),
            line("5002", "2024-07-02", 6000, abadi, **web),
            refund("R53", "2024-07-05", -1500, abadi, "5002"),
            refund("R54", "2024-07-06", -4500, abadi, "5002"),
            line("5003", "2024-07-03", 4000, abadi, **web),
            refund("R55", "2024-07-20", -1000, abadi, "5003"),
            refund("R56", "2024-07-21", -1200, ito, "4777"),
        ]),
        home_currency="EUR",
    )  # fmt: skip
    sold = found.lines.filter(found.lines.sale_type == "sale")
    assert rows(sold, "transaction_id", "net_amount", "returned_amount", "kept_amount") == [
        ("5001", 8400, 8400, 0), ("5002", 6000, 6000, 0), ("5003", 4000, 1000, 3000),
    ]  # fmt: skip
    linked = found.returns.filter(found.returns.original_transaction_id == "5001")
    assert rows(linked, "returned_on", "linked_by", "returned_amount") == [
        (date(2024, 7, 8), "original_ticket", 2400),
        (date(2024, 7, 9), "above_purchase", 4800 - 2400),  # 108.00 refunded of 84.00: 24.00 above
        (date(2024, 7, 9), "original_ticket", 6000),
    ]
    assert rows(found.set_aside, "reason", "source_amount") == [("above_purchase", -2400)]
    known = people(found)
    assert {who: (row["net_amount"], row["purchases_count"]) for who, row in known.items()} == {
        lemaire: (0, 0), abadi: (3000, 1), ito: (-1200, 0),
    }  # fmt: skip
    total = {name: sum(row[name] for row in known.values()) for name in
             ("gross_sales_amount", "returned_amount", "unlinked_returns_amount", "net_amount")}  # fmt: skip
    assert total == {"gross_sales_amount": 18400, "returned_amount": 15400, "unlinked_returns_amount": 1200,
                     "net_amount": 1800}  # fmt: skip


def test_field_case_o04_return_in_the_next_year(con: Any) -> None:
    found = purchase_lines(
        staged(con, [
            line("T1", "2023-12-20", 20000, "C1"),
            line("T2", "2024-01-10", -20000, "C1", original_transaction_id="T1"),
            line("T3", "2024-03-03", -3500, "C2"),
            line("T4", "2023-11-11", 9000, "C3"),
            line("T5", "2024-02-02", -3000, "C3", original_transaction_id="T4"),
            line("T6", "2024-05-05", 7000, "C3"),
            line("T7", "2024-06-01", 13000, "C4"),
            line("T8", "2023-12-31", 5000, "C4"),
        ]),
        home_currency="EUR",
    )  # fmt: skip
    days = visits.customer_days(found.lines)
    years = sales_by_year(found.lines, days, date(2024, 12, 31))
    assert rows(years, "first_on", "net_amount", "kept_amount", "customers_count", "tickets_count") == [
        (date(2023, 1, 1), 34000, 11000, 2, 3), (date(2024, 1, 1), -6500, 16500, 2, 2),
    ]  # fmt: skip
    by_year: dict[tuple[str, int], list[int]] = {}
    for who, day, cash, purchase in rows(found.lines, "customer_id", "sold_on", "net_amount", "kept_amount"):
        pair = by_year.setdefault((who, day.year), [0, 0])
        pair[0] += purchase
        pair[1] += cash
    assert by_year == {
        ("C1", 2023): [0, 20000], ("C1", 2024): [0, -20000], ("C2", 2024): [-3500, -3500], ("C3", 2023): [6000, 9000],
        ("C3", 2024): [7000, 4000], ("C4", 2023): [5000, 5000], ("C4", 2024): [13000, 13000],
    }  # fmt: skip
    seen = {who: (row["last_purchase_on"], row["visits_count"]) for who, row in people(found).items()}
    assert seen == {"C1": (None, 0), "C2": (None, 0), "C3": (date(2024, 5, 5), 2), "C4": (date(2024, 6, 1), 2)}


def test_field_case_o05_wholesale_style_invoices(con: Any) -> None:
    def invoice(number: str, moment: str, who: str | None, sku: str, quantity: int, price: int) -> dict:
        day, at = moment.split(" ")
        return line(number, f"2024-{day}", quantity * price, who, sku, quantity=quantity, at=at)

    found = purchase_lines(
        staged(con, [  # 17850.0 and 17850 are one customer already: staging
            invoice("536001", "01-05 10:00", "17850", "A1", 6, 250),
            invoice("536001", "01-05 10:00", "17850", "A2", 2, 400),
            invoice("C536010", "01-09 11:00", "17850", "A1", -2, 250),
            invoice("536020", "01-12 09:00", None, "A1", 10, 250),
            invoice("536021", "01-12 09:05", "13047", "POST", 1, 800),
            invoice("536021", "01-12 09:05", "13047", "A3", 1, 2200),
            invoice("536030", "02-01 15:00", "13047", "A3", 3, 2200),
            invoice("C536031", "02-02 15:00", "13047", "A3", -3, 2200),
            invoice("C535900", "01-03 08:00", "12583", "A9", -4, 900),
            invoice("536040", "02-10 12:00", "12583", "A1", 1, 0),
            invoice("A536050", "02-11 12:00", None, "B", 1, -50000),
            invoice("536060", "02-20 16:00", "17850", "A2", 5, 400),
            invoice("536061", "02-21 16:00", "15100", "A1", 4, 250),
            invoice("536061", "02-21 16:00", "15100", "A1", 4, 250),
            invoice("C536062", "02-22 16:00", None, "A1", -1, 250),
            invoice("536070", "03-01 10:00", "15100", "BANK", 1, 1500),
        ]),
        home_currency="EUR",
        settings=PurchaseSettings(sale_types=(
            SaleTypeRule(sale_type="adjustment", transaction=("A*",)),
            SaleTypeRule(sale_type="shipping", sku=("POST",)),
            SaleTypeRule(sale_type="fee", sku=("BANK",)),
            SaleTypeRule(sale_type="return", transaction=("C*",)),
        )),
    )  # fmt: skip
    known = people(found)
    columns = ("purchases_count", "gross_sales_amount", "returned_amount", "unlinked_returns_amount", "net_amount",
               "last_purchase_on")  # fmt: skip
    assert {who: tuple(row[name] for name in columns) for who, row in known.items()} == {
        "17850": (2, 4300, 500, 0, 3800, date(2024, 2, 20)),
        "13047": (1, 8800, 6600, 0, 2200, date(2024, 1, 12)),
        "12583": (0, 0, 0, 3600, -3600, None),
        "15100": (1, 2000, 0, 0, 2000, date(2024, 2, 21)),
    }
    year = sales_by_year(found.lines, visits.customer_days(found.lines), date(2024, 12, 31))
    assert rows(year, "unidentified_amount", "kept_amount", "identified_amount") == [(2250, 8000 + 2250 - 3600, 4400)]
    apart = found.lines.filter(~found.lines.counts)
    assert rows(apart, "sale_type", "net_amount", "sale_type_rule") == [
        ("adjustment", -50000, "1"), ("fee", 1500, "3"), ("free", 0, "default"), ("shipping", 800, "2"),
    ]  # fmt: skip
    unlinked = found.returns.filter(found.returns.linked_by == "none")
    assert rows(unlinked, "transaction_id", "reason", "returned_amount") == [
        ("C535900", "no_original_given", 3600), ("C536062", "no_customer", 250),
    ]  # fmt: skip


ORDERS = [
    ("1", "2024-03-01", "a@example.com", "no", "stripe", 4500),
    ("2", "2024-03-02", "a@example.com", None, "stripe", 0),
    ("3", "2024-03-03", "b@example.com", "false", "stripe", 5500),
    ("4", "2024-03-03", "shop-test@magasin.example", None, "test gateway", 99900),
    ("5", "2024-03-04", "vendeur1@magasin.example", "yes", "cash", 8000),
    ("6", "2024-03-05", "c@example.com", None, "stripe", 0),
    ("7", "2024-03-06", "b@example.com", None, "test gateway", 100),
    ("8", "2024-03-07", "d@example.com", "0", "cash", 2000),
    ("9", "2024-03-08", "vendeur1@magasin.example", "true", "cash", 6000),
    ("10", "2024-03-09", "vendeur1@magasin.example", "no", "cash", 3000),
]


def o08(con: Any, *more_counted: str) -> Purchases:
    payments = [
        {"source": "till", "transaction_id": number, "row_number": n, "tender": gateway, "paid_amount": total}
        for n, (number, _, _, _, gateway, total) in enumerate(ORDERS, 1)
    ]
    settings = PurchaseSettings(
        sale_types=(SaleTypeRule(sale_type="test", tender=("test*",)),),
        populations=(PopulationRule(population="staff", label=("yes", "true", "1")),),
        counted=(*PurchaseSettings().counted, *more_counted),
    )
    some = [line(n, day, total, who, population_label=staff) for n, day, who, staff, _, total in ORDERS]
    return purchase_lines(
        staged(con, some), payments=table(con, PAYMENTS, payments), home_currency="EUR", settings=settings
    )


def test_field_case_o08_free_test_and_staff_orders(con: Any) -> None:
    found = o08(con)
    known = {who: (row["population"], row["purchases_count"], row["net_amount"]) for who, row in people(found).items()}
    assert known == {
        "a@example.com": ("consumer", 1, 4500),
        "b@example.com": ("consumer", 1, 5500),
        "c@example.com": ("consumer", 0, 0),
        "d@example.com": ("consumer", 1, 2000),
        "vendeur1@magasin.example": ("consumer", 1, 3000),
        "shop-test@magasin.example": ("consumer", 0, 0),
    }
    table_ = sales(found.lines)
    apart: dict[Any, list[int]] = {}
    for population, kind, counts, tickets, net in rows(
        table_, "population", "sale_type", "counts", "tickets_count", "net_amount"
    ):
        pair = apart.setdefault((population, kind, counts), [0, 0])
        pair[0] += tickets
        pair[1] += net
    # 4 + 2 + 2 + 2 orders, 150 + 140 + 1000 + 0 euro
    assert apart == {
        ("consumer", "sale", True): [4, 15000], ("staff", "sale", True): [2, 14000],
        ("consumer", "test", False): [2, 100000], ("consumer", "free", False): [2, 0],
    }  # fmt: skip


def test_field_case_o08_with_zero_value_orders_counted(con: Any) -> None:
    found = o08(con, "free")
    consumers = [row for row in people(found).values() if row["population"] == "consumer"]
    assert sum(row["purchases_count"] for row in consumers) == 6
    assert sum(row["net_amount"] for row in consumers) == 15000
    days = visits.visits(visits.customer_days(found.lines))
    assert rows(days.filter(days.customer_id == "c@example.com"), "sold_on", "net_amount") == [(date(2024, 3, 5), 0)]


def test_field_case_o10_several_currencies(con: Any) -> None:
    def rate(month: int, currency: str, e4: int) -> dict:
        last = {5: 31, 6: 30}[month]
        return {"currency": currency, "valid_from": date(2024, month, 1), "valid_to": date(2024, month, last),
                "rate_e8": e4 * 10**4}  # fmt: skip

    rates = [rate(5, "GBP", 11700), rate(5, "CHF", 10200), rate(5, "JPY", 60), rate(6, "GBP", 11800),
             rate(6, "CHF", 10350)]  # fmt: skip
    u, v, w = "u@example.com", "v@example.com", "w@example.com"
    found = purchase_lines(
        staged(con, [
            line("1", "2024-05-02", 10000, u, currency="EUR"),
            line("2", "2024-05-03", 5000, u, currency="GBP"),
            line("3", "2024-05-04", 8000, v, currency="CHF"),
            line("4", "2024-05-05", 10000, v, currency="JPY"),
            line("5", "2024-06-05", 2000, w, currency="GBP"),
            line("6", "2024-06-06", 4000, w, currency="PLN"),
            line("7", "2024-06-07", 1500, w, currency=None),
            line("8", "2024-06-08", -8000, v, currency="CHF"),
        ]),
        rates=table(con, RATES, rates), home_currency="EUR",
    )  # fmt: skip
    assert rows(found.lines, "transaction_id", "net_amount") == [
        ("1", 10000), ("2", 5850), ("3", 8160), ("4", 6000), ("5", 2360), ("8", -8160),
    ]  # fmt: skip
    assert {who: row["net_amount"] for who, row in people(found).items()} == {u: 15850, v: 6000, w: 2360}
    assert sum(rows(found.lines, "kept_amount")) == 24210
    assert rows(found.set_aside, "row_number", "column", "value", "reason", "source_amount", "currency") == [
        (6, "currency", "PLN", "no_rate", 4000, "PLN"), (7, "currency", None, "currency_missing", 1500, None),
    ]  # fmt: skip


def test_shared_cards_are_a_population_and_link_nothing(con: Any) -> None:
    shared = table(con, SHARED_CARDS, [{"source_customer_id": "TILL", "is_set_apart": True}])
    found = purchase_lines(
        staged(con, [line("T1", "2024-01-01", 1000, "TILL", "A"), line("R1", "2024-01-02", -1000, "TILL", "A")]),
        shared=shared, home_currency="EUR",
    )  # fmt: skip
    assert rows(found.lines, "transaction_id", "population", "kept_amount", "customer_id") == [
        ("R1", "shared_card", -1000, "TILL"), ("T1", "shared_card", 1000, "TILL"),
    ]  # fmt: skip
    assert rows(found.returns, "reason", "customer_id") == [("no_customer", None)]


def test_empty_lines_give_empty_tables(con: Any) -> None:
    found = purchase_lines(staged(con, []), home_currency="EUR")
    assert found.lines.schema() == TRANSACTION_LINES.ibis_schema()
    assert found.returns.schema() == RETURNS.ibis_schema()
    assert [rows(part, part.columns[0]) for part in (found.lines, found.returns, found.set_aside)] == [[], [], []]
    assert found.labelled_sources == frozenset()


def test_one_line(con: Any) -> None:
    found = purchase_lines(staged(con, [line("T1", "2024-01-01", 1000, sale_type_label="S")]), home_currency="EUR")
    assert rows(found.lines, "net_amount", "returned_amount", "kept_amount", "reward_amount", "sale_type") == [
        (1000, 0, 1000, 0, "sale")
    ]
    assert found.labelled_sources == {"till"}
    assert found.lines.schema() == TRANSACTION_LINES.ibis_schema()


def test_settings_that_cannot_be_used() -> None:
    with pytest.raises(ConfigurationError) as raised:
        PurchaseSettings(counted=("sale", "refund"), return_days=-1)
    assert [told.code for told in raised.value.messages] == [
        "purchases.sale_type_unknown",
        "purchases.return_days_negative",
    ]
