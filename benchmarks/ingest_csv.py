"""cycle/ingest-csv-vs-duckdb: a CSV of five million lines, staged, beside a bare `read_csv` by the same engine."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.measure import measured, record
from benchmarks.staging import READ_CSV, STAGE
from habitue.demo.projects import build_simulated

CUSTOMERS, YEARS, LINES = 250_000, 3, 5_000_000
SETTINGS = """
[project]
time_zone = "Europe/Paris"
[sources.till]
kind = "transactions"
files = "till.csv"
tax = "excluded"
[sources.till.columns]
transaction_id = "ticket_no"
line_number = "line"
sold_at = "sold_at"
source_customer_id = "card_no"
store_id = "store"
till_id = "till"
sku = "ean"
quantity = "qty"
net_amount = "amount"
discount_amount = "discount"
sale_type = "kind"
original_transaction_id = "original_ticket"
"""


def main() -> None:
    """Measure and record."""
    with TemporaryDirectory(prefix="habitue-bench-") as temporary:
        shop, folder = Path(temporary) / "shop", Path(temporary) / "csv"
        folder.mkdir()
        build_simulated(shop, "en", customers=CUSTOMERS, years=YEARS, seed=1)
        columns = "ticket_no, line, sold_at, card_no, store, till, ean, qty, amount, discount, kind, original_ticket"
        with duckdb.connect() as con:
            con.execute(
                f"COPY (SELECT {columns} FROM read_parquet('{shop}/exports/till_????.parquet') LIMIT {LINES}) "
                f"TO '{folder}/till.csv' (HEADER)"
            )
        (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
        peer = measured(READ_CSV, str(folder / "till.csv"))
        ours = measured(STAGE, str(folder), "transactions")
    if ours.said["lines"] != peer.said["lines"]:
        raise RuntimeError(f"lines differ: {ours.said['lines']} and {peer.said['lines']}")
    record(
        "cycle", "ingest-csv-vs-duckdb", lines=ours.said["lines"], ours=round(ours.seconds, 2),
        peer=round(peer.seconds, 2), peer_name="duckdb read_csv", ratio=round(ours.seconds / peer.seconds, 2),
        peak_mib=ours.peak_mib, goal="no goal stated", holds=None,
    )  # fmt: skip


if __name__ == "__main__":
    main()
