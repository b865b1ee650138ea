"""Every spelling of a date; expected values by the calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.portable import digits_mask
from habitue.staging import dates
from support.engines import table

PLACE = {"source": "till", "file": "sales.csv", "column": "Date"}


def profile(con: Any, texts: list[str | None]) -> dates.DateProfile:
    import pyarrow as pa

    rows = table(con, {"row_number": range(2, len(texts) + 2), "value": texts}, {"value": pa.string()})
    return dates.profile(rows, "value")


def read(con: Any, texts: list[str | None], order: str | None = None) -> list[tuple[datetime | None, int | None]]:
    """Local moments and offsets as the column as a whole is read."""
    import pyarrow as pa

    rows = table(con, {"row_number": range(len(texts)), "value": texts}, {"value": pa.string()})
    found = dates.profile(rows, "value")
    moments = dates.read(rows["value"], digits_mask(rows["value"]), found, order or found.proved_order)
    columns = {"local": moments.local}
    if moments.offset_minutes is not None:
        columns["offset"] = moments.offset_minutes
    told = rows.select("row_number", **columns).order_by("row_number").to_pyarrow().to_pylist()
    return [(row["local"], row.get("offset")) for row in told]


def local(con: Any, text: str, order: str | None = "day first") -> str | None:
    ((found, _),) = read(con, [text], order)
    return found.isoformat(sep=" ") if found else None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", "2024-02-29 00:00:00"),
        ("2024/02/29", "2024-02-29 00:00:00"),
        ("2024.02.29", "2024-02-29 00:00:00"),
        ("2024-2-9", "2024-02-09 00:00:00"),
        ("2024-02-29 17:30", "2024-02-29 17:30:00"),
        ("2024-02-29T17:30:05", "2024-02-29 17:30:05"),
        ("2024-02-29 17:30:05.25", "2024-02-29 17:30:05.250000"),
        ("2024-02-29 17:30:05,25", "2024-02-29 17:30:05.250000"),
        ("2024-02-29 17:30:05.1234567", "2024-02-29 17:30:05.123456"),
        ("2024-02-29 7:05", "2024-02-29 07:05:00"),
        ("29/02/2024", "2024-02-29 00:00:00"),
        ("29.02.2024 09:41", "2024-02-29 09:41:00"),
        ("29-02-2024 9:41:07", "2024-02-29 09:41:07"),
        ("1/2/2024", "2024-02-01 00:00:00"),
        ("29/02/24", "2024-02-29 00:00:00"),
        ("29.02.99 10:00", "2099-02-29 10:00:00"),
        ("20240229", "2024-02-29 00:00:00"),
        ("20240229 17:30", "2024-02-29 17:30:00"),
        ("2024-02", "2024-02-01 00:00:00"),
        ("2024/02", "2024-02-01 00:00:00"),
        ("05/03/2024 12:00 AM", "2024-03-05 00:00:00"),
        ("05/03/2024 12:30 PM", "2024-03-05 12:30:00"),
        ("05/03/2024 1:05 pm", "2024-03-05 13:05:00"),
        ("05/03/2024 11:59:59PM", "2024-03-05 23:59:59"),
        # Days from 1899-12-30, as sheets count them: 60 of them more than 25569 days is 1970-03-01.
        ("25569", "1970-01-01 00:00:00"),
        ("45351", "2024-02-29 00:00:00"),
        ("45351.729166666664", "2024-02-29 17:30:00"),
        ("45351,5", "2024-02-29 12:00:00"),
    ],
)
def test_spellings(con: Any, text: str, moment: str) -> None:
    expected = None if moment == "2099-02-29 10:00:00" else moment  # 2099 is no leap year
    assert local(con, text) == expected


@pytest.mark.parametrize(
    "text",
    ["31/02/2024", "00/00/0000", "13/14/2024", "2024-13-01", "2023-02-29", "20240231", "2024-00", "05/03/2024 13:00 PM",
     "05/03/2024 0:30 AM", "2024-02-29 25:00", "2024-02-29 10:61", "29/02-2024", "29 février 2024", "12:30", "yesterday",  # noqa: E501
     "2024-02-29 10h30", "4535", "453511", "2024"],
)  # fmt: skip
def test_what_is_no_date_is_nothing(con: Any, text: str) -> None:
    assert local(con, text) is None


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2024-05-01T10:00:00Z", 0),
        ("2024-05-01 10:00 UTC", 0),
        ("2024-05-01 10:00:00 GMT", 0),
        ("2024-05-01 10:00:00+02:00", 120),
        ("2024-05-01 10:00:00 -0530", -330),
        ("2024-05-01T10:00:00.000+0000", 0),
        ("2024-05-01 10:00:00+02", 120),  # as PostgreSQL writes it
        ("01/05/2024 10:00 +05:45", 345),
        ("01/05/2024 10:00 PM +01:00", 60),
    ],
)
def test_offsets_from_utc(con: Any, text: str, offset: int) -> None:
    ((moment, found),) = read(con, [text], "day first")
    assert moment == datetime(2024, 5, 1, 22 if "PM" in text else 10)
    assert found == offset


def test_values_with_and_without_offset_in_one_column(con: Any) -> None:
    assert read(con, ["2024-05-01 10:00", "2024-05-01 10:00+02:00", None]) == [
        (datetime(2024, 5, 1, 10), None), (datetime(2024, 5, 1, 10), 120), (None, None),
    ]  # fmt: skip


def test_one_row_proves_the_order_of_all(con: Any) -> None:
    day_first = ["03/09/2024", "04/09/2024", "14/11/2024 17:25", "13.10.24"]
    found = profile(con, day_first)
    assert found.proved_order == "day first"
    assert found.day_first_proof == (4, "14/11/2024 17:25")
    assert [moment.strftime("%m-%d") for moment, _ in read(con, day_first) if moment] == [
        "09-03", "09-04", "11-14", "10-13",
    ]  # fmt: skip
    month_first = ["9/3/2024", "11/14/2024"]
    found = profile(con, month_first)
    assert (found.proved_order, found.month_first_proof) == ("month first", (3, "11/14/2024"))
    assert [moment.strftime("%m-%d") for moment, _ in read(con, month_first) if moment] == ["09-03", "11-14"]


def test_what_is_no_date_proves_nothing(con: Any) -> None:
    assert profile(con, ["03/04/2024", "31/13/2024", "45/01/2024", "13/00/2024"]).proved_order is None


def test_undecided(con: Any) -> None:
    found = profile(con, ["03/04/2024", "05/06/2024"])
    assert found.is_ambiguous
    fault = dates.order_fault(found, None, None, **PLACE)
    assert fault is not None
    assert (fault.code, fault.params["column"]) == ("dates.order_undecided", "Date")
    assert dates.order_fault(found, "month first", None, **PLACE) is None
    assert dates.order_fault(found, None, "day first", **PLACE) is None
    assert dates.order_fault(profile(con, ["2024-03-04", "20240304"]), None, None, **PLACE) is None


def test_contradicted(con: Any) -> None:
    found = profile(con, ["03/04/2024", "31/04/2024", "04/30/2024"])
    assert found.proved_order is None
    # even if another file has proved one of them: this one proves both
    for known in (None, "day first"):
        fault = dates.order_fault(found, None, known, **PLACE)
        assert fault is not None
        assert fault.code == "dates.order_contradicted"
        assert (fault.params["day_row"], fault.params["month_row"]) == (3, 4)
    assert dates.order_fault(found, "day first", None, **PLACE) is None
    # What does not fit the stated order is no date.
    assert [moment for moment, _ in read(con, ["03/04/2024", "04/30/2024"], "day first")] == [
        datetime(2024, 4, 3), None,
    ]  # fmt: skip


def test_the_years_of_a_column(con: Any) -> None:
    found = profile(con, ["2019-01-01", "03/04/2024", "01.01.31", "9999-12-31", "0000-00-00", "1700-01-01", "x", None])
    assert (found.first_year, found.last_year) == (2019, 2031)
    assert dates.unread_masks(found) == ["x"]
    empty = profile(con, [None])
    assert (empty.masks, empty.is_ambiguous, empty.proved_order) == ({}, False, None)
    assert read(con, [None]) == [(None, None)]


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2049, 12, 31)).map(lambda m: m.replace(microsecond=0))
STYLES = {
    "%Y-%m-%d %H:%M:%S": None, "%Y-%m-%dT%H:%M": None, "%Y/%m/%d": None, "%Y%m%d %H:%M:%S": None,
    "%d/%m/%Y %H:%M": "day first", "%d.%m.%Y": "day first", "%m/%d/%Y %I:%M %p": "month first",
    "%m-%d-%Y": "month first", "%d/%m/%y %H:%M:%S": "day first",
}  # fmt: skip


@settings(max_examples=30)
@given(st.sampled_from(sorted(STYLES)), st.lists(MOMENTS, min_size=1, max_size=40))
def test_what_is_written_in_one_style_is_read_back(con: Any, style: str, moments: list[datetime]) -> None:
    if "%y" in style:  # two digits are of this century
        moments = [m.replace(year=2000 + m.year % 100, day=min(m.day, 28)) for m in moments]
    texts: list[str | None] = [m.strftime(style) for m in moments]
    found = read(con, texts, STYLES[style])
    full = style.replace("%y", "%Y")  # Python reads 69 to 99 in two digits as the century before
    assert [moment for moment, _ in found] == [datetime.strptime(m.strftime(full), full) for m in moments]
    decided = profile(con, texts).proved_order
    assert decided in (None, STYLES[style])
    assert (decided is not None) == (STYLES[style] is not None and any(m.day > 12 for m in moments))


@settings(max_examples=10)
@given(st.lists(st.integers(10_000, 99_999), min_size=1, max_size=50))
def test_serials(con: Any, days: list[int]) -> None:
    found = read(con, [str(day) for day in days])
    assert [moment for moment, _ in found] == [datetime(1899, 12, 30) + timedelta(days=day) for day in days]
