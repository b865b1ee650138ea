"""One customer: what is expected of them and how that is made, and the lists that name them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from habitue.report.ahead import made_share
from habitue.report.context import Context
from habitue.report.layout import Facts, Item, Items, Prose, Section
from habitue.report.reasons import WATCHLISTS, how_often_right, reason
from habitue.value.methods import CANDIDATES, PROCESSES, REVENUE

if TYPE_CHECKING:
    from habitue.workspace.explained import Buyer, Explanation, Forecast


def sections(buyer: Buyer, c: Context) -> Iterator[Section]:
    """What is expected and who says so, then the lists; that there is no forecast where there could be one."""
    notes = _notes(buyer, c)
    if buyer.forecast:
        yield _ahead(buyer.forecast, c, notes)
        yield from _lists(buyer.forecast, c)
    elif buyer.checks:
        yield Section("ahead", _text(c, "heading.no_forecast"), [Prose(_text(c, "no_forecast")), *notes])


def defined(told: Explanation) -> list[str]:
    """Codes of the definitions these sections need."""
    forecasts = [buyer.forecast for buyer in told.buyers if buyer.forecast]
    if not forecasts:
        return []
    names = ["repeat_visits", "repeat_days", "observed_days"]
    if any(one.is_fitted for one in forecasts):
        names += ["expected_visits", "expected_spend"]
    if any(one.expected["active_probability"] is not None for one in forecasts):
        names.append("active")
    if any(one.expected["low_95_amount"] is not None for one in forecasts):
        names.append("interval")
    return [f"explain.definition.{name}" for name in (*names, "naive", "critical")]


def _text(c: Context, code: str, /, **params: Any) -> str:
    return c.words.text(f"explain.{code}", **params)


def _notes(buyer: Buyer, c: Context) -> list[Items]:
    return [Items([Item("note", c.words.say(note)) for note in buyer.notes])] if buyer.notes else []


def _ahead(forecast: Forecast, c: Context, notes: list[Items]) -> Section:
    words, model, expected = c.words, forecast.model, forecast.expected
    facts = [(_text(c, f"expected.{model.get('measure', REVENUE)}"), c.money(expected["expected_amount"]))]
    facts += [
        (_text(c, "label.interval", level=level), between(c, expected, level))
        for level in (80, 95)
        if expected[f"low_{level}_amount"] is not None
    ]
    if model.get("discount_rate"):
        amount = c.money(expected["present_amount"])
        facts.append((_text(c, "label.present"), _text(c, "value.present", amount=amount, rate=model["discount_rate"])))
    naive = words.term("model", model["naive_model"])
    if forecast.naive_amount is not None:
        naive = _text(c, "value.naive", model=naive, amount=c.money(forecast.naive_amount))
    why = words.term("forecast_reason", model["reason"])
    facts += [
        (_text(c, "label.forecast"), f"{words.term('model', model['model'])} ({why})"),
        (_text(c, "label.made"), " ".join(_made(forecast, c))),
        (_text(c, "label.naive"), naive),
        (_text(c, "label.repeat_visits"), words.number(forecast.repeat_visits)),
        (_text(c, "label.repeat_days"), _text(c, "days", count=forecast.repeat_days)),
        (_text(c, "label.observed_days"), _text(c, "days", count=forecast.observed_days)),
    ]
    if expected["active_probability"] is not None:
        activity = words.term("model", model["activity_model"])
        share = words.share(expected["active_probability"])
        facts.append((_text(c, "label.active"), _text(c, "value.active", share=share, model=activity)))
    facts.append((_text(c, "label.product"), _product(forecast, c)))
    no_spend = []
    if forecast.is_fitted and forecast.brought_amount <= 0:
        no_spend.append(Prose(_text(c, f"no_spend.{model.get('measure', REVENUE)}")))
    title = _text(c, "heading.forecast", first=model["from_on"], last=model["to_on"])
    return Section("ahead", title, [Facts(facts), *no_spend, *notes])


def between(c: Context, expected: Any, level: int) -> str:
    """The interval of a row of EXPECTED_REVENUE, in words."""
    low, high = (c.money(expected[f"{end}_{level}_amount"]) for end in ("low", "high"))
    return c.text("value.between", low=low, high=high)


def _product(forecast: Forecast, c: Context) -> str:
    visits, spend = forecast.expected["expected_visits"], forecast.expected["expected_spend_amount"]
    amount = next((forecast.parts[name] for name in forecast.parts if name in PROCESSES), visits * spend)
    if not forecast.is_fitted:
        amount = forecast.expected["expected_amount"]
    return _text(
        c,
        "value.product",
        visits=c.words.number(visits, decimals=2),
        spend=c.money(spend),
        amount=c.money(round(amount)),
    )


def _made(forecast: Forecast, c: Context) -> Iterator[str]:
    """What the amount is made of, in words."""
    components = CANDIDATES.get(forecast.model["model"], ())
    if len(components) == 1:
        name = components[0]
        yield _text(c, f"made.{'process' if name in PROCESSES else name}")
        if not forecast.is_fitted:
            yield _text(c, "made.own_product")
        elif name not in PROCESSES:
            yield _text(c, "made.not_product")
        return
    parts = [
        _text(c, "made.part", name=c.words.term("model", name), amount=c.money(forecast.parts[name]))
        if forecast.parts
        else c.words.term("model", name)
        for name in components
    ]
    code = "made.mean" if forecast.parts else "made.mean_plain"
    yield _text(c, code, count=len(parts), parts=c.words.listing(parts))
    yield _text(c, "made.part_product")


def _lists(forecast: Forecast, c: Context) -> Iterator[Section]:
    """The lists that name the customer, or why the critical customers do not."""
    if forecast.critical_set is None:
        return
    yield Section("critical", _text(c, "heading.critical"), [Prose(critical(forecast, c))])
    for name in WATCHLISTS:
        if watched := forecast.lists[name]:
            told = [
                Prose(reason(name, watched, c.words, c.currency)),
                Prose(how_often_right(name, forecast.list_tests[name], c.words)),
            ]
            yield Section(name, _text(c, f"heading.{name}"), told)


def critical(forecast: Forecast, c: Context) -> str:
    """How a customer stands in the set expected to make most; there is one."""
    whole, row = forecast.critical_set, forecast.lists["critical_customers"]
    assert whole is not None
    size = {"count": whole["customers_count"], "wanted": made_share(whole)}
    if row is not None:
        return _text(c, "critical.named", place=row["place"], share=row["cumulative_share"], **size)
    if forecast.critical_amount is not None:
        return _text(c, "critical.not_named", amount=c.money(forecast.critical_amount), **size)
    return _text(c, "critical.nobody")
