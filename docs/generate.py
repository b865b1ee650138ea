"""Writes the generated parts of the documentation: `python -m docs.generate`, from the root of the repository.

A part stands between `<!-- generated: NAME -->` and `<!-- end -->`. With `--check` nothing is written: the differences
are shown, and the exit code is 1 if there are any. No network; the worked example is really run, in a temporary folder.
"""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

os.environ["HABITUE_LANG"] = "en"  # before the command line is imported: its help is worded then

from docs import reference, walkthrough

ROOT = Path(__file__).parents[1]
START, END = "<!-- generated: {} -->", "<!-- end -->"

PARTS: Mapping[str, Callable[[], str]] = {
    "settings": reference.settings,
    "canonical columns": reference.canonical_columns,
    "sale types": reference.sale_types,
    "tables": reference.tables,
    "commands": reference.commands,
    "reasons": reference.reasons,
    "asides": reference.asides,
    "example till": lambda: walkthrough.file("exports/till_2024-11.csv"),
    "example corrections": lambda: walkthrough.file("exports/till_2024-12.csv"),
    "example cards": lambda: walkthrough.file("exports/cards.csv"),
    "example settings": lambda: walkthrough.file("habitue.toml"),
    "example check": lambda: walkthrough.output("check"),
    "example check, trimmed": walkthrough.check_trimmed,
    "example run": lambda: walkthrough.output("run"),
    "example customers": lambda: walkthrough.output("show customers"),
    "example returns": lambda: walkthrough.output("show returns"),
    "example runs": lambda: walkthrough.output("runs"),
}


def pages() -> list[Path]:
    """The pages of the documentation."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def filled(text: str) -> str:
    """A page with its generated parts as they should be.

    Raises:
        ValueError: a part is not known, or does not end.
    """
    done, rest = "", text
    while START.format("")[:-4] in rest:
        before, _, rest = rest.partition(START.format("")[:-4])
        name, _, rest = rest.partition(" -->")
        name = name.strip()
        if name not in PARTS:
            raise ValueError(f"there is no part {name!r}; there are: {', '.join(PARTS)}")
        _, found, rest = rest.partition(END)
        if not found:
            raise ValueError(f"the part {name!r} does not end: write {END} after it")
        done += f"{before}{START.format(name)}\n\n{PARTS[name]()}\n\n{END}"
    return done + rest


def main(check: bool) -> int:
    """Write the pages, or show what differs."""
    stale = 0
    for page in pages():
        text = page.read_text("utf-8")
        wanted = filled(text)
        if wanted == text:
            continue
        stale += 1
        name = page.relative_to(ROOT).as_posix()
        if check:
            sys.stdout.writelines(
                difflib.unified_diff(text.splitlines(True), wanted.splitlines(True), name, f"{name} as it should be")
            )
        else:
            page.write_text(wanted, "utf-8")
            sys.stdout.write(f"{name} written\n")
    return int(check and stale > 0)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
