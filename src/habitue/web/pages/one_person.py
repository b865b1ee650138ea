"""One customer as a person: their numbers and what joined them, the golden record, what they allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from habitue.customers.consent_signals import MARKETING
from habitue.report import sections_customer
from habitue.report.layout import Block, Cell, Column, Grid, Link, Prose, Section
from habitue.web.view import NUMBERS, View
from habitue.workspace.consent_settings import region_of
from habitue.workspace.explained import Explanation
from habitue.workspace.golden import shown_value, usable
from habitue.workspace.people import People

GOLDEN, STATUS = "golden_records", "consent_status"
ATTRIBUTES = ("name", "email", "phone", "birth_date", "address")


def sections(view: View, told: Explanation) -> Iterator[Section]:
    """Those of which the run has tables."""
    if view.published.has(view.run, GOLDEN):
        yield Section("person", view.text("customers.person"), [*_person(view, told)])
    if view.published.has(view.run, STATUS):
        yield Section("contact", view.text("customers.contact"), [_contact(view, told)])


def _person(view: View, told: Explanation) -> Iterator[Block]:
    """How many numbers of which systems, what joined them, and where each attribute comes from."""
    one = view.text("customers.one_number", systems=view.words.listing(told.systems))
    yield Prose(sections_customer.numbers(told, view.whole) or one)
    rows = view.published.query(
        view.run, "SELECT * FROM {golden_records} WHERE customer_id = ?", [told.customer_id]
    ).to_pylist()
    if not rows:
        yield Prose(view.text("customers.no_golden"), is_empty_state=True)
        return
    rows.sort(key=lambda row: ATTRIBUTES.index(row["attribute"]))
    is_shown, words = NUMBERS in view.asked, view.words
    values = _values(view, rows) if is_shown else {}
    shown = [Column(view.text("customers.golden_value"))] if is_shown else []
    yield Grid(
        view.text("customers.golden_personal" if is_shown else "customers.golden"),
        [view.column(f"{GOLDEN}.attribute"), *shown, *(view.column(f"{GOLDEN}.{one}") for one in
                                                       ("source", "survivorship"))],
        [
            [
                Cell(words.term("profile_field", row["attribute"])),
                *([Cell(values.get(row["attribute"]) or view.text("customers.golden_gone"))] if is_shown else []),
                Cell(row["source"]),
                Cell(words.term("survivorship", row["survivorship"]), _several(view, row["values_count"])),
            ]
            for row in rows
        ],
        table="" if is_shown else GOLDEN,
        where=(("customer_id", told.customer_id),),
        is_personal=is_shown,
    )  # fmt: skip
    if not is_shown:
        here = view.url("customers", told.customer_id, anchor="person", day=view.asked.get("day"), numbers="1")
        yield Link(view.text("customers.show_values"), here)


def _several(view: View, count: int) -> str:
    return view.text("customers.golden_values", count=count) if count > 1 else ""


def _values(view: View, rows: list[Mapping[str, Any]]) -> dict[str, str | None]:
    """The values that stand, by attribute. Personal data."""
    workspace = view.published.workspace
    region = region_of(workspace.settings.project.time_zone)
    held = People.rows_of(workspace.folder, {row["source_customer_id"] for row in rows})
    found = {}
    for row in rows:
        of_source = (one for one in held.get(row["source_customer_id"], ()) if one["source"] == row["source"])
        value = next((shown_value(usable(one, region), row["attribute"]) for one in of_source), None)
        is_day = row["attribute"] == "birth_date"
        found[row["attribute"]] = view.words.date(date.fromisoformat(value)) if value and is_day else value
    return found


def _contact(view: View, told: Explanation) -> Block:
    """Each contact channel: whether the person can be contacted, and what it rests on. No address."""
    rows = view.published.query(
        view.run,
        "SELECT * FROM {consent_status} WHERE customer_id = ? "
        "ORDER BY purpose <> ?, purpose, contact_channel, NOT is_contactable, address_hash",
        [told.customer_id, MARKETING],
    ).to_pylist()
    if not rows:
        return Prose(view.text("customers.no_contact"), is_empty_state=True)
    words = view.words
    return Grid(
        view.text("customers.contact_caption"),
        [Column(view.text(f"customers.{one}")) for one in ("contact_channel", "contact_can", "contact_said")],
        [
            [
                Cell(_channel(view, row)),
                Cell(words.term("contact_reason", row["reason"]), status="good" if row["is_contactable"] else "bad"),
                _said(view, row),
            ]
            for row in rows
        ],
        table=STATUS,
        where=(("customer_id", told.customer_id),),
    )


def _channel(view: View, row: Mapping[str, Any]) -> str:
    channel = view.words.term("contact_channel", row["contact_channel"])
    if row["purpose"] == MARKETING:
        return channel
    return view.text("customers.contact_other", channel=channel, purpose=row["purpose"])


def _said(view: View, row: Mapping[str, Any]) -> Cell:
    if row["decided_by"] is None:
        return Cell(view.text("customers.contact_nothing"))
    day = view.words.date(row["decided_on"]) if row["decided_on"] else ""
    until = view.text("customers.contact_until", day=row["expires_on"]) if row["expires_on"] else ""
    under = " · ".join(one for one in (day, row["consent_source"] or "", until) if one)
    return Cell(view.words.term("consent_event", row["decided_by"]), under)
