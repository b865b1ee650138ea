"""What customers are expected to bring: by segment, who makes most of it, and what the forecast promised before."""

from __future__ import annotations

from typing import Any

from habitue.report import ahead
from habitue.report.context import Context
from habitue.report.figures import Rows, rows_of
from habitue.report.layout import Block, Cell, Fold, Grid, Prose, Section, cells
from habitue.report.reasons import WATCHLISTS, how_often_right, in_measure
from habitue.report.sections_segments import named
from habitue.report.segment_figures import STRATEGIC
from habitue.segments.transitions import WHOLE
from habitue.value.watchlists import FADING


def value(c: Context) -> Section | None:
    """Expected net of the populations that are forecast; consumers in full, others folded."""
    models = ahead.models(c)
    if not models:
        return None
    main, *others = models
    blocks: list[Block] = [*_population(c, models[main])]
    for name in others:
        heading = c.heading("value.other", population=c.population(name))
        blocks.append(Fold(heading, [block for block in _population(c, models[name]) if not isinstance(block, Fold)]))
    return Section("value", c.text("value.title"), blocks, ahead.labels(c, models))


def _population(c: Context, model: dict[str, Any]) -> list[Block]:
    population = model["population"]
    segments = [
        row
        for row in rows_of(c.tables, "segment_value")
        if (row["segmentation"], row["population"]) == (STRATEGIC, population)
    ]
    total = next(row for row in segments if row["segment"] == WHOLE)
    blocks: list[Block] = [Prose(finding(c, model, total)), segment_grid(c, model, segments)]
    blocks += [Prose(told) for told in (*_critical(c, population), *_watchlists(c, population))]
    tested = [row for row in rows_of(c.tables, "backtest") if row["population"] == population]
    if tested:
        shown = [row for row in tested if row["model"] in (model["model"], model["naive_model"])]
        blocks += [
            Prose(kept(c, tested)),
            tested_grid(c, population, shown),
            Fold(c.text("value.all_forecasts"), [tested_grid(c, population, tested)]),
        ]
    return blocks


def finding(c: Context, model: dict[str, Any], total: dict[str, Any]) -> str:
    """What one population will bring, between what and what, and by which forecast."""
    about = {
        "first": model["from_on"],
        "last": model["to_on"],
        "population": c.population(model["population"]),
        "amount": c.short(model["expected_amount"]),
        "measure": model["measure"],
        **by_which(c, model),
    }
    if total["low_95_amount"] is None:
        told = c.text("value.finding_plain", **about)
    else:
        ends = {"low": c.short(total["low_95_amount"]), "high": c.short(total["high_95_amount"])}
        told = c.text("value.finding", **ends, **about)
    return f"{told} {discounted(c, model, total)}".rstrip()


def by_which(c: Context, model: dict[str, Any]) -> dict[str, Any]:
    """What a sentence says of the forecast used: of how many, its model, why, and the best naive line."""
    return {
        "count": model["customers_count"],
        "model": c.words.term("model", model["model"]),
        "reason": c.words.term("forecast_reason", model["reason"]),
        "naive": c.words.term("model", model["naive_model"]),
        "naive_amount": c.short(model["naive_amount"]),
    }


def discounted(c: Context, model: dict[str, Any], total: dict[str, Any]) -> str:
    """What the total is worth today; nothing where no rate is set."""
    if not model["discount_rate"]:
        return ""
    return c.text("value.discounted", rate=model["discount_rate"], amount=c.short(total["present_amount"]))


def segment_grid(c: Context, model: dict[str, Any], rows: Rows) -> Grid:
    """SEGMENT_VALUE of the strategic segments of one population, with a total."""
    order = [*c.segments.segments(STRATEGIC), WHOLE]
    rows = sorted((row for row in rows if row["segment"] in order), key=lambda row: order.index(row["segment"]))
    body = [
        [
            Cell(c.text("segments.total")) if row["segment"] == WHOLE else named(c, STRATEGIC, row["segment"]),
            *cells(
                c.words.number(row["customers_count"]),
                c.short(row["expected_amount"]),
                c.words.share(row["expected_share"]),
                c.money(row["per_head_amount"]),
                between(c, row),
            ),
        ]
        for row in rows
    ]
    names = ("customers_count", "expected_amount", "expected_share", "per_head_amount")
    return Grid(
        c.text(
            "value.caption", population=c.population(model["population"]), first=model["from_on"],
            last=model["to_on"], measure=model["measure"], currency=c.currency,
        ),
        [
            c.column("segment"),
            *(c.column(f"segment_value.{name}", number=True) for name in names),
            c.label("interval_95", number=True),
        ],
        body,
        1,
        note=c.text("value.note"),
        table="segment_value",
        where=(("segmentation", STRATEGIC), ("population", model["population"])),
    )  # fmt: skip


