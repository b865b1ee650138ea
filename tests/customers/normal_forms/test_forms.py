"""E-mail addresses, names, postal addresses and birth dates; expected values by hand."""

from __future__ import annotations

from datetime import date

import pytest

from habitue.customers.normal_forms.addresses import postal_key, postcode_key, street_key, town_key
from habitue.customers.normal_forms.birth_dates import birth_date
from habitue.customers.normal_forms.emails import email_address
from habitue.customers.normal_forms.names import person_name, split_name


@pytest.mark.parametrize(
    ("text", "address", "key", "fault", "no_evidence"),
    [
        (" Lea.Morel@Example.com\u200b ", "lea.morel@example.com", "lea.morel@example.com", None, None),
        ("Léa Morel <lea@example.com>", "lea@example.com", "lea@example.com", None, None),
        ("mailto:lea@example.com", "lea@example.com", "lea@example.com", None, None),
        ("lea @example.com", "lea@example.com", "lea@example.com", None, None),
        ("lea+promo@example.com", "lea+promo@example.com", "lea@example.com", None, None),
        ("Le.A+x@googlemail.com", "le.a+x@googlemail.com", "lea@gmail.com", None, None),
        ("п@пример.рф", "п@пример.рф", "п@пример.рф", None, None),
        ("info@example.com", "info@example.com", "info@example.com", None, "shared_inbox"),
        ("contact.garnier@example.com", "contact.garnier@example.com", "contact.garnier@example.com", None, None),
        ("no-reply-buyer@marketplace.example", None, "no-reply-buyer@marketplace.example", "known_filler",
         "known_filler"),
        ("x@x.fr", None, "x@x.fr", "known_filler", "known_filler"),
        ("test@test.com", None, "test@test.com", "known_filler", "known_filler"),
        ("aaaa@example.com", None, "aaaa@example.com", "known_filler", "known_filler"),
        ("lea@example", None, "lea@example", "invalid", None),
        ("lea..m@example.com", None, "lea..m@example.com", "invalid", None),
        ("a@b@c.fr", None, None, "several_at", None),
        ("néant", None, None, "no_at", None),
        ("", None, None, "empty", None),
        (None, None, None, "empty", None),
    ],
)  # fmt: skip
def test_emails(text: str | None, address: str | None, key: str | None, fault: str | None, no_evidence: str | None):
    read = email_address(text)
    assert (read.address, read.key, read.fault, read.no_evidence) == (address, key, fault, no_evidence)


def test_of_two_addresses_the_first_valid_one() -> None:
    read = email_address("lea@example; lea@example.com, hugo@example.com")
    assert (read.address, read.note) == ("lea@example.com", "several_addresses")
    assert read.other_keys == ("hugo@example.com",)


def test_the_others_are_compared_without_fillers_and_repetitions() -> None:
    read = email_address("Lea+x@example.com, x@x.fr; lea@example.com | h.u@gmail.com, hu@googlemail.com")
    assert (read.key, read.other_keys) == ("lea@example.com", ("hu@gmail.com",))
    read = email_address("test@test.com, lea@example.com")
    assert (read.address, read.other_keys) == (None, ("lea@example.com",))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 av. Foch 75116 Paris", "12, avenue FOCH, 75116 PARIS"),
        ("17 impasse des Lilas 97133 Gustavia", "17, Impasse des LILAS 97133 GUSTAVIA"),
        ("3 bis bd Voltaire 75011 Paris", "3BIS boulevard Voltaire 75011 Paris Cedex 11"),
        ("5 r. de l'Église, Bât. B, 42000 St-Étienne", "5 rue de l’eglise bat B 42000 Saint Etienne"),
        ("ул. Ленина, д. 5, кв. 12, 190000 Санкт-Петербург", "ul Lenina 5 kv 12 190000 Sankt-Peterburg"),
    ],
)
def test_spellings_of_one_letter_box_meet(one: str, other: str) -> None:
    assert postal_key(one)
    assert postal_key(one) == postal_key(other)


def test_doors_of_one_house_and_boxes_of_one_town_stay_apart() -> None:
    assert postal_key("12 av. Foch apt 3 75116 Paris") != postal_key("12 av. Foch apt 4 75116 Paris")
    assert postal_key("BP 4711 97133 Gustavia") != postal_key("BP 4712 97133 Gustavia")
    assert street_key("12 av. Foch apt 3") == street_key("12 av. Foch apt 4")


