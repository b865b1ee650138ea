"""Faults of `habitue.toml`: all of them at once, each with its place, what is valid, and words in every language."""

from __future__ import annotations

import tomllib
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from habitue.errors import ConfigurationError, Message
from habitue.periods import FiscalCalendar, GregorianCalendar, YearEnd
from habitue.report.locale import LANGUAGES, Words
from habitue.workspace import calendar_settings, config
from habitue.workspace.config import Settings

TILL = """
[sources.till]
kind = "transactions"
files = "*.csv"
[sources.till.columns]
sold_at = "Date"
transaction_id = "Ticket"
net_amount = "Amount"
"""
SECRET = "s3cr3t"


def faults(text: str) -> list[Message]:
    """The faults of settings; each must have words in every language."""
    with pytest.raises(ConfigurationError) as raised:
        config.validate(tomllib.loads(text))
    found = list(raised.value.messages)
    for language in LANGUAGES:
        words = Words(language, strict=True)
        for fault in found:
            assert SECRET not in words.say(fault)
    return found


def told(text: str, *, base: str = TILL) -> list[tuple[str, Any]]:
    """Code and place of each fault of settings that would be good without `text`."""
    found = faults(text + base if not text.lstrip().startswith("[sources.till") else base + text)
    return [(fault.code, fault.params.get("place")) for fault in found]


def in_till(text: str) -> Message:
    """The only fault of a source of sales with one more setting."""
    (fault,) = faults(TILL.replace("[sources.till.columns]", text + "\n[sources.till.columns]"))
    return fault


def valid(text: str) -> Settings:
    return config.validate(tomllib.loads(text))


# One fault of each kind


@pytest.mark.parametrize(
    ("text", "code", "place", "suggestion"),
    [
        ("projcet = 1", "setting.unknown_suggest", "projcet", "project"),
        ("colour = 1", "setting.unknown", "colour", ""),
        ("[project]\ncurency = 'EUR'", "setting.unknown_suggest", "project.curency", "currency"),
        ("[project]\nx = 1", "setting.unknown", "project.x", ""),
        ("[engine]\nthread = 1", "setting.unknown_suggest", "engine.thread", "threads"),
        ("[tolerance]\nrow = 0.1", "setting.unknown_suggest", "tolerance.row", "rows"),
        ("[purchases]\nreturndays = 1", "setting.unknown_suggest", "purchases.returndays", "return_days"),
        ("[[sale_types]]\nsale_type = 'free'\nskus = 'A'", "setting.unknown_suggest", "sale_types[1].skus", "sku"),
        ("[[populations]]\npopulation = 'staff'\nlabels = 'A'", "setting.unknown_suggest", "populations[1].labels",
         "label"),
    ],
)  # fmt: skip
def test_unknown_settings_at_each_level(text: str, code: str, place: str, suggestion: str) -> None:
    (fault,) = faults(f"{text}\n{TILL}")
    assert (fault.code, fault.params["place"], fault.params["suggestion"]) == (code, place, suggestion)
    assert suggestion in fault.params["choices"]


