"""Everything held of one person, as files: a page to read, JSON, and a CSV file for each table."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from habitue.errors import UsageError, message
from habitue.report import exports, sections_customer
from habitue.report.context import Context
from habitue.report.documents import document
from habitue.report.layout import Block, Cell, Column, Grid, Prose, Section, cells
from habitue.report.locale import Words
from habitue.workspace.audit import EXPORT, act_of, now
from habitue.workspace.catalogue import Catalogue
from habitue.workspace.guards import disk_faults
from habitue.workspace.held import Held, held_of
from habitue.workspace.people import PERSONAL, People
from habitue.workspace.runs import RUNS, Workspace
from habitue.workspace.staged import FOLDER

ARCHIVE = ".zip"


def export_subject(workspace: Workspace, asked: str, output: Path | None, words: Words) -> Path:
    """Write everything held of the person that is asked for in the ways of `explain`, for their eyes only; where it is.

    Raises:
        UsageError: nobody or several people are meant, or the output is there already, lies among runs or staged files,
            or cannot be written.
    """
    with People.copy(workspace.folder) as people:
        held = held_of(workspace, people, asked)
    moment, project = now(), workspace.settings.project
    about: dict[str, Any] = {
        "project": project.name, "currency": project.currency, "run_id": "–", "as_of": moment.date().isoformat(),
    }  # fmt: skip
    path = output or Path(f"subject-{held.customer_id}{ARCHIVE}")
    _refuse(path, workspace)
    files = subject_files(held, held.run.manifest if held.run else about, moment, words)
    catalogue = Catalogue(workspace.folder)
    try:
        catalogue.record(act_of(EXPORT, 1, held.rows, moment))  # rather one too many than one too few
    finally:
        catalogue.close()
    _write(files, path)
    return path


def subject_files(held: Held, project: Mapping[str, Any], made_at: datetime, words: Words) -> dict[str, bytes]:
    """The files by name.

    Args:
        held: what is held.
        project: `project` (its name), `currency`, `as_of`, `run_id`: the last run's manifest, or as much of it.
        made_at: the moment, naive UTC.
        words: the reader's words.
    """
    currency = project["currency"]
    found: dict[str, bytes] = {"index.html": _page(held, project, words).encode()}
    parts = {}
    for group, tables in (("people", held.people), ("runs", held.runs)):
        for name, table in tables.items():
            found[f"{group}/{name}.csv"] = _written(table, name, currency, "csv", words)
        told = (
            f"{json.dumps(name)}: {_written(one, name, currency, 'json', words).decode()}"
            for name, one in tables.items()
        )
        parts[group] = "{" + ",\n".join(told) + "}"
    about = {"project": project["project"], "customer_id": held.customer_id, "made_at": made_at.isoformat() + "Z"}
    entries = [*(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in about.items())]
    entries += [f"{json.dumps(group)}: {told}" for group, told in parts.items()]
    found["subject.json"] = ("{" + ",\n".join(entries) + "}\n").encode()
    return found


def _written(table: pa.Table, name: str, currency: str, format: str, words: Words) -> bytes:
    return exports.written(table, name, currency, format, excel=False, limit=None, words=words, to_terminal=False)


def _refuse(output: Path, workspace: Workspace) -> None:
    if any(output.resolve().is_relative_to((workspace.folder / ours).resolve()) for ours in (RUNS, FOLDER)):
        raise UsageError(message("rights.not_there", path=str(output)))
    if output.exists():
        raise UsageError(message("rights.output_exists", path=str(output)))


def _write(files: Mapping[str, bytes], output: Path) -> None:
    """Into a new archive if the name ends in .zip, else into a new folder."""
    with disk_faults(output.parent):
        if output.suffix.lower() == ARCHIVE:
            made = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(made, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
            return
        output.mkdir(mode=0o700)
        for name, content in files.items():
            path = output / name
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)


def _page(held: Held, project: Mapping[str, Any], words: Words) -> str:
    c = Context(words, {}, project)
    sections = [*_sections(held, c)]
    return document(c, words.text("subject.title"), words.text("subject.answer", customer=held.customer_id), sections)


def _sections(held: Held, c: Context) -> Iterator[Section]:
    words = c.words

    def section(code: str, *blocks: Block) -> Section:
        return Section(f"subject-{code}", words.text(f"subject.heading.{code}"), blocks)

    rows = held.people.get("source_customers")
    yield section("who", _who(rows.to_pylist(), words) if rows is not None else Prose(words.text("subject.no_rows")))
    numbers = held.people["customer_numbers"].select(["customer_system", "customer_number"])
    yield section("numbers", _grid("numbers", ("system", "number"), numbers.to_pylist(), words))
    if (objections := held.people.get("objections")) is not None:
        moments = sorted({(row["captured_at"], row["source"]) for row in objections.to_pylist()})
        told = [{"on": words.date(datetime.fromisoformat(at)), "how": how} for at, how in moments]
        yield section("objections", _grid("objections", ("on", "how"), told, words))
    if held.explanation is not None:
        for buyer in held.explanation.buyers:
            yield from sections_customer.buyer_sections(held.explanation, buyer, c)
    if (lines := held.runs.get("transaction_lines")) is not None:
        yield section("lines", _lines(lines, held.product_names, c))
    stored = {**{f"people/{name}": one for name, one in held.people.items()},
              **{f"runs/{name}": one for name, one in held.runs.items()}}  # fmt: skip
    told = [{"file": f"{name}.csv", "rows": words.number(one.num_rows)} for name, one in stored.items()]
    yield section("files", Prose(words.text("subject.files")), _grid("files", ("file", "rows:"), told, words))
    if held.explanation is not None and (defined := sections_customer.definitions(held.explanation, c)):
        yield defined


def _who(rows: Sequence[Mapping[str, Any]], words: Words) -> Grid:
    """Attributes down, sources across; attributes that no source has are left out."""
    rows = sorted(rows, key=lambda row: (row["source"], row["source_customer_id"]))
    known = [name for name in PERSONAL if any(row[name] for row in rows)]
    body = [cells(words.text(f"subject.field.{name}"), *(row[name] or "–" for row in rows)) for name in known]
    columns = [Column(words.text("subject.head.field")), *(Column(row["source"]) for row in rows)]
    return Grid(words.text("subject.caption.who"), columns, body)


def _grid(code: str, names: Sequence[str], rows: Sequence[Mapping[str, Any]], words: Words) -> Grid:
    """Rows under headings; a colon marks numbers."""
    columns = [Column(words.text(f"subject.head.{name.rstrip(':')}"), name.endswith(":")) for name in names]
    return Grid(words.text(f"subject.caption.{code}"), columns, [[Cell(str(v)) for v in row.values()] for row in rows])


def _lines(lines: pa.Table, product_names: Mapping[str, str], c: Context) -> Grid:
    rows = [
        cells(
            c.words.date(row["sold_on"]),
            row["source"],
            c.store(row["store_id"]),
            product_names.get(row["sku"]) or row["sku"] or "–",
            c.words.number(row["quantity"]),
            c.money(row["net_amount"]),
        )
        for row in sorted(
            lines.to_pylist(), key=lambda row: (row["sold_at"], row["transaction_id"], row["line_number"])
        )
    ]
    names = ("sold_on", "source", "store_id", "sku", "quantity", "net_amount")
    columns = [c.column(name, number=name in ("quantity", "net_amount")) for name in names]
    return Grid(c.words.text("subject.caption.lines"), columns, rows)
