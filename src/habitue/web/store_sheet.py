"""The sheet of one store: against a year before and against all stores, its months, sales channels and segments."""

from __future__ import annotations

from habitue.report import charts_segments as drawing
from habitue.report import store_figures
from habitue.report.figures import Rows, rows_of, share_of
from habitue.report.layout import Block, Cell, Column, Figure, Grid, Prose, Section
from habitue.report.segment_figures import ENGAGED, FEW, STRATEGIC
from habitue.report.store_figures import Place
from habitue.web.store_view import RATIOS, StoreView
from habitue.web.view import Content

MEASURES = ("kept_amount", "tickets_count", "basket_amount", *RATIOS, "identified_tickets_share")
AT_HEAD = MEASURES[:3]


def sheet(s: StoreView) -> Content:
    """The sheet of the store the address asks for."""
    store = str(s.view.picked("store"))
    name = s.c.store(store)
    days = s.days()
    here = store_figures.in_all(days, s.span)
    figures = [
        Figure(
            s.text(f"head.{measure}"), s.measure(here, measure), s.change_of(here, measure), "", "comparison",
            href=s.figure_url(measure),
        )
        for measure in AT_HEAD
    ]  # fmt: skip
    sections = [_comparison(s, here, store), s.months(), s.channels(here), _segments(s, store)]
    trail = [(s.text("title"), s.view.url("stores", store=None))]
    return Content(
        s.text("title_of", store=name), [section for section in sections if section is not None],
        _answer(s, here, store), figures, trail=trail,
    )  # fmt: skip


def _answer(s: StoreView, here: Place, store: str) -> str:
    """What the store sold, its place among the stores, and whether it is compared like for like."""
    everywhere = s.days(of_all_stores=True)
    stores = [place for place in store_figures.by_store(everywhere, s.span) if not place.is_apart]
    codes = [place.code for place in stores]
    told = [
        s.text(
            "answer" if s.span.has_before else "answer_alone", period=s.told(s.span.now),
            amount=s.c.short(here.now.kept_amount), change=s.change_of(here, "kept_amount"),
        )
    ]  # fmt: skip
    if store in codes:
        told.append(s.text("answer_place", place=codes.index(store) + 1, count=len(codes)))
    told.append(s.against())
    return " ".join(told)


def _comparison(s: StoreView, here: Place, store: str) -> Section:
    """Measures of the store now and a year before, beside all stores."""
    everywhere = s.days(of_all_stores=True)
    stores = [place for place in store_figures.by_store(everywhere, s.span) if not place.is_apart]
    whole = store_figures.joined(stores)
    with_before = s.span.has_before
    rows = []
    for name in MEASURES:
        href = s.rows_url(s.span.now) if name == "kept_amount" else ""
        row = [Cell(s.text(f"column.{name}")), Cell(s.measure(here, name), href=href)]
        if with_before:
            row += [Cell(s.measure(here, name, before=True)), Cell(s.change_short_of(here, name))]
        rows.append(
            [*row, Cell(s.measure(whole, name)), *([Cell(s.change_short_of(whole, name))] if with_before else [])]
        )
    before = ["before", "change"] if with_before else []
    grid = Grid(
        s.text("caption_comparison", period=s.told(s.span.now), currency=s.c.currency, scope=s.scope),
        [
            Column(s.text("column.measure")), Column(s.c.store(store), True), *(s.column(name) for name in before),
            s.column("all_stores"), *([s.column("all_stores_change")] if with_before else []),
        ],
        rows,
        note=s.against(),
        table="sales_by_day",
        where=s.picked_values(),
        limits=s.limits,
    )  # fmt: skip
    blocks: list[Block] = [Prose(status) for status in _status(s, store)]
    return Section("comparison", s.text("comparison"), [*blocks, grid], s.c.sales_labels)


def _status(s: StoreView, store: str) -> list[str]:
    """Whether the store is compared like for like, and if not why."""
    everywhere = s.days(of_all_stores=True)
    found = store_figures.like_for_like(everywhere, s.span, trading=s.trading, stores=s.stores)
    if found is None:
        return []
    if store in found.stores:
        change = s.change_of(found.compared, "kept_amount")
        return [s.text("status_compared", count=len(found.stores), change=change)]
    return [s.text("status_left_out", why=s.why(one)) for one in found.left_out if one.store_id == store]


def _segments(s: StoreView, store: str) -> Section | None:
    """Customers of the store by strategic segment, against those of all stores."""
    populations = s.c.segments.populations
    population = s.view.picked("population") or (populations[0] if populations else "")
    found = store_figures.segments_of_stores(rows_of(s.c.tables, "segment_places"), population)
    if store not in found:
        return None
    here = found[store]
    everywhere = {
        code: sum(counts.get(code, 0) for place, counts in found.items() if place is not None)
        for code in s.c.segments.segments(STRATEGIC)
    }
    customers, total = sum(here.values()), sum(everywhere.values())
    net = _net(rows_of(s.c.tables, "segment_places"), population, store)
    sold = sum(net.values())
    shown, rows = [], []
    for at, code in enumerate(s.c.segments.segments(STRATEGIC)):
        share = share_of(here.get(code, 0), customers)
        of_net = share_of(net.get(code, 0), sold)
        words = [s.c.words.share(share), s.c.words.share(of_net)]
        if at == 0:
            words = [s.text("of_customers", share=words[0]), s.text("of_sales", share=words[1])]
        shown.append(
            drawing.SegmentShare(s.c.segment(STRATEGIC, code), code, share or 0.0, of_net or 0.0, words[0], words[1])
        )
        rows.append([
            Cell(s.c.segment(STRATEGIC, code), segment=code), Cell(s.c.words.number(here.get(code, 0))),
            Cell(s.c.words.share(share)), Cell(s.c.words.share(share_of(everywhere[code], total))),
            Cell(s.c.money(net.get(code, 0))),
        ])  # fmt: skip
    grid = Grid(
        s.text("caption_segments", population=s.c.population(population), currency=s.c.currency),
        [
            s.c.column("segment"), s.column("customers"), s.column("customers_share"), s.column("customers_share_all"),
            s.column("segment_net"),
        ],
        rows,
        table="segment_places",
        where=(
            ("segmentation", STRATEGIC), ("population", population), ("place_kind", "store"), ("place_name", store),
        ),
    )  # fmt: skip
    engaged = share_of(sum(here.get(code, 0) for code in ENGAGED), customers)
    title = s.text(
        "segments_finding", share=engaged, all=share_of(sum(everywhere.get(code, 0) for code in ENGAGED), total)
    )
    chart = s.c.chart(
        lambda width: drawing.segment_shares(shown, width),
        grid,
        "store-segments",
        title=title,
        subtitle=s.text("segments_subtitle", population=s.c.population(population), day=s.c.as_of),
        note=s.text("segments_few", count=customers) if customers < FEW else "",
    )
    note = [Prose(s.text("segments_all_channels"))] if s.view.picked("sales_channel") else []
    return Section("store-segments", s.text("segments_title"), [*note, chart], s.c.labels)


def _net(places: Rows, population: str, store: str) -> dict[str, int]:
    wanted = (STRATEGIC, population, "store", store)
    keys = ("segmentation", "population", "place_kind", "place_name")
    return {row["segment"]: row["net_amount"] for row in places if tuple(row[key] for key in keys) == wanted}
