"""Projects that are served for tests: built once, read-only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from habitue import project
from habitue.demo import projects
from habitue.project import Project
from support import browser, components, one_till, people_shop, serving
from support.serving import Site

HERE = Path(__file__).parent

EARLIER = date(2025, 6, 30)
"""As-of date of the shop's first run; the second looks at all of its data."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker serves the projects."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("web"))


@pytest.fixture(scope="session")
def served_from(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the projects are; the name of each one's folder is in its addresses."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def shop_project(served_from: Path) -> Project:
    """A simulated shop of 400 customers and three years, with two runs."""
    projects.build_simulated(served_from / "shop", "en", customers=400, years=3, seed=5)
    opened = project.open(served_from / "shop")
    opened.run(EARLIER)
    opened.run()
    return opened


@pytest.fixture(scope="session")
def empty_project(served_from: Path) -> Project:
    """A project that has not run yet."""
    projects.build_simulated(served_from / "empty", "en", customers=20, years=1, seed=5)
    return project.open(served_from / "empty")


LONELY = """
[project]
name = "One customer"
language = "en"
currency = "EUR"
time_zone = "Europe/Paris"

"""


@pytest.fixture(scope="session")
def lonely_project(served_from: Path) -> Project:
    """One customer with two tickets, 10.00 and 20.00; too little for any forecast."""
    folder = served_from / "lonely"
    folder.mkdir()
    till = "ticket,day,card,amount\nT1,2025-01-10,A,10.00\nT2,2025-03-10,A,20.00\n"
    one_till.write(folder, till, {"source_customer_id": "card"}, head=LONELY)
    opened = project.open(folder)
    opened.run()
    return opened


@pytest.fixture(scope="session")
def people_project(served_from: Path) -> Project:
    """Two customer systems with consent: persons of several numbers, pairs that wait."""
    return people_shop.made(served_from / "people")


@pytest.fixture(scope="session")
def people(people_project: Project) -> Iterator[Site]:
    """The project of two customer systems, served as people; nobody decides anything in it."""
    with _served(people_project) as running:
        yield running


@contextmanager
def _served(*opened: Project) -> Iterator[Site]:
    with serving.site(opened) as running:
        yield running


@pytest.fixture(scope="session")
def shop(shop_project: Project, empty_project: Project, lonely_project: Project) -> Iterator[Site]:
    """The three projects, served as shop, empty and lonely."""
    with _served(shop_project, empty_project, lonely_project) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A real headless Chromium."""
    components.require("chromium")
    with browser.chromium() as running:
        yield running
