"""Reference parts of the documentation, made from the code they describe."""

from __future__ import annotations

import datetime
import enum
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from habitue.purchases.sale_types import COUNTED, SALE_TYPES
from habitue.schemas import PUBLIC
from habitue.sources.declared import AMOUNTS, DATES, PERSONAL, SHAPES
from habitue.workspace.section import Names, Section
from habitue.workspace.sections import SECTIONS

WORDS = Path(__file__).parents[1] / "src" / "habitue" / "report" / "locale" / "en"

HEADINGS = {
    "sources": "[sources.NAME]",
    "sale_types": "[[sale_types]]",
    "populations": "[[populations]]",
    "segmentations": "[segmentations.NAME]",
}

SUBJECTS: Mapping[str, str] = {
    "source_customer_id": "customer number",
    "email": "e-mail address",
    "phone": "phone number",
    "address": "postal address: street, postcode, town in this order",
}

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "transactions": {
        "sold_at": "day, or day and time, of the sale",
        "transaction_id": "number of the ticket or order",
        "line_number": "number of the line in its ticket; left out, the lines of a ticket are put into a fixed order",
        "source_customer_id": "customer number: card, account, e-mail address",
        "store_id": "store",
        "till_id": "till",
        "sales_channel": "where it was bought (store, online …)",
        "sku": "article code",
        "quantity": "units; negative on a return",
        "unit_price": "price of one unit, before discount",
        "gross_amount": "amount of the line before discount",
        "discount_amount": "discount of the line, positive when it lowers the price",
        "net_amount": "amount of the line after discount",
        "tax_amount": "tax in, or beside, the amount",
        "transaction_discount_amount": "discount stated once for the whole ticket; shared out over its lines",
        "transaction_net_amount": "what the goods of the whole ticket come to after all discounts, stated once; "
        "what its lines are above it is discount, shared out over them",
        "transaction_tax_amount": "tax stated once for the whole ticket; shared out over its lines and its delivery",
        "shipping_amount": "delivery stated once for the whole ticket; a line of its own, label shipping",
        "tip_amount": "tip stated once for the whole ticket; a line of its own, label tip, a fee by default",
        "gift_card_amount": "gift cards sold on the ticket, stated once beside its goods; a line of its own, label "
        "gift card",
        "refunded_amount": "what was paid back of the whole ticket, tax and delivery included, stated once; a return "
        "of its goods first, the rest an adjustment",
        "refunded_at": "when it was paid back; left out or empty: the moment of the sale",
        "cancelled_at": "when the whole ticket was cancelled: all its goods come back",
        "currency": "ISO code; empty: that of the other lines of the ticket",
        "transaction_status": "the source's own word for the state of the ticket (paid, pending, voided …), stated "
        "once or on all its lines; it stands before the kind of line in the label that rules read",
        "sale_type": "the source's own word for the kind of line; rules say what it means",
        "population": "the source's own word for the kind of buyer; rules say what it means",
        "original_transaction_id": "ticket that a return takes back",
        "offer_id": "offer or coupon used",
        "points": "points earned (positive) or burnt",
    },
    "customers": {
        "source_customer_id": "customer number",
        "first_name": "first name",
        "last_name": "last name",
        "email": "e-mail address",
        "phone": "phone number",
        "address": "street and number",
        "postcode": "postcode",
        "city": "town",
        "country": "country",
        "birth_date": "date of birth",
        "enrolled_on": "day of enrolment",
        "store_id": "store of the card",
        "population": "the source's own word for the kind of customer; rules say what it means (customer_label)",
        "note": "free text",
    },
    "products": {
        "sku": "article code",
        "product_name": "name",
        "brand": "brand",
        "category": "category, first level",
        "subcategory": "second level",
        "subsubcategory": "third level",
        "cost": "cost of one unit, home currency, without tax",
    },
    "stores": {
        "store_id": "store, as in the sales",
        "store_name": "name",
        "region": "region",
        "format": "format",
        "opened_on": "first day of trading",
        "closed_on": "last day of trading; empty: still open",
    },
    "payments": {
        "transaction_id": "ticket, as in the sales",
        "tender": "means of payment, in the source's own word",
        "paid_amount": "amount, home currency",
        "source": "source of the ticket; left out: the setting pays, else the name of this source",
    },
    "rates": {
        "currency": "ISO code",
        "rate": "home currency for one unit",
        "valid_on": "day, or month (2024-05), from which the rate holds",
    },
    "consents": {
        "status": "what was said: yes or no in any of three languages, or a word of your own (status_words)",
        **SUBJECTS,
        "contact_channel": "email, sms, print, push, coupon, phone or messenger, or a usual word for one; a refusal "
        "without one refuses all",
        "purpose": "marketing if nothing is said",
        "legal_basis": "legal basis",
        "captured_at": "day, or day and time, it was said; a yes without one opens nothing",
        "expires_at": "last day it holds",
        "wording_version": "version of the wording agreed to",
        "proof_reference": "what proves it; kept in the people store",
        "jurisdiction": "whose law it was given under; left out: that of the settings",
        "consent_source": "form, till, import …",
    },
    "delivery_events": {
        "contact_channel": "email, sms, print, push, coupon, phone or messenger, or a usual word for one",
        "event": "what came back, in a usual word or one of your own (event_words); replied: the text decides",
        "happened_at": "day, or day and time",
        **SUBJECTS,
        "detail": "diagnostic text of a bounce, text of a reply, new address; read, not kept",
        "reason": "what the router calls a bounce (hard, soft …); read, not kept",
    },
    "merges": {
        "source_customer_id": "the old number, which was merged into another",
        "merged_into_id": "the number that goes on",
        "merged_on": "day of the merge; left out or empty: from the beginning",
    },
}


