"""Classes of bounces. Codes: RFC 3463 (5.1.1 bad mailbox, 5.2.2 full, 4.7.1 policy …) and RFC 5321."""

from __future__ import annotations

import pytest

from habitue.customers.bounces import bounce_class


@pytest.mark.parametrize(
    ("detail", "stated", "expected"),
    [
        ("550 5.1.1 user unknown", "", "permanent"),  # K01 from here …
        ("452 4.2.2 mailbox full", "", "temporary"),
        ("421 4.4.1 timeout", "", "temporary"),
        ("550 5.7.1 sender ip blocked by list", "", "sender"),
        ("450 4.2.0 greylisted", "", "temporary"),
        ("554 5.2.2 mailbox full", "", "temporary"),  # … to here
        ("554 5.2.2 mailbox full", "hard", "temporary"),
        ("552 5.2.2 The email account that you tried to reach is over quota", "", "temporary"),
        ("550 5.1.1 The email account that you tried to reach does not exist", "", "permanent"),
        ("550 5.1.1", "", "permanent"),
        ("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", "", "permanent"),
        ("550 5.2.1 mailbox disabled", "", "permanent"),
        ("550 5.4.1 Recipient address rejected: Access denied", "", "temporary"),
        ("5.4.4 Host or domain name not found", "", "permanent"),
        ("550 5.7.26 This mail is unauthenticated: DMARC policy", "", "sender"),
        ("421 4.7.0 Our system has detected an unusual rate of mail", "", "sender"),
        ("554 5.7.1 Message rejected as spam", "", "sender"),
        ("552 5.3.4 Message size exceeds fixed limit", "", "temporary"),
        ("550", "", "permanent"),
        ("554", "", "temporary"),
        ("451", "", "temporary"),
        ("Boîte pleine", "", "temporary"),
        ("550 adresse inconnue", "", "permanent"),
        ("550 Почтовый ящик переполнен", "", "temporary"),
        ("550 пользователь не найден", "", "permanent"),
        ("", "hard", "permanent"),
        ("", "Soft bounce", "temporary"),
        ("", "blocked", "sender"),
        ("unknown subscriber", "", "permanent"),  # of text messages
        ("absent subscriber", "", "temporary"),
        ("", "", "temporary"),
        ("something odd", "", "temporary"),
    ],
)  # fmt: skip
def test_classes(detail: str, stated: str, expected: str) -> None:
    assert bounce_class(detail, stated) == expected
