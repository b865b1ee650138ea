from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.purchases.purchase_lines import PurchaseSettings, purchase_lines
from habitue.purchases.sale_types import SaleTypeRule
from habitue.schemas import PAYMENTS
from support.purchases import line, rows, staged, table


def tender(number: int, ticket: str, name: str, amount: int) -> dict:
    return {"source": "till", "transaction_id": ticket, "row_number": number, "tender": name, "paid_amount": amount}


def rewarded(con: Any, some: list[dict], payments: list[dict], **more: Any) -> Any:
    given_settings = PurchaseSettings(reward_tenders=("voucher*", "points"), **more)
    return purchase_lines(
        staged(con, some), payments=table(con, PAYMENTS, payments), home_currency="EUR", settings=given_settings
    ).lines


def test_shared_out_over_the_counted_sale_lines_of_the_ticket(con: Any) -> None:
    some = [
        line("T1", "2024-01-01", 1000, sku="A"),
        line("T1", "2024-01-01", 2000, sku="B"),
        line("T1", "2024-01-01", 500, sku="POST"),  # no purchase
        line("T2", "2024-01-01", 800),
        line("T3", "2024-01-01", 800),
    ]
    payments = [
        tender(1, "T1", "Voucher 5", 500), tender(2, "T1", "POINTS", 500), tender(3, "T1", "card", 2500),
        tender(4, "T2", "points", 900),  # more than the ticket's net: capped
        tender(5, "T3", "card", 800),
    ]  # fmt: skip
    done = rewarded(con, some, payments, sale_types=(SaleTypeRule(sale_type="shipping", sku=("POST",)),))
    # T1: 1000 over 3000, running: 1000 * 1000 / 3000 = 333, then the rest
    assert rows(done, "transaction_id", "line_number", "reward_amount") == [
        ("T1", 1, 333), ("T1", 2, 667), ("T1", 3, 0), ("T2", 1, 800), ("T3", 1, 0),
    ]  # fmt: skip


def test_a_purchase_taken_back_leaves_no_reward_behind(con: Any) -> None:
    some = [
        line("T1", "2024-01-01", 1000, "C1", "A"),
        line("R1", "2024-01-02", -1000, "C1", "A"),
        line("T2", "2024-01-01", 1000, "C2", "A"),
        line("R2", "2024-01-02", -400, "C2", "A"),
    ]
    payments = [tender(1, "T1", "points", 300), tender(2, "T2", "points", 700), tender(3, "R2", "points", -100)]
    # T1 is worth nothing any more; T2 is worth 600, which caps the 700
    assert rows(rewarded(con, some, payments), "transaction_id", "reward_amount") == [
        ("R1", 0), ("R2", 0), ("T1", 0), ("T2", 600),
    ]  # fmt: skip


@settings(max_examples=8)
@given(nets=st.lists(st.integers(1, 5000), min_size=1, max_size=6), paid=st.integers(1, 20_000))
def test_shares_add_up_to_the_last_cent(con: Any, nets: list[int], paid: int) -> None:
    done = rewarded(con, [line("T1", "2024-01-01", net) for net in nets], [tender(1, "T1", "points", paid)])
    shares = rows(done, "reward_amount")
    assert sum(shares) == min(paid, sum(nets))
    assert all(share >= 0 for share in shares)


def test_no_reward_tender(con: Any) -> None:
    assert rows(rewarded(con, [line("T1", "2024-01-01", 5)], [tender(1, "T1", "card", 5)]), "reward_amount") == [0]
    assert rows(rewarded(con, [], []), "reward_amount") == []
