"""Erasing one person: nothing of them is left in the workspace, nothing comes back, and totals stay."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from filelock import FileLock

from habitue import project
from habitue.errors import UsageError
from habitue.project import Project
from habitue.report.console_rights import erased_lines
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace.catalogue import Catalogue
from habitue.workspace.guards import LOCK, is_locked
from habitue.workspace.keys import project_key
from habitue.workspace.people import People
from support.contents import content
from support.erasable_shop import ALL_SALES, HEAD, NEEDLES, SETTINGS, ZEBULON, command, leaks, write

pytestmark = pytest.mark.xdist_group("erasure")

CARD = "ZQ-778811"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop after a run; copied before it is changed."""
    folder = write(tmp_path_factory.mktemp("erasure") / "shop")
    project.open(folder).run()
    return folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def refusal(act: object, *words: object) -> list[str]:
    with pytest.raises(UsageError) as refused:
        act(*words)  # pyright: ignore
    return [told.code for told in refused.value.messages]


def total(table: pa.Table, column: str) -> int:
    return pc.sum(table[column]).as_py() or 0


def totals(shop: Project) -> dict[str, int]:
    """What reconciles, over all files and people."""
    recon, lines = shop.show("reconciliation"), shop.show("transaction_lines")
    found = {name: total(recon, name) for name in recon.column_names if name.endswith(("_amount", "_rows"))}
    return found | {"lines": lines.num_rows, "kept": total(lines, "kept_amount")}


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def id_of(shop: Project, number: str) -> str:
    ((_, found),) = People.with_number(shop.folder, number)
    return found


def test_he_is_there_to_be_found(shop: Project) -> None:
    assert {*leaks(shop.folder)} == {"people.db"}
    assert {"ZQ-7788", "Zébulon", "06 99 88 77 66", "diabetic"} <= {*leaks(shop.folder)["people.db"]}


def test_nothing_of_him_is_left_and_nothing_comes_back(shop: Project) -> None:
    folder, opaque = shop.folder, id_of(shop, CARD)
    frozen, before, consent = digests(folder / "runs"), totals(shop), shop.show("consent_status")
    assert before["kept"] == round(ALL_SALES * 100)
    done = shop.erase(CARD)
    assert leaks(folder) == {}
    # Earlier runs keep their figures, under an id that is nobody's; hashes of his addresses lead nowhere.
    now = digests(folder / "runs")
    assert {Path(name).name for name in now if now[name] != frozen[name]} == {"consent_status.parquet"}
    after = shop.show("consent_status")
    assert after.drop_columns("address_hash").equals(consent.drop_columns("address_hash"))
    his = pc.equal(consent["customer_id"], opaque)
    assert not {*consent.filter(his)["address_hash"].to_pylist()} & {*after["address_hash"].to_pylist()}
    assert after.filter(pc.invert(his)).equals(consent.filter(pc.invert(his)))
    assert People.numbers_of(folder, [opaque]) == {}
    assert {"Philippa", "WX-300400"} <= {
        word for word in ("Philippa", "WX-300400") if word in content(folder / "people.db")
    }
    assert done.sharing == ()

    shop.run()
    assert leaks(folder) == {}
    assert totals(shop) == before
    assert shop.show("customers").num_rows == 2
    lines = shop.show("transaction_lines")
    assert opaque not in lines["source_customer_id"].to_pylist()
    nobodys = lines.filter(pc.is_null(lines["source_customer_id"]))
    assert total(nobodys, "kept_amount") == 1000 + 700 + 3000 + 50 + 2000
    warned = {one["code"]: one["params"] for one in shop.runs()[-1].manifest["warnings"]}
    # tickets 1, 4, 4 again and 7 of the tills, two lines of the web
    assert warned["run.erased_transactions"] == {"count": 6}
    assert warned["run.erased_customers"] == {"count": 1}

    (folder / "cards_new.csv").write_text(HEAD + ZEBULON, "utf-8")  # a later export still has him
    shutil.rmtree(folder / "staged")
    shop.run()
    assert leaks(folder) == {}
    assert totals(shop)["kept"] == before["kept"]
    assert shop.show("customers").num_rows == 2


