"""The simulated shop against an independent pass over its files with DuckDB, and against the rates planted in it.

Tolerances of recovered rates are four standard errors, stated where they are used: for a fixed seed they either hold or
not, and they would hold for 9,999 seeds of 10,000.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from datetime import UTC, date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from habitue.demo.simulated_shop import SimulatedShop, simulate
from habitue.demo.simulated_shop.rates import CATEGORIES, RATES, TASTE_GROUPS

pytestmark = pytest.mark.xdist_group("simulated-shop")

YEARS = ("2024", "2025")
# beyond 1,000 customers there is a reseller
CUSTOMERS = 1_500


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SimulatedShop:
    return simulate(tmp_path_factory.mktemp("shop"), customers=CUSTOMERS, years=2, seed=7)


@pytest.fixture(scope="module")
def facts(shop: SimulatedShop) -> dict[str, Any]:
    return json.loads((shop.folder / "truth" / "facts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def db(shop: SimulatedShop) -> duckdb.DuckDBPyConnection:
    """The files as views, `till` and `web` with the calendar year of their file as `year`."""
    connection = duckdb.connect()
    for name in ("products", "stores", "card_base", "web_accounts"):
        connection.execute(f"create view {name} as from '{shop.folder}/exports/{name}.parquet'")
    for name in ("people", "identities"):
        connection.execute(f"create view {name} as from '{shop.folder}/truth/{name}.parquet'")
    for name in ("till", "web", "payments"):
        connection.execute(
            f"create view {name} as select * exclude filename, regexp_extract(filename, '_(\\d{{4}})\\.', 1) as year "
            f"from read_parquet('{shop.folder}/exports/{name}_????.parquet', filename = true)"
        )
    return connection


def one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = db.execute(query).fetchone()
    assert row is not None
    return row[0]


def by_year(db: duckdb.DuckDBPyConnection, query: str) -> dict[str, int]:
    return dict.fromkeys(YEARS, 0) | {year: int(value) for year, value in db.execute(query).fetchall()}


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# the same again


def test_same_seed_gives_the_same_bytes_in_another_process_with_another_hash_seed(tmp_path: Path) -> None:
    first = tmp_path / "first"
    simulate(first, customers=500, years=2, seed=3)
    code = (
        "import sys; from pathlib import Path; from habitue.demo.simulated_shop import simulate;"
        "simulate(Path(sys.argv[1]), customers=500, years=2, seed=3)"
    )
    second = tmp_path / "second"
    subprocess.run([sys.executable, "-c", code, str(second)], check=True, env={**os.environ, "PYTHONHASHSEED": "12"})
    assert contents(first) == contents(second)


def test_another_seed_gives_another_shop(tmp_path: Path) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for seed, folder in enumerate(folders):
        simulate(folder, customers=500, years=2, seed=seed)
    one_shop, other = (contents(folder) for folder in folders)
    same = {name for name in one_shop if one_shop[name] == other[name]}
    # the stores' dates follow from the period, the planted rates from nothing
    assert same == {"exports/stores.parquet", "truth/rates.json"}


def test_several_chunks_written_in_the_order_of_persons_whatever_the_threads_do(tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        simulate(folder, customers=40_100, years=1, seed=5, progress=lambda *parts: done.append(parts))
    assert contents(folders[0]) == contents(folders[1])
    assert done == [(1, 4), (2, 4), (3, 4), (4, 4)] * 2
    people = f"'{folders[0]}/truth/people.parquet'"
    till = f"'{folders[0]}/exports/till_*.parquet'"
    assert duckdb.execute(f"select person_id from {people}").fetchnumpy()["person_id"].tolist() == list(range(40_100))
    assert duckdb.execute(f"select count(*) = count(distinct (ticket_no, line)) from {till}").fetchall() == [(True,)]
    # a new simulation replaces the old one, also where it had more years
    simulate(folders[0], customers=10, years=1, seed=5, ends_on=date(2023, 12, 31))
    assert [p.name for p in sorted(folders[0].glob("exports/till_*"))] == ["till_2023.parquet"]


# identities of the files


def test_every_line_reconciles_to_the_cent(db: duckdb.DuckDBPyConnection) -> None:
    assert one(db, "select count(*) from till where amount <> qty * unit_price - discount") == 0
    assert one(db, "select count(*) from till where qty = 0 or sign(qty) * discount < 0 or sign(qty) * amount < 0") == 0
    assert one(db, "select count(*) from web where (line_total + line_discount) * 100 % quantity <> 0") == 0
    assert one(db, "select count(*) from web where (quantity < 0) <> (status = 'refund')") == 0
    rate = "case category when 'Books' then 55 when 'Food' then 55 when 'Gift card' then 0 else 200 end"
    worst = f"max(abs(vat_amount * 1000 - amount * {rate}))"
    # half a cent at most from the exact VAT
    assert one(db, f"select {worst} from till join products using (ean)") <= 5


def test_line_numbers_run_from_one_without_holes(db: duckdb.DuckDBPyConnection) -> None:
    assert one(db, "select count(*) from (select 1 from till group by ticket_no having max(line) <> count(*))") == 0
    assert one(db, "select count(*) from (select 1 from till group by ticket_no, line having count(*) > 1)") == 0
    heads = "sold_at, card_no, store, till, staff_flag, year"
    assert one(db, f"select count(*) = count(distinct ticket_no) from (select distinct ticket_no, {heads} from till)")
    heads = "created_at_utc, account_id, status, parent_order, year"
    assert one(db, f"select count(*) = count(distinct order_no) from (select distinct order_no, {heads} from web)")


def test_payments_sum_to_the_amount_with_vat_of_each_ticket(db: duckdb.DuckDBPyConnection) -> None:
    wrong = """
        with due as (
            select 'till' as system, ticket_no as ticket, sum(amount + vat_amount) as due from till group by ticket_no
            union all
            select 'web', order_no, sum(line_total + line_vat) filter (status <> 'cancelled') from web group by order_no
        ), paid as (select system, ticket, sum(amount) as paid, min(abs(amount)) as least from payments group by all)
        select count(*) from due full join paid using (system, ticket)
        where coalesce(due, 0) <> coalesce(paid, 0) or least = 0
    """
    assert one(db, wrong) == 0


def test_facts_equal_an_independent_pass_over_the_files(db: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    gift = "(select ean from products where category = 'Gift card')"
    back = "select ticket_no from till where qty < 0"
    sold = "select ticket_no from till where qty > 0"
    till_tickets = "select year, count(distinct ticket_no) from till where"
    web_tickets = "select year, count(distinct order_no) from web where"
    expected = {
        "till/lines": "select year, count(*) from till group by 1",
        "till/tickets": "select year, count(distinct ticket_no) from till group by 1",
        "till/amount_cents": "select year, sum(amount) * 100 from till group by 1",
        "till/vat_cents": "select year, sum(vat_amount) * 100 from till group by 1",
        "till/sale_amount_cents": (
            f"select year, sum(amount) * 100 from till where qty > 0 and ean not in {gift} group by 1"
        ),
        "till/return_lines": "select year, count(*) from till where qty < 0 group by 1",
        "till/return_quantity": "select year, sum(qty) from till where qty < 0 group by 1",
        "till/return_amount_cents": "select year, sum(amount) * 100 from till where qty < 0 group by 1",
        "till/linked_return_lines": "select year, count(original_ticket) from till group by 1",
        "till/linked_return_amount_cents": (
            "select year, sum(amount) * 100 from till where original_ticket is not null group by 1"
        ),
        "till/exchange_tickets": (f"{till_tickets} ticket_no in ({back}) and ticket_no in ({sold}) group by 1"),
        "till/return_tickets": f"{till_tickets} ticket_no not in ({sold}) group by 1",
        "till/gift_card_lines": f"select year, count(*) from till where ean in {gift} group by 1",
        "till/gift_card_amount_cents": f"select year, sum(amount) * 100 from till where ean in {gift} group by 1",
        "till/staff_tickets": f"{till_tickets} staff_flag group by 1",
        "till/b2b_tickets": (
            f"{till_tickets} card_no in (select card_no from card_base where card_base.kind = 'P') group by 1"
        ),
        "till/reseller_tickets": (
            f"{till_tickets} card_no in (select unnest(card_nos) from people where person_type = 'reseller') group by 1"
        ),
        "till/identified_tickets": f"{till_tickets} card_no in (select card_no from card_base) group by 1",
        "till/unidentified_tickets": f"{till_tickets} card_no is null group by 1",
        "till/till_card_tickets": f"{till_tickets} card_no in ('0000000001', '0000000002') group by 1",
        "till/unlabelled_tickets": f"{till_tickets} kind = '' group by 1",
        "till/gift_card_redeemed_cents": (
            "select year, sum(amount) * 100 from payments where system = 'till' and tender = 'gift_card' group by 1"
        ),
        "till/paid_cents": "select year, sum(amount) * 100 from payments where system = 'till' group by 1",
        "web/lines": "select year, count(*) from web group by 1",
        "web/tickets": "select year, count(distinct order_no) from web group by 1",
        "web/amount_cents": "select year, sum(line_total) * 100 from web group by 1",
        "web/sale_amount_cents": "select year, sum(line_total) * 100 from web where status = 'complete' group by 1",
        "web/return_lines": "select year, count(*) from web where status = 'refund' group by 1",
        "web/return_amount_cents": "select year, sum(line_total) * 100 from web where status = 'refund' group by 1",
        "web/cancelled_tickets": f"{web_tickets} status = 'cancelled' group by 1",
        "web/cancelled_amount_cents": (
            "select year, sum(line_total) * 100 from web where status = 'cancelled' group by 1"
        ),
        "web/identified_tickets": f"{web_tickets} account_id in (select account_id from web_accounts) group by 1",
        "web/unidentified_tickets": f"{web_tickets} account_id is null group by 1",
        "web/voucher_cents": (
            "select year, sum(amount) * 100 from payments where system = 'web' and tender = 'points_voucher' group by 1"
        ),
    }
    assert {name: by_year(db, query) for name, query in expected.items()} == {
        name: facts["by_year"][name] for name in expected
    }
    for name, years in facts["by_year"].items():
        assert facts["totals"][name] == sum(years.values()), name
    # every kind of row the shop promises is there
    assert all(facts["totals"][name] for name in expected)


def test_people_and_records_are_as_the_facts_say(db: duckdb.DuckDBPyConnection, facts: dict[str, Any]) -> None:
    people = facts["people"]
    start, end = date(2024, 1, 1), date(2025, 12, 31)
    assert people["persons"] == CUSTOMERS == one(db, "select count(distinct person_id) from people")
    assert people["cards"] == one(db, "select count(distinct card_no) from card_base")
    assert people["accounts"] == one(db, "select count(distinct account_id) from web_accounts")
    assert people["dropped_out"] == one(db, f"select count(*) from people where dropped_out_on <= '{end}'")
    assert people["returned"] == one(db, "select count(returned_on) from people")
    assert people["arrived_before"] == one(db, f"select count(*) from people where arrived_on < '{start}'")
    assert facts["arrived_by_year"] == by_year(
        db, f"select cast(year(arrived_on) as varchar), count(*) from people where arrived_on >= '{start}' group by 1"
    )
    for kind in ("consumer", "staff", "b2b", "reseller"):
        assert people[f"{kind}_persons"] == one(db, f"select count(*) from people where person_type = '{kind}'")
    assert people["reseller_persons"] == 1

    # the truth of the two bases, one row a record; a duplicate is a record beyond its person's first
    assert one(db, "select count(*) - count(distinct person_id) from identities") == people["duplicate_records"] > 0
    records = (
        "select 'card_base' as system, card_no as record_id from card_base union all select 'web_accounts', account_id"
    )
    assert one(db, f"select count(*) from ({records} from web_accounts) join identities using (system, record_id)") == (
        people["cards"] + people["accounts"]
    )
    listed = (
        "select 'card_base' as system, unnest(card_nos) as record_id, person_id from people union all "
        "select 'web_accounts', unnest(account_ids), person_id from people"
    )
    assert one(db, f"select count(*) from ({listed}) join identities using (system, record_id, person_id)") == (
        people["cards"] + people["accounts"]
    )
    assert one(db, "select count(*) from identities where is_second") == (
        people["second_cards"] + people["second_accounts"]
    )
    assert people["persons_with_several_records"] == one(
        db, "select count(*) from people where len(card_nos) + len(account_ids) > 1"
    )
    assert one(db, "select min(len(card_nos) + len(account_ids)) from people") >= 1
    # a first card without fault agrees with its person's account without fault or move, but for spelling
    pairs = """
        select count(*), count(*) filter (c.postcode = w.zip and c.city = w.town and c.address = w.street)
        from identities i join card_base c on i.system = 'card_base' and i.record_id = c.card_no and not i.is_second
        join identities j on j.system = 'web_accounts' and j.person_id = i.person_id and not j.has_moved
        join web_accounts w on w.account_id = j.record_id
    """
    pair_count, same_address = db.execute(pairs).fetchall()[0]
    assert pair_count == same_address > 100


def test_returns_refer_to_earlier_tickets_and_never_exceed_what_was_bought(db: duckdb.DuckDBPyConnection) -> None:
    checked = """
        with returned as (
            select original_ticket as ticket_no, ean, sum(-qty) as q, sum(-amount) as a, min(sold_at) as at
            from till where original_ticket is not null group by 1, 2
        ), bought as (
            select ticket_no, ean, sum(qty) as q, sum(amount) as a, min(sold_at) as at
            from till where qty > 0 group by 1, 2
        )
        select count(*), count(b.q), count(*) filter (r.q <= b.q and r.a <= b.a),
               min(date_diff('day', b.at, r.at)), max(date_diff('day', b.at, r.at))
        from returned r left join bought b using (ticket_no, ean)
    """
    web = checked.replace("original_ticket", "parent_order").replace("ticket_no", "order_no").replace("ean", "sku")
    web = web.replace("-qty", "-quantity").replace("qty", "quantity").replace("-amount", "-line_total")
    web = web.replace("amount", "line_total").replace("sold_at", "created_at_utc").replace("from till", "from web")
    # a day more in stores, when the day of return is a closed one; in UTC a day more or less online
    for query, shortest, longest in ((checked, 3, 61), (web, 2, 61)):
        count, found, within, least, most = db.execute(query).fetchall()[0]
        assert count == found == within > 100
        assert shortest <= least
        assert most <= longest
    assert one(db, "select count(*) from web where status = 'refund' and parent_order is null") == 0
    assert one(db, "select count(*) from till where original_ticket is not null and qty > 0") == 0
    assert one(
        db, "select count(*) from till r join till s on r.original_ticket = s.ticket_no where r.year > s.year"
    ) > 0  # fmt: skip


def test_no_sale_in_a_store_that_is_not_open(db: duckdb.DuckDBPyConnection) -> None:
    assert one(db, "select count(*) from stores where closed_on is not null") == 2
    assert one(db, "select count(*) from stores where opened_on > date '2024-01-01'") == 2
    outside = "cast(sold_at as date) < opened_on or cast(sold_at as date) > coalesce(closed_on, date '9999-01-01')"
    assert one(db, f"select count(*) from till join stores using (store) where {outside}") == 0
    assert one(db, "select count(distinct store) from till") == 12
    hours = "hour(sold_at) < 9 or hour(sold_at) >= 20 or (isodow(sold_at) = 7 and hour(sold_at) >= 13)"
    assert one(db, f"select count(*) from till where {hours}") == 0
    closed = "strftime(sold_at, '%m-%d') in ('01-01', '05-01', '12-25')"
    assert one(db, f"select count(*) from till where {closed}") == 0


def test_till_cards_are_used_more_than_five_times_a_day_on_many_days(db: duckdb.DuckDBPyConnection) -> None:
    days = """
        select card_no, count(*) filter (tickets > 5) as busy from (
            select card_no, cast(sold_at as date) as day, count(distinct ticket_no) as tickets
            from till where card_no is not null group by all
        ) group by 1 having busy > 0 order by 1
    """
    found = db.execute(days).fetchall()
    assert [card for card, _ in found] == ["0000000001", "0000000002"]
    assert min(busy for _, busy in found) >= 2 * 6
    assert one(db, "select count(*) from card_base where card_no < '0001000000'") == 0


def test_times_of_web_orders_are_utc_and_filed_by_the_paris_year(tmp_path: Path) -> None:
    shop = simulate(tmp_path, customers=3_000, years=1, seed=2)
    times = duckdb.execute(f"select distinct created_at_utc from '{shop.folder}/exports/web_2025.parquet'").fetchall()
    paris = [at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Paris")) for (at,) in times]
    assert {at.year for at in paris} == {2025}
    # three per cent of the day's orders before six, as many after eleven at night: an hour's error would show
    night = [at for at in paris if at.hour < 6]
    assert abs(len(night) / len(paris) - 0.03) < 4 * math.sqrt(0.03 * 0.97 / len(paris))
    late = [at for at in paris if at.hour == 23]
    assert abs(len(late) / len(paris) - 0.03) < 4 * math.sqrt(0.03 * 0.97 / len(paris))


# what was planted


def test_rates_found_in_the_exports_are_those_planted(tmp_path: Path) -> None:
    shop = simulate(tmp_path, customers=8_000, years=2, seed=11)
    db = duckdb.connect()
    for name in ("till", "web"):
        db.execute(f"create view {name} as from '{shop.folder}/exports/{name}_????.parquet'")
    db.execute(f"create view products as from '{shop.folder}/exports/products.parquet'")
    db.execute(f"create view people as from '{shop.folder}/truth/people.parquet'")
    planted = json.loads((shop.folder / "truth" / "rates.json").read_text(encoding="utf-8"))

    def check(found: float, true: float, variance: float) -> None:
        assert abs(found - true) <= 4 * math.sqrt(variance), (found, true, math.sqrt(variance))

    # arrivals of a year: binomial among the customers; the web's season differs by less than a tenth of a percent
    for year, expected in planted["expected_arrivals_by_year"].items():
        share = expected / shop.customers
        check(shop.facts["arrived_by_year"][year], expected, expected * (1 - share))

    # tickets without a card among store sales, till cards aside: passers-by are Poisson around what makes the share
    tickets, without = db.execute(
        "select count(*), count(*) filter (card is null) from (select any_value(card_no) as card from till "
        "group by ticket_no having min(qty) > 0 and coalesce(any_value(card_no), '') not like '00000000%')"
    ).fetchall()[0]
    true = RATES.unidentified_share
    check(without / tickets, true, true * (1 - true) / tickets)

    # lines that come back, over lines sold 61 days before the end: binomial with each category's own probability
    chances = {c.name: c.return_probability for c in CATEGORIES}
    exchanges = "select ticket_no from till where qty < 0"
    lines = db.execute(
        "select p.category, count(*) from till join products p using (ean) where qty > 0 and sold_at < '2025-11-01' "
        f"and category <> 'Gift card' and ticket_no not in ({exchanges}) group by 1"
    ).fetchall()
    linked = one(
        db,
        "select count(*) from till r join (select distinct ticket_no from till where sold_at < '2025-11-01') s "
        "on r.original_ticket = s.ticket_no",
    )
    known = 1 - RATES.original_ticket_missing_share
    expected = sum(count * chances[category] * known for category, count in lines)
    # lines of a ticket lose their original together: at most 15 lines, so 2 is a generous factor on the variance
    check(linked, expected, 2 * expected)

    # purchases of those who came before the period and never left: Poisson around their own rates, two years long
    # (cancelled orders are not purchases; the season's weights over these two years sum to 2 within 0.3 %)
    expected, purchases = db.execute(
        "select 2 * sum(purchase_rate * (1 - online_share * ?)), sum(purchases) from people "
        "where arrived_on < '2024-01-01' and dropped_out_on is null",
        [RATES.cancelled_order_share],
    ).fetchall()[0]
    check(purchases, expected, expected)

    # rates are gamma: the mean's variance is mean ** 2 / shape / n
    mean, n = db.execute("select avg(purchase_rate), count(*) from people where person_type = 'consumer'").fetchall()[0]
    check(mean, RATES.purchase_rate_mean, RATES.purchase_rate_mean**2 / RATES.purchase_rate_shape / n)
    mean = one(db, "select avg(dropout_rate) from people where person_type = 'consumer'")
    check(mean, RATES.dropout_mean, RATES.dropout_mean**2 / RATES.dropout_shape / n)

    # Pareto lifetimes: alive three years after the first purchase with (1 + mean / shape * 3) ** -shape
    alive, n = db.execute(
        "select count(*) filter (dropped_out_on is null or dropped_out_on >= arrived_on + interval 1096 day), count(*) "
        "from people where person_type <> 'reseller' and arrived_on < '2022-12-31'"
    ).fetchall()[0]
    true = (1 + RATES.dropout_mean / RATES.dropout_shape * 3) ** -RATES.dropout_shape
    check(alive / n, true, true * (1 - true) / n)

    # discounted lines among consumers' and passers-by's sales
    discounted, n = db.execute(
        f"select count(*) filter (discount > 0), count(*) from till join products using (ean) where qty > 0 and not "
        f"staff_flag and category <> 'Gift card' and ticket_no not in ({exchanges})"
    ).fetchall()[0]
    true = RATES.discounted_line_share
    check(discounted / n, true, true * (1 - true) / n)


def test_taste_groups_show_in_the_categories_bought(db: duckdb.DuckDBPyConnection) -> None:
    """Each group's share of lines in a category is `strength` of its own weights and the rest of everybody's (1/12)."""
    bought = db.execute(
        "select taste_group, category, count(*) from till join products using (ean) "
        "join (select unnest(card_nos) as card_no, taste_group, person_type from people) using (card_no) "
        "where person_type = 'consumer' and qty > 0 and category <> 'Gift card' group by all"
    ).fetchall()
    counts = {(group, category): count for group, category, count in bought}
    for group, weights in TASTE_GROUPS.items():
        n = sum(counts.get((group, c.name), 0) for c in CATEGORIES)
        for weight, category in zip(weights, CATEGORIES, strict=True):
            strength = RATES.taste_strength
            true = strength * weight / sum(weights) + (1 - strength) / len(CATEGORIES)
            found = counts.get((group, category.name), 0) / n
            assert abs(found - true) < 4 * math.sqrt(true * (1 - true) / n), (group, category.name)


# said so, and input faults


def test_everything_says_that_it_is_simulated(shop: SimulatedShop) -> None:
    notice = (shop.folder / "SIMULATED.txt").read_text(encoding="utf-8")
    for word in ("SIMULATED", "SIMULÉES", "СМОДЕЛИРОВАННЫЕ", "seed = 7"):
        assert word in notice
    for path in sorted(shop.folder.rglob("*.parquet")):
        rows = duckdb.execute(f"select key, value from parquet_kv_metadata('{path}')").fetchall()
        assert (b"simulated", b"true") in rows, path
    for path in sorted(shop.folder.rglob("*.json")):
        assert json.loads(path.read_text(encoding="utf-8"))["simulated"] is True


def test_persons_are_obviously_invented(db: duckdb.DuckDBPyConnection) -> None:
    for table, email, phone, postcode in (
        ("card_base", "email", "phone", "postcode"),
        ("web_accounts", "email", "mobile", "zip"),
    ):
        emails = (
            f"select count(*) from {table} where not regexp_matches({email}, '^[a-z0-9.-]+@example\\.(com|org|net)$')"
        )
        assert one(db, emails) == 0
        figures = f"regexp_replace(regexp_replace({phone}, '[ .]', '', 'g'), '^\\+33', '0')"
        fiction = "^0(63998|19900|26191|35301|46571|53649)[0-9]{4}$"
        assert one(db, f"select count(*) from {table} where not regexp_matches({figures}, '{fiction}')") == 0
        assert one(db, f"select count({phone}) from {table}") > 100
        assert one(db, f"select count(*) from {table} where not regexp_matches({postcode}, '^(00|96)[0-9]{{3}}$')") == 0
    assert one(db, "select count(*) from card_base where not regexp_matches(card_no, '^0[0-9]{9}$')") == 0


def test_the_returned_counts_are_those_of_the_facts(shop: SimulatedShop, facts: dict[str, Any]) -> None:
    totals = facts["totals"]
    assert shop.facts == facts
    assert (shop.starts_on, shop.ends_on) == (date(2024, 1, 1), date(2025, 12, 31))
    assert shop.lines == totals["till/lines"] + totals["web/lines"]
    assert shop.net_amount_cents == (
        totals["till/amount_cents"]
        - totals["till/gift_card_amount_cents"]
        + totals["web/amount_cents"]
        - totals["web/cancelled_amount_cents"]
    )


@pytest.mark.parametrize(
    ("ends_on", "starts_on"),
    [
        (date(2024, 2, 28), date(2023, 3, 1)),
        (date(2024, 2, 29), date(2023, 3, 1)),
        (date(2025, 6, 30), date(2024, 7, 1)),
    ],
)
def test_a_period_may_end_on_any_day_and_one_customer_is_enough(tmp_path: Path, ends_on: date, starts_on: date) -> None:
    shop = simulate(tmp_path, customers=1, years=1, seed=0, ends_on=ends_on)
    assert shop.starts_on == starts_on
    assert sorted(p.name for p in tmp_path.glob("exports/till_*")) == [
        f"till_{year}.parquet" for year in range(starts_on.year, ends_on.year + 1)
    ]
    days = f"select min(cast(sold_at as date)), max(cast(sold_at as date)) from '{tmp_path}/exports/till_*.parquet'"
    first, last = duckdb.execute(days).fetchall()[0]
    assert starts_on <= first <= last <= ends_on


def test_all_wrong_parameters_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"customers is 0: .*; years is 21: .*; seed is -1: .*; ends_on is 1899-12-31"):
        simulate(tmp_path / "none", customers=0, years=21, seed=-1, ends_on=date(1899, 12, 31))
    assert not (tmp_path / "none").exists()


def test_a_folder_with_other_exports_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    mine = tmp_path / "exports" / "till_2024.parquet"
    mine.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"no SIMULATED\.txt"):
        simulate(tmp_path, customers=10)
    assert mine.read_bytes() == b"mine"
