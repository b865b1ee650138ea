"""Addresses as everything but the people store has them: keyed hashes of their normal forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from habitue.customers.normal_forms.addresses import postal_key
from habitue.customers.normal_forms.emails import email_address
from habitue.customers.normal_forms.phones import telephone
from habitue.workspace.keys import keyed_hash

EMAIL, PHONE, POSTAL = "email", "phone", "postal"
VERSION = 2
NOTHING: tuple[None, None] = (None, None)


@dataclass(frozen=True)
class AddressHashes:
    """Keyed hashes of addresses, for consent and for the rights of people alike.

    What is hashed of an e-mail address is the form it is compared in: a refusal holds for the inbox, however it is
    written (capitals, a plus part, the dots at Gmail). Fillers (test@test.com, 0600000000) and premium numbers hash to
    nothing: they are nobody's, and nothing is sent there. Of a postal address it is street, postcode and town.

    Args:
        key: the project's key.
        region: country (ISO code) of telephone numbers written without one; None: such numbers hash to nothing.
    """

    key: bytes
    region: str | None

    @property
    def mark(self) -> list[str | int | None]:
        """What a staged file depends on, without the key itself."""
        return [VERSION, keyed_hash(self.key, "mark"), self.region]

    def of(self, kind: str, written: str) -> tuple[str | None, bool | None]:
        """Hash of the address a cell is taken for, and of a telephone number whether it may take a text message.

        Of several addresses in the cell the first usable one is taken; without one the hash is None.

        Args:
            kind: email, phone or postal.
            written: the cell.
        """
        if kind == PHONE:
            number = telephone(written, self.region)
            return (keyed_hash(self.key, PHONE, number.e164 or ""), number.can_sms) if number.is_usable else NOTHING
        if kind == EMAIL:
            found = email_address(written)
            normal = found.key if found.address else None
        else:
            normal = postal_key(written)
        return (keyed_hash(self.key, kind, normal), None) if normal else NOTHING

    def every(self, details: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Kind (email, phone) and hash of every address that contact details hold; `details` as in `normal_forms`."""
        for kind, normal in self.normal_forms(details):
            yield kind, keyed_hash(self.key, kind, normal)

    def normal_forms(self, details: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Kind (email, phone) and normal form of every address that contact details hold, all those of one cell too.

        Postal addresses are left out: a house is not one person's. Personal data.

        Args:
            details: kind (number, email, phone) and text of each, as `People.contact_details` gives them; a customer
                number may be an e-mail address.
        """
        for kind, text in details:
            known = PHONE if kind == PHONE else EMAIL
            for normal in _numbers(text, self.region) if known == PHONE else _inboxes(text):
                yield known, normal


def _inboxes(text: str) -> Iterator[str]:
    found = email_address(text)
    if found.address and found.key:
        yield found.key
    yield from found.other_keys


def _numbers(text: str, region: str | None) -> Iterator[str]:
    found = telephone(text, region)
    yield from (number for number in (found.e164 if found.is_usable else None, found.second) if number)
