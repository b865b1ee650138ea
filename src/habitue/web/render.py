"""Contents as HTML: the templates, and what every page has about its own sections."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from habitue.report.documents import run_facts
from habitue.report.layout import Grid
from habitue.report.locale import LANGUAGES, Words
from habitue.web import downloads
from habitue.web.access import FORM_TOKEN
from habitue.web.pages import Page
from habitue.web.view import FILTERS, Content, Served, View
from habitue.workspace.published import SCHEMAS

KINDS = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "txt": "text/plain; charset=utf-8",
}
AT_WORK_PLACE = Markup("<!-- at work -->")
"""Where a kept page is told that a run is at work."""

NAMES = {"en": "English", "fr": "Français", "ru": "Русский"}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader("habitue.web"), PackageLoader("habitue.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = Markup  # charts are our own SVG; stored texts in them are escaped by the drawing
    environment.globals["static"] = static
    return environment


@cache
def static_files() -> Mapping[str, bytes]:
    """The files that come with the pages, by name; style and font are the report's."""
    own = {file.name: file.read_bytes() for file in files("habitue.web").joinpath("static").iterdir()}
    shared = files("habitue.report").joinpath("templates")
    return own | {name: shared.joinpath(name).read_bytes() for name in ("report.css", "NotoSans-subset.woff2")}


@cache
def static(name: str) -> str:
    """The address of such a file; it changes when the file does."""
    return f"/static/{name}?v={hashlib.sha256(static_files()[name]).hexdigest()[:12]}"


def page(request: Request, view: View, content: Content, pages: Iterable[Page], served: Iterable[Served]) -> str:
    """A page of a run, as HTML."""
    listed = tuple(pages)
    places = {anchor: one.name for one in listed for anchor in one.anchors}
    kept = {one.name for one in listed if one.is_kept}
    numbers = {id(grid): number for number, grid in enumerate(downloads.grids(content))}
    template = _environment().get_template("page.html.j2")
    text = partial(_text, view.words)
    return template.render(
        **_chrome(request, view.served, view.words, listed),
        text=text,
        prose=partial(_prose, view),
        link=partial(_link, view, places, {section.anchor for section in content.sections}),
        downloads=partial(_downloads, request, view, numbers),
        content=content,
        view=view,
        # What is kept is shown to others too.
        form_token="" if view.page in kept else request.scope.get(FORM_TOKEN, ""),
        here=view.page,
        facts=run_facts(view.whole),
        others=[(one.slug, one.project.workspace.settings.project.name) for one in served],
        is_at_work=False,
        at_work_place=AT_WORK_PLACE,
        is_last=view.run.run_id == view.published.runs()[-1].run_id,
        as_of=view.words.date(view.whole.as_of, long=True),
        unheeded=view.unheeded(content),
        heeded=f"{request.url.path}?{urlencode({key: told for key, told in view.asked.items() if key not in FILTERS})}",
        made=view.words.date(view.run.created_at),
        version=view.run.manifest["versions"]["habitue"],
    )


def told_at_work(html: str, view: View) -> str:
    """A page of a run with what is said above it while another run is at work."""
    told = ""
    if view.published.is_run_at_work:
        parts: Any = _environment().get_template("parts.html.j2").make_module({"text": partial(_text, view.words)})
        told = parts.at_work()
    return html.replace(AT_WORK_PLACE, told, 1)


def no_run(request: Request, served: Served, words: Words, pages: Iterable[Page]) -> HTMLResponse:
    """What stands on every page of a project without a run."""
    template = _environment().get_template("no_run.html.j2")
    chrome = _chrome(request, served, words, tuple(pages))
    return HTMLResponse(
        template.render(**chrome, text=partial(_text, words), is_at_work=served.published.is_run_at_work,
                        folder=str(served.project.folder))
    )  # fmt: skip


def fault(
    request: Request, served: Mapping[str, Served], status: int, told: Sequence[str], *, title: str = "", back: str = ""
) -> HTMLResponse:
    """A page that says what is wrong and what to do; `back` is where the reader came from."""
    words = words_of(request, served)
    usual = words.text(f"web.fault.title_{status}" if status in (400, 403, 404, 500) else "web.fault.title_other")
    template = _environment().get_template("fault.html.j2")
    return HTMLResponse(
        template.render(language=words.language, title=title or usual, told=told, back=back,
                        is_known=status != 403, text=partial(_text, words)),
        status,
    )  # fmt: skip