def test_keys_hold_where_the_customer_is_part_of_the_ticket(shop: Project) -> None:
    """On the web his two lines of 5.00 and the two of nobody make one ticket of four lines, numbered through."""
    shop.erase(CARD)
    shop.run()
    lines = shop.show("transaction_lines")
    web = [row for row in lines.to_pylist() if row["source"] == "web" and row["source_customer_id"] is None]
    assert [(row["transaction_id"], row["line_number"], row["net_amount"]) for row in web] == [
        ("2024-01-10|", number, 500) for number in (1, 2, 3, 4)
    ]
    keys = Counter((row["source"], row["transaction_id"], row["line_number"]) for row in lines.to_pylist())
    assert max(keys.values()) == 1


def test_the_audit_log_proves_it(shop: Project) -> None:
    told = command(shop.folder, "erase", CARD)
    (audit_id, *_), rows = zip(*((row["audit_id"], row) for row in shop.show("audit-log").to_pylist()), strict=True)
    assert audit_id in told
    assert {(row["act"], row["people_count"]) for row in rows} == {("erase", 1)}
    assert {row["store"]: row["rows_count"] for row in rows} == {
        # his row of cards.csv, four lines of the tills, two of the web
        "staged": 7, "people.customer_numbers": 1, "people.source_customers": 1, "outside": 7,
        # e-mail, text message, call and post
        "runs": 4,
    }  # fmt: skip
    assert not [needle for needle in NEEDLES if needle in json.dumps(rows, default=str)]
    assert command(shop.folder, "show", "audit-log", "--format", "csv").count("\n") == 6
    assert project.open(shop.folder).show("audit_log").num_rows == 5


def test_files_outside_are_listed_not_touched(shop: Project) -> None:
    folder = shop.folder
    (folder / "handed-out").mkdir()
    (folder / "handed-out" / "mailing.csv").write_text(
        "name;mail\nPhilippa;philippa@example.org\nZebulon;zebulon.quagmire@EXAMPLE.com\n", "utf-8"
    )
    shop.show("source_customers", personal_data=True)
    command(
        folder, "show", "source-customers", "--personal-data", "--format", "parquet", "-o", str(folder / "all.parquet")
    )
    command(folder, "show", "source-customers", "--personal-data", "--format", "xlsx", "-o", str(folder / "all.xlsx"))
    settings = SETTINGS + f'[shared_cards]\nlisted = "{CARD}"\n'
    (folder / "habitue.toml").write_text(settings, "utf-8")
    (folder / "till_2024-03-10.csv").unlink()
    shop = project.open(folder)
    own = digests(folder)
    done = shop.erase(CARD)
    assert {one.name: one.rows for one in done.outside} == {
        "cards.csv": 1, "till_2024-02-10.csv": 2, "web.csv": 2, "habitue.toml": 1, "handed-out/mailing.csv": 1,
        "all.parquet": 1, "all.xlsx": 3,
    }  # fmt: skip
    changed = {name for name, digest in digests(folder).items() if own.get(name) != digest}
    assert {Path(name).name for name in changed} == {"people.db", "catalogue.db", "consent_status.parquet"}


def test_a_source_that_cannot_be_read_is_named(shop: Project) -> None:
    (shop.folder / "web.csv").unlink()
    (shop.folder / "cards.csv").write_text("nothing,of,the,kind\n1,2,3,4\n", "utf-8")
    done = shop.erase(CARD)
    assert {one.name: one.rows for one in done.outside} == {
        "cards.csv": None, "web": None, "till_2024-02-10.csv": 2, "till_2024-03-10.csv": 2,
    }  # fmt: skip
    for language in LANGUAGES:
        assert "cards.csv" in "\n".join(erased_lines(done, Words(language, strict=True)))


