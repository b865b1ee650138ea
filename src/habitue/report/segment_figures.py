"""Rows of the segment tables, picked and put in order; sums over them. No words here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from habitue.report.figures import Rows, rows_of, share_of

STRATEGIC, TEN = "strategic", "ten"
NOT_YET = "not_yet_customer"
STANDARD = (TEN, "nine")
ENGAGED = ("core", "loyal")
FEW = 30
"""Fewer customers than this make a share worth little."""


@dataclass(frozen=True)
class SegmentFigures:
    """What the report takes from a run's segment tables."""

    tables: Mapping[str, pa.Table]

    @cached_property
    def _sizes(self) -> Rows:
        return sorted(rows_of(self.tables, "segments"), key=lambda row: row["place"])

    @cached_property
    def populations(self) -> tuple[str, ...]:
        """Populations with a customer: consumers first, then by size."""
        customers: dict[str, int] = {}
        for row in self._sizes:
            if row["segmentation"] == STRATEGIC and row["segment"] != NOT_YET:
                customers[row["population"]] = customers.get(row["population"], 0) + row["customers_count"]
        known = [name for name, count in customers.items() if count]
        return tuple(sorted(known, key=lambda name: (name != "consumer", -customers[name], name)))

    @cached_property
    def segmentations(self) -> tuple[str, ...]:
        """All but the strategic one: the standard ones first, then those of the user's own by name."""
        names = {row["segmentation"] for row in self._sizes} - {STRATEGIC}
        return (*(name for name in STANDARD if name in names), *sorted(names - set(STANDARD)))

    def sizes(self, segmentation: str, population: str) -> Rows:
        """SEGMENTS of one segmentation and population, in its order."""
        return [row for row in self._sizes if (row["segmentation"], row["population"]) == (segmentation, population)]

    def segments(self, segmentation: str) -> list[str]:
        """The segments of customers with a visit, in their order."""
        found = (row["segment"] for row in self._sizes if row["segmentation"] == segmentation)
        return [name for name in dict.fromkeys(found) if name != NOT_YET]

    def calibration(self, population: str) -> dict[str, Any] | None:
        """The thresholds of a population."""
        return next((row for row in rows_of(self.tables, "calibration") if row["population"] == population), None)

    def mix(self, population: str, segment: str, dimension: str, segmentation: str = STRATEGIC) -> Rows:
        """What a segment buys, of one dimension, the largest share first."""
        wanted = (segmentation, population, segment, dimension)
        keys = ("segmentation", "population", "segment", "dimension")
        rows = [
            row
            for row in rows_of(self.tables, "segment_mix")
            if tuple(row[key] for key in keys) == wanted and row["share"] is not None
        ]
        return sorted(rows, key=lambda row: (-row["share"], row["value"] or ""))

    def measure(self, measure: str, segmentation: str, population: str) -> dict[str, Any] | None:
        """One row of SEGMENT_MEASURES with a value."""
        wanted = (measure, segmentation, population)
        for row in rows_of(self.tables, "segment_measures"):
            if (row["measure"], row["segmentation"], row["population"]) == wanted and row["value"] is not None:
                return row
        return None

    @cached_property
    def _transitions(self) -> Rows:
        return rows_of(self.tables, "transitions")

    @cached_property
    def steps(self) -> tuple[tuple[date, date], ...]:
        """The pairs of dates between which customers are followed, the newest first."""
        found = {(row["from_on"], row["to_on"]) for row in self._transitions if row["segmentation"] == STRATEGIC}
        return tuple(sorted(found, reverse=True))

    def moves(self, population: str, step: tuple[date, date]) -> dict[tuple[str, str], dict[str, Any]]:
        """The cells of one strategic matrix by earlier and later segment."""
        return {
            (row["from_segment"], row["to_segment"]): row
            for row in self._transitions
            if row["segmentation"] == STRATEGIC
            and row["population"] == population
            and (row["from_on"], row["to_on"]) == step
        }

    def outlook(self, segmentation: str, population: str) -> Rows:
        """SEGMENT_OUTLOOK of the newest period, in the order of the segmentation."""
        rows = [
            row
            for row in rows_of(self.tables, "segment_outlook")
            if (row["segmentation"], row["population"]) == (segmentation, population)
        ]
        newest = max((row["to_on"] for row in rows), default=None)
        order = self.segments(segmentation)
        rows = [row for row in rows if row["to_on"] == newest]
        return sorted(rows, key=lambda row: order.index(row["segment"]) if row["segment"] in order else len(order))

    def crossing(self, segmentation: str, population: str) -> dict[tuple[str, str], dict[str, Any]]:
        """SEGMENT_CROSSING by strategic segment and segment of another segmentation."""
        return {
            (row["strategic_segment"], row["segment"]): row
            for row in rows_of(self.tables, "segment_crossing")
            if (row["segmentation"], row["population"]) == (segmentation, population)
        }


def months_between(first: date, last: date) -> int:
    """Whole months from one date to another, ends of months counting as such."""
    return round((last - first).days * 12 / 365.25)


def engaged(rows: Iterable[Mapping[str, Any]]) -> tuple[int, float | None, float | None]:
    """Core and loyal customers: how many, and their shares of customers and of net."""
    rows = [row for row in rows if row["segment"] != NOT_YET]
    chosen = [row for row in rows if row["segment"] in ENGAGED]
    customers, net = (sum(row[name] for row in chosen) for name in ("customers_count", "net_amount"))
    all_customers, all_net = (sum(row[name] for row in rows) for name in ("customers_count", "net_amount"))
    return customers, share_of(customers, all_customers), share_of(net, all_net) if all_net > 0 else None


def typical(mix: Iterable[Mapping[str, Any]], most: int = 3) -> list[Mapping[str, Any]]:
    """Values a segment buys more than others do: at least 2 % of its net, lift above 1.1, the most typical first."""
    some = [
        row for row in mix if row["value"] and row["share"] >= 0.02 and row["lift"] is not None and row["lift"] > 1.1
    ]
    return sorted(some, key=lambda row: (-row["lift"], row["value"]))[:most]


def around_core(moves: Mapping[tuple[str, str], Mapping[str, Any]]) -> tuple[int, int]:
    """Change of net from the period before to the one after: of those who left the core, of those who entered it."""
    left = sum(_gain(row) for (start, end), row in moves.items() if start == "core" != end)
    entered = sum(_gain(row) for (start, end), row in moves.items() if end == "core" != start)
    return left, entered


def movers(moves: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The moves with customers and sales, the largest change of net first; who stayed is among them."""
    some = [row for row in moves.values() if row["customers_count"] and (row["before_amount"] or row["after_amount"])]
    return sorted(some, key=lambda row: (-abs(_gain(row)), row["from_segment"], row["to_segment"]))


def _gain(row: Mapping[str, Any]) -> int:
    return row["after_amount"] - row["before_amount"]
