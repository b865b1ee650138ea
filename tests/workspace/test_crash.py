"""A run killed at any moment leaves the project as it was, and two runs never work on one project at once."""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from habitue import project
from habitue.errors import UsageError

pytestmark = pytest.mark.xdist_group("crash")

SETTINGS = """
[engine]
threads = 2
memory = "1GB"
[sources.till]
kind = "transactions"
tax = "excluded"
files = "till_*.csv"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "date"
source_customer_id = "card"
store_id = "store"
sku = "article"
net_amount = "amount"
original_transaction_id = "original"
"""
ROWS = 20_000
AT = [0.05, 0.3, 0.5, 0.7, 0.9]  # of the time of a whole run
OPAQUE = ("customer_id", "source_customer_id")


def write_sales(folder: Path, month: int, extra: int = 0) -> None:
    """Half of `ROWS` tickets of two lines in one month of 2025; one line in fifty takes back another ticket.

    Customer numbers of each month are half new. `extra` changes the last amount, and so the file's content.
    The file of March is not in UTF-8: it is read from a copy.
    """
    path = folder / f"till_2025-{month:02}.csv"
    duckdb.sql(
        f"""COPY (
            SELECT 'T{month}-' || (i // 2) AS ticket,
                DATE '2025-{month:02}-01' + CAST((i // 2) % 28 AS INTEGER) AS date,
                'C' || ((i // 2 * 7919) % 9000 + {month} * 4500) AS card, 'É' || (i // 2) % 7 AS store,
                'A' || (i * 31) % 400 AS article,
                CASE WHEN i % 50 = 49 THEN -5 ELSE (i * 37) % 9000 + 100 END / 100.0
                    + CASE WHEN i = {ROWS - 2} THEN {extra} ELSE 0 END AS amount,
                CASE WHEN i % 50 = 49 THEN 'T{month}-' || (i // 2 - 11) END AS original
            FROM range({ROWS}) r(i) ORDER BY i) TO '{path}' (HEADER)"""
    )
    if month == 3:
        path.write_bytes(path.read_text("utf-8").encode("cp1252"))


# Imports take longer than a run: they are made once, in a process that forks another one for each run and opens nothing
# itself. Each run is a process of its own that can be killed.
PARENT = """
import json, os, sys
import alembic.command, alembic.config, altair, ibis.backends.duckdb, sqlalchemy.dialects.sqlite, vl_convert
import habitue.project, habitue.report.console, habitue.report.documents, habitue.workspace.tables
from habitue.cli import app
for line in sys.stdin:
    words, output = json.loads(line)
    code, child = 70, os.fork()
    if child == 0:
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
        os.dup2(1, 2)
        try:
            app(words)
        except SystemExit as ended:
            code = ended.code or 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # libraries must not tidy up threads that only their parent has
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Runs:
    """Starts `habitue run` in processes of their own, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._output, self.temporary = folder / "output.txt", folder / "temporary"
        self.temporary.mkdir()
        command = [sys.executable, "-c", PARENT]
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(self.temporary)}
        self._parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=env)

    def close(self) -> None:
        try:
            self._parent.communicate(timeout=60)
        finally:
            self._parent.kill()

    def start(self, folder: Path) -> None:
        words = ["--lang", "en", "run", "-p", str(folder)]
        self._write(f"{json.dumps([words, str(self._output)])}\n")
        self._child = int(self._read())

    def _write(self, text: str) -> None:
        assert self._parent.stdin is not None
        self._parent.stdin.write(text.encode())

    def _read(self) -> bytes:
        assert self._parent.stdout is not None
        return self._parent.stdout.readline()

    def has_ended(self, seconds: float = 0.0) -> bool:
        """Whether the run ends within so many seconds."""
        return bool(select.select([self._parent.stdout], [], [], seconds)[0])

    def ended(self) -> tuple[int, str]:
        """Wait for the end of the run: its exit code and what it has told."""
        assert self.has_ended(120)
        code = int(self._read())
        return code, self._output.read_text("utf-8")

    def complete(self, folder: Path) -> float:
        """A run that nobody kills; how many seconds it took."""
        began = time.monotonic()
        self.start(folder)
        code, told = self.ended()
        assert code == 0, told
        return time.monotonic() - began

    def kill_when(self, moment: Callable[[], bool]) -> bool:
        """Kill the run (SIGKILL) when the moment has come; False if it has ended before."""
        until = time.monotonic() + 120
        while not moment():
            if self.has_ended(0.002):
                break
            assert time.monotonic() < until
        else:
            os.kill(self._child, signal.SIGKILL)
        return self.ended()[0] == -signal.SIGKILL


@pytest.fixture(scope="module")
def runs_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    found = Runs(tmp_path_factory.mktemp("runs"))
    yield found
    found.close()


