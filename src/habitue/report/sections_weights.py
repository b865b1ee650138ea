"""Weights of sales channels: what is fitted, what it gains over equal weights at a later date, what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Grid, Prose, cells

KEPT = "kept_from_before"
Row = Mapping[str, Any]


def weights(c: Context) -> list[Block]:
    """A sentence for each dimension and a table of the channels; nothing where there is one channel only."""
    rows = figures.rows_of(c.tables, "sales_channel_weights")
    if not rows:
        return []
    rows = sorted(rows, key=lambda row: (row["dimension"], row["sales_channel"]))
    first_of = {row["dimension"]: row for row in reversed(rows)}
    return [*(Prose(_told(c, first_of[name])) for name in sorted(first_of)), _grid(c, rows)]


def _told(c: Context, row: Row) -> str:
    dimension = c.words.term("dimension", row["dimension"])
    reason = _reason(c, row)
    idle = [c.text("weights.not_scored", dimension=dimension)] if row.get("is_scored") is False else []
    if row["equal_rank_correlation"] is None:
        return " ".join([c.text("weights.untried", dimension=dimension, reason=reason), *idle])
    finding = c.text(
        "weights.finding",
        dimension=dimension,
        day=row["tested_on"],
        outcome=c.words.term("weight_outcome", row["outcome"]),
        equal=c.words.number(row["equal_rank_correlation"], decimals=3),
        fitted=c.words.number(row["fitted_rank_correlation"], decimals=3),
        gain=_gain(c, row, "rank"),
        equal_share=row["equal_captured_share"],
        fitted_share=row["fitted_captured_share"],
        share_gain=_gain(c, row, "captured"),
    )
    pays = c.text("weights.pays" if row["is_kept"] else "weights.does_not_pay")
    return " ".join([finding, pays, c.text(f"weights.{'decided' if idle else 'in_use'}", reason=reason), *idle])


def _reason(c: Context, row: Row) -> str:
    """Why these weights; of those kept from an earlier run, also why that one chose them."""
    reason = c.words.term("weight_reason", row["reason"])
    before = row.get("decided_reason")
    if row["reason"] != KEPT or not before:
        return reason
    return c.text("weights.kept", day=row["decided_on"], reason=c.words.term("weight_reason", before))


def _gain(c: Context, row: Row, name: str) -> str:
    gain, low, high = (row[f"{end}{name}_gain_share"] for end in ("", "low_", "high_"))
    return c.text("weights.no_gain") if gain is None else c.text("weights.gain", gain=gain, low=low, high=high)


def _grid(c: Context, rows: figures.Rows) -> Grid:
    about = {"population": c.population(rows[0]["population"]), "currency": c.currency}
    fitted = next((row for row in rows if row["fitted_on"]), None)
    caption = c.text("weights.caption", **about)
    if fitted:
        outcome = c.words.term("weight_outcome", fitted["outcome"])
        caption = c.text(
            "weights.caption_fit", day=fitted["fitted_on"], first=fitted["from_on"], last=fitted["tested_on"],
            outcome=outcome, **about,
        )  # fmt: skip
    names = ("visits_count", "customers_count", "per_visit_amount", "margin_rate", "raw_weight", "fitted_weight")
    return Grid(
        caption,
        [
            c.column("sales_channel_weights.dimension"),
            c.column("sales_channel_weights.sales_channel"),
            *(c.column(f"sales_channel_weights.{name}", number=True) for name in (*names, "used_weight")),
        ],
        [
            [
                *cells(c.words.term("dimension", row["dimension"]), row["sales_channel"]),
                *cells(c.words.number(row["visits_count"]), c.words.number(row["customers_count"])),
                *cells(c.money(row["per_visit_amount"]) if row["per_visit_amount"] is not None else "–"),
                *cells(c.words.share(row["margin_rate"])),
                Cell(c.words.number(row["raw_weight"], decimals=2), _error(c, row)),
                *cells(c.words.number(row["fitted_weight"], decimals=2)),
                Cell(
                    c.words.number(row["used_weight"], decimals=2),
                    c.text("weights.not_in_score") if row.get("is_scored") is False else "",
                ),
            ]
            for row in rows
        ],
        note=c.text("weights.note"),
        table="sales_channel_weights",
    )


def _error(c: Context, row: Row) -> str:
    return f"± {c.words.number(row['standard_error'], decimals=2)}" if row["standard_error"] else ""
