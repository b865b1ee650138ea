"""Segment tables of a made-up shop, small enough to check by hand: 1,000 consumers and 10 business customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from habitue import schemas

AS_OF, BEFORE, EARLIEST = date(2026, 8, 31), date(2025, 8, 31), date(2024, 8, 31)
STRATEGIC = ("core", "loyal", "new", "slipping", "one_off", "lost")
TEN = ("champions", "loyal", "potential_loyalists", "new", "promising", "need_attention", "about_to_sleep", "cant_lose",
       "at_risk", "hibernating")  # fmt: skip
NASTY = 'R&D <"best"> customers'
"""A segment of a user's own, with signs that mean something in HTML."""

# Segment: customers, net of the window, visits of the window, median recency.
SIZES: Mapping[str, tuple[int, int, int, float]] = {
    "core": (100, 5_000_000, 1_000, 9.0),
    "loyal": (200, 3_000_000, 600, 31.5),
    "new": (100, 500_000, 100, 40.0),
    "slipping": (250, 1_000_000, 250, 250.0),
    "one_off": (150, 500_000, 75, 270.0),
    "lost": (200, 0, 0, 700.0),
    "not_yet_customer": (40, 0, 0, 0.0),
}
B2B: Mapping[str, tuple[int, int, int, float]] = {"core": (4, 400_000, 80, 5.0), "loyal": (6, 100_000, 30, 20.0)}

# Customers by segment a year ago (rows) and now, in the order of STRATEGIC, then not yet customers. None: impossible.
MOVES: Mapping[str, Sequence[int | None]] = {
    "core": (60, 20, None, 15, None, 5, None),
    "loyal": (20, 100, None, 60, None, 20, None),
    "new": (4, 6, None, 5, 7, 3, None),
    "slipping": (5, 20, None, 60, None, 65, None),
    "one_off": (1, 9, None, 10, None, 80, None),
    "lost": (0, 5, None, 5, None, 27, 1),
    "not_yet_customer": (10, 40, 100, 95, 143, None, 40),
}
AFTER = {"core": 20_000, "lost": 0, "not_yet_customer": 0}
"""Net of a mover after the move, by the segment moved to; 5,000 in the others; before it, 10,000."""


def segment_tables() -> dict[schemas.Schema, list[dict[str, Any]]]:
    """Rows of every segment table the report reads."""
    return {
        schemas.SEGMENTS: [*_sizes("strategic", "consumer", SIZES), *_sizes("strategic", "b2b", B2B), *_by_rules()],
        schemas.CALIBRATION: [
            _calibration("consumer", 700, 144, 151, 432, 20_000),
            {**_calibration("b2b", 10, 120, 90, 365, None), "is_assumed": True},
        ],
        schemas.SEGMENT_MIX: _mix(),
        schemas.SEGMENT_PLACES: _places(),
        schemas.RFM_CUTS: _cuts(),
        schemas.RFM_CELLS: [
            {"population": "consumer", "recency_score": recency, "frequency_score": frequency,
             "customers_count": 40, "customers_share": 0.04, "net_amount": 1_900_000 if recency == frequency == 5 else
             337_500}
            for recency in range(1, 6) for frequency in range(1, 6)
        ],
        schemas.CONCENTRATION: [
            {"population": "consumer", "customers_share": at / 10, "customers_count": at * 60,
             "net_amount": net, "net_share": net / 10_000_000}
            for at, net in enumerate((0, 4_000_000, 6_000_000, 7_500_000, 8_500_000, 9_100_000, 9_500_000, 9_700_000,
                                      9_850_000, 9_950_000, 10_000_000))
        ],
        schemas.SEGMENT_MEASURES: [
            *(_measure(measure, "customers", BEFORE, value, 600) for measure, value in
              (("gini", 0.612), ("top_decile_share", 0.4))),
            *(_measure("eta_squared", name, BEFORE, value, 862) for name, value in
              (("strategic", 0.2), ("ten", 0.14), ("mine", 0.05))),
            *(_measure("gini_between", name, BEFORE, value, 862) for name, value in
              (("strategic", 0.55), ("ten", 0.5), ("mine", 0.3))),
        ],
        schemas.SEGMENT_OUTLOOK: _outlook(),
        schemas.SEGMENT_CROSSING: _crossing(),
        schemas.TRANSITIONS: [
            *_moves("consumer", BEFORE, AS_OF, MOVES),
            *_moves("consumer", EARLIEST, BEFORE, MOVES),
            *_moves("b2b", BEFORE, AS_OF, {name: [2 if cell is not None else None for cell in row]
                                           for name, row in MOVES.items()}),
        ],
        schemas.TRANSITION_TESTS: [
            {"segmentation": "strategic", "population": "consumer", "from_segment": name, "periods_count": 2,
             "customers_count": 100, "statistic": 1.25, "degrees_of_freedom": 3, "p_value": 0.74, "is_small_row": False}
            for name in STRATEGIC
        ] + [
            {"segmentation": "strategic", "population": "consumer", "from_segment": "all", "periods_count": 2,
             "customers_count": 600, "statistic": 70.5, "degrees_of_freedom": 18, "p_value": 0.0000002,
             "is_small_row": True}
        ],
        schemas.TRANSITION_VIOLATIONS: [
            {"segmentation": "strategic", "customer_id": "c1", "population": "consumer", "from_on": BEFORE,
             "to_on": AS_OF, "from_segment": "lost", "to_segment": "not_yet_customer"}
        ],
        schemas.CUSTOMERS_WITHOUT_VISIT: [
            {"customer_id": f"w{at}", "population": "consumer", "counted_lines_count": 2, "net_amount": 0}
            for at in range(3)
        ],
    }  # fmt: skip


