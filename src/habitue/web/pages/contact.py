"""Whom can we contact: by contact channel, and why not the others; the law, doubtful replies, addresses that bounce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from habitue.customers.contactable import REASONS
from habitue.customers.jurisdictions import JURISDICTIONS, OPT_IN
from habitue.errors import UsageError, message
from habitue.report.charts_contact import Stack, stacks
from habitue.report.figures import share_of
from habitue.report.layout import Block, Cell, Column, Figure, Grid, Item, Items, Link, Prose, Section
from habitue.web.pages import Page
from habitue.web.view import Choice, Content, Filter, View
from habitue.workspace.consent_settings import consent_settings

TABLE, REACHED = "contactable", "contactable"
KINDS: Mapping[str, tuple[str, ...]] = {
    "reached": (REACHED,),
    "no_permission": ("no_consent", "no_purchase", "consent_expired"),
    "no_use": ("temporary_bounces", "permanent_bounce", "undeliverable", "moved", "not_a_mobile", "unusable_address"),
    "refused": ("unclear_stop", "stopped", "unsubscribed", "refused", "complained", "suppressed", "objection", "minor"),
    "no_address": ("no_address",),
}
"""Reasons that belong together, in the order in which they are drawn."""

WARNINGS = frozenset({"consent.undated", "consent.nobody", "consent.later_refusals", "consent.remembered"})
MOST_REVIEWS = 30
Rows = Sequence[Mapping[str, Any]]


def build(view: View) -> Content:
    """The page on whom one can contact."""
    c, title = view.whole, view.text("contact.title")
    if not view.published.has(view.run, TABLE):
        none = Prose(view.text("contact.older_run"), is_empty_state=True)
        return Content(title, [Section("channels", view.text("contact.channels"), [none])], labels=c.labels)
    rows = view.published.query(view.run, "SELECT * FROM {contactable}").to_pylist()
    population, filters = _population(view, rows)
    theirs = [row for row in rows if row["population"] == population]
    channels = _channels(theirs)
    sections = [
        _reach(view, channels, population),
        _law(view, channels),
        _reviews(view),
        _addresses(view),
    ]
    return Content(
        title, sections, _answer(view, channels, population), _figures(view, channels, population), filters, c.labels
    )


def _population(view: View, rows: Rows) -> tuple[str, list[Filter]]:
    """The population whose people are counted, the main one by default, and the choice where there are several.

    Raises:
        UsageError: the address asks for another.
    """
    people: dict[str, int] = {}
    for row in rows:
        people[row["population"]] = people.get(row["population"], 0) + row["customers_count"]
    names = sorted(people, key=lambda name: (name != "consumer", -people[name], name))
    asked, label = view.picked("population"), view.text("filter.population")
    if asked is not None and asked not in names:
        raise UsageError(message("web.filter.unknown", filter=label, value=asked, valid=", ".join(names)))
    chosen = asked or (names[0] if names else "")
    choices = [Choice(name, view.whole.population(name), name == chosen) for name in names]
    return chosen, [Filter("population", label, choices)] if len(names) > 1 else []


def _channels(rows: Rows) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by contact channel: those that reach most first, each with its reasons in their order."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: REASONS.index(row["reason"])):
        found.setdefault(row["contact_channel"], []).append(row)
    return dict(sorted(found.items(), key=lambda one: (-_reached(one[1]), one[0])))


def _reached(rows: Rows) -> int:
    return sum(row["customers_count"] for row in rows if row["reason"] == REACHED)


def _all(rows: Rows) -> int:
    return sum(row["customers_count"] for row in rows)


def _named(view: View, channel: str) -> str:
    told = view.words.term("contact_channel", channel, default=channel)
    return told[:1].upper() + told[1:]


def _answer(view: View, channels: Mapping[str, Rows], population: str) -> str:
    if not channels:
        return view.text("contact.nobody")
    best, rows = next(iter(channels.items()))
    about = {"population": view.whole.population(population), "all": _all(rows), "as_of": view.whole.as_of}
    if not _reached(rows):
        return view.text("contact.none_reached", **about)
    channel = view.words.term("contact_channel", best, default=best)
    share = share_of(_reached(rows), _all(rows))
    return view.text("contact.answer", count=_reached(rows), share=share, channel=channel, **about)


def _figures(view: View, channels: Mapping[str, Rows], population: str) -> list[Figure]:
    """People who can be reached by each of the channels that reach anybody."""
    found = []
    for channel, rows in list(channels.items())[:4]:
        reached = _reached(rows)
        if not reached:
            continue
        share = view.text("contact.of_all", share=share_of(reached, _all(rows)), all=_all(rows))
        where = (("contact_channel", channel), ("population", population))
        found.append(
            Figure(_named(view, channel), view.words.number(reached), share, "", "", href=view.table_url(TABLE, where))
        )
    return found


def _reach(view: View, channels: Mapping[str, Rows], population: str) -> Section:
    """The bars with their table, and how many messages that is."""
    title, words = view.text("contact.channels"), view.words
    if not channels:
        return Section("channels", title, [Prose(view.text("contact.nobody"), is_empty_state=True)], view.whole.labels)
    kinds = [kind for kind in KINDS if any(row["reason"] in KINDS[kind] for rows in channels.values() for row in rows)]
    drawn = []
    for channel, rows in channels.items():
        sizes = [sum(row["customers_count"] for row in rows if row["reason"] in KINDS[kind]) for kind in kinds]
        told = view.text("contact.can", share=share_of(_reached(rows), _all(rows)) or 0.0)
        drawn.append(Stack(_named(view, channel), told, [(size, words.number(size)) for size in sizes]))
    labels = [view.text(f"contact.kind.{kind}") for kind in kinds]
    best, rows = next(iter(channels.items()))
    finding = view.text(
        "contact.finding", channel=_named(view, best), count=_reached(rows), share=share_of(_reached(rows), _all(rows))
    )
    where = (("population", population),)
    about = view.whole.population(population)
    grid = Grid(
        view.text("contact.reasons_caption", population=about),
        [
            view.column("contact_channel"),
            Column(view.text("contact.reason")),
            Column(view.text("contact.people"), is_number=True),
            view.column("share", is_number=True),
            Column(view.text("contact.addresses"), is_number=True),
        ],
        [
            [
                Cell(_named(view, channel)),
                Cell(words.term("contact_reason", row["reason"]), status="good" if row["reason"] == REACHED else ""),
                Cell(words.number(row["customers_count"])),
                Cell(words.share(share_of(row["customers_count"], _all(rows)))),
                _addresses_of(view, row),
            ]
            for channel, rows in channels.items()
            for row in rows
        ],
        note=view.text("contact.reasons_note"),
        table=TABLE,
        where=where,
    )
    chart = view.whole.chart(
        lambda width: stacks(drawn, labels, width),
        grid,
        "contactable",
        title=finding,
        subtitle=view.text("contact.subtitle", population=about, as_of=view.whole.as_of),
    )
    blocks: list[Block] = [chart, *_warnings(view)]
    shared = [
        view.text(
            "contact.shared", channel=words.term("contact_channel", channel), people=_reached(rows), count=messages
        )
        for channel, rows in channels.items()
        if 0 < (messages := sum(r["addresses_count"] for r in rows if r["reason"] == REACHED)) < _reached(rows)
    ]
    if shared:
        blocks.insert(1, Items([Item("note", one) for one in shared]))
    return Section("channels", title, blocks, view.whole.labels)


def _addresses_of(view: View, row: Mapping[str, Any]) -> Cell:
    """Distinct addresses, and how many people share one with others."""
    if not row["addresses_count"]:
        return Cell("–")
    fewer = row["customers_count"] - row["addresses_count"]
    return Cell(view.words.number(row["addresses_count"]), view.text("contact.fewer", count=fewer) if fewer > 0 else "")


def _warnings(view: View) -> list[Block]:
    """What the run says of permissions: undated ones, those of nobody known, refusals that came later. Doubtful replies
    have a section of their own."""
    found = view.run.manifest.get("warnings") or ()
    told = [Item("look", view.words.say(one)) for one in found if one["code"] in WARNINGS]
    return [Items(told)] if told else []


def _law(view: View, channels: Mapping[str, Rows]) -> Section:
    """The law the run went by, channel by channel: engineering rules."""
    code = view.run.manifest["settings"].get("jurisdiction")
    if code not in JURISDICTIONS:  # a run made before it was kept goes by the settings of now
        settings = view.served.project.workspace.settings
        code = consent_settings(settings.consent, settings.project.time_zone).jurisdiction
    law = JURISDICTIONS[code]

    def soft(channel: str) -> str:
        rule = law.rules[channel]
        if rule.permission != OPT_IN:
            return "–"
        if not rule.soft_opt_in:
            return view.text("contact.soft_none")
        if rule.soft_months is None:
            return view.text("contact.soft")
        return view.text("contact.soft_months", count=rule.soft_months)

    grid = Grid(
        view.text("contact.law_caption", code=code, known=law.as_known_on),
        [view.column("contact_channel"),
         *(Column(view.text(f"contact.{one}")) for one in ("permission", "buyers", "law_source"))],
        [
            [
                Cell(_named(view, channel)),
                Cell(view.text(f"contact.{law.rules[channel].permission}")),
                Cell(soft(channel)),
                Cell(law.rules[channel].source),
            ]
            for channel in law.rules
            if channel in channels
        ],
    )  # fmt: skip
    blocks: list[Block] = [Prose(view.text("contact.law_lead", code=code)), grid]
    return Section("law", view.text("contact.law"), blocks)


def _reviews(view: View) -> Section:
    """Replies that speak of stopping without being a plain STOP."""
    name, title = "consent_reviews", view.text("contact.reviews")
    count = view.published.count(view.run, name) if view.published.has(view.run, name) else 0
    if not count:
        told = Prose(view.text("contact.no_reviews"), is_empty_state=True)
        return Section("reviews", title, [told], view.whole.labels)
    rows = view.published.query(
        view.run,
        "SELECT * FROM {consent_reviews} ORDER BY happened_on DESC NULLS LAST, file_id, row_number LIMIT ?",
        [MOST_REVIEWS],
    ).to_pylist()
    files = {one["file_id"]: one["file"] for one in view.run.manifest["files"]}
    words, is_counted = view.words, rows[0]["is_counted"]
    grid = Grid(
        view.text("contact.reviews_caption"),
        [
            view.column("file"),
            Column(view.text("contact.line"), is_number=True),
            *(view.column(one) for one in ("contact_channel", "happened_on")),
            Column(view.text("contact.customer")),
        ],
        [
            [
                Cell(files.get(row["file_id"], row["source"]), href=view.url("data", row["file_id"])),
                Cell(str(row["row_number"])),
                Cell(words.term("contact_channel", row["contact_channel"])),
                Cell(words.date(row["happened_on"]) if row["happened_on"] else "–"),
                Cell(row["customer_id"] or view.text("contact.nobody_known"),
                     href=view.url("customers", row["customer_id"]) if row["customer_id"] else ""),
            ]
            for row in rows
        ],
        note=view.whole.text("first_rows", shown=MOST_REVIEWS, count=count, command="`habitue show consent-reviews`")
        if count > MOST_REVIEWS else "",
        table=name,
    )  # fmt: skip
    lead = view.text("contact.reviews_counted" if is_counted else "contact.reviews_waiting", count=count)
    return Section("reviews", title, [Prose(lead), grid], view.whole.labels)


def _addresses(view: View) -> Section:
    """Addresses that something came back from: blocked, by reason, and those that work."""
    name, title = "address_states", view.text("contact.states")
    if not view.published.has(view.run, name) or not view.published.count(view.run, name):
        told = Prose(view.text("contact.no_states"), is_empty_state=True)
        return Section("states", title, [told], view.whole.labels)
    rows = view.published.query(
        view.run,
        "SELECT contact_channel, is_blocked, reason, count(*) AS addresses FROM {address_states} GROUP BY ALL "
        "ORDER BY contact_channel, is_blocked DESC, addresses DESC, reason",
    ).to_pylist()
    words = view.words
    grid = Grid(
        view.text("contact.states_caption"),
        [
            view.column("contact_channel"),
            Column(view.text("contact.state")),
            Column(view.text("contact.addresses"), is_number=True),
        ],
        [
            [
                Cell(_named(view, row["contact_channel"])),
                Cell(words.term("contact_reason", row["reason"]) if row["is_blocked"] else view.text("contact.works"),
                     status="bad" if row["is_blocked"] else "good"),
                Cell(words.number(row["addresses"])),
            ]
            for row in rows
        ],
        table=name,
    )  # fmt: skip
    blocks: list[Block] = [grid, Link(view.text("contact.every_status"), view.table_url("consent_status"))]
    return Section("states", title, blocks, view.whole.labels)


PAGE = Page("contact", build, filters=frozenset({"population"}))
