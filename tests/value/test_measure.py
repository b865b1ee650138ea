"""Margin instead of revenue, and money that comes later: by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from habitue import schemas
from habitue.errors import ConfigurationError
from habitue.value.discounting import present_share
from habitue.value.measure import assumed_share, by_measure
from support.engines import table

DAY = date(2025, 3, 1)


def days(con: Any, margins: list[int | None], nets: list[int]) -> Any:
    size = len(nets)
    return table(
        con,
        {
            "customer_id": [f"C{n}" for n in range(size)], "population": ["consumer"] * size, "sold_on": [DAY] * size,
            "net_amount": nets, "margin_amount": margins, "is_visit": [net > 0 for net in nets],
            "margin_is_assumed": [n == 0 for n in range(size)],
        },
        {"margin_amount": pa.int64()},
    )  # fmt: skip


def changes(con: Any, rows: list[dict[str, Any]]) -> Any:
    whole = [
        {"customer_id": "C0", "population": "consumer", "sold_on": DAY, "sales_channel": "store",
         "known_until": DAY + timedelta(days=9), "visits_count": 0, **row} for row in rows
    ]  # fmt: skip
    schema = schemas.DAY_CHANGES.ibis_schema().to_pyarrow()
    return con.create_table(ibis.util.gen_name("changes"), pa.Table.from_pylist(whole, schema=schema), temp=True)


def test_revenue_stays_as_it_is(con: Any) -> None:
    some, back = days(con, [None], [1_000]), changes(con, [])
    assert by_measure(some, back, "revenue") == (some, back)


def test_margin_of_days_and_of_what_was_taken_back(con: Any) -> None:
    some = days(con, [300, 0, 900], [1_000, 0, 2_000])  # rates 0.3, none left, 0.45; of all 1,200 / 3,000 = 0.4
    back = changes(con, [{"net_amount": 100}, {"customer_id": "C1", "net_amount": 500}])
    worth, taken = by_measure(some, back, "margin")
    assert sorted(worth.net_amount.to_pyarrow().to_pylist()) == [0, 300, 900]
    assert sorted(taken.net_amount.to_pyarrow().to_pylist()) == [30, 200]
    assert taken.columns == back.columns
    assert assumed_share(some) == pytest.approx(1_000 / 3_000)


def test_unknown_margins_are_refused_with_what_is_missing(con: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        by_measure(days(con, [300, None], [1_000, 3_000]), changes(con, []), "margin")
    (told,) = refused.value.messages
    assert (told.code, told.params) == ("value.unknown_margins", {"count": 1, "days": 2, "share": 0.75})


def test_a_steady_flow_is_worth_the_mean_of_its_factors() -> None:
    found = present_share(lambda until: np.array([until]), 1461, 0.1)
    exact = (1 - 1.1**-4) / np.log(1.1) / 4  # continuous flow over four years
    assert found[0] == pytest.approx(exact, rel=1e-4)
    assert present_share(lambda until: np.array([until]), 365, 0.0)[0] == 1


def test_what_comes_early_is_worth_more_and_nothing_the_middle() -> None:
    early, late, nothing = present_share(
        lambda until: np.array([min(until, 31.0), max(until - 700.0, 0.0), 0.0]), 730, 0.1
    )
    assert late < nothing < early < 1
    assert nothing == pytest.approx(1.1 ** -(365 / 365.25))


def test_settings_come_as_they_are_written() -> None:
    from habitue.workspace.sections import ValueSection

    section = ValueSection(measure="margin", discount_rate=Decimal("0.1"))  # type: ignore[call-arg]
    assert (section.measure, section.discount_rate) == ("margin", Decimal("0.1"))
