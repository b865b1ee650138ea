"""Tables of what was bought: lines, returns, days, customers, sales and what is missing at the source."""

from __future__ import annotations

from habitue.schemas.table import QUANTITY, Schema, columns

TRANSACTION_LINES = Schema(
    "transaction_lines",
    "one line of one ticket of one source, taken once, up to the as-of date, in the home currency",
    ("source", "transaction_id", "line_number"),
    columns(
        ("source", "string", "source"),
        ("transaction_id", "string", "key of the ticket or order"),
        ("line_number", "int64", "line in the ticket"),
        ("file_id", "string", "file it comes from"),
        ("row_number", "int64", "line in that file"),
        ("sold_at", "timestamp(6)", "moment of the sale, naive UTC"),
        ("sold_on", "date", "the store's day"),
        ("customer_id", "string", "resolved person; null if unidentified"),
        ("source_customer_id", "string", "opaque id of the source's customer number"),
        ("store_id", "string", "store"),
        ("till_id", "string", "till"),
        ("sales_channel", "string", "where it was bought"),
        ("sku", "string", "article code"),
        ("quantity", QUANTITY, "units"),
        ("gross_amount", "int64", "before discount, ex tax"),
        ("discount_amount", "int64", "discount"),
        ("net_amount", "int64", "gross less discount, before returns"),
        ("tax_amount", "int64", "tax beside; null if unknown"),
        ("returned_amount", "int64", "part of the line's net that came back by the as-of date (sales)"),
        (
            "kept_amount",
            "int64",
            "what the line is worth on its own day once linked returns are put back on the day "
            "of their purchase: net less returned for a sale, the unlinked part for a return",
        ),
        ("reward_amount", "int64", "points or vouchers used as tender, shared out over the ticket's lines"),
        ("margin_amount", "int64", "kept amount less cost; null if neither cost nor rate is known"),
        ("margin_is_assumed", "boolean", "margin from an assumed rate, not from a cost"),
        ("source_amount", "int64", "the amount as mapped, source currency"),
        ("currency", "string", "source currency"),
        ("sale_type", "string", "what kind of line it is"),
        ("sale_type_rule", "string", "the rule that decided it: the settings' rule number, or default"),
        ("counts", "boolean", "counts as purchase (otherwise shown apart)"),
        ("population", "string", "consumer, staff, b2b or shared_card"),
        ("original_transaction_id", "string", "ticket number a return points to"),
        ("offer_id", "string", "offer or coupon used"),
        ("points", "int64", "points earned or burnt"),
    ),
    ("gross_amount - discount_amount = net_amount", "sale: net_amount - returned_amount = kept_amount"),
)

RETURNS = Schema(
    "returns",
    "one part of a return line: linked to one line of a sale, unlinked, or above what was bought",
    ("source", "transaction_id", "line_number", "part"),
    columns(
        ("source", "string", "source of the return"),
        ("transaction_id", "string", "ticket of the return"),
        ("line_number", "int64", "its line"),
        ("part", "int64", "number of the part"),
        ("returned_on", "date", "day of the return"),
        ("customer_id", "string", "customer of the return"),
        ("sku", "string", "article"),
        (
            "linked_by",
            "string",
            "original_ticket, customer_and_sku, customer_and_amount, none (unlinked) or above_purchase (set aside)",
        ),
        (
            "reason",
            "string",
            "for unlinked parts: why (no_original_given, original_not_found, no_customer, nothing_left_to_return)",
        ),
        ("returned_amount", "int64", "amount of this part, positive, home currency"),
        ("original_source", "string", "source of the sale"),
        ("original_transaction_id", "string", "ticket of the sale"),
        ("original_line_number", "int64", "line of the sale"),
        ("original_sold_on", "date", "day of the sale"),
    ),
)

CUSTOMER_DAYS = Schema(
    "customer_days",
    "one identified customer, as a buyer of one population, on one store day with counted lines",
    ("customer_id", "population", "sold_on"),
    columns(
        ("customer_id", "string", "customer"),
        ("population", "string", "consumer, staff, b2b or shared_card"),
        ("sold_on", "date", "the store's day"),
        ("is_visit", "boolean", "the day counts as a visit: its net value is positive"),
        ("tickets_count", "int64", "tickets with at least one counted sale line"),
        ("lines_count", "int64", "counted sale lines"),
        ("net_amount", "int64", "sum of kept amounts: net after returns, on the day of purchase"),
        ("reward_amount", "int64", "rewards used as tender"),
        ("margin_amount", "int64", "margin; null if unknown on a line"),
        ("margin_is_assumed", "boolean", "some of the margin comes from an assumed rate"),
        ("sales_channel", "string", "sales channel of most of the day's value (ties: first by name)"),
        ("store_id", "string", "store of most of the day's value (ties: first by name)"),
    ),
)

VISITS = Schema(
    "visits",
    "one customer, as a buyer of one population, on one store day with positive net value",
    ("customer_id", "population", "sold_on"),
    tuple(column for column in CUSTOMER_DAYS.columns if column.name != "is_visit"),
    ("net_amount > 0",),
)

CUSTOMERS = Schema(
    "customers",
    "one person known by a sale or a customer file",
    ("customer_id",),
    columns(
        ("customer_id", "string", "resolved person"),
        (
            "population",
            "string",
            "the one the figures are about: consumer if they bought as one, else the one of most value",
        ),
        ("first_purchase_on", "date", "first visit; null without one"),
        ("last_purchase_on", "date", "last visit; null without one"),
        ("visits_count", "int64", "visits up to the as-of date"),
        ("purchases_count", "int64", "tickets whose value after returns is positive"),
        ("net_amount", "int64", "net after returns, all days"),
        ("gross_sales_amount", "int64", "net of sale lines before returns"),
        ("returned_amount", "int64", "what came back of their purchases, exchanges included"),
        ("unlinked_returns_amount", "int64", "returns without a purchase found"),
    ),
    ("gross_sales_amount - returned_amount - unlinked_returns_amount = net_amount",),
)

