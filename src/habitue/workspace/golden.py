"""The values of golden records, read from the people store when they are asked for. Personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from habitue.customers.normal_forms.emails import email_address
from habitue.customers.normal_forms.phones import telephone
from habitue.customers.normal_forms.tables import country_code

PARTS = {"name": ("first_name", "last_name"), "address": ("address", "postcode", "city", "country")}
"""The columns of a customer row that make an attribute of several; any other attribute is one column."""


def usable(row: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    """A customer row with its telephone number and e-mail address in the form they are used in.

    Args:
        row: attributes as written.
        region: country of telephone numbers where the row has none.
    """
    number = telephone(row["phone"], country_code(row["country"]) or region)
    return {**row, "phone": number.e164 or row["phone"], "email": email_address(row["email"]).address or row["email"]}


def shown_value(row: Mapping[str, Any], attribute: str) -> str | None:
    """An attribute of a customer row in one text; None where the row is gone."""
    found = [str(row[name]) for name in PARTS.get(attribute, (attribute,)) if row.get(name)]
    return " ".join(found) or None
