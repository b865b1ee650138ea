"""People of whom there was no sign for too long: counted by system and reason, and erased in one act.

As of 31 December 2024, the last day of a sale. With 36 months a sign on 30 December 2021 is past, one a day later is
not: the months end that day.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from habitue import project
from habitue.errors import UsageError
from habitue.project import Project
from habitue.report.locale import LANGUAGES
from habitue.workspace.people import People
from support.contents import content
from support.erasable_shop import command

pytestmark = pytest.mark.xdist_group("retention")

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
last_name = "name"
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
[sources.web]
kind = "transactions"
files = "web.csv"
tax = "excluded"
[sources.web.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "account"
net_amount = "amount"
"""
CARDS = """card,name,since
OLD-PROSPECT,Abernathy,2021-12-30
NEW-PROSPECT,Birtwistle,2021-12-31
UNDATED,Cholmondeley,
OLD-BUYER,Dunwoody,2019-01-01
RENEWED,Eversholt,2022-06-01
BUYER,Featherstone,2015-01-01
"""
TILL = """ticket,day,card,amount
1,2020-05-05,OLD-BUYER,10.00
2,2021-12-30,OLD-BUYER,11.00
3,2021-01-01,RENEWED,12.00
4,2021-12-31,BUYER,13.00
5,2024-12-31,,14.00
6,2021-06-01,RETURNER,15.00
7,2022-01-02,RETURNER,-15.00
"""
WEB = """ticket,day,account,amount
1,2021-02-03,W-OLD,20.00
2,2024-02-03,W-NEW,21.00
"""
PAST = {"OLD-PROSPECT": date(2021, 12, 30), "OLD-BUYER": date(2021, 12, 30), "W-OLD": date(2021, 2, 3)}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retention")
    for name, text in {"habitue.toml": SETTINGS, "cards.csv": CARDS, "till.csv": TILL, "web.csv": WEB}.items():
        (folder / name).write_text(text, "utf-8")
    project.open(folder).run()
    return folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def test_who_is_past_the_period(shop: Project) -> None:
    found = shop.retention()
    ids = {People.with_number(shop.folder, number)[0][1]: number for number in PAST}
    assert {ids[row["customer_id"]]: row["last_on"] for row in found.people.to_pylist()} == PAST
    assert [row["last_on"] for row in found.people.to_pylist()] == sorted(PAST.values())
    assert found.counts == [
        {"customer_system": "crm", "reason": "customer", "people_count": 1},
        {"customer_system": "crm", "reason": "prospect", "people_count": 1},
        {"customer_system": "web", "reason": "customer", "people_count": 1},
    ]
    assert (found.undated_count, found.as_of, found.act) == (1, date(2024, 12, 31), None)
    assert found.months == {"prospect": 36, "customer": 36}


def test_the_settings_decide(shop: Project) -> None:
    settings = SETTINGS + "[retention]\nprospects_months = 35\ncustomers_months = 60\n"
    (shop.folder / "habitue.toml").write_text(settings, "utf-8")
    found = project.open(shop.folder).retention()
    assert [(row["reason"], row["people_count"]) for row in found.counts] == [("prospect", 2)]
    (shop.folder / "habitue.toml").write_text(SETTINGS + "[retention]\nprospects_months = 0\n", "utf-8")
    assert "retention.prospects_months" in command(shop.folder, "retention", "--dry-run", code=2)


def test_a_dry_run_changes_nothing(shop: Project) -> None:
    before = {path.name: path.read_bytes() for path in shop.folder.glob("*.[dk][be]*")}
    assert {*before} == {"people.db", "catalogue.db", "habitue.key"}
    told = command(shop.folder, "retention", "--dry-run", "--list")
    assert "3 people are past the period of retention on 31 Dec 2024" in told
    for number, day in (("OLD-BUYER", "30 Dec 2021"), ("W-OLD", "3 Feb 2021")):
        ((_, opaque),) = People.with_number(shop.folder, number)
        assert any(opaque in line and day in line for line in told.splitlines())
        assert number not in told
    assert "Abernathy" not in told
    assert {path.name: path.read_bytes() for path in shop.folder.glob("*.[dk][be]*")} == before


def test_they_are_erased_once_confirmed(shop: Project) -> None:
    for typed in ("yes\n", "2\n", "\n3 people\n"):
        assert "Nobody was erased." in command(shop.folder, "retention", code=2, typed=typed)
    assert People.with_number(shop.folder, "OLD-BUYER")
    told = command(shop.folder, "retention", typed="3\n")
    assert "3 people were erased." in told
    assert "cards.csv: 2 rows" in told
    store = content(shop.folder / "people.db")
    assert not [word for word in (*PAST, "Abernathy", "Dunwoody") if word in store]
    assert {"NEW-PROSPECT", "Cholmondeley", "Eversholt"} <= {w for w in ("NEW-PROSPECT", "Cholmondeley", "Eversholt")
                                                             if w in store}  # fmt: skip
    (act,) = {(row["act"], row["people_count"]) for row in shop.show("audit-log").to_pylist()}
    assert act == ("retention", 3)
    assert "0 people are past" in command(shop.folder, "retention", "--yes")  # the last run is the same
    shop.run()
    assert shop.retention().people.num_rows == 0
    assert shop.show("customers").num_rows == 9 - 3


def test_without_a_question(shop: Project) -> None:
    assert "3 people were erased." in command(shop.folder, "retention", "--yes")


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_said_in_three_languages(shop: Project, language: str) -> None:
    told = command(shop.folder, "retention", "--list", language=language, typed="3\n")
    assert not [word for word in ("rights.", "retention.", "{", "None") if word in told]


def refusal(act: object, **words: object) -> list[str]:
    with pytest.raises(UsageError) as refused:
        act(**words)  # pyright: ignore
    return [told.code for told in refused.value.messages]


def test_when_it_cannot_be_said(shop: Project, tmp_path: Path) -> None:
    assert refusal(shop.retention, erase=2) == ["rights.others_by_now"]
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "habitue.toml").write_text(SETTINGS, "utf-8")
    assert refusal(project.open(tmp_path / "new").retention) == ["run.none_yet"]
    shop.run(date(2021, 12, 31))  # knows nothing of what came later
    assert refusal(shop.retention) == ["rights.run_looks_back"]
