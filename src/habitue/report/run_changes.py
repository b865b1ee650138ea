"""What changed from one run to another, by their manifests; the terminal and the pages say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from habitue.report.locale import Words

Manifest = Mapping[str, Any]


def changes(words: Words, now: Manifest, before: Manifest, used: int, used_before: int) -> list[str]:
    """Settings, files and rows used that differ, in words.

    Args:
        words: the reader's words.
        now: manifest of the later run.
        before: manifest of the run before.
        used: rows it used.
        used_before: rows the run before used.
    """
    told, (new, gone) = [], files(now, before)
    if now["settings_hash"] != before["settings_hash"]:
        told.append(words.text("console.runs.settings"))
    if new:
        told.append(words.text("console.runs.files_new", count=len(new)))
    if gone:
        told.append(words.text("console.runs.files_gone", count=len(gone)))
    if used != used_before:
        sign = "+" if used > used_before else "−"
        told.append(words.text("console.runs.rows", sign=sign, count=abs(used - used_before)))
    return told


def files(now: Manifest, before: Manifest) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """Files of the one run that the other has not read, by content: new ones, and those that are gone."""
    ids = [{file["file_id"] for file in manifest["files"]} for manifest in (now, before)]
    return (
        [file for file in now["files"] if file["file_id"] not in ids[1]],
        [file for file in before["files"] if file["file_id"] not in ids[0]],
    )


def calibrations(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """The thresholds of the strategic segments by population; none in a run older than they are."""
    rows = (manifest.get("segmentation") or {}).get("calibrations") or ()
    return {row["population"]: row for row in rows}


def settings(now: Manifest, before: Manifest) -> list[tuple[str, Any, Any]]:
    """Settings kept in the manifest that differ: name, value in the later run, value in the one before."""
    one, other = (manifest.get("settings") or {} for manifest in (now, before))
    names = dict.fromkeys([*one, *other])
    return [(name, one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)]
