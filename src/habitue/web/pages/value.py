"""Value: what customers will bring, who makes most of it, who rises and fades, and what such forecasts were worth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from habitue.report import ahead, sections_projection, sections_promises, sections_value
from habitue.report.charts_intervals import IntervalBar, interval_bars
from habitue.report.context import Context
from habitue.report.figures import Rows, rows_of
from habitue.report.key_figures import KEY_FIGURES
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Item, Items, Prose, Section, cells
from habitue.report.segment_figures import STRATEGIC
from habitue.segments.transitions import WHOLE
from habitue.value.methods import REVENUE
from habitue.web.choosing import chosen
from habitue.web.opening import opened
from habitue.web.pages import Page, value_lists
from habitue.web.view import FILTERS, Content, Filter, View

FIGURES = ("expected", "critical", "fading", "promises_kept")


def build(view: View) -> Content:
    """The page of value."""
    c, title, bar = view.context, view.text("value.title"), value_lists.bar(view)
    models = {name: model for name, model in ahead.models(c).items() if WHOLE in _values(c, name)}
    if not models:
        return Content(title, [_none(view), *_rest(view, 1.0)], filters=bar, labels=c.labels)
    multiple, scenarios = _scenario(view)
    main = next(iter(models.values()))
    sections = [
        _picked(view, main),
        _expected(view, models),
        *(_list(view, name, main["population"]) for name in value_lists.TABLES),
        *_rest(view, multiple, main),
        _tested(view, main),
        sections_promises.promises(c),
    ]
    figures = [found.figure for code in FIGURES if (found := KEY_FIGURES[code](c))]
    return Content(
        title, [opened(view, section) for section in sections if section is not None], ahead.sentence(c) or "",
        figures, [*bar, *scenarios], ahead.labels(c, models),
    )  # fmt: skip


def _rest(view: View, multiple: float, model: dict[str, Any] | None = None) -> list[Section]:
    """The projection, which needs no model of single customers; beside the forecast of one where there is one."""
    c, found = view.context, sections_projection.projection(view.context, multiple)
    if found is None:
        return []
    for row in rows_of(c.tables, "projection") if model and model["measure"] == REVENUE else ():
        alone = (row["acquisition_multiple"], row["year"], row["segment"]) == (0.0, 1, WHOLE)
        if model and alone and (row["population"], row["to_on"]) == (model["population"], model["to_on"]):
            amounts = {"projected": c.short(row["expected_amount"]), "expected": c.short(model["expected_amount"])}
            lead, *others = found.blocks
            found = replace(found, blocks=[lead, Prose(view.text("value.two_ways", **amounts)), *others])
    return [opened(view, found)]


def _none(view: View) -> Section:
    """What stands where there is no forecast: what is missing, and what to do."""
    c, title = view.context, view.text("value.expected_title")
    if ahead.models(view.whole):
        names = c.words.listing([c.population(name) for name in ahead.models(view.whole)])
        told = view.text("value.not_this", population=c.population(view.picked("population")), populations=names)
        return Section("value", title, [Prose(told, is_empty_state=True)], c.labels)
    if not view.published.has(view.run, "forecast_models"):
        return Section("value", title, [Prose(view.text("value.older_run"), is_empty_state=True)], c.labels)
    blocks: list[Block] = [Prose(view.text("value.none"), is_empty_state=True)]
    warnings = c.manifest.get("warnings") or ()
    told = [Item("look", c.words.say(one)) for one in warnings if one["code"].startswith("value.")]
    if told:
        blocks.append(Items(told))
    blocks.append(Items([Item("collect", view.text(f"value.needs_{need}")) for need in ("customers", "history")]))
    return Section("value", title, blocks, c.labels)


def _scenario(view: View) -> tuple[float, list[Filter]]:
    """How many new customers come: a multiple of last year's, as many by default; a choice where several are made."""
    multiples = sorted({row["acquisition_multiple"] for row in rows_of(view.context.tables, "projection")})
    if len(multiples) < 2:
        return 1.0, []
    usual = min(multiples, key=lambda one: abs(one - 1))
    ordered = [usual, *(one for one in multiples if one != usual)]
    words = view.words
    choices = [
        (str(one), view.whole.text("projection.scenario", share=words.share(one, decimals=0)))
        if one
        else (str(one), view.whole.text("projection.scenario_none"))
        for one in ordered
    ]
    asked, choice = chosen(view, "scenario", view.text("value.scenario"), choices)
    return float(asked), [choice]


