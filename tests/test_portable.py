"""What differs between engines, on a real DuckDB; expected values by decimal, zoneinfo, re and plain integers."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from habitue import portable
from support.engines import table, values

FEW = settings(max_examples=25)
ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC", "Africa/Casablanca")


@pytest.fixture(scope="module")
def con() -> Any:
    return ibis.duckdb.connect(threads=2)


# A divisor, and values whose quotient is below 2**51.
DIVISORS = st.sampled_from((1, 2, 3, 7, 10, 100, 1000, 10**4, 10**7, 1_200_000, 1_055_000))


@st.composite
def divisions(draw: st.DrawFn) -> tuple[int, list[int]]:
    divisor = draw(DIVISORS)
    most = min(divisor * (2**51 - 1), 2**62)
    exact_ties = st.integers(-most // divisor + 1, most // divisor - 1).map(lambda q: q * divisor + divisor // 2)
    numbers = st.one_of(st.integers(-most, most), st.integers(-3 * divisor, 3 * divisor), exact_ties)
    return divisor, draw(st.lists(numbers, min_size=1, max_size=60))


@FEW
@given(divisions())
@example((2, [-5, -3, -1, 0, 1, 3, 5]))
@example((10, [15, 25, -15, -25, 2**51 * 10 - 15]))
def test_half_even_is_that_of_decimal(con: Any, division: tuple[int, list[int]]) -> None:
    divisor, numbers = division
    found = values(con, numbers, lambda v: portable.half_even(v, divisor), pa.int64())
    expected = [int((Decimal(n) / divisor).quantize(Decimal(1), ROUND_HALF_EVEN)) for n in numbers]
    assert found == expected


@FEW
@given(divisions())
def test_whole_quotient_is_cut_toward_zero(con: Any, division: tuple[int, list[int]]) -> None:
    divisor, numbers = division
    found = values(con, numbers, lambda v: portable.whole_quotient(v, divisor), pa.int64())
    assert found == [abs(n) // divisor * (1 if n >= 0 else -1) for n in numbers]


def test_nothing_divided_is_nothing(con: Any) -> None:
    assert values(con, [None], lambda v: portable.half_even(v, 10), pa.int64()) == [None]
    assert values(con, [None], lambda v: portable.whole_quotient(v, 10), pa.int64()) == [None]
    assert values(con, [7], lambda v: portable.ratio(v, v - v), pa.int64()) == [None]
    assert values(con, [7], lambda v: portable.ratio(v, v + 7), pa.int64()) == [0.5]


def test_decimals_scaled_to_whole_numbers(con: Any) -> None:
    kind = pa.decimal128(18, 6)
    given_ = [Decimal("1.234567"), Decimal("-0.000001"), Decimal("899999999.999999"), None]
    assert values(con, given_, lambda v: portable.scaled(v, 6), kind) == [1234567, -1, 899999999999999, None]
    assert values(con, given_[:2], lambda v: portable.scaled(v, 3), kind) == [1235, 0]


def apportioned(con: Any, groups: Sequence[tuple[int | None, Sequence[int]]]) -> list[list[int]]:
    """Shares by group of (total, weights), rows given in reverse order so that only `order_by` can order them."""
    rows = [(g, k, total, w) for g, (total, weights) in enumerate(groups) for k, w in enumerate(weights)][::-1]
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("g", "k", "total", "weight"))}
    t = table(con, columns, {"total": pa.int64(), "weight": pa.int64()})
    share = portable.apportion(t.total, t.weight, by=["g"], order_by=["k"])
    found = t.select("g", "k", share=share).order_by("g", "k").to_pyarrow().to_pylist()
    return [[row["share"] for row in found if row["g"] == g] for g in range(len(groups))]


def by_hand(total: int, weights: Sequence[int]) -> list[int]:
    """[total * W_k / W] - [total * W_(k-1) / W], each rounded toward zero, in whole numbers of any size."""
    if not sum(weights):
        return [0] * len(weights)
    sign = 1 if total >= 0 else -1
    up_to = [sign * (abs(total) * sum(weights[:k]) // sum(weights)) for k in range(len(weights) + 1)]
    return [after - before for before, after in pairwise(up_to)]


def test_shares_of_a_discount_by_hand(con: Any) -> None:
    assert apportioned(con, [(1000, [1, 1, 1]), (-1000, [1, 1, 1]), (5, [0, 0]), (7, [0, 3, 0]), (None, [1, 2])]) == [
        [333, 333, 334],
        [-333, -333, -334],
        [0, 0],
        [0, 7, 0],
        [0, 0],
    ]


AMOUNTS = st.integers(-(10**9), 10**9)
WEIGHTS = st.lists(st.one_of(st.just(0), st.integers(0, 10**9)), min_size=1, max_size=8)


@FEW
@given(st.lists(st.tuples(AMOUNTS, WEIGHTS), min_size=1, max_size=8))
def test_shares_add_up_to_the_last_unit(con: Any, groups: list[tuple[int, list[int]]]) -> None:
    found = apportioned(con, groups)
    assert found == [by_hand(total, weights) for total, weights in groups]
    assert [sum(shares) for shares in found] == [total if any(weights) else 0 for total, weights in groups]


def test_shares_of_huge_amounts_still_add_up(con: Any) -> None:
    total, weights = 9 * 10**15, [10**12, 3, 7 * 10**11, 10**12]
    (found,) = apportioned(con, [(total, weights)])
    assert sum(found) == total
    exact = by_hand(total, weights)
    # beyond 4e18 the products are floating: 2**-52 of the total, at most a few units
    assert all(abs(a - b) <= 8 for a, b in zip(found, exact, strict=True))


TEXTS = ["C100", "c2", "C", "", "a.b", "axb", "A B", "c+d", "x#1~&-", "(q)[z]{2}^$|\\", "É1", "Großhandel",
         "GROSSHANDEL", "два слова", "ДВА СЛОВА", "C*", "%_", "a\\b", None]  # fmt: skip
PATTERNS = ["C*", "c?", "a.b", "a?b", "*+d", "x#*&-", "x#?~&-", "(*", "*\\", "(q)[z]{2}^$|?", "*[z]*", "é?",
            "großhandel", "GROß*", "*HANDEL", "два*", "?ва слова", "*", "?", "", "%*", "a\\*", "*.*"]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_are_globs_without_capitals(con: Any, pattern: str) -> None:
    found = values(con, TEXTS, lambda v: portable.matches_any(v, [pattern]), pa.string())
    glob = pattern.lower().replace("[", "[[]")  # only * and ? mean something
    assert found == [text is not None and fnmatch.fnmatchcase(text.lower(), glob) for text in TEXTS]


def test_any_pattern_matches(con: Any) -> None:
    found = values(con, TEXTS, lambda v: portable.matches_any(v, ["C2", "a.*", "ZZ"]), pa.string())
    assert [text for text, is_found in zip(TEXTS, found, strict=True) if is_found] == ["c2", "a.b"]
    assert values(con, TEXTS, lambda v: portable.matches_any(v, []) & v.notnull(), pa.string()) == [False] * len(TEXTS)


def moments_around_changes(zone: str) -> list[datetime]:
    """Every change of offset from 2000 to 2027, and what surrounds it by the quarter of an hour."""
    tz, found = ZoneInfo(zone), []
    day = datetime(2000, 1, 1)
    while day < datetime(2028, 1, 1):
        following = day + timedelta(days=1)
        a, b = (d.replace(tzinfo=UTC).astimezone(tz).utcoffset() for d in (day, following))
        if a != b:
            around = range(-14 * 4, 38 * 4)
            found += [day + timedelta(minutes=15 * quarter) for quarter in around]
        day = following
    return found


def expected_offset(moment: datetime, zone: str, *, is_utc: bool) -> int:
    tz = ZoneInfo(zone)
    offset = (moment.replace(tzinfo=UTC).astimezone(tz) if is_utc else moment.replace(tzinfo=tz, fold=0)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60


@pytest.mark.parametrize("is_utc", [True, False])
@pytest.mark.parametrize("zone", ZONES)
def test_offsets_around_every_change(con: Any, zone: str, is_utc: bool) -> None:
    moments = moments_around_changes(zone) or [datetime(2024, 1, 1)]
    found = values(
        con, moments, lambda v: portable.offset_minutes(v, zone, 2000, 2027, moment_is_utc=is_utc), pa.timestamp("us")
    )
    wrong = [
        (m, offset)
        for m, offset in zip(moments, found, strict=True)
        if offset != expected_offset(m, zone, is_utc=is_utc)
    ]
    assert wrong == []


@settings(max_examples=10)
@given(
    st.sampled_from(ZONES),
    st.booleans(),
    st.lists(st.datetimes(datetime(2000, 1, 1, 12), datetime(2027, 12, 31)), min_size=1, max_size=300),
)
def test_offsets_of_any_moment(con: Any, zone: str, is_utc: bool, moments: list[datetime]) -> None:
    found = values(
        con, moments, lambda v: portable.offset_minutes(v, zone, 2000, 2027, moment_is_utc=is_utc), pa.timestamp("us")
    )
    assert found == [expected_offset(moment, zone, is_utc=is_utc) for moment in moments]


def test_gap_and_repeated_hour_by_hand(con: Any) -> None:
    # In Paris 2024-03-31 02:30 never was, 2024-10-27 02:30 was twice: the earlier offset, and that before the gap.
    moments = [datetime(2024, 3, 31, 2, 30), datetime(2024, 3, 31, 3), datetime(2024, 10, 27, 2, 30)]
    found = values(
        con,
        moments,
        lambda v: portable.offset_minutes(v, "Europe/Paris", 2024, 2024, moment_is_utc=False),
        pa.timestamp("us"),
    )
    assert found == [60, 120, 120]


def test_moments_are_shifted_by_minutes(con: Any) -> None:
    t = table(con, {"at": [datetime(2024, 2, 29, 23, 59, 30)] * 2, "by": [1, -1440]})
    found = t.select(x=portable.plus_minutes(t.at, t.by)).to_pyarrow()["x"].to_pylist()
    assert sorted(found) == [datetime(2024, 2, 28, 23, 59, 30), datetime(2024, 3, 1, 0, 0, 30)]


@FEW
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), min_size=1, max_size=30))
@example(["14/03/2024", "05.11.2023 09:41", "١٢٣", "−9 876,50 €"])
def test_a_mask_keeps_everything_but_digits(con: Any, texts: list[str]) -> None:
    found = values(con, texts, portable.digits_mask, pa.string())
    assert found == ["".join("0" if c in "0123456789" else c for c in text) for text in texts]


def test_values_looked_up(con: Any) -> None:
    assert values(con, ["a", "b", None], lambda v: portable.by_value(v, {"a": 1, "b": 2}, 0)) == [1, 2, 0]
    assert values(con, ["a"], lambda v: portable.by_value(v, {}, 3)) == [3]


def test_a_materialised_table_is_a_copy(con: Any) -> None:
    t = table(con, {"x": [1, 2]})
    stored = portable.materialise(t.mutate(y=t.x * 2), "doubled")
    con.raw_sql(f'DROP TABLE "{t.op().name}"')
    assert sorted(stored.to_pyarrow()["y"].to_pylist()) == [2, 4]
