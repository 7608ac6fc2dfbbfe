"""Reads costs out of tables: each row is money spent on a day or over days, or says what is wrong with it."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.attribution.headings import columns_of, currency_of
from hub.errors import BadInput
from hub.files import local_time
from hub.store.costs import NAMES

MOST = 100_000  # rows of one table
LONGEST = 300  # characters of a name
LONGEST_SPAN = 366  # days one row may be spread over
_TOTALS = frozenset(("total", "totals", "sum", "grand total", "合计", "总计", "小计", "汇总", "--", "-"))
_BETWEEN = re.compile(r"\s*(?:~|～|至|到|—|–|\bto\b|\.\.)\s*|\s+-\s+")
_MONTH = re.compile(r"(\d{4})[-/.年](\d{1,2})月?")
_SIGNS = re.compile(r"[^\d.,()+-]+")


@dataclass(slots=True)
class Costs:
    """The rows of a table that can be taken, and what is wrong with the others."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)


def read(table: Iterable[tuple[int, Mapping[str, Any]]], source: str | None = None) -> Costs:
    """Return the costs in numbered rows; what names no source is `source`'s. Raises BadInput for no table of costs."""
    found = Costs()
    money = ""
    for number, (line, cells) in enumerate(table):
        if number >= MOST:
            raise BadInput(f"The table has more than {MOST:,} rows. Send it in parts.", status=422)
        if not number:
            found.columns, money = columns_of(cells)
            _complete(found.columns)
        try:
            row = _row(cells, found.columns, money, source)
        except BadInput as error:
            found.problems.append({"row": line, "says": error.reason})
        else:
            found.rows.append({"row": line, **row})
    return found


def _complete(columns: Mapping[str, str]) -> None:
    if "cost" not in columns:
        raise BadInput("No column is the cost. Name one cost, spend or 花费.", status=422)
    if "day" not in columns and "first" not in columns:
        raise BadInput("No column is the day. Name one date or 日期; or two, from and to.", status=422)


def _row(cells: Mapping[str, Any], columns: Mapping[str, str], money: str, source: str | None) -> dict[str, Any]:
    said = {column: _text(cells.get(name)) for column, name in columns.items()}
    if any(value.lower() in _TOTALS for value in said.values()):
        raise BadInput("It is a line of totals: it is left out.")
    first, last = days_of(said.get("day") or said.get("first", ""), said.get("last", ""))
    amount, sign = amount_of(said["cost"])
    names = {name: said.get(name) or None for name in NAMES}
    names["source"] = names["source"] or source
    if not any(names.values()):
        raise BadInput("It names no campaign and no source.")
    long = next((name for name, value in names.items() if value and len(value) > LONGEST), None)
    if long:
        raise BadInput(f"The {long} has more than {LONGEST} characters.")
    return {"day": first, "last": last, "amount": amount, "currency": _currency(said, sign) or money, **names}


def _text(value: Any) -> str:
    text = "" if value is None else str(value)
    return unicodedata.normalize("NFC", text.replace("\x00", "")).strip()


def _currency(said: Mapping[str, str], sign: str) -> str:
    named = said.get("currency", "")
    found = currency_of(named)
    if named and not found:
        raise BadInput(f"The currency {named[:40]!r} is none such as EUR or CNY.")
    return found or sign


def days_of(text: str, until: str = "") -> tuple[date, date]:
    """Return the first and the last day that a text tells: a day, a month, or two days; raises BadInput."""
    if until:
        first, last = _day(text)[0], _day(until)[1]
    elif len(parts := _BETWEEN.split(text)) == 2 and all(parts):
        first, last = _day(parts[0])[0], _day(parts[1])[1]
    else:
        first, last = _day(text)
    if last < first:
        raise BadInput(f"It ends ({last}) before it begins ({first}).")
    if (last - first).days >= LONGEST_SPAN:
        raise BadInput(f"It is spread over more than {LONGEST_SPAN} days. Give it in parts.")
    return first, last


def _day(text: str) -> tuple[date, date]:
    if found := _MONTH.fullmatch(text):
        year, month = int(found[1]), int(found[2])
        if 1 <= month <= 12 and 1990 <= year < 2100:
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    at = local_time(text)
    if at is None or not 1990 <= at.year < 2100:
        raise BadInput(f"The day {text[:40]!r} cannot be read. Write it as 2026-05-04.")
    return at.date(), at.date()


def amount_of(text: str) -> tuple[str, str]:
    """Return an amount as a plain decimal number, and the currency of its sign, if it has one; raises BadInput."""
    plain = unicodedata.normalize("NFKC", text).replace("−", "-").strip()
    sign = next((found for word in _SIGNS.findall(plain) if (found := currency_of(word.strip()))), "")
    digits = _SIGNS.sub("", plain)
    if digits.startswith("(") and digits.endswith(")"):
        digits = f"-{digits[1:-1]}"
    try:
        value = Decimal(_pointed(digits))
    except InvalidOperation:
        value = None
    if value is None or abs(value) >= Decimal(10**12) or not any(letter.isdigit() for letter in digits):
        raise BadInput(f"The cost {text[:40]!r} is no number such as 1250.50.")
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent < -6:
        value = round(value, 6)
    return format(value.normalize() + 0, "f"), sign


def _pointed(digits: str) -> str:
    """Return a number with one point at most: of several kinds of signs, the last one is the point."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if point > comma else "."
        return digits.replace(thousands, "").replace(",", ".")
    if digits.count(",") == 1 and len(digits) - comma - 1 != 3:
        return digits.replace(",", ".")
    return digits.replace(",", "") if digits.count(".") < 2 else digits.replace(".", "")


def numbered(rows: Iterable[Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the rows of an opened table with their numbers."""
    for row in rows:
        yield row.number, row.data
