"""Where a segment is over- and under-represented: stores with enough customers, beside the whole population."""

from __future__ import annotations

from dataclasses import dataclass

from habitue.report.charts_intervals import IntervalBar, interval_bars
from habitue.report.figures import rows_of
from habitue.report.layout import Cell, Column, Grid, Prose, Section
from habitue.report.segment_figures import FEW
from habitue.value.watchlists import wilson
from habitue.web.pages.segment_about import About, points

MOST_STORES = 8
"""Stores of the chart at either end; the table has more."""


@dataclass(frozen=True)
class Place:
    """One store: its customers, those of the segment, their share and its interval."""

    store: str
    customers: int
    inside: int
    share: float
    low: float
    high: float


def places(about: About) -> Section | None:
    """Stores by the share the segment has there; None where no visit names a store."""
    c, title = about.c, about.text("places_title")
    rows = [
        row
        for row in rows_of(c.tables, "segment_places")
        if (row["segmentation"], row["population"], row["place_kind"])
        == (about.segmentation, about.population, "store")
        and row["place_name"] is not None
    ]
    if not rows:
        return None
    customers: dict[str, int] = {}
    inside: dict[str, int] = {}
    for row in rows:
        store = row["place_name"]
        customers[store] = customers.get(store, 0) + row["customers_count"]
        if row["segment"] == about.segment:
            inside[store] = row["customers_count"]
    found = [_place(store, count, inside.get(store, 0)) for store, count in customers.items() if count >= FEW]
    if not found:
        return Section("places", title, [Prose(about.text("places_few"), is_empty_state=True)], c.labels)
    found.sort(key=lambda place: (-place.share, place.store))
    whole = about.row["customers_share"] or 0.0
    more = [place for place in found if place.low > whole]
    less = [place for place in found if place.high < whole]
    ends = found if len(found) <= 2 * MOST_STORES else [*found[:MOST_STORES], *found[-MOST_STORES:]]
    bars = [
        IntervalBar(c.store(place.store), place.share, c.words.share(place.share), place.low, place.high, about.colour)
        for place in ends
    ]
    left_out = len(customers) - len(found)
    notes = [about.text("places_note")]
    if len(ends) < len(found):
        notes.append(about.text("places_ends", count=MOST_STORES))
    if left_out:
        notes.append(about.text("places_left_out", count=left_out))
    chart = c.chart(
        lambda width: interval_bars(
            bars, mark=whole, mark_text=about.text("places_mark", share=c.words.share(whole)), width=width
        ),
        _grid(about, found, whole),
        f"stores-{about.segment}",
        title=about.text("places_finding", count=len(found), more=len(more), less=len(less)),
        subtitle=about.text("places_subtitle"),
        note=" ".join(notes),
    )
    return Section("places", title, [chart], c.labels)


def _place(store: str, customers: int, inside: int) -> Place:
    share = inside / customers
    return Place(store, customers, inside, share, *wilson(share, customers))


def _grid(about: About, found: list[Place], whole: float) -> Grid:
    c = about.c

    def verdict(place: Place) -> str:
        code = "more" if place.low > whole else "less" if place.high < whole else "same"
        return about.text(f"places_{code}")

    rows = [
        [
            Cell(c.store(place.store)),
            Cell(c.words.number(place.customers)),
            Cell(c.words.number(place.inside)),
            Cell(c.words.share(place.share)),
            Cell(f"{c.words.share(place.low)} – {c.words.share(place.high)}"),
            Cell(points(about, place.share - whole)),
            Cell(verdict(place)),
        ]
        for place in found
    ]
    shown, note = c.shortened(rows, len(rows), "segment_places")
    return Grid(
        about.text("places_caption"),
        [
            c.column("store_id"),
            Column(about.text("places_customers"), True),
            Column(about.text("places_inside"), True),
            Column(about.text("places_share"), True),
            c.label("interval", number=True),
            Column(about.text("difference"), True),
            Column(about.text("places_verdict")),
        ],
        shown,
        note=note,
        table="segment_places",
        where=(*about.where, ("place_kind", "store")),
    )
