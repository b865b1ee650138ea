"""Transitions between any two dates, from the tables and the scheme of a run."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from habitue.customers.people import members
from habitue.errors import Message, UsageError, message
from habitue.periods import period_end
from habitue.segments.schemes import Scheme
from habitue.segments.segmentation import Bought, SegmentSettings, transitions_between
from habitue.workspace.catalogue import Run
from habitue.workspace.engine import engine
from habitue.workspace.runs import Workspace


def scheme_of(run: Run) -> Scheme:
    """The scheme a run segmented by.

    Raises:
        UsageError: it was made before segments were kept.
    """
    kept = run.manifest.get("segmentation")
    if not kept:
        raise UsageError(message("transitions.no_scheme", run_id=run.run_id))
    return Scheme.from_plain(kept)


def transitions(
    workspace: Workspace, from_on: date, to_on: date | None, run_id: str | None, segmentation: str
) -> tuple[pa.Table, list[Message]]:
    """TRANSITIONS of one segmentation between two dates, ordered as its segments are, and what to know about them.

    Raises:
        UsageError: no such run or segmentation, dates in the wrong order, or outside what the run knows.
    """
    run = workspace.find_run(run_id)
    scheme = scheme_of(run)
    settings = SegmentSettings.from_plain(run.manifest["segmentation"]["settings"])
    if segmentation not in scheme.segments:
        existing = ", ".join(scheme.segments)
        raise UsageError(message("cli.transitions.unknown", name=segmentation, existing=existing))
    to_on = to_on or run.as_of
    if from_on >= to_on:
        raise UsageError(message("transitions.dates_order", from_on=from_on, to_on=to_on))
    if to_on > run.as_of:
        raise UsageError(message("transitions.after_as_of", to_on=to_on, as_of=run.as_of))
    with engine(workspace.settings.engine) as backend:

        def table(name: str) -> Any:
            path = workspace.table_path(run, name)
            return backend.read_parquet(str(path)) if path.exists() else None

        days = table("customer_days")
        first = days.filter(days.is_visit).sold_on.min().to_pyarrow().as_py()
        if first is None or from_on < first:
            raise UsageError(message("transitions.before_data", from_on=from_on, first=first))
        known = members(table("customers"), table("customer_ids"), table("source_customers"))
        placed = table("assignments")  # whoever objects to it is in no segment, and is not followed either
        theirs = Bought(
            days=days.semi_join(placed, "customer_id"),
            changes=table("day_changes").semi_join(placed, "customer_id"),
            members=known.semi_join(placed, "customer_id"),
        )
        found = transitions_between(
            theirs,
            scheme, settings, from_on=from_on, to_on=to_on, as_of=run.as_of,
        )  # fmt: skip
        rows = found.filter(found.segmentation == segmentation).to_pyarrow()
    months, notes = settings.rfm.window_months, []
    if first > period_end(from_on, months):
        notes.append(message("transitions.short_window", from_on=from_on, days=(from_on - first).days, months=months))
    return rows, notes
