"""What totals missed beyond chance, by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from habitue.report.locale import LANGUAGES, Words
from habitue.value.drift import ASSUMED_DRIFT, Outcome, assumed_drift, drift_of, drifts, horizon_notes

SEGMENTS = {"strategic": ("core", "lost", "nobody")}
YEAR = 365


def outcome(
    forecast: list[float], actual: list[float], error: list[float], segments: Sequence[str | None], *, days: int = YEAR
) -> Outcome:
    made, came, squared = (np.array(values, float) for values in (forecast, actual, error))
    return Outcome(made, came, squared, {"strategic": np.array(segments, object)}, days)


def of_segment(found: Sequence[Outcome], segment: str, *, days: int = YEAR) -> float:
    return drifts(found, SEGMENTS, days=days)["strategic", segment]


def test_a_year_is_assumed_to_miss_by_a_tenth_and_a_quarter_of_it_by_half_of_that() -> None:
    assert ASSUMED_DRIFT == 0.1
    assert assumed_drift(365) == pytest.approx(0.1)
    assert assumed_drift(4 * 365) == pytest.approx(0.2)
    assert assumed_drift(91) == pytest.approx(0.05, abs=1e-4)


def test_the_assumed_drift_counts_as_one_date() -> None:
    assert drift_of([], 0.1) == pytest.approx(0.1)
    assert drift_of([0.2**2], 0.1) == pytest.approx(np.sqrt((0.04 + 0.01) / 2))
    # Dates that happened to miss by nothing do not make the next one certain.
    assert drift_of([0.0, 0.0, 0.0], 0.1) == pytest.approx(0.05)


def test_a_segment_misses_by_itself_and_is_drawn_to_the_others() -> None:
    # core: 80 of 100 came, lost: 30 of 20: misses of 0.2 and 0.5 that chance (0) does not explain; in all 110 of 120.
    one = outcome([100, 20], [80, 30], [0, 0], ["core", "lost"])
    pooled = (100 * 0.04 + 20 * 0.25) / 120
    assert of_segment([one], "all") == pytest.approx(np.sqrt(((10 / 120) ** 2 + 0.01) / 2))
    assert of_segment([one], "core") == pytest.approx(np.sqrt((0.04 + pooled) / 2))
    assert of_segment([one], "lost") == pytest.approx(np.sqrt((0.25 + pooled) / 2))
    assert of_segment([one], "nobody") == pytest.approx(np.sqrt(pooled))  # nothing of its own


def test_what_chance_explains_is_no_drift() -> None:
    # 20 of 200 more came than forecast: 400 squared, all of it chance; only the assumed date is left.
    one = outcome([100, 100], [105, 115], [200, 200], ["core", "core"])
    assert of_segment([one], "core") == of_segment([one], "all") == pytest.approx(np.sqrt(0.01 / 2))
    # Of 80 of 200 missed, 6,400 squared, chance explains 2,400: 4,000 over 40,000 are left.
    two = outcome([100, 100], [140, 140], [1_200, 1_200], ["core", "core"])
    assert of_segment([two], "all") == pytest.approx(np.sqrt((0.1 + 0.01) / 2))


def test_more_dates_weigh_more_than_the_others() -> None:
    one = outcome([100, 100], [120, 80], [0, 0], ["core", "lost"])
    assert of_segment([one, one, one], "core") == pytest.approx(0.2)
    assert of_segment([one, one, one], "all") == pytest.approx(np.sqrt(0.01 / 4))


def test_a_segment_of_which_nothing_was_expected() -> None:
    one = outcome([100, 0], [110, 40], [0, 0], ["core", "lost"])
    assert of_segment([one], "all") == pytest.approx(np.sqrt((0.25 + 0.01) / 2))
    assert of_segment([one], "lost") == of_segment([one], "all")  # never below that of everybody
    assert of_segment([outcome([50], [50], [0], [None])], "core") == pytest.approx(np.sqrt(0.01 / 2))


def test_a_date_at_which_nothing_was_forecast_tells_nothing() -> None:
    nothing = outcome([0, 0], [10, 40], [0, 0], ["core", "lost"])
    some = outcome([100, 100], [120, 120], [0, 0], ["core", "lost"])
    assert set(drifts([nothing], SEGMENTS, days=YEAR).values()) == {assumed_drift(YEAR)}
    assert drifts([nothing, some], SEGMENTS, days=YEAR) == drifts([some], SEGMENTS, days=YEAR)


def test_misses_over_fewer_days_are_those_of_a_random_walk() -> None:
    # A miss of 0.1 over a quarter of the days is one of 0.2 over all of them.
    short = outcome([100], [110], [0], ["core"], days=100)
    assert of_segment([short], "core", days=400) == pytest.approx(0.2)
    assert of_segment([short], "all", days=400) == pytest.approx(np.sqrt((0.04 + 0.01 * 400 / 365) / 2))
    # A longer test than wanted is taken as it is.
    assert of_segment([short], "core", days=50) == of_segment([short], "core", days=100)


def test_without_any_date_every_segment_has_the_assumed_drift() -> None:
    found = drifts([], SEGMENTS, days=YEAR)
    assert found == {("strategic", name): pytest.approx(0.1) for name in (*SEGMENTS["strategic"], "all")}


@pytest.mark.parametrize("dates", [1, 2, 3])
def test_the_next_miss_is_held_more_often_than_by_the_root_mean_square(dates: int) -> None:
    """Where years really drift by what is assumed; the root mean square alone holds 70, 81 and 85 in 100."""
    chance = np.random.default_rng(dates)
    misses, following = chance.normal(0, 0.1, (20_000, dates)), chance.normal(0, 0.1, 20_000)
    alone = np.abs(following) <= 1.96 * np.sqrt((misses**2).mean(axis=1))
    sizes = np.array([drift_of(row**2, 0.1) for row in misses])
    held = np.abs(following) <= 1.96 * sizes
    assert alone.mean() == pytest.approx({1: 0.70, 2: 0.81, 3: 0.855}[dates], abs=0.01)
    assert 0.90 <= held.mean() <= 0.96


def codes(*, days: int, tested_days: int | None, history_days: int) -> list[str]:
    found = horizon_notes("consumer", days=days, tested_days=tested_days, history_days=history_days)
    return [told.code for told in found]


def test_what_is_told_of_a_long_horizon() -> None:
    assert codes(days=365, tested_days=365, history_days=800) == []
    assert codes(days=365, tested_days=250, history_days=500) == ["value.horizon_untested"]
    assert codes(days=182, tested_days=None, history_days=80) == ["value.assumed_drift"]
    # More than three times the history, and not just as much.
    assert codes(days=300, tested_days=None, history_days=100) == ["value.assumed_drift"]
    assert codes(days=301, tested_days=None, history_days=100) == ["value.assumed_drift", "value.long_horizon"]
    (assumed,) = horizon_notes("consumer", days=4 * 365, tested_days=None, history_days=1_000)
    assert assumed.params["share"] == pytest.approx(0.2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_notes_are_worded(language: str) -> None:
    words = Words(language, strict=True)
    found = horizon_notes("consumer", days=365, tested_days=None, history_days=100)
    found += horizon_notes("consumer", days=365, tested_days=60, history_days=130)
    told = [words.say(one) for one in found]
    assert "10" in told[0]
    assert all("365" in one for one in told)
    assert "60" in told[2]
