"""Why one customer is where they are: figures and codes from the tables of a run. Words are the report's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from habitue.errors import UsageError, message
from habitue.periods import Period, period_end
from habitue.purchases.sale_types import SHARED_CARD
from habitue.segments.rule_sets import ANY, SCORES, Rule
from habitue.segments.schemes import Scheme
from habitue.segments.segmentation import SegmentSettings, moment_at
from habitue.segments.states import Moment
from habitue.segments.strategic import STRATEGIC
from habitue.value.methods import CANDIDATES, LAST_PERIOD, MARGIN, OWN_RATE, PROCESSES
from habitue.workspace.catalogue import Run
from habitue.workspace.explained import Buyer, Check, Explanation, Forecast, Placed, Row, Score, State
from habitue.workspace.movements import scheme_of
from habitue.workspace.people import People
from habitue.workspace.published import Published
from habitue.workspace.strategic_path import state_at, strategic_checks

LISTS = ("critical_customers", "rising", "fading")
"""Tables that name customers, each with the reason in its columns. A further list is told once it stands here and
`report.sections_customer_ahead` has its words."""

SHORT = frozenset({
    *LISTS, "rfm_cuts", "transitions", "shared_cards", "forecast_models", "critical_sets", "watchlist_tests",
})  # fmt: skip
"""Tables that are kept in memory between customers; the others are read for each."""

STATED = frozenset({"merged_at_source", "decided_same"})
"""Why numbers are joined that no rule had to find."""

NOT_OF_ONE = frozenset({"value.no_spend", "value.no_learners", "value.at_bound"})
"""Notes on a population's forecast that say nothing of a single customer."""


def explain(published: Published, run: Run, asked: str) -> Explanation:
    """One customer of a run.

    Args:
        published: the project's runs.
        run: the run.
        asked: the number as its system writes it, SYSTEM:NUMBER, or the opaque id.

    Raises:
        UsageError: nothing was asked, no such customer, or several customers of that number.
    """
    return told_of(published, run, find(published, run, asked), asked.strip())


def told_of(published: Published, run: Run, customer_id: str, asked: str = "") -> Explanation:
    """The customer with an opaque id; `asked` is how the reader named them, if not by the id.

    Raises:
        UsageError: no such customer.
    """
    tables = _Tables(published, run)
    scheme = scheme_of(run)
    settings = SegmentSettings.from_plain(run.manifest["segmentation"]["settings"])
    theirs = tables.rows("customer_ids", customer_id=customer_id)
    if not theirs:
        raise UsageError(message("explain.unknown", customer=customer_id, run_id=run.run_id))
    ids = sorted(row["source_customer_id"] for row in theirs)
    return _Reader(tables, run, scheme, settings, customer_id, ids).explanation(asked or customer_id)


def find(published: Published, run: Run, asked: str) -> str:
    """The opaque id of the one customer of a run that is asked for, in the ways of `explain`.

    Raises:
        UsageError: nothing was asked, no such customer, or several customers of that number.
    """
    asked = asked.strip()
    if not asked:
        raise UsageError(message("explain.empty"))
    folder, tables = published.workspace.folder, _Tables(published, run)
    numbers = People.with_number(folder, asked)
    number = asked
    if not numbers and ":" in asked:
        system, _, number = asked.partition(":")
        numbers = [found for found in People.with_number(folder, number) if found[0] == system]
    systems = {source_id: system for system, source_id in numbers}
    rows = tables.rows("customer_ids", source_customer_id=[*systems]) if systems else []
    if systems and not rows:
        raise UsageError(message("explain.not_in_run", customer=asked, run_id=run.run_id, as_of=run.as_of))
    if not rows:
        rows = tables.rows("customer_ids", customer_id=asked) or tables.rows("customer_ids", source_customer_id=asked)
    people = sorted({row["customer_id"] for row in rows})
    if not people:
        raise UsageError(message("explain.unknown", customer=asked, run_id=run.run_id))
    if len(people) > 1:
        choices = ", ".join(sorted(f"{systems[row['source_customer_id']]}:{number}" for row in rows))
        raise UsageError(message("explain.several", customer=asked, choices=choices))
    return people[0]


def _counted(values: Iterable[str]) -> dict[str, int]:
    """How often each value occurs, the most frequent first; of equal ones in their order."""
    return dict(sorted(Counter(values).items(), key=lambda one: (-one[1], one[0])))


