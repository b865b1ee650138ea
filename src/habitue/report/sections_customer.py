"""One customer: purchases, segments with the rules behind them, scores, history; as `explain` and the pages show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from habitue.report import sections_customer_ahead
from habitue.report.context import Context
from habitue.report.layout import Block, Cell, Column, Definitions, Facts, Grid, Prose, Section, cells
from habitue.segments.rule_sets import ANY, SCORES, Rule
from habitue.segments.strategic import STRATEGIC

if TYPE_CHECKING:
    from habitue.workspace.explained import Buyer, Check, Explanation, Score


def shared_card(told: Explanation, c: Context) -> str | None:
    """That many people seem to use the number; None for one that is busy, but never in a day."""
    card = told.shared_card
    if card is None or not (card["is_set_apart"] or card["busy_days_count"]):
        return None
    return c.words.text(
        "explain.shared_card" if card["is_set_apart"] else "explain.worth_a_look",
        tickets=card["tickets_count"],
        count=card["most_tickets_a_day"],
        **({"reason": card["reason"], "busy": card["busy_days_count"]} if card["is_set_apart"] else {}),
    )


def numbers(told: Explanation, c: Context) -> str | None:
    """How many customer numbers of which systems are this person, and what joined them; None where it is one number."""
    count = sum(told.systems.values())
    if count < 2:
        return None
    systems = c.words.listing(f"{system} {c.words.number(of)}" for system, of in told.systems.items())
    said = c.words.text("explain.numbers", count=count, systems=systems)
    if told.joined_by:
        rules = c.words.listing(_joined_by(c, code, pairs) for code, pairs in told.joined_by.items())
        said += " " + c.words.text("explain.joined_by", rules=rules)
    return said


def _joined_by(c: Context, code: str, pairs: int) -> str:
    kind = "identity_rule" if c.words.knows(f"term.identity_rule.{code}") else "identity_reason"
    name = c.words.term(kind, code)
    return c.words.text("explain.joined_times", rule=name, count=pairs) if pairs > 1 else name


def buyer_sections(told: Explanation, buyer: Buyer, c: Context) -> list[Section]:
    """The customer as a buyer of one population; anchors of all but the first end in its number."""
    number = told.buyers.index(buyer)
    page = _Page(told, buyer, c)
    found = [*page.sections(), *sections_customer_ahead.sections(buyer, c)]
    end = f"-{number + 1}" if number else ""
    return [Section(one.anchor + end, one.title, one.blocks, one.labels) for one in found]


def definitions(told: Explanation, c: Context) -> Section | None:
    """An entry for each term that was used; None where none was."""
    codes = []
    if any(buyer.visits_count for buyer in told.buyers):
        codes += ["definition.visit", "definition.net_sales"]
    asked = {check.code for buyer in told.buyers for check in buyer.checks}
    if asked:
        thresholds = {"new": "new_days", "lost": "lost_days", "core": "core_amount"}
        names = ["purchase_cycle", *(name for code, name in thresholds.items() if code in asked)]
        codes += [f"definition.{name}" for name in (*names, "window", "monetary", "score")]
    codes += sections_customer_ahead.defined(told)
    if not codes:
        return None
    return Section("definitions", c.words.text("explain.heading.definitions"), [Definitions(c.defined(codes))])


class _Page:
    """The parts of an explanation in the reader's language."""

    def __init__(self, told: Explanation, buyer: Buyer, c: Context) -> None:
        self._told, self._buyer, self._c = told, buyer, c

    def _text(self, code: str, /, **params: Any) -> str:
        return self._c.words.text(f"explain.{code}", **params)

    def _heading(self, code: str, /, **params: Any) -> str:
        return _capital(self._text(f"heading.{code}", **params))

    def sections(self) -> Iterator[Section]:
        """All but what is expected."""
        population = self._c.population(self._buyer.population)
        yield Section("purchases", self._heading("purchases", population=population), [*self._purchases(population)])
        if self._buyer.checks:
            yield self._strategic()
            yield Section("scores", self._heading("scores"), [self._scores()])
            yield Section("placed", self._heading("placed"), [self._placed()])
        if self._buyer.history:
            yield Section("history", self._heading("history"), [self._history()])

    def _purchases(self, population: str) -> Iterator[Block]:
        buyer, c, window = self._buyer, self._c, self._told.window
        if buyer.visits_count:
            visits = (
                self._text("one_visit", last=buyer.last_on)
                if buyer.visits_count == 1
                else self._text("visits_between", first=buyer.first_on, last=buyer.last_on, count=buyer.visits_count)
            )
            yield Facts(
                [
                    (self._text("label.visits"), visits),
                    (self._text("label.net"), c.money(buyer.net_amount)),
                    (
                        self._text("label.window", first=window.first_on, last=window.last_on),
                        self._text("in_window", count=buyer.window_visits, amount=c.money(buyer.window_amount)),
                    ),
                ]
            )
        elif buyer.without_visit:
            row = buyer.without_visit
            ends = {"first": row["first_on"], "last": row["last_on"], "count": row["counted_lines_count"]}
            yield Prose(self._text("without_visit", as_of=self._told.run.as_of, **ends))
        else:
            yield Prose(self._text("never", as_of=self._told.run.as_of))
        is_set_apart = self._told.shared_card and self._told.shared_card["is_set_apart"]
        if buyer.is_left_out and not is_set_apart:
            yield Prose(_capital(self._text("left_out", population=population)))
        elif buyer.segments and not buyer.checks:
            yield Prose(self._text("not_yet"))
        if self._told.objected_on:
            yield Prose(self._text("objected", day=self._told.objected_on))

    def _strategic(self) -> Section:
        words, limits, segment = self._c.words, self._buyer.calibration, self._buyer.segments[STRATEGIC]
        assert limits is not None
        title = self._heading(
            "segment", segmentation=words.term("segmentation", STRATEGIC), segment=self._c.segment(STRATEGIC, segment)
        )
        code = segment if limits.core_amount is not None or segment != "loyal" else "loyal_all"
        rule = words.text(
            f"report.rule.{code}",
            cycle=limits.cycle_days,
            new=limits.new_days,
            lost=limits.lost_days,
            amount=self._c.money(limits.core_amount),
            window=self._told.window_months,
        )
        from_what = self._text(
            "assumed" if limits.is_assumed else "measured", day=limits.calibrated_on, count=limits.repeaters_count
        )
        facts = Facts([(self._text("label.rule"), rule), (self._text("label.thresholds"), from_what)])
        rows = [
            cells(
                self._text(f"check.{check.code}"),
                self._checked(check, check.received),
                self._limit(check),
                words.text("word.yes" if check.holds else "word.no"),
            )
            for check in self._buyer.checks
        ]
        columns = self._columns("question", "customer:", "limit:", "answer")
        return Section("segment", title, [facts, Grid(self._text("caption.checks"), columns, rows)])

    def _columns(self, *heads: str) -> list[Column]:
        """Columns by their heads; a colon marks numbers."""
        return [
            Column(self._text(f"head.{name.rstrip(':')}") if name.rstrip(":") else "", name.endswith(":"))
            for name in heads
        ]

    def _checked(self, check: Check, figure: int | None) -> str:
        if check.code == "core":
            return self._c.money(figure)
        return self._text("visits" if check.code == "repeat" else "days", count=figure)

    def _limit(self, check: Check) -> str:
        sign = {"lost": "L = ", "in_cycle": "c = ", "new": "N = ", "core": "v* = "}.get(check.code, "")
        return sign + self._checked(check, check.limit)

    def _scores(self) -> Grid:
        scores, words = self._buyer.scores, self._c.words
        has_beside = not all(score.is_used for score in scores)
        rows = [
            cells(
                self._dimension(score),
                self._scored(score, score.value, score.value),
                str(score.score),
                self._scored(score, score.low, score.high),
                words.term("method", score.method),
                *(["" if score.is_used else words.text("report.scores.beside")] if has_beside else []),
            )
            for score in scores
        ]
        columns = self._columns("", "customer:", "score:", "range:", "method", *([""] if has_beside else []))
        return Grid(self._text("caption.scores"), columns, rows)

    def _dimension(self, score: Score) -> str:
        name = _capital(self._c.words.term("dimension", score.dimension))
        return self._text("weighted", name=name) if score.is_weighted else name

    def _scored(self, score: Score, low: float, high: float) -> str:
        if score.dimension == "monetary":
            ends = [self._c.money(round(end)) for end in (low, high)]
            return ends[0] if low == high else " – ".join(ends)
        low, high = (int(end) if float(end).is_integer() else end for end in (low, high))
        unit = "days" if score.dimension == "recency" else "visits"
        if low == high:
            return self._c.words.text(f"report.scores.{unit}_one", count=high)
        return self._c.words.text(f"report.scores.{unit}", low=low, count=high)

    def _placed(self) -> Grid:
        rows = [
            cells(self._c.segmentation(one.segmentation), self._c.segment(one.segmentation, one.segment),
                  self._rule(one.rule))
            for one in self._buyer.placed
        ]  # fmt: skip
        return Grid(self._text("caption.placed"), self._columns("segmentation", "segment", "rule"), rows)

    def _rule(self, rule: Rule | None) -> str:
        if rule is None:
            return self._text("no_rule")
        ranges = {name[0].upper(): getattr(rule, name) for name in SCORES}
        told = [
            f"{letter} {low}" if low == high else f"{letter} {low}–{high}"
            for letter, (low, high) in ranges.items()
            if (low, high) != ANY
        ]
        return ", ".join(told) or self._text("any_scores")

    def _history(self) -> Grid:
        words, rows = self._c.words, []
        for state in self._buyer.history:
            if state.segment is None:
                rows.append(cells(words.date(state.on), self._text("unknown_then"), "–", "–", "–"))
                continue
            recency = state.recency_days
            rows.append(
                [
                    Cell(words.date(state.on)),
                    Cell(self._c.segment(STRATEGIC, state.segment), segment=state.segment),
                    Cell(words.number(state.visits_count)),
                    Cell("–" if recency is None else words.text("report.scores.days_one", count=recency)),
                    Cell(self._c.money(state.value)),
                ]
            )
        columns = self._columns("day", "segment", "visits:", "last_visit:", "value:")
        return Grid(self._text("caption.history"), columns, rows)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
