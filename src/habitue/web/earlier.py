"""The other runs of a project, as a page about several runs reads them."""

from __future__ import annotations

from fastapi import HTTPException

from habitue.report.context import Context, as_date
from habitue.web.view import View
from habitue.workspace.catalogue import Run
from habitue.workspace.published import RunTables


def run_of(view: View, run_id: str) -> Run:
    """The run of an id; an id that no run has is no page."""
    run = view.published.run(run_id)
    if run is None:
        raise HTTPException(404)
    return run


def before(view: View, run: Run) -> Run | None:
    """The run made before a run, if there is one."""
    runs = view.published.runs()
    at = next(place for place, one in enumerate(runs) if one.run_id == run.run_id)
    return runs[at - 1] if at else None


def context_of(view: View, run: Run) -> Context:
    """Words, tables and facts of a run. Tables of other runs are read for this once, and not kept."""
    if run.run_id == view.run.run_id:
        return view.whole
    return Context(view.words, RunTables(view.published.workspace.run_folder(run)), run.manifest)


def named(view: View, run: Run) -> str:
    """A run by its as-of date and the end of its id, which tells runs of one date apart."""
    return view.text("runs.named", day=view.words.date(as_date(run.manifest["as_of"])), run=run.run_id[-4:])


def warnings(c: Context, run: Run) -> list[str]:
    """The warnings of a run in words."""
    return [c.words.say(one) for one in run.manifest.get("warnings") or ()]
