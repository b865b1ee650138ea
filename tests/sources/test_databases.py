"""Tables and queries of a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adbc_driver_postgresql import dbapi

from habitue.errors import DataError, UsageError
from habitue.report.locale import LANGUAGES, Words
from habitue.sources import databases
from support.reading import cells, raw, source

SECRET = "s3cr3t-Pa55"


def do(uri: str, *statements: str) -> None:
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def snapshot(folder: Path, uri: str | None, **more: Any) -> pa.Table:
    path = folder / "snapshot.parquet"
    databases.snapshot(source(database=uri, **more), path)
    return pq.read_table(path)


@pytest.fixture
def shop(postgresql_database: str) -> str:
    do(
        postgresql_database,
        'create schema "Old shop"',
        "create type kind as enum ('vente', 'reçu')",
        'create table "Old shop"."Tickets" (ticket text, card uuid, at timestamptz, local timestamp, day date, '
        "amount numeric, price numeric(12,3), qty int, kind kind, share float8, span interval)",
        """insert into "Old shop"."Tickets" values
        ('000457', '11111111-2222-3333-4444-555555555555', '2024-05-01 00:30+02', '2024-05-01 00:30', '2024-05-01',
         12345678901234567.89, 7.650, 3, 'reçu', 0.1, '1 day'),
        (null, null, null, null, null, null, null, null, null, null, null)""",
    )
    return postgresql_database


def test_a_table_with_its_types(shop: str, tmp_path: Path) -> None:
    table = snapshot(tmp_path, shop, table="Old shop.Tickets")
    first, second = table.to_pylist()
    assert first == {
        "ticket": "000457", "card": "11111111-2222-3333-4444-555555555555",
        "at": datetime(2024, 4, 30, 22, 30, tzinfo=UTC), "local": datetime(2024, 5, 1, 0, 30),
        "day": date(2024, 5, 1), "amount": "12345678901234567.89", "price": "7.650", "qty": 3, "kind": "reçu",
        "share": 0.1, "span": first["span"],
    }  # fmt: skip
    assert set(second.values()) == {None}


def test_a_query_and_what_is_made_of_it(con: Any, shop: str, tmp_path: Path) -> None:
    query = 'select ticket, amount from "Old shop"."Tickets" where ticket is not null; '
    declared = source({"transaction_id": "no", "net_amount": "amount"}, other_names={"no": ("ticket",)},
                      database=shop, query=query)  # fmt: skip
    databases.snapshot(declared, tmp_path / "s.parquet")
    assert cells(raw(con, tmp_path / "s.parquet", declared)) == [(1, "000457", "12345678901234567.89")]


def test_many_rows_come_whole(shop: str, tmp_path: Path) -> None:
    table = snapshot(tmp_path, shop, query="select x, x::numeric / 4 as q from generate_series(1, 100000) x")
    assert table.num_rows == 100_000
    assert sum(table["x"].to_pylist()) == 5_000_050_000
    assert table["q"][2].as_py().rstrip("0") == "0.75"


def test_money_is_asked_for_as_a_number(shop: str, tmp_path: Path) -> None:
    query = "select 12.50::money as amount, 1 as n"
    with pytest.raises(DataError, match="amount is of type money: amount::numeric"):
        snapshot(tmp_path, shop, query=query, columns={"net_amount": "amount"})
    assert snapshot(tmp_path, shop, query=query, columns={"net_amount": "n"}).num_rows == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select * from nowhere", "nowhere"),
        ("selec 1", "syntax error"),
        # It begins well and breaks off in the middle.
        ("select 1 / (x - 50000) from generate_series(1, 90000) x", "division by zero"),
    ],
)
def test_what_the_server_refuses(shop: str, tmp_path: Path, query: str, said: str) -> None:
    with pytest.raises(DataError, match=said) as told:
        snapshot(tmp_path, shop, query=query)
    (fault,) = told.value.messages
    assert fault.code == "source.database_failed"


def test_no_value_of_the_data_stands_in_an_error(shop: str, tmp_path: Path) -> None:
    for value in ("anna@example.com", "0612345678x"):
        with pytest.raises(DataError) as told:
            snapshot(tmp_path, shop, query=f"select '{value}'::int")
        assert value not in str(told.value)


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://anna:{SECRET}@127.0.0.1:1/shop",
        f"postgresql://anna:{SECRET}@nowhere.invalid/shop",
        f"postgresql://anna:{SECRET}@127.0.0.1:port/shop",
        f"postgresql://anna:{SECRET}/x@127.0.0.1:1/shop",
        f"postgresql://anna:{SECRET}@x#y@127.0.0.1:1/shop",
        f"postgresql://anna:{SECRET}%zz@127.0.0.1:1/shop",
        f"postgresql://anna:{SECRET}:{SECRET}@[::1/shop",
        f"postgresql://127.0.0.1:1/shop?user=anna&password={SECRET}",
        f"postgresql://127.0.0.1:1/shop?user=anna&password={SECRET}&bad={SECRET}",
        f"host=127.0.0.1 port=1 user=anna password={SECRET}",
        f"host=127.0.0.1 port=1 user=anna password={SECRET} and more",
        f"host=127.0.0.1 port=1 user=anna password='{SECRET}",
        f"mysql://anna:{SECRET}@127.0.0.1/shop",
        f"anna:{SECRET}@127.0.0.1/shop",
    ],
)
def test_a_server_out_of_reach_never_tells_the_password(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", address)
    for stated in (address, "env:SHOP_DATABASE"):
        with pytest.raises(DataError) as told:
            snapshot(tmp_path, stated, table="t")
        (fault,) = told.value.messages
        assert fault.code == "source.database_failed"
        said = " ".join([str(told.value), *(Words(language, strict=True).say(fault) for language in LANGUAGES)])
        for piece in (SECRET, "s3cr3t", "Pa55"):
            assert piece not in said
        assert told.value.__cause__ is None


def test_a_wrong_password_is_not_told(postgresql_database: str, tmp_path: Path) -> None:
    address = postgresql_database.replace("habitue@", f"nobody:{SECRET}@")
    with pytest.raises(DataError, match="nobody") as told:
        snapshot(tmp_path, address, table="t")
    assert SECRET not in str(told.value)


def test_a_variable_that_is_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_DATABASE", raising=False)
    with pytest.raises(UsageError) as told:
        snapshot(tmp_path, "env:NO_SUCH_DATABASE", table="t")
    (fault,) = told.value.messages
    assert (fault.code, fault.params["variable"]) == ("source.database_variable", "NO_SUCH_DATABASE")


def test_names_are_quoted() -> None:
    assert databases.statement(source(table='shop.odd "name"')) == 'SELECT * FROM "shop"."odd ""name"""'
    assert databases.statement(source(table="t", query="select 1 ;\n")) == "select 1 "
