"""Why one customer is where they are: figures and codes from the tables of a run. Words are the report's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from habitue.cycle import members
from habitue.errors import UsageError, message
from habitue.periods import Period, period_end
from habitue.purchases.sale_types import SHARED_CARD
from habitue.segments.rule_sets import ANY, SCORES, Rule
from habitue.segments.schemes import Scheme, segment_column
from habitue.segments.segmentation import Bought, SegmentSettings, moment_at, people
from habitue.segments.states import states
from habitue.segments.strategic import STRATEGIC, Calibration
from habitue.value.methods import CANDIDATES, LAST_PERIOD, MARGIN, OWN_RATE, PROCESSES
from habitue.workspace.catalogue import Run
from habitue.workspace.engine import engine
from habitue.workspace.explained import Buyer, Check, Explanation, Forecast, Placed, Row, Score, State
from habitue.workspace.movements import scheme_of
from habitue.workspace.people import People
from habitue.workspace.runs import Workspace

LISTS = ("critical_customers", "rising", "fading")
"""Tables that name customers, each with the reason in its columns. A further list is told once it stands here and
`report.console_customer` has its words."""

NOT_OF_ONE = frozenset({"value.no_spend", "value.no_learners", "value.at_bound"})
"""Notes on a population's forecast that say nothing of a single customer."""


def explain(workspace: Workspace, asked: str, run_id: str | None) -> Explanation:
    """One customer of a run (default: the last).

    Args:
        workspace: the project.
        asked: the number as its system writes it, SYSTEM:NUMBER, or the opaque id.
        run_id: run id or its start.

    Raises:
        UsageError: nothing was asked, no such run or customer, or several customers of that number.
    """
    if not asked.strip():
        raise UsageError(message("explain.empty"))
    run = workspace.find_run(run_id)
    scheme = scheme_of(run)
    settings = SegmentSettings.from_plain(run.manifest["segmentation"]["settings"])
    with engine(workspace.settings.engine) as backend:
        tables = _Tables(backend, workspace.run_folder(run))
        customer_id, ids = _found(workspace.folder, tables, run, asked.strip())
        return _Reader(tables, run, scheme, settings, customer_id, ids).explanation(asked.strip())


class _Tables:
    """Tables of a run as expressions, and rows of them."""

    def __init__(self, backend: Any, folder: Path) -> None:
        self._backend, self._folder = backend, folder
        self._read: dict[str, Any] = {}

    def __call__(self, name: str) -> Any:
        path = self._folder / f"{name}.parquet"
        if name not in self._read:
            self._read[name] = self._backend.read_parquet(str(path)) if path.exists() else None
        return self._read[name]

    def rows(self, name: str, **equal: Any) -> list[dict[str, Any]]:
        """Rows with these values (a list: one of them), in any order; none where the run has no such table."""
        table = self(name)
        if table is None:
            return []
        for column, value in equal.items():
            table = table.filter(table[column].isin(value) if isinstance(value, list) else table[column] == value)
        return table.to_pyarrow().to_pylist()

    def row(self, name: str, **equal: Any) -> dict[str, Any] | None:
        """The one row with these values."""
        return next(iter(self.rows(name, **equal)), None)


