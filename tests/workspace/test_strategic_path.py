"""One customer's past, row by row, against the engine that segments everybody: the same states and segments."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import ibis
import pytest

from habitue.schemas.table import Schema, columns
from habitue.segments.rfm import RfmSettings
from habitue.segments.schemes import segment_column
from habitue.segments.segmentation import SegmentSettings, segmentation
from habitue.segments.strategic import STRATEGIC
from habitue.workspace.strategic_path import state_at
from support.purchases import table
from support.segments import Day, bought

AS_OF = date(2024, 12, 31)
MEMBERS = Schema(
    "members", "one person", ("customer_id",),
    columns(("customer_id", "string", ""), ("population", "string", ""), ("enrolled_on", "date", "")),
)  # fmt: skip


@pytest.mark.parametrize("weights", [{}, {"online": 1517}], ids=["plain", "weighted"])
def test_the_same_as_for_everybody(weights: dict[str, int]) -> None:
    chance = random.Random(3)
    days: dict[tuple[str, date], Day] = {("C0", date(2021, 1, 2)): Day("C0", date(2021, 1, 2), 100)}
    for number in range(260):
        day = AS_OF - timedelta(days=chance.randrange(1400))
        for _ in range(chance.choice([1, 1, 2, 5, 12])):
            days[f"C{number}", day] = Day(
                f"C{number}", day, chance.choice([500, 999, 2501, -100, 0]), channel=chance.choice(["store", "online"])
            )
            day += timedelta(days=chance.choice([5, 40, 130, 400]))
            if day > AS_OF:
                break
    changes: list[dict[str, Any]] = [
        {
            "customer_id": one.customer, "population": "consumer", "sold_on": one.on,
            "known_until": one.on + timedelta(days=chance.randrange(60)), "net_amount": 1501,
            "visits_count": int(one.net <= 0), "sales_channel": one.channel,
        }
        for one in chance.sample(list(days.values()), 90)
    ]  # fmt: skip
    enrolled = {f"C{number}": AS_OF - timedelta(days=chance.randrange(1400)) for number in range(0, 300, 2)}
    people = [
        {"customer_id": f"C{number}", "population": "consumer", "enrolled_on": enrolled.get(f"C{number}")}
        for number in range(300)
    ]
    con = ibis.duckdb.connect()
    settings = SegmentSettings(rfm=RfmSettings(monetary_weights=weights, fit_weights=False))
    made = bought(con, list(days.values()), changes, members=table(con, MEMBERS, people))
    found = segmentation(made, settings, as_of=AS_OF)
    rows, shifts = made.days.to_pyarrow().to_pylist(), made.changes.to_pyarrow().to_pylist()
    assert len(found.moments) > 2
    met = set()
    for row in found.assigned.to_pyarrow().to_pylist():
        who = row["customer_id"]
        ever = any(row[f"visits_{number}"] for number in range(len(found.moments)))  # of others no value is kept
        for number, moment in enumerate(found.moments):
            state = state_at(
                [day for day in rows if day["customer_id"] == who],
                [one for one in shifts if one["customer_id"] == who],
                moment, found.scheme.calibrations["consumer"], weights=weights,
                enrolled_on=AS_OF if moment.on == AS_OF else enrolled.get(who),
            )  # fmt: skip
            last = row[f"last_{number}"]
            assert (state.segment, state.visits_count, state.recency_days, state.value if ever else 0) == (
                row[segment_column(STRATEGIC, number)] if row[f"known_{number}"] else None,
                row[f"visits_{number}"],
                (moment.on - last).days if last else None,
                row[f"weighted_money_{number}"],
            ), (who, moment.on)
            met.add(state.segment)
    assert met == {"core", "loyal", "slipping", "new", "one_off", "lost", "not_yet_customer", None}
