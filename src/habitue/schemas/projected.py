"""Tables of where the base is heading: segments and revenue years ahead, and how such projections did before."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

PROJECTION = Schema(
    "projection",
    "one segment in one year ahead, if so many new customers come each year; segment acquired: those who come in it, "
    "all: everybody; year 0: the last year as it was",
    ("population", "acquisition_multiple", "year", "segment"),
    columns(
        ("population", "string", "population; each is projected by itself"),
        ("acquisition_multiple", "float64", "new customers a year, as a multiple of those of the last year"),
        ("year", "int64", "years ahead, from 1; 0: the year that ended at the as-of date"),
        ("from_on", "date", "first day of the year"),
        ("to_on", "date", "last day of the year"),
        ("segment", "string", "strategic segment; acquired; all"),
        (
            "customers_count",
            "int64",
            "customers in the segment when the year begins; acquired: those who come during it; all: both",
        ),
        (
            "end_customers_count",
            "int64",
            "customers in the segment when the year ends, those who came among them; null for acquired",
        ),
        (
            "low_80_count",
            "int64",
            "lower end of the 80 % interval of end_customers_count (not of customers_count); null for acquired",
        ),
        ("high_80_count", "int64", "upper end; of end_customers_count"),
        (
            "low_95_count",
            "int64",
            "lower end of the 95 % interval of end_customers_count (not of customers_count); null for acquired",
        ),
        ("high_95_count", "int64", "upper end; of end_customers_count"),
        (
            "expected_amount",
            "int64",
            "expected net of the year from the customers in the segment when it begins; year 0: what they brought",
        ),
        ("low_80_amount", "int64", "lower end of the 80 % interval"),
        ("high_80_amount", "int64", "upper end"),
        ("low_95_amount", "int64", "lower end of the 95 % interval"),
        ("high_95_amount", "int64", "upper end"),
        (
            "present_per_head_amount",
            "int64",
            "what a customer in the segment today is expected to bring up to the end of the year, discounted at the "
            "rate set; all: mean of today's base; null for acquired",
        ),
        (
            "steady_customers_count",
            "int64",
            "customers in the segment if every year were like the last for ever; null for lost, acquired and all",
        ),
        (
            "basis",
            "string",
            "customers the moves and spend of the segment are learnt from: own (by tenure where the split is used), "
            "pooled (a tenure of fewer than 30: the segment whole), few (the segment whole has fewer than 30), "
            "everybody (nobody was in it), assumed (nobody was lost: the lost stay lost and bring nothing)",
        ),
        ("is_tenure_split", "boolean", "customers in their first year are told apart from later ones"),
        (
            "origins_count",
            "int64",
            "earlier dates behind the drift in the intervals, beside an assumed one; 0: all of it is assumed",
        ),
    ),
    identities=(
        "customers_count and expected_amount of the segments and of acquired add up to all",
        "end_customers_count of the segments adds up to all, and is the customers_count of the year after",
    ),
)

PROJECTION_BACKTEST = Schema(
    "projection_backtest",
    "one segment in one year of a projection made at an earlier date: what it would have said, what came, and same as "
    "last year; segment known: customers of the beginning of the year, acquired: those who came in it, all: both",
    ("population", "origin_on", "year", "is_tenure_split", "segment"),
    columns(
        ("population", "string", "population"),
        ("origin_on", "date", "date of the projection; it knows the two years up to then"),
        ("year", "int64", "years ahead of that date"),
        ("to_on", "date", "last day of the year"),
        ("is_tenure_split", "boolean", "customers in their first year are told apart from later ones"),
        ("is_used", "boolean", "the way this run projects: the one with the smaller errors of total revenue"),
        ("segment", "string", "strategic segment; known; acquired; all"),
        (
            "forecast_count",
            "int64",
            "customers projected when the year ends; acquired: those who come, as many as in the year before the "
            "date; null for known",
        ),
        ("actual_count", "int64", "customers there were"),
        ("naive_count", "int64", "customers as at the date of the projection"),
        ("error_count", "int64", "projected less there, without sign"),
        ("naive_error_count", "int64", "the same of the naive line"),
        ("forecast_amount", "int64", "net projected from the customers in the segment when the year begins"),
        ("actual_amount", "int64", "net that came"),
        ("naive_amount", "int64", "net of the year before the date, from the customers in the segment when it began"),
        ("error_amount", "int64", "projected less came, without sign"),
        ("naive_error_amount", "int64", "the same of the naive line"),
    ),
    identities=(
        "amounts of the segments add up to known, known and acquired to all",
        "counts of the segments add up to all",
    ),
)

PROJECTED: tuple[Schema, ...] = (PROJECTION, PROJECTION_BACKTEST)
"""All of them, in the order of the reference page."""
