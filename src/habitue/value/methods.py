"""Names of the ways to forecast, and what each is the mean of. (Nothing is imported here: settings read it.)"""

from __future__ import annotations

from collections.abc import Mapping

BG_NBD, MBG_NBD, PARETO_NBD = "bg_nbd", "mbg_nbd", "pareto_nbd"
KINDS = (BG_NBD, MBG_NBD, PARETO_NBD)
"""Purchase processes."""

REVENUE, MARGIN = "revenue", "margin"
MEASURES = (REVENUE, MARGIN)
"""What is forecast: net after returns, or the margin on it."""

REPEAT, ALL = "repeat", "all"
"""Spend is learnt from repeat visits, or from all visits."""

LAST_PERIOD, OWN_RATE, RFM_CELL = "last_period", "own_rate", "rfm_cell"
NAIVE = (LAST_PERIOD, OWN_RATE, RFM_CELL)

WINDOWED, CUMULATIVE = "windowed", "cumulative"
LEARNERS = {f"learner_{features}": features for features in (WINDOWED, CUMULATIVE)}
PROCESSES = {f"{kind}_{visits}": (kind, visits) for kind in KINDS for visits in (REPEAT, ALL)}

LEARNS = (RFM_CELL, *LEARNERS)
"""Components that learn from what came after earlier dates."""

CANDIDATES: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in (*NAIVE, *PROCESSES, *LEARNERS)},
    "mean_process_learner": ("pareto_nbd_all", "learner_windowed"),
    "mean_naive_process": (LAST_PERIOD, OWN_RATE, "pareto_nbd_all"),
}
"""Every forecast with its components."""
