"""The same job by habitue's own functions: `python -m benchmarks.peers.by_habitue PROJECT OUTPUT AS_OF [MEMORY]`.

PROJECT is a project whose files are staged; the clock starts with the staged files and stops when all tables and their
manifest are written.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import ibis

from benchmarks.shops import staged_files
from habitue import schemas
from habitue.customers.generic_cards import shared_cards
from habitue.periods import period_end
from habitue.purchases import visits
from habitue.purchases.day_changes import day_changes
from habitue.purchases.purchase_lines import purchase_lines
from habitue.purchases.sale_types import SHARED_CARD
from habitue.segments import movements, rfm
from habitue.segments.schemes import Scheme, segment_column
from habitue.segments.segmentation import moment_at
from habitue.segments.states import states
from habitue.segments.strategic import STRATEGIC, calibrate
from habitue.segments.tables import rows_table
from habitue.staging.overlaps import take_once
from habitue.workspace import config
from habitue.workspace.assembly import staged_tables
from habitue.workspace.engine import engine, write_parquet
from habitue.workspace.people import People


def chain(backend: Any, files: list[Any], settings: config.Settings, people: People, as_of: date, output: Path) -> None:
    """Staged files to visits, RFM, strategic segments and the yearly matrix, written."""
    staged = staged_tables(backend, files)
    sales = [file.source.name for file in files if file.source.kind == "transactions"]
    once = take_once(staged.lines, staged.files, overlapping=len(sales) > len(set(sales)))
    current = once.lines.filter(once.lines["sold_on"] <= as_of)
    current = current.mutate(customer_id=current["source_customer_id"])
    bought = purchase_lines(
        current,
        products=staged.products,
        payments=staged.payments,
        rates=staged.rates,
        source_customers=staged.source_customers,
        shared=shared_cards(current, as_of=as_of, settings=settings.shared_card_settings(people.known_ids)),
        settings=settings.purchase_settings(people.known_ids),
        home_currency=settings.project.currency,
    )
    days = visits.customer_days(bought.lines)
    changes = day_changes(bought.taken_back, days)
    segments = settings.segment_settings()
    left_out = [*segments.left_out, SHARED_CARD]
    mine, changed = (table.filter(~table.population.isin(left_out)) for table in (days, changes))
    moments = [moment_at(as_of, as_of, segments), moment_at(period_end(as_of, 12), as_of, segments, 1)]
    weights = {"frequency_weights": segments.rfm.frequency_weights, "monetary_weights": segments.rfm.monetary_weights}
    known = states(mine, changed, moments, **weights)
    fitted = calibrate(mine, known, as_of=as_of, scheme=segments.scheme)
    scheme = Scheme(fitted, rfm.fit_scales(known, as_of=as_of, settings=segments.rfm).scales, ())
    known = known.mutate(**{f"known_{number}": known[f"visits_{number}"] > 0 for number in (0, 1)})
    assigned = scheme.assign(known, moments)
    there = assigned.filter(assigned.visits_0 > 0)
    tables = {
        "visits": visits.visits(days),
        "rfm": schemas.RFM.cast(rfm.rfm(known, scheme.scales, as_of=as_of)),
        "assignments": there.select("customer_id", "population", segment=there[segment_column(STRATEGIC, 0)]),
        "calibration": rows_table(schemas.CALIBRATION, [one.row() for one in fitted.values()], like=known),
        "transitions": movements.tables(assigned, scheme, moments)["transitions"],
    }
    rows = {name: write_parquet(backend, table, output / f"{name}.parquet") for name, table in tables.items()}
    (output / "manifest.json").write_text(json.dumps({"as_of": as_of.isoformat(), "rows": rows}), "utf-8")


def run(project: Path, output: Path, as_of: date, *, memory: str = "3GB") -> float:
    """Seconds from staged files to written tables."""
    settings = config.read(project)
    limits = settings.engine.model_copy(update={"memory": memory})
    files = staged_files(project)
    with People.open(project) as people, engine(limits, output) as backend:
        begun = time.perf_counter()
        chain(backend, files, settings, people, as_of, output)
        return time.perf_counter() - begun


if __name__ == "__main__":
    ibis.memtable({"loaded": [1]}).to_pyarrow()  # Ibis imports as it goes: before the clock starts
    memory = sys.argv[4] if len(sys.argv) > 4 else "3GB"
    seconds = run(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), memory=memory)
    print(json.dumps({"seconds": seconds}))
