"""What the figures of segments, of the time ahead and of promises rest on; of consumers, or the largest population."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from habitue.report import ahead, figures
from habitue.report.context import Context
from habitue.report.evidence import (
    COUNT,
    MONEY,
    NUMBER,
    SHARE,
    Behind,
    Evidence,
    Part,
    at_least,
    in_unit,
    is_,
    not_,
    share,
)
from habitue.report.reasons import in_measure
from habitue.report.sections_segments import window, window_months
from habitue.report.segment_figures import FEW, NOT_YET, STRATEGIC
from habitue.schemas import SEGMENT_MEASURES
from habitue.segments.transitions import WHOLE
from habitue.value.methods import REVENUE

Row = dict[str, Any]


def core_customers(c: Context) -> Evidence | None:
    """How many customers are core."""
    core = _core(c)
    if core is None:
        return None
    main = core["population"]
    of = (is_("segmentation", STRATEGIC), is_("population", main), is_("segment", "core"))
    part = Part(
        c.text("part.core_customers"), core["customers_count"], COUNT,
        (Behind("segments", of, total="customers_count"), Behind("assignments", of)),
    )  # fmt: skip
    change = c.text("figure.core_share", share=core["customers_share"], population=c.population(main))
    return _evidence(
        c, "core_customers", main, part, change=change, definition="definition.segment_core", anchor="segments",
        shown=c.words.short_number(core["customers_count"]), few=_few(core["customers_count"]),
    )  # fmt: skip


def core_net(c: Context) -> Evidence | None:
    """What part of net sales core customers bring."""
    core = _core(c)
    if core is None or core["net_share"] is None:
        return None
    main = core["population"]
    of = (is_("segmentation", STRATEGIC), is_("population", main))
    rows = [row for row in c.segments.sizes(STRATEGIC, main) if row["segment"] != NOT_YET]
    rows_of_core = [Behind("segments", (*of, is_("segment", "core")), total="net_amount")]
    if "customer_profiles" in c.tables:
        theirs = (is_("population", main), is_("strategic_segment", "core"))
        rows_of_core.append(Behind("customer_profiles", theirs, total="net_amount"))
    part = Part(c.text("part.core_net"), core["net_amount"], MONEY, rows_of_core)
    whole = Part(
        c.text("part.window_net"), sum(row["net_amount"] for row in rows), MONEY,
        (
            Behind("segments", (*of, not_("segment", NOT_YET)), total="net_amount"),
            Behind("rfm", (is_("population", main),), total="net_amount"),
        ),
    )  # fmt: skip
    change = c.text("figure.core_net_of", window=window(c), population=c.population(main))
    return _evidence(
        c, "core_net", main, part, whole, change=change, definition="definition.segment_core", anchor="segments",
        few=_few(core["customers_count"]),
    )  # fmt: skip


def best_tenth(c: Context) -> Evidence | None:
    """What part of net sales the best tenth of the customers brings."""
    tenth, main = _measure(c, "top_decile_share", "customers")
    if tenth is None:
        return None
    buyers, best = tenth["customers_count"], -(-tenth["customers_count"] // 10)
    curve = [row for row in figures.rows_of(c.tables, "concentration") if row["population"] == main]
    net = max(curve, key=lambda row: row["customers_count"])["net_amount"] if curve else None
    bought = (is_("population", main), at_least("frequency", 1))
    whole = Part(c.text("part.window_net"), net, MONEY, (Behind("rfm", bought, total="net_amount"),))
    part = Part(
        c.text("part.best_tenth", count=best), None if net is None else round(tenth["value"] * net), MONEY,
        (Behind("rfm", bought, total="net_amount", first=best, sort="-net_amount"),),
    )  # fmt: skip
    change = c.text("figure.best_tenth_of", count=buyers, window=window(c), population=c.population(main))
    found = _evidence(
        c, "best_tenth", main, part, whole, change=change, definition="definition.top_decile", anchor="concentration",
        few=_few(buyers),
    )  # fmt: skip
    return replace(found, value=tenth["value"], shown=c.words.share(tenth["value"]))


def gini(c: Context) -> Evidence | None:
    """How unequal customers are."""
    return _one_measure(c, "gini", "customers", "concentration", NUMBER)


def eta_squared(c: Context) -> Evidence | None:
    """How well the strategic segments tell customers apart."""
    return _one_measure(c, "eta_squared", STRATEGIC, "outlook", SHARE)


def expected(c: Context) -> Evidence | None:
    """What today's customers are expected to bring."""
    found = ahead.main(c)
    if found is None:
        return None
    model, total = found
    main, measure = model["population"], model["measure"]
    of = (is_("segmentation", STRATEGIC), is_("population", main), is_("segment", WHOLE))
    part = Part(
        c.text("part.expected", measure=measure), total["expected_amount"], MONEY,
        (
            Behind("segment_value", of, total="expected_amount"),
            Behind("expected_revenue", (is_("population", main),), total="expected_amount", is_rounded=True),
        ),
    )  # fmt: skip
    change = c.text("figure.no_interval")
    interval, drawn = "", None
    if total["low_95_amount"] is not None:
        drawn = (total["low_95_amount"], total["high_95_amount"])
        ends = {"low": c.short(total["low_95_amount"]), "high": c.short(total["high_95_amount"])}
        change = c.text("figure.interval", population=c.population(main), **ends)
        interval = c.text("figure.interval_95", **ends)
    label = c.text("figure.expected", measure=measure, ahead=ahead.horizon(c, model))
    months = window_months(c)
    if measure == REVENUE and ahead.months(model["from_on"], model["to_on"]) == months:
        brought = sum(row["net_amount"] for row in c.segments.sizes(STRATEGIC, main))
        before = c.text("figure.expected_before", amount=c.short(brought), count=months)
        change = c.words.clauses((change, before))
    evidence = _ahead(c, "expected", model, part, change=change, definition="definition.expected", label=label)
    return replace(
        evidence, shown=c.short(total["expected_amount"]), ends=drawn,
        interval=interval or c.text("figure.no_interval"), has_interval_in_change=True,
    )  # fmt: skip


