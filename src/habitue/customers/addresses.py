"""Normal forms under which addresses of consent and delivery files meet those of customer files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

EMAIL = re.compile(r"[^\s@\"(),:;<>\[\]\\]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")
MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


@dataclass(frozen=True)
class Phone:
    """A phone number in international form (E.164), and whether it may take a text message."""

    number: str
    takes_sms: bool


def normal_email(written: str) -> str | None:
    """An e-mail address in small letters without invisible characters; None if it is none."""
    text = "".join(c for c in unicodedata.normalize("NFC", written) if unicodedata.category(c) not in ("Cf", "Cc"))
    text = text.strip().lower().removeprefix("mailto:")
    return text if EMAIL.fullmatch(text) and ".." not in text and not text.startswith(".") else None


def normal_phone(written: str, region: str | None) -> Phone | None:
    """A phone number; None if it is none.

    Args:
        written: with or without international prefix (an operator leaves out the plus sign, or writes 00).
        region: two-letter code of the country whose national spelling is tried first; None: international only.
    """
    text = unicodedata.normalize("NFKC", written).strip()
    digits = re.sub(r"\D", "", text)
    for candidate in (text, f"+{digits}"):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            kind = phonenumbers.number_type(number)
            return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind in MOBILE)
    return None


def normal_postal(written: str) -> str | None:
    """A postal address (street, postcode, town in this order) without accents, capitals and punctuation.

    None where no letter or no digit is left: such a text leads no postman anywhere.
    """
    folded = unicodedata.normalize("NFKD", written.casefold())
    words = re.findall(r"\w+", "".join(c for c in folded if not unicodedata.combining(c)))
    text = " ".join(words)
    return text if re.search(r"\d", text) and re.search(r"[^\W\d_]", text) else None
