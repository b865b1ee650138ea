"""All of the room at once: states, scores, segments, their profiles, and the moves between dates."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable, schemas
from habitue.errors import Message, message
from habitue.periods import period_end
from habitue.purchases.sale_types import SHARED_CARD
from habitue.segments import movements, notes, profiles, rfm
from habitue.segments.channel_weights import Decision, channel_weights, with_scores
from habitue.segments.rule_sets import RuleSet, rule_notes
from habitue.segments.schemes import Scheme, segment_column
from habitue.segments.standard import NINE, TEN
from habitue.segments.states import PERSON, Moment, is_filled, states
from habitue.segments.strategic import Calibration, calibrate
from habitue.segments.tables import rows_table

MOST_STEPS = 5
"""Matrices of so many steps back at most."""


@dataclass(frozen=True, kw_only=True)
class SegmentSettings:
    """How customers are segmented.

    Attributes:
        rfm: windows, scores, weights.
        rule_sets: segmentations of the user's own.
        left_out: populations that are not segmented, beside shared cards.
        step_months: months between the two dates of a transition matrix.
    """

    rfm: rfm.RfmSettings = field(default_factory=rfm.RfmSettings)
    rule_sets: tuple[RuleSet, ...] = ()
    left_out: tuple[str, ...] = ("staff",)
    step_months: int = 12

    def plain(self) -> dict[str, Any]:
        """As what JSON can hold, rule sets left out (they are the scheme's)."""
        return {"rfm": asdict(self.rfm), "left_out": list(self.left_out), "step_months": self.step_months}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> SegmentSettings:
        """Back from `plain`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in plain["rfm"].items()
        }
        return cls(rfm=rfm.RfmSettings(**values), left_out=tuple(plain["left_out"]), step_months=plain["step_months"])

    @property
    def scheme(self) -> str:
        """Hash of what the value of strategic segments depends on."""
        parts = [self.rfm.window_months, sorted(self.rfm.monetary_weights.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True, kw_only=True)
class Bought:
    """What the purchases room knows.

    Attributes:
        days: CUSTOMER_DAYS.
        changes: DAY_CHANGES.
        lines: TRANSACTION_LINES; None leaves out what segments buy by category.
        products: PRODUCTS, or None.
        stores: STORES, or None.
        members: everybody known by name or card, `customer_id` (once), `population`, `enrolled_on` (null: since when is
            not known); None: only who bought.
    """

    days: ir.Table
    changes: ir.Table
    lines: ir.Table | None = None
    products: ir.Table | None = None
    stores: ir.Table | None = None
    members: ir.Table | None = None


@dataclass(frozen=True)
class Segmented:
    """What the room makes.

    Attributes:
        tables: its tables by name.
        scheme: the scheme customers were segmented by.
        settings: the settings, with the weights of sales channels that were used.
        decisions: the decisions on weights, by dimension, for later runs.
        assigned: what `Scheme.assign` gives for the moments: the states and segments of everybody at each.
        moments: `as_of` and the dates before, newest first.
        notes: what a user should know.
    """

    tables: Mapping[str, ir.Table]
    scheme: Scheme
    settings: SegmentSettings
    decisions: Mapping[str, Decision]
    assigned: ir.Table
    moments: Sequence[Moment]
    notes: tuple[Message, ...]

    def plain(self) -> dict[str, Any]:
        """Scheme, settings and decisions as what JSON can hold."""
        return {
            **self.scheme.plain(),
            "settings": self.settings.plain(),
            "sales_channel_weights": {name: one.plain() for name, one in self.decisions.items()},
        }


def segmentation(
    bought: Bought,
    settings: SegmentSettings,
    *,
    as_of: date,
    frozen: Mapping[str, Calibration] | None = None,
    decided: Mapping[str, Decision] | None = None,
) -> Segmented:
    """Segment every customer at `as_of`, and tell how they moved in the periods before.

    Args:
        bought: tables of the purchases room, up to `as_of`.
        settings: windows, scores, rules, step.
        as_of: the date.
        frozen: thresholds of earlier runs by population; what is missing, or was made by another scheme, is calibrated.
        decided: decisions of the run before on weights of sales channels; what is missing is decided on.
    """
    days, changes = (_segmented(table, settings) for table in (bought.days, bought.changes))
    first = days.agg(day=days.sold_on.min(where=days.is_visit)).to_pyarrow()["day"][0].as_py()
    told = notes.weights(days, settings.rfm)
    weighted = channel_weights(days, changes, settings.rfm, as_of=as_of, frozen=decided)
    settings = replace(settings, rfm=weighted.settings)
    moments = moments_of(as_of, first, settings)
    known = _states(days, changes, moments, settings)
    scheme, noted = _fitted(days, known, as_of, settings, frozen or {})
    rows, idle = with_scores(weighted.rows, scheme.scales)
    told += [*noted, *weighted.notes, *idle]
    assigned = scheme.assign(people(known, bought, moments, settings, as_of), moments)
    sizes = _sizes(assigned, scheme, as_of)
    moved = movements.tables(assigned, scheme, moments)
    tables = {
        **_now(assigned, known, scheme, as_of=as_of),
        "segments": rows_table(schemas.SEGMENTS, sizes, like=assigned),
        **_profiles(assigned, bought, days, scheme, moments[0]),
        **moved,
        **movements.concentration(assigned, moments[0], moved["segment_measures"]),
        "sales_channel_weights": rows_table(schemas.SALES_CHANNEL_WEIGHTS, rows, like=assigned),
        "day_changes": bought.changes,
    }
    told += notes.about(
        sizes,
        assigned,
        first=first,
        moments=moments,
        step_months=settings.step_months,
        filled=[months for months in (6, 3) if is_filled(as_of, first, 2 * months)],
    )
    return Segmented(tables, scheme, settings, weighted.decisions, assigned, moments, tuple(told))


def transitions_between(
    bought: Bought, scheme: Scheme, settings: SegmentSettings, *, from_on: date, to_on: date, as_of: date
) -> ir.Table:
    """TRANSITIONS between any two dates by a frozen scheme, all segmentations.

    Args:
        bought: tables of the purchases room, up to `as_of`.
        scheme: the scheme.
        settings: what it was made with.
        from_on: the earlier date.
        to_on: the later date, at most `as_of`.
        as_of: the date of knowledge of the tables.
    """
    days, changes = (_segmented(table, settings) for table in (bought.days, bought.changes))
    window = settings.rfm.window_months
    months = (to_on.year - from_on.year) * 12 + to_on.month - from_on.month
    is_whole = months > 0 and period_end(to_on, months) == from_on
    moments = [
        Moment(to_on, period_end(to_on, window), from_on),
        Moment(
            from_on,
            period_end(from_on, window),
            period_end(to_on, 2 * months) if is_whole else from_on - (to_on - from_on),
        ),
    ]
    known = _states(days, changes, moments, settings)
    assigned = scheme.assign(people(known, bought, moments, settings, as_of), moments)
    return movements.tables(assigned, scheme, moments)["transitions"]


def moments_of(as_of: date, first: date | None, settings: SegmentSettings) -> list[Moment]:
    """`as_of`, and each date a whole number of steps before it whose own period the data fill, newest first."""
    step = settings.step_months
    found = [moment_at(as_of, as_of, settings)]
    for number in range(1, MOST_STEPS + 1):
        if not is_filled(as_of, first, step * (number + 1)):
            break
        found.append(moment_at(period_end(as_of, step * number), as_of, settings, number))
    return found


def moment_at(on: date, as_of: date, settings: SegmentSettings, number: int = 0) -> Moment:
    """The moment `number` steps before `as_of`, with its window and its step."""
    return Moment(
        on,
        window_after=period_end(on, settings.rfm.window_months),
        step_after=period_end(as_of, settings.step_months * (number + 1)),
    )


def people(
    known: ir.Table, bought: Bought, moments: Sequence[Moment], settings: SegmentSettings, as_of: date
) -> ir.Table:
    """States with the people who were not yet customers, and `known_N`: whether one was known at moment N at all.

    A member is known from enrolment on; without a date, and without a visit, only at `as_of`.
    """
    numbers = range(len(moments))
    if bought.members is None:
        return known.mutate(**{f"known_{number}": known[f"visits_{number}"] > 0 for number in numbers})
    members = bought.members.select("population", "enrolled_on", member_id="customer_id")
    enrolled = known.left_join(members.drop("population"), known.customer_id == members.member_id)
    enrolled = enrolled.select(*known.columns, "enrolled_on")
    bought_ever = bought.days.filter(bought.days.is_visit).select("customer_id")
    others = members.filter(~members.population.isin([*settings.left_out, SHARED_CARD]))
    others = others.anti_join(bought_ever, others.member_id == bought_ever.customer_id)
    others = others.anti_join(known, others.member_id == known.customer_id)
    zeros = {
        name: others.enrolled_on
        if name == "enrolled_on"
        else ibis.null("date")
        if name == "first_on" or name.startswith("last_")
        else ibis.literal(0, "int64")
        for name in enrolled.columns
        if name not in PERSON
    }
    others = others.select(customer_id="member_id", population="population", **zeros)
    both = enrolled.union(others.select(*enrolled.columns))
    return both.mutate(
        **{
            f"known_{number}": ibis.literal(True)
            if moment.on == as_of
            else (both[f"visits_{number}"] > 0) | (both.enrolled_on <= moment.on).fill_null(False)
            for number, moment in enumerate(moments)
        }
    )


def _segmented(table: ir.Table, settings: SegmentSettings) -> ir.Table:
    return table.filter(~table.population.isin([*settings.left_out, SHARED_CARD]))


def _states(days: ir.Table, changes: ir.Table, moments: Sequence[Moment], settings: SegmentSettings) -> ir.Table:
    return states(
        days,
        changes,
        moments,
        frequency_weights=settings.rfm.frequency_weights,
        monetary_weights=settings.rfm.monetary_weights,
    )


def _fitted(
    days: ir.Table, known: ir.Table, as_of: date, settings: SegmentSettings, frozen: Mapping[str, Calibration]
) -> tuple[Scheme, list[Message]]:
    """Thresholds kept or calibrated, and scales."""
    told = [note for rules in settings.rule_sets for note in rule_notes(rules)]
    populations = known.select("population").distinct().to_pyarrow()["population"].to_pylist()
    kept = {name: one for name, one in frozen.items() if one.scheme == settings.scheme}
    changed = sorted(name for name in populations if name in frozen and name not in kept)
    calibrations = dict(kept)
    if set(populations) - set(kept):
        fresh = calibrate(days, known, as_of=as_of, scheme=settings.scheme)
        calibrations |= {name: one for name, one in fresh.items() if name not in kept}
    if changed:
        told.append(message("strategic.recalibrated", populations=", ".join(changed)))
    scored = rfm.fit_scales(known, as_of=as_of, settings=settings.rfm)
    scheme = Scheme(dict(sorted(calibrations.items())), scored.scales, (TEN, NINE, *settings.rule_sets))
    told += notes.thresholds(scheme, kept, as_of)
    return scheme, [*told, *scored.notes]


def _now(assigned: ir.Table, known: ir.Table, scheme: Scheme, *, as_of: date) -> dict[str, ir.Table]:
    """Scores and segments of every customer at the newest moment."""
    scored = portable.materialise(schemas.RFM.cast(rfm.rfm(known, scheme.scales, as_of=as_of)), "rfm")
    parts = [
        assigned.filter(assigned.known_0).select(
            *PERSON, segmentation=ibis.literal(name), segment=assigned[segment_column(name, 0)]
        )
        for name in scheme.segments
    ]
    assignments = parts[0]
    for more in parts[1:]:
        assignments = assignments.union(more)
    return {
        "rfm": scored,
        "rfm_cuts": rows_table(schemas.RFM_CUTS, rfm.cut_rows(scored, scheme.scales), like=known),
        "rfm_cells": rows_table(schemas.RFM_CELLS, rfm.cells(scored, scheme.populations), like=known),
        "calibration": rows_table(schemas.CALIBRATION, [one.row() for one in scheme.calibrations.values()], like=known),
        "assignments": schemas.ASSIGNMENTS.cast(assignments),
    }


def _sizes(assigned: ir.Table, scheme: Scheme, as_of: date) -> list[dict[str, Any]]:
    """The rows of SEGMENTS."""
    there = assigned.filter(assigned.known_0)
    named = there.select("population").distinct().to_pyarrow()["population"].to_pylist()
    populations = sorted({*scheme.populations, *named})
    return [
        {"segmentation": name, **row}
        for name, order in scheme.segments.items()
        for row in profiles.sizes(there, segment_column(name, 0), as_of=as_of, segments=order, populations=populations)
    ]


def _profiles(
    assigned: ir.Table, bought: Bought, days: ir.Table, scheme: Scheme, moment: Moment
) -> dict[str, ir.Table]:
    """What segments buy, and where."""
    columns = {name: segment_column(name, 0) for name in scheme.segments}
    after = moment.window_after
    homes = portable.materialise(profiles.home_stores(days, window_after=after), "home_stores")
    mix = profiles.mix(assigned, profiles.channel_sums(days, window_after=after), "sales_channel", columns)
    if bought.products is not None and bought.lines is not None:
        sums = profiles.category_sums(bought.lines, bought.products, window_after=after)
        mix += profiles.mix(assigned, sums, "category", columns)
    return {
        "segment_places": rows_table(
            schemas.SEGMENT_PLACES, profiles.places(assigned, homes, bought.stores, columns), like=assigned
        ),
        "segment_mix": rows_table(schemas.SEGMENT_MIX, mix, like=assigned),
    }
