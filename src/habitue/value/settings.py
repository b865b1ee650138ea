"""What a user decides about looking ahead."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from habitue.value.methods import REVENUE


@dataclass(frozen=True, kw_only=True)
class ValueSettings:
    """How far to look ahead, and how.

    Attributes:
        critical_share: share of future revenue the critical customers are to make.
        model: the forecast to use, of `methods.CANDIDATES`; None: the best tested.
        measure: what is forecast, of `methods.MEASURES`.
        discount_rate: yearly rate at which what comes later is worth less today.
        left_out: populations without a forecast, beside shared cards.
    """

    critical_share: Decimal = Decimal("0.4")
    model: str | None = None
    measure: str = REVENUE
    discount_rate: Decimal = Decimal(0)
    left_out: tuple[str, ...] = ("staff",)
