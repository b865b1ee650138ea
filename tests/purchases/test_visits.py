from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from habitue.purchases import visits
from habitue.purchases.margins import MarginSettings
from habitue.purchases.purchase_lines import Purchases, PurchaseSettings, purchase_lines
from habitue.purchases.sale_types import COUNTED, PopulationRule, SaleTypeRule
from habitue.schemas import CUSTOMER_DAYS, CUSTOMER_IDS, CUSTOMERS, VISITS
from support.purchases import line, rows, staged, table

D1, D2, D3 = "2024-01-01", "2024-01-02", "2024-01-03"


def bought(con: Any, some: list[dict], **more: Any) -> Purchases:
    return purchase_lines(staged(con, some), home_currency="EUR", settings=PurchaseSettings(**more))


def days(con: Any, some: list[dict], *columns: str, **more: Any) -> list[Any]:
    return rows(visits.customer_days(bought(con, some, **more).lines), *columns)


def test_split_tickets_of_a_day_are_one_visit(con: Any) -> None:
    some = [
        line("T1", D1, 1000, "C1", "A"),
        line("T1", D1, 500, "C1", "B"),
        line("T2", D1, 300, "C1", "A", source="web"),
        line("T1", D1, 300, "C1", "A", source="web"),  # the same number in another source
        line("T3", D2, 100, "C1"),
        line("T4", D1, 100, "C2"),
        line("T5", D1, 999),  # nobody
    ]
    assert days(con, some, "customer_id", "sold_on", "is_visit", "tickets_count", "lines_count", "net_amount") == [
        ("C1", date(2024, 1, 1), True, 3, 4, 2100),
        ("C1", date(2024, 1, 2), True, 1, 1, 100),
        ("C2", date(2024, 1, 1), True, 1, 1, 100),
    ]


def test_returns_make_no_visit_and_undo_one(con: Any) -> None:
    some = [
        line("T1", D1, 1000, "C1", "A"),
        line("T2", D1, 400, "C2", "A"),
        line("R1", D2, -1000, "C1", "A"),  # undoes the visit of C1 on the first day
        line("R2", D3, -300, "C2", "Z"),  # unlinked: reduces value on its own day
        line("T3", D3, 300, "C3", "A"),
        line("R3", D3, -300, "C3", "Z"),  # unlinked, and as much as was bought: net 0
    ]
    assert days(con, some, "customer_id", "sold_on", "is_visit", "net_amount", "tickets_count", "lines_count") == [
        ("C1", date(2024, 1, 1), False, 0, 1, 1),
        ("C1", date(2024, 1, 2), False, 0, 0, 0),
        ("C2", date(2024, 1, 1), True, 400, 1, 1),
        ("C2", date(2024, 1, 3), False, -300, 0, 0),
        ("C3", date(2024, 1, 3), False, 0, 1, 1),
    ]


def test_an_exchange_is_a_visit_only_with_positive_net(con: Any) -> None:
    some = [
        line("T1", D1, 1000, "C1", "A"), line("T1", D1, -700, "C1", "B"),
        line("T2", D1, 700, "C2", "A"), line("T2", D1, -700, "C2", "B"),
        line("T3", D1, 700, "C3", "A"), line("T3", D1, -1000, "C3", "B"),
    ]  # fmt: skip
    assert days(con, some, "customer_id", "is_visit", "net_amount") == [
        ("C1", True, 300), ("C2", False, 0), ("C3", False, -300),
    ]  # fmt: skip


def test_free_lines_make_a_visit_only_where_they_count(con: Any) -> None:
    some = [
        line("T1", D1, 0, "C1"),
        line("T2", D1, 0, "C2"), line("T3", D1, 300, "C2", "A"), line("R3", D1, -300, "C2", "Z"),  # something went back
    ]  # fmt: skip
    assert days(con, some, "customer_id", "is_visit") == [("C2", False)]
    assert days(con, some, "customer_id", "is_visit", "lines_count", counted=(*COUNTED, "free")) == [
        ("C1", True, 1), ("C2", False, 2),
    ]  # fmt: skip