CUSTOMER_IDS = Schema(
    "customer_ids",
    "one customer number of one customer system",
    ("customer_system", "source_customer_id"),
    columns(
        ("customer_system", "string", "system the number belongs to"),
        ("source_customer_id", "string", "opaque id of that number"),
        ("customer_id", "string", "resolved person; null for a till's own and for test records"),
    ),
)

SALES = Schema(
    "sales",
    "month, source, sales channel, store, population and sale type",
    ("month_on", "source", "sales_channel", "store_id", "population", "sale_type"),
    columns(
        ("month_on", "date", "first day of the month"),
        ("source", "string", "source"),
        ("sales_channel", "string", "sales channel"),
        ("store_id", "string", "store"),
        ("population", "string", "population"),
        ("sale_type", "string", "sale type"),
        ("counts", "boolean", "counts as purchase"),
        ("lines_count", "int64", "lines"),
        ("tickets_count", "int64", "tickets"),
        ("gross_amount", "int64", "before discount"),
        ("discount_amount", "int64", "discount"),
        ("net_amount", "int64", "net, on the day it was rung up (cash view)"),
        ("kept_amount", "int64", "net after returns, on the day of the purchase (purchase view)"),
        ("identified_amount", "int64", "kept amount of identified customers, shared cards left out"),
        ("margin_amount", "int64", "margin where known"),
        ("margin_known_amount", "int64", "kept amount for which a margin is known"),
        ("margin_assumed_amount", "int64", "kept amount whose margin is assumed"),
    ),
)

SALES_BY_YEAR = Schema(
    "sales_by_year",
    "one rolling twelve-month period ending at the as-of date or a whole number of years before",
    ("first_on",),
    columns(
        ("first_on", "date", "first day"),
        ("last_on", "date", "last day"),
        ("tickets_count", "int64", "tickets with at least one counted sale line"),
        ("net_amount", "int64", "net as rung up (cash view), counted lines"),
        ("kept_amount", "int64", "net after returns, on the day of the purchase (purchase view)"),
        ("customers_count", "int64", "identified customers with a visit"),
        ("identified_amount", "int64", "kept amount of identified customers, shared cards left out"),
        ("unidentified_amount", "int64", "kept amount without a customer"),
    ),
    ("identified_amount + unidentified_amount = kept_amount",),
)

SALES_BY_DAY = Schema(
    "sales_by_day",
    "store day, sales channel, store and population, of the lines that count as purchases",
    ("sold_on", "sales_channel", "store_id", "population"),
    columns(
        ("sold_on", "date", "the store's day"),
        ("sales_channel", "string", "sales channel"),
        ("store_id", "string", "store; null: none, as of a web order"),
        ("population", "string", "population"),
        ("tickets_count", "int64", "tickets with at least one counted sale line here"),
        ("identified_tickets_count", "int64", "those of identified customers, shared cards left out"),
        ("lines_count", "int64", "counted sale lines"),
        ("gross_amount", "int64", "before discount"),
        ("discount_amount", "int64", "discount"),
        ("net_amount", "int64", "net, on the day it was rung up (cash view)"),
        ("kept_amount", "int64", "net after returns, on the day of the purchase (purchase view)"),
        ("identified_amount", "int64", "kept amount of identified customers, shared cards left out"),
        ("margin_amount", "int64", "margin where known; null where it is known of no line"),
        ("margin_known_amount", "int64", "kept amount for which a margin is known"),
        ("margin_assumed_amount", "int64", "kept amount whose margin is assumed"),
    ),
    ("gross_amount - discount_amount = net_amount",),
)

SHARED_CARDS = Schema(
    "shared_cards",
    "one customer number set apart, or worth a look, because many people seem to use it",
    ("source_customer_id",),
    columns(
        ("source_customer_id", "string", "opaque id"),
        ("is_set_apart", "boolean", "set apart (otherwise only worth a look)"),
        ("reason", "string", "too_many_tickets, listed, or worth_a_look"),
        ("busy_days_count", "int64", "days over the limit in the twelve months"),
        ("tickets_count", "int64", "tickets in the twelve months"),
        ("most_tickets_a_day", "int64", "tickets on the busiest day"),
        ("net_amount", "int64", "their net, as rung up, all time"),
    ),
)

TICKET_CONFLICTS = Schema(
    "ticket_conflicts",
    "one ticket on which two customers meet: the key of the tickets may be too short",
    ("source", "transaction_id"),
    columns(
        ("source", "string", "source"),
        ("transaction_id", "string", "ticket"),
        ("customers_count", "int64", "different customers on it"),
        ("net_amount", "int64", "its net, source currency"),
    ),
)

COLLECTION_PLAN = Schema(
    "collection_plan",
    "one thing that is missing at the source, by source, store and till",
    ("finding", "source", "store_id", "till_id"),
    columns(
        (
            "finding",
            "string",
            "return_without_original, unlabelled_sale_type, sale_without_customer, "
            "customer_without_contact, sale_without_sku",
        ),
        ("field", "string", "the field to capture"),
        ("source", "string", "source"),
        ("store_id", "string", "store"),
        ("till_id", "string", "till"),
        ("lines_count", "int64", "lines concerned"),
        ("total_lines_count", "int64", "lines it could concern"),
        ("at_stake_amount", "int64", "amount concerned, absolute, home currency"),
        ("share", "float64", "lines concerned over lines it could concern"),
        ("previous_share", "float64", "the same in the run before; null without one"),
    ),
)
