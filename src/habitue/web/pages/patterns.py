"""The pattern page: every component of the pages once, with made-up values, and when it is used."""

from __future__ import annotations

from collections.abc import Sequence

from habitue.report.charts_intervals import IntervalBar, interval_bars
from habitue.report.layout import (
    ASSUMED,
    SIMULATED,
    Block,
    Card,
    Cards,
    Cell,
    Chips,
    Column,
    Definitions,
    Facts,
    Figure,
    Fold,
    Form,
    Grid,
    Heading,
    Item,
    Items,
    Link,
    Listing,
    Prose,
    Sample,
    Section,
    cells,
)
from habitue.report.segment_figures import STRATEGIC
from habitue.web.pages import Page
from habitue.web.view import Choice, Content, Filter, Search, View

SAMPLE = "sample"
"""The label of made-up values."""

ROWS = (
    ("core", 412, 0.101, 41_230_00, (38_900_00, 43_800_00)),
    ("loyal", 1_204, 0.295, 28_470_00, (26_100_00, 31_000_00)),
    ("new", 655, 0.16, 9_120_00, (7_400_00, 11_300_00)),
)
"""Segment, customers, their share, what they bring, and its interval."""


PART = "part"
"""The section that is folded as a whole."""


def build(view: View) -> Content:
    """The page of all components."""
    made: dict[str, Sequence[Block]] = {
        "figure": _figures(view),
        "chart": [_chart(view)],
        "table": [_grid(view)],
        "list": [_listing(view)],
        "cards": [_cards(view)],
        "items": [_items(view)],
        "filters": [Sample("filters", _bar(view)), _chips(view)],
        "search": [Sample("search", _search(view))],
        "actions": [
            Link(_text(view, "primary"), view.url("patterns"), is_primary=True),
            Link(_text(view, "link"), view.url("patterns")),
        ],
        "decision": [_form(view)],
        "tags": [Sample("tags", (SIMULATED, ASSUMED, SAMPLE))],
        "facts": [_facts(view), Fold(_text(view, "fold"), [Prose(_text(view, "folded"))])],
        PART: [Prose(_text(view, "folded"))],
        "terms": [_terms(view)],
        "empty": [Prose(_text(view, "empty_sample"), is_empty_state=True)],
        "few": [Prose(_text(view, "few_sample"), is_empty_state=True)],
        "at_work": [Sample("at_work")],
        "failed": [Sample("fault")],
    }
    sections = [
        Section(
            name.replace("_", "-"),
            _text(view, name),
            [Prose(_text(view, f"{name}_when")), *blocks],
            is_folded=name == PART,
        )
        for name, blocks in made.items()
    ]
    return Content(_text(view, "title"), sections, _text(view, "answer"), labels=(SAMPLE,))


def _form(view: View) -> Form:
    buttons = [(code, _text(view, f"decision_{code}")) for code in ("one", "other")]
    return Form(_text(view, "decision_ask"), "", [], buttons, agree=_text(view, "decision_agree"))


def _text(view: View, code: str, /, **params: object) -> str:
    return view.text(f"patterns.{code}", **params)


def _figures(view: View) -> list[Block]:
    c = view.whole
    sales = view.words.term("column", "kept_amount")
    ends = {"low": c.short(584_000_00), "high": c.short(829_000_00)}
    here = (c.text("change.up", change=0.184), "def-net-sales", "figure")
    points = c.text("change.points_up", points=view.words.number(0.4, decimals=1), size=0.4)
    return [
        Sample(
            "figures",
            [
                Figure(sales[:1].upper() + sales[1:], c.short(1_040_000_00), *here, code="net_sales"),
                Figure(_text(view, "expected"), c.short(698_000_00), *here,
                       interval=c.text("figure.interval_95", **ends)),
                Figure(_text(view, "share"), view.words.share(0.833), points, *here[1:]),
            ],
        )
    ]  # fmt: skip


