"""Erasing people: they and their numbers leave the people store, and no later reading brings them back.

What was staged of them is put away and read again by the next run, which finds a tombstone for their numbers: tickets
come in as unidentified, customer rows are not kept. Runs stay as they are: their opaque ids are nobody's.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.errors import Message
from habitue.workspace import outside
from habitue.workspace.addresses import address_hashes, region_of
from habitue.workspace.audit import ERASE, Act, act_of, acting, now, settle
from habitue.workspace.engine import engine
from habitue.workspace.keys import project_key
from habitue.workspace.outside import Holding
from habitue.workspace.staged import FOLDER
from habitue.workspace.subjects import subject_of

if TYPE_CHECKING:
    from habitue.workspace.catalogue import Catalogue
    from habitue.workspace.people import People
    from habitue.workspace.runs import Workspace


@dataclass(frozen=True)
class Erased:
    """What was erased.

    Attributes:
        act: the act as the audit log has it.
        outside: files that are not the workspace's and still hold them.
        sharing: opaque ids of other customers with the same e-mail address or telephone number.
    """

    act: Act
    outside: tuple[Holding, ...]
    sharing: tuple[str, ...]


def erase(workspace: Workspace, asked: str, told: Callable[[Message], None]) -> Erased:
    """Erase one person, named in the ways of `explain`.

    Raises:
        UsageError: nobody or several people are meant, or a run is at work.
    """
    with acting(workspace) as (catalogue, people):
        subject = subject_of(workspace, people, asked)
        sharing = people.sharing(subject.ids)
        everything = [subject.customer_id, *subject.ids]
        act, left = erase_people(workspace, catalogue, people, everything, count=1, act=ERASE, told=told)
        return Erased(act, left, sharing)


def erase_people(
    workspace: Workspace,
    catalogue: Catalogue,
    people: People,
    ids: Sequence[str],
    *,
    count: int,
    act: str,
    told: Callable[[Message], None],
) -> tuple[Act, tuple[Holding, ...]]:
    """Erase people, in one transaction of the people store: the act, and the files outside that still hold them.

    Killed before its commit, nobody is erased, and files are read again; killed after it, the next run or act finishes.

    Args:
        workspace: the project, locked.
        catalogue: its catalogue.
        people: its people store.
        ids: opaque ids of the people and of all their numbers.
        count: how many people they are.
        act: what the audit log calls it.
        told: hears what is being done.
    """
    key, region = project_key(workspace.folder), region_of(workspace.settings.project.time_zone)
    details = [*people.contact_details(ids)]
    left = outside.holding(workspace, [value for _, value in details], told)
    rows = {"staged": _unstage(workspace, ids)}
    moment = now()
    deleted = people.forgotten.erase(ids, {*address_hashes(key, details, region)}, key, moment)
    rows |= {f"people.{name}": number for name, number in deleted.items() if number}
    rows["outside"] = sum(one.rows or 0 for one in left)
    done = act_of(act, count, rows, moment)
    people.forgotten.note(done)
    people.commit()
    settle(catalogue, people)
    return done, left


def _unstage(workspace: Workspace, ids: Sequence[str]) -> int:
    """Put away every staged file with rows of the people: it is read again. How many rows of theirs it had."""
    found = 0
    with engine(workspace.settings.engine, workspace.folder / FOLDER) as backend:
        backend.con.register("erasing", pa.table({"id": pa.array(list(ids), pa.string())}))
        for path in sorted((workspace.folder / FOLDER).glob("*/*/*.parquet")):
            if not path.exists() or "source_customer_id" not in pq.read_schema(path).names:
                continue
            file = str(path).replace("'", "''")
            (rows,) = backend.con.execute(
                f"SELECT count(*) FROM read_parquet('{file}') WHERE source_customer_id IN (SELECT id FROM erasing)"
            ).fetchone()
            if rows:
                found += rows
                shutil.rmtree(path.parent)
    return found
