"""E-mail addresses: as they are written to, as they are compared, and whether they tell anything about a person.

Domain rules: capitals, blanks and invisible characters do not count; what stands after a plus, and at Gmail the dots,
are not compared. Fillers (x@x.fr, test@test.com, no-reply addresses of marketplaces) and shared inboxes (info@,
contact@) are no evidence of identity; fillers cannot be written to either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from habitue.customers.normal_forms.texts import visible

_SHAPE = re.compile(
    r"^[^\s@\"(),:;<>\[\]\\]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]$", re.UNICODE | re.IGNORECASE
)
_WITHIN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
_BETWEEN = re.compile(r"[\s;,|]+|(?<=\w)/(?=\w)")
_NO_REPLY = re.compile(r"no[._-]?reply|do[._-]?not[._-]?reply|ne[._-]?pas[._-]?repondre|noreponse|mailer-daemon")
_FILLERS_WORDS = """
test tests testing xxx aaa abc asdf qwerty azerty none null nomail no-mail nomel noemail no-email sansmail
sans-mail sansemail pasdemail pas-de-mail pasdemel inconnu unknown anonyme anonymous anonymus client fake
refus refuse neant aucun net nema
"""
_FILLERS = frozenset(_FILLERS_WORDS.split())
_SHARED_WORDS = """
info infos contact contacts contactus accueil bonjour hello hi office bureau admin administrator
administration webmaster postmaster hostmaster root support help aide service services sav sales ventes
vente commercial commande commandes order orders shop boutique magasin store caisse compta comptabilite
accounting billing facturation finance direction secretariat reception rh hr jobs marketing communication
presse press mail email e-mail courrier newsletter zakaz buh buhgalteria priemnaya kontakt
"""
_SHARED = frozenset(_SHARED_WORDS.split())
_GMAIL = frozenset({"gmail.com", "googlemail.com"})

FILLER, SHARED_INBOX = "known_filler", "shared_inbox"


@dataclass(frozen=True)
class EmailAddress:
    """One cell read as an e-mail address.

    `address` is what is written to, None if there is no valid one; `fault` says why (empty, no_at, several_at, invalid,
    known_filler). `key` is what is compared: also of an address misspelt past use, which is still like the right one.
    `no_evidence` says why the address does not identify anybody (known_filler, shared_inbox), else None; it keeps its
    key all the same. `note`: several_addresses (the first valid one was taken); `other_keys` is what is compared of
    the others, fillers left out.
    """

    address: str | None
    key: str | None = None
    fault: str | None = None
    no_evidence: str | None = None
    note: str | None = None
    other_keys: tuple[str, ...] = ()


EMPTY = EmailAddress(None, fault="empty")


def email_address(text: str | None) -> EmailAddress:
    """Read a cell; of several addresses the first valid one is taken."""
    shown = visible(text or "").casefold().removeprefix("mailto:")
    if shown in {"", "n/a", "na", "-", "none", "null"}:
        return EMPTY
    bracketed = _WITHIN_BRACKETS.findall(shown)
    glued = re.sub(r"\s*@\s*", "@", shown)
    parts = bracketed or [part for part in _BETWEEN.split(glued) if "@" in part]
    if not parts:
        return EmailAddress(None, fault="no_at")
    bare = [part.strip(" .'\"<>") for part in parts]
    valid = [part for part in bare if _SHAPE.fullmatch(part) and ".." not in part]
    if not valid:
        alike = bare[0] if re.fullmatch(r"[^@]{2,}@[^@]{3,}", bare[0]) else None
        return EmailAddress(None, alike, "several_at" if bare[0].count("@") > 1 else "invalid")
    note = "several_addresses" if len(set(valid)) > 1 else None
    local, domain = _parted(valid[0])
    key = _compared(local, domain)
    others = dict.fromkeys(_compared(*_parted(part)) for part in valid[1:] if not is_filler(*_parted(part)))
    other_keys = tuple(other for other in others if other != key)
    if is_filler(local, domain):
        return EmailAddress(None, key, FILLER, FILLER, note, other_keys)
    shared = SHARED_INBOX if re.split(r"[+]", local)[0] in _SHARED else None
    return EmailAddress(valid[0], key, None, shared, note, other_keys)


def is_filler(local: str, domain: str) -> bool:
    """An address typed to get past a mandatory field, or one that nobody reads."""
    name = local.partition("+")[0]
    if _NO_REPLY.search(local) or name in _FILLERS:
        return True
    first = domain.partition(".")[0]
    return (name == first and len(name) <= 3) or (len(name) >= 3 and len(set(name)) == 1)


def _parted(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


def _compared(local: str, domain: str) -> str:
    name = local.partition("+")[0] or local
    return f"{name.replace('.', '')}@gmail.com" if domain in _GMAIL else f"{name}@{domain}"
