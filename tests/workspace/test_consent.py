"""Consent through a project: hashes and their key, what goes to the people store, ages, and what is kept of texts."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from habitue.workspace.keys import FILE_NAME, kept_key, keyed_hash, project_key

pytestmark = pytest.mark.xdist_group("consent-workspace")

SETTINGS = """
[project]
time_zone = "Europe/Paris"
[engine]
threads = 2
memory = "1GB"
[sources.crm]
kind = "customers"
files = "crm*.csv"
export_date = "crm_%Y%m%d"
[sources.crm.columns]
source_customer_id = "card"
email = "mail"
phone = "tel"
address = "street"
postcode = "zip"
city = "town"
birth_date = "born"
[sources.said]
kind = "consents"
files = "said.csv"
customer_system = "crm"
[sources.said.columns]
source_customer_id = "card"
email = "mail"
phone = "tel"
contact_channel = "way"
status = "says"
captured_at = "day"
proof_reference = "proof"
[sources.post]
kind = "delivery_events"
files = "post.csv"
[sources.post.columns]
address = ["street", "place"]
event = "what"
happened_at = "day"
[sources.post.values]
contact_channel = "print"
[sources.router]
kind = "delivery_events"
files = "router.csv"
[sources.router.columns]
email = "mail"
event = "what"
happened_at = "day"
detail = "text"
[sources.router.values]
contact_channel = "email"
"""
# The later export takes the second e-mail address of K1 back, and K2's telephone is a landline.
CRM_OLD = """card,mail,tel,street,zip,town,born
K1,zebulon.old@example.com,06 98 87 76 65,17 impasse des Lilas,97133,Gustavia,1971-11-23
"""
CRM = """card,mail,tel,street,zip,town,born
K1,Zebulon@Example.com ,06 98 87 76 65,"17, Impasse des LILAS",97133,Gustavia,1971-11-23
K2,philippa@example.com,01 42 68 53 00,,,,2010-05-05
K3,not an address,123,,97150,Marigot,
"""
SAID = """card,mail,tel,way,says,day,proof
K1,zebulon@example.com,,e-mail,oui,2024-01-05,recording-4711 of Zebulon
K1,,+33 6 98 87 76 65,SMS,да,2024-01-05,
K2,philippa@example.com,,email,yes,2024-01-05,
K2,,0142685300,sms,yes,2024-01-05,
K3,nobody at all,,email,yes,2024-01-05,
K3,nobody at all,,email,no,2024-01-05,
K9,,,email,no,2024-01-05,
"""
POST = """street,place,what,day
17 impasse des Lilas,97133 GUSTAVIA,NPAI,2024-02-01
nowhere,,NPAI,2024-02-01
"""
ROUTER = """mail,what,day,text
zebulon@example.com,bounce,2024-02-01,452 4.2.2 mailbox of Zebulon full
zebulon@example.com,unsubscribe,2024-07-02,too many letters for Zebulon
zebulon@example.com,address_changed,2024-03-01,zebulon.new@example.com
zebulon@example.com,bounce,,452 4.2.2 mailbox full
zebulon@example.com,hocus,2024-02-02,
"""
NEEDLES = (
    "zebulon",
    "philippa",
    "98877665",
    "42685300",
    "impasse des lilas",
    "gustavia",
    "recording-4711",
    "example.com",
)


def habitue(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["--lang", "en", words[0], "-p", str(folder), *words[1:]])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def shown(folder: Path, name: str, *options: str) -> list[dict[str, Any]]:
    return json.loads(habitue(folder, "show", name, "--format", "json", *options))


def written(folder: Path) -> Path:
    files = {"habitue.toml": SETTINGS, "crm_20240101.csv": CRM_OLD, "crm_20240601.csv": CRM, "said.csv": SAID,
             "post.csv": POST, "router.csv": ROUTER}  # fmt: skip
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def ran(shop: Path) -> str:
    return habitue(shop, "run", "--as-of", "2024-06-30")


def test_a_look_makes_no_key(tmp_path: Path) -> None:
    habitue(written(tmp_path), "check", "--as-of", "2024-06-30")
    assert not (tmp_path / FILE_NAME).exists()
    assert not (tmp_path / "people.db").exists()


def test_reasons_through_a_run(shop: Path, ran: str) -> None:
    assert "1 refusal came after 30 June 2024" in ran or "1 refusal came after 30 Jun 2024" in ran
    status = shown(shop, "consent-status", "--personal-data")
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in status:
        reasons.setdefault((row["customer_number"], row["contact_channel"]), []).append(row["reason"])
    assert {key: sorted(found) for key, found in reasons.items()} == {
        # The new address was not among those the yes named; the old one is blocked since the move.
        ("K1", "email"): ["moved", "no_consent"], ("K1", "sms"): ["contactable"], ("K1", "phone"): ["no_consent"],
        ("K1", "print"): ["undeliverable"],
        ("K2", "email"): ["minor"], ("K2", "sms"): ["minor"], ("K2", "phone"): ["minor"],
        ("K3", "email"): ["refused"], ("K3", "sms"): ["no_consent"], ("K3", "phone"): ["no_consent"],
    }  # fmt: skip


def test_rows_without_an_address_or_a_day_are_in_quarantine(shop: Path, ran: str) -> None:
    assert ran
    refused = {(row["file"], row["row_number"]): (row["reason"], row["value"]) for row in shown(shop, "quarantine")}
    assert refused == {
        ("said.csv", 6): ("address_unreadable", None),
        ("post.csv", 3): ("address_unreadable", None),
        ("router.csv", 5): ("date_missing", None),
        ("router.csv", 6): ("event_unknown", "xxxxx"),
    }
    files = {row["file"]: row["rows"] for row in shown(shop, "files")}
    assert files == {"crm_20240101.csv": 1, "crm_20240601.csv": 3, "said.csv": 7, "post.csv": 2, "router.csv": 5}


def test_age_is_not_looked_at_if_told_so(shop: Path, ran: str, tmp_path: Path) -> None:
    assert ran
    written(tmp_path)
    (tmp_path / "habitue.toml").write_text(SETTINGS + "[consent]\nadult_age = 0\n", "utf-8")
    habitue(tmp_path, "run", "--as-of", "2024-06-30")
    mine = [row for row in shown(tmp_path, "consent-status", "--personal-data") if row["customer_number"] == "K2"]
    assert {row["contact_channel"]: row["reason"] for row in mine} == {
        "email": "contactable", "sms": "not_a_mobile", "phone": "no_consent",
    }  # fmt: skip


def test_only_the_people_store_knows_who_it_is(shop: Path, ran: str) -> None:
    assert ran
    inputs = {*shop.glob("*.csv"), shop / "habitue.toml", shop / "people.db"}
    for path in [found for found in shop.rglob("*") if found.is_file() and found not in inputs]:
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            text += json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
        if path.suffix == ".db":
            with closing(sqlite3.connect(path)) as database:
                text += "\n".join(database.iterdump())
        assert [needle for needle in NEEDLES if needle in text.casefold()] == [], path
    proofs = [row["proof_reference"] for row in shown(shop, "consent-events", "--personal-data")]
    assert [proof for proof in proofs if proof] == ["recording-4711 of Zebulon"]


def test_hashes_are_keyed(shop: Path, ran: str) -> None:
    assert ran
    path = shop / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = kept_key(shop)
    assert re.fullmatch("[0-9a-f]{64}", path.read_text("ascii"))
    addresses = {row["address_hash"] for row in shown(shop, "consent-status")} - {None}
    assert {keyed_hash(key, "email", "zebulon@example.com"), keyed_hash(key, "phone", "+33698877665")} <= addresses
    assert keyed_hash(key, "email", "zebulon.old@example.com") not in addresses
    assert keyed_hash(b"another key", "email", "zebulon@example.com") not in addresses


def test_a_lost_key_has_the_files_read_anew(shop: Path, ran: str, tmp_path: Path) -> None:
    assert ran
    written(tmp_path)
    habitue(tmp_path, "run", "--as-of", "2024-06-30")
    before = shown(tmp_path, "contactable")
    (tmp_path / FILE_NAME).unlink()
    habitue(tmp_path, "run", "--as-of", "2024-06-30")
    assert {row["is_reused"] for row in shown(tmp_path, "files")} == {False}
    assert shown(tmp_path, "contactable") == before
    habitue(tmp_path, "run", "--as-of", "2024-06-30")
    assert {row["is_reused"] for row in shown(tmp_path, "files")} == {True}


def test_the_key_is_made_once(tmp_path: Path) -> None:
    key = project_key(tmp_path)
    assert project_key(tmp_path) == kept_key(tmp_path) == key
    assert len(key) == 32
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_faults_of_the_settings_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "habitue.toml").write_text(
        '[consent]\njurisdiction = "XX"\nunclear_stop = "perhaps"\ntemporary_bounces = 0\n'
        '[sources.a]\nkind = "consents"\nfiles = "a.csv"\n[sources.a.columns]\nmail = "m"\n'
        '[sources.a.status_words]\nja = "perhaps"\n'
        '[sources.b]\nkind = "delivery_events"\nfiles = "b.csv"\n[sources.b.columns]\nevent = "e"\n',
        "utf-8",
    )
    with pytest.raises(project.HabitueError) as raised:
        project.open(tmp_path)
    places = {told.params.get("place") for told in raised.value.messages}
    assert {"consent.jurisdiction", "consent.unclear_stop", "consent.temporary_bounces", "sources.b.columns",
            "sources.a.status_words.ja"} <= places  # fmt: skip


def test_a_refusal_outlives_its_file(tmp_path: Path) -> None:
    written(tmp_path)
    columns = "[sources.said.columns]\nsource_customer_id"
    settings = SETTINGS.replace("[sources.post]", "[sources.none]").replace("post.csv", "none.csv")
    settings = re.sub(r"\[sources\.none\].*?(?=\[sources\.router\]\n)", "", settings, flags=re.DOTALL)
    (tmp_path / "habitue.toml").write_text(settings, "utf-8")
    rows = "card,mail,tel,way,says,day,proof\n"
    (tmp_path / "said.csv").write_text(rows + "K1,,,email,yes,2024-01-05,\nK1,,,sms,no,2024-02-05,\n", "utf-8")
    assert columns in settings

    def reasons() -> dict[str, set[str]]:
        told: dict[str, set[str]] = {}
        for row in shown(tmp_path, "consent-status", "--personal-data"):
            if row["customer_number"] == "K1":
                told.setdefault(row["contact_channel"], set()).add(row["reason"])
        return told

    habitue(tmp_path, "run", "--as-of", "2024-06-30")
    assert (reasons()["email"], reasons()["sms"]) == ({"contactable", "moved"}, {"refused"})
    # The next export has neither line: the yes is gone, the no stays, and what the router said after the day stays.
    (tmp_path / "said.csv").write_text(rows + "K2,,,email,yes,2024-01-05,\n", "utf-8")
    (tmp_path / "router.csv").write_text("mail,what,day,text\n", "utf-8")
    said = habitue(tmp_path, "run", "--as-of", "2024-07-31")
    assert "2 refusals of files or exports that are gone still count" in said
    assert (reasons()["email"], reasons()["sms"]) == ({"unsubscribed"}, {"refused"})
    # Read again otherwise, a file replaces what was kept of it.
    (tmp_path / "said.csv").write_text(rows + "K1,,,email,yes,2024-01-05,\nK1,,,sms,no,2024-02-05,\n", "utf-8")
    words = '[sources.said.status_words]\nno = "opt_in"\n'
    (tmp_path / "habitue.toml").write_text(settings + words, "utf-8")
    habitue(tmp_path, "run", "--as-of", "2024-07-31")
    assert reasons()["sms"] == {"contactable"}
