"""Returns matched in the engine end as if each had been taken one after the other."""

from __future__ import annotations

import random
from typing import Any

import ibis
import pytest

from habitue.purchases import return_matches
from habitue.purchases.purchase_lines import PurchaseSettings, purchase_lines
from habitue.schemas import RETURNS
from support.purchases import line, rows, staged

MOVED = ("file_id", "row_number", "sale_type", "net_amount", "gross_amount", "returned_amount", "kept_amount")


def some_lines(seed: int) -> list[dict[str, Any]]:
    """A small shop where returns meet: few articles, customers and days, tickets reused, amounts that are too high."""
    rng = random.Random(seed)
    lines: list[dict[str, Any]] = []
    for _ in range(rng.randint(40, 120)):
        ticket, day = f"T{rng.randint(1, 14)}", f"2024-0{rng.randint(1, 3)}-{rng.randint(1, 20):02}"
        customer = rng.choice(["C1", "C2", "C3", None])
        sku = rng.choice(["A", "B", "C", "D", None])
        more: dict[str, Any] = {"at": f"{rng.randint(9, 18):02}:00", "store_id": rng.choice(["S1", "S2"])}
        if rng.random() < 0.5:
            lines.append(line(ticket, day, rng.choice([100, 200, 300, 500]), customer, sku, **more))
            continue
        number = rng.choice([None, f"T{rng.randint(1, 16)}"])
        own = rng.choice([ticket, f"R{rng.randint(1, 9)}"])
        net = -rng.choice([50, 100, 100, 200, 300, 700])
        lines.append(line(own, day, net, customer, sku, original_transaction_id=number, **more))
    return lines


def found(con: Any, lines: list[dict[str, Any]]) -> list[Any]:
    """All that purchases say of returns."""
    bought = purchase_lines(staged(con, lines), home_currency="EUR", settings=PurchaseSettings(return_days=40))
    tables = {"returns": RETURNS.names, "taken_back": bought.taken_back.columns, "set_aside": bought.set_aside.columns}
    return [rows(bought.lines, *MOVED), *(rows(getattr(bought, name), *columns) for name, columns in tables.items())]


@pytest.mark.parametrize("seed", range(8))
def test_plain_returns_end_as_one_after_the_other(con: Any, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = some_lines(seed)
    told = found(con, lines)
    plain = return_matches._apart

    def none_plain(one: Any, odd: Any) -> Any:
        return plain(one, odd).mutate(way=ibis.literal(return_matches.HARD))

    monkeypatch.setattr(return_matches, "_apart", none_plain)
    assert found(con, lines) == told


def test_most_returns_are_plain(con: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        line("T1", "2024-01-01", 1000, "C1", "A"), line("T1", "2024-01-01", 500, "C1", "B"),
        line("T2", "2024-01-02", 700, "C2", "A"), line("T3", "2024-01-02", 700, "C2", "B"),
        line("R1", "2024-01-05", -400, "C1", "A", original_transaction_id="T1"),
        line("R2", "2024-01-06", -700, "C2", "A"),
        line("T4", "2024-01-07", 300, "C3", "A"), line("T4", "2024-01-07", -200, "C3", "B"),
        line("R3", "2024-01-08", -100, None, "A"),
        line("R4", "2024-01-09", -900, "C1", "B", original_transaction_id="T1"),
    ]  # fmt: skip
    ways: list[Any] = []
    plain = return_matches._stated

    def seen(back: Any, sold: Any) -> Any:
        ways.extend(rows(back, "transaction_id", "way"))
        return plain(back, sold)

    monkeypatch.setattr(return_matches, "_stated", seen)
    found(con, lines)
    # R4 brings back more than was bought: it is looked at one by one, and with it all that names its ticket
    assert ways == [("R1", "hard"), ("R2", "owned"), ("R3", "nobody"), ("R4", "hard"), ("T4", "exchange")]
