"""Postal addresses in French, English and Russian: street and number, postcode, town, in the form they are compared.

Abbreviations are written out (av., bd, r., St, ул., пр-т), small words dropped, the house number put first; flats and
buildings are left out, so that two spellings of one letter box agree.
"""

from __future__ import annotations

import re

from habitue.customers.normal_forms.texts import plain, visible

_WORDS = {
    "av": "avenue", "ave": "avenue", "aven": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard",
    "boul": "boulevard", "r": "rue", "pl": "place", "ch": "chemin", "che": "chemin", "chem": "chemin",
    "imp": "impasse", "all": "allee", "rte": "route", "fg": "faubourg", "fbg": "faubourg", "sq": "square",
    "res": "residence", "crs": "cours", "qu": "quai", "pass": "passage", "lot": "lotissement", "rd": "road",
    "ln": "lane", "cres": "crescent", "str": "street", "gal": "general", "mal": "marechal", "st": "saint",
    "ste": "sainte", "ul": "ulitsa", "prt": "prospekt", "prosp": "prospekt", "pr": "prospekt", "per": "pereulok",
    "nab": "naberezhnaya", "sh": "shosse", "bulv": "bulvar", "plosh": "ploshchad", "n": "", "no": "", "num": "",
    "d": "", "dom": "", "de": "", "du": "", "des": "", "la": "", "le": "", "les": "", "l": "", "the": "",
}  # fmt: skip
_INSIDE = re.compile(
    r"\b(?:apt|app|appt|appartement|apartment|flat|unit|bat|batiment|building|esc|escalier|etage|etg|floor|porte|"
    r"kv|kvartira|korp|k|kom|bp|cs)\b\.?\s*(?:n[o°]?\s*)?[a-z]?\d*[a-z]?\b"
)
_NUMBER = re.compile(r"^(\d+)(bis|ter|quater|[a-z])?$")
_ENDS = ("bis", "ter", "quater")


def street_key(text: str | None) -> str | None:
    """Number and street as compared ("22 avenue foch"); None if nothing is said or there is no letter in it.

    The first number leads; bis, ter and a letter stay with it. "22 av. Foch" and "22, avenue Foch" agree.
    """
    return _street(_INSIDE.sub(" ", _bare(text)))


def postal_key(text: str | None) -> str | None:
    """A whole address in one text (street, postcode, town in this order) as compared; None without digit or letter.

    Such a text leads no postman anywhere. Abbreviations and the house number are as in `street_key`; flat, building and
    box stay, because a letter that came back from one door says nothing of the next; CEDEX and its number go.
    """
    key = _street(re.sub(r"\bcedex\b(?: \d+)?", " ", _bare(text)))
    return key if key and re.search(r"\d", key) else None


def _bare(text: str | None) -> str:
    small = re.sub(r"(?<=[a-z])'(?=[st]\b)", "", plain(text or ""))
    return re.sub(r"[^a-z0-9]+", " ", small)


def _street(small: str) -> str | None:
    words = [_WORDS.get(word, word) for word in small.split()]
    words = [word for word in words if word]
    numbers = [at for at, word in enumerate(words) if _NUMBER.match(word)]
    if not numbers:
        return " ".join(words) or None
    at = numbers[0]
    number, rest = words[at], words[:at] + words[at + 1 :]
    if at + 1 < len(words) and (words[at + 1] in _ENDS or (len(words[at + 1]) == 1 and number.isdigit())):
        number += words[at + 1]
        rest = words[:at] + words[at + 2 :]
    if not any(re.search("[a-z]", word) for word in rest):
        return None
    return " ".join([number.lstrip("0") or "0", *rest])


def postcode_key(text: str | None, country: str | None) -> str | None:
    """A postcode without blanks, apostrophe and country prefix, in capitals; a French one of four digits gets its zero.

    None if nothing is said or it is made of one repeated digit (00000, 99999).
    """
    shown = visible(text or "").lstrip("'").removesuffix(".0").upper()
    code = re.sub(r"[^0-9A-Z]", "", re.sub(r"^(?:F|FR|B|BE|D|DE|CH|L|RU)-", "", shown))
    if (country or "").upper() == "FR" and re.fullmatch(r"\d{4}", code):
        code = "0" + code
    return None if len(code) < 3 or len(set(code)) == 1 else code


def town_key(text: str | None) -> str | None:
    """A town in compared letters, without CEDEX and numbers of districts: "St-Étienne Cedex 2" is "saint etienne"."""
    small = re.sub(r"[^a-z]+", " ", re.sub(r"\bcedex\b.*", "", plain(text or "")))
    words = [{"st": "saint", "ste": "sainte", "g": ""}.get(word, word) for word in small.split()]
    return " ".join(word for word in words if word) or None
