"""Tables that look ahead: expected revenue, its interval, who will make most of it, and how earlier forecasts did."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

_PERSON = (
    ("customer_id", "string", "customer"),
    ("population", "string", "population; each is forecast by itself"),
)
_ENDS = (
    ("low_80_amount", "int64", "lower end of the 80 % interval"),
    ("high_80_amount", "int64", "upper end"),
    ("low_95_amount", "int64", "lower end of the 95 % interval"),
    ("high_95_amount", "int64", "upper end"),
)

EXPECTED_REVENUE = Schema(
    "expected_revenue",
    "one customer of one population with a visit, and what they are expected to bring over the days ahead",
    ("customer_id", "population"),
    columns(
        *_PERSON,
        ("expected_amount", "int64", "expected net after returns (or margin) over the horizon, by the forecast chosen"),
        ("present_amount", "int64", "the same, discounted to the as-of date at the rate set"),
        *_ENDS,
        ("active_probability", "float64", "probability of still being a customer (MBG/NBD or Pareto/NBD)"),
        ("expected_visits", "float64", "expected visits over the horizon, by the purchase process"),
        ("expected_spend_amount", "int64", "expected net of one visit, by the spend model"),
        ("visits_count", "int64", "visits so far"),
        ("first_visit_on", "date", "first visit"),
        ("last_visit_on", "date", "last visit"),
    ),
)

FORECAST_MODELS = Schema(
    "forecast_models",
    "one population: the forecast used, why, and what stands beside it",
    ("population",),
    columns(
        ("population", "string", "population"),
        ("model", "string", "the forecast used"),
        ("reason", "string", "best_tested, chosen_by_user, too_short_history, or too_few_customers"),
        ("measure", "string", "what is forecast: revenue (net after returns) or margin"),
        ("naive_model", "string", "the naive line that did best at earlier origins, or the last period"),
        ("from_on", "date", "first day of the horizon"),
        ("to_on", "date", "last day of the horizon"),
        ("horizon_days", "int64", "days of the horizon"),
        ("customers_count", "int64", "customers forecast"),
        ("expected_amount", "int64", "total expected net"),
        ("naive_amount", "int64", "total by the naive line"),
        ("discount_rate", "float64", "yearly rate at which what comes later is worth less today"),
        ("cases_count", "int64", "distinct cases the purchase processes were fitted on"),
        ("activity_model", "string", "the process that tells who is active"),
        ("spend_frequency_correlation", "float64", "correlation of visits and mean spend over repeat customers"),
        ("interval_origins_count", "int64", "earlier origins the intervals of customers are learnt from; 0: the model"),
    ),
)

PURCHASE_PROCESSES = Schema(
    "purchase_processes",
    "one parameter of one fitted model in one population; times in weeks, amounts in minor units",
    ("population", "model", "parameter"),
    columns(
        ("population", "string", "population"),
        ("model", "string", "bg_nbd, mbg_nbd, pareto_nbd, or gamma_gamma_repeat, gamma_gamma_all (spend)"),
        ("parameter", "string", "its name in the papers"),
        ("value", "float64", "maximum likelihood estimate"),
        ("standard_error", "float64", "from the curvature of the likelihood (Laplace)"),
        ("is_at_bound", "boolean", "the data push it to a bound"),
        ("log_likelihood", "float64", "of the model at the optimum"),
        ("customers_count", "int64", "customers it was fitted on"),
    ),
)

SEGMENT_VALUE = Schema(
    "segment_value",
    "one segment of one segmentation in one population, and what it is expected to bring; segment all: everybody",
    ("segmentation", "population", "segment"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        ("segment", "string", "segment; all: the whole population"),
        ("customers_count", "int64", "customers"),
        ("expected_amount", "int64", "expected net over the horizon"),
        ("expected_share", "float64", "over that of the population"),
        ("per_head_amount", "int64", "expected net over customers"),
        ("present_amount", "int64", "expected net, discounted to the as-of date at the rate set"),
        *_ENDS,
        ("process_error_amount", "int64", "standard error from chance: who happens to buy what"),
        ("parameter_error_amount", "int64", "standard error from the estimation; null where the forecast has none"),
        (
            "drift_error_amount",
            "int64",
            "standard error from how totals missed at earlier origins beyond chance, 10 % a year assumed as one more; "
            "null without an interval",
        ),
    ),
)

CRITICAL_CUSTOMERS = Schema(
    "critical_customers",
    "one customer of the smallest set expected to make the wanted share of future revenue",
    ("customer_id", "population"),
    columns(
        *_PERSON,
        ("place", "int64", "rank by expected net, ties share the best"),
        ("expected_amount", "int64", "expected net over the horizon"),
        ("cumulative_share", "float64", "of the population's expected net, up to and with customers of this rank"),
    ),
)

CRITICAL_SETS = Schema(
    "critical_sets",
    "one population: the set of critical customers, what it is expected and likely to deliver",
    ("population",),
    columns(
        ("population", "string", "population"),
        ("wanted_share", "float64", "share of future revenue wanted"),
        ("customers_count", "int64", "customers in the set, all of those tied at the limit"),
        ("customers_share", "float64", "over all customers of the population"),
        ("expected_amount", "int64", "their expected net"),
        ("expected_share", "float64", "over that of the population"),
        ("delivered_share", "float64", "share such sets delivered at earlier origins, on average; null without any"),
        ("low_95_share", "float64", "lower end of the 95 % interval of the share this set will deliver"),
        ("high_95_share", "float64", "upper end"),
        ("origins_count", "int64", "earlier origins it is learnt from"),
        ("named_before_share", "float64", "share of the set also named at the origin one horizon ago"),
    ),
)

BACKTEST = Schema(
    "backtest",
    "one forecast at one earlier origin of the same data: what it would have said, and what came",
    ("population", "origin_on", "model"),
    columns(
        ("population", "string", "population"),
        ("origin_on", "date", "date of the forecast"),
        ("horizon_days", "int64", "days ahead"),
        ("model", "string", "the forecast"),
        ("is_naive", "boolean", "one of the naive lines"),
        ("is_used", "boolean", "the forecast this run uses"),
        ("customers_count", "int64", "customers (of a sample, in large bases)"),
        ("forecast_amount", "int64", "total forecast"),
        ("actual_amount", "int64", "total net that came"),
        ("bias_share", "float64", "forecast over actual, less one"),
        ("mean_error_amount", "int64", "mean absolute error of a customer (MAE)"),
        ("capture_share", "float64", "share of the net brought by the tenth with the highest forecasts"),
        ("named_share", "float64", "customers forecast to make the wanted share of the total, over all"),
        ("delivered_share", "float64", "what they brought, over the net of all"),
        ("error_ratio", "float64", "mean over origins of the error over that of the best naive line"),
        ("is_within_guards", "boolean", "bias of the total and capture good enough to be chosen"),
    ),
)

_MEASURE = ("measure", "string", "what amounts are: revenue (net after returns) or margin")

RISING = Schema(
    "rising",
    "one first-time buyer, still new, among the fifth of them expected to bring most",
    ("customer_id", "population"),
    columns(
        *_PERSON,
        ("place", "int64", "rank by expected net, ties share the best"),
        _MEASURE,
        ("expected_amount", "int64", "expected net over the horizon"),
        ("first_visit_on", "date", "the first visit"),
        ("days_since_count", "int64", "days since then"),
        ("first_amount", "int64", "net of the first visit"),
        ("smaller_first_share", "float64", "share of the new first-time buyers whose first visit brought less"),
        ("reason", "string", "large_first_purchase, or fresh_first_purchase"),
    ),
)

FADING = Schema(
    "fading",
    "one core customer who is late against their own rhythm",
    ("customer_id", "population"),
    columns(
        *_PERSON,
        ("place", "int64", "rank by net of the last period, ties share the best"),
        _MEASURE,
        (
            "last_period_amount",
            "int64",
            "net of the last period, as long as the horizon or as the history: what is at stake",
        ),
        ("expected_amount", "int64", "expected net over the horizon"),
        ("last_visit_on", "date", "last visit"),
        ("days_since_count", "int64", "days since then"),
        ("usual_gap_days", "float64", "mean days between their visits"),
        ("visits_count", "int64", "visits so far"),
        ("silence_probability", "float64", "chance of so long a gap, given their own"),
        ("reason", "string", "later_than_usual, or far_later_than_usual (chance of one in a hundred at most)"),
    ),
)

WATCHLIST_TESTS = Schema(
    "watchlist_tests",
    "one of the two lists in one population: how often the same rule was right at earlier dates",
    ("population", "watchlist"),
    columns(
        ("population", "string", "population"),
        ("watchlist", "string", "rising, or fading"),
        ("origins_count", "int64", "earlier dates it was tried at; customers may be at several"),
        ("candidates_count", "int64", "new first-time buyers, or core customers with a rhythm, at those dates"),
        ("named_count", "int64", "of them named"),
        (
            "hits_count",
            "int64",
            "of those named: rising who brought more than three quarters of all customers did; fading who brought less "
            "than half of their period before",
        ),
        ("precision_share", "float64", "hits over named"),
        (
            "low_95_share",
            "float64",
            "lower end of its 95 % interval (Wilson; earlier dates that overlap count in part)",
        ),
        ("high_95_share", "float64", "upper end"),
        ("base_share", "float64", "the same share over all candidates: what a list by chance would reach"),
        ("is_better_than_chance", "boolean", "the lower end is above that; if not, the list should not be acted on"),
    ),
)

VALUED: tuple[Schema, ...] = (
    EXPECTED_REVENUE, SEGMENT_VALUE, CRITICAL_CUSTOMERS, CRITICAL_SETS, RISING, FADING, WATCHLIST_TESTS,
    FORECAST_MODELS, BACKTEST, PURCHASE_PROCESSES,
)  # fmt: skip
"""All of them, in the order of the reference page."""
