"""The worked example of the documentation, really run: docs/example, copied into a temporary folder."""

from __future__ import annotations

import functools
import hashlib
import itertools
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

from typer.testing import CliRunner

EXAMPLE = Path(__file__).parent / "example"
COMMANDS = ("check", "run", "show customers", "show returns", "runs")
RUN_ID, SHOWN_RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}"), "20250106-090000-1a2b"


def file(name: str) -> str:
    """A file of the example as a code block."""
    raw = (EXAMPLE / name).read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    kind = "toml" if name.endswith(".toml") else "text"
    return f"```{kind}\n{text.replace(chr(13), '').strip()}\n```"


@functools.cache
def _outputs() -> Mapping[str, str]:
    """What each command says. Opaque ids come from a fixed sequence and the run has a fixed name, so that the pages
    stay the same from one writing to the next; everything else is as it was said.
    """
    from habitue.cli import app

    numbers = itertools.count()
    said = {}
    with (
        tempfile.TemporaryDirectory() as temporary,
        mock.patch("habitue.workspace.people.secrets.token_hex", _ids(numbers)),
    ):
        folder = Path(temporary).resolve() / "shop"
        shutil.copytree(EXAMPLE, folder)
        for command in COMMANDS:
            done = CliRunner().invoke(app, ["--lang", "en", *command.split(), "-p", str(folder)])
            if done.exit_code != 0:
                raise RuntimeError(f"habitue {command} ended with {done.exit_code}: {done.output}") from done.exception
            text = RUN_ID.sub(SHOWN_RUN_ID, done.output.replace(str(folder.parent), "/path/to"))
            said[command] = text.strip("\n")
    return said


def _ids(numbers: itertools.count[int]):
    return lambda size: hashlib.sha256(f"example {next(numbers)}".encode()).hexdigest()[: 2 * size]


def output(command: str) -> str:
    """What a command says on the example, as a code block."""
    return f"```text\n{_outputs()[command]}\n```"


def check_trimmed() -> str:
    """What `habitue check` says: how files were read, reconciliation, what was refused, the collection plan."""
    from habitue.report.locale import Words

    words = Words("en")
    titles = [words.text(f"console.check.{name}") for name in ("files", "reconciliation", "quarantine", "plan")]
    sections = _outputs()["check"].split("\n\n")
    kept = [section for section in sections if section.split("\n")[0] in titles]
    if len(kept) != len(titles):
        raise RuntimeError(f"habitue check has no longer the sections {titles}")
    return "```text\n" + "\n\n".join(kept) + "\n```"
