"""Runs, one after the other: what each says of the one before, what is read again, and what is refused."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from habitue.errors import UsageError

SETTINGS = """
[engine]
threads = 1
memory = "500MB"
[sources.till]
kind = "transactions"
tax = "excluded"
files = "till_*.csv"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "date"
source_customer_id = "card"
net_amount = "amount"
"""
HEADER = "ticket,date,card,amount"
JANUARY = ["1,2025-01-10,C1,10.00", "2,2025-01-31,C2,20.00", "3,2025-01-31,,30.00"]
APRIL = ["4,2025-04-01,C1,44.00", "5,2025-06-01,C3,55.00"]


def write(folder: Path, name: str, rows: list[str], header: str = HEADER) -> None:
    (folder / name).write_text("\n".join([header, *rows]) + "\n", "utf-8")


def shop(folder: Path, files: Mapping[str, list[str]], settings: str = SETTINGS) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "habitue.toml").write_text(settings, "utf-8")
    for name, rows in files.items():
        write(folder, name, rows)
    return folder


def habitue(folder: Path, *words: str, code: int = 0) -> str:
    """Run a command on a project; what it tells."""
    done = CliRunner().invoke(app, ["--lang", "en", words[0], "-p", str(folder), *words[1:]])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def everything(folder: Path) -> dict[str, str]:
    """Each file and folder below a folder, with the digest of its content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in sorted(folder.rglob("*"))
    }


def staged(folder: Path) -> dict[str, int]:
    """When each staged file was written, in nanoseconds."""
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in sorted((folder / "staged").rglob("*"))}


def reused(folder: Path) -> dict[str, bool]:
    return {row["file"]: row["is_reused"] for row in project.open(folder).show("files").to_pylist()}


FAR = "is more than 60 days apart from that of the last run"


