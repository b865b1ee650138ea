"""The standard segmentations by recency and frequency scores: ten segments, and nine. Exact partitions of 25 cells.

The grid is the one in wide public use; the nine-name set merges its promising customers into the new ones.
"""

from __future__ import annotations

from habitue.segments.rule_sets import Rule, RuleSet

TEN = RuleSet(
    "ten",
    (
        Rule("champions", (5, 5), (4, 5)),
        Rule("loyal", (3, 4), (4, 5)),
        Rule("potential_loyalists", (4, 5), (2, 3)),
        Rule("new", (5, 5), (1, 1)),
        Rule("promising", (4, 4), (1, 1)),
        Rule("need_attention", (3, 3), (3, 3)),
        Rule("about_to_sleep", (3, 3), (1, 2)),
        Rule("cant_lose", (1, 2), (5, 5)),
        Rule("at_risk", (1, 2), (3, 4)),
        Rule("hibernating", (1, 2), (1, 2)),
    ),
)

NINE = RuleSet(
    "nine",
    tuple(
        Rule("new", (4, 5), (1, 1)) if rule.segment == "new" else rule
        for rule in TEN.rules
        if rule.segment != "promising"
    ),
)
