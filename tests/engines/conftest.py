"""The engines that must agree, and the sources they are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ibis
import pytest

from support import components, spark


@pytest.fixture(scope="session")
def spark_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session, one for all tests: they are in one group, so that one worker starts it."""
    components.require("spark")
    with spark.session(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session")
def on_spark(spark_session: Any) -> Any:
    """An Ibis backend on Spark."""
    return ibis.pyspark.connect(spark_session)


@pytest.fixture(scope="session")
def on_duckdb() -> Iterator[Any]:
    """An Ibis backend on DuckDB."""
    backend = ibis.duckdb.connect(threads=2)
    yield backend
    backend.disconnect()
