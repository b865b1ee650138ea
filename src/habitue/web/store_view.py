"""What the sheets of stores share: the period asked for, the rows the filters leave, changes in words, grids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from habitue.errors import UsageError, message
from habitue.periods import Calendar, GregorianCalendar, Period, calendar_from
from habitue.report import charts, store_figures
from habitue.report.context import Context, change_in_words
from habitue.report.figures import Comparison, Rows, rows_of, share_of
from habitue.report.layout import Block, Cell, Column, Grid, Section
from habitue.report.locale import SHARE, Exact
from habitue.report.spans import EXPLICIT, PERIODS, Span, as_text, periods, span
from habitue.report.store_figures import INTERRUPTED, LeftOut, Month, Place
from habitue.web import picking
from habitue.web.view import FILTERS, PERIOD, View
from habitue.workspace.conditions import IS, MAX, MIN, Condition

TABLE = "sales_by_day"
MOST_BARS = 20
ALMOST_ALL = 0.9995
RATIOS = ("lines_per_ticket", "identified_share", "discount_share", "margin_share")


@dataclass(frozen=True)
class StoreView:
    """A request for a sheet of stores, of a run that has SALES_BY_DAY with a ticket in it."""

    view: View

    @property
    def c(self) -> Context:
        """Words and names of the run."""
        return self.view.whole

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar the run was made with."""
        return calendar_from(self.view.run.manifest.get("calendar"))

    @property
    def is_fiscal(self) -> bool:
        """Whether months are periods of four or five weeks."""
        return not isinstance(self.calendar, GregorianCalendar)

    @cached_property
    def stores(self) -> Rows:
        """STORES, all of them."""
        return rows_of(self.c.tables, "stores")

    @cached_property
    def trading(self) -> pa.Table:
        """SALES_BY_DAY, all rows."""
        return self.c.tables[TABLE]

    def days(self, *, of_all_stores: bool = False) -> pa.Table:
        """SALES_BY_DAY, the rows the filters leave."""
        table = self.trading
        for condition in self.conditions(of_all_stores=of_all_stores):
            table = table.filter(pc.field(condition.column) == condition.values[0])
        return table

    def conditions(self, *, of_all_stores: bool = False) -> tuple[Condition, ...]:
        """The filters of the address as conditions."""
        return tuple(one for one in self.view.conditions if not (of_all_stores and one.column == FILTERS["store"]))

    @cached_property
    def span(self) -> Span:
        """The period asked for and the one it is compared with.

        Raises:
            UsageError: the address asks for something else.
        """
        asked, as_of = self.view.picked(PERIOD), self.c.as_of
        try:
            return span(asked, self.calendar, as_of, store_figures.covered(self.trading, as_of))
        except ValueError:
            valid = ", ".join((*PERIODS, as_text(self.calendar.rolling(as_of))))
            raise UsageError(message("web.stores.bad_period", value=asked, valid=valid, as_of=as_of)) from None

    def choices(self) -> list[tuple[str, str]]:
        """The periods to choose from: value in the address, words."""
        found, seen = [], set[Period]()
        for name, period in periods(self.calendar, self.c.as_of).items():
            if period in seen and name != self.span.name:  # at the end of a year it is the year to date, too
                continue
            seen.add(period)
            kind = self.text(f"period_{self._kind(name)}")
            found.append((name, self.text("choice", name=kind, period=self.told(period))))
        if self.span.name == EXPLICIT:
            found.append((as_text(self.span.now), self.told(self.span.now)))
        return found

    def _kind(self, name: str) -> str:
        return f"{name}_fiscal" if self.is_fiscal and name != "week" else name

    def text(self, code: str, /, **params: object) -> str:
        """A sentence of this page."""
        return self.view.text(f"stores.{code}", **params)

    def told(self, period: Period) -> str:
        """A period in words."""
        first, last = self.c.words.date(period.first_on), self.c.words.date(period.last_on)
        return first if period.days == 1 else f"{first} – {last}"

    def month(self, period: Period) -> str:
        """A month by its name; a fiscal one by that of the month around its middle."""
        return self.c.words.month(period.first_on + timedelta(days=14))

    @cached_property
    def scope(self) -> str:
        """Population and sales channel the figures are of."""
        population, channel = self.view.picked("population"), self.view.picked("sales_channel")
        parts = [self.c.population(population) if population else self.text("everybody")]
        return ", ".join([*parts, *([channel] if channel else [])])

    def change(self, compared: Comparison, *, points: bool = False) -> str:
        """A change against the period a year before, in words of a sentence."""
        return change_in_words(self.c.words, "web.stores.change", compared, points=points)

    def change_short(self, compared: Comparison, *, points: bool = False) -> str:
        """The same for a cell of a table."""
        if compared.before == 0 and compared.now and not points:
            return self.text("cell.new")
        told = change_in_words(self.c.words, "web.stores.cell", compared, points=points)
        return told if points or compared.relative is None else Exact(told, compared.relative, SHARE)

    def against(self) -> str:
        """What the period is compared with, or why with nothing."""
        found = self.span
        if found.has_before:
            code = "against_fiscal" if self.is_fiscal else "against"
            return self.text(code, period=self.told(found.before))
        assert found.data is not None
        return self.text("against_none" if found.is_full else "against_partly", day=found.data.first_on)

    def rows_url(self, period: Period, *more: Condition, of_all_stores: bool = False, total: str = "") -> str:
        """The address of the rows of SALES_BY_DAY behind a figure; `total` is the column it is the sum of."""
        limits = (
            Condition("sold_on", (str(period.first_on),), MIN),
            Condition("sold_on", (str(period.last_on),), MAX),
        )
        picked = (*self.conditions(of_all_stores=of_all_stores), *limits, *more)
        return self.view.url("tables", TABLE.replace("_", "-"), **picking.address(picked), **{picking.SUM: total})

    def figure_url(self, measure: str, *more: Condition) -> str:
        """The address of the rows behind a key figure of the period, with its sum where it is one."""
        return self.rows_url(self.span.now, *more, total=measure if measure == "kept_amount" else "")

    def measure(self, place: Place, name: str, *, before: bool = False) -> str:
        """A measure or ratio of a place in words."""
        sums = place.before if before else place.now
        value = None if sums is None else getattr(sums, name)
        if name.endswith("_amount"):
            return self.c.money(value)
        return self.c.words.share(value) if name.endswith("_share") else self.c.words.number(value)

    def change_of(self, place: Place, name: str) -> str:
        """The change of a measure of a place in words of a sentence; of shares in points of a hundred."""
        return self.change(place.compare(name), points=name.endswith("_share"))

    def change_short_of(self, place: Place, name: str) -> str:
        """The same for a cell of a table."""
        return self.change_short(place.compare(name), points=name.endswith("_share"))

    def why(self, one: LeftOut) -> str:
        """Why a store is not compared."""
        if one.reason == INTERRUPTED:
            return self.text("why.interrupted", first=one.on, last=one.until)
        return self.text(f"why.{one.reason}_{'stated' if one.is_stated else 'seen'}", day=one.on)

    def margin(self, place: Place) -> Cell:
        """Margin over net sales where known, and of how much it is known if not of all."""
        now = place.now
        known = share_of(now.margin_known_amount, now.kept_amount)
        partly = now.margin_share is not None and known is not None and known < ALMOST_ALL
        return Cell(self.measure(place, "margin_share"), self.text("margin_partly", share=known) if partly else "")

    def columns(self, first: Column) -> list[Column]:
        """The columns of a grid of places."""
        with_change = [self.column("change")] if self.span.has_before else []
        measures = ("tickets_count", "basket_amount", *RATIOS)
        return [
            first, self.column("kept_amount"), self.column("share"), *with_change,
            *(self.column(name) for name in measures),
        ]  # fmt: skip

    def column(self, name: str) -> Column:
        """A column of this page."""
        return Column(self.text(f"column.{name}"), is_number=True)

    def line(self, name: Cell, place: Place, whole: Place, where: Sequence[Condition] | None) -> list[Cell]:
        """A row of a grid of places; `where` picks the place's rows, None: they cannot be picked."""
        href = "" if where is None else self.rows_url(self.span.now, *where)
        change = [Cell(self.change_short(place.compare("kept_amount")))] if self.span.has_before else []
        return [
            name,
            Cell(self.measure(place, "kept_amount"), href=href),
            Cell(self.c.words.share(share_of(place.now.kept_amount, whole.now.kept_amount))),
            *change,
            *(Cell(self.measure(place, measure)) for measure in ("tickets_count", "basket_amount", *RATIOS[:-1])),
            self.margin(place),
        ]

    def ranked(
        self,
        kind: str,
        title: str,
        first: Column,
        places: Sequence[Place],
        whole: Place,
        *,
        name: Callable[[Place], Cell],
        where: Callable[[Place], Sequence[Condition] | None],
    ) -> list[Block]:
        """Bars of places in the order given, with a year before as a mark, and the sheet of their figures below.

        Args:
            kind: stores, regions or channels, for captions.
            title: what the bars show.
            first: the column of names.
            places: the places.
            whole: all of them.
            name: the name of a place, with where it leads.
            where: conditions that pick the rows of a place; None: they cannot be picked.
        """
        told = {"period": self.told(self.span.now), "currency": self.c.currency, "scope": self.scope}
        named = [(name(place), place, where(place)) for place in places]
        total = [(Cell(self.text("total")), whole, ())] if len(places) > 1 else []
        table = Grid(
            self.text(f"caption_{kind}", **told),
            [first, *self.against_columns()],
            [[cell, *self.against_cells(place, picked)] for cell, place, picked in [*named, *total]],
            totals=len(total), note=self.against(), table=TABLE, where=self.picked_values(), limits=self.limits,
        )  # fmt: skip
        sheet = Grid(
            self.text(f"caption_sheet_{kind}", **told),
            self.columns(first),
            [self.line(cell, place, whole, picked) for cell, place, picked in [*named, *total]],
            totals=len(total), note=self.against(), table=TABLE, where=self.picked_values(), limits=self.limits,
        )  # fmt: skip
        drawn = [
            charts.Bar(
                cell.text,
                place.now.kept_amount,
                self.c.short(place.now.kept_amount),
                None if place.before is None else place.before.kept_amount,
            )
            for cell, place, _ in named[:MOST_BARS]
        ]
        subtitle = self.text("subtitle_before" if self.span.has_before else "subtitle", **told)
        note = self.c.text("ranked.more", shown=MOST_BARS, count=len(places)) if len(places) > MOST_BARS else ""
        chart = self.c.chart(
            lambda width: charts.bars(drawn, width),
            table,
            f"sales-by-{kind}",
            title=title,
            subtitle=subtitle,
            note=note,
        )
        return [chart, sheet]

    def against_columns(self) -> list[Column]:
        """The columns of `against_cells`."""
        names = ("kept_amount", "before", "difference", "change") if self.span.has_before else ("kept_amount",)
        return [self.column(name) for name in names]

    def against_cells(self, place: Place, where: Sequence[Condition] | None) -> list[Cell]:
        """Net sales now, and a year before, the difference and the change; `where` picks the rows (`line`)."""
        now, before = (
            "" if where is None else self.rows_url(period, *where) for period in (self.span.now, self.span.before)
        )
        shown = [Cell(self.measure(place, "kept_amount"), href=now)]
        if place.before is None:
            return shown
        return [
            *shown,
            Cell(self.measure(place, "kept_amount", before=True), href=before),
            Cell(self.c.money(place.now.kept_amount - place.before.kept_amount)),
            Cell(self.change_short(place.compare("kept_amount"))),
        ]

    def picked_values(self) -> tuple[tuple[str, str], ...]:
        """The filters as columns and values of the published table."""
        return tuple((one.column, str(one.values[0])) for one in self.conditions() if one.relation == IS)

    @property
    def limits(self) -> tuple[tuple[str, str, str], ...]:
        """The first and the last day of the period in the published table."""
        return (("sold_on", str(self.span.now.first_on), str(self.span.now.last_on)),)

    def channels(self, whole: Place) -> Section | None:
        """Sales by sales channel, where there are several."""
        places = store_figures.by_sales_channel(self.days(), self.span)
        if len(places) < 2:
            return None
        first = places[0]
        share = share_of(first.now.kept_amount, whole.now.kept_amount)
        blocks = self.ranked(
            "channels", self.text("channel_finding", name=self.c.written(first.code), share=share),
            self.c.column("sales_channel"), places, whole,
            name=lambda place: Cell(self.c.written(place.code)),
            where=lambda place: (Condition("sales_channel", (place.code,)),),
        )  # fmt: skip
        return Section("channels", self.text("by_channel"), blocks, self.c.sales_labels)

    def months(self) -> Section:
        """Sales by month, newest first in the table, oldest first in the chart; each month opens as a period."""
        assert self.span.data is not None
        found = store_figures.months(self.days(), self.calendar, self.span.data)
        shown = list(reversed(found))
        strong = frozenset(
            at for at, one in enumerate(shown)
            if self.span.now.first_on <= one.period.first_on and one.period.last_on <= self.span.now.last_on
        )  # fmt: skip
        store = self.view.picked("store")
        whose = self.c.store(store) if store else self.scope[:1].upper() + self.scope[1:]
        panel = charts.Panel(whose, [one.now.kept_amount for one in shown])
        labels = [self.c.words.month(one.period.first_on + timedelta(days=14), short=True) for one in shown]
        grid = Grid(
            self.text("caption_months", currency=self.c.currency, scope=self.scope),
            [Column(self.text("column.month"))]
            + [self.column(name) for name in ("kept_amount", "change", "tickets_count", "basket_amount", *RATIOS)],
            [self._month(one) for one in found],
            table=TABLE,
            where=self.picked_values(),
            limits=(("sold_on", str(found[-1].period.first_on), str(found[0].period.last_on)),),
        )
        best = max(found, key=lambda one: one.now.kept_amount)
        chart = self.c.chart(
            lambda width: charts.month_panels([panel], labels, strong=strong, amount=self.c.short, width=width),
            grid,
            "store-months",
            title=self.text("months_finding", month=self.month(best.period), amount=self.c.short(best.now.kept_amount)),
            subtitle=self.text("months_subtitle", currency=self.c.currency, scope=self.scope),
        )
        return Section("store-months", self.text("months_title"), [chart], self.c.sales_labels)

    def _month(self, one: Month) -> list[Cell]:
        place = Place(None, one.now, one.before)
        days = self.told(one.period) if one.is_part or self.is_fiscal else ""
        address = self.view.url("stores", **{PERIOD: as_text(one.period)})
        return [
            Cell(self.month(one.period), days, href=address),
            Cell(self.measure(place, "kept_amount"), href=self.rows_url(one.period)),
            Cell(self.change_short(place.compare("kept_amount"))),
            *(Cell(self.measure(place, measure)) for measure in ("tickets_count", "basket_amount", *RATIOS[:-1])),
            self.margin(place),
        ]
