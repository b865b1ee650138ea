"""One measured process: the time it tells of itself (after its imports), and the peak memory of it and its children."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results.jsonl"


@dataclass(frozen=True)
class Measured:
    """What a process said (its last line, JSON) and the peak of its resident memory in MiB."""

    said: Mapping[str, Any]
    peak_mib: int

    @property
    def seconds(self) -> float:
        """Wall time of the work."""
        return self.said["seconds"]


def measured(script: str, *arguments: str) -> Measured:
    """Run a Python script text in a process of its own."""
    return measured_command([sys.executable, "-c", script, *arguments])


def measured_command(command: Sequence[str]) -> Measured:
    """Run a command.

    Raises:
        RuntimeError: it failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    peak, family = 0, psutil.Process(process.pid)
    while process.poll() is None:
        try:
            everyone = [family, *family.children(recursive=True)]
            peak = max(peak, sum(one.memory_info().rss for one in everyone))
        except psutil.NoSuchProcess:
            break
        time.sleep(0.02)
    out, err = process.communicate()
    if process.returncode:
        raise RuntimeError(err[-2000:])
    return Measured(json.loads(out.strip().splitlines()[-1]), peak // 2**20)


def record(bench: str, case: str, *, goal: str, holds: bool | None, **figures: Any) -> None:
    """Append one line to results.jsonl and print it."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    line = {
        "bench": bench, "case": case, **figures, "goal": goal, "holds": holds,
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "commit": commit,
    }  # fmt: skip
    text = json.dumps(line, ensure_ascii=False)
    with RESULTS.open("a", encoding="utf-8") as results:
        results.write(text + "\n")
    sys.stdout.write(text + "\n")
