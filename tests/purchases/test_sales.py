from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from habitue.purchases.margins import MarginSettings
from habitue.purchases.purchase_lines import PurchaseSettings, purchase_lines
from habitue.purchases.sales import sales, sales_by_day, sales_by_year
from habitue.purchases.visits import customer_days
from habitue.schemas import SALES, SALES_BY_DAY, SALES_BY_YEAR, SHARED_CARDS
from support.purchases import line, rows, staged, table


def lines(con: Any, some: list[dict], **more: Any) -> Any:
    settings = PurchaseSettings(margins=MarginSettings(by_sales_channel={"store": Decimal("0.5")}))
    return purchase_lines(staged(con, some), home_currency="EUR", settings=settings, **more).lines


def test_cash_view_and_purchase_view_by_month(con: Any) -> None:
    done = sales(lines(con, [
        line("T1", "2024-01-31", 1000, "C1", "A", discount=100),
        line("T1", "2024-01-31", 500, "C1", "B"),
        line("T2", "2024-01-01", 300),
        line("R1", "2024-02-01", -400, "C1", "A"),
        line("W1", "2024-02-01", 700, sales_channel="online", store_id=None),
        line("T3", "2024-02-01", 0),
    ]))  # fmt: skip
    january, february = date(2024, 1, 1), date(2024, 2, 1)
    assert rows(done, "month_on", "sales_channel", "sale_type", "counts", "lines_count", "tickets_count",
                "gross_amount", "discount_amount", "net_amount", "kept_amount", "identified_amount") == [
        (january, "store", "sale", True, 3, 2, 1900, 100, 1800, 1400, 1100),
        (february, "online", "sale", True, 1, 1, 700, 0, 700, 700, 0),
        (february, "store", "free", False, 1, 1, 0, 0, 0, 0, 0),
        (february, "store", "return", True, 1, 1, -400, 0, -400, 0, 0),
    ]  # fmt: skip
    counted = done.filter(done.counts & (done.sale_type == "sale"))
    assert rows(counted, "sales_channel", "margin_amount", "margin_known_amount", "margin_assumed_amount") == [
        ("online", None, 0, 0), ("store", 700, 1400, 1400),
    ]  # fmt: skip
    assert done.schema() == SALES.ibis_schema()


def test_years_touch_and_hold_everything(con: Any) -> None:
    some = [
        line("T1", "2022-02-28", 100, "C1"),
        line("T2", "2022-03-01", 200, "C1"), line("T3", "2022-03-01", 200, "C2"),
        line("T4", "2024-02-29", 400, "C1"), line("T4", "2024-02-29", 50),
        line("W5", "2023-02-28", 10, "C3"), line("W5", "2023-03-01", 10, "C3"),  # delivered over two years
    ]  # fmt: skip
    bought = lines(con, some)
    done = sales_by_year(bought, customer_days(bought), date(2024, 2, 29))
    assert done.to_pyarrow()["first_on"].to_pylist() == [date(2023, 3, 1), date(2022, 3, 1), date(2021, 3, 1)]
    assert rows(done, "last_on", "tickets_count", "kept_amount", "customers_count", "identified_amount",
                "unidentified_amount") == [
        (date(2022, 2, 28), 1, 100, 1, 100, 0), (date(2023, 2, 28), 3, 410, 3, 410, 0),
        (date(2024, 2, 29), 2, 460, 2, 410, 50),
    ]  # fmt: skip
    assert done.schema() == SALES_BY_YEAR.ibis_schema()


def test_a_year_without_sales_is_there(con: Any) -> None:
    bought = lines(con, [line("T1", "2022-06-01", 100, "C1")])
    done = sales_by_year(bought, customer_days(bought), date(2024, 12, 31))
    assert rows(done, "first_on", "kept_amount", "customers_count") == [
        (date(2022, 1, 1), 100, 1), (date(2023, 1, 1), 0, 0), (date(2024, 1, 1), 0, 0),
    ]  # fmt: skip


