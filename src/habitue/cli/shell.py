"""The ground all commands stand on: the program, its language, its options, how it speaks and fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from habitue.errors import ConfigurationError, HabitueError, Message, message
from habitue.report.locale import LANGUAGES, Words

if TYPE_CHECKING:
    from habitue.project import Project


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


class State:
    """Language stated for this call, and its words."""

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
    State.stated = lang.value if lang else None
    State.words = Words(State.stated) if State.stated else HELP


def say(code: str, **params: Any) -> None:
    """Print one sentence."""
    typer.echo(State.words.text(code, **params))


def fail(fault: HabitueError) -> NoReturn:
    """Say everything that is wrong and end."""
    for told in fault.messages:
        typer.echo(f"{State.words.text('cli.fault')} {State.words.say(told)}", err=True)
    raise typer.Exit(fault.exit_code)


def progress(told: Message) -> None:
    """Say what is being done, on a terminal, over what was said before."""
    if sys.stderr.isatty():
        typer.echo(f"\r\033[K… {State.words.say(told)}", err=True, nl=False)


def progress_done() -> None:
    """Take away what `progress` said last."""
    if sys.stderr.isatty():
        typer.echo("\r\033[K", err=True, nl=False)


def open_project(folder: Path) -> Project:
    """Open a project; it decides the language where nobody has."""
    from habitue import project

    opened = project.open(folder)
    if State.stated is None and not os.environ.get("HABITUE_LANG"):
        State.words = Words(opened.language)
    return opened


def day(text: str | None) -> date | None:
    """A date as it is typed."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(message("cli.bad_date", value=text)) from None


def show_lines(lines: Iterable[str]) -> None:
    """Print lines."""
    for line in lines:
        typer.echo(line)
