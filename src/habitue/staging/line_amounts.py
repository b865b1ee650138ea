"""The amounts of a sales row: minor units of its currency, ticket-level discount and tax shared out, tax taken out."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.portable import apportion, half_even, materialise, scaled
from habitue.schemas.derived_lines import TIP, bound
from habitue.schemas.units import MINOR_UNIT_EXCEPTIONS, minor_unit
from habitue.sources.declared import Source
from habitue.staging.amounts import LARGEST

MONEY = (
    "gross_amount",
    "discount_amount",
    "net_amount",
    "tax_amount",
    "transaction_discount_amount",
    "transaction_net_amount",
    "transaction_tax_amount",
    "shipping_amount",
    "tip_amount",
    "gift_card_amount",
    "refunded_amount",
)


def _minor(micro: Any, currency: Any, source: Source, home: str, settings_digits: int = 6) -> Any:
    """Whole minor units of the row's currency from int64 in units of 10**-settings_digits."""

    def at(digits: int) -> Any:
        return half_even(micro, 10 ** (settings_digits - digits))

    if "currency" not in source.columns:
        return at(minor_unit(source.values.get("currency", home).upper()))
    none = [code for code, digits in MINOR_UNIT_EXCEPTIONS.items() if digits == 0]
    three = [code for code, digits in MINOR_UNIT_EXCEPTIONS.items() if digits == 3]
    return ibis.cases((currency.isin(none), at(0)), (currency.isin(three), at(3)), else_=at(2))


def money(table: ir.Table, source: Source, home: str) -> ir.Table:
    """Gross, discount, net, tax and the source amount in whole minor units; null where not readable.

    A source that states no currency is in the home currency.
    """
    given = {name for name in (*MONEY, "unit_price", "quantity") if name in source.columns or name in source.values}
    money = [name for name in MONEY if name in given]
    by_units = not {"net_amount", "gross_amount"} & given

    def micro(name: str, digits: int) -> Any:
        value = table[f"{name}_read"]
        return scaled(ibis.ifelse(value.abs() <= LARGEST, value, ibis.null("decimal(18, 6)")), digits)

    wide = table.mutate(**{f"{name}_micro": micro(name, 6) for name in money})
    if by_units:
        wide = wide.mutate(price_micro=micro("unit_price", 6), units_milli=micro("quantity", 3))
        fits = (wide["price_micro"].cast("float64") * wide["units_milli"].cast("float64")).abs() <= LARGEST * 1e9
        wide = wide.mutate(units_nano=ibis.ifelse(fits, wide["price_micro"] * wide["units_milli"], ibis.null("int64")))
    minors = {name: _minor(wide[f"{name}_micro"], wide["currency"], source, home) for name in money}
    if by_units:
        minors["gross_amount"] = _minor(wide["units_nano"], wide["currency"], source, home, 9)
    wide = wide.mutate(**minors)
    none = ibis.null("int64")
    discount: Any = wide["discount_amount"].fill_null(0) if "discount_amount" in given else ibis.literal(0, "int64")
    if "net_amount" in given:
        net = wide["net_amount"]
        gross = wide["gross_amount"].fill_null(net + discount) if "gross_amount" in given else net + discount
        discount = gross - net
    else:
        gross = wide["gross_amount"]
        net = gross - discount
    return wide.mutate(
        gross_amount=gross,
        discount_amount=discount,
        net_amount=net,
        tax_amount=wide["tax_amount"] if "tax_amount" in given else none,
    )


def with_ticket_currency(table: ir.Table) -> ir.Table:
    """A row that leaves the currency empty has that of its ticket, if its ticket states exactly one."""
    ticket = ibis.window(group_by="transaction_id")
    least, most = table["currency"].min().over(ticket), table["currency"].max().over(ticket)
    wide = table.mutate(least=least, most=most)
    stated = ibis.ifelse(
        (wide["least"] == wide["most"]) & wide["transaction_id"].notnull(), wide["least"], ibis.null("string")
    )
    return wide.mutate(currency=ibis.coalesce(wide["currency"], stated)).drop("least", "most")


def share_discount(lines: ir.Table) -> ir.Table:
    """A discount stated once for the whole ticket, shared out over its lines in proportion to their gross.

    Where the ticket states what its goods come to after all discounts, that decides: the discount is what its lines
    are above it.
    """
    lines = materialise(lines.mutate(stated=_stated_discount(lines)), "stated")
    weight = ibis.ifelse(lines["gross_amount"] > 0, lines["gross_amount"], 0).cast("int64")
    part = apportion(lines["stated"], weight, by=["transaction_id"], order_by=["row_number"])
    lines = lines.mutate(discount_amount=lines["discount_amount"] + part)
    net = lines["gross_amount"] - lines["discount_amount"]
    return lines.mutate(net_amount=net, source_amount=net)


def _stated_discount(lines: ir.Table) -> Any:
    def ticket(value: Any) -> Any:
        return value.over(group_by="transaction_id")

    stated: Any = ibis.literal(0, "int64")
    if "transaction_discount_amount" in lines.columns:
        stated = ticket(lines["transaction_discount_amount"].max()).fill_null(0)
    if "transaction_net_amount" in lines.columns:
        goods = ticket(lines["net_amount"].sum()) - ticket(lines["transaction_net_amount"].max())
        stated = ibis.coalesce(goods, stated)
    return stated.cast("int64")


def share_tax(lines: ir.Table, source: Source) -> ir.Table:
    """A tax stated once for the whole ticket, shared out over its lines and its delivery in proportion to their net."""
    if "transaction_tax_amount" not in source.columns:
        return lines
    stated: Any = lines["transaction_tax_amount"].max().over(group_by="transaction_id")
    lines = materialise(lines.mutate(stated=stated), "stated")
    is_taxed: Any = (lines["row_number"] > bound(TIP)) & (lines["net_amount"].sign() == lines["stated"].sign())
    weight = ibis.ifelse(is_taxed, lines["net_amount"].abs(), 0).cast("int64")
    part = apportion(lines["stated"].fill_null(0), weight, by=["transaction_id"], order_by=["row_number"])
    return lines.mutate(tax_amount=ibis.ifelse(lines["stated"].isnull(), lines["tax_amount"], part))


def without_tax(lines: ir.Table, source: Source) -> ir.Table:
    """Amounts ex tax where the source includes it: by the stated tax, else by the stated rate, half-even."""
    if source.tax != "included":
        return lines
    given: Any = lines["net_amount"]
    if {"tax_amount", "transaction_tax_amount"} & {*source.columns}:
        net = given - lines["tax_amount"].fill_null(0)
        return lines.mutate(net_amount=net, gross_amount=net + lines["discount_amount"])
    per_million = 1_000_000 + int((source.tax_rate or 0) * 1_000_000)
    net = half_even(given * 1_000_000, per_million)
    gross = half_even(lines["gross_amount"] * 1_000_000, per_million)
    return lines.mutate(net_amount=net, gross_amount=gross, discount_amount=gross - net, tax_amount=given - net)
