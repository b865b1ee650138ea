"""Runs, tables, customers and figures as the API answers with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote, urlencode

from habitue import schemas
from habitue.report.console_customer import explanation_lines
from habitue.report.evidence import COUNT, Behind, Evidence, Part
from habitue.report.evidence import MONEY as MONEY_UNIT
from habitue.report.locale import Words
from habitue.schemas.units import minor_unit
from habitue.web.api import models
from habitue.web.view import Served
from habitue.workspace.catalogue import Run
from habitue.workspace.explained import Buyer, Explanation, Forecast
from habitue.workspace.published import SCHEMAS
from habitue.workspace.tables import MONEY, SOURCE_CURRENCY, SOURCE_CURRENCY_TABLES

ADDRESS = "/api/v1"


def run_address(served: Served, run: Run) -> str:
    """Where a run's tables are found."""
    return f"{ADDRESS}/projects/{quote(served.slug, safe='')}/runs/{quote(run.run_id, safe='')}"


def project(served: Served) -> models.Project:
    """A project that is served."""
    settings, runs = served.project.workspace.settings.project, served.published.runs()
    return models.Project(
        project=served.slug,
        name=settings.name,
        currency=settings.currency,
        language=settings.language,
        time_zone=settings.time_zone,
        is_simulated=settings.simulated,
        runs_count=len(runs),
        last_run_id=runs[-1].run_id if runs else None,
    )


def run_head(served: Served, run: Run) -> models.RunHead:
    """A run in a list."""
    return models.RunHead(
        run_id=run.run_id,
        as_of=run.as_of,
        created_at=run.created_at,
        is_last=run.run_id == served.published.runs()[-1].run_id,
    )


def run(served: Served, run: Run, words: Words) -> models.Run:
    """A run in full; what an older one does not state is empty."""
    manifest = run.manifest
    return models.Run(
        **run_head(served, run).model_dump(),
        project=served.slug,
        currency=manifest["currency"],
        is_simulated=bool(manifest.get("simulated")),
        are_margins_assumed=bool(manifest.get("margins_assumed")),
        settings_hash=manifest["settings_hash"],
        previous_run_id=manifest.get("previous_run_id"),
        versions=manifest.get("versions") or {},
        rows={schema.name: served.published.count(run, schema.name) for schema in _there(served, run)},
        files=[models.File(**file) for file in manifest["files"]],
        warnings=[_note(one, words) for one in manifest.get("warnings") or ()],
    )


def tables(served: Served, run: Run, words: Words) -> models.Tables:
    """The tables of a run."""
    return models.Tables(
        project=served.slug,
        run_id=run.run_id,
        tables=[
            models.Table(
                name=schema.name,
                label=words.term("table", schema.name),
                grain=schema.grain,
                key=list(schema.key),
                rows_count=served.published.count(run, schema.name),
                columns=[_column(schema, column, run.manifest["currency"], words) for column in schema.columns],
            )
            for schema in _there(served, run)
        ],
    )


def customer(served: Served, told: Explanation, words: Words) -> models.Customer:
    """Why a customer is where they are."""
    days = f"{run_address(served, told.run)}/tables/customer_days?{urlencode({'is_customer_id': told.customer_id})}"
    return models.Customer(
        project=served.slug,
        run_id=told.run.run_id,
        as_of=told.run.as_of,
        currency=told.run.manifest["currency"],
        is_simulated=bool(told.run.manifest.get("simulated")),
        customer_id=told.customer_id,
        window_first_on=told.window.first_on,
        window_last_on=told.window.last_on,
        enrolled_on=told.enrolled_on,
        shared_card=_row(told.shared_card),
        buyers=[_buyer(one, words) for one in told.buyers],
        days=days,
        in_words=list(explanation_lines(told, words)),
    )


def figure(one: Evidence, address: str, words: Words) -> models.Figure:
    """A key figure.

    Args:
        one: the figure.
        address: that of its run.
        words: the reader's words.
    """
    low, high = one.ends or (None, None)
    return models.Figure(
        code=one.code,
        label=one.label,
        value=_whole(one.value, one.unit),
        unit=one.unit,
        low=_whole(low, one.unit),
        high=_whole(high, one.unit),
        shown=one.shown,
        interval=one.interval,
        change=one.change,
        definition=words.text(f"{one.definition}.meaning"),
        formula=one.formula,
        period=one.period,
        population=one.population,
        labels=list(one.labels),
        few=one.few,
        numerator=_part(one.numerator, address),
        denominator=None if one.denominator is None else _part(one.denominator, address),
    )


