"""Joined, for review, or apart: what follows for a pair from its evidence, contradictions and what people decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from habitue.customers.identity.candidates import Pairs
from habitue.customers.identity.comparison import Compared, contrary
from habitue.customers.identity.evidence import Evidence, Floats, bits_of, evidence
from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.settings import IdentitySettings
from habitue.customers.identity.similarity import DIFFERENT, EXACT, Flags

REASONS = (
    "enough",
    "not_sure",
    "stakes",
    "too_little",
    "contradiction",
    "decided_same",
    "decided_different",
    "merged_at_source",
    "contrary_sides",
    "between_two",
    "too_large",
    "through_others",
)
"""Why a pair is in its band."""

SAME, DIFFERENT_PERSONS, MERGED = 1, -1, 2

SECOND_DOUBT = 0.5
"""Half of what our own evidence says against a pair is taken off a second look's bits: it knows less of families."""


@dataclass(frozen=True)
class Stated:
    """Pairs that were decided elsewhere, as codes left * n + right, sorted: by a person (`same`, `different`) or by a
    customer system's own table of merges (`merged`)."""

    same: Codes
    different: Codes
    merged: Codes

    def of(self, pairs: Pairs, n: int) -> Codes:
        """By pair: SAME, DIFFERENT_PERSONS, MERGED or 0."""
        codes = pairs.left * n + pairs.right
        return np.select(
            [np.isin(codes, self.different), np.isin(codes, self.same), np.isin(codes, self.merged)],
            [DIFFERENT_PERSONS, SAME, MERGED],
            0,
        )

    def pairs(self, n: int) -> Pairs:
        """All of them."""
        codes = np.unique(np.concatenate([self.same, self.different, self.merged]))
        return Pairs(codes // max(n, 1), codes % max(n, 1))


@dataclass(frozen=True)
class Judged:
    """Every pair looked at, with what speaks for and against it.

    `stated` as `Stated.of` says; `is_joined`, `is_review` are the bands before persons are made of pairs; `reason` is
    the place in `REASONS`; `moves` tells that joining would move points or consent.
    """

    pairs: Pairs
    compared: Compared
    evidence: Evidence
    bits: Floats
    against: Flags
    stated: Codes
    moves: Flags
    is_joined: Flags
    is_review: Flags
    reason: Codes


def judged(
    numbers: Numbers,
    pairs: Pairs,
    stated: Stated,
    settings: IdentitySettings,
    *,
    second: dict[str, NDArray] | None = None,
) -> Judged:
    """Put every pair into its band.

    Args:
        numbers: who there is.
        pairs: the pairs, stated ones included.
        stated: what was decided elsewhere; it wins over evidence, a person's decision over a merge table.
        settings: probabilities.
        second: `codes` of pairs a second look found and their `bits`: the stronger opinion counts, a second one
            less half of what the first says against the pair.

    Names or birth dates that contradict keep a pair from being joined. It is for review if there is evidence enough all
    the same, unless first names differ and no equal birth date speaks for one person: that is a family.
    """
    n = len(numbers)
    against, compared = contrary(numbers, pairs, settings)
    weighed = evidence(numbers, pairs, compared)
    bits = weighed.bits
    if second is not None and len(second["codes"]):
        codes = pairs.left * n + pairs.right
        at = np.searchsorted(second["codes"], codes)
        at = np.minimum(at, len(second["codes"]) - 1)
        opinion = second["bits"][at] + SECOND_DOUBT * np.minimum(bits, 0)
        bits = np.where(second["codes"][at] == codes, np.maximum(bits, opinion), bits)
    said = stated.of(pairs, n)
    moves = _moves(numbers, pairs)
    review, join, stakes = (
        bits_of(share)
        for share in (settings.review_probability, settings.join_probability, settings.stakes_probability)
    )
    enough = bits >= np.where(moves, stakes, join)
    is_family = (compared.first == DIFFERENT) & (compared.born != EXACT)
    both = (compared.first == DIFFERENT) & (compared.born == DIFFERENT)
    forced = said > 0
    apart = said == DIFFERENT_PERSONS
    is_joined = forced | (enough & ~against & ~apart)
    is_review = ~is_joined & ~apart & (bits >= review) & ~(against & (is_family | both))
    reason = np.select(
        [
            apart,
            said == SAME,
            said == MERGED,
            against,
            enough,
            is_review & (bits >= join),
            is_review,
        ],
        [REASONS.index(code) for code in (
            "decided_different", "decided_same", "merged_at_source", "contradiction", "enough", "stakes", "not_sure"
        )],
        REASONS.index("too_little"),
    )  # fmt: skip
    return Judged(pairs, compared, weighed, bits, against, said, moves, is_joined, is_review, reason)


def _moves(numbers: Numbers, pairs: Pairs) -> Flags:
    """Points on either side would be pooled, or a consent given on one side only would hold for both."""
    a, b = pairs.left, pairs.right
    points = (numbers.points[a] != 0) | (numbers.points[b] != 0)
    return points | (
        (numbers.consent[a] != numbers.consent[b]) & ((numbers.consent[a] == 1) | (numbers.consent[b] == 1))
    )
