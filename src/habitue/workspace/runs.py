"""Runs: read the sources, run one cycle, keep its tables; nothing half-done is ever visible."""

from __future__ import annotations

import importlib.metadata
import json
import secrets
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from habitue.cycle import Cycle, CycleSettings, default_as_of, run_cycle
from habitue.errors import DataError, Message, UsageError, message
from habitue.periods import horizon_end
from habitue.segments.channel_weights import decisions_from
from habitue.segments.schemes import calibrations_from
from habitue.value.track_record import NO_RECORD
from habitue.workspace import calendar_settings, config, people_facts, promises
from habitue.workspace.address_hashes import AddressHashes
from habitue.workspace.assembly import staged_tables
from habitue.workspace.audit import settle
from habitue.workspace.catalogue import FILE_NAME as CATALOGUE
from habitue.workspace.catalogue import Catalogue, Run
from habitue.workspace.config import Settings
from habitue.workspace.consent_settings import consent_settings, region_of
from habitue.workspace.engine import BY_PERSON, SPILL, Keeper, engine, write_parquet
from habitue.workspace.guards import disk_faults, locked
from habitue.workspace.identity_settings import who_settings
from habitue.workspace.keys import FILE_NAME as KEY
from habitue.workspace.keys import project_key
from habitue.workspace.people import People
from habitue.workspace.staged import FOLDER, Stage, StagedFile

RUNS = "runs"
FAR_FROM_LAST_DAYS = 60
Teller = Callable[[Message], None]


@dataclass(frozen=True)
class Looked:
    """What a look at the sources, or a run, found: tables in memory (Arrow), manifest, faults beyond tolerance."""

    tables: Mapping[str, Any]
    manifest: Mapping[str, Any]
    faults: tuple[Message, ...]


def today(settings: Settings) -> date:
    """The stores' day now: the day of reading."""
    return datetime.now(ZoneInfo(settings.project.time_zone)).date()


