"""One person, once: customer numbers of several systems resolved into persons, with the reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from habitue.customers.identity import results
from habitue.customers.identity.bands import Judged, Stated, judged
from habitue.customers.identity.candidates import Pairs, candidates
from habitue.customers.identity.clusters import Clusters, Links, clusters
from habitue.customers.identity.numbers import Codes, Numbers, numbers_of
from habitue.customers.identity.settings import SECOND_LOOK, IdentitySettings
from habitue.customers.normal_forms.ignored import ignored_values
from habitue.errors import DataError, Message, message
from habitue.schemas import IDENTITIES, IDENTITY_PAIRS, IDENTITY_REVIEW, IDENTITY_RULES

SecondLook = Callable[[Numbers, Codes, IdentitySettings], dict[str, NDArray]]
"""Finds more pairs: from the numbers, their labels so far and the settings to `left`, `right`, `bits`."""


@dataclass(frozen=True)
class Identities:
    """What was found.

    `identities` (IDENTITIES), `pairs` (IDENTITY_PAIRS), `review` (IDENTITY_REVIEW) and `rules` (IDENTITY_RULES) carry
    opaque ids only; `ignored` (see `ignored_values`) is personal data and kept nowhere: `masked` makes a table of it.
    """

    identities: ir.Table
    pairs: ir.Table
    review: ir.Table
    rules: ir.Table
    ignored: ir.Table
    notes: tuple[Message, ...]


def resolve_identities(
    normal: ir.Table,
    *,
    settings: IdentitySettings | None = None,
    decisions: ir.Table | None = None,
    merges: ir.Table | None = None,
    second_look: SecondLook | None = None,
) -> Identities:
    """Which customer numbers are one person.

    Args:
        normal: NORMAL_FORMS, one row a source and number.
        settings: thresholds, rules, systems with one number a person.
        decisions: what people decided: `source_customer_id`, `other_source_customer_id`, `decision` (same, different).
            It always wins; of two decisions on one pair "different" holds; a number not met is left out.
        merges: SOURCE_MERGES; those with a `final_id` make old and final number one person.
        second_look: finds more pairs among what the rules left (`splink_look`); its pairs meet the same contradictions
            and thresholds.

    The answer depends on the content alone, not on the order of rows or on repeated rows; equal evidence is followed in
    the order of opaque ids. A number alone is a person alone; tills' own records and tests are nobody; nothing read
    gives empty tables. Numbers that contradict each other are never one person, unless people or a merge table said so.

    Raises:
        DataError: a decision that is neither same nor different.
    """
    settings = settings or IdentitySettings()
    ignored = ignored_values(normal)
    numbers = numbers_of(normal, ignored)
    stated, odd = _stated(numbers, decisions, merges)
    found = candidates(numbers, settings, more=stated.pairs(len(numbers)))
    judgement, persons = _persons(numbers, found.pairs, stated, settings, None)
    if second_look is not None and SECOND_LOOK in settings.rules and len(numbers):
        more = second_look(numbers, persons.labels, settings)
        codes = more["left"] * len(numbers) + more["right"]
        order = np.argsort(codes, kind="stable")
        second = {"codes": codes[order], "bits": more["bits"][order]}
        pairs = _joined(found.pairs, Pairs(more["left"], more["right"]), len(numbers))
        judgement, persons = _persons(numbers, pairs, stated, settings, second)
    pairs_table = results.pairs_table(numbers, judgement, persons.labels, persons.fate)
    review, left_out = results.review_table(numbers, pairs_table, judgement, persons.labels, settings.most_reviews)
    return Identities(
        identities=results.kept(results.identities_table(numbers, persons.labels), IDENTITIES, normal),
        pairs=results.kept(pairs_table, IDENTITY_PAIRS, normal),
        review=results.kept(review, IDENTITY_REVIEW, normal),
        rules=results.kept(results.rules_table(pairs_table, judgement, settings), IDENTITY_RULES, normal),
        ignored=ignored,
        notes=(*odd, *results.notes(judgement, left_out, found.crowded)),
    )


def _persons(
    numbers: Numbers,
    pairs: Pairs,
    stated: Stated,
    settings: IdentitySettings,
    second: dict[str, NDArray] | None,
) -> tuple[Judged, Clusters]:
    found = judged(numbers, pairs, stated, settings, second=second)
    followed = np.flatnonzero(found.is_joined | found.is_review)
    n = len(numbers)
    links = Links(
        pairs=pairs.where(followed),
        bits=found.bits[followed],
        is_joined=found.is_joined[followed],
        is_forced=found.stated[followed] > 0,
        apart=Pairs(stated.different // max(n, 1), stated.different % max(n, 1)),
    )
    persons = clusters(numbers, links, settings)
    fate = np.zeros(len(pairs), np.int64)
    fate[followed] = persons.fate
    return found, Clusters(persons.labels, fate)


def _joined(a: Pairs, b: Pairs, n: int) -> Pairs:
    codes = np.unique(np.concatenate([a.left * n + a.right, b.left * n + b.right]))
    return Pairs(codes // n, codes % n)


def _stated(numbers: Numbers, decisions: ir.Table | None, merges: ir.Table | None) -> tuple[Stated, list[Message]]:
    nothing = np.zeros(0, np.int64)
    same, different, merged, odd = nothing, nothing, nothing, []
    if decisions is not None:
        rows = decisions.to_pyarrow()
        words = rows["decision"].to_pylist()
        wrong = sorted({str(word) for word in words if word not in ("same", "different")})
        if wrong:
            raise DataError(*(message("identity.decision_unknown", received=word) for word in wrong))
        codes, unknown = _pair_codes(numbers, rows["source_customer_id"], rows["other_source_customer_id"])
        is_same = np.array([word == "same" for word in words], bool)
        different = np.unique(codes[(codes >= 0) & ~is_same])
        same = np.setdiff1d(np.unique(codes[(codes >= 0) & is_same]), different)
        if unknown:
            odd.append(message("identity.decisions_not_met", count=unknown))
    if merges is not None:
        rows = merges.filter(merges.final_id.notnull()).to_pyarrow()
        codes, _ = _pair_codes(numbers, rows["source_customer_id"], rows["final_id"])
        merged = np.unique(codes[codes >= 0])
    return Stated(same, different, merged), odd


def _pair_codes(numbers: Numbers, one: pa.ChunkedArray, other: pa.ChunkedArray) -> tuple[Codes, int]:
    """Codes left * n + right of pairs of opaque ids, -1 for a number not met or paired with itself; and how many rows
    name a number not met."""
    a, b = (np.asarray(pc.fill_null(pc.index_in(ids, numbers.ids), -1)).astype(np.int64) for ids in (one, other))
    known = (a >= 0) & (b >= 0)
    codes = np.minimum(a, b) * len(numbers) + np.maximum(a, b)
    return np.where(known & (a != b), codes, -1), int((~known).sum())
