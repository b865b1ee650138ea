"""Amounts as people write them: the decimal mark is a property of the column, proved from all its values.

As for dates, each digit becomes 0 to get a value's mask; the few masks of a column are judged in Python, then all
values are read by one expression. A value that the column's convention does not allow is refused, never bent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from habitue.errors import Message, message
from habitue.portable import digits_mask

SPACES = " \u00a0\u202f\u2009\u2007"
APOSTROPHES = "'’"
MINUS = "-−–"
LETTERS = "A-Za-zА-Яа-яё"
CURRENCY = rf"(?:[€$£¥₽₴₸₺₹₩₪฿₫₱]|zł|Kč|(?<![{LETTERS}])[{LETTERS}]{{1,4}}(?![{LETTERS}])\.?)"
AT_AN_END = re.compile(rf"(?P<first>{CURRENCY})[{SPACES}]*(?P<after>.*)|(?P<before>.*?)[{SPACES}]*(?P<last>{CURRENCY})")
CORE = re.compile(rf"[0.,{SPACES}{APOSTROPHES}]*")
PLAIN = re.compile(r"-?0+(?:\.0{1,6})?")
RUINED = re.compile(r"-?0(?:[.,]0+)?[Ee]\+?0+")
LARGEST = 900_000_000


@dataclass(frozen=True)
class Form:
    """A mask taken apart: sign and `currency` removed, `core` of digits and marks left; None if it is no number."""

    mask: str
    core: str | None
    is_negative: bool
    is_ruined: bool
    currency: tuple[str, ...] = ()


def _without_currency(text: str) -> tuple[str, tuple[str, ...]]:
    """A text without the currency signs and words at its ends (``R$``, ``F CFA``, ``руб.``), and what they were."""
    found: list[str] = []
    while match := AT_AN_END.fullmatch(text):
        found.append(match["first"] or match["last"])
        text = match["after"] if match["first"] else match["before"]
    return text, tuple(found)


def form(mask: str) -> Form:
    """Take a mask apart: currency signs, minus before or after, brackets for negatives."""
    if RUINED.fullmatch(mask):
        return Form(mask, None, False, True)
    rest, negative = mask.strip(SPACES), False
    if rest.startswith("(") and rest.endswith(")"):
        rest, negative = rest[1:-1], True
    rest, outer = _without_currency(rest.strip(SPACES))
    if rest.startswith("(") and rest.endswith(")") and not negative:
        rest, negative = rest[1:-1], True
    if rest[:1] in MINUS and rest and not negative:
        rest, negative = rest[1:], True
    elif rest[-1:] in MINUS and rest and not negative:
        rest, negative = rest[:-1], True
    elif rest[:1] == "+" and not negative:
        rest = rest[1:]
    rest, inner = _without_currency(rest.strip(SPACES))
    rest = rest.strip(SPACES)
    good = "0" in rest and CORE.fullmatch(rest)
    return Form(mask, rest if good else None, negative, False, outer + inner)


def evidence(core: str) -> str | None:
    """The decimal mark a core proves (``.`` or ``,``), ``?`` if it could be read both ways, None if it has no mark."""
    marks = [c for c in core if c in ".,"]
    if not marks:
        return None
    last = marks[-1]
    other = "," if last == "." else "."
    if len(set(marks)) == 2:
        return last if marks.count(last) == 1 else "!"
    if len(marks) > 1:
        return other
    before, after = core.split(last)
    before = re.sub(rf"[{SPACES}{APOSTROPHES}]", "", before)
    grouped = before != core.split(last)[0]
    return "?" if len(after) == 3 and 1 <= len(before) <= 3 and not grouped else last


@dataclass(frozen=True)
class AmountProfile:
    """Masks of a column with counts, and how many rows prove each decimal mark."""

    masks: dict[str, int]
    proofs: dict[str, int]
    undecided: int
    starts_with_zero: bool

    @property
    def proved_mark(self) -> str | None:
        """The decimal mark, if exactly one is proved."""
        marks = [mark for mark in ".," if self.proofs.get(mark)]
        return marks[0] if len(marks) == 1 else None


def profile(table: ir.Table, column: str) -> AmountProfile:
    """Masks of a text column (trimmed; null where empty) and what they prove."""
    text: Any = table[column]
    masked = table.select(value=text, mask=digits_mask(text)).filter(text.notnull())
    found = masked.group_by("mask").agg(rows=masked.count()).to_pyarrow().to_pylist()
    cores = {row["mask"]: form(row["mask"]).core for row in found}
    open_masks = [mask for mask, core in cores.items() if core and evidence(core) == "?"]
    leading: set[str] = set()
    if open_masks:
        zeros = masked.filter(masked["mask"].isin(open_masks) & masked["value"].re_search(r"^\D*0[.,]"))
        leading = set(zeros.select("mask").distinct().to_pyarrow()["mask"].to_pylist())
    masks = {row["mask"]: row["rows"] for row in sorted(found, key=lambda row: (-row["rows"], row["mask"]))}
    proofs: dict[str, int] = {}
    undecided, zero = 0, False
    for row in found:
        core = cores[row["mask"]]
        proof = evidence(core) if core else None
        if proof == "?" and row["mask"] in leading:  # 0.123 cannot be a group of thousands
            proof = next(c for c in core or "" if c in ".,")
            zero = True
        if proof == "?":
            undecided += row["rows"]
        elif proof:
            proofs[proof] = proofs.get(proof, 0) + row["rows"]
    return AmountProfile(masks, proofs, undecided, zero)


def mark_fault(found: AmountProfile, stated: str | None, known: str | None, **place: str) -> Message | None:
    """Why a column's decimal mark cannot be decided; None if it can be."""
    if stated or found.proved_mark:
        return None
    if found.proofs.get(".") and found.proofs.get(","):
        return message("amounts.mark_contradicted", points=found.proofs["."], commas=found.proofs[","], **place)
    return message("amounts.mark_undecided", **place) if found.undecided and not known else None


