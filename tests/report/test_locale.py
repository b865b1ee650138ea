"""Every wording stands in every language, and numbers, dates and plurals are written in the reader's manner."""

from __future__ import annotations

import copy
import re
from datetime import date, datetime
from decimal import Decimal

import pytest

from habitue import schemas
from habitue.customers.consent_signals import SEVERITY
from habitue.customers.contactable import REASONS
from habitue.errors import message
from habitue.report.locale import LANGUAGES, Exact, MissingWordingError, Words, catalogue
from habitue.staging.contact_words import CONTACT_CHANNELS, STATUSES

# What whole numbers can ask for (CLDR); French "many" is for a million and may fall back.
NEEDED = {"en": {"one", "other"}, "fr": {"one", "other"}, "ru": {"one", "few", "many", "other"}}
CODES = {
    "reason": "date_missing date_unreadable date_impossible before_earliest after_reading_day amount_missing "
    "amount_unreadable amount_too_large quantity_unreadable ruined_by_excel too_many_fields malformed_row "
    "transaction_id_missing currency_missing currency_unknown no_rate above_purchase total_row note_row blank_row "
    "key_missing status_missing status_unknown event_missing event_unknown contact_channel_missing "
    "contact_channel_unknown address_unreadable",
    "sale_type": "sale return exchange gift_card service warranty shipping deposit fee adjustment free test void "
    "donation",
    "population": "consumer staff b2b shared_card",
    "linked_by": "original_ticket customer_and_sku customer_and_amount none above_purchase",
    "unlinked_reason": "no_original_given original_not_found no_customer nothing_left_to_return",
    "finding": "return_without_original unlabelled_sale_type sale_without_customer customer_without_contact "
    "sale_without_sku set_aside",
    "exported_by": "file_name latest_date file_time",
    "date_order": "day_first month_first year_first",
    "shared_card_reason": "too_many_tickets listed worth_a_look",
    "kind": "transactions customers products stores payments rates consents delivery_events merges",
    "contact_channel": " ".join(CONTACT_CHANNELS),
    "contact_reason": " ".join(REASONS),
    "consent_event": " ".join((*STATUSES, *SEVERITY, "restarted")),
    "tax_basis": "excluded included unknown",
    "identity_rule": "email_and_name phone_and_name name_and_birth_date name_and_address name_and_postcode "
    "similar_name_and_birth_date similar_name_and_address second_look",
    "identity_band": "joined review apart",
    "identity_reason": "enough not_sure stakes too_little contradiction decided_same decided_different "
    "merged_at_source contrary_sides between_two too_large through_others",
    "identity_decision": "same different undecided",
    "decision_origin": "review command rule file page",
    "identity_change": "merged split moved",
    "name_kind": "person anonymous test none",
    "ignored_reason": "known_filler shared_inbox shared_by_many_names too_frequent",
    "merge_finding": "followed to_itself cycle unknown_target superseded not_yet",
    "profile_field": "name email phone birth_date address",
    "contact_fault": "empty no_at several_at invalid known_filler not_a_number too_short too_long region_unknown "
    "filler too_old after_as_of",
    "contact_note": "zero_restored plus_restored several_numbers several_addresses",
    "field": "email, phone or address",
}


def test_the_languages_word_the_same_codes() -> None:
    english = set(catalogue("en"))
    for language in LANGUAGES:
        assert set(catalogue(language)) ^ english == set(), language


@pytest.mark.parametrize("language", LANGUAGES)
def test_parameters_agree_with_english(language: str) -> None:
    differing = {
        code: (wording.parameters, catalogue("en")[code].parameters)
        for code, wording in catalogue(language).items()
        if code in catalogue("en") and wording.parameters != catalogue("en")[code].parameters
    }
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_plurals_are_complete(language: str) -> None:
    incomplete = {
        code: sorted(NEEDED[language] - set(wording.forms))
        for code, wording in catalogue(language).items()
        if wording.by is not None and not set(wording.forms) >= NEEDED[language]
    }
    assert incomplete == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_table_and_column_has_a_term(language: str) -> None:
    words = Words(language, strict=True)
    for schema in schemas.PUBLIC:
        assert words.term("table", schema.name)
        for name in schema.names:
            assert words.term("column", f"{schema.name}.{name}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", CODES)
