"""The settings of scores and segments: thresholds checked, rules read from the settings or from a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from habitue.errors import Message, UsageError, message
from habitue.schemas.units import minor_unit
from habitue.segments.rfm import RfmSettings
from habitue.segments.rule_sets import BANDS, UNASSIGNED, Rule, RuleSet
from habitue.segments.segmentation import SegmentSettings
from habitue.segments.standard import NINE, TEN
from habitue.segments.strategic import NOT_YET, STRATEGIC
from habitue.segments.transitions import WHOLE
from habitue.workspace.sections import RfmSection, SegmentationSection, SegmentsSection
from habitue.workspace.small_files import csv_rows

STEPS: Mapping[str, int] = {"year": 12, "half-year": 6, "quarter": 3}
TAKEN = (STRATEGIC, TEN.name, NINE.name)
RESERVED = (UNASSIGNED, NOT_YET, WHOLE)
RULE_COLUMNS = ("segment", "r_min", "r_max", "f_min", "f_max", "m_min", "m_max")


def segment_settings(
    rfm: RfmSection, segments: SegmentsSection, rule_sets: tuple[RuleSet, ...], currency: str
) -> SegmentSettings:
    """What the segments room needs."""
    scale = Decimal(10) ** minor_unit(currency)
    return SegmentSettings(
        rfm=RfmSettings(
            window_months=rfm.window_months,
            scoring=rfm.scoring,
            recency_thresholds=rfm.recency_thresholds,
            frequency_thresholds=rfm.frequency_thresholds,
            monetary_thresholds=tuple(int(amount * scale) for amount in rfm.monetary_thresholds),
            frequency_weights=_per_mille(rfm.frequency_weights),
            monetary_weights=_per_mille(rfm.monetary_weights),
            fit_weights=rfm.fit_weights,
        ),
        rule_sets=rule_sets,
        left_out=segments.left_out,
        step_months=STEPS[segments.step],
    )


def _per_mille(weights: Mapping[str, Decimal]) -> dict[str, int]:
    return {channel: int(weight * 1000) for channel, weight in weights.items()}


def rfm_faults(rfm: RfmSection) -> list[Message]:
    """Thresholds that are not four, or do not rise; fixed scores without thresholds of value."""
    faults = []
    given = {
        "recency_thresholds": rfm.recency_thresholds,
        "frequency_thresholds": rfm.frequency_thresholds,
        "monetary_thresholds": rfm.monetary_thresholds,
    }
    for name, values in given.items():
        is_optional = name == "monetary_thresholds" and rfm.scoring != "thresholds"
        if (not values and is_optional) or (
            len(values) == BANDS - 1 and all(low < high for low, high in pairwise(values))
        ):
            continue
        faults.append(
            message("setting.thresholds", place=f"rfm.{name}", value=", ".join(map(str, values)), count=BANDS - 1)
        )
    return faults


def rule_sets(sections: Mapping[str, SegmentationSection], folder: Path) -> tuple[tuple[RuleSet, ...], list[Message]]:
    """The segmentations of the user's own, and every fault of their settings and files."""
    found, faults = [], []
    for name, section in sections.items():
        place = f"segmentations.{name}"
        if not re.fullmatch(r"\w+", name) or name in TAKEN:
            taken = ", ".join(TAKEN)
            faults.append(message("setting.segmentation_name", place=place, value=name, taken=taken))
        if bool(section.file) == bool(section.rules):
            faults.append(message("setting.rules_or_file", place=place))
            continue
        if section.file:
            rules, wrong = read_rules(folder / section.file, section.file)
        else:
            rules = [Rule(rule.segment, rule.recency, rule.frequency, rule.monetary) for rule in section.rules]
            wrong = _rule_faults(rules, [f"{place}.rules[{number}]" for number in range(1, len(rules) + 1)])
        faults += wrong
        found.append(RuleSet(name, tuple(rules)))
    return tuple(found), faults


def read_rules(path: Path, shown: str) -> tuple[list[Rule], list[Message]]:
    """Rules from a CSV file (comma or semicolon) with `RULE_COLUMNS`, and every fault with its line and column.

    Args:
        path: the file.
        shown: its name in messages.
    """
    reader = csv_rows(path, shown)
    if isinstance(reader, Message):
        return [], [reader]
    missing = [name for name in RULE_COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        expected = ", ".join(RULE_COLUMNS)
        return [], [message("rules.columns", file=shown, missing=", ".join(missing), expected=expected)]
    rules, places, faults = [], [], []
    for row in reader:
        place = f"{shown}:{reader.line_num}"
        scores, wrong = _scores(row, place)
        faults += wrong
        if not wrong:
            bands = zip(scores[::2], scores[1::2], strict=True)
            rules.append(Rule((row["segment"] or "").strip(), *bands))
            places.append(place)
    if not rules and not faults:
        faults.append(message("rules.none", file=shown))
    return rules, [*faults, *_rule_faults(rules, places)]


def read_scores(path: Path) -> list[tuple[str, tuple[int, int, int]]]:
    """Rows of a CSV file with the columns customer, R, F, M.

    Raises:
        UsageError: it cannot be read, lacks a column, or has scores that are none: all of them, each with its line.
    """
    reader = csv_rows(path, str(path))
    if isinstance(reader, Message):
        raise UsageError(reader)
    existing = list(reader.fieldnames or ())
    if not {"customer", "R", "F", "M"} <= set(existing):
        raise UsageError(message("cli.segmentations.scores_columns", file=str(path), existing=", ".join(existing)))
    rows: list[tuple[str, tuple[int, int, int]]] = []
    faults = []
    for row in reader:
        given = [(row[name] or "").strip() for name in "RFM"]
        if all(re.fullmatch(rf"[1-{BANDS}]", value) for value in given):
            r, f, m = map(int, given)
            rows.append((row["customer"], (r, f, m)))
        else:
            line, received = reader.line_num, " ".join(given)
            faults.append(message("cli.segmentations.scores_row", file=str(path), line=line, received=received))
    if faults:
        raise UsageError(*faults)
    return rows


def _scores(row: Mapping[str, str | None], place: str) -> tuple[list[int], list[Message]]:
    scores, faults = [], []
    for name in RULE_COLUMNS[1:]:
        value = (row[name] or "").strip()
        if re.fullmatch(rf"[1-{BANDS}]", value):
            scores.append(int(value))
        else:
            faults.append(message("setting.invalid", place=f"{place} {name}", value=value, expected=f"1 … {BANDS}"))
    return scores, faults


def _rule_faults(rules: Sequence[Rule], places: Iterable[str]) -> list[Message]:
    """Segments without a name of their own, and ranges that run backwards."""
    faults = []
    for rule, place in zip(rules, places, strict=True):
        if not rule.segment or rule.segment in RESERVED:
            reserved = ", ".join(RESERVED)
            faults.append(message("setting.segment_name", place=place, value=rule.segment, reserved=reserved))
        for name in ("recency", "frequency", "monetary"):
            low, high = getattr(rule, name)
            if low > high:
                faults.append(message("setting.range", place=f"{place} {name}", low=low, high=high))
    return faults
