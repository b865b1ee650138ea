"""Points and vouchers used as means of payment, shared out over the lines of the ticket they paid.

Domain rule: a reward used as tender is no discount; it is apportioned to the lines, and the monetary value of a visit
is its net less the reward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.purchases.sale_types import is_sale

PAID = ("paid_source", "paid_transaction", "paid_amount")


def paid_with_rewards(payments: ir.Table | None, tenders: Sequence[str]) -> ir.Table | None:
    """Rewards used by ticket: `paid_source`, `paid_transaction`, `paid_amount` (home minor units, positive).

    Args:
        payments: PAYMENTS, or None.
        tenders: globs of the tenders that are rewards, capitals aside.

    None when no ticket was paid with one.
    """
    if payments is None or not tenders:
        return None
    some = payments.filter(portable.matches_any(payments.tender, tenders))
    paid = some.group_by(paid_source=some.source, paid_transaction=some.transaction_id).aggregate(
        paid_amount=some.paid_amount.sum().cast("int64")
    )
    table = portable.materialise(paid.filter(paid.paid_amount > 0).select(*PAID), "rewards_paid")
    return table if table.count().to_pyarrow().as_py() else None


def rewards_by_line(lines: ir.Table, paid: ir.Table, finish: Callable[[ir.Table], ir.Table]) -> ir.Table:
    """Reward of each line that has one: `reward_file`, `reward_row`, `reward_amount`.

    Args:
        lines: STAGED_LINES with `customer_id`.
        paid: of `paid_with_rewards`; it is used up.
        finish: from some staged lines to lines with `kept_amount`, `counts`, `sale_type`, home currency.

    Shared in proportion to what the counted sale lines are worth after returns, and at most that in all: a purchase
    taken back leaves no reward behind. Shares add up to the last minor unit.
    """
    tickets = paid.select("paid_source", "paid_transaction")
    some = lines.semi_join(
        tickets, [lines.source == tickets.paid_source, lines.transaction_id == tickets.paid_transaction]
    )
    ready = finish(some)
    sold = ready.filter(is_sale(ready) & (ready.kept_amount > 0))
    wide = sold.inner_join(paid, [sold.source == paid.paid_source, sold.transaction_id == paid.paid_transaction])
    by = ("source", "transaction_id")
    worth = wide.kept_amount.sum().over(ibis.window(group_by=by))
    wide = wide.mutate(total=ibis.least(wide.paid_amount, worth).cast("int64"))
    share = portable.apportion(wide.total, wide.kept_amount, by=by, order_by=("line_number", "file_id", "row_number"))
    shares = wide.select(reward_file="file_id", reward_row="row_number", reward_amount=share)
    done = portable.materialise(shares, "rewards")
    portable.forget(paid)
    return done
