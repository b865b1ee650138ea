"""A made-up run of a shop with twelve stores and a web shop, in the shape of `habitue.schemas`."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa
import pytest

from habitue import periods, schemas
from habitue.report.documents import report
from support.segment_tables import segment_tables

Tables = dict[str, pa.Table]
AS_OF = date(2026, 8, 31)
STORES = (
    "Lyon Part-Dieu",
    "Paris Rivoli",
    "Нижний Новгород",
    "Genève",
    "Lille",
    "Nice",
    "Kraków",
    "Nantes",
    "Rennes",
    "Brest",
    "Tours",
    "Pau",
)


def arrow(schema: schemas.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as an Arrow table of a schema; columns left out are null."""
    kinds = schema.ibis_schema().to_pyarrow()
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=kinds)


def empty() -> Tables:
    """Every table, without a row."""
    return {schema.name: arrow(schema, []) for schema in schemas.PUBLIC}


def sales_rows(first: date, last: date, stores: int = 12, seed: int = 7) -> list[dict[str, Any]]:
    chance, rows, month = random.Random(seed), [], first
    while month <= last:
        season = 1.6 if month.month == 12 else 1.2 if month.month in (6, 11) else 0.9
        growth = 1 + 0.004 * ((month.year - 2023) * 12 + month.month)
        for place in range(stores + 1):
            is_web = place == stores
            level = (
                (9_000_000 if is_web else 6_200_000 / (1 + place * 0.7)) * season * growth * chance.uniform(0.85, 1.15)
            )
            shared = {
                "month_on": month,
                "source": "webshop" if is_web else "tills",
                "sales_channel": "web" if is_web else "store",
                "store_id": None if is_web else f"S{place + 1:02d}",
            }
            for population, sale_type, share, counts in (
                ("consumer", "sale", 1.0, True),
                ("consumer", "return", -0.07, True),
                ("staff", "sale", 0.02, True),
                ("b2b", "sale", 0.05, True),
                ("consumer", "gift_card", 0.03, False),
                ("consumer", "shipping", 0.01 if is_web else 0.0, False),
            ):
                net = int(level * share)
                if not net:
                    continue
                kept = int(level * -0.01) if sale_type == "return" else int(net * (0.94 if counts else 1))
                rows.append(
                    {
                        **shared,
                        "population": population,
                        "sale_type": sale_type,
                        "counts": counts,
                        "lines_count": abs(net) // 2400 + 1,
                        "tickets_count": abs(net) // 5200 + 1,
                        "gross_amount": int(net * 1.08),
                        "discount_amount": int(net * 0.08),
                        "net_amount": net,
                        "kept_amount": kept,
                        "identified_amount": int(kept * (0.97 if is_web else 0.63)),
                        "margin_amount": int(kept * 0.41),
                        "margin_known_amount": kept,
                        "margin_assumed_amount": int(kept * 0.2),
                    }
                )
        month = periods.months_before(month, -1)
    return rows


def year_rows(sales: list[dict[str, Any]], as_of: date) -> list[dict[str, Any]]:
    begin, rows = min(row["month_on"] for row in sales), []
    for period in periods.rolling_years(as_of, back_to=begin):
        inside = [
            row
            for row in sales
            if row["counts"] and period.first_on.replace(day=1) <= row["month_on"] <= period.last_on
        ]
        kept, identified = (sum(row[name] for row in inside) for name in ("kept_amount", "identified_amount"))
        rows.append(
            {
                "first_on": period.first_on,
                "last_on": period.last_on,
                "tickets_count": sum(row["tickets_count"] for row in inside if row["sale_type"] == "sale"),
                "net_amount": sum(row["net_amount"] for row in inside),
                "kept_amount": kept,
                "customers_count": identified // 21_000,
                "identified_amount": identified,
                "unidentified_amount": kept - identified,
            }
        )
    return rows


def return_rows(as_of: date) -> list[dict[str, Any]]:
    kinds = [("original_ticket", None)] * 60 + [("customer_and_sku", None)] * 22 + [("customer_and_amount", None)] * 6
    kinds += [("none", "no_customer")] * 14 + [("none", "original_not_found")] * 7 + [("none", "no_original_given")] * 3
    kinds += [("none", "nothing_left_to_return")] * 2 + [("above_purchase", None)] * 3
    chance = random.Random(5)
    return [
        {
            "source": "tills",
            "transaction_id": f"R{at}",
            "line_number": 1,
            "part": 1,
            "returned_on": periods.months_before(as_of, at % 20),
            "customer_id": f"c{at}",
            "sku": "A1",
            "linked_by": linked_by,
            "reason": reason,
            "returned_amount": chance.randrange(20_000, 900_000),
        }
        for at, (linked_by, reason) in enumerate(kinds)
    ]


