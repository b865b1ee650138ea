"""The page on whom one can contact, and what the page of a customer says of numbers, golden record and consent."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict

import pytest

from habitue.project import Project
from habitue.report.locale import LANGUAGES
from support import people_shop, serving
from support.page_texts import text
from support.serving import Site

PAGE = "/people/en/contact"

# By hand, of 15 people: the 14 behind customer rows, and card 99, of which nothing is known.
EXPECTED = {
    # Anna said yes; Louis' yes has no day; Robert said no with the address that Bob has, too.
    "E-mail": {"can be contacted": 1, "no permission": 3, "said no": 2, "no address": 9},
    # Without an objection post may be sent; a letter to Dora and Emil's home came back.
    "Post": {"can be contacted": 7, "mail came back (NPAI, PND)": 2, "no address": 6},
    "Text message": {"no permission": 6, "STOP": 1, "no address": 8},
    "Phone call": {"no permission": 7, "no address": 8},
}


def test_everybody_is_counted_once_a_channel_with_the_reason(people: Site) -> None:
    rows = list(csv.reader(io.StringIO(people.get("/people/en/contact/grid/0.csv").text)))
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows[1:]:
        found[row[0]][row[1]] = int(row[2])
    assert found == EXPECTED


def test_the_answer_names_the_channel_that_reaches_most(people: Site) -> None:
    page = text(people.get(PAGE).text)
    assert "By post, 7 of 15 people (consumers) can be contacted for marketing: 46.7%" in page
    assert "Post reaches most: 7 people, 46.7%" in page
    # Both records of Carla Petit, two people so far, have one address.
    assert "By post, 7 people are 6 addresses" in page


def test_the_law_is_said_with_what_it_is_not(people: Site, people_project: Project) -> None:
    page = text(people.get(PAGE).text)
    assert "Judged by the rules for FR" in page
    assert "These are engineering rules, not legal advice." in page
    assert re.search(r"Post no objection – GDPR", page)
    assert people_project.runs()[-1].manifest["settings"]["jurisdiction"] == "FR"


def test_replies_states_and_undated_permissions(people: Site) -> None:
    page = text(people.get(PAGE).text)
    assert "1 reply speaks of stopping without being a plain STOP. It is not counted until" in page
    assert "replies.csv 3 text message 2 Jun 2024" in page
    assert "which bus" not in page
    assert "permissions: 1 yes has no day, and opens nothing." in page
    assert "Post mail came back (NPAI, PND) 1" in page
    assert "Text message works 2" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_answers(people: Site, language: str) -> None:
    assert people.get(f"/people/{language}/contact").status == 200


def test_a_population_that_does_not_occur_is_refused(people: Site) -> None:
    assert people.get(f"{PAGE}?population=martians").status == 400


def test_a_project_without_consent_says_that_nobody_is_reached(lonely_project: Project) -> None:
    with serving.site([lonely_project]) as site:
        page = text(site.get("/lonely/en/contact").text)
    assert "None of 1 people (consumers) can be contacted" in page
    assert "Nothing came back from any address" in page


# One customer


def test_a_person_of_two_numbers_says_what_joined_them(people: Site, people_project: Project) -> None:
    answer = people.get("/people/en/customers?q=crm:1")
    page = people.get(answer.headers["location"]).text
    told = "2 customer numbers are this person (crm 1 and web 1). Joined by: same e-mail address, names agree."
    assert told in text(page)
    assert "e-mail can be contacted yes 1 Mar 2024" in text(page)
    assert not any(value in page for value in ("anna@example.com", "Martin", "rue Haute"))
    assert "e-mail address cards only value" in text(page)


def test_values_are_shown_to_who_asks_and_are_no_file(people: Site) -> None:
    address = people.get("/people/en/customers?q=crm:1").headers["location"]
    page = people.get(f"{address}?numbers=1").text
    assert "e-mail address anna@example.com cards only value" in text(page)
    assert "telephone number +33612345650" in text(page)
    assert "birth date 31 Dec 1985" in text(page)
    item = address.rpartition("/")[2]
    numbers = {int(found) for found in re.findall(r"/grid/(\d+)\.csv", page)}
    files = [people.get(f"/people/en/customers/grid/{one}.csv?item={item}&numbers=1").text for one in numbers]
    assert not any("anna@example.com" in file or "Martin" in file for file in files)


def test_merges_of_the_system_are_said(people: Site) -> None:
    address = people.get("/people/en/customers?q=crm:11").headers["location"]
    assert "(crm 2). Joined by: merged by the customer system." in text(people.get(address).text)


def test_numbers_are_in_the_explanation(people_project: Project) -> None:
    told = people_project.explain("crm:7")
    assert told.systems == {"crm": 2}
    assert told.joined_by == {"phone_and_name": 1}
    assert people_project.explain(people_shop.id_of(people_project, "crm:5")).joined_by == {}


def test_a_known_export_is_named_where_files_are_listed(people: Site) -> None:
    html = people.get("/people/en/data").text
    assert "letters · delivery events · returned-mail.letters (from a published layout, unverified)" in text(html)
    letters = re.search(r'href="([^"]+)">letters\.csv', html)
    assert letters is not None
    assert "Preset returned-mail.letters" in text(people.get(letters[1]).text)
