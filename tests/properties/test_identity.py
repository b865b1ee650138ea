"""What holds for any customer rows: the order and the repetition of rows change nothing, contradictions stay apart."""

from __future__ import annotations

import random
from datetime import date
from itertools import combinations
from typing import Any

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from habitue.customers.identity.persistent import persistent_ids
from habitue.customers.identity.resolve import Identities, resolve_identities
from habitue.customers.identity.settings import IdentitySettings
from habitue.customers.normal_forms.tables import Regions, normal_forms
from support.identity import AS_OF, persons, records

pytestmark = pytest.mark.xdist_group("identity")

FIRSTS = (None, "M.", "Ada", "Adda", "Jean", "Jean-Pierre", "Louis", "Louise", "Igor")
LASTS = (None, "Roux", "Rous", "Petit", "Petit-Roux")
MAILS = (None, "a.roux@example.com", "famille.roux@example.com", "petit@example.org", "x@x.fr")
PHONES = (None, "0612345678", "06 12 34 56 79", "01 23 45 67 89")
DAYS = (None, date(1950, 5, 5), date(1950, 5, 6), date(1980, 9, 1), date(1900, 1, 1))
STREETS = (None, "1 rue du Lac", "22 av. Foch")
SINGLE = IdentitySettings(one_per_person=frozenset({"card"}))


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(0, 9))
    return [
        {
            "id": f"{at:02}",
            "source": draw(st.sampled_from(("card", "web"))),
            "first_name": draw(st.sampled_from(FIRSTS)),
            "last_name": draw(st.sampled_from(LASTS)),
            "email": draw(st.sampled_from(MAILS)),
            "phone": draw(st.sampled_from(PHONES)),
            "birth_date": draw(st.sampled_from(DAYS)),
            "address": draw(st.sampled_from(STREETS)),
            "postcode": "74000",
            "points": draw(st.sampled_from((None, 0, 100))),
        }
        for at in range(count)
    ]


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=1)


def resolved(con: Any, some: list[dict[str, Any]], chosen: IdentitySettings | None = None) -> Identities:
    normal = normal_forms(records(con, some), as_of=AS_OF, regions=Regions(default="FR"))
    return resolve_identities(normal, settings=chosen)


def result(found: Identities) -> list[Any]:
    tables = (found.identities, found.pairs, found.review, found.rules)
    return [sorted(map(repr, table.to_pyarrow().to_pylist())) for table in tables]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=rows(), seed=st.integers(0, 99))
def test_order_and_repetition_of_rows_change_nothing(con: Any, some: list[dict[str, Any]], seed: int) -> None:
    shuffled = [*some, *some[: len(some) // 2]]
    random.Random(seed).shuffle(shuffled)
    first, second = resolved(con, some, SINGLE), resolved(con, shuffled, SINGLE)
    assert result(first) == result(second)
    ids = [persistent_ids(one.identities, None, as_of=AS_OF).ids.to_pyarrow().to_pylist() for one in (first, second)]
    assert sorted(map(repr, ids[0])) == sorted(map(repr, ids[1]))
    again = persistent_ids(second.identities, persistent_ids(first.identities, None, as_of=AS_OF).ids, as_of=AS_OF)
    assert again.changes.count().to_pyarrow().as_py() == 0


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=rows())
def test_numbers_that_contradict_each_other_are_never_one_person(con: Any, some: list[dict[str, Any]]) -> None:
    found = resolved(con, some, SINGLE)
    by_id = {row["id"]: row for row in some}
    for group in persons(found):
        for one, other in combinations(sorted(group), 2):
            a, b = by_id[one], by_id[other]
            assert not (a["source"] == b["source"] == "card")
            assert {a["first_name"], b["first_name"]} not in ({"Louis", "Louise"}, {"Igor", "Ada"}, {"Igor", "Jean"})
            far = {date(1950, 5, 5), date(1980, 9, 1)}
            assert {a["birth_date"], b["birth_date"]} != far


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some=rows())
def test_every_number_is_there_once_and_what_is_together_is_explained(con: Any, some: list[dict[str, Any]]) -> None:
    found = resolved(con, some)
    table = found.identities.to_pyarrow().to_pylist()
    assert sorted(row["source_customer_id"] for row in table) == sorted(row["id"] for row in some)
    for row in found.pairs.to_pyarrow().to_pylist():
        assert (row["band"] == "joined") == row["is_together"]
        assert not row["is_together"] or row["agreeing"] or row["reason"] == "through_others"
