"""The catalogue: which runs exist. A run is real once its row is committed here, not before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from habitue.schemas.audited import AUDIT_LOG
from habitue.workspace.audit import Act

FILE_NAME = "catalogue.db"
NEWEST = "0002"

_metadata = sa.MetaData()
_runs = sa.Table(
    "runs",
    _metadata,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Column("as_of", sa.Date, nullable=False),
    sa.Column("manifest", sa.JSON, nullable=False),
)
_audit_log = sa.Table(
    "audit_log",
    _metadata,
    sa.Column("audit_id", sa.String, primary_key=True),
    sa.Column("store", sa.String, primary_key=True),
    sa.Column("recorded_at", sa.DateTime, nullable=False),
    sa.Column("act", sa.String, nullable=False),
    sa.Column("people_count", sa.BigInteger, nullable=False),
    sa.Column("rows_count", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True)
class Run:
    """One committed run. `created_at` is naive UTC."""

    run_id: str
    created_at: datetime
    as_of: date
    manifest: Mapping[str, Any]


class Catalogue:
    """The catalogue of one project."""

    def __init__(self, folder: Path) -> None:
        from alembic import command
        from alembic.config import Config
        from alembic.runtime.migration import MigrationContext

        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(folder / FILE_NAME)))
        with self._engine.begin() as connection:
            if MigrationContext.configure(connection).get_current_revision() != NEWEST:
                config = Config()
                config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def add(self, run: Run) -> None:
        """Commit a run: from here on it exists."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(_runs).values(
                    run_id=run.run_id, created_at=run.created_at, as_of=run.as_of, manifest=dict(run.manifest)
                )
            )

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.execute(sa.select(_runs).order_by(_runs.c.created_at, _runs.c.run_id)).all()
        return [Run(row.run_id, row.created_at, row.as_of, row.manifest) for row in rows]

    def record(self, act: Act) -> None:
        """Commit an act on people's data; one that is there already stays as it is."""
        about = {"audit_id": act.audit_id, "recorded_at": act.recorded_at, "act": act.act}
        with self._engine.begin() as connection:
            same = sa.select(_audit_log.c.audit_id).where(_audit_log.c.audit_id == act.audit_id)
            if connection.execute(same).first() is None:
                rows = [
                    {**about, "people_count": act.people_count, "store": store, "rows_count": count}
                    for store, count in act.rows.items()
                ]
                connection.execute(sa.insert(_audit_log), rows)

    def audit_log(self) -> pa.Table:
        """AUDIT_LOG, oldest first."""
        with self._engine.connect() as connection:
            asked = sa.select(*(_audit_log.c[name] for name in AUDIT_LOG.names))
            rows = connection.execute(asked.order_by(*(_audit_log.c[name] for name in AUDIT_LOG.key))).all()
        found = [dict(row._mapping) for row in rows]
        return pa.Table.from_pylist(found, schema=AUDIT_LOG.ibis_schema().to_pyarrow())
