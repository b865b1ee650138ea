"""Of whom an objection stands, and what takes it back; expected by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from habitue.customers.consent_signals import known_at
from habitue.customers.objections import objecting
from support.consents import AS_OF, event, events_table, reachable, stored

GENERAL: dict[str, Any] = {"contact_channel": None}


def said(what: str, at: str | None, **more: Any) -> dict[str, Any]:
    return event(what, at, **{"by": None if "address" in more else "n", **GENERAL, **more})


CASES: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "nothing said": ([], False),
    "an objection": ([said("objection", "2024-01-01")], True),
    "to profiling": ([said("objection", "2024-01-01", purpose="profiling")], True),
    "to something else": ([said("objection", "2024-01-01", purpose="tracking")], False),
    "by one contact channel": ([said("objection", "2024-01-01", contact_channel="email")], True),
    "without a day": ([said("objection", None), said("opt_in", "2025-01-01")], True),
    "by an address": ([said("objection", "2024-01-01", address="e")], True),
    "by the address of nobody": ([said("objection", "2024-01-01", address="x")], False),
    "taken back": ([said("objection", "2024-01-01"), said("opt_in", "2024-01-02")], False),
    "taken back by the address": ([said("objection", "2024-01-01"), said("opt_in", "2024-01-02", address="e")], False),
    "taken back for profiling": (
        [said("objection", "2024-01-01"), said("opt_in", "2024-01-02", purpose="profiling", contact_channel="email")],
        False,
    ),
    "said again": ([said("objection", d) for d in ("2024-01-01", "2024-01-03")] + [said("opt_in", "2024-01-02")], True),
    "of one day": ([said("objection", "2024-01-01"), said("opt_in", "2024-01-01")], True),
    "a yes for one channel": (
        [said("objection", "2024-01-01"), said("opt_in", "2024-01-02", contact_channel="email")],
        True,
    ),
    "a soft yes": ([said("objection", "2024-01-01"), said("soft_opt_in", "2024-01-02")], True),
    "a yes without a day": ([said("objection", "2024-01-01"), said("opt_in", None)], True),
    "a refusal is none": ([said("opt_out", "2024-01-01")], False),
    "after the as-of date": ([said("objection", "2025-07-01")], False),
    "of another number of theirs": ([said("objection", "2024-01-01", by="m")], True),
}


def found(con: Any, events: list[dict[str, Any]], recorded: Any = None) -> list[str]:
    who = reachable(con, {"ana": ["n", "m"], "bob": ["b"]}, {"n": ["e"], "b": ["other"]})
    table = objecting(known_at(events_table(con, events), AS_OF), who, recorded)
    return [] if table is None else table.to_pyarrow()["customer_id"].to_pylist()


@pytest.mark.parametrize("case", CASES)
def test_who_objects(con: Any, case: str) -> None:
    events, stands = CASES[case]
    assert found(con, events) == (["ana"] if stands else [])


def test_one_by_command_stands_whatever_is_said_later(con: Any) -> None:
    schema = pa.schema(
        [("source_customer_id", pa.string()), ("captured_at", pa.timestamp("us")), ("source", pa.string())]
    )
    rows = [{"source_customer_id": "m", "captured_at": datetime(2024, 1, 1), "source": "command"}]
    recorded = stored(con, rows, schema)
    assert found(con, [said("opt_in", "2025-01-01")], recorded) == ["ana"]
