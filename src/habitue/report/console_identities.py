"""What `habitue identity` prints: the pairs that wait, two records side by side, what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from habitue.report.exports import text_table
from habitue.report.locale import NO_VALUE, Words
from habitue.workspace.decision_records import DIFFERENT, PAIR, SAME

if TYPE_CHECKING:
    import pyarrow as pa

    from habitue.workspace.identity_decisions import Decided, Record, Review

FIELDS = ("first_name", "last_name", "birth_date", "email", "phone", "address", "postcode", "city")
SKIP, QUIT = "skip", "quit"
ANSWERS = (SAME, DIFFERENT, SKIP, QUIT)


def review_lines(found: Review, words: Words) -> Iterator[str]:
    """The pairs that wait, by opaque ids."""
    if found.pairs:
        names = ("rank", *PAIR, "rule", "match_probability", "reason", "net_amount", "points")
        currency = found.run.manifest["currency"]
        yield from text_table(
            [words.term("column", f"identity_review.{name}") for name in names],
            [
                [
                    words.number(row["rank"]),
                    *(row[name] for name in PAIR),
                    words.term("identity_rule", row["rule"]),
                    words.share(row["match_probability"]),
                    words.term("identity_reason", row["reason"]),
                    words.money(row["net_amount"], currency),
                    words.number(row["points"]),
                ]
                for row in found.pairs
            ],
            [True, False, False, False, True, False, True, True],
        )
    yield waiting_line(found, words)


def waiting_line(found: Review, words: Words) -> str:
    """How many pairs wait, and how many were decided since the run."""
    told = words.text("identity_console.waiting", count=len(found.pairs))
    if found.decided_count:
        told += " " + words.text("identity_console.decided_since", count=found.decided_count)
    return told


def pair_lines(row: Mapping[str, Any], place: int, found: Review, words: Words) -> Iterator[str]:
    """One pair: why it waits, what is at stake, both records side by side. Personal data."""
    yield from why_lines(row, place, found, words)
    head = ["", words.text("identity_console.one"), words.text("identity_console.other"), ""]
    yield from text_table(head, [list(one) for one in side_by_side(row, found, words)], [False] * 4)


def why_lines(row: Mapping[str, Any], place: int, found: Review, words: Words) -> Iterator[str]:
    """Why a pair waits, and what is at stake."""
    yield words.text(
        "identity_console.pair",
        place=place,
        count=len(found.pairs),
        rule=words.term("identity_rule", row["rule"]),
        share=row["match_probability"],
        reason=words.term("identity_reason", row["reason"]),
    )
    stakes = words.money(row["net_amount"], found.run.manifest["currency"])
    code = "identity_console.stakes_consent" if row["moves_consent"] else "identity_console.stakes"
    yield words.text(code, net=stakes, points=row["points"])


def side_by_side(row: Mapping[str, Any], found: Review, words: Words) -> Iterator[tuple[str, str, str, str]]:
    """Both records of a pair, field by field: its name, one side, the other, whether they agree. Personal data."""
    one, other = (found.records[row[name]] for name in PAIR)
    yield words.text("subject.head.number"), _number(one), _number(other), ""
    yield words.term("column", "source"), _joined(one, "source"), _joined(other, "source"), ""
    for name in FIELDS:
        if any(_joined(side, name) for side in (one, other)):
            told = _value(one, name, words), _value(other, name, words)
            yield words.text(f"subject.field.{name}"), *told, _agreement(name, row, words)


def answers(words: Words) -> dict[str, str]:
    """What may be typed, in the reader's language or in English, and what it means."""
    typed = {word: answer for answer in ANSWERS for word in words.text(f"identity_answer.{answer}").split()}
    return {answer: answer for answer in ANSWERS} | typed


def decided_lines(done: Decided, words: Words) -> Iterator[str]:
    """That decisions are remembered, and when they work."""
    yield words.text("identity_console.decided", count=done.added)
    if done.count > done.added:
        yield words.text("identity_console.unchanged", count=done.count - done.added)
    if done.added:
        yield words.text("identity_console.next_run")


def decisions_lines(found: pa.Table, words: Words) -> Iterator[str]:
    """What was decided, and how it is taken back."""
    rows = found.to_pylist()
    if not rows:
        yield words.text("identity_console.nothing_decided")
        return
    yield from text_table(
        [
            words.text("identity_console.decided_at"),
            *(words.term("column", name) for name in (*PAIR, "decision")),
            words.text("identity_console.origin"),
        ],
        [
            [
                words.date(row["decided_at"]),
                *(row[name] for name in PAIR),
                words.term("identity_decision", row["decision"]),
                words.term("decision_origin", row["origin"]),
            ]
            for row in rows
        ],
        [False] * 5,
    )
    yield words.text("identity_console.withdraw")


def _number(record: Record) -> str:
    return f"{record.customer_system}:{record.customer_number}"


def _joined(record: Record, name: str) -> str:
    """The different values the sources have, in their order."""
    return " / ".join(dict.fromkeys(value for row in record.rows if (value := row[name])))


def _value(record: Record, name: str, words: Words) -> str:
    told = _joined(record, name)
    if name == "birth_date":
        return " / ".join(words.date(date.fromisoformat(day)) for day in told.split(" / ") if day) or NO_VALUE
    return told or NO_VALUE


def _agreement(name: str, row: Mapping[str, Any], words: Words) -> str:
    """Whether the field agrees, nearly or not at all, as the run compared it; postcode and town go with the address."""
    agreeing, differing = (row["agreeing"] or "").split(), (row["differing"] or "").split()
    for told, code in (
        (name in agreeing, "agrees"),
        (f"~{name}" in agreeing, "nearly"),
        (name in differing, "differs"),
    ):
        if told:
            return words.text(f"identity_console.{code}")
    return ""
