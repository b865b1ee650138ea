"""Definitions: what every term means."""

from __future__ import annotations

from habitue.report import sections_definitions
from habitue.web.pages import Page
from habitue.web.view import Content, View


def build(view: View) -> Content:
    """The page of all terms."""
    return Content(view.text("definitions.title"), [sections_definitions.definitions(view.whole)])


PAGE = Page("definitions", build, anchors=("definitions",), in_menu=False)