def reconciled(source: str, file: str, currency: str, **amounts: int) -> dict[str, Any]:
    parts = ("used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")
    row: dict[str, Any] = {
        "source": source,
        "file": file,
        "file_id": file,
        "currency": currency,
        "unreadable_rows": amounts.get("unreadable", 0),
    }
    for part in parts:
        row[f"{part}_amount"] = amounts.get(part, 0)
        row[f"{part}_rows"] = abs(amounts.get(part, 0)) // 2_350 + (1 if amounts.get(part) else 0)
    row["read_amount"] = sum(row[f"{part}_amount"] for part in parts)
    row["read_rows"] = sum(row[f"{part}_rows"] for part in parts) + row["unreadable_rows"]
    return row


def full_run() -> Tables:
    """A run with everything in it."""
    tables = empty()
    sales = sales_rows(date(2023, 5, 1), date(2026, 8, 1))
    add = {
        schemas.SALES: sales,
        schemas.SALES_BY_YEAR: year_rows(sales, AS_OF),
        schemas.STORES: [{"store_id": f"S{at + 1:02d}", "store_name": name} for at, name in enumerate(STORES)],
        schemas.RETURNS: return_rows(AS_OF),
        schemas.RECONCILIATION: [
            reconciled(
                "tills",
                "caisses_2026-08-31.csv",
                "EUR",
                used=2_414_556_012,
                duplicate=182_114_390,
                after_as_of=1_208_500,
                set_aside=4_611_907,
                not_a_purchase=71_300_250,
                unreadable=17,
            ),
            reconciled(
                "tills",
                "caisses_2026-05-31.csv",
                "EUR",
                used=3_904_120_455,
                set_aside=910_040,
                not_a_purchase=102_440_118,
                unreadable=3,
            ),
            reconciled("webshop", "orders-2026-09-01.xlsx", "EUR", used=1_810_022_300, not_a_purchase=22_118_640),
            reconciled("webshop", "orders-ch-2026-09-01.xlsx", "CHF", used=204_300_915, set_aside=12_050),
        ],
        schemas.FILES: [
            {
                "file_id": "caisses_2026-08-31.csv",
                "source": "tills",
                "kind": "transactions",
                "file": "caisses_2026-08-31.csv",
                "export_rank": 2,
                "exported_by": "file_name",
                "rows": 1_137_441,
                "report_rows": 2,
                "encoding": "cp1252",
                "delimiter": ";",
                "header_line": 4,
                "date_order": "day first (15: 31/08/2025)",
                "decimal_mark": ",",
                "stated_total_amount": 2_673_791_059,
                "is_reused": False,
            },
            {
                "file_id": "caisses_2026-05-31.csv",
                "source": "tills",
                "kind": "transactions",
                "file": "caisses_2026-05-31.csv",
                "export_rank": 1,
                "exported_by": "file_name",
                "rows": 1_705_305,
                "report_rows": 0,
                "encoding": "cp1252",
                "delimiter": ";",
                "header_line": 4,
                "date_order": "day first",
                "decimal_mark": ",",
                "is_reused": True,
            },
            {
                "file_id": "orders-2026-09-01.xlsx",
                "source": "webshop",
                "kind": "transactions",
                "file": "orders-2026-09-01.xlsx",
                "export_rank": 1,
                "exported_by": "latest_date",
                "rows": 779_635,
                "report_rows": 0,
                "header_line": 1,
                "date_order": "year first",
                "is_reused": False,
            },
            {
                "file_id": "stores",
                "source": "stores",
                "kind": "stores",
                "file": "magasins.csv",
                "export_rank": 1,
                "exported_by": "file_time",
                "rows": 12,
                "report_rows": 0,
                "encoding": "utf-8",
                "delimiter": "\t",
                "header_line": 1,
                "is_reused": False,
            },
        ],
        schemas.QUARANTINE: [
            {
                "source": "tills",
                "file": "caisses_2026-08-31.csv",
                "row_number": 1_000 + 17 * at,
                "column": column,
                "value": value,
                "reason": reason,
                "source_amount": amount,
                "currency": "EUR",
            }
            for at in range(12)
            for column, value, reason, amount in (
                ("Date", "31/02/2026", "date_impossible", 4_990),
                ("Montant TTC", "#REF!", "amount_unreadable", None),
                ("N° ticket", "4,01E+15", "ruined_by_excel", 12_900),
                ("Date", None, "date_missing", -1_990),
            )[: 1 + at % 4]
        ],
        schemas.COLLECTION_PLAN: [
            {
                "finding": finding,
                "field": field,
                "source": source,
                "store_id": store,
                "till_id": till,
                "lines_count": lines,
                "total_lines_count": total,
                "at_stake_amount": amount,
                "share": lines / total,
                "previous_share": before,
            }
            for finding, field, source, store, till, lines, total, amount, before in (
                ("sale_without_customer", "customer_id", "tills", "S01", None, 61_200, 140_100, 148_811_020, 0.471),
                ("sale_without_customer", "customer_id", "tills", "S02", "K3", 22_020, 31_001, 52_010_330, 0.66),
                (
                    "return_without_original",
                    "original_transaction_id",
                    "tills",
                    "S03",
                    None,
                    812,
                    1_404,
                    3_120_490,
                    None,
                ),
                ("unlabelled_sale_type", "sale_type", "tills", "S05", None, 120, 64_000, 410_050, 0.0018751),
                ("sale_without_sku", "sku", "webshop", None, None, 64, 779_635, 190_300, 0.0),
                ("customer_without_contact", "email, phone or address", "crm", None, None, 9_120, 48_200, 0, 0.2),
                ("set_aside", "sold_at", "tills", "S01", None, 30, 140_100, 93_720, 0.0),
            )
        ],
        schemas.RESENT_TICKETS: [
            {
                "source": "tills",
                "transaction_id": f"T{at}",
                "kept_rows": 2,
                "superseded_rows": 1,
                "kept_amount": 2_000,
                "superseded_amount": 1_500,
            }
            for at in range(3)
        ],
        schemas.TICKET_CONFLICTS: [
            {"source": "tills", "transaction_id": "T9", "customers_count": 2, "net_amount": 9_900}
        ],
        schemas.SHARED_CARDS: [
            {"source_customer_id": "k1", "is_set_apart": True, "reason": "too_many_tickets", "net_amount": 8_204_110},
            {"source_customer_id": "k2", "is_set_apart": False, "reason": "worth_a_look", "net_amount": 910_000},
        ],
    }
    return tables | {schema.name: arrow(schema, rows) for schema, rows in (add | segment_tables()).items()}


