"""The page on who is who, and the one thing pages change: a person's decisions, sent by a form of ours or refused."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from habitue import project
from habitue.project import Project
from habitue.report.locale import LANGUAGES
from habitue.web.pages import all_pages
from habitue.workspace.guards import locked
from support import people_shop, serving
from support.browser import PHONE, Watched
from support.page_texts import text
from support.serving import Answer, Site

PAGE = "/people/en/identity"
NAMES = ("Lemaire", "Roux", "Petit", "rue du Port", "1966")
FORM = "application/x-www-form-urlencoded"


@dataclass
class Reader:
    """A browser that was admitted by a link."""

    site: Site
    project: Project
    cookie: str

    def get(self, path: str) -> Answer:
        return self.site.get(path, is_admitted=False, headers={"Cookie": self.cookie})

    def token(self, path: str) -> str:
        (found,) = set(re.findall(r'name="token" value="([^"]+)"', self.get(path).text))
        return found

    def send(self, headers: dict[str, str] | None = None, **fields: str) -> Answer:
        sent = {"Cookie": self.cookie, "Content-Type": FORM, "Origin": f"http://{self.site.host}", **(headers or {})}
        told = {name: value for name, value in sent.items() if value}
        return self.site.get(PAGE, method="POST", is_admitted=False, headers=told, body=urlencode(fields))

    def decided(self) -> list[tuple[str, str, str]]:
        rows = self.project.identity_decisions().to_pylist()
        return [
            (f"{row['source_customer_id']}-{row['other_source_customer_id']}", row["decision"], row["origin"])
            for row in rows
        ]

    def pair(self, one: int, other: int) -> str:
        return people_shop.pair(self.project, f"crm:{one}", f"crm:{other}")


def entered(site: Site) -> str:
    """The cookie of a session that a link opened."""
    answer = site.get(f"/enter?key={site.access.key}", is_admitted=False)
    return answer.headers["set-cookie"].partition(";")[0]


@pytest.fixture
def reader(people_project: Project, tmp_path: Path) -> Iterator[Reader]:
    """A reader of a copy of the project, in which anything may be decided."""
    shutil.copytree(people_project.folder, tmp_path / "people")
    opened = project.open(tmp_path / "people")
    with serving.site([opened]) as site:
        yield Reader(site, opened, entered(site))


# What is shown


def test_the_answer_counts_numbers_people_and_pairs(people: Site) -> None:
    # 16 cards and 3 accounts, less the till's own record; 1 and 101, 9 and 103, 7 and 8, 11 and 12 are one each.
    page = text(people.get(PAGE).text)
    told = "18 customer numbers with a row in a customer file are 14 people. 3 pairs wait for a decision."
    assert told in page


def test_pairs_wait_in_the_order_of_what_is_at_stake_and_name_nobody(people: Site, people_project: Project) -> None:
    html = people.get(PAGE).text
    expected = [people_shop.pair(people_project, f"crm:{a}", f"crm:{b}") for a, b in ((15, 16), (13, 14), (3, 4))]
    listing = html.partition('class="listing"')[2].partition("</table>")[0]
    assert re.findall(r"identity/([0-9a-f]+-[0-9a-f]+)", listing) == expected
    # A ticket p of the file's first half is 5 + p + 0.50; each card of these has it twice, the second 22 more.
    assert re.findall(r"€\d+\.\d\d", listing) == ["€75.00", "€71.00", "€47.00"]
    assert not any(name in html for name in NAMES)


def test_rules_say_how_sure_they_are_or_that_they_cannot(people: Site) -> None:
    page = text(people.get(PAGE).text.partition('id="rules"')[2])
    assert "not enough to say nothing to check by" in page
    # Of the two pairs joined by e-mail one is joined without its birth dates and has them: Wilson's interval of 1 of 1.
    assert "100% 20.7% to 100% 1 of 1 by the birth date" in page


def test_what_identifies_nobody_profiles_merges_and_households(people: Site) -> None:
    page = text(people.get(PAGE).text)
    assert "telephone number 0600000000 known filler 2 1" in page
    # Of 16 cards 7 have an e-mail address, one of them test@test.com; no account has a telephone number.
    assert re.search(r"cards 16 93\.8% 1 not usable 37\.5% 1 not usable", page)
    assert "2 lines could not be followed" in page
    assert "leads to a number that does not exist: left 1" in page
    assert "4 people live in 2 households" in page
    assert "No customer number belongs to another person than in the run before." in page


def test_a_pair_shows_both_records_and_no_file_of_them(people: Site, people_project: Project) -> None:
    pair = people_shop.pair(people_project, "crm:15", "crm:16")
    answer = people.get(f"{PAGE}/{pair}")
    assert all(name in answer.text for name in ("Lemaire", "rue du Port", "crm:15", "crm:16"))
    assert "Pair 1 of 3: same name and postcode." in text(answer.text)
    assert "/grid/" not in answer.text
    assert people.get(f"{PAGE}/grid/0.csv?item={pair}").status == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_a_pair(people: Site, people_project: Project, language: str) -> None:
    pair = people_shop.pair(people_project, "crm:3", "crm:4")
    assert people.get(f"/people/{language}/identity/{pair}").status == 200


@pytest.mark.parametrize("item", ["x", "0000000000000000-1111111111111111", "1-0", "-"])
def test_what_is_no_pair_is_no_page(people: Site, item: str) -> None:
    assert people.get(f"{PAGE}/{item}").status == 404


def test_one_rule_may_be_asked_for(people: Site) -> None:
    page = text(people.get(f"{PAGE}?rule=name_and_postcode").text)
    assert "Rows 1 to 2 of 2" in page
    assert "Decide all 2 pairs of this rule at once" in page
    assert people.get(f"{PAGE}?rule=magic").status == 400


def test_a_project_without_customer_files_says_so(lonely_project: Project) -> None:
    with serving.site([lonely_project]) as site:
        page = text(site.get("/lonely/en/identity").text)
    assert "This run did not ask who is who: each customer number is one person." in page


# What is decided


def test_a_decision_is_kept_leads_on_and_is_taken_back(reader: Reader) -> None:
    first, second = reader.pair(15, 16), reader.pair(13, 14)
    answer = reader.send(token=reader.token(f"{PAGE}/{first}"), pair=first, decision="same")
    assert answer.status == 303
    assert answer.headers["location"].startswith(f"{PAGE}/{second}?said=")
    assert reader.decided() == [(first, "same", "page")]
    following = reader.get(answer.headers["location"]).text
    assert "Remembered: one person. The next run applies it." in text(following)
    assert "Pair 1 of 2" in text(following)
    assert "2 pairs wait for a decision. 1 more was decided since the run." in text(reader.get(PAGE).text)
    decided = reader.get(f"{PAGE}/{first}").text
    assert "same person" in text(decided)
    assert not any(name in decided for name in NAMES)
    back = reader.send(token=reader.token(f"{PAGE}/{first}"), pair=first, decision="undecided")
    assert back.headers["location"].startswith(f"{PAGE}/{first}?said=")
    assert "Taken back: the pair waits again." in text(reader.get(back.headers["location"]).text)
    assert reader.decided() == []


def test_the_last_pair_leads_back_to_the_list(reader: Reader) -> None:
    token = reader.token(PAGE + "/" + reader.pair(3, 4))
    for numbers in ((3, 4), (13, 14), (15, 16)):
        answer = reader.send(token=token, pair=reader.pair(*numbers), decision="different")
    assert answer.headers["location"].startswith(f"{PAGE}?said=")
    page = text(reader.get(answer.headers["location"]).text)
    assert "Remembered: two people." in page
    assert "No pair waits for a decision." in page
    assert {decision for _, decision, _ in reader.decided()} == {"different"}


def test_later_leads_on_and_keeps_nothing(reader: Reader) -> None:
    first, second = reader.pair(15, 16), reader.pair(13, 14)
    answer = reader.send(token=reader.token(f"{PAGE}/{first}"), pair=first, decision="later")
    assert answer.headers["location"] == f"{PAGE}/{second}"
    assert reader.decided() == []


def test_all_pairs_of_a_rule_with_their_number_agreed_to(reader: Reader) -> None:
    of_rule = {"token": reader.token(f"{PAGE}?rule=name_and_postcode"), "rule": "name_and_postcode"}
    wrong = reader.send(**of_rule, agreed="3", agree="1", decision="different")
    assert wrong.status == 409
    assert "3 were agreed to, but 2 wait by now." in text(wrong.text)
    assert reader.send(**of_rule, agreed="2", decision="different").status == 400
    assert reader.decided() == []
    answer = reader.send(**of_rule, agreed="2", agree="1", decision="different")
    page = text(reader.get(answer.headers["location"]).text)
    assert "Remembered of 2 pairs (same name and postcode): two people each." in page
    assert sorted(reader.decided()) == sorted((reader.pair(*two), "different", "rule") for two in ((15, 16), (13, 14)))


def test_a_program_with_the_token_of_the_api_may_decide(reader: Reader) -> None:
    pair = reader.pair(3, 4)
    (token,) = set(re.findall(r'name="token" value="([^"]+)"', reader.site.get(f"{PAGE}/{pair}").text))
    body = urlencode({"token": token, "pair": pair, "decision": "same"})
    headers = {"Content-Type": FORM, "Origin": f"http://{reader.site.host}"}
    assert reader.site.get(PAGE, method="POST", headers=headers, body=body).status == 303
    assert reader.decided() == [(pair, "same", "page")]


def test_the_next_run_applies_what_was_decided(reader: Reader) -> None:
    pair = reader.pair(3, 4)
    reader.send(token=reader.token(f"{PAGE}/{pair}"), pair=pair, decision="same")
    reader.project.run()
    page = text(reader.get(PAGE).text)
    assert "18 customer numbers with a row in a customer file are 13 people. 2 pairs wait for a decision." in page
    assert "1 customer number belongs to another person than in the run before." in page
    (first, _) = reader.project.runs()
    earlier = text(reader.get(f"{PAGE}?run={first.run_id}").text)
    assert "In this earlier run 3 pairs waited." in earlier


# What is refused


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another program on this machine
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json"},
        {"Cookie": ""},
        {"Cookie": "habitue=x"},
    ],
)
def test_what_no_page_of_ours_sent_is_refused(reader: Reader, headers: dict[str, str]) -> None:
    pair = reader.pair(15, 16)
    answer = reader.send(headers, token=reader.token(f"{PAGE}/{pair}"), pair=pair, decision="same")
    assert answer.status == 403
    assert reader.decided() == []


def test_without_the_token_of_the_session_nothing_is_decided(reader: Reader) -> None:
    pair = reader.pair(15, 16)
    other = Reader(reader.site, reader.project, entered(reader.site))
    mine, theirs = reader.token(f"{PAGE}/{pair}"), other.token(f"{PAGE}/{pair}")
    assert mine != theirs
    for token in ({}, {"token": ""}, {"token": "x"}, {"token": theirs}, {"token": "é"}):
        answer = reader.send(**token, pair=pair, decision="same")
        assert answer.status == 403
        assert "This form was not sent by a page that was opened here" in text(answer.text)
    assert reader.decided() == []


def test_no_page_that_is_kept_holds_a_token(reader: Reader) -> None:
    pages = [page for page in all_pages() if page.is_kept]
    assert "identity" not in {page.name for page in pages}
    for page in pages:
        assert 'name="token"' not in reader.get(f"/people/en/{page.name}").text


def test_a_form_that_decides_nothing_is_refused(reader: Reader) -> None:
    pair = reader.pair(15, 16)
    token = reader.token(f"{PAGE}/{pair}")
    assert reader.send(token=token, pair=pair, decision="perhaps").status == 400
    assert reader.send(token=token, pair="x", decision="same").status == 400
    assert reader.send(token=token, decision="same").status == 400
    unknown = reader.send(token=token, pair="0000000000000000-1111111111111111", decision="same")
    assert unknown.status == 409
    assert reader.send(token=token, pair=pair, decision="same", more="x" * 5000).status == 403
    assert reader.decided() == []


def test_looking_at_an_address_decides_nothing(reader: Reader) -> None:
    pair = reader.pair(15, 16)
    token = reader.token(f"{PAGE}/{pair}")
    asked = urlencode({"token": token, "pair": pair, "decision": "same"})
    for path in (f"{PAGE}?{asked}", f"{PAGE}/{pair}?{asked}"):
        assert reader.get(path).status == 200
    assert reader.site.get(f"{PAGE}/{pair}", method="POST").status == 405
    assert reader.decided() == []


def test_while_a_run_is_at_work_nothing_is_decided(reader: Reader) -> None:
    pair = reader.pair(15, 16)
    token = reader.token(f"{PAGE}/{pair}")
    with locked(reader.project.folder):
        answer = reader.send(token=token, pair=pair, decision="same")
    assert answer.status == 409
    assert "Nothing was decided" in text(answer.text)
    assert "Another run is at work" in text(answer.text)
    assert reader.decided() == []
    assert reader.send(token=token, pair=pair, decision="same").status == 303


def test_in_a_browser_without_javascript(reader: Reader, chromium: Any) -> None:
    context = chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, java_script_enabled=False)
    watched = Watched(context)
    page = watched.page
    page.goto(reader.site.url(f"/enter?key={reader.site.access.key}"))
    page.goto(reader.site.url(PAGE))
    page.get_by_role("link", name="Decide the first pair").click()
    page.get_by_role("button", name="Two people").click()
    assert "Remembered: two people. The next run applies it." in page.inner_text(".notice")
    page.get_by_role("button", name="Take it back").click()
    assert "Taken back: the pair waits again." in page.inner_text(".notice")
    page.get_by_role("button", name="Later").click()
    assert "Pair 2 of 3" in page.inner_text(".answer")
    assert reader.decided() == []
    page.goto(reader.site.url(f"{PAGE}?rule=name_and_postcode"))
    page.get_by_text("Decide all 2 pairs of this rule at once").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="All 2: two people each").click()
    assert "Remembered of 2 pairs" in page.inner_text(".notice")
    assert len(reader.decided()) == 2
    context.close()
    assert watched.faults == []
