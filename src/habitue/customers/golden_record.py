"""The golden record: of everything that is known of a person, the one name, address, number and day that stand.

Rule, for each attribute: of the values that work, one of the better kind (an address of one's own before a shared
inbox, a mobile before another number, a first and a last name before one of them, a street with its postcode before
one without); of these the one most customer rows have; of these that of the first source in the order given; then that
of the smallest opaque id. Values are compared in their normal forms, and shown as the chosen row has them written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import by_value, materialise
from habitue.schemas import GOLDEN_RECORDS

ONLY_VALUE, BETTER_KIND, MOST_ROWS, SOURCE_ORDER = "only_value", "better_kind", "most_rows", "source_order"
"""What decided, the first that left one value."""


def golden_records(normal: ir.Table, ids: ir.Table, sources: Sequence[str]) -> ir.Table:
    """GOLDEN_RECORDS: from which row each attribute of each person is taken; stored. No personal data.

    Args:
        normal: NORMAL_FORMS.
        ids: `source_customer_id`, `customer_id` of the people; null: nobody.
        sources: sources, the one to be believed first; others follow in alphabetical order.

    A person of whom an attribute is not known in a form that works has no row for it.
    """
    last = len(sources)
    rank = by_value(normal["source"], {source: place for place, source in enumerate(sources)}, last)
    rows = normal.mutate(source_rank=rank).inner_join(
        ids.select("source_customer_id", "customer_id"), "source_customer_id"
    )
    rows = rows.filter(rows["customer_id"].notnull())
    parts = []
    for attribute, (value, is_usable, is_lesser) in _attributes(rows).items():
        parts.append(
            rows.filter(is_usable).select(
                "customer_id",
                "source",
                "source_customer_id",
                "source_rank",
                attribute=ibis.literal(attribute),
                value=value,
                lesser=ibis.ifelse(is_lesser, 1, 0).cast("int64"),
            )
        )
    every = materialise(ibis.union(*parts), "golden_values")
    person = ["customer_id", "attribute"]
    values = every.group_by(*person, "value").aggregate(
        lesser=every["lesser"].min(),
        rows_count=every.count(),
        source_rank=every["source_rank"].min(),
        least_source=every["source"].min(),
        least_id=every["source_customer_id"].min(),
    )
    whole = ibis.window(group_by=person)
    best = ibis.window(
        group_by=person,
        order_by=[
            values["lesser"], values["rows_count"].desc(), values["source_rank"], values["least_source"],
            values["least_id"], values["value"],
        ],
    )  # fmt: skip
    values = values.mutate(place=ibis.row_number().over(best), least=values["lesser"].min().over(whole))
    kind = values.mutate(of_kind=(values["lesser"] == values["least"]))
    most = kind["rows_count"].max(where=kind["of_kind"]).over(whole)
    kind = kind.mutate(of_most=kind["of_kind"] & (kind["rows_count"] == most))
    counted: Any = kind.mutate(
        values_count=kind.count().over(whole),
        kind_count=kind["of_kind"].cast("int64").sum().over(whole),
        most_count=kind["of_most"].cast("int64").sum().over(whole),
    )
    chosen = counted.filter(counted.place == 0)
    chosen = chosen.mutate(
        survivorship=ibis.cases(
            (chosen.values_count == 1, ONLY_VALUE),
            (chosen.kind_count == 1, BETTER_KIND),
            (chosen.most_count == 1, MOST_ROWS),
            else_=SOURCE_ORDER,
        )
    ).select(*person, "value", "rows_count", "values_count", "survivorship")
    wide = every.inner_join(chosen, [*person, "value"])
    first = ibis.window(
        group_by=person, order_by=[wide["lesser"], wide["source_rank"], wide["source"], wide["source_customer_id"]]
    )
    placed = wide.mutate(place=ibis.row_number().over(first))
    return materialise(GOLDEN_RECORDS.cast(placed.filter(placed["place"] == 0)), "golden_records")


def _attributes(row: Any) -> dict[str, tuple[Any, Any, Any]]:
    """Of each attribute the value as compared, whether it works, and whether it is of the lesser kind."""
    blank = ibis.literal("")

    def joined(*parts: Any) -> Any:
        text = parts[0].fill_null(blank)
        for part in parts[1:]:
            text = text + ibis.literal("|") + part.fill_null(blank)
        return text

    return {
        "name": (
            joined(row.first_name, row.last_name),
            row.name_kind == "person",
            row.first_name.isnull() | row.last_name.isnull(),
        ),
        "email": (row.email_key, row.email.notnull() & row.email_key.notnull(), row.email_no_evidence.notnull()),
        "phone": (row.phone, row.phone.notnull() & (row.phone_kind != "premium"), row.phone_kind != "mobile"),
        "birth_date": (row.birth_date.cast("string"), row.birth_date.notnull(), ibis.literal(False)),
        "address": (
            joined(row.street, row.postcode, row.town),
            row.street.notnull() & (row.postcode.notnull() | row.town.notnull()),
            row.postcode.isnull(),
        ),
    }
