"""The table of acts on people's data. It is the project's, not a run's."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

AUDIT_LOG = Schema(
    "audit_log",
    "one act on people's data (erase, object, export-subject, retention) and one store it met",
    ("audit_id", "store"),
    columns(
        ("audit_id", "string", "the act; begins with its moment in UTC"),
        ("recorded_at", "timestamp(6)", "moment, naive UTC"),
        ("act", "string", "erase, object, export-subject or retention"),
        ("people_count", "int64", "people it was about"),
        ("store", "string", "people.TABLE, staged, run.TABLE, or outside (files left as they are)"),
        ("rows_count", "int64", "rows of theirs it deleted, wrote, gave out or found there"),
    ),
)
