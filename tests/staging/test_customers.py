"""Card bases: one row a customer number, the last non-empty word wins."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from habitue.sources.declared import Source
from habitue.staging.customers import StagedCustomers, stage_customers
from support.reading import conventions, raw_table, source, told


def staged(con: Any, text: str, declared: Source | None = None, types: dict[str, Any] | None = None) -> StagedCustomers:
    headers, *lines = (line.strip().split(";") for line in text.strip().splitlines())
    declared = declared or source({name: name for name in headers}, kind="customers")
    table = raw_table(con, headers, lines, types or {})
    return stage_customers(table, declared, conventions(table, declared))


def test_the_last_word_on_each_attribute(con: Any) -> None:
    found = staged(con, """source_customer_id;first_name;city;phone;birth_date;enrolled_on
        C1;Anna;Paris;'0612;31/12/1985;01/02/2020
        C2;Bo;Pau;;;
        C1;Anne;;;32/12/1985;
        ;Nobody;Nice;;;
        C2;;Nantes;0700.0;01/01/1990;2020-05-01
        ;;;;;
        000;Zero;;;;""")  # fmt: skip
    assert found.read == 4
    columns = ("customer_number", "row_number", "first_name", "city", "phone", "birth_date", "enrolled_on")
    assert told(found.rows, *columns) == [
        ("C1", 4, "Anne", "Paris", "0612", date(1985, 12, 31), date(2020, 2, 1)),
        ("C2", 6, "Bo", "Nantes", "0700", date(1990, 1, 1), date(2020, 5, 1)),
    ]
    # Rows without a number are refused, without a word of what they say; a blank row is no row.
    assert told(found.refused, "row_number", "column", "value", "reason") == [
        (5, "source_customer_id", None, "key_missing"), (8, "source_customer_id", None, "key_missing"),
    ]  # fmt: skip


def test_e_mail_addresses_are_compared_without_capitals(con: Any) -> None:
    found = staged(con, "source_customer_id;city\nAnna@Example.com;Paris\nanna@example.COM;Pau")
    assert told(found.rows, "customer_number", "city") == [("anna@example.com", "Pau")]


def test_constants_and_joined_columns(con: Any) -> None:
    declared = source({"source_customer_id": "no", "address": ("street", "more")}, kind="customers",
                      values={"population": "staff", "store_id": "S1", "enrolled_on": "2020-01-01"})  # fmt: skip
    found = staged(con, "no;street;more\n1;5 rue X;BP 40\n2;;BP 41", declared)
    columns = ("customer_number", "address", "population_label", "store_id", "enrolled_on")
    assert told(found.rows, *columns) == [
        ("1", "5 rue X BP 40", "staff", "S1", date(2020, 1, 1)), ("2", "BP 41", "staff", "S1", date(2020, 1, 1)),
    ]  # fmt: skip


def test_numbers_with_a_type_of_their_own(con: Any) -> None:
    declared = source({"source_customer_id": "no", "enrolled_on": "since"}, kind="customers")
    rows = [(1001.0, date(2020, 1, 2)), (None, date(2020, 1, 2)), (float("nan"), None), (1001.0, None)]
    table = raw_table(con, ["no", "since"], rows, {"no": pa.float64(), "since": pa.date32()})
    found = stage_customers(table, declared, conventions(table, declared))
    assert told(found.rows, "customer_number", "enrolled_on") == [("1001", date(2020, 1, 2))]
    assert told(found.refused, "row_number") == [3, 4]


def test_an_empty_file(con: Any) -> None:
    table = raw_table(con, ["no"], [])
    found = stage_customers(table, source({"source_customer_id": "no"}, kind="customers"), conventions(
        table, source({"source_customer_id": "no"}, kind="customers")))  # fmt: skip
    assert (found.read, told(found.rows, "customer_number"), told(found.refused, "row_number")) == (0, [], [])
