"""The tables habitue keeps: their grain, key, columns, units and identities. The reference page is made from here.

Amounts (`*_amount`) are whole minor units of a currency (cents), int64. Quantities are decimals with three places.
`_at` columns are naive UTC, `_on` columns the store's day.
"""

from __future__ import annotations

from habitue.schemas.bought import (
    COLLECTION_PLAN,
    CUSTOMER_DAYS,
    CUSTOMER_IDS,
    CUSTOMERS,
    RETURNS,
    SALES,
    SALES_BY_YEAR,
    SHARED_CARDS,
    TICKET_CONFLICTS,
    TRANSACTION_LINES,
    VISITS,
)
from habitue.schemas.read import (
    FILES,
    PAYMENTS,
    PRODUCTS,
    QUARANTINE,
    RATES,
    RECONCILIATION,
    RESENT_TICKETS,
    SOURCE_CUSTOMERS,
    STAGED_LINES,
    STORES,
)
from habitue.schemas.table import QUANTITY, Column, Schema

PUBLIC = (
    TRANSACTION_LINES,
    RETURNS,
    CUSTOMER_DAYS,
    VISITS,
    CUSTOMERS,
    CUSTOMER_IDS,
    SOURCE_CUSTOMERS,
    PRODUCTS,
    STORES,
    PAYMENTS,
    RATES,
    SALES,
    SALES_BY_YEAR,
    SHARED_CARDS,
    TICKET_CONFLICTS,
    RESENT_TICKETS,
    QUARANTINE,
    RECONCILIATION,
    COLLECTION_PLAN,
    FILES,
)

__all__ = [
    "COLLECTION_PLAN",
    "CUSTOMERS",
    "CUSTOMER_DAYS",
    "CUSTOMER_IDS",
    "FILES",
    "PAYMENTS",
    "PRODUCTS",
    "PUBLIC",
    "QUANTITY",
    "QUARANTINE",
    "RATES",
    "RECONCILIATION",
    "RESENT_TICKETS",
    "RETURNS",
    "SALES",
    "SALES_BY_YEAR",
    "SHARED_CARDS",
    "SOURCE_CUSTOMERS",
    "STAGED_LINES",
    "STORES",
    "TICKET_CONFLICTS",
    "TRANSACTION_LINES",
    "VISITS",
    "Column",
    "Schema",
]
