"""The demos through the command: figures against the simulated shop's truth and the grocer's published counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

import habitue
from habitue.cli import app

pytestmark = pytest.mark.xdist_group("demo-projects")


def demo(folder: Path, *words: str) -> None:
    done = CliRunner().invoke(app, ["--lang", "en", "demo", str(folder), "--no-serve", *words])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int], Any]:
    folder = tmp_path_factory.mktemp("demo")
    demo(folder, "--shop", "simulated", "--customers", "1500", "--years", "2", "--seed", "7")
    shop = folder / "simulated-shop"
    facts = json.loads((shop / "truth" / "facts.json").read_text("utf-8"))["totals"]
    project = habitue.open(shop)
    con = duckdb.connect()
    for name in ("transaction_lines", "returns", "reconciliation", "shared_cards", "customers", "source_customers"):
        con.register(name, project.show(name))
    return shop, facts, con


def one(con: Any, sql: str) -> Any:
    return con.execute(sql).fetchone()[0]


def test_every_line_and_cent_of_the_simulated_shop_is_found_again(simulated: tuple[Path, dict[str, int], Any]) -> None:
    _, facts, con = simulated
    for source in ("till", "web"):
        where = f"FROM transaction_lines WHERE source = '{source}'"
        assert one(con, f"SELECT count(*) {where}") == facts[f"{source}/lines"]
        assert one(con, f"SELECT count(DISTINCT transaction_id) {where}") == facts[f"{source}/tickets"]
        assert one(con, f"SELECT sum(net_amount) {where}") == facts[f"{source}/amount_cents"]
        assert one(con, f"SELECT sum(tax_amount) {where}") == facts[f"{source}/vat_cents"]


def test_sale_types_and_populations_of_the_simulated_shop(simulated: tuple[Path, dict[str, int], Any]) -> None:
    shop, facts, con = simulated
    tickets = "SELECT count(DISTINCT transaction_id) FROM transaction_lines WHERE "
    gifts = "SELECT sum(net_amount) FROM transaction_lines WHERE sale_type = 'gift_card'"
    assert one(con, gifts) == facts["till/gift_card_amount_cents"]
    assert one(con, f"{tickets} sale_type = 'void'") == facts["web/cancelled_tickets"]
    # An exchange states no original ticket; one that does is a linked return beside a sale.
    exchanges = one(
        con,
        f"SELECT count(DISTINCT r.ticket_no) FROM '{shop}/exports/till_*.parquet' r "
        f"JOIN '{shop}/exports/till_*.parquet' s ON s.ticket_no = r.ticket_no AND s.amount > 0 "
        "WHERE r.amount < 0 AND r.original_ticket IS NULL",
    )
    assert 0 < exchanges < facts["till/exchange_tickets"]
    assert one(con, f"{tickets} sale_type = 'exchange'") == exchanges
    assert one(con, f"{tickets} population = 'staff'") == facts["till/staff_tickets"]
    assert one(con, f"{tickets} population = 'b2b'") == facts["till/b2b_tickets"]
    assert one(con, f"{tickets} population = 'shared_card'") == facts["till/till_card_tickets"]
    assert one(con, "SELECT count(*) FROM shared_cards WHERE is_set_apart") == 2
    unidentified = "SELECT count(DISTINCT transaction_id) FROM transaction_lines WHERE customer_id IS NULL"
    assert one(con, unidentified) == facts["till/unidentified_tickets"] + facts["web/unidentified_tickets"]


def test_returns_of_the_simulated_shop_link_to_their_ticket(simulated: tuple[Path, dict[str, int], Any]) -> None:
    _, facts, con = simulated
    stated = one(con, "SELECT sum(returned_amount) FROM returns WHERE linked_by = 'original_ticket'")
    planted = facts["till/linked_return_amount_cents"] + facts["web/linked_return_amount_cents"]
    assert stated == -planted
    assert one(con, "SELECT count(*) FROM returns WHERE linked_by = 'above_purchase'") == 0


def test_simulated_is_said_in_the_report(simulated: tuple[Path, dict[str, int], Any]) -> None:
    shop, _, _ = simulated
    (report,) = shop.glob("runs/*/report.html")
    assert "simulated" in report.read_text("utf-8").lower()


def test_grocery_reads_every_published_line(tmp_path: Path, completejourney: Path) -> None:
    demo(tmp_path, "--shop", "grocery")
    project = habitue.open(tmp_path / "grocery")
    (row,) = project.show("reconciliation").to_pylist()
    assert row["read_rows"] == 1_469_307
    assert round(row["read_amount"] / 100) == 4_596_040
    customers = project.show("customers")
    assert customers.num_rows == 2_469
    with duckdb.connect() as con:
        con.register("lines", project.show("transaction_lines"))
        path = completejourney / "transactions.parquet"
        assert one(con, "SELECT count(DISTINCT transaction_id) FROM lines") == 155_848
        assert one(con, "SELECT count(*) FROM lines WHERE sale_type = 'free'") == one(
            con, f"SELECT count(*) FROM '{path}' WHERE round(sales_value * 100) = 0"
        )
        products = completejourney / "products.parquet"
        gifts = (
            f"SELECT sum(round(sales_value * 100)::BIGINT) FROM '{path}' JOIN '{products}' USING (product_id) "
            "WHERE product_type ILIKE '%gift card%' AND round(sales_value * 100) <> 0"
        )
        assert one(con, "SELECT sum(net_amount) FROM lines WHERE sale_type = 'gift_card'") == one(con, gifts)
