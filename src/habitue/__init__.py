"""habitue: retail loyalty analytics, from till tickets to campaigns, measured returns and programme redesign."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from habitue.project import Project

__version__ = "0.1.0"


def open(folder: str | Path) -> Project:
    """Open a project folder.

    Raises:
        ConfigurationError: `habitue.toml` is missing or has faults: all of them, each with its place.
    """
    from habitue import project

    return project.open(folder)