def test_days_of_lines_that_are_no_purchase_are_no_customer_days(con: Any) -> None:
    rule = SaleTypeRule(sale_type="gift_card", sku=("G",))
    some = [line("T1", D1, 5000, "C1", "G"), line("T2", D2, 100, "C1", "A")]
    assert days(con, some, "sold_on", sale_types=(rule,)) == [date(2024, 1, 2)]


def test_channel_and_store_of_most_of_the_value(con: Any) -> None:
    def at(ticket: str, net: int, who: str, channel: str | None, store: str | None) -> dict:
        return line(ticket, D1, net, who, sales_channel=channel, store_id=store)

    some = [
        at("T1", 500, "C1", "store", "S1"), at("T2", 900, "C1", "online", None), at("T3", 300, "C1", "store", "S2"),
        at("T4", 500, "C2", "store", "S2"), at("T5", 500, "C2", "online", "S1"),  # ties: first by name
        at("T6", 500, "C3", "store", "S1"), at("T7", 400, "C3", "store", None),  # most of the value has a store
        at("T8", 400, "C4", "store", "S1"), at("T9", 500, "C4", "store", None),
        at("T10", 1, "C5", None, None),
        at("T11", 700, "C6", "kiosk", "S9"),
    ]  # fmt: skip
    # C1: online 900 against store 800; no store 900 against 500 and 300
    assert days(con, some, "customer_id", "sales_channel", "store_id") == [
        ("C1", "online", None), ("C2", "online", "S1"), ("C3", "store", "S1"), ("C4", "store", None),
        ("C5", None, None), ("C6", "kiosk", "S9"),
    ]  # fmt: skip


def test_margin_of_a_day_is_unknown_if_that_of_a_line_is(con: Any) -> None:
    rates = MarginSettings(by_sales_channel={"store": Decimal("0.5")})
    some = [
        line("T1", D1, 1000, "C1"),
        line("T2", D2, 1000, "C1"), line("T3", D2, 1000, "C1", sales_channel="online"),
    ]  # fmt: skip
    assert days(con, some, "sold_on", "margin_amount", "margin_is_assumed", margins=rates) == [
        (date(2024, 1, 1), 500, True), (date(2024, 1, 2), None, True),
    ]  # fmt: skip


STAFF = (PopulationRule(population="staff", label=("yes",)),)


def test_populations_are_not_mixed_within_a_day(con: Any) -> None:
    some = [line("T1", D1, 8000, "C1", population_label="yes"), line("T2", D1, 3000, "C1")]
    assert days(con, some, "population", "net_amount", "is_visit", populations=STAFF) == [
        ("consumer", 3000, True), ("staff", 8000, True),
    ]  # fmt: skip


def everybody(con: Any, some: list[dict], *columns: str, ids: Any = None, **more: Any) -> list[Any]:
    found = bought(con, some, **more)
    day = visits.customer_days(found.lines)
    return rows(visits.customers(found.lines, day, ids), *columns)


def test_customers_are_about_one_population(con: Any) -> None:
    some = [
        line("T1", D1, 8000, "C1", population_label="yes"), line("T2", D2, 3000, "C1"),
        line("T3", D1, 8000, "C2", population_label="yes"), line("T4", D2, 0, "C2"),  # free: no purchase
    ]  # fmt: skip
    columns = ("customer_id", "population", "net_amount", "visits_count", "first_purchase_on")
    assert everybody(con, some, *columns, populations=STAFF) == [
        ("C1", "consumer", 3000, 1, date(2024, 1, 2)), ("C2", "staff", 8000, 1, date(2024, 1, 1)),
    ]  # fmt: skip


