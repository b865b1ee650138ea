"""Whole projects from random sales files, through the façade: nothing is lost, and what is the same comes out the same.

The generator keeps the truth: which rows can be read, on which day, for how many cents. One run holds several sources:
the same sales written once as they came, and again in another order, cut into files, repeated, or sent twice.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from habitue import project

HEADERS = {
    "transaction_id": "N° ticket",
    "sold_at": "Date",
    "source_customer_id": "Carte",
    "store_id": "Magasin",
    "sku": "Article",
    "net_amount": "Montant",
    "original_transaction_id": "Ticket d'origine",
    "line_number": "Ligne",
}
FIRST, EARLIEST = date(2023, 11, 1), date(2000, 1, 1)
ANCHOR = datetime(2024, 1, 15, 9, 30)
EMPTY = ("", "N/A", "null", "-", " ")
CENT = Decimal("0.01")
FAST = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # an example takes seconds: shrinking one would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)


@dataclass(frozen=True)
class Row:
    """A row as it should be: empty texts where nothing is said.

    `fault` names what is wrong with its date (`moment` then says nothing), `unread` is written in place of an amount.
    """

    ticket: str
    moment: datetime
    amount: Decimal
    card: str = ""
    store: str = "S1"
    sku: str = "A"
    original: str = ""
    line: int = 1
    fault: str = ""
    unread: str | None = None
    form: str = "plain"
    more_cells: bool = False

    def __repr__(self) -> str:
        told = [f"{self.moment:%Y-%m-%d %H:%M}", self.ticket, str(self.line), self.card, self.store, self.sku]
        wrong = self.fault or ("surplus" if self.more_cells else "")
        return " | ".join(
            [*told, repr(self.unread) if self.unread is not None else str(self.amount), self.original, wrong]
        )

    @property
    def cents(self) -> int | None:
        """What the row adds to the readable amount, in cents."""
        if self.unread is not None or self.more_cells:
            return None
        return int(self.amount.quantize(CENT, ROUND_HALF_EVEN) * 100)

    @property
    def is_good(self) -> bool:
        """Ticket, date and amount can be read, and the day can be believed."""
        return self.cents is not None and not self.fault and self.ticket not in EMPTY


@dataclass(frozen=True)
class Style:
    """How a file is written."""

    delimiter: str
    mark: str
    encoding: str
    day_first: bool
    has_lines: bool
    title: bool


@dataclass(frozen=True)
class Sales:
    """Rows of the generator with the style of their file."""

    rows: tuple[Row, ...]
    style: Style
    order: tuple[int, ...] = ()
    parts: tuple[int, ...] = ()
    altered: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        rows = "\n".join(f"{part} {row!r}" for part, row in zip(self.parts, self.rows, strict=True))
        return f"{self.style}\n{rows}\naltered: {self.altered}"


def written_amount(row: Row, mark: str) -> str:
    """The amount as the file has it."""
    if row.unread is not None:
        return row.unread
    size = f"{abs(row.amount):f}"
    whole, _, part = size.partition(".")
    thousands = "." if mark == "," else ","
    separator = {"grouped": thousands, "spaced": " "}.get(row.form)
    if separator and len(whole) > 3:
        whole = f"{whole[:-3]}{separator}{whole[-3:]}"
    text = whole if row.form == "whole" and not int(part or 0) else f"{whole}{mark}{part}"
    negative = row.amount < 0
    if row.form == "brackets":
        return f"({text})" if negative else text
    if row.form == "behind":
        return f"{text}-" if negative else text
    return f"{'-' if negative else ''}{text}{' €' if row.form == 'euro' else ''}"


def written_date(row: Row, day_first: bool) -> str:
    """The moment as the file has it, or what stands in its place."""
    if row.fault in ("", "early", "future"):
        shift = {"early": timedelta(days=-10_000), "future": timedelta(days=30_000), "": timedelta()}[row.fault]
        return f"{row.moment + shift:{'%d/%m/%Y %H:%M' if day_first else '%Y-%m-%d %H:%M'}}"
    impossible = "30/02/2024 10:00" if day_first else "2024-02-30 10:00"
    return {"impossible": impossible, "empty": "", "word": "N/A", "unreadable": "yesterday"}[row.fault]


def content(rows: Sequence[Row], style: Style, *, mess: bool = True) -> bytes:
    """A whole file; with `mess`, a total row, a blank line and a note, which are no data."""
    columns = [name for name in HEADERS if name != "line_number" or style.has_lines]
    out = io.StringIO()
    write = csv.writer(out, delimiter=style.delimiter, lineterminator="\r\n").writerow
    if style.title:
        write(["Sales of the shop"])
    write([HEADERS[name] for name in columns])
    for row in rows:
        cells = {
            "transaction_id": row.ticket,
            "sold_at": written_date(row, style.day_first),
            "source_customer_id": row.card,
            "store_id": row.store,
            "sku": row.sku,
            "net_amount": written_amount(row, style.mark),
            "original_transaction_id": row.original,
            "line_number": str(row.line),
        }
        write([cells[name] for name in columns] + (["", "surplus"] if row.more_cells else []))
    if mess:
        total = {"transaction_id": "Total", "net_amount": f"98765{style.mark}43"}
        write([total.get(name, "") for name in columns])
        write([""] * len(columns))
        out.write("\r\n")
        write(["printed at night"])
    return out.getvalue().encode(style.encoding)


def anchor(line: int = 1) -> Row:
    """A row that proves date order and decimal mark, of an identified customer."""
    return Row("0001", ANCHOR, Decimal("12.50"), card="C1", line=line)


AMOUNTS = st.one_of(
    st.sampled_from([Decimal("5.00"), Decimal("12.50")]),
    st.decimals(Decimal("0.01"), Decimal("4999.99"), places=2),
    st.decimals(Decimal("1.001"), Decimal("999.999"), places=3),
)
FORMS = st.sampled_from(["plain", "plain", "grouped", "spaced", "whole", "brackets", "behind", "euro"])
CARDS = st.sampled_from(["C1", "C1", "0017", "17", "Ève@example.com", "", "N/A", "000"])
SKUS = st.sampled_from(["A", "A", "B", "Thé, vert", "", "0007"])
STORES = st.sampled_from(["S1", "Évry", 'Nîmes "centre"'])
FAULTS = st.sampled_from([""] * 9 + ["impossible", "empty", "word", "unreadable", "early", "future"])
UNREAD = st.sampled_from([None] * 9 + ["", "N/A", "free", "1 2 3", "--", "1,2.3,4"])


@st.composite
def tickets(draw: st.DrawFn, number: int, has_lines: bool, earlier: Sequence[str]) -> list[Row]:
    """The rows of one ticket: a sale, a return (with or without original), both, or a number used before."""
    kind = draw(st.sampled_from(["sale", "sale", "sale", "return", "return", "mixed"]))
    name = f"{number:04}" if number % 3 else f"T-{number}"
    if not has_lines and earlier and draw(st.integers(0, 7)) == 7:
        name = draw(st.sampled_from(earlier))  # a number used twice, or a refund under the order's own number
    moment = datetime.combine(FIRST, datetime.min.time()) + timedelta(
        days=draw(st.integers(0, 200)), minutes=draw(st.sampled_from([0, 1, 600, 1439]))
    )
    card, store = draw(CARDS), draw(STORES)
    rows = []
    for line in range(1, draw(st.integers(1, 4)) + 1):
        sign = -1 if kind == "return" or (kind == "mixed" and draw(st.booleans())) else 1
        original = draw(st.sampled_from(["", "9999", *earlier])) if sign < 0 else ""
        amount = draw(AMOUNTS) * sign if draw(st.integers(0, 15)) < 15 else Decimal("0.00")
        fault = draw(FAULTS)
        rows.append(
            Row(
                ticket=draw(st.sampled_from([name] * 15 + ["", "N/A"])),
                moment=moment,
                amount=amount,
                card=card if draw(st.integers(0, 9)) else draw(CARDS),
                store=store,
                sku="B" if fault in ("empty", "word") else draw(SKUS),  # a single filled cell would be a note
                original=original,
                line=line,
                fault=fault,
                unread=draw(UNREAD),
                form=draw(FORMS),
                more_cells=draw(st.integers(0, 29)) == 29,
            )
        )
        if not has_lines and draw(st.integers(0, 7)) == 7:
            twin = (
                {"card": draw(CARDS), "original": draw(st.sampled_from(["", *earlier]))} if draw(st.booleans()) else {}
            )
            rows.append(replace(rows[-1], **twin))
    return rows


@st.composite
def styles(draw: st.DrawFn) -> Style:
    """A way to write a file."""
    return Style(
        delimiter=draw(st.sampled_from([",", ";", "\t"])),
        mark=draw(st.sampled_from([",", "."])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"])),
        day_first=draw(st.booleans()),
        has_lines=draw(st.booleans()),
        title=draw(st.booleans()),
    )


@st.composite
def sales(draw: st.DrawFn) -> Sales:
    """A small sales file and what the variants need: an order, a part for each row, tickets altered in a first export."""  # noqa: E501
    style = draw(styles())
    rows, names = [anchor()], ["0001"]
    for number in range(2, draw(st.integers(4, 14)) + 2):
        made = draw(tickets(number, style.has_lines, names))
        rows += made
        names = list(dict.fromkeys([*names, *(row.ticket for row in made if row.ticket not in EMPTY)]))
        if len(rows) >= 38:
            break
    order = draw(st.permutations(range(len(rows))))
    parts = draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows)))
    good = list(dict.fromkeys(row.ticket for row in rows if row.is_good))
    altered = draw(
        st.dictionaries(st.sampled_from(good), st.sampled_from(["amount", "less", "more"]), min_size=1, max_size=3)
    )
    return Sales(tuple(rows), style, tuple(order), tuple(parts), altered)


# ---------------------------------------------------------------------------------------------------------------------
# The variants: the same sales in other files. Each gives its files in the order in which they are made.


@dataclass(frozen=True)
class File:
    """A file of a project, with the rows it holds."""

    name: str
    rows: tuple[Row, ...]
    style: Style
    mess: bool = True

    def write(self, folder: Path, age: int) -> None:
        path = folder / self.name
        path.write_bytes(content(self.rows, self.style, mess=self.mess))
        made = datetime(2024, 7, 1).timestamp() - age
        os.utime(path, (made, made))


def as_it_came(of: Sales) -> list[File]:
    return [File("sales.csv", of.rows, of.style)]


def shuffled(of: Sales) -> list[File]:
    return [File("shuffled.csv", tuple(of.rows[i] for i in of.order), of.style)]


def in_parts(of: Sales) -> list[File]:
    """Cut by tickets; where lines are numbered, anywhere: the parts of a ticket share no line."""
    homes = dict(zip(reversed([row.ticket for row in of.rows]), reversed(of.parts), strict=True))
    parts: dict[int, list[Row]] = {}
    for row, part in zip(of.rows, of.parts, strict=True):
        parts.setdefault(part if of.style.has_lines else homes[row.ticket], []).append(row)
    return [File(f"part-{n}.csv", tuple(rows), of.style, mess=n == 1) for n, rows in parts.items()]


def repeated(of: Sales) -> list[File]:
    other = replace(of.style, delimiter=";" if of.style.delimiter != ";" else "\t")
    return [
        File("sales.csv", of.rows, of.style),
        File("copy of sales.csv", of.rows, of.style),
        File("other separator.csv", of.rows, other),
    ]


def older(of: Sales) -> tuple[Row, ...]:
    """An earlier export of every ticket: the altered ones with another amount, a line less or a line more."""
    rows, changed = list(of.rows), set()
    for i in reversed(range(len(rows))):
        row = rows[i]
        how = of.altered.get(row.ticket)
        if not how or not row.is_good or row.ticket in changed:
            continue
        changed.add(row.ticket)
        alone = sum(other.is_good and other.ticket == row.ticket for other in rows) == 1
        if how == "less" and not alone:
            del rows[i]
        elif how == "more":
            rows.insert(i, replace(row, line=99))
        else:
            rows[i] = replace(row, amount=row.amount + 1, form="plain")
    return tuple(rows)


def sent_twice(of: Sales) -> list[File]:
    """The later export, by the date in its name, was written to the disk last."""
    return [
        File("till_2024-05-31.csv", older(of), of.style),
        File("till_2024-06-30.csv", of.rows, of.style),
    ]


def sent_twice_backwards(of: Sales) -> list[File]:
    """The later export, by the date in its name, was written to the disk first."""
    return sent_twice(of)[::-1]


VARIANTS = {made.__name__: made for made in (shuffled, in_parts, repeated, sent_twice, sent_twice_backwards)}


@contextmanager
def built(sources: Mapping[str, Sequence[File]]) -> Iterator[project.Project]:
    """A project of several sources, each with customers of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "habitue.toml").write_text(settings_of(sources), "utf-8")
        for name, files in sources.items():
            put(folder / name, files)
        yield project.open(folder)


