"""Cases of who is who, through the commands; what is right is in each EXPECTED.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from .conftest import Case

pytestmark = pytest.mark.xdist_group("cases-identity")

Open = Callable[[str], Case]


def persons(case: Case) -> list[set[str]]:
    """The numbers of each person, as their systems write them."""
    found = defaultdict(set)
    for row in case.table("customer-ids", "--personal-data"):
        if row["customer_id"]:
            found[row["customer_id"]].add(row["customer_number"])
    return sorted(found.values(), key=min)


def test_i01_guest_orders_and_a_card_are_one_person(case: Open) -> None:
    i01 = case("I01")
    said = i01.run()
    assert persons(i01) == [{"K55", "W10", "W11", "W12"}, {"K60"}, {"K70", "W30"}, {"W20"}, {"W21"}]
    customers = i01.by_number()
    bought = {numbers: (int(row["purchases_count"]), Decimal(row["net_amount"])) for numbers, row in customers.items()}
    assert bought == {
        "K55, W10, W11, W12": (5, Decimal(165)), "W20": (1, Decimal(10)), "W21": (1, Decimal(15)),
        "K60": (1, Decimal(100)), "K70, W30": (2, Decimal(30)),
    }  # fmt: skip
    assert i01.totals()["used"] == Decimal(320)
    assert "9 customer numbers are 5 people" in said
    golden = {
        (row["customer_id"], row["attribute"]): row["value"] for row in i01.table("golden-records", "--personal-data")
    }
    nia = customers["K70, W30"]["customer_id"]
    assert golden[nia, "email"] == "n.diallo@example.com"
    assert golden[nia, "phone"] == "+33612345630"


def test_i03_placeholders_bring_nobody_together(case: Open) -> None:
    i03 = case("I03")
    i03.run()
    people = persons(i03)
    assert people == [{"M1"}, {"M2"}, {"M3"}, {"T3"}, {"T4"}, {"W1"}, {"W3"}]
    customers = i03.by_number()
    net = {number: Decimal(row["net_amount"]) for number, row in customers.items()}
    assert net == {
        "M1": Decimal(31), "M2": Decimal(42), "M3": Decimal(53), "T3": Decimal(20), "T4": Decimal(30),
        "W1": Decimal(70), "W3": Decimal(25),
    }  # fmt: skip
    unidentified = sum(Decimal(row["net_amount"]) for row in i03.table("transaction-lines") if not row["customer_id"])
    assert unidentified == 17 + 1
    assert i03.totals()["used"] == Decimal(289)
    ignored = {(row["value"], row["numbers_count"]) for row in i03.table("ignored-values")}
    assert {
        ("0600000000", "2"),
        ("0000000000", "2"),
        ("1900-01-01", "5"),
        ("x@x.fr", "2"),
        ("test@test.com", "1"),
    } <= ignored
    assert ("no-reply-buyer@marketplace.example", "3") in ignored
    pairs = {row["band"] for row in i03.table("identity-pairs")}
    assert "joined" not in pairs
    mails = {row["customer_number"]: row["email"] for row in i03.table("source-customers", "--personal-data")}
    faults = {
        row["source_customer_id"] for row in i03.table("contact-faults") if row["field"] == "email" and row["fault"]
    }
    ids = {row["source_customer_id"]: row["customer_number"] for row in i03.table("customer-ids", "--personal-data")}
    writable = {number for number, mail in mails.items() if mail} - {ids[one] for one in faults}
    assert writable == {"W1", "W3"}
    born = {row["customer_id"] for row in i03.table("golden-records") if row["attribute"] == "birth_date"}
    assert born == {customers["W1"]["customer_id"]}


def test_i04_one_number_in_six_spellings(case: Open) -> None:
    i04 = case("I04")
    i04.run()
    rows = i04.by_number("source-customers")
    phones = {number: row["phone"] for number, row in rows.items()}
    assert {phones[f"P{n}"] for n in (1, 2, 3, 4, 5, 13, 14)} == {"+33612345678"}
    assert (phones["P6"], phones["P7"]) == ("+33612345679", "+33123456789")
    assert (phones["P8"], phones["P9"], phones["P10"]) == ("+32470123456", "+32470123456", "+79123456789")
    assert (phones["P11"], phones["P12"], phones["P15"]) == ("06 12 34 56 7", "+33892680000", "")
    found = {row["source_customer_id"]: (row["fault"], row["mending"]) for row in i04.table("contact-faults")}
    listed = {number: found.get(row["source_customer_id"]) for number, row in rows.items()}
    assert (listed["P11"], listed["P14"]) == (("too_short", ""), ("", "several_numbers"))
    assert listed["P5"] == ("", "zero_restored")
    (complete,) = [row for row in i04.table("profile-completeness") if row["field"] == "phone" and not row["store_id"]]
    assert (complete["rows"], complete["filled_count"], complete["usable_count"]) == ("15", "14", "12")


def test_i05_no_chain_through_a_weak_record(case: Open) -> None:
    i05 = case("I05")
    said = i05.run()
    together = persons(i05)
    assert {"A", "E"} in together
    assert {"C", "D"} in together
    assert {"B"} in together
    waiting = i05.table("identity-review")
    ids = {row["source_customer_id"]: row["customer_number"] for row in i05.table("customer-ids", "--personal-data")}
    asked = [{ids[row["source_customer_id"]], ids[row["other_source_customer_id"]]} for row in waiting]
    assert len(asked) == 2
    assert all("B" in pair for pair in asked)
    assert {min(pair - {"B"}) for pair in asked} <= {"A", "C", "D", "E"}
    assert {row["reason"] for row in waiting} == {"between_two"}
    if {"F", "G"} in together:
        assert "joined although the birth dates differ" in said
    for row in i05.table("identity-pairs"):
        assert row["rule"]
        assert row["agreeing"]


def test_i06_a_merge_table_is_followed_to_its_ends(case: Open) -> None:
    i06 = case("I06")
    said = i06.run()
    assert persons(i06) == [{"101", "102", "103", "104"}, {"105"}, {"106"}, {"107"}, {"108"}]
    customers = i06.by_number()
    net = {numbers: Decimal(row["net_amount"]) for numbers, row in customers.items()}
    assert net == {
        "101, 102, 103, 104": Decimal(2710), "105": Decimal(160), "106": Decimal(320), "107": Decimal(640),
        "108": Decimal(1280),
    }  # fmt: skip
    merged = customers["101, 102, 103, 104"]
    assert (merged["purchases_count"], merged["last_purchase_on"]) == ("5", "2024-04-01")
    numbers = {
        row["source_customer_id"]: row["customer_number"] for row in i06.table("customer-ids", "--personal-data")
    }
    assert numbers[merged["customer_id"]] == "103"
    assert "lead in a circle" in said
    assert "leads to a number that is in no source" in said
    found = {numbers[row["source_customer_id"]]: row["finding"] for row in i06.table("source-merges")}
    assert found == {
        "101": "followed", "102": "followed", "104": "followed", "105": "cycle", "106": "cycle",
        "107": "unknown_target", "108": "to_itself",
    }  # fmt: skip
    assert {row["rule"] for row in i06.table("identity-pairs") if row["is_together"] == "true"} == {"merge_table"}
    assert not any(int(row["pairs_count"]) for row in i06.table("identity-rules"))
