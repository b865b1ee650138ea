"""Tables of what was read: files, staged rows, what was refused, and where every cent went."""

from __future__ import annotations

from habitue.schemas.table import QUANTITY, Schema, columns

STAGED_LINES = Schema(
    "staged_lines",
    "one row of a sales file, read and typed, in the source's currency, before anything is decided about it",
    ("file_id", "row_number"),
    columns(
        ("file_id", "string", "the file it was read from (first characters of the SHA-256 of its source and content)"),
        ("row_number", "int64", "line in the file"),
        ("source", "string", "name of the source in the settings"),
        ("transaction_id", "string", "key of the ticket or order: the mapped number, or the parts of the stated key"),
        ("transaction_number", "string", "the ticket or order number as written"),
        ("line_number", "int64", "line in the ticket: as given, else the rank of its content within the ticket"),
        ("has_line_number", "boolean", "the source gives line numbers"),
        ("sold_at", "timestamp(6)", "moment of the sale, naive UTC"),
        ("sold_on", "date", "the store's day"),
        ("source_customer_id", "string", "opaque id of the source's customer number; null if unidentified"),
        ("store_id", "string", "store"),
        ("till_id", "string", "till"),
        ("sales_channel", "string", "where it was bought"),
        ("sku", "string", "article code"),
        ("quantity", QUANTITY, "units; null where the source has none"),
        ("gross_amount", "int64", "before discount, ex tax, source currency"),
        ("discount_amount", "int64", "discount, positive when it lowers the price"),
        ("net_amount", "int64", "gross less discount, ex tax, before returns"),
        ("tax_amount", "int64", "tax beside; null if unknown"),
        ("source_amount", "int64", "the amount as mapped (tax included where the source includes it)"),
        ("currency", "string", "ISO code; null if the source left it empty"),
        ("sale_type_label", "string", "the source's own word for the kind of sale"),
        ("population_label", "string", "the source's own word for the kind of buyer"),
        ("original_transaction_id", "string", "ticket number a return points to"),
        ("offer_id", "string", "offer or coupon used"),
        ("points", "int64", "points earned (positive) or burnt on the line"),
    ),
    ("gross_amount - discount_amount = net_amount",),
)

FILES = Schema(
    "files",
    "one file (or database table) a run has read",
    ("file_id",),
    columns(
        ("file_id", "string", "first characters of the SHA-256 of its source and content"),
        ("source", "string", "source it belongs to"),
        ("kind", "string", "transactions, customers, products, stores, payments, rates, consents or delivery_events"),
        ("file", "string", "name"),
        ("export_rank", "int64", "order of the exports of one source: the higher is the later and wins"),
        ("exported_by", "string", "what decided the order: date in the name, latest date inside, or time of the file"),
        ("rows", "int64", "data rows read, refused ones included"),
        ("report_rows", "int64", "title, total and footer rows left out"),
        ("encoding", "string", "how it was decoded; null for typed formats"),
        ("delimiter", "string", "column separator; null for typed formats"),
        ("header_line", "int64", "line of the header"),
        ("date_order", "string", "day first, month first or year first, and what proved it"),
        ("decimal_mark", "string", "decimal mark of the amounts"),
        ("stated_total_amount", "int64", "the total the file itself states on its last total row, if any"),
        ("is_reused", "boolean", "read in an earlier run and recognised by its content"),
    ),
)

QUARANTINE = Schema(
    "quarantine",
    "one refused row of a file, with the first reason found",
    ("file", "row_number"),
    columns(
        ("source", "string", "source"),
        ("file", "string", "file name"),
        ("row_number", "int64", "line in the file"),
        ("column", "string", "column of the fault, as the file names it"),
        ("value", "string", "what stood there, as written; masked if personal"),
        ("reason", "string", "code of the reason"),
        ("source_amount", "int64", "the amount of the row, or of the part set aside; null if unreadable"),
        ("currency", "string", "its currency"),
    ),
)

