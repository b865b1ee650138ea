"""Tables of who is who: pairs of customer rows, persons, what waits for a decision, and how sure the rules are.

Opaque ids only. `NORMAL_FORMS` alone is personal data: it lives in temporary tables while a run works.
"""

from __future__ import annotations

from habitue.schemas.table import Column, Schema, columns

NORMAL_FORMS = Schema(
    "normal_forms",
    "one row of one customer source in the form it is compared in; personal data, never kept",
    ("source", "source_customer_id"),
    (
        Column("source", "string", "source"),
        Column("customer_system", "string", "system the number belongs to"),
        Column("source_customer_id", "string", "opaque id"),
        Column("store_id", "string", "store of the row"),
        Column("name_kind", "string", "person, anonymous (a till's own record), test, none"),
        Column("first_name", "string", "first name in compared letters", personal=True),
        Column("last_name", "string", "last name in compared letters", personal=True),
        Column("email", "string", "address that can be written to", personal=True),
        Column("email_key", "string", "address as compared", personal=True),
        Column("email_fault", "string", "why there is no address"),
        Column("email_note", "string", "what was left: several_addresses"),
        Column("email_no_evidence", "string", "why the address identifies nobody: known_filler, shared_inbox"),
        Column("phone", "string", "number, E.164", personal=True),
        Column("phone_kind", "string", "mobile, landline, premium, other"),
        Column("phone_fault", "string", "why there is no number"),
        Column("phone_filler", "string", "the digits of a filler (0600000000), nobody's number"),
        Column("phone_note", "string", "what was mended or left: zero_restored, plus_restored, several_numbers"),
        Column("other_phone", "string", "second number of the cell, E.164", personal=True),
        Column("birth_date", "date", "day of birth", personal=True),
        Column("birth_date_filler", "date", "the filler, nobody's day of birth"),
        Column("birth_date_fault", "string", "why it is unknown"),
        Column("street", "string", "house number and street as compared", personal=True),
        Column("postcode", "string", "postcode as compared", personal=True),
        Column("town", "string", "town as compared", personal=True),
        Column("has_name", "boolean", "a name is written"),
        Column("has_email", "boolean", "an e-mail address is written"),
        Column("has_phone", "boolean", "a telephone number is written"),
        Column("has_birth_date", "boolean", "a birth date is written"),
        Column("has_address", "boolean", "a street or a postcode is written"),
        Column("net_amount", "int64", "net bought under the number, home currency; null if unknown"),
        Column("points", "int64", "points on it; null if unknown"),
        Column("has_consent", "boolean", "may be written to; null if unknown"),
    ),
)

IDENTITY_PAIRS = Schema(
    "identity_pairs",
    "two customer numbers that share something and may be one person",
    ("source_customer_id", "other_source_customer_id"),
    columns(
        ("source_customer_id", "string", "opaque id, the smaller of the two"),
        ("other_source_customer_id", "string", "opaque id of the other"),
        ("customer_system", "string", "system of the first"),
        ("other_customer_system", "string", "system of the other"),
        ("rule", "string", "what brought them together"),
        ("match_probability", "float64", "estimated probability that both are one person, 0 to 1"),
        ("agreeing", "string", "fields that agree, those that nearly do with a ~"),
        ("differing", "string", "fields that differ"),
        ("band", "string", "joined, review or apart"),
        ("reason", "string", "why it is in that band"),
        ("decision", "string", "same or different, where a person has decided"),
        ("is_together", "boolean", "both ended as one person"),
    ),
)

IDENTITIES = Schema(
    "identities",
    "one customer number of one customer system, and the group of numbers that are one person",
    ("source_customer_id",),
    columns(
        ("source_customer_id", "string", "opaque id"),
        ("customer_system", "string", "system of the number"),
        ("cluster_id", "string", "smallest opaque id of the group; null for a till's own or a test record"),
        ("numbers_count", "int64", "numbers of the group"),
        ("name_kind", "string", "person, anonymous, test, none"),
        ("household_id", "string", "smallest opaque id with the same last name at the same address; null if unknown"),
    ),
)

IDENTITY_REVIEW = Schema(
    "identity_review",
    "one pair that waits for a person's decision, those with most at stake first",
    ("rank",),
    columns(
        ("rank", "int64", "1 for the pair to decide first"),
        ("source_customer_id", "string", "opaque id, the smaller of the two"),
        ("other_source_customer_id", "string", "opaque id of the other"),
        ("rule", "string", "what brought them together"),
        ("match_probability", "float64", "estimated probability that both are one person, 0 to 1"),
        ("agreeing", "string", "fields that agree, those that nearly do with a ~"),
        ("differing", "string", "fields that differ"),
        ("reason", "string", "why it was not joined"),
        ("net_amount", "int64", "net bought by the smaller side of a merge, home currency"),
        ("points", "int64", "points that would move: those of the smaller side"),
        ("moves_consent", "boolean", "one side may be written to and the other may not, or is unknown"),
    ),
)

