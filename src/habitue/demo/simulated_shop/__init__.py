"""A simulated shop with known truth: an omnichannel retailer whose exports can be checked against what was planted.

Everything is invented and says so: `SIMULATED.txt`, the metadata of each Parquet file (`simulated = true`), and the
`"simulated": true` of the JSON files. `simulate` writes into a folder:

`exports/` - what the retailer's systems would hand out. Amounts are euros ex VAT as decimal(12, 2), VAT beside them.
Read the years with `till_????.parquet`, `web_????.parquet` (`web_*` would catch `web_accounts` too).

- `till_YYYY.parquet`: one row a line of a till ticket; key (`ticket_no`, `line`). `ticket_no` text (SS-T-YY-NNNNNNN:
  store, till, year, number), unique over all years; `line` int32 from 1; `sold_at` timestamp, naive clock of
  Europe/Paris; `card_no` text with leading zeros, null when no card was shown; `store` text ("03"); `till` int32;
  `ean` text; `qty` int32; `unit_price`, `discount`, `amount`, `vat_amount` decimal; `kind` text: S sale, R return,
  empty on about 1 % of the tickets (the sign of `qty` tells); `original_ticket` text, on return lines only, missing
  on about 15 % of them; `staff_flag` bool. `amount = qty * unit_price - discount`; on a return `qty`, `discount`,
  `amount`, `vat_amount` are negative (or 0). A ticket with lines of both signs is an exchange. A gift card sold is a
  line whose product has category "Gift card".
- `web_YYYY.parquet`: one row a line of a web order, with no line number (an order may hold the same SKU twice).
  `order_no` text (WYY-NNNNNNNN); `created_at_utc` timestamp, naive UTC, filed by the year of the Paris day;
  `account_id` text, null for guests; `sku` text (the same codes as `ean`); `quantity` int32; `line_total` (after
  discount), `line_discount`, `line_vat` decimal; `status` text: complete, cancelled (never a purchase), refund;
  `parent_order` text, on refunds always.
- `payments_YYYY.parquet`: one row a tender of a ticket. `system` text (till, web), `ticket` text (a `ticket_no` or
  `order_no`), `tender` text: card, cash, gift_card, points_voucher; `amount` decimal WITH VAT. The payments of a
  ticket sum to its amounts plus VAT; cancelled orders and tickets that come to zero have none.
- `products.parquet`: one row an `ean`; `name`, `brand`, `category`, `subcategory` text; `cost` decimal, ex VAT, a
  piece, null for about 8 % and for gift cards.
- `stores.parquet`: one row a `store`; `name`, `region`, `format` text; `opened_on`, `closed_on` date (the first and
  the last day of trading; null when still open).
- `card_base.parquet`: one row a card. `card_no` text, `kind` text (C consumer, P professional), `first_name`,
  `last_name`, `email`, `phone` text, `birth_date` date, `address`, `postcode` (leading zeros), `city` text,
  `enrolled_on` date, `store` text.
- `web_accounts.parquet`: one row an account. `account_id`, `email`, `given_name`, `family_name`, `mobile` text,
  `born_on` date, `street`, `zip`, `town` text, `created_at_utc` timestamp (naive UTC).

`truth/` - what really is so.

- `people.parquet`: one row a person (`person_id`), with `person_type` (consumer, staff, b2b, reseller: a reseller is
  enrolled as an ordinary consumer), `household_id`, `card_nos` and `account_ids` (lists), `taste_group`,
  `channel_preference` (store, online, both), `online_share`, `home_store`, `purchase_rate` (a year, while active),
  `dropout_rate` (a year), `arrived_on` (first purchase, and enrolment), `dropped_out_on`, `returned_on`,
  `dropped_out_again_on` (null when not up to the end of the exports), `purchases` (tickets and orders in the
  exports, card shown or not, without returns and cancelled orders).
- `identities.parquet`: one row a card or account: `system` (card_base, web_accounts), `record_id`, `person_id`,
  `is_second`, `has_typo` (in the last name), `has_moved`.
- `rates.json`: the planted parameters (`rates.ShopRates`, categories, taste groups, expected arrivals by year).
- `facts.json`: exact counts of what was written (`facts.FactCounter`).

Two shared till cards, 0000000001 (store 03) and 0000000002 (store 07), are in no card base. Returns in the first
weeks of the period miss those of earlier purchases, which are not simulated; persons gone before it are dormant rows
of the bases. Rows come in blocks of 20,000 persons, ordered by time within a block.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from habitue.demo.simulated_shop.baskets import SALE, Batch, fill_baskets
from habitue.demo.simulated_shop.columns import chosen, day_column, text_column
from habitue.demo.simulated_shop.exports import PEOPLE, PERSON_TYPES, Exports
from habitue.demo.simulated_shop.facts import FactCounter
from habitue.demo.simulated_shop.lives import CHANNEL_PREFERENCES, CHUNK, NEVER, People, people_of_chunk, taste_names
from habitue.demo.simulated_shop.occasions import occasions_at_till_cards, occasions_of_people
from habitue.demo.simulated_shop.rates import CATEGORIES, RATES, TASTE_GROUPS, ShopRates
from habitue.demo.simulated_shop.records import Records, account_digits, card_digits, records_of
from habitue.demo.simulated_shop.world import EPOCH, Floats, Ints, World, build_world, stream

__all__ = ["ShopRates", "SimulatedShop", "simulate"]

MOST_CUSTOMERS = 20_000_000
MOST_YEARS = 20
WORKERS = 2

NOTICE = """\
SIMULATED DATA - made by habitue (habitue demo --shop simulated). Nothing here is real: no person, purchase, store or
product exists. Parameters: customers = {customers}, years = {years}, seed = {seed}, ends_on = {ends_on}.

