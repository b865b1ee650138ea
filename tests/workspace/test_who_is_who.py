"""Who is who through runs of a project: ids that last, decisions, consent of merged people, the erased.

A card base and a web shop. Léa has a card and a web account (one e-mail address, one birth date), Ann and Anna Roy
share a name and a postcode only, Marc has a card alone. Everybody buys once a month under each number.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from habitue import project, schemas
from habitue.project import Project
from habitue.workspace.people import People

pytestmark = pytest.mark.xdist_group("who-is-who")

RECORD = """\
first_name = "first"
last_name = "last"
birth_date = "born"
email = "mail"
phone = "phone"
address = "street"
postcode = "zip"
"""
SETTINGS = f"""
[project]
currency = "EUR"
time_zone = "Europe/Paris"
[engine]
threads = 2
memory = "1GB"
[sources.cards]
kind = "customers"
files = "cards_*.csv"
customer_system = "card"
[sources.cards.columns]
source_customer_id = "number"
{RECORD}[sources.accounts]
kind = "customers"
files = "accounts_*.csv"
customer_system = "web"
[sources.accounts.columns]
source_customer_id = "number"
{RECORD}[sources.till]
kind = "transactions"
files = "till.csv"
tax = "excluded"
customer_system = "card"
transaction_key = ["file", "row_number"]
[sources.till.columns]
source_customer_id = "number"
sold_at = "day"
net_amount = "amount"
[sources.shop]
kind = "transactions"
files = "shop.csv"
tax = "excluded"
customer_system = "web"
transaction_key = ["file", "row_number"]
[sources.shop.columns]
source_customer_id = "number"
sold_at = "day"
net_amount = "amount"
[sources.consents]
kind = "consents"
files = "consents.csv"
customer_system = "web"
[sources.consents.columns]
source_customer_id = "number"
email = "mail"
contact_channel = "by"
status = "what"
captured_at = "on"
"""
HEAD = "number,first,last,born,mail,phone,street,zip\n"
CARDS = (
    "C1,Léa,Morel,1980-05-12,lea@example.com,06 12 34 56 10,3 rue du Lac,74000\n"
    "C2,Marc,Petit,,,06 12 34 56 20,,\n"
    "C3,Ann,Roy,,,,,69006\n"
)
ACCOUNTS = "W1,LEA,MOREL,1980-05-12,Lea@Example.com,,3 r. du Lac,74000\nW3,Anna,Roy,,anna@example.org,,,69006\n"
SALES = {"till.csv": ("C1", "C2", "C3"), "shop.csv": ("W1", "W3")}
CONSENTS = (
    "number,mail,by,what,on\n"
    "W1,lea@example.com,email,opt_in,2023-01-10\n"
    "W1,lea@example.com,email,opt_out,2023-05-02\n"
    "W3,anna@example.org,email,opt_in,2023-01-10\n"
)


def written(folder: Path) -> Project:
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    (folder / "cards_1.csv").write_text(HEAD + CARDS, "utf-8")
    (folder / "accounts_1.csv").write_text(HEAD + ACCOUNTS, "utf-8")
    for name, numbers in SALES.items():
        lines = [f"{number},2024-{month:02}-15,{10 + month}" for number in numbers for month in range(1, 7)]
        (folder / name).write_text("\n".join(["number,day,amount", *lines]) + "\n", "utf-8")
    (folder / "consents.csv").write_text(CONSENTS, "utf-8")
    return project.open(folder)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("who")
    written(folder).run()
    return folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def opaque(shop: Project, number: str) -> str:
    ((_, found),) = People.with_number(shop.folder, number)
    return found


def persons(shop: Project) -> dict[str, str | None]:
    """The person of each number as written, in the last run."""
    rows = shop.show("customer_ids", personal_data=True).to_pylist()
    return {row["customer_number"]: row["customer_id"] for row in rows}


def test_numbers_of_two_systems_are_one_person_with_all_they_bought(shop: Project) -> None:
    found = persons(shop)
    assert found["C1"] == found["W1"]
    assert len({*found.values()}) == 4
    customers = {row["customer_id"]: row for row in shop.show("customers").to_pylist()}
    bought = 100 * sum(10 + month for month in range(1, 7))
    assert (customers[found["C1"]]["net_amount"], customers[found["C1"]]["purchases_count"]) == (2 * bought, 12)
    assert customers[found["C2"]]["net_amount"] == bought
    assert sum(row["net_amount"] for row in customers.values()) == 5 * bought
    days = [row for row in shop.show("customer_days").to_pylist() if row["customer_id"] == found["C1"]]
    assert len(days) == 6  # a day in the store and on the web is one visit


def test_a_run_again_changes_no_id_and_newcomers_join(shop: Project) -> None:
    before = persons(shop)
    rows = "W9,Lea,Morel,1980-05-12,lea.morel@example.net,,3 rue du Lac,74000\nW8,Nia,Diallo,,n@example.com,,,\n"
    (shop.folder / "accounts_2.csv").write_text(HEAD + ACCOUNTS + rows, "utf-8")
    shop.run()
    after = persons(shop)
    assert {number: after[number] for number in before} == before
    assert after["W9"] == before["C1"]
    assert after["W8"] == opaque(shop, "W8")
    assert shop.show("identity_changes").num_rows == 0


def test_a_decision_parts_them_and_taken_back_joins_them_again(shop: Project) -> None:
    before = persons(shop)
    shop.decide("C1", "W1", "different")
    shop.run()
    parted = persons(shop)
    assert parted["C1"] != parted["W1"]
    assert before["C1"] in (parted["C1"], parted["W1"])
    (changed,) = shop.show("identity_changes").to_pylist()
    assert (changed["change"], changed["previous_customer_id"]) == ("split", before["C1"])
    (pair,) = [row for row in shop.show("identity_pairs").to_pylist() if row["decision"]]
    assert (pair["band"], pair["decision"], pair["is_together"]) == ("apart", "different", False)
    shop.decide("C1", "W1", "undecided")
    shop.run()
    assert persons(shop) == before
    (changed,) = shop.show("identity_changes").to_pylist()
    assert changed["change"] == "merged"


def test_same_decided_joins_what_the_rules_leave_apart(shop: Project) -> None:
    before = persons(shop)
    assert before["C3"] != before["W3"]
    shop.decide("C3", "W3", "same")
    shop.run()
    after = persons(shop)
    assert after["C3"] == after["W3"]
    assert {n: after[n] for n in ("C1", "C2")} == {n: before[n] for n in ("C1", "C2")}


def test_a_no_of_one_number_holds_for_the_person(shop: Project) -> None:
    lea = persons(shop)["C1"]
    rows = [row for row in shop.show("consent_status").to_pylist() if row["customer_id"] == lea]
    mails = [row for row in rows if row["contact_channel"] == "email" and row["purpose"] == "marketing"]
    assert mails
    assert not any(row["is_contactable"] for row in mails)
    assert {row["reason"] for row in mails} == {"refused"}


def test_an_objection_on_one_number_covers_all_of_the_person(shop: Project) -> None:
    lea = persons(shop)["C1"]
    shop.object("C1")
    shop.run()
    rows = [row for row in shop.show("consent_status").to_pylist() if row["customer_id"] == lea]
    assert {row["reason"] for row in rows} == {"objection"}
    assert lea not in shop.show("assignments")["customer_id"].to_pylist()


def test_erasing_a_person_takes_all_their_numbers(shop: Project) -> None:
    lea, numbers = persons(shop)["C1"], {opaque(shop, "C1"), opaque(shop, "W1")}
    shop.erase("C1")
    shop.run()
    assert {*persons(shop)} == {"C2", "C3", "W3"}
    for table in ("persistent_ids", "identities", "golden_records", "customers", "identity_pairs"):
        values = {value for row in shop.show(table).to_pylist() for value in row.values()}
        assert not values & {lea, *numbers}, table
    (row,) = [row for row in shop.show("reconciliation").to_pylist() if row["source"] == "shop"]
    assert row["used_amount"] == 2 * 100 * sum(10 + month for month in range(1, 7))


def test_when_customer_files_are_gone_people_stay(shop: Project) -> None:
    before = persons(shop)
    text = (shop.folder / "habitue.toml").read_text("utf-8")
    sales = (
        text[: text.index("[sources.cards]")] + text[text.index("[sources.till]") : text.index("[sources.consents]")]
    )
    (shop.folder / "habitue.toml").write_text(sales, "utf-8")
    project.open(shop.folder).run()
    assert persons(shop) == before


def test_golden_record_points_to_the_rows_that_stand(shop: Project) -> None:
    lea = persons(shop)["C1"]
    rows = [row for row in shop.show("golden_records", personal_data=True).to_pylist() if row["customer_id"] == lea]
    stands = {row["attribute"]: (row["source"], row["survivorship"], row["value"]) for row in rows}
    assert stands == {
        "name": ("cards", "only_value", "Léa Morel"),
        "birth_date": ("cards", "only_value", "1980-05-12"),
        "email": ("cards", "only_value", "lea@example.com"),
        "phone": ("cards", "only_value", "+33612345610"),
        "address": ("cards", "only_value", "3 rue du Lac 74000"),
    }


def test_without_resolving_each_number_is_a_person(shop: Project) -> None:
    text = (shop.folder / "habitue.toml").read_text("utf-8")
    (shop.folder / "habitue.toml").write_text(text + "[identity]\nresolve = false\n", "utf-8")
    alone = project.open(shop.folder)
    alone.run()
    found = persons(alone)
    assert found == {number: opaque(alone, number) for number in ("C1", "C2", "C3", "W1", "W3")}
    assert not (alone.workspace.table_path(alone.runs()[-1], "identities")).exists()


def test_personal_data_stay_in_the_people_store(shop: Project) -> None:
    for run in shop.runs():
        for schema in schemas.PUBLIC:
            path = shop.workspace.table_path(run, schema.name)
            if path.exists():
                whole = path.read_bytes()
                for value in (b"Morel", b"MOREL", b"morel", b"lea@example.com", b"33612345610", b"rue du lac"):
                    assert value not in whole, (schema.name, value)
