"""Which pairs of customer numbers are looked at: those that share the key of a rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.settings import (
    EMAIL_AND_NAME,
    NAME_AND_ADDRESS,
    NAME_AND_BIRTH_DATE,
    NAME_AND_POSTCODE,
    PHONE_AND_NAME,
    SIMILAR_AND_ADDRESS,
    SIMILAR_AND_BIRTH_DATE,
    IdentitySettings,
)
from habitue.customers.identity.similarity import Flags


@dataclass(frozen=True)
class Pairs:
    """Pairs of places in `Numbers`, each once, the smaller place `left`, in order."""

    left: Codes
    right: Codes

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: Flags | Codes) -> Pairs:
        """Some of the pairs."""
        return Pairs(self.left[chosen], self.right[chosen])


@dataclass(frozen=True)
class Candidates:
    """`pairs` to look at, and keys left out because more numbers have them than allowed: rule, keys, numbers."""

    pairs: Pairs
    crowded: tuple[tuple[str, int, int], ...]


def candidates(numbers: Numbers, settings: IdentitySettings, *, more: Pairs | None = None) -> Candidates:
    """Every pair of persons' numbers that shares a key of the rules in `settings`.

    Args:
        numbers: who there is. Tills' own records, test records and pairs within a system of one number a person are
            left out.
        settings: rules; numbers a key may have.
        more: pairs found otherwise.
    """
    found: list[Pairs] = [] if more is None else [more]
    crowded = []
    is_person = np.array([kind in ("person", "none") for kind in numbers.kinds], bool)
    for rule, keys in _keys(numbers):
        if rule not in settings.rules:
            continue
        most = settings.most_per_key
        who = np.repeat(np.arange(len(numbers)), keys.shape[1])
        flat = keys.reshape(-1)
        some = (flat >= 0) & is_person[who]
        pairs, left_out = _sharing(who[some], flat[some], most)
        found.append(pairs)
        if left_out[0]:
            crowded.append((rule, *left_out))
    return Candidates(_once(_allowed(found, numbers, settings)), _summed(crowded))


def pairs_within(groups: Codes) -> Pairs:
    """Every pair of places with the same non-negative group."""
    who = np.flatnonzero(groups >= 0)
    return _sharing(who, groups[who], len(groups) + 1)[0]


def _keys(numbers: Numbers) -> Iterator[tuple[str, Codes]]:
    """Rules with their keys: by number one or several codes, -1 for none."""
    low, high = np.minimum(numbers.first, numbers.last), np.maximum(numbers.first, numbers.last)
    whole = _both(np.where(low >= 0, low, -1), high)
    born = np.where(np.isnat(numbers.born), -1, numbers.born.astype(np.int64) + 1_000_000)
    yield EMAIL_AND_NAME, numbers.email[:, None]
    yield PHONE_AND_NAME, numbers.phones
    yield NAME_AND_BIRTH_DATE, _both(whole, born)[:, None]
    yield NAME_AND_ADDRESS, _both(whole, numbers.place)[:, None]
    yield NAME_AND_POSTCODE, _both(whole, numbers.area)[:, None]
    names = np.stack([numbers.first, numbers.last], axis=1)
    for rule, field in ((SIMILAR_AND_BIRTH_DATE, born), (SIMILAR_AND_ADDRESS, numbers.place)):
        yield rule, np.stack([_both(names[:, 0], field), _both(names[:, 1], field)], axis=1)


def _both(a: Codes, b: Codes) -> Codes:
    """One code for two, -1 where one of them is unknown."""
    known = (a >= 0) & (b >= 0)
    out = np.full(len(a), -1, np.int64)
    if known.any():
        out[known] = a[known] * (int(b.max()) + 1) + b[known]
    return out


def _sharing(who: Codes, keys: Codes, most: int) -> tuple[Pairs, tuple[int, int]]:
    """Pairs of places that share a key, and how many keys (and places) were left out as crowded."""
    order = np.lexsort((who, keys))
    who, keys = who[order], keys[order]
    fresh = np.r_[True, (keys[1:] != keys[:-1]) | (who[1:] != who[:-1])] if len(who) else np.zeros(0, bool)
    who, keys = who[fresh], keys[fresh]
    if not len(who):
        return Pairs(who, who), (0, 0)
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    crowded = sizes > most
    size_of = np.repeat(np.where(crowded, 1, sizes), sizes)
    after = size_of - 1 - (np.arange(len(keys)) - np.repeat(starts, sizes))
    after = np.where(np.repeat(crowded, sizes), 0, after)
    left = np.repeat(np.arange(len(keys)), after)
    step = np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after) + 1
    return Pairs(who[left], who[left + step]), (int(crowded.sum()), int(sizes[crowded].sum()))


def _allowed(found: list[Pairs], numbers: Numbers, settings: IdentitySettings) -> Pairs:
    left = np.concatenate([pairs.left for pairs in found]) if found else np.zeros(0, np.int64)
    right = np.concatenate([pairs.right for pairs in found]) if found else left
    single = np.array([name in settings.one_per_person for name in numbers.system_names], bool)
    if single.any():
        same = (numbers.systems[left] == numbers.systems[right]) & single[numbers.systems[left]]
        left, right = left[~same], right[~same]
    return Pairs(np.minimum(left, right), np.maximum(left, right))


def _once(pairs: Pairs) -> Pairs:
    if not len(pairs):
        return pairs
    size = int(pairs.right.max()) + 1
    codes = np.unique(pairs.left * size + pairs.right)
    return Pairs(codes // size, codes % size)


def _summed(crowded: list[tuple[str, int, int]]) -> tuple[tuple[str, int, int], ...]:
    rules = dict.fromkeys(rule for rule, _, _ in crowded)
    return tuple(
        (rule, sum(keys for name, keys, _ in crowded if name == rule), sum(n for name, _, n in crowded if name == rule))
        for rule in rules
    )
