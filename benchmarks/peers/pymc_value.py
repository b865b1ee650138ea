"""Expected revenue by pymc-marketing, point estimates (MAP): `python SCRIPT SUMMARY OUTPUT WEEKS`.

SUMMARY is a Parquet file, one row a customer: `customer_id`, `frequency`, `recency`, `T` (weeks), `monetary_value`.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
from pymc_marketing.clv import BetaGeoModel, GammaGammaModel

NAMES = ("frequency", "recency", "T")

if __name__ == "__main__":
    weeks = int(sys.argv[3])
    begun, started = time.perf_counter(), time.process_time()
    table = pd.read_parquet(sys.argv[1], columns=["customer_id", *NAMES, "monetary_value"])
    process = BetaGeoModel(table[["customer_id", *NAMES]])
    process.fit(method="map", progressbar=False)
    spend = GammaGammaModel(table.loc[table["frequency"] > 0, ["customer_id", "frequency", "monetary_value"]])
    spend.fit(method="map", progressbar=False)
    done = time.perf_counter()
    found = table[["customer_id"]].assign(
        active_probability=process.expected_probability_alive(table).to_numpy().ravel(),
        expected_visits=process.expected_purchases(table, future_t=weeks).to_numpy().ravel(),
        expected_spend=spend.expected_customer_spend(table).to_numpy().ravel(),
    )
    found["expected"] = found["expected_visits"] * found["expected_spend"]
    found.to_parquet(sys.argv[2], compression="zstd")
    ended, used = time.perf_counter(), time.process_time() - started
    of = {**process.idata.posterior, **spend.idata.posterior}
    parameters = [float(of[name].mean()) for name in ("r", "alpha", "a", "b", "p", "q", "v")]
    told = {"seconds": ended - begun, "cpu_seconds": used, "fit_seconds": done - begun, "parameters": parameters}
    print(json.dumps(told))
