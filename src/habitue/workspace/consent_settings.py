"""The settings of consent, and what they are taken to be where nothing is set."""

from __future__ import annotations

from babel.core import get_global

from habitue.customers.consent import ConsentSettings
from habitue.customers.jurisdictions import JURISDICTIONS
from habitue.workspace.people_sections import ConsentSection


def region_of(time_zone: str) -> str | None:
    """The country of a time zone (ISO code): that of telephone numbers written without one; None if it is of none."""
    found = get_global("zone_territories").get(time_zone)
    return None if found in (None, "001", "ZZ") else found


def consent_settings(section: ConsentSection, time_zone: str) -> ConsentSettings:
    """Settings of consent; the law, if none is named, by the country of the stores' time zone."""
    country = region_of(time_zone)
    law = section.jurisdiction or (country if country and country in JURISDICTIONS else "EU")
    return ConsentSettings(
        jurisdiction=law, temporary_bounces=section.temporary_bounces, unclear_stop=section.unclear_stop
    )