@pytest.mark.parametrize("text", [None, "", "nowhere", "12 75116"])
def test_what_leads_no_postman_anywhere(text: str | None) -> None:
    assert postal_key(text) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Léa", "MOREL"), ("lea", "Morel ")),
        (("Jean-Pierre", "Le Goff"), ("JEAN PIERRE", "le goff")),
        (("Иван", "Иванов"), ("Ivan", "Ivanov")),
        (("Иван Петрович", "Иванов"), ("Ivan", "Iwanoff")),
        (("Юлия", "Щукина"), ("Julia", "Schukina")),
        (("Юлия", "Щукина"), ("Yuliya", "Shchukina")),
        (("Алёна", "Королёва"), ("Алена", "Королева")),
        (("Mme Anne", "D’Arcy"), ("Anne", "d'Arcy")),
        (("", "Dora Hahn"), ("Dora", "Hahn")),
    ],
)
def test_spellings_of_one_name_meet(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert person_name(*one) == person_name(*other)


def test_a_title_is_no_first_name() -> None:
    read = person_name("M.", "Garnier")
    assert (read.first, read.last, read.kind) == (None, "garnier", "person")


@pytest.mark.parametrize(
    "one", [("Louis", "Louise"), ("Martin", "Martine"), ("Michel", "Michelle"), ("Daniel", "Danielle")]
)
def test_a_mans_and_a_womans_name_stay_two(one: tuple[str, str]) -> None:
    assert person_name(one[0], "Roux") != person_name(one[1], "Roux")


@pytest.mark.parametrize(
    ("first", "last", "whole", "kind"),
    [
        (None, None, "CLIENT DIVERS", "anonymous"),
        ("Client", "Divers", None, "anonymous"),
        (None, None, "Test Test", "test"),
        (None, None, None, "none"),
        ("-", "", None, "none"),
        ("n/a", "n/a", None, "none"),
        ("Tess", "Tester", None, "person"),
    ],
)
def test_names_of_nobody(first: str | None, last: str | None, whole: str | None, kind: str) -> None:
    assert person_name(first, last, whole).kind == kind


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Dora Hahn", "Dora", "Hahn"),
        ("Hahn, Dora", "Dora", "Hahn"),
        ("MOREL Léa", "Léa", "MOREL"),
        ("M. Jean de La Tour", "Jean", "de La Tour"),
        ("Иванов Иван Петрович", "Иван Петрович", "Иванов"),
        ("Иван Петрович Иванов", "Иван Петрович", "Иванов"),
        ("Cher", "", "Cher"),
    ],
)
def test_a_name_in_one_cell(whole: str, first: str, last: str) -> None:
    assert split_name(whole) == (first, last)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("22 av. Foch", "22, avenue FOCH"),
        ("12 bis r. de l'Église", "12bis rue Eglise"),
        ("75 bd St-Michel", "75 boulevard Saint Michel"),
        ("ул. Ленина, д. 5, кв. 12", "ulitsa Lenina 5"),
        ("Apt 4, 10 Downing Road", "10 Downing Rd"),
        ("1 rue du Lac, bât. B", "1 rue du Lac"),
    ],
)
def test_spellings_of_one_street_meet(one: str, other: str) -> None:
    assert street_key(one) == street_key(other)


def test_streets_that_differ_stay_two() -> None:
    assert (
        len({street_key(text) for text in ("1 rue du Lac", "11 rue du Lac", "1 bis rue du Lac", "1 avenue du Lac")})
        == 4
    )
    assert street_key("") is None
    assert street_key("12") is None


def test_postcodes_and_towns() -> None:
    assert postcode_key("'01234", "FR") == postcode_key("1234", "FR") == postcode_key("F-01234", None) == "01234"
    assert postcode_key("1234", "BE") == "1234"
    assert postcode_key("sw1a 1aa", "GB") == "SW1A1AA"
    assert (postcode_key("00000", "FR"), postcode_key("", "FR"), postcode_key(None, None)) == (None, None, None)
    assert town_key("St-Étienne Cedex 2") == town_key("SAINT ETIENNE")
    assert town_key("") is None


def test_birth_dates() -> None:
    as_of = date(2024, 6, 30)
    assert birth_date(date(1990, 2, 3), as_of) == (date(1990, 2, 3), None)
    assert birth_date(date(1900, 1, 1), as_of) == (None, "known_filler")
    assert birth_date(date(2024, 7, 1), as_of) == (None, "after_as_of")
    assert birth_date(date(1912, 5, 5), as_of) == (None, "too_old")
    assert birth_date(None, as_of) == (None, "empty")
