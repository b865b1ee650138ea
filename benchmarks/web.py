"""web/…: how long pages take on a large shop, under readers and while a run works; and beside Streamlit."""

from __future__ import annotations

import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks import shops
from benchmarks.measure import ROOT, record
from benchmarks.peers import environments
from habitue import project
from habitue.demo.projects import build_simulated
from habitue.report.locale import LANGUAGES

sys.path.insert(0, str(ROOT / "tests"))
from support import browser

CUSTOMERS, YEARS = 1_000_000, 3
READERS, THINK_SECONDS, SECONDS = 16, 1.0, 60
HABITUE = str(Path(sys.executable).with_name("habitue"))
TOKEN = "a-token-of-the-benchmark"
PAGES = ("today", "data", "customers", "segments", "value", "stores", "runs")
LOADS = 10


def shop(work: Path) -> Path:
    """The simulated shop of a million customers with one run, made unless it is there."""
    folder = work / "shop-1m"
    if not (folder / "habitue.toml").exists():
        build_simulated(folder, "en", customers=CUSTOMERS, years=YEARS, seed=1)
    opened = project.open(folder)
    runs = opened.runs()
    if not runs or not opened.workspace.table_path(runs[-1], "customer_profiles").exists():
        opened.run()
    return folder


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    """`habitue serve` on a project: its port and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [HABITUE, "serve", "-p", str(folder), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, env={**os.environ, "HABITUE_API_TOKEN": TOKEN}, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"nothing listens on port {port}")


def get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """The body of a page.

    Raises:
        RuntimeError: another answer than 200.
    """
    connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {path}: {body[-300:]!r}")
    return body


class Reader(threading.Thread):
    """One reader: opens pages, filters and sorts lists, opens customers, and thinks a second after each."""

    def __init__(self, port: int, slug: str, number: int, until: float) -> None:
        super().__init__()
        self.times: dict[str, list[float]] = defaultdict(list)
        self.fault: Exception | None = None
        self._chance = random.Random(number)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._base = f"/{slug}/{self._chance.choice(LANGUAGES)}"
        self._until = until
        self._customers: list[str] = []

    def run(self) -> None:
        try:
            time.sleep(self._chance.random() * THINK_SECONDS)
            while time.monotonic() < self._until:
                kind, path = self._next()
                started = time.perf_counter()
                body = get(self._connection, self._base + path)
                self.times[kind].append(time.perf_counter() - started)
                if kind == "customers":
                    self._customers = re.findall(rb"/customers/([0-9a-f]{16})", body) or self._customers
                time.sleep(THINK_SECONDS)
        except Exception as fault:
            self.fault = fault

    def _next(self) -> tuple[str, str]:
        """A page four times in ten, a list four times, a customer of the last list twice."""
        draw = self._chance.random()
        if draw < 0.4:
            page = self._chance.choice(PAGES)
            return page, f"/{page}"
        if draw < 0.8 or not self._customers:
            segment = self._chance.choice(("core", "loyal", "new", "slipping", "one_off", "lost"))
            sort = self._chance.choice(("-expected_amount", "-net_amount", "last_visit_on", "-frequency"))
            first = 50 * self._chance.randrange(20)
            return "customers", f"/customers?segment={segment}&sort={sort}&from={first}"
        return "customer", f"/customers/{self._chance.choice(self._customers).decode()}"


def percentile(values: list[float], share: float) -> int:
    """In milliseconds."""
    return round(statistics.quantiles(values, n=100, method="inclusive")[round(share * 100) - 1] * 1000)


def page_p95() -> None:
    """web/page-p95: 16 readers at a second's think time while a run works at low priority."""
    with shops.work_folder() as work:
        folder = shop(work)
        with served(folder) as (port, process):
            warm(port, folder.name)
            command = ["nice", "-n", "19", HABITUE, "run", "-p", str(folder)]
            run = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            try:
                time.sleep(5)  # until it reads and reckons
                now = time.monotonic()
                readers = [Reader(port, folder.name, number, now + SECONDS) for number in range(READERS)]
                for reader in readers:
                    reader.start()
                for reader in readers:
                    reader.join()
                if run.poll() is not None:
                    raise RuntimeError("the run ended before the readers did")
                peak = process.memory_info().rss // 2**20
            finally:
                run.terminate()
                run.wait()
        faults = [reader.fault for reader in readers if reader.fault]
        if faults:
            raise faults[0]
        kinds: dict[str, list[float]] = defaultdict(list)
        for reader in readers:
            for kind, times in reader.times.items():
                kinds[kind] += times
        every = [one for times in kinds.values() for one in times]
        record(
            "web", "page-p95", ms=percentile(every, 0.95), median_ms=percentile(every, 0.5), requests=len(every),
            by_page={kind: [percentile(times, 0.5), percentile(times, 0.95)] for kind, times in sorted(kinds.items())},
            readers=READERS, think_seconds=THINK_SECONDS, customers=CUSTOMERS, server_mib=peak,
            goal="ms <= 300", holds=percentile(every, 0.95) <= 300,
        )  # fmt: skip


