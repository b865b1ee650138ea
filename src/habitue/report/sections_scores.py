"""How customers are scored by recency, frequency and value, and how concentrated sales are on the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from habitue.report import charts_segments as drawing
from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Prose, Section, cells
from habitue.report.sections_segments import window
from habitue.report.sections_weights import weights

Row = Mapping[str, Any]
SCORES = (1, 2, 3, 4, 5)
DIMENSIONS = ("recency", "frequency", "monetary")
BEST = (4, 5)


def scores(c: Context) -> Section | None:
    """Customers by recency and frequency scores as a heat map, and what each score stands for."""
    populations = [name for name in c.segments.populations if _cells(c, name)]
    if not populations:
        return None
    main, *others = populations
    blocks: list[Block] = [_heat(c, main), cut_grid(c, main), *weights(c)]
    for population in others:
        grids = [cut_grid(c, population), _cell_grid(c, population)]
        blocks.append(Fold(c.heading("scores.other", population=c.population(population)), grids))
    return Section("scores", c.text("scores.title"), blocks, c.labels)


def _cells(c: Context, population: str) -> dict[tuple[int, int], Row]:
    rows = figures.rows_of(c.tables, "rfm_cells")
    return {(row["recency_score"], row["frequency_score"]): row for row in rows if row["population"] == population}


def _cuts(c: Context, population: str) -> list[Row]:
    return [row for row in figures.rows_of(c.tables, "rfm_cuts") if row["population"] == population]


def _heat(c: Context, population: str) -> Block:
    found = _cells(c, population)
    most = max(row["customers_count"] for row in found.values())
    best = [row for key, row in found.items() if key[0] in BEST and key[1] in BEST]
    net = sum(row["net_amount"] for row in found.values())
    share = sum(row["customers_share"] or 0.0 for row in best)
    title = (
        c.text("scores.finding", customers=share, net=sum(row["net_amount"] for row in best) / net)
        if net > 0
        else c.text("scores.finding_no_sales", customers=share)
    )
    picture = [
        [
            drawing.HeatCell(
                # By the square root: one large cell would leave all others pale.
                (found[recency, frequency]["customers_count"] / most) ** 0.5 if most else 0.0,
                c.words.number(found[recency, frequency]["customers_count"]),
                c.words.share(found[recency, frequency]["customers_share"]),
            )
            for frequency in SCORES
        ]
        for recency in reversed(SCORES)
    ]
    rows = [
        (c.text("scores.score", score=score), _range(c, population, "recency", score)) for score in reversed(SCORES)
    ]
    columns = [(c.text("scores.score", score=score), _range(c, population, "frequency", score)) for score in SCORES]
    return c.chart(
        lambda width: drawing.score_heat(
            picture,
            rows,
            columns,
            row_title=c.text("scores.recency_axis"),
            column_title=c.text("scores.frequency_axis"),
            width=width,
        ),
        _cell_grid(c, population),
        "recency-and-frequency",
        title=title,
        subtitle=c.text("scores.subtitle", population=c.population(population), window=window(c), day=c.as_of),
        note=c.text("scores.note"),
    )  # fmt: skip


def _cell_grid(c: Context, population: str) -> Grid:
    return Grid(
        c.text("scores.caption", population=c.population(population), window=window(c), currency=c.currency),
        [
            c.column("recency_score", number=True),
            c.label("recency_range"),
            c.column("frequency_score", number=True),
            c.label("frequency_range"),
            c.column("rfm_cells.customers_count"),
            c.column("rfm_cells.customers_share", number=True),
            c.column("rfm_cells.net_amount"),
        ],
        [
            cells(
                str(recency),
                _range(c, population, "recency", recency),
                str(frequency),
                _range(c, population, "frequency", frequency),
                c.words.number(row["customers_count"]),
                c.words.share(row["customers_share"]),
                c.money(row["net_amount"]),
            )
            for (recency, frequency), row in sorted(_cells(c, population).items(), reverse=True)
        ],
        table="rfm_cells",
        where=(("population", population),),
    )


def _range(c: Context, population: str, dimension: str, score: int) -> str:
    """What a used score goes from and to, in words."""
    for row in _cuts(c, population):
        if row["is_used"] and row["dimension"] == dimension and row["score"] == score:
            return _range_of(c, row)
    return c.text("scores.nobody")


def _range_of(c: Context, row: Row) -> str:
    if row["dimension"] == "monetary":
        low, high = row["from_amount"], row["to_amount"]
        return c.short(low) if low == high else f"{c.short(low)} – {c.short(high)}"
    unit = "days" if row["dimension"] == "recency" else "visits"
    low, high = (_plain(row[f"{end}_{unit}"]) for end in ("from", "to"))
    if low == high:
        return c.text(f"scores.{unit}_one", count=high)
    return c.text(f"scores.{unit}", low=low, count=high)


def _plain(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def cut_grid(c: Context, population: str) -> Grid:
    """The cut-offs of one population: one line a dimension and method, one column a score."""
    rows = _cuts(c, population)
    body: list[Sequence[Cell]] = []
    for dimension in DIMENSIONS:
        for is_used in (True, False):
            mine = {row["score"]: row for row in rows if (row["dimension"], row["is_used"]) == (dimension, is_used)}
            if not mine:
                continue
            method = next(iter(mine.values()))["method"]
            used = "" if is_used else c.text("scores.beside")
            body.append(
                [
                    Cell(c.words.term("dimension", dimension)),
                    Cell(c.words.term("method", method, default=method), used),
                    *(
                        Cell(
                            _range_of(c, mine[score]), c.text("scores.customers", count=mine[score]["customers_count"])
                        )
                        if score in mine
                        else Cell("–", c.text("scores.nobody"))
                        for score in SCORES
                    ),
                ]
            )
    return Grid(
        c.text("scores.cuts_caption", population=c.population(population), window=window(c), currency=c.currency),
        [
            c.column("rfm_cuts.dimension"),
            c.column("rfm_cuts.method"),
            *(Column(c.text("scores.score", score=score), True) for score in SCORES),
        ],
        body,
        note=c.text("scores.cuts_note"),
        table="rfm_cuts",
        where=(("population", population),),
    )


def concentration(c: Context) -> Section | None:
    """How much of sales the best customers bring."""
    curves: dict[str, list[Row]] = {}
    for row in figures.rows_of(c.tables, "concentration"):
        if row["net_share"] is not None:
            curves.setdefault(row["population"], []).append(row)
    populations = [name for name in c.segments.populations if len(curves.get(name, [])) > 1]
    if not populations:
        return None
    main, *others = populations
    blocks: list[Block] = [_curve(c, main, sorted(curves[main], key=lambda row: row["customers_share"]))]
    gini = c.segments.measure("gini", "customers", main)
    if gini:
        blocks.append(Prose(c.text("concentration.gini", value=c.words.number(gini["value"], decimals=2))))
    if others:
        blocks.append(_other_concentrations(c, populations))
    return Section("concentration", c.text("concentration.title"), blocks, c.labels)


def _curve(c: Context, population: str, rows: Sequence[Row]) -> Block:
    measured = c.segments.measure("top_decile_share", "customers", population)
    tenth = min(rows, key=lambda row: abs(row["customers_share"] - 0.1))
    share = measured["value"] if measured else tenth["net_share"]
    top = c.words.share(share)
    points = [(row["customers_share"], row["net_share"]) for row in rows]
    grid = Grid(
        c.text("concentration.caption", population=c.population(population), window=window(c), currency=c.currency),
        [
            c.column("concentration.customers_share", number=True),
            c.column("concentration.customers_count"),
            c.column("concentration.net_amount"),
            c.column("concentration.net_share", number=True),
        ],
        [
            cells(
                c.words.share(row["customers_share"]),
                c.words.number(row["customers_count"]),
                c.money(row["net_amount"]),
                c.words.share(row["net_share"]),
            )
            for row in rows
        ],
        table="concentration",
        where=(("population", population),),
    )
    return c.chart(
        lambda width: drawing.concentration(
            points,
            (tenth["customers_share"], share),
            annotation=c.text("concentration.annotation", share=top),
            equal=c.text("concentration.equal"),
            percent=[c.words.share(part, decimals=0) for part in (0.0, 0.25, 0.5, 0.75, 1.0)],
            x_title=c.text("concentration.x"),
            y_title=c.text("concentration.y"),
            width=width,
        ),
        grid,
        "concentration",
        title=c.text("concentration.finding", share=top),
        subtitle=c.text(
            "concentration.subtitle", population=c.population(population), window=window(c),
            customers=rows[-1]["customers_count"],
        ),
    )  # fmt: skip


def _other_concentrations(c: Context, populations: Sequence[str]) -> Grid:
    def told(measure: str, population: str) -> float | None:
        row = c.segments.measure(measure, "customers", population)
        return row["value"] if row else None

    def size(population: str) -> int | None:
        row = c.segments.measure("gini", "customers", population)
        return row["customers_count"] if row else None

    return Grid(
        c.text("concentration.populations_caption", window=window(c)),
        [
            c.column("population"),
            c.column("segment_measures.customers_count"),
            Column(c.words.term("measure", "top_decile_share"), True),
            Column(c.words.term("measure", "gini"), True),
        ],
        [
            cells(
                c.population(name),
                c.words.number(size(name)),
                c.words.share(told("top_decile_share", name)),
                c.words.number(told("gini", name), decimals=2),
            )
            for name in populations
        ],
        table="segment_measures",
        where=(("segmentation", "customers"),),
    )
