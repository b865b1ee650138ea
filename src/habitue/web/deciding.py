"""The one thing pages change: what a person decides about who is who. Sent by a form of ours, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from fastapi import FastAPI, HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response

from habitue.errors import HabitueError, Message, message
from habitue.report.locale import LANGUAGES, Words
from habitue.web import render
from habitue.web.access import is_from_here, is_token
from habitue.web.pages.identity_pairs import DECIDED, LATER, PAGE_NAME, RULE, SAID, pair_of
from habitue.web.view import Served, View
from habitue.workspace.decision_records import DIFFERENT, PAIR, SAME, UNDECIDED
from habitue.workspace.identity_decisions import Review

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 4096
"""Longer than any form of ours."""


def add_decisions(app: FastAPI, served: Mapping[str, Served]) -> None:
    """The address that forms on who is who are sent to.

    Only a reader who was admitted, from a page of this host, with what the form was made with. The answer leads to the
    next pair that waits. What is not possible, as while a run is at work, is said, and nothing is kept.
    """

    @app.post("/{slug}/{language}/" + PAGE_NAME, include_in_schema=False)
    async def decide(request: Request, slug: str, language: str) -> Response:
        one = served.get(slug)
        if one is None or language not in LANGUAGES or not (runs := one.published.runs()):
            raise HTTPException(404)
        words = Words(language)
        sent = await _form(request)
        back = f"/{slug}/{language}/{PAGE_NAME}"

        def refused(status: int, *told: Message) -> Response:
            title = words.text("web.identity.not_kept")
            said = [words.say(each) for each in told]
            return render.fault(request, served, status, said, title=title, back=back)

        if sent is None or not is_from_here(request.headers) or not is_token(request.scope, sent.get("token", "")):
            return refused(403, message("web.identity.not_ours"))
        view = View(one, runs[-1], words, PAGE_NAME, {})
        try:
            leads_to = await run_in_threadpool(_decided, view, sent)
        except HabitueError as fault:
            return refused(409, *fault.messages)
        return (
            refused(400, message("web.identity.no_decision")) if leads_to is None else RedirectResponse(leads_to, 303)
        )


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form; None: it is none, or longer than ours are."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return None
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


def _decided(view: View, sent: Mapping[str, str]) -> str | None:
    """Keep what is decided; the address to go on to, None: nothing that can be decided.

    Raises:
        UsageError: it cannot be kept now, or no longer as it was agreed to.
    """
    decision, rule, project = sent.get("decision", ""), sent.get(RULE) or None, view.served.project
    if agreed := sent.get("agreed"):
        if rule is None or decision not in (SAME, DIFFERENT) or not agreed.isdecimal() or not sent.get("agree"):
            return None
        done = project.decide_rule(rule, decision, agreed=int(agreed))
        return _leads_to(view, "", None, message(f"web.identity.said_rule_{decision}", count=done.count, rule=rule))
    ids = pair_of(sent.get("pair", ""))
    if ids is None or decision not in (*DECIDED, LATER):
        return None
    before = project.identity_review(rule=rule)
    if decision == LATER:
        return _leads_to(view, _next(before, ids), rule, None)
    project.decide(*ids, decision, origin="page")
    following = "-".join(ids) if decision == UNDECIDED else _next(before, ids)
    return _leads_to(view, following, rule, message(f"web.identity.said_{decision}", pair="-".join(ids)))


def _next(before: Review, ids: tuple[str, str]) -> str:
    """The pair that follows one in the list, else the first of the others; "" if none is left."""
    waiting = [(row[PAIR[0]], row[PAIR[1]]) for row in before.pairs]
    place = waiting.index(ids) if ids in waiting else -1
    following = [*waiting[place + 1 :], *waiting[: max(place, 0)]]
    return "-".join(following[0]) if following else ""


def _leads_to(view: View, item: str, rule: str | None, told: Message | None) -> str:
    asked: dict[str, Any] = {RULE: rule, SAID: view.served.said.keep(told) if told else None}
    return view.url(PAGE_NAME, item, **asked)
