"""Staged files: each file of a source read once, kept as Parquet under the digest of its content and settings."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow.compute as pc

from habitue.errors import DataError, HabitueError, Message, message
from habitue.sources import databases, declared, files
from habitue.sources.declared import Source
from habitue.sources.files import FoundFile
from habitue.staging.contact_events import stage_consents, stage_delivery_events
from habitue.staging.conventions import Conventions, Proved, decide, examine
from habitue.staging.customers import stage_customers
from habitue.staging.identifiers import cleaned, is_ruined
from habitue.staging.merges import stage_merges
from habitue.staging.references import refused_rows, stage_payments, stage_products, stage_rates, stage_stores
from habitue.staging.transactions import REFUSED, StagingSettings, stage_transactions
from habitue.workspace.address_hashes import AddressHashes
from habitue.workspace.contact_rows import KINDS as CONTACT_KINDS
from habitue.workspace.contact_rows import ContactRows
from habitue.workspace.engine import SPILL, in_order, write_parquet
from habitue.workspace.merge_rows import MergeRows
from habitue.workspace.opaque import with_opaque_ids
from habitue.workspace.people import PERSONAL, People

FOLDER, MAIN = "staged", "rows.parquet"
READER_VERSION = 3
NOT_IN_KEY = ("files", "export_date", "pays", "preset", "database", "table", "query")


@dataclass(frozen=True)
class StagedFile:
    """One staged file: where its Parquet files are, and how it was read."""

    source: Source
    file_id: str
    name: str
    folder: Path
    facts: Mapping[str, Any]
    is_reused: bool
    modified_at: float
    export_rank: int = 0
    exported_by: str = ""

    @property
    def main(self) -> Path:
        """The staged rows."""
        return self.folder / MAIN

    @property
    def refused(self) -> Path:
        """The refused rows and the rows that are no data."""
        return self.folder / "refused.parquet"

    @property
    def addresses(self) -> Path:
        """Of a customer file, the hashes of its addresses."""
        return self.folder / "addresses.parquet"


class Stage:
    """Stages the files of all sources of a project, or of a look that keeps nothing."""

    def __init__(
        self,
        backend: Any,
        project: Path,
        keep_in: Path,
        settings: StagingSettings,
        people: People,
        told: Callable[[Message], None] = lambda told: None,
        *,
        hashes: AddressHashes,
    ) -> None:
        self._backend, self._project, self._keep_in = backend, project, keep_in
        self._settings, self._people, self._told = settings, people, told
        self._ranks: Mapping[str, int] = {}
        self._hashes = hashes
        self._contacts = ContactRows(backend, people, hashes)

    def stage(self, sources: Sequence[Source]) -> list[StagedFile]:
        """Stage every file of every source; files read before are recognised by their content.

        Raises:
            DataError: all faults of all files, at once.
        """
        staged: list[StagedFile] = []
        faults: list[Message] = []
        with TemporaryDirectory(prefix=SPILL, dir=self._keep_in) as temporary:
            for source in sources:
                try:
                    staged += self._stage_source(source, Path(temporary))
                except HabitueError as fault:
                    if not isinstance(fault, DataError):
                        raise
                    faults += fault.messages
        if faults:
            raise DataError(*faults)
        return staged

    def _stage_source(self, source: Source, temporary: Path) -> list[StagedFile]:
        found = self._find(source, temporary)
        self._ranks = files.export_order(list(files.unique(found)), {}, source.export_date).ranks
        done: list[StagedFile] = []
        waiting: list[FoundFile] = []
        faults: list[Message] = []
        for file in files.unique(found):
            reused = self._reuse(source, file)
            if reused:
                done.append(reused)
            else:
                waiting.append(file)
        # A file that proves nothing waits until all the others have been read: what they prove does not depend on
        # their order.
        for last_round in (False, True):
            undecided: list[FoundFile] = []
            known = _proved([file.facts for file in done]) if last_round else Proved()
            for place, file in enumerate(waiting, start=1):
                self._told(
                    message("progress.reading", source=source.name, file=file.name, place=place, count=len(waiting))
                )
                try:
                    staged = self._read(source, file, known, final=last_round)
                except DataError as fault:
                    faults += fault.messages
                    continue
                if staged:
                    done.append(staged)
                else:
                    undecided.append(file)
            waiting = undecided
        if faults:
            raise DataError(*faults)
        return self._ranked(source, done)

    def _find(self, source: Source, temporary: Path) -> list[FoundFile]:
        if source.database:
            path = temporary / f"{source.name}.parquet"
            databases.snapshot(source, path)
            return [files.identify(path, source.name, source.table or f"{source.name} (query)")]
        return [files.identify(path, source.name) for path in files.find(self._project, source)]

    def _folder(self, source: Source, file: FoundFile) -> Path:
        settings = {k: v for k, v in asdict(source).items() if k not in NOT_IN_KEY}
        read_with = [READER_VERSION, settings, asdict(self._settings)]
        if source.kind in CONTACT_KINDS:
            read_with.append(self._hashes.mark)
        key = json.dumps(read_with, sort_keys=True, default=str)
        return self._keep_in / source.name / f"{file.file_id}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"

    def _reuse(self, source: Source, file: FoundFile) -> StagedFile | None:
        name = self._folder(source, file).relative_to(self._keep_in)
        for root in (self._keep_in, self._project / FOLDER):
            facts = root / name / "facts.json"
            if facts.exists():
                return _staged(source, file, root / name, facts.read_text("utf-8"), is_reused=True)
        return None

    def _read(self, source: Source, file: FoundFile, known: Proved, *, final: bool) -> StagedFile | None:
        into = f"raw_{uuid.uuid4().hex[:8]}"
        with in_order(self._backend):
            raw = files.read(self._backend, file, source, into)
        try:
            table, found = cleaned(raw.table), source.having(raw.names)
            decision = decide(examine(table, found), found, file.name, known)
            if decision.faults:
                if final:
                    raise DataError(*decision.faults)
                return None
            folder = self._folder(source, file)
            aside = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
            aside.mkdir(parents=True)
            try:
                facts = self._write(found, file, raw, table, decision.conventions, aside)
                told = json.dumps(facts, default=str, ensure_ascii=False)
                (aside / "facts.json").write_text(told, "utf-8")
                self._people.commit()
                aside.rename(folder)
            except BaseException:
                shutil.rmtree(aside, ignore_errors=True)
                raise
            return _staged(source, file, folder, told, is_reused=False)
        finally:
            self._forget(into)

    def _forget(self, into: str) -> None:
        for name, kind in self._backend.con.execute(
            "SELECT table_name, table_type FROM information_schema.tables WHERE starts_with(table_name, ?) "
            "OR table_name LIKE 'typed%' OR table_name LIKE 'stated%' ORDER BY table_type DESC",
            [into],
        ).fetchall():
            self._backend.con.execute(f'DROP {"VIEW" if kind == "VIEW" else "TABLE"} IF EXISTS "{name}"')

    def _write(
        self,
        source: Source,
        file: FoundFile,
        raw: files.RawTable,
        table: ir.Table,
        conventions: Conventions,
        into: Path,
    ) -> dict[str, Any]:
        proof = conventions.examined.order_proof()
        facts: dict[str, Any] = {
            "encoding": raw.encoding,
            "delimiter": raw.delimiter,
            "header_line": raw.header_line,
            "names": raw.names,
            "date_order": conventions.date_order if conventions.examined.dates else None,
            "date_proof": proof,
            "decimal_mark": conventions.decimal_mark(),
            "stated_total_amount": None,
            "latest_at": None,
            "rows": 0,
            "report_rows": 0,
            "ruined": 0,
            "raised": 0,
            "proved_order": conventions.examined.proved_order(),
            "proved_mark": conventions.examined.proved_mark(),
        }
        backend, kind = self._backend, source.kind
        rejected = raw.rejects.select(
            "row_number",
            column=ibis.null("string"),
            value=ibis.null("string") if _may_be_personal(source, raw.names) else raw.rejects["value"],
            reason="reason",
            source_amount=ibis.null("int64"),
            currency=ibis.null("string"),
        ).cast(REFUSED)
        refused = rejected
        if kind == "transactions":
            found = stage_transactions(table, source, conventions, self._settings, file.file_id)
            refused = found.refused.union(rejected)
            asides = found.asides
            lines, facts["erased"] = with_opaque_ids(backend, self._people, source, found.lines)
            facts["rows"] = write_parquet(backend, lines, into / "rows.parquet")
            written = backend.read_parquet(str(into / "rows.parquet"))
            seen = written.agg(
                latest=written["sold_at"].max(),
                derived=(written["row_number"] < 0).sum(),
                raised=((written["discount_amount"] < 0) & (written["gross_amount"] > 0)).sum(),
            )
            answer = seen.to_pyarrow().to_pylist()[0]
            facts["latest_at"] = answer["latest"].isoformat() if answer["latest"] else None
            facts["rows"] -= answer["derived"] or 0
            facts["raised"] = int(answer["raised"] or 0) if "discount_amount" in source.columns else 0
            stated = asides.filter(asides["reason"] == "total_row").order_by(ibis.desc("row_number")).limit(1)
            for row in stated.to_pyarrow().to_pylist():
                facts["stated_total_amount"] = row["source_amount"]
            facts["report_rows"] = int(asides.count().to_pyarrow().as_py())
            write_parquet(backend, asides, into / "asides.parquet")
            facts["ruined"] = self._ruined(table, source)
        elif kind == "customers":
            customers = stage_customers(table, source, conventions)
            refused = customers.refused.union(rejected)
            facts["erased"] = self._write_customers(source, file, customers.rows, into)
            facts["rows"] = customers.read
        elif kind in CONTACT_KINDS:
            if kind == "consents":
                found = stage_consents(table, source, conventions, self._settings)
                write = self._contacts.write_consents
            else:
                found = stage_delivery_events(table, source, conventions, self._settings)
                write = self._contacts.write_events
            written = write(source, file.file_id, found.rows, into / "rows.parquet")
            facts["rows"], facts["erased"] = written.kept + written.erased, written.erased
            refused = found.refused.union(written.refused).union(rejected)
        elif kind == "merges":
            found = stage_merges(table, source, conventions)
            merges = MergeRows(backend, self._people)
            kept, facts["erased"] = merges.write(source, file.file_id, found.rows, into / "rows.parquet")
            facts["rows"] = kept + facts["erased"]
            refused = found.refused.union(rejected)
        else:
            stage: Any = {
                "products": lambda: stage_products(table, source, conventions, self._settings.currency),
                "stores": lambda: stage_stores(table, source, conventions),
                "payments": lambda: stage_payments(table, source, conventions, self._settings.currency),
                "rates": lambda: stage_rates(table, source, conventions),
            }[kind]
            facts["rows"] = write_parquet(backend, stage(), into / "rows.parquet")
            refused = refused_rows(table, source, conventions).union(rejected)
        facts["rows"] += write_parquet(backend, refused, into / "refused.parquet")
        return facts

    def _write_customers(self, source: Source, file: FoundFile, rows: Any, into: Path) -> int:
        """Keep the rows of customers; how many are of people who were erased, and are not kept."""
        read = rows.to_pyarrow()
        known = self._people.ids(source.customer_system or source.name, read["customer_number"].to_pylist())
        ids = dict(zip(known["customer_number"].to_pylist(), known["source_customer_id"].to_pylist(), strict=True))
        found = read.filter(pc.is_in(read["customer_number"], value_set=known["customer_number"]))
        opaque = [ids[number] for number in found["customer_number"].to_pylist()]
        columns = [found["row_number"].to_pylist(), *(found[name].cast("string").to_pylist() for name in PERSONAL)]
        self._people.keep_customers(source.name, file.file_id, zip(opaque, *columns, strict=True), self._ranks)
        table = self._backend.create_table(f"typed_ids_{uuid.uuid4().hex[:8]}", known, temp=True)
        joined = rows.join(table, "customer_number")
        kept = joined.select(
            source=ibis.literal(source.name),
            customer_system=ibis.literal(source.customer_system or source.name),
            source_customer_id=joined["source_customer_id"],
            file_id=ibis.literal(file.file_id),
            row_number=joined["row_number"],
            enrolled_on=joined["enrolled_on"],
            store_id=joined["store_id"],
            population_label=joined["population_label"],
            has_email=joined["email"].notnull(),
            has_phone=joined["phone"].notnull(),
            has_address=joined["address"].notnull() & (joined["postcode"].notnull() | joined["city"].notnull()),
        )
        write_parquet(self._backend, kept, into / "rows.parquet")
        self._contacts.write_addresses(source, file.file_id, joined, into / "addresses.parquet")
        return read.num_rows - found.num_rows

    def _ruined(self, table: ir.Table, source: Source) -> int:
        """Codes that a spreadsheet turned into scientific notation, in customer and article columns."""
        headers = [header for column in ("source_customer_id", "sku") for header in source.headers(column)]
        counts = [is_ruined(table[header]).sum() for header in headers if table[header].type().is_string()]
        if not counts:
            return 0
        found = table.agg(**{f"column_{place}": count for place, count in enumerate(counts)})
        return sum(count or 0 for count in found.to_pyarrow().to_pylist()[0].values())

    def _ranked(self, source: Source, staged: list[StagedFile]) -> list[StagedFile]:
        found = [FoundFile(s.main, s.name, 0, s.modified_at, s.file_id, 0) for s in staged]
        latest = {
            s.file_id: datetime.fromisoformat(s.facts["latest_at"]) if s.facts["latest_at"] else None for s in staged
        }
        order = files.export_order(found, latest, source.export_date)
        return [replace(s, export_rank=order.ranks[s.file_id], exported_by=order.decided_by) for s in staged]


def _staged(source: Source, file: FoundFile, folder: Path, told: str, *, is_reused: bool) -> StagedFile:
    """A staged file, its source as this file has it."""
    facts = json.loads(told)
    found = source.having(facts["names"])
    return StagedFile(found, file.file_id, file.name, folder, facts, is_reused, file.modified_at)


def _proved(facts: Sequence[Mapping[str, Any]]) -> Proved:
    """What the files of a source have proved, if they agree."""
    orders = {fact["proved_order"] for fact in facts} - {None}
    marks = {fact["proved_mark"] for fact in facts} - {None}
    return Proved(orders.pop() if len(orders) == 1 else None, marks.pop() if len(marks) == 1 else None)


def _may_be_personal(source: Source, names: Sequence[str]) -> bool:
    """A whole line of the file may tell who somebody is: personal columns, or some whose meaning is not known."""
    return bool(declared.PERSONAL & {*source.columns}) or not {*names} <= {*source.wanted}