def test_days_and_places(con: Any) -> None:
    done = sales_by_day(lines(con, [
        line("T1", "2024-01-31", 1000, "C1", "A", discount=100),
        line("T1", "2024-01-31", 500, "C1", "B"),
        line("T2", "2024-01-31", 300),
        line("T3", "2024-01-31", 0),  # free: does not count
        line("T4", "2024-01-31", 250, "C1", store_id="S2"),
        line("R1", "2024-02-01", -400, "C1", "A"),  # put back on 31 January
        line("R2", "2024-02-01", -50),  # unlinked: stays on its day
        line("W1", "2024-02-01", 700, "C2", sales_channel="online", store_id=None),
        line("W2", "2024-02-01", 20, sales_channel=None, store_id=None),
    ]))  # fmt: skip
    january, february = date(2024, 1, 31), date(2024, 2, 1)
    assert rows(done, "sold_on", "store_id", "sales_channel", "population", "tickets_count",
                "identified_tickets_count", "lines_count") == [
        (january, "S1", "store", "consumer", 2, 1, 3), (january, "S2", "store", "consumer", 1, 1, 1),
        (february, None, None, "consumer", 1, 0, 1), (february, None, "online", "consumer", 1, 1, 1),
        (february, "S1", "store", "consumer", 0, 0, 0),
    ]  # fmt: skip
    assert rows(done, "sold_on", "store_id", "sales_channel", "gross_amount", "discount_amount", "net_amount",
                "kept_amount", "identified_amount") == [
        (january, "S1", "store", 1900, 100, 1800, 1400, 1100), (january, "S2", "store", 250, 0, 250, 250, 250),
        (february, None, None, 20, 0, 20, 20, 0), (february, None, "online", 700, 0, 700, 700, 700),
        (february, "S1", "store", -450, 0, -450, -50, 0),
    ]  # fmt: skip
    # In stores half of what was kept is margin, assumed; elsewhere nothing is known.
    assert rows(done, "sold_on", "store_id", "sales_channel", "margin_amount", "margin_known_amount",
                "margin_assumed_amount") == [
        (january, "S1", "store", 700, 1400, 1400), (january, "S2", "store", 125, 250, 250),
        (february, None, None, None, 0, 0), (february, None, "online", None, 0, 0),
        (february, "S1", "store", -25, -50, -50),
    ]  # fmt: skip
    assert done.schema() == SALES_BY_DAY.ibis_schema()


def test_a_ticket_of_several_customers_places_or_sources(con: Any) -> None:
    done = sales_by_day(lines(con, [
        line("T1", "2024-01-31", 10, "C1"), line("T1", "2024-01-31", 10, "C2"), line("T1", "2024-01-31", 10),
        line("T2", "2024-01-31", 10, "C1"), line("T2", "2024-01-31", 10, "C1", store_id="S2"),
        line("T1", "2024-01-31", 10, source="other"),
    ]))  # fmt: skip
    assert rows(done, "store_id", "tickets_count", "identified_tickets_count", "lines_count") == [
        ("S1", 3, 2, 5), ("S2", 1, 1, 1),
    ]  # fmt: skip


def test_the_days_of_a_month_add_up_to_it(con: Any) -> None:
    shared = table(con, SHARED_CARDS, [{"source_customer_id": "TILL", "is_set_apart": True}])
    bought = lines(con, [
        line(f"T{n}", f"2024-{n % 3 + 1:02}-{n % 28 + 1:02}", (n * 37) % 211 - (90 if n % 7 == 0 else 0),
             [None, "C1", "C2", "TILL"][n % 4], "ABC"[n % 3], discount=n % 5, store_id=[None, "S1", "S2"][n % 5 % 3],
             sales_channel=["store", "online", None][n % 3 if n % 11 else 2])
        for n in range(1, 240)
    ], shared=shared)  # fmt: skip
    months, days = sales(bought), sales_by_day(bought)
    keys = ("month_on", "sales_channel", "store_id", "population")
    amounts = [name for name in SALES_BY_DAY.names if name.endswith("_amount")]
    counted = months.filter(months.counts).group_by(*keys).aggregate(**{name: months[name].sum() for name in amounts})
    days = days.mutate(month_on=days.sold_on.truncate("M"))
    summed = days.group_by(*keys).aggregate(**{name: days[name].sum() for name in amounts})
    assert rows(summed, *keys, *amounts) == rows(counted, *keys, *amounts)
    assert len(rows(summed, *keys)) > 12


def test_a_shared_card_identifies_nobody(con: Any) -> None:
    shared = table(con, SHARED_CARDS, [{"source_customer_id": "TILL", "is_set_apart": True}])
    bought = lines(con, [line("T1", "2024-06-01", 100, "TILL"), line("T2", "2024-06-01", 50, "C1")], shared=shared)
    done = sales_by_year(bought, customer_days(bought), date(2024, 12, 31))
    assert rows(done, "kept_amount", "identified_amount", "unidentified_amount", "customers_count") == [
        (150, 50, 100, 1)
    ]  # fmt: skip
    assert rows(sales(bought), "population", "identified_amount") == [("consumer", 50), ("shared_card", 0)]


def test_empty(con: Any) -> None:
    bought = lines(con, [])
    assert rows(sales(bought), "month_on") == []
    assert rows(sales_by_day(bought), "sold_on") == []
    assert rows(sales_by_year(bought, customer_days(bought), date(2024, 12, 31)), "first_on") == []
