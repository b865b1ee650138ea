"""Bars with intervals: lengths in proportion, every interval drawn, no line through words."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from habitue.report.charts import NARROW, WIDE
from habitue.report.charts_intervals import IntervalBar, interval_bars

WIDTHS = pytest.mark.parametrize("width", [WIDE, NARROW])
NASTY = 'R&D <"best">'


def boxes(picture: str, fill: str) -> list[dict[str, float]]:
    """Places and sizes of the rectangles of one colour."""
    return [
        {name: float(box.attrib[name]) for name in ("x", "y", "width", "height")}
        for box in ET.fromstring(picture).iter("rect")
        if f"--{fill}," in box.attrib["fill"]
    ]


def texts(picture: str) -> dict[str, float]:
    """Words and where they begin."""
    return {element.text or "": float(element.attrib["x"]) for element in ET.fromstring(picture).iter("text")}


@WIDTHS
def test_lengths_are_in_proportion_from_zero(width: int) -> None:
    picture = interval_bars(
        [IntervalBar("Core", 400, "400", 300, 600, "core"), IntervalBar(NASTY, 100, "100", 50, 160, "loyal")],
        width=width,
    )
    (core,), (loyal,) = boxes(picture, "segment-core"), boxes(picture, "segment-loyal")
    assert core["x"] == loyal["x"]
    assert core["width"] / loyal["width"] == pytest.approx(4, rel=0.02)
    assert {"Core", NASTY, "400", "100"} <= set(texts(picture))
    # The line of an interval goes from its lower to its upper end.
    line = max((box for box in boxes(picture, "ink") if box["height"] == 1.5), key=lambda box: box["width"])
    assert line["x"] == pytest.approx(core["x"] + 0.75 * core["width"], abs=1.5)
    assert line["width"] == pytest.approx(0.75 * core["width"], abs=2)


@WIDTHS
def test_what_ends_below_zero_is_drawn_to_its_left(width: int) -> None:
    picture = interval_bars([IntervalBar("Up", 300, "300"), IntervalBar("Down", -100, "−100", -200, 50)], width=width)
    up, down = boxes(picture, "mark")
    assert down["x"] + down["width"] == pytest.approx(up["x"], abs=0.2)
    assert up["width"] / down["width"] == pytest.approx(3, rel=0.02)


def test_the_line_all_are_compared_with_goes_through_no_words() -> None:
    rows = [IntervalBar("a", 0.93, "0.93 · used now"), IntervalBar("b", 2.0, "2.00", is_hollow=True)]
    picture = interval_bars(rows, mark=1.0, mark_text="best")
    (line,) = (box for box in boxes(picture, "ink") if box["height"] > 50)
    assert texts(picture)["0.93 · used now"] > line["x"]
    zero = boxes(picture, "mark")[0]["x"]
    assert line["x"] - zero == pytest.approx(boxes(picture, "mark")[0]["width"] / 0.93, abs=1.5)


def test_on_a_telephone_the_line_stands_beside_the_bars_and_not_in_their_labels() -> None:
    long = "the mean of the last period and of everything else"
    picture = interval_bars([IntervalBar(long, 1.0, "1"), IntervalBar(long, 2.0, "2")], mark=1.5, width=NARROW)
    assert [box["height"] for box in boxes(picture, "ink")] == [19.0, 19.0]  # a bar of 13 and 3 on either side


@WIDTHS
def test_nothing_is_an_empty_picture(width: int) -> None:
    assert texts(interval_bars([], width=width)) == {}
    assert texts(interval_bars([IntervalBar("a", 0, "0")], width=width)) == {"a": 0.0, "0": texts(
        interval_bars([IntervalBar("a", 0, "0")], width=width))["0"]}  # fmt: skip
