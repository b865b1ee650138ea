"""Commands that show what a run found: show, explain, transitions, segmentations, report."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from habitue.cli.shell import HELP, Language, ProjectFolder, RunId, State, app, day, fail, open_project, say, show_lines
from habitue.errors import HabitueError, UsageError, message
from habitue.report.locale import Words

if TYPE_CHECKING:
    from habitue.project import Project


class Format(StrEnum):
    """Formats of `habitue show`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    XLSX = "xlsx"


@app.command(help=HELP.text("cli.show.help"))
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help=HELP.text("cli.show.name"))],
    project: ProjectFolder = Path(),
    run: RunId = None,
    format: Annotated[Format, typer.Option(help=HELP.text("cli.show.format"))] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=HELP.text("cli.show.output"))] = None,
    excel: Annotated[bool, typer.Option("--excel", help=HELP.text("cli.show.excel"))] = False,
    limit: Annotated[int | None, typer.Option(min=1, help=HELP.text("cli.show.limit"))] = None,
    personal_data: Annotated[bool, typer.Option("--personal-data", help=HELP.text("cli.show.personal"))] = False,
) -> None:
    """Show a table of a run."""
    try:
        opened = open_project(project)
        table = opened.show(name, run=run, personal_data=personal_data)
        _hand_out(opened, table, name.replace("-", "_"), format, output, excel=excel, limit=limit)
    except HabitueError as fault:
        fail(fault)


def _hand_out(
    opened: Project,
    table: Any,
    name: str,
    format: Format,
    output: Path | None,
    *,
    excel: bool,
    limit: int | None = None,
) -> None:
    """A table to the terminal or into a file."""
    from habitue.report import exports

    if format is Format.XLSX:
        if output is None:
            raise UsageError(message("cli.show.needs_output"))
        excel = False  # a workbook is for Excel as it is
    written = exports.written(
        table,
        name,
        opened.workspace.settings.project.currency,
        (Format.CSV if excel else format).value,
        excel=excel,
        limit=limit,
        words=State.words,
        to_terminal=output is None,
    )
    if output is None:
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    else:
        exports.write(output, written)
        say("cli.show.written", count=min(table.num_rows, limit or table.num_rows), path=str(output))


@app.command(help=HELP.text("cli.explain.help"))
def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help=HELP.text("cli.explain.customer"))],
    project: ProjectFolder = Path(),
    run: RunId = None,
) -> None:
    """Say why one customer is where they are."""
    from habitue.report.console_customer import explanation_lines

    try:
        told = open_project(project).explain(customer, run=run)
    except HabitueError as fault:
        fail(fault)
    show_lines(explanation_lines(told, State.words))


@app.command(help=HELP.text("cli.transitions.help"))
def transitions(
    from_on: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help=HELP.text("cli.transitions.from"))],
    to_on: Annotated[
        str | None, typer.Option("--to", metavar="YYYY-MM-DD", help=HELP.text("cli.transitions.to"))
    ] = None,
    segmentation: Annotated[str, typer.Option(help=HELP.text("cli.transitions.segmentation"))] = "strategic",
    project: ProjectFolder = Path(),
    run: RunId = None,
    format: Annotated[Format, typer.Option(help=HELP.text("cli.show.format"))] = Format.TABLE,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=HELP.text("cli.show.output"))] = None,
    excel: Annotated[bool, typer.Option("--excel", help=HELP.text("cli.show.excel"))] = False,
) -> None:
    """Show how customers moved between two dates."""
    from habitue.report.console_segments import transitions_lines

    try:
        opened = open_project(project)
        earlier = day(from_on)
        assert earlier is not None
        table, notes = opened.transitions(earlier, day(to_on), segmentation=segmentation, run=run)
        if format is Format.TABLE and not excel and output is None:
            show_lines(transitions_lines(table.to_pylist(), State.words))
        else:
            _hand_out(opened, table, "transitions", format, output, excel=excel)
    except HabitueError as fault:
        fail(fault)
    for note in notes:
        typer.echo(f"{State.words.text('cli.warning')} {State.words.say(note)}", err=True)


class Dialect(StrEnum):
    """Dialects of SQL."""

    DUCKDB = "duckdb"
    POSTGRES = "postgres"
    PYSPARK = "pyspark"


@app.command(help=HELP.text("cli.segmentations.help"))
def segmentations(
    project: ProjectFolder = Path(),
    scores: Annotated[Path | None, typer.Option(help=HELP.text("cli.segmentations.scores"))] = None,
    sql: Annotated[Dialect | None, typer.Option(help=HELP.text("cli.segmentations.sql"))] = None,
) -> None:
    """Show what the rules of the segmentations cover."""
    from habitue.report import console_segments

    try:
        opened = open_project(project)
        rule_sets = opened.segmentations()
        if sql is not None:
            for name, query in opened.segmentation_sql(sql.value).items():
                typer.echo(f"-- {name}\n{query};\n")
            return
        if scores is None:
            show_lines(console_segments.segmentations_lines(rule_sets, State.words))
            return
        from habitue.workspace.segment_settings import read_scores

        rows = read_scores(scores)
    except HabitueError as fault:
        fail(fault)
    for rules in rule_sets:
        show_lines(console_segments.scored_lines(rows, rules, State.words))


@app.command(help=HELP.text("cli.report.help"))
def report(
    project: ProjectFolder = Path(),
    run: RunId = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help=HELP.text("cli.report.output"))] = None,
    lang: Annotated[Language | None, typer.Option(help=HELP.text("cli.option.lang"))] = None,
) -> None:
    """Write the report of a run in any language."""
    from habitue.report import exports

    try:
        State.stated = lang.value if lang else State.stated
        opened = open_project(project)
        State.words = Words(State.stated or opened.language)
        html = opened.report(run=run, language=State.words.language)
        path = output or Path(f"report-{State.words.language}.html")
        exports.write(path, html.encode())
    except HabitueError as fault:
        fail(fault)
    say("cli.report.done", path=str(path))
