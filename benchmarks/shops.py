"""Simulated shops with their files staged: in a folder that stays, if `HABITUE_BENCH` names one, else made anew."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow.parquet as pq

from habitue.demo.projects import build_simulated
from habitue.workspace import config
from habitue.workspace.address_hashes import AddressHashes
from habitue.workspace.engine import engine
from habitue.workspace.keys import project_key
from habitue.workspace.people import People
from habitue.workspace.staged import FOLDER, Stage, StagedFile

AS_OF = "2025-12-31"
YEARS = 3
CUSTOMERS_A_MILLION = 39_000
"""So many customers buy about a million lines in three years."""


@contextmanager
def work_folder() -> Iterator[Path]:
    """Where shops and outputs go."""
    kept = os.environ.get("HABITUE_BENCH")
    if kept:
        yield Path(kept)
        return
    with TemporaryDirectory(prefix="habitue-bench-") as temporary:
        yield Path(temporary)


def shop(work: Path, millions: int) -> Path:
    """The project folder of a simulated shop of about so many million lines, built and staged unless it is there."""
    folder = work / f"{millions}m"
    done = folder / "staged.done"
    if done.exists():
        return folder
    build_simulated(folder, "en", customers=millions * CUSTOMERS_A_MILLION, years=YEARS, seed=1)
    stage(folder)
    done.touch()
    return folder


def stage(folder: Path) -> None:
    """Stage all files of a project."""
    settings = config.read(folder)
    staged_in = folder / FOLDER
    staged_in.mkdir(exist_ok=True)
    with People.open(folder) as people, engine(settings.engine) as backend:
        hashes = AddressHashes(project_key(folder), None)
        Stage(backend, folder, staged_in, settings.staging(), people, hashes=hashes).stage(settings.sources)


def staged_files(folder: Path) -> list[StagedFile]:
    """What is staged in a project, the later export of a source last."""
    found = []
    for source in config.read(folder).sources:
        facts = {
            at.parent: json.loads(at.read_text("utf-8")) for at in (folder / FOLDER / source.name).glob("*/facts.json")
        }
        in_order = sorted(facts, key=lambda at: (facts[at]["latest_at"] or "", at.name))
        for rank, at in enumerate(in_order):
            file_id = at.name.split("-")[0]
            found.append(StagedFile(source, file_id, file_id, at, facts[at], True, 0.0, export_rank=rank))
    return found


def doubled(work: Path, millions: int) -> Path:
    """A shop of twice as many lines: beside a staged one, another of the same life under other numbers.

    Staging takes far longer than all that is measured after it.
    """
    one, folder = shop(work, millions), work / f"{2 * millions}m"
    done = folder / "staged.done"
    if done.exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(one / "habitue.toml", folder)
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '2GB'; SET preserve_insertion_order = false; SET enable_progress_bar = false")
        for file in staged_files(one):
            into = folder / FOLDER / file.source.name
            shutil.copytree(file.folder, into / file.folder.name, copy_function=os.link)
            if file.source.kind in OTHERS:
                other = into / ("x" + file.folder.name[1:])
                other.mkdir()
                for name in ("facts.json", "refused.parquet"):
                    shutil.copy(file.folder / name, other)
                con.execute(
                    f"COPY (SELECT * REPLACE ({OTHERS[file.source.kind]}) FROM read_parquet('{file.main}')) "
                    f"TO '{other / 'rows.parquet'}' (FORMAT parquet, COMPRESSION zstd)"
                )
    done.touch()
    return folder


_PERSON = "translate(source_customer_id, '0123456789abcdef', '123456789abcdef0') AS source_customer_id"
_FILE = "'x' || substr(file_id, 2) AS file_id"
OTHERS = {
    "transactions": f"{_PERSON}, {_FILE}, 'B' || transaction_id AS transaction_id, "
    "'B' || transaction_number AS transaction_number, 'B' || original_transaction_id AS original_transaction_id",
    "payments": "'B' || transaction_id AS transaction_id",
    "customers": f"{_PERSON}, {_FILE}",
}
"""What the other shop calls its tickets and customers, by kind of source."""


def lines_of(folder: Path) -> int:
    """How many lines are staged."""
    found = [path for name in ("till", "web") for path in (folder / FOLDER / name).glob("*/rows.parquet")]
    return sum(pq.ParquetFile(path).metadata.num_rows for path in found)


@contextmanager
def output(work: Path, name: str) -> Iterator[Path]:
    """An empty folder for the results of one tool."""
    with TemporaryDirectory(prefix=f"{name}-", dir=work) as temporary:
        yield Path(temporary)