class _Tables:
    """Rows of the tables of a run."""

    def __init__(self, published: Published, run: Run) -> None:
        self.published, self.run = published, run

    def rows(self, name: str, columns: Sequence[str] = (), **equal: Any) -> list[dict[str, Any]]:
        """Rows with these values (a list: one of them), in any order; none where the run has no such table.

        Of a table that is read for each customer some columns will do.
        """
        if not self.published.has(self.run, name):
            return []
        if name in SHORT:
            found = self.published.tables(self.run)[name]
            for column, value in equal.items():
                several = pa.array(value if isinstance(value, list) else [value])
                found = found.filter(pc.is_in(found[column], value_set=several))
            return found.to_pylist()
        tests, values = [], []
        for column, value in equal.items():
            several = value if isinstance(value, list) else [value]
            tests.append(f'"{column}" IN ({", ".join("?" * len(several))})')
            values += several
        shown = ", ".join(columns) or "*"
        sql = f"SELECT {shown} FROM {{{name}}} WHERE {' AND '.join(tests)}"
        return self.published.query(self.run, sql, values).to_pylist()

    def row(self, name: str, **equal: Any) -> dict[str, Any] | None:
        """The one row with these values."""
        return next(iter(self.rows(name, **equal)), None)

    def figures(self, sql: str, values: Sequence[Any]) -> dict[str, Any]:
        """The one row that answers a query about all customers, kept for the next of them."""
        return self.published.figures(self.run, sql, values)


