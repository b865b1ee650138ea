"""Who can be contacted: one reason for everybody and contact channel, adding up to all customers."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.customers.consent import ConsentSettings
from habitue.customers.contactable import REASONS, Permissions, Told, permissions
from support.consents import event, events_table, reachable, stored

AS_OF = date(2024, 6, 30)
PEOPLE = pa.schema([("customer_id", pa.string()), ("population", pa.string()), ("last_purchase_on", pa.date32())])
IDS = pa.schema([("source_customer_id", pa.string())])
OBJECTIONS = pa.schema(
    [("source_customer_id", pa.string()), ("captured_at", pa.timestamp("us")), ("source", pa.string())]
)


def yes(by: str, at: str | None = "2024-01-01", **more: Any) -> dict[str, Any]:
    return event(more.pop("what", "opt_in"), at, by=by, **more)


def came(address: str | None, event_: str, at: str = "2024-02-01", **more: Any) -> dict[str, Any]:
    return {
        "file_id": "r", "row_number": 1, "source": "router", "address_kind": "email", "address_hash": address,
        "contact_channel": "email", "event": event_, "needs_review": False, "happened_at": datetime.fromisoformat(at),
        "happened_on": datetime.fromisoformat(at).date(), "is_day_only": True, **more,
    }  # fmt: skip


# Person, their addresses, what they said and what came back, and why they can be reached by e-mail or not.
CASES: dict[str, tuple[list[str], list[dict[str, Any]], list[dict[str, Any]], str]] = {
    "yes": (["e1"], [yes("yes")], [], "contactable"),
    "silent": (["e2"], [], [], "no_consent"),
    "soft": (["e3"], [yes("soft", what="soft_opt_in")], [], "no_purchase"),
    "expired": (["e4"], [yes("expired", expires_on=date(2024, 6, 29))], [], "consent_expired"),
    "full": (["e5"], [yes("full")], [came("e5", "bounced", f"2024-0{n}-01", bounce_class="temporary")
                                     for n in (2, 3, 4)], "temporary_bounces"),
    "gone": (["e6"], [yes("gone")], [came("e6", "bounced", bounce_class="permanent")], "permanent_bounce"),
    "left": (["e7"], [yes("left")], [came("e7", "undeliverable")], "undeliverable"),
    "moved": (["e8"], [yes("moved")], [came("e8", "address_changed")], "moved"),
    "typo": (["email:"], [yes("typo")], [], "unusable_address"),
    "unsubscribed": (["e9"], [yes("unsubscribed")], [came("e9", "unsubscribed")], "unsubscribed"),
    "stopped": (["e10"], [yes("stopped")], [came("e10", "opted_out")], "stopped"),
    "no": (["e11"], [yes("no", what="opt_out")], [], "refused"),
    "angry": (["e12"], [yes("angry")], [came("e12", "complained")], "complained"),
    "objects": (["e13"], [yes("objects")], [], "objection"),
    "child": (["e14"], [yes("child")], [], "minor"),
    "nowhere": ([], [yes("nowhere")], [], "no_address"),
    "two": (["e15", "e16"], [yes("two")], [came("e15", "bounced", bounce_class="permanent")], "contactable"),
    "both": (["e17", "e18"], [yes("both")], [came("e17", "bounced", bounce_class="permanent"),
                                             came("e18", "unsubscribed")], "permanent_bounce"),
    "doubtful": (["e19"], [yes("doubtful")], [came("e19", "replied", needs_review=True)], "contactable"),
    "shares": (["e1"], [yes("shares")], [], "contactable"),
    "undated": (["e20"], [yes("undated", None)], [], "no_consent"),
    "tomorrow": (["e21"], [yes("tomorrow")], [came("e21", "unsubscribed", "2024-07-01")], "contactable"),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(con: Any) -> Permissions:
    return made(con, unclear_stop="review")


def made(con: Any, **settings: Any) -> Permissions:
    who = reachable(con, {name: [name] for name in CASES}, {name: case[0] for name, case in CASES.items()})
    events = [row for case in CASES.values() for row in case[1]]
    stray = event("opt_out", "2024-01-01", address="nobody's", source="stray")
    told = Told(
        consents=events_table(con, [*events, stray]),
        deliveries=stored(
            con, [row for case in CASES.values() for row in case[2]], schemas.DELIVERY_EVENTS.ibis_schema().to_pyarrow()
        ),
        addresses=who.addresses,
        minors=stored(con, [{"source_customer_id": "child"}], IDS),
        objections=stored(
            con, [{"source_customer_id": "objects", "captured_at": datetime(2025, 1, 1), "source": "command"}],
            OBJECTIONS,
        ),
    )  # fmt: skip
    people = [{"customer_id": name, "population": "staff" if name == "two" else "consumer"} for name in CASES]
    return permissions(
        told, who.parts, stored(con, people, PEOPLE), as_of=AS_OF,
        settings=ConsentSettings(jurisdiction="FR", temporary_bounces=3, **settings),
    )  # fmt: skip


def rows(found: Permissions, name: str) -> list[dict[str, Any]]:
    return found.tables[name].to_pyarrow().to_pylist()


def test_everybody_has_one_reason(found: Permissions) -> None:
    expected = Counter(("staff" if name == "two" else "consumer", case[3]) for name, case in CASES.items())
    told = {(r["population"], r["reason"]): r for r in rows(found, "contactable") if r["contact_channel"] == "email"}
    assert {key: row["customers_count"] for key, row in told.items()} == expected
    # Distinct addresses: two people share one of those that can be reached.
    assert told["consumer", "contactable"]["addresses_count"] == 3
    assert told["consumer", "permanent_bounce"]["addresses_count"] == 2
    assert told["consumer", "no_address"]["addresses_count"] == 0
    assert {row["reason"] for row in rows(found, "contactable")} <= set(REASONS)


def test_reasons_add_up_to_all_customers(found: Permissions) -> None:
    totals = Counter[tuple[str, str]]()
    for row in rows(found, "contactable"):
        totals[row["contact_channel"], row["population"]] += row["customers_count"]
    sizes = {"consumer": len(CASES) - 1, "staff": 1}
    assert totals == {(c, p): size for c in ("email", "sms", "phone", "print") for p, size in sizes.items()}


def test_the_table_of_each_address(found: Permissions) -> None:
    both = {row["address_hash"]: row for row in rows(found, "consent_status") if row["customer_id"] == "both"}
    assert {address: (row["status"], row["reason"]) for address, row in both.items()} == {
        "e17": ("opt_in", "permanent_bounce"), "e18": ("opt_out", "unsubscribed"),
    }  # fmt: skip
    (typo,) = [row for row in rows(found, "consent_status") if row["customer_id"] == "typo"]
    assert (typo["address_kind"], typo["address_hash"], typo["is_contactable"]) == ("email", None, False)


def test_what_the_run_says(found: Permissions) -> None:
    assert [(note.code, note.params.get("source"), note.params["count"]) for note in found.notes] == [
        ("consent.later_refusals", None, 1),
        ("consent.undated", "file", 1),
        ("consent.nobody", "stray", 1),
        ("consent.unclear_review", None, 1),
    ]


def test_doubtful_replies_as_a_precaution(con: Any) -> None:
    cautious = made(con, unclear_stop="stop")
    (row,) = [row for row in rows(cautious, "consent_status") if row["customer_id"] == "doubtful"]
    assert (row["status"], row["decided_by"], row["reason"]) == ("opt_out", "unclear_stop", "unclear_stop")
    (review,) = rows(cautious, "consent_reviews")
    assert (review["customer_id"], review["is_counted"]) == ("doubtful", True)


SUPPRESSED = pa.schema(
    [
        ("address_kind", pa.string()),
        ("address_hash", pa.string()),
        ("reason", pa.string()),
        ("since", pa.timestamp("us")),
    ]
)


def test_addresses_of_the_erased_are_closed_for_whoever_has_them(con: Any) -> None:
    """On every contact channel of their kind, for every purpose but service, until a yes of a later day."""
    who = reachable(
        con, {name: [name] for name in ("old", "day", "new", "other", "late")},
        {"old": ["e1", "phone:p1"], "day": ["e2"], "new": ["e3", "phone:p3"], "other": ["free"], "late": ["e5"]},
    )  # fmt: skip
    said = [
        *(yes(name, at) for name, at in (("old", "2024-03-31"), ("day", "2024-04-01"), ("new", "2024-04-02"))),
        *(yes(name, "2024-01-01", contact_channel="sms") for name in ("old", "new")),
        yes("other"), yes("old", "2024-03-31", purpose="service"), yes("old", "2024-03-31", purpose="survey"),
        yes("late"),
    ]  # fmt: skip
    closed = [("email", f"e{n}", datetime(2024, 4, 1, 10)) for n in (1, 2, 3, 4)]  # nobody has e4
    closed += [("phone", "p1", datetime(2024, 4, 1, 10)), ("phone", "p3", datetime(2024, 4, 1, 10))]
    closed += [("email", "e5", datetime(2025, 1, 1))]
    rows_ = [{"address_kind": k, "address_hash": h, "reason": "erased", "since": at} for k, h, at in closed]
    people = stored(con, [{"customer_id": n, "population": "consumer"} for n in ("old", "day", "new", "other", "late")],
                    PEOPLE)  # fmt: skip
    told = Told(consents=events_table(con, said), addresses=who.addresses, suppressed=stored(con, rows_, SUPPRESSED))
    found = permissions(told, who.parts, people, as_of=AS_OF, settings=ConsentSettings())
    status = {
        (r["customer_id"], r["contact_channel"], r["purpose"]): r["reason"] for r in rows(found, "consent_status")
    }
    email = {
        name: reason for (name, way, purpose), reason in status.items() if (way, purpose) == ("email", "marketing")
    }
    assert email == {"old": "suppressed", "day": "suppressed", "new": "contactable", "other": "contactable",
                     "late": "suppressed"}  # fmt: skip
    assert {status[name, way, "marketing"] for name in ("old", "new") for way in ("sms", "phone")} == {"suppressed"}
    assert (status["old", "email", "service"], status["old", "email", "survey"]) == ("contactable", "suppressed")
    assert {r["contact_channel"] for r in rows(found, "contactable")} == {"email", "sms", "phone", "print"}
    ours = [r for r in rows(found, "consent_events") if r["event"] == "suppressed"]
    assert sorted(r["address_hash"] for r in ours) == ["e1", "e2", "e3", "e5", "p1", "p3"]
    assert {r["source"] for r in ours} == {"erased"}
    assert [note.code for note in found.notes] == []


def test_nobody_says_anything(con: Any) -> None:
    who = reachable(con, {"ana": ["a"]}, {})
    people = stored(con, [{"customer_id": "ana", "population": "consumer"}], PEOPLE)
    found = permissions(Told(), who.parts, people, as_of=AS_OF, settings=ConsentSettings())
    assert {(r["contact_channel"], r["reason"], r["customers_count"]) for r in rows(found, "contactable")} == {
        (channel, "no_address", 1) for channel in ("email", "sms", "phone", "print")
    }
    assert [rows(found, name) for name in found.tables if name != "contactable"] == [[]] * 4
    nobody = permissions(Told(), who.parts, stored(con, [], PEOPLE), as_of=AS_OF, settings=ConsentSettings())
    assert rows(nobody, "contactable") == []
