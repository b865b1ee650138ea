"""Sections on what was sold: rolling years, months, sales channels, stores, kinds of sale, returns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from habitue.periods import months_before
from habitue.report import charts, figures
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Column, Grid, Prose, Section, cells

MOST_PANELS = 5
MOST_BARS = 20


def by_year(c: Context) -> Section:
    """Sales by rolling year, on the day of the purchase and as rung up."""
    rows = c.years.rows
    if not rows:
        return _empty(c, "years", "years.none")
    begin = c.years.data_begin

    def period(row: dict[str, date]) -> Cell:
        partly = begin is not None and begin > row["first_on"].replace(day=1)
        return Cell(_days(c, row["first_on"], row["last_on"]), c.text("years.partly", month=begin) if partly else "")

    grid = Grid(
        c.text("years.caption", currency=c.currency),
        [
            c.label("period"),
            *(c.column(name) for name in ("kept_amount", "net_amount", "identified_amount", "unidentified_amount")),
            c.label("identified_share", number=True),
            c.column("tickets_count"),
            c.column("sales_by_year.customers_count"),
        ],
        [
            [
                period(row),
                *cells(
                    c.money(row["kept_amount"]),
                    c.money(row["net_amount"]),
                    c.money(row["identified_amount"]),
                    c.money(row["unidentified_amount"]),
                    c.words.share(figures.share_of(row["identified_amount"], row["kept_amount"])),
                    c.words.number(row["tickets_count"]),
                    c.words.number(row["customers_count"]),
                ),
            ]
            for row in rows
        ],
        table="sales_by_year",
    )
    compared = c.years.compare("kept_amount")
    amount = c.short(compared.now)
    title = (
        c.text("years.finding", amount=amount, change=c.change(compared))
        if compared.relative is not None
        else c.text("years.finding_alone", amount=amount)
    )
    bars = [
        charts.Bar(
            c.text("years.to", day=row["last_on"]), row["kept_amount"], c.short(row["kept_amount"]), row["net_amount"]
        )
        for row in rows[:8]
    ]
    notes = [c.text("years.views")]
    if begin is not None and any(begin > row["first_on"].replace(day=1) for row in rows[:8]):
        notes.append(c.text("years.partly_note", month=begin))
    chart = c.chart(
        lambda width: charts.bars(bars, width),
        grid,
        "sales-by-year",
        title=title,
        subtitle=c.text("years.subtitle", currency=c.currency),
        note=" ".join(notes),
    )
    return Section("years", c.text("years.title"), [chart], c.labels)


def by_month(c: Context) -> Section:
    """Sales by month, one panel a sales channel."""
    series = figures.monthly(c.sales, "sales_channel")
    if not series:
        return _empty(c, "months", "months.none")
    last = c.as_of.replace(day=1)
    first = max(min(month for values in series.values() for month in values), months_before(last, 24))
    shown = [first]
    while shown[-1] < last:
        shown.append(figures.next_month(shown[-1]))
    weight = {code: sum(abs(values.get(month, 0)) for month in shown) for code, values in series.items()}
    ranked = sorted(series, key=lambda code: (-weight[code], code or ""))
    groups = [(c.written(code), [series[code]]) for code in ranked]
    if len(groups) > MOST_PANELS + 1:
        rest = [series[code] for code in ranked[MOST_PANELS:]]
        groups = [*groups[:MOST_PANELS], (c.text("months.others", count=len(rest)), rest)]
    values = [(name, [sum(one.get(month, 0) for one in part) for month in shown]) for name, part in groups]
    totals = [sum(column) for column in zip(*(amounts for _, amounts in values), strict=True)]
    strong = frozenset(at for at, month in enumerate(shown) if month in c.months.now)
    panels = [charts.Panel(name, amounts) for name, amounts in values]
    labels = [c.words.month(month, short=True) for month in shown]
    grid = Grid(
        c.text("months.caption", currency=c.currency),
        [
            c.column("month_on"),
            *(Column(name, is_number=True) for name, _ in values),
            *([c.label("total", number=True)] if len(values) > 1 else []),
        ],
        [
            [
                Cell(c.words.month(month), c.text("months.begun", day=c.as_of) if month == c.months.partial else ""),
                *cells(*(c.money(amounts[at]) for _, amounts in values)),
                *(cells(c.money(totals[at])) if len(values) > 1 else []),
            ]
            for at, month in reversed(list(enumerate(shown)))
        ],
        table="sales",
    )
    span = [at for at, month in enumerate(shown) if month in c.months.now]
    best = max(span, key=lambda at: totals[at])
    code = "months.finding" if len(span) > 1 else "months.finding_one"
    note = c.text("months.partial", month=c.months.partial, day=c.as_of) if c.months.partial else ""
    chart = c.chart(
        lambda width: charts.month_panels(panels, labels, strong=strong, amount=c.short, width=width),
        grid,
        "sales-by-month",
        title=c.text(code, month=shown[best], amount=c.short(totals[best])),
        subtitle=c.text("months.subtitle", currency=c.currency),
        note=note,
    )
    return Section("months", c.text("months.title"), [chart], c.labels)


def by_channel(c: Context) -> Section:
    """Sales by sales channel in the last twelve complete months."""
    lines = figures.breakdown(c.sales, "sales_channel", c.months)
    if not lines:
        return _empty(c, "channels", "channels.none")
    first = lines[0]
    title = (
        c.text("channels.finding", name=c.written(first.code), share=first.share)
        if len(lines) > 1
        else c.text("channels.finding_one", name=c.written(first.code))
    )
    return _ranked(c, "channels", [(c.written(line.code), line) for line in lines], title, "sales_channel")


def by_store(c: Context) -> Section:
    """Sales by store in the last twelve complete months."""
    lines = figures.breakdown(c.sales, "store_id", c.months)
    if not any(line.code is not None for line in lines):
        return _empty(c, "stores", "stores.none")
    stores = [line for line in lines if line.code is not None]
    total, so_far, needed = sum(line.value for line in stores), 0, 0
    for line in stores:
        so_far, needed = so_far + line.value, needed + 1
        if so_far * 2 >= total:
            break
    title = (
        c.text("stores.finding", needed=needed, count=len(stores))
        if len(stores) > 1
        else c.text("stores.finding_one", name=c.store(stores[0].code))
    )
    named = [(c.store(line.code), line) for line in stores]
    # What names no store, such as web orders, is no store: it stands below, whatever its value.
    named += [(c.text("stores.without"), line) for line in lines if line.code is None]
    return _ranked(c, "stores", named, title, "store_id")


def kinds(c: Context) -> Section:
    """Kinds of sale and populations: what counts, what is shown apart."""
    span = set(c.months.now)
    rows = [row for row in c.sales if row["month_on"] in span]
    if not rows:
        return _empty(c, "kinds", "kinds.none")
    measures = ("lines_count", "net_amount", "kept_amount")
    types = figures.totals(rows, ("sale_type", "counts"), measures)
    types.sort(key=lambda row: (not row["counts"], -abs(row["net_amount"]), row["sale_type"] or ""))
    apart = [row for row in types if not row["counts"]]
    blocks: list[Block] = [
        Prose(
            c.text(
                "kinds.apart",
                amount=c.money(sum(row["net_amount"] for row in apart)),
                kinds=c.words.listing([c.words.term("sale_type", row["sale_type"]) for row in apart[:6]]),
            )
            if apart
            else c.text("kinds.all_count")
        )
    ]
    blocks.append(
        Grid(
            c.text("kinds.caption", period=_months(c), currency=c.currency),
            [
                c.column("sale_type"),
                c.column("counts"),
                c.column("lines_count"),
                c.column("net_amount"),
                c.column("kept_amount"),
            ],
            [
                cells(
                    c.words.term("sale_type", row["sale_type"], default=row["sale_type"]),
                    c.text("kinds.counts" if row["counts"] else "kinds.set_apart"),
                    c.words.number(row["lines_count"]),
                    c.money(row["net_amount"]),
                    c.money(row["kept_amount"]),
                )
                for row in types
            ],
            table="sales",
        )
    )
    people = figures.totals([row for row in rows if row["counts"]], ("population",), (*measures, "identified_amount"))
    people.sort(key=lambda row: (-row["kept_amount"], row["population"] or ""))
    if people:
        total = sum(row["kept_amount"] for row in people)
        blocks.append(
            Grid(
                c.text("kinds.population_caption", period=_months(c), currency=c.currency),
                [
                    c.column("population"),
                    c.column("lines_count"),
                    c.column("kept_amount"),
                    c.label("share_of_sales", number=True),
                    c.column("identified_amount"),
                ],
                [
                    cells(
                        c.words.term("population", row["population"], default=row["population"]),
                        c.words.number(row["lines_count"]),
                        c.money(row["kept_amount"]),
                        c.words.share(figures.share_of(row["kept_amount"], total)),
                        c.money(row["identified_amount"]),
                    )
                    for row in people
                ],
                table="sales",
                where=(("counts", "true"),),
            )
        )
    blocks += _margins(c, [row for row in rows if row["counts"]])
    return Section("kinds", c.text("kinds.title"), blocks, c.sales_labels)


def _margins(c: Context, rows: figures.Rows) -> list[Block]:
    """One sentence on margins, where there are any."""
    sums = figures.totals(rows, (), ("kept_amount", "margin_amount", "margin_known_amount", "margin_assumed_amount"))
    if not sums or not sums[0]["margin_known_amount"]:
        return []
    margin = sums[0]
    assumed = margin["margin_assumed_amount"]
    return [
        Prose(
            c.text(
                "kinds.margin",
                margin=c.money(margin["margin_amount"]),
                known=figures.share_of(margin["margin_known_amount"] - assumed, margin["kept_amount"]),
                assumed=figures.share_of(assumed, margin["kept_amount"]),
            )
        )
    ]


def returns(c: Context) -> Section:
    """Returns: how they were linked to a purchase, and why not."""
    found = figures.grouped(c.tables.get("returns"), ["linked_by", "reason"], "returned_amount")
    if not found:
        return _empty(c, "returns", "returns.none")
    total = sum(row["amount"] for row in found)
    linked = sum(row["amount"] for row in found if row["linked_by"] not in ("none", "above_purchase"))
    ways = figures.totals(found, ("linked_by",), ("rows", "amount"))
    ways.sort(key=lambda row: (row["linked_by"] in ("none", "above_purchase"), -row["amount"]))

    def way(code: str) -> str:
        return c.words.term("linked_by", code, default=code)

    bars = [charts.Bar(way(row["linked_by"]), row["amount"], c.short(row["amount"])) for row in ways]
    grid = Grid(
        c.text("returns.caption", currency=c.currency),
        [
            c.column("linked_by"),
            c.label("parts", number=True),
            c.column("returned_amount"),
            c.label("share_of_returns", number=True),
        ],
        [
            cells(
                way(row["linked_by"]),
                c.words.number(row["rows"]),
                c.money(row["amount"]),
                c.words.share(figures.share_of(row["amount"], total)),
            )
            for row in ways
        ],
        table="returns",
    )
    blocks: list[Block] = [
        c.chart(
            lambda width: charts.bars(bars, width),
            grid,
            "returns",
            title=c.text("returns.finding", share=figures.share_of(linked, total)),
            subtitle=c.text("returns.subtitle", currency=c.currency, day=c.as_of),
        )
    ]
    unlinked = [row for row in found if row["linked_by"] == "none"]
    if unlinked:
        unlinked.sort(key=lambda row: -row["amount"])
        blocks.append(
            Grid(
                c.text("returns.unlinked_caption", currency=c.currency),
                [c.column("reason"), c.label("parts", number=True), c.column("returned_amount")],
                [
                    cells(
                        c.words.term("unlinked_reason", row["reason"], default=row["reason"]),
                        c.words.number(row["rows"]),
                        c.money(row["amount"]),
                    )
                    for row in unlinked
                ],
                table="returns",
                where=(("linked_by", "none"),),
            )
        )
    above = [row for row in found if row["linked_by"] == "above_purchase"]
    if above:
        blocks.append(
            Prose(
                c.text(
                    "returns.above",
                    count=sum(row["rows"] for row in above),
                    amount=c.money(sum(row["amount"] for row in above)),
                )
            )
        )
    return Section("returns", c.text("returns.title"), blocks, c.labels)


def _ranked(c: Context, anchor: str, lines: Sequence[tuple[str, figures.Line]], title: str, column: str) -> Section:
    """Bars sorted by value, with the twelve months before as a mark where the data have them."""
    with_before = any(line.before is not None for _, line in lines)
    columns = [c.column(column), c.column("kept_amount"), c.label("share_of_sales", number=True)]
    if with_before:
        columns += [c.label("before", number=True), c.label("change", number=True)]
    grid = Grid(
        c.text(f"{anchor}.caption", period=_months(c), currency=c.currency),
        columns,
        [
            cells(
                name,
                c.money(line.value),
                c.words.share(line.share),
                *((c.money(line.before), c.change_short(line.value, line.before)) if with_before else ()),
            )
            for name, line in lines
        ],
        table="sales",
    )
    bars = [charts.Bar(name, line.value, c.short(line.value), line.before) for name, line in lines[:MOST_BARS]]
    note = c.text("ranked.more", shown=MOST_BARS, count=len(lines)) if len(lines) > MOST_BARS else ""
    chart = c.chart(
        lambda width: charts.bars(bars, width),
        grid,
        f"sales-by-{anchor}",
        title=title,
        subtitle=c.text(
            "ranked.subtitle_before" if with_before else "ranked.subtitle", currency=c.currency, period=_months(c)
        ),
        note=note,
    )
    return Section(anchor, c.text(f"{anchor}.title"), [chart], c.labels)


def _days(c: Context, first: date, last: date) -> str:
    return f"{c.words.date(first)} – {c.words.date(last)}"


def _months(c: Context) -> str:
    """The months of the breakdowns, in words."""
    if not c.months.now:
        return "–"
    first, last = c.months.now[0], c.months.now[-1]
    return c.words.month(first) if first == last else f"{c.words.month(first)} – {c.words.month(last)}"


def _empty(c: Context, anchor: str, code: str) -> Section:
    return Section(anchor, c.text(f"{anchor}.title"), [Prose(c.text(code), is_empty_state=True)], c.labels)
