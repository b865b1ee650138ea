"""`/api/v1`: the published tables for programs. Read-only, one shape of faults, described by OpenAPI.

Addresses lead from projects to runs to tables to rows. A run never changes, so an address with a run id always gives
the same answer; `latest` in the place of the id stands for the last run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, FastAPI, Path, Query, Request, Response, Security
from fastapi.responses import HTMLResponse
from fastapi.security import HTTPBearer

from habitue.errors import message
from habitue.report.key_figures import evidence
from habitue.report.locale import Words
from habitue.web import render
from habitue.web.api import answers, faults, models
from habitue.web.api.asking import LIMIT, asked, cursor
from habitue.web.api.faults import MOST, ApiError
from habitue.web.picking import MOST_FIRST
from habitue.web.view import Served, View
from habitue.workspace import explanations
from habitue.workspace.catalogue import Run
from habitue.workspace.conditions import RELATIONS
from habitue.workspace.published import SCHEMAS

LATEST = "latest"
MOST_NAMED = 50
"""Runs that a fault names as valid."""

DESCRIPTION = """\
Reads the published tables of the runs of loyalty projects. Nothing can be changed through it.

**Access.** `Authorization: Bearer TOKEN`, with the token the server was given in `HABITUE_API_TOKEN`; or the session of
a browser that the pages were opened in.

**Runs.** A run never changes: the same address gives the same answer. `latest` stands for the last run.

**Amounts** are whole minor units (cents) of the currency stated in the answer or in the description of the column;
shares are of 1. **Dates** are ISO 8601, moments UTC. Fields of forecasts stand with their 95 % interval where the run
has one. What a run cannot tell is null.

**Rows** are picked by conditions on columns: `is_COLUMN=value` (several times: any of the values; empty: no value),
`not_COLUMN=value`, `min_COLUMN=value`, `max_COLUMN=value`; all must hold. They are sorted by `sort=-net_amount,sku`
(a minus: the greatest first), ties by the key of the table, and come in pages: `next` in the answer is the address of
the next one. A page costs the same however far it is from the first.

**Personal data.** Customers are opaque ids. Numbers, names and addresses are never given.