def test_what_each_run_says_of_the_one_before(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", {"till_2025-01.csv": JANUARY})
    assert habitue(folder, "runs").strip() == "No run yet. Start one with: habitue run"
    habitue(folder, "show", "sales", code=2)

    told = habitue(folder, "run")  # the last day of the data
    assert "as of 31 Jan 2025" in told
    assert FAR not in told
    first_staged = staged(folder)
    assert first_staged

    write(folder, "till_2025-06.csv", APRIL)
    told = habitue(folder, "run", "--as-of", "2025-04-01")  # 60 days later
    assert FAR not in told
    assert reused(folder) == {"till_2025-01.csv": True, "till_2025-06.csv": False}
    now = staged(folder)
    files = [path for path in first_staged if (folder / path).is_file()]
    assert files
    assert {path: now[path] for path in files} == {path: first_staged[path] for path in files}

    # Other settings of the source: everything is read again. 61 days later: worth a note.
    (folder / "habitue.toml").write_text(
        SETTINGS.replace('tax = "excluded"', 'tax = "included"\ntax_rate = 0.10'), "utf-8"
    )
    told = habitue(folder, "run", "--as-of", "2025-06-01")
    assert f"Note: The as-of date 1 Jun 2025 {FAR}, 1 Apr 2025." in told
    assert reused(folder) == {"till_2025-01.csv": False, "till_2025-06.csv": False}
    lines = project.open(folder).show("transaction_lines").to_pylist()
    assert {row["transaction_id"]: (row["net_amount"], row["tax_amount"], row["source_amount"]) for row in lines} == {
        "1": (909, 91, 1000),
        "2": (1818, 182, 2000),
        "3": (2727, 273, 3000),
        "4": (4000, 400, 4400),
        "5": (5000, 500, 5500),
    }

    # A file under another name is the same file; one that is gone is told.
    (folder / "till_2025-06.csv").rename(folder / "till_renamed.csv")
    (folder / "till_2025-01.csv").unlink()
    told = habitue(folder, "run")
    assert re.findall("Note: .*", told)[:1] == [
        "Note: 1 file read last time is no longer there, and its sales no longer count: till_2025-01.csv"
    ]
    assert reused(folder) == {"till_renamed.csv": True}

    runs = project.open(folder).runs()
    assert [run.as_of for run in runs] == [date(2025, 1, 31), date(2025, 4, 1), date(2025, 6, 1), date(2025, 6, 1)]
    ids = [run.run_id for run in runs]
    assert len(set(ids)) == 4
    for run in runs:
        assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", run.run_id)
        assert run.run_id.startswith(f"{run.created_at:%Y%m%d-%H%M%S}")
    assert ids == sorted(ids)
    assert [run.manifest["previous_run_id"] for run in runs] == [None, *ids[:-1]]
    listed = [re.split(r"\s{2,}", line.strip()) for line in habitue(folder, "runs").splitlines()]
    assert [row for row in listed if row[0] in ids] == [
        [ids[0], "2025-01-31", "1", "3", "–"],
        [ids[1], "2025-04-01", "2", "4", "1 new file, +1 row used"],
        [ids[2], "2025-06-01", "2", "5", "settings changed, +1 row used"],
        [ids[3], "2025-06-01", "1", "2", "1 file gone, −3 rows used"],
    ]

    # Earlier runs stay what they were, and are found by the start of their id.
    opened = project.open(folder)
    amounts = [sum(opened.show("sales", run=one)["net_amount"].to_pylist()) for one in ids]
    assert amounts == [6000, 10_400, 14_454, 9000]
    assert opened.show("sales", run=ids[0][:-1]).num_rows
    with pytest.raises(UsageError) as refused:
        opened.show("sales", run=ids[0][:4])
    assert [told.code for told in refused.value.messages] == ["run.unknown"]


def test_a_check_changes_nothing(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", {"till_2025-01.csv": JANUARY})
    before = everything(folder)
    told = habitue(folder, "check")
    assert everything(folder) == before
    assert "Every file adds up to the cent." in told
    habitue(folder, "run")
    write(folder, "till_2025-06.csv", APRIL)  # has customer C3, whom the people store does not know yet
    before = everything(folder)
    times = staged(folder)
    told = habitue(folder, "check")
    assert everything(folder) == before
    assert staged(folder) == times
    assert "till: till_2025-01.csv – 3 rows" in told
    assert "till: till_2025-06.csv – 2 rows" in told


MANY_BAD = [f"{i},2025-01-{i + 1:02},C{i},1.00" for i in range(18)] + ["90,2025-02-30,C9,1.00", "91,,C9,1.00"]
DEAR_BAD = [f"{i},2025-01-{i % 28 + 1:02},C{i},1.00" for i in range(99)] + ["99,2025-02-30,C9,11.00"]


@pytest.mark.parametrize(
    ("rows", "words", "code", "told"),
    [
        (
            JANUARY,
            ["--as-of", "2025-01-09"],
            2,
            "The as-of date 9 Jan 2025 is before the first day of the data, 10 Jan 2025.",
        ),
        (JANUARY, ["--as-of", "9.1.2025"], 2, "9.1.2025 is no date; write it as 2025-12-31."),
        (
            ["1,2025-02-30,C1,10.00", "2,,C1,10.00", "3,2025-01-03,C1,free"],
            [],
            1,
            "No row can be used (3 refused). See habitue check for the reasons.",
        ),
        (
            ["1,2025-01-03,,10.00", "2,2025-01-04,0,10.00", "3,2025-01-04,N/A,10.00"],
            [],
            1,
            "No sale has a customer number although a column is mapped for it. Check source_customer_id in columns.",
        ),
        (MANY_BAD, [], 1, "till: 2 of 20 rows are refused, more than the tolerance of 5.0% (tolerance.rows)."),
        (
            DEAR_BAD,
            [],
            1,
            "till: 10.0% of the amount is set aside, more than the tolerance of 5.0% (tolerance.amount).",
        ),
    ],
    ids=["as_of_before", "no_date", "no_row", "no_customer", "rows", "amount"],
)
def test_what_is_refused_is_told_and_leaves_no_run(
    tmp_path: Path, rows: list[str], words: list[str], code: int, told: str
) -> None:
    folder = shop(tmp_path / "shop", {"till_2025.csv": rows})
    lines = habitue(folder, "run", *words, code=code).splitlines()
    errors = [line for line in lines if line.startswith("Error: ")]
    assert len(lines) == len(errors)
    assert any(line.startswith(f"Error: {told}") for line in errors), errors
    assert project.open(folder).runs() == []
    assert not list(folder.glob("runs/*"))
    assert not [*folder.glob("staged/*/.*"), *folder.glob("staged/habitue-spill-*")]
    assert habitue(folder, "runs").strip() == "No run yet. Start one with: habitue run"


def test_a_refused_run_leaves_the_one_before(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", {"till_2025-01.csv": JANUARY})
    habitue(folder, "run")
    (one,) = project.open(folder).runs()
    before = everything(folder / "runs")
    write(folder, "till_2025-02.csv", MANY_BAD)
    habitue(folder, "run", code=1)
    assert [run.run_id for run in project.open(folder).runs()] == [one.run_id]
    assert everything(folder / "runs") == before
    lenient = SETTINGS + "[tolerance]\nrows = 0.1\namount = 0.1\n"
    (folder / "habitue.toml").write_text(lenient, "utf-8")
    told = habitue(folder, "run")
    assert "23 rows read, 2 refused or set aside" in told
    assert len(project.open(folder).runs()) == 2


def test_all_faults_of_the_files_are_told_at_once(tmp_path: Path) -> None:
    """A pattern that matches nothing names its neighbours, a missing column the nearest one."""
    cards = '[sources.cards]\nkind = "customers"\nfiles = "kards.csv"\ncolumns = { source_customer_id = "card" }\n'
    folder = shop(tmp_path / "shop", {"till_2025-01.csv": JANUARY}, SETTINGS + cards)
    write(folder, "cards.csv", ["C1"], header="card")
    write(folder, "till_2025-01.csv", JANUARY, header="ticket,date,carde,amount")
    before = everything(folder)
    for command in ("check", "run"):
        if command == "run":
            assert everything(folder) == before
        pattern, column = sorted(habitue(folder, command, code=1).splitlines())
        assert pattern.startswith(f"Error: cards: no file matches kards.csv (looked in {folder}, which has: ")
        assert "cards.csv" in pattern.removeprefix("Error: cards: no file matches kards.csv")
        assert column == (
            "Error: till: till_2025-01.csv has no column “card”; did you mean “carde”? "
            "It has: ticket, date, carde, amount."
        )
    assert project.open(folder).runs() == []


def test_discounts_written_with_a_minus_are_told(tmp_path: Path) -> None:
    (tmp_path / "habitue.toml").write_text(
        """
[sources.till]
kind = "transactions"
files = "till.csv"
tax = "excluded"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
gross_amount = "price"
discount_amount = "discount"
""",
        "utf-8",
    )
    rows = ["ticket,day,card,price,discount", "1,2025-01-02,C1,10.00,-1.00", "2,2025-01-03,C1,8.00,0.00"]
    (tmp_path / "till.csv").write_text("\n".join(rows), "utf-8")
    warnings = project.open(tmp_path).run().manifest["warnings"]
    told = [(w["code"], w["params"].get("count")) for w in warnings]
    assert ("run.negative_discounts", 1) in told


@pytest.mark.parametrize("amount", ["0.00", "-5.00"])
def test_a_run_in_which_nobody_bought_anything_ends_and_says_so(tmp_path: Path, amount: str) -> None:
    shop(tmp_path, {"till_1.csv": [f"1,2025-01-10,C1,{amount}", f"2,2025-01-31,C2,{amount}", "3,2025-01-31,,0.00"]})
    told = habitue(tmp_path, "run")
    assert "2 lines have a customer number, but no customer has a day of positive net after returns" in told
    opened = project.open(tmp_path)
    assert opened.show("visits").num_rows == opened.show("rfm").num_rows == 0
    assert opened.show("customers_without_visit").num_rows == 2
    assert opened.report(language="en")


def test_a_run_without_any_customer_number_says_that(tmp_path: Path) -> None:
    shop(tmp_path, {"till_1.csv": ["1,2025-01-10,,10.00"]})
    assert "No sale has a customer number although a column is mapped" in habitue(tmp_path, "run", code=1)
