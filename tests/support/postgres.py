"""A real PostgreSQL server in a temporary folder, for the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adbc_driver_postgresql import dbapi

_SUPERUSER = "postgres"  # PostgreSQL refuses to run as root: then it runs as this user of the system
_START_SECONDS = 60
_PORT_ATTEMPTS = 5


def binaries() -> Path | None:
    """The folder of initdb and postgres: on PATH, else the newest of those Debian and Homebrew install."""
    on_path = shutil.which("initdb")
    if on_path and (Path(on_path).parent / "postgres").exists():
        return Path(on_path).parent
    found = [
        folder
        for root, pattern in (
            ("/usr/lib/postgresql", "*/bin"),
            ("/opt/homebrew/opt", "postgresql*/bin"),
            ("/usr/local/opt", "postgresql*/bin"),
        )
        for folder in Path(root).glob(pattern)
        if (folder / "initdb").exists() and (folder / "postgres").exists()
    ]
    return max(found, key=_version, default=None)


def _version(folder: Path) -> int:
    digits = "".join(c for c in folder.parent.name if c.isdigit())
    return int(digits or 0)


def fault() -> str | None:
    """Why no server can be started here; None if one can."""
    if binaries() is None:
        return "initdb and postgres are neither on PATH nor in the folders Debian and Homebrew use"
    if os.geteuid() == 0 and _superuser() is None:
        return f"running as root, and there is no user {_SUPERUSER} to run the server"
    return None


def _superuser() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(_SUPERUSER)
    except KeyError:
        return None


@contextmanager
def server() -> Iterator[str]:
    """Start a server on a free port of 127.0.0.1 and give the URI of its database `postgres`; stop it at the end."""
    folder = binaries()
    if folder is None:
        raise RuntimeError(fault())
    # Not pytest's own temporary folder: the other user could not enter it, and a socket's path must stay short.
    home = Path(tempfile.mkdtemp(prefix="habitue-pg-", dir="/tmp")).resolve()
    try:
        data = home / "data"
        _run_initdb(folder, home, data)
        process, uri = _start(folder, home, data)
        try:
            yield uri
        finally:
            process.send_signal(signal.SIGINT)  # "fast" shutdown: does not wait for clients
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _as_user(home: Path) -> dict[str, object]:
    """Arguments for subprocess: who runs the server, where, and with a plain environment."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    env["LC_ALL"] = "C"
    arguments: dict[str, object] = {"cwd": home, "env": env, "stdin": subprocess.DEVNULL}
    if os.geteuid() == 0 and (user := _superuser()) is not None:
        os.chown(home, user.pw_uid, user.pw_gid)
        arguments |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return arguments


def _run_initdb(folder: Path, home: Path, data: Path) -> None:
    command = [folder / "initdb", "-D", data, "-U", "habitue", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_as_user(home))
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed ({done.returncode}):\n{done.stdout}{done.stderr}")


def _start(folder: Path, home: Path, data: Path) -> tuple[subprocess.Popen[bytes], str]:
    log = home / "log"
    until = time.monotonic() + _START_SECONDS
    for _ in range(_PORT_ATTEMPTS):  # another process may take the free port first
        port = _free_port()
        uri = f"postgresql://habitue@127.0.0.1:{port}/postgres"
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": home}
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "timezone": "UTC"}
        command = [str(folder / "postgres"), "-D", str(data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, **_as_user(home))
        if _is_ready(process, uri, data, until):
            return process, uri
        process.kill()
        process.wait()
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_ready(process: subprocess.Popen[bytes], uri: str, data: Path, until: float) -> bool:
    """Wait until the server answers; False if it ended, or took too long, or another server answers at its port."""
    while time.monotonic() < until and process.poll() is None:
        try:
            return _rows(uri, "select current_setting('data_directory')") == [(str(data),)]
        except dbapi.OperationalError:  # not listening yet, or still starting up
            time.sleep(0.05)
    return False


def _rows(uri: str, query: str) -> list[tuple]:
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@contextmanager
def database(server_uri: str, name: str) -> Iterator[str]:
    """Create an empty database on the server and give its URI; drop it at the end."""
    _do(server_uri, f'create database "{name}"')
    try:
        yield server_uri.rsplit("/", 1)[0] + f"/{name}"
    finally:
        _do(server_uri, f'drop database if exists "{name}" with (force)')


def _do(uri: str, statement: str) -> None:
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