def full_manifest() -> dict[str, Any]:
    """The manifest of that run."""
    return {
        "project": "Maison Habitué",
        "run_id": "2026-09-01-0007",
        "as_of": "2026-08-31",
        "currency": "EUR",
        "created_at": "2026-09-01T06:12:44+00:00",
        "simulated": True,
        "time_zone": "Europe/Paris",
        "versions": {"habitue": "0.1.0", "duckdb": "1.5.6"},
        "settings_hash": "9c1f2ab07d55",
        "warnings": [
            {"code": "run.files_gone", "params": {"count": 1, "files": "caisses_2026-02-28.csv"}},
            {"code": "run.as_of_far", "params": {"as_of": "2026-08-31", "previous": "2026-05-31"}},
        ],
        "margins_assumed": True,
        "tax_basis": {"tills": "included", "webshop": "excluded"},
        "previous_run_id": "2026-06-01-0006",
        "settings": {
            "tolerance": 0.01,
            "earliest_on": "2015-01-01",
            "return_days": 365,
            "window_months": 12,
            "step_months": 12,
            "counted": ["sale", "return", "exchange", "service", "warranty"],
        },
    }


@pytest.fixture
def full() -> Tables:
    """A run with everything in it, to change at will."""
    return full_run()


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest of that run, to change at will."""
    return full_manifest()


@pytest.fixture(scope="session")
def rendered() -> Callable[[str], str]:
    """The report of that run in a language, made once."""
    return cache(lambda language: report(full_run(), full_manifest(), language, strict=True))


@pytest.fixture
def tables_of() -> Callable[[Mapping[schemas.Schema, list[dict[str, Any]]]], Tables]:
    """Builds a run that has rows in the given tables only."""

    def build(given: Mapping[schemas.Schema, list[dict[str, Any]]]) -> Tables:
        return empty() | {schema.name: arrow(schema, rows) for schema, rows in given.items()}

    return build


@pytest.fixture
def sales_in() -> Callable[..., list[dict[str, Any]]]:
    """Rows of sales between two months."""
    return sales_rows


@pytest.fixture
def years_of() -> Callable[..., list[dict[str, Any]]]:
    """Rolling years of rows of sales."""
    return year_rows
