"""Margin of a line: what it is worth after returns less what the goods cost, or an assumed share of it.

Domain rule: net less cost by article; where the cost is unknown a rate by category and sales channel, marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.errors import ConfigurationError, Message, message

MILLIONTHS = 1_000_000
"""Rates are applied in millionths; a cost times a quantity is in millionths of a minor unit."""


@dataclass(frozen=True, kw_only=True)
class MarginSettings:
    """Margin rates (0 to 1) for lines whose cost is unknown: that of the category, else of the sales channel, else the
    default; None: the margin stays unknown."""

    default_rate: Decimal | None = None
    by_category: Mapping[str, Decimal] = field(default_factory=dict)
    by_sales_channel: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rates = {"default_rate": self.default_rate, **self.by_category, **self.by_sales_channel}
        faults: list[Message] = [
            message("purchases.margin_rate_out_of_range", name=name, received=str(rate))
            for name, rate in rates.items()
            if rate is not None and not 0 <= rate <= 1
        ]
        if faults:
            raise ConfigurationError(*faults)

    @property
    def has_rates(self) -> bool:
        """Is any rate given?"""
        return self.default_rate is not None or bool(self.by_category) or bool(self.by_sales_channel)


def with_margins(lines: ir.Table, products: ir.Table | None, settings: MarginSettings) -> ir.Table:
    """Lines with `margin_amount` (minor units, null if unknown) and `margin_is_assumed`.

    Args:
        lines: with `sku`, `quantity`, `net_amount`, `kept_amount`, `sales_channel`, `counts`; home currency.
        products: PRODUCTS, or None.
        settings: assumed rates.

    The cost of what came back is not spent: cost falls in the proportion of kept to net. A counted line given away
    costs its goods. Lines that do not count have no margin.
    """
    kept = lines.columns
    if products is None and not settings.has_rates:
        return lines.mutate(margin_amount=ibis.null("int64"), margin_is_assumed=ibis.literal(False))
    wide = lines.mutate(margin_category=ibis.null("string"), margin_cost=ibis.null("int64"))
    if products is not None:
        goods = products.select(
            margin_sku=products.sku, margin_category=products.category, margin_cost=products.cost_amount
        )
        wide = lines.left_join(goods, lines.sku == goods.margin_sku)
    # Step by step, each in a column: rounding names its operand many times over.
    units = (wide.quantity.abs().cast("float64") * 1000).round().cast("int64")
    wide = wide.mutate(exact_cost=wide.margin_cost * units, exact_share=wide.kept_amount * _rate(wide, settings))
    wide = wide.mutate(
        cost=portable.half_even(wide.exact_cost, MILLIONTHS), assumed=portable.half_even(wide.exact_share, MILLIONTHS)
    )
    wide = wide.mutate(known=wide.kept_amount - _spent(wide))
    return wide.select(
        *kept,
        margin_amount=ibis.ifelse(wide.counts, ibis.coalesce(wide.known, wide.assumed), None),
        margin_is_assumed=wide.counts & wide.known.isnull() & wide.assumed.notnull(),
    )


def _spent(lines: ir.Table) -> ir.IntegerValue:
    """Cost of what was kept, signed as the line; null without cost or quantity."""
    net, kept, cost = lines.net_amount, lines.kept_amount, lines.cost
    return ibis.cases(
        (net == kept, ibis.ifelse(net < 0, -cost, cost)),
        (kept == 0, ibis.ifelse(cost.isnull(), ibis.null("int64"), 0)),
        else_=portable.whole_quotient(cost * kept, net.abs().nullif(0)),
    ).cast("int64")


def _rate(lines: ir.Table, settings: MarginSettings) -> ir.IntegerValue:
    """Assumed rate in millionths; null where none is given."""

    def millionths(rates: Mapping[str, Decimal]) -> dict[str, int]:
        return {name: int((rate * MILLIONTHS).to_integral_value()) for name, rate in rates.items()}

    rate = ibis.null("int64")
    if settings.default_rate is not None:
        rate = ibis.literal(millionths({"": settings.default_rate})[""], "int64")
    if settings.by_sales_channel:
        found = portable.by_value(lines.sales_channel, millionths(settings.by_sales_channel), ibis.null("int64"))
        rate = ibis.coalesce(found, rate)
    if settings.by_category:
        found = portable.by_value(lines.margin_category, millionths(settings.by_category), ibis.null("int64"))
        rate = ibis.coalesce(found, rate)
    return rate.cast("int64")
