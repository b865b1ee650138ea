"""The tables of identity resolution: pairs, persons, households, the list for review, how right the rules are."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from habitue.customers.identity.bands import DIFFERENT_PERSONS, MERGED, REASONS, SAME, Judged
from habitue.customers.identity.clusters import BETWEEN_TWO, CONTRARY_SIDES, FINE, TOO_LARGE
from habitue.customers.identity.evidence import bits_of, probability, rules_of, told
from habitue.customers.identity.numbers import Codes, Numbers
from habitue.customers.identity.settings import (
    APART,
    DECISION,
    JOINED,
    MERGE_TABLE,
    NAME_AND_BIRTH_DATE,
    REVIEW,
    RULES,
    SECOND_LOOK,
    SIMILAR_AND_BIRTH_DATE,
    IdentitySettings,
)
from habitue.customers.identity.similarity import DIFFERENT, NEAR, UNKNOWN
from habitue.errors import Message, message
from habitue.portable import stored
from habitue.schemas import IDENTITIES, IDENTITY_PAIRS, IDENTITY_REVIEW, IDENTITY_RULES
from habitue.schemas.table import Schema

Z_95 = 1.959963984540054


def pairs_table(numbers: Numbers, found: Judged, labels: Codes, fate: Codes) -> pa.Table:
    """IDENTITY_PAIRS, in the order of the opaque ids.

    Pairs that together but were not joined themselves are joined `through_others`. Pairs that share nothing but what
    blocking needs (apart, with hardly any evidence) are there too: what was looked at is told. What no rule found, but
    a merge table or a person named, has that as its rule.
    """
    together = labels[found.pairs.left] == labels[found.pairs.right]
    reason = found.reason.copy()
    for what, code in ((CONTRARY_SIDES, "contrary_sides"), (BETWEEN_TWO, "between_two"), (TOO_LARGE, "too_large")):
        reason[(fate == what) & (found.is_joined | found.is_review) & (found.stated <= 0)] = REASONS.index(code)
    reason[together & ~(found.is_joined & (fate == FINE))] = REASONS.index("through_others")
    band = np.where(together, JOINED, np.where((found.is_joined | found.is_review) & ~together, REVIEW, APART))
    agreeing, differing = told(found.compared)
    left, right = pa.array(found.pairs.left), pa.array(found.pairs.right)
    systems = pa.array(numbers.system_names, pa.string())
    rules = rules_of(found.compared)
    unfound = rules == SECOND_LOOK
    rules[unfound & (found.stated == MERGED)] = MERGE_TABLE
    rules[unfound & (found.stated != MERGED) & (found.stated != 0)] = DECISION
    decision = np.where(found.stated == SAME, "same", np.where(found.stated == DIFFERENT_PERSONS, "different", ""))
    return _table(
        IDENTITY_PAIRS,
        numbers.ids.take(left),
        numbers.ids.take(right),
        systems.take(pa.array(numbers.systems[found.pairs.left])),
        systems.take(pa.array(numbers.systems[found.pairs.right])),
        pa.array(rules, pa.string()),
        pa.array(probability(found.bits)),
        pa.array(agreeing, pa.string()),
        pa.array(differing, pa.string()),
        pa.array(band, pa.string()),
        pa.array([REASONS[at] for at in reason], pa.string()),
        pa.array(decision, pa.string(), mask=decision == ""),
        pa.array(together),
    )


def identities_table(numbers: Numbers, labels: Codes) -> pa.Table:
    """IDENTITIES: every number once."""
    is_person = np.array([kind in ("person", "none") for kind in numbers.kinds], bool)
    sizes = np.bincount(labels, minlength=len(numbers)) if len(numbers) else labels
    households = _households(numbers, np.where(is_person, labels, -1))
    return _table(
        IDENTITIES,
        numbers.ids,
        pa.array(numbers.system_names, pa.string()).take(pa.array(numbers.systems)),
        numbers.ids.take(pa.array(labels, pa.int64(), mask=~is_person)),
        pa.array(np.where(is_person, sizes[labels], 1) if len(numbers) else sizes, pa.int64()),
        pa.array(numbers.kinds, pa.string()),
        numbers.ids.take(pa.array(households, pa.int64(), mask=households < 0)),
    )


def review_table(numbers: Numbers, pairs: pa.Table, found: Judged, labels: Codes, most: int) -> tuple[pa.Table, int]:
    """IDENTITY_REVIEW: of each two persons the strongest pair, most at stake first; and how many did not fit.

    What is at stake: net amount, then points, of the person who has less of it, then consent; equal stakes are ordered
    by probability and by opaque ids.
    """
    waiting = np.flatnonzero(np.asarray(pairs["band"].combine_chunks().to_numpy(zero_copy_only=False)) == REVIEW)
    n = max(len(numbers), 1)
    low = np.minimum(labels[found.pairs.left[waiting]], labels[found.pairs.right[waiting]])
    high = np.maximum(labels[found.pairs.left[waiting]], labels[found.pairs.right[waiting]])
    order = np.lexsort((waiting, -found.bits[waiting], low * n + high))
    first = np.r_[True, np.diff((low * n + high)[order]) != 0] if len(order) else order.astype(bool)
    chosen = waiting[order[first]]
    low, high = low[order[first]], high[order[first]]
    net, points = (
        np.bincount(labels, weights=column, minlength=n) if len(numbers) else column.astype(np.float64)
        for column in (numbers.net_amount, numbers.points)
    )
    yes = np.zeros(n, bool)
    yes[labels[numbers.consent == 1]] = True
    stake_net, stake_points = np.minimum(net[low], net[high]), np.minimum(points[low], points[high])
    moves = yes[low] != yes[high]
    ranked = np.lexsort((chosen, -found.bits[chosen], ~moves, -stake_points, -stake_net))[:most]
    rows = pairs.take(pa.array(chosen[ranked], pa.int64()))
    names = ("source_customer_id", "other_source_customer_id", "rule", "match_probability", "agreeing", "differing")
    table = _table(
        IDENTITY_REVIEW,
        pa.array(np.arange(1, len(ranked) + 1)),
        *(rows[name] for name in (*names, "reason")),
        pa.array(np.round(stake_net[ranked]).astype(np.int64)),
        pa.array(np.round(stake_points[ranked]).astype(np.int64)),
        pa.array(moves[ranked]),
    )
    return table, len(chosen) - len(ranked)


def rules_table(pairs: pa.Table, found: Judged, settings: IdentitySettings) -> pa.Table:
    """IDENTITY_RULES: every rule, with its precision where it can be checked.

    A pair checks its rule if it would be joined without the field the rule is checked by, and that field is known on
    both sides: the birth date, or for rules that use it, e-mail address, telephone number and address (any of which may
    have changed: there the share is a lower bound). Interval: Wilson (1927), 95 %.
    """
    rule = np.array(pairs["rule"].to_pylist(), object)
    band = np.array(pairs["band"].to_pylist(), object)
    c, weighed = found.compared, found.evidence
    join = np.where(found.moves, bits_of(settings.stakes_probability), bits_of(settings.join_probability))
    contacts = np.stack([c.email, c.phone_level, c.place])
    rows = []
    for name in RULES:
        mine = rule == name
        by_contact = name in (NAME_AND_BIRTH_DATE, SIMILAR_AND_BIRTH_DATE)
        level = contacts.max(axis=0) if by_contact else c.born
        known = (contacts != UNKNOWN).any(axis=0) if by_contact else c.born != UNKNOWN
        confirmed = level > UNKNOWN
        without = found.bits - (weighed.contact if by_contact else weighed.born)
        checked = mine & known & (without >= join) & (c.first != DIFFERENT)
        total, right = int(checked.sum()), int((checked & confirmed).sum())
        low, high = wilson(right, total)
        decided = mine & ((found.stated == SAME) | (found.stated == DIFFERENT_PERSONS))
        rows.append(
            {
                "rule": name,
                "pairs_count": int(mine.sum()),
                "joined_count": int((mine & (band == JOINED)).sum()),
                "review_count": int((mine & (band == REVIEW)).sum()),
                "checked_by": "contact" if by_contact else "birth_date",
                "checked_count": total,
                "confirmed_count": right,
                "precision_share": right / total if total else None,
                "precision_low_share": low,
                "precision_high_share": high,
                "decided_count": int(decided.sum()),
                "decided_same_count": int((decided & (found.stated == SAME)).sum()),
            }
        )
    return pa.Table.from_pylist(rows, schema=IDENTITY_RULES.ibis_schema().to_pyarrow())


def wilson(right: int, total: int) -> tuple[float | None, float | None]:
    """95 % interval of a share, Wilson (1927); none over nothing."""
    if not total:
        return None, None
    share, z2 = right / total, Z_95**2
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * np.sqrt(share * (1 - share) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def notes(found: Judged, left_out: int, crowded: tuple[tuple[str, int, int], ...]) -> tuple[Message, ...]:
    """What must be said beside the tables."""
    said = [message("identity.crowded", rule=rule, keys=keys, count=numbers) for rule, keys, numbers in crowded]
    if left_out:
        said.append(message("identity.review_cut", count=left_out))
    odd = int(
        (
            found.is_joined & ((found.compared.born == DIFFERENT) | (found.compared.born == NEAR)) & (found.stated == 0)
        ).sum()
    )
    if odd:
        said.append(message("identity.birth_dates_differ", count=odd))
    return tuple(said)


def kept(table: pa.Table, schema: Schema, like: ir.Table) -> ir.Table:
    """A table on the backend of another."""
    return stored(table, schema.name, like=like)


def _households(numbers: Numbers, labels: Codes) -> Codes:
    """Of each number the smallest place of its household, -1 where its person has no address and last name.

    A person's address is that of most of its numbers; equally many: the one of the smallest opaque id.
    """
    some = np.flatnonzero((labels >= 0) & (numbers.place >= 0) & (numbers.last >= 0))
    out = np.full(len(numbers), -1, np.int64)
    if not len(some):
        return out
    key = numbers.place[some] * len(numbers.names) + numbers.last[some]
    both, first, count = np.unique(np.stack([labels[some], key]), axis=1, return_index=True, return_counts=True)
    order = np.lexsort((some[first], -count, both[0]))
    person, key = both[0][order], both[1][order]
    lead = np.r_[True, np.diff(person) != 0]
    person, key = person[lead], key[lead]
    _, place = np.unique(key, return_inverse=True)
    smallest = np.full(place.max() + 1, len(numbers), np.int64)
    np.minimum.at(smallest, place, person)
    home = np.full(len(numbers), -1, np.int64)
    home[person] = smallest[place]
    known = labels >= 0
    out[known] = home[labels[known]]
    return out


def _table(schema: Schema, *arrays: Any) -> pa.Table:
    kinds = schema.ibis_schema().to_pyarrow()
    return pa.table([array.cast(kind.type) for array, kind in zip(arrays, kinds, strict=True)], schema=kinds)