SOURCE_CUSTOMERS = Schema(
    "source_customers",
    "one customer row of one customer system; names and addresses stay in the people store",
    ("source", "source_customer_id"),
    columns(
        ("source", "string", "source"),
        ("customer_system", "string", "system the number belongs to"),
        ("source_customer_id", "string", "opaque id"),
        ("file_id", "string", "file it was taken from (the latest that has it)"),
        ("row_number", "int64", "line in that file"),
        ("enrolled_on", "date", "enrolment"),
        ("store_id", "string", "store of the card"),
        ("population_label", "string", "the source's own word for the kind of customer"),
        ("has_email", "boolean", "an e-mail address is there"),
        ("has_phone", "boolean", "a phone number is there"),
        ("has_address", "boolean", "a postal address is there"),
    ),
)

PRODUCTS = Schema(
    "products",
    "one article",
    ("sku",),
    columns(
        ("sku", "string", "article code"),
        ("product_name", "string", "name"),
        ("brand", "string", "brand"),
        ("category", "string", "category, first level"),
        ("subcategory", "string", "second level"),
        ("subsubcategory", "string", "third level"),
        ("cost_amount", "int64", "cost of one unit, home currency, thousandths of a minor unit"),
    ),
)

STORES = Schema(
    "stores",
    "one store",
    ("store_id",),
    columns(
        ("store_id", "string", "store"),
        ("store_name", "string", "name"),
        ("region", "string", "region"),
        ("format", "string", "format"),
        ("opened_on", "date", "first day"),
        ("closed_on", "date", "last day"),
    ),
)

PAYMENTS = Schema(
    "payments",
    "one tender of one ticket",
    ("source", "transaction_id", "row_number"),
    columns(
        ("source", "string", "source of the tickets it pays"),
        ("transaction_id", "string", "ticket"),
        ("row_number", "int64", "line in the file"),
        ("tender", "string", "the source's own word for the means of payment"),
        ("paid_amount", "int64", "amount, home currency"),
    ),
)

RATES = Schema(
    "rates",
    "one exchange rate",
    ("currency", "valid_from"),
    columns(
        ("currency", "string", "ISO code"),
        ("valid_from", "date", "first day"),
        ("valid_to", "date", "last day"),
        ("rate_e8", "int64", "home currency for one unit, in hundred-millionths"),
    ),
)

RECONCILIATION = Schema(
    "reconciliation",
    "one file and currency: where every row and every cent went",
    ("file_id", "currency"),
    columns(
        ("source", "string", "source"),
        ("file", "string", "file name"),
        ("file_id", "string", "file"),
        ("currency", "string", "source currency; null where unknown"),
        ("read_rows", "int64", "data rows read"),
        ("used_rows", "int64", "rows used"),
        (
            "duplicate_rows",
            "int64",
            "rows of tickets taken from a later export, or numbered rows repeated in their file",
        ),
        ("after_as_of_rows", "int64", "rows after the as-of date"),
        ("set_aside_rows", "int64", "refused rows whose amount is readable"),
        ("not_a_purchase_rows", "int64", "rows that are no purchase"),
        ("unreadable_rows", "int64", "refused rows without a readable amount"),
        ("read_amount", "int64", "sum of readable amounts, as mapped"),
        ("used_amount", "int64", "used"),
        ("duplicate_amount", "int64", "counted in a later export, or in another row of the file"),
        ("after_as_of_amount", "int64", "after the as-of date"),
        ("set_aside_amount", "int64", "refused, and refunds above what was bought"),
        ("not_a_purchase_amount", "int64", "no purchase"),
    ),
    (
        "read_rows = used + duplicate + after_as_of + set_aside + not_a_purchase + unreadable rows",
        "read_amount = used + duplicate + after_as_of + set_aside + not_a_purchase amounts",
    ),
)

RESENT_TICKETS = Schema(
    "resent_tickets",
    "one ticket sent again with other content: the later export was taken",
    ("source", "transaction_id", "superseded_file"),
    columns(
        ("source", "string", "source"),
        ("transaction_id", "string", "ticket"),
        ("kept_file", "string", "file it was taken from"),
        ("superseded_file", "string", "file that has it otherwise"),
        ("kept_rows", "int64", "rows taken"),
        ("superseded_rows", "int64", "rows left"),
        ("kept_amount", "int64", "amount taken, source currency"),
        ("superseded_amount", "int64", "amount left, source currency"),
    ),
)
