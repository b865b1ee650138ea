"""Every customer at a glance: figures by hand, and what is missing stays missing.

As of 31 December 2024 with a window of twelve months. A came twice to S1 and twice to S2 within it, S2 later; online
was visited once only. B came only before the window, once to each of two stores on different days. C is known by card
only. D is staff, and gave back more in the window than was bought in it on other days.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from habitue.schemas import CRITICAL_CUSTOMERS, CUSTOMER_PROFILES, EXPECTED_REVENUE, FADING, RISING
from habitue.schemas.table import Schema, columns
from habitue.segments.segmentation import SegmentSettings, segmentation
from habitue.value.profiles import customer_profiles
from support.purchases import table
from support.segments import Day, bought

pytestmark = pytest.mark.xdist_group("value-profiles")

AS_OF = date(2024, 12, 31)
MEMBERS = Schema(
    "members", "one person", ("customer_id",),
    columns(("customer_id", "string", ""), ("population", "string", ""), ("enrolled_on", "date", "")),
)  # fmt: skip
DAYS = [
    Day("A", date(2022, 5, 1), 1000, store="S1"),
    Day("A", date(2024, 2, 1), 2000, store="S1"),
    Day("A", date(2024, 3, 1), 3000, store="S1"),
    Day("A", date(2024, 4, 1), 4000, store="S2"),
    Day("A", date(2024, 12, 11), 500, store="S2", channel="online"),
    Day("A", date(2024, 12, 20), -100, store="S9"),
    Day("B", date(2022, 6, 1), 700, store="S2"),
    Day("B", date(2022, 6, 2), 800, store="S3"),
    Day("D", date(2024, 6, 1), 900, population="staff", store=None),
    Day("D", date(2024, 6, 2), -1500, population="staff", store="S1"),
    Day("E", date(2024, 6, 1), 999, population="shared_card"),
]
PERSONS = ["A", "B", "C"]


@pytest.fixture(scope="module")
def made(con: Any) -> Any:
    members = table(
        con, MEMBERS, [{"customer_id": name, "population": "consumer", "enrolled_on": None} for name in PERSONS]
    )
    return bought(con, DAYS, members=members)


@pytest.fixture(scope="module")
def segmented(made: Any) -> Any:
    return segmentation(made, SegmentSettings(), as_of=AS_OF)


def rows(found: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["customer_id"], row["population"]): row for row in found.to_pyarrow().to_pylist()}


def test_figures_by_hand(made: Any, segmented: Any) -> None:
    found = rows(customer_profiles(made.days, segmented, {}))
    assert set(found) == {("A", "consumer"), ("B", "consumer"), ("C", "consumer"), ("D", "staff")}
    wanted = {
        "A": (date(2022, 5, 1), date(2024, 12, 11), 5, 4, 9400, "S1", "store"),
        "B": (date(2022, 6, 1), date(2022, 6, 2), 2, 0, 0, "S3", "store"),
        "C": (None, None, 0, 0, 0, None, None),
        "D": (date(2024, 6, 1), date(2024, 6, 1), 1, 1, -600, None, "store"),
    }
    names = ("first_visit_on", "last_visit_on", "visits_count", "frequency", "net_amount", "store_id", "sales_channel")
    assert {who: tuple(row[name] for name in names) for (who, _), row in found.items()} == wanted


def test_segments_and_scores_are_those_of_their_tables(made: Any, segmented: Any) -> None:
    found = rows(customer_profiles(made.days, segmented, {}))
    for row in segmented.tables["assignments"].to_pyarrow().to_pylist():
        if row["segmentation"] in ("strategic", "ten"):
            mine = found[row["customer_id"], row["population"]]
            assert mine[f"{row['segmentation']}_segment"] == row["segment"]
    scored = rows(segmented.tables["rfm"])
    assert set(scored) == {("A", "consumer"), ("B", "consumer")}
    for person, row in found.items():
        of = scored.get(person, {})
        for name in ("recency_score", "frequency_score", "monetary_score"):
            assert row[name] == of.get(name)
        if of:
            assert (row["net_amount"], row["frequency"]) == (of["net_amount"], of["frequency"])
    assert found["C", "consumer"]["strategic_segment"] == "not_yet_customer"
    assert found["D", "staff"]["strategic_segment"] is None


def test_what_is_expected_and_the_lists(con: Any, made: Any, segmented: Any) -> None:
    def person(name: str, **more: Any) -> dict[str, Any]:
        return {"customer_id": name, "population": "consumer", **more}

    ahead = {
        "expected_revenue": table(
            con, EXPECTED_REVENUE,
            [person("A", expected_amount=10, low_80_amount=2, high_80_amount=30, low_95_amount=1, high_95_amount=40,
                    active_probability=0.5), person("B", expected_amount=20)],
        ),
        "critical_customers": table(con, CRITICAL_CUSTOMERS, [person("B", place=1)]),
        "rising": table(con, RISING, []),
        "fading": table(con, FADING, [person("A", place=1)]),
    }  # fmt: skip
    whole = customer_profiles(made.days, segmented, ahead).to_pyarrow()
    assert whole.schema.names == list(CUSTOMER_PROFILES.names)
    assert whole["customer_id"].to_pylist() == ["B", "A", "C", "D"]
    found = rows(customer_profiles(made.days, segmented, ahead))
    a = found["A", "consumer"]
    assert [a[name] for name in CUSTOMER_PROFILES.names[14:]] == [10, 2, 30, 1, 40, 0.5, False, False, True]
    assert found["B", "consumer"]["is_critical"]
    none = found["C", "consumer"]
    assert [none[name] for name in CUSTOMER_PROFILES.names[14:]] == [None] * 6 + [False] * 3


def test_nobody_at_all(con: Any) -> None:
    nothing = bought(con, [])
    found = customer_profiles(nothing.days, segmentation(nothing, SegmentSettings(), as_of=AS_OF), {})
    assert found.to_pyarrow().num_rows == 0