def api_reference(request: Request, words: Words, described: Mapping[str, Any]) -> HTMLResponse:
    """The reference of the API, from its OpenAPI description."""
    template = _environment().get_template("api.html.j2")
    base = described["servers"][0]["url"]
    return HTMLResponse(
        template.render(language=words.language, described=described, base=base, text=partial(_text, words),
                        told=_marked, here=f"http://{request.url.netloc}")
    )  # fmt: skip


def words_of(request: Request, served: Mapping[str, Served]) -> Words:
    """The words of the language an address names, else those of the first project."""
    parts = request.url.path.split("/")
    language = parts[2] if len(parts) > 2 and parts[2] in LANGUAGES else ""
    return Words(language or next(iter(served.values())).project.language)


def _text(words: Words, code: str, /, **params: Any) -> str:
    """A sentence of the pages, else of the report (its blocks are shown here too)."""
    web = f"web.{code}"
    return words.text(web if words.knows(web) else f"report.{code}", **params)


def _chrome(request: Request, served: Served, words: Words, pages: Sequence[Page]) -> dict[str, Any]:
    """What stands around every page of a project: its name, the menu, the languages."""
    parts = request.scope["path"].split("/")
    query = f"?{request.url.query}" if request.url.query else ""
    languages = []
    for language in LANGUAGES:
        parts[2] = language
        address = "/".join(quote(part, safe="") for part in parts)
        languages.append((language, NAMES[language], address + query))
    return {
        "language": words.language,
        "languages": languages,
        "project_name": served.project.workspace.settings.project.name,
        "slug": served.slug,
        "menu": [(one.name, words.text(f"web.{one.name}.nav")) for one in pages if one.in_menu],
        "is_simulated": served.project.workspace.settings.project.simulated,
    }


def _prose(view: View, told: str) -> Markup:
    """A sentence as HTML: what stands between backquotes is code; a command that shows a table leads to its rows."""

    def code(found: re.Match[str]) -> str:
        shown = re.fullmatch(r"habitue show ([a-z0-9-]+)", found[1])
        if shown and shown[1].replace("-", "_") in SCHEMAS:
            address = escape(view.table_url(shown[1].replace("-", "_")))
            table = view.words.term("table", shown[1].replace("-", "_"))
            return f'<a href="{address}">{escape(view.text("rows_of_table", table=table))}</a>'
        return f"<code>{found[1]}</code>"

    return Markup(re.sub(r"`([^`]+)`", code, str(escape(told))))


def _marked(told: str) -> Markup:
    """What stands between backquotes is code, between double stars strong."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(told)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", html))


def _link(view: View, places: Mapping[str, str], here: set[str], anchor: str) -> str:
    """Where a link of a section of the report leads: on this page, on the page that shows it, to a definition."""
    if anchor in here:
        return f"#{anchor}"
    if anchor.startswith("def-"):
        return view.url("definitions", anchor=anchor)
    return view.url(places[anchor], anchor=anchor) if anchor in places else view.url("today", anchor=anchor)


def _downloads(request: Request, view: View, numbers: Mapping[int, int], grid: Grid, file_name: str = "") -> Markup:
    """Under a table: its rows and its files."""
    del file_name
    number = numbers.get(id(grid))
    if number is None or not grid.rows:
        return Markup()
    parts = request.scope["path"].split("/")
    asked = dict(request.query_params) | ({"item": "/".join(parts[4:])} if len(parts) > 4 else {})
    base = quote("/".join(parts[:4])) + f"/grid/{number}"
    files = downloads.formats(view, lambda kind, **more: f"{base}.{kind}?{urlencode({**asked, **more})}")
    template = _environment().get_template("downloads.html.j2")
    rows = view.table_url(grid.table, grid.where, grid.limits) if grid.table else ""
    return Markup(template.render(files=files, rows=rows, text=partial(_text, view.words), caption=grid.caption))
