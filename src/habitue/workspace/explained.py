"""What an explanation holds: figures and codes of one customer in one run; no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from habitue.periods import Period
from habitue.segments.rule_sets import Rule
from habitue.segments.strategic import Calibration
from habitue.workspace.catalogue import Run

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One question on the way to the strategic segment.

    Attributes:
        code: lost, repeat, in_cycle, core or new.
        received: the customer's figure: days since the last visit, visits, or value in minor units.
        limit: what it is held against; None: nobody can pass.
        holds: the answer.
    """

    code: str
    received: int
    limit: int | None
    holds: bool


@dataclass(frozen=True)
class Score:
    """A score, and the values it stands for: days, visits, or minor units.

    Attributes:
        dimension: recency, frequency or monetary.
        method: quantile or threshold.
        value: the value that is scored.
        score: its score.
        low: lowest value with the same score.
        high: highest one.
        is_used: segments are made of it (otherwise shown beside).
        is_weighted: visits or days weigh as their sales channel does.
    """

    dimension: str
    method: str
    value: float
    score: int
    low: float
    high: float
    is_used: bool
    is_weighted: bool


@dataclass(frozen=True)
class Placed:
    """A segment of a segmentation by scores, and the first rule that matches; None: no rule does."""

    segmentation: str
    segment: str
    rule: Rule | None


@dataclass(frozen=True)
class State:
    """The strategic segment at an earlier date, by what was known then; None: nothing was known of the customer."""

    on: date
    segment: str | None
    visits_count: int
    recency_days: int | None
    value: int


@dataclass(frozen=True)
class Forecast:
    """What is expected of the customer.

    Attributes:
        model: row of FORECAST_MODELS.
        expected: row of EXPECTED_REVENUE.
        repeat_visits: x.
        repeat_days: t_x.
        observed_days: T.
        parts: amounts by component whose mean the forecast is; empty where they cannot be told apart.
        naive_amount: by the best naive line; None where it takes all customers to tell.
        brought_amount: what the customer brought so far, in the measure that is forecast.
        lists: rows of `explanations.LISTS`; None: not named there.
        list_tests: rows of WATCHLIST_TESTS, by list.
        critical_set: row of CRITICAL_SETS; None without one.
        critical_amount: least that a critical customer is expected to bring.
    """

    model: Row
    expected: Row
    repeat_visits: int
    repeat_days: int
    observed_days: int
    parts: Mapping[str, int]
    naive_amount: int | None
    brought_amount: int
    lists: Mapping[str, Row | None]
    list_tests: Mapping[str, Row]
    critical_set: Row | None
    critical_amount: int | None

    @property
    def is_fitted(self) -> bool:
        """Whether a purchase process stands behind visits and spend, or the customer's own rates do."""
        return self.model["activity_model"] is not None


@dataclass(frozen=True)
class Buyer:
    """The customer as a buyer of one population.

    Attributes:
        population: the population.
        is_left_out: the settings neither segment nor forecast it, or it is that of shared cards.
        visits_count: visits of all time.
        first_on: first visit; None without one.
        last_on: last visit.
        net_amount: net after returns, all time.
        window_visits: visits of the window.
        window_amount: net of it.
        without_visit: row of CUSTOMERS_WITHOUT_VISIT, if there is one.
        segments: segment by segmentation.
        checks: the questions that lead to the strategic segment, in order; the last one decides.
        calibration: the thresholds; None where nobody of the population has a visit.
        scores: scores with what they stand for.
        placed: segmentations by scores.
        history: the strategic segment one step ago, two steps ago …
        days: rows of CUSTOMER_DAYS, oldest first.
        forecast: what is expected; None without a forecast.
        notes: what the run says of the forecasts of the population (code and params).
    """

    population: str
    is_left_out: bool
    visits_count: int
    first_on: date | None
    last_on: date | None
    net_amount: int
    window_visits: int
    window_amount: int
    without_visit: Row | None
    segments: Mapping[str, str]
    checks: tuple[Check, ...]
    calibration: Calibration | None
    scores: tuple[Score, ...]
    placed: tuple[Placed, ...]
    history: tuple[State, ...]
    days: tuple[Row, ...]
    forecast: Forecast | None
    notes: tuple[Row, ...]


@dataclass(frozen=True)
class Explanation:
    """One customer in one run.

    Attributes:
        asked: the customer as the user wrote it.
        customer_id: the opaque id.
        run: the run.
        window: the window of frequency and value.
        window_months: its months.
        enrolled_on: first enrolment in a customer file; None: not known.
        shared_card: row of SHARED_CARDS, if there is one.
        objected_on: day of the last objection to marketing: by command (UTC), whenever the run was made, or in a file,
            where nothing is made of them for it; None: none.
        systems: customer numbers by customer system, the one with most first.
        joined_by: what joined the numbers, as rules of identity or `merged_at_source`, `decided_same`, each with the
            pairs it joined; empty where there is one number, or the run does not tell.
        buyers: by population, that of the customer's figures first.
    """

    asked: str
    customer_id: str
    run: Run
    window: Period
    window_months: int
    enrolled_on: date | None
    shared_card: Row | None
    objected_on: date | None
    systems: Mapping[str, int]
    joined_by: Mapping[str, int]
    buyers: tuple[Buyer, ...]
