"""Commands for what people decide about who is who: identity review, decide, decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from habitue.cli.shell import HELP, ProjectFolder, State, app, fail, open_project, say, show_lines
from habitue.errors import HabitueError, UsageError, message

if TYPE_CHECKING:
    from habitue.project import Project
    from habitue.workspace.identity_decisions import Decided, Review

identity = typer.Typer(
    name="identity", help=HELP.text("cli.identity.help"), no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(identity)


@identity.command(help=HELP.text("cli.identity_review.help"))
def review(
    project: ProjectFolder = Path(),
    listed: Annotated[bool, typer.Option("--list", help=HELP.text("cli.identity_review.list"))] = False,
) -> None:
    """Decide pair by pair."""
    from habitue.report.console_identities import review_lines, waiting_line

    try:
        opened = open_project(project)
        found = opened.identity_review(personal_data=not listed)
        if listed:
            show_lines(review_lines(found, State.words))
            return
        typer.echo(waiting_line(found, State.words))
        _walk(opened, found)
    except HabitueError as fault:
        fail(fault)


def _walk(opened: Project, found: Review) -> None:
    """Ask for one pair after the other; each answer is kept at once."""
    from habitue.report.console_identities import QUIT, SKIP, pair_lines
    from habitue.workspace.decision_records import PAIR

    count = 0
    try:
        for place, row in enumerate(found.pairs, start=1):
            typer.echo()
            show_lines(pair_lines(row, place, found, State.words))
            answer = _answer()
            if answer == QUIT:
                break
            if answer != SKIP:
                count += opened.decide(row[PAIR[0]], row[PAIR[1]], answer, origin="review").added
    finally:
        if found.pairs:
            say("identity_console.decided", count=count)
        if count:
            say("identity_console.next_run")


def _answer() -> str:
    """What the reader types; the end of the input is the end of the review."""
    from habitue.report.console_identities import QUIT, answers

    choices = answers(State.words)
    while True:
        try:
            typed = typer.prompt(State.words.text("identity_console.ask"), default="", show_default=False)
        except typer.Abort:
            typer.echo()
            return QUIT
        if (word := typed.strip().lower()) in choices:
            return choices[word]
        say("identity_console.ask_again", choices=", ".join(choices))


@identity.command(help=HELP.text("cli.identity_decide.help"))
def decide(
    asked: Annotated[
        list[str] | None, typer.Argument(metavar="[ONE OTHER] DECISION", help=HELP.text("cli.identity_decide.asked"))
    ] = None,
    project: ProjectFolder = Path(),
    file: Annotated[Path | None, typer.Option("--file", help=HELP.text("cli.identity_decide.file"))] = None,
    rule: Annotated[str | None, typer.Option("--rule", help=HELP.text("cli.identity_decide.rule"))] = None,
    yes: Annotated[bool, typer.Option("--yes", help=HELP.text("cli.identity_decide.yes"))] = False,
) -> None:
    """Decide one pair, those of a file, or those of a rule."""
    from habitue.report.console_identities import decided_lines

    words = asked or []
    try:
        opened = open_project(project)
        if file is not None and rule is None and not words:
            done = opened.decide_file(file)
        elif rule is not None and file is None and len(words) == 1:
            done = _of_rule(opened, rule, words[0], yes=yes)
        elif file is None and rule is None and len(words) == 3:
            done = opened.decide(*words)
        else:
            raise UsageError(message("identity.decide_usage"))
    except HabitueError as fault:
        fail(fault)
    show_lines(decided_lines(done, State.words))


def _of_rule(opened: Project, rule: str, decision: str, *, yes: bool) -> Decided:
    """All waiting pairs of a rule, once their number was agreed to."""
    count = len(opened.identity_review(rule=rule).pairs)
    if count and not yes:
        told = State.words.text("identity_console.confirm", count=count)
        if typer.prompt(told).strip() != str(count):
            say("identity_console.nothing_done")
            raise typer.Exit(2)
    return opened.decide_rule(rule, decision, agreed=count)


@identity.command(help=HELP.text("cli.identity_decisions.help"))
def decisions(project: ProjectFolder = Path()) -> None:
    """List what was decided."""
    from habitue.report.console_identities import decisions_lines

    try:
        found = open_project(project).identity_decisions()
    except HabitueError as fault:
        fail(fault)
    show_lines(decisions_lines(found, State.words))
