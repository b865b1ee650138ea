"""Customer days of two sales channels, with known truth: exactly so many visits, or channels that do not differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

YEARS = (2022, 2023, 2024)
VISITS = 9
"""Visits of one channel in a year, fewer than this."""


def visits_of(customers: int) -> list[tuple[int, int]]:
    """Visits in store and on the web each year, the same in all years: all pairs, over and over."""
    return [(n % VISITS, n // VISITS % VISITS) for n in range(customers)]


def shop(
    customers: int = 405,
    net: Callable[[str, int], int] = lambda channel, year: 2000 if channel == "web" else 1000,
    margin: Callable[[str], float | None] = lambda channel: None,
    years: Sequence[int] = YEARS,
) -> list[dict[str, Any]]:
    """Customer days: a visit a week, first in store, then on the web; net by channel and year, margin as a rate."""
    rows = []
    for customer, (store, web) in enumerate(visits_of(customers)):
        for year in years:
            for week, channel in enumerate(["store"] * store + ["web"] * web):
                amount, rate = net(channel, year), margin(channel)
                rows.append(
                    {
                        "customer_id": f"C{customer}", "population": "consumer", "is_visit": amount > 0,
                        "sold_on": date(year, 1, 1) + timedelta(days=7 * week), "tickets_count": 1, "lines_count": 1,
                        "net_amount": amount, "reward_amount": 0, "margin_is_assumed": False,
                        "margin_amount": None if rate is None else round(amount * rate), "sales_channel": channel,
                    }
                )  # fmt: skip
    return rows


def random_days(seed: int, customers: int = 300) -> list[dict[str, Any]]:
    """A shop whose channels do not differ: rates, channel preference and spend of each customer are their own."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        rate, web, spend = rng.gamma(1.2, 4) + 0.5, rng.beta(0.7, 0.7), rng.lognormal(7, 0.6)
        for year in YEARS:
            for week in sorted(rng.choice(52, min(rng.poisson(rate), 50), replace=False)):
                net = int(spend * rng.gamma(4, 0.25)) + 1
                rows.append(
                    {
                        "customer_id": f"C{customer}", "population": "consumer", "is_visit": True,
                        "sold_on": date(year, 1, 1) + timedelta(days=7 * int(week)), "tickets_count": 1,
                        "lines_count": 1, "net_amount": net, "reward_amount": 0, "margin_is_assumed": False,
                        "margin_amount": int(net * rng.uniform(0.2, 0.4)),
                        "sales_channel": "web" if rng.random() < web else "store",
                    }
                )  # fmt: skip
    return rows
