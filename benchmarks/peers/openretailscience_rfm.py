"""RFM scores in five bands by openretailscience: `python SCRIPT TRANSACTIONS OUTPUT AS_OF`."""

from __future__ import annotations

import json
import sys
import time

import ibis
import openretailscience.segmentation.rfm as peer

if __name__ == "__main__":
    ibis.memtable({"loaded": [1]}).to_pyarrow()  # Ibis imports as it goes: before the clock starts
    con = ibis.duckdb.connect()
    con.con.execute("SET memory_limit = '3GB'")
    begun = time.perf_counter()
    transactions = con.read_parquet(sys.argv[1])
    found = peer.RFMSegmentation(transactions, current_date=sys.argv[3], r_segments=5, f_segments=5, m_segments=5)
    sql = ibis.to_sql(found.table, dialect="duckdb")
    con.con.execute(f"COPY ({sql}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
    print(json.dumps({"seconds": time.perf_counter() - begun}))
