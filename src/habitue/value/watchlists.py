"""Two lists people act on: rising first-time buyers and fading core customers, tried at earlier dates first.

Rising: first-time buyers still new, the fifth of them with the highest forecast. Right where the customer then brings
more than three quarters of all customers do. Fading: core customers whose silence is longer than nine in ten of their
own gaps would be. Right where the customer then brings less than half of the period before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from habitue.value.cases import Array
from habitue.value.intervals import NORMAL
from habitue.value.snapshots import Snapshot

RISING, FADING = "rising", "fading"

RISING_SHARE = 0.2
GOOD_QUANTILE = 0.75
LATE, VERY_LATE = 0.10, 0.01
FEWEST_REPEATS = 3
"""With fewer gaps nobody has a rhythm of their own."""

LARGE_FIRST = 0.5
"""A first purchase larger than this share of the others is the reason; else it is how fresh it is."""


def rising(forecast: Array, candidates: Array) -> Array:
    """Mask of the candidates to name: the best fifth by forecast, with all tied at the limit; none expected to bring
    nothing."""
    some = np.sort(forecast[candidates])[::-1]
    if not len(some):
        return np.zeros(len(forecast), bool)
    limit = some[max(round(len(some) * RISING_SHARE), 1) - 1]
    return candidates & (forecast >= limit) & (forecast > 0)


def became_good(later: Array) -> Array:
    """Mask of customers who brought more than three quarters of all did, and something."""
    return later > max(float(np.quantile(later, GOOD_QUANTILE)), 0.0)


def silence(repeats: Array, repeat_days: Array, recency_days: Array) -> Array:
    """Chance of so long a silence of a customer who still comes, given the customer's own gaps.

    With x gaps of t_x days in all and a rate that nothing else is known of, the next gap is longer than r days with
    probability (t_x / (t_x + r)) to the power of x. One where there is no gap yet.
    """
    spent = np.maximum(repeat_days, 1)
    return np.where(repeats > 0, (spent / (spent + recency_days)) ** repeats, 1.0)


def fading(of: Snapshot, core: Array) -> tuple[Array, Array]:
    """Masks of core customers with a rhythm, and of those late against it."""
    candidates = core & (of.x >= FEWEST_REPEATS)
    return candidates, candidates & (silence(of.x, of.repeat_days, of.recency_days) <= LATE)


def fell(of: Snapshot) -> Array:
    """Mask of customers who brought less than half of what the last period, scaled to the days ahead, had brought."""
    return of.later_net < of.period_net * (of.horizon_days / of.period_days) / 2


@dataclass(frozen=True)
class Tried:
    """How a list did at earlier dates, counts added up over them: candidates, of them right; named, of them right."""

    candidates: int
    right: int
    named: int
    hits: int
    origins: int

    def row(self) -> dict[str, Any]:
        """Of WATCHLIST_TESTS; the interval is Wilson's (1927).

        Neighbouring dates share half of their days ahead: n of them tell as much as (n + 1) / 2 that share none.
        """
        found: dict[str, Any] = {
            "candidates_count": self.candidates, "named_count": self.named, "hits_count": self.hits,
            "origins_count": self.origins, "base_share": self.right / self.candidates if self.candidates else None,
        }  # fmt: skip
        if self.named:
            alone = self.named * (self.origins + 1) / (2 * self.origins)
            low, high = wilson(self.hits / self.named, alone)
            found |= {"precision_share": self.hits / self.named, "low_95_share": low, "high_95_share": high}
            found["is_better_than_chance"] = low > found["base_share"]
        return found


def tried(found: Sequence[tuple[Array, Array, Array]]) -> Tried:
    """From masks of candidates, of named and of right customers at each earlier date."""
    return Tried(
        candidates=sum(int(one.sum()) for one, _, _ in found),
        right=sum(int((one & right).sum()) for one, _, right in found),
        named=sum(int(named.sum()) for _, named, _ in found),
        hits=sum(int((named & right).sum()) for _, named, right in found),
        origins=len(found),
    )


def wilson(share: float, size: float) -> tuple[float, float]:
    """95 % interval of a share of so many customers."""
    z = NORMAL["95"]
    wide = z * z / size
    middle = (share + wide / 2) / (1 + wide)
    reach = z * np.sqrt(share * (1 - share) / size + wide / (4 * size)) / (1 + wide)
    return max(float(middle - reach), 0.0), min(float(middle + reach), 1.0)


def rising_rows(people: pa.Table) -> pa.Table:
    """RISING without the population, of all first-time buyers still new.

    Args:
        people: `customer_id`, `first_on`, `observed_days`, `first_amount`, `expected_amount`.
    """
    first, expected = (people[name].to_numpy().astype(float) for name in ("first_amount", "expected_amount"))
    named = rising(expected, np.ones(len(first), bool))
    smaller = np.searchsorted(np.sort(first), first, side="left") / max(len(first), 1)
    reasons = np.where(smaller >= LARGE_FIRST, "large_first_purchase", "fresh_first_purchase")
    return _named(
        people, named, expected,
        {
            "first_visit_on": people["first_on"], "days_since_count": people["observed_days"],
            "first_amount": people["first_amount"], "smaller_first_share": pa.array(smaller),
            "expected_amount": people["expected_amount"], "reason": pa.array(reasons.tolist(), pa.string()),
        },
    )  # fmt: skip


def fading_rows(people: pa.Table) -> pa.Table:
    """FADING without the population, of all core customers.

    Args:
        people: `customer_id`, `last_on`, `visits_count`, `repeat_days`, `observed_days`, `last_period_amount`,
            `expected_amount`.
    """
    visits, repeat, observed, last = (
        people[name].to_numpy().astype(float)
        for name in ("visits_count", "repeat_days", "observed_days", "last_period_amount")
    )
    recency = observed - repeat
    chance = silence(visits - 1, repeat, recency)
    named = (visits > FEWEST_REPEATS) & (chance <= LATE)
    reasons = np.where(chance <= VERY_LATE, "far_later_than_usual", "later_than_usual")
    return _named(
        people, named, last,
        {
            "last_visit_on": people["last_on"], "days_since_count": pa.array(recency.astype(np.int64)),
            "visits_count": people["visits_count"],
            "usual_gap_days": pa.array(repeat / np.maximum(visits - 1, 1)), "silence_probability": pa.array(chance),
            "last_period_amount": people["last_period_amount"], "expected_amount": people["expected_amount"],
            "reason": pa.array(reasons.tolist(), pa.string()),
        },
    )  # fmt: skip


def _named(people: pa.Table, named: Array, worth: Array, columns: Mapping[str, Any]) -> pa.Table:
    """The rows of those named, with their place by worth: ties share the best."""
    mine = worth[named]
    place = len(mine) - np.searchsorted(np.sort(mine), mine, side="right") + 1
    table = pa.table({"customer_id": people["customer_id"], **columns}).filter(pa.array(named))
    return table.append_column("place", pa.array(place.astype(np.int64)))