def settings() -> str:
    """Every section and setting, with type, default and description."""
    parts = []
    for name, section in SECTIONS.items():
        about = (section.__doc__ or "").partition(": ")[2].strip()
        parts.append(f"### `{HEADINGS.get(name, f'[{name}]')}`\n\n{about[:1].upper()}{about[1:]}")
        rows = []
        for setting, field in section.model_fields.items():
            default = "required" if field.is_required() else _default(field.get_default(call_default_factory=True))
            rows.append((f"`{setting}`", _kind(field.annotation, field.metadata), default, field.description or ""))
        parts.append(_table(("Setting", "Type", "Default", "Meaning"), rows))
    return "\n\n".join(parts)


def canonical_columns() -> str:
    """The names that may stand under columns and values, by kind of source."""
    parts = []
    for kind, shape in SHAPES.items():
        rows = []
        alone = {column for group in shape.one_of for column in group}
        for column in shape.all:
            need = "required" if column in shape.required else "one way" if column in alone else ""
            what = "date" if column in DATES else "number" if column in AMOUNTS else "text"
            meaning = MEANINGS[kind][column] + (" (personal)" if column in PERSONAL else "")
            rows.append((f"`{column}`", need, what, meaning))
        parts.append(f'### kind = "{kind}"\n\n' + _table(("Name", "", "Read as", "Meaning"), rows))
        if shape.one_of:
            ways = ", or ".join(" and ".join(f"`{column}`" for column in group) for group in shape.one_of)
            told = "The amount comes one way" if kind == "transactions" else "Who it is about is said by"
            parts.append(f"{told}: {ways}.")
    return "\n\n".join(parts)


def sale_types() -> str:
    """The kinds of line, and whether they count unless the settings say otherwise."""
    words = _terms("sale_type")
    rows = [(f"`{kind}`", words.get(kind, kind), "yes" if kind in COUNTED else "no") for kind in SALE_TYPES]
    return _table(("Sale type", "In words", "Counts by default"), rows)


def tables() -> str:
    """Every public table: grain, key, columns, identities."""
    parts = []
    for table in PUBLIC:
        name = table.name.replace("_", "-")
        parts.append(f"### `{table.name}`\n\n`habitue show {name}`. One row: {table.grain}.")
        parts.append("Key: " + ", ".join(f"`{column}`" for column in table.key) + ".")
        rows = [(f"`{column.name}`", column.type, column.meaning) for column in table.columns]
        parts.append(_table(("Column", "Type", "Meaning"), rows))
        if table.identities:
            parts.append("Holds for every row:\n\n" + "\n".join(f"- `{identity}`" for identity in table.identities))
    return "\n\n".join(parts)


