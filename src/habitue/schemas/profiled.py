"""One customer at a glance: what lists of customers are picked and sorted by."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

CUSTOMER_PROFILES = Schema(
    "customer_profiles",
    "one customer of one population at a glance: everybody with a visit, and who is known by name or card only where "
    "the population is segmented; shared cards are left out",
    ("customer_id", "population"),
    columns(
        ("customer_id", "string", "customer"),
        ("population", "string", "population"),
        ("strategic_segment", "string", "strategic segment; null where the population is not segmented"),
        ("ten_segment", "string", "segment of the standard ten"),
        ("first_visit_on", "date", "first visit; null without one"),
        ("last_visit_on", "date", "last visit"),
        ("visits_count", "int64", "visits, all time"),
        ("frequency", "int64", "visits in the window"),
        ("net_amount", "int64", "net after returns in the window"),
        ("recency_score", "int64", "score of recency; null without a visit"),
        ("frequency_score", "int64", "score of frequency"),
        ("monetary_score", "int64", "score of monetary value"),
        ("store_id", "string", "store of most visits: of the window, then of all time, then the later, then by name"),
        ("sales_channel", "string", "sales channel of most visits, by the same rule"),
        ("expected_amount", "int64", "expected net (or margin) over the horizon; null without a forecast"),
        ("low_80_amount", "int64", "lower end of the 80 % interval"),
        ("high_80_amount", "int64", "upper end"),
        ("low_95_amount", "int64", "lower end of the 95 % interval"),
        ("high_95_amount", "int64", "upper end"),
        ("active_probability", "float64", "probability of still being a customer"),
        ("is_critical", "boolean", "among the critical customers"),
        ("is_rising", "boolean", "on the list of rising first-time buyers"),
        ("is_fading", "boolean", "on the list of fading core customers"),
    ),
)
