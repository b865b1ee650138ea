"""Today: what changed since the run before, what needs attention, whether promises were kept, what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from habitue.report import sections_promises
from habitue.report.context import Context
from habitue.report.documents import answer, attention
from habitue.report.evidence import Evidence, difference, is_
from habitue.report.figures import rows_of
from habitue.report.key_figures import KEY_FIGURES, key_figures
from habitue.report.layout import Block, Cell, Column, Fold, Grid, Item, Items, Link, Prose, Section
from habitue.report.run_changes import calibrations
from habitue.report.sections_data import place
from habitue.report.segment_figures import NOT_YET, STRATEGIC
from habitue.web import earlier, picking
from habitue.web.pages import Page
from habitue.web.pages.run_comparison import inputs_changed, size_change
from habitue.web.view import Content, View
from habitue.workspace.catalogue import Run
from habitue.workspace.conditions import MAX, Condition

FOLLOWED = ("net_sales", "customers", "identified", "core_customers", "core_net", "expected", "critical", "fading")
"""Key figures compared with the run before."""

MOST_MOVED = 3
MOST_OPEN = 5
"""Things that need attention shown at once; the others are one click away."""

SOON_DAYS = 30


def build(view: View) -> Content:
    """The first page: one screen that says where to look."""
    c = view.whole
    found = attention(c)
    sections = [
        _next(view),
        _shortened(view, found),
        _changes(view),
        sections_promises.promises(c) or _no_promises(view),
    ]
    return Content(view.text("today.title"), sections, _answer(view, found), key_figures(c), labels=c.labels)


def _answer(view: View, found: Section) -> str:
    """Sales, how many things need attention, and whether promises were kept."""
    c = view.whole
    sales, kept = KEY_FIGURES["net_sales"](c), KEY_FIGURES["promises_kept"](c)
    if sales is None:
        return answer(c)
    told = [view.text("today.sales", figure=sales.label, value=sales.shown, change=sales.change)]
    levels = [item.level for block in found.blocks if isinstance(block, Items) for item in block.items]
    counts = {level: levels.count(level) for level in ("act", "look", "collect")}
    told.append(view.text("today.counts", **counts) if levels else view.text("today.counts_none"))
    if kept is not None:
        told.append(view.text("today.sales", figure=kept.label, value=kept.shown, change=kept.change))
    return " ".join(told)


def _shortened(view: View, section: Section) -> Section:
    """What needs attention, the first of it open."""
    return replace(section, blocks=_opened(view, section.blocks, "more"))


def _opened(view: View, blocks: Sequence[Block], summary: str) -> Sequence[Block]:
    """Items, of a long list the first ones; the others behind a line that says how many they are."""
    (block,) = blocks
    if not isinstance(block, Items) or len(block.items) <= MOST_OPEN + 1:
        return blocks
    rest = block.items[MOST_OPEN:]
    return [Items(block.items[:MOST_OPEN]), Fold(view.text(f"today.{summary}", count=len(rest)), [Items(rest)])]


def _changes(view: View) -> Section:
    """Against the run made before: figures, segments that moved most, inputs."""
    title, run = view.text("today.changes"), view.run
    past = earlier.before(view, run)
    if past is None:
        told = Prose(view.text("today.first_run"), is_empty_state=True)
        return Section("changes", title, [told])
    before, now = earlier.context_of(view, past), view.whole
    blocks: list[Block] = [Prose(view.text("today.against", run=earlier.named(view, past)))]
    if rows := [row for code in FOLLOWED if (row := _followed(view, code, before, now, past))]:
        columns = [
            Column(view.text("runs.figure")),
            Column(view.text("today.then"), True),
            Column(view.text("today.now"), True),
            Column(view.text("runs.difference")),
        ]
        blocks.append(Grid(view.text("today.changes_caption"), columns, rows))
    blocks += _moved(view, before, now)
    if calibrations(run.manifest) != calibrations(past.manifest):
        blocks.append(Items([Item("look", view.text("today.recalibrated"))]))
    blocks += _opened(view, inputs_changed(view, past, run, before, now), "inputs")
    blocks.append(Link(view.text("today.compare"), view.url("runs", a=past.run_id, b=run.run_id)))
    return Section("changes", title, blocks, now.labels)


def _followed(view: View, code: str, before: Context, now: Context, past: Run) -> list[Cell] | None:
    then, this = KEY_FIGURES[code](before), KEY_FIGURES[code](now)
    known = this or then
    if known is None:
        return None
    told = difference(now, this, then) if this and then else view.text("runs.not_there")
    return [Cell(known.label), _value(view, then, past), _value(view, this, view.run), Cell(told)]


def _value(view: View, found: Evidence | None, run: Run) -> Cell:
    if found is None:
        return Cell("–")
    return Cell(found.shown, found.interval, href=view.url("figures", found.code, run=run.run_id))


def _moved(view: View, before: Context, now: Context) -> list[Block]:
    """The segments whose share of customers moved most, of the main population."""
    if not now.segments.populations:
        return []
    population = now.segments.populations[0]
    then = {row["segment"]: row for row in before.segments.sizes(STRATEGIC, population)}
    moved = [
        (abs(row["customers_share"] - was["customers_share"]), row, was)
        for row in now.segments.sizes(STRATEGIC, population)
        if (was := then.get(row["segment"]))
        and row["segment"] != NOT_YET
        and None not in (row["customers_share"], was["customers_share"])
    ]
    moved = sorted((one for one in moved if one[0] >= 0.0005), key=lambda one: (-one[0], one[1]["place"]))
    items = [
        Item(
            "note",
            view.text("today.moved", segment=now.segment(STRATEGIC, row["segment"]),
                      share=row["customers_share"], change=size_change(view, now, row, was)),
        )
        for _, row, was in moved[:MOST_MOVED]
    ]  # fmt: skip
    return [Items(items)] if items else []


def _no_promises(view: View) -> Section:
    told = Prose(view.text("today.no_promises"), is_empty_state=True)
    return Section("promises", view.text("today.promises"), [told])


def _next(view: View) -> Section:
    """What can be done now, each with the customers or rows it is about; the first is the page's one action."""
    c = view.whole
    found: list[tuple[str, str, str]] = []

    def add(code: str, href: str, **params: Any) -> None:
        found.append((view.text(f"today.{code}", **params), view.text(f"today.{code}_link"), href))

    if fading := KEY_FIGURES["fading"](c):
        stake = KEY_FIGURES["fading_at_stake"](c)
        if fading.value and stake:
            add("fading", view.url("value", "fading"), count=int(fading.value), amount=stake.shown)
    if due := _second_visits(view):
        _, count = view.published.page(view.run, "customer_profiles", where=due, limit=0)
        if count:
            to_due = view.url("tables", "customer-profiles", **picking.address(due), sort="first_visit_on")
            add("second_visit", to_due, count=count, days=SOON_DAYS)
    plan = [row for row in rows_of(c.tables, "collection_plan") if row["at_stake_amount"]]
    if plan:
        worst = max(plan, key=lambda row: (row["at_stake_amount"], row["finding"]))
        where = place(c, worst)
        add("collect", view.url("data", anchor="plan"), finding=c.words.term("finding", worst["finding"]),
            place=" · ".join(part for part in (where.text, where.under) if part),
            amount=c.money(worst["at_stake_amount"]))  # fmt: skip
    if not found:
        told = Prose(view.text("today.nothing_next"), is_empty_state=True)
        return Section("next", view.text("today.next"), [told], c.labels)
    (first, words, href), *then = found
    blocks: list[Block] = [Prose(first), Link(words, href, is_primary=True)]
    if then:
        blocks.append(Items([Item("then", told, more=more, href=to) for told, more, to in then]))
    return Section("next", view.text("today.next"), blocks, c.labels)


def _second_visits(view: View) -> list[Condition] | None:
    """New customers of the main population whose limit for a second visit is reached within the next days."""
    c = view.whole
    if not c.segments.populations or not view.published.has(view.run, "customer_profiles"):
        return None
    population = c.segments.populations[0]
    limits = c.segments.calibration(population)
    if limits is None:
        return None
    last = c.as_of - timedelta(days=limits["new_days"] - SOON_DAYS)
    return [
        is_("population", population), is_("strategic_segment", "new"), is_("visits_count", 1),
        Condition("first_visit_on", (str(last),), MAX),
    ]  # fmt: skip


PAGE = Page("today", build, anchors=("attention", "changes", "next"))