def _sizes(
    segmentation: str, population: str, sizes: Mapping[str, tuple[int, int, int, float]]
) -> list[dict[str, Any]]:
    order = (*STRATEGIC, "not_yet_customer") if segmentation == "strategic" else tuple(sizes)
    customers = sum(size[0] for name, size in sizes.items() if name != "not_yet_customer")
    net = sum(size[1] for size in sizes.values())
    rows = []
    for place, name in enumerate(order, 1):
        count, amount, visits, recency = sizes.get(name, (0, 0, 0, 0.0))
        is_customer = name != "not_yet_customer"
        rows.append(
            {
                "segmentation": segmentation, "population": population, "segment": name, "place": place,
                "customers_count": count, "customers_share": count / customers if is_customer else None,
                "net_amount": amount, "net_share": amount / net if is_customer else None, "visits_count": visits,
                "visits_per_customer": visits / count if count else None,
                "basket_amount": round(amount / visits) if visits else None,
                "per_head_amount": round(amount / count) if count else None,
                "median_recency_days": recency if count and is_customer else None,
                "median_tenure_days": recency + 100 if count and is_customer else None,
            }
        )  # fmt: skip
    return rows


def _by_rules() -> list[dict[str, Any]]:
    tenths = dict.fromkeys(TEN, (100, 1_000_000, 200, 50.0))
    ninths = {name: (125 if name == "new" else 100, 1_000_000, 200, 50.0) for name in TEN if name != "promising"}
    mine = {NASTY: (600, 9_000_000, 1_900, 30.0), "unassigned": (400, 1_000_000, 125, 300.0)}
    return [
        row
        for name, sizes in (("ten", tenths), ("nine", ninths), ("mine", mine))
        for row in _sizes(name, "consumer", sizes)
    ]


def _calibration(
    population: str, repeaters: int, cycle: int, new: int, lost: int, core: int | None
) -> dict[str, Any]:  # fmt: skip
    return {
        "population": population, "calibrated_on": BEFORE, "repeaters_count": repeaters, "is_assumed": False,
        "cycle_days": cycle, "new_days": new, "lost_days": lost, "core_amount": core, "scheme": "abc",
    }  # fmt: skip


def _mix() -> list[dict[str, Any]]:
    parts = {
        ("core", "sales_channel", "store"): (0.8, 1.0), ("core", "sales_channel", "web"): (0.2, 1.0),
        # Typical: share of 2 % at least and lift above 1.1. Perfume is, Gifts are too few, Books are not typical.
        ("core", "category", "Perfume & care"): (0.5, 1.8), ("core", "category", "Gifts"): (0.01, 3.0),
        ("core", "category", "Books"): (0.49, 1.1), ("loyal", "sales_channel", "web"): (1.0, 1.5),
        ("loyal", "category", "Books"): (1.0, 1.0), ("new", "sales_channel", None): (1.0, 1.0),
    }  # fmt: skip
    return [
        {
            "segmentation": "strategic", "population": "consumer", "segment": segment, "dimension": dimension,
            "value": value, "net_amount": 1, "share": share, "population_share": share / lift, "lift": lift,
        }
        for (segment, dimension, value), (share, lift) in parts.items()
    ]  # fmt: skip


def _places() -> list[dict[str, Any]]:
    counts = {
        ("store", "S01"): (40, 60, 20, 40, 20, 20), ("store", "S02"): (10, 20, 40, 10, 10, 10),
        ("store", "S03"): (9, 1, 0, 0, 0, 0), ("store", None): (41, 119, 40, 200, 120, 170),
        ("region", "Sud & Est"): (50, 80, 60, 50, 30, 30), ("region", None): (50, 120, 40, 200, 120, 170),
    }  # fmt: skip
    return [
        {
            "segmentation": "strategic", "population": "consumer", "place_kind": kind, "place_name": name,
            "segment": segment, "customers_count": count, "customers_share": count / sum(row),
            "net_amount": 1, "visits_count": 1,
        }
        for (kind, name), row in counts.items()
        for segment, count in zip(STRATEGIC, row, strict=True)
        if count
    ]  # fmt: skip


