"""Everything a project holds of one person, and their objection to marketing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from habitue import schemas
from habitue.errors import UsageError
from habitue.workspace import explanations
from habitue.workspace.address_hashes import AddressHashes
from habitue.workspace.audit import OBJECT, Act, act_of, acting, now, settle
from habitue.workspace.consent_settings import region_of
from habitue.workspace.explained import Explanation
from habitue.workspace.keys import FILE_NAME, kept_key
from habitue.workspace.people import People
from habitue.workspace.published import Published
from habitue.workspace.subjects import UNKNOWN_TO_RUN, Subject, subject_of

if TYPE_CHECKING:
    from habitue.workspace.catalogue import Run
    from habitue.workspace.runs import Workspace

FACTS = frozenset({
    "transaction_lines", "returns", "customer_days", "visits", "customers", "customer_ids", "source_customers",
    "payments", "day_changes",
})  # fmt: skip
"""Tables that tell what happened, the same in every run: they are given once. Others say what a run thought of it."""

OF_NUMBERS = ("source_customer_id", "other_source_customer_id", "merged_into_id", "final_id")
"""Columns with the opaque id of a customer number."""


@dataclass(frozen=True)
class Held:
    """What is held of one person. Personal data.

    Attributes:
        customer_id: opaque id of the person.
        people: rows of theirs in the people store, by table.
        runs: rows of theirs in the tables of runs, by table, with `run_id` and `as_of`: of the last run, and where the
            table is a run's opinion of every run.
        explanation: what the last run says of them; None where it does not know them.
        run: the last run, or None.
        product_names: names of the articles they bought, by SKU.
    """

    customer_id: str
    people: Mapping[str, pa.Table]
    runs: Mapping[str, pa.Table]
    explanation: Explanation | None
    run: Run | None
    product_names: Mapping[str, str]

    @property
    def rows(self) -> dict[str, int]:
        """Rows by store, as the audit log names them."""
        stores = (("people", self.people), ("run", self.runs))
        return {f"{store}.{name}": one.num_rows for store, tables in stores for name, one in tables.items()}


@dataclass(frozen=True)
class Objected:
    """An objection: the moment (naive UTC), how many numbers of the person it covers, and the act."""

    captured_at: datetime
    numbers_count: int
    act: Act


def object_to_marketing(workspace: Workspace, asked: str) -> Objected:
    """Record that a person, named in the ways of `explain`, objects to marketing and to profiling for it.

    Raises:
        UsageError: nobody or several people are meant, or a run is at work.
    """
    with acting(workspace) as (catalogue, people):
        subject, moment = subject_of(workspace, people, asked), now()
        count = people.forgotten.object(subject.ids, moment)
        act = act_of(OBJECT, 1, {"people.objections": count}, moment)
        people.forgotten.note(act)
        people.commit()
        settle(catalogue, people)
        return Objected(moment, len(subject.ids), act)


def held_of(workspace: Workspace, people: People, asked: str) -> Held:
    """Everything held of the person that is asked for in the ways of `explain`.

    Raises:
        UsageError: nobody or several people are meant.
    """
    subject, published, runs = subject_of(workspace, people, asked), Published(workspace), workspace.runs()
    last = runs[-1] if runs else None
    hashes = _address_hashes(workspace, people, subject, last)
    found: dict[str, list[pa.Table]] = {}
    for run in runs:
        for schema in schemas.PUBLIC:
            if (run is last or schema.name not in FACTS) and published.has(run, schema.name):
                rows = _rows(published, run, schema, subject, hashes)
                if rows is not None and rows.num_rows:
                    found.setdefault(schema.name, []).append(rows)
    tables = {name: pa.concat_tables(parts, promote_options="permissive") for name, parts in found.items()}
    told = _explanation(published, last, subject) if last else None
    theirs = people.held([subject.customer_id, *subject.ids], hashes)
    return Held(subject.customer_id, theirs, tables, told, last, _product_names(published, last, tables))


def _address_hashes(workspace: Workspace, people: People, subject: Subject, run: Run | None) -> list[str]:
    """Keyed hashes of the person's addresses, those that the last run knows too; none where the project has no key."""
    if not (workspace.folder / FILE_NAME).exists():
        return []
    hashes = AddressHashes(kept_key(workspace.folder), region_of(workspace.settings.project.time_zone))
    known = {*hashes.every(people.contact_details(subject.ids)), *people.consents.addresses(subject.ids)}
    found, published = {one for _, one in known}, Published(workspace)
    if run is not None and published.has(run, "consent_status"):
        sql = "SELECT address_hash FROM {consent_status} WHERE customer_id = ? AND address_hash IS NOT NULL"
        found |= {*published.query(run, sql, [subject.customer_id])["address_hash"].to_pylist()}
    return sorted(found)


def _rows(
    published: Published, run: Run, schema: schemas.Schema, subject: Subject, hashes: Sequence[str]
) -> pa.Table | None:
    """Rows of the person in a table, of their tickets, or of their addresses where nobody is named; None if it is not
    about people.
    """
    values: list[Any] = [run.run_id, run.as_of]
    if "customer_id" in schema.names:
        where, values = "customer_id = ?", [*values, subject.customer_id]
    elif "source_customer_id" in schema.names:
        columns = [name for name in OF_NUMBERS if name in schema.names]
        where = " OR ".join(f"{name} IN (SELECT unnest(?))" for name in columns)
        values += [list(subject.ids)] * len(columns)
        if "address_hash" in schema.names:
            where += " OR source_customer_id IS NULL AND address_hash IN (SELECT unnest(?::VARCHAR[]))"
            values.append(list(hashes))
    elif "address_hash" in schema.names:
        where, values = "address_hash IN (SELECT unnest(?::VARCHAR[]))", [*values, list(hashes)]
    elif schema.name == "payments" and published.has(run, "transaction_lines"):
        tickets = "SELECT source, transaction_id FROM {transaction_lines} WHERE customer_id = ?"
        where, values = f"(source, transaction_id) IN ({tickets})", [*values, subject.customer_id]
    else:
        return None
    order = ", ".join(f'"{name}"' for name in schema.key)
    sql = f"SELECT ? AS run_id, ?::DATE AS as_of, * FROM {{{schema.name}}} WHERE {where} ORDER BY {order}"
    return published.query(run, sql, values)


def _product_names(published: Published, run: Run | None, tables: Mapping[str, pa.Table]) -> dict[str, str]:
    if run is None or "transaction_lines" not in tables or not published.has(run, "products"):
        return {}
    sql = "SELECT sku, product_name FROM {products} WHERE product_name IS NOT NULL AND sku IN (SELECT unnest(?))"
    bought = tables["transaction_lines"]["sku"].drop_null().unique().to_pylist()
    return {row["sku"]: row["product_name"] for row in published.query(run, sql, [bought]).to_pylist()}


def _explanation(published: Published, run: Run, subject: Subject) -> Explanation | None:
    try:
        return explanations.told_of(published, run, subject.customer_id)
    except UsageError as fault:
        if UNKNOWN_TO_RUN & {told.code for told in fault.messages}:
            return None
        raise
