"""Pairs of customer numbers that wait for a person: the list, and one pair with both records side by side.

Only the pages of one pair hold personal data; nothing here is kept, since decisions are made between runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from fastapi import HTTPException

from habitue.customers.identity.settings import RULES
from habitue.report.console_identities import side_by_side, waiting_line, why_lines
from habitue.report.layout import Block, Cell, Column, Form, Grid, Heading, Link, Listing, Prose, Section, cells
from habitue.web.choosing import chosen
from habitue.web.listing import ROWS, offset, paged
from habitue.web.view import Content, Filter, View
from habitue.workspace import identity_decisions
from habitue.workspace.decision_records import DIFFERENT, PAIR, SAME, UNDECIDED
from habitue.workspace.identity_decisions import REVIEW, Review

PAGE_NAME = "identity"
RULE, SAID, LATER = "rule", "said", "later"
DECIDED = (SAME, DIFFERENT, UNDECIDED)
MOST_DECIDED = 20


def pair_of(told: str) -> tuple[str, str] | None:
    """The two opaque ids of an address or a form, the smaller first; None: it names no pair."""
    found = re.fullmatch(r"([0-9a-f]{4,64})-([0-9a-f]{4,64})", told)
    return (found[1], found[2]) if found and found[1] < found[2] else None


def review_of(view: View, *, rule: str | None = None, personal_data: bool = False) -> Review | None:
    """The pairs that wait; None where the run is not the last, as only its pairs are decided."""
    found = identity_decisions.review(view.published.workspace, rule=rule, personal_data=personal_data)
    return found if found.run.run_id == view.run.run_id else None


def notice(view: View) -> list[Block]:
    """What was just decided, and how it is taken back."""
    told = view.served.said.of(view.asked.get(SAID, ""))
    if told is None:
        return []
    pair = str(told.params.get("pair", ""))
    if pair and told.code != f"web.identity.said_{UNDECIDED}":
        return [_form(view, view.words.say(told), [("pair", pair)], [UNDECIDED])]
    return [Prose(view.words.say(told))]


def filters(view: View, everything: Review) -> tuple[str | None, list[Filter]]:
    """The rule whose pairs are wanted (None: all), and the choice where pairs of several wait.

    Raises:
        UsageError: the address asks for another.
    """
    waiting = {row["rule"] for row in everything.pairs} | (
        {view.asked[RULE]} & {*RULES} if RULE in view.asked else set()
    )
    choices = [(one, view.words.term("identity_rule", one)) for one in RULES if one in waiting]
    label = view.column("identity_review.rule").label
    rule, choice = chosen(view, RULE, label, [("", view.text("identity.every_rule")), *choices])
    return rule or None, [choice] if len(choices) > 1 or rule else []


def waiting(view: View, everything: Review, rule: str | None) -> Section:
    """The list of pairs, a page of it; and all of one rule at once."""
    rows = [row for row in everything.pairs if rule in (None, row["rule"])]
    start = offset(view)
    address = partial(_address, view)
    first, previous, following = paged(view, address, len(rows[start : start + ROWS]), len(rows))
    columns = [("identity.pair", False), ("identity.probability", True), ("identity.agree", False),
               ("identity.differ", False), ("identity.net", True), ("identity.points", True),
               ("identity.consent", False)]  # fmt: skip
    listed = Listing(
        view.text("identity.waiting_caption"),
        [Heading(view.text(code), is_number) for code, is_number in columns],
        [_line(view, row, rule) for row in rows[start : start + ROWS]],
        first, len(rows), previous, following, (), view.text("identity.none_waits"),
    )  # fmt: skip
    blocks: list[Block] = []
    if rows:
        told = view.text("identity.waiting_lead")
        blocks.append(Prose(f"{waiting_line(everything, view.words)} {told}" if everything.decided_count else told))
        go_on = view.url(PAGE_NAME, "-".join(rows[0][name] for name in PAIR), rule=rule)
        blocks.append(Link(view.text("identity.begin"), go_on, is_primary=True))
    blocks.append(listed)
    if rule and rows:
        blocks.append(_all_of(view, rule, len(rows)))
    return Section("waiting", view.text("identity.waiting"), blocks, view.whole.labels)


def earlier(view: View) -> Section:
    """What stands instead of the list on the page of an earlier run."""
    count = view.published.count(view.run, REVIEW)
    blocks = [
        Prose(view.text("identity.earlier_run", count=count)),
        Link(view.text("to_last_run"), view.url(PAGE_NAME, run=None)),
    ]
    return Section("waiting", view.text("identity.waiting"), blocks, view.whole.labels)


def decided(view: View) -> Section | None:
    """The newest of what was decided and holds, each leading to where it is taken back; None: nothing was."""
    rows = identity_decisions.decisions(view.published.workspace).to_pylist()
    if not rows:
        return None
    words = view.words
    grid = Grid(
        view.text("identity.decided_caption", shown=min(len(rows), MOST_DECIDED), count=len(rows)),
        [Column(view.text(f"identity.{code}")) for code in ("decided_on", "decision", "decided_by")],
        [
            [
                Cell(words.date(row["decided_at"]), href=view.url(PAGE_NAME, "-".join(row[name] for name in PAIR))),
                Cell(words.term("identity_decision", row["decision"])),
                Cell(words.term("decision_origin", row["origin"])),
            ]
            for row in rows[:MOST_DECIDED]
        ],
    )
    return Section("decided", view.text("identity.decided"), [Prose(view.text("identity.decided_lead")), grid])


def item(view: View, name: str) -> Content:
    """The page of one pair: both records and the form, or what was decided of it."""
    ids = pair_of(name)
    if ids is None or not view.published.has(view.run, REVIEW):
        raise HTTPException(404)
    rule = view.asked.get(RULE) or None
    found = review_of(view, rule=rule, personal_data=True)
    at = (
        next((at for at, row in enumerate(found.pairs) if (row[PAIR[0]], row[PAIR[1]]) == ids), None) if found else None
    )
    trail = [(view.text("identity.nav"), view.url(PAGE_NAME, rule=rule))]
    if found is None or at is None:
        return _not_waiting(view, ids, trail)
    row = found.pairs[at]
    why, stakes = why_lines(row, at + 1, found, view.words)
    form = _form(
        view, view.text("identity.ask"), [("pair", name), *([(RULE, rule)] if rule else [])], [SAME, DIFFERENT, LATER]
    )
    blocks = [Prose(stakes), _records(view, row, found), form, Prose(view.text("identity.what_follows"))]
    section = Section("records", view.text("identity.records"), blocks, view.whole.labels)
    return Content(view.text("identity.one_title"), [section], why, trail=trail, notice=notice(view))


def _not_waiting(view: View, ids: tuple[str, str], trail: Sequence[tuple[str, str]]) -> Content:
    rows = identity_decisions.decisions(view.published.workspace).to_pylist()
    row = next((row for row in rows if (row[PAIR[0]], row[PAIR[1]]) == ids), None)
    if row is None:
        raise HTTPException(404)
    told = view.text(
        "identity.is_decided", day=row["decided_at"].date(), decision=row["decision"], origin=row["origin"]
    )
    blocks: list[Block] = [
        _form(view, view.text("identity.take_back_ask"), [("pair", "-".join(ids))], [UNDECIDED]),
        Prose(view.text("identity.what_follows")),
    ]
    title = view.text("identity.one_title")
    section = Section("decided", view.text("identity.decided_one"), blocks)
    return Content(title, [section], told, trail=trail)


def _records(view: View, row: Mapping[str, Any], found: Review) -> Grid:
    """Both records, field by field, with where the persons they belong to now open. Personal data: never a file."""
    rows = [
        [Cell(name[:1].upper() + name[1:], told), Cell(one or "–"), Cell(other or "–", status=_status(view, told))]
        for name, one, other, told in side_by_side(row, found, view.words)
    ]
    ids = view.published.query(
        view.run, "SELECT source_customer_id, customer_id FROM {customer_ids} WHERE source_customer_id IN (?, ?)",
        [row[name] for name in PAIR],
    ).to_pylist()  # fmt: skip
    people = {one["source_customer_id"]: one["customer_id"] for one in ids}
    links = [
        Cell(view.text("identity.open"), href=view.url("customers", people[row[name]])) if people.get(row[name])
        else Cell("–")
        for name in PAIR
    ]  # fmt: skip
    head = ("identity.field", "identity.one", "identity.other")
    return Grid(
        view.text("identity.records_caption"),
        [Column(view.text(code)) for code in head],
        [*rows, [Cell(view.text("identity.customer_now")), *links]],
        is_personal=True,
    )


def _status(view: View, told: str) -> str:
    known = {view.words.text("identity_console.agrees"): "good", view.words.text("identity_console.differs"): "bad"}
    return known.get(told, "")


def _line(view: View, row: Mapping[str, Any], rule: str | None) -> list[Cell]:
    words, to = view.words, view.url(PAGE_NAME, "-".join(row[name] for name in PAIR), rule=rule)
    return [
        Cell(words.term("identity_rule", row["rule"]), words.term("identity_reason", row["reason"]), href=to),
        Cell(words.share(row["match_probability"])),
        *cells(*(_fields(view, row[name]) for name in ("agreeing", "differing"))),
        Cell(view.whole.money(row["net_amount"])),
        Cell(words.number(row["points"])),
        Cell(view.text("identity.consent_differs" if row["moves_consent"] else "identity.consent_same")),
    ]


def _fields(view: View, told: str | None) -> str:
    """Names of fields in words; what nearly agrees is said to."""
    names = []
    for one in (told or "").split():
        name = view.words.text(f"subject.field.{one.removeprefix('~')}")
        name = name[:1].lower() + name[1:]
        names.append(view.text("identity.nearly", field=name) if one.startswith("~") else name)
    return ", ".join(names) or "–"


def _all_of(view: View, rule: str, count: int) -> Form:
    """All waiting pairs of one rule at once, with their number agreed to."""
    told = view.words.term("identity_rule", rule)
    return Form(
        view.text("identity.all_label", count=count, rule=told),
        view.url(PAGE_NAME, run=None),
        [(RULE, rule), ("agreed", str(count))],
        [(one, view.text(f"identity.all_{one}", count=count)) for one in (SAME, DIFFERENT)],
        agree=view.text("identity.all_agree", count=count, rule=told),
        summary=view.text("identity.all", count=count),
    )


def _form(view: View, label: str, fields: Sequence[tuple[str, str]], decisions: Sequence[str]) -> Form:
    buttons = [(one, view.text(f"identity.button_{one}")) for one in decisions]
    return Form(label, view.url(PAGE_NAME, run=None), fields, buttons)


def _address(view: View, **asked: str | None) -> str:
    kept: dict[str, Any] = {name: view.asked.get(name) for name in (RULE, "from")}
    return view.url(PAGE_NAME, **{**kept, **asked})
