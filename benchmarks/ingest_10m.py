"""cycle/ingest-10M: ten million lines of the simulated shop from exports to staged lines."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import measured, record
from benchmarks.staging import COPY_PARQUET, STAGE
from habitue.demo.projects import build_simulated

CUSTOMERS, YEARS = 390_000, 3


def main() -> None:
    """Measure and record."""
    with TemporaryDirectory(prefix="habitue-bench-") as temporary:
        folder, copied = Path(temporary) / "shop", Path(temporary) / "copied"
        copied.mkdir()
        build_simulated(folder, "en", customers=CUSTOMERS, years=YEARS, seed=1)
        exports = str(folder / "exports")
        peer = measured(COPY_PARQUET, str(copied), f"{exports}/till_????.parquet", f"{exports}/web_????.parquet")
        ours = measured(STAGE, str(folder), "transactions")
    if ours.said["lines"] != peer.said["lines"]:
        raise RuntimeError(f"lines differ: {ours.said['lines']} and {peer.said['lines']}")
    record(
        "cycle", "ingest-10M", lines=ours.said["lines"], ours=round(ours.seconds, 2), peer=round(peer.seconds, 2),
        peer_name="duckdb copy parquet to parquet", ratio=round(ours.seconds / peer.seconds, 2),
        peak_mib=ours.peak_mib, goal="no goal stated", holds=None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
