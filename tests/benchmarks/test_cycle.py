"""The peers of the benchmarks find what habitue finds, to the row and to the cent."""

from __future__ import annotations

import importlib
import importlib.util
from datetime import date
from pathlib import Path

import duckdb
import pytest
from benchmarks.peers import by_habitue, same

from benchmarks import shops
from habitue.demo.projects import build_simulated

pytestmark = pytest.mark.xdist_group("benchmarks")

AS_OF = date.fromisoformat(shops.AS_OF)
PEERS = {"hand_sql": "duckdb", "polars_cycle": "polars", "pandas_cycle": "pandas"}
HERE = [script for script, needs in PEERS.items() if importlib.util.find_spec(needs)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "shop"
    build_simulated(folder, "en", customers=1500, years=3, seed=7)
    shops.stage(folder)
    return folder


@pytest.fixture(scope="module")
def ours(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("ours")
    by_habitue.run(project, output, AS_OF)
    return output


@pytest.mark.parametrize("script", HERE)
def test_peers_find_the_same(script: str, project: Path, ours: Path, tmp_path: Path) -> None:
    importlib.import_module(f"benchmarks.peers.{script}").run(project / "staged", tmp_path, AS_OF)
    assert same.differences(ours, tmp_path) == dict.fromkeys(same.COLUMNS, 0)


def test_a_difference_is_seen(ours: Path, tmp_path: Path) -> None:
    for table in same.COLUMNS:
        changed = "* REPLACE (visits_count + 1 AS visits_count)" if table == "rfm" else "*"
        duckdb.sql(f"COPY (SELECT {changed} FROM '{ours}/{table}.parquet') TO '{tmp_path}/{table}.parquet'")
    customers = duckdb.sql(f"SELECT count(*) FROM '{ours}/rfm.parquet'").fetchall()[0][0]
    found = same.differences(ours, tmp_path)
    assert found == {**dict.fromkeys(same.COLUMNS, 0), "rfm": 2 * customers}
    assert customers > 1000
