"""Expected revenue by lifetimes: `python SCRIPT SUMMARY OUTPUT WEEKS [grouped]`.

SUMMARY is a Parquet file, one row a customer: `frequency`, `recency`, `T` (weeks), `monetary_value`. With `grouped`
BG/NBD is fitted on distinct rows with weights.
"""

from __future__ import annotations

import json
import sys
import time

import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter

NAMES = ("frequency", "recency", "T")

if __name__ == "__main__":
    weeks = float(sys.argv[3])
    begun, started = time.perf_counter(), time.process_time()
    table = pd.read_parquet(sys.argv[1], columns=["customer_id", *NAMES, "monetary_value"])
    process, spend = BetaGeoFitter(), GammaGammaFitter()
    if "grouped" in sys.argv:
        cases = table.groupby(list(NAMES)).size().rename("weight").reset_index()
        process.fit(*(cases[name] for name in NAMES), weights=cases["weight"])
    else:
        process.fit(*(table[name] for name in NAMES))
    repeat = table[table["frequency"] > 0]
    spend.fit(repeat["frequency"], repeat["monetary_value"])
    done = time.perf_counter()
    of = [table[name] for name in NAMES]
    found = table[["customer_id"]].assign(
        active_probability=process.conditional_probability_alive(*of),
        expected_visits=process.conditional_expected_number_of_purchases_up_to_time(weeks, *of),
        expected_spend=spend.conditional_expected_average_profit(table["frequency"], table["monetary_value"]),
    )
    found["expected"] = found["expected_visits"] * found["expected_spend"]
    found.to_parquet(sys.argv[2], compression="zstd")
    ended, used = time.perf_counter(), time.process_time() - started
    parameters = [*(process.params_[name] for name in ("r", "alpha", "a", "b"))]
    parameters += [spend.params_[name] for name in ("p", "q", "v")]
    told = {"seconds": ended - begun, "cpu_seconds": used, "fit_seconds": done - begun, "parameters": parameters}
    print(json.dumps(told))
