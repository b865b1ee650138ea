"""The command line: parse, call, show. Words and numbers in the reader's language."""

from __future__ import annotations

import os
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from habitue.errors import ConfigurationError, HabitueError, Message, message
from habitue.report.locale import LANGUAGES, Words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from habitue.project import Project
    from habitue.workspace.catalogue import Run


def _from_environment() -> str:
    """The reader's language by HABITUE_LANG, else by the system's, else English."""
    for variable in ("HABITUE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        found = os.environ.get(variable, "")[:2].lower()
        if found in LANGUAGES:
            return found
    return "en"


HELP = Words(_from_environment())
app = typer.Typer(
    name="habitue",
    help=HELP.text("cli.help"),
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Language(StrEnum):
    """Languages of the command line and of reports."""

    EN = "en"
    FR = "fr"
    RU = "ru"


class Format(StrEnum):
    """Formats of `habitue show`."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


class _State:
    stated: str | None = None
    words = HELP


ProjectFolder = Annotated[Path, typer.Option("--project", "-p", help=HELP.text("cli.option.project"))]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD", help=HELP.text("cli.option.as_of"))]
RunId = Annotated[str | None, typer.Option("--run", help=HELP.text("cli.option.run"))]


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    lang: Annotated[Language | None, typer.Option(help=HELP.text("cli.option.lang"))] = None,
    version: Annotated[bool, typer.Option("--version", help=HELP.text("cli.option.version"))] = False,
) -> None:
    """Set the language."""
    if version:
        import importlib.metadata

        typer.echo(importlib.metadata.version("habitue"))
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit
    _State.stated = lang.value if lang else None
    _State.words = Words(_State.stated) if _State.stated else HELP


def say(code: str, **params: Any) -> None:
    """Print one sentence."""
    typer.echo(_State.words.text(code, **params))


def _fail(fault: HabitueError) -> NoReturn:
    for told in fault.messages:
        typer.echo(f"{_State.words.text('cli.fault')} {_State.words.say(told)}", err=True)
    raise typer.Exit(fault.exit_code)


def _progress(told: Message) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r\033[K… {_State.words.say(told)}", err=True, nl=False)


def _progress_done() -> None:
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)


def _open(folder: Path) -> Project:
    from habitue import project

    opened = project.open(folder)
    if _State.stated is None and not os.environ.get("HABITUE_LANG"):
        _State.words = Words(opened.language)
    return opened


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(message("cli.bad_date", value=text)) from None


@app.command(help=HELP.text("cli.init.help"))
def init(folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path()) -> None:
    """Write a commented habitue.toml."""
    from habitue import project

    try:
        path = project.init(folder, _State.words.language)
    except HabitueError as fault:
        _fail(fault)
    say("cli.init.done", path=str(path))


@app.command(help=HELP.text("cli.check.help"))
def check(project: ProjectFolder = Path(), as_of: AsOf = None) -> None:
    """Read every source and say what is there; change nothing."""
    try:
        looked = _open(project).check(_day(as_of), told=_progress)
    except HabitueError as fault:
        _progress_done()
        _fail(fault)
    _progress_done()
    from habitue.report.console import check_lines

    _print(check_lines(looked.tables, looked.manifest, _State.words))
    if looked.faults:
        from habitue.errors import DataError

        _fail(DataError(*looked.faults))


@app.command(help=HELP.text("cli.run.help"))
def run(
    project: ProjectFolder = Path(),
    as_of: AsOf = None,
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help=HELP.text("cli.run.recalibrate"))] = False,
) -> None:
    """Run one cycle."""
    try:
        opened = _open(project)
        done = opened.run(_day(as_of), recalibrate=recalibrate, told=_progress)
    except HabitueError as fault:
        _progress_done()
        _fail(fault)
    _progress_done()
    _tell_run(opened, done)


@app.command(help=HELP.text("cli.runs.help"))
def runs(project: ProjectFolder = Path()) -> None:
    """List the runs and what changed between them."""
    try:
        opened = _open(project)
        found = opened.runs()
    except HabitueError as fault:
        _fail(fault)
    from habitue.report.console import runs_lines

    reconciled = {one.run_id: opened.show("reconciliation", run=one.run_id) for one in found}
    _print(runs_lines([(one.run_id, one.manifest) for one in found], reconciled, _State.words))


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
        opened = _open(project)
        table = opened.show(name, run=run, personal_data=personal_data)
        _hand_out(opened, table, name.replace("-", "_"), format, output, excel=excel, limit=limit)
    except HabitueError as fault:
        _fail(fault)


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

    written = exports.written(
        table,
        name,
        opened.workspace.settings.project.currency,
        (Format.CSV if excel else format).value,
        excel=excel,
        limit=limit,
        words=_State.words,
        to_terminal=output is None,
    )
    if output is None:
        sys.stdout.buffer.write(written)
        sys.stdout.buffer.flush()
    else:
        exports.write(output, written)
        say("cli.show.written", count=min(table.num_rows, limit or table.num_rows), path=str(output))


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
        opened = _open(project)
        earlier = _day(from_on)
        assert earlier is not None
        table, notes = opened.transitions(earlier, _day(to_on), segmentation=segmentation, run=run)
        if format is Format.TABLE and not excel and output is None:
            _print(transitions_lines(table.to_pylist(), _State.words))
        else:
            _hand_out(opened, table, "transitions", format, output, excel=excel)
    except HabitueError as fault:
        _fail(fault)
    for note in notes:
        typer.echo(f"{_State.words.text('cli.warning')} {_State.words.say(note)}", err=True)


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
        opened = _open(project)
        rule_sets = opened.segmentations()
        if sql is not None:
            for name, query in opened.segmentation_sql(sql.value).items():
                typer.echo(f"-- {name}\n{query};\n")
            return
        if scores is None:
            _print(console_segments.segmentations_lines(rule_sets, _State.words))
            return
        from habitue.workspace.segment_settings import read_scores

        rows = read_scores(scores)
    except HabitueError as fault:
        _fail(fault)
    for rules in rule_sets:
        _print(console_segments.scored_lines(rows, rules, _State.words))


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
        _State.stated = lang.value if lang else _State.stated
        opened = _open(project)
        _State.words = Words(_State.stated or opened.language)
        html = opened.report(run=run, language=_State.words.language)
        path = output or Path(f"report-{_State.words.language}.html")
        exports.write(path, html.encode())
    except HabitueError as fault:
        _fail(fault)
    say("cli.report.done", path=str(path))


class Shop(StrEnum):
    """Demo projects."""

    GROCERY = "grocery"
    SIMULATED = "simulated"
    BOTH = "both"


@app.command(help=HELP.text("cli.demo.help"))
def demo(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("demo"),
    shop: Annotated[Shop, typer.Option(help=HELP.text("cli.demo.shop"))] = Shop.BOTH,
    customers: Annotated[int, typer.Option(min=1, help=HELP.text("cli.demo.customers"))] = 20_000,
    years: Annotated[int, typer.Option(min=1, max=20, help=HELP.text("cli.demo.years"))] = 3,
    seed: Annotated[int, typer.Option(help=HELP.text("cli.demo.seed"))] = 1,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help=HELP.text("cli.demo.serve"))] = True,
) -> None:
    """Build demo projects, run a cycle on each, say where to look."""
    del serve  # the pages come with the web application; until then a demo always returns
    from habitue.demo import projects

    language = _State.words.language
    made: list[Path] = []
    try:
        if shop in (Shop.GROCERY, Shop.BOTH):
            say("cli.demo.building", name="grocery")
            made.append(projects.build_grocery(folder / "grocery", language))
        if shop in (Shop.SIMULATED, Shop.BOTH):
            say("cli.demo.building", name="simulated-shop")
            made.append(
                projects.build_simulated(
                    folder / "simulated-shop", language, customers=customers, years=years, seed=seed
                )
            )
        from habitue import project

        for path in made:
            opened = project.open(path)
            done = opened.run(told=_progress)
            _progress_done()
            _tell_run(opened, done)
            typer.echo()
    except HabitueError as fault:
        _progress_done()
        _fail(fault)
    say("cli.demo.done", folder=str(made[0]), command=_invoked())


def _tell_run(opened: Project, done: Run) -> None:
    """What a run brought, and where its report lies."""
    from habitue.report.console import run_lines

    names = ("sales_by_year", "reconciliation", "quarantine", "segments")
    tables = {name: opened.show(name, run=done.run_id) for name in names}
    _print(run_lines(tables, done.manifest, _State.words))
    say("cli.run.report", path=str(opened.report_path(done)))


def _invoked() -> str:
    """How this program was called, to be typed again."""
    path = Path(sys.argv[0])
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.name if path.is_absolute() else str(path)


def _print(lines: Iterator[str]) -> None:
    for line in lines:
        typer.echo(line)
