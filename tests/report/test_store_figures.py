"""Figures of stores on small tables; expected values worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from habitue.periods import FiscalCalendar, GregorianCalendar, Period, year_end
from habitue.report import store_figures
from habitue.report.spans import Span, span
from habitue.report.store_figures import LeftOut, Sums, like_for_like
from support.store_days import day, every, sales_by_day, stores

GREGORIAN = GregorianCalendar()
AS_OF = date(2025, 6, 30)
REGIONS = stores([
    {"store_id": "S1", "region": "North"}, {"store_id": "S2", "region": "South"}, {"store_id": "S3"},
    {"store_id": "S4", "region": "North"},
])  # fmt: skip
SOME = sales_by_day(
    # Now: July 2024 to June 2025.
    day("2024-07-01", "S1", 1000, 2, gross_amount=1100, discount_amount=100, lines_count=5, identified_amount=400,
        identified_tickets_count=1, margin_amount=300, margin_known_amount=1000),
    day("2025-06-30", "S1", 500, 1, gross_amount=600, discount_amount=100, lines_count=1, margin_amount=None),
    day("2025-01-10", "S2", 3001, 2),
    day("2025-01-10", "S2", 99, 1, population="staff"),
    day("2025-02-01", "S3", 200),
    day("2025-03-01", None, 5000, 4),
    day("2025-03-02", None, 700, 1, sales_channel=None),
    # Before: July 2023 to June 2024.
    day("2023-07-01", "S1", 1200, 3), day("2024-06-30", "S2", 2000), day("2024-02-29", "S4", 100),
    day("2024-06-01", None, 4000),
    # Earlier than both, and a day on which only returns were rung up.
    day("2023-06-01", "S1", 9999), day("2023-05-01", "S1", -50, 0),
)  # fmt: skip


def spanned(days: pa.Table, name: str | None = None, as_of: date = AS_OF) -> Span:
    return span(name, GREGORIAN, as_of, store_figures.covered(days, as_of))


def of(places: list[store_figures.Place]) -> list[tuple[str | None, int, int | None, bool]]:
    return [
        (one.code, one.now.kept_amount, None if one.before is None else one.before.kept_amount, one.is_apart)
        for one in places
    ]


def test_the_data_begin_with_the_first_ticket() -> None:
    assert store_figures.covered(SOME, AS_OF) == Period(date(2023, 6, 1), AS_OF)
    assert store_figures.covered(sales_by_day(), AS_OF) is None
    assert store_figures.covered(None, AS_OF) is None


def test_all_together() -> None:
    whole = store_figures.in_all(SOME, spanned(SOME))
    assert (whole.now.kept_amount, whole.now.tickets_count) == (10500, 12)
    assert whole.before is not None
    assert (whole.before.kept_amount, whole.before.tickets_count) == (7300, 6)
    assert whole.compare("kept_amount").relative == pytest.approx(3200 / 7300)


def test_by_store_what_names_none_last() -> None:
    assert of(store_figures.by_store(SOME, spanned(SOME))) == [
        ("S2", 3100, 2000, False), ("S1", 1500, 1200, False), ("S3", 200, 0, False), ("S4", 0, 100, False),
        (None, 5700, 4000, True),
    ]  # fmt: skip


def test_by_region() -> None:
    regions = store_figures.regions_of(REGIONS)
    assert of(store_figures.by_region(SOME, spanned(SOME), regions)) == [
        ("South", 3100, 2000, False), ("North", 1500, 1300, False), (None, 200, 0, False), (None, 5700, 4000, True),
    ]  # fmt: skip
    assert store_figures.regions_of(stores([{"store_id": "S1"}, {"store_id": "S2", "region": ""}])) == {}


def test_by_sales_channel() -> None:
    assert of(store_figures.by_sales_channel(SOME, spanned(SOME))) == [
        ("online", 5000, 4000, False), ("store", 4800, 3300, False), (None, 700, 0, False),
    ]  # fmt: skip


def test_ratios() -> None:
    first = store_figures.by_store(SOME, spanned(SOME))[1].now
    assert first == Sums(3, 1, 6, 1700, 200, 1500, 1500, 400, 300, 1000, 0)
    assert first.basket_amount == 500
    assert first.lines_per_ticket == 2
    assert first.identified_share == pytest.approx(4 / 15)
    assert first.identified_tickets_share == pytest.approx(1 / 3)
    assert first.discount_share == pytest.approx(2 / 17)
    assert first.margin_share == pytest.approx(0.3)  # over the 10.00 it is known of
    second = store_figures.by_store(SOME, spanned(SOME))[0].now
    assert (second.basket_amount, second.margin_share) == (1033, None)  # 31.00 over three tickets


def test_nothing_over_nothing() -> None:
    nothing = Sums()
    assert (nothing.basket_amount, nothing.lines_per_ticket, nothing.identified_share, nothing.discount_share) == (
        None, None, None, None,
    )  # fmt: skip
    assert Sums(tickets_count=2, kept_amount=5).basket_amount == 2  # 2.5: ties to even


def test_without_a_year_before_there_is_nothing_to_compare_with() -> None:
    days = sales_by_day(every(1, "2024-08-01", "2025-06-30", "S1", 10))
    found = spanned(days)
    assert (found.is_full, found.has_before) == (False, False)
    assert of(store_figures.by_store(days, found)) == [("S1", 3340, None, False)]  # 334 days
    assert like_for_like(days, found, trading=days, stores=[]) is None
    assert store_figures.in_all(days, found).compare("kept_amount").relative is None


TRADING = sales_by_day(
    every(1, "2023-01-01", "2025-06-30", "always", 10),
    every(7, "2023-01-02", "2025-06-25", "weekly", 10),
    every(1, "2023-09-15", "2025-06-30", "opened", 10),
    every(1, "2023-01-01", "2025-01-31", "closed", 10),
    every(1, "2023-01-01", "2024-12-31", "rebuilt", 10), every(1, "2025-01-30", "2025-06-30", "rebuilt", 10),
    every(1, "2023-01-01", "2024-12-31", "holiday", 10), every(1, "2025-01-29", "2025-06-30", "holiday", 10),
    every(1, "2023-01-01", "2025-06-30", "stated-opened", 10),
    every(1, "2023-01-01", "2025-06-30", "stated-closed", 10),
    every(1, "2023-01-01", "2025-06-30", None, 100),
)  # fmt: skip
STATED = stores([
    {"store_id": "stated-opened", "opened_on": date(2023, 7, 2)},
    {"store_id": "stated-closed", "opened_on": date(2001, 1, 1), "closed_on": date(2025, 6, 29)},
    {"store_id": "never-sold"},
])  # fmt: skip


def test_which_stores_are_compared_and_why_others_are_not() -> None:
    found = like_for_like(TRADING, spanned(TRADING), trading=TRADING, stores=STATED)
    assert found is not None
    # Shut for 28 days is no interruption; 29 days are. A ticket a week is trading.
    assert found.stores == ("always", "holiday", "weekly")
    assert found.left_out == (
        LeftOut("stated-opened", "opened", date(2023, 7, 2), is_stated=True),
        LeftOut("opened", "opened", date(2023, 9, 15), is_stated=False),
        LeftOut("closed", "closed", date(2025, 1, 31), is_stated=False),
        LeftOut("stated-closed", "closed", date(2025, 6, 29), is_stated=True),
        LeftOut("rebuilt", "interrupted", date(2025, 1, 1), is_stated=False, until=date(2025, 1, 29)),
    )


SHUT = sales_by_day(
    every(1, "2023-01-01", "2025-06-30", "open", 10),
    every(1, "2023-01-01", "2024-01-31", "long", 10), every(1, "2024-05-01", "2025-06-30", "long", 10),
    every(1, "2023-01-01", "2024-02-25", "fortnight", 10), every(1, "2024-03-12", "2025-06-30", "fortnight", 10),
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "compared"),
    [
        ("2025-03-02..2025-03-29", ("fortnight", "open")),  # 10 of the 28 days before it was shut, of 15 in all
        ("2025-03-01..2025-03-07", ("open",)),  # all of the 7 days before it was shut
        ("2025-02-01..2025-02-24", ("fortnight", "open")),  # shut later
        ("2025-05-01..2025-05-28", ("fortnight", "long", "open")),
    ],
)
def test_a_store_that_was_shut_is_not_compared_however_short_the_period(asked: str, compared: tuple[str, ...]) -> None:
    found = like_for_like(SHUT, spanned(SHUT, asked), trading=SHUT, stores=[])
    assert found is not None
    assert found.stores == compared
    told = {one.store_id: (one.reason, one.on, one.until) for one in found.left_out}
    if "long" not in compared:  # the days it was shut, not only those of the period
        assert told["long"] == ("interrupted", date(2024, 2, 1), date(2024, 4, 30))


def test_the_parts_of_a_comparison_add_up_to_the_whole() -> None:
    found = like_for_like(TRADING, spanned(TRADING), trading=TRADING, stores=STATED)
    assert found is not None
    opened = found.by_reason["opened"]
    assert opened.before is not None
    # 365 days now; before, 366 of the one and 290 (from 15 September 2023) of the other.
    assert (opened.now.kept_amount, opened.before.kept_amount) == (7300, 6560)
    assert (found.apart and found.apart.now.kept_amount) == 36500
    parts = [found.compared, *found.by_reason.values(), found.apart]
    total_now = sum(part.now.kept_amount for part in parts if part is not None)
    total_before = sum(part.before.kept_amount for part in parts if part is not None and part.before is not None)
    assert total_now == found.whole.now.kept_amount == store_figures.in_all(TRADING, spanned(TRADING)).now.kept_amount
    assert found.whole.before is not None
    assert total_before == found.whole.before.kept_amount


def test_a_store_trades_whoever_buys() -> None:
    days = sales_by_day(
        every(1, "2023-01-01", "2025-06-30", "S1", 10),
        day("2024-01-01", "S1", 3, population="staff"), day("2025-01-01", "S1", 4, population="staff"),
    )  # fmt: skip
    staff = days.filter(pc.field("population") == "staff")
    found = like_for_like(staff, spanned(days), trading=days, stores=[])
    assert found is not None
    assert (found.stores, found.left_out) == (("S1",), ())
    assert found.compared.compare("kept_amount").relative == pytest.approx(1 / 3)


def test_a_store_with_nothing_but_returns() -> None:
    days = sales_by_day(every(1, "2023-01-01", "2025-06-30", "S1", 10), day("2025-05-05", "S2", -7, 0))
    found = like_for_like(days, spanned(days), trading=days, stores=[])
    assert found is not None
    assert found.left_out == (LeftOut("S2", "interrupted", date(2023, 7, 1), False, AS_OF),)


def test_months() -> None:
    days = sales_by_day(
        day("2024-01-31", "S1", 1), day("2024-02-29", "S1", 2), day("2024-12-01", "S1", 4),
        day("2025-01-01", "S1", 8), day("2025-01-20", "S1", 16), day("2025-02-28", "S1", 32),
        day("2025-03-05", "S1", 64), day("2024-03-05", "S1", 128), day("2024-03-25", "S1", 256),
    )  # fmt: skip
    found = store_figures.months(days, GREGORIAN, Period(date(2024, 1, 1), date(2025, 3, 10)))
    told = [(str(m.period.first_on), m.now.kept_amount, m.before and m.before.kept_amount, m.is_part) for m in found]
    assert told[:3] == [
        ("2025-03-01", 64, 128, True),  # ten days against ten days
        ("2025-02-01", 32, 2, False),
        ("2025-01-01", 24, 1, False),
    ]
    assert told[3] == ("2024-12-01", 4, None, False)
    assert told[-1] == ("2024-01-01", 1, None, False)
    assert len(found) == 15
    assert len(store_figures.months(days, GREGORIAN, Period(date(2024, 1, 1), date(2025, 3, 10)), most=4)) == 4
    begun = store_figures.months(days, GREGORIAN, Period(date(2024, 1, 15), date(2025, 3, 10)))[-1]
    assert (begun.period, begun.is_part) == (Period(date(2024, 1, 15), date(2024, 1, 31)), True)


def test_months_of_a_fiscal_calendar() -> None:
    calendar = FiscalCalendar("4-5-4", year_end("saturday nearest 31 january"))
    days = sales_by_day(every(1, "2023-01-29", "2024-03-02", "S1", 1))
    found = store_figures.months(days, calendar, Period(date(2023, 1, 29), date(2024, 3, 2)))
    # February 2024 (four weeks) against 5 February to 4 March 2023; January 2024 had five weeks.
    assert [(str(m.period.first_on), m.now.kept_amount, m.before and m.before.kept_amount) for m in found[:2]] == [
        ("2024-02-04", 28, 28), ("2023-12-31", 35, None),
    ]  # fmt: skip


def test_segments_of_stores() -> None:
    def row(store: str | None, segment: str, customers: int, **more: str) -> dict[str, Any]:
        return {"segmentation": "strategic", "population": "consumer", "place_kind": "store", "place_name": store,
                "segment": segment, "customers_count": customers} | more  # fmt: skip

    places = [
        row("S1", "core", 2), row("S1", "lost", 3), row("S2", "core", 9), row(None, "core", 50),
        row("North", "core", 11, place_kind="region"), row("S1", "core", 1, population="staff"),
        row("S1", "best", 5, segmentation="ten"),
    ]  # fmt: skip
    found = store_figures.segments_of_stores(places, "consumer")
    assert list(found.items()) == [("S2", {"core": 9}), ("S1", {"core": 2, "lost": 3}), (None, {"core": 50})]