def test_every_code_has_a_term(language: str, kind: str) -> None:
    words = Words(language, strict=True)
    codes = [CODES[kind]] if kind == "field" else CODES[kind].split()
    for code in codes:
        assert words.term(kind, code)


def test_french_has_its_spaces() -> None:
    missing = {}
    for code, wording in catalogue("fr").items():
        for form in wording.forms.values():
            if "; habitue " in form:  # several commands in a row, as one types them
                continue
            text = re.sub(r"`[^`]*`|\{[^{}]*\}|\w+://\S+|\d\d:\d\d", "x", form)
            if re.search(r"[^\s\u00a0\u202f?!.…][;?!»]|[^\s\u00a0\u202f]:(?=[\s\u00a0]|$)|«(?!\u00a0)| [:;?!»%]", text):
                missing[code] = form
    assert missing == {}


def test_numbers_are_written_in_the_readers_manner() -> None:
    assert [Words(language).number(1234567) for language in LANGUAGES] == [
        "1,234,567",
        "1\u202f234\u202f567",
        "1\u00a0234\u00a0567",
    ]
    assert Words("en").number(12.3456) == "12.3"
    assert Words("en").number(0.12345) == "0.12"
    assert Words("fr").number(Decimal("1.5")) == "1,50"
    assert Words("en").number(-3) == "\u22123"
    assert Words("en").number(None) == "–"


def test_amounts_are_whole_minor_units() -> None:
    assert Words("en").money(123456789, "EUR") == "€1,234,567.89"
    assert Words("fr").money(123456789, "EUR") == "1\u202f234\u202f567,89\u00a0€"
    assert Words("ru").money(5, "RUB") == "0,05\u00a0₽"
    assert Words("en").money(1500, "JPY") == "JP¥1,500"  # the yen has no minor unit
    assert Words("en").money(-1, "GBP") == "\u2212£0.01"
    assert Words("en").money(9007199254740993, "EUR") == "€90,071,992,547,409.93"  # beyond exact floats
    assert Words("en").amount(1234, "CHF") == "12.34"
    assert Words("en").money(1234, None) == "12.34"
    assert Words("en").money(None, "EUR") == "–"


def test_short_amounts_have_three_digits() -> None:
    assert Words("en").short_money(440_000_000, "EUR") == "€4.40M"
    assert Words("fr").short_money(440_000_000, "EUR") == "4,40\u00a0M\u00a0€"
    assert Words("ru").short_money(58_749_999, "EUR") == "587\u00a0тыс.\u00a0€"
    assert Words("en").short_money(999_999, "EUR") == "€10,000"
    assert Words("en").short_money(0, "EUR") == "€0"


def test_shares_never_round_to_all_or_nothing() -> None:
    assert [Words("en").share(share) for share in (0.0, 0.0001, 0.1234, 0.99999, 1.0, None)] == [
        "0.0%",
        "< 0.1%",
        "12.3%",
        "> 99.9%",
        "100%",
        "–",
    ]


def test_nothing_has_no_sign() -> None:
    words = Words("en")
    assert [words.share(-0.0001), words.number(-0.004), words.number(-0.4, decimals=0)] == ["0.0%", "0.00", "0"]
    assert [words.share(-0.001), words.number(-0.01)] == ["\u22120.1%", "\u22120.01"]
    assert words.money(-40, "EUR", whole=True) == "€0"


