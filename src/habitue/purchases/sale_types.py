"""What kind of line a row of a sales file is, and to which population its buyer belongs.

Both are decided row by row: the user's rules in their order, the first that holds wins; then the defaults. What a rule
needs to know beside the row (the tenders of its ticket, the customer's label in the customer file) is looked up once
in small tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.errors import ConfigurationError, Message, message
from habitue.schemas import derived_lines as derived
from habitue.schemas.units import MINOR_UNIT_EXCEPTIONS, USUAL_MINOR_UNIT

SALE_TYPES = (
    "sale", "return", "exchange", "gift_card", "service", "warranty", "shipping", "deposit", "fee", "adjustment",
    "free", "test", "training", "void", "donation", "transfer",
)  # fmt: skip
"""Every kind of line there is."""

RETURN_TYPES = ("return", "exchange")
"""Kinds that bring something back: never a sale line, even with a positive amount."""

COUNTED = ("sale", "return", "exchange", "service", "warranty")
"""Kinds that count as purchase unless the settings say otherwise (domain rule: warranty and services yes, delivery,
deposits and gift cards sold no)."""

AMOUNTS = ("zero", "negative", "positive")

CONSUMER = "consumer"
SHARED_CARD = "shared_card"


LEVELS = ("category", "subcategory", "subsubcategory")
"""Levels of a product's category."""


@dataclass(frozen=True, kw_only=True)
class SaleTypeRule:
    """All conditions given must hold; texts are globs (``*``, ``?``), capitals aside; one of each list is enough.

    Args:
        sale_type: one of `SALE_TYPES`.
        source: name of the source, exactly.
        label: the source's own word for the kind of sale.
        sku: article code.
        category: category of the article, at any level.
        transaction: ticket or order number as written.
        tender: some tender of the ticket.
        customers: opaque ids of customer numbers.
        amount: sign of the net amount as the source writes it: zero, negative or positive.
        unit_price_at_most: size of net amount over quantity, in major units of the line's own currency (0.05 euro);
            lines without a quantity never hold.
        negate: the source writes this kind with positive amounts: gross, discount, net, tax and quantity change sign.
    """

    sale_type: str
    source: str | None = None
    label: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    transaction: tuple[str, ...] = ()
    tender: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    amount: str | None = None
    unit_price_at_most: Decimal | None = None
    negate: bool = False

    def __post_init__(self) -> None:
        faults: list[Message] = []
        if self.sale_type not in SALE_TYPES:
            faults.append(message("purchases.sale_type_unknown", received=self.sale_type, valid=", ".join(SALE_TYPES)))
        if self.amount is not None and self.amount not in AMOUNTS:
            faults.append(message("purchases.amount_condition_unknown", received=self.amount, valid=", ".join(AMOUNTS)))
        if self.unit_price_at_most is not None and self.unit_price_at_most < 0:
            faults.append(message("purchases.unit_price_negative", received=str(self.unit_price_at_most)))
        if faults:
            raise ConfigurationError(*faults)


@dataclass(frozen=True, kw_only=True)
class PopulationRule:
    """Who buys here: all conditions given must hold; texts are globs, capitals aside; one of each list is enough.

    Args:
        population: staff, b2b, or another word; `shared_card` is kept for shared cards.
        source: name of the source, exactly.
        label: the line's own word for the kind of buyer.
        customers: opaque ids of customer numbers.
        tender: some tender of the ticket.
        customer_label: the customer file's word for the kind of customer.
    """

    population: str
    source: str | None = None
    label: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    tender: tuple[str, ...] = ()
    customer_label: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.population or self.population == SHARED_CARD:
            raise ConfigurationError(
                message("purchases.population_reserved", received=self.population, reserved=SHARED_CARD)
            )


@dataclass(frozen=True)
class Lookups:
    """What rules need beside the row: flag columns (1 or 0) by customer number, by ticket and by article.

    `customers` is keyed by `flag_customer`; `tickets` by `flag_source`, `flag_transaction`; `categories` by
    `category_sku`. None where no rule needs it.
    """

    customers: ir.Table | None = None
    tickets: ir.Table | None = None
    categories: ir.Table | None = None


