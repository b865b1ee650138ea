"""The example of the README, run as a reader would: its commands, on its files, in an empty folder.

Expected values by hand. November: 9.80 + 12.50 + 6.20 + 1,149.00 = 1,177.50 used, 12.50 in the later export, 4.90 on a
day that does not exist, 50.00 a gift card; 1,244.90 in all, as its total row says. December: 11.25 + 89.00 - 12.50
- 6.20 + 14.70 + 12.50 = 108.75. Net after returns 1,177.50 + 108.75 = 1,286.25. Card 00017: 9.80 + 12.50 - 12.50
+ 89.00 = 98.80; 00023: 11.25 + 14.70 = 25.95; 00031: 1,149.00; nobody: 6.20 - 6.20 + 12.50 = 12.50.
"""

from __future__ import annotations

import csv
import io
import shlex
import shutil
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.conftest import ROOT, Page
from habitue.cli import app

pytestmark = pytest.mark.xdist_group("docs-example")
"""One worker makes the project."""

EXAMPLE = ROOT / "docs" / "example"


def told(command: str) -> str:
    """Output of a command line that begins with habitue."""
    words = shlex.split(command)
    assert words[0] == "habitue"
    done = CliRunner().invoke(app, words[1:], env={"HABITUE_LANG": "en"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[dict[str, str]]]:
    """The README's own-files commands, followed; gives the tables of the run."""
    readme = Page(ROOT / "README.md", (ROOT / "README.md").read_text("utf-8"))
    folder = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        commands = [line for line in readme.commands() if line.startswith("habitue ")]
        assert [command.split()[1] for command in commands[:3]] == ["init", "check", "run"]
        told(commands[0])
        assert tomllib.loads((folder / "shop" / "habitue.toml").read_text("utf-8"))
        shutil.copytree(EXAMPLE, folder / "shop", dirs_exist_ok=True)
        for command in commands[1:]:
            told(command)
    assert (folder / "customers.csv").read_bytes().startswith(b"\xef\xbb\xbfcustomer_id;")
    assert 'lang="fr"' in (folder / "report-fr.html").read_text("utf-8")

    def table(name: str) -> list[dict[str, str]]:
        output = told(f"habitue show {name} -p {shlex.quote(str(folder / 'shop'))} --format csv --personal-data")
        return list(csv.DictReader(io.StringIO(output)))

    return table


def test_the_readme_shows_the_settings_that_are_run(readme: Page):
    (shown,) = readme.blocks("toml")
    assert tomllib.loads(shown) == tomllib.loads((EXAMPLE / "habitue.toml").read_text("utf-8"))


def test_reconciliation(followed: Callable[[str], list[dict[str, str]]]):
    amounts = ("read", "used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")
    rows = ("read", "used", "duplicate", "after_as_of", "set_aside", "not_a_purchase", "unreadable")
    found = {
        row["file"]: [[row[f"{name}_amount"] for name in amounts], [int(row[f"{name}_rows"]) for name in rows]]
        for row in followed("reconciliation")
    }
    assert found == {
        "till_2024-11.csv": [["1244.90", "1177.50", "12.50", "0.00", "4.90", "50.00"], [7, 4, 1, 0, 1, 1, 0]],
        "till_2024-12.csv": [["108.75", "108.75", "0.00", "0.00", "0.00", "0.00"], [7, 6, 0, 0, 0, 0, 1]],
    }


def test_year(followed: Callable[[str], list[dict[str, str]]]):
    (year,) = followed("sales-by-year")
    assert (year["first_on"], year["last_on"]) == ("2023-12-21", "2024-12-20")
    assert (year["tickets_count"], year["customers_count"]) == ("7", "3")
    assert (year["kept_amount"], year["unidentified_amount"]) == ("1286.25", "12.50")


def test_customers(followed: Callable[[str], list[dict[str, str]]]):
    found = {row["customer_number"]: (row["net_amount"], row["visits_count"]) for row in followed("customers")}
    assert found == {"00017": ("98.80", "2"), "00023": ("25.95", "2"), "00031": ("1149.00", "1")}


def test_returns(followed: Callable[[str], list[dict[str, str]]]):
    found = [(row["transaction_id"], row["linked_by"], row["returned_amount"]) for row in followed("returns")]
    assert found == [("1008", "original_ticket", "12.50"), ("1009", "none", "6.20")]


def test_refused(followed: Callable[[str], list[dict[str, str]]]):
    found = [(row["file"], row["row_number"], row["reason"]) for row in followed("quarantine")]
    assert found == [
        ("till_2024-11.csv", "8", "date_impossible"),
        ("till_2024-12.csv", "8", "amount_unreadable"),
    ]


def test_files(followed: Callable[[str], list[dict[str, str]]]):
    found = {row["file"]: row for row in followed("files")}
    november = found["till_2024-11.csv"]
    assert (november["encoding"], november["delimiter"], november["header_line"]) == ("cp1252", ";", "2")
    assert (november["decimal_mark"], november["stated_total_amount"]) == (",", "1244.90")
    assert november["date_order"].startswith("day first")


def test_resent(followed: Callable[[str], list[dict[str, str]]]):
    (ticket,) = followed("resent-tickets")
    assert (ticket["transaction_id"], ticket["kept_file"]) == ("1006", "till_2024-12.csv")
    assert (Decimal(ticket["kept_amount"]), Decimal(ticket["superseded_amount"])) == (
        Decimal("11.25"),
        Decimal("12.50"),
    )


def test_collection_plan(followed: Callable[[str], list[dict[str, str]]]):
    found = {row["finding"]: (row["lines_count"], row["total_lines_count"], row["at_stake_amount"])
             for row in followed("collection-plan")}  # fmt: skip
    assert found == {
        "customer_without_contact": ("1", "6", "1149.00"),
        "sale_without_customer": ("2", "8", "18.70"),
        "unlabelled_sale_type": ("2", "2", "18.70"),
        "return_without_original": ("1", "2", "6.20"),
    }


def test_the_figures_stand_on_the_pages(readme: Page):
    for figure in ("€1,244.90", "€1,177.50", "€108.75", "€1,286.25", "98.80 + 25.95 + 1,149.00 + 12.50"):
        assert figure in readme.text


def test_an_earlier_as_of_date(tmp_path: Path):
    """As docs/purchases.md says: on 30 November nothing has come back, 1,177.50 + 11.25 = 1,188.75."""
    shop = tmp_path / "shop"
    shutil.copytree(EXAMPLE, shop)
    assert "€1,188.75" in told(f"habitue run -p {shlex.quote(str(shop))} --as-of 2024-11-30")