def put(folder: Path, files: Sequence[File]) -> None:
    folder.mkdir(exist_ok=True)
    for place, file in enumerate(files):
        file.write(folder, age=len(files) - place)


def settings_of(sources: Mapping[str, Sequence[File]]) -> str:
    lines = ['[engine]\nthreads = 1\nmemory = "500MB"', "[tolerance]\nrows = 1\namount = 1"]
    for name, files in sources.items():
        lines.append(f'[sources.{name}]\nkind = "transactions"\ntax = "excluded"\nfiles = "{name}/*.csv"')
        lines.append(f"[sources.{name}.columns]")
        lines += [
            f"{column} = {json.dumps(header, ensure_ascii=False)}"
            for column, header in HEADERS.items()
            if column != "line_number" or files[0].style.has_lines
        ]
    return "\n".join(lines)


# ---------------------------------------------------------------------------------------------------------------------
# What the tables say of one source, without what may differ: file, row and opaque ids.

LEFT_OUT = {"source", "original_source", "file_id", "row_number", "customer_id", "source_customer_id"}


class Results:
    """The tables of a run, by source."""

    def __init__(self, opened: project.Project) -> None:
        self._tables = {
            name: opened.show(name, personal_data=True).to_pylist()
            for name in ("customers", "customer_days", "sales", "returns", "transaction_lines", "reconciliation",
                         "resent_tickets", "customer_ids", "files", "quarantine", "sales_by_year")
        }  # fmt: skip
        self._system = {row["customer_id"]: row["customer_system"] for row in self._tables["customer_ids"]}

    def table(self, name: str) -> list[dict[str, Any]]:
        return self._tables[name]

    def of(self, source: str, name: str) -> list[dict[str, Any]]:
        """Rows of one source, or of the customers of one source; all rows where neither is told."""
        rows = self._tables[name]
        if rows and "source" in rows[0]:
            return [row for row in rows if row["source"] == source]
        if rows and "customer_id" in rows[0]:
            return [row for row in rows if self._system[row["customer_id"]] == source]
        return rows

    def multiset(self, source: str, name: str) -> Counter[str]:
        kept = [{k: v for k, v in row.items() if k not in LEFT_OUT} for row in self.of(source, name)]
        return Counter(repr(sorted(row.items())) for row in kept)


