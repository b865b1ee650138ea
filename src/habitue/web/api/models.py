"""What the API answers with. Amounts are whole minor units of the currency stated beside them, dates ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainSerializer

Cell = int | float | str | bool | None
Row = dict[str, Cell]
"""One row by the names of its columns; moments are UTC."""

Moment = Annotated[datetime, PlainSerializer(lambda at: at.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z"))]
Currency = Annotated[str, Field(description="ISO 4217; the home currency of the project", examples=["EUR"])]


class Fault(BaseModel):
    """Why there is no answer."""

    code: str = Field(description="stable; the same in every language", examples=["published.unknown_column"])
    message: str = Field(description="in the language asked for", examples=["The table rfm has no column x."])
    valid: list[str] = Field(description="what can be asked for instead, where that is a list", examples=[["sku"]])


class Project(BaseModel):
    """A project that is served."""

    project: str = Field(description="its name in addresses", examples=["simulated-shop"])
    name: str
    currency: Currency
    language: str = Field(description="of its reports")
    time_zone: str
    is_simulated: bool = Field(description="nothing in it is real")
    runs_count: int
    last_run_id: str | None


class Projects(BaseModel):
    """All projects."""

    projects: list[Project]


class RunHead(BaseModel):
    """One run."""

    run_id: str = Field(examples=["20260105-081500-3df9"])
    as_of: date = Field(description="what was known on this day")
    created_at: Moment = Field(description="UTC")
    is_last: bool


class Runs(BaseModel):
    """All runs of a project, the newest first."""

    runs: list[RunHead]


class File(BaseModel):
    """A file that a run has read."""

    file_id: str = Field(description="of its content")
    source: str
    file: str
    rows: int


class Note(BaseModel):
    """What a run warns about."""

    code: str
    message: str


class Run(RunHead):
    """One run in full."""

    project: str
    currency: Currency
    is_simulated: bool
    are_margins_assumed: bool
    settings_hash: str
    previous_run_id: str | None
    versions: dict[str, str]
    rows: dict[str, int] = Field(description="rows of its tables")
    files: list[File]
    warnings: list[Note]


class Column(BaseModel):
    """One column of a table."""

    name: str
    type: str = Field(description="string, boolean, int64, float64, decimal(18, 3), date or timestamp(6)")
    label: str = Field(description="in the language asked for")
    meaning: str = Field(description="in English")
    currency: str | None = Field(default=None, description="of an amount, if it is the same in every row")
    currency_column: str | None = Field(default=None, description="of an amount, the column that names its currency")
    decimals: int | None = Field(
        default=None,
        description="of an amount in one currency: the stored number divided by 10 to this power is the amount",
    )


class Table(BaseModel):
    """One published table."""

    name: str
    label: str = Field(description="in the language asked for")
    grain: str = Field(description="what a row is, in English")
    key: list[str] = Field(description="columns that identify a row")
    rows_count: int
    columns: list[Column]


class Tables(BaseModel):
    """All tables of a run."""

    project: str
    run_id: str
    tables: list[Table]


class Rows(BaseModel):
    """Some rows of a table."""

    project: str
    run_id: str
    table: str
    currency: Currency
    rows_count: int = Field(description="rows that the conditions leave, on all pages together")
    rows: list[Row]
    next: str | None = Field(description="address of the next page; null on the last")


class Behind(BaseModel):
    """Published rows that make a number: their sum in a column, or how many they are, or how many different."""

    table: str
    where: list[Condition]
    sum: str | None = Field(description="the column that is summed")
    different: list[str] = Field(description="columns whose different values together are counted")
    first: int | None = Field(description="only so many rows, in the order `sort`")
    sort: str | None
    rows: str = Field(description="address of the rows")


class Condition(BaseModel):
    """A column is (not) one of the values, or is at least or at most the value."""

    column: str
    relation: str = Field(description="is, not, min or max")
    values: list[str | None]


class Part(BaseModel):
    """A number that a figure is made from."""

    told: str
    value: int | float | None
    unit: str
    behind: list[Behind]
    terms: list[Part] = Field(description="numbers whose sum it is")


class Figure(BaseModel):
    """A key figure of a run, with what it rests on."""

    code: str = Field(examples=["net_sales"])
    label: str
    value: int | float
    unit: str = Field(description="money (whole minor units), count, share (of 1) or number")
    low: int | float | None = Field(description="lower end of the 95 % interval of the value, if it has one")
    high: int | float | None
    shown: str
    interval: str
    change: str
    definition: str
    formula: str
    period: str
    population: str
    labels: list[str] = Field(description="simulated: the data are; assumed: margins are")
    few: int | None = Field(description="customers or statements it rests on, where they are fewer than 30")
    numerator: Part
    denominator: Part | None


class Figures(BaseModel):
    """The key figures that a run gives."""

    project: str
    run_id: str
    as_of: date
    currency: Currency
    figures: list[Figure]


class Check(BaseModel):
    """A question on the way to the strategic segment; the last one decides."""

    code: str
    received: int
    limit: int | None
    holds: bool


class Score(BaseModel):
    """A score, and the values it stands for: days, visits, or minor units."""

    dimension: str
    method: str
    value: float
    score: int
    low: float
    high: float
    is_used: bool
    is_weighted: bool


class State(BaseModel):
    """The strategic segment at an earlier date, by what was known then."""

    on: date
    segment: str | None
    visits_count: int
    recency_days: int | None
    value: int


class Rule(BaseModel):
    """Ranges of scores."""

    segment: str
    recency: tuple[int, int]
    frequency: tuple[int, int]
    monetary: tuple[int, int]


class Placed(BaseModel):
    """A segment by scores, and the first rule that matches."""

    segmentation: str
    segment: str
    rule: Rule | None


class Forecast(BaseModel):
    """What is expected of the customer. Rows are those of the tables named."""

    model: Row = Field(description="row of forecast_models")
    expected: Row = Field(description="row of expected_revenue")
    repeat_visits: int
    repeat_days: int
    observed_days: int
    parts: dict[str, int] = Field(description="amounts whose mean the forecast is, where they can be told apart")
    naive_amount: int | None
    brought_amount: int
    lists: dict[str, Row | None] = Field(description="row of each list that names customers; null: not on it")
    list_tests: dict[str, Row] = Field(description="rows of watchlist_tests")
    critical_set: Row | None = Field(description="row of critical_sets")
    critical_amount: int | None


class Buyer(BaseModel):
    """The customer as a buyer of one population."""

    population: str
    is_left_out: bool
    visits_count: int
    first_on: date | None
    last_on: date | None
    net_amount: int
    window_visits: int
    window_amount: int
    without_visit: Row | None = Field(description="row of customers_without_visit")
    segments: dict[str, str] = Field(description="segment by segmentation")
    checks: list[Check]
    scores: list[Score]
    placed: list[Placed]
    history: list[State]
    forecast: Forecast | None
    notes: list[Note]


class Customer(BaseModel):
    """Why a customer is in their segments, and what is expected of them."""

    project: str
    run_id: str
    as_of: date
    currency: Currency
    is_simulated: bool
    customer_id: str
    window_first_on: date
    window_last_on: date
    enrolled_on: date | None
    shared_card: Row | None = Field(description="row of shared_cards, if many people may use the number")
    buyers: list[Buyer] = Field(description="by population, that of the customer's figures first")
    days: str = Field(description="address of the days of purchase")
    in_words: list[str] = Field(description="the whole of it in sentences, in the language asked for")


def row(found: Mapping[str, Any]) -> Row:
    """A stored row as JSON can hold it."""
    return {name: cell(value) for name, value in found.items()}


def cell(value: Any) -> Cell:
    """A stored value as JSON can hold it: what is no number is null."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not isfinite(value) else value
