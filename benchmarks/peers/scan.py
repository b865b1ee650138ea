"""A bare scan of the columns the job needs, by DuckDB: `python SCRIPT STAGED OUTPUT AS_OF`."""

from __future__ import annotations

import json
import sys
import time

import duckdb

SUMS = (
    *(f"sum({name})" for name in ("net_amount", "line_number", "row_number", "quantity")),
    *(
        f"sum(strlen({name}))"
        for name in (
            "file_id", "source", "transaction_id", "source_customer_id", "store_id", "sales_channel", "sku",
            "sale_type_label", "population_label", "original_transaction_id", "currency",
        )
    ),
    "max(sold_at)", "max(sold_on)",
)  # fmt: skip

if __name__ == "__main__":
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '3GB'")
        begun = time.perf_counter()
        files = ", ".join(f"'{sys.argv[1]}/{name}/*/rows.parquet'" for name in ("till", "web"))
        con.execute(f"SELECT {', '.join(SUMS)} FROM read_parquet([{files}])").fetchall()
        print(json.dumps({"seconds": time.perf_counter() - begun}))
