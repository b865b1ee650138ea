from __future__ import annotations

from typing import Any

import ibis
import pytest


@pytest.fixture(scope="session")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)
