"""Field cases through the real commands: each folder has its input, its settings and what is right (EXPECTED.md)."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from habitue.cli import app

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """A case copied into a folder of its own."""

    folder: Path

    def command(self, *words: str, code: int = 0) -> str:
        """Run `habitue` with these words on the case; its output, errors included."""
        done = CliRunner().invoke(app, ["--lang", "en", words[0], "-p", str(self.folder), *words[1:]])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    def settings(self, name: str) -> None:
        """Take other settings of the case."""
        (self.folder / name).replace(self.folder / "habitue.toml")

    def run(self, as_of: str | None = None) -> str:
        """One cycle."""
        return self.command("run", *(["--as-of", as_of] if as_of else []))

    def table(self, name: str, *options: str) -> list[dict[str, str]]:
        """Rows of a table as `habitue show --format csv` gives them."""
        return list(csv.DictReader(io.StringIO(self.command("show", name, "--format", "csv", *options))))

    def by_number(self, name: str = "customers") -> dict[str, dict[str, str]]:
        """Rows of a customer table by the customer number as its system writes it."""
        return {row["customer_number"]: row for row in self.table(name, "--personal-data")}

    def totals(self) -> dict[str, Decimal]:
        """The classes of the reconciliation, summed over files."""
        rows = self.table("reconciliation")
        names = ("read", "used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")
        return {name: sum((Decimal(row[f"{name}_amount"]) for row in rows), Decimal(0)) for name in names}

    def refused(self) -> dict[int, dict[str, Any]]:
        """Quarantine rows by their line in the file."""
        return {int(row["row_number"]): row for row in self.table("quarantine")}


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Case]:
    """Copy the case whose folder starts with a name, as `case("R01")`."""

    def copied(name: str) -> Case:
        (found,) = HERE.glob(f"{name}-*")
        folder = tmp_path / found.name
        shutil.copytree(found, folder)
        return Case(folder)

    return copied
