"""Known exports: what each tool's files look like, one small TOML file a tool in this folder.

A file names its `tool` and holds one table an export: the settings of a source (`kind`, `columns`, `values`,
`optional` …) with the rules that belong to it, and, about itself, `grade` (*seen* on a real export, or *published*:
from a layout somebody published, unverified), `based_on` (what it was written from), `recognised_by` (headers that tell
such a file), `files` (a usual pattern), `is_suggested` (`habitue init` writes it ready to use, not as a comment) and
`traps` (what it takes care of, or cannot). docs/presets.md has a part on each. Adding an export needs no code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

Grade = Literal["seen", "published"]
ABOUT = ("grade", "based_on", "recognised_by", "files", "is_suggested", "traps")
RULES = ("sale_types", "populations")


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One known export, ``tool.export``; `settings` are those of a source, `rules` its rules by their kind."""

    name: str
    tool: str
    grade: Grade
    based_on: str
    recognised_by: tuple[str, ...]
    files: str
    is_suggested: bool
    traps: tuple[str, ...]
    settings: Mapping[str, Any]
    rules: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def kind(self) -> str:
        """Kind of source."""
        return str(self.settings["kind"])


@cache
def presets() -> Mapping[str, Preset]:
    """Every known export by name, in the order of the tools' names and of their files.

    Raises:
        ValueError: a file in this folder lacks something.
    """
    found: dict[str, Preset] = {}
    for part in sorted(files(__name__).iterdir(), key=lambda part: part.name):
        if part.name.endswith(".toml"):
            found |= _exports(part.name.removesuffix(".toml"), tomllib.loads(part.read_text(encoding="utf-8")))
    return MappingProxyType(found)


def tools() -> Mapping[str, tuple[Preset, ...]]:
    """The exports of each tool, by the name of its file."""
    found: dict[str, tuple[Preset, ...]] = {}
    for preset in presets().values():
        key = preset.name.partition(".")[0]
        found[key] = (*found.get(key, ()), preset)
    return found


def recognised(names: Sequence[str]) -> tuple[str, ...]:
    """The known exports whose telling headers are all among those of a file, those with the most first."""
    fitting = [preset for preset in presets().values() if {*preset.recognised_by} <= {*names}]
    return tuple(preset.name for preset in sorted(fitting, key=lambda one: (-len(one.recognised_by), one.name)))


def _exports(file: str, read: Mapping[str, Any]) -> dict[str, Preset]:
    found = {}
    for key, table in read.items():
        if key == "tool":
            continue
        name = f"{file}.{key}"
        missing = [entry for entry in (*ABOUT, "kind") if entry not in table]
        if missing or "tool" not in read:
            raise ValueError(f"{name}: {', '.join(missing) or 'tool'} is missing")
        found[name] = Preset(
            name=name,
            tool=read["tool"],
            grade=table["grade"],
            based_on=table["based_on"],
            recognised_by=tuple(table["recognised_by"]),
            files=table["files"],
            is_suggested=table["is_suggested"],
            traps=tuple(table["traps"]),
            settings={entry: value for entry, value in table.items() if entry not in (*ABOUT, *RULES)},
            rules={kind: tuple(table.get(kind, ())) for kind in RULES},
        )
    return found
