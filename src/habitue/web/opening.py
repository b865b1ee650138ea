"""Segments lead to their pages, wherever a section of the report names one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from habitue.report.layout import Cards, Cell, Chart, Fold, Grid, Section
from habitue.report.segment_figures import STRATEGIC
from habitue.web.view import View


def opened(view: View, section: Section) -> Section:
    """The section with the segments in its cards and in the first columns of its tables opening their pages."""
    return replace(section, blocks=[_block(view, block) for block in section.blocks])


def segment_url(view: View, segmentation: str, segment: str, population: str = "") -> str:
    """The address of the page of a segment."""
    item = segment if segmentation == STRATEGIC else f"{segmentation}.{segment}"
    main = view.whole.segments.populations[:1]
    asked = {} if view.picked("population") or population in ("", *main) else {"population": population}
    return view.url("segments", item, **asked)


def _block(view: View, block: Any) -> Any:
    if isinstance(block, Cards):
        cards = [replace(card, href=segment_url(view, STRATEGIC, card.segment)) for card in block.cards]
        return replace(block, cards=cards)
    if isinstance(block, Grid):
        return replace(block, rows=_rows(view, block))
    if isinstance(block, Chart):
        return replace(block, table=_block(view, block.table))
    if isinstance(block, Fold):
        return replace(block, blocks=[_block(view, inner) for inner in block.blocks])
    return block


def _rows(view: View, grid: Grid) -> list[list[Cell]]:
    where = dict(grid.where)
    segmentation, population = where.get("segmentation", STRATEGIC), where.get("population", "")
    others: Mapping[str, str] = {}
    if segmentation != STRATEGIC:
        known = view.whole.segments.segments(segmentation)
        others = {view.whole.segment(segmentation, code): code for code in known}

    def cell(cell: Cell, is_first: bool) -> Cell:
        if cell.segment:
            return replace(cell, href=segment_url(view, STRATEGIC, cell.segment, population))
        if is_first and cell.text in others:
            return replace(cell, href=segment_url(view, segmentation, others[cell.text], population))
        return cell

    return [[cell(one, at == 0) for at, one in enumerate(row)] for row in grid.rows]
