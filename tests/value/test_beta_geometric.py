"""BG/NBD and MBG/NBD: expectations against mpmath at 200 digits.

The exact values take minutes: they are kept in a file, written by `python tests/value/test_beta_geometric.py`.
"""

from __future__ import annotations

import csv
from pathlib import Path

import mpmath
import numpy as np
import pytest

from habitue.value.methods import BG_NBD, MBG_NBD
from habitue.value.purchase_process import PurchaseProcess

PARAMETERS = {
    "cdnow": (0.243, 4.414, 0.793, 2.426),
    "weekly grocery": (1.6, 2.0, 0.3, 4.0),
    "a + b below 1": (0.25, 30.0, 0.2, 0.5),
    "a above 1": (0.8, 12.0, 1.4, 2.5),
    "a close to 1": (0.8, 12.0, 1.0000001, 2.5),
    "a = 1": (0.8, 12.0, 1.0, 2.5),
    "hardly any dropout": (1.2, 3.0, 1e-3, 5.0),
    "large a and b": (1.2, 3.0, 60.0, 900.0),
}
POINTS = [
    (x, 0.0 if x == 0 else t_end * share, t_end, horizon)
    for x in (0, 1, 3, 10, 30, 100, 300, 1000, 3000)
    for t_end, horizon in ((39.0, 39.0), (104.0, 26.0), (104.0, 520.0), (728.0, 364.0))
    for share in (0.2, 0.9, 1.0)
]


def exact(parameters: tuple[float, ...], x: int, t_x: float, t_end: float, horizon: float, *, modified: bool) -> float:
    """Equation 10 of Fader, Hardie & Lee 2005 (with b + 1 for MBG/NBD), in the textbook form."""
    with mpmath.workdps(200):
        r, alpha, a, b = map(mpmath.mpf, parameters)
        if a == 1:
            a += mpmath.mpf(10) ** -60
        last, end, ahead, b = mpmath.mpf(t_x), mpmath.mpf(t_end), mpmath.mpf(horizon), b + int(modified)
        c, z = a + b + x - 1, ahead / (alpha + end + ahead)
        series = mpmath.hyp2f1(r + x, b + x, c, z)
        wanted = c / (a - 1) * (1 - ((alpha + end) / (alpha + end + ahead)) ** (r + x) * series)
        odds = a / (b + x - 1) * ((alpha + end) / (alpha + last)) ** (r + x) if x > 0 or modified else 0
        return float(wanted / (1 + odds))


EXACT = Path(__file__).with_name("exact_expected_purchases.csv")


def write_exact() -> None:
    lines = ["parameters,modified,expected"]
    for name, parameters in PARAMETERS.items():
        for modified in (False, True):
            lines += [f"{name},{int(modified)},{exact(parameters, *point, modified=modified)!r}" for point in POINTS]
    EXACT.write_text("\n".join([*lines, ""]), "utf-8")


def kept(name: str, *, modified: bool) -> np.ndarray:
    with EXACT.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["parameters"] == name and r["modified"] == str(int(modified))]
    return np.array([float(row["expected"]) for row in rows])


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("modified", [False, True])
def test_expected_purchases(name: str, modified: bool) -> None:
    truth = kept(name, modified=modified)
    assert len(POINTS) == len(truth) == 108
    x, t_x, t_end, horizon = np.array(POINTS, float).T
    process = PurchaseProcess(kind=MBG_NBD if modified else BG_NBD, parameters=PARAMETERS[name])
    found = process.expected(x, t_x, t_end, horizon)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (np.abs(found - truth) <= 1e-11 * truth).all()


@pytest.mark.parametrize("name", ["cdnow", "a above 1"])
def test_the_kept_values_are_exact(name: str) -> None:
    for place in (4, 16):  # few purchases: quick
        assert exact(PARAMETERS[name], *POINTS[place], modified=False) == kept(name, modified=False)[place]


if __name__ == "__main__":
    write_exact()
