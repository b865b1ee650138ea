"""Cases S: scores and segments. Expected values: each case's EXPECTED.md, worked out by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cases.conftest import Case

Open = Callable[[str], Case]
AS_OF = "2024-12-31"

S01_RECENCY_AND_VALUE = {
    "C01": (78, 4, 5), "C02": (247, 2, 2), "C04": (12, 5, 5), "C05": (181, 3, 1), "C06": (214, 2, 5),
    "C07": (61, 5, 2), "C08": (33, 5, 3), "C09": (263, 1, 3), "C11": (166, 3, 3), "C12": (121, 4, 4),
    "C13": (139, 3, 1), "C14": (197, 2, 3), "C15": (45, 5, 4), "C16": (104, 4, 1), "C17": (299, 1, 2),
    "C18": (340, 1, 4), "C19": (281, 1, 4), "C20": (230, 2, 5),
}  # fmt: skip


def scored(case: Case) -> dict[str, tuple[int, int, int]]:
    return {
        number: tuple(int(row[f"{name}_score"]) for name in ("recency", "frequency", "monetary"))
        for number, row in case.by_number("rfm").items()
    }


def test_s01_ties_share_a_score(case: Open) -> None:
    s01 = case("S01")
    told = s01.run(AS_OF)
    rows, scores = s01.by_number("rfm"), scored(s01)
    found = {c: (int(rows[c]["recency_days"]), scores[c][0], scores[c][2]) for c in S01_RECENCY_AND_VALUE}
    assert found == S01_RECENCY_AND_VALUE
    assert len(rows) == 20
    assert (rows["C03"]["recency_days"], scores["C03"][0]) == ("90", 4)
    assert (rows["C10"]["recency_days"], scores["C10"][0]) == ("150", 3)
    assert scores["C03"][2] == scores["C10"][2] in (1, 2)
    once = {scores[c][1] for c, row in rows.items() if row["frequency"] == "1"}
    assert len(once) == 1
    by_visits = sorted((int(row["frequency"]), scores[c][1]) for c, row in rows.items())
    assert [score for _, score in by_visits] == sorted(score for _, score in by_visits)
    assert scores["C20"][1] == max(score for _, score in by_visits)
    assert "70.0%" in told  # 14 of 20 bought once: said, with the fixed thresholds
    assert "fixed thresholds" in told
    cuts = [row for row in s01.table("rfm-cuts") if row["dimension"] == "frequency"]
    shown = [(row["method"], row["score"], float(row["from_visits"]), float(row["to_visits"])) for row in cuts]
    assert shown == [
        ("threshold", "1", 1, 1), ("threshold", "2", 2, 2), ("threshold", "3", 3, 3), ("threshold", "4", 9, 9),
    ]  # fmt: skip


def test_s01_the_order_of_the_file_changes_nothing(case: Open) -> None:
    s01 = case("S01")
    s01.run(AS_OF)
    before = scored(s01)
    settings = s01.folder / "habitue.toml"
    settings.write_text(settings.read_text("utf-8").replace("orders.csv", "orders_shuffled.csv"), "utf-8")
    s01.run(AS_OF)
    assert scored(s01) == before


def test_s02_everybody_bought_once(case: Open) -> None:
    s02 = case("S02")
    told = s02.run(AS_OF)
    rows, scores = s02.by_number("rfm"), scored(s02)
    assert {number: int(row["recency_days"]) for number, row in rows.items()} == {
        f"N{n:02}": 91 - 5 * n for n in range(15)
    }
    assert sum(Decimal(row["monetary"]) for row in rows.values()) == Decimal("615.00")
    assert Counter(r for r, _, _ in scores.values()) == Counter(dict.fromkeys(range(1, 6), 3))
    assert Counter(m for _, _, m in scores.values()) == Counter(dict.fromkeys(range(1, 6), 3))
    assert scores["N00"][0] == scores["N00"][2] == 1
    assert scores["N14"][0] == scores["N14"][2] == 5
    assert {f for _, f, _ in scores.values()} == {1}
    assert "the score says nothing" in told
    segments = {row["segmentation"]: set() for row in s02.table("assignments")}
    for row in s02.table("assignments"):
        segments[row["segmentation"]].add(row["segment"])
    assert not segments["ten"] & {"champions", "loyal", "potential_loyalists", "cant_lose", "at_risk"}
    assert segments["strategic"] <= {"new", "one_off"}
    assert s02.table("transitions") == []
    assert "the data cover 91 days" in told


def test_s03_rules_are_checked_before_use_and_partition_the_customers(case: Open) -> None:
    s03 = case("S03")
    told = s03.command("segmentations")
    house = told[told.index("house (house)") :]
    assert "56 of 125 combinations of scores match no rule" in house
    assert "14 of 125 combinations of scores match rules of several segments" in house
    counts = dict(line.rsplit(maxsplit=1) for line in house.splitlines()[3:10])
    assert {name.strip(): int(count) for name, count in counts.items()} == {
        "Champions": 8, "Loyal": 19, "Promising": 12, "New": 4, "At risk": 18, "Lost": 8, "Unassigned": 56,
    }  # fmt: skip
    scored_file = s03.command("segmentations", "--scores", str(s03.folder / "customers_scores.csv"))
    theirs = scored_file[scored_file.index("house (house)") :].splitlines()
    assert [line.split(maxsplit=4)[4] for line in theirs[3:11]] == [
        "Champions", "Loyal", "Promising", "New", "At risk", "Lost", "Unassigned", "Unassigned",
    ]  # fmt: skip


def test_s03_the_same_from_sales(case: Open) -> None:
    s03 = case("S03")
    told = s03.run(AS_OF)
    assert "56 of 125" in told
    assert "14 of 125" in told
    assert scored(s03) == {
        "K1": (5, 5, 5), "K2": (3, 3, 3), "K3": (5, 1, 4), "K4": (4, 1, 1), "K5": (2, 4, 5), "K6": (1, 1, 1),
        "K7": (3, 1, 5), "K8": (1, 5, 1),
    }  # fmt: skip
    rows = [row for row in s03.table("assignments", "--personal-data") if row["segmentation"] == "house"]
    assert {row["customer_number"]: row["segment"] for row in rows} == {
        "K1": "Champions", "K2": "Loyal", "K3": "Promising", "K4": "New", "K5": "At risk", "K6": "Lost",
        "K7": "unassigned", "K8": "unassigned",
    }  # fmt: skip
    sizes = {
        row["segment"]: int(row["customers_count"]) for row in s03.table("segments") if row["segmentation"] == "house"
    }
    assert sizes["unassigned"] == 2
    assert sum(sizes.values()) == 8


def test_s03_a_segment_that_can_never_be_filled_is_told(case: Open) -> None:
    s03 = case("S03")
    rules = s03.folder / "rules.csv"
    header, champions, loyal, *rest = rules.read_text("utf-8").splitlines()
    rules.write_text("\n".join([header, loyal, champions, *rest]), "utf-8")
    assert "“Champions” can never be filled" in s03.command("segmentations")
    assert "“Champions” can never be filled" in s03.run(AS_OF)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ("Champions,4,5,4,5,4,6", "rules.csv:2 m_max = 6 is not valid; expected: 1 … 5"),
        ("Champions,5,4,4,5,4,5", "rules.csv:2 recency: 5 to 4 runs backwards"),
        (",4,5,4,5,4,5", "cannot be the name of a segment"),
    ],
)
def test_s03_faulty_rules_name_their_place(case: Open, broken: str, words: str) -> None:
    s03 = case("S03")
    rules: Path = s03.folder / "rules.csv"
    header, _, *rest = rules.read_text("utf-8").splitlines()
    rules.write_text("\n".join([header, broken, *rest]), "utf-8")
    assert words in s03.command("run", code=2)
