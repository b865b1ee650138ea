"""The figures of the report, computed from a run's tables: sums, shares and comparisons. No words here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from habitue.periods import Period, months_before

Rows = list[dict[str, Any]]


def rows_of(tables: Mapping[str, pa.Table], name: str) -> Rows:
    """The rows of a table; none if the run has no such table."""
    table = tables.get(name)
    return [] if table is None else table.to_pylist()


def share_of(part: float, whole: float) -> float | None:
    """A share; nothing over nothing is None."""
    return part / whole if whole else None


@dataclass(frozen=True)
class Comparison:
    """A figure now and in the twelve months before; None where there is no full year to compare with."""

    now: float | None
    before: float | None

    @property
    def relative(self) -> float | None:
        """Change over the value before."""
        if self.now is None or not self.before:
            return None
        return (self.now - self.before) / abs(self.before)

    @property
    def points(self) -> float | None:
        """Difference of two shares, in points of a hundred."""
        return None if self.now is None or self.before is None else (self.now - self.before) * 100


@dataclass(frozen=True)
class Years:
    """Rolling years, newest first, and whether the data fill the newest and the one before."""

    rows: Rows
    data_begin: date | None
    now_is_full: bool
    before_is_full: bool

    def compare(self, measure: str) -> Comparison:
        """A column of the newest year against the year before."""
        now = self.rows[0][measure] if self.rows else None
        return Comparison(now, self.rows[1][measure] if self.before_is_full else None)

    def compare_shares(self, part: str, whole: str) -> Comparison:
        """The same for a share."""
        now = share_of(self.rows[0][part], self.rows[0][whole]) if self.rows else None
        before = share_of(self.rows[1][part], self.rows[1][whole]) if self.before_is_full else None
        return Comparison(now, before)


def years(tables: Mapping[str, pa.Table]) -> Years:
    """The rolling years of a run."""
    rows = sorted(rows_of(tables, "sales_by_year"), key=lambda row: row["first_on"], reverse=True)
    begin = _first_month(tables)

    def is_full(at: int) -> bool:
        return len(rows) > at and begin is not None and begin <= rows[at]["first_on"].replace(day=1)

    return Years(rows, begin, is_full(0), is_full(1))


def _first_month(tables: Mapping[str, pa.Table]) -> date | None:
    sales = tables.get("sales")
    if sales is None or sales.num_rows == 0:
        return None
    return pc.min(sales.filter(sales["counts"])["month_on"]).as_py()


@dataclass(frozen=True)
class Months:
    """The calendar months a breakdown covers: the last twelve complete ones (fewer if the data begin later)."""

    now: tuple[date, ...]
    before: tuple[date, ...]
    partial: date | None

    @property
    def period(self) -> Period | None:
        """First and last day covered."""
        return Period(self.now[0], next_month(self.now[-1]) - timedelta(days=1)) if self.now else None


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def months(tables: Mapping[str, pa.Table], as_of: date) -> Months:
    """The last twelve complete months up to `as_of`, the twelve before if the data fill them, and the month begun."""
    begin = _first_month(tables)
    this = as_of.replace(day=1)
    is_complete = (as_of + timedelta(days=1)).day == 1
    last = this if is_complete else months_before(this, 1)
    if begin is None:
        return Months((), (), None)
    if begin > last:  # only the month just begun
        return Months((this,), (), None)
    run = tuple(months_before(last, back) for back in reversed(range(24)))
    now = tuple(month for month in run[12:] if month >= begin)
    before = run[:12] if begin <= run[0] else ()
    return Months(now, before, None if is_complete else this)


@dataclass(frozen=True)
class Line:
    """One bar of a breakdown: its code, the value, its share of the whole, and the value before (None: no year)."""

    code: str | None
    value: int
    share: float | None
    before: int | None


def breakdown(sales: Rows, by: str, span: Months) -> list[Line]:
    """Net sales after returns of the counted lines by one column, the largest first."""
    now, before = set(span.now), set(span.before)
    values: dict[str | None, int] = {}
    earlier: dict[str | None, int] = {}
    for row in sales:
        if not row["counts"]:
            continue
        if row["month_on"] in now:
            values[row[by]] = values.get(row[by], 0) + row["kept_amount"]
        elif row["month_on"] in before:
            earlier[row[by]] = earlier.get(row[by], 0) + row["kept_amount"]
    total = sum(values.values())
    found = [
        Line(code, values.get(code, 0), share_of(values.get(code, 0), total), earlier.get(code, 0) if before else None)
        for code in values.keys() | earlier.keys()
    ]
    return sorted(found, key=lambda line: (-line.value, line.code or ""))


def monthly(sales: Rows, by: str) -> dict[str | None, dict[date, int]]:
    """Net sales after returns of the counted lines by month, for each value of a column."""
    found: dict[str | None, dict[date, int]] = {}
    for row in sales:
        if row["counts"]:
            series = found.setdefault(row[by], {})
            series[row["month_on"]] = series.get(row["month_on"], 0) + row["kept_amount"]
    return found


def totals(rows: Iterable[Mapping[str, Any]], by: tuple[str, ...], measures: tuple[str, ...]) -> Rows:
    """Sums of measures by some columns, in the order of first appearance; a missing amount counts as none."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in by)
        total = found.setdefault(key, {**dict(zip(by, key, strict=True)), **dict.fromkeys(measures, 0)})
        for name in measures:
            total[name] += row[name] or 0
    return list(found.values())


def grouped(table: pa.Table | None, by: list[str], measure: str) -> Rows:
    """Count and sum of a (large) table by some columns; columns `rows` and `amount`."""
    if table is None or table.num_rows == 0:
        return []
    found = table.group_by(by).aggregate([([], "count_all"), (measure, "sum")])
    return found.rename_columns([*by, "rows", "amount"]).to_pylist()


def returned_in(tables: Mapping[str, pa.Table], period: Mapping[str, Any]) -> int:
    """Value of the returns of a rolling year, those above what was bought left out."""
    table = tables.get("returns")
    if table is None or table.num_rows == 0:
        return 0
    day = table["returned_on"]
    inside = pc.and_(pc.greater_equal(day, period["first_on"]), pc.less_equal(day, period["last_on"]))
    inside = pc.and_(inside, pc.fill_null(pc.not_equal(table["linked_by"], "above_purchase"), True))
    return pc.sum(table.filter(inside)["returned_amount"]).as_py() or 0


def return_share(tables: Mapping[str, pa.Table], found: Years) -> Comparison:
    """Returns over sales before returns, both as rung up in the year."""
    shares: list[float | None] = []
    for at, wanted in ((0, bool(found.rows)), (1, found.before_is_full)):
        if wanted:
            returned = returned_in(tables, found.rows[at])
            shares.append(share_of(returned, found.rows[at]["net_amount"] + returned))
        else:
            shares.append(None)
    return Comparison(shares[0], shares[1])


IDENTITY = ("used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")
"""The classes of the reconciliation, in the order they are shown."""


def amount_gap(row: Mapping[str, Any]) -> int:
    """What is missing in a file's reconciliation of amounts: 0 if it adds up to the cent."""
    return row["read_amount"] - sum(row[f"{name}_amount"] for name in IDENTITY)


def rows_gap(row: Mapping[str, Any]) -> int:
    """The same for its rows."""
    return row["read_rows"] - row["unreadable_rows"] - sum(row[f"{name}_rows"] for name in IDENTITY)
