"""What holds for whom: every expectation from the rules of docs/consent.md, by hand."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from habitue.customers.consent import ConsentSettings
from habitue.errors import ConfigurationError
from support.consents import event, status, statuses, told

JOINED = date(2024, 6, 1)
ANA, HERS = {"ana": ["a"]}, {"a": ["x"]}


ONE_PERSON = [
        ([], "no_consent"),
        ([event("opt_in", "2024-01-01", by="a")], "opt_in"),
        ([event("opt_in", "2024-01-01", address="x")], "opt_in"),
        ([event("opt_in", "2024-01-01", by="a", address="x")], "opt_in"),
        ([event("opt_in", "2024-01-01", by="a", address="y")], "no_consent"),  # of another address of hers
        ([event("opt_in", "2024-01-01", by="b", address="x")], "no_consent"),  # by somebody else who has it
        ([event("opt_in", "2025-07-01", by="a")], "no_consent"),  # not yet
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2024-02-01", by="a")], "refused"),
        ([event("opt_out", "2024-01-01", by="a"), event("opt_in", "2024-02-01", by="a")], "opt_in"),
        # At one moment, or on one day of which no more is known, the refusal wins.
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2024-01-01", by="a")], "refused"),
        ([event("opt_in", "2024-01-01 10:00", by="a"), event("opt_out", "2024-01-01", by="a")], "refused"),
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2024-01-01 10:00", by="a")], "refused"),
        ([event("opt_in", "2024-01-01 10:00", by="a"), event("opt_out", "2024-01-01 10:00", by="a")], "refused"),
        ([event("opt_in", "2024-01-01 10:01", by="a"), event("opt_out", "2024-01-01 10:00", by="a")], "opt_in"),
        # Without a day: a yes is nothing, a no stands.
        ([event("opt_in", None, by="a")], "no_consent"),
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", None, by="a")], "refused"),
        ([event("opt_out", "2024-01-01", by="a"), event("opt_in", None, by="a")], "refused"),
        # What is not known any more is no permission, and no refusal either.
        ([event("opt_in", "2024-01-01", by="a"), event("unknown", "2024-02-01", by="a")], "no_consent"),
        ([event("opt_out", "2024-01-01", by="a"), event("unknown", "2024-02-01", by="a")], "refused"),
        ([event("unknown", "2024-01-01", by="a"), event("opt_in", "2024-01-01", by="a")], "no_consent"),
        # A yes of the address, a refusal of the person, and the reverse.
        ([event("opt_out", "2024-01-01", by="a"), event("opt_in", "2024-02-01", address="x")], "opt_in"),
        ([event("unsubscribed", "2024-01-01", address="x"), event("opt_in", "2024-02-01", by="a")], "opt_in"),
        ([event("opt_in", "2024-01-01", address="x"), event("opt_out", "2024-02-01", by="a")], "refused"),
        ([event("opt_in", "2024-01-01", by="a"), event("unsubscribed", "2024-02-01", address="x")], "unsubscribed"),
        # Valid until a day, that day included.
        ([event("opt_in", "2024-01-01", by="a", expires_on=date(2025, 6, 30))], "opt_in"),
        ([event("opt_in", "2024-01-01", by="a", expires_on=date(2025, 6, 29))], "consent_expired"),
        # All contact channels at once.
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2024-02-01", by="a", contact_channel=None)],
         "refused"),
        # Of another contact channel.
        ([event("opt_in", "2024-01-01", by="a", contact_channel="sms")], "no_consent"),
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2024-02-01", by="a", contact_channel="sms")],
         "opt_in"),
]  # fmt: skip


def test_one_person_one_address(con: Any) -> None:
    found = statuses(con, [(events, ANA, HERS) for events, _ in ONE_PERSON])
    differing = {
        place: (expected, told(rows))
        for place, ((_, expected), rows) in enumerate(zip(ONE_PERSON, found, strict=True))
        if told(rows) != {("ana", "x"): expected}
    }
    assert differing == {}


def test_nobody_and_nothing(con: Any) -> None:
    assert status(con, [], {}, {}) == []
    assert status(con, [event("opt_in", "2024-01-01", by="a")], ANA, {}) == []  # no address, no row


def test_a_refusal_of_an_address_is_everybodys_who_has_it(con: Any) -> None:
    people, held = {"ana": ["a"], "max": ["m"]}, {"a": ["x", "y"], "m": ["x"]}
    yes = [event("opt_in", "2024-01-01", by="a"), event("opt_in", "2024-01-01", by="m")]
    stop = event("unsubscribed", "2024-02-01", address="x")
    assert told(status(con, [*yes, stop], people, held)) == {
        ("ana", "x"): "unsubscribed", ("max", "x"): "unsubscribed", ("ana", "y"): "opt_in",
    }  # fmt: skip
    # A yes that names the address opens it for both again, each on what they said themselves.
    again = event("opt_in", "2024-03-01", by="m", address="x")
    assert told(status(con, [*yes, stop, again], people, held)) == {
        ("ana", "x"): "opt_in", ("max", "x"): "opt_in", ("ana", "y"): "opt_in",
    }  # fmt: skip
    # A yes by number opens it for that number alone.
    hers = event("opt_in", "2024-03-01", by="a")
    assert told(status(con, [*yes, stop, hers], people, held)) == {
        ("ana", "x"): "opt_in", ("max", "x"): "unsubscribed", ("ana", "y"): "opt_in",
    }  # fmt: skip
    # START opens what STOP closed, and gives nothing to who never said yes.
    start = event("restarted", "2024-03-01", address="x")
    assert told(status(con, [yes[0], stop, start], people, held)) == {
        ("ana", "x"): "opt_in", ("max", "x"): "no_consent", ("ana", "y"): "opt_in",
    }  # fmt: skip


def test_an_objection_covers_every_address_channel_and_purpose(con: Any) -> None:
    held = {"a": ["x", "phone:p", "postal:h"]}
    yes = [event("opt_in", "2024-01-01", by="a", contact_channel=c, purpose=p)
           for c in ("email", "sms") for p in ("marketing", "tracking")]  # fmt: skip
    no = event("objection", "2024-02-01", by="a", contact_channel=None)
    rows = status(con, [*yes, no], ANA, held, jurisdiction="FR")
    assert {row["reason"] for row in rows} == {"objection"}
    assert {(row["contact_channel"], row["purpose"]) for row in rows} == {
        (c, p) for c in ("email", "sms", "phone", "print") for p in ("marketing", "tracking")
    }
    # Told by an address, it covers everybody who has it, on all their addresses.
    by_address = event("objection", "2024-02-01", address="x", contact_channel=None)
    rows = status(con, [*yes, by_address], ANA, held, jurisdiction="FR")
    assert {row["reason"] for row in rows} == {"objection"}
    # A later yes of hers opens its contact channel and purpose, and no other.
    later = event("opt_in", "2024-03-01", by="a")
    rows = status(con, [*yes, no, later], ANA, held, jurisdiction="FR")
    assert {(row["contact_channel"], row["purpose"]) for row in rows if row["is_permitted"]} == {("email", "marketing")}


def test_a_complaint_ends_all_marketing_by_that_channel(con: Any) -> None:
    held = {"a": ["x", "y", "phone:p"]}
    yes = [event("opt_in", "2024-01-01", by="a", contact_channel=c) for c in ("email", "sms")]
    rows = status(con, [*yes, event("complained", "2024-02-01", address="x")], ANA, held)
    assert told(rows) == {("ana", "x"): "complained", ("ana", "y"): "complained"}
    assert told(rows, "sms") == {("ana", "p"): "opt_in"}


def test_post_needs_no_yes_where_the_law_says_so(con: Any) -> None:
    held = {"a": ["postal:h"]}
    post = {"contact_channel": "print"}
    assert told(status(con, [], ANA, held, jurisdiction="FR"), "print") == {("ana", "h"): "unknown"}
    assert told(status(con, [], ANA, held, jurisdiction="RU"), "print") == {("ana", "h"): "no_consent"}
    no = [event("opt_out", "2024-01-01", by="a", **post)]
    assert told(status(con, no, ANA, held, jurisdiction="FR"), "print") == {("ana", "h"): "refused"}


@pytest.mark.parametrize(
    ("jurisdiction", "cases"),
    [
        ("FR", [
            (date(2019, 1, 1), None, "soft_opt_in"),
            (None, None, "no_purchase"),
            (date(2025, 7, 1), None, "no_purchase"),  # bought after the as-of date
            (date(2023, 6, 30), "CA", "consent_expired"),  # given under another law
            (date(2019, 1, 1), "XX", "soft_opt_in"),  # a law we do not know: that of the settings
        ]),
        ("RU", [(date(2025, 1, 1), None, "no_consent")]),
        ("CA", [
            (date(2023, 7, 1), None, "soft_opt_in"),  # CASL: two years after the purchase
            (date(2023, 6, 30), None, "consent_expired"),
            (date(2019, 1, 1), "FR", "soft_opt_in"),
        ]),
    ],
)  # fmt: skip
def test_a_soft_opt_in_needs_a_purchase(con: Any, jurisdiction: str, cases: list[Any]) -> None:
    worlds = [([event("soft_opt_in", "2018-01-01", by="a", jurisdiction=own)], ANA, HERS) for _, own, _ in cases]
    bought = [{"ana": day} if day else {} for day, _, _ in cases]
    found = statuses(con, worlds, bought=bought, jurisdiction=jurisdiction)
    assert [told(rows)["ana", "x"] for rows in found] == [expected for _, _, expected in cases]


def test_a_new_address_starts_clean(con: Any) -> None:
    events = [event("opt_in", "2024-01-01", by="a"), event("unsubscribed", "2024-02-01", address="x")]
    assert told(status(con, events, ANA, {"a": ["y"]})) == {("ana", "y"): "opt_in"}


def test_unusable_addresses_are_one(con: Any) -> None:
    events = [event("opt_in", "2024-01-01", by="a")]
    assert told(status(con, events, ANA, {"a": ["email:", "x"]})) == {("ana", ""): "opt_in", ("ana", "x"): "opt_in"}


def test_what_an_address_of_another_kind_says_is_about_who_has_it(con: Any) -> None:
    """A column "accepts text messages" beside an e-mail address and nothing else."""
    yes = event("opt_in", "2024-01-01", address="x", kind="email", contact_channel="sms")
    found = status(con, [yes], ANA, {"a": ["x", "phone:p"]})
    assert told(found, "sms") == {("ana", "p"): "opt_in"}
    assert told(found, "email") == {("ana", "x"): "no_consent"}


def test_channels_without_addresses(con: Any) -> None:
    yes = [event("opt_in", "2024-01-01", by="a", contact_channel="push")]
    assert told(status(con, yes, {"ana": ["a"], "max": ["m"]}, {}), "push") == {("ana", ""): "opt_in"}


TWO_NUMBERS = [
        # The yes of one number opens the address it holds; what the other was never asked takes nothing away.
        ([event("opt_in", "2024-01-01", by="a")], ["a", "b"], {"x": "opt_in", "y": "no_consent"}),
        # The no of one number is the person's, however old.
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2020-01-01", by="b")], ["a", "b"],
         {"x": "refused", "y": "refused"}),
        # A yes given after the two were joined counts for both.
        ([event("opt_out", "2020-01-01", by="b"), event("opt_in", "2024-06-02", by="a")], ["a", ("b", JOINED)],
         {"x": "opt_in", "y": "opt_in"}),
        # On the day itself it does not yet.
        ([event("opt_out", "2020-01-01", by="b"), event("opt_in", "2024-06-01", by="a")], ["a", ("b", JOINED)],
         {"x": "refused", "y": "refused"}),
        # A yes that names an address opens that address alone.
        ([event("opt_out", "2020-01-01", by="b"), event("opt_in", "2024-06-02", by="a", address="x")],
         ["a", ("b", JOINED)], {"x": "opt_in", "y": "refused"}),
        # A yes for its own address before, a no of the other number later: the no is everybody's.
        ([event("opt_in", "2024-01-01", by="a"), event("opt_out", "2024-07-01", by="b")], ["a", ("b", JOINED)],
         {"x": "refused", "y": "refused"}),
]  # fmt: skip


def test_a_person_of_two_numbers(con: Any) -> None:
    held = {"a": ["x"], "b": ["y"]}
    found = statuses(con, [(events, {"ana": numbers}, held) for events, numbers, _ in TWO_NUMBERS])
    addresses = [{address: reason for (_, address), reason in told(rows).items()} for rows in found]
    assert addresses == [expected for *_, expected in TWO_NUMBERS]


def test_a_later_merge_does_not_take_back_what_an_earlier_one_gave(con: Any) -> None:
    numbers = ["a", ("b", date(2023, 1, 1)), ("c", JOINED)]
    events = [event("opt_out", "2020-01-01", by="b"), event("opt_in", "2024-01-01", by="a")]
    held = {"a": ["x"], "b": ["y"], "c": ["z"]}
    assert told(status(con, events, {"ana": numbers}, held)) == {
        ("ana", "x"): "opt_in", ("ana", "y"): "opt_in", ("ana", "z"): "no_consent",
    }  # fmt: skip


def test_who_decided_and_when(con: Any) -> None:
    events = [
        event("opt_in", "2024-01-01", by="a", consent_source="form"),
        event("opt_in", "2024-05-01", by="a", consent_source="till", expires_on=date(2027, 1, 1)),
    ]
    (row,) = status(con, events, ANA, HERS)
    names = ("status", "decided_by", "decided_on", "consent_source", "expires_on", "reason")
    assert tuple(row[name] for name in names) == ("opt_in", "opt_in", date(2024, 5, 1), "till", date(2027, 1, 1), None)


def test_a_soft_opt_in_opens_nothing_that_was_refused(con: Any) -> None:
    for refusal in ("opt_out", "objection", "unsubscribed", "complained"):
        said = [event(refusal, "2024-01-01", by="a"), event("soft_opt_in", "2024-05-01", by="a")]
        (row,) = status(con, said, ANA, HERS, bought={"ana": date(2024, 6, 1)})
        assert (row["status"], row["is_permitted"]) == ("opt_out", False), refusal


def test_the_order_of_rows_does_not_matter(con: Any) -> None:
    draw = random.Random(7)
    kinds = ("opt_in", "opt_out", "unknown", "soft_opt_in", "unsubscribed", "restarted", "objection", "complained")
    numbers, addresses = ("a", "b", "c"), ("x", "y", None)
    events = [
        event(draw.choice(kinds), draw.choice([f"2024-0{draw.randint(1, 9)}-1{draw.randint(0, 9)}", None]),
              by=draw.choice(numbers), address=draw.choice(addresses), row_number=place + 1)
        for place in range(60)
    ]  # fmt: skip
    people, held = {"ana": ["a", ("b", JOINED)], "max": ["c"]}, {"a": ["x"], "b": ["x", "y"], "c": ["y"]}
    first = status(con, events, people, held)
    for _ in range(3):
        draw.shuffle(events)
        assert status(con, events, people, held) == first


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ConfigurationError) as raised:
        ConsentSettings(jurisdiction="XX", unclear_stop="perhaps", temporary_bounces=0)
    assert len(raised.value.messages) == 3
