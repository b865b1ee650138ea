"""The same ticket in several exports counts once: it is taken from the later export, and differences are listed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import fingerprint, materialise, settled, union_of_bits
from habitue.schemas import RESENT_TICKETS

CONTENT = (
    "sold_at",
    "source_customer_id",
    "store_id",
    "sku",
    "quantity",
    "gross_amount",
    "discount_amount",
    "net_amount",
    "currency",
    "sale_type_label",
)

NUMBERS_THAT_FIT = 20


@dataclass(frozen=True)
class TakenOnce:
    """Lines taken, lines of tickets that a later export has too, and the tickets it has otherwise."""

    lines: ir.Table
    superseded: ir.Table
    resent: ir.Table


def take_once(lines: ir.Table, files: ir.Table, *, overlapping: bool) -> TakenOnce:
    """Take each ticket from the latest export that has it, and each of its lines once.

    Where the source numbers its lines and the parts of a ticket in several files share no number, the ticket was
    cut between files and all its parts are taken. There, too, a row repeated in one file counts once, and rows of
    other content under one number are numbered anew, so that the key holds.

    Args:
        lines: staged lines of all files.
        files: file_id, file, export_rank.
        overlapping: some source has more than one file (else nothing needs to be looked for).
    """
    doubtful = materialise(_doubtful(lines, overlapping=overlapping), "doubtful")
    if not doubtful.count().to_pyarrow().as_py():
        return TakenOnce(lines, lines.filter(ibis.literal(False)), _empty(lines))
    once = _numbered_once(lines, doubtful)
    lines = settled(once.lines, "numbered")
    if not overlapping:
        return TakenOnce(lines, once.superseded, _empty(lines))
    ranks = files.select("file_id", "export_rank")
    theirs = lines.semi_join(doubtful, ["source", "transaction_id"])
    parts = theirs.group_by("source", "transaction_id", "file_id").agg(
        rows=theirs.count(), numbered=theirs["has_line_number"].all()
    )
    parts = parts.join(ranks, "file_id")
    tickets = parts.group_by("source", "transaction_id").agg(
        files_count=parts.count(),
        latest=parts["export_rank"].max(),
        rows=parts["rows"].sum(),
        numbered=parts["numbered"].all(),
    )
    several = materialise(tickets.filter(tickets["files_count"] > 1), "several")
    numbers = (
        lines.semi_join(several.filter(several["numbered"]), ["source", "transaction_id"])
        .group_by("source", "transaction_id")
        .agg(numbers=lambda t: t["line_number"].nunique())
    )
    joined = several.left_join(numbers, ["source", "transaction_id"])
    repeated = materialise(
        joined.filter(joined["numbers"].isnull() | (joined["numbers"] < joined["rows"])).select(
            "source", "transaction_id", "latest"
        ),
        "repeated",
    )
    marked = lines.left_join(repeated, ["source", "transaction_id"]).drop("source_right", "transaction_id_right")
    marked = marked.left_join(ranks, "file_id").drop("file_id_right")
    is_superseded: Any = (marked["export_rank"] < marked["latest"]).fill_null(False)
    kept = marked.filter(~is_superseded).drop("latest", "export_rank")
    superseded = materialise(marked.filter(is_superseded), "superseded")
    resent = _resent(lines, superseded, ranks, files)
    twice = once.superseded.union(superseded.drop("latest", "export_rank").select(*once.superseded.columns))
    return TakenOnce(settled(kept, "taken"), twice, resent)


@dataclass(frozen=True)
class _Once:
    lines: ir.Table
    superseded: ir.Table


def _doubtful(lines: ir.Table, *, overlapping: bool) -> ir.Table:
    """Tickets that may be in several files or have a line number twice, found in one narrow pass over all lines.

    Tickets and files are told apart by fingerprints. Each number is a power of two: their sum is their union unless one
    is there twice. Above the numbers that fit, a ticket is looked at more closely.
    """
    number: Any = lines["line_number"]
    fits = number.between(0, NUMBERS_THAT_FIT).fill_null(False)
    bit = ibis.ifelse(fits, ibis.literal(1, "int32") << number.cast("int32"), -1)
    marked = lines.select(
        ticket=fingerprint(lines, "source", "transaction_id"),
        file=fingerprint(lines, "file_id") if overlapping else ibis.literal(0),
        bit=ibis.ifelse(lines["has_line_number"], bit, 0).cast("int32"),
    )
    tickets = marked.group_by("ticket").agg(
        together=union_of_bits(marked["bit"]),
        added=marked["bit"].sum(),
        large=marked["bit"].min(),
        first_file=marked["file"].min(),
        last_file=marked["file"].max(),
    )
    odd: Any = (tickets["together"] != tickets["added"]) | (tickets["large"] < 0)
    odd = tickets.filter(odd | (tickets["first_file"] != tickets["last_file"])).select("ticket")
    found = materialise(odd, "odd")
    if not found.count().to_pyarrow().as_py():
        return lines.filter(ibis.literal(False)).select("source", "transaction_id")
    named = lines.select("source", "transaction_id", mark=fingerprint(lines, "source", "transaction_id"))
    return named.semi_join(found, named["mark"] == found["ticket"]).select("source", "transaction_id").distinct()


def _numbered_once(lines: ir.Table, doubtful: ir.Table) -> _Once:
    """Lines whose number stands once in their ticket and file; exact repeats of a numbered row apart."""
    ticket = ["source", "transaction_id", "file_id"]
    given = lines.filter(lines["has_line_number"]).semi_join(doubtful, ["source", "transaction_id"])
    counted = given.group_by(*ticket, "line_number").agg(rows=given.count())
    clashing = materialise(counted.filter(counted["rows"] > 1).select(*ticket).distinct(), "clashing")
    if not clashing.count().to_pyarrow().as_py():
        return _Once(lines, lines.filter(ibis.literal(False)))
    content = [name for name in lines.columns if name != "row_number"]
    theirs = lines.semi_join(clashing, ticket)
    theirs = theirs.mutate(repeat=ibis.row_number().over(group_by=content, order_by="row_number"))
    theirs = materialise(theirs, "theirs")
    is_repeat = (theirs["repeat"] > 0) & theirs["line_number"].notnull()
    repeats = theirs.filter(is_repeat).drop("repeat")
    single = theirs.filter(~is_repeat).drop("repeat")
    same = single.group_by(*ticket, "line_number").agg(rows=single.count())
    other = same.filter(same["rows"] > 1).select(*ticket).distinct()
    first = ("sold_at", "line_number")  # what comes later changes no number before it
    order = [*first, *(name for name in content if name not in (*ticket, *first)), "row_number"]
    renumbered = single.semi_join(other, ticket).mutate(
        line_number=ibis.row_number().over(group_by=ticket, order_by=order).cast("int64") + 1
    )
    kept = single.anti_join(other, ticket).union(renumbered.select(*single.columns))
    rest = lines.anti_join(clashing, ticket)
    return _Once(rest.union(kept.select(*rest.columns)), repeats.select(*lines.columns))


def _resent(lines: ir.Table, superseded: ir.Table, ranks: ir.Table, files: ir.Table) -> ir.Table:
    """Tickets whose content in an earlier file is not, as a multiset of lines, that of the file they are taken from."""
    earlier = superseded.select("source", "transaction_id", "file_id", *CONTENT, side=ibis.literal(1, "int64"))
    pairs = superseded.select("source", "transaction_id", "latest", earlier_file=superseded["file_id"]).distinct()
    latest = lines.join(ranks, "file_id")
    latest = latest.join(
        pairs,
        [
            latest["source"] == pairs["source"],
            latest["transaction_id"] == pairs["transaction_id"],
            latest["export_rank"] == pairs["latest"],
        ],
    )
    kept = latest.select(
        "source", "transaction_id", *CONTENT, kept_file=latest["file_id"], file_id=latest["earlier_file"]
    )
    both = earlier.union(kept.select("source", "transaction_id", "file_id", *CONTENT, side=ibis.literal(-1, "int64")))
    per_content = both.group_by("source", "transaction_id", "file_id", *CONTENT).agg(balance=both["side"].sum())
    differing = per_content.filter(per_content["balance"] != 0).select("source", "transaction_id", "file_id").distinct()
    differing = materialise(differing, "differing")
    keys = ["source", "transaction_id", "file_id"]
    theirs = (
        superseded.semi_join(differing, keys)
        .group_by(keys)
        .agg(superseded_rows=lambda t: t.count(), superseded_amount=lambda t: t["source_amount"].sum().fill_null(0))
    )
    amounts = latest.select(
        "source", "transaction_id", "source_amount", kept_id=latest["file_id"], file_id=latest["earlier_file"]
    )
    ours = (
        amounts.semi_join(differing, keys)
        .group_by([*keys, "kept_id"])
        .agg(kept_rows=lambda t: t.count(), kept_amount=lambda t: t["source_amount"].sum().fill_null(0))
    )
    found = theirs.join(ours, keys)
    names = files.select("file_id", superseded_file=files["file"])
    found = found.join(names, "file_id")
    kept_names = files.select(kept_id=files["file_id"], kept_file=files["file"])
    return RESENT_TICKETS.cast(found.join(kept_names, "kept_id"))


def _empty(lines: ir.Table) -> ir.Table:
    columns: dict[str, Any] = {c.name: ibis.null(c.type) for c in RESENT_TICKETS.columns}
    return lines.filter(ibis.literal(False)).select(**columns)
