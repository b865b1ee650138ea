"""The people store: opaque ids, one row a customer of a source, nothing left behind when a row goes."""

from __future__ import annotations

import sqlite3
import stat
from collections import Counter
from pathlib import Path

import pytest

from habitue.workspace.people import PERSONAL, People


def ids(people: People, system: str, *numbers: str) -> dict[str, str]:
    found = people.ids(system, numbers)
    pairs = zip(found["customer_number"].to_pylist(), found["source_customer_id"].to_pylist(), strict=True)
    return dict(pairs)


def row(customer: str, line: int, **attributes: str) -> tuple[object, ...]:
    return (customer, line, *(attributes.get(name) for name in PERSONAL))


def names(people: People) -> dict[tuple[str, str], str]:
    rows = people.attributes().to_pylist()
    return {(one["source"], one["source_customer_id"]): one["last_name"] for one in rows}


def test_ids_are_drawn_once_and_kept(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        first = ids(people, "crm", "C1", "C2", "C1")
        assert set(first) == {"C1", "C2"}
        assert ids(people, "crm", "C2", "C3")["C2"] == first["C2"]
        people.commit()
    with People.open(tmp_path) as people:
        assert ids(people, "crm", "C1", "C2") == first
        # the same number of another system is somebody else's
        assert ids(people, "web", "C1")["C1"] != first["C1"]
        assert ids(people, "crm") == {}


def test_ids_tell_nothing(tmp_path: Path) -> None:
    numbers = [f"{n:06}" for n in range(3000)]
    drawn = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with People.open(tmp_path / name) as people:
            drawn.append(ids(people, "crm", *numbers))
    one, other = drawn
    # drawn at random: another project gives the same numbers other ids
    assert len({*one.values(), *other.values()}) == 6000
    assert all(len(found) == 16 and int(found, 16) >= 0 for found in one.values())
    assert [one[n] for n in numbers] != sorted(one.values())
    digits = Counter("".join(one.values()))
    assert all(2700 < count < 3300 for count in digits.values())  # 48,000 digits, 16 kinds: 3000 each


def test_what_is_not_committed_is_not_kept(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        ids(people, "crm", "C1")
    with People.open(tmp_path) as people:
        assert people.numbers().num_rows == 0


def test_a_copy_leaves_the_store_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "100% #1?"
    folder.mkdir()
    with People.open(folder) as people:
        kept = ids(people, "crm", "C1")
        people.commit()
    before = (folder / "people.db").read_bytes()
    with People.copy(folder) as copy:
        assert ids(copy, "crm", "C1", "C2")["C1"] == kept["C1"]
        copy.keep_customers("crm", "f1", [row("x", 1, last_name="Anna")], {"f1": 0})
        copy.commit()
    assert (folder / "people.db").read_bytes() == before
    assert [path.name for path in folder.iterdir()] == ["people.db"]
    with People.copy(tmp_path) as copy:  # no store yet
        assert copy.numbers().num_rows == 0
    assert not (tmp_path / "people.db").exists()


def test_a_deleted_row_leaves_no_trace(tmp_path: Path) -> None:
    with People.open(tmp_path) as people:
        ids(people, "crm", *(f"NUMBER-{n}" for n in range(500)))
        people.keep_customers(
            "crm", "f1", [row(str(n), n, email=f"somebody-{n}@example.com") for n in range(500)], {"f1": 0}
        )
        people.commit()
    path = tmp_path / "people.db"
    assert b"somebody-77@example.com" in path.read_bytes()
    with People.open(tmp_path) as people:
        assert people._connection.execute("PRAGMA secure_delete").fetchone() == (1,)
        people._connection.execute("DELETE FROM source_customers")
        people._connection.execute("DELETE FROM customer_numbers")
        people.commit()
    content = path.read_bytes()
    assert b"somebody-" not in content
    assert b"NUMBER-" not in content
    assert [found.name for found in tmp_path.iterdir()] == ["people.db"]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    with People.open(tmp_path):
        assert stat.S_IMODE((tmp_path / "people.db").stat().st_mode) == 0o600


def test_the_latest_export_wins_whatever_comes_first() -> None:
    ranks = {"old": 0, "new": 1}
    for order in (("old", "new"), ("new", "old")):
        with People(None) as people:
            for name in order:
                people.keep_customers("crm", name, [row("x", 1, last_name=name)], ranks)
            assert names(people) == {("crm", "x"): "new"}


def test_a_file_that_is_gone_gives_way_and_a_row_read_again_is_replaced() -> None:
    with People(None) as people:
        people.keep_customers(
            "crm", "gone", [row("x", 1, last_name="before"), row("y", 2, last_name="kept")], {"gone": 5}
        )
        people.keep_customers("crm", "here", [row("x", 1, last_name="after")], {"here": 0})
        assert names(people) == {("crm", "x"): "after", ("crm", "y"): "kept"}
        people.keep_customers("crm", "here", [row("x", 1, last_name="again")], {"here": 0})
        people.keep_customers("web", "w", [row("x", 1, last_name="of the web")], {"w": 0})
        assert names(people) == {("crm", "x"): "again", ("crm", "y"): "kept", ("web", "x"): "of the web"}


def test_numbers_in_rules_are_found_in_any_system() -> None:
    with People(None) as people:
        crm, web = ids(people, "crm", "C1", "anna@example.com"), ids(people, "web", "C1")
        assert people.known_ids(["C1"]) == (crm["C1"], web["C1"])
        assert people.known_ids(["Anna@Example.com", "C9"]) == (crm["anna@example.com"],)
        assert people.known_ids([]) == ()


def test_numbers_are_texts_whatever_stands_in_them() -> None:
    odd = ["'; DROP TABLE customer_numbers; --", "Ёж", "a\nb", "0001", "1", "1.0", "é", "e\u0301"]
    with People(None) as people:
        found = ids(people, "crm", *odd)
        assert set(found) == set(odd)
        assert len(set(found.values())) == len(odd)


def test_a_store_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "people.db").write_text("no database at all, but text " * 50)
    with pytest.raises(sqlite3.DatabaseError):
        People.open(tmp_path)
