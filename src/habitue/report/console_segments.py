"""What `transitions` and `segmentations` print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from habitue.report.exports import text_table
from habitue.report.locale import Words
from habitue.segments.rule_sets import RuleSet, findings, rule_notes
from habitue.segments.strategic import NOT_YET, STRATEGIC
from habitue.segments.transitions import SMALL_ROW


def segment_name(words: Words, segmentation: str, segment: str) -> str:
    """A segment in words; one of a user's own as it is written."""
    return words.term("segment", f"{segmentation}.{segment}", default=segment)


def segment_lines(rows: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """One line a population: the strategic segments that have customers."""
    strategic = sorted((row for row in rows if row["segmentation"] == STRATEGIC), key=lambda row: row["place"])
    sizes: Counter[str] = Counter()
    for row in strategic:
        sizes[row["population"]] += row["customers_count"] if row["segment"] != NOT_YET else 0
    for population, customers in sizes.most_common():
        theirs = [row for row in strategic if row["population"] == population and row["customers_share"]]
        is_few = customers < SMALL_ROW
        told = [
            words.text(
                "console.run.few_segment" if is_few else "console.run.segment",
                name=segment_name(words, STRATEGIC, row["segment"]),
                count=row["customers_count"],
                customers=row["customers_share"],
                net=row["net_share"],
            )
            for row in theirs
        ]
        if told:
            name = words.term("population", population, default=population)
            code = "console.run.few" if is_few else "console.run.segments"
            yield words.text(code, population=name[:1].upper() + name[1:], segments="; ".join(told))


def transitions_lines(rows: Sequence[Mapping[str, Any]], words: Words) -> Iterator[str]:
    """One matrix a population: customers, and their share of the row; a dot where the definitions allow no move."""
    for population in dict.fromkeys(row["population"] for row in rows):
        theirs = [row for row in rows if row["population"] == population]
        first = theirs[0]
        segmentation = first["segmentation"]
        yield words.text(
            "cli.transitions.title",
            segmentation=words.term("segmentation", segmentation, default=segmentation),
            population=words.term("population", population, default=population),
            from_on=first["from_on"],
            to_on=first["to_on"],
        )
        order = list(dict.fromkeys(row["from_segment"] for row in theirs))
        cell = {(row["from_segment"], row["to_segment"]): row for row in theirs}
        lines = [
            [segment_name(words, segmentation, start), *(_cell(cell[start, end], words) for end in order)]
            for start in order
        ]
        headers = ["", *(segment_name(words, segmentation, end) for end in order)]
        yield from text_table(headers, lines, [False, *[True] * len(order)])
        yield ""


def _cell(row: Mapping[str, Any], words: Words) -> str:
    if row["is_impossible"] and not row["customers_count"]:
        return "·"
    count = words.number(row["customers_count"])
    if row["from_segment"] == NOT_YET or row["row_share"] is None:
        return count
    return f"{count} ({words.share(row['row_share'])})"


def segmentations_lines(rule_sets: Iterable[RuleSet], words: Words) -> Iterator[str]:
    """Each rule set with its segments, how many combinations of scores each has, and what is wrong with it."""
    for rules in rule_sets:
        found = findings(rules)
        yield f"{words.term('segmentation', rules.name, default=rules.name)} ({rules.name})"
        lines = [
            [segment_name(words, rules.name, segment), words.number(count)]
            for segment, count in [
                *found.combinations.items(),
                *([("unassigned", len(found.holes))] if found.holes else []),
            ]
        ]
        headers = [words.text("cli.segmentations.segment"), words.text("cli.segmentations.combinations")]
        yield from text_table(headers, lines, [False, True])
        told = rule_notes(rules)
        for note in told:
            yield f"{words.text('cli.warning')} {words.say(note)}"
        if not told:
            yield words.text("rules.exact", segmentation=rules.name)
        yield ""


def scored_lines(rows: Iterable[tuple[str, tuple[int, int, int]]], rules: RuleSet, words: Words) -> Iterator[str]:
    """Customers by name with their scores and their segment of one rule set, and the size of each segment."""
    lines, sizes = [], dict.fromkeys(rules.segments, 0)
    for name, scores in rows:
        segment = rules.segment_of(scores)
        sizes[segment] += 1
        lines.append([name, *map(str, scores), segment_name(words, rules.name, segment)])
    head = [words.term("column", "customer_id"), "R", "F", "M", words.text("cli.segmentations.segment")]
    yield f"{words.term('segmentation', rules.name, default=rules.name)} ({rules.name})"
    yield from text_table(head, lines, [False, True, True, True, False])
    counted = [[segment_name(words, rules.name, segment), words.number(count)] for segment, count in sizes.items()]
    yield from text_table([head[-1], words.term("column", "customers_count")], counted, [False, True])
    yield ""
