"""Key figures and what they rest on: worked out by hand from a few rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from habitue import schemas
from habitue.report.context import Context
from habitue.report.evidence import Evidence, difference
from habitue.report.key_figures import AT_HEAD, KEY_FIGURES, evidence, key_figures
from habitue.report.locale import LANGUAGES, Words

MANIFEST: dict[str, Any] = {
    "project": "Shop", "run_id": "r1", "as_of": "2025-12-31", "currency": "EUR", "simulated": False,
    "settings": {"window_months": 12},
}  # fmt: skip


def table(schema: schemas.Schema, *rows: dict[str, Any]) -> pa.Table:
    kinds = schema.ibis_schema().to_pyarrow()
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=kinds)


def year(first: date, last: date, **values: int) -> dict[str, Any]:
    return {"first_on": first, "last_on": last, **values}


def tables() -> dict[str, pa.Table]:
    """Two full years of sales: 1,000.00 and 800.00, 500 tickets then 400; returns of 50.00 in the newer one."""
    now = year(date(2025, 1, 1), date(2025, 12, 31), tickets_count=500, net_amount=95_000, kept_amount=100_000,
               customers_count=40, identified_amount=75_000, unidentified_amount=25_000)  # fmt: skip
    before = year(date(2024, 1, 1), date(2024, 12, 31), tickets_count=400, net_amount=80_000, kept_amount=80_000,
                  customers_count=50, identified_amount=40_000, unidentified_amount=40_000)  # fmt: skip
    month = {"month_on": date(2024, 1, 1), "counts": True, "kept_amount": 1, "population": "consumer"}
    back = {"returned_on": date(2025, 5, 1), "linked_by": "none", "returned_amount": 5_000}
    above = {"returned_on": date(2025, 5, 1), "linked_by": "above_purchase", "returned_amount": 9_000}
    earlier = {"returned_on": date(2024, 12, 31), "linked_by": "none", "returned_amount": 700}
    return {
        "sales_by_year": table(schemas.SALES_BY_YEAR, now, before),
        "sales": table(schemas.SALES, month),
        "returns": table(schemas.RETURNS, back, above, earlier),
    }


def segment(code: str, place: int, customers: int, net: int, all_customers: int, all_net: int) -> dict[str, Any]:
    return {
        "segmentation": "strategic", "population": "consumer", "segment": code, "place": place,
        "customers_count": customers, "customers_share": customers / all_customers, "net_amount": net,
        "net_share": net / all_net,
    }  # fmt: skip


def with_segments(core: int = 10, others: int = 30) -> dict[str, pa.Table]:
    """Ten core customers with 600.00 of 750.00; thirty others."""
    rows = [segment("core", 1, core, 60_000, core + others, 75_000),
            segment("loyal", 2, others, 15_000, core + others, 75_000)]  # fmt: skip
    measures = [
        {"measure": measure, "segmentation": of, "population": "consumer", "from_on": date(2024, 12, 31),
         "to_on": date(2025, 12, 31), "value": value, "customers_count": 40}
        for measure, of, value in (("top_decile_share", "customers", 0.4), ("gini", "customers", 0.5),
                                   ("eta_squared", "strategic", 0.3))
    ]  # fmt: skip
    curve = {"population": "consumer", "customers_share": 1.0, "customers_count": 40, "net_amount": 75_000,
             "net_share": 1.0}  # fmt: skip
    return tables() | {
        "segments": table(schemas.SEGMENTS, *rows),
        "segment_measures": table(schemas.SEGMENT_MEASURES, *measures),
        "concentration": table(schemas.CONCENTRATION, curve),
    }


def context(given: dict[str, pa.Table], language: str = "en", **manifest: Any) -> Context:
    return Context(Words(language, strict=True), given, {**MANIFEST, **manifest})


def found(given: dict[str, pa.Table], code: str) -> Evidence:
    one = KEY_FIGURES[code](context(given))
    assert one is not None
    assert one.code == code
    return one


def ratio(one: Evidence) -> tuple[float | None, float | None]:
    assert one.denominator is not None
    return one.numerator.value, one.denominator.value


def test_figures_of_sales_are_those_of_the_newest_year() -> None:
    shown = {one.code: (one.shown, one.change) for one in evidence(context(tables()))}
    assert shown["net_sales"] == ("€1,000", "25.0% more than in the 12 months before")
    assert shown["identified"] == ("75.0%", "25.0 points above the 12 months before")
    assert shown["tickets"] == ("500", "25.0% more than in the 12 months before")
    assert shown["basket"] == ("€2.00", "the same as in the 12 months before")
    assert shown["customers"] == ("40", "20.0% less than in the 12 months before")
    assert shown["returns"][0] == "5.0%"  # 50.00 of 950.00 + 50.00


def test_a_share_is_its_numerator_over_its_denominator() -> None:
    assert ratio(found(tables(), "identified")) == (75_000, 100_000)
    assert ratio(found(tables(), "basket")) == (100_000, 500)
    returns = found(tables(), "returns")
    assert ratio(returns) == (5_000, 100_000)
    assert returns.denominator is not None
    assert [term.value for term in returns.denominator.terms] == [95_000, 5_000]
    core = found(with_segments(), "core_net")
    assert ratio(core) == (60_000, 75_000)
    assert (core.shown, core.population) == ("80.0%", "consumers")
    best = found(with_segments(), "best_tenth")
    assert ratio(best) == (30_000, 75_000)
    assert best.numerator.told == "Net sales in the window from the 4 best customers"
    assert best.numerator.behind[0].first == 4


def test_few_customers_are_said() -> None:
    assert found(with_segments(), "core_customers").few == 10
    assert found(with_segments(core=30), "core_customers").few is None


def test_figures_at_the_head_keep_their_order_and_carry_their_codes() -> None:
    codes = [figure.code for figure in key_figures(context(with_segments()))]
    assert codes == [code for code in AT_HEAD if code in codes]
    assert codes == ["net_sales", "identified", "tickets", "customers", "returns", "core_customers", "core_net",
                     "best_tenth"]  # fmt: skip


def test_a_run_without_anything_gives_no_figure() -> None:
    assert evidence(context({})) == []


def score(**values: Any) -> dict[str, Any]:
    given = {"population": "consumer", "kind": "total", "subject": "all", "to_on": date(2025, 12, 31),
             "is_counted": True, "is_backdated": False, "is_within_95": True}  # fmt: skip
    return given | values


def test_promises_kept_count_statements_once_and_leave_trials_out() -> None:
    rows = [score(), score(is_within_95=False), score(), score(is_within_95=None), score(is_counted=False),
            score(is_backdated=True)]  # fmt: skip
    kept = found({"forecast_scores": table(schemas.FORECAST_SCORES, *rows)}, "promises_kept")
    assert ratio(kept) == (2, 3)
    assert (kept.shown, kept.few, kept.change) == ("66.7%", 3, "of 3 statements scored so far; 95% is promised")
    assert KEY_FIGURES["promises_kept"](context({"forecast_scores": table(schemas.FORECAST_SCORES, rows[-1])})) is None


@pytest.mark.parametrize(
    ("code", "now", "before", "told"),
    [
        ("net_sales", 110_000, 100_000, "€100.00 more (10.0%)"),
        ("net_sales", 90_000, 100_000, "€100.00 less (10.0%)"),
        ("net_sales", 5, 0, "€0.05 more"),
        ("tickets", 7, 7, "the same"),
        ("identified", 0.755, 0.75, "0.5 points higher"),
        ("identified", 0.7502, 0.75, "the same"),
        ("gini", 0.45, 0.5, "0.05 lower"),
    ],
)
def test_differences_are_said_in_the_unit_of_the_figure(code: str, now: float, before: float, told: str) -> None:
    one = found(with_segments(), code)
    assert difference(context(tables()), replace(one, value=now), replace(one, value=before)) == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_is_worded_in_every_language(language: str) -> None:
    given = with_segments() | {"forecast_scores": table(schemas.FORECAST_SCORES, score())}
    for one in evidence(context(given, language, simulated=True)):
        parts = [one.numerator, *([one.denominator] if one.denominator else [])]
        told = [one.label, one.change, one.formula, one.period, one.population, *(part.told for part in parts)]
        assert all(told), one.code
        assert one.labels == ("simulated",)
        assert one.figure.label == one.label
