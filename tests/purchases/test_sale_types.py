from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from habitue.errors import ConfigurationError
from habitue.purchases.sale_types import (
    COUNTED,
    PopulationRule,
    SaleTypeRule,
    classify,
    customer_populations,
    lookups,
)
from habitue.schemas import PAYMENTS, PRODUCTS, SHARED_CARDS, SOURCE_CUSTOMERS
from habitue.schemas.derived_lines import row_number
from support.purchases import line, rows, staged, table


def typed(con: Any, some: list[dict], rules: Any = (), populations: Any = (), **tables: Any) -> Any:
    found = lookups(rules, populations, **tables)
    return classify(staged(con, some), rules, populations, counted=COUNTED, found=found)


def test_without_rules_the_sign_of_the_net_amount_decides(con: Any) -> None:
    done = typed(con, [line("T1", "2024-01-01", 500), line("T2", "2024-01-01", 0), line("T3", "2024-01-01", -500)])
    assert rows(done, "transaction_id", "sale_type", "sale_type_rule", "counts", "population") == [
        ("T1", "sale", "default", True, "consumer"),
        ("T2", "free", "default", False, "consumer"),
        ("T3", "return", "default", True, "consumer"),
    ]


def test_the_first_rule_that_holds_wins_and_gives_its_number(con: Any) -> None:
    rules = (SaleTypeRule(sale_type="shipping", sku=("POST",)), SaleTypeRule(sale_type="service", sku=("P*",)))
    some = [line("T1", "2024-01-01", 100, sku=sku) for sku in ("post", "POSTER", "A", None)]
    assert rows(typed(con, some, rules), "row_number", "sale_type", "sale_type_rule", "counts") == [
        (1, "shipping", "1", False),
        (2, "service", "2", True),
        (3, "sale", "default", True),
        (4, "sale", "default", True),
    ]


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"source": "web"}, [2]),
        ({"label": ("kado?arte",)}, [3]),
        ({"transaction": ("A*",)}, [4]),
        ({"tender": ("test*",)}, [1]),
        ({"customers": ("C2", "C9")}, [2]),
        ({"category": ("Gift*",)}, [3]),
        ({"amount": "negative"}, [4]),
        ({"amount": "zero"}, [1]),
        ({"amount": "positive"}, [2, 3]),
        ({"source": "till", "amount": "positive"}, [3]),
        ({}, [1, 2, 3, 4]),
    ],
)
def test_every_condition_given_must_hold(con: Any, condition: dict, holds: list[int]) -> None:
    some = [
        line("T1", "2024-01-01", 0, "C1"),
        line("T2", "2024-01-01", 700, "C2", source="web"),
        line("T3", "2024-01-01", 5000, sku="G1", sale_type_label="KadoKarte"),
        line("T4", "2024-01-01", -100, transaction_number="a17"),
    ]
    payments = table(
        con,
        PAYMENTS,
        [
            {"source": "till", "transaction_id": "T1", "row_number": 1, "tender": "Test gateway", "paid_amount": 0},
            {"source": "till", "transaction_id": "T1", "row_number": 2, "tender": "test card", "paid_amount": 0},
            {"source": "till", "transaction_id": "T2", "row_number": 3, "tender": "test card", "paid_amount": 0},
        ],
    )
    products = table(con, PRODUCTS, [{"sku": "G1", "category": "gift cards"}, {"sku": "A", "category": "mugs"}])
    rules = (SaleTypeRule(sale_type="test", **condition),)
    done = typed(con, some, rules, payments=payments, products=products)
    assert rows(done.filter(done.sale_type == "test"), "row_number") == holds


def test_a_condition_on_a_table_that_is_not_there_never_holds(con: Any) -> None:
    rules = (
        SaleTypeRule(sale_type="test", tender=("*",)),
        SaleTypeRule(sale_type="test", category=("*",)),
    )
    assert rows(typed(con, [line("T1", "2024-01-01", 1)], rules, [PopulationRule(population="b2b", tender=("*",))]),
                "sale_type", "population") == [("sale", "consumer")]  # fmt: skip


def test_unit_price_in_major_units_of_the_lines_currency(con: Any) -> None:
    rules = (SaleTypeRule(sale_type="fee", unit_price_at_most=Decimal("0.05")),)
    some = [
        line("T1", "2024-01-01", 15, quantity=3),  # 0.15 / 3 = 0.05: holds
        line("T2", "2024-01-01", 16, quantity=3),  # 0.0533
        line("T3", "2024-01-01", -10, quantity=-2),  # size counts: 0.05
        line("T4", "2024-01-01", 1),  # no quantity: never
        line("T5", "2024-01-01", 1, quantity=0),  # no unit: never
        line("T6", "2024-01-01", 1, quantity=1, currency="JPY"),  # 1 yen, no decimals
        line("T7", "2024-01-01", 50, quantity=1, currency="KWD"),  # 0.050: three decimals
        line("T8", "2024-01-01", 5, quantity="0.5"),  # 0.05 for half a unit: 0.10
    ]
    done = typed(con, some, rules)
    assert rows(done.filter(done.sale_type == "fee"), "transaction_id") == ["T1", "T3", "T7"]


