"""Segments: who the customers are, how customers moved, how the segmentations cross, where each segment is."""

from __future__ import annotations

from dataclasses import replace

from habitue.report import (
    charts_intervals,
    charts_movements,
    sections_movements,
    sections_outlook,
    sections_scores,
    sections_segments,
)
from habitue.report.figures import rows_of, share_of
from habitue.report.key_figures import KEY_FIGURES
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Prose, Section
from habitue.report.segment_figures import ENGAGED, FEW, NOT_YET, STRATEGIC, months_between
from habitue.web.choosing import chosen, chosen_step, nobody
from habitue.web.opening import opened
from habitue.web.pages import Page
from habitue.web.pages.segment import item
from habitue.web.pages.segment_about import points
from habitue.web.view import Content, View

FIGURES = ("core_customers", "core_net", "best_tenth")


def build(view: View) -> Content:
    """The page of all segments."""
    c, title = view.context, view.text("segments.title")
    if not c.segments.populations:
        return Content(title, [nobody(view)], filters=view.filters(), labels=c.labels)
    main = c.segments.populations[0]
    step, steps = chosen_step(view)
    bar = [*view.filters(), *steps]
    crossed = ""
    choices = [
        (name, c.segmentation(name, is_first=True))
        for name in c.segments.segmentations
        if c.segments.crossing(name, main)
    ]
    if choices:
        crossed, choice = chosen(view, "segmentation", view.text("segments.crossed_with"), choices)
        bar += [choice] if len(choices) > 1 else []
    first = [
        _in_store(view, main),
        _without_tables(sections_segments.segments(c)),
        _without_tables(sections_movements.movements(c, step)),
    ]
    folded = [
        _crossing(view, crossed, main),
        sections_outlook.outlook(c, is_crossed=False),
        sections_segments.places(c),
        sections_scores.scores(c),
        sections_segments.other_segmentations(c),
        sections_scores.concentration(c),
    ]
    sections = [*first, *(replace(section, is_folded=True) for section in folded if section is not None)]
    answer = [sections_segments.sentence(c)]
    if step and (moves := c.segments.moves(main, step)):
        answer.append(f"{sections_movements.finding(c, step, moves)}.")
    if sum(row["customers_count"] for row in c.segments.sizes(STRATEGIC, main) if row["segment"] != NOT_YET) < FEW:
        answer.append(view.text("segments.few_note"))
    figures = [found.figure for code in FIGURES if (found := KEY_FIGURES[code](c))]
    return Content(
        title, [opened(view, section) for section in sections if section is not None],
        " ".join(told for told in answer if told), figures, bar, c.labels,
    )  # fmt: skip


def _without_tables(section: Section | None) -> Section | None:
    """The section with each table that stands by itself behind a line that opens it."""
    if section is None:
        return None
    blocks = [Fold(block.caption, [block]) if isinstance(block, Grid) else block for block in section.blocks]
    return replace(section, blocks=blocks)


def _in_store(view: View, population: str) -> Section | None:
    """The strategic segments of the customers of the store chosen, beside those of all."""
    c, store = view.context, view.picked("store")
    if store is None:
        return None
    where = (("segmentation", STRATEGIC), ("population", population), ("place_kind", "store"), ("place_name", store))
    counts = {
        row["segment"]: row["customers_count"]
        for row in rows_of(c.tables, "segment_places")
        if all(row[name] == value for name, value in where)
    }
    about = {"store": c.store(store), "population": c.population(population), "day": c.as_of}
    title = view.text("segments.store_title", **about)
    customers = sum(counts.values())
    if not customers:
        return Section(
            "store", title, [Prose(view.text("segments.store_nobody", **about), is_empty_state=True)], c.labels
        )
    sizes = {row["segment"]: row["customers_share"] for row in c.segments.sizes(STRATEGIC, population)}
    codes = c.segments.segments(STRATEGIC)
    shares = {code: share_of(counts.get(code, 0), customers) or 0.0 for code in codes}
    bars = [
        charts_intervals.IntervalBar(
            c.segment(STRATEGIC, code), shares[code], c.words.share(shares[code]), segment=code, beside=sizes[code]
        )
        for code in codes
    ]
    grid = Grid(
        view.text("segments.store_caption", **about),
        [
            c.column("segment"),
            c.column("segments.customers_count"),
            Column(view.text("segments.share_here"), True),
            Column(view.text("segments.share_of_all"), True),
            Column(view.text("segments.difference"), True),
        ],
        [
            [
                sections_segments.named(c, STRATEGIC, code),
                Cell(c.words.number(counts.get(code, 0))),
                Cell(c.words.share(shares[code])),
                Cell(c.words.share(sizes[code])),
                Cell(points(view, shares[code] - (sizes[code] or 0.0))),
            ]
            for code in codes
        ],
        table="segment_places",
        where=where,
    )
    engaged = sum(shares.get(code, 0.0) for code in ENGAGED)
    chart = c.chart(
        lambda width: charts_intervals.interval_bars(bars, width=width),
        grid,
        "segments-of-the-store",
        title=view.text("segments.store_finding", count=customers, share=engaged, **about),
        subtitle=view.text("segments.store_subtitle", **about),
        note=view.text("segments.few_note") if customers < FEW else "",
    )
    return Section("store", title, [Prose(view.text("segments.store_only", **about)), chart], c.labels)


