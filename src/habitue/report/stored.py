"""Stored values in words: what a cell of a published table says to a reader, by the table's and the column's name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from habitue.report.context import Context
from habitue.report.reasons import IN_WORDS
from habitue.report.segment_figures import STRATEGIC, TEN
from habitue.segments.transitions import WHOLE

TERMS: Mapping[str, str] = {
    "sale_type": "sale_type",
    "population": "population",
    "linked_by": "linked_by",
    "returns.reason": "unlinked_reason",
    "quarantine.reason": "reason",
    "shared_cards.reason": "shared_card_reason",
    "sales_channel_weights.reason": "weight_reason",
    "sales_channel_weights.measure": "weight_measure",
    "forecast_models.reason": "forecast_reason",
    "finding": "finding",
    "exported_by": "exported_by",
    "kind": "kind",
    "forecasts.kind": "forecast_kind",
    "forecast_scores.kind": "forecast_kind",
    "forecast_calibration.kind": "forecast_kind",
    "segmentation": "segmentation",
    "dimension": "dimension",
    "method": "method",
    "measure": "measure",
    "place_kind": "place_kind",
    "watchlist": "watchlist",
    "basis": "basis",
    "model": "model",
    "naive_model": "model",
    "contact_channel": "contact_channel",
    "address_kind": "address_kind",
    "consent_events.event": "consent_event",
    "consent_status.status": "consent_event",
    "consent_status.decided_by": "consent_event",
    "consent_status.reason": "contact_reason",
    "contactable.reason": "contact_reason",
    "address_states.reason": "contact_reason",
    "rule": "identity_rule",
    "band": "identity_band",
    "identity_pairs.reason": "identity_reason",
    "identity_review.reason": "identity_reason",
    "identity_pairs.decision": "identity_decision",
    "name_kind": "name_kind",
    "ignored_values.field": "profile_field",
    "ignored_values.reason": "ignored_reason",
    "profile_completeness.field": "profile_field",
    "contact_faults.field": "profile_field",
    "fault": "contact_fault",
    "mending": "contact_note",
    "source_merges.finding": "merge_finding",
    "change": "identity_change",
    "attribute": "profile_field",
    "survivorship": "survivorship",
}
"""Columns of codes and the kind of term that words them; a column of one table only is named with it."""

SEGMENTS = frozenset({"segment", "from_segment", "to_segment", "strategic_segment", "subject"})
PLAIN = frozenset({"row_number", "line_number", "header_line", "year"})
"""Whole numbers that are names, not amounts."""


def is_number(field: pa.Field) -> bool:
    """Whether a column stands to the right."""
    kind = field.type
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def stored(c: Context, table: str, column: str, row: Mapping[str, Any], major: Any) -> str:
    """One cell in words.

    Args:
        c: words and names of the run.
        table: name of the published table.
        column: the column.
        row: the stored row, amounts in whole minor units.
        major: the cell's value with amounts in units of their currency.
    """
    value = row[column]
    if value is None:
        return "–"
    if isinstance(value, bool):
        return c.words.text("word.yes" if value else "word.no")
    if isinstance(value, date):
        return c.words.date(value)
    if isinstance(value, str):
        return _text(c, table, column, row, value)
    if isinstance(major, Decimal) and isinstance(value, int):
        places = -int(major.as_tuple().exponent)
        return c.words.number(major, decimals=places)
    if column in PLAIN:
        return str(value)
    if column.endswith("_share") or column in ("share", "customers_share"):
        return c.words.share(value)
    if isinstance(value, int):
        return c.words.number(value)
    return c.words.number(float(value))


def _text(c: Context, table: str, column: str, row: Mapping[str, Any], value: str) -> str:
    if column in SEGMENTS and value == WHOLE:
        return c.text("segments.total")
    if column in SEGMENTS:
        return c.segment(str(row.get("segmentation") or STRATEGIC), value)
    if column == "ten_segment":
        return c.segment(TEN, value)
    if column == "store_id":
        return c.store(value)
    if column == "field" and f"{table}.field" not in TERMS:
        return c.words.term("field", value, default=c.words.term("column", value, default=value))
    if column == IN_WORDS:
        return value
    kind = TERMS.get(f"{table}.{column}") or TERMS.get(column)
    return c.words.term(kind, value, default=value) if kind else value
