"""Words in three languages: message codes, terms, numbers, amounts and dates in the reader's manner.

Every `.toml` file in a language's folder is one part of its catalogue. A key is a code, a value its sentence::

    "file.not_found" = "The file {path} does not exist."
    "file.rows" = {one = "{count} row in {file}", other = "{count} rows in {file}"}
    "file.columns" = {by = "columns", one = "{columns} column", other = "{columns} columns"}

A table in the file is a prefix: `[file]` then `not_found = "…"` is the same key. A plural form is chosen by the
parameter `count`, or by the one named in `by`. Numbers and dates are written in the reader's manner, a text as it
stands; a format after a colon asks for another manner:

- `{share:percent}`, a share of 1 as a percentage;
- `{line:plain}`, a number without thousands separators (years, line numbers);
- `{amount:money}`, whole minor units of the currency in the parameter `currency`;
- `{month:month}`, `{day:day}`: a month, a full date;
- `{reason:term.reason}`, the word for a code; `{files:noun.file}`, the entry `noun.file` with `count` = files.

French spaces before : ; ? ! and inside « » are plain spaces in the files and made unbreakable here, and apostrophes ’.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache, reduce
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from babel import Locale, dates, numbers
from babel.dates import format_datetime, format_skeleton
from babel.lists import format_list
from babel.numbers import format_compact_currency, format_compact_decimal, get_currency_precision

from habitue.errors import Message

LANGUAGES = ("en", "fr", "ru")
"""The languages habitue speaks; English stands in where another has no wording."""

_LOCALES = {"en": "en_GB", "fr": "fr_FR", "ru": "ru_RU"}
_PLURALS = frozenset({"zero", "one", "two", "few", "many", "other"})
# Pages say the same numbers and days again and again, and Babel reads its patterns anew each time.
_known = lru_cache(50_000)
format_decimal = _known(numbers.format_decimal)
format_currency = _known(numbers.format_currency)
format_percent = _known(numbers.format_percent)
format_date = _known(dates.format_date)
_parts = _known(lambda form: tuple(string.Formatter().parse(form)))

NO_VALUE = "–"
SHARE = "%"


class Exact(str):
    """A text that carries the exact value it shows, for files: a number, a day or a moment.

    `unit` is SHARE for a share of 1, the code of the currency for an amount (in its major units), else empty.
    """

    __slots__ = ("unit", "value")
    value: Decimal | float | date
    unit: str

    def __new__(cls, text: str, value: Decimal | float | date, unit: str = "") -> Exact:
        """A text, its value and its unit."""
        made = super().__new__(cls, text)
        made.value, made.unit = value, unit
        return made

    def __reduce__(self) -> tuple[type[Exact], tuple[str, Decimal | float | date, str]]:
        return Exact, (str(self), self.value, self.unit)


class MissingWordingError(KeyError):
    """A code or a parameter has no wording (raised only when asked to be strict, as the tests do)."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class Wording:
    """One entry of a catalogue: a sentence, or its plural forms by CLDR category."""

    forms: Mapping[str, str]
    by: str | None = None

    @property
    def parameters(self) -> frozenset[str]:
        """Names of the parameters any form uses, the one that chooses the form included."""
        named = {name for form in self.forms.values() for _, name, _, _ in string.Formatter().parse(form) if name}
        return frozenset(named | ({self.by} if self.by else set()))


def _french_spaces(text: str) -> str:
    parts = re.split(r"(`[^`]*`)", text)  # what stands between backquotes is typed as it is
    for at in range(0, len(parts), 2):
        parts[at] = re.sub(r" (?=[:»])", "\u00a0", parts[at])
        parts[at] = re.sub(r" (?=[;?!%])", "\u202f", parts[at])
        parts[at] = parts[at].replace("« ", "«\u00a0")
        parts[at] = re.sub(r"(?<=\w)'(?=\w)", "’", parts[at])
    return "".join(parts)


def _entries(node: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Wording]]:
    for key, value in node.items():
        code = prefix + key
        if isinstance(value, str):
            yield code, Wording(MappingProxyType({"other": value}))
        elif isinstance(value, dict) and "other" in value and set(value) <= _PLURALS | {"by"}:
            forms = {name: form for name, form in value.items() if name != "by"}
            yield code, Wording(MappingProxyType(forms), str(value.get("by", "count")))
        elif isinstance(value, dict):
            yield from _entries(value, code + ".")
        else:
            raise ValueError(f"{code}: a wording is a text or a table of plural forms, not {value!r}")


