"""The application on a real port, and a client that changes nothing in the addresses it is given."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn

from habitue.project import Project
from habitue.web.access import Access
from habitue.web.app import create_app

TOKEN = "a-token-of-the-tests"


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Site:
    """A running server."""

    port: int
    access: Access
    told: list[str] = field(default_factory=list)
    """Keys of further links it has told."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def get(
        self,
        path: str,
        *,
        method: str = "GET",
        is_admitted: bool = True,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """The answer to a request for exactly this path, redirects not followed."""
        admitted = {"Authorization": f"Bearer {TOKEN}"} if is_admitted else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, headers={"Host": self.host, **admitted, **(headers or {})})
            answer = connection.getresponse()
            body = answer.read()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
        finally:
            connection.close()


@contextmanager
def site(projects: Sequence[Project]) -> Iterator[Site]:
    """The application over some projects, served while this lasts."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    told: list[str] = []
    access = Access(api_token=TOKEN, told=told.append)
    config = uvicorn.Config(create_app(projects, access, port=port), log_level="warning", server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Site(port, access, told)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
