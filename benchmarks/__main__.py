"""Run all benchmarks, or those named: `python -m benchmarks [ingest_10m ingest_csv cycle_10m …]`."""

from __future__ import annotations

import sys

from benchmarks import backtests, coverage, cycle, identity, ingest_10m, ingest_csv, rfm_openretailscience, value, web

BENCHES = {
    "ingest_10m": ingest_10m.main,
    "ingest_csv": ingest_csv.main,
    "cycle_10m": cycle.cycle_10m,
    "cycle_50m": cycle.cycle_50m,
    "cycle_100m": cycle.cycle_100m,
    "backtests": backtests.main,
    "coverage": coverage.main,
    "value": value.main,
    "identity_truths": identity.truths,
    "identity_pair": identity.pair_100k,
    "identity_increments": identity.increments,
    "identity_1m": identity.million,
    "rfm_openretailscience": rfm_openretailscience.main,
    "web": web.main,
}

for name in sys.argv[1:] or BENCHES:
    BENCHES[name]()
