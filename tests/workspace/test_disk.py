"""A folder that cannot be written and a disk that is full: one clear error, exit code 2, earlier runs as they were."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from support.components import require

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
sku = "article"
net_amount = "amount"
"""
BLOCK = 4096


def write_sales(folder: Path, month: int, rows: int) -> None:
    """Sales of one month, each of another customer with a long number."""
    card = f"{'card' * 8}-{month}"
    lines = [
        f"{month}-{i},2025-{month:02}-{i % 28 + 1:02},{card}-{i * 7919 % 100_003},A{i % 50},{i % 97 + 1}.25\n"
        for i in range(rows)
    ]
    text = "ticket,date,card,article,amount\n" + "".join(lines)
    (folder / f"till_2025-{month:02}.csv").write_text(text, "utf-8")


def new_project(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    write_sales(folder, 1, 200)
    return folder


def run(folder: Path, code: int) -> str:
    """`habitue run`; what it has told."""
    done = CliRunner().invoke(app, ["--lang", "en", "run", "-p", str(folder)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def digests(folder: Path) -> dict[str, str]:
    """Digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# ---------------------------------------------------------------------------------------------------------------------
# Not writable. Permissions do not bind root: as root, the process gives up the capabilities that set them aside.

IN_TURN = """
import ctypes, json, os, sys
if os.geteuid() == 0:
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, none) == 0
from pathlib import Path
from typer.testing import CliRunner
from habitue.cli import app
folder = Path(sys.argv[1])
for place in json.loads(sys.argv[2]):
    closed = [folder / place, *(folder / place).rglob("*")]
    for path in closed:
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = CliRunner().invoke(app, ["--lang", "en", "run", "-p", str(folder)])
    shown = CliRunner().invoke(app, ["show", "sales-by-year", "-p", str(folder), "--format", "csv"])
    for path in closed:
        path.chmod(0o755 if path.is_dir() else 0o644)
    print(json.dumps([place, done.exit_code, done.stdout, done.stderr, repr(done.exception), shown.stdout]))
"""


def test_what_cannot_be_written_is_told_and_costs_nothing(tmp_path: Path) -> None:
    folder = new_project(tmp_path / "shop")
    run(folder, 0)
    write_sales(folder, 2, 50)
    before = digests(folder / "runs")
    places = [".", "staged", "people.db", "catalogue.db", "runs"]  # the last two refuse when the new file is staged
    command = [sys.executable, "-c", IN_TURN, str(folder), json.dumps(places)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found = {row[0]: row[1:] for row in map(json.loads, done.stdout.splitlines())}
    assert list(found) == places
    for place, (code, out, told, exception, shown) in found.items():
        assert (code, out, exception) == (2, "", "SystemExit(2)"), (place, told, exception)
        (line,) = told.splitlines()
        assert line.startswith(f"Error: {folder}"), place
        assert line.endswith(" cannot be written. Check its permissions."), place
        assert shown.splitlines()[1].startswith("2024-01-29,2025-01-28,200,"), place
    assert digests(folder / "runs") == before
    assert len(project.open(folder).runs()) == 1


# ---------------------------------------------------------------------------------------------------------------------
# Full.


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 6 MB."""
    require("tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def fill(folder: Path, leave: int) -> None:
    """Fill the disk, leaving so many bytes."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        file.write(b"\0" * max(free(folder) - leave, 0))


def taken(folder: Path) -> dict[str, int]:
    """Bytes on the disk by part of a project."""
    parts = {"staged": 0, "people.db": 0, "runs": 0}
    for path in folder.rglob("*"):
        part = path.relative_to(folder).parts[0]
        if part in parts and path.is_file():
            parts[part] += -(-path.stat().st_size // BLOCK) * BLOCK
    return parts


def test_a_full_disk_is_told_and_costs_nothing(disk: Path, tmp_path: Path) -> None:
    """Whatever fills up: the catalogue, staged rows, the people store, the run's tables or its report."""
    folder = new_project(disk)
    run(folder, 0)
    before = digests(folder / "runs")
    write_sales(folder, 2, 8000)
    there = taken(folder)
    apart = tmp_path / "apart"
    shutil.copytree(folder, apart)
    run(apart, 0)
    needed = {part: size - there[part] for part, size in taken(apart).items()}
    report = sum(path.stat().st_size for path in apart.glob("runs/*/report.html")) // 2
    assert min(needed.values()) > 20 * BLOCK
    whole = sum(needed.values())
    levels = {
        "catalogue": 0,
        "staged": needed["staged"] // 2,
        "people": needed["staged"] + needed["people.db"] // 2,
        "tables": whole - report - (needed["runs"] - report) // 2,
        "report": whole - report // 2,
    }
    reached = {}
    for level, left in levels.items():
        fill(folder, left - sum(taken(folder).values()) + sum(there.values()))
        told = run(folder, 2)
        kept = "Nothing of this run was kept; earlier runs are as they were."
        assert told == f"Error: The disk is full ({folder}). {kept}\n"
        reached[level] = len(list((folder / "staged" / "till").iterdir()))
        assert digests(folder / "runs") == before
        assert not [*folder.glob("staged/*/.*"), *folder.glob("staged/habitue-spill-*")]
        assert len(project.open(folder).runs()) == 1
        (folder / "filler").unlink()
    assert reached == {"catalogue": 1, "staged": 1, "people": 1, "tables": 2, "report": 2}
    run(folder, 0)
    assert len(project.open(folder).runs()) == 2
