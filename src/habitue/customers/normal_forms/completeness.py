"""How complete customer rows are: what is written, what of it works, and which contact details do not."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import ratio
from habitue.schemas import CONTACT_FAULTS, PROFILE_COMPLETENESS

FIELDS = ("name", "email", "phone", "birth_date", "address")


def profile_completeness(normal: ir.Table) -> ir.Table:
    """PROFILE_COMPLETENESS of NORMAL_FORMS.

    Usable are: a name of a person; an e-mail address that can be written to; a number that is not premium; a birth date
    that is no filler; a street with a postcode or a town. Rows without store count in the line of their source only.
    Nothing read gives no line.
    """
    row: Any = normal
    usable = {
        "name": row.name_kind == "person",
        "email": row.email.notnull(),
        "phone": row.phone.notnull() & (row.phone_kind != "premium"),
        "birth_date": row.birth_date.notnull(),
        "address": row.street.notnull() & (row.postcode.notnull() | row.town.notnull()),
    }
    flagged = normal.select(
        "source",
        "store_id",
        **{f"filled_{field}": row[f"has_{field}"] for field in FIELDS},
        **{f"usable_{field}": works.fill_null(False) for field, works in usable.items()},
    )
    counted = [_counts(flagged, field, flagged.group_by("source"), ibis.null("string")) for field in FIELDS]
    in_store = flagged.filter(flagged.store_id.notnull())
    counted += [_counts(in_store, field, in_store.group_by("source", "store_id"), None) for field in FIELDS]
    found = ibis.union(*counted)
    return PROFILE_COMPLETENESS.cast(found.mutate(usable_share=ratio(found.usable_count, found.rows)))


def contact_faults(normal: ir.Table) -> ir.Table:
    """CONTACT_FAULTS of NORMAL_FORMS: who has an address, number or birth date that was refused or mended.

    What is empty is no fault. A source with several rows of one number has the first fault in alphabetical order.
    """
    nothing = ibis.null("string")
    notes = {"email": normal["email_note"], "phone": normal["phone_note"], "birth_date": nothing}
    found = [
        normal.select(
            "source",
            "source_customer_id",
            field=ibis.literal(field),
            fault=normal[f"{field}_fault"].nullif("empty"),
            mending=note,
        )
        for field, note in notes.items()
    ]
    listed: Any = ibis.union(*found)
    listed = listed.filter(listed.fault.notnull() | listed.mending.notnull())
    one = listed.group_by("source", "source_customer_id", "field").aggregate(
        fault=listed.fault.min(), mending=listed.mending.min()
    )
    return CONTACT_FAULTS.cast(one)


def _counts(flagged: ir.Table, field: str, grouped: Any, store: ir.Value | None) -> ir.Table:
    made = grouped.aggregate(
        rows=flagged.count(),
        filled_count=flagged[f"filled_{field}"].cast("int64").sum(),
        usable_count=flagged[f"usable_{field}"].cast("int64").sum(),
    )
    return made.select(
        "source",
        store_id=made.store_id if store is None else store,
        field=ibis.literal(field),
        rows=made.rows,
        filled_count=made.filled_count,
        usable_count=made.usable_count,
    )
