"""The simulated shop with what real exports add: a second export that differs, odd days, foreign currencies, rules."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.demo.projects import build_simulated
from habitue.workspace.config import FILE_NAME

RESENT_ROWS = 3000
MARKET_ROWS = 3000

MORE_SETTINGS = """\
by_category = { Shoes = 0.35, Accessories = 0.55 }
by_sales_channel = { online = 0.3 }

[sources.market]
kind = "transactions"
files = "exports/market.parquet"
tax = "excluded"

[sources.market.columns]
transaction_id = "slip"
sold_at = "at"
source_customer_id = "buyer"
sku = "article"
quantity = "pieces"
net_amount = "paid"
discount_amount = "rebate"
currency = "money"
sale_type = "what"
original_transaction_id = "earlier"

[sources.market.values]
sales_channel = "market"

[sources.rates]
kind = "rates"
files = "exports/rates.parquet"

[sources.rates.columns]
currency = "money"
valid_on = "day"
rate = "euro"

[[sale_types]]
sale_type = "test"
unit_price_at_most = 0.05

[[sale_types]]
sale_type = "adjustment"
label = ["ex?mple", "*(void)*"]

[[sale_types]]
sale_type = "service"
transaction = "*-3-2?-00000?7*"
tender = "GIFT_*"
amount = "positive"

[[sale_types]]
sale_type = "shipping"
sku = ["*0175140", "POST*"]

[[populations]]
population = "b2b"
source = "market"
tender = "invoice"
"""


def build(folder: Path, *, customers: int) -> Path:
    """Write the project; about 27 lines a customer."""
    build_simulated(folder, "en", customers=customers, years=3, seed=1)
    settings = folder / FILE_NAME
    settings.write_text(settings.read_text("utf-8") + MORE_SETTINGS, "utf-8")
    exports = folder / "exports"
    pq.write_table(_resent(pq.read_table(exports / "till_2025.parquet")), exports / "till_late.parquet")
    pq.write_table(_market(), exports / "market.parquet")
    pq.write_table(_rates(), exports / "rates.parquet")
    return folder


def _resent(till: pa.Table) -> pa.Table:
    """The year's last rows once more: some gone, some changed, some twice, some on impossible days."""
    tail = till.slice(till.num_rows - RESENT_ROWS)
    cards = [row["card_no"] for row in tail.to_pylist()]
    rows: list[dict[str, Any]] = []
    for n, row in enumerate(tail.to_pylist()):
        if n % 41 == 7:
            continue
        if n % 53 == 11:
            row["amount"] += Decimal("1.05")
        if n % 97 == 13:
            row["card_no"] = cards[n - 60]
        if n % 211 == 17:
            row |= {"ticket_no": f"odd-{n}", "sold_at": datetime(1999, 12, 31, 9) if n % 2 else datetime(2999, 1, 1)}
        rows.append(row)
        if n % 61 == 19:
            rows.append(row)
        if n % 67 == 23:
            rows.append(row | {"amount": row["amount"] + Decimal("0.01")})
    return pa.Table.from_pylist(rows, schema=till.schema)


def _market() -> pa.Table:
    """Slips of one to three lines in five currencies, some of none or of a currency nobody knows, and refunds."""
    money = ["EUR", "CHF", "JPY", "BHD", "CHF", "XXX", "EUR", None]
    rows: list[dict[str, Any]] = []
    for n in range(MARKET_ROWS):
        slip = n * 2 // 5
        currency = money[slip % len(money)] if slip % 19 else "CHF"
        paid = Decimal(n * 7919 % 99991).scaleb(-2).quantize(Decimal(1) if currency == "JPY" else Decimal("0.01"))
        what = ("sale", "sale", "Example", "sale", "sale (VOID) late", "sale", "sale")[n % 7] if n % 3 else "sale"
        row: dict[str, Any] = {
            "slip": f"M{slip:05}",
            "at": datetime(2023, 2, 1, 6) + timedelta(minutes=slip * 1111),
            "buyer": None if slip % 11 == 3 else f"b{slip % 97}",
            "article": None if n % 13 == 5 else f"{'POST' if n % 17 == 4 else 'A'}{n % 29}",
            "pieces": Decimal(n % 5 * 125 + 1).scaleb(-2),
            "paid": Decimal("0.03") if n % 101 == 50 else Decimal(0) if n % 103 == 51 else paid,
            "rebate": Decimal(n % 4),
            "money": currency,
            "what": what,
            "earlier": None,
        }
        if n % 9 == 8:
            back = rows[-5 - n % 4]
            row |= {"paid": -back["paid"], "money": back["money"], "article": back["article"], "buyer": back["buyer"]}
            row |= {"rebate": Decimal(0), "what": "refund", "earlier": back["slip"] if n % 2 else None}
        rows.append(row)
    decimal = pa.decimal128(18, 3)
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], decimal if name in ("pieces", "paid", "rebate") else None)
            for name in rows[0]
        }
    )


def _rates() -> pa.Table:
    """A rate a month, some months missing."""
    months = [date(2023 + month // 12, month % 12 + 1, 1) for month in range(36)]
    rows = [
        {"money": money, "day": day, "euro": Decimal(base + n * 37).scaleb(-8)}
        for money, base in (("CHF", 98_765_432), ("JPY", 612_345), ("BHD", 244_444_445))
        for n, day in enumerate(months)
        if n % 9 != 4 or money != "BHD"
    ]
    return pa.Table.from_pylist(rows)
