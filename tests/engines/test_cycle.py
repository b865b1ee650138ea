"""One cycle on both engines, from the same staged Parquet: about 200,000 lines, no difference in any table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from habitue import portable, schemas
from habitue.customers.who_is_who import Known
from habitue.cycle import Staged, run_cycle
from habitue.workspace import runs
from habitue.workspace.engine import write_parquet
from support import rough_shop, spark
from support.engines_agree import differences, in_arrow

pytestmark = spark.MARKS

CUSTOMERS = 7400
AS_OF = date(2025, 11, 30)
READING_ON = date(2026, 1, 15)


@dataclass(frozen=True)
class Inputs:
    """What `run_cycle` is given, its tables as Parquet files by name."""

    tables: Mapping[str, Path]
    settings: Any
    further: Mapping[str, Any]

    def staged(self, con: Any) -> Staged:
        return Staged(**{f.name: self._read(con, f.name) for f in fields(Staged)})

    def arguments(self, con: Any) -> dict[str, Any]:
        known = Known(**{f.name: self._read(con, f"known_{f.name}") for f in fields(Known)})
        return {**self.further, "previous_plan": self._read(con, "previous_plan"), "known": known}

    def _read(self, con: Any, name: str) -> ir.Table | None:
        return con.read_parquet(str(self.tables[name])) if name in self.tables else None


class _Captured(BaseException):
    """The cycle's arguments are known; nothing more is wanted of the workspace."""


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    """The rough shop, staged by the workspace as a look at the project would, up to the call of the cycle."""
    folder, parquet = tmp_path_factory.mktemp("shop"), tmp_path_factory.mktemp("staged")
    rough_shop.build(folder, customers=CUSTOMERS)
    caught: list[Inputs] = []

    def catch(staged: Staged, settings: Any, **further: Any) -> None:
        tables = {}
        known = further.pop("known")
        given = {f.name: getattr(staged, f.name) for f in fields(Staged)}
        given |= {f"known_{f.name}": getattr(known, f.name) for f in fields(Known)}
        given["known_previous"] = _each_alone(known.records)
        for name, table in given.items():
            if table is not None:
                tables[name] = parquet / f"{name}.parquet"
                write_parquet(table.get_backend(), table, tables[name])
        tables["previous_plan"] = parquet / "previous_plan.parquet"
        pq.write_table(_previous_plan(), tables["previous_plan"])
        plain = {name: value for name, value in further.items() if not callable(value)}
        caught.append(Inputs(tables, settings, {**plain, "as_of": AS_OF, "reading_on": READING_ON}))
        raise _Captured

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runs, "run_cycle", catch)
        with pytest.raises(_Captured):
            runs.Workspace(folder).check(AS_OF, lambda told: None)
    return caught[0]


def _each_alone(records: ir.Table) -> ir.Table:
    """PERSISTENT_IDS of a run in which every number was a person."""
    numbers = records.select("source_customer_id", customer_id="source_customer_id").distinct()
    day = ibis.literal(AS_OF)
    return schemas.PERSISTENT_IDS.cast(numbers.mutate(given_on=day, joined_on=day, former_id=ibis.null("string")))


def _previous_plan() -> pa.Table:
    """Some rows of an earlier collection plan, with and without a store and a till."""
    places = [("till", f"{store:02}", str(till)) for store in range(1, 13) for till in range(1, 4)]
    rows = [
        {"finding": finding, "source": source, "store_id": store, "till_id": till, "share": (n + 1) / 77}
        for finding in ("sale_without_customer", "unlabelled_sale_type", "return_without_original")
        for n, (source, store, till) in enumerate([*places, ("web", None, None), ("market", None, None)])
    ]
    return pa.Table.from_pylist(rows, schema=schemas.COLLECTION_PLAN.ibis_schema().to_pyarrow())


def cycle_on(con: Any, inputs: Inputs) -> tuple[dict[str, pa.Table], Any]:
    """Every table of the cycle as this engine stores it, and the faults."""
    cycle = run_cycle(inputs.staged(con), inputs.settings, **inputs.arguments(con))
    stored = {name: in_arrow(portable.materialise(table, name)) for name, table in cycle.tables.items()}
    return stored, cycle.faults


def test_every_table_is_the_same(inputs: Inputs, on_duckdb: Any, on_spark: Any) -> None:
    expected, faults = cycle_on(on_duckdb, inputs)
    found, found_faults = cycle_on(on_spark, inputs)
    assert {name: told for name in expected if (told := differences(expected[name], found[name]))} == {}
    assert found.keys() == expected.keys()
    assert found_faults == faults
    assert expected["transaction_lines"].num_rows > 190_000
    empty = {name for name, table in expected.items() if table.num_rows == 0}
    of_consent = {"address_states", "consent_events", "consent_reviews"}  # the shop asks nobody: see test_consent
    assert empty == of_consent, "a table without rows proves nothing"
