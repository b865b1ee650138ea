"""What a user says of a source: where it is, how it is written, which of its columns mean what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal

Kind = Literal[
    "transactions", "customers", "products", "stores", "payments", "rates", "consents", "delivery_events", "merges"
]  # fmt: skip
DateOrder = Literal["day first", "month first", "year first"]


@dataclass(frozen=True)
class Shape:
    """Which canonical columns a kind of source can have, and which it must have."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every canonical column of the kind."""
        return (*self.required, *self.optional)


SUBJECT = ("source_customer_id", "email", "phone", "address")
"""Who a permission or an event is about: a customer number, an address, or both."""

ANY_SUBJECT = tuple((name,) for name in SUBJECT)

SHAPES: Mapping[str, Shape] = {
    "transactions": Shape(
        ("sold_at",),
        (
            "transaction_id",
            "line_number",
            "source_customer_id",
            "store_id",
            "till_id",
            "sales_channel",
            "sku",
            "quantity",
            "unit_price",
            "gross_amount",
            "discount_amount",
            "net_amount",
            "tax_amount",
            "transaction_discount_amount",
            "transaction_net_amount",
            "transaction_tax_amount",
            "shipping_amount",
            "tip_amount",
            "gift_card_amount",
            "refunded_amount",
            "refunded_at",
            "cancelled_at",
            "currency",
            "transaction_status",
            "sale_type",
            "population",
            "original_transaction_id",
            "offer_id",
            "points",
        ),
        (("net_amount",), ("gross_amount",), ("unit_price", "quantity")),
    ),
    "customers": Shape(
        ("source_customer_id",),
        (
            "first_name",
            "last_name",
            "email",
            "phone",
            "address",
            "postcode",
            "city",
            "country",
            "birth_date",
            "enrolled_on",
            "store_id",
            "population",
            "note",
        ),
    ),
    "products": Shape(("sku",), ("product_name", "brand", "category", "subcategory", "subsubcategory", "cost")),
    "stores": Shape(("store_id",), ("store_name", "region", "format", "opened_on", "closed_on")),
    "payments": Shape(("transaction_id", "tender", "paid_amount"), ("source",)),
    "rates": Shape(("currency", "rate", "valid_on"), ()),
    "consents": Shape(
        ("status",),
        (
            *SUBJECT,
            "contact_channel",
            "purpose",
            "legal_basis",
            "captured_at",
            "expires_at",
            "wording_version",
            "proof_reference",
            "jurisdiction",
            "consent_source",
        ),
        ANY_SUBJECT,
    ),
    "delivery_events": Shape(("contact_channel", "event", "happened_at"), (*SUBJECT, "detail", "reason"), ANY_SUBJECT),
    "merges": Shape(("source_customer_id", "merged_into_id"), ("merged_on",)),
}

DATES = frozenset(
    {
        "sold_at", "refunded_at", "cancelled_at", "enrolled_on", "birth_date", "opened_on", "closed_on", "valid_on",
        "captured_at", "expires_at", "happened_at", "merged_on",
    }
)  # fmt: skip
AMOUNTS = frozenset(
    {
        "quantity",
        "unit_price",
        "gross_amount",
        "discount_amount",
        "net_amount",
        "tax_amount",
        "transaction_discount_amount",
        "transaction_net_amount",
        "transaction_tax_amount",
        "shipping_amount",
        "tip_amount",
        "gift_card_amount",
        "refunded_amount",
        "points",
        "cost",
        "paid_amount",
        "rate",
    }
)
PERSONAL = (frozenset(SHAPES["customers"].all) - {"enrolled_on", "store_id", "population"}) | {
    "detail",
    "proof_reference",
    "merged_into_id",
}
"""Columns that tell who somebody is: all of a customer, but what is said to be harmless, and texts about a contact."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source of the settings.

    `columns` maps canonical names to the source's headers; several headers are joined by a space (dates: day and
    time) or added up (amounts). `values` gives a constant for a canonical column the source does not have.
    `other_names` maps a header to what some files of the source call it; `optional` are headers that some files do not
    have; `stated_once` are text columns that stand on one line of a ticket only.
    `status_words` and `event_words` give the source's own words for permissions and delivery events in habitue's;
    `preset` is the known export it is.
    """

    name: str
    kind: Kind
    files: tuple[str, ...] = ()
    sheet: str | None = None
    database: str | None = None
    table: str | None = None
    query: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    columns: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    other_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    stated_once: tuple[str, ...] = ()
    preset: str | None = None
    date_order: DateOrder | None = None
    decimal_mark: Literal[",", "."] | None = None
    time_zone: str | None = None
    customer_system: str | None = None
    transaction_key: tuple[str, ...] = ("transaction_id",)
    export_date: str | None = None
    tax: Literal["excluded", "included", "unknown"] = "unknown"
    tax_rate: Decimal | None = None
    pays: str | None = None
    status_words: Mapping[str, str] = field(default_factory=dict)
    event_words: Mapping[str, str] = field(default_factory=dict)

    def headers(self, column: str) -> tuple[str, ...]:
        """The source's headers mapped to a canonical column; empty if none."""
        mapped = self.columns.get(column, ())
        return (mapped,) if isinstance(mapped, str) else tuple(mapped)

    def renamed(self, names: Sequence[str]) -> tuple[str, ...]:
        """Headers of a file, those under another name by the header that `columns` uses."""
        main = {other: header for header, others in self.other_names.items() for other in others if header not in names}
        return tuple(main.get(name, name) for name in names)

    def having(self, names: Sequence[str]) -> Source:
        """The source as a file of these headers has it: without the optional headers that are not there."""
        missing = {header for header in self.optional if header not in names}
        if not missing & {*self.wanted}:
            return self
        left = {column: tuple(h for h in self.headers(column) if h not in missing) for column in self.columns}
        return replace(self, columns={column: headers for column, headers in left.items() if headers})

    @property
    def wanted(self) -> tuple[str, ...]:
        """All mapped headers, each once, in order."""
        return tuple(dict.fromkeys(header for column in self.columns for header in self.headers(column)))
