"""Which addresses work: by hand, with the rules of docs/consent.md; the whole of K01 is among the cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from habitue import schemas
from habitue.customers.address_states import address_states, with_new_addresses
from habitue.customers.consent_signals import known_at
from support.consents import HELD, stored

HARD, SOFT = {"event": "bounced", "bounce_class": "permanent"}, {"event": "bounced", "bounce_class": "temporary"}


def came(at: str | None, address: str | None = "x", event: str = "delivered", **more: Any) -> dict[str, Any]:
    moment = datetime.fromisoformat(at) if at else None
    return {
        "file_id": "f", "row_number": 1, "source": "router", "address_kind": "email" if address else None,
        "address_hash": address, "contact_channel": "email", "event": event, "needs_review": False,
        "happened_at": moment, "happened_on": moment.date() if moment else None, "is_day_only": len(at or "") == 10,
        **more,
    }  # fmt: skip


def deliveries(con: Any, events: list[dict[str, Any]]) -> Any:
    return stored(con, events, schemas.DELIVERY_EVENTS.ibis_schema().to_pyarrow())


def holders(con: Any, *pairs: tuple[str, str]) -> Any:
    rows = [{"source": "crm", "customer_system": "crm", "source_customer_id": number, "file_id": "c",
             "address_kind": "email", "address_hash": address} for number, address in pairs]  # fmt: skip
    return stored(con, rows, HELD)


CASES: list[tuple[list[dict[str, Any]], tuple[Any, ...]]] = [
    ([came("2024-01-10", event="sent")], (None, None, 0)),
    ([came("2024-01-10", **HARD)], ("permanent_bounce", date(2024, 1, 10), 0)),
    ([came("2024-01-10", **HARD), came("2024-02-10")], (None, None, 0)),
    ([came("2024-01-10"), came("2024-02-10", **HARD)], ("permanent_bounce", date(2024, 2, 10), 0)),
    ([came("2024-01-10", event="bounced", bounce_class="sender")], (None, None, 0)),
    ([came("2024-01-10", event="undeliverable")], ("undeliverable", date(2024, 1, 10), 0)),
    ([came("2024-01-10", event="address_changed")], ("moved", date(2024, 1, 10), 0)),
    ([came("2024-01-10", **SOFT), came("2024-02-10", **SOFT)], (None, None, 2)),
    ([came("2024-01-10", **SOFT), came("2024-02-10", **SOFT), came("2024-03-10", **SOFT), came("2024-04-10", **SOFT)],
     ("temporary_bounces", date(2024, 3, 10), 4)),
    ([came("2024-01-10", **SOFT), came("2024-02-10", **SOFT), came("2024-02-20", event="clicked"),
      came("2024-03-10", **SOFT)], (None, None, 1)),
    # The same event in two files is one.
    ([came("2024-01-10", **SOFT), came("2024-01-10", **SOFT), came("2024-01-10", **SOFT)], (None, None, 1)),
    # Of one day the later counts; where only the day is known, the delivery.
    ([came("2024-01-10 09:00", **HARD), came("2024-01-10 08:00")], ("permanent_bounce", date(2024, 1, 10), 0)),
    ([came("2024-01-10 09:00", **HARD), came("2024-01-10 10:00")], (None, None, 0)),
    ([came("2024-01-10 09:00", **HARD), came("2024-01-10")], (None, None, 0)),
    ([came("2024-01-10", **HARD), came("2024-01-10 08:00")], (None, None, 0)),
    ([came("2024-01-10", **HARD), came("2024-01-10")], (None, None, 0)),
    # Without a day it stands; what comes after the as-of date is not known.
    ([came(None, **HARD), came("2024-01-10")], ("permanent_bounce", None, 0)),
    ([came("2025-01-10", **HARD), came("2024-01-10")], (None, None, 0)),
    # The first block in a row is the day since when.
    ([came("2024-01-10", event="undeliverable"), came("2024-02-10", **HARD)], ("undeliverable", date(2024, 1, 10), 0)),
]  # fmt: skip


def test_states(con: Any) -> None:
    events = [{**event, "address_hash": str(place)} for place, (theirs, _) in enumerate(CASES) for event in theirs]
    known = known_at(deliveries(con, events), date(2024, 12, 31))
    found = address_states(known, holders(con), temporary_bounces=3).to_pyarrow().to_pylist()
    told = {int(row["address_hash"]): (row["reason"], row["since_on"], row["temporary_bounces_count"]) for row in found}
    assert all(row["is_blocked"] == (row["reason"] is not None) for row in found)
    assert told == {place: expected for place, (_, expected) in enumerate(CASES)}


def test_one_channel_does_not_block_another_and_a_number_stands_for_its_addresses(con: Any) -> None:
    events = [
        came("2024-01-10", "p", **HARD, contact_channel="sms", address_kind="phone"),
        came("2024-01-10", None, **HARD, source_customer_id="a"),
        came("2024-01-10", "p", **HARD, address_kind="phone"),  # of no e-mail address
    ]
    found = address_states(
        deliveries(con, events), holders(con, ("a", "x"), ("a", "y"), ("b", "z")), temporary_bounces=3
    )
    rows = {(row["contact_channel"], row["address_hash"]) for row in found.to_pyarrow().to_pylist()}
    assert rows == {("sms", "p"), ("email", "x"), ("email", "y")}


def test_nothing_came_back(con: Any) -> None:
    assert address_states(deliveries(con, []), holders(con, ("a", "x")), temporary_bounces=3).to_pyarrow().num_rows == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], {("a", "x"), ("b", "x")}),
        ([("x", "y", None)], {("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")}),
        ([("x", "y", "a")], {("a", "x"), ("b", "x"), ("a", "y")}),
        ([("x", "y", None), ("y", "z", None)],
         {("a", "x"), ("b", "x"), ("a", "y"), ("b", "y"), ("a", "z"), ("b", "z")}),
        ([("x", "y", "a"), ("y", "z", "b")], {("a", "x"), ("b", "x"), ("a", "y")}),
        ([("x", "y", None), ("y", "x", None)], {("a", "x"), ("b", "x"), ("a", "y"), ("b", "y")}),
    ],
)  # fmt: skip
def test_new_addresses_go_to_who_had_the_old(con: Any, changes: list[Any], expected: set[Any]) -> None:
    events = [came("2024-01-10", old, "address_changed", new_address_hash=new, source_customer_id=who)
              for old, new, who in changes]  # fmt: skip
    found = with_new_addresses(holders(con, ("a", "x"), ("b", "x")), deliveries(con, events)).to_pyarrow().to_pylist()
    assert {(row["source_customer_id"], row["address_hash"]) for row in found} == expected
    assert len(found) == len(expected)
