"""Commands for the rights of the people in the data: erase, object, export-subject, retention."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from habitue.cli.shell import (
    HELP,
    ProjectFolder,
    State,
    app,
    fail,
    open_project,
    progress,
    progress_done,
    say,
    show_lines,
)
from habitue.errors import HabitueError

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help=HELP.text("cli.explain.customer"))]


@app.command(help=HELP.text("cli.erase.help"))
def erase(customer: Customer, project: ProjectFolder = Path()) -> None:
    """Erase one person."""
    from habitue.report.console_rights import erased_lines

    try:
        done = open_project(project).erase(customer, told=progress)
    except HabitueError as fault:
        progress_done()
        fail(fault)
    progress_done()
    show_lines(erased_lines(done, State.words))


@app.command("object", help=HELP.text("cli.object.help"))
def object_to_marketing(customer: Customer, project: ProjectFolder = Path()) -> None:
    """Record an objection to marketing."""
    from habitue.report.console_rights import objected_lines

    try:
        done = open_project(project).object(customer)
    except HabitueError as fault:
        fail(fault)
    show_lines(objected_lines(done, State.words))


@app.command("export-subject", help=HELP.text("cli.export_subject.help"))
def export_subject(
    customer: Customer,
    project: ProjectFolder = Path(),
    output: Annotated[Path | None, typer.Option("--output", "-o", help=HELP.text("cli.export_subject.output"))] = None,
) -> None:
    """Write everything held of one person."""
    try:
        path = open_project(project).export_subject(customer, output, language=State.stated)
    except HabitueError as fault:
        fail(fault)
    say("rights.exported", path=str(path))


@app.command(help=HELP.text("cli.retention.help"))
def retention(
    project: ProjectFolder = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help=HELP.text("cli.retention.dry_run"))] = False,
    listed: Annotated[bool, typer.Option("--list", help=HELP.text("cli.retention.list"))] = False,
    yes: Annotated[bool, typer.Option("--yes", help=HELP.text("cli.retention.yes"))] = False,
) -> None:
    """Count, then erase, people past the period of retention."""
    from habitue.report.console_rights import retention_lines

    try:
        opened = open_project(project)
        found = opened.retention()
        count = found.people.num_rows
        show_lines(retention_lines(found, State.words, listed=listed))
        if dry_run or not count:
            return
        if not yes and typer.prompt(State.words.text("cli.retention.confirm", count=count)).strip() != str(count):
            say("cli.retention.left")
            raise typer.Exit(2)
        done = opened.retention(erase=count, told=progress)
    except HabitueError as fault:
        progress_done()
        fail(fault)
    progress_done()
    show_lines(retention_lines(done, State.words, listed=False))
