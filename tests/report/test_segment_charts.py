"""Charts of segments and movements: every number is there, what cannot be is marked, stored texts stay text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from importlib.resources import files
from itertools import pairwise

import pytest

from habitue.report import charts, charts_movements, charts_segments, svg

NASTY = 'R&D <"best">'
WIDTHS = pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(picture).iter("text")]


def shares(width: int = charts.WIDE) -> str:
    rows = [
        charts_segments.SegmentShare("Core", "core", 0.1, 0.5, "10 % of customers", "50 % of sales"),
        charts_segments.SegmentShare(NASTY, "lost", 0.2, -0.05, "20 %", "−5 %"),
    ]
    return charts_segments.segment_shares(rows, width)


@WIDTHS
def test_shares_are_labelled_and_in_proportion(width: int) -> None:
    picture = shares(width)
    assert {"Core", NASTY, "10 % of customers", "50 % of sales", "20 %", "−5 %"} <= set(texts(picture))
    assert picture == shares(width)
    full = {
        rect.attrib["fill"]: float(rect.attrib["width"])
        for rect in ET.fromstring(picture).iter("rect")
        if "segment" in rect.attrib["fill"]
    }
    assert full["var(--segment-core, #2080d0)"] / full["var(--segment-lost, #33393f)"] == pytest.approx(10, rel=0.03)


def heat(width: int) -> str:
    cells = [[charts_segments.HeatCell((row + column) / 8, f"{row}{column}", f"u{row}{column}") for column in range(5)]
             for row in range(5)]  # fmt: skip
    names = [(f"Score {score}", f"{score}–{score + 1} days ago") for score in range(5)]
    return charts_segments.score_heat(cells, names, names, row_title="Last visit", column_title=NASTY, width=width)


@WIDTHS
def test_every_cell_has_its_number_in_a_colour_that_can_be_read(width: int) -> None:
    picture = heat(width)
    assert {f"{row}{column}" for row in range(5) for column in range(5)} <= set(texts(picture))
    assert {"Score 0", "Last visit"} <= set(texts(picture))
    assert "var(--heat-0, " in picture
    assert f"var(--heat-{len(svg.HEAT) - 1}, " in picture
    assert float(ET.fromstring(picture).attrib["width"]) == width


@WIDTHS
def test_the_curve_names_its_point(width: int) -> None:
    points = [(0.0, 0.0), (0.1, 0.4), (0.5, 0.9), (1.0, 1.0)]

    def drawn() -> str:
        return charts_segments.concentration(
            points, (0.1, 0.4), annotation="Best tenth: 40 %", equal="all alike",
            percent=["0", "25", "50", "75", "100"], x_title="Customers", y_title=NASTY, width=width,
        )  # fmt: skip

    assert {"Best tenth: 40 %", "all alike", "0", "25", "50", "75", "100", "Customers", NASTY} <= set(texts(drawn()))
    assert drawn() == drawn()
    assert "#0a0b" not in drawn()


def matrix(width: int) -> str:
    ends = [charts_movements.MatrixRow("Core", "core", "90 customers"), charts_movements.MatrixRow(NASTY, "new", "10")]
    move = charts_movements.Move
    cells = [
        [move(0.9, "90 %", "81", is_diagonal=True), move(None, "–", is_impossible=True)],
        [move(0.3, "30 %", "3", is_small=True), move(0.1, "10 %", "1", is_impossible=True, is_violation=True)],
    ]
    return charts_movements.matrix(ends, ends, cells, row_title="Then", column_title="Now", width=width)


@WIDTHS
def test_impossible_moves_are_hatched_and_small_rows_have_no_colour(width: int) -> None:
    picture = matrix(width)
    assert {"90 %", "81", "–", "30 %", "3", "10 %", "1", "Then", "Now", "Core"} <= set(texts(picture))
    assert len(ET.fromstring(picture).findall("path")) == 1  # one hatched cell: the forbidden move that was seen is not
    assert re.findall(r"var\(--heat-(\d)", picture) == ["7"]  # and only one cell has a colour
    assert picture == matrix(width)


@WIDTHS
def test_ribbons_are_as_wide_as_the_customers_are_many(width: int) -> None:
    before = [charts_movements.MatrixRow("Core", "core", "400"), charts_movements.MatrixRow(NASTY, "lost", "100")]
    after = [charts_movements.MatrixRow("Loyal", "loyal", "500")]
    flows = [charts_movements.Flow(0, 0, 400), charts_movements.Flow(1, 0, 100)]
    picture = charts_movements.ribbons(before, after, flows, before_title="Then", after_title="Now", width=width)
    assert {"Core", "400", "100", "Loyal", "500", "Then", "Now"} <= set(texts(picture))
    first, second = (float(path.attrib["stroke-width"]) for path in ET.fromstring(picture).findall("path"))
    assert first / second == pytest.approx(4, rel=0.01)
    thin = charts_movements.ribbons(
        before,
        after,
        [charts_movements.Flow(0, 0, 100_000), charts_movements.Flow(1, 0, 1)],
        before_title="",
        after_title="",
    )
    assert min(float(path.attrib["stroke-width"]) for path in ET.fromstring(thin).findall("path")) == 0.8
    assert charts_movements.ribbons(before, after, [], before_title="", after_title="").startswith("<svg")


def test_long_names_are_cut_and_not_drawn_over_others() -> None:
    assert svg.wrapped("Not yet customer", 12, 80) == ["Not yet", "customer"]
    (line,) = svg.wrapped("Donaudampfschifffahrtsgesellschaft", 12, 80)
    assert line.endswith("…")
    assert svg.text_px(line, 12) <= 90
    assert svg.wrapped("one two three four", 12, 30, 2)[-1].endswith("…")
    assert svg.wrapped("", 12, 80) == []


def test_numbers_shrink_to_their_cell() -> None:
    assert svg.fitted("12", 12, 40) == 12
    assert svg.fitted("1,234,567", 12, 40) < 12


def css_variables(theme: int) -> dict[str, str]:
    css = files("habitue.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", css, re.DOTALL)[theme]))


def test_pictures_alone_have_the_colours_of_the_light_page() -> None:
    stand_ins = [*charts.SEGMENT_COLOURS.values(), charts.MARK, charts.BEFORE, charts.INK, charts.SOFT, charts.LINE,
                 charts.PAPER]  # fmt: skip
    drawn = [charts.in_page_colours(one) for one in stand_ins]
    drawn += [part for step in range(len(svg.HEAT)) for part in svg.heat((step + 0.5) / len(svg.HEAT))]
    for variable in drawn:
        name, colour = re.fullmatch(r"var\(--([\w-]+), (#[0-9a-f]{6})\)", variable).groups()  # pyright: ignore
        assert css_variables(0)[name] == colour, name


@pytest.mark.parametrize("share", [-1, 0, 0.5, 1, 2])
def test_the_scale_has_an_end_on_both_sides(share: float) -> None:
    assert svg.heat(share)[0].startswith("var(--heat-")


def lightness(colour: str) -> float:
    """L of Oklab (Björn Ottosson, 2020)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_scale_is_even_to_the_eye(theme: int) -> None:
    steps = [lightness(css_variables(theme)[f"heat-{step}"]) for step in range(len(svg.HEAT))]
    gaps = [after - before for before, after in pairwise(steps)]
    assert len({gap > 0 for gap in gaps}) == 1
    assert max(map(abs, gaps)) - min(map(abs, gaps)) < 0.012