DONNÉES SIMULÉES - produites par habitue. Rien n'est réel : aucune personne, aucun achat, magasin ou produit n'existe.
Paramètres : customers = {customers}, years = {years}, seed = {seed}, ends_on = {ends_on}.

СМОДЕЛИРОВАННЫЕ ДАННЫЕ - созданы программой habitue. Ничего настоящего: таких людей, покупок, магазинов и товаров нет.
Параметры: customers = {customers}, years = {years}, seed = {seed}, ends_on = {ends_on}.
"""


@dataclass(frozen=True)
class SimulatedShop:
    """What was written. Lines and tickets count till and web together; amounts are whole cents ex VAT.

    `net_amount_cents` is what was sold less what came back, without gift cards and cancelled orders; `facts` is the
    content of `truth/facts.json` and `rates` that of `truth/rates.json` as planted.
    """

    folder: Path
    customers: int
    years: int
    seed: int
    starts_on: date
    ends_on: date
    lines: int
    tickets: int
    net_amount_cents: int
    return_lines: int
    cards: int
    accounts: int
    rates: ShopRates
    facts: dict[str, Any]


@dataclass(frozen=True)
class _Chunk:
    people: People
    records: Records
    batch: Batch


def simulate(
    folder: Path,
    *,
    customers: int = 20_000,
    years: int = 3,
    seed: int = 1,
    ends_on: date = date(2025, 12, 31),
    progress: Callable[[int, int], None] | None = None,
) -> SimulatedShop:
    """Writes a simulated shop into `folder` and returns its counts and true parameters.

    The same arguments give the same files, byte for byte, with the same versions of numpy and pyarrow; the number of
    cores plays no part. An earlier simulation in the folder is replaced.

    Args:
        folder: where `exports/`, `truth/` and `SIMULATED.txt` go; made if absent.
        customers: persons who ever came up to `ends_on`, staff, b2b and those already gone included; 1 to 20 million.
        years: length of the exports, 1 to 20 years up to and with `ends_on`.
        seed: 0 or more.
        ends_on: last day of the exports, in 1990 to 2100.
        progress: called with (parts done, parts in all) after each part.

    Raises:
        ValueError: a parameter out of its range (all of them are named), or a folder whose `exports` or `truth` is not
            an earlier simulation's.
    """
    _refuse_nonsense(customers, years, seed, ends_on)
    world = build_world(customers=customers, years=years, seed=seed, ends_on=ends_on, rates=RATES)
    _prepare(folder, NOTICE.format(customers=customers, years=years, seed=seed, ends_on=ends_on.isoformat()))
    counter = FactCounter(world)
    parts = -(-customers // CHUNK) + 1
    with Exports(folder, world) as exports:
        exports.write_fixed()
        for done, chunk in enumerate(_chunks(world, parts - 1), start=1):
            exports.write_batch(chunk.batch)
            exports.write("card_base", chunk.records.card_base)
            exports.write("web_accounts", chunk.records.web_accounts)
            exports.write("identities", chunk.records.identities)
            exports.write("people", _people_table(world, chunk))
            counter.add_batch(chunk.batch)
            counter.add_people(chunk.people, chunk.records)
            if progress is not None:
                progress(done, parts)
        rng = stream(seed, 2)
        at_till_cards = occasions_at_till_cards(world, counter.tickets_in_stores_by_year(), rng)
        batch = fill_baskets(world, at_till_cards, rng)
        exports.write_batch(batch)
        counter.add_batch(batch)
    facts = counter.facts()
    _write_json(folder / "truth" / "rates.json", _planted(world))
    _write_json(folder / "truth" / "facts.json", facts)
    if progress is not None:
        progress(parts, parts)
    return _shop(folder, world, years, facts)


def _refuse_nonsense(customers: int, years: int, seed: int, ends_on: date) -> None:
    faults = []
    if not 1 <= customers <= MOST_CUSTOMERS:
        faults.append(f"customers is {customers}: give a whole number from 1 to {MOST_CUSTOMERS}")
    if not 1 <= years <= MOST_YEARS:
        faults.append(f"years is {years}: give a whole number from 1 to {MOST_YEARS}")
    if seed < 0:
        faults.append(f"seed is {seed}: give 0 or more")
    if not 1990 <= ends_on.year <= 2100:
        faults.append(f"ends_on is {ends_on.isoformat()}: give a day from 1990 to 2100")
    if faults:
        raise ValueError("No shop can be simulated. " + "; ".join(faults) + ".")


def _prepare(folder: Path, notice: str) -> None:
    """Makes the folders, says that all is simulated before anything is written, and removes an earlier simulation."""
    parts = [folder / "exports", folder / "truth"]
    label = folder / "SIMULATED.txt"
    if any(part.exists() for part in parts) and not label.exists():
        raise ValueError(
            f"{folder} holds 'exports' or 'truth' but no SIMULATED.txt: these are not an earlier simulation's. "
            "Give another folder, or move them away."
        )
    for part in parts:
        part.mkdir(parents=True, exist_ok=True)
        for old in sorted(part.glob("*.parquet")):
            old.unlink()
    label.write_text(notice, encoding="utf-8")


def _chunks(world: World, count: int) -> Iterator[_Chunk]:
    """The chunks in order; while one is written the next are made, at most `WORKERS` of them."""
    with ThreadPoolExecutor(WORKERS) as workers:
        waiting = deque(workers.submit(_chunk, world, k) for k in range(min(WORKERS, count)))
        for following in range(WORKERS, count + WORKERS):
            chunk = waiting.popleft().result() if waiting else None
            if following < count:
                waiting.append(workers.submit(_chunk, world, following))
            if chunk is not None:
                yield chunk


def _chunk(world: World, number: int) -> _Chunk:
    rng = stream(world.seed, 1, number)
    people = people_of_chunk(world, number, rng)
    records = records_of(world, people, rng)
    return _Chunk(people, records, fill_baskets(world, occasions_of_people(world, people, rng), rng))


def _people_table(world: World, chunk: _Chunk) -> pa.Table:
    people, tickets = chunk.people, chunk.batch.tickets
    bought = tickets.person[(tickets.person >= 0) & (tickets.nature == SALE)] - people.first_id
    dropped, back, again = (_day_up_to(world, d) for d in (people.until, people.back, people.until_again))
    columns = [
        pa.array(people.ids),
        chosen(PERSON_TYPES, people.buyer),
        pa.array(chunk.records.household),
        _numbers(people.ids, world.customers, people.card, people.second_card_day, card_digits),
        _numbers(people.ids, world.customers, people.account, people.second_account_day, account_digits),
        chosen(taste_names(), people.taste),
        chosen(CHANNEL_PREFERENCES, people.preference),
        pa.array(people.online_share),
        chosen(world.stores.codes, people.home_store),
        pa.array(people.rate),
        pa.array(people.dropout_rate),
        day_column(people.arrival),
        dropped,
        back,
        again,
        pa.array(np.bincount(bought, minlength=people.buyer.size)),
    ]
    return pa.table(columns, schema=PEOPLE)


def _day_up_to(world: World, day: Floats) -> pa.Array:
    known = day < world.last_day + 1
    return day_column(np.where(known, np.floor(day), 0).astype(np.int64), known)


def _numbers(
    ids: Ints, customers: int, has_first: np.ndarray, second_day: Ints, as_digits: Callable[[Ints], np.ndarray]
) -> pa.Array:
    """Lists of 0 to 2 card numbers or account ids, one list a person."""
    has = np.column_stack([has_first, second_day < NEVER])
    number = np.column_stack([ids, ids + customers])[has]
    offsets = np.concatenate(([0], np.cumsum(has.sum(axis=1)))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), text_column(as_digits(number)))


def _planted(world: World) -> dict[str, Any]:
    """The true parameters as written to `truth/rates.json`."""
    curve = world.store_arrivals
    edges = np.append(np.maximum(world.year_starts, world.first_day), world.last_day + 1).astype(np.float64)
    expected = np.diff(curve.at(edges)) / curve.cumulative[-1] * world.customers
    return {
        "simulated": True,
        "rates": asdict(world.rates),
        "expected_arrivals_by_year": dict(zip(map(str, world.years), expected.tolist(), strict=True)),
        "categories": [asdict(c) for c in CATEGORIES],
        "taste_groups": TASTE_GROUPS,
        "taste_group_category_order": [c.name for c in CATEGORIES],
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _shop(folder: Path, world: World, years: int, facts: dict[str, Any]) -> SimulatedShop:
    totals, people = facts["totals"], facts["people"]

    def both(measure: str) -> int:
        return totals[f"till/{measure}"] + totals[f"web/{measure}"]

    return SimulatedShop(
        folder=folder,
        customers=world.customers,
        years=years,
        seed=world.seed,
        starts_on=date.fromordinal(EPOCH.toordinal() + world.first_day),
        ends_on=date.fromordinal(EPOCH.toordinal() + world.last_day),
        lines=both("lines"),
        tickets=both("tickets"),
        net_amount_cents=both("sale_amount_cents") + both("return_amount_cents"),
        return_lines=both("return_lines"),
        cards=people["cards"],
        accounts=people["accounts"],
        rates=world.rates,
        facts=facts,
    )
