"""The command that opens the pages: its link, its languages, its faults."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from support import one_till

HABITUE = str(Path(sys.executable).with_name("habitue"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    one_till.write(tmp_path, "ticket,day,amount\nT1,2025-01-10,10.00\n")
    return tmp_path


@contextmanager
def serving(folder: Path, *more: str, lang: str = "en") -> Iterator[subprocess.Popen[str]]:
    command = [HABITUE, "--lang", lang, "serve", "-p", str(folder), "--no-browser", *more]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def asked(port: int, path: str, cookie: str = "") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with closing(connection):
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        answer.read()
        return answer


def test_the_link_opens_the_pages_once_and_another_is_told(folder: Path) -> None:
    with serving(folder, "--port", "0") as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        found = re.fullmatch(r"Open http://127\.0\.0\.1:(\d+)(/enter\?key=\S+) \(the link works once; .*\)\n", told)
        assert found, told
        port, link = int(found[1]), found[2]
        assert asked(port, "/").status == 403
        opened = asked(port, link)
        assert (opened.status, opened.headers["location"]) == (303, "/")
        cookie = opened.headers["set-cookie"].partition(";")[0]
        assert asked(port, f"/{folder.name}/en/data", cookie).status == 200
        assert asked(port, link).status == 403
        another = process.stdout.readline()
        again = re.fullmatch(r"For another browser: http://127\.0\.0\.1:\d+(/enter\?key=\S+)\n", another)
        assert again, another
        assert asked(port, again[1]).status == 303
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", "is in use by another program"), ("fr", "est utilisé par un autre programme"), ("ru", "занят")],
)
def test_a_port_in_use_is_said(folder: Path, lang: str, words: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with serving(folder, "--port", str(port), lang=lang) as process:
            assert process.wait(60) == 2
            assert process.stderr is not None
            told = process.stderr.read()
            assert words in told
            assert str(port) in told


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        assert process.wait(60) == 2