def test_unknown_settings_of_a_source() -> None:
    fault = in_till("file = '*.csv'")
    assert (fault.code, fault.params["place"]) == ("setting.unknown_suggest", "sources.till.file")
    assert fault.params["suggestion"] == "files"
    (fault,) = faults(TILL + "netamount = 'x'")
    assert (fault.code, fault.params["place"]) == ("setting.unknown_suggest", "sources.till.columns.netamount")
    assert fault.params["suggestion"] == "net_amount"
    (fault,) = faults(TILL + "first_name = 'x'")  # a column of another kind
    assert fault.code == "setting.unknown"
    (fault,) = faults(TILL + "[sources.till.values]\nstore = 'x'")
    assert fault.params["place"] == "sources.till.values.store"


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("project = 1", "project", "table"),
        ("[project]\nname = 5", "project.name", "string"),
        ("[project]\ncurrency = 'eur'", "project.currency", "^[A-Z]{3}$"),
        ("[project]\nsimulated = 'perhaps'", "project.simulated", "boolean"),
        ("[project]\nday_starts_at = 4", "project.day_starts_at", "time"),
        ("[project]\nday_starts_at = '25:00'", "project.day_starts_at", "time"),
        ("[project]\nearliest_on = 'soon'", "project.earliest_on", "date"),
        ("[value]\nhorizon = '12 monts'", "value.horizon", '"12 months", "26 weeks", "90 days", 2026-12-31'),
        ("[value]\nhorizon = 12", "value.horizon", '"12 months", "26 weeks", "90 days", 2026-12-31'),
        ("[value]\ncritical_share = 0", "value.critical_share", "> 0"),
        ("[tolerance]\nrows = 1.5", "tolerance.rows", "≤ 1"),
        ("[tolerance]\namount = -0.1", "tolerance.amount", "≥ 0"),
        ("[tolerance]\nrows = 'few'", "tolerance.rows", "number"),
        ("[calendar]\nkind = '4-5-4'\nyear_end = 31", "calendar.year_end", "string"),
        ("[engine]\nthreads = 0", "engine.threads", "≥ 1"),
        ("[engine]\nthreads = 1.5", "engine.threads", "integer"),
        ("[engine]\nmemory = 'all'", "engine.memory", r"^\d+ ?(MB|GB|MiB|GiB)$"),
        ("[purchases]\nreturn_days = -1", "purchases.return_days", "≥ 0"),
        ("[shared_cards]\nlisted = 5", "shared_cards.listed", "array"),
        ("[shared_cards]\nlisted = ['a', 5]", "shared_cards.listed[2]", "string"),
        ("[margins]\ndefault_rate = 2", "margins.default_rate", "≤ 1"),
        ("[margins.by_category]\nFood = 'half'", "margins.by_category.Food", "number"),
        ("sale_types = 5", "sale_types", "array"),
        ("[[sale_types]]\nsale_type = 'free'\nunit_price_at_most = 'x'", "sale_types[1].unit_price_at_most", "number"),
    ],
)
def test_values_of_the_wrong_kind(text: str, place: str, expected: str) -> None:
    (fault,) = faults(f"{text}\n{TILL}")
    assert (fault.code, fault.params["place"], fault.params["expected"]) == ("setting.invalid", place, expected)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[project]\nlanguage = 'de'", "project.language"),
        ("[value]\nforecast = 'prophet'", "value.forecast"),
        ("[[sale_types]]\nsale_type = 'sold'\nsku = 'A'", "sale_types[1].sale_type"),
        ("[[sale_types]]\nsale_type = 'free'\namount = 'none'", "sale_types[1].amount"),
        ("[[sale_types]]\nsale_type = 'free'\nsource = 'til'", "sale_types[1].source"),
        ("[[populations]]\npopulation = 'b2b'\nsource = 'til'", "populations[1].source"),
        ("[purchases]\ncounted = ['sale', 'sold']", "purchases.counted"),
        ("[project]\ntime_zone = 'Europe/Pari'", "project.time_zone"),
        ("[calendar]\nkind = '4-5-5'\nyear_end = 'last friday of june'", "calendar.kind"),
        ("[calendar]\nkind = '4-5-4'\nyear_end = 'last friday of june'\nyear_name = 'both'", "calendar.year_name"),
        ("[calendar]\nfirst_weekday = 'lundi'", "calendar.first_weekday"),
    ],
)
def test_words_that_are_not_among_the_choices(text: str, place: str) -> None:
    (fault,) = faults(f"{text}\n{TILL}")
    assert (fault.code, fault.params["place"]) == ("setting.choices", place)
    wanted = {"project.language": "fr", "project.time_zone": "Europe/Paris", "sale_types[1].amount": "negative"}
    sources = dict.fromkeys(("sale_types[1].source", "populations[1].source"), "till")
    value = {"value.forecast": "own_rate", "calendar.first_weekday": "sunday", "calendar.year_name": "end"}
    assert (wanted | sources | value | {"calendar.kind": "4-5-4"}).get(place, "gift_card") in fault.params["choices"]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("sheet = 5", "setting.invalid", "sources.till.sheet"),
        ("delimiter = ';;'", "setting.invalid", "sources.till.delimiter"),
        ("header_line = 0", "setting.invalid", "sources.till.header_line"),
        ("date_order = 'american'", "setting.choices", "sources.till.date_order"),
        ("decimal_mark = ';'", "setting.choices", "sources.till.decimal_mark"),
        ("time_zone = 'Mars'", "setting.choices", "sources.till.time_zone"),
        ("encoding = 'windows'", "setting.invalid", "sources.till.encoding"),
        ("tax = 'yes'", "setting.choices", "sources.till.tax"),
        ("tax_rate = 20", "setting.invalid", "sources.till.tax_rate"),
        ("tax = 'included'", "setting.tax_rate_needed", "sources.till.tax"),
        ("transaction_key = ['transaction_id', 'shop']", "setting.choices", "sources.till.transaction_key"),
        (
            "transaction_key = ['transaction_id', 'store_id']",
            "setting.key_part_unmapped",
            "sources.till.transaction_key",
        ),
        ("pays = 'web'", "setting.choices", "sources.till.pays"),
        ("export_date = 'sales_%d%m'", "setting.export_date", "sources.till.export_date"),
        ("values = {quantity = 'one'}", "setting.invalid", "sources.till.values.quantity"),
        ("values = {quantity = 'NaN'}", "setting.invalid", "sources.till.values.quantity"),
        ("values = {quantity = 1}", "setting.invalid", "sources.till.values.quantity"),
    ],
)
def test_settings_of_a_source(text: str, code: str, place: str) -> None:
    fault = in_till(text)
    assert (fault.code, fault.params["place"]) == (code, place)


