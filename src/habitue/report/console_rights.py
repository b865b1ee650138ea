"""What `erase`, `object`, `export-subject` and `retention` print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from habitue.report.exports import text_table
from habitue.report.locale import Words

if TYPE_CHECKING:
    from habitue.workspace.audit import Act
    from habitue.workspace.erasure import Erased
    from habitue.workspace.held import Objected
    from habitue.workspace.outside import Holding
    from habitue.workspace.retention import Retention


def erased_lines(done: Erased, words: Words) -> Iterator[str]:
    """What was erased, what is left outside, and who else has the same addresses."""
    yield words.text("rights.erased", count=sum(_people_rows(done.act).values()))
    yield from _proof(done.act, words)
    yield words.text("rights.next_run")
    yield from _outside(done.outside, words)
    if done.sharing:
        yield words.text("rights.sharing", count=len(done.sharing), ids=", ".join(done.sharing))


def objected_lines(done: Objected, words: Words) -> Iterator[str]:
    """That the objection stands, and from when on it works."""
    yield words.text("rights.objected", count=done.numbers_count)
    yield from _proof(done.act, words)
    yield words.text("rights.objected_next")


def retention_lines(found: Retention, words: Words, *, listed: bool) -> Iterator[str]:
    """How many people are past the period, by system and reason; each of them if asked; what was done."""
    count = found.people.num_rows
    months = {f"{reason}s": number for reason, number in found.months.items()}
    yield words.text("retention.found", count=count, as_of=found.as_of, **months)
    if found.counts:
        yield from text_table(
            [words.text(f"retention.head.{name}") for name in ("system", "reason", "people")],
            [
                [row["customer_system"], words.term("retention", row["reason"]), words.number(row["people_count"])]
                for row in found.counts
            ],
            [False, False, True],
        )
    if found.undated_count:
        yield words.text("retention.undated", count=found.undated_count)
    if listed and count:
        yield from text_table(
            [words.text(f"retention.head.{name}") for name in ("customer", "reason", "last")],
            [
                [row["customer_id"], words.term("retention", row["reason"]), words.date(row["last_on"])]
                for row in found.people.to_pylist()
            ],
            [False, False, False],
        )
    if found.act is not None:
        yield words.text("retention.erased", count=count)
        yield from _proof(found.act, words)
        yield words.text("rights.next_run")
        yield from _outside(found.outside, words)


def _people_rows(act: Act) -> dict[str, int]:
    return {store: rows for store, rows in act.rows.items() if store.startswith("people.")}


def _proof(act: Act, words: Words) -> Iterator[str]:
    """The act's rows of the audit log."""
    yield words.text("rights.proof", audit_id=act.audit_id)
    heads = [words.text(f"rights.head.{name}") for name in ("store", "rows")]
    yield from text_table(heads, [[store, words.number(rows)] for store, rows in act.rows.items()], [False, True])


def _outside(left: Sequence[Holding], words: Words) -> Iterator[str]:
    if not left:
        yield words.text("rights.nothing_outside")
        return
    yield words.text("rights.outside", count=len(left))
    for one in left:
        if one.rows is None:
            yield "  " + words.text("rights.unreadable", name=one.name)
        else:
            yield "  " + words.text("rights.holds", name=one.name, count=one.rows)
