"""One segment: what it is and what to do, how it grew, where its customers go, what they buy and will bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import HTTPException

from habitue.report import ahead, sections_segments
from habitue.report.charts_intervals import IntervalBar, interval_bars
from habitue.report.figures import Rows, rows_of
from habitue.report.layout import Block, Cell, Figure, Grid, Link, Prose, Section, cells
from habitue.report.sections_value import between
from habitue.report.segment_figures import FEW, NOT_YET, STRATEGIC, months_between, typical
from habitue.segments.rule_sets import RuleSet
from habitue.segments.standard import NINE, TEN
from habitue.web.choosing import chosen_step, nobody
from habitue.web.opening import opened
from habitue.web.pages.segment_about import About
from habitue.web.pages.segment_paths import crossed, paths, trend
from habitue.web.pages.segment_places import places
from habitue.web.view import Content, View

RULES: Mapping[str, RuleSet] = {rules.name: rules for rules in (TEN, NINE)}
MOST_VALUES = 12
"""Categories of the chart; the table has more."""


def item(view: View, name: str) -> Content:
    """The page of one segment: a strategic one by its code, one of another segmentation as `segmentation.segment`."""
    segmentation, _, segment = name.partition(".") if "." in name else (STRATEGIC, "", name)
    whole, c = view.whole, view.context
    known = {row["segment"] for one in whole.segments.populations for row in whole.segments.sizes(segmentation, one)}
    if segment not in known:
        raise HTTPException(404)
    told = whole.segment(segmentation, segment)
    title, trail = view.text("segments.title_of", segment=told), [(view.text("segments.nav"), view.url("segments"))]
    bar = [one for one in view.filters() if one.name == "population"]
    if not c.segments.populations:
        return Content(title, [nobody(view)], filters=bar, labels=c.labels, trail=trail)
    population = c.segments.populations[0]
    row = next(row for row in c.segments.sizes(segmentation, population) if row["segment"] == segment)
    about = About(view, c, segmentation, segment, population, row)
    step, steps = chosen_step(view) if about.is_strategic else (None, [])
    sections = [_what(about)]
    if row["customers_count"]:
        sections += [
            _expected(about) if segment != NOT_YET else None,
            trend(about) if about.is_strategic else None,
            paths(about, step),
            *_bought(about),
            crossed(about),
            places(about) if segment != NOT_YET else None,
        ]
    return Content(
        title, [opened(view, section) for section in sections if section is not None], _answer(about), _figures(about),
        [*bar, *steps], c.labels, trail,
    )  # fmt: skip


def _answer(about: About) -> str:
    c, row = about.c, about.row
    count = row["customers_count"]
    if not count:
        return about.text("answer_nobody")
    if about.segment == NOT_YET:
        return about.text("answer_not_yet", count=count)
    told = about.text("answer_size", count=count, share=row["customers_share"])
    if row["net_amount"]:
        amount, window = c.short(row["net_amount"]), sections_segments.window(c)
        told = f"{told} {about.text('answer_net', amount=amount, share=row['net_share'], window=window)}"
    return f"{told} {about.text('few_note')}" if count < FEW else told


def _figures(about: About) -> list[Figure]:
    c, row = about.c, about.row
    if about.segment == NOT_YET or not row["customers_count"]:
        return []

    def figure(
        label: str, value: str, change: str = "", interval: str = "", *, table: str = "segments", total: str = ""
    ) -> Figure:
        href = about.view.table_url(table, about.where, sum=total)
        return Figure(label, value, change, "", "segment", c.labels, interval=interval, href=href)

    share = about.text("share_of_customers", share=row["customers_share"])
    found = [
        figure(c.text("card.customers"), c.words.short_number(row["customers_count"]), share, total="customers_count")
    ]
    if row["net_amount"] or row["visits_count"]:
        net = c.text("segments.of_net", share=row["net_share"])
        found += [
            figure(c.text("card.net"), c.short(row["net_amount"]), net, total="net_amount"),
            figure(c.text("card.per_head"), c.money(row["per_head_amount"])),
            figure(c.text("card.visits"), c.words.number(row["visits_per_customer"], decimals=1)),
        ]
    days = round(row["median_recency_days"] or 0)
    found.append(figure(c.text("card.recency"), c.text("card.days_ago", count=days)))
    model, value = ahead.models(c).get(about.population), _value(about)
    if model and value:
        label = c.text("figure.expected", measure=model["measure"], ahead=ahead.horizon(c, model))
        ends = c.text("figure.no_interval")
        if value["low_95_amount"] is not None:
            ends = about.text("interval_95", interval=between(c, value))
        found.append(figure(label, c.short(value["expected_amount"]), interval=ends, table="segment_value",
                            total="expected_amount"))  # fmt: skip
    return found


def _what(about: About) -> Section:
    """What the segment is, what to do with it, its customers, its figures beside those of all."""
    c, view = about.c, about.view
    blocks: list[Block] = [Prose(_definition(about))]
    if about.is_strategic:
        limits = c.segments.calibration(about.population)
        if limits:
            told = about.text("thresholds", set_on=limits["calibrated_on"])
            blocks.append(Prose(f"{told} {about.text('thresholds_assumed')}" if limits["is_assumed"] else told))
        limits = limits or {"new_days": None, "lost_days": None}
        advice = c.text(f"advice.{about.segment}", new=limits["new_days"], lost=limits["lost_days"])
        blocks.append(Prose(f"{c.text('card.advice_label')} {advice}"))
    if about.row["customers_count"]:
        blocks.append(Link(about.text("customers", count=about.row["customers_count"]), _customers_url(about)))
    if about.segment != NOT_YET:
        whole = sections_segments.size_grid(c, about.segmentation, about.population)
        rows = [row for row in whole.rows[: -whole.totals] if row[0].text == about.name]
        blocks.append(replace(whole, rows=[*rows, whole.rows[-1]], where=about.where))
    return Section("segment", view.text("segments.what"), blocks, c.labels)


def _definition(about: About) -> str:
    if about.is_strategic:
        return sections_segments.definition(about.c, about.population, about.segment)
    rules = RULES.get(about.segmentation)
    if about.segment == NOT_YET:
        return about.c.text("rule.not_yet_customer")
    if rules is None:
        return about.text("rule_of_your_own", segmentation=about.segmentation)
    rule = next(rule for rule in rules.rules if rule.segment == about.segment)
    (recency_low, recency_high), (frequency_low, frequency_high) = rule.recency, rule.frequency
    return about.text(
        "rule", recency_low=recency_low, recency_high=recency_high, frequency_low=frequency_low,
        frequency_high=frequency_high,
    )  # fmt: skip


def _customers_url(about: About) -> str:
    view = about.view
    if about.is_strategic and view.published.has(view.run, "customer_profiles"):
        return view.url("customers", segment=about.segment, population=about.population)
    return view.table_url("assignments", about.where)


def _bought(about: About) -> list[Section]:
    """What the customers of the segment buy in the window: sales channels, categories."""
    c = about.c
    found = []
    for dimension in ("sales_channel", "category"):
        rows = c.segments.mix(about.population, about.segment, dimension, about.segmentation)
        if any(row["value"] for row in rows):
            found.append(_mix(about, dimension, rows))
    if not found:
        return []
    return [Section("bought", about.text("bought_title"), found, c.labels)]


def _mix(about: About, dimension: str, rows: Rows) -> Block:
    c = about.c
    window, most = sections_segments.window(c), rows[0]
    title = about.text("bought_first", name=c.written(most["value"]), share=most["share"])
    if dimension == "category":
        told = [c.text("card.category", name=row["value"], lift=row["lift"]) for row in typical(rows)]
        title = about.text("bought_typical", categories=c.words.listing(told)) if told else c.text("card.no_typical")
    bars = [
        IntervalBar(
            c.written(row["value"]), row["share"], c.words.share(row["share"]), segment=about.colour,
            beside=row["population_share"],
        )
        for row in rows[:MOST_VALUES]
    ]  # fmt: skip
    body = [
        [
            Cell(c.written(row["value"])),
            *cells(
                c.money(row["net_amount"]),
                c.words.share(row["share"]),
                c.words.share(row["population_share"]),
                c.words.number(row["lift"], decimals=2),
            ),
        ]
        for row in rows
    ]
    shown, note = c.shortened(body, len(body), "segment_mix")
    grid = Grid(
        about.text(f"bought_caption_{dimension}", window=window, currency=c.currency),
        [
            c.column(dimension),
            *(
                c.column(f"segment_mix.{name}", number=True)
                for name in ("net_amount", "share", "population_share", "lift")
            ),
        ],
        shown,
        note=note,
        table="segment_mix",
        where=(*about.where, ("dimension", dimension)),
    )
    return c.chart(
        lambda width: interval_bars(bars, width=width),
        grid,
        f"{dimension.replace('_', '-')}-{about.segment}",
        title=title,
        subtitle=about.text(f"bought_subtitle_{dimension}", window=window),
        note=about.text("bought_more", shown=MOST_VALUES, count=len(rows)) if len(rows) > MOST_VALUES else "",
    )


def _value(about: About) -> dict[str, Any] | None:
    """The row of SEGMENT_VALUE of the segment."""
    for row in rows_of(about.c.tables, "segment_value"):
        if all(row[name] == value for name, value in about.where):
            return row
    return None


def _expected(about: About) -> Section:
    """What the customers of the segment will bring, between what and what; what those of an earlier date brought."""
    c, title = about.c, about.text("expected_title")
    model, row = ahead.models(c).get(about.population), _value(about)
    past = _past(about)
    if model is None or row is None:
        empty = Prose(about.text("expected_none"), is_empty_state=True, anchor="value")
        return Section("expected", title, [empty, *past], c.labels)
    told = {
        "first": model["from_on"], "last": model["to_on"], "measure": model["measure"], "share": row["expected_share"],
        "amount": c.short(row["expected_amount"]), "each": c.money(row["per_head_amount"]),
    }  # fmt: skip
    if row["low_95_amount"] is None:
        sentence = about.text("expected_plain", **told)
    else:
        ends = {"low": c.short(row["low_95_amount"]), "high": c.short(row["high_95_amount"])}
        sentence = about.text("expected", **told, **ends)
    grid = Grid(
        about.text(
            "expected_caption", currency=c.currency, **{name: told[name] for name in ("first", "last", "measure")}
        ),
        [
            c.column("segment"),
            *(c.column(f"segment_value.{name}", number=True) for name in ("customers_count", "expected_amount")),
            c.label("interval_95", number=True),
            *(c.column(f"segment_value.{name}", number=True) for name in ("expected_share", "per_head_amount")),
        ],
        [
            [
                Cell(about.name, segment=about.colour),
                *cells(
                    c.words.number(row["customers_count"]),
                    c.short(row["expected_amount"]),
                    between(c, row),
                    c.words.share(row["expected_share"]),
                    c.money(row["per_head_amount"]),
                ),
            ]
        ],
        note=c.text("value.note"),
        table="segment_value",
        where=about.where,
    )
    return Section("expected", title, [Prose(sentence), *past, grid], ahead.labels(c, {about.population: model}))


def _past(about: About) -> list[Block]:
    c = about.c
    rows = c.segments.outlook(about.segmentation, about.population)
    row = next((row for row in rows if row["segment"] == about.segment and row["customers_count"]), None)
    if row is None:
        return []
    return [
        Prose(
            about.text(
                "expected_past", first=row["from_on"], customers=row["customers_count"],
                count=months_between(row["from_on"], row["to_on"]), each=c.money(row["next_per_head_amount"]),
            )
        )
    ]  # fmt: skip
