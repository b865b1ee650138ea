"""rfm/vs-openretailscience: RFM scores of the same year of transactions, and whether equal customers score equally."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measure import measured_command, record
from benchmarks.peers import environments

CUSTOMERS, YEAR, SEED = 1_500_000, 2025, 1
HERE = Path(__file__).parent / "peers"
OURS = ("recency_days", "recency_score", "frequency", "frequency_score", "monetary", "monetary_score")
THEIRS = ("recency_days", "r_score", "frequency", "f_score", "monetary", "m_score")


def transactions(path: Path, customers: int = CUSTOMERS) -> int:
    """Write a year of transactions (one customer, one day each): how many."""
    rng = np.random.default_rng(SEED)
    visits = np.minimum(1 + rng.negative_binomial(0.8, 0.16, customers), 365)
    who = np.repeat(np.arange(customers), visits)
    first = np.concatenate(([0], np.cumsum(visits)[:-1]))
    # days of a customer: a start and a stride, so that no two are equal
    stride = np.maximum(rng.integers(1, 1 + 365 // visits), 1)
    day = (rng.integers(0, 365, customers)[who] + (np.arange(len(who)) - first[who]) * stride[who]) % 365
    cents = np.maximum(np.round(rng.lognormal(8.2, 0.7, len(who))), 1)
    table = pa.table(
        {
            "customer_id": pa.array(who).cast(pa.string()),
            "transaction_date": pa.array(np.datetime64(f"{YEAR}-01-01") + day, pa.date32()),
            "unit_spend": pa.array(cents / 100),
            "transaction_id": pa.array(np.arange(len(who))),
        }
    )
    pq.write_table(table, path, compression="zstd")
    return len(who)


def unequal(path: Path, columns: tuple[str, ...]) -> int:
    """Customers beside whom one with the same value of a dimension has another score of it."""
    values, scores = columns[::2], columns[1::2]
    tests = " OR ".join(
        f"min({score}) OVER (PARTITION BY {value}) <> max({score}) OVER (PARTITION BY {value})"
        for value, score in zip(values, scores, strict=True)
    )
    query = f"SELECT count(*) FROM (SELECT {tests} AS is_odd FROM read_parquet('{path}')) WHERE is_odd"
    return (duckdb.sql(query).fetchone() or (0,))[0]


def main() -> None:
    """Measure and record."""
    with TemporaryDirectory(prefix="habitue-bench-") as temporary:
        given, mine, theirs = (Path(temporary) / name for name in ("given.parquet", "ours.parquet", "peer.parquet"))
        count = transactions(given)
        as_of = f"{YEAR}-12-31"
        python = environments.python_of("openretailscience")
        peer = measured_command([python, str(HERE / "openretailscience_rfm.py"), str(given), str(theirs), as_of])
        ours = measured_command([sys.executable, "-m", "benchmarks.peers.habitue_rfm", str(given), str(mine), as_of])
        compared = duckdb.sql(
            f"SELECT count(*), count(*) FILTER (WHERE a.recency_days <> b.recency_days OR a.frequency <> b.frequency "
            f"OR a.monetary <> round(b.monetary * 100)) FROM read_parquet('{mine}') a "
            f"FULL JOIN read_parquet('{theirs}') b ON a.customer_id = b.customer_id"
        ).fetchone() or (0, 0)
        if compared != (CUSTOMERS, 0):
            raise RuntimeError(f"recency, frequency or value differ: {compared}")
        record(
            "rfm", "vs-openretailscience", customers=CUSTOMERS, transactions=count, ours=round(ours.seconds, 2),
            peer=round(peer.seconds, 2), peer_name="openretailscience", speedup=round(peer.seconds / ours.seconds, 2),
            peak_mib=ours.peak_mib, peer_peak_mib=peer.peak_mib, unequal=unequal(mine, OURS),
            peer_unequal=unequal(theirs, THEIRS), goal="no goal stated", holds=None,
        )  # fmt: skip


if __name__ == "__main__":
    main()