def lookups(
    rules: Sequence[SaleTypeRule],
    populations: Sequence[PopulationRule],
    *,
    products: ir.Table | None = None,
    payments: ir.Table | None = None,
    source_customers: ir.Table | None = None,
    shared: ir.Table | None = None,
) -> Lookups:
    """Gather what the rules look up; a condition on a table that is not there never holds."""
    people: dict[str, set[str]] = {}
    if shared is not None:
        apart = _ids(shared.filter(shared.is_set_apart))
        if apart:
            people["flag_shared"] = apart
    tenders: dict[str, tuple[str, ...]] = {}
    for number, rule in enumerate([*rules, *populations]):
        if rule.customers:
            people[f"flag_customers_{number}"] = set(rule.customers)
        if rule.tender:
            tenders[f"flag_tender_{number}"] = rule.tender
        if isinstance(rule, PopulationRule) and rule.customer_label:
            people[f"flag_label_{number}"] = (
                set()
                if source_customers is None
                else _ids(
                    source_customers.filter(
                        portable.matches_any(source_customers.population_label, rule.customer_label)
                    )
                )
            )
    categories = _category_flags(products, {n: rule.category for n, rule in enumerate(rules) if rule.category})
    return Lookups(_customer_flags(people), _ticket_flags(payments, tenders), categories)


def classify(
    lines: ir.Table,
    rules: Sequence[SaleTypeRule],
    populations: Sequence[PopulationRule],
    *,
    counted: Sequence[str],
    found: Lookups,
) -> ir.Table:
    """Staged lines with `sale_type`, `sale_type_rule`, `counts`, `population`, and amounts signed as the rule says.

    Args:
        lines: STAGED_LINES (further columns stay).
        rules: the rules in their order; `sale_type_rule` is the number of the one that won, from "1", or "default".
        populations: likewise; the default is consumer, and a shared card set apart comes before every rule.
        counted: sale types that count as purchase.
        found: `lookups` of the same rules.

    By default a line made from what a ticket states once (negative row number: delivery, tip, refund …) is what
    `derived_lines` says, one with net 0 free, a negative one a return, any other a sale (domain rule). An exchange is
    seen only beside the other lines of its ticket: see `returns`.
    """
    kept = lines.columns
    wide = _with_lookups(lines, found)
    choice = _first([_sale_type_condition(wide, rule, number) for number, rule in enumerate(rules)])
    wide = wide.mutate(rule_number=choice)
    number = wide.rule_number
    signs = {position: -1 for position, rule in enumerate(rules, 1) if rule.negate}
    if signs:
        sign = ibis.ifelse(number.isin(list(signs)), -1, 1).cast("int64")
        wide = wide.mutate(
            gross_amount=wide.gross_amount * sign,
            discount_amount=wide.discount_amount * sign,
            net_amount=wide.net_amount * sign,
            tax_amount=wide.tax_amount * sign,
            quantity=ibis.ifelse(sign < 0, -wide.quantity, wide.quantity).cast(wide.quantity.type()),
        )
    made = reversed([*derived.SALE_TYPES.items()])
    by_default = (
        *((wide.row_number < derived.bound(kind), sale_type) for kind, sale_type in made),
        (wide.net_amount == 0, "free"),
        (wide.net_amount < 0, "return"),
    )
    default = ibis.cases(*by_default, else_="sale")
    counts = ibis.cases(*((test, kind in counted) for test, kind in by_default), else_="sale" in counted)
    kinds = {position: rule.sale_type for position, rule in enumerate(rules, 1)}
    who = [_population_condition(wide, rule, len(rules) + n) for n, rule in enumerate(populations)]
    wide = wide.mutate(
        sale_type=_named(wide.rule_number, kinds, default),
        sale_type_rule=_named(wide.rule_number, {position: str(position) for position in kinds}, "default"),
        counts=_named(wide.rule_number, {position: kind in counted for position, kind in kinds.items()}, counts),
        population=_population(wide, who, [rule.population for rule in populations], found),
    )
    return wide.select(*kept, "sale_type", "sale_type_rule", "counts", "population")