def _picked(view: View, model: dict[str, Any]) -> Section | None:
    """What the customers of a store or sales channel are expected to bring, where one is chosen."""
    c, population = view.context, model["population"]
    picks = {
        FILTERS[name]: asked for name in ("store", "sales_channel") if (asked := view.picked(name)) is not None
    }  # fmt: skip
    if not picks or not value_lists.has_profiles(view):
        return None
    where = " AND ".join(f"{column} = ?" for column in ("population", *picks))
    found = view.published.query(
        view.run,
        "SELECT strategic_segment, count(*) AS customers, coalesce(sum(expected_amount), 0) AS expected, "
        "count(*) FILTER (WHERE is_critical) AS critical, count(*) FILTER (WHERE is_rising) AS rising, "
        f"count(*) FILTER (WHERE is_fading) AS fading FROM {{{value_lists.PROFILES}}} "
        f"WHERE {where} AND expected_amount IS NOT NULL GROUP BY 1",
        [population, *picks.values()],
    ).to_pylist()
    named = [c.store(asked) if column == "store_id" else c.written(asked) for column, asked in picks.items()]
    about = {"where": view.words.listing(named), "population": c.population(population), "measure": model["measure"]}
    title = view.text("value.picked_title", **about)
    lead = Prose(view.text("value.picked_only"))
    if not found:
        return Section("picked", title, [lead, Prose(view.text("value.picked_nobody", **about), is_empty_state=True)])
    names = ("customers", "expected", "critical", "rising", "fading")
    total: dict[str, Any] = {name: sum(int(row[name]) for row in found) for name in names}
    rows = {row["strategic_segment"]: row for row in found}

    def line(first: Cell, row: dict[str, Any]) -> list[Cell]:
        counts = (c.words.number(int(row[name])) for name in ("critical", "rising", "fading"))
        return [first, *cells(c.words.number(row["customers"]), c.short(int(row["expected"])), *counts)]

    body = [
        line(Cell(c.segment(STRATEGIC, code), segment=code), rows[code])
        for code in c.segments.segments(STRATEGIC)
        if code in rows
    ]
    grid = Grid(
        view.text("value.picked_caption", first=model["from_on"], last=model["to_on"], currency=c.currency, **about),
        [
            c.column("segment"),
            c.column("segments.customers_count"),
            c.column("expected_amount"),
            *(Column(view.text(f"value.count_{name}"), True) for name in ("critical", "rising", "fading")),
        ],
        [*body, line(Cell(c.text("segments.total")), total)],
        1,
        note=view.text("value.picked_note"),
        table=value_lists.PROFILES,
        where=[("population", population), *picks.items()],
    )
    told = view.text("value.picked", count=total["customers"], amount=c.short(total["expected"]), **about)
    return Section("picked", title, [Prose(told), lead, grid], ahead.labels(c, {population: model}))


def _expected(view: View, models: dict[str, dict[str, Any]]) -> Section:
    """What is expected by segment, the interval of each drawn; other populations folded."""
    c = view.context
    main, *others = models.values()
    blocks = _segments(view, main)
    for model in others:
        heading = c.heading("value.other", population=c.population(model["population"]))
        rows = _values(c, model["population"])
        told = Prose(sections_value.finding(c, model, rows[WHOLE]))
        blocks.append(Fold(heading, [told, sections_value.segment_grid(c, model, list(rows.values()))]))
    return Section("value", view.text("value.expected_title"), blocks, ahead.labels(c, models))


def _values(c: Context, population: str) -> dict[str, dict[str, Any]]:
    """SEGMENT_VALUE of the strategic segments of one population, by segment."""
    return {
        row["segment"]: row
        for row in rows_of(c.tables, "segment_value")
        if (row["segmentation"], row["population"]) == (STRATEGIC, population)
    }


def _segments(view: View, model: dict[str, Any]) -> list[Block]:
    """By which forecast, and the chart of the segments."""
    c, found = view.context, _values(view.context, model["population"])
    grid = sections_value.segment_grid(c, model, list(found.values()))
    shown = [found[code] for code in c.segments.segments(STRATEGIC) if code in found]
    bars = [
        IntervalBar(
            c.segment(STRATEGIC, row["segment"]), row["expected_amount"], c.short(row["expected_amount"]),
            row["low_95_amount"], row["high_95_amount"], row["segment"],
        )
        for row in shown
    ]  # fmt: skip
    by = view.text("value.by", **sections_value.by_which(c, model))
    told = Prose(f"{by} {sections_value.discounted(c, model, found[WHOLE])}".rstrip())
    if not bars:
        return [told, grid]
    most = max(shown, key=lambda row: row["expected_amount"])
    about = {"measure": model["measure"], "first": model["from_on"], "last": model["to_on"]}
    name, has_interval = c.segment(STRATEGIC, most["segment"]), any(bar.low is not None for bar in bars)
    chart = c.chart(
        lambda width: interval_bars(bars, width=width),
        grid,
        f"expected-by-segment-{model['population']}",
        title=view.text("value.segments_finding", segment=name, share=most["expected_share"], **about),
        subtitle=view.text(
            f"value.segments_subtitle{'' if has_interval else '_plain'}",
            population=c.population(model["population"]), currency=c.currency, **about,
        ),
        note=c.text("value.note") if has_interval else view.text("value.no_interval"),
    )  # fmt: skip
    return [told, chart]


