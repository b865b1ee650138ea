"""RFM scores by habitue: `python -m benchmarks.peers.habitue_rfm TRANSACTIONS OUTPUT AS_OF`."""

from __future__ import annotations

import json
import sys
import time
from datetime import date

import ibis

from habitue import schemas
from habitue.periods import period_end
from habitue.segments import rfm
from habitue.segments.states import Moment, states


def scores(transactions: ibis.Table, as_of: date) -> ibis.Table:
    """RFM of a table of transactions (`customer_id`, `transaction_date`, `unit_spend`), one population."""
    spend = (transactions["unit_spend"] * 100).round().cast("int64")
    days = transactions.group_by("customer_id", sold_on="transaction_date").aggregate(net_amount=spend.sum())
    days = days.mutate(
        population=ibis.literal("consumer"),
        sales_channel=ibis.null("string"),
        reward_amount=ibis.literal(0, "int64"),
        is_visit=days["net_amount"] > 0,
    )
    changes = {column.name: ibis.null(column.type) for column in schemas.DAY_CHANGES.columns}
    nothing = days.filter(ibis.literal(False)).select(**changes)
    settings = rfm.RfmSettings()
    window = period_end(as_of, settings.window_months)
    known = states(days, nothing, [Moment(as_of, window, window)], frequency_weights={}, monetary_weights={})
    return schemas.RFM.cast(rfm.rfm(known, rfm.fit_scales(known, as_of=as_of, settings=settings).scales, as_of=as_of))


if __name__ == "__main__":
    ibis.memtable({"loaded": [1]}).to_pyarrow()  # Ibis imports as it goes: before the clock starts
    con = ibis.duckdb.connect()
    con.raw_sql("SET memory_limit = '3GB'")
    begun = time.perf_counter()
    found = scores(con.read_parquet(sys.argv[1]), date.fromisoformat(sys.argv[3]))
    sql = ibis.to_sql(found, dialect="duckdb")
    con.con.execute(f"COPY ({sql}) TO '{sys.argv[2]}' (FORMAT parquet, COMPRESSION zstd)")
    print(json.dumps({"seconds": time.perf_counter() - begun}))
