"""One customer explained through the real command: figures by hand, who is meant, and what is never said.

The hand-made shop, as of 31 December 2024. Consumers with a visit are four: 00017 of the tills (10.00 in March 2022,
50.00 and 30.00 at the end of 2024), 00018 (40.00 in December 2023 given back in January, then 60.00 and 40.00), 00019
(once in January 2022) and 00017 of the web shop (once). Two are repeat customers, so c = 120, N = 90 and L = 365 are
assumed; of their 180.00 of value in the window 00018 alone holds half, so v* = 100.00.
"""

from __future__ import annotations

import csv
import random
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

import habitue.project
from habitue.cli import app
from habitue.errors import UsageError
from habitue.project import Project
from habitue.report.console_customer import explanation_lines
from habitue.report.locale import LANGUAGES, Words
from habitue.segments.schemes import Scheme
from habitue.value.methods import CANDIDATES, MEASURES
from habitue.workspace.explained import Explanation
from habitue.workspace.explanations import forecast_parts
from habitue.workspace.strategic_path import strategic_checks

pytestmark = pytest.mark.xdist_group("explain")
"""One worker makes the project."""

SETTINGS = """
[project]
simulated = true
[tolerance]
rows = 1
[shared_cards]
listed = "99999"
[[populations]]
population = "staff"
customers = ["S-1", "quagmire@example.com"]
[[sale_types]]
label = "gift"
sale_type = "free"
[sources.cards]
kind = "customers"
files = "cards.csv"
customer_system = "crm"
[sources.cards.columns]
source_customer_id = "card"
last_name = "name"
email = "mail"
[sources.till]
kind = "transactions"
files = "till.csv"
tax = "excluded"
customer_system = "crm"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
net_amount = "amount"
original_transaction_id = "original"
sale_type = "kind"
[sources.web]
kind = "transactions"
files = "web.csv"
tax = "excluded"
[sources.web.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "account"
net_amount = "amount"
"""
CARDS = """card,name,mail
00017,Quagmire,quagmire@example.com
00030,Vanterpool,vanterpool@example.com
"""
TILL = """ticket,day,card,amount,original,kind
1,2022-01-05,00019,15.00,,sale
2,2022-03-10,00017,10.00,,sale
3,2024-11-01,00017,50.00,,sale
4,2024-12-11,00017,30.00,,sale
5,2023-12-20,00018,40.00,,sale
6,2024-01-10,00018,-40.00,5,return
7,2024-11-05,00018,60.00,,sale
8,2024-12-21,00018,40.00,,sale
9,2024-12-01,99999,5.00,,sale
10,2024-12-02,S-1,7.00,,sale
11,2024-12-03,00031,0.00,,gift
12,2024-12-31,,1.00,,sale
13,2025-02-01,00032,9.00,,sale
"""
WEB = """ticket,day,account,amount
1,2024-12-01,00017,25.00
2,2024-12-02,Quagmire@example.com,20.00
"""
AS_OF = date(2024, 12, 31)


def command(folder: Path, *words: str, language: str = "en", code: int = 0) -> str:
    done = CliRunner().invoke(app, ["--lang", language, words[0], "-p", str(folder), *words[1:]])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain")
    for name, text in {"habitue.toml": SETTINGS, "cards.csv": CARDS, "till.csv": TILL, "web.csv": WEB}.items():
        (folder / name).write_text(text, "utf-8")
    told = command(folder, "run", "--as-of", "2024-12-31")
    assert "expected" not in told.replace("no forecast", "")
    assert "No forecast (consumers)" in told
    return folder


@pytest.fixture(scope="module")
def project(shop: Path) -> Project:
    return habitue.project.open(shop)


def lines_of(told: str) -> list[str]:
    """Lines with single blanks."""
    return [re.sub(r" {2,}", " | ", line) for line in told.splitlines()]


def section(told: str, title: str) -> list[str]:
    """The lines below a heading."""
    lines = lines_of(told)
    start = lines.index(title) + 2
    return lines[start : lines.index("", start) if "" in lines[start:] else None]