def test_others_with_the_same_address_are_named_not_erased(shop: Project) -> None:
    rows = (
        "F1,Ann,S,zebulon.quagmire@example.com,,,,,,,\nF2,Bea,S,,+33 (0)6 99 88 77 66,,,,,,\nF3,C,S,,0612345678,,,,,,\n"
    )
    (shop.folder / "cards_family.csv").write_text(HEAD + rows, "utf-8")
    shop.run()
    done = shop.erase(CARD)
    assert done.sharing == tuple(sorted(id_of(shop, number) for number in ("F1", "F2")))
    assert "2 other customer numbers have the same" in "\n".join(erased_lines(done, Words("en")))


def test_who_can_be_meant(shop: Project) -> None:
    assert refusal(shop.erase, "nobody") == ["rights.nobody"]
    assert refusal(shop.erase, " ") == ["explain.empty"]
    opaque = id_of(shop, CARD)
    shop.erase(f"crm:{CARD}")
    for name in (CARD, f"crm:{CARD}"):
        assert refusal(shop.erase, name) == ["rights.erased_before"]
    assert refusal(shop.erase, opaque) == ["rights.nobody"]
    shop.erase(id_of(shop, "PV-100200"))
    shop.erase("WX-300400")
    shop.run()  # nobody is left, and that is no fault of the data
    assert shop.show("customers").num_rows == 0
    assert leaks(shop.folder) == {}


def test_who_is_in_no_run_can_be_erased(tmp_path: Path) -> None:
    shop = project.open(write(tmp_path / "shop"))
    assert refusal(shop.erase, CARD) == ["rights.nobody"]
    with People.open(shop.folder) as people:  # as a run that failed has left them
        people.ids("crm", [CARD])
        people.ids("web", [CARD])
        people.commit()
    assert refusal(shop.erase, CARD) == ["explain.several"]
    shop.erase(f"crm:{CARD}")
    shop.erase(CARD)
    assert leaks(shop.folder) == {}
    assert {row["act"] for row in shop.show("audit-log").to_pylist()} == {"erase"}


def test_all_numbers_of_one_person_go_together(shop: Project) -> None:
    """Two numbers resolved to one person: the map of the last run decides."""
    import pyarrow.parquet as pq

    path = shop.workspace.table_path(shop.runs()[-1], "customer_ids")
    mine, other = id_of(shop, CARD), id_of(shop, "PV-100200")
    rows = [{**row, "customer_id": "person-1"} if row["source_customer_id"] in (mine, other) else row
            for row in pq.read_table(path).to_pylist()]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), path)
    done = shop.erase(CARD)
    assert (done.act.people_count, done.act.rows["people.customer_numbers"]) == (1, 2)
    assert People.numbers_of(shop.folder, [mine, other]) == {}


def test_without_its_key_nobody_comes_back(shop: Project) -> None:
    shop.erase(CARD)
    path = shop.folder / "habitue.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shutil.rmtree(shop.folder / "staged")
    kept = path.read_text()
    path.unlink()
    assert refusal(shop.run) == ["keys.missing"]
    path.write_text("ab" * 32)
    assert refusal(shop.run) == ["keys.another"]
    path.write_text("not a key")
    assert refusal(shop.run) == ["keys.damaged"]
    assert leaks(shop.folder) == {}
    path.write_text(kept)
    shop.run()
    assert leaks(shop.folder) == {}


def test_addresses_are_kept_as_hashes_so_that_nobody_writes_to_them(shop: Project) -> None:
    import hmac

    shop.erase(CARD)
    key = bytes.fromhex((shop.folder / "habitue.key").read_text())
    expected = {
        (kind, hmac.new(key, f"{kind}\0{value}".encode(), "sha256").hexdigest())
        for kind, value in (("email", "zebulon.quagmire@example.com"), ("phone", "+33699887766"))
    }
    with closing(sqlite3.connect(shop.folder / "people.db")) as store:
        rows = store.execute("SELECT kind, address_hash, reason FROM suppressed_addresses").fetchall()
    assert {row[:2] for row in rows} == expected
    assert {row[2] for row in rows} == {"erased"}


