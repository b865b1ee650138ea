"""`habitue.toml`: read as a whole, validated as a whole, every fault shown with its place and the valid choices."""

from __future__ import annotations

import codecs
import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import ValidationError

from habitue.customers.generic_cards import SharedCardSettings
from habitue.errors import ConfigurationError, Message, message
from habitue.purchases.margins import MarginSettings
from habitue.purchases.purchase_lines import PurchaseSettings
from habitue.purchases.sale_types import SALE_TYPES, PopulationRule, SaleTypeRule
from habitue.segments.rule_sets import RuleSet
from habitue.segments.segmentation import SegmentSettings
from habitue.sources.declared import AMOUNTS, DATES, SHAPES, Source
from habitue.staging.transactions import StagingSettings
from habitue.value.settings import ValueSettings
from habitue.workspace import calendar_settings, identity_settings, presets, segment_settings
from habitue.workspace.people_sections import ConsentSection, IdentitySection, RetentionSection
from habitue.workspace.sections import (
    KEY_PARTS,
    SECTIONS,
    CalendarSection,
    EngineSection,
    MarginsSection,
    PopulationSection,
    ProjectSection,
    PurchasesSection,
    RfmSection,
    SaleTypeSection,
    Section,
    SegmentsSection,
    SettingsFile,
    SharedCardsSection,
    SourceSection,
    ToleranceSection,
    ValueSection,
)

