from __future__ import annotations

from typing import Any

import pytest

from habitue.purchases.collection_plan import collection_plan
from habitue.purchases.purchase_lines import purchase_lines
from habitue.schemas import COLLECTION_PLAN, SOURCE_CUSTOMERS
from support.purchases import line, rows, staged, table

COLUMNS = ("finding", "source", "till_id", "lines_count", "total_lines_count", "at_stake_amount", "share")


def plan(con: Any, some: list[dict], customers: list[dict] | None = None, previous: Any = None, **more: Any) -> Any:
    bought = purchase_lines(staged(con, some), home_currency="EUR")
    known = None if customers is None else table(con, SOURCE_CUSTOMERS, customers)
    return collection_plan(bought.lines, known, previous, **more)


def reached(customer: str, **has: bool) -> dict:
    nothing = {"has_email": False, "has_phone": False, "has_address": False}
    return {"source": "crm", "source_customer_id": customer, **nothing, **has}


SOME = [
    line("T1", "2024-01-01", 1000, "C1", "A"),
    line("T2", "2024-01-01", 500, "C2", "A"),
    line("T3", "2024-01-01", 300, None, "A"),
    line("T4", "2024-01-01", 200, "C9", None, till_id="K2"),
    line("R1", "2024-01-02", -400, "C1", "A"),  # linked by customer and article: nothing to capture
    line("R2", "2024-01-02", -70, None, "A"),
    line("T5", "2024-01-02", 0, "C1", "A", till_id="K2"),
]


def test_findings_by_source_store_and_till(con: Any) -> None:
    done = plan(con, SOME, [reached("C1", has_phone=True), reached("C2")])
    third = pytest.approx(1 / 3)
    assert rows(done, *COLUMNS) == [
        ("customer_without_contact", "till", "K1", 1, 2, 500, 0.5),  # C2 of C1 and C2
        ("customer_without_contact", "till", "K2", 1, 1, 200, 1.0),  # C9 has no customer row
        ("return_without_original", "till", "K1", 1, 2, 70, 0.5),
        ("sale_without_customer", "till", "K1", 1, 3, 300, third),
        ("sale_without_sku", "till", "K2", 1, 1, 200, 1.0),
        ("unlabelled_sale_type", "till", "K1", 2, 2, 470, 1.0),  # both returns: their kind was guessed from the sign
        ("unlabelled_sale_type", "till", "K2", 1, 1, 0, 1.0),
    ]
    fields = dict(rows(done, "finding", "field"))
    assert fields["customer_without_contact"] == "email, phone or address"
    assert done.schema() == COLLECTION_PLAN.ibis_schema()


def test_without_a_customer_file_nobody_can_be_reached(con: Any) -> None:
    done = plan(con, SOME)
    assert rows(done.filter(done.finding == "customer_without_contact"), "till_id", "lines_count") == [
        (None, 3),  # 2 + 1: what is missing is a customer file, not something at a till
    ]  # fmt: skip


def test_a_source_that_gives_labels_is_not_asked_for_them(con: Any) -> None:
    done = plan(con, SOME, labelled_sources=frozenset({"till"}))
    assert "unlabelled_sale_type" not in rows(done, "finding")


def test_the_share_of_the_run_before(con: Any) -> None:
    web = {"source": "web", "store_id": None, "till_id": None}  # no store: still the same place
    before = plan(con, [line("W1", "2024-01-01", 100, sku="A", **web), line("W2", "2024-01-01", 100, "C1", "A", **web)])
    now = plan(
        con,
        [line("W1", "2024-01-01", 100, sku="A", **web), line("T1", "2024-01-01", 100, sku="A")],
        previous=before,
    )
    mine = now.filter(now.finding == "sale_without_customer")
    assert rows(mine, "source", "share", "previous_share") == [("till", 1.0, None), ("web", 1.0, 0.5)]


def test_nothing_missing_and_empty(con: Any) -> None:
    whole = [line("T1", "2024-01-01", 1000, "C1", "A")]
    assert rows(plan(con, whole, [reached("C1", has_email=True)]), "finding") == []
    assert rows(plan(con, []), "finding") == []
