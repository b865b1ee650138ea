"""Stores: where it is bought, what changed against a year before, like for like; and one sheet a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from habitue.report import charts, sections_segments, store_figures
from habitue.report.figures import share_of
from habitue.report.layout import Block, Cell, Column, Figure, Fold, Grid, Prose, Section
from habitue.report.store_figures import REASONS, LeftOut, LikeForLike, Place
from habitue.web import picking
from habitue.web.pages import Page
from habitue.web.store_sheet import sheet
from habitue.web.store_view import MOST_BARS, TABLE, StoreView
from habitue.web.view import Content, View
from habitue.workspace.conditions import Condition

MOST_LINKED = 50
"""Stores of a region at most whose rows an address can name."""

AT_HEAD = ("kept_amount", "tickets_count", "basket_amount", "identified_share", "discount_share")


def build(view: View) -> Content:
    """The page of all stores, or the sheet of the one the address asks for."""
    if TABLE not in view.whole.tables:
        return _empty(view, "no_table")
    if store_figures.covered(view.whole.tables[TABLE], view.whole.as_of) is None:
        return _empty(view, "no_sales")
    s = StoreView(view)
    filters = view.filters(periods=s.choices())
    return replace(sheet(s) if view.picked("store") else _all(s), filters=filters, labels=view.whole.labels)


def _empty(view: View, code: str) -> Content:
    told = Prose(view.text(f"stores.{code}", day=view.whole.as_of), is_empty_state=True)
    section = Section("stores", view.text("stores.by_store"), [told])
    return Content(view.text("stores.title"), [section], labels=view.whole.labels)


def _all(s: StoreView) -> Content:
    days = s.days()
    whole = store_figures.in_all(days, s.span)
    if whole.now.tickets_count == 0 and whole.now.kept_amount == 0:
        nothing = Prose(s.text("nothing", period=s.told(s.span.now), scope=s.scope), is_empty_state=True)
        return Content(s.text("title"), [Section("stores", s.text("by_store"), [nothing])])
    compared = store_figures.like_for_like(days, s.span, trading=s.trading, stores=s.stores)
    parts = [
        _stores(s, whole),
        _like_for_like(s, compared) if compared is not None else None,
        _regions(s, whole),
        s.channels(whole),
        s.months(),
        _segments(s),
    ]
    return Content(
        s.text("title"),
        [part for part in parts if part is not None],
        _answer(s, whole, compared),
        [*_head(s, whole), *_head_like_for_like(s, compared)],
    )


def _answer(s: StoreView, whole: Place, compared: LikeForLike | None) -> str:
    """Net sales of the period, their change, and like for like."""
    told = s.text(
        "answer" if s.span.has_before else "answer_alone", period=s.told(s.span.now),
        amount=s.c.short(whole.now.kept_amount), change=s.change(whole.compare("kept_amount")),
    )  # fmt: skip
    more = [s.against()]
    if compared is not None and compared.stores:
        change = s.change(compared.compared.compare("kept_amount"))
        more.insert(0, s.text("answer_like_for_like", count=len(compared.stores), change=change))
    return " ".join([told, *more])


def _head(s: StoreView, whole: Place) -> list[Figure]:
    """Key figures of the period."""
    return [
        Figure(
            s.text(f"head.{name}"),
            s.measure(whole, name),
            s.change_of(whole, name),
            "",
            "stores",
            href=s.figure_url(name),
        )
        for name in AT_HEAD
    ]


def _head_like_for_like(s: StoreView, compared: LikeForLike | None) -> list[Figure]:
    if compared is None or not compared.stores:
        return []
    of = compared.compared
    told = s.text("head.like_for_like", count=len(compared.stores))
    href = "#like-for-like"
    if len(compared.stores) <= MOST_LINKED:
        href = s.figure_url("kept_amount", Condition("store_id", tuple(compared.stores)))
    change = s.change(of.compare("kept_amount"))
    return [Figure(told, s.measure(of, "kept_amount"), change, "", "like-for-like", href=href)]


def _stores(s: StoreView, whole: Place) -> Section:
    places = store_figures.by_store(s.days(), s.span)
    stores = [place for place in places if not place.is_apart]
    if not stores:
        told = s.text("none_picked") if s.view.conditions else s.c.text("stores.none")
        return Section("stores", s.text("by_store"), [Prose(told, is_empty_state=True)], s.c.labels)
    selling = [place for place in stores if place.now.tickets_count] or stores
    total, so_far, needed = sum(place.now.kept_amount for place in selling), 0, 0
    for place in selling:
        so_far, needed = so_far + place.now.kept_amount, needed + 1
        if so_far * 2 >= total:
            break
    finding = (
        s.c.text("stores.finding", needed=needed, count=len(selling))
        if len(selling) > 1
        else s.c.text("stores.finding_one", name=s.c.store(selling[0].code))
    )

    def name(place: Place) -> Cell:
        if place.code is None:
            return Cell(s.text("without_store"))
        return Cell(s.c.store(place.code), href=s.view.url("stores", store=place.code))

    blocks = s.ranked(
        "stores", finding, s.c.column("store_id"), places, whole,
        name=name, where=lambda place: (Condition("store_id", (place.code,)),),
    )  # fmt: skip
    return Section("stores", s.text("by_store"), blocks, s.c.sales_labels)


def _like_for_like(s: StoreView, found: LikeForLike) -> Section:
    """The stores that can be compared, their changes, and what is left out and why."""
    blocks: list[Block] = []
    places = {place.code: place for place in store_figures.by_store(s.days(), s.span)}
    compared = [places[code] for code in found.stores]
    if compared:
        compared.sort(key=lambda place: (-(place.compare("kept_amount").relative or 0), place.code or ""))
        blocks.append(_changes(s, compared))
    else:
        blocks.append(Prose(s.text("lfl_none_picked" if s.view.conditions else "lfl_none"), is_empty_state=True))
    blocks.append(_bridge(s, found))
    if found.left_out:
        blocks.append(_left_out(s, found.left_out))
    blocks.append(Fold(s.text("lfl_how"), [Prose(s.text("lfl_rule", days=store_figures.LONGEST_GAP_DAYS))]))
    return Section("like-for-like", s.text("lfl_title"), blocks, s.c.labels)


def _changes(s: StoreView, compared: Sequence[Place]) -> Block:
    """The change of each comparable store, the best first."""
    changes = [(place, place.compare("kept_amount")) for place in compared]
    grown = sum(1 for _, change in changes if (change.relative or 0) > 0)
    if len(compared) > MOST_BARS:  # the best and the worst
        half = MOST_BARS // 2
        drawn, note = [*changes[:half], *changes[-half:]], s.text("lfl_more", shown=half, count=len(compared))
    else:
        drawn, note = changes, ""
    bars = [
        charts.Bar(s.c.store(place.code), change.relative, s.change_short(change))
        for place, change in drawn
        if change.relative is not None
    ]
    picked = [("store_id", picking.BETWEEN.join(str(place.code) for place in compared))]
    if len(compared) > MOST_LINKED:
        picked = []
    grid = Grid(
        s.text("caption_lfl", period=s.told(s.span.now), currency=s.c.currency, scope=s.scope),
        [s.c.column("store_id"), *s.against_columns()],
        [
            [
                Cell(s.c.store(place.code), href=s.view.url("stores", store=place.code)),
                *s.against_cells(place, (Condition("store_id", (place.code,)),)),
            ]
            for place, _ in changes
        ],
        note=s.against(),
        table=TABLE,
        where=(*s.picked_values(), *picked),
        limits=s.limits,
    )
    return s.c.chart(
        lambda width: charts.bars(bars, width),
        grid,
        "like-for-like",
        title=s.text("lfl_finding", grown=grown, count=len(compared)),
        subtitle=s.text("lfl_subtitle", period=s.told(s.span.now), before=s.told(s.span.before), scope=s.scope),
        note=note,
    )


def _bridge(s: StoreView, found: LikeForLike) -> Grid:
    """From comparable stores to the whole: what each group of stores sold now and a year before."""
    stores = {reason: sum(1 for one in found.left_out if one.reason == reason) for reason in REASONS}
    rows = [[Cell(s.text("bridge.compared", count=len(found.stores))), *s.against_cells(found.compared, None)]]
    rows += [
        [Cell(s.text(f"bridge.{reason}", count=stores[reason])), *s.against_cells(place, None)]
        for reason, place in found.by_reason.items()
    ]
    if found.apart is not None:
        rows.append([Cell(s.text("without_store")), *s.against_cells(found.apart, (Condition("store_id", (None,)),))])
    rows.append([Cell(s.text("total")), *s.against_cells(found.whole, ())])
    return Grid(
        s.text("caption_bridge", period=s.told(s.span.now), currency=s.c.currency, scope=s.scope),
        [Column(s.text("column.group")), *s.against_columns()],
        rows,
        totals=1,
        table=TABLE,
        where=s.picked_values(),
        limits=s.limits,
    )


def _left_out(s: StoreView, left_out: Sequence[LeftOut]) -> Grid:
    return Grid(
        s.text("caption_left_out"),
        [s.c.column("store_id"), Column(s.text("column.why"))],
        [
            [Cell(s.c.store(one.store_id), href=s.view.url("stores", store=one.store_id)), Cell(s.why(one))]
            for one in left_out
        ],
        table="stores" if s.stores else TABLE,
    )


def _regions(s: StoreView, whole: Place) -> Section | None:
    """Sales by region, where the stores have some."""
    regions = store_figures.regions_of(s.stores)
    places = store_figures.by_region(s.days(), s.span, regions) if regions else []
    known = [place for place in places if place.code is not None]
    if not known:
        return None

    def name(place: Place) -> Cell:
        return Cell(s.text("without_store") if place.is_apart else s.c.written(place.code))

    sold = sorted(place.code for place in store_figures.by_store(s.days(), s.span) if place.code is not None)

    def where(place: Place) -> Sequence[Condition] | None:
        codes = [None] if place.is_apart else [code for code in sold if regions.get(code) == place.code]
        return (Condition("store_id", tuple(codes)),) if len(codes) <= MOST_LINKED else None

    share = share_of(known[0].now.kept_amount, whole.now.kept_amount)
    finding = s.text("region_finding", name=known[0].code, share=share)
    blocks = s.ranked("regions", finding, s.c.column("region"), places, whole, name=name, where=where)
    return Section("regions", s.text("by_region"), blocks, s.c.sales_labels)


def _segments(s: StoreView) -> Section | None:
    """Customers by segment, by region and store of most of their visits."""
    section = sections_segments.places(s.view.context)
    if section is None:
        return None
    note = [Prose(s.text("segments_all_channels"))] if s.view.picked("sales_channel") else []
    return replace(section, anchor="store-segments", blocks=[*note, *section.blocks])


PAGE = Page(
    "stores",
    build,
    filters=frozenset({"population", "store", "sales_channel", "period"}),
    anchors=("stores", "channels"),
)
