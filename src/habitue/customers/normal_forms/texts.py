"""What all normal forms begin with: invisible characters out, any script in plain small letters."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from anyascii import anyascii

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ`´′", "'"))


def visible(text: str) -> str:
    """A text without invisible characters, blanks of every kind as one plain space, trimmed.

    Unicode's compatibility forms become plain ones (full-width letters and digits, ligatures).
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    plain = unicodedata.normalize("NFKC", text)
    if plain.isprintable():
        return " ".join(plain.split())
    kept = "".join(" " if letter.isspace() else letter for letter in plain if _is_shown(letter))
    return " ".join(kept.split())


@lru_cache(200_000)
def plain(text: str) -> str:
    """A text in small letters from a to z, digits and punctuation: accents off, other scripts transliterated.

    Russian ё is read as е, as it is mostly written.
    """
    small = visible(text).translate(_APOSTROPHES).casefold()
    return small if small.isascii() else anyascii(small.replace("ё", "е")).lower()


def _is_shown(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in {"Cf", "Cc", "Cn", "Co"}