def is_allowed(core: str, mark: str) -> bool:
    """Does a core follow the convention that `mark` is the decimal mark?"""
    thousands = "," if mark == "." else "."
    for separator in (re.escape(thousands), f"[{SPACES}]", f"[{APOSTROPHES}]"):
        if re.fullmatch(rf"0{{1,3}}(?:{separator}000)+(?:{re.escape(mark)}0*)?", core):
            return True
    return bool(re.fullmatch(rf"0+(?:{re.escape(mark)}0*)?|{re.escape(mark)}0+", core))


def read(text: ir.StringValue, found: AmountProfile, mark: str, digits: int = 6) -> ir.DecimalValue:
    """Read a text column by its profile as decimal(18, digits); what the convention does not allow is null."""
    kind = f"decimal(18, {digits})"
    forms = [form(mask) for mask in found.masks]
    allowed = [f for f in forms if f.core is not None and is_allowed(f.core, mark)]
    if not allowed:
        return ibis.null(kind)
    is_plain = all(PLAIN.fullmatch(f.mask) and (mark == "." or "." not in f.mask) for f in forms)
    if len(allowed) == len(forms) and is_plain:
        return text.try_cast(kind)
    kept = {*"0", mark}
    currencies = sorted({word for f in allowed for word in f.currency}, key=lambda word: (-len(word), word))
    removed = [word for word in currencies if mark in word] + sorted({c for f in allowed for c in f.mask} - kept)
    number: Any = text
    for written in removed:
        number = number.replace(written, "")
    if mark == ",":
        number = number.replace(",", ".")
    value = number.try_cast(kind)
    negatives = [f.mask for f in allowed if f.is_negative]
    mask = digits_mask(text)
    if negatives:
        value = ibis.ifelse(mask.isin(negatives), -value, value)
    if len(allowed) < len(forms):
        value = ibis.ifelse(mask.isin([f.mask for f in allowed]), value, ibis.null(kind))
    return value