def critical(c: Context) -> Evidence | None:
    """How many customers are expected to make the wanted share."""
    found = ahead.main(c)
    row = ahead.critical_set(c, found[0]["population"]) if found else None
    if found is None or row is None:
        return None
    main, count = row["population"], row["customers_count"]
    part = Part(
        c.text("part.critical", share=row["wanted_share"]), count, COUNT,
        (
            Behind("critical_customers", (is_("population", main),)),
            Behind("critical_sets", (is_("population", main),), total="customers_count"),
        ),
    )  # fmt: skip
    change = c.text("figure.critical_note", share=row["customers_share"], made=ahead.made_share(row))
    evidence = _ahead(c, "critical", found[0], part, change=change, definition="explain.definition.critical")
    if row["low_95_share"] is None:
        return replace(evidence, interval=c.text("figure.no_interval"))
    told = c.text("figure.critical_interval", low=row["low_95_share"], high=row["high_95_share"])
    return replace(evidence, interval=told)


def fading(c: Context) -> Evidence | None:
    """How many core customers are late against their own rhythm."""
    found = _fading(c)
    if found is None:
        return None
    model, rows, at_stake = found
    part = Part(c.text("part.fading"), len(rows), COUNT, (Behind("fading", (is_("population", model["population"]),)),))
    change = c.text("figure.fading_note", amount=in_measure(c.short(at_stake), model["measure"], c.words))
    evidence = _ahead(c, "fading", model, part, change=change, definition="definition.fading")
    return replace(evidence, period=c.text("period.up_to", day=c.as_of))


def fading_at_stake(c: Context) -> Evidence | None:
    """What these customers brought in the last period."""
    found = _fading(c)
    if found is None:
        return None
    model, rows, at_stake = found
    behind = Behind("fading", (is_("population", model["population"]),), total="last_period_amount")
    part = Part(c.text("part.fading_at_stake"), at_stake, MONEY, (behind,))
    change = c.text("figure.fading_customers", count=len(rows))
    evidence = _ahead(c, "fading_at_stake", model, part, change=change, definition="definition.fading")
    return replace(evidence, shown=c.short(at_stake), period=c.text("period.up_to", day=c.as_of))


