"""Customers: who they are, picked and sorted; and one of them by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from habitue.errors import HabitueError
from habitue.report.layout import Block, Cell, Column, Link, Listing, Prose, Section
from habitue.report.segment_figures import NOT_YET, STRATEGIC, TEN
from habitue.schemas import CUSTOMER_PROFILES
from habitue.web import downloads, picking
from habitue.web.choosing import chosen
from habitue.web.listing import ROWS, headings, offset, paged, sorting
from habitue.web.numbers import numbers_of
from habitue.web.pages import Page, one_customer
from habitue.web.view import FILTERS, NUMBERS, SEARCH, Content, Filter, Search, View
from habitue.workspace import explanations
from habitue.workspace.conditions import Condition
from habitue.workspace.people import People

TABLE = CUSTOMER_PROFILES.name
SEGMENT, LIST = "segment", "list"
LISTS = {"critical": "is_critical", "rising": "is_rising", "fading": "is_fading"}
BEST = "-expected_amount"
UNFILTERED: Mapping[str, Any] = dict.fromkeys(FILTERS)
COLUMNS = (
    "customer_id", "net_amount", "expected_amount", "strategic_segment", "last_visit_on", "frequency",
    "active_probability", "recency_score", "frequency_score", "monetary_score", "store_id",
)  # fmt: skip
"""Columns of the list, each under the name of what it is sorted by."""


def build(view: View) -> Content:
    """The search box, and the list of the customers the filters leave."""
    asked = view.asked.get(SEARCH, "").strip()
    search = Search(
        view.text("customers.search"), asked, view.text("customers.search_hint"), view.text("customers.search_do")
    )
    title = view.text("customers.title")
    if SEARCH in view.asked:
        found = _looked_up(view, asked)
        if isinstance(found, str):
            return Content(title, [], leads_to=view.url("customers", found))
        return Content(title, [found], labels=view.whole.labels, search=search)
    if not view.published.has(view.run, TABLE):
        missing = Section("list", view.text("customers.list"), [Prose(view.text("customers.older_run"), True)])
        return Content(title, [missing], labels=view.whole.labels, search=search)
    bar = [*view.filters(), *_filters(view)]
    where = _conditions(view)
    (net,), _ = view.published.tally(view.run, TABLE, sums=("net_amount",), where=where)
    blocks, total = _list(view, where)
    answer = view.text(
        "customers.answer", count=total, amount=view.whole.short(net or 0), as_of=view.whole.as_of,
        window=view.run.manifest["settings"]["window_months"],
    )  # fmt: skip
    sections = [Section("list", view.text("customers.list"), blocks)]
    return Content(title, sections, answer if total else "", filters=bar, labels=view.whole.labels, search=search)


def _looked_up(view: View, asked: str) -> Section | str:
    """The id of the customer who has the number; what is said where nobody, or not just one, has it."""
    try:
        return explanations.find(view.published, view.run, asked)
    except HabitueError as fault:
        blocks: list[Block] = [Prose(view.words.say(one), is_empty_state=True) for one in fault.messages]
        if [one.code for one in fault.messages] == ["explain.several"]:
            systems = [system for system, _ in People.with_number(view.served.project.workspace.folder, asked)]
            blocks += [Link(f"{one}:{asked}", _search_url(view, f"{one}:{asked}")) for one in systems]
        blocks.append(Link(view.text("customers.all"), view.url("customers")))
        return Section("found", view.text("customers.not_one"), blocks)


def _search_url(view: View, asked: str) -> str:
    base = view.url("customers")
    return f"{base}{'&' if '?' in base else '?'}{urlencode({SEARCH: asked})}"


def _filters(view: View) -> list[Filter]:
    """Filters of this page alone: segment, and lists that name customers.

    Raises:
        UsageError: the address asks for a value that is none of the choices.
    """
    c = view.whole
    segments = [*c.segments.segments(STRATEGIC), NOT_YET]
    choices = {
        SEGMENT: [(code, c.segment(STRATEGIC, code)) for code in segments],
        LIST: [(code, view.text(f"customers.on_{code}")) for code in LISTS],
    }
    return [
        chosen(
            view, name, view.text(f"customers.filter_{name}"),
            [("", view.text(f"customers.filter_all_{name}")), *values],
        )[1]
        for name, values in choices.items()
    ]  # fmt: skip


def _conditions(view: View) -> list[Condition]:
    """The filters as conditions on the table of profiles."""
    found = [*view.conditions]
    if segment := view.asked.get(SEGMENT):
        found.append(Condition("strategic_segment", (segment,)))
    if named := view.asked.get(LIST):
        found.append(Condition(LISTS[named], ("true",)))
    return found


def _list(view: View, where: Sequence[Condition]) -> tuple[list[Block], int]:
    """One page of the list with what leads on from it, and how many rows there are in all."""
    sort = sorting(view, CUSTOMER_PROFILES.names, BEST)
    order = downloads.ordering(TABLE, sort)
    if sort == BEST:  # whoever has no forecast by what they brought
        order.append(("net_amount", True))
    table, total = view.published.page(view.run, TABLE, where=where, order=order, limit=ROWS, offset=offset(view))
    rows = table.to_pylist()
    has_numbers = NUMBERS in view.asked
    numbers = numbers_of(view, [row["customer_id"] for row in rows]) if has_numbers else {}
    names = [name for name in COLUMNS if name != "store_id" or any(row["store_id"] for row in rows)]
    address = partial(_address, view)
    columns = [(name, _column(view, name)) for name in names]
    first, previous, following = paged(view, address, len(rows), total)
    listed = Listing(
        view.text("customers.caption"),
        headings(view, address, columns, names, sort),
        [[_cell(view, name, row, numbers) for name in names] for row in rows],
        first,
        total,
        previous,
        following,
        _files(view, where, sort),
        view.text("customers.nobody"),
    )
    if not rows:
        return [listed, Link(view.text("customers.all"), view.url("customers", **UNFILTERED))], 0
    shown = address(**{NUMBERS: None if has_numbers else "1"})
    return [
        listed,
        Link(view.text("customers.hide_numbers" if has_numbers else "customers.show_numbers"), shown),
    ], total


def _address(view: View, **asked: str | None) -> str:
    """The address of the same list with other choices."""
    kept: dict[str, Any] = {name: view.asked.get(name) for name in (SEGMENT, LIST, "sort", "from", NUMBERS)}
    return view.url("customers", **{**kept, **asked})


def _files(view: View, where: Sequence[Condition], sort: str) -> list[tuple[str, str]]:
    """Label and address of each file of the whole list, with numbers where the page shows them."""
    picks: dict[str, Any] = {**UNFILTERED, **picking.address(where), picking.SORT: sort}
    return downloads.files(view, TABLE, **picks, **{NUMBERS: view.asked.get(NUMBERS)})


def _column(view: View, name: str) -> Column:
    is_number = name not in ("customer_id", "strategic_segment", "last_visit_on", "store_id")
    return Column(view.words.term("column", f"{TABLE}.{name}"), is_number)


def _cell(view: View, name: str, row: Mapping[str, Any], numbers: Mapping[str, str]) -> Cell:
    c, value = view.whole, row[name]
    if name == "customer_id":
        href = view.url("customers", value)
        number = numbers.get(value, "") or (view.text("customers.no_number") if NUMBERS in view.asked else "")
        said = [view.text(f"customers.on_{code}") for code, flag in LISTS.items() if row[flag]]
        said += [view.text("customers.busy")] if value in c.busy_numbers else []
        return Cell(value, under=" · ".join(one for one in (number, *said) if one), href=href)
    if name == "strategic_segment":
        if value is None:
            return Cell("–", under=c.population(row["population"]))
        many = len(c.segments.populations) > 1 and view.picked("population") is None
        under = [c.segment(TEN, row["ten_segment"])] if value != NOT_YET else []
        under += [c.population(row["population"])] if many else []
        return Cell(c.segment(STRATEGIC, value), under=" · ".join(under), segment=value)
    if name == "last_visit_on":
        return Cell("–" if value is None else view.words.date(value))
    if name == "frequency":
        return Cell(view.words.number(value), under=view.text("customers.of_all", count=row["visits_count"]))
    if name == "net_amount":
        return Cell(c.money(value))
    if name == "expected_amount":
        if value is None:
            return Cell("–")
        if row["low_95_amount"] is None:
            return Cell(c.short(value), under=view.text("customers.no_interval_short"))
        ends = {"low": c.short(row["low_95_amount"]), "high": c.short(row["high_95_amount"])}
        return Cell(c.short(value), under=c.text("value.between", **ends))
    if name == "active_probability":
        return Cell(view.words.share(value))
    if name == "store_id":
        return Cell(
            c.store(value) if value else "–", under=c.written(row["sales_channel"]) if row["sales_channel"] else ""
        )
    return Cell(view.words.number(value))


PAGE = Page("customers", build, one_customer.item, filters=frozenset(FILTERS))
