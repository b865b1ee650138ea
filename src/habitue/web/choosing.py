"""Choices of a page's own beside the filters that all pages share, and what stands where a choice leaves nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from habitue.errors import UsageError, message
from habitue.report import sections_segments
from habitue.report.layout import Prose, Section
from habitue.web.view import Choice, Filter, View


def chosen(view: View, name: str, label: str, choices: Sequence[tuple[str, str]]) -> tuple[str, Filter]:
    """What the address says of a choice, the first by default, and the choice for the filter bar.

    Args:
        view: the request.
        name: its name in the address.
        label: what is chosen.
        choices: values and their words.

    Raises:
        UsageError: the address says none of the values.
    """
    values = [value for value, _ in choices]
    asked = view.asked.get(name) or values[0]
    if asked not in values:
        valid = ", ".join(value for value in values if value)
        raise UsageError(message("web.filter.unknown", filter=label, value=asked, valid=valid))
    return asked, Filter(name, label, [Choice(value, told, value == asked) for value, told in choices])


def chosen_step(view: View) -> tuple[tuple[date, date] | None, list[Filter]]:
    """The dates customers are followed between, the newest by default, and the choice where there are several."""
    steps = {f"{first}_{last}": (first, last) for first, last in view.context.segments.steps}
    if not steps:
        return None, []
    choices = [(value, view.text("segments.step", first=first, last=last)) for value, (first, last) in steps.items()]
    asked, choice = chosen(view, "step", view.text("segments.steps"), choices)
    return steps[asked], [choice] if len(steps) > 1 else []


def nobody(view: View) -> Section:
    """What stands where no customer of the population chosen, or of any, has a visit."""
    if not view.whole.segments.populations or (population := view.picked("population")) is None:
        return sections_segments.segments(view.whole)
    told = view.text("segments.nobody", population=view.whole.population(population))
    empty = Prose(told, is_empty_state=True)
    return Section("segments", view.whole.text("segments.title"), [empty], view.whole.labels)