class Workspace:
    """A project folder: its settings, staged files, people store, runs and catalogue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.settings = config.read(folder)

    def check(self, as_of: date | None, told: Teller) -> Looked:
        """Read every source and say what is there; keep nothing in the project."""
        with (
            tempfile.TemporaryDirectory(prefix="habitue-check-") as temporary,
            People.copy(self.folder) as people,
            engine(self.settings.engine) as backend,
            disk_faults(Path(temporary)),
        ):
            cycle, manifest = self._cycle(backend, Path(temporary), people, as_of, self.runs(), told)
            tables = {name: table.to_pyarrow() for name, table in cycle.tables.items() if name in SHOWN_BY_CHECK}
            return Looked(tables, manifest, cycle.faults)

    def run(
        self,
        as_of: date | None,
        told: Teller,
        *,
        recalibrate: bool = False,
        finish: Callable[[Path, Mapping[str, Any]], None],
    ) -> Run:
        """Run one cycle and keep it. `finish` adds its documents to the run's folder before the run exists.

        The thresholds of the strategic segments are those of the run before (by as-of date), unless `recalibrate`.

        Raises:
            UsageError: another run is at work, the folder cannot be written, or the disk is full.
            DataError: faults of the data, or more refused than the tolerance: nothing is kept of the run.
        """
        with disk_faults(self.folder), locked(self.folder):
            catalogue = Catalogue(self.folder)
            try:
                self.sweep(catalogue)
                return self._run(catalogue, as_of, told, finish, recalibrate)
            finally:
                catalogue.close()

    def _run(
        self,
        catalogue: Catalogue,
        as_of: date | None,
        told: Teller,
        finish: Callable[[Path, Mapping[str, Any]], None],
        recalibrate: bool,
    ) -> Run:
        started = datetime.now(UTC).replace(tzinfo=None)
        earlier = catalogue.runs()
        run_id = f"{started:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
        folder = self.folder / RUNS / run_id
        staged_in = self.folder / FOLDER
        staged_in.mkdir(exist_ok=True)
        with People.open(self.folder) as people, engine(self.settings.engine, staged_in) as backend:
            settle(catalogue, people)
            keeper = Keeper(backend)
            cycle, manifest = self._cycle(backend, staged_in, people, as_of, earlier, told, recalibrate, keeper)
            if cycle.faults:
                raise DataError(*cycle.faults)
            told(message("progress.writing"))
            folder.mkdir(parents=True)
            try:
                rows = {
                    name: write_parquet(backend, table, folder / f"{name}.parquet", order_by=BY_PERSON.get(name))
                    for name, table in cycle.tables.items()
                    if name not in keeper
                }
                rows |= keeper.move(folder)
                manifest = {
                    **manifest,
                    "run_id": run_id,
                    "created_at": started.isoformat(timespec="seconds"),
                    "rows": rows,
                    "previous_run_id": earlier[-1].run_id if earlier else None,
                }
                finish(folder, manifest)
                (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")
                run = Run(run_id, started, date.fromisoformat(manifest["as_of"]), manifest)
                catalogue.add(run)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
        return run

    def sweep(self, catalogue: Catalogue) -> None:
        """Remove what a killed run has left: its folder without a row, half-staged files, spilled data."""
        known = {run.run_id for run in catalogue.runs()}
        for folder in (self.folder / RUNS).glob("*"):
            if folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
        for folder in [*(self.folder / FOLDER).glob("*/.*"), *(self.folder / FOLDER).glob(f"{SPILL}*")]:
            shutil.rmtree(folder, ignore_errors=True)

    def _cycle(
        self,
        backend: Any,
        keep_in: Path,
        people: People,
        as_of: date | None,
        earlier: Sequence[Run],
        told: Teller,
        recalibrate: bool = False,
        keeper: Keeper | None = None,
    ) -> tuple[Cycle, dict[str, Any]]:
        timings, settings = {}, self.settings
        previous = earlier[-1] if earlier else None
        started = time.perf_counter()
        people.forgotten.check_key()
        hashes = AddressHashes(self._key(keep=keeper is not None), region_of(settings.project.time_zone))
        stage = Stage(backend, self.folder, keep_in, settings.staging(), people, told, hashes=hashes)
        files = stage.stage(settings.sources)
        timings["reading"] = round(time.perf_counter() - started, 2)
        reading_on = today(settings)
        if as_of and as_of > reading_on:
            raise UsageError(message("run.as_of_in_future", as_of=as_of, today=reading_on))
        refusals = people.consents.refusals({s.name for s in settings.sources}, {file.file_id for file in files})
        staged = staged_tables(backend, files, refusals)
        data_until = default_as_of(staged.lines, settings.project.earliest_on, reading_on)
        chosen = as_of or data_until
        if chosen is None and not settings.of_kind("transactions"):
            chosen = reading_on
        if chosen is None:
            raise DataError(message("run.no_row_survives", refused=int(staged.refused.count().to_pyarrow().as_py())))
        told(message("progress.cycle", as_of=chosen))
        started = time.perf_counter()
        previous_plan = None
        if previous:
            path = self.table_path(previous, "collection_plan")
            previous_plan = backend.read_parquet(str(path)) if path.exists() else None
        before = None if recalibrate else _before(earlier, chosen)
        before_this = (self.folder / RUNS / previous.run_id, previous.as_of) if previous else None
        kept = (before.manifest.get("segmentation") or {}) if before else {}
        cycle = run_cycle(
            replace(
                staged,
                minors=people_facts.minors(backend, people, settings.consent.adult_age, chosen),
                suppressed=people_facts.suppressed(backend, people),
            ),
            self._cycle_settings(people, files),
            as_of=chosen,
            reading_on=reading_on,
            until=self._until(chosen) if keeper else None,
            previous_plan=previous_plan,
            frozen=calibrations_from(kept) if kept else None,
            decided=decisions_from(kept.get("sales_channel_weights") or {}),
            record=promises.record(self, backend, earlier, chosen, data_until=data_until) if keeper else NO_RECORD,
            objected=people_facts.objected(backend, people),
            known=people_facts.known(backend, people, staged, before_this) if settings.identity.resolve else None,
            keep=keeper or Keeper(backend),
        )
        timings["cycle"] = round(time.perf_counter() - started, 2)
        remembered = [message("consent.remembered", count=refusals.num_rows)] if refusals.num_rows else []
        warnings = [*self._warnings(files, chosen, previous), *remembered, *cycle.notes]
        manifest = self._manifest(files, chosen, reading_on, warnings, timings)
        until = data_until.isoformat() if data_until else None
        return cycle, {**manifest, "data_until": until, "segmentation": cycle.scheme}

    def _key(self, *, keep: bool) -> bytes:
        """The project's key; a look makes none that stays."""
        if keep or (self.folder / KEY).exists():
            return project_key(self.folder)
        return secrets.token_bytes(32)

    def _until(self, as_of: date) -> date:
        """Last day that is looked ahead to."""
        horizon = self.settings.value.horizon
        until = horizon if isinstance(horizon, date) else horizon_end(as_of, horizon)
        if until <= as_of:
            raise UsageError(message("value.horizon_past", until=until, as_of=as_of))
        return until

    def _cycle_settings(self, people: People, files: list[StagedFile]) -> CycleSettings:
        settings = self.settings
        sales = [file.source for file in files if file.source.kind == "transactions"]
        return CycleSettings(
            currency=settings.project.currency,
            earliest_on=settings.project.earliest_on,
            purchases=settings.purchase_settings(people.known_ids),
            shared_cards=settings.shared_card_settings(people.known_ids),
            segments=settings.segment_settings(),
            value=settings.value_settings(),
            refused_rows=settings.tolerance.rows,
            refused_amount=settings.tolerance.amount,
            customer_systems={s.name: s.customer_system or s.name for s in settings.sources},
            overlapping=len(sales) > len({source.name for source in sales}),
            identifies_customers=any("source_customer_id" in s.columns for s in sales)
            and not any(file.facts.get("erased") for file in files),
            has_sales=bool(sales),
            consent=consent_settings(settings.consent, settings.project.time_zone),
            who=who_settings(
                settings.identity,
                tuple(source.name for source in settings.sources),
                region_of(settings.project.time_zone),
            ),
        )

    def _warnings(self, files: list[StagedFile], as_of: date, previous: Run | None) -> list[Message]:
        told = []
        if previous and abs((as_of - previous.as_of).days) > FAR_FROM_LAST_DAYS:
            told.append(message("run.as_of_far", as_of=as_of, previous=previous.as_of))
        if previous:
            now = {file.file_id for file in files}
            gone = [f["file"] for f in previous.manifest["files"] if f["file_id"] not in now]
            if gone:
                told.append(message("run.files_gone", count=len(gone), files=", ".join(gone[:5])))
        for file in files:
            if file.facts["ruined"]:
                told.append(message("run.ruined_codes", file=file.name, count=file.facts["ruined"]))
            if file.facts["raised"]:
                told.append(message("run.negative_discounts", file=file.name, count=file.facts["raised"]))
            repeated = [n for n in file.facts["names"] if n.endswith(")") and n[:-4] in file.facts["names"]]
            used = [header for header in file.source.wanted if f"{header} (2)" in repeated]
            if used:
                told.append(message("run.duplicate_headers", file=file.name, columns=", ".join(used)))
        for kind in ("transactions", "customers", "merges", "consents", "delivery_events"):
            erased = sum(file.facts.get("erased", 0) for file in files if file.source.kind == kind)
            if erased:
                told.append(message(f"run.erased_{kind}", count=erased))
        if not self.settings.of_kind("transactions"):
            told.append(message("run.no_sales"))
        unknown = [s.name for s in self.settings.of_kind("transactions") if s.tax == "unknown"]
        if unknown:
            told.append(message("run.tax_unknown", sources=", ".join(unknown)))
        return told

    def _manifest(
        self,
        files: list[StagedFile],
        as_of: date,
        reading_on: date,
        warnings: list[Message],
        timings: Mapping[str, float],
    ) -> dict[str, Any]:
        project, settings = self.settings.project, self.settings
        return {
            "project": project.name,
            "as_of": as_of.isoformat(),
            "reading_on": reading_on.isoformat(),
            "currency": project.currency,
            "time_zone": project.time_zone,
            "simulated": project.simulated,
            "versions": {name: importlib.metadata.version(name) for name in ("habitue", "duckdb", "ibis-framework")},
            "settings_hash": settings.fingerprint,
            "settings": {
                "tolerance": float(settings.tolerance.rows),
                "tolerance_amount": float(settings.tolerance.amount),
                "earliest_on": project.earliest_on.isoformat(),
                "counted": list(settings.purchases.counted),
                "return_days": settings.purchases.return_days,
                "window_months": settings.rfm.window_months,
                "step_months": settings.segment_settings().step_months,
                "scoring": settings.rfm.scoring,
                "jurisdiction": consent_settings(settings.consent, project.time_zone).jurisdiction,
            },
            "calendar": calendar_settings.calendar(settings.calendar).plain(),
            "margins_assumed": bool(
                settings.margins.default_rate or settings.margins.by_category or settings.margins.by_sales_channel
            ),
            "tax_basis": {s.name: s.tax for s in settings.of_kind("transactions")},
            "presets": {s.name: s.preset for s in settings.sources if s.preset},
            "warnings": [{"code": w.code, "params": _plain(w.params)} for w in warnings],
            "files": [
                {"file_id": f.file_id, "source": f.source.name, "file": f.name, "rows": f.facts["rows"]} for f in files
            ],
            "timings": dict(timings),
        }

    def runs(self) -> list[Run]:
        """The runs of the project, oldest first."""
        if not (self.folder / CATALOGUE).exists():
            return []
        with disk_faults(self.folder):
            catalogue = Catalogue(self.folder)
            try:
                return catalogue.runs()
            finally:
                catalogue.close()

    def find_run(self, run_id: str | None) -> Run:
        """A run by its id or the start of it; the last one by default.

        Raises:
            UsageError: there is none.
        """
        runs = self.runs()
        if not runs:
            raise UsageError(message("run.none_yet", folder=str(self.folder)))
        if run_id is None:
            return runs[-1]
        found = [run for run in runs if run.run_id.startswith(run_id)]
        if len(found) != 1:
            raise UsageError(message("run.unknown", run_id=run_id, existing=", ".join(r.run_id for r in runs[-10:])))
        return found[0]

    def table_path(self, run: Run, name: str) -> Path:
        """The Parquet file of a run's table."""
        return self.run_folder(run) / f"{name}.parquet"

    def run_folder(self, run: Run) -> Path:
        """The folder of a run."""
        return self.folder / RUNS / run.run_id


SHOWN_BY_CHECK = (
    "reconciliation",
    "quarantine",
    "collection_plan",
    "files",
    "resent_tickets",
    "ticket_conflicts",
    "shared_cards",
    "sales",
    "sales_by_year",
    "returns",
)


def _before(runs: Sequence[Run], as_of: date) -> Run | None:
    """The run that thresholds and weights are kept from: the newest by as-of date that does not look ahead."""
    found = [run for run in runs if run.as_of <= as_of]
    return max(found, key=lambda run: (run.as_of, run.created_at)) if found else None


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in params.items()}
