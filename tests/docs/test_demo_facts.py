"""The facts of docs/demo.md, counted in the package's own files by another tool than habitue."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb

from docs.conftest import page
from habitue.demo.simulated_shop.rates import RATES


def test_grocery(completejourney: Path):
    text = page("docs/demo.md").text
    found = duckdb.sql(
        "SELECT count(*), count(DISTINCT basket_id), count(DISTINCT household_id), count(DISTINCT store_id), "
        "count(DISTINCT product_id), sum(sales_value::DECIMAL(18, 2)), "
        "count(*) FILTER (round(sales_value, 2) = 0), "
        f"(SELECT count(*) FROM '{completejourney / 'products.parquet'}') "
        f"FROM '{completejourney / 'transactions.parquet'}'"
    ).fetchone()
    assert found is not None
    assert [f"{number:,}" for number in found if f"{number:,}" not in text] == []
    apart = Decimal("12624.15") + Decimal("72.90") + Decimal("1.00")
    assert f"{found[5] - apart:,}" in text


def test_simulated_shop():
    text = " ".join(page("docs/demo.md").text.split())
    said = {
        f"mean {RATES.purchase_rate_mean:.0f},": "purchase rate",
        f"{RATES.returning_share:.0%}".replace("%", " %") + " come back": "returning",
        f"{RATES.store_only_share:.0%}".replace("%", " %") + " buy in stores only": "stores only",
        f"{RATES.online_only_share:.0%}".replace("%", " %") + " online only": "online only",
        f"{RATES.both_share:.0%}".replace("%", " %") + " in both": "both",
        f"{RATES.unidentified_share:.0%}".replace("%", " %") + " of store tickets": "no card",
        f"{RATES.guest_order_share:.0%}".replace("%", " %") + " of web orders": "guests",
        f"{RATES.original_ticket_missing_share:.0%}".replace("%", " %") + " of returns": "ticket lost",
        f"after {RATES.return_delay_days_min} to {RATES.return_delay_days_max} days": "return delay",
        f"about {RATES.cost_missing_share:.0%}".replace("%", " %"): "cost missing",
    }
    assert [what for words, what in said.items() if words not in text] == []
