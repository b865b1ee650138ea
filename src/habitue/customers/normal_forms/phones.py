"""Telephone numbers as libphonenumber reads them: E.164, the kind of line, whether a text message can reach it.

Rules beside the library's: a number without a plus is read as written in its region and, if it is none, as an
international one whose plus got lost; a bracketed zero after the country code is dropped; of two numbers in a cell the
first is kept; one digit six times at the end is a filler (0600000000), nobody's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType, ValidationResult

from habitue.customers.normal_forms.texts import visible

MOBILE, LANDLINE, PREMIUM, OTHER = "mobile", "landline", "premium", "other"
KINDS = {
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE: LANDLINE,
    PhoneNumberType.PREMIUM_RATE: PREMIUM,
    PhoneNumberType.SHARED_COST: PREMIUM,
}
"""Kinds of lines; where a plan does not tell mobiles from landlines (USA), a line may get a text message."""

_BETWEEN = re.compile(r"[/;,|\n]|\s(?:ou|or|et|and|или|и)\s", re.IGNORECASE)
_BRACKETED_ZERO = re.compile(r"\(\s*0\s*\)")
_FILLER = re.compile(r"^(\d)\1{5,}$|(\d)\2{6,}$")
_LEAST_DIGITS = 6
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Telephone:
    """One cell read as a telephone number.

    `e164` is the number (+33612345678), None if there is none that works; `kind` mobile, landline, premium or other;
    `fault` says why there is none: empty, not_a_number, too_short, too_long, invalid, region_unknown, filler (`filler`
    keeps its digits). `note`
    says what was mended or left: zero_restored, plus_restored, several_numbers (`second` is the other one's E.164, if
    it works).
    """

    e164: str | None
    kind: str | None = None
    fault: str | None = None
    note: str | None = None
    second: str | None = None
    filler: str | None = None

    @property
    def is_usable(self) -> bool:
        """It can be called, and is nobody's trap: valid and not premium."""
        return self.e164 is not None and self.kind != PREMIUM

    @property
    def can_sms(self) -> bool:
        """A text message can reach it."""
        return self.kind == MOBILE


EMPTY = Telephone(None, fault="empty")


def telephone(text: str | None, region: str | None) -> Telephone:
    """Read a cell.

    Args:
        text: as written; two numbers may stand in one cell.
        region: ISO country of the shop or source, for numbers written nationally; None: only numbers with a country
            code can be read.
    """
    shown = visible(text or "").lstrip("'").removesuffix(".0")
    if not any(letter.isdigit() for letter in shown):
        return EMPTY if not shown or shown.casefold() in {"n/a", "na", "-", "none", "null"} else _fault("not_a_number")
    parts = [part for part in _BETWEEN.split(shown) if _digits(part)]
    long = [part for part in parts if len(_digits(part)) >= _LEAST_DIGITS]
    if len(long) < 2:
        return _one(shown if len(parts) < 2 else "".join(parts), region)
    found = [_one(part, region) for part in long]
    works = [one for one in found if one.e164]
    if not works:
        return Telephone(None, fault=found[0].fault, note="several_numbers")
    second = works[1].e164 if len(works) > 1 and works[1].e164 != works[0].e164 else None
    return Telephone(works[0].e164, works[0].kind, note="several_numbers", second=second)


def _one(written: str, region: str | None) -> Telephone:
    bare = _BRACKETED_ZERO.sub("", written) if re.match(r"\s*(\+|00)", written) else written
    digits = _digits(bare)
    if _FILLER.search(digits):
        return Telephone(None, fault="filler", filler=digits)
    quick = _national(bare, digits, region)
    if quick is not None:
        return quick
    known = (region or "").upper() in phonenumbers.SUPPORTED_REGIONS
    tries = [(bare, (region or "").upper() if known else None, _note(bare, digits, region))]
    if not bare.lstrip().startswith(("+", "00")):
        tries.append((f"+{digits}", None, "plus_restored"))
    elif bare.lstrip().startswith("00"):
        tries.append((f"+{digits[2:]}", None, None))
    reason = None
    for number, place, note in tries:
        try:
            parsed = phonenumbers.parse(number, place)
        except phonenumbers.NumberParseException:
            reason = reason or ("invalid" if known else "region_unknown")
            continue
        kind = phonenumbers.number_type(parsed)
        if kind != PhoneNumberType.UNKNOWN:
            return Telephone(_e164(parsed), KINDS.get(kind, OTHER), note=note)
        reason = reason or _why(parsed)
    return _fault(reason or "invalid")


def _national(written: str, digits: str, region: str | None) -> Telephone | None:
    """A number with its trunk zero in a region that has one, without the library's slow reading; None if unsure."""
    if not digits.startswith("0") or digits.startswith("00") or re.search(r"[^\d\s.()-]", written):
        return None
    plan = PhoneMetadata.metadata_for_region((region or "").upper(), None)
    if plan is None or plan.national_prefix != "0" or plan.national_prefix_for_parsing != "0":
        return None
    number = PhoneNumber(country_code=plan.country_code, national_number=int(digits[1:]))
    kind = phonenumbers.number_type(number)
    return None if kind == PhoneNumberType.UNKNOWN else Telephone(_e164(number), KINDS.get(kind, OTHER))


def _note(written: str, digits: str, region: str | None) -> str | None:
    plan = PhoneMetadata.metadata_for_region((region or "").upper(), None)
    if plan is None or plan.national_prefix != "0" or written.lstrip().startswith(("+", "0")):
        return None
    return None if digits.startswith(str(plan.country_code)) else "zero_restored"


def _why(number: PhoneNumber) -> str:
    region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    plan = PhoneMetadata.metadata_for_region(region, None)
    if number.italian_leading_zero and plan is not None and plan.national_prefix == "0":  # a digit short, zero kept
        number = PhoneNumber(country_code=number.country_code, national_number=number.national_number)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible == ValidationResult.TOO_SHORT:
        return "too_short"
    return "too_long" if possible == ValidationResult.TOO_LONG else "invalid"


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digits(text: str) -> str:
    if text.isascii():
        return "".join(_DIGITS.findall(text))
    return "".join(str(int(letter)) for letter in text if letter.isdecimal())


def _fault(code: str) -> Telephone:
    return Telephone(None, fault=code)
