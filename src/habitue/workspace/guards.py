"""Guards around the disk: one writer at a time, and clear errors when the disk refuses."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from habitue.errors import UsageError, message

LOCK = ".habitue.lock"
PATIENCE_SECONDS = 0.5
"""A look at the lock (`is_locked`) takes it for an instant: a run waits longer than that before it gives up."""


@contextmanager
def disk_faults(folder: Path) -> Iterator[None]:
    """Turn a full or read-only disk into a clear error.

    Raises:
        UsageError: naming the folder.
    """
    import duckdb

    try:
        yield
    except OSError as fault:
        if fault.errno == errno.ENOSPC:
            raise UsageError(message("disk.full", folder=str(folder))) from fault
        if fault.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise UsageError(message("disk.not_writable", folder=str(fault.filename or folder))) from fault
        if fault.errno in (errno.ENOENT, errno.ENOTDIR):
            raise UsageError(message("disk.no_folder", folder=str(fault.filename or folder))) from fault
        raise
    except duckdb.Error as fault:
        if "No space left" in str(fault):
            raise UsageError(message("disk.full", folder=str(folder))) from fault
        if "Out of Memory" in str(fault):
            raise UsageError(message("engine.memory", detail=str(fault).split("\n")[0][:160])) from fault
        raise
    except Exception as fault:
        if "database or disk is full" in str(fault):
            raise UsageError(message("disk.full", folder=str(folder))) from fault
        if "attempt to write a readonly database" in str(fault) or "unable to open database file" in str(fault):
            raise UsageError(message("disk.not_writable", folder=str(folder))) from fault
        raise


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time on a project.

    Raises:
        UsageError: another run is at work.
    """
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE_SECONDS)
    except Timeout:
        raise UsageError(message("run.another_at_work", folder=str(folder))) from None
    try:
        yield
    finally:
        lock.release()


def is_locked(folder: Path) -> bool:
    """Whether a writer is at work on a project; nothing is created, and readers do not take one another for one."""
    try:
        with (folder / LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def make_folder(folder: Path) -> None:
    """Create a folder, with a clear error if it cannot be.

    Raises:
        UsageError: it cannot be written.
    """
    with disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise UsageError(message("disk.not_writable", folder=str(folder)))
