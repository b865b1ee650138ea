"""Normal forms of whole tables, completeness and ignored values; expected values by hand."""

from __future__ import annotations

from typing import Any

import ibis
import pytest

from habitue import schemas
from habitue.customers.normal_forms.completeness import contact_faults, profile_completeness
from habitue.customers.normal_forms.ignored import ignored_values, masked
from habitue.customers.normal_forms.tables import Regions, country_code, normal_forms
from support.identity import AS_OF, records

pytestmark = pytest.mark.xdist_group("identity")


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)


def normal(con: Any, rows: list[dict[str, Any]], **regions: Any) -> Any:
    return normal_forms(records(con, rows), as_of=AS_OF, regions=Regions(**regions))


def test_a_number_is_read_in_the_country_of_its_row_then_of_its_source(con: Any) -> None:
    rows = [
        {"id": "1", "source": "be_shop", "phone": "0470 12 34 56"},
        {"id": "2", "source": "fr_shop", "phone": "0470 12 34 56"},
        {"id": "3", "source": "fr_shop", "phone": "0470123456", "country": "Belgique"},
        {"id": "4", "source": "fr_shop", "phone": "0612345678", "country": "BE"},
        {"id": "5", "source": "other", "phone": "8 912 345 67 89"},
    ]
    table = normal(con, rows, default="RU", by_source={"be_shop": "BE", "fr_shop": "FR"})
    assert table.schema() == schemas.NORMAL_FORMS.ibis_schema()
    found = {row["source_customer_id"]: row["phone"] for row in table.to_pyarrow().to_pylist()}
    assert found == {
        "1": "+32470123456", "2": "+33470123456", "3": "+32470123456", "4": "+33612345678", "5": "+79123456789",
    }  # fmt: skip


def test_countries() -> None:
    assert [country_code(text) for text in ("fr", "France", "Россия", "UK", "Royaume-Uni", "", None, "Atlantis")] == [
        "FR", "FR", "RU", "GB", "GB", None, None, None,
    ]  # fmt: skip


def test_completeness_by_source_store_and_field(con: Any) -> None:
    rows = [
        {"id": "1", "store_id": "A", "last_name": "Roux", "email": "ada@example.com", "phone": "0612345678"},
        {"id": "2", "store_id": "A", "last_name": "CLIENT", "email": "x@x.fr", "phone": "0600000000"},
        {"id": "3", "address": "1 rue du Lac", "postcode": "74000"},
        {"id": "4", "store_id": "B", "address": "1 rue du Lac"},
    ]
    table = profile_completeness(normal(con, rows, default="FR"))
    assert table.schema() == schemas.PROFILE_COMPLETENESS.ibis_schema()
    found = {
        (row["store_id"], row["field"]): (row["rows"], row["filled_count"], row["usable_count"])
        for row in table.to_pyarrow().to_pylist()
    }
    assert found["A", "name"] == (2, 2, 1)
    assert found["A", "email"] == (2, 2, 1)
    assert found[None, "phone"] == (4, 2, 1)
    assert found[None, "address"] == (4, 2, 1)
    assert found["B", "name"] == (1, 0, 0)
    assert len(found) == 15
    assert profile_completeness(normal(con, [])).count().to_pyarrow().as_py() == 0


def test_details_that_cannot_be_used_are_listed(con: Any) -> None:
    rows = [
        {"id": "1", "email": "ada@example", "phone": "06 12 34 56 7"},
        {"id": "2", "phone": "612345678", "birth_date": AS_OF.replace(year=1900, month=1, day=1)},
        {"id": "3", "email": "ada@example.com", "phone": "06 12 34 56 78 / 06 12 34 56 79"},
        {"id": "4"},
    ]
    table = contact_faults(normal(con, rows, default="FR"))
    assert table.schema() == schemas.CONTACT_FAULTS.ibis_schema()
    found = {
        (row["source_customer_id"], row["field"], row["fault"], row["mending"])
        for row in table.to_pyarrow().to_pylist()
    }
    assert found == {
        ("1", "email", "invalid", None), ("1", "phone", "too_short", None), ("2", "phone", None, "zero_restored"),
        ("2", "birth_date", "known_filler", None), ("3", "phone", None, "several_numbers"),
    }  # fmt: skip


def test_a_filler_of_a_source_is_found_by_its_frequency(con: Any) -> None:
    names = ("Ada Roux", "Igor Blanc", "Eva Brun")
    rows = [
        {"id": f"{at}", "name": names[at % 3], "birth_date": AS_OF.replace(year=1980, month=1, day=1)}
        for at in range(20)
    ]
    found = masked(ignored_values(normal(con, rows))).to_pyarrow().to_pylist()
    assert [(row["field"], row["value"], row["reason"], row["numbers_count"]) for row in found] == [
        ("birth_date", "0000-00-00", "too_frequent", 20)
    ]
    assert ignored_values(normal(con, rows[:19])).count().to_pyarrow().as_py() == 0


def test_masks_of_one_shape_are_numbered(con: Any) -> None:
    rows = [
        {"id": f"{mail}{at}", "name": name, "email": f"{mail}@example.com"}
        for mail in ("ab", "cd")
        for at, name in enumerate(("Ada Roux", "Igor Blanc", "Eva Petit"))
    ]
    found = masked(ignored_values(normal(con, rows))).order_by("value").to_pyarrow().to_pylist()
    assert [row["value"] for row in found] == ["xx@xxxxxxx.xxx", "xx@xxxxxxx.xxx #2"]
