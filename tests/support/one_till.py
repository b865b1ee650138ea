"""Settings of a project with one till, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

COLUMNS = {"transaction_id": "ticket", "sold_at": "day", "net_amount": "amount"}


def settings(more: Mapping[str, str] | None = None) -> str:
    """The settings, with more columns by their canonical names."""
    named = "\n".join(f'{name} = "{header}"' for name, header in {**COLUMNS, **(more or {})}.items())
    return (
        '[sources.till]\nkind = "transactions"\nfiles = "till.csv"\ntax = "excluded"\n'
        f"[sources.till.columns]\n{named}\n"
    )


def write(folder: Path, till: str, more: Mapping[str, str] | None = None, *, head: str = "") -> None:
    """Settings and till file in a folder; `head` stands above the source."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "habitue.toml").write_text(head + settings(more), "utf-8")
    (folder / "till.csv").write_text(till, "utf-8")
