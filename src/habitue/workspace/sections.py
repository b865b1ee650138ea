"""What can be set in `habitue.toml`, section by section; the descriptions make the reference page."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from habitue.periods import FISCAL, GREGORIAN, WEEKDAYS
from habitue.purchases.sale_types import SALE_TYPES
from habitue.segments.rule_sets import RuleSet
from habitue.sources.declared import Kind
from habitue.staging.contact_words import EVENTS, STATUSES
from habitue.staging.stated_once import TEXTS_ONCE
from habitue.value.methods import CANDIDATES, MEASURES
from habitue.workspace.people_sections import ConsentSection, IdentitySection, RetentionSection
from habitue.workspace.section import Names, Section, listed

KEY_PARTS = (
    "transaction_id",
    "sold_on",
    "store_id",
    "till_id",
    "sales_channel",
    "source_customer_id",
    "file",
    "row_number",
)


def _no_number(value: Any) -> Any:
    if isinstance(value, int | float):  # 4 would be read as four seconds past midnight
        raise PydanticCustomError("time_type", "a time as 04:00")
    return value


def _horizon(value: Any) -> Any:
    """A length of time as it is written, or a last day."""
    if isinstance(value, str):
        if re.fullmatch(r"[1-9]\d{0,3} (days|weeks|months)", value):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    elif isinstance(value, date) and not isinstance(value, datetime):
        return value
    examples = {"pattern": '"12 months", "26 weeks", "90 days", 2026-12-31'}
    raise PydanticCustomError("horizon", "a length of time or a last day", examples)


Share = Annotated[Decimal, Field(ge=0, le=1)]
Weight = Annotated[Decimal, Field(ge=0, le=100, decimal_places=3)]
Days = tuple[Annotated[int, Field(ge=1)], ...]
Score = Annotated[int, Field(ge=1, le=5)]
Band = tuple[Score, Score]


class ProjectSection(Section):
    """`[project]`: what holds for everything."""

    name: str = Field("habitue project", description="name shown on reports")
    language: Literal["en", "fr", "ru"] = Field("en", description="language of reports: en, fr or ru")
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = Field("EUR", description="home currency (ISO code)")
    time_zone: str = Field("UTC", description="time zone of the stores, as Europe/Paris")
    day_starts_at: Annotated[time, BeforeValidator(_no_number)] = Field(
        time(0), description="hour at which the stores' day begins (04:00 for night shops)"
    )
    earliest_on: date = Field(date(2000, 1, 1), description="earliest believable day of a sale")
    simulated: bool = Field(False, description="the data are simulated: says so wherever results appear")


class ToleranceSection(Section):
    """`[tolerance]`: how much may be refused before a run stops."""

    rows: Share = Field(Decimal("0.05"), description="share of a source's rows that may be refused")
    amount: Share = Field(Decimal("0.05"), description="share of a source's absolute amount that may be set aside")


class SourceSection(Section):
    """`[sources.NAME]`: one kind of file or table."""

    kind: Kind = Field(
        description="transactions, customers, products, stores, payments, rates, consents, delivery_events or merges"
    )
    files: Names = Field((), description="files or patterns, below the project's folder unless absolute")
    preset: str | None = Field(None, description="known export, as shopify.orders: its columns and rules hold here")
    sheet: str | None = Field(None, description="sheet of an Excel file (default: the first)")
    database: str | None = Field(None, description="PostgreSQL address; env:NAME reads it from the environment")
    table: str | None = Field(None, description="table to read, as schema.table")
    query: str | None = Field(None, description="query to read instead of a table")
    encoding: str | None = Field(None, description="encoding, if the one found is wrong (utf-8, cp1252, cp1251 …)")
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = Field(
        None, description="column separator, if the one found is wrong"
    )
    header_line: Annotated[int, Field(ge=1)] | None = Field(
        None, description="line of the headers, if the one found is wrong"
    )
    date_order: Literal["day first", "month first", "year first"] | None = Field(
        None, description="day first or month first, where the values cannot prove it"
    )
    decimal_mark: Literal[",", "."] | None = Field(None, description="decimal mark, where the values cannot prove it")
    time_zone: str | None = Field(None, description="time zone of written times, if not the stores'")
    customer_system: str | None = Field(
        None,
        description="system of the customer numbers; sources naming the same one share numbers "
        "(default: the source's name)",
    )
    transaction_key: Names = Field(
        ("transaction_id",), description="what makes a ticket unique, of: " + ", ".join(KEY_PARTS)
    )
    export_date: str | None = Field(
        None, description="date pattern in file names, as sales_%d%m%Y, deciding which export is the later"
    )
    tax: Literal["excluded", "included", "unknown"] = Field(
        "unknown", description="whether amounts include tax: excluded, included or unknown"
    )
    tax_rate: Annotated[Decimal, Field(ge=0, lt=2)] | None = Field(
        None, description="rate taken out where tax is included and no tax column is mapped, as 0.20"
    )
    pays: str | None = Field(None, description="payments: the source whose tickets they pay")
    status_words: Mapping[str, Literal[STATUSES]] = Field(  # type: ignore[valid-type]
        default_factory=dict,
        description="consents: the source's own words for a status, each one of " + ", ".join(STATUSES),
    )
    event_words: Mapping[str, Literal[EVENTS]] = Field(  # type: ignore[valid-type]
        default_factory=dict,
        description="delivery_events: the source's own words for an event, each one of " + ", ".join(EVENTS),
    )
    columns: Mapping[str, str | tuple[str, ...]] = Field(
        default_factory=dict, description="canonical name = header; a list joins texts or adds up amounts"
    )
    values: Mapping[str, str] = Field(
        default_factory=dict, description="canonical name = constant, for what the source does not have"
    )
    other_names: Mapping[str, Names] = Field(
        default_factory=dict, description="header = other names of it in some of the files"
    )
    optional: Names = Field((), description="mapped headers that some of the files do not have")
    stated_once: Annotated[tuple[Literal[tuple(TEXTS_ONCE)], ...], BeforeValidator(listed)] = Field(  # type: ignore[valid-type]
        (), description="text columns that stand on one line of a ticket only: " + ", ".join(TEXTS_ONCE)
    )


class SaleTypeSection(Section):
    """`[[sale_types]]`: one rule; all its conditions must hold; the first rule that holds wins."""

    sale_type: Literal[SALE_TYPES] = Field(description="one of: " + ", ".join(SALE_TYPES))  # type: ignore[valid-type]
    source: str | None = Field(None, description="only in this source")
    label: Names = Field((), description="the source's own word, in the column mapped as sale_type")
    sku: Names = Field((), description="article codes; * stands for any text, ? for one character")
    category: Names = Field((), description="product categories")
    transaction: Names = Field((), description="ticket numbers, as C*")
    tender: Names = Field((), description="means of payment on the ticket")
    customers: Names = Field((), description="customer numbers")
    amount: Literal["zero", "negative", "positive"] | None = Field(None, description="sign of the line")
    unit_price_at_most: Decimal | None = Field(None, description="unit price at most, in the source's currency")
    negate: bool = Field(False, description="the source writes these with positive amounts: they count negative")


class PopulationSection(Section):
    """`[[populations]]`: who is not an ordinary consumer; the first rule that holds wins."""

    population: str = Field(description="staff, b2b or a word of your own")
    source: str | None = Field(None, description="only in this source")
    label: Names = Field((), description="the source's own word, in the column mapped as population")
    customer_label: Names = Field((), description="the word in a customer file's column mapped as population")
    customers: Names = Field((), description="customer numbers")
    tender: Names = Field((), description="means of payment on the ticket")


class PurchasesSection(Section):
    """`[purchases]`: what counts."""

    counted: Names = Field(
        ("sale", "return", "exchange", "service", "warranty"),
        description="sale types that count as purchases (add free to count zero-value tickets)",
    )
    return_days: Annotated[int, Field(ge=0)] = Field(
        365, description="days within which a return without ticket is linked to a purchase of the same article"
    )
    reward_tenders: Names = Field((), description="means of payment that are rewards (points, vouchers)")


class SharedCardsSection(Section):
    """`[shared_cards]`: customer numbers that many people use."""

    tickets_a_day: Annotated[int, Field(ge=1)] = Field(5, description="more tickets than this on one day …")
    days: Annotated[int, Field(ge=1)] = Field(3, description="… on at least this many days of twelve months")
    listed: Names = Field((), description="customer numbers to set apart in any case")


class MarginsSection(Section):
    """`[margins]`: assumed margin rates where no cost is known; results say so."""

    default_rate: Share | None = Field(None, description="rate for everything else")
    by_category: Mapping[str, Share] = Field(default_factory=dict, description="rate by product category")
    by_sales_channel: Mapping[str, Share] = Field(default_factory=dict, description="rate by sales channel")


class RfmSection(Section):
    """`[rfm]`: recency, frequency and monetary value, and their scores from 1 to 5."""

    window_months: Annotated[int, Field(ge=1, le=60)] = Field(
        12, description="months of frequency and monetary value, up to the as-of date"
    )
    scoring: Literal["quantiles", "thresholds", "both"] = Field(
        "quantiles", description="quantiles, thresholds (fixed), or both: quantiles with the fixed scores beside"
    )
    recency_thresholds: Days = Field((30, 90, 180, 365), description="most days for the scores 5, 4, 3, 2")
    frequency_thresholds: Days = Field(
        (2, 3, 5, 10), description="fewest visits for the scores 2, 3, 4, 5; also used where quantiles cannot tell"
    )
    monetary_thresholds: tuple[Decimal, ...] = Field(
        (), description="least value for the scores 2, 3, 4, 5, home currency; needed for thresholds"
    )
    frequency_weights: Mapping[str, Weight] = Field(
        default_factory=dict, description="weight of a visit by sales channel, as 1.2; others count 1"
    )
    monetary_weights: Mapping[str, Weight] = Field(
        default_factory=dict, description="weight of value by sales channel, as 0.9; others count 1"
    )
    fit_weights: bool = Field(
        True,
        description="where no weights are given, use those fitted on what customers bring next, if they pay; "
        "false: never",
    )


class SegmentsSection(Section):
    """`[segments]`: who is segmented, and between which dates movements are told."""

    left_out: Names = Field(("staff",), description="populations that are not segmented; shared cards never are")
    step: Literal["year", "half-year", "quarter"] = Field(
        "year", description="time between the two dates of a transition matrix: year, half-year or quarter"
    )


class RuleSection(Section):
    """One rule of a segmentation of your own; the first rule that matches wins."""

    segment: Annotated[str, Field(min_length=1)] = Field(description="name of the segment")
    recency: Band = Field((1, 5), description="lowest and highest recency score")
    frequency: Band = Field((1, 5), description="lowest and highest frequency score")
    monetary: Band = Field((1, 5), description="lowest and highest monetary score")


class SegmentationSection(Section):
    """`[segmentations.NAME]`: a segmentation of your own, by ranges of scores."""

    file: str | None = Field(
        None, description="CSV file with the columns segment, r_min, r_max, f_min, f_max, m_min, m_max"
    )
    rules: tuple[RuleSection, ...] = Field(
        (), description='rules, as {segment = "Champions", recency = [4, 5], frequency = [4, 5]}'
    )


class ValueSection(Section):
    """`[value]`: how far to look ahead, and how."""

    horizon: Annotated[str | date, BeforeValidator(_horizon)] = Field(
        "12 months", description='how far to look ahead, as "12 months", "26 weeks", "90 days", or a last day'
    )
    critical_share: Annotated[Decimal, Field(gt=0, le=1)] = Field(
        Decimal("0.40"), description="share of future revenue the critical customers are to make"
    )
    forecast: Literal[tuple(CANDIDATES)] | None = Field(  # type: ignore[valid-type]
        None, description="the forecast to use, instead of the best tested: " + ", ".join(CANDIDATES)
    )
    measure: Literal[MEASURES] = Field(  # type: ignore[valid-type]
        "revenue", description="what is forecast: revenue (net after returns), or margin if it is known of all sales"
    )
    discount_rate: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        Decimal(0), description="yearly rate at which what comes later is worth less today, as 0.10"
    )


class CalendarSection(Section):
    """`[calendar]`: how months, quarters and years are cut, and what a period is compared with."""

    kind: Literal[(GREGORIAN, *FISCAL)] = Field(  # type: ignore[valid-type]
        GREGORIAN,
        description="gregorian, or a fiscal calendar of whole weeks, by the weeks of the periods of a quarter: "
        + ", ".join(FISCAL),
    )
    year_end: str | None = Field(
        None,
        description='last day of the fiscal year, as "saturday nearest 31 january" or "last saturday of january"; '
        "needed for a fiscal calendar",
    )
    year_name: Literal["start", "end"] = Field(
        "start", description="a fiscal year bears the number of the calendar year in which it starts, or ends (end)"
    )
    first_weekday: Literal[WEEKDAYS] | None = Field(  # type: ignore[valid-type]
        None, description="first day of the week (default: monday, or the day after the year's last weekday)"
    )


class EngineSection(Section):
    """`[engine]`: what habitue may use of the machine."""

    memory: Annotated[str, Field(pattern=r"^\d+ ?(MB|GB|MiB|GiB)$")] = Field("3GB", description="memory, as 3GB")
    threads: Annotated[int, Field(ge=1)] | None = Field(None, description="processor threads (default: all)")


class SettingsFile(Section):
    """The whole file."""

    project: ProjectSection = ProjectSection()  # type: ignore[call-arg]
    tolerance: ToleranceSection = ToleranceSection()  # type: ignore[call-arg]
    sources: dict[str, SourceSection] = Field(default_factory=dict)
    sale_types: tuple[SaleTypeSection, ...] = ()
    populations: tuple[PopulationSection, ...] = ()
    purchases: PurchasesSection = PurchasesSection()  # type: ignore[call-arg]
    shared_cards: SharedCardsSection = SharedCardsSection()  # type: ignore[call-arg]
    margins: MarginsSection = MarginsSection()  # type: ignore[call-arg]
    rfm: RfmSection = RfmSection()  # type: ignore[call-arg]
    segments: SegmentsSection = SegmentsSection()  # type: ignore[call-arg]
    segmentations: dict[str, SegmentationSection] = Field(default_factory=dict)
    value: ValueSection = ValueSection()  # type: ignore[call-arg]
    identity: IdentitySection = IdentitySection()  # type: ignore[call-arg]
    consent: ConsentSection = ConsentSection()  # type: ignore[call-arg]
    calendar: CalendarSection = CalendarSection()  # type: ignore[call-arg]
    retention: RetentionSection = RetentionSection()  # type: ignore[call-arg]
    engine: EngineSection = EngineSection()  # type: ignore[call-arg]

    def fingerprint(self, rule_sets: Sequence[RuleSet]) -> str:
        """Of what is written in the file and in the rule sets it names, whatever the defaults of the version."""
        written = [self.model_dump(mode="json", exclude_unset=True), repr(rule_sets)]
        return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:16]


SECTIONS: Mapping[str, type[Section]] = {
    "project": ProjectSection,
    "tolerance": ToleranceSection,
    "sources": SourceSection,
    "sale_types": SaleTypeSection,
    "populations": PopulationSection,
    "purchases": PurchasesSection,
    "shared_cards": SharedCardsSection,
    "margins": MarginsSection,
    "rfm": RfmSection,
    "segments": SegmentsSection,
    "segmentations": SegmentationSection,
    "value": ValueSection,
    "identity": IdentitySection,
    "consent": ConsentSection,
    "calendar": CalendarSection,
    "retention": RetentionSection,
    "engine": EngineSection,
}
