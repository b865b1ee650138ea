"""Erasing people: they and their numbers leave the people store, and no later reading brings them back.

What was staged of them is put away and read again by the next run, which finds a tombstone for their numbers and the
hashes of their addresses: tickets come in as unidentified, other rows are not kept. Runs keep their figures: the opaque
ids in them are nobody's, and hashes of their addresses give way to others that lead nowhere.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.customers.consent_signals import KIND_OF_CHANNEL
from habitue.errors import Message
from habitue.workspace import outside
from habitue.workspace.address_hashes import EMAIL, PHONE, AddressHashes
from habitue.workspace.audit import ERASE, Act, act_of, acting, now, settle
from habitue.workspace.consent_settings import region_of
from habitue.workspace.engine import engine
from habitue.workspace.frozen_addresses import replace_hashes
from habitue.workspace.keys import project_key
from habitue.workspace.outside import Holding
from habitue.workspace.staged import FOLDER, MAIN
from habitue.workspace.subjects import subject_of

if TYPE_CHECKING:
    from habitue.workspace.catalogue import Catalogue
    from habitue.workspace.people import People
    from habitue.workspace.runs import Workspace

MERGED_INTO = "merged_into_id"
OF_NUMBER = "source_customer_id IN (SELECT id FROM erasing)"
OF_ADDRESS = "source_customer_id IS NULL AND address_hash IN (SELECT hash FROM erasing_hashes)"


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
    known = AddressHashes(key, region)
    spelled = {normal for _, normal in known.normal_forms(details)}
    written = {*(value for _, value in details), *spelled, *(one.removeprefix("+") for one in spelled)}
    left = outside.holding(workspace, written, told)
    addresses = {*known.every(details), *people.consents.addresses(ids)}
    with engine(workspace.settings.engine, workspace.folder / FOLDER) as backend:
        addresses |= _staged_addresses(backend, workspace, ids, addresses)
        hashes = [one for _, one in addresses]
        rows = {"staged": _unstage(backend, workspace, ids, hashes)}
        changed = sum(replace_hashes(backend, workspace.run_folder(run), ids, hashes) for run in catalogue.runs())
    rows |= {"runs": changed} if changed else {}
    moment = now()
    deleted = people.forgotten.erase(ids, addresses, key, moment)
    rows |= {f"people.{name}": number for name, number in deleted.items() if number}
    rows["outside"] = sum(one.rows or 0 for one in left)
    done = act_of(act, count, rows, moment)
    people.forgotten.note(done)
    people.commit()
    settle(catalogue, people)
    return done, left


def _staged_addresses(
    backend: Any, workspace: Workspace, ids: Sequence[str], known: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Kind (email, phone) and hash of further addresses that staged files give to the people.

    Those that stand beside one of their numbers, and new ones that a change of one of their addresses leads to.
    """
    _register(backend, ids, [one for _, one in known])
    found: set[tuple[str, str]] = set()
    for path, names in _staged(workspace):
        if {"source_customer_id", "address_kind", "address_hash"} <= names:
            sql = f"SELECT DISTINCT address_kind, address_hash FROM read_parquet({_quoted(path)}) WHERE {OF_NUMBER}"
            found |= {*backend.con.execute(sql).fetchall()}
    _register(backend, ids, [one for _, one in (*known, *found) if one])
    for path, names in _staged(workspace):
        if "new_address_hash" in names:
            rows = backend.con.execute(
                f"SELECT DISTINCT contact_channel, new_address_hash FROM read_parquet({_quoted(path)}) "
                f"WHERE {OF_NUMBER} OR {OF_ADDRESS}"
            )
            found |= {(KIND_OF_CHANNEL[channel] or "", new) for channel, new in rows.fetchall()}
    return {(kind, one) for kind, one in found if kind in (EMAIL, PHONE) and one}


def _register(backend: Any, ids: Sequence[str], hashes: Sequence[str]) -> None:
    backend.con.register("erasing", pa.table({"id": pa.array(list(ids), pa.string())}))
    backend.con.register("erasing_hashes", pa.table({"hash": pa.array(list(hashes), pa.string())}))


def _unstage(backend: Any, workspace: Workspace, ids: Sequence[str], hashes: Sequence[str]) -> int:
    """Put away every staged file with rows of the people: it is read again. How many rows of theirs there were.

    A row is theirs if it has one of their numbers; or, naming nobody, one of their addresses.
    """
    _register(backend, ids, hashes)
    found, folders = 0, set[Path]()
    for path, names in _staged(workspace):
        if "source_customer_id" not in names:
            continue
        theirs = f"{OF_NUMBER} OR {OF_ADDRESS}" if "address_hash" in names else OF_NUMBER
        if MERGED_INTO in names:
            theirs = f"{theirs} OR {MERGED_INTO} IN (SELECT id FROM erasing)"
        sql = f"SELECT count(*) FROM read_parquet({_quoted(path)}) WHERE {theirs}"
        (rows,) = backend.con.execute(sql).fetchone()
        if rows:
            found += rows if path.name == MAIN else 0
            folders.add(path.parent)
    for folder in folders:
        shutil.rmtree(folder)
    return found


def _staged(workspace: Workspace) -> Iterator[tuple[Path, set[str]]]:
    """Every staged Parquet file, with its columns."""
    for path in sorted((workspace.folder / FOLDER).glob("*/*/*.parquet")):
        yield path, {*pq.read_schema(path).names}


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
