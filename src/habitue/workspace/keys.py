"""The project's key: what turns an address into a hash that nobody without it can test an address against."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

FILE_NAME = "habitue.key"
BYTES = 32


def project_key(folder: Path) -> bytes:
    """The key of a project, made once: a file outside the databases that only its owner may read."""
    path = folder / FILE_NAME
    if not path.exists():
        aside = path.with_name(f".{FILE_NAME}-{secrets.token_hex(4)}")
        aside.touch(mode=0o600)
        try:
            aside.write_text(secrets.token_hex(BYTES), "ascii")
            os.link(aside, path)  # whole or not at all, and never over one that is there
        finally:
            aside.unlink()
    return kept_key(folder)


def kept_key(folder: Path) -> bytes:
    """The key of a project that has one."""
    return bytes.fromhex((folder / FILE_NAME).read_text("ascii").strip())


def keyed_hash(key: bytes, kind: str, *parts: str) -> str:
    """HMAC-SHA-256 of a value of some kind, in 64 hexadecimal digits.

    Args:
        key: the project's key.
        kind: what is hashed, so that equal texts of two kinds differ: email, phone, postal.
        parts: the value, in as many parts as it has; none may hold a zero character.
    """
    return hmac.digest(key, "\0".join((kind, *parts)).encode(), "sha256").hex()
