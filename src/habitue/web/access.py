"""Who may read: a link that works once, then a session; the headers that keep a page to itself; whose a form is."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No inline script or style, no eval, nothing from outside."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

FORM_TOKEN = "habitue.form_token"
"""Where the scope of an admitted request has what its forms hold."""

ENTRY = "/enter"
OPEN_TO_ALL = "/static/"
MOST_SESSIONS = 100


class Access:
    """Keys of links, each good for one browser, and the sessions they opened. In memory: gone with the server."""

    def __init__(self, *, api_token: str | None = None, told: Callable[[str], None] = lambda key: None) -> None:
        self._told = told
        self._sessions: dict[str, None] = {}
        self._api_token = api_token
        self._form_key = secrets.token_bytes(32)
        self.key = secrets.token_urlsafe(24)

    def enter(self, key: str) -> str | None:
        """A new session for the key of a link; the key is used up and another takes its place. None: not the key."""
        if not secrets.compare_digest(key.encode(), self.key.encode()):
            return None
        self.key = secrets.token_urlsafe(24)
        session = secrets.token_urlsafe(32)
        self._sessions[session] = None
        if len(self._sessions) > MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        self._told(self.key)
        return session

    def admits(self, session: str | None, authorization: str | None) -> bool:
        """Whether a session or a token lets a request in."""
        if session and session in self._sessions:
            return True
        scheme, _, token = (authorization or "").partition(" ")
        return bool(
            self._api_token
            and scheme.lower() == "bearer"
            and secrets.compare_digest(token.strip().encode(), self._api_token.encode())
        )

    def form_token(self, session: str | None, authorization: str | None) -> str:
        """What every form of an admitted reader holds, and no page elsewhere can know."""
        whose = session if session and session in self._sessions else authorization
        return hmac.new(self._form_key, (whose or "").encode(), "sha256").hexdigest()


def is_from_here(headers: Headers) -> bool:
    """Whether a request was sent by a page of this host, as browsers state it.

    As our pages send no referrer, browsers call their origin "null" and only the site is told; a program without
    either names the origin.
    """
    origin, site, own = headers.get("origin"), headers.get("sec-fetch-site"), f"http://{headers.get('host', '')}"
    if site is None:
        return origin == own
    return site == "same-origin" and origin in (None, "null", own)


def is_token(scope: Scope, told: str) -> bool:
    """Whether a form was made for the reader who sends it."""
    return secrets.compare_digest(str(scope.get(FORM_TOKEN, "")).encode(), told.encode()) and bool(told)


class Gate:
    """Lets in requests for this host from those who were admitted, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, *, access: Access, hosts: Iterable[str], cookie: str, refused: Refusal) -> None:
        self._app, self._access, self._cookie, self._refused = app, access, cookie, refused
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the application do so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(event: Message) -> None:
            if event["type"] == "http.response.start":
                headers = MutableHeaders(scope=event)
                for name, value in HEADERS.items():
                    headers[name] = value
                if not scope["path"].startswith(OPEN_TO_ALL) or "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(event)

        answer = self._answer(scope)
        if answer is None:
            session, authorization = self._credentials(Headers(scope=scope))
            scope = {**scope, FORM_TOKEN: self._access.form_token(session, authorization)}
        if scope["method"] == "HEAD":  # answered as GET is; the server leaves the body out
            scope = {**scope, "method": "GET"}
        await (self._app if answer is None else answer)(scope, receive, guarded)

    def _answer(self, scope: Scope) -> ASGIApp | None:
        """What to answer instead of the page; None: nothing stands against it."""
        headers, path = Headers(scope=scope), scope["path"]
        # A page elsewhere whose name was made to lead here (DNS rebinding) names another host.
        if headers.get("host", "") not in self._hosts:
            return PlainTextResponse("This host is not served here.", 421)
        if path.startswith(OPEN_TO_ALL):
            return None
        if path == ENTRY and scope["method"] == "GET":  # a link is not used up by asking for its head
            keys = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])
            session = self._access.enter(keys[0])
            return self._refused(scope) if session is None else self._opened(session)
        if self._access.admits(*self._credentials(headers)):
            return None
        return self._refused(scope)

    def _credentials(self, headers: Headers) -> tuple[str | None, str | None]:
        return cookie_parser(headers.get("cookie", "")).get(self._cookie), headers.get("authorization")

    def _opened(self, session: str) -> Response:
        response = RedirectResponse("/", 303)
        response.set_cookie(self._cookie, session, httponly=True, samesite="lax", path="/")
        return response


Refusal = Callable[[Scope], Response]
"""Makes the page that says how to get in."""
