"""How alike two texts are: edits between many pairs at once, and what that means for names and e-mail addresses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from habitue.customers.normal_forms.names import PARTICLES

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Levels = NDArray[np.int8]

EXACT, PART, NEAR, UNKNOWN, DIFFERENT = 3, 2, 1, 0, -1
"""Levels of comparison of a field."""

LONGEST = 40
"""Texts are compared by their first so many characters."""

_SMALL_WORDS = PARTICLES


def edits(left: Sequence[str], right: Sequence[str]) -> Ints:
    """Insertions, deletions, replacements and swaps of neighbours between the texts of each pair (optimal string
    alignment), pair by pair; texts are cut at `LONGEST` characters."""
    n = len(left)
    if not n:
        return np.zeros(0, np.int64)
    a, b = _codes(left), _codes(right)
    length_a, length_b = (np.array([min(len(text), LONGEST) for text in side]) for side in (left, right))
    width_a, width_b = a.shape[1], b.shape[1]
    before = np.zeros((width_b + 1, n), np.int16)
    last = np.tile(np.arange(width_b + 1, dtype=np.int16)[:, None], (1, n))
    found = np.where(length_a == 0, length_b, 0).astype(np.int64)
    for i in range(1, width_a + 1):
        now = np.empty_like(last)
        now[0] = i
        for j in range(1, width_b + 1):
            unequal = a[:, i - 1] != b[:, j - 1]
            best = np.minimum(np.minimum(last[j], now[j - 1]) + 1, last[j - 1] + unequal)
            if i > 1 and j > 1:
                swapped = (a[:, i - 1] == b[:, j - 2]) & (a[:, i - 2] == b[:, j - 1])
                best = np.where(swapped, np.minimum(best, before[j - 2] + 1), best)
            now[j] = best
        ends = length_a == i
        found[ends] = now[length_b[ends], np.flatnonzero(ends)]
        before, last = last, now
    return found


def name_levels(left: Sequence[str], right: Sequence[str], *, are_first: bool) -> Levels:
    """How two compared names agree.

    EXACT: the same letters. PART: one is an initial of the other, its beginning ("jean" and "jean pierre") or, for last
    names, words of it ("martin", "martin dupont", "de la tour", "tour"). NEAR: one edit from four letters on, two from
    seven; not a man's and a woman's form of one first name (louis, louise). DIFFERENT: everything else.
    """
    levels = np.full(len(left), DIFFERENT, np.int8)
    joined_left, joined_right = _joined(left), _joined(right)
    open_pairs: list[int] = []
    for at, (a, b) in enumerate(zip(left, right, strict=True)):
        if joined_left[at] == joined_right[at]:
            levels[at] = EXACT
        elif _is_part(a.split(), b.split(), are_first):
            levels[at] = PART
        elif not (are_first and _is_feminine(joined_left[at], joined_right[at])):
            open_pairs.append(at)
    longest = np.array([max(len(joined_left[at]), len(joined_right[at])) for at in open_pairs], np.int64)
    shortest = np.array([min(len(joined_left[at]), len(joined_right[at])) for at in open_pairs], np.int64)
    allowed = np.where(shortest >= 7, 2, np.where(shortest >= 4, 1, 0))
    close = np.flatnonzero((longest - shortest <= allowed) & (allowed > 0))
    places = [open_pairs[at] for at in close]
    counted = edits([joined_left[at] for at in places], [joined_right[at] for at in places])
    levels[np.array(places, np.int64)[counted <= allowed[close]]] = NEAR
    return levels


def email_levels(left: Sequence[str], right: Sequence[str]) -> Levels:
    """How two different addresses agree: NEAR with the same local part of six or more characters, or one edit apart in
    ten or more characters; else DIFFERENT."""
    levels = np.full(len(left), DIFFERENT, np.int8)
    open_pairs: list[int] = []
    for at, (a, b) in enumerate(zip(left, right, strict=True)):
        local_a, local_b = a.rpartition("@")[0], b.rpartition("@")[0]
        if local_a == local_b and len(local_a) >= 6:
            levels[at] = NEAR
        elif abs(len(a) - len(b)) <= 1 and min(len(a), len(b)) >= 10:
            open_pairs.append(at)
    counted = edits([left[at] for at in open_pairs], [right[at] for at in open_pairs])
    levels[np.array(open_pairs, np.int64)[counted <= 1]] = NEAR
    return levels


def birth_date_levels(left: NDArray[np.datetime64], right: NDArray[np.datetime64]) -> Levels:
    """How two different birth dates agree: NEAR if one digit differs, day and month are exchanged, or the two digits of
    one part are; else DIFFERENT."""
    (y1, m1, d1), (y2, m2, d2) = _parts(left), _parts(right)
    same_y, same_m, same_d = y1 == y2, m1 == m2, d1 == d2
    digits = _unequal_digits(y1, y2, 4) + _unequal_digits(m1, m2, 2) + _unequal_digits(d1, d2, 2)
    exchanged = same_y & (m1 == d2) & (d1 == m2)
    turned = same_y & ((same_m & _turned(d1, d2)) | (same_d & _turned(m1, m2)))
    turned |= same_m & same_d & (y1 // 100 == y2 // 100) & _turned(y1 % 100, y2 % 100)
    return np.where((digits == 1) | exchanged | turned, NEAR, DIFFERENT).astype(np.int8)


def years_between(left: NDArray[np.datetime64], right: NDArray[np.datetime64]) -> Ints:
    """Difference of the years of two dates, as a positive number."""
    return np.abs(_parts(left)[0] - _parts(right)[0])


def _is_part(a: list[str], b: list[str], are_first: bool) -> bool:
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if are_first:
        pairs = list(zip(short, long, strict=False))
        return all(x == y or (min(len(x), len(y)) == 1 and x[0] == y[0]) for x, y in pairs)
    small, large = set(short) - _SMALL_WORDS, set(long) - _SMALL_WORDS
    return bool(small) and bool(large) and (small <= large or large <= small)


def _joined(names: Sequence[str]) -> list[str]:
    return [name.replace(" ", "") for name in names]


def _is_feminine(a: str, b: str) -> bool:
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return long in (short + "e", short + "a", short + short[-1:] + "e")


def _codes(texts: Sequence[str]) -> NDArray[np.uint32]:
    width = max(1, *(min(len(text), LONGEST) for text in texts))
    made = np.zeros((len(texts), width), np.uint32)
    flat = np.array([text[:LONGEST] for text in texts], dtype=f"<U{width}")
    made[:] = flat.view(np.uint32).reshape(len(texts), width)
    return made


def _parts(days: NDArray[np.datetime64]) -> tuple[Ints, Ints, Ints]:
    months = days.astype("datetime64[M]")
    years = days.astype("datetime64[Y]")
    return (
        years.astype(np.int64) + 1970,
        (months - years).astype(np.int64) + 1,
        (days.astype("datetime64[D]") - months).astype(np.int64) + 1,
    )


def _unequal_digits(a: Ints, b: Ints, width: int) -> Ints:
    found = np.zeros(len(a), np.int64)
    for place in range(width):
        found += (a // 10**place) % 10 != (b // 10**place) % 10
    return found


def _turned(a: Ints, b: Ints) -> Flags:
    return (a != b) & (a % 10 == b // 10) & (a // 10 == b % 10)
