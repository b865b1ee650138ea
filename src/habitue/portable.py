"""What differs between engines, in one place: rounding, division, sharing out, text patterns, time zones.

Every function takes and returns Ibis values or tables and compiles to the same result on DuckDB and Spark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends.sql.datatypes import PySparkType

from habitue.periods import OffsetChange, offset_changes

DIGITS = "0123456789"
LINE_ENDS = "\n\r\x85\u2028\u2029"


def materialise(table: ir.Table, name: str) -> ir.Table:
    """Compute a table once on its own backend and return the stored copy (temporary, named after `name`)."""
    backend = cast(Any, table.get_backend())
    unique = _unique_name(name)
    if not _is_spark(backend):
        return backend.create_table(unique, table, temp=True)
    backend._run_pre_execute_hooks(table)  # tables in memory; a view instead would be analysed again and again
    return _checkpointed(backend, backend.raw_sql(backend.compile(table)), unique, table.schema())


def settled(table: ir.Table, name: str) -> ir.Table:
    """The table itself; on Spark, which plans a long chain slowly and every time anew, a stored copy."""
    return materialise(table, name) if _is_spark(table.get_backend()) else table


def forget(*tables: ir.Table) -> None:
    """Drop stored tables that no expression still to be computed reads. (Spark lets go of what nothing holds.)"""
    for table in tables:
        backend = cast(Any, table.get_backend())
        if not _is_spark(backend):
            backend.raw_sql(f'DROP TABLE IF EXISTS "{table.get_name()}"')


def stored(rows: pa.Table, name: str, *, like: ir.Table) -> ir.Table:
    """A small Arrow table on the backend of another table (temporary, named after `name`)."""
    backend = cast(Any, like.get_backend())
    unique = _unique_name(name)
    if not _is_spark(backend):
        return backend.create_table(unique, rows, temp=True)
    frame = backend.raw_sql("SELECT 1").sparkSession.createDataFrame(rows)
    return _checkpointed(backend, frame, unique, ibis.memtable(rows).schema())


def is_drawn(value: ir.StringValue, share: float, salt: str) -> ir.BooleanValue:
    """Whether a value is in a sample of about `share` of all, by its SHA-256 with a salt: on all engines alike."""
    limit = format(min(int(share * 16**8), 16**8 - 1), "08x")
    return (value + ibis.literal(salt)).hexdigest("sha256").substr(0, 8) < limit


def whole_quotient(value: ir.IntegerValue, divisor: int | ir.IntegerValue) -> ir.IntegerValue:
    """Quotient of int64 values rounded toward zero, exact while the quotient is below 2**51.

    (`//` goes through floating point on DuckDB and is integer only on PostgreSQL.)
    """
    return ((value - value % divisor).cast("float64") / _float(divisor)).round().cast("int64")


def half_even(value: ir.IntegerValue, divisor: int) -> ir.IntegerValue:
    """Divide an int64 by a positive whole number, ties to the even neighbour (units: those of the quotient)."""
    size = value.abs()
    quotient = whole_quotient(size, divisor)
    twice = (size - quotient * divisor) * 2
    up = (twice > divisor) | ((twice == divisor) & (quotient % 2 == 1))
    return ibis.ifelse(value < 0, -1, 1).cast("int64") * (quotient + ibis.ifelse(up, 1, 0))


def scaled(value: ir.NumericValue, digits: int) -> ir.IntegerValue:
    """A decimal number as int64 in units of 10**-digits, rounded there by the engine's decimal cast."""
    return (value.cast(f"decimal(38,{digits})") * 10**digits).cast("int64")


def ratio(numerator: ir.NumericValue, denominator: ir.NumericValue) -> ir.FloatingValue:
    """Float ratio; null over nothing."""
    return numerator.cast("float64") / denominator.cast("float64").nullif(0.0)


def apportion(
    total: ir.IntegerValue, weight: ir.IntegerValue, *, by: Sequence[str], order_by: Sequence[str]
) -> ir.IntegerValue:
    """Share whole minor units among the rows of a group in proportion to non-negative weights, to the last unit.

    Row k gets [total * W_k / W] - [total * W_{k-1} / W], rounded toward zero, W_k being the running sum of weights in
    `order_by` (which must order the rows of a group fully, equal rows aside): shares add up to `total` exactly.
    A group whose weights are all zero shares nothing.
    """
    running = ibis.window(group_by=by, order_by=order_by, preceding=None, following=0)
    whole = ibis.window(group_by=by)
    up_to = weight.sum().over(running)
    all_weights = weight.sum().over(whole)
    safe = all_weights.nullif(0)

    def share(part: ir.IntegerValue) -> ir.IntegerValue:
        exact = whole_quotient(part * total, safe)
        rough = (part.cast("float64") / safe.cast("float64") * total.cast("float64")).cast("int64")
        fits = all_weights.cast("float64") * total.abs().cast("float64") < 4e18
        return ibis.ifelse(part == all_weights, total, ibis.ifelse(fits, exact, rough))

    return (share(up_to) - share(up_to - weight)).fill_null(0).cast("int64")


def union_of_bits(value: ir.IntegerValue) -> ir.IntegerScalar:
    """Every bit that some value of a group has."""
    return _bit_or(value)