def test_what_a_source_must_have() -> None:
    assert told("[sources.x]\nfiles = 'a'") == [("setting.missing", "sources.x.kind")]
    assert told("[sources.x]\nkind = 'sales'") == [("setting.choices", "sources.x.kind")]
    assert told("[sources.x]\nkind = 'products'\ncolumns = {sku = 'a'}") == [("setting.source_nowhere", "sources.x")]
    assert told("[sources.x]\nkind = 'products'\ndatabase = 'postgresql://h/d'\ncolumns = {sku = 'a'}") == [
        ("setting.database_what", "sources.x")
    ]
    lacking = faults("[sources.x]\nkind = 'payments'\nfiles = 'a'\n[sources.x.columns]\ntender = 't'\n" + TILL)
    assert [(fault.code, fault.params["column"]) for fault in lacking] == [
        ("setting.column_needed", "transaction_id"), ("setting.column_needed", "paid_amount"),
    ]  # fmt: skip
    (amount,) = faults(TILL.replace('net_amount = "Amount"', 'quantity = "Units"'))
    assert amount.params["column"] == "net_amount / gross_amount / unit_price + quantity"
    assert valid(TILL.replace('net_amount = "Amount"', 'unit_price = "P"\n[sources.till.values]\nquantity = "1"'))


def test_a_column_mapped_to_something_odd() -> None:
    (fault,) = faults(TILL.replace('"Amount"', "5"))
    assert (fault.params["place"], fault.params["expected"]) == ("sources.till.columns.net_amount", "string, array")


def test_rules_need_a_condition() -> None:
    found = faults("[[sale_types]]\nsale_type = 'free'\nnegate = true\n[[populations]]\npopulation = 'staff'\n" + TILL)
    assert [(fault.code, fault.params["place"]) for fault in found] == [
        ("setting.rule_without_condition", "sale_types[1]"), ("setting.rule_without_condition", "populations[1]"),
    ]  # fmt: skip
    assert "customer_label" in found[1].params["choices"]


def test_rules_need_what_they_are_for() -> None:
    text = "[[sale_types]]\nsku = 'A'\n[[sale_types]]\nsale_type = 'free'\nsku = 'A'\n[[populations]]\nlabel = 'x'"
    assert told(text) == [
        ("setting.missing", "sale_types[1].sale_type"), ("setting.missing", "populations[1].population"),
    ]  # fmt: skip


def test_no_source_at_all() -> None:
    assert [fault.code for fault in faults("")] == ["settings.no_source"]
    assert [fault.code for fault in faults("[project]\nname = 'x'")] == ["settings.no_source"]


# All at once


