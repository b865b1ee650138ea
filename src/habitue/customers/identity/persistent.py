"""Ids of persons that last: from run to run a person keeps the id most of its numbers had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.customers.identity.numbers import Codes
from habitue.portable import stored
from habitue.schemas import IDENTITY_CHANGES, PERSISTENT_IDS

Stands = tuple[str, date, date, str | None]
"""The person of a number, the day their id was first given, since when the number is theirs, whose it was before."""

MERGED, SPLIT, MOVED = "merged", "split", "moved"


@dataclass(frozen=True)
class Persistent:
    """`ids` (PERSISTENT_IDS) of this run and, kept for their return, of numbers that are gone; `changes`
    (IDENTITY_CHANGES): numbers that belong to another person than before."""

    ids: ir.Table
    changes: ir.Table


def persistent_ids(
    identities: ir.Table, previous: ir.Table | None, *, as_of: date, merges: ir.Table | None = None
) -> Persistent:
    """Give every person of IDENTITIES an id.

    Args:
        identities: IDENTITIES; records of nobody (no `cluster_id`) get none.
        previous: PERSISTENT_IDS of the run before; None at first.
        as_of: day of the run.
        merges: SOURCE_MERGES: a new person takes the number its system merged the others into.

    A person keeps the id most of its numbers had; of equally many the one given first, then the smaller id. Of the
    parts a person falls into the one with most of its numbers keeps the id (equally many: the one with the number that
    has been theirs longest, then with the smallest opaque id). A person without one takes the id its first number had
    before (so a merge taken back gives both their ids again), or the opaque id of that number: a number alone is its
    own person, as ever. Where that id is another's, the next number's; where all are, the first with `-2` … behind it.
    The order of rows plays no part. `joined_on` is the day of the run since which the number has been the person's.
    """
    now = identities.filter(identities.cluster_id.notnull()).select("source_customer_id", "cluster_id").distinct()
    rows = now.order_by("source_customer_id").to_pyarrow()
    numbers, label = rows["source_customer_id"].to_pylist(), _codes(rows["cluster_id"])
    before = _previous(previous)
    present = set(numbers)
    gone = {number: kept for number, kept in before.items() if number not in present}
    given = _first_given(before)
    chosen = _kept(numbers, label, before, given)
    former = {number: stands[3] for number, stands in before.items() if stands[3]}
    _name_new(numbers, label, chosen, {stands[0] for stands in gone.values()}, _finals(merges), former)
    ids = [chosen[at] for at in label.tolist()]
    kept = [
        *(
            (number, one, given.get(one, as_of), *_since(before.get(number), one, as_of))
            for number, one in zip(numbers, ids, strict=True)
        ),
        *((number, *stands) for number, stands in gone.items()),
    ]
    in_use, used_before = {row[1] for row in kept}, set(given)
    changed = [
        (number, *before[number][:2], one, _change(before[number][0], one, in_use, used_before), as_of)
        for number, one in zip(numbers, ids, strict=True)
        if number in before and before[number][0] != one
    ]
    return Persistent(_stored(PERSISTENT_IDS, kept, identities), _stored(IDENTITY_CHANGES, changed, identities))


def _kept(numbers: list[str], label: Codes, before: dict[str, Stands], given: dict[str, date]) -> dict[int, str]:
    """The id each cluster keeps, where it keeps one."""
    votes: dict[tuple[int, str], int] = {}
    since: dict[tuple[int, str], date] = {}
    for number, cluster in zip(numbers, label.tolist(), strict=True):
        if number in before:
            key = (cluster, before[number][0])
            votes[key] = votes.get(key, 0) + 1
            since[key] = min(before[number][2], since.get(key, before[number][2]))
    chosen: dict[int, str] = {}
    taken: set[str] = set()
    order = sorted(votes, key=lambda key: (-votes[key], given[key[1]], key[1], since[key], key[0]))
    for cluster, one in order:
        if cluster not in chosen and one not in taken:
            chosen[cluster] = one
            taken.add(one)
    return chosen


def _name_new(
    numbers: list[str],
    label: Codes,
    chosen: dict[int, str],
    reserved: set[str],
    finals: set[str],
    former: dict[str, str],
) -> None:
    """Ids for clusters without one, put into `chosen`."""
    taken = {*chosen.values(), *reserved}
    members: dict[int, list[str]] = {}
    for number, cluster in zip(numbers, label.tolist(), strict=True):
        if cluster not in chosen:
            members.setdefault(cluster, []).append(number)
    for cluster in sorted(members):
        own = sorted(members[cluster], key=lambda number: (number not in finals, number))
        wanted = [*(former[number] for number in own if number in former), *own]
        free = next((one for one in wanted if one not in taken), None)
        at = 2
        while free is None:
            free = f"{own[0]}-{at}" if f"{own[0]}-{at}" not in taken else None
            at += 1
        chosen[cluster] = free
        taken.add(free)


def _change(old: str, new: str, in_use: set[str], used_before: set[str]) -> str:
    if new not in used_before:
        return SPLIT
    return MOVED if old in in_use else MERGED


def _finals(merges: ir.Table | None) -> set[str]:
    return set() if merges is None else set(merges.select("final_id").to_pyarrow()["final_id"].to_pylist()) - {None}


def _first_given(before: dict[str, Stands]) -> dict[str, date]:
    """The day each id was first given."""
    days: dict[str, date] = {}
    for one, day, _, _ in before.values():
        days[one] = min(day, days.get(one, day))
    return days


def _since(before: Stands | None, one: str, as_of: date) -> tuple[date, str | None]:
    """Since when a number is a person's, and whose it was before."""
    if before is None:
        return as_of, None
    return (before[2], before[3]) if before[0] == one else (as_of, before[0])


def _previous(ids: ir.Table | None) -> dict[str, Stands]:
    if ids is None:
        return {}
    rows = ids.select(*PERSISTENT_IDS.names).to_pyarrow()
    columns = (rows[name].to_pylist() for name in rows.column_names)
    return {number: (one, given, since, former) for number, one, given, since, former in zip(*columns, strict=True)}


def _codes(column: pa.ChunkedArray) -> Codes:
    """Codes of texts in their order."""
    texts = pc.unique(column).sort()
    return np.asarray(pc.index_in(column, texts)).astype(np.int64)


def _stored(schema: Any, rows: list[tuple[Any, ...]], like: ir.Table) -> ir.Table:
    kinds = schema.ibis_schema().to_pyarrow()
    ordered = sorted(rows)
    arrays = [pa.array([row[at] for row in ordered], kind.type) for at, kind in enumerate(kinds)]
    return stored(pa.table(arrays, schema=kinds), schema.name, like=like)
