"""The façade: a project by its folder; the methods bear the commands' names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from habitue.errors import HabitueError, Message, UsageError, message
from habitue.report.locale import Words

if TYPE_CHECKING:
    import pyarrow as pa

    from habitue.segments.rule_sets import RuleSet
    from habitue.workspace.catalogue import Run
    from habitue.workspace.erasure import Erased
    from habitue.workspace.explained import Explanation
    from habitue.workspace.held import Objected
    from habitue.workspace.identity_decisions import Decided, Review
    from habitue.workspace.retention import Retention
    from habitue.workspace.runs import Looked, Workspace

REPORT = "report.html"
REPORTED = (
    "sales",
    "sales_by_year",
    "stores",
    "returns",
    "reconciliation",
    "files",
    "quarantine",
    "collection_plan",
    "resent_tickets",
    "ticket_conflicts",
    "shared_cards",
    "rfm_cuts",
    "rfm_cells",
    "sales_channel_weights",
    "calibration",
    "segments",
    "segment_places",
    "segment_mix",
    "segment_outlook",
    "segment_crossing",
    "segment_measures",
    "concentration",
    "transitions",
    "transition_tests",
    "transition_violations",
    "customers_without_visit",
    "segment_value",
    "critical_sets",
    "forecast_models",
    "backtest",
    "rising",
    "fading",
    "watchlist_tests",
    "forecasts",
    "forecast_scores",
    "projection",
    "projection_backtest",
)


def _silent(told: Message) -> None:
    del told


@dataclass(frozen=True)
class Project:
    """A project folder with a valid `habitue.toml`."""

    folder: Path
    workspace: Workspace

    @property
    def language(self) -> str:
        """The language of its reports."""
        return self.workspace.settings.project.language

    def check(self, as_of: date | None = None, *, told: Callable[[Message], None] = _silent) -> Looked:
        """Read every source and say what is there; nothing in the project changes.

        Raises:
            DataError: a source cannot be read.
        """
        return self.workspace.check(as_of, told)

    def run(
        self, as_of: date | None = None, *, recalibrate: bool = False, told: Callable[[Message], None] = _silent
    ) -> Run:
        """Run one cycle, keep its tables and write its report.

        The thresholds of the strategic segments are those of the run before, unless `recalibrate`.

        Raises:
            DataError: a source cannot be read, or more is refused than the tolerance.
            UsageError: another run is at work, or the folder cannot be written.
        """

        def finish(folder: Path, manifest: Mapping[str, Any]) -> None:
            told(message("progress.report"))
            (folder / REPORT).write_text(self._report(folder, manifest, self.language), "utf-8")

        return self.workspace.run(as_of, told, recalibrate=recalibrate, finish=finish)

    def runs(self) -> list[Run]:
        """The runs, oldest first."""
        return self.workspace.runs()

    def show(self, name: str, *, run: str | None = None, personal_data: bool = False) -> pa.Table:
        """A table of a run (default: the last), ordered by its key, amounts in whole minor units.

        Args:
            name: the table's name, with hyphens or underscores.
            run: run id or its start.
            personal_data: add the customer numbers as written, and the names and addresses of customer rows.

        Raises:
            UsageError: no such run or table.
        """
        from habitue.workspace import tables

        return tables.show(self.workspace, name.replace("-", "_"), run, personal_data=personal_data)

    def explain(self, customer: str, *, run: str | None = None) -> Explanation:
        """Why one customer of a run (default: the last) is in their segments, and what is expected of them.

        Args:
            customer: the number as its system writes it, SYSTEM:NUMBER, or the opaque id.
            run: run id or its start.

        Raises:
            UsageError: no such run or customer, or several customers of that number.
        """
        from habitue.workspace import explanations
        from habitue.workspace.published import Published

        return explanations.explain(Published(self.workspace), self.workspace.find_run(run), customer)

    def transitions(
        self, from_on: date, to_on: date | None = None, *, segmentation: str = "strategic", run: str | None = None
    ) -> tuple[pa.Table, list[Message]]:
        """How customers moved between two dates (default of the later: the as-of date) by the scheme of a run.

        Returns:
            TRANSITIONS of one segmentation, and what to know about them.

        Raises:
            UsageError: no such run or segmentation, or dates the run cannot tell about.
        """
        from habitue.workspace import movements

        return movements.transitions(self.workspace, from_on, to_on, run, segmentation)

    def segmentations(self) -> tuple[RuleSet, ...]:
        """The segmentations by scores: the standard ones, then those of the settings."""
        from habitue.segments.standard import NINE, TEN

        return (TEN, NINE, *self.workspace.settings.rule_sets)

    def segmentation_sql(self, dialect: str, *, run: str | None = None) -> dict[str, str]:
        """Every segmentation of a run as a query over its table `rfm`, by name.

        Args:
            dialect: duckdb, postgres or pyspark.
            run: run id or its start (default: the last).

        Raises:
            UsageError: no such run, or one made before segments were kept.
        """
        from habitue.workspace import movements

        scheme = movements.scheme_of(self.workspace.find_run(run))
        return {name: scheme.sql(name, dialect) for name in scheme.segments}

    def erase(self, customer: str, *, told: Callable[[Message], None] = _silent) -> Erased:
        """Erase one person from the people store for good; no later reading of a file brings them back.

        Args:
            customer: as of `explain`; one no run knows, by number.
            told: hears what is being done.

        Raises:
            UsageError: nobody or several people are meant, or a run is at work.
        """
        from habitue.workspace import erasure

        return erasure.erase(self.workspace, customer, told)

    def object(self, customer: str) -> Objected:
        """Record that a person objects to marketing and to profiling for it; it works from the next run on.

        Args:
            customer: as of `erase`.

        Raises:
            UsageError: nobody or several people are meant, or a run is at work.
        """
        from habitue.workspace import held

        return held.object_to_marketing(self.workspace, customer)

    def export_subject(self, customer: str, output: Path | None = None, *, language: str | None = None) -> Path:
        """Write everything held of one person: a page, JSON and CSV files. Personal data, for its owner's eyes only.

        Args:
            customer: as of `erase`.
            output: a new folder, or a new file whose name ends in .zip (default: subject-CUSTOMER_ID.zip).
            language: of the page (default: the project's).

        Raises:
            UsageError: nobody or several people are meant, or the output is there already.
        """
        from habitue.report.subject_files import export_subject

        return export_subject(self.workspace, customer, output, Words(language or self.language))

    def retention(self, *, erase: int | None = None, told: Callable[[Message], None] = _silent) -> Retention:
        """Who is past the period of retention in the last run; they are erased if `erase` is their number.

        Args:
            erase: how many people were agreed to; None: nothing is erased.
            told: hears what is being done.

        Raises:
            UsageError: there is no run, it looks back, more or fewer people are past by now, or a run is at work.
        """
        from habitue.workspace import retention

        if erase is None:
            return retention.past_retention(self.workspace)
        return retention.erase_past_retention(self.workspace, erase, told)

    def identity_review(self, *, rule: str | None = None, personal_data: bool = False) -> Review:
        """Pairs of customer numbers of the last run that wait for a decision, most at stake first.

        Args:
            rule: only those of one rule.
            personal_data: with the names and addresses of both sides.

        Raises:
            UsageError: there is no run, the last one has no such list, or no such rule.
        """
        from habitue.workspace import identity_decisions

        return identity_decisions.review(self.workspace, rule=rule, personal_data=personal_data)

    def decide(self, one: str, other: str, decision: str, *, origin: str = "command") -> Decided:
        """Remember that two customer numbers are one person or two; the next run applies it, and it always wins.

        Args:
            one: the number as its system writes it, SYSTEM:NUMBER, or the opaque id of a number.
            other: the same.
            decision: same, different, or undecided, which takes back what was decided before.
            origin: where it was made: command, review or page.

        Raises:
            UsageError: a number that nobody or several systems have, a number with itself, an unknown word, or a run
                is at work.
        """
        from habitue.workspace import identity_decisions

        return identity_decisions.decide(self.workspace, [identity_decisions.Asked(one, other, decision)], origin)

    def decide_file(self, path: Path) -> Decided:
        """The same for every row of a CSV file with the columns one, other, decision; all of them or none.

        Raises:
            UsageError: it cannot be read, or its faults, each with its line; or a run is at work.
        """
        from habitue.workspace import identity_decisions

        return identity_decisions.decide(self.workspace, identity_decisions.read_decisions(path), "file")

    def decide_rule(self, rule: str, decision: str, *, agreed: int) -> Decided:
        """The same for all pairs of one rule that wait in the last run.

        Args:
            rule: the rule.
            decision: same or different.
            agreed: how many pairs were agreed to (`identity_review(rule=...)`).

        Raises:
            UsageError: no such rule or word, more or fewer pairs wait by now, or a run is at work.
        """
        from habitue.workspace import identity_decisions

        return identity_decisions.decide_rule(self.workspace, rule, decision, agreed)

    def identity_decisions(self) -> pa.Table:
        """What was decided and holds: decided_at (naive UTC), both opaque ids, decision, origin; the newest first."""
        from habitue.workspace import identity_decisions

        return identity_decisions.decisions(self.workspace)

    def report(self, *, run: str | None = None, language: str | None = None) -> str:
        """The report of a run as one HTML page.

        Raises:
            UsageError: no such run.
        """
        found = self.workspace.find_run(run)
        return self._report(self.workspace.run_folder(found), found.manifest, language or self.language)

    def report_path(self, run: Run) -> Path:
        """Where a run's report lies."""
        return self.workspace.run_folder(run) / REPORT

    def _report(self, folder: Path, manifest: Mapping[str, Any], language: str) -> str:
        import pyarrow.parquet as pq

        from habitue.report.documents import report

        paths = {name: folder / f"{name}.parquet" for name in REPORTED}
        tables = {name: pq.read_table(path) for name, path in paths.items() if path.exists()}
        return report(tables, manifest, language)


def open(folder: str | Path) -> Project:
    """Open a project folder.

    Raises:
        ConfigurationError: `habitue.toml` is missing or has faults: all of them, each with its place.
    """
    from habitue.workspace.runs import Workspace

    path = Path(folder)
    try:
        return Project(path, Workspace(path))
    except HabitueError as fault:
        for told in fault.messages:
            fault.add_note(Words("en").say(told))
        raise


def init(folder: str | Path, language: str = "en", presets: Sequence[str] = ()) -> Path:
    """Write a commented `habitue.toml` into a folder, with a source for each export of the known tools named.

    Args:
        folder: made if it is not there.
        language: of the comments.
        presets: tools (``shopify``) or single exports (``shopify.orders``); none: a till to be filled in.

    Raises:
        UsageError: there is one already, the folder cannot be written, or a preset is not known.
    """
    from habitue.report.first_settings import first_settings
    from habitue.workspace.config import FILE_NAME
    from habitue.workspace.guards import disk_faults, make_folder

    text = first_settings(language, presets)
    path = Path(folder) / FILE_NAME
    make_folder(path.parent)
    if path.exists():
        raise UsageError(message("init.exists", path=str(path)))
    with disk_faults(path.parent):
        path.write_text(text, "utf-8")
    return path
