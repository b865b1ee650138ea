from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from habitue.purchases import return_links as links


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


@given(total=st.integers(-(10**12), 10**12), whole=st.integers(1, 10**9), data=st.data())
def test_proportion_is_half_even(total: int, whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    assert links.proportion(total, part, whole) == round(Fraction(total * part, whole))


def test_groups_keep_the_order_of_their_rows() -> None:
    groups = links.Groups.of(ints(0, 0, 2), ints(5, 3, 5), 3)
    assert [groups[key] for key in (0, 1, 2, links.NOBODY)] == [[5, 3], [], [5], []]


@given(
    net=st.integers(1, 300),
    home=st.integers(0, 1000),
    amounts=st.lists(st.integers(1, 100), min_size=1, max_size=8),
)
def test_parts_of_one_sale_line(net: int, home: int, amounts: list[int]) -> None:
    """Returns of one line of one ticket: capped together, and all of it gives back all of its home amount."""
    one = np.zeros(1, np.int64)
    many = len(amounts)
    zeros, nobody = np.zeros(many, np.int64), np.full(many, links.NOBODY, np.int64)
    sales = links.SaleLines(one, one, one, one, one, ints(net), ints(home))
    returns = links.ReturnLines(
        sold_at=np.arange(many), sold_on=np.arange(many), sku=nobody, currency=zeros, amount=ints(*amounts),
        home=ints(*amounts), is_stated=np.ones(many, np.int64), has_customer=zeros, stated=zeros, own=nobody,
        by_sku=nobody, by_amount=nobody,
    )  # fmt: skip
    none = links.Groups.of(ints(), ints(), 0)
    parts = links.link(sales, returns, links.Groups.of(ints(0), ints(0), 1), none, none, return_days=0)
    rows = list(zip(parts.returns, parts.amount, parts.home, parts.kind, strict=True))
    taken = sum(amount for _, amount, _, kind in rows if kind == links.ORIGINAL_TICKET)
    assert taken == min(net, sum(amounts))
    worth = sum(value for *_, value, kind in rows if kind == links.ORIGINAL_TICKET)
    assert worth == round(Fraction(home * taken, net))
    for i, whole in enumerate(amounts):
        assert sum(amount for of, amount, *_ in rows if of == i) == whole
