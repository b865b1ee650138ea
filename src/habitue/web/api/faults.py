"""Faults of the API: one shape, stable codes, messages in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from habitue.errors import HabitueError, Message, message
from habitue.report.locale import LANGUAGES, Words
from habitue.web.api import models
from habitue.web.picking import MOST_FIRST

MOST = 1000
"""Rows of a page at most."""

NOT_FOUND = frozenset(
    {"explain.unknown", "web.api.no_project", "web.api.no_run", "web.api.no_run_yet", "web.api.no_table"}
)
"""Codes of what an address names and is not there."""

LISTS = ("valid", "existing")
"""Parameters of messages that list what can be asked for, with commas between."""


class ApiError(HabitueError):
    """What was asked for is not there, or cannot be asked for; `valid` is what can."""

    def __init__(self, told: Message, valid: Sequence[str] = ()) -> None:
        super().__init__(told)
        self.valid = tuple(valid)


def words_of(request: Request) -> Words:
    """The words of the language that the request prefers among those there are; else English."""
    best, most = "en", 0.0
    for wanted in request.headers.get("accept-language", "").split(","):
        language, _, weight = wanted.replace(" ", "").partition(";q=")
        code = language.lower().partition("-")[0]
        try:
            weighs = float(weight or 1)
        except ValueError:
            continue
        if code in LANGUAGES and weighs > most:
            best, most = code, weighs
    return Words(best)


def add_faults(api: FastAPI) -> None:
    """Answer every fault in the one shape."""

    @api.exception_handler(HabitueError)
    def refused(request: Request, fault: HabitueError) -> Response:
        first = fault.messages[0]
        status = 404 if first.code in NOT_FOUND else 400
        return answer(request, status, *fault.messages, valid=_valid(fault))

    @api.exception_handler(RequestValidationError)
    def unreadable(request: Request, fault: RequestValidationError) -> Response:
        error = fault.errors()[0]  # only parameters that are whole numbers have a type
        told, name = str(error.get("input"))[:100], error["loc"][-1]
        most = MOST if name == "limit" else MOST_FIRST
        return answer(request, 422, message("web.api.bad_number", parameter=name, value=told, most=most))

    api.add_exception_handler(HTTPException, missing)

    @api.exception_handler(Exception)
    def broken(request: Request, fault: Exception) -> Response:
        del fault  # its text may hold personal data; the server's log has where it happened
        return answer(request, 500, message("web.api.broken"))


def missing(request: Request, fault: Exception) -> Response:
    """What is said where no address matches, or the method does not."""
    assert isinstance(fault, HTTPException)
    code = {404: "no_address", 405: "no_method"}.get(fault.status_code, "other")
    return answer(request, fault.status_code, message(f"web.api.{code}"), headers=fault.headers)


def unauthorised(request: Request) -> Response:
    """What a request without a session or a token is told."""
    return answer(request, 401, message("web.api.unauthorised"), headers={"WWW-Authenticate": 'Bearer realm="habitue"'})


def answer(
    request: Request, status: int, *told: Message, valid: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A fault as JSON: the code of the first message, the sentences of all."""
    words = words_of(request)
    body = models.Fault(code=told[0].code, message=" ".join(words.say(one) for one in told), valid=list(valid))
    return JSONResponse(body.model_dump(), status, {"Content-Language": words.language, **(headers or {})})


def _valid(fault: HabitueError) -> Sequence[str]:
    if isinstance(fault, ApiError):
        return fault.valid
    params = fault.messages[0].params
    if params.get("type") == "boolean":
        return ("true", "false")
    listed = next((params[name] for name in LISTS if name in params), "")
    return [one for one in str(listed).split(", ") if one]
