"""The pages of the documentation, and their parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One page of the documentation."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """Its path below the repository."""
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self, language: str) -> list[str]:
        """Its code blocks in a language."""
        return [body for found, body in FENCE.findall(self.text) if found == language]

    def commands(self) -> list[str]:
        """Lines of its shell blocks."""
        return [line for block in self.blocks("sh") for line in block.splitlines() if line and not line.startswith("#")]

    @property
    def prose(self) -> str:
        """The page without its code blocks."""
        return FENCE.sub("", self.text)


def pages() -> list[Page]:
    """README, CHANGELOG, CONTRIBUTING and everything in docs."""
    paths = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
    return [Page(path, path.read_text("utf-8")) for path in [*paths, *sorted((ROOT / "docs").glob("*.md"))]]


def page(name: str) -> Page:
    """A page by its path below the repository."""
    path = ROOT / name
    return Page(path, path.read_text("utf-8"))


@pytest.fixture
def readme() -> Page:
    """The README."""
    return page("README.md")
