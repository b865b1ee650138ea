"""`habitue identity`: review, decide, decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from habitue import project
from habitue.cli import app
from habitue.project import Project
from habitue.report.locale import LANGUAGES
from support import reviewed_shop
from support.reviewed_shop import ANNA, BOB, NORA, ids

pytestmark = pytest.mark.xdist_group("decisions")

PERSONAL = ("Anna", "Martin", "Lenoir", "example.com", "A1", "0612345678", "rue Haute")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed_shop.made(tmp_path_factory.mktemp("identities") / "shop").folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def command(shop: Project, *words: str, language: str = "en", code: int = 0, typed: str | None = None) -> str:
    told = ["--lang", language, "identity", words[0], "-p", str(shop.folder), *words[1:]]
    done = CliRunner().invoke(app, told, input=typed)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


def held(shop: Project) -> set[tuple[str, ...]]:
    return {tuple(row.values())[1:] for row in shop.identity_decisions().to_pylist()}


def test_a_review_shows_both_records_and_keeps_each_answer(shop: Project) -> None:
    told = command(shop, "review", typed="d\nwhat\ns\nk\n")
    assert "3 pairs wait for a decision." in told
    assert "Pair 1 of 3: same name and postcode. One person with a probability of 75.0%" in told
    assert "not joined: first name or birth date contradicts." in told
    assert "At stake: €20.00 net, 40 points, and a consent that only one of the two gave." in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    first, second = sorted(BOB, key=lambda number: reviewed_shop.id_of(shop, number))
    names = {"crm:B2": "Bob", "web:B2": "Robert"}
    assert f"Number {first} {second}" in lines
    assert f"First name {names[first]} {names[second]} differs" in lines
    assert "Last name Lenoir Lenoir agrees" in lines
    assert any(line.startswith("First name") and line.endswith("nearly") for line in lines)  # Anna, Anne
    assert any("31 Dec 1985" in line and "–" in line for line in lines)
    assert "Please type one of: same, different, skip, quit, s, d, k, q" in told
    assert "2 decisions are remembered." in told
    assert "habitue run" in told.splitlines()[-1]
    assert held(shop) == {(*ids(shop, *BOB), "different", "review"), (*ids(shop, *ANNA), "same", "review")}
    told = command(shop, "review", typed="q\n")
    assert "1 pair waits for a decision. 2 more were decided since the run." in told
    assert "0 decisions are remembered." in told.splitlines()[-1]


def test_the_end_of_the_input_ends_the_review(shop: Project) -> None:
    told = command(shop, "review", typed="same\n")
    assert "1 decision is remembered." in told
    assert held(shop) == {(*ids(shop, *BOB), "same", "review")}


@pytest.mark.parametrize(("language", "letters"), [("fr", "dmp"), ("ru", "роп"), ("en", "dsk")])
def test_letters_of_the_language(shop: Project, language: str, letters: str) -> None:
    told = command(shop, "review", language=language, typed="".join(f"{letter}\n" for letter in letters))
    assert not [word for word in ("identity_console.", "term.", "{", "None") if word in told]
    assert held(shop) == {(*ids(shop, *BOB), "different", "review"), (*ids(shop, *ANNA), "same", "review")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_has_no_personal_data(shop: Project, language: str) -> None:
    told = command(shop, "review", "--list", language=language)
    assert not [word for word in (*PERSONAL, "identity_", "{") if word in told]
    assert ids(shop, *NORA)[0] in told


def test_one_decision_and_taking_it_back(shop: Project) -> None:
    told = command(shop, "decide", "crm:77", "web:77", "same")
    assert told.splitlines() == ["1 decision is remembered.", "The next run applies it: habitue run"]
    told = command(shop, "decide", "web:77", "crm:77", "same")
    assert told.splitlines() == ["0 decisions are remembered.", "1 was decided so already."]
    told = command(shop, "decisions")
    assert ids(shop, *NORA)[0] in told
    assert "same person" in told
    assert told.splitlines()[-1] == "To take one back: habitue identity decide ONE OTHER undecided"
    command(shop, "decide", *ids(shop, *NORA), "undecided")
    assert command(shop, "decisions") == "No decision holds.\n"


def test_a_rule_is_decided_once_its_number_is_typed(shop: Project) -> None:
    told = command(shop, "decide", "--rule", "name_and_postcode", "same", typed="3\n", code=2)
    assert "To decide 2 pairs at once, type 2" in told
    assert "Nothing was decided." in told
    assert held(shop) == set()
    command(shop, "decide", "--rule", "name_and_postcode", "same", typed="2\n")
    assert {pair[2:] for pair in held(shop)} == {("same", "rule")}
    told = command(shop, "decide", "--rule", "email_and_name", "different", "--yes")
    assert "1 decision is remembered." in told
    assert "0 decisions are remembered." in command(shop, "decide", "--rule", "email_and_name", "same")


@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_of_a_file_are_all_said(shop: Project, language: str) -> None:
    path = shop.folder / "mine.csv"
    path.write_text("one,other,decision\nA1,B2,same\nA1,web:77,never\n", "utf-8")
    told = command(shop, "decide", "--file", str(path), language=language, code=2)
    assert "mine.csv:2 other" in told
    assert "mine.csv:3 decision" in told
    assert held(shop) == set()


@pytest.mark.parametrize(
    "words", [(), ("A1",), ("A1", "B2", "same", "more"), ("--rule", "email_and_name"),
              ("--rule", "email_and_name", "--file", "x.csv"), ("--file", "x.csv", "same")],
)  # fmt: skip
def test_what_is_no_decision(shop: Project, words: tuple[str, ...]) -> None:
    assert "Give two customer numbers and a decision" in command(shop, "decide", *words, code=2)