IDENTITY_RULES = Schema(
    "identity_rules",
    "one rule: how many pairs it found and how many of those that can be checked are right",
    ("rule",),
    columns(
        ("rule", "string", "what brings two numbers together"),
        ("pairs_count", "int64", "pairs it found"),
        ("joined_count", "int64", "pairs that ended as one person"),
        ("review_count", "int64", "pairs that wait for a decision"),
        ("checked_by", "string", "the field the rule does not use and that is known on both sides"),
        ("checked_count", "int64", "pairs it would join without that field, and that have it on both sides"),
        ("confirmed_count", "int64", "of these, those in which it agrees or nearly does"),
        ("precision_share", "float64", "confirmed over checked; null over nothing"),
        ("precision_low_share", "float64", "lower end of its 95 % interval (Wilson)"),
        ("precision_high_share", "float64", "upper end"),
        ("decided_count", "int64", "pairs a person has decided"),
        ("decided_same_count", "int64", "of these, those that are one person"),
    ),
)

IGNORED_VALUES = Schema(
    "ignored_values",
    "one value that says nothing about who somebody is",
    ("field", "value", "reason"),
    columns(
        ("field", "string", "email, phone, birth_date"),
        ("value", "string", "the value; but for known fillers masked"),
        ("reason", "string", "known_filler, shared_inbox, shared_by_many_names, too_frequent"),
        ("numbers_count", "int64", "customer numbers with it"),
        ("names_count", "int64", "different last names among them"),
    ),
)

PROFILE_COMPLETENESS = Schema(
    "profile_completeness",
    "one field in one source, in one store or in all of them",
    ("source", "store_id", "field"),
    columns(
        ("source", "string", "source"),
        ("store_id", "string", "store; null: all of the source's rows"),
        ("field", "string", "name, email, phone, birth_date, address"),
        ("rows", "int64", "customer rows"),
        ("filled_count", "int64", "rows in which something is written"),
        ("usable_count", "int64", "rows with a value that works and is no filler"),
        ("usable_share", "float64", "usable over rows; null over nothing"),
    ),
    ("usable_count <= filled_count <= rows",),
)

CONTACT_FAULTS = Schema(
    "contact_faults",
    "one contact detail of a customer number that cannot be used as it was written, or was mended",
    ("source", "source_customer_id", "field"),
    columns(
        ("source", "string", "source"),
        ("source_customer_id", "string", "opaque id"),
        ("field", "string", "email, phone, birth_date"),
        ("fault", "string", "why it cannot be used; null if it can"),
        ("mending", "string", "what was mended or left; null if nothing"),
    ),
)

SOURCE_MERGES = Schema(
    "source_merges",
    "one line of a customer system's own table of merged numbers",
    ("source_customer_id", "merged_into_id", "merged_on"),
    columns(
        ("customer_system", "string", "system the numbers belong to"),
        ("source_customer_id", "string", "opaque id of the old number"),
        ("merged_into_id", "string", "opaque id of the new number, as stated"),
        ("merged_on", "date", "day of the merge"),
        ("final_id", "string", "opaque id at the end of the chain; null where there is none"),
        ("steps_count", "int64", "merges from the old number to the end"),
        ("finding", "string", "followed, to_itself, cycle, unknown_target, superseded, not_yet"),
    ),
)

PERSISTENT_IDS = Schema(
    "persistent_ids",
    "one customer number, and the person it belongs to from run to run",
    ("source_customer_id",),
    columns(
        ("source_customer_id", "string", "opaque id of the number"),
        ("customer_id", "string", "resolved person"),
        ("given_on", "date", "as-of date of the run that first used this customer_id"),
        ("joined_on", "date", "as-of date of the run since which the number is theirs"),
        ("former_id", "string", "the person it belonged to before; null if none"),
    ),
)

IDENTITY_CHANGES = Schema(
    "identity_changes",
    "one customer number that belongs to another person than in the run before",
    ("source_customer_id",),
    columns(
        ("source_customer_id", "string", "opaque id of the number"),
        ("previous_customer_id", "string", "the person it belonged to"),
        ("previous_given_on", "date", "as-of date of the run that first used that id"),
        ("customer_id", "string", "the person it belongs to now"),
        ("change", "string", "merged, split or moved"),
        ("changed_on", "date", "as-of date of the run"),
    ),
)

GOLDEN_RECORDS = Schema(
    "golden_records",
    "one attribute of one person, and the customer row it is taken from (the value stays in the people store)",
    ("customer_id", "attribute"),
    columns(
        ("customer_id", "string", "resolved person"),
        ("attribute", "string", "name, email, phone, birth_date, address"),
        ("source", "string", "source of the row that stands"),
        ("source_customer_id", "string", "opaque id of the row that stands"),
        ("survivorship", "string", "what decided: only_value, better_kind, most_rows, source_order"),
        ("rows_count", "int64", "customer rows with that value"),
        ("values_count", "int64", "different values that work"),
    ),
)

HOUSEHOLDS = Schema(
    "households",
    "two or more people of one last name at one address",
    ("household_id",),
    columns(
        ("household_id", "string", "smallest opaque id of the household's customer numbers"),
        ("customers_count", "int64", "people"),
        ("visits_count", "int64", "visits of all of them"),
        ("net_amount", "int64", "net after returns of all of them"),
        ("last_purchase_on", "date", "last visit of one of them; null without one"),
    ),
)

IDENTIFIED: tuple[Schema, ...] = (
    IDENTITIES,
    IDENTITY_PAIRS,
    IDENTITY_REVIEW,
    IDENTITY_RULES,
    IGNORED_VALUES,
    PROFILE_COMPLETENESS,
    CONTACT_FAULTS,
    SOURCE_MERGES,
    PERSISTENT_IDS,
    IDENTITY_CHANGES,
    GOLDEN_RECORDS,
    HOUSEHOLDS,
)
"""All that are kept, in the order of the reference page."""
