"""Card base and web accounts: what two systems wrote down about the invented persons, with known duplicates.

One row a card or an account. Nobody here exists: names come from small lists, e-mails end in example.com, .org or .net,
telephone numbers lie in the ranges the French regulator keeps for fiction (06 39 98, 01 99 00, 02 61 91, 03 53 01,
04 65 71, 05 36 49; each number belongs to one person, so that beyond 60,000 persons the rest has none), towns are
invented and post codes begin with 00 or 96.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from habitue.demo.simulated_shop.columns import (
    Bytes,
    chosen,
    day_column,
    digits,
    either,
    joined_texts,
    known_only,
    number_texts,
    second_column,
    text_column,
)
from habitue.demo.simulated_shop.lives import NEVER, Buyer, People
from habitue.demo.simulated_shop.world import DAY_SECONDS, Flags, Ints, World

# first names and last names of each culture; Russian ones twice, since last names agree with the bearer
FRENCH = (
    "Camille Aurélie Élodie Hélène Maëlle Zoé Inès Manon Léa Chloé Benoît Jérôme Théo François Loïc Hugo Gaël Rémi "
    "Étienne Noël",
    "Aubry Besson Charpentier Delorme Évrard Fabre Guérin Huet Jacquet Lefèvre Marchand Noël Pélissier Renaud Seguin "
    "Tessier Vasseur Lemaître Béranger Crépin",
)
ENGLISH = (
    "Alice Beth Clara Daisy Emma Flora Grace Hazel Ivy Judith Arthur Brian Colin Dennis Edward Felix George Harry Ian "
    "Jack",
    "Ashby Barlow Carter Dawson Ellis Fletcher Granger Hobbs Irving Jarvis Kendall Lawson Mercer Norton Osborne Parker "
    "Quinton Rowley Sutton Thorne",
)
RUSSIAN_WOMEN = (
    "Анна Вера Галина Дарья Елена Жанна Ирина Ксения Любовь Мария",
    "Алексеева Борисова Волкова Громова Дмитриева Ершова Жукова Захарова Ильина Королёва",
)
RUSSIAN_MEN = (
    "Антон Борис Виктор Глеб Денис Егор Илья Кирилл Лев Максим",
    "Алексеев Борисов Волков Громов Дмитриев Ершов Жуков Захаров Ильин Королёв",
)
CULTURES = (FRENCH, ENGLISH, RUSSIAN_WOMEN, RUSSIAN_MEN)
CULTURE_SHARES = (0.62, 0.22, 0.08, 0.08)
TOWNS = (
    ("00110", "Valmont"), ("00240", "Brisac-sur-Lune"), ("00385", "Courselle"), ("96100", "Montherlieu"),
    ("96210", "Port-Essai"), ("96320", "Saint-Fictif"), ("96430", "Aubelange"), ("96540", "Lac d'Orvel"),
    ("00450", "Vieux-Moulin-l'Imaginaire"), ("96650", "Essertille"), ("96760", "Quérac"), ("00520", "Hautebrume"),
)  # fmt: skip
STREETS = ("rue des Essais", "avenue de l'Exemple", "rue du Modèle", "place de la Maquette", "chemin des Épreuves",
           "allée du Brouillon", "boulevard Fictif", "impasse de l'Ébauche")  # fmt: skip
HOUSES = 200
MAIL_DOMAINS = ("example.com", "example.org", "example.net")
MOBILE_RANGE = "63998"
LANDLINE_RANGES = ("19900", "26191", "35301", "46571", "53649")
RANGE_SIZE = 10_000

CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
LATIN = (
    *("a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p"),
    *("r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya"),
)
PLAIN = {
    **dict(zip(CYRILLIC, LATIN, strict=True)),
    **dict(zip("éèêëàâäîïôöûüùç", "eeeeaaaiioouuuc", strict=True)),
}

CARD_BASE = pa.schema(
    [
        ("card_no", pa.string()),
        ("kind", pa.string()),
        ("first_name", pa.string()),
        ("last_name", pa.string()),
        ("email", pa.string()),
        ("phone", pa.string()),
        ("birth_date", pa.date32()),
        ("address", pa.string()),
        ("postcode", pa.string()),
        ("city", pa.string()),
        ("enrolled_on", pa.date32()),
        ("store", pa.string()),
    ]
)
WEB_ACCOUNTS = pa.schema(
    [
        ("account_id", pa.string()),
        ("email", pa.string()),
        ("given_name", pa.string()),
        ("family_name", pa.string()),
        ("mobile", pa.string()),
        ("born_on", pa.date32()),
        ("street", pa.string()),
        ("zip", pa.string()),
        ("town", pa.string()),
        ("created_at_utc", pa.timestamp("us")),
    ]
)
IDENTITIES = pa.schema(
    [
        ("system", pa.string()),
        ("record_id", pa.string()),
        ("person_id", pa.int64()),
        ("is_second", pa.bool_()),
        ("has_typo", pa.bool_()),
        ("has_moved", pa.bool_()),
    ]
)


def plain_ascii(name: str) -> str:
    """The name in Latin letters without accents, as an e-mail address or a transliteration writes it."""
    latin = "".join(PLAIN.get(c, c) for c in name.lower())
    return latin.title() if name[:1].isupper() else latin


def _flat(which: int) -> tuple[tuple[str, ...], Ints]:
    lists = [culture[which].split() for culture in CULTURES]
    starts = np.concatenate(([0], np.cumsum([len(names) for names in lists])))
    return tuple(name for names in lists for name in names), starts


FIRST_NAMES, FIRST_STARTS = _flat(0)
LAST_NAMES, LAST_STARTS = _flat(1)
FIRST_RUSSIAN, LAST_RUSSIAN = int(FIRST_STARTS[2]), int(LAST_STARTS[2])

CARD_PRIME, CARD_STEP = 998_244_353, 387_420_489
ACCOUNT_PRIME, ACCOUNT_STEP = 469_762_049, 282_475_249
CARD_WIDTH, ACCOUNT_WIDTH = 10, 9


def card_digits(number: Ints) -> Bytes:
    """Card numbers as figures, shape (n, 10), always with a leading zero; number -2 is till card 0000000001."""
    value = 1_000_000 + number * CARD_STEP % CARD_PRIME
    return digits(np.where(number < 0, np.maximum(-1 - number, 0), value), CARD_WIDTH)


def account_digits(number: Ints) -> Bytes:
    """Account numbers as figures, shape (n, 9)."""
    return digits(100_000_000 + number * ACCOUNT_STEP % ACCOUNT_PRIME, ACCOUNT_WIDTH)


@dataclass(frozen=True)
class Records:
    """The two systems' rows for one chunk of persons, the truth about them, and the head of each person's family."""

    card_base: pa.Table
    web_accounts: pa.Table
    identities: pa.Table
    household: Ints


@dataclass(frozen=True)
class _Traits:
    """What is true of each person of the chunk, before any system wrote it down; one entry a person."""

    first: Ints
    last: Ints
    household: Ints
    mail_owner: Ints
    phone: Ints
    born: Ints
    address: Ints


def records_of(world: World, people: People, rng: Generator) -> Records:
    """Card base and web accounts of the persons of a chunk, in the order of enrolment."""
    traits = _traits(world, people, rng)
    cards, card_truth = _rows(world, people, traits, rng, is_web=False)
    accounts, account_truth = _rows(world, people, traits, rng, is_web=True)
    return Records(cards, accounts, pa.concat_tables([card_truth, account_truth]), traits.household)


def _traits(world: World, people: People, rng: Generator) -> _Traits:
    rates = world.rates
    n = people.buyer.size
    culture = np.searchsorted(np.cumsum(CULTURE_SHARES)[:-1], rng.random(n), side="right")
    first = FIRST_STARTS[culture] + np.floor(rng.random(n) * np.diff(FIRST_STARTS)[culture]).astype(np.int64)
    last = LAST_STARTS[culture] + np.floor(rng.random(n) * np.diff(LAST_STARTS)[culture]).astype(np.int64)
    head = np.arange(n)
    # every second person may live with the one before: same last name (where names agree) and address
    joins = (head % 2 == 1) & (rng.random(n) < rates.family_share)
    head = np.where(joins, head - 1, head)
    last = np.where(joins & (culture < 2), last[head], last)
    mail_owner = np.where(rng.random(n) < rates.family_email_share, head, np.arange(n))
    phone = _phones(people.ids)
    phone[rng.random(n) >= rates.phone_share] = -1
    phone = np.where(rng.random(n) < rates.family_phone_share, phone[head], phone)
    age = rng.integers(18 * 365, 82 * 365, n)
    return _Traits(
        first=first,
        last=last,
        household=people.first_id + head,
        mail_owner=mail_owner,
        phone=phone,
        born=people.arrival - age,
        address=_addresses(n, rng)[head],
    )


def _addresses(n: int, rng: Generator) -> Ints:
    """One number an address: town, street and house number packed together."""
    return rng.integers(0, len(TOWNS) * len(STREETS), n) * HOUSES + rng.integers(1, HOUSES, n)


def _phones(person: Ints) -> Ints:
    """National number (9 digits, without the leading 0) of each person, -1 when the fictional ranges are used up."""
    mobile = (person % 2 == 0) & (person < 2 * RANGE_SIZE)
    line = np.where(person < 2 * RANGE_SIZE, person // 2, person - RANGE_SIZE)
    ranges = np.array([int(r) for r in LANDLINE_RANGES], dtype=np.int64)
    landline = ranges[np.minimum(line // RANGE_SIZE, ranges.size - 1)] * RANGE_SIZE + line * 7 % RANGE_SIZE
    number = np.where(mobile, int(MOBILE_RANGE) * RANGE_SIZE + person // 2 * 7 % RANGE_SIZE, landline)
    return np.where(line < ranges.size * RANGE_SIZE, number, -1)


def _rows(world: World, people: People, traits: _Traits, rng: Generator, *, is_web: bool) -> tuple[pa.Table, pa.Table]:
    rates = world.rates
    has_first = people.account if is_web else people.card
    second_day = people.second_account_day if is_web else people.second_card_day
    who = np.concatenate([np.flatnonzero(has_first), np.flatnonzero(second_day < NEVER)])
    is_second = np.arange(who.size) >= np.count_nonzero(has_first)
    day = np.where(is_second, second_day[who], people.arrival[who])
    order = np.lexsort((who, day))
    who, is_second, day = who[order], is_second[order], day[order]
    n = who.size
    number = people.first_id + who + is_second * world.customers

    # the first card holds what is true; faults and moves are in the accounts and the second records
    may_differ = is_second | np.full(n, is_web)
    typo = may_differ & (rng.random(n) < rates.typo_share)
    moved = may_differ & (rng.random(n) < rates.moved_share)
    latin = np.full(n, is_web) & (rng.random(n) < rates.transliterated_share) & (traits.first[who] >= FIRST_RUSSIAN)
    upper = rng.random(n) < (0.0 if is_web else 0.15)
    first = chosen(_spellings(FIRST_NAMES), traits.first[who] + len(FIRST_NAMES) * latin)
    last = chosen(_spellings(LAST_NAMES), traits.last[who] + len(LAST_NAMES) * (latin + 2 * upper))
    last = _mistyped(last, np.flatnonzero(typo), rng)

    other_mail = may_differ & (rng.random(n) < rates.other_email_share)
    has_mail = np.full(n, is_web) | (rng.random(n) < rates.card_email_share)
    email = _emails(people, traits, traits.mail_owner[who], who, other_mail, has_mail)
    phone = _phone_texts(traits.phone[who], np.full(n, is_web), rng)
    share = rates.account_birth_date_share if is_web else rates.card_birth_date_share
    born = day_column(traits.born[who], rng.random(n) < share)
    address = np.where(moved, _addresses(n, rng), traits.address[who])
    town = address // (HOUSES * len(STREETS))
    street = joined_texts(
        number_texts(address % HOUSES), chosen(STREETS, address // HOUSES % len(STREETS)), between=" "
    )
    postcode, city = (chosen([t[k] for t in TOWNS], town) for k in (0, 1))

    record = text_column(account_digits(number) if is_web else card_digits(number))
    if is_web:
        created = world.utc_seconds(day * DAY_SECONDS - rng.integers(1800, 6 * 3600, n))
        columns = [record, email, first, last, phone, born, street, postcode, city, second_column(created)]
        table = pa.table(columns, schema=WEB_ACCOUNTS)
    else:
        kind = chosen(("C", "P"), (people.buyer[who] == Buyer.B2B).astype(np.int64))
        store = chosen(world.stores.codes, world.stores.open_or_refuge(people.home_store[who], day))
        columns = [record, kind, first, last, email, phone, born, street, postcode, city, day_column(day), store]
        table = pa.table(columns, schema=CARD_BASE)
    system = chosen(("web_accounts" if is_web else "card_base",), np.zeros(n, dtype=np.int64))
    truth = pa.table([system, record, people.first_id + who, is_second, typo, moved], schema=IDENTITIES)
    return table, truth


def _spellings(names: tuple[str, ...]) -> list[str]:
    """As written, in plain Latin letters, in capitals, in capitals of plain Latin letters."""
    latin = [plain_ascii(name) for name in names]
    return [*names, *latin, *(name.upper() for name in names), *(name.upper() for name in latin)]


def _mistyped(names: pa.Array, rows: Ints, rng: Generator) -> pa.Array:
    """The names with two neighbouring letters exchanged or one left out, never the first, in the given rows."""
    texts = names.to_pylist() if rows.size else []
    for row, u, drops in zip(rows.tolist(), rng.random(rows.size).tolist(), rng.random(rows.size) < 0.5, strict=True):
        name = texts[row]
        k = 1 + int(u * (len(name) - 2))
        texts[row] = name[:k] + name[k + 1 :] if drops or name[k] == name[k + 1] else _swapped(name, k)
    return pa.array(texts, pa.string()) if rows.size else names


def _swapped(name: str, k: int) -> str:
    return name[:k] + name[k + 1] + name[k] + name[k + 2 :]


def _emails(people: People, traits: _Traits, owner: Ints, who: Ints, other: Flags, known: Flags) -> pa.Array:
    """`first.last` and the owner's number at an example domain; another form and domain when `other`."""
    whose = np.where(other, who, owner)
    person = people.first_id + whose
    first = chosen([plain_ascii(name).lower() for name in FIRST_NAMES], traits.first[whose])
    last = chosen([plain_ascii(name).lower() for name in LAST_NAMES], traits.last[whose])
    number = number_texts(person)
    usual = joined_texts(joined_texts(first, last, between="."), number, between="")
    local = either(other, joined_texts(last, number, between="-"), usual)
    domain = chosen(MAIL_DOMAINS, (person + other) % len(MAIL_DOMAINS))
    return known_only(joined_texts(local, domain, between="@"), known)


def _phone_texts(phone: Ints, international: Flags, rng: Generator) -> pa.Array:
    """The number in one of the spellings in use: 06 39 98 00 00, 0639980000, 06.39.98.00.00 or +33639980000."""
    figures = digits(np.maximum(phone, 0), 10)
    style = np.where(international & (rng.random(phone.size) < 0.7), 3, rng.integers(0, 3, phone.size))
    spaced, dotted = (np.insert(figures, (2, 4, 6, 8), np.uint8(ord(mark)), axis=1) for mark in (" ", "."))
    abroad = np.hstack([np.tile(np.frombuffer(b"+33", dtype=np.uint8), (phone.size, 1)), figures[:, 1:]])
    texts = text_column(abroad)
    for k, spelling in enumerate((spaced, figures, dotted)):
        texts = either(style == k, text_column(spelling), texts)
    return known_only(texts, phone >= 0)
