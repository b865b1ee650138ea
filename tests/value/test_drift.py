"""What totals missed beyond chance, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from habitue.value.drift import Outcome, drifts

SEGMENTS = {"strategic": ("core", "lost", "nobody")}


def outcome(forecast: list[float], actual: list[float], error: list[float], segments: list[str | None]) -> Outcome:
    arrays = [np.array(values, float) for values in (forecast, actual, error)]
    return Outcome(*arrays, {"strategic": np.array(segments, object)})


def test_a_segment_misses_by_itself_and_is_drawn_to_the_others() -> None:
    # core: 80 of 100 came, lost: 30 of 20: misses of 0.2 and 0.5 that chance (0) does not explain; in all 110 of 120.
    one = outcome([100, 20], [80, 30], [0, 0], ["core", "lost"])
    found = drifts([one], SEGMENTS)
    pooled = (100 * 0.04 + 20 * 0.25) / 120
    assert found["strategic", "all"] == pytest.approx(10 / 120)
    assert found["strategic", "core"] == pytest.approx(np.sqrt((0.04 + pooled) / 2))
    assert found["strategic", "lost"] == pytest.approx(np.sqrt((0.25 + pooled) / 2))
    assert found["strategic", "nobody"] == pytest.approx(np.sqrt(pooled))  # nothing of its own


def test_what_chance_explains_is_no_drift() -> None:
    one = outcome([100, 100], [90, 110], [200, 200], ["core", "core"])
    found = drifts([one], SEGMENTS)
    assert found["strategic", "core"] == found["strategic", "all"] == 0


def test_more_dates_weigh_more_than_the_others() -> None:
    one = outcome([100, 100], [120, 80], [0, 0], ["core", "lost"])
    found = drifts([one, one, one], SEGMENTS)
    assert found["strategic", "core"] == pytest.approx(0.2)
    assert found["strategic", "all"] == 0


def test_a_segment_of_which_nothing_was_expected() -> None:
    one = outcome([100, 0], [110, 40], [0, 0], ["core", "lost"])
    found = drifts([one], SEGMENTS)
    assert found["strategic", "all"] == pytest.approx(0.5)
    assert found["strategic", "lost"] == pytest.approx(0.5)  # never below that of everybody
    assert drifts([outcome([50], [50], [0], [None])], SEGMENTS)["strategic", "core"] == 0