def commands() -> str:
    """Every command with its help and options."""
    import typer.main

    from habitue.cli import app

    group: Any = typer.main.get_command(app)
    parts = [f"### `habitue`\n\n{group.help}", _table(("Option", "Default", "Meaning"), _options(group))]
    for name, command in named_commands(group):
        parts.append(f"### `habitue {name}`\n\n{command.help}")
        rows = _options(command)
        if rows:
            parts.append(_table(("Argument or option", "Default", "Meaning"), rows))
    return "\n\n".join(parts)


def named_commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The commands of a group and of the groups in it, each with its words."""
    for name, command in group.commands.items():
        yield before + name, command
        if hasattr(command, "commands"):
            yield from named_commands(command, f"{before}{name} ")


def reasons() -> str:
    """Why a row, or a part of one, is refused."""
    none = ("total_row", "note_row", "blank_row")
    return _table(("Code", "In words"), [(f"`{c}`", words) for c, words in _terms("reason").items() if c not in none])


def asides() -> str:
    """Rows that are no data."""
    some = ("total_row", "note_row", "blank_row")
    return _table(("Code", "In words"), [(f"`{c}`", words) for c, words in _terms("reason").items() if c in some])


def _terms(name: str) -> Mapping[str, str]:
    """The terms of one kind, file by file."""
    found: dict[str, str] = {}
    for path in sorted(WORDS.glob("*.toml"), key=lambda path: (path.name != "terms.toml", path.name)):
        found |= tomllib.loads(path.read_text("utf-8")).get("term", {}).get(name, {})
    return found


def _options(command: Any) -> list[tuple[str, str, str]]:
    """Arguments and options of a command: how it is written, default, meaning."""
    rows = []
    for parameter in command.params:
        is_flag = getattr(parameter, "is_flag", False)
        if parameter.param_type_name == "argument":
            told = f"`{parameter.metavar or parameter.name.upper()}`"
        else:
            told = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
            told += "" if is_flag else f" {_value(parameter)}"
        default = getattr(parameter.default, "value", parameter.default)
        if is_flag:
            shown = f"`{parameter.opts[0]}`" if default else ""
        else:
            shown = "" if default is None else f"`{default}`"
        rows.append((told, shown, getattr(parameter, "help", None) or ""))
    return rows


def _value(parameter: Any) -> str:
    """What follows an option: its choices, else a word for its kind."""
    kind = parameter.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return " \\| ".join(f"`{choice.value}`" for choice in kind)
    return parameter.metavar or {int: "NUMBER", Path: "PATH"}.get(kind, "TEXT")


def _kind(annotation: Any, metadata: Iterable[Any]) -> str:
    """The type of a setting, in the words of TOML."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        kinds = [_kind(kind, metadata) for kind in arguments if kind is not type(None)]
        return " or ".join(kind if place == 0 else "list of texts" for place, kind in enumerate(kinds))
    if origin is typing.Literal:
        return "one of " + ", ".join(f"`{choice}`" for choice in arguments)
    if origin is not None and issubclass(origin, Mapping):
        return f"table: each {_kind(arguments[1], ())}"
    if annotation is Names or (origin is tuple and arguments[0] is str):
        return "text or list of texts"
    if origin is tuple and Ellipsis in arguments:
        return f"list: each {_kind(arguments[0], ())}"
    if origin is tuple:
        return f"list of {len(arguments)}: each {_kind(arguments[0], ())}"
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return "table of " + ", ".join(f"`{name}`" for name in annotation.model_fields)
    kinds = {bool: "true or false", int: "whole number", Decimal: "number", float: "number", str: "text"}
    kinds |= {datetime.date: "date, as 2015-01-01", datetime.time: "time, as 04:00:00"}
    return kinds[annotation] + _bounds(metadata)


def _bounds(metadata: Iterable[Any]) -> str:
    """The bounds of a number, in words."""
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = []
    for bound in metadata:
        for part in getattr(bound, "metadata", (bound,)):
            found += [f"{sign} {getattr(part, name)}" for name, sign in signs.items() if hasattr(part, name)]
    return f", {' and '.join(found)}" if found else ""


def _default(value: Any) -> str:
    if value is None or value == () or value == {}:
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{one}`" for one in value)
    return f"`{value}`"


def _table(headers: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headers, tuple("---" for _ in headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("\n", " ") for cell in line) + " |" for line in lines)
