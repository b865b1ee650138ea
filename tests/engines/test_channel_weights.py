"""Weights of sales channels on both engines: the same customers, the same sums, the same weights and gains."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from habitue.schemas import CUSTOMER_DAYS, DAY_CHANGES
from habitue.segments import channel_fit
from habitue.segments.channel_weights import ChannelWeights, channel_weights
from habitue.segments.rfm import RfmSettings
from support import spark
from support.channel_days import random_days

pytestmark = spark.MARKS


def test_both_engines_fit_the_same(on_duckdb: Any, on_spark: Any, tmp_path: Any, monkeypatch: Any) -> None:
    import pyarrow.parquet as pq

    monkeypatch.setattr(channel_fit, "SAMPLE", 350)  # so that customers are drawn as well
    days = random_days(7, customers=450)
    change = {
        "customer_id": days[0]["customer_id"], "population": "consumer", "sold_on": days[0]["sold_on"],
        "known_until": date(2023, 5, 1), "net_amount": 500, "visits_count": 0, "sales_channel": "web",
    }  # fmt: skip
    for name, schema, rows in (("days", CUSTOMER_DAYS, days), ("changes", DAY_CHANGES, [change])):
        whole = [{column: row.get(column) for column in schema.names} for row in rows]
        table = pa.Table.from_pylist(whole, schema=schema.ibis_schema().to_pyarrow())
        pq.write_table(table, tmp_path / f"{name}.parquet")

    def found(con: Any) -> ChannelWeights:
        read = (con.read_parquet(str(tmp_path / f"{name}.parquet")) for name in ("days", "changes"))
        return channel_weights(*read, RfmSettings(), as_of=date(2024, 12, 31))

    one, other = found(on_duckdb), found(on_spark)
    assert one.rows[0]["outcome"] == "margin"
    assert one.rows[0]["equal_rank_correlation"] == pytest.approx(0.5, abs=0.4)
    assert one.rows == other.rows
