"""What the people store tells a cycle, in temporary tables of the engine: who is who, who is young, who objects."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue.customers.who_is_who import Known
from habitue.cycle import Staged
from habitue.periods import months_before
from habitue.schemas import PERSISTENT_IDS
from habitue.workspace.people import People


def known(backend: Any, people: People, staged: Staged, before: tuple[Path, date] | None) -> Known:
    """What is known about who is who.

    Args:
        backend: the engine.
        people: the people store.
        staged: the sources' tables: rows of files that are gone are not compared.
        before: folder and as-of date of the run before. Its numbers that the people store no longer has (somebody was
            erased) are left out.
    """
    records, previous = None, None
    if before:
        previous = lasting_ids(backend, *before, alone=staged.source_customers is not None)
    if staged.source_customers is not None:
        written = _kept(backend, "written", people.attributes())
        rows = staged.source_customers.select("source", "source_customer_id", "customer_system", "store_id")
        records = rows.inner_join(written, ["source", "source_customer_id"])
        records = records.mutate(birth_date=records["birth_date"].try_cast("date"))
    if previous is not None:
        stored = _kept(backend, "numbers", people.numbers().select(["source_customer_id"]))
        previous = previous.semi_join(stored, "source_customer_id")
    decided = people.decisions.current()
    return Known(
        records=records,
        previous=previous,
        decisions=_kept(backend, "decisions", decided) if decided.num_rows else None,
        merges=staged.merges,
    )


def minors(backend: Any, people: People, years: int, as_of: date) -> ir.Table:
    """`source_customer_id` of those too young to be written to.

    Args:
        backend: the engine.
        people: the people store.
        years: age from which one is not (0: age is not looked at).
        as_of: the day of knowledge.
    """
    young = people.born_after(months_before(as_of, 12 * years)) if years else []
    return _kept(backend, "minors", pa.table({"source_customer_id": pa.array(young, pa.string())}))


def objected(backend: Any, people: People) -> ir.Table | None:
    """Objections recorded by a command (see `contactable.Told`); None without one."""
    found = people.forgotten.objections()
    return _kept(backend, "objections", found) if found.num_rows else None


def suppressed(backend: Any, people: People) -> ir.Table | None:
    """Addresses of people who were erased (see `contactable.Told`); None without one."""
    found = people.forgotten.suppressed()
    return _kept(backend, "suppressed", found) if found.num_rows else None


def lasting_ids(backend: Any, folder: Path, as_of: date, *, alone: bool) -> ir.Table | None:
    """PERSISTENT_IDS of a run's folder.

    Args:
        backend: the engine.
        folder: the run's folder.
        as_of: the run's as-of date.
        alone: of a run that did not resolve identities, each number as the person it was; else nothing.
    """
    if (folder / "persistent_ids.parquet").exists():
        return backend.read_parquet(str(folder / "persistent_ids.parquet"))
    if not alone or not (folder / "customer_ids.parquet").exists():
        return None
    ids = backend.read_parquet(str(folder / "customer_ids.parquet"))
    day = ibis.literal(as_of)
    named = ids.filter(ids["customer_id"].notnull())
    return PERSISTENT_IDS.cast(named.mutate(given_on=day, joined_on=day, former_id=ibis.null("string")))


def _kept(backend: Any, name: str, rows: pa.Table) -> ir.Table:
    return backend.create_table(f"{name}_{uuid.uuid4().hex[:8]}", rows, temp=True)
