"""Merge tables in a project: opaque ids, the latest export of each number, nothing kept of the erased; case I06."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from habitue import project
from habitue.customers.identity.merge_tables import followed_merges
from habitue.project import Project
from habitue.workspace.assembly import staged_tables
from habitue.workspace.contact_rows import AddressHashes
from habitue.workspace.engine import engine
from habitue.workspace.people import People
from habitue.workspace.staged import FOLDER, Stage, StagedFile

pytestmark = pytest.mark.xdist_group("merges")

I06 = Path(__file__).parents[1] / "cases" / "I06-merged-accounts-table"
SETTINGS = """
[engine]
threads = 2
memory = "1GB"
[sources.orders]
kind = "transactions"
tax = "excluded"
files = "orders.csv"
customer_system = "crm"
transaction_key = ["file", "row_number"]
[sources.orders.columns]
sold_at = "date"
source_customer_id = "customer_id"
net_amount = "amount"
[sources.accounts]
kind = "customers"
files = "customers.csv"
customer_system = "crm"
[sources.accounts.columns]
source_customer_id = "customer_id"
[sources.merged]
kind = "merges"
files = "merges*.csv"
customer_system = "crm"
[sources.merged.columns]
source_customer_id = "old_id"
merged_into_id = "new_id"
merged_on = "merged_on"
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    folder = shutil.copytree(I06, tmp_path / "shop")
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    return project.open(folder)


@contextmanager
def staged(shop: Project) -> Iterator[tuple[Any, People, list[StagedFile]]]:
    """What a cycle is given of the sources, read as a run reads them."""
    settings, keep_in = shop.workspace.settings, shop.folder / FOLDER
    keep_in.mkdir(exist_ok=True)
    with People.open(shop.folder) as people, engine(settings.engine, keep_in) as backend:
        hashes = AddressHashes(b"k" * 32, None)
        stage = Stage(backend, shop.folder, keep_in, settings.staging(), people, hashes=hashes)
        files = stage.stage(settings.sources)
        yield staged_tables(backend, files), people, files


def numbers(people: People) -> dict[str, str]:
    """Customer numbers by opaque id."""
    return {row["source_customer_id"]: row["customer_number"] for row in people.numbers().to_pylist()}


def merges(tables: Any, people: People) -> list[tuple[Any, ...]]:
    known = numbers(people)
    names = ("source_customer_id", "merged_into_id")
    rows = tables.merges.to_pyarrow().to_pylist()
    assert {row["customer_system"] for row in rows} == {"crm"}
    return sorted((*(known[row[name]] for name in names), row["merged_on"]) for row in rows)


def facts(files: list[StagedFile], name: str) -> dict[str, Any]:
    return {file.name: file.facts.get(name) for file in files if file.source.kind == "merges"}


def test_the_case_is_followed_to_its_ends(shop: Project) -> None:
    with staged(shop) as (tables, people, files):
        assert len(merges(tables, people)) == 7
        assert merges(tables, people)[0] == ("101", "102", date(2023, 1, 10))
        assert facts(files, "rows") == {"merges.csv": 7}
        (written,) = [file.main for file in files if file.source.kind == "merges"]
        values = {value for row in pq.read_table(written).to_pylist() for value in row.values()}
        assert not values & {"101", "102", "999"}
        lines, accounts = tables.lines, tables.source_customers
        met = lines.select("source_customer_id").union(accounts.select("source_customer_id"))
        found = followed_merges(tables.merges, met, as_of=date(2024, 12, 31)).to_pyarrow().to_pylist()
        known = numbers(people)
        ends = {known[row["source_customer_id"]]: known.get(row["final_id"], row["finding"]) for row in found}
    assert ends == {
        "101": "103", "102": "103", "104": "103", "105": "cycle", "106": "cycle", "107": "unknown_target",
        "108": "to_itself",
    }  # fmt: skip


def test_a_run_goes_on_as_before(shop: Project) -> None:
    shop.run()
    kinds = {row["file"]: (row["kind"], row["rows"]) for row in shop.show("files").to_pylist()}
    assert kinds["merges.csv"] == ("merges", 7)


def test_of_each_number_the_latest_export_counts(shop: Project) -> None:
    (shop.folder / "merges.csv").rename(shop.folder / "merges_1.csv")
    (shop.folder / "merges_2.csv").write_text(
        "old_id,new_id,merged_on\n101,103,2024-05-01\n101,104,2024-05-02\n,,\n,105,2024-05-01\n", "utf-8"
    )
    with staged(shop) as (tables, people, files):
        found = merges(tables, people)
        assert [row for row in found if row[0] == "101"] == [
            ("101", "103", date(2024, 5, 1)), ("101", "104", date(2024, 5, 2)),
        ]  # fmt: skip
        assert len(found) == 6 + 2
        refused = tables.refused.to_pyarrow().to_pylist()
    assert [(row["column"], row["reason"]) for row in refused] == [("old_id", "key_missing")]  # a blank row is no row
    assert facts(files, "rows")["merges_2.csv"] == 3


def test_nothing_is_told_without_such_a_source(shop: Project) -> None:
    (shop.folder / "habitue.toml").write_text(SETTINGS.partition("[sources.merged]")[0], "utf-8")
    with staged(project.open(shop.folder)) as (tables, _, _):
        assert tables.merges is None


def test_nothing_is_kept_of_the_erased(shop: Project) -> None:
    shop.run()
    done = shop.erase("102")  # 101 to 104 are one person, whom three merges name
    assert {one.name: one.rows for one in done.outside} == {"customers.csv": 4, "merges.csv": 3, "orders.csv": 5}
    assert done.act.rows["staged"] == 4 + 3 + 5
    assert not {"101", "102", "103", "104"} & {*numbers_in(shop)}
    with staged(shop) as (tables, people, files):
        assert {row[:2] for row in merges(tables, people)} == {
            ("105", "106"), ("106", "105"), ("107", "999"), ("108", "108"),
        }  # fmt: skip
        assert facts(files, "erased") == {"merges.csv": 3}
        assert facts(files, "rows") == {"merges.csv": 7}
    shop.run()
    warned = {one["code"]: one["params"] for one in shop.runs()[-1].manifest["warnings"]}
    assert warned["run.erased_merges"] == {"count": 3}


def numbers_in(shop: Project) -> list[str]:
    with People.open(shop.folder) as people:
        return [*numbers(people).values()]
