"""What the pages say holds: links lead somewhere, commands exist, examples of settings are valid."""

from __future__ import annotations

import re
import shlex
import tomllib
from typing import Any

import pytest
from typer.testing import CliRunner

from docs.conftest import ROOT, Page, pages
from habitue.cli import app
from habitue.workspace import config

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"https?://[^\s)>\"']+")
ALLOWED = ("https://keepachangelog.com/", "https://semver.org/", "http://127.0.0.1")
MACHINE_PATH = re.compile(r"(?:^|[\s`(\"'=])/(?!path/to/|api/|projects/)[A-Za-z][\w.-]*/", re.MULTILINE)

BASE = """
[sources.till]
kind = "transactions"
files = "till.csv"
[sources.till.columns]
transaction_id = "a"
sold_at = "b"
store_id = "c"
net_amount = "d"
source_customer_id = "e"
[sources.web]
kind = "transactions"
files = "web.csv"
[sources.web.columns]
transaction_id = "a"
sold_at = "b"
net_amount = "d"
"""


def anchors(text: str) -> set[str]:
    """Anchors of the headings of a page, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page):
    faults = []
    for link in LINK.findall(page.prose):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.path.parent / file).resolve() if file else page.path
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            faults.append(link)
    assert faults == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_no_address_but_the_two_standards_and_no_path_of_a_machine(page: Page):
    assert [address for address in ADDRESS.findall(page.text) if not address.startswith(ALLOWED)] == []
    assert MACHINE_PATH.findall(page.text) == []


def test_every_page_is_reached_from_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    missing = [page.name for page in pages() if page.name.startswith("docs/") and f"({page.name})" not in readme]
    assert missing == []


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        match
        for page in pages()
        for match in re.findall(r"(?:^|`)make (?:\w+=\S+ )?([a-z]+)\b", page.text, re.MULTILINE)
    }
    assert {"demo", "test"} <= named <= targets


def test_the_readme_begins_with_the_two_commands():
    first = pages()[0].blocks("sh")[0]
    assert first.splitlines() == ["make demo", "make test"]


@pytest.mark.parametrize(
    "line", sorted({line for page in pages() for line in page.commands() if line.startswith("habitue ")})
)
def test_commands_on_the_pages_exist(line: str):
    words = shlex.split(line)[1:]
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0, done.output


def test_inline_commands_on_the_pages_exist():
    registered: Any = app.registered_commands
    groups: Any = app.registered_groups
    known = {command.name or command.callback.__name__ for command in registered}
    known |= {group.typer_instance.info.name for group in groups}
    named = set()
    for page in pages():
        prose = re.sub(r"^\|.*$", "", page.prose, flags=re.MULTILINE)  # tables hold settings too
        for words in re.findall(r"`habitue ([^`]+)`", prose):
            plain = re.sub(r"^--lang \w+ ", "", words).split()[0]
            if plain[0] != "-" and plain.isascii() and plain.islower():
                named.add(plain)
    assert named <= known


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [(page.name, number, text) for page in pages() for number, text in enumerate(page.blocks("toml"), start=1)],
)
def test_examples_of_settings_are_valid(name: str, number: int, text: str):
    example = tomllib.loads(text)
    is_whole = "columns" in example.get("sources", {}).get("till", {})
    config.validate(example if is_whole else merged(tomllib.loads(BASE), example))


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Tables one over the other, the second above."""
    result = dict(one)
    for key, value in other.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and key in result else value
    return result


def test_pictures_are_small_and_shown():
    shown = (ROOT / "README.md").read_text("utf-8")
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 200_000
        assert f"docs/images/{picture.name}" in shown


def test_the_example_holds_only_its_files():
    example = ROOT / "docs" / "example"
    held = {path.relative_to(example).as_posix() for path in example.rglob("*") if path.is_file()}
    assert held == {
        "habitue.toml",
        *(f"exports/{name}" for name in ("cards.csv", "till_2024-11.csv", "till_2024-12.csv")),
    }