EVERYTHING = """
colour = 1
[project]
time_zone = "Europe/Pariss"
currency = "eur"
nam = "x"
[tolerance]
rows = 1.5
[engine]
threads = 0
[sources.till]
kind = "transactions"
files = 5
[sources.till.columns]
sold_at = 5
[sources.web]
kind = "transaction"
[sources.db]
kind = "customers"
database = "postgresql://h/d"
[sources.other]
kind = "transactions"
files = "a.csv"
tax = "included"
transaction_key = ["transaction_id", "nope"]
pays = "nobody"
time_zone = "Mars"
[sources.other.columns]
solt_at = "x"
[[sale_types]]
sale_type = "sal"
[[sale_types]]
sale_type = "gift_card"
[[sale_types]]
sale_type = "gift_card"
source = "web"
sku = "A"
[[sale_types]]
sale_type = "gift_card"
source = "webb"
[[populations]]
population = "staff"
[purchases]
counted = ["sale", "sold"]
"""


def test_all_faults_come_together() -> None:
    found = faults(EVERYTHING)
    assert sorted((fault.params["place"], fault.code.removeprefix("setting.")) for fault in found) == sorted([
        ("colour", "unknown"),
        ("project.time_zone", "choices"),
        ("project.currency", "invalid"),
        ("project.nam", "unknown_suggest"),
        ("tolerance.rows", "invalid"),
        ("engine.threads", "invalid"),
        ("sources.till.files", "invalid"),
        ("sources.till.columns.sold_at", "invalid"),
        ("sources.web.kind", "choices"),
        ("sources.db", "database_what"),
        ("sources.db.columns", "column_needed"),
        ("sources.other.tax", "tax_rate_needed"),
        ("sources.other.transaction_key", "choices"),
        ("sources.other.transaction_key", "key_part_unmapped"),
        ("sources.other.pays", "choices"),
        ("sources.other.time_zone", "choices"),
        ("sources.other.columns.solt_at", "unknown_suggest"),
        ("sources.other.columns", "column_needed"),
        ("sources.other.columns", "column_needed"),
        ("sale_types[1].sale_type", "choices"),
        ("sale_types[2]", "rule_without_condition"),
        # a rule may name a source that has faults of its own: sale_types[3] is good
        ("sale_types[4].source", "choices"),
        ("populations[1]", "rule_without_condition"),
        ("purchases.counted", "choices"),
    ])  # fmt: skip


def test_sections_that_are_no_sections() -> None:
    found = faults("sources = 'x'\nsale_types = {a = 1}\npopulations = [1]")
    assert [fault.params.get("place") for fault in found] == ["sources", "sale_types", "populations[1]", None]


@pytest.mark.parametrize(
    "text",
    [
        f"[sources.x]\nkind = 'customers'\ndatabase = ['postgresql://anna:{SECRET}@h/d']",
        f"[sources.x]\nkind = 'customers'\ndatabase = {{a = '{SECRET}'}}",
        f"[sources]\nx = 'postgresql://anna:{SECRET}@h/d'",
        f"[sources.x]\nkind = 'postgresql://anna:{SECRET}@h/d'",
        f"[sources.x]\nkind = 'customers'\ndatabse = 'postgresql://anna:{SECRET}@h/d'",
        f"[sources.x]\ndatabase = 'postgresql://anna:{SECRET}@h/d'",
        f"sources = [{{kind = 'customers', database = 'postgresql://anna:{SECRET}@h/d'}}]",
        f"sources = [{{kind = 'customers', database = 'host=h password={SECRET}'}}]",
    ],
)
def test_no_password_is_told(text: str) -> None:
    assert faults(text)


# Files


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        config.read(tmp_path)
    (fault,) = raised.value.messages
    assert (fault.code, fault.params["folder"]) == ("settings.missing", str(tmp_path))


@pytest.mark.parametrize("content", [b"[project\n", b"a = 1\na = 2\n", b"name = 'caf\xe9'\n"])
def test_what_is_no_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "habitue.toml").write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        config.read(tmp_path)
    (fault,) = raised.value.messages
    assert fault.code == "settings.not_toml"
    assert all("habitue.toml" in Words(language, strict=True).say(fault) for language in LANGUAGES)


