"""Who is one person; the cases I01, I03, I05 and I06, and rules by hand."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from habitue import schemas
from habitue.customers.identity.merge_tables import followed_merges
from habitue.customers.identity.persistent import persistent_ids
from habitue.customers.identity.resolve import resolve_identities
from habitue.customers.identity.settings import IdentitySettings
from habitue.customers.normal_forms.ignored import masked
from habitue.customers.normal_forms.tables import Regions, normal_forms
from habitue.errors import ConfigurationError, DataError
from support.identity import AS_OF, decisions, pairs, persons, records, resolved

pytestmark = pytest.mark.xdist_group("identity")

CASES = Path(__file__).parents[2] / "cases"


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)


def read(folder: str, file: str) -> list[dict[str, Any]]:
    (found,) = CASES.glob(f"{folder}-*")
    rows = list(csv.DictReader((found / file).read_text(encoding="utf-8").splitlines()))
    for row in rows:
        if row.get("birth_date"):
            row["birth_date"] = date.fromisoformat(row["birth_date"])
    return rows


def sets(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


def person(number: str, name: str = "Ada Roux", **more: Any) -> Mapping[str, Any]:
    first, last = name.split()
    return {"id": number, "first_name": first, "last_name": last, **more}


def test_guest_orders_then_an_account(con: Any) -> None:
    rows = [{**row, "source": row["system"]} for row in read("I01", "customers.csv")]
    found = resolved(con, rows)
    assert persons(found) == sets("W10 W11 W12 K55", "W20", "W21", "K60", "W30 K70")
    amounts = read("I01", "orders.csv")
    by_person = {
        group: sum(round(float(row["amount"]) * 100) for row in amounts if row["customer_id"] in group)
        for group in persons(found)
    }
    assert sorted(by_person.values()) == [1000, 1500, 3000, 10000, 16500]
    assert found.identities.schema() == schemas.IDENTITIES.ibis_schema()
    assert found.pairs.schema() == schemas.IDENTITY_PAIRS.ibis_schema()
    assert found.review.schema() == schemas.IDENTITY_REVIEW.ibis_schema()
    assert found.rules.schema() == schemas.IDENTITY_RULES.ibis_schema()


def test_placeholder_values_join_nobody(con: Any) -> None:
    found = resolved(con, read("I03", "records.csv"))
    assert persons(found) == sets("M1", "M2", "M3", "T3", "T4", "W1", "W3")
    kinds = {row["source_customer_id"]: row["name_kind"] for row in found.identities.to_pyarrow().to_pylist()}
    assert {kinds[number] for number in ("T1", "T2")} == {"anonymous"}
    assert kinds["W2"] == "test"
    ignored = {
        (row["field"], row["value"]): row["numbers_count"] for row in masked(found.ignored).to_pyarrow().to_pylist()
    }
    assert ignored == {
        ("email", "no-reply-buyer@marketplace.example"): 3,
        ("email", "x@x.fr"): 2,
        ("email", "test@test.com"): 1,
        ("phone", "0000000000"): 2,
        ("phone", "0600000000"): 2,
        ("birth_date", "1900-01-01"): 5,
    }


def test_a_chain_through_a_weak_record(con: Any) -> None:
    rows = [{**row, "address": row["street"], "postcode": row["zip"]} for row in read("I05", "customers.csv")]
    found = resolved(con, rows)
    assert persons(found) == sets("A E", "B", "C D", "F G")
    told = pairs(found)
    assert told["A", "E"]["rule"] == "name_and_birth_date"
    assert told["A", "E"]["agreeing"] == "first_name last_name birth_date address"
    for pair, rule in ((("A", "B"), "phone_and_name"), (("B", "C"), "email_and_name")):
        assert (told[pair]["rule"], told[pair]["band"], told[pair]["reason"]) == (rule, "review", "between_two")
    assert {row["rank"] for row in found.review.to_pyarrow().to_pylist()} == {1, 2}
    assert "birth_date" in told["F", "G"]["differing"].split()
    assert [note.code for note in found.notes] == ["identity.birth_dates_differ"]


def test_merged_accounts(con: Any) -> None:
    rows = [{"id": row["customer_id"], "last_name": f"N{row['customer_id']}"} for row in read("I06", "customers.csv")]
    given = read("I06", "merges.csv")
    numbers, orders = records(con, rows), read("I06", "orders.csv")
    for lines in (given, given[::-1], [*given[3:], *given[:3]]):
        merges = followed_merges(merge_table(con, lines), numbers, as_of=AS_OF)
        assert merges.schema() == schemas.SOURCE_MERGES.ibis_schema()
        ends = {row["source_customer_id"]: (row["final_id"], row["finding"]) for row in merges.to_pyarrow().to_pylist()}
        assert ends == {
            "101": ("103", "followed"), "102": ("103", "followed"), "104": ("103", "followed"), "105": (None, "cycle"),
            "106": (None, "cycle"), "107": (None, "unknown_target"), "108": (None, "to_itself"),
        }  # fmt: skip
        found = resolve_identities(normal_forms(numbers, as_of=AS_OF), merges=merges)
        ids = persistent_ids(found.identities, None, as_of=AS_OF, merges=merges).ids.to_pyarrow().to_pylist()
        person_of = {row["source_customer_id"]: row["customer_id"] for row in ids}
        sums: dict[str, int] = {}
        for order in orders:
            one = person_of[order["customer_id"]]
            sums[one] = sums.get(one, 0) + round(float(order["amount"]) * 100)
        assert sums == {"103": 271000, "105": 16000, "106": 32000, "107": 64000, "108": 128000}


def merge_table(con: Any, lines: list[dict[str, Any]]) -> Any:
    table = pa.table(
        {
            "customer_system": pa.array(["crm"] * len(lines), pa.string()),
            "source_customer_id": pa.array([row["old_id"] for row in lines], pa.string()),
            "merged_into_id": pa.array([row["new_id"] for row in lines], pa.string()),
            "merged_on": pa.array([date.fromisoformat(row["merged_on"]) for row in lines], pa.date32()),
        }
    )
    return con.create_table(ibis.util.gen_name("merges"), table)


def test_merges_that_are_superseded_or_still_to_come(con: Any) -> None:
    known = records(con, [person(number) for number in ["1", "2", "3", "4"]])
    lines = [
        {"old_id": "1", "new_id": "2", "merged_on": "2024-01-01"},
        {"old_id": "1", "new_id": "3", "merged_on": "2024-02-01"},
        {"old_id": "3", "new_id": "4", "merged_on": "2025-01-01"},
    ]
    rows = followed_merges(merge_table(con, lines), known, as_of=AS_OF).to_pyarrow().to_pylist()
    assert {(row["merged_into_id"], row["final_id"], row["finding"]) for row in rows} == {
        ("2", None, "superseded"), ("3", "3", "followed"), ("4", None, "not_yet"),
    }  # fmt: skip
    assert followed_merges(merge_table(con, []), known, as_of=AS_OF).count().to_pyarrow().as_py() == 0


def test_father_and_son_of_one_name(con: Any) -> None:
    home = {"email": "roux@example.com", "phone": "0612345678", "address": "1 rue du Lac", "postcode": "74000"}
    father, son = date(1950, 5, 5), date(1980, 9, 1)
    rows = [person("F", birth_date=father, **home), person("S", birth_date=son, **home)]
    assert persons(resolved(con, rows)) == sets("F", "S")
    guest = person("G", **home)  # could be either
    found = resolved(con, [*rows, guest])
    assert persons(found) == sets("F", "S", "G")
    assert {pairs(found)[pair]["reason"] for pair in (("F", "G"), ("G", "S"))} == {"between_two"}


def test_an_invented_birth_date_in_one_mailbox_is_forgiven(con: Any) -> None:
    mail = {"email": "ada.roux@example.com"}
    rows = [person("1", birth_date=date(1985, 3, 2), **mail), person("2", birth_date=date(1990, 11, 20), **mail)]
    found = resolved(con, rows)
    assert persons(found) == sets("1 2")
    assert [note.code for note in found.notes] == ["identity.birth_dates_differ"]


def test_a_couple_sharing_everything_stays_two(con: Any) -> None:
    home = {"email": "roux@example.com", "phone": "0612345678", "address": "1 rue du Lac", "postcode": "74000"}
    found = resolved(con, [person("1", "Ada Roux", **home), person("2", "Hugo Roux", **home)])
    assert persons(found) == sets("1", "2")
    households = {row["household_id"] for row in found.identities.to_pyarrow().to_pylist()}
    assert households == {"1"}
    assert pairs(found)["1", "2"]["band"] == "apart"


def test_twins_wait_for_a_decision(con: Any) -> None:
    home = {"email": "roux@example.com", "address": "1 rue du Lac", "postcode": "74000", "birth_date": date(1999, 1, 9)}
    found = resolved(con, [person("1", "Ada Roux", **home), person("2", "Hugo Roux", **home)])
    assert persons(found) == sets("1", "2")
    assert (pairs(found)["1", "2"]["band"], pairs(found)["1", "2"]["reason"]) == ("review", "contradiction")


def test_swapped_names_a_typing_error_and_a_married_name(con: Any) -> None:
    day, home = date(1985, 3, 2), {"address": "1 rue du Lac", "postcode": "74000"}
    rows = [
        person("1", "Clementine Vasseur", birth_date=day, **home),
        person("2", "Vasseur Clementine", birth_date=day),
        person("3", "Clementine Vaseur", birth_date=day, **home),
        person("4", "Clementine Durand-Vasseur", birth_date=day, **home),
    ]
    assert persons(resolved(con, rows)) == sets("1 2 3 4")


def test_a_recycled_number_joins_nobody(con: Any) -> None:
    found = resolved(
        con, [person("1", "Ada Roux", phone="0612345678"), person("2", "Igor Blanc", phone="06 12 34 56 78")]
    )
    assert persons(found) == sets("1", "2")


def test_a_shared_number_is_ignored_and_masked(con: Any) -> None:
    names = ("Ada Roux", "Bea Blanc", "Carl Petit", "Dora Hahn")
    found = resolved(con, [person(str(at), name, phone="0612345678") for at, name in enumerate(names)])
    (row,) = masked(found.ignored).to_pyarrow().to_pylist()
    assert (row["value"], row["reason"], row["numbers_count"]) == ("+00000000000", "shared_by_many_names", 4)


def test_systems_of_one_number_a_person_are_joined_one_to_one(con: Any) -> None:
    single = IdentitySettings(one_per_person=frozenset({"card", "web"}))
    rows = [
        person("K1", source="card", email="ada@example.com", phone="0612345678"),
        person("K2", source="card", phone="0612345678"),
        person("W1", source="web", email="ada@example.com", phone="0612345678"),
    ]
    assert persons(resolved(con, rows)) == sets("K1 K2 W1")
    found = resolved(con, rows, settings=single)
    assert frozenset(("K1", "K2")) not in {frozenset(pair) for pair in pairs(found)}
    assert all(len(group & {"K1", "K2"}) < 2 for group in persons(found))


def test_what_moves_points_or_consent_needs_more(con: Any) -> None:
    rows = [{"id": "1", "email": "ada@example.com"}, person("2", email="ada@example.com")]
    assert persons(resolved(con, rows)) == sets("1 2")
    with_points = [{**rows[0], "points": 500}, rows[1]]
    found = resolved(con, with_points)
    assert persons(found) == sets("1", "2")
    assert pairs(found)["1", "2"]["reason"] == "stakes"
    with_consent = [{**rows[0], "has_consent": True}, rows[1]]
    found = resolved(con, with_consent)
    assert persons(found) == sets("1", "2")
    (row,) = found.review.to_pyarrow().to_pylist()
    assert row["moves_consent"]


def test_decisions_win_and_are_kept(con: Any) -> None:
    rows = [person("1", email="ada@example.com"), person("2", email="ada@example.com"), person("3", "Igor Blanc")]
    decided = decisions(con, ("2", "1", "different"), ("3", "1", "same"), ("1", "9", "same"))
    found = resolved(con, rows, decisions=decided)
    assert persons(found) == sets("1 3", "2")
    assert pairs(found)["1", "2"]["reason"] == "decided_different"
    assert (pairs(found)["1", "3"]["reason"], pairs(found)["1", "3"]["decision"]) == ("decided_same", "same")
    assert [note.code for note in found.notes] == ["identity.decisions_not_met"]
    with pytest.raises(DataError):
        resolved(con, rows, decisions=decisions(con, ("1", "2", "perhaps")))


def test_a_chain_of_decisions_does_not_pass_over_a_difference(con: Any) -> None:
    rows = [person("1"), person("2", "Igor Blanc"), person("3", "Eva Brun")]
    found = resolved(
        con, rows, decisions=decisions(con, ("1", "2", "same"), ("2", "3", "same"), ("1", "3", "different"))
    )
    assert len(persons(found)) == 2
    assert frozenset(("1", "3")) not in {group & {"1", "3"} for group in persons(found)}


def test_review_is_ranked_by_what_is_at_stake_and_cut(con: Any) -> None:
    rows = []
    for number, net in (("1", 100), ("2", 900), ("3", 500)):
        mail = {"email": f"mail{number}@example.com", "points": 1}
        rows += [{"id": f"A{number}", "net_amount": net, **mail}, {"id": f"B{number}", "net_amount": net, **mail}]
    found = resolved(con, rows)
    ranked = [
        (row["rank"], row["source_customer_id"], row["net_amount"]) for row in found.review.to_pyarrow().to_pylist()
    ]
    assert ranked == [(1, "A2", 900), (2, "A3", 500), (3, "A1", 100)]
    cut = resolved(con, rows, settings=IdentitySettings(most_reviews=1))
    assert [row["source_customer_id"] for row in cut.review.to_pyarrow().to_pylist()] == ["A2"]
    assert [(note.code, note.params["count"]) for note in cut.notes] == [("identity.review_cut", 2)]


def test_a_crowded_key_brings_nobody_together(con: Any) -> None:
    rows = [person(f"{at:02}", email="ada@example.com") for at in range(4)]
    found = resolved(con, rows, settings=IdentitySettings(most_per_key=3))
    assert len(persons(found)) == 4
    assert [(note.code, note.params["count"]) for note in found.notes] == [("identity.crowded", 4)]


def test_precision_of_a_rule_is_told_with_its_counts(con: Any) -> None:
    rows: list[Mapping[str, Any]] = []
    for at, (one, other) in enumerate([(1, 1), (2, 2), (3, 3), (4, 20)]):  # of the fourth, two persons of one name
        mail = {"phone": f"06123456{at}{at}"}
        rows += [
            person(f"A{at}", "Ada Roux", birth_date=date(1960 + one, 2, 5), **mail),
            person(f"B{at}", "Ada Roux", birth_date=date(1960 + other, 2 if one == other else 9, 5), **mail),
        ]
    found = resolved(con, rows)
    rule = {row["rule"]: row for row in found.rules.to_pyarrow().to_pylist()}["phone_and_name"]
    assert (rule["pairs_count"], rule["checked_count"], rule["confirmed_count"]) == (4, 4, 3)
    assert rule["precision_share"] == 0.75
    # Wilson (1927) for 3 of 4, 95 %: 0.3006 to 0.9544 (R: prop.test(3, 4, correct = FALSE))
    assert (round(rule["precision_low_share"], 4), round(rule["precision_high_share"], 4)) == (0.3006, 0.9544)


def test_empty_and_alone(con: Any) -> None:
    nothing = resolved(con, [])
    assert persons(nothing) == set()
    assert nothing.pairs.count().to_pyarrow().as_py() == nothing.review.count().to_pyarrow().as_py() == 0
    assert persons(resolved(con, [person("1")])) == sets("1")


def test_rows_of_one_number_in_two_sources_are_one_number(con: Any) -> None:
    rows = [
        person("1", source="a", customer_system="crm", email="ada@example.com"),
        person("1", source="b", customer_system="crm", phone="0612345678"),
        person("2", source="b", customer_system="crm", phone="0612345678"),
    ]
    found = resolve_identities(normal_forms(records(con, rows), as_of=AS_OF, regions=Regions(default="FR")))
    assert persons(found) == sets("1 2")
    assert found.identities.count().to_pyarrow().as_py() == 2


def test_settings_that_cannot_be() -> None:
    with pytest.raises(ConfigurationError) as raised:
        IdentitySettings(join_probability=0.4, most_per_key=1, most_reviews=-1, rules=("names",))
    assert [told.code for told in raised.value.messages] == [
        "identity.probabilities", "identity.limit", "identity.limit", "identity.rule_unknown",
    ]  # fmt: skip
    with pytest.raises(ConfigurationError):
        Regions(default="France")