def _chart(view: View) -> Block:
    c = view.whole
    bars = [
        IntervalBar(c.segment(STRATEGIC, code), amount, c.short(amount), low=low, high=high, segment=code)
        for code, _, _, amount, (low, high) in ROWS
    ]
    return c.chart(
        lambda width: interval_bars(bars, width=width),
        _grid(view),
        "sample",
        title=_text(view, "chart_title", segment=bars[0].label, amount=bars[0].text),
        subtitle=_text(view, "chart_subtitle", currency=c.currency),
        note=_text(view, "chart_note"),
    )


def _columns(view: View) -> list[Column]:
    c = view.whole
    return [c.column("segment"), c.column("customers_count"), c.column("share", number=True),
            c.column("kept_amount", number=True), c.label("check")]  # fmt: skip


def _rows(view: View) -> list[list[Cell]]:
    c = view.whole
    return [
        [
            Cell(c.segment(STRATEGIC, code), segment=code),
            Cell(view.words.number(count)),
            Cell(view.words.share(share)),
            Cell(c.money(amount), c.text("value.between", low=c.short(ends[0]), high=c.short(ends[1]))),
            Cell(_text(view, "bad" if code == "new" else "good"), status="bad" if code == "new" else "good"),
        ]
        for code, count, share, amount, ends in ROWS
    ]


def _grid(view: View) -> Grid:
    c = view.whole
    total = cells(
        c.text("segments.total"),
        view.words.number(sum(row[1] for row in ROWS)),
        view.words.share(sum(row[2] for row in ROWS)),
        c.money(sum(row[3] for row in ROWS)),
        "",
    )
    return Grid(_text(view, "caption"), _columns(view), [*_rows(view), total], 1, _text(view, "table_note"))


def _listing(view: View) -> Listing:
    here = view.url("patterns", anchor="list")
    heads = [
        Heading(one.label, one.is_number, here, "descending" if at == 3 else "")
        for at, one in enumerate(_columns(view))
    ]
    files = [("CSV", here), (view.text("download.excel"), here), ("XLSX", here)]
    return Listing(_text(view, "list_caption"), heads, _rows(view), 51, 1_284, here, here, files)


def _cards(view: View) -> Cards:
    c = view.whole
    customers, share = (c.column(name).label for name in ("customers_count", "share"))
    return Cards(
        [
            Card(
                c.segment(STRATEGIC, code),
                code,
                f"def-segment-{code}",
                _text(view, "card_lead"),
                [(customers, view.words.number(count)), (share, view.words.share(part))],
                [_text(view, "card_sentence")],
                _text(view, "card_advice_label"),
                _text(view, "card_advice"),
                view.url("segments", code),
            )
            for code, count, part, *_ in ROWS
        ]
    )


def _items(view: View) -> Items:
    levels = ("act", "look", "collect", "note")
    return Items([Item(level, _text(view, f"item_{level}"), "definitions") for level in levels])


def _bar(view: View) -> list[Filter]:
    segments = [Choice(code, view.whole.segment(STRATEGIC, code), is_chosen=False) for code, *_ in ROWS]
    return [
        Filter(
            "sample", view.words.term("column", "segment"), [Choice("", view.text("filter.every"), True), *segments]
        ),
    ]


def _chips(view: View) -> Chips:
    picked = view.words.named(view.words.term("column", "segment"), view.whole.segment(STRATEGIC, "core"))
    return Chips(
        view.text("tables.picked"), [(picked, view.url("patterns"), view.text("tables.take_away", what=picked))]
    )


def _search(view: View) -> Search:
    return Search(_text(view, "search_label"), "", _text(view, "search_hint"), _text(view, "search_button"))


def _facts(view: View) -> Facts:
    c = view.whole
    return Facts([(c.column("source").label, _text(view, "fact_source")), (c.column("encoding").label, "utf-8")])


def _terms(view: View) -> Definitions:
    codes = ("net_sales", "identified", "interval")
    text = view.words.text
    return Definitions([(f"term-{code.replace('_', '-')}", text(f"definition.{code}.term"),
                         text(f"definition.{code}.meaning")) for code in codes])  # fmt: skip


PAGE = Page("patterns", build, in_menu=False)