def test_tables_that_come_later_are_cleaned_as_well(shop: Project) -> None:
    """Any table of the store: a row with an id of theirs goes, and one that names an address of theirs and nobody."""
    import hmac

    key, mine, other = project_key(shop.folder), id_of(shop, CARD), id_of(shop, "PV-100200")
    mail = hmac.new(key, b"email\0zebulon.quagmire@example.com", "sha256").hexdigest()
    with closing(sqlite3.connect(shop.folder / "people.db")) as store:
        store.execute("CREATE TABLE proofs (n INTEGER, source_customer_id TEXT, address_hash TEXT, told TEXT)")
        store.execute("CREATE TABLE pairs (first_id TEXT, second_id TEXT)")
        rows = [(1, mine, None), (2, None, mail), (3, other, mail), (4, None, "another"), (5, other, None)]
        store.executemany("INSERT INTO proofs VALUES (?, ?, ?, 'signed')", rows)
        store.executemany("INSERT INTO pairs VALUES (?, ?)", [(other, mine), (other, "x")])
        store.commit()
    done = shop.erase(CARD)
    assert (done.act.rows["people.proofs"], done.act.rows["people.pairs"]) == (2, 1)
    with closing(sqlite3.connect(shop.folder / "people.db")) as store:
        assert [n for (n,) in store.execute("SELECT n FROM proofs ORDER BY n")] == [3, 4, 5]
        assert store.execute("SELECT * FROM pairs").fetchall() == [(other, "x")]
    with People.open(shop.folder) as people:
        suppressed = people.forgotten.suppressed().to_pylist()
    assert {(row["address_kind"], row["reason"]) for row in suppressed} == {("email", "erased"), ("phone", "erased")}
    assert mail in {row["address_hash"] for row in suppressed}


def test_a_project_of_an_earlier_version_gets_its_audit_log(shop: Project) -> None:
    runs = shop.runs()
    with closing(sqlite3.connect(shop.folder / "catalogue.db")) as store:
        store.executescript("DROP TABLE audit_log; UPDATE alembic_version SET version_num = '0001'")
    with closing(sqlite3.connect(shop.folder / "people.db")) as store:
        for table in ("tombstones", "suppressed_addresses", "objections", "unrecorded_acts"):
            store.execute(f"DROP TABLE {table}")
    assert People.objected_on(shop.folder, [id_of(shop, CARD)]) is None
    assert shop.show("audit-log").num_rows == 0
    assert shop.runs() == runs
    shop.erase(CARD)
    assert shop.show("audit-log").num_rows == 5