def test_figures_by_hand(shop: Path) -> None:
    told = command(shop, "explain", "crm:00017")
    assert lines_of(told)[0] == "Customer crm:00017 as of 31 Dec 2024"
    assert "SIMULATED DATA" in told
    assert section(told, "Purchases (consumers)") == [
        "Visits | 3 visits, from 10 Mar 2022 to 11 Dec 2024",
        "Net after returns | €90.00",
        "Window, 1 Jan 2024 – 31 Dec 2024 | 2 visits, €80.00",
    ]
    lines = lines_of(told)
    assert "Strategic segments: Loyal" in lines
    rule = "Two visits or more, the last one at most 120 days ago, and purchases worth less than €100.00 in 12 months."
    origin = "31 Dec 2024; c and N are assumed, 2 repeat customers are too few to measure them"
    assert [f"Rule | {rule}" in lines, f"Thresholds of | {origin}" in lines] == [True, True]
    questions = [line for line in lines if line.startswith(("Last visit", "Two visits or more?", "Value of"))]
    assert questions == [
        "Last visit longer ago than L? | 20 days | L = 365 days | no",
        "Two visits or more? | 3 visits | 2 visits | yes",
        "Last visit within the cycle c? | 20 days | c = 120 days | yes",
        "Value of the window v* or more? | €80.00 | v* = €100.00 | no",
    ]
    # 5 × (3 − 1/2) / 4 = 3.1, so 4; two visits are those of half of the customers, so fixed thresholds.
    assert section(told, "Scores")[2:] == [
        "Recency | 20 days ago | 4 | 20 days ago | quantiles",
        "Frequency | 2 visits | 2 | 2 visits | fixed thresholds",
        "Value | €80.00 | 4 | €80.00 | quantiles",
    ]
    assert section(told, "Segments by scores")[2:] == [
        "standard ten | Potential loyalists | R 4–5, F 2–3",
        "standard nine | Potential loyalists | R 4–5, F 2–3",
    ]
    # At the end of 2022 one visit 296 days ago, a year later 661.
    assert section(told, "Strategic segment at earlier dates, by what was known then")[2:] == [
        "31 Dec 2023 | Lost | 1 | 661 days ago | €0.00",
        "31 Dec 2022 | One-off | 1 | 296 days ago | €10.00",
    ]
    assert "There is no forecast for this customer." in lines
    assert "No forecast (consumers): of 4 customers, 2 came back; at least 10 are needed" in told
    definitions = [line.partition(":")[0] for line in section(told, "Definitions")]
    assert {"Visit", "Purchase cycle (c)", "L, lost after", "v*, core from", "Window", "Score"} <= {*definitions}
    assert "t_x" not in definitions


def test_the_past_knows_nothing_of_a_later_return(shop: Path) -> None:
    told = command(shop, "explain", "00018")
    assert "Strategic segments: Core" in told
    assert section(told, "Purchases (consumers)")[0] == "Visits | 2 visits, from 5 Nov 2024 to 21 Dec 2024"
    history = section(told, "Strategic segment at earlier dates, by what was known then")[2:]
    assert history == ["31 Dec 2023 | New | 1 | 11 days ago | €40.00", "31 Dec 2022 | not known yet | – | – | –"]


def test_a_number_of_two_systems(shop: Path) -> None:
    told = command(shop, "explain", "00017", code=2)
    assert told.splitlines() == [
        "Error: 00017 is the number of several customers. Say which of them: crm:00017, web:00017"
    ]
    assert "1 visit, on 1 Dec 2024" in command(shop, "explain", "web:00017")


def test_unknown_customers(shop: Path, project: Project) -> None:
    for asked in ("17", "crm:17", "shop:00017", "Quagmire", "%"):
        with pytest.raises(UsageError) as raised:
            project.explain(asked)
        assert [told.code for told in raised.value.messages] == ["explain.unknown"]
    told = command(shop, "explain", "17", code=2)
    assert told.startswith("Error: There is no customer 17 in run ")
    for nobody in ("", "  "):
        assert command(shop, "explain", nobody, code=2).startswith("Error: Say which customer: the number as its")
    assert "leading zeros count" in told
    with pytest.raises(UsageError) as raised:
        project.explain("00032")  # bought after the as-of date
    assert [told.code for told in raised.value.messages] == ["explain.not_in_run"]
    with pytest.raises(UsageError) as raised:
        project.explain("00018", run="no-such-run")
    assert [told.code for told in raised.value.messages] == ["run.unknown"]


