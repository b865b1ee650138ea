"""Amounts as people write them; expected values are the decimals that were written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from habitue.staging import amounts
from support.engines import table

PLACE = {"source": "till", "file": "sales.csv", "column": "Amount"}


def profile(con: Any, texts: list[str | None]) -> amounts.AmountProfile:
    return amounts.profile(table(con, {"value": texts}, {"value": pa.string()}), "value")


def read(con: Any, texts: list[str | None], mark: str | None = None) -> list[Decimal | None]:
    """A column as it is read by its own proof, or by a stated mark."""
    rows = table(con, {"n": range(len(texts)), "value": texts}, {"value": pa.string()})
    found = amounts.profile(rows, "value")
    value = amounts.read(rows["value"], found, mark or found.proved_mark or ".")
    return rows.select("n", found=value).order_by("n").to_pyarrow()["found"].to_pylist()


def one(con: Any, text: str, mark: str) -> Decimal | None:
    (found,) = read(con, [text], mark)
    return found


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("1234.5", ".", "1234.5"),
        ("-0.05", ".", "-0.05"),
        ("1,234,567.89", ".", "1234567.89"),
        ("1.234.567,89", ",", "1234567.89"),
        ("1.234", ",", "1234"),
        ("1,234", ".", "1234"),
        ("1.234", ".", "1.234"),
        ("12.345", ",", "12345"),
        ("1 234,50", ",", "1234.5"),
        ("1\u202f234,50\u00a0€", ",", "1234.5"),
        ("1'234.50", ".", "1234.5"),
        ("1’234’567.50", ".", "1234567.5"),
        ("€ 5,10", ",", "5.1"),
        ("5.10$", ".", "5.1"),
        ("-$5.10", ".", "-5.1"),
        ("$-5.10", ".", "-5.1"),
        ("US$5.10", ".", "5.1"),
        ("R$ 5,10", ",", "5.1"),
        ("5,10 EUR", ",", "5.1"),
        ("CHF 5.10", ".", "5.1"),
        ("Fr. 5.10", ".", "5.1"),
        ("1234.50 руб.", ".", "1234.5"),
        ("1 234,50 руб.", ",", "1234.5"),
        ("1 500 F CFA", ".", "1500"),
        ("12,50 zł", ",", "12.5"),
        ("12,50 Kč", ",", "12.5"),
        ("12.50-", ".", "-12.5"),
        ("12,50- €", ",", "-12.5"),
        ("12,50 €-", ",", "-12.5"),
        ("(12.50)", ".", "-12.5"),
        ("(€12.50)", ".", "-12.5"),
        ("€(12.50)", ".", "-12.5"),
        ("−950,00", ",", "-950"),
        ("– 950,00", ",", "-950"),
        ("+5", ".", "5"),
        ("5.", ".", "5"),
        (".5", ".", "0.5"),
        ("007", ".", "7"),
        ("0.1234567", ".", "0.123457"),
        ("899999999.99", ".", "899999999.99"),
    ],
)
def test_spellings(con: Any, text: str, mark: str, value: str) -> None:
    assert one(con, text, mark) == Decimal(value)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("1,5", "."),
        ("1.5", ","),
        ("1.234,5", "."),
        ("1,23,456.0", "."),
        ("1 23", "."),
        ("12€50", ","),
        ("12h30", "."),
        ("5x3", "."),
        ("3 for 2", "."),
        ("Remise 10", "."),
        ("20%", "."),
        ("--5", "."),
        ("(-5)", "."),
        ("-5-", "."),
        ("5-3", "."),
        ("1.2.3", "."),
        ("€", "."),
        ("#REF!", "."),
        ("1e5", "."),
        ("3,01234E+12", ","),
        ("1 234'567", "."),
        ("9999999999999", "."),
    ],
)
def test_what_the_convention_does_not_allow_is_refused(con: Any, text: str, mark: str) -> None:
    assert one(con, text, mark) is None


def test_a_refused_value_leaves_the_others(con: Any) -> None:
    texts = ["1,5", "12h30", None, "-2,5 €", "1.000", "0,1"]
    assert read(con, texts) == [Decimal("1.5"), None, None, Decimal("-2.5"), Decimal(1000), Decimal("0.1")]


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,5"], ","),
        (["1.234", "1,50"], ","),
        (["1.234,00"], ","),
        (["1,234.00"], "."),
        (["1.234.567"], ","),
        (["1,234", "1,234,567"], "."),
        (["1 234,567"], ","),
        (["1'234.567"], "."),
        (["1234.567"], "."),
        (["0.123", "1.234"], "."),
        (["-0,123 €"], ","),
        ([".567"], "."),
        (["5", "12"], None),
        (["1.234"], None),
        (["1.5", "1,5"], None),
    ],
)
def test_what_proves_the_mark(con: Any, texts: list[str | None], mark: str | None) -> None:
    assert profile(con, texts).proved_mark == mark


def test_undecidable(con: Any) -> None:
    found = profile(con, ["1.234", "12.000", "5", None])
    assert (found.proved_mark, found.undecided) == (None, 2)
    fault = amounts.mark_fault(found, None, None, **PLACE)
    assert fault is not None
    assert fault.code == "amounts.mark_undecided"
    assert amounts.mark_fault(found, ",", None, **PLACE) is None
    assert amounts.mark_fault(found, None, ",", **PLACE) is None
    assert amounts.mark_fault(profile(con, ["5", "1 234", "x"]), None, None, **PLACE) is None


def test_contradicted(con: Any) -> None:
    found = profile(con, ["1.5", "1,5", "2,5"])
    for known in (None, "."):
        fault = amounts.mark_fault(found, None, known, **PLACE)
        assert fault is not None
        assert fault.code == "amounts.mark_contradicted"
        assert (fault.params["points"], fault.params["commas"]) == (1, 2)
    assert amounts.mark_fault(found, ",", None, **PLACE) is None


@pytest.mark.parametrize("mask", ["0,00000E+00", "0E+00", "0.0e0", "-0,0E00"])
def test_scientific_notation_is_ruined(mask: str) -> None:
    assert amounts.form(mask).is_ruined


THOUSANDS = {".": ("", ",", " ", "\u00a0", "\u202f", "'", "’"), ",": ("", ".", " ", "\u00a0", "\u202f")}
CURRENCIES = ("", "€", "$", "CHF", "руб.", "zł", "kr", "R$")
NEGATIVES = ("-{}", "{}-", "({})", "−{}", "- {}")


@st.composite
def written(draw: st.DrawFn) -> tuple[str, list[tuple[Decimal, str]]]:
    """A convention, and amounts written in it. One of them, 1.50, proves the mark."""
    mark = draw(st.sampled_from(".,"))
    thousands = draw(st.sampled_from(THOUSANDS[mark]))
    currency, before = draw(st.sampled_from(CURRENCIES)), draw(st.booleans())
    space, negative = draw(st.sampled_from(("", " ", "\u00a0"))), draw(st.sampled_from(NEGATIVES))
    places = draw(st.sampled_from((0, 1, 2, 3, 4)))
    bound = 10 ** (8 + places)
    numbers = draw(st.lists(st.integers(-bound, bound), min_size=1, max_size=40))
    found = []
    for value in [Decimal("1.50"), *(Decimal(n).scaleb(-places) for n in numbers)]:
        text = f"{abs(value):,f}".translate({ord(","): thousands, ord("."): mark})
        text = text if value >= 0 else negative.format(text)
        if currency:
            text = f"{currency}{space}{text}" if before else f"{text}{space}{currency}"
        found.append((value, text))
    return mark, found


@settings(max_examples=60)
@given(written())
def test_what_is_written_in_one_convention_is_read_back(
    con: Any, convention: tuple[str, list[tuple[Decimal, str]]]
) -> None:
    mark, pairs = convention
    texts: list[str | None] = [text for _, text in pairs]
    assert profile(con, texts).proved_mark == mark
    assert read(con, texts) == [value for value, _ in pairs]


@settings(max_examples=15)
@given(st.lists(st.text(st.sampled_from("0159.,' -()€kE+"), max_size=9), min_size=1, max_size=40))
def test_nothing_is_bent(con: Any, texts: list[str]) -> None:
    """Whatever is read has the digits that were written, in their order."""
    for text, value in zip(texts, read(con, list(texts), "."), strict=True):
        if value is None:
            continue
        digits = "".join(c for c in text if c.isdigit())
        whole = "".join(c for c in f"{value:f}" if c.isdigit())
        assert whole.strip("0") == digits.strip("0")
        assert (value < 0) == (any(c in text for c in "-(") and bool(digits.strip("0")))
