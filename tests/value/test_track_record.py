"""What came of a promise when customers have become one person since, or two; expected values by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pyarrow as pa
import pytest

from habitue import schemas
from habitue.value.track_record import Promise, Record, track_record

pytestmark = pytest.mark.xdist_group("track-record")

MADE, FIRST, LAST = date(2024, 6, 30), date(2024, 7, 1), date(2024, 12, 31)
THEN = {"n1": "A", "n2": "B", "n3": "C", "n4": "C"}
EXPECTED = {"A": 100, "B": 40, "C": 60}


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=1)


def shares(con: Any, now: dict[str, str], came: dict[str, int]) -> dict[str, Any]:
    """What came in all, and the share of A, who was named."""

    def table(name: str, rows: list[dict[str, Any]]) -> Any:
        return con.create_table(ibis.util.gen_name(name), pa.Table.from_pylist(rows), temp=True)

    def ids(who: dict[str, str]) -> Any:
        return table("ids", [{"source_customer_id": number, "customer_id": one} for number, one in who.items()])

    days = [
        {"customer_id": one, "population": "consumer", "sold_on": LAST, "net_amount": amount, "margin_amount": amount}
        for one, amount in came.items()
    ]
    ends = {"low_80_amount": 0, "high_80_amount": 999, "low_95_amount": 0, "high_95_amount": 999}
    expected = [
        {"customer_id": one, "population": "consumer", "expected_amount": amount, **ends}
        for one, amount in EXPECTED.items()
    ]
    placed = [
        {"customer_id": one, "population": "consumer", "segmentation": "strategic", "segment": "core"}
        for one in EXPECTED
    ]
    forecasts = [
        dict.fromkeys(schemas.FORECASTS.names)
        | {"population": "consumer", "kind": kind, "subject": "all", "measure": "revenue", "from_on": FIRST,
           "to_on": LAST, "expected_amount": 200, "expected_share": 0.5 if kind == "critical_share" else None}
        for kind in ("total", "critical_share")
    ]  # fmt: skip
    promise = Promise(
        run_id="earlier", made_on=MADE, is_backdated=False, forecasts=forecasts,
        expected=table("expected", expected), assignments=table("placed", placed),
        critical=table("named", [{"customer_id": "A", "population": "consumer"}]), ids=ids(THEN),
    )  # fmt: skip
    scores = track_record(table("days", days), ids(now), Record(due=[promise], order=["earlier"]), as_of=LAST)
    rows = {row["kind"]: row for row in scores["forecast_scores"].to_pyarrow().to_pylist()}
    return {"total": rows["total"]["actual_amount"], "named": rows["critical_share"]["actual_share"]}


def test_nobody_changed(con: Any) -> None:
    assert shares(con, THEN, {"A": 150, "B": 50}) == {"total": 200, "named": 0.75}


def test_two_became_one_and_the_other_id_stands(con: Any) -> None:
    now = THEN | {"n1": "B"}
    assert shares(con, now, {"B": 150, "C": 50}) == {"total": 200, "named": 0.75}  # more was expected of A than of B


def test_one_fell_into_two(con: Any) -> None:
    now = THEN | {"n4": "D"}
    assert shares(con, now, {"A": 50, "C": 30, "D": 20}) == {"total": 100, "named": 0.5}