def test_who_has_no_segment(shop: Path) -> None:
    shared = command(shop, "explain", "99999")
    assert "This number is a shared card (listed in the settings)" in shared
    assert "left out" not in shared
    assert "1 visit, on 1 Dec 2024" in shared
    assert "Staff are left out of segments and forecasts by the settings" in command(shop, "explain", "S-1")
    gift = command(shop, "explain", "00031")
    assert "No visit up to 31 Dec 2024: there are lines from 3 Dec 2024 to 3 Dec 2024 (lines that count: 0)" in gift
    assert "Not yet customer in every segmentation" in gift
    member = command(shop, "explain", "00030")
    assert "No purchase up to 31 Dec 2024: known by name or card only." in member
    assert "Not yet customer in every segmentation" in member
    for told in (shared, gift, member):
        assert "Scores" not in told
        assert "There is no forecast" not in told


def test_an_opaque_id_says_nothing_of_the_number(shop: Path, project: Project) -> None:
    numbers = project.show("customers", personal_data=True).to_pylist()
    assert {"00017", "00030", "99999"} <= {row["customer_number"] for row in numbers}
    for row in numbers:
        told = command(shop, "explain", row["customer_id"])
        assert told.startswith(f"Customer {row['customer_id']} as of")
        assert row["customer_number"] not in told
        assert not re.search("quagmire|vanterpool|example", told, re.IGNORECASE)


def test_every_language_has_all_words(project: Project) -> None:
    for asked in ("crm:00017", "00018", "00019", "web:00017", "99999", "S-1", "00030", "00031"):
        explained = project.explain(asked)
        for language in LANGUAGES:
            told = "\n".join(explanation_lines(explained, Words(language, strict=True)))
            assert not re.search(r"explain\.\w|\{\w+\}|\bNone\b", told)
    assert "Segments stratégiques\u00a0: Fidèles" in command(project.folder, "explain", "crm:00017", language="fr")
    assert "Стратегические сегменты: Лояльные" in command(project.folder, "explain", "crm:00017", language="ru")


def test_an_e_mail_address_is_a_number_without_capitals(shop: Path) -> None:
    assert "1 visit, on 2 Dec 2024" in command(shop, "explain", "QUAGMIRE@example.com")


LARGE = """
[value]
forecast = "{forecast}"
[rfm]
scoring = "both"
[rfm.monetary_weights]
online = 1.5
[segmentations.house]
rules = [{{segment = "Good", recency = [4, 5]}}, {{segment = "Asleep", frequency = [1, 2]}}]
[sources.till]
kind = "transactions"
files = "sales.csv"
tax = "excluded"
[sources.till.columns]
transaction_id = "ticket"
sold_at = "day"
source_customer_id = "card"
net_amount = "amount"
sales_channel = "channel"
"""


def sales() -> list[tuple[int, date, str, int, str]]:
    """80 customers over three years: some once, some often, the last of them on the last day."""
    chance = random.Random(5)
    rows = [(0, date(2022, 1, 1), "K0", 10, "store"), (1, AS_OF, "K0", 10, "online")]
    for customer in range(80):
        day = date(2022, 1, 1) + timedelta(days=chance.randrange(900))
        for _ in range(chance.choice([1, 2, 4, 9, 20])):
            rows.append(
                (len(rows), day, f"K{customer}", chance.choice([5, 20, 20, 90]), chance.choice(["store", "online"]))
            )
            day += timedelta(days=chance.choice([10, 40, 100]))
            if day > AS_OF:
                break
    return rows


def made(folder: Path, forecast: str) -> Project:
    with (folder / "sales.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ticket", "day", "card", "amount", "channel"), *sales()])
    (folder / "habitue.toml").write_text(LARGE.format(forecast=forecast), "utf-8")
    return habitue.project.open(folder)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = made(tmp_path_factory.mktemp("large"), "mean_naive_process")
    told = command(project.folder, "run")
    (line,) = [line for line in told.splitlines() if "expected" in line]
    assert line.startswith("Consumers, 1 Jan 2025 – 31 Dec 2025: €")
    assert "net after returns (95% interval €" in line
    assert "forecast: mean of last period, own rate and Pareto/NBD (set by you); best naive line, " in line
    assert f"critical customers: {project.show('critical_customers').num_rows}" in line
    return project


