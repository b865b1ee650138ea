"""The pages, in the order of the cycle: one module each.

A page module has `PAGE = Page(name, build, …)`. `build(view)` makes its `Content` from a `View`: pure, from the tables
of one run and the address, so it is made once and kept. `item(view, name)` does the same for addresses below the page,
as `/grocery/en/customers/3f9a…`. Words are under `web.<name>` in `report/locale/*/`; every page has `web.<name>.nav`.
A section of the report that is shown on a page stands in its `anchors`, so that links to it find the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from habitue.web.view import Content, View


@dataclass(frozen=True)
class Page:
    """A page: its name in addresses, how it is made, the filters it honours, the report's sections it shows."""

    name: str
    build: Callable[[View], Content]
    item: Callable[[View, str], Content] | None = None
    filters: frozenset[str] = frozenset()
    anchors: tuple[str, ...] = ()
    in_menu: bool = True
    is_kept: bool = True
    """False: what it shows changes without a run, or names people; it is made anew each time."""


def all_pages() -> tuple[Page, ...]:
    """Every page, in the order of the menu."""
    from habitue.web.pages import (
        contact,
        customers,
        data,
        definitions,
        figures,
        identity,
        patterns,
        runs,
        segments,
        stores,
        tables,
        today,
        value,
    )

    return (
        today.PAGE,
        data.PAGE,
        identity.PAGE,
        customers.PAGE,
        contact.PAGE,
        segments.PAGE,
        value.PAGE,
        stores.PAGE,
        runs.PAGE,
        definitions.PAGE,
        tables.PAGE,
        figures.PAGE,
        patterns.PAGE,
    )
