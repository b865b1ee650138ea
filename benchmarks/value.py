"""value/…: expected revenue of a million customers and more, from one file; habitue and its peers.

All get the same histories, made from known parameters of BG/NBD and Gamma-Gamma, and write a row a customer. The peers
get their summary made (times in whole weeks, half a week observed more, as habitue counts them), so that the work
compared is fit and predict. Theirs are point forecasts, habitue's have intervals.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.buyers import Truth, buyers, histories
from benchmarks.measure import Measured, measured_command, record
from benchmarks.peers import environments
from habitue.value.methods import BG_NBD
from habitue.value.snapshots import WEEK, times_of_cells

TRUTH = Truth(BG_NBD, (0.8, 12.0, 0.8, 2.5), (6.0, 4.0, 1_500.0))
HISTORY, AHEAD, SEED = 104, 39, 7
CHUNK = 250_000
"""Customers made at a time."""

MEMORY = "3GB"
SMALL_MEMORY, MOST_MIB = "400MB", 1024
LEAST_SPEEDUP, MOST_APART = 5, 5e-4
HERE = Path(__file__).parent / "peers"


def peer_columns(made: pa.Table) -> pa.Table:
    """The summary peers want beside the histories: weeks as habitue counts them, mean spend of repeats."""
    visits, observed, repeat, net, first = (
        made[name].to_numpy().astype(float)
        for name in ("visits_count", "observed_days", "repeat_days", "net_amount", "first_amount")
    )
    recency, lived = times_of_cells(observed // WEEK, (observed - repeat) // WEEK, WEEK)
    mean = (net - first) / np.maximum(visits - 1, 1) / 100
    added = {"frequency": visits - 1, "recency": recency, "T": lived, "monetary_value": mean}
    for name, values in added.items():
        made = made.append_column(name, pa.array(values))
    return made


@contextmanager
def folder_with(customers: int) -> Iterator[Path]:
    """A folder with `given.parquet`: so many customers."""
    chance = np.random.default_rng(SEED)
    with TemporaryDirectory(prefix="habitue-bench-") as temporary:
        writer = None
        for number in range(0, customers, CHUNK):
            born = chance.uniform(0, HISTORY - 4, min(CHUNK, customers - number))
            of = buyers(TRUTH, born, HISTORY + AHEAD, chance)
            made = peer_columns(histories(of, HISTORY * WEEK, AHEAD * WEEK, number=number))
            writer = writer or pq.ParquetWriter(Path(temporary) / "given.parquet", made.schema, compression="zstd")
            writer.write_table(made)
        if writer:
            writer.close()
        yield Path(temporary)


def habitue(folder: Path, memory: str = MEMORY) -> Measured:
    """habitue's own functions."""
    where = [str(folder / "given.parquet"), str(folder / "ours.parquet"), str(AHEAD * WEEK), memory]
    return measured_command([sys.executable, "-m", "benchmarks.peers.habitue_value", *where])


def peer(folder: Path, name: str, *options: str) -> Measured:
    """A script of `benchmarks/peers`, in the environment of its lock."""
    script = str(HERE / f"{name}_value.py")
    where = [str(folder / "given.parquet"), str(folder / f"{name}.parquet"), str(AHEAD)]
    return measured_command([environments.python_of(name), script, *where, *options])


def told(folder: Path) -> dict[str, Any]:
    """What habitue's output says: how many, total over what came, share of customers inside their 95 % interval."""
    customers, bias, inside, empty = duckdb.sql(
        "SELECT count(*), sum(expected_amount) / sum(later_amount) - 1, "
        "avg((later_amount BETWEEN low_95_amount AND high_95_amount)::INT), count(*) - count(high_95_amount) "
        f"FROM '{folder}/ours.parquet' JOIN '{folder}/given.parquet' USING (customer_id)"
    ).fetchone() or (0, 0, 0, 0)
    if empty:
        raise RuntimeError(f"{empty} customers without an interval")
    return {"customers": customers, "bias": round(bias, 5), "inside_95": round(inside, 4)}


def apart(ours: Measured, other: Measured) -> list[float]:
    """By how much the parameters of a peer differ, each relative to ours."""
    pairs = zip(ours.said["parameters"], other.said["parameters"], strict=True)
    return [round(abs(theirs / mine - 1), 6) for mine, theirs in pairs]


