"""A card base and web accounts with known truth: which card and which account are one invented person.

Simulated, every bit of it: nobody here exists. Addresses end in `.example` or are example.com and example.org, which
are nobody's (but for the fillers people type: x@x.fr); telephone numbers are drawn at random from the French plan and
must not be dialled. What is planted, with its probability, stands in `Slips` and in `people`: typing errors, lost
accents, swapped names, married names, moves, changed and missing e-mail addresses and numbers, mailboxes and
telephones shared by couples, numbers given out again, fathers and sons of one name, birth dates invented or filled,
fillers, cards without a first name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pyarrow as pa

from habitue.customers.normal_forms.texts import plain
from habitue.demo.simulated_pair.people import Maker, Person

COLUMNS = pa.schema(
    [
        *(
            (name, pa.string())
            for name in ("source", "customer_system", "source_customer_id", "first_name", "last_name")
        ),
        *((name, pa.string()) for name in ("email", "phone", "address", "postcode", "city")),
        ("birth_date", pa.date32()),
    ]
)
CARDS, ACCOUNTS = "cards", "accounts"


@dataclass(frozen=True, kw_only=True)
class Slips:
    """What goes wrong on one side: shares of the rows, or of the rows that have the field."""

    has_email: float
    has_phone: float
    has_birth_date: float
    has_address: float
    is_outdated: float
    prefers_landline: float
    first_typo: float = 0.02
    last_typo: float = 0.03
    swapped: float = 0.01
    no_first_name: float = 0.0
    birth_date_digit: float = 0.015
    birth_date_invented: float = 0.0
    birth_date_filler: float = 0.01
    email_typo: float = 0.01
    email_filler: float = 0.005
    phone_filler: float = 0.01


CARD_SLIPS = Slips(
    has_email=0.6, has_phone=0.72, has_birth_date=0.78, has_address=0.9, is_outdated=0.75, prefers_landline=0.3,
    no_first_name=0.01, email_typo=0.02,
)  # fmt: skip
ACCOUNT_SLIPS = Slips(
    has_email=1.0, has_phone=0.62, has_birth_date=0.35, has_address=0.75, is_outdated=0.0, prefers_landline=0.04,
    birth_date_invented=0.03, email_filler=0.0,
)  # fmt: skip


@dataclass(frozen=True)
class SimulatedPair:
    """`cards` and `accounts` have the columns of `normal_forms`; `persons` gives `source_customer_id` and the true
    `person_id` of every row."""

    cards: pa.Table
    accounts: pa.Table
    persons: pa.Table


def simulated_pair(count: int = 100_000, *, overlap: float = 0.4, seed: int = 1) -> SimulatedPair:
    """Two customer systems of `count` rows each, one row a person in each.

    Args:
        count: rows of either system.
        overlap: share of them that have a row in the other.
        seed: the same seed gives the same rows.

    Raises:
        ValueError: no row, or an overlap outside 0 to 1.
    """
    if count < 1 or not 0 <= overlap <= 1:
        raise ValueError(f"count must be at least 1 and overlap within 0 to 1, not {count} and {overlap}")
    rng = Random(seed)
    both = round(count * overlap)
    wanted = 2 * count - both
    maker, people = Maker(rng), []
    while len(people) < round(wanted * 1.2):
        people += maker.household(len(people), len(people))
    chosen = rng.sample(people, wanted)
    cards, accounts = chosen[:count], [*chosen[:both], *chosen[count:]]
    tables = [
        _rows(rng, name, rng.sample(some, count), slips)
        for name, some, slips in ((CARDS, cards, CARD_SLIPS), (ACCOUNTS, accounts, ACCOUNT_SLIPS))
    ]
    persons = pa.table(
        {
            "source_customer_id": pa.concat_arrays(
                [table["source_customer_id"].combine_chunks() for table, _ in tables]
            ),
            "person_id": pa.array([number for _, numbers in tables for number in numbers], pa.int64()),
        }
    )
    return SimulatedPair(tables[0][0], tables[1][0], persons)


def _rows(rng: Random, system: str, people: Sequence[Person], slips: Slips) -> tuple[pa.Table, list[int]]:
    rows = [_row(rng, person, slips) for person in people]
    ids = [f"{system[0]}{number:08d}" for number in rng.sample(range(len(rows)), len(rows))]
    stated = {"source": system, "customer_system": system}
    table = [{**stated, "source_customer_id": one, **row} for one, row in zip(ids, rows, strict=True)]
    return pa.Table.from_pylist(table, schema=COLUMNS), [person.person_id for person in people]


def _row(rng: Random, person: Person, slips: Slips) -> dict[str, Any]:
    def happens(share: float) -> bool:
        return bool(rng.random() < share)

    is_old = happens(slips.is_outdated)
    last = (person.old_last or person.last) if is_old else person.last
    place = (person.old_place or person.place) if is_old else person.place
    email = (person.old_email or person.email) if is_old else person.email
    mobile = (person.old_mobile or person.mobile) if is_old else person.mobile
    first: str | None = person.first
    first = _misspelt(rng, person.first) if happens(slips.first_typo) else first
    last = _misspelt(rng, last) if happens(slips.last_typo) else last
    if happens(slips.swapped):
        first, last = last, first
    elif happens(slips.no_first_name):
        first = "M." if person.sex == "m" else "Mme"
    number = person.landline if happens(slips.prefers_landline) and person.landline else mobile
    written = {
        "first_name": _written(rng, first),
        "last_name": _written(rng, last, shouting=0.4),
        "email": _email(rng, email, slips) if happens(slips.has_email) else None,
        "phone": None,
        "address": None,
        "postcode": None,
        "city": None,
        "birth_date": _birth_date(rng, person.birth_date, slips) if happens(slips.has_birth_date) else None,
    }
    if number and happens(slips.has_phone):
        written["phone"] = "0600000000" if happens(slips.phone_filler) else _telephone(rng, number)
    if happens(slips.has_address):
        written |= {"address": _street(rng, place[0]), "postcode": place[1], "city": _written(rng, place[2])}
    return written


def _written(rng: Random, name: str, *, shouting: float = 0.15) -> str:
    """With or without accents, hyphens, capitals."""
    if rng.random() < 0.3:
        name = "".join(letter if letter.isascii() else _bare(letter) for letter in name)
    if rng.random() < 0.3:
        name = name.replace("-", " ")
    draw = rng.random()
    return name.upper() if draw < shouting else name.lower() if draw < shouting + 0.05 else name


def _bare(letter: str) -> str:
    return plain(letter) if letter.islower() else plain(letter).upper()


def _misspelt(rng: Random, text: str) -> str:
    """A letter lost, doubled, replaced or exchanged with its neighbour."""
    at, kind = rng.randrange(max(len(text) - 1, 1)), rng.randrange(4)
    letter = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return (
        text[:at] + text[at + 1 :],
        text[: at + 1] + text[at:],
        text[:at] + letter + text[at + 1 :],
        text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
    )[kind]


def _email(rng: Random, email: str | None, slips: Slips) -> str | None:
    if rng.random() < slips.email_filler:
        return rng.choice(("x@x.fr", "test@test.com", "aucun@aucun.fr"))
    if email is None:
        return None
    if rng.random() < slips.email_typo:
        local, _, domain = email.partition("@")
        email = f"{_misspelt(rng, local)}@{domain}"
    draw = rng.random()
    return email.capitalize() if draw < 0.1 else email.upper() if draw < 0.13 else email + " " if draw < 0.16 else email


def _telephone(rng: Random, number: str) -> str:
    pairs = [number[at : at + 2] for at in range(0, 10, 2)]
    shapes = (number, " ".join(pairs), ".".join(pairs), "+33" + number[1:], "0033" + number[1:], number[1:])
    return rng.choices(shapes, (0.35, 0.3, 0.1, 0.15, 0.05, 0.05))[0]


def _street(rng: Random, street: str) -> str:
    if rng.random() < 0.35:
        for long, short in (("avenue", "av."), ("boulevard", "bd"), ("rue", "r."), ("place", "pl."), ("chemin", "ch.")):
            street = street.replace(f" {long} ", f" {short} ")
    return _written(rng, street)


def _birth_date(rng: Random, day: date, slips: Slips) -> date:
    draw = rng.random()
    if draw < slips.birth_date_filler:
        return date(1900, 1, 1)
    draw -= slips.birth_date_filler
    if draw < slips.birth_date_invented:
        return date(1950, 1, 1) + timedelta(days=rng.randrange(20_000))
    if draw - slips.birth_date_invented < slips.birth_date_digit:
        return day.replace(day=1 + (day.day + 9) % 28) if rng.random() < 0.5 else day - timedelta(days=3653)
    return day
