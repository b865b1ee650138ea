"""The application: addresses to pages, downloads and the API. Nothing in a project changes but by `deciding`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as AnyHTTPException
from starlette.types import Scope

from habitue.errors import HabitueError
from habitue.project import Project
from habitue.report.locale import LANGUAGES, Words
from habitue.web import deciding, downloads, render
from habitue.web.access import Access, Gate
from habitue.web.api import answers, create_api, faults
from habitue.web.kept import Kept
from habitue.web.pages import Page, all_pages, value_lists
from habitue.web.view import PERSONAL, RUN, Content, Served, View
from habitue.workspace.published import Published

API = "/api/"

ITEM, EXCEL = "item", "excel"
"""What the address of a file says: what its page is about, and that its CSV is for Excel."""

HOST = "127.0.0.1"
"""The address the pages are served at: of this machine only."""

HTTP_PORT = 80
"""The port that browsers leave out of the host's name."""


def create_app(projects: Iterable[Project], access: Access, *, port: int = 8765) -> FastAPI:
    """The application over some projects.

    Args:
        projects: projects to show, the first one first; each is named in addresses by its folder.
        access: who may read.
        port: the port it listens on; cookies of other ports of this host are others.
    """
    served = {one.slug: one for one in _named(projects)}
    app = FastAPI(title="habitue", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.served = served
    pages = {page.name: page for page in all_pages()}
    # Of each page its own: many lists of customers do not crowd out the pages that take long.
    app.state.kept, app.state.shown = ({name: Kept() for name in pages} for _ in range(2))

    @app.get("/static/{name}", include_in_schema=False)
    def file(name: str) -> Response:
        found = render.static_files().get(name)
        if found is None:
            raise HTTPException(404)
        kind = render.KINDS[name.rpartition(".")[2]]
        return Response(found, media_type=kind, headers={"Cache-Control": "max-age=31536000, immutable"})

    app.mount(answers.ADDRESS, create_api(served))
    deciding.add_decisions(app, served)
    _add_pages(app, served, pages)
    _add_faults(app, served)
    ends = (f":{port}", "") if port == HTTP_PORT else (f":{port}",)
    # About everything, what answers a fault of ours too: a middleware of the application would stand within that.
    app.middleware_stack = Gate(
        app.build_middleware_stack(),
        access=access,
        hosts={name + end for name in (HOST, "localhost", "[::1]") for end in ends},
        cookie=f"habitue_{port}",
        refused=_refused(served),
    )
    return app


def _named(projects: Iterable[Project]) -> Iterable[Served]:
    taken: set[str] = set()
    for project in projects:
        # Only what an address holds as it stands.
        slug = name = re.sub(r"[^\w.-]+", "-", project.folder.resolve().name).strip("-.") or "project"
        number = 2
        while slug in taken or slug in ("static", "enter", "api"):
            slug, number = f"{name}-{number}", number + 1
        taken.add(slug)
        yield Served(slug, project, Published(project.workspace))


def _add_pages(app: FastAPI, served: Mapping[str, Served], pages: Mapping[str, Page]) -> None:
    first = next(iter(pages))

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        one = next(iter(served.values()))
        return RedirectResponse(f"/{one.slug}/{one.project.language}/{first}", 303)

    def view_of(request: Request, slug: str, language: str, name: str) -> tuple[Page, View | None, Served, Words]:
        one, page = served.get(slug), pages.get(name)
        if one is None or page is None or language not in LANGUAGES:
            raise HTTPException(404)
        words, asked = Words(language), dict(request.query_params)
        runs = one.published.runs()
        if not runs:
            return page, None, one, words
        run = one.published.run(asked[RUN]) if asked.get(RUN) else runs[-1]
        if run is None:
            raise HTTPException(404)
        return page, View(one, run, words, name, asked, page.filters), one, words

    def content_of(page: Page, view: View, item: str | None) -> Content:
        def make() -> Content:
            if item is None:
                return page.build(view)
            if page.item is None:
                raise HTTPException(404)
            return page.item(view, item)

        if not page.is_kept or view.asked.keys() & PERSONAL:
            return make()
        # A file of a page is made of its content. Pages about several runs change with every new one.
        address = tuple(sorted(one for one in view.asked.items() if one[0] not in (ITEM, EXCEL)))
        newest = view.published.runs()[-1].run_id
        return app.state.kept[page.name].get(
            (view.served.slug, view.run.run_id, newest, view.words.language, item, address), make
        )

    def answer(request: Request, slug: str, language: str, name: str, item: str | None) -> Response:
        page, view, one, words = view_of(request, slug, language, name)
        if view is None:
            return render.no_run(request, one, words, pages.values())

        def make() -> tuple[str, str]:
            content = content_of(page, view, item)
            html = render.page(request, view, content, pages.values(), served.values()) if not content.leads_to else ""
            return content.leads_to, html

        if not page.is_kept or view.asked.keys() & PERSONAL:
            leads_to, html = make()
        else:
            newest = view.published.runs()[-1].run_id
            leads_to, html = app.state.shown[page.name].get((request.url.path, request.url.query, newest), make)
        return RedirectResponse(leads_to, 303) if leads_to else HTMLResponse(render.told_at_work(html, view))

    @app.get("/{slug}/{language}/{name}", response_class=HTMLResponse, include_in_schema=False)
    def page(request: Request, slug: str, language: str, name: str) -> Response:
        return answer(request, slug, language, name, None)

    # A grid of a page, as it is shown. Before the items, which would take its address for theirs.
    @app.get("/{slug}/{language}/{name}/grid/{number}.{kind}", include_in_schema=False)
    def grid(
        request: Request, slug: str, language: str, name: str, number: int, kind: str,
        item: str | None = None,
    ) -> Response:  # fmt: skip
        page, view, _, _ = view_of(request, slug, language, name)
        if view is None:
            raise HTTPException(404)
        grids = downloads.grids(content_of(page, view, item))
        if not 0 <= number < len(grids):
            raise HTTPException(404)
        is_excel = EXCEL in request.query_params
        return downloads.as_shown(grids[number], f"{name}-{number + 1}", kind, view.words, excel=is_excel)

    @app.get("/{slug}/{language}/tables/{name}.{kind}", include_in_schema=False)
    def rows(request: Request, slug: str, language: str, name: str, kind: str) -> Response:
        _, view, _, _ = view_of(request, slug, language, "tables")
        if view is None:
            raise HTTPException(404)
        return downloads.rows(view, name.replace("-", "_"), kind, excel=EXCEL in request.query_params)

    @app.get("/{slug}/{language}/value/{name}.{kind}", include_in_schema=False)
    def listed(request: Request, slug: str, language: str, name: str, kind: str) -> Response:
        _, view, _, _ = view_of(request, slug, language, "value")
        if view is None:
            raise HTTPException(404)
        return value_lists.file(view, name, kind, excel=EXCEL in request.query_params)

    @app.get("/{slug}/{language}/{name}/{item:path}", response_class=HTMLResponse, include_in_schema=False)
    def one(request: Request, slug: str, language: str, name: str, item: str) -> Response:
        return answer(request, slug, language, name, item)


def _add_faults(app: FastAPI, served: Mapping[str, Served]) -> None:
    def shown(request: Request, status: int, told: Callable[[Words], list[str]]) -> Response:
        return render.fault(request, served, status, told(render.words_of(request, served)))

    @app.exception_handler(HabitueError)
    def refused(request: Request, fault: HabitueError) -> Response:
        return shown(request, 400, lambda words: [words.say(message) for message in fault.messages])

    @app.exception_handler(AnyHTTPException)
    def missing(request: Request, fault: AnyHTTPException) -> Response:
        if request.url.path.startswith(API):  # what a mounted application's address cannot hold, as a line end
            return faults.missing(request, fault)
        status = fault.status_code
        return shown(
            request, status, lambda words: [words.text("web.fault.404" if status == 404 else "web.fault.other")]
        )

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, fault: RequestValidationError) -> Response:
        return missing(request, AnyHTTPException(404))

    @app.exception_handler(Exception)
    def broken(request: Request, fault: Exception) -> Response:
        del fault  # its text may hold personal data; the server's log has where it happened
        return shown(request, 500, lambda words: [words.text("web.fault.500")])


def _refused(served: Mapping[str, Served]) -> Callable[[Scope], Response]:
    def answer(scope: Scope) -> Response:
        request = Request(scope)
        if scope["path"].startswith(API):
            return faults.unauthorised(request)
        words = render.words_of(request, served)
        return render.fault(request, served, 403, [words.text("web.fault.403")])

    return answer
