"""Consent and delivery files on their way to disk: opaque ids for numbers, keyed hashes for addresses, no text kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import schemas
from habitue.customers.bounces import PERMANENT, bounce_class
from habitue.customers.consent_signals import KIND_OF_CHANNEL, SEVERITY, events_from
from habitue.customers.replies import meaning
from habitue.portable import materialise
from habitue.sources.declared import SUBJECT, Source
from habitue.staging.contact_words import REFUSALS
from habitue.staging.transactions import REFUSED
from habitue.workspace.address_hashes import AddressHashes
from habitue.workspace.engine import write_parquet
from habitue.workspace.people import People

KINDS = ("customers", "consents", "delivery_events")
"""Kinds of source whose staged files hold hashes: read anew under another key."""

COLUMN = {"email": "email", "phone": "phone", "postal": "address"}


@dataclass(frozen=True)
class Written:
    """What became of a file's rows: rows kept, the refused (REFUSED), and how many are about people who were erased.

    Those bear a customer number that the people store gives no id, or name nobody but an address of somebody erased, up
    to the moment of it: nothing of them is kept.
    """

    kept: int
    refused: ir.Table
    erased: int


class ContactRows:
    """Writes the staged files of consents, delivery events and the addresses of customers."""

    def __init__(self, backend: Any, people: People, hashes: AddressHashes) -> None:
        self._backend, self._people, self._hashes = backend, people, hashes

    def write_addresses(self, source: Source, file_id: str, rows: ir.Table, path: Path) -> None:
        """CUSTOMER_ADDRESSES of a customer file, staged, with opaque ids in `source_customer_id`."""
        texts: dict[str, Any] = {
            "email": rows["email"],
            "phone": rows["phone"],
            "postal": _joined([rows["address"], rows["postcode"], rows["city"]], needed=rows["address"]),
        }
        wide = rows.select("source_customer_id", **texts)
        parts = []
        for kind in texts:
            some = self._hashed(wide.filter(wide[kind].notnull()), {kind: kind})
            parts.append(
                some.select(
                    source=ibis.literal(source.name),
                    customer_system=ibis.literal(source.customer_system or source.name),
                    source_customer_id="source_customer_id",
                    file_id=ibis.literal(file_id),
                    address_kind=ibis.literal(kind),
                    address_hash=f"{kind}_hash",
                    takes_sms=f"{kind}_sms",
                )
            )
        table = parts[0].union(parts[1]).union(parts[2])
        write_parquet(self._backend, schemas.CUSTOMER_ADDRESSES.cast(table), path)

    def write_consents(self, source: Source, file_id: str, rows: ir.Table, path: Path) -> Written:
        """CONSENT_EVENTS of a staged consent file.

        Proof references, which may tell who somebody is, go to the people store.
        """
        table, erased = self._with_subjects(source, rows)
        bad = table["is_unreadable"]
        kept = table.filter(~bad)
        self._keep_proofs(source, file_id, kept)
        events = self._named(schemas.CONSENT_EVENTS, source, file_id, kept)
        self._keep_refusals(source, file_id, events)
        count = write_parquet(self._backend, events, path)
        return Written(count, self._refused(source, table.filter(bad), "address_unreadable", SUBJECT[1:]), erased)

    def write_events(self, source: Source, file_id: str, rows: ir.Table, path: Path) -> Written:
        """DELIVERY_EVENTS of a staged delivery file. No text is kept.

        Of a bounce the class is kept, of a reply what it asks for, of a new address its hash.
        """
        table, erased = self._with_subjects(source, rows)
        bounced = self._looked_up(table, "bounced", ("detail", "remark"), lambda d, r: bounce_class(d or "", r or ""))
        replied = self._looked_up(bounced, "replied", ("detail",), lambda text: meaning(text or ""))
        table = self._with_new_address(replied)
        asked: Any = table["replied_found"]
        table = table.mutate(
            event=ibis.ifelse(asked.isin(("opted_out", "restarted")), asked, table["event"]),
            needs_review=asked.fill_null("") == "unclear",
            bounce_class=table["bounced_found"],
        )
        undated = table["happened_at"].isnull() & ~(
            table["event"].isin(REFUSALS)
            | (table["bounce_class"] == PERMANENT).fill_null(False)
            | table["needs_review"]
        )
        table = materialise(table.mutate(is_undated=undated), "typed_events")
        undated = table["is_undated"]
        kept = table.filter(~undated & ~table["is_unreadable"])
        events = self._named(schemas.DELIVERY_EVENTS, source, file_id, kept)
        (said,) = events_from(None, events, unclear_stops=False)
        self._keep_refusals(source, file_id, said)
        count = write_parquet(self._backend, events, path)
        refused = self._refused(source, table.filter(table["is_unreadable"]), "address_unreadable", SUBJECT[1:])
        late = table.filter(undated & ~table["is_unreadable"])
        return Written(count, refused.union(self._refused(source, late, "date_missing", ("happened_at",))), erased)

    def _with_subjects(self, source: Source, rows: ir.Table) -> tuple[ir.Table, int]:
        """Opaque ids and hashes in the place of numbers and addresses, and how many rows are of people erased.

        `address_kind` and `address_hash` are of the contact channel's own kind of address, else (to find the person by)
        of the first address that is there, if no number is. `is_unreadable`: an address is written that is none, and
        nothing else says who it is; with a number too, a refusal stays the person's, and anything else is refused.
        `is_suppressed`: a refusal without a day that names an address of somebody erased alone; it may be another's.
        """
        numbers = rows.select("customer_number").distinct().filter(lambda t: t["customer_number"].notnull())
        known = self._people.ids(
            source.customer_system or source.name, numbers.to_pyarrow()["customer_number"].to_pylist()
        )
        table = rows.left_join(self._stored(known), "customer_number")
        table = table.select(*rows.columns, "source_customer_id")
        is_gone = table["customer_number"].notnull() & table["source_customer_id"].isnull()
        erased = int(table.filter(is_gone).count().to_pyarrow().as_py())
        table = self._with_suppressed(self._hashed(table.filter(~is_gone), COLUMN))
        is_theirs = table["is_suppressed"] & ~(table["happened_at"].isnull() & table["event"].isin(REFUSALS))
        erased += int(table.filter(is_theirs).count().to_pyarrow().as_py())
        table = table.filter(~is_theirs)
        own = ibis.cases(
            *[(table["contact_channel"] == channel, kind) for channel, kind in KIND_OF_CHANNEL.items() if kind],
            else_=ibis.null("string"),
        )
        table = table.mutate(own_kind=own)
        written = ibis.cases(*[(table["own_kind"] == k, table[c].notnull()) for k, c in COLUMN.items()], else_=False)
        own_hash = ibis.cases(*[(table["own_kind"] == k, table[f"{k}_hash"]) for k in COLUMN], else_=None)
        some_kind = ibis.cases(*[(table[f"{k}_hash"].notnull(), k) for k in COLUMN], else_=ibis.null("string"))
        table = table.mutate(own_written=written, own_hash=own_hash, some_kind=some_kind)
        has_number = table["source_customer_id"].notnull()
        kind = ibis.cases(
            (table["own_hash"].notnull(), table["own_kind"]), (has_number, ibis.null("string")),
            else_=table["some_kind"],
        )  # fmt: skip
        table = table.mutate(address_kind=kind)
        table = table.mutate(
            address_hash=ibis.cases(
                *[(table["address_kind"] == k, table[f"{k}_hash"]) for k in COLUMN], else_=ibis.null("string")
            )
        )
        nobody = table["source_customer_id"].isnull() & table["address_hash"].isnull()
        is_refusal = table["event"].isin(REFUSALS)
        unread = table["own_written"] & table["own_hash"].isnull() & ~is_refusal
        done = table.mutate(is_unreadable=(nobody | unread).fill_null(False))
        return materialise(done, "typed_subjects"), erased

    def _with_suppressed(self, table: ir.Table) -> ir.Table:
        """`is_suppressed`: the row names nobody but an address of somebody erased, not later than they were."""
        suppressed = self._people.forgotten.suppressed()
        if not suppressed.num_rows:
            return table.mutate(is_suppressed=ibis.literal(False))
        known = self._stored(suppressed)
        columns = table.columns
        for kind in COLUMN:
            here = known.filter(known["address_kind"] == kind).select(
                **{f"{kind}_suppressed": "address_hash", f"{kind}_since": "since"}
            )
            table = table.left_join(here, table[f"{kind}_hash"] == here[f"{kind}_suppressed"])
        since = [table[f"{kind}_since"] for kind in COLUMN]
        last = ibis.greatest(*(ibis.coalesce(one, *since) for one in since))
        at: Any = table["happened_at"]
        is_theirs = table["source_customer_id"].isnull() & last.notnull() & (at.isnull() | (at <= last))
        return materialise(table.select(*columns, is_suppressed=is_theirs), "typed_suppressed")

    def _with_new_address(self, table: ir.Table) -> ir.Table:
        """`new_address_hash` of changes of address that give the new one."""
        changed = table.filter((table["event"] == "address_changed") & table["detail"].notnull())
        pairs = changed.select("own_kind", "detail").distinct().to_pyarrow()
        found = [
            (kind, detail, self._hashes.of(kind, detail)[0])
            for kind, detail in zip(pairs["own_kind"].to_pylist(), pairs["detail"].to_pylist(), strict=True)
            if kind
        ]
        names = ("new_kind", "new_detail", "new_address_hash")
        known = self._stored(pa.table({n: pa.array([r[i] for r in found], pa.string()) for i, n in enumerate(names)}))
        wide = table.left_join(
            known,
            [
                table["event"] == "address_changed",
                table["own_kind"] == known["new_kind"],
                table["detail"] == known["new_detail"],
            ],
        )
        return wide.select(*table.columns, "new_address_hash")

    def _looked_up(self, table: ir.Table, event: str, texts: Sequence[str], look: Callable[..., str]) -> ir.Table:
        """A column `{event}_found`: what `look` makes of the texts of the rows with that event, each text once."""
        named = {f"{event}_{text}": table[text].fill_null("") for text in texts}
        cases = table.filter(table["event"] == event).select(**named).distinct().to_pyarrow()
        rows = list(zip(*(cases[name].to_pylist() for name in named), strict=True))
        columns = {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(named)}
        columns[f"{event}_found"] = pa.array([look(*row) for row in rows], pa.string())
        known = self._stored(pa.table(columns))
        wide = table.left_join(
            known, [table["event"] == event, *(table[t].fill_null("") == known[f"{event}_{t}"] for t in texts)]
        )
        return wide.select(*table.columns, f"{event}_found")

    def _hashed(self, table: ir.Table, columns: Mapping[str, str]) -> ir.Table:
        """Columns `{kind}_hash` and `{kind}_sms` beside the addresses as written, each spelling looked at once."""
        for kind, column in columns.items():
            written = table.select(column).distinct().filter(lambda t, c=column: t[c].notnull()).to_pyarrow()[column]
            spellings = written.to_pylist()
            found = [self._hashes.of(kind, spelling) for spelling in spellings]
            known = self._stored(
                pa.table(
                    {
                        f"{kind}_written": pa.array(spellings, pa.string()),
                        f"{kind}_hash": pa.array([hashed for hashed, _ in found], pa.string()),
                        f"{kind}_sms": pa.array([sms for _, sms in found], pa.bool_()),
                    }
                )
            )
            wide = table.left_join(known, table[column] == known[f"{kind}_written"])
            table = wide.select(*table.columns, f"{kind}_hash", f"{kind}_sms")
        return table

    def _keep_proofs(self, source: Source, file_id: str, kept: ir.Table) -> None:
        proofs = kept.filter(kept["proof_reference"].notnull() & ~kept["is_suppressed"])
        names = ("row_number", "source_customer_id", "address_hash", "proof_reference")
        found = proofs.select(*names).to_pyarrow()
        self._people.consents.keep_proofs(
            source.name, file_id, zip(*(found[name].to_pylist() for name in names), strict=True)
        )

    def _keep_refusals(self, source: Source, file_id: str, events: ir.Table) -> None:
        refusals = events.filter(events["event"].isin(SEVERITY)).to_pyarrow()
        self._people.consents.keep_refusals(source.name, file_id, refusals)

    def _named(self, schema: schemas.Schema, source: Source, file_id: str, rows: ir.Table) -> ir.Table:
        return schema.cast(rows.mutate(source=ibis.literal(source.name), file_id=ibis.literal(file_id)))

    def _refused(self, source: Source, rows: ir.Table, reason: str, names: Sequence[str]) -> ir.Table:
        headers = " / ".join(header for name in names for header in source.headers(name)) or None
        return rows.select(
            "row_number",
            column=ibis.literal(headers, "string"),
            value=ibis.null("string"),
            reason=ibis.literal(reason),
            source_amount=ibis.null("int64"),
            currency=ibis.null("string"),
        ).cast(REFUSED)

    def _stored(self, rows: pa.Table) -> ir.Table:
        return self._backend.create_table(f"typed_known_{uuid.uuid4().hex[:8]}", rows, temp=True)


def _joined(parts: Sequence[Any], *, needed: Any) -> Any:
    text: Any = ibis.literal("")
    for part in parts:
        text = text + ibis.literal(" ") + part.fill_null("")
    return ibis.ifelse(needed.isnull(), ibis.null("string"), text.strip())