def test_good_settings(tmp_path: Path) -> None:
    text = """
        [project]
        currency = "JPY"
        time_zone = "Asia/Tokyo"
        day_starts_at = 04:00:00
        earliest_on = 2010-01-01
        [tolerance]
        rows = 0.1
        [[sale_types]]
        sale_type = "gift_card"
        sku = "GC*"
        [sources.cards]
        kind = "customers"
        files = ["a.csv", "b.csv"]
        customer_system = "crm"
        columns = {source_customer_id = "no", address = ["street", "town"]}
    """
    (tmp_path / "habitue.toml").write_bytes(b"\xef\xbb\xbf" + (text + TILL).encode())
    found = config.read(tmp_path)
    staging = found.staging()
    assert (staging.currency, staging.time_zone, staging.day_starts_at) == ("JPY", "Asia/Tokyo", time(4))
    assert found.project.earliest_on == date(2010, 1, 1)
    assert found.tolerance.rows == Decimal("0.1")
    cards, till = found.sources
    assert (cards.files, cards.customer_system, till.customer_system) == (("a.csv", "b.csv"), "crm", "till")
    assert cards.headers("address") == ("street", "town")
    assert till.transaction_key == ("transaction_id",)
    (rule,) = found.purchase_settings(lambda numbers: tuple(numbers)).sale_types
    assert (rule.sale_type, rule.sku) == ("gift_card", ("GC*",))


def test_the_fingerprint_is_of_what_is_written() -> None:
    def of(text: str) -> str:
        return config.validate(tomllib.loads(text + TILL)).fingerprint

    plain = of('[project]\ncurrency = "JPY"\nlanguage = "fr"\n')
    assert of('# The other way round\n[project]\nlanguage = "fr"\ncurrency = "JPY"\n') == plain
    assert of('[project]\ncurrency = "JPY"\nlanguage = "en"\n') != plain


def test_times_as_texts() -> None:
    assert valid("[project]\nday_starts_at = '04:30'\n" + TILL).project.day_starts_at == time(4, 30)


# Scores and segments


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[rfm]\nrecency_thresholds = [30, 90, 180]", "setting.thresholds", "rfm.recency_thresholds"),
        ("[rfm]\nrecency_thresholds = [30, 90, 90, 365]", "setting.thresholds", "rfm.recency_thresholds"),
        ("[rfm]\nfrequency_thresholds = [5, 3, 2, 1]", "setting.thresholds", "rfm.frequency_thresholds"),
        ('[rfm]\nscoring = "thresholds"', "setting.thresholds", "rfm.monetary_thresholds"),
        ("[rfm]\nmonetary_thresholds = [10]", "setting.thresholds", "rfm.monetary_thresholds"),
        ('[rfm]\nscoring = "fixed"', "setting.choices", "rfm.scoring"),
        ("[rfm]\nwindow_months = 0", "setting.invalid", "rfm.window_months"),
        ("[rfm.monetary_weights]\nonline = -1", "setting.invalid", "rfm.monetary_weights.online"),
        ("[rfm.frequency_weights]\nonline = 1.0005", "setting.invalid", "rfm.frequency_weights.online"),
        ('[segments]\nstep = "month"', "setting.choices", "segments.step"),
        ('[segmentations.ten]\nrules = [{segment = "A"}]', "setting.segmentation_name", "segmentations.ten"),
        ("[segmentations.house]", "setting.rules_or_file", "segmentations.house"),
        (
            '[segmentations.house]\nfile = "r.csv"\nrules = [{segment = "A"}]',
            "setting.rules_or_file",
            "segmentations.house",
        ),
        (
            '[segmentations.house]\nrules = [{segment = "A"}, {segment = "unassigned"}]',
            "setting.segment_name",
            "segmentations.house.rules[2]",
        ),
        (
            '[segmentations.house]\nrules = [{segment = "A", recency = [5, 4]}]',
            "setting.range",
            "segmentations.house.rules[1] recency",
        ),
        (
            '[segmentations.house]\nrules = [{segment = "A", recency = [0, 4]}]',
            "setting.invalid",
            "segmentations.house.rules[1].recency[1]",
        ),
    ],
)
def test_settings_of_scores_and_segments(text: str, code: str, place: str) -> None:
    assert told(text) == [(code, place)]


