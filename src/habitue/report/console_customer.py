"""What `explain` prints: one customer, figure by figure, with the rules and the definitions behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from habitue.report.ahead import made_share
from habitue.report.console_segments import segment_name
from habitue.report.context import as_date
from habitue.report.exports import text_table
from habitue.report.locale import Words
from habitue.report.reasons import WATCHLISTS, how_often_right, reason
from habitue.segments.rule_sets import ANY, SCORES, Rule
from habitue.segments.strategic import STRATEGIC
from habitue.value.methods import CANDIDATES, PROCESSES, REVENUE

if TYPE_CHECKING:
    from habitue.workspace.explained import Buyer, Check, Explanation, Forecast, Score

Fact = tuple[str, str]


def explanation_lines(told: Explanation, words: Words) -> Iterator[str]:
    """Everything about one customer, population by population, and what the terms mean."""
    page = _Page(told, words)
    title = page.text("title", customer=told.asked, as_of=told.run.as_of)
    yield from (title, "=" * len(title))
    if told.run.manifest["simulated"]:
        yield words.text("console.simulated")
    run = (page.text("label.run"), told.run.run_id)
    yield from _facts(
        [run] if told.asked == told.customer_id else [(page.text("label.customer_id"), told.customer_id), run]
    )
    yield from page.shared_card()
    for buyer in told.buyers:
        yield from page.buyer(buyer)
    yield from page.definitions()


class _Page:
    """The parts of an explanation in the reader's language."""

    def __init__(self, told: Explanation, words: Words) -> None:
        self._told, self._words = told, words
        self._currency = told.run.manifest["currency"]

    def text(self, code: str, /, **params: Any) -> str:
        """A sentence of this page."""
        return self._words.text(f"explain.{code}", **params)

    def _money(self, amount: float | None) -> str:
        return self._words.money(None if amount is None else round(amount), self._currency)

    def _population(self, code: str) -> str:
        return self._words.term("population", code, default=code)

    def _section(self, heading: str, /, **params: Any) -> Iterator[str]:
        title = _capital(self.text(f"heading.{heading}", **params))
        yield from ("", title, "-" * len(title))

    def _table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> Iterator[str]:
        headers = [self.text(f"head.{name}") if name else "" for name in heads]
        yield from text_table(headers, [list(row) for row in rows], list(right))

    def shared_card(self) -> Iterator[str]:
        """That many people seem to use the number; nothing of one that is busy, but never in a day."""
        card = self._told.shared_card
        if card is None or not (card["is_set_apart"] or card["busy_days_count"]):
            return
        yield self.text(
            "shared_card" if card["is_set_apart"] else "worth_a_look",
            tickets=card["tickets_count"],
            count=card["most_tickets_a_day"],
            **({"reason": card["reason"], "busy": card["busy_days_count"]} if card["is_set_apart"] else {}),
        )

    def buyer(self, buyer: Buyer) -> Iterator[str]:
        """The customer as a buyer of one population."""
        yield from self._section("purchases", population=self._population(buyer.population))
        yield from self._purchases(buyer)
        if buyer.checks:
            yield from self._strategic(buyer)
            yield from self._scores(buyer)
            yield from self._placed(buyer)
        if buyer.history:
            yield from self._history(buyer)
        if buyer.forecast:
            yield from self._forecast(buyer, buyer.forecast)
            yield from self._notes(buyer)
            yield from self._lists(buyer.forecast)
        elif buyer.checks:
            yield from ("", self.text("no_forecast"))
            yield from self._notes(buyer)

    def _notes(self, buyer: Buyer) -> Iterator[str]:
        for note in buyer.notes:
            params = {name: as_date(value) for name, value in note["params"].items()}
            yield f"{self._words.text('cli.warning')} {self._words.text(note['code'], **params)}"

    def _purchases(self, buyer: Buyer) -> Iterator[str]:
        as_of, window = self._told.run.as_of, self._told.window
        if buyer.visits_count:
            ends = {"first": buyer.first_on, "last": buyer.last_on, "count": buyer.visits_count}
            once = buyer.visits_count == 1
            yield from _facts(
                [
                    (
                        self.text("label.visits"),
                        self.text("one_visit", last=buyer.last_on) if once else self.text("visits_between", **ends),
                    ),
                    (self.text("label.net"), self._money(buyer.net_amount)),
                    (
                        self.text("label.window", first=window.first_on, last=window.last_on),
                        self.text("in_window", count=buyer.window_visits, amount=self._money(buyer.window_amount)),
                    ),
                ]
            )
        elif buyer.without_visit:
            row = buyer.without_visit
            yield self.text(
                "without_visit", as_of=as_of, first=row["first_on"], last=row["last_on"],
                count=row["counted_lines_count"],
            )  # fmt: skip
        else:
            yield self.text("never", as_of=as_of)
        if buyer.is_left_out and not self._is_set_apart:
            yield _capital(self.text("left_out", population=self._population(buyer.population)))
        elif buyer.segments and not buyer.checks:
            yield self.text("not_yet")

    @property
    def _is_set_apart(self) -> bool:
        return bool(self._told.shared_card and self._told.shared_card["is_set_apart"])

    def _strategic(self, buyer: Buyer) -> Iterator[str]:
        words, limits, segment = self._words, buyer.calibration, buyer.segments[STRATEGIC]
        assert limits is not None
        named = {
            "segmentation": words.term("segmentation", STRATEGIC),
            "segment": segment_name(words, STRATEGIC, segment),
        }
        yield from self._section("segment", **named)
        code = segment if limits.core_amount is not None or segment != "loyal" else "loyal_all"
        rule = words.text(
            f"report.rule.{code}",
            cycle=limits.cycle_days,
            new=limits.new_days,
            lost=limits.lost_days,
            amount=self._money(limits.core_amount),
            window=self._told.window_months,
        )
        from_what = self.text(
            "assumed" if limits.is_assumed else "measured", day=limits.calibrated_on, count=limits.repeaters_count
        )
        yield from _facts([(self.text("label.rule"), rule), (self.text("label.thresholds"), from_what)])
        yield ""
        yield from self._table(
            ("question", "customer", "limit", "answer"),
            [
                [
                    self.text(f"check.{check.code}"),
                    self._checked(check, check.received),
                    self._limit(check),
                    words.text("word.yes" if check.holds else "word.no"),
                ]
                for check in buyer.checks
            ],
            (False, True, True, False),
        )

    def _checked(self, check: Check, figure: int | None) -> str:
        if check.code == "core":
            return self._money(figure)
        return self.text("visits" if check.code == "repeat" else "days", count=figure)

    def _limit(self, check: Check) -> str:
        sign = {"lost": "L = ", "in_cycle": "c = ", "new": "N = ", "core": "v* = "}.get(check.code, "")
        return sign + self._checked(check, check.limit)

    def _scores(self, buyer: Buyer) -> Iterator[str]:
        yield from self._section("scores")
        has_beside = not all(score.is_used for score in buyer.scores)
        rows = [
            [
                self._dimension(score),
                self._scored(score, score.value, score.value),
                str(score.score),
                self._scored(score, score.low, score.high),
                self._words.term("method", score.method),
                *(["" if score.is_used else self._words.text("report.scores.beside")] if has_beside else []),
            ]
            for score in buyer.scores
        ]
        heads = ("", "customer", "score", "range", "method", *([""] if has_beside else []))
        yield from self._table(heads, rows, (False, True, True, True, *(False for _ in heads[4:])))

    def _dimension(self, score: Score) -> str:
        name = _capital(self._words.term("dimension", score.dimension))
        return self.text("weighted", name=name) if score.is_weighted else name

    def _scored(self, score: Score, low: float, high: float) -> str:
        if score.dimension == "monetary":
            return self._money(low) if low == high else f"{self._money(low)} – {self._money(high)}"
        low, high = (int(end) if float(end).is_integer() else end for end in (low, high))
        unit = "days" if score.dimension == "recency" else "visits"
        if low == high:
            return self._words.text(f"report.scores.{unit}_one", count=high)
        return self._words.text(f"report.scores.{unit}", low=low, count=high)

    def _placed(self, buyer: Buyer) -> Iterator[str]:
        yield from self._section("placed")
        rows = [
            [
                self._words.term("segmentation", one.segmentation, default=one.segmentation),
                segment_name(self._words, one.segmentation, one.segment),
                self._rule(one.rule),
            ]
            for one in buyer.placed
        ]
        yield from self._table(("segmentation", "segment", "rule"), rows, (False, False, False))

    def _rule(self, rule: Rule | None) -> str:
        if rule is None:
            return self.text("no_rule")
        ranges = {name[0].upper(): getattr(rule, name) for name in SCORES}
        told = [
            f"{letter} {low}" if low == high else f"{letter} {low}–{high}"
            for letter, (low, high) in ranges.items()
            if (low, high) != ANY
        ]
        return ", ".join(told) or self.text("any_scores")

    def _history(self, buyer: Buyer) -> Iterator[str]:
        yield from self._section("history")
        rows = []
        for state in buyer.history:
            if state.segment is None:
                rows.append([self._words.date(state.on), self.text("unknown_then"), "–", "–", "–"])
                continue
            recency = state.recency_days
            rows.append(
                [
                    self._words.date(state.on),
                    segment_name(self._words, STRATEGIC, state.segment),
                    self._words.number(state.visits_count),
                    "–" if recency is None else self._words.text("report.scores.days_one", count=recency),
                    self._money(state.value),
                ]
            )
        yield from self._table(
            ("day", "segment", "visits", "last_visit", "value"), rows, (False, False, True, True, True)
        )

    def _forecast(self, buyer: Buyer, forecast: Forecast) -> Iterator[str]:
        words, model, expected = self._words, forecast.model, forecast.expected
        yield from self._section("forecast", first=model["from_on"], last=model["to_on"])
        facts = [(self.text(f"expected.{model.get('measure', REVENUE)}"), self._money(expected["expected_amount"]))]
        facts += [
            (self.text("label.interval", level=level), self._between(expected, level))
            for level in (80, 95)
            if expected[f"low_{level}_amount"] is not None
        ]
        if model.get("discount_rate"):
            today = self.text(
                "value.present", amount=self._money(expected["present_amount"]), rate=model["discount_rate"]
            )
            facts.append((self.text("label.present"), today))
        naive = words.term("model", model["naive_model"])
        if forecast.naive_amount is not None:
            naive = self.text("value.naive", model=naive, amount=self._money(forecast.naive_amount))
        reason = words.term("forecast_reason", model["reason"])
        facts += [
            (self.text("label.forecast"), f"{words.term('model', model['model'])} ({reason})"),
            (self.text("label.made"), " ".join(self._made(forecast))),
            (self.text("label.naive"), naive),
            (self.text("label.repeat_visits"), words.number(forecast.repeat_visits)),
            (self.text("label.repeat_days"), self.text("days", count=forecast.repeat_days)),
            (self.text("label.observed_days"), self.text("days", count=forecast.observed_days)),
        ]
        if expected["active_probability"] is not None:
            active = self.text(
                "value.active",
                share=words.share(expected["active_probability"]),
                model=words.term("model", model["activity_model"]),
            )
            facts.append((self.text("label.active"), active))
        facts.append((self.text("label.product"), self._product(forecast)))
        yield from _facts(facts)
        if forecast.is_fitted and forecast.brought_amount <= 0:
            yield self.text(f"no_spend.{model.get('measure', REVENUE)}")

    def _between(self, expected: Any, level: int) -> str:
        low, high = (self._money(expected[f"{end}_{level}_amount"]) for end in ("low", "high"))
        return self._words.text("report.value.between", low=low, high=high)

    def _product(self, forecast: Forecast) -> str:
        visits, spend = forecast.expected["expected_visits"], forecast.expected["expected_spend_amount"]
        amount = next((forecast.parts[name] for name in forecast.parts if name in PROCESSES), visits * spend)
        if not forecast.is_fitted:
            amount = forecast.expected["expected_amount"]
        return self.text(
            "value.product",
            visits=self._words.number(visits, decimals=2),
            spend=self._money(spend),
            amount=self._money(amount),
        )

    def _made(self, forecast: Forecast) -> Iterator[str]:
        """What the amount is made of, in words."""
        components = CANDIDATES.get(forecast.model["model"], ())
        if len(components) == 1:
            name = components[0]
            yield self.text(f"made.{'process' if name in PROCESSES else name}")
            if not forecast.is_fitted:
                yield self.text("made.own_product")
            elif name not in PROCESSES:
                yield self.text("made.not_product")
            return
        parts = [
            self.text("made.part", name=self._words.term("model", name), amount=self._money(forecast.parts[name]))
            if forecast.parts
            else self._words.term("model", name)
            for name in components
        ]
        code = "made.mean" if forecast.parts else "made.mean_plain"
        yield self.text(code, count=len(parts), parts=self._words.listing(parts))
        yield self.text("made.part_product")

    def _lists(self, forecast: Forecast) -> Iterator[str]:
        """The lists that name the customer, or why they do not."""
        whole, row = forecast.critical_set, forecast.lists["critical_customers"]
        if whole is None:
            return
        yield from self._section("critical")
        size = {"count": whole["customers_count"], "wanted": made_share(whole)}
        if row is not None:
            yield self.text("critical.named", place=row["place"], share=row["cumulative_share"], **size)
        elif forecast.critical_amount is not None:
            yield self.text("critical.not_named", amount=self._money(forecast.critical_amount), **size)
        else:
            yield self.text("critical.nobody")
        for name in WATCHLISTS:
            if watched := forecast.lists[name]:
                yield from self._section(name)
                yield reason(name, watched, self._words, self._currency)
                yield how_often_right(name, forecast.list_tests[name], self._words)

    def definitions(self) -> Iterator[str]:
        """A sentence for each term that was used."""
        buyers = self._told.buyers
        codes = []
        if any(buyer.visits_count for buyer in buyers):
            codes += ["definition.visit", "definition.net_sales"]
        asked = {check.code for buyer in buyers for check in buyer.checks}
        if asked:
            thresholds = {"new": "new_days", "lost": "lost_days", "core": "core_amount"}
            names = ["purchase_cycle", *(name for code, name in thresholds.items() if code in asked)]
            codes += [f"definition.{name}" for name in (*names, "window", "monetary", "score")]
        forecasts = [buyer.forecast for buyer in buyers if buyer.forecast]
        if forecasts:
            names = ["repeat_visits", "repeat_days", "observed_days"]
            if any(one.is_fitted for one in forecasts):
                names += ["expected_visits", "expected_spend"]
            if any(one.expected["active_probability"] is not None for one in forecasts):
                names.append("active")
            if any(one.expected["low_95_amount"] is not None for one in forecasts):
                names.append("interval")
            codes += [f"explain.definition.{name}" for name in (*names, "naive", "critical")]
        if not codes:
            return
        yield from self._section("definitions")
        for code in codes:
            yield self._words.text("explain.defined", term=self._words.text(f"{code}.term"),
                                   meaning=self._words.text(f"{code}.meaning"))  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(facts: Sequence[Fact]) -> Iterator[str]:
    """Names and values under one another, the values aligned."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        yield f"{name.ljust(width)}  {value}"
