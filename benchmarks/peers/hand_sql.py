"""From staged lines to the yearly matrix of the simulated shop, in SQL written by hand for DuckDB.

What a good analyst would write for this shop and its rules: one currency, numbered tills, no label but those of the
shop. Data that would need more stop the script instead of being treated wrongly.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

RETURN_DAYS = 365
MACROS = """
CREATE MACRO half_even(x, d) AS sign(x)::BIGINT * (abs(x) // d + CASE
    WHEN 2 * (abs(x) % d) > d OR (2 * (abs(x) % d) = d AND (abs(x) // d) % 2 = 1) THEN 1 ELSE 0 END);
CREATE MACRO within(x, low, high) AS least(greatest(x, low), high);
"""
LINES = """
CREATE VIEW staged AS SELECT * FROM read_parquet([$till, $web]) WHERE sold_on <= $as_of;
-- a card with more than five tickets a day on three days of the last year is a till card
CREATE TEMP TABLE till_cards AS
SELECT source_customer_id FROM (
    SELECT source_customer_id, sold_on FROM (
        SELECT DISTINCT source_customer_id, sold_on, source, transaction_id FROM staged
        WHERE source_customer_id IS NOT NULL AND sold_on > $year_before)
    GROUP BY ALL HAVING count(*) > 5)
GROUP BY ALL HAVING count(*) >= 3;
CREATE TEMP TABLE professionals AS
SELECT DISTINCT source_customer_id FROM read_parquet($card_base) WHERE lower(population_label) = 'p';
CREATE TEMP TABLE goods AS
SELECT sku, cost_amount, lower(category) = 'gift card' AS is_gift_card
FROM read_parquet($articles);
-- counted lines: cancelled orders, gift cards sold and lines worth nothing are no purchase
CREATE VIEW counted AS
SELECT l.file_id, l.row_number, l.source, l.transaction_id, l.line_number, l.sold_at, l.sold_on, l.store_id,
    l.sales_channel, l.sku, l.quantity, l.net_amount AS net, l.original_transaction_id,
    l.source_customer_id AS customer_id, g.cost_amount AS unit_cost,
    CASE WHEN t.source_customer_id IS NOT NULL THEN 'shared_card' WHEN lower(l.population_label) = 'true' THEN 'staff'
        WHEN p.source_customer_id IS NOT NULL THEN 'b2b' ELSE 'consumer' END AS population
FROM staged l LEFT JOIN goods g ON l.sku = g.sku
LEFT JOIN till_cards t ON l.source_customer_id = t.source_customer_id
LEFT JOIN professionals p ON l.source_customer_id = p.source_customer_id
WHERE l.net_amount <> 0 AND NOT coalesce(g.is_gift_card, false)
    AND NOT coalesce(l.source = 'web' AND lower(l.sale_type_label) = 'cancelled', false);
"""
CHECKS = {
    "a ticket stands in two files": """
        SELECT count(*) FROM (
            SELECT 1 FROM staged GROUP BY source, transaction_id HAVING min(file_id) <> max(file_id))""",
    "there is foreign currency": "SELECT count(*) FROM staged WHERE currency IS DISTINCT FROM 'EUR'",
}
RETURNS = """
CREATE TEMP TABLE back AS
SELECT *, -net AS amount, CASE WHEN population <> 'shared_card' THEN customer_id END AS person,
    row_number() OVER (ORDER BY sold_at, source, transaction_id, line_number, file_id, row_number) AS n
FROM counted WHERE net < 0;
CREATE TEMP TABLE asked AS
SELECT DISTINCT source, coalesce(original_transaction_id, transaction_id) AS ticket FROM back;
CREATE TEMP TABLE on_ticket AS
SELECT file_id, row_number, source, transaction_id, line_number, sold_at, sold_on, sku, net, customer_id, population,
    sum(net) OVER (PARTITION BY source, transaction_id, sku ORDER BY line_number, file_id, row_number) AS upto
FROM counted SEMI JOIN asked ON counted.source = asked.source AND counted.transaction_id = asked.ticket WHERE net > 0;
CREATE TEMP TABLE tickets AS
SELECT source, transaction_id AS ticket, min(sold_at) AS first_at, max(sold_at) AS last_at, min(sold_on) AS sold_on
FROM on_ticket GROUP BY ALL;
-- a return beside a sale on its own ticket is an exchange, and nets there; else a stated ticket is meant, or looked for
CREATE TEMP TABLE aim AS
SELECT b.n, b.source, b.sku, b.person, b.sold_at, b.sold_on, b.amount, b.original_transaction_id AS ticket,
    CASE WHEN b.original_transaction_id IS NOT NULL THEN 'stated' WHEN t.ticket IS NOT NULL THEN 'exchange'
        ELSE 'open' END AS kind, t.first_at, t.last_at, t.sold_on AS ticket_on
FROM back b LEFT JOIN tickets t
    ON b.source = t.source AND coalesce(b.original_transaction_id, b.transaction_id) = t.ticket;
"""
RETURN_CHECKS = {
    "a stated ticket is unknown, or not before its return": """
        SELECT count(*) FROM aim WHERE kind = 'stated' AND (first_at IS NULL OR last_at > sold_at)""",
    "a return stands on the ticket of an earlier day": """
        SELECT count(*) FROM aim WHERE kind = 'exchange' AND ticket_on <> sold_on""",
    "a return names no article": "SELECT count(*) FROM aim WHERE sku IS NULL",
    "a stated ticket has not the article": """
        SELECT count(*) FROM aim ANTI JOIN on_ticket s
        ON aim.source = s.source AND aim.ticket = s.transaction_id AND aim.sku = s.sku WHERE kind = 'stated'""",
}
STATED = """
-- what returns take from an article of a ticket, in time order, lies on its lines, in ticket order, as on a ruler
CREATE TEMP TABLE parts AS
WITH ruler AS (
    SELECT *, sum(amount) OVER (PARTITION BY source, ticket, sku ORDER BY n) AS upto FROM aim WHERE kind = 'stated')
SELECT r.n, s.file_id, s.row_number, least(r.upto, s.upto) - greatest(r.upto - r.amount, s.upto - s.net) AS part,
    s.customer_id, s.population, s.sold_on, r.sold_on AS returned_on
FROM ruler r JOIN on_ticket s ON r.source = s.source AND r.ticket = s.transaction_id AND r.sku = s.sku
WHERE least(r.upto, s.upto) > greatest(r.upto - r.amount, s.upto - s.net);
-- the others go to the customer's own purchases of the article, the latest first: one return of each after the other
CREATE TEMP TABLE searching AS
SELECT *, row_number() OVER (PARTITION BY person, sku ORDER BY n) AS round FROM aim
WHERE kind = 'open' AND person IS NOT NULL;
CREATE TEMP TABLE owned AS
SELECT c.file_id, c.row_number, c.source, c.transaction_id, c.line_number, c.sold_at, c.sold_on, c.sku, c.net,
    c.customer_id, c.population, c.net - coalesce(t.taken, 0) AS remaining
FROM counted c SEMI JOIN searching s ON c.customer_id = s.person AND c.sku = s.sku
LEFT JOIN (SELECT file_id, row_number, sum(part)::BIGINT AS taken FROM parts GROUP BY ALL) t
    ON c.file_id = t.file_id AND c.row_number = t.row_number
WHERE c.net > 0;
"""
ROUND = f"""
CREATE OR REPLACE TEMP TABLE found AS
SELECT n, file_id, row_number, least(remaining, amount - (upto - remaining)) AS part, customer_id, population, sold_on,
    returned_on
FROM (SELECT s.n, s.amount, s.sold_on AS returned_on, o.*, sum(o.remaining) OVER (PARTITION BY s.n ORDER BY
        o.sold_at DESC, o.source, o.transaction_id, o.line_number, o.file_id, o.row_number) AS upto
    FROM searching s JOIN owned o ON s.person = o.customer_id AND s.sku = o.sku
    WHERE s.round = $round AND o.remaining > 0 AND o.sold_at <= s.sold_at AND o.sold_on >= s.sold_on - {RETURN_DAYS})
WHERE upto - remaining < amount;
INSERT INTO parts SELECT * FROM found;
UPDATE owned SET remaining = remaining - part FROM found
WHERE owned.file_id = found.file_id AND owned.row_number = found.row_number;
"""
DAYS = """
CREATE TEMP TABLE taken AS SELECT file_id, row_number, sum(part)::BIGINT AS taken FROM parts GROUP BY ALL;
CREATE TEMP TABLE given AS SELECT n, sum(part)::BIGINT AS given FROM parts GROUP BY ALL;
DROP TABLE on_ticket; DROP TABLE owned; DROP TABLE searching; DROP TABLE tickets; DROP TABLE asked; DROP TABLE found;
-- every line as it stands after returns; a return above its stated ticket is not there at all
CREATE VIEW kept AS
SELECT c.customer_id, c.population, c.sold_on, c.source, c.transaction_id, c.store_id, c.sales_channel, c.quantity,
    c.unit_cost, c.net, c.net - coalesce(t.taken, 0) AS kept, 1 AS is_sale
FROM counted c LEFT JOIN taken t ON c.file_id = t.file_id AND c.row_number = t.row_number WHERE c.net > 0
UNION ALL
SELECT b.customer_id, b.population, b.sold_on, b.source, b.transaction_id, b.store_id, b.sales_channel, b.quantity,
    b.unit_cost, CASE WHEN a.kind = 'stated' THEN -g.given ELSE b.net END,
    CASE a.kind WHEN 'stated' THEN 0 WHEN 'exchange' THEN b.net ELSE b.net + coalesce(g.given, 0) END, 0
FROM back b JOIN aim a USING (n) LEFT JOIN given g USING (n) WHERE a.kind <> 'stated' OR g.given > 0;
CREATE VIEW valued AS
SELECT *, half_even(unit_cost * round(abs(quantity) * 1000)::BIGINT, 1000000) AS cost FROM kept
WHERE customer_id IS NOT NULL;
-- (left to itself, DuckDB expects few lines and keeps all of them in memory to join what was taken)
SET disabled_optimizers = 'build_side_probe_side';
CREATE TEMP TABLE ticket_days AS
SELECT customer_id, population, sold_on, source, transaction_id, sales_channel, store_id, sum(is_sale)::BIGINT AS sales,
    sum(kept)::BIGINT AS kept, sum(CASE WHEN is_sale = 1 AND kept > 0 THEN kept ELSE 0 END)::BIGINT AS payable,
    sum(CASE WHEN cost IS NULL THEN half_even(kept * 400000, 1000000) WHEN kept = net THEN kept - sign(net) * cost
        WHEN kept = 0 THEN 0 ELSE kept - sign(cost * kept)::BIGINT * (abs(cost * kept) // abs(net)) END)::BIGINT
        AS margin,
    count(*) - count(cost) AS assumed
FROM valued GROUP BY ALL;
RESET disabled_optimizers;
CREATE TEMP TABLE vouchers AS
SELECT source, transaction_id, sum(paid_amount)::BIGINT AS paid FROM read_parquet($payments)
WHERE lower(tender) = 'points_voucher' GROUP BY ALL HAVING paid > 0;
CREATE TEMP TABLE rewarded AS
SELECT customer_id, population, sold_on, sum(least(paid, payable))::BIGINT AS reward
FROM ticket_days JOIN vouchers USING (source, transaction_id) GROUP BY ALL;
CREATE TEMP TABLE main_places AS
WITH places AS (
    SELECT customer_id, population, sold_on, sales_channel, store_id, sum(kept) AS worth FROM ticket_days
    SEMI JOIN (SELECT customer_id, population, sold_on FROM ticket_days GROUP BY ALL HAVING count(*) > 1)
    USING (customer_id, population, sold_on) GROUP BY ALL),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id, population, sold_on
            ORDER BY worth DESC, store_id NULLS LAST) AS store_place,
        sum(worth) OVER (PARTITION BY customer_id, population, sold_on, sales_channel) AS channel_worth
    FROM places)
SELECT customer_id, population, sold_on, min(store_id) FILTER (WHERE store_place = 1) AS store_id,
    first(sales_channel ORDER BY channel_worth DESC, sales_channel) AS sales_channel
FROM ranked GROUP BY ALL;
CREATE TEMP TABLE days AS
SELECT d.customer_id, d.population, d.sold_on, d.tickets_count, d.lines_count, d.net_amount,
    coalesce(r.reward, 0) AS reward_amount, d.margin_amount, d.margin_is_assumed,
    coalesce(m.sales_channel, d.sales_channel) AS sales_channel,
    CASE WHEN m.customer_id IS NULL THEN d.store_id ELSE m.store_id END AS store_id
FROM (SELECT customer_id, population, sold_on, count(*) FILTER (WHERE sales > 0) AS tickets_count,
        sum(sales)::BIGINT AS lines_count, sum(kept)::BIGINT AS net_amount, sum(margin)::BIGINT AS margin_amount,
        sum(assumed) > 0 AS margin_is_assumed, min(sales_channel) AS sales_channel, min(store_id) AS store_id
    FROM ticket_days GROUP BY ALL) d
LEFT JOIN rewarded r USING (customer_id, population, sold_on)
LEFT JOIN main_places m USING (customer_id, population, sold_on);
COPY (SELECT * FROM days WHERE net_amount > 0) TO $visits (FORMAT parquet, COMPRESSION zstd);
"""
STATES = """
-- days as they are known now, and what later returns took back, counted until then
CREATE TEMP TABLE known AS
WITH moves AS (
    SELECT customer_id, population, sold_on, net_amount, net_amount - reward_amount AS value, DATE '9999-12-31' AS until
    FROM days WHERE population IN ('consumer', 'b2b')
    UNION ALL
    SELECT customer_id, population, sold_on, part, part, returned_on - 1 FROM parts
    WHERE returned_on > sold_on AND customer_id IS NOT NULL AND population IN ('consumer', 'b2b'))
SELECT customer_id, population, sold_on, max(until) AS until,
    sum(net_amount) FILTER (WHERE until > $as_of)::BIGINT AS net_0,
    sum(value) FILTER (WHERE until > $as_of)::BIGINT AS value_0,
    sum(net_amount) FILTER (WHERE until >= $year_before)::BIGINT AS net_1,
    sum(value) FILTER (WHERE until >= $year_before)::BIGINT AS value_1
FROM moves GROUP BY customer_id, population, sold_on;
CREATE TEMP TABLE states AS
SELECT customer_id, population, min(sold_on) FILTER (WHERE net_0 > 0) AS first_on,
    count(*) FILTER (WHERE net_0 > 0) AS visits_0, max(sold_on) FILTER (WHERE net_0 > 0) AS last_0,
    count(*) FILTER (WHERE net_0 > 0 AND sold_on > $year_before) AS frequency_0,
    coalesce(sum(net_0) FILTER (WHERE sold_on > $year_before), 0)::BIGINT AS net_0,
    coalesce(sum(value_0) FILTER (WHERE sold_on > $year_before), 0)::BIGINT AS money_0,
    count(*) FILTER (WHERE net_1 > 0 AND sold_on <= $year_before) AS visits_1,
    max(sold_on) FILTER (WHERE net_1 > 0 AND sold_on <= $year_before) AS last_1,
    coalesce(sum(net_1) FILTER (WHERE sold_on > $two_before AND sold_on <= $year_before), 0)::BIGINT AS net_1,
    coalesce(sum(value_1) FILTER (WHERE sold_on > $two_before AND sold_on <= $year_before), 0)::BIGINT AS money_1
FROM known GROUP BY ALL HAVING visits_0 > 0 OR visits_1 > 0;
"""
RFM = """
CREATE TEMP TABLE buyers AS SELECT *, last_0 - $as_of::DATE AS freshness FROM states WHERE visits_0 > 0;
CREATE MACRO scored(value) AS TABLE
SELECT population, value AS at, ceil(5 * (2 * sum(count(*)) OVER (PARTITION BY population ORDER BY value) - count(*))
    / (2 * sum(count(*)) OVER (PARTITION BY population)))::BIGINT AS score
FROM buyers GROUP BY population, value;
CREATE TEMP TABLE fixed AS
SELECT population FROM (SELECT population, frequency_0, count(*) AS c FROM buyers GROUP BY ALL)
GROUP BY population HAVING max(c) * 5 > sum(c);
CREATE TEMP TABLE rfm AS
SELECT b.customer_id, b.population, b.first_on AS first_visit_on, b.last_0 AS last_visit_on, b.visits_0 AS visits_count,
    -b.freshness AS recency_days, b.frequency_0 AS frequency, b.net_0 AS net_amount, b.money_0 AS monetary,
    r.score AS recency_score, CASE WHEN x.population IS NULL THEN f.score WHEN b.frequency_0 >= 10 THEN 5
        WHEN b.frequency_0 >= 5 THEN 4 WHEN b.frequency_0 >= 3 THEN 3 WHEN b.frequency_0 >= 2 THEN 2 ELSE 1 END
    AS frequency_score, m.score AS monetary_score
FROM buyers b JOIN (FROM scored(freshness)) r ON b.population = r.population AND b.freshness = r.at
JOIN (FROM scored(frequency_0)) f ON b.population = f.population AND b.frequency_0 = f.at
JOIN (FROM scored(money_0)) m ON b.population = m.population AND b.money_0 = m.at
LEFT JOIN fixed x ON b.population = x.population;
COPY rfm TO $rfm (FORMAT parquet, COMPRESSION zstd);
"""
SEGMENTS = """
CREATE TEMP TABLE gaps AS
SELECT population, sold_on - before AS gap, gaps, place = 2 AS is_first, count(*) AS c FROM (
    SELECT population, sold_on, lag(sold_on) OVER w AS before, row_number() OVER w AS place,
        count(*) OVER (PARTITION BY customer_id, population) - 1 AS gaps
    FROM days WHERE net_amount > 0 AND population IN ('consumer', 'b2b')
    WINDOW w AS (PARTITION BY customer_id, population ORDER BY sold_on))
WHERE place > 1 GROUP BY ALL;
CREATE MACRO lower_quantile(only_first) AS TABLE
SELECT population, min(gap) AS days FROM (
    SELECT population, gap, sum(sum(w)) OVER (PARTITION BY population ORDER BY gap) AS running,
        sum(sum(w)) OVER (PARTITION BY population) AS whole
    FROM (SELECT population, gap, CASE WHEN only_first THEN c ELSE c / gaps END AS w FROM gaps
        WHERE is_first OR NOT only_first)
    GROUP BY population, gap)
WHERE running >= 0.8 * whole * (1 - 1e-12) GROUP BY population;
CREATE TEMP TABLE cycles AS
SELECT s.population, s.repeaters, CASE WHEN s.repeaters < 200 THEN 120 ELSE within(c.days, 45, 365) END AS cycle_days,
    CASE WHEN s.repeaters < 200 THEN 90 ELSE within(n.days, 60, 365) END AS new_days,
    within(3 * cycle_days, 365, 1095) AS lost_days
FROM (SELECT population, count(*) FILTER (WHERE visits_0 >= 2) AS repeaters FROM states GROUP BY ALL) s
LEFT JOIN lower_quantile(false) c USING (population) LEFT JOIN lower_quantile(true) n USING (population);
CREATE TEMP TABLE calibration AS
SELECT c.*, v.core_amount FROM cycles c LEFT JOIN (
    SELECT population, max(money_0) AS core_amount FROM (
        SELECT population, money_0, sum(sum(money_0)) OVER (PARTITION BY population ORDER BY money_0 DESC) AS running,
            sum(sum(money_0)) OVER (PARTITION BY population) AS whole
        FROM states JOIN cycles USING (population)
        WHERE visits_0 >= 2 AND $as_of::DATE - last_0 <= cycle_days GROUP BY population, money_0)
    WHERE whole > 0 AND running >= (whole + 1) // 2 GROUP BY population) v USING (population);
CREATE MACRO segment(visits, recency, value, c, new, lost, core) AS CASE
    WHEN visits = 0 THEN 'not_yet_customer' WHEN recency > lost THEN 'lost'
    WHEN visits >= 2 AND recency <= c AND coalesce(value >= core, false) THEN 'core'
    WHEN visits >= 2 AND recency <= c THEN 'loyal' WHEN visits >= 2 THEN 'slipping'
    WHEN recency <= new THEN 'new' ELSE 'one_off' END;
CREATE TEMP TABLE assigned AS
SELECT customer_id, population, visits_0, visits_1, net_0, net_1,
    segment(visits_0, $as_of::DATE - last_0, money_0, cycle_days, new_days, lost_days, core_amount) AS segment_0,
    segment(visits_1, $year_before::DATE - last_1, money_1, cycle_days, new_days, lost_days, core_amount) AS segment_1
FROM states JOIN calibration USING (population);
COPY (SELECT customer_id, population, segment_0 AS segment FROM assigned WHERE visits_0 > 0)
TO $assignments (FORMAT parquet, COMPRESSION zstd);
COPY calibration TO $calibration (FORMAT parquet);
COPY (SELECT population, segment_1 AS from_segment, segment_0 AS to_segment, count(*) AS customers_count,
    sum(net_1)::BIGINT AS before_amount, sum(net_0)::BIGINT AS after_amount FROM assigned GROUP BY ALL)
TO $transitions (FORMAT parquet);
"""


def run(staged: Path, output: Path, as_of: date, *, memory: str = "3GB", threads: int | None = None) -> None:
    """Do the whole job; stops at data this script was not written for."""
    values: dict[str, Any] = {
        "as_of": as_of,
        "year_before": _year_before(as_of, 1),
        "two_before": _year_before(as_of, 2),
        **{name: output / f"{name}.parquet" for name in ("visits", "rfm", "assignments", "calibration", "transitions")},
        **{name: f"{staged}/{name}/*/rows.parquet" for name in ("till", "web", "card_base", "articles", "payments")},
    }
    with TemporaryDirectory(dir=output) as spill, duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{memory}'; SET temp_directory = '{spill}'")
        con.execute("SET preserve_insertion_order = false")
        if threads:
            con.execute(f"SET threads = {threads}")
        for part, checks in ((MACROS + LINES, CHECKS), (RETURNS, RETURN_CHECKS)):
            con.execute(_filled(part, values))
            for what, query in checks.items():
                (count,) = con.execute(query).fetchone() or (0,)
                if count:
                    raise ValueError(f"{what}: {count} rows; this script was not written for that")
        con.execute(STATED)
        (rounds,) = con.execute("SELECT coalesce(max(round), 0) FROM searching").fetchone() or (0,)
        for number in range(1, rounds + 1):
            con.execute(_filled(ROUND, {"round": number}))
        for part in (DAYS, STATES, RFM, SEGMENTS):
            con.execute(_filled(part, values))


def _filled(script: str, values: dict[str, Any]) -> str:
    for name in sorted(values, key=len, reverse=True):
        value = values[name]
        script = script.replace(f"${name}", str(value) if isinstance(value, int) else f"'{value}'")
    return script


def _year_before(day: date, years: int) -> date:
    """The same day years before; the end of a month stays the end of its month."""
    after = day + timedelta(days=1)
    if after.day == 1:
        return after.replace(year=after.year - years) - timedelta(days=1)
    return day.replace(year=day.year - years)


if __name__ == "__main__":
    begun = time.perf_counter()
    run(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]), memory=sys.argv[4])
    print(json.dumps({"seconds": time.perf_counter() - begun}))
