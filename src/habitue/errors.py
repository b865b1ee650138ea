"""What habitue says when something is wrong: a message code with parameters, worded later in the reader's language.

The core never words a message. It raises one of the errors below with every fault it found; `habitue.report.locale`
turns codes into English, French or Russian.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Message:
    """One thing to tell a person: `code` names the sentence in the catalogues, `params` fill it."""

    code: str
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({told})" if told else self.code


def message(code: str, **params: Any) -> Message:
    """Build a message from keyword parameters."""
    return Message(code, MappingProxyType(params))


class HabitueError(Exception):
    """Everything habitue raises on purpose; `messages` holds all faults found, not only the first."""

    exit_code = 2

    def __init__(self, *messages: Message) -> None:
        self.messages = messages
        super().__init__("; ".join(str(told) for told in messages))


class ConfigurationError(HabitueError):
    """The settings cannot be used as they are (exit code 2)."""


class UsageError(HabitueError):
    """What was asked for does not exist or cannot be done now (exit code 2)."""


class DataError(HabitueError):
    """The data cannot carry the result, or their faults pass the tolerance (exit code 1)."""

    exit_code = 1
