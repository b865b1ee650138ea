"""Expected revenue with intervals by habitue: `python -m benchmarks.peers.habitue_value HISTORIES OUTPUT DAYS MEMORY`.

HISTORIES is a Parquet file as `histories.histories` gives it; no earlier dates are known, so that intervals come from
outcomes drawn from the models. The forecast is BG/NBD with Gamma-Gamma on repeat visits, as the peers make it.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable, schemas
from habitue.segments.states import PERSON
from habitue.value.candidates import spends
from habitue.value.expected_revenue import (
    Fitted,
    cases_of,
    fit_forecast,
    forecast_columns,
    predictions_by_case,
    simulated_outcomes,
    with_cells,
    with_intervals,
)
from habitue.value.intervals import IntervalCurve, fit_intervals
from habitue.value.methods import BG_NBD, REPEAT
from habitue.value.purchase_process import fit_purchase_process
from habitue.value.snapshots import WEEK, snapshot
from habitue.value.trials import SAMPLE
from habitue.workspace.engine import engine, write_parquet
from habitue.workspace.sections import EngineSection

NAME = f"{BG_NBD}_{REPEAT}"
COLUMNS = (
    *PERSON, "first_on", "last_on", "repeat_days", "observed_days", "visits_count", "net_amount", "first_amount",
    "period_days", "period_amount", "later_visits", "later_amount",
)  # fmt: skip
TODAY = date(2025, 1, 1)
"""Any date: histories hold days counted back from it."""


def intervals(people: ir.Table, customers: int, fitted: Fitted, days: int) -> IntervalCurve:
    """From a sample of the customers, as where no earlier date can tell."""
    if customers > SAMPLE:
        people = people.filter(portable.is_drawn(people.customer_id, SAMPLE / customers, "back-test"))
    now = snapshot(people.to_pyarrow(), on=TODAY, horizon_days=days)
    process, spend = fitted.processes[BG_NBD], fitted.spends[REPEAT]
    drawn = simulated_outcomes(now, process, spend, REPEAT, days, 1)
    predicted = process.expected(now.x, now.t_x, now.t_end, days / WEEK) * spend.expected(*spends(now, REPEAT))
    return fit_intervals([(predicted, drawn, days)])


def run(backend: Any, source: str, output: Path, days: int) -> dict[str, Any]:
    """From the file to the written table; what is to tell of it.

    `process_seconds` of the processor is what the fit of one purchase process on the distinct cases takes, done once
    more alone.
    """
    started = time.process_time()
    begun = time.perf_counter()
    people = backend.read_parquet(source).select(*COLUMNS)
    customers = int(people.count().to_pyarrow().as_py())
    fitted = fit_forecast(people, NAME, customers=customers)
    if fitted is None:
        raise RuntimeError("too few customers with a known spend")
    done = time.perf_counter()
    predictions = predictions_by_case(with_cells(people, fitted.cell_days), fitted, days)
    forecast = forecast_columns(people, fitted, days=days, predictions=predictions, from_learners=None)
    expected = with_intervals(forecast, intervals(people, customers, fitted, days), days)
    write_parquet(backend, schemas.EXPECTED_REVENUE.cast(expected), output)
    ended = time.perf_counter()
    used = time.process_time() - started
    cases = cases_of(with_cells(people, fitted.cell_days), fitted.cell_days)
    compressed = time.process_time()
    fit_purchase_process(cases, BG_NBD)
    alone = time.process_time() - compressed
    process, spend = fitted.processes[BG_NBD], fitted.spends[REPEAT]
    return {
        "seconds": ended - begun,
        "cpu_seconds": used,
        "fit_seconds": done - begun,
        "process_seconds": alone,
        "cases": process.cases_count,
        "parameters": [*process.parameters, spend.p, spend.q, spend.gamma / 100],
    }


if __name__ == "__main__":
    ibis.memtable({"loaded": [1]}).to_pyarrow()  # Ibis imports as it goes: before the clock starts
    target = Path(sys.argv[2])
    with engine(EngineSection(memory=sys.argv[4]), target.parent) as opened:  # type: ignore[call-arg]
        print(json.dumps(run(opened, sys.argv[1], target, int(sys.argv[3]))))
