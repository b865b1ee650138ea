"""Where the base is heading: by hand on small matrices, from the paper, on bases whose moves and spend are known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from habitue import periods
from habitue.segments.schemes import Scheme
from habitue.segments.states import Moment
from habitue.segments.strategic import SEGMENTS
from habitue.value.drift import assumed_drift
from habitue.value.migration import LATER, STATES, base_of, fit_migration, present_value, steady_state, whole_parts
from habitue.value.projection import Drift, ProjectionSettings, Trial, projected_tables, projection
from habitue.value.yearly_flows import Cohort, flows, yearly_pairs, years
from support.engines import table

TODAY, YEAR_AGO, TWO_AGO, THREE_AGO = (date(2025 - back, 6, 30) for back in range(4))
ONE = ProjectionSettings(multiples=(Decimal(1),), draws=200)
STILL = ProjectionSettings(multiples=(Decimal(1),), draws=200, assumed_drift=Decimal(0))
ANY = frozenset((a, b) for a in SEGMENTS for b in SEGMENTS)

# Customers who went from one segment to another, and what each of them brought in the year.
LAST = [
    ("core", "core", 60, 1000), ("core", "slipping", 40, 1000),
    ("loyal", "core", 30, 400), ("loyal", "slipping", 30, 400),
    ("new", "loyal", 10, 300), ("new", "one_off", 30, 300),
    ("slipping", "core", 10, 200), ("slipping", "lost", 40, 200),
    ("one_off", "lost", 50, 100),
    ("lost", "lost", 40, 0),
    ("not_yet_customer", "new", 20, 500), ("not_yet_customer", "loyal", 10, 500),
]  # fmt: skip


def flow(
    start: str, end: str, count: int, each: int, *, first_year: bool = False, to_on: date = TODAY,
    population: str = "consumer",
) -> dict[str, Any]:  # fmt: skip
    """So many customers, each with the same net in the year and none before."""
    return {
        "population": population, "from_on": periods.period_end(to_on, 12), "to_on": to_on, "from_segment": start,
        "is_first_year": first_year, "to_segment": end, "customers_count": count, "next_amount": count * each,
        "next_squares": count * each**2, "before_amount": 0, "before_squares": 0, "products": 0,
    }  # fmt: skip


def last_year(**more: Any) -> list[dict[str, Any]]:
    return [flow(*row, **more) for row in LAST]


def by_segment(rows: Sequence[Any], column: str, **wanted: Any) -> dict[str, Any]:
    return {row["segment"]: row.get(column) for row in rows if all(row[key] == value for key, value in wanted.items())}


def test_present_value_of_pfeifer_and_carraway() -> None:
    # Pfeifer & Carraway (2000): purchase probabilities by recency 1 to 4, then former; 40 a purchase, 4 a mailing.
    moves = np.array(
        [[0.30, 0.70, 0, 0, 0], [0.20, 0, 0.80, 0, 0], [0.15, 0, 0, 0.85, 0], [0.05, 0, 0, 0, 0.95], [0, 0, 0, 0, 1]]
    )
    brings = np.array([36.0, -4, -4, -4, 0])
    assert present_value(moves, brings, 0.2) == pytest.approx([52.320, 5.554, 1.251, -1.820, 0], abs=5e-4)
    assert present_value(moves, brings, 0.2, years=200) == pytest.approx(present_value(moves, brings, 0.2))
    assert present_value(moves, brings, 0.2, years=1) == pytest.approx(brings)
    # Second year of recency 1: 36 + (0.3 x 36 - 0.7 x 4) / 1.2.
    assert present_value(moves, brings, 0.2, years=2)[0] == pytest.approx(36 + 8 / 1.2)


def test_steady_state_by_hand() -> None:
    # Ten come every year, half stay, a quarter moves on: 10 / 0.5 = 20; then 20 x 0.25 / 0.5 = 10.
    assert steady_state(np.array([[0.5, 0.25], [0, 0.5]]), np.array([10, 0])) == pytest.approx([20, 10])
    assert steady_state(np.array([[1.0]]), np.array([10])) is None


def test_two_years_by_hand() -> None:
    found = projection(last_year(), {}, ONE).projection
    # Last year as it was, and where it ended: core 60 + 30 + 10, loyal 10 + 10 who came, slipping 40 + 30 ...
    assert by_segment(found, "customers_count", year=0) == {
        "core": 100, "loyal": 60, "new": 40, "slipping": 50, "one_off": 50, "lost": 40, "acquired": 30, "all": 370,
    }  # fmt: skip
    today = {"core": 100, "loyal": 20, "new": 20, "slipping": 70, "one_off": 30, "lost": 130}
    assert by_segment(found, "end_customers_count", year=0) == {**today, "acquired": None, "all": 370}
    assert by_segment(found, "expected_amount", year=0)["all"] == 100_000 + 24_000 + 12_000 + 10_000 + 5_000 + 15_000
    # Year 1: today's customers times what one of the segment brought; 30 come again and bring 500 each.
    assert by_segment(found, "customers_count", year=1) == {**today, "acquired": 30, "all": 400}
    assert by_segment(found, "expected_amount", year=1) == {
        "core": 100_000, "loyal": 8_000, "new": 6_000, "slipping": 14_000, "one_off": 3_000, "lost": 0,
        "acquired": 15_000, "all": 146_000,
    }  # fmt: skip
    # Core: 60 of 100, 50 % of 20 loyal, 20 % of 70 slipping; loyal: 25 % of 20 new, 10 who come; lost: 130 + 56 + 30.
    then = {"core": 84, "loyal": 15, "new": 20, "slipping": 50, "one_off": 15, "lost": 216}
    assert by_segment(found, "end_customers_count", year=1) == {**then, "acquired": None, "all": 400}
    assert by_segment(found, "expected_amount", year=2)["all"] == 84_000 + 6_000 + 6_000 + 10_000 + 1_500 + 15_000
    assert {row["basis"] for row in found if row["year"] and row["segment"] in SEGMENTS} == {"own"}
    assert {(row["from_on"], row["to_on"]) for row in found if row["year"] == 1} == {
        (date(2025, 7, 1), date(2026, 6, 30))
    }


def test_present_value_a_head_by_hand() -> None:
    settings = ProjectionSettings(multiples=(Decimal(1),), draws=10, discount_rate=Decimal("0.21"))
    found = projection(last_year(), {}, settings).projection
    # Each year counts at its middle, 1.1 = root of 1.21: one-off 100 / 1.1, then lost; slipping 200 / 1.1, then a fifth
    # core with 1,000 / 1.1^3.
    assert by_segment(found, "present_per_head_amount", year=1)["one_off"] == 91
    assert by_segment(found, "present_per_head_amount", year=5)["one_off"] == 91
    assert by_segment(found, "present_per_head_amount", year=2)["slipping"] == round(200 / 1.1 + 200 / 1.1**3)
    assert by_segment(found, "present_per_head_amount", year=1)["all"] == round(131_000 / 370 / 1.1)
    assert by_segment(found, "present_per_head_amount", year=1)["acquired"] is None


def test_without_discount_the_present_value_is_what_todays_base_brings() -> None:
    settings = ProjectionSettings(multiples=(Decimal(0),), draws=10)
    found = projection(last_year(), {}, settings).projection
    five = sum(by_segment(found, "expected_amount", year=year)["all"] for year in range(1, 6))
    assert by_segment(found, "present_per_head_amount", year=5)["all"] == pytest.approx(five / 370, abs=1)


def test_the_steady_base_by_hand() -> None:
    found = projection(last_year(), {}, ONE).projection
    # Every year 20 new and 10 loyal come, nobody lost comes back. New 20; one-off 0.75 x 20; loyal 10 + 0.25 x 20 = 15;
    # core C = 0.6 C + 7.5 + 0.2 S and slipping S = 0.4 C + 7.5: C = 28.125, S = 18.75.
    assert by_segment(found, "steady_customers_count", year=5) == {
        "core": 28, "loyal": 15, "new": 20, "slipping": 19, "one_off": 15, "lost": None, "acquired": None, "all": None,
    }  # fmt: skip


def test_the_largest_remainders_are_rounded_up() -> None:
    # Of 852 in thirds and halves one by one 853 are made: 284.5, 283.75, 283.75.
    assert whole_parts(np.array([284.5, 283.75, 283.75])) == [284, 284, 284]
    # 1.8 are two, not three.
    assert whole_parts(np.array([0.6, 0.6, 0.6])) == [1, 1, 0]
    assert whole_parts(np.array([10.5, 20.25, 0.0, 20.25])) == [11, 20, 0, 20]
    assert whole_parts(np.array([85 - 1e-12, 15 + 1e-12, -3.5, 3.5])) == [85, 15, -3, 3]
    assert whole_parts(np.array([])) == []


def test_nobody_is_added_or_lost_by_rounding_where_nobody_comes() -> None:
    # Of 10 core customers a third each stays, slips and is lost; the 10 slipping and 20 lost are lost for good.
    rows = [flow("core", end, 10, 100) for end in ("core", "slipping", "lost")] + [flow("slipping", "lost", 10, 100)]
    found = projection(rows, {}, ProjectionSettings(multiples=(Decimal(0),), draws=20)).projection
    # 3 1/3, 3 1/3 and 33 1/3: one by one they are 3, 3 and 33, and one of 40 is gone.
    then = by_segment(found, "end_customers_count", year=1)
    assert (then["core"], then["slipping"], then["lost"]) == (4, 3, 33)
    assert {by_segment(found, "end_customers_count", year=year)["all"] for year in range(6)} == {40}


def test_parts_add_up_whatever_the_scenario() -> None:
    settings = ProjectionSettings(draws=50)
    rows = [*last_year(), *last_year(to_on=YEAR_AGO), *last_year(population="b2b")]
    found = projection(rows, {}, settings).projection
    assert {row["acquisition_multiple"] for row in found} == {0.0, 0.8, 1.0, 1.2}
    for population in ("consumer", "b2b"):
        for multiple in (0.0, 0.8, 1.0, 1.2):
            for year in range(6):
                of = {"population": population, "acquisition_multiple": multiple, "year": year}
                begins, ends, amounts = (
                    by_segment(found, name, **of)
                    for name in ("customers_count", "end_customers_count", "expected_amount")
                )
                assert begins["acquired"] == (30 if year == 0 else round(30 * multiple))
                assert begins["all"] == sum(begins[name] for name in (*SEGMENTS, "acquired"))
                assert amounts["all"] == sum(amounts[name] for name in (*SEGMENTS, "acquired"))
                assert ends["all"] == sum(ends[name] for name in SEGMENTS)
                after = by_segment(found, "customers_count", **{**of, "year": year + 1})
                assert not after or all(after[name] == ends[name] for name in SEGMENTS)
    for row in found:
        if row["year"]:
            assert (
                row["low_95_amount"] <= row["low_80_amount"] <= row["high_80_amount"] <= row["high_95_amount"]
            ), row  # fmt: skip


def test_more_new_customers_bring_more() -> None:
    found = projection(last_year(), {}, ProjectionSettings(draws=50)).projection
    totals = [
        by_segment(found, "expected_amount", year=3, acquisition_multiple=multiple)["all"]
        for multiple in (0.0, 0.8, 1.0, 1.2)
    ]
    assert totals == sorted(totals)
    assert len(set(totals)) == 4


def test_the_order_of_rows_does_not_matter() -> None:
    rows = [*last_year(), *last_year(to_on=YEAR_AGO), *last_year(population="b2b")]
    shuffled = random.Random(3).sample(rows, len(rows))
    assert projection(rows, {}, ONE) == projection(shuffled, {}, ONE)
    assert projection(rows, {}, ONE, seed=2) != projection(rows, {}, ONE, seed=1)


def test_a_population_does_not_change_with_the_others() -> None:
    alone = projection(last_year(), {}, ONE).projection
    beside = projection([*last_year(population="b2b"), *last_year()], {}, ONE).projection
    assert tuple(row for row in beside if row["population"] == "consumer") == alone


def test_spend_is_moved_by_what_todays_customers_spent_last_year() -> None:
    # 15 core customers brought 100, then 200; 15 brought 300, then 400: a line of slope 1. The mean after is 300, that
    # before 200; today's have just brought 300, so 400 comes next, without any doubt.
    flowing = {
        **flow("core", "core", 30, 300), "next_squares": 15 * 200**2 + 15 * 400**2, "before_amount": 30 * 200,
        "before_squares": 15 * 100**2 + 15 * 300**2, "products": 15 * 100 * 200 + 15 * 300 * 400,
    }  # fmt: skip
    found = projection([flowing], {}, STILL).projection
    (core,) = [row for row in found if (row["segment"], row["year"]) == ("core", 1)]
    assert [core[name] for name in ("low_95_amount", "expected_amount", "high_95_amount")] == [12_000] * 3


def test_an_untested_projection_assumes_a_drift() -> None:
    ends = []
    for settings in (ONE, STILL):
        found = projection(last_year(), {}, settings)
        (total,) = [row for row in found.projection if (row["segment"], row["year"]) == ("all", 1)]
        ends.append(total["high_95_amount"] / total["low_95_amount"])
        (told,) = [note for note in found.notes if note.code == "projection.untested"]
        assert told.params["share"] == float(settings.assumed_drift)
    assert ends[0] > max(ends[1], np.exp(2 * 1.96 * 0.1) * 0.85)


def test_lost_customers_stay_lost_where_nobody_was_lost_a_year_ago() -> None:
    found = projection([row for row in last_year() if row["from_segment"] != "lost"], {}, ONE)
    assert by_segment(found.projection, "basis", year=1)["lost"] == "assumed"
    # 90 lost today and the 86 of slipping and one-off customers: nobody comes back, nobody buys.
    assert by_segment(found.projection, "end_customers_count", year=1)["lost"] == 176
    lost = [row for row in found.projection if row["segment"] == "lost" and row["year"]]
    assert {row["high_95_amount"] for row in lost} == {0}
    (told,) = [note for note in found.notes if note.code == "projection.lost_stay"]
    assert told.params["count"] == 90


def test_a_segment_nobody_was_in_takes_everybodys_mean_and_moves() -> None:
    rows = [flow("core", "core", 30, 300), flow("core", "slipping", 10, 300), flow("slipping", "lost", 60, 100)]
    found = projection([*rows, flow("not_yet_customer", "loyal", 50, 200)], {}, ONE).projection
    assert by_segment(found, "basis", year=1)["loyal"] == "everybody"
    # 100 customers brought 18,000: 180 each. Of 50 loyal 30 % go to core, 10 % to slipping, 60 % to lost.
    assert by_segment(found, "expected_amount", year=1)["loyal"] == 50 * 180
    assert by_segment(found, "end_customers_count", year=1)["core"] == round(30 * 0.75 + 50 * 0.3)


def test_a_segment_without_anybody_brings_nothing() -> None:
    found = projection([flow("core", "core", 50, 100)], {}, ONE).projection
    for row in found:
        if row["segment"] in ("new", "acquired", "lost") and row["year"] == 1:
            assert (row["customers_count"], row["expected_amount"], row["high_95_amount"]) == (0, 0, 0)
    assert by_segment(found, "expected_amount", year=5)["all"] == 5_000
    assert by_segment(found, "present_per_head_amount", year=5)["new"] is None


def test_small_tenures_take_the_row_of_their_segment() -> None:
    young = [flow("core", "core", 29, 900, first_year=True)]
    old = [flow("core", "core", 30, 300), flow("core", "lost", 30, 300)]
    (year,) = years([*young, *old])["consumer"]
    apart = fit_migration(years([*young, *young, *old])["consumer"][0], ANY, is_split=True)
    pooled = fit_migration(year, ANY, is_split=True)
    assert (apart.basis(0), pooled.basis(0)) == ("own", "pooled")
    assert apart.means[:2] == pytest.approx([900, 300])
    assert apart.moves[1, LATER][[0, 5]] == pytest.approx([0.5, 0.5])
    # (29 x 900 + 60 x 300) / 89
    assert pooled.means[:2] == pytest.approx([44_100 / 89] * 2)
    assert fit_migration(years([*young])["consumer"][0], ANY, is_split=True).basis(0) == "few"


def test_who_came_is_in_the_first_year_and_nobody_else() -> None:
    (year,) = years(last_year())["consumer"]
    base = base_of(year)
    assert base[::2].tolist() == [0, 10, 20, 0, 0, 0]
    assert base[1::2].tolist() == [100, 10, 0, 70, 30, 130]


def test_one_who_left_the_base_is_not_projected() -> None:
    # A return took back the only visit of 10 of 50: the row has 80 %.
    found = projection([flow("core", "core", 40, 100), flow("core", "not_yet_customer", 10, 0)], {}, ONE).projection
    assert by_segment(found, "end_customers_count", year=0)["all"] == 40
    assert by_segment(found, "end_customers_count", year=1)["core"] == 32


def test_the_back_test_by_hand() -> None:
    """The year before was like `LAST`; in the last one every core customer brings half and none comes."""
    now = [flow("core", "core", 100, 500), flow("slipping", "lost", 70, 200), flow("one_off", "lost", 30, 100)]
    now += [flow("loyal", "slipping", 20, 400), flow("new", "one_off", 20, 300), flow("lost", "lost", 130, 0)]
    found = projection([*now, *last_year(to_on=YEAR_AGO)], {}, ONE)
    tested = [row for row in found.backtest if not row["is_tenure_split"]]
    assert {(row["origin_on"], row["to_on"], row["year"], row["is_used"]) for row in tested} == {
        (YEAR_AGO, TODAY, 1, True)
    }
    rows = {row["segment"]: row for row in tested}

    def amounts(segment: str) -> list[int]:
        kinds = ("forecast", "actual", "naive", "error", "naive_error")
        return [rows[segment][f"{kind}_amount"] for kind in kinds]

    # Projected as in `test_two_years_by_hand`; naive: what the year before brought.
    assert amounts("core") == [100_000, 50_000, 100_000, 50_000, 50_000]
    assert amounts("known") == [131_000, 81_000, 151_000, 50_000, 70_000]
    assert amounts("acquired") == [15_000, 0, 15_000, 15_000, 15_000]
    assert amounts("all") == [146_000, 81_000, 166_000, 65_000, 85_000]
    counts = {name: (rows[name]["forecast_count"], rows[name]["actual_count"], rows[name]["naive_count"])
              for name in ("core", "lost", "acquired", "known", "all")}  # fmt: skip
    assert counts == {
        "core": (84, 100, 100), "lost": (216, 230, 130), "acquired": (30, 0, 30), "known": (None, None, None),
        "all": (400, 370, 370),
    }  # fmt: skip
    assert rows["core"]["error_count"] == 16
    # Missing 50,000 of 131,000 is drift: the interval of the next year holds more than chance.
    total = next(row for row in found.projection if (row["segment"], row["year"]) == ("all", 1))
    assert total["origins_count"] == 1
    # Customers of a segment brought all the same: chance explains nothing of it. The assumed tenth counts as a date.
    spread = np.sqrt(np.log1p(((50 / 131) ** 2 + 0.1**2) / 2))
    assert total["high_80_amount"] / total["low_80_amount"] == pytest.approx(np.exp(2 * 1.2816 * spread), rel=0.15)
    assert "projection.untested" not in {note.code for note in found.notes}


def halved(core: int) -> Trial:
    """Half of 200 core customers were lost; of the 100 left so many stay core in the next year."""
    before = [flow("core", "core", 100, 100, to_on=YEAR_AGO), flow("core", "lost", 100, 100, to_on=YEAR_AGO)]
    after = [flow("core", "core", core, 100), flow("core", "lost", 100 - core, 100), flow("lost", "lost", 100, 0)]
    came, learnt = years([*before, *after])["consumer"]
    return Trial(fit_migration(learnt, ANY, is_split=False), learnt, (came,))


def test_what_simulated_futures_vary_by_is_no_drift() -> None:
    """Of 100 core customers 50 are expected; shares are drawn from a Dirichlet of 100.5, 100.5 and four of 0.5."""
    total, share = 203, 100.5 / 203
    chance = 100 * share * (1 - share) * (total + 100) / (total + 1)  # beta-binomial: 37
    futures: dict[str, Any] = {"assumed": 0.1, "draws": 20_000, "seed": [1]}
    assert halved(40).chance(draws=20_000, seed=[1])["core"] == pytest.approx(chance, rel=0.03)
    drift = Drift.of([halved(40)], **futures)
    assert drift.counts[0] == pytest.approx(np.sqrt(((10**2 - chance) / 50**2 + 0.01) / 2), rel=0.02)
    # The other segments: nobody is expected in them, nothing is known of how they drift.
    assert drift.counts[1] == 0.1
    # All brought the same, as forecast; and five fewer than forecast is less than chance.
    assert drift.amount == pytest.approx(np.sqrt(0.01 / 2))
    assert Drift.of([halved(45)], **futures).counts[0] == pytest.approx(np.sqrt(0.01 / 2))
    assert Drift.of([halved(45), halved(45)], **futures).counts[0] == pytest.approx(np.sqrt(0.01 / 3))
    assert Drift.of([], **futures) == Drift(0.1, (0.1,) * 6)
    assert ProjectionSettings().assumed_drift == Decimal("0.1")
    assert assumed_drift(365) == pytest.approx(0.1)


def test_the_tenure_split_is_used_where_it_misses_by_less() -> None:
    """First-year core customers bring 100 and leave, later ones bring 1,000 and stay; the base grows old."""

    def year(young: int, old: int, to_on: date) -> list[dict[str, Any]]:
        return [
            flow("core", "lost", young, 100, first_year=True, to_on=to_on),
            flow("core", "core", old, 1000, to_on=to_on),
            flow("not_yet_customer", "core", 40, 100, to_on=to_on),
        ]

    rows = [*year(40, 100, TODAY), *year(200, 100, YEAR_AGO)]
    found = projection(rows, {}, ONE)
    # Split: 40 x 100 + 100 x 1,000 as it came. Pooled: (200 x 100 + 100 x 1,000) / 300 = 400 each of 140.
    missed = {row["is_tenure_split"]: row["error_amount"] for row in found.backtest if row["segment"] == "known"}
    assert missed == {False: 104_000 - 56_000, True: 0}
    assert {row["is_tenure_split"] for row in found.backtest if row["is_used"]} == {True}
    assert all(row["is_tenure_split"] for row in found.projection)
    assert by_segment(found.projection, "expected_amount", year=1)["core"] == 104_000
    alike = projection([*last_year(), *last_year(to_on=YEAR_AGO)], {}, ONE)
    assert not any(row["is_tenure_split"] for row in alike.projection)


def test_a_longer_history_is_tested_more_often_and_further_ahead() -> None:
    rows = [*last_year(), *last_year(to_on=YEAR_AGO), *last_year(to_on=TWO_AGO)]
    found = projection(rows, {}, ONE)
    assert {(row["origin_on"], row["year"], row["to_on"]) for row in found.backtest} == {
        (YEAR_AGO, 1, TODAY), (TWO_AGO, 1, YEAR_AGO), (TWO_AGO, 2, TODAY),
    }  # fmt: skip
    assert {row["origins_count"] for row in found.projection} == {2}


def test_nobody_and_hardly_anybody() -> None:
    assert projection([], {}, ONE) == projection(iter(()), {}, ONE)
    nobody = projection([], {}, ONE)
    assert (nobody.projection, nobody.backtest, nobody.notes) == ((), (), ())
    one = projection([flow("core", "core", 1, 100)], {}, ONE)
    assert (one.projection, one.backtest) == ((), ())
    (told,) = one.notes
    assert (told.code, told.params["count"], told.params["needed"]) == ("projection.too_few", 1, 30)


def test_variance_is_of_what_the_year_before_does_not_foretell() -> None:
    # 10, 20, 40 after 1, 2, 3: line 15 x - 20/3, residuals 5/3, -10/3, 5/3: 50/3 over one degree of freedom.
    told = Cohort((3, 0, 0, 0, 0, 0, 0), (70, 0, 0, 0, 0, 0, 0), 2_100, 6, 14, 10 + 40 + 120)
    assert told.variance == pytest.approx(50 / 3)
    # Nothing before: the plain variance, 2,100 / 2 - 70^2 / 6.
    nets = (70, 0, 0, 0, 0, 0, 0)
    assert Cohort((3, 0, 0, 0, 0, 0, 0), nets, 2_100).variance == pytest.approx(2_100 / 2 - 70**2 / 6)
    assert Cohort((2, 0, 0, 0, 0, 0, 0), nets, 2_100).variance is None


MOVES = np.array(
    [
        [0.70, 0.10, 0, 0.15, 0, 0.05],
        [0.10, 0.60, 0, 0.20, 0, 0.10],
        [0.05, 0.25, 0, 0.10, 0.50, 0.10],
        [0.05, 0.15, 0, 0.40, 0, 0.40],
        [0.00, 0.10, 0, 0.05, 0, 0.85],
        [0.00, 0.02, 0, 0.00, 0, 0.98],
    ]
)
MEANS, CAME = np.array([9_000, 4_000, 2_500, 1_000, 400, 50.0]), np.array([2, 30, 60, 8, 20, 0.0])


def known_year(base: np.ndarray, chance: np.random.Generator) -> tuple[list[dict[str, Any]], np.ndarray, int]:
    """One year of a base that moves by MOVES and spends by MEANS (gamma, coefficient of variation 1.2)."""
    rows, after, total = [], np.zeros(6, int), 0
    starts = [*zip(SEGMENTS, (chance.multinomial(n, p) for n, p in zip(base, MOVES, strict=True)), MEANS, strict=True)]
    for start, ends, mean in [*starts, ("not_yet_customer", chance.poisson(CAME), 3_000.0)]:
        for end, count in zip(SEGMENTS, ends, strict=True):
            spends = np.rint(chance.gamma(1 / 1.44, 1.44 * mean, count)).astype(int)
            row = flow(start, end, int(count), 0)
            rows.append({**row, "next_amount": int(spends.sum()), "next_squares": int((spends**2).sum())})
            total += int(spends.sum())
        after += ends
    return rows, after, total


def test_a_known_chain_is_recovered() -> None:
    rows, _, _ = known_year(np.array([40_000] * 6), np.random.default_rng(5))
    migration = fit_migration(years(rows)["consumer"][0], ANY, is_split=False)
    assert migration.moves[LATER, LATER] == pytest.approx(MOVES, abs=0.01)
    assert migration.means[LATER] == pytest.approx(MEANS, rel=0.03)
    assert migration.moves.shape == (STATES, STATES)


def test_what_comes_of_a_known_chain_is_within_the_intervals() -> None:
    inside = {"amount": 0, "count": 0, "amount_80": 0}
    bases, ahead = 120, 2
    for number in range(bases):
        chance = np.random.default_rng([11, number])
        base = chance.poisson([60, 120, 80, 120, 90, 200])
        rows, base, _ = known_year(base, chance)
        settings = ProjectionSettings(multiples=(Decimal(1),), years=ahead, draws=300, assumed_drift=Decimal(0))
        found = projection(rows, {}, settings, seed=number).projection
        total = 0
        for _ in range(ahead):
            _, base, total = known_year(base, chance)
        last = {row["segment"]: row for row in found if row["year"] == ahead}
        inside["amount"] += last["all"]["low_95_amount"] <= total <= last["all"]["high_95_amount"]
        inside["amount_80"] += last["all"]["low_80_amount"] <= total <= last["all"]["high_80_amount"]
        inside["count"] += last["core"]["low_95_count"] <= base[0] <= last["core"]["high_95_count"]
    # The number who come is itself learnt from one year: three standard errors of a share over 120 bases.
    assert 0.89 <= inside["amount"] / bases <= 1
    assert 0.69 <= inside["amount_80"] / bases <= 0.91
    assert 0.89 <= inside["count"] / bases <= 1


def moments(*on: date, step: int = 12) -> list[Moment]:
    return [
        Moment(day, periods.period_end(day, 12), periods.period_end(on[0], step * (number + 1)))
        for number, day in enumerate(on)
    ]


# Customer: first visit, then for each moment visits, segment and net of the year up to it.
PEOPLE: dict[str, tuple[date | None, list[tuple[int, str, int]]]] = {
    "young": (date(2024, 1, 5), [(3, "core", 500), (2, "loyal", 300), (0, "not_yet_customer", 0)]),
    "old": (date(2023, 5, 5), [(5, "core", 700), (4, "loyal", 200), (1, "new", 100)]),
    "came": (date(2024, 7, 1), [(1, "new", 90), (0, "not_yet_customer", 0), (0, "not_yet_customer", 0)]),
    "member": (None, [(0, "not_yet_customer", 0)] * 3),
    "refunded": (None, [(0, "not_yet_customer", -50), (1, "new", 50), (0, "not_yet_customer", 0)]),
}


def assigned(con: Any) -> Any:
    columns: dict[str, Sequence[Any]] = {
        "customer_id": list(PEOPLE),
        "population": ["consumer"] * len(PEOPLE),
        "first_on": [first for first, _ in PEOPLE.values()],
    }
    for number in range(3):
        states = [person[1][number] for person in PEOPLE.values()]
        columns |= {
            f"visits_{number}": [visits for visits, _, _ in states],
            f"segment_strategic_{number}": [segment for _, segment, _ in states],
            f"net_{number}": [net for _, _, net in states],
            f"step_net_{number}": [net for _, _, net in states],
        }
    return table(con, columns, {"first_on": pa.date32()})


def test_flows_by_hand(con: Any) -> None:
    found = flows(assigned(con), moments(TODAY, YEAR_AGO, TWO_AGO), first=date(2022, 6, 30))
    rows = {(row["to_on"], row["from_segment"], row["is_first_year"], row["to_segment"]): row for row in found}
    assert len(found) == len(rows)
    numbers = ("customers_count", "next_amount", "next_squares", "before_amount", "before_squares", "products")
    assert {key: tuple(row[name] for name in numbers) for key, row in rows.items()} == {
        # First visit on 5 January 2024: less than a year before 30 June 2024; on 5 May 2023: more.
        (TODAY, "loyal", True, "core"): (1, 500, 250_000, 300, 90_000, 150_000),
        (TODAY, "loyal", False, "core"): (1, 700, 490_000, 200, 40_000, 140_000),
        (TODAY, "not_yet_customer", False, "new"): (1, 90, 8_100, 0, 0, 0),
        (TODAY, "new", True, "not_yet_customer"): (1, -50, 2_500, 50, 2_500, -2_500),
        (YEAR_AGO, "not_yet_customer", False, "loyal"): (1, 300, 90_000, 0, 0, 0),
        (YEAR_AGO, "new", True, "loyal"): (1, 200, 40_000, 100, 10_000, 20_000),
        (YEAR_AGO, "not_yet_customer", False, "new"): (1, 50, 2_500, 0, 0, 0),
    }


def test_years_are_found_in_steps_of_other_lengths() -> None:
    half_years = [periods.period_end(TODAY, 6 * back) for back in range(5)]
    first = date(2021, 1, 1)
    assert [(pair.earlier, pair.later, pair.after) for pair in yearly_pairs(moments(*half_years, step=6), first)] == [
        (2, 0, "net_0"), (4, 2, "net_2"),
    ]  # fmt: skip
    assert yearly_pairs(moments(TODAY, TWO_AGO, step=24), first) == []
    assert yearly_pairs(moments(TODAY), first) == []
    # The year before the earlier date must be in the data.
    assert len(yearly_pairs(moments(TODAY, YEAR_AGO), date(2023, 7, 30))) == 1
    assert yearly_pairs(moments(TODAY, YEAR_AGO), date(2023, 9, 1)) == []
    assert yearly_pairs(moments(TODAY, YEAR_AGO), None) == []


def test_tables_of_too_little_history(con: Any) -> None:
    scheme = Scheme({}, {}, ())
    people = assigned(con)
    one_year = people.filter(people.customer_id == "came")
    tables, notes = projected_tables(one_year, scheme, moments(TODAY), ONE)
    assert [int(one.count().to_pyarrow().as_py()) for one in tables.values()] == [0, 0]
    assert [note.code for note in notes] == ["projection.too_short"]
    _, notes = projected_tables(people, scheme, moments(TODAY, YEAR_AGO, TWO_AGO), ONE)
    assert [note.code for note in notes] == ["projection.too_few"]
    _, notes = projected_tables(people, scheme, moments(TODAY, THREE_AGO, step=36), ONE)
    assert [note.code for note in notes] == ["projection.no_yearly_step"]
    _, notes = projected_tables(people.filter(people.customer_id == "nobody"), scheme, moments(TODAY), ONE)
    assert notes == ()
