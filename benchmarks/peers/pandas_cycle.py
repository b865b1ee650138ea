"""From staged lines to the yearly matrix of the simulated shop, in pandas."""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RETURN_DAYS = 365
DAY = ["customer_id", "population", "sold_on"]
TICKET = ["source", "transaction_id"]
LINE = ["file_id", "row_number"]
ORDER = ["sold_at", "source", "transaction_id", "line_number", "file_id", "row_number"]
PEOPLE = ["customer_id", "population"]
NEEDED = [
    *ORDER, "sold_on", "store_id", "sales_channel", "sku", "quantity", "net_amount", "currency", "sale_type_label",
    "population_label", "original_transaction_id", "source_customer_id",
]  # fmt: skip
REPEATED = ["file_id", "source", "store_id", "sales_channel", "sku", "currency", "sale_type_label", "population_label"]


def read(folder: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """All staged files of a source."""
    parts = [pd.read_parquet(path, columns=columns) for path in sorted(folder.glob("*/rows.parquet"))]
    return pd.concat(parts, ignore_index=True)


def check(wrong: Any, what: str) -> None:
    """Stop at data this script was not written for."""
    if wrong:
        raise ValueError(f"{what}: {wrong} rows; this script was not written for that")


def staged_lines(staged: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """All lines up to the date; texts that repeat as categories."""
    parts = [read(staged / name, NEEDED) for name in ("till", "web")]
    for name in REPEATED:
        kinds = pd.unique(pd.concat([part[name].drop_duplicates() for part in parts]).dropna())
        for part in parts:
            part[name] = pd.Categorical(part[name], kinds)
    lines = pd.concat(parts, ignore_index=True)
    del parts
    lines["sold_on"] = pd.to_datetime(lines["sold_on"])
    return lines[lines["sold_on"] <= as_of]


def counted_lines(lines: pd.DataFrame, staged: Path, year_before: pd.Timestamp) -> pd.DataFrame:
    """Lines that count as purchase, with population and unit cost."""
    known = lines.loc[lines["source_customer_id"].notna() & (lines["sold_on"] > year_before)]
    tickets = known[["source_customer_id", "sold_on", *TICKET]].drop_duplicates()
    busy = tickets.groupby(["source_customer_id", "sold_on"]).size()
    busy = busy[busy > 5].groupby("source_customer_id").size()
    cards = set(busy[busy >= 3].index)
    base = read(staged / "card_base", ["source_customer_id", "population_label"])
    professional = set(base.loc[base["population_label"].str.lower() == "p", "source_customer_id"])
    goods = read(staged / "articles", ["sku", "cost_amount", "category"]).set_index("sku")
    is_gift = goods["category"].str.lower() == "gift card"
    sku = lines["sku"].cat.categories
    codes = lines["sku"].cat.codes.to_numpy()
    gift = np.append(is_gift.reindex(sku, fill_value=False).to_numpy(bool), False)[codes]
    cost = np.append(goods["cost_amount"].astype("float64").reindex(sku).to_numpy(), np.nan)[codes]
    cancelled = (lines["source"] == "web") & (lines["sale_type_label"].str.lower() == "cancelled")
    customer = lines["source_customer_id"]
    population = np.select(
        [
            customer.isin(cards),
            (lines["population_label"].str.lower() == "true").fillna(False),
            customer.isin(professional),
        ],
        ["shared_card", "staff", "b2b"],
        "consumer",
    )
    lines = lines.assign(population=pd.Categorical(population), unit_cost=cost)
    lines = lines[(lines["net_amount"] != 0) & ~gift & ~cancelled]
    units = (lines["quantity"].astype("float64").abs() * 1000).round().astype("int64")
    names = {"net_amount": "net", "source_customer_id": "customer_id"}
    lines = lines.drop(columns=["quantity", "currency", "sale_type_label", "population_label"]).rename(columns=names)
    return lines.assign(units=units)


def linked(counted: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return lines with their `kind`, and the parts they take from sale lines."""
    back = counted[counted["net"] < 0].sort_values(ORDER, ignore_index=True)
    back["n"] = np.arange(len(back))
    back["amount"] = -back["net"]
    back["person"] = back["customer_id"].where(back["population"] != "shared_card")
    back["ticket"] = back["original_transaction_id"].fillna(back["transaction_id"])
    sold = counted[counted["net"] > 0]
    names = [*LINE, *TICKET, "line_number", "sold_at", "sold_on", "sku", "net", *PEOPLE]
    asked = back[["source", "ticket"]].drop_duplicates().rename(columns={"ticket": "transaction_id"})
    near = sold.loc[sold["transaction_id"].isin(set(asked["transaction_id"])), names]
    on_ticket = near.merge(asked, on=TICKET)
    tickets = on_ticket.groupby(TICKET, observed=True).agg(last_at=("sold_at", "max"), ticket_on=("sold_on", "min"))
    tickets = tickets.reset_index().rename(columns={"transaction_id": "ticket"})
    back = back.merge(tickets, on=["source", "ticket"], how="left")
    stated = back["original_transaction_id"].notna()
    back["kind"] = np.select([stated, back["last_at"].notna()], ["stated", "exchange"], "open")
    to_ticket = back[stated]
    check((to_ticket["last_at"].isna() | (to_ticket["last_at"] > to_ticket["sold_at"])).sum(), "unknown ticket")
    check(((back["kind"] == "exchange") & (back["ticket_on"] != back["sold_on"])).sum(), "other day")
    check(back["sku"].isna().sum(), "no article")
    key = ["source", "ticket", "sku"]
    ruler = to_ticket[["n", *key, "amount", "sold_on"]].rename(columns={"sold_on": "returned_on"})
    ruler["upto"] = ruler.groupby(key, observed=True)["amount"].cumsum()
    lines = on_ticket.sort_values(["line_number", *LINE]).rename(columns={"transaction_id": "ticket"})
    lines["sale_upto"] = lines.groupby(key, observed=True)["net"].cumsum()
    parts = ruler.merge(lines, on=key)
    check(len(ruler) - parts["n"].nunique(), "article not on the ticket")
    low = np.maximum(parts["upto"] - parts["amount"], parts["sale_upto"] - parts["net"])
    parts["part"] = np.minimum(parts["upto"], parts["sale_upto"]) - low
    wanted = ["n", *LINE, "part", *DAY, "returned_on"]
    parts = parts.loc[parts["part"] > 0, wanted]
    searching = back.loc[
        (back["kind"] == "open") & back["person"].notna(), ["n", "sku", "amount", "person", "sold_at", "sold_on"]
    ]
    searching = searching.rename(columns={"person": "customer_id", "sold_at": "at", "sold_on": "returned_on"})
    searching["round"] = searching.groupby(["customer_id", "sku"], observed=True).cumcount()
    near = sold.loc[sold["customer_id"].isin(set(searching["customer_id"])), names]
    owned = near.merge(searching[["customer_id", "sku"]].drop_duplicates(), on=["customer_id", "sku"])
    taken = parts.groupby(LINE, observed=True)["part"].sum().rename("taken").reset_index()
    owned = owned.merge(taken, on=LINE, how="left")
    owned["left"] = owned["net"] - owned.pop("taken").fillna(0).astype("int64")
    for number in range(int(searching["round"].max()) + 1 if len(searching) else 0):
        now = searching[searching["round"] == number].merge(owned, on=["customer_id", "sku"])
        age = (now["returned_on"] - now["sold_on"]).dt.days
        now = now[(now["left"] > 0) & (now["sold_at"] <= now["at"]) & (age <= RETURN_DAYS)]
        now = now.sort_values(ORDER, ascending=[False, *[True] * 5])
        rest = now["amount"] - (now.groupby("n")["left"].cumsum() - now["left"])
        found = now.assign(part=np.minimum(now["left"], rest)).loc[rest > 0, wanted]
        parts = pd.concat([parts, found], ignore_index=True)
        owned = owned.merge(found[[*LINE, "part"]], on=LINE, how="left")
        owned["left"] -= owned.pop("part").fillna(0).astype("int64")
    return back, parts


def half_even(value: np.ndarray, divisor: int) -> np.ndarray:
    """Divide whole numbers, ties to the even neighbour."""
    whole, rest = np.divmod(np.abs(value), divisor)
    up = (2 * rest > divisor) | ((2 * rest == divisor) & (whole % 2 == 1))
    return np.sign(value) * (whole + up)


def margins(lines: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Margin of each line, and whether it is assumed."""
    net, kept = lines["net"].to_numpy(), lines["kept"].to_numpy()
    assumed = lines["unit_cost"].isna().to_numpy()
    cost = half_even(lines["unit_cost"].fillna(0).to_numpy().astype("int64") * lines["units"].to_numpy(), 1_000_000)
    spent = np.select(
        [kept == net, kept == 0], [np.sign(net) * cost, 0], np.sign(cost * kept) * (np.abs(cost * kept) // np.abs(net))
    )
    return np.where(assumed, half_even(kept * 400_000, 1_000_000), kept - spent), assumed


def customer_days(counted: pd.DataFrame, back: pd.DataFrame, parts: pd.DataFrame, staged: Path) -> pd.DataFrame:
    """What each customer bought on each day, after returns."""
    names = [*DAY, *TICKET, "store_id", "sales_channel", "units", "unit_cost", "net", "kept", "is_sale"]
    taken = parts.groupby(LINE, observed=True)["part"].sum().rename("taken").reset_index()
    sold = counted[(counted["net"] > 0) & counted["customer_id"].notna()].merge(taken, on=LINE, how="left")
    sold["kept"] = sold["net"] - sold.pop("taken").fillna(0).astype("int64")
    sold["is_sale"] = 1
    given = parts.groupby("n")["part"].sum().rename("given")
    theirs = back[back["customer_id"].notna()].join(given, on="n")
    theirs["given"] = theirs["given"].fillna(0).astype("int64")
    is_stated = theirs["kind"] == "stated"
    kept = theirs["net"] + theirs["given"].where(theirs["kind"] == "open", 0)
    theirs["kept"] = kept.where(~is_stated, 0)
    theirs["net"] = theirs["net"].where(~is_stated, -theirs["given"])
    theirs["is_sale"] = 0
    theirs = theirs[~is_stated | (theirs["given"] > 0)]
    lines = pd.concat([sold[names], theirs[names]], ignore_index=True)
    del sold, theirs
    lines["margin"], lines["assumed"] = margins(lines)
    lines["payable"] = lines["kept"].where((lines["is_sale"] == 1) & (lines["kept"] > 0), 0)
    by = lines.groupby([*DAY, *TICKET, "sales_channel", "store_id"], observed=True, dropna=False, sort=False)
    tickets = by[["is_sale", "payable", "kept", "margin", "assumed"]].sum().reset_index()
    del lines, by
    paid = read(staged / "payments", [*TICKET, "tender", "paid_amount"])
    paid = paid[paid["tender"].str.lower() == "points_voucher"].groupby(TICKET)["paid_amount"].sum()
    paid = paid[paid > 0].rename("paid").reset_index()
    tickets["source"] = tickets["source"].astype(paid["source"].dtype)
    tickets = tickets.merge(paid, on=TICKET, how="left")
    tickets["reward"] = np.minimum(tickets["payable"], tickets.pop("paid").fillna(0)).astype("int64")
    tickets["has_sale"] = tickets["is_sale"] > 0
    days = tickets.groupby(DAY, observed=True, sort=False).agg(
        tickets_count=("has_sale", "sum"), lines_count=("is_sale", "sum"), net_amount=("kept", "sum"),
        reward_amount=("reward", "sum"), margin_amount=("margin", "sum"), margin_is_assumed=("assumed", "sum"),
        sales_channel=("sales_channel", "first"), store_id=("store_id", "first"), parts=("kept", "size"),
    ).reset_index()  # fmt: skip
    days["margin_is_assumed"] = days["margin_is_assumed"] > 0
    mixed = tickets.merge(days.loc[days["parts"] > 1, DAY], on=DAY)
    for column in ("sales_channel", "store_id"):
        days[column] = days[column].astype(object)
        worth = mixed.groupby([*DAY, column], observed=True, dropna=False)["kept"].sum().reset_index()
        worth[column] = worth[column].astype(object)
        worth = worth.sort_values(["kept", column], ascending=[False, True], na_position="last")
        main = worth.drop_duplicates(DAY)[[*DAY, column]].rename(columns={column: "main"})
        days = days.merge(main, on=DAY, how="left")
        days[column] = days[column].where(days["parts"] == 1, days.pop("main"))
    return days.drop(columns="parts")


def states(days: pd.DataFrame, parts: pd.DataFrame, dates: list[pd.Timestamp]) -> pd.DataFrame:
    """What was known of every customer at the first two of the dates, each a year before the one before."""
    now = days.loc[days["population"].isin(["consumer", "b2b"]), DAY]
    now = now.assign(net=days["net_amount"], value=days["net_amount"] - days["reward_amount"], until=pd.Timestamp.max)
    later = parts[
        (parts["returned_on"] > parts["sold_on"])
        & parts["customer_id"].notna()
        & parts["population"].isin(["consumer", "b2b"])
    ]
    later = later[DAY].assign(net=later["part"], value=later["part"], until=later["returned_on"] - pd.Timedelta(days=1))
    moves = pd.concat([now, later], ignore_index=True)
    for number, on in enumerate(dates[:2]):
        for name in ("net", "value"):
            moves[f"{name}_{number}"] = moves[name].where(moves["until"] >= on, 0)
    columns = ["net_0", "value_0", "net_1", "value_1"]
    known = moves.groupby(DAY, observed=True, sort=False)[columns].sum().reset_index()
    sums: dict[str, Any] = {}
    for number, on in enumerate(dates[:2]):
        until = known["sold_on"] <= on
        window = until & (known["sold_on"] > dates[number + 1])
        visit = until & (known[f"net_{number}"] > 0)
        known[f"visit_{number}"], known[f"often_{number}"] = visit.astype("int64"), (visit & window).astype("int64")
        known[f"day_{number}"] = known["sold_on"].where(visit)
        known[f"sum_{number}"] = known[f"net_{number}"].where(window, 0)
        known[f"money_{number}"] = known[f"value_{number}"].where(window, 0)
        sums |= {
            f"visits_{number}": (f"visit_{number}", "sum"), f"last_{number}": (f"day_{number}", "max"),
            f"frequency_{number}": (f"often_{number}", "sum"), f"sum_{number}": (f"sum_{number}", "sum"),
            f"money_{number}": (f"money_{number}", "sum"),
        }  # fmt: skip
    found = known.groupby(PEOPLE, observed=True, sort=False).agg(first_on=("day_0", "min"), **sums).reset_index()
    return found[(found["visits_0"] > 0) | (found["visits_1"] > 0)]


def scored(buyers: pd.DataFrame) -> pd.DataFrame:
    """RFM: scores by the mid-distribution of each population; fixed ones where one frequency holds over a fifth."""
    for name, value in (("recency", "freshness"), ("frequency", "frequency_0"), ("monetary", "money_0")):
        counts = buyers.groupby(["population", value], observed=True).size().rename("c").reset_index()
        by = counts.groupby("population", observed=True)["c"]
        size = by.transform("sum")
        counts[f"{name}_score"] = -(-5 * (2 * by.cumsum() - counts["c"]) // (2 * size))
        if name == "frequency":
            fixed = sum((counts[value] >= floor).astype("int64") for floor in (2, 3, 5, 10)) + 1
            is_fixed = by.transform("max") * 5 > size
            counts["frequency_score"] = counts["frequency_score"].where(~is_fixed, fixed)
        buyers = buyers.merge(counts.drop(columns="c"), on=["population", value])
    names = {
        "first_on": "first_visit_on", "last_0": "last_visit_on", "visits_0": "visits_count",
        "frequency_0": "frequency", "sum_0": "net_amount", "money_0": "monetary",
    }  # fmt: skip
    buyers = buyers.assign(recency_days=-buyers["freshness"]).rename(columns=names)
    scores = ["recency_score", "frequency_score", "monetary_score"]
    return buyers[[*PEOPLE, *names.values(), "recency_days", *scores]]


def lower_quantile(gaps: pd.DataFrame, weight: pd.Series) -> pd.Series:
    """By population, the smallest gap whose cumulative weight reaches 80 %."""
    sums = gaps.assign(w=weight).groupby(["population", "gap"], observed=True)["w"].sum().reset_index()
    by = sums.groupby("population", observed=True)["w"]
    reached = sums[by.cumsum() >= 0.8 * by.transform("sum") * (1 - 1e-12)]
    return reached.groupby("population", observed=True)["gap"].min()


def calibrated(days: pd.DataFrame, known: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Thresholds of the strategic segments by population."""
    visits = days[(days["net_amount"] > 0) & days["population"].isin(["consumer", "b2b"])].sort_values(DAY)
    by = visits.groupby(PEOPLE, observed=True)["sold_on"]
    gaps = pd.DataFrame(
        {
            "population": visits["population"],
            "gap": by.diff().dt.days,
            "of": by.transform("size") - 1,
            "at": by.cumcount(),
        }
    )
    gaps = gaps[gaps["at"] > 0]
    found = (known["visits_0"] >= 2).groupby(known["population"], observed=True).sum().rename("repeaters").to_frame()
    found["c"] = lower_quantile(gaps, 1 / gaps["of"])
    first = gaps[gaps["at"] == 1]
    found["n"] = lower_quantile(first, pd.Series(1.0, index=first.index))
    is_assumed = found["repeaters"] < 200
    found["cycle_days"] = found["c"].clip(45, 365).where(~is_assumed, 120).astype("int64")
    found["new_days"] = found["n"].clip(60, 365).where(~is_assumed, 90).astype("int64")
    found["lost_days"] = (3 * found["cycle_days"]).clip(365, 1095)
    found = found.drop(columns=["c", "n"]).reset_index()
    core = known.merge(found, on="population")
    core = core[(core["visits_0"] >= 2) & ((as_of - core["last_0"]).dt.days <= core["cycle_days"])]
    sums = core.groupby(["population", "money_0"], observed=True).size().rename("c").reset_index()
    sums["w"] = sums["c"] * sums["money_0"]
    sums = sums.sort_values("money_0", ascending=False)
    whole = sums.groupby("population", observed=True)["w"].transform("sum")
    sums = sums[(whole > 0) & (sums.groupby("population", observed=True)["w"].cumsum() >= (whole + 1) // 2)]
    amount = sums.groupby("population", observed=True)["money_0"].max().rename("core_amount").reset_index()
    return found.merge(amount, on="population", how="left")


def segment(people: pd.DataFrame, number: int, on: pd.Timestamp) -> np.ndarray:
    """The strategic segment at a date."""
    visits, value = people[f"visits_{number}"], people[f"money_{number}"]
    recency = (on - people[f"last_{number}"]).dt.days
    in_cycle = (visits >= 2) & (recency <= people["cycle_days"])
    return np.select(
        [
            visits == 0, recency > people["lost_days"], in_cycle & (value >= people["core_amount"]), in_cycle,
            visits >= 2, recency <= people["new_days"],
        ],
        ["not_yet_customer", "lost", "core", "loyal", "slipping", "new"],
        "one_off",
    )  # fmt: skip


def run(staged: Path, output: Path, day: date) -> None:
    """Do the whole job; stops at data this script was not written for."""
    dates = [pd.Timestamp(day), pd.Timestamp(year_before(day, 1)), pd.Timestamp(year_before(day, 2))]
    lines = staged_lines(staged, dates[0])
    files = lines[[*TICKET, "file_id"]].drop_duplicates()
    check(files.duplicated(TICKET).sum(), "a ticket in two files")
    check((lines["currency"] != "EUR").sum(), "foreign currency")
    counted = counted_lines(lines, staged, dates[1])
    del lines, files
    back, parts = linked(counted)
    days = customer_days(counted, back, parts, staged)
    del counted
    for column in ("sales_channel", "store_id", "population"):
        days[column] = days[column].astype("str")
    bought = days[days["net_amount"] > 0]
    bought.assign(sold_on=bought["sold_on"].dt.date).to_parquet(output / "visits.parquet", index=False)
    known = states(days, parts.assign(population=parts["population"].astype("str")), dates)
    fresh = (known["last_0"] - dates[0]).dt.days
    rfm = scored(known.assign(freshness=fresh)[known["visits_0"] > 0].astype({"freshness": "int64"}))
    rfm = rfm.assign(**{name: rfm[name].dt.date for name in ("first_visit_on", "last_visit_on")})
    rfm.to_parquet(output / "rfm.parquet", index=False)
    limits = calibrated(days, known, dates[0])
    limits.to_parquet(output / "calibration.parquet", index=False)
    people = known.merge(limits, on="population")
    people["segment_0"], people["segment_1"] = segment(people, 0, dates[0]), segment(people, 1, dates[1])
    here = people.loc[people["visits_0"] > 0, [*PEOPLE, "segment_0"]].rename(columns={"segment_0": "segment"})
    here.to_parquet(output / "assignments.parquet", index=False)
    people.groupby(["population", "segment_1", "segment_0"]).agg(
        customers_count=("sum_0", "size"), before_amount=("sum_1", "sum"), after_amount=("sum_0", "sum")
    ).reset_index().rename(columns={"segment_1": "from_segment", "segment_0": "to_segment"}).to_parquet(
        output / "transitions.parquet", index=False
    )


def year_before(day: date, years: int) -> date:
    """The same day years before; the end of a month stays the end of its month."""
    after = day + timedelta(days=1)
    if after.day == 1:
        return after.replace(year=after.year - years) - timedelta(days=1)
    return day.replace(year=day.year - years)


if __name__ == "__main__":
    begun = time.perf_counter()
    run(Path(sys.argv[1]), Path(sys.argv[2]), date.fromisoformat(sys.argv[3]))
    print(json.dumps({"seconds": time.perf_counter() - begun}))
