"""Values that say nothing about who somebody is: known fillers, shared inboxes, what many different people have.

Domain rule: a telephone number or e-mail address is shared when the customer numbers that have it begin with at least
three different letters in their first names and three in their last names. (A person who is spelt in several ways, has
married or has swapped names stays below; so does a family with one or two last names.) A birth date is a filler of the
source when it stands in at least twenty rows and forty times as many as a day of birth has.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import materialise
from habitue.schemas import IGNORED_VALUES

NAMES = 3
"""So many different initials of first names, and of last names, make a value shared."""

BIRTH_DATE_ROWS = 20
BIRTH_DATE_TIMES = 40
DAYS_OF_BIRTH = 365 * 70
"""Days on which living customers were born, roughly: what a birth date's rows are compared with."""


def ignored_values(normal: ir.Table) -> ir.Table:
    """Values without evidence, in clear (personal data): field, value, reason, numbers_count, names_count; stored.

    Args:
        normal: NORMAL_FORMS.

    Each value once, by the first reason of: known_filler, shared_inbox, shared_by_many_names, too_frequent.
    """
    row: Any = normal
    filler = ibis.literal("known_filler")
    named = normal.select(
        "source_customer_id",
        "last_name",
        first_initial=row.first_name.left(1),
        last_initial=row.last_name.left(1),
        email=row.email_key,
        email_reason=row.email_no_evidence,
        phone=row.phone.coalesce(row.phone_filler),
        phone_reason=ibis.ifelse(row.phone_filler.notnull(), filler, ibis.null("string")),
        birth_date=row.birth_date.coalesce(row.birth_date_filler).cast("string"),
        birth_date_reason=ibis.ifelse(row.birth_date_filler.notnull(), filler, ibis.null("string")),
    )
    emails, phones, born = (_counted(named, field) for field in ("email", "phone", "birth_date"))
    everybody = int(normal.birth_date.notnull().sum().fill_null(0).to_pyarrow().as_py())
    often = max(BIRTH_DATE_ROWS, BIRTH_DATE_TIMES * everybody // DAYS_OF_BIRTH)
    shared = ibis.union(emails, phones)
    many = (shared.firsts_count >= NAMES) & (shared.lasts_count >= NAMES)
    nothing = ibis.null("string")
    shared = shared.mutate(found=ibis.ifelse(many, "shared_by_many_names", nothing))
    born = born.mutate(found=ibis.ifelse(born.numbers_count >= often, "too_frequent", nothing))
    both = ibis.union(shared, born)
    told = both.mutate(reason=both.reason.coalesce(both.found))
    told = told.filter(told.reason.notnull())
    columns = ("field", "value", "reason", "numbers_count", "names_count")
    return materialise(told.select(*columns).order_by("field", "value"), "ignored_values")


def masked(ignored: ir.Table) -> ir.Table:
    """IGNORED_VALUES: what `ignored_values` found, with what may be somebody's in shape only (x for letters, 0 for
    digits); known fillers stay readable. Values of one shape are numbered (`#2`), in the order of their counts."""
    value: Any = ignored.value
    hidden = value.re_replace(r"[\p{L}]", "x").re_replace("[0-9]", "0")
    shaped = ignored.mutate(shape=ibis.ifelse(ignored.reason == "known_filler", value, hidden))
    place = ibis.row_number().over(
        group_by=["field", "reason", "shape"], order_by=[shaped.numbers_count.desc(), shaped.value]
    )
    numbered = shaped.mutate(place=place)
    ending = ibis.ifelse(numbered.place == 0, "", ibis.literal(" #") + (numbered.place + 1).cast("string"))
    return IGNORED_VALUES.cast(numbered.mutate(value=numbered["shape"] + ending))


def _counted(named: ir.Table, field: str) -> ir.Table:
    some: Any = named.filter(named[field].notnull())
    made = some.group_by(value=field).aggregate(
        reason=some[f"{field}_reason"].max(),
        numbers_count=some.source_customer_id.nunique(),
        names_count=some.last_name.nunique(),
        firsts_count=some.first_initial.nunique(),
        lasts_count=some.last_initial.nunique(),
    )
    return made.mutate(field=ibis.literal(field)).select(
        "field", "value", "reason", "numbers_count", "names_count", "firsts_count", "lasts_count"
    )
