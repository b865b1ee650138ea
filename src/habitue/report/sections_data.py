"""Sections on the data themselves: reconciliation, how files were read, quarantine, what to collect better."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from habitue.report import figures
from habitue.report.context import MOST_ROWS, Context
from habitue.report.layout import Block, Cell, Grid, Prose, Section, cells
from habitue.report.locale import Exact, Words
from habitue.schemas.derived_lines import line_in_file
from habitue.sources.presets import presets

FIRST_REFUSED = 20
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
MARKS = {".": "point", ",": "comma"}


def _nowhere(file_id: str) -> str:
    return ""


def reconciliation(c: Context, file_url: Callable[[str], str] = _nowhere) -> Section:
    """Where every row and every cent of each file went; `file_url` gives where the file of an id opens."""
    rows = figures.rows_of(c.tables, "reconciliation")
    title = c.text("reconciliation.title")
    if not rows:
        return Section("reconciliation", title, [Prose(c.text("reconciliation.none"), is_empty_state=True)], c.labels)
    rows.sort(key=lambda row: (row["source"] or "", row["file"] or "", row["currency"] or ""))
    broken = sum(1 for row in rows if figures.amount_gap(row) or figures.rows_gap(row))
    lead = c.text("reconciliation.broken", count=broken) if broken else c.text("reconciliation.holds", count=len(rows))
    shown = [
        _reconciled(
            c,
            row,
            Cell(
                row["file"],
                f"{c.written(row['source'])} · {c.written(row['currency'])}",
                href=file_url(row["file_id"]),
            ),
        )
        for row in rows[:200]
    ]
    measures = tuple(f"{name}_{unit}" for name in ("read", *figures.IDENTITY) for unit in ("rows", "amount"))
    sums = figures.totals(rows, ("currency",), (*measures, "unreadable_rows"))
    totals = (
        [_reconciled(c, row, Cell(c.text("reconciliation.total", currency=c.written(row["currency"])))) for row in sums]
        if len(rows) > len(sums)
        else []
    )
    columns = [c.column("file"), c.label("check")]
    columns += [c.label(name, number=True) for name in ("read", *figures.IDENTITY, "unreadable")]
    grid = Grid(
        c.text("reconciliation.caption"),
        columns,
        [*shown, *totals],
        len(totals),
        c.text("first_rows", shown=200, count=len(rows), command="`habitue show reconciliation`")
        if len(rows) > 200
        else "",
        table="reconciliation",
    )
    return Section("reconciliation", title, [Prose(lead), Prose(c.text("reconciliation.identity")), grid], c.labels)


def _reconciled(c: Context, row: dict[str, Any], first: Cell) -> list[Cell]:
    gap, rows_gap = figures.amount_gap(row), figures.rows_gap(row)
    if not gap and not rows_gap:
        check = Cell(c.text("reconciliation.adds_up"), status="good")
    else:
        check = Cell(
            c.text("reconciliation.gap", amount=c.words.money(gap, row["currency"])),
            _rows(c, rows_gap) if rows_gap else "",
            "bad",
        )
    amounts = [
        Cell(
            c.words.amount(row[f"{name}_amount"], row["currency"]),
            _rows(c, row[f"{name}_rows"]),
        )
        if row[f"{name}_rows"] or row[f"{name}_amount"]
        else Cell("0")
        for name in ("read", *figures.IDENTITY)
    ]
    unreadable = row["unreadable_rows"]
    return [first, check, *amounts, Cell(_rows(c, unreadable) if unreadable else "0")]


def _rows(c: Context, count: int) -> str:
    return Exact(c.text("reconciliation.rows", count=count), count)


def reading(c: Context, file_url: Callable[[str], str] = _nowhere) -> Section:
    """How each file was read, and what proved it; `file_url` gives where the file of an id opens."""
    rows = figures.rows_of(c.tables, "files")
    title = c.text("files.title")
    if not rows:
        return Section("files", title, [Prose(c.text("files.none"), is_empty_state=True)], c.labels)
    rows.sort(key=lambda row: (row["kind"] != "transactions", row["source"] or "", -(row["export_rank"] or 0)))
    exports = Counter((row["source"], row["kind"]) for row in rows)
    currencies = {row["file_id"]: row["currency"] for row in figures.rows_of(c.tables, "reconciliation")}
    body = [
        [
            Cell(
                row["file"],
                " · ".join(
                    part
                    for part in (
                        c.written(row["source"]),
                        c.words.term("kind", row["kind"], default=row["kind"]),
                        preset(c, row["source"]),
                    )
                    if part
                ),
                href=file_url(row["file_id"]),
            ),
            Cell(
                c.words.number(row["rows"]),
                c.text("files.left_out", count=row["report_rows"]) if row["report_rows"] else "",
            ),
            Cell(row["encoding"] or c.text("files.typed"), layout(c, row)),
            _date_order(c, row["date_order"]),
            Cell(
                c.words.term(
                    "decimal_mark",
                    MARKS.get(row["decimal_mark"] or "", row["decimal_mark"]),
                    default=row["decimal_mark"] or "–",
                )
            ),
            export_order(c, row) if exports[row["source"], row["kind"]] > 1 else Cell(c.text("files.only_export")),
            Cell(c.words.money(row["stated_total_amount"], currencies.get(row["file_id"], c.currency))),
            Cell(c.text("files.reused" if row["is_reused"] else "files.fresh")),
        ]
        for row in rows[:200]
    ]
    columns = [
        c.column("file"),
        c.column("files.rows"),
        c.column("encoding"),
        c.column("date_order"),
        c.column("decimal_mark"),
        c.column("export_rank"),
        c.column("stated_total_amount"),
        c.label("reading"),
    ]
    grid = Grid(c.text("files.caption"), columns, body, table="files")
    blocks: list[Block] = [Prose(c.text("files.lead", count=len(rows))), grid]
    basis = c.manifest.get("tax_basis") or {}
    if isinstance(basis, str):
        blocks.append(Prose(c.text("files.tax_all", basis=c.words.term("tax_basis", basis, default=basis))))
    elif basis:
        blocks.append(
            Grid(
                c.text("files.tax_caption"),
                [c.column("source"), c.label("tax")],
                [
                    cells(source, c.words.term("tax_basis", kind, default=kind))
                    for source, kind in sorted(basis.items())
                ],
            )
        )
    return Section("files", title, blocks, c.labels)


def preset(c: Context, source: str | None) -> str:
    """The known export a source is read as, and how well its layout is known; "" if none is named."""
    name = (c.manifest.get("presets") or {}).get(source)
    if name is None:
        return ""
    known = presets().get(name)
    return f"{name} ({c.words.term('grade', known.grade)})" if known else name


def layout(c: Context, row: dict[str, Any]) -> str:
    """Separator and line of the header, in words; nothing of a typed format."""
    told = []
    if row["delimiter"]:
        told.append(
            c.words.term("delimiter", DELIMITERS.get(row["delimiter"], row["delimiter"]), default=row["delimiter"])
        )
    if row["header_line"]:
        told.append(c.text("files.header", line=row["header_line"]))
    return " · ".join(told)


def export_order(c: Context, row: dict[str, Any]) -> Cell:
    """Place of the export among those of its source, and what decided it."""
    by = row["exported_by"]
    return Cell(c.words.number(row["export_rank"]), c.words.term("exported_by", by, default=by) if by else "")


def _date_order(c: Context, stored: str | None) -> Cell:
    return Cell(*date_order(c.words, stored))


def date_order(words: Words, stored: str | None) -> tuple[str, str]:
    """The stored order ("day first", perhaps with what proved it) in words, and its proof."""
    if not stored:
        return "–", ""
    found = re.match(r"(day|month|year)[ _]first\b[\s:,;(]*(.*?)\)?$", stored, re.DOTALL)
    if found is None:
        return stored, ""
    order, proof = found.groups()
    proved = re.match(r"(?:row |line )?(\d+)\s*[:,(]\s*(.+?)\)?$", proof)
    if proved:
        proof = words.text("report.files.proof", line=proved[1], value=proved[2])
    elif re.fullmatch(r"[a-z_]+", proof) and words.knows(f"report.files.by_{proof}"):
        proof = words.text(f"report.files.by_{proof}")
    return words.term("date_order", f"{order}_first"), proof


def quarantine(c: Context) -> Section:
    """Refused rows: reasons with counts and amounts, and the first rows."""
    table = c.tables.get("quarantine")
    title = c.text("quarantine.title")
    found = figures.grouped(table, ["reason", "currency"], "source_amount")
    if table is None or not found:
        return Section("quarantine", title, [Prose(c.text("quarantine.none"), is_empty_state=True)], c.labels)
    found.sort(key=lambda row: (-row["rows"], row["reason"], row["currency"] or ""))
    blocks: list[Block] = [
        Prose(c.text("quarantine.lead", count=table.num_rows)),
        Grid(
            c.text("quarantine.caption"),
            [c.column("reason"), c.label("refused", number=True), c.column("source_amount"), c.column("currency")],
            [
                cells(
                    _reason(c, row["reason"]),
                    c.words.number(row["rows"]),
                    c.words.amount(row["amount"], row["currency"])
                    if row["amount"] is not None
                    else c.text("quarantine.unreadable"),
                    c.written(row["currency"]),
                )
                for row in found
            ],
            table="quarantine",
        ),
    ]
    first = table.slice(0, FIRST_REFUSED).to_pylist()
    note = c.text("first_rows", shown=len(first), count=table.num_rows, command="`habitue show quarantine`")
    blocks.append(
        Grid(
            c.text("quarantine.rows_caption"),
            [
                c.column("file"),
                c.column("row_number", number=True),
                c.column("column"),
                c.column("quarantine.value"),
                c.column("reason"),
                c.column("source_amount"),
            ],
            [
                cells(
                    row["file"],
                    str(line_in_file(row["row_number"])),
                    row["column"] or "–",
                    row["value"] or c.text("quarantine.blank"),
                    _reason(c, row["reason"]),
                    c.words.money(row["source_amount"], row["currency"]),
                )
                for row in first
            ],
            note=note if table.num_rows > len(first) else "",
            table="quarantine",
        )
    )
    return Section("quarantine", title, blocks, c.labels)


def _reason(c: Context, code: str) -> str:
    return c.words.term("reason", code, default=code)


def collection_plan(c: Context) -> Section:
    """What to collect better, ranked by the amount at stake."""
    rows = figures.rows_of(c.tables, "collection_plan")
    title = c.text("plan.title")
    if not rows:
        return Section("plan", title, [Prose(c.text("plan.none"), is_empty_state=True)], c.labels)
    rows.sort(key=lambda row: (-(row["at_stake_amount"] or 0), -(row["lines_count"] or 0), row["finding"]))
    body = [
        [
            Cell(str(rank)),
            Cell(finding(c, row["finding"])),
            Cell(field_name(c, row["field"])),
            place(c, row),
            Cell(
                c.words.number(row["lines_count"]),
                c.text("plan.of", total=row["total_lines_count"]) if row["total_lines_count"] is not None else "",
            ),
            Cell(c.words.share(row["share"])),
            Cell(c.money(row["at_stake_amount"])),
            Cell(_trend(c, row["share"], row["previous_share"])),
        ]
        for rank, row in enumerate(rows[:MOST_ROWS], start=1)
    ]
    body_shown, note = c.shortened(body, len(rows), "collection_plan")
    columns = [
        c.label("rank", number=True),
        c.column("finding"),
        c.column("field"),
        c.label("place"),
        c.column("collection_plan.lines_count"),
        c.column("collection_plan.share"),
        c.column("at_stake_amount"),
        c.label("trend"),
    ]
    grid = Grid(c.text("plan.caption", currency=c.currency), columns, body_shown, note=note, table="collection_plan")
    return Section("plan", title, [Prose(c.text("plan.lead")), grid], c.labels)


def finding(c: Context, code: str) -> str:
    """What is missing, in words."""
    return c.words.term("finding", code, default=code)


def field_name(c: Context, field: str | None) -> str:
    """The field to capture."""
    return c.words.term("field", field, default=c.words.term("column", field, default=field)) if field else "–"


def place(c: Context, row: dict[str, Any]) -> Cell:
    """Where it is missing: the store if there is one, source and till beneath."""
    under = c.written(row["source"])
    if row["till_id"]:
        under += " · " + c.text("plan.till", till=row["till_id"])
    return Cell(c.store(row["store_id"]), under) if row["store_id"] else Cell(under)


def _trend(c: Context, now: float | None, before: float | None) -> str:
    if now is None or before is None:
        return c.text("plan.new" if c.manifest.get("previous_run_id") else "plan.no_trend")
    if abs(now - before) < 0.0005:
        return c.text("plan.same")
    return c.text("plan.better" if now < before else "plan.worse", before=before)