@cache
def catalogue(language: str) -> Mapping[str, Wording]:
    """Every wording of one language, by code.

    Raises:
        ValueError: an unknown language, or a code that stands in two files.
    """
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; valid are: {', '.join(LANGUAGES)}")
    found: dict[str, Wording] = {}
    folder = files(__name__).joinpath(language)
    for part in sorted((p for p in folder.iterdir() if p.name.endswith(".toml")), key=lambda p: p.name):
        for code, wording in _entries(tomllib.loads(part.read_text(encoding="utf-8"))):
            if code in found:
                raise ValueError(f"{language}/{part.name}: {code} is worded twice")
            if language == "fr":
                forms = {name: _french_spaces(form) for name, form in wording.forms.items()}
                wording = Wording(MappingProxyType(forms), wording.by)
            found[code] = wording
    return MappingProxyType(found)


def as_date(value: Any) -> Any:
    """A date or moment from its ISO text; anything else unchanged."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return date.fromisoformat(value)
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}.*", value):
        return datetime.fromisoformat(value).replace(tzinfo=None)
    return value


class Words:
    """The wording of one language.

    A code without wording falls back to English, then to the code itself with its parameters; with `strict` it raises
    MissingWordingError instead.
    """

    def __init__(self, language: str = "en", *, strict: bool = False) -> None:
        self.language = language
        self.strict = strict
        self._catalogue = catalogue(language)
        self._locale = Locale.parse(_LOCALES[language])

    def say(self, message: Message | Mapping[str, Any]) -> str:
        """The sentence of a message (or of its stored form, a mapping with `code` and `params`, dates as ISO texts)."""
        if isinstance(message, Message):
            return self.text(message.code, **message.params)
        return self.text(message["code"], **{name: as_date(v) for name, v in (message.get("params") or {}).items()})

    def knows(self, code: str) -> bool:
        """Whether this language has a wording of its own for the code."""
        return code in self._catalogue

    def text(self, code: str, /, **params: Any) -> str:
        """The sentence `code`, filled with its parameters."""
        if code in self._catalogue:
            return self._fill(code, self._catalogue[code], params)
        if self.strict:
            raise MissingWordingError(f"no wording for {code!r} in {self.language!r}")
        if self.language != "en" and code in catalogue("en"):
            return Words("en").text(code, **params)
        return str(Message(code, {name: self._shown(value) for name, value in params.items()}))

    def term(self, kind: str, code: str | None, *, default: str | None = None) -> str:
        """The short word for a code: `term("sale_type", "gift_card")`; an unknown one is shown as written.

        A column may be named with its table ("returns.reason"); the column's general word is used if it has no own.
        """
        if code is None or code == "":
            return self.text("word.not_stated") if default is None else default
        for key in (f"term.{kind}.{code}", f"term.{kind}.{code.rpartition('.')[2]}"):
            if key in self._catalogue:
                return self.text(key)
        if default is not None:
            return default
        if self.strict:
            raise MissingWordingError(f"no term {kind} {code!r} in {self.language!r}")
        return Words("en").term(kind, code) if self.language != "en" else code

    def number(self, value: int | float | Decimal | None, *, decimals: int | None = None) -> str:
        """A number: whole ones exact, others with three significant digits, or as many decimals as asked for."""
        if value is None:
            return NO_VALUE
        if decimals is None:
            decimals = 0 if isinstance(value, int) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return Exact(_minus(format_decimal(value, format=pattern, locale=self._locale)), value)

    def short_number(self, value: int) -> str:
        """A number for headings: exact, or of three significant digits in millions where it is long."""
        if abs(value) < 10_000_000:
            return self.number(value)
        short = format_compact_decimal(_three_digits(value), locale=self._locale, fraction_digits=2)
        return Exact(self._padded(short), value)

    def money(self, minor_units: int | None, currency: str | None, *, whole: bool = False) -> str:
        """An amount given in whole minor units, exact; `whole` rounds it to units of the currency.

        Without a currency two decimals are assumed and no sign is written.
        """
        if minor_units is None:
            return NO_VALUE
        if not currency:
            return self.number(Decimal(minor_units).scaleb(-2), decimals=0 if whole else 2)
        amount = Decimal(minor_units).scaleb(-get_currency_precision(currency))
        if whole:
            pattern = re.sub(r"\.0+", "", self._locale.currency_formats["standard"].pattern)
            rounded = amount.quantize(Decimal(1))
            text = format_currency(rounded, currency, pattern, locale=self._locale, currency_digits=False)
        else:
            text = format_currency(amount, currency, locale=self._locale)
        return Exact(_minus(text), amount, currency)

    def amount(self, minor_units: int | None, currency: str | None) -> str:
        """The same without a sign, for columns that name their currency."""
        if minor_units is None:
            return NO_VALUE
        digits = get_currency_precision(currency) if currency else 2
        amount = Decimal(minor_units).scaleb(-digits)
        return Exact(self.number(amount, decimals=digits), amount, currency or "")

    def short_money(self, minor_units: int | None, currency: str) -> str:
        """An amount of three significant digits, in thousands or millions, for headings and axes."""
        if minor_units is None:
            return NO_VALUE
        amount = Decimal(minor_units).scaleb(-get_currency_precision(currency))
        if abs(amount) < 10_000:
            return self.money(minor_units, currency, whole=True)
        short = format_compact_currency(_three_digits(amount), currency, locale=self._locale, fraction_digits=2)
        return Exact(self._padded(short), amount, currency)

    def _padded(self, short: str) -> str:
        """A short number with all of its three digits: 4.40 and not 4.4, so that numbers under one another agree."""
        mark = "." if self.language == "en" else ","

        def pad(found: re.Match[str]) -> str:
            whole, _, fraction = found[0].partition(mark)
            wanted = 3 - len(whole)
            return whole if wanted <= 0 else whole + mark + fraction.ljust(wanted, "0")

        return _minus(re.sub(r"\d+(?:[.,]\d+)?", pad, short, count=1))

    def share(self, value: float | None, *, decimals: int | None = None) -> str:
        """A share of 1 as a percentage, three significant digits at most; nothing over nothing is a dash."""
        if value is None:
            return NO_VALUE
        if decimals is None:
            decimals = 1 if abs(value) < 0.9995 else 0
        if 0 < value < 0.0005:
            return Exact("< " + self.share(0.001), value, SHARE)
        if 0.9995 <= value < 1:
            return Exact("> " + self.share(0.999), value, SHARE)
        pattern = re.sub(
            r"#,##0", "#,##0" + ("." + "0" * decimals if decimals else ""), self._locale.percent_formats[None].pattern
        )
        return Exact(_minus(format_percent(value, format=pattern, locale=self._locale)), value, SHARE)

    def date(self, value: date | None, *, long: bool = False) -> str:
        """A day, or a moment with its time of day."""
        if value is None:
            return NO_VALUE
        if isinstance(value, datetime):
            return Exact(format_datetime(value, "d MMM y HH:mm", locale=self._locale), value)
        return Exact(format_date(value, "long" if long else "medium", locale=self._locale), value)

    def month(self, value: date, *, short: bool = False) -> str:
        """A month and its year; `short` for axes."""
        if short:
            return format_date(value, "MM.yy" if self.language == "ru" else "MMM yy", locale=self._locale)
        return format_skeleton("yMMMM", value, locale=self._locale)

    def listing(self, values: Iterable[Any]) -> str:
        """Several things in a row: "a, b and c"."""
        return format_list([self._shown(value) for value in values], locale=self._locale)

    def named(self, name: str, told: str) -> str:
        """What is said of something, after its name."""
        return self.text("report.named", name=name, told=told)

    def clauses(self, told: Iterable[str]) -> str:
        """Several statements in one line."""
        return reduce(lambda first, then: self.text("report.clauses", first=first, then=then), told)

    def _fill(self, code: str, wording: Wording, params: Mapping[str, Any]) -> str:
        form = wording.forms["other"]
        if wording.by is not None and isinstance(params.get(wording.by), int | float | Decimal):
            form = wording.forms.get(self._locale.plural_form(abs(params[wording.by])), form)
        filled: list[str] = []
        for literal, name, spec, _ in _parts(form):
            filled.append(literal)
            if name is None:
                continue
            if name in params:
                filled.append(self._shown(params[name], spec or "", params))
            elif self.strict:
                raise MissingWordingError(f"{code!r} needs the parameter {name!r}; given: {', '.join(sorted(params))}")
            else:
                filled.append("{" + name + "}")
        # "2026 г." at the end of a sentence has its full stop already.
        return re.sub(r"(\sг\.)\.(?!\.)", r"\1", "".join(filled))

    def _shown(self, value: Any, spec: str = "", params: Mapping[str, Any] = MappingProxyType({})) -> str:
        if value is None:
            return NO_VALUE
        if spec == "percent":
            return self.share(value)
        if spec == "money":
            return self.money(value, params.get("currency"))
        if spec == "plain":
            return str(value)
        if spec in ("month", "day"):
            return self.month(value) if spec == "month" else self.date(value, long=True)
        if spec.startswith("term."):
            return self.term(spec.removeprefix("term."), str(value))
        if spec:
            return self.text(spec, count=value)
        if isinstance(value, bool):
            return self.text("word.yes" if value else "word.no")
        if isinstance(value, int | float | Decimal):
            return self.number(value)
        if isinstance(value, date):
            return self.date(value)
        if isinstance(value, Message):
            return self.say(value)
        if isinstance(value, list | tuple | set | frozenset):
            return self.listing(sorted(value) if isinstance(value, set | frozenset) else value)
        return str(value)


def _three_digits(value: int | Decimal) -> Decimal:
    amount = Decimal(value)
    return amount if amount == 0 else amount.quantize(Decimal(1).scaleb(amount.adjusted() - 2))


def _minus(text: str) -> str:
    """A true minus sign; none before what is rounded to nothing."""
    return text.replace("-", "\u2212" if re.search("[1-9]", text) else "")