def test_killed_before_the_commit_nobody_is_erased(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(People, "commit", _killed)
        with pytest.raises(KeyboardInterrupt):
            shop.erase(CARD)
    assert id_of(shop, CARD)
    assert shop.show("audit-log").num_rows == 0
    before = totals(shop)
    shop.run()
    assert (totals(shop), shop.show("customers").num_rows) == (before, 3)


@pytest.mark.parametrize("when", [(People, "overwrite"), (Catalogue, "record")])
def test_killed_after_the_commit_the_next_run_finishes(
    shop: Project, monkeypatch: pytest.MonkeyPatch, when: tuple[type, str]
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(*when, _killed)
        with pytest.raises(KeyboardInterrupt):
            shop.erase(CARD)
    assert shop.show("audit-log").num_rows == 0
    shop.run()
    assert leaks(shop.folder) == {}
    assert shop.show("audit-log").num_rows == 5


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_no_page_of_the_store_keeps_a_copy(tmp_path: Path) -> None:
    """Rows are moved when pages are split: secure delete alone leaves copies of some (measured: a few of 100)."""
    import random

    drawn, numbers = random.Random(1), {}
    for _ in range(6):
        with People.open(tmp_path) as people:
            met = [f"NUMBER-{drawn.randrange(3000):05}" for _ in range(800)]
            known = people.ids("crm", met)
            numbers.update(zip(*known.to_pydict().values(), strict=True))
            rows = [
                (numbers[one], 1, *[None] * 2, f"mail-{one}@x.com", *["x" * drawn.randrange(200)] * 7) for one in met
            ]
            people.keep_customers("crm", "f", rows, {"f": 0})
            people.commit()
    (tmp_path / "habitue.toml").write_text("[sources.x]\nkind = 'stores'\nfiles = 'x'\ncolumns.store_id = 's'\n")
    gone = drawn.sample(sorted(numbers), 250)
    from habitue.workspace.audit import ERASE, act_of, acting, now
    from habitue.workspace.audit import settle as settled

    with acting(project.open(tmp_path).workspace) as (catalogue, people):
        deleted = people.forgotten.erase([numbers[one] for one in gone], [], project_key(tmp_path), now())
        people.forgotten.note(act_of(ERASE, 250, deleted, now()))
        people.commit()
        settled(catalogue, people)
    raw = (tmp_path / "people.db").read_bytes()
    assert [one for one in gone if one.encode() in raw] == []
    assert all(one.encode() in raw for one in {*numbers} - {*gone})


COMMAND = "import sys; from habitue.cli import app; app(sys.argv[1:])"


def started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "--lang", "en", *words],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_a_run_and_an_erasure_exclude_one_another(shop: Project) -> None:
    """A real second process: while its run is at work the erasure is refused, and afterwards nothing is left."""
    folder = shop.folder
    shutil.rmtree(folder / "staged")
    for month in (4, 5):  # some seconds of reading
        lines = "".join(
            f"T{month}-{n},2024-{month:02}-01,{'ZQ-778811' if n % 2 else ''},1.00,S1\n" for n in range(9_000)
        )
        (folder / f"till_2024-{month:02}-20.csv").write_text("ticket,date,card,amount,shop\n" + lines, "utf-8")
    running = started("run", "-p", str(folder))
    while not is_locked(folder):
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.01)
    assert refusal(shop.erase, CARD) == ["run.another_at_work"]
    assert refusal(shop.object, CARD) == ["run.another_at_work"]
    told = running.communicate(timeout=120)[0]
    assert running.returncode == 0, told
    before = totals(shop)
    shop.erase(CARD)
    shop.run()
    assert (totals(shop), leaks(folder)) == (before, {})


AGAIN = """
import subprocess, sys, time
while subprocess.run([sys.executable, "-c", *sys.argv[1:]]).returncode:
    time.sleep(0.1)
"""


def test_whichever_comes_first_he_is_gone_in_the_end(shop: Project) -> None:
    """An erasure in another process, tried again until no run is in its way, while runs follow one another here."""
    before = totals(shop)
    erasing = subprocess.Popen(
        [sys.executable, "-c", AGAIN, COMMAND, "--lang", "en", "erase", CARD, "-p", str(shop.folder)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    refused = []
    for _ in range(2):
        try:
            shop.run()
        except UsageError as fault:
            refused += [told.code for told in fault.messages]
        assert totals(shop) == before
        time.sleep(0.3)
    assert "Erased: 2 rows" in erasing.communicate(timeout=300)[0]
    assert {*refused} <= {"run.another_at_work"}
    shop.run()
    assert (totals(shop), leaks(shop.folder)) == (before, {})


def test_the_command_says_that_a_run_is_at_work(shop: Project) -> None:
    with FileLock(shop.folder / LOCK):
        for words in (("erase", CARD), ("object", CARD)):
            assert "Another run is at work" in command(shop.folder, *words, code=2)
    assert id_of(shop, CARD)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_says_it_in_three_languages(ran: Path, tmp_path: Path, language: str) -> None:
    folder = shutil.copytree(ran, tmp_path / "shop")
    told = command(folder, "erase", CARD, language=language)
    assert CARD not in told
    assert not [word for word in ("rights.", "{", "None") if word in told]
    assert "cards.csv" in told
    told = command(folder, "run", language=language)
    assert Words(language, strict=True).text("run.erased_customers", count=1) in told
