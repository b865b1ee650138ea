"""From staged lines to the yearly matrix of the simulated shop, in polars: lazy over lines, streaming engine."""

from __future__ import annotations

import json
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl

RETURN_DAYS = 365
DAY = ["customer_id", "population", "sold_on"]
TICKET = ["source", "transaction_id"]
LINE = ["file_id", "row_number"]
ORDER = ["sold_at", "source", "transaction_id", "line_number", "file_id", "row_number"]
PEOPLE = ["customer_id", "population"]


def staged_lines(staged: Path, as_of: date) -> pl.LazyFrame:
    """All lines up to the date."""
    parts = [pl.scan_parquet(f"{staged}/{name}/*/rows.parquet") for name in ("till", "web")]
    return pl.concat(parts).filter(pl.col("sold_on") <= as_of)


def counted_lines(lines: pl.LazyFrame, staged: Path, year_before: date) -> pl.LazyFrame:
    """Lines that count as purchase, with population and unit cost."""
    known = lines.filter(pl.col("source_customer_id").is_not_null() & (pl.col("sold_on") > year_before))
    busy = (
        known.select("source_customer_id", "sold_on", *TICKET).unique().group_by("source_customer_id", "sold_on").len()
    )
    till_cards = busy.filter(pl.col("len") > 5).group_by("source_customer_id").len().filter(pl.col("len") >= 3)
    cards = till_cards.collect(engine="streaming")["source_customer_id"]
    base = pl.scan_parquet(f"{staged}/card_base/*/rows.parquet")
    professional = (
        base.filter(pl.col("population_label").str.to_lowercase() == "p").select("source_customer_id").unique()
    )
    professional = professional.collect()["source_customer_id"]
    goods = pl.scan_parquet(f"{staged}/articles/*/rows.parquet").select(
        "sku", unit_cost="cost_amount", is_gift_card=pl.col("category").str.to_lowercase() == "gift card"
    )
    customer = pl.col("source_customer_id")
    population = (
        pl.when(customer.is_in(cards.implode())).then(pl.lit("shared_card"))
        .when(pl.col("population_label").str.to_lowercase() == "true").then(pl.lit("staff"))
        .when(customer.is_in(professional.implode())).then(pl.lit("b2b"))
        .otherwise(pl.lit("consumer"))
    )  # fmt: skip
    cancelled = (pl.col("source") == "web") & (pl.col("sale_type_label").str.to_lowercase() == "cancelled")
    some = lines.filter((pl.col("net_amount") != 0) & ~cancelled.fill_null(False)).join(goods, on="sku", how="left")
    return some.filter(~pl.col("is_gift_card").fill_null(False)).select(
        *ORDER, "sold_on", "store_id", "sales_channel", "sku", "original_transaction_id", "unit_cost",
        units=(pl.col("quantity").abs().cast(pl.Float64) * 1000).round().cast(pl.Int64),
        net="net_amount", customer_id="source_customer_id", population=population,
    )  # fmt: skip


def check(wrong: int, what: str) -> None:
    """Stop at data this script was not written for."""
    if wrong:
        raise ValueError(f"{what}: {wrong} rows; this script was not written for that")


