"""A person's decisions about who is who: the pairs that wait, and what is decided of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from habitue.customers.identity.settings import RULES
from habitue.errors import Message, UsageError, message
from habitue.workspace.audit import acting, now
from habitue.workspace.decision_records import DECISIONS, DIFFERENT, PAIR, SAME, Decision, decided
from habitue.workspace.people import People
from habitue.workspace.published import Published
from habitue.workspace.small_files import csv_rows

if TYPE_CHECKING:
    import pyarrow as pa

    from habitue.workspace.catalogue import Run
    from habitue.workspace.runs import Workspace

REVIEW = "identity_review"
COLUMNS = ("one", "other", "decision")
"""Columns of a file of decisions."""


@dataclass(frozen=True)
class Record:
    """A customer number and its rows in customer files, by source; empty values are None. Personal data."""

    customer_system: str
    customer_number: str
    rows: tuple[Mapping[str, str | None], ...]


@dataclass(frozen=True)
class Review:
    """The pairs of a run that wait for a decision.

    Attributes:
        run: the run.
        pairs: rows of IDENTITY_REVIEW that are not decided yet and whose numbers are both still held, most at stake
            first.
        decided_count: pairs of the run that were decided since.
        records: what is held of each number, by opaque id, if it was asked for. Personal data.
    """

    run: Run
    pairs: tuple[Mapping[str, Any], ...]
    decided_count: int
    records: Mapping[str, Record]


@dataclass(frozen=True)
class Asked:
    """A decision as it is asked for: two numbers in the ways of `explain`, a word; `place` says where in a file."""

    one: str
    other: str
    decision: str
    place: str | None = None


@dataclass(frozen=True)
class Decided:
    """How many pairs were asked for, and how many of them were not decided so before."""

    count: int
    added: int


def review(workspace: Workspace, *, rule: str | None = None, personal_data: bool = False) -> Review:
    """The pairs of the last run that wait for a decision.

    Args:
        workspace: the project.
        rule: only those of one rule.
        personal_data: with what is held of each number.

    Raises:
        UsageError: there is no run, the last one has no such list, or no such rule.
    """
    run, published = workspace.find_run(None), Published(workspace)
    if rule is not None and rule not in RULES:
        raise UsageError(message("identity.rule_unknown", received=rule, valid=list(RULES)))
    if not published.has(run, REVIEW):
        raise UsageError(message("identity.no_review", run_id=run.run_id))
    rows = published.query(run, f"SELECT * FROM {{{REVIEW}}} ORDER BY rank").to_pylist()
    done = {(row[PAIR[0]], row[PAIR[1]]) for row in decided(workspace.folder).to_pylist()}
    of_rule = [row for row in rows if rule in (None, row["rule"])]
    numbers = People.numbers_of(workspace.folder, {row[name] for row in of_rule for name in PAIR})
    held = [row for row in of_rule if all(row[name] in numbers for name in PAIR)]
    left = waiting(held, done)
    records: dict[str, Record] = {}
    if personal_data:
        theirs = People.rows_of(workspace.folder, {row[name] for row in left for name in PAIR})
        records = {one: Record(*numbers[one], tuple(theirs.get(one, ()))) for row in left for one in _pair(row)}
    return Review(run, tuple(left), len(held) - len(left), records)


def waiting(rows: Iterable[Mapping[str, Any]], done: set[tuple[str, str]]) -> list[Mapping[str, Any]]:
    """Rows of IDENTITY_REVIEW without those whose pair is decided."""
    return [row for row in rows if _pair(row) not in done]


def decisions(workspace: Workspace) -> pa.Table:
    """What holds: decided_at (naive UTC), source_customer_id, other_source_customer_id, decision, origin; the newest
    first. What was taken back is not in it."""
    return decided(workspace.folder)


def decide(workspace: Workspace, asked: Sequence[Asked], origin: str) -> Decided:
    """Remember decisions, all or none of them; the next run applies them.

    Args:
        workspace: the project.
        asked: the decisions.
        origin: where they were made (ORIGINS of `decision_records`).

    Raises:
        UsageError: all faults at once: a number that nobody or several systems have, a number with itself, an unknown
            word, a pair decided in two ways. Or a run is at work.
    """
    systems = {source.customer_system or source.name for source in workspace.settings.sources}
    with acting(workspace) as (_, people):
        found = people.decisions.named(form for one in asked for text in (one.one, one.other) for form in forms(text))
        meant, faults = decisions_meant(asked, found, lambda text: people.forgotten.is_erased(systems, text))
        if faults:
            raise UsageError(*faults)
        return _kept(people, meant, origin)


def decide_rule(workspace: Workspace, rule: str, decision: str, agreed: int) -> Decided:
    """Decide all pairs of one rule that wait in the last run.

    Args:
        workspace: the project.
        rule: the rule.
        decision: same or different.
        agreed: how many pairs were agreed to.

    Raises:
        UsageError: no such rule or word, more or fewer pairs wait by now, no list of pairs, or a run is at work.
    """
    if decision not in (SAME, DIFFERENT):
        raise UsageError(message("identity.rule_decision", received=decision, valid=f"{SAME}, {DIFFERENT}"))
    with acting(workspace) as (_, people):
        left = review(workspace, rule=rule).pairs
        if len(left) != agreed:
            raise UsageError(message("identity.others_waiting", confirmed=agreed, count=len(left)))
        return _kept(people, [Decision.of(*_pair(row), decision) for row in left], "rule")


def read_decisions(path: Path) -> list[Asked]:
    """Decisions of a CSV file with the columns one, other, decision; rows without a word in any of them are none.

    Raises:
        UsageError: it cannot be read, or lacks a column.
    """
    reader = csv_rows(path, path.name)
    if isinstance(reader, Message):
        raise UsageError(reader)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        told = {"missing": ", ".join(missing), "expected": ", ".join(COLUMNS)}
        raise UsageError(message("rules.columns", file=path.name, **told))
    found = []
    for row in reader:
        one, other, decision = ((row[name] or "").strip() for name in COLUMNS)
        if one or other or decision:
            found.append(Asked(one, other, decision, f"{path.name}:{reader.line_num}"))
    return found


def forms(text: str) -> list[str]:
    """What a number may be that is asked for: itself, or what follows its customer system; or an opaque id."""
    asked = text.strip()
    number = asked.partition(":")[2]
    return [one.lower() if "@" in one else one for one in (asked, number) if one]


def decisions_meant(
    asked: Sequence[Asked], found: Mapping[str, Mapping[str, str]], is_erased: Callable[[str], bool]
) -> tuple[list[Decision], list[Message]]:
    """The decisions that are meant, each pair once, and every fault. No fault says a number.

    Args:
        asked: the decisions.
        found: as `DecisionRecords.named` gives it.
        is_erased: whether somebody of a number was erased.
    """
    meant: dict[tuple[str, str], tuple[Decision, Asked]] = {}
    faults: list[Message] = []
    for one in asked:
        ends: list[str] = []
        for name, text in (("one", one.one), ("other", one.other)):
            place = f"{one.place} {name}" if one.place else name.upper()
            end = _number_meant(text, place, found, is_erased)
            if isinstance(end, Message):
                faults.append(end)
            else:
                ends.append(end)
        word, place = one.decision.strip().lower(), f"{one.place} decision" if one.place else "DECISION"
        if word not in DECISIONS:
            faults.append(message("setting.choices", place=place, value=one.decision, choices=", ".join(DECISIONS)))
            continue
        if len(ends) < 2:
            continue
        decision = Decision.of(ends[0], ends[1], word)
        if ends[0] == ends[1]:
            faults.append(message("identity.with_itself", place=one.place or "OTHER"))
        elif decision.pair not in meant:
            meant[decision.pair] = decision, one
        elif meant[decision.pair][0] != decision:
            first = meant[decision.pair][1].place
            faults.append(message("identity.decided_twice", place=one.place, first=first))
    return [decision for decision, _ in meant.values()], faults


def _number_meant(
    text: str, place: str, found: Mapping[str, Mapping[str, str]], is_erased: Callable[[str], bool]
) -> str | Message:
    """The opaque id of the number that is asked for, in the ways of `explain`."""
    asked = text.strip()
    if not asked:
        return message("identity.number_missing", place=place)
    whole, *rest = forms(asked)
    systems = {system: one for system, one in found.get(whole, {}).items() if system}
    if not systems and rest:
        system = asked.partition(":")[0]
        systems = {name: one for name, one in found.get(rest[0], {}).items() if name == system}
    if len(systems) > 1:
        return message("identity.number_of_several", place=place, systems=sorted(systems))
    if systems:
        return next(iter(systems.values()))
    if "" in found.get(whole, {}):
        return whole
    return message("identity.number_erased" if is_erased(asked) else "identity.number_unknown", place=place)


def _kept(people: People, meant: Sequence[Decision], origin: str) -> Decided:
    added = people.decisions.add(meant, now(), origin)
    people.commit()
    return Decided(len(meant), added)


def _pair(row: Mapping[str, Any]) -> tuple[str, str]:
    return row[PAIR[0]], row[PAIR[1]]
