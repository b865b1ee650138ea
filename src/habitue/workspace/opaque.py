"""Opaque ids in place of customer numbers."""

from __future__ import annotations

import uuid
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from habitue.sources.declared import Source
from habitue.staging.transactions import ticket_key
from habitue.workspace.people import People


def with_opaque_ids(backend: Any, people: People, source: Source, lines: Any) -> tuple[Any, int]:
    """Staged lines with the opaque id in place of the customer number, and how many are of people who were erased.

    Those have no id: they count as unidentified, in their tickets and amounts as before.
    """
    numbers = lines.select("customer_number").distinct().filter(lambda t: t["customer_number"].notnull())
    asked = numbers.to_pyarrow()["customer_number"]
    known = people.ids(source.customer_system or source.name, asked.to_pylist())
    ids = backend.create_table(f"typed_ids_{uuid.uuid4().hex[:8]}", known, temp=True)
    joined = lines.left_join(ids, "customer_number")
    is_keyed = "source_customer_id" in source.transaction_key
    if is_keyed:
        joined = joined.mutate(transaction_id=ticket_key(joined, source, "source_customer_id"))
    erased = 0
    if known.num_rows < len(asked):
        gone = asked.filter(pc.invert(pc.is_in(asked, value_set=known["customer_number"])))
        buried = backend.create_table(
            f"typed_gone_{uuid.uuid4().hex[:8]}", pa.table({"customer_number": gone}), temp=True
        )
        erased = int(lines.semi_join(buried, "customer_number").count().to_pyarrow().as_py())
        if is_keyed and "line_number" not in source.columns:
            # Without its customer a ticket is one with the others of nobody: its lines are numbered together.
            place = ibis.row_number().over(group_by="transaction_id", order_by=["line_number", "row_number"])
            is_nobodys = joined["source_customer_id"].isnull()
            joined = joined.mutate(line_number=ibis.ifelse(is_nobodys, place + 1, joined["line_number"]))
    names = [name for name in lines.columns if name != "customer_number"]
    return joined.select(*names, "source_customer_id"), erased