COMPARED = ("customers", "customer_days", "sales", "returns", "transaction_lines")
CLASSES = ("used", "duplicate", "after_as_of", "set_aside", "not_a_purchase")


def expect_reconciled(found: Results, source: str, files: Sequence[File], as_of: date, duplicates: bool) -> None:
    """Each file adds up, and was read as the generator wrote it."""
    recon = found.of(source, "reconciliation")
    for row in recon:
        assert row["read_amount"] == sum(row[f"{name}_amount"] for name in CLASSES)
        assert row["read_rows"] == sum(row[f"{name}_rows"] for name in CLASSES) + row["unreadable_rows"]
    distinct = {content(f.rows, f.style, mess=f.mess): f for f in files}
    names = {row["file"] for row in found.of(source, "files")}
    assert len(names) == len(distinct)
    for file in distinct.values():
        if file.name not in names:  # another name of the same bytes was read
            continue
        mine = [row for row in recon if row["file"] == file.name]
        cents = [row.cents for row in file.rows]
        assert sum(row["read_rows"] for row in mine) == len(cents)
        assert sum(row["read_amount"] for row in mine) == sum(c or 0 for c in cents)
        assert sum(row["unreadable_rows"] for row in mine) == cents.count(None)
        if not duplicates:
            later = [row.cents for row in file.rows if row.is_good and row.moment.date() > as_of]
            assert sum(row["after_as_of_rows"] for row in mine) == len(later)
            assert sum(row["after_as_of_amount"] for row in mine) == sum(c or 0 for c in later)
            assert not any(row["duplicate_rows"] or row["duplicate_amount"] for row in mine)


