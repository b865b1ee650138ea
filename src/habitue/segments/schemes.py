"""A frozen way to put customers into segments, as it is fitted, kept with a run, and used again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.schemas import RFM
from habitue.segments import rfm
from habitue.segments.rule_sets import SCORES, Rule, RuleSet
from habitue.segments.states import Moment, days_between
from habitue.segments.strategic import NOT_YET, SEGMENTS, STRATEGIC, Calibration, strategic_segment


@dataclass(frozen=True)
class Scheme:
    """Thresholds of the strategic segments by population, scales of scores, and segmentations by rules."""

    calibrations: Mapping[str, Calibration]
    scales: rfm.Scales
    rule_sets: tuple[RuleSet, ...]

    @property
    def segments(self) -> dict[str, tuple[str, ...]]:
        """Segments of customers with a visit by segmentation, in order; the strategic ones first."""
        return {STRATEGIC: SEGMENTS, **{rules.name: rules.segments for rules in self.rule_sets}}

    @property
    def populations(self) -> tuple[str, ...]:
        """The populations it has thresholds for."""
        return tuple(sorted(self.calibrations))

    def assign(self, known: ir.Table, moments: Sequence[Moment]) -> ir.Table:
        """One segment column for each segmentation and moment, by `segment_column`; stored.

        Args:
            known: `states.states`, perhaps with people without a visit.
            moments: its moments, the newest first.
        """
        scored = known.mutate(
            **{
                f"{name}_score_{number}": score
                for number, moment in enumerate(moments)
                for name, score in rfm.scores(known, self.scales, number=number, on=moment.on).items()
            }
        )
        columns: dict[str, Any] = {}
        for number, moment in enumerate(moments):
            visits = scored[f"visits_{number}"]
            columns[segment_column(STRATEGIC, number)] = strategic_segment(
                scored.population,
                visits,
                days_between(scored[f"last_{number}"], moment.on),
                scored[f"weighted_money_{number}"],
                self.calibrations,
            )
            for rules in self.rule_sets:
                segment = rules.expression(*(scored[f"{name}_score_{number}"] for name in SCORES))
                columns[segment_column(rules.name, number)] = ibis.ifelse(visits == 0, NOT_YET, segment)
        wide = scored.mutate(**columns)
        return portable.materialise(wide.drop(*(name for name in wide.columns if "_score_" in name)), "assigned")

    def sql(self, segmentation: str, dialect: str) -> str:
        """One segmentation as a query over the table RFM, for customers with a visit.

        Args:
            segmentation: its name.
            dialect: duckdb, postgres or pyspark.
        """
        table = ibis.table(RFM.ibis_schema(), name="rfm")
        if segmentation == STRATEGIC:
            segment = strategic_segment(
                table.population, table.visits_count, table.recency_days, table.weighted_monetary, self.calibrations
            )
        else:
            (rules,) = [rules for rules in self.rule_sets if rules.name == segmentation]
            segment = rules.expression(*(table[f"{name}_score"] for name in SCORES))
        return str(ibis.to_sql(table.select("customer_id", "population", segment=segment), dialect=dialect))

    def plain(self) -> dict[str, Any]:
        """As what JSON can hold."""
        return {
            "calibrations": [
                {**asdict(one), "calibrated_on": one.calibrated_on.isoformat()} for one in self.calibrations.values()
            ],
            "scales": [
                {"population": population, "dimension": dimension, "use": use, **asdict(cuts)}
                for (population, dimension, use), cuts in sorted(self.scales.items())
            ],
            "rule_sets": [asdict(rules) for rules in self.rule_sets],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Scheme:
        """Back from `plain`."""
        return cls(
            calibrations_from(plain),
            {
                (row["population"], row["dimension"], row["use"]): rfm.Cuts(
                    row["method"], row["is_weighted"], tuple((score, floor) for score, floor in row["floors"])
                )
                for row in plain["scales"]
            },
            tuple(
                RuleSet(
                    rules["name"],
                    tuple(Rule(rule["segment"], *(tuple(rule[name]) for name in SCORES)) for rule in rules["rules"]),
                )
                for rules in plain["rule_sets"]
            ),
        )


def calibrations_from(plain: Mapping[str, Any]) -> dict[str, Calibration]:
    """The calibrations of a scheme in its plain form."""
    return {
        row["population"]: Calibration(**{**row, "calibrated_on": date.fromisoformat(row["calibrated_on"])})
        for row in plain["calibrations"]
    }


def segment_column(segmentation: str, number: int) -> str:
    """The column of segments of a segmentation at a moment."""
    return f"segment_{segmentation}_{number}"
