"""One customer: why they are in their segment, what is expected of them, and what they bought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import HTTPException

from habitue.errors import UsageError, message
from habitue.periods import Period
from habitue.report import sections_customer, sections_customer_ahead
from habitue.report.charts_customer import Stem, timeline
from habitue.report.layout import Block, Cell, Column, Facts, Figure, Fold, Grid, Link, Prose, Section, cells
from habitue.report.segment_figures import STRATEGIC, TEN
from habitue.schemas import CUSTOMER_PROFILES
from habitue.web.numbers import numbers_of
from habitue.web.pages import one_person
from habitue.web.view import NUMBERS, Content, View
from habitue.workspace import explanations
from habitue.workspace.explained import Buyer, Explanation, Row

DAY = "day"
NEWEST = 10
"""Days of purchase shown at once; all of them stand behind the chart."""

FIRST = ("segment", "ahead", "critical", "rising", "fading", "purchases", "scores", "placed", "history")
"""Sections in the order of the page: the answers, then what they are made of."""

MOST_TICKS = 7


def item(view: View, customer_id: str) -> Content:
    """The page of the customer with an opaque id."""
    try:
        told = explanations.told_of(view.published, view.run, customer_id)
    except UsageError as fault:
        if "explain.unknown" in {one.code for one in fault.messages}:
            raise HTTPException(404) from None
        raise
    sections = [Section("who", view.text("customers.who"), [*_who(view, told)])]
    for buyer in told.buyers:
        sections += _sections(view, told, buyer)
    sections += one_person.sections(view, told)
    if defined := sections_customer.definitions(told, view.whole):
        folded = [block for block in defined.blocks if not isinstance(block, Fold)]
        sections.append(Section(defined.anchor, defined.title, [Fold(view.text("customers.terms"), folded)]))
    return Content(
        view.text("customers.one_title", customer=customer_id),
        sections,
        _answer(view, told),
        _figures(view, told),
        labels=view.whole.labels,
        trail=[(view.text("customers.nav"), view.url("customers"))],
    )


def _who(view: View, told: Explanation) -> Iterator[Block]:
    """What the customer is at a glance; a shared card is said to be one; the number, where the reader asks for it."""
    c, main = view.whole, told.buyers[0]
    if card := sections_customer.shared_card(told, c):
        yield Prose(card)
    facts = [(view.text("filter.population"), ", ".join(c.population(one.population) for one in told.buyers))]
    if TEN in main.segments:
        facts.append((_term(view, "ten_segment"), c.segment(TEN, main.segments[TEN])))
    if told.enrolled_on is not None:
        facts.append((view.words.term("column", "enrolled_on"), view.words.date(told.enrolled_on)))
    if (store := usual(main, "store_id", told.window.first_on)) is not None:
        facts.append((_term(view, "store_id"), c.store(store)))
    if (channel := usual(main, "sales_channel", told.window.first_on)) is not None:
        facts.append((_term(view, "sales_channel"), channel))
    here: dict[str, Any] = {DAY: view.asked.get(DAY)}
    if NUMBERS in view.asked:
        number = numbers_of(view, [told.customer_id]).get(told.customer_id)
        facts.append((view.words.term("column", "customer_number"), number or view.text("customers.no_number")))
        link = Link(view.text("customers.hide_number"), view.url("customers", told.customer_id, **here))
    else:
        link = Link(view.text("customers.show_number"), view.url("customers", told.customer_id, **here, numbers="1"))
    yield Facts([(name[:1].upper() + name[1:], value) for name, value in facts])
    yield link


def _term(view: View, column: str) -> str:
    return view.words.term("column", f"{CUSTOMER_PROFILES.name}.{column}")


def usual(buyer: Buyer, column: str, window_from: date) -> str | None:
    """The store or sales channel of most visits, as in CUSTOMER_PROFILES, which is no table to find one customer in.

    Args:
        buyer: the customer as a buyer of one population.
        column: store_id or sales_channel.
        window_from: first day of the window.
    """
    found: dict[str | None, list[date]] = {}
    for day in buyer.days:
        if day["is_visit"]:
            found.setdefault(day[column], []).append(day["sold_on"])

    def rank(value: str | None) -> tuple[int, int, date]:
        days = found[value]
        return sum(day >= window_from for day in days), len(days), max(days)

    by_name = sorted(found, key=lambda value: (value is None, value or ""))
    return max(by_name, key=rank, default=None)


def _answer(view: View, told: Explanation) -> str:
    """Where the customer stands, what is expected, and whether they are among those who make most of it; or why there
    is neither segment nor forecast."""
    c, buyer = view.whole, told.buyers[0]
    if not buyer.checks:
        purchases = sections_customer.buyer_sections(told, buyer, c)[0]
        return " ".join(block.text for block in purchases.blocks if isinstance(block, Prose))
    last = buyer.checks[0].received
    segment = c.segment(STRATEGIC, buyer.segments[STRATEGIC])
    said = [view.text("customers.stands" if last else "customers.stands_today", segment=segment, count=last)]
    if forecast := buyer.forecast:
        ends = {"first": forecast.model["from_on"], "last": forecast.model["to_on"]}
        about = {**ends, "amount": c.short(forecast.expected["expected_amount"]), "measure": forecast.model["measure"]}
        if forecast.expected["low_95_amount"] is None:
            said.append(view.text("customers.brings_plain", **about))
        else:
            interval = {end: c.short(forecast.expected[f"{end}_95_amount"]) for end in ("low", "high")}
            said.append(view.text("customers.brings", **interval, **about))
        if forecast.critical_set is not None:
            said.append(sections_customer_ahead.critical(forecast, c))
    return " ".join(said)


def _figures(view: View, told: Explanation) -> list[Figure]:
    c, buyer, found = view.whole, told.buyers[0], []
    where = (("customer_id", told.customer_id), ("population", buyer.population))
    in_window = (("sold_on", str(told.window.first_on), str(told.window.last_on)),)

    def rows(table: str, *more: tuple[str, str], total: str = "", is_window: bool = False, sort: str = "") -> str:
        if not view.published.has(view.run, table):
            return ""
        return view.table_url(table, (*where, *more), in_window if is_window else (), sum=total, sort=sort)

    if buyer.checks:
        found.append(
            _figure(
                view, "segment", c.segment(STRATEGIC, buyer.segments[STRATEGIC]), _since(view, buyer),
                rows("assignments", ("segmentation", STRATEGIC)),
            )
        )  # fmt: skip
    if forecast := buyer.forecast:
        expected = forecast.expected
        found.append(
            _figure(
                view, "expected", c.short(expected["expected_amount"]), _place(view, buyer),
                rows("expected_revenue", total="expected_amount"),
                interval=view.text("customers.no_interval") if expected["low_95_amount"] is None else
                c.text("figure.interval_95", **{end: c.short(expected[f"{end}_95_amount"]) for end in ("low", "high")}),
                measure=forecast.model["measure"], last=forecast.model["to_on"],
            )
        )  # fmt: skip
    if not buyer.visits_count:
        return found
    window = view.run.manifest["settings"]["window_months"]
    of_all = view.text("customers.of_all", count=buyer.visits_count)
    net = view.text("customers.net_of_all", amount=c.money(buyer.net_amount))
    found += [
        _figure(
            view, "visits", view.words.number(buyer.window_visits), of_all, rows("visits", is_window=True),
            window=window,
        ),
        _figure(
            view, "net", c.money(buyer.window_amount), net, rows("visits", total="net_amount", is_window=True),
            window=window,
        ),
    ]  # fmt: skip
    if buyer.last_on is not None:
        days = (view.run.as_of - buyer.last_on).days
        cycle = "" if buyer.calibration is None else view.text("customers.cycle", count=buyer.calibration.cycle_days)
        found.append(_figure(view, "recency", c.words.text("explain.days", count=days), cycle,
                             rows("visits", sort="-sold_on")))  # fmt: skip
    return found


def _figure(view: View, code: str, value: str, change: str, href: str, *, interval: str = "", **params: Any) -> Figure:
    label = view.text(f"customers.figure.{code}", **params)
    return Figure(label, value, change, "", "", interval=interval, href=href)


def _since(view: View, buyer: Buyer) -> str:
    """The segment at the date before, if it was another."""
    if not buyer.history:
        return ""
    before = buyer.history[0]
    if before.segment is None:
        return view.text("customers.was_unknown", day=before.on)
    code = "was_same" if before.segment == buyer.segments[STRATEGIC] else "was"
    return view.text(f"customers.{code}", day=before.on, segment=view.whole.segment(STRATEGIC, before.segment))


def _place(view: View, buyer: Buyer) -> str:
    """How the customer stands among those expected to make most, in short."""
    forecast = buyer.forecast
    if forecast is None or forecast.critical_set is None:
        return ""
    row, count = forecast.lists["critical_customers"], forecast.critical_set["customers_count"]
    if row is None:
        return view.text("customers.not_critical", count=count)
    return view.text("customers.critical", place=row["place"], count=count)


def _sections(view: View, told: Explanation, buyer: Buyer) -> Iterator[Section]:
    """Those of one population in the order of the page, with its purchases."""
    found = sections_customer.buyer_sections(told, buyer, view.whole)
    by_code = {one.anchor.partition("-")[0]: one for one in found}
    for code in FIRST:
        if code not in by_code:
            continue
        section = by_code[code]
        place = section.anchor.replace(code, "ticket")
        if code == "purchases" and buyer.days:
            blocks = [*section.blocks, *_purchases(view, told, buyer, place)]
            section = Section(section.anchor, section.title, blocks, section.labels)
        yield section
        if code == "purchases" and (day := _day(view)) and any(one["sold_on"] == day for one in buyer.days):
            yield _tickets(view, told.customer_id, buyer, day, place)


def _day(view: View) -> date | None:
    """The day whose tickets the address asks for.

    Raises:
        UsageError: it is no date.
    """
    asked = view.asked.get(DAY)
    try:
        return date.fromisoformat(asked) if asked else None
    except ValueError:
        raise UsageError(message("web.customers.bad_day", value=asked)) from None


def _purchases(view: View, told: Explanation, buyer: Buyer, place: str) -> Iterator[Block]:
    c, days = view.whole, buyer.days
    newest = list(reversed(days))
    where = [("customer_id", told.customer_id), ("population", buyer.population)]
    grid = _days_grid(view, told, newest, view.text("customers.days_all"), where, place)
    stems = [Stem(day["sold_on"], day["net_amount"], day["is_visit"]) for day in days]
    first: date = days[0]["sold_on"]
    span = Period(min(first, told.window.first_on), told.run.as_of)
    tallest = max(days, key=lambda day: day["net_amount"])

    def draw(width: int) -> str:
        return timeline(
            stems, span, told.window, ticks=_ticks(view, span), tallest=c.short(tallest["net_amount"]),
            window_label=view.text("customers.window", months=told.window_months), width=width,
        )  # fmt: skip

    title = view.text("customers.timeline", count=buyer.visits_count, days=(span.last_on - first).days + 1)
    subtitle = view.text("customers.timeline_subtitle", currency=c.currency, first=span.first_on, last=span.last_on)
    note = view.text("customers.timeline_note") if any(not stem.is_visit for stem in stems) else ""
    yield c.chart(draw, grid, "days", title=title, subtitle=subtitle, note=note)
    caption = view.text("customers.days_newest", shown=min(NEWEST, len(newest)), count=len(newest))
    yield _days_grid(view, told, newest[:NEWEST], caption, where, place)


def _ticks(view: View, span: Period) -> list[tuple[date, str]]:
    """First days of months to mark on a line of time: every month, quarter, half-year or year."""
    firsts = [
        date(year, month, 1)
        for year in range(span.first_on.year, span.last_on.year + 1)
        for month in range(1, 13)
        if span.first_on <= date(year, month, 1) <= span.last_on
    ]
    for step in (1, 3, 6):
        some = [day for day in firsts if (day.month - 1) % step == 0]
        if len(some) <= MOST_TICKS:
            return [(day, view.words.month(day, short=True)) for day in some]
    return [(day, str(day.year)) for day in firsts if day.month == 1]


def _days_grid(
    view: View,
    told: Explanation,
    days: Sequence[Row],
    caption: str,
    where: Sequence[tuple[str, str]],
    place: str,
) -> Grid:
    c = view.whole

    def column(name: str) -> Column:
        return c.column(f"customer_days.{name}", number=name.endswith(("_count", "_amount")))

    names = [name for name in ("store_id", "sales_channel") if any(day[name] for day in days)]
    rows = []
    for day in days:
        on: date = day["sold_on"]
        href = view.url("customers", told.customer_id, anchor=place, day=on.isoformat(),
                        numbers=view.asked.get(NUMBERS))  # fmt: skip
        shown = {"store_id": c.store, "sales_channel": c.written}
        rows.append(
            [
                Cell(view.words.date(on), under="" if day["is_visit"] else view.text("customers.no_visit"), href=href),
                *(Cell(shown[name](day[name]) if day[name] else "–") for name in names),
                Cell(view.words.number(day["tickets_count"])),
                Cell(view.words.number(day["lines_count"])),
                Cell(c.money(day["net_amount"])),
            ]
        )
    heads = [column(name) for name in ("sold_on", *names, "tickets_count", "lines_count", "net_amount")]
    return Grid(caption, heads, rows, table="customer_days", where=where)


def _tickets(view: View, customer_id: str, buyer: Buyer, day: date, place: str) -> Section:
    """The lines of the tickets of a day."""
    c = view.whole
    lines = view.published.query(
        view.run,
        "SELECT * FROM {transaction_lines} WHERE customer_id = ? AND sold_on = ? AND population = ? "
        "ORDER BY sold_at, source, transaction_id, line_number",
        [customer_id, day, buyer.population],
    ).to_pylist()  # fmt: skip
    names = _products(view, {line["sku"] for line in lines if line["sku"]})
    where = [("customer_id", customer_id), ("sold_on", day.isoformat()), ("population", buyer.population)]
    heads = [
        c.column("transaction_lines.transaction_id", number=False),
        c.column("transaction_lines.sku", number=False),
        *(c.column(f"transaction_lines.{name}", number=True) for name in
          ("quantity", "gross_amount", "discount_amount", "net_amount", "returned_amount")),
        c.column("transaction_lines.sale_type", number=False),
    ]  # fmt: skip
    rows = [
        [
            Cell(line["transaction_id"], under=_hour(view, line["sold_at"])),
            Cell(names.get(line["sku"]) or line["sku"] or "–", under=line["sku"] if names.get(line["sku"]) else ""),
            *cells(
                _quantity(view, line["quantity"]),
                *(c.money(line[name]) for name in ("gross_amount", "discount_amount", "net_amount")),
                c.money(line["returned_amount"]) if line["returned_amount"] else "–",
            ),
            Cell(
                view.words.term("sale_type", line["sale_type"]),
                under="" if line["counts"] else view.text("customers.not_counted"),
            ),
        ]
        for line in lines
    ]
    caption = view.text("customers.lines", count=len(lines), day=day)
    grid = Grid(caption, heads, rows, table="transaction_lines", where=where)
    return Section(place, view.text("customers.tickets", day=day), [grid])


def _hour(view: View, sold_at: datetime) -> str:
    """The stores' hour of a moment in UTC; "" where only the day is known."""
    local = sold_at.replace(tzinfo=UTC).astimezone(ZoneInfo(view.run.manifest["time_zone"]))
    return "" if local.time() == time(0) else local.strftime("%H:%M")


def _quantity(view: View, quantity: Decimal | None) -> str:
    if quantity is not None and quantity == quantity.to_integral_value():
        return view.words.number(int(quantity))
    return view.words.number(quantity)


def _products(view: View, skus: set[str]) -> Mapping[str, str]:
    """Names of products by SKU, where the run has them."""
    if not skus or not view.published.has(view.run, "products"):
        return {}
    found = view.published.query(
        view.run, "SELECT sku, product_name FROM {products} WHERE sku IN (SELECT unnest(?))", [sorted(skus)]
    )  # fmt: skip
    return {row["sku"]: row["product_name"] for row in found.to_pylist() if row["product_name"]}
