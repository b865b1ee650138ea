from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.errors import ConfigurationError
from habitue.purchases.currencies import convert, day_rates, minor_unit
from habitue.schemas import RATES
from support.purchases import line, rows, staged, table


def rate(currency: str, value: str, first: str = "2024-01-01", last: str | None = "2024-12-31") -> dict[str, Any]:
    return {
        "currency": currency,
        "valid_from": date.fromisoformat(first),
        "valid_to": None if last is None else date.fromisoformat(last),
        "rate_e8": int(Decimal(value) * 10**8),
    }


def converted(con: Any, some: list[dict], *rates: dict, home: str = "EUR") -> Any:
    lines = staged(con, some)
    return convert(lines, day_rates(lines, table(con, RATES, rates), home=home))


def test_minor_units_differ() -> None:
    assert [minor_unit(code) for code in ("EUR", "JPY", "KWD")] == [2, 0, 3]


@pytest.mark.parametrize(
    ("currency", "home", "value", "amount", "expected"),
    [
        ("JPY", "EUR", "0.0060", 10000, 6000),  # 10 000 yen at 0.006 = 60.00 euro
        ("EUR", "JPY", "160.5", 1000, 1605),  # 10.00 euro = 1 605 yen
        ("KWD", "EUR", "3", 1500, 450),  # 1.500 dinar = 4.50 euro
        ("EUR", "KWD", "0.3333", 1000, 3333),  # 10.00 euro = 3.333 dinar
        ("GBP", "EUR", "1.5", 1, 2),  # 1.5 cents: to the even neighbour
        ("GBP", "EUR", "2.5", 1, 2),  # 2.5 cents: to the even neighbour
        ("GBP", "EUR", "0.5", 1, 0),
        ("GBP", "EUR", "1.5", -1, -2),
        ("GBP", "EUR", "2.5", -1, -2),
        ("EUR", "VND", "27000", 3_000_000_000, 810_000_000_000),  # 30 million euro: no overflow on the way
    ],
)
def test_half_even_to_the_home_minor_unit(
    con: Any, currency: str, home: str, value: str, amount: int, expected: int
) -> None:
    done = converted(con, [line("T1", "2024-05-01", amount, currency=currency)], rate(currency, value), home=home)
    assert rows(done, "net_amount", "source_net_amount", "source_amount", "currency") == [
        (expected, amount, amount, currency)
    ]


@settings(max_examples=10)
@given(amounts=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=40), value=st.integers(1, 10**12))
def test_same_as_decimal_arithmetic(con: Any, amounts: list[int], value: int) -> None:
    some = [line("T1", "2024-05-01", amount, currency="GBP") for amount in amounts]
    done = converted(con, some, rate("GBP", "1") | {"rate_e8": value})
    exact = [(Decimal(amount) * value / 10**8).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) for amount in amounts]
    assert rows(done, "net_amount") == sorted(exact)


def test_gross_less_discount_is_net_after_rounding(con: Any) -> None:
    # gross 101 at 1.175 = 118.675, net 99 at 1.175 = 116.325; the discount is what lies between: 119 - 116
    done = converted(con, [line("T1", "2024-05-01", 99, discount=2, tax_amount=20, currency="GBP")],
                     rate("GBP", "1.175"))  # fmt: skip
    assert rows(done, "gross_amount", "discount_amount", "net_amount", "tax_amount") == [(119, 3, 116, 24)]


def test_the_rate_of_the_day(con: Any) -> None:
    rates = [
        rate("GBP", "1.1", "2024-01-01", "2024-01-31"),
        rate("GBP", "1.2", "2024-01-15", "2024-01-20"),  # the one that starts later
        rate("GBP", "1.3", "2024-03-01", None),  # still valid
    ]
    days = {"2023-12-31": None, "2024-01-14": 110, "2024-01-15": 120, "2024-01-21": 110, "2024-02-01": None,
            "2030-01-01": 130}  # fmt: skip
    done = converted(con, [line(day, day, 100, currency="GBP") for day in days], *rates)
    assert rows(done, "transaction_id", "net_amount") == list(days.items())


def test_what_cannot_be_converted_says_why(con: Any) -> None:
    some = [
        line("T1", "2024-05-01", 100, currency="PLN"),
        line("T2", "2024-05-01", 100, currency=None),
        line("T3", "2024-05-01", 100, currency="EURO"),
        line("T4", "2024-05-01", 100, currency="XPT"),  # not in the list, but a rate is given for it
        line("T5", "2024-05-01", 100),
    ]
    assert rows(converted(con, some, rate("XPT", "2")), "transaction_id", "net_amount", "rate_fault") == [
        ("T1", None, "no_rate"),
        ("T2", None, "currency_missing"),
        ("T3", None, "currency_unknown"),
        ("T4", 200, None),
        ("T5", 100, None),
    ]


def test_no_foreign_line_no_rate_needed(con: Any) -> None:
    lines = staged(con, [line("T1", "2024-05-01", 100)])
    found = day_rates(lines, None, home="EUR")
    assert found.table is None
    assert rows(convert(lines, found), "net_amount", "rate_fault") == [(100, None)]
    empty = staged(con, [])
    assert rows(convert(empty, day_rates(empty, None, home="EUR")), "net_amount") == []


def test_the_home_currency_must_be_one(con: Any) -> None:
    with pytest.raises(ConfigurationError, match="home_currency_unknown"):
        day_rates(staged(con, []), None, home="EURO")
