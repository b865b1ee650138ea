"""Histories of published data sets as what purchase processes are fitted on, summed by hand in plain Python."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from habitue.segments.rfm import RfmSettings
from habitue.segments.schemes import Scheme
from habitue.segments.strategic import Calibration
from habitue.value.cases import Array, Cases, distinct
from habitue.value.trials import Segmentations


@dataclass(frozen=True)
class Histories:
    """One element a customer: repeat days, time of the last and time observed (weeks), mean spend and number of the
    positive repeats, purchase days and revenue afterwards."""

    x: Array
    t_x: Array
    t_end: Array
    spend: Array
    spends: Array
    later_days: Array
    later_amount: Array

    @property
    def cases(self) -> Cases:
        return distinct(self.x, self.t_x, self.t_end)


def histories(
    rows: Iterable[tuple[str, date, float]], last_on: date, *, until: date = date.max, shift_days: float = 0.0
) -> Histories:
    """From (customer, day, amount); purchase days are calendar days, whatever their amount."""
    by_customer: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for customer, day, amount in rows:
        by_customer[customer][day] += amount
    found = []
    for days in by_customer.values():
        known = sorted(day for day in days if day <= last_on)
        if not known:
            continue
        later = [amount for day, amount in days.items() if last_on < day <= until]
        repeats = [days[day] for day in known[1:] if days[day] > 0]
        found.append(
            (
                len(known) - 1,
                (known[-1] - known[0]).days / 7,
                ((last_on - known[0]).days + shift_days) / 7,
                sum(repeats) / len(repeats) if repeats else 0.0,
                len(repeats),
                len(later),
                sum(later),
            )
        )
    return Histories(*np.array(found, float).T)


def cdnow(folder: Path, name: str) -> list[tuple[str, date, float]]:
    """`sample` or `master`; the sample numbers its customers anew in its first column."""
    lines = (folder / f"CDNOW_{name}.txt").read_text("ascii").splitlines()
    cells = [line.split()[-4:] for line in lines[1 if name == "master" else 0 :] if line.strip()]
    return [(who, _day(day), float(amount)) for who, day, _, amount in cells]


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def grocery_log(folder: Path) -> list[tuple[str, date, float]]:
    with (folder / "groceryElog.csv").open(encoding="utf-8") as file:
        return [(row["cust"], date.fromisoformat(row["date"]), 1.0) for row in csv.DictReader(file)]


def completejourney_rows(folder: Path) -> list[tuple[str, date, float]]:
    """One row a household and day of 2017, by the time stamps as the publisher wrote them."""
    table = pq.read_table(
        folder / "transactions.parquet", columns=["household_id", "transaction_timestamp", "sales_value"]
    )
    stamps = table["transaction_timestamp"]
    days = (pc.local_timestamp(stamps) if stamps.type.tz else stamps).cast(pa.timestamp("s"), safe=False)
    table = pa.table(
        {"who": table["household_id"], "day": days.cast(pa.date32(), safe=False), "v": table["sales_value"]}
    )
    summed = table.group_by(["who", "day"]).aggregate([("v", "sum")])
    rows = zip(*(summed[name].to_pylist() for name in ("who", "day", "v_sum")), strict=True)
    return [(str(who), day, float(amount)) for who, day, amount in rows if day.year == 2017]


START = date(2024, 1, 1)

CALIBRATION = Calibration(
    population="consumer", calibrated_on=START, repeaters_count=1_000, is_assumed=False, cycle_days=60, new_days=60,
    lost_days=365, core_amount=20_000, scheme="tests",
)  # fmt: skip


def segmentations(assignments: ir.Table) -> Segmentations:
    """Of consumers: core are those with a visit in 60 days and 200.00 in twelve months."""
    scheme = Scheme({"consumer": CALIBRATION}, {}, ())
    return Segmentations(assignments=assignments, scheme=scheme, settings=RfmSettings())


def simulated_days(*, customers: int, seed: int = 1, weeks: int = 78) -> pa.Table:
    """CUSTOMER_DAYS of customers who join over half a year from START, buy at rates of their own, and drop out."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[str, date, int]] = []
    for number in range(customers):
        rate, lifetime = chance.gamma(1.2, 1 / 40), chance.exponential(400)
        day, worth = float(chance.integers(0, 180)), chance.gamma(4, 1000)
        gone = day + lifetime
        seen = set()
        while day < min(gone, weeks * 7):
            if int(day) not in seen:
                seen.add(int(day))
                on = START + timedelta(days=int(day))
                rows.append((f"C{number:05}", on, round(worth * chance.gamma(3, 1 / 3)) + 1))
            day += chance.exponential(1 / rate)
    people, days, amounts = zip(*rows, strict=True)
    return pa.table(
        {
            "customer_id": people,
            "population": ["consumer"] * len(rows),
            "sold_on": pa.array(days, pa.date32()),
            "net_amount": pa.array(amounts, pa.int64()),
            "is_visit": [True] * len(rows),
            "margin_amount": pa.nulls(len(rows), pa.int64()),
            "margin_is_assumed": [False] * len(rows),
            "reward_amount": pa.array([0] * len(rows), pa.int64()),
            "sales_channel": ["store"] * len(rows),
        }
    )
