"""Consent in short words: events, people and addresses as tables, and the status that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import ibis
import pyarrow as pa

from habitue import schemas
from habitue.customers.consent import ConsentSettings, Reachable, consent_status
from habitue.customers.consent_signals import known_at

AS_OF = date(2025, 6, 30)
PARTS = pa.schema([("customer_id", pa.string()), ("source_customer_id", pa.string()), ("joined_on", pa.date32())])
HELD = schemas.CUSTOMER_ADDRESSES.ibis_schema().to_pyarrow()


def event(what: str, at: str | None = None, **more: Any) -> dict[str, Any]:
    """One consent event by e-mail for marketing unless said otherwise; `at` is a day, or a day and a time."""
    moment = datetime.fromisoformat(at) if at else None
    by = more.pop("by", None)
    address = more.pop("address", None)
    kind = more.pop("kind", "email" if address else None)
    return {
        "source": "file", "file_id": "f", "row_number": 0, "contact_channel": "email", "purpose": "marketing",
        "event": what, "happened_at": moment, "happened_on": moment.date() if moment else None,
        "is_day_only": bool(at) and len(at or "") == 10, "source_customer_id": by, "address_kind": kind,
        "address_hash": address, **more,
    }  # fmt: skip


def stored(con: Any, rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> Any:
    """Rows as a table of the engine; columns left out are null."""
    table = pa.Table.from_pylist([{n: row.get(n) for n in schema.names} for row in rows], schema=schema)
    return con.create_table(ibis.util.gen_name("given"), table, temp=True)


def events_table(con: Any, events: Sequence[Mapping[str, Any]]) -> Any:
    """CONSENT_EVENTS, numbered as given where no line is said."""
    numbered = [{**row, "row_number": row["row_number"] or place} for place, row in enumerate(events, 1)]
    return stored(con, numbered, schemas.CONSENT_EVENTS.ibis_schema().to_pyarrow())


def reachable(
    con: Any, people: Mapping[str, Sequence[str | tuple[str, date]]], held: Mapping[str, Sequence[str]]
) -> Reachable:
    """People by their numbers (a number with the day it was joined, or alone), numbers by their addresses.

    An address is an e-mail one, or written "phone:x", "postal:x"; "email:" is an unusable one.
    """
    parts = []
    for person, numbers in people.items():
        for number in numbers:
            one, joined = number if isinstance(number, tuple) else (number, None)
            parts.append({"customer_id": person, "source_customer_id": one, "joined_on": joined})
    addresses = []
    for number, listed in held.items():
        for address in listed:
            kind, _, hashed = address.rpartition(":")
            addresses.append(
                {"source": "crm", "customer_system": "crm", "source_customer_id": number, "file_id": "c",
                 "address_kind": kind or "email", "address_hash": hashed or None, "takes_sms": None}
            )  # fmt: skip
    return Reachable(stored(con, parts, PARTS), stored(con, addresses, HELD))


def purchases_table(con: Any, bought: Mapping[str, date]) -> Any:
    """Last purchases by person."""
    rows = [{"customer_id": person, "last_purchase_on": day} for person, day in bought.items()]
    return stored(con, rows, pa.schema([("customer_id", pa.string()), ("last_purchase_on", pa.date32())]))


def status(
    con: Any,
    events: Sequence[Mapping[str, Any]],
    people: Mapping[str, Sequence[str | tuple[str, date]]],
    held: Mapping[str, Sequence[str]],
    *,
    bought: Mapping[str, date] | None = None,
    as_of: date = AS_OF,
    **settings: Any,
) -> list[dict[str, Any]]:
    """Rows of the status at a date, in the order of their key."""
    found = consent_status(
        known_at(events_table(con, events), as_of),
        reachable(con, people, held),
        purchases_table(con, bought or {}),
        as_of=as_of,
        settings=ConsentSettings(**settings),
    )
    key = ("customer_id", "contact_channel", "purpose", "address_kind", "address_hash")
    return sorted(found.to_pyarrow().to_pylist(), key=lambda row: tuple(row[name] or "" for name in key))


World = tuple[Sequence[Mapping[str, Any]], Mapping[str, Sequence[Any]], Mapping[str, Sequence[str]]]
"""Events, people and addresses that have nothing to do with those of another world."""


def statuses(con: Any, worlds: Sequence[World], **more: Any) -> list[list[dict[str, Any]]]:
    """The status in each of several worlds, all in one go: what takes long is to write the query, not to run it.

    People, numbers and addresses get the number of their world in front, and lose it again in what comes back.
    """
    events, people, held = [], {}, {}
    for place, (theirs, who, where) in enumerate(worlds):

        def mark(name: Any, place: int = place) -> Any:
            kind, colon, plain = name.rpartition(":") if name else ("", "", None)
            return f"{kind}{colon}{place}|{plain}" if plain else name

        for row in theirs:
            by, address = mark(row["source_customer_id"]), mark(row["address_hash"])
            events.append({**row, "source_customer_id": by, "address_hash": address})
        for person, numbers in who.items():
            people[mark(person)] = [(mark(n[0]), n[1]) if isinstance(n, tuple) else mark(n) for n in numbers]
        for number, addresses in where.items():
            held[mark(number)] = [mark(address) for address in addresses]
    bought = {
        mark_of(place, person): day for place, days in enumerate(more.pop("bought", ())) for person, day in days.items()
    }
    found: list[list[dict[str, Any]]] = [[] for _ in worlds]
    for row in status(con, events, people, held, bought=bought, **more):
        place, _, person = row["customer_id"].partition("|")
        found[int(place)].append({**row, "customer_id": person, "address_hash": row["address_hash"].rpartition("|")[2]})
    return found


def mark_of(place: int, name: str) -> str:
    """How something of a world is called among those of all."""
    return f"{place}|{name}"


def told(rows: Iterable[Mapping[str, Any]], channel: str = "email", purpose: str = "marketing") -> dict[Any, str]:
    """What holds by person and address, on one contact channel: the reason, or the status where it is permitted."""
    return {
        (row["customer_id"], row["address_hash"]): row["status"] if row["is_permitted"] else row["reason"]
        for row in rows
        if (row["contact_channel"], row["purpose"]) == (channel, purpose)
    }
