"""Customers as they stood at a date, as arrays: what forecasts are made from and checked against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from habitue.value.cases import Array, Cases, distinct

WEEK = 7
HALF_DAY = 0.5
"""Days are whole: a customer is observed half a day longer on average than the days between say."""

WEEKS = (1, 2, 4, 8, 13)
WINDOWS = tuple(week * WEEK for week in WEEKS)
"""Windows whose visits and net the learners see, in days."""


MANY = 2_000
"""With more customers times are counted in whole weeks: as accurate as in days once half a week is added to the
observation, and distinct cases stay few."""


def cell_days(customers: int) -> int:
    """Days of a cell of time for so many customers."""
    return WEEK if customers > MANY else 1


def cases_in_cells(
    visits: Array, observed_days: Array, recency_days: Array, days: int, counts: Array | None = None
) -> Cases:
    """Distinct cases, times in weeks from whole cells back to the first and the last visit, half a cell observed more.

    Args:
        visits: visits so far.
        observed_days: days back to the first.
        recency_days: days back to the last.
        days: days of a cell.
        counts: customers; 1 unless given.
    """
    return distinct(visits - 1, *times_of_cells(observed_days // days, recency_days // days, days), counts)


def times_of_cells(first: Array, last: Array, days: int) -> tuple[Array, Array]:
    """Weeks from the first to the last visit, and weeks observed, from whole cells of so many days back to each."""
    return (first - last) * days / WEEK, (first + 0.5) * days / WEEK


@dataclass(frozen=True)
class Snapshot:
    """One element a customer; amounts in home minor units, times in weeks.

    Attributes:
        on: the date.
        horizon_days: days of the period after it.
        repeat_days: days from the first to the last visit.
        observed_days: days from the first visit to `on`.
        visits: visits so far.
        net: net so far.
        first_net: net of the first visit.
        period_days: days of the last period, up to `on`: the horizon's, or as many as are known.
        period_net: net of it.
        window_visits: visits of the last so many days, by window.
        window_net: net of them.
        later_visits: visits of the period after.
        later_net: net of it.
    """

    on: date
    horizon_days: int
    repeat_days: Array
    observed_days: Array
    visits: Array
    net: Array
    first_net: Array
    period_days: int
    period_net: Array
    window_visits: Mapping[int, Array]
    window_net: Mapping[int, Array]
    later_visits: Array
    later_net: Array

    @property
    def size(self) -> int:
        """How many customers."""
        return len(self.visits)

    @property
    def x(self) -> Array:
        """Repeat visits."""
        return self.visits - 1

    @property
    def t_x(self) -> Array:
        """Weeks from the first to the last visit."""
        return self.repeat_days / WEEK

    @property
    def t_end(self) -> Array:
        """Weeks observed."""
        return (self.observed_days + HALF_DAY) / WEEK

    @property
    def recency_days(self) -> Array:
        """Days since the last visit."""
        return self.observed_days - self.repeat_days

    @property
    def cases(self) -> Cases:
        """What purchase processes are fitted on; times in whole cells of `cell_days`."""
        return cases_in_cells(self.visits, self.observed_days, self.recency_days, cell_days(self.size))


def snapshot(rows: pa.Table, *, on: date, horizon_days: int) -> Snapshot:
    """From `histories` of the same date and horizon, all or some of its rows.

    Windows are those the table has.
    """

    def column(name: str) -> Array:
        return rows[name].to_numpy().astype(float)

    windows = [int(name[7:]) for name in rows.column_names if name.startswith("visits_") and name[7:].isdigit()]
    return Snapshot(
        on=on,
        horizon_days=horizon_days,
        repeat_days=column("repeat_days"),
        observed_days=column("observed_days"),
        visits=column("visits_count"),
        net=column("net_amount"),
        first_net=column("first_amount"),
        period_days=rows["period_days"][0].as_py() if rows.num_rows else horizon_days,
        period_net=column("period_amount"),
        window_visits={window: column(f"visits_{window}") for window in windows},
        window_net={window: column(f"net_{window}") for window in windows},
        later_visits=column("later_visits"),
        later_net=column("later_amount"),
    )


def per_visit(amount: Array, visits: Array) -> Array:
    """Amount over visits; 0 over none."""
    return np.divide(amount, visits, out=np.zeros(len(visits)), where=visits > 0)
