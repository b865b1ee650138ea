"""Addresses of the erased in runs that are kept: hashes that lead nowhere take the place of theirs.

A run is never made again, and its figures stay; but whoever has the key and an address could find its hash there, and
with it the opaque id of the person. So each hash of theirs is replaced by one drawn at random, the same in all rows of
a run: rows, keys and counts stay as they were.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.workspace.engine import in_order
from habitue.workspace.keys import LENGTH

NAMED_BY = ("customer_id", "source_customer_id")


def replace_hashes(backend: Any, run: Path, ids: Collection[str], hashes: Collection[str]) -> int:
    """Replace the address hashes of people in every table of a run; how many rows had one.

    A row is theirs if it has one of the ids, or names nobody and has an address of theirs that nobody else has there.

    Args:
        backend: an open engine.
        run: the run's folder.
        ids: opaque ids of the people and of all their numbers.
        hashes: hashes of their addresses as known today.
    """
    tables = {path: names for path in sorted(run.glob("*.parquet")) if "address_hash" in (names := _names(path))}
    theirs, others = {*hashes}, set[str]()
    for path, names in tables.items():
        if named := [name for name in NAMED_BY if name in names]:
            found = pq.read_table(path, columns=[*named, "address_hash"])
            for row in found.group_by(found.column_names).aggregate([]).to_pylist():
                who = {row[name] for name in named} - {None}
                if who and row["address_hash"]:
                    (others if who.isdisjoint(ids) else theirs).add(row["address_hash"])
    drawn = {one: secrets.token_hex(LENGTH // 2) for one in sorted(theirs)}
    columns = {"old": pa.array([*drawn], pa.string()), "new": pa.array([*drawn.values()], pa.string()),
               "is_shared": pa.array([one in others for one in drawn], pa.bool_())}  # fmt: skip
    backend.con.register("drawn_hashes", pa.table(columns))
    backend.con.register("their_ids", pa.table({"id": pa.array(list(ids), pa.string())}))
    return sum(_replace(backend, path, names) for path, names in tables.items())


def _replace(backend: Any, path: Path, names: Collection[str]) -> int:
    named = [f't."{name}"' for name in NAMED_BY if name in names]
    mine = " OR ".join(f"{name} IN (SELECT id FROM their_ids)" for name in named) or "false"
    nobody = " AND ".join(f"{name} IS NULL" for name in named) or "true"
    is_theirs = f"d.old IS NOT NULL AND (coalesce({mine}, false) OR {nobody} AND NOT d.is_shared)"
    file, aside = str(path).replace("'", "''"), path.with_name(f".{path.name}")
    joined = f"read_parquet('{file}') t LEFT JOIN drawn_hashes d ON d.old = t.address_hash"
    (count,) = backend.con.execute(f"SELECT count(*) FILTER ({is_theirs}) FROM {joined}").fetchone()
    if count:
        hashed = f"t.* REPLACE (CASE WHEN {is_theirs} THEN d.new ELSE t.address_hash END AS address_hash)"
        target = str(aside).replace("'", "''")
        with in_order(backend):
            backend.con.execute(
                f"COPY (SELECT {hashed} FROM {joined}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
            )
        aside.replace(path)
    return count


def _names(path: Path) -> list[str]:
    return pq.read_schema(path).names
