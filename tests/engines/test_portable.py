"""What differs between engines gives the same on each: `portable`, function by function, on the same values.

(`tests/test_portable.py` proves DuckDB right, by decimal, zoneinfo, re and plain integers.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi
from ibis.backends.sql.compilers.postgres import compiler as postgres_compiler

from habitue import portable
from support import spark
from support.engines_agree import differences, in_arrow

pytestmark = spark.MARKS

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC")
PATTERNS = ("C*", "c?", "a.b", "a?b", "*+d", "x#*&-", "x#?~&-", "(*", "*\\", "(q)[z]{2}^$|?", "*[z]*", "é?",
            "großhandel", "GROß*", "*HANDEL", "два*", "?ва слова", "*", "?", "", "%*", "a\\*", "*.*", "*line",
            "one*line?", "*_*", "%?*ne", "*\\\\b?")  # fmt: skip
TEXTS = ["C100", "c2", "C", "", "a.b", "axb", "A B", "c+d", "x#1~&-", "(q)[z]{2}^$|\\", "É1", "Großhandel",
         "GROSSHANDEL", "два слова", "ДВА СЛОВА", "C*", "%_", "a\\b", "12.5/0³", "١٢٣", "−9 876,50 €", "two\nline",
         "one\nline\n", "line\r", "%\nne", "%\nne\n", "İX", None]  # fmt: skip
BIG = 2**51 * 10 - 15
NUMBERS = [0, 1, -1, 5, -5, 15, -15, 25, 1005, -1005, 999_999, BIG, -BIG, 10**15 + 7, None]


def _moments() -> list[datetime | None]:
    hours = [datetime(2024, 3, 30) + timedelta(minutes=15 * n) for n in range(400)]
    rest = [datetime(2023, 1, 1) + timedelta(hours=37 * n, seconds=n) for n in range(480)]
    return [*hours, *(hour + timedelta(days=210) for hour in hours), *rest, None]


def _table(**columns: pa.Array) -> pa.Table:
    size = max(len(column) for column in columns.values())
    return pa.table({"n": pa.array(range(size), pa.int64()), **columns})


def _shares() -> pa.Table:
    rows = [
        (group, k, total, weight)
        for group, (total, weights) in enumerate(
            [(1000, [1, 1, 1]), (-1000, [1, 1, 1]), (5, [0, 0]), (7, [0, 3, 0]), (None, [1, 2]), (1, [10**9] * 7),
             (9 * 10**15, [10**12, 3, 7 * 10**11]), (-999_999_937, [3, 1, 4, 1, 5, 9, 2, 6])]
        )
        for k, weight in enumerate(weights)
    ]  # fmt: skip
    group, k, total, weight = (pa.array(column, pa.int64()) for column in zip(*rows[::-1], strict=True))
    return _table(group=group, k=k, total=total, weight=weight)


def numbers(t: Any) -> dict[str, Any]:
    return {
        **{f"half_even_{d}": portable.half_even(t.v, d) for d in (1, 2, 3, 10, 1000, 1_055_000)},
        **{f"whole_quotient_{d}": portable.whole_quotient(t.v, d) for d in (1, 7, 10, 1000)},
        "whole_quotient_by_column": portable.whole_quotient(t.v, t.n + 1),
        "ratio": portable.ratio(t.v, t.n - 3),
        "by_value": portable.by_value(t.v, {1: "one", -5: "minus five"}, "other"),
        "by_value_of_nothing": portable.by_value(t.v, {}, 3),
    }


def decimals(t: Any) -> dict[str, Any]:
    return {
        **{f"scaled_{digits}": portable.scaled(t.v, digits) for digits in (0, 2, 3, 6)},
        **{f"scaled_whole_{digits}": portable.scaled(t.n, digits) for digits in (0, 2)},
        "ratio": portable.ratio(t.v, t.n),
    }


def shares(t: Any) -> dict[str, Any]:
    share = portable.apportion(t.total, t.weight, by=["group"], order_by=["k"])
    return {"apportion": share}


def texts(t: Any) -> dict[str, Any]:
    return {
        "digits_mask": portable.digits_mask(t.v),
        "matches_several": portable.matches_any(t.v, ["C2", "a.*", "ZZ"]),
        "matches_none": portable.matches_any(t.v, []),
        **{f"matches_{n}": portable.matches_any(t.v, [pattern]) for n, pattern in enumerate(PATTERNS)},
    }


def moments(t: Any) -> dict[str, Any]:
    minutes = {
        f"{zone}_{'utc' if utc else 'local'}": portable.offset_minutes(t.v, zone, 2023, 2025, moment_is_utc=utc)
        for zone in ZONES
        for utc in (True, False)
    }
    return {**minutes, "plus_minutes": portable.plus_minutes(t.v, (t.n - 500).cast("int64"))}


CASES: dict[str, tuple[pa.Table, Callable[[Any], dict[str, Any]]]] = {
    "numbers": (_table(v=pa.array(NUMBERS, pa.int64())), numbers),
    "decimals": (
        _table(
            v=pa.array(
                [Decimal(v) for v in ("1.234567", "-0.000001", "899999999.999999", "2.5", "-2.5", "0.005", "1.005")]
                + [None],
                pa.decimal128(18, 6),
            )
        ),
        decimals,
    ),
    "shares": (_shares(), shares),
    "texts": (_table(v=pa.array(TEXTS, pa.string())), texts),
    "moments": (_table(v=pa.array(_moments(), pa.timestamp("us"))), moments),
}


def anything(con: Any) -> ir.Table:
    """Some table of the engine."""
    name = ibis.util.gen_name("anything")
    return con.create_view(name, ibis.memtable({"x": [1]}))


def on_engine(con: Any, rows: pa.Table, expressions: Callable[[Any], dict[str, Any]]) -> pa.Table:
    t = portable.stored(rows, "values", like=anything(con))
    return in_arrow(portable.materialise(t.select("n", **expressions(t)), "found"))


@pytest.mark.parametrize("case", CASES)
def test_spark_gives_what_duckdb_gives(case: str, on_duckdb: Any, on_spark: Any) -> None:
    expected = on_engine(on_duckdb, *CASES[case])
    assert differences(expected, on_engine(on_spark, *CASES[case])) == []
    assert expected.num_rows == CASES[case][0].num_rows


def test_groups_on_spark(on_duckdb: Any, on_spark: Any) -> None:
    rows = pa.table({"g": [1, 1, 2, 2, 2, 3], "v": pa.array([1, 4, 8, 8, None, None], pa.int64())})

    def found(con: Any) -> pa.Table:
        t = portable.stored(rows, "values", like=anything(con))
        return in_arrow(portable.materialise(t.group_by("g").agg(bits=portable.union_of_bits(t.v)), "bits"))

    assert sorted(found(on_duckdb).to_pylist(), key=lambda row: row["g"]) == [
        {"g": 1, "bits": 5}, {"g": 2, "bits": 8}, {"g": 3, "bits": None}
    ]  # fmt: skip
    assert differences(found(on_duckdb), found(on_spark)) == []


def test_a_stored_copy_on_spark_is_computed_once(on_spark: Any) -> None:
    rows = pa.table(
        {"on": [date(2024, 2, 29), None], "at": [datetime(2024, 2, 29, 23, 59), None], "n": [2**60 + 1, None]}
    )
    t = portable.stored(rows, "values", like=anything(on_spark))
    assert in_arrow(t).to_pylist() == rows.to_pylist()
    assert in_arrow(t).schema.types == [pa.date32(), pa.timestamp("us"), pa.int64()]
    drawn = portable.materialise(t.mutate(x=ibis.random()), "drawn")
    assert in_arrow(drawn).to_pylist() == in_arrow(drawn).to_pylist()


@pytest.fixture
def postgresql_rows(postgresql_database: str) -> Iterator[Callable[[pa.Table, Any], pa.Table]]:
    """A function that evaluates expressions on rows in PostgreSQL."""
    with dbapi.connect(postgresql_database) as connection, connection.cursor() as cursor:

        def evaluate(rows: pa.Table, expressions: Callable[[Any], dict[str, Any]]) -> pa.Table:
            cursor.adbc_ingest("given", rows, mode="replace")
            t = ibis.table(ibis.memtable(rows).schema(), name="given")
            shown = t.select("n", **expressions(t))
            cursor.execute(postgres_compiler.to_sqlglot(shown).sql("postgres"))
            return cursor.fetch_arrow_table().cast(shown.schema().to_pyarrow())

        yield evaluate


@pytest.mark.parametrize("case", CASES)
def test_postgresql_gives_what_duckdb_gives(case: str, on_duckdb: Any, postgresql_rows: Any) -> None:
    rows, expressions = CASES[case]
    if case == "texts":  # the server's locale is C: it knows no capitals but A to Z
        rows = rows.filter(pa.array([text is None or text.isascii() for text in TEXTS]))
    assert differences(on_engine(on_duckdb, rows, expressions), postgresql_rows(rows, expressions)) == []
