"""The real components work, and their absence is counted or fails, as HABITUE_REQUIRE says."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adbc_driver_postgresql import dbapi

from support import components


def test_shared_data_has_folders(shared_data: Path):
    assert any(entry.is_dir() for entry in shared_data.iterdir())


def test_completejourney_has_its_transactions(completejourney: Path):
    # 1,469,307 rows: the count the data set's own documentation gives.
    assert pq.read_metadata(completejourney / "transactions.parquet").num_rows == 1_469_307


def test_postgresql_takes_and_gives_back_rows(postgresql_database: str):
    sent = pa.table({"customer_id": ["a", "b", "é–Я"], "net_amount": pa.array([100, -5, 2**40], pa.int64())})
    with dbapi.connect(postgresql_database) as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("lines", sent, mode="create") == 3
        connection.commit()
        cursor.execute("select customer_id, net_amount from lines order by net_amount desc")
        assert cursor.fetchall() == [("é–Я", 2**40), ("a", 100), ("b", -5)]


def test_postgresql_databases_are_apart(postgresql: str, postgresql_database: str):
    assert postgresql != postgresql_database
    with dbapi.connect(postgresql_database) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from information_schema.tables where table_schema = 'public'")
        assert cursor.fetchone() == (0,)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(components.COMPONENTS, "postgresql", lambda: "not here")


@pytest.mark.usefixtures("absent")
def test_an_absent_component_skips(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HABITUE_REQUIRE", "shared-data")
    with pytest.raises(pytest.skip.Exception, match=r"component absent: postgresql \(not here\)"):
        components.require("postgresql")


@pytest.mark.usefixtures("absent")
@pytest.mark.parametrize("named", ["all", "postgresql", "shared-data, postgresql", "shared-data postgresql"])
def test_an_absent_component_fails_where_required(monkeypatch: pytest.MonkeyPatch, named: str):
    monkeypatch.setenv("HABITUE_REQUIRE", named)
    with pytest.raises(pytest.fail.Exception, match="required but absent: postgresql"):
        components.require("postgresql")


def test_a_present_component_goes_on(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HABITUE_REQUIRE", "all")
    monkeypatch.setitem(components.COMPONENTS, "postgresql", lambda: None)
    assert components.require("postgresql") is None


def test_unknown_names_are_refused(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="unknown component 'oracle'"):
        components.require("oracle")
    monkeypatch.setenv("HABITUE_REQUIRE", "postgres")
    with pytest.raises(
        pytest.UsageError, match="names postgres; valid are: all, chromium, completejourney, postgresql"
    ):
        components.required()


def test_absences_are_counted_by_component():
    reasons = [
        "Skipped: component absent: postgresql (not here)",
        "Skipped: component absent: shared-data (the folder is missing)",
        "Skipped: component absent: postgresql (not here)",
        "Skipped: only on Mondays",
    ]
    assert components.absences(reasons) == {"postgresql": 2, "shared-data": 1}


def test_the_count_is_printed(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HABITUE_REQUIRE", raising=False)
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(
        """
        import pytest
        from support import components

        @pytest.mark.parametrize("n", [1, 2])
        def test_needs(monkeypatch, n):
            monkeypatch.setitem(components.COMPONENTS, "postgresql", lambda: "not here")
            components.require("postgresql")
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:xdist")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["tests skipped for an absent component: 2 (postgresql 2)"])
