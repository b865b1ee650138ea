"""Which part of which return takes back which sale line: the sequential heart of `returns`, on whole numbers only.

Domain rules: a return can give back at most what was bought; a return that states its ticket goes to that ticket and
nowhere else; the others go to the customer's own purchases, the latest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ORIGINAL_TICKET, CUSTOMER_AND_SKU, CUSTOMER_AND_AMOUNT, NONE, ABOVE_PURCHASE = range(5)
LINKED_BY = ("original_ticket", "customer_and_sku", "customer_and_amount", "none", "above_purchase")
"""Words of the kinds of part, by number."""

NO_REASON, NO_ORIGINAL_GIVEN, ORIGINAL_NOT_FOUND, NO_CUSTOMER, NOTHING_LEFT = range(5)
REASONS = (None, "no_original_given", "original_not_found", "no_customer", "nothing_left_to_return")
"""Words of the reasons, by number."""

NOBODY = -1
"""In place of a key or code: there is none."""


@dataclass(frozen=True)
class Groups:
    """Sale lines by key: those of key k are `members[starts[k]:starts[k + 1]]`, in the order they are to be taken."""

    starts: np.ndarray
    members: np.ndarray

    @classmethod
    def of(cls, keys: np.ndarray, members: np.ndarray, count: int) -> Groups:
        """From rows sorted by key (0 to count - 1)."""
        return cls(np.searchsorted(keys, np.arange(count + 1)), members)

    def __getitem__(self, key: int) -> list[int]:
        if key == NOBODY:
            return []
        return self.members[self.starts[key] : self.starts[key + 1]].tolist()


@dataclass(frozen=True)
class SaleLines:
    """Counted sale lines that may be taken back; all arrays int64, one entry a line.

    `net` is positive, in the source's currency, `home` the same in the home currency; `left` is what may still be taken
    back of `net` (None: all); `sold_at` in microseconds, `sold_on` in days; the rest are codes shared with
    `ReturnLines`.
    """

    sold_at: np.ndarray
    sold_on: np.ndarray
    ticket: np.ndarray
    sku: np.ndarray
    currency: np.ndarray
    net: np.ndarray
    home: np.ndarray
    left: np.ndarray | None = None


@dataclass(frozen=True)
class ReturnLines:
    """Return lines in time order; all arrays int64, `NOBODY` where there is none.

    `amount` is positive, in the source's currency, `home` the same at the rate of the return's own day. `stated` is
    the key of the ticket found for the stated number, `own` that of the return's own ticket, `by_sku` and `by_amount`
    keys of the customer's purchases.
    """

    sold_at: np.ndarray
    sold_on: np.ndarray
    sku: np.ndarray
    currency: np.ndarray
    amount: np.ndarray
    home: np.ndarray
    is_stated: np.ndarray
    has_customer: np.ndarray
    stated: np.ndarray
    own: np.ndarray
    by_sku: np.ndarray
    by_amount: np.ndarray


@dataclass
class Parts:
    """The parts of the returns, in columns: return, sale line (or `NOBODY`), amount, home amount, kind, reason.

    A part above the purchase names the first line of its ticket in `sale`. `exchanges` are the returns that are the
    other half of a sale on their own ticket and day: they have no parts.
    """

    returns: list[int] = field(default_factory=list)
    sale: list[int] = field(default_factory=list)
    amount: list[int] = field(default_factory=list)
    home: list[int] = field(default_factory=list)
    kind: list[int] = field(default_factory=list)
    reason: list[int] = field(default_factory=list)
    exchanges: list[int] = field(default_factory=list)

    def add(self, of: int, sale: int, amount: int, home: int, kind: int, reason: int = NO_REASON) -> None:
        """Add one part; nothing is no part."""
        if amount > 0:
            for column, value in zip(
                (self.returns, self.sale, self.amount, self.home, self.kind, self.reason),
                (of, sale, amount, home, kind, reason),
                strict=True,
            ):
                column.append(value)


def proportion(total: int, part: int, whole: int) -> int:
    """total * part / whole for whole > 0, half-even; the sign of `total` is kept."""
    quotient, rest = divmod(abs(total) * part, whole)
    up = 2 * rest > whole or (2 * rest == whole and quotient % 2 == 1)
    return (quotient + up) * (-1 if total < 0 else 1)


def link(
    sales: SaleLines, returns: ReturnLines, tickets: Groups, by_sku: Groups, by_amount: Groups, *, return_days: int
) -> Parts:
    """Link returns to sales: first all that state their ticket, then the others by customer, each in time order.

    Args:
        sales: the candidate sale lines.
        returns: the return lines in time order.
        tickets: sale lines by ticket, in the order of the ticket.
        by_sku: sale lines by customer and article, latest first.
        by_amount: sale lines by customer, currency and total of the ticket: whole tickets, latest first.
        return_days: how many days back a purchase is looked for when the ticket is not stated.
    """
    return _Linking(sales, returns, tickets, by_sku, by_amount, return_days).run()


class _Linking:
    """One run: what is left of each sale line goes down as returns are linked."""

    def __init__(
        self, sales: SaleLines, returns: ReturnLines, tickets: Groups, by_sku: Groups, by_amount: Groups, days: int
    ) -> None:
        view = _fast
        self.s_at, self.s_on, self.s_ticket = view(sales.sold_at), view(sales.sold_on), view(sales.ticket)
        self.s_sku, self.s_currency = view(sales.sku), view(sales.currency)
        self.net, self.home = view(sales.net), view(sales.home)
        self.left = view((sales.net if sales.left is None else sales.left).copy())
        self.r = {name: view(getattr(returns, name)) for name in ReturnLines.__dataclass_fields__}
        self.count = len(returns.amount)
        self.tickets, self.by_sku, self.by_amount, self.days = tickets, by_sku, by_amount, days
        self.parts = Parts()

    def run(self) -> Parts:
        implicit: list[int] = []
        for i in range(self.count):
            if self.r["is_stated"][i]:
                self._stated(i, self.r["stated"][i])
                continue
            own = self.tickets[self.r["own"][i]]
            if any(self.s_on[line] == self.r["sold_on"][i] for line in own):
                self.parts.exchanges.append(i)
            elif any(True for _ in self._before(i, own)):
                self._stated(i, self.r["own"][i])
            else:
                implicit.append(i)
        for i in implicit:
            self._implicit(i)
        return self.parts

    def _before(self, i: int, lines: Sequence[int]) -> Iterator[int]:
        """Lines sold before the return (or at the same moment), in its currency."""
        at, currency = self.r["sold_at"][i], self.r["currency"][i]
        return (line for line in lines if self.s_at[line] <= at and self.s_currency[line] == currency)

    def _stated(self, i: int, ticket: int) -> None:
        lines = list(self._before(i, self.tickets[ticket]))
        amount = self.r["amount"][i]
        if not lines:
            self._unlinked(i, amount, ORIGINAL_NOT_FOUND)
            return
        sku = self.r["sku"][i]
        same = [line for line in lines if self.s_sku[line] == sku] if sku != NOBODY else []
        rest = self._take(i, same or lines, amount, ORIGINAL_TICKET)
        self.parts.add(i, lines[0], rest, self._own_rate(i, rest), ABOVE_PURCHASE)

    def _implicit(self, i: int) -> None:
        amount = self.r["amount"][i]
        if not self.r["has_customer"][i]:
            self._unlinked(i, amount, NO_CUSTOMER)
            return
        earliest = self.r["sold_on"][i] - self.days
        if self.r["sku"][i] != NOBODY:
            found = self._before(i, self.by_sku[self.r["by_sku"][i]])
            lines = [line for line in found if self.s_on[line] >= earliest]
            rest = self._take(i, lines, amount, CUSTOMER_AND_SKU)
        else:
            found = self._before(i, self.by_amount[self.r["by_amount"][i]])
            lines = [line for line in found if self.s_on[line] >= earliest]
            rest = self._take(i, self._whole_ticket(lines, amount), amount, CUSTOMER_AND_AMOUNT)
        self._unlinked(i, rest, NOTHING_LEFT if lines else NO_ORIGINAL_GIVEN)

    def _whole_ticket(self, lines: Sequence[int], amount: int) -> list[int]:
        """The first ticket of exactly that amount of which nothing was returned."""
        tickets: dict[int, list[int]] = {}
        for line in lines:
            tickets.setdefault(self.s_ticket[line], []).append(line)
        for ticket in tickets.values():
            if sum(self.left[line] for line in ticket) == amount == sum(self.net[line] for line in ticket):
                return ticket
        return []

    def _take(self, i: int, lines: Sequence[int], amount: int, kind: int) -> int:
        """Take back up to `amount` from lines in their order; what could not be taken.

        The home amount is the sale's own, in proportion: taking back all of a line takes back all of its home net.
        """
        for line in lines:
            if amount == 0:
                break
            left = self.left[line]
            part = min(left, amount)
            if part == 0:
                continue
            net, home = self.net[line], self.home[line]
            if home == net:
                value = part
            else:
                value = proportion(home, net - left + part, net) - proportion(home, net - left, net)
            self.left[line] = left - part
            self.parts.add(i, line, part, value, kind)
            amount -= part
        return amount

    def _unlinked(self, i: int, amount: int, reason: int) -> None:
        self.parts.add(i, NOBODY, amount, self._own_rate(i, amount), NONE, reason)

    def _own_rate(self, i: int, part: int) -> int:
        return proportion(self.r["home"][i], part, self.r["amount"][i]) if part else 0


def _fast(values: np.ndarray) -> Any:
    """A view that gives Python numbers one by one, faster than the array does."""
    contiguous: Any = np.ascontiguousarray(values, dtype=np.int64)
    return memoryview(contiguous)
