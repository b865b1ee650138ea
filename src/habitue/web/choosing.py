"""Choices of a page's own beside the filters that all pages share, and what stands where a choice leaves nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from habitue.errors import UsageError, message
from habitue.report import sections_segments
from habitue.report.layout import Prose, Section
from habitue.web import picking
from habitue.web.view import Choice, Filter, View
from habitue.workspace.conditions import IS

MOST_CHOICES = 100
MOST_ROWS = 2_000_000
"""Tables longer than this have no choices of columns: the values would have to be looked for in all of their rows."""


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


def of_columns(view: View, table: str, columns: Iterable[str]) -> list[Filter]:
    """Choices for those of the columns of a table that have several values, but few.

    Args:
        view: the request.
        table: name of the published table.
        columns: names of its columns.
    """
    if view.published.count(view.run, table) > MOST_ROWS:
        return []
    bar = []
    for column in columns:
        query = f'SELECT DISTINCT "{column}" AS value FROM {{{table}}} ORDER BY 1 LIMIT {MOST_CHOICES + 1}'
        found = [value for value in view.published.query(view.run, query)["value"].to_pylist() if value is not None]
        values = [str(value).lower() if isinstance(value, bool) else str(value) for value in found]
        asked = view.asked.get(f"{IS}_{column}", "")
        if len(values) > MOST_CHOICES:
            values = []
        # A choice that holds can be taken back here, though it be one of too many, or of no row.
        if asked and asked not in values:
            values.append(asked)
        if len(values) < 2 and not asked:
            continue
        around = {"segmentation": view.asked.get(f"{IS}_segmentation")}
        choices = [Choice("", view.text("filter.every"), not asked)]
        choices += [
            Choice(value, picking.value(view, table, column, value, around), value == asked) for value in values
        ]
        label = view.words.term("column", f"{table}.{column}")
        bar.append(Filter(f"{IS}_{column}", label[:1].upper() + label[1:], choices))
    return bar


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
