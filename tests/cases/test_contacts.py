"""Cases K: what came back, and what it forbids. Expected values: each case's EXPECTED.md, worked out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from cases.conftest import Case

Open = Callable[[str], Case]


def by_address(case: Case, as_of: str, channel: str, *names: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Reason (and some columns of its state) of each address of a contact channel, by customer number and hash."""
    case.run(as_of)
    rows = [row for row in case.table("consent-status", "--personal-data") if row["contact_channel"] == channel]
    states = {row["address_hash"]: row for row in case.table("address-states")}
    told: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in rows:
        assert (row["is_contactable"] == "true") == (row["reason"] == "contactable")
        state = states.get(row["address_hash"], {})
        told[row["customer_number"], row["address_hash"]] = (row["reason"], *(state.get(name, "") for name in names))
    return told


def test_k01_a_block_belongs_to_the_address(case: Open) -> None:
    k01 = case("K01")
    found = by_address(k01, "2024-06-01", "email", "temporary_bounces_count")
    mine = {number: [told for (other, _), told in found.items() if other == number] for number, _ in found}
    (eli_new,) = {address for number, address in found if number == "eli.new@example.com"}
    assert sorted(mine.pop("eli@example.com")) == [("contactable", "0"), ("permanent_bounce", "0")]
    assert found["eli@example.com", eli_new] == ("contactable", "0")
    assert mine == {
        "ana@example.com": [("permanent_bounce", "0")],
        "ben@example.com": [("contactable", "0")],
        "cid@example.com": [("temporary_bounces", "5")],
        "dov@example.com": [("contactable", "0")],
        "eli.new@example.com": [("contactable", "0")],
        "fay@example.com": [("contactable", "0")],
        "gus@example.com": [("complained", "0")],
        "hal@example.com": [("contactable", "1")],
    }
    reached = {row["reason"]: int(row["addresses_count"]) for row in k01.table("contactable")
               if row["contact_channel"] == "email"}  # fmt: skip
    assert reached == {"contactable": 5, "permanent_bounce": 1, "temporary_bounces": 1, "complained": 1}
    addresses = {address: told[0] for (_, address), told in found.items()}
    assert Counter(addresses.values()) == {
        "contactable": 5, "permanent_bounce": 2, "temporary_bounces": 1, "complained": 1,
    }  # fmt: skip
    earlier = by_address(k01, "2024-05-01", "email", "temporary_bounces_count")
    assert [told for (number, _), told in earlier.items() if number == "cid@example.com"] == [("contactable", "4")]


def test_k04_the_right_belongs_to_the_number(case: Open) -> None:
    k04 = case("K04")

    def reached(channel: str) -> tuple[set[str], int]:
        rows = [row for row in k04.table("consent-status", "--personal-data") if row["contact_channel"] == channel]
        there = [row for row in rows if row["is_contactable"] == "true"]
        (count,) = [int(row["addresses_count"]) for row in k04.table("contactable")
                    if row["contact_channel"] == channel and row["reason"] == "contactable"]  # fmt: skip
        return {row["customer_number"] for row in there}, count

    k04.run("2024-03-10")
    assert reached("sms") == ({"1, 3"}, 1)  # one Ida with two numbers, of which one is stopped
    assert reached("email")[0] == {"1, 3", "2", "4", "5"}
    assert k04.table("consent-reviews") == []
    told = k04.run("2024-04-01")
    assert "1 reply speaks of stopping without being a plain STOP. It is not counted" in told
    assert reached("sms") == ({"1, 3", "4", "5"}, 2)
    assert reached("email")[0] == {"1, 3", "2", "4", "5"}
    (review,) = k04.table("consent-reviews", "--personal-data")
    assert (review["row_number"], review["customer_number"], review["is_counted"]) == ("5", "1, 3", "false")


def test_k04_a_doubtful_reply_may_count_as_a_precaution(case: Open) -> None:
    k04 = case("K04")
    settings = k04.folder / "habitue.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[consent]\nunclear_stop = "stop"\n', "utf-8")
    told = k04.run("2024-04-01")
    assert "It counts as a STOP until somebody has read it" in told
    rows = [(row["customer_number"], row["reason"]) for row in k04.table("consent-status", "--personal-data")
            if row["contact_channel"] == "sms"]  # fmt: skip
    assert sorted(rows) == [
        ("1, 3", "stopped"), ("1, 3", "unclear_stop"), ("2", "stopped"), ("4", "contactable"), ("5", "contactable"),
    ]  # fmt: skip
    assert [row["is_counted"] for row in k04.table("consent-reviews")] == ["true"]


def test_nothing_of_the_replies_is_kept(case: Open) -> None:
    k04 = case("K04")
    k04.run("2024-04-01")
    kept = [path for path in k04.folder.rglob("*") if path.is_file() and path.suffix in (".parquet", ".json", ".html")]
    assert kept
    for path in kept:
        content = path.read_bytes()
        assert b"612345661" not in content
        assert b"quoi le stop" not in content