def linked(counted: pl.LazyFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return lines with their `kind`, and the parts they take from sale lines."""
    back = counted.filter(pl.col("net") < 0).collect(engine="streaming").sort(ORDER).with_row_index("n")
    back = back.with_columns(
        amount=-pl.col("net"),
        person=pl.when(pl.col("population") != "shared_card").then(pl.col("customer_id")),
        ticket=pl.coalesce("original_transaction_id", "transaction_id"),
    )
    asked = back.select("source", transaction_id="ticket").unique().lazy()
    sold = counted.filter(pl.col("net") > 0)
    names = [*LINE, *TICKET, "line_number", "sold_at", "sold_on", "sku", "net", *PEOPLE]
    on_ticket = sold.join(asked, on=TICKET, how="semi").select(names).collect(engine="streaming")
    tickets = on_ticket.group_by("source", ticket="transaction_id").agg(
        last_at=pl.col("sold_at").max(), ticket_on=pl.col("sold_on").min()
    )
    back = back.join(tickets, on=["source", "ticket"], how="left")
    stated = pl.col("original_transaction_id").is_not_null()
    back = back.with_columns(
        kind=pl.when(stated).then(pl.lit("stated")).when(pl.col("last_at").is_not_null()).then(pl.lit("exchange"))
        .otherwise(pl.lit("open"))
    )  # fmt: skip
    to_ticket = back.filter(stated)
    check((to_ticket["last_at"].is_null() | (to_ticket["last_at"] > to_ticket["sold_at"])).sum(), "unknown ticket")
    check(back.filter((pl.col("kind") == "exchange") & (pl.col("ticket_on") != pl.col("sold_on"))).height, "other day")
    check(back["sku"].null_count(), "no article")
    key = ["source", "ticket", "sku"]
    ruler = to_ticket.sort("n").with_columns(upto=pl.col("amount").cum_sum().over(key))
    ruler = ruler.select("n", *key, "amount", "upto", returned_on="sold_on")
    lines = on_ticket.sort("line_number", *LINE).with_columns(sale_upto=pl.col("net").cum_sum().over([*TICKET, "sku"]))
    lines = lines.rename({"transaction_id": "ticket"})
    check(ruler.join(lines, on=key, how="anti").height, "article not on the ticket")
    low = pl.max_horizontal(pl.col("upto") - pl.col("amount"), pl.col("sale_upto") - pl.col("net"))
    parts = ruler.join(lines, on=key).with_columns(part=pl.min_horizontal("upto", "sale_upto") - low)
    wanted = ["n", *LINE, "part", *DAY, "returned_on"]
    parts = parts.filter(pl.col("part") > 0).select(wanted)
    searching = back.filter((pl.col("kind") == "open") & pl.col("person").is_not_null()).sort("n")
    searching = searching.select(
        "n", "sku", "amount", customer_id="person", at="sold_at", returned_on="sold_on",
        round=pl.int_range(pl.len()).over("person", "sku"),
    )  # fmt: skip
    people = searching.select("customer_id", "sku").unique().lazy()
    owned = sold.join(people, on=["customer_id", "sku"], how="semi").select(names).collect(engine="streaming")
    taken = parts.group_by(LINE).agg(taken=pl.col("part").sum())
    owned = owned.join(taken, on=LINE, how="left").with_columns(left=pl.col("net") - pl.col("taken").fill_null(0))
    owned = owned.drop("taken")
    for number in range((searching["round"].max() or 0) + 1 if searching.height else 0):  # pyright: ignore
        now = searching.filter(pl.col("round") == number).join(owned, on=["customer_id", "sku"])
        age = (pl.col("returned_on") - pl.col("sold_on")).dt.total_days()
        now = now.filter((pl.col("left") > 0) & (pl.col("sold_at") <= pl.col("at")) & (age <= RETURN_DAYS))
        now = now.sort(ORDER, descending=[True, *[False] * 5]).with_columns(upto=pl.col("left").cum_sum().over("n"))
        rest = pl.col("amount") - (pl.col("upto") - pl.col("left"))
        found = now.filter(rest > 0).with_columns(part=pl.min_horizontal("left", rest)).select(wanted)
        parts = pl.concat([parts, found])
        owned = owned.join(found.select(*LINE, "part"), on=LINE, how="left")
        owned = owned.with_columns(left=pl.col("left") - pl.col("part").fill_null(0)).drop("part")
    return back, parts


def half_even(value: pl.Expr, divisor: int) -> pl.Expr:
    """Divide whole numbers, ties to the even neighbour."""
    size = value.abs()
    whole, rest = size // divisor, size % divisor
    up = (2 * rest > divisor) | ((2 * rest == divisor) & (whole % 2 == 1))
    return value.sign() * (whole + up.cast(pl.Int64))


def customer_days(counted: pl.LazyFrame, back: pl.DataFrame, parts: pl.DataFrame, staged: Path) -> pl.DataFrame:
    """What each customer bought on each day, after returns."""
    names = [*DAY, *TICKET, "store_id", "sales_channel", "units", "unit_cost", "net", "kept", "is_sale"]
    taken = parts.group_by(LINE).agg(taken=pl.col("part").sum()).lazy()
    sold = counted.filter((pl.col("net") > 0) & pl.col("customer_id").is_not_null()).join(taken, on=LINE, how="left")
    sold = sold.with_columns(kept=pl.col("net") - pl.col("taken").fill_null(0), is_sale=pl.lit(1, pl.Int64))
    given = parts.group_by("n").agg(given=pl.col("part").sum())
    theirs = back.filter(pl.col("customer_id").is_not_null()).join(given, on="n", how="left")
    theirs = theirs.with_columns(pl.col("given").fill_null(0))
    is_stated = pl.col("kind") == "stated"
    theirs = theirs.filter(~is_stated | (pl.col("given") > 0)).with_columns(
        kept=pl.when(is_stated).then(0).when(pl.col("kind") == "exchange").then(pl.col("net"))
        .otherwise(pl.col("net") + pl.col("given")),
        net=pl.when(is_stated).then(-pl.col("given")).otherwise(pl.col("net")),
        is_sale=pl.lit(0, pl.Int64),
    )  # fmt: skip
    lines = pl.concat([sold.select(names), theirs.lazy().select(names)])
    net, kept, cost = (pl.col(name) for name in ("net", "kept", "cost"))
    lines = lines.with_columns(cost=half_even(pl.col("unit_cost") * pl.col("units"), 1_000_000))
    margin = (
        pl.when(cost.is_null()).then(half_even(kept * 400_000, 1_000_000))
        .when(kept == net).then(kept - net.sign() * cost)
        .when(kept == 0).then(0)
        .otherwise(kept - (cost * kept).sign() * ((cost * kept).abs() // net.abs()))
    )  # fmt: skip
    tickets = lines.group_by(*DAY, *TICKET, "sales_channel", "store_id").agg(
        sales=pl.col("is_sale").sum(),
        payable=pl.when((pl.col("is_sale") == 1) & (kept > 0)).then(kept).otherwise(0).sum(),
        kept=kept.sum(),
        margin=margin.sum(),
        assumed=cost.is_null().sum(),
    ).collect(engine="streaming")  # fmt: skip
    paid = pl.scan_parquet(f"{staged}/payments/*/rows.parquet")
    paid = paid.filter(pl.col("tender").str.to_lowercase() == "points_voucher")
    paid = paid.group_by(TICKET).agg(paid=pl.col("paid_amount").sum()).filter(pl.col("paid") > 0).collect()
    tickets = tickets.join(paid, on=TICKET, how="left")
    tickets = tickets.with_columns(reward=pl.min_horizontal("payable", pl.col("paid").fill_null(0))).drop("paid")
    days = tickets.lazy().group_by(DAY).agg(
        tickets_count=(pl.col("sales") > 0).sum().cast(pl.Int64),
        lines_count=pl.col("sales").sum(),
        net_amount=pl.col("kept").sum(),
        reward_amount=pl.col("reward").sum(),
        margin_amount=pl.col("margin").sum(),
        margin_is_assumed=pl.col("assumed").sum() > 0,
        sales_channel=pl.col("sales_channel").first(),
        store_id=pl.col("store_id").first(),
        parts=pl.len(),
    ).collect(engine="streaming")  # fmt: skip
    mixed = tickets.join(days.filter(pl.col("parts") > 1).select(DAY), on=DAY, how="semi")
    for column in ("sales_channel", "store_id"):
        worth = mixed.group_by(*DAY, column).agg(worth=pl.col("kept").sum())
        worth = worth.sort("worth", column, descending=[True, False], nulls_last=True)
        main = worth.group_by(DAY, maintain_order=True).agg(main=pl.col(column).first())
        days = days.join(main, on=DAY, how="left")
        days = days.with_columns(pl.when(pl.col("parts") > 1).then(pl.col("main")).otherwise(column).alias(column))
        days = days.drop("main")
    return days.drop("parts")


def states(days: pl.DataFrame, parts: pl.DataFrame, dates: list[date]) -> pl.DataFrame:
    """What was known of every customer at the first two of the dates, each a year before the one before."""
    people = ["consumer", "b2b"]
    now = days.lazy().filter(pl.col("population").is_in(people)).select(
        *DAY, pl.col("net_amount").alias("net"), value=pl.col("net_amount") - pl.col("reward_amount"),
        until=pl.lit(date(9999, 12, 31)),
    )  # fmt: skip
    later = parts.lazy().filter(
        (pl.col("returned_on") > pl.col("sold_on"))
        & pl.col("customer_id").is_not_null()
        & pl.col("population").is_in(people)
    )
    later = later.select(
        *DAY, net="part", value="part", until=(pl.col("returned_on") - pl.duration(days=1)).cast(pl.Date)
    )
    moves = pl.concat([now, later])
    known = {
        f"{name}_{number}": pl.col(name).filter(pl.col("until") >= on).sum()
        for number, on in enumerate(dates[:2])
        for name in ("net", "value")
    }
    by_day = moves.group_by(DAY).agg(**known)
    found: dict[str, pl.Expr] = {"first_on": pl.col("sold_on").filter(pl.col("net_0") > 0).min()}
    for number, on in enumerate(dates[:2]):
        until = pl.col("sold_on") <= on
        window = until & (pl.col("sold_on") > dates[number + 1])
        visit = (pl.col(f"net_{number}") > 0) & until
        found |= {
            f"visits_{number}": visit.sum().cast(pl.Int64),
            f"last_{number}": pl.col("sold_on").filter(visit).max(),
            f"frequency_{number}": (visit & window).sum().cast(pl.Int64),
            f"sum_{number}": pl.col(f"net_{number}").filter(window).sum(),
            f"money_{number}": pl.col(f"value_{number}").filter(window).sum(),
        }
    known_people = by_day.group_by(PEOPLE).agg(**found)
    return known_people.filter((pl.col("visits_0") > 0) | (pl.col("visits_1") > 0)).collect(engine="streaming")


def scored(buyers: pl.DataFrame) -> pl.DataFrame:
    """RFM: scores by the mid-distribution of each population; fixed ones where one frequency holds over a fifth."""
    for name, value in (("recency", "freshness"), ("frequency", "frequency_0"), ("monetary", "money_0")):
        counts = buyers.group_by("population", value).agg(c=pl.len().cast(pl.Int64)).sort("population", value)
        upto, size = pl.col("c").cum_sum().over("population"), pl.col("c").sum().over("population")
        score = -(-5 * (2 * upto - pl.col("c")) // (2 * size))
        counts = counts.with_columns(
            score.alias(f"{name}_score"), is_fixed=(pl.col("c") * 5 > size).any().over("population")
        )
        if name == "frequency":
            visits = pl.col(value)
            fixed = 1 + sum((visits >= floor).cast(pl.Int64) for floor in (2, 3, 5, 10))
            counts = counts.with_columns(
                frequency_score=pl.when("is_fixed").then(fixed).otherwise(pl.col("frequency_score"))
            )
        buyers = buyers.join(counts.drop("c", "is_fixed"), on=["population", value])
    return buyers.select(
        *PEOPLE, "recency_score", "frequency_score", "monetary_score", first_visit_on="first_on",
        last_visit_on="last_0", visits_count="visits_0", recency_days=-pl.col("freshness"), frequency="frequency_0",
        net_amount="sum_0", monetary="money_0",
    )  # fmt: skip


def lower_quantile(gaps: pl.DataFrame, weight: pl.Expr) -> pl.DataFrame:
    """By population, the smallest gap whose cumulative weight reaches 80 %."""
    sums = gaps.group_by("population", "gap").agg(w=weight.sum()).sort("population", "gap")
    reached = pl.col("w").cum_sum().over("population") >= 0.8 * pl.col("w").sum().over("population") * (1 - 1e-12)
    return sums.filter(reached).group_by("population").agg(days=pl.col("gap").min())


def calibrated(days: pl.DataFrame, known: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Thresholds of the strategic segments by population."""
    visits = days.filter((pl.col("net_amount") > 0) & pl.col("population").is_in(["consumer", "b2b"])).sort(DAY)
    before = pl.col("sold_on").shift().over(PEOPLE)
    gaps = visits.select(
        "population", gap=(pl.col("sold_on") - before).dt.total_days(), of=pl.len().over(PEOPLE) - 1,
        place=pl.int_range(pl.len()).over(PEOPLE),
    ).filter(pl.col("place") > 0)  # fmt: skip
    sizes = known.group_by("population").agg(repeaters=(pl.col("visits_0") >= 2).sum().cast(pl.Int64))
    cycle = lower_quantile(gaps, 1 / pl.col("of")).rename({"days": "c"})
    first = gaps.filter(pl.col("place") == 1)
    new = lower_quantile(first, pl.lit(1.0).repeat_by(1).explode() if False else pl.col("gap") * 0 + 1.0)
    found = sizes.join(cycle, on="population", how="left").join(new, on="population", how="left")
    is_assumed = pl.col("repeaters") < 200
    found = found.select(
        "population", "repeaters", cycle_days=pl.when(is_assumed).then(120).otherwise(pl.col("c").clip(45, 365)),
        new_days=pl.when(is_assumed).then(90).otherwise(pl.col("days").clip(60, 365)),
    ).with_columns(lost_days=(3 * pl.col("cycle_days")).clip(365, 1095))  # fmt: skip
    recency = (pl.lit(as_of) - pl.col("last_0")).dt.total_days()
    core = known.join(found, on="population").filter((pl.col("visits_0") >= 2) & (recency <= pl.col("cycle_days")))
    sums = core.group_by("population", "money_0").agg(w=pl.col("money_0").sum()).sort("money_0", descending=True)
    whole = pl.col("w").sum().over("population")
    sums = sums.filter((whole > 0) & (pl.col("w").cum_sum().over("population") >= (whole + 1) // 2))
    return found.join(sums.group_by("population").agg(core_amount=pl.col("money_0").max()), on="population", how="left")


def segment(number: int, on: date) -> pl.Expr:
    """The strategic segment at a date."""
    visits, value = pl.col(f"visits_{number}"), pl.col(f"money_{number}")
    recency = (pl.lit(on) - pl.col(f"last_{number}")).dt.total_days()
    in_cycle = (visits >= 2) & (recency <= pl.col("cycle_days"))
    branches = [
        (visits == 0, "not_yet_customer"), (recency > pl.col("lost_days"), "lost"),
        (in_cycle & (value >= pl.col("core_amount")).fill_null(False), "core"), (in_cycle, "loyal"),
        (visits >= 2, "slipping"), (recency <= pl.col("new_days"), "new"),
    ]  # fmt: skip
    found = pl.lit("one_off")
    for test, name in reversed(branches):
        found = pl.when(test).then(pl.lit(name)).otherwise(found)
    return found


def run(staged: Path, output: Path, as_of: date) -> None:
    """Do the whole job; stops at data this script was not written for."""
    dates = [as_of, year_before(as_of, 1), year_before(as_of, 2)]
    lines = staged_lines(staged, as_of)
    files = lines.group_by(TICKET).agg(first=pl.col("file_id").min(), last=pl.col("file_id").max())
    check(files.filter(pl.col("first") != pl.col("last")).select(pl.len()).collect(engine="streaming").item(), "twice")
    check(lines.filter(pl.col("currency") != "EUR").select(pl.len()).collect(engine="streaming").item(), "foreign")
    counted = counted_lines(lines, staged, dates[1])
    back, parts = linked(counted)
    days = customer_days(counted, back, parts, staged)
    days.filter(pl.col("net_amount") > 0).write_parquet(output / "visits.parquet")
    known = states(days, parts, dates)
    fresh = (pl.col("last_0") - pl.lit(as_of)).dt.total_days()
    scored(known.filter(pl.col("visits_0") > 0).with_columns(freshness=fresh)).write_parquet(output / "rfm.parquet")
    limits = calibrated(days, known, as_of)
    limits.write_parquet(output / "calibration.parquet")
    assigned = known.join(limits, on="population").with_columns(
        segment_0=segment(0, dates[0]), segment_1=segment(1, dates[1])
    )
    here = assigned.filter(pl.col("visits_0") > 0)
    here.select(*PEOPLE, segment="segment_0").write_parquet(output / "assignments.parquet")
    assigned.group_by("population", from_segment="segment_1", to_segment="segment_0").agg(
        customers_count=pl.len().cast(pl.Int64), before_amount=pl.col("sum_1").sum(), after_amount=pl.col("sum_0").sum()
    ).write_parquet(output / "transitions.parquet")


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