def totals_apart(folder: Path, name: str) -> float:
    """By how much the total of a peer differs, relative to ours."""
    mine, theirs = (
        (duckdb.sql(f"SELECT sum({column}) FROM '{folder}/{file}.parquet'").fetchone() or (0.0,))[0]
        for file, column in (("ours", "expected_amount / 100"), (name, "expected"))
    )
    return round(abs(theirs / mine - 1), 6)


PEERS = {"lifetimes": "lifetimes 0.11.3", "pymc": "pymc-marketing 0.19 (MAP)"}


def against_peers(customers: int = 1_000_000) -> None:
    """value/1M-vs-best-peer."""
    with folder_with(1_000) as small:
        peer(small, "pymc")  # compiles what it needs, which it keeps for later runs
    with folder_with(customers) as folder:
        ours = habitue(folder)
        others = {name: peer(folder, name) for name in PEERS}
        differ = {name: [*apart(ours, other), totals_apart(folder, name)] for name, other in others.items()}
        grouped = peer(folder, "lifetimes", "grouped")
        facts = told(folder)
    if max(differ["lifetimes"][:4]) > MOST_APART:
        raise RuntimeError(f"BG/NBD differs from lifetimes: {differ}")
    best = min(others, key=lambda name: others[name].seconds)
    speedup = others[best].seconds / ours.seconds
    record(
        "value", "1M-vs-best-peer", **facts, ours=round(ours.seconds, 2), peer=round(others[best].seconds, 2),
        peer_name=PEERS[best], speedup=round(speedup, 2), ours_fit=round(ours.said["fit_seconds"], 2),
        peers={name: round(other.seconds, 2) for name, other in others.items()},
        peers_fit={name: round(other.said["fit_seconds"], 2) for name, other in others.items()},
        lifetimes_grouped=round(grouped.seconds, 2), peak_mib=ours.peak_mib, peer_peak_mib=others[best].peak_mib,
        cases=ours.said["cases"], parameters_and_total_apart=differ,
        goal=f"speedup >= {LEAST_SPEEDUP}", holds=speedup >= LEAST_SPEEDUP,
    )  # fmt: skip


def ten_million(customers: int = 10_000_000) -> None:
    """value/10M: memory, with spilling."""
    with folder_with(customers) as folder:
        ours = habitue(folder, SMALL_MEMORY)
        facts = told(folder)
    record(
        "value", "10M", **facts, ours=round(ours.seconds, 2), ours_fit=round(ours.said["fit_seconds"], 2),
        cases=ours.said["cases"], memory=SMALL_MEMORY, peak_mib=ours.peak_mib, goal=f"peak_mib <= {MOST_MIB}",
        holds=ours.peak_mib <= MOST_MIB,
    )  # fmt: skip


SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MOST_GROWTH = 2


def cases_curve(sizes: tuple[int, ...] = SIZES) -> None:
    """value/cases-curve: seconds of the fit beside distinct cases, from few customers to many."""
    curve = []
    for customers in sizes:
        with folder_with(customers) as folder:
            ours = habitue(folder)
        curve.append(
            {
                "customers": customers,
                "cases": ours.said["cases"],
                "process_seconds": round(ours.said["process_seconds"], 3),
                "fit_seconds": round(ours.said["fit_seconds"], 2),
                "seconds": round(ours.seconds, 2),
            }
        )
    small, large = curve[1], curve[-1]  # at ten thousand customers a fit is over before it can be measured
    growth = {name: large[name] / small[name] for name in ("customers", "cases", "process_seconds")}
    ratio = growth["process_seconds"] / growth["cases"]
    record(
        "value", "cases-curve", curve=curve, growth={name: round(times, 2) for name, times in growth.items()},
        ratio=round(ratio, 2), goal=f"growth of process_seconds <= {MOST_GROWTH} * growth of cases",
        holds=ratio <= MOST_GROWTH,
    )  # fmt: skip


LINES = {"1M-vs-best-peer": against_peers, "10M": ten_million, "cases-curve": cases_curve}


def main(*names: str) -> None:
    """Those named; all of them without a name."""
    for name in names or LINES:
        LINES[name]()