def _crossing(view: View, segmentation: str, population: str) -> Section | None:
    """Strategic segments across, those of another segmentation down: what customers of each pair bought next."""
    c = view.context
    found = c.segments.crossing(segmentation, population)
    grid = sections_outlook.crossing_grid(c, segmentation, population) if found else None
    if grid is None:
        return None
    columns = [code for code in c.segments.segments(STRATEGIC) if any(key[0] == code for key in found)]
    rows = [code for code in c.segments.segments(segmentation) if any(key[1] == code for key in found)]
    sure = {key: row for key, row in found.items() if row["customers_count"] >= FEW}
    most = max((row["next_per_head_amount"] for row in sure.values()), default=0)

    def move(column: str, row: str) -> charts_movements.Move:
        pair = found.get((column, row))
        if pair is None:
            return charts_movements.Move(None, "–")
        each = pair["next_per_head_amount"]
        return charts_movements.Move(
            (max(each, 0) / most) ** 0.5 if most > 0 else 0.0, c.short(each), c.words.number(pair["customers_count"]),
            is_small=pair["customers_count"] < FEW,
        )  # fmt: skip

    def line(name: str, code: str, place: int) -> charts_movements.MatrixRow:
        count = sum(row["customers_count"] for key, row in found.items() if key[place] == code)
        told = c.text("moves.customers", count=count) if place else c.words.number(count)
        return charts_movements.MatrixRow(c.segment(name, code), code if name == STRATEGIC else "", told)

    picture = [[move(column, row) for column in columns] for row in rows]
    some = next(iter(found.values()))
    months = months_between(some["from_on"], some["to_on"])
    about = {"first": some["from_on"], "last": some["to_on"], "count": months, "currency": c.currency}
    title = view.text("segments.crossing_finding_none", **about)
    if most > 0:
        best = max(sure, key=lambda key: sure[key]["next_per_head_amount"])
        title = view.text(
            "segments.crossing_finding", strategic=c.segment(STRATEGIC, best[0]),
            other=c.segment(segmentation, best[1]), amount=c.short(most), **about,
        )  # fmt: skip
    chart = c.chart(
        lambda width: charts_movements.matrix(
            [line(segmentation, code, 1) for code in rows],
            [line(STRATEGIC, code, 0) for code in columns],
            picture,
            row_title=c.segmentation(segmentation, is_first=True),
            column_title=c.segmentation(STRATEGIC, is_first=True),
            width=width,
        ),
        grid,
        f"crossing-{segmentation}",
        title=title,
        subtitle=view.text("segments.crossing_subtitle", population=c.population(population), **about),
        note=view.text("segments.crossing_note"),
    )
    name = c.segmentation(segmentation)
    blocks: list[Block] = [chart]
    return Section("crossing", view.text("segments.crossing_title", segmentation=name), blocks, c.labels)


PAGE = Page(
    "segments",
    build,
    item,
    filters=frozenset({"population", "store"}),
    anchors=(
        "segments", "moves", "crossing", "outlook", "segment-places", "scores", "segmentations", "concentration",
    ),
)  # fmt: skip
