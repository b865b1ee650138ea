"""The key figures of a run: which there are, and those that stand at the head of the report and of pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from habitue.report import evidence_customers, evidence_sales
from habitue.report.context import Context
from habitue.report.evidence import Evidence
from habitue.report.layout import Figure

KEY_FIGURES: Mapping[str, Callable[[Context], Evidence | None]] = {
    "net_sales": evidence_sales.net_sales,
    "identified": evidence_sales.identified,
    "tickets": evidence_sales.tickets,
    "basket": evidence_sales.basket,
    "customers": evidence_sales.customers,
    "returns": evidence_sales.returns,
    "rows_used": evidence_sales.rows_used,
    "core_customers": evidence_customers.core_customers,
    "core_net": evidence_customers.core_net,
    "best_tenth": evidence_customers.best_tenth,
    "gini": evidence_customers.gini,
    "eta_squared": evidence_customers.eta_squared,
    "expected": evidence_customers.expected,
    "critical": evidence_customers.critical,
    "fading": evidence_customers.fading,
    "fading_at_stake": evidence_customers.fading_at_stake,
    "promises_kept": evidence_customers.promises_kept,
}
"""Every key figure by its code, in the order they are shown; one that a run cannot give is None."""

AT_HEAD = (
    "net_sales", "identified", "tickets", "customers", "returns", "rows_used", "core_customers", "core_net",
    "best_tenth", "expected", "critical", "fading",
)  # fmt: skip


def evidence(c: Context) -> list[Evidence]:
    """All key figures that the run gives, with what they rest on."""
    return [found for make in KEY_FIGURES.values() if (found := make(c)) is not None]


def key_figures(c: Context) -> list[Figure]:
    """The figures at the head."""
    return [found.figure for code in AT_HEAD if (found := KEY_FIGURES[code](c)) is not None]