def warm(port: int, slug: str) -> None:
    """Every page once in each language: what a server that has run for a while has made already."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    for language in LANGUAGES:
        for page in PAGES:
            get(connection, f"/{slug}/{language}/{page}")


@contextmanager
def streamlit(table: Path) -> Iterator[int]:
    """The peer's server: its port."""
    python = environments.python_of("streamlit")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = Path(__file__).parent / "peers" / "streamlit_table.py"
    command = [python, "-m", "streamlit", "run", str(script), "--server.port", str(port), "--server.headless", "true",
               "--server.address", "127.0.0.1", "--browser.gatherUsageStats", "false"]  # fmt: skip
    process = subprocess.Popen(command, env={**os.environ, "HABITUE_TABLE": str(table)}, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def vs_streamlit() -> None:
    """web/vs-streamlit: from the address to the last of fifty rows on the screen, the same rows in both."""
    with shops.work_folder() as work:
        folder = shop(work)
        opened = project.open(folder)
        run = opened.runs()[-1]
        table = opened.workspace.table_path(run, "expected_revenue")
        with browser.chromium() as chromium, served(folder) as (port, _), streamlit(table) as peer_port:
            context = chromium.new_context(extra_http_headers={"Authorization": f"Bearer {TOKEN}"})
            ours, peers = [], []
            for load in range(LOADS + 1):
                first = 50 * load
                path = f"/{folder.name}/en/tables/expected-revenue?sort=-expected_amount&from={first}"
                mine, seen = timed(context, f"http://127.0.0.1:{port}{path}", "main tbody tr")
                other, theirs = timed(context, f"http://127.0.0.1:{peer_port}/?from={first}", "table tbody tr")
                if seen != theirs:
                    raise RuntimeError(f"other rows: {seen[:2]} {theirs[:2]}")
                if load:  # the first warms both up
                    ours.append(mine)
                    peers.append(other)
        mine, other = statistics.median(ours), statistics.median(peers)
        record(
            "web", "vs-streamlit", ours_ms=round(mine * 1000), peer_ms=round(other * 1000), peer_name="streamlit",
            ratio=round(mine / other, 2), rows=50, of_rows=CUSTOMERS, loads=LOADS, goal="no goal stated", holds=None,
        )  # fmt: skip


def timed(context: Any, address: str, rows: str) -> tuple[float, list[str]]:
    """Seconds until fifty rows are there, and the customers in them."""
    page = context.new_page()
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(rows).nth(49).wait_for()
    took = time.perf_counter() - started
    texts = page.locator(rows).all_inner_texts()
    page.close()
    found: Callable[[str], list[str]] = re.compile(r"[0-9a-f]{16}").findall
    return took, [ids[0] for text in texts if (ids := found(text))]  # sums and what columns mean stand below


def main() -> None:
    """Both lines."""
    page_p95()
    vs_streamlit()


if __name__ == "__main__":
    main()