def expect_consistent(found: Results, source: str) -> None:
    """Keys are unique, and the same cents are in every table."""
    lines, returned = found.of(source, "transaction_lines"), found.of(source, "returns")
    assert len({(row["transaction_id"], row["line_number"]) for row in lines}) == len(lines)
    assert len({(row["transaction_id"], row["line_number"], row["part"]) for row in returned}) == len(returned)
    counted = [row for row in lines if row["counts"]]
    used = sum(row["used_amount"] for row in found.of(source, "reconciliation"))
    assert sum(row["net_amount"] for row in counted) == used
    assert sum(row["kept_amount"] for row in counted) == used
    assert sum(row["net_amount"] for row in found.of(source, "sales") if row["counts"]) == used
    identified = sum(row["kept_amount"] for row in counted if row["customer_id"])
    customers = found.of(source, "customers")
    assert sum(row["net_amount"] for row in customers) == identified
    assert sum(row["net_amount"] for row in found.of(source, "customer_days")) == identified
    for row in customers:
        returns = row["returned_amount"] + row["unlinked_returns_amount"]
        assert row["gross_sales_amount"] - returns == row["net_amount"]
    for row in lines:
        if row["sale_type"] == "sale":
            assert 0 <= row["kept_amount"] == row["net_amount"] - row["returned_amount"]


