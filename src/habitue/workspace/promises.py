"""What the earlier runs of a project promised: scores so far, and what is due now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from habitue.value.track_record import Promise, Record

if TYPE_CHECKING:
    from habitue.workspace.catalogue import Run
    from habitue.workspace.runs import Workspace


def record(workspace: Workspace, backend: Any, runs: Sequence[Run], as_of: date, *, data_until: date | None) -> Record:
    """The promises of earlier runs as they stand at a date.

    Args:
        workspace: the project.
        backend: connection of the cycle.
        runs: earlier runs, oldest first.
        as_of: the date.
        data_until: last day of a sale in the data: what is promised for later days waits.
    """
    known_until = min(as_of, data_until or as_of)
    scores: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for run in runs:
        path = workspace.table_path(run, "forecast_scores")
        for row in pq.read_table(path).to_pylist() if path.exists() else ():
            if row["scored_on"] <= as_of:
                key = tuple(row[name] for name in ("made_run_id", "population", "kind", "subject"))
                scores.setdefault(key, row)
    done = {key[0] for key in scores}
    due = []
    for run in runs:
        path = workspace.table_path(run, "forecasts")
        if run.run_id in done or not path.exists():
            continue
        made = pq.read_table(path).to_pylist()
        if made and made[0]["to_on"] <= known_until:
            tables = {
                name: backend.read_parquet(str(workspace.table_path(run, table)))
                for name, table in (
                    ("expected", "expected_revenue"), ("assignments", "assignments"),
                    ("critical", "critical_customers"), ("ids", "customer_ids"),
                )
            }  # fmt: skip
            is_backdated = run.manifest["data_until"] > run.as_of.isoformat()
            about = {"run_id": run.run_id, "made_on": run.as_of, "is_backdated": is_backdated}
            due.append(Promise(**about, forecasts=made, **tables))
    return Record(scores=list(scores.values()), due=due, order=[run.run_id for run in runs])
