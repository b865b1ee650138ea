"""Customer rows for tests of identity, and persons as sets of numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import ibis
import pyarrow as pa

from habitue.customers.identity.resolve import Identities, resolve_identities
from habitue.customers.normal_forms.tables import RAW, Regions, normal_forms

AS_OF = date(2024, 12, 31)
KINDS = {"birth_date": pa.date32(), "net_amount": pa.int64(), "points": pa.int64(), "has_consent": pa.bool_()}
SCHEMA = pa.schema([(name, KINDS.get(name, pa.string())) for name in RAW])


def records(con: Any, rows: Iterable[Mapping[str, Any]]) -> Any:
    """A table of raw customer rows; `id` names the number, source and system default to "crm"."""
    filled = []
    for row in rows:
        given = {"source": "crm", "source_customer_id": row.get("id"), **row}
        given = {"customer_system": given["source"], **given}
        filled.append({name: given.get(name) or None for name in RAW})
    return con.create_table(ibis.util.gen_name("records"), pa.Table.from_pylist(filled, schema=SCHEMA))


def resolved(con: Any, rows: Iterable[Mapping[str, Any]], *, region: str = "FR", **settings: Any) -> Identities:
    """Identities of raw rows."""
    normal = normal_forms(records(con, rows), as_of=AS_OF, regions=Regions(default=region))
    return resolve_identities(normal, **settings)


def persons(found: Identities) -> set[frozenset[str]]:
    """The numbers of each person."""
    groups: dict[str, set[str]] = defaultdict(set)
    for row in found.identities.to_pyarrow().to_pylist():
        if row["cluster_id"] is not None:
            groups[row["cluster_id"]].add(row["source_customer_id"])
    return {frozenset(group) for group in groups.values()}


def pairs(found: Identities) -> dict[tuple[str, str], dict[str, Any]]:
    """Rows of IDENTITY_PAIRS by their numbers."""
    rows = found.pairs.to_pyarrow().to_pylist()
    return {(row["source_customer_id"], row["other_source_customer_id"]): row for row in rows}


def decisions(con: Any, *rows: tuple[str, str, str]) -> Any:
    """A table of decisions."""
    names = ("source_customer_id", "other_source_customer_id", "decision")
    table = pa.table({name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(names)})
    return con.create_table(ibis.util.gen_name("decisions"), table)