def test_a_rule_file_that_is_not_there_or_lacks_columns(tmp_path: Path) -> None:
    settings = tmp_path / "habitue.toml"
    settings.write_text(TILL + '[segmentations.house]\nfile = "rules.csv"\n', "utf-8")
    for content, code in ((None, "rules.unreadable"), ("segment;r_min\nA;1\n", "rules.columns"), ("", "rules.columns")):
        if content is not None:
            (tmp_path / "rules.csv").write_text(content, "utf-8")
        with pytest.raises(ConfigurationError) as raised:
            config.read(tmp_path)
        (fault,) = raised.value.messages
        assert fault.code == code
        assert fault.params["file"] == "rules.csv"
    (tmp_path / "rules.csv").write_text("segment,r_min,r_max,f_min,f_max,m_min,m_max\n", "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        config.read(tmp_path)
    assert [fault.code for fault in raised.value.messages] == ["rules.none"]


def test_good_settings_of_scores_and_segments() -> None:
    found = valid(
        '[project]\ncurrency = "JPY"\n[rfm]\nscoring = "both"\nmonetary_thresholds = [1000, 2000, 3000, 4000]\n'
        '[rfm.monetary_weights]\nonline = 0.875\n[segments]\nstep = "quarter"\nleft_out = []\n'
        '[segmentations.house]\nrules = [{segment = "A", recency = [4, 5]}, {segment = "B"}]\n' + TILL
    ).segment_settings()
    assert found.rfm.monetary_thresholds == (1000, 2000, 3000, 4000)  # the yen has no smaller unit
    assert found.rfm.monetary_weights == {"online": 875}
    assert (found.step_months, found.left_out) == (3, ())
    assert [rule.segment for rule in found.rule_sets[0].rules] == ["A", "B"]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("'26 weeks'", "26 weeks"), ("'2026-12-31'", date(2026, 12, 31)), ("2026-12-31", date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_horizons(written: str, found: str | date) -> None:
    assert valid(f"[value]\nhorizon = {written}\n{TILL}").value.horizon == found


# The calendar

FISCAL = "[calendar]\nkind = '4-5-4'\n"


def test_without_a_calendar_the_gregorian_one_holds() -> None:
    assert calendar_settings.calendar(valid(TILL).calendar) == GregorianCalendar(first_weekday=0)
    given = valid("[calendar]\nfirst_weekday = 'sunday'\n" + TILL)
    assert calendar_settings.calendar(given.calendar) == GregorianCalendar(first_weekday=6)


def test_a_fiscal_calendar() -> None:
    given = valid(FISCAL + "year_end = 'Saturday nearest 31 January'\nfirst_weekday = 'sunday'\n" + TILL)
    made = calendar_settings.calendar(given.calendar)
    assert made == FiscalCalendar("4-5-4", YearEnd(5, 1, 31))
    given = valid("[calendar]\nkind = '4-4-5'\nyear_end = 'last saturday of september'\nyear_name = 'end'\n" + TILL)
    assert calendar_settings.calendar(given.calendar) == FiscalCalendar("4-4-5", YearEnd(5, 9), named_by_end=True)


@pytest.mark.parametrize(
    ("text", "code", "place", "told"),
    [
        (FISCAL, "setting.year_end_needed", "calendar.year_end", "saturday nearest 31 january"),
        (FISCAL + "year_end = '31 january'", "setting.invalid", "calendar.year_end", "last saturday of january"),
        (FISCAL + "year_end = 'friday nearest 30 february'", "setting.invalid", "calendar.year_end", "30 february"),
        (FISCAL + "year_end = 'last saturday of june'\nfirst_weekday = 'monday'", "setting.first_weekday",
         "calendar.first_weekday", "expected: sunday"),
        ("[calendar]\nyear_end = 'last saturday of june'", "setting.fiscal_only", "calendar.year_end", "4-4-5, 4-5-4"),
        ("[calendar]\nyear_name = 'end'", "setting.fiscal_only", "calendar.year_name", "5-4-4"),
    ],
)  # fmt: skip
def test_faults_of_a_calendar(text: str, code: str, place: str, told: str) -> None:
    (fault,) = faults(f"{text}\n{TILL}")
    assert (fault.code, fault.params["place"]) == (code, place)
    assert told in Words("en").say(fault)


def test_a_fault_of_the_calendar_does_not_hide_others() -> None:
    found = told(FISCAL + "[purchases]\ncounted = ['sold']\n")
    assert found == [("setting.choices", "purchases.counted"), ("setting.year_end_needed", "calendar.year_end")]
