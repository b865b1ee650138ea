"""The files of the simulated shop: schemas, numbering of tickets and orders, one writer a file."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from habitue.demo.simulated_shop.baskets import CANCELLED, RETURN, SALE, TENDERS, Batch
from habitue.demo.simulated_shop.columns import (
    Bytes,
    cents_column,
    chosen,
    coded,
    day_column,
    digits,
    second_column,
    text_column,
)
from habitue.demo.simulated_shop.lives import Buyer
from habitue.demo.simulated_shop.occasions import NOBODY, ONLINE, moment
from habitue.demo.simulated_shop.rates import CATEGORIES, GIFT_CARD_CATEGORY
from habitue.demo.simulated_shop.records import (
    CARD_BASE,
    IDENTITIES,
    WEB_ACCOUNTS,
    account_digits,
    card_digits,
)
from habitue.demo.simulated_shop.world import STILL_OPEN, Ints, World

MONEY = pa.decimal128(12, 2)
# codes in memory, plain strings in the file (written without Arrow's own schema)
CODED = pa.dictionary(pa.int32(), pa.string())
LABEL = {"simulated": "true", "made_by": "habitue demo --shop simulated"}

TILL = pa.schema(
    [
        ("ticket_no", pa.string()),
        ("line", pa.int32()),
        ("sold_at", pa.timestamp("us")),
        ("card_no", pa.string()),
        ("store", CODED),
        ("till", pa.int32()),
        ("ean", CODED),
        ("qty", pa.int32()),
        ("unit_price", MONEY),
        ("discount", MONEY),
        ("amount", MONEY),
        ("vat_amount", MONEY),
        ("kind", CODED),
        ("original_ticket", pa.string()),
        ("staff_flag", pa.bool_()),
    ]
)
WEB = pa.schema(
    [
        ("order_no", pa.string()),
        ("created_at_utc", pa.timestamp("us")),
        ("account_id", pa.string()),
        ("sku", CODED),
        ("quantity", pa.int32()),
        ("line_total", MONEY),
        ("line_discount", MONEY),
        ("line_vat", MONEY),
        ("status", CODED),
        ("parent_order", pa.string()),
    ]
)
PAYMENTS = pa.schema([("system", CODED), ("ticket", pa.string()), ("tender", CODED), ("amount", MONEY)])
PEOPLE = pa.schema(
    [
        ("person_id", pa.int64()),
        ("person_type", pa.string()),
        ("household_id", pa.int64()),
        ("card_nos", pa.list_(pa.string())),
        ("account_ids", pa.list_(pa.string())),
        ("taste_group", pa.string()),
        ("channel_preference", pa.string()),
        ("online_share", pa.float64()),
        ("home_store", pa.string()),
        ("purchase_rate", pa.float64()),
        ("dropout_rate", pa.float64()),
        ("arrived_on", pa.date32()),
        ("dropped_out_on", pa.date32()),
        ("returned_on", pa.date32()),
        ("dropped_out_again_on", pa.date32()),
        ("purchases", pa.int64()),
    ]
)
PRODUCTS = pa.schema(
    [
        ("ean", pa.string()),
        ("name", pa.string()),
        ("brand", pa.string()),
        ("category", pa.string()),
        ("subcategory", pa.string()),
        ("cost", MONEY),
    ]
)
STORES = pa.schema(
    [
        ("store", pa.string()),
        ("name", pa.string()),
        ("region", pa.string()),
        ("format", pa.string()),
        ("opened_on", pa.date32()),
        ("closed_on", pa.date32()),
    ]
)

NEARLY_UNIQUE = ("ticket_no", "order_no", "ticket", "sold_at", "created_at_utc")
NATURE_LABELS = ("S", "R", "")
STATUSES = {SALE: "complete", RETURN: "refund", CANCELLED: "cancelled"}
PERSON_TYPES = tuple(b.name.lower() for b in Buyer if b < Buyer.PASSER_BY)


class Numbering:
    """Running numbers of tickets by year, store and till, and of web orders by year; batches must come in order.

    A till ticket reads `SS-T-YY-NNNNNNN` (store, till, year, number), a web order `WYY-NNNNNNNN`; both are unique over
    all years.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._places = len(world.stores.codes) * 10
        self._till_counts = np.zeros(len(world.years) * self._places, dtype=np.int64)
        self._web_counts = np.zeros(len(world.years), dtype=np.int64)

    def texts(self, batch: Batch) -> Bytes:
        """ASCII numbers of the batch's tickets, shape (n, 15); web orders fill the first 12 places."""
        tickets = batch.tickets
        n = tickets.store.size
        year = self._world.year_index(tickets.day)
        web = tickets.store == ONLINE
        till_rows, web_rows = np.flatnonzero(~web), np.flatnonzero(web)
        out = np.full((n, 15), ord("-"), dtype=np.uint8)
        two_digit_year = digits((self._world.first_year + year) % 100, 2)

        place = (year * self._places + tickets.store * 10 + tickets.till)[till_rows]
        out[till_rows, 0:2] = digits(tickets.store[till_rows] + 1, 2)
        out[till_rows, 3:4] = digits(tickets.till[till_rows], 1)
        out[till_rows, 5:7] = two_digit_year[till_rows]
        out[till_rows, 8:15] = digits(_next_numbers(self._till_counts, place), 7)

        out[web_rows, 0] = ord("W")
        out[web_rows, 1:3] = two_digit_year[web_rows]
        out[web_rows, 4:12] = digits(_next_numbers(self._web_counts, year[web_rows]), 8)
        return out