def fingerprint(table: ir.Table, *names: str) -> ir.IntegerValue:
    """A 64-bit hash of one or two text columns, differing from engine to engine: for finding what may be equal, never
    for a result."""
    on_spark = _is_spark(table.get_backend())
    hashes: Any = {1: _xxhash_one, 2: _xxhash_two} if on_spark else {1: _hash_one, 2: _hash_two}
    return hashes[len(names)](*(table[name] for name in names))


def digits_mask(text: ir.StringValue) -> ir.StringValue:
    """The shape of a text: every digit becomes 0 (``14/03/2024`` and ``05/11/2023`` share ``00/00/0000``)."""
    return text.translate(DIGITS, "0" * 10)


def matches_any(text: ir.StringValue, patterns: Sequence[str]) -> ir.BooleanValue:
    """Does a text match one of the glob patterns (``*``, ``?``), capitals aside? Null never matches."""
    lower = text.lower()
    small = [_lower(pattern) for pattern in patterns]
    plain = [p for p in small if not re.search(r"[*?]", p)]
    tests: list[ir.BooleanValue] = [lower.isin(plain)] if plain else []
    for pattern in small:
        if not re.search(r"[*?]", pattern):
            continue
        if re.fullmatch(r"[^*?]+\*", pattern):
            tests.append(lower.startswith(pattern[:-1]))
        elif not re.search(r"[%_\\]", pattern):
            tests.append(lower.like(pattern.replace("*", "%").replace("?", "_")))
        else:  # what escapes in LIKE differs, and in regular expressions what ends a line
            one_line = lower.translate(LINE_ENDS, " " * len(LINE_ENDS))
            regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
            tests.append(one_line.re_search(f"^{regex}$"))
    if not tests:
        return ibis.literal(False)
    found = tests[0]
    for test in tests[1:]:
        found = found | test
    return found.fill_null(False)


def by_value(value: ir.Value, table: Mapping[Any, Any], default: Any) -> ir.Value:
    """Look a value up in a small mapping, as a CASE expression."""
    if not table:
        return ibis.literal(default)
    return ibis.cases(*[(value == key, found) for key, found in table.items()], else_=default)


def offset_minutes(
    moment: ir.TimestampValue, zone: str, first_year: int, last_year: int, *, moment_is_utc: bool
) -> ir.IntegerValue:
    """Minutes to add to UTC to get local time in `zone`, for a naive moment given in UTC or in local time.

    A local time that exists twice takes the earlier offset, one that never existed the offset before the gap
    (as Python's ``fold=0``).
    """
    changes = offset_changes(zone, first_year, last_year)

    def threshold(before: OffsetChange, change: OffsetChange) -> Any:
        if moment_is_utc:
            return ibis.timestamp(change.starts_at.isoformat(sep=" "))
        local = change.starts_at + timedelta(minutes=max(before.minutes, change.minutes))
        return ibis.timestamp(local.isoformat(sep=" "))

    def pick(low: int, high: int) -> Any:
        if low == high:
            return ibis.literal(changes[low].minutes, "int64")
        middle = (low + high + 1) // 2
        at = threshold(changes[middle - 1], changes[middle])
        return ibis.ifelse(moment >= at, pick(middle, high), pick(low, middle - 1))

    return pick(0, len(changes) - 1)


def plus_minutes(moment: ir.TimestampValue, minutes: ir.IntegerValue) -> ir.TimestampValue:
    """A moment shifted by a whole number of minutes that may differ from row to row."""
    return moment + minutes.as_interval("m")


@ibis.udf.agg.builtin(name="bit_or")
def _bit_or(value: int) -> int:
    """Every engine has it; Ibis does not write its own for Spark."""
    raise NotImplementedError


_ONE, _TWO = ("string",), ("string", "string")


@ibis.udf.scalar.builtin(name="hash", signature=(_ONE, "uint64"))
def _hash_one(a):
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="hash", signature=(_TWO, "uint64"))
def _hash_two(a, b):
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="xxhash64", signature=(_ONE, "int64"))
def _xxhash_one(a):
    raise NotImplementedError


@ibis.udf.scalar.builtin(name="xxhash64", signature=(_TWO, "int64"))
def _xxhash_two(a, b):
    raise NotImplementedError


def _unique_name(name: str) -> str:
    return f"{name}_{ibis.util.gen_name('t')[-12:]}"


def _is_spark(backend: Any) -> bool:
    return backend.name == "pyspark"


def _checkpointed(backend: Any, frame: Any, name: str, schema: ibis.Schema) -> ir.Table:
    """A Spark data frame computed once, with exactly the types of `schema`, as a temporary view.

    Spark has no temporary tables, and what it caches it may compute again. A local checkpoint is kept until the session
    ends, and later plans begin there: Spark plans long chains of columns slowly.
    """
    kinds = {
        column: "timestamp_ntz" if kind.is_timestamp() and kind.timezone is None else PySparkType.to_string(kind)
        for column, kind in schema.items()
    }
    frame = frame.select(*(frame[f"`{column}`"].cast(kind) for column, kind in kinds.items()))
    frame.localCheckpoint().createOrReplaceTempView(name)
    return backend.table(name)


def _lower(text: str) -> str:
    """Small letters as engines make them: one for one."""
    return "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)


def _float(value: int | ir.IntegerValue) -> Any:
    return float(value) if isinstance(value, int) else value.cast("float64")
