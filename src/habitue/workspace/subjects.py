"""The person an act is about: everything that belongs to one customer, however they are named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from habitue.errors import UsageError, message
from habitue.workspace import explanations
from habitue.workspace.people import People
from habitue.workspace.published import Published

if TYPE_CHECKING:
    from habitue.workspace.runs import Workspace

UNKNOWN_TO_RUN = frozenset({"explain.unknown", "explain.not_in_run"})


@dataclass(frozen=True)
class Subject:
    """One person: the opaque id in the last run, or of their one number; and those of all their customer numbers."""

    customer_id: str
    ids: tuple[str, ...]


def subject_of(workspace: Workspace, people: People, asked: str) -> Subject:
    """The person that is asked for, in the ways of `explain`; one that the last run does not know, by their number.

    Raises:
        UsageError: nothing was asked, several people are meant, or nothing is held of anybody of that name.
    """
    asked, runs = asked.strip(), workspace.runs()
    found = _in_run(workspace, asked) if runs else None
    if found is None:
        if not asked:
            raise UsageError(message("explain.empty"))
        found = _in_store(workspace, asked)
    known = People.numbers_of(workspace.folder, found.ids)
    if known:
        return Subject(found.customer_id, tuple(sorted(known)))
    systems = {source.customer_system or source.name for source in workspace.settings.sources}
    code = "rights.erased_before" if people.forgotten.is_erased(systems, asked) else "rights.nobody"
    raise UsageError(message(code, customer=asked))


def _in_run(workspace: Workspace, asked: str) -> Subject | None:
    published, run = Published(workspace), workspace.find_run(None)
    try:
        customer_id = explanations.find(published, run, asked)
    except UsageError as fault:
        if UNKNOWN_TO_RUN & {told.code for told in fault.messages}:
            return None
        raise
    sql = "SELECT source_customer_id FROM {customer_ids} WHERE customer_id = ?"
    found = published.query(run, sql, [customer_id])["source_customer_id"].to_pylist()
    return Subject(customer_id, tuple(found))


def _in_store(workspace: Workspace, asked: str) -> Subject:
    """By the number, or SYSTEM:NUMBER, or the opaque id."""
    number, numbers = asked, People.with_number(workspace.folder, asked)
    if not numbers and ":" in asked:
        system, _, number = asked.partition(":")
        numbers = [found for found in People.with_number(workspace.folder, number) if found[0] == system]
    if len(numbers) > 1:
        choices = ", ".join(f"{system}:{number}" for system, _ in numbers)
        raise UsageError(message("explain.several", customer=asked, choices=choices))
    ids = [source_id for _, source_id in numbers] or [asked]
    return Subject(ids[0], tuple(ids))
