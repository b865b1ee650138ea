"""Who the customers are: the strategic segments, a card for each, their thresholds, and where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from habitue.report import charts_segments as drawing
from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Block, Card, Cards, Cell, Column, Fold, Grid, Prose, Section, cells
from habitue.report.segment_figures import FEW, NOT_YET, STRATEGIC, engaged, months_between, typical

Row = Mapping[str, Any]
CARD_CHANNELS = 3


def window(c: Context) -> str:
    """The window of frequency and sales in words: "12 months to 31 December 2025"."""
    return c.text("segments.window", count=window_months(c), day=c.as_of)


def window_months(c: Context) -> int:
    """Months of the window of frequency and value."""
    stated = (c.manifest.get("settings") or {}).get("window_months")
    if stated:
        return int(stated)
    of = next(
        (row for row in figures.rows_of(c.tables, "segment_measures") if row["segmentation"] == "customers"), None
    )
    return months_between(of["from_on"], of["to_on"]) if of else 12


def sentence(c: Context) -> str | None:
    """What core and loyal customers of the first population are and bring; None where nobody is."""
    if not c.segments.populations:
        return None
    main = c.segments.populations[0]
    customers, customers_share, net_share = engaged(c.segments.sizes(STRATEGIC, main))
    if not customers or net_share is None:
        return None
    about = {"population": c.population(main), "window": window(c)}
    return c.text("answer.segments", customers=customers_share, net=net_share, **about)


def segments(c: Context) -> Section:
    """The strategic segments: a chart, cards, thresholds; other populations in smaller form."""
    title = c.text("segments.title")
    if not c.segments.populations:
        empty = Prose(c.text("segments.none"), is_empty_state=True, anchor="attention")
        return Section("segments", title, [empty], c.labels)
    main, *others = c.segments.populations
    rows = c.segments.sizes(STRATEGIC, main)
    blocks: list[Block] = [_shares(c, main, rows), Cards([_card(c, main, row) for row in rows if _is_shown(row)])]
    blocks += thresholds(c)
    without = c.tables.get("customers_without_visit")
    if without is not None and without.num_rows:
        command = "`habitue show customers-without-visit`"
        blocks.append(Prose(c.text("segments.without_visit", count=without.num_rows, command=command)))
    blocks += [size_grid(c, STRATEGIC, population) for population in others]
    return Section("segments", title, blocks, c.labels)


def _is_shown(row: Row) -> bool:
    return row["segment"] != NOT_YET or row["customers_count"] > 0


def _shares(c: Context, population: str, rows: Sequence[Row]) -> Block:
    customers, customers_share, net_share = engaged(rows)
    if not customers:
        title = c.text("segments.finding_none")
    elif net_share is None:
        title = c.text("segments.finding_no_sales", customers=customers_share)
    else:
        title = c.text("segments.finding", customers=customers_share, net=net_share)
    shown = [row for row in rows if row["segment"] != NOT_YET]
    bars = [
        drawing.SegmentShare(
            c.segment(STRATEGIC, row["segment"]),
            row["segment"],
            row["customers_share"] or 0.0,
            row["net_share"] or 0.0,
            _told(c, "customers", row["customers_share"], is_first=at == 0),
            _told(c, "net", row["net_share"], is_first=at == 0),
        )
        for at, row in enumerate(shown)
    ]
    not_yet = sum(row["customers_count"] for row in rows if row["segment"] == NOT_YET)
    return c.chart(
        lambda width: drawing.segment_shares(bars, width),
        size_grid(c, STRATEGIC, population),
        "strategic-segments",
        title=title,
        subtitle=c.text(
            "segments.subtitle", window=window(c), currency=c.currency, population=c.population(population), day=c.as_of
        ),
        note=c.text("segments.not_yet_note", count=not_yet) if not_yet else "",
    )


def _told(c: Context, code: str, share: float | None, *, is_first: bool) -> str:
    """A share; the first of a chart says of what."""
    return c.text(f"segments.of_{code}", share=share) if is_first else c.words.share(share)


def size_grid(c: Context, segmentation: str, population: str) -> Grid:
    """Size, sales and rhythm of every segment, with a total."""
    rows = [row for row in c.segments.sizes(segmentation, population) if _is_shown(row)]
    body = [
        [
            named(c, segmentation, row["segment"]),
            *cells(
                c.words.number(row["customers_count"]),
                c.words.share(row["customers_share"]),
                c.money(row["net_amount"]),
                c.words.share(row["net_share"]),
                rounded(c, row["visits_per_customer"]),
                c.money(row["basket_amount"]),
                c.money(row["per_head_amount"]),
                whole(c, row["median_recency_days"]),
            ),
        ]
        for row in rows
    ]
    with_visit = [row for row in rows if row["segment"] != NOT_YET]
    customers, net, visits = (
        sum(row[name] for row in with_visit) for name in ("customers_count", "net_amount", "visits_count")
    )
    total = cells(
        c.text("segments.total"),
        c.words.number(customers),
        c.words.share(figures.share_of(customers, customers)),
        c.money(net),
        c.words.share(1.0 if net > 0 else None),
        rounded(c, figures.share_of(visits, customers)),
        c.money(round(net / visits) if visits else None),
        c.money(round(net / customers) if customers else None),
        "",
    )
    return Grid(
        c.text(
            "segments.caption",
            segmentation=c.segmentation(segmentation, is_first=True),
            population=c.population(population),
            window=window(c),
            currency=c.currency,
        ),
        [
            c.column("segment"),
            c.column("segments.customers_count"),
            c.column("customers_share", number=True),
            c.label("net_sales", number=True),
            c.column("net_share", number=True),
            c.label("visits_each", number=True),
            c.column("basket_amount"),
            c.label("sales_each", number=True),
            c.label("median_recency", number=True),
        ],
        [*body, total],
        1,
        table="segments",
        where=(("segmentation", segmentation), ("population", population)),
    )  # fmt: skip


def named(c: Context, segmentation: str, segment: str) -> Cell:
    """A segment by its name, a strategic one with its colour."""
    return Cell(c.segment(segmentation, segment), segment=segment if segmentation == STRATEGIC else "")


def rounded(c: Context, value: float | None) -> str:
    """A mean of visits: one decimal."""
    return c.words.number(value, decimals=1)


def whole(c: Context, value: float | None) -> str:
    """A median of days, without decimals."""
    return c.words.number(None if value is None else round(value))


def _card(c: Context, population: str, row: Row) -> Card:
    code, limits = row["segment"], c.segments.calibration(population) or {"new_days": None, "lost_days": None}
    figures_shown: list[tuple[str, str]] = []
    sentences: list[str] = []
    if not row["customers_count"]:
        sentences.append(c.text("card.nobody"))
    elif code == NOT_YET:
        figures_shown.append((c.text("card.customers"), c.words.number(row["customers_count"])))
    else:
        size = c.text("card.of_customers", count=row["customers_count"], share=row["customers_share"])
        figures_shown = [
            (c.text("card.customers"), size),
            (c.text("card.recency"), c.text("card.days_ago", count=round(row["median_recency_days"] or 0))),
        ]
        if row["visits_count"] or row["net_amount"]:
            figures_shown += [
                (c.text("card.net"), c.text("card.of_net", amount=c.short(row["net_amount"]), share=row["net_share"])),
                (c.text("card.per_head"), c.money(row["per_head_amount"])),
                (c.text("card.visits"), rounded(c, row["visits_per_customer"])),
                (c.text("card.basket"), c.money(row["basket_amount"])),
            ]
        sentences += _buys(c, population, row)
    return Card(
        c.segment(STRATEGIC, code),
        code,
        f"def-segment-{code.replace('_', '-')}",
        definition(c, population, code),
        figures_shown,
        sentences,
        c.text("card.advice_label"),
        c.text(f"advice.{code}", new=limits["new_days"], lost=limits["lost_days"]),
    )


def _buys(c: Context, population: str, row: Row) -> list[str]:
    """Sales channels and typical categories, where anything was bought in the window."""
    channels = c.segments.mix(population, row["segment"], "sales_channel")
    if not channels:
        return [c.text("card.nothing_bought")]
    told = [c.text("card.part", name=c.written(one["value"]), share=one["share"]) for one in channels[:CARD_CHANNELS]]
    sentences = [c.text("card.channels", channels=c.words.listing(told))]
    categories = c.segments.mix(population, row["segment"], "category")
    if any(one["value"] for one in categories):
        found = [c.text("card.category", name=one["value"], lift=one["lift"]) for one in typical(categories)]
        sentences.append(
            c.text("card.typical", categories=c.words.listing(found)) if found else c.text("card.no_typical")
        )
    elif not any(one["dimension"] == "category" for one in figures.rows_of(c.tables, "segment_mix")):
        sentences.append(c.text("card.no_categories"))
    return sentences


def definition(c: Context, population: str, segment: str) -> str:
    """A strategic segment in plain words, with the thresholds of a population."""
    limits = c.segments.calibration(population)
    if limits is None:
        return c.words.text(f"definition.segment_{segment}.meaning")
    code = f"rule.{segment}"
    if limits["core_amount"] is None:
        code = {"core": "rule.core_nobody", "loyal": "rule.loyal_all"}.get(segment, code)
    return c.text(
        code,
        cycle=limits["cycle_days"],
        new=limits["new_days"],
        lost=limits["lost_days"],
        amount=c.money(limits["core_amount"]),
        window=window_months(c),
    )


def thresholds(c: Context) -> list[Block]:
    """The calibration of every population, and where it comes from."""
    rows = [row for name in c.segments.populations if (row := c.segments.calibration(name))]
    if not rows:
        return []
    names = ("cycle_days", "new_days", "lost_days", "core_amount", "repeaters_count")
    grid = Grid(
        c.text("thresholds.caption", currency=c.currency),
        [
            c.column("population"), *(c.column(f"calibration.{name}", number=True) for name in names),
            c.column("calibration.calibrated_on"), c.column("calibration.is_assumed"),
        ],
        [
            [
                Cell(c.population(row["population"])),
                *cells(*(c.words.number(row[name]) for name in names[:3])),
                Cell(c.money(row["core_amount"])),
                Cell(c.words.number(row["repeaters_count"])),
                Cell(c.words.date(row["calibrated_on"])),
                Cell(c.text("thresholds.assumed"), c.text("thresholds.few"))
                if row["is_assumed"]
                else Cell(c.text("thresholds.measured")),
            ]
            for row in rows
        ],
        note=c.text("thresholds.note", command="`habitue run --recalibrate`"),
        table="calibration",
    )  # fmt: skip
    return [grid]


def places(c: Context) -> Section | None:
    """Shares of the strategic segments by population, region and store; None where no visit names a store."""
    if not c.segments.populations:
        return None
    main = c.segments.populations[0]
    rows = [
        row
        for row in figures.rows_of(c.tables, "segment_places")
        if row["segmentation"] == STRATEGIC and row["population"] == main
    ]
    blocks: list[Block] = []
    stores = _by_place(rows, "store")
    for kind in ("region", "store"):
        found = stores if kind == "store" else _by_place(rows, kind)
        if any(name is not None for name, _ in found):
            blocks.append(_place_grid(c, kind, main, found))
    if len(c.segments.populations) > 1:
        by_population = [
            (name, {row["segment"]: row["customers_count"] for row in c.segments.sizes(STRATEGIC, name)})
            for name in c.segments.populations
        ]
        blocks.append(_place_grid(c, "population", main, by_population))
    if not blocks:
        return None
    return Section("segment-places", c.text("places.title"), [Prose(_place_finding(c, stores)), *blocks], c.labels)


def _by_place(rows: Sequence[Row], kind: str) -> list[tuple[str | None, dict[str, int]]]:
    """Places with their customers by segment, the largest first, no place last."""
    found: dict[str | None, dict[str, int]] = {}
    for row in rows:
        if row["place_kind"] == kind:
            found.setdefault(row["place_name"], {})[row["segment"]] = row["customers_count"]
    return sorted(found.items(), key=lambda item: (item[0] is None, -sum(item[1].values()), item[0] or ""))


def _place_finding(c: Context, stores: Sequence[tuple[str | None, Mapping[str, int]]]) -> str:
    shares = [
        ((counts.get("core", 0) + counts.get("loyal", 0)) / sum(counts.values()), name)
        for name, counts in stores
        if name is not None and sum(counts.values()) >= FEW
    ]
    if len(shares) < 2:
        return c.text("places.lead")
    (least, worst), (most, best) = min(shares), max(shares)
    return c.text("places.finding", best=c.store(best), most=most, worst=c.store(worst), least=least)


def _place_grid(c: Context, kind: str, population: str, found: Sequence[tuple[str | None, Mapping[str, int]]]) -> Grid:
    codes = c.segments.segments(STRATEGIC)

    def place_name(name: str | None) -> str:
        if name is None:
            return c.text("places.none")
        return c.store(name) if kind == "store" else c.population(name) if kind == "population" else name

    body: list[Sequence[Cell]] = []
    for name, counts in found:
        whole_place = sum(counts.get(code, 0) for code in codes)
        small = c.text("places.few") if whole_place < FEW else ""
        body.append(
            [
                Cell(place_name(name), small),
                Cell(c.words.number(whole_place)),
                *(
                    Cell(c.words.share(figures.share_of(counts.get(code, 0), whole_place)))
                    for code in codes
                ),
            ]
        )  # fmt: skip
    shown, note = c.shortened(body, len(body), "segment_places")
    return Grid(
        c.text(f"places.caption_{kind}", population=c.population(population)),
        [
            c.column("store_id" if kind == "store" else kind),
            c.column("segments.customers_count", number=True),
            *(Column(c.segment(STRATEGIC, code), True) for code in codes),
        ],
        shown,
        note=note,
        table="segments" if kind == "population" else "segment_places",
        where=(("segmentation", STRATEGIC),)
        if kind == "population"
        else (("segmentation", STRATEGIC), ("population", population), ("place_kind", kind)),
    )


def other_segmentations(c: Context) -> Section | None:
    """The standard segmentations and those of the user's own, as tables."""
    if not c.segments.populations or not c.segments.segmentations:
        return None
    main, *others = c.segments.populations
    blocks: list[Block] = [Prose(c.text("standard.lead"))]
    for name in c.segments.segmentations:
        grid = size_grid(c, name, main)
        blocks.append(Fold(grid.caption, [grid]) if name == "nine" else grid)
    for population in others:
        grids = [size_grid(c, name, population) for name in c.segments.segmentations]
        blocks.append(Fold(c.heading("standard.other", population=c.population(population)), grids))
    return Section("segmentations", c.text("standard.title"), blocks, c.labels)