def _next_numbers(counts: Ints, place: Ints) -> Ints:
    """The next number at each entry's place, in the order of the entries; `counts` is moved on."""
    order = np.argsort(place, kind="stable")
    used = np.bincount(place, minlength=counts.size)
    first = np.concatenate(([0], np.cumsum(used)[:-1]))
    number = np.empty_like(place)
    number[order] = np.arange(place.size) - first[place[order]] + 1
    number += counts[place]
    counts += used
    return number


class Exports:
    """Open Parquet files under `exports/` and `truth/`; every file says in its metadata that it is simulated.

    Use as a context manager; the files are complete when it is left.
    """

    def __init__(self, folder: Path, world: World) -> None:
        self._world = world
        self._numbering = Numbering(world)
        self._writers: dict[str, pq.ParquetWriter] = {}
        for year in world.years:
            self._open(folder / "exports" / f"till_{year}.parquet", TILL)
            self._open(folder / "exports" / f"web_{year}.parquet", WEB)
            self._open(folder / "exports" / f"payments_{year}.parquet", PAYMENTS)
        self._open(folder / "exports" / "card_base.parquet", CARD_BASE)
        self._open(folder / "exports" / "web_accounts.parquet", WEB_ACCOUNTS)
        self._open(folder / "exports" / "products.parquet", PRODUCTS)
        self._open(folder / "exports" / "stores.parquet", STORES)
        self._open(folder / "truth" / "people.parquet", PEOPLE)
        self._open(folder / "truth" / "identities.parquet", IDENTITIES)

    def _open(self, path: Path, schema: pa.Schema) -> None:
        self._writers[path.stem] = pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=1,
            store_schema=False,
            store_decimal_as_integer=True,
            # the stubs know only True and False, but a list of columns is what pyarrow documents
            use_dictionary=[name for name in schema.names if name not in NEARLY_UNIQUE],  # pyright: ignore[reportArgumentType]
        )

    def __enter__(self) -> Exports:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in self._writers.values():
            writer.add_key_value_metadata(LABEL)
            writer.close()

    def write(self, name: str, table: pa.Table) -> None:
        """Appends rows to the file of that name (without folder and ending), as one row group."""
        if table.num_rows:
            self._writers[name].write_table(table, row_group_size=2**20)

    def write_fixed(self) -> None:
        """Products and stores, known before the first customer."""
        products, stores = self._world.products, self._world.stores
        categories = (*(c.name for c in CATEGORIES), GIFT_CARD_CATEGORY)
        columns = (
            pa.array(products.eans),
            pa.array(products.names),
            pa.array(products.brands),
            chosen(categories, products.category),
            pa.array(products.subcategories),
            cents_column(products.cost_cents, products.cost_known),
        )
        self.write("products", pa.table(list(columns), schema=PRODUCTS))
        columns = (
            pa.array(stores.codes),
            pa.array(stores.names),
            pa.array(stores.regions),
            pa.array(stores.formats),
            day_column(stores.opened),
            day_column(stores.closed, stores.closed < STILL_OPEN),
        )
        self.write("stores", pa.table(list(columns), schema=STORES))

    def write_batch(self, batch: Batch) -> None:
        """Tickets, lines and payments of a batch, each to the files of its calendar year."""
        numbers = self._numbering.texts(batch)
        tickets, lines = batch.tickets, batch.lines
        year = self._world.year_index(tickets.day)
        web_from = int(np.searchsorted(tickets.store == ONLINE, True))
        for is_web, (begin, end) in ((False, (0, web_from)), (True, (web_from, tickets.store.size))):
            edges = begin + np.searchsorted(year[begin:end], np.arange(len(self._world.years) + 1))
            line_edges = np.searchsorted(lines.ticket, edges)
            payment_edges = np.searchsorted(batch.payments.ticket, edges)
            for k, name in enumerate(self._world.years):
                rows = slice(int(line_edges[k]), int(line_edges[k + 1]))
                if is_web:
                    self.write(f"web_{name}", self._web_table(batch, numbers, rows))
                else:
                    self.write(f"till_{name}", self._till_table(batch, numbers, rows))
                paid = slice(int(payment_edges[k]), int(payment_edges[k + 1]))
                self.write(f"payments_{name}", self._payment_table(batch, numbers, paid, is_web=is_web))

    def _till_table(self, batch: Batch, numbers: Bytes, rows: slice) -> pa.Table:
        tickets, lines, products = batch.tickets, batch.lines, self._world.products
        ticket = lines.ticket[rows]
        shown = tickets.shown[ticket]
        quantity = lines.quantity[rows]
        nature = np.where(tickets.is_unlabelled[ticket], 2, (quantity < 0).astype(np.int64))
        original = tickets.original[ticket]
        linked = (original != NOBODY) & tickets.is_linked[ticket] & (quantity < 0)
        columns = {
            "ticket_no": text_column(numbers[ticket]),
            "line": pa.array(lines.number[rows].astype(np.int32)),
            "sold_at": second_column(moment(tickets.day[ticket], tickets.second[ticket])),
            "card_no": text_column(card_digits(shown), shown != NOBODY),
            "store": coded(self._world.stores.codes, tickets.store[ticket]),
            "till": pa.array(tickets.till[ticket].astype(np.int32)),
            "ean": coded(products.eans, lines.sku[rows]),
            "qty": pa.array(quantity.astype(np.int32)),
            "unit_price": cents_column(lines.price[rows]),
            "discount": cents_column(lines.discount[rows]),
            "amount": cents_column(lines.amount[rows]),
            "vat_amount": cents_column(lines.vat[rows]),
            "kind": coded(NATURE_LABELS, nature),
            "original_ticket": text_column(numbers[np.where(linked, original, 0)], linked),
            "staff_flag": pa.array(tickets.buyer[ticket] == Buyer.STAFF),
        }
        return pa.table(columns)

    def _web_table(self, batch: Batch, numbers: Bytes, rows: slice) -> pa.Table:
        tickets, lines, products = batch.tickets, batch.lines, self._world.products
        ticket = lines.ticket[rows]
        shown, original = tickets.shown[ticket], tickets.original[ticket]
        utc = self._world.utc_seconds(moment(tickets.day[ticket], tickets.second[ticket]))
        linked = original != NOBODY
        columns = {
            "order_no": text_column(numbers[ticket, :12]),
            "created_at_utc": second_column(utc),
            "account_id": text_column(account_digits(np.maximum(shown, 0)), shown != NOBODY),
            "sku": coded(products.eans, lines.sku[rows]),
            "quantity": pa.array(lines.quantity[rows].astype(np.int32)),
            "line_total": cents_column(lines.amount[rows]),
            "line_discount": cents_column(lines.discount[rows]),
            "line_vat": cents_column(lines.vat[rows]),
            "status": coded(tuple(STATUSES[k] for k in sorted(STATUSES)), tickets.nature[ticket]),
            "parent_order": text_column(numbers[np.where(linked, original, 0), :12], linked),
        }
        return pa.table(columns)

    def _payment_table(self, batch: Batch, numbers: Bytes, rows: slice, *, is_web: bool) -> pa.Table:
        payments = batch.payments
        ticket = payments.ticket[rows]
        columns = {
            "system": coded(("web" if is_web else "till",), np.zeros_like(ticket)),
            "ticket": text_column(numbers[ticket, : 12 if is_web else 15]),
            "tender": coded(TENDERS, payments.tender[rows]),
            "amount": cents_column(payments.amount[rows]),
        }
        return pa.table(columns)
