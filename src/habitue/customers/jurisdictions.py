"""What each law asks for, as data: engineering rules with their sources and dates, not legal advice.

Where a rule of ours is stricter than the law it says so (source "habitue"). Nothing here replaces a lawyer: change the
settings, or this table, when yours tells you to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

OPT_IN, NO_OBJECTION = "opt_in", "no_objection"


@dataclass(frozen=True)
class ChannelRule:
    """One contact channel under one law.

    Args:
        permission: opt_in (silence is no permission) or no_objection (silence will do).
        soft_opt_in: a buyer told and able to refuse when the address was collected may be written to.
        soft_months: months after the last purchase for which that holds; None: no end.
        source: where the rule is written.
    """

    permission: str
    soft_opt_in: bool
    soft_months: int | None
    source: str


@dataclass(frozen=True)
class QuietHours:
    """When nothing may be sent, in the recipient's own time zone.

    Args:
        contact_channels: channels it holds for.
        weekdays: days on which sending is allowed, Monday is 1.
        begins_at: from when …
        ends_at: … until when it is allowed on them.
        public_holidays: sending is allowed on public holidays too.
        source: where it is written.
    """

    contact_channels: tuple[str, ...]
    weekdays: tuple[int, ...]
    begins_at: time
    ends_at: time
    public_holidays: bool
    source: str


@dataclass(frozen=True)
class Retention:
    """How long people are kept for marketing: months after the last contact by them, or the end of the relation."""

    prospect_months: int
    customer_months: int
    source: str


@dataclass(frozen=True)
class Jurisdiction:
    """One law: a rule for each contact channel, quiet hours, retention, days to honour a refusal, and since when."""

    code: str
    rules: Mapping[str, ChannelRule]
    quiet_hours: tuple[QuietHours, ...]
    retention: Retention | None
    refusal_days: int
    as_known_on: str


_HOUSE = "habitue: stricter than the law where it asks for less"
_EPRIVACY = "Directive 2002/58/EC art. 13"
_CPCE = "CPCE art. L.34-5 (cnil.fr: la prospection commerciale par SMS-MMS)"
_POST_FR = "GDPR art. 6(1)(f) and 21(2)-(3) (cnil.fr): information and easy free objection"
_FZ38 = "38-FZ art. 18"
_FZ152 = "152-FZ art. 15"
_CASL = "CASL (crtc.gc.ca/eng/com500/guide.htm): implied by a purchase within two years"


def _rules(email: ChannelRule, sms: ChannelRule, post: ChannelRule) -> Mapping[str, ChannelRule]:
    other = ChannelRule(OPT_IN, False, None, _HOUSE)
    own = {"email": email, "sms": sms, "print": post}
    return {**own, **dict.fromkeys(("phone", "messenger", "push", "coupon"), other)}


_FR = ChannelRule(OPT_IN, True, None, _CPCE)
_EU = ChannelRule(OPT_IN, True, None, _EPRIVACY)
_RU = ChannelRule(OPT_IN, False, None, _FZ38)
_CA = ChannelRule(OPT_IN, True, 24, _CASL)

JURISDICTIONS: Mapping[str, Jurisdiction] = {
    found.code: found
    for found in (
        Jurisdiction(
            "FR",
            _rules(_FR, _FR, ChannelRule(NO_OBJECTION, False, None, _POST_FR)),
            (
                QuietHours(
                    ("sms", "phone"), (1, 2, 3, 4, 5, 6), time(8), time(20), False,
                    "practice of operators and the profession (francemobiles.com, sendtargetsms.com)",
                ),
            ),
            Retention(36, 36, "CNIL; SAN-2020-008: four years after the last activity judged excessive"),
            0,
            "2026-04",
        ),
        Jurisdiction(
            "EU",
            _rules(_EU, _EU, ChannelRule(NO_OBJECTION, False, None, "GDPR art. 21(2)-(3)")),
            (),
            None,
            0,
            "2026-04",
        ),
        Jurisdiction(
            "RU",
            _rules(_RU, _RU, ChannelRule(OPT_IN, False, None, _FZ152)),
            (),
            None,
            0,
            "2025-09",
        ),
        Jurisdiction(
            "US",
            _rules(
                ChannelRule(OPT_IN, False, None, f"{_HOUSE} (CAN-SPAM asks for an opt-out only)"),
                ChannelRule(OPT_IN, False, None, "TCPA: prior express written consent (FR 2024-04587)"),
                ChannelRule(NO_OBJECTION, False, None, _HOUSE),
            ),
            (QuietHours(("sms", "phone"), (1, 2, 3, 4, 5, 6, 7), time(8), time(21), True, "TCPA"),),
            None,
            10,
            "2025-04",
        ),
        Jurisdiction(
            "CA", _rules(_CA, _CA, ChannelRule(NO_OBJECTION, False, None, _HOUSE)), (), None, 10, "2025-04"
        ),
    )
}  # fmt: skip
"""Laws by code. `refusal_days` is what the law grants; habitue honours a refusal at once everywhere."""


def rule(jurisdiction: str, contact_channel: str) -> ChannelRule:
    """The rule of a contact channel under a law."""
    return JURISDICTIONS[jurisdiction].rules[contact_channel]
