"""The second look: what it finds beyond the rules, and that nothing it says overrules a contradiction."""

from __future__ import annotations

import importlib.util
from datetime import date
from typing import Any

import ibis
import pytest

from habitue.customers.identity import second_look
from habitue.customers.identity.resolve import resolve_identities
from habitue.customers.identity.second_look import splink_look
from habitue.customers.identity.settings import IdentitySettings
from habitue.customers.normal_forms.tables import Regions, normal_forms
from habitue.demo.simulated_pair import simulated_pair
from habitue.errors import UsageError
from support.identity import persons

pytestmark = pytest.mark.xdist_group("identity")

BOTH = IdentitySettings(one_per_person=frozenset({"cards", "accounts"}))


def test_without_splink_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError) as raised:
        splink_look()
    assert [told.code for told in raised.value.messages] == ["identity.splink_missing"]


@pytest.mark.skipif(importlib.util.find_spec("splink") is None, reason="splink is not installed")
def test_it_finds_more_and_is_repeatable() -> None:
    con: Any = ibis.duckdb.connect(threads=2)
    shop = simulated_pair(3000, overlap=0.4, seed=5)
    raw = con.create_table("cards", shop.cards).union(con.create_table("accounts", shop.accounts))
    normal = normal_forms(raw, as_of=date(2024, 12, 31), regions=Regions(default="FR"))
    truth = dict(zip(*(shop.persons[name].to_pylist() for name in shop.persons.column_names), strict=True))

    def right_and_found(**more: Any) -> tuple[int, int]:
        pairs = [
            tuple(group) for group in persons(resolve_identities(normal, settings=BOTH, **more)) if len(group) == 2
        ]
        return sum(truth[a] == truth[b] for a, b in pairs), len(pairs)

    right, found = right_and_found()
    more_right, more_found = right_and_found(second_look=splink_look(seed=1))
    assert right / found > 0.99
    assert more_right / more_found > 0.98
    assert more_right > right
    assert (more_right, more_found) == right_and_found(second_look=splink_look(seed=1))
