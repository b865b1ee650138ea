"""Commands that make a project and turn its cycle: init, check, run, runs, demo."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from habitue.cli.serving import PORT, serve_projects
from habitue.cli.shell import (
    HELP,
    AsOf,
    ProjectFolder,
    State,
    app,
    day,
    fail,
    open_project,
    progress,
    progress_done,
    say,
    show_lines,
)
from habitue.errors import HabitueError

if TYPE_CHECKING:
    from habitue.project import Project
    from habitue.workspace.catalogue import Run


@app.command(help=HELP.text("cli.init.help"))
def init(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path(),
    preset: Annotated[list[str] | None, typer.Option("--preset", help=HELP.text("cli.init.preset"))] = None,
) -> None:
    """Write a commented habitue.toml."""
    from habitue import project

    try:
        path = project.init(folder, State.words.language, preset or ())
    except HabitueError as fault:
        fail(fault)
    say("cli.init.preset_done" if preset else "cli.init.done", path=str(path))


@app.command(help=HELP.text("cli.presets.help"))
def presets() -> None:
    """List the known exports."""
    from habitue.report.first_settings import presets_lines

    show_lines(presets_lines(State.words))


@app.command(help=HELP.text("cli.check.help"))
def check(project: ProjectFolder = Path(), as_of: AsOf = None) -> None:
    """Read every source and say what is there; change nothing."""
    try:
        looked = open_project(project).check(day(as_of), told=progress)
    except HabitueError as fault:
        progress_done()
        fail(fault)
    progress_done()
    from habitue.report.console import check_lines

    show_lines(check_lines(looked.tables, looked.manifest, State.words))
    if looked.faults:
        from habitue.errors import DataError

        fail(DataError(*looked.faults))


@app.command(help=HELP.text("cli.run.help"))
def run(
    project: ProjectFolder = Path(),
    as_of: AsOf = None,
    recalibrate: Annotated[bool, typer.Option("--recalibrate", help=HELP.text("cli.run.recalibrate"))] = False,
) -> None:
    """Run one cycle."""
    try:
        opened = open_project(project)
        done = opened.run(day(as_of), recalibrate=recalibrate, told=progress)
    except HabitueError as fault:
        progress_done()
        fail(fault)
    progress_done()
    _tell_run(opened, done)


@app.command(help=HELP.text("cli.runs.help"))
def runs(project: ProjectFolder = Path()) -> None:
    """List the runs and what changed between them."""
    try:
        opened = open_project(project)
        found = opened.runs()
    except HabitueError as fault:
        fail(fault)
    from habitue.report.console import runs_lines

    reconciled = {one.run_id: opened.show("reconciliation", run=one.run_id) for one in found}
    show_lines(runs_lines([(one.run_id, one.manifest) for one in found], reconciled, State.words))


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
    serve: Annotated[bool | None, typer.Option("--serve/--no-serve", help=HELP.text("cli.demo.serve"))] = None,
) -> None:
    """Build demo projects, run a cycle on each, open their pages."""
    from habitue.demo import projects

    language = State.words.language
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
            done = opened.run(told=progress)
            progress_done()
            _tell_run(opened, done)
            typer.echo()
        say("cli.demo.done", folder=str(made[0]), command=_invoked())
        if sys.stdout.isatty() if serve is None else serve:
            serve_projects([project.open(path) for path in made], port=PORT, browser=True)
    except HabitueError as fault:
        progress_done()
        fail(fault)


def _tell_run(opened: Project, done: Run) -> None:
    """What a run brought, and where its report lies."""
    from habitue.report.console import run_lines

    names = (
        "sales_by_year", "reconciliation", "quarantine", "segments",
        "segment_value", "forecast_models", "critical_sets",
    )  # fmt: skip
    tables = {name: opened.show(name, run=done.run_id) for name in names}
    show_lines(run_lines(tables, done.manifest, State.words))
    say("cli.run.report", path=str(opened.report_path(done)))


def _invoked() -> str:
    """How this program was called, to be typed again."""
    path = Path(sys.argv[0])
    if path.is_relative_to(Path.cwd()):
        path = path.relative_to(Path.cwd())
    return path.name if path.is_absolute() else str(path)
