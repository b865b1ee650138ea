"""Merge tables on their way to disk: opaque ids in the place of both numbers."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue.sources.declared import Source
from habitue.staging.merges import NUMBERS
from habitue.workspace.engine import write_parquet
from habitue.workspace.people import People

MERGES = ("customer_system", "source_customer_id", "merged_into_id", "merged_on")
"""What a cycle is told of merged numbers."""


class MergeRows:
    """Writes the staged files of merge tables."""

    def __init__(self, backend: Any, people: People) -> None:
        self._backend, self._people = backend, people

    def write(self, source: Source, file_id: str, rows: ir.Table, path: Path) -> tuple[int, int]:
        """Write `MERGES` with source, file_id and row_number; rows kept, and rows of people who were erased.

        A row of which either number belonged to somebody who was erased is not kept.
        """
        system = source.customer_system or source.name
        written = rows.select(*NUMBERS).to_pyarrow()
        known = self._people.ids(system, pa.concat_arrays([written[n].combine_chunks() for n in NUMBERS]).to_pylist())
        table = self._backend.create_table(f"typed_ids_{uuid.uuid4().hex[:8]}", known, temp=True)
        old = table.select(customer_number="customer_number", old_id="source_customer_id")
        new = table.select(merged_into_number="customer_number", new_id="source_customer_id")
        kept = rows.join(old, "customer_number").join(new, "merged_into_number")
        count = write_parquet(
            self._backend,
            kept.select(
                source=ibis.literal(source.name),
                file_id=ibis.literal(file_id),
                row_number=kept["row_number"],
                customer_system=ibis.literal(system),
                source_customer_id=kept["old_id"],
                merged_into_id=kept["new_id"],
                merged_on=kept["merged_on"],
            ),
            path,
        )
        return count, written.num_rows - count
