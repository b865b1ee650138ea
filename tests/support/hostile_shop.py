"""The simulated shop as an attacker would have it: every text it imports, and every name its settings give, is hostile.

Values keep what makes them equal or different, so the shop has the same customers, tickets and segments.
"""

from __future__ import annotations

import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from habitue.demo.projects import build_simulated
from habitue.workspace.config import FILE_NAME

HTML = (
    '<script>alert("xss")</script>',
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    '" onmouseover="alert(1)" style="position:fixed',
    "</title></style></textarea></svg><script>alert(1)</script>",
    "<style>*{display:none}</style>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}{% raw %}{share:percent}",
    "&lt;b&gt;&#60;",
    "<!--`<b>`-->",
    "]]><x/>",
)
FORMULAS = ("=1+1", "@SUM(1)", "+1|' /C calc'!A0", "-2+3", '=HYPERLINK("//x.example","y")', "＝1+1")

PAGES_SHOW = ("store", "region", "format", "channel", "category", "population", "segment", "file", "project", "label")
"""Fields whose texts stand on pages; each has every one of the payloads where it has as many values."""

SETTINGS = """
[[populations]]
population = '''<b>vip</b>"><img src=x onerror=alert(1)>'''
customer_label = "P"

[[segmentations.hostile.rules]]
segment = '''=1+1<script>alert("xss")</script>'''
recency = [4, 5]
[[segmentations.hostile.rules]]
segment = '''javascript:alert(1)'''

[tolerance]
rows = 1
amount = 1

[sources.kiosk]
kind = "transactions"
files = "exports/kiosk*.csv"
customer_system = '''<i>kiosk</i>'''
tax = "excluded"
[sources.kiosk.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
store_id = "shop"
till_id = "till"
sales_channel = "way"
sku = "article"
net_amount = "amount"
sale_type = "kind"
offer_id = "offer"
"""

KEPT = frozenset({"kind", "status", "tender", "staff_flag", "system"})
"""Columns whose words the settings of the shop are about."""


def hostile(value: str, number: int | None = None) -> str:
    """A text that says the same with a payload: a formula goes before it, HTML behind."""
    number = zlib.crc32(value.encode()) if number is None else number
    payload = (*HTML, *FORMULAS)[number % (len(HTML) + len(FORMULAS))]
    return f"{payload} {value}" if payload in FORMULAS else f"{value} {payload}"


def build(folder: Path, *, customers: int) -> None:
    """Write the project."""
    build_simulated(folder, "en", customers=customers, years=3, seed=5)
    exports = folder / "exports"
    for path in sorted(exports.glob("*.parquet")):
        table = pq.read_table(path)
        for at, column in enumerate(table.column_names):
            if pa.types.is_string(table.schema.field(at).type) and column not in KEPT:
                numbers = {} if column != "store" else {f"{n:02}": n for n in range(99)}
                values = [None if v is None else hostile(v, numbers.get(v)) for v in table[column].to_pylist()]
                table = table.set_column(at, column, pa.array(values, pa.string()))
        if path.stem == "stores":
            table = _all_payloads(table)
        path.unlink()
        # A file name cannot hold a slash.
        pq.write_table(table, path.with_name(f'{path.stem}_"><img src=x onerror=alert(1)>{{{{7*7}}}}.parquet'))
    _kiosk(exports)
    settings = (folder / FILE_NAME).read_text("utf-8")
    settings = settings.replace('.parquet"', '_*.parquet"').replace('"Simulated shop"', f"'''{HTML[0]}{HTML[1]}'''")
    settings = settings.replace('sales_channel = "store"', f"sales_channel = '''{HTML[1]}'''")
    settings = settings.replace('sales_channel = "online"', "sales_channel = '''=1+1<svg onload=alert(1)>'''")
    without_b2b, _, rest = settings.partition('[[populations]]\npopulation = "b2b"\ncustomer_label = "P"\n')
    (folder / FILE_NAME).write_text(without_b2b + rest + SETTINGS, "utf-8")


def _all_payloads(stores: pa.Table) -> pa.Table:
    """Names, regions and formats that have every payload between them."""
    for shift, column in enumerate(("name", "region", "format")):
        values = [hostile(f"{column} {n}", n + shift * stores.num_rows) for n in range(stores.num_rows)]
        stores = stores.set_column(stores.column_names.index(column), column, pa.array(values, pa.string()))
    return stores


def _kiosk(exports: Path) -> None:
    """Slips that are read, and as many that are not."""
    lines = ["ticket,day,card,shop,till,way,article,amount,kind,offer"]

    def quoted(value: Any) -> str:
        return '"' + str(value).replace('"', '""') + '"'

    for n, payload in enumerate((*HTML, *FORMULAS)):
        good = [f"{payload} {n}", "2025-06-10", f"{payload} card", payload, payload, payload, payload, Decimal(10 + n),
                payload, payload]  # fmt: skip
        bad = [*good[:1], payload, *good[2:7], payload, *good[8:]]
        lines += [",".join(map(quoted, row)) for row in (good, bad)]
    (exports / "kiosk <b>'=1.csv").write_text("\n".join(lines) + "\n", "utf-8")
