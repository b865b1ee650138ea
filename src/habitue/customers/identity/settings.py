"""The decisions identity resolution follows, and what agreement and difference of a field are worth."""

from __future__ import annotations

from dataclasses import dataclass

from habitue.errors import ConfigurationError, Message, message

EMAIL_AND_NAME = "email_and_name"
PHONE_AND_NAME = "phone_and_name"
NAME_AND_BIRTH_DATE = "name_and_birth_date"
NAME_AND_ADDRESS = "name_and_address"
NAME_AND_POSTCODE = "name_and_postcode"
SIMILAR_AND_BIRTH_DATE = "similar_name_and_birth_date"
SIMILAR_AND_ADDRESS = "similar_name_and_address"
SECOND_LOOK = "second_look"
MERGE_TABLE = "merge_table"
DECISION = "decision"

EXACT_KEYS = (EMAIL_AND_NAME, PHONE_AND_NAME, NAME_AND_BIRTH_DATE, NAME_AND_ADDRESS, NAME_AND_POSTCODE)
"""Rules whose key is equal on both sides, in the order in which a pair is named after one."""

RULES = (*EXACT_KEYS, SIMILAR_AND_BIRTH_DATE, SIMILAR_AND_ADDRESS, SECOND_LOOK)
"""Every rule, in that order."""

JOINED, REVIEW, APART = "joined", "review", "apart"


@dataclass(frozen=True, kw_only=True)
class IdentitySettings:
    """How sure one must be, and how far one looks.

    Args:
        join_probability: two numbers are one person from this estimated probability on.
        stakes_probability: the same where joining would move points or consent.
        review_probability: below the above, but from here on, a person is asked.
        most_per_key: a value that more customer numbers have brings nobody together.
        most_reviews: length of the list for review.
        one_per_person: customer systems in which a person has one number only.
        is_tolerant: first names and birth dates are known to be wrong often (typed from paper, read by a machine): what
            differs is weighed and forbids nothing. Twins, and father and son of one name, may be joined then.
        rules: rules that are followed.

    Raises:
        ConfigurationError: probabilities that are none or not in order, a limit below 2, an unknown rule.
    """

    join_probability: float = 0.95
    stakes_probability: float = 0.999
    review_probability: float = 0.5
    most_per_key: int = 50
    most_reviews: int = 500
    one_per_person: frozenset[str] = frozenset()
    is_tolerant: bool = False
    rules: tuple[str, ...] = RULES

    def __post_init__(self) -> None:
        steps = (self.review_probability, self.join_probability, self.stakes_probability)
        faults: list[Message] = []
        if not 0 < steps[0] <= steps[1] <= steps[2] < 1:
            faults.append(message("identity.probabilities", review=steps[0], join=steps[1], stakes=steps[2]))
        if self.most_per_key < 2:
            faults.append(message("identity.limit", name="most_per_key", received=self.most_per_key, least=2))
        if self.most_reviews < 0:
            faults.append(message("identity.limit", name="most_reviews", received=self.most_reviews, least=0))
        faults += [
            message("identity.rule_unknown", received=rule, valid=list(RULES))
            for rule in self.rules
            if rule not in RULES
        ]
        if faults:
            raise ConfigurationError(*faults)


@dataclass(frozen=True)
class Weights:
    """Evidence in bits: log2 of how much likelier an outcome is between two numbers of one person than of two.

    Fellegi and Sunter (1969) give the form. Equal values count by their rarity in the data at hand; the rest are stated
    here. They were set by hand from what is known of retailers' files (a few in a hundred e-mail addresses and more
    telephone numbers are used by two of a household; names are misspelt, people move and marry) and then tried on
    simulated and public pairs with known truth (benchmarks/identity.py).
    """

    matches_per_number: float = 0.3
    same_email: float = 6.5
    same_mobile: float = 4.5
    same_landline: float = 1.0
    same_address: float = 0.5
    more_contact: float = 4.0
    near_email: float = 4.0
    other_email: float = -1.0
    other_phone: float = -1.0
    other_place: float = -1.5
    same_postcode_beside_contact: float = 1.0
    near_first: float = 2.5
    part_of_first: float = 1.5
    other_first: float = -6.0
    near_last: float = 4.5
    other_last: float = -4.0
    last_beside_contact: float = 3.0
    near_birth_date: float = 5.0
    other_birth_date: float = -5.0
    swapped: float = -1.0
    ambiguity: float = 7.0


WEIGHTS = Weights()

USUAL_FIRST, USUAL_LAST, USUAL_POSTCODE, USUAL_BIRTH_DATE = 0.003, 0.0005, 0.001, 1 / (365.25 * 70)
"""How often a value of no special frequency occurs; weighs in with `USUAL_ROWS` rows, so small files are not misled."""
USUAL_ROWS = 2000

LEAST_NUMBERS = 1000
"""Fewer customer numbers than that are judged as if there were so many: two namesakes of ten are no proof."""

FATHER_AND_SON = 15
"""Years between the birth dates of two persons of one name who may share everything else."""
