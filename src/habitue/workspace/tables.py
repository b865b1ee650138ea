"""Showing the tables of a run: in the order of their key, with amounts as decimals at the edge."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from habitue import schemas
from habitue.errors import UsageError, message
from habitue.schemas.audited import AUDIT_LOG
from habitue.schemas.units import minor_unit
from habitue.workspace.catalogue import FILE_NAME, Catalogue, Run
from habitue.workspace.consent_settings import region_of
from habitue.workspace.golden import shown_value, usable
from habitue.workspace.people import PERSONAL, People
from habitue.workspace.runs import Workspace

SOURCE_CURRENCY = frozenset({"source_amount", "stated_total_amount"})
SOURCE_CURRENCY_TABLES = frozenset({"quarantine", "reconciliation", "resent_tickets", "ticket_conflicts"})
MONEY = frozenset({"monetary", "weighted_monetary"})
"""Amounts that the field knows by a name without the suffix."""

BEST_FIRST = {
    "critical_customers": (("place", "ascending"),),
    "rising": (("place", "ascending"),),
    "fading": (("place", "ascending"),),
    "expected_revenue": (("expected_amount", "descending"),),
    "customer_profiles": (("expected_amount", "descending"), ("net_amount", "descending")),
}
"""Tables that are read from the top: what goes before their key."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def show(workspace: Workspace, name: str, run_id: str | None, *, personal_data: bool) -> pa.Table:
    """A table of a run, ordered by its key; lists of people the best first. The audit log is the project's.

    Raises:
        UsageError: no such run or table.
    """
    if name == AUDIT_LOG.name:
        return audit_log(workspace)
    run = workspace.find_run(run_id)
    path = workspace.table_path(run, name)
    if not path.exists():
        existing = sorted(p.stem for p in path.parent.glob("*.parquet"))
        near = difflib.get_close_matches(name, existing, n=1, cutoff=0.5)
        code = "show.unknown_suggest" if near else "show.unknown"
        hyphened = ", ".join(table.replace("_", "-") for table in existing)
        raise UsageError(
            message(
                code,
                name=name.replace("_", "-"),
                existing=hyphened,
                suggestion=near[0].replace("_", "-") if near else "",
            )
        )
    table = pq.read_table(path)
    schema = next((schema for schema in schemas.PUBLIC if schema.name == name), None)
    if schema is not None and table.num_rows:
        table = table.sort_by([*BEST_FIRST.get(name, ()), *((column, "ascending") for column in schema.key)])
    return _with_people(workspace, run, table, name) if personal_data else table


def audit_log(workspace: Workspace) -> pa.Table:
    """AUDIT_LOG, oldest first; empty where there is no catalogue yet."""
    if not (workspace.folder / FILE_NAME).exists():
        return AUDIT_LOG.ibis_schema().to_pyarrow().empty_table()
    catalogue = Catalogue(workspace.folder)
    try:
        return catalogue.audit_log()
    finally:
        catalogue.close()


def _with_people(workspace: Workspace, run: Run, table: pa.Table, name: str) -> pa.Table:
    """Numbers as written beside opaque ids (all numbers of a person); names and addresses beside customer rows.

    Telephone numbers and e-mail addresses are in the form they are used in; those that do not work are as written.
    """
    key = next((c for c in ("source_customer_id", "customer_id") if c in table.column_names), None)
    if key is None:
        return table
    with People.copy(workspace.folder) as people:
        numbers = people.numbers()
        found = dict(
            zip(numbers["source_customer_id"].to_pylist(), numbers["customer_number"].to_pylist(), strict=True)
        )
        if key == "customer_id":
            found = _numbers_of_people(workspace.table_path(run, "customer_ids"), found)
        written = pa.array([found.get(x) for x in table[key].to_pylist()], pa.string())
        table = table.append_column("customer_number", written)
        if name == "consent_events":
            proofs = people.consents.proofs()
            lines = zip(table["file_id"].to_pylist(), table["row_number"].to_pylist(), strict=True)
            table = table.append_column("proof_reference", pa.array([proofs.get(line) for line in lines], pa.string()))
        if name in ("source_customers", "golden_records"):
            region = region_of(workspace.settings.project.time_zone)
            rows = {(r["source"], r["source_customer_id"]): usable(r, region) for r in people.attributes().to_pylist()}
            keys = list(zip(table["source"].to_pylist(), table["source_customer_id"].to_pylist(), strict=True))
            if name == "golden_records":
                chosen = zip(keys, table["attribute"].to_pylist(), strict=True)
                values = [shown_value(rows.get(key, {}), attribute) for key, attribute in chosen]
                return table.append_column("value", pa.array(values, pa.string()))
            for column in PERSONAL:
                values = [rows.get(key, {}).get(column) for key in keys]
                table = table.append_column(column, pa.array(values, pa.string()))
    return table


def _numbers_of_people(path: Path, written: Mapping[str, str]) -> dict[str, str]:
    """Numbers as written of each person, in their order, by `customer_id`."""
    ids = pq.read_table(path, columns=["source_customer_id", "customer_id"])
    numbers: dict[str, list[str]] = {}
    for one, person in zip(*(ids[name].to_pylist() for name in ids.column_names), strict=True):
        if person is not None and one in written:
            numbers.setdefault(person, []).append(written[one])
    return {person: ", ".join(sorted(mine)) for person, mine in numbers.items()}


def in_major_units(table: pa.Table, name: str, home: str) -> pa.Table:
    """Amounts as decimals of their currency: the home currency, or that of the row where the column says so."""
    for place, column in enumerate(table.column_names):
        if not (column.endswith("_amount") or column in MONEY) or not pa.types.is_integer(
            table.schema.field(column).type
        ):
            continue
        if column == "cost_amount":
            places: list[int] = [minor_unit(home) + 3] * table.num_rows
        elif (column in SOURCE_CURRENCY or name in SOURCE_CURRENCY_TABLES) and "currency" in table.column_names:
            places = [minor_unit(code) if code else 2 for code in table["currency"].to_pylist()]
        else:
            places = [minor_unit(home)] * table.num_rows
        values = [
            None if value is None else Decimal(value).scaleb(-digits)
            for value, digits in zip(table[column].to_pylist(), places, strict=True)
        ]
        table = table.set_column(place, column, pa.array(values, pa.decimal128(38, max(places, default=2))))
    return table


def harmless(text: str) -> str:
    """A text with an apostrophe in front if a spreadsheet would run it as a formula."""
    return "'" * text.startswith(FORMULA_STARTS) + text


def without_formulas(table: pa.Table) -> pa.Table:
    """Texts that a spreadsheet would run as a formula get an apostrophe in front; names of columns too."""
    table = table.rename_columns([harmless(name) for name in table.column_names])
    for place, column in enumerate(table.column_names):
        if pa.types.is_string(table.schema.field(column).type):
            values: Any = table[column]
            starts = pc.is_in(pc.utf8_slice_codeunits(values, 0, 1), value_set=pa.array(FORMULA_STARTS))
            table = table.set_column(
                place,
                column,
                pc.if_else(pc.fill_null(starts, False), pc.binary_join_element_wise("'", values, ""), values),
            )
    return table
