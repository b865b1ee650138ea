"""What people decide about who is who: append-only, all or nothing, by the ways of `explain`, gone with the person."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest
from filelock import FileLock

from habitue import project
from habitue.errors import HabitueError, UsageError
from habitue.project import Project
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace.decision_records import Decision
from habitue.workspace.guards import LOCK
from habitue.workspace.identity_decisions import Asked, decisions_meant, forms
from habitue.workspace.people import People
from support import reviewed_shop
from support.contents import content
from support.reviewed_shop import ANNA, BOB, NORA, id_of, ids

pytestmark = pytest.mark.xdist_group("decisions")

FIRST, LATER = datetime(2024, 5, 1, 10), datetime(2024, 5, 2, 10)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reviewed_shop.made(tmp_path_factory.mktemp("decisions") / "shop").folder


@pytest.fixture
def shop(ran: Path, tmp_path: Path) -> Project:
    return project.open(shutil.copytree(ran, tmp_path / "shop"))


def current(people: People) -> list[tuple[str, str, str]]:
    return [tuple(row.values()) for row in people.decisions.current().to_pylist()]  # type: ignore[misc]


def faults(act: object, *words: object, **named: object) -> list[str]:
    with pytest.raises(HabitueError) as refused:
        act(*words, **named)  # pyright: ignore
    for language in LANGUAGES:
        assert all(Words(language, strict=True).say(told) for told in refused.value.messages)
    places = [told.params.get("place") for told in refused.value.messages]
    return [
        f"{place}: {told.code}" if place else told.code
        for place, told in zip(places, refused.value.messages, strict=True)
    ]


# The records


def test_the_latest_decision_on_a_pair_holds() -> None:
    with People(None) as people:
        add = people.decisions.add
        assert add([Decision.of("b", "a", "same"), Decision.of("a", "c", "different")], FIRST, "review") == 2
        assert current(people) == [("a", "b", "same"), ("a", "c", "different")]
        assert add([Decision.of("a", "b", "different")], FIRST, "command") == 1  # of one second, the later one
        assert add([Decision.of("a", "c", "undecided")], LATER, "command") == 1
        assert current(people) == [("a", "b", "different")]
        assert add([Decision.of("a", "b", "different"), Decision.of("x", "y", "undecided")], LATER, "file") == 0
        assert add([Decision.of("c", "a", "same")], LATER, "file") == 1
        assert current(people) == [("a", "b", "different"), ("a", "c", "same")]
        rows = people._connection.execute("SELECT count(*) FROM identity_decisions").fetchone()
        assert rows == (5,)  # nothing is ever changed


def test_what_is_not_committed_is_not_kept(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        people.decisions.add([Decision.of("a", "b", "same")], FIRST, "review")
    with People.open(tmp_path) as people:
        assert current(people) == []


# What is meant


def test_numbers_are_named_in_the_ways_of_explain(shop: Project) -> None:
    named = [
        ("A1", "anna@example.com"),
        (" crm:A1 ", "web:Anna@Example.com"),
        (id_of(shop, ANNA[1]), id_of(shop, ANNA[0])),
        ("crm:A1", "ANNA@EXAMPLE.COM"),
    ]
    for at, (one, other) in enumerate(named):
        word = ("same", "different")[at % 2]
        assert shop.decide(one, other, word).added == 1
        ((first, second, decision),) = [tuple(r.values())[1:4] for r in shop.identity_decisions().to_pylist()]
        assert (first, second, decision) == (*ids(shop, *ANNA), word)


def test_who_cannot_be_meant(shop: Project) -> None:
    assert faults(shop.decide, "B2", "nobody", "perhaps") == [
        "ONE: identity.number_of_several", "OTHER: identity.number_unknown", "DECISION: setting.choices",
    ]  # fmt: skip
    assert faults(shop.decide, " ", "web:A1", "same") == [
        "ONE: identity.number_missing", "OTHER: identity.number_unknown",
    ]  # fmt: skip
    assert faults(shop.decide, "A1", "crm:A1", "same") == ["OTHER: identity.with_itself"]
    shop.erase("C3")
    assert faults(shop.decide, "A1", "crm:C3", "same") == ["OTHER: identity.number_erased"]
    assert shop.identity_decisions().num_rows == 0


def test_no_fault_says_a_number() -> None:
    found = {"s3cret": {"crm": "a", "web": "b"}, "k": {"crm": "k"}}
    asked = [Asked("s3cret", "s3cret2", "same", "f.csv:2"), Asked("k", "crm:k", "same", "f.csv:3")]
    meant, told = decisions_meant(asked, found, lambda text: False)
    assert meant == []
    said = [Words(language, strict=True).say(one) for language in LANGUAGES for one in told]
    assert len(said) == 9
    assert not [text for text in said if "s3cret" in text]


def test_forms_of_a_number() -> None:
    assert forms(" crm:Anna@Example.com ") == ["crm:anna@example.com", "anna@example.com"]
    assert forms("a:b:c") == ["a:b:c", "b:c"]
    assert forms("A1") == ["A1"]
    assert forms(" ") == []


# Files and rules


def test_a_file_is_kept_whole(shop: Project) -> None:
    path = shop.folder / "decisions.csv"
    path.write_text(
        "\ufeffone;other;decision;note\r\nA1;anna@example.com;Same;x\r\n;;;\r\ncrm:77;web:77;different;\r\n"
        "anna@example.com;crm:A1;same;again\r\n",
        "utf-8",
    )
    done = shop.decide_file(path)
    assert (done.count, done.added) == (2, 2)
    found = {tuple(row.values())[1:] for row in shop.identity_decisions().to_pylist()}
    assert found == {(*ids(shop, *ANNA), "same", "file"), (*ids(shop, *NORA), "different", "file")}
    assert (shop.decide_file(path).count, shop.decide_file(path).added) == (2, 0)
    path.write_text("one,other,decision\nA1,anna@example.com,undecided\n", "utf-8")
    shop.decide_file(path)
    assert shop.identity_decisions()["decision"].to_pylist() == ["different"]


def test_of_a_file_with_faults_nothing_is_kept(shop: Project) -> None:
    path = shop.folder / "decisions.csv"
    path.write_text(
        "one,other,decision\nA1,anna@example.com,same\n77,web:77,same\nA1,,yes\nanna@example.com,A1,different\n"
        "A1,A1,same\nA1\n",
        "utf-8",
    )
    assert faults(shop.decide_file, path) == [
        "decisions.csv:3 one: identity.number_of_several", "decisions.csv:4 other: identity.number_missing",
        "decisions.csv:4 decision: setting.choices", "decisions.csv:5: identity.decided_twice",
        "decisions.csv:6: identity.with_itself", "decisions.csv:7 other: identity.number_missing",
        "decisions.csv:7 decision: setting.choices",
    ]  # fmt: skip
    assert shop.identity_decisions().num_rows == 0


def test_files_that_are_none(shop: Project) -> None:
    path = shop.folder / "decisions.csv"
    assert faults(shop.decide_file, path) == ["rules.unreadable"]
    path.write_text("one,decision\nA1,same\n", "utf-8")
    assert faults(shop.decide_file, path) == ["rules.columns"]
    path.write_text("one,other,decision\n", "utf-8")
    assert (shop.decide_file(path).count, shop.identity_decisions().num_rows) == (0, 0)


def test_all_pairs_of_a_rule(shop: Project) -> None:
    rule = "name_and_postcode"
    assert faults(shop.decide_rule, rule, "undecided", agreed=2) == ["identity.rule_decision"]
    assert faults(shop.decide_rule, rule, "same", agreed=3) == ["identity.others_waiting"]
    assert faults(shop.identity_review, rule="no_rule") == ["identity.rule_unknown"]
    shop.decide("crm:77", "web:77", "same")
    assert len(shop.identity_review(rule=rule).pairs) == 1
    done = shop.decide_rule(rule, "different", agreed=1)
    assert (done.count, done.added) == (1, 1)
    origins = {tuple(row.values())[1:] for row in shop.identity_decisions().to_pylist()}
    assert origins == {(*ids(shop, *NORA), "same", "command"), (*ids(shop, *BOB), "different", "rule")}


# The list


def test_what_waits(shop: Project) -> None:
    found = shop.identity_review()
    assert [row["rank"] for row in found.pairs] == [1, 2, 3]
    assert (found.records, found.decided_count) == ({}, 0)
    shop.decide(*ANNA, "same")
    found = shop.identity_review(personal_data=True)
    assert ([row["rank"] for row in found.pairs], found.decided_count) == ([1, 3], 1)
    assert {*found.records} == {*ids(shop, *BOB), *ids(shop, *NORA)}
    bob = found.records[id_of(shop, "crm:B2")]
    assert (bob.customer_system, bob.customer_number) == ("crm", "B2")
    assert [(row["source"], row["first_name"], row["email"]) for row in bob.rows] == [
        ("cards", "Bob", "bob@example.com")
    ]
    shop.decide(*ANNA, "undecided")
    assert [row["rank"] for row in shop.identity_review().pairs] == [1, 2, 3]


def test_who_was_erased_waits_no_more_and_leaves_no_decision(shop: Project) -> None:
    shop.decide(*BOB, "different")
    shop.decide(*NORA, "same")
    gone = id_of(shop, "crm:B2")
    done = shop.erase("crm:B2")
    assert done.act.rows["people.identity_decisions"] == 1
    assert gone not in content(shop.folder / "people.db")
    assert shop.identity_decisions()["decision"].to_pylist() == ["same"]
    found = shop.identity_review(personal_data=True)
    assert ([row["rank"] for row in found.pairs], found.decided_count) == ([2], 1)


def test_an_export_of_a_person_has_their_decisions(shop: Project) -> None:
    shop.decide(*NORA, "same")
    folder = shop.export_subject("crm:77", shop.folder / "answer")
    (found,) = folder.glob("people/identity_decisions.csv")
    assert id_of(shop, "web:77") in found.read_text("utf-8")


def test_while_a_run_is_at_work_it_is_refused(shop: Project) -> None:
    with FileLock(shop.folder / LOCK):
        with pytest.raises(UsageError) as refused:
            shop.decide(*ANNA, "same")
        assert [told.code for told in refused.value.messages] == ["run.another_at_work"]
        assert len(shop.identity_review().pairs) == 3  # reading does not wait
    assert shop.identity_decisions().num_rows == 0


def test_without_a_run_or_a_list(shop: Project, tmp_path: Path) -> None:
    shop.workspace.table_path(shop.runs()[-1], "identity_review").unlink()
    assert faults(shop.identity_review) == ["identity.no_review"]
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "habitue.toml").write_text(reviewed_shop.SETTINGS, "utf-8")
    empty = project.open(tmp_path / "new")
    assert faults(empty.identity_review) == ["run.none_yet"]
    assert empty.identity_decisions().num_rows == 0
