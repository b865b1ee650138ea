"""What a run found about customer numbers beside the pairs: changes, profiles, fillers, merge tables, households."""

from __future__ import annotations

from typing import Any

from habitue.report.layout import Block, Cell, Column, Grid, Link, Prose, Section
from habitue.web.view import View

MOST_ROWS = 30


def changes(view: View) -> list[Section]:
    """Numbers that belong to another person than in the run before; nothing where the run does not tell."""
    name = "identity_changes"
    if not view.published.has(view.run, name):
        return []
    rows = view.published.query(
        view.run,
        f"SELECT * FROM {{identity_changes}} ORDER BY change, customer_id, source_customer_id LIMIT {MOST_ROWS}",
    ).to_pylist()
    count, title = view.published.count(view.run, name), view.text("identity.changes")
    if not count:
        told = Prose(view.text("identity.no_changes"), is_empty_state=True)
        return [Section("changes", title, [told], view.whole.labels)]
    grid = Grid(
        view.text("identity.changes_caption"),
        [view.column(f"{name}.{code}") for code in
         ("source_customer_id", "change", "previous_customer_id", "customer_id")],
        [
            [
                Cell(row["source_customer_id"]),
                Cell(view.words.term("identity_change", row["change"])),
                Cell(row["previous_customer_id"] or "–"),
                Cell(row["customer_id"], href=view.url("customers", row["customer_id"])),
            ]
            for row in rows
        ],
        note=_more(view, count, name),
        table=name,
    )  # fmt: skip
    return [
        Section("changes", title, [Prose(view.text("identity.changes_lead", count=count)), grid], view.whole.labels)
    ]


def completeness(view: View) -> Section:
    """How much of each field works, by source."""
    c, name = view.whole, "profile_completeness"
    rows = view.published.query(view.run, "SELECT * FROM {profile_completeness} WHERE store_id IS NULL").to_pylist()
    title = view.text("identity.completeness")
    if not rows:
        told = Prose(view.text("identity.no_profiles"), is_empty_state=True)
        return Section("completeness", title, [told], c.labels)
    fields = [
        one for one in ("name", "email", "phone", "birth_date", "address") if any(r["field"] == one for r in rows)
    ]
    sources: dict[str, dict[str, dict[str, Any]]] = {}
    for row in sorted(rows, key=lambda row: (-row["rows"], row["source"])):
        sources.setdefault(row["source"], {})[row["field"]] = row

    def cell(row: dict[str, Any] | None) -> Cell:
        if row is None or row["usable_share"] is None:
            return Cell("–")
        unusable = row["filled_count"] - row["usable_count"]
        told = view.text("identity.unusable", count=unusable) if unusable else ""
        return Cell(c.words.share(row["usable_share"]), told)

    grid = Grid(
        view.text("identity.completeness_caption"),
        [
            view.column(f"{name}.source"),
            Column(view.text("identity.profile_rows"), is_number=True),
            *(Column(_capital(c.words.term("profile_field", one)), is_number=True) for one in fields),
        ],
        [
            [Cell(source), Cell(c.words.number(max(row["rows"] for row in by.values()))),
             *(cell(by.get(one)) for one in fields)]
            for source, by in sources.items()
        ],
        note=view.text("identity.completeness_note"),
        table=name,
    )  # fmt: skip
    blocks: list[Block] = [grid]
    if view.published.has(view.run, "contact_faults") and view.published.count(view.run, "contact_faults"):
        count = view.published.count(view.run, "contact_faults")
        blocks.append(Link(view.text("identity.faults", count=count), view.table_url("contact_faults")))
    return Section("completeness", title, blocks, c.labels)


def ignored(view: View) -> Section:
    """Values that identify nobody, as they are kept: masked."""
    name, title = "ignored_values", view.text("identity.ignored")
    count = view.published.count(view.run, name)
    if not count:
        told = Prose(view.text("identity.no_ignored"), is_empty_state=True)
        return Section("ignored", title, [told], view.whole.labels)
    rows = view.published.query(
        view.run,
        f"SELECT * FROM {{ignored_values}} ORDER BY numbers_count DESC, field, value, reason LIMIT {MOST_ROWS}",
    ).to_pylist()
    words = view.words
    grid = Grid(
        view.text("identity.ignored_caption"),
        [
            Column(view.text("identity.field_of")),
            *(view.column(f"{name}.{code}") for code in ("value", "reason")),
            *(view.column(f"{name}.{code}", is_number=True) for code in ("numbers_count", "names_count")),
        ],
        [
            [
                Cell(words.term("profile_field", row["field"], default=row["field"])),
                Cell(row["value"]),
                Cell(words.term("ignored_reason", row["reason"])),
                Cell(words.number(row["numbers_count"])),
                Cell(words.number(row["names_count"])),
            ]
            for row in rows
        ],
        note=_more(view, count, name),
        table=name,
    )
    blocks = [Prose(view.text("identity.ignored_lead", count=count)), grid]
    return Section("ignored", title, blocks, view.whole.labels)


def merges(view: View) -> list[Section]:
    """What became of the lines of merge tables; nothing where there are none."""
    name = "source_merges"
    if not view.published.has(view.run, name):
        return []
    rows = view.published.query(
        view.run,
        "SELECT customer_system, finding, count(*) AS lines FROM {source_merges} GROUP BY 1, 2 "
        "ORDER BY customer_system, finding <> 'followed', lines DESC, finding",
    ).to_pylist()
    if not rows:
        return []
    left = sum(row["lines"] for row in rows if row["finding"] not in ("followed", "superseded"))
    grid = Grid(
        view.text("identity.merges_caption"),
        [
            view.column(f"{name}.customer_system"),
            Column(view.text("identity.became")),
            Column(view.text("identity.lines"), is_number=True),
        ],
        [
            [
                Cell(row["customer_system"]),
                Cell(view.words.term("merge_finding", row["finding"])),
                Cell(
                    view.words.number(row["lines"]),
                    href=view.table_url(
                        name, (("customer_system", row["customer_system"]), ("finding", row["finding"]))
                    ),
                ),
            ]
            for row in rows
        ],
        table=name,
    )
    lead = view.text("identity.merges_left", count=left) if left else view.text("identity.merges_fine")
    return [Section("merges", view.text("identity.merges"), [Prose(lead), grid], view.whole.labels)]


def households(view: View) -> list[Section]:
    """How many people share a home; nothing where the run does not tell."""
    name = "households"
    if not view.published.has(view.run, name):
        return []
    count, title = view.published.count(view.run, name), view.text("identity.households")
    if not count:
        told = Prose(view.text("identity.no_households"), is_empty_state=True)
        return [Section("households", title, [told], view.whole.labels)]
    (people,), _ = view.published.tally(view.run, name, sums=("customers_count",))
    blocks = [
        Prose(view.text("identity.households_lead", count=count, people=int(people))),
        Link(view.text("identity.households_rows"), view.table_url(name)),
    ]
    return [Section("households", title, blocks, view.whole.labels)]


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]


def _more(view: View, count: int, table: str) -> str:
    if count <= MOST_ROWS:
        return ""
    command = f"`habitue show {table.replace('_', '-')}`"
    return view.whole.text("first_rows", shown=MOST_ROWS, count=count, command=command)
