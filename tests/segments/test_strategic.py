"""The strategic segments: thresholds, the rule, and the moves it allows. Expected values by hand or by brute force."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import product
from typing import Any

import ibis
import pyarrow as pa
import pytest

from habitue.segments.strategic import (
    SEGMENTS,
    Calibration,
    lower_quantile,
    possible_moves,
    strategic_segment,
)
from support import segments as plain
from support.segments import State, Thresholds


def calibration(cycle: int = 120, new: int = 90, lost: int = 365, core: int | None = 1000) -> Calibration:
    return Calibration(
        population="consumer", calibrated_on=date(2024, 12, 31), repeaters_count=500, is_assumed=False,
        cycle_days=cycle, new_days=new, lost_days=lost, core_amount=core, scheme="s",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("gaps", "found"),
    [
        ([(10, 1, 1), (20, 1, 1), (30, 1, 1), (40, 1, 1), (50, 1, 1)], 40),  # 4 of 5 are exactly 80 %
        ([(10, 3, 3), (90, 1, 1)], 90),  # three gaps of one customer weigh as much as one of another
        ([(10, 8, 2), (90, 1, 1)], 10),  # 4 of 5
        ([(7, 1, 1)], 7),
        ([(1, 7, 7), (2, 3, 3), (3, 11, 11), (4, 13, 13), (5, 1, 1)], 4),  # sums of thirds, sevenths …: 4 of 5 exactly
    ],
)
def test_a_lower_weighted_quantile(gaps: list[tuple[int, int, int]], found: int) -> None:
    assert lower_quantile(gaps, Fraction(8, 10)) == found


def test_every_state_has_exactly_one_segment(con: Any) -> None:
    limits = calibration(cycle=60, new=75, lost=365, core=1000)
    rows = [
        (visits, recency, value)
        for visits in (0, 1, 2, 3)
        for recency in (0, 1, 59, 60, 61, 74, 75, 76, 364, 365, 366, 5000)
        for value in (-5, 0, 999, 1000, 1001)
    ]
    table = con.create_table(
        ibis.util.gen_name("grid"),
        pa.table(
            {
                "population": ["consumer"] * len(rows),
                **{name: [row[at] for row in rows] for at, name in enumerate(("visits", "recency", "value"))},
            }
        ),
    )
    segment = strategic_segment(table.population, table.visits, table.recency, table.value, {"consumer": limits})
    found = table.select("visits", "recency", "value", segment=segment).to_pyarrow().to_pylist()
    for row in found:
        state = State(row["visits"], row["recency"], date(2024, 1, 1), 0, row["value"]) if row["visits"] else None
        assert row["segment"] == plain.segment_of(state, Thresholds(60, 75, 365, 1000)), row


def test_without_value_in_cycle_nobody_is_core(con: Any) -> None:
    table = con.create_table(ibis.util.gen_name("one"), pa.table({"p": ["consumer"], "n": [3], "r": [1], "v": [10**9]}))
    segment = strategic_segment(table.p, table.n, table.r, table.v, {"consumer": calibration(core=None)})
    assert table.select(segment=segment).to_pyarrow()["segment"].to_pylist() == ["loyal"]


def brute_force_moves(limits: Calibration, step: int) -> set[tuple[str, str]]:
    """Every pattern of visits, tried: visits at the first date and its recency, then none, one or several more."""
    bounds = Thresholds(limits.cycle_days, limits.new_days, limits.lost_days, 1000)

    def segments(visits: int, recency: int) -> set[str]:
        return {
            plain.segment_of(State(visits, recency, date(2024, 1, 1), 0, value) if visits else None, bounds)
            for value in (0, 1000)
        }

    later = {  # visits in between: what comes out does not depend on the recency before
        visits: {end for more in (1, 2) for last in range(step - more + 1) for end in segments(visits + more, last)}
        for visits in (0, 1, 2)
    }
    moves: set[tuple[str, str]] = set()
    for visits, recency in [(0, 0), *product((1, 2), range(limits.lost_days + 400))]:
        stayed = segments(visits, recency + step if visits else 0)
        moves |= set(product(segments(visits, recency), stayed | later[visits]))
    return moves


@pytest.mark.parametrize("step", [1, 2, 30, 61, 91, 182, 365, 366, 800])
@pytest.mark.parametrize(
    "limits",
    [calibration(), calibration(60, 75), calibration(365, 365, 1095), calibration(45, 365, 365), calibration(120, 60)],
    ids=lambda one: f"{one.cycle_days}-{one.new_days}-{one.lost_days}",
)
def test_possible_moves_are_those_that_some_pattern_of_visits_makes(limits: Calibration, step: int) -> None:
    assert possible_moves(limits, step) == brute_force_moves(limits, step)


def test_structural_zeros_of_a_year() -> None:
    moves = possible_moves(calibration(160, 158, 480), 365)
    everybody = (*SEGMENTS, "not_yet_customer")
    assert [a for a in everybody if (a, "not_yet_customer") in moves] == ["not_yet_customer"]
    assert ("not_yet_customer", "lost") not in moves
    assert [a for a in everybody if (a, "new") in moves] == ["not_yet_customer"]
    assert [a for a in everybody if (a, "one_off") in moves] == ["new", "not_yet_customer"]
    assert all(("lost", b) in moves for b in ("core", "loyal", "slipping", "lost"))
