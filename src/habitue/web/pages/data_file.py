"""One file: how it was read, whether it adds up to the cent, which of its rows were refused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import HTTPException

from habitue.report import figures, sections_data
from habitue.report.charts_reconciliation import Step, waterfall
from habitue.report.layout import Block, Cell, Column, Facts, Grid, Prose, Section, cells
from habitue.web.pages import data_lists
from habitue.web.view import Content, View
from habitue.workspace.conditions import Condition


def item(view: View, file_id: str) -> Content:
    """The page of the file of an id."""
    c = view.whole
    files = figures.rows_of(c.tables, "files")
    file = next((row for row in files if row["file_id"] == file_id), None)
    if file is None:
        raise HTTPException(404)
    sums = [row for row in figures.rows_of(c.tables, "reconciliation") if row["file_id"] == file_id]
    sums.sort(key=lambda row: row["currency"] or "")
    exports = [row for row in files if (row["source"], row["kind"]) == (file["source"], file["kind"])]
    sections = [
        Section("sums", view.text("data.sums"), [*_sums(view, sums)], c.labels),
        Section("how", view.text("data.how"), [_how(view, file, sums, len(exports))], c.labels),
        Section("refused", view.text("data.file_refused"), _refused(view, file), c.labels),
    ]
    if len(exports) > 1:
        sections.append(Section("exports", view.text("data.exports"), [_exports(view, file, exports)], c.labels))
    return Content(
        view.text("data.file_title", file=file["file"]),
        sections,
        _answer(view, file, sums),
        labels=c.labels,
        trail=[(view.text("data.nav"), view.url("data"))],
    )


def _answer(view: View, file: dict[str, Any], sums: figures.Rows) -> str:
    broken = any(figures.amount_gap(row) or figures.rows_gap(row) for row in sums)
    code = "file_rows" if not sums else "file_broken" if broken else "file_holds"
    told = view.text(f"data.{code}", rows=file["rows"])
    refused = sum(row["rows"] for row in data_lists.refused_by(view, file["file"]))
    return f"{told} {view.text('data.refused_some', count=refused) if refused else view.text('data.refused_none')}"


def _sums(view: View, sums: figures.Rows) -> Sequence[Block]:
    """The identity of each currency, drawn and written to the cent."""
    if not sums:
        return [Prose(view.text("data.sums_none"), is_empty_state=True)]
    return [block for row in sums for block in _identity(view, row)]


def _identity(view: View, row: dict[str, Any]) -> Sequence[Block]:
    c, currency = view.whole, row["currency"]
    written = c.written(currency)

    def named(name: str) -> str:
        return c.label(name).label

    def money(name: str) -> str:
        return c.words.money(row[f"{name}_amount"], currency)

    present = [name for name in figures.IDENTITY if row[f"{name}_amount"] or row[f"{name}_rows"]]
    whole = Step(named("read"), row["read_amount"], money("read"))
    steps = [Step(named(name), row[f"{name}_amount"], money(name), name != "used") for name in present]
    gap, share = figures.amount_gap(row), figures.share_of(row["used_amount"], row["read_amount"])
    if gap:
        title = view.text("data.sums_broken", amount=c.words.money(gap, currency))
    elif share is None:
        title = view.text("data.sums_finding_nothing")
    else:
        title = view.text("data.sums_finding", share=share)
    body = [
        cells(named(name), c.words.number(row[f"{name}_rows"]), c.words.amount(row[f"{name}_amount"], currency),
              c.words.share(figures.share_of(row[f"{name}_amount"], row["read_amount"])))
        for name in (*figures.IDENTITY, "read")
    ]  # fmt: skip
    if row["unreadable_rows"]:
        body.insert(-1, cells(named("unreadable"), c.words.number(row["unreadable_rows"]), "–", "–"))
    columns = [
        Column(view.text("data.class")),
        c.column("files.rows", number=True),
        Column(view.text("data.amount"), is_number=True),
        c.column("share", number=True),
    ]
    grid = Grid(
        view.text("data.sums_caption", currency=written), columns, body, totals=1, table="reconciliation",
        where=(("file_id", row["file_id"]),),
    )  # fmt: skip
    parts = [view.text("data.part", **{"amount": money(name), "class": named(name)}) for name in present]
    blocks: list[Block] = [
        c.chart(
            lambda width: waterfall(whole, steps, width),
            grid,
            "reconciliation",
            title=title,
            subtitle=view.text("data.sums_subtitle", currency=written),
            note="" if gap else view.text("data.identity", read=money("read"), sum=" + ".join(parts) or money("used")),
        )
    ]
    if row["unreadable_rows"]:
        blocks.append(Prose(view.text("data.unreadable", count=row["unreadable_rows"])))
    return blocks


def _how(view: View, file: dict[str, Any], sums: figures.Rows, exports: int) -> Block:
    """What was found out about the file, and what decided it."""
    c = view.whole
    order, proof = sections_data.date_order(c.words, file["date_order"])
    mark = sections_data.MARKS.get(file["decimal_mark"] or "", file["decimal_mark"])
    facts = [
        (c.column("source").label, c.written(file["source"])),
        (c.column("kind").label, c.words.term("kind", file["kind"], default=file["kind"])),
        *([(c.column("preset").label, preset)] if (preset := sections_data.preset(c, file["source"])) else []),
        (c.column("files.rows").label, c.words.number(file["rows"])),
        (view.text("data.left_out"), c.words.number(file["report_rows"])),
        (c.column("encoding").label, file["encoding"] or c.text("files.typed")),
        (view.text("data.layout"), sections_data.layout(c, file) or "–"),
        (c.column("date_order").label, " – ".join(part for part in (order, proof) if part)),
        (c.column("decimal_mark").label, c.words.term("decimal_mark", mark, default=mark) if mark else "–"),
        (c.column("export_rank").label, _place(view, file, exports)),
        (c.column("stated_total_amount").label, _stated(view, file, sums)),
        (c.label("reading").label, c.text("files.reused" if file["is_reused"] else "files.fresh")),
        (view.text("data.fingerprint"), file["file_id"]),
    ]
    return Facts([(name[:1].upper() + name[1:], value) for name, value in facts])


def _place(view: View, file: dict[str, Any], exports: int) -> str:
    if exports < 2:
        return view.whole.text("files.only_export")
    place = sections_data.export_order(view.whole, file)
    return " – ".join(part for part in (place.text, place.under) if part)


def _stated(view: View, file: dict[str, Any], sums: figures.Rows) -> str:
    """The total the file states, beside what was read."""
    stated = file["stated_total_amount"]
    if stated is None:
        return view.text("data.stated_none")
    currency = sums[0]["currency"] if len(sums) == 1 else None
    amount = view.words.money(stated, currency)
    if len(sums) != 1:  # of several currencies it is no total of any
        return amount
    if stated == sums[0]["read_amount"]:
        return view.text("data.stated_same", amount=amount)
    return view.text("data.stated_other", amount=amount, read=view.words.money(sums[0]["read_amount"], currency))


def _refused(view: View, file: dict[str, Any]) -> list[Block]:
    """Reasons, then the rows themselves."""
    c, name = view.whole, file["file"]
    found = data_lists.refused_by(view, name)
    if not found:
        return [Prose(view.text("data.file_refused_none"), is_empty_state=True)]
    grid = Grid(
        c.text("quarantine.caption"),
        [c.column("reason"), Column(view.text("data.refused_count"), is_number=True), c.column("source_amount")],
        [
            [
                Cell(
                    c.words.term("reason", row["reason"], default=row["reason"]),
                    href=view.url("data", data_lists.REFUSED, is_file=name, is_reason=row["reason"]),
                ),
                Cell(c.words.number(row["rows"])),
                data_lists.amount_refused(view, row),
            ]
            for row in found
        ],
        table="quarantine",
        where=(("file", name),),
    )
    url = partial(view.url, "data", file["file_id"])
    return [grid, data_lists.rows(view, data_lists.REFUSED, [Condition("file", (name,))], "row_number", url)[0]]


def _exports(view: View, file: dict[str, Any], exports: figures.Rows) -> Block:
    """The exports of the source in their order."""
    c = view.whole
    body = [
        [
            Cell(row["file"], under=view.text("data.this"))
            if row["file_id"] == file["file_id"]
            else Cell(row["file"], href=view.url("data", row["file_id"])),
            sections_data.export_order(c, row),
            Cell(c.words.number(row["rows"])),
        ]
        for row in sorted(exports, key=lambda row: (-(row["export_rank"] or 0), row["file"]))
    ]
    columns = [c.column("file"), c.column("export_rank"), c.column("files.rows")]
    return Grid(view.text("data.exports_caption", source=c.written(file["source"])), columns, body)