def expect_resent(found: Results, source: str, of: Sales) -> None:
    """Exactly the tickets whose believable lines differ are listed, with rows and cents of both exports."""
    expected = {}
    first = older(of)
    for ticket in {row.ticket for row in of.rows if row.is_good}:
        before, after = (sorted(believed(rows, ticket)) for rows in (first, of.rows))
        if before != after:
            expected[ticket] = (len(after), sum(c[-1] for c in after), len(before), sum(c[-1] for c in before))
    listed = found.of(source, "resent_tickets")
    numbers = ("kept_rows", "kept_amount", "superseded_rows", "superseded_amount")
    assert {row["transaction_id"]: tuple(row[n] for n in numbers) for row in listed} == expected
    files = {(row["kept_file"], row["superseded_file"]) for row in listed}
    assert files <= {("till_2024-06-30.csv", "till_2024-05-31.csv")}


def believed(rows: Sequence[Row], ticket: str) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        if row.ticket == ticket and row.is_good:
            nobody = row.card in EMPTY or not row.card.strip("0")
            yield (row.moment, "" if nobody else row.card.lower(), row.store, row.sku, row.cents or 0)


@pytest.fixture(autouse=True)
def no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report has its own tests; its charts would take half of the time."""
    monkeypatch.setattr("habitue.report.documents.report", lambda *given: "")


TWIN = Row("0002", ANCHOR, Decimal("-5.00"), card="C1", original="0001")
TWINS = Sales((anchor(), TWIN, replace(TWIN, original="9999")), Style(",", ".", "utf-8", False, False, False),
              order=(0, 2, 1), parts=(0, 0, 0))  # fmt: skip


@settings(FAST, max_examples=5)
@example(of=TWINS, chosen="shuffled", as_of=None)  # lines that differ only in the ticket they take back
@given(
    of=sales(),
    chosen=st.sampled_from([*VARIANTS]),
    as_of=st.sampled_from([date(2024, 1, 31), date(2024, 3, 10), None]),
)
def test_nothing_is_lost_and_the_same_sales_are_the_same(of: Sales, chosen: str, as_of: date | None) -> None:
    sources = {"plain": as_it_came(of), chosen: VARIANTS[chosen](of)}
    with built(sources) as opened:
        run = opened.run(as_of)
        found = Results(opened)
    assert run.as_of == (as_of or max(row.moment.date() for row in of.rows if row.is_good))
    for source, files in sources.items():
        expect_reconciled(found, source, files, run.as_of, source in ("repeated", "sent_twice", "sent_twice_backwards"))
        expect_consistent(found, source)
    for name in COMPARED:
        assert found.multiset(chosen, name) == found.multiset("plain", name), name
    good = [row.cents for row in of.rows if row.is_good]
    left = sorted(
        (row["duplicate_rows"], row["duplicate_amount"])
        for row in found.of(chosen, "reconciliation")
        if row["currency"] is not None
    )
    if chosen == "repeated":
        assert left == sorted([(0, 0), (len(good), sum(c or 0 for c in good))])
    if chosen.startswith("sent_twice"):
        expect_resent(found, chosen, of)
        earlier = [row.cents for row in older(of) if row.is_good]
        assert left == sorted([(0, 0), (len(earlier), sum(c or 0 for c in earlier))])


@st.composite
def later_rows(draw: st.DrawFn, of: Sales, after: date) -> tuple[Row, ...]:
    """Rows of later days: returns of what was bought before, under a number of their own or the sale's, and a sale."""
    known = [row for row in of.rows if row.is_good]
    rows = []
    for number in range(1, draw(st.integers(1, 4)) + 1):
        bought = draw(st.sampled_from(known))
        names = [f"L-{number}"] if of.style.has_lines else [f"L-{number}", bought.ticket]
        stated = draw(st.booleans())
        rows.append(
            replace(
                bought,
                ticket=draw(st.sampled_from(names)),
                moment=datetime.combine(after, datetime.min.time())
                + timedelta(days=draw(st.integers(1, 40)), minutes=draw(st.integers(0, 1439))),
                amount=-abs(bought.amount) if draw(st.integers(0, 4)) else Decimal("30.00"),
                original=bought.ticket if stated else "",
                form="plain",
                line=1,
            )
        )
    return tuple(rows)


