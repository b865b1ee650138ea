"""Known exports read through their presets: real files with the counts of their README, our rows under real headers.

Sums of real files are recomputed here with the csv module and Decimal.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from habitue.purchases.sale_types import COUNTED, classify, lookups
from habitue.sources.declared import Source
from habitue.staging.conventions import Proved, decide, examine
from habitue.staging.customers import StagedCustomers, stage_customers
from habitue.staging.identifiers import cleaned
from habitue.staging.references import refused_rows, stage_products
from habitue.staging.transactions import StagedTransactions, StagingSettings, stage_transactions
from habitue.workspace import config
from support import reading

SETTINGS = StagingSettings(currency="USD", time_zone="America/New_York")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Read:
    """A file read through a preset: its source as the file has it, the cleaned rows, and how to read them."""

    settings: config.Settings
    source: Source
    table: Any
    conventions: Any

    def sales(self) -> StagedTransactions:
        return stage_transactions(self.table, self.source, self.conventions, SETTINGS, "file1")

    def customers(self) -> StagedCustomers:
        return stage_customers(self.table, self.source, self.conventions)

    def typed(self) -> Rows:
        """Lines with sale type, counts and population, in the order of the file, made ones after their row."""
        rules = self.settings.purchase_settings(lambda numbers: numbers)
        found = lookups(rules.sale_types, rules.populations)
        lines = classify(self.sales().lines, rules.sale_types, rules.populations, counted=COUNTED, found=found)
        rows = lines.to_pyarrow().to_pylist()
        return sorted(rows, key=lambda row: (row["transaction_number"], row["row_number"] < 0, abs(row["row_number"])))


def read(con: Any, preset: str, path: Path, **more: Any) -> Read:
    section = {"preset": preset, "files": path.name, **more}
    settings = config.validate({"sources": {"export": section}})
    (declared,) = settings.sources
    raw = reading.raw(con, path, declared)
    source, table = declared.having(raw.names), cleaned(raw.table)
    decision = decide(examine(table, source), source, path.name, Proved())
    assert decision.faults == ()
    return Read(settings, source, table, decision.conventions)


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace(",", "").strip() or "0")


def minor(amounts: Sequence[Decimal]) -> int:
    return int(sum(amounts) * 100)


def ours(tmp_path: Path, header: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    """A file with the header of a real one and rows of ours; a header that is not there is a fault of the test."""
    with header.open(encoding="utf-8-sig", newline="") as file:
        names = next(csv.reader(file))
    path = tmp_path / header.name
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def amounts(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in ("transaction_number", *names)) for row in rows]


# Real files


@pytest.mark.parametrize(("name", "rows", "orders"), [("73", 303, 150), ("75", 101, 50)])
def test_shopify_orders(con: Any, shared_data: Path, name: str, rows: int, orders: int) -> None:
    path = shared_data / "export-samples" / f"shopify_orders_export_{name}col.csv"
    export = read(con, "shopify.orders", path)
    lines = export.typed()
    read_lines = [row for row in lines if row["row_number"] > 0]
    assert len(read_lines) == rows
    assert len({row["transaction_id"] for row in lines}) == orders
    assert export.sales().refused.count().to_pyarrow().as_py() == 0
    first = [row for row in cells(path) if row["Financial Status"]]
    assert len(first) == orders
    good = [row for row in first if row["Financial Status"] not in ("pending", "voided")]
    subtotals = [number(row["Subtotal"]) for row in good]
    sold = [row["net_amount"] for row in read_lines if row["sale_type"] in ("sale", "free")]
    assert sum(sold) == minor(subtotals)
    delivery = sum(row["net_amount"] for row in lines if row["sale_type"] == "shipping")
    assert delivery == minor([number(row["Shipping"]) for row in good])
    back, rest = [], []
    for row, goods in zip(good, subtotals, strict=True):
        refunded = number(row["Refunded Amount"])
        back.append(goods if row["Cancelled at"] else min(goods, refunded))
        rest.append(max(refunded - back[-1], Decimal(0)))
    assert sum(row["net_amount"] for row in lines if row["sale_type"] == "return") == -minor(back)
    assert sum(row["net_amount"] for row in lines if row["sale_type"] == "adjustment") == -minor(rest)
    assert {row["sales_channel"] for row in read_lines} == {row["Source"] for row in first}


def test_shopify_tax_included_in_prices_is_taken_out_once(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "shopify_orders_export_73col.csv"
    lines = read(con, "shopify.orders", path, tax="included").typed()
    made_by_refunds = ("return", "adjustment")
    taxes = sum(row["tax_amount"] or 0 for row in lines if row["sale_type"] not in made_by_refunds)
    assert taxes == minor([number(row["Taxes"]) for row in cells(path)])
    (first, delivery) = [row for row in lines if row["transaction_number"] == "#1001"]
    # 95.40 and 30.00 with 20.02 of tax: 30.00 / 125.40 of it is 4.789, cut to 4.78, the rest belongs to the goods
    assert (delivery["net_amount"], delivery["tax_amount"]) == (2522, 478)
    assert (first["net_amount"], first["tax_amount"], first["gross_amount"]) == (8016, 1524, 14376)


def test_shopify_pending_and_voided_orders_are_no_sales(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "shopify_orders_export_75col.csv"
    lines = read(con, "shopify.orders", path).typed()
    void = {row["transaction_number"] for row in lines if row["sale_type"] == "void"}
    assert len(void) == 15
    assert {row["sale_type"] for row in lines if row["transaction_number"] in void} == {"void"}
    assert Counter(row["currency"] for row in lines) == {"ZAR": len(lines)}


@pytest.mark.parametrize(("name", "buyers"), [("73", 113), ("75", 48)])
def test_shopify_buyers(con: Any, shared_data: Path, name: str, buyers: int) -> None:
    path = shared_data / "export-samples" / f"shopify_orders_export_{name}col.csv"
    staged = read(con, "shopify.buyers", path).customers()
    rows = staged.rows.to_pyarrow().to_pylist()
    written = {row["Email"].lower() for row in cells(path)} - {""}
    assert len(written) == buyers
    assert {row["customer_number"] for row in rows} == written
    told = ("Billing Name", "Billing Phone", "Billing Address1", "Billing Zip", "Billing City", "Billing Country")
    unknown = [row for row in cells(path) if not row["Email"] and any(row[header] for header in told)]
    assert staged.refused.count().to_pyarrow().as_py() == len(unknown)
    assert not any((row["postcode"] or "").startswith("'") or (row["phone"] or "").startswith("'") for row in rows)


def test_shopify_customers(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "shopify_customers_export_20col.csv"
    staged = read(con, "shopify.customers", path).customers()
    refused = staged.refused.to_pyarrow().to_pylist()
    assert (staged.read, [row["reason"] for row in refused]) == (171, ["key_missing"] * 2)
    rows = staged.rows.to_pyarrow().to_pylist()
    assert len(rows) == 171
    assert sum(row["first_name"] is None for row in rows) == sum(
        not row["First Name"] for row in cells(path) if row["Email"]
    )


@pytest.mark.parametrize(("name", "rows", "tickets"), [("33", 223, 163), ("35", 143, 103)])
def test_square_items(con: Any, shared_data: Path, name: str, rows: int, tickets: int) -> None:
    path = shared_data / "export-samples" / f"square_items_{name}col.csv"
    lines = read(con, "square.items", path).typed()
    assert len(lines) == rows
    assert len({row["transaction_id"] for row in lines}) == tickets
    written = cells(path)
    assert sum(row["net_amount"] for row in lines) == minor([number(row["Net Sales"]) for row in written])
    assert sum(row["tax_amount"] for row in lines) == minor([number(row["Tax"]) for row in written])
    back = [row for row in lines if row["sale_type"] == "return"]
    assert [(row["quantity"], row["net_amount"]) for row in back] == ([(-1, -700)] if name == "33" else [])
    custom = sum(row["Item"] == "Custom Amount" for row in written)
    assert sum(row["sku"] is None for row in lines) == custom


def test_square_articles(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "square_items_33col.csv"
    export = read(con, "square.articles", path)
    rows = stage_products(export.table, export.source, export.conventions, "USD").to_pyarrow().to_pylist()
    assert (len(rows), {row["category"] for row in rows}) == (222, {None})  # the category None is none
    refused = refused_rows(export.table, export.source, export.conventions).to_pyarrow().to_pylist()
    assert [row["reason"] for row in refused] == ["key_missing"]


def test_square_transactions_without_numbers(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "square_transactions_44col.csv"
    export = read(con, "square.transactions", path, transaction_key=["file", "row_number"])
    lines = export.sales().lines.to_pyarrow().to_pylist()
    assert sorted(row["net_amount"] for row in lines) == [15000, 54000, 59500, 114900]
    assert {str(row["sold_on"]) for row in lines} == {"2018-11-30", "2018-12-18", "2018-12-27"}


def test_stripe_activity(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "stripe_balance_activity_itemized.csv"
    (line,) = read(con, "stripe.activity", path).typed()
    assert (line["net_amount"], line["currency"], line["sale_type"]) == (4591, "EUR", "sale")
    assert str(line["sold_at"]) == "2026-10-01 09:12:00"  # UTC


@pytest.mark.parametrize(
    ("name", "rows", "invoices"),
    [
        ("online-retail/online_retail", 541_909, 25_900),
        ("online-retail-ii-2009-2010/online_retail_II_2009_2010", 525_461, 28_816),
    ],
)
def test_online_retail(con: Any, shared_data: Path, name: str, rows: int, invoices: int) -> None:
    staged = read(con, "online-retail.invoices", shared_data / f"{name}.parquet").sales()
    assert staged.refused.count().to_pyarrow().as_py() == 0
    assert staged.lines.count().to_pyarrow().as_py() == rows
    assert staged.lines["transaction_id"].nunique().to_pyarrow().as_py() == invoices


# Rows of ours under real headers


def test_shopify_tips_gift_cards_and_tests(con: Any, shared_data: Path, tmp_path: Path) -> None:
    order = {"Name": "#1", "Email": "A@Example.com", "Created at": "2024-05-01 10:00:00 +0200"}
    head = {**order, "Financial Status": "paid", "Subtotal": "70.00", "Shipping": "0.00", "Taxes": "0.00"}
    test = {**head, "Name": "#2", "Payment Method": "(for testing) Bogus Gateway", "Subtotal": "9.00"}
    rows = [
        {**head, "Lineitem quantity": "2", "Lineitem name": "Mug", "Lineitem price": "20.00", "Lineitem sku": "M"},
        {**order, "Lineitem quantity": "1", "Lineitem name": "Gift Card - $25.00", "Lineitem price": "25.00"},
        {**order, "Lineitem quantity": "1", "Lineitem name": "Tip", "Lineitem price": "5.00"},
        {**test, "Lineitem quantity": "1", "Lineitem name": "Mug", "Lineitem price": "9.00"},
    ]
    path = ours(tmp_path, shared_data / "export-samples" / "shopify_orders_export_73col.csv", rows)
    assert amounts(read(con, "shopify.orders", path).typed(), "net_amount", "sale_type", "counts") == [
        ("#1", 4000, "sale", True), ("#1", 2500, "gift_card", False), ("#1", 500, "fee", False),
        ("#2", 900, "test", False),
    ]  # fmt: skip


def test_woocommerce_orders(con: Any, shared_data: Path, tmp_path: Path) -> None:
    """Two goods at 10.00 and 20.00 with 20 % of tax; 12.00 back is 10.00 and 2.00 of tax; 60.00 is never paid."""
    order = {
        "Order Number": "7",
        "Order Status": "Completed",
        "Order Date": "2018-03-14 09:30",
        "Email (Billing)": "A@Example.com",
        "Order Shipping Amount": "4.00",
        "Order Refund Amount": "12.00",
    }
    rows = [
        {**order, "Item #": "1", "SKU": "A", "Quantity": "1",
         "Order Line (w/o tax)": "10.00", "Order Line Tax": "2.00"},
        {**order, "Item #": "2", "SKU": "B", "Quantity": "2",
         "Order Line (w/o tax)": "20.00", "Order Line Tax": "4.00"},
        {"Order Number": "8", "Order Status": "Cancelled", "Order Date": "2018-03-15 09:30", "Item #": "1",
         "Quantity": "1", "Order Line (w/o tax)": "60.00", "Email (Billing)": "b@example.com"},
    ]  # fmt: skip
    path = ours(tmp_path, shared_data / "export-samples" / "woocommerce_orders_48col_header.csv", rows)
    assert amounts(read(con, "woocommerce.orders", path).typed(), "net_amount", "tax_amount", "sale_type") == [
        ("7", 1000, 200, "sale"), ("7", 2000, 400, "sale"), ("7", 400, None, "shipping"), ("7", -1000, -200, "return"),
        ("8", 6000, None, "void"),
    ]  # fmt: skip
    staged = read(con, "woocommerce.buyers", path).customers()
    assert sorted(staged.rows.to_pyarrow()["customer_number"].to_pylist()) == ["a@example.com", "b@example.com"]


def test_woocommerce_wide_orders(con: Any, shared_data: Path, tmp_path: Path) -> None:
    rows = [
        {"order_number": "7", "order_date": "2024-03-14 09:30:00", "status": "wc-completed", "order_subtotal": "30.00",
         "discount_total": "3.00", "shipping_total": "4.00", "tax_total": "6.20", "order_currency": "EUR",
         "billing_email": "a@example.com", "line_item_1": "name:Mug|sku:M|quantity:3|total:27.00"},
        {"order_number": "8", "order_date": "2024-03-15 09:30:00", "status": "refunded", "order_subtotal": "30.00"},
    ]  # fmt: skip
    path = ours(tmp_path, shared_data / "export-samples" / "woocommerce_orders_wide_header.csv", rows)
    found = read(con, "woocommerce.wide_orders", path).typed()
    assert amounts(found, "gross_amount", "net_amount", "sale_type") == [
        ("7", 3000, 2700, "sale"), ("7", 400, 400, "shipping"), ("8", 3000, 3000, "void"),
    ]  # fmt: skip
    assert read(con, "woocommerce.wide_buyers", path).customers().read == 1


def test_magento_orders_and_customers(con: Any, shared_data: Path, tmp_path: Path) -> None:
    order = {"Purchase Date": "2024-03-14 09:30:00", "Customer Email": "a@example.com", "Customer Name": "Ann Bay",
             "Customer Group": "General", "Purchase Point": "Main Website", "Total Refunded": "0.00"}  # fmt: skip
    rows = [
        {**order, "ID": "000000001", "Subtotal": "30.00", "Shipping and Handling": "5.00", "Status": "Complete"},
        {**order, "ID": "000000002", "Subtotal": "30.00", "Status": "Closed", "Total Refunded": "30.00"},
        {**order, "ID": "000000003", "Subtotal": "30.00", "Status": "Canceled"},
        {**order, "ID": "000000004", "Subtotal": "90.00", "Status": "Complete", "Customer Group": "Wholesale"},
    ]
    path = ours(tmp_path, shared_data / "export-samples" / "magento_sales_order_grid_header.csv", rows)
    assert amounts(read(con, "magento.orders", path).typed(), "net_amount", "sale_type", "population") == [
        ("000000001", 3000, "sale", "consumer"), ("000000001", 500, "shipping", "consumer"),
        ("000000002", 3000, "sale", "consumer"), ("000000002", -3000, "return", "consumer"),
        ("000000003", 3000, "void", "consumer"), ("000000004", 9000, "sale", "b2b"),
    ]  # fmt: skip
    (buyer,) = read(con, "magento.buyers", path).customers().rows.to_pyarrow().to_pylist()
    assert (buyer["customer_number"], buyer["last_name"]) == ("a@example.com", "Ann Bay")
    person = {"ID": "1", "Name": "Ann Bay", "Email": "A@example.com", "Group": "General", "ZIP": "01234",
              "Customer Since": "2023-01-31 10:00:00"}  # fmt: skip
    path = ours(tmp_path, shared_data / "export-samples" / "magento_customer_listing_header.csv", [person])
    (customer,) = read(con, "magento.customers", path).customers().rows.to_pyarrow().to_pylist()
    assert (customer["customer_number"], customer["postcode"]) == ("a@example.com", "01234")
    assert str(customer["enrolled_on"]) == "2023-01-31"


def test_square_transactions_of_the_later_layout(con: Any, shared_data: Path, tmp_path: Path) -> None:
    sale = {"Date": "2025-05-31", "Time": "13:03:14", "Gross Sales": "$20.00", "Discounts": "-$2.00",
            "Net Sales": "$18.00", "Tax": "$1.50", "Tip": "$3.00", "Gift Card Sales": "$25.00", "Event Type": "Payment",
            "Transaction ID": "T1", "Location": "L", "Customer ID": "C1"}  # fmt: skip
    back = {**sale, "Transaction ID": "T2", "Time": "14:00:00", "Gross Sales": "-$20.00", "Discounts": "$2.00",
            "Net Sales": "-$18.00", "Tax": "-$1.50", "Tip": "$0.00", "Gift Card Sales": "$0.00",
            "Event Type": "Refund"}  # fmt: skip
    path = ours(tmp_path, shared_data / "export-samples" / "square_transactions_55col_header.csv", [sale, back])
    found = read(con, "square.transactions", path).typed()
    assert amounts(found, "gross_amount", "discount_amount", "net_amount", "sale_type") == [
        ("T1", 2000, 200, 1800, "sale"), ("T1", 300, 0, 300, "fee"), ("T1", 2500, 0, 2500, "gift_card"),
        ("T2", -2000, -200, -1800, "return"),
    ]  # fmt: skip


# Layouts without a sample


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(text, "utf-8")
    return path


def test_prestashop(con: Any, tmp_path: Path) -> None:
    grid = '"ID";"Reference";"New client";"Delivery";"Customer";"Total";"Payment";"Status";"Date"\n'
    rows = '2;"ABC";1;"France";"A. BAY";42.000000;"Bank wire";"Awaiting bank wire payment";"2024-05-02 10:00:00"\n'
    rows += '1;"ABD";0;"France";"A. BAY";54.000000;"Card";"Delivered";"2024-05-01 10:00:00"\n'
    found = read(con, "prestashop.orders", written(tmp_path, grid + rows)).typed()
    assert amounts(found, "net_amount", "sale_type", "customer_number") == [
        ("1", 5400, "sale", None), ("2", 4200, "void", None),
    ]  # fmt: skip
    header = (
        "order_id;date_add;email;valid;order_state;currency;product_reference;product_quantity;total_price_tax_excl;"
        "total_discounts_tax_excl;total_shipping_tax_excl;refunded_tax_excl;refunded_at\n"
    )
    rows = "1;2024-05-01 10:00:00;A@example.com;1;Delivered;EUR;MUG;2;30.00;4.00;5.00;13.00;2024-05-20 09:00:00\n"
    rows += "1;2024-05-01 10:00:00;A@example.com;1;Delivered;EUR;TEA;1;10.00;4.00;5.00;13.00;2024-05-20 09:00:00\n"
    rows += "2;2024-05-02 10:00:00;b@example.com;0;Annulé;EUR;TEA;1;10.00;0.00;0.00;;\n"
    found = read(con, "prestashop.order_lines", written(tmp_path, header + rows)).typed()
    assert amounts(found, "net_amount", "sale_type") == [
        ("1", 2700, "sale"), ("1", 900, "sale"), ("1", 500, "shipping"), ("1", -1300, "return"), ("2", 1000, "void"),
    ]  # fmt: skip
    assert str(found[3]["sold_on"]) == "2024-05-20"
    header = '"ID";"Titre";"Prénom";"Nom";"Adresse e-mail";"Ventes";"Inscription"\n'
    rows = '1;"M.";"Luc";"Bay";"L@example.com";"54,00 €";"2024-01-05 10:00:00"\n'
    (person,) = (
        read(con, "prestashop.customers", written(tmp_path, header + rows)).customers().rows.to_pyarrow().to_pylist()
    )
    assert (person["customer_number"], person["last_name"]) == ("l@example.com", "Bay")


def test_bitrix(con: Any, tmp_path: Path) -> None:
    header = '"ID","Дата создания","Покупатель","Статус","Отменен","Сумма"\n'
    rows = '"17","31.05.2024 10:20:30","[12] Анна Бай (anna)","[F] Выполнен 01.06.2024","Нет ","1 234.50 руб"\n'
    rows += '"18","31.05.2024 11:20:30","[12] Анна Бай (anna)","[N] Принят","Да 01.06.2024 10:00:00","99 руб"\n'
    found = read(con, "bitrix.orders", written(tmp_path, header + rows)).typed()
    assert amounts(found, "net_amount", "sale_type") == [("17", 123450, "sale"), ("18", 9900, "void")]
    assert {str(row["sold_on"]) for row in found} == {"2024-05-31"}


@pytest.mark.parametrize(
    "header",
    ["Ticket;Date;Time;Card;Article;Quantity;Amount", "N° ticket;Date;Heure;N° carte;Référence;Quantité;Montant TTC",
     "Номер чека;Дата;Время;Номер карты;Артикул;Количество;Сумма"],
)  # fmt: skip
def test_a_till_in_three_languages(con: Any, tmp_path: Path, header: str) -> None:
    path = written(tmp_path, f"{header}\n0001;31.05.2024;10:20;00017;A;2;12,50\n0002;31.05.2024;10:30;;A;-1;-6,25\n")
    found = read(con, "till.lines", path).typed()
    assert amounts(found, "net_amount", "sale_type", "customer_number") == [
        ("0001", 1250, "sale", "00017"), ("0002", -625, "return", None),
    ]  # fmt: skip


def test_a_till_that_writes_only_the_day_and_the_amount(con: Any, tmp_path: Path) -> None:
    found = read(con, "till.lines", written(tmp_path, "Ticket,Date,Amount\n1,2024-05-31,12.50\n")).typed()
    assert amounts(found, "net_amount", "sku", "store_id") == [("1", 1250, None, None)]


@pytest.mark.parametrize("header", ["Card;Last name;E-mail;Postcode", "Numéro de carte;Nom;Courriel;Code postal",
                                    "Номер карты;Фамилия;Эл. почта;Индекс"])  # fmt: skip
def test_a_card_base_in_three_languages(con: Any, tmp_path: Path, header: str) -> None:
    path = written(tmp_path, f"{header}\n00017;Bay;a@example.com;01234\n;Roy;b@example.com;\n")
    staged = read(con, "cards.customers", path).customers()
    (row,) = staged.rows.to_pyarrow().to_pylist()
    assert [row[name] for name in ("customer_number", "last_name", "email", "postcode")] == [
        "00017", "Bay", "a@example.com", "01234",
    ]  # fmt: skip
    assert staged.refused.to_pyarrow()["reason"].to_pylist() == ["key_missing"]
