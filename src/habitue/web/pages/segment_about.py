"""What every part of a segment's page knows of the segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from habitue.report.context import Context
from habitue.report.segment_figures import STRATEGIC
from habitue.web.view import View


@dataclass(frozen=True)
class About:
    """The segment of a page, its population, and its row of SEGMENTS."""

    view: View
    c: Context
    segmentation: str
    segment: str
    population: str
    row: Mapping[str, Any]

    @property
    def is_strategic(self) -> bool:
        """Whether it is one of the strategic segments."""
        return self.segmentation == STRATEGIC

    @property
    def name(self) -> str:
        """Its name in words."""
        return self.c.segment(self.segmentation, self.segment)

    @property
    def colour(self) -> str:
        """The strategic segment whose colour it has; none for others."""
        return self.segment if self.is_strategic else ""

    @property
    def where(self) -> tuple[tuple[str, str], ...]:
        """What picks it in published tables."""
        return (
            ("segmentation", self.segmentation), ("population", self.population), ("segment", self.segment),
        )  # fmt: skip

    def text(self, code: str, /, **params: Any) -> str:
        """A sentence of the page, which may name the segment, the population and the as-of date."""
        known = {"segment": self.name, "population": self.c.population(self.population), "day": self.c.as_of}
        return self.view.text(f"segments.{code}", **{**known, **params})


def points(about: About | View, difference: float) -> str:
    """A difference of two shares, in points with its sign."""
    view = about.view if isinstance(about, About) else about
    told = view.words.number(100 * difference, decimals=1)
    return view.text("segments.points", points=f"+{told}" if difference > 0 and told.strip("0.,") else told)
