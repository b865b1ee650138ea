"""Codes and names as text: trimmed, empty words recognised, numbers that a spreadsheet has ruined set apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

EMPTY_WORDS = ("", "null", "none", "nan", "n/a", "na", "#n/a", "-", "nil", "<na>", "(null)")
RUINED = r"^[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]+$"
EXACT = float(2**53)


def cleaned(raw: ir.Table) -> ir.Table:
    """A raw table whose texts are trimmed, and null where nothing is said (empty, NULL, None, nan, N/A, -).

    Most values begin with a digit and end without a blank: cheap comparisons spare them the rest.
    """
    texts = [name for name in raw.columns if raw[name].type().is_string()]
    trimmed = raw.mutate(**{name: _trimmed(raw[name]) for name in texts})
    return trimmed.mutate(
        **{
            name: ibis.ifelse(
                ~_begins_with_digit(trimmed[name]) & trimmed[name].lower().isin(EMPTY_WORDS),
                ibis.null("string"),
                trimmed[name],
            )
            for name in texts
        }
    )


def _trimmed(text: Any) -> ir.StringValue:
    blank = text < "!"
    for character in (" ", "\t", "\r", "\n", "\u00a0"):
        blank = blank | text.endswith(character)
    blank = blank | text.startswith("\u00a0")
    return ibis.ifelse(blank, text.replace("\u00a0", " ").strip(), text)


def _begins_with_digit(text: Any) -> ir.BooleanValue:
    return (text >= "0") & (text < ":")


def as_text(value: Any) -> ir.StringValue:
    """A column of a cleaned table as text; whole floating numbers without their ``.0``, null for not-a-number."""
    kind = value.type()
    if kind.is_string():
        return value
    if kind.is_floating():
        is_whole = (value.abs() <= EXACT) & (value == value.floor())
        text = ibis.ifelse(is_whole, value.try_cast("int64").cast("string"), value.cast("string"))
        return ibis.ifelse(value.isnan(), ibis.null("string"), text)
    return value.cast("string")


def with_identifiers(table: ir.Table, names: Sequence[str]) -> ir.Table:
    """Text columns as codes: leading zeros kept, a spreadsheet's leading apostrophe and a float's ``.0`` dropped."""
    plain = table.mutate(
        **{name: ibis.ifelse(table[name].startswith("'"), table[name].substr(1), table[name]) for name in names}
    )
    floats = {name: plain[name].endswith(".0") & plain[name].re_search(r"^[0-9]+\.0$") for name in names}
    return plain.mutate(
        **{
            name: ibis.ifelse(floats[name], plain[name].substr(0, plain[name].length() - 2), plain[name])
            for name in names
        }
    )


def with_customer_number(table: ir.Table, name: str) -> ir.Table:
    """A column of codes as customer numbers are compared: e-mail addresses without capitals; zero, or a number ruined
    by a spreadsheet, is nobody.
    """
    lowered = table.mutate(**{name: ibis.ifelse(table[name].contains("@"), table[name].lower(), table[name])})
    nobody = is_ruined(lowered[name]) | (lowered[name].startswith("0") & lowered[name].re_search("^0+$"))
    return lowered.mutate(**{name: ibis.ifelse(nobody, ibis.null("string"), lowered[name])})


def shape(text: ir.StringValue) -> ir.StringValue:
    """What a text looks like without what it says: letters become x, digits 0 (spreadsheet errors are kept)."""
    hidden = text.re_replace(r"\p{L}", "x").re_replace("[0-9]", "0")
    return ibis.ifelse(text.re_search(r"^#[A-Z0/]+[!?]?$"), text, hidden)


def is_ruined(text: ir.StringValue) -> ir.BooleanValue:
    """A code that a spreadsheet turned into scientific notation: its digits are lost."""
    return text.contains("+") & text.re_search(RUINED)