**Faults** have one shape: a stable `code`, a `message` in the language of `Accept-Language` (en, fr, ru), and the list
of `valid` choices where there is one.
"""

FILTERS: Mapping[str, Any] = {
    "name": "conditions",
    "in": "query",
    "style": "form",
    "explode": True,
    "description": "Conditions on columns: `is_COLUMN`, `not_COLUMN`, `min_COLUMN`, `max_COLUMN`.",
    "schema": {
        "type": "object",
        "patternProperties": {f"^({'|'.join(RELATIONS)})_[a-z0-9_]+$": {"type": "string"}},
        "additionalProperties": False,
    },
    "example": {"is_population": "consumer", "min_net_amount": "10000"},
}

_FAULTS: Mapping[int | str, dict[str, Any]] = {
    400: {"model": models.Fault, "description": "It cannot be asked for; `valid` says what can"},
    401: {"model": models.Fault, "description": "No session, and no valid token"},
    404: {"model": models.Fault, "description": "No such project, run, table or customer"},
    422: {"model": models.Fault, "description": "A parameter cannot be read"},
}

ProjectName = Annotated[str, Path(description="name of a project in addresses", examples=["simulated-shop"])]
RunId = Annotated[str, Path(description="id of a run, or latest", examples=[LATEST])]


def _words(request: Request, response: Response) -> Words:
    words = faults.words_of(request)
    response.headers["Content-Language"] = words.language
    return words


Reader = Annotated[Words, Depends(_words)]


def create_api(served: Mapping[str, Served]) -> FastAPI:
    """The API over some projects, to be mounted at its address.

    Args:
        served: projects by their names in addresses.
    """
    token = HTTPBearer(auto_error=False, description="HABITUE_API_TOKEN of the server")
    api = FastAPI(
        title="habitue",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": answers.ADDRESS}],
        dependencies=[Security(token)],
        responses={**_FAULTS},
    )
    faults.add_faults(api)

    def served_as(project: str) -> Served:
        if project not in served:
            raise ApiError(message("web.api.no_project", project=project), [*served])
        return served[project]

    def run_of(one: Served, run_id: str) -> Run:
        runs = one.published.runs()
        if not runs:
            raise ApiError(message("web.api.no_run_yet", project=one.slug))
        if run_id == LATEST:
            return runs[-1]
        if run := one.published.run(run_id):
            return run
        newest = [run.run_id for run in reversed(runs[-MOST_NAMED:])]
        raise ApiError(message("web.api.no_run", run_id=run_id), [LATEST, *newest])

    @api.get("/", response_class=HTMLResponse, include_in_schema=False)
    def reference(request: Request) -> HTMLResponse:
        return render.api_reference(request, faults.words_of(request), api.openapi())

    @api.get("/projects", tags=["runs"], summary="Projects that are served")
    def projects() -> models.Projects:
        return models.Projects(projects=[answers.project(one) for one in served.values()])

    @api.get("/projects/{project}/runs", tags=["runs"], summary="Runs of a project, the newest first")
    def runs(project: ProjectName) -> models.Runs:
        one = served_as(project)
        return models.Runs(runs=[answers.run_head(one, run) for run in reversed(one.published.runs())])

    @api.get("/projects/{project}/runs/{run_id}", tags=["runs"], summary="One run: files, versions, warnings")
    def run(project: ProjectName, run_id: RunId, words: Reader) -> models.Run:
        one = served_as(project)
        return answers.run(one, run_of(one, run_id), words)

    @api.get("/projects/{project}/runs/{run_id}/tables", tags=["tables"], summary="Tables of a run and their columns")
    def tables(project: ProjectName, run_id: RunId, words: Reader) -> models.Tables:
        one = served_as(project)
        return answers.tables(one, run_of(one, run_id), words)

    @api.get(
        "/projects/{project}/runs/{run_id}/tables/{table}",
        tags=["tables"],
        summary="Rows of a table",
        openapi_extra={"parameters": [FILTERS]},
    )
    def rows(
        request: Request,
        project: ProjectName,
        run_id: RunId,
        table: Annotated[str, Path(description="name of a table", examples=["customer_profiles"])],
        limit: Annotated[int, Query(ge=1, le=MOST, description="rows of a page")] = LIMIT,
        after: Annotated[str | None, Query(description="where to go on: take it from `next`")] = None,
        sort: Annotated[str | None, Query(description="columns, a minus before: the greatest first",
                                          examples=["-net_amount,customer_id"])] = None,
        columns: Annotated[str | None, Query(description="columns to give; default: all")] = None,
        first: Annotated[int | None, Query(ge=1, le=MOST_FIRST,
                                           description="of all rows in the order only so many")] = None,
    ) -> models.Rows:  # fmt: skip
        del after, sort, columns  # read with the conditions
        one = served_as(project)
        run, name = run_of(one, run_id), table.replace("-", "_")
        if not one.published.has(run, name):
            there = [known for known in SCHEMAS if one.published.has(run, known)]
            raise ApiError(message("web.api.no_table", table=table), there)
        wanted = asked(SCHEMAS[name], request.query_params)
        places = [column for column, _ in wanted.order if column not in wanted.columns]
        found, count = one.published.page(
            run, name, where=wanted.where, order=wanted.order, limit=limit + 1, after=wanted.after,
            first=first, columns=[*wanted.columns, *places],
        )  # fmt: skip
        page = found.slice(0, limit).to_pylist()
        following = None
        if found.num_rows > limit:
            asked_for = [(key, told) for key, told in request.query_params.multi_items() if key != "after"]
            asked_for.append(("after", cursor(page[-1], wanted.order)))
            following = f"{answers.run_address(one, run)}/tables/{name}?{urlencode(asked_for)}"
        return models.Rows(
            project=one.slug,
            run_id=run.run_id,
            table=name,
            currency=run.manifest["currency"],
            rows_count=count,
            rows=[models.row({column: line[column] for column in wanted.columns}) for line in page],
            next=following,
        )

    @api.get(
        "/projects/{project}/runs/{run_id}/customers/{customer_id}",
        tags=["customers"],
        summary="Why one customer is in their segments, and what is expected of them",
    )
    def customer(
        project: ProjectName,
        run_id: RunId,
        customer_id: Annotated[str, Path(description="opaque id", examples=["3f9a0c1d2e4b5a67"])],
        words: Reader,
    ) -> models.Customer:
        one = served_as(project)
        told = explanations.told_of(one.published, run_of(one, run_id), customer_id)
        return answers.customer(one, told, words)

    @api.get("/projects/{project}/runs/{run_id}/figures", tags=["figures"], summary="Key figures and what they rest on")
    def figures(project: ProjectName, run_id: RunId, words: Reader) -> models.Figures:
        one = served_as(project)
        run = run_of(one, run_id)
        address = answers.run_address(one, run)
        found = evidence(View(one, run, words, "", {}).whole)
        return models.Figures(
            project=one.slug,
            run_id=run.run_id,
            as_of=run.as_of,
            currency=run.manifest["currency"],
            figures=[answers.figure(figure, address, words) for figure in found],
        )

    return api
