"""Who may read, what answers keep to themselves, and texts, addresses and names that mean harm."""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import openpyxl
import pytest

from habitue import project
from habitue.project import Project
from habitue.report.locale import LANGUAGES
from habitue.web.access import Access
from habitue.web.app import create_app
from habitue.web.pages import all_pages
from support import hostile_shop, serving
from support.browser import WIDE, Watched
from support.hostile_shop import FORMULAS, HTML
from support.serving import TOKEN, Answer, Site

# One server, one browser and one hostile shop for all of them.
LINK = re.compile(r'href="(/[^"?#]+/en/([a-z]+)(?:/([^"?#]*))?(\?[^"#]*)?)')
FOLDER = 'hostile "><b>?#%41&'
MOST_ITEMS = {"tables": 100, "stores": 20, "segments": 20, "figures": 30}
"""Addresses below a page that are looked at; of others two."""


class Read(HTMLParser):
    """A page: its text, and what has no business in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.faults: list[str] = []
        self.tags: set[str] = set()
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.faults.append("inline script")
        if tag in (
            "style",
            "iframe",
            "object",
            "embed",
            "base",
            "img",
            "foreignobject",
            "template",
            "animate",
            "b",
            "i",
            "x",
        ):
            self.faults.append(tag)
        for name, value in attrs:
            told = re.sub(r"[\x00-\x20]", "", value or "").lower()
            if name.startswith(("on", "hx-on")) or name in ("style", "srcdoc", "formaction", "data-hx-on"):
                self.faults.append(f"{tag} {name}")
            if name in ("href", "src", "action", "xlink:href", "hx-get") and not re.match(r"(/(?![/\\])|#|$)", told):
                self.faults.append(f"{tag} {name}={value}")
            if "url(" in told and not re.fullmatch(r"url\(#[\w-]+\)", told):
                self.faults.append(f"{tag} {name}={value}")
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and data.strip():
            self.faults.append("script with content")
        self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


@pytest.fixture(scope="module")
def hostile_project(served_from: Path) -> Project:
    hostile_shop.build(served_from / FOLDER, customers=250)
    opened = project.open(served_from / FOLDER)
    opened.run()
    return opened


@pytest.fixture(scope="module")
def hostile(hostile_project: Project) -> Iterator[Site]:
    with serving.site([hostile_project]) as running:
        yield running


@pytest.fixture(scope="module")
def slug(hostile: Site) -> str:
    return hostile.get("/api/v1/projects").json["projects"][0]["project"]


def crawled(site: Site, slug: str) -> dict[str, str]:
    """Pages in English by address: every page, and what their links lead to, so many of a kind."""
    found: dict[str, str] = {}
    waiting = [f"/{slug}/en/{page.name}" for page in all_pages()]
    counts: dict[tuple[str, bool], int] = {}
    while waiting:
        address = waiting.pop(0)
        answer = site.get(address)
        assert answer.status in (200, 303), (address, answer.text)
        found[address] = answer.text
        for whole, page, item, asked in LINK.findall(answer.text):
            following = whole.replace("&amp;", "&").replace("&#39;", "'").replace("&#34;", '"')
            kind = (page, bool(asked)) if not item else (f"{page}/", bool(asked))
            most = MOST_ITEMS.get(page, 2) if item and not asked else 2
            if re.search(r"\.(csv|xlsx)$", whole.partition("?")[0]) or following in found or following in waiting:
                continue
            if counts.get(kind, 0) < most:
                counts[kind] = counts.get(kind, 0) + 1
                waiting.append(following)
    return found


@pytest.fixture(scope="module")
def pages(hostile: Site, slug: str) -> dict[str, str]:
    return crawled(hostile, slug)


def test_hostile_texts_are_shown_as_they_are(pages: dict[str, str]) -> None:
    assert {address.split("/")[3].partition("?")[0] for address in pages} == {page.name for page in all_pages()}
    faults, shown = {}, ""
    for address, html in pages.items():
        read = Read(html)
        shown += " ".join(read.text) + "\n"
        if read.faults:
            faults[address] = read.faults
    assert faults == {}
    missing = [payload for payload in (*HTML, *FORMULAS) if payload.partition("`")[0] not in shown]
    assert missing == []
    assert "49" not in re.findall(r"\b49\$\{|\{\{49|(?<=7\*7 )49", shown)


@pytest.mark.parametrize("language", ["fr", "ru"])
def test_in_other_languages_too(hostile: Site, pages: dict[str, str], language: str) -> None:
    kinds: dict[tuple[str, int], str] = {}
    for address in pages:
        parts = address.partition("?")[0].split("/")
        kinds[parts[3], len(parts)] = address
    for address in kinds.values():
        answer = hostile.get(address.replace("/en/", f"/{language}/", 1))
        assert answer.status == 200
        assert Read(answer.text).faults == []


def test_no_page_of_an_ordinary_shop_has_anything_inline(shop: Site) -> None:
    found = {address: Read(html) for address, html in crawled(shop, "shop").items()}
    assert {address: read.faults for address, read in found.items() if read.faults} == {}
    assert any("svg" in read.tags for read in found.values())
    for path in ("/empty/en/data", "/lonely/ru/segments", "/nothing", "/api/v1/", "/shop/en/data?run=x"):
        assert Read(shop.get(path).text).faults == []
    assert Read(shop.get("/", is_admitted=False).text).faults == []


def test_a_browser_runs_none_of_it(hostile: Site, pages: dict[str, str], chromium: Any) -> None:
    context = chromium.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]}, extra_http_headers={"Authorization": f"Bearer {TOKEN}"}
    )
    watched, dialogs = Watched(context), []
    watched.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    kinds: dict[tuple[str, int], str] = {}
    for address in pages:
        parts = address.partition("?")[0].split("/")
        kinds[parts[3], len(parts)] = address
    for address in kinds.values():
        watched.page.goto(hostile.url(address), wait_until="load")
        assert watched.page.locator("img, iframe, b, style, [onload], [onerror], [onmouseover]").count() == 0
        assert watched.page.locator("main").is_visible()
    context.close()
    assert (dialogs, watched.faults) == ([], [])


# Downloads


def cells_of(answer: Answer, delimiter: str) -> list[str]:
    rows = csv.reader(io.StringIO(answer.body.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    return [cell for row in rows for cell in row]


NUMBER = re.compile(r"[+-][0-9][0-9.,e+-]*")


def harmful(cells: list[str]) -> list[str]:
    """What a spreadsheet would run."""
    return [cell for cell in cells if cell[:1] in "=+-@\t\r\n＝＋－＠" and cell and not NUMBER.fullmatch(cell)]


def test_no_download_of_a_table_holds_a_formula(hostile: Site, hostile_project: Project, slug: str) -> None:
    folder = hostile_project.workspace.run_folder(hostile_project.runs()[-1])
    names = sorted(path.stem for path in folder.glob("*.parquet"))
    seen = ""
    for name in names:
        base = f"/{slug}/en/tables/{name.replace('_', '-')}"
        few = "?first=200"
        for asked, delimiter in ((few, ","), (f"{few}&excel=1", ";")):
            cells = cells_of(hostile.get(f"{base}.csv{asked}"), delimiter)
            assert harmful(cells) == [], name
            seen += "\n".join(cells)
        answer = hostile.get(f"{base}.xlsx{few}")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
        assert sheet is not None
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None
    assert all(f"'{formula}" in seen for formula in FORMULAS)


def test_no_download_of_a_page_holds_a_formula(hostile: Site, pages: dict[str, str]) -> None:
    seen = ""
    for address, html in pages.items():
        if "/tables/" in address or "/figures/" in address:
            continue
        for href in re.findall(r'href="([^"]*/grid/\d+\.(?:csv|xlsx)[^"]*)"', html):
            answer = hostile.get(href.replace("&amp;", "&").replace("&#39;", "'"))
            assert answer.status == 200, href
            if ".csv?" in href:
                cells = cells_of(answer, ";" if "excel=1" in href else ",")
                assert harmful(cells) == [], href
                seen += "\n".join(cells)
            else:
                sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
                assert sheet is not None
                assert all(
                    cell.data_type != "f" and cell.hyperlink is None for row in sheet.iter_rows() for cell in row
                )
    assert "'=1+1" in seen


# Headers


ROUTES = (
    "/", "/shop/en/data", "/shop/en/customers?q=x", "/shop/en/tables/rfm",
    "/shop/en/tables/rfm.csv",
    "/shop/en/tables/rfm.xlsx", "/shop/en/data/grid/0.csv", "/empty/en/data", "/static/report.css",
    "/static/htmx.min.js", "/static/nothing", "/nothing", "/shop/en/data?population=x", "/enter?key=x",
    "/api/v1", "/api/v1/", "/api/v1/openapi.json", "/api/v1/projects", "/api/v1/projects/x/runs", "/api/v2",
    "/api/v1/projects/shop/runs/latest/tables/rfm?limit=x",
)  # fmt: skip


def test_a_fault_of_ours_keeps_to_itself_too(lonely_project: Project, tmp_path: Path) -> None:
    shutil.copytree(lonely_project.folder, tmp_path / "broken")
    opened = project.open(tmp_path / "broken")
    (run,) = opened.runs()
    opened.workspace.table_path(run, "files").write_bytes(b"no Parquet")
    with serving.site([opened]) as broken:
        answer = broken.get("/broken/en/data")
    assert answer.status == 500
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (answer.headers["cache-control"], answer.headers["x-frame-options"]) == ("no-store", "DENY")


@pytest.mark.parametrize("is_admitted", [True, False])
@pytest.mark.parametrize("path", ROUTES)
def test_every_answer_keeps_to_itself(shop: Site, path: str, is_admitted: bool) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = shop.get(path, is_admitted=is_admitted, method=method)
        assert answer.status < 500
        headers = answer.headers
        policy = dict(one.strip().partition(" ")[::2] for one in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert set(policy.values()) == {"'none'", "'self'"}
        assert {"script-src", "style-src", "frame-ancestors", "base-uri", "form-action"} <= set(policy)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == headers["cross-origin-opener-policy"] == "same-origin"
        assert "server" not in headers
        assert not any(name.startswith("access-control") for name in headers)
        is_kept = path.startswith("/static/") and answer.status == 200
        assert headers["cache-control"] == ("max-age=31536000, immutable" if is_kept else "no-store")
        if answer.body:
            assert (
                "charset=utf-8" in headers["content-type"]
                or "json" in headers["content-type"]
                or is_kept
                or (path.endswith(".xlsx"))
            )


# Getting in


@pytest.fixture
def own(lonely_project: Project) -> Iterator[Site]:
    """A server whose links may be used up."""
    with serving.site([lonely_project]) as running:
        yield running


def test_a_link_works_once(own: Site) -> None:
    first = own.access.key
    for wrong in ("", "x", first[:-1], first + "x", quote("é\x00"), "%ff", "a" * 5000):
        assert own.get(f"/enter?key={wrong}", is_admitted=False).status == 403
    assert own.get("/enter", is_admitted=False).status == 403
    for method in ("HEAD", "POST", "OPTIONS"):
        assert own.get(f"/enter?key={first}", method=method, is_admitted=False).status == 403
    assert own.get(f"/enter/?key={first}", is_admitted=False).status == 403
    assert own.access.key == first  # none of these used it up
    opened = own.get(f"/enter?key={first}&next=//evil.example", is_admitted=False)
    assert (opened.status, opened.headers["location"]) == (303, "/")
    assert own.get(f"/enter?key={first}", is_admitted=False).status == 403
    assert own.told == [own.access.key]
    assert own.access.key != first


def test_the_session_is_for_this_browser_and_site_only(own: Site) -> None:
    cookie = own.get(f"/enter?key={own.access.key}", is_admitted=False).headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    session, *flags = (part.strip() for part in rest.split(";"))
    assert name == f"habitue_{own.port}"
    assert {flag.lower() for flag in flags} == {"httponly", "samesite=lax", "path=/"}
    assert len(session) >= 40
    page = "/lonely/en/data"
    assert own.get(page, is_admitted=False, headers={"Cookie": f"{name}={session}"}).status == 200
    for wrong in (f"{name}={session}x", f"{name}=", f"other={session}", f"{name}=%00", f"{name}"):
        assert own.get(page, is_admitted=False, headers={"Cookie": wrong}).status == 403


@pytest.mark.parametrize(
    "authorization",
    ["", TOKEN, "Bearer", "Bearer ", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     f"Bearer {TOKEN} {TOKEN}", f"Bearer{TOKEN}", f"Token {TOKEN}", "Bearer \xe9"],
)  # fmt: skip
def test_only_the_token_lets_a_program_in(shop: Site, authorization: str) -> None:
    for path, status in (("/shop/en/data", 403), ("/api/v1/projects", 401)):
        answer = shop.get(path, is_admitted=False, headers={"Authorization": authorization})
        assert answer.status == status
        assert TOKEN not in answer.text
    assert shop.get("/api/v1/projects", is_admitted=False, headers={"Authorization": f"bearer {TOKEN}"}).status == 200


def test_without_a_token_given_to_the_server_none_is_right(lonely_project: Project) -> None:
    for given in (None, ""):
        access = Access(api_token=given)
        assert [access.admits(None, told) for told in (None, "", "Bearer", "Bearer ", "Bearer None")] == [False] * 5


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:{port}", "evil.example:{port}",
             "127.0.0.1:{port}@evil.example", "0x7f.1:{port}", ""],
)  # fmt: skip
def test_a_name_made_to_lead_here_is_refused(shop: Site, host: str) -> None:
    """DNS rebinding: a page elsewhere whose name suddenly means this machine."""
    told = host.format(port=shop.port)
    for path in ("/", "/static/report.css", "/enter?key=x", "/api/v1/projects"):
        answer = shop.get(path, headers={"Host": told})
        assert answer.status in (400, 421)
        assert "evil" not in answer.text
    assert shop.get("/shop/en/data", headers={"Host": f"localhost:{shop.port}"}).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"])
def test_everything_is_only_read(shop: Site, method: str) -> None:
    for path in ("/", "/shop/en/data", "/shop/en/tables/rfm.csv", "/static/report.css", "/api/v1/projects"):
        answer = shop.get(path, method=method)
        assert answer.status == 405
        assert Read(answer.text).faults == []


def test_the_head_of_an_answer_is_given(shop: Site) -> None:
    for path in ("/shop/en/data", "/static/report.css", "/shop/en/tables/rfm.csv"):
        answer = shop.get(path, method="HEAD")
        assert (answer.status, answer.body) == (200, b"")


# Addresses that mean harm


UP = (
    "..",
    "%2e%2e",
    "..%2f..",
    "%2e%2e%2f%2e%2e%2f",
    "..%5c..",
    "%252e%252e",
    "....//",
    "%00",
    ".%00.",
    "~",
    "C:",
    "|id",
    "file:%2f%2f",
    "%2fetc%2fpasswd",
    "..%c0%af..",
    "%ff",
    "%0d%0aX-Evil:%201",
    "%E2%80%AE",
    "a" * 8000,
)


@pytest.mark.parametrize("up", UP)
def test_no_address_leads_out_of_what_is_served(shop: Site, up: str) -> None:
    last, api = "etc%2fpasswd", "/api/v1/projects"
    paths = [
        f"/static/{up}",
        f"/static/{up}/access.py",
        f"/static/{up}%2faccess.py",
        f"/{up}/en/data",
        f"/{up}",
        f"/shop/{up}/data",
        f"/shop/en/{up}",
        f"/shop/en/{up}/{last}",
        f"/shop/en/tables/{up}",
        f"/shop/en/tables/{up}%2fcatalogue.csv",
        f"/shop/en/tables/{up}.xlsx",
        f"/shop/en/tables/rfm.{up}",
        f"/shop/en/stores/{up}",
        f"/shop/en/customers/{up}",
        f"/shop/en/segments/{up}",
        f"/shop/en/value/{up}",
        f"/shop/en/figures/{up}",
        f"/shop/en/runs/{up}",
        f"/shop/en/data/grid/0.{up}",
        f"/shop/en/data/grid/{up}.csv",
        f"/shop/en/customers/grid/0.csv?item={up}",
        f"/shop/en/data?run={up}",
        f"/shop/en/tables/rfm.csv?run={up}",
        f"/shop/en/runs?a={up}&b={up}",
        f"{api}/{up}/runs",
        f"{api}/shop/runs/{up}",
        f"{api}/shop/runs/latest/tables/{up}",
        f"{api}/shop/runs/latest/customers/{up}",
    ]
    for path in paths:
        answer = shop.get(path)
        assert 400 <= answer.status < 500, (path, answer.status)
        assert "x-evil" not in answer.headers
        for secret in ("root:", "[project]", "SQLite format", "def ", "PAR1"):
            assert secret not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/shop/en/data/grid/-1.csv",
        "/shop/en/data/grid/99999.csv",
        "/shop/en/data/grid/0.exe",
        f"/shop/en/data/grid/{'9' * 5000}.csv",
        "/shop/en/data/grid/1e3.csv",
        "/shop/en/data/grid/x.csv",
        "/shop/en/nothing/grid/0.csv",
        "/shop/xx/data/grid/0.csv",
        "/nothing/en/data/grid/0.csv",
        "/empty/en/data/grid/0.csv",
        "/empty/en/tables/rfm.csv",
        "/shop/en/tables/rfm.parquet",
        "/shop/en/data/",
        "/shop/en/data//",
        "//shop/en/data",
        "/shop//en/data",
        "/shop/EN/data",
        "/shop/en/customers/",
        "/shop/en/stores/",
    ],
)
def test_what_is_not_there_is_not_there(shop: Site, path: str) -> None:
    answer = shop.get(path)
    assert answer.status == 404
    assert "This page does not exist" in answer.text


INJECTIONS = (
    "' OR '1'='1",
    "1; DROP TABLE rfm; --",
    '" OR 1=1 --',
    "1) UNION SELECT * FROM read_text('/etc/passwd') --",
    "{rfm}",
    "{before.rfm}",
    "?",
    "%",
    "\x00",
    "\\",
    "x" * 20000,
    "NaN",
    "1e999",
    "-1",
    "٣",
    "\u202e<script>",
)


@pytest.mark.parametrize("value", INJECTIONS)
def test_values_never_become_part_of_a_query(shop: Site, value: str) -> None:
    told = quote(value)
    asked = {
        "data": ("run",),
        "customers": ("q", "sort", "from", "segment", "list", "store"),
        "segments": ("population", "step"),
        "stores": ("period", "sales_channel"),
        "value/critical": ("sort", "from", "segment"),
        "runs": ("a",),
        "figures/net_sales": ("population",),
        "tables/rfm": (
            "sort",
            "from",
            "first",
            "sum",
            "is_population",
            "min_frequency",
            "not_customer_id",
            f"max_{told}",
        ),
        "tables/rfm.csv": ("sort", "first", f"is_{told}"),
    }
    for page, names in asked.items():
        for name in names:
            answer = shop.get(f"/shop/en/{page}?{name}={told}")
            assert answer.status < 500, (page, name, answer.text)
            assert "root:" not in answer.text
    api = "/api/v1/projects/shop/runs/latest"
    for path in (f"tables/rfm?is_population={told}", f"tables/rfm?sort={told}", f"tables/rfm?columns={told}",
                 f"tables/rfm?after={told}", f"tables/rfm?{told}=1", f"tables/rfm?limit={told}", f"tables/{told}",
                 f"customers/{told}"):  # fmt: skip
        answer = shop.get(f"{api}/{path}")
        assert answer.status < 500, (path, answer.text)
        assert answer.status >= 400 or path.startswith("tables/rfm?is_population") or answer.json["rows_count"]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example/en/data",
        "/\\evil.example/en/data",
        "/%5Cevil.example/",
        "/%2F%2Fevil.example",
        "/https:%2f%2fevil.example/",
        "/?next=//evil.example",
        "/shop/en/customers?q=//evil.example",
        "/shop/en/customers?q=%0d%0aLocation:%20//evil.example",
        "/api/v1",
        "/api/v1/projects/",
        "/api/v1//evil.example/",
        "/shop/en/data/?x=//evil.example",
    ],
)
def test_nothing_leads_to_another_site(shop: Site, path: str) -> None:
    answer = shop.get(path)
    leads = answer.headers.get("location", "")
    assert re.match(rf"$|/(?![/\\])|http://127\.0\.0\.1:{shop.port}/(?![/\\])", leads), leads
    if answer.headers.get("content-type", "").startswith("text/html"):
        assert Read(answer.text).faults == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("shop", "shop"),
        ('h "><b>?#%41', "h-b-41"),
        ("\\evil.example", "evil.example"),
        ("api", "api-2"),
        ("static", "static-2"),
        ("enter", "enter-2"),
        ("магазин", "магазин"),
        ("?", "project"),
        ("...", "project"),
    ],
)
def test_folders_are_named_in_addresses_by_what_an_address_can_hold(tmp_path: Path, name: str, slug: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    opened: Any = SimpleNamespace(folder=folder, workspace=SimpleNamespace(
        folder=folder, settings=SimpleNamespace(engine=SimpleNamespace(memory="100MB"))))  # fmt: skip
    assert list(create_app([opened], Access()).state.served) == [slug]
    assert unquote(quote(slug)) == slug


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_is_not_admitted_is_told_how_to_get_in(shop: Site, language: str) -> None:
    answer = shop.get(f"/shop/{language}/data", is_admitted=False)
    assert answer.status == 403
    assert "habitue serve" in answer.text
    assert "Simulated" not in answer.text
