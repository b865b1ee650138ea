"""Tables of consent: what was said and what came back, which addresses work, whom one may contact and why not."""

from __future__ import annotations

from habitue.schemas.table import Schema, columns

DELIVERY_EVENTS = Schema(
    "delivery_events",
    "one row of a delivery file: what a router, an operator or the post sent back",
    ("file_id", "row_number"),
    columns(
        ("file_id", "string", "file"),
        ("row_number", "int64", "line in the file"),
        ("source", "string", "source"),
        ("source_customer_id", "string", "opaque id of the customer number; null if the row has none"),
        ("address_kind", "string", "email, phone or postal; null if the row names no address"),
        ("address_hash", "string", "keyed hash of the address"),
        ("contact_channel", "string", "contact channel"),
        ("event", "string", "sent, delivered, opened, clicked, bounced, unsubscribed, complained, undeliverable, "
         "opted_out, restarted, address_changed or replied"),
        ("bounce_class", "string", "of a bounce: permanent, temporary or sender; else null"),
        ("needs_review", "boolean", "a reply that speaks of stopping without being a plain STOP"),
        ("happened_at", "timestamp(6)", "moment, naive UTC; midnight where only the day is known, null if unknown"),
        ("happened_on", "date", "the stores' day"),
        ("is_day_only", "boolean", "only the day is known"),
        ("new_address_hash", "string", "of a change of address: keyed hash of the new one, if given"),
    ),
)  # fmt: skip

CONSENT_EVENTS = Schema(
    "consent_events",
    "one thing said about reaching a person or an address, in a consent file, by a click, a reply or a command; only "
    "ever added to",
    ("source", "file_id", "row_number"),
    columns(
        ("source", "string", "source"),
        ("file_id", "string", "file; or what else it was recorded in"),
        ("row_number", "int64", "line in the file"),
        ("source_customer_id", "string", "opaque id of the customer number; null if only an address is named"),
        ("address_kind", "string", "email, phone or postal; null if only a customer number is named"),
        ("address_hash", "string", "keyed hash of the address"),
        ("contact_channel", "string", "contact channel; null: all of them"),
        ("purpose", "string", "marketing, or another purpose the source names"),
        ("event", "string", "opt_in, soft_opt_in, opt_out, unknown, objection; unsubscribed, complained, opted_out "
         "(STOP), restarted (START); unclear_stop where a doubtful reply counts as a STOP; suppressed: the address of "
         "somebody who was erased"),
        ("legal_basis", "string", "legal basis as the source names it"),
        ("happened_at", "timestamp(6)", "moment, naive UTC; midnight where only the day is known, null if unknown"),
        ("happened_on", "date", "the stores' day; null if unknown"),
        ("is_day_only", "boolean", "only the day is known"),
        ("expires_on", "date", "last day it holds; null: no end stated"),
        ("wording_version", "string", "version of the wording agreed to"),
        ("jurisdiction", "string", "whose law it was given under; null: that of the settings"),
        ("consent_source", "string", "form, till, import … as the source names it"),
    ),
)  # fmt: skip

ADDRESS_STATES = Schema(
    "address_states",
    "one address, as reached by one contact channel, of which something came back",
    ("contact_channel", "address_hash"),
    columns(
        ("contact_channel", "string", "contact channel"),
        ("address_kind", "string", "email, phone or postal"),
        ("address_hash", "string", "keyed hash of the address"),
        ("is_blocked", "boolean", "nothing is sent there"),
        ("reason", "string", "permanent_bounce, temporary_bounces, undeliverable or moved; null if it is usable"),
        ("since_on", "date", "day it was blocked; null if usable, or if the day is unknown"),
        ("temporary_bounces_count", "int64", "temporary bounces in a row, since the last delivery"),
        ("last_delivered_on", "date", "last day something arrived; null if nothing is known to have"),
    ),
)

CONSENT_STATUS = Schema(
    "consent_status",
    "one address of one person on one contact channel for one purpose: what holds at the as-of date",
    ("customer_id", "contact_channel", "purpose", "address_hash"),
    columns(
        ("customer_id", "string", "resolved person"),
        ("contact_channel", "string", "contact channel"),
        ("purpose", "string", "marketing, or another purpose the sources name"),
        ("address_kind", "string", "email, phone or postal; null on channels without an address"),
        ("address_hash", "string", "keyed hash of the address; null on channels without one, or if it is unusable"),
        ("status", "string", "opt_in, soft_opt_in, opt_out or unknown"),
        ("decided_by", "string", "the event that decided it; null if nothing was ever said"),
        ("decided_on", "date", "its day; null if unknown"),
        ("consent_source", "string", "where it was said, as the source names it"),
        ("expires_on", "date", "last day it holds, as stated or by the rules; null: no end"),
        ("is_contactable", "boolean", "a message of this purpose may go to this address"),
        ("reason", "string", "contactable, or the first thing that forbids it"),
    ),
)

CONTACTABLE = Schema(
    "contactable",
    "one reason why customers of a population can, or cannot, be reached by a contact channel for marketing",
    ("contact_channel", "population", "reason"),
    columns(
        ("contact_channel", "string", "contact channel"),
        ("population", "string", "population"),
        ("reason", "string", "contactable, or why not; each person has one, that of the address which lacks least"),
        ("customers_count", "int64", "people"),
        ("addresses_count", "int64", "distinct addresses of theirs that the reason is about: one message each"),
    ),
    ("of one contact channel and population, customers_count adds up to all customers",),
)

CONSENT_REVIEWS = Schema(
    "consent_reviews",
    "one reply that speaks of stopping without being a plain STOP: read it in its file and decide",
    ("source", "file_id", "row_number"),
    columns(
        ("source", "string", "source"),
        ("file_id", "string", "file"),
        ("row_number", "int64", "line in the file"),
        ("contact_channel", "string", "contact channel"),
        ("address_hash", "string", "keyed hash of the address it came from; null if a customer number is named"),
        ("customer_id", "string", "first person (by id) who has the address or the number; null if nobody is known"),
        ("happened_on", "date", "its day; null if unknown"),
        ("is_counted", "boolean", "until decided it counts as a STOP (setting consent.unclear_stop)"),
    ),
)

CONSENTED = (CONSENT_EVENTS, ADDRESS_STATES, CONSENT_STATUS, CONTACTABLE, CONSENT_REVIEWS)
"""Tables of a run."""

CUSTOMER_ADDRESSES = Schema(
    "customer_addresses",
    "one address of one customer row: opaque, for the cycle only",
    ("source", "source_customer_id", "address_kind"),
    columns(
        ("source", "string", "source"),
        ("customer_system", "string", "system the number belongs to"),
        ("source_customer_id", "string", "opaque id"),
        ("file_id", "string", "file it was taken from"),
        ("address_kind", "string", "email, phone or postal"),
        ("address_hash", "string", "keyed hash of its normal form; null if it is unusable"),
        ("takes_sms", "boolean", "of a phone number: it may be a mobile one"),
    ),
)
