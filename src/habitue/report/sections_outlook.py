"""What each segment bought next, and what the five-way cut keeps and loses beside the other segmentations."""

from __future__ import annotations

from collections.abc import Sequence

from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Prose, Section, cells
from habitue.report.sections_segments import named
from habitue.report.segment_figures import STANDARD, STRATEGIC, months_between


def outlook(c: Context, *, is_crossed: bool = True) -> Section | None:
    """Next-period net by segment, how well each segmentation tells customers apart, and the cross-tables.

    Args:
        c: words and tables.
        is_crossed: with the cross-tables; a page shows them in a section of their own.
    """
    populations = [name for name in c.segments.populations if c.segments.outlook(STRATEGIC, name)]
    if not populations:
        return None
    main, *others = populations
    blocks: list[Block] = [Prose(_finding(c, main)), _outlook_grid(c, main), *_measures(c, main)]
    for name in c.segments.segmentations if is_crossed else ():
        grid = crossing_grid(c, name, main)
        if grid is not None:
            blocks.append(grid if name == STANDARD[0] else Fold(grid.caption, [grid]))
    for population in others:
        grids = [_outlook_grid(c, population), *_measures(c, population)]
        blocks.append(Fold(c.heading("outlook.other", population=c.population(population)), grids))
    return Section("outlook", c.text("outlook.title"), blocks, c.labels)


def _finding(c: Context, population: str) -> str:
    rows = c.segments.outlook(STRATEGIC, population)
    months = months_between(rows[0]["from_on"], rows[0]["to_on"])
    customers, amount = (sum(row[name] for row in rows) for name in ("customers_count", "next_amount"))
    core = next((row for row in rows if row["segment"] == "core"), None)
    mean = figures.share_of(amount, customers)
    if core is None or not core["customers_count"] or not mean or mean <= 0:
        return c.text("outlook.lead", day=rows[0]["from_on"], count=months)
    return c.text(
        "outlook.finding",
        day=rows[0]["from_on"],
        count=months,
        each=c.short(core["next_per_head_amount"]),
        times=core["next_amount"] / core["customers_count"] / mean,
        share=core["next_share"],
    )


def _outlook_grid(c: Context, population: str) -> Grid:
    rows = c.segments.outlook(STRATEGIC, population)
    customers, amount = (sum(row[name] for row in rows) for name in ("customers_count", "next_amount"))
    names = ("customers_count", "customers_share", "next_amount", "next_share", "next_per_head_amount")
    body = [
        [
            named(c, STRATEGIC, row["segment"]),
            *cells(
                c.words.number(row["customers_count"]),
                c.words.share(row["customers_share"]),
                c.money(row["next_amount"]),
                c.words.share(row["next_share"]),
                c.money(row["next_per_head_amount"]),
            ),
        ]
        for row in rows
    ]
    total = cells(
        c.text("segments.total"),
        c.words.number(customers),
        c.words.share(figures.share_of(customers, customers)),
        c.money(amount),
        c.words.share(1.0 if amount else None),
        c.money(round(amount / customers) if customers else None),
    )
    return Grid(
        c.text(
            "outlook.caption", population=c.population(population), first=rows[0]["from_on"], last=rows[0]["to_on"],
            currency=c.currency,
        ),
        [c.label("segment_then"), *(c.column(f"segment_outlook.{name}", number=True) for name in names)],
        [*body, total],
        1,
        table="segment_outlook",
        where=(("segmentation", STRATEGIC), ("population", population), ("to_on", str(rows[0]["to_on"]))),
    )  # fmt: skip


def _measures(c: Context, population: str) -> list[Grid | Prose]:
    """How much of the differences between customers each segmentation explains."""
    found: list[tuple[str, float, float | None, int]] = []
    for name in (STRATEGIC, *c.segments.segmentations):
        eta, gini = (c.segments.measure(measure, name, population) for measure in ("eta_squared", "gini_between"))
        if eta:
            found.append((name, eta["value"], gini["value"] if gini else None, eta["customers_count"]))
    if not found:
        return []
    blocks: list[Grid | Prose] = []
    values = {name: eta for name, eta, _, _ in found}
    if STRATEGIC in values and STANDARD[0] in values:
        best = "five" if values[STRATEGIC] >= values[STANDARD[0]] else "ten"
        blocks.append(Prose(c.text(f"outlook.explains_{best}", five=values[STRATEGIC], ten=values[STANDARD[0]])))
    blocks.append(
        Grid(
            c.text("outlook.measures_caption", population=c.population(population)),
            [
                c.column("segmentation"),
                Column(c.words.term("measure", "eta_squared"), True),
                Column(c.words.term("measure", "gini_between"), True),
                c.column("segment_measures.customers_count"),
            ],
            [
                cells(
                    c.segmentation(name, is_first=True),
                    c.words.share(eta),
                    c.words.number(gini, decimals=2),
                    c.words.number(count),
                )
                for name, eta, gini, count in found
            ],
            table="segment_measures",
            where=(("population", population),),
        )
    )
    return blocks


def crossing_grid(c: Context, segmentation: str, population: str) -> Grid | None:
    """Strategic segments down, those of another segmentation across: customers, and next-period net a head."""
    found = c.segments.crossing(segmentation, population)
    rows: Sequence[str] = [code for code in c.segments.segments(STRATEGIC) if any(key[0] == code for key in found)]
    columns = [code for code in c.segments.segments(segmentation) if any(key[1] == code for key in found)]
    if not rows or not columns:
        return None
    some = next(iter(found.values()))

    def cell(row: str, column: str) -> Cell:
        pair = found.get((row, column))
        if pair is None:
            return Cell("–")
        return Cell(
            c.words.number(pair["customers_count"]),
            c.text("outlook.each", amount=c.short(pair["next_per_head_amount"])),
        )

    return Grid(
        c.text(
            "outlook.crossing_caption", segmentation=c.segmentation(segmentation), population=c.population(population),
            first=some["from_on"], last=some["to_on"], currency=c.currency,
        ),
        [c.label("segment_then"), *(Column(c.segment(segmentation, code), True) for code in columns)],
        [[named(c, STRATEGIC, row), *(cell(row, column) for column in columns)] for row in rows],
        note=c.text("outlook.crossing_note"),
        table="segment_crossing",
        where=(("segmentation", segmentation), ("population", population)),
    )  # fmt: skip
