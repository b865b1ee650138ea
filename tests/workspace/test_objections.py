"""Whoever objects to marketing keeps their purchases, and loses segment, score, forecast and every list.

A till of 60 people: K0 to K39 come every thirty days for two years, the others once. As of the end of 2024.
"""

from __future__ import annotations

import csv
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pytest

from habitue import project, schemas
from habitue.project import Project
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace.people import People
from support import serving
from support.erasable_shop import command

pytestmark = pytest.mark.xdist_group("objections")

SETTINGS = """
[engine]
threads = 2
memory = "1GB"
[sources.cards]
kind = "customers"
files = "cards.csv"
customer_system = "crm"
[sources.cards.columns]
source_customer_id = "card"
email = "mail"
enrolled_on = "since"
[sources.till]
kind = "transactions"
files = "till.csv"
tax = "excluded"
customer_system = "crm"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
net_amount = "amount"
"""
AS_OF = date(2024, 12, 31)
MADE_OF = ("assignments", "rfm", "expected_revenue", "critical_customers", "rising", "fading", "customer_profiles")
"""Tables that hold what is made of each customer."""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("objections")
    rows = [
        (f"{at}-{back}", AS_OF - timedelta(days=back + at % 7), f"K{at}", 10 + at)
        for at in range(60)
        for back in (range(0, 730, 30) if at < 40 else [at * 10])
    ]
    with (folder / "till.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ticket", "day", "card", "amount"), *rows])
    cards = [f"K{at},k{at}@example.com,2022-01-0{1 + at % 9}" for at in (*range(5), 70)]
    (folder / "cards.csv").write_text("\n".join(["card,mail,since", *cards]) + "\n", "utf-8")
    (folder / "habitue.toml").write_text(SETTINGS, "utf-8")
    project.open(folder).run()
    return folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def id_of(shop: Project, number: str) -> str:
    ((_, found),) = People.with_number(shop.folder, number)
    return found


def named(shop: Project, table: str, run: str | None = None) -> set[str]:
    return {*shop.show(table, run=run)["customer_id"].to_pylist()}


def test_purchases_stay_and_nothing_is_made_of_them(shop: Project) -> None:
    (first,) = shop.runs()
    buyer, member = id_of(shop, "K39"), id_of(shop, "K70")  # of the most value; one who never bought
    for name in MADE_OF:
        assert name in ("rising", "fading") or buyer in named(shop, name), name
    assert member in named(shop, "assignments")
    facts = {name: shop.show(name) for name in ("transaction_lines", "customer_days", "visits", "customers", "sales")}
    done = shop.object("K39")
    shop.object("crm:K70")
    assert (done.numbers_count, done.act.rows) == (1, {"people.objections": 1})
    assert buyer in named(shop, "critical_customers")  # a run that is made stays as it is

    shop.run()
    for name, before in facts.items():
        assert (
            shop.show(name)
            .drop_columns(["file_id"] if name == "transaction_lines" else [])
            .equals(before.drop_columns(["file_id"] if name == "transaction_lines" else []))
        ), name
    for name in MADE_OF:
        assert not {buyer, member} & named(shop, name), name
    # In no table about people but those that tell what happened.
    tables = [
        schema.name
        for schema in schemas.PUBLIC
        if "customer_id" in schema.names and shop.workspace.table_path(shop.runs()[-1], schema.name).exists()
    ]
    facts_of_them = {name for name in tables if buyer in named(shop, name)}
    assert facts_of_them == {"transaction_lines", "customer_days", "visits", "customers", "customer_ids"}
    segments = shop.show("segments").to_pylist()
    assert sum(row["customers_count"] for row in segments if row["segmentation"] == "strategic") == 61 - 2
    warned = {one["code"]: one["params"] for one in shop.runs()[-1].manifest["warnings"]}
    assert warned["run.objected"] == {"count": 2}
    assert named(shop, "assignments", first.run_id) > named(shop, "assignments")


def test_it_holds_whatever_the_as_of_date(shop: Project) -> None:
    """A run that looks back is processing of today: the objection came before it."""
    shop.object("K39")
    shop.run(date(2024, 6, 30))
    assert id_of(shop, "K39") not in named(shop, "assignments")


def test_moves_between_two_dates_leave_them_out(shop: Project) -> None:
    dates = (date(2023, 12, 31), AS_OF)

    def people() -> int:
        table, _ = shop.transitions(*dates)
        return pc.sum(table["customers_count"]).as_py()

    before = people()
    shop.object("K39")
    shop.run()
    assert people() == before - 1


def test_it_is_append_only_and_goes_with_the_person(shop: Project) -> None:
    shop.object("K39")
    with People.open(shop.folder) as people:
        (first,) = people.forgotten.objections().to_pylist()
        people.forgotten.object([id_of(shop, "K39")], first["captured_at"] + timedelta(days=1))
        people.commit()
        assert people.forgotten.objections().num_rows == 2
    assert (first["source_customer_id"], first["source"]) == (id_of(shop, "K39"), "command")
    assert People.objected_on(shop.folder, [id_of(shop, "K39")]) == first["captured_at"].date() + timedelta(days=1)
    shop.erase("K39")
    with People.open(shop.folder) as people:
        assert people.forgotten.objections().num_rows == 0


def test_pages_name_them_nowhere_but_on_their_own(shop: Project) -> None:
    buyer = id_of(shop, "K39")
    shop.object("K39")
    shop.run()
    with serving.site([shop]) as site:
        for page in ("customers", "value", "segments", "today", "stores"):
            answer = site.get(f"/shop/en/{page}")
            assert (answer.status, buyer in answer.text) == (200, False), page
        own = site.get(f"/shop/en/customers/{buyer}")
        assert own.status == 200
        assert "Objected to marketing on" in own.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_explained(shop: Project, language: str) -> None:
    told = command(shop.folder, "object", "K39", language=language)
    assert not [word for word in ("rights.", "{", "None") if word in told]
    words = Words(language, strict=True)
    said = words.text("explain.objected", day=People.objected_on(shop.folder, [id_of(shop, "K39")]))
    told = command(shop.folder, "explain", "K39", language=language)  # of the run before it
    assert said in told
    told = command(shop.folder, "run", language=language)
    assert words.text("run.objected", count=1) in told
    told = command(shop.folder, "explain", "K39", language=language)
    assert said in told
    assert words.text("explain.heading.scores") not in told
    assert said not in command(shop.folder, "explain", "K38", language=language)
