"""Small CSV files that people write by hand: rules, scores, decisions."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from habitue.errors import Message, message


def csv_rows(path: Path, shown: str) -> csv.DictReader[str] | Message:
    """The rows of a CSV file separated by commas or semicolons; what is wrong if it cannot be read."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        return message("rules.unreadable", file=shown, detail=getattr(fault, "strerror", None) or str(fault))
    header = text.partition("\n")[0]
    return csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ",")