def test_dates() -> None:
    day = date(2026, 8, 31)
    assert [Words(language).date(day, long=True) for language in LANGUAGES] == [
        "31 August 2026",
        "31 août 2026",
        "31 августа 2026\u202fг.",
    ]
    assert Words("en").date(datetime(2026, 9, 1, 6, 12)) == "1 Sept 2026 06:12"
    assert Words("fr").month(day) == "août 2026"


@pytest.mark.parametrize(
    ("count", "russian", "french"),
    [(0, "0 строк", "0 ligne"), (1, "1 строка", "1 ligne"), (2, "2 строки", "2 lignes"), (5, "5 строк", "5 lignes"),
     (11, "11 строк", "11 lignes"), (21, "21 строка", "21 lignes"), (112, "112 строк", "112 lignes")],
)  # fmt: skip
def test_plural_forms(count: int, russian: str, french: str) -> None:
    assert Words("ru").text("report.reconciliation.rows", count=count) == russian
    assert Words("fr").text("report.reconciliation.rows", count=count) == french


def test_a_full_stop_is_not_doubled_in_russian() -> None:
    told = Words("ru", strict=True).text("report.years.partly_note", month=date(2023, 5, 1))
    assert told.endswith("г.")
    assert not told.endswith("..")


def test_messages_are_said() -> None:
    assert (
        Words("en").say(message("report.files.proof", line=1234, value="31/08/2025"))
        == "proved by line 1234: 31/08/2025"
    )
    assert Words("en").say({"code": "word.yes", "params": {}}) == "yes"


def test_a_missing_code_falls_back_and_is_an_error_when_strict() -> None:
    assert Words("fr").text("no.such", count=3) == "no.such (count=3)"
    with pytest.raises(MissingWordingError, match=r"no wording for 'no\.such' in 'fr'"):
        Words("fr", strict=True).text("no.such")
    with pytest.raises(KeyError, match="needs the parameter 'line'"):
        Words("en", strict=True).text("report.files.header")
    assert Words("en").text("report.files.header") == "header in line {line}"


def test_an_unknown_term_is_shown_as_written() -> None:
    assert Words("ru").term("population", "musicians") == "musicians"
    assert Words("en").term("population", None) == "not stated"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="valid are: en, fr, ru"):
        Words("de")


@pytest.mark.parametrize(
    ("told", "text", "value", "unit"),
    [
        (Words("en").money(183298, "EUR"), "€1,832.98", Decimal("1832.98"), "EUR"),
        (Words("en").money(183298, "EUR", whole=True), "€1,833", Decimal("1832.98"), "EUR"),
        (Words("en").money(183298, None), "1,832.98", Decimal("1832.98"), ""),
        (Words("en").money(1500, "JPY"), "JP¥1,500", Decimal(1500), "JPY"),
        (Words("en").short_money(25_478_490, "EUR"), "€255K", Decimal("254784.90"), "EUR"),
        (Words("en").amount(1500, "KWD"), "1.500", Decimal("1.500"), "KWD"),
        (Words("en").share(0.36489), "36.5%", 0.36489, "%"),
        (Words("en").share(0.0002), "< 0.1%", 0.0002, "%"),
        (Words("en").share(0.9999), "> 99.9%", 0.9999, "%"),
        (Words("en").number(12.3456), "12.3", 12.3456, ""),
        (Words("en").short_number(12_345_678), "12.3M", 12_345_678, ""),
        (Words("en").date(date(2025, 3, 31)), "31 Mar 2025", date(2025, 3, 31), ""),
    ],
)
def test_a_text_carries_the_exact_value_it_shows(told: str, text: str, value: object, unit: str) -> None:
    assert isinstance(told, Exact)
    assert (told, told.value, told.unit) == (text, value, unit)
    copied = copy.deepcopy(told)
    assert (copied, copied.value, copied.unit) == (text, value, unit)


def test_no_value_carries_none() -> None:
    words = Words("en")
    for told in (words.money(None, "EUR"), words.share(None), words.number(None), words.date(None)):
        assert (told, isinstance(told, Exact)) == ("–", False)
