"""The API: the published tables for programs, page by page, with one shape of faults, as its description says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import hypothesis
import pyarrow.parquet as pq
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase

from habitue import schemas
from habitue.project import Project
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace.people import People
from support.serving import TOKEN, Site

RUNS = "/api/v1/projects/shop/runs"
LAST = f"{RUNS}/latest"
FAULT = {"code", "message", "valid"}


def rows_of(project: Project, name: str) -> list[dict[str, Any]]:
    return pq.read_table(project.workspace.table_path(project.runs()[-1], name)).to_pylist()


def pages(shop: Site, path: str) -> Iterator[dict[str, Any]]:
    following: str | None = path
    while following:
        answer = shop.get(following)
        assert answer.status == 200, answer.text
        yield answer.json
        following = answer.json["next"]


def refused(shop: Site, path: str, status: int, code: str, **headers: str) -> dict[str, Any]:
    answer = shop.get(path, headers=headers)
    assert answer.headers["content-type"] == "application/json"
    assert (answer.status, answer.json["code"], set(answer.json)) == (status, code, FAULT)
    return answer.json


def test_projects_lead_to_runs(shop: Site, shop_project: Project) -> None:
    found = {one["project"]: one for one in shop.get("/api/v1/projects").json["projects"]}
    assert list(found) == ["shop", "empty", "lonely"]
    last = shop_project.runs()[-1]
    assert found["shop"] == {
        "project": "shop", "name": "Simulated shop", "currency": "EUR", "language": "en",
        "time_zone": "Europe/Paris", "is_simulated": True, "runs_count": 2, "last_run_id": last.run_id,
    }  # fmt: skip
    assert (found["empty"]["runs_count"], found["empty"]["last_run_id"]) == (0, None)
    listed = shop.get(RUNS).json["runs"]
    assert [one["run_id"] for one in listed] == [run.run_id for run in reversed(shop_project.runs())]
    assert [one["is_last"] for one in listed] == [True, False]
    assert listed[0]["as_of"] == last.as_of.isoformat()
    assert listed[0]["created_at"] == f"{last.created_at.isoformat()}Z"
    assert shop.get("/api/v1/projects/empty/runs").json == {"runs": []}


def test_a_run_says_what_it_was_made_of(shop: Site, shop_project: Project) -> None:
    first, last = shop_project.runs()
    found = shop.get(LAST).json
    assert found == shop.get(f"{RUNS}/{last.run_id}").json
    assert found["previous_run_id"] == first.run_id
    assert shop.get(f"{RUNS}/{first.run_id}").json["as_of"] == "2025-06-30"
    assert found["rows"]["customers"] == len(rows_of(shop_project, "customers"))
    assert [file["file"] for file in found["files"]] == [file["file"] for file in last.manifest["files"]]
    assert [one["code"] for one in found["warnings"]] == [one["code"] for one in last.manifest["warnings"]]
    assert all("(" not in one["message"][:30] or "=" not in one["message"] for one in found["warnings"])


def test_tables_are_described(shop: Site, shop_project: Project) -> None:
    found = {one["name"]: one for one in shop.get(f"{LAST}/tables").json["tables"]}
    folder = shop_project.workspace.run_folder(shop_project.runs()[-1])
    public = {schema.name: schema for schema in schemas.PUBLIC}
    assert set(found) == {path.stem for path in folder.glob("*.parquet")} & set(public)
    for name, one in found.items():
        schema = public[name]
        assert (one["key"], one["grain"]) == (list(schema.key), schema.grain)
        assert [column["name"] for column in one["columns"]] == list(schema.names)
        assert [column["type"] for column in one["columns"]] == [column.type for column in schema.columns]
    lines = {column["name"]: column for column in found["transaction_lines"]["columns"]}
    amount = {"currency": "EUR", "currency_column": None, "decimals": 2}
    assert lines["net_amount"] | amount == lines["net_amount"]
    assert (lines["source_amount"]["currency"], lines["source_amount"]["currency_column"]) == (None, "currency")
    assert lines["quantity"]["currency"] is None
    costs = {column["name"]: column for column in found["products"]["columns"]}
    assert costs["cost_amount"]["decimals"] == 5  # a thousandth of a cent
    conflicts = {column["name"]: column for column in found["ticket_conflicts"]["columns"]}
    assert conflicts["net_amount"]["currency"] is None  # that of the source


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_in_the_language_asked_for(shop: Site, language: str) -> None:
    answer = shop.get(f"{LAST}/tables", headers={"Accept-Language": f"en; q=0.5, {language}-XX; q=0.9"})
    assert answer.headers["content-language"] == language
    found = {one["name"]: one for one in answer.json["tables"]}
    assert found["rfm"]["label"] == Words(language).term("table", "rfm")


def test_rows_come_page_by_page_in_the_order_asked_for(shop: Site, shop_project: Project) -> None:
    stored = [row for row in rows_of(shop_project, "rfm") if row["population"] == "consumer"]
    stored.sort(key=lambda row: row["customer_id"])
    stored.sort(key=lambda row: row["net_amount"], reverse=True)
    asked = "limit=70&is_population=consumer&sort=-net_amount&columns=customer_id,net_amount,last_visit_on"
    found = list(pages(shop, f"{LAST}/tables/rfm?{asked}"))
    assert len(found) == -(-len(stored) // 70)
    assert {one["rows_count"] for one in found} == {len(stored)}
    assert [row for one in found for row in one["rows"]] == [
        {
            "customer_id": r["customer_id"],
            "net_amount": r["net_amount"],
            "last_visit_on": r["last_visit_on"].isoformat(),
        }
        for r in stored
    ]
    # Whatever run comes meanwhile, the next page is of the same one.
    assert f"/runs/{shop_project.runs()[-1].run_id}/" in found[0]["next"]
    assert found[0]["currency"] == "EUR"


def test_every_value_is_as_it_is_stored(shop: Site, shop_project: Project) -> None:
    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        if isinstance(value, date):
            return value.isoformat() + ("Z" if hasattr(value, "hour") else "")
        return value

    for name in ("transaction_lines", "segments", "collection_plan", "transitions", "reconciliation", "stores"):
        stored = rows_of(shop_project, name)
        found = [row for one in pages(shop, f"{LAST}/tables/{name}?limit=1000") for row in one["rows"]]

        def counted(rows: list[dict[str, Any]]) -> Counter[str]:
            return Counter(json.dumps(row, sort_keys=True) for row in rows)

        assert counted(found) == counted([{key: plain(value) for key, value in row.items()} for row in stored])


def test_lists_of_people_come_the_best_first(shop: Site) -> None:
    found = shop.get(f"{LAST}/tables/expected-revenue").json
    assert (found["table"], len(found["rows"])) == ("expected_revenue", 100)
    amounts = [row["expected_amount"] for row in found["rows"]]
    assert amounts == sorted(amounts, reverse=True)


def test_conditions(shop: Site, shop_project: Project) -> None:
    stored = rows_of(shop_project, "transaction_lines")

    def count(**asked: str | list[str]) -> int:
        answer = shop.get(f"{LAST}/tables/transaction_lines?limit=1&{urlencode(asked, doseq=True)}")
        assert answer.status == 200, answer.text
        return answer.json["rows_count"]

    kinds = ["return", "exchange"]
    assert count(is_sale_type=kinds) == sum(row["sale_type"] in kinds for row in stored) > 0
    assert count(not_sale_type=kinds) == sum(row["sale_type"] not in kinds for row in stored)
    assert count(is_customer_id="") == sum(row["customer_id"] is None for row in stored) > 0
    assert count(not_customer_id="") == sum(row["customer_id"] is not None for row in stored)
    assert count(is_counts="false") == sum(not row["counts"] for row in stored)
    assert count(min_net_amount="1000", max_net_amount="2000") == sum(
        1000 <= row["net_amount"] <= 2000 for row in stored
    )
    day = stored[0]["sold_on"]
    assert count(min_sold_on=str(day), max_sold_on=str(day)) == sum(row["sold_on"] == day for row in stored)
    assert count(is_store_id=quote("' OR '1'='1")) == 0


@pytest.mark.parametrize(
    ("asked", "status", "code", "valid"),
    [
        ("limit=0", 422, "web.api.bad_number", []),
        ("limit=1001", 422, "web.api.bad_number", []),
        ("limit=x", 422, "web.api.bad_number", []),
        ("limit=", 422, "web.api.bad_number", []),
        ("sort=nothing", 400, "web.api.bad_column", list(schemas.RFM.names)),
        ("sort=-", 400, "web.api.bad_column", list(schemas.RFM.names)),
        ("sort=net_amount,-net_amount", 400, "web.api.bad_column", list(schemas.RFM.names)),
        ("columns=customer_id,", 400, "web.api.bad_column", list(schemas.RFM.names)),
        ("columns=*", 400, "web.api.bad_column", list(schemas.RFM.names)),
        ("columns=net_amount%22%20FROM%20x--", 400, "web.api.bad_column", list(schemas.RFM.names)),
        ("after=x", 400, "web.api.bad_cursor", []),
        ("after=", 400, "web.api.bad_cursor", []),
        ("after=W10", 400, "web.api.bad_cursor", []),  # []
        ("after=W1tdLDFd", 400, "web.api.bad_cursor", []),  # [[], 1]
        ("after=%F0%9F%9B%92", 400, "web.api.bad_cursor", []),
        ("after=" + "Wy" * 30000, 400, "web.api.bad_cursor", []),
        ("sort=net_amount&after=WyJ4IiwgImEiLCAiYiJd", 400, "published.no_value", []),  # ["x", "a", "b"]
        ("is_frequency=often", 400, "published.no_value", []),
        ("min_frequency=", 400, "published.no_limit", []),
        ("min_frequency=1&min_frequency=x", 400, "published.no_limit", []),
        ("min_population=a", 400, "published.no_limit", []),
        ("is_last_visit_on=abc", 400, "published.no_value", []),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_what_can(
    shop: Site, asked: str, status: int, code: str, valid: list[str]
) -> None:
    assert refused(shop, f"{LAST}/tables/rfm?{asked}", status, code)["valid"] == valid


@pytest.mark.parametrize("name", ["population", "offset", "IS_population", "is_", "is_nothing", "lmit", "%00"])
def test_a_parameter_that_nobody_knows_is_not_passed_over(shop: Site, name: str) -> None:
    valid = refused(shop, f"{LAST}/tables/rfm?{name}=1", 400, "web.api.unknown_parameter")["valid"]
    assert {"limit", "sort", "is_population", "min_net_amount"} <= set(valid)
    assert "min_population" not in valid  # texts have no limits


def test_the_choices_of_a_flag_are_said(shop: Site) -> None:
    found = refused(shop, f"{LAST}/tables/transaction_lines?is_counts=1", 400, "published.no_value")
    assert found["valid"] == ["true", "false"]


@pytest.mark.parametrize(
    ("path", "code", "valid"),
    [
        ("/projects/nothing/runs", "no_project", ["shop", "empty", "lonely"]),
        ("/projects/empty/runs/latest", "no_run_yet", []),
        ("/projects/empty/runs/latest/tables/rfm", "no_run_yet", []),
        ("/projects/lonely/runs/latest/tables/nothing", "no_table", ["rfm", "customers"]),
        ("/projects/shop/runs/nothing", "no_run", ["latest"]),
        ("/projects/shop/runs/20", "no_run", ["latest"]),
        ("/nothing", "no_address", []),
        ("/projects/shop", "no_address", []),
    ],
)
def test_what_is_not_there_is_said_with_what_is(shop: Site, path: str, code: str, valid: list[str]) -> None:
    found = refused(shop, f"/api/v1{path}", 404, f"web.api.{code}")
    assert set(valid) <= set(found["valid"])


def test_a_customer_is_explained(shop: Site, shop_project: Project) -> None:
    best = shop.get(f"{LAST}/tables/critical_customers?limit=1").json["rows"][0]
    found = shop.get(f"{LAST}/customers/{best['customer_id']}").json
    told = shop_project.explain(best["customer_id"])
    (buyer, *_), main = found["buyers"], told.buyers[0]
    assert main.forecast is not None
    assert found["customer_id"] == best["customer_id"]
    assert buyer["segments"] == dict(main.segments)
    assert [check["code"] for check in buyer["checks"]] == [check.code for check in main.checks]
    assert buyer["forecast"]["expected"]["expected_amount"] == best["expected_amount"]
    assert buyer["forecast"]["lists"]["critical_customers"]["place"] == 1
    assert {"low_95_amount", "high_95_amount"} <= set(buyer["forecast"]["expected"])
    days = shop.get(found["days"]).json
    assert days["rows_count"] == sum(len(one.days) for one in told.buyers) > 0
    assert sum(row["net_amount"] for row in days["rows"]) == sum(one.net_amount for one in told.buyers)
    assert found["in_words"][0].startswith(f"Customer {best['customer_id']} as of 31 Dec 2025")


def test_one_customer_without_a_forecast(shop: Site, lonely_project: Project) -> None:
    base = "/api/v1/projects/lonely/runs/latest"
    (row,) = shop.get(f"{base}/tables/customers").json["rows"]
    found = shop.get(f"{base}/customers/{row['customer_id']}").json
    assert [(one["visits_count"], one["net_amount"], one["forecast"]) for one in found["buyers"]] == [(2, 3000, None)]
    assert {one["code"]: one["value"] for one in shop.get(f"{base}/figures").json["figures"]}["tickets"] == 2
    for table in shop.get(f"{base}/tables").json["tables"]:
        assert shop.get(f"{base}/tables/{table['name']}").json["rows_count"] == table["rows_count"]
    assert shop.get(base).status == 200


def test_customers_are_known_by_their_opaque_id_only(shop: Site, shop_project: Project) -> None:
    numbers = People.copy(shop_project.workspace.folder)
    with numbers as people:
        number = people.numbers()["customer_number"].to_pylist()[0]
    refused(shop, f"{LAST}/customers/{number}", 404, "explain.unknown")
    refused(shop, f"{LAST}/customers/{quote(chr(0) + 'é/..', safe='')}", 404, "web.api.no_address")
    refused(shop, f"{LAST}/customers/{quote(chr(0) + 'é', safe='')}", 404, "explain.unknown")
    refused(shop, f"{LAST}/customers/a%0Ab", 404, "web.api.no_address")
    refused(shop, f"{LAST}/customers/{'x' * 20000}", 404, "explain.unknown")


def test_figures_lead_to_the_rows_that_make_them(shop: Site) -> None:
    found = {one["code"]: one for one in shop.get(f"{LAST}/figures").json["figures"]}
    assert {"net_sales", "tickets", "customers", "expected"} <= set(found)
    for one in found.values():
        for behind in one["numerator"]["behind"]:
            rows = [row for page in pages(shop, f"{behind['rows']}{'&' if '?' in behind['rows'] else '?'}limit=1000")
                    for row in page["rows"]][: behind["first"]]  # fmt: skip
            if behind["sum"]:
                made = sum(row[behind["sum"]] or 0 for row in rows)
            elif behind["different"]:
                tuples = {tuple(row[column] for column in behind["different"]) for row in rows}
                made = len({one for one in tuples if None not in one})
            else:
                made = len(rows)
            slack = 0.5 * len(rows) + 1 if one["unit"] == "money" else 1e-6
            assert made == pytest.approx(one["numerator"]["value"], abs=slack), (one["code"], behind)
    assert isinstance(found["net_sales"]["value"], int)
    assert found["net_sales"]["value"] == found["net_sales"]["numerator"]["value"]


@pytest.mark.parametrize(
    ("wanted", "language"),
    [("fr", "fr"), ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("de, fr;q=0.3, en;q=0.2", "fr"), ("de", "en"), ("", "en"),
     ("en;q=0.1,ru;q=0.9", "ru"), ("fr;q=x,ru", "ru"), ("fr;q=nan", "en"), ("*", "en"), (",;,=", "en"),
     ("fr;q=0", "en")],
)  # fmt: skip
def test_faults_are_said_in_the_language_asked_for(shop: Site, wanted: str, language: str) -> None:
    told = refused(shop, f"{RUNS}/x", 404, "web.api.no_run", **{"Accept-Language": wanted})
    assert told["message"] == Words(language, strict=True).text("web.api.no_run", run_id="x")
    told = refused(shop, f"{LAST}/tables/rfm?is_frequency=x", 400, "published.no_value", **{"Accept-Language": wanted})
    assert told["message"] == Words(language, strict=True).text(
        "published.no_value", column="frequency", value="x", type="int64"
    )


def test_without_a_token_or_a_session_nothing_is_read(shop: Site) -> None:
    for path in ("/api/v1/projects", "/api/v1/openapi.json", "/api/v1/", "/api/v1/nothing", "/api/v2/x"):
        answer = shop.get(path, is_admitted=False)
        assert (answer.status, answer.json["code"]) == (401, "web.api.unauthorised")
        assert answer.headers["www-authenticate"] == 'Bearer realm="habitue"'


def test_nothing_can_be_changed(shop: Site) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        answer = shop.get("/api/v1/projects", method=method)
        assert (answer.status, answer.json["code"]) == (405, "web.api.no_method")
    head = shop.get("/api/v1/projects", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == shop.get("/api/v1/projects").headers["content-length"]


def test_a_fault_of_ours_is_said_without_its_text(shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("Jane Doe")

    monkeypatch.setattr("habitue.web.api.answers.project", broken)
    answer = shop.get("/api/v1/projects")
    assert (answer.status, answer.json["code"]) == (500, "web.api.broken")
    assert "Jane" not in answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reference_page_names_every_address(shop: Site, language: str) -> None:
    described = shop.get("/api/v1/openapi.json").json
    answer = shop.get("/api/v1/", headers={"Accept-Language": language})
    assert f'<html lang="{language}">' in answer.text
    assert Words(language, strict=True).text("web.api.title") in answer.text
    for path in described["paths"]:
        assert f"<code>GET /api/v1{path}</code>" in answer.text


def test_the_description_is_whole(shop: Site) -> None:
    described = shop.get("/api/v1/openapi.json").json
    assert described["servers"] == [{"url": "/api/v1"}]
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for operations in described["paths"].values():
        operation = operations["get"]
        assert list(operations) == ["get"]
        assert operation["summary"]
        assert operation["security"] == [{"HTTPBearer": []}]
        assert {"200", "400", "401", "404", "422"} <= set(operation["responses"])
        assert all(one["description"] for one in operation.get("parameters", ()))


def test_answers_are_as_described(shop: Site) -> None:
    """Requests that follow the description, and some that do not, with names that exist as often as not."""
    described = schemathesis.openapi.from_dict(shop.get("/api/v1/openapi.json").json)
    real = {
        "project": ["shop", "lonely", "empty"],
        "run_id": ["latest"],
        "table": ["rfm", "segments", "transaction_lines", "critical_customers", "quarantine"],
        "customer_id": [row["customer_id"] for row in shop.get(f"{LAST}/tables/customers?limit=3").json["rows"]],
        "sort": ["-net_amount", "population", "no_such_column"],
        "columns": ["population", "segment,segmentation"],
    }
    checks = schemathesis.checks
    wanted = [checks.not_a_server_error, *(checks.CHECKS.get_one(name) for name in (
        "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    ))]  # fmt: skip
    seen: Counter[int] = Counter()
    for operation in described.get_all_operations():
        one = operation.ok()

        @hypothesis.seed(1)
        @hypothesis.settings(
            max_examples=25, deadline=None, database=None, phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @hypothesis.given(case=one.as_strategy(), draws=hypothesis.strategies.randoms(use_true_random=False))
        def asked(case: Any, draws: Any) -> None:
            for given in (case.path_parameters or {}, case.query or {}):
                for name in given.keys() & real.keys():
                    if draws.random() < 0.8:
                        given[name] = draws.choice(real[name])
            answer = case.call(base_url=shop.url("/api/v1"), headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
            seen[answer.status_code] += 1
            case.validate_response(answer, checks=wanted)

        asked()
    assert {200, 400, 404} <= set(seen), seen
    assert max(seen) < 500
