"""Who is who: customer numbers and the people behind them, what waits for a decision, and how sure the rules are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from habitue.report.layout import Block, Cell, Column, Figure, Grid, Link, Prose, Section
from habitue.web.pages import Page, identity_about, identity_pairs
from habitue.web.pages.identity_pairs import PAGE_NAME
from habitue.web.view import Content, View
from habitue.workspace.identity_decisions import REVIEW

RULES_TABLE = "identity_rules"


def build(view: View) -> Content:
    """The page on who is who."""
    title = view.text("identity.title")
    if not view.published.has(view.run, REVIEW):
        none = Section(
            "none", view.text("identity.none_title"), [Prose(view.text("identity.none"), is_empty_state=True)]
        )
        sections = [none, *identity_about.merges(view)]
        return Content(title, sections, labels=view.whole.labels)
    counted = _counted(view)
    found = identity_pairs.review_of(view)
    waits, filters = view.published.count(view.run, REVIEW), []
    if found is None:
        list_of_pairs = identity_pairs.earlier(view)
    else:
        rule, filters = identity_pairs.filters(view, found)
        waits, list_of_pairs = len(found.pairs), identity_pairs.waiting(view, found, rule)
    decided = identity_pairs.decided(view) if found is not None else None
    sections = [
        list_of_pairs,
        *([decided] if decided else []),
        _rules(view),
        *identity_about.changes(view),
        identity_about.completeness(view),
        identity_about.ignored(view),
        *identity_about.merges(view),
        *identity_about.households(view),
    ]
    answer = view.text("identity.answer", numbers=counted["numbers"], count=counted["people"])
    answer += " " + view.words.text("identity_console.waiting", count=waits)
    return Content(
        title, sections, answer, [*_figures(view, counted, waits)], filters, view.whole.labels,
        notice=identity_pairs.notice(view),
    )  # fmt: skip


def _counted(view: View) -> dict[str, Any]:
    """Numbers that have a customer row, the people they are, and how many of those have several numbers."""
    return view.published.figures(
        view.run,
        "SELECT count(*) AS numbers, count(DISTINCT cluster_id) AS people, "
        "count(DISTINCT cluster_id) FILTER (WHERE numbers_count > 1) AS several "
        "FROM {identities} WHERE cluster_id IS NOT NULL",
    )


def _figures(view: View, counted: dict[str, Any], waits: int) -> Iterator[Figure]:
    def figure(code: str, count: int, href: str, change: str = "") -> Figure:
        return Figure(view.text(f"identity.figure.{code}"), view.words.number(count), change, "", "", href=href)

    several = view.text("identity.figure.several", count=counted["several"])
    yield figure("numbers", counted["numbers"], view.table_url("identities"))
    yield figure("people", counted["people"], view.url("customers"), several)
    yield figure("waiting", waits, view.url(PAGE_NAME, anchor="waiting"))
    if view.published.has(view.run, "households"):
        yield figure("households", view.published.count(view.run, "households"), view.table_url("households"))


def _rules(view: View) -> Section:
    """Each rule that found pairs: what became of them, and how many of its joins are right as far as can be checked."""
    rows = view.published.query(view.run, "SELECT * FROM {identity_rules} WHERE pairs_count > 0").to_pylist()
    title = view.text("identity.rules")
    if not rows:
        return Section("rules", title, [Prose(view.text("identity.no_rules"), is_empty_state=True)], view.whole.labels)
    number = view.words.number
    rows.sort(key=lambda row: (-row["joined_count"], -row["pairs_count"], row["rule"]))
    codes = ("pairs_count", "joined_count", "review_count", "precision_share")
    grid = Grid(
        view.text("identity.rules_caption"),
        [
            view.column(f"{RULES_TABLE}.rule"),
            *(view.column(f"{RULES_TABLE}.{code}", is_number=True) for code in codes),
            Column(view.text("identity.checked")),
            view.column(f"{RULES_TABLE}.decided_count", is_number=True),
        ],
        [
            [
                Cell(view.words.term("identity_rule", row["rule"])),
                *(Cell(number(row[code])) for code in codes[:2]),
                Cell(number(row["review_count"]),
                     href=view.url(PAGE_NAME, rule=row["rule"], anchor="waiting") if row["review_count"] else ""),
                _precision(view, row),
                _checked(view, row),
                Cell(number(row["decided_count"]),
                     view.text("identity.decided_same", count=row["decided_same_count"]) if row["decided_count"]
                     else ""),
            ]
            for row in rows
        ],
        note=view.text("identity.rules_note"),
        table=RULES_TABLE,
    )  # fmt: skip
    blocks: list[Block] = [Prose(view.text("identity.rules_lead")), grid]
    blocks.append(Link(view.text("identity.every_pair"), view.table_url("identity_pairs")))
    return Section("rules", title, blocks, view.whole.labels)


def _precision(view: View, row: dict[str, Any]) -> Cell:
    if not row["checked_count"]:
        return Cell(view.text("identity.cannot_say"))
    ends = {"low": row["precision_low_share"], "high": row["precision_high_share"]}
    return Cell(view.words.share(row["precision_share"]), view.text("identity.interval", **ends))


def _checked(view: View, row: dict[str, Any]) -> Cell:
    by = view.text(f"identity.checked_{row['checked_by']}")
    if not row["checked_count"]:
        return Cell(view.text("identity.nothing_checked"), by)
    told = view.text("identity.confirmed", confirmed=row["confirmed_count"], count=row["checked_count"])
    return Cell(told, by)


PAGE = Page(PAGE_NAME, build, identity_pairs.item, is_kept=False)
