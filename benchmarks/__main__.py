"""Run all benchmarks, or those named: `python -m benchmarks [ingest_10m ingest_csv cycle_10m …]`."""

from __future__ import annotations

import sys

from benchmarks import backtests, coverage, cycle, ingest_10m, ingest_csv, rfm_openretailscience, value, web

BENCHES = {
    "ingest_10m": ingest_10m.main,
    "ingest_csv": ingest_csv.main,
    "cycle_10m": cycle.cycle_10m,
    "cycle_50m": cycle.cycle_50m,
    "cycle_100m": cycle.cycle_100m,
    "backtests": backtests.main,
    "coverage": coverage.main,
    "value": value.main,
    "rfm_openretailscience": rfm_openretailscience.main,
    "web": web.main,
}

for name in sys.argv[1:] or BENCHES:
    BENCHES[name]()