@pytest.fixture(scope="module")
def explained(large: Project) -> Explanation:
    return large.explain("K0")


def test_the_questions_lead_to_the_stored_segment(large: Project) -> None:
    scheme = Scheme.from_plain(large.runs()[-1].manifest["segmentation"])
    stored = {
        r["customer_id"]: r["segment"]
        for r in large.show("assignments").to_pylist()
        if r["segmentation"] == "strategic"
    }
    ends = {("lost", True): "lost", ("core", True): "core", ("core", False): "loyal", ("in_cycle", False): "slipping",
            ("new", True): "new", ("new", False): "one_off"}  # fmt: skip
    met = set()
    for row in large.show("rfm").to_pylist():
        limits = scheme.calibrations[row["population"]]
        last = strategic_checks(row["visits_count"], row["recency_days"], row["weighted_monetary"], limits)[-1]
        assert ends[last.code, last.holds] == stored[row["customer_id"]]
        met.add((last.code, last.holds))
    assert len(met) >= 5


def test_a_mean_of_several_forecasts_adds_up(large: Project, explained: Explanation) -> None:
    (buyer,) = explained.buyers
    mine = [row for row in sales() if row[2] == "K0"]
    assert buyer.forecast is not None
    parts = buyer.forecast.parts
    recent = sum(row[3] for row in mine if row[1] > AS_OF - timedelta(days=365))
    own = sum(row[3] for row in mine) / (AS_OF - date(2022, 1, 1)).days * 365
    assert parts["last_period"] == recent * 100
    assert parts["own_rate"] == round(own * 100)
    expected = buyer.forecast.expected
    assert sum(parts.values()) == pytest.approx(3 * expected["expected_amount"], abs=2)
    days = sorted({row[1] for row in mine})
    assert (buyer.forecast.repeat_visits, buyer.forecast.repeat_days) == (len(days) - 1, (days[-1] - days[0]).days)
    assert buyer.forecast.observed_days == 1095
    told = command(large.folder, "explain", "K0")
    (how,) = [line for line in lines_of(told) if line.startswith("How the amount is made")]
    assert re.search(
        r"The mean of 3 amounts: last period repeated €[\d,.]+, own mean rate €[\d,.]+ and Pareto/NBD", how
    )
    assert "Visits times spend is only one of them" in how
    assert "Value, weighted" in told
    assert "shown beside, makes no segment" in told
    assert "own rule" not in told
    definitions = [line.partition(":")[0] for line in section(told, "Definitions")]
    assert {"x, repeat visits", "t_x", "T", "Probability of being active", "80% and 95% interval"} <= {*definitions}


def test_critical_customers_and_the_others(large: Project) -> None:
    named = large.show("critical_customers").to_pylist()
    best = min(named, key=lambda row: row["place"])
    everybody = {row["customer_id"] for row in large.show("expected_revenue").to_pylist()}
    other = min(everybody - {row["customer_id"] for row in named})
    told = command(large.folder, "explain", best["customer_id"])
    assert f"Rank 1 of the {len(named)} customers expected to make 40.0%." in told
    told = command(large.folder, "explain", other)
    least = min(row["expected_amount"] for row in named)
    assert f"Not among them: {len(named)} customers are expected to make 40.0%" in told
    assert Words("en").money(least, "EUR") in told


def test_parts_of_a_forecast() -> None:
    naive = {"last_period": 600.0, "own_rate": 300.4}
    expected = {"expected_visits": 3.0, "expected_spend_amount": 100, "expected_amount": 400}
    assert forecast_parts("pareto_nbd_all", {**expected, "expected_amount": 301}, naive) == {"pareto_nbd_all": 301}
    assert forecast_parts("pareto_nbd_all", {**expected, "expected_amount": 310}, naive) == {}
    assert forecast_parts("last_period", {**expected, "expected_amount": 600}, naive) == {"last_period": 600}
    assert forecast_parts("rfm_cell", expected, naive) == {"rfm_cell": 400}
    # The visits' spend may be a whole half unit off: 3 × 400 − 600 − 300.4 = 299.6.
    assert forecast_parts("mean_naive_process", expected, naive) == {
        "last_period": 600, "own_rate": 300, "pareto_nbd_all": 300,
    }  # fmt: skip
    assert forecast_parts("mean_naive_process", {**expected, "expected_amount": 500}, naive) == {}
    assert forecast_parts("mean_process_learner", expected, naive) == {"pareto_nbd_all": 300, "learner_windowed": 500}
    assert forecast_parts("a forecast of another version", expected, naive) == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("forecast", CANDIDATES)