FILE_NAME = "habitue.toml"
RULES = ("sale_types", "populations")
KINDS: Mapping[str, str] = {
    "model": "table", "dict": "table", "mapping": "table", "tuple": "array", "decimal": "number", "int": "integer",
    "bool": "boolean",
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """A validated `habitue.toml`. Customer numbers in rules are still as written; see `workspace.people`."""

    fingerprint: str  # of what is written, whatever the defaults of the version
    project: ProjectSection
    tolerance: ToleranceSection
    sources: tuple[Source, ...]
    sale_types: tuple[SaleTypeSection, ...]
    populations: tuple[PopulationSection, ...]
    purchases: PurchasesSection
    shared_cards: SharedCardsSection
    margins: MarginsSection
    rfm: RfmSection
    segments: SegmentsSection
    rule_sets: tuple[RuleSet, ...]
    value: ValueSection
    identity: IdentitySection
    consent: ConsentSection
    calendar: CalendarSection
    retention: RetentionSection
    engine: EngineSection

    def of_kind(self, kind: str) -> tuple[Source, ...]:
        """The sources of one kind, in the order of the file."""
        return tuple(source for source in self.sources if source.kind == kind)

    def staging(self) -> StagingSettings:
        """What staging needs to know."""
        project = self.project
        return StagingSettings(
            currency=project.currency, time_zone=project.time_zone, day_starts_at=project.day_starts_at
        )

    def purchase_settings(self, ids_of: Any) -> PurchaseSettings:
        """What the purchases room needs; `ids_of(numbers)` gives the opaque ids of customer numbers."""
        margins = self.margins
        return PurchaseSettings(
            sale_types=tuple(SaleTypeRule(**_rule(section, ids_of)) for section in self.sale_types),
            populations=tuple(PopulationRule(**_rule(section, ids_of)) for section in self.populations),
            counted=self.purchases.counted,
            return_days=self.purchases.return_days,
            reward_tenders=self.purchases.reward_tenders,
            margins=MarginSettings(
                default_rate=margins.default_rate,
                by_category=dict(margins.by_category),
                by_sales_channel=dict(margins.by_sales_channel),
            ),
        )

    def shared_card_settings(self, ids_of: Any) -> SharedCardSettings:
        """What finding shared cards needs."""
        cards = self.shared_cards
        return SharedCardSettings(
            tickets_a_day=cards.tickets_a_day, days=cards.days, listed=tuple(ids_of(cards.listed))
        )

    def segment_settings(self) -> SegmentSettings:
        """What the segments room needs."""
        return segment_settings.segment_settings(self.rfm, self.segments, self.rule_sets, self.project.currency)

    def value_settings(self) -> ValueSettings:
        """What the value room needs."""
        return ValueSettings(
            critical_share=self.value.critical_share,
            model=self.value.forecast,
            measure=self.value.measure,
            discount_rate=self.value.discount_rate,
            left_out=self.segments.left_out,
        )


def _rule(section: Section, ids_of: Any) -> dict[str, Any]:
    values = {name: getattr(section, name) for name in type(section).model_fields}
    values["customers"] = tuple(ids_of(values["customers"]))
    return values


def read(folder: Path) -> Settings:
    """Read and validate the settings of a project.

    Raises:
        ConfigurationError: the file is missing, is no TOML, or has faults: all of them, each with its place.
    """
    path = folder / FILE_NAME
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(message("settings.missing", folder=str(folder))) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise ConfigurationError(message("settings.not_toml", path=str(path), detail=str(fault))) from fault
    return validate(raw, folder)


def validate(raw: Mapping[str, Any], folder: Path = Path()) -> Settings:
    """Validate settings already parsed from TOML; files they name are looked for from `folder`.

    Raises:
        ConfigurationError: all faults, each with its place and the valid choices.
    """
    given, faults = presets.resolved(raw)
    rules: Mapping[str, Sequence[int]]
    try:
        found = SettingsFile.model_validate(given)
        rules = {name: range(len(getattr(found, name))) for name in RULES}
    except ValidationError as errors:
        faults += _worded(errors.errors(), given)
        readable, rules = _readable(given, errors.errors())
        found = SettingsFile.model_validate(readable)
    sources = presets.all_sources(raw, given)
    faults += _zone_faults(found)
    faults += [fault for name, section in found.sources.items() for fault in _source_faults(name, section, sources)]
    if not sources:
        faults.append(message("settings.no_source"))
    for name in RULES:
        for place, rule in zip(rules[name], getattr(found, name), strict=True):
            faults += _rule_faults(f"{name}[{place + 1}]", rule, sources)
    faults += [
        message("setting.choices", place="purchases.counted", value=kind, choices=", ".join(SALE_TYPES))
        for kind in found.purchases.counted
        if kind not in SALE_TYPES
    ]
    rule_sets, wrong = segment_settings.rule_sets(found.segmentations, folder)
    faults += [*segment_settings.rfm_faults(found.rfm), *wrong]
    systems = {name: section.customer_system or name for name, section in found.sources.items()}
    faults += identity_settings.identity_faults(found.identity, systems)
    faults += calendar_settings.calendar_faults(found.calendar, raw.get("calendar"))
    if faults:
        raise ConfigurationError(*faults)
    return Settings(
        found.fingerprint(rule_sets),
        found.project,
        found.tolerance,
        tuple(_source(name, section) for name, section in found.sources.items()),
        found.sale_types,
        found.populations,
        found.purchases,
        found.shared_cards,
        found.margins,
        found.rfm,
        found.segments,
        rule_sets,
        found.value,
        found.identity,
        found.consent,
        found.calendar,
        found.retention,
        found.engine,
    )


def _source(name: str, section: SourceSection) -> Source:
    known = {field.name for field in fields(Source)}
    values = {key: getattr(section, key) for key in type(section).model_fields if key in known}
    values["customer_system"] = section.customer_system or name
    return Source(name=name, **values)


def _readable(raw: Mapping[str, Any], errors: Sequence[Any]) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """Settings without the settings, sources and rules that have faults, and the places of the rules left."""
    kept: dict[str, Any] = {}
    for name, section in raw.items():
        kept[name] = dict(section) if isinstance(section, Mapping) else section
    for error in errors:
        name, *rest = error["loc"]
        if rest and isinstance(kept.get(name), dict):
            kept[name].pop(rest[0], None)
        elif not rest or not isinstance(kept.get(name), list):
            kept.pop(name, None)
    faulty = {tuple(error["loc"][:2]) for error in errors}
    left: dict[str, list[int]] = {}
    for name in RULES:
        rules = kept.get(name, [])
        left[name] = [place for place in range(len(rules)) if (name, place) not in faulty]
        kept[name] = [rules[place] for place in left[name]]
    return kept, left


def _worded(errors: Sequence[Any], raw: Mapping[str, Any]) -> list[Message]:
    """The faults of the validator as messages of ours, one a place."""
    by_place: dict[str, Message] = {}
    for error in errors:
        told = _fault(error, _place(error, raw))
        before = by_place.setdefault(told.params["place"], told)
        if before is not told and before.code == told.code == "setting.invalid":
            both = f"{before.params['expected']}, {told.params['expected']}"
            by_place[told.params["place"]] = message(told.code, **{**told.params, "expected": both})
    return list(by_place.values())


def _place(error: Any, raw: Mapping[str, Any]) -> str:
    """Where a fault stands, as far as the file has it: `sale_types[2].label`, `sources.till.kind`."""
    place = ""
    node: Any = raw
    for part in error["loc"]:
        if isinstance(part, int) and isinstance(node, list | tuple):
            place, node = f"{place}[{part + 1}]", node[part]
        elif isinstance(node, Mapping) and (part in node or error["type"] == "missing"):
            place, node = f"{place}.{part}" if place else str(part), node.get(part)
    return place


def _fault(error: Any, place: str) -> Message:
    path, kind = [str(part) for part in error["loc"]], error["type"]
    value = _shown(error.get("input"), path)
    if kind == "extra_forbidden":
        section = SECTIONS.get(path[0]) if len(path) > 1 else None
        valid = sorted(section.model_fields) if section else sorted(SettingsFile.model_fields)
        near = difflib.get_close_matches(path[-1], valid, n=1, cutoff=0.6)
        code = "setting.unknown_suggest" if near else "setting.unknown"
        return message(code, place=place, choices=", ".join(valid), suggestion=near[0] if near else "")
    if kind == "missing":
        return message("setting.missing", place=place)
    if kind == "literal_error":
        choices = str(error["ctx"]["expected"]).replace("'", "").replace(" or ", ", ")
        return message("setting.choices", place=place, value=value, choices=choices)
    return message("setting.invalid", place=place, value=value, expected=_expected(error))


def _shown(given: Any, path: Sequence[str]) -> str:
    """What was given, unless it may hold a password."""
    is_whole_source = path[0] == "sources" and isinstance(given, list | dict)
    if is_whole_source or "database" in path or "passw" in str(given).lower():
        return "…"
    return re.sub(r"://[^@\s]*@", "://…@", str(given))[:80]


def _expected(error: Any) -> str:
    """What a setting should be, in the terms of TOML: its kind, or the bound it passes."""
    ctx = error.get("ctx") or {}
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<", "pattern": ""}
    signs |= {"min_length": "length ≥", "max_length": "length ≤"}
    bounds = ", ".join(f"{sign} {ctx[name]}".strip() for name, sign in signs.items() if name in ctx)
    kind = str(error["type"]).partition("_")[0]
    return bounds or KINDS.get(kind) or kind


def _zone_faults(found: SettingsFile) -> list[Message]:
    zones = {"project.time_zone": found.project.time_zone}
    zones |= {f"sources.{name}.time_zone": s.time_zone for name, s in found.sources.items() if s.time_zone}
    faults = []
    for place, zone in zones.items():
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            near = difflib.get_close_matches(zone, available_timezones(), n=3, cutoff=0.5)
            faults.append(
                message("setting.choices", place=place, value=zone, choices=", ".join(near) or "Europe/Paris, UTC …")
            )
    return faults


def _source_faults(name: str, section: SourceSection, sources: Mapping[str, Any]) -> list[Message]:
    place, shape, faults = f"sources.{name}", SHAPES[section.kind], []
    if not re.fullmatch(r"[\w-]+", name):
        faults.append(message("setting.invalid", place="sources", value=name, expected="A-Z a-z 0-9 _ -"))
    if not section.files and not section.database:
        faults.append(message("setting.source_nowhere", place=place))
    if section.database and not (section.table or section.query):
        faults.append(message("setting.database_what", place=place))
    for table, given in (("columns", section.columns), ("values", section.values)):
        for column in given:
            if column not in shape.all:
                near = difflib.get_close_matches(column, shape.all, n=1, cutoff=0.6)
                code, there = "setting.unknown_suggest" if near else "setting.unknown", f"{place}.{table}.{column}"
                suggestion = near[0] if near else ""
                faults.append(message(code, place=there, choices=", ".join(shape.all), suggestion=suggestion))
    had = {*section.values, *presets.always_there(section.columns, section.optional)}
    faults += [
        message("setting.column_needed", place=f"{place}.columns", column=column, kind=section.kind)
        for column in shape.required
        if column not in had
    ]
    if shape.one_of and not any(all(c in had for c in group) for group in shape.one_of):
        groups = " / ".join(" + ".join(group) for group in shape.one_of)
        faults.append(message("setting.column_needed", place=f"{place}.columns", column=groups, kind=section.kind))
    for part in section.transaction_key:
        if part not in KEY_PARTS:
            faults.append(
                message("setting.choices", place=f"{place}.transaction_key", value=part, choices=", ".join(KEY_PARTS))
            )
        elif section.kind == "transactions" and part not in (*had, "file", "row_number", "sold_on"):
            faults.append(message("setting.key_part_unmapped", place=f"{place}.transaction_key", column=part))
    if section.tax == "included" and section.tax_rate is None and not {"tax_amount", "transaction_tax_amount"} & had:
        faults.append(message("setting.tax_rate_needed", place=f"{place}.tax"))
    if section.pays and section.pays not in sources:
        faults.append(message("setting.choices", place=f"{place}.pays", value=section.pays, choices=", ".join(sources)))
    if section.kind == "payments":
        paid = {section.pays} if section.pays else set(sources)
        faults += [
            message("setting.payments_key", place=place, source=other)
            for other, theirs in sources.items()
            if other in paid and _composed_key(theirs)
        ]
    if section.export_date and not ("%Y" in section.export_date or "%y" in section.export_date):
        faults.append(message("setting.export_date", place=f"{place}.export_date", value=section.export_date))
    return [*faults, *_value_faults(place, section)]


def _composed_key(source: Any) -> bool:
    """A source of sales, as written, whose ticket key has several parts."""
    return isinstance(source, dict) and source.get("transaction_key", "transaction_id") not in (
        "transaction_id",
        ["transaction_id"],
    )


def _value_faults(place: str, section: SourceSection) -> list[Message]:
    """Constants that are no date or number, and an encoding that does not exist."""
    faults = []
    for column, text in section.values.items():
        try:
            if column in DATES:
                datetime.fromisoformat(text)
            elif column in AMOUNTS and not Decimal(text).is_finite():
                raise ValueError(text)
        except (ValueError, InvalidOperation):
            expected = "2024-12-31" if column in DATES else "12.50"
            faults.append(message("setting.invalid", place=f"{place}.values.{column}", value=text, expected=expected))
    try:
        codecs.lookup(section.encoding or "utf-8")
    except LookupError:
        expected = "utf-8, utf-16, cp1252, cp1251 …"
        faults.append(message("setting.invalid", place=f"{place}.encoding", value=section.encoding, expected=expected))
    return faults


def _rule_faults(place: str, rule: SaleTypeSection | PopulationSection, sources: Mapping[str, Any]) -> list[Message]:
    faults = []
    if rule.source and rule.source not in sources:
        faults.append(
            message("setting.choices", place=f"{place}.source", value=rule.source, choices=", ".join(sources))
        )
    conditions = [name for name in type(rule).model_fields if name not in ("sale_type", "population", "negate")]
    if not any(getattr(rule, name) for name in conditions):
        faults.append(message("setting.rule_without_condition", place=place, choices=", ".join(conditions)))
    return faults
