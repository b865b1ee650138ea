"""Who is kept longer than the settings allow: people of whom there was no sign for so many months."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from habitue.errors import Message, UsageError, message
from habitue.periods import period_end
from habitue.purchases.sale_types import SHARED_CARD
from habitue.workspace.audit import RETENTION, Act, acting
from habitue.workspace.erasure import erase_people
from habitue.workspace.outside import Holding
from habitue.workspace.people import People
from habitue.workspace.published import Published

if TYPE_CHECKING:
    from habitue.workspace.catalogue import Run
    from habitue.workspace.runs import Workspace

PROSPECT, CUSTOMER = "prospect", "customer"

SIGNS: Mapping[str, str] = {
    "transaction_lines": "SELECT customer_id, sold_on AS on_day, true AS has_bought FROM {transaction_lines} "
    "WHERE customer_id IS NOT NULL",
    "source_customers": "SELECT i.customer_id, s.enrolled_on, false FROM {source_customers} s JOIN {customer_ids} i "
    "USING (customer_system, source_customer_id) WHERE s.enrolled_on IS NOT NULL",
}
"""What counts as a sign of a person, by the table that has it: something they did themselves, and its day."""


@dataclass(frozen=True)
class Retention:
    """People past the period of retention, as a run knows them.

    Attributes:
        as_of: the day up to which the run knows of signs; months are counted back from it.
        months: months allowed, by reason (prospect, customer).
        people: `customer_id`, `reason`, `last_on` (day of the last sign), the longest ago first.
        counts: rows of `customer_system`, `reason`, `people_count`; who has numbers in two systems counts in both.
        undated_count: people of whom no sign has a day: nothing can be said of them.
        act: the act of erasing them; None: nothing was erased.
        outside: files that still hold those who were erased.
    """

    as_of: date
    months: Mapping[str, int]
    people: pa.Table
    counts: Sequence[Mapping[str, Any]]
    undated_count: int
    act: Act | None = None
    outside: tuple[Holding, ...] = ()


def past_retention(workspace: Workspace) -> Retention:
    """Who is past the period of retention in the last run.

    Raises:
        UsageError: there is no run, or the last one looks back: later signs are not in it.
    """
    run = workspace.find_run(None)
    if (run.manifest["data_until"] or run.as_of.isoformat()) > run.as_of.isoformat():
        until = date.fromisoformat(run.manifest["data_until"])
        raise UsageError(message("rights.run_looks_back", run_id=run.run_id, as_of=run.as_of, until=until))
    return _past(workspace, run)


def erase_past_retention(workspace: Workspace, confirmed: int, told: Callable[[Message], None]) -> Retention:
    """Erase whoever is past the period of retention, in one act.

    Args:
        workspace: the project.
        confirmed: how many people were agreed to.
        told: hears what is being done.

    Raises:
        UsageError: there are more or fewer by now, there is no run to judge by, or one is at work.
    """
    with acting(workspace) as (catalogue, people):
        found = past_retention(workspace)
        count = found.people.num_rows
        if count != confirmed:
            raise UsageError(message("rights.others_by_now", confirmed=confirmed, count=count))
        if not count:
            return found
        run = workspace.find_run(None)
        sql = "SELECT source_customer_id FROM {customer_ids} WHERE customer_id IN (SELECT unnest(?))"
        theirs = found.people["customer_id"].to_pylist()
        ids = Published(workspace).query(run, sql, [theirs])["source_customer_id"].to_pylist()
        act, left = erase_people(workspace, catalogue, people, [*theirs, *ids], count=count, act=RETENTION, told=told)
        return Retention(found.as_of, found.months, found.people, found.counts, found.undated_count, act, left)


def _past(workspace: Workspace, run: Run) -> Retention:
    settings, published = workspace.settings.retention, Published(workspace)
    months = {PROSPECT: settings.prospects_months, CUSTOMER: settings.customers_months}
    signs = " UNION ALL ".join(sql for table, sql in SIGNS.items() if published.has(run, table))
    known = published.query(
        run,
        "SELECT i.customer_system, i.source_customer_id, i.customer_id, last_on, coalesce(has_bought, false) AS bought "
        "FROM {customer_ids} i JOIN {customers} c USING (customer_id) LEFT JOIN (SELECT customer_id, max(on_day) AS "
        f"last_on, bool_or(has_bought) AS has_bought FROM ({signs}) GROUP BY customer_id) USING (customer_id) "
        "WHERE c.population <> ? ORDER BY ALL",
        [SHARED_CARD],
    )
    kept = People.numbers_of(workspace.folder, known["source_customer_id"].to_pylist())  # the others were erased since
    known = known.filter(pc.is_in(known["source_customer_id"], value_set=pa.array([*kept], pa.string())))
    reasons = pc.if_else(known["bought"], CUSTOMER, PROSPECT)
    known = known.append_column("reason", reasons)
    limits = {reason: period_end(run.as_of, number) for reason, number in months.items()}
    limit = pc.if_else(known["bought"], pa.scalar(limits[CUSTOMER]), pa.scalar(limits[PROSPECT]))
    past = known.filter(pc.less(known["last_on"], limit))
    people = past.group_by(["customer_id", "reason", "last_on"]).aggregate([])
    counts = past.group_by(["customer_system", "reason"]).aggregate([("customer_id", "count_distinct")])
    counts = counts.rename_columns(["customer_system", "reason", "people_count"]).sort_by(
        [("customer_system", "ascending"), ("reason", "ascending")]
    )
    undated = known.filter(pc.is_null(known["last_on"]))
    return Retention(
        run.as_of,
        months,
        people.sort_by([("last_on", "ascending"), ("customer_id", "ascending")]),
        counts.to_pylist(),
        len(pc.unique(undated["customer_id"])),
    )
