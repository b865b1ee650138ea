from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import ibis
import pytest

from habitue.customers.generic_cards import SharedCardSettings, shared_cards
from habitue.errors import ConfigurationError
from habitue.schemas import SHARED_CARDS
from support.purchases import line, rows, staged

pytestmark = pytest.mark.xdist_group("generic-cards")

AS_OF = date(2024, 12, 31)


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)


def tickets(card: str | None, first: str, per_day: Sequence[int], **more: Any) -> list[dict]:
    """On each day from the first, so many tickets of 1.00."""
    start = date.fromisoformat(first)
    return [
        line(f"{card}-{day}-{n}", (start + timedelta(days=day)).isoformat(), 100, card, **more)
        for day, count in enumerate(per_day)
        for n in range(count)
    ]


def found(con: Any, some: list[dict], *columns: str, **settings: Any) -> list[Any]:
    table = shared_cards(staged(con, some), as_of=AS_OF, settings=SharedCardSettings(**settings))
    assert table.schema() == SHARED_CARDS.ibis_schema()
    return rows(table, "source_customer_id", *columns)


def test_more_than_five_tickets_a_day_on_three_days(con: Any) -> None:
    some = [
        *tickets("TILL", "2024-03-01", [6, 6, 7]),
        *tickets("FAIR", "2024-03-01", [6, 6, 5]),  # two busy days only
        *tickets("LOYAL", "2024-03-01", [1] * 5),  # five in the year: not even worth a look
        *tickets(None, "2024-03-01", [9, 9, 9]),
    ]
    assert found(con, some, "is_set_apart", "reason", "busy_days_count", "tickets_count", "most_tickets_a_day",
                 "net_amount") == [
        ("FAIR", False, "worth_a_look", 2, 17, 6, 1700), ("TILL", True, "too_many_tickets", 3, 19, 7, 1900),
    ]  # fmt: skip


def test_lines_of_one_ticket_are_one_ticket_and_sources_are_told_apart(con: Any) -> None:
    def many(source: str) -> list[dict]:
        return [line(f"T{n}", "2024-03-01", 1, "C1", source=source) for n in range(3)]

    six_lines = [line("T1", "2024-03-02", 1, "C1") for _ in range(6)]
    some = [*many("till"), *many("web"), *six_lines]
    assert found(con, some, "busy_days_count", "tickets_count", "most_tickets_a_day", days=1) == [("C1", 1, 7, 6)]


def test_twelve_months_up_to_the_day(con: Any) -> None:
    some = [
        *tickets("OLD", "2023-12-29", [6, 6, 6]),  # 29 to 31 December 2023: outside
        *tickets("IN", "2023-12-30", [6, 6, 6, 6, 6]),  # three days inside from 1 January
        *tickets("NEW", "2024-12-30", [6, 6, 6]),  # the third is after the day
    ]
    assert found(con, some, "is_set_apart", "busy_days_count", "net_amount") == [
        ("IN", True, 3, 3000), ("NEW", False, 2, 1800),
    ]  # fmt: skip


def test_listed_numbers_are_set_apart_even_without_a_ticket(con: Any) -> None:
    some = [*tickets("C1", "2024-03-01", [1]), *tickets("TILL", "2024-03-01", [6, 6, 6])]
    assert found(con, some, "is_set_apart", "reason", "tickets_count", listed=("C1", "C0", "TILL")) == [
        ("C0", True, "listed", 0), ("C1", True, "listed", 1), ("TILL", True, "listed", 18),
    ]  # fmt: skip


def test_at_most_twenty_are_worth_a_look_a_very_busy_day_first(con: Any) -> None:
    some = [row for n in range(30) for row in tickets(f"C{n:02}", "2024-03-01", [1] * (20 + n))]
    some += tickets("PARTY", "2024-03-01", [16])  # 16 > 3 x 5 on one day, though few in all
    listed = found(con, some, "tickets_count")
    assert len(listed) == 20
    assert [card for card, _ in listed] == [*(f"C{n}" for n in range(11, 30)), "PARTY"]


def test_empty(con: Any) -> None:
    assert found(con, []) == []
    assert found(con, [], "reason", listed=("C1",)) == [("C1", "listed")]


def test_limits_are_positive() -> None:
    with pytest.raises(ConfigurationError) as raised:
        SharedCardSettings(tickets_a_day=0, days=0)
    assert len(raised.value.messages) == 2
