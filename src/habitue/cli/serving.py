"""The command that opens the web application."""

from __future__ import annotations

import errno
import os
import socket
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from habitue.cli.shell import HELP, app, fail, open_project, say
from habitue.errors import HabitueError, UsageError, message

if TYPE_CHECKING:
    from habitue.project import Project

PORT = 8765
TOKEN = "HABITUE_API_TOKEN"


@app.command(help=HELP.text("cli.serve.help"))
def serve(
    project: Annotated[list[Path] | None, typer.Option("--project", "-p", help=HELP.text("cli.serve.project"))] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help=HELP.text("cli.serve.port"))] = PORT,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help=HELP.text("cli.serve.browser"))] = True,
) -> None:
    """Open the pages of one or several projects on this machine."""
    try:
        opened = [open_project(folder) for folder in project or [Path()]]
        serve_projects(opened, port=port, browser=browser)
    except HabitueError as fault:
        fail(fault)


def serve_projects(projects: Sequence[Project], *, port: int, browser: bool) -> None:
    """Serve until interrupted; the link is said as soon as it works.

    Raises:
        UsageError: the port is taken.
    """
    import uvicorn

    from habitue.web.access import ENTRY, Access
    from habitue.web.app import HOST, create_app

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # whoever opens the link at once waits instead of being refused
    except OSError as fault:
        listening.close()
        code = "port_taken" if fault.errno == errno.EADDRINUSE else "port_refused"
        raise UsageError(message(f"cli.serve.{code}", port=port)) from None
    port = listening.getsockname()[1]

    def link(key: str) -> str:
        return f"http://{HOST}:{port}{ENTRY}?key={key}"

    access = Access(api_token=os.environ.get(TOKEN), told=lambda key: say("cli.serve.another", link=link(key)))
    application = create_app(projects, access, port=port)
    say("cli.serve.link", link=link(access.key))
    if browser:
        webbrowser.open(link(access.key))
    config = uvicorn.Config(application, log_level="warning", access_log=False, server_header=False)
    with listening, suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    say("cli.serve.ended")
