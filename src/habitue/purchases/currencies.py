"""Home currency: every amount at the rate of its own day, rounded half-even to the home currency's minor unit.

Domain rule: convert at the rate of the day of sale, keep both amounts; a linked return takes the rate of its purchase
(see `returns`). A line that cannot be converted is set aside, never counted at par.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from habitue import portable
from habitue.errors import ConfigurationError, message
from habitue.schemas.units import minor_unit

_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
    ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT
    MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD
    SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES
    VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    AZM BYR CUC CYP DEM EEK ESP FIM FRF GHC GRD HRK IEP ITL LTL LUF LVL MRO MTL MZM NLG PTE ROL RUR SIT SKK SLL STD TMM
    TRL VEB VEF ZMK ZWL
"""

CODES = frozenset(_CODES.split())
"""ISO 4217 codes in use, then withdrawn ones that a retailer's history may still carry."""

FAULTS = ("no_rate", "currency_missing", "currency_unknown")
"""Why a line is set aside here."""


@dataclass(frozen=True)
class DayRates:
    """Rates of the foreign currencies and days that occur.

    `table` has `rate_currency`, `rate_on`, `rate_fault` and the rate in whole numbers: the home amount is
    (amount * `rate_factor`) * (`rate_whole` + `rate_rest` / `rate_divisor`), in minor units on both sides. None when
    every line is in the home currency.
    """

    home: str
    table: ir.Table | None


def day_rates(lines: ir.Table, rates: ir.Table | None, *, home: str) -> DayRates:
    """Find the rate of every foreign currency and day in the lines.

    Args:
        lines: at least `currency`, `sold_on`.
        rates: RATES, or None. Where two hold on a day the one that starts later is taken; no last day: still valid.
        home: the home currency.

    Raises:
        ConfigurationError: `home` is no ISO 4217 code (`purchases.home_currency_unknown`).
    """
    if home not in CODES:
        raise ConfigurationError(message("purchases.home_currency_unknown", received=home))
    foreign = lines.filter(lines.currency.isnull() | (lines.currency != home))
    days = foreign.select("currency", "sold_on").distinct().to_pyarrow().to_pylist()
    if not days:
        return DayRates(home, None)
    known = _by_currency(rates)
    pairs = [(row["currency"], row["sold_on"]) for row in days if row["currency"] is not None]
    rows = [{"rate_currency": code, "rate_on": day, **_rate(known, code, day, home)} for code, day in pairs]
    return DayRates(home, portable.stored(pa.Table.from_pylist(rows, schema=_DAY_RATES), "day_rates", like=lines))


def convert(lines: ir.Table, rates: DayRates) -> ir.Table:
    """Lines with their amounts in the home currency; grain unchanged.

    Gross, net and tax are converted, the discount is what lies between gross and net, so that the identity holds.
    Added: `source_net_amount` (net in the source's currency) and `rate_fault` (null, or why the line has no home
    amount: `no_rate`, `currency_missing`, `currency_unknown`; its amounts are then null).
    """
    kept = lines.columns
    lines = lines.mutate(source_net_amount=lines.net_amount)
    if rates.table is None:
        return lines.mutate(rate_fault=ibis.null("string"))
    table = rates.table
    wide = lines.left_join(table, (lines.currency == table.rate_currency) & (lines.sold_on == table.rate_on))
    wide = wide.mutate(
        at_home=wide.currency == rates.home,
        rate_fault=ibis.ifelse(wide.currency.isnull(), "currency_missing", wide.rate_fault),
    )
    wide = _converted(wide, ("gross_amount", "net_amount", "tax_amount"))
    wide = wide.mutate(discount_amount=wide.gross_amount - wide.net_amount)
    return wide.select(*kept, "source_net_amount", "rate_fault")


_DAY_RATES = pa.schema(
    [
        ("rate_currency", pa.string()),
        ("rate_on", pa.date32()),
        ("rate_fault", pa.string()),
        ("rate_factor", pa.int64()),
        ("rate_whole", pa.int64()),
        ("rate_rest", pa.int64()),
        ("rate_divisor", pa.int64()),
    ]
)

_Period = tuple[date, date | None, int]


def _by_currency(rates: ir.Table | None) -> dict[str, list[_Period]]:
    """Periods (first day, last day, rate) of each currency, by first day."""
    known: dict[str, list[_Period]] = defaultdict(list)
    if rates is not None:
        for row in rates.select("currency", "valid_from", "valid_to", "rate_e8").to_pyarrow().to_pylist():
            known[row["currency"]].append((row["valid_from"], row["valid_to"], row["rate_e8"]))
    for periods in known.values():
        periods.sort(key=lambda period: period[0])
    return known


def _rate(known: dict[str, list[_Period]], currency: str, day: date, home: str) -> dict[str, Any]:
    periods = known.get(currency)
    if periods is None:
        return {"rate_fault": "no_rate" if currency in CODES else "currency_unknown"}
    started = bisect_right(periods, day, key=lambda period: period[0])
    valid = next((p for p in reversed(periods[:started]) if p[1] is None or day <= p[1]), None)
    if valid is None:
        return {"rate_fault": "no_rate"}
    more = minor_unit(home) - minor_unit(currency)
    divisor = 10 ** (8 + max(-more, 0))
    whole, rest = divmod(valid[2], divisor)
    return {"rate_factor": 10 ** max(more, 0), "rate_whole": whole, "rate_rest": rest, "rate_divisor": divisor}


def _converted(lines: ir.Table, names: Sequence[str]) -> ir.Table:
    """Amounts at their row's rate, ties to the even neighbour; amounts `at_home` stay.

    The whole part of the rate is kept apart so that the products stay within int64. Step by step, each in a column:
    the next names it many times over.
    """
    divisor = lines.rate_divisor
    lines = lines.mutate(**{f"{name}_part": lines[name].abs() * lines.rate_factor * lines.rate_rest for name in names})
    lines = lines.mutate(
        **{f"{name}_quotient": portable.whole_quotient(lines[f"{name}_part"], divisor) for name in names}
    )
    lines = lines.mutate(
        **{
            f"{name}_below": lines[name].abs() * lines.rate_factor * lines.rate_whole + lines[f"{name}_quotient"]
            for name in names
        },
        **{f"{name}_twice": (lines[f"{name}_part"] - lines[f"{name}_quotient"] * divisor) * 2 for name in names},
    )
    values: dict[str, ir.IntegerValue] = {}
    for name in names:
        below, twice = lines[f"{name}_below"], lines[f"{name}_twice"]
        up = (twice > lines.rate_divisor) | ((twice == lines.rate_divisor) & (below % 2 == 1))
        size = below + ibis.ifelse(up, 1, 0).cast("int64")
        value = ibis.ifelse(lines[name] < 0, -size, size).cast("int64")
        values[name] = ibis.ifelse(lines.at_home, lines[name], value).cast("int64")
    return lines.mutate(**values)
