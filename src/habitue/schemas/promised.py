"""Tables of what was promised and what came: every forecast of a run, its score, and how often intervals held."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

_WHAT = (
    ("population", "string", "population"),
    (
        "kind",
        "string",
        "total (net of all customers), segment_total (of a strategic segment's), critical_share (what the critical "
        "customers make), customers_in_80 and customers_in_95 (customers within their own interval)",
    ),
    ("subject", "string", "segment; all: the whole population"),
)
_PROMISE = (
    ("measure", "string", "revenue or margin"),
    ("model", "string", "the forecast"),
    ("from_on", "date", "first day of the horizon"),
    ("to_on", "date", "last day of the horizon"),
    ("customers_count", "int64", "customers it is about"),
    ("expected_amount", "int64", "expected net"),
    ("low_80_amount", "int64", "lower end of the 80 % interval"),
    ("high_80_amount", "int64", "upper end"),
    ("low_95_amount", "int64", "lower end of the 95 % interval"),
    ("high_95_amount", "int64", "upper end"),
    ("expected_share", "float64", "expected share, where a share is forecast"),
    ("low_95_share", "float64", "lower end of its 95 % interval"),
    ("high_95_share", "float64", "upper end"),
)

FORECASTS = Schema(
    "forecasts",
    "one statement about the future that this run makes",
    ("population", "kind", "subject"),
    columns(*_WHAT, *_PROMISE),
)

FORECAST_SCORES = Schema(
    "forecast_scores",
    "one statement of an earlier run, scored by the first run whose data cover its horizon",
    ("made_run_id", "population", "kind", "subject"),
    columns(
        ("made_run_id", "string", "the run that made it"),
        ("made_on", "date", "its as-of date"),
        ("is_backdated", "boolean", "it was made looking back: the data already went further than its as-of date"),
        *_WHAT,
        *_PROMISE,
        ("scored_on", "date", "as-of date of the run that scored it"),
        ("actual_amount", "int64", "net that came from the same customers"),
        ("actual_share", "float64", "share that came"),
        ("error_share", "float64", "what came over what was expected, less one"),
        ("is_within_80", "boolean", "within the 80 % interval; null without one"),
        ("is_within_95", "boolean", "within the 95 % interval; null without one"),
        ("is_counted", "boolean", "the first forecast of its kind for these days: later ones are not counted again"),
    ),
)

FORECAST_CALIBRATION = Schema(
    "forecast_calibration",
    "one kind of statement in one population: how often its intervals held, over all scored so far",
    ("population", "kind", "measure", "is_backdated"),
    columns(
        *_WHAT[:2],
        _PROMISE[0],
        ("is_backdated", "boolean", "of statements made looking back: a trial, no promise"),
        ("scored_count", "int64", "statements scored and counted"),
        ("within_80_share", "float64", "of those with an 80 % interval, the share within; 0.80 is promised"),
        ("within_95_share", "float64", "of those with a 95 % interval, the share within; 0.95 is promised"),
        ("error_share", "float64", "all that came over all that was expected, less one"),
    ),
)

PROMISED: tuple[Schema, ...] = (FORECASTS, FORECAST_SCORES, FORECAST_CALIBRATION)
"""All of them, in the order of the reference page."""