def promises_kept(c: Context) -> Evidence | None:
    """What part of the scored intervals held; statements made looking back are no promises."""
    rows = [
        row
        for row in figures.rows_of(c.tables, "forecast_scores")
        if row["is_counted"] and not row["is_backdated"] and row["is_within_95"] is not None
    ]
    if not rows:
        return None
    held = sum(row["is_within_95"] for row in rows)
    populations = sorted({row["population"] for row in rows})
    of = (is_("is_counted", True), is_("is_backdated", False), is_("population", *populations))
    within = Part(
        c.text("part.promises_held"), held, COUNT, (Behind("forecast_scores", (*of, is_("is_within_95", True))),)
    )
    judged = Part(
        c.text("part.promises_judged"), len(rows), COUNT,
        (Behind("forecast_scores", (*of, not_("is_within_95", None))),),
    )  # fmt: skip
    days = [row["to_on"] for row in rows]
    return Evidence(
        code="promises_kept",
        label=c.text("figure.promises_kept"),
        value=held / len(rows),
        unit=SHARE,
        shown=c.words.share(held / len(rows)),
        change=c.text("figure.promises_kept_of", count=len(rows)),
        definition="definition.promise",
        anchor="promises",
        formula=c.text("formula.promises_kept"),
        period=c.text("period.due", first=min(days), last=max(days)),
        population=c.words.listing(c.population(name) for name in populations),
        labels=c.labels,
        numerator=within,
        denominator=judged,
        few=_few(len(rows)),
    )


def _evidence(
    c: Context,
    code: str,
    population: str,
    numerator: Part,
    denominator: Part | None = None,
    *,
    change: str,
    definition: str,
    anchor: str,
    shown: str = "",
    label: str = "",
    few: int | None = None,
) -> Evidence:
    value = numerator.value if denominator is None else share(numerator, denominator)
    unit = numerator.unit if denominator is None else SHARE
    return Evidence(
        code=code,
        label=label or c.text(f"figure.{code}"),
        value=value or 0,
        unit=unit,
        shown=shown or in_unit(c, value, unit),
        change=change,
        definition=definition,
        anchor=anchor,
        formula=c.text(f"formula.{code}"),
        period=window(c),
        population=c.population(population),
        labels=c.labels,
        numerator=numerator,
        denominator=denominator,
        few=few,
    )


def _ahead(c: Context, code: str, model: Row, part: Part, *, change: str, definition: str, label: str = "") -> Evidence:
    found = _evidence(
        c, code, model["population"], part, change=change, definition=definition, anchor="value", label=label,
        few=_few(model["customers_count"]),
    )  # fmt: skip
    period = c.text("period.from_to", first=model["from_on"], last=model["to_on"])
    return replace(found, period=period, labels=ahead.labels(c, {model["population"]: model}))


def _core(c: Context) -> Row | None:
    if not c.segments.populations:
        return None
    rows = c.segments.sizes(STRATEGIC, c.segments.populations[0])
    core = next((row for row in rows if row["segment"] == "core"), None)
    return core if core and core["customers_count"] else None


def _fading(c: Context) -> tuple[Row, figures.Rows, int] | None:
    found = ahead.main(c)
    if found is None:
        return None
    rows = [row for row in figures.rows_of(c.tables, "fading") if row["population"] == found[0]["population"]]
    return found[0], rows, sum(row["last_period_amount"] for row in rows)


def _measure(c: Context, measure: str, segmentation: str) -> tuple[Row | None, str]:
    main = c.segments.populations[0] if c.segments.populations else ""
    return c.segments.measure(measure, segmentation, main), main


def _one_measure(c: Context, measure: str, segmentation: str, anchor: str, unit: str) -> Evidence | None:
    row, main = _measure(c, measure, segmentation)
    if row is None:
        return None
    of = tuple(is_(name, row[name]) for name in SEGMENT_MEASURES.key)
    part = Part(c.text(f"part.{measure}"), row["value"], unit, (Behind("segment_measures", of, total="value"),))
    found = _evidence(
        c, measure, main, part, change=c.text("figure.measured_on", count=row["customers_count"]),
        definition=f"definition.{measure}", anchor=anchor, few=_few(row["customers_count"]),
    )  # fmt: skip
    return replace(found, period=c.text("period.after_to", first=row["from_on"], last=row["to_on"]))


def _few(count: int) -> int | None:
    return count if count < FEW else None
