from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support import reading


@pytest.fixture(scope="module")
def con() -> Iterator[Any]:
    with reading.backend() as opened:
        yield opened
