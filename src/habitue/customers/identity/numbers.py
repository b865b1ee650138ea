"""Customer numbers in columns of whole-number codes: what pairs are found and compared with, a million at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Codes = NDArray[np.int64]
NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Numbers:
    """Customer numbers, ordered by opaque id, each once.

    Every `Codes` column holds, by number, the place of its value among the distinct ones, -1 where it is unknown or
    says nothing; first and last names share one list of `names`. `phones` has two columns. `place` is the code of
    street with postcode (or town), `area` that of the postcode (or town).
    """

    ids: pa.Array
    systems: Codes
    system_names: tuple[str, ...]
    kinds: tuple[str, ...]
    first: Codes
    last: Codes
    names: tuple[str, ...]
    email: Codes
    emails: tuple[str, ...]
    phones: Codes
    phone_texts: tuple[str, ...]
    is_mobile: NDArray[np.bool_]
    born: NDArray[np.datetime64]
    place: Codes
    area: Codes
    areas: tuple[str, ...]
    street: Codes
    streets: tuple[str, ...]
    town: Codes
    towns: tuple[str, ...]
    net_amount: Codes
    points: Codes
    consent: Codes

    def __len__(self) -> int:
        return len(self.ids)


def numbers_of(normal: ir.Table, ignored: ir.Table) -> Numbers:
    """Gather NORMAL_FORMS into numbers.

    Where several sources have rows of one number, each field is that of the first source in alphabetical order that
    has it; net amounts and points are those of the first source that states them too. Values in `ignored` (as
    `ignored_values` gives them) are no evidence.
    """
    rows = normal.order_by("source_customer_id", "source").to_pyarrow()
    bad = {field: set() for field in ("email", "phone", "birth_date")}
    for row in ignored.select("field", "value").to_pyarrow().to_pylist():
        bad[row["field"]].add(row["value"])
    ids = _plain(rows["source_customer_id"])
    codes = _codes_of(ids)[0]
    group = np.cumsum(np.r_[True, codes[1:] != codes[:-1]]) - 1 if len(codes) else codes
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]]) if len(codes) else codes
    count = len(starts)

    def first_known(values: Codes) -> Codes:
        return _first_known(values, group, count)

    def coded(column: Any, refused: set[str] = frozenset()) -> tuple[Codes, tuple[str, ...]]:  # pyright: ignore[reportArgumentType]
        values, texts = _codes_of(_plain(column))
        no = [at for at, text in enumerate(texts) if text in refused]
        return first_known(np.where(np.isin(values, no), -1, values) if no else values), texts

    def numeric(name: str) -> Codes:
        column = _plain(rows[name])
        known = np.asarray(pc.is_valid(column))
        values = np.asarray(pc.fill_null(column.cast(pa.int64()), 0))
        at = first_known(np.where(known, np.arange(len(values)), -1))
        return np.where(at >= 0, values[at], 0) if len(values) else values

    both, names = _codes_of(pa.concat_arrays([_plain(rows["first_name"]), _plain(rows["last_name"])]))
    length = len(rows)
    phones, phone_texts = _codes_of(pa.concat_arrays([_plain(rows["phone"]), _plain(rows["other_phone"])]))
    no = [at for at, text in enumerate(phone_texts) if text in bad["phone"]]
    phones = np.where(np.isin(phones, no), -1, phones)
    mobile = np.zeros(len(phone_texts), bool)
    is_mobile = np.asarray(pc.fill_null(pc.equal(_plain(rows["phone_kind"]), "mobile"), False))
    own = phones[:length]
    mobile[own[(own >= 0) & is_mobile]] = True
    email, emails = coded(rows["email_key"], bad["email"])
    born_at = first_known(np.asarray(pc.if_else(pc.is_valid(_plain(rows["birth_date"])), np.arange(length), -1)))
    days = np.asarray(_plain(rows["birth_date"]).cast(pa.int32()).fill_null(0)).astype("datetime64[D]")
    born = np.full(count, NO_DAY)
    born[born_at >= 0] = days[born_at[born_at >= 0]]
    born[np.isin(born, np.array(sorted(bad["birth_date"]), "datetime64[D]"))] = NO_DAY
    area_texts = pc.coalesce(_plain(rows["postcode"]), _plain(rows["town"]))
    place_texts = pc.binary_join_element_wise(_plain(rows["street"]), area_texts, "|")
    area, areas = coded(area_texts)
    street, streets = coded(rows["street"])
    town, towns = coded(rows["town"])
    system, system_names = coded(rows["customer_system"])
    kind, kinds = coded(rows["name_kind"])
    return Numbers(
        ids=ids.take(pa.array(starts, pa.int64())),
        systems=system,
        system_names=system_names,
        kinds=tuple(kinds[at] for at in kind),
        first=first_known(both[:length]),
        last=first_known(both[length:]),
        names=names,
        email=email,
        emails=emails,
        phones=np.stack([first_known(own), first_known(phones[length:])], axis=1),
        phone_texts=phone_texts,
        is_mobile=mobile,
        born=born,
        place=coded(place_texts)[0],
        area=area,
        areas=areas,
        street=street,
        streets=streets,
        town=town,
        towns=towns,
        net_amount=numeric("net_amount"),
        points=numeric("points"),
        consent=_consent(rows, first_known),
    )


def _consent(rows: pa.Table, first_known: Any) -> Codes:
    """1 yes, 0 no, -1 unknown."""
    given = _plain(rows["has_consent"])
    at = first_known(np.where(np.asarray(pc.is_valid(given)), np.arange(len(given)), -1))
    values = np.asarray(pc.fill_null(given, False)).astype(np.int64)
    return np.where(at >= 0, values[at], -1) if len(values) else values


def _first_known(values: Codes, group: Codes, count: int) -> Codes:
    """Of each group the first value that is not -1."""
    found = np.full(count, -1, np.int64)
    known = np.flatnonzero(values >= 0)[::-1]
    found[group[known]] = values[known]
    return found


def _codes_of(column: pa.Array) -> tuple[Codes, tuple[str, ...]]:
    encoded = column.dictionary_encode()
    return np.asarray(encoded.indices.fill_null(-1)).astype(np.int64), tuple(encoded.dictionary.to_pylist())


def _plain(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