def test_negate_turns_amounts_and_quantity_round_but_not_the_mapped_amount(con: Any) -> None:
    rules = (SaleTypeRule(sale_type="return", label=("credit note",), negate=True),)
    some = [
        line("T1", "2024-01-01", 900, discount=100, quantity=2, tax_amount=180, sale_type_label="Credit note"),
        line("T2", "2024-01-01", 900, discount=100, quantity=2, tax_amount=180),
    ]
    columns = ("gross_amount", "discount_amount", "net_amount", "tax_amount", "quantity", "source_amount")
    assert rows(typed(con, some, rules), "sale_type", *columns) == [
        ("return", -1000, -100, -900, -180, Decimal(-2), 900),
        ("sale", 1000, 100, 900, 180, Decimal(2), 900),
    ]


def test_populations(con: Any) -> None:
    rules = (
        PopulationRule(population="staff", label=("yes", "true")),
        PopulationRule(population="b2b", customer_label=("pro*",)),
        PopulationRule(population="press", customers=("C4",), source="web"),
        PopulationRule(population="staff", tender=("staff card",)),
    )
    some = [
        line("T1", "2024-01-01", 1, "C1", population_label="YES"),
        line("T2", "2024-01-01", 1, "C1", population_label="no"),
        line("T3", "2024-01-01", 1, "C2"),
        line("T4", "2024-01-01", 1, "C2", population_label="true"),  # the first rule wins
        line("T5", "2024-01-01", 1, "C4"),  # not of that source
        line("T6", "2024-01-01", 1, "C4", source="web"),
        line("T7", "2024-01-01", 1, "C5"),
        line("T8", "2024-01-01", 1, "C3", population_label="yes"),  # a shared card comes before every rule
        line("T9", "2024-01-01", 1),
    ]
    payments = table(con, PAYMENTS, [{"source": "till", "transaction_id": "T7", "row_number": 1,
                                      "tender": "Staff card", "paid_amount": 1}])  # fmt: skip
    customers = table(
        con,
        SOURCE_CUSTOMERS,
        [
            {"source": "crm", "source_customer_id": "C2", "population_label": "Professional"},
            {"source": "crm", "source_customer_id": "C1", "population_label": "private"},
        ],
    )
    shared = table(
        con,
        SHARED_CARDS,
        [
            {"source_customer_id": "C3", "is_set_apart": True},
            {"source_customer_id": "C1", "is_set_apart": False},  # only worth a look
        ],
    )
    done = typed(con, some, (), rules, payments=payments, source_customers=customers, shared=shared)
    assert rows(done, "transaction_id", "population") == [
        ("T1", "staff"), ("T2", "consumer"), ("T3", "b2b"), ("T4", "staff"), ("T5", "consumer"), ("T6", "press"),
        ("T7", "staff"), ("T8", "shared_card"), ("T9", "consumer"),
    ]  # fmt: skip


def test_populations_of_people_without_any_line(con: Any) -> None:
    rules = (
        PopulationRule(population="staff", label=("yes",), customers=("C1",)),  # needs a line
        PopulationRule(population="b2b", customer_label=("pro",)),
    )
    customers = table(
        con,
        SOURCE_CUSTOMERS,
        [
            {"source": "crm", "source_customer_id": "C1"},
            {"source": "crm", "source_customer_id": "C2", "population_label": "Pro"},
        ],
    )
    assert rows(customer_populations(customers, rules), "source_customer_id", "population") == [("C2", "b2b")]


def test_rules_that_cannot_be_used_say_what_was_given_and_what_is_valid() -> None:
    with pytest.raises(ConfigurationError) as raised:
        SaleTypeRule(sale_type="refund", amount="none", unit_price_at_most=Decimal(-1))
    assert [told.code for told in raised.value.messages] == [
        "purchases.sale_type_unknown", "purchases.amount_condition_unknown", "purchases.unit_price_negative",
    ]  # fmt: skip
    assert raised.value.messages[0].params["received"] == "refund"
    for population in ("", "shared_card"):
        with pytest.raises(ConfigurationError):
            PopulationRule(population=population)


def test_lines_made_from_what_a_ticket_states_once_are_what_they_are(con: Any) -> None:
    kinds = {"shipping": 500, "tip": 200, "gift card": 2500, "refund": -1000, "refunded charges": -500}
    some = [
        line(f"T{n}", "2024-01-01", net, row_number=row_number(7, kind)) for n, (kind, net) in enumerate(kinds.items())
    ]
    found = {row[0]: row[1:] for row in rows(typed(con, some, ()), "net_amount", "sale_type", "counts")}
    assert found == {
        500: ("shipping", False), 200: ("fee", False), 2500: ("gift_card", False), -1000: ("return", True),
        -500: ("adjustment", False),
    }  # fmt: skip
