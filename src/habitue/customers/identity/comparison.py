"""How the fields of two customer numbers agree, for many pairs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from habitue.customers.identity.candidates import Pairs
from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.settings import FATHER_AND_SON, IdentitySettings
from habitue.customers.identity.similarity import (
    DIFFERENT,
    EXACT,
    NEAR,
    PART,
    UNKNOWN,
    Flags,
    Levels,
    birth_date_levels,
    email_levels,
    name_levels,
    years_between,
)


@dataclass(frozen=True)
class Compared:
    """By pair, the level of each field (EXACT, PART, NEAR, UNKNOWN, DIFFERENT).

    `is_swapped`: first and last name stand in each other's place on one side, and agree so. `is_mobile`: a mobile
    number is among those that agree. `phone` is the code of the number that agrees, -1 without one. `place` PART: the
    same postcode (or town, without postcodes) only. `years` is the difference of the years of birth, 0 if unknown.
    """

    first: Levels
    last: Levels
    is_swapped: Flags
    email: Levels
    phone_level: Levels
    phone: Codes
    is_mobile: Flags
    born: Levels
    years: Codes
    place: Levels


def compare(numbers: Numbers, pairs: Pairs) -> Compared:
    """Compare every field of every pair."""
    left, right = pairs.left, pairs.right
    first, last, swapped = _names(numbers, pairs)
    phone_level, phone = _phones(numbers, pairs)
    day_left, day_right = numbers.born[left], numbers.born[right]
    known = ~(np.isnat(day_left) | np.isnat(day_right))
    born = np.full(len(pairs), UNKNOWN, np.int8)
    born[known] = np.where(
        day_left[known] == day_right[known], EXACT, birth_date_levels(day_left[known], day_right[known])
    )
    years = np.zeros(len(pairs), np.int64)
    years[known] = years_between(day_left[known], day_right[known])
    email = _levels(numbers.email[left], numbers.email[right], numbers.emails, email_levels)
    return Compared(
        first=first,
        last=last,
        is_swapped=swapped,
        email=email,
        phone_level=phone_level,
        phone=phone,
        is_mobile=(phone >= 0) & numbers.is_mobile[np.maximum(phone, 0)] if len(numbers.is_mobile) else phone >= 0,
        born=born,
        years=years,
        place=_places(numbers, pairs),
    )


def contrary(numbers: Numbers, pairs: Pairs, settings: IdentitySettings) -> tuple[Flags, Compared]:
    """Pairs that cannot be one person, and the comparison it follows from.

    Contrary evidence is: first names that differ; birth dates that differ in more than one digit; two numbers of a
    system of one number a person. Different birth dates are forgiven (they are often invented) where e-mail address,
    first and last name are equal and the years lie less than 15 apart, as a father's and a son's do not. Where the
    settings are tolerant, names and birth dates contradict nothing.
    """
    compared = compare(numbers, pairs)
    mailbox = (compared.email == EXACT) & (compared.first == EXACT) & (compared.last == EXACT)
    forgiven = mailbox & (compared.years < FATHER_AND_SON)
    other_name, other_day = compared.first == DIFFERENT, (compared.born == DIFFERENT) & ~forgiven
    against = (other_name | other_day) & (not settings.is_tolerant)
    single = np.array([name in settings.one_per_person for name in numbers.system_names], bool)
    if single.any():
        system = numbers.systems[pairs.left]
        against = against | ((system == numbers.systems[pairs.right]) & single[system])
    return against, compared


def _names(numbers: Numbers, pairs: Pairs) -> tuple[Levels, Levels, Flags]:
    left, right = pairs.left, pairs.right

    def by(a: Codes, b: Codes, are_first: bool) -> Levels:
        return _levels(a, b, numbers.names, lambda x, y: name_levels(x, y, are_first=are_first))

    first = by(numbers.first[left], numbers.first[right], True)
    last = by(numbers.last[left], numbers.last[right], False)
    crossed = by(numbers.first[left], numbers.last[right], False)
    crossed_back = by(numbers.last[left], numbers.first[right], False)
    swapped = (crossed > UNKNOWN) & (crossed_back > UNKNOWN) & (crossed + crossed_back > EXACT)
    swapped &= (first <= UNKNOWN) & (last <= UNKNOWN) & ((first == DIFFERENT) | (last == DIFFERENT))
    # which of the two crossed levels is the first name's is not known: the weaker one is taken for both
    weaker = np.minimum(crossed, crossed_back)
    return np.where(swapped, weaker, first), np.where(swapped, weaker, last), swapped


def _phones(numbers: Numbers, pairs: Pairs) -> tuple[Levels, Codes]:
    a, b = numbers.phones[pairs.left], numbers.phones[pairs.right]
    agreed = np.full(len(pairs), -1, np.int64)
    for i in (1, 0):
        for j in (1, 0):
            same = (a[:, i] >= 0) & (a[:, i] == b[:, j])
            agreed = np.where(same, a[:, i], agreed)
    known = (a >= 0).any(axis=1) & (b >= 0).any(axis=1)
    level = np.where(agreed >= 0, EXACT, np.where(known, DIFFERENT, UNKNOWN)).astype(np.int8)
    return level, agreed


def _places(numbers: Numbers, pairs: Pairs) -> Levels:
    place, area = numbers.place, numbers.area
    same_place = (place[pairs.left] >= 0) & (place[pairs.left] == place[pairs.right])
    known = (area[pairs.left] >= 0) & (area[pairs.right] >= 0)
    same_area = known & (area[pairs.left] == area[pairs.right])
    return np.select(
        [same_place, same_area, known], [np.int8(EXACT), np.int8(PART), np.int8(DIFFERENT)], np.int8(UNKNOWN)
    )


def _levels(a: Codes, b: Codes, texts: tuple[str, ...], compared: Callable[[list[str], list[str]], Levels]) -> Levels:
    """Levels of pairs of codes; every different pair of texts is compared once."""
    levels = np.full(len(a), UNKNOWN, np.int8)
    known = (a >= 0) & (b >= 0)
    levels[known & (a == b)] = EXACT
    rest = np.flatnonzero(known & (a != b))
    if len(rest):
        low, high = np.minimum(a[rest], b[rest]), np.maximum(a[rest], b[rest])
        distinct, place = np.unique(low * len(texts) + high, return_inverse=True)
        one = [texts[at] for at in distinct // len(texts)]
        other = [texts[at] for at in distinct % len(texts)]
        levels[rest] = compared(one, other)[place]
    return levels


__all__ = ["DIFFERENT", "EXACT", "NEAR", "PART", "UNKNOWN", "Compared", "compare", "contrary"]
