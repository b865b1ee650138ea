"""Answers to a message: STOP and START as people write them, and sentences that only speak of stopping."""

from __future__ import annotations

import re
import unicodedata

STOP = re.compile(
    "stopp?|stops|stopall|arret|arreter|arretez|desabonne(?:r|z|ment)|desinscri(?:re|vez|ption)|unsub|unsubscribe|"
    "cancel|end|quit|revoke|optout|стоп|отписка|отписаться|отпишите|отмена|отказ|отказываюсь"
)
START = re.compile("start|restart|unstop|reprise|reprendre|старт")
POLITE = re.compile(
    "svp|stp|sil|te|vous|plait|s|il|merci|bonjour|please|pls|thanks?|you|thx|hello|sms|mms|pubs?|publicites?|promos?|"
    "messages?|moi|me|now|all|de|la|les?|des|mes|vos|au|par|a|пожалуйста|спасибо|смс|рассылк[аиу]|реклам[ауы]|от|на|"
    "все|[0-9]{1,6}"
)
"""What changes nothing beside a STOP: politeness, and a short number."""

PHRASES = (
    "opt out", "ne plus", "envoyez plus", "plus de sms", "plus de message", "plus recevoir", "no more", "remove me",
    "leave me alone", "do not text", "don t text", "не присылайте", "не пишите", "больше не", "не надо", "не хочу",
)  # fmt: skip
"""Ways to say no without the word."""


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFD", text.casefold())
    kept = "".join(c for c in folded if c != "\u0301" and not ("\u0300" <= c <= "\u036f" and c != "\u0306"))
    return re.findall(r"\w+", unicodedata.normalize("NFC", kept))


def meaning(text: str) -> str:
    """What a reply asks for: opted_out, restarted, unclear, or replied (neither).

    A STOP is one of its words, or several, with nothing beside it but politeness and a short number ("Stop svp",
    "STOP 36180"). Where the word stands in a sentence, beside a START, or where the sentence says no in other words,
    the reply is unclear and a person must read it.
    """
    words = _words(text)
    left = [word for word in words if not POLITE.fullmatch(word)]
    stops, starts = (any(pattern.fullmatch(word) for word in words) for pattern in (STOP, START))
    plain = " ".join(words)
    if plain == "opt out" or (stops and not starts and all(STOP.fullmatch(word) for word in left)):
        return "opted_out"
    if starts and not stops and all(START.fullmatch(word) for word in left):
        return "restarted"
    return "unclear" if stops or any(phrase in plain for phrase in PHRASES) else "replied"
