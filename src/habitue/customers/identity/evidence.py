"""What the agreement of fields proves: bits of evidence, an estimated probability, and the rule a pair is named by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from habitue.customers.identity.candidates import Pairs
from habitue.customers.identity.comparison import Compared
from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.settings import (
    EMAIL_AND_NAME,
    LEAST_NUMBERS,
    NAME_AND_ADDRESS,
    NAME_AND_BIRTH_DATE,
    NAME_AND_POSTCODE,
    PHONE_AND_NAME,
    SECOND_LOOK,
    SIMILAR_AND_ADDRESS,
    SIMILAR_AND_BIRTH_DATE,
    USUAL_BIRTH_DATE,
    USUAL_FIRST,
    USUAL_LAST,
    USUAL_POSTCODE,
    USUAL_ROWS,
    WEIGHTS,
    Weights,
)
from habitue.customers.identity.similarity import DIFFERENT, EXACT, NEAR, PART, UNKNOWN

Floats = NDArray[np.float64]

FIELDS = ("first_name", "last_name", "birth_date", "email", "phone", "address")


@dataclass(frozen=True)
class Evidence:
    """By pair, in bits: the evidence of names, of birth dates, and of contact and place; `prior` is what is expected
    before anything is compared."""

    prior: float
    name: Floats
    born: Floats
    contact: Floats

    @property
    def bits(self) -> Floats:
        """All of it: log2 of the odds that both are one person."""
        return self.prior + self.name + self.born + self.contact


def probability(bits: Floats) -> Floats:
    """Odds in bits as a probability."""
    return 1 / (1 + np.exp2(-np.clip(bits, -60, 60)))


def bits_of(share: float) -> float:
    """A probability as odds in bits."""
    return float(np.log2(share / (1 - share)))


def evidence(numbers: Numbers, pairs: Pairs, compared: Compared, weights: Weights = WEIGHTS) -> Evidence:
    """Weigh every pair.

    Equal values count by how rare they are among the numbers: log2(m / u) with u the value's share. E-mail address,
    telephone number and address of one household go together: the strongest of those that agree counts in full, each
    further one with four bits at most; a last name that agrees beside one of them, as in a family, counts three.
    """
    n = max(len(numbers), LEAST_NUMBERS)
    size = float(np.log2(n))
    c = compared
    same_email = np.where(c.email == EXACT, size + weights.same_email, 0.0)
    same_phone = np.where(
        c.phone_level == EXACT, size + np.where(c.is_mobile, weights.same_mobile, weights.same_landline), 0.0
    )
    same_place = np.where(c.place == EXACT, size + weights.same_address, 0.0)
    agreeing = np.sort(np.stack([same_email, same_phone, same_place]), axis=0)[::-1]
    contact = agreeing[0] + np.minimum(agreeing[1:], weights.more_contact).sum(axis=0)
    has_contact = agreeing[0] > 0
    area = _rarity(numbers.area, numbers.area[pairs.left], USUAL_POSTCODE, 0.7)
    contact += np.where(
        c.place == PART, np.where(has_contact, np.minimum(area, weights.same_postcode_beside_contact), area), 0.0
    )
    contact += np.where(c.email == DIFFERENT, weights.other_email, 0.0)
    contact += np.where(c.email == NEAR, weights.near_email, 0.0)
    contact += np.where(c.phone_level == DIFFERENT, weights.other_phone, 0.0)
    contact += np.where(c.place == DIFFERENT, weights.other_place, 0.0)
    return Evidence(
        prior=float(np.log2(weights.matches_per_number)) - size,
        name=_name_bits(numbers, pairs, compared, has_contact, weights),
        born=_birth_date_bits(numbers, pairs, compared, weights),
        contact=contact,
    )


def rules_of(compared: Compared) -> NDArray[np.object_]:
    """The rule each pair is named after: the first whose fields agree."""
    c = compared
    fits = (c.first >= UNKNOWN) & (c.last >= UNKNOWN)
    exact = (c.first == EXACT) & (c.last == EXACT)
    partly = (c.first > UNKNOWN) | (c.last > UNKNOWN)
    tests = (
        (EMAIL_AND_NAME, (c.email == EXACT) & (fits | partly)),
        (PHONE_AND_NAME, (c.phone_level == EXACT) & (fits | partly)),
        (NAME_AND_BIRTH_DATE, exact & (c.born == EXACT)),
        (NAME_AND_ADDRESS, exact & (c.place == EXACT)),
        (NAME_AND_POSTCODE, exact & (c.place == PART)),
        (SIMILAR_AND_BIRTH_DATE, partly & (c.born == EXACT)),
        (SIMILAR_AND_ADDRESS, partly & (c.place == EXACT)),
        (EMAIL_AND_NAME, c.email == EXACT),
        (PHONE_AND_NAME, c.phone_level == EXACT),
    )
    rules = np.full(len(c.first), SECOND_LOOK, object)
    for rule, holds in reversed(tests):
        rules[holds] = rule
    return rules


def told(compared: Compared) -> tuple[list[str], list[str]]:
    """By pair, the names of the fields that agree (~ in front: only nearly or in part), and of those that differ."""
    c = compared
    levels = np.stack([c.first, c.last, c.born, c.email, c.phone_level, c.place], axis=1)
    patterns, place = np.unique(levels, axis=0, return_inverse=True)
    place = place.reshape(-1)
    agree = [
        " ".join(
            name if level == EXACT else f"~{name}" for name, level in zip(FIELDS, row, strict=True) if level > UNKNOWN
        )
        for row in patterns
    ]
    differ = [
        " ".join(
            name
            for name, level in zip(FIELDS, row, strict=True)
            if level == DIFFERENT or (level == NEAR and name == "birth_date")
        )
        for row in patterns
    ]
    return [agree[at] for at in place], [differ[at] for at in place]


def _name_bits(numbers: Numbers, pairs: Pairs, c: Compared, has_contact: NDArray[np.bool_], w: Weights) -> Floats:
    first = _rarity(numbers.first, numbers.first[pairs.left], USUAL_FIRST, 0.85)
    last = _rarity(numbers.last, numbers.last[pairs.left], USUAL_LAST, 0.88)
    last_exact = np.where(has_contact, np.minimum(last, w.last_beside_contact), last)
    last_less = np.where(has_contact, np.minimum(w.near_last, w.last_beside_contact), w.near_last)
    bits = np.select(
        [c.first == EXACT, c.first == PART, c.first == NEAR, c.first == DIFFERENT],
        [
            first,
            np.full(len(first), w.part_of_first),
            np.full(len(first), w.near_first),
            np.full(len(first), w.other_first),
        ],
        0.0,
    )
    bits += np.select(
        [c.last == EXACT, c.last == PART, c.last == NEAR, c.last == DIFFERENT],
        [last_exact, last_less, last_less, np.full(len(last), w.other_last)],
        0.0,
    )
    return bits + np.where(c.is_swapped, w.swapped, 0.0)


def _birth_date_bits(numbers: Numbers, pairs: Pairs, c: Compared, w: Weights) -> Floats:
    days = np.where(np.isnat(numbers.born), -1, numbers.born.astype(np.int64) + 1_000_000)
    codes = np.full(len(days), -1, np.int64)
    codes[days >= 0] = np.unique(days[days >= 0], return_inverse=True)[1]
    same = _rarity(codes, codes[pairs.left], USUAL_BIRTH_DATE, 0.9)
    return np.select(
        [c.born == EXACT, c.born == NEAR, c.born == DIFFERENT], [same, w.near_birth_date, w.other_birth_date], 0.0
    )


def _rarity(column: Codes, values: Codes, usual: float, m: float) -> Floats:
    """log2(m / u) of each value, u being its share in the column, drawn towards the usual one."""
    known = column[column >= 0]
    if not len(known):
        return np.zeros(len(values))
    counts = np.bincount(known)
    shares = (counts + USUAL_ROWS * usual) / (len(known) + USUAL_ROWS)
    return np.log2(m / shares[np.maximum(values, 0)])
