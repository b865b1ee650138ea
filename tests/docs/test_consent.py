"""The page on consent says what the code does: laws, reasons, settings."""

from __future__ import annotations

import re

import pytest

from docs.conftest import ROOT
from habitue.customers.jurisdictions import JURISDICTIONS, NO_OBJECTION, Jurisdiction

PAGE = (ROOT / "docs" / "consent.md").read_text("utf-8")
LAWS = {row[0]: row for line in PAGE.splitlines() if re.match(r"\| [A-Z]{2} \|", line)
        for row in [[cell.strip() for cell in line.strip("|").split(" | ")]]}  # fmt: skip


def test_every_law_has_its_row() -> None:
    assert list(LAWS) == list(JURISDICTIONS)


@pytest.mark.parametrize("law", JURISDICTIONS.values(), ids=lambda law: law.code)
def test_the_row_of_a_law(law: Jurisdiction) -> None:
    _, email, sms, post, soft, hours, known, sources = LAWS[law.code]
    for told, channel in ((email, "email"), (sms, "sms"), (post, "print")):
        rule = law.rules[channel]
        assert told.startswith("no objection" if rule.permission == NO_OBJECTION else "opt-in")
        assert ("habitue" in told) == rule.source.startswith("habitue")
    soft_rules = {channel for channel, rule in law.rules.items() if rule.soft_opt_in}
    assert soft_rules == (set() if soft == "none" else {"email", "sms"})
    if soft_rules:
        assert ("two years" in soft) == (law.rules["email"].soft_months == 24)
        assert ("no end" in soft) == (law.rules["email"].soft_months is None)
    assert (hours == "–") == (law.quiet_hours == ())
    for quiet in law.quiet_hours:
        assert f"{quiet.begins_at.hour}:00–{quiet.ends_at.hour}:00" in hours
        assert ("no public holidays" in hours) == (not quiet.public_holidays)
    assert known == law.as_known_on
    assert sources


def test_what_needs_a_yes_everywhere() -> None:
    for law in JURISDICTIONS.values():
        assert {law.rules[c].permission for c in ("phone", "messenger", "push", "coupon")} == {"opt_in"}
