"""A base that moves between segments year by year, its revenue, and how uncertain both are. Aggregated arrays only.

States are the strategic segments, each for customers in their first year and for later ones: state 2 s is segment s in
the first year, 2 s + 1 the same later on. Who is a customer when a year begins is a later one when it ends, so that
first-year states are filled by those who came in the year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from habitue.segments.strategic import LOST, SEGMENTS
from habitue.segments.transitions import PRIOR, SMALL_ROW, Moves
from habitue.value.cases import Array
from habitue.value.yearly_flows import ENDS, Cohort, Year

STATES = 2 * len(SEGMENTS)
LATER = slice(1, STATES, 2)
FIRST_YEAR = slice(0, STATES, 2)
OWN, POOLED, FEW, EVERYBODY, ASSUMED = "own", "pooled", "few", "everybody", "assumed"
BASES = (OWN, POOLED, FEW, EVERYBODY, ASSUMED)
"""What a segment is learnt from, the best first; words of the column `basis`."""


def present_value(moves: Array, each_year: Array, rate: float, years: int | None = None) -> Array:
    """Present value of a customer by state: V = sum over k of (P / (1 + d))^k R (Pfeifer and Carraway 2000).

    Args:
        moves: P, square: share of each state's customers in each state a year later; rows may add up to less than 1.
        each_year: R: what a customer of the state brings in a year, the first one counted whole.
        rate: d, yearly discount rate.
        years: terms of the sum; None: without end, (I - P / (1 + d))^-1 R (which needs d > 0 or a base that leaves).
    """
    shrunk = np.asarray(moves, float) / (1 + rate)
    if years is None:
        return np.linalg.solve(np.eye(len(shrunk)) - shrunk, each_year)
    total, term = np.zeros(len(shrunk)), np.asarray(each_year, float)
    for _ in range(years):
        total, term = total + term, shrunk @ term
    return total


def steady_state(moves: Array, inflow: Array) -> Array | None:
    """Customers by state once as many leave as come: n = a (I - Q)^-1; None where hardly anybody ever leaves.

    Args:
        moves: Q: shares between the states of customers who are not lost.
        inflow: a: customers who enter each state every year.
    """
    if not len(moves) or max(abs(np.linalg.eigvals(moves))) > 1 - 1e-9:
        return None
    return np.linalg.solve(np.eye(len(moves)) - moves.T, inflow)


def base_of(year: Year) -> Array:
    """Customers by state when the year ends, whole numbers."""
    base = np.zeros(STATES, np.int64)
    base[FIRST_YEAR] = year.came.ends[: len(SEGMENTS)]
    base[LATER] = year.everybody.ends[: len(SEGMENTS)]
    return base


@dataclass(frozen=True)
class Row:
    """What the moves and the spend of one or several states are learnt from.

    Attributes:
        cohort: its customers.
        is_open: by end, whether the definitions allow it (or it was seen).
        basis: one of `BASES`.
        mean: net of one customer in a year.
        mean_variance: of its estimate.
        variance: of the net of one customer in a year that the year before does not foretell.
    """

    cohort: Cohort
    is_open: tuple[bool, ...]
    basis: str
    mean: float
    mean_variance: float
    variance: float

    @cached_property
    def shares(self) -> Array:
        """Share of its customers by end."""
        return self._weights(0.0) if any(self._counts) else self._weights(PRIOR)

    @property
    def _counts(self) -> Array:
        return np.where(self.is_open, self.cohort.ends, 0)

    def _weights(self, prior: float) -> Array:
        weights = self._counts + prior * np.array(self.is_open)
        return weights / weights.sum()

    def drawn_shares(self, draws: int, chance: np.random.Generator) -> Array:
        """Rows of shares from their Dirichlet distribution, 0.5 for each open end added to its count; (draws, ends)."""
        if self.basis == ASSUMED:
            return np.broadcast_to(self.shares, (draws, len(ENDS)))
        alpha = np.where(self.is_open, self._counts + PRIOR, 0.0)
        weights = chance.standard_gamma(alpha, (draws, len(ENDS)))
        return weights / weights.sum(axis=1, keepdims=True)

    def drawn_means(self, draws: int, chance: np.random.Generator) -> Array:
        """Means of the net of one customer from their sampling distribution; (draws,)."""
        return skewed(np.full(draws, self.mean), np.full(draws, self.mean_variance), chance)


def skewed(mean: Array, variance: Array, chance: np.random.Generator) -> Array:
    """Draws of sums or means of spend: gamma where the mean is positive, normal elsewhere.

    Spend is skewed to the right and seldom negative: a gamma of the same mean and variance stays positive in small
    groups and is as good as normal in large ones.
    """
    variance = np.maximum(variance, 0.0)
    is_gamma = (mean > 0) & (variance > 0)
    shape = np.divide(mean**2, variance, out=np.ones_like(mean), where=is_gamma)
    scale = np.divide(variance, mean, out=np.zeros_like(mean), where=is_gamma)
    return np.where(is_gamma, chance.gamma(shape, scale), chance.normal(mean, np.sqrt(variance)))


@dataclass(frozen=True)
class Path:
    """The base year by year, K years.

    Attributes:
        bases: (K + 1, states) customers; the first row is today.
        amounts: (K, states) net of each year from the customers of its beginning.
        came_count: customers who come each year.
        came_amount: their net in the year they come.
    """

    bases: Array
    amounts: Array
    came_count: float
    came_amount: float


@dataclass(frozen=True)
class Drawn:
    """The same in simulated futures; D draws.

    Attributes:
        bases: (D, K, segments) customers when each year ends.
        amounts: (D, K, segments + 1) net of each year by segment at its beginning; last of those who came.
    """

    bases: Array
    amounts: Array


@dataclass(frozen=True)
class Migration:
    """What one year taught, to be repeated.

    Attributes:
        rows: what states are learnt from.
        row_of: by state, its place in `rows`.
        came: a row for those who came.
        returned: by end, the lost of the beginning of the year.
        is_split: whether tenure is told apart.
    """

    rows: tuple[Row, ...]
    row_of: tuple[int, ...]
    came: Row
    returned: tuple[int, ...]
    is_split: bool

    @cached_property
    def moves(self) -> Array:
        """P, (states, states)."""
        shares = np.array([row.shares for row in self.rows])[list(self.row_of), : len(SEGMENTS)]
        found = np.zeros((STATES, STATES))
        found[:, LATER] = shares
        return found

    @cached_property
    def means(self) -> Array:
        """Net of a customer in the year after being in the state, (states,)."""
        return np.array([row.mean for row in self.rows])[list(self.row_of)]

    def basis(self, segment: int) -> str:
        """What a segment is learnt from: one of `BASES`, the same for both tenures."""
        return self.rows[self.row_of[2 * segment]].basis

    def inflow(self, multiple: float) -> Array:
        """Customers who come in a year by state at its end."""
        found = np.zeros(STATES)
        found[FIRST_YEAR] = np.array(self.came.cohort.ends[: len(SEGMENTS)]) * multiple
        return found

    def path(self, base: Array, multiple: float, years: int) -> Path:
        """n_{k+1} = n_k P + a and revenue n_k m + a m_acq (domain.md 5.4), a being `multiple` times those who came."""
        bases, inflow = [np.asarray(base, float)], self.inflow(multiple)
        for _ in range(years):
            bases.append(bases[-1] @ self.moves + inflow)
        amounts = np.array(bases[:-1]).reshape(-1, STATES) * self.means
        return Path(np.array(bases), amounts, self.came.cohort.size * multiple, self.came.cohort.amount * multiple)

    def draws(self, base: Array, multiple: float, years: int, *, draws: int, seed: Sequence[int]) -> Drawn:
        """Futures that differ in what one year can teach (shares and means) and by chance (who moves, who spends).

        The same seed gives the same shares and means for every multiple.
        """
        chance = np.random.default_rng(seed)
        shares = [row.drawn_shares(draws, chance) for row in self.rows]
        means = [row.drawn_means(draws, chance) for row in self.rows]
        came_mean = self.came.drawn_means(draws, chance)
        sizes = np.broadcast_to(np.asarray(base, np.int64), (draws, STATES))
        inflow, segments = self.inflow(multiple), len(SEGMENTS)
        bases, amounts = np.zeros((draws, years, segments)), np.zeros((draws, years, segments + 1))
        for year in range(years):
            after = np.zeros((draws, STATES), np.int64)
            for state, place in enumerate(self.row_of):
                size = sizes[:, state]
                moved = chance.multinomial(size, shares[place])
                after[:, LATER] += moved[:, :segments]
                brought = skewed(size * means[place], size * self.rows[place].variance, chance)
                amounts[:, year, state // 2] += brought
            came = chance.poisson(inflow, (draws, STATES))
            count = came.sum(axis=1)
            amounts[:, year, segments] = skewed(count * came_mean, count * self.came.variance, chance)
            sizes = after + came
            bases[:, year] = by_segment(sizes)
        return Drawn(bases, amounts)

    def steady(self, multiple: float) -> Array | None:
        """Customers by segment once as many leave as come, without the lost; as many of those return as in the year."""
        alive = [state for state in range(STATES) if SEGMENTS[state // 2] != LOST]
        inflow = self.inflow(multiple)
        inflow[LATER] += self.returned[: len(SEGMENTS)]
        found = steady_state(self.moves[np.ix_(alive, alive)], inflow[alive])
        return None if found is None else found.reshape(-1, 2).sum(axis=1)


def by_segment(states: Array) -> Array:
    """Sums of the two tenures; the last axis is the states."""
    return states[..., FIRST_YEAR] + states[..., LATER]


def whole_parts(values: Array) -> list[int]:
    """Whole numbers that add up to the rounded sum: the largest remainders are rounded up, of equal ones the first.

    Rounded one by one, the parts of 852 customers can add up to 853.
    """
    values = np.asarray(values, float)
    floors = np.floor(values)
    missing = round(float(values.sum())) - int(floors.sum())
    # Sums of floats differ in their last digits: they decide no tie.
    largest = np.argsort(-(values - floors).round(6), kind="stable")[:missing]
    floors[largest] += 1
    return [int(value) for value in floors]


def fit_migration(year: Year, allowed: Moves, *, is_split: bool) -> Migration:
    """Learn moves and spend from one year of a population with customers at its beginning.

    Args:
        year: the year.
        allowed: the moves the definitions allow in it.
        is_split: tell first-year customers from later ones where both are `SMALL_ROW` at least.

    Today's customers of a segment have seldom bought as much in their last year as those of a year ago had in theirs: a
    single large buyer makes the difference. The mean is moved along the straight line of net on net of the year before.
    Where a tenure has fewer, both take the row of their segment whole. A segment without anybody takes everybody's
    shares of the moves it is allowed and everybody's mean; lost customers then stay lost and bring nothing.
    """
    everybody = year.everybody
    overall = everybody.variance or 0.0
    rows: list[Row] = []
    row_of: list[int] = []

    def learn(cohort: Cohort, segment: str, basis: str, *, first_year: bool | None = None) -> int:
        is_open = tuple(
            (segment, end) in allowed or (count > 0 and basis != EVERYBODY)
            for end, count in zip(ENDS, cohort.ends, strict=True)
        )
        today, brought = year.brought(SEGMENTS.index(segment), first_year=first_year)
        rows.append(_row(cohort, is_open, basis, overall, brought / today if today else None))
        return len(rows) - 1

    for place, segment in enumerate(SEGMENTS):
        whole, tenures = year.whole[place], (year.first_year[place], year.later[place])
        if not whole.size:
            if segment == LOST:
                stay = tuple(end == LOST for end in ENDS)
                rows.append(_row(Cohort(tuple(map(int, stay))), stay, ASSUMED, 0.0))
                row_of += [len(rows) - 1] * 2
            else:
                row_of += [learn(everybody, segment, EVERYBODY)] * 2
            continue
        if is_split and min(cohort.size for cohort in tenures) >= SMALL_ROW:
            row_of += [
                learn(cohort, segment, OWN, first_year=young)
                for cohort, young in zip(tenures, (True, False), strict=True)
            ]
            continue
        is_one = not is_split or whole.size in (cohort.size for cohort in tenures)
        row_of += [learn(whole, segment, FEW if whole.size < SMALL_ROW else OWN if is_one else POOLED)] * 2
    came = _row(year.came, (True,) * len(ENDS), OWN, overall)
    return Migration(tuple(rows), tuple(row_of), came, year.whole[SEGMENTS.index(LOST)].ends, is_split)


def _row(cohort: Cohort, is_open: tuple[bool, ...], basis: str, overall: float, before: float | None = None) -> Row:
    """A row whose mean is that of customers who brought `before` each in the year before, where that can be told.

    `overall` is the variance that stands in where the cohort is too small for one of its own.
    """
    variance = cohort.variance
    variance = overall if variance is None else variance
    mean, leverage = cohort.mean, 0.0
    if before is not None and basis in (OWN, POOLED):
        mean, leverage = cohort.foretold(before)
    return Row(cohort, is_open, basis, mean, variance * (1 + leverage) / max(cohort.size, 1), variance)
