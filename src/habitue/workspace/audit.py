"""Acts on people's data, each proved by the audit log: when, what, how many rows in which store; not whose."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from habitue.workspace.catalogue import Catalogue
    from habitue.workspace.people import People
    from habitue.workspace.runs import Workspace

ERASE, OBJECT, EXPORT, RETENTION = "erase", "object", "export-subject", "retention"
ERASING = frozenset({ERASE, RETENTION})


@dataclass(frozen=True)
class Act:
    """One act: what was done at a moment (naive UTC), to how many people, and how many rows it met in which store."""

    audit_id: str
    recorded_at: datetime
    act: str
    people_count: int
    rows: Mapping[str, int]

    def plain(self) -> str:
        """As text."""
        return json.dumps({**asdict(self), "recorded_at": self.recorded_at.isoformat()})

    @classmethod
    def from_plain(cls, told: str) -> Act:
        """Back from `plain`."""
        values = json.loads(told)
        return cls(**{**values, "recorded_at": datetime.fromisoformat(values["recorded_at"])})


def act_of(act: str, people_count: int, rows: Mapping[str, int], at: datetime) -> Act:
    """An act, with an id that begins with its moment."""
    return Act(f"{at:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}", at, act, people_count, rows)


def now() -> datetime:
    """The moment, naive UTC, in whole seconds."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0)


@contextmanager
def acting(workspace: Workspace) -> Iterator[tuple[Catalogue, People]]:
    """The catalogue and the people store of a project, for one act while nothing else works on it.

    What a killed run or act has left is swept and settled first.

    Raises:
        UsageError: a run or another act is at work, or the folder cannot be written.
    """
    from habitue.workspace.catalogue import Catalogue
    from habitue.workspace.guards import disk_faults, locked
    from habitue.workspace.people import People

    with disk_faults(workspace.folder), locked(workspace.folder):
        catalogue = Catalogue(workspace.folder)
        try:
            workspace.sweep(catalogue)
            with People.open(workspace.folder) as people:
                settle(catalogue, people)
                yield catalogue, people
        finally:
            catalogue.close()


def settle(catalogue: Catalogue, people: People) -> None:
    """Finish acts that are committed in the people store: overwrite what they freed there, and record them."""
    acts = people.forgotten.unrecorded()
    if any(act.act in ERASING for act in acts):
        people.overwrite()
    for act in acts:
        catalogue.record(act)
    if acts:
        people.forgotten.recorded()
        people.commit()
