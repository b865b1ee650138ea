"""Run all benchmarks, or those named: `python -m benchmarks [ingest_10m ingest_csv]`."""

from __future__ import annotations

import sys

from benchmarks import ingest_10m, ingest_csv

BENCHES = {"ingest_10m": ingest_10m.main, "ingest_csv": ingest_csv.main}

for name in sys.argv[1:] or BENCHES:
    BENCHES[name]()
