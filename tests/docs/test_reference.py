"""Everything a user can write or read is documented, and what is generated is up to date."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from habitue.cli import app
from habitue.purchases.sale_types import SALE_TYPES
from habitue.schemas import PUBLIC
from habitue.sources.declared import SHAPES
from habitue.workspace.sections import SECTIONS

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {heading!r}"
    return found[1]


def entries(text: str) -> list[str]:
    """First cells of the tables in a text, without their backticks."""
    return [re.sub("`", "", line.split(" | ")[0][2:]) for line in text.splitlines() if line.startswith("| `")]


def test_generated_parts_are_up_to_date():
    environment = {**os.environ, "HABITUE_LANG": "fr"}  # the pages are English whoever writes them
    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run: python -m docs.generate"


@pytest.mark.parametrize("name", SECTIONS)
def test_every_setting_is_documented(name: str):
    heading = {"sources": "`[sources.NAME]`", "sale_types": "`[[sale_types]]`", "populations": "`[[populations]]`"}
    heading["segmentations"] = "`[segmentations.NAME]`"
    text = section(read("settings.md"), heading.get(name, f"`[{name}]`"))
    assert entries(text) == list(SECTIONS[name].model_fields)


@pytest.mark.parametrize("kind", SHAPES)
def test_every_canonical_column_is_documented(kind: str):
    assert entries(section(read("settings.md"), f'kind = "{kind}"')) == list(SHAPES[kind].all)


@pytest.mark.parametrize("schema", PUBLIC, ids=lambda schema: schema.name)
def test_every_table_and_column_is_documented(schema):
    text = section(read("tables.md"), f"`{schema.name}`")
    assert entries(text) == list(schema.names)
    assert f"habitue show {schema.name.replace('_', '-')}" in text
    assert [f"`{identity}`" in text for identity in schema.identities] == [True] * len(schema.identities)


def test_no_table_is_documented_that_is_not_there():
    headings = re.findall(r"^### `(\w+)`$", read("tables.md"), re.MULTILINE)
    assert headings == [schema.name for schema in PUBLIC]


def test_every_command_and_option_is_documented():
    group = typer.main.get_command(app)
    commands = read("commands.md")
    known = dict(named_commands(group))
    assert re.findall(r"^### `habitue ([\w -]+)`$", commands, re.MULTILINE) == list(known)
    for heading, command in {"habitue": group, **{f"habitue {name}": one for name, one in known.items()}}.items():
        text = section(commands, f"`{heading}`")
        for parameter in command.params:
            names = parameter.opts if parameter.param_type_name == "option" else [parameter.metavar]
            assert [name for name in names if f"`{name}`" not in text] == [], heading


def named_commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The commands of a group and of the groups in it, each with its words."""
    for name, command in group.commands.items():
        yield before + name, command
        if hasattr(command, "commands"):
            yield from named_commands(command, f"{before}{name} ")


def test_every_sale_type_is_documented():
    assert entries(section(read("purchases.md"), "What counts")) == list(SALE_TYPES)


def test_every_reason_is_documented():
    text = read("reading-files.md")
    told = {*entries(section(text, "What is refused"))}
    files = (ROOT / "src/habitue/report/locale/en").glob("*.toml")
    terms = [tomllib.loads(path.read_text("utf-8")).get("term", {}).get("reason", {}) for path in files]
    assert told == {code for reasons in terms for code in reasons}


def test_every_finding_of_the_collection_plan_is_documented():
    (plan,) = [schema for schema in PUBLIC if schema.name == "collection_plan"]
    meaning = next(column.meaning for column in plan.columns if column.name == "finding")
    documented = set(entries(section(read("purchases.md"), "Collection plan")))
    assert documented == {finding.strip() for finding in meaning.split(",")}
