"""Addresses as hashes: what meets, what is nobody's, and all that one cell holds."""

from __future__ import annotations

import hmac

import pytest

from habitue.workspace.address_hashes import AddressHashes

KEY = bytes(range(32))
HASHES = AddressHashes(KEY, "FR")


def hashed(kind: str, normal: str) -> str:
    return hmac.new(KEY, f"{kind}\0{normal}".encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    ("kind", "written", "normal"),
    [
        ("email", " Lea+Promo@Example.com", "lea@example.com"),
        ("email", "l.e.a@googlemail.com", "lea@gmail.com"),
        ("email", "info@example.com", "info@example.com"),  # no evidence of who it is, and yet an inbox that refuses
        ("phone", "06 12 34 56 78", "+33612345678"),
        ("phone", "0033612345678", "+33612345678"),
        ("postal", "12 av. Foch 75116 Paris", "12 avenue foch 75116 paris"),
    ],
)
def test_the_normal_form_is_hashed(kind: str, written: str, normal: str) -> None:
    assert HASHES.of(kind, written)[0] == hashed(kind, normal)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("email", "test@test.com"), ("email", "no-reply@example.com"), ("email", "lea@example"), ("email", ""),
        ("phone", "0600000000"), ("phone", "0899123456"), ("phone", "123"), ("postal", "nowhere"),
    ],
)  # fmt: skip
def test_what_is_nobodys_hashes_to_nothing(kind: str, written: str) -> None:
    assert HASHES.of(kind, written) == (None, None)
    assert [*HASHES.every([(kind, written)])] == []


def test_a_mobile_takes_text_messages() -> None:
    assert [HASHES.of("phone", number)[1] for number in ("0612345678", "0142685300")] == [True, False]


def test_consent_takes_the_first_of_a_cell_and_forgetting_all() -> None:
    numbers, mails = "06 12 34 56 78 / 06 98 87 76 65", "lea@example.com; hugo@example.com"
    assert HASHES.of("phone", numbers)[0] == hashed("phone", "+33612345678")
    assert HASHES.of("email", mails)[0] == hashed("email", "lea@example.com")
    assert {*HASHES.every([("phone", numbers), ("email", mails), ("number", "K1"), ("number", "web@example.com")])} == {
        ("phone", hashed("phone", "+33612345678")), ("phone", hashed("phone", "+33698877665")),
        ("email", hashed("email", "lea@example.com")), ("email", hashed("email", "hugo@example.com")),
        ("email", hashed("email", "web@example.com")),
    }  # fmt: skip


def test_a_staged_file_depends_on_key_and_country() -> None:
    marks = [AddressHashes(*one).mark for one in ((KEY, "FR"), (KEY, "BE"), (bytes(32), "FR"))]
    assert len({str(mark) for mark in marks}) == 3
    assert KEY.hex() not in str(marks)
