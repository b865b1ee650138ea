"""The report's figures, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from habitue import schemas
from habitue.report import figures


def sale(month: date, kept: int, *, channel: str | None = "store", counts: bool = True) -> dict[str, Any]:
    return {"month_on": month, "sales_channel": channel, "counts": counts, "kept_amount": kept, "sale_type": "sale"}


def test_breakdowns_cover_the_last_twelve_complete_months(tables_of: Callable[..., Any]) -> None:
    tables = tables_of({schemas.SALES: [sale(date(2020, 1, 1), 1)]})
    whole = figures.months(tables, date(2026, 2, 28))
    assert (whole.now[0], whole.now[-1], whole.partial) == (date(2025, 3, 1), date(2026, 2, 1), None)
    assert (whole.before[0], whole.before[-1]) == (date(2024, 3, 1), date(2025, 2, 1))
    begun = figures.months(tables, date(2026, 2, 27))
    assert (begun.now[-1], begun.partial) == (date(2026, 1, 1), date(2026, 2, 1))


def test_a_year_the_data_do_not_fill_is_not_compared_with(tables_of: Callable[..., Any]) -> None:
    rows = [{"first_on": date(2025, 1, 1), "last_on": date(2025, 12, 31), "kept_amount": 300},
            {"first_on": date(2024, 1, 1), "last_on": date(2024, 12, 31), "kept_amount": 200}]  # fmt: skip
    full = figures.years(tables_of({schemas.SALES: [sale(date(2024, 1, 1), 1)], schemas.SALES_BY_YEAR: rows}))
    assert full.compare("kept_amount").relative == 0.5
    part = figures.years(tables_of({schemas.SALES: [sale(date(2024, 2, 1), 1)], schemas.SALES_BY_YEAR: rows}))
    assert part.compare("kept_amount").relative is None
    assert part.now_is_full


def test_breakdown_leaves_out_what_does_not_count(tables_of: Callable[..., Any]) -> None:
    rows = [
        sale(date(2025, 5, 1), 300), sale(date(2025, 6, 1), 100, channel="web"),
        sale(date(2025, 6, 1), 0, channel=None),
        sale(date(2025, 6, 1), 9_999, counts=False), sale(date(2024, 5, 1), 50, channel="phone"),
        sale(date(2023, 7, 1), 1),
    ]  # fmt: skip
    tables = tables_of({schemas.SALES: rows})
    found = figures.breakdown(rows, "sales_channel", figures.months(tables, date(2025, 12, 31)))
    assert [(line.code, line.value, line.share, line.before) for line in found] == [
        ("store", 300, 0.75, 0), ("web", 100, 0.25, 0), (None, 0, 0.0, 0), ("phone", 0, 0.0, 50),
    ]  # fmt: skip


def test_share_returned_leaves_out_refunds_above_the_purchase(tables_of: Callable[..., Any]) -> None:
    returned = [("original_ticket", date(2025, 1, 1), 60), ("none", date(2025, 12, 31), 40),
                ("above_purchase", date(2025, 6, 1), 500), ("none", date(2024, 12, 31), 7)]  # fmt: skip
    tables = tables_of({
        schemas.SALES: [sale(date(2025, 1, 1), 1)],
        schemas.SALES_BY_YEAR: [{"first_on": date(2025, 1, 1), "last_on": date(2025, 12, 31), "net_amount": 900}],
        schemas.RETURNS: [
            {"linked_by": by, "returned_on": day, "returned_amount": amount} for by, day, amount in returned
        ],
    })  # fmt: skip
    found = figures.return_share(tables, figures.years(tables))
    assert found.now == 100 / 1000
    assert found.before is None


def test_nothing_over_nothing_is_no_share() -> None:
    assert figures.share_of(0, 0) is None


def test_gaps_of_the_reconciliation() -> None:
    row = {f"{name}_{unit}": 1 for name in figures.IDENTITY for unit in ("rows", "amount")}
    row |= {"read_amount": 6, "read_rows": 7, "unreadable_rows": 2}
    assert figures.amount_gap(row) == 1
    assert figures.rows_gap(row) == 0
