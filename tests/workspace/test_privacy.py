"""Names, addresses and customer numbers stay in the people store: nothing else of a project has them.

A small project with recognisable people goes through every command; then every file but the user's own input and the
people store is read (Parquet and SQLite by their content, not their bytes only), and so is all that was printed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from habitue.errors import HabitueError
from habitue.report.console import check_lines
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace.runs import SHOWN_BY_CHECK
from support.contents import content

pytestmark = pytest.mark.xdist_group("privacy")

SETTINGS = """
[project]
time_zone = "Europe/Paris"
[tolerance]
rows = 1
amount = 1
[engine]
threads = 2
memory = "1GB"
[shared_cards]
listed = "ZQ-778812"
[[populations]]
population = "staff"
customers = "zebulon.quagmire@example.com"
[sources.cards]
kind = "customers"
files = "cards*.csv"
customer_system = "crm"
[sources.cards.columns]
source_customer_id = "card"
first_name = "first"
last_name = "last"
email = "mail"
phone = "tel"
address = ["street", "more"]
postcode = "zip"
city = "town"
birth_date = "born"
enrolled_on = "since"
note = "remark"
[sources.till]
kind = "transactions"
tax = "excluded"
files = "till*.csv"
customer_system = "crm"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "date"
source_customer_id = "card"
net_amount = "amount"
store_id = "shop"
[sources.web]
kind = "transactions"
tax = "excluded"
files = "web.csv"
transaction_key = ["sold_on", "source_customer_id"]
[sources.web.columns]
sold_at = "date"
source_customer_id = "buyer"
net_amount = "amount"
[sources.kiosk]
kind = "transactions"
tax = "excluded"
files = "kiosk.csv"
[sources.kiosk.columns]
transaction_id = "ticket"
sold_at = "date"
net_amount = "amount"
"""
# The second row has one cell too many, the third a quote that never closes, the fourth lacks its number.
CARDS = """card,first,last,mail,tel,street,more,zip,town,born,since,remark
ZQ-778811,Zebulon,Quagmire,zebulon.quagmire@example.com,0699887766,17 impasse des Lilas,BP 4711,QZ97133,Gustavia,\
23/11/1971,31/12/2019,diabetic
ZQ-778812,Philippa,Vanterpool,philippa.vanterpool@example.com,0699887755,,,QZ97150,Marigot,05/10/1969,\
01/02/2020,,Philippa again
ZQ-778813,"Zebulon,Quagmire,zebulon.quagmire@example.com,0699887766,,,QZ97133,Gustavia,,,
,Philippa,Vanterpool,philippa.vanterpool@example.com,0699887755,,,QZ97150,Marigot,,,
ZQ-778812,Philippa,Vanterpool,philippa.vanterpool@example.com,0699887755,,,QZ97150,Marigot,05/10/1969,01/02/2020,
"""
# Shifted cells, a note that is only an address, a total by customer, codes that a sheet has ruined.
TILL = """ticket,date,card,amount,shop,seller
1,2025-01-10,ZQ-778811,10.00,S1,x
2,2025-01-31,ZQ-778812,20.00,S1,x
3,zebulon.quagmire@example.com,2025-01-31,20.00,S1,x
4,0699887766,ZQ-778811,20.00,S1,x
5,2025-01-31,ZQ-778811,Zebulon Quagmire,S1,x
6,2025-01-31,ZQ-778811,+33699887766,S1,x
7,19711123x,ZQ-778811,1.50,S1,x
8,2025-02-01,ZQ-778811,1.00,S1,x,Zebulon Quagmire
9,2025-02-01,"ZQ-778811,1.00,S1,x
,,zebulon.quagmire@example.com,,,
,Total Zebulon Quagmire,ZQ-778811,30.00,,
10,2025-02-02,6.99887766E+12,4.00,S2,x
11,2025-02-03,,5.00,S2,x
11,2025-02-03,,-5.00,S2,x
12,2025-02-04,ZQ-778811,6.00,S2,x
12,2025-02-04,ZQ-778812,6.00,S2,x
13,1971-11-23,ZQ-778811,6.00,S2,x
"""
TILL_AGAIN = """ticket,date,card,amount,shop,seller
1,2025-01-10,ZQ-778811,12.00,S1,x
"""
WEB = """date,buyer,amount
2025-01-10 10:00,Zebulon.Quagmire@example.com,30.00
2025-01-10 11:00,philippa.vanterpool@example.com,40.00
2025-01-11 11:00,,50.00
soon,zebulon.quagmire@example.com,50.00
"""
# No customer column is mapped, but the file has one.
KIOSK = """ticket,date,amount,guest
1,2025-01-10,3.00,zebulon.quagmire@example.com
2,2025-01-10,3.00,zebulon.quagmire@example.com,0699887766
3,2025-01-10,"3.00,zebulon.quagmire@example.com
"""
NEEDLES = (
    "ZQ-7788", "Zebulon", "Quagmire", "Philippa", "Vanterpool", "@example.com", "0699887766", "0699887755",
    "impasse des Lilas", "BP 4711", "QZ971", "Gustavia", "Marigot", "23/11/1971", "05/10/1969",
    "19711123", "diabetic", "99887766",
)  # fmt: skip
QUARANTINE = ("show", "quarantine", "--format", "json")


def found_in(text: str) -> list[str]:
    return [needle for needle in NEEDLES if needle.casefold() in text.casefold()]


def habitue(folder: Path, *words: str, language: str = "en", code: int = 0) -> str:
    done = CliRunner().invoke(app, ["--lang", language, words[0], "-p", str(folder), *words[1:]])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    files = {"habitue.toml": SETTINGS, "cards.csv": CARDS, "web.csv": WEB, "kiosk.csv": KIOSK,
             "till_2025-02-01.csv": TILL, "till_2025-02-02.csv": TILL_AGAIN}  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(shop: Path) -> str:
    """What the commands print on the project (`check` from the tables of the run: a second cycle says no more)."""
    report = ("report", "-o", str(shop / "report.html"))
    said = [habitue(shop, *words) for words in (("run",), ("runs",), report, QUARANTINE)]
    opened = project.open(shop)
    said += [habitue(shop, "explain", row["customer_id"]) for row in opened.show("customers").to_pylist()]
    tables = {name: opened.show(name) for name in SHOWN_BY_CHECK}
    said += check_lines(tables, opened.runs()[0].manifest, Words("en", strict=True))
    return "\n".join(said)


def test_the_people_are_there_to_be_found(shop: Path, ran: str) -> None:
    """The opposite of what follows: the store and `--personal-data` have them, so the search would find them."""
    assert ran
    assert {"ZQ-7788", "Zebulon", "0699887766", "diabetic"} <= {*found_in(content(shop / "people.db"))}
    told = habitue(shop, "show", "source-customers", "--format", "json", "--personal-data")
    assert {"ZQ-7788", "Zebulon", "BP 4711"} <= {*found_in(told)}
    lines = json.loads(habitue(shop, "show", "transaction-lines", "--format", "json", "--personal-data"))
    assert {line["customer_number"] for line in lines} == {
        None, "ZQ-778811", "ZQ-778812", "zebulon.quagmire@example.com", "philippa.vanterpool@example.com",
    }  # fmt: skip
    assert found_in(content(shop / "cards.csv"))


def test_every_fault_of_the_files_was_met(shop: Path, ran: str) -> None:
    assert ran
    refused = json.loads(habitue(shop, *QUARANTINE))
    reasons = {row["reason"] for row in refused}
    assert reasons >= {
        "malformed_row", "too_many_fields", "date_unreadable", "amount_unreadable", "before_earliest", "key_missing",
    }  # fmt: skip
    assert json.loads(habitue(shop, "show", "ticket-conflicts", "--format", "json"))


def test_no_other_file_of_the_project_has_them(shop: Path, ran: str) -> None:
    assert ran
    names = ("habitue.toml", "people.db", "cards.csv", "web.csv", "kiosk.csv")
    own = {*(shop / name for name in names), *shop.glob("till_*.csv")}
    files = [path for path in shop.rglob("*") if path.is_file() and path not in own]
    kinds = {path.suffix for path in files}
    assert {".parquet", ".json", ".html", ".db"} <= kinds
    assert sum(path.suffix == ".parquet" for path in files) > 20
    leaks = {str(path.relative_to(shop)): found for path in files if (found := found_in(content(path)))}
    assert leaks == {}


def test_nothing_printed_has_them(ran: str) -> None:
    lines = [line for line in ran.splitlines() if found_in(line)]
    assert lines == []


def test_tickets_keyed_by_customer_stay_apart(shop: Path, ran: str) -> None:
    assert ran
    lines = json.loads(habitue(shop, "show", "transaction-lines", "--format", "json"))
    tickets = {line["transaction_id"]: line["source_customer_id"] for line in lines if line["source"] == "web"}
    assert len(tickets) == 3
    assert all(ticket == f"{ticket[:10]}|{customer or ''}" for ticket, customer in tickets.items())


def test_no_error_tells_them(tmp_path: Path) -> None:
    """No headers, headers that changed, day and month contradicted in the birth dates: all told in one go."""
    cards, till = (SETTINGS.split(f"[sources.{name}]")[1].split("[sources.")[0] for name in ("cards", "till"))
    columns = {name: SETTINGS.split(f"[sources.{name}.columns]")[1].split("[sources.")[0] for name in ("cards", "till")}
    files = {"a": CARDS.split("\n", 1)[1], "b": CARDS.replace("card,first", "no,first"),
             "c": CARDS.replace("05/10/1969", "11/23/1971"), "d": TILL.split("\n", 1)[1]}  # fmt: skip
    settings = ""
    for name, text in files.items():
        kind, declared = ("till", till) if name == "d" else ("cards", cards)
        lines = [line for line in declared.splitlines() if not line.startswith("files")]
        settings += f"[sources.{name}]\nfiles = '{name}.csv'\n" + "\n".join(lines)
        settings += f"\n[sources.{name}.columns]{columns[kind]}\n"
        (tmp_path / f"{name}.csv").write_text(text, "utf-8")
    (tmp_path / "habitue.toml").write_text(settings, "utf-8")
    with pytest.raises(HabitueError) as raised:
        project.open(tmp_path).check()
    faults = raised.value.messages
    assert {(fault.params["source"], fault.code.partition(".")[0]) for fault in faults} == {
        ("a", "source"), ("b", "source"), ("c", "dates"), ("d", "source"),
    }  # fmt: skip
    told = [str(raised.value), *(Words(lang, strict=True).say(fault) for lang in LANGUAGES for fault in faults)]
    assert [line for line in told if found_in(line)] == []
