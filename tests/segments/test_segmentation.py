"""The whole room against an independent reading of the definitions, on random shops; and its odd cases."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from habitue.periods import period_end
from habitue.schemas.table import Schema, columns
from habitue.segments.rfm import RfmSettings
from habitue.segments.rule_sets import Rule, RuleSet
from habitue.segments.segmentation import Segmented, SegmentSettings, moments_of, segmentation, transitions_between
from habitue.segments.standard import NINE, TEN
from support import segments as plain
from support.purchases import table
from support.segments import Day, State, bought

AS_OF = date(2024, 12, 31)
_WEIGHTED = RfmSettings(monetary_weights={"store": 900})
_MEMBERS = Schema(
    "members", "one person", ("customer_id",),
    columns(("customer_id", "string", ""), ("population", "string", ""), ("enrolled_on", "date", "")),
)  # fmt: skip
FAST = settings(
    deadline=None, derandomize=True, database=None, max_examples=6, phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def shop(seed: int, customers: int = 320, years: int = 4) -> list[Day]:
    """Days of customers of different rhythm; values repeat, so that there are ties; some days are negative."""
    rng = random.Random(seed)
    days: dict[tuple[str, date], Day] = {}
    for number in range(customers):
        population = "b2b" if number % 5 == 0 else "consumer"
        begin = AS_OF - timedelta(days=rng.randrange(365 * years))
        for _ in range(rng.choice([1, 1, 2, 3, 8])):
            net = rng.choice([500, 1000, 1000, 2500, 10_000, -300])
            customer = f"C{number:04}"
            days[customer, begin] = Day(customer, begin, net, population)
            begin += timedelta(days=rng.choice([7, 20, 60, 150, 300]))
            if begin > AS_OF:
                break
    return list(days.values())


def of(found: Segmented, name: str) -> list[dict[str, Any]]:
    return found.tables[name].to_pyarrow().to_pylist()


def check(days: list[Day], found: Segmented) -> None:
    """Scores, thresholds, segments now and before, and the matrices, as plain Python has them."""
    window_after = period_end(AS_OF, 12)
    now = plain.states_at(days, AS_OF, window_after)
    rfm = {(row["customer_id"], row["population"]): row for row in of(found, "rfm")}
    assert {person: State(r["visits_count"], r["recency_days"], r["first_visit_on"], r["frequency"], r["monetary"])
            for person, r in rfm.items()} == now  # fmt: skip
    limits = {}
    for population in {population for _, population in now}:
        mine = sorted(person for person in now if person[1] == population)
        for score, values in (
            ("recency_score", [-now[person].recency for person in mine]),
            ("monetary_score", [now[person].value for person in mine]),
        ):
            assert [rfm[person][score] for person in mine] == plain.quantile_scores(values)
        frequency = [now[person].frequency for person in mine]
        if max(Counter(frequency).values()) * 5 > len(mine):
            expected = [1 + sum(f >= floor for floor in (2, 3, 5, 10)) for f in frequency]
        else:
            expected = plain.quantile_scores(frequency)
        assert [rfm[person]["frequency_score"] for person in mine] == expected
        limits[population] = plain.thresholds(days, population, AS_OF, window_after, 200)
        one = found.scheme.calibrations[population]
        assert (one.cycle_days, one.new_days, one.lost_days, one.core_amount) == (
            limits[population].cycle, limits[population].new, limits[population].lost, limits[population].core,
        )  # fmt: skip
    assigned = {(r["segmentation"], r["customer_id"], r["population"]): r["segment"] for r in of(found, "assignments")}
    assert len(assigned) == len(of(found, "assignments")) == 3 * len(now)
    for person, state in now.items():
        assert assigned["strategic", *person] == plain.segment_of(state, limits[person[1]])
        scores = tuple(rfm[person][f"{name}_score"] for name in ("recency", "frequency", "monetary"))
        assert assigned["ten", *person] == TEN.segment_of(scores)
        assert assigned["nine", *person] == NINE.segment_of(scores)
    check_moves(days, found, limits)
    check_sizes(found, assigned)


def check_moves(days: list[Day], found: Segmented, limits: dict[str, plain.Thresholds]) -> None:
    cells = [row for row in of(found, "transitions") if row["segmentation"] == "strategic"]
    for from_on, to_on in {(row["from_on"], row["to_on"]) for row in cells}:
        before, after = (plain.states_at(days, on, period_end(on, 12)) for on in (from_on, to_on))
        moved: Counter[Any] = Counter()
        spent: Counter[Any] = Counter()
        for person in after.keys() | before.keys():
            ends = [plain.segment_of(states.get(person), limits[person[1]]) for states in (before, after)]
            moved[person[1], *ends] += 1
            spent[person[1], *ends] += sum(
                day.net for day in days if (day.customer, day.population) == person and from_on < day.on <= to_on
            )
        here = [row for row in cells if (row["from_on"], row["to_on"]) == (from_on, to_on)]
        key = ("population", "from_segment", "to_segment")
        assert {tuple(r[k] for k in key): r["customers_count"] for r in here if r["customers_count"]} == dict(moved)
        assert {tuple(r[k] for k in key): r["after_amount"] for r in here if r["customers_count"]} == dict(spent)
        assert not [row for row in here if row["is_impossible"] and row["customers_count"]]


def check_sizes(found: Segmented, assigned: dict[Any, str]) -> None:
    sizes: Counter[Any] = Counter()
    for (name, _, population), segment in assigned.items():
        sizes[name, population, segment] += 1
    rows = of(found, "segments")
    assert {(r["segmentation"], r["population"], r["segment"]): r["customers_count"] for r in rows} == {
        **{(r["segmentation"], r["population"], r["segment"]): 0 for r in rows},
        **sizes,
    }
    newest = max((row["to_on"] for row in of(found, "transitions")), default=None)
    arrived: Counter[Any] = Counter()
    for row in of(found, "transitions"):
        if row["to_on"] == newest:
            arrived[row["segmentation"], row["population"], row["to_segment"]] += row["customers_count"]
    if newest:
        assert {key: count for key, count in arrived.items() if count} == dict(sizes)


@pytest.mark.parametrize(("seed", "customers", "is_assumed"), [(1, 800, False), (2, 320, True)])
def test_a_random_shop(con: Any, seed: int, customers: int, is_assumed: bool) -> None:
    days = shop(seed, customers)
    found = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF)
    assert found.scheme.calibrations["consumer"].is_assumed == is_assumed
    assert found.scheme.calibrations["b2b"].is_assumed
    assert len({row["from_on"] for row in of(found, "transitions")}) == 3  # four years of history
    check(days, found)


@FAST
@given(
    st.lists(
        st.builds(
            Day,
            st.sampled_from("ABCDEFG"),
            st.dates(AS_OF - timedelta(days=900), AS_OF),
            st.sampled_from([-500, 0, 1, 300, 300, 7000]),
            st.sampled_from(["consumer", "consumer", "b2b"]),
        ),
        max_size=25,
        unique_by=lambda day: (day.customer, day.population, day.on),
    ),
    st.randoms(use_true_random=False),
)
def test_any_small_shop_in_any_order(con: Any, days: list[Day], rng: random.Random) -> None:
    found = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF)
    check(days, found)
    shuffled = days[:]
    rng.shuffle(shuffled)
    again = segmentation(bought(con, shuffled), SegmentSettings(), as_of=AS_OF)
    for name in ("rfm", "assignments", "transitions", "segments"):
        rows = (sorted(map(str, of(one, name))) for one in (found, again))
        assert next(rows) == next(rows)


def test_one_customer(con: Any) -> None:
    days = [Day("A", date(2024, 12, 1), 700)]
    found = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF)
    check(days, found)
    assert [row["segment"] for row in of(found, "assignments") if row["segmentation"] == "strategic"] == ["new"]
    (median,) = [
        r["median_recency_days"]
        for r in of(found, "segments")
        if r["segmentation"] == "strategic" and r["customers_count"]
    ]
    assert median == 30


def test_nobody(con: Any) -> None:
    found = segmentation(bought(con, []), SegmentSettings(), as_of=AS_OF)
    assert {name: table.count().to_pyarrow().as_py() for name, table in found.tables.items()} == dict.fromkeys(
        found.tables, 0
    )
    assert [note.code for note in found.notes] == ["segments.nobody"]


def test_members_without_a_visit_are_not_yet_customers(con: Any) -> None:
    days = [Day("A", date(2022, 1, 5), 100), Day("B", date(2024, 5, 1), 100), Day("R", date(2024, 5, 1), -100)]
    members = table(
        con,
        _MEMBERS,
        [
            {"customer_id": "A", "population": "consumer", "enrolled_on": date(2021, 1, 1)},
            {"customer_id": "B", "population": "consumer", "enrolled_on": date(2023, 1, 1)},
            {"customer_id": "M", "population": "consumer", "enrolled_on": date(2023, 1, 1)},
            {"customer_id": "N", "population": "consumer", "enrolled_on": date(2024, 2, 1)},
            {"customer_id": "U", "population": "consumer", "enrolled_on": None},
            {"customer_id": "R", "population": "consumer", "enrolled_on": None},
            {"customer_id": "S", "population": "staff", "enrolled_on": date(2023, 1, 1)},
        ],
    )
    found = segmentation(bought(con, days, members=members), SegmentSettings(), as_of=AS_OF)
    segments = {r["customer_id"]: r["segment"] for r in of(found, "assignments") if r["segmentation"] == "strategic"}
    not_yet = "not_yet_customer"
    assert segments == {"A": "lost", "B": "one_off", "M": not_yet, "N": not_yet, "U": not_yet, "R": not_yet}
    cells = {
        (r["to_on"], r["from_segment"], r["to_segment"]): r
        for r in of(found, "transitions")
        if r["segmentation"] == "strategic" and r["customers_count"]
    }
    year, before = AS_OF, date(2023, 12, 31)
    assert {key: row["customers_count"] for key, row in cells.items()} == {
        (year, "lost", "lost"): 1, (year, not_yet, "one_off"): 1, (year, not_yet, not_yet): 4,
        (before, "one_off", "lost"): 1, (before, not_yet, not_yet): 2,  # B and M, enrolled in 2023
    }  # fmt: skip
    assert cells[year, not_yet, "one_off"]["row_share"] is None


def test_thresholds_stay_frozen_until_value_is_computed_otherwise(con: Any) -> None:
    days = shop(3)
    first = segmentation(bought(con, days), SegmentSettings(), as_of=date(2023, 12, 31))
    kept = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF, frozen=first.scheme.calibrations)
    assert kept.scheme.calibrations == first.scheme.calibrations
    fresh = segmentation(bought(con, days), SegmentSettings(), as_of=AS_OF)
    assert kept.scheme.calibrations["consumer"].core_amount != fresh.scheme.calibrations["consumer"].core_amount
    other = SegmentSettings(rfm=_WEIGHTED)
    changed = segmentation(bought(con, days), other, as_of=AS_OF, frozen=first.scheme.calibrations)
    assert {one.calibrated_on for one in changed.scheme.calibrations.values()} == {AS_OF}
    assert "strategic.recalibrated" in [note.code for note in changed.notes]


def test_an_own_rule_set_is_a_partition_too(con: Any) -> None:
    house = RuleSet("house", (Rule("Good", (4, 5), (1, 5), (3, 5)), Rule("a <b>", (1, 2))))
    days = shop(4, customers=60)
    found = segmentation(bought(con, days), SegmentSettings(rule_sets=(house,)), as_of=AS_OF)
    rfm = {(r["customer_id"], r["population"]): r for r in of(found, "rfm")}
    own = {
        (r["customer_id"], r["population"]): r["segment"]
        for r in of(found, "assignments")
        if r["segmentation"] == "house"
    }
    assert own == {
        person: house.segment_of((r["recency_score"], r["frequency_score"], r["monetary_score"]))
        for person, r in rfm.items()
    }
    order = [r["segment"] for r in of(found, "segments") if (r["segmentation"], r["population"]) == ("house", "b2b")]
    assert order == ["Good", "a <b>", "unassigned", "not_yet_customer"]


def test_any_two_dates(con: Any) -> None:
    days = shop(5)
    tables = bought(con, days)
    found = segmentation(tables, SegmentSettings(), as_of=AS_OF)
    yearly = [r for r in of(found, "transitions") if r["to_on"] == AS_OF]
    again = transitions_between(
        tables, found.scheme, SegmentSettings(), from_on=date(2023, 12, 31), to_on=AS_OF, as_of=AS_OF
    )
    amounts = ("customers_count", "after_amount", "row_share", "low_share", "is_impossible")
    key = ("segmentation", "population", "from_segment", "to_segment")
    rows = (
        {tuple(row[k] for k in key): [row[a] for a in amounts] for row in one}
        for one in (yearly, again.to_pyarrow().to_pylist())
    )
    assert next(rows) == next(rows)
    odd = transitions_between(
        tables, found.scheme, SegmentSettings(), from_on=date(2023, 3, 3), to_on=date(2024, 2, 29), as_of=AS_OF
    )
    limits = {
        name: plain.Thresholds(one.cycle_days, one.new_days, one.lost_days, one.core_amount)
        for name, one in found.scheme.calibrations.items()
    }
    check_moves(days, replace(found, tables={"transitions": odd}), limits)


@pytest.mark.parametrize(
    ("first", "step", "dates"),
    [
        (date(2023, 1, 1), 12, ["2024-12-31", "2023-12-31"]),
        (date(2023, 1, 31), 12, ["2024-12-31", "2023-12-31"]),  # closed in January
        (date(2023, 2, 2), 12, ["2024-12-31"]),
        (date(2022, 1, 1), 12, ["2024-12-31", "2023-12-31", "2022-12-31"]),
        (date(2024, 1, 1), 6, ["2024-12-31", "2024-06-30"]),
        (date(2024, 4, 1), 3, ["2024-12-31", "2024-09-30", "2024-06-30"]),
        (None, 12, ["2024-12-31"]),
    ],
)
def test_dates_whose_own_period_the_data_fill(first: date | None, step: int, dates: list[str]) -> None:
    found = moments_of(AS_OF, first, SegmentSettings(step_months=step))
    assert [str(moment.on) for moment in found] == dates
