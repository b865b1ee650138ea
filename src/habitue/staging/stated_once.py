"""What an order states once, on its first line or on all: its status, delivery, tips, gift cards, refund, cancellation.

Such values are never filled down or added up over the lines. Amounts become lines of their own, with a negative row
number and a label (`schemas.derived_lines`); the status stands before the label of every line of the order.
"""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.schemas import derived_lines as derived
from habitue.sources.declared import Source

DATES_ONCE = ("refunded_at", "cancelled_at")
AMOUNTS_ONCE = (
    "transaction_discount_amount",
    "transaction_net_amount",
    "shipping_amount",
    "tip_amount",
    "gift_card_amount",
    "refunded_amount",
)
TEXTS_ONCE = {
    "transaction_status": "transaction_status",
    "source_customer_id": "customer_number",
    "store_id": "store_id",
    "till_id": "till_id",
    "sales_channel": "sales_channel",
    "population": "population",
    "offer_id": "offer_id",
}
"""Text columns that a source may state on one line of a ticket only, with their names among the typed columns."""

LINES = {"shipping_amount": derived.SHIPPING, "tip_amount": derived.TIP, "gift_card_amount": derived.GIFT_CARD}


def with_facts(table: ir.Table, source: Source) -> ir.Table:
    """Every row with the texts its ticket states once, and with its ticket's refund and dates.

    A row's own text comes first; of several, that of the first line. Of several amounts the largest counts, of several
    dates the latest. Rows refused later still count here: a refused first line does not make a voided order a sale.
    """
    ticket = ibis.window(group_by="transaction_id")
    wanted = [name for name in (*source.stated_once, "transaction_status") if name in source.columns]
    said: dict[str, Any] = {}
    for name in dict.fromkeys(wanted):
        column = TEXTS_ONCE[name]
        first = ibis.window(group_by="transaction_id", order_by=[table[column].isnull(), "row_number"])
        said[column] = ibis.coalesce(table[column], table[column].first().over(first))
    if "refunded_amount" in source.columns:
        said["refunded_amount"] = table["refunded_amount"].abs().max().over(ticket)
    for name in DATES_ONCE:
        if name in source.columns:
            day = name.replace("_at", "_on")
            said |= {column: table[column].max().over(ticket) for column in (name, day)}
    return table.mutate(**said) if said else table


def labelled(status: ir.StringValue, kind: ir.StringValue) -> ir.StringValue:
    """The label of a line: ``status: kind``, or the one there is."""
    both: Any = status + ": " + kind
    return ibis.coalesce(both, status, kind)


def lines_stated_once(lines: ir.Table, source: Source) -> ir.Table:
    """The lines, and one more a ticket for each of delivery, tip and gift cards it states; before tax is taken out."""
    more = [_one_a_ticket(lines, lines[column], kind) for column, kind in LINES.items() if column in source.columns]
    for made in more:
        lines = lines.union(made.select(*lines.columns))
    return lines


def refund_lines(lines: ir.Table, source: Source) -> ir.Table:
    """The lines, and what each ticket paid back: a return without an article, pointing to its own ticket.

    Refunds go to the goods first; what is above them (delivery, tips, tax that is not known) is a line of its own. A
    cancelled ticket brings back all its goods on the day it was cancelled. A refund without a date is dated with its
    ticket, and never before it.
    """
    has_refund, has_cancelled = ("refunded_amount" in source.columns, "cancelled_at" in source.columns)
    if not (has_refund or has_cancelled):
        return lines
    is_tax_known = source.tax != "unknown"
    ticket = ibis.window(group_by="transaction_id")
    is_good: Any = (lines["row_number"] > 0) & (lines["net_amount"] > 0)
    tax: Any = lines["tax_amount"].fill_null(0) if is_tax_known else ibis.literal(0, "int64")
    wide = lines.mutate(
        goods=ibis.ifelse(is_good, lines["net_amount"], 0).sum().over(ticket).cast("int64"),
        taxes=ibis.ifelse(is_good, tax, 0).sum().over(ticket).cast("int64"),
        stated=lines["refunded_amount"].fill_null(0) if has_refund else ibis.literal(0, "int64"),
        is_cancelled=lines["cancelled_at"].notnull() if has_cancelled else ibis.literal(False),
    )
    paid: Any = wide["goods"] + wide["taxes"]
    back = ibis.ifelse(wide["is_cancelled"], paid, ibis.least(wide["stated"], paid))
    wide = wide.mutate(back=back, rest=ibis.greatest(wide["stated"] - back, 0), at=_refunded(wide, source, "at"))
    wide = wide.mutate(on=_refunded(wide, source, "on"))
    part = (wide["goods"].cast("float64") / paid.nullif(0).cast("float64") * wide["back"].cast("float64")).round()
    net: Any = ibis.ifelse(wide["back"] == paid, wide["goods"], part.cast("int64"))
    wide = wide.mutate(
        sold_at=ibis.greatest(wide["sold_at"], wide["at"]), sold_on=ibis.greatest(wide["sold_on"], wide["on"])
    )
    wide = wide.mutate(back_net=net.fill_null(0))
    tax_back: Any = wide["back_net"] - wide["back"]
    as_mapped = -wide["back"] if source.tax == "included" else -wide["back_net"]
    goods = _one_a_ticket(
        wide.mutate(original_transaction_id=wide["transaction_id"]),
        -wide["back_net"],
        derived.REFUND,
        tax_amount=tax_back if is_tax_known else ibis.null("int64"),
        source_amount=as_mapped,
    )
    rest = _one_a_ticket(wide, -wide["rest"], derived.REFUNDED_CHARGES)
    names = lines.columns
    return lines.union(goods.select(*names)).union(rest.select(*names))


def _refunded(lines: ir.Table, source: Source, part: str) -> Any:
    """The moment (`at`) or the store day (`on`) of a ticket's refund."""
    known = [lines[f"{name}_{part}"] for name in ("cancelled", "refunded") if f"{name}_at" in source.columns]
    return ibis.coalesce(*known, lines[f"sold_{part}"])


def _one_a_ticket(lines: ir.Table, amount: Any, kind: str, **columns: Any) -> ir.Table:
    """A line made from the first row of each ticket that states an amount; of several rows, the one with the most."""
    lines = lines.mutate(stated_amount=amount, **columns)
    lines = lines.filter(lines["row_number"] > 0)
    first = ibis.window(group_by="transaction_id", order_by=[ibis.desc(lines["stated_amount"]), "row_number"])
    found = lines.mutate(place=ibis.row_number().over(first))
    found = found.filter((found["place"] == 0) & (found["stated_amount"].fill_null(0) != 0))
    stated = found["stated_amount"]
    return found.mutate(
        row_number=derived.row_number(found["row_number"], kind),
        line_number=ibis.literal(-derived.place(kind), "int64"),
        sku=ibis.null("string"),
        quantity=ibis.literal(1 if kind == derived.SHIPPING else None).cast("decimal(18, 3)"),
        gross_amount=stated,
        discount_amount=ibis.literal(0, "int64"),
        net_amount=stated,
        tax_amount=found["tax_amount"] if "tax_amount" in columns else ibis.null("int64"),
        source_amount=found["source_amount"] if "source_amount" in columns else stated,
        sale_type_label=labelled(found["transaction_status"], ibis.literal(kind)),
        points=ibis.null("int64"),
    ).drop("place", "stated_amount")
