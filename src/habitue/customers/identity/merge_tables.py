"""A customer system's own table of merged numbers (old, new), followed to the end of every chain."""

from __future__ import annotations

from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue.customers.identity.numbers import Codes
from habitue.portable import stored
from habitue.schemas import SOURCE_MERGES

FOLLOWED, TO_ITSELF, CYCLE, UNKNOWN_TARGET = "followed", "to_itself", "cycle", "unknown_target"
SUPERSEDED, NOT_YET = "superseded", "not_yet"


def followed_merges(merges: ir.Table, known: ir.Table, *, as_of: date) -> ir.Table:
    """SOURCE_MERGES: every line with the number it ends at, whatever the order of lines; stored.

    Args:
        merges: `customer_system`, `source_customer_id` (old), `merged_into_id` (new), both opaque, `merged_on` or null.
        known: `source_customer_id` of all numbers that exist (in customer files or on tickets).
        as_of: later merges are `not_yet`.

    A chain is followed to its end. A number merged into itself is left (`to_itself`); one that leads into a cycle, or
    to a number that does not exist, stays what it is (`cycle`, `unknown_target`). Of several merges of one number the
    latest counts, on one day the one into the greatest opaque id; without a date it is the earliest. Lines repeated in
    full are one line.
    """
    columns = ("customer_system", "source_customer_id", "merged_into_id", "merged_on")
    rows = merges.select(*columns).distinct().order_by(*columns[1:], "customer_system").to_pyarrow()
    old, new = (rows[name].combine_chunks().cast(pa.string()) for name in columns[1:3])
    codes = pa.concat_arrays([old, new]).dictionary_encode()
    texts = codes.dictionary
    place = np.asarray(codes.indices).astype(np.int64)
    start, end = place[: len(rows)], place[len(rows) :]
    day = np.asarray(pc.fill_null(rows["merged_on"].combine_chunks().cast(pa.int32()), np.iinfo(np.int32).min))
    finding = np.full(len(rows), FOLLOWED, object)
    late = day > (as_of - date(1970, 1, 1)).days
    finding[start == end] = TO_ITSELF
    finding[late] = NOT_YET
    usable = np.flatnonzero(finding == FOLLOWED)
    rank = np.argsort(np.argsort(np.array(texts.to_pylist(), object))) if len(texts) else place
    order = usable[np.lexsort((rank[end[usable]], day[usable], start[usable]))]
    last = np.r_[start[order][1:] != start[order][:-1], True] if len(order) else np.zeros(0, bool)
    finding[order[~last]] = SUPERSEDED
    step = np.arange(len(texts))
    step[start[order[last]]] = end[order[last]]
    final, steps, in_cycle = _ends(step)
    exists = np.asarray(pc.is_in(texts, known.select("source_customer_id").distinct().to_pyarrow().column(0)))
    followed = finding == FOLLOWED
    finding[followed & in_cycle[start]] = CYCLE
    finding[followed & ~in_cycle[start] & ~exists[final[start]]] = UNKNOWN_TARGET
    found = finding == FOLLOWED
    table = pa.table(
        [
            rows["customer_system"].combine_chunks(),
            old,
            new,
            rows["merged_on"].combine_chunks().cast(pa.date32()),
            texts.take(pa.array(final[start], pa.int64(), mask=~found)),
            pa.array(np.where(found, steps[start], 0), pa.int64()),
            pa.array(finding, pa.string()),
        ],
        schema=SOURCE_MERGES.ibis_schema().to_pyarrow(),
    )
    return stored(table, SOURCE_MERGES.name, like=merges)


def _ends(step: Codes) -> tuple[Codes, Codes, np.ndarray]:
    """Where each place ends if one follows `step`, in how many steps, and whether that never ends."""
    place, steps = step.copy(), (step != np.arange(len(step))).astype(np.int64)
    for _ in range(int(np.ceil(np.log2(max(len(step), 2)))) + 1):
        steps = steps + steps[place]
        place = place[place]
    return place, steps, step[place] != place
