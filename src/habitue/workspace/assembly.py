"""From staged Parquet files to the tables a cycle takes: all lines, the latest customers, products and stores."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import schemas
from habitue.cycle import Staged
from habitue.portable import fingerprint
from habitue.staging.transactions import REFUSED
from habitue.workspace.merge_rows import MERGES
from habitue.workspace.staged import StagedFile


def staged_tables(backend: Any, files: list[StagedFile], refusals: pa.Table | None = None) -> Staged:
    """The staged files as the tables a cycle takes; `refusals` are CONSENT_EVENTS of files that are gone."""

    def of(kind: str) -> list[StagedFile]:
        return [file for file in files if file.source.kind == kind]

    def table(kind: str, schema: schemas.Schema, key: tuple[str, ...]) -> ir.Table | None:
        found = of(kind)
        return schema.cast(_latest(backend, found, key)) if found else None

    sales, paid, merged = of("transactions"), of("payments"), of("merges")
    lines = schemas.STAGED_LINES.cast(_all(backend, sales)) if sales else _nothing(backend, schemas.STAGED_LINES)
    refused = [backend.read_parquet(str(f.refused)).mutate(file_id=ibis.literal(f.file_id)) for f in files]
    all_refused = refused[0] if refused else _nothing(backend, REFUSED).mutate(file_id=ibis.literal(""))
    for more in refused[1:]:
        all_refused = all_refused.union(more)
    return Staged(
        lines=lines,
        refused=all_refused.select("file_id", *REFUSED.names),
        files=_files(backend, files),
        source_customers=table("customers", schemas.SOURCE_CUSTOMERS, ("source", "source_customer_id")),
        products=table("products", schemas.PRODUCTS, ("sku",)),
        stores=table("stores", schemas.STORES, ("store_id",)),
        payments=schemas.PAYMENTS.cast(_latest(backend, paid, ("source", "transaction_id"), rows=True))
        if paid
        else None,
        rates=table("rates", schemas.RATES, ("currency", "valid_from")),
        consents=_consents(backend, of("consents"), refusals),
        deliveries=_events(backend, of("delivery_events"), schemas.DELIVERY_EVENTS),
        addresses=_addresses(backend, of("customers")),
        merges=_latest(backend, merged, ("source", "source_customer_id"), rows=True).select(*MERGES)
        if merged
        else None,
    )


def _events(backend: Any, files: list[StagedFile], schema: schemas.Schema) -> ir.Table | None:
    """Every row of every file: an event sent twice is the same event still."""
    return schema.cast(_all(backend, files)) if files else None


def _consents(backend: Any, files: list[StagedFile], refusals: pa.Table | None) -> ir.Table | None:
    found = _events(backend, files, schemas.CONSENT_EVENTS)
    if refusals is None or not refusals.num_rows:
        return found
    kept = schemas.CONSENT_EVENTS.cast(backend.create_table(f"refusals_{uuid.uuid4().hex[:8]}", refusals, temp=True))
    return kept if found is None else found.union(kept)


def _addresses(backend: Any, files: list[StagedFile]) -> ir.Table | None:
    """The addresses of the customer rows that count: those of the latest export that has the customer."""
    if not files:
        return None
    every = backend.read_parquet([str(file.addresses) for file in files])
    kept = _latest(backend, files, ("source", "source_customer_id"))
    return schemas.CUSTOMER_ADDRESSES.cast(every.semi_join(kept, ["source", "source_customer_id", "file_id"]))


def _files(backend: Any, files: list[StagedFile]) -> ir.Table:
    rows = []
    of_source = Counter(file.source.name for file in files)
    for file in files:
        facts, proof = file.facts, file.facts.get("date_proof")
        order = facts["date_order"]
        if order and proof:
            order = f"{order} ({proof[0]}: {proof[1]})"
        rows.append(
            {
                "file_id": file.file_id,
                "source": file.source.name,
                "kind": file.source.kind,
                "file": file.name,
                "export_rank": file.export_rank,
                "exported_by": file.exported_by if of_source[file.source.name] > 1 else None,
                "rows": facts["rows"],
                "report_rows": facts["report_rows"],
                "encoding": facts["encoding"],
                "delimiter": facts["delimiter"],
                "header_line": facts["header_line"],
                "date_order": order,
                "decimal_mark": facts["decimal_mark"],
                "stated_total_amount": facts["stated_total_amount"],
                "is_reused": file.is_reused,
            }
        )
    arrow = pa.Table.from_pylist(rows, schema=schemas.FILES.ibis_schema().to_pyarrow())
    return backend.create_table(f"files_{uuid.uuid4().hex[:8]}", arrow, temp=True)


def _all(backend: Any, files: list[StagedFile]) -> ir.Table:
    return backend.read_parquet([str(file.main) for file in files])


def _nothing(backend: Any, schema: Any) -> ir.Table:
    shape = schema.ibis_schema() if isinstance(schema, schemas.Schema) else schema
    return backend.create_table(f"nothing_{uuid.uuid4().hex[:8]}", schema=shape, temp=True)


def _latest(backend: Any, files: list[StagedFile], key: tuple[str, ...], *, rows: bool = False) -> ir.Table:
    """For each key the latest export that has it: its last row, or all its rows."""
    parts = [
        backend.read_parquet(str(file.main)).mutate(_rank=ibis.literal(file.export_rank, "int64")) for file in files
    ]
    table = parts[0]
    for more in parts[1:]:
        table = table.union(more)
    if rows:
        found = table.group_by(mark=fingerprint(table, *key)).agg(first=table["_rank"].min(), last=table["_rank"].max())
        odd = found.filter(found["first"] < found["last"])
    else:
        found = table.group_by(key).agg(count=table.count())
        odd = found.filter(found["count"] > 1)
    if not odd.limit(1).count().to_pyarrow().as_py():  # the usual case: nothing to choose, no window over all rows
        return table.drop("_rank")
    if rows:
        ranked = table.mutate(_place=table["_rank"].max().over(group_by=key))
        return ranked.filter(ranked["_place"] == ranked["_rank"]).drop("_place", "_rank")
    order = [ibis.desc("_rank")]
    if "row_number" in table.columns:
        order.append(ibis.desc("row_number"))
    ranked = table.mutate(_place=ibis.row_number().over(group_by=key, order_by=order))
    return ranked.filter(ranked["_place"] == 0).drop("_place", "_rank")
