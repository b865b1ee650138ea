"""Published rows: conditions in the types of their columns, orders without ties, and values that are none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from habitue import schemas
from habitue.errors import UsageError
from habitue.workspace import published as module
from habitue.workspace.catalogue import Catalogue, Run
from habitue.workspace.conditions import IS, MAX, MIN, NOT, Condition
from habitue.workspace.published import Published, in_order
from habitue.workspace.runs import Workspace
from support import one_till

pytestmark = pytest.mark.xdist_group("published")

STORES = ("north", "south", None)
LINES = [
    {
        "source": "till",
        "transaction_id": f"T{n // 2}",
        "line_number": n % 2 + 1,
        "sold_at": datetime(2025, 1, 1 + n, 9, 30) if n != 4 else None,
        "sold_on": date(2025, 1, 1 + n),
        "store_id": STORES[n % 3],
        "quantity": Decimal(n).scaleb(-1).quantize(Decimal("0.001")),
        "net_amount": (n % 4) * 100,
        "counts": n != 3,
    }
    for n in range(8)
]
"""Eight lines of four tickets; net amounts 0, 100, 200, 300 and again."""


def table(schema: schemas.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    kinds = schema.ibis_schema().to_pyarrow()
    return pa.table({name: pa.array([row.get(name) for row in rows], kinds.field(name).type) for name in schema.names})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("published")
    (folder / "habitue.toml").write_text(one_till.settings(), "utf-8")
    workspace = Workspace(folder)
    run = Run("r1", datetime(2025, 2, 1), date(2025, 1, 31), {})
    workspace.run_folder(run).mkdir(parents=True)
    pq.write_table(table(schemas.TRANSACTION_LINES, LINES), workspace.table_path(run, "transaction_lines"))
    segments = [{"population": "consumer", "segmentation": "ten", "segment": f"s{n}", "customers_share": n / 8}
                for n in range(3)]  # fmt: skip
    pq.write_table(table(schemas.SEGMENTS, segments), workspace.table_path(run, "segments"))
    older = Run("r0", datetime(2025, 1, 31), date(2025, 1, 31), {})
    workspace.run_folder(older).mkdir()
    lines = table(schemas.TRANSACTION_LINES, LINES).drop_columns(["line_number", "net_amount", "quantity", "sold_at"])
    pq.write_table(lines, workspace.table_path(older, "transaction_lines"))
    catalogue = Catalogue(folder)
    catalogue.add(older)
    catalogue.add(run)
    catalogue.close()
    return Published(workspace)


@pytest.fixture(scope="module")
def lines(shop: Published) -> Callable[..., list[str]]:
    """Which lines are found, as ticket.line."""

    def asked(*where: Condition, name: str = "transaction_lines", **more: Any) -> list[str]:
        rows, count = shop.page(shop.runs()[-1], name, where=where, limit=100, **more)
        if not more:
            assert rows.num_rows == count
        return [f"{row['transaction_id'][1]}.{row['line_number']}" for row in rows.to_pylist()]

    return asked


ALL = ["0.1", "0.2", "1.1", "1.2", "2.1", "2.2", "3.1", "3.2"]


@pytest.mark.parametrize(
    ("column", "relation", "values", "found"),
    [
        ("store_id", IS, ("north",), ["0.1", "1.2", "3.1"]),
        ("store_id", IS, ("north", None), ["0.1", "1.1", "1.2", "2.2", "3.1"]),
        ("store_id", NOT, ("north",), ["0.2", "1.1", "2.1", "2.2", "3.2"]),
        ("store_id", NOT, (None,), ["0.1", "0.2", "1.2", "2.1", "3.1", "3.2"]),
        ("counts", IS, ("false",), ["1.2"]),
        ("counts", NOT, (False,), [line for line in ALL if line != "1.2"]),
        ("net_amount", IS, ("100", "+300"), ["0.2", "1.2", "2.2", "3.2"]),
        ("net_amount", MIN, ("200",), ["1.1", "1.2", "3.1", "3.2"]),
        ("quantity", IS, ("0.3",), ["1.2"]),
        ("quantity", IS, (Decimal("0.300"), "0.70"), ["1.2", "3.2"]),
        ("sold_on", IS, ("2025-01-03",), ["1.1"]),
        ("sold_on", MAX, (date(2025, 1, 2),), ["0.1", "0.2"]),
        ("sold_at", IS, ("2025-01-03T09:30",), ["1.1"]),
        ("sold_at", IS, (datetime(2025, 1, 3, 9, 30),), ["1.1"]),
        ("sold_at", IS, ("2025-01-03T10:30:00+01:00",), ["1.1"]),
        ("sold_at", MIN, ("2025-01-06",), ["2.2", "3.1", "3.2"]),
        ("sold_at", IS, (None,), ["2.1"]),
    ],
)
def test_values_are_compared_in_the_type_of_their_column(
    lines: Callable[..., list[str]], column: str, relation: str, values: tuple[Any, ...], found: list[str]
) -> None:
    assert lines(Condition(column, values, relation)) == found


ODD = ["abc", "", " ", "1\x00", "nan", "inf", "-inf", "1e999", "9" * 5000, "1_0", "\u0661", "\ud800", "1;DROP", b"1",
       "0x10", "1,5", "True ", "None", "2025-13-01", "2025-01-01T25:00", "9999-12-31T23:59:59-23:59"]  # fmt: skip
TYPED = ("net_amount", "quantity", "sold_on", "sold_at", "counts")


@pytest.mark.parametrize("value", ODD, ids=[f"odd-{n}" for n in range(len(ODD))])
@pytest.mark.parametrize("relation", [IS, NOT, MIN, MAX])
def test_what_is_no_value_of_its_column_is_refused(shop: Published, value: Any, relation: str) -> None:
    run = shop.runs()[-1]
    for column in TYPED:
        with pytest.raises(UsageError) as told:
            shop.page(run, "transaction_lines", where=[Condition(column, (value,), relation)])
        (one,) = told.value.messages
        assert one.code == ("published.no_limit" if relation in (MIN, MAX) else "published.no_value")
        assert one.params["column"] == column
        assert len(one.params["value"].encode()) <= 101 * 4  # half a character can be said too, and no book is repeated
    with pytest.raises(UsageError):
        shop.page(run, "segments", where=[Condition("customers_share", (value,), relation)])


def test_a_limit_needs_a_value(shop: Published) -> None:
    with pytest.raises(UsageError):
        shop.page(shop.runs()[-1], "transaction_lines", where=[Condition("net_amount", (None,), MIN)])


@pytest.mark.parametrize(
    "value", ["\x00", "a\x00b", "x" * 1_000_000, "' OR 1=1 --", "\u202e", "{sales}", "?", "%", "🛒"]
)
def test_texts_are_texts_whatever_they_hold(lines: Callable[..., list[str]], value: str) -> None:
    assert lines(Condition("store_id", (value,))) == []
    assert lines(Condition("store_id", (value,), NOT)) == ALL


def test_half_a_character_is_no_text(shop: Published) -> None:
    with pytest.raises(UsageError):
        shop.page(shop.runs()[-1], "transaction_lines", where=[Condition("store_id", ("\ud800",))])


@pytest.mark.parametrize("column", ["", "nothing", 'net_amount" OR 1=1 --', "NET_AMOUNT", "*", "sku;", "\x00"])
def test_columns_are_those_of_the_table(shop: Published, column: str) -> None:
    run = shop.runs()[-1]
    asked: list[dict[str, Any]] = [
        {"where": [Condition(column, ("1",))]}, {"order": [(column, True)]}, {"columns": [column]},
    ]  # fmt: skip
    for one in asked:
        with pytest.raises(UsageError) as told:
            shop.page(run, "transaction_lines", **one)
        assert told.value.messages[0].code == "published.unknown_column"
        assert "net_amount" in told.value.messages[0].params["existing"]
    with pytest.raises(UsageError):
        shop.tally(run, "transaction_lines", sums=[column])


@pytest.mark.parametrize("name", ["nothing", "../catalogue", "transaction_lines.parquet", "visits", "", "a}b{c"])
def test_tables_are_those_of_the_run(shop: Published, name: str) -> None:
    for read in (shop.page, shop.batches, shop.tally):
        with pytest.raises(UsageError) as told:
            read(shop.runs()[-1], name)
        assert told.value.messages[0].code == "show.unknown"


@pytest.mark.parametrize("offset", [8, 10**6, 2**63 - 1, 2**63, 10**40])
def test_beyond_the_last_row_there_are_none(shop: Published, offset: int) -> None:
    rows, count = shop.page(shop.runs()[-1], "transaction_lines", limit=10, offset=offset)
    assert (rows.num_rows, count) == (0, 8)


@pytest.mark.parametrize(
    "order",
    [
        [],
        [("net_amount", True)],
        [("store_id", False)],
        [("store_id", True), ("net_amount", False)],
        [("sold_at", False)],
        [("sold_at", True)],
        [("quantity", True)],
        [("counts", False), ("store_id", True)],
        [("customer_id", False)],
        [("line_number", True), ("transaction_id", True)],
    ],
)
@pytest.mark.parametrize("size", [1, 3])
def test_what_comes_after_a_row_goes_on_where_it_stands(
    shop: Published, order: list[tuple[str, bool]], size: int
) -> None:
    run, name = shop.runs()[-1], "transaction_lines"
    whole = shop.page(run, name, order=order)[0].to_pylist()
    places = [column for column, _ in in_order(name, order)]
    found: list[dict[str, Any]] = []
    while True:
        after = {column: found[-1][column] for column in places} if found else None
        rows, count = shop.page(run, name, order=order, limit=size, after=after)
        assert count == len(LINES)
        if not rows.num_rows:
            break
        found += rows.to_pylist()
    assert found == whole


def test_columns_narrow_what_is_read(shop: Published) -> None:
    rows, _ = shop.page(shop.runs()[-1], "transaction_lines", columns=["net_amount", "source"], limit=1)
    assert rows.to_pylist() == [{"net_amount": 0, "source": "till"}]


def test_all_rows_come_in_parts(shop: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    run, name, order = shop.runs()[-1], "transaction_lines", [("net_amount", True)]
    parts, count = shop.batches(run, name, order=order)
    tables = list(parts)
    assert (tables[0].num_rows, tables[0].column_names, count) == (0, list(schemas.TRANSACTION_LINES.names), 8)
    assert pa.concat_tables(tables).to_pylist() == shop.page(run, name, order=order)[0].to_pylist()
    few, count = shop.batches(run, name, order=order, first=2, where=[Condition("net_amount", ("300",), MAX)])
    assert (pa.concat_tables(few)["net_amount"].to_pylist(), count) == ([300, 300], 2)


def test_files_outside_the_runs_cannot_be_read(shop: Published, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for sql in (
        f"SELECT * FROM '{secret}'", f"COPY (SELECT 1) TO '{tmp_path}/x.csv'", f"ATTACH '{tmp_path}/x.db'",
        "SET enable_external_access = true", "SET allowed_directories = ['/']", "INSTALL httpfs",
    ):  # fmt: skip
        with pytest.raises(Exception, match=r"(?i)permission|locked|disabled|cannot"):
            shop.query(shop.runs()[-1], sql)
    assert not (tmp_path / "x.csv").exists()


def test_every_query_is_in_utc_whatever_the_machine(shop: Published) -> None:
    told = shop.query(shop.runs()[-1], "SELECT current_setting('TimeZone') AS zone, "
                      "current_setting('parquet_metadata_cache') AS is_kept")  # fmt: skip
    assert told.to_pylist() == [{"zone": "UTC", "is_kept": True}]


def test_dates_at_the_ends_of_the_calendar(lines: Callable[..., list[str]]) -> None:
    for day in (date.min, date.max, date(2025, 1, 1) - timedelta(1)):
        assert lines(Condition("sold_on", (day,))) == []
    assert lines(Condition("sold_on", (date.min,), MIN)) == ALL
    assert lines(Condition("sold_at", (datetime.max,), MIN)) == []


def test_columns_that_an_older_run_is_without_are_null(shop: Published) -> None:
    older = shop.runs()[0]
    rows, count = shop.page(older, "transaction_lines", order=[("net_amount", True)], limit=3,
                            columns=["transaction_id", "net_amount", "quantity"])  # fmt: skip
    assert (count, rows.to_pylist()[0]) == (8, {"transaction_id": "T0", "net_amount": None, "quantity": None})
    assert shop.page(older, "transaction_lines", where=[Condition("net_amount", ("1",), MIN)])[1] == 0
    assert shop.page(older, "transaction_lines", where=[Condition("sold_at", (None,))])[1] == 8
    assert shop.tally(older, "transaction_lines", sums=["net_amount"], different=[("line_number",)]) == ([None], [0])
    parts, _ = shop.batches(older, "transaction_lines")
    whole = pa.concat_tables(parts)
    assert set(whole.column_names) == set(schemas.TRANSACTION_LINES.names)
    assert whole.schema.field("quantity").type == pa.decimal128(18, 3)


def test_none_of_no_values(lines: Callable[..., list[str]]) -> None:
    assert (lines(Condition("sku", ())), lines(Condition("sku", (), NOT))) == ([], ALL)