def _there(served: Served, run: Run) -> list[schemas.Schema]:
    return [schema for schema in SCHEMAS.values() if served.published.has(run, schema.name)]


def _column(schema: schemas.Schema, column: schemas.Column, home: str, words: Words) -> models.Column:
    found = models.Column(
        name=column.name,
        type=column.type,
        label=words.term("column", f"{schema.name}.{column.name}"),
        meaning=column.meaning,
    )
    if column.type != "int64" or not (column.name.endswith("_amount") or column.name in MONEY):
        return found
    if column.name in SOURCE_CURRENCY or schema.name in SOURCE_CURRENCY_TABLES:
        return found.model_copy(update={"currency_column": "currency" if "currency" in schema.names else None})
    more = 3 if column.name == "cost_amount" else 0
    return found.model_copy(update={"currency": home, "decimals": minor_unit(home) + more})


def _buyer(buyer: Buyer, words: Words) -> models.Buyer:
    return models.Buyer(
        population=buyer.population,
        is_left_out=buyer.is_left_out,
        visits_count=buyer.visits_count,
        first_on=buyer.first_on,
        last_on=buyer.last_on,
        net_amount=buyer.net_amount,
        window_visits=buyer.window_visits,
        window_amount=buyer.window_amount,
        without_visit=_row(buyer.without_visit),
        segments=dict(buyer.segments),
        checks=[models.Check(**asdict(one)) for one in buyer.checks],
        scores=[models.Score(**asdict(one)) for one in buyer.scores],
        placed=[models.Placed(**asdict(one)) for one in buyer.placed],
        history=[models.State(**asdict(one)) for one in buyer.history],
        forecast=None if buyer.forecast is None else _forecast(buyer.forecast),
        notes=[_note(one, words) for one in buyer.notes],
    )


def _forecast(one: Forecast) -> models.Forecast:
    return models.Forecast(
        model=models.row(one.model),
        expected=models.row(one.expected),
        repeat_visits=one.repeat_visits,
        repeat_days=one.repeat_days,
        observed_days=one.observed_days,
        parts=dict(one.parts),
        naive_amount=one.naive_amount,
        brought_amount=one.brought_amount,
        lists={name: _row(found) for name, found in one.lists.items()},
        list_tests={name: models.row(found) for name, found in one.list_tests.items()},
        critical_set=_row(one.critical_set),
        critical_amount=one.critical_amount,
    )


def _row(found: Mapping[str, Any] | None) -> models.Row | None:
    return None if found is None else models.row(found)


def _note(one: Mapping[str, Any], words: Words) -> models.Note:
    return models.Note(code=one["code"], message=words.say(one))


def _part(part: Part, address: str) -> models.Part:
    return models.Part(
        told=part.told,
        value=_whole(part.value, part.unit),
        unit=part.unit,
        behind=[_behind(one, address) for one in part.behind],
        terms=[_part(one, address) for one in part.terms],
    )


def _whole(value: Any, unit: str) -> Any:
    """Amounts and counts as whole numbers where they are."""
    return int(value) if value is not None and unit in (MONEY_UNIT, COUNT) and value == int(value) else value


def _behind(one: Behind, address: str) -> models.Behind:
    asked = [
        (f"{on.relation}_{on.column}", "" if value is None else str(value)) for on in one.where for value in on.values
    ]
    if one.sort:
        asked.append(("sort", one.sort))
    if one.first:
        asked.append(("first", str(one.first)))
    return models.Behind(
        table=one.table,
        where=[
            models.Condition(
                column=on.column,
                relation=on.relation,
                values=[None if value is None else str(value) for value in on.values],
            )
            for on in one.where
        ],
        sum=one.total or None,
        different=list(one.different),
        first=one.first,
        sort=one.sort or None,
        rows=f"{address}/tables/{one.table}" + (f"?{urlencode(asked)}" if asked else ""),
    )
