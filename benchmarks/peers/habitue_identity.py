"""Identities by habitue: `python -m benchmarks.peers.habitue_identity RECORDS OUTPUT OPTIONS`.

RECORDS is a Parquet file with the columns of `normal_forms`; OUTPUT gets `source_customer_id` and `cluster_id`. OPTIONS
is JSON: `one_per_person` (systems), `is_tolerant`, `second_look`, `exact_only`, `region`, `as_of`.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from datetime import date
from typing import Any

import ibis
import pyarrow.parquet as pq

from habitue.customers.identity.resolve import resolve_identities
from habitue.customers.identity.second_look import splink_look
from habitue.customers.identity.settings import EXACT_KEYS, RULES, IdentitySettings
from habitue.customers.normal_forms.tables import Regions, normal_forms


def identities(records: str, output: str, options: dict[str, Any]) -> dict[str, float]:
    """Seconds in all, and of the reading of normal forms alone."""
    con: Any = ibis.duckdb.connect()
    settings = IdentitySettings(
        one_per_person=frozenset(options.get("one_per_person", ())),
        is_tolerant=options.get("is_tolerant", False),
        rules=EXACT_KEYS if options.get("exact_only") else RULES,
    )
    begun = time.perf_counter()
    raw = con.create_table("raw", pq.read_table(records))
    as_of, region = date.fromisoformat(options["as_of"]), options.get("region")
    normal = normal_forms(raw, as_of=as_of, regions=Regions(default=region))
    read = time.perf_counter() - begun
    look = splink_look() if options.get("second_look") else None
    found = resolve_identities(normal, settings=settings, second_look=look).identities
    pq.write_table(found.select("source_customer_id", "cluster_id").to_pyarrow(), output)
    return {"seconds": time.perf_counter() - begun, "normal_forms_seconds": read}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    ibis.memtable({"loaded": [1]}).to_pyarrow()  # Ibis imports as it goes: before the clock starts
    print(json.dumps(identities(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))))
