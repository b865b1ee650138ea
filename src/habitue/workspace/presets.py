"""Sources of `habitue.toml` that name a known export: its settings and rules, under what is written by hand."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from habitue.errors import Message, message
from habitue.sources.presets import RULES, Preset, presets

LISTS = ("optional", "stated_once")
OPPOSITE = {"columns": "values", "values": "columns"}


def resolved(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[Message]]:
    """Settings as parsed, each source that names a preset with what the preset says; and what is wrong with the names.

    What is written by hand comes first: a setting replaces the preset's; in tables (`columns`, `values` …) each entry
    does, and an empty one takes the preset's away; `optional` and `stated_once` are added to. The preset's rules
    come after all rules of the file, for this source only. A source whose preset is not known, or is of another kind,
    is left out.
    """
    sources = raw.get("sources")
    if not isinstance(sources, Mapping):
        return dict(raw), []
    known, faults = presets(), []
    done: dict[str, Any] = {}
    rules: dict[str, list[Any]] = {kind: [] for kind in RULES}
    for name, section in sources.items():
        wanted = section.get("preset") if isinstance(section, Mapping) else None
        if not isinstance(wanted, str):
            done[name] = section
            continue
        preset = known.get(wanted)
        if preset is None:
            near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.6)
            faults.append(
                message(
                    "preset.unknown_suggest" if near else "preset.unknown",
                    place=f"sources.{name}.preset",
                    value=wanted,
                    suggestion=near[0] if near else "",
                    choices=", ".join(known),
                )
            )
        elif section.get("kind", preset.kind) != preset.kind:
            faults.append(
                message(
                    "setting.choices", place=f"sources.{name}.kind", value=str(section["kind"]), choices=preset.kind
                )
            )
        else:
            done[name] = _merged(section, preset)
            for kind in RULES:
                rules[kind] += [{**rule, "source": name} for rule in preset.rules[kind]]
    given = {**raw, "sources": done}
    for kind, added in rules.items():
        if added and isinstance(raw.get(kind, []), list):
            given[kind] = [*raw.get(kind, []), *added]
    return given, faults


def all_sources(raw: Mapping[str, Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sources by name, those with faults in their presets as written."""
    written = raw.get("sources")
    return {**written, **given["sources"]} if isinstance(written, Mapping) else {}


def always_there(columns: Mapping[str, str | tuple[str, ...]], optional: tuple[str, ...]) -> set[str]:
    """The mapped columns of which every file has a header."""
    listed = {column: (headers,) if isinstance(headers, str) else headers for column, headers in columns.items()}
    return {column for column, headers in listed.items() if not {*headers} <= {*optional}}


def _merged(section: Mapping[str, Any], preset: Preset) -> dict[str, Any]:
    """A source's settings over those of its preset."""
    merged = {**preset.settings, **section}
    for table, theirs in preset.settings.items():
        own = section.get(table, {})
        if not isinstance(theirs, Mapping) or not isinstance(own, Mapping):
            continue  # what should be a table and is none is told by the validation
        elsewhere = section.get(OPPOSITE.get(table, ""))
        taken = {*elsewhere} if isinstance(elsewhere, Mapping) else set()
        left = {name: value for name, value in theirs.items() if name not in taken}
        merged[table] = {name: value for name, value in {**left, **own}.items() if value not in ("", [])}
    for listed in LISTS:
        own = section.get(listed, [])
        if isinstance(own, str | list):
            merged[listed] = [*preset.settings.get(listed, []), *([own] if isinstance(own, str) else own)]
    return merged
