"""Customer numbers as their systems write them, for readers who ask. Personal data: never kept, never in a default."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from habitue.web.view import NUMBERS, View
from habitue.workspace.people import People

NUMBER = "customer_number"


def numbers_of(view: View, customer_ids: Sequence[str]) -> dict[str, str]:
    """The numbers of customers by opaque id, with their system where the project has several."""
    if not customer_ids:
        return {}
    found = view.published.query(
        view.run, "SELECT customer_id, source_customer_id FROM {customer_ids} WHERE customer_id IN (SELECT unnest(?))",
        [list(customer_ids)],
    ).to_pylist()  # fmt: skip
    settings = view.served.project.workspace.settings
    with_people = [one for one in settings.sources if one.kind in ("transactions", "customers")]
    is_one = len({one.customer_system or one.name for one in with_people}) == 1
    written = People.numbers_of(view.served.project.workspace.folder, [row["source_customer_id"] for row in found])
    told: dict[str, list[str]] = {}
    for row in found:
        if row["source_customer_id"] in written:
            system, number = written[row["source_customer_id"]]
            told.setdefault(row["customer_id"], []).append(number if is_one else f"{system}:{number}")
    return {customer: ", ".join(sorted(numbers)) for customer, numbers in told.items()}


def with_numbers(view: View, table: pa.Table) -> pa.Table:
    """A table of customers with the column of their numbers, if the address asks for it."""
    if NUMBERS not in view.asked or "customer_id" not in table.column_names:
        return table
    ids = table["customer_id"].to_pylist()
    found = numbers_of(view, [one for one in dict.fromkeys(ids) if one is not None])
    return table.append_column(NUMBER, pa.array([found.get(one) for one in ids], pa.string()))
