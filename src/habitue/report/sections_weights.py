"""Weights of sales channels: what is fitted, what it gains over equal weights at a later date, what is in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Grid, Prose, cells

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
    reason = c.words.term("weight_reason", row["reason"])
    if row["equal_rank_correlation"] is None:
        return c.text("weights.untried", dimension=dimension, reason=reason)
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
    return f"{finding} {c.text('weights.pays' if row['is_kept'] else 'weights.does_not_pay', reason=reason)}"


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
                *cells(*(c.words.number(row[name], decimals=2) for name in ("fitted_weight", "used_weight"))),
            ]
            for row in rows
        ],
        note=c.text("weights.note"),
    )


def _error(c: Context, row: Row) -> str:
    return f"± {c.words.number(row['standard_error'], decimals=2)}" if row["standard_error"] else ""
