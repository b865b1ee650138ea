"""What was made once and is shown again: contents of pages, by run and address."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any

MOST = 40


class Kept:
    """The newest results of slow, pure functions; whoever asks for one being made waits for it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The result of `make` for a key, made if it is not there; faults are not kept."""
        with self._lock:
            found = self._found.get(key)
            is_mine = found is None
            if found is None:
                found = self._found[key] = Future()
                if len(self._found) > MOST:
                    self._found.popitem(last=False)
            self._found.move_to_end(key)
        if is_mine:
            try:
                found.set_result(make())
            except BaseException as fault:
                with self._lock:
                    self._found.pop(key, None)
                found.set_exception(fault)
        return found.result()
