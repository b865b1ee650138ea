"""Rule sets tried on all 125 combinations; expected values by enumeration."""

from __future__ import annotations

from itertools import product

from habitue.segments.rule_sets import Rule, RuleSet, findings, rule_notes
from habitue.segments.standard import NINE, TEN

EVERY = list(product(range(1, 6), repeat=3))


def test_the_standard_sets_are_exact_partitions() -> None:
    for rules, count in ((TEN, 10), (NINE, 9)):
        found = findings(rules)
        assert (found.holes, found.overlaps, found.unreachable) == ((), (), ())
        assert sum(found.combinations.values()) == 125
        assert len(rules.segments) == count
        assert rule_notes(rules) == []


def test_the_ten_segments_by_the_public_grid() -> None:
    grid = {  # recency: segments of frequency 1 to 5
        1: ["hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"],
        2: ["hibernating", "hibernating", "at_risk", "at_risk", "cant_lose"],
        3: ["about_to_sleep", "about_to_sleep", "need_attention", "loyal", "loyal"],
        4: ["promising", "potential_loyalists", "potential_loyalists", "loyal", "loyal"],
        5: ["new", "potential_loyalists", "potential_loyalists", "champions", "champions"],
    }
    for r, f, m in EVERY:
        assert TEN.segment_of((r, f, m)) == grid[r][f - 1]
        assert NINE.segment_of((r, f, m)) == grid[r][f - 1].replace("promising", "new")


def test_a_segment_behind_a_wider_one_is_unreachable() -> None:
    rules = RuleSet("own", (Rule("all"), Rule("best", (5, 5), (5, 5), (5, 5))))
    found = findings(rules)
    assert found.combinations == {"all": 125, "best": 0}
    assert found.unreachable == ("best",)
    assert found.overlaps == ((5, 5, 5),)
    assert [note.code for note in rule_notes(rules)] == ["rules.overlaps", "rules.unreachable"]


def test_several_rules_may_give_one_segment() -> None:
    rules = RuleSet("own", (Rule("ends", (1, 1)), Rule("ends", (5, 5)), Rule("ends", (5, 5), (5, 5))))
    found = findings(rules)
    assert found.combinations == {"ends": 50}
    assert found.overlaps == ()
    assert rules.segments == ("ends", "unassigned")
