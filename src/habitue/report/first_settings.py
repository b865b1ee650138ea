"""The first `habitue.toml` of a project, and the list of known exports it can begin with."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from habitue.errors import Message, UsageError, message
from habitue.report.exports import text_table
from habitue.report.locale import Words
from habitue.sources.presets import Preset, presets, tools

TEMPLATES = Path(__file__).parent / "templates"
FIRST_SOURCE, AFTER_SOURCES = "\n[sources.", "\n# [[sale_types]]"
"""Where the examples of sources begin and end in the templates."""


def first_settings(language: str, names: Sequence[str]) -> str:
    """The text of a commented `habitue.toml`; with names of tools or exports, their sources in place of the examples.

    Raises:
        UsageError: `preset.unknown`, for every name that is not known.
    """
    template = (TEMPLATES / f"habitue.{language}.toml").read_text("utf-8")
    chosen = _chosen(names)
    if not chosen:
        return template
    words = Words(language)
    before, after = template.index(FIRST_SOURCE), template.index(AFTER_SOURCES)
    sections = "\n".join(_section(preset, words) for preset in chosen)
    return f"{template[:before]}\n{sections}\n{words.text('preset.init.more')}\n{template[after:]}"


def presets_lines(words: Words) -> Iterator[str]:
    """Every known export with its kind and grade, and how to begin with one."""
    rows = [
        [preset.name, preset.tool, words.term("kind", preset.kind), words.term("grade", preset.grade)]
        for preset in presets().values()
    ]
    headers = [words.term("column", name) for name in ("preset", "tool", "kind", "grade")]
    yield from text_table(headers, rows, [False] * len(headers))
    yield ""
    yield words.text("preset.list.more")


def _chosen(names: Sequence[str]) -> list[Preset]:
    """The exports named, by themselves or by their tool, each once, in the order of the names."""
    by_tool, by_name = tools(), presets()
    found: dict[str, Preset] = {}
    faults: list[Message] = []
    for name in names:
        exports = by_tool.get(name) or ((by_name[name],) if name in by_name else ())
        if not exports:
            near = difflib.get_close_matches(name.lower(), [*by_tool, *by_name], n=1, cutoff=0.6)
            faults.append(
                message(
                    "preset.unknown_suggest" if near else "preset.unknown",
                    place="--preset",
                    value=name,
                    suggestion=near[0] if near else "",
                    choices=", ".join(by_tool),
                )
            )
        found |= {preset.name: preset for preset in exports}
    if faults:
        raise UsageError(*faults)
    return list(found.values())


def _section(preset: Preset, words: Words) -> str:
    """A source that names an export; as a comment unless it is meant to be read beside the others of its tool."""
    name = preset.name.replace(".", "_")
    lines = [
        f"[sources.{name}]  # {preset.tool}: {words.term('kind', preset.kind)}, {words.term('grade', preset.grade)}",
        f'preset = "{preset.name}"',
        f'files = "{preset.files}"',
    ]
    if preset.kind == "transactions" and "tax" not in preset.settings:
        lines.append(f"# {words.text('preset.init.tax')}")
    if not preset.is_suggested:
        lines = [f"# {line}" for line in lines]
    return "\n".join(lines) + "\n"