def between(c: Context, row: dict[str, Any]) -> str:
    """The 95 % interval of a row of amounts; a dash without one."""
    if row["low_95_amount"] is None:
        return "–"
    return c.text("value.between", low=c.short(row["low_95_amount"]), high=c.short(row["high_95_amount"]))


def _critical(c: Context, population: str) -> list[str]:
    """The critical customers in words, and what such sets delivered."""
    found = ahead.critical_set(c, population)
    if found is None:
        return []
    told = c.text(
        "value.critical",
        count=found["customers_count"],
        share=found["customers_share"],
        wanted=ahead.made_share(found),
        command="`habitue show critical-customers`",
    )
    return [f"{told} {likely}" if (likely := delivered(c, found)) else told]


def delivered(c: Context, found: dict[str, Any]) -> str:
    """What sets like that of a row of CRITICAL_SETS delivered, and this one is likely to; empty where untried."""
    if found["delivered_share"] is None:
        return ""
    return c.text(
        "value.delivered",
        count=found["origins_count"],
        delivered=found["delivered_share"],
        low=found["low_95_share"],
        high=found["high_95_share"],
    )


def _watchlists(c: Context, population: str) -> list[str]:
    """Who rises and who fades, in words, and how often the same rules were right."""
    found = []
    for name in WATCHLISTS:
        people = [row for row in rows_of(c.tables, name) if row["population"] == population]
        right = rightness(c, name, population)
        if not people or right is None:
            continue
        amount = c.short(sum(row["last_period_amount"] for row in people)) if name == FADING else ""
        amount = in_measure(amount, people[0]["measure"], c.words)
        found.append(f"{c.text(f'watchlists.{name}', count=len(people), amount=amount)} {right}")
    return found


def rightness(c: Context, name: str, population: str) -> str | None:
    """How often a list was right at earlier dates; None where there is no such list."""
    for row in rows_of(c.tables, "watchlist_tests"):
        if (row["population"], row["watchlist"]) == (population, name):
            return how_often_right(name, row, c.words)
    return None


def kept(c: Context, tested: Rows) -> str:
    """What the forecast used would have promised last time, and what came."""
    last = max((row for row in tested if row["is_used"]), key=lambda row: row["origin_on"])
    return c.text(
        "value.last_time",
        day=last["origin_on"],
        count=last["horizon_days"],
        promised=c.short(last["forecast_amount"]),
        came=c.short(last["actual_amount"]),
        bias=c.change_short(last["forecast_amount"], last["actual_amount"]),
    )


def tested_grid(c: Context, population: str, rows: Rows) -> Grid:
    """BACKTEST of one population, the newest origin first."""
    rows = sorted(rows, key=lambda row: (-row["origin_on"].toordinal(), not row["is_used"], row["mean_error_amount"]))
    names = ("forecast_amount", "actual_amount", "bias_share", "mean_error_amount", "named_share", "delivered_share")
    body = [
        [
            Cell(c.words.date(row["origin_on"])),
            Cell(c.words.term("model", row["model"]), c.text("value.used") if row["is_used"] else ""),
            *cells(
                c.short(row["forecast_amount"]),
                c.short(row["actual_amount"]),
                c.change_short(row["forecast_amount"], row["actual_amount"]),
                c.money(round(row["mean_error_amount"])),
                c.words.share(row["named_share"]),
                c.words.share(row["delivered_share"]),
            ),
        ]
        for row in rows
    ]
    return Grid(
        c.text("value.tested_caption", population=c.population(population), currency=c.currency),
        [
            c.column("origin_on"),
            c.column("backtest.model"),
            *(c.column(f"backtest.{name}", number=True) for name in names),
        ],
        body,
        note=c.text("value.tested_note"),
        table="backtest",
        where=(("population", population),),
    )