def test_figures_of_a_customer(con: Any) -> None:
    some = [
        line("T1", D1, 1000, "C1", "A"), line("T2", D1, 500, "C1", "B"),
        line("R1", D2, -400, "C1", "A"),  # linked to T1
        line("R2", D2, -50, "C1", "Z"),  # unlinked
        line("T3", D3, 300, "C1", "C"), line("T3", D3, -100, "C1", "D"),  # an exchange
        line("T4", D3, 200, "C1", "E"), line("R4", D3, -200, "C1", "E"),  # nothing is left of T4
    ]  # fmt: skip
    columns = ("visits_count", "purchases_count", "gross_sales_amount", "returned_amount", "unlinked_returns_amount",
               "net_amount", "first_purchase_on", "last_purchase_on")  # fmt: skip
    # purchases T1, T2, T3; gross 1000 + 500 + 300 + 200; back 400 + 100 + 200
    assert everybody(con, some, *columns) == [(2, 3, 2000, 700, 50, 1250, date(2024, 1, 1), date(2024, 1, 3))]


def test_a_return_by_another_person_reduces_the_buyer(con: Any) -> None:
    some = [line("T1", D1, 1000, "C1", "A"), line("R1", D2, -400, "C2", "A", original_transaction_id="T1")]
    assert everybody(con, some, "customer_id", "net_amount", "returned_amount", "unlinked_returns_amount") == [
        ("C1", 600, 400, 0), ("C2", 0, 0, 0),
    ]  # fmt: skip


def test_a_ticket_over_two_days_is_one_purchase(con: Any) -> None:
    some = [line("W1", D1, 1000, "C1"), line("W1", D2, 500, "C1")]  # delivered in two parts
    assert everybody(con, some, "purchases_count", "visits_count") == [(1, 2)]


def test_people_known_only_from_a_customer_file(con: Any) -> None:
    ids = table(con, CUSTOMER_IDS, [
        {"customer_system": "crm", "source_customer_id": "C1", "customer_id": "C1"},
        {"customer_system": "crm", "source_customer_id": "C8", "customer_id": "C8"},
        {"customer_system": "shop", "source_customer_id": "X8", "customer_id": "C8"},
        {"customer_system": "crm", "source_customer_id": "C9", "customer_id": "C9"},
    ])  # fmt: skip
    found = bought(con, [line("T1", D1, 1000, "C1")])
    day = visits.customer_days(found.lines)
    staff = con.create_table("placed", {"customer_id": ["C9", "C1"], "population": ["staff", "staff"]}, temp=True)
    done = visits.customers(found.lines, day, ids, populations=staff)
    assert rows(done, "customer_id", "population", "visits_count", "net_amount", "last_purchase_on") == [
        ("C1", "consumer", 1, 1000, date(2024, 1, 1)),  # what was bought decides
        ("C8", "consumer", 0, 0, None), ("C9", "staff", 0, 0, None),
    ]  # fmt: skip
    assert done.schema() == CUSTOMERS.ibis_schema()


def test_empty(con: Any) -> None:
    found = bought(con, [])
    day = visits.customer_days(found.lines)
    assert day.schema() == CUSTOMER_DAYS.ibis_schema()
    assert visits.visits(day).schema() == VISITS.ibis_schema()
    assert rows(day, "customer_id") == []
    assert rows(visits.customers(found.lines, day, None), "customer_id") == []


def test_at_hand_or_not_tickets_give_the_same(con: Any) -> None:
    found = bought(con, [line("T1", D1, 1000, "C1"), line("T2", D1, 500, "C1", sales_channel="online")])
    by_ticket = visits.tickets(found.lines)
    one, two = visits.customer_days(found.lines), visits.customer_days(found.lines, by_ticket=by_ticket)
    assert rows(one, *one.columns) == rows(two, *two.columns)
    three = visits.customers(found.lines, one, None)
    four = visits.customers(found.lines, one, None, by_ticket=by_ticket)
    assert rows(three, *three.columns) == rows(four, *four.columns)
