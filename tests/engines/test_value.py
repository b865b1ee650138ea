"""Forecasts on both engines from the same customer days: who, how much, which segment, who is critical."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from habitue import portable, schemas
from habitue.segments.segmentation import Bought, SegmentSettings, moment_at, people
from habitue.segments.states import states
from habitue.value.settings import ValueSettings
from habitue.value.track_record import Promise, Record, track_record
from habitue.value.valuation import Valued, valuation
from habitue.value.yearly_flows import flows
from support import spark
from support.engines_agree import in_arrow
from support.value import START, segmentations, simulated_days

pytestmark = spark.MARKS

AS_OF, YEAR_AGO = date(2025, 6, 30), date(2024, 6, 30)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("value")
    days = simulated_days(customers=400, weeks=78)
    people = sorted(set(days["customer_id"].to_pylist()))
    tables = {
        "days": days,
        "changes": pa.Table.from_pylist(
            [  # what two customers bought on their first day came back after the origin of a year before
                {
                    "customer_id": days["customer_id"][place].as_py(), "population": "consumer",
                    "sold_on": days["sold_on"][place].as_py(), "known_until": date(2025, 2, 1),
                    "net_amount": 500, "visits_count": 0, "sales_channel": "store",
                }
                for place in (0, 50)
            ],
            schema=schemas.DAY_CHANGES.ibis_schema().to_pyarrow(),
        ),
        "assignments": pa.table(
            {
                "segmentation": ["strategic"] * len(people),
                "customer_id": people,
                "population": ["consumer"] * len(people),
                "segment": [("core", "loyal", "new")[int(number[1:]) % 3] for number in people],
            }
        ),
    }  # fmt: skip
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet")
    return {name: folder / f"{name}.parquet" for name in tables}


def looked_ahead(con: Any, files: dict[str, Path]) -> Valued:
    tables = {name: con.read_parquet(str(path)) for name, path in files.items()}
    return valuation(
        tables["days"], tables["changes"], segmentations(tables["assignments"]),
        ValueSettings(model="mean_process_learner"), as_of=AS_OF, until=AS_OF + timedelta(days=91),
    )  # fmt: skip


def test_the_same_on_spark(on_duckdb: Any, on_spark: Any, files: dict[str, Path]) -> None:
    here, there = looked_ahead(on_duckdb, files), looked_ahead(on_spark, files)
    assert here.tables.keys() == there.tables.keys()
    for name in here.tables:  # what is fitted ends where sums of another order of rows let it: 1e-6
        key = next(schema for schema in schemas.PUBLIC if schema.name == name).key
        rows = [sorted(in_arrow(one.tables[name]).to_pylist(), key=lambda row: str([row[k] for k in key]))
                for one in (here, there)]  # fmt: skip
        assert len(rows[0]) == len(rows[1]) > 0, name
        for mine, theirs in zip(*rows, strict=True):
            for column, value in mine.items():
                if isinstance(value, float):
                    assert theirs[column] == pytest.approx(value, rel=1e-6), (name, column)
                elif column.endswith("_amount") and value is not None:
                    assert abs(theirs[column] - value) <= 1, (name, column)  # rounded from a float
                else:
                    assert theirs[column] == value, (name, column)


def projected_and_scored(con: Any, files: dict[str, Path]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Yearly flows and the score of a promise of half a year ago, on one engine."""
    tables = {name: con.read_parquet(str(path)) for name, path in files.items()}
    days, changes = (tables[name].filter(tables[name].sold_on <= AS_OF) for name in ("days", "changes"))
    moments = [moment_at(on, AS_OF, SegmentSettings(), number) for number, on in enumerate((AS_OF, YEAR_AGO))]
    settings = SegmentSettings()
    known = states(days, changes, moments, frequency_weights={}, monetary_weights={})
    bought = Bought(days=days, changes=changes)
    scheme = segmentations(tables["assignments"]).scheme
    assigned = scheme.assign(people(known, bought, moments, settings, AS_OF), moments)
    everybody = known.filter(known.visits_1 > 0).select("customer_id", "population")
    ends = {"low_80_amount": 500, "high_80_amount": 50_000, "low_95_amount": 0, "high_95_amount": 90_000}
    promise = Promise(
        run_id="earlier", made_on=YEAR_AGO, is_backdated=False,
        forecasts=[
            dict.fromkeys(schemas.FORECASTS.names)
            | {"population": "consumer", "kind": kind, "subject": "all", "measure": "revenue",
               "from_on": YEAR_AGO + timedelta(days=1), "to_on": AS_OF, "expected_amount": 1_000_000,
               "expected_share": None if kind == "total" else 0.4}
            for kind in ("total", "critical_share", "customers_in_80")
        ],
        expected=everybody.mutate(**ends),
        assignments=tables["assignments"],
        critical=everybody.filter(everybody.customer_id < "C00100"),
        ids=everybody.select("customer_id", source_customer_id="customer_id"),
    )  # fmt: skip
    record = Record(due=[promise], order=["earlier"])
    scores = track_record(days, promise.ids, record, as_of=AS_OF)["forecast_scores"]
    return flows(assigned, moments, first=START - timedelta(days=200)), {
        row["kind"]: row for row in in_arrow(scores).to_pylist()
    }


def test_projection_and_track_record_on_spark(on_duckdb: Any, on_spark: Any, files: dict[str, Path]) -> None:
    here, there = projected_and_scored(on_duckdb, files), projected_and_scored(on_spark, files)
    assert len(here[0]) > 5
    assert sorted(here[0], key=str) == sorted(there[0], key=str)
    assert set(here[1]) == {"total", "critical_share", "customers_in_80"}
    assert here[1] == there[1]


def test_samples_are_drawn_alike(on_duckdb: Any, on_spark: Any, tmp_path: Path) -> None:
    path = tmp_path / "names.parquet"
    pq.write_table(pa.table({"name": [f"C{number}" for number in range(2_000)]}), path)
    drawn = []
    for con in (on_duckdb, on_spark):
        names = con.read_parquet(str(path))
        found = names.filter(portable.is_drawn(names.name, 0.25, "back-test"))
        drawn.append(sorted(found.to_pyarrow()["name"].to_pylist()))
    assert drawn[0] == drawn[1]
    assert 400 < len(drawn[0]) < 600
