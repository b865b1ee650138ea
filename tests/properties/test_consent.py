"""Consent under merges: whatever was said, a person never has more than the numbers they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import reading
from support.consents import event, statuses

pytestmark = pytest.mark.xdist_group("consent-properties")

NUMBERS = ("a", "b", "c", "d")
ADDRESSES = ("x", "y", "phone:p", "phone:q", "postal:h")
WORDS = ("opt_in", "opt_in", "soft_opt_in", "opt_out", "unknown", "objection", "unsubscribed", "complained",
         "opted_out", "restarted")  # fmt: skip
LAST = date(2024, 12, 31)
WIDTH = {"opt_out": 0, "unknown": 1, "soft_opt_in": 2, "opt_in": 3}
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def con() -> Iterator[Any]:
    with reading.backend() as opened:
        yield opened


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Something said by a number, of an address, or both; on few days, so that ties are common."""
    by = draw(st.sampled_from((*NUMBERS, None)))
    written = draw(st.sampled_from(ADDRESSES if by is None else (*ADDRESSES, None, None, None)))
    kind, _, address = (written or "").rpartition(":")
    day = LAST - timedelta(days=draw(st.integers(0, 6)))
    at = draw(st.sampled_from([day.isoformat(), f"{day} 10:00", f"{day} 11:00", None]))
    word = draw(st.sampled_from(WORDS))
    channel = draw(st.sampled_from(("email", "sms", "print", "push")))
    if word in ("objection", "opt_out") and draw(st.booleans()):
        channel = None
    return event(word, at, by=by, address=address or None, kind=(kind or "email") if address else None,
                 contact_channel=channel, purpose=draw(st.sampled_from(("marketing", "marketing", "tracking"))),
                 expires_on=draw(st.sampled_from((None, None, LAST - timedelta(days=2)))),
                 jurisdiction=draw(st.sampled_from((None, "FR", "CA"))))  # fmt: skip


HELD = st.fixed_dictionaries({number: st.lists(st.sampled_from(ADDRESSES), unique=True) for number in NUMBERS})
MERGES = st.lists(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)), min_size=1, max_size=3)
WORLDS = st.lists(st.tuples(st.lists(events(), max_size=12), HELD, MERGES), min_size=4, max_size=8)


def sequence(merges: Sequence[tuple[str, str]], dated: bool) -> list[dict[str, list[Any]]]:
    """People before the first merge and after each: numbers in one person, joined after all was said."""
    person = {number: number for number in NUMBERS}
    joined: dict[str, date] = {}
    told = []
    for place, (one, other) in enumerate([(None, None), *merges]):
        for number in NUMBERS:
            if one is not None and person[number] == person[other] != person[one]:
                joined[number] = LAST + timedelta(days=place)
        if one is not None:
            gone = person[other]
            person = {number: person[one] if owner == gone else owner for number, owner in person.items()}
        people: dict[str, list[Any]] = {}
        for number, owner in person.items():
            people.setdefault(owner, []).append((number, joined.get(number)) if dated else number)
        told.append(people)
    return told


def by_address(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[tuple[str, str, str, str], tuple[str, bool]]]:
    """Status and permission of each address, contact channel and purpose, by person."""
    found: dict[str, dict[tuple[str, str, str, str], tuple[str, bool]]] = {}
    for row in rows:
        key = (row["contact_channel"], row["purpose"], row["address_kind"], row["address_hash"])
        found.setdefault(row["customer_id"], {})[key] = (row["status"], row["is_permitted"])
    return found


@QUICK
@given(worlds=WORLDS, dated=st.booleans(), law=st.sampled_from(("FR", "RU")))
def test_a_merge_is_never_wider_than_its_parts(con: Any, worlds: list[Any], dated: bool, law: str) -> None:
    steps, asked = [], []
    for said, held, merges in worlds:
        people = sequence(merges, dated)
        steps += [(people[at], people[at + 1], len(asked) + at) for at in range(len(merges))]
        asked += [(said, who, held) for who in people]
    bought = [dict.fromkeys(who, LAST) for _, who, _ in asked]
    found = [by_address(rows) for rows in statuses(con, asked, bought=bought, as_of=LAST + timedelta(days=9),
                                                   jurisdiction=law)]  # fmt: skip
    for before, after, at in steps:
        for person, numbers in after.items():
            names = {n[0] if isinstance(n, tuple) else n for n in numbers}
            parts = [who for who, theirs in before.items()
                     if {n[0] if isinstance(n, tuple) else n for n in theirs} <= names]  # fmt: skip
            for key, (status, permitted) in found[at + 1].get(person, {}).items():
                said = [found[at][part][key] for part in parts if key in found[at].get(part, {})]
                if not said:  # nothing was said of that purpose, or that channel without addresses, to any part
                    assert key[1] != "marketing" or key[0] == "push"
                    said = [("unknown", False)]
                assert WIDTH[status] <= max(WIDTH[was] for was, _ in said)
                if any(was == "opt_out" for was, _ in said):
                    assert status == "opt_out"
                assert not permitted or (any(was for _, was in said) and all(was != "opt_out" for was, _ in said))


@QUICK
@given(worlds=WORLDS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(con: Any, worlds: list[Any], seed: Any) -> None:
    asked = [([{**row, "row_number": n} for n, row in enumerate(said, 1)], sequence(merges, True)[-1], held)
             for said, held, merges in worlds]  # fmt: skip
    mixed = [(seed.sample(said, len(said)), who, held) for said, who, held in asked]
    assert statuses(con, asked) == statuses(con, mixed)


@QUICK
@given(worlds=WORLDS, more=st.lists(events(), min_size=1, max_size=6))
def test_a_row_without_a_day_never_upgrades(con: Any, worlds: list[Any], more: list[dict[str, Any]]) -> None:
    undated = [{**row, "happened_at": None, "happened_on": None, "is_day_only": False} for row in more]
    asked = [(said, sequence(merges, True)[-1], held) for said, held, merges in worlds]
    wider = [([*said, *undated], who, held) for said, who, held in asked]
    found = statuses(con, [*asked, *wider], as_of=LAST + timedelta(days=9))
    for before, after in zip(found[: len(asked)], found[len(asked) :], strict=True):
        was, now = by_address(before), by_address(after)
        for person, rows in now.items():
            for key, (status, permitted) in rows.items():
                old = was.get(person, {}).get(key, ("unknown", False))
                assert WIDTH[status] <= WIDTH[old[0]]
                assert old[1] or not permitted
