"""A real headless Chromium through Playwright, and a page that remembers what went wrong on it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip
WIDE, PHONE = (1440, 900), (390, 844)


def path() -> str | None:
    """Where Chromium lies."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def fault() -> str | None:
    return None if path() else "no chromium found (Debian: chromium)"


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser for many pages."""
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, *(["--no-sandbox"] if os.name == "posix" and os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path(), args=flags)
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page and every console error, page error and failed or refused request it had."""

    def __init__(self, context: Any) -> None:
        self.page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", lambda told: self._console(told))
        self.page.on("pageerror", lambda fault: self.faults.append(f"page: {fault}"))
        self.page.on("requestfailed", lambda request: self._failed(request))
        self.page.on("response", lambda answer: self._answered(answer))

    def _console(self, told: Any) -> None:
        if told.type in ("error", "warning"):
            self.faults.append(f"console: {told.text}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # a download, or a page left before all of it had come
            self.faults.append(f"failed: {request.url} {request.failure}")

    def _answered(self, answer: Any) -> None:
        if answer.status >= 400:
            self.faults.append(f"{answer.status}: {answer.url}")

    def overflow(self) -> int:
        """Pixels the page is wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
