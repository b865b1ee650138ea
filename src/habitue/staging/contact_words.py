"""What the words of consent and delivery files mean: permissions, events and contact channels, in three languages.

A word is compared without capitals, with one space for every run of blanks, hyphens and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

CONTACT_CHANNELS = ("email", "sms", "print", "push", "coupon", "phone", "messenger")
STATUSES = ("opt_in", "soft_opt_in", "opt_out", "unknown", "objection")
"""What a row of a consent file can say. An objection covers the person on every address, present and future."""

EVENTS = (
    "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained", "undeliverable", "opted_out",
    "restarted", "address_changed", "replied",
)  # fmt: skip
"""What can come back. `replied` is an answer whose text decides: STOP, START, or neither."""

REFUSALS = ("opt_out", "objection", "unsubscribed", "complained", "opted_out", "undeliverable", "address_changed")
"""What is kept even where its day is missing or cannot be read: losing one would mean writing to somebody who said no,
or where nobody is."""

_STATUS_WORDS: Mapping[str, tuple[str, ...]] = {
    "opt_in": ("opt in", "optin", "opted in", "yes", "y", "true", "1", "oui", "o", "vrai", "да", "истина", "subscribed",
               "inscrit", "abonné", "подписан", "granted", "given"),
    "soft_opt_in": ("soft opt in", "soft optin", "existing customer", "implied"),
    "opt_out": ("opt out", "optout", "opted out", "no", "n", "false", "0", "non", "faux", "нет", "ложь", "unsubscribed",
                "désinscrit", "desinscrit", "désabonné", "desabonne", "отписан", "withdrawn", "revoked", "refused"),
    "unknown": ("unknown", "inconnu", "неизвестно", "never asked", "not set", "not specified", "none given"),
    "objection": ("objection", "objected", "opposition", "возражение"),
}  # fmt: skip
_EVENT_WORDS: Mapping[str, tuple[str, ...]] = {
    "sent": ("sent", "send", "envoyé", "отправлено"),
    "delivered": ("delivered", "delivery", "delivré", "délivré", "доставлено"),
    "opened": ("opened", "open", "ouvert", "ouverture", "открыто"),
    "clicked": ("clicked", "click", "clic", "cliqué", "переход", "клик"),
    "bounced": ("bounced", "bounce", "hard bounce", "soft bounce", "hardbounce", "softbounce", "rebond", "возврат"),
    "unsubscribed": ("unsubscribed", "unsubscribe", "unsub", "désinscription", "desinscription", "désabonnement",
                     "desabonnement", "отписка"),
    "complained": ("complained", "complaint", "spam", "spam report", "spamreport", "abuse", "plainte", "жалоба"),
    "undeliverable": ("undeliverable", "npai", "pnd", "returned mail", "retour npai", "retour pnd"),
    "opted_out": ("opted out", "stop", "стоп"),
    "restarted": ("restarted", "restart", "start", "старт"),
    "address_changed": ("address changed", "address change", "changement d'adresse", "déménagé", "смена адреса"),
    "replied": ("replied", "reply", "réponse", "reponse", "ответ"),
}  # fmt: skip
_CHANNEL_WORDS: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "e mail", "mail", "courriel", "электронная почта", "эл. почта"),
    "sms": ("sms", "mms", "texto", "text", "смс"),
    "print": ("print", "post", "postal", "paper", "courrier", "papier", "письмо", "почта"),
    "push": ("push", "notification", "пуш"),
    "coupon": ("coupon", "купон"),
    "phone": ("phone", "call", "téléphone", "telephone", "appel", "телефон", "звонок"),
    "messenger": ("messenger", "whatsapp", "telegram", "viber", "мессенджер"),
}


def plain(word: str) -> str:
    """A word as it is compared."""
    return re.sub(r"[\s_-]+", " ", word.strip().lower())


def _table(words: Mapping[str, tuple[str, ...]], own: Mapping[str, str]) -> dict[str, str]:
    known = {plain(word): meaning for meaning, listed in words.items() for word in listed}
    return known | {plain(word): meaning for word, meaning in own.items()}


def status_words(own: Mapping[str, str]) -> dict[str, str]:
    """Status by word; the source's own words come first."""
    return _table(_STATUS_WORDS, own)


def event_words(own: Mapping[str, str]) -> dict[str, str]:
    """Event by word; the source's own words come first."""
    return _table(_EVENT_WORDS, own)


def channel_words() -> dict[str, str]:
    """Contact channel by word."""
    return _table(_CHANNEL_WORDS, {})
