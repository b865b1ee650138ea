"""Bounces: is it the address, the moment, or the sender?

Codes are those of RFC 3463 (enhanced, as 5.1.1) and RFC 5321 (basic, as 550). Words go before codes, because providers
use codes loosely: a full mailbox is temporary even with a 5xx code, a refusal of the sender's own address says nothing
about the recipient's.
"""

from __future__ import annotations

import re

PERMANENT, TEMPORARY, SENDER = "permanent", "temporary", "sender"

_FULL = re.compile(
    r"mailbox (is )?full|over ?quota|quota exceed|exceeded .{0,20}quota|storage (allocation|exceeded)|insufficient "
    r"(system )?storage|boite pleine|boîte pleine|ящик переполнен|переполнен"
)
_NOBODY = re.compile(
    r"(user|recipient|mailbox|address|account|subscriber|number)( is)? (unknown|invalid|disabled|inactive)|unknown "
    r"(user|recipient|mailbox|subscriber|address)|no such (user|mailbox|recipient|address|account)|"
    r"does(n't| not) exist|"
    r"(user|mailbox|account|recipient|address)( was| is)? not found|invalid (recipient|mailbox|address|number)|"
    r"host (or domain )?(name )?not found|domain not found|no longer (valid|in use|active)|utilisateur inconnu|"
    r"adresse (inconnue|invalide)|n'existe (pas|plus)|destinataire inconnu|не существует|не найден|неизвестный|"
    r"несуществующ"
)
_SENDER = re.compile(
    r"spam|blacklist|black list|block ?list|blocked|\blisted|reputation|dmarc|\bspf\b|dkim|policy|rate ?limit|too many|"
    r"throttl|sender|content rejected|virus|relay"
)
_LATER = re.compile(r"greylist|graylist|try again|temporar|time ?out|timed out|unreachable|absent subscriber|deferred")
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_BASIC = re.compile(r"\b([45])\d\d\b")
_STATED = (
    (re.compile(r"\bsoft|transient|temporary|temporaire|временн"), TEMPORARY),
    (re.compile(r"\bblock|\bspam|policy|\bsender"), SENDER),
    (re.compile(r"\bhard|permanent|invalid|постоянн"), PERMANENT),
)


def bounce_class(detail: str, stated: str = "") -> str:
    """permanent (the address is dead), temporary (later it may work), or sender (the sender was refused).

    Args:
        detail: diagnostic text of the receiving side; may be empty.
        stated: what the router itself calls it, as "hard" or "soft"; may be empty.

    What nothing explains is temporary: it blocks only if it goes on.
    """
    text, said = detail.lower(), stated.lower()
    if _FULL.search(text) or _FULL.search(said):
        return TEMPORARY
    if _NOBODY.search(text):
        return PERMANENT
    if _SENDER.search(text):
        return SENDER
    if _LATER.search(text):
        return TEMPORARY
    for pattern, found in _STATED:
        if pattern.search(said):
            return found
    return _by_code(text)


def _by_code(text: str) -> str:
    enhanced = _ENHANCED.search(text)
    if enhanced:
        kind, subject, detail = (int(part) for part in enhanced.groups())
        if subject in (5, 6, 7):  # protocol, content, policy
            return SENDER
        if kind == 5 and (subject == 1 or (subject, detail) == (2, 1)):
            return PERMANENT
        if (subject, detail) != (0, 0):
            return TEMPORARY
    basic = _BASIC.search(text)
    return PERMANENT if basic and basic[0] in ("550", "551", "553") else TEMPORARY