@pytest.mark.parametrize("measure", MEASURES)
def test_every_forecast_has_its_words(explained: Explanation, language: str, forecast: str, measure: str) -> None:
    (buyer,) = explained.buyers
    assert buyer.forecast is not None
    known = buyer.forecast
    others = replace(
        known,
        brought_amount=0,
        model={**known.model, "model": forecast, "measure": measure, "discount_rate": 0.1},
        expected={**known.expected, "present_amount": 1},
        parts=forecast_parts(forecast, known.expected, {}),
    )
    shown = replace(explained, buyers=(replace(buyer, forecast=others),))
    told = "\n".join(explanation_lines(shown, Words(language, strict=True)))
    assert not re.search(r"explain\.\w|\{\w+\}|\bNone\b", told)
    assert Words(language).text(f"explain.no_spend.{measure}") in told


def test_where_no_model_is_fitted_the_amount_is_visits_times_spend(tmp_path: Path) -> None:
    """Twenty customers with two visits each: too few for a model, enough came back.

    C0: 40.00 on 1 January 2024 and 60.00 a year later, as of the end of 2025: 730 days, 100.00; over 365 days 50.00,
    from 2 / 730 x 365 = 1 visit of 50.00.
    """
    rows = [
        (f"{at}-{when}", day, f"C{at}", amount)
        for at in range(20)
        for when, (day, amount) in enumerate([("2024-01-01", 40), ("2025-01-01", 60)])
    ]
    with (tmp_path / "till.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("ticket", "day", "card", "amount"), *rows])
    settings = LARGE.partition("[sources.till]")[2].replace('"sales.csv"', '"till.csv"')
    settings = settings.replace('sales_channel = "channel"\n', "")
    (tmp_path / "habitue.toml").write_text(f"[sources.till]{settings}", "utf-8")
    command(tmp_path, "run", "--as-of", "2025-12-31")
    told = command(tmp_path, "explain", "C0")
    lines = lines_of(told)
    assert "Forecast used | own mean rate (too few customers for a model)" in lines
    assert "Expected net | €50.00" in lines
    assert "Expected visits × spend per visit | 1.00 × €50.00 ≈ €50.00" in lines
    assert "No model can be fitted, so these are" in told
    assert "purchase process that stands beside" not in told
    definitions = [line.partition(":")[0] for line in section(told, "Definitions")]
    assert "t_x" in definitions
    assert not {"Expected visits", "Expected spend per visit"} & {*definitions}


def test_no_spend_is_told_of_what_is_forecast(explained: Explanation) -> None:
    (buyer,) = explained.buyers
    assert buyer.forecast is not None
    margin = replace(buyer.forecast, model={**buyer.forecast.model, "measure": "margin"})
    for forecast, expected in ((replace(margin, brought_amount=-5), True), (margin, False)):
        shown = replace(explained, buyers=(replace(buyer, forecast=forecast, net_amount=1_000),))
        told = "\n".join(explanation_lines(shown, Words("en")))
        assert ("Margin per visit so far is not positive" in told) is expected


def test_a_busy_number_without_a_busy_day_is_nobodys_suspect(explained: Explanation) -> None:
    row = {"is_set_apart": False, "reason": "worth_a_look", "tickets_count": 12, "most_tickets_a_day": 1}
    for busy, expected in ((0, False), (1, True)):
        shown = replace(explained, shared_card={**row, "busy_days_count": busy})
        assert ("Many people may use this number" in "\n".join(explanation_lines(shown, Words("en")))) is expected


def test_tables_of_people_show_the_best_first(large: Project) -> None:
    expected = [(-row["expected_amount"], row["customer_id"]) for row in large.show("expected_revenue").to_pylist()]
    assert expected == sorted(expected)
    for name in ("critical_customers", "rising", "fading"):
        named = [(row["place"], row["customer_id"]) for row in large.show(name).to_pylist()]
        assert named == sorted(named)
    customers = large.show("customers")["customer_id"].to_pylist()
    assert customers == sorted(customers)