def digests(folder: Path) -> dict[str, str]:
    """Digest of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def orphans(folder: Path) -> set[str]:
    """Run folders without a run."""
    known = {run.run_id for run in project.open(folder).runs()}
    return {path.name for path in (folder / "runs").iterdir()} - known


def leftovers(folder: Path) -> list[Path]:
    """Half-staged files and spilled data."""
    return [*(folder / "staged").glob("*/.*"), *(folder / "staged").glob("habitue-spill-*")]


def results(folder: Path) -> dict[str, pa.Table]:
    """The tables of the last run, customers by their numbers, in an order of their own."""
    opened = project.open(folder)
    found = {}
    for path in sorted((folder / "runs" / opened.runs()[-1].run_id).glob("*.parquet")):
        table = opened.show(path.stem, personal_data=True)
        left_out = {*OPAQUE, "is_reused", "previous_share"}
        table = table.select([name for name in table.column_names if name not in left_out])
        found[path.stem] = table.sort_by([(name, "ascending") for name in table.column_names])
    return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, runs_of: Runs) -> Path:
    """A project with two files, run once."""
    folder = tmp_path_factory.mktemp("crash") / "shop"
    folder.mkdir()
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    write_sales(folder, 1)
    write_sales(folder, 2)
    runs_of.complete(folder)
    return folder


def is_there(folder: Path, pattern: str) -> bool:
    """Whether a file is there, in a folder in which others come and go."""
    try:
        return any(folder.glob(pattern))
    except FileNotFoundError:  # a folder went while it was looked into
        return False


def test_killed_at_any_moment_nothing_is_half_visible(ran: Path, runs_of: Runs, tmp_path: Path) -> None:
    folder, never_killed = ran, tmp_path / "never-killed"
    (one,) = project.open(folder).runs()
    earlier = digests(folder / "runs" / one.run_id)
    assert pq.read_metadata(folder / "runs" / one.run_id / "transaction_lines.parquet").num_rows == 2 * ROWS
    shutil.copytree(folder, never_killed)
    write_sales(never_killed, 3)
    whole = runs_of.complete(never_killed)

    def after(seconds: float) -> Callable[[], bool]:
        began = time.monotonic()
        return lambda: time.monotonic() - began >= seconds

    def while_transcoding() -> bool:
        return is_there(folder / "staged", "habitue-spill-*/*/*.csv")

    def while_staging() -> bool:
        return is_there(folder / "staged", "*/.*/*.parquet")

    def while_writing() -> bool:
        return any(is_there(folder / "runs" / name, "*.parquet") for name in orphans_now())

    def while_reporting() -> bool:
        return any((folder / "runs" / name / "report.html").exists() for name in orphans_now())

    def orphans_now() -> set[str]:
        return {path.name for path in (folder / "runs").iterdir()} - {run.run_id for run in known} - before

    told = (while_transcoding, while_staging, while_writing, while_reporting)
    moments = [lambda share=share: after(share * whole) for share in AT]
    moments += [lambda moment=moment: moment for moment in told]
    known, killed, seen = [one], 0, set[str]()
    for attempt, moment in enumerate(moments, 1):
        write_sales(folder, 3, extra=attempt)  # another content each time: it is always staged
        before = orphans(folder)
        runs_of.start(folder)
        was_killed = runs_of.kill_when(moment())
        opened = project.open(folder)
        runs = opened.runs()
        assert [run.run_id for run in runs[: len(known)]] == [run.run_id for run in known]
        assert len(runs) <= len(known) + 1
        if len(runs) > len(known):  # its row was committed just before the kill: then it is there as a whole
            assert (folder / "runs" / runs[-1].run_id / "manifest.json").exists()
            for name, rows in runs[-1].manifest["rows"].items():
                assert opened.show(name).num_rows == rows
        known, killed = runs, killed + was_killed
        assert digests(folder / "runs" / one.run_id) == earlier
        assert opened.show("sales", run=one.run_id).num_rows
        for name in orphans(folder):
            with pytest.raises(UsageError) as refused:
                opened.show("sales", run=name)
            assert [told.code for told in refused.value.messages] == ["run.unknown"]
        seen |= {moment.__name__ for moment in told[:2] if moment()} | ({"while_writing"} if orphans(folder) else set())
    assert killed >= len(moments) - 2  # a run may end before its last moments
    assert seen == {"while_transcoding", "while_staging", "while_writing"}

    write_sales(folder, 3)
    runs_of.complete(folder)
    assert len(project.open(folder).runs()) == len(known) + 1
    assert orphans(folder) == set()
    assert leftovers(folder) == []
    assert list(runs_of.temporary.iterdir()) == []
    found, expected = results(folder), results(never_killed)
    assert list(found) == list(expected)
    for name, table in expected.items():
        assert found[name].equals(table), name
    assert pc.sum(found["transaction_lines"]["source_amount"]).as_py() == 3 * cents_of_a_month()
    assert found["transaction_lines"].num_rows == 3 * ROWS
    assert digests(folder / "runs" / one.run_id) == earlier


def cents_of_a_month() -> int:
    """What `write_sales` writes, added up again."""
    return sum(-5 if i % 50 == 49 else i * 37 % 9000 + 100 for i in range(ROWS))


def refusal(act: Callable[[], Any]) -> list[str]:
    with pytest.raises(UsageError) as refused:
        act()
    assert refused.value.exit_code == 2
    return [told.code for told in refused.value.messages]


def test_a_second_run_is_refused_while_one_is_at_work(ran: Path, runs_of: Runs) -> None:
    opened = project.open(ran)
    runs = len(opened.runs())
    runs_of.start(ran)
    while not any((ran / "staged").glob("habitue-spill-*")):
        assert not runs_of.has_ended(0.01)
    assert refusal(opened.run) == ["run.another_at_work"]
    code, told = runs_of.ended()
    assert code == 0, told
    assert len(opened.runs()) == runs + 1


def test_the_command_says_that_another_run_is_at_work(ran: Path, runs_of: Runs) -> None:
    with FileLock(ran / ".habitue.lock"):
        runs_of.start(ran)
        code, told = runs_of.ended()
    assert code == 2
    assert told.splitlines() == [f"Error: Another run is at work on {ran}. Wait until it has ended, then try again."]
    assert leftovers(ran) == []
    assert len(project.open(ran).check().tables["files"]) >= 2  # and a look is possible
