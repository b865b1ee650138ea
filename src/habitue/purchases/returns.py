"""Returns: which purchase each takes back, and what that changes on both lines.

Most are plain and are matched in the engine (`return_matches`). Of the others the return lines and the sale lines that
could be meant leave the engine; `return_links` decides, and the result comes back as small tables to join by file and
row.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from habitue import portable
from habitue.purchases import return_links as links
from habitue.purchases.return_changes import Linked, linked
from habitue.purchases.return_matches import HARD, match
from habitue.purchases.sale_types import SHARED_CARD, is_sale

Prepare = Callable[[ir.Table], ir.Table]
"""From some staged lines to the same lines with sale type, population and home amounts (further columns stay)."""

_RETURN = (
    "file_id", "row_number", "source", "transaction_id", "line_number", "sold_at", "sold_on", "person", "store_id",
    "sku", "currency", "source_net_amount", "gross_amount", "net_amount", "tax_amount", "source_amount",
    "original_transaction_id",
)  # fmt: skip
_SALE = (
    "file_id", "row_number", "source", "transaction_id", "line_number", "sold_at", "sold_on", "sku", "currency",
    "source_net_amount", "net_amount", "customer_id", "population",
)  # fmt: skip
_ASKED = (*_SALE, "remaining")


@dataclass(frozen=True)
class _Staged:
    """Staged lines with the way to prepare some of them."""

    lines: ir.Table
    prepare: Prepare
    may_negate: bool

    def returns(self) -> ir.Table:
        some = self.lines if self.may_negate else self.lines.filter(self.lines.net_amount < 0)
        ready = self.prepare(some)
        ready = ready.filter(
            ready.counts & (ready.sale_type == "return") & (ready.source_net_amount < 0) & ready.rate_fault.isnull()
        )
        nobody = ibis.null("string")
        ready = ready.mutate(person=ibis.ifelse(ready.population == SHARED_CARD, nobody, ready.customer_id))
        return portable.materialise(ready.select(*_RETURN), "back")

    def candidates(self, back: ir.Table) -> ir.Table:
        """Sale lines of the tickets that returns name or stand on, and of the articles bought by their customers."""
        tickets = back.select(
            asked_source="source", asked_ticket=back.original_transaction_id.fill_null(back.transaction_id)
        ).distinct()
        goods = back.filter(back.original_transaction_id.isnull() & back.person.notnull() & back.sku.notnull())
        goods = goods.select(asked_customer="person", asked_sku="sku").distinct()
        some = self._positive()
        names = some.columns
        wide = some.left_join(
            tickets, [some.source == tickets.asked_source, some.transaction_id == tickets.asked_ticket]
        )
        wide = wide.left_join(goods, [wide.customer_id == goods.asked_customer, wide.sku == goods.asked_sku])
        wide = wide.filter(wide.asked_ticket.notnull() | wide.asked_sku.notnull()).select(*names)
        return portable.materialise(self._sold(wide).select(*_SALE, "transaction_number", "store_id"), "candidates")

    def sales(self, keys: ir.Table, on: Mapping[str, str], *extra: str) -> ir.Table:
        """Sale lines whose columns equal those of `keys` (column of the lines: column of the keys), with `extra`."""
        some = self._positive()
        some = some.inner_join(keys, [some[mine] == keys[theirs] for mine, theirs in on.items()])
        return self._sold(some).select(*_SALE, *(name for name in extra if name not in _SALE))

    def _positive(self) -> ir.Table:
        return self.lines if self.may_negate else self.lines.filter(self.lines.net_amount > 0)

    def _sold(self, lines: ir.Table) -> ir.Table:
        ready = self.prepare(lines)
        return ready.filter(is_sale(ready) & (ready.source_net_amount > 0) & ready.rate_fault.isnull())


def link_returns(
    lines: ir.Table, prepare: Prepare, *, return_days: int = 365, may_negate: bool = False
) -> Linked | None:
    """Link every counted return to what it takes back; None when there is no return.

    Args:
        lines: STAGED_LINES with `customer_id`, in the source's currency.
        prepare: see `Prepare`; applied only to lines that may matter.
        return_days: how far back a purchase is looked for when the ticket is not stated.
        may_negate: some rule turns positive amounts into negative ones, so that signs say nothing before `prepare`.

    Domain rules. A return without a stated ticket, on a ticket that sells something the same day, is an exchange and
    nets there. One on a ticket that sold something earlier (a refund under the order's own number) means that ticket.
    A stated number is that of a ticket of the same source, else the number as written of the latest ticket before
    (same store preferred): same article first, any line if the return has no article or the ticket has it not; what is
    above is set aside. The others go to the customer's purchases of the article within `return_days`, latest first; a
    return without article only to a ticket of exactly its amount, untouched. Amounts are compared in the source's
    currency.
    """
    staged = _Staged(lines, prepare, may_negate)
    back = staged.returns()
    if not back.count().to_pyarrow().as_py():
        return None
    matched = match(back, staged.candidates(back), return_days=return_days)
    hard = matched.back.filter(matched.back.way == HARD).select(*_RETURN)
    returned = hard.order_by(*_IN_TIME).to_pyarrow()
    keys = _Keys(returned, matched.sold)
    tickets = keys.tickets(staged)
    skus = keys.skus()
    amounts = keys.amounts(staged)
    found, member = _unique(pa.concat_tables([part.select(_ASKED) for part in (tickets, skus, amounts)]))
    cut = np.cumsum([0, tickets.num_rows, skus.num_rows, amounts.num_rows])
    groups = [
        links.Groups.of(_ints(part["link_key"]), member[cut[n] : cut[n + 1]], count)
        for n, (part, count) in enumerate(
            ((tickets, keys.ticket_count), (skus, len(keys.by_sku)), (amounts, len(keys.by_amount)))
        )
    ]
    codes = {name: _codes(returned[name], found[name]) for name in ("sku", "currency")}
    parts = links.link(
        links.SaleLines(
            sold_at=_ints(found["sold_at"]),
            sold_on=_ints(found["sold_on"]),
            ticket=_ticket_codes(found),
            sku=codes["sku"][1],
            currency=codes["currency"][1],
            net=_ints(found["source_net_amount"]),
            home=_ints(found["net_amount"]),
            left=_ints(found["remaining"]),
        ),
        keys.return_lines(codes["sku"][0], codes["currency"][0]),
        *groups,
        return_days=return_days,
    )
    return linked(matched, returned, found, parts)


class _Keys:
    """The keys under which sale lines are looked for, numbered from 0."""

    def __init__(self, returned: pa.Table, sold: ir.Table) -> None:
        self.returned = returned
        self.sold = sold
        names = ("source", "transaction_id", "person", "sku", "currency")
        column = {name: returned[name].to_pylist() for name in names}
        self.source = column["source"]
        self.original: list[str | None] = returned["original_transaction_id"].to_pylist()
        own: dict[Any, int] = {}
        self.by_sku: dict[Any, int] = {}
        self.by_amount: dict[Any, int] = {}
        size = returned.num_rows
        self.own, self.sku, self.amount, self.stated = (np.full(size, links.NOBODY, np.int64) for _ in range(4))
        amounts = returned["source_net_amount"].to_pylist()
        for i, (source, ticket, person, sku, currency) in enumerate(zip(*column.values(), strict=True)):
            original = self.original[i]
            if original is not None:
                self.stated[i] = own.setdefault((source, original), len(own))
                continue
            self.own[i] = own.setdefault((source, ticket), len(own))
            if person is not None and sku is not None:
                self.sku[i] = self.by_sku.setdefault((person, sku), len(self.by_sku))
            elif person is not None:
                self.amount[i] = self.by_amount.setdefault((person, currency, -amounts[i]), len(self.by_amount))
        self.own_keys = own
        self.ticket_count = len(own)

    def tickets(self, staged: _Staged) -> pa.Table:
        """Lines of the tickets meant by their key, or else by their number, by `link_key`, then as on the ticket.

        `stated` is set to the key of the ticket found, or nobody.
        """
        if not self.own_keys:
            return _NOTHING
        by_key = _in_ticket_order(self._keyed(self.own_keys, ("source", "transaction_id")))
        first = _first_moments(by_key, self.ticket_count)
        moments = _ints(self.returned["sold_at"])
        stated = self.stated != links.NOBODY
        self.stated[stated & (first[self.stated] > moments)] = links.NOBODY
        missing = np.flatnonzero(stated & (self.stated == links.NOBODY))
        if not len(missing):
            return by_key
        by_number = self._latest_by_number(staged, missing, moments)
        if not by_number:
            return by_key
        keys = _key_table({key: n + self.ticket_count for key, n in by_number.items()}, ("key_source", "key_ticket"))
        more = staged.sales(keys, {"source": "key_source", "transaction_id": "key_ticket"}, "link_key")
        more = _in_ticket_order(self._with_remaining(more))
        self.ticket_count += len(by_number)
        return pa.concat_tables([by_key, more])

    def _latest_by_number(self, staged: _Staged, missing: np.ndarray, moments: np.ndarray) -> dict[Any, int]:
        """Keys of the latest tickets before each return that bear its stated number, those of its store preferred."""
        numbers: dict[Any, int] = {}
        for i in missing:
            numbers.setdefault((self.source[i], self.original[i]), len(numbers))
        sold = staged.sales(
            _key_table(numbers, ("key_source", "key_number")),
            {"source": "key_source", "transaction_number": "key_number"},
            "link_key",
            "store_id",
        )
        tickets = sold.group_by("link_key", "transaction_id", "store_id").aggregate(first_at=sold.sold_at.min())
        rows = tickets.order_by("link_key", "first_at", ibis.desc("transaction_id"), "store_id").to_pyarrow()
        anywhere: dict[Any, tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
        at = _ints(rows["first_at"]).tolist()
        for n, (key, ticket, store) in enumerate(
            zip(*(rows[name].to_pylist() for name in ("link_key", "transaction_id", "store_id")), strict=True)
        ):
            for place in ((key, None), (key, store)) if store is not None else ((key, None),):
                anywhere[place][0].append(at[n])
                anywhere[place][1].append(ticket)
        stores = self.returned["store_id"].to_pylist()
        chosen: dict[Any, int] = {}
        for i in missing:
            key = numbers[(self.source[i], self.original[i])]
            for place in ((key, stores[i]), (key, None)):
                times, names = anywhere.get(place, ([], []))
                until = bisect_right(times, int(moments[i]))
                if until:
                    number = chosen.setdefault((self.source[i], names[until - 1]), len(chosen))
                    self.stated[i] = self.ticket_count + number
                    break
        return chosen

    def skus(self) -> pa.Table:
        """Lines of the customers' purchases of the articles, sorted by `link_key`, latest first."""
        if not self.by_sku:
            return _NOTHING
        sold = self._keyed(self.by_sku, ("customer_id", "sku"))
        return sold.order_by("link_key", *_LATEST_FIRST).to_pyarrow()

    def _keyed(self, keys: Mapping[Any, int], columns: Sequence[str]) -> ir.Table:
        """Candidates whose columns are one of the keys, with its `link_key`."""
        table = _key_table(keys, tuple(f"key_{name}" for name in columns))
        wide = self.sold.inner_join(table, [self.sold[name] == table[f"key_{name}"] for name in columns])
        return wide.select(*_ASKED, "link_key")

    def _with_remaining(self, lines: ir.Table) -> ir.Table:
        """Lines looked for beside the candidates, with what plain returns have left of them."""
        known = self.sold.select("remaining", known_file="file_id", known_row="row_number")
        wide = lines.left_join(known, [lines.file_id == known.known_file, lines.row_number == known.known_row])
        return wide.select(*lines.columns, remaining=wide.remaining.fill_null(wide.source_net_amount))

    def amounts(self, staged: _Staged) -> pa.Table:
        """Lines of the customers' tickets of exactly the amounts, sorted by `link_key`, latest ticket first."""
        if not self.by_amount:
            return _NOTHING
        people = {person: n for n, person in enumerate(dict.fromkeys(person for person, _, _ in self.by_amount))}
        asked = _key_table({(person,): n for person, n in people.items()}, ("key_customer",)).drop("link_key")
        sold = staged.sales(asked, {"customer_id": "key_customer"})
        keys = _key_table(self.by_amount, ("key_customer", "key_currency", "key_amount"))
        totals = sold.group_by("customer_id", "currency", "source", "transaction_id").aggregate(
            total=sold.source_net_amount.sum(), first_at=sold.sold_at.min()
        )
        totals = totals.inner_join(
            keys,
            [
                totals.customer_id == keys.key_customer,
                totals.currency == keys.key_currency,
                totals.total == keys.key_amount,
            ],
        ).select(
            "link_key", "first_at", key_customer="customer_id", key_currency="currency", key_source="source",
            key_ticket="transaction_id",
        )  # fmt: skip
        wanted = sold.inner_join(
            totals,
            [
                sold.customer_id == totals.key_customer,
                sold.currency == totals.key_currency,
                sold.source == totals.key_source,
                sold.transaction_id == totals.key_ticket,
            ],
        )
        order = ("link_key", ibis.desc("first_at"), "source", "transaction_id", "line_number", "file_id", "row_number")
        wanted = self._with_remaining(wanted.select(*_SALE, "link_key", "first_at"))
        return wanted.order_by(*order).select(*_ASKED, "link_key").to_pyarrow()

    def return_lines(self, sku: np.ndarray, currency: np.ndarray) -> links.ReturnLines:
        """The returns as the kernel wants them."""
        table = self.returned
        return links.ReturnLines(
            sold_at=_ints(table["sold_at"]),
            sold_on=_ints(table["sold_on"]),
            sku=sku,
            currency=currency,
            amount=-_ints(table["source_net_amount"]),
            home=-_ints(table["net_amount"]),
            is_stated=np.array([original is not None for original in self.original], np.int64),
            has_customer=_ints(pc.cast(pc.is_valid(table["person"]), pa.int64())),
            stated=self.stated,
            own=self.own,
            by_sku=self.sku,
            by_amount=self.amount,
        )


_IN_TIME = ("sold_at", "source", "transaction_id", "line_number", "file_id", "row_number")
_LATEST_FIRST = (
    ibis.desc("sold_at"), ibis.asc("source"), ibis.asc("transaction_id"), ibis.asc("line_number"),
    ibis.asc("file_id"), ibis.asc("row_number"),
)  # fmt: skip

_NOTHING = pa.schema(
    [
        ("file_id", pa.string()), ("row_number", pa.int64()), ("source", pa.string()), ("transaction_id", pa.string()),
        ("line_number", pa.int64()), ("sold_at", pa.timestamp("us")), ("sold_on", pa.date32()), ("sku", pa.string()),
        ("currency", pa.string()), ("source_net_amount", pa.int64()), ("net_amount", pa.int64()),
        ("customer_id", pa.string()), ("population", pa.string()), ("remaining", pa.int64()), ("link_key", pa.int64()),
    ]
).empty_table()  # fmt: skip


def _in_ticket_order(sold: ir.Table) -> pa.Table:
    return sold.select(*_ASKED, "link_key").order_by("link_key", "line_number", "file_id", "row_number").to_pyarrow()


def _key_table(keys: Mapping[Any, int], names: Sequence[str]) -> ir.Table:
    columns = list(zip(*keys, strict=True))
    table = {name: pa.array(values) for name, values in zip(names, columns, strict=True)}
    return ibis.memtable(pa.table({**table, "link_key": pa.array(list(keys.values()), pa.int64())}))


def _first_moments(lines: pa.Table, count: int) -> np.ndarray:
    """Earliest `sold_at` by key; a key without lines is never (the largest int64)."""
    first = np.full(count + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, _ints(lines["link_key"]), _ints(lines["sold_at"]))
    return first


def _unique(lines: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """Each line once, and for every row the place of its line."""
    file, _ = _codes(lines["file_id"], lines["file_id"].slice(0, 0))
    identity = (file << 40) + _ints(lines["row_number"])
    _, first, member = np.unique(identity, return_index=True, return_inverse=True)
    return lines.take(pa.array(first)), member.astype(np.int64)


def _codes(one: pa.ChunkedArray, other: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers for the texts of two columns, the same number for the same text; `NOBODY` for null."""
    both = pa.chunked_array([*one.chunks, *other.chunks], pa.string())
    encoded = cast(Any, both.combine_chunks().dictionary_encode())
    numbers = _ints(pc.fill_null(encoded.indices, links.NOBODY))
    return numbers[: len(one)], numbers[len(one) :]


def _ticket_codes(lines: pa.Table) -> np.ndarray:
    source, _ = _codes(lines["source"], lines["source"].slice(0, 0))
    ticket, _ = _codes(lines["transaction_id"], lines["transaction_id"].slice(0, 0))
    return (source << 40) + ticket


def _ints(column: Any) -> np.ndarray:
    """A column without nulls as int64 (moments in microseconds, days since 1970)."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_timestamp(array.type):
        array = array.cast(pa.timestamp("us"))
    if pa.types.is_date32(array.type):
        array = array.cast(pa.int32())
    return array.cast(pa.int64()).to_numpy(zero_copy_only=False)
