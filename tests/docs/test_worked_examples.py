"""The small examples of docs/purchases.md and docs/settings.md, worked out there by hand, through the real commands."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from habitue.cli import app

pytestmark = pytest.mark.xdist_group("docs-worked")
"""One worker makes the project."""

SETTINGS = """
[project]
currency = "EUR"
time_zone = "Europe/Paris"
day_starts_at = 04:00:00

[tolerance]
amount = 1

[sources.units]
kind = "transactions"
files = "units.csv"
tax = "excluded"
[sources.units.columns]
transaction_id = "ticket"
sold_at = "at"
sku = "sku"
quantity = "qty"
unit_price = "price"
transaction_discount_amount = "discount"
shipping_amount = "delivery"

[sources.taxed]
kind = "transactions"
files = "taxed.csv"
tax = "included"
tax_rate = 0.20
[sources.taxed.columns]
transaction_id = "ticket"
sold_at = "at"
net_amount = "amount"

[sources.goods]
kind = "transactions"
files = "goods.csv"
tax = "excluded"
[sources.goods.columns]
transaction_id = "ticket"
sold_at = "at"
source_customer_id = "card"
sku = "sku"
quantity = "qty"
net_amount = "amount"
currency = "currency"
original_transaction_id = "original"

[sources.articles]
kind = "products"
files = "articles.csv"
[sources.articles.columns]
sku = "sku"
cost = "cost"

[sources.payments]
kind = "payments"
files = "payments.csv"
pays = "goods"
[sources.payments.columns]
transaction_id = "ticket"
tender = "means"
paid_amount = "amount"

[sources.rates]
kind = "rates"
files = "rates.csv"
[sources.rates.columns]
currency = "currency"
rate = "rate"
valid_on = "month"

[purchases]
reward_tenders = "points*"

[margins]
default_rate = 0.35
"""
FILES = {
    "units.csv": """\
ticket,at,sku,qty,price,discount,delivery
U1,2024-03-01,A,3,3.333,,
U2,2024-03-01,A,1,30.00,1.00,4.90
U2,2024-03-01,B,1,10.00,,
""",
    "taxed.csv": "ticket,at,amount\nX1,2024-03-01,12.00\n",
    "goods.csv": """\
ticket,at,card,sku,qty,amount,currency,original
G1,2024-04-02 10:00,C1,TEA,1,9.80,EUR,
G1,2024-04-02 10:00,C1,MUG,1,12.50,EUR,
G2,2024-04-09 10:00,C1,MUG,-1,-20.00,EUR,G1
G3,2024-04-10 10:00,C2,COAT,-1,-90.00,EUR,
G3,2024-04-10 10:00,C2,JACKET,1,110.00,EUR,
G4,2024-04-11 10:00,C3,HAT,1,40.00,GBP,
G5,2024-05-11 10:00,C3,HAT,-1,-40.00,GBP,G4
G6,2024-04-12 10:00,C4,SHIRT,1,30.00,EUR,
G6,2024-04-12 10:00,C4,SOCKS,1,10.00,EUR,
G7,2024-04-15 10:00,C5,SOAP,2,20.00,EUR,
G8,2024-04-16 10:00,C5,SOAP,-1,-10.00,EUR,G7
G9,2024-04-20 02:30,C6,SOCKS,1,10.00,EUR,
""",
    "articles.csv": "sku,cost\nSOAP,6.00\n",
    "payments.csv": "ticket,means,amount\nG6,Points voucher,4.00\nG6,card,36.00\n",
    "rates.csv": "month,currency,rate\n2024-04,GBP,1.17\n2024-05,GBP,1.20\n",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("worked")
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")

    def told(*words: str) -> str:
        done = CliRunner().invoke(app, ["--lang", "en", *words, "-p", str(folder)])
        assert done.exit_code == 0, done.output
        return done.output

    told("run")
    return lambda name: list(csv.DictReader(io.StringIO(told("show", name, "--format", "csv"))))


def lines(rows: list[dict[str, str]], ticket: str) -> dict[str, dict[str, str]]:
    """Lines of a ticket by article."""
    return {row["sku"]: row for row in rows if row["transaction_id"] == ticket}


@pytest.fixture(scope="module")
def sold(table: Callable[[str], list[dict[str, str]]]) -> list[dict[str, str]]:
    return table("transaction-lines")


def test_price_times_units_is_rounded_once(sold: list[dict[str, str]]):
    assert lines(sold, "U1")["A"]["gross_amount"] == "10.00"


def test_a_discount_of_the_ticket_is_shared_out(sold: list[dict[str, str]]):
    ticket = lines(sold, "U2")
    assert (ticket["A"]["discount_amount"], ticket["B"]["discount_amount"]) == ("0.75", "0.25")


def test_delivery_is_a_line_of_its_own_that_does_not_count(sold: list[dict[str, str]]):
    delivery = lines(sold, "U2")[""]
    assert (delivery["net_amount"], delivery["sale_type"], delivery["counts"]) == ("4.90", "shipping", "false")


def test_tax_is_taken_out(sold: list[dict[str, str]]):
    (line,) = lines(sold, "X1").values()
    assert (line["net_amount"], line["tax_amount"], line["source_amount"]) == ("10.00", "2.00", "12.00")


def test_a_refund_above_the_purchase_is_set_aside(
    table: Callable[[str], list[dict[str, str]]], sold: list[dict[str, str]]
):
    ticket = lines(sold, "G1")
    assert (ticket["MUG"]["returned_amount"], ticket["MUG"]["kept_amount"]) == ("12.50", "0.00")
    assert ticket["TEA"]["kept_amount"] == "9.80"
    parts = [(r["linked_by"], r["returned_amount"]) for r in table("returns") if r["transaction_id"] == "G2"]
    assert parts == [("original_ticket", "12.50"), ("above_purchase", "7.50")]
    aside = [row for row in table("quarantine") if row["reason"] == "above_purchase"]
    assert [Decimal(row["source_amount"]) for row in aside] == [Decimal("-7.50")]


def test_an_exchange_nets_on_its_ticket(table: Callable[[str], list[dict[str, str]]], sold: list[dict[str, str]]):
    assert lines(sold, "G3")["COAT"]["sale_type"] == "exchange"
    (day,) = [row for row in table("visits") if row["sold_on"] == "2024-04-10"]
    assert day["net_amount"] == "20.00"


def test_a_linked_return_takes_the_rate_of_its_purchase(sold: list[dict[str, str]]):
    hat = lines(sold, "G4")["HAT"]
    assert (hat["net_amount"], hat["returned_amount"], hat["kept_amount"]) == ("46.80", "46.80", "0.00")


def test_a_reward_is_shared_out(sold: list[dict[str, str]]):
    ticket = lines(sold, "G6")
    assert (ticket["SHIRT"]["reward_amount"], ticket["SOCKS"]["reward_amount"]) == ("3.00", "1.00")


def test_margin_from_cost_and_from_a_rate(sold: list[dict[str, str]]):
    soap, socks = lines(sold, "G7")["SOAP"], lines(sold, "G9")["SOCKS"]
    assert (soap["margin_amount"], soap["margin_is_assumed"]) == ("4.00", "false")
    assert (socks["margin_amount"], socks["margin_is_assumed"]) == ("3.50", "true")


def test_the_store_day_begins_late(sold: list[dict[str, str]]):
    assert lines(sold, "G9")["SOCKS"]["sold_on"] == "2024-04-19"
