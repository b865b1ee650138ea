"""Names of persons in French, English and Russian: titles off, scripts and spellings brought together, words compared.

Rules: accents, capitals, hyphens and apostrophes do not count; a title (M., Mme, Mr, Mrs, Dr, г-н) is no name, so
"M." alone is no first name; spellings of one Russian name in Latin letters (Ivanov, Iwanoff; Yulia, Julia, Iuliia)
meet; a patronymic is dropped. Names of nobody (CLIENT DIVERS, Test Test) are told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from habitue.customers.normal_forms.texts import plain

_TITLES_WORDS = """
m mr mme mlle mm mmes monsieur madame mademoiselle mrs ms miss mister missis dr doctor docteur prof
professeur professor sir me maitre gn gzha gospodin gospozha
"""
TITLES = frozenset(_TITLES_WORDS.split())
_PARTICLES_WORDS = """
de du des d la le les l van von der den ter ten di da do dos del della el al ben bin of
"""
PARTICLES = frozenset(_PARTICLES_WORDS.split())
_SUFFIXES = frozenset(["jr", "sr", "junior", "senior", "ii", "iii", "iv"])
_PATRONYMIC = re.compile(r"(?:ov|ev)(?:ich|na)$|(?:lich|ichna|inichna|mich)$")
_ANONYMOUS_NAMES = """
client divers|clients divers|client|divers|client comptoir|comptoir|client passage|de passage client|passage|
client anonyme|anonyme|inconnu|client inconnu|various|various customers|various customer|customer|cash customer|
walk in|walk in customer|walkin|guest|guest customer|anonymous|anonymous customer|unknown|unknown customer|no name|
noname|client de passage|vente comptoir|pokupatel|anonim|chastnoe litso|roznichnyy pokupatel|klient|neizvestnyy
"""
_ANONYMOUS = frozenset(frozenset(words.split()) for words in _ANONYMOUS_NAMES.split("|"))
_TEST = frozenset({"test", "tests", "essai", "toto", "tata", "titi", "asdf", "qwerty", "azerty", "testowy", "proba"})
_NOTHING = frozenset({"n/a", "na", "none", "null", "nc", "np", "nr", "nsp", "x", "xx", "xxx", "xxxx", "aaa", "zzz"})

# Written the same way wherever a name came from: applied in this order to plain letters.
_SPELLINGS = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        ("shch|stch|schtsch|chtch", "sh"),
        ("tsch|tch", "ch"),
        ("sch", "sh"),
        ("kh", "h"),
        ("ph", "f"),
        ("ou|oo", "u"),
        ("ck", "k"),
        ("w", "v"),
        ("x", "ks"),
        ("off$", "ov"),
        ("eff$", "ev"),
        ("kine$", "kin"),
        ("[jy](?=[aeiou])", "i"),
        ("y|ij|ii+|ji", "i"),
        ("i+", "i"),
    )
)

PERSON, ANONYMOUS, TEST, NOBODY = "person", "anonymous", "test", "none"


@dataclass(frozen=True)
class PersonName:
    """A name as it is compared.

    `first` and `last` are words in compared letters with single spaces ("jean pierre", "martin dupont"), None where
    nothing is said; `kind` is person, anonymous (a till's own record), test, or none (no name at all, or a pseudonym:
    "Client 0017").
    """

    first: str | None
    last: str | None
    kind: str


def person_name(first: str | None, last: str | None, whole: str | None = None) -> PersonName:
    """Read a name from its two cells, or from one that holds it whole (taken where the two are empty)."""
    if not (first or "").strip() and not (last or "").strip() and (whole or "").strip():
        first, last = split_name(whole or "")
    given, family = _words(first), _words(last)
    if not given and not family:
        return PersonName(None, None, NOBODY)
    every = frozenset((*given, *family))
    if every in _ANONYMOUS:
        is_numbered = any(letter.isdigit() for letter in f"{first} {last}")  # Client 0017: a pseudonym
        return PersonName(None, None, NOBODY if is_numbered else ANONYMOUS)
    if every <= _TEST:
        return PersonName(None, None, TEST)
    if not family and len(given) > 1:  # "Dora Hahn" in the first name's cell
        given, family = given[:-1], given[-1:]
    elif not given and len(family) > 1 and not set(family[:-1]) & PARTICLES:
        given, family = _split_words(family)
    compared_first = _compared(tuple(word for word in given if not _PATRONYMIC.search(word)) or tuple(given))
    compared_last = _compared(tuple(word for word in family if word not in _SUFFIXES) or tuple(family))
    return PersonName(compared_first or None, compared_last or None, PERSON)


def split_name(whole: str) -> tuple[str, str]:
    """First and last name of a name in one cell.

    "Hahn, Dora" has the last name before the comma; a word in capitals beside one that is not is the last name (MOREL
    Léa); with a patronymic the last name is the word that stands apart (Иванов Иван Петрович); otherwise the last word,
    with the particles before it, is the last name.
    """
    if "," in whole:
        last, _, first = whole.partition(",")
        return first.strip(), last.strip()
    words = [word for word in whole.split() if _letters(plain(word)) not in TITLES]
    shouted = [word for word in words if len(word) > 1 and word.isupper()]
    if shouted and len(shouted) < len(words) and all(len(word) > 1 for word in words):
        return " ".join(word for word in words if word not in shouted), " ".join(shouted)
    first, last = _split_words(words)
    return " ".join(first), " ".join(last)


def _split_words(words: list[str]) -> tuple[list[str], list[str]]:
    if len(words) == 3:
        patronymics = [bool(_PATRONYMIC.search(_letters(plain(word)))) for word in words]
        if patronymics == [False, False, True]:
            return words[1:], words[:1]
    at = len(words) - 1
    while at > 1 and _letters(plain(words[at - 1])) in PARTICLES:
        at -= 1
    return words[:at], words[at:]


@lru_cache(200_000)
def _read(text: str) -> tuple[str, ...]:
    small = plain(text)
    if small in _NOTHING:
        return ()
    words = re.sub(r"[^a-z' -]+", " ", small.replace("-n ", "n ").replace("-zha ", "zha ")).replace("-", " ").split()
    joined = [_letters(word) for word in words]
    return tuple(word for word in joined if word and word not in TITLES)


def _words(text: str | None) -> list[str]:
    return list(_read(text)) if text else []


def _compared(words: tuple[str, ...]) -> str:
    return " ".join(one for one in (spelling(word) for word in words) if one)


@lru_cache(200_000)
def spelling(word: str) -> str:
    """A word of plain letters as names are compared: spellings that come from transliteration brought together."""
    for pattern, by in _SPELLINGS:
        word = pattern.sub(by, word)
    return word


def _letters(word: str) -> str:
    return re.sub(r"[^a-z]", "", word)
