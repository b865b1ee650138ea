"""One person, once: shared cards set apart, identities, the golden record, consent."""
