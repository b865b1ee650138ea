"""The locked environment of a peer, made when first asked for: `.tools/peer-NAME` from `locks/peer-NAME.txt`."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def python_of(name: str) -> str:
    """The Python of the environment of a peer.

    Raises:
        RuntimeError: it could not be made.
    """
    lock = ROOT / "locks" / f"peer-{name}.txt"
    folder = ROOT / ".tools" / f"peer-{name}"
    python, made = folder / "bin" / "python", folder / "made-from"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if made.exists() and made.read_text("utf-8") == wanted:
        return str(python)
    uv = str(ROOT / ".tools" / "bin" / "uv")
    for command in (
        [uv, "venv", "-q", "--allow-existing", "--python", sys.executable, str(folder)],
        [uv, "pip", "sync", "-q", "--python", str(python), "--require-hashes", str(lock)],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
    made.write_text(wanted, "utf-8")
    return str(python)
