"""Documents made from a run: one HTML file that needs nothing from outside."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, partial
from importlib.resources import files
from typing import Any

import pyarrow as pa
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from habitue.report import (
    ahead,
    figures,
    sections_data,
    sections_definitions,
    sections_movements,
    sections_outlook,
    sections_projection,
    sections_promises,
    sections_sales,
    sections_scores,
    sections_segments,
    sections_value,
)
from habitue.report.context import Context, as_date
from habitue.report.key_figures import key_figures
from habitue.report.layout import Figure, Grid, Item, Items, Prose, Section
from habitue.report.locale import Words


def report(tables: Mapping[str, pa.Table], manifest: Mapping[str, Any], language: str, *, strict: bool = False) -> str:
    """The report of one run as one HTML file: what customers really bought, and what the data are worth.

    Args:
        tables: the run's tables by name, as `habitue.schemas` describes them; a missing one counts as empty.
        manifest: `project`, `run_id`, `as_of`, `currency`; and, where known, `created_at`, `simulated`, `time_zone`,
            `versions`, `settings_hash`, `warnings` (mappings with `code` and `params`), `settings`,
            `margins_assumed`, `tax_basis` (by source), `previous_run_id`.
        language: en, fr or ru.
        strict: raise MissingWordingError instead of falling back to English, as the tests do.
    """
    c = Context(Words(language, strict=strict), tables, manifest)
    sections = [
        attention(c),
        sections_sales.by_year(c),
        sections_sales.by_month(c),
        sections_sales.by_channel(c),
        sections_sales.by_store(c),
        sections_sales.kinds(c),
        sections_sales.returns(c),
        sections_segments.segments(c),
        sections_segments.places(c),
        sections_scores.scores(c),
        sections_segments.other_segmentations(c),
        sections_scores.concentration(c),
        sections_outlook.outlook(c),
        sections_movements.movements(c),
        sections_value.value(c),
        sections_projection.projection(c),
        sections_promises.promises(c),
        sections_data.reconciliation(c),
        sections_data.reading(c),
        sections_data.quarantine(c),
        sections_data.collection_plan(c),
        sections_definitions.definitions(c),
    ]
    kept = [section for section in sections if section is not None]
    return document(c, c.text("title"), answer(c), kept, figures=key_figures(c))


def document(
    c: Context, title: str, answer: str, sections: Sequence[Section], *, figures: Sequence[Figure] = ()
) -> str:
    """One HTML page that needs nothing from outside: a title, what it comes to, and sections; the run at its foot."""
    manifest = c.manifest
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            language=c.words.language,
            title=title,
            project=manifest["project"],
            labels=c.labels,
            text=c.text,
            link="#{}".format,
            prose=prose,
            downloads=partial(_download, c),
            answer=answer,
            figures=figures,
            sections=sections,
            facts=run_facts(c),
            created_at=_created(c),
            font=_font(),
            css=_style(),
            as_of=c.words.date(c.as_of, long=True),
            run_id=manifest["run_id"],
            version=(manifest.get("versions") or {}).get("habitue", ""),
        )
    )


def answer(c: Context) -> str:
    """The answer to the title's question; a reconciliation that does not hold comes before it."""
    rows = c.years.rows
    if not rows:
        return c.text("answer.nothing", day=c.as_of)
    year, broken = rows[0], _broken(c)
    told = [c.text("attention.not_reconciled", count=broken)] if broken else []
    sales, amount = c.years.compare("kept_amount"), c.short(year["kept_amount"])
    if sales.relative is not None:
        told.append(c.text("answer.sales", amount=amount, day=year["last_on"], change=c.change(sales)))
    else:
        told.append(c.text("answer.sales_alone", amount=amount, day=year["last_on"]))
        if c.years.data_begin and not c.years.before_is_full:
            told.append(c.text("answer.begin", month=c.years.data_begin))
    if year["kept_amount"] > 0:
        share = figures.share_of(year["identified_amount"], year["kept_amount"])
        told.append(c.text("answer.identified", share=share) if year["identified_amount"] else c.text("answer.nobody"))
    returned = figures.return_share(c.tables, c.years).now
    told.append(c.text("answer.returns", share=returned) if returned else c.text("answer.no_returns"))
    told += [sentence for sentence in (sections_segments.sentence(c), ahead.sentence(c)) if sentence]
    return " ".join(told)


def attention(c: Context) -> Section:
    """What needs attention: what does not add up first, then warnings, then what to collect."""
    items: list[Item] = []

    def add(level: str, anchor: str, code: str, **params: Any) -> None:
        items.append(Item(level, c.text(f"attention.{code}", **params), anchor))

    rows, broken = figures.rows_of(c.tables, "reconciliation"), _broken(c)
    if broken:
        add("act", "reconciliation", "not_reconciled", count=broken)
    for warning in c.manifest.get("warnings") or ():
        items.append(Item("look", c.words.say(warning), _about(c, warning["code"])))
    _stated_totals(c, rows, add)
    _tickets(c, add)
    plan = [row for row in figures.rows_of(c.tables, "collection_plan") if row["at_stake_amount"]]
    plan.sort(key=lambda row: (-row["at_stake_amount"], row["finding"]))
    for row in plan[:3]:
        where = sections_data.place(c, row)
        add(
            "collect",
            "plan",
            "collect",
            finding=sections_data.finding(c, row["finding"]),
            field=sections_data.field_name(c, row["field"]),
            place=" · ".join(part for part in (where.text, where.under) if part),
            amount=c.money(row["at_stake_amount"]),
            share=row["share"],
        )
    title = c.text("attention.title")
    if not items:
        return Section("attention", title, [Prose(c.text("attention.none"), is_empty_state=True)], c.labels)
    return Section("attention", title, [Items(items)], c.labels)


