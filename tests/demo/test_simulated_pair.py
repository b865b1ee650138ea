"""The simulated pair of customer systems: its truth, and that it is the same every time."""

from __future__ import annotations

from collections import Counter

import pytest

from habitue.customers.normal_forms.tables import RAW
from habitue.demo.simulated_pair import simulated_pair


def test_the_truth_is_as_asked_for() -> None:
    shop = simulated_pair(500, overlap=0.3, seed=2)
    assert len(shop.cards) == len(shop.accounts) == 500
    assert set(shop.cards.column_names) <= set(RAW)
    numbers = [*shop.cards["source_customer_id"].to_pylist(), *shop.accounts["source_customer_id"].to_pylist()]
    assert sorted(shop.persons["source_customer_id"].to_pylist()) == sorted(numbers)
    assert len(set(numbers)) == 1000
    rows_of = Counter(shop.persons["person_id"].to_pylist())
    assert Counter(rows_of.values()) == {1: 700, 2: 150}


def test_the_same_seed_gives_the_same_rows() -> None:
    first, second = (simulated_pair(200, seed=3) for _ in range(2))
    assert first.cards == second.cards
    assert first.accounts == second.accounts
    assert first.cards != simulated_pair(200, seed=4).cards


def test_nobody_can_be_written_to() -> None:
    shop = simulated_pair(500, seed=1)
    mails = [
        mail.strip().lower() for table in (shop.cards, shop.accounts) for mail in table["email"].to_pylist() if mail
    ]
    allowed = (".example", "@example.com", "@example.org", "x@x.fr", "test@test.com", "aucun@aucun.fr")
    assert [mail for mail in mails if not mail.endswith(allowed)] == []


@pytest.mark.parametrize(("count", "overlap"), [(0, 0.3), (10, 1.5)])
def test_what_cannot_be(count: int, overlap: float) -> None:
    with pytest.raises(ValueError, match="count must be"):
        simulated_pair(count, overlap=overlap)
