"""Permissions and delivery events of known exports: a real file, and rows of ours under real or usual headers."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from habitue.sources.declared import Source
from habitue.staging import contact_events
from habitue.staging.conventions import Proved, decide, examine
from habitue.staging.customers import stage_customers
from habitue.staging.identifiers import cleaned
from habitue.staging.transactions import StagingSettings
from habitue.workspace import config
from support import reading

SETTINGS = StagingSettings(currency="EUR", time_zone="Europe/Paris")
STAGES = {
    "consents": lambda *of: contact_events.stage_consents(*of, SETTINGS),
    "delivery_events": lambda *of: contact_events.stage_delivery_events(*of, SETTINGS),
    "customers": stage_customers,
}


def staged(con: Any, preset: str, path: Path, **more: Any) -> Any:
    (declared,) = config.validate({"sources": {"export": {"preset": preset, "files": path.name, **more}}}).sources
    raw = reading.raw(con, path, declared)
    source: Source = declared.having(raw.names)
    table = cleaned(raw.table)
    decision = decide(examine(table, source), source, path.name, Proved())
    assert decision.faults == ()
    return STAGES[source.kind](table, source, decision.conventions)


def told(found: Any, *columns: str) -> list[tuple[Any, ...]]:
    """Rows in the order of the file; days as text."""
    rows = found.rows.order_by("row_number").to_pyarrow().to_pylist()
    return [tuple(str(row[n]) if n.endswith("_on") and row[n] else row[n] for n in columns) for row in rows]


def refused(found: Any) -> list[tuple[int, str]]:
    rows = found.refused.order_by("row_number").to_pyarrow().to_pylist()
    return [(row["row_number"], row["reason"]) for row in rows]


def ours(tmp_path: Path, header: Sequence[str], rows: Sequence[Mapping[str, str]]) -> Path:
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header)
        writer.writeheader()
        writer.writerows(rows)
    return path


def headers(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_shopify_consents_of_a_real_file(con: Any, shared_data: Path) -> None:
    path = shared_data / "export-samples" / "shopify_customers_export_20col.csv"
    meaning = {"yes": "opt_in", "no": "opt_out"}
    found = staged(con, "shopify.email_consents", path)
    written = [row for row in cells(path) if row["Email"]]
    assert told(found, "event", "contact_channel") == [
        (meaning[row["Accepts Email Marketing"]], "email") for row in written
    ]
    assert {row[0] for row in told(found, "happened_at")} == {None}  # the file has no day
    assert [reason for _, reason in refused(found)] == ["key_missing"] * 2
    found = staged(con, "shopify.sms_consents", path)
    assert {*told(found, "event", "contact_channel")} == {("opt_out", "sms")}
    assert found.rows.count().to_pyarrow().as_py() == 173  # those without an e-mail have a phone
    dated = staged(con, "shopify.email_consents", path, values={"captured_at": "2022-05-31"})
    assert {row[0] for row in told(dated, "happened_on")} == {"2022-05-31"}


def test_mailchimp(con: Any, shared_data: Path, tmp_path: Path) -> None:
    header = headers(shared_data / "export-samples" / "mailchimp_members_header.csv")
    member = {"Email Address": "A@example.com", "First Name": "Ann", "Last Name": "Bay", "MEMBER_RATING": "2"}
    rows = [{**member, "OPTIN_TIME": "2018-06-09 21:30:00", "CONFIRM_TIME": "2018-06-09 21:31:00"}]
    found = staged(con, "mailchimp.subscribed", ours(tmp_path, header, rows))
    assert told(found, "email", "event", "contact_channel", "happened_on", "consent_source") == [
        ("A@example.com", "opt_in", "email", "2018-06-09", "mailchimp")
    ]
    (person,) = told(staged(con, "mailchimp.members", ours(tmp_path, header, rows)), "customer_number", "last_name")
    assert person == ("a@example.com", "Bay")
    added = ["UNSUB_TIME", "UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID", "UNSUB_REASON", "UNSUB_REASON_OTHER"]
    rows = [{"Email Address": "b@example.com", "UNSUB_TIME": "2019-01-02 10:00:00", "UNSUB_REASON": "NORMAL"}]
    found = staged(con, "mailchimp.unsubscribed", ours(tmp_path, [*header, *added], rows))
    assert told(found, "email", "event", "happened_on") == [("b@example.com", "unsubscribed", "2019-01-02")]
    added = ["CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID"]
    rows = [{"Email Address": "c@example.com", "CLEAN_TIME": "2019-01-02 10:00:00"}]
    found = staged(con, "mailchimp.cleaned", ours(tmp_path, [*header, *added], rows))
    assert told(found, "email", "event", "remark") == [("c@example.com", "bounced", "hard bounce")]


def test_klaviyo(con: Any, shared_data: Path, tmp_path: Path) -> None:
    header = headers(shared_data / "export-samples" / "klaviyo_subscribers_header.csv")
    words = ("SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED", "SUPPRESSED")
    rows = [
        {"Email": f"{place}@example.com", "Email Marketing Consent": word, "Date Added": "2024-05-31 10:00:00"}
        for place, word in enumerate(words)
    ]
    path = ours(tmp_path, header, rows)
    found = staged(con, "klaviyo.consents", path)
    assert [row[0] for row in told(found, "event")] == ["opt_in", "opt_out", "unknown", "opt_out"]
    assert refused(found) == []
    assert staged(con, "klaviyo.subscribers", path).read == 4


def test_brevo(con: Any, tmp_path: Path) -> None:
    path = ours(tmp_path, ["EMAIL", "PRENOM", "NOM", "SMS"], [{"EMAIL": "A@example.com", "SMS": "33612345601"}])
    assert told(staged(con, "brevo.contacts", path), "customer_number", "phone") == [("a@example.com", "33612345601")]
    found = staged(con, "brevo.unsubscribed", path)
    assert told(found, "event", "contact_channel", "happened_at") == [("opt_out", "email", None)]


def test_splio(con: Any, tmp_path: Path) -> None:
    header = ["id", "email", "date", "firstname", "lastname", "lang", "cellphone"]
    path = ours(tmp_path, header, [{"email": "a@example.com", "lastname": "Bay", "cellphone": "+33612345601"}])
    assert told(staged(con, "splio.contacts", path), "last_name", "phone") == [("Bay", "+33612345601")]


@pytest.mark.parametrize(
    "header",
    [
        ("Customer number", "Returned on", "Reason"),
        ("N° client", "Date de retour", "Motif"),
        ("Номер клиента", "Дата возврата", "Причина"),
    ],
)
def test_returned_mail_in_three_languages(con: Any, tmp_path: Path, header: tuple[str, ...]) -> None:
    rows = [dict(zip(header, ("'00017", "31/05/2024", "NPAI"), strict=True)), {header[1]: "31/05/2024"}]
    found = staged(con, "returned-mail.letters", ours(tmp_path, header, rows))
    assert told(found, "customer_number", "contact_channel", "event", "happened_on", "remark") == [
        ("00017", "print", "undeliverable", "2024-05-31", "NPAI")
    ]
    assert refused(found) == [(3, "key_missing")]


def test_returned_mail_with_addresses(con: Any, tmp_path: Path) -> None:
    header = ["Customer number", "Returned on", "Address", "Postcode", "City"]
    rows = [dict(zip(header, ("17", "2024-05-31", "1 Example Street", "01234", "Ivydale"), strict=True))]
    found = staged(con, "returned-mail.letters", ours(tmp_path, header, rows))
    assert told(found, "address") == [("1 Example Street 01234 Ivydale",)]


@pytest.mark.parametrize("header", [("Number", "Stopped on", "Text"), ("Numéro", "Date STOP", "Texte reçu"),
                                    ("Номер", "Дата", "Текст")])  # fmt: skip
def test_stop_lists_in_three_languages(con: Any, tmp_path: Path, header: tuple[str, ...]) -> None:
    rows = [dict(zip(header, ("'+33612345601", "31/05/2024 10:00", "Stop svp"), strict=True))]
    path = ours(tmp_path, header, rows)
    found = staged(con, "stop-list.numbers", path)
    assert told(found, "phone", "contact_channel", "event", "happened_on") == [
        ("+33612345601", "sms", "opted_out", "2024-05-31")
    ]
    replies = staged(con, "stop-list.numbers", path, values={"event": "replied"})
    assert told(replies, "event", "detail") == [("replied", "Stop svp")]


def test_a_stop_list_without_a_day(con: Any, tmp_path: Path) -> None:
    path = ours(tmp_path, ["Number"], [{"Number": "0612345601"}])
    found = staged(con, "stop-list.numbers", path, values={"happened_at": "2024-05-31"})
    assert told(found, "phone", "happened_on") == [("0612345601", "2024-05-31")]


def test_a_list_of_unsubscribed_addresses(con: Any, tmp_path: Path) -> None:
    path = ours(tmp_path, ["Email", "Date"], [{"Email": "a@example.com", "Date": "2024-05-31"}])
    found = staged(con, "stop-list.emails", path)
    assert told(found, "email", "event", "contact_channel") == [("a@example.com", "unsubscribed", "email")]
