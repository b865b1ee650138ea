"""Projects that are served for tests: built once for all workers, read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from habitue import project
from habitue.demo import projects
from habitue.project import Project
from support import browser, components, one_till, serving
from support.serving import Site

EARLIER = date(2025, 6, 30)
"""As-of date of the shop's first run; the second looks at all of its data."""


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Builds a folder once for all workers: give its name and what fills it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def build(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = shared / f"once-{name}", shared / f"once-{name}.done"
        with FileLock(shared / f"once-{name}.lock"):
            if not done.exists():
                fill(folder)
                done.touch()
        return folder

    return build


@pytest.fixture(scope="session")
def shop_project(once: Callable[[str, Callable[[Path], None]], Path]) -> Project:
    """A simulated shop of 400 customers and three years, with two runs."""

    def fill(folder: Path) -> None:
        projects.build_simulated(folder, "en", customers=400, years=3, seed=5)
        opened = project.open(folder)
        opened.run(EARLIER)
        opened.run()

    return project.open(once("shop", fill))


@pytest.fixture(scope="session")
def empty_project(once: Callable[[str, Callable[[Path], None]], Path]) -> Project:
    """A project that has not run yet."""

    def fill(folder: Path) -> None:
        projects.build_simulated(folder, "en", customers=20, years=1, seed=5)

    return project.open(once("empty", fill))


LONELY = """
[project]
name = "One customer"
language = "en"
currency = "EUR"
time_zone = "Europe/Paris"

"""


@pytest.fixture(scope="session")
def lonely_project(once: Callable[[str, Callable[[Path], None]], Path]) -> Project:
    """One customer with two tickets, 10.00 and 20.00; too little for any forecast."""

    def fill(folder: Path) -> None:
        till = "ticket,day,card,amount\nT1,2025-01-10,A,10.00\nT2,2025-03-10,A,20.00\n"
        one_till.write(folder, till, {"source_customer_id": "card"}, head=LONELY)
        project.open(folder).run()

    return project.open(once("lonely", fill))


@contextmanager
def _served(*opened: Project) -> Iterator[Site]:
    with serving.site(opened) as running:
        yield running


@pytest.fixture(scope="session")
def shop(shop_project: Project, empty_project: Project, lonely_project: Project) -> Iterator[Site]:
    """The three projects, served as once-shop, once-empty and once-lonely."""
    with _served(shop_project, empty_project, lonely_project) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real headless Chromium."""
    components.require("chromium")
    with browser.chromium() as running:
        yield running
