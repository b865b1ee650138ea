"""Cases O: what was really bought. Expected values: each case's EXPECTED.md, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from cases.conftest import Case

Open = Callable[[str], Case]


def money(text: str) -> Decimal:
    return Decimal(text)


@pytest.mark.parametrize("settings", ["habitue.toml", "with-presets.toml"])
def test_o01_totals_once_an_order_lines_once_a_line(case: Open, settings: str) -> None:
    o01 = case("O01")
    o01.settings(settings)
    o01.run()
    lines = o01.table("transaction-lines")
    goods = [row for row in lines if row["counts"] == "true"]
    assert len({row["transaction_id"] for row in lines}) == 6
    assert len(goods) == 11
    assert sum(money(row["quantity"]) for row in goods) == 14
    assert sum(money(row["gross_amount"]) for row in goods) == Decimal("490.00")
    assert sum(money(row["discount_amount"]) for row in goods) == Decimal("23.00")
    assert sum(money(row["net_amount"]) for row in goods) == Decimal("467.00")
    shipping = [row for row in lines if row["sale_type"] == "shipping"]
    assert sum(money(row["net_amount"]) for row in shipping) == Decimal("10.40")
    totals = o01.totals()
    assert (totals["read"], totals["used"], totals["not_a_purchase"]) == (Decimal("477.40"), 467, Decimal("10.40"))
    bulbs = [row for row in goods if row["sku"] == "AMP-9"]
    assert sum(money(row["quantity"]) for row in bulbs) == 5
    assert sum(money(row["gross_amount"]) for row in bulbs) == 75
    cushions = [row for row in goods if row["sku"] == "COU-2"]
    assert sum(money(row["quantity"]) for row in cushions) == 2
    assert sum(money(row["gross_amount"]) for row in cushions) == 50
    customers = o01.by_number()
    found = {number: (row["purchases_count"], money(row["net_amount"])) for number, row in customers.items()}
    assert found == {
        "ines.roy@example.com": ("2", Decimal("215.00")),
        "tom.bay@example.com": ("2", Decimal("207.00")),
        "lou.gad@example.com": ("1", Decimal("10.00")),
    }
    unidentified = [row for row in goods if not row["customer_id"]]
    assert sum(money(row["net_amount"]) for row in unidentified) == 35
    assert o01.by_number("source-customers")["ines.roy@example.com"]["phone"] == "+33612345601"


def test_o03_a_return_gives_back_at_most_what_was_paid(case: Open) -> None:
    o03 = case("O03")
    o03.run()
    lines = o03.table("transaction-lines")
    sales = {row["transaction_id"]: row for row in lines if row["sale_type"] == "sale"}
    worth = {
        number: (money(row["net_amount"]), money(row["returned_amount"]), money(row["kept_amount"]))
        for number, row in sales.items()
    }
    assert worth == {"5001": (84, 84, 0), "5002": (60, 60, 0), "5003": (40, 10, 30)}
    returns = o03.table("returns")
    to_5001 = {r["returned_on"]: money(r["returned_amount"]) for r in returns if r["original_transaction_id"] == "5001"
               and r["linked_by"] == "original_ticket"}  # fmt: skip
    assert to_5001 == {"2024-07-08": Decimal(24), "2024-07-09": Decimal(60)}
    above = [row for row in returns if row["linked_by"] == "above_purchase"]
    assert [(row["transaction_id"], money(row["returned_amount"])) for row in above] == [("R52", Decimal(24))]
    unlinked = [row for row in returns if row["linked_by"] == "none"]
    assert [(r["transaction_id"], r["reason"], money(r["returned_amount"])) for r in unlinked] == [
        ("R56", "original_not_found", Decimal(12))
    ]
    customers = o03.by_number()
    purchases = {number: row["purchases_count"] for number, row in customers.items()}
    assert purchases == {"h.lemaire@example.com": "0", "s.abadi@example.com": "1", "k.ito@example.com": "0"}
    assert money(customers["h.lemaire@example.com"]["net_amount"]) == 0
    assert money(customers["s.abadi@example.com"]["net_amount"]) == 30
    totals = o03.totals()
    assert totals["used"] == 18  # 30.00, less the unlinked return of 12.00
    assert totals["set_aside"] == -24
    assert totals["read"] == -6  # 184 sold, 24 + 84 + 15 + 45 + 10 + 12 = 190 brought back


def test_o04_two_views_of_returns_each_consistent(case: Open) -> None:
    o04 = case("O04")
    o04.run("2024-12-31")
    years = {row["last_on"]: row for row in o04.table("sales-by-year")}
    assert money(years["2023-12-31"]["kept_amount"]) == 110
    assert money(years["2024-12-31"]["kept_amount"]) == 165
    assert money(years["2023-12-31"]["net_amount"]) == 340
    assert money(years["2024-12-31"]["net_amount"]) == -65
    numbers = {row["customer_id"]: number for number, row in o04.by_number().items()}
    by_purchase: dict[tuple[str, str], Decimal] = {}
    by_cash: dict[tuple[str, str], Decimal] = {}
    for row in o04.table("transaction-lines"):
        key = (numbers[row["customer_id"]], row["sold_on"][:4])
        by_purchase[key] = by_purchase.get(key, Decimal(0)) + money(row["kept_amount"])
        by_cash[key] = by_cash.get(key, Decimal(0)) + money(row["net_amount"])
    assert {key: value for key, value in by_purchase.items() if value} == {
        ("C2", "2024"): -35, ("C3", "2023"): 60, ("C3", "2024"): 70, ("C4", "2023"): 50, ("C4", "2024"): 130,
    }  # fmt: skip
    assert {key: value for key, value in by_cash.items() if value} == {
        ("C1", "2023"): 200, ("C1", "2024"): -200, ("C2", "2024"): -35, ("C3", "2023"): 90, ("C3", "2024"): 40,
        ("C4", "2023"): 50, ("C4", "2024"): 130,
    }  # fmt: skip
    visits = [(numbers[row["customer_id"]], row["sold_on"][:4]) for row in o04.table("visits")]
    assert {who for who, year in visits if year == "2024"} == {"C3", "C4"}
    assert {who for who, _ in visits} == {"C3", "C4"}
    assert o04.by_number()["C1"]["last_purchase_on"] == ""
    assert o04.by_number()["C2"]["last_purchase_on"] == ""


def test_o04_a_return_is_not_known_before_its_day(case: Open) -> None:
    o04 = case("O04")
    o04.run("2023-12-31")
    assert {number: money(row["net_amount"]) for number, row in o04.by_number().items()} == {
        "C1": 200, "C3": 90, "C4": 50,
    }  # fmt: skip
    assert o04.totals()["after_as_of"] == -65


@pytest.mark.parametrize("settings", ["habitue.toml", "with-presets.toml"])
def test_o05_cancellations_and_lines_that_are_no_goods(case: Open, settings: str) -> None:
    o05 = case("O05")
    o05.settings(settings)
    o05.run()
    customers = o05.by_number()
    found = {
        number: (
            money(row["gross_sales_amount"]), money(row["returned_amount"]), money(row["unlinked_returns_amount"]),
            money(row["net_amount"]), row["purchases_count"], row["last_purchase_on"],
        )
        for number, row in customers.items()
    }  # fmt: skip
    assert found == {
        "17850": (43, 5, 0, 38, "2", "2024-02-20"),
        "13047": (88, 66, 0, 22, "1", "2024-01-12"),
        "12583": (0, 0, 36, -36, "0", ""),
        "15100": (20, 0, 0, 20, "1", "2024-02-21"),
    }
    assert sum(money(r["gross_sales_amount"]) - money(r["returned_amount"]) for r in customers.values()) == 80
    lines = o05.table("transaction-lines")
    apart = {row["sale_type"]: money(row["net_amount"]) for row in lines if row["counts"] == "false"}
    assert apart == {"shipping": 8, "fee": 15, "adjustment": -500, "free": 0}
    twice = [row for row in lines if row["transaction_id"] == "536061"]
    assert [money(row["net_amount"]) for row in twice] == [10, 10]
    unidentified = [row for row in lines if not row["customer_id"] and row["counts"] == "true"]
    assert sum(money(row["net_amount"]) for row in unidentified) == Decimal("22.50")
    (unlinked,) = [row for row in o05.table("returns") if row["transaction_id"] == "C535900"]
    assert (unlinked["linked_by"], money(unlinked["returned_amount"])) == ("none", 36)


def test_o08_tests_staff_and_free_orders_add_up_with_the_rest(case: Open) -> None:
    o08 = case("O08")
    o08.run()
    lines = o08.table("transaction-lines")

    def apart(**wanted: str) -> tuple[int, Decimal]:
        rows = [row for row in lines if all(row[key] == value for key, value in wanted.items())]
        return len(rows), sum((money(row["net_amount"]) for row in rows), Decimal(0))

    assert apart(counts="true", population="consumer") == (4, 150)
    assert apart(sale_type="test") == (2, 1000)
    assert apart(population="staff") == (2, 140)
    assert apart(sale_type="free") == (2, 0)
    assert o08.totals()["read"] == 1290
    found = {number: (row["purchases_count"], money(row["net_amount"])) for number, row in o08.by_number().items()
             if row["population"] == "consumer"}  # fmt: skip
    assert found == {
        "a@example.com": ("1", 45), "b@example.com": ("1", 55), "d@example.com": ("1", 20), "c@example.com": ("0", 0),
        "vendeur1@magasin.example": ("1", 30), "shop-test@magasin.example": ("0", 0),
    }  # fmt: skip


def test_o08_free_orders_can_count(case: Open) -> None:
    o08 = case("O08")
    with (o08.folder / "habitue.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[purchases]\ncounted = ["sale", "return", "exchange", "service", "warranty", "free"]\n')
    o08.run()
    consumers = [row for row in o08.table("customers") if row["population"] == "consumer"]
    assert sum(int(row["purchases_count"]) for row in consumers) == 6
    assert sum(money(row["net_amount"]) for row in consumers) == 150


def test_o10_each_sale_at_its_own_rate_a_return_at_that_of_its_purchase(case: Open) -> None:
    o10 = case("O10")
    o10.run()
    lines = {row["transaction_id"]: money(row["net_amount"]) for row in o10.table("transaction-lines")}
    assert lines == {
        "1": 100, "2": Decimal("58.50"), "3": Decimal("81.60"), "4": 60, "5": Decimal("23.60"), "8": Decimal("-81.60"),
    }  # fmt: skip
    assert {number: money(row["net_amount"]) for number, row in o10.by_number().items()} == {
        "u@example.com": Decimal("158.50"), "v@example.com": 60, "w@example.com": Decimal("23.60"),
    }  # fmt: skip
    assert sum(lines.values()) == Decimal("242.10")
    assert {line: row["reason"] for line, row in o10.refused().items()} == {7: "no_rate", 8: "currency_missing"}
    (linked,) = o10.table("returns")
    assert linked["linked_by"] == "customer_and_amount"


def test_o10_without_rates_nothing_is_summed_across_currencies(case: Open) -> None:
    o10 = case("O10")
    settings = o10.folder / "habitue.toml"
    settings.write_text(settings.read_text("utf-8").split("[sources.rates]")[0], "utf-8")
    o10.run()
    assert [row["transaction_id"] for row in o10.table("transaction-lines")] == ["1"]
    reasons = [row["reason"] for row in o10.refused().values()]
    assert reasons.count("no_rate") == 6
    assert reasons.count("currency_missing") == 1


def test_o11_the_day_of_the_store(case: Open) -> None:
    o11 = case("O11")
    o11.run("2025-01-01")
    lines = {row["transaction_id"]: row["sold_on"] for row in o11.table("transaction-lines")}
    assert lines == {
        "W1": "2024-03-30", "W2": "2024-03-31", "W3": "2024-04-01", "W4": "2024-06-30", "W5": "2024-07-01",
        "W6": "2024-10-27", "W7": "2024-12-31", "W8": "2025-01-01", "P1": "2024-03-31", "P2": "2024-04-01",
        "P3": "2024-10-27", "P4": "2024-03-31",
    }  # fmt: skip
    days = {number: row["visits_count"] for number, row in o11.by_number().items()}
    assert days == {"C1": "2", "C2": "2", "C3": "2", "C4": "2", "C5": "1"}
    revenue: dict[str, Decimal] = {}
    half_year = Decimal(0)
    for row in o11.table("transaction-lines"):
        year = row["sold_on"][:4]
        revenue[year] = revenue.get(year, Decimal(0)) + money(row["net_amount"])
        if row["sold_on"] <= "2024-06-30":
            half_year += money(row["net_amount"])
    assert revenue == {"2024": 198, "2025": 60}
    assert half_year == 120
    recency = {number: row["recency_days"] for number, row in o11.by_number("rfm").items()}
    assert recency == {"C4": "0", "C2": "66", "C3": "184", "C1": "276", "C5": "276"}


def test_o12_rolling_years_tile_time_over_a_leap_day(case: Open) -> None:
    o12 = case("O12")
    o12.run("2024-02-29")
    years = {(row["first_on"], row["last_on"]): money(row["kept_amount"]) for row in o12.table("sales-by-year")}
    assert years == {
        ("2023-03-01", "2024-02-29"): 65, ("2022-03-01", "2023-02-28"): 170, ("2021-03-01", "2022-02-28"): 80,
        ("2020-03-01", "2021-02-28"): 0, ("2019-03-01", "2020-02-29"): 320,
    }  # fmt: skip
    assert sum(years.values()) == 635
    recency = {number: row["recency_days"] for number, row in o12.by_number("rfm").items()}
    assert recency == {"C3": "0", "C2": "1", "C1": "366", "C4": "730", "C5": "1461"}


def test_o13_dates_that_are_no_dates(case: Open) -> None:
    o13 = case("O13")
    o13.run("2024-06-30")
    assert {row["transaction_id"] for row in o13.table("transaction-lines")} == {"1", "4", "8"}
    totals = o13.totals()
    assert totals["read"] == 320
    assert totals["used"] == 22
    assert totals["after_as_of"] == 110  # orders 2 and 10; order 3 lies after the day of reading and is refused
    assert totals["set_aside"] == 188  # 30 (after the day of reading) + 150 (before 2015) + 8 (30 February)
    assert {row["row_number"]: row["reason"] for row in o13.table("quarantine")} == {
        "4": "after_reading_day", "6": "before_earliest", "7": "before_earliest", "8": "before_earliest",
        "10": "date_impossible",
    }  # fmt: skip
    last = {number: row["last_purchase_on"] for number, row in o13.by_number().items()}
    assert last == {"C1": "2024-06-30", "C2": "2024-05-12", "C3": "2024-06-01"}
    recency = {number: row["recency_days"] for number, row in o13.by_number("rfm").items()}
    assert recency == {"C1": "0", "C2": "49", "C3": "29"}


def test_o13_a_later_as_of_date_brings_the_orders_in(case: Open) -> None:
    o13 = case("O13")
    o13.run("2024-12-31")
    assert {row["transaction_id"] for row in o13.table("transaction-lines")} == {"1", "2", "4", "8", "10"}


def test_o14_ticket_numbers_that_start_again(case: Open) -> None:
    o14 = case("O14")
    o14.run()
    tickets: dict[str, Decimal] = {}
    for row in o14.table("transaction-lines"):
        tickets[row["transaction_id"]] = tickets.get(row["transaction_id"], Decimal(0)) + money(row["net_amount"])
    assert tickets == {
        "till|Brest|2024-05-02|0001": 10, "till|Brest|2024-05-03|0001": 20, "till|Quimper|2024-05-02|0001": 45,
        "web||2024-05-02|1": 80, "till|Brest|2024-05-02|0002": 160, "web||2024-05-03|#0001": 320,
    }  # fmt: skip
    found = {number: (row["purchases_count"], money(row["net_amount"])) for number, row in o14.by_number().items()}
    assert found == {"C1": ("3", 250), "C2": ("1", 20), "C3": ("1", 45), "C4": ("1", 320)}
    assert not o14.table("ticket-conflicts")


def test_o14_two_cards_on_one_ticket_are_reported(case: Open) -> None:
    o14 = case("O14")
    settings = o14.folder / "habitue.toml"
    kept = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("transaction_key")]
    settings.write_text("\n".join(kept), "utf-8")
    assert "more than one customer" in o14.command("check")
    o14.run()
    assert [row["transaction_id"] for row in o14.table("ticket-conflicts")] == ["0001"]
