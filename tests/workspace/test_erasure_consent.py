"""Erasing and objecting where consent and delivery files are: hashes, proofs and refusals go, addresses stay closed."""

from __future__ import annotations

import hmac
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from habitue import project
from habitue.project import Project
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace.people import People
from support.contents import content
from support.erasable_shop import ALL_SALES, HEAD, HIS_ADDRESSES, SAID_HEAD, command, leaks, write_consents

pytestmark = pytest.mark.xdist_group("erasure-consent")

CARD = "ZQ-778811"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop after a run; copied before it is changed."""
    folder = write_consents(tmp_path_factory.mktemp("erasure-consent") / "shop")
    project.open(folder).run()
    return folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def id_of(shop: Project, number: str) -> str:
    ((_, found),) = People.with_number(shop.folder, number)
    return found


def his_hashes(folder: Path) -> dict[str, str]:
    key = bytes.fromhex((folder / "habitue.key").read_text())
    return {value: hmac.new(key, f"{kind}\0{value}".encode(), "sha256").hexdigest() for kind, value in HIS_ADDRESSES}


def with_hash(folder: Path, hashed: str) -> set[str]:
    """Files that have a hash, by source or run."""
    found = [path for path in folder.rglob("*") if path.is_file() and hashed in content(path)]
    return {path.relative_to(folder).parts[1 if path.is_relative_to(folder / "staged") else 0] for path in found}


def stored(folder: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(folder / "people.db")) as store:
        return store.execute(sql).fetchall()


def without_hashes(table: pa.Table) -> Counter[str]:
    return Counter(str({**row, "address_hash": None}) for row in table.to_pylist())


def warned(shop: Project) -> dict[str, Any]:
    return {one["code"]: one["params"] for one in shop.runs()[-1].manifest["warnings"]}


def reasons(shop: Project, number: str) -> dict[str, set[str]]:
    told: dict[str, set[str]] = {}
    for row in shop.show("consent_status").to_pylist():
        if row["customer_id"] == id_of(shop, number):
            told.setdefault(row["contact_channel"], set()).add(row["reason"])
    return told


def counts(shop: Project, channel: str) -> dict[str, int]:
    rows = shop.show("contactable").to_pylist()
    return {row["reason"]: row["customers_count"] for row in rows if row["contact_channel"] == channel}


def test_he_is_there_to_be_found(shop: Project) -> None:
    assert {*leaks(shop.folder)} == {"people.db"}
    assert {"recording 4711", "form Q-9", "letter of Z"} <= {*leaks(shop.folder)["people.db"]}
    for value, hashed in his_hashes(shop.folder).items():
        assert "runs" in with_hash(shop.folder, hashed), value


def test_nothing_of_him_is_left_and_nothing_comes_back(shop: Project) -> None:
    folder, hashes, opaque = shop.folder, his_hashes(shop.folder), id_of(shop, CARD)
    tables = ("consent_events", "address_states", "consent_status", "contactable", "consent_reviews")
    before = {name: shop.show(name) for name in tables}
    done = shop.erase(CARD)
    assert leaks(folder) == {}
    rows = {name: count for name, count in done.act.rows.items() if name != "runs"}
    assert rows == {
        # 7 as without consent; three permissions and refusals, four events of the router, one of the operator
        "staged": 15, "people.customer_numbers": 1, "people.source_customers": 1, "people.consent_proofs": 3,
        "people.consent_refusals": 3, "outside": 13,
    }  # fmt: skip
    assert {one.name: one.rows for one in done.outside} == {
        "cards.csv": 1, "till_2024-02-10.csv": 2, "till_2024-03-10.csv": 2, "web.csv": 2,
        # by number, address and telephone as written; by the address without a plus part; by the number in E.164
        "said.csv": 3, "router.csv": 2, "operator.csv": 1,
    }  # fmt: skip
    # In the run that is kept rows and counts stay, and nothing leads from an address to him.
    for name in tables:
        assert without_hashes(shop.show(name)) == without_hashes(before[name]), name
    assert opaque in shop.show("consent_status")["customer_id"].to_pylist()
    for value, hashed in hashes.items():
        assert with_hash(folder, hashed) == {"people.db"}, value
    suppressed = stored(folder, "SELECT kind, address_hash FROM suppressed_addresses")
    assert {*suppressed} == {(kind, hashes[value]) for kind, value in HIS_ADDRESSES}

    for again in (False, True):
        if again:
            shutil.rmtree(folder / "staged")
            (folder / "said.csv").rename(folder / "said_again.csv")
        shop.run()
        assert leaks(folder) == {}
        assert pc.sum(shop.show("transaction_lines")["kept_amount"]).as_py() == round(ALL_SALES * 100)
        told = warned(shop)
        assert (told["run.erased_consents"], told["run.erased_delivery_events"]) == ({"count": 2}, {"count": 5})
        # A refusal without a day may be another's: it stands, by its address alone and without its proof.
        for value, hashed in hashes.items():
            kept = {"people.db", "said", "runs"} if value.startswith("+") else {"people.db"}
            assert with_hash(folder, hashed) == kept, value
        refusals = stored(folder, "SELECT event, address_hash, happened_on FROM consent_refusals ORDER BY event")
        assert refusals == [("objection", None, "2024-02-01"), ("opt_out", hashes["+33699887766"], None)]
        assert [proof for (proof,) in stored(folder, "SELECT proof_reference FROM consent_proofs")] == [
            "form P-1", "letter X-2",
        ]  # fmt: skip
        assert sum(counts(shop, "email").values()) == 2


def test_whoever_has_the_address_later_opens_it_later(shop: Project) -> None:
    folder = shop.folder
    shop.erase(CARD)
    with closing(sqlite3.connect(folder / "people.db")) as store:
        store.execute("UPDATE suppressed_addresses SET since = '2024-02-20 10:00:00'")
        store.commit()
    rows = "NW-500600,Q,Y,Zebulon.Quagmire@example.com,0699887766,,,,,,\nNW-500700,R,Z,zeb.second@example.net,,,,,,,\n"
    (folder / "cards_new.csv").write_text(HEAD + rows, "utf-8")
    said = "NW-500600,,,email,yes,2024-02-19,\nNW-500600,,,sms,yes,2024-02-20,\n"
    said += ",zeb.second@example.net,,email,yes,2024-02-21,\n"
    (folder / "said_new.csv").write_text(SAID_HEAD + said, "utf-8")
    shop.run()
    # The refusal without a day stands, too: it may be theirs.
    assert reasons(shop, "NW-500600") == {"email": {"suppressed"}, "sms": {"refused"}, "phone": {"suppressed"}}
    assert reasons(shop, "NW-500700") == {"email": {"contactable"}}
    assert counts(shop, "email")["suppressed"] == 1
    decided = {row["decided_by"] for row in shop.show("consent_status").to_pylist() if row["reason"] == "suppressed"}
    assert decided == {"suppressed"}


def test_an_objection_stops_contact_and_profiling(shop: Project) -> None:
    """Philippa said yes to e-mail and objects by command; Waldo objected in a file."""
    philippa, waldo = id_of(shop, "PV-100200"), id_of(shop, "WX-300400")
    assert reasons(shop, "PV-100200")["email"] == {"contactable"}
    made = {*shop.show("assignments")["customer_id"].to_pylist()}
    assert philippa in made
    assert waldo not in made
    assert warned(shop)["run.objected"] == {"count": 1}
    said = Words("en").text("explain.objected", day=date(2024, 2, 1))
    assert said in command(shop.folder, "explain", "WX-300400")
    assert said not in command(shop.folder, "explain", "PV-100200")
    shop.object("PV-100200")
    (shop.folder / "cards_new.csv").write_text(HEAD + "PV-100200,Philippa,Vanterpool,p@example.org,,,,,,,\n", "utf-8")
    shop.run()
    told = reasons(shop, "PV-100200")
    assert {reason for found in told.values() for reason in found} == {"objection"}
    assert counts(shop, "email") == {"objection": 1, "no_address": 1, "no_consent": 1}
    assert {*shop.show("assignments")["customer_id"].to_pylist()} == made - {philippa}
    assert warned(shop)["run.objected"] == {"count": 2}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_run_says_it_in_three_languages(language: str) -> None:
    words = Words(language, strict=True)
    for kind in ("consents", "delivery_events"):
        for count in (1, 2, 5):
            assert str(count) in words.text(f"run.erased_{kind}", count=count)


def test_the_export_has_what_is_known_by_address_alone(shop: Project, tmp_path: Path) -> None:
    command(shop.folder, "export-subject", CARD, "-o", str(tmp_path / "his"))
    events = (tmp_path / "his" / "runs" / "consent_events.csv").read_text("utf-8")
    assert {word for word in ("unsubscribed", "opted_out", "opt_in", "opt_out") if f",{word}," in events} == {
        "unsubscribed", "opted_out", "opt_in", "opt_out",
    }  # fmt: skip
    assert "recording 4711 of Zebulon" in (tmp_path / "his" / "people" / "consent_proofs.csv").read_text("utf-8")
    assert "P-1" not in (tmp_path / "his" / "people" / "consent_proofs.csv").read_text("utf-8")
