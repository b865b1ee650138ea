"""Consent on both engines: the same events, people and addresses, no difference in any table."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from habitue import portable, schemas
from habitue.customers.consent import ConsentSettings
from habitue.customers.contactable import Told, permissions
from support import spark
from support.consents import PARTS, event
from support.engines_agree import differences, in_arrow

pytestmark = spark.MARKS

AS_OF = date(2024, 6, 30)
PEOPLE = 300
KINDS = ("email", "phone", "postal")


def arrow(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)


def inputs() -> dict[str, pa.Table]:
    """Random people of one to three numbers, addresses some share, and events of every kind."""
    draw = random.Random(5)
    numbers = [f"n{place}" for place in range(2 * PEOPLE)]

    def moment() -> str | None:
        day = AS_OF - timedelta(days=draw.randint(-20, 900))
        return draw.choice([day.isoformat(), f"{day} {draw.randint(0, 23):02}:30", None])

    parts = [{"customer_id": f"p{draw.randrange(PEOPLE)}", "source_customer_id": number,
              "joined_on": draw.choice([None, AS_OF - timedelta(days=draw.randint(0, 600))])}
             for number in numbers]  # fmt: skip
    held = [{"source": "crm", "customer_system": "crm", "source_customer_id": number, "file_id": "c",
             "address_kind": kind, "address_hash": draw.choice([f"{kind}{draw.randrange(PEOPLE)}", None]),
             "takes_sms": draw.choice([True, False, None])}
            for number in numbers for kind in draw.sample(KINDS, 2)]  # fmt: skip
    words = ("opt_in", "soft_opt_in", "opt_out", "unknown", "objection")
    said = []
    for place in range(8 * PEOPLE):
        by, kind = draw.choice([None, draw.choice(numbers)]), draw.choice(KINDS)
        address = f"{kind}{draw.randrange(PEOPLE)}" if by is None or draw.random() < 0.4 else None
        said.append(event(draw.choice(words), moment(), by=by, address=address, kind=kind if address else None,
                          contact_channel=draw.choice(["email", "sms", "print", "push"]), row_number=place,
                          purpose=draw.choice(["marketing", "tracking"]), jurisdiction=draw.choice([None, "CA"]),
                          expires_on=draw.choice([None, AS_OF - timedelta(days=draw.randint(-99, 99))])))  # fmt: skip
    came = []
    for place in range(8 * PEOPLE):
        kind = draw.choice(KINDS)
        channel = {"email": "email", "phone": "sms", "postal": "print"}[kind]
        what = draw.choice(["sent", "delivered", "bounced", "bounced", "unsubscribed", "complained", "opted_out",
                            "restarted", "address_changed", "undeliverable", "replied"])  # fmt: skip
        new = f"{kind}{draw.randrange(PEOPLE)}" if what == "address_changed" else None
        came.append({**event(what, moment(), address=f"{kind}{draw.randrange(PEOPLE)}", kind=kind,
                             contact_channel=channel, row_number=place),
                     "bounce_class": draw.choice(["permanent", "temporary", "sender"]) if what == "bounced" else None,
                     "needs_review": what == "replied" and draw.random() < 0.5,
                     "new_address_hash": new})  # fmt: skip
    people = [{"customer_id": who, "population": draw.choice(["consumer", "b2b"]),
               "last_purchase_on": draw.choice([None, AS_OF - timedelta(days=draw.randint(0, 1500))])}
              for who in sorted({part["customer_id"] for part in parts})]  # fmt: skip
    known = pa.schema([("customer_id", pa.string()), ("population", pa.string()), ("last_purchase_on", pa.date32())])
    shape = {schema.name: schema.ibis_schema().to_pyarrow() for schema in
             (schemas.CONSENT_EVENTS, schemas.DELIVERY_EVENTS, schemas.CUSTOMER_ADDRESSES)}  # fmt: skip
    return {
        "parts": arrow(parts, PARTS),
        "people": arrow(people, known),
        "consents": arrow(said, shape["consent_events"]),
        "deliveries": arrow(came, shape["delivery_events"]),
        "addresses": arrow(held, shape["customer_addresses"]),
        "minors": pa.table({"source_customer_id": numbers[:5]}),
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consents")
    for name, table in inputs().items():
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def on(con: Any, folder: Path) -> tuple[dict[str, pa.Table], list[tuple[str, Any]]]:
    given = {name: con.read_parquet(str(folder / f"{name}.parquet")) for name in inputs()}
    told = Told(**{name: given[name] for name in ("consents", "deliveries", "addresses", "minors")})
    settings = ConsentSettings(jurisdiction="CA", temporary_bounces=2, unclear_stop="stop")
    found = permissions(told, given["parts"], given["people"], as_of=AS_OF, settings=settings)
    tables = {name: in_arrow(portable.materialise(table, name)) for name, table in found.tables.items()}
    return tables, [(note.code, note.params["count"]) for note in found.notes]


def test_every_table_is_the_same(written: Path, on_duckdb: Any, on_spark: Any) -> None:
    expected, notes = on(on_duckdb, written)
    assert all(table.num_rows for table in expected.values())
    reasons = set(expected["contactable"]["reason"].to_pylist())
    assert len(reasons) > 12, reasons
    found, said = on(on_spark, written)
    assert said == notes
    differing = {name: told for name in expected if (told := differences(expected[name], found[name]))}
    assert differing == {}
