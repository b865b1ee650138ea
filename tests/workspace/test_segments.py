"""Segments of a project over its runs: frozen thresholds, moves between any two dates, segments as SQL."""

from __future__ import annotations

import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

import habitue.project
from habitue.cli import app
from habitue.errors import UsageError
from habitue.project import Project

pytestmark = pytest.mark.xdist_group("segments-project")
"""One worker makes the project."""

SETTINGS = """
[sources.till]
kind = "transactions"
files = "sales.csv"
tax = "excluded"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
net_amount = "amount"
sales_channel = "channel"
[segmentations.house]
rules = [{segment = "Good", recency = [4, 5]}, {segment = "A 'quoted' one", frequency = [1, 2]}]
"""
FIRST, LAST = date(2022, 1, 1), date(2024, 12, 31)


def write_sales(folder: Path, customers: int = 60) -> None:
    rng = random.Random(11)
    rows = []
    for customer in range(customers):
        day = FIRST + timedelta(days=rng.randrange(900))
        for _ in range(rng.choice([1, 2, 4, 9])):
            rows.append((len(rows), day, f"K{customer}", rng.choice([5, 20, 20, 90]), rng.choice(["store", "online"])))
            day += timedelta(days=rng.choice([10, 40, 200]))
            if day > LAST:
                break
    rows += [(len(rows), FIRST, "K0", 10, "store"), (len(rows) + 1, LAST, "K0", 10, "store")]
    with (folder / "sales.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ticket", "day", "card", "amount", "channel"), *rows])


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    folder = tmp_path_factory.mktemp("segments")
    write_sales(folder)
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    opened = habitue.project.open(folder)
    opened.run(date(2023, 12, 31))
    opened.run()
    return opened


def command(project: Project, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["--lang", "en", words[0], "-p", str(project.folder), *words[1:]])
    assert done.exit_code == code, done.output
    return done.output


def test_thresholds_are_frozen_until_recalibrated(project: Project) -> None:
    first, second = project.runs()[:2]
    kept, again = (project.show("calibration", run=run.run_id).to_pylist() for run in (first, second))
    assert kept == again
    assert kept[0]["calibrated_on"] == date(2023, 12, 31)
    third = project.run(recalibrate=True)
    assert project.show("calibration", run=third.run_id).to_pylist()[0]["calibrated_on"] == LAST
    looking_back = project.run(date(2023, 12, 31))  # knows no thresholds of a later day
    assert project.show("calibration", run=looking_back.run_id).to_pylist() == kept


def test_moves_between_any_two_dates(project: Project) -> None:
    run = project.runs()[1].run_id
    table, notes = project.transitions(date(2023, 12, 31), run=run)
    stored = [
        row
        for row in project.show("transitions", run=run).to_pylist()
        if row["segmentation"] == "strategic" and row["to_on"] == LAST
    ]
    assert notes == []
    key = ("from_segment", "to_segment")
    assert sorted(table.to_pylist(), key=lambda row: [row[k] for k in key]) == sorted(
        stored, key=lambda row: [row[k] for k in key]
    )
    told = command(project, "transitions", "--from", "2022-06-30", "--to", "2023-03-31", "--segmentation", "house")
    assert "customers by segment on 30 Jun 2022 (down) and on 31 Mar 2023 (across)" in told
    assert "A 'quoted' one" in told
    assert "less than the window of 12 months" in told
    written = command(project, "transitions", "--from", "2023-12-31", "--format", "csv", "--run", run)
    rows = list(csv.DictReader(io.StringIO(written)))
    assert sum(int(row["customers_count"]) for row in rows) == sum(row["customers_count"] for row in stored)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "2024-12-31"), "does not lie before the later one"),
        (("--from", "2023-01-01", "--to", "2025-01-01"), "lies after the as-of date of the run"),
        (("--from", "2021-12-31"), "lies before the first visit, 1 Jan 2022"),
        (("--from", "2023-01-01", "--segmentation", "eleven"), "There are: strategic, ten, nine, house"),
        (("--from", "yesterday"), "is no date"),
    ],
)
def test_dates_a_run_cannot_tell_about(project: Project, words: tuple[str, ...], told: str) -> None:
    run = project.runs()[1].run_id
    assert told in command(project, "transitions", *words, "--run", run, code=2)


def test_a_run_without_a_scheme(project: Project) -> None:
    run = project.runs()[0]
    run.manifest.pop("segmentation")  # type: ignore[attr-defined]
    from habitue.workspace import movements

    with pytest.raises(UsageError) as raised:
        movements.scheme_of(run)
    assert raised.value.messages[0].code == "transitions.no_scheme"


def test_segments_as_sql_give_the_same_segments(project: Project) -> None:
    run = project.runs()[1].run_id
    queries = project.segmentation_sql("duckdb", run=run)
    assert list(queries) == ["strategic", "ten", "nine", "house"]
    assigned = {
        (r["segmentation"], r["customer_id"]): r["segment"] for r in project.show("assignments", run=run).to_pylist()
    }
    with duckdb.connect() as con:
        con.register("rfm", project.show("rfm", run=run))
        for name, query in queries.items():
            rows = con.execute(query).fetchall()
            assert len(rows) == 60
            assert all(segment == assigned[name, customer] for customer, _, segment in rows)
    assert "CASE WHEN" in command(project, "segmentations", "--sql", "postgres").replace("\n", " ").replace("  ", " ")


def test_a_weight_for_a_channel_nobody_used_is_told(project: Project) -> None:
    settings = project.folder / "habitue.toml"
    settings.write_text(SETTINGS + "[rfm.monetary_weights]\nonlin = 1.2\n", "utf-8")
    told = command(project, "run")
    assert (
        "A weight is set for the sales channel onlin, which no purchase of a customer has. There are: online, store."
        in told
    )
    assert "the thresholds were set anew" in told
    assert "Consumers: Core" in told
