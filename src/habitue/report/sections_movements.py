"""How customers move between the strategic segments from one date to a later one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from habitue.report import charts_movements as drawing
from habitue.report import figures
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Prose, Section, cells
from habitue.report.locale import Exact
from habitue.report.sections_segments import named
from habitue.report.segment_figures import NOT_YET, STRATEGIC, around_core, movers

Moves = Mapping[tuple[str, str], Mapping[str, Any]]
Step = tuple[date, date]
MOST_MOVES = 12
"""Moves listed with their sales; the others by `habitue show`."""

LEAST_FLOW = 0.001
"""Flows below this share of all customers are left out of the ribbons."""


def movements(c: Context, step: Step | None = None) -> Section:
    """A matrix (the newest) as heat map, ribbons and tables; others as tables; their test; what may not be."""
    title = c.text("moves.title")
    if not c.segments.populations or not c.segments.steps:
        code = "moves.none" if c.segments.populations else "moves.nobody"
        return Section("moves", title, [Prose(c.text(code), is_empty_state=True, anchor="attention")], c.labels)
    main, *others = c.segments.populations
    step = step or c.segments.steps[0]
    moves = c.segments.moves(main, step)
    blocks: list[Block] = []
    if moves:
        blocks += [_matrix(c, main, step, moves), _ribbons(c, main, step, moves)]
        blocks += _revenue(c, main, step, moves)
    blocks += _homogeneity(c, main)
    blocks += _violations(c)
    for other in c.segments.steps:
        if other != step and (cells_then := c.segments.moves(main, other)):
            grid = _share_grid(c, main, other, cells_then)
            blocks.append(Fold(grid.caption, [grid]))
    for population in others:
        if theirs := c.segments.moves(population, step):
            grid = _share_grid(c, population, step, theirs)
            blocks.append(Fold(grid.caption, [grid]))
    return Section("moves", title, blocks, c.labels)


def _caption(c: Context, code: str, population: str, step: Step) -> str:
    return c.text(code, population=c.population(population), first=step[0], last=step[1], currency=c.currency)


def _cells_of(population: str, step: Step) -> tuple[tuple[str, str], ...]:
    """What picks the cells of one strategic matrix."""
    first, last = (day.isoformat() for day in step)
    return ("segmentation", STRATEGIC), ("population", population), ("from_on", first), ("to_on", last)


def sizes(moves: Moves, side: int) -> Counter[str]:
    """Customers by segment at the earlier (0) or later (1) date."""
    found: Counter[str] = Counter()
    for pair, row in moves.items():
        found[pair[side]] += row["customers_count"]
    return found


def _ends(moves: Moves) -> tuple[list[str], list[str]]:
    """Rows and columns of the matrix: not yet customers only where there are some."""
    order = list(dict.fromkeys(start for start, _ in moves))
    before, after = sizes(moves, 0), sizes(moves, 1)
    return (
        [code for code in order if code != NOT_YET or before[code]],
        [code for code in order if code != NOT_YET or after[code]],
    )


def finding(c: Context, step: Step, moves: Moves) -> str:
    """How many core customers, or loyal ones, stayed what they were."""
    before = sizes(moves, 0)
    for code in ("core", "loyal"):
        if before[code]:
            return c.text(
                f"moves.finding_{code}", count=before[code], day=step[0], share=moves[code, code]["row_share"],
                to=step[1],
            )  # fmt: skip
    return c.text("moves.finding", first=step[0], last=step[1])


def _matrix(c: Context, population: str, step: Step, moves: Moves) -> Block:
    rows, columns = _ends(moves)
    before, after = sizes(moves, 0), sizes(moves, 1)

    def line(code: str, size: int) -> drawing.MatrixRow:
        told = c.words.number(size) if code == NOT_YET else c.text("moves.customers", count=size)
        return drawing.MatrixRow(c.segment(STRATEGIC, code), code, told)

    picture = [[_move(c, moves[start, end]) for end in columns] for start in rows]
    notes = [c.text("moves.note")]
    if any(moves[start, end]["is_small_row"] for start in rows for end in columns):
        notes.append(c.text("moves.small_note"))
    if NOT_YET in rows:
        notes.append(c.text("moves.not_yet_note"))
    return c.chart(
        lambda width: drawing.matrix(
            [line(code, before[code]) for code in rows],
            [line(code, after[code]) for code in columns],
            picture,
            row_title=c.text("moves.row_title", day=step[0]),
            column_title=c.text("moves.column_title", day=step[1]),
            width=width,
        ),
        _move_grid(c, population, step, moves),
        "transition-matrix",
        title=finding(c, step, moves),
        subtitle=c.text("moves.subtitle", population=c.population(population), first=step[0], last=step[1]),
        note=" ".join(notes),
    )


def _move(c: Context, row: Mapping[str, Any]) -> drawing.Move:
    count, is_odd = row["customers_count"], row["is_impossible"] and row["customers_count"] > 0
    share = row["row_share"]
    words = c.words.number(count)
    return drawing.Move(
        share,
        words
        if share is None
        else c.words.share(share, decimals=0)
        if share >= 0.0995 or share == 0
        else c.words.share(share),
        "" if share is None else words,
        is_impossible=row["is_impossible"],
        is_small=row["is_small_row"],
        is_diagonal=row["from_segment"] == row["to_segment"],
        is_violation=bool(is_odd),
    )


def _move_grid(c: Context, population: str, step: Step, moves: Moves) -> Grid:
    """Every possible move with its interval; impossible ones only if they were seen."""
    rows, columns = _ends(moves)
    body = []
    for start in rows:
        for end in columns:
            row = moves[start, end]
            if row["is_impossible"] and not row["customers_count"]:
                continue
            under = c.text("moves.impossible_seen") if row["is_impossible"] else ""
            body.append(
                [
                    Cell(
                        c.segment(STRATEGIC, start), c.text("moves.small") if row["is_small_row"] else "", segment=start
                    ),
                    Cell(c.segment(STRATEGIC, end), under, segment=end),
                    *cells(
                        c.words.number(row["customers_count"]),
                        c.words.share(row["row_share"]),
                        _interval(c, row),
                        c.words.share(row["column_share"]),
                        c.money(row["before_amount"]),
                        c.money(row["after_amount"]),
                    ),
                ]
            )
    return Grid(
        _caption(c, "moves.caption", population, step),
        [
            c.column("from_segment"),
            c.column("to_segment"),
            c.column("transitions.customers_count"),
            c.column("row_share", number=True),
            c.label("interval", number=True),
            c.column("column_share", number=True),
            c.column("before_amount"),
            c.column("after_amount"),
        ],
        body,
        table="transitions",
        where=_cells_of(population, step),
    )


def _interval(c: Context, row: Mapping[str, Any]) -> str:
    if row["low_share"] is None:
        return "–"
    return f"{c.words.share(row['low_share'])} – {c.words.share(row['high_share'])}"


def _ribbons(c: Context, population: str, step: Step, moves: Moves) -> Block:
    """The same as ribbons; who was and is not yet a customer is left out, and flows too small to see."""
    rows, columns = _ends(moves)
    some = {pair: row for pair, row in moves.items() if pair != (NOT_YET, NOT_YET)}
    total = sum(row["customers_count"] for row in some.values())
    shown = {pair: row for pair, row in some.items() if row["customers_count"] >= max(1, total * LEAST_FLOW)}
    before, after = sizes(some, 0), sizes(some, 1)
    flows = [
        drawing.Flow(rows.index(start), columns.index(end), row["customers_count"])
        for (start, end), row in shown.items()
    ]

    def line(code: str, size: int) -> drawing.MatrixRow:
        return drawing.MatrixRow(c.segment(STRATEGIC, code), code, c.words.number(size))

    left_out = sum(row["customers_count"] for pair, row in some.items() if pair not in shown)
    stayed = moves.get((NOT_YET, NOT_YET))
    notes = [c.text("ribbons.note")]
    if left_out:
        notes.append(c.text("ribbons.left_out", count=left_out))
    if stayed and stayed["customers_count"]:
        notes.append(c.text("ribbons.not_yet", count=stayed["customers_count"]))
    gone, come = (
        sum(row["customers_count"] for pair, row in some.items() if _crosses(pair, into)) for into in (False, True)
    )
    return c.chart(
        lambda width: drawing.ribbons(
            [line(code, before[code]) for code in rows],
            [line(code, after[code]) for code in columns],
            flows,
            before_title=c.words.date(step[0]),
            after_title=c.words.date(step[1]),
            width=width,
        ),
        _share_grid(c, population, step, moves),
        "flows-between-segments",
        title=c.text("ribbons.finding", left=gone, entered=come),
        subtitle=c.text("ribbons.subtitle", population=c.population(population), first=step[0], last=step[1]),
        note=" ".join(notes),
    )


def _crosses(pair: tuple[str, str], into: bool) -> bool:
    """Whether a move leads out of, or into, the core and loyal customers."""
    start, end = (code in ("core", "loyal") for code in pair)
    return end and not start if into else start and not end


def _share_grid(c: Context, population: str, step: Step, moves: Moves) -> Grid:
    """A matrix as a table: counts, and row shares beneath."""
    rows, columns = _ends(moves)
    before, after = sizes(moves, 0), sizes(moves, 1)

    def cell(row: Mapping[str, Any]) -> Cell:
        if row["is_impossible"] and not row["customers_count"]:
            return Cell("–")
        share = "" if row["row_share"] is None else c.words.share(row["row_share"])
        return Cell(c.words.number(row["customers_count"]), share, "bad" if row["is_impossible"] else "")

    body = [
        [
            Cell(
                c.segment(STRATEGIC, start),
                c.text("moves.small") if moves[start, start]["is_small_row"] else "",
                segment=start,
            ),
            *(cell(moves[start, end]) for end in columns),
            Cell(c.words.number(before[start])),
        ]
        for start in rows
    ]
    total = [
        Cell(c.text("segments.total")),
        *(Cell(c.words.number(after[end])) for end in columns),
        Cell(c.words.number(sum(before.values()))),
    ]
    return Grid(
        _caption(c, "moves.share_caption", population, step),
        [
            c.column("from_segment"),
            *(Column(c.segment(STRATEGIC, code), True) for code in columns),
            c.label("total", number=True),
        ],
        [*body, total],
        1,
        c.text("moves.share_note"),
        "transitions",
        _cells_of(population, step),
    )


def _revenue(c: Context, population: str, step: Step, moves: Moves) -> list[Block]:
    """What movers bought before and after."""
    rows = movers(moves)
    if not rows:
        return []
    blocks: list[Block] = []
    before = sizes(moves, 0)
    if before["core"]:
        left, entered = around_core(moves)
        blocks.append(Prose(c.text("movers.core", left=_signed(c, left), entered=_signed(c, entered))))
    grid = Grid(
        _caption(c, "movers.caption", population, step),
        [
            c.column("from_segment"),
            c.column("to_segment"),
            c.column("transitions.customers_count"),
            c.column("before_amount"),
            c.column("after_amount"),
            c.label("difference", number=True),
        ],
        [
            [
                named(c, STRATEGIC, row["from_segment"]),
                named(c, STRATEGIC, row["to_segment"]),
                *cells(
                    c.words.number(row["customers_count"]),
                    c.money(row["before_amount"]),
                    c.money(row["after_amount"]),
                    _signed(c, row["after_amount"] - row["before_amount"], is_short=False),
                ),
            ]
            for row in rows[:MOST_MOVES]
        ],
        note=c.text("first_rows", shown=MOST_MOVES, count=len(rows), command="`habitue show transitions`")
        if len(rows) > MOST_MOVES
        else "",
        table="transitions",
        where=_cells_of(population, step),
    )
    return [*blocks, grid]


def _signed(c: Context, amount: int, *, is_short: bool = True) -> str:
    told = c.short(amount) if is_short else c.money(amount)
    return Exact(f"+{told}", told.value, told.unit) if amount > 0 and isinstance(told, Exact) else told


def _homogeneity(c: Context, population: str) -> list[Block]:
    """Whether the matrices of several periods could be the same."""
    rows: Sequence[Mapping[str, Any]] = [
        row
        for row in figures.rows_of(c.tables, "transition_tests")
        if row["segmentation"] == STRATEGIC and row["population"] == population
    ]
    whole = next((row for row in rows if row["from_segment"] == "all"), None)
    if whole is None:
        return [Prose(c.text("homogeneity.one_period"))]
    if whole["p_value"] is None:
        return []
    code = "homogeneity.differ" if whole["p_value"] < 0.05 else "homogeneity.same"
    told = Prose(c.text(code, count=whole["periods_count"], chance=_chance(c, whole["p_value"])))
    order = [*c.segments.segments(STRATEGIC), "all"]
    grid = Grid(
        c.text("homogeneity.caption", population=c.population(population), count=whole["periods_count"]),
        [
            c.column("from_segment"),
            c.column("transition_tests.customers_count"),
            c.column("statistic", number=True),
            c.column("degrees_of_freedom", number=True),
            c.column("p_value", number=True),
        ],
        [
            [
                Cell(c.text("homogeneity.all"))
                if row["from_segment"] == "all"
                else Cell(
                    c.segment(STRATEGIC, row["from_segment"]),
                    c.text("moves.small") if row["is_small_row"] else "",
                    segment=row["from_segment"],
                ),
                *cells(
                    c.words.number(row["customers_count"]),
                    c.words.number(row["statistic"], decimals=1),
                    c.words.number(row["degrees_of_freedom"]),
                    _chance(c, row["p_value"]),
                ),
            ]
            for row in sorted(rows, key=lambda row: order.index(row["from_segment"]))
        ],
        1,
        table="transition_tests",
        where=(("segmentation", STRATEGIC), ("population", population)),
    )
    return [told, Fold(grid.caption, [grid])]


def _chance(c: Context, value: float | None) -> str:
    """A chance with three decimals, never rounded to none."""
    if value is not None and value < 0.001:
        return "< " + c.words.number(0.001, decimals=3)
    return c.words.number(value, decimals=3)


def _violations(c: Context) -> list[Block]:
    table = c.tables.get("transition_violations")
    if table is None or not table.num_rows:
        return []
    command = "`habitue show transition-violations`"
    return [Prose(c.text("moves.violations", count=table.num_rows, command=command))]
