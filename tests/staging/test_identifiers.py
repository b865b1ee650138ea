"""Codes and names as text."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from habitue.staging.identifiers import as_text, cleaned, is_ruined, shape, with_customer_number, with_identifiers
from support.engines import table, values


def test_texts_are_trimmed_and_empty_words_are_nothing(con: Any) -> None:
    given = ["  x ", "\u00a0y\u00a0z\u00a0", "\t1\n", "", "   ", "NULL", "None", "nan", "N/A", "n/a", "-", "<NA>",
             "(null)", " - ", "0", "--", "nano", "5 ", "é\u00a0"]  # fmt: skip
    raw = table(con, {"row_number": range(len(given)), "v": given, "n": [1.5] * len(given)})
    found = cleaned(raw).order_by("row_number").to_pyarrow().to_pylist()
    assert [row["v"] for row in found] == ["x", "y z", "1", *[None] * 11, "0", "--", "nano", "5", "é"]
    assert {row["n"] for row in found} == {1.5}


@pytest.mark.parametrize(
    ("kind", "given", "texts"),
    [
        (pa.float64(), [1001.0, -7.0, 0.5, float("nan"), None, 2.0**53, 1e16], ["1001", "-7", "0.5", None, None,
                                                                               "9007199254740992", "1e+16"]),
        (pa.float64(), [float("inf")], ["inf"]),
        (pa.float32(), [12.0], ["12"]),
        (pa.int64(), [7, None], ["7", None]),
        (pa.string(), ["007"], ["007"]),
    ],
)  # fmt: skip
def test_any_type_as_text(con: Any, kind: pa.DataType, given: list[Any], texts: list[str | None]) -> None:
    assert values(con, given, as_text, kind) == texts


def test_codes(con: Any) -> None:
    given = ["00123", "'00123", "12.0", "12.50", "1.2.0", "x.0", ".0", "12.00", "''5", None]
    raw = table(con, {"n": range(len(given)), "v": given})
    found = with_identifiers(raw, ["v"]).order_by("n").to_pyarrow()["v"].to_pylist()
    assert found == ["00123", "00123", "12", "12.50", "1.2.0", "x.0", ".0", "12.00", "'5", None]


def test_customer_numbers(con: Any) -> None:
    given = [
        "Anna@Example.COM",
        "C-007",
        "0",
        "000",
        "0457",
        "3,01234E+12",
        "3.0E+12",
        "5E+11",
        "5e+11",
        "E+12",
        "0x",
        None,
    ]
    raw = table(con, {"n": range(len(given)), "v": given})
    found = with_customer_number(raw, "v").order_by("n").to_pyarrow()["v"].to_pylist()
    assert found == ["anna@example.com", "C-007", None, None, "0457", None, None, None, None, "E+12", "0x", None]


def test_ruined_codes(con: Any) -> None:
    given = ["3,01234E+12", "1.23457E+15", "5E+3", "12.3E+4", "3E-5", "1e5", "A3E+5", "3012345678901"]
    assert values(con, given, is_ruined) == [True, True, True, False, False, False, False, False]


def test_shapes(con: Any) -> None:
    given = ["Anna Müller, 12", "Ёж@пример.рф", "#REF!", "#N/A", "#tag 5", "31/02/2024", None]
    assert values(con, given, shape) == [
        "xxxx xxxxxx, 00",
        "xx@xxxxxx.xx",
        "#REF!",
        "#N/A",
        "#xxx 0",
        "00/00/0000",
        None,
    ]
