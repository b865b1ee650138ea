"""What the customers of a segment are like: size, sales, rhythm, sales channels, categories, stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue import portable
from habitue.segments.outlook import per_head
from habitue.segments.states import PERSON, days_between
from habitue.segments.strategic import NOT_YET


def sizes(
    assigned: ir.Table, column: str, *, as_of: date, segments: Sequence[str], populations: Sequence[str]
) -> list[dict[str, Any]]:
    """SEGMENTS without the segmentation: every segment of every population, empty ones too, not yet customers last.

    Args:
        assigned: one row a customer and population, with the newest moment of `states`.
        column: its column of segments.
        as_of: the newest moment.
        segments: the segments of customers with a visit, in order.
        populations: the populations.
    """
    there = assigned.mutate(recency=days_between(assigned.last_0, as_of), tenure=days_between(assigned.first_on, as_of))
    grouped = there.group_by("population", segment=there[column]).aggregate(
        customers_count=there.customer_id.count(),
        net_amount=there.net_0.sum().cast("int64"),
        visits_count=there.frequency_0.sum().cast("int64"),
        median_recency_days=there.recency.median(),
        median_tenure_days=there.tenure.median(),
    )
    found = {(row["population"], row["segment"]): row for row in grouped.to_pyarrow().to_pylist()}
    rows = []
    for population in populations:
        theirs = [found.get((population, segment), {}) for segment in segments]
        customers = sum(row.get("customers_count", 0) for row in theirs)
        net = sum(int(row.get("net_amount", 0)) for row in theirs)
        for place, segment in enumerate((*segments, NOT_YET), 1):
            row = found.get((population, segment), {})
            count, amount = row.get("customers_count", 0), int(row.get("net_amount", 0))
            visits = int(row.get("visits_count", 0))
            is_customer = segment != NOT_YET
            rows.append(
                {
                    "population": population,
                    "segment": segment,
                    "place": place,
                    "customers_count": count,
                    "customers_share": count / customers if customers and is_customer else None,
                    "net_amount": amount,
                    "net_share": amount / net if net > 0 and is_customer else None,
                    "visits_count": visits,
                    "visits_per_customer": visits / count if count else None,
                    "basket_amount": per_head(amount, visits),
                    "per_head_amount": per_head(amount, count),
                    "median_recency_days": row.get("median_recency_days"),
                    "median_tenure_days": row.get("median_tenure_days"),
                }
            )
    return rows


def home_stores(days: ir.Table, *, window_after: date) -> ir.Table:
    """One row a customer and population with a visit: `store_id`, the store of most of their visits."""
    return most_visited(days, "store_id", window_after=window_after)


def most_visited(days: ir.Table, column: str, *, window_after: date) -> ir.Table:
    """One row a customer and population with a visit: the value of a column that most of their visits have.

    Visits of the window count first, then those of all time, then the later one, then the name; null: not stated.
    """
    visits = days.filter(days.is_visit)
    grouped = visits.group_by(*PERSON, column).aggregate(
        recent=ibis.ifelse(visits.sold_on > window_after, 1, 0).cast("int64").sum(),
        ever=visits.sold_on.count(),
        last=visits.sold_on.max(),
    )
    order = [
        ibis.desc(grouped.recent), ibis.desc(grouped.ever), ibis.desc(grouped.last),
        ibis.asc(grouped[column], nulls_first=False),
    ]  # fmt: skip
    ranked = grouped.mutate(rank=ibis.row_number().over(ibis.window(group_by=PERSON, order_by=order)))
    return ranked.filter(ranked["rank"] == 0).select(*PERSON, column)


def places(
    assigned: ir.Table, homes: ir.Table, stores: ir.Table | None, columns: Mapping[str, str]
) -> list[dict[str, Any]]:
    """SEGMENT_PLACES: segments by store, and by region where the stores have one.

    Args:
        assigned: one row a customer and population.
        homes: `home_stores`, stored.
        stores: STORES, or None.
        columns: column of segments by segmentation.
    """
    of = homes.select("store_id", home_customer="customer_id", home_population="population")
    located = assigned.filter(assigned.visits_0 > 0).inner_join(
        of, [assigned.customer_id == of.home_customer, assigned.population == of.home_population]
    )
    if stores is None:
        located = located.mutate(region=ibis.null("string"))
    else:
        known = stores.select("region", known_store="store_id")
        located = located.left_join(known, located.store_id == known.known_store)
    summed = located.group_by("population", "store_id", "region", *columns.values()).aggregate(
        customers=located.customer_id.count(), net=located.net_0.sum(), visits=located.frequency_0.sum()
    )
    cells = summed.to_pyarrow().to_pylist()
    rows = []
    for kind, name in (("store", "store_id"), ("region", "region")):
        if all(cell[name] is None for cell in cells):
            continue
        for segmentation, column in columns.items():
            rows += _place_rows(cells, segmentation, column, kind, name)
    return rows


def _place_rows(
    cells: Sequence[Mapping[str, Any]], segmentation: str, column: str, kind: str, name: str
) -> list[dict[str, Any]]:
    sums: dict[tuple[str, Any, str], list[int]] = {}
    whole: dict[tuple[str, Any], int] = {}
    for cell in cells:
        place = (cell["population"], cell[name])
        total = sums.setdefault((*place, cell[column]), [0, 0, 0])
        for at, measure in enumerate(("customers", "net", "visits")):
            total[at] += int(cell[measure])
        whole[place] = whole.get(place, 0) + cell["customers"]
    return [
        {
            "segmentation": segmentation,
            "population": population,
            "place_kind": kind,
            "place_name": place,
            "segment": segment,
            "customers_count": customers,
            "customers_share": customers / whole[population, place],
            "net_amount": net,
            "visits_count": visits,
        }
        for (population, place, segment), (customers, net, visits) in sums.items()
    ]


def channel_sums(days: ir.Table, *, window_after: date) -> ir.Table:
    """Net of the window by customer, population and sales channel (`value`)."""
    some = days.filter(days.sold_on > window_after)
    return some.group_by(*PERSON, value=some.sales_channel).aggregate(net=some.net_amount.sum().cast("int64"))


def category_sums(lines: ir.Table, products: ir.Table, *, window_after: date) -> ir.Table:
    """The same by product category."""
    some = lines.filter(lines.counts & lines.customer_id.notnull() & (lines.sold_on > window_after))
    sold = some.group_by(*PERSON, "sku").aggregate(net=some.kept_amount.sum().cast("int64"))
    known = products.select("category", known_sku="sku")
    named = sold.left_join(known, sold.sku == known.known_sku)
    return named.group_by(*PERSON, value=named.category).aggregate(net=named.net.sum().cast("int64"))


def mix(assigned: ir.Table, sums: ir.Table, dimension: str, columns: Mapping[str, str]) -> list[dict[str, Any]]:
    """SEGMENT_MIX of one dimension: what share of a segment's net it takes, and how that compares.

    Args:
        assigned: one row a customer and population.
        sums: `channel_sums` or `category_sums`.
        dimension: sales_channel or category.
        columns: column of segments by segmentation.
    """
    theirs = sums.select("value", "net", sum_customer="customer_id", sum_population="population")
    both = assigned.filter(assigned.visits_0 > 0).inner_join(
        theirs, [assigned.customer_id == theirs.sum_customer, assigned.population == theirs.sum_population]
    )
    summed = both.group_by("population", "value", *columns.values()).aggregate(net=both.net.sum().cast("int64"))
    cells = portable.materialise(summed, "mix").to_pyarrow().to_pylist()
    rows = []
    for segmentation, column in columns.items():
        parts: Counter[Any] = Counter()
        segment_net: Counter[Any] = Counter()
        value_net: Counter[Any] = Counter()
        whole: Counter[Any] = Counter()
        for cell in cells:
            population, segment, value, net = cell["population"], cell[column], cell["value"], int(cell["net"])
            parts[population, segment, value] += net
            segment_net[population, segment] += net
            value_net[population, value] += net
            whole[population] += net
        for (population, segment, value), net in parts.items():
            share = net / segment_net[population, segment] if segment_net[population, segment] > 0 else None
            overall = value_net[population, value] / whole[population] if whole[population] > 0 else None
            rows.append(
                {
                    "segmentation": segmentation,
                    "population": population,
                    "segment": segment,
                    "dimension": dimension,
                    "value": value,
                    "net_amount": net,
                    "share": share,
                    "population_share": overall,
                    "lift": share / overall if share is not None and overall and overall > 0 else None,
                }
            )
    return rows
