"""The purchases of a run: every staged line with its type, population, home amounts, returns, rewards and margin."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.errors import ConfigurationError, Message, message
from habitue.purchases import currencies, margins, rewards, sale_types
from habitue.purchases.margins import MarginSettings
from habitue.purchases.return_changes import SET_ASIDE, TAKEN_BACK, Linked, empty_returns
from habitue.purchases.returns import link_returns
from habitue.purchases.sale_types import COUNTED, SALE_TYPES, PopulationRule, SaleTypeRule
from habitue.schemas import TRANSACTION_LINES


@dataclass(frozen=True, kw_only=True)
class PurchaseSettings:
    """What counts as a purchase, and what it is worth.

    Args:
        sale_types: rules for the kind of line, the first that holds wins.
        populations: rules for the kind of buyer, likewise.
        counted: sale types that count as purchase; with `free`, tickets given away count and their days are visits.
        return_days: how far back the purchase of a return without a stated ticket is looked for.
        reward_tenders: globs of the tenders that are rewards (points, vouchers).
        margins: assumed margin rates.
    """

    sale_types: tuple[SaleTypeRule, ...] = ()
    populations: tuple[PopulationRule, ...] = ()
    counted: tuple[str, ...] = COUNTED
    return_days: int = 365
    reward_tenders: tuple[str, ...] = ()
    margins: MarginSettings = field(default_factory=MarginSettings)

    def __post_init__(self) -> None:
        faults: list[Message] = [
            message("purchases.sale_type_unknown", received=name, valid=", ".join(SALE_TYPES))
            for name in self.counted
            if name not in SALE_TYPES
        ]
        if self.return_days < 0:
            faults.append(message("purchases.return_days_negative", received=self.return_days))
        if faults:
            raise ConfigurationError(*faults)


@dataclass(frozen=True)
class Purchases:
    """What was bought.

    Attributes:
        lines: TRANSACTION_LINES, not stored: what is never asked for is never computed; lines that are no purchase are
            there with `counts` false.
        returns: RETURNS, stored.
        set_aside: `return_changes.SET_ASIDE`: lines without a rate or currency, and what returns have above their
            purchase (`is_part`: the rest of that row is among the lines).
        taken_back: `return_changes.TAKEN_BACK`, stored.
        labelled_sources: sources that give a sale type of their own on some line.
    """

    lines: ir.Table
    returns: ir.Table
    set_aside: ir.Table
    taken_back: ir.Table
    labelled_sources: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Making:
    """How staged lines become purchase lines; applied to all of them at the end, to a few before."""

    settings: PurchaseSettings
    found: sale_types.Lookups
    rates: currencies.DayRates
    linked: Linked | None = None
    reward: ir.Table | None = None

    def prepare(self, lines: ir.Table) -> ir.Table:
        """Type, population and home amounts, each row by itself."""
        typed = sale_types.classify(
            lines, self.settings.sale_types, self.settings.populations, counted=self.settings.counted, found=self.found
        )
        return currencies.convert(typed, self.rates)

    def finish(self, lines: ir.Table) -> ir.Table:
        """The same, with what returns changed, without the rows set aside."""
        ready = self.prepare(lines)
        if self.rates.table is not None:
            ready = ready.filter(ready.rate_fault.isnull())
        if self.linked is None:
            return ready.mutate(returned_amount=ibis.literal(0, "int64"), kept_amount=ready.net_amount)
        return _with_changes(ready, self.linked.changes, self.settings.counted)


def purchase_lines(
    lines: ir.Table,
    *,
    products: ir.Table | None = None,
    payments: ir.Table | None = None,
    rates: ir.Table | None = None,
    source_customers: ir.Table | None = None,
    shared: ir.Table | None = None,
    settings: PurchaseSettings | None = None,
    home_currency: str,
) -> Purchases:
    """Decide what every staged line is and is worth. Grain: one row a staged line, less those wholly set aside.

    Args:
        lines: STAGED_LINES plus `customer_id` (null: unidentified); each ticket once, up to the as-of date.
        products: PRODUCTS, for categories and costs.
        payments: PAYMENTS, for tenders.
        rates: RATES, for foreign currencies.
        source_customers: SOURCE_CUSTOMERS, for the labels of customers.
        shared: SHARED_CARDS; those set apart become a population of their own, and nothing is linked through them.
        settings: rules; None for the defaults.
        home_currency: ISO code all amounts are converted to.

    Lines, even empty, give tables with their columns. Totals: net of counted lines = kept of counted lines (returns
    move between days, never in or out).

    Raises:
        ConfigurationError: `purchases.home_currency_unknown`, the home currency is no ISO code.
    """
    settings = settings or PurchaseSettings()
    found = sale_types.lookups(
        settings.sale_types,
        settings.populations,
        products=products,
        payments=payments,
        source_customers=source_customers,
        shared=shared,
    )
    making = _Making(settings, found, currencies.day_rates(lines, rates, home=home_currency))
    if "return" in settings.counted:
        may_negate = any(rule.negate for rule in settings.sale_types)
        linked = link_returns(lines, making.prepare, return_days=settings.return_days, may_negate=may_negate)
        making = replace(making, linked=linked)
    paid = rewards.paid_with_rewards(payments, settings.reward_tenders)
    if paid is not None:
        making = replace(making, reward=rewards.rewards_by_line(lines, paid, making.finish))
    done = _with_rewards(making.finish(lines), making.reward)
    done = margins.with_margins(done, products, settings.margins)
    linked = making.linked
    if linked is None:
        returned = portable.stored(empty_returns(), "returns", like=lines)
        taken = portable.stored(TAKEN_BACK.empty_table(), "taken_back", like=lines)
    else:
        returned, taken = linked.returns, linked.taken_back
    return Purchases(
        TRANSACTION_LINES.cast(done),
        returned,
        _set_aside(lines, making),
        taken,
        _labelled_sources(lines),
    )


def _with_changes(lines: ir.Table, changes: ir.Table, counted: tuple[str, ...]) -> ir.Table:
    kept = list(lines.columns)
    wide = lines.left_join(changes, [lines.file_id == changes.change_file, lines.row_number == changes.change_row])
    wide = wide.filter(~wide.is_dropped.fill_null(False))
    is_exchange = wide.is_exchange.fill_null(False)
    exchange_counts = "exchange" in counted
    wide = wide.mutate(
        sale_type=ibis.ifelse(is_exchange, "exchange", wide.sale_type),
        counts=wide.counts & ~is_exchange | is_exchange & exchange_counts,
        gross_amount=ibis.coalesce(wide.new_gross, wide.gross_amount),
        net_amount=ibis.coalesce(wide.new_net, wide.net_amount),
        tax_amount=ibis.coalesce(wide.new_tax, wide.tax_amount),
        source_amount=ibis.coalesce(wide.new_source_amount, wide.source_amount),
        returned_amount=wide.new_returned.fill_null(0),
    )
    wide = wide.mutate(
        discount_amount=wide.gross_amount - wide.net_amount, kept_amount=ibis.coalesce(wide.new_kept, wide.net_amount)
    )
    return wide.select(*kept, "returned_amount", "kept_amount")


def _with_rewards(lines: ir.Table, reward: ir.Table | None) -> ir.Table:
    if reward is None:
        return lines.mutate(reward_amount=ibis.literal(0, "int64"))
    kept = lines.columns
    wide = lines.left_join(reward, [lines.file_id == reward.reward_file, lines.row_number == reward.reward_row])
    return wide.select(*kept, reward_amount=wide.reward_amount.fill_null(0))


def _set_aside(lines: ir.Table, making: _Making) -> ir.Table:
    """Rows without a home amount, and parts above what was bought."""
    parts = [SET_ASIDE.empty_table() if making.linked is None else making.linked.set_aside]
    if making.rates.table is not None:
        ready = making.prepare(lines.filter(lines.currency.isnull() | (lines.currency != making.rates.home)))
        refused = ready.filter(ready.rate_fault.notnull()).select(
            "file_id",
            "row_number",
            column=ibis.literal("currency"),
            value="currency",
            reason="rate_fault",
            source_amount="source_amount",
            currency="currency",
            is_part=ibis.literal(False),
        )
        parts.append(refused.to_pyarrow().cast(SET_ASIDE))
    return portable.stored(pa.concat_tables(parts), "set_aside", like=lines)


def _labelled_sources(lines: ir.Table) -> frozenset[str]:
    sources = lines.filter(lines.sale_type_label.notnull()).select("source").distinct().to_pyarrow()["source"]
    return frozenset(sources.to_pylist())
