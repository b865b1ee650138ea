"""Tables of who the customers are and where they go: RFM, segments, transitions, and what stands behind them."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

DAY_CHANGES = Schema(
    "day_changes",
    "one customer day as it was known up to a date, before a return dated the day after took something back",
    ("customer_id", "population", "sold_on", "known_until"),
    columns(
        ("customer_id", "string", "customer"),
        ("population", "string", "population"),
        ("sold_on", "date", "day of the purchase"),
        ("known_until", "date", "last day on which the amount was still counted: the day before the return"),
        ("net_amount", "int64", "what the return took back, to be added to the day's net for states up to then"),
        ("visits_count", "int64", "1 if the day, no visit now, was one up to then, else 0"),
        ("sales_channel", "string", "sales channel of the day"),
    ),
)

RFM = Schema(
    "rfm",
    "one customer of one population with at least one visit up to the as-of date",
    ("customer_id", "population"),
    columns(
        ("customer_id", "string", "customer"),
        ("population", "string", "population; each has cut-offs of its own"),
        ("first_visit_on", "date", "first visit"),
        ("last_visit_on", "date", "last visit"),
        ("visits_count", "int64", "visits, all time, never weighted"),
        ("tenure_days", "int64", "days since the first visit"),
        ("recency_days", "int64", "days since the last visit, in any sales channel"),
        ("frequency", "int64", "visits in the window"),
        ("weighted_frequency", "float64", "the same, each visit with the weight of its sales channel"),
        ("net_amount", "int64", "net after returns in the window"),
        ("monetary", "int64", "net after returns less rewards in the window, minor units"),
        ("weighted_monetary", "int64", "the same, each day with the weight of its sales channel, minor units"),
        ("recency_score", "int64", "score of recency, 1 to the number of bands; highest: most recent"),
        ("frequency_score", "int64", "score of frequency"),
        ("monetary_score", "int64", "score of monetary value"),
        ("recency_fixed_score", "int64", "score of recency by fixed thresholds, where both kinds are asked for"),
        ("frequency_fixed_score", "int64", "score of frequency by fixed thresholds"),
        ("monetary_fixed_score", "int64", "score of monetary value by fixed thresholds"),
    ),
)

RFM_CUTS = Schema(
    "rfm_cuts",
    "one score of one dimension in one population: from which value to which it goes",
    ("population", "dimension", "is_used", "score"),
    columns(
        ("population", "string", "population"),
        ("dimension", "string", "recency, frequency or monetary"),
        ("method", "string", "quantile, or threshold (fixed)"),
        ("score", "int64", "the score; highest is best"),
        ("is_used", "boolean", "segments are made from it (otherwise shown beside)"),
        ("from_days", "int64", "recency: lowest value with this score"),
        ("to_days", "int64", "recency: highest value with this score"),
        ("from_visits", "float64", "frequency: lowest value (weighted where quantiles of weighted visits are used)"),
        ("to_visits", "float64", "frequency: highest value"),
        ("from_amount", "int64", "monetary: lowest weighted value"),
        ("to_amount", "int64", "monetary: highest weighted value"),
        ("customers_count", "int64", "customers with this score"),
    ),
)

RFM_CELLS = Schema(
    "rfm_cells",
    "one pair of recency and frequency scores in one population; pairs without customers are kept",
    ("population", "recency_score", "frequency_score"),
    columns(
        ("population", "string", "population"),
        ("recency_score", "int64", "recency score"),
        ("frequency_score", "int64", "frequency score"),
        ("customers_count", "int64", "customers"),
        ("net_amount", "int64", "their net after returns in the window"),
        ("customers_share", "float64", "customers over all customers of the population with a visit"),
    ),
)

CALIBRATION = Schema(
    "calibration",
    "one population: the frozen thresholds of the strategic segments",
    ("population",),
    columns(
        ("population", "string", "population"),
        ("calibrated_on", "date", "as-of date of the run that calibrated"),
        ("repeaters_count", "int64", "customers with at least two visits it was calibrated on"),
        ("is_assumed", "boolean", "fewer than 200 repeat customers: cycle and second-visit limit are assumed"),
        ("cycle_days", "int64", "c: purchase cycle; a repeat customer seen within it is in cycle"),
        ("new_days", "int64", "N: a first-time buyer is new up to so many days"),
        ("lost_days", "int64", "L: not seen for longer is lost"),
        ("core_amount", "int64", "v*: weighted value from which a customer in cycle is core; null: none can be"),
        ("scheme", "string", "hash of the settings that value depends on (window, weights)"),
    ),
)

ASSIGNMENTS = Schema(
    "assignments",
    "one customer of one population in one segmentation",
    ("segmentation", "customer_id", "population"),
    columns(
        ("segmentation", "string", "strategic, ten, nine, or a rule set of your own"),
        ("customer_id", "string", "customer"),
        ("population", "string", "population"),
        ("segment", "string", "the one segment the customer is in"),
    ),
)

_SIZE = (
    ("customers_count", "int64", "customers"),
    ("customers_share", "float64", "over the customers of the population with a visit; null for not yet customers"),
)

SEGMENTS = Schema(
    "segments",
    "one segment of one segmentation in one population; empty ones are kept",
    ("segmentation", "population", "segment"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        ("segment", "string", "segment"),
        ("place", "int64", "its place in the order of the segmentation, from 1"),
        *_SIZE,
        ("net_amount", "int64", "net after returns in the window"),
        ("net_share", "float64", "over the population's"),
        ("visits_count", "int64", "visits in the window"),
        ("visits_per_customer", "float64", "visits in the window over customers"),
        ("basket_amount", "int64", "net over visits of the window"),
        ("per_head_amount", "int64", "net over customers of the window"),
        ("median_recency_days", "float64", "median days since the last visit"),
        ("median_tenure_days", "float64", "median days since the first visit"),
    ),
)

SEGMENT_PLACES = Schema(
    "segment_places",
    "one segment in one store or region; a customer belongs to the store of most of their visits in the window",
    ("segmentation", "population", "place_kind", "place_name", "segment"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        ("place_kind", "string", "store or region"),
        ("place_name", "string", "store or region; null: no store (online)"),
        ("segment", "string", "segment"),
        ("customers_count", "int64", "customers"),
        ("customers_share", "float64", "over the customers of the place"),
        ("net_amount", "int64", "net after returns in the window, wherever bought"),
        ("visits_count", "int64", "visits in the window, wherever made"),
    ),
)

SEGMENT_MIX = Schema(
    "segment_mix",
    "what one segment buys in the window: one sales channel or one product category",
    ("segmentation", "population", "segment", "dimension", "value"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        ("segment", "string", "segment"),
        ("dimension", "string", "sales_channel or category"),
        ("value", "string", "its name; null: not stated"),
        ("net_amount", "int64", "net after returns in the window"),
        ("share", "float64", "over the segment's net"),
        ("population_share", "float64", "over the population's net"),
        ("lift", "float64", "share over population share: above 1 is typical of the segment"),
    ),
)

_PERIOD = (
    ("from_on", "date", "day of the earlier state"),
    ("to_on", "date", "day of the later state"),
)

SEGMENT_OUTLOOK = Schema(
    "segment_outlook",
    "one segment as it was at an earlier date, and what its customers bought in the period after",
    ("segmentation", "population", "from_on", "to_on", "segment"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        *_PERIOD,
        ("segment", "string", "segment at the earlier date"),
        *_SIZE,
        ("next_amount", "int64", "their net after returns after the earlier date, up to the later one"),
        ("next_share", "float64", "over that of all customers of the earlier date"),
        ("next_per_head_amount", "int64", "over customers"),
    ),
)

SEGMENT_CROSSING = Schema(
    "segment_crossing",
    "one pair of a strategic segment and a segment of another segmentation at an earlier date",
    ("segmentation", "population", "from_on", "to_on", "strategic_segment", "segment"),
    columns(
        ("segmentation", "string", "the other segmentation"),
        ("population", "string", "population"),
        *_PERIOD,
        ("strategic_segment", "string", "strategic segment at the earlier date"),
        ("segment", "string", "segment of the other segmentation at that date"),
        ("customers_count", "int64", "customers"),
        ("next_amount", "int64", "their net after returns after the earlier date, up to the later one"),
        ("next_per_head_amount", "int64", "over customers"),
    ),
)

SEGMENT_MEASURES = Schema(
    "segment_measures",
    "one measure of how well a segmentation tells customers apart, or of how concentrated sales are",
    ("measure", "segmentation", "population", "from_on", "to_on"),
    columns(
        (
            "measure",
            "string",
            "eta_squared, gini_between (of next-period net between segments), gini, top_decile_share (of net in the "
            "window, customers with a visit in it)",
        ),
        ("segmentation", "string", "segmentation; customers: none, over customers"),
        ("population", "string", "population"),
        *_PERIOD,
        ("value", "float64", "the measure"),
        ("customers_count", "int64", "customers it is computed on"),
    ),
)

CONCENTRATION = Schema(
    "concentration",
    "one point of the concentration (Lorenz) curve of net in the window, best customers first",
    ("population", "customers_share"),
    columns(
        ("population", "string", "population"),
        ("customers_share", "float64", "share of the customers with a visit in the window"),
        ("customers_count", "int64", "customers up to the point"),
        ("net_amount", "int64", "their net"),
        ("net_share", "float64", "over the net of all"),
    ),
)

TRANSITIONS = Schema(
    "transitions",
    "one pair of a segment at one date and a segment at a later date, by the same frozen scheme",
    ("segmentation", "population", "from_on", "to_on", "from_segment", "to_segment"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        *_PERIOD,
        ("from_segment", "string", "segment at the earlier date"),
        ("to_segment", "string", "segment at the later date"),
        ("customers_count", "int64", "customers who moved so"),
        ("row_share", "float64", "over the customers of the earlier segment; null for not yet customers"),
        ("low_share", "float64", "lower end of the 95 % interval of the row share (Dirichlet)"),
        ("high_share", "float64", "upper end"),
        ("column_share", "float64", "over the customers of the later segment"),
        ("before_amount", "int64", "their net after returns in a period of the same length up to the earlier date"),
        ("after_amount", "int64", "their net after returns after the earlier date, up to the later one"),
        ("is_impossible", "boolean", "structural zero: the definitions allow no such move"),
        ("is_small_row", "boolean", "fewer than 30 customers in the earlier segment"),
    ),
)

TRANSITION_TESTS = Schema(
    "transition_tests",
    "whether the rows of the matrices of several periods could be the same (likelihood ratio)",
    ("segmentation", "population", "from_segment"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("population", "string", "population"),
        ("from_segment", "string", "the row; all: the whole matrix"),
        ("periods_count", "int64", "periods compared"),
        ("customers_count", "int64", "customers of the row over all periods"),
        ("statistic", "float64", "G, twice the log-likelihood ratio"),
        ("degrees_of_freedom", "int64", "degrees of freedom"),
        ("p_value", "float64", "chance of so large a G if the periods were the same; null without freedom"),
        ("is_small_row", "boolean", "fewer than 30 customers in some period"),
    ),
)

TRANSITION_VIOLATIONS = Schema(
    "transition_violations",
    "one customer who moved in a way the definitions forbid: a return that took back a visit, or joined identities",
    ("segmentation", "customer_id", "population", "from_on", "to_on"),
    columns(
        ("segmentation", "string", "segmentation"),
        ("customer_id", "string", "customer"),
        ("population", "string", "population"),
        *_PERIOD,
        ("from_segment", "string", "segment at the earlier date"),
        ("to_segment", "string", "segment at the later date"),
    ),
)

SALES_CHANNEL_WEIGHTS = Schema(
    "sales_channel_weights",
    "one sales channel in one dimension: its weight fitted on what customers bring next, what fitted weights gain at a "
    "later date, and the weight in use; no rows where there is one sales channel only",
    ("population", "dimension", "sales_channel"),
    columns(
        (
            "population",
            "string",
            "population the weights are fitted on, the one with the most customers; they hold for all",
        ),
        ("dimension", "string", "frequency (visits) or monetary (value)"),
        ("sales_channel", "string", "sales channel"),
        ("used_weight", "float64", "weight decided on"),
        (
            "is_scored",
            "boolean",
            "the score uses it; false: frequency of the population is scored by fixed thresholds on unweighted visits, "
            "and the weight stands in weighted_frequency only",
        ),
        ("fitted_weight", "float64", "fitted weight; 1 where there are too few visits; null: nothing could be fitted"),
        ("is_kept", "boolean", "the fitted weights of the dimension pay; null: nothing could be fitted"),
        (
            "reason",
            "string",
            "why these weights: set_by_you, switched_off, kept_from_before (by an earlier run), pays, "
            "does_not_pay, no_difference, no_margins, too_short_history, too_few_customers, too_few_visits",
        ),
        ("decided_reason", "string", "why the run that decided chose them; null where the settings do"),
        ("decided_on", "date", "as-of date of the run that decided; null where the settings do"),
        ("outcome", "string", "what is explained: margin, or net (margins are not known of every day)"),
        ("from_on", "date", "first day of the window of visits and value behind the fit"),
        ("fitted_on", "date", "date of the fit: the window ends, and what came up to tested_on is explained"),
        ("tested_on", "date", "date of the trial: what came after it was not used by the fit"),
        ("to_on", "date", "last day of what came after the trial"),
        ("visits_count", "int64", "visits in the window of the fit"),
        ("customers_count", "int64", "customers with such a visit"),
        ("per_visit_amount", "int64", "frequency: what comes later for each visit, by regression"),
        ("margin_rate", "float64", "value: margin over net in the window of the fit"),
        (
            "raw_weight",
            "float64",
            "weight w before it is drawn towards 1 (frequency: per visit, over the reference channel; value: margin "
            "rate over that of all channels)",
        ),
        (
            "standard_error",
            "float64",
            "standard error s of w; fitted_weight = 1 + (w - 1)^3 / ((w - 1)^2 + s^2) for frequency",
        ),
        ("tested_customers_count", "int64", "customers with a visit in the window of the trial"),
        (
            "equal_rank_correlation",
            "float64",
            "at the trial: Spearman correlation of the dimension with what came, equal weights",
        ),
        ("fitted_rank_correlation", "float64", "the same with fitted weights"),
        ("rank_gain_share", "float64", "fitted over equal, less one"),
        ("low_rank_gain_share", "float64", "lower end of its 95 % interval (paired bootstrap over customers)"),
        ("high_rank_gain_share", "float64", "upper end"),
        (
            "equal_captured_share",
            "float64",
            "at the trial: share of what came that the best tenth brought, equal weights",
        ),
        ("fitted_captured_share", "float64", "the same with fitted weights"),
        ("captured_gain_share", "float64", "fitted over equal, less one"),
        ("low_captured_gain_share", "float64", "lower end of its 95 % interval"),
        ("high_captured_gain_share", "float64", "upper end"),
    ),
)

CUSTOMERS_WITHOUT_VISIT = Schema(
    "customers_without_visit",
    "one identified customer with lines but no day of positive value: only returns, gifts or lines that do not count",
    ("customer_id", "population"),
    columns(
        ("customer_id", "string", "customer"),
        ("population", "string", "population"),
        ("first_on", "date", "first line"),
        ("last_on", "date", "last line"),
        ("counted_lines_count", "int64", "lines that count as purchase or return"),
        ("net_amount", "int64", "net after returns of the counted lines"),
    ),
)

SEGMENTED: tuple[Schema, ...] = (
    RFM, RFM_CUTS, RFM_CELLS, SALES_CHANNEL_WEIGHTS, CALIBRATION, ASSIGNMENTS, SEGMENTS, SEGMENT_PLACES, SEGMENT_MIX,
    SEGMENT_OUTLOOK, SEGMENT_CROSSING, SEGMENT_MEASURES, CONCENTRATION, TRANSITIONS, TRANSITION_TESTS,
    TRANSITION_VIOLATIONS, CUSTOMERS_WITHOUT_VISIT, DAY_CHANGES,
)  # fmt: skip
"""All of them, in the order of the reference page."""