def _list(view: View, name: str, population: str) -> Section:
    """One list: how many, how often such lists were right, and the first of them by name."""
    c, title = view.context, view.text(f"value.{name}_title")
    blocks: list[Block] = [Prose(value_lists.said(view, name, population))]
    found = ahead.critical_set(c, population) if name == value_lists.CRITICAL else None
    if found is not None:
        title = view.text("value.critical_who", share=c.words.share(ahead.made_share(found), decimals=0))
        if found["named_before_share"] is not None:
            blocks.append(Prose(view.text("value.named_before", share=found["named_before_share"])))
    return Section(name, title, [*blocks, *value_lists.first(view, name, population)], c.labels)


def _tested(view: View, model: dict[str, Any]) -> Section:
    """How the forecasts did at earlier dates, beside the naive lines."""
    c, population = view.context, model["population"]
    title = view.text("value.tested_title")
    tested = [row for row in rows_of(c.tables, "backtest") if row["population"] == population]
    if not tested:
        return Section("backtest", title, [Prose(view.text("value.untested"), is_empty_state=True)], c.labels)
    shown = [row for row in tested if row["model"] in (model["model"], model["naive_model"])]
    every = Fold(c.text("value.all_forecasts"), [sections_value.tested_grid(c, population, tested)])
    blocks: list[Block] = [
        Prose(sections_value.kept(c, tested)), *_errors(view, tested), sections_value.tested_grid(c, population, shown),
        every,
    ]  # fmt: skip
    return Section("backtest", title, blocks, c.labels)


def _errors(view: View, tested: Rows) -> list[Block]:
    """The mean error of every forecast over that of the best naive line."""
    c = view.context
    ratios = {row["model"]: row for row in tested if row["error_ratio"] is not None}
    if not ratios:
        return []
    ordered = sorted(ratios.values(), key=lambda row: (row["error_ratio"], row["model"]))
    used = next((row for row in ordered if row["is_used"]), None)

    def kind(row: dict[str, Any]) -> str:
        return view.text("value.used" if row["is_used"] else "value.naive" if row["is_naive"] else "value.candidate")

    bars = [
        IntervalBar(
            c.words.term("model", row["model"]), row["error_ratio"],
            f"{c.words.number(row['error_ratio'], decimals=2)} · {kind(row)}" if row["is_used"] or row["is_naive"]
            else c.words.number(row["error_ratio"], decimals=2),
            is_hollow=row["is_naive"], is_soft=not row["is_used"],
        )
        for row in ordered
    ]  # fmt: skip
    grid = Grid(
        view.text("value.errors_caption", population=c.population(ordered[0]["population"])),
        [
            c.column("backtest.model"),
            Column(view.text("value.kind")),
            c.column("backtest.error_ratio", number=True),
            c.column("backtest.is_within_guards"),
        ],
        [
            cells(
                c.words.term("model", row["model"]),
                kind(row),
                c.words.number(row["error_ratio"], decimals=2),
                c.words.text("word.yes" if row["is_within_guards"] else "word.no"),
            )
            for row in ordered
        ],
        table="backtest",
        where=(("population", ordered[0]["population"]),),
    )
    title = view.text("value.errors_title")
    if used and used["error_ratio"] < 1:
        title = view.text("value.errors_less", share=1 - used["error_ratio"])
    elif used:
        title = view.text("value.errors_not_less")
    chart = c.chart(
        lambda width: interval_bars(bars, mark=1.0, mark_text=view.text("value.best_naive"), width=width),
        grid,
        "errors-of-forecasts",
        title=title,
        subtitle=view.text("value.errors_subtitle", count=len({row["origin_on"] for row in tested})),
        note=view.text("value.errors_note"),
    )
    return [chart]


PAGE = Page(
    "value",
    build,
    value_lists.item,
    filters=frozenset(FILTERS),
    anchors=("value", *value_lists.TABLES, "projection", "backtest", "promises"),
)
