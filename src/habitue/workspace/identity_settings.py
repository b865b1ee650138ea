"""The settings of identity: what they are in the words of the core, contradictions found."""

from __future__ import annotations

from collections.abc import Mapping

from habitue.customers.identity.second_look import splink_look
from habitue.customers.identity.settings import IdentitySettings
from habitue.customers.normal_forms.tables import Regions
from habitue.customers.who_is_who import WhoSettings
from habitue.errors import ConfigurationError, Message, message
from habitue.workspace.people_sections import IdentitySection


def who_settings(section: IdentitySection, sources: tuple[str, ...], region: str | None) -> WhoSettings:
    """What finding out who is who needs.

    Args:
        section: valid settings.
        sources: sources in the order of the file.
        region: country of telephone numbers written without one.

    Raises:
        UsageError: a second look is asked for, and Splink is not installed.
    """
    others = tuple(source for source in sources if source not in section.trusted)
    return WhoSettings(
        identity=_identity(section),
        regions=Regions(default=region),
        sources=(*section.trusted, *others),
        second_look=splink_look() if section.resolve and section.second_look else None,
    )


def identity_faults(section: IdentitySection, systems: Mapping[str, str]) -> list[Message]:
    """Probabilities out of order, unknown customer systems and sources.

    Args:
        section: the settings that could be read.
        systems: customer system of each source.
    """
    known = {"one_per_person": sorted({*systems.values()}), "trusted": list(systems)}
    faults = [
        message("setting.choices", place=f"identity.{name}", value=value, choices=", ".join(valid))
        for name, valid in known.items()
        for value in getattr(section, name)
        if value not in valid
    ]
    try:
        _identity(section)
    except ConfigurationError as wrong:
        faults += wrong.messages
    return faults


def _identity(section: IdentitySection) -> IdentitySettings:
    return IdentitySettings(
        join_probability=section.join_probability,
        stakes_probability=section.stakes_probability,
        review_probability=section.review_probability,
        most_per_key=section.most_per_key,
        most_reviews=section.most_reviews,
        one_per_person=frozenset(section.one_per_person),
        is_tolerant=section.tolerant,
    )
