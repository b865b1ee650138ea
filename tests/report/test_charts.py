"""Charts are SVG without addresses, drawn in CSS variables, and stored texts in them are text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from habitue.report import charts

NASTY = "<script>alert(1)</script> \"x\" ' \\ &amp; ' + alert(1) + '"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter("text")]


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_bars_name_every_row(width: int) -> None:
    svg = charts.bars([charts.Bar("Лион", 100, "100 ₽", 80), charts.Bar("Nîmes", -20, "−20", None)], width)
    assert {"Лион", "Nîmes", "100 ₽", "−20"} <= set(texts(svg))
    assert float(ET.fromstring(svg).attrib["width"]) <= width + 1


@pytest.mark.parametrize("width", [charts.WIDE, charts.NARROW])
def test_stored_texts_stay_text(width: int) -> None:
    svg = charts.bars([charts.Bar(NASTY, 1, "1")], width)
    assert "<script" not in svg
    assert any(text.startswith("<script>alert(1)") for text in texts(svg))
    panels = charts.month_panels([charts.Panel(NASTY, [1.0])], ["May"], strong=frozenset({0}), amount=str)
    assert "<script" not in panels


def test_long_labels_stand_whole_on_a_telephone() -> None:
    label = "same customer, same article, bought elsewhere"
    assert label in texts(charts.bars([charts.Bar(label, 5, "5")], charts.NARROW))


def test_pictures_take_their_colours_from_the_page() -> None:
    svg = charts.bars([charts.Bar("a", 1, "1", 2)])
    assert "var(--mark, #" in svg
    assert "#0a0b0" not in svg
    assert "://" not in svg


def test_the_same_rows_give_the_same_picture() -> None:
    rows = [charts.Bar("a", 3, "3"), charts.Bar("b", 2, "2")]
    assert charts.bars(rows) == charts.bars(rows)


def test_lengths_are_in_proportion() -> None:
    svg = charts.bars([charts.Bar("a", 100, ""), charts.Bar("b", 50, "")])
    lengths = [float(found) for found in re.findall(r'd="M0,[\d.]+h([\d.]+)v15', svg)]
    assert len(lengths) == 2
    assert lengths[0] / lengths[1] == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize("values", [[0.0], [None, None], [-5.0, 3.0], [1.0] * 25, [20_000_000.0, 61_250_000.0]])
def test_month_panels_word_every_tick(values: list[float | None]) -> None:
    svg = charts.month_panels(
        [charts.Panel("store", values), charts.Panel("web", values)], [f"m{at}" for at in range(len(values))],
        strong=frozenset(), amount=lambda value: f"w{value:.0f}",
    )  # fmt: skip
    known = [value for value in values if value is not None]
    ticks = charts.nice_ticks(min([0.0, *known]), max([0.0, *known]))
    assert {f"w{tick:.0f}" for tick in ticks} <= set(texts(svg))
    assert f"m{len(values) - 1}" in texts(svg)  # the newest month is always named


def test_a_panel_without_a_title() -> None:
    svg = charts.month_panels([charts.Panel("", [1.0])], ["May"], strong=frozenset(), amount=str)
    assert set(texts(svg)) == {"May", "0.0", "0.5", "1.0"}


@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 1), (-5, 3), (0, 601_000), (-2, 0), (0, 1e12), (0, 0.3)])
def test_ticks_enclose_the_values_and_hold_zero(low: float, high: float) -> None:
    ticks = charts.nice_ticks(low, high)
    assert ticks[0] <= low
    assert ticks[-1] >= high
    assert 0 in ticks
    assert 2 <= len(ticks) <= 6
    assert ticks == sorted(ticks)


def test_no_bar_at_all_is_drawn_without_fault() -> None:
    assert charts.bars([]).startswith("<svg")
