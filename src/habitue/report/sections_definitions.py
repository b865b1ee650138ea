"""The section of all terms."""

from __future__ import annotations

from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Definitions, Section

_DEFINED_AHEAD = (
    "definition.expected",
    "definition.total_interval",
    "explain.definition.naive",
    "explain.definition.critical",
    "definition.rising",
    "definition.fading",
    "definition.projection",
    "definition.promise",
)
_DEFINED = (
    "as_of",
    "rolling_year",
    "net_sales",
    "purchase_view",
    "cash_view",
    "ticket",
    "basket",
    "visit",
    "customers_with_visit",
    "identified",
    "sale_type",
    "counts",
    "population",
    "shared_card",
    "returns_share",
    "linked_return",
    "unlinked_return",
    "above_purchase",
    "margin",
    "reconciliation",
    "used",
    "duplicate",
    "after_as_of",
    "set_aside",
    "not_a_purchase",
    "unreadable",
    "used_share",
    "resent_ticket",
    "ticket_conflict",
    "quarantine",
    "collection_plan",
    "at_stake",
    "run",
    "simulated",
    "assumed",
    "window",
    "recency",
    "frequency",
    "monetary",
    "score",
    "quantile_score",
    "fixed_threshold",
    "segment_core",
    "segment_loyal",
    "segment_new",
    "segment_slipping",
    "segment_one_off",
    "segment_lost",
    "segment_not_yet_customer",
    "purchase_cycle",
    "new_days",
    "lost_days",
    "core_amount",
    "standard_grid",
    "concentration_curve",
    "gini",
    "top_decile",
    "eta_squared",
    "next_net",
    "earlier_segment",
    "transition_matrix",
    "structural_zero",
    "interval",
    "homogeneity",
    "lift",
    "home_store",
)


def definitions(c: Context) -> Section:
    """Every term the report uses."""
    codes = [f"definition.{name}" for name in _DEFINED]
    if figures.rows_of(c.tables, "forecast_models"):
        codes += _DEFINED_AHEAD
    entries = sorted(c.defined(codes), key=lambda entry: entry[1].casefold())
    return Section("definitions", c.text("definitions.title"), [Definitions(entries)])