def is_sale(lines: ir.Table) -> ir.BooleanValue:
    """Counted lines that sell something (also for nothing), as against those that bring something back."""
    return lines.counts & ~lines.sale_type.isin(list(RETURN_TYPES))


def customer_populations(
    source_customers: ir.Table, populations: Sequence[PopulationRule], *, shared: ir.Table | None = None
) -> ir.Table:
    """`source_customer_id`, `population` of customer rows that a rule places without any line (others are left out).

    For people known only from a customer file. Rules with a label of the line or a tender place nobody here.
    """
    alone = [
        rule for rule in populations if (rule.customers or rule.customer_label) and not (rule.label or rule.tender)
    ]
    found = lookups((), alone, source_customers=source_customers, shared=shared)
    wide = _with_lookups(source_customers, found)
    who = [_population_condition(wide, rule, n) for n, rule in enumerate(alone)]
    wide = wide.mutate(population=_population(wide, who, [rule.population for rule in alone], found))
    placed = wide.filter(wide.population != CONSUMER)
    return placed.group_by("source_customer_id").aggregate(population=placed.population.min())


def _ids(table: ir.Table) -> set[str]:
    found = table.select("source_customer_id").distinct().to_pyarrow()["source_customer_id"].to_pylist()
    return {customer for customer in found if customer is not None}


def _customer_flags(people: Mapping[str, set[str]]) -> ir.Table | None:
    everybody = sorted(set[str]().union(*people.values()))
    if not everybody:
        return None
    columns: dict[str, Any] = {"flag_customer": pa.array(everybody, pa.string())}
    for name, ids in people.items():
        columns[name] = pa.array([int(customer in ids) for customer in everybody], pa.int64())
    return ibis.memtable(pa.table(columns))


def _ticket_flags(payments: ir.Table | None, tenders: Mapping[str, tuple[str, ...]]) -> ir.Table | None:
    if payments is None or not tenders:
        return None
    every = [glob for globs in tenders.values() for glob in globs]
    some = payments.filter(portable.matches_any(payments.tender, every))
    flags = some.group_by(flag_source=some.source, flag_transaction=some.transaction_id).aggregate(
        **{
            name: ibis.ifelse(portable.matches_any(some.tender, globs), 1, 0).cast("int64").max()
            for name, globs in tenders.items()
        }
    )
    return portable.materialise(flags, "ticket_flags")


def _category_flags(products: ir.Table | None, wanted: Mapping[int, tuple[str, ...]]) -> ir.Table | None:
    """For each article that some rule's category names, at any level, which rules do."""
    if products is None or not wanted:
        return None
    flags: dict[str, Any] = {}
    for number, globs in wanted.items():
        found = portable.matches_any(products[LEVELS[0]], globs)
        for level in LEVELS[1:]:
            found = found | portable.matches_any(products[level], globs)
        flags[f"flag_category_{number}"] = ibis.ifelse(found, 1, 0).cast("int64")
    flagged = products.select(category_sku=products.sku, **flags)
    named: Any = flagged[next(iter(flags))]
    for name in list(flags)[1:]:
        named = named + flagged[name]
    return portable.materialise(flagged.filter(named > 0), "category_flags")


def _with_lookups(lines: ir.Table, found: Lookups) -> ir.Table:
    wide = lines
    if found.customers is not None:
        flags = found.customers
        wide = wide.left_join(flags, wide.source_customer_id == flags.flag_customer).drop("flag_customer")
    if found.tickets is not None:
        flags = found.tickets
        wide = wide.left_join(
            flags, (wide.source == flags.flag_source) & (wide.transaction_id == flags.flag_transaction)
        ).drop("flag_source", "flag_transaction")
    if found.categories is not None:
        goods = found.categories
        wide = wide.left_join(goods, wide.sku == goods.category_sku).drop("category_sku")
    return wide


