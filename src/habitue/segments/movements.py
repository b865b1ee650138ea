"""Moves, outlook and measures of every segmentation and period, as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from habitue import schemas
from habitue.segments import outlook, transitions
from habitue.segments.schemes import Scheme, segment_column
from habitue.segments.states import Moment
from habitue.segments.strategic import STRATEGIC, possible_moves
from habitue.segments.tables import rows_table
from habitue.segments.transitions import Step

CUSTOMERS = "customers"
"""Stands for the segmentation where a measure is over single customers."""


def steps(moments: Sequence[Moment]) -> list[Step]:
    """From each moment to the next newer one, the newest first."""
    return [Step(moments[number + 1].on, moments[number].on, number + 1, number) for number in range(len(moments) - 1)]


def allowed_moves(scheme: Scheme, segmentation: str, step: Step) -> dict[str, transitions.Moves]:
    """The moves a segmentation allows between two dates, by population."""
    if segmentation == STRATEGIC:
        days = (step.to_on - step.from_on).days
        return {name: possible_moves(one, days) for name, one in scheme.calibrations.items()}
    return dict.fromkeys(scheme.populations, transitions.any_move(scheme.segments[segmentation]))


def tables(assigned: ir.Table, scheme: Scheme, moments: Sequence[Moment]) -> dict[str, ir.Table]:
    """TRANSITIONS, TRANSITION_TESTS, TRANSITION_VIOLATIONS, SEGMENT_OUTLOOK, SEGMENT_CROSSING, SEGMENT_MEASURES."""
    cells: list[dict[str, Any]] = []
    outlooks: list[dict[str, Any]] = []
    tests: list[dict[str, Any]] = []
    odd: list[ir.Table] = []
    for name, order in scheme.segments.items():
        periods = []
        for step in steps(moments):
            whole = {"segmentation": name, "from_on": step.from_on, "to_on": step.to_on}
            columns = segment_column(name, step.from_number), segment_column(name, step.to_number)
            found = transitions.matrix(
                transitions.moves(assigned, step, *columns),
                segments=order,
                populations=allowed_moves(scheme, name, step),
            )
            periods.append(found)
            cells += [{**whole, **cell} for cell in found]
            outlooks += [{**whole, **row} for row in outlook.outlook(found, segments=order)]
            if name == STRATEGIC:
                broken = transitions.violations(assigned, step, *columns, found)
                if broken is not None:
                    odd.append(broken.mutate(**{key: ibis.literal(value) for key, value in whole.items()}))
        if len(periods) > 1:
            compared = transitions.homogeneity(periods, segments=order, populations=scheme.populations)
            tests += [{"segmentation": name, **row} for row in compared]
    broken_table = rows_table(schemas.TRANSITION_VIOLATIONS, [], like=assigned)
    for table in odd:
        broken_table = broken_table.union(schemas.TRANSITION_VIOLATIONS.cast(table))
    return {
        "transitions": rows_table(schemas.TRANSITIONS, cells, like=assigned),
        "transition_tests": rows_table(schemas.TRANSITION_TESTS, tests, like=assigned),
        "transition_violations": broken_table,
        "segment_outlook": rows_table(schemas.SEGMENT_OUTLOOK, outlooks, like=assigned),
        **_separation(assigned, scheme, moments, outlooks),
    }


def _separation(
    assigned: ir.Table, scheme: Scheme, moments: Sequence[Moment], outlooks: Iterable[Mapping[str, Any]]
) -> dict[str, ir.Table]:
    """What the strategic cut keeps and loses beside the others, over the newest step."""
    crossings: list[dict[str, Any]] = []
    measures: list[dict[str, Any]] = []
    for step in steps(moments)[:1]:
        squares = outlook.squared_sums(assigned, step)
        dates = {"from_on": step.from_on, "to_on": step.to_on}
        for name in scheme.segments:
            whole = {"segmentation": name, **dates}
            if name != STRATEGIC:
                columns = segment_column(STRATEGIC, step.from_number), segment_column(name, step.from_number)
                crossings += [{**whole, **row} for row in outlook.crossing(assigned, step, *columns)]
            for population in scheme.populations:
                groups = [
                    (row["customers_count"], row["next_amount"])
                    for row in outlooks
                    if (row["segmentation"], row["population"], row["to_on"]) == (name, population, step.to_on)
                ]
                about = {**whole, "population": population, "customers_count": sum(count for count, _ in groups)}
                found = {
                    "eta_squared": outlook.eta_squared(groups, squares.get(population, 0)),
                    "gini_between": outlook.gini(groups),
                }
                measures += [{**about, "measure": measure, "value": value} for measure, value in found.items()]
    return {
        "segment_crossing": rows_table(schemas.SEGMENT_CROSSING, crossings, like=assigned),
        "segment_measures": rows_table(schemas.SEGMENT_MEASURES, measures, like=assigned),
    }


def concentration(assigned: ir.Table, moment: Moment, separation: ir.Table) -> dict[str, ir.Table]:
    """CONCENTRATION of net in the window over customers with a visit in it; its measures are added to `separation`."""
    active = assigned.filter(assigned.frequency_0 > 0)
    counted = active.group_by("population", "net_0").aggregate(customers=active.customer_id.count())
    rows = counted.order_by("population", "net_0").to_pyarrow()
    population = np.array(rows["population"].to_pylist(), dtype=object)
    curve: list[dict[str, Any]] = []
    measures: list[dict[str, Any]] = []
    for name in dict.fromkeys(population):
        values, counts = (rows[column].to_numpy()[population == name] for column in ("net_0", "customers"))
        points, found = outlook.concentration(values, counts)
        curve += [{"population": name, **point} for point in points]
        about = {
            "segmentation": CUSTOMERS, "population": name, "from_on": moment.window_after, "to_on": moment.on,
            "customers_count": int(counts.sum()),
        }  # fmt: skip
        measures += [{**about, "measure": measure, "value": value} for measure, value in found.items()]
    own = rows_table(schemas.SEGMENT_MEASURES, measures, like=assigned)
    return {
        "concentration": rows_table(schemas.CONCENTRATION, curve, like=assigned),
        "segment_measures": own.union(separation),
    }