def _cuts() -> list[dict[str, Any]]:
    ends = {
        "recency": ("days", ((500, 900), (200, 499), (100, 199), (1, 99), (0, 0))),
        "frequency": ("visits", ((0, 1), (2, 2), (3, 4), (5, 9), (10, 60))),
        "monetary": ("amount", ((0, 0), (100, 900), (1_000, 9_000), (10_000, 90_000), (100_000, 900_000))),
    }
    used = [
        {
            "population": "consumer", "dimension": dimension, "is_used": True, "score": score, "customers_count": 200,
            "method": "threshold" if dimension == "frequency" else "quantile",
            f"from_{unit}": low, f"to_{unit}": high,
        }
        for dimension, (unit, ranges) in ends.items()
        for score, (low, high) in enumerate(ranges, 1)
    ]  # fmt: skip
    beside = [
        {"population": "consumer", "dimension": "frequency", "method": "threshold", "is_used": False, "score": score,
         "from_visits": score + 0.5, "to_visits": score + 0.75, "customers_count": 500}
        for score in (1, 3)
    ]  # fmt: skip
    return used + beside


def _measure(measure: str, segmentation: str, from_on: date, value: float, customers: int) -> dict[str, Any]:
    return {
        "measure": measure, "segmentation": segmentation, "population": "consumer", "from_on": from_on, "to_on": AS_OF,
        "value": value, "customers_count": customers,
    }  # fmt: skip


def _outlook() -> list[dict[str, Any]]:
    # The six earlier segments: 100, 200, 25, 150, 100 and 38 customers; a mean of 8,000,000 / 613 each.
    sold = {
        "core": 4_000_000,
        "loyal": 3_000_000,
        "new": 250_000,
        "slipping": 500_000,
        "one_off": 200_000,
        "lost": 50_000,
    }
    rows = []
    for name, amount in sold.items():
        count = sum(cell or 0 for cell in MOVES[name])
        rows.append(
            {
                "segmentation": "strategic", "population": "consumer", "from_on": BEFORE, "to_on": AS_OF,
                "segment": name, "customers_count": count, "customers_share": count / 613, "next_amount": amount,
                "next_share": amount / 8_000_000, "next_per_head_amount": round(amount / count),
            }
        )  # fmt: skip
    return rows


def _crossing() -> list[dict[str, Any]]:
    pairs = {
        "ten": {
            ("core", "champions"): (90, 3_900_000),
            ("core", "loyal"): (10, 100_000),
            ("loyal", "loyal"): (200, 3e6),
        },
        "mine": {("core", NASTY): (100, 4_000_000), ("lost", "unassigned"): (38, 50_000)},
    }
    return [
        {
            "segmentation": name, "population": "consumer", "from_on": BEFORE, "to_on": AS_OF,
            "strategic_segment": row, "segment": column, "customers_count": count, "next_amount": int(amount),
            "next_per_head_amount": round(amount / count),
        }
        for name, found in pairs.items()
        for (row, column), (count, amount) in found.items()
    ]  # fmt: skip


def _moves(
    population: str, from_on: date, to_on: date, moves: Mapping[str, Sequence[int | None]]
) -> list[dict[str, Any]]:
    order = (*STRATEGIC, "not_yet_customer")
    arrived = {end: sum(row[at] or 0 for row in moves.values()) for at, end in enumerate(order)}
    rows = []
    for start, cells in moves.items():
        size = sum(cell or 0 for cell in cells)
        for end, cell in zip(order, cells, strict=True):
            count = cell or 0
            shares = start != "not_yet_customer" and cell is not None
            # One lost customer became a prospect: seen though it cannot be.
            impossible = cell is None or (start, end) == ("lost", "not_yet_customer")
            rows.append(
                {
                    "segmentation": "strategic", "population": population, "from_on": from_on, "to_on": to_on,
                    "from_segment": start, "to_segment": end, "customers_count": count,
                    "row_share": count / size if start != "not_yet_customer" else None,
                    "low_share": max(0.0, count / size - 0.05) if shares else None,
                    "high_share": min(1.0, count / size + 0.05) if shares else None,
                    "column_share": count / arrived[end] if arrived[end] else None,
                    "before_amount": count * 10_000 if start != "not_yet_customer" else 0,
                    "after_amount": count * AFTER.get(end, 5_000),
                    "is_impossible": impossible,
                    "is_small_row": start != "not_yet_customer" and size < 30,
                }
            )  # fmt: skip
    return rows