@dataclass(frozen=True)
class _Reader:
    """Reads all that a run knows of one customer."""

    tables: _Tables
    run: Run
    scheme: Scheme
    settings: SegmentSettings
    customer_id: str
    ids: list[str]

    def explanation(self, asked: str) -> Explanation:
        """The whole of it."""
        theirs = {"customer_id": self.customer_id}
        days = self.tables.rows("customer_days", **theirs)
        (main,) = self.tables.rows("customers", ["population"], **theirs)  # everybody with a number is a customer
        net = dict.fromkeys([main["population"]], 0)
        for day in days:
            net[day["population"]] = net.get(day["population"], 0) + day["net_amount"]
        others = sorted((name for name in net if name != main["population"]), key=lambda name: (-net[name], name))
        assigned: dict[str, dict[str, str]] = {}
        for row in self.tables.rows("assignments", ["population", "segmentation", "segment"], **theirs):
            assigned.setdefault(row["population"], {})[row["segmentation"]] = row["segment"]
        moments = self._moments() if assigned else []
        enrolled = self.tables.rows("source_customers", ["enrolled_on"], source_customer_id=self.ids)
        enrolled_on = min((row["enrolled_on"] for row in enrolled if row["enrolled_on"] is not None), default=None)
        return Explanation(
            asked=asked,
            customer_id=self.customer_id,
            run=self.run,
            window=self._window,
            window_months=self.settings.rfm.window_months,
            enrolled_on=enrolled_on,
            shared_card=self.tables.row("shared_cards", source_customer_id=self.ids),
            objected_on=self._objected_on(is_profiled=bool(assigned)),
            systems=_counted(row["customer_system"] for row in self.tables.rows("customer_ids", **theirs)),
            joined_by=_counted(self._joined_by()),
            buyers=tuple(
                self._buyer(name, [day for day in days if day["population"] == name], assigned.get(name, {}),
                            self._history(name, days, moments, enrolled_on) if name in assigned else ())
                for name in (main["population"], *others)
            ),
        )  # fmt: skip

    def _objected_on(self, *, is_profiled: bool) -> date | None:
        """Day of the last objection: by command, whenever the run was made; or in a file that the run knows of."""
        days = [People.objected_on(self.tables.published.workspace.folder, self.ids)]
        if not is_profiled:
            said = {"event": "objection", "source_customer_id": self.ids}
            days += [row["happened_on"] for row in self.tables.rows("consent_events", ["happened_on"], **said)]
            held = {"decided_by": "objection", "customer_id": self.customer_id}
            days += [row["decided_on"] for row in self.tables.rows("consent_status", ["decided_on"], **held)]
        return max((day for day in days if day), default=None)

    def _joined_by(self) -> Iterator[str]:
        """What joined each pair of the numbers that was joined itself, not through others."""
        if len(self.ids) < 2:
            return
        within = {"source_customer_id": self.ids, "other_source_customer_id": self.ids, "is_together": True}
        for row in self.tables.rows("identity_pairs", ["rule", "reason"], **within):
            if row["reason"] != "through_others":
                yield row["reason"] if row["reason"] in STATED else row["rule"]

    @property
    def _window(self) -> Period:
        before = period_end(self.run.as_of, self.settings.rfm.window_months)
        return Period(before + timedelta(days=1), self.run.as_of)

    def _buyer(
        self, population: str, days: Sequence[Row], segments: Mapping[str, str], history: tuple[State, ...]
    ) -> Buyer:
        key = {"customer_id": self.customer_id, "population": population}
        visits = sorted(day["sold_on"] for day in days if day["is_visit"])
        rfm = self.tables.row("rfm", **key)
        calibration = self.scheme.calibrations.get(population)
        checks: tuple[Check, ...] = ()
        if rfm and calibration:
            checks = strategic_checks(rfm["visits_count"], rfm["recency_days"], rfm["weighted_monetary"], calibration)
        return Buyer(
            population=population,
            is_left_out=population in (*self.settings.left_out, SHARED_CARD),
            visits_count=len(visits),
            first_on=visits[0] if visits else None,
            last_on=visits[-1] if visits else None,
            net_amount=sum(day["net_amount"] for day in days),
            window_visits=sum(day >= self._window.first_on for day in visits),
            window_amount=sum(day["net_amount"] for day in days if day["sold_on"] >= self._window.first_on),
            without_visit=None if visits else self.tables.row("customers_without_visit", **key),
            segments=segments,
            checks=checks,
            calibration=calibration,
            scores=self._scores(rfm) if rfm else (),
            placed=self._placed(rfm, segments) if rfm else (),
            history=history,
            days=tuple(sorted(days, key=lambda day: day["sold_on"])),
            forecast=self._forecast(key, days),
            notes=tuple(
                note
                for note in self.run.manifest["warnings"]
                if note["code"].startswith("value.")
                and note["code"] not in NOT_OF_ONE
                and note["params"].get("population") == population
            ),
        )

    def _scores(self, rfm: Row) -> tuple[Score, ...]:
        """Used ones, then those shown beside."""
        cuts = {
            (row["dimension"], row["is_used"], row["score"]): row
            for row in self.tables.rows("rfm_cuts", population=rfm["population"])
        }
        weights = {"frequency": self.settings.rfm.frequency_weights, "monetary": self.settings.rfm.monetary_weights}
        units = {"recency": "days", "frequency": "visits", "monetary": "amount"}
        found = []
        for is_used in (True, False):
            for dimension in SCORES:
                score = rfm[f"{dimension}_score" if is_used else f"{dimension}_fixed_score"]
                cut = cuts.get((dimension, is_used, score))
                if cut is None:
                    continue
                # Fixed thresholds of frequency are on plain visits; recency is never weighted.
                is_plain = dimension == "frequency" and cut["method"] == "threshold"
                is_weighted = bool(weights.get(dimension)) and not is_plain
                value = rfm["recency_days" if dimension == "recency" else f"{'weighted_' * is_weighted}{dimension}"]
                low, high = (cut[f"{side}_{units[dimension]}"] for side in ("from", "to"))
                found.append(Score(dimension, cut["method"], value, score, low, high, is_used, is_weighted))
        return tuple(found)

    def _placed(self, rfm: Row, segments: Mapping[str, str]) -> tuple[Placed, ...]:
        return tuple(
            Placed(rules.name, segments[rules.name], next((rule for rule in rules.rules if _matches(rule, rfm)), None))
            for rules in self.scheme.rule_sets
            if rules.name in segments
        )

    def _moments(self) -> list[Moment]:
        """The earlier dates the run compares, newest first."""
        dates = {row["from_on"] for row in self.tables.rows("transitions", segmentation=STRATEGIC)}
        return [
            moment_at(on, self.run.as_of, self.settings, number)
            for number, on in enumerate(sorted(dates, reverse=True), 1)
        ]

    def _history(
        self, population: str, days: Sequence[Row], moments: Sequence[Moment], enrolled_on: date | None
    ) -> tuple[State, ...]:
        """The states at the earlier dates."""
        if not moments:
            return ()
        theirs = [day for day in days if day["population"] == population]
        changes = self.tables.rows("day_changes", customer_id=self.customer_id, population=population)
        return tuple(
            state_at(
                theirs,
                changes,
                moment,
                self.scheme.calibrations.get(population),
                weights=self.settings.rfm.monetary_weights,
                enrolled_on=enrolled_on,
            )
            for moment in moments
        )

    def _forecast(self, key: Row, days: Sequence[Row]) -> Forecast | None:
        expected = self.tables.row("expected_revenue", **key)
        model = self.tables.row("forecast_models", population=key["population"])
        if expected is None or model is None:
            return None
        lists = {name: self.tables.row(name, **key) for name in LISTS}
        tests = self.tables.rows("watchlist_tests", population=key["population"])
        least = "SELECT min(expected_amount) AS amount FROM {critical_customers} WHERE population = ?"
        worth = "margin_amount" if model.get("measure") == MARGIN else "net_amount"
        naive = self._naive_amounts(model, expected, days, worth)
        return Forecast(
            model=model,
            expected=expected,
            repeat_visits=expected["visits_count"] - 1,
            repeat_days=(expected["last_visit_on"] - expected["first_visit_on"]).days,
            observed_days=(self.run.as_of - expected["first_visit_on"]).days,
            parts=forecast_parts(model["model"], expected, naive),
            naive_amount=round(naive[model["naive_model"]]) if model["naive_model"] in naive else None,
            brought_amount=sum(day[worth] or 0 for day in days),
            lists=lists,
            list_tests={row["watchlist"]: row for row in tests},
            critical_set=self.tables.row("critical_sets", population=key["population"]),
            critical_amount=self.tables.figures(least, [key["population"]])["amount"],
        )

    def _naive_amounts(self, model: Row, expected: Row, days: Sequence[Row], worth: str) -> dict[str, float]:
        """What the lines say that need this customer's days only; `worth` is the column of what is forecast."""
        from habitue.value.snapshots import WEEK

        as_of, ahead = self.run.as_of, model["horizon_days"]
        window = self._known_days(ahead)
        recent = sum(day[worth] or 0 for day in days if day["sold_on"] > as_of - timedelta(days=window))
        observed = max((as_of - expected["first_visit_on"]).days, WEEK)
        return {
            LAST_PERIOD: recent * ahead / window,
            OWN_RATE: sum(day[worth] or 0 for day in days) * ahead / observed,
        }

    def _known_days(self, most: int) -> int:
        """Days from the first visit of anybody who is forecast up to the as-of date, `most` at most."""
        left_out = [*self.settings.left_out, SHARED_CARD]
        visits = f"FROM {{customer_days}} WHERE is_visit AND population NOT IN ({', '.join('?' * len(left_out))})"
        first = self.tables.figures(f"SELECT min(sold_on) AS day {visits}", left_out)["day"]
        return min((self.run.as_of - first).days + 1, most)


