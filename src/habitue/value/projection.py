"""Where the base is heading: segments and revenue one to five years ahead, and what such projections were worth."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import numpy as np

from habitue.errors import Message, message
from habitue.periods import period_end
from habitue.schemas import projected
from habitue.segments.schemes import Scheme
from habitue.segments.states import Moment
from habitue.segments.strategic import LOST, SEGMENTS, Calibration, possible_moves
from habitue.segments.tables import rows_table
from habitue.segments.transitions import SMALL_ROW, WHOLE, any_move
from habitue.value.cases import Array
from habitue.value.drift import ASSUMED_DRIFT, beyond_chance, drift_of
from habitue.value.migration import (
    ASSUMED,
    Drawn,
    Migration,
    base_of,
    by_segment,
    fit_migration,
    present_value,
    whole_parts,
)
from habitue.value.yearly_flows import YEAR_MONTHS, Year, flows, years

ACQUIRED, KNOWN = "acquired", "known"
ENDS_OF_LEVEL = {80: (0.1, 0.9), 95: (0.025, 0.975)}
FEWEST_CUSTOMERS = SMALL_ROW
NEEDED_MONTHS = 2 * YEAR_MONTHS


@dataclass(frozen=True, kw_only=True)
class ProjectionSettings:
    """How far the base is projected, and how.

    Attributes:
        multiples: scenarios: new customers a year, as multiples of those of the last year.
        years: years ahead.
        discount_rate: yearly rate of present values; 0: none.
        draws: simulated futures behind the intervals.
        assumed_drift: by how much a year is taken to miss, relative; counts as one earlier date.
        left_out: populations without a projection.
    """

    multiples: tuple[Decimal, ...] = (Decimal(0), Decimal("0.8"), Decimal(1), Decimal("1.2"))
    years: int = 5
    discount_rate: Decimal = Decimal(0)
    draws: int = 1000
    assumed_drift: Decimal = Decimal(str(ASSUMED_DRIFT))
    left_out: tuple[str, ...] = ("staff",)


@dataclass(frozen=True)
class Projected:
    """Rows of PROJECTION and PROJECTION_BACKTEST, and what a user should know."""

    projection: tuple[Mapping[str, Any], ...]
    backtest: tuple[Mapping[str, Any], ...]
    notes: tuple[Message, ...]


def projected_tables(
    assigned: ir.Table, scheme: Scheme, moments: Sequence[Moment], settings: ProjectionSettings, *, seed: int = 1
) -> tuple[dict[str, ir.Table], tuple[Message, ...]]:
    """PROJECTION and PROJECTION_BACKTEST by name, and notes.

    Args:
        assigned: `Scheme.assign` of the moments.
        scheme: the scheme.
        moments: the dates, newest (as-of date) first; two of them a year apart are needed.
        settings: scenarios and years.
        seed: of the simulated futures.
    """
    assigned = assigned.filter(~assigned.population.isin(list(settings.left_out)))
    first = assigned.agg(day=assigned.first_on.min()).to_pyarrow()["day"][0].as_py()
    found = projection(flows(assigned, moments, first=first), scheme.calibrations, settings, seed=seed)
    notes = found.notes
    if first is not None and not found.projection and not notes:
        days = (moments[0].on - first).days + 1
        is_long = first <= period_end(moments[0].on, NEEDED_MONTHS)
        code = "projection.no_yearly_step" if is_long else "projection.too_short"
        notes = (message(code, days=days, months=NEEDED_MONTHS),)
    tables = {
        schema.name: rows_table(schema, rows, like=assigned)
        for schema, rows in (
            (projected.PROJECTION, found.projection),
            (projected.PROJECTION_BACKTEST, found.backtest),
        )
    }
    return tables, notes


def projection(
    flowing: Iterable[Mapping[str, Any]],
    calibrations: Mapping[str, Calibration],
    settings: ProjectionSettings,
    *,
    seed: int = 1,
) -> Projected:
    """Project every population whose last year began with 30 customers at least.

    Args:
        flowing: rows of `yearly_flows.flows`, in any order.
        calibrations: thresholds by population; they say which moves there can be.
        settings: scenarios and years.
        seed: of the simulated futures.
    """
    rows: list[Mapping[str, Any]] = []
    tested: list[Mapping[str, Any]] = []
    notes: list[Message] = []
    for population, its_years in years(flowing).items():
        known = its_years[0].everybody.size
        if known < FEWEST_CUSTOMERS:
            notes.append(
                message(
                    "projection.too_few", population=population, count=known, needed=FEWEST_CUSTOMERS,
                    day=its_years[0].from_on,
                )
            )  # fmt: skip
            continue
        calibration = calibrations.get(population)
        trials = _trials(its_years, calibration)
        is_split = is_better_split(trials)
        used = [trial for trial in trials if trial.migration.is_split == is_split]
        migration = fit_migration(its_years[0], _allowed(calibration, its_years[0]), is_split=is_split)
        about = {"population": population, "is_tenure_split": is_split, "origins_count": len(used)}
        its_seed = [seed, _number(population)]
        drift = Drift.of(used, assumed=float(settings.assumed_drift), draws=settings.draws, seed=its_seed)
        made = _projection_rows(its_years[0], migration, drift, settings, its_seed)
        rows += [{**about, **row} for row in made]
        tested += [
            {"population": population, "is_used": trial.migration.is_split == is_split, **row}
            for trial in trials
            for row in trial.rows
        ]
        if not trials:
            notes.append(
                message(
                    "projection.untested", population=population, months=NEEDED_MONTHS + YEAR_MONTHS,
                    share=float(settings.assumed_drift),
                )
            )  # fmt: skip
        lost = int(by_segment(base_of(its_years[0]))[SEGMENTS.index(LOST)])
        if lost and migration.basis(SEGMENTS.index(LOST)) == ASSUMED:
            notes.append(message("projection.lost_stay", population=population, count=lost, day=its_years[0].from_on))
    return Projected(tuple(rows), tuple(tested), tuple(notes))


def _number(population: str) -> int:
    return zlib.crc32(population.encode())


def _allowed(calibration: Calibration | None, year: Year) -> frozenset[tuple[str, str]]:
    if calibration is None:
        return any_move(SEGMENTS)
    return possible_moves(calibration, (year.to_on - year.from_on).days)


@dataclass(frozen=True)
class Trial:
    """One projection from an earlier date.

    Attributes:
        migration: what the year up to that date taught.
        year: that year; its end is the date.
        came: the years after, the next one first.
    """

    migration: Migration
    year: Year
    came: tuple[Year, ...]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """PROJECTION_BACKTEST without population and choice."""
        base, before = base_of(self.year), self.year
        path = self.migration.path(base, 1.0, len(self.came))
        found = []
        for number, actual in enumerate(self.came):
            about = {
                "origin_on": before.to_on, "year": number + 1, "to_on": actual.to_on,
                "is_tenure_split": self.migration.is_split,
            }  # fmt: skip
            bases = (path.bases[number + 1], base_of(actual), base)
            counts = zip(*(whole_parts(by_segment(one)) for one in bases), strict=True)
            forecast = whole_parts(by_segment(path.amounts[number]))
            amounts = zip(forecast, _amounts(actual), _amounts(before), strict=True)
            cells: dict[str, tuple[Sequence[int | None], Sequence[int]]] = {
                name: (count, amount) for name, count, amount in zip(SEGMENTS, counts, amounts, strict=True)
            }
            known = tuple(sum(amount[at] for _, amount in cells.values()) for at in range(3))
            everybody = tuple(sum(count[at] or 0 for count, _ in cells.values()) for at in range(3))
            new = (round(path.came_amount), actual.came.amount, before.came.amount)
            cells[KNOWN] = (None, None, None), known
            cells[ACQUIRED] = (round(path.came_count), actual.came.size, before.came.size), new
            cells[WHOLE] = everybody, tuple(a + b for a, b in zip(known, new, strict=True))
            found += [
                {**about, "segment": name, **_compared("count", counts), **_compared("amount", amounts)}
                for name, (counts, amounts) in cells.items()
            ]
        return found

    def chance(self, *, draws: int, seed: Sequence[int]) -> dict[str, float]:
        """Variance in simulated futures of the first year ahead: customers by segment, net of the known ones."""
        drawn = self.migration.draws(base_of(self.year), 1.0, 1, draws=draws, seed=seed)
        counts, known = drawn.bases[:, 0].var(axis=0), drawn.amounts[:, 0, :-1].sum(axis=1).var()
        return {KNOWN: float(known), **dict(zip(SEGMENTS, counts.tolist(), strict=True))}


def _compared(kind: str, values: Sequence[int | None]) -> dict[str, int | None]:
    forecast, actual, naive = values

    def error(made: int | None) -> int | None:
        return None if made is None or actual is None else abs(made - actual)

    return {
        f"forecast_{kind}": forecast, f"actual_{kind}": actual, f"naive_{kind}": naive,
        f"error_{kind}": error(forecast), f"naive_error_{kind}": error(naive),
    }  # fmt: skip


def _amounts(year: Year) -> list[int]:
    return [cohort.amount for cohort in year.whole]


def _trials(its_years: Sequence[Year], calibration: Calibration | None) -> list[Trial]:
    """Every date whose year before can be learnt from and whose year after is known, both ways; newest first."""
    return [
        Trial(fit_migration(year, _allowed(calibration, year), is_split=is_split), year, tuple(its_years[at::-1]))
        for at, year in enumerate(its_years[1:])
        if year.everybody.size >= FEWEST_CUSTOMERS
        for is_split in (False, True)
    ]


def is_better_split(trials: Iterable[Trial]) -> bool:
    """Whether the total revenue of the next year was missed by less with the tenure split; not if by as much."""
    missed = {False: 0, True: 0}
    for trial in trials:
        for row in trial.rows:
            if row["year"] == 1 and row["segment"] == WHOLE:
                missed[trial.migration.is_split] += row["error_amount"]
    return missed[True] < missed[False]


@dataclass(frozen=True)
class Drift:
    """How years differ from the ones before them, by what projections of one year missed beyond chance; relative.

    Attributes:
        amount: revenue of known customers.
        counts: customers by segment.
    """

    amount: float
    counts: tuple[float, ...]

    @classmethod
    def of(cls, trials: Sequence[Trial], *, assumed: float, draws: int, seed: Sequence[int]) -> Drift:
        """By `drift_of`, from the trials of the way used; `assumed` where there is none.

        What the simulated futures of the trial vary by is no drift: today's futures hold it already.
        """
        missed: dict[str, list[float]] = {name: [] for name in (*SEGMENTS, KNOWN)}
        for trial in trials:
            chance = trial.chance(draws=draws, seed=seed)
            for row in trial.rows:
                name, kind = row["segment"], "amount" if row["segment"] == KNOWN else "count"
                if row["year"] == 1 and name in missed and row[f"forecast_{kind}"] > 0:
                    squared = beyond_chance(row[f"forecast_{kind}"], row[f"actual_{kind}"], chance[name])
                    missed[name].append(squared)
        sizes = {name: drift_of(squares, assumed) for name, squares in missed.items()}
        return cls(sizes[KNOWN], tuple(sizes[name] for name in SEGMENTS))

    def apply(self, drawn: Drawn, seed: Sequence[int]) -> Drawn:
        """Futures moved by a lognormal random walk: each year adds a miss of the size seen before, mean 1."""
        draws, number_of_years, _ = drawn.bases.shape
        chance = np.random.default_rng([*seed, 1])
        ahead = np.arange(1, number_of_years + 1)
        walk = np.cumsum(chance.standard_normal((draws, number_of_years)), axis=1)[..., np.newaxis]

        def factor(size: Array) -> Array:
            spread = np.sqrt(np.log1p(size**2))
            return np.exp(spread * walk - spread**2 * ahead[:, np.newaxis] / 2)

        return Drawn(drawn.bases * factor(np.array(self.counts)), drawn.amounts * factor(np.array([self.amount])))


def _projection_rows(
    year: Year, migration: Migration, drift: Drift, settings: ProjectionSettings, seed: Sequence[int]
) -> list[dict[str, Any]]:
    """PROJECTION without population and choice."""
    base, rate = base_of(year), float(settings.discount_rate)
    # What comes within a year counts at its middle.
    each_year = migration.means / np.sqrt(1 + rate)
    worth = [
        _per_head(present_value(migration.moves, each_year, rate, ahead + 1), base) for ahead in range(settings.years)
    ]
    bases = [migration.basis(place) for place in range(len(SEGMENTS))]
    found: list[dict[str, Any]] = []
    for multiple in sorted({float(multiple) for multiple in settings.multiples}):
        path = migration.path(base, multiple, settings.years)
        drawn = migration.draws(base, multiple, settings.years, draws=settings.draws, seed=seed)
        moved, steady = drift.apply(drawn, seed), _steady(migration, multiple)
        blocks = [_last_year(year)]
        for ahead in range(settings.years):
            block = _block(
                whole_parts(by_segment(path.bases[ahead])), whole_parts(by_segment(path.bases[ahead + 1])),
                whole_parts(by_segment(path.amounts[ahead])), round(path.came_count), round(path.came_amount),
            )  # fmt: skip
            *segments, acquired, everybody = block
            for place, row in enumerate(segments):
                row |= {
                    **_ends("count", moved.bases[:, ahead, place]), **_ends("amount", moved.amounts[:, ahead, place]),
                    "present_per_head_amount": worth[ahead][place], "steady_customers_count": steady[place],
                    "basis": bases[place],
                }  # fmt: skip
            acquired |= _ends("amount", moved.amounts[:, ahead, -1])
            # How many customers there will be does not drift: only who comes changes it.
            everybody |= _ends("count", drawn.bases[:, ahead].sum(axis=1))
            everybody |= _ends("amount", moved.amounts[:, ahead].sum(axis=1))
            everybody["present_per_head_amount"] = worth[ahead][-1]
            blocks.append(block)
        for ahead, block in enumerate(blocks):
            period = {
                "acquisition_multiple": multiple,
                "year": ahead,
                "from_on": period_end(year.to_on, YEAR_MONTHS * (1 - ahead)) + timedelta(days=1),
                "to_on": period_end(year.to_on, -YEAR_MONTHS * ahead),
            }
            found += [{**period, **row} for row in block]
    return found


def _steady(migration: Migration, multiple: float) -> list[int | None]:
    """By segment in order; null for the lost, and where the base has no steady state."""
    found = migration.steady(multiple)
    if found is None:
        return [None] * len(SEGMENTS)
    alive = iter([round(float(value)) for value in found])
    return [None if name == LOST else next(alive) for name in SEGMENTS]


def _last_year(year: Year) -> list[dict[str, Any]]:
    return _block(
        [cohort.size for cohort in year.whole], whole_parts(by_segment(base_of(year))), _amounts(year), year.came.size,
        year.came.amount,
    )  # fmt: skip


def _block(
    begins: Sequence[int], ends: Sequence[int], amounts: Sequence[int], came: int, came_amount: int
) -> list[dict[str, Any]]:
    """One year: the segments in their order, those who come, and everybody."""
    rows: list[dict[str, Any]] = [
        {"segment": name, "customers_count": begin, "end_customers_count": end, "expected_amount": amount}
        for name, begin, end, amount in zip(SEGMENTS, begins, ends, amounts, strict=True)
    ]
    rows.append({"segment": ACQUIRED, "customers_count": came, "expected_amount": came_amount})
    rows.append(
        {
            "segment": WHOLE, "customers_count": sum(begins) + came, "end_customers_count": sum(ends),
            "expected_amount": sum(amounts) + came_amount,
        }
    )  # fmt: skip
    return rows


def _per_head(worth: Array, base: Array) -> list[int | None]:
    """Mean worth by segment over today's tenures, then over everybody; null of nobody."""
    customers = by_segment(base)
    total = by_segment(base * worth)
    parts = [*zip(total, customers, strict=True), (total.sum(), customers.sum())]
    return [round(float(amount / count)) if count else None for amount, count in parts]


def _ends(kind: str, drawn: Array) -> dict[str, int]:
    """Ends of the 80 and 95 % intervals of one figure over all draws."""
    return {
        f"{side}_{level}_{kind}": round(float(end))
        for level, shares in ENDS_OF_LEVEL.items()
        for side, end in zip(("low", "high"), np.quantile(drawn, shares), strict=True)
    }