@settings(FAST, max_examples=2)
@given(data=st.data(), of=sales(), as_of=st.sampled_from([date(2024, 1, 31), date(2024, 3, 10)]))
def test_what_comes_later_is_not_known_before(data: st.DataObject, of: Sales, as_of: date) -> None:
    """As of a day, returns (and sales) of later days change nothing, in the same file or in another."""
    later = data.draw(later_rows(of, as_of))
    own_tickets = any(not row.ticket.startswith("L-") for row in later)
    with built({"till": [File("sales.csv", of.rows, of.style)]}) as opened:
        opened.run(as_of)
        before = Results(opened)
        if own_tickets:  # another file with the same ticket would be a later export of the whole ticket
            put(opened.folder / "till", [File("sales.csv", (*later, *of.rows), of.style)])
        else:
            put(opened.folder / "till", [File("sales.csv", of.rows, of.style), File("later.csv", later, of.style)])
        opened.run(as_of)
        after = Results(opened)
    assert sum(row["after_as_of_rows"] for row in after.table("reconciliation")) == len(later) + sum(
        row["after_as_of_rows"] for row in before.table("reconciliation")
    )
    for name in (*COMPARED, "sales_by_year"):
        assert before.table(name) or name == "returns"
        assert after.multiset("till", name) == before.multiset("till", name), name