def _about(c: Context, code: str) -> str:
    """The section a warning belongs to, if there is one."""
    if not c.segments.populations:
        return ""
    places = {
        "strategic": "segments",
        "rfm": "scores",
        "transitions": "moves",
        "value": "value",
        "projection": "projection",
    }
    return places.get(code.partition(".")[0], "")


def _broken(c: Context) -> int:
    """How many files do not add up."""
    rows = figures.rows_of(c.tables, "reconciliation")
    return sum(1 for row in rows if figures.amount_gap(row) or figures.rows_gap(row))


def _stated_totals(c: Context, reconciled: figures.Rows, add: Any) -> None:
    """Files that state another total than what was read in them."""
    read: dict[str, list[tuple[int, str | None]]] = {}
    for row in reconciled:
        read.setdefault(row["file_id"], []).append((row["read_amount"], row["currency"]))
    for row in figures.rows_of(c.tables, "files"):
        sums = read.get(row["file_id"], [])
        if row["stated_total_amount"] is not None and len(sums) == 1 and sums[0][0] != row["stated_total_amount"]:
            amount, currency = sums[0]
            add(
                "look",
                "files",
                "stated_total",
                file=row["file"],
                stated=c.words.money(row["stated_total_amount"], currency),
                read=c.words.money(amount, currency),
            )


def _tickets(c: Context, add: Any) -> None:
    """Tickets sent again, tickets of two customers, cards of many people."""
    resent = c.tables.get("resent_tickets")
    if resent is not None and resent.num_rows:
        add("look", "def-resent-ticket", "resent", count=resent.num_rows, command="`habitue show resent-tickets`")
    conflicts = c.tables.get("ticket_conflicts")
    if conflicts is not None and conflicts.num_rows:
        add(
            "look",
            "def-ticket-conflict",
            "conflicts",
            count=conflicts.num_rows,
            command="`habitue show ticket-conflicts`",
        )
    cards = figures.rows_of(c.tables, "shared_cards")
    apart = [row for row in cards if row["is_set_apart"]]
    if apart:
        add(
            "look",
            "def-shared-card",
            "shared_cards",
            count=len(apart),
            amount=c.money(sum(row["net_amount"] for row in apart)),
            command="`habitue show shared-cards`",
        )
    if c.busy_numbers:
        add(
            "note",
            "def-shared-card",
            "worth_a_look",
            count=len(c.busy_numbers),
            command="`habitue show shared-cards`",
        )


def run_facts(c: Context) -> list[tuple[str, str]]:
    """The run and its settings, for the foot of the document."""
    manifest, settings = c.manifest, c.manifest.get("settings") or {}
    facts: list[tuple[str, str | None]] = [
        ("run", manifest["run_id"]),
        ("previous", manifest.get("previous_run_id")),
        ("as_of", c.words.date(c.as_of, long=True)),
        ("created", _created(c)),
        ("currency", c.currency),
        ("time_zone", manifest.get("time_zone")),
    ]
    earliest = as_date(settings.get("earliest_on"))
    if isinstance(earliest, date):
        facts.append(("earliest_on", c.words.date(earliest)))
    if settings.get("tolerance") is not None:
        facts.append(("tolerance", c.words.share(float(settings["tolerance"]))))
    if settings.get("counted"):
        facts.append(
            (
                "counted",
                c.words.listing([c.words.term("sale_type", code, default=code) for code in settings["counted"]]),
            )
        )
    if settings.get("return_days") is not None:
        facts.append(("return_days", c.text("fact.days", count=settings["return_days"])))
    versions = manifest.get("versions") or {}
    facts.append(("versions", ", ".join(f"{name} {version}" for name, version in versions.items()) or None))
    facts.append(("settings_hash", manifest.get("settings_hash")))
    return [(c.text(f"fact.{code}"), value) for code, value in facts if value]


def _download(c: Context, grid: Grid, file_name: str = "") -> Markup:
    """A link that holds the table of a chart as a file."""
    if not file_name:
        return Markup()
    link = Markup('<p class="note"><a download="{}" href="{}">{}</a></p>')
    return link.format(file_name, grid.csv_link(), c.text("download"))


def _created(c: Context) -> str:
    created = as_date(c.manifest.get("created_at"))
    return c.words.date(created) if isinstance(created, date) else ""


def prose(text: str) -> Markup:
    """A sentence as HTML: what stands between backquotes is set as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def css_text(text: str) -> Markup:
    """A text as a CSS string: everything but letters, digits and spaces is escaped."""
    return Markup('"' + re.sub(r"[^\w ]", lambda found: f"\\{ord(found[0]):x} ", text) + '"')


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("habitue.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css_text"] = css_text
    environment.filters["drawn"] = Markup  # charts are our own SVG; stored texts in them are escaped by the drawing
    return environment


@cache
def _style() -> Markup:
    return Markup(files("habitue.report").joinpath("templates/report.css").read_text(encoding="utf-8"))


@cache
def _font() -> Markup:
    """Noto Sans, cut down to Latin and Cyrillic (OFL; see templates/NotoSans-LICENSE.txt)."""
    raw = files("habitue.report").joinpath("templates/NotoSans-subset.woff2").read_bytes()
    return Markup("data:font/woff2;base64," + base64.b64encode(raw).decode("ascii"))