def _flag(lines: ir.Table, name: str) -> ir.BooleanValue:
    return lines[name] == 1 if name in lines.columns else ibis.literal(False)


def _sale_type_condition(lines: ir.Table, rule: SaleTypeRule, number: int) -> ir.BooleanValue:
    tests: list[ir.BooleanValue] = []
    if rule.source is not None:
        tests.append(lines.source == rule.source)
    if rule.amount is not None:
        net = lines.net_amount
        tests.append({"zero": net == 0, "negative": net < 0, "positive": net > 0}[rule.amount])
    if rule.customers:
        tests.append(_flag(lines, f"flag_customers_{number}"))
    if rule.tender:
        tests.append(_flag(lines, f"flag_tender_{number}"))
    if rule.unit_price_at_most is not None:
        tests.append(_costs_at_most(lines, rule.unit_price_at_most))
    if rule.label:
        tests.append(portable.matches_any(lines.sale_type_label, rule.label))
    if rule.transaction:
        tests.append(portable.matches_any(lines.transaction_number, rule.transaction))
    if rule.sku:
        tests.append(portable.matches_any(lines.sku, rule.sku))
    if rule.category:
        tests.append(_flag(lines, f"flag_category_{number}"))
    return _all(tests)


def _population_condition(lines: ir.Table, rule: PopulationRule, number: int) -> ir.BooleanValue:
    tests: list[ir.BooleanValue] = []
    if rule.source is not None:
        tests.append(lines.source == rule.source)
    if rule.customers:
        tests.append(_flag(lines, f"flag_customers_{number}"))
    if rule.customer_label:
        tests.append(_flag(lines, f"flag_label_{number}"))
    if rule.tender:
        tests.append(_flag(lines, f"flag_tender_{number}"))
    if rule.label:
        tests.append(portable.matches_any(lines.population_label, rule.label))
    return _all(tests)


def _costs_at_most(lines: ir.Table, price: Decimal) -> ir.BooleanValue:
    """Net over quantity at most a price, by cross multiplication: whole numbers, exact below 2**53."""
    exceptions = {code: int(price * 10 ** (4 + digits)) for code, digits in MINOR_UNIT_EXCEPTIONS.items()}
    limit = portable.by_value(lines.currency, exceptions, int(price * 10 ** (4 + USUAL_MINOR_UNIT)))
    units = (lines.quantity.abs() * 1000).cast("float64")
    return (lines.quantity != 0) & (lines.net_amount.abs().cast("float64") * 1e7 <= limit.cast("float64") * units)


def _all(tests: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    if not tests:
        return ibis.literal(True)
    held = tests[0]
    for test in tests[1:]:
        held = held & test
    return held


def _first(conditions: Sequence[ir.BooleanValue]) -> ir.IntegerValue:
    """Number (from 1) of the first condition that holds, 0 if none does."""
    if not conditions:
        return ibis.literal(0, "int64")
    return ibis.cases(*[(test, number) for number, test in enumerate(conditions, 1)], else_=0).cast("int64")


def _named(number: ir.IntegerValue, names: Mapping[int, Any], default: Any) -> Any:
    look: Callable[..., Any] = portable.by_value
    return look(number, names, default) if names else (ibis.literal(default) if isinstance(default, str) else default)


def _population(
    lines: ir.Table, conditions: Sequence[ir.BooleanValue], names: Sequence[str], found: Lookups
) -> ir.StringValue:
    branches: list[tuple[Any, str]] = list(zip(conditions, names, strict=True))
    if found.customers is not None and "flag_shared" in found.customers.columns:
        branches.insert(0, (_flag(lines, "flag_shared"), SHARED_CARD))
    return ibis.cases(*branches, else_=CONSUMER) if branches else ibis.literal(CONSUMER)
