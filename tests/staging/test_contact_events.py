"""Consent and delivery files: words in three languages, days with and without a time, refused rows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from habitue.sources.declared import Source
from habitue.staging.contact_events import StagedContactRows, stage_consents, stage_delivery_events
from habitue.staging.transactions import StagingSettings
from support.reading import conventions, raw_table, source, told

PARIS = StagingSettings(currency="EUR", time_zone="Europe/Paris")


def staged(con: Any, text: str, kind: str, declared: Source | None = None, **more: Any) -> StagedContactRows:
    headers, *lines = ([cell.strip() for cell in line.strip().split(";")] for line in text.strip().splitlines())
    declared = declared or source({name: name for name in headers}, kind=kind, **more)
    table = raw_table(con, headers, [[cell or None for cell in line] for line in lines])
    stage: Any = stage_consents if kind == "consents" else stage_delivery_events
    return stage(table, declared, conventions(table, declared), PARIS)


def test_words_of_three_languages(con: Any) -> None:
    words = {
        "opt_in": ("yes", "TRUE", "1", "Oui", "да", "Opt-In", "SUBSCRIBED", "opt_in", "inscrit"),
        "opt_out": ("no", "false", "0", "NON", "нет", "Opt Out", "unsubscribed", "désabonné"),
        "unknown": ("unknown", "inconnu"),
        "objection": ("objection", "opposition"),
        "soft_opt_in": ("soft opt-in",),
    }
    rows = [(word, status) for status, listed in words.items() for word in listed]
    found = staged(con, "\n".join(["email;status;contact_channel", *(f"a@b.fr;{word};Courriel" for word, _ in rows)]),
                   "consents")  # fmt: skip
    assert told(found.rows, "event") == [status for _, status in rows]
    assert set(told(found.rows, "contact_channel")) == {"email"}
    assert told(found.refused, "row_number") == []


def test_words_of_ones_own_come_first(con: Any) -> None:
    found = staged(con, "email;status;contact_channel\na@b.fr;Actif;sms\na@b.fr;no;sms", "consents",
                   status_words={"actif": "opt_in", "No": "unknown"})  # fmt: skip
    assert told(found.rows, "event") == ["opt_in", "unknown"]


def test_moments_in_utc_and_days_of_the_stores(con: Any) -> None:
    found = staged(con, """email;status;contact_channel;captured_at
        a@b.fr;yes;email;2024-03-01
        a@b.fr;yes;email;2024-03-01 23:30
        a@b.fr;yes;email;2024-07-01T00:30:00+00:00
        a@b.fr;yes;email;2024-07-01 22:30:00 UTC
        a@b.fr;yes;email;""", "consents")  # fmt: skip
    assert told(found.rows, "happened_at", "happened_on", "is_day_only") == [
        (datetime(2024, 2, 29, 23), date(2024, 3, 1), True),
        (datetime(2024, 3, 1, 22, 30), date(2024, 3, 1), False),
        (datetime(2024, 7, 1, 0, 30), date(2024, 7, 1), False),
        (datetime(2024, 7, 1, 22, 30), date(2024, 7, 2), False),
        (None, None, None),
    ]


def test_constants_stand_for_columns(con: Any) -> None:
    declared = source({"source_customer_id": "id", "status": "newsletter"}, kind="consents", values={
        "contact_channel": "email", "captured_at": "2024-01-31", "consent_source": "till", "jurisdiction": "fr",
        "expires_at": "2026-01-31"})  # fmt: skip
    found = staged(con, "id;newsletter\n1;1\n2;0", "consents", declared)
    columns = ("customer_number", "event", "contact_channel", "happened_on", "is_day_only", "expires_on", "purpose",
               "jurisdiction", "consent_source")  # fmt: skip
    same = ("email", date(2024, 1, 31), True, date(2026, 1, 31), "marketing", "FR", "till")
    assert told(found.rows, *columns) == [("1", "opt_in", *same), ("2", "opt_out", *same)]


def test_what_is_refused_of_consents(con: Any) -> None:
    found = staged(con, """source_customer_id;email;status;contact_channel;captured_at
        ;;yes;email;2024-01-01
        1;;;email;2024-01-01
        1;;Zebulon 7;email;2024-01-01
        1;;yes;pigeon;2024-01-01
        1;;yes;;2024-01-01
        1;;yes;email;soon
        ;;;;
        1;;no;;soon
        1;;no;email;
        1;;yes;email;""", "consents")  # fmt: skip
    assert told(found.refused, "row_number", "column", "value", "reason") == [
        (2, "source_customer_id / email", None, "key_missing"),
        (3, "status", None, "status_missing"),
        (4, "status", "xxxxxxx 0", "status_unknown"),
        (5, "contact_channel", "xxxxxx", "contact_channel_unknown"),
        (6, "contact_channel", None, "contact_channel_missing"),
        (7, "captured_at", "xxxx", "date_unreadable"),
    ]
    # A no is kept whatever it lacks; a yes without a day is kept too, and opens nothing.
    assert told(found.rows, "row_number", "event", "happened_on") == [
        (9, "opt_out", None), (10, "opt_out", None), (11, "opt_in", None),
    ]  # fmt: skip


def test_what_is_refused_of_delivery_events(con: Any) -> None:
    found = staged(con, """phone;event;contact_channel;happened_at
        0612345678;delivered;sms;2024-01-01
        0612345678;delivered;sms;
        0612345678;delivered;sms;soon
        0612345678;STOP;sms;soon
        0612345678;npai;sms;
        0612345678;evaporated;sms;2024-01-01
        0612345678;sent;;2024-01-01""", "delivery_events")  # fmt: skip
    assert told(found.rows, "row_number", "event", "phone") == [
        (2, "delivered", "0612345678"), (5, "opted_out", "0612345678"), (6, "undeliverable", "0612345678"),
    ]  # fmt: skip
    assert told(found.refused, "row_number", "reason") == [
        (3, "date_missing"), (4, "date_unreadable"), (7, "event_unknown"), (8, "contact_channel_missing"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["consents", "delivery_events"])
def test_an_empty_file(con: Any, kind: str) -> None:
    columns = {"email": "email", "contact_channel": "c", "status" if kind == "consents" else "event": "e"}
    declared = source(columns, kind=kind)
    found = staged(con, "email;c;e", kind, declared)
    assert (told(found.rows, "row_number"), told(found.refused, "row_number")) == ([], [])
