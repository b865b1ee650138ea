"""Data: what was read, whether it adds up, what to collect better."""

from __future__ import annotations

from habitue.report import sections_data
from habitue.web.pages import Page
from habitue.web.view import Content, View


def build(view: View) -> Content:
    """The page on the data."""
    c = view.context
    sections = [
        sections_data.reconciliation(c),
        sections_data.reading(c),
        sections_data.quarantine(c),
        sections_data.collection_plan(c),
    ]
    return Content(view.text("data.title"), sections, labels=c.labels)


PAGE = Page("data", build, anchors=("reconciliation", "files", "quarantine", "plan"))
