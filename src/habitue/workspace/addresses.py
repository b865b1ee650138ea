"""E-mail addresses and telephone numbers in the one form in which they are hashed and compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from babel.core import get_global

from habitue.workspace.keys import keyed_hash

EMAIL, PHONE = "email", "phone"
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")


def region_of(time_zone: str) -> str | None:
    """The country of a time zone (ISO code), where telephone numbers without one are of; None where it is of none."""
    return get_global("zone_territories").get(time_zone)


def emails(text: str) -> Iterator[str]:
    """The e-mail addresses in a text, in small letters, without invisible characters."""
    for part in re.split(r"[\s,;<>|/]+", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))):
        if re.fullmatch(r"[^@]+@[^@]+\.[^@.]+", part):
            yield part.lower().removeprefix("mailto:")


def phones(text: str, region: str | None) -> Iterator[str]:
    """The telephone numbers in a text, in the form of E.164, those without a country as of `region`."""
    import phonenumbers

    for found in phonenumbers.PhoneNumberMatcher(text, region):
        yield phonenumbers.format_number(found.number, phonenumbers.PhoneNumberFormat.E164)


def address_hashes(key: bytes, details: Iterable[tuple[str, str]], region: str | None) -> Iterator[tuple[str, str]]:
    """Kind (email, phone) and keyed hash of every address that contact details hold.

    Args:
        key: the project's key.
        details: kind (number, email, phone) and text of each, as `People.contact_details` gives them; a customer number
            may be an e-mail address.
        region: country of telephone numbers without one.
    """
    for kind, text in details:
        for address in phones(text, region) if kind == PHONE else emails(text):
            known = PHONE if kind == PHONE else EMAIL
            yield known, keyed_hash(key, known, address)
