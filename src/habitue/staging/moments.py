"""Written local times as moments (naive UTC) and as days of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import offset_minutes, plus_minutes
from habitue.sources.declared import Source
from habitue.staging.conventions import Conventions, date_text_of, read_date
from habitue.staging.dates import DateProfile, spelling


def written_moment(raw: ir.Table, source: Source, column: str, conventions: Conventions) -> dict[str, Any]:
    """What a mapped date column says: `<column>_local`, `<column>_offset` (minutes, if stated), `<column>_written`."""
    found = read_date(raw, source, column, conventions)
    offset = ibis.null("int64") if found.offset_minutes is None else found.offset_minutes
    return {
        f"{column}_local": found.local,
        f"{column}_offset": offset,
        f"{column}_written": date_text_of(raw, source.headers(column)),
    }


def with_moments(
    table: ir.Table,
    source: Source,
    conventions: Conventions,
    time_zone: str,
    day_starts_at: time,
    days: Mapping[str, str],
) -> ir.Table:
    """Moments from written local times, `<column>_local` and `<column>_offset` being there.

    Args:
        table: the typed rows.
        source: its own time zone holds for times that state none.
        conventions: the profiles of the date columns.
        time_zone: the stores' zone.
        day_starts_at: the hour at which their day begins.
        days: for each date column the name of the column of its store day.
    """
    for column, day in days.items():
        table = _with_moment(table, source, conventions, time_zone, day_starts_at, column, day)
    return table


def _with_moment(
    table: ir.Table,
    source: Source,
    conventions: Conventions,
    time_zone: str,
    day_starts_at: time,
    column: str,
    day: str,
) -> ir.Table:
    zone = source.time_zone or time_zone
    profiled = conventions.examined.dates.get(column)
    local, offset = f"{column}_local", f"{column}_offset"
    if profiled:
        first, last = profiled.first_year, profiled.last_year
    else:
        years = table.agg(first=table[local].min().year(), last=table[local].max().year())
        found = years.to_pyarrow().to_pylist()[0]
        first, last = max(found["first"] or 2000, 1900), min(found["last"] or 2000, 2100)
    start = day_starts_at.hour * 60 + day_starts_at.minute
    written: Any = table[local]
    table = table.mutate(
        own=ibis.coalesce(table[offset], offset_minutes(written, zone, first, last, moment_is_utc=False)).cast("int64")
    )
    table = table.mutate(**{column: plus_minutes(table[local], -table["own"]).cast("timestamp(6)")})
    same_zone = zone == time_zone
    if same_zone and profiled and not _has_offsets(profiled):
        store_local: Any = table[local]
    else:
        shift = offset_minutes(table[column], time_zone, first, last, moment_is_utc=True)
        table = table.mutate(there=shift.cast("int64"))
        there = plus_minutes(table[column], table["there"])
        store_local = ibis.ifelse(table[offset].isnull(), table[local], there) if same_zone else there
    at = plus_minutes(store_local, ibis.literal(-start)) if start else store_local
    return table.mutate(**{day: at.date()})


def _has_offsets(profiled: DateProfile) -> bool:
    """Some values of the date column state their distance from UTC."""
    return any("zone" in found.spans for mask in profiled.masks if (found := spelling(mask)))