def _found(folder: Path, tables: _Tables, run: Run, asked: str) -> tuple[str, list[str]]:
    """The opaque id of the customer meant, and of all their numbers."""
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
    theirs = tables.rows("customer_ids", customer_id=people[0])
    return people[0], sorted(row["source_customer_id"] for row in theirs)


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
        main = self.tables.row("customers", **theirs)
        assert main is not None, "everybody with a number is a customer"
        net = dict.fromkeys([main["population"]], 0)
        for day in days:
            net[day["population"]] = net.get(day["population"], 0) + day["net_amount"]
        others = sorted((name for name in net if name != main["population"]), key=lambda name: (-net[name], name))
        assigned: dict[str, dict[str, str]] = {}
        for row in self.tables.rows("assignments", **theirs):
            assigned.setdefault(row["population"], {})[row["segmentation"]] = row["segment"]
        history = self._history() if assigned else {}
        return Explanation(
            asked=asked,
            customer_id=self.customer_id,
            run=self.run,
            window=self._window,
            window_months=self.settings.rfm.window_months,
            shared_card=self.tables.row("shared_cards", source_customer_id=self.ids),
            buyers=tuple(
                self._buyer(name, [day for day in days if day["population"] == name], assigned.get(name, {}),
                            history.get(name, ()))
                for name in (main["population"], *others)
            ),
        )  # fmt: skip

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

    def _history(self) -> dict[str, tuple[State, ...]]:
        """The strategic segment at the dates the run compares, by population, newest first."""
        as_of = self.run.as_of
        dates = {row["from_on"] for row in self.tables.rows("transitions", segmentation=STRATEGIC)}
        if not dates:
            return {}
        moments = [
            moment_at(on, as_of, self.settings, number)
            for number, on in enumerate((as_of, *sorted(dates, reverse=True)))
        ]
        days, changes, everybody = (
            table.filter(table.customer_id == self.customer_id)
            for table in (self.tables(name) for name in ("customer_days", "day_changes", "customers"))
        )
        ids, rows = self.tables("customer_ids"), self.tables("source_customers")
        ids = ids.filter(ids.customer_id == self.customer_id)
        rows = None if rows is None else rows.filter(rows.source_customer_id.isin(self.ids))
        known = states(
            days, changes, moments, frequency_weights=self.settings.rfm.frequency_weights,
            monetary_weights=self.settings.rfm.monetary_weights,
        )  # fmt: skip
        bought = Bought(days=days, changes=changes, members=members(everybody, ids, rows))
        assigned = self.scheme.assign(people(known, bought, moments, self.settings, as_of), moments)
        return {
            row["population"]: tuple(
                State(
                    moment.on,
                    row[segment_column(STRATEGIC, number)] if row[f"known_{number}"] else None,
                    row[f"visits_{number}"],
                    (moment.on - row[f"last_{number}"]).days if row[f"last_{number}"] else None,
                    row[f"weighted_money_{number}"],
                )
                for number, moment in enumerate(moments)
                if number
            )
            for row in assigned.to_pyarrow().to_pylist()
        }

    def _forecast(self, key: Row, days: Sequence[Row]) -> Forecast | None:
        expected = self.tables.row("expected_revenue", **key)
        model = self.tables.row("forecast_models", population=key["population"])
        if expected is None or model is None:
            return None
        lists = {name: self.tables.row(name, **key) for name in LISTS}
        tests = self.tables.rows("watchlist_tests", population=key["population"])
        named = self.tables("critical_customers")
        least = named.filter(named.population == key["population"]).expected_amount.min().to_pyarrow().as_py()
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
            critical_amount=least,
        )

    def _naive_amounts(self, model: Row, expected: Row, days: Sequence[Row], worth: str) -> dict[str, float]:
        """What the lines say that need this customer's days only; `worth` is the column of what is forecast."""
        from habitue.value.snapshots import WEEK

        as_of, ahead = self.run.as_of, model["horizon_days"]
        everybody = self.tables("customer_days")
        known = everybody.filter(
            everybody.is_visit & ~everybody.population.isin([*self.settings.left_out, SHARED_CARD])
        )
        first = known.sold_on.min().to_pyarrow().as_py()
        window = min(ahead, (as_of - first).days + 1)
        recent = sum(day[worth] or 0 for day in days if day["sold_on"] > as_of - timedelta(days=window))
        observed = max((as_of - expected["first_visit_on"]).days, WEEK)
        return {
            LAST_PERIOD: recent * ahead / window,
            OWN_RATE: sum(day[worth] or 0 for day in days) * ahead / observed,
        }


def _matches(rule: Rule, rfm: Row) -> bool:
    """Whether scores lie in a rule; one that is missing lies in no range but any."""
    scores = {name: rfm[f"{name}_score"] for name in SCORES}
    ranges = {name: getattr(rule, name) for name in SCORES}
    return all(
        ends == ANY or (scores[name] is not None and ends[0] <= scores[name] <= ends[1])
        for name, ends in ranges.items()
    )


def strategic_checks(visits: int, recency_days: int, value: int, limits: Calibration) -> tuple[Check, ...]:
    """The questions of `segments.strategic` that lead to a customer's segment, in order; the last one decides.

    Args:
        visits: of all time, at least one.
        recency_days: days since the last one.
        value: weighted value of the window, minor units.
        limits: thresholds of the population.
    """
    found = [Check("lost", recency_days, limits.lost_days, recency_days > limits.lost_days)]
    if found[-1].holds:
        return tuple(found)
    found.append(Check("repeat", visits, 2, visits >= 2))
    if not found[-1].holds:
        return (*found, Check("new", recency_days, limits.new_days, recency_days <= limits.new_days))
    found.append(Check("in_cycle", recency_days, limits.cycle_days, recency_days <= limits.cycle_days))
    if found[-1].holds:
        core = limits.core_amount
        found.append(Check("core", value, core, core is not None and value >= core))
    return tuple(found)


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
