"""Segments: who the customers are, how the segmentations cross, how customers moved."""

from __future__ import annotations

from habitue.report import sections_movements, sections_outlook, sections_scores, sections_segments
from habitue.web.pages import Page
from habitue.web.view import Content, View


def build(view: View) -> Content:
    """The page of all segments."""
    c = view.context
    sections = [
        sections_segments.segments(c),
        sections_movements.movements(c),
        sections_segments.places(c),
        sections_scores.scores(c),
        sections_segments.other_segmentations(c),
        sections_scores.concentration(c),
        sections_outlook.outlook(c),
    ]
    shown = [section for section in sections if section is not None]
    return Content(view.text("segments.title"), shown, filters=view.filters(), labels=c.labels)


PAGE = Page(
    "segments",
    build,
    filters=frozenset({"population"}),
    anchors=("segments", "segment-places", "scores", "standard", "concentration", "outlook", "moves"),
)
