"""Ids that last over runs; expected values by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import pyarrow as pa
import pytest

from habitue import schemas
from habitue.customers.identity.persistent import Persistent, persistent_ids

pytestmark = pytest.mark.xdist_group("identity")

FIRST, SECOND, THIRD = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)


def clusters(con: Any, *groups: str) -> Any:
    rows = [(number, min(group.split())) for group in groups for number in group.split()]
    table = pa.table({"source_customer_id": [row[0] for row in rows], "cluster_id": [row[1] for row in rows]})
    return con.create_table(ibis.util.gen_name("clusters"), table)


def ids(found: Persistent) -> dict[str, str]:
    return {row["source_customer_id"]: row["customer_id"] for row in found.ids.to_pyarrow().to_pylist()}


def changes(found: Persistent) -> set[tuple[str, str, str, str]]:
    names = ("source_customer_id", "previous_customer_id", "customer_id", "change")
    return {tuple(row[name] for name in names) for row in found.changes.to_pyarrow().to_pylist()}


def test_at_first_a_person_takes_the_id_of_its_first_number(con: Any) -> None:
    found = persistent_ids(clusters(con, "c a", "b"), None, as_of=FIRST)
    assert ids(found) == {"a": "a", "c": "a", "b": "b"}
    assert changes(found) == set()
    assert found.ids.schema() == schemas.PERSISTENT_IDS.ibis_schema()
    assert found.changes.schema() == schemas.IDENTITY_CHANGES.ibis_schema()


def test_nothing_new_changes_nothing_and_newcomers_take_the_old_id(con: Any) -> None:
    first = persistent_ids(clusters(con, "b c", "d"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "a b c", "d", "e"), first.ids, as_of=SECOND)
    assert ids(second) == {"a": "b", "b": "b", "c": "b", "d": "d", "e": "e"}
    assert changes(second) == set()
    days = {row["source_customer_id"]: row["given_on"] for row in second.ids.to_pyarrow().to_pylist()}
    assert days == {"a": FIRST, "b": FIRST, "c": FIRST, "d": FIRST, "e": SECOND}


def test_the_larger_side_of_a_merge_keeps_its_id_then_the_older(con: Any) -> None:
    first = persistent_ids(clusters(con, "c d", "b"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "b c d", "a"), first.ids, as_of=SECOND)
    assert ids(second) == {"b": "c", "c": "c", "d": "c", "a": "a"}
    assert changes(second) == {("b", "b", "c", "merged")}
    third = persistent_ids(clusters(con, "b c d", "a e"), second.ids, as_of=THIRD)
    assert ids(third)["e"] == "a"
    older = persistent_ids(clusters(con, "x"), None, as_of=FIRST)
    both = persistent_ids(clusters(con, "x", "a"), older.ids, as_of=SECOND)
    assert ids(persistent_ids(clusters(con, "a x"), both.ids, as_of=THIRD)) == {"a": "x", "x": "x"}


def test_the_larger_part_of_a_split_keeps_the_id(con: Any) -> None:
    first = persistent_ids(clusters(con, "a b c"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "a", "b c"), first.ids, as_of=SECOND)
    assert ids(second) == {"a": "a-2", "b": "a", "c": "a"}  # a's own id is the others' now
    assert changes(second) == {("a", "a", "a-2", "split")}
    even = persistent_ids(clusters(con, "a b"), None, as_of=FIRST)
    assert ids(persistent_ids(clusters(con, "a", "b"), even.ids, as_of=SECOND)) == {"a": "a", "b": "b"}


def test_a_merge_taken_back_gives_the_old_ids(con: Any) -> None:
    first = persistent_ids(clusters(con, "a", "b"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "a b"), first.ids, as_of=SECOND)
    assert changes(second) == {("b", "b", "a", "merged")}
    since = {row["source_customer_id"]: row["joined_on"] for row in second.ids.to_pyarrow().to_pylist()}
    assert since == {"a": FIRST, "b": SECOND}
    third = persistent_ids(clusters(con, "a", "b"), second.ids, as_of=THIRD)
    assert ids(third) == {"a": "a", "b": "b"}


def test_a_merge_of_two_people_taken_back_gives_both_their_ids(con: Any) -> None:
    first = persistent_ids(clusters(con, "b", "c"), None, as_of=FIRST)
    first = persistent_ids(clusters(con, "b x", "a c"), first.ids, as_of=FIRST)
    assert ids(first) == {"b": "b", "x": "b", "a": "c", "c": "c"}
    second = persistent_ids(clusters(con, "a b c x"), first.ids, as_of=SECOND)
    assert {*ids(second).values()} == {"b"}
    third = persistent_ids(clusters(con, "b x", "a c"), second.ids, as_of=THIRD)
    assert ids(third) == ids(first)  # not "a", the smallest of its numbers


def test_a_number_that_moves_between_two_who_stay(con: Any) -> None:
    first = persistent_ids(clusters(con, "a b c", "x y"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "a b", "c x y"), first.ids, as_of=SECOND)
    assert changes(second) == {("c", "a", "x", "moved")}


def test_a_number_that_is_gone_keeps_its_id_for_its_return(con: Any) -> None:
    first = persistent_ids(clusters(con, "a b", "c"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "c"), first.ids, as_of=SECOND)
    assert ids(second) == {"a": "a", "b": "a", "c": "c"}
    third = persistent_ids(clusters(con, "b d", "c"), second.ids, as_of=THIRD)
    assert ids(third) == {"a": "a", "b": "a", "d": "a", "c": "c"}


def test_an_id_of_a_number_that_is_gone_is_nobody_elses(con: Any) -> None:
    first = persistent_ids(clusters(con, "a b c"), None, as_of=FIRST)
    second = persistent_ids(clusters(con, "b c"), first.ids, as_of=SECOND)
    third = persistent_ids(clusters(con, "a", "b c"), second.ids, as_of=THIRD)
    assert ids(third) == {"a": "a-2", "b": "a", "c": "a"}


def test_nobody(con: Any) -> None:
    nothing = clusters(con, "a").filter(ibis.literal(False))
    found = persistent_ids(nothing, None, as_of=FIRST)
    assert ids(found) == {}
    assert changes(found) == set()
