"""Segments as ranges of RFM scores: which combinations a set of rules covers, leaves open, or can never reach.

The first rule that matches wins; a combination that no rule matches is `unassigned`, a visible segment of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import ibis
import ibis.expr.types as ir

from habitue.errors import Message, message

BANDS = 5
"""Scores go from 1 to 5."""

UNASSIGNED = "unassigned"
ANY = (1, BANDS)
MOST_EXAMPLES = 5
SCORES = ("recency", "frequency", "monetary")

Scores = tuple[int, int, int]


@dataclass(frozen=True)
class Rule:
    """One rectangle of scores and the segment it gives; the ends belong to it."""

    segment: str
    recency: tuple[int, int] = ANY
    frequency: tuple[int, int] = ANY
    monetary: tuple[int, int] = ANY

    def matches(self, scores: Scores) -> bool:
        """Whether a combination (recency, frequency, monetary) lies in it."""
        return all(
            low <= score <= high
            for score, (low, high) in zip(scores, (self.recency, self.frequency, self.monetary), strict=True)
        )


@dataclass(frozen=True)
class RuleSet:
    """A segmentation by rules in their order. A segment may have several rules."""

    name: str
    rules: tuple[Rule, ...]

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments in order, `unassigned` last where some combination is left open."""
        named = tuple(dict.fromkeys(rule.segment for rule in self.rules))
        return (*named, UNASSIGNED) if findings(self).holes else named

    def segment_of(self, scores: Scores) -> str:
        """The segment of a combination (recency, frequency, monetary)."""
        return next((rule.segment for rule in self.rules if rule.matches(scores)), UNASSIGNED)

    def expression(self, recency: ir.Value, frequency: ir.Value, monetary: ir.Value) -> ir.StringValue:
        """The same of score columns."""
        branches = []
        for rule in self.rules:
            conditions = [
                score.between(low, high)
                for score, (low, high) in zip(
                    (recency, frequency, monetary), (rule.recency, rule.frequency, rule.monetary), strict=True
                )
                if (low, high) != ANY
            ]
            branches.append((ibis.and_(*conditions) if conditions else ibis.literal(True), rule.segment))
        return ibis.cases(*branches, else_=UNASSIGNED)


@dataclass(frozen=True)
class Findings:
    """What 125 combinations say about a rule set.

    Attributes:
        combinations: by segment, how many are its own under "first rule that matches", in order.
        holes: combinations no rule matches.
        overlaps: combinations that rules of several segments match.
        unreachable: segments without any combination of their own: nobody can ever be in them.
    """

    combinations: dict[str, int]
    holes: tuple[Scores, ...]
    overlaps: tuple[Scores, ...]
    unreachable: tuple[str, ...]


@cache
def findings(rule_set: RuleSet) -> Findings:
    """Try every combination of scores."""
    count = dict.fromkeys((rule.segment for rule in rule_set.rules), 0)
    holes, overlaps = [], []
    every = range(1, BANDS + 1)
    for scores in product(every, every, every):
        matched = Counter(rule.segment for rule in rule_set.rules if rule.matches(scores))
        if not matched:
            holes.append(scores)
            continue
        if len(matched) > 1:
            overlaps.append(scores)
        count[rule_set.segment_of(scores)] += 1
    return Findings(count, tuple(holes), tuple(overlaps), tuple(name for name, n in count.items() if n == 0))


def rule_notes(rule_set: RuleSet) -> list[Message]:
    """What a user should know about a rule set before it is used; nothing for an exact partition."""
    found, notes = findings(rule_set), []
    for code, combinations in (("holes", found.holes), ("overlaps", found.overlaps)):
        if combinations:
            notes.append(
                message(
                    f"rules.{code}", segmentation=rule_set.name, count=len(combinations), all=BANDS**3,
                    examples=_examples(combinations),
                )
            )  # fmt: skip
    notes += [
        message("rules.unreachable", segmentation=rule_set.name, segment=segment) for segment in found.unreachable
    ]
    return notes


def _examples(combinations: Sequence[Scores]) -> str:
    shown = ", ".join("".join(map(str, scores)) for scores in combinations[:MOST_EXAMPLES])
    return shown + (" …" if len(combinations) > MOST_EXAMPLES else "")
