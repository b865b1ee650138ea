"""What `check`, `run` and `runs` print: the same facts as the report, in few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from habitue.report.console_segments import segment_lines
from habitue.report.exports import text_table
from habitue.report.locale import Words
from habitue.report.run_changes import changes
from habitue.report.sections_data import DELIMITERS, MARKS, date_order
from habitue.report.sections_value import WHOLE
from habitue.schemas.derived_lines import line_in_file
from habitue.segments.strategic import STRATEGIC
from habitue.value.methods import REVENUE

CLASSES = ("used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")
MOST_PLAN_ROWS = 15
MOST_QUARANTINE_ROWS = 10


def check_lines(tables: Mapping[str, Any], manifest: Mapping[str, Any], words: Words) -> Iterator[str]:
    """Everything `habitue check` found, section by section."""
    yield from _title(words.text("console.check.title", project=manifest["project"], as_of=_day(manifest["as_of"])))
    if manifest["simulated"]:
        yield words.text("console.simulated")
    yield from _reading(tables["files"].to_pylist(), words)
    yield from _reconciliation(tables["reconciliation"].to_pylist(), words)
    yield from _kinds(tables["sales"].to_pylist(), manifest["currency"], words)
    yield from _returns(tables["returns"].to_pylist(), manifest["currency"], words)
    yield from _quarantine(tables["quarantine"].to_pylist(), words)
    yield from _resent(tables, words)
    yield from warning_lines(manifest, words)
    yield from _plan(tables["collection_plan"].to_pylist(), manifest["currency"], words)


def run_lines(tables: Mapping[str, Any], manifest: Mapping[str, Any], words: Words) -> Iterator[str]:
    """What a run brought, in a few lines."""
    currency = manifest["currency"]
    yield words.text(
        "console.run.done", run_id=manifest["run_id"], project=manifest["project"], as_of=_day(manifest["as_of"])
    )
    if manifest["simulated"]:
        yield words.text("console.simulated")
    years = sorted(tables["sales_by_year"].to_pylist(), key=lambda row: row["first_on"], reverse=True)
    for year in years[:3]:
        yield words.text(
            "console.run.year",
            first=year["first_on"],
            last=year["last_on"],
            tickets=year["tickets_count"],
            kept=words.money(year["kept_amount"], currency),
            customers=year["customers_count"],
            unidentified=words.money(year["unidentified_amount"], currency),
        )
    recon = tables["reconciliation"].to_pylist()
    refused = tables["quarantine"].num_rows
    yield words.text("console.run.rows", count=sum(row["read_rows"] for row in recon), refused=refused)
    yield from segment_lines(tables["segments"].to_pylist(), words)
    yield from _forecasts(tables, currency, words)
    yield from warning_lines(manifest, words)


def _forecasts(tables: Mapping[str, Any], currency: str, words: Words) -> Iterator[str]:
    """One line a population that is forecast, the largest first."""
    whole = {
        row["population"]: row
        for row in tables["segment_value"].to_pylist()
        if (row["segmentation"], row["segment"]) == (STRATEGIC, WHOLE)
    }
    critical = {row["population"]: row["customers_count"] for row in tables["critical_sets"].to_pylist()}
    for model in sorted(tables["forecast_models"].to_pylist(), key=lambda row: -row["customers_count"]):
        population = model["population"]
        total = whole[population]
        name = words.term("population", population, default=population)
        ends = {side: total[f"{side}_95_amount"] for side in ("low", "high")}
        is_plain = ends["low"] is None
        yield words.text(
            "console.run.forecast_plain" if is_plain else "console.run.forecast",
            population=name[:1].upper() + name[1:],
            first=model["from_on"],
            last=model["to_on"],
            amount=words.short_money(model["expected_amount"], currency),
            measure=words.text(f"explain.measure.{model.get('measure', REVENUE)}"),
            model=words.term("model", model["model"]),
            reason=words.term("forecast_reason", model["reason"]),
            naive=words.term("model", model["naive_model"]),
            naive_amount=words.short_money(model["naive_amount"], currency),
            critical=critical.get(population, 0),
            **({} if is_plain else {side: words.short_money(amount, currency) for side, amount in ends.items()}),
        )


def runs_lines(
    runs: Sequence[tuple[str, Mapping[str, Any]]], reconciled: Mapping[str, Any], words: Words
) -> Iterator[str]:
    """The runs, oldest first, with what changed since the one before."""
    if not runs:
        yield words.text("console.runs.none")
        return
    rows: list[list[str]] = []
    before: tuple[int, Mapping[str, Any]] | None = None
    for run_id, manifest in runs:
        used = sum(row["used_rows"] for row in reconciled[run_id].to_pylist())
        changed = changes(words, manifest, before[1], used, before[0]) if before else []
        files = words.number(len(manifest["files"]))
        rows.append([run_id, manifest["as_of"], files, words.number(used), ", ".join(changed) or "–"])
        before = (used, manifest)
    headers = [words.text(f"console.runs.head.{name}") for name in ("run", "as_of", "files", "used", "changed")]
    yield from text_table(headers, rows, [False, False, True, True, False])


def warning_lines(manifest: Mapping[str, Any], words: Words) -> Iterator[str]:
    """Warnings, one a line."""
    for warning in manifest["warnings"]:
        yield f"{words.text('cli.warning')} {words.say(warning)}"


def _title(text: str) -> Iterator[str]:
    yield text
    yield "=" * len(text)


def _section(text: str) -> Iterator[str]:
    yield ""
    yield text
    yield "-" * len(text)


def _day(text: str) -> Any:
    from datetime import date

    return date.fromisoformat(text)


def _reading(files: list[dict[str, Any]], words: Words) -> Iterator[str]:
    yield from _section(words.text("console.check.files"))
    for file in sorted(files, key=lambda f: (f["source"], f["export_rank"])):
        facts = [words.text("console.file.rows", count=file["rows"])]
        if file["report_rows"]:
            facts.append(words.text("console.file.report_rows", count=file["report_rows"]))
        facts += _manner(file, words)
        if file["is_reused"]:
            facts.append(words.text("console.file.reused"))
        yield words.text("console.file.line", source=file["source"], file=file["file"], facts=", ".join(facts))
    for source, group in groupby(
        sorted(files, key=lambda f: (f["source"], -f["export_rank"])), key=lambda f: f["source"]
    ):
        exports = list(group)
        if len(exports) > 1 and exports[0]["kind"] == "transactions":
            yield words.text(
                "console.file.order",
                source=source,
                files=" > ".join(f["file"] for f in exports),
                by=words.term("exported_by", exports[0]["exported_by"]),
            )


def _manner(file: dict[str, Any], words: Words) -> Iterator[str]:
    """How the writer of a file writes, in words."""
    shown = {
        "encoding": file["encoding"],
        "delimiter": words.term("delimiter", DELIMITERS.get(file["delimiter"], file["delimiter"]), default=""),
        "header_line": file["header_line"],
        "decimal_mark": words.term("decimal_mark", MARKS.get(file["decimal_mark"], file["decimal_mark"]), default=""),
    }
    for name, value in shown.items():
        if value:
            yield words.text(f"console.file.{name}", value=str(value))
    if file["date_order"]:
        order, proof = date_order(words, file["date_order"])
        yield words.text("console.file.date_order", value=f"{order} ({proof})" if proof else order)


def _reconciliation(rows: list[dict[str, Any]], words: Words) -> Iterator[str]:
    yield from _section(words.text("console.check.reconciliation"))
    cells = []
    for row in sorted(rows, key=lambda r: (r["source"], r["file"], r["currency"] or "")):
        money = [words.money(row[f"{name}_amount"], row["currency"]) for name in ("read", *CLASSES)]
        cells.append([row["file"], *money, words.number(row["unreadable_rows"])])
    headers = [words.text(f"console.reconciliation.{name}") for name in ("read", *CLASSES, "unreadable")]
    yield from text_table([words.term("column", "file"), *headers], cells, [False, *[True] * 7])
    ok = all(row["read_amount"] == sum(row[f"{name}_amount"] for name in CLASSES) for row in rows)
    yield words.text("console.check.identity_holds" if ok else "console.check.identity_broken")


def _kinds(rows: list[dict[str, Any]], currency: str, words: Words) -> Iterator[str]:
    yield from _section(words.text("console.check.kinds"))
    totals: dict[tuple[str, str, bool], list[int]] = {}
    for row in rows:
        total = totals.setdefault((row["population"], row["sale_type"], row["counts"]), [0, 0, 0])
        for place, name in enumerate(("lines_count", "net_amount", "kept_amount")):
            total[place] += row[name]
    cells = [
        [
            words.term("population", population, default=population),
            words.term("sale_type", kind, default=kind),
            words.text("word.yes" if counts else "word.no"),
            words.number(lines),
            words.money(net, currency),
            words.money(kept, currency),
        ]
        for (population, kind, counts), (lines, net, kept) in sorted(
            totals.items(), key=lambda i: (i[0][0], not i[0][2], -abs(i[1][1]))
        )
    ]
    headers = [
        words.term("column", name)
        for name in ("population", "sale_type", "counts", "lines_count", "net_amount", "kept_amount")
    ]
    yield from text_table(headers, cells, [False, False, False, True, True, True])


def _returns(rows: list[dict[str, Any]], currency: str, words: Words) -> Iterator[str]:
    if not rows:
        return
    yield from _section(words.text("console.check.returns"))
    totals: dict[tuple[str, str | None], list[int]] = {}
    for row in rows:
        total = totals.setdefault((row["linked_by"], row["reason"]), [0, 0])
        total[0] += 1
        total[1] += row["returned_amount"]
    cells = [
        [
            words.term("linked_by", linked),
            words.term("unlinked_reason", reason) if reason else "",
            words.number(parts),
            words.money(amount, currency),
        ]
        for (linked, reason), (parts, amount) in sorted(totals.items(), key=lambda i: -i[1][1])
    ]
    headers = [
        words.term("column", "linked_by"),
        words.term("column", "returns.reason"),
        words.text("console.returns.parts"),
        words.term("column", "returned_amount"),
    ]
    yield from text_table(headers, cells, [False, False, True, True])


def _quarantine(rows: list[dict[str, Any]], words: Words) -> Iterator[str]:
    yield from _section(words.text("console.check.quarantine"))
    if not rows:
        yield words.text("console.check.nothing_refused")
        return
    ordered = sorted(rows, key=lambda r: (r["file"], line_in_file(r["row_number"])))
    cells = [
        [
            r["file"],
            str(line_in_file(r["row_number"])),
            r["column"] or "",
            r["value"] or "",
            words.term("reason", r["reason"]),
            words.money(r["source_amount"], r["currency"]),
        ]
        for r in ordered[:MOST_QUARANTINE_ROWS]
    ]
    headers = [words.term("column", n) for n in ("file", "row_number", "column", "value", "reason", "source_amount")]
    yield from text_table(headers, cells, [False, True, False, False, False, True])
    if len(rows) > MOST_QUARANTINE_ROWS:
        yield words.text("console.check.more_refused", count=len(rows) - MOST_QUARANTINE_ROWS)


def _resent(tables: Mapping[str, Any], words: Words) -> Iterator[str]:
    lines = []
    for name in ("resent_tickets", "ticket_conflicts"):
        if tables[name].num_rows:
            lines.append(words.text(f"console.check.{name}", count=tables[name].num_rows))
    cards = [row for row in tables["shared_cards"].to_pylist() if row["is_set_apart"]]
    if cards:
        lines.append(words.text("console.check.shared_cards", count=len(cards)))
    if lines:
        yield from _section(words.text("console.check.attention"))
        yield from lines


def _plan(rows: list[dict[str, Any]], currency: str, words: Words) -> Iterator[str]:
    yield from _section(words.text("console.check.plan"))
    if not rows:
        yield words.text("console.check.plan_empty")
        return
    ordered = sorted(
        rows, key=lambda r: (-r["at_stake_amount"], r["finding"], r["source"], r["store_id"] or "", r["till_id"] or "")
    )
    cells = []
    for r in ordered[:MOST_PLAN_ROWS]:
        place = " / ".join(part for part in (r["source"], r["store_id"], r["till_id"]) if part)
        trend = words.share(r["previous_share"]) if r["previous_share"] is not None else "–"
        cells.append(
            [
                words.term("finding", r["finding"]),
                place,
                words.number(r["lines_count"]),
                words.share(r["share"]),
                trend,
                words.money(r["at_stake_amount"], currency),
            ]
        )
    headers = [words.text(f"console.plan.{name}") for name in ("missing", "where", "lines", "share", "before", "stake")]
    yield from text_table(headers, cells, [False, False, True, True, True, True])
    if len(rows) > MOST_PLAN_ROWS:
        yield words.text("console.check.plan_more", count=len(rows) - MOST_PLAN_ROWS)
