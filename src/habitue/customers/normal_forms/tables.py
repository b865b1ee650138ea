"""The normal forms of whole tables of customer rows; every different text is read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import ibis.expr.types as ir
import phonenumbers
import pyarrow as pa
import pyarrow.compute as pc

from habitue.customers.normal_forms.addresses import postcode_key, street_key, town_key
from habitue.customers.normal_forms.birth_dates import birth_date
from habitue.customers.normal_forms.emails import email_address
from habitue.customers.normal_forms.names import person_name
from habitue.customers.normal_forms.phones import Telephone, telephone
from habitue.customers.normal_forms.texts import plain
from habitue.errors import ConfigurationError, Message, message
from habitue.portable import stored
from habitue.schemas import NORMAL_FORMS

RAW = (
    "source", "customer_system", "source_customer_id", "store_id", "first_name", "last_name", "name", "email", "phone",
    "address", "postcode", "city", "country", "birth_date", "net_amount", "points", "has_consent",
)  # fmt: skip
"""Columns `normal_forms` reads; the first three must be there, an absent one is unknown in every row."""

_COUNTRIES = {
    name: code
    for code, names in {
        "FR": "france fra frankrijk francija frantsiya",
        "BE": "belgique belgium belgie bel belgiya",
        "CH": "suisse switzerland schweiz che shveytsariya",
        "LU": "luxembourg lux lyuksemburg",
        "DE": "allemagne germany deutschland deu germaniya",
        "GB": "royaumeuni unitedkingdom greatbritain uk gbr england angleterre velikobritaniya",
        "IE": "irlande ireland irl",
        "ES": "espagne spain espana esp ispaniya",
        "IT": "italie italy italia ita italiya",
        "RU": "russie russia russianfederation rossiya rossiyskayafederatsiya rus rf",
        "US": "etatsunis unitedstates usa ssha",
        "CA": "canada can kanada",
    }.items()
    for name in names.split()
}


@dataclass(frozen=True, kw_only=True)
class Regions:
    """In which country a telephone number without country code is to be read.

    The country of the row decides, then that of its source, then `default` (ISO codes of two letters; None: only
    numbers with a country code can be read there).

    Raises:
        ConfigurationError: a code that no numbering plan has.
    """

    default: str | None = None
    by_source: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        stated = {"default": self.default, **self.by_source}
        faults: list[Message] = [
            message("identity.region_unknown", name=name, received=code)
            for name, code in stated.items()
            if code is not None and code not in phonenumbers.SUPPORTED_REGIONS
        ]
        if faults:
            raise ConfigurationError(*faults)


def country_code(text: str | None) -> str | None:
    """ISO code of a country written as its code or as its name in French, English or Russian; None if unknown."""
    small = "".join(letter for letter in plain(text or "") if letter.isalpha())
    code = small.upper() if small.upper() in phonenumbers.SUPPORTED_REGIONS else _COUNTRIES.get(small)
    return "GB" if small == "uk" else code


def normal_forms(records: ir.Table, *, as_of: date, regions: Regions | None = None) -> ir.Table:
    """NORMAL_FORMS: one row a row of `records`; stored. Personal data.

    Args:
        records: columns of `RAW`; texts as written, `birth_date` a date, `net_amount` in minor units.
        as_of: a later birth date is none.
        regions: countries of the telephone numbers.

    The country of a row is also that of its postcode.
    """
    regions = regions or Regions()
    rows = records.select(*(name for name in RAW if name in records.columns)).to_pyarrow()
    given = {name: rows[name] if name in rows.column_names else pa.nulls(len(rows), pa.string()) for name in RAW}
    sources = given["source"].to_pylist()
    countries = _each(given["country"], country_code)
    names = _each_of([given["first_name"], given["last_name"], given["name"]], person_name)
    emails = _each(given["email"], email_address)
    fallback = [regions.by_source.get(source, regions.default) for source in sources]
    phones = _each_of([given["phone"], pa.array(countries, pa.string()), pa.array(fallback, pa.string())], _telephone)
    days = _each(given["birth_date"], lambda day: birth_date(day, as_of))
    places = [country or other for country, other in zip(countries, fallback, strict=True)]
    table: dict[str, Any] = {
        **{name: given[name] for name in RAW[:4]},
        "name_kind": [one.kind for one in names],
        "first_name": [one.first for one in names],
        "last_name": [one.last for one in names],
        "email": [one.address for one in emails],
        "email_key": [one.key for one in emails],
        "email_fault": [one.fault for one in emails],
        "email_note": [one.note for one in emails],
        "email_no_evidence": [one.no_evidence for one in emails],
        "phone": [one.e164 for one in phones],
        "phone_kind": [one.kind for one in phones],
        "phone_fault": [one.fault for one in phones],
        "phone_filler": [one.filler for one in phones],
        "phone_note": [one.note for one in phones],
        "other_phone": [one.second for one in phones],
        "birth_date": [day for day, _ in days],
        "birth_date_filler": [
            written if fault == "known_filler" else None
            for written, (_, fault) in zip(given["birth_date"].to_pylist(), days, strict=True)
        ],
        "birth_date_fault": [fault for _, fault in days],
        "street": _each(given["address"], street_key),
        "postcode": _each_of([given["postcode"], pa.array(places, pa.string())], postcode_key),
        "town": _each(given["city"], town_key),
        "has_name": [one.kind != "none" for one in names],
        "has_email": [one.fault != "empty" for one in emails],
        "has_phone": [one.fault != "empty" for one in phones],
        "has_birth_date": pc.is_valid(given["birth_date"]),
        "has_address": pc.or_(pc.is_valid(given["address"]), pc.is_valid(given["postcode"])),
        **{name: given[name] for name in RAW[-3:]},
    }
    schema = NORMAL_FORMS.ibis_schema().to_pyarrow()
    arrays = [
        column.cast(kind.type) if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, kind.type)
        for column, kind in zip(table.values(), schema, strict=True)
    ]
    return stored(pa.table(arrays, schema=schema), "normal_forms", like=records)


def _telephone(text: str | None, own: str | None, other: str | None) -> Telephone:
    """A number in the row's country, else in its source's."""
    read = telephone(text, own or other)
    if read.e164 is None and own and other and own != other and read.fault not in {"empty", "filler"}:
        again = telephone(text, other)
        return again if again.e164 else read
    return read


def _each(column: Any, read: Callable[[Any], Any]) -> list[Any]:
    """`read` of each value of a column."""
    encoded = _coded(column)
    values = [read(value) for value in [*encoded.dictionary.to_pylist(), None]]
    return [values[-1 if at is None else at] for at in encoded.indices.to_pylist()]


def _each_of(columns: Sequence[Any], read: Callable[..., Any]) -> list[Any]:
    """`read` of each combination of values."""
    known: dict[tuple[Any, ...], Any] = {}
    out = []
    for values in zip(*(column.to_pylist() for column in columns), strict=True):
        if values not in known:
            known[values] = read(*values)
        out.append(known[values])
    return out


def _coded(column: Any) -> pa.DictionaryArray:
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks) if whole.num_chunks else pa.array([], whole.type)
    return whole.dictionary_encode()