def _matches(rule: Rule, rfm: Row) -> bool:
    """Whether scores lie in a rule; one that is missing lies in no range but any."""
    scores = {name: rfm[f"{name}_score"] for name in SCORES}
    ranges = {name: getattr(rule, name) for name in SCORES}
    return all(
        ends == ANY or (scores[name] is not None and ends[0] <= scores[name] <= ends[1])
        for name, ends in ranges.items()
    )


def forecast_parts(name: str, expected: Row, naive: Mapping[str, float]) -> dict[str, int]:
    """Amounts by component whose mean a forecast is; empty where they do not make it up, or several are unknown.

    Args:
        name: the forecast.
        expected: row of EXPECTED_REVENUE.
        naive: what the naive lines say of the customer, by name.
    """
    components = CANDIDATES.get(name, ())
    product = expected["expected_visits"] * expected["expected_spend_amount"]
    found = {part: product if part in PROCESSES else naive.get(part) for part in components}
    unknown = [part for part, amount in found.items() if amount is None]
    rest = expected["expected_amount"] * len(components) - sum(amount or 0 for amount in found.values())
    if not unknown:
        # Spend is stored in whole minor units, so visits times spend is known to half a unit a visit only.
        if abs(rest) > expected["expected_visits"] / 2 + len(components):
            return {}
        unknown = [part for part in components if part in PROCESSES][:1]
    if len(unknown) > 1:
        return {}
    return {part: round((amount or 0) + (rest if part in unknown else 0)) for part, amount in found.items()}
