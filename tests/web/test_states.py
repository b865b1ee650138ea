"""Projects that are not as they will be: nothing run yet, a run at work, one customer, runs of an earlier version."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from habitue import project
from habitue.project import Project
from habitue.web.pages import all_pages
from habitue.workspace.guards import is_locked, locked
from habitue.workspace.published import Published
from support import serving
from support.serving import Site

PAGES = [page.name for page in all_pages()]
KEPT_SINCE_PAGES = ("customer_profiles", "sales_by_day")
OF_VALUE = (
    "expected_revenue", "segment_value", "critical_customers", "critical_sets", "forecast_models", "backtest",
    "purchase_processes", "rising", "fading", "watchlist_tests", "forecasts", "forecast_scores",
    "forecast_calibration", "projection", "projection_backtest",
)  # fmt: skip


def test_a_run_at_work_is_said_above_the_run_before(shop: Site, shop_project: Project) -> None:
    assert "A run is at work" not in shop.get("/shop/en/data").text
    with locked(shop_project.folder):
        assert is_locked(shop_project.folder)
        answer = shop.get("/shop/en/data")
        assert answer.status == 200
        assert "A run is at work on this project. What you see is the run before" in answer.text
    assert not is_locked(shop_project.folder)
    assert "A run is at work" not in shop.get("/shop/en/data").text


def test_readers_do_not_take_one_another_for_a_run(shop_project: Project) -> None:
    published = Published(shop_project.workspace)
    with ThreadPoolExecutor(8) as readers:
        looks = [readers.submit(lambda: [published.is_run_at_work for _ in range(200)]) for _ in range(8)]
    assert not any(seen for look in looks for seen in look.result())


def test_the_first_run_at_work_is_said(shop: Site, empty_project: Project) -> None:
    with locked(empty_project.folder):
        assert "The first run is at work" in shop.get("/empty/en/data").text


def test_a_look_at_the_lock_creates_nothing(tmp_path: Path) -> None:
    assert not is_locked(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def earlier(shop_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Copies of the shop whose runs lack tables: those made since there are pages, and those of value too."""
    opened = []
    for name, gone in (("before-pages", KEPT_SINCE_PAGES), ("before-value", (*KEPT_SINCE_PAGES, *OF_VALUE))):
        folder = tmp_path_factory.mktemp("earlier") / name
        shutil.copytree(shop_project.folder, folder)
        for table in gone:
            for path in (folder / "runs").glob(f"*/{table}.parquet"):
                path.unlink()
        opened.append(project.open(folder))
    with serving.site(opened) as running:
        yield running


@pytest.mark.parametrize("slug", ["before-pages", "before-value"])
@pytest.mark.parametrize("name", PAGES)
def test_runs_without_some_tables_have_every_page(earlier: Site, slug: str, name: str) -> None:
    answer = earlier.get(f"/{slug}/fr/{name}")
    assert answer.status == 200, answer.text
