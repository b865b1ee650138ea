"""Everything held of one person, as a folder or an archive for their eyes only."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from habitue import project
from habitue.errors import UsageError
from habitue.project import Project
from habitue.report.locale import LANGUAGES
from habitue.workspace.people import People
from support.erasable_shop import command, write

pytestmark = pytest.mark.xdist_group("export")

CARD = "ZQ-778811"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("export") / "shop")
    shop = project.open(folder)
    shop.run()
    shop.run()
    return folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_all_of_one_person_and_nothing_of_others(shop: Project, tmp_path: Path) -> None:
    shop.object(CARD)
    out = tmp_path / "answer"
    assert shop.export_subject(CARD, out) == out
    (person,) = rows(out / "people" / "source_customers.csv")
    assert {name: person[name] for name in ("source", "first_name", "email", "birth_date", "note")} == {
        "source": "cards", "first_name": "Zébulon", "email": "Zebulon.Quagmire@Example.com",
        "birth_date": "1971-11-23", "note": "diabetic",
    }  # fmt: skip
    (number,) = rows(out / "people" / "customer_numbers.csv")
    assert (number["customer_system"], number["customer_number"]) == ("crm", CARD)
    assert [row["source"] for row in rows(out / "people" / "objections.csv")] == ["command"]
    lines = rows(out / "runs" / "transaction_lines.csv")
    assert sorted(row["net_amount"] for row in lines) == ["0.50", "10.00", "30.00", "5.00", "5.00"]
    assert len(rows(out / "runs" / "visits.csv")) == 3  # 10 January, 2 February, 3 March
    # What a run made of him is there for each run, what happened once.
    assert len({row["run_id"] for row in rows(out / "runs" / "rfm.csv")}) == 2
    assert {row["run_id"] for row in lines} == {shop.runs()[-1].run_id}
    told = json.loads((out / "subject.json").read_text("utf-8"))
    assert told["people"]["source_customers"][0]["phone"] == "06 99 88 77 66"
    assert len(told["runs"]["transaction_lines"]) == 5
    assert {f"people/{name}.csv" for name in told["people"]} | {f"runs/{name}.csv" for name in told["runs"]} == {
        str(path.relative_to(out)) for path in out.rglob("*.csv")
    }
    page = (out / "index.html").read_text("utf-8")
    assert all(word in page for word in ("Quagmire", "06 99 88 77 66", "17 impasse des Lilas", "€30.00"))
    everything = page + json.dumps(told)
    assert not [word for word in ("Philippa", "PV-100200", "Waldo", "WX-300400") if word in everything]


def test_only_its_owner_may_read_it(shop: Project, tmp_path: Path) -> None:
    shop.export_subject(CARD, tmp_path / "answer")
    shop.export_subject(CARD, tmp_path / "answer.zip")
    assert stat.S_IMODE((tmp_path / "answer.zip").stat().st_mode) == 0o600
    for path in [tmp_path / "answer", *(tmp_path / "answer").rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    with zipfile.ZipFile(tmp_path / "answer.zip") as archive:
        names = {
            str(path.relative_to(tmp_path / "answer")) for path in (tmp_path / "answer").rglob("*") if path.is_file()
        }
        assert {*archive.namelist()} == names


def test_the_audit_log_has_it(shop: Project, tmp_path: Path) -> None:
    shop.export_subject(CARD, tmp_path / "answer.zip")
    log = {row["store"]: row["rows_count"] for row in shop.show("audit-log").to_pylist()}
    assert (log["people.source_customers"], log["run.transaction_lines"]) == (1, 5)
    assert "answer" not in json.dumps(shop.show("audit-log").to_pylist(), default=str)


def test_an_export_in_the_folder_is_listed_by_an_erasure(shop: Project) -> None:
    shop.export_subject(CARD, shop.folder / "answer.zip")
    shop.export_subject(CARD, shop.folder / "answer")
    names = {one.name for one in shop.erase(CARD).outside}
    assert {"answer.zip", "answer/subject.json", "answer/people/customer_numbers.csv"} <= names


def test_who_bought_nothing_and_who_is_in_no_run(tmp_path: Path) -> None:
    shop = project.open(write(tmp_path / "shop"))
    with People.open(shop.folder) as people:
        people.ids("crm", [CARD])
        people.commit()
    shop.export_subject(CARD, tmp_path / "one")
    assert {path.name for path in (tmp_path / "one").rglob("*") if path.is_file()} == {
        "index.html", "subject.json", "customer_numbers.csv",
    }  # fmt: skip
    (shop.folder / "cards.csv").write_text(
        (shop.folder / "cards.csv").read_text("utf-8") + "NB-1,Nora,Nobody,,,,,,,01/02/2024,\n", "utf-8"
    )
    shop.run()
    shop.export_subject("NB-1", tmp_path / "two")
    assert "Nora" in (tmp_path / "two" / "index.html").read_text("utf-8")
    assert not (tmp_path / "two" / "runs" / "transaction_lines.csv").exists()


def test_where_it_may_not_be(shop: Project, tmp_path: Path) -> None:
    def refused(customer: str, path: Path) -> list[str]:
        with pytest.raises(UsageError) as fault:
            shop.export_subject(customer, path)
        return [told.code for told in fault.value.messages]

    (tmp_path / "there").mkdir()
    assert refused(CARD, tmp_path / "there") == ["rights.output_exists"]
    for place in ("runs/x", "staged/x.zip", "runs"):
        assert refused(CARD, shop.folder / place) == ["rights.not_there"]
    assert refused(CARD, tmp_path / "nowhere" / "x") == ["disk.no_folder"]
    assert refused("nobody", tmp_path / "x") == ["rights.nobody"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_in_the_language_asked_for(
    shop: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = command(shop.folder, "export-subject", CARD, language=language)
    ((_, opaque),) = People.with_number(shop.folder, CARD)
    assert f"subject-{opaque}.zip" in told
    with zipfile.ZipFile(tmp_path / f"subject-{opaque}.zip") as archive:
        page = archive.read("index.html").decode()
    assert f'lang="{language}"' in page
    assert not [
        word for word in ("subject.", "explain.", "report.", "term.") if word in page.replace("subject.json", "")
    ]
