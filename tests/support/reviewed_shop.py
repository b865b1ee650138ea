"""A small shop of two customer systems, with pairs that wait for a decision.

crm: A1 Anna Martin, B2 Bob Lenoir, C3 Carla Petit, 77 Nora Roux; web: anna@example.com Anne Martin, B2 (another
person's number) Robert Lenoir, 77 Nora Roux. The pairs are written into the run's folder as a run publishes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from habitue import project
from habitue.project import Project
from habitue.schemas import IDENTITY_REVIEW
from habitue.workspace.people import People

SETTINGS = """
[project]
time_zone = "Europe/Paris"
[engine]
threads = 2
memory = "1GB"
[sources.cards]
kind = "customers"
files = "cards.csv"
customer_system = "crm"
[sources.cards.columns]
source_customer_id = "card"
first_name = "first"
last_name = "last"
email = "mail"
phone = "tel"
address = "street"
postcode = "zip"
city = "town"
birth_date = "born"
[sources.accounts]
kind = "customers"
files = "accounts.csv"
customer_system = "web"
[sources.accounts.columns]
source_customer_id = "id"
first_name = "first"
last_name = "last"
email = "mail"
[sources.till]
kind = "transactions"
tax = "excluded"
files = "till.csv"
customer_system = "crm"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "date"
source_customer_id = "card"
net_amount = "amount"
"""
FILES = {
    "habitue.toml": SETTINGS,
    "cards.csv": "card,first,last,mail,tel,street,zip,town,born\n"
    "A1,Anna,Martin,anna@example.com,0612345678,5 rue Haute,75001,Paris,31/12/1985\n"
    "B2,Bob,Lenoir,bob@example.com,,,,,\nC3,Carla,Petit,,,,,,\n77,Nora,Roux,,,,,,\n",
    "accounts.csv": "id,first,last,mail\nAnna@Example.com,Anne,Martin,anna@example.com\n"
    "B2,Robert,Lenoir,robert@example.org\n77,Nora,Roux,nora@example.org\n",
    "till.csv": "ticket,date,card,amount\n1,2024-01-31,A1,10.00\n2,2024-02-01,B2,20.00\n",
}
ANNA, BOB, NORA = ("crm:A1", "web:anna@example.com"), ("crm:B2", "web:B2"), ("crm:77", "web:77")
PAIRS = (
    (*BOB, "name_and_postcode", 0.75, "last_name", "first_name email", "contradiction", 2000, 40, True),
    (*ANNA, "email_and_name", 0.98765, "last_name email ~first_name", "", "stakes", 1000, 0, False),
    (*NORA, "name_and_postcode", 0.6, "first_name last_name", "", "not_sure", 0, 0, False),
)
"""As IDENTITY_REVIEW has them, from the second column on, numbers in place of opaque ids."""


def made(folder: Path) -> Project:
    """The shop after a run, its pairs waiting."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    shop = project.open(folder)
    shop.run()
    publish(shop)
    return shop


def publish(shop: Project, pairs: Sequence[tuple[Any, ...]] = PAIRS) -> None:
    """Write pairs into the folder of the last run."""
    rows = []
    for rank, (one, other, *rest) in enumerate(pairs, start=1):
        rows.append(dict(zip(IDENTITY_REVIEW.names, (rank, *ids(shop, one, other), *rest), strict=True)))
    table = pa.Table.from_pylist(rows, schema=IDENTITY_REVIEW.ibis_schema().to_pyarrow())
    pq.write_table(table, shop.workspace.table_path(shop.runs()[-1], IDENTITY_REVIEW.name))


def id_of(shop: Project, number: str) -> str:
    """Opaque id of SYSTEM:NUMBER."""
    system, _, written = number.partition(":")
    return dict(People.with_number(shop.folder, written))[system]


def ids(shop: Project, one: str, other: str) -> tuple[str, str]:
    """Opaque ids of two numbers, the smaller first."""
    first, second = sorted((id_of(shop, one), id_of(shop, other)))
    return first, second
