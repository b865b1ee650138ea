"""Telephone numbers; expected values from case I04 (libphonenumber's), the rest by hand from the numbering plans."""

from __future__ import annotations

import csv
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from habitue.customers.normal_forms.phones import telephone

CASE = Path(__file__).parents[2] / "cases" / "I04-phone-spellings" / "phones.csv"
EXPECTED = {
    **dict.fromkeys(("P1", "P2", "P3", "P4", "P5", "P13"), ("+33612345678", "mobile")),
    "P6": ("+33612345679", "mobile"),
    "P7": ("+33123456789", "landline"),
    "P8": ("+32470123456", "mobile"),
    "P9": ("+32470123456", "mobile"),
    "P10": ("+79123456789", "mobile"),
    "P11": (None, None),
    "P12": ("+33892680000", "premium"),
    "P14": ("+33612345678", "mobile"),
    "P15": (None, None),
}


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(CASE.read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_the_case(row: dict[str, str]) -> None:
    read = telephone(row["phone"], row["shop_country"])
    assert (read.e164, read.kind) == EXPECTED[row["id"]]


def test_what_the_case_wants_said() -> None:
    read = {row["id"]: telephone(row["phone"], row["shop_country"]) for row in rows()}
    assert {one.e164 for one in read.values() if one.can_sms} == {
        "+33612345678", "+33612345679", "+32470123456", "+79123456789",
    }  # fmt: skip
    assert read["P5"].note == "zero_restored"
    assert (read["P11"].fault, read["P15"].fault) == ("too_short", "empty")
    assert (read["P14"].note, read["P14"].second) == ("several_numbers", "+33612345679")
    assert not read["P12"].is_usable


@pytest.mark.parametrize(
    ("text", "region", "e164", "fault"),
    [
        ("'0612345678", "FR", "+33612345678", None),  # a spreadsheet's apostrophe
        ("612345678.0", "FR", "+33612345678", None),
        ("06\u00a012\u200b34 56 78", "FR", "+33612345678", None),
        ("32470123456", "FR", "+32470123456", None),  # the plus got lost
        ("+7 (912) 345-67-89", "FR", "+79123456789", None),
        ("0612345678", None, None, "region_unknown"),
        ("+33612345678", None, "+33612345678", None),
        ("0612345678", "XX", None, "region_unknown"),
        ("0600000000", "FR", None, "filler"),
        ("0000000000", "FR", None, "filler"),
        ("061234567890", "FR", None, "too_long"),
        ("appeler le soir", "FR", None, "not_a_number"),
        ("", "FR", None, "empty"),
        (None, "FR", None, "empty"),
        ("(212) 555-0123", "US", "+12125550123", None),
    ],
)
def test_by_hand(text: str | None, region: str | None, e164: str | None, fault: str | None) -> None:
    read = telephone(text, region)
    assert (read.e164, read.fault) == (e164, fault)


@given(st.integers(10**8, 10**9 - 1), st.sampled_from(["FR", "BE", "GB", "DE", "CH", "NL", "RO"]))
def test_the_quick_way_reads_as_the_library_does(number: int, region: str) -> None:
    text = f"0{number}"
    parsed = phonenumbers.parse(text, region)
    read = telephone(text, region)
    if read.fault == "filler":
        return
    if phonenumbers.is_valid_number(parsed):
        assert read.e164 == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    elif read.note != "plus_restored":
        assert read.e164 is None
