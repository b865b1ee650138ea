"""cycle/…: from staged lines to visits, RFM, strategic segments and the yearly matrix, written; habitue and its peers.

Every peer does the same job on the same staged files in a process and an environment of its own, and its results are
compared to the row and to the cent before anything is recorded.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import shops
from benchmarks.measure import Measured, measured_command, record
from benchmarks.peers import environments, same
from habitue.workspace.staged import FOLDER

HERE = Path(__file__).parent / "peers"
MEMORY = "16GB"
"""What both DuckDBs may use beside peers without a limit: with 12 GB they spill 50 M lines that polars keeps."""

USUAL_MEMORY, MOST_MIB = "3GB", 4096


def habitue(project: Path, output: Path, memory: str = MEMORY) -> Measured:
    """habitue's own functions."""
    where = ["-m", "benchmarks.peers.by_habitue", str(project), str(output), shops.AS_OF, memory]
    return measured_command([sys.executable, *where])


def peer(script: str, project: Path, output: Path, *, environment: str | None = None) -> Measured:
    """A script of `benchmarks/peers`, in the environment of its lock."""
    python = environments.python_of(environment) if environment else sys.executable
    return measured_command([python, str(HERE / script), str(project / FOLDER), str(output), shops.AS_OF, MEMORY])


def equal(ours: Path, theirs: Path) -> None:
    """Nothing is recorded of peers that found something else."""
    found = same.differences(ours, theirs)
    if any(found.values()):
        raise RuntimeError(f"results differ: {found}")


PEERS = {
    "handsql": ("hand_sql.py", None, "hand-written SQL (duckdb)"),
    "polars": ("polars_cycle.py", "polars", "polars (lazy, streaming)"),
    "pandas": ("pandas_cycle.py", "pandas", "pandas"),
    "scan": ("scan.py", None, "duckdb, sum of all columns needed"),
}
"""Script, environment, and name of each peer."""


def compare(millions: int, names: Sequence[str]) -> None:
    """One run of habitue beside each of some peers."""
    with shops.work_folder() as work, ExitStack() as stack:
        project = shops.shop(work, millions)
        mine = stack.enter_context(shops.output(work, "habitue"))
        ours = habitue(project, mine)
        for name in names:
            script, environment, title = PEERS[name]
            theirs = stack.enter_context(shops.output(work, name))
            other = peer(script, project, theirs, environment=environment)
            if name != "scan":
                equal(mine, theirs)
            ratio, speedup = ours.seconds / other.seconds, other.seconds / ours.seconds
            goals = {
                "handsql": ("ratio <= 1.2", ratio <= 1.2),
                "polars": ("speedup >= 1", speedup >= 1),
                "pandas": ("speedup >= 2", speedup >= 2),
                "scan": ("no goal stated", None),
            }
            goal, holds = goals[name]
            record(
                "cycle", f"{millions}M-vs-{name}", lines=shops.lines_of(project), ours=round(ours.seconds, 2),
                peer=round(other.seconds, 2), peer_name=title, ratio=round(ratio, 2), speedup=round(speedup, 2),
                memory=MEMORY, peak_mib=ours.peak_mib, peer_peak_mib=other.peak_mib, goal=goal, holds=holds,
            )  # fmt: skip


def cycle_10m() -> None:
    """cycle/10M-vs-handsql, 10M-vs-polars, 10M-vs-pandas."""
    compare(10, ("handsql", "polars", "pandas"))


def cycle_50m() -> None:
    """cycle/50M-vs-handsql, 50M-vs-polars, 50M-vs-scan."""
    compare(50, ("handsql", "scan", "polars"))


def cycle_100m() -> None:
    """cycle/100M: memory, with spilling."""
    with shops.work_folder() as work, ExitStack() as stack:
        project = shops.doubled(work, 50)
        mine = stack.enter_context(shops.output(work, "habitue"))
        theirs = stack.enter_context(shops.output(work, "scan"))
        ours, scan = habitue(project, mine, USUAL_MEMORY), peer("scan.py", project, theirs)
        record(
            "cycle", "100M", lines=shops.lines_of(project), ours=round(ours.seconds, 2), peer=round(scan.seconds, 2),
            peer_name=PEERS["scan"][2], ratio=round(ours.seconds / scan.seconds, 2), peak_mib=ours.peak_mib,
            goal=f"peak_mib <= {MOST_MIB}", holds=ours.peak_mib <= MOST_MIB,
        )  # fmt: skip
