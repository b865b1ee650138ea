"""The project's key: what is kept of an address or number that nobody may read again is hashed with it.

A plain hash of a telephone number is found again by trying them all; a keyed one is not, without the key. So the key is
a file beside the databases, never in one: whoever has a copy of a database alone has nothing.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
from pathlib import Path

from habitue.errors import UsageError, message

FILE_NAME = "habitue.key"
LENGTH = 64
"""Hexadecimal digits of a key: 256 bits."""


def project_key(folder: Path) -> bytes:
    """The key of a project, made at the first call: a file that only its owner may read.

    Raises:
        UsageError: `keys.damaged`, the file holds something else.
    """
    path = folder / FILE_NAME
    if not path.exists():
        aside = path.with_name(f".{FILE_NAME}-{secrets.token_hex(4)}")
        aside.touch(mode=0o600)
        try:
            aside.write_text(secrets.token_hex(LENGTH // 2), "ascii")
            with contextlib.suppress(FileExistsError):
                os.link(aside, path)  # whole or not at all, and never over one that is there
        finally:
            aside.unlink()
    return kept_key(folder)


def kept_key(folder: Path) -> bytes:
    """The key of a project that has one.

    Raises:
        UsageError: `keys.missing`, there is none; `keys.damaged`, the file holds something else.
    """
    path = folder / FILE_NAME
    try:
        text = path.read_text("ascii").strip()
        if len(text) == LENGTH:
            return bytes.fromhex(text)
    except FileNotFoundError:
        raise UsageError(message("keys.missing", path=str(path))) from None
    except ValueError:
        pass
    raise UsageError(message("keys.damaged", path=str(path)))


def keyed_hash(key: bytes, kind: str, *parts: str) -> str:
    """HMAC-SHA-256 of a value of some kind, in hexadecimal digits.

    Args:
        key: the project's key.
        kind: what is hashed, so that equal texts of two kinds differ: number, email, phone.
        parts: the value, in as many parts as it has; none may hold a zero character.
    """
    return hmac.digest(key, "\0".join((kind, *parts)).encode(), "sha256").hex()
