"""Arrow columns from whole numbers, without a Python object a row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from habitue.demo.simulated_shop.world import Flags, Ints

Bytes = NDArray[np.uint8]


def digits(value: Ints, width: int) -> Bytes:
    """Decimal figures of non-negative numbers as ASCII, zero-padded on the left, shape (n, width)."""
    out = np.empty((value.size, width), dtype=np.uint8)
    rest = value
    for place in range(width - 1, -1, -1):
        rest, figure = np.divmod(rest, 10)
        out[:, place] = figure + ord("0")
    return out


def text_column(characters: Bytes, known: Flags | None = None) -> pa.Array:
    """A string column of ASCII texts of one width, shape (n, width); null where not `known`."""
    n, width = characters.shape
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    data = pa.py_buffer(np.ascontiguousarray(characters))
    return pa.Array.from_buffers(pa.string(), n, [_validity(known), pa.py_buffer(offsets), data])


def chosen(texts: Sequence[str], place: Ints, known: Flags | None = None) -> pa.Array:
    """A string column: for each entry the text at that place; null where not `known`."""
    return coded(texts, place, known).dictionary_decode()


def coded(texts: Sequence[str], place: Ints, known: Flags | None = None) -> pa.Array:
    """As `chosen`, kept as codes into the texts (a Parquet file written without Arrow's schema reads as strings)."""
    codes = np.where(known, place, 0) if known is not None else place
    mask = None if known is None else ~known
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32), mask=mask), pa.array(texts, pa.string()))


def cents_column(cents: Ints, known: Flags | None = None) -> pa.Array:
    """Whole cents as decimal(12, 2)."""
    words = np.empty((cents.size, 2), dtype=np.int64)
    words[:, 0] = cents
    words[:, 1] = cents >> 63
    return pa.Array.from_buffers(pa.decimal128(12, 2), cents.size, [_validity(known), pa.py_buffer(words)])


def day_column(day: Ints, known: Flags | None = None) -> pa.Array:
    """Days since 1970-01-01 as a date column; null where not `known`."""
    mask = None if known is None else ~known
    return pa.array(day.astype(np.int32), pa.int32(), mask=mask).cast(pa.date32())


def second_column(second: Ints) -> pa.Array:
    """Seconds since the epoch as a naive timestamp column."""
    return pa.array(second * 1_000_000, pa.int64()).cast(pa.timestamp("us"))


def number_texts(value: Ints) -> pa.Array:
    """Whole numbers in decimal figures, as a string column."""
    return pa.array(value, pa.int64()).cast(pa.string())


def joined_texts(left: pa.Array, right: pa.Array, *, between: str) -> pa.Array:
    """The two texts of each row with `between` in the middle."""
    return pc.call_function("binary_join_element_wise", [left, right, pa.scalar(between)])


def either(first: Flags, yes: pa.Array, no: pa.Array) -> pa.Array:
    """For each row the value of `yes` where `first`, else that of `no`."""
    return pc.call_function("if_else", [pa.array(first), yes, no])


def known_only(column: pa.Array, known: Flags) -> pa.Array:
    """The string column, null where not `known`."""
    return pc.call_function("if_else", [pa.array(known), column, pa.scalar(None, pa.string())])


def _validity(known: Flags | None) -> pa.Buffer | None:
    return None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))
