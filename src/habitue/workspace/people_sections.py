"""What can be set about people: who is who, whom one may contact, how long they are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from habitue.customers.consent import UNCLEAR_STOPS
from habitue.customers.jurisdictions import JURISDICTIONS
from habitue.workspace.section import Names, Section

Probability = Annotated[float, Field(gt=0, lt=1)]


class IdentitySection(Section):
    """`[identity]`: when customer numbers of several systems are one person."""

    resolve: bool = Field(True, description="false: each customer number is one person")
    join_probability: Probability = Field(
        0.95, description="two numbers are one person from this estimated probability on"
    )
    stakes_probability: Probability = Field(0.999, description="the same where joining would move points or a consent")
    review_probability: Probability = Field(0.5, description="below the above, but from here on, a person is asked")
    most_per_key: Annotated[int, Field(ge=2)] = Field(
        50, description="a value that more customer numbers have brings nobody together"
    )
    most_reviews: Annotated[int, Field(ge=0)] = Field(500, description="length of the list for review")
    one_per_person: Names = Field(
        (), description="customer systems in which a person has one number only (no two of them are ever joined)"
    )
    tolerant: bool = Field(
        False,
        description="first names and birth dates are often wrong (typed from paper): what differs is weighed and "
        "forbids nothing; twins, father and son of one name may then be joined",
    )
    second_look: bool = Field(
        False, description="look a second time at what the rules leave, by Splink (needs the extra `identity`)"
    )
    trusted: Names = Field(
        (),
        description="sources, the one to be believed first, where the values of a golden record are otherwise equal "
        "(default: in the order of the file)",
    )


class ConsentSection(Section):
    """`[consent]`: under which law people are written to, and what counts as a refusal or a dead address."""

    jurisdiction: Literal[tuple(JURISDICTIONS)] | None = Field(  # type: ignore[valid-type]
        None,
        description="whose rules hold (engineering rules, not legal advice): "
        + ", ".join(JURISDICTIONS)
        + " (default: by the stores' time zone, else EU)",
    )
    temporary_bounces: Annotated[int, Field(ge=1)] = Field(
        5, description="temporary bounces in a row, without a delivery between, that block an address"
    )
    unclear_stop: Literal[UNCLEAR_STOPS] = Field(  # type: ignore[valid-type]
        "review",
        description="a reply that speaks of stopping without being a plain STOP: review (listed, not counted until "
        "decided) or stop (listed, and counted as a STOP until decided)",
    )
    adult_age: Annotated[int, Field(ge=0, le=30)] = Field(
        18, description="people known to be younger are not contacted (0: age is not looked at)"
    )


class RetentionSection(Section):
    """`[retention]`: how long people are kept after the last sign of them (`habitue retention`)."""

    prospects_months: Annotated[int, Field(ge=1)] = Field(
        36, description="months since a purchase or the enrolment, of people who never bought"
    )
    customers_months: Annotated[int, Field(ge=1)] = Field(36, description="the same, of people who bought")
